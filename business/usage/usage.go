// Package usage says what AWS charged, for which account, and whose that is. Lines
// of cost and whose the accounts are come in; lines of customers and of named
// pools go out. Nothing is left out: what is nobody's is in a pool.
//
// Amounts are exact. It keeps nothing and knows no clock.
package usage

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"

	"landlord/internal/money"
	"landlord/org"
)

// Line is what AWS charged for a service in an account on a day, in a region.
type Line struct {
	Account   org.AccountID // "" where AWS names none
	Day       string        // "2026-01-31", in UTC
	Service   string
	Region    string        // "" for what is in none
	Category  string        // Usage, Purchase, Tax, Credit or Adjustment, as FOCUS says
	Billed    money.Metered // what the month's bill has
	Effective money.Metered // with what was paid beforehand spread over what it covers
}

// Bill is what AWS charged an account that it bills for a month: the lines, and what
// the rows that they are made of sum to.
type Bill struct {
	Account   org.AccountID
	Month     string // "2026-01"
	Currency  string
	Format    string // "FOCUS 1.2"
	Rows      int64
	Billed    money.Metered
	Effective money.Metered
	Lines     []Line
}

// Pool is where what is nobody's is kept apart.
type Pool string

// The pools, in the order in which a line is tried for them.
const (
	Tax        Pool = "tax"
	Credits    Pool = "credits"
	Support    Pool = "support"
	Management Pool = "management" // the account that AWS bills
	Unknown    Pool = "unknown"    // accounts of which nobody knows whose they are
)

// Pools are all there are, in the order in which they are shown.
var Pools = []Pool{Management, Tax, Support, Credits, Unknown}

// Owned is a line with whose it is: a customer's or, if that is "", a pool's.
type Owned struct {
	Line
	Customer string
	Pool     Pool
}

// Attribute says whose each line is: the customer's whose the account is, whatever
// was charged; else of the pool of its kind. billing is the account that AWS bills.
func Attribute(lines []Line, billing org.AccountID, owners map[org.AccountID]string) []Owned {
	owned := make([]Owned, len(lines))
	for i, l := range lines {
		owned[i] = Owned{Line: l, Customer: owners[l.Account]}
		if owned[i].Customer == "" {
			owned[i].Pool = poolOf(l, billing)
		}
	}
	return owned
}

func poolOf(l Line, billing org.AccountID) Pool {
	switch {
	case l.Category == "Tax":
		return Tax
	case l.Category == "Credit":
		return Credits
	case strings.Contains(l.Service, "Support"): // "AWS Support (Business)", "AWSSupportEnterprise"
		return Support
	case l.Account == billing || l.Account == "":
		return Management
	default:
		return Unknown
	}
}

// Digest is the same for the same lines of the same owners, in any order, and for no
// others.
func Digest(lines []Owned) string {
	lines = slices.Clone(lines)
	slices.SortFunc(lines, func(a, b Owned) int {
		return cmp.Or(cmp.Compare(a.Account, b.Account), cmp.Compare(a.Day, b.Day), cmp.Compare(a.Service, b.Service), cmp.Compare(a.Region, b.Region), cmp.Compare(a.Category, b.Category),
			cmp.Compare(a.Billed, b.Billed), cmp.Compare(a.Effective, b.Effective))
	})
	h := sha256.New()
	for _, l := range lines {
		fmt.Fprintf(h, "%q %q %q %q %q %q %q %q %q\n", l.Customer, l.Pool, l.Account, l.Day, l.Service, l.Region, l.Category, l.Billed, l.Effective)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Cost is what something cost, both ways.
type Cost struct{ Billed, Effective money.Metered }

// Split is what a bill comes to for each customer and in each pool, and in each
// account of which nobody knows whose it is.
type Split struct {
	Customers map[string]Cost
	Pools     map[Pool]Cost
	Unknown   map[org.AccountID]Cost
}

// Split adds up what lines are whose. All of them together are the bill, to the last
// digit: if not, that is an error.
func (b Bill) Split(lines []Owned) (Split, error) {
	customers, pools, unknown := costs[string]{}, costs[Pool]{}, costs[org.AccountID]{}
	for _, l := range lines {
		switch {
		case l.Customer != "":
			customers.add(l.Customer, l.Line)
		case l.Pool == Unknown:
			unknown.add(l.Account, l.Line)
			fallthrough
		default:
			pools.add(l.Pool, l.Line)
		}
	}
	s := Split{customers.all(), pools.all(), unknown.all()}
	var billed, effective money.Sum
	for _, c := range slices.Concat(slices.Collect(maps.Values(s.Customers)), slices.Collect(maps.Values(s.Pools))) {
		billed.Add(c.Billed)
		effective.Add(c.Effective)
	}
	if billed.Metered() != b.Billed || effective.Metered() != b.Effective {
		return s, fmt.Errorf("the bill of %s for %s is %s, effective %s, and what is whose sums to %s, effective %s", b.Account, b.Month, b.Billed, b.Effective, billed.Metered(), effective.Metered())
	}
	return s, nil
}

type costs[K comparable] map[K]*[2]money.Sum

func (c costs[K]) add(key K, l Line) {
	if c[key] == nil {
		c[key] = &[2]money.Sum{}
	}
	c[key][0].Add(l.Billed)
	c[key][1].Add(l.Effective)
}

func (c costs[K]) all() map[K]Cost {
	all := make(map[K]Cost, len(c))
	for key, s := range c {
		all[key] = Cost{s[0].Metered(), s[1].Metered()}
	}
	return all
}

// Dearest are the keys of costs, the highest first.
func Dearest[K cmp.Ordered](costs map[K]Cost) []K {
	return slices.SortedFunc(maps.Keys(costs), func(a, b K) int {
		return cmp.Or(costs[b].Billed.Rat().Cmp(costs[a].Billed.Rat()), cmp.Compare(a, b))
	})
}
