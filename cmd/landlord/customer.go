package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"slices"

	"github.com/spf13/cobra"

	"landlord/org"
	"landlord/portfolio"
	"landlord/vend/apply"
	"landlord/vend/blueprint"
	"landlord/vend/plan"
)

// customerCommand is the group of what is done with single customers.
func (p *program) customerCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "customer",
		Short: "Find customers; suspend, resume or close single ones",
		Long: `customer holds the commands about single customers. A customer who is no longer in
the file is found by the tag of its account.`,
		Example: `  landlord customer find acme -f portfolio.yaml
  landlord customer suspend acme -f portfolio.yaml`,
	}
	c.AddCommand(p.findCommand(), p.suspendCommand(), p.resumeCommand(), p.closeCommand())
	return c
}

func (p *program) suspendCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "suspend KEY...",
		Short: "Deny everything in customers' accounts until they are resumed",
		Long: `suspend attaches the policy landlord-suspended, which denies everything, to each
customer's account, and then tags the account with the time: from then on its
service is not billed. What runs there goes on running; nobody, nor any role,
can act. AWS's own service-linked roles, and what the management account does to
the account through Organizations, are not held by it. apply never lifts a
suspension, and puts the policy back where somebody took it off.`,
		Example: `  landlord customer suspend acme -f portfolio.yaml
  landlord customer suspend acme -f portfolio.yaml --dry-run
  landlord customer suspend acme --server https://landlord.example`,
	}
	limits := limitsFlags(c)
	return p.lifeCommand(c, func(folio *portfolio.Portfolio) (planner, error) {
		_, _, err := limits.known(folio)
		return plan.Options{PerTarget: limits.perTarget(folio)}.Suspend, err
	})
}

func (p *program) resumeCommand() *cobra.Command {
	return p.lifeCommand(&cobra.Command{
		Use:   "resume KEY...",
		Short: "End the suspension of customers",
		Long: `resume takes the policy landlord-suspended off each customer's account, and then
the tag. It is the only command that lifts a suspension; one that was stopped in
between is finished by running it again.`,
		Example: `  landlord customer resume acme -f portfolio.yaml
  landlord customer resume acme --server https://landlord.example`,
	}, func(*portfolio.Portfolio) (planner, error) { return plan.Resume, nil })
}

// planner makes one plan for the customers of some keys.
type planner func(blueprint.Blueprint, org.Organization, ...string) (*plan.Plan, error)

// lifeCommand is a command that makes one plan for all customers it is given.
func (p *program) lifeCommand(c *cobra.Command, by func(*portfolio.Portfolio) (planner, error)) *cobra.Command {
	r, f := p.lifeFlags(c)
	c.RunE = func(c *cobra.Command, keys []string) error {
		keys = distinct(keys)
		if p.server != "" {
			return r.orderThere(c.Context(), c.Name(), keys, nil)
		}
		f.suspends = keys
		if err := r.open(c, f, "nobody is asked"); err != nil {
			return err
		}
		defer r.leave()
		of, err := by(r.folio)
		if err != nil {
			return err
		}
		return r.told(r.carryOut(r.lock.Context(), func(seen org.Organization) (*plan.Plan, error) { return of(r.want, seen, keys...) }, r.ask))
	}
	return c
}

// lifeFlags are the flags of a command about single customers.
func (p *program) lifeFlags(c *cobra.Command) (*lifeRun, *worldFlags) {
	p.portfolioFlags(c)
	f := p.worldFlags(c)
	r := &lifeRun{}
	r.p, r.other, r.locks = p, true, p.lockFlags(c)
	c.Args = someArguments("a customer's key", math.MaxInt)
	c.ValidArgsFunction = p.completeKeys
	c.Flags().BoolVar(&r.yes, "yes", false, "do not ask")
	c.Flags().BoolVar(&r.dry, "dry-run", false, "show what would be done, and do nothing")
	c.Flags().BoolVar(&p.json, "json", false, "print what was done as JSON, at the end; needs --yes")
	c.Flags().StringVar(&p.server, "server", "", "have this house do it, by a run there, instead of the file and your own credentials")
	c.Flags().Float64Var(&f.timeScale, "time-scale", 0, "simulated: seconds that pass in one; 0 is as fast as it goes")
	return r, f
}

// completeKeys completes the keys of the file's customers.
func (p *program) completeKeys(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	folio, err := p.load(nil)
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var keys []string
	for _, c := range folio.Customers {
		keys = append(keys, c.Key+"\t"+c.Name)
	}
	return keys, cobra.ShellCompDirectiveNoFileComp
}

