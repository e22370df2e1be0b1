package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

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
	var request, yes, all bool
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
	c.Flags().BoolVar(&all, "all", false, "show the limits too that have room to spare")
	c.Flags().BoolVar(&request, "request-increases", false, "ask AWS for the quotas that are too low")
	c.Flags().BoolVar(&yes, "yes", false, "do not ask before --request-increases")
	c.RunE = func(c *cobra.Command, args []string) error {
		folio, err := p.load(args)
		switch {
		case err != nil:
			return err
		case customers < 0 || customers == 0 && c.Flags().Changed("customers") || customers > limits.AccountsGranted:
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
		r := &preflightRun{p: p, folio: folio, w: w, limits: l, customers: customers, growth: growth, all: all}
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
	all       bool

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
		Requests: r.told.Requests, Invited: r.told.Invited, Quotas: quotas, Growth: r.growth, Now: r.w.Now(),
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
