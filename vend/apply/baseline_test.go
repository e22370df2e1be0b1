package apply_test

import (
	"context"
	"fmt"
	"testing"

	"landlord/simaws"
	"landlord/simulate"
	"landlord/vend/apply"
	"landlord/vend/blueprint"
	"landlord/vend/execute"
	"landlord/vend/plan"
)

// settle looks, plans and carries out baselines, as `landlord baseline apply` does.
func settle(ctx context.Context, w apply.World, text string, t *testing.T, rules execute.Rules, seed uint64, keys ...string) (apply.Outcome, *apply.Baselines, error) {
	t.Helper()
	p := load(t, text)
	b := &apply.Baselines{World: w, Want: blueprint.From(p), Regions: p.Organization.Regions, Keys: keys, Rules: rules, Seed: seed}
	seen, err := b.Observe(ctx)
	if err != nil {
		return apply.Outcome{}, b, err
	}
	todo, err := b.Plan(seen, plan.Options{})
	if err != nil {
		return apply.Outcome{}, b, err
	}
	out, err := apply.Rounds(ctx, b, b.Want, todo, seen, apply.Options{Rules: rules, Seed: seed, Plan: b.Plan})
	return out, b, err
}

// gaps are what every customer lacks, a line each.
func gaps(b *apply.Baselines) (lines []string) {
	for _, g := range b.Last.Logs.Gaps(b.Last.LogsSeen) {
		lines = append(lines, fmt.Sprintf("%s %s %s", g.Piece, g.State, g.Detail))
	}
	for _, of := range b.Last.Of {
		for _, g := range of.Gaps() {
			lines = append(lines, fmt.Sprintf("%s: %s %s %s %s %s", of.Customer, g.Region, g.Piece, g.State, g.Name, g.Detail))
		}
	}
	for _, u := range b.Last.Unready {
		lines = append(lines, u.Customer+": "+u.Why)
	}
	return lines
}

func deployed(t *testing.T, cfg simaws.Config, text string) *simulate.World {
	t.Helper()
	w := newWorld(t, cfg)
	if _, err := run(t.Context(), w, load(t, text), 1); err != nil {
		t.Fatal(err)
	}
	return w
}

// TestBaseline: before an account stands in its unit it gets none; then every
// framework's comes about under its own guardrails, which protect it from
// everybody else; a second run finds nothing to do.
func TestBaseline(t *testing.T) {
	empty := newWorld(t, simaws.Config{Seed: 1})
	out, b, err := settle(t.Context(), empty, five, t, empty.Rules(), 1)
	if err != nil || len(b.Last.Unready) != 5 {
		t.Fatalf("without accounts: %v, %v", gaps(b), err)
	}
	if out.Made[plan.PutRecorder] != 0 {
		t.Errorf("without accounts: %v", out.Made)
	}
	w := deployed(t, simaws.Config{Seed: 1}, five)
	out, b, err = settle(t.Context(), w, five, t, w.Rules(), 1)
	if err != nil || !out.Complete() {
		t.Fatalf("%v %+v\n%v", err, out.Failures, gaps(b))
	}
	if g := gaps(b); len(g) > 0 {
		t.Errorf("left: %v", g)
	}
	for kind, want := range map[plan.Kind]int{plan.PutRecorder: 5, plan.PutChannel: 5, plan.StartRecord: 5, plan.PutPack: 5, plan.CreateTrail: 1, plan.CreateBucket: 1} {
		if out.Made[kind] != want {
			t.Errorf("%s: %d, want %d", kind, out.Made[kind], want)
		}
	}
	out, b, err = settle(t.Context(), w, five, t, w.Rules(), 2)
	if err != nil || out.Done != 0 || !out.Complete() {
		t.Errorf("a second run did %d steps: %v %v", out.Done, gaps(b), err)
	}
	if len(b.Last.Of) != 5 {
		t.Errorf("%d accounts", len(b.Last.Of))
	}
}
