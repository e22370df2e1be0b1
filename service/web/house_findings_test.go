package web

import (
	"context"
	"fmt"
	"time"

	"landlord/guard/compliance"
	"landlord/org"
	"landlord/service/control"
	"landlord/service/store"
)

// assess has every customer's account looked at twice, by checks of every framework,
// and an account that is nobody's. What was found names its customer.
func (h *house) assess() *house {
	h.t.Helper()
	h.operator(func(ctx context.Context, tx store.Tx) error {
		var tiers []store.Tier
		for _, t := range h.folio.Tiers {
			tiers = append(tiers, store.Tier{Framework: t.Framework, Key: t.Key, Name: t.Name, Provider: "Example MSP", Regions: []string{"us-east-1"}})
		}
		if err := tx.PutTiers(ctx, tiers); err != nil {
			return err
		}
		for i, c := range h.folio.Customers {
			account := org.AccountID(fmt.Sprintf("%012d", 222233334444+i))
			for week := range 2 {
				at := testNow.Add(-time.Duration(1-week) * 8 * 24 * time.Hour)
				if err := tx.AddFindings(ctx, c.Key, "batch-"+c.Key, foundIn(account, c.Key, at, 3+i+week), at); err != nil {
					return err
				}
				if err := tx.CountTiers(ctx, at); err != nil {
					return err
				}
			}
		}
		if err := tx.QueueFindings(ctx, "999988887777", "batch-nobody", foundIn("999988887777", "nobody", testNow, 3)); err != nil {
			return err
		}
		return tx.PutSetting(ctx, "proof", control.Proof{Seen: testNow, Cells: filledCells(true)})
	})
	return h
}

// foundIn is what was found in an account by every check: fail of each nth, at a
// resource that is called after the customer.
func foundIn(account org.AccountID, key string, at time.Time, nth int) (all []compliance.Finding) {
	for i, c := range compliance.Checks() {
		f := compliance.Finding{Name: c.ID, Account: account, Region: "us-east-1", Resource: "arn:aws:s3:::logs-of-" + key, Status: compliance.Pass, At: at,
			Method: compliance.ByCalls, Whole: true, Hash: fmt.Sprintf("%060x%04x", account, i)}
		if i%nth == 0 {
			f.Status = compliance.Fail
		}
		all = append(all, f)
	}
	return all
}
