package store

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// PortfolioVersion is the number of the latest version of the portfolio.
func (tx Tx) PortfolioVersion(ctx context.Context) (version int64, err error) {
	if err := tx.QueryRow(ctx, `SELECT version FROM portfolio ORDER BY version DESC LIMIT 1`).Scan(&version); err != nil {
		return 0, missing(err, "portfolio")
	}
	return version, nil
}

// StepsOf returns what runs did for a customer, the newest first, at most so many.
func (tx Tx) StepsOf(ctx context.Context, customer string, most int) ([]Step, error) {
	rows, _ := tx.Query(ctx, `
		SELECT s.run, s.n, s.customer, s.kind, s.what, s.state, s.attempts, s.error, s.started_at AS started, s.ended_at AS ended
		FROM step s JOIN run r ON r.id = s.run
		WHERE s.customer = $1 ORDER BY r.asked_at DESC, s.run, s.n DESC LIMIT $2`, customer, most)
	steps, err := pgx.CollectRows(rows, pgx.RowToStructByName[Step])
	if err != nil {
		return nil, fmt.Errorf("read the steps of %s: %w", customer, err)
	}
	return steps, nil
}

// Holder is whose an account is, and the state that customer is in.
type Holder struct{ Key, State string }

// Accounts returns whose each account is, by account id.
func (tx Tx) Accounts(ctx context.Context) (map[string]Holder, error) {
	rows, _ := tx.Query(ctx, `SELECT account, key, state FROM customer WHERE account IS NOT NULL`)
	of := map[string]Holder{}
	var account string
	var by Holder
	if _, err := pgx.ForEachRow(rows, []any{&account, &by.Key, &by.State}, func() error { of[account] = by; return nil }); err != nil {
		return nil, fmt.Errorf("read whose accounts are: %w", err)
	}
	return of, nil
}
