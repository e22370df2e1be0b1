package control

import (
	"context"
	"maps"
	"slices"
	"time"

	"landlord/guard/compliance"
	"landlord/org"
	"landlord/portfolio"
	"landlord/service/store"
	"landlord/vend/blueprint"
)

// Shown is what a house would know of the customers of its portfolio.
type Shown struct {
	Text         string // of the portfolio
	Portfolio    *portfolio.Portfolio
	Organization org.Organization  // as it was last seen
	Links        map[string]string // by customer: where its people sign in to AWS
	Findings     map[org.AccountID][]compliance.Finding
}

// Show writes into an empty database what runs and loops would have written of s, for
// its pages to be read. Nobody asked for it: there are no runs, and no trail.
func Show(ctx context.Context, tx store.Tx, s Shown, at time.Time) error {
	if err := tx.AddPortfolio(ctx, store.Portfolio{Version: 1, Text: s.Text, Author: "landlord", At: at}); err != nil {
		return err
	}
	list, primary := customers(s.Portfolio)
	if err := tx.LoadCustomers(ctx, list, primary, at); err != nil {
		return err
	}
	if err := tx.PutTiers(ctx, tiers(s.Portfolio)); err != nil {
		return err
	}
	known := gather(s.Portfolio, blueprint.From(s.Portfolio), s.Organization)
	if err := tx.PutFacts(ctx, known.rows(), at); err != nil {
		return err
	}
	if err := tx.PutSetting(ctx, Look, s.Organization); err != nil {
		return err
	}
	for _, customer := range slices.Sorted(maps.Keys(s.Links)) {
		if err := tx.PutSignIn(ctx, customer, s.Links[customer]); err != nil {
			return err
		}
	}
	for _, c := range known.customers {
		if found := s.Findings[org.AccountID(c.Account)]; len(found) > 0 {
			if err := tx.AddFindings(ctx, c.Customer, "shown", found, at); err != nil {
				return err
			}
		}
	}
	return nil
}
