package apply_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"landlord/internal/limits"
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
		first, err := plan.Close(want, seen, keys, plan.Closing{})
		if err != nil {
			t.Fatal(err)
		}
		out, err := apply.Close(t.Context(), w, want, keys, plan.Closing{}, first, seen, apply.Options{Rules: w.Rules(), Seed: seed})
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

// TestOlderClosureQuota: told of the older quota, landlord asks for no more than it
// leaves; not told, it learns it from AWS's refusal, asks for nothing twice, and
// says on which day a place becomes free.
func TestOlderClosureQuota(t *testing.T) {
	older, _ := limits.QuotasNamed("2025")
	for _, tt := range []struct {
		name  string
		known plan.Closing
		calls int // at most
	}{
		{"told", plan.Closing{Quotas: older}, 10},
		{"not told", plan.Closing{}, 13},
	} {
		w := newWorld(t, simaws.Config{Seed: 1, Quotas: older})
		var text strings.Builder
		text.WriteString(five[:strings.Index(five, "customers:")] + "customers:\n")
		var keys []string
		for i := range 13 {
			keys = append(keys, fmt.Sprintf("c%d", i))
			fmt.Fprintf(&text, "  - {key: c%d, name: C%d, tier: standard, contact: x@c%d.example}\n", i, i, i)
		}
		p := load(t, text.String())
		if _, err := run(t.Context(), w, p, 1); err != nil {
			t.Fatal(err)
		}
		want := blueprint.From(p)
		seen, err := w.Observe(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		first, err := plan.Close(want, seen, keys, tt.known)
		if err != nil {
			t.Fatal(err)
		}
		out, err := apply.Close(t.Context(), w, want, keys, tt.known, first, seen, apply.Options{Rules: w.Rules(), Seed: 1})
		if err != nil {
			t.Fatal(err)
		}
		if n := w.Server.Metrics().Calls["CloseAccount"]; n < 10 || n > tt.calls {
			t.Errorf("%s: AWS was asked %d times to close accounts, want at most %d", tt.name, n, tt.calls)
		}
		closed, held := 0, 0
		for _, a := range out.Seen.Accounts {
			if a.Gone() {
				closed++
			}
		}
		free := w.Clock.Now().Add(limits.ClosingWindow).UTC().Format(time.DateOnly)
		for _, c := range out.Left.Changes {
			if strings.Contains(c.Detail, "until "+free+", when AWS's quota of closures leaves a place") {
				held++
			}
		}
		if closed != 10 || held != 3 || len(out.Left.Steps) != 0 {
			t.Errorf("%s: %d closed, %d held until %s; want 10 and 3: %+v", tt.name, closed, held, free, out.Left.Changes)
		}
	}
}
