// Package whatif says what the customers of a portfolio and more of a tier would
// take. A portfolio comes in; the report on its simulation goes out. It keeps nothing.
package whatif

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"landlord/org"
	"landlord/portfolio"
	"landlord/simaws"
	"landlord/simulate"
	"landlord/simulate/report"
)

// Most is how many customers are simulated: 10,000 take six seconds of two cores.
const Most = 10_000

// ErrAsked: what was asked for cannot be simulated.
var ErrAsked = fmt.Errorf("want a tier of the portfolio, and 1 to %d customers in all", Most)

// Studies simulates. It is safe for concurrent use.
type Studies struct{ busy chan struct{} }

// New returns Studies that nobody is at.
func New() *Studies { return &Studies{make(chan struct{}, 1)} }

// Report simulates p's customers, and those with n more of the tier with that key,
// one study at a time: each takes every core.
func (s *Studies) Report(ctx context.Context, p *portfolio.Portfolio, tier string, n int) (*report.Report, error) {
	at := slices.IndexFunc(p.Tiers, func(t portfolio.Tier) bool { return t.Key == tier })
	if all := len(p.Customers) + n; at < 0 || n < 0 || all == 0 || all > Most {
		return nil, fmt.Errorf("simulate %d more customers of tier %q: %w", n, tier, ErrAsked)
	}
	select {
	case s.busy <- struct{}{}:
		defer func() { <-s.busy }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	profile, err := simaws.ProfileNamed("reference")
	if err != nil {
		return nil, err
	}
	study, err := simulate.RunStudy(ctx, more(p, p.Tiers[at], n), []int{len(p.Customers)}, simulate.Options{Profile: profile, Seed: 1})
	if err != nil {
		return nil, fmt.Errorf("simulate: %w", err)
	}
	return report.New(study), nil
}

// more is p with n more customers of a tier, none of whom has an account.
func more(p *portfolio.Portfolio, tier portfolio.Tier, n int) *portfolio.Portfolio {
	grown := *p
	grown.Customers = slices.Clone(p.Customers)
	grown.Organization.SimulatedAccounts = maps.Clone(p.Organization.SimulatedAccounts)
	if grown.Organization.SimulatedAccounts == nil {
		grown.Organization.SimulatedAccounts = map[string]org.AccountID{}
	}
	for i, c := range grown.Customers { // a simulated AWS has no account to adopt
		if c.Account != "" {
			grown.Organization.SimulatedAccounts[c.Key] = c.Account
			grown.Customers[i].Account, grown.Customers[i].Address = "", ""
		}
	}
	taken := map[string]bool{}
	for _, c := range p.Customers {
		taken[c.Key] = true
	}
	for i := 1; len(grown.Customers) < len(p.Customers)+n; i++ {
		key := fmt.Sprintf("more-%d", i)
		if taken[key] {
			continue
		}
		name := fmt.Sprintf("%s customer %d", tier.Name, i)
		grown.Customers = append(grown.Customers, portfolio.Customer{Key: key, Name: name, Tier: tier.Key, Price: tier.Price,
			AccountName: portfolio.AccountName(name, key), Email: portfolio.AccountEmail(p.Provider.AccountEmail, key)})
	}
	return &grown
}
