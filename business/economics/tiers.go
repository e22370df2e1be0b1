package economics

import (
	"landlord/internal/money"
	"landlord/portfolio"
)

// Tier is what the customers of one tier earn, cost and take.
type Tier struct {
	portfolio.Tier
	Customers      int
	Revenue        money.Cents
	Infrastructure money.Cents // its part of the flat infrastructure, by accounts
	Support        money.Cents // its part of support, by accounts
	Hosting        money.Cents // its part of hosting, by accounts
	Onboarding     int         // minutes of a person to take its customers on
}

// Tiers returns the tiers of p that have customers, in p's order. What all
// share is divided by accounts, since that is what AWS and support work on; the
// parts sum to the whole.
func Tiers(p *portfolio.Portfolio) []Tier {
	at := map[string]int{}
	all := make([]Tier, len(p.Tiers))
	for i, t := range p.Tiers {
		all[i].Tier = t
		at[t.Key] = i
	}
	for _, c := range p.Customers {
		if i, known := at[c.Tier]; known {
			all[i].Customers++
			all[i].Revenue += c.Price
		}
	}
	weights := make([]int, len(all))
	for i, t := range all {
		weights[i] = t.Customers
	}
	month := Of(p)
	infrastructure := Split(month.Infrastructure, weights)
	support := Split(month.Support, weights)
	hosting := Split(month.Hosting, weights)
	var used []Tier
	for i, t := range all {
		if t.Customers == 0 {
			continue
		}
		t.Infrastructure, t.Support, t.Hosting = infrastructure[i], support[i], hosting[i]
		t.Onboarding = t.Customers * PerCustomer(p.Economics)
		used = append(used, t)
	}
	return used
}

// GrossProfit is the tier's revenue less its part of the infrastructure.
func (t Tier) GrossProfit() money.Cents { return t.Revenue - t.Infrastructure }

// Profit is the tier's revenue less its part of all costs.
func (t Tier) Profit() money.Cents { return t.GrossProfit() - t.Support - t.Hosting }

// PerCustomer is the tier's profit a customer, rounded half to even to a cent.
func (t Tier) PerCustomer() money.Cents { return t.Profit().Times(1, int64(max(t.Customers, 1))) }

// PerHour is the tier's monthly profit for each hour spent on taking its
// customers on, rounded half to even to a cent. It is not ok if that takes no
// time.
func (t Tier) PerHour() (c money.Cents, ok bool) {
	if t.Onboarding == 0 {
		return 0, false
	}
	return t.Profit().Times(60, int64(t.Onboarding)), true
}
