package report

import (
	"fmt"
	"math/big"
	"slices"
	"strings"

	"landlord/business/economics"
	"landlord/internal/money"
	"landlord/portfolio"
	"landlord/simulate"
)

// moneyRules compute revenue, cost and margin.
var moneyRules = []rule{
	{"customer.*", func(f *facts, key string) answer {
		i := slices.IndexFunc(f.file.Customers, func(c portfolio.Customer) bool { return c.Key == key })
		if i < 0 {
			return said("", "the file has no customer %s", key)
		}
		c := f.file.Customers[i]
		id := string(f.whole.Verified.Account[key].ID)
		return said(strings.Join([]string{c.Tier, c.Price.String(), id, c.Contact}, ";"),
			"the file's entry; the account id is the one that the simulated AWS allocated")
	}},
	{"infra.monthly", file(func(f *facts) answer {
		return said(f.month.Infrastructure.String(), "economics.infrastructure of the file, whatever the number of customers")
	})},
	{"mrr.*", scaled(func(f *facts, n int) answer {
		return said(f.monthAt(n).Revenue.String(), "sum of the prices of %s", f.customers(n))
	})},
	{"gross_profit.*", scaled(func(f *facts, n int) answer {
		return said(f.monthAt(n).GrossProfit().String(), "revenue less infrastructure, %s", f.customers(n))
	})},
	{"gross_margin.gain", file(func(f *facts) answer {
		one, okOne := grossMargin(f.monthAt(1))
		five, okFive := grossMargin(f.monthAt(5))
		if !okOne || !okFive {
			return answer{how: "without revenue there is no margin"}
		}
		return said(tenths(five.Sub(five, one)), "gross margin of 5 customers less that of 1")
	})},
	{"gross_margin.*", scaled(func(f *facts, n int) answer {
		m := f.monthAt(n)
		r, ok := grossMargin(m)
		return ratio(r, ok, 1, fmt.Sprintf("(%s − %s) / %s, %s", m.Revenue.Format(), m.Infrastructure.Format(), m.Revenue.Format(), f.customers(n)))
	})},
	{"revenue.growth", file(func(f *facts) answer {
		one, five := f.monthAt(1).Revenue, f.monthAt(5).Revenue
		r, ok := economics.Times(five, one)
		return ratio(r, ok, 2, fmt.Sprintf("revenue of 5 customers, %s, over that of 1, %s", five.Format(), one.Format()))
	})},
	{"arpc", file(func(f *facts) answer {
		if f.n == 0 {
			return answer{how: "the file has no customers"}
		}
		return said(f.month.Average().String(), "%s / %d", f.month.Revenue.Format(), f.n)
	})},
	{"tier.*.revenue", func(f *facts, key string) answer {
		t, used := f.tier(key)
		if !used {
			return said("0;0%", "the file has no customer in tier %s", key)
		}
		return said(t.Revenue.String()+";"+money.Percent(t.Revenue, f.month.Revenue, 0)+"%", "sum of the prices of the tier, over %s", f.month.Revenue.Format())
	}},
	{"margin.support.*", scaled(func(f *facts, n int) answer {
		m := f.monthAt(n)
		r, ok := economics.Percent(m.Profit(), m.Revenue)
		return ratio(r, ok, 1, fmt.Sprintf("(%s − infrastructure %s − %s in support %s − hosting %s) / %s by the stated staffing; no staffing that the reference states gives its own",
			m.Revenue.Format(), m.Infrastructure.Format(), people(m.People), m.Support.Format(), m.Hosting.Format(), m.Revenue.Format()))
	})},
	{"infra.share", file(func(f *facts) answer {
		r, ok := economics.Percent(f.month.Infrastructure, f.month.Revenue)
		return ratio(r, ok, 2, fmt.Sprintf("%s / %s: of all revenue; the reference divides by the average customer", f.month.Infrastructure.Format(), f.month.Revenue.Format()))
	})},
	{"infra.*", func(f *facts, key string) answer {
		t, used := f.tier(key)
		if !used {
			return said("0", "the file has no customer in tier %s", key)
		}
		return said(t.Infrastructure.String(), "%s by accounts: %d of %d are the tier's; the reference divides as if there were two tiers", f.month.Infrastructure.Format(), t.Customers, f.n)
	}},
	{"margin.5", func(f *facts, _ string) answer {
		m := f.monthAt(5)
		r, ok := economics.Percent(m.Profit(), m.Revenue)
		return ratio(r, ok, 1, fmt.Sprintf("%s / %s", m.Profit().Format(), m.Revenue.Format()))
	}},
	{"margin.*", func(f *facts, key string) answer {
		t, used := f.tier(key)
		if !used {
			return said("", "the file has no customer in tier %s", key)
		}
		r, ok := economics.Percent(t.GrossProfit(), t.Revenue)
		return ratio(r, ok, 1, fmt.Sprintf("(%s − %s) / %s: its part of the infrastructure goes by accounts; the reference's part holds for two tiers only", t.Revenue.Format(), t.Infrastructure.Format(), t.Revenue.Format()))
	}},
	{"staff.5", func(f *facts, _ string) answer {
		m := f.monthAt(5)
		return said(fmt.Sprintf("%d;%s", m.People, m.Support), "%s, %s each", f.staffing(), f.file.Economics.SupportSalary.Format())
	}},
	{"staff.50", func(f *facts, _ string) answer {
		return said(fmt.Sprint(economics.People(f.file.Economics, 50)), "%s; the reference counts onboarding, which one person does for 50 in days, and gives a range", f.staffing())
	}},
	{"staff.5.support", func(f *facts, _ string) answer {
		return said(fmt.Sprint(economics.People(f.file.Economics, 5)), "%s; the reference pays 2 in its Month 1 and says 1 here", f.staffing())
	}},
	{"hosting", file(func(f *facts) answer { return said(f.month.Hosting.String(), "economics.hosting of the file") })},
	{"costs.*", scaled(func(f *facts, n int) answer {
		m := f.monthAt(n)
		return said(m.Costs().String(), "infrastructure %s, %s in support %s, hosting %s", m.Infrastructure.Format(), people(m.People), m.Support.Format(), m.Hosting.Format())
	})},
	{"profit.*", scaled(func(f *facts, n int) answer {
		m := f.monthAt(n)
		return said(m.Profit().String(), "%s − %s", m.Revenue.Format(), m.Costs().Format())
	})},
	{"projection.revenue.*", scaled(func(f *facts, n int) answer {
		return said(f.monthAt(n).Revenue.String(), "sum of the prices of %s", f.customers(n))
	})},
	{"projection.profit.10", func(f *facts, _ string) answer { return f.projection(10, 1) }},
	{"projection.profit.25", func(f *facts, _ string) answer { return f.projection(25, 1) }},
	{"projection.profit.*", scaled(func(f *facts, n int) answer { return f.projection(n, 2) })},
}

