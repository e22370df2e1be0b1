package apply

import (
	"context"
	"errors"
	"slices"

	"landlord/org"
	"landlord/vend/blueprint"
	"landlord/vend/execute"
	"landlord/vend/plan"
)

// Close closes the accounts of customers as Rounds carries out a portfolio; first
// is plan.Close of them. An account that AWS has once shown as closed is done,
// though AWS may show it open again for a while. Once AWS says that its quota of
// closures is used up, it is not asked again: what is left is Held until a place
// becomes free.
func Close(ctx context.Context, w World, want blueprint.Blueprint, keys []string, known plan.Closing, first *plan.Plan, seen org.Organization, opt Options) (Outcome, error) {
	known.Refused = slices.Clone(known.Refused)
	shut := map[string]bool{}
	watch := opt.Watch
	opt.Watch = func(events []execute.Event) {
		for _, e := range events {
			switch {
			case e.Step.Kind.Operation() != plan.CloseAccount.Operation():
			case e.State == execute.Done:
				shut[e.Step.Customer] = true
			case e.State == execute.Failed && errors.Is(e.Err, execute.ErrExhausted):
				known.Refused = append(known.Refused, e.Step.Customer)
			}
		}
		if watch != nil {
			watch(events)
		}
	}
	opt.Plan = func(seen org.Organization, _ plan.Options) (*plan.Plan, error) {
		var open []string
		for _, key := range keys {
			if !shut[key] {
				open = append(open, key)
			}
		}
		return plan.Close(want, seen, open, known)
	}
	out, err := Rounds(ctx, w, want, first, seen, opt)
	out.Refused = known.Refused
	return out, err
}
