package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"landlord/guard/compliance"
)

// Posture is how a customer stands to a framework, in numbers: of its controls, by
// status, of the framework's first catalogue.
type Posture struct {
	Customer   string
	Framework  string
	Mapping    string     // version of the table of checks that it was computed by
	AsOf       *time.Time // the last evidence
	ComputedAt time.Time
	Controls   Counts
	Firm       compliance.Score // by confirmed mappings alone
	FixFirst   string           // a check; "" if nothing fails
	Unmapped   compliance.Rest
	Elsewhere  compliance.Rest
}

// Counts are controls by status.
type Counts struct{ Pass, Fail, Error, Manual, NotApplicable, NotAssessed int }

// Score is how many of those that pass, fail or could not be told pass.
func (c Counts) Score() compliance.Score {
	return compliance.Score{Pass: c.Pass, Of: c.Pass + c.Fail + c.Error}
}

// letters are how the statuses of controls are kept, by their order in compliance.
const letters = "-apmef"

const postureColumns = `p.customer, p.framework, p.mapping, p.as_of, p.computed_at, p.pass, p.fail, p.error, p.manual, p.not_applicable, p.not_assessed,
	p.firm_pass, p.firm_of, p.fix_first, p.unmapped_checks, p.unmapped_findings, p.elsewhere_checks, p.elsewhere_findings`

func (p *Posture) fields() []any {
	c := &p.Controls
	return []any{&p.Customer, &p.Framework, &p.Mapping, &p.AsOf, &p.ComputedAt, &c.Pass, &c.Fail, &c.Error, &c.Manual, &c.NotApplicable, &c.NotAssessed,
		&p.Firm.Pass, &p.Firm.Of, &p.FixFirst, &p.Unmapped.Checks, &p.Unmapped.Findings, &p.Elsewhere.Checks, &p.Elsewhere.Findings}
}

// Posture returns how a customer stands to a framework. ErrNotFound says that
// nothing was found of it yet.
func (tx Tx) Posture(ctx context.Context, customer, framework string) (p Posture, err error) {
	err = tx.QueryRow(ctx, `SELECT `+postureColumns+` FROM posture p WHERE p.customer = $1 AND p.framework = $2`, customer, framework).Scan(p.fields()...)
	if err != nil {
		return Posture{}, missing(err, "the posture of "+customer)
	}
	return p, nil
}

// putPosture computes how a customer stands by all that is known, and keeps it with
// the scores of the days that were added.
func (tx Tx) putPosture(ctx context.Context, c Customer, s *compliance.State, now time.Time) error {
	f, err := compliance.Of(c.Framework, "")
	if err != nil {
		return nil // a framework of the house's own has no controls here
	}
	p := s.Posture(f)
	var controls []byte
	for _, catalogue := range p.Catalogues {
		for _, control := range catalogue.Controls {
			controls = append(controls, letters[control.Status])
		}
	}
	first := p.Catalogues[0]
	n := func(status compliance.Status) int { return first.Counts[status] }
	fix := ""
	if len(p.Fix) > 0 {
		fix = p.Fix[0].Check
	}
	unmapped, elsewhere := s.Count(f)
	_, err = tx.Exec(ctx, `
		INSERT INTO posture (customer, framework, mapping, as_of, computed_at, pass, fail, error, manual, not_applicable, not_assessed, firm_pass, firm_of, fix_first,
			unmapped_checks, unmapped_findings, elsewhere_checks, elsewhere_findings, controls)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)
		ON CONFLICT (customer, framework) DO UPDATE SET mapping = excluded.mapping, as_of = excluded.as_of, computed_at = excluded.computed_at,
			pass = excluded.pass, fail = excluded.fail, error = excluded.error, manual = excluded.manual, not_applicable = excluded.not_applicable,
			not_assessed = excluded.not_assessed, firm_pass = excluded.firm_pass, firm_of = excluded.firm_of, fix_first = excluded.fix_first,
			unmapped_checks = excluded.unmapped_checks, unmapped_findings = excluded.unmapped_findings,
			elsewhere_checks = excluded.elsewhere_checks, elsewhere_findings = excluded.elsewhere_findings, controls = excluded.controls`,
		c.Key, c.Framework, compliance.Version, when(p.Last), now, n(compliance.Pass), n(compliance.Fail), n(compliance.Error), n(compliance.Manual), n(compliance.NotApplicable), n(compliance.NotAssessed),
		first.Firm.Pass, first.Firm.Of, fix, unmapped.Checks, unmapped.Findings, elsewhere.Checks, elsewhere.Findings, string(controls))
	if err != nil {
		return fmt.Errorf("write the posture of %s: %w", c.Key, err)
	}
	points := s.Points(f)
	if len(points) == 0 && len(p.Trend) > 0 { // by another mapping, what is known now is told of the last day
		points = p.Trend[len(p.Trend)-1:]
	}
	var days []string
	var pass, of []int64
	for _, point := range points {
		days, pass, of = append(days, point.Day), append(pass, int64(point.Score.Pass)), append(of, int64(point.Score.Of))
	}
	_, err = tx.Exec(ctx, `
		INSERT INTO posture_day (customer, framework, day, pass, of) SELECT $1, $2, d.* FROM unnest($3::date[], $4::bigint[], $5::bigint[]) AS d (day, pass, of)
		ON CONFLICT (customer, framework, day) DO UPDATE SET pass = excluded.pass, of = excluded.of`, c.Key, c.Framework, days, pass, of)
	if err != nil {
		return fmt.Errorf("write the scores of %s: %w", c.Key, err)
	}
	return nil
}

