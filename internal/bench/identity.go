package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"landlord/guard/identity"
	published "landlord/internal/limits"
	"landlord/portfolio"
	"landlord/simaws"
	"landlord/simulate"
	"landlord/vend/apply"
	"landlord/vend/blueprint"
	"landlord/vend/plan"
	"landlord/vend/verify"
)

// signIns lets the people of many customers into their accounts on a simulated AWS, in
// virtual time: beside what AWS's 15 assignments at a time allow.
func signIns(s settings) (broken bool, err error) {
	folio, err := portfolio.Load(example)
	if err != nil {
		return false, err
	}
	profile, err := simaws.ProfileNamed("typical")
	if err != nil {
		return false, err
	}
	fmt.Println("Sign-in: a person of each customer gets into its account, and a look that finds nothing left (virtual time, profile typical, seed 1)")
	fmt.Println()
	fmt.Println("| customers | steps | calls | allowed | took | of that | one look | for real | most memory |")
	fmt.Println("|--:|--:|--:|--:|--:|--:|--:|--:|--:|")
	scales := []int{5, 100, 10_000}
	if s.short {
		scales = []int{5, 100}
	}
	for _, n := range scales {
		r, err := enter(peopled(simulate.Scale(folio, n)), profile)
		if err != nil {
			return false, err
		}
		fmt.Printf("| %d | %d | %d | %s | %s | %.2f | %s | %.1f s | %s |\n", n, r.steps, r.calls, span(r.bound), span(r.took), r.took.Seconds()/r.bound.Seconds(), span(r.look), r.wall.Seconds(), r.memory)
		if r.throttled > 0 || r.left > 0 || r.took > r.bound+r.bound/5+3*time.Second {
			broken = true
			fmt.Printf("  %d calls throttled, %d things left\n", r.throttled, r.left)
		}
	}
	fmt.Printf("\nallowed is the most of two: assignments, %d at a time, each as long as the profile's, %s, which AWS publishes nowhere; calls of IAM Identity Center at its %.0f a\nsecond. landlord's limit is 1.2 times that and 3 s, no throttled call, and nothing left.\n", published.AssignmentsAtOnce, profile.Assignment, published.Of("sso:CreateAccountAssignment").Account.Rate)
	return broken, nil
}

// peopled is a portfolio in which each customer has one person.
func peopled(p *portfolio.Portfolio) *portfolio.Portfolio {
	p.SignIn = &portfolio.SignIn{Region: p.Organization.Regions[0], Users: portfolio.CreateUsers}
	for i := range p.Customers {
		c := &p.Customers[i]
		c.People = []portfolio.Person{{Email: "admin@" + c.Key + ".example", Roles: []string{portfolio.RoleAdmin}}}
	}
	return p
}

// entrance is IAM Identity Center of a simulated AWS.
type entrance struct {
	*simulate.World
	region string
}

func (e entrance) SignIn(ctx context.Context) (identity.Seen, error) {
	return e.Client().SignIn(ctx, e.region)
}

// enter lets the people of p into their accounts, which it makes first.
func enter(p *portfolio.Portfolio, profile simaws.Profile) (r settled, err error) {
	ctx := context.Background()
	w, err := simulate.NewWorld(simaws.Config{Profile: profile, Seed: 1, Organization: true, ManagementAccount: string(p.Organization.Management), AccountIDs: simulate.AccountIDs(p), AccountQuota: len(p.Customers) + 10})
	if err != nil {
		return r, err
	}
	defer w.Close()
	want := blueprint.From(p)
	seen, err := vend(ctx, w, want)
	if err != nil {
		return r, err
	}
	sign, _ := identity.From(p)
	doors := verify.Doors(want, seen, verify.Organization(want, seen), nil)
	next := func(have identity.Seen) (*plan.Plan, error) {
		return plan.SignIn(sign, have, doors, plan.SignInOptions{})
	}
	at := entrance{w, sign.Region}
	before := w.Server.Metrics()
	began, wall := w.Clock.Now(), time.Now()
	have, err := at.SignIn(ctx)
	if err != nil {
		return r, err
	}
	todo, err := next(have)
	if err != nil {
		return r, err
	}
	out, err := apply.SignIn(ctx, at, todo, next, apply.Options{Rules: w.Rules(), Seed: 1})
	if err != nil {
		return r, err
	}
	r.took, r.wall = w.Clock.Now().Sub(began), time.Since(wall)
	r.steps, r.left = out.Done, len(out.Failures)+len(out.Left.Changes)
	looking := w.Clock.Now()
	if _, err = at.SignIn(ctx); err != nil {
		return r, err
	}
	r.look = w.Clock.Now().Sub(looking)
	after, center := w.Server.Metrics(), 0
	for operation, n := range after.Calls {
		if n -= before.Calls[operation]; strings.HasPrefix(operation, "sso:") {
			center += n
		}
		if strings.HasPrefix(operation, "sso:") || strings.HasPrefix(operation, "identitystore:") {
			r.calls += n
			r.throttled += after.Throttled[operation] - before.Throttled[operation]
		}
	}
	rounds := (len(p.Customers) + published.AssignmentsAtOnce - 1) / published.AssignmentsAtOnce
	r.bound = max(time.Duration(rounds)*profile.Assignment, time.Duration(float64(center)/published.Of("sso:CreateAccountAssignment").Account.Rate*float64(time.Second)))
	r.memory = fmt.Sprintf("%d MB", peak(os.Getpid()))
	return r, nil
}
