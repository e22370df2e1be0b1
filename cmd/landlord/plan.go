package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"landlord/internal/limits"
	"landlord/internal/money"
	"landlord/org"
	"landlord/portfolio"
	"landlord/simaws"
	"landlord/simulate"
	"landlord/vend/blueprint"
	"landlord/vend/execute"
	"landlord/vend/plan"
	"landlord/vend/preflight"
)

func (p *program) planCommand() *cobra.Command {
	var detailed bool
	c := &cobra.Command{
		Use:   "plan [FILE]",
		Short: "Show what apply would change",
		Long: `plan compares the portfolio with the organization as it is and shows what apply
would create, move, change and adopt, and about how long that takes. It changes
nothing.`,
		Example: `  landlord plan -f examples/five-customers.yaml
  landlord plan -f portfolio.yaml --detailed-exitcode   # 0 nothing to do, 2 changes, 1 error`,
	}
	p.portfolioFlags(c)
	f := p.worldFlags(c)
	f.creationFlags(c)
	l := limitsFlags(c)
	c.Flags().BoolVar(&p.json, "json", false, "print the plan as JSON")
	c.Flags().BoolVar(&detailed, "detailed-exitcode", false, "exit with 2 when there are changes")
	c.RunE = func(c *cobra.Command, args []string) error {
		folio, err := p.load(args)
		if err != nil {
			return err
		}
		f.reads = true
		w, rules, err := p.open(c.Context(), folio, f)
		if err != nil {
			return err
		}
		defer w.Close()
		todo, seen, err := p.plan(c.Context(), folio, w, l)
		if err != nil {
			return err
		}
		left, err := p.roomFor(c.Context(), folio, w, l, todo, seen)
		if err != nil {
			return err
		}
		took, err := estimate(c.Context(), todo, rules, f)
		if err != nil {
			return err
		}
		if p.json {
			if err := printJSON(p.stdout, planJSON{todo, summaryOf(todo), took.Low.Seconds(), took.High.Seconds(), orphansOf(todo), left.stops, left.doubt}); err != nil {
				return err
			}
		} else {
			showPlan(p.stdout, folio, w.Name(), todo, took, rules.Rate != nil)
			left.show(p.stdout)
		}
		if detailed && !todo.Empty() {
			return exit(exitChanges)
		}
		return nil
	}
	return c
}

// planJSON is what `plan --json` prints: the plan's own fields, "summary",
// how long it is expected to take, "orphans", and the limits that stop it.
type planJSON struct {
	*plan.Plan
	Summary summary  `json:"summary"`
	Low     float64  `json:"estimate_seconds_low"`
	High    float64  `json:"estimate_seconds_high"`
	Orphans []orphan `json:"orphans"`

	Stops []preflight.Finding `json:"stops,omitempty"` // limits that it cannot pass
	Doubt []string            `json:"doubt,omitempty"` // what is not known of them
}

type summary struct {
	Create int `json:"create"`
	Change int `json:"change"`
	Move   int `json:"move"`
	Adopt  int `json:"adopt"`
	Wait   int `json:"wait"`
	Close  int `json:"close,omitempty"`  // only of `customer close`
	Remove int `json:"remove,omitempty"` // units of landlord's that are empty
}

type orphan struct {
	Account  org.AccountID `json:"account"`
	Customer string        `json:"customer"` // the key it is tagged for
	Name     string        `json:"name"`

	Suspended string `json:"suspended,omitempty"` // since when; "" if it is not
}

func summaryOf(p *plan.Plan) summary {
	return summary{p.Count(plan.Create), p.Count(plan.Modify), p.Count(plan.Move), p.Count(plan.Adopt), p.Count(plan.Wait), p.Count(plan.Shut), p.Count(plan.Remove)}
}

func orphansOf(p *plan.Plan) []orphan {
	orphans := []orphan{}
	for _, a := range p.Orphans {
		orphans = append(orphans, orphan{a.ID, a.Tags[org.TagCustomer], a.Name, a.Tags[org.TagSuspended]})
	}
	return orphans
}