// StalePostures returns customers of whom something was found and whose posture was
// computed by another table of checks, or not at all for their present framework,
// by key after one, at most so many.
func (tx Tx) StalePostures(ctx context.Context, after string, most int) ([]string, error) {
	rows, _ := tx.Query(ctx, `
		SELECT c.key FROM assessment a JOIN customer c ON c.key = a.customer LEFT JOIN posture p ON p.customer = c.key AND p.framework = c.framework
		WHERE c.key > $1 AND c.framework = ANY ($2) AND p.mapping IS DISTINCT FROM $3 ORDER BY c.key LIMIT $4`, after, compliance.Frameworks(), compliance.Version, most)
	keys, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("read whose posture is to be computed anew: %w", err)
	}
	return keys, nil
}

// Recompute computes anew how a customer stands, by what is kept.
func (tx Tx) Recompute(ctx context.Context, customer string, now time.Time) error {
	c, err := tx.Customer(ctx, customer)
	if err != nil {
		return err
	}
	s, err := tx.lockedState(ctx, customer)
	if err != nil {
		return err
	}
	if !s.Last.IsZero() {
		s.Days(s.Last.Format(time.DateOnly))
	}
	return tx.putPosture(ctx, c, s, now)
}

// Trend are the scores of a customer at the end of its last days with evidence, the
// oldest first, at most so many.
func (tx Tx) Trend(ctx context.Context, customer, framework string, most int) ([]compliance.Point, error) {
	rows, _ := tx.Query(ctx, `
		SELECT to_char(day, 'YYYY-MM-DD'), pass, of FROM (
			SELECT day, pass, of FROM posture_day WHERE customer = $1 AND framework = $2 ORDER BY day DESC LIMIT $3) d ORDER BY day`, customer, framework, most)
	type point struct {
		Day      string
		Pass, Of int
	}
	read, err := collect[point](rows, "the scores of "+customer)
	all := []compliance.Point{}
	for _, p := range read {
		all = append(all, compliance.Point{Day: p.Day, Score: compliance.Score{Pass: p.Pass, Of: p.Of}})
	}
	return all, err
}

// Stand is a customer in an overview: how it stands, and stood some days ago.
type Stand struct {
	Key, Name, Tier, Framework string
	Assessed                   bool             // something was found of it
	Posture                                     // zero unless assessed
	Was                        compliance.Score // at the end of the last day with evidence up to the one asked for; Of is 0 if there was none
}

// Standings is which customers an overview shows. The zero value is all, the worst
// first.
type Standings struct {
	Tier      string
	Framework string
	Control   string            // only those of whom this control, by its id, has Status; needs Framework
	Status    compliance.Status //
	Unknown   bool              // only those of whom nothing was found
	Failing   bool              // only those of whom a control fails
	Untold    bool              // only those of whom a control could not be told
	Since     time.Time         // what Was is of
	Offset    int
	Limit     int
}

