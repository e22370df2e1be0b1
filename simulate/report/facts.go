package report

import (
	"cmp"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"

	"landlord/business/economics"
	"landlord/internal/money"
	"landlord/portfolio"
	"landlord/simulate"
)

// facts are what the sections of a report are computed from.
type facts struct {
	study  *simulate.Study
	file   *portfolio.Portfolio
	whole  *simulate.Scenario // of the whole file
	month  economics.Month    // of the whole file
	tiers  []economics.Tier   // of the whole file
	effort economics.Effort   // of the whole file
	n      int                // customers of the whole file

	onboarded onboarded // what stands of the customers who were onboarded
}

func newFacts(s *simulate.Study) *facts {
	n := len(s.Portfolio.Customers)
	f := &facts{
		study:  s,
		file:   s.Portfolio,
		whole:  s.Whole(),
		month:  economics.Of(s.Portfolio),
		tiers:  economics.Tiers(s.Portfolio),
		effort: economics.EffortOf(s.Portfolio.Economics, n),
		n:      n,
	}
	f.onboarded = f.onboard()
	return f
}

// monthAt is the month of n customers of the file's mix.
func (f *facts) monthAt(n int) economics.Month { return economics.Of(simulate.Scale(f.file, n)) }

// lines is how many lines of configuration n customers of the file's mix take:
// the stated most of each, if all entries of the file stay within it, else
// those that they are.
func (f *facts) lines(n int) (lines int, within bool) {
	most := f.file.Economics.ConfigLinesPerCustomer
	scaled := simulate.Scale(f.file, n).Customers
	within = !slices.ContainsFunc(f.file.Customers, func(c portfolio.Customer) bool { return c.Lines > most })
	for _, c := range scaled {
		if within {
			lines += most
		} else {
			lines += c.Lines
		}
	}
	return lines, within
}

// frameworks are the frameworks of tiers, each once, in their order.
func frameworks(tiers []economics.Tier) []string {
	var names []string
	for _, t := range tiers {
		if !slices.Contains(names, t.Framework) {
			names = append(names, t.Framework)
		}
	}
	return names
}

// smallest and largest are the scenarios with the fewest and most customers.
func (f *facts) smallest() *simulate.Scenario { return f.study.Scenarios[0] }
func (f *facts) largest() *simulate.Scenario {
	return f.study.Scenarios[len(f.study.Scenarios)-1]
}

// perTier is what a tier adds to the phases that make units and attach
// policies, in minutes, between the smallest scenario and the first of those
// with the most tiers. It is not ok if all have as many.
func (f *facts) perTier() (minutes *big.Rat, from, to *simulate.Scenario, ok bool) {
	from, to = f.smallest(), f.smallest()
	for _, s := range f.study.Scenarios {
		if s.Units() > to.Units() {
			to = s
		}
	}
	tiers := to.Units() - from.Units()
	if tiers == 0 {
		return nil, from, to, false
	}
	grown := tierPhases(to) - tierPhases(from)
	return new(big.Rat).Quo(economics.Minutes(grown), big.NewRat(int64(tiers), 1)), from, to, true
}

// tierPhases is how long the phases take that work on tiers, not on customers.
func tierPhases(s *simulate.Scenario) (sum time.Duration) {
	for _, p := range s.Phased.Phases {
		if p.Name == "units" || p.Name == "attachments" {
			sum += p.To - p.From
		}
	}
	return sum
}

// tiersIn is how many tiers the customers of s are in, by the tags of their
// accounts.
func tiersIn(s *simulate.Scenario) int {
	seen := map[string]bool{}
	for _, a := range s.Verified.Account {
		seen[a.Parent] = true
	}
	return len(seen)
}

// What people read.

// dash stands for what there is no number for.
const dash = "–"

// count writes n with its noun: "1 customer", "1,200 customers".
func count(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return whole(n) + " " + noun
}

// whole writes n with thousands separators.
func whole(n int) string {
	if n < 0 {
		return "-" + whole(-n)
	}
	return money.Group(fmt.Sprint(n))
}

// minutes writes d as "10.8 min", hours as "6.7 h".
func minutes(d time.Duration) string {
	if d >= 3*time.Hour {
		return grouped(big.NewRat(int64(d), int64(time.Hour))) + " h"
	}
	return tenths(economics.Minutes(d)) + " min"
}

// tenths writes r with one decimal.
func tenths(r *big.Rat) string { return money.Decimal(r, 1) }

// grouped writes r with one decimal and thousands separators; r is at least 0.
func grouped(r *big.Rat) string {
	units, tenth, _ := strings.Cut(tenths(r), ".")
	return money.Group(units) + "." + tenth
}

// percent writes part of whole as "99.7%".
func percent(part, whole money.Cents, places int) string {
	r, ok := economics.Percent(part, whole)
	if !ok {
		return dash
	}
	return money.Decimal(r, places) + "%"
}

// some names at most three of names, and how many more there are.
func some(names []string) string {
	const shown = 3
	if len(names) <= shown+1 {
		return list(names)
	}
	return fmt.Sprintf("%s and %s more", strings.Join(names[:shown], ", "), whole(len(names)-shown))
}

// list writes names as "a, b and c".
func list(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
}

// verb picks the form for n things.
func verb(n int, one, more string) string {
	if n == 1 {
		return one
	}
	return more
}

// best returns the element of s whose key is greatest, the first of equals; s
// is not empty.
func best[T any, K cmp.Ordered](s []T, key func(T) K) T {
	return slices.MaxFunc(s, func(a, b T) int { return cmp.Compare(key(a), key(b)) })
}

// quotient is a / b, exact; b is not 0.
func quotient(a, b int64) *big.Rat { return big.NewRat(a, b) }
