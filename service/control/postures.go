package control

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"landlord/org"
	"landlord/portfolio"
	"landlord/service/store"
)

// How often what follows from findings is looked after, and how many postures are
// computed anew at a time.
const (
	postureTurn  = 10 * time.Second
	atATime      = 2000
	prunedAtOnce = 10_000
)

// keepPostures is the loop of Postures.
func (c *Control) keepPostures() func(context.Context, time.Time) error {
	var last time.Time
	return func(ctx context.Context, now time.Time) error {
		if now.Sub(last) < postureTurn {
			return nil
		}
		last = now
		return c.Postures(ctx, now)
	}
}

// Postures looks after what follows from findings: what is in the queue and has become
// somebody's is given to them, and what is with a customer and has become another's; who came to another tier, or was computed by an older
// table of checks, is computed anew, each in a transaction of its own; overviews are
// counted; and what is older than 18 months is let go of. Replicas may all do so at
// once.
func (c *Control) Postures(ctx context.Context, now time.Time) error {
	return errors.Join(c.tell(ctx), c.unqueue(ctx, now), c.replaced(ctx, now), c.recompute(ctx, now), c.count(ctx, now), c.prune(ctx, now))
}

// tell has reports know the tiers of a portfolio that was pushed before they were kept.
func (c *Control) tell(ctx context.Context) error {
	return c.Store.Operator(ctx, func(tx store.Tx) error {
		some, err := tx.Tiered(ctx)
		if err != nil || some {
			return err
		}
		v, err := tx.LatestPortfolio(ctx)
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		folio, err := portfolio.Parse("portfolio", []byte(v.Text))
		if err != nil {
			return fmt.Errorf("read version %d of the portfolio: %w", v.Version, err)
		}
		return tx.PutTiers(ctx, tiers(folio))
	})
}

// unqueue gives what was found in accounts of the queue to whose they have become.
func (c *Control) unqueue(ctx context.Context, now time.Time) error {
	return c.Store.Operator(ctx, func(tx store.Tx) error {
		claimed, err := tx.Claimed(ctx)
		if err != nil || len(claimed) == 0 {
			return err
		}
		accounts := slices.Sorted(maps.Keys(claimed))
		slices.SortStableFunc(accounts, func(a, b org.AccountID) int { return cmp.Compare(claimed[a], claimed[b]) })
		for _, account := range accounts {
			n, err := tx.Unqueue(ctx, account, claimed[account], now)
			if err != nil {
				return err
			}
			if n == 0 { // another replica was quicker
				continue
			}
			if err := told(ctx, tx, claimed[account], now, "findings.claim", map[string]any{"account": account, "findings": n}); err != nil {
				return err
			}
		}
		return nil
	})
}

// replaced gives what was found in accounts that have become another customer's to that
// customer, or to the queue, so that no report shows somebody else's account: each in a
// transaction of its own.
func (c *Control) replaced(ctx context.Context, now time.Time) error {
	var all []store.Misplaced
	err := c.Store.Operator(ctx, func(tx store.Tx) (err error) {
		all, err = tx.Misplaced(ctx)
		return err
	})
	for _, m := range all {
		if err != nil || ctx.Err() != nil {
			break
		}
		err = c.Store.Operator(ctx, func(tx store.Tx) error {
			_, err := replace(ctx, tx, m.Account, now)
			return err
		})
	}
	return err
}

// replace does so of one account, by whose it is now.
func replace(ctx context.Context, tx store.Tx, account org.AccountID, now time.Time) (findings int, err error) {
	all, err := tx.Misplaced(ctx)
	if err != nil {
		return 0, err
	}
	for _, m := range all {
		if m.Account != account {
			continue
		}
		n, err := tx.Replace(ctx, m, now)
		if err != nil {
			return 0, err
		}
		if n == 0 { // another replica was quicker
			continue
		}
		findings += n
		// Whose the account is not any more is not told which it is.
		if err := told(ctx, tx, m.Customer, now, "findings.leave", map[string]any{"findings": n}); err != nil {
			return 0, err
		}
		if m.Owner == "" {
			continue
		}
		if err := told(ctx, tx, m.Owner, now, "findings.claim", map[string]any{"account": m.Account, "findings": n}); err != nil {
			return 0, err
		}
	}
	return findings, nil
}

// told writes down what the house did with findings of a customer.
func told(ctx context.Context, tx store.Tx, customer string, now time.Time, deed string, what map[string]any) error {
	owner, err := tx.Customer(ctx, customer)
	if err != nil {
		return err
	}
	e := system("findings").entry(now, deed, nil, what)
	e.Customer, e.Framework = owner.Key, owner.Framework
	return tx.Audit(ctx, e)
}

// recompute computes anew how customers stand whose posture is of another table of
// checks, or of another tier.
func (c *Control) recompute(ctx context.Context, now time.Time) error {
	var stale []string
	err := c.Store.Operator(ctx, func(tx store.Tx) (err error) {
		stale, err = tx.StalePostures(ctx, "", atATime)
		return err
	})
	for _, key := range stale {
		if err != nil || ctx.Err() != nil {
			break
		}
		err = c.Store.Operator(ctx, func(tx store.Tx) error { return tx.Recompute(ctx, key, now) })
	}
	if err == nil && len(stale) > 0 {
		c.log.Info("postures were computed anew", "customers", len(stale))
	}
	return err
}

// counted is the setting that keeps up to when postures were counted.
const counted = "postures.counted"

// count counts how tiers stand, if a posture was computed since the last time or a day
// has begun.
func (c *Control) count(ctx context.Context, now time.Time) error {
	return c.Store.Operator(ctx, func(tx store.Tx) error {
		if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtextextended('landlord postures', 0))`); err != nil {
			return fmt.Errorf("wait for others who count postures: %w", err)
		}
		var since time.Time
		if err := tx.Setting(ctx, counted, &since); err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		some, err := tx.Uncounted(ctx, now, since)
		if err != nil || !some {
			return err
		}
		if err := tx.CountTiers(ctx, now); err != nil {
			return err
		}
		return tx.PutSetting(ctx, counted, now.Add(time.Microsecond))
	})
}

// prunedOn is the setting that keeps the day on which was last let go of what is too old.
const prunedOn = "findings.pruned"

// prune lets go of what is older than it is kept for, once a day, a part at a time.
func (c *Control) prune(ctx context.Context, now time.Time) error {
	today := day(now)
	due := false
	err := c.Store.Operator(ctx, func(tx store.Tx) error {
		var last string
		if err := tx.Setting(ctx, prunedOn, &last); err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		due = last != today
		return nil
	})
	if err != nil || !due {
		return err
	}
	before := now.AddDate(0, -store.HistoryMonths, 0)
	for total := 0; ; {
		var old []string
		err := c.Store.Operator(ctx, func(tx store.Tx) (err error) {
			old, err = tx.OldFindings(ctx, before, atATime)
			return err
		})
		for _, key := range old {
			if err == nil {
				err = c.Store.Operator(ctx, func(tx store.Tx) error { return tx.ForgetFindings(ctx, key, before, now) })
			}
		}
		if err != nil {
			return err
		}
		n := len(old)
		err = c.Store.Operator(ctx, func(tx store.Tx) error {
			rows, err := tx.PruneHistory(ctx, before, prunedAtOnce)
			if n += rows; err != nil || n > 0 {
				return err
			}
			return tx.PutSetting(ctx, prunedOn, today)
		})
		if total += n; err != nil || n == 0 {
			if total > 0 {
				c.log.Info("findings and history that are too old were let go of", "rows", total)
			}
			return err
		}
	}
}
