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
	Tally map[string]int // of these, by state
	// Changed are the steps that are not as they were told before: all of them
	// the first time. Only WatchSteps tells them.
	Changed []store.Step
}

// watchEvery is how often a run is looked at while somebody watches.
const watchEvery = 300 * time.Millisecond

// Watch tells how far a run is, at once and whenever that changes, until it has
// ended: the last told is its end. Any replica can be asked. While the database
// does not answer nothing is told.
func (c *Control) Watch(ctx context.Context, run string) iter.Seq2[Progress, error] {
	return c.watch(ctx, run, false)
}

// WatchSteps is Watch that tells the steps too.
func (c *Control) WatchSteps(ctx context.Context, run string) iter.Seq2[Progress, error] {
	return c.watch(ctx, run, true)
}

func (c *Control) watch(ctx context.Context, run string, steps bool) iter.Seq2[Progress, error] {
	return func(yield func(Progress, error) bool) {
		before := store.Run{Writes: -1}
		for first, missed := true, 0; ; {
			asked := c.clock.Now()
			p, err := c.look(ctx, run, before.Writes, steps)
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
				if news := p.Run.Writes != before.Writes || p.Run.State != before.State || p.Run.Tries != before.Tries || p.Run.Summary != before.Summary || !same(p.Run.Next, before.Next) || p.Run.Stopping != before.Stopping; news && !yield(p, nil) || p.Run.Over() {
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

// look reads how far a run is, and of its steps those written after one write.
func (c *Control) look(ctx context.Context, run string, after int64, steps bool) (p Progress, err error) {
	err = c.Store.Operator(ctx, func(tx store.Tx) error {
		if p.Run, err = tx.Run(ctx, run); err != nil {
			return err
		}
		if p.Tally, err = tx.Tally(ctx, run); err != nil {
			return err
		}
		for _, n := range p.Tally {
			p.Steps += n
		}
		if steps && p.Run.Writes != after {
			p.Changed, err = tx.StepsWritten(ctx, run, after, p.Run.Writes)
		}
		return err
	})
	return p, err
}
