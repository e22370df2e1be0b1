package control

import (
	"context"
	"errors"
	"testing"
	"time"

	"landlord/service/store"
	"landlord/service/store/storetest"
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
