// Package blueprint turns a portfolio into the organization it asks for: a
// policy per tier in use, its units, an account per customer. It knows what is
// wanted and nothing of what is there.
package blueprint

import (
	"cmp"
	"maps"
	"slices"

	"landlord/directory"
	"landlord/guard/guardrail"
	"landlord/internal/limits"
	"landlord/org"
	"landlord/portfolio"
)

// Blueprint is an organization as a portfolio wants it.
type Blueprint struct {
	Provider   string             // its name, for whom it invites
	Management org.AccountID      // "" if the portfolio does not say
	Tiers      []Tier             // the tiers in use, in the portfolio's order
	Units      []Unit             // parents first
	Customers  []Customer         // in the portfolio's order
	Departed   []string           // keys that are gone for ever
	Quota      limits.PolicyQuota // that the tiers' policies are packed for; zero is the present one
	Threshold  int                // customers in one unit at which to propose to divide it; 0 is never
}

// Tier is a compliance tier in use. Its unit has its key and carries its policies;
// two tiers of one framework carry the same.
type Tier struct {
	Key       string
	Framework string
	Policies  []guardrail.Policy // at least one; several where AWS lets one not have it all
	Rules     []guardrail.Rule   // what they say of everybody
	Units     string             // portfolio.Flat, ByRegion or BySegment
}

// Customer is an account in its unit.
type Customer struct {
	directory.Customer
	Name   string                // the account's name: printable ASCII, at most 50 characters
	Tier   string                // key
	Unit   string                // key of the unit it is in: the tier's own, or one below it
	Tags   org.Tags              // the account's
	Exempt []portfolio.Exemption // from statements of its tier
}

// From returns what p asks for.
func From(p *portfolio.Portfolio) Blueprint {
	want := Blueprint{Provider: p.Provider.Name, Management: p.Organization.Management, Quota: p.Organization.PolicyQuota(), Threshold: p.Organization.UnitThreshold}
	tiers := make(map[string]portfolio.Tier, len(p.Tiers))
	for _, t := range p.Tiers {
		tiers[t.Key] = t
	}
	divisions := map[string][]string{} // by tier in use: "" and the regions or segments in use
	for _, c := range p.Customers {
		tags := org.Tags{org.TagCustomer: c.Key, org.TagTier: c.Tier, org.TagContact: org.TagText(c.Contact)}
		if c.Region != "" {
			tags[org.TagRegion] = c.Region
		}
		if c.Segment != "" {
			tags[org.TagSegment] = c.Segment
		}
		maps.Copy(tags, c.Tags)
		division := tiers[c.Tier].Division(c)
		if at, listed := slices.BinarySearch(divisions[c.Tier], division); !listed {
			divisions[c.Tier] = slices.Insert(divisions[c.Tier], at, division)
		}
		want.Customers = append(want.Customers, Customer{
			Customer: directory.Customer{Key: c.Key, Formerly: c.Formerly, Email: c.Email, Account: c.Account, Address: c.Address},
			Name:     c.AccountName,
			Tier:     c.Tier,
			Unit:     divisionKey(c.Tier, division),
			Tags:     tags,
			Exempt:   c.Exempt,
		})
	}
	for _, t := range p.Tiers {
		if in, used := divisions[t.Key]; used {
			want.Tiers = append(want.Tiers, Tier{Key: t.Key, Framework: t.Framework, Policies: want.pack(t.Framework, t.Rules()), Rules: t.Rules(), Units: t.Units})
			want.Units = append(want.Units, want.unitsOf(t, in)...)
		}
	}
	for _, d := range p.Departed {
		want.Departed = append(want.Departed, d.Key)
	}
	return want
}

// Policies returns the policies of the tiers in use, each once.
func (b Blueprint) Policies() []guardrail.Policy {
	var policies []guardrail.Policy
	for _, t := range b.Tiers {
		for _, own := range t.Policies {
			if !slices.ContainsFunc(policies, func(p guardrail.Policy) bool { return p.Name == own.Name }) {
				policies = append(policies, own)
			}
		}
	}
	return policies
}

// pack writes the rules of a framework as policies.
func (b Blueprint) pack(framework string, rules []guardrail.Rule) []guardrail.Policy {
	return guardrail.Pack(framework, rules, cmp.Or(b.Quota.Characters, limits.PolicyCharacters))
}

// Carries tells whether a policy of that name is one of the tier's.
func (t Tier) Carries(policy string) bool {
	return slices.ContainsFunc(t.Policies, func(p guardrail.Policy) bool { return p.Name == policy })
}

// On returns the policies that a unit carries: a tier's own unit its tier's. What
// holds in a unit holds in those below it.
func (b Blueprint) On(u Unit) []guardrail.Policy {
	for _, t := range b.Tiers {
		if t.Key == u.Key {
			return t.Policies
		}
	}
	return nil
}

// Owners tells whose each account of seen is.
func (b Blueprint) Owners(seen org.Organization) directory.Ownership {
	customers := make([]directory.Customer, len(b.Customers))
	for i, c := range b.Customers {
		customers[i] = c.Customer
	}
	return directory.Owners(customers, b.Departed, seen)
}

// Called tells whether name is one that c's account may have: the file's, or
// that with the key, which it gets while another account has the file's.
func (c Customer) Called(name string) bool {
	return name == c.Name || name == portfolio.WithKey(c.Name, c.Key)
}

// Stale returns the keys of landlord's tags on an account that the file no
// longer gives it. Tags of others, and those that say what became of the
// account, stay.
func (c Customer) Stale(tags org.Tags) []string {
	var stale []string
	for _, key := range []string{org.TagRegion, org.TagSegment} {
		if _, there := tags[key]; there && c.Tags[key] == "" {
			stale = append(stale, key)
		}
	}
	return stale
}

// Asks tells what else must be read of seen before it can be planned: what
// trusts whom before an account is renamed, what became of invitations before
// another is sent, what is attached to an account before something else is.
// Mostly it is nothing.
func (b Blueprint) Asks(seen org.Organization) org.Questions {
	own := b.Owners(seen)
	q := org.Questions{Invitations: len(own.Outside) > 0}
	crowded := b.crowded(seen)
	for _, c := range b.Customers {
		a, exists := own.Of[c.Key]
		if !exists {
			continue
		}
		if !c.Called(a.Name) {
			q.Names = append(q.Names, a.ID)
		}
		if crowded(c, a) {
			q.Slots = append(q.Slots, a.ID)
		}
	}
	return q
}

// crowded tells to which accounts a plan may attach a policy: the one that
// denies everything, or, while an account is not in its tier's unit, the tier's,
// before that comes off what the account is in. Mostly it is none.
func (b Blueprint) crowded(seen org.Organization) func(Customer, org.Account) bool {
	units := make(map[string]org.Unit, len(seen.Units))
	for _, u := range seen.Units {
		units[u.ID] = u
	}
	holds, denies := map[string]bool{}, map[string]bool{} // by target: landlord's policies are there
	for _, p := range seen.Policies {
		for _, target := range p.Targets {
			holds[target] = holds[target] || p.Tags[org.TagFramework] != ""
			denies[target] = denies[target] || p.Tags[org.TagPolicy] != ""
		}
	}
	stand := b.Standing(seen).Of
	return func(c Customer, a org.Account) bool {
		if _, tagged := a.Tags[org.TagSuspended]; tagged && !denies[string(a.ID)] {
			return true
		}
		held := holds[string(a.ID)]
		for at := a.Parent; at != "" && at != stand[c.Tier].ID; at = units[at].Parent {
			if held = held || holds[at]; at == seen.Root {
				return held
			}
		}
		return false
	}
}
