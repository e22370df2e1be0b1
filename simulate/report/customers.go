package report

import (
	"fmt"
	"slices"

	"landlord/business/economics"
	"landlord/internal/money"
	"landlord/org"
	"landlord/simulate"
)

// Customer is one customer of the file.
type Customer struct {
	Key, Name string
	Tier      string // name
	Framework string
	Price     money.Cents
	Account   org.AccountID // as the simulated AWS allocated it; "" if there is none
	Email     string        // the account's root address
	Contact   string
	Note      string // "second in its tier"
}

func (f *facts) customerList() []Customer {
	var all []Customer
	inTier := map[string]int{}
	for _, c := range f.file.Customers {
		t, _ := f.file.Tier(c.Tier)
		inTier[c.Tier]++
		note := ""
		if k := inTier[c.Tier]; k > 1 {
			note = fmt.Sprintf("number %s in its tier: shares unit and policy", whole(k))
		}
		account := f.whole.Verified.Account[c.Key]
		all = append(all, Customer{c.Key, c.Name, t.Name, t.Framework, c.Price, account.ID, account.Email, c.Contact, note})
	}
	return all
}

// Revenue is what the customers bring a month.
type Revenue struct {
	Total, Infrastructure money.Cents
	GrossProfit           money.Cents
	GrossMargin           string // "99.7%"
	Average               money.Cents
	Compared              []Earning // fewer customers beside the whole file
}

// Earning is what a number of customers earns a month.
type Earning struct {
	Customers      int
	Revenue        money.Cents
	Infrastructure money.Cents
	GrossMargin    string
	People         int
	Profit         money.Cents
	Margin         string // with support and hosting
}

func (f *facts) revenue() Revenue {
	m := f.month
	r := Revenue{m.Revenue, m.Infrastructure, m.GrossProfit(), percent(m.GrossProfit(), m.Revenue, 1), m.Average(), nil}
	for _, n := range f.few() {
		r.Compared = append(r.Compared, f.earning(n))
	}
	return r
}

// few are the numbers of customers that are set beside each other: 1, 2 and
// the whole file's.
func (f *facts) few() []int {
	few := []int{f.n}
	for _, n := range []int{1, 2} {
		if n < f.n {
			few = append(few, n)
		}
	}
	slices.Sort(few)
	return few
}

func (f *facts) earning(n int) Earning {
	m := f.monthAt(n)
	return Earning{n, m.Revenue, m.Infrastructure, percent(m.GrossProfit(), m.Revenue, 1), m.People, m.Profit(), percent(m.Profit(), m.Revenue, 1)}
}

// Tier is a tier with customers: who they are, what they earn, cost and take.
type Tier struct {
	Key, Name, Framework, Unit string
	Customers                  []string // names, in file order
	Revenue                    money.Cents
	Share                      string      // of all revenue
	Infrastructure             money.Cents // its part by accounts, as all below
	GrossMargin                string
	Profit                     money.Cents // with support and hosting
	Margin                     string
	PerCustomer                money.Cents // profit a customer
	Onboarding                 int         // minutes of a person to take them on
	PerHour                    money.Cents // monthly profit for each hour of that; 0 if it takes no time
}

func (f *facts) tierList() []Tier {
	var all []Tier
	names := map[string][]string{}
	for _, c := range f.file.Customers {
		names[c.Tier] = append(names[c.Tier], c.Name)
	}
	for _, t := range f.tiers {
		perHour, _ := t.PerHour()
		all = append(all, Tier{
			Key: t.Key, Name: t.Name, Framework: t.Framework, Unit: t.Unit,
			Customers: names[t.Key], Revenue: t.Revenue, Share: percent(t.Revenue, f.month.Revenue, 0),
			Infrastructure: t.Infrastructure, GrossMargin: percent(t.GrossProfit(), t.Revenue, 1),
			Profit: t.Profit(), Margin: percent(t.Profit(), t.Revenue, 1),
			PerCustomer: t.PerCustomer(), Onboarding: t.Onboarding, PerHour: perHour,
		})
	}
	return all
}

