package control

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"landlord/org"
	"landlord/portfolio"
	"landlord/service/store"
	"landlord/vend/apply"
	"landlord/vend/blueprint"
	"landlord/vend/execute"
	"landlord/vend/plan"
)

// Order is what is asked for of one customer's account beside what the portfolio
// wants.
type Order struct {
	Kind      string // store.RunSuspend, store.RunResume or store.RunClose
	Customer  string // key
	Name      string // the account's, typed out by whoever has it closed
	Confirmed string // digest of the intent that was shown; "" if none was
	By        By
}

// An Intent is what an order would do, to be shown before it is given.
type Intent struct {
	Kind      string
	Customer  store.Customer
	Account   org.Account
	Suspended time.Time // since when; zero if it is not
	Listed    bool      // the portfolio names the customer
	Simulated bool
	Plan      *plan.Plan
	Digest    string      // to confirm it by
	Closures  plan.Window // of AWS's quota, where an account is to be closed
	Looked    time.Time   // when AWS was looked at, on its clock
}

// Nothing tells whether the account is already as the order would have it.
func (in Intent) Nothing() bool { return len(own(in.Plan, in.Customer.Key)) == 0 }

// Frees is the day from which AWS lets the account be closed; zero if that is now.
func (in Intent) Frees() time.Time {
	if !slices.Contains(in.Plan.Held, in.Customer.Key) {
		return time.Time{}
	}
	if at := in.Closures.Frees(); !at.IsZero() {
		return at
	}
	return in.Looked.AddDate(0, 0, 30)
}

// Why an order is not taken.
var (
	ErrOrder   = errors.New("no such order: want suspend, resume or close")
	ErrName    = errors.New("closing asks for the name of the account, typed out exactly; nothing was changed")
	ErrChanged = errors.New("what there is to do is not any more what was confirmed: look at it again. Nothing was changed")
)

// A HeldError refuses a closure for which AWS's quota leaves no place.
type HeldError struct {
	Customer string
	Frees    time.Time
}

func (e *HeldError) Error() string {
	return fmt.Sprintf("AWS's quota of closures is used up; a place for %s is free on %s: close it then. Nothing was changed", e.Customer, day(e.Frees))
}

func day(t time.Time) string { return t.UTC().Format(time.DateOnly) }

// Intend says what an order would do, by the last look at AWS, or by a new one
// if there was none. Nothing is kept. The error is store.ErrNotFound for an unknown
// customer, a *plan.Conflict if the order cannot be carried out as things are.
func (c *Control) Intend(ctx context.Context, kind, customer string) (Intent, error) {
	in := Intent{Kind: kind}
	if !slices.Contains([]string{store.RunSuspend, store.RunResume, store.RunClose}, kind) {
		return in, ErrOrder
	}
	var v store.Portfolio
	var seen org.Organization
	var refusal plan.Refusal
	err := c.Store.Operator(ctx, func(tx store.Tx) (err error) {
		if in.Customer, err = tx.Customer(ctx, customer); err != nil {
			return err
		}
		if v, err = tx.LatestPortfolio(ctx); err != nil {
			return err
		}
		if refusal, err = refused(ctx, tx); err != nil {
			return err
		}
		if err = tx.Setting(ctx, Look, &seen); errors.Is(err, store.ErrNotFound) {
			return nil
		}
		return err
	})
	if err != nil {
		return in, err
	}
	folio, err := portfolio.Parse("portfolio", []byte(v.Text))
	if err != nil {
		return in, fmt.Errorf("version %d: %w", v.Version, err)
	}
	if !seen.Exists() {
		if _, seen, err = c.observe(ctx, folio, customer); err != nil {
			return in, err
		}
	}
	in.Looked, in.Simulated = seen.Seen, folio.Organization.Target == portfolio.Simulated
	if now := c.clock.Now().Add(seen.Skew); now.After(seen.Seen) {
		seen.Seen = now // of the quota it counts what it leaves today
	}
	want := blueprint.From(folio)
	in.Listed = named(folio, customer)
	known := c.closing(refusal, seen)
	if in.Plan, err = planOrder(kind, want, seen, customer, known); err != nil {
		return in, err
	}
	if in.Account, err = plan.AccountOf(want, seen, customer); err != nil {
		return in, err
	}
	if since, tagged, _ := plan.Suspension(seen, in.Account); tagged {
		in.Suspended = since
	}
	in.Digest, in.Closures = orderDigest(in.Plan, customer), plan.Closings(seen, known)
	return in, nil
}

