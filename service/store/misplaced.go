package store

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"landlord/guard/compliance"
	"landlord/org"
)

// Misplaced is an account of which something stands with a customer whose it is not.
type Misplaced struct {
	Account  org.AccountID
	Customer string // with whom it stands
	Owner    string // whose the account is; "" if it is nobody's
}

// Misplaced returns the accounts that have become another customer's since something
// was found there, or nobody's: the customer has another by what AWS shows. Of a
// customer of whom AWS shows no account all stays.
func (tx Tx) Misplaced(ctx context.Context) ([]Misplaced, error) {
	rows, _ := tx.Query(ctx, `
		WITH shown AS (SELECT account, min(key) AS customer FROM customer WHERE account IS NOT NULL GROUP BY account HAVING count(*) = 1),
		owner AS (SELECT account, customer FROM shown UNION ALL SELECT account, customer FROM account_owner o WHERE NOT EXISTS (SELECT FROM shown s WHERE s.account = o.account))
		SELECT x.account, a.customer, coalesce(o.customer, '')
		FROM assessment a JOIN customer c ON c.key = a.customer CROSS JOIN LATERAL unnest(a.accounts) x (account) LEFT JOIN owner o ON o.account = x.account
		WHERE o.customer <> a.customer OR o.customer IS NULL AND c.account <> x.account
		ORDER BY a.customer, x.account`)
	return collect[Misplaced](rows, "whose findings are with another")
}

// Replace gives what stands of an account with one customer to the one whose the
// account is, or to the queue, and computes how both stand without it and with it. It
// returns how much that was.
func (tx Tx) Replace(ctx context.Context, m Misplaced, now time.Time) (findings int, err error) {
	if err := tx.lockQueue(ctx); err != nil {
		return 0, err
	}
	both := slices.DeleteFunc([]string{m.Customer, m.Owner}, func(key string) bool { return key == "" })
	slices.Sort(both)
	for _, key := range both {
		if err := tx.lockState(ctx, key); err != nil {
			return 0, err
		}
	}
	c, err := tx.Customer(ctx, m.Customer)
	if err != nil {
		return 0, err
	}
	s, err := tx.state(ctx, m.Customer, "")
	if err != nil {
		return 0, err
	}
	byBatch := map[string][]compliance.Finding{}
	rows, _ := tx.Query(ctx, `SELECT `+findingColumns+`, batch, evidence FROM finding WHERE customer = $1 AND account = $2`, m.Customer, string(m.Account))
	_, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (_ struct{}, err error) {
		var batch string
		var evidence []byte
		one, err := scanStanding(tail{row, []any{&batch, &evidence}})
		if err == nil && evidence != nil {
			err = json.Unmarshal(evidence, &one.Evidence)
		}
		byBatch[batch] = append(byBatch[batch], one.Finding)
		findings++
		return struct{}{}, err
	})
	if err != nil {
		return 0, fmt.Errorf("read what was found in account %s: %w", m.Account, err)
	}
	if err := tx.putDelta(ctx, m.Customer, "", s.Leave(m.Account, now)); err != nil {
		return 0, err
	}
	if err := tx.putState(ctx, c, s, now); err != nil {
		return 0, err
	}
	for _, batch := range slices.SortedFunc(maps.Keys(byBatch), cmp.Compare[string]) {
		if m.Owner == "" {
			err = tx.QueueFindings(ctx, m.Account, batch, byBatch[batch])
		} else {
			err = tx.AddFindings(ctx, m.Owner, batch, byBatch[batch], now)
		}
		if err != nil {
			return 0, err
		}
	}
	return findings, nil
}
