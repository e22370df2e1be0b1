package economics

import (
	"math/big"

	"landlord/business/billing"
	"landlord/internal/money"
)

// recent is from how many months' growth the next ones are projected.
const recent = 6

// Projected is MRR at the end of a month to come: if it grows as it did on average
// in the last months, and as it did in the worst and the best of them. Nothing falls
// below 0.
type Projected struct {
	Month     billing.Month
	MRR       money.Cents
	Low, High money.Cents
}

// Project continues movements by n months. The first is where they
// begin and no growth, so two are the least that it can be done from.
func Project(movements []Movement, n int) []Projected {
	grown := growth(movements)
	if len(grown) == 0 {
		return nil
	}
	var sum, low, high money.Cents
	for i, g := range grown {
		sum += g
		if i == 0 || g < low {
			low = g
		}
		if i == 0 || g > high {
			high = g
		}
	}
	last := movements[len(movements)-1]
	var all []Projected
	month := last.Month
	for i := range n {
		month = month.Next()
		months := money.Cents(i + 1)
		all = append(all, Projected{month,
			max(last.MRR+sum.Times(int64(months), int64(len(grown))), 0),
			max(last.MRR+low*months, 0),
			max(last.MRR+high*months, 0)})
	}
	return all
}

// growth is by how much MRR grew in each of the last months.
func growth(movements []Movement) []money.Cents {
	var grown []money.Cents
	for _, m := range movements[min(1, len(movements)):] {
		grown = append(grown, m.MRR-m.Before)
	}
	return grown[max(0, len(grown)-recent):]
}

// Miss is how far the projections of a month ahead were off, had they been made each
// month: the mean of their distances from what came, in percent of that, exact.
type Miss struct {
	Tier   string // "" of all
	Months int    // how many projections are compared
	Mean   *big.Rat
}

// Misses are of all, then by tier, of those where something can be compared.
func Misses(movements []Movement) []Miss {
	var all []Miss
	add := func(tier string, of func(Movement) money.Cents) {
		line := make([]Movement, len(movements))
		for i, m := range movements {
			line[i] = Movement{Month: m.Month, MRR: of(m)}
			if i > 0 {
				line[i].Before = line[i-1].MRR
			}
		}
		sum, n := new(big.Rat), 0
		for i := range line {
			said := Project(line[:i], 1)
			if len(said) == 0 {
				continue
			}
			if off, ok := Percent(max(said[0].MRR-line[i].MRR, line[i].MRR-said[0].MRR), line[i].MRR); ok {
				sum.Add(sum, off)
				n++
			}
		}
		if n > 0 {
			all = append(all, Miss{tier, n, sum.Quo(sum, big.NewRat(int64(n), 1))})
		}
	}
	add("", func(m Movement) money.Cents { return m.MRR })
	for _, tier := range tiersOf(movements) {
		add(tier, func(m Movement) money.Cents { return m.tier(tier) })
	}
	return all
}

func (m Movement) tier(key string) money.Cents {
	for _, t := range m.Tiers {
		if t.Tier == key {
			return t.MRR
		}
	}
	return 0
}