// Order asks for the run that carries out an order. The error is ErrName,
// ErrChanged or a *HeldError if it is not to be carried out so, and those of Intend.
func (c *Control) Order(ctx context.Context, o Order) (run string, err error) {
	in, err := c.Intend(ctx, o.Kind, o.Customer)
	if err != nil {
		return "", err
	}
	switch frees := in.Frees(); {
	case o.Confirmed != "" && o.Confirmed != in.Digest:
		return "", ErrChanged
	case !frees.IsZero():
		return "", &HeldError{o.Customer, frees}
	case o.Kind == store.RunClose && !in.Nothing() && strings.TrimSpace(o.Name) != in.Account.Name:
		return "", ErrName
	}
	now := c.clock.Now()
	err = c.Store.Operator(ctx, func(tx store.Tx) error {
		v, err := tx.PortfolioVersion(ctx)
		if err != nil {
			return err
		}
		run, err = c.ask(ctx, tx, store.Run{Kind: o.Kind, Portfolio: v, Customer: o.Customer, Confirmed: in.Digest}, o.By, now)
		return err
	})
	return run, err
}

// named tells whether a portfolio names a customer.
func named(folio *portfolio.Portfolio, key string) bool {
	return slices.ContainsFunc(folio.Customers, func(c portfolio.Customer) bool { return c.Key == key })
}

func planOrder(kind string, want blueprint.Blueprint, have org.Organization, customer string, known plan.Closing) (*plan.Plan, error) {
	switch kind {
	case store.RunSuspend:
		return plan.Suspend(want, have, customer)
	case store.RunResume:
		return plan.Resume(want, have, customer)
	case store.RunClose:
		return plan.Close(want, have, []string{customer}, known)
	}
	return nil, ErrOrder
}

// own are the changes of a customer's own account. What else an order's plan has,
// such as the policy that suspends, or others' closures that AWS is busy with, may
// be there or not when it is carried out.
func own(p *plan.Plan, customer string) []plan.Change {
	var changes []plan.Change
	for _, c := range p.Changes {
		if c.Customer == customer {
			changes = append(changes, c)
		}
	}
	return changes
}

