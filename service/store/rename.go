package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// Renamed is what ended with a customer's key: both carry it.
type Renamed struct {
	Sessions int64 `json:"sessions"`
	Tokens   int64 `json:"tokens"`
}

// Rename gives a customer another key, and with it all that is its own: contacts,
// domains, checks, people, steps, runs, identity provider. What its people hold that
// carries the old key, sessions, tokens and links, ends. The audit log stays as it
// is; entries under the old key are found under the new one.
func (tx Tx) Rename(ctx context.Context, from, to string, at time.Time) (r Renamed, err error) {
	if _, err := tx.Exec(ctx, `DELETE FROM former_key WHERE customer = $1 AND key = $2`, from, to); err != nil { // it has that one again
		return r, fmt.Errorf("rename %s to %s: %w", from, to, err)
	}
	tag, err := tx.Exec(ctx, `UPDATE customer SET key = $2, updated_at = $3 WHERE key = $1`, from, to, at)
	if err := written(tag, err, "key "+to); err != nil {
		return r, err
	}
	for _, sql := range []string{
		`INSERT INTO former_key (customer, key) VALUES ($2, $1)`,
		`UPDATE run SET customer = $2 WHERE customer = $1`,
		`UPDATE run SET assesses = array_replace(assesses, $1, $2) WHERE kind = 'scan' AND $1 = ANY (assesses)`,
		`UPDATE outbox SET customer = $2 WHERE customer = $1`,
		`UPDATE mail SET customer = $2 WHERE customer = $1`,
		`DELETE FROM identity_provider WHERE customer = $1 AND EXISTS (SELECT FROM identity_provider WHERE customer = $2)`, // the file has the new one already
		`UPDATE identity_provider SET customer = $2 WHERE customer = $1`,
	} {
		if _, err := tx.Exec(ctx, sql, from, to); err != nil {
			return r, fmt.Errorf("rename %s to %s: %w", from, to, err)
		}
	}
	rows, _ := tx.Query(ctx, `SELECT DISTINCT run FROM step WHERE customer = $1 ORDER BY run`, from) // CollectRows returns the error
	runs, err := pgx.CollectRows(rows, pgx.RowTo[string])
	for _, run := range runs {
		err = errors.Join(err, tx.write(ctx, run, func(write int64) error {
			_, err := tx.Exec(ctx, `UPDATE step SET customer = $3, write = $4 WHERE run = $1 AND customer = $2`, run, from, to, write)
			return err
		}, from))
	}
	if err != nil {
		return r, fmt.Errorf("rename %s to %s: %w", from, to, err)
	}
	for _, sql := range []string{
		`DELETE FROM idempotency WHERE customer IN ($1, $2)`,
		`DELETE FROM member_link WHERE customer IN ($1, $2) AND used_at IS NULL`,
		`DELETE FROM contact_link WHERE customer IN ($1, $2) AND used_at IS NULL`,
	} {
		if _, err := tx.Exec(ctx, sql, from, to); err != nil {
			return r, fmt.Errorf("end what carries the key %s: %w", from, err)
		}
	}
	for table, n := range map[string]*int64{"member_session": &r.Sessions, "member_token": &r.Tokens} {
		tag, err := tx.Exec(ctx, `UPDATE `+table+` SET ended_at = greatest($2, created_at) WHERE customer = $1 AND ended_at IS NULL`, to, at)
		if err != nil {
			return r, fmt.Errorf("end what carries the key %s: %w", from, err)
		}
		*n = tag.RowsAffected()
	}
	return r, tx.index(ctx, to)
}

// Keys are those that a customer has and had, the present one first.
func (tx Tx) Keys(ctx context.Context, customer string) ([]string, error) {
	if tx.Key != "" && customer == tx.Key {
		return tx.keys, nil
	}
	rows, _ := tx.Query(ctx, `SELECT key FROM former_key WHERE customer = $1 ORDER BY key`, customer)
	former, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("read the former keys of %s: %w", customer, err)
	}
	return append([]string{customer}, former...), nil
}

// FormerKeys tells whose each key was that a customer had before.
func (tx Tx) FormerKeys(ctx context.Context) (map[string]string, error) {
	rows, _ := tx.Query(ctx, `SELECT key, customer FROM former_key`)
	of := map[string]string{}
	var key, customer string
	if _, err := pgx.ForEachRow(rows, []any{&key, &customer}, func() error { of[key] = customer; return nil }); err != nil {
		return nil, fmt.Errorf("read the former keys: %w", err)
	}
	return of, nil
}
