package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"landlord/business/usage"
	"landlord/business/usage/duck"
	"landlord/internal/money"
	"landlord/org"
	"landlord/portfolio"
	"landlord/vend/cloud"
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

// costFlags say how costs come in.
type costFlags struct {
	dry, refresh, fewer bool
	source              string
}

func (p *program) usageImportCommand() *cobra.Command {
	var how costFlags
	c := &cobra.Command{
		Use:   "import PATH",
		Short: "Take in a month's cost data: FOCUS 1.0 to 1.3 or CUR 2.0, CSV or Parquet",
		Long: `import reads what AWS charged: FOCUS 1.0 to 1.3, or the Cost and Usage Report 2.0,
as .csv, .csv.gz or .parquet; a file, or a folder as AWS Data Exports fills it, where
the manifests say which files count and all of them must be there; or s3://bucket/prefix
of such a folder. Columns are found by their names; amounts are exact, and one that
would lose a digit is a fault. A file that is damaged, cut off or at fault is named
with row and column, and nothing counts.

Each line is the customer's whose the account is. What is nobody's is in a pool:
management, tax, support, credits, unknown. All together are the bill, to the last
digit, or the import fails.

With --server a house keeps it, by whose the accounts are there: in place of what it
had of the same account and month, all months or none. The same again changes nothing.
Less than nine in ten of the rows that were there are refused, unless --fewer.

With --dry-run nothing is kept. Without --server, where the file says each customer's
` + "`account:`" + `, it is all that is needed; else whose an account is, the last plan, apply or
verify saw, and --refresh reads it anew.`,
		Example: `  landlord usage import focus.csv -f portfolio.yaml --dry-run
  landlord usage import exports/focus/ --server https://landlord.example
  landlord usage import s3://costs/exports/focus --server https://landlord.example --json`,
	}
	p.portfolioFlags(c)
	f := p.worldFlags(c)
	c.Args = someArguments("a file of cost data, or a folder of such", 1)
	c.ValidArgsFunction = nil
	c.Flags().BoolVar(&how.dry, "dry-run", false, "show whose what is, keep nothing")
	c.Flags().BoolVar(&how.refresh, "refresh", false, "read the organization anew")
	c.Flags().BoolVar(&how.fewer, "fewer", false, "take in far fewer rows than were there")
	c.Flags().StringVar(&how.source, "source", "aws", "whose account of the costs it is, where there are several")
	p.houseFlag(c, "have this house keep it")
	c.Flags().BoolVar(&p.json, "json", false, "print what came in as JSON")
	c.RunE = func(c *cobra.Command, args []string) error {
		var o owners
		switch {
		case p.server == "" && !how.dry:
			return errors.New("costs are kept by a house: --server names it; --dry-run only shows whose what is")
		case p.server == "":
			var err error
			if o, err = p.accountsOf(c.Context(), f, how.refresh); err != nil {
				return err
			}
		}
		files, done, err := p.costFiles(c.Context(), args[0])
		if err != nil {
			return fmt.Errorf("%w; nothing was taken in", err)
		}
		defer done()
		bills, err := readCosts(c.Context(), files)
		if err != nil {
			return err
		}
		var all []billJSON
		if p.server != "" {
			all, err = p.sendCosts(c.Context(), bills, args[0], how)
		} else {
			all, err = p.attributed(o, bills)
		}
		if err != nil {
			return err
		}
		return p.showCosts(all, p.server != "" && !how.dry)
	}
	return c
}

// costFiles are the files that a path or an address in S3 names, there until done.
func (p *program) costFiles(ctx context.Context, name string) (files []string, done func(), err error) {
	if !strings.HasPrefix(name, "s3://") {
		files, err = costFiles(name)
		return files, func() {}, err
	}
	dir, err := os.MkdirTemp("", "landlord-costs-")
	if err != nil {
		return nil, nil, err
	}
	done = func() { os.RemoveAll(dir) }
	fmt.Fprintf(p.stderr, "Reading %s.\n", clean(name))
	if err = cloud.Download(ctx, name, dir, wantedCosts); err == nil {
		files, err = costFiles(dir)
	}
	if err != nil {
		done()
		return nil, nil, err
	}
	return files, done, nil
}

