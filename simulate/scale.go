package simulate

import (
	"fmt"
	"slices"

	"landlord/org"
	"landlord/portfolio"
)

// Scale returns p with n customers: the first n of the file; beyond the file,
// whole multiples of its mix, and the remainder in file order. Copies get keys
// and names of their own and the price of what they copy.
func Scale(p *portfolio.Portfolio, n int) *portfolio.Portfolio {
	scaled := *p
	scaled.Customers = slices.Clone(p.Customers[:min(n, len(p.Customers))])
	if len(p.Customers) == 0 {
		return &scaled
	}
	taken := make(map[string]bool, n)
	for _, c := range p.Customers {
		taken[c.Key] = true
	}
	for i := len(p.Customers); i < n; i++ {
		original := p.Customers[i%len(p.Customers)]
		scaled.Customers = append(scaled.Customers, copyOf(original, p.Provider.AccountEmail, i/len(p.Customers)+1, taken))
	}
	scaled.Organization.SimulatedAccounts = map[string]org.AccountID{}
	for i, c := range scaled.Customers {
		// A simulated AWS has no account to adopt: it makes all of them.
		if c.Account != "" {
			scaled.Organization.SimulatedAccounts[c.Key] = c.Account
			scaled.Customers[i].Account = ""
		}
		if id, given := p.Organization.SimulatedAccounts[c.Key]; given {
			scaled.Organization.SimulatedAccounts[c.Key] = id
		}
	}
	return &scaled
}

// copyOf is the number-th customer like c.
func copyOf(c portfolio.Customer, pattern string, number int, taken map[string]bool) portfolio.Customer {
	suffix := fmt.Sprintf("-%d", number)
	for {
		key := c.Key[:min(len(c.Key), 40-len(suffix))] + suffix
		if !taken[key] {
			taken[key] = true
			c.Name = fmt.Sprintf("%s %d", c.Name, number)
			c.Key, c.Account, c.Contact, c.Formerly = key, "", "", nil
			c.AccountName = portfolio.AccountName(fmt.Sprintf("%d %s", number, c.AccountName), key)
			c.Email = portfolio.AccountEmail(pattern, key)
			return c
		}
		suffix += "x"
	}
}
