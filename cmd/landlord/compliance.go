package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"landlord/guard/compliance"
	"landlord/guard/compliance/report"
	"landlord/internal/nearest"
	"landlord/org"
	"landlord/portfolio"
)

// reportCommand is the group of reports.
func (p *program) reportCommand() *cobra.Command {
	c := &cobra.Command{
		Use:     "report",
		Short:   "Write reports on customers",
		Long:    "report holds the commands that write reports on customers.",
		Example: "  landlord report compliance acme -f portfolio.yaml",
	}
	c.AddCommand(p.complianceCommand())
	return c
}

// complianceFlags are what a report is written as, and where.
type complianceFlags struct {
	all     bool
	formats []string
	out     string
	edition string
	refresh bool
}

func (p *program) complianceCommand() *cobra.Command {
	var o complianceFlags
	c := &cobra.Command{
		Use:   "compliance [KEY...]",
		Short: "Report how customers stand to the framework of their tier",
		Long: `compliance reports, for each customer and only for the framework of its tier, every
control with its status, the checks behind it, the resources, the hashes of the
evidence, what is not assessed, the score, its trend, and what to fix first. It
reports what ` + "`landlord findings import`" + ` took in, and reads no AWS: whose an account
is, the last plan, apply or verify saw; --refresh reads it anew. --server has a
house report what it keeps, and reads no file. The same evidence makes the same
bytes. A report is no attestation, and says so.`,
		Example: `  landlord report compliance acme -f portfolio.yaml
  landlord report compliance acme -f portfolio.yaml --format json -o acme.json
  landlord report compliance --all -f portfolio.yaml -o reports
  landlord report compliance --all --server https://landlord.example -o reports`,
	}
	p.portfolioFlags(c)
	f := p.worldFlags(c)
	c.Args = nil
	c.ValidArgsFunction = p.completeKeys
	formats := formatNames()
	c.Flags().BoolVar(&o.all, "all", false, "report on every customer of the file, into the folder of -o")
	c.Flags().StringSliceVar(&o.formats, "format", nil, "one or several of "+strings.Join(formats, ", ")+" (default md)")
	c.Flags().StringVarP(&o.out, "output", "o", "", "write to this file; with several customers or formats, into this folder")
	c.Flags().StringVar(&o.edition, "edition", "", "of a framework that has several: for CIS v5 (default), v3 or v6")
	c.Flags().BoolVar(&o.refresh, "refresh", false, "read the organization anew")
	p.houseFlag(c, "have this house report what it keeps")
	c.Flags().BoolVar(&p.json, "json", false, "print the report as JSON; with -o, what came of each customer")
	_ = c.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(formats, cobra.ShellCompDirectiveNoFileComp))
	_ = c.RegisterFlagCompletionFunc("edition", cobra.FixedCompletions(compliance.Editions["CIS"], cobra.ShellCompDirectiveNoFileComp))
	c.RunE = func(c *cobra.Command, keys []string) error {
		if p.json && o.out == "" && len(o.formats) == 0 {
			o.formats = []string{"json"} // of one customer, the report itself
		}
		if err := o.check(keys); err != nil {
			return err
		}
		if p.server != "" {
			return p.downloadReports(c.Context(), keys, o)
		}
		own, err := p.owned(c.Context(), f, o.refresh)
		if err != nil {
			return err
		}
		customers, err := chosen(own.folio, distinct(keys))
		if err != nil {
			return err
		}
		return p.reportCompliance(c.Context(), own, customers, o)
	}
	return c
}

// formatNames are the formats that a report can have.
func formatNames() (names []string) {
	for _, f := range report.Formats {
		names = append(names, f.Name)
	}
	slices.Sort(names)
	return names
}

// check tells what is wrong with the flags.
func (o *complianceFlags) check(keys []string) error {
	if len(o.formats) == 0 {
		o.formats = []string{"md"}
		if ending := strings.TrimPrefix(filepath.Ext(o.out), "."); slices.Contains(formatNames(), ending) {
			o.formats = []string{ending}
		}
	}
	o.formats = distinct(o.formats)
	for _, name := range o.formats {
		if known := formatNames(); !slices.Contains(known, name) {
			if near := nearest.Of(name, known); near != "" {
				return fmt.Errorf("format %q: did you mean %s?", name, near)
			}
			return fmt.Errorf("format %q: want %s", name, strings.Join(known, ", "))
		}
	}
	switch {
	case o.all && len(keys) > 0:
		return fmt.Errorf("--all is every customer; name none beside it, not %q", keys)
	case !o.all && len(keys) == 0:
		return errors.New("report compliance needs a customer's key, or --all, as in: landlord report compliance acme -f portfolio.yaml")
	case slices.Contains(keys, ""):
		return errors.New("report compliance needs a customer's key; an empty one was given, perhaps by a variable that is not set")
	case o.out == "" && (o.all || len(keys) > 1 || len(o.formats) > 1):
		return errors.New("several reports need a folder: name it with -o")
	}
	return nil
}

