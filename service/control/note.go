package control

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"time"

	"landlord/service/store"
)

// noted writes rows of customers, and an entry in the audit log of each that is
// another after it. Whoever else writes them so waits until this transaction ends.
func noted(ctx context.Context, tx store.Tx, by By, now time.Time, foreign map[string][]string, write func() error) error {
	if err := alone(ctx, tx); err != nil {
		return err
	}
	before, err := tx.Customers(ctx)
	if err != nil {
		return err
	}
	if err := write(); err != nil {
		return err
	}
	after, err := tx.Customers(ctx)
	if err != nil {
		return err
	}
	var entries []store.Entry
	for _, key := range slices.Sorted(maps.Keys(after)) {
		entries = append(entries, difference(by, now, before[key], after[key], foreign[after[key].Framework])...)
	}
	return tx.Audit(ctx, entries...)
}

// alone waits until nobody else writes customers; nobody does until tx ends.
func alone(ctx context.Context, tx store.Tx) error {
	if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtextextended('landlord customers', 0))`); err != nil {
		return fmt.Errorf("wait for others who write customers: %w", err)
	}
	return nil
}

// difference is what the audit log says of a customer that was before and is
// after: nothing, one entry, or two where it was of another framework, or where a
// unit may name one: all of it for operators, and what it may read for the customer.
func difference(by By, now time.Time, before, after store.Customer, foreign []string) []store.Entry {
	was, is := map[string]any{}, map[string]any{}
	old := members(before)
	for name, value := range members(after) {
		if reflect.DeepEqual(old[name], value) {
			continue
		}
		is[name] = value
		if before.Key != "" {
			was[name] = old[name]
		}
	}
	if len(is) == 0 {
		return nil
	}
	whole := by.entry(now, deed(before, after), filled(was), filled(is))
	whole.Customer, whole.Framework = after.Key, after.Framework
	left := before.Framework != "" && before.Framework != after.Framework
	astray := before.Unit != after.Unit && namesAny(after.Unit, foreign)
	moved := before.Unit != "" && before.Unit != after.Unit
	if !left && !astray && !moved {
		return []store.Entry{whole}
	}
	was, is = maps.Clone(was), maps.Clone(is)
	delete(was, "unit") // the portfolio may not know any more whose it was
	if astray {
		delete(is, "unit")
	}
	if left {
		delete(was, "tier")
		delete(was, "framework")
	}
	own := whole
	own.Before, own.After = filled(was), filled(is)
	whole.Framework = store.NoFramework
	return []store.Entry{whole, own}
}

// members are what the audit log tells of a customer.
func members(c store.Customer) map[string]any {
	all := map[string]any{
		"name": c.Name, "tier": c.Tier, "framework": c.Framework, "state": c.State, "account": c.Account, "unit": c.Unit,
		"email": c.Email, "region": c.Region, "segment": c.Segment, "price": c.Currency + " " + c.Price.String(), "tags": c.Tags,
	}
	if c.Key == "" { // there was none: nothing is as it was but what is empty
		all["price"] = nil
	}
	if len(c.Tags) == 0 {
		all["tags"] = ""
	}
	return all
}

// filled is nil for nothing.
func filled(members map[string]any) any {
	if len(members) == 0 {
		return nil
	}
	return members
}

// deed is what was done to a customer, as the audit log names it.
func deed(before, after store.Customer) string {
	turned := before.State != after.State
	switch {
	case before.Key == "":
		return "customer.new"
	case turned && after.State == store.Departed:
		return "customer.leave"
	case before.Account == "" && after.Account != "":
		return "account.create"
	case turned && after.State == store.Suspended:
		return "account.suspend"
	case turned && after.State == store.Closed:
		return "account.close"
	case turned && before.State == store.Suspended:
		return "account.resume"
	case before.Unit != after.Unit:
		return "account.move"
	}
	return "customer.change"
}

// asker is who asked for a run, as the entry says that was written with it; what
// it changes comes from the run.
func asker(ctx context.Context, tx store.Tx, run store.Run) (By, error) {
	by := By{Kind: store.BySystem, Name: run.AskedBy, Source: "run " + run.ID}
	asked, err := tx.Entries(ctx, store.EntryQuery{Actor: run.AskedBy, Action: "run.ask", Since: run.AskedAt, Limit: 1})
	if len(asked) > 0 {
		by.Kind = asked[0].ActorKind
	}
	return by, err
}
