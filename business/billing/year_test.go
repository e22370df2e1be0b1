package billing

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"landlord/internal/money"
	"landlord/portfolio"
)

// TestAnyChanges: whatever a customer goes through in three years, each month's price
// is the sum of its days, as a calendar written by hand has them, rounded once.
func TestAnyChanges(t *testing.T) {
	first, last := time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2029, 12, 31, 0, 0, 0, 0, time.UTC)
	for seed := range uint64(150) {
		r := rand.New(rand.NewPCG(seed, 12))
		day := func() string { return first.AddDate(0, 0, r.IntN(1096)).Format(time.DateOnly) }
		p := &portfolio.Portfolio{Billing: portfolio.Billing{Currency: "USD"}}
		for i := range 3 {
			p.Tiers = append(p.Tiers, portfolio.Tier{Key: fmt.Sprint(i), Name: fmt.Sprint("T", i), Price: money.Cents(r.IntN(3_000_000))})
		}
		for range r.IntN(6) {
			p.Billing.Prices = append(p.Billing.Prices, portfolio.Version{Tier: fmt.Sprint(r.IntN(3)), From: day(), Price: money.Cents(r.IntN(3_000_000))})
		}
		slices.SortStableFunc(p.Billing.Prices, func(a, b portfolio.Version) int { return strings.Compare(a.From, b.From) })
		c := portfolio.Customer{Key: "c", Tier: "0", Billing: &portfolio.Invoicing{}}
		for range r.IntN(12) {
			c.Billing.Before = append(c.Billing.Before, portfolio.Former{Tier: fmt.Sprint(r.IntN(3)), Until: day(), OwnPrice: r.IntN(4) == 0, Price: money.Cents(r.IntN(100_000))})
		}
		slices.SortStableFunc(c.Billing.Before, func(a, b portfolio.Former) int { return strings.Compare(a.Until, b.Until) })
		if r.IntN(2) == 0 {
			c.Since = day()
		}
		if r.IntN(2) == 0 {
			c.Until = day()
		}
		var suspended []Stretch
		for range r.IntN(4) {
			from := day()
			suspended = append(suspended, Stretch{from, max(from, day())})
		}
		months := map[string]*big.Int{} // cents × days of the month
		for at := first; !at.After(last); at = at.AddDate(0, 0, 1) {
			on := at.Format(time.DateOnly)
			served := (c.Since == "" || on >= c.Since) && (c.Until == "" || on < c.Until)
			for _, s := range suspended {
				served = served && (on < s.From || on >= s.Until)
			}
			if !served {
				continue
			}
			tier, price, own := "0", money.Cents(0), false
			for i := len(c.Billing.Before) - 1; i >= 0; i-- {
				if f := c.Billing.Before[i]; on < f.Until {
					tier, price, own = f.Tier, f.Price, f.OwnPrice
				}
			}
			if !own {
				price = p.Tiers[tier[0]-'0'].Price
				for _, v := range p.Billing.Prices {
					if v.Tier == tier && v.From <= on {
						price = v.Price
					}
				}
			}
			if months[on[:7]] == nil {
				months[on[:7]] = new(big.Int)
			}
			months[on[:7]].Add(months[on[:7]], big.NewInt(int64(price)))
		}
		for m := month(t, "2027-01"); m != month(t, "2030-01"); m = m.Next() {
			in, ok, err := New(p, m).Draft(c, Given{Suspended: suspended})
			want, served := months[m.String()]
			if err != nil || ok != served {
				t.Fatalf("seed %d, %s: served %v, want %v: %v", seed, m, ok, served, err)
			}
			if !served {
				continue
			}
			exact, _ := money.Round(new(big.Rat).SetFrac(want, big.NewInt(int64(100*m.Length()))))
			if in.Total != exact {
				t.Errorf("seed %d, %s: %s, its days come to %s: %+v", seed, m, in.Total.Fixed(), exact.Fixed(), in.Lines)
			}
		}
	}
}

// TestLate: however often AWS changes what a month cost, all that was charged for it
// in the end is what an invoice of the last cost would have charged.
func TestLate(t *testing.T) {
	for seed := range uint64(500) {
		r := rand.New(rand.NewPCG(seed, 7))
		p := &portfolio.Portfolio{Billing: portfolio.Billing{Currency: "USD"}, Tiers: []portfolio.Tier{{Key: "t", Name: "T", Price: 100_000,
			Terms: portfolio.Terms{PassThrough: true, Markup: money.Rate(r.IntN(300_000)), Included: money.Cents(r.IntN(30_000))}}}}
		c := portfolio.Customer{Key: "c", Tier: "t"}
		random := func() (costs []Cost) {
			for i := range r.IntN(6) {
				costs = append(costs, Cost{fmt.Sprint("S", i), big.NewRat(r.Int64N(2e14)-2e13, 1e12)})
			}
			return costs
		}
		m := month(t, "2026-01")
		first := random()
		in, _, err := New(p, m).Draft(c, Given{Costs: first})
		if err != nil {
			t.Fatal(err)
		}
		charged, was := in.Total, first
		now := first
		for range r.IntN(5) {
			if r.IntN(3) > 0 {
				now = random()
			}
			m = m.Next()
			late := Late{Month: month(t, "2026-01"), Number: "INV-1", Rating: in.Terms.Rating, Was: was, Now: now}
			next, _, err := New(p, m).Draft(c, Given{Late: []Late{late}})
			if err != nil {
				t.Fatal(err)
			}
			for _, l := range next.Lines {
				if l.Kind != Adjustment {
					continue
				}
				if l.Of != "INV-1" || !strings.Contains(l.Description, "January 2026, after INV-1") {
					t.Errorf("seed %d: %+v does not name the first", seed, l)
				}
				charged += l.Amount
				if l.Cost != nil {
					was = append(slices.Clone(was), Cost{l.Service, l.Cost})
				}
			}
		}
		want, _, err := New(p, month(t, "2026-01")).Draft(c, Given{Costs: now})
		if err != nil || charged != want.Total {
			t.Errorf("seed %d: charged %s in all, want %s: %v", seed, charged.Fixed(), want.Total.Fixed(), err)
		}
	}
}

// TestLateOfTheDeparted: what comes after a customer's last month is on an invoice of
// its own, once.
func TestLateOfTheDeparted(t *testing.T) {
	p := parse(t, "billing: {tax: {name: VAT, percent: 10}}\ncustomers: [{key: one, name: One, contact: a@one.example, tier: standard, until: 2026-02-01, billing: {minimum: 500, usage: {markup: 20}}}]\n")
	late := Late{Month: month(t, "2026-01"), Number: "INV-000007", Rating: Rating{PassThrough: true, Markup: 200_000}, Was: costs(t, "EC2 10"), Now: costs(t, "EC2 15.5")}
	in, ok, err := New(p, month(t, "2026-02")).Draft(p.Customers[0], Given{Late: []Late{late}})
	if err != nil || !ok || in.Total != 726 { // 5.50 + 1.10, and 10 %
		t.Errorf("%v %v: %+v", ok, err, in)
	}
	late.Was = late.Now
	if in, ok, err := New(p, month(t, "2026-03")).Draft(p.Customers[0], Given{Late: []Late{late}}); ok || err != nil {
		t.Errorf("again: %v %+v", err, in)
	}
}
