package store

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"landlord/directory"
	"landlord/internal/money"
)

// Search says which customers are wanted, and in what order; an empty field asks
// for any.
type Search struct {
	Text                           string // every word of it is a part of what is known of the customer
	Tier, Framework, Region, State string
	Failing                        bool   // only where a check of the latest verify failed
	Sort                           string // one of Sorts, with - before it for the other way
	Offset, Limit                  int    // Limit 0 for all
}

// Listed is a customer in a list, with its health at a glance.
type Listed struct {
	Customer
	Checked bool // a verify has looked at it, under its framework
	Failed  bool // and found a fault
}

// sorts are the columns that lists are sorted by.
var sorts = map[string]string{
	"name": "lower(c.name)", "key": "c.key", "tier": "c.tier", "framework": "c.framework", "state": "c.state", "region": "c.region",
	"segment": "c.segment", "account": "c.account", "price": "c.price_cents", "updated": "c.updated_at",
}

// Sorts are what a list of customers can be sorted by.
func Sorts() []string {
	return []string{"name", "key", "tier", "framework", "state", "region", "segment", "account", "price", "updated"}
}

// mostWords is how many words of a text are looked for. Nobody types more.
const mostWords = 8

const (
	ofFramework = `FROM check_result k WHERE k.customer = c.key AND k.framework = c.framework`
	checked     = `EXISTS (SELECT ` + ofFramework + `)`
	failing     = `EXISTS (SELECT ` + ofFramework + ` AND NOT k.passed)`
	failed      = `SELECT DISTINCT customer, framework FROM check_result WHERE NOT passed`
)

// from is what a search reads, and what it compares with.
func (q Search) from() (sql string, args []any) {
	sql = ` FROM customer c`
	if q.Failing {
		// Joined: of EXISTS PostgreSQL hopes for a page's worth of customers and goes
		// through all, one by one, since they are counted too.
		sql += ` JOIN (` + failed + `) f ON f.customer = c.key AND f.framework = c.framework`
	}
	var all []string
	add := func(condition string, value any) {
		args = append(args, value)
		all = append(all, fmt.Sprintf(condition, len(args)))
	}
	words := strings.Fields(directory.Fold(q.Text))
	for _, word := range words[:min(len(words), mostWords)] {
		if trigram.MatchString(word) {
			add(`c.search LIKE $%d`, "%"+likeText.Replace(word)+"%")
		} else {
			add(`strpos(c.search, $%d) > 0`, word)
		}
	}
	for _, f := range []struct{ condition, value string }{
		{`c.tier = $%d`, q.Tier}, {`c.framework = $%d`, q.Framework}, {`c.region = $%d`, q.Region}, {`c.state = $%d`, q.State},
	} {
		if f.value != "" {
			add(f.condition, f.value)
		}
	}
	if len(all) > 0 {
		sql += ` WHERE ` + strings.Join(all, ` AND `)
	}
	return sql, args
}

// likeText is a text as LIKE has it.
var likeText = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

// trigram is what the text index knows a word by. Of a word that has none it would
// read everything, which is slower than reading the table.
var trigram = regexp.MustCompile(`[a-z0-9]{3}`)

// order is what a search sorts by, and which way. Ties go by key.
func (q Search) order() (column, way string) {
	name, down := strings.CutPrefix(q.Sort, "-")
	column, known := sorts[name]
	switch {
	case !known:
		return sorts["name"], ""
	case down:
		return column, " DESC NULLS LAST"
	}
	return column, ""
}

// Search returns a page of the customers that are wanted, and how many there are
// of them in all.
func (tx Tx) Search(ctx context.Context, q Search) (found []Listed, all int, err error) {
	from, args := q.from()
	n := len(args)
	column, way := q.order()
	counted := `0::bigint`
	if len(args) > 0 || q.Failing {
		// In the same reading: behind a policy PostgreSQL does not ask its statistics how
		// common a word is, and reads the customers a second time to count them.
		counted = `count(*) OVER ()`
	}
	rows, _ := tx.Query(ctx, fmt.Sprintf(`
		SELECT page_all, %s, %s, %s
		FROM (
			SELECT c.key AS page_key, %s AS page_sort, %s AS page_all%s
			ORDER BY page_sort%[7]s, page_key LIMIT nullif($%[8]d, 0) OFFSET $%[9]d
		) page JOIN customer c ON c.key = page_key
		ORDER BY page_sort%[7]s, page_key`, customerColumns, checked, failing, column, counted, from, way, n+1, n+2),
		slices.Concat(args, []any{max(q.Limit, 0), max(q.Offset, 0)})...)
	found, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (l Listed, err error) {
		err = row.Scan(append([]any{&all}, append(l.fields(), &l.Checked, &l.Failed)...)...)
		return l, err
	})
	if err != nil {
		return nil, 0, fmt.Errorf("search customers: %w", err)
	}
	if all > 0 {
		return found, all, nil
	}
	if err := tx.QueryRow(ctx, `SELECT count(*)`+from, args...).Scan(&all); err != nil {
		return nil, 0, fmt.Errorf("count customers: %w", err)
	}
	return found, all, nil
}

// Tally is what the customers of a tier come to, in one currency.
type Tally struct {
	Tier, Framework string
	Currency        string
	Customers       int
	Price           money.Cents // a month
	Failing         int         // customers with a check that failed
}

// Tallies returns what the customers come to, by tier. Those that are closed or
// departed do not count; who is suspended is not billed.
func (tx Tx) Tallies(ctx context.Context) ([]Tally, error) {
	rows, _ := tx.Query(ctx, `
		SELECT c.tier, c.framework, c.currency, count(*), coalesce(sum(c.price_cents) FILTER (WHERE c.state <> 'suspended'), 0)::bigint, count(f.customer)
		FROM customer c LEFT JOIN (`+failed+`) f ON f.customer = c.key AND f.framework = c.framework
		WHERE c.state NOT IN ('closed', 'departed') GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`)
	return collect[Tally](rows, "the tiers' customers")
}

// Regions returns the regions that customers are in.
func (tx Tx) Regions(ctx context.Context) ([]string, error) {
	// From one region of the index to the next: PostgreSQL reads all for DISTINCT.
	rows, _ := tx.Query(ctx, `
		WITH RECURSIVE r (region) AS (
			SELECT min(region) FROM customer
			UNION ALL SELECT (SELECT min(c.region) FROM customer c WHERE c.region > r.region) FROM r WHERE r.region IS NOT NULL
		) SELECT region FROM r WHERE region IS NOT NULL ORDER BY 1`)
	all, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("read the customers' regions: %w", err)
	}
	return all, nil
}
