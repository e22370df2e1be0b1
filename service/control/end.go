package control

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"landlord/org"
	"landlord/service/store"
	"landlord/vend/plan"
)

// end notes what a run came to and what its last look tells of the customers, all
// or nothing. While the database does not take it, the run is not over, and
// whoever takes it up finds nothing left to do.
func (c *Control) end(ctx context.Context, run store.Run, v store.Portfolio, r came) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	now := c.clock.Now()
	var made json.RawMessage
	if r.plan != nil {
		var err error
		if made, err = json.Marshal(struct {
			Digest string `json:"digest"`
			Plan   any    `json:"plan"`
		}{Digest(r.plan), r.plan}); err != nil {
			return err
		}
	}
	err := c.Store.Operator(ctx, func(tx store.Tx) error {
		if err := tx.EndRun(ctx, run.ID, r.state, r.summary, made, now); err != nil {
			return err
		}
		if r.facts != nil && run.Kind != store.RunPlan && !run.Order() { // whose ends are not about every customer
			if err := tx.RunChecked(ctx, run.ID, r.facts.passed, r.facts.all-r.facts.passed); err != nil {
				return err
			}
		}
		by, err := asker(ctx, tx, run)
		if err != nil {
			return err
		}
		if r.facts != nil {
			latest, err := tx.LatestPortfolio(ctx)
			if err != nil {
				return err
			}
			if latest.Version == v.Version { // a look by an old portfolio says nothing of the new one's customers
				put := func() error { return tx.PutFacts(ctx, r.facts.rows(), now) }
				if err := noted(ctx, tx, by, now, r.facts.foreign, put); err != nil {
					return err
				}
				if err := tx.PutSetting(ctx, faultsKept, r.facts.faults); err != nil {
					return err
				}
				if err := tx.PutSetting(ctx, proofKept, r.facts.proof); err != nil {
					return err
				}
			}
			if err := tx.PutSetting(ctx, Look, r.facts.look); err != nil {
				return err
			}
		}
		if r.refusal.Customers != nil {
			if err := tx.PutSetting(ctx, refusalKept, r.refusal); err != nil {
				return err
			}
		}
		if err := c.settle(ctx, tx, run, r, by, now); err != nil {
			return err
		}
		return tx.Audit(ctx, system("run "+run.ID).entry(now, "run.end", nil, map[string]any{"run": run.ID, "state": r.state, "summary": r.summary}))
	})
	if err != nil {
		return err
	}
	took := now.Sub(run.AskedAt)
	if c.Met != nil {
		c.Met(run.Kind, r.state, took)
	}
	c.log.Info("run ended", "run", run.ID, "kind", run.Kind, "state", r.state, "summary", r.summary, "seconds", took.Seconds())
	return nil
}

// Look is the setting that keeps the organization as it was last seen.
const Look = "look"

// faultsKept is the setting that keeps what the last look found wrong with the
// organization as a whole.
const faultsKept = "faults"

// refusalKept is the setting that keeps when AWS last said that its quota of closures
// is used up.
const refusalKept = "closures.refused"

// refused is what AWS last refused to close.
func refused(ctx context.Context, tx store.Tx) (r plan.Refusal, err error) {
	if err = tx.Setting(ctx, refusalKept, &r); errors.Is(err, store.ErrNotFound) {
		return r, nil
	}
	return r, err
}

// closing is what is known of AWS's quota of closures at a look.
func (c *Control) closing(r plan.Refusal, seen org.Organization) plan.Closing {
	return plan.Closing{Quotas: c.Quotas, Refused: r.At(seen.Seen)}
}

// Faults are what the last look by the portfolio in force found wrong with the
// organization as a whole: such as an account of a customer who is not in it.
func Faults(ctx context.Context, tx store.Tx) (found []Fault, err error) {
	if err = tx.Setting(ctx, faultsKept, &found); errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	return found, err
}
