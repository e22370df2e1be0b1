package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"landlord/guard/identity"
	"landlord/org"
	"landlord/portfolio"
	"landlord/vend/apply"
	"landlord/vend/blueprint"
	"landlord/vend/execute"
	"landlord/vend/plan"
	"landlord/vend/verify"
)

// identityCommand is the group of what is done about sign-in to AWS.
func (p *program) identityCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "identity",
		Short: "Let customers' people sign in to their AWS accounts",
		Long: `identity holds the commands about sign-in to AWS with IAM Identity Center: for each
customer and role a group, its people as users, and one assignment of the role's
permission set in the customer's account. What the file wants stands under sign_in
and, of each customer, people. IAM Identity Center is enabled once, in the console
of the management account: no API does that.`,
		Example: `  landlord identity apply -f examples/sign-in.yaml
  landlord identity status -f examples/sign-in.yaml`,
	}
	c.AddCommand(p.identityApplyCommand(), p.identityStatusCommand(), p.identityTestCommand())
	return c
}

func (p *program) identityApplyCommand() *cobra.Command {
	var remove bool
	r := &identityRun{}
	c := &cobra.Command{
		Use:   "apply [KEY...]",
		Short: "Make who may sign in where what the file says",
		Long: `apply shows what would change, asks, and does it: permission sets, groups, users,
who is in which group, and assignments, 15 of which AWS makes at a time. Whenever it
is stopped, the next one goes on from what AWS holds. With keys it is about these
customers only.

Nobody is let into an account before it stands in its unit under its tier's
policies, with its baseline: landlord looks into the accounts first. Who has to wait
for that is said. Who is no longer in the file leaves the
groups at once, and with them all access. The user stays, until --remove-users
deletes those that landlord made and that are in no group. Assignments in the
account of a suspended or departed customer end.`,
		Example: `  landlord identity apply -f examples/sign-in.yaml
  landlord identity apply acme -f examples/sign-in.yaml --yes
  landlord identity apply -f examples/sign-in.yaml --dry-run --json`,
	}
	f, locks := p.identityFlags(c, r)
	c.Flags().BoolVar(&r.yes, "yes", false, "do not ask")
	c.Flags().BoolVar(&r.dry, "dry-run", false, "show what would be done, and do nothing")
	c.Flags().BoolVar(&remove, "remove-users", false, "delete the users that landlord made and that are in no group any more")
	c.Flags().BoolVar(&p.json, "json", false, "print what was done as JSON, at the end; needs --yes")
	c.Flags().Float64Var(&f.timeScale, "time-scale", 0, "simulated: seconds that pass in one; 0 is as fast as it goes")
	c.RunE = func(c *cobra.Command, keys []string) error {
		if !r.yes && !r.dry && (p.json || !isTerminal(p.stdin)) {
			return errors.New("this asks before it changes anything, and there is no terminal to ask on: look with --dry-run, then give --yes")
		}
		f.reads = r.dry
		r.opt.RemoveUsers = remove
		if err := r.open(c.Context(), f, locks, "identity apply", keys); err != nil {
			return err
		}
		defer r.leave()
		return r.told(r.apply(r.lock.Context()))
	}
	return c
}

// identityFlags are the flags of a command about sign-in.
func (p *program) identityFlags(c *cobra.Command, r *identityRun) (*worldFlags, *lockFlags) {
	p.portfolioFlags(c)
	f := p.worldFlags(c)
	r.p, r.other = p, true
	c.Args = maybeKeys
	c.ValidArgsFunction = p.completeKeys
	return f, p.lockFlags(c)
}

// identityRun is one command about sign-in.
type identityRun struct {
	applyRun
	want  blueprint.Blueprint
	sign  identity.Wanted
	opt   plan.SignInOptions
	keys  []string
	dry   bool
	seen  org.Organization
	doors map[string]identity.Door
}

// open reaches the organization of the portfolio, and finds into which accounts
// people may be let.
func (r *identityRun) open(ctx context.Context, f *worldFlags, locks *lockFlags, command string, keys []string) error {
	folio, err := r.p.load(nil)
	if err != nil {
		return err
	}
	var wants bool
	if r.sign, wants = identity.From(folio); !wants {
		return fmt.Errorf("%s has no sign_in: write `sign_in: {}` into it, and who may sign in under `people:` of each customer; without, it is the contact, as admin", folio.File)
	}
	if r.keys = distinct(keys); len(r.keys) > 0 {
		r.opt.Only = map[string]bool{}
		for _, key := range r.keys {
			if err := r.knows(key); err != nil {
				return err
			}
			r.opt.Only[key] = true
		}
	}
	r.want = blueprint.From(folio)
	if err := r.enter(ctx, folio, f, locks, command); err != nil {
		return err
	}
	if err := r.look(r.lock.Context()); err != nil {
		r.leave()
		return err
	}
	return nil
}

// knows refuses a key that no customer of the file has.
func (r *identityRun) knows(key string) error {
	var keys []string
	for _, c := range r.sign.Customers {
		keys = append(keys, c.Key)
	}
	keys = append(keys, r.sign.Departed...)
	if slices.Contains(keys, key) {
		return nil
	}
	return fmt.Errorf("no customer %q in the file%s", key, meant(key, keys))
}