// orderDigest is the same for plans that change a customer's account alike.
func orderDigest(p *plan.Plan, customer string) string {
	h := sha256.New()
	_ = json.NewEncoder(h).Encode(own(p, customer)) // of plain values into memory
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// obey carries out an order, as the command line does.
func (c *Control) obey(ctx context.Context, run store.Run, folio *portfolio.Portfolio, s *scribe) came {
	w, seen, err := c.looked(ctx, run, folio, s, run.Customer)
	if err != nil {
		return failed(err)
	}
	want := blueprint.From(folio)
	r := came{facts: gather(folio, want, seen)}
	var refusal plan.Refusal
	if err := c.Store.Operator(ctx, func(tx store.Tx) error { refusal, err = refused(ctx, tx); return err }); err != nil {
		return failed(err)
	}
	known := c.closing(refusal, seen)
	todo, err := planOrder(run.Kind, want, seen, run.Customer, known)
	if err != nil {
		r.state, r.summary = store.RunFailed, "nothing was changed: "+err.Error()
		return r
	}
	account, err := plan.AccountOf(want, seen, run.Customer)
	if err != nil {
		r.state, r.summary = store.RunFailed, "nothing was changed: "+err.Error()
		return r
	}
	r.plan = todo
	switch {
	case len(own(todo, run.Customer)) == 0:
		r.state, r.summary = store.RunDone, "nothing to do: "+standing(run.Kind, account)
		if s.steps > 0 || named(folio, run.Customer) {
			r.stands = &account
		}
		return r
	case slices.Contains(todo.Held, run.Customer):
		r.state, r.summary = store.RunFailed, (&HeldError{run.Customer, plan.Closings(seen, known).Frees()}).Error()
		return r
	case run.Confirmed != "" && s.from == 0 && run.Confirmed != orderDigest(todo, run.Customer):
		r.state, r.summary = store.RunFailed, ErrChanged.Error()
		return r
	}
	s.round(todo, c.clock.Now())
	s.flush(ctx) // whoever takes the run up knows that it was begun
	opt := apply.Options{
		Rules: w.Rules(), Seed: uint64(run.AskedAt.UnixNano()), Watch: s.events,
		Round: func(next *plan.Plan) { s.round(next, c.clock.Now()) },
		Plan: func(seen org.Organization, _ plan.Options) (*plan.Plan, error) {
			return planOrder(run.Kind, want, seen, run.Customer, known)
		},
	}
	var outcome apply.Outcome
	if run.Kind == store.RunClose {
		outcome, err = apply.Close(ctx, w, want, []string{run.Customer}, known, todo, seen, opt)
		if len(outcome.Refused) > len(known.Refused) {
			r.refusal = plan.RefusalOf(outcome.Seen, outcome.Refused)
		}
	} else {
		outcome, err = apply.Rounds(ctx, w, want, todo, seen, opt)
	}
	if outcome.Seen.Exists() {
		r.facts = gather(folio, want, outcome.Seen)
	}
	r.away = passes(err)
	if r.state, r.summary = answer(run, account, outcome, err); r.state == store.RunDone {
		r.stands = &account
		if run.Kind == store.RunClose && named(folio, run.Customer) {
			r.summary += ". Move " + run.Customer + " to `departed:` in the portfolio: until then every plan stops"
		}
	}
	return r
}

// answer is what an order came to.
func answer(run store.Run, account org.Account, o apply.Outcome, err error) (state, summary string) {
	did := count(o.Done, "step") + " done"
	failed := slices.IndexFunc(o.Failures, func(e execute.Event) bool { return e.Step.Customer == run.Customer })
	switch {
	case err != nil:
		return store.RunFailed, did + ", then: " + err.Error()
	case slices.Contains(o.Refused, run.Customer):
		return store.RunFailed, (&HeldError{run.Customer, plan.Closings(o.Seen, plan.Closing{Refused: o.Refused}).Frees()}).Error()
	case o.Left != nil && len(own(o.Left, run.Customer)) == 0:
		return store.RunDone, did + "; " + standing(run.Kind, account)
	case failed >= 0:
		return store.RunFailed, fmt.Sprintf("%s; %v", did, o.Failures[failed].Err)
	case len(o.Failures) > 0:
		return store.RunFailed, fmt.Sprintf("%s; %v", did, o.Failures[0].Err)
	}
	return store.RunFailed, did + ", not all of it"
}

// standing is how an account is after an order.
func standing(kind string, a org.Account) string {
	switch kind {
	case store.RunSuspend:
		return fmt.Sprintf("account %s is suspended: nothing is allowed there, and it is not billed from then on", a.ID)
	case store.RunResume:
		return fmt.Sprintf("account %s is not suspended, and is billed again", a.ID)
	}
	return fmt.Sprintf("account %s is closed; AWS Support can reopen it for 90 days", a.ID)
}

// stateAfter is the state of a customer after an order was carried out.
func stateAfter(kind string) string {
	return map[string]string{store.RunSuspend: store.Suspended, store.RunResume: store.Active, store.RunClose: store.Closed}[kind]
}

// settle makes sure that the house knows what an order came to, though the look
// after it may not show it: AWS shows a closed account open for a while, and the
// portfolio may not name the customer, or be another by now.
func (c *Control) settle(ctx context.Context, tx store.Tx, run store.Run, r came, by By, now time.Time) error {
	if r.stands == nil {
		return nil
	}
	is, err := tx.Customer(ctx, run.Customer)
	if err != nil {
		return err
	}
	after := stateAfter(run.Kind)
	if is.State == after {
		return nil
	}
	if is.State != store.Departed {
		put := func() error {
			return tx.PutStanding(ctx, store.Fact{Customer: is.Key, State: after, Account: string(r.stands.ID), Email: r.stands.Email, Unit: is.Unit}, now)
		}
		return noted(ctx, tx, by, now, nil, put)
	}
	e := by.entry(now, "account."+run.Kind, nil, map[string]any{"account": r.stands.ID})
	e.Customer, e.Framework = is.Key, is.Framework
	return tx.Audit(ctx, e)
}
