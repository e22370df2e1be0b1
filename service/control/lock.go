package control

import (
	"context"
	"errors"
	"time"

	"github.com/riverqueue/river"

	"landlord/portfolio"
	"landlord/service/store"
	"landlord/vend/journal"
)

// lockAgain is how long a run waits before it asks again for a lock that somebody
// else has. An S3 that is asked so often for a day costs a quarter of a dollar.
const lockAgain = 2 * time.Second

// lock takes the organization's lock for a run that may change it: beside the house
// somebody may be at work on the command line. One that only looks takes none.
func (c *Control) lock(ctx context.Context, run store.Run, folio *portfolio.Portfolio) (*journal.Lock, error) {
	looks := run.Kind == store.RunReconcile && folio.Organization.Drift != portfolio.Mend
	if c.Lock == nil || !changes(run.Kind) || looks {
		return journal.None(ctx), nil
	}
	return c.Lock(ctx, folio, run.ID, func(why string) {
		err := c.Store.Operator(ctx, func(tx store.Tx) error { return tx.QueueRun(ctx, run.ID, why, nil) })
		if err != nil && ctx.Err() == nil {
			c.log.Warn("why the run waits cannot be written", "run", run.ID, "why", why, "error", err)
		}
	})
}

// unlock gives the organization's lock back. One that cannot be given back lapses.
func (c *Control) unlock(run string, lock *journal.Lock) {
	if err := lock.Release(); err != nil {
		c.log.Warn("the organization's lock is not given back", "run", run, "error", err)
	}
}

// queue has a run wait for the organization's lock, for as long as somebody else is
// at work.
func (c *Control) queue(ctx context.Context, run store.Run, why error) error {
	text := why.Error()
	if errors.Is(why, journal.ErrLost) {
		text += ". What was done stands; the rest is done when the lock is free"
	}
	next := c.clock.Now().Add(lockAgain)
	err := c.pend(ctx, run.ID, func(tx store.Tx) error { return tx.QueueRun(ctx, run.ID, text, &next) })
	if err != nil {
		return err
	}
	c.log.Info("a run waits for the organization's lock", "run", run.ID, "kind", run.Kind, "why", text)
	return river.JobSnooze(lockAgain)
}

// pend has a run wait. One that was asked to stop while it was at work does not: it
// could wait long, and whoever asked is not asked again.
func (c *Control) pend(ctx context.Context, run string, wait func(store.Tx) error) error {
	return c.Store.Operator(ctx, func(tx store.Tx) error {
		if err := wait(tx); err != nil {
			return err
		}
		now, err := tx.Run(ctx, run)
		if err == nil && now.Stopping {
			err = tx.StopRun(ctx, run, c.clock.Now())
		}
		return err
	})
}
