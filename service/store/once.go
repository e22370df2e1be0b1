package store

import "context"

// ForgetReply gives a key back that was claimed for a request which came to
// nothing: it may be sent again.
func (tx Tx) ForgetReply(ctx context.Context, actor, key string) error {
	_, err := tx.Exec(ctx, `DELETE FROM idempotency WHERE customer IS NOT DISTINCT FROM nullif($1, '') AND actor = $2 AND key = $3`, tx.Key, actor, key)
	return wrote(err, "the idempotency key")
}