// chosen are the customers of some keys; no key is all.
func chosen(folio *portfolio.Portfolio, keys []string) ([]portfolio.Customer, error) {
	if len(keys) == 0 {
		return folio.Customers, nil
	}
	var all []portfolio.Customer
	for _, key := range keys {
		i := slices.IndexFunc(folio.Customers, func(c portfolio.Customer) bool { return c.Key == key })
		if i < 0 {
			var known []string
			for _, c := range folio.Customers {
				known = append(known, c.Key)
			}
			if near := nearest.Of(key, known); near != "" {
				return nil, fmt.Errorf("%s has no customer %q. Did you mean %q?", folio.File, key, near)
			}
			return nil, fmt.Errorf("%s has no customer %q", folio.File, key)
		}
		all = append(all, folio.Customers[i])
	}
	return all, nil
}

// reported is what came of one customer.
type reported struct {
	Customer  string            `json:"customer"`
	Framework string            `json:"framework"`
	Score     *compliance.Score `json:"score,omitempty"`
	Controls  map[string]int    `json:"controls,omitempty"` // by status, of the first catalogue
	AsOf      string            `json:"as_of,omitempty"`    // the last evidence
	First     string            `json:"fix_first,omitempty"`
	Files     []string          `json:"files,omitempty"`
	Without   []string          `json:"without,omitempty"`  // formats that have no place for nothing
	Left      string            `json:"left_out,omitempty"` // why there is no report
	err       error
}

// reportCompliance writes the reports, as many at once as there are cores. What is
// known of a customer is let go of before the next is read.
func (p *program) reportCompliance(ctx context.Context, own owners, customers []portfolio.Customer, o complianceFlags) error {
	single := o.single(len(customers))
	all := make([]reported, len(customers))
	kept := p.evidence()
	next := make(chan int)
	var wg sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(customers)) {
		wg.Go(func() {
			for i := range next {
				if ctx.Err() == nil {
					all[i] = p.reportOne(own, customers[i], kept, o, single)
				}
			}
		})
	}
	for i := range customers {
		next <- i
	}
	close(next)
	wg.Wait()
	return p.tellReported(ctx, all, o, single)
}

// single tells whether there is one report, which is written where -o says.
func (o *complianceFlags) single(customers int) bool {
	info, err := os.Stat(o.out)
	return customers == 1 && len(o.formats) == 1 && !o.all && (err != nil || !info.IsDir())
}

// tellReported tells what came of each customer.
func (p *program) tellReported(ctx context.Context, all []reported, o complianceFlags, single bool) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	var failed error
	for _, r := range all {
		if r.err != nil && len(all) == 1 {
			return r.err
		}
		if r.err != nil {
			fmt.Fprintf(p.stderr, "landlord: %s\n", cleanLines(r.err.Error()))
			failed = exit(exitFault)
		}
	}
	if single && o.out == "" {
		return failed
	}
	slices.SortStableFunc(all, worst)
	if p.json {
		return errors.Join(printJSON(p.stdout, all), failed)
	}
	p.showReported(all, o)
	return failed
}

// keepReport writes a customer's report where it belongs, and returns which file that
// is; "" is standard output.
func (p *program) keepReport(customer string, format report.Format, text []byte, o complianceFlags, single bool) (file string, err error) {
	switch file = o.out; {
	case single && o.out == "":
		_, err := p.stdout.Write(text)
		return "", err
	case !single:
		file = filepath.Join(o.out, customer, format.File)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			return "", err
		}
	}
	return file, replace(file, text, 0o600)
}

// worst puts first whom most is wrong with.
func worst(a, b reported) int {
	tenths := func(r reported) int {
		if r.Score == nil || r.Score.Of == 0 {
			return 1001
		}
		return r.Score.Tenths()
	}
	return cmp.Or(cmp.Compare(tenths(a), tenths(b)), strings.Compare(a.Customer, b.Customer))
}

