package control

import (
	"context"
	"fmt"
	"slices"
	"time"

	"landlord/portfolio"
	"landlord/service/store"
	"landlord/vend/plan"
)

// rename gives customers the keys that a portfolio has for them, where it names the
// ones that they had under `formerly:`, so that what is theirs stays theirs. The
// error is a *plan.Conflict if it gives somebody a key that was another's.
func rename(ctx context.Context, tx store.Tx, folio *portfolio.Portfolio, by By, now time.Time) error {
	if err := alone(ctx, tx); err != nil {
		return err
	}
	known, err := tx.Customers(ctx)
	if err != nil {
		return err
	}
	taken, err := tx.FormerKeys(ctx)
	if err != nil {
		return err
	}
	for _, c := range folio.Customers {
		if was := taken[c.Key]; was != "" && !slices.Contains(c.Formerly, was) {
			return &plan.Conflict{Problems: []string{fmt.Sprintf("customer %s: the key was that of %s, whose history is kept under it; a key is for ever: give the customer another", c.Key, was)}}
		}
		if _, is := known[c.Key]; is {
			continue // it is there by its new key; what is under the old one stays where it is
		}
		for _, former := range c.Formerly {
			old, is := known[former]
			if !is {
				continue
			}
			ended, err := tx.Rename(ctx, former, c.Key, now)
			if err != nil {
				return err
			}
			e := by.entry(now, "customer.rename", map[string]any{"key": former}, map[string]any{"key": c.Key, "sessions ended": ended.Sessions, "tokens ended": ended.Tokens})
			e.Customer, e.Framework = c.Key, old.Framework
			if err := tx.Audit(ctx, e); err != nil {
				return err
			}
			break
		}
	}
	return nil
}
