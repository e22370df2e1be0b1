package simulate

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"landlord/internal/clock"
	"landlord/simaws"
	"landlord/vend/execute"
	"landlord/vend/plan"
)

// Range is how long something is expected to take.
type Range struct {
	Low, High time.Duration
}

// Estimates of small plans are taken over many random seeds; of large ones, in
// which single creations even out, over few.
const (
	manySeeds, fewSeeds = 40, 2
	largePlan           = 500 // steps
	spread              = 1.8 // of large ones the range is so much over √steps wider on each side: 4 % at 1,000 customers
)

// Estimate is how long the steps of a plan would take: the executor carries
// them out in virtual time, with the latencies of a profile and no AWS at all.
// Nothing fails in it, so it is what to expect of a run without trouble. Of the
// random seeds it was taken over, nine in ten lie in the range.
func Estimate(ctx context.Context, steps []plan.Step, rules execute.Rules, profile simaws.Profile, seed uint64) (Range, error) {
	seeds := manySeeds
	if len(steps) > largePlan {
		seeds = fewSeeds
	}
	took := make([]time.Duration, seeds)
	for i := range took {
		// Seeds of its own: a forecast must not know the run's latencies.
		d := newDry(profile, ^seed-uint64(i))
		if err := d.Execute(ctx, execute.New(steps, rules, seed), nil); err != nil {
			return Range{}, err
		}
		took[i] = d.clock.Now().Sub(Start)
	}
	slices.Sort(took)
	cut := seeds / 20
	r := Range{took[cut], took[seeds-1-cut]}
	if seeds == fewSeeds {
		margin := time.Duration(max(0.02, spread/math.Sqrt(float64(len(steps)))) * float64(r.High))
		r.Low, r.High = r.Low-margin, r.High+margin
	}
	return r, nil
}

// dry answers an executor's calls with the latencies of a profile and no bytes:
// every call succeeds.
type dry struct {
	clock   *clock.Virtual
	profile simaws.Profile
	seed    uint64
	created int
	under   map[string]time.Time // creations and packs under way → when they end
}

func newDry(profile simaws.Profile, seed uint64) *dry {
	return &dry{clock: clock.NewVirtual(Start), profile: profile, seed: seed, under: map[string]time.Time{}}
}

// Execute carries out m's plan in virtual time.
func (d *dry) Execute(ctx context.Context, m *execute.Machine, watch func([]execute.Event)) error {
	return execute.Rehearse(ctx, m, d.answer, d.clock, nil, watch)
}

func (d *dry) answer(_ context.Context, call execute.Call) (execute.Result, time.Duration, error) {
	took := d.profile.CallLatency(call.Operation)
	switch {
	case call.Purpose == execute.Watch:
		now := d.clock.Now()
		maps.DeleteFunc(d.under, func(_ string, end time.Time) bool { return !end.After(now) })
		var r execute.Result
		for _, handle := range slices.Sorted(maps.Keys(d.under)) {
			r.Working = append(r.Working, execute.Work{Handle: handle})
		}
		return r, took, nil
	case call.Purpose == execute.Confirm && call.Step.Kind == plan.PutPack && d.under[call.Step.Handle].After(d.clock.Now()):
		return execute.Result{}, took, nil
	case call.Purpose == execute.Confirm:
		return execute.Result{ID: call.Step.Handle}, took, nil
	case call.Step.Kind == plan.CreateAccount:
		d.created++
		handle := fmt.Sprintf("%012d", d.created)
		latency := d.profile.CreationLatency(d.seed, d.created)
		if latency == 0 {
			return execute.Result{ID: handle}, took, nil
		}
		d.under[handle] = d.clock.Now().Add(latency)
		return execute.Result{Handle: handle}, took, nil
	case call.Step.Kind == plan.PutPack && d.profile.Settle() > 0:
		handle := fmt.Sprint("pack-", call.Step.ID)
		d.under[handle] = d.clock.Now().Add(took + d.profile.Settle())
		return execute.Result{Handle: handle}, took, nil
	}
	return execute.Result{ID: fmt.Sprint("id-", call.Step.ID)}, took, nil
}