// distinct are the keys without those given before.
func distinct(keys []string) []string {
	var once []string
	for _, key := range keys {
		if !slices.Contains(once, key) {
			once = append(once, key)
		}
	}
	return once
}

// lifeRun is one command about single customers.
type lifeRun struct {
	applyRun
	want  blueprint.Blueprint
	locks *lockFlags
	dry   bool
	check func(org.Organization, *plan.Plan) error // warns, or refuses, once the plan was shown; may be nil
	keys  []string                                 // whose accounts are closed; nil for any other command
	known plan.Closing                             // of AWS's quota of closures
	asks  bool                                     // AWS is asked to close what it has refused to
}

// open reaches the organization of the portfolio.
func (r *lifeRun) open(c *cobra.Command, f *worldFlags, unasked string) error {
	folio, err := r.p.load(nil)
	if err != nil {
		return err
	}
	if !r.yes && !r.dry && (r.p.json || !isTerminal(r.p.stdin)) {
		return fmt.Errorf("this asks before it changes anything, and there is no terminal to ask on: look with --dry-run, then give --yes, and %s", unasked)
	}
	f.reads = r.dry
	r.want = blueprint.From(folio)
	return r.enter(c.Context(), folio, f, r.locks, "customer "+c.Name())
}

// carryOut plans, shows the plan, has it confirmed and carries it out, and plans
// again until nothing is left.
func (r *lifeRun) carryOut(ctx context.Context, decide func(org.Organization) (*plan.Plan, error), confirm func(context.Context, io.Writer, *plan.Plan) error) error {
	seen, err := r.w.Observe(ctx)
	if err != nil {
		return err
	}
	if err := owned(r.folio, seen); err != nil {
		return err
	}
	if !seen.Exists() {
		return fmt.Errorf("account %s manages no organization yet; there are no customers in it", r.folio.Organization.Management)
	}
	todo, err := decide(seen)
	if err != nil {
		return fmt.Errorf("nothing was changed: %w", err)
	}
	out := r.p.stdout
	if r.p.json {
		out = io.Discard
	}
	took, err := estimate(ctx, todo, r.rules, r.flags)
	if err != nil {
		return err
	}
	if r.dry && r.p.json {
		return printJSON(r.p.stdout, planJSON{Plan: todo, Summary: summaryOf(todo), Low: took.Low.Seconds(), High: took.High.Seconds(), Orphans: orphansOf(todo)})
	}
	r.show(out, seen, todo)
	if r.check != nil {
		if err := r.check(seen, todo); err != nil {
			return err
		}
	}
	switch {
	case r.dry:
		return nil
	case len(todo.Steps) == 0:
		return r.result(apply.Outcome{Left: todo}, 0, nil)
	case !r.yes:
		if err := confirm(ctx, out, todo); err != nil {
			return err
		}
	}
	outcome, elapsed, err := r.carry(ctx, out, todo, func(opt apply.Options) (apply.Outcome, error) {
		opt.Plan = func(seen org.Organization, _ plan.Options) (*plan.Plan, error) { return decide(seen) }
		if r.keys != nil {
			return apply.Close(ctx, r.w, r.want, r.keys, r.known, todo, seen, opt)
		}
		return apply.Rounds(ctx, r.w, r.want, todo, seen, opt)
	})
	if len(outcome.Refused) > len(r.known.Refused) {
		r.p.keepRefusal(r.w, outcome.Seen, outcome.Refused)
	}
	r.known.Refused = outcome.Refused
	if err != nil {
		err = fmt.Errorf("stopped after %s: %w. What was done stands; the same command goes on from there", count(outcome.Done, "step"), err)
	}
	return r.result(outcome, elapsed, err)
}

// show writes what would be done.
func (r *lifeRun) show(w io.Writer, seen org.Organization, todo *plan.Plan) {
	fmt.Fprintf(w, "Organization: %s (%s, management account %s)\n\n", seen.ID, r.w.Name(), seen.Management)
	t := newTable(w, 2)
	for _, c := range todo.Changes {
		fmt.Fprintf(t, "  %s %s\t%s\t%s\n", c.Action.Mark(), c.Noun, orElse(c.Customer, clean(c.Name)), clean(c.Detail))
	}
	t.Flush()
	if len(todo.Changes) == 0 {
		fmt.Fprintln(w, "Nothing to do: it is so already.")
	}
}

func orElse(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}
