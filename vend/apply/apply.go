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
	// PerTarget is how many policies AWS lets be attached to one target, as of
	// plan.Options.
	PerTarget int
	// Plan plans from what was seen; nil is plan.Make of what is wanted. What
	// first was made by must be the same.
	Plan func(seen org.Organization, opt plan.Options) (*plan.Plan, error)
}

// Outcome is what became of a run.
type Outcome struct {
	Rounds   int               // plans carried out
	Done     int               // steps done
	Made     map[plan.Kind]int // things that steps of a kind were about, each once
	Failures []execute.Event   // steps that failed, of the last round
	Refused  []string          // customers whose accounts AWS would not close, its quota being used up
	Stopped  bool              // ctx ended before all was done
	Left     *plan.Plan        // what the last look still found; nil if there was none
	Seen     org.Organization
}

// Complete tells whether the last look found nothing left to do.
func (o Outcome) Complete() bool { return o.Left != nil && o.Left.Empty() }

// mostRounds bounds a run that is always left something: one round does all
// unless an answer was lost or somebody else is at work.
const mostRounds = 8

// Rounds carries out first, a plan made from seen, then looks, and carries out
// what the look still finds, until a look finds nothing, a round moves nothing,
// or ctx ends. It always ends with a look: that nothing failed is not taken for
// all being well. The error says why the run stopped before that; failures of
// single customers, and what was left, are in the Outcome.
func Rounds(ctx context.Context, w World, want blueprint.Blueprint, first *plan.Plan, seen org.Organization, opt Options) (Outcome, error) {
	out := Outcome{Made: map[plan.Kind]int{}, Seen: seen}
	if opt.Plan == nil {
		opt.Plan = func(seen org.Organization, o plan.Options) (*plan.Plan, error) { return plan.Make(want, seen, o) }
	}
	known, did := confirmed(first), newMade(out.Made)
	for next := first; ; {
		out.Rounds++
		before := out.Done
		m := execute.New(next.Steps, known.rules(opt.Rules), opt.Seed+uint64(out.Rounds))
		m.Spent(plan.CreateAccount.Operation(), requested(out.Seen)...)
		m.Spent(plan.CloseAccount.Operation(), closed(out.Seen)...)
		err := w.Execute(ctx, m, func(events []execute.Event) {
			for _, e := range events {
				known.event(e)
				did.event(e)
				if e.State == execute.Done {
					out.Done++
				}
			}
			if opt.Watch != nil {
				opt.Watch(events)
			}
		})
		out.Failures = append(known.failures(m.Failures()), m.Failures()...)
		if err != nil {
			return out, err
		}
		if ctx.Err() != nil {
			out.Stopped = true
			return out, nil
		}
		if next, err = look(ctx, w, opt.Plan, plan.Options{Since: seen.Seen, Create: known.mayCreate, PerTarget: opt.PerTarget}, &out); err != nil {
			return out, err
		}
		if next.Empty() || out.Done == before && !waited(m) || out.Rounds == mostRounds {
			return out, nil
		}
		if opt.Round != nil {
			opt.Round(next)
		}
	}
}

// waited tells whether a step was left to the next look: something may have
// come of it though no step was done.
func waited(m *execute.Machine) bool {
	for _, f := range m.Failures() {
		if f.State == execute.Later {
			return true
		}
	}
	return false
}

// look looks and plans once more. Creations that were asked for since the run
// began are its own or somebody else's, and hold nothing back.
func look(ctx context.Context, w World, next func(org.Organization, plan.Options) (*plan.Plan, error), opt plan.Options, out *Outcome) (*plan.Plan, error) {
	var err error
	if out.Seen, err = w.Observe(ctx); err != nil {
		return nil, err
	}
	out.Left, err = next(out.Seen, opt)
	if conflict, is := errors.AsType[*plan.Conflict](err); is {
		err = fmt.Errorf("after a part was done, the organization contradicts the file: %w", conflict)
	}
	return out.Left, err
}

// requested is what AWS was asked to create before, on our clock: what is under
// way, and what has ended in the last hour.
func requested(seen org.Organization) []execute.Work {
	var work []execute.Work
	for _, c := range seen.Creations {
		work = append(work, execute.Work{Handle: c.ID, Asked: c.Requested.Add(-seen.Skew)})
	}
	for _, t := range seen.Ended {
		work = append(work, execute.Work{Asked: t.Add(-seen.Skew)})
	}
	return work
}

// closed is when AWS was asked to close accounts in the last hour, on our clock.
func closed(seen org.Organization) []execute.Work {
	var work []execute.Work
	for _, a := range seen.Accounts {
		if at, is := org.FromTagTime(a.Tags[org.TagClosed]); is && a.Gone() && seen.Seen.Sub(at) < time.Hour {
			work = append(work, execute.Work{Asked: at.Add(-seen.Skew)})
		}
	}
	slices.SortFunc(work, func(a, b execute.Work) int { return a.Asked.Compare(b.Asked) })
	return work
}
