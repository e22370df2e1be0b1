package economics

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"testing"
	"time"

	"landlord/internal/money"
	"landlord/portfolio"
)

// stated are the settings of the reference report.
var stated = portfolio.Economics{
	Infrastructure: money.Dollars(180), SupportSalary: money.Dollars(3000), SupportPeopleMinimum: 2, CustomersPerPerson: 25,
	Hosting: money.Dollars(500), WorkdayMinutes: 480, ConfigLinesPerCustomer: 15,
	Minutes:     portfolio.Minutes{Configuration: 3, SignIn: 10, Baseline: 15, AccessTest: 5, Validation: 5, Verification: 5, Automated: 15, Sequential: 60},
	AccountCost: portfolio.AccountCost{Low: money.Dollars(5), High: money.Dollars(15)},
}

func customers(prices ...money.Cents) *portfolio.Portfolio {
	p := &portfolio.Portfolio{Economics: stated, Tiers: []portfolio.Tier{{Key: "a"}, {Key: "b"}, {Key: "c"}}}
	for i, price := range prices {
		p.Customers = append(p.Customers, portfolio.Customer{Key: fmt.Sprintf("c%d", i), Tier: p.Tiers[i%2].Key, Price: price})
	}
	return p
}

func TestMonth(t *testing.T) {
	for _, row := range []struct {
		name            string
		prices          []money.Cents
		people          int
		revenue, profit money.Cents
		average         money.Cents
	}{
		{"five customers pay two people", []money.Cents{800000, 1500000, 2500000, 800000, 200000}, 2, 5800000, 5132000, 1160000},
		{"one customer pays the same two people", []money.Cents{800000}, 2, 800000, 132000, 800000},
		{"without customers the month is a loss", nil, 2, 0, -668000, 0},
		{"customers who pay nothing are a loss", []money.Cents{0, 0}, 2, 0, -668000, 0},
		{"26 customers need two people", make([]money.Cents, 26), 2, 0, -668000, 0},
		{"51 customers need three people", make([]money.Cents, 51), 3, 0, -968000, 0},
	} {
		m := Of(customers(row.prices...))
		if m.People != row.people || m.Revenue != row.revenue || m.Profit() != row.profit || m.Average() != row.average {
			t.Errorf("%s: got %d people, revenue %s, profit %s, average %s; want %d, %s, %s, %s", row.name,
				m.People, m.Revenue, m.Profit(), m.Average(), row.people, row.revenue, row.profit, row.average)
		}
	}
}

func TestNothingIsNoShareOfNothing(t *testing.T) {
	if r, ok := Percent(180, 0); ok {
		t.Errorf("Percent(180, 0) = %v, want not ok", r)
	}
	if r, ok := Times(180, 0); ok {
		t.Errorf("Times(180, 0) = %v, want not ok", r)
	}
	if r, ok := PerDay(stated, 0); ok {
		t.Errorf("PerDay(0 minutes) = %v, want not ok", r)
	}
	if r, ok := EffortOf(stated, 0).Saved(time.Minute); ok {
		t.Errorf("Saved of no customers = %v, want not ok", r)
	}
	if c, ok := (Tier{Customers: 1}).PerHour(); ok {
		t.Errorf("PerHour of no effort = %v, want not ok", c)
	}
}

func TestEffort(t *testing.T) {
	e := EffortOf(stated, 5)
	if e.Before() != 20 || e.After() != 150 || PerCustomer(stated) != 33 {
		t.Errorf("five customers: %d before, %d after, %d each; want 20, 150, 33", e.Before(), e.After(), PerCustomer(stated))
	}
	if got, want := e.Total(11*time.Minute), big.NewRat(186, 1); got.Cmp(want) != 0 {
		t.Errorf("five customers, 11 minutes of deployment: total %v, want %v", got, want)
	}
	if got, _ := e.Saved(10 * time.Minute); got.Cmp(big.NewRat(115, 3)) != 0 { // (300 − 185) of 300
		t.Errorf("five customers, 10 minutes of deployment: saved %v %%, want 115/3", got)
	}
}