// look reads the organization and judges it.
func (r *identityRun) look(ctx context.Context) error {
	var err error
	if r.seen, err = r.w.Observe(ctx); err != nil {
		return err
	}
	if err := owned(r.folio, r.seen); err != nil {
		return err
	}
	report := verify.Organization(r.want, r.seen)
	r.doors = verify.Doors(r.want, r.seen, report, nil)
	lacks, err := r.p.lacks(ctx, r.folio, r.w, r.seen, r.rules, r.flags.seed, entering(r.doors, r.customers()))
	if err != nil {
		return err
	}
	r.doors = verify.Doors(r.want, r.seen, report, lacks)
	return nil
}

// entering are the keys of those of customers whose people may be let in, as far as
// doors tell.
func entering(doors map[string]identity.Door, customers []identity.Customer) (keys []string) {
	for _, c := range customers {
		if len(c.People) > 0 && doors[c.Key].State == identity.Open {
			keys = append(keys, c.Key)
		}
	}
	return keys
}

// lacks looks into the accounts of some customers, those who may gain an entry, and
// says what of its baseline each lacks.
func (p *program) lacks(ctx context.Context, folio *portfolio.Portfolio, w world, seen org.Organization, rules execute.Rules, seed uint64, keys []string) (func(string) string, error) {
	if len(keys) == 0 {
		return nil, nil
	}
	b := apply.NewBaselines(w, blueprint.From(folio), folio.Organization.Regions, rules, seed, keys...)
	b.Looking = p.lookingInto()
	if err := b.Look(ctx, seen); err != nil {
		return nil, fmt.Errorf("tell which accounts have their baseline: %w", err)
	}
	enters := map[string]bool{}
	for _, key := range keys {
		enters[key] = true
	}
	return func(key string) string {
		if !enters[key] {
			return "" // nobody of it enters
		}
		return b.Last.Lacks(key)
	}, nil
}

// center is what IAM Identity Center has.
type center struct {
	world
	region string
}

func (c center) SignIn(ctx context.Context) (identity.Seen, error) {
	return c.AWS().SignIn(ctx, c.region)
}

func (c center) SignInRoles(ctx context.Context, account org.AccountID, sets []string) ([]identity.AccountRole, error) {
	return c.AWS().SignInRoles(ctx, account, sets)
}

func (r *identityRun) decide(have identity.Seen) (*plan.Plan, error) {
	todo, err := plan.SignIn(r.sign, have, r.doors, r.opt)
	if todo != nil {
		todo.Organization, todo.Management = r.seen.ID, r.seen.Management
	}
	return todo, err
}

// apply plans, shows, asks and carries out.
func (r *identityRun) apply(ctx context.Context) error {
	at := center{r.w, r.sign.Region}
	have, err := at.SignIn(ctx)
	if err != nil {
		return err
	}
	todo, err := r.decide(have)
	if err != nil {
		return fmt.Errorf("nothing was changed: %w", err)
	}
	if r.dry && r.p.json {
		return printJSON(r.p.stdout, planJSON{Plan: todo, Summary: summaryOf(todo)})
	}
	out := r.p.stdout
	if r.p.json {
		out = io.Discard
	}
	r.showPlan(out, have, todo)
	switch {
	case r.dry:
		return nil
	case todo.Empty():
		return r.result(apply.Outcome{Left: todo}, 0, nil)
	case !r.yes:
		r.answers = bufio.NewReader(r.p.stdin)
		if err := r.ask(ctx, out, todo); err != nil {
			return err
		}
	}
	outcome, elapsed, err := r.carry(ctx, out, todo, func(opt apply.Options) (apply.Outcome, error) {
		return apply.SignIn(ctx, at, todo, r.decide, opt)
	})
	if err != nil {
		err = fmt.Errorf("stopped after %s: %w. What was done stands; the same command goes on from there", count(outcome.Done, "step"), err)
	}
	return r.result(outcome, elapsed, err)
}

// showPlan writes what would be done.
func (r *identityRun) showPlan(w io.Writer, have identity.Seen, todo *plan.Plan) {
	fmt.Fprintf(w, "Sign-in: %s\n         IAM Identity Center in %s, identity store %s (%s, management account %s)\n\n", identity.Link(r.sign.Portal, have.Store), r.sign.Region, have.Store, r.w.Name(), r.seen.Management)
	t := newTable(w, 2)
	for _, c := range todo.Changes {
		fmt.Fprintf(t, "  %s %s\t%s\t%s\t%s\n", c.Action.Mark(), c.Noun, orElse(c.Customer, "all"), clean(c.Name), clean(c.Detail))
	}
	t.Flush()
	waiting := map[string]bool{}
	for _, one := range todo.Waiting {
		if !waiting[one.Customer] {
			fmt.Fprintf(w, "  … %s: nobody is let in yet: %s\n", one.Customer, cleanLines(one.Why))
		}
		waiting[one.Customer] = true
	}
	for _, n := range todo.Notices {
		fmt.Fprintf(w, "  ! %s\n", clean(n.Text))
	}
	if todo.Empty() {
		fmt.Fprintln(w, "Nothing to do: who may sign in is as the file says.")
		return
	}
	if n := todo.Count(plan.Create, plan.AnAssignment); n > 0 {
		fmt.Fprintf(w, "\nTime: %s. AWS makes 15 assignments at a time, each in half a minute or so.\n", about(max(plan.AssigningTakes(n), 30*time.Second)))
	}
}
