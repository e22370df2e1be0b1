package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"landlord/business/usage"
	"landlord/business/usage/duck"
	"landlord/internal/money"
	"landlord/org"
	"landlord/portfolio"
)

// usageCommand is the group of what is done with AWS's cost data.
func (p *program) usageCommand() *cobra.Command {
	c := &cobra.Command{
		Use:     "usage",
		Short:   "Take in what AWS charged, and see whose it is",
		Long:    "usage holds the commands on what AWS charged.",
		Example: "  landlord usage import focus.csv -f portfolio.yaml --dry-run",
	}
	c.AddCommand(p.usageImportCommand())
	return c
}

// costMemory is how much memory DuckDB takes at most, in bytes; what is more it lays
// down in files.
const costMemory = 512 << 20

func (p *program) usageImportCommand() *cobra.Command {
	var dry, refresh bool
	c := &cobra.Command{
		Use:   "import PATH --dry-run",
		Short: "Take in a month's cost data: FOCUS 1.0 to 1.3 or CUR 2.0, CSV or Parquet",
		Long: `import reads what AWS charged: FOCUS 1.0 to 1.3, or the Cost and Usage Report 2.0,
as .csv, .csv.gz or .parquet; a file, or a folder as AWS Data Exports fills it, where
the manifests say which files count and all of them must be there. Columns are found
by their names; amounts are exact, and one that would lose a digit is a fault. A file
that is damaged, cut off or at fault is named with row and column, and nothing counts.

Each line is the customer's whose the account is. What is nobody's is in a pool:
management, tax, support, credits, unknown. All together are the bill, to the last
digit, or the import fails.

--dry-run shows that and keeps nothing; it is the only way so far. Where the file
says each customer's ` + "`account:`" + `, it is all that is needed; else whose an account is,
the last plan, apply or verify saw, and --refresh reads it anew.`,
		Example: `  landlord usage import focus.csv -f portfolio.yaml --dry-run
  landlord usage import exports/focus/ -f portfolio.yaml --dry-run --json`,
	}
	p.portfolioFlags(c)
	f := p.worldFlags(c)
	c.Args = someArguments("a file of cost data, or a folder of such", 1)
	c.ValidArgsFunction = nil
	c.Flags().BoolVar(&dry, "dry-run", false, "show whose what is, keep nothing")
	c.Flags().BoolVar(&refresh, "refresh", false, "read the organization anew")
	c.Flags().BoolVar(&p.json, "json", false, "print what came in as JSON")
	c.RunE = func(c *cobra.Command, args []string) error {
		if !dry {
			return errors.New("usage import keeps nothing yet; with --dry-run it shows whose what is")
		}
		o, err := p.accountsOf(c.Context(), f, refresh)
		if err != nil {
			return err
		}
		files, err := costFiles(args[0])
		if err != nil {
			return fmt.Errorf("%w; nothing was taken in", err)
		}
		bills, err := readCosts(c.Context(), files)
		if err != nil {
			return err
		}
		return p.showCosts(o, bills)
	}
	return c
}

// accountsOf tells whose the accounts are: by the file alone if it says so of each
// customer, else as the directory tells.
func (p *program) accountsOf(ctx context.Context, f *worldFlags, refresh bool) (owners, error) {
	folio, err := p.load(nil)
	if err != nil {
		return owners{}, err
	}
	if !slices.ContainsFunc(folio.Customers, func(c portfolio.Customer) bool { return c.Account == "" }) {
		return ownersOf(folio, org.Organization{}), nil
	}
	return p.owned(ctx, f, refresh)
}

// readCosts reads files of cost data, all or none.
func readCosts(ctx context.Context, files []string) ([]usage.Bill, error) {
	engine, err := duck.Open(ctx, "", costMemory)
	if err != nil {
		return nil, err
	}
	bills, err := engine.Read(ctx, files)
	if gone := engine.Close(); err == nil {
		err = gone
	}
	if err != nil {
		return nil, fmt.Errorf("%w; nothing was taken in", err)
	}
	return bills, nil
}

type costJSON struct {
	Customer  string        `json:"customer,omitempty"`
	Pool      usage.Pool    `json:"pool,omitempty"`
	Account   org.AccountID `json:"account,omitempty"`
	Billed    money.Metered `json:"billed"` // a decimal, as all amounts here
	Effective money.Metered `json:"effective"`
}

