package control

import (
	"fmt"
	"testing"

	"landlord/service/store"
	"landlord/vend/plan"
)

// TestLastTries: what a later attempt does again, or waits for, is counted once, as it
// is there.
func TestLastTries(t *testing.T) {
	step := func(customer string, kind plan.Kind, what, state string) store.Step {
		return store.Step{Customer: customer, Kind: string(kind), What: what, State: state}
	}
	steps := []store.Step{
		step("", plan.CreateUnit, "Customers-Fintech", store.StepDone),
		step("", plan.AttachPolicy, "landlord-soc2 to Customers-Fintech", store.StepSkipped), // AWS did it, and nobody was told
		step("", plan.AttachPolicy, "landlord-soc2 to Customers-Standard", store.StepSkipped),
		step("acme", plan.CreateAccount, "ACME Finance Inc", store.StepDone),
		step("acme", plan.MoveAccount, "ACME Finance Inc", store.StepFailed),
		step("quantum", plan.CreateAccount, "Quantum Bank Corp", store.StepSkipped),
		step("quantum", plan.MoveAccount, "Quantum Bank Corp", store.StepSkipped),
		step("old", plan.CloseAccount, "Old Inc", store.StepSkipped),
		// taken up
		step("", plan.AttachPolicy, "landlord-soc2 to Customers-Standard", store.StepDone),
		step("quantum", plan.AwaitAccount, "Quantum Bank Corp", store.StepSkipped),
		step("quantum", plan.MoveAccount, "Quantum Bank Corp", store.StepSkipped),
		step("acme", plan.MoveAccount, "ACME Finance Inc", store.StepDone),
		step("old", plan.AwaitClosure, "Old Inc", store.StepRunning),
		// and again
		step("quantum", plan.AwaitAccount, "Quantum Bank Corp", store.StepRunning),
		step("quantum", plan.MoveAccount, "Quantum Bank Corp", store.StepWaiting),
	}
	for i := range steps {
		steps[i].N = i
	}
	var got []int
	for _, s := range LastTries(steps) {
		got = append(got, s.N)
	}
	if want := "[0 1 3 8 11 12 13 14]"; fmt.Sprint(got) != want {
		t.Errorf("the last tries are %v, want %s", got, want)
	}
}
