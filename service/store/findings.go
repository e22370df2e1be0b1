package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"landlord/guard/compliance"
	"landlord/org"
)

// Batch is what came in at once: a file of findings, or the scan of a run.
type Batch struct {
	ID         string // the beginning of Digest, or the run's
	Digest     string // SHA-256, in hexadecimal
	File       string
	Format     string
	By         string
	At         time.Time
	Records    int
	Findings   int // that count, each once
	Duplicates int
	Customers  int            // whose they are
	Queued     int            // that are nobody's
	Skipped    map[string]int // why → records that are no findings
}

const batchColumns = `id, digest, file, format, by, at, records, findings, duplicates, customers, queued, skipped`

// AddBatch notes that a batch came in; ErrTaken if it did before.
func (tx Tx) AddBatch(ctx context.Context, b Batch) error {
	if b.Skipped == nil {
		b.Skipped = map[string]int{}
	}
	tag, err := tx.Exec(ctx, `INSERT INTO finding_batch (`+batchColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
		b.ID, b.Digest, b.File, b.Format, b.By, b.At, b.Records, b.Findings, b.Duplicates, b.Customers, b.Queued, b.Skipped)
	return written(tag, err, "batch "+b.ID)
}

// Batch returns a batch that came in.
func (tx Tx) Batch(ctx context.Context, id string) (Batch, error) {
	rows, _ := tx.Query(ctx, `SELECT `+batchColumns+` FROM finding_batch WHERE id = $1`, id)
	return one[Batch](rows, "batch "+id)
}

// Batches returns those that came in, the newest first, at most so many.
func (tx Tx) Batches(ctx context.Context, most int) ([]Batch, error) {
	rows, _ := tx.Query(ctx, `SELECT `+batchColumns+` FROM finding_batch ORDER BY at DESC, id LIMIT $1`, most)
	return collect[Batch](rows, "the batches of findings")
}

// AccountOwners tells whose accounts are: as AWS was last seen, or as a person said
// of one that AWS does not say. An account that several customers have is nobody's.
func (tx Tx) AccountOwners(ctx context.Context) (map[org.AccountID]string, error) {
	rows, _ := tx.Query(ctx, `
		SELECT account, customer, 0 FROM account_owner
		UNION ALL
		SELECT account, min(key), 1 FROM customer c WHERE account IS NOT NULL GROUP BY account HAVING count(*) = 1
		ORDER BY 3`) // what AWS shows counts
	of := map[org.AccountID]string{}
	var account, customer string
	if _, err := pgx.ForEachRow(rows, []any{&account, &customer, nil}, func() error { of[org.AccountID(account)] = customer; return nil }); err != nil {
		return nil, fmt.Errorf("read whose the accounts are: %w", err)
	}
	return of, nil
}

const (
	findingColumns  = `name, account, region, resource, status, suppressed, at, method, hash, since, reason`
	standingColumns = `thing, name, account, method, region, resource, status, suppressed, since, at, hash, reason, evidence`
)

func scanStanding(row pgx.CollectableRow) (s compliance.Standing, err error) {
	var status string
	var hash []byte
	err = row.Scan(&s.Name, &s.Account, &s.Region, &s.Resource, &status, &s.Suppressed, &s.At, &s.Method, &hash, &s.Since, &s.Reason)
	s.At, s.Since, s.Hash = s.At.UTC(), s.Since.UTC(), hex.EncodeToString(hash)
	if err == nil {
		err = s.Status.UnmarshalText([]byte(status))
	}
	return s, err
}

// Standing reads how things stand with a customer as far as a framework asks of
// them: what its report is made of.
func (tx Tx) Standing(ctx context.Context, customer, framework string) (*compliance.State, error) {
	p, err := tx.Posture(ctx, customer, framework)
	if err != nil {
		return nil, err
	}
	s, err := tx.state(ctx, customer, framework)
	if err != nil {
		return nil, err
	}
	s.Unmapped, s.Elsewhere = p.Unmapped, p.Elsewhere
	rows, _ := tx.Query(ctx, `SELECT day FROM posture_day WHERE customer = $1 AND framework = $2 ORDER BY day DESC LIMIT $3`, customer, framework, trendMost)
	days, err := pgx.CollectRows(rows, pgx.RowTo[time.Time])
	if err != nil {
		return nil, fmt.Errorf("read the days with evidence of %s: %w", customer, err)
	}
	for _, day := range days {
		s.Days(day.Format(time.DateOnly))
	}
	return s, nil
}

// trendMost is how many days a trend shows at most.
const trendMost = 12