// Sharing is a tier whose customers share a unit.
type Sharing struct {
	Tier, Unit     string
	Before, After  []string // customers: the first alone, then all
	Lines          []Line
	Revenue        money.Cents
	Infrastructure money.Cents
	GrossMargin    string
}

func (f *facts) sharing(a *auditor) []Sharing {
	var all []Sharing
	for i, t := range f.tierList() {
		if len(t.Customers) < 2 {
			continue
		}
		all = append(all, Sharing{
			Tier: t.Name, Unit: t.Unit, Before: t.Customers[:1], After: t.Customers,
			Lines: []Line{
				a.of("All are in the same unit", "unit", t.Key),
				a.of("The same "+t.Framework+" policy applies to each", "policies", t.Key),
				a.of("No conflict between them: each has a root address of its own", "e-mail", t.Key),
			},
			Revenue: t.Revenue, Infrastructure: f.tiers[i].Infrastructure, GrossMargin: t.GrossMargin,
		})
	}
	return all
}

// Month is the first month with all customers.
type Month struct {
	economics.Month
	Lines  []Amount // revenue by customer, or by tier where there are many
	Margin string
}

// Amount is an amount and what it is for.
type Amount struct {
	What   string
	Amount money.Cents
}

// manyCustomers is from how many customers a month is shown by tier.
const manyCustomers = 21

func (f *facts) monthOne() Month {
	m := Month{Month: f.month, Margin: percent(f.month.Profit(), f.month.Revenue, 1)}
	if f.n < manyCustomers {
		for _, c := range f.customerList() {
			m.Lines = append(m.Lines, Amount{c.Name + " (" + c.Tier + ")", c.Price})
		}
		return m
	}
	for _, t := range f.tiers {
		m.Lines = append(m.Lines, Amount{t.Name + ": " + count(t.Customers, "customer"), t.Revenue})
	}
	return m
}

// Projection is a month of a number of customers by the stated rules, and by
// the cost of each account.
type Projection struct {
	economics.Month
	Margin                string
	AccountLow            money.Cents // infrastructure if each account costs the least
	AccountHigh           money.Cents // and the most
	MarginLow, MarginHigh string      // with the most and the least
	HidesLeast, HidesMost money.Cents // what flat infrastructure leaves out; 0 if nothing
}

func (f *facts) projections() []Projection {
	cost := f.file.Economics.AccountCost
	var all []Projection
	for _, s := range f.study.Scenarios {
		m := economics.Of(s.Portfolio)
		low, high := m.ByAccount(cost.Low), m.ByAccount(cost.High)
		all = append(all, Projection{
			Month: m, Margin: percent(m.Profit(), m.Revenue, 2),
			AccountLow: low.Infrastructure, AccountHigh: high.Infrastructure,
			MarginLow: percent(high.Profit(), m.Revenue, 2), MarginHigh: percent(low.Profit(), m.Revenue, 2),
			HidesLeast: max(low.Infrastructure-m.Infrastructure, 0), HidesMost: max(high.Infrastructure-m.Infrastructure, 0),
		})
	}
	return all
}

// Scenario is one scale as a machine reads it.
type Scenario struct {
	*simulate.Scenario
	Verified Tally // checks of its organization; what is not built is not checked
}

func (f *facts) scenarios() []Scenario {
	unbuilt := 0
	for _, g := range newAuditor(f).operations() {
		for _, l := range g.Lines {
			if l.State == NotChecked {
				unbuilt++
			}
		}
	}
	var all []Scenario
	for _, s := range f.study.Scenarios {
		passed, checks := s.Verified.Passed()
		all = append(all, Scenario{s, Tally{passed, checks - passed, unbuilt}})
	}
	return all
}
