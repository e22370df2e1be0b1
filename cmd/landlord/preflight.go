package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"landlord/internal/limits"
	"landlord/internal/money"
	"landlord/org"
	"landlord/portfolio"
	"landlord/simulate"
	"landlord/vend/blueprint"
	"landlord/vend/preflight"
)

func (p *program) preflightCommand() *cobra.Command {
	var customers, growth int
	var request, yes bool
	c := &cobra.Command{
		Use:   "preflight [FILE]",
		Short: "Say what would stop so many customers, at which one, and what to do",
		Long: `preflight holds the file, or N customers of its mix, against AWS's limits: the
quotas that Service Quotas tells, and those that AWS publishes. For each it says
what is used, what is needed, the first customer that does not fit, whether it can
be raised and how long before that is needed. It changes nothing, but for
--request-increases, which shows what it would ask AWS for and asks you first.

What AWS does not tell is said to be so, and can be set with --limit NAME=VALUE.
Exit code 1 when landlord's plan for so many customers cannot finish.`,
		Example: `  landlord preflight -f examples/five-customers.yaml --customers 10000
  landlord preflight -f portfolio.yaml --growth 200 --limit accounts=500
  landlord preflight -f portfolio.yaml --customers 10000 --request-increases`,
	}
	p.portfolioFlags(c)
	f := p.worldFlags(c)
	l := limitsFlags(c)
	c.Flags().BoolVar(&p.json, "json", false, "print the findings as JSON")
	c.Flags().IntVar(&customers, "customers", 0, "how many customers of the file's mix; those of the file if left out")
	c.Flags().IntVar(&growth, "growth", 0, "customers more a month: when a limit is reached")
	c.Flags().BoolVar(&request, "request-increases", false, "ask AWS for the quotas that are too low")
	c.Flags().BoolVar(&yes, "yes", false, "do not ask before --request-increases")
	c.RunE = func(c *cobra.Command, args []string) error {
		folio, err := p.load(args)
		switch {
		case err != nil:
			return err
		case customers < 0 || customers > limits.AccountsGranted:
			return fmt.Errorf("--customers %d: want 1 to %s, the most accounts that AWS grants", customers, money.Group(fmt.Sprint(limits.AccountsGranted)))
		case growth < 0:
			return fmt.Errorf("--growth %d: want customers more a month", growth)
		case customers > 0 && len(folio.Customers) == 0:
			return fmt.Errorf("--customers %d: %s has no customer whose like there could be", customers, folio.File)
		case request && !yes && (p.json || !isTerminal(p.stdin)):
			return errors.New("preflight asks before it asks AWS, and there is no terminal to ask on: look at it without --request-increases, then add --yes")
		}
		if customers == 0 {
			customers = len(folio.Customers)
		}
		f.reads = !request
		w, _, err := p.open(c.Context(), folio, f)
		if err != nil {
			return err
		}
		defer w.Close()
		r := &preflightRun{p: p, folio: folio, w: w, limits: l, customers: customers, growth: growth}
		if err := r.look(c.Context()); err != nil {
			return err
		}
		if request {
			if err := r.request(c.Context(), yes); err != nil {
				return err
			}
		}
		return r.result()
	}
	return c
}

// preflightRun is one preflight.
type preflightRun struct {
	p         *program
	folio     *portfolio.Portfolio
	w         world
	limits    *limitFlags
	customers int
	growth    int

	seen   org.Organization
	told   preflight.Told
	report preflight.Report
	asked  []preflight.Request
}

// look reads what is there and what AWS says of its quotas, and checks.
func (r *preflightRun) look(ctx context.Context) error {
	known, quotas, err := r.limits.known(r.folio)
	if err != nil {
		return err
	}
	if r.seen, err = r.w.Observe(ctx); err != nil {
		return err
	}
	if err := owned(r.folio, r.seen); err != nil {
		return err
	}
	if r.told, err = told(ctx, r.w, known, true); err != nil {
		return err
	}
	grown := r.folio
	if n := len(r.folio.Customers); n > 0 {
		grown = simulate.Scale(r.folio, max(n, r.customers, limits.AccountsGranted))
	}
	r.report = preflight.Check(preflight.Question{
		Grown: blueprint.From(grown), Target: r.customers, Seen: r.seen, Limits: preflight.Merge(known, r.told),
		Requests: r.told.Requests, Quotas: quotas, Growth: r.growth, Now: r.w.Now(),
	})
	return nil
}

// preflightJSON is what `preflight --json` prints.
type preflightJSON struct {
	Organization string        `json:"organization"`
	Management   org.AccountID `json:"management_account"`
	Verdict      string        `json:"verdict"`
	CanFinish    bool          `json:"can_finish"`
	preflight.Report
	Asked []preflight.Request `json:"asked"` // by --request-increases, now
}