// TestUnattended: 3 minutes each for the entry and 2 for each invitation; 10 a batch.
func TestUnattended(t *testing.T) {
	e := stated
	e.Minutes.Invitation = 2
	u := Unattended(e, 5, 4)
	if got := u.Before() + u.Verification + u.After(); got != 33 || u.Each().Cmp(big.NewRat(23, 5)) != 0 {
		t.Errorf("five customers, four invitations: %d minutes, %v each; want 33, 23/5", got, u.Each())
	}
	if got, ok := u.PerDay(480); !ok || got.Cmp(big.NewRat(2400, 23)) != 0 {
		t.Errorf("%v customers a day, want 2400/23", got)
	}
	if r, ok := Unattended(e, 0, 0).PerDay(480); ok {
		t.Errorf("no customers: %v a day, want not ok", r)
	}
}

func TestFlatHidesFrom(t *testing.T) {
	for _, row := range []struct {
		account money.Cents
		want    int
	}{{money.Dollars(5), 37}, {money.Dollars(15), 13}, {0, 0}} {
		if got := Hides(money.Dollars(180), row.account); got != row.want {
			t.Errorf("accounts at %s: flat $180 hides from %d customers, want %d", row.account, got, row.want)
		}
	}
}

// FuzzSplit checks that parts sum to the whole and that none is a cent off its
// share, nor negative.
func FuzzSplit(f *testing.F) {
	f.Add(uint64(1))
	f.Fuzz(func(t *testing.T, seed uint64) {
		r := rand.New(rand.NewPCG(seed, 0))
		total := money.Cents(r.Int64N(1 << 40))
		weights := make([]int, 1+r.IntN(6))
		all := 0
		for i := range weights {
			weights[i] = r.IntN(4)
			all += weights[i]
		}
		var sum money.Cents
		for i, part := range Split(total, weights) {
			sum += part
			if all == 0 {
				continue
			}
			off := new(big.Rat).Sub(big.NewRat(int64(part), 1), big.NewRat(int64(total)*int64(weights[i]), int64(all)))
			if part < 0 || off.Abs(off).Cmp(big.NewRat(1, 1)) > 0 {
				t.Errorf("seed %d: %s by %v: part %d is %s", seed, total, weights, i, part)
			}
		}
		if all > 0 && sum != total {
			t.Errorf("seed %d: %s by %v: parts sum to %s", seed, total, weights, sum)
		}
	})
}

// FuzzTiers checks that the tiers are the month: revenue, cost, profit and
// effort of all tiers are those of the portfolio.
func FuzzTiers(f *testing.F) {
	f.Add(uint64(1))
	f.Fuzz(func(t *testing.T, seed uint64) {
		r := rand.New(rand.NewPCG(seed, 0))
		prices := make([]money.Cents, r.IntN(40))
		for i := range prices {
			prices[i] = money.Cents(r.Int64N(2_000_000))
		}
		p := customers(prices...)
		month, n := Of(p), 0
		var revenue, profit money.Cents
		minutes := 0
		for _, tier := range Tiers(p) {
			n += tier.Customers
			revenue += tier.Revenue
			profit += tier.Profit()
			minutes += tier.Onboarding
		}
		if n == 0 {
			return // nobody to divide the costs among
		}
		if n != len(prices) || revenue != month.Revenue || profit != month.Profit() || minutes != n*PerCustomer(stated) {
			t.Errorf("seed %d: tiers sum to %d customers, revenue %s, profit %s, %d minutes; want %d, %s, %s, %d", seed,
				n, revenue, profit, minutes, len(prices), month.Revenue, month.Profit(), n*PerCustomer(stated))
		}
		if low, high := month.ByAccount(stated.AccountCost.Low), month.ByAccount(stated.AccountCost.High); low.Profit() < high.Profit() {
			t.Errorf("seed %d: profit %s with cheap accounts, %s with dear ones", seed, low.Profit(), high.Profit())
		}
	})
}

// FuzzPeople checks that the staff never shrinks as customers grow, and can
// always support them.
func FuzzPeople(f *testing.F) {
	f.Add(uint16(25), uint8(2), uint16(50))
	f.Fuzz(func(t *testing.T, per uint16, least uint8, n uint16) {
		e := portfolio.Economics{CustomersPerPerson: int(per), SupportPeopleMinimum: int(least)}
		got, next := People(e, int(n)), People(e, int(n)+1)
		if got < int(least) || got*max(int(per), 1) < int(n) || next < got {
			t.Errorf("People(%d a person, at least %d, %d customers) = %d, then %d for one more", per, least, n, got, next)
		}
	})
}
