package control

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/riverqueue/river"

	"landlord/guard/compliance"
	"landlord/guard/survey"
	"landlord/org"
	"landlord/portfolio"
	"landlord/service/onboard"
	"landlord/service/store"
	"landlord/vend/blueprint"
	"landlord/vend/plan"
)

// queued is where the job of a run waits.
func queued(r store.Run) *river.InsertOpts {
	if r.Kind == store.RunScan {
		return &river.InsertOpts{Queue: scanQueue}
	}
	return nil
}

// Assess asks for the run that assesses the accounts of customers of the portfolio in
// force, of all if none is named, and keeps what is found. The error is
// store.ErrNotFound for a key that the portfolio does not have, an *UnderWayError while
// such a run of the same customers has not ended.
func (c *Control) Assess(ctx context.Context, customers []string, by By) (run string, err error) {
	customers = slices.Compact(slices.Sorted(slices.Values(customers)))
	err = c.Store.Operator(ctx, func(tx store.Tx) error {
		v, err := tx.LatestPortfolio(ctx)
		if err != nil {
			return err
		}
		if len(customers) > 0 {
			folio, err := portfolio.Parse("portfolio", []byte(v.Text))
			if err != nil {
				return fmt.Errorf("version %d: %w", v.Version, err)
			}
			for _, key := range customers {
				if !named(folio, key) {
					return fmt.Errorf("customer %s of the portfolio: %w", key, store.ErrNotFound)
				}
			}
		}
		// Two who ask at once are one after the other: the second sees the first's run.
		if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtextextended('landlord assess', 0))`); err != nil {
			return fmt.Errorf("ask for an assessment: %w", err)
		}
		open, err := tx.OpenRuns(ctx, store.RunScan)
		if err != nil {
			return err
		}
		for _, r := range open {
			if slices.Equal(r.Assesses, customers) {
				return &UnderWayError{r}
			}
		}
		run, err = c.ask(ctx, tx, store.Run{Kind: store.RunScan, Portfolio: v.Version, Assesses: customers}, by, c.clock.Now())
		return err
	})
	return run, err
}

// rescan asks for everybody to be assessed when the last time is long enough ago.
func (c *Control) rescan(ctx context.Context, now time.Time) error {
	if c.Scan <= 0 {
		return nil
	}
	due := false
	err := c.Store.Operator(ctx, func(tx store.Tx) error {
		last, err := tx.ScannedAt(ctx)
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		due = err == nil && now.Sub(last) >= c.Scan
		return err
	})
	if err != nil || !due {
		return err
	}
	_, err = c.Assess(ctx, nil, system("scan"))
	if _, is := errors.AsType[*UnderWayError](err); is {
		return nil
	}
	return err
}

// assess assesses the accounts of a run's customers: those that an earlier attempt has
// not.
func (c *Control) assess(ctx context.Context, run store.Run, folio *portfolio.Portfolio, s *scribe) came {
	var gone []string
	keys := slices.DeleteFunc(slices.Clone(run.Assesses), func(key string) bool {
		if !named(folio, key) {
			gone = append(gone, key)
		}
		return !named(folio, key)
	})
	if len(run.Assesses) > 0 && len(keys) == 0 {
		return came{state: store.RunFailed, summary: fmt.Sprintf("the portfolio has no customer %s any more", gone[0]) + more(len(gone)-1)}
	}
	w, seen, err := c.looked(ctx, run, folio, s)
	if err != nil {
		return failed(err)
	}
	if !seen.Exists() {
		return came{state: store.RunFailed, summary: "there is no organization yet, and so no account to assess: a run that applies the portfolio makes them"}
	}
	all, err := plan.WantAssessments(blueprint.From(folio), seen, folio.Organization.Regions, keys...)
	if err != nil {
		return failed(err)
	}
	sum, _, err := c.survey(ctx, run, w, all, s)
	if err != nil {
		return failed(err)
	}
	return assessed(sum, all.Left)
}

// assessed says what an assessment came to.
func assessed(sum survey.Sum, left []plan.Unready) came {
	r := came{state: store.RunDone, summary: fmt.Sprintf("assessed %s, %d without an error: %s", count(sum.Accounts, "account"), sum.Whole, count(sum.Findings, "finding"))}
	if sum.Accounts == 0 {
		r.summary = "there was no account to assess"
	}
	if len(sum.Errors) > 0 {
		r.state = store.RunFailed
		names := slices.SortedFunc(maps.Keys(sum.Errors), func(a, b string) int { return compareErrors(sum.Errors, a, b) })
		r.summary += fmt.Sprintf("; could not be told: %s, in %s", names[0], count(sum.Errors[names[0]], "account")) + more(len(names)-1)
	}
	if sum.Disagree > 0 {
		r.summary += fmt.Sprintf("; landlord's own reads and AWS Config disagree on %s", count(sum.Disagree, "check"))
	}
	if len(left) > 0 {
		r.summary += fmt.Sprintf("; left out %s: %s", left[0].Customer, left[0].Why) + more(len(left)-1)
	}
	return r
}

// compareErrors puts what befell the most accounts first.
func compareErrors(of map[string]int, a, b string) int {
	if of[a] != of[b] {
		return of[b] - of[a]
	}
	if a < b {
		return -1
	}
	return 1
}

// scanned has Config.Scan of an onboarding assess the customer's account and keep what
// is found, once the customer's row has the account.
func (c *Control) scanned(run store.Run, folio *portfolio.Portfolio, w World, r *came, s *scribe) func(context.Context, org.Organization, []string) (map[string]onboard.Scanned, error) {
	return func(ctx context.Context, seen org.Organization, keys []string) (map[string]onboard.Scanned, error) {
		if err := c.putFacts(ctx, run, r); err != nil {
			return nil, err
		}
		all, err := plan.WantAssessments(blueprint.From(folio), seen, folio.Organization.Regions, keys...)
		if err != nil {
			return nil, err
		}
		_, untold, err := c.survey(ctx, run, w, all, s)
		if err != nil {
			return nil, err
		}
		of := map[string]onboard.Scanned{}
		for id, n := range untold {
			of[all.Customer[id]] = onboard.Scanned{Errors: n}
		}
		for _, left := range all.Left {
			of[left.Customer] = onboard.Scanned{Why: left.Why}
		}
		return of, nil
	}
}

// posture is how a customer stands by what the store keeps of it.
func (c *Control) posture(ctx context.Context, customer string, _ org.AccountID, f compliance.Framework) (p compliance.Posture, err error) {
	err = c.Store.Operator(ctx, func(tx store.Tx) error {
		s, err := tx.Standing(ctx, customer, f.Name)
		if errors.Is(err, store.ErrNotFound) {
			s, err = &compliance.State{}, nil
		}
		if err == nil {
			p = s.Posture(f)
		}
		return err
	})
	return p, err
}