// plan looks at the organization and plans.
func (p *program) plan(ctx context.Context, folio *portfolio.Portfolio, w world, l *limitFlags) (*plan.Plan, org.Organization, error) {
	seen, err := w.Observe(ctx)
	if err != nil {
		return nil, seen, err
	}
	if err := owned(folio, seen); err != nil {
		return nil, seen, err
	}
	todo, err := plan.Make(blueprint.From(folio), seen, plan.Options{PerTarget: l.perTarget(folio)})
	if err != nil {
		return nil, seen, fmt.Errorf("no plan can be made; nothing was changed: %w", err)
	}
	return todo, seen, nil
}

// estimate is how long the plan would take: with the latencies of --profile,
// which for AWS itself are estimates, since it publishes none.
func estimate(ctx context.Context, todo *plan.Plan, rules execute.Rules, f *worldFlags) (simulate.Range, error) {
	profile, err := expected(f)
	if err != nil {
		return simulate.Range{}, err
	}
	return simulate.Estimate(ctx, todo.Steps, rules, profile, f.seed)
}

// expected is the profile that a forecast is made with.
func expected(f *worldFlags) (simaws.Profile, error) {
	if f.pace == "off" {
		return simaws.ProfileNamed("instant")
	}
	return profileNamed(f.profile)
}

// showPlan writes the plan for people: what it is about, the changes by tier,
// what it comes to, and how long it takes.
func showPlan(w io.Writer, folio *portfolio.Portfolio, where string, todo *plan.Plan, took simulate.Range, paced bool) {
	showChanges(w, folio, where, todo)
	if todo.Empty() {
		return
	}
	fmt.Fprintf(w, "Time: %s.\n", expectation(todo, took, paced))
	if n := todo.Count(plan.Create, plan.AnAccount); n > 0 && paced {
		fmt.Fprintf(w, "      AWS takes %d account creations at once, then one every %s, and works on %d at a time.\n",
			limits.Of(creation).Account.Burst, exact(time.Duration(float64(time.Second)/limits.Of(creation).Account.Rate)), limits.CreationsInFlight)
	}
}

// showChanges writes the plan for people but for how long it takes.
func showChanges(w io.Writer, folio *portfolio.Portfolio, where string, todo *plan.Plan) {
	colour := paint(w)
	id := todo.Organization
	if id == "" {
		id = "none yet"
	}
	fmt.Fprintf(w, "Organization: %s (%s, management account %s), %d of %s there\n", id, where, folio.Organization.Management, todo.Present, count(todo.Customers, "customer"))
	for _, group := range byTier(folio, todo) {
		fmt.Fprintln(w)
		if group.title != "" {
			fmt.Fprintf(w, "  %s\n", colour(bold, group.title))
		}
		t := newTable(w, 2)
		for _, c := range group.changes {
			name, detail := clean(c.Name), clean(c.Detail)
			if c.Customer != "" {
				name, detail = c.Customer, name+"  "+detail
			}
			fmt.Fprintf(t, "    %s %s\t%s\t%s\n", c.Action.Mark(), c.Noun, name, detail)
			for _, line := range c.Loses {
				fmt.Fprintf(t, "\t\t  loses %s\n", clean(line))
			}
			for _, line := range c.Gains {
				fmt.Fprintf(t, "\t\t  gains %s\n", clean(line))
			}
		}
		t.Flush()
	}
	if len(todo.Suspended) > 0 {
		fmt.Fprintf(w, "\n  %s\n", colour(bold, "suspended; apply keeps them so"))
		for _, s := range todo.Suspended {
			fmt.Fprintf(w, "    ! account %s  %s  suspended since %s. `landlord customer resume %s` ends it\n", s.Account, s.Customer, cmp.Or(clean(s.Since), "an unknown time"), s.Customer)
		}
	}
	if len(todo.Orphans) > 0 {
		fmt.Fprintf(w, "\n  %s\n", colour(bold, "not in the file; left alone"))
		for _, a := range todo.Orphans {
			of := a.Tags[org.TagCustomer]
			if since, is := a.Tags[org.TagSuspended]; is {
				of += ", suspended since " + clean(since)
			}
			fmt.Fprintf(w, "    ! account %s  %s  tagged for %s. Add it under `departed:`, or as `formerly:` of who it became; `landlord customer close %s` closes it\n", a.ID, clean(a.Name), of, a.Tags[org.TagCustomer])
		}
	}
	if len(todo.Notices) > 0 {
		fmt.Fprintf(w, "\n  %s\n", colour(bold, "to decide; nothing is done about it"))
		for _, n := range todo.Notices {
			fmt.Fprintf(w, "    ! %s\n", clean(n.Text))
		}
	}
	fmt.Fprintln(w)
	switch {
	case todo.Empty() && len(todo.Invited) > 0:
		fmt.Fprintf(w, "Nothing to do until %s: what is said above must be done by somebody else.\n", waitsFor(len(todo.Invited)))
		return
	case todo.Empty():
		fmt.Fprintln(w, "Nothing to do: the organization is as the file says.")
		return
	}
	changes, rest := inSum(todo)
	fmt.Fprintf(w, "Plan: %s\n      %s\n", colour(bold, changes), rest)
}