// state reads what stands and how it came to that; of all checks, or those of one
// framework.
func (tx Tx) state(ctx context.Context, customer, framework string) (*compliance.State, error) {
	s := &compliance.State{}
	var first, last *time.Time
	err := tx.QueryRow(ctx, `SELECT first_at, last_at, findings FROM assessment WHERE customer = $1`, customer).Scan(&first, &last, &s.Read)
	if err != nil {
		return nil, missing(err, "what was found of "+customer)
	}
	if first != nil && last != nil {
		s.First, s.Last = first.UTC(), last.UTC()
	}
	// The customer's role may not read which frameworks a row is of, and sees only its own's.
	of := func(table string) string {
		if tx.Key != "" || framework == "" {
			return `FROM ` + table + ` WHERE customer = $1 AND $2::text IS NOT NULL`
		}
		return `FROM ` + table + ` WHERE customer = $1 AND $2::text = ANY (frameworks)`
	}
	rows, _ := tx.Query(ctx, `SELECT `+findingColumns+` `+of("finding"), customer, framework)
	stands, err := pgx.CollectRows(rows, scanStanding)
	if err != nil {
		return nil, fmt.Errorf("read the findings of %s: %w", customer, err)
	}
	s.Stands(stands...)
	rows, _ = tx.Query(ctx, `SELECT name, at, status `+of("check_history")+` ORDER BY name, day`, customer, framework)
	changes, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (c compliance.Change, err error) {
		var status string
		err = row.Scan(&c.Check, &c.At, &status)
		if err == nil {
			err = c.Status.UnmarshalText([]byte(status))
		}
		return c, err
	})
	if err != nil {
		return nil, fmt.Errorf("read the history of %s: %w", customer, err)
	}
	s.Changed(changes...)
	return s, nil
}

// AddFindings adds what was found in accounts of a customer, and computes how it
// stands by that. Others who add wait until this transaction ends: whoever adds to
// several customers goes by their keys.
func (tx Tx) AddFindings(ctx context.Context, customer, batch string, found []compliance.Finding, now time.Time) error {
	c, err := tx.Customer(ctx, customer)
	if err != nil {
		return err
	}
	s, err := tx.lockedState(ctx, customer)
	if err != nil {
		return err
	}
	d := s.Add(exact(found))
	if err := tx.putDelta(ctx, customer, batch, d); err != nil {
		return err
	}
	return tx.putState(ctx, c, s, now)
}

// putState writes in numbers what stands of a customer, and computes how it stands by
// that.
func (tx Tx) putState(ctx context.Context, c Customer, s *compliance.State, now time.Time) error {
	accounts := []string{}
	for _, id := range s.Accounts() {
		accounts = append(accounts, string(id))
	}
	_, err := tx.Exec(ctx, `UPDATE assessment SET first_at = $2, last_at = $3, findings = $4, accounts = $5 WHERE customer = $1`, c.Key, when(s.First), when(s.Last), s.Read, accounts)
	if err != nil {
		return fmt.Errorf("write what was found of %s: %w", c.Key, err)
	}
	return tx.putPosture(ctx, c, s, now)
}

// exact are findings whose times are as exact as those that are kept.
func exact(found []compliance.Finding) []compliance.Finding {
	found = slices.Clone(found)
	for i := range found {
		found[i].At = found[i].At.UTC().Truncate(time.Microsecond)
	}
	return found
}