// Standings returns customers of an overview: of whom something was found, by score,
// the worst first; then those of whom nothing was. total is how many there are.
func (tx Tx) Standings(ctx context.Context, q Standings) (list []Stand, total int, err error) {
	from := `FROM customer c LEFT JOIN posture p ON p.customer = c.key AND p.framework = c.framework WHERE c.state IN ('wanted', 'active', 'suspended')`
	var args []any
	and := func(condition string, values ...any) {
		for _, v := range values {
			args = append(args, v)
			condition = strings.Replace(condition, "?", fmt.Sprint("$", len(args)), 1)
		}
		from += " AND " + condition
	}
	if q.Tier != "" {
		and(`c.tier = ?`, q.Tier)
	}
	if q.Framework != "" {
		and(`c.framework = ?`, q.Framework)
	}
	if q.Control != "" {
		place := controlPlace(q.Framework, q.Control)
		if place < 0 {
			return nil, 0, fmt.Errorf("control %s: %w", q.Control, ErrNotFound)
		}
		and(`substr(p.controls, ?, 1) = ?`, place+1, letters[q.Status:q.Status+1])
	}
	if q.Unknown {
		and(`p.customer IS NULL`)
	}
	if q.Failing {
		and(`p.fail > 0`)
	}
	if q.Untold {
		and(`p.error > 0`)
	}
	// One number to sort by, and nothing in the inner query that indexes do not hold: sorting all by four columns read from wide rows took four times as long.
	n := len(args)
	rows, err := tx.Query(ctx, fmt.Sprintf(`
		SELECT page.total, c.key, c.name, c.tier, c.framework, p.customer IS NOT NULL, coalesce(w.pass, 0), coalesce(w.of, 0), `+postureOrNothing+`
		FROM (
			SELECT count(*) OVER () AS total, c.key, p.fail AS failing, CASE
				WHEN p.customer IS NULL THEN 3
				WHEN p.pass + p.fail + p.error = 0 THEN 2
				ELSE p.pass::float8 / (p.pass + p.fail + p.error) END AS share `+from+`
			ORDER BY share, failing DESC, key LIMIT $%d OFFSET $%d) page
		JOIN customer c ON c.key = page.key
		LEFT JOIN posture p ON p.customer = c.key AND p.framework = c.framework
		LEFT JOIN LATERAL (SELECT d.pass, d.of FROM posture_day d WHERE d.customer = c.key AND d.framework = c.framework AND d.day <= $%d::date ORDER BY d.day DESC LIMIT 1) w ON true
		ORDER BY page.share, page.failing DESC, page.key`, n+1, n+2, n+3), slices.Concat(args, []any{q.Limit, q.Offset, q.Since.UTC().Format(time.DateOnly)})...)
	if err != nil {
		return nil, 0, fmt.Errorf("read how customers stand: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var s Stand
		if err := rows.Scan(append([]any{&total, &s.Key, &s.Name, &s.Tier, &s.Framework, &s.Assessed, &s.Was.Pass, &s.Was.Of}, s.Posture.fields()...)...); err != nil {
			return nil, 0, fmt.Errorf("read how customers stand: %w", err)
		}
		list = append(list, s)
	}
	if err := rows.Err(); err != nil || len(list) > 0 || q.Offset == 0 {
		return list, total, err
	}
	// Behind the last one nobody tells how many there are.
	if err := tx.QueryRow(ctx, `SELECT count(*) `+from, args...).Scan(&total); err != nil {
		return nil, 0, fmt.Errorf("count how customers stand: %w", err)
	}
	return nil, total, nil
}

const postureOrNothing = `coalesce(p.customer, ''), coalesce(p.framework, ''), coalesce(p.mapping, ''), p.as_of, coalesce(p.computed_at, 'epoch'),
	coalesce(p.pass, 0), coalesce(p.fail, 0), coalesce(p.error, 0), coalesce(p.manual, 0), coalesce(p.not_applicable, 0), coalesce(p.not_assessed, 0),
	coalesce(p.firm_pass, 0), coalesce(p.firm_of, 0), coalesce(p.fix_first, ''), coalesce(p.unmapped_checks, 0), coalesce(p.unmapped_findings, 0), coalesce(p.elsewhere_checks, 0), coalesce(p.elsewhere_findings, 0)`

// controlPlace is where a control's letter is; -1 if the framework has none of that id.
func controlPlace(framework, control string) int {
	return slices.IndexFunc(controlsOf(framework), func(c catalogued) bool { return c.ID == control })
}

// catalogued is a control and the catalogue that it is in.
type catalogued struct {
	compliance.Control
	Catalogue string
}

// controlsOf are the controls of a framework in the order of their letters.
func controlsOf(framework string) (all []catalogued) {
	f, err := compliance.Of(framework, "")
	if err != nil {
		return nil
	}
	for _, c := range f.Catalogues {
		for _, control := range c.Controls {
			all = append(all, catalogued{control, c.Name})
		}
	}
	return all
}