// result says what was found. A plan that cannot finish exits 1.
func (r *preflightRun) result() error {
	stops := len(r.report.Stops()) > 0
	if r.p.json {
		out := preflightJSON{r.seen.ID, r.folio.Organization.Management, r.report.Verdict(), !stops, r.report, r.asked}
		if out.Asked == nil {
			out.Asked = []preflight.Request{}
		}
		if err := printJSON(r.p.stdout, out); err != nil {
			return err
		}
	} else if r.asked == nil {
		r.show(r.p.stdout)
	}
	if stops {
		return exit(exitFault)
	}
	return nil
}

// show writes the findings for people: the verdict, what stops and what helps,
// what has room, what was assumed.
func (r *preflightRun) show(w io.Writer) {
	colour := paint(w)
	id := r.seen.ID
	if id == "" {
		id = "none yet"
	}
	fmt.Fprintf(w, "Organization: %s (%s, management account %s), %d of %s there\n\n", id, r.w.Name(), r.folio.Organization.Management,
		min(r.report.Present, r.customers), count(r.customers, "customer"))
	stops, beside := r.report.Stops(), r.report.Beside()
	switch {
	case len(stops) > 0:
		fmt.Fprintln(w, colour(red, "✗ "+r.report.Verdict()))
	default:
		fmt.Fprintln(w, colour(green, "✓ "+r.report.Verdict()))
	}
	fmt.Fprintln(w)
	t := newTable(w, 2)
	fmt.Fprintln(t, "\tcustomers or time\tnow\tneeded\tlimit\tknown\t")
	for _, f := range r.report.Findings {
		fmt.Fprintf(t, "%s %s\t%s\t%s\t%s\t%s\t%s\t\n", r.mark(f), f.Title, r.fits(f), digits(f.Used), digits(f.Needed), digits(f.Value), f.Basis)
	}
	t.Flush()
	for _, alike := range together(append(stops, beside...)) {
		r.explain(w, alike)
	}
	r.settings(w)
	fmt.Fprintf(w, "\n%s looked at: %s the plan, %d of other services are too small, the rest has room.\n", count(len(r.report.Findings), "limit"), stopping(len(stops)), len(beside))
}

func stopping(n int) string {
	switch n {
	case 0:
		return "none stops"
	case 1:
		return "1 stops"
	}
	return fmt.Sprintf("%d stop", n)
}

func digits(n int) string { return money.Group(fmt.Sprint(n)) }

// mark is the sign of a finding.
func (r *preflightRun) mark(f preflight.Finding) string {
	switch {
	case f.Stops && f.Kind == preflight.OfPlan:
		return "✗"
	case f.Stops:
		return "!"
	case f.Kind == preflight.OfPace:
		return "·"
	}
	return "✓"
}

// fits is how many customers fit, or how long what they need takes.
func (r *preflightRun) fits(f preflight.Finding) string {
	switch {
	case f.Kind == preflight.OfPace:
		return long(f.Takes)
	case f.First > 0:
		return digits(f.Fits)
	}
	return "all"
}

// long is a duration of which only the size matters.
func long(d time.Duration) string {
	if d >= 48*time.Hour {
		return fmt.Sprintf("%d days", int((d+12*time.Hour)/(24*time.Hour)))
	}
	return strings.TrimPrefix(about(d), "about ")
}

// together puts findings side by side of which the same is to be said.
func together(list []preflight.Finding) [][]preflight.Finding {
	var groups [][]preflight.Finding
	for _, f := range list {
		i := slices.IndexFunc(groups, func(g []preflight.Finding) bool {
			a := g[0]
			return f.Kind == preflight.OfService && a.Kind == f.Kind && a.First == f.First && a.Value == f.Value && a.Needed == f.Needed &&
				a.Raise == f.Raise && a.Source == f.Source && a.Basis == f.Basis && a.Note == f.Note && a.Code == f.Code
		})
		if i < 0 {
			groups = append(groups, []preflight.Finding{f})
		} else {
			groups[i] = append(groups[i], f)
		}
	}
	return groups
}

// explain writes what limits that stop are, and what helps.
func (r *preflightRun) explain(w io.Writer, alike []preflight.Finding) {
	f := alike[0]
	var titles []string
	for _, a := range alike {
		titles = append(titles, a.Title)
	}
	fmt.Fprintf(w, "\n%s %s:\n  %s allowed, %s needed by %s%s; customer %s is the first that does not fit.\n", r.mark(f), strings.Join(titles, ", "),
		digits(f.Value), digits(f.Needed), count(r.customers, "customer"), mostly(f.Who), digits(f.First))
	fmt.Fprintf(w, "  From: %s.\n", from(f.Limit))
	if f.Note != "" {
		fmt.Fprintf(w, "  Note: %s.\n", f.Note)
	}
	when := "now"
	if f.Within > 0 {
		when = "after " + long(f.Within) + " of creating at AWS's limit"
	}
	if !f.Reached.IsZero() {
		when += fmt.Sprintf("; growing by %s a month, on %s", count(r.growth, "customer"), f.Reached.Format(time.DateOnly))
	}
	fmt.Fprintf(w, "  Needed: %s.\n", when)
	fmt.Fprintf(w, "  Raise: %s\n", r.raise(f))
}

