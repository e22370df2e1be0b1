package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"landlord/business/usage"
	"landlord/internal/money"
)

// UsageImport is AWS's cost of a billing period of a billing account, as it came in.
type UsageImport struct {
	ID         int64 // the version of what is known of the month: later ones are higher
	Source     string
	Account    string // that AWS bills
	Month      string // "2026-01"
	Currency   string
	Digest     string // of the lines and of whose they are
	File       string
	Format     string
	Rows       int64 // of the file
	Lines      int64 // by account, day, service, region and category
	Billed     money.Metered
	Effective  money.Metered
	By         string
	At         time.Time
	ReplacedAt *time.Time
	Fewer      bool `db:"-"` // when it comes in: it may have far fewer rows than what it replaces
}

const usageColumns = `id, source, account, to_char(period, 'YYYY-MM'), currency, digest, file, format, rows, lines, trim_scale(billed)::text, trim_scale(effective)::text, by, at, replaced_at`

// ErrFewer: an import has far fewer rows than what it would replace.
var ErrFewer = errors.New("far fewer rows")

// ErrSum: lines do not sum to what their file does.
var ErrSum = errors.New("the sums differ")

// PutUsage keeps the lines of an import, in place of what its source had for that
// account and month. If it had the same, nothing changes and what is returned is the
// import that is there. Lines that do not sum to the import's sums are ErrSum; a
// month that another source has for the account is ErrTaken; one with less than nine
// in ten of the rows that were there is ErrFewer, unless Fewer. Others who import wait
// until this transaction ends, so that versions are seen in their order.
func (tx Tx) PutUsage(ctx context.Context, in UsageImport, lines []usage.Owned) (now UsageImport, changed bool, err error) {
	fail := func(err error) (UsageImport, bool, error) {
		return in, false, fmt.Errorf("write the usage of account %s in %s: %w", in.Account, in.Month, err)
	}
	if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtextextended('landlord usage', 0))`); err != nil {
		return fail(err)
	}
	rows, _ := tx.Query(ctx, `SELECT `+usageColumns+` FROM usage_import WHERE account = $1 AND period = to_date($2, 'YYYY-MM') AND replaced_at IS NULL ORDER BY id`, in.Account, in.Month)
	there, err := pgx.CollectRows(rows, pgx.RowToStructByPos[UsageImport])
	if err != nil {
		return fail(err)
	}
	for _, old := range there {
		switch {
		case old.Source != in.Source:
			return fail(fmt.Errorf("it is there from source %s, and would count twice: %w", old.Source, ErrTaken))
		case old.Digest == in.Digest:
			return old, false, nil
		case 10*in.Rows < 9*old.Rows && !in.Fewer:
			return fail(fmt.Errorf("%d rows would replace %d: %w", in.Rows, old.Rows, ErrFewer))
		}
		if _, err := tx.Exec(ctx, `UPDATE usage_import SET replaced_at = $2 WHERE id = $1`, old.ID, in.At); err != nil {
			return fail(err)
		}
		for _, table := range []string{"usage_day", "usage_pool"} {
			if _, err := tx.Exec(ctx, `DELETE FROM `+table+` WHERE import = $1`, old.ID); err != nil {
				return fail(err)
			}
		}
	}
	in.Lines = int64(len(lines))
	err = tx.QueryRow(ctx, `
		INSERT INTO usage_import (source, account, period, currency, digest, file, format, rows, lines, billed, effective, by, at)
		VALUES ($1, $2, to_date($3, 'YYYY-MM'), $4, $5, $6, $7, $8, $9, $10::text::numeric, $11::text::numeric, $12, $13) RETURNING id`,
		in.Source, in.Account, in.Month, in.Currency, in.Digest, in.File, in.Format, in.Rows, in.Lines, string(in.Billed), string(in.Effective), in.By, in.At).Scan(&in.ID)
	if err != nil {
		return fail(err)
	}
	for part := range slices.Chunk(lines, 20_000) {
		if err := tx.addUsage(ctx, in, part); err != nil {
			return fail(err)
		}
	}
	if err := tx.checkUsage(ctx, in); err != nil {
		return fail(err)
	}
	return in, true, nil
}

// addUsage adds lines, each to its customer's or to its pool's.
func (tx Tx) addUsage(ctx context.Context, in UsageImport, lines []usage.Owned) error {
	n := len(lines)
	customer, pool, account, day := make([]string, n), make([]string, n), make([]string, n), make([]string, n)
	service, region, category, billed, effective := make([]string, n), make([]string, n), make([]string, n), make([]string, n), make([]string, n)
	for i, l := range lines {
		customer[i], pool[i], account[i], day[i] = l.Customer, string(l.Pool), string(l.Account), l.Day
		service[i], region[i], category[i], billed[i], effective[i] = l.Service, l.Region, l.Category, string(l.Billed), string(l.Effective)
	}
	const columns = `period, import, account, day, service, region, category, billed, effective`
	_, err := tx.Exec(ctx, `
		WITH line (`+columns+`, customer, pool) AS (
			SELECT to_date($1, 'YYYY-MM'), $2::bigint, u.account, u.day::date, u.service, u.region, u.category, u.billed::numeric, u.effective::numeric, u.customer, u.pool
			FROM unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[])
				AS u (customer, pool, account, day, service, region, category, billed, effective)
		), nobodys AS (
			INSERT INTO usage_pool (pool, `+columns+`) SELECT pool, `+columns+` FROM line WHERE customer = ''
		)
		INSERT INTO usage_day (customer, `+columns+`) SELECT customer, `+columns+` FROM line WHERE customer <> ''`,
		in.Month, in.ID, customer, pool, account, day, service, region, category, billed, effective)
	return err
}

// checkUsage compares what is kept with what the file has.
func (tx Tx) checkUsage(ctx context.Context, in UsageImport) error {
	var lines int64
	var billed, effective string
	var same bool
	err := tx.QueryRow(ctx, `
		SELECT count(*), coalesce(trim_scale(sum(billed)), 0)::text, coalesce(trim_scale(sum(effective)), 0)::text, coalesce(sum(billed) = $2::text::numeric AND sum(effective) = $3::text::numeric, false)
		FROM (SELECT billed, effective FROM usage_day WHERE import = $1 UNION ALL SELECT billed, effective FROM usage_pool WHERE import = $1) AS kept`,
		in.ID, string(in.Billed), string(in.Effective)).Scan(&lines, &billed, &effective, &same)
	if err != nil {
		return err
	}
	if lines != in.Lines || !same {
		return fmt.Errorf("%d lines of billed %s and effective %s are kept, and the file has %d of %s and %s: %w", lines, billed, effective, in.Lines, in.Billed, in.Effective, ErrSum)
	}
	return nil
}

// UsageImports returns what came in, the newest first, at most so many; of one month
// unless month is "".
func (tx Tx) UsageImports(ctx context.Context, month string, most int) ([]UsageImport, error) {
	rows, _ := tx.Query(ctx, `SELECT `+usageColumns+` FROM usage_import WHERE $1 = '' OR period = to_date(nullif($1, ''), 'YYYY-MM') ORDER BY id DESC LIMIT $2`, month, most)
	return collect[UsageImport](rows, "the imports of usage")
}

// UsageVersion is the version of what is known of a month's usage, 0 if nothing is.
// It rises with each import that changes anything. What an invoice of an earlier
// version has, and the usage has not any more, is a late change.
func (tx Tx) UsageVersion(ctx context.Context, month string) (version int64, err error) {
	if err := tx.QueryRow(ctx, `SELECT coalesce(max(id), 0) FROM usage_import WHERE period = to_date($1, 'YYYY-MM')`, month).Scan(&version); err != nil {
		return 0, fmt.Errorf("read the version of the usage in %s: %w", month, err)
	}
	return version, nil
}

// UsageCost is what a service cost a customer in a month, exact.
type UsageCost struct {
	Customer  string
	Service   string
	Billed    money.Metered
	Effective money.Metered
}

// UsageCosts returns what each service cost in a month, by customer and service: of
// one customer, or of all for "". Sums of nothing are not there; those of zero are.
func (tx Tx) UsageCosts(ctx context.Context, month, customer string) ([]UsageCost, error) {
	rows, _ := tx.Query(ctx, `
		SELECT customer, service, trim_scale(sum(billed))::text, trim_scale(sum(effective))::text
		FROM usage_day WHERE period = to_date($1, 'YYYY-MM') AND ($2 = '' OR customer = $2)
		GROUP BY customer, service ORDER BY customer, service`, month, customer)
	return collect[UsageCost](rows, "the usage in "+month)
}

// UsageLines returns what AWS charged for a customer's account in a month, by day,
// service, region and category.
func (tx Tx) UsageLines(ctx context.Context, customer, month string) ([]usage.Line, error) {
	rows, _ := tx.Query(ctx, `
		SELECT account, day::text, service, region, category, trim_scale(sum(billed))::text, trim_scale(sum(effective))::text
		FROM usage_day WHERE customer = $1 AND period = to_date($2, 'YYYY-MM')
		GROUP BY account, day, service, region, category ORDER BY day, service, region, account, category`, customer, month)
	return collect[usage.Line](rows, "the usage of "+customer)
}

// PoolCost is what of a month's cost is nobody's, by pool, account and service.
type PoolCost struct {
	Pool      usage.Pool
	Account   string // "" where AWS names none
	Service   string
	Billed    money.Metered
	Effective money.Metered
}

// PoolCosts returns what of a month's cost is nobody's.
func (tx Tx) PoolCosts(ctx context.Context, month string) ([]PoolCost, error) {
	rows, _ := tx.Query(ctx, `
		SELECT pool, account, service, trim_scale(sum(billed))::text, trim_scale(sum(effective))::text
		FROM usage_pool WHERE period = to_date($1, 'YYYY-MM') GROUP BY pool, account, service ORDER BY pool, account, service`, month)
	return collect[PoolCost](rows, "what is nobody's in "+month)
}

// Currencies are what customers are invoiced in, by their keys.
func (tx Tx) Currencies(ctx context.Context) (map[string]string, error) {
	rows, _ := tx.Query(ctx, `SELECT key, currency FROM customer`)
	of := map[string]string{}
	var key, currency string
	if _, err := pgx.ForEachRow(rows, []any{&key, &currency}, func() error { of[key] = currency; return nil }); err != nil {
		return nil, fmt.Errorf("read the customers' currencies: %w", err)
	}
	return of, nil
}
