// Package economics says what a portfolio earns and costs in a month and what
// effort its customers take: in all and by tier. A portfolio comes in;
// whole cents, whole minutes and exact ratios go out. It does not know how long
// a deployment takes, and not what AWS really bills.
package economics

import (
	"math/big"

	"landlord/internal/money"
	"landlord/portfolio"
)

// Month is what a number of customers earn and cost in one month.
type Month struct {
	Customers      int
	Revenue        money.Cents
	Infrastructure money.Cents // flat: the same for any number of customers
	People         int         // in support
	Support        money.Cents // what they earn
	Hosting        money.Cents // hosting and tools
}

// Of returns the month of p: the prices of all its customers, each for the whole
// month since a file does not say who is suspended, against the flat
// infrastructure, the support staff that so many customers need, and hosting.
func Of(p *portfolio.Portfolio) Month {
	m := Month{
		Customers:      len(p.Customers),
		Infrastructure: p.Economics.Infrastructure,
		People:         People(p.Economics, len(p.Customers)),
		Hosting:        p.Economics.Hosting,
	}
	for _, c := range p.Customers {
		m.Revenue += c.Price
	}
	m.Support = p.Economics.SupportSalary.Times(int64(m.People), 1)
	return m
}

// People is how many people in support n customers need: as many as their
// capacity asks for, and never fewer than the stated minimum.
func People(e portfolio.Economics, n int) int {
	per := max(e.CustomersPerPerson, 1)
	return max(e.SupportPeopleMinimum, (n+per-1)/per)
}

// GrossProfit is the revenue less the infrastructure.
func (m Month) GrossProfit() money.Cents { return m.Revenue - m.Infrastructure }

// Costs is everything that the month costs.
func (m Month) Costs() money.Cents { return m.Infrastructure + m.Support + m.Hosting }

// Profit is the revenue less all costs; negative for a loss.
func (m Month) Profit() money.Cents { return m.Revenue - m.Costs() }

// Average is the revenue per customer, rounded half to even to a cent; 0
// without customers.
func (m Month) Average() money.Cents {
	if m.Customers == 0 {
		return 0
	}
	return m.Revenue.Times(1, int64(m.Customers))
}

// ByAccount returns m with its flat infrastructure replaced by what each
// customer's account costs.
func (m Month) ByAccount(account money.Cents) Month {
	m.Infrastructure = account.Times(int64(m.Customers), 1)
	return m
}

// Hides is from how many customers on the accounts cost more than the flat
// infrastructure; 0 if accounts cost nothing, so never.
func Hides(flat, account money.Cents) int {
	if account <= 0 {
		return 0
	}
	return int(flat/account) + 1
}

// Percent is part of whole in percent, exact. It is not ok if whole is 0:
// nothing is no share of nothing.
func Percent(part, whole money.Cents) (r *big.Rat, ok bool) {
	if whole == 0 {
		return nil, false
	}
	return big.NewRat(100*int64(part), int64(whole)), true
}

// Times is how many times base goes into amount, exact. It is not ok if base is 0.
func Times(amount, base money.Cents) (r *big.Rat, ok bool) {
	if base == 0 {
		return nil, false
	}
	return big.NewRat(int64(amount), int64(base)), true
}

// Split divides total by weights, each part whole cents, each within a cent of
// its exact share; the parts sum to total. All weights are at least 0. Where
// they sum to 0 every part is 0.
func Split(total money.Cents, weights []int) []money.Cents {
	parts := make([]money.Cents, len(weights))
	sum := 0
	for _, w := range weights {
		sum += w
	}
	if sum == 0 {
		return parts
	}
	var given money.Cents
	upTo := 0
	for i, w := range weights {
		upTo += w
		parts[i] = total.Times(int64(upTo), int64(sum)) - given
		given += parts[i]
	}
	return parts
}