type billJSON struct {
	Account   org.AccountID `json:"account"` // that AWS bills
	Month     string        `json:"month"`
	Format    string        `json:"format"`
	Currency  string        `json:"currency"`
	Rows      int64         `json:"rows"`
	Lines     int           `json:"lines"`
	Billed    money.Metered `json:"billed"`
	Effective money.Metered `json:"effective"`
	Customers []costJSON    `json:"customers"`
	Pools     []costJSON    `json:"pools"`
	Unknown   []costJSON    `json:"unknown"` // the accounts of the pool unknown
}

// billOf says whose the lines of a bill are, the most expensive customers first.
func billOf(b usage.Bill, owners map[org.AccountID]string) (billJSON, error) {
	s, err := b.Split(usage.Attribute(b.Lines, b.Account, owners))
	if err != nil {
		return billJSON{}, err
	}
	out := billJSON{b.Account, b.Month, b.Format, b.Currency, b.Rows, len(b.Lines), b.Billed, b.Effective, []costJSON{}, []costJSON{}, []costJSON{}}
	for _, key := range dearest(s.Customers) {
		out.Customers = append(out.Customers, costJSON{Customer: key, Billed: s.Customers[key].Billed, Effective: s.Customers[key].Effective})
	}
	for _, pool := range usage.Pools {
		if c, there := s.Pools[pool]; there {
			out.Pools = append(out.Pools, costJSON{Pool: pool, Billed: c.Billed, Effective: c.Effective})
		}
	}
	for _, id := range dearest(s.Unknown) {
		out.Unknown = append(out.Unknown, costJSON{Account: id, Billed: s.Unknown[id].Billed, Effective: s.Unknown[id].Effective})
	}
	return out, nil
}

// dearest are the keys of costs, the highest first.
func dearest[K cmp.Ordered](costs map[K]usage.Cost) []K {
	return slices.SortedFunc(maps.Keys(costs), func(a, b K) int {
		return cmp.Or(costs[b].Billed.Rat().Cmp(costs[a].Billed.Rat()), cmp.Compare(a, b))
	})
}

// showCosts prints whose what of bills is.
func (p *program) showCosts(o owners, bills []usage.Bill) error {
	all := []billJSON{}
	for _, b := range bills {
		one, err := billOf(b, o.customer)
		if err != nil {
			return err
		}
		all = append(all, one)
	}
	for key, why := range o.conflict {
		fmt.Fprintf(p.stderr, "landlord: %s; what %s costs is in the pool unknown\n", clean(why), key)
	}
	if p.json {
		return printJSON(p.stdout, map[string]any{"bills": all, "kept": false})
	}
	for _, b := range all {
		p.showBill(b)
	}
	fmt.Fprintln(p.stdout, "Nothing was kept (dry run).")
	return nil
}

func (p *program) showBill(b billJSON) {
	fmt.Fprintf(p.stdout, "%s, %s: %s of %s.\n\n", b.Account, b.Month, count(int(b.Rows), "row"), b.Format)
	rows := [][3]string{{"", "BILLED " + b.Currency, "EFFECTIVE"}}
	for _, c := range b.Customers {
		rows = append(rows, [3]string{c.Customer, string(c.Billed), string(c.Effective)})
	}
	for _, c := range b.Pools {
		rows = append(rows, [3]string{"(" + string(c.Pool) + ")", string(c.Billed), string(c.Effective)})
	}
	rows = append(rows, [3]string{"All", string(b.Billed), string(b.Effective)})
	t := newTable(p.stdout, 2)
	for _, r := range rows {
		fmt.Fprintf(t, "%s\t%s\t%s\n", r[0], r[1], r[2])
	}
	t.Flush()
	fmt.Fprintln(p.stdout)
	if n := len(b.Unknown); n > 0 {
		ids := make([]string, n)
		for i, u := range b.Unknown {
			ids[i] = string(u.Account)
		}
		fmt.Fprintf(p.stdout, "Nobody's: %s %s, in the pool unknown.\n", count(n, "account"), some(ids))
	}
}
