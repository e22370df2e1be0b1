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
