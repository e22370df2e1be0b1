package economics

import (
	"cmp"
	"maps"
	"math/big"
	"slices"

	"landlord/business/billing"
	"landlord/internal/money"
)

// Subscriber is what one customer pays a month, as things stand on its last day.
type Subscriber struct {
	Customer  string
	Tier      string
	Recurring money.Cents
}

// Snapshot are the customers of the end of a month, each once.
type Snapshot struct {
	Month       billing.Month
	Subscribers []Subscriber
}

// Movement is how monthly recurring revenue came from one month's end to the next:
// MRR = Before + New + Expansion − Contraction − Churned, always.
type Movement struct {
	Month     billing.Month
	Customers int
	Joined    int
	Left      int

	Before      money.Cents // the month before
	New         money.Cents // of who joined
	Expansion   money.Cents // of who pays more
	Contraction money.Cents // of who pays less
	Churned     money.Cents // of who left
	MRR         money.Cents

	Tiers []TierMRR // in the order of their keys
}

// TierMRR is what the customers of a tier pay.
type TierMRR struct {
	Tier      string
	Customers int
	MRR       money.Cents
}

// Growth says of each snapshot how it came from the one before; before the first
// there was nobody. Who left and comes back has joined.
func Growth(snapshots []Snapshot) []Movement {
	var all []Movement
	before := map[string]money.Cents{}
	var mrr money.Cents
	for _, s := range snapshots {
		m := Movement{Month: s.Month, Customers: len(s.Subscribers), Before: mrr}
		now, tiers := map[string]money.Cents{}, map[string]TierMRR{}
		for _, c := range s.Subscribers {
			now[c.Customer] = c.Recurring
			m.MRR += c.Recurring
			t := tiers[c.Tier]
			tiers[c.Tier] = TierMRR{c.Tier, t.Customers + 1, t.MRR + c.Recurring}
			switch was, known := before[c.Customer]; {
			case !known:
				m.Joined++
				m.New += c.Recurring
			case c.Recurring > was:
				m.Expansion += c.Recurring - was
			default:
				m.Contraction += was - c.Recurring
			}
		}
		for key, was := range before {
			if _, stays := now[key]; !stays {
				m.Left++
				m.Churned += was
			}
		}
		m.Tiers = slices.SortedFunc(maps.Values(tiers), func(a, b TierMRR) int { return cmp.Compare(a.Tier, b.Tier) })
		all, before, mrr = append(all, m), now, m.MRR
	}
	return all
}

// ARR is twelve times MRR.
func (m Movement) ARR() money.Cents { return 12 * m.MRR }

// Average is MRR a customer, rounded half to even to a cent; 0 without customers.
func (m Movement) Average() money.Cents { return m.MRR.Times(1, int64(max(m.Customers, 1))) }

// Churn is which part of the customers of the month before left, in percent,
// exact. It is not ok if there was none.
func (m Movement) Churn() (percent *big.Rat, ok bool) {
	before := m.Customers - m.Joined + m.Left
	if before == 0 {
		return nil, false
	}
	return big.NewRat(100*int64(m.Left), int64(before)), true
}

// Net is net revenue retention: what the customers of the month before pay now, of
// what they paid then, in percent, exact. It is not ok if they paid nothing.
func (m Movement) Net() (percent *big.Rat, ok bool) {
	return Percent(m.Before+m.Expansion-m.Contraction-m.Churned, m.Before)
}

// Gross is gross revenue retention: Net without what they pay more.
func (m Movement) Gross() (percent *big.Rat, ok bool) {
	return Percent(m.Before-m.Contraction-m.Churned, m.Before)
}

// Cohort are the customers that joined in one month, as they stand at the end of it
// and of each month after, to the last snapshot.
type Cohort struct {
	Month     billing.Month
	Customers []int
	Recurring []money.Cents
}

// Cohorts groups customers by the month in which they were first seen.
func Cohorts(snapshots []Snapshot) []Cohort {
	var all []Cohort
	of := map[string]int{} // the cohort of a customer
	for i, s := range snapshots {
		newest := len(all)
		for _, c := range s.Subscribers {
			at, known := of[c.Customer]
			if !known {
				if newest == len(all) {
					n := len(snapshots) - i
					all = append(all, Cohort{s.Month, make([]int, n), make([]money.Cents, n)})
				}
				at = newest
				of[c.Customer] = at
			}
			age := len(all[at].Customers) - (len(snapshots) - i)
			all[at].Customers[age]++
			all[at].Recurring[age] += c.Recurring
		}
	}
	return all
}

// Concentration is how much hangs on few customers.
type Concentration struct {
	Customer string   // who pays most; of several the first by key
	Largest  *big.Rat // its part of MRR, in percent, exact
	Five     *big.Rat // the part of the five who pay most
	Index    *big.Rat // Herfindahl and Hirschman's: the sum of the squares of all parts in percent, up to 10,000
}

// Concentrated says how much of s hangs on few. It is not ok if nobody pays.
func Concentrated(s Snapshot) (c Concentration, ok bool) {
	var mrr money.Cents
	for _, sub := range s.Subscribers {
		mrr += sub.Recurring
	}
	if mrr == 0 {
		return c, false
	}
	byPay := slices.SortedFunc(slices.Values(s.Subscribers), func(a, b Subscriber) int {
		return cmp.Or(cmp.Compare(b.Recurring, a.Recurring), cmp.Compare(a.Customer, b.Customer))
	})
	c = Concentration{Customer: byPay[0].Customer, Five: new(big.Rat), Index: new(big.Rat)}
	for i, sub := range byPay {
		part, _ := Percent(sub.Recurring, mrr)
		if i == 0 {
			c.Largest = part
		}
		if i < 5 {
			c.Five.Add(c.Five, part)
		}
		c.Index.Add(c.Index, new(big.Rat).Mul(part, part))
	}
	return c, true
}

// tiersOf are all tiers of movements, in the order of their keys.
func tiersOf(movements []Movement) []string {
	keys := map[string]bool{}
	for _, m := range movements {
		for _, t := range m.Tiers {
			keys[t.Tier] = true
		}
	}
	return slices.Sorted(maps.Keys(keys))
}
