package simulate

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"landlord/internal/clock"
	"landlord/simaws"
	"landlord/vend/execute"
	"landlord/vend/plan"
)

// Estimate is how long the steps of a plan would take: the executor carries
// them out in virtual time, with the latencies of a profile and no AWS at all.
// Nothing fails in it, so it is what to expect of a run without trouble.
func Estimate(ctx context.Context, steps []plan.Step, rules execute.Rules, profile simaws.Profile, seed uint64) (time.Duration, error) {
	c := clock.NewVirtual(Start)
	under := map[string]time.Time{} // creations under way → when they end
	created := 0
	answer := func(_ context.Context, call execute.Call) (execute.Result, time.Duration, error) {
		took := profile.CallLatency(call.Operation)
		switch {
		case call.Purpose == execute.Watch:
			return execute.Result{Working: slices.Sorted(maps.Keys(still(under, c.Now())))}, took, nil
		case call.Purpose == execute.Confirm:
			return execute.Result{ID: call.Step.Handle}, took, nil
		case call.Step.Kind == plan.CreateAccount:
			created++
			handle := fmt.Sprintf("%012d", created)
			latency := profile.CreationLatency(seed, created)
			if latency == 0 {
				return execute.Result{ID: handle}, took, nil
			}
			under[handle] = c.Now().Add(latency)
			return execute.Result{Handle: handle}, took, nil
		}
		return execute.Result{ID: fmt.Sprint("id-", call.Step.ID)}, took, nil
	}
	err := execute.Rehearse(ctx, execute.New(steps, rules, seed), answer, c, nil, nil)
	return c.Now().Sub(Start), err
}

// still drops what has ended by now.
func still(under map[string]time.Time, now time.Time) map[string]time.Time {
	maps.DeleteFunc(under, func(_ string, end time.Time) bool { return !end.After(now) })
	return under
}