// projection is the profit of n customers and its margin with so many places.
func (f *facts) projection(n, places int) answer {
	m := f.monthAt(n)
	return said(m.Profit().String()+";"+money.Percent(m.Profit(), m.Revenue, places),
		"%s − %s: %s in support by the stated staffing, where the reference's costs shrink as customers grow", m.Revenue.Format(), m.Costs().Format(), people(m.People))
}

// ratio is the answer r with so many places; none where it divides by 0.
func ratio(r *big.Rat, ok bool, places int, how string) answer {
	if !ok {
		return answer{how: "without revenue there is no ratio"}
	}
	return answer{money.Decimal(r, places), how}
}

func grossMargin(m economics.Month) (*big.Rat, bool) {
	return economics.Percent(m.GrossProfit(), m.Revenue)
}

// tier is the tier with a key, if it has customers.
func (f *facts) tier(key string) (economics.Tier, bool) {
	i := slices.IndexFunc(f.tiers, func(t economics.Tier) bool { return t.Key == key })
	if i < 0 {
		return economics.Tier{}, false
	}
	return f.tiers[i], true
}

// customers says which n customers of the file's mix are meant.
func (f *facts) customers(n int) string {
	scaled := simulate.Scale(f.file, n).Customers
	switch {
	case len(scaled) == 0:
		return "no customers: the file has none"
	case n < f.n:
		return "the file's first " + count(n, "customer")
	case n == f.n:
		return "the file's " + count(n, "customer")
	}
	return count(n, "customer") + " of the file's mix"
}

// staffing states the rule that people in support follow.
func (f *facts) staffing() string {
	e := f.file.Economics
	return fmt.Sprintf("one person for %s, at least %d", count(e.CustomersPerPerson, "customer"), e.SupportPeopleMinimum)
}

func people(n int) string { return fmt.Sprintf("%s %s", whole(n), verb(n, "person", "people")) }
