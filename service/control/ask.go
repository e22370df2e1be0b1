package control

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"landlord/guard/identity"
	"landlord/org"
	"landlord/portfolio"
	"landlord/service/store"
	"landlord/vend/blueprint"
	"landlord/vend/plan"
)

// By is who asks for something.
type By struct {
	Kind   string // as the audit log has it: store.ByPerson, …
	Name   string // an address, a token's name, or the part of landlord that acts
	Source string // the network address it came from

	// Also is done in the transaction in which what is asked for is; if it fails, nothing
	// is. It may be nil.
	Also func(context.Context, store.Tx) error
}

// system is what landlord does by itself.
func system(part string) By { return By{Kind: store.BySystem, Name: part, Source: "landlord"} }

func (b By) also(ctx context.Context, tx store.Tx) error {
	if b.Also == nil {
		return nil
	}
	return b.Also(ctx, tx)
}

// entry is what the audit log says of something that was done by b.
func (b By) entry(at time.Time, action string, before, after any) store.Entry {
	return store.Entry{At: at, ActorKind: b.Kind, Actor: b.Name, Action: action, Before: before, After: after, Source: b.Source}
}

// A ConflictError refuses a change of a portfolio that somebody else has changed
// since it was read.
type ConflictError struct {
	Base, Now int64 // versions
	Author    string
	At        time.Time
}

func (e *ConflictError) Error() string {
	return fmt.Sprintf("version %d of the portfolio was changed meanwhile: %s made version %d at %s. Nothing was changed", e.Base, e.Author, e.Now, e.At.UTC().Format("2006-01-02 15:04:05 UTC"))
}

// Change is a new text of the portfolio.
type Change struct {
	Text      string
	Base      int64  // the version that it was made from; 0 is none
	Note      string // why, for people
	Confirmed string // digest of the proposal that was shown; "" if none was
	Onboard   string // the customer that it is made for: its onboarding is asked for, and no run that applies all; "" for nobody's
	By        By
}

// Push makes a text the portfolio: the next version, its customers, and the run
// that applies it, all or nothing. The error is *portfolio.Faults or
// *ConflictError if the text or its base is at fault, ErrChanged if another text was
// confirmed. A text that is the
// portfolio already makes no version; it is applied.
func (c *Control) Push(ctx context.Context, ch Change) (version int64, run string, err error) {
	folio, err := portfolio.Parse("portfolio", []byte(ch.Text))
	if err != nil {
		return 0, "", err
	}
	now := c.clock.Now()
	err = c.Store.Operator(ctx, func(tx store.Tx) error {
		old, err := tx.LatestPortfolio(ctx)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		if old.Version != ch.Base {
			return &ConflictError{ch.Base, old.Version, old.Author, old.At}
		}
		made, of, _ := strings.Cut(ch.Confirmed, ".")
		if ch.Confirmed != "" && of != digest(ch.Text)[:textDigest] {
			return ErrChanged // another text was shown
		}
		version = old.Version
		if old.Text != ch.Text {
			version++
			v := store.Portfolio{Version: version, Text: ch.Text, Author: ch.By.Name, At: now, Note: ch.Note}
			if err := tx.AddPortfolio(ctx, v); errors.Is(err, store.ErrTaken) {
				return &ConflictError{Base: ch.Base, Now: version, Author: "somebody else", At: now}
			} else if err != nil {
				return err
			}
			if err := rename(ctx, tx, folio, ch.By, now); err != nil {
				return err
			}
			list, primary := customers(folio)
			load := func() error { return tx.LoadCustomers(ctx, list, primary, now) }
			if err := noted(ctx, tx, ch.By, now, foreignWords(folio), load); err != nil {
				return err
			}
			if err := tx.PutTiers(ctx, tiers(folio)); err != nil {
				return err
			}
			if _, wants := identity.From(folio); !wants {
				if err := tx.EndSignIn(ctx); err != nil {
					return err
				}
			}
			if err := tx.Audit(ctx, ch.By.entry(now, "portfolio.push", map[string]any{"version": old.Version, "digest": digest(old.Text)}, map[string]any{"version": version, "digest": digest(ch.Text)})); err != nil {
				return err
			}
		}
		if ch.Onboard != "" {
			run, err = c.askOnboarding(ctx, tx, version, ch.Onboard, ch.By)
			return err
		}
		run, err = c.ask(ctx, tx, store.Run{Kind: store.RunApply, Portfolio: version, Confirmed: made}, ch.By, now)
		return err
	})
	return version, run, err
}

// textDigest is how much of a text's digest is in that of a proposal.
const textDigest = 16

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// customers are the rows of a portfolio's customers, and of whom to write to.
func customers(folio *portfolio.Portfolio) (list []store.Customer, primary []store.Contact) {
	for _, c := range folio.Customers {
		tier, _ := folio.Tier(c.Tier)
		list = append(list, store.Customer{
			Key: c.Key, Name: c.Name, Tier: c.Tier, Framework: tier.Framework, Email: c.Email,
			Region: c.Region, Segment: c.Segment, Price: c.Price, Currency: folio.Billing.Currency, Tags: c.Tags,
		})
		if c.Contact != "" {
			primary = append(primary, store.Contact{Customer: c.Key, Email: c.Contact})
		}
	}
	return list, primary
}

