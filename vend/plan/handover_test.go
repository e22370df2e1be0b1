package plan_test

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"landlord/guard/guardrail"
	"landlord/org"
	"landlord/portfolio"
	"landlord/vend/blueprint"
	"landlord/vend/plan"
	"landlord/vend/verify"
)

// TestHandover: when a tier's set comes to take more policies, or fewer, or others
// of its rules stand in each, no account is without a rule of both at any moment,
// in any order, and nothing is left to do then.
func TestHandover(t *testing.T) {
	more, fewer := 0, 0
	for seed := range uint64(120) {
		r := rand.New(rand.NewPCG(seed, 3))
		p, _ := wanted(r)
		for i := range 8 { // so that each tier has one
			p.Customers = append(p.Customers, portfolio.Customer{Key: "d" + string(rune('a'+i)), Email: "d" + string(rune('a'+i)) + "@x.example", AccountName: "D " + string(rune('a'+i)), Tier: p.Tiers[i%len(p.Tiers)].Key})
		}
		before := packed(blueprint.From(p), 2_400+r.IntN(6_000))
		todo, err := plan.Make(before, org.Organization{}, plan.Options{})
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		have := after(t, before, org.Organization{}, todo.Steps, shuffled(r, todo.Steps))
		for i, tier := range p.Tiers { // a rule more somewhere pushes others on
			extra := guardrail.Rule{Sid: "Extra", Actions: []string{"s3:GetObject"}, Resources: []string{"arn:aws:s3:::extra"}, Set: guardrail.Added}
			if r.IntN(2) == 0 && !slices.ContainsFunc(p.Tiers, func(o portfolio.Tier) bool { return o.Key != tier.Key && o.Framework == tier.Framework }) {
				p.Tiers[i].Guardrails = []guardrail.Rule{extra}
			}
		}
		want := packed(blueprint.From(p), 2_400+r.IntN(6_000))
		for i, tier := range want.Tiers {
			switch was := len(before.Tiers[i].Policies); {
			case len(tier.Policies) > was:
				more++
			case len(tier.Policies) < was:
				fewer++
			}
		}
		if todo, err = plan.Make(want, have, plan.Options{}); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		got := after(t, want, have, todo.Steps, shuffled(r, todo.Steps))
		for _, c := range verify.Organization(want, got).Checks {
			if !c.Passed {
				t.Errorf("seed %d: %s of %s%s fails: %s", seed, c.Name, c.Customer, c.Tier, c.Fault)
			}
		}
		if rest, err := plan.Make(want, got, plan.Options{}); err != nil || !rest.Empty() {
			t.Errorf("seed %d: %v, and a second plan has %v", seed, err, rest.Changes)
		}
	}
	if more < 10 || fewer < 10 {
		t.Errorf("%d tiers came to more policies and %d to fewer: the test does not test", more, fewer)
	}
}

// TestTooManyPolicies: a set that takes more policies than a unit may carry is told,
// before anything is changed.
func TestTooManyPolicies(t *testing.T) {
	p := &portfolio.Portfolio{Organization: portfolio.Organization{Management: "999999999999"},
		Tiers:     []portfolio.Tier{{Key: "fintech", Framework: "SOC 2", Unit: "Customers-Fintech"}},
		Customers: []portfolio.Customer{{Key: "acme", Email: "a@x.example", AccountName: "Acme", Tier: "fintech"}}}
	want := packed(blueprint.From(p), 500)
	n := len(want.Tiers[0].Policies)
	_, err := plan.Make(want, org.Organization{}, plan.Options{PerTarget: n})
	if conflict, is := errors.AsType[*plan.Conflict](err); !is || len(conflict.Problems) != 1 {
		t.Errorf("%d policies where %d have place: %v", n, n-1, err)
	}
	if _, err := plan.Make(want, org.Organization{}, plan.Options{PerTarget: n + 1}); err != nil {
		t.Errorf("%d policies where as many have place beside AWS's own: %v", n, err)
	}
}
