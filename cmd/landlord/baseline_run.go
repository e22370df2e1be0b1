package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"landlord/guard/compliance"
	"landlord/guard/compliance/assess"
	"landlord/guard/evidence"
	"landlord/guard/survey"
	"landlord/org"
	"landlord/portfolio"
	"landlord/vend/blueprint"
	"landlord/vend/plan"
)

// resumable is how long after its beginning a scan that was stopped goes on.
const resumable = 24 * time.Hour

func (p *program) baselineRunCommand() *cobra.Command {
	r := &scanRun{p: p}
	c := &cobra.Command{
		Use:   "run [KEY...]",
		Short: "Assess the accounts, and keep what is found with its evidence",
		Long: `run assesses every customer's account, or those of some customers, by the checks of
its framework and by two methods: landlord's own reads, and what AWS Config found
by the rules of the account's conformance pack. What is found is kept in the
folder of --dir with its evidence, and is what ` + "`landlord report compliance`" + ` reports:
what was asked, when, AWS's id of the call, the hash of the answer, how many
resources were looked at. What could not be read is an error, never a pass.

Accounts are read at once, and kept one by one: a run that is stopped goes on,
within a day, with the accounts that are not done. It changes nothing, but has IAM
make its credential report. Exit code 1 when anything could not be told.

With --server a house does it, by a run there that lives on when this command ends:
what is found is kept there, and is in its reports.`,
		Example: `  landlord baseline run -f examples/five-customers.yaml
  landlord baseline run acme -f portfolio.yaml --json; landlord report compliance acme -f portfolio.yaml
  landlord baseline run acme --server https://landlord.example`,
	}
	p.portfolioFlags(c)
	r.flags = p.worldFlags(c)
	c.Args, c.ValidArgsFunction = maybeKeys, p.completeKeys
	c.Flags().IntVar(&r.parallel, "parallel", 32, "how many accounts are read at once")
	c.Flags().BoolVar(&r.everywhere, "all-regions", false, "look at every region that an account has enabled, not only at those of the file")
	c.Flags().BoolVar(&r.again, "again", false, "begin anew, also where a run was stopped")
	c.Flags().BoolVar(&p.json, "json", false, "print what was found as JSON, at the end")
	p.houseFlag(c, "have this house assess them")
	c.RunE = func(c *cobra.Command, keys []string) error {
		if r.parallel < 1 || r.parallel > 512 {
			return fmt.Errorf("--parallel %d: want 1 to 512 accounts", r.parallel)
		}
		if p.server != "" {
			return r.there(c.Context(), c, distinct(keys))
		}
		folio, err := p.load(nil)
		if err != nil {
			return err
		}
		if _, err := chosen(folio, keys); err != nil {
			return err
		}
		return r.run(c.Context(), folio, distinct(keys))
	}
	return c
}

// scanRun is one `baseline run`.
type scanRun struct {
	p          *program
	flags      *worldFlags
	parallel   int
	everywhere bool
	again      bool

	customer map[org.AccountID]string
	errors   map[org.AccountID]int // findings that are errors
	left     []plan.Unready
	shown    time.Time
}

// scanJSON is what `baseline run --json` prints.
type scanJSON struct {
	Scan    string         `json:"scan"`
	Resumed bool           `json:"resumed"`
	Regions []string       `json:"regions"`
	Left    []plan.Unready `json:"left_out"`
	survey.Sum
}

func (r *scanRun) run(ctx context.Context, folio *portfolio.Portfolio, keys []string) error {
	r.flags.reads = true
	w, seen, err := r.p.observe(ctx, folio, r.flags)
	if err != nil {
		return err
	}
	defer w.Close()
	if !seen.Exists() {
		return fmt.Errorf("account %s manages no organization yet, so there are no accounts to assess; `landlord apply` makes them", folio.Organization.Management)
	}
	scan, resumed, sum, err := r.assess(ctx, folio, w, seen, keys)
	if err != nil {
		return fmt.Errorf("%w; what was found of the accounts that were done is kept, and the same command goes on with the others", err)
	}
	if r.p.json {
		err = printJSON(r.p.stdout, scanJSON{scan.ID, resumed, folio.Organization.Regions, r.left, sum})
	} else {
		r.show(scan, resumed, sum)
	}
	if len(sum.Errors) > 0 {
		return errors.Join(err, exit(exitFault))
	}
	return err
}

// assess assesses the accounts of the customers of some keys, and keeps what is found.
func (r *scanRun) assess(ctx context.Context, folio *portfolio.Portfolio, w world, seen org.Organization, keys []string) (scan evidence.Scan, resumed bool, sum survey.Sum, err error) {
	all, err := plan.WantAssessments(blueprint.From(folio), seen, folio.Organization.Regions, keys...)
	if err != nil {
		return scan, false, sum, err
	}
	subjects := all.Of
	r.left, r.customer, r.errors = all.Left, all.Customer, map[org.AccountID]int{}
	if scan, resumed, err = r.scan(w.Now(), subjects); err != nil {
		return scan, resumed, sum, err
	}
	kept := r.p.evidence()
	s := survey.Survey{
		Parallel: r.parallel, Now: w.Now,
		Ask:  func(of assess.Subject) assess.Asker { return w.AWS().Asker(of) },
		Kept: func(id org.AccountID) ([]compliance.Finding, bool, error) { return kept.Kept(scan.ID, id) },
		Keep: func(id org.AccountID, found []compliance.Finding) error { return kept.Keep(scan.ID, id, found) },
		Told: func(d survey.Done) { r.told(d, len(subjects)) },
	}
	if r.everywhere {
		s.Regions = assess.EnabledRegions
	}
	sum, err = s.Run(ctx, subjects)
	if isTerminal(r.p.stderr) {
		fmt.Fprint(r.p.stderr, "\r\x1b[2K")
	}
	if err != nil {
		return scan, resumed, sum, err
	}
	scan.Ended = w.Now().UTC()
	return scan, resumed, sum, kept.Note(scan)
}

