package plan

import (
	"slices"
	"strings"

	"landlord/org"
	"landlord/vend/blueprint"
)

// Only is the part of p, a plan from have to want, that the customers of some keys
// need: the steps about them, those that have their tiers' policies hold for them and
// others' not, and all that these wait for, whomever that is about. All of p could be
// done in an order that begins with what is kept, so what Make promises of each moment
// holds for it too. Removals, and what a person may want to decide, are left to a plan
// of all.
func Only(p *Plan, want blueprint.Blueprint, have org.Organization, keys ...string) *Plan {
	tiers, shared := scope(want, keys)
	over := above(want, have, keys)
	keep := make([]bool, len(p.Steps))
	for _, s := range p.Steps {
		switch keep[s.ID] = slices.Contains(keys, s.Customer); {
		case keep[s.ID] || s.Customer != "":
		case s.Kind == AwaitAccount:
			keep[s.ID] = true // it tells whose account comes of it
		case s.Kind == CreatePolicy, s.Kind == UpdatePolicy:
			keep[s.ID] = shared[s.Tier]
		case s.Kind == AttachPolicy:
			keep[s.ID] = tiers[s.Tier] || over[string(s.To)]
		case s.Kind == CreateUnit, s.Kind == RenameUnit:
			keep[s.ID] = tiers[s.Tier] || over[string(s.Target)]
		case s.Kind == DetachPolicy:
			keep[s.ID] = over[string(s.To)]
		}
	}
	for again := true; again; { // to what each waits for
		again = false
		for _, s := range p.Steps {
			for _, before := range s.After {
				if keep[s.ID] && !keep[before] {
					keep[before], again = true, true
				}
			}
		}
	}
	of := func(customer string) bool { return slices.Contains(keys, customer) }
	not := func(customer string) bool { return !of(customer) }
	part := &Plan{
		Organization: p.Organization, Management: p.Management, Customers: len(keys), Changes: []Change{}, Steps: []Step{},
		Held:      slices.DeleteFunc(slices.Clone(p.Held), not),
		Barred:    slices.DeleteFunc(slices.Clone(p.Barred), not),
		Invited:   slices.DeleteFunc(slices.Clone(p.Invited), func(i Invited) bool { return not(i.Customer) }),
		Suspended: slices.DeleteFunc(slices.Clone(p.Suspended), func(s Suspended) bool { return not(s.Customer) }),
	}
	place := make([]int, len(p.Steps))
	for _, s := range p.Steps {
		if keep[s.ID] {
			place[s.ID] = len(part.Steps)
			part.Steps = append(part.Steps, s)
		}
	}
	for i := range part.Steps {
		s := &part.Steps[i]
		s.ID, s.After = i, slices.Clone(s.After)
		for j, before := range s.After { // which may stand behind it
			s.After[j] = place[before]
		}
	}
	missing := map[string]bool{}
	for _, c := range p.Changes {
		if of(c.Customer) && c.Noun == AnAccount && (c.Action == Create || c.Action == Wait) {
			missing[c.Customer] = true
		}
		if of(c.Customer) || slices.ContainsFunc(part.Steps, func(s Step) bool { return s.makes(c) }) {
			part.Changes = append(part.Changes, c)
		}
	}
	part.Present = len(keys) - len(missing)
	return part
}

// scope are the tiers of some customers, and all tiers that share a policy with one
// of these.
func scope(want blueprint.Blueprint, keys []string) (tiers, shared map[string]bool) {
	tiers, shared = map[string]bool{}, map[string]bool{}
	for _, c := range want.Customers {
		tiers[c.Tier] = tiers[c.Tier] || slices.Contains(keys, c.Key)
	}
	frameworks := map[string]bool{}
	for _, t := range want.Tiers {
		frameworks[t.Framework] = frameworks[t.Framework] || tiers[t.Key]
	}
	for _, t := range want.Tiers {
		shared[t.Key] = frameworks[t.Framework]
	}
	return tiers, shared
}

// above are the accounts of some customers, and the units that stand above where these
// belong, up to the root.
func above(want blueprint.Blueprint, have org.Organization, keys []string) map[string]bool {
	parent := map[string]string{}
	for _, u := range have.Units {
		parent[u.ID] = u.Parent
	}
	own, stand := want.Owners(have).Of, want.Standing(have).Of
	over := map[string]bool{have.Root: true, stand[blueprint.Above].ID: true}
	for _, c := range want.Customers {
		if !slices.Contains(keys, c.Key) {
			continue
		}
		if a, exists := own[c.Key]; exists {
			over[string(a.ID)] = true
		}
		for at := stand[c.Unit].ID; at != ""; at = parent[at] {
			over[at] = true
		}
	}
	delete(over, "") // what is not there yet
	return over
}

// makes tells whether s is a step of a change, as far as people are told.
func (s Step) makes(c Change) bool {
	if s.Customer != "" || c.Customer != "" {
		return s.Customer == c.Customer
	}
	switch c.Noun {
	case AUnit:
		return s.Tier == c.Tier && (s.Kind == CreateUnit || s.Kind == RenameUnit || s.Kind == DeleteUnit) && strings.HasSuffix(c.Name, s.Name)
	case APolicy:
		return (s.Kind == CreatePolicy || s.Kind == UpdatePolicy) && s.Name == c.Name
	case AnAttachment:
		on, attaches := strings.CutPrefix(c.Detail, "on ")
		off := strings.TrimPrefix(c.Detail, "off ")
		return s.Kind == AttachPolicy && attaches && strings.HasPrefix(c.Name+" to "+on, s.Name) ||
			s.Kind == DetachPolicy && !attaches && strings.HasPrefix(c.Name+" from "+off, s.Name)
	case TheRoot:
		return s.Kind == EnablePolicies
	}
	return s.Kind == CreateOrganization || s.Kind == TrustService
}
