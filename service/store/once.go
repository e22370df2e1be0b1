package store

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// Reply is what was answered to a request that carried an idempotency key.
type Reply struct {
	Status int // 0 while the first request is being answered
	Body   []byte
}

// A Claim is an idempotency key that an actor has for one request, since a time.
// Whoever takes it over has it since a later one, and so the two are told apart.
type Claim struct {
	Actor, Key string
	At         time.Time
}

// ErrTakenOver: a claim is somebody else's by now.
var ErrTakenOver = errors.New("somebody else is at this request by now")

// Once claims a key for a request with that digest. If it is claimed already, the
// reply that was given is returned; ErrTaken says that it was for another request. A
// claim for the same request that was made before abandoned and has no reply is given
// up, and this one takes its place.
func (tx Tx) Once(ctx context.Context, c Claim, digest []byte, abandoned time.Time) (r Reply, again bool, err error) {
	_, err = tx.Exec(ctx, `
		DELETE FROM idempotency
		WHERE customer IS NOT DISTINCT FROM nullif($1, '') AND actor = $2 AND key = $3 AND digest = $4 AND status IS NULL AND at <= $5`, tx.Key, c.Actor, c.Key, digest, abandoned)
	if err != nil {
		return Reply{}, false, wrote(err, "the idempotency key")
	}
	tag, err := tx.Exec(ctx, `
		INSERT INTO idempotency (customer, actor, key, digest, at) VALUES (nullif($1, ''), $2, $3, $4, $5) ON CONFLICT DO NOTHING`, tx.Key, c.Actor, c.Key, digest, c.At)
	if err != nil || tag.RowsAffected() == 1 {
		return Reply{}, false, wrote(err, "the idempotency key")
	}
	var same bool
	err = tx.QueryRow(ctx, `
		SELECT coalesce(status, 0), body, digest = $4 FROM idempotency
		WHERE customer IS NOT DISTINCT FROM nullif($1, '') AND actor = $2 AND key = $3`, tx.Key, c.Actor, c.Key, digest).Scan(&r.Status, &r.Body, &same)
	switch {
	case err != nil:
		return Reply{}, false, missing(err, "idempotency key")
	case !same:
		return Reply{}, false, written(pgconn.CommandTag{}, &pgconn.PgError{Code: uniqueViolation}, "idempotency key "+c.Key)
	}
	return r, true, nil
}

// Replied keeps the reply to the request that has a claim; ErrTakenOver, and nothing
// kept, if another has it. In the transaction that does what was asked for it makes
// sure that no other does it too: the claim is never given up from then on.
func (tx Tx) Replied(ctx context.Context, c Claim, r Reply) error {
	if r.Body == nil {
		r.Body = []byte{}
	}
	tag, err := tx.Exec(ctx, `
		UPDATE idempotency SET status = $5, body = $6
		WHERE customer IS NOT DISTINCT FROM nullif($1, '') AND actor = $2 AND key = $3 AND at = $4`, tx.Key, c.Actor, c.Key, c.At, r.Status, r.Body)
	if err == nil && tag.RowsAffected() == 0 {
		return ErrTakenOver
	}
	return wrote(err, "the idempotency key")
}

// ForgetReply gives a key back that was claimed for a request which came to
// nothing: it may be sent again. One that another has, or that has a reply, stays.
func (tx Tx) ForgetReply(ctx context.Context, c Claim) error {
	_, err := tx.Exec(ctx, `
		DELETE FROM idempotency
		WHERE customer IS NOT DISTINCT FROM nullif($1, '') AND actor = $2 AND key = $3 AND at = $4 AND status IS NULL`, tx.Key, c.Actor, c.Key, c.At)
	return wrote(err, "the idempotency key")
}

// ForgetReplies removes the keys that were claimed before a time.
func (tx Tx) ForgetReplies(ctx context.Context, before time.Time) error {
	_, err := tx.Exec(ctx, `DELETE FROM idempotency WHERE at < $1`, before)
	return wrote(err, "idempotency keys")
}
