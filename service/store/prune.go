package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// HistoryMonths is how long history and findings are kept.
const HistoryMonths = 18

// OldFindings are customers of whom something stands that was last found before a
// time, at most so many.
func (tx Tx) OldFindings(ctx context.Context, before time.Time, most int) ([]string, error) {
	rows, _ := tx.Query(ctx, `SELECT DISTINCT customer FROM finding WHERE at < $1 ORDER BY customer LIMIT $2`, before, most)
	keys, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("read whose findings are old: %w", err)
	}
	return keys, nil
}

// ForgetFindings lets go of what was last found before a time, and computes how the
// customer stands without it.
func (tx Tx) ForgetFindings(ctx context.Context, customer string, before, now time.Time) error {
	c, err := tx.Customer(ctx, customer)
	if err != nil {
		return err
	}
	s, err := tx.lockedState(ctx, customer)
	if err != nil {
		return err
	}
	if err := tx.putDelta(ctx, customer, "", s.Forget(before, now)); err != nil {
		return err
	}
	return tx.putState(ctx, c, s, now)
}

// PruneHistory lets go of what ended before a time, at most so many rows of each
// kind, and returns how many it were; 0 says that nothing is left. What a check's
// status was at that time stays known.
func (tx Tx) PruneHistory(ctx context.Context, before time.Time, most int) (rows int, err error) {
	for _, sql := range []string{
		`WITH old AS (SELECT ctid FROM check_history h WHERE at < $1 AND EXISTS (SELECT FROM check_history n WHERE n.customer = h.customer AND n.name = h.name AND n.day > h.day AND n.at <= $1) LIMIT $2)
		DELETE FROM check_history WHERE ctid IN (SELECT ctid FROM old)`,
		`WITH old AS (SELECT ctid FROM posture_day WHERE day < $1::timestamptz::date LIMIT $2) DELETE FROM posture_day WHERE ctid IN (SELECT ctid FROM old)`,
		`WITH old AS (SELECT ctid FROM finding_batch WHERE at < $1 LIMIT $2) DELETE FROM finding_batch WHERE ctid IN (SELECT ctid FROM old)`,
		`WITH old AS (SELECT ctid FROM unowned_finding WHERE at < $1 LIMIT $2) DELETE FROM unowned_finding WHERE ctid IN (SELECT ctid FROM old)`,
		`WITH old AS (SELECT ctid FROM tier_tally WHERE day < $1::timestamptz::date LIMIT $2) DELETE FROM tier_tally WHERE ctid IN (SELECT ctid FROM old)`,
		`WITH old AS (SELECT ctid FROM control_tally WHERE day < $1::timestamptz::date LIMIT $2) DELETE FROM control_tally WHERE ctid IN (SELECT ctid FROM old)`,
	} {
		tag, err := tx.Exec(ctx, sql, before, most)
		if err != nil {
			return rows, fmt.Errorf("let go of what is older than %s: %w", before.UTC().Format(time.DateOnly), err)
		}
		rows += int(tag.RowsAffected())
	}
	return rows, nil
}
