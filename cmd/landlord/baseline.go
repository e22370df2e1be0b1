package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"landlord/org"
	"landlord/vend/apply"
	"landlord/vend/blueprint"
	"landlord/vend/plan"
)

// baselineCommand is the group of what is done inside customers' accounts.
func (p *program) baselineCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "baseline",
		Short: "Have accounts record and judge what happens in them",
		Long: `baseline works inside customers' accounts, which it enters through the role
OrganizationAccountAccessRole: AWS Config records there, a conformance pack of
the framework judges what is recorded, and one trail of the organization logs
who called what. Only accounts that stand in their tier's unit get one.`,
		Example: `  landlord baseline apply -f examples/five-customers.yaml --yes
  landlord baseline status -f examples/five-customers.yaml
  landlord baseline run -f examples/five-customers.yaml`,
	}
	c.AddCommand(p.baselineApplyCommand(), p.baselineStatusCommand(), p.baselineRunCommand())
	return c
}

// baselineRun is one look at baselines, or one apply of them.
type baselineRun struct {
	applyRun
	b   *apply.Baselines
	dry bool
}

// openBaseline reaches the organization of the portfolio for the customers of some
// keys.
func (r *baselineRun) openBaseline(c *cobra.Command, f *worldFlags, locks *lockFlags, keys []string) error {
	folio, err := r.p.load(nil)
	if err != nil {
		return err
	}
	if err := r.enter(c.Context(), folio, f, locks, "baseline "+c.Name()); err != nil {
		return err
	}
	r.b = apply.NewBaselines(r.w, blueprint.From(folio), folio.Organization.Regions, r.rules, f.seed, distinct(keys)...)
	r.rules = r.b.Rules
	r.b.Looking = r.p.lookingInto()
	return nil
}

// lookingInto shows how many looks into accounts are done, where somebody sees that.
func (p *program) lookingInto() func(done, all int) {
	if !isTerminal(p.stderr) {
		return nil
	}
	last := time.Time{}
	return func(done, all int) {
		if time.Since(last) > 100*time.Millisecond || done == all {
			last = time.Now()
			fmt.Fprintf(p.stderr, "\r\x1b[2KLooking into accounts: %d of %d", done, all)
		}
		if done == all {
			fmt.Fprint(p.stderr, "\r\x1b[2K")
		}
	}
}

// look reads the organization and its accounts.
func (r *baselineRun) look(ctx context.Context) (org.Organization, error) {
	seen, err := r.b.Observe(ctx)
	if err != nil {
		return seen, fmt.Errorf("nothing was changed: %w", err)
	}
	if err := owned(r.folio, seen); err != nil {
		return seen, err
	}
	if !seen.Exists() {
		return seen, fmt.Errorf("account %s manages no organization yet, so there are no accounts that could have a baseline; `landlord apply` makes them", r.folio.Organization.Management)
	}
	return seen, nil
}

func (p *program) baselineApplyCommand() *cobra.Command {
	r := &baselineRun{}
	r.p, r.other = p, true
	c := &cobra.Command{
		Use:   "apply [KEY...]",
		Short: "Bring the baseline of every account about, or of some customers'",
		Long: `apply looks into the accounts, shows what is missing, was edited or was stopped,
asks, and mends it, in all accounts at once:

  in the management account  a bucket for logs, and a trail of the organization,
                             of all regions, with digests; each customer's events
                             are under a prefix of their own
  in each account            in every region of the file: AWS Config's recorder (all
                             types; those of no region in the home region alone),
                             its delivery channel, recording, and the conformance
                             pack of the customer's framework

A region that a tier's guardrails close is left out. An account that is not in
its tier's unit, suspended or closed gets nothing, and is told. Whenever apply is
stopped, the next one goes on from what the accounts hold. A pack of another
framework, such as of a tier that the customer left, is taken away.`,
		Example: `  landlord baseline apply -f examples/five-customers.yaml --yes
  landlord baseline apply acme quantum -f portfolio.yaml --dry-run`,
	}
	p.portfolioFlags(c)
	f := p.worldFlags(c)
	locks := p.lockFlags(c)
	c.Args, c.ValidArgsFunction = maybeKeys, p.completeKeys
	c.Flags().BoolVar(&r.yes, "yes", false, "do not ask")
	c.Flags().BoolVar(&r.dry, "dry-run", false, "show what would be done, and do nothing")
	c.Flags().BoolVar(&p.json, "json", false, "print what was done as JSON, at the end; needs --yes")
	c.Flags().Float64Var(&f.timeScale, "time-scale", 0, "simulated: seconds that pass in one; 0 is as fast as it goes")
	c.RunE = func(c *cobra.Command, keys []string) error {
		if !r.yes && !r.dry && (p.json || !isTerminal(p.stdin)) {
			return errors.New("baseline apply asks before it changes anything, and there is no terminal to ask on: look with --dry-run, then give --yes")
		}
		f.reads = r.dry
		if err := r.openBaseline(c, f, locks, keys); err != nil {
			return err
		}
		defer r.leave()
		return r.told(r.apply(r.lock.Context()))
	}
	return c
}

