package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"landlord/guard/compliance"
)

// TierTally is how the customers of a tier stand, all together.
type TierTally struct {
	Day       string
	Tier      string
	Framework string
	Customers int
	Assessed  int              // of whom something was found
	Score     compliance.Score // of all their controls
}

// ControlTally is how many customers of a tier have a control in each status, and
// had some days ago.
type ControlTally struct {
	Tier      string
	Framework string
	Catalogue string
	Control   string
	Now       Counts
	Was       Counts // zero if nothing was counted up to then
}

// CountTiers counts how the customers of each tier stand, as of a day. Who reads an
// overview reads what was counted.
func (tx Tx) CountTiers(ctx context.Context, now time.Time) error {
	rows, _ := tx.Query(ctx, `
		SELECT c.tier, c.framework, p.customer IS NOT NULL, coalesce(p.mapping, ''), coalesce(p.controls, ''), coalesce(p.pass, 0), coalesce(p.pass + p.fail + p.error, 0)
		FROM customer c LEFT JOIN posture p ON p.customer = c.key AND p.framework = c.framework WHERE c.state IN ('wanted', 'active', 'suspended')`)
	type group struct{ tier, framework string }
	tiers := map[group]*TierTally{}
	counts := map[group][][len(letters)]int64{}
	var (
		g                 group
		assessed          bool
		mapping, controls string
		pass, of          int
	)
	_, err := pgx.ForEachRow(rows, []any{&g.tier, &g.framework, &assessed, &mapping, &controls, &pass, &of}, func() error {
		t := tiers[g]
		if t == nil {
			t = &TierTally{}
			tiers[g] = t
			counts[g] = make([][len(letters)]int64, len(controlsOf(g.framework)))
		}
		t.Customers++
		if !assessed {
			return nil
		}
		t.Assessed++
		t.Score.Pass += pass
		t.Score.Of += of
		if mapping == compliance.Version && len(controls) == len(counts[g]) {
			for i := range len(controls) {
				counts[g][i][strings.IndexByte(letters, controls[i])]++
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("count how customers stand: %w", err)
	}
	day := now.UTC().Format(time.DateOnly)
	for _, table := range []string{"tier_tally", "control_tally"} {
		if _, err := tx.Exec(ctx, `DELETE FROM `+table+` WHERE day = $1::date`, day); err != nil {
			return fmt.Errorf("count how customers stand: %w", err)
		}
	}
	for g, t := range tiers {
		_, err := tx.Exec(ctx, `INSERT INTO tier_tally (day, tier, framework, customers, assessed, pass, of) VALUES ($1::date, $2, $3, $4, $5, $6, $7)`,
			day, g.tier, g.framework, t.Customers, t.Assessed, t.Score.Pass, t.Score.Of)
		if err != nil {
			return fmt.Errorf("count how customers of tier %s stand: %w", g.tier, err)
		}
		var place []int64
		var catalogue, control []string
		var n [len(letters)][]int64
		for i, c := range controlsOf(g.framework) {
			place, catalogue, control = append(place, int64(i)), append(catalogue, c.Catalogue), append(control, c.ID)
			for s := range n {
				n[s] = append(n[s], counts[g][i][s])
			}
		}
		_, err = tx.Exec(ctx, `
			INSERT INTO control_tally (day, tier, framework, place, catalogue, control, not_assessed, not_applicable, pass, manual, error, fail)
			SELECT $1::date, $2, $3, n.* FROM unnest($4::bigint[], $5::text[], $6::text[], $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[], $11::bigint[], $12::bigint[]) n`,
			day, g.tier, g.framework, place, catalogue, control, n[0], n[1], n[2], n[3], n[4], n[5])
		if err != nil {
			return fmt.Errorf("count how controls of tier %s stand: %w", g.tier, err)
		}
	}
	return nil
}

// Heat returns how many customers of each tier have each control in each status, by
// the last count, and by the last up to a day: tiers by key, controls in the order of
// their catalogues.
func (tx Tx) Heat(ctx context.Context, before time.Time) ([]ControlTally, error) {
	rows, _ := tx.Query(ctx, `
		SELECT n.tier, n.framework, n.catalogue, n.control, n.pass, n.fail, n.error, n.manual, n.not_applicable, n.not_assessed,
			coalesce(w.pass, 0), coalesce(w.fail, 0), coalesce(w.error, 0), coalesce(w.manual, 0), coalesce(w.not_applicable, 0), coalesce(w.not_assessed, 0)
		FROM control_tally n LEFT JOIN control_tally w ON w.tier = n.tier AND w.framework = n.framework AND w.place = n.place AND w.control = n.control
			AND w.day = (SELECT max(day) FROM control_tally WHERE day <= $1::date)
		WHERE n.day = (SELECT max(day) FROM control_tally)
		ORDER BY n.tier, n.framework, n.place`, before.UTC().Format(time.DateOnly))
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (t ControlTally, err error) {
		n, w := &t.Now, &t.Was
		err = row.Scan(&t.Tier, &t.Framework, &t.Catalogue, &t.Control, &n.Pass, &n.Fail, &n.Error, &n.Manual, &n.NotApplicable, &n.NotAssessed,
			&w.Pass, &w.Fail, &w.Error, &w.Manual, &w.NotApplicable, &w.NotAssessed)
		return t, err
	})
	if err != nil {
		return nil, fmt.Errorf("read how controls stand: %w", err)
	}
	return all, nil
}

// Tiers returns how the customers of each tier stood from a day on, the oldest count
// first: the last is how they stand now.
func (tx Tx) Tiers(ctx context.Context, from time.Time) ([]TierTally, error) {
	rows, _ := tx.Query(ctx, `
		SELECT to_char(day, 'YYYY-MM-DD'), tier, framework, customers, assessed, pass, of FROM tier_tally
		WHERE day >= $1::date OR day = (SELECT max(day) FROM tier_tally) ORDER BY day, tier, framework`, from.UTC().Format(time.DateOnly))
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (t TierTally, err error) {
		err = row.Scan(&t.Day, &t.Tier, &t.Framework, &t.Customers, &t.Assessed, &t.Score.Pass, &t.Score.Of)
		return t, err
	})
	if err != nil {
		return nil, fmt.Errorf("read how tiers stand: %w", err)
	}
	return all, nil
}

// Uncounted tells whether a posture was computed from a time on, or a day has no
// count of its own yet.
func (tx Tx) Uncounted(ctx context.Context, day, since time.Time) (is bool, err error) {
	err = tx.QueryRow(ctx, `
		SELECT EXISTS (SELECT FROM posture WHERE computed_at >= $2) OR NOT EXISTS (SELECT FROM tier_tally WHERE day = $1::date) AND EXISTS (SELECT FROM customer)`,
		day.UTC().Format(time.DateOnly), since).Scan(&is)
	if err != nil {
		return false, fmt.Errorf("see whether there is something to count: %w", err)
	}
	return is, nil
}
