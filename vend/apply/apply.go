// Package apply carries a portfolio into effect: it looks, plans and executes,
// and looks again, until a look finds nothing left to do. It holds no state
// between the rounds but what a look shows, so a run that was killed and one
// that goes on are the same.
package apply

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"landlord/org"
	"landlord/vend/blueprint"
	"landlord/vend/execute"
	"landlord/vend/plan"
)

// World is an organization that can be looked at and worked on.
type World interface {
	Observe(ctx context.Context) (org.Organization, error)
	// Execute carries out m's plan and tells watch what happens.
	Execute(ctx context.Context, m *execute.Machine, watch func([]execute.Event)) error
}

// Options are how a plan is carried out.
type Options struct {
	Rules execute.Rules
	Seed  uint64                // of the jitter of retries
	Watch func([]execute.Event) // may be nil
	Round func(*plan.Plan)      // told each further round's plan; may be nil
}

// Outcome is what became of a run.
type Outcome struct {
	Rounds   int // plans carried out
	Done     int // steps done
	Made     map[plan.Kind]int
	Failures []execute.Event // steps that failed, of the last round
	Stopped  bool            // ctx ended before all was done
	Left     int             // changes that the last look still found
}

// mostRounds bounds a run that is always left something: one round does all
// unless an answer was lost or somebody else is at work.
const mostRounds = 8

// Rounds carries out first, a plan made from seen, and then what further looks
// still find, until one finds nothing, nothing moves any more, or ctx ends.
// The error says why the run stopped before that; failures of single
// customers are in the Outcome only.
func Rounds(ctx context.Context, w World, want blueprint.Blueprint, first *plan.Plan, seen org.Organization, opt Options) (Outcome, error) {
	out := Outcome{Made: map[plan.Kind]int{}}
	began := seen.Seen
	for next := first; ; {
		out.Rounds++
		m := execute.New(next.Steps, opt.Rules, opt.Seed+uint64(out.Rounds))
		m.Spent(plan.CreateAccount.Operation(), requested(seen)...)
		before := out.Done
		err := w.Execute(ctx, m, func(events []execute.Event) {
			for _, e := range events {
				if e.State == execute.Done {
					out.Done++
					out.Made[e.Step.Kind]++
				}
			}
			if opt.Watch != nil {
				opt.Watch(events)
			}
		})
		out.Failures = m.Failures()
		if err != nil {
			return out, err
		}
		if ctx.Err() != nil {
			out.Stopped = true
			return out, nil
		}
		if len(out.Failures) == 0 && len(next.Held) == 0 {
			return out, nil
		}
		if out.Done == before && len(next.Held) == 0 || out.Rounds == mostRounds {
			return out, nil
		}
		if next, seen, err = again(ctx, w, want, began, out.Failures); err != nil || next == nil {
			return out, err
		}
		out.Left = len(next.Changes)
		if next.Empty() {
			out.Failures = nil
			return out, nil
		}
		if opt.Round != nil {
			opt.Round(next)
		}
	}
}

// again looks and plans once more; there is no plan if no step was left to this
// look. What failed for good is tried once more with it, which does no harm.
func again(ctx context.Context, w World, want blueprint.Blueprint, began time.Time, failures []execute.Event) (*plan.Plan, org.Organization, error) {
	left := len(failures) == 0
	for _, f := range failures {
		left = left || f.State == execute.Later
	}
	if !left {
		return nil, org.Organization{}, nil
	}
	seen, err := w.Observe(ctx)
	if err != nil {
		return nil, seen, err
	}
	p, err := plan.Make(want, seen, plan.Options{Since: began})
	if conflict, is := errors.AsType[*plan.Conflict](err); is {
		err = fmt.Errorf("after a part was done, the organization contradicts the file: %w", conflict)
	}
	return p, seen, err
}

// requested is when the creations under way were asked for, on our clock.
func requested(seen org.Organization) []time.Time {
	var at []time.Time
	for _, c := range seen.Creations {
		at = append(at, c.Requested.Add(-seen.Skew))
	}
	slices.SortFunc(at, time.Time.Compare)
	return at
}
