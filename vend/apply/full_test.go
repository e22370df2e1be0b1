package apply_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"landlord/internal/limits"
	"landlord/org"
	"landlord/simaws"
	"landlord/vend/blueprint"
	"landlord/vend/execute"
	"landlord/vend/plan"
	"landlord/vend/preflight"
)

// TestFullAccountsHoldNobodyUp: two tiers' policies are on the root alone, and
// to an account of each AWS lets no policy more be attached. A customer of a third
// tier comes, and all reach their units. Such an account cannot be suspended:
// that is said before, with how many policies have to come off.
func TestFullAccountsHoldNobodyUp(t *testing.T) {
	p := load(t, five)
	w := newWorld(t, simaws.Config{Seed: 3})
	w.Asks = blueprint.From(p).Asks
	without := load(t, strings.Join(slices.DeleteFunc(strings.Split(five, "\n"), func(line string) bool { return strings.Contains(line, "startup") }), "\n"))
	if _, err := run(t.Context(), w, without, 1); err != nil {
		t.Fatal(err)
	}
	seen, err := w.Observe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	do := func(s plan.Step) string {
		t.Helper()
		w.Clock.Advance(3e9)
		r, err := w.Client().Do(t.Context(), execute.Call{Step: s})
		if err != nil {
			t.Fatalf("%s: %v", s.Kind, err)
		}
		return r.ID
	}
	var theirs []plan.Ref
	for i := range limits.PoliciesPerTarget - 1 {
		theirs = append(theirs, plan.Ref(do(plan.Step{Kind: plan.CreatePolicy, Name: fmt.Sprint("theirs-", i),
			Document: fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"s3:x%d","Resource":"*"}]}`, i)})))
	}
	of := blueprint.From(p).Owners(seen).Of
	full := []org.AccountID{of["acme"].ID, of["medicorp"].ID}
	for i, policy := range []string{"landlord-soc2", "landlord-hipaa"} {
		seen := seen.Policies[slices.IndexFunc(seen.Policies, func(p org.Policy) bool { return p.Name == policy })]
		a := of[[]string{"acme", "medicorp"}[i]]
		do(plan.Step{Kind: plan.MoveAccount, Target: plan.Ref(a.ID), From: plan.Ref(a.Parent), To: plan.Ref(of["techgov"].Parent)})
		do(plan.Step{Kind: plan.DetachPolicy, Target: plan.Ref(seen.ID), To: plan.Ref(seen.Targets[0])})
		for _, id := range theirs {
			do(plan.Step{Kind: plan.AttachPolicy, Target: id, To: plan.Ref(a.ID)})
		}
	}
	for _, p := range seen.Policies {
		if p.Name == "landlord-soc2" || p.Name == "landlord-hipaa" {
			do(plan.Step{Kind: plan.AttachPolicy, Target: plan.Ref(p.ID), To: plan.Ref(seen.Root)})
		}
	}
	out, err := run(t.Context(), w, p, 2)
	if err != nil || len(out.Failures) > 0 || out.Rounds > 2 {
		t.Errorf("it took %d rounds, %v, %+v", out.Rounds, err, out.Failures)
	}
	check(t, w, p)

	do(plan.Step{Kind: plan.Tag, Target: plan.Ref(full[0]), Tags: org.Tags{org.TagSuspended: "2026-01-01T00:00:00Z"}})
	if seen, err = w.Observe(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := plan.Suspend(blueprint.From(p), seen, "acme"); err == nil || !strings.Contains(err.Error(), "account "+string(full[0])+" carries 10 policies") || !strings.Contains(err.Error(), "detach 1 of them") {
		t.Errorf("suspending it says %v", err)
	}
	report := preflight.Check(preflight.Question{Grown: blueprint.From(p), Target: 5, Seen: seen, Limits: preflight.Known(limits.Present(), ""), Quotas: limits.Present()})
	stops := report.Stops()
	if len(stops) != 1 || stops[0].Name != preflight.PerTarget || stops[0].Who != "account "+string(full[0]) || !strings.Contains(stops[0].Note, "detach 1 from account "+string(full[0])) {
		t.Errorf("preflight says %+v", stops)
	}
}