// scan is the scan that was stopped, if it is the same and not old, or a new one.
func (r *scanRun) scan(now time.Time, subjects []assess.Subject) (evidence.Scan, bool, error) {
	var ids []org.AccountID
	var settings strings.Builder
	fmt.Fprintf(&settings, "assess %s, table %s, all regions %v", assess.Version, compliance.Version, r.everywhere)
	for _, s := range subjects {
		ids = append(ids, s.Account)
		fmt.Fprintf(&settings, "; %s %s %s", s.Account, s.Framework, strings.Join(s.Regions, " "))
	}
	begun := evidence.ScanAt(now, ids, settings.String())
	if !r.again {
		scan, is, err := r.p.evidence().Resume(begun.Settings, now.Add(-resumable))
		if is || err != nil {
			return scan, is, err
		}
	}
	return begun, false, r.p.evidence().Note(begun)
}

// told shows how far the run is.
func (r *scanRun) told(d survey.Done, all int) {
	r.errors[d.Account] = d.Errors
	if !isTerminal(r.p.stderr) || time.Since(r.shown) < 100*time.Millisecond && d.Number < all {
		return
	}
	r.shown = time.Now()
	fmt.Fprintf(r.p.stderr, "\r\x1b[2KAssessing accounts: %d of %d", d.Number, all)
}

// mostShown is how many of a list are shown.
const mostShown = 20

// mostAlone is how many customers are named whom AWS Config said nothing of.
const mostAlone = 5

// more says that there are more of a list than are shown.
func more(out io.Writer, n int) {
	if n > mostShown {
		fmt.Fprintf(out, "and %d more: --json has them\n", n-mostShown)
	}
}

func (r *scanRun) show(scan evidence.Scan, resumed bool, sum survey.Sum) {
	out := r.p.stdout
	if resumed {
		fmt.Fprintf(out, "Went on with the run of %s: %s done before.\n", scan.Began.Format(time.RFC3339), count(sum.Before, "account"))
	}
	t := newTable(out, 2)
	fmt.Fprintln(t, "status\tchecks\tfindings")
	for _, s := range compliance.Statuses {
		fmt.Fprintf(t, "%s\t%d\t%d\n", s, sum.Checks[s], sum.Statuses[s])
	}
	t.Flush()
	if len(sum.Errors) > 0 {
		fmt.Fprintln(out)
		t := newTable(out, 2)
		fmt.Fprintln(t, "could not be told, for\tin accounts")
		names := slices.SortedFunc(maps.Keys(sum.Errors), func(a, b string) int {
			return cmp.Or(cmp.Compare(sum.Errors[b], sum.Errors[a]), cmp.Compare(a, b))
		})
		for _, name := range names[:min(len(names), mostShown)] {
			fmt.Fprintf(t, "%s\t%d\n", clean(name), sum.Errors[name])
		}
		t.Flush()
		more(out, len(names))
	}
	if sum.Disagree > 0 {
		fmt.Fprintln(out)
		t := newTable(out, 2)
		fmt.Fprintln(t, "the methods disagree\tcheck\tby reads\tby AWS Config")
		for _, d := range sum.Disagreed[:min(len(sum.Disagreed), mostShown)] {
			fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", r.customer[d.Account], d.Check, d.Reads, d.Config)
		}
		t.Flush()
		more(out, sum.Disagree)
	}
	if sum.Reads > 0 {
		keys := make([]string, 0, mostAlone)
		for _, account := range sum.Alone[:min(len(sum.Alone), mostAlone)] {
			keys = append(keys, r.customer[account])
		}
		if n := sum.Reads - len(keys); n > 0 {
			keys = append(keys, fmt.Sprintf("%d more", n))
		}
		fmt.Fprintf(out, "\nBy landlord's reads alone: %s. AWS Config has said nothing there; `landlord baseline status` tells why.\n", strings.Join(keys, ", "))
	}
	if len(r.left) > 0 {
		fmt.Fprintln(out)
		t := newTable(out, 2)
		fmt.Fprintln(t, "left out\taccount\twhy")
		for _, l := range r.left[:min(len(r.left), mostShown)] {
			fmt.Fprintf(t, "%s\t%s\t%s\n", l.Customer, orElse(string(l.Account), "–"), clean(l.Why))
		}
		t.Flush()
		more(out, len(r.left))
	}
	fmt.Fprintf(out, "\nAssessed %s: %s, %d without an error.\n", count(sum.Accounts, "account"), count(sum.Findings, "finding"), sum.Whole)
}
