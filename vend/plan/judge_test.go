package plan_test

import (
	"slices"
	"testing"

	"landlord/guard/guardrail"
	"landlord/internal/limits"
	"landlord/org"
	"landlord/vend/blueprint"
	"landlord/vend/plan"
)

// says tells whether a policy says what that of its name in a tier says.
func says(t blueprint.Tier, p org.Policy) bool {
	return slices.ContainsFunc(t.Policies, func(own guardrail.Policy) bool { return own.Name == p.Name && guardrail.Same(own.Document, p.Document) })
}

// kept fails the test if an account was under its tier's policy and no other
// tier's, and is not any more. It tells whether it is.
func kept(t *testing.T, want blueprint.Blueprint, have org.Organization, c blueprint.Customer, was bool) bool {
	t.Helper()
	i := slices.IndexFunc(have.Accounts, func(a org.Account) bool { return a.Tags[org.TagCustomer] == c.Key || a.Email == c.Email })
	if i < 0 {
		return false
	}
	holds, others := inForce(want, have, have.Accounts[i], c.Tier)
	if was && (!holds || len(others) > 0) {
		t.Fatalf("%s was held by %s's policy alone; now it is %t, others are %v", c.Key, c.Tier, holds, others)
	}
	return holds && len(others) == 0
}

// cover fails the test if an account was under a statement of its tier, from
// wherever a policy of the tier's framework held it, and is not any more. It tells
// which it is under.
func cover(t *testing.T, want blueprint.Blueprint, have org.Organization, c blueprint.Customer, a org.Account, was []string) (is []string) {
	t.Helper()
	over := []string{have.Root, string(a.ID)}
	for _, u := range chain(have, a) {
		over = append(over, u.ID)
	}
	tier := tierOf(want, c.Tier)
	for _, p := range have.Policies {
		if have.SCPs && p.Tags[org.TagFramework] == tier.Framework && slices.ContainsFunc(p.Targets, func(target string) bool { return slices.Contains(over, target) }) {
			is = append(is, guardrail.AllSids(p.Document)...)
		}
	}
	for _, sid := range was {
		if !slices.Contains(is, sid) && len(a.SCPs)+len(tier.Policies) < limits.PoliciesPerTarget { // else nothing can be lent to it
			t.Fatalf("%s was under %s; now it is not", c.Key, sid)
		}
	}
	return is
}

// guarded fails the test unless the account that a step moved is under its
// tier's policy, as wanted, and under no other. One that no policy can be lent to
// may be under others that it was under before.
func guarded(t *testing.T, want blueprint.Blueprint, have org.Organization, s plan.Step, before []string) {
	t.Helper()
	holds, others := inForce(want, have, *account(have, s.Target), s.Tier)
	if len(account(have, s.Target).SCPs)+len(tierOf(want, s.Tier).Policies) >= limits.PoliciesPerTarget {
		others = slices.DeleteFunc(others, func(name string) bool { return slices.Contains(before, name) })
	}
	if !holds || len(others) > 0 {
		t.Fatalf("%s enters %s: that its tier's policy holds there is %t, others are %v", s.Customer, s.To, holds, others)
	}
}

// returned fails the test if an account carries a tier's policy itself: what is
// lent is given back.
func returned(t *testing.T, seed uint64, want blueprint.Blueprint, have org.Organization) {
	t.Helper()
	for _, a := range want.Owners(have).Of {
		for _, p := range have.Policies {
			if p.Tags[org.TagFramework] != "" && slices.Contains(p.Targets, string(a.ID)) {
				t.Errorf("seed %d: account %s keeps %s, which its unit's holds", seed, a.ID, p.Name)
			}
		}
	}
}
