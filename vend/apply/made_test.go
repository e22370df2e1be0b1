package apply

import (
	"maps"
	"testing"

	"landlord/vend/execute"
	"landlord/vend/plan"
)

// TestMadeCountsThings: what is made again under its name or its id is one thing,
// and what was attached and taken off is none.
func TestMadeCountsThings(t *testing.T) {
	done := func(s plan.Step, id string) execute.Event {
		return execute.Event{Step: s, State: execute.Done, Answer: execute.Result{ID: id}}
	}
	unit, policy := plan.Step{Kind: plan.CreateUnit, Makes: "@unit/fintech"}, plan.Step{Kind: plan.CreatePolicy, Makes: "@policy/soc2"}
	attach := func(policy, to plan.Ref) plan.Step {
		return plan.Step{Kind: plan.AttachPolicy, Target: policy, To: to}
	}
	m := newMade(map[plan.Kind]int{})
	for _, e := range []execute.Event{
		done(unit, "ou-1"), done(policy, "p-1"), done(attach("@policy/soc2", "@unit/fintech"), ""),
		done(unit, "ou-1"), done(attach("p-1", "@unit/fintech"), ""), done(attach("p-1", "ou-1"), ""), // lists that lagged behind
		{Step: plan.Step{Kind: plan.CreateUnit, Makes: "@unit/other"}, State: execute.Failed},
		done(attach("p-1", "000000000001"), ""), done(plan.Step{Kind: plan.MoveAccount, Target: "000000000001", To: "ou-1"}, ""),
		done(plan.Step{Kind: plan.DetachPolicy, Target: "p-1", To: "000000000001"}, ""), // what was lent
		done(plan.Step{Kind: plan.DetachPolicy, Target: "p-1", To: "r-1"}, ""),          // what was there before
	} {
		m.event(e)
	}
	want := map[plan.Kind]int{plan.CreateUnit: 1, plan.CreatePolicy: 1, plan.AttachPolicy: 1, plan.MoveAccount: 1, plan.DetachPolicy: 2}
	if !maps.Equal(m.of, want) {
		t.Errorf("made is %v, want %v", m.of, want)
	}
}