// sendCosts has a house take bills in.
func (p *program) sendCosts(ctx context.Context, bills []usage.Bill, name string, how costFlags) ([]billJSON, error) {
	r, err := p.remote()
	if err != nil {
		return nil, err
	}
	file, err := os.CreateTemp("", "landlord-costs-")
	if err != nil {
		return nil, err
	}
	defer os.Remove(file.Name())
	if err := errors.Join(usage.Write(file, bills), file.Close()); err != nil {
		return nil, fmt.Errorf("lay the lines down: %w", err)
	}
	query := url.Values{"source": {how.source}, "file": {path.Base(filepath.ToSlash(name))}}
	for flag, set := range map[string]bool{"dry_run": how.dry, "fewer": how.fewer} {
		if set {
			query.Set(flag, "true")
		}
	}
	var got struct {
		Items []billJSON `json:"items"`
	}
	if err := r.upload(ctx, "/usage/imports?"+query.Encode(), file.Name(), &got); err != nil {
		if told, is := errors.AsType[*refusal](err); is && told.Status == http.StatusConflict && strings.Contains(told.Detail, "far fewer rows") {
			return nil, fmt.Errorf("%w; if that is right, say --fewer", err)
		}
		return nil, err
	}
	return got.Items, nil
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
	Version   int64         `json:"version,omitempty"` // of what the house knows of the month
	Changed   *bool         `json:"changed,omitempty"` // false: the house had the same
	Account   org.AccountID `json:"account"`           // that AWS bills
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
	out := billJSON{Account: b.Account, Month: b.Month, Format: b.Format, Currency: b.Currency, Rows: b.Rows, Lines: len(b.Lines), Billed: b.Billed, Effective: b.Effective,
		Customers: []costJSON{}, Pools: []costJSON{}, Unknown: []costJSON{}}
	for _, key := range usage.Dearest(s.Customers) {
		out.Customers = append(out.Customers, costJSON{Customer: key, Billed: s.Customers[key].Billed, Effective: s.Customers[key].Effective})
	}
	for _, pool := range usage.Pools {
		if c, there := s.Pools[pool]; there {
			out.Pools = append(out.Pools, costJSON{Pool: pool, Billed: c.Billed, Effective: c.Effective})
		}
	}
	for _, id := range usage.Dearest(s.Unknown) {
		out.Unknown = append(out.Unknown, costJSON{Account: id, Billed: s.Unknown[id].Billed, Effective: s.Unknown[id].Effective})
	}
	return out, nil
}

// attributed says whose what of bills is, by what is known here.
func (p *program) attributed(o owners, bills []usage.Bill) (all []billJSON, err error) {
	for _, b := range bills {
		one, err := billOf(b, o.customer)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	for _, key := range slices.Sorted(maps.Keys(o.conflict)) {
		fmt.Fprintf(p.stderr, "landlord: %s; what %s costs is in the pool unknown\n", clean(o.conflict[key]), key)
	}
	return all, nil
}

// showCosts prints whose what of bills is.
func (p *program) showCosts(all []billJSON, kept bool) error {
	if p.json {
		return printJSON(p.stdout, map[string]any{"bills": all, "kept": kept})
	}
	for _, b := range all {
		p.showBill(b)
		if b.Changed != nil && !*b.Changed {
			fmt.Fprintf(p.stdout, "The house had the same: version %d.\n\n", b.Version)
		}
	}
	if !kept {
		fmt.Fprintln(p.stdout, "Nothing was kept (dry run).")
	}
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
		fmt.Fprintf(p.stdout, "Nobody's: %s %s, in the pool unknown.\n\n", count(n, "account"), some(ids))
	}
}