// when is a time as it is kept; the zero time is none.
func when(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// lockedState reads all that stands, for whoever changes it.
func (tx Tx) lockedState(ctx context.Context, customer string) (*compliance.State, error) {
	if err := tx.lockState(ctx, customer); err != nil {
		return nil, err
	}
	return tx.state(ctx, customer, "")
}

func (tx Tx) lockState(ctx context.Context, customer string) error {
	if _, err := tx.Exec(ctx, `INSERT INTO assessment (customer, findings) VALUES ($1, 0) ON CONFLICT (customer) DO NOTHING`, customer); err != nil {
		return fmt.Errorf("lock the findings of %s: %w", customer, err)
	}
	if _, err := tx.Exec(ctx, `SELECT FROM assessment WHERE customer = $1 FOR UPDATE`, customer); err != nil {
		return fmt.Errorf("lock the findings of %s: %w", customer, err)
	}
	return nil
}

// thingOf is a hash of what was looked at, where and how.
func thingOf(f compliance.Finding) []byte {
	h := sha256.New()
	for _, part := range []string{f.Name, string(f.Account), f.Method, f.Region, f.Resource} {
		h.Write([]byte(part + "\x00"))
	}
	return h.Sum(nil)[:16]
}

// columns are standings as arrays, in the order of standingColumns but for the batch.
func columns(all []compliance.Standing) (args []any, err error) {
	n := len(all)
	thing, hash := make([][]byte, n), make([][]byte, n)
	name, account, method, region, resource, status, reason := make([]string, n), make([]string, n), make([]string, n), make([]string, n), make([]string, n), make([]string, n), make([]string, n)
	suppressed, since, at, evidence := make([]bool, n), make([]time.Time, n), make([]time.Time, n), make([]*string, n)
	for i, s := range all {
		thing[i] = thingOf(s.Finding)
		if hash[i], err = hex.DecodeString(s.Hash); err != nil {
			return nil, fmt.Errorf("hash of a finding of %s: %w", s.Name, err)
		}
		name[i], account[i], method[i], region[i], resource[i] = s.Name, string(s.Account), s.Method, s.Region, s.Resource
		status[i], suppressed[i], since[i], at[i], reason[i] = s.Status.String(), s.Suppressed, s.Since, s.At, s.Reason
		if s.Evidence != nil {
			text, err := json.Marshal(s.Evidence)
			if err != nil {
				return nil, fmt.Errorf("evidence of a finding of %s: %w", s.Name, err)
			}
			kept := strings.ReplaceAll(string(text), `\u0000`, "") // which PostgreSQL has no place for
			evidence[i] = &kept
		}
	}
	return []any{thing, name, account, method, region, resource, status, suppressed, since, at, hash, reason, evidence}, nil
}

const unnested = `unnest($3::bytea[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::boolean[], $11::timestamptz[], $12::timestamptz[], $13::bytea[], $14::text[], $15::jsonb[])`

// putDelta writes what new findings changed.
func (tx Tx) putDelta(ctx context.Context, customer, batch string, d compliance.Delta) error {
	fail := func(err error) error { return fmt.Errorf("write the findings of %s: %w", customer, err) }
	var gone [][]byte
	for _, s := range d.Gone {
		gone = append(gone, thingOf(s.Finding))
	}
	if len(gone) > 0 {
		if _, err := tx.Exec(ctx, `DELETE FROM finding WHERE customer = $1 AND thing = ANY ($2)`, customer, gone); err != nil {
			return fail(err)
		}
	}
	of := map[string][]string{}
	for part := range slices.Chunk(d.Stands, 5000) {
		args, err := columns(part)
		if err != nil {
			return fail(err)
		}
		frameworks := make([]string, len(part))
		for i, s := range part {
			frameworks[i] = arrayOf(of, s.Name)
		}
		_, err = tx.Exec(ctx, `
			INSERT INTO finding (customer, batch, `+standingColumns+`, frameworks)
			SELECT $1, $2, `+standingColumns+`, x::text[] FROM ROWS FROM (`+unnested+`, unnest($16::text[])) AS f (`+standingColumns+`, x)
			ON CONFLICT (customer, thing) DO UPDATE SET batch = excluded.batch, status = excluded.status, suppressed = excluded.suppressed, since = excluded.since, at = excluded.at,
				hash = excluded.hash, reason = excluded.reason, evidence = excluded.evidence, frameworks = excluded.frameworks`,
			slices.Concat([]any{customer, batch}, args, []any{frameworks})...)
		if err != nil {
			return fail(err)
		}
	}
	var name, status, frameworks []string
	var at []time.Time
	for i, c := range d.Changes {
		if i+1 < len(d.Changes) && d.Changes[i+1].Check == c.Check && sameDay(d.Changes[i+1].At, c.At) {
			continue // a day is kept as it ended
		}
		name, at, status, frameworks = append(name, c.Check), append(at, c.At), append(status, c.Status.String()), append(frameworks, arrayOf(of, c.Check))
	}
	if len(name) > 0 {
		_, err := tx.Exec(ctx, `
			INSERT INTO check_history (customer, name, day, at, status, frameworks)
			SELECT $1, h.name, (h.at AT TIME ZONE 'UTC')::date, h.at, h.status, h.frameworks::text[]
			FROM unnest($2::text[], $3::timestamptz[], $4::text[], $5::text[]) AS h (name, at, status, frameworks)
			ON CONFLICT (customer, name, day) DO UPDATE SET at = excluded.at, status = excluded.status, frameworks = excluded.frameworks`, customer, name, at, status, frameworks)
		if err != nil {
			return fail(err)
		}
	}
	return nil
}

func sameDay(a, b time.Time) bool {
	return a.UTC().Format(time.DateOnly) == b.UTC().Format(time.DateOnly)
}

// arrayOf is the array of the frameworks that a check is of, as PostgreSQL writes it.
func arrayOf(known map[string][]string, name string) string {
	if known[name] == nil {
		known[name] = compliance.OfFrameworks(name)
	}
	var text strings.Builder
	text.WriteString("{")
	for i, f := range known[name] {
		if i > 0 {
			text.WriteString(",")
		}
		text.WriteString(`"` + f + `"`) // landlord's own names, which have no quotes
	}
	return text.String() + "}"
}
