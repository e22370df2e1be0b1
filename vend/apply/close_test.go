package apply_test

import (
	"testing"
	"time"

	"landlord/org"
	"landlord/simaws"
	"landlord/vend/apply"
	"landlord/vend/blueprint"
	"landlord/vend/plan"
)

// TestClosedAccountShownOpen: AWS shows accounts that it closes open again for
// twenty minutes. They are waited for, and AWS is asked once for each; lost
// answers are asked for again without closing anything twice.
func TestClosedAccountShownOpen(t *testing.T) {
	for seed := range uint64(20) {
		w := newWorld(t, simaws.Config{Seed: seed, Faults: &simaws.Faults{Rules: []simaws.FaultRule{
			{Kind: simaws.FlappingState, Rate: 1, For: 20 * time.Minute},
			{Kind: simaws.CutAfter, Operation: "CloseAccount", Calls: []int{1}},
			{Kind: simaws.CutBefore, Operation: "DescribeAccount", Rate: 0.2},
		}}})
		p := load(t, five)
		if _, err := run(t.Context(), w, p, seed); err != nil {
			t.Fatal(err)
		}
		want, keys := blueprint.From(p), []string{"acme", "quantum", "startup", "techgov"}
		seen, err := w.Observe(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		first, err := plan.Close(want, seen, keys)
		if err != nil {
			t.Fatal(err)
		}
		out, err := apply.Close(t.Context(), w, want, keys, first, seen, apply.Options{Rules: w.Rules(), Seed: seed})
		if err != nil || !out.Complete() {
			t.Fatalf("seed %d: %v, failures %+v, left %+v", seed, err, out.Failures, out.Left)
		}
		if n := w.Server.Metrics().Calls["CloseAccount"]; n > len(keys)+1 { // one answer was lost
			t.Errorf("seed %d: AWS was asked %d times to close %d accounts", seed, n, len(keys))
		}
		if n := w.Server.Metrics().Throttled["CloseAccount"]; n > 0 {
			t.Errorf("seed %d: %d of the calls were too early", seed, n)
		}
		w.Clock.Advance(time.Hour)
		if seen, err = w.Observe(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, a := range seen.Accounts {
			closed := a.State == org.Closed
			switch a.Tags[org.TagCustomer] {
			case "acme", "quantum", "startup", "techgov":
				if !closed || a.Tags[org.TagClosed] == "" {
					t.Errorf("seed %d: %s is %s, tags %v", seed, a.Name, a.State, a.Tags)
				}
			default:
				if closed {
					t.Errorf("seed %d: %s was closed unasked", seed, a.Name)
				}
			}
		}
	}
}
