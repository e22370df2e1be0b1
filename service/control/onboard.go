package control

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"landlord/guard/compliance/report"
	"landlord/guard/identity"
	"landlord/org"
	"landlord/portfolio"
	"landlord/service/onboard"
	"landlord/service/store"
	"landlord/vend/apply"
	"landlord/vend/blueprint"
	"landlord/vend/plan"
)

// An UnderWayError says that a customer is being onboarded already, or that the same
// customers are being assessed.
type UnderWayError struct{ Run store.Run }

func (e *UnderWayError) Error() string {
	does := "onboards " + e.Run.Customer
	if e.Run.Kind == store.RunScan {
		does = "assesses " + cmp.Or(strings.Join(e.Run.Assesses, ", "), "all customers")
	}
	return fmt.Sprintf("run %s %s already, asked for by %s", e.Run.ID, does, e.Run.AskedBy)
}

// Onboard asks for the run that takes a customer of the portfolio in force from its key
// to its first report. The error is store.ErrNotFound for a key that it does not have,
// an *UnderWayError while such a run of the customer has not ended.
func (c *Control) Onboard(ctx context.Context, customer string, by By) (run string, err error) {
	err = c.Store.Operator(ctx, func(tx store.Tx) error {
		v, err := tx.LatestPortfolio(ctx)
		if err != nil {
			return err
		}
		folio, err := portfolio.Parse("portfolio", []byte(v.Text))
		if err != nil {
			return fmt.Errorf("version %d: %w", v.Version, err)
		}
		if !named(folio, customer) {
			return fmt.Errorf("customer %s of the portfolio: %w", customer, store.ErrNotFound)
		}
		run, err = c.askOnboarding(ctx, tx, v.Version, customer, by)
		return err
	})
	return run, err
}

