package store

import (
	"context"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"landlord/guard/compliance"
	"landlord/org"
)

// LatestRun returns the newest run that is not of a kind; ErrNotFound if there is none.
func (tx Tx) LatestRun(ctx context.Context, but string) (Run, error) {
	rows, _ := tx.Query(ctx, `SELECT `+runColumns+` FROM run WHERE kind <> $1 ORDER BY asked_at DESC, id DESC LIMIT 1`, but) // CollectOneRow returns the error
	r, err := pgx.CollectOneRow(rows, pgx.RowToStructByName[Run])
	if err != nil {
		return Run{}, missing(err, "the latest run")
	}
	return r, nil
}

// ScannedAt returns when a scan of all customers was last asked for; when the first
// portfolio came, if none ever was. ErrNotFound if there is no portfolio.
func (tx Tx) ScannedAt(ctx context.Context) (at time.Time, err error) {
	var last *time.Time
	err = tx.QueryRow(ctx, `
		SELECT coalesce((SELECT max(asked_at) FROM run WHERE kind = 'scan' AND assesses IS NULL), (SELECT min(at) FROM portfolio))`).Scan(&last)
	switch {
	case err != nil:
		return at, fmt.Errorf("read when all customers were last assessed: %w", err)
	case last == nil:
		return at, fmt.Errorf("portfolio: %w", ErrNotFound)
	}
	return last.UTC(), nil
}

// StepsOfKind returns the steps of a run that are of one kind, in order.
func (tx Tx) StepsOfKind(ctx context.Context, run, kind string) ([]Step, error) {
	rows, _ := tx.Query(ctx, `SELECT `+stepColumns+` FROM step WHERE run = $1 AND kind = $2 ORDER BY n`, run, kind) // CollectRows returns the error
	steps, err := pgx.CollectRows(rows, pgx.RowToStructByName[Step])
	if err != nil {
		return nil, fmt.Errorf("read the steps of run %s: %w", run, err)
	}
	return steps, nil
}

// FoundIn returns what a batch last found in an account of a customer, with its
// evidence.
func (tx Tx) FoundIn(ctx context.Context, customer, batch string, account org.AccountID) ([]compliance.Finding, error) {
	rows, _ := tx.Query(ctx, `
		SELECT name, account, region, resource, status, suppressed, at, method, hash, reason, evidence FROM finding
		WHERE customer = $1 AND batch = $2 AND account = $3 ORDER BY thing`, customer, batch, account)
	found, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (f compliance.Finding, err error) {
		var status string
		var hash []byte
		err = row.Scan(&f.Name, &f.Account, &f.Region, &f.Resource, &status, &f.Suppressed, &f.At, &f.Method, &hash, &f.Reason, &f.Evidence)
		f.At, f.Hash = f.At.UTC(), hex.EncodeToString(hash)
		if err == nil {
			err = f.Status.UnmarshalText([]byte(status))
		}
		return f, err
	})
	if err != nil {
		return nil, fmt.Errorf("read what %s found of %s: %w", batch, customer, err)
	}
	return found, nil
}