// tiers are what reports say of a portfolio's tiers.
func tiers(folio *portfolio.Portfolio) (list []store.Tier) {
	for _, t := range folio.Tiers {
		list = append(list, store.Tier{Framework: t.Framework, Key: t.Key, Name: t.Name, Provider: folio.Provider.Name, Regions: folio.Organization.Regions})
	}
	return list
}

// ErrKind refuses a run of a kind that there is not.
var ErrKind = errors.New("no such kind of run: want plan, apply, verify or reconcile")

// Begin asks for a run by the latest portfolio; confirmed is the digest of the plan
// or the proposal that was shown.
func (c *Control) Begin(ctx context.Context, kind, confirmed string, by By) (run string, err error) {
	now := c.clock.Now()
	confirmed, _, _ = strings.Cut(confirmed, ".")
	err = c.Store.Operator(ctx, func(tx store.Tx) error {
		switch kind {
		case store.RunPlan, store.RunApply, store.RunVerify, store.RunReconcile:
		default:
			return ErrKind
		}
		v, err := tx.LatestPortfolio(ctx)
		if err != nil {
			return err
		}
		run, err = c.ask(ctx, tx, store.Run{Kind: kind, Portfolio: v.Version, Confirmed: confirmed}, by, now)
		return err
	})
	return run, err
}

// ask adds a run, its job and its entry in the audit log: all or none.
func (c *Control) ask(ctx context.Context, tx store.Tx, r store.Run, by By, now time.Time) (id string, err error) {
	r.ID, r.AskedBy, r.AskedAt = runID(now), by.Name, now
	if err := tx.AddRun(ctx, r); err != nil {
		return "", err
	}
	if _, err := c.river.InsertTx(ctx, tx.Tx, runJob{r.ID}, queued(r)); err != nil {
		return "", fmt.Errorf("add the job of run %s: %w", r.ID, err)
	}
	if err := by.also(ctx, tx); err != nil {
		return "", err
	}
	e := by.entry(now, "run.ask", nil, map[string]any{"run": r.ID, "kind": r.Kind, "portfolio": r.Portfolio})
	if len(r.Assesses) > 0 {
		e.After = map[string]any{"run": r.ID, "kind": r.Kind, "portfolio": r.Portfolio, "customers": r.Assesses}
	}
	if r.Order() {
		e.Customer, e.Framework = r.Customer, store.NoFramework
	}
	return r.ID, tx.Audit(ctx, e)
}

// runID names a run: sorted by it, runs are in the order in which they were asked for.
func runID(now time.Time) string {
	return now.UTC().Format("20060102-150405") + "-" + strings.ToLower(rand.Text()[:5])
}

// An EndedError refuses to stop a run that has ended.
type EndedError struct{ Run store.Run }

func (e *EndedError) Error() string {
	return fmt.Sprintf("run %s has ended already: %s at %s. Nothing was stopped", e.Run.ID, e.Run.State, e.Run.Ended.UTC().Format("2006-01-02 15:04:05 UTC"))
}

// Stop asks for a run to stop. What AWS has begun it finishes. The error is
// *EndedError for one that has ended.
func (c *Control) Stop(ctx context.Context, run string, by By) error {
	now := c.clock.Now()
	return c.Store.Operator(ctx, func(tx store.Tx) error {
		r, err := tx.Run(ctx, run)
		if err != nil {
			return err
		}
		if r.Over() {
			return &EndedError{r}
		}
		if err := tx.StopRun(ctx, run, now); err != nil {
			return err
		}
		if err := by.also(ctx, tx); err != nil {
			return err
		}
		return tx.Audit(ctx, by.entry(now, "run.stop", nil, map[string]any{"run": run}))
	})
}

// A Proposal is what a text would change.
type Proposal struct {
	Base   int64  // the latest version
	Digest string // of the changes and the text, to confirm them by
	Plan   *plan.Plan
	Looked time.Time // when AWS was looked at, on its clock
}

// Notices are what a person may want to decide about a proposal; nothing is done
// about it.
func (p Proposal) Notices() []string {
	notices := []string{}
	for _, n := range p.Plan.Notices {
		notices = append(notices, n.Text)
	}
	for _, a := range p.Plan.Orphans {
		notices = append(notices, fmt.Sprintf("Account %s, %s, is tagged for %s, who is not in the portfolio. It is left alone. Add the key under departed:, or as formerly: of who it became; closing it is an order of its own.", a.ID, a.Name, a.Tags[org.TagCustomer]))
	}
	return notices
}

// Propose looks at AWS and says what a text would change. Nothing is kept. The
// error is *portfolio.Faults, *plan.Conflict or *TargetError if the text is at fault.
func (c *Control) Propose(ctx context.Context, text string) (Proposal, error) {
	folio, err := portfolio.Parse("portfolio", []byte(text))
	if err != nil {
		return Proposal{}, err
	}
	var latest store.Portfolio
	err = c.Store.Operator(ctx, func(tx store.Tx) error {
		latest, err = tx.LatestPortfolio(ctx)
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		return err
	})
	if err != nil {
		return Proposal{}, err
	}
	_, seen, err := c.observe(ctx, folio)
	if err != nil {
		return Proposal{}, err
	}
	p, err := plan.Make(blueprint.From(folio), seen, plan.Options{})
	if err != nil {
		return Proposal{}, err
	}
	return Proposal{Base: latest.Version, Digest: Digest(p) + "." + digest(text)[:textDigest], Plan: p, Looked: seen.Seen}, nil
}
