package control

import (
	"context"
	"errors"
	"fmt"
	"time"

	"landlord/service/store"
)

// Step takes up runs of killed processes, and asks for a look, for everybody to be
// assessed, or for a month's invoices, when that is due. Replicas may all do so at once.
func (c *Control) Step(ctx context.Context, now time.Time) error {
	return errors.Join(c.TakeUp(ctx), c.reconcile(ctx, now), c.rescan(ctx, now), c.issueDue(ctx, now))
}

// TakeUp gives each open run that nobody holds and no job waits for a new job: its
// process was killed, or lost the database.
func (c *Control) TakeUp(ctx context.Context) error {
	return c.Store.Operator(ctx, func(tx store.Tx) error {
		open, err := tx.OpenRuns(ctx)
		if err != nil {
			return err
		}
		for _, r := range open {
			var free, waits bool
			// The lock is this transaction's: until it ends nobody else begins.
			if err := tx.QueryRow(ctx, `SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0))`, runLock(r.ID)).Scan(&free); err != nil {
				return fmt.Errorf("see who is at run %s: %w", r.ID, err)
			}
			if !free {
				continue
			}
			err := tx.QueryRow(ctx, `
				SELECT EXISTS (SELECT FROM river.river_job
				WHERE kind = 'run' AND args->>'run' = $1 AND state IN ('available', 'pending', 'retryable', 'scheduled'))`, r.ID).Scan(&waits)
			if err != nil {
				return fmt.Errorf("look for the job of run %s: %w", r.ID, err)
			}
			if waits {
				continue
			}
			if _, err := c.river.InsertTx(ctx, tx.Tx, runJob{r.ID}, queued(r)); err != nil {
				return fmt.Errorf("take up run %s: %w", r.ID, err)
			}
			if r.State == store.RunRunning {
				c.log.Warn("a run was left by its process and is taken up", "run", r.ID, "kind", r.Kind)
			}
		}
		return nil
	})
}

// reconcile asks for a look when the last run ended long enough ago.
func (c *Control) reconcile(ctx context.Context, now time.Time) error {
	if c.Check <= 0 {
		return nil
	}
	return c.Store.Operator(ctx, func(tx store.Tx) error {
		var alone bool
		if err := tx.QueryRow(ctx, `SELECT pg_try_advisory_xact_lock(hashtextextended('landlord reconcile', 0))`).Scan(&alone); err != nil || !alone {
			return err
		}
		last, err := tx.LatestRun(ctx, store.RunScan)
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		if err != nil || !last.Over() || now.Sub(*last.Ended) < c.Check {
			return err
		}
		v, err := tx.LatestPortfolio(ctx)
		if err != nil {
			return err
		}
		_, err = c.ask(ctx, tx, store.Run{Kind: store.RunReconcile, Portfolio: v.Version}, system("reconcile"), now)
		return err
	})
}
