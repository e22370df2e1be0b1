package blueprint

import (
	"slices"
	"time"

	"landlord/org"
	"landlord/portfolio"
)

// Exempting is b with the exemptions of its customers written into the policies,
// as far as it is known of seen which accounts are theirs and they have not ended
// when that was read. Below an organization's policy nothing can allow what it
// denies, so the statement itself leaves the accounts out. Tiers of one framework
// share a policy, and it leaves out the accounts of each.
func (b Blueprint) Exempting(seen org.Organization) Blueprint {
	framework := map[string]string{}
	for _, t := range b.Tiers {
		framework[t.Key] = t.Framework
	}
	out := map[string]map[string][]string{} // by framework and statement: accounts
	var own map[string]org.Account
	for _, c := range b.Customers {
		for _, e := range c.Exempt {
			if Ended(e, seen.Seen) {
				continue
			}
			if own == nil {
				own = b.Owners(seen).Of
			}
			f := framework[c.Tier]
			if out[f] == nil {
				out[f] = map[string][]string{}
			}
			if a, exists := own[c.Key]; exists {
				out[f][e.Statement] = append(out[f][e.Statement], string(a.ID))
			}
		}
	}
	if len(out) == 0 {
		return b
	}
	b.Tiers = slices.Clone(b.Tiers)
	for i, t := range b.Tiers {
		rules := slices.Clone(t.Rules)
		for j, r := range rules {
			accounts := out[t.Framework][r.Sid]
			slices.Sort(accounts)
			rules[j] = r.Exempting(accounts...)
		}
		b.Tiers[i].Policies = b.pack(t.Framework, rules)
	}
	return b
}

// Ended tells whether an exemption has ended at a time.
func Ended(e portfolio.Exemption, now time.Time) bool {
	return !now.IsZero() && now.UTC().Format(time.DateOnly) >= e.Until
}
