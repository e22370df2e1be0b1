package control

import (
	"context"
	"iter"
	"time"

	"landlord/service/store"
)

// Progress is how far a run is.
type Progress struct {
	Run   store.Run
	Steps int            // each counted once, however often it was tried
	Tally map[string]int // steps by state
	// Changed are the steps that are not as they were told before: all of them
	// the first time.
	Changed []store.Step
}

// watchEvery is how often a run is looked at while somebody watches.
const watchEvery = 300 * time.Millisecond

// watchSteps is how many steps one look reads at most.
const watchSteps = 100_000

// Watch tells how far a run is, at once and whenever that changes, until it has
// ended: the last told is its end. Any replica can be asked. While the database
// does not answer nothing is told.
func (c *Control) Watch(ctx context.Context, run string) iter.Seq2[Progress, error] {
	return func(yield func(Progress, error) bool) {
		told := map[int]store.Step{}
		var before store.Run
		for first, missed := true, 0; ; {
			asked := c.clock.Now()
			p, err := c.look(ctx, run)
			switch {
			case ctx.Err() != nil:
				return
			case err != nil && (first || missed == watchMisses):
				yield(Progress{}, err)
				return
			case err != nil:
				missed++
			default:
				missed = 0
				p.Changed = changed(p.Changed, told)
				if news := first || len(p.Changed) > 0 || p.Run.State != before.State || p.Run.Tries != before.Tries || p.Run.Summary != before.Summary || !same(p.Run.Next, before.Next) || p.Run.Stopping != before.Stopping; news && !yield(p, nil) || p.Run.Over() {
					return
				}
				first, before = false, p.Run
			}
			// A watch takes a tenth of the database's time at most.
			if c.clock.Sleep(ctx, max(watchEvery, 10*c.clock.Now().Sub(asked))) != nil {
				return
			}
		}
	}
}

// same tells whether two times are one, or neither is there.
func same(a, b *time.Time) bool { return a == b || a != nil && b != nil && a.Equal(*b) }

// watchMisses is how many looks in a row may fail before a watch ends.
const watchMisses = 200

func (c *Control) look(ctx context.Context, run string) (p Progress, err error) {
	err = c.Store.Operator(ctx, func(tx store.Tx) error {
		if p.Run, err = tx.Run(ctx, run); err != nil {
			return err
		}
		if p.Changed, err = tx.Steps(ctx, run, 0, watchSteps); err != nil {
			return err
		}
		last := LastTries(p.Changed)
		p.Steps, p.Tally = len(last), map[string]int{}
		for _, s := range last {
			p.Tally[s.State]++
		}
		return nil
	})
	return p, err
}

// changed are the steps that are not as told, which it brings up to date.
func changed(steps []store.Step, told map[int]store.Step) (news []store.Step) {
	for _, s := range steps {
		if t, known := told[s.N]; !known || t.State != s.State || t.Error != s.Error || t.Attempts != s.Attempts {
			told[s.N] = s
			news = append(news, s)
		}
	}
	return news
}
