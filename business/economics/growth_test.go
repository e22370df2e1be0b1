package economics

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"testing"

	"landlord/business/billing"
	"landlord/internal/money"
)

func month(t testing.TB, s string) billing.Month {
	t.Helper()
	m, err := billing.ParseMonth(s)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func percent(t testing.TB, r *big.Rat, ok bool) string {
	t.Helper()
	if !ok {
		return "none"
	}
	return money.Decimal(r, 2)
}

func TestGrowthOfThreeMonths(t *testing.T) {
	shots := []Snapshot{
		{month(t, "2026-01"), []Subscriber{{"a", "fintech", 8000_00}, {"b", "healthcare", 15000_00}, {"c", "standard", 2000_00}}},
		{month(t, "2026-02"), []Subscriber{{"a", "fintech", 9000_00}, {"b", "healthcare", 12000_00}, {"d", "standard", 2000_00}}},
		{month(t, "2026-03"), []Subscriber{{"a", "healthcare", 15000_00}, {"b", "healthcare", 12000_00}, {"c", "standard", 2500_00}}},
	}
	got := Growth(shots)
	want := []string{
		"2026-01 3 +3 -0: 0.00 + 25000.00 + 0.00 - 0.00 - 0.00 = 25000.00, ARR 300000.00, average 8333.33, churn none, net none, gross none",
		"2026-02 3 +1 -1: 25000.00 + 2000.00 + 1000.00 - 3000.00 - 2000.00 = 23000.00, ARR 276000.00, average 7666.67, churn 33.33, net 84.00, gross 80.00",
		"2026-03 3 +1 -1: 23000.00 + 2500.00 + 6000.00 - 0.00 - 2000.00 = 29500.00, ARR 354000.00, average 9833.33, churn 33.33, net 117.39, gross 91.30",
	}
	for i, m := range got {
		churn, ok := m.Churn()
		net, is := m.Net()
		gross, has := m.Gross()
		line := fmt.Sprintf("%s %d +%d -%d: %s + %s + %s - %s - %s = %s, ARR %s, average %s, churn %s, net %s, gross %s", m.Month, m.Customers, m.Joined, m.Left,
			m.Before.Fixed(), m.New.Fixed(), m.Expansion.Fixed(), m.Contraction.Fixed(), m.Churned.Fixed(), m.MRR.Fixed(), m.ARR().Fixed(), m.Average().Fixed(),
			percent(t, churn, ok), percent(t, net, is), percent(t, gross, has))
		if line != want[i] {
			t.Errorf("got  %s\nwant %s", line, want[i])
		}
	}
	if tiers := fmt.Sprint(got[2].Tiers); tiers != "[{healthcare 2 27000} {standard 1 2500}]" {
		t.Errorf("tiers of March: %s", tiers)
	}
	// c left and came back: it stays of the cohort in which it was first seen.
	if c := fmt.Sprint(Cohorts(shots)); c != "[{2026-01 [3 2 3] [25000 21000 29500]} {2026-02 [1 0] [2000 0]}]" {
		t.Errorf("cohorts: %s", c)
	}
	c, ok := Concentrated(shots[2])
	if !ok || c.Customer != "a" || money.Decimal(c.Largest, 2) != "50.85" || money.Decimal(c.Five, 2) != "100.00" || money.Decimal(c.Index, 0) != "4312" {
		t.Errorf("concentration: %v %v", c, ok)
	}
	if _, ok := Concentrated(Snapshot{}); ok {
		t.Error("nobody pays, and it is concentrated")
	}
}

// TestGrowthAddsUp: whoever comes, goes and changes, each month's MRR is the one
// before with what was gained and lost, tiers sum to all, and so do cohorts.
func TestGrowthAddsUp(t *testing.T) {
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 7))
		m := month(t, "2026-01")
		var shots []Snapshot
		for range 1 + r.IntN(14) {
			s := Snapshot{Month: m}
			for c := range 12 {
				if r.IntN(3) > 0 {
					s.Subscribers = append(s.Subscribers, Subscriber{fmt.Sprint("c", c), []string{"x", "y", "z"}[r.IntN(3)], money.Cents(r.IntN(9) * 100_01)})
				}
			}
			shots, m = append(shots, s), m.Next()
		}
		cohorts := Cohorts(shots)
		var before money.Cents
		for i, m := range Growth(shots) {
			if m.Before != before || m.MRR != m.Before+m.New+m.Expansion-m.Contraction-m.Churned || min(m.New, m.Expansion, m.Contraction, m.Churned) < 0 {
				t.Fatalf("seed %d: %+v after %d", seed, m, before)
			}
			var tiers, grouped money.Cents
			var customers, cohort int
			for _, tier := range m.Tiers {
				tiers, customers = tiers+tier.MRR, customers+tier.Customers
			}
			for _, c := range cohorts {
				if age := len(c.Customers) - (len(shots) - i); age >= 0 {
					grouped, cohort = grouped+c.Recurring[age], cohort+c.Customers[age]
				}
			}
			if tiers != m.MRR || customers != m.Customers || grouped != m.MRR || cohort != m.Customers {
				t.Fatalf("seed %d, %s: %d of %d by tier, %d of %d by cohort, %d of %d in all", seed, m.Month, tiers, customers, grouped, cohort, m.MRR, m.Customers)
			}
			before = m.MRR
		}
	}
}

func TestProject(t *testing.T) {
	var shots []Snapshot
	m := month(t, "2026-01")
	for _, mrr := range []money.Cents{1000, 1100, 1300, 1300, 1200, 1500, 1600, 1700, 2300} {
		shots, m = append(shots, Snapshot{m, []Subscriber{{"a", "x", mrr}}}), m.Next()
	}
	movements := Growth(shots)
	// The last six months grew by 0, -100, 300, 100, 100, 600: 1000 in all.
	if got := fmt.Sprint(Project(movements, 2)); got != "[{2026-10 24.67 22 29} {2026-11 26.33 21 35}]" {
		t.Errorf("projected %s", got)
	}
	if len(Project(movements[:1], 2)) != 0 || len(Project(nil, 2)) != 0 {
		t.Error("one month is no growth, and was projected from")
	}
	// In March 1200 were said for 1300, and so on to September.
	misses := Misses(movements)
	if len(misses) != 2 || misses[0].Tier != "" || misses[0].Months != 7 || misses[1].Tier != "x" || misses[0].Mean.Cmp(misses[1].Mean) != 0 {
		t.Fatalf("misses %v", misses)
	}
	want := new(big.Rat)
	for _, off := range [][2]int64{{100, 1300}, {150, 1300}, {200, 1200}, {250, 1500}, {0, 1600}, {0, 1700}, {500, 2300}} {
		want.Add(want, big.NewRat(100*off[0], 7*off[1]))
	}
	if got := money.Decimal(misses[0].Mean, 3); got != money.Decimal(want, 3) {
		t.Errorf("missed by %s %%, want %s", got, money.Decimal(want, 3))
	}
	falling := Growth([]Snapshot{{month(t, "2026-01"), []Subscriber{{"a", "x", 1000}}}, {month(t, "2026-02"), []Subscriber{{"a", "x", 100}}}})
	if p := Project(falling, 3); p[2].MRR != 0 || p[2].Low != 0 {
		t.Errorf("a loss grew below nothing: %v", p)
	}
}
