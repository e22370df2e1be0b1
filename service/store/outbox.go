package store

import (
	"context"
	"encoding/json"
	"time"
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

// ClaimAsked claims the oldest of what was asked for of a kind, for whoever does it
// once this is committed and says so with AskedDone or AskedLater: until then, or the
// time given if its process dies, others get the next. What was put off is left out for
// as long. None is ErrNotFound.
func (tx Tx) ClaimAsked(ctx context.Context, kind string, now, until time.Time) (Asked, error) {
	rows, _ := tx.Query(ctx, `
		WITH next AS (
			SELECT id FROM outbox WHERE taken_at IS NULL AND kind = $1 AND (next_at IS NULL OR next_at <= $2) ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED
		)
		UPDATE outbox o SET next_at = $3 FROM next WHERE o.id = next.id
		RETURNING coalesce(o.customer, '') AS customer, o.id, o.kind, o.payload, o.at`, kind, now, until)
	return one[Asked](rows, "the outbox")
}

// AskedDone keeps that something was done, or that there is nothing to do.
func (tx Tx) AskedDone(ctx context.Context, id int64, now time.Time) error {
	_, err := tx.Exec(ctx, `UPDATE outbox SET taken_at = greatest($2, at) WHERE id = $1 AND taken_at IS NULL`, id, now)
	return wrote(err, "the outbox")
}

// AskedLater puts what could not be done off: for 5 s after the first try, twice as
// long after each other, at most 5 minutes.
func (tx Tx) AskedLater(ctx context.Context, id int64, now time.Time) error {
	_, err := tx.Exec(ctx, `
		UPDATE outbox SET tries = tries + 1, next_at = $2::timestamptz + least(power(2, least(tries, 10)) * interval '5 seconds', interval '5 minutes')
		WHERE id = $1 AND taken_at IS NULL`, id, now)
	return wrote(err, "the outbox")
}
