package blueprint

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"landlord/guard/guardrail"
	"landlord/org"
	"landlord/portfolio"
)

// Unit is an organizational unit that is wanted. What holds in a unit holds in
// those below it, so a tier's policy is on the tier's unit alone: a region or
// segment more is a unit and no attachment, and no account in one can be
// without the policy while others have it.
type Unit struct {
	Key    string // a tier's key, that and the region or segment, or Above
	Tier   string // key; "" for the unit of all divided tiers
	Name   string // unique in its parent
	Parent string // key of the unit above; "" is the root
	Tags   org.Tags
}

// Above is the key of the unit that the units of divided tiers stand in; no
// tier can have it.
const Above = "Customers"

// above is the value of landlord:unit that tells that unit.
const above = "customers"

// divisionKey is the key of the unit of a tier for a region or segment.
func divisionKey(tier, division string) string {
	if division == "" {
		return tier
	}
	return tier + "/" + division
}

// unitsOf returns the units of a tier with customers in divisions, parents
// first, and before them the one of all divided tiers where b has none yet.
func (b Blueprint) unitsOf(t portfolio.Tier, divisions []string) []Unit {
	own := Unit{Key: t.Key, Tier: t.Key, Name: t.Unit, Tags: org.Tags{org.TagTier: t.Key}}
	if t.Units == portfolio.Flat {
		return []Unit{own}
	}
	var units []Unit
	if !slices.ContainsFunc(b.Units, func(u Unit) bool { return u.Key == Above }) {
		units = append(units, Unit{Key: Above, Name: portfolio.UnitsAbove, Tags: org.Tags{org.TagUnit: above}})
	}
	own.Parent = Above
	units = append(units, own)
	by := map[string]string{portfolio.ByRegion: org.TagRegion, portfolio.BySegment: org.TagSegment}[t.Units]
	for _, d := range divisions {
		if d != "" {
			units = append(units, Unit{Key: divisionKey(t.Key, d), Tier: t.Key, Name: d, Parent: t.Key, Tags: org.Tags{org.TagTier: t.Key, by: d}})
		}
	}
	return units
}

// Paths returns where each unit is wanted, by key: the names from below the
// root, with slashes between.
func (b Blueprint) Paths() map[string]string {
	paths := make(map[string]string, len(b.Units))
	for _, u := range b.Units {
		paths[u.Key] = u.Name
		if u.Parent != "" {
			paths[u.Key] = paths[u.Parent] + "/" + u.Name
		}
	}
	return paths
}

// marks are the tags that tell what a unit is for. A unit is the one wanted if
// it has the same values of all of them and stands where that is wanted.
var marks = []string{org.TagUnit, org.TagTier, org.TagRegion, org.TagSegment}

// marked is what a unit is for, "" if it is not landlord's.
func marked(tags org.Tags) string {
	if tags[org.TagTier] == "" && tags[org.TagUnit] != above {
		return ""
	}
	var values []string
	for _, key := range marks {
		values = append(values, tags[key])
	}
	return strings.Join(values, "\n")
}

// Standing is which of landlord's units stand in an organization.
type Standing struct {
	Of map[string]org.Unit // by key: the units that are wanted and stand
	// Old are landlord's units that are not wanted any more, children first:
	// what a tier in use had before it was divided otherwise, or joined again.
	// A tier without customers keeps its units.
	Old       []org.Unit
	Conflicts []string // sentences: why it cannot be told which unit is meant, and what to do
}

// Standing tells which units of seen are those wanted, by their tags and by
// where they stand: AWS moves no unit, so one that stands elsewhere is another.
func (b Blueprint) Standing(seen org.Organization) Standing {
	s := Standing{Of: map[string]org.Unit{}}
	type place struct{ parent, mark string }
	wanted := make(map[place]string, len(b.Units)) // to a unit's key
	id := map[string]string{"": seen.Root}         // by key
	used := map[string]bool{}
	for _, t := range b.Tiers {
		used[t.Key] = true
	}
	there := map[string]org.Unit{}
	byPlace := map[place][]org.Unit{}
	for _, u := range seen.Units {
		there[u.ID] = u
		if m := marked(u.Tags); m != "" {
			byPlace[place{u.Parent, m}] = append(byPlace[place{u.Parent, m}], u)
		}
	}
	for _, w := range b.Units {
		if id[w.Parent] == "" {
			continue
		}
		p := place{id[w.Parent], marked(w.Tags)}
		wanted[p] = w.Key
		found := byPlace[p]
		if len(found) == 0 {
			continue
		}
		s.Of[w.Key], id[w.Key] = found[0], found[0].ID
		if len(found) > 1 {
			s.Conflicts = append(s.Conflicts, fmt.Sprintf("units %s and %s are both tagged %s; remove the tag from one of them", found[0].ID, found[1].ID, Shown(w.Tags)))
		}
	}
	keep := map[string]bool{} // units that hold what a tier without customers keeps
	for _, u := range slices.Backward(seen.Units) {
		m := marked(u.Tags)
		_, is := wanted[place{u.Parent, m}]
		tier := u.Tags[org.TagTier]
		switch {
		case m == "" || is:
		case keep[u.ID] || tier != "" && !used[tier]:
			keep[u.Parent] = true
		case u.Parent != seen.Root && marked(there[u.Parent].Tags) == "":
			s.Conflicts = append(s.Conflicts, fmt.Sprintf("unit %s (%s), tagged %s, lies in unit %s, which is not landlord's, so that unit's policies hold there too. Remove the tag from it, and landlord makes another",
				u.Name, u.ID, Shown(u.Tags), there[u.Parent].Name))
		default:
			s.Old = append(s.Old, u)
		}
	}
	return s
}

// Shown writes the tags that tell what a unit is for.
func Shown(tags org.Tags) string {
	var list []string
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		if slices.Contains(marks, key) {
			list = append(list, fmt.Sprintf("%s=%s", key, tags[key]))
		}
	}
	return strings.Join(list, " and ")
}

// Ours tells whether a unit of an organization is one of landlord's, wanted or
// not.
func Ours(u org.Unit) bool { return marked(u.Tags) != "" }

// Locked tells whether nothing is allowed in a unit of landlord's: no policy but
// landlord's own, which only deny, is attached to it.
func Locked(seen org.Organization, unit org.Unit) bool {
	if !seen.SCPs {
		return false
	}
	ours := map[string]bool{}
	for _, p := range seen.Policies {
		ours[p.ID] = p.Tags[org.TagFramework] != "" || p.Tags[org.TagPolicy] == guardrail.Purpose
	}
	return !slices.ContainsFunc(unit.SCPs, func(id string) bool { return !ours[id] })
}