// expectation is how long a plan is said to take. Where no rates hold, the
// endpoint alone decides that, but for what --creations-per-hour holds.
func expectation(todo *plan.Plan, took simulate.Range, paced bool) string {
	switch {
	case paced:
		return between(took.Low, took.High)
	case took.High >= time.Minute:
		return fmt.Sprintf("%s at least: no more creations are wanted in an hour", between(took.Low, took.High))
	}
	return "as fast as the endpoint answers " + count(len(todo.Steps), "call")
}

// waitsFor is what accounts outside must do.
func waitsFor(n int) string {
	if n == 1 {
		return "1 account joins"
	}
	return count(n, "account") + " join"
}

// creation is the operation that limits a plan that creates accounts.
var creation = plan.CreateAccount.Operation()

// inSum is the plan in two sentences: what happens, and what does not.
func inSum(todo *plan.Plan) (changes, rest string) {
	var parts []string
	if n := todo.Count(plan.Create); n > 0 {
		var of []string
		for _, noun := range nouns {
			if k := todo.Count(plan.Create, noun); k > 0 {
				of = append(of, count(k, noun))
			}
		}
		parts = append(parts, fmt.Sprintf("%s to create (%s)", money.Group(fmt.Sprint(n)), strings.Join(of, ", ")))
	}
	var none []string
	for _, a := range []struct {
		action plan.Action
		verb   string
		not    string
	}{{plan.Adopt, "to adopt", ""}, {plan.Modify, "to change", "changes"}, {plan.Move, "to move", "moves"}, {plan.Remove, "to remove", ""}, {plan.Wait, "to wait for", ""}, {plan.Shut, "to close", "closes"}} {
		if n := todo.Count(a.action); n > 0 {
			parts = append(parts, fmt.Sprintf("%s %s", money.Group(fmt.Sprint(n)), a.verb))
		} else if a.not != "" {
			none = append(none, a.not)
		}
	}
	last := len(none) - 1
	if last < 0 {
		return strings.Join(parts, ", ") + ".", ""
	}
	nothing := none[last]
	if last > 0 {
		nothing = strings.Join(none[:last], ", ") + " or " + none[last]
	}
	return strings.Join(parts, ", ") + ".", "Nothing " + nothing + "."
}

// group is the changes of one tier.
type group struct {
	title   string
	changes []plan.Change
}

// nouns are the kinds of change in the order in which a group shows them.
var nouns = []string{plan.TheOrganization, plan.TheRoot, plan.AUnit, plan.APolicy, plan.AnAttachment, plan.AnAccount}

// byTier groups the changes: first what serves all, then by tier in the file's
// order; within a tier by noun.
func byTier(folio *portfolio.Portfolio, todo *plan.Plan) []group {
	of := map[string][]plan.Change{}
	for _, noun := range nouns {
		for _, c := range todo.Changes {
			if c.Noun == noun {
				of[c.Tier] = append(of[c.Tier], c)
			}
		}
	}
	var groups []group
	if len(of[""]) > 0 {
		groups = append(groups, group{"", of[""]})
	}
	for _, t := range folio.Tiers {
		if len(of[t.Key]) > 0 {
			groups = append(groups, group{t.Key + " · " + t.Framework, of[t.Key]})
		}
	}
	return groups
}