// askOnboarding asks for the onboarding of a customer, unless it is under way.
func (c *Control) askOnboarding(ctx context.Context, tx store.Tx, version int64, customer string, by By) (string, error) {
	// Two who ask at once are one after the other: the second sees the first's run.
	if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtextextended($1, 0))`, "landlord onboard "+customer); err != nil {
		return "", fmt.Errorf("ask to onboard %s: %w", customer, err)
	}
	if r, err := tx.OnboardingOf(ctx, customer); err == nil && !r.Over() {
		return "", &UnderWayError{r}
	} else if err != nil && !errors.Is(err, store.ErrNotFound) {
		return "", err
	}
	return c.ask(ctx, tx, store.Run{Kind: store.RunOnboard, Portfolio: version, Customer: customer}, by, c.clock.Now())
}

// Checklist is how far an onboarding is; it has no lines before it began.
func Checklist(ctx context.Context, tx store.Tx, run string) (list onboard.Checklist, err error) {
	raw, err := tx.Checklist(ctx, run)
	if err != nil || raw == nil {
		return list, err
	}
	if err := json.Unmarshal(raw, &list); err != nil {
		return list, fmt.Errorf("the checklist of run %s as it is kept: %w", run, err)
	}
	return list, nil
}

// onboard takes a customer from its key to its first report: from where an earlier
// attempt left it, which AWS tells.
func (c *Control) onboard(ctx context.Context, run store.Run, folio *portfolio.Portfolio, s *scribe) came {
	if !named(folio, run.Customer) {
		return came{state: store.RunFailed, summary: fmt.Sprintf("the portfolio has no customer %s any more. Nothing was changed", run.Customer)}
	}
	w, seen, err := c.looked(ctx, run, folio, s)
	if err != nil {
		return failed(err)
	}
	var before onboard.Checklist
	if err := c.Store.Operator(ctx, func(tx store.Tx) error { before, err = Checklist(ctx, tx, run.ID); return err }); err != nil {
		return failed(err)
	}
	var r came
	want := blueprint.From(folio)
	saw := func(seen org.Organization) {
		if seen.Exists() {
			r.facts = gather(folio, want, seen)
		}
	}
	saw(seen)
	lists, err := onboard.Run(ctx, onboard.Config{
		Folio: folio, Keys: []string{run.Customer}, World: w, Seen: &seen, Rules: w.Rules(), Seed: uint64(run.AskedAt.UnixNano()), Now: c.clock.Now, Before: []onboard.Checklist{before},
		Told: func(lists []onboard.Checklist) { c.tells(ctx, run, lists[0]) },
		Carry: func(ctx context.Context, _ org.Organization, todo *plan.Plan, rounds func(apply.Options) (apply.Outcome, error)) (apply.Outcome, error) {
			r.plan = todo
			s.round(todo, c.clock.Now())
			s.flush(ctx) // whoever takes the run up knows that it was begun
			out, err := rounds(apply.Options{
				Watch: s.events,
				Round: func(next *plan.Plan) { s.round(next, c.clock.Now()) },
			})
			saw(out.Seen)
			return out, err
		},
		Center: centerOf(w, folio),
		Entered: func(ctx context.Context, customer, link string) error {
			return c.Store.Operator(ctx, func(tx store.Tx) error { return tx.PutSignIn(ctx, customer, link) })
		},
		Scan:    c.scanned(run, folio, w, &r, s),
		Posture: c.posture,
		Keep: func(_ context.Context, customer string, _ *report.Report) (string, error) {
			return "it is made of what is kept whenever it is read, in each format: /customers/" + customer + "/compliance", nil
		},
		Portal: c.portal(ctx, run, &r),
	})
	r.state, r.summary, r.away = store.RunFailed, "", passes(err)
	switch {
	case err != nil:
		r.summary = err.Error()
	case lists[0].Complete():
		r.state, r.summary = store.RunDone, onboarded(lists[0])
	default:
		l, _ := lists[0].Fault()
		r.summary = fmt.Sprintf("%s: %s. Onboard again once that is mended: it goes on from there", l.Step, l.Says)
	}
	return r
}

// centerOf is IAM Identity Center in a world that has one, where the portfolio says it
// is.
func centerOf(w World, folio *portfolio.Portfolio) onboard.Center {
	has, is := w.(interface {
		Center(region string) onboard.Center
	})
	sign, wants := identity.From(folio)
	if !is || !wants {
		return nil
	}
	return has.Center(sign.Region)
}

// portal has Config.Portal read what the portal shows once it knows what the last look
// told, which else the end of the run writes.
func (c *Control) portal(ctx context.Context, run store.Run, r *came) func(context.Context, string) (string, []onboard.Task, error) {
	if c.Portal == nil {
		return nil
	}
	return func(_ context.Context, customer string) (string, []onboard.Task, error) {
		if err := c.putFacts(ctx, run, r); err != nil {
			return "", nil, err
		}
		var members []store.Member
		err := c.Store.Operator(ctx, func(tx store.Tx) (err error) {
			members, err = tx.Members(ctx, customer)
			return err
		})
		if err != nil {
			return "", nil, err
		}
		var left []onboard.Task
		if !slices.ContainsFunc(members, func(m store.Member) bool { return m.DisabledAt == nil }) {
			left = []onboard.Task{{Who: "who looks after the customer", What: "invite its first person to the portal: People, on its page", Why: "that an address is the contact's does not say that they may see everything"}}
		}
		looked, err := c.Portal(ctx, customer)
		return looked, left, err
	}
}

// putFacts writes what the last look of an onboarding told of the customers, for what
// is done with what is kept of them before the run ends.
func (c *Control) putFacts(ctx context.Context, run store.Run, r *came) error {
	return c.Store.Operator(ctx, func(tx store.Tx) error {
		latest, err := tx.PortfolioVersion(ctx)
		if err != nil || r.facts == nil || latest != run.Portfolio {
			return err // a look by an old portfolio says nothing of the new one's customers
		}
		by, err := asker(ctx, tx, run)
		if err != nil {
			return err
		}
		now := c.clock.Now()
		return noted(ctx, tx, by, now, r.facts.foreign, func() error { return tx.PutFacts(ctx, r.facts.rows(), now) })
	})
}

// tells keeps how far an onboarding is. What cannot be written is for people, and no
// reason to stop.
func (c *Control) tells(ctx context.Context, run store.Run, list onboard.Checklist) {
	raw, err := json.Marshal(list)
	if err == nil {
		err = c.Store.Operator(context.WithoutCancel(ctx), func(tx store.Tx) error { return tx.PutChecklist(ctx, run.ID, raw) })
	}
	if err != nil {
		c.log.Warn("how far the onboarding is cannot be written; it goes on", "run", run.ID, "error", err)
	}
}

// onboarded says what an onboarding came to.
func onboarded(list onboard.Checklist) string {
	says := fmt.Sprintf("account %s, %s done", list.Account, count(len(list.Lines), "step"))
	if n := len(list.Tasks()); n > 0 {
		says += fmt.Sprintf("; %s left to people", count(n, "thing"))
	}
	return says
}
