package store

import (
	"context"
	"encoding/json"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// Asked is what a request of a customer, or of somebody who is not signed in, asks
// the operator's side to do.
type Asked struct {
	Customer string // "" if nobody was signed in
	ID       int64
	Kind     string
	Payload  json.RawMessage
	At       time.Time
}

// Ask asks the operator's side for something, with this transaction. It tells
// nothing back, so that nobody learns from it what there is.
func (tx Tx) Ask(ctx context.Context, kind string, payload []byte, at time.Time) error {
	_, err := tx.Exec(ctx, `INSERT INTO outbox (customer, kind, payload, at) VALUES (nullif($1, ''), $2, $3, $4)`, tx.Key, kind, json.RawMessage(payload), at)
	return wrote(err, "the outbox")
}

// TakeAsked takes up to so many of what was asked for, oldest first, for whoever
// does it in this transaction: others that take meanwhile get the next. What was put
// off is left out until then. kind "" takes all kinds.
func (tx Tx) TakeAsked(ctx context.Context, kind string, most int, now time.Time) ([]Asked, error) {
	rows, _ := tx.Query(ctx, `
		WITH next AS (
			SELECT id FROM outbox WHERE taken_at IS NULL AND ($1 = '' OR kind = $1) AND (next_at IS NULL OR next_at <= $3) ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED
		), taken AS (
			UPDATE outbox o SET taken_at = greatest($3, o.at) FROM next WHERE o.id = next.id
			RETURNING coalesce(o.customer, '') AS customer, o.id, o.kind, o.payload, o.at
		)
		SELECT customer, id, kind, payload, at FROM taken ORDER BY id`, kind, most, now)
	return collect[Asked](rows, "the outbox")
}

// AskedLater puts what could not be done off: for 5 s after the first try, twice as
// long after each other, at most 5 minutes.
func (tx Tx) AskedLater(ctx context.Context, id int64, now time.Time) error {
	_, err := tx.Exec(ctx, `
		UPDATE outbox SET tries = tries + 1, next_at = $2::timestamptz + least(power(2, least(tries, 10)) * interval '5 seconds', interval '5 minutes')
		WHERE id = $1 AND taken_at IS NULL`, id, now)
	return wrote(err, "the outbox")
}

// Reply is what was answered to a request that carried an idempotency key.
type Reply struct {
	Status int // 0 while the first request is being answered
	Body   []byte
}

// Once claims an idempotency key of an actor for a request with that digest. If it
// is claimed already, the reply that was given is returned; ErrTaken says that it
// was for another request. A claim for the same request that was made before
// abandoned and has no reply is given up, and this one takes its place.
func (tx Tx) Once(ctx context.Context, actor, key string, digest []byte, now, abandoned time.Time) (r Reply, again bool, err error) {
	_, err = tx.Exec(ctx, `
		DELETE FROM idempotency
		WHERE customer IS NOT DISTINCT FROM nullif($1, '') AND actor = $2 AND key = $3 AND digest = $4 AND status IS NULL AND at <= $5`, tx.Key, actor, key, digest, abandoned)
	if err != nil {
		return Reply{}, false, wrote(err, "the idempotency key")
	}
	tag, err := tx.Exec(ctx, `
		INSERT INTO idempotency (customer, actor, key, digest, at) VALUES (nullif($1, ''), $2, $3, $4, $5) ON CONFLICT DO NOTHING`, tx.Key, actor, key, digest, now)
	if err != nil || tag.RowsAffected() == 1 {
		return Reply{}, false, wrote(err, "the idempotency key")
	}
	var same bool
	err = tx.QueryRow(ctx, `
		SELECT coalesce(status, 0), body, digest = $4 FROM idempotency
		WHERE customer IS NOT DISTINCT FROM nullif($1, '') AND actor = $2 AND key = $3`, tx.Key, actor, key, digest).Scan(&r.Status, &r.Body, &same)
	switch {
	case err != nil:
		return Reply{}, false, missing(err, "idempotency key")
	case !same:
		return Reply{}, false, written(pgconn.CommandTag{}, &pgconn.PgError{Code: uniqueViolation}, "idempotency key "+key)
	}
	return r, true, nil
}

// Replied keeps the reply to the request that claimed a key.
func (tx Tx) Replied(ctx context.Context, actor, key string, r Reply) error {
	if r.Body == nil {
		r.Body = []byte{}
	}
	tag, err := tx.Exec(ctx, `
		UPDATE idempotency SET status = $4, body = $5
		WHERE customer IS NOT DISTINCT FROM nullif($1, '') AND actor = $2 AND key = $3`, tx.Key, actor, key, r.Status, r.Body)
	return written(tag, err, "idempotency key "+key)
}

// ForgetReplies removes the keys that were claimed before a time.
func (tx Tx) ForgetReplies(ctx context.Context, before time.Time) error {
	_, err := tx.Exec(ctx, `DELETE FROM idempotency WHERE at < $1`, before)
	return wrote(err, "idempotency keys")
}
