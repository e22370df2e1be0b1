package control

import (
	"context"
	"errors"
	"maps"
	"testing"
	"time"

	"landlord/org"
	"landlord/portfolio"
	"landlord/service/store"
	"landlord/service/store/storetest"
	"landlord/vend/blueprint"
	"landlord/vend/execute"
	"landlord/vend/plan"
)

// TestScribe: whatever order a step's states come in, its row is one that the
// database takes.
func TestScribe(t *testing.T) {
	d := storetest.Fresh(t)
	s, err := store.Open(t.Context(), d.Logins())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	at := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	err = s.Operator(t.Context(), func(tx store.Tx) error {
		return tx.AddRun(t.Context(), store.Run{ID: "r", Kind: store.RunApply, AskedBy: "ada", AskedAt: at})
	})
	if err != nil {
		t.Fatal(err)
	}
	sc := newScribe("r", 0, func(ctx context.Context, rows []store.Step, _ *pause) error {
		return s.Operator(ctx, func(tx store.Tx) error { return tx.PutSteps(ctx, rows) })
	}, func(err error) { t.Error(err) })
	step := plan.Step{Kind: plan.CreateAccount, Customer: "acme"}
	all := []execute.State{execute.Waiting, execute.Running, execute.Working, execute.Retrying, execute.Held, execute.Done, execute.Failed, execute.Later, execute.Skipped}
	for _, first := range all {
		for _, second := range all {
			sc.round(&plan.Plan{Steps: []plan.Step{step}}, at)
			for _, state := range []execute.State{first, second} {
				sc.events([]execute.Event{{At: at.Add(time.Second), Step: step, State: state, Err: errors.New("why")}, {At: at.Add(time.Second), Step: step, State: state}})
				sc.flush(t.Context())
				if t.Failed() {
					t.Fatalf("%s, then %s", first, second)
				}
			}
		}
	}
}

// TestUnitsOfOneName: the units that two tiers have of one region are two steps, made
// or renamed; one that is tried again is the same step, whatever has got an id.
func TestUnitsOfOneName(t *testing.T) {
	s := storetest.New(t)
	at := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	folio, err := portfolio.Parse("two.yaml", []byte(`
provider: {name: Example, account_email: "aws+{customer}@landlord.example"}
organization: {target: simulated, management_account: "111122223333"}
tiers: {fintech: {units: by-region}, healthcare: {units: by-region}}
customers:
  - {key: acme, name: ACME, tier: fintech, contact: a@acme.example, region: us-east-1}
  - {key: medi, name: Medi, tier: healthcare, contact: m@medi.example, region: us-east-1}
`))
	if err != nil {
		t.Fatal(err)
	}
	p, err := plan.Make(blueprint.From(folio), org.Organization{}, plan.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []plan.Ref{"ou-a", "ou-b"} {
		p.Steps = append(p.Steps, plan.Step{ID: len(p.Steps), Kind: plan.RenameUnit, Name: "eu-west-1", Target: id})
	}
	operate := func(fn func(store.Tx) error) {
		t.Helper()
		if err := s.Operator(t.Context(), fn); err != nil {
			t.Fatal(err)
		}
	}
	operate(func(tx store.Tx) error {
		return tx.AddRun(t.Context(), store.Run{ID: "r", Kind: store.RunApply, AskedBy: "ada", AskedAt: at})
	})
	sc := newScribe("r", 0, func(ctx context.Context, rows []store.Step, _ *pause) error {
		return s.Operator(ctx, func(tx store.Tx) error { return tx.PutSteps(ctx, rows) })
	}, func(err error) { t.Error(err) })
	tally := func(want map[string]int) {
		t.Helper()
		sc.flush(t.Context())
		operate(func(tx store.Tx) error {
			got, err := tx.Tally(t.Context(), "r")
			if !maps.Equal(got, want) {
				t.Errorf("the steps are %v, want %v", got, want)
			}
			return err
		})
	}

	sc.round(p, at)
	failed, regions := false, 0
	var again plan.Plan
	for _, step := range p.Steps {
		state := execute.Done
		if step.Kind == plan.CreateUnit && step.Name == "us-east-1" {
			regions++
			if !failed { // then the one of the other tier is made
				failed, state = true, execute.Failed
				step := step
				step.ID, step.To = 0, "ou-c" // by then
				again.Steps = []plan.Step{step}
			}
		}
		sc.events([]execute.Event{{At: at, Step: step, State: state, Err: map[bool]error{true: errors.New("refused")}[state == execute.Failed]}})
	}
	if regions != 2 {
		t.Fatalf("there are %d units of the region, want one of each tier", regions)
	}
	all := len(p.Steps)
	tally(map[string]int{store.StepDone: all - 1, store.StepFailed: 1})
	sc.round(&again, at)
	sc.events([]execute.Event{{At: at, Step: again.Steps[0], State: execute.Done}})
	tally(map[string]int{store.StepDone: all})
}