func mostly(who string) string {
	if who == "" {
		return ""
	}
	return " (most by " + clean(who) + ")"
}

// from says how a limit is known.
func from(l preflight.Limit) string {
	known := map[preflight.Basis]string{
		preflight.Read:      "read from " + l.Source,
		preflight.Default:   "AWS's default, read from " + l.Source,
		preflight.Published: "published, " + l.Source,
		preflight.Assumed:   "an estimate, " + l.Source,
		preflight.Set:       "set by you",
	}[l.Basis]
	if l.Silent != "" && l.Basis != preflight.Set {
		known += fmt.Sprintf(". AWS did not say (%s); --limit %s=N sets it", clean(l.Silent), l.Name)
	}
	return known
}

// raise says how a limit is raised.
func (r *preflightRun) raise(f preflight.Finding) string {
	most := ""
	if f.Most > 0 {
		most = fmt.Sprintf("; AWS grants %s at most", digits(f.Most))
	}
	switch {
	case f.Request != nil && f.Request.Open():
		return fmt.Sprintf("requested %s ago: %s", long(r.w.Now().Sub(f.Request.Created)), r.status(*f.Request))
	case f.Ask > 0:
		return "`landlord preflight --request-increases`, or\n  " + f.Command
	case f.Raise == preflight.Asked && f.Most > 0 && f.Needed > f.Most:
		return "not that far" + most
	case f.Raise == preflight.Asked:
		return "on request, in the console of Service Quotas" + most
	case f.Raise == preflight.Case:
		return "in a support case with AWS"
	case f.Raise == preflight.Unsaid:
		return "AWS does not say whether; a support case tells"
	}
	return "AWS does not raise it"
}

// status is how far a request has come.
func (r *preflightRun) status(q preflight.Request) string {
	s := fmt.Sprintf("%s for %s (request %s", strings.ToLower(strings.ReplaceAll(q.Status, "_", " ")), digits(q.Value), q.ID)
	if q.Case != "" {
		s += ", support case " + q.Case
	}
	return s + ")"
}

// settings names what is not AWS's own word on this account.
func (r *preflightRun) settings(w io.Writer) {
	var lines []string
	for _, f := range r.report.Findings {
		if f.Basis == preflight.Assumed || f.Basis == preflight.Set || f.Silent != "" {
			note := from(f.Limit)
			if f.Note != "" && f.Basis == preflight.Assumed {
				note += "; " + f.Note
			}
			lines = append(lines, fmt.Sprintf("  %s=%d  %s", f.Name, f.Value, note))
		}
	}
	if len(lines) == 0 {
		return
	}
	fmt.Fprintf(w, "\nNot AWS's word on this account; --limit NAME=VALUE sets it:\n%s\n", strings.Join(lines, "\n"))
}

// request asks AWS for the quotas that are too low, once a person has agreed. One
// that is being decided is not asked for again.
func (r *preflightRun) request(ctx context.Context, yes bool) error {
	out := r.p.stdout
	if r.p.json {
		out = io.Discard
	}
	var todo []preflight.Finding
	r.asked = []preflight.Request{}
	r.show(out)
	for _, f := range r.report.Askable() {
		if f.Request != nil && f.Request.Open() {
			fmt.Fprintf(out, "\n%s: requested %s ago, %s.\n", f.Title, long(r.w.Now().Sub(f.Request.Created)), r.status(*f.Request))
			continue
		}
		todo = append(todo, f)
	}
	if len(todo) == 0 {
		fmt.Fprintln(out, "\nThere is nothing more to ask AWS for.")
		return nil
	}
	fmt.Fprintf(out, "\nTo ask AWS for, in management account %s:\n", r.folio.Organization.Management)
	for _, f := range todo {
		fmt.Fprintf(out, "  %s: %s instead of %s (%s, quota %s)\n", f.Title, digits(f.Ask), digits(f.Value), f.Service, f.Code)
	}
	if !yes {
		fmt.Fprintf(out, "\nAsk AWS for %s? Only \"yes\" is accepted: ", count(len(todo), "quota"))
		if err := confirmed(ctx, bufio.NewReader(r.p.stdin)); err != nil {
			fmt.Fprintln(out, "Nothing was asked for.")
			return err
		}
	}
	fmt.Fprintln(out)
	for _, f := range todo {
		asked, err := r.w.AWS().RequestQuota(ctx, f.Service, f.Code, f.Region, f.Ask)
		if err != nil {
			return fmt.Errorf("%w. %s", err, already(len(r.asked)))
		}
		r.asked = append(r.asked, asked)
		fmt.Fprintf(out, "%s: %s.\n", f.Title, r.status(asked))
	}
	fmt.Fprintln(out, "AWS does not say how long it takes; `landlord preflight` shows what came of it.")
	if slices.ContainsFunc(r.asked, func(q preflight.Request) bool { return !q.Open() }) {
		return r.look(ctx)
	}
	return nil
}

func already(n int) string {
	if n == 0 {
		return "Nothing was asked for"
	}
	return fmt.Sprintf("%s before it stand", count(n, "request"))
}
