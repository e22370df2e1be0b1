package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"landlord/guard/compliance"
	"landlord/org"
)

// Unowned is an account of nobody's in which something was found.
type Unowned struct {
	Account  org.AccountID
	Findings int
	Failing  int
	First    time.Time
	Last     time.Time
	Batch    string // that something was last found in
}

// QueueFindings keeps what was found in an account that is nobody's, until it is
// somebody's.
func (tx Tx) QueueFindings(ctx context.Context, account org.AccountID, batch string, found []compliance.Finding) error {
	if err := tx.lockQueue(ctx); err != nil {
		return err
	}
	rows, _ := tx.Query(ctx, `SELECT `+findingColumns+` FROM unowned_finding WHERE account = $1`, account)
	before, err := pgx.CollectRows(rows, scanStanding)
	if err != nil {
		return fmt.Errorf("read what was found in account %s: %w", account, err)
	}
	var s compliance.State
	s.Stands(before...)
	d := s.Add(exact(found))
	var gone [][]byte
	for _, g := range d.Gone {
		gone = append(gone, thingOf(g.Finding))
	}
	if _, err := tx.Exec(ctx, `DELETE FROM unowned_finding WHERE account = $1 AND thing = ANY ($2)`, account, gone); err != nil {
		return fmt.Errorf("write what was found in account %s: %w", account, err)
	}
	for part := range slices.Chunk(d.Stands, 5000) {
		args, err := columns(part)
		if err == nil {
			_, err = tx.Exec(ctx, `
				INSERT INTO unowned_finding (batch, `+standingColumns+`) SELECT $2, f.* FROM `+unnested+` AS f WHERE $1 <> ''
				ON CONFLICT (account, thing) DO UPDATE SET batch = excluded.batch, status = excluded.status, suppressed = excluded.suppressed, since = excluded.since, at = excluded.at,
					hash = excluded.hash, reason = excluded.reason, evidence = excluded.evidence`, slices.Concat([]any{string(account), batch}, args)...)
		}
		if err != nil {
			return fmt.Errorf("write what was found in account %s: %w", account, err)
		}
	}
	return nil
}

// lockQueue keeps others from changing the queue until this transaction ends. Whoever
// also adds to customers comes here first.
func (tx Tx) lockQueue(ctx context.Context) error {
	if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtextextended('landlord queue', 0))`); err != nil {
		return fmt.Errorf("wait for others who change the queue of findings: %w", err)
	}
	return nil
}

// Queue returns the accounts of nobody's in which something was found, by id after
// one, at most so many.
func (tx Tx) Queue(ctx context.Context, after org.AccountID, most int) ([]Unowned, error) {
	rows, _ := tx.Query(ctx, `
		SELECT account, count(*), count(*) FILTER (WHERE status = 'fail'), min(since), max(at), (array_agg(batch ORDER BY at DESC, batch))[1]
		FROM unowned_finding WHERE account > $1 GROUP BY account ORDER BY account LIMIT $2`, string(after), most)
	return collect[Unowned](rows, "the queue of findings")
}

// QueueSize is how many accounts and findings wait to be somebody's.
func (tx Tx) QueueSize(ctx context.Context) (accounts, findings int, err error) {
	if err := tx.QueryRow(ctx, `SELECT count(DISTINCT account), count(*) FROM unowned_finding`).Scan(&accounts, &findings); err != nil {
		return 0, 0, fmt.Errorf("count the queue of findings: %w", err)
	}
	return accounts, findings, nil
}

// Claimed are the accounts of the queue that have become somebody's, and whose.
func (tx Tx) Claimed(ctx context.Context) (map[org.AccountID]string, error) {
	rows, _ := tx.Query(ctx, `SELECT DISTINCT account FROM unowned_finding`)
	queued, err := pgx.CollectRows(rows, pgx.RowTo[org.AccountID])
	if err != nil || len(queued) == 0 {
		return nil, err
	}
	owners, err := tx.AccountOwners(ctx)
	claimed := map[org.AccountID]string{}
	for _, account := range queued {
		if customer := owners[account]; customer != "" {
			claimed[account] = customer
		}
	}
	return claimed, err
}

// Assign says that an account is a customer's, whom AWS does not show to have it;
// again, whatever somebody said before. ErrTaken if it is another's, by what AWS shows
// or somebody said.
func (tx Tx) Assign(ctx context.Context, account org.AccountID, customer string, again bool, by string, at time.Time) error {
	if err := tx.lockQueue(ctx); err != nil { // nobody queues what this makes somebody's
		return err
	}
	rows, _ := tx.Query(ctx, `SELECT key FROM customer WHERE account = $1`, string(account))
	shown, err := pgx.CollectRows(rows, pgx.RowTo[string])
	switch {
	case err != nil:
		return fmt.Errorf("read whose account %s is: %w", account, err)
	case len(shown) == 1 && shown[0] == customer:
		return nil
	case len(shown) > 0:
		return fmt.Errorf("account %s: %w", account, ErrTaken)
	}
	tag, err := tx.Exec(ctx, `
		INSERT INTO account_owner AS o (account, customer, by, at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (account) DO UPDATE SET customer = excluded.customer, by = excluded.by, at = excluded.at WHERE $5 OR o.customer = excluded.customer`, string(account), customer, by, at, again)
	if err == nil && tag.RowsAffected() == 0 {
		return fmt.Errorf("account %s: %w", account, ErrTaken)
	}
	return written(tag, err, "account "+string(account))
}

// Unqueue gives what was found in an account to the customer whose it is now.
func (tx Tx) Unqueue(ctx context.Context, account org.AccountID, customer string, now time.Time) (findings int, err error) {
	if err := tx.lockQueue(ctx); err != nil {
		return 0, err
	}
	rows, _ := tx.Query(ctx, `DELETE FROM unowned_finding WHERE account = $1 RETURNING `+findingColumns+`, batch`, string(account))
	byBatch := map[string][]compliance.Finding{}
	_, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (_ struct{}, err error) {
		var batch string
		s, err := scanStanding(tail{row, []any{&batch}})
		byBatch[batch] = append(byBatch[batch], s.Finding)
		findings++
		return struct{}{}, err
	})
	if err != nil {
		return 0, fmt.Errorf("take account %s out of the queue: %w", account, err)
	}
	batches := make([]string, 0, len(byBatch))
	for batch := range byBatch {
		batches = append(batches, batch)
	}
	slices.Sort(batches)
	for _, batch := range batches {
		if err := tx.AddFindings(ctx, customer, batch, byBatch[batch], now); err != nil {
			return 0, err
		}
	}
	return findings, nil
}

// tail is a row with more columns at its end.
type tail struct {
	pgx.CollectableRow
	last []any
}

// Scan implements pgx.CollectableRow.
func (t tail) Scan(dest ...any) error { return t.CollectableRow.Scan(append(dest, t.last...)...) }