// evidenceReader gives the findings of one account.
type evidenceReader interface {
	Of(org.AccountID) iter.Seq2[compliance.Finding, error]
}

func (p *program) reportOne(own owners, c portfolio.Customer, kept evidenceReader, o complianceFlags, single bool) reported {
	tier, _ := own.folio.Tier(c.Tier)
	r := reported{Customer: c.Key, Framework: tier.Framework}
	edition := o.edition
	if o.all && compliance.Editions[tier.Framework] == nil {
		edition = "" // of those that have editions
	}
	framework, err := compliance.Of(tier.Framework, edition)
	if err != nil && o.all && !slices.Contains(compliance.Frameworks(), tier.Framework) {
		r.Left = err.Error()
		return r
	}
	if err != nil {
		r.err = fmt.Errorf("customer %s: %w", c.Key, err)
		return r
	}
	if why := own.conflict[c.Key]; why != "" {
		r.err = fmt.Errorf("customer %s: which account is its own cannot be told: %s", c.Key, why)
		return r
	}
	account := own.account[c.Key]
	var history compliance.History
	if account != "" {
		for found, err := range kept.Of(account) {
			if err != nil {
				r.err = fmt.Errorf("customer %s: %w", c.Key, err)
				return r
			}
			history.Add(found)
		}
	}
	posture := history.Posture(framework)
	doc := report.New(report.Subject{Provider: own.folio.Provider.Name, Customer: c.Key, Name: c.Name, Tier: tier.Name, Account: account, Regions: own.folio.Organization.Regions}, posture)
	r.sum(posture)
	for _, name := range o.formats {
		var b bytes.Buffer
		format, _ := report.FormatOf(name)
		err := format.Write(doc, &b)
		if errors.Is(err, report.ErrNoEvidence) || errors.Is(err, report.ErrNothing) {
			if single {
				r.err = fmt.Errorf("customer %s: %w; %s has no place for nothing", c.Key, err, name)
				return r
			}
			r.Without = append(r.Without, name)
			continue
		}
		if err != nil {
			r.err = fmt.Errorf("customer %s: write the report as %s: %w", c.Key, name, err)
			return r
		}
		file, err := p.keepReport(c.Key, format, b.Bytes(), o, single)
		if r.err = err; err != nil || file == "" {
			return r
		}
		r.Files = append(r.Files, file)
	}
	return r
}

// sum notes what a posture comes to.
func (r *reported) sum(p compliance.Posture) {
	first, score := p.Catalogues[0], p.Catalogues[0].Score // a copy: nothing of the posture is held
	r.Score, r.Controls = &score, map[string]int{}
	for s, n := range first.Counts {
		r.Controls[s.String()] = n
	}
	if !p.Last.IsZero() {
		r.AsOf = p.Last.Format("2006-01-02T15:04:05Z")
	}
	if len(p.Fix) > 0 {
		r.First = p.Fix[0].Check
	}
}

// showReported writes a table of what came of the customers, the worst first.
func (p *program) showReported(all []reported, o complianceFlags) {
	t := newTable(p.stdout, 2)
	fmt.Fprintln(t, "customer\tframework\tscore\tpass\tfail\terror\tnot assessed\tas of\tfix first")
	written := 0
	for _, r := range all {
		switch {
		case r.err != nil:
			continue
		case r.Left != "":
			fmt.Fprintf(t, "%s\t%s\tno report: %s\n", r.Customer, clean(r.Framework), clean(r.Left))
			continue
		}
		written += len(r.Files)
		score := "–"
		if r.Score.Of > 0 {
			score = fmt.Sprintf("%d.%d %%", r.Score.Tenths()/10, r.Score.Tenths()%10)
		}
		n := func(s compliance.Status) int { return r.Controls[s.String()] }
		fmt.Fprintf(t, "%s\t%s\t%s\t%d\t%d\t%d\t%d\t%s\t%s\n", r.Customer, r.Framework, score, n(compliance.Pass), n(compliance.Fail), n(compliance.Error), n(compliance.NotAssessed), orElse(r.AsOf, "no evidence"), orElse(r.First, "–"))
	}
	t.Flush()
	fmt.Fprintf(p.stdout, "\nWrote %s to %s. They are no attestation.\n", count(written, "report"), o.out)
}
