package desk

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"landlord/business/sla"
	"landlord/service/store"
)

// digestOf names terms.
func digestOf(t sla.Terms) (digest string, text []byte, err error) {
	if text, err = json.Marshal(t); err != nil {
		return "", nil, fmt.Errorf("write what is promised: %w", err)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:16]), text, nil
}

// settle works out how a ticket stands after what was written in it since, and what
// else happened.
func (d *Desk) settle(ctx context.Context, tx store.Tx, name store.TicketName, now time.Time, happened ...store.Act) error {
	t, terms, tier, err := tx.LockTicket(ctx, name.Customer, name.ID)
	if err != nil {
		return err
	}
	a, err := d.agreement(ctx, tx)
	if err != nil {
		return err
	}
	acts, err := tx.Acts(ctx, name.Customer, name.ID)
	if err != nil {
		return err
	}
	messages, err := tx.Messages(ctx, name.Customer, name.ID)
	if err != nil {
		return err
	}
	var fresh []store.Act
	wanted := a.of(tier).Of(sla.Priority(t.Priority))
	digest, text, err := digestOf(wanted)
	if err != nil {
		return err
	}
	if digest != terms {
		at := now
		if len(acts) == 0 {
			at = t.OpenedAt
		}
		fresh = append(fresh, store.Act{At: at, Act: string(sla.Agreed), Detail: text})
	}
	for _, m := range messages {
		told := func(a store.Act) bool { return a.Message == m.N }
		if m.Automatic || slices.ContainsFunc(acts, told) || slices.ContainsFunc(happened, told) {
			continue
		}
		act := store.Act{At: m.At, Act: string(sla.Asked), By: m.Author, Message: m.N}
		if m.Kind == store.ToCustomer {
			act.Act = string(sla.Answered)
		}
		fresh = append(fresh, act)
	}
	fresh = append(fresh, happened...)
	var c sla.Clocks
	for _, a := range acts {
		if err := apply(&c, a); err != nil {
			return err
		}
	}
	for i := range fresh {
		fresh[i].N = int64(len(acts) + i + 1)
		if err := apply(&c, fresh[i]); err != nil {
			return err
		}
		if due, runs := c.Standing().Due(); runs {
			fresh[i].DueOf, fresh[i].DueAt = string(due.Promise), &due.Due
		}
	}
	s := c.Standing()
	settled := store.Settled{State: store.TicketOpen, Terms: digest, Standing: s}
	switch {
	case s.Resolved:
		settled.State = store.TicketResolved
	case s.Waiting:
		settled.State = store.TicketPending
	}
	if due, runs := s.Due(); runs {
		settled.DueOf, settled.DueAt, settled.WarnAt = string(due.Promise), &due.Due, &due.Warn
	}
	return tx.Settle(ctx, name.Customer, name.ID, settled, fresh)
}

// apply takes in what happened, if deadlines go by it.
func apply(c *sla.Clocks, a store.Act) error {
	e := sla.Event{At: a.At, Act: sla.Act(a.Act)}
	if e.Act == sla.Agreed {
		if err := json.Unmarshal(a.Detail, &e.Terms); err != nil {
			return fmt.Errorf("read what was promised: %w", err)
		}
	}
	c.Apply(e)
	return nil
}

// settleTouched works out the deadlines of tickets that customers' people wrote in.
func (d *Desk) settleTouched(ctx context.Context, now time.Time) error {
	return d.settleAll(ctx, now, func(ctx context.Context, tx store.Tx) ([]store.TicketName, error) { return tx.Touched(ctx, aTurn) })
}

// settleOthers works out the deadlines of tickets of which something else is promised
// now: by another portfolio, or since the customer is in another tier.
func (d *Desk) settleOthers(ctx context.Context, now time.Time) error {
	return d.settleAll(ctx, now, func(ctx context.Context, tx store.Tx) ([]store.TicketName, error) {
		a, err := d.agreement(ctx, tx)
		if err != nil {
			return nil, err
		}
		tiers, err := tx.TiersInUse(ctx)
		if err != nil {
			return nil, err
		}
		terms := map[[2]string]string{}
		for _, tier := range tiers {
			for _, p := range sla.Priorities() {
				digest, _, err := digestOf(a.of(tier).Of(p))
				if err != nil {
					return nil, err
				}
				terms[[2]string{tier, string(p)}] = digest
			}
		}
		return tx.OtherTerms(ctx, terms, aTurn)
	})
}

// settleAll settles tickets, each in a transaction of its own.
func (d *Desk) settleAll(ctx context.Context, now time.Time, which func(context.Context, store.Tx) ([]store.TicketName, error)) error {
	var names []store.TicketName
	err := d.Store.Operator(ctx, func(tx store.Tx) (err error) {
		names, err = which(ctx, tx)
		return err
	})
	if err != nil {
		return err
	}
	var failed []error
	for _, name := range names {
		if err := d.Store.Operator(ctx, func(tx store.Tx) error { return d.settle(ctx, tx, name, now) }); err != nil && !errors.Is(err, store.ErrNotFound) {
			failed = append(failed, fmt.Errorf("ticket %s of %s: %w", name.ID, name.Customer, err))
		}
	}
	return errors.Join(failed...)
}

// tellLate tells of tickets that are nearly late, and late: of each deadline once.
func (d *Desk) tellLate(ctx context.Context, now time.Time) error {
	return d.Store.Operator(ctx, func(tx store.Tx) error {
		warn, escalate, err := tx.Late(ctx, now, aTurn)
		if err != nil {
			return err
		}
		tell := func(t store.Ticket, late bool) error {
			d.Log.Warn("a ticket's deadline", "customer", t.Customer, "ticket", t.ID, "promise", t.DueOf, "due", t.DueAt, "late", late)
			if d.Tell == nil {
				return nil
			}
			return d.Tell(ctx, t, late)
		}
		for _, t := range warn {
			if !t.DueAt.After(now) {
				continue // it is told that it is late
			}
			if err := tell(t, false); err != nil {
				return err
			}
		}
		for _, t := range escalate {
			if err := tell(t, true); err != nil {
				return err
			}
		}
		return nil
	})
}
