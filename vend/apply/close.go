package apply

import (
	"context"

	"landlord/org"
	"landlord/vend/blueprint"
	"landlord/vend/execute"
	"landlord/vend/plan"
)

// Close closes the accounts of customers as Rounds carries out a portfolio; first
// is plan.Close of them. An account that AWS has once shown as closed is done,
// though AWS may show it open again for a while.
func Close(ctx context.Context, w World, want blueprint.Blueprint, keys []string, first *plan.Plan, seen org.Organization, opt Options) (Outcome, error) {
	shut := map[string]bool{}
	watch := opt.Watch
	opt.Watch = func(events []execute.Event) {
		for _, e := range events {
			if e.State == execute.Done && e.Step.Kind.Operation() == plan.CloseAccount.Operation() {
				shut[e.Step.Customer] = true
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
		return plan.Close(want, seen, open)
	}
	return Rounds(ctx, w, want, first, seen, opt)
}
