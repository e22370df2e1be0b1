package control

import (
	"slices"

	"landlord/service/store"
	"landlord/vend/plan"
)

// LastTries are steps of a run without those that a later round, or whoever took the
// run up, has tried again: each call that the run is to make, once. They are in order
// of place, and stay so.
func LastTries(steps []store.Step) []store.Step {
	type try struct{ customer, kind, what string }
	again := make(map[try]bool, len(steps))
	var last []store.Step
	for _, s := range slices.Backward(steps) {
		is := try{s.Customer, s.Kind, s.What}
		switch plan.Kind(s.Kind) { // what an earlier attempt began is waited for
		case plan.AwaitAccount:
			is.kind = string(plan.CreateAccount)
		case plan.AwaitClosure:
			is.kind = string(plan.CloseAccount)
		}
		if !again[is] {
			last = append(last, s)
		}
		again[is] = true
	}
	slices.Reverse(last)
	return last
}
