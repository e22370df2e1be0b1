package plan_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"landlord/vend/plan"
	"landlord/vend/verify"
)

// TestOnly: the part of a plan that one customer needs keeps, in any order and after
// each step, what a whole plan keeps; it is enough for that customer, and leaves
// nothing of the kind; a plan of all then finds the rest.
func TestOnly(t *testing.T) {
	whole := 0
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 2))
		p, want := wanted(r)
		if len(want.Customers) == 0 {
			continue
		}
		have := drifted(r, want, earlier(r, p))
		todo, err := plan.Make(want, have, plan.Options{})
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		key := want.Customers[r.IntN(len(want.Customers))].Key
		part := plan.Only(todo, want, have, key)
		if len(part.Steps) == len(todo.Steps) {
			whole++
		}
		for i, s := range part.Steps {
			if s.ID != i || slices.ContainsFunc(s.After, func(before int) bool { return before >= len(part.Steps) }) {
				t.Fatalf("seed %d: step %d has the place %d after %v", seed, i, s.ID, s.After)
			}
		}
		got := after(t, want, have, part.Steps, shuffled(r, part.Steps))
		for _, c := range verify.Customers(want, got, key).Checks {
			if !c.Passed && c.Name != verify.Units {
				t.Errorf("seed %d: after the part for %s, %s of %s%s fails: %s", seed, key, c.Name, c.Customer, c.Tier, c.Fault)
			}
		}
		rest, err := plan.Make(want, got, plan.Options{})
		if err != nil {
			t.Fatalf("seed %d: a plan after the part: %v", seed, err)
		}
		if again := plan.Only(rest, want, got, key); !again.Empty() || len(again.Changes) > 0 {
			t.Errorf("seed %d: a second part for %s has %v and steps %v", seed, key, again.Changes, again.Steps)
		}
		last := after(t, want, got, rest.Steps, shuffled(r, rest.Steps))
		if passed, all := verify.Organization(want, last).Passed(); passed != all {
			t.Errorf("seed %d: a plan of all after the part leaves %d of %d checks failing", seed, all-passed, all)
		}
	}
	if whole > 150 {
		t.Errorf("%d of 300 parts were the whole: the test does not test", whole)
	}
}