// apply looks, shows, asks and carries out, until a look finds nothing more that
// can be mended.
func (r *baselineRun) apply(ctx context.Context) error {
	seen, err := r.look(ctx)
	if err != nil {
		return err
	}
	todo, err := r.b.Plan(seen, plan.Options{})
	if err != nil {
		return err
	}
	took, err := estimate(ctx, todo, r.rules, r.flags)
	if err != nil {
		return err
	}
	if r.dry && r.p.json {
		return printJSON(r.p.stdout, planJSON{Plan: todo, Summary: summaryOf(todo), Low: took.Low.Seconds(), High: took.High.Seconds(), Orphans: []orphan{}})
	}
	out := r.p.stdout
	if r.p.json {
		out = io.Discard
	}
	r.showPlanned(out, seen, todo)
	switch {
	case r.dry && todo.Empty():
		return nil
	case r.dry:
		fmt.Fprintf(out, "Time: %s.\n", between(took.Low, took.High))
		return nil
	case todo.Empty():
		return r.result(apply.Outcome{Left: todo}, 0, nil)
	case !r.yes:
		if err := r.ask(ctx, out, todo); err != nil {
			return err
		}
	}
	outcome, elapsed, err := r.carry(ctx, out, todo, func(opt apply.Options) (apply.Outcome, error) {
		opt.Plan = r.b.Plan
		return apply.Rounds(ctx, r.b, r.b.Want, todo, seen, opt)
	})
	if err != nil {
		err = fmt.Errorf("stopped after %s: %w. What was done stands; `landlord baseline apply` goes on from there", count(outcome.Done, "step"), err)
	}
	return r.result(outcome, elapsed, err)
}

// shownChanges is how many changes are listed before they are only counted.
const shownChanges = 40

// showPlanned writes what would be done, and for whom nothing.
func (r *baselineRun) showPlanned(w io.Writer, seen org.Organization, todo *plan.Plan) {
	fmt.Fprintf(w, "Organization: %s (%s, management account %s), baselines of %s in %s\n\n", seen.ID, r.w.Name(), seen.Management, count(len(r.b.Last.Of), "account"), some(r.b.Regions))
	t := newTable(w, 2)
	for i, c := range todo.Changes {
		if i == shownChanges {
			break
		}
		fmt.Fprintf(t, "  %s %s\t%s\t%s\n", c.Action.Mark(), c.Noun, orElse(c.Customer, "all"), clean(joined(c.Name, c.Detail)))
	}
	t.Flush()
	if more := len(todo.Changes) - shownChanges; more > 0 {
		fmt.Fprintf(w, "  … and %s; --dry-run --json lists all.\n", count(more, "change")+" more")
	}
	for _, n := range todo.Notices {
		fmt.Fprintf(w, "  ! %s\n", clean(n.Text))
	}
	r.showUnready(w)
	if todo.Empty() {
		fmt.Fprintln(w, "Nothing to do: it is so already.")
	}
}

// showUnready says who gets no baseline, and why.
func (r *baselineRun) showUnready(w io.Writer) {
	for i, u := range r.b.Last.Unready {
		if i == shownChanges {
			fmt.Fprintf(w, "  … and %s more without a baseline; --json lists all.\n", count(len(r.b.Last.Unready)-shownChanges, "customer"))
			break
		}
		fmt.Fprintf(w, "  – %s: %s\n", u.Customer, clean(u.Why))
	}
}

// joined is a name and what is said of it.
func joined(name, detail string) string {
	switch {
	case name == "":
		return detail
	case detail == "":
		return name
	}
	return name + ", " + detail
}
