package soak

import (
	"slices"

	"landlord/guard/guardrail"
	"landlord/org"
)

// mark is what a unit is for, as its tags say; the zero mark is nobody's of
// landlord's.
type mark struct{ unit, tier, region, segment string }

func markOf(tags org.Tags) mark {
	m := mark{tags["landlord:unit"], tags["landlord:tier"], tags["landlord:region"], tags["landlord:segment"]}
	if m.unit == "" && m.tier == "" {
		return mark{}
	}
	return m
}

// own tells whether a unit is landlord's.
func own(u *org.Unit) bool { return markOf(u.Tags) != mark{} }

// place is where the file wants a unit.
type place struct {
	name  string
	mark  mark
	under mark // of the unit above; zero is the root
}

// customers marks the unit that the units of divided tiers stand in.
var customers = mark{unit: "customers"}

// home is what marks the unit that p's account belongs in.
func (f *file) home(p *person) mark {
	switch f.divided[p.tier] {
	case "by-region":
		return mark{tier: p.tier, region: p.region}
	case "by-segment":
		return mark{tier: p.tier, segment: p.segment}
	}
	return mark{tier: p.tier}
}

// places are where the file wants units, those above first.
func (f *file) places() []place {
	var list []place
	for _, t := range f.used() {
		if f.divided[t] == "" {
			list = append(list, place{name: f.units[t], mark: mark{tier: t}})
			continue
		}
		if !slices.ContainsFunc(list, func(p place) bool { return p.mark == customers }) {
			list = append(list, place{name: "Customers", mark: customers})
		}
		list = append(list, place{f.units[t], mark{tier: t}, customers})
		for _, p := range f.current() {
			if m := f.home(p); p.tier == t && (m.region != "" || m.segment != "") && !slices.ContainsFunc(list, func(l place) bool { return l.mark == m }) {
				list = append(list, place{m.region + m.segment, m, mark{tier: t}})
			}
		}
	}
	return list
}

// standing are the units that stand where the file wants them, by mark.
func (j *judge) standing() map[mark][]*org.Unit {
	stand := map[mark][]*org.Unit{}
	at := map[mark]string{{}: j.Root}
	for _, p := range j.places() {
		for i := range j.Units {
			if u := &j.Units[i]; at[p.under] != "" && u.Parent == at[p.under] && markOf(u.Tags) == p.mark {
				stand[p.mark] = append(stand[p.mark], u)
			}
		}
		if len(stand[p.mark]) > 0 {
			at[p.mark] = stand[p.mark][0].ID
		}
	}
	return stand
}

// left tells whether a unit of landlord's is not wanted any more. A tier without
// customers keeps its units, and what they stand in.
func (j *judge) left(u *org.Unit) bool {
	m := markOf(u.Tags)
	if m == (mark{}) || m.tier != "" && !slices.Contains(j.used(), m.tier) {
		return false
	}
	if slices.ContainsFunc(j.standing()[m], func(s *org.Unit) bool { return s.ID == u.ID }) {
		return false
	}
	for i := range j.Units {
		if below := &j.Units[i]; below.Parent == u.ID && own(below) && !j.left(below) {
			return false
		}
	}
	return true
}

// holdsOthers tells whether what is not a customer's account is in a unit or
// below it.
func (j *judge) holdsOthers(unit string) bool {
	for i := range j.Accounts {
		if p := j.owner(&j.Accounts[i]); j.Accounts[i].Parent == unit && (p == nil || p.gone) {
			return true
		}
	}
	return slices.ContainsFunc(j.Units, func(u org.Unit) bool {
		return u.Parent == unit && (!j.left(&u) || j.holdsOthers(u.ID))
	})
}

// leftovers are landlord's units that are not wanted any more and that nothing
// of others keeps.
func (j *judge) leftovers(say func(check, key, format string, args ...any)) {
	for i := range j.Units {
		if u := &j.Units[i]; j.left(u) && !j.holdsOthers(u.ID) {
			say("units", "", "unit %s (%s) is not wanted any more", u.ID, u.Name)
		}
	}
}

// tier says what is wrong with a tier's units and its policy.
func (j *judge) tier(tier string, say func(check, key, format string, args ...any)) {
	wanted := j.demands(j.frameworks[tier])
	stand := j.standing()
	for _, p := range j.places() {
		if p.mark.tier != tier && !(p.mark == customers && j.divided[tier] != "") {
			continue
		}
		if len(stand[p.mark]) != 1 {
			say("tier", tier, "%d units %s", len(stand[p.mark]), p.name)
			return
		}
		u := stand[p.mark][0]
		switch {
		case u.Name != p.name:
			say("tier", tier, "unit %s is called %s", u.ID, u.Name)
		case p.mark == mark{tier: tier} && slices.ContainsFunc(wanted, func(p guardrail.Policy) bool { return !j.on(u, p.Name) }):
			say("tier", tier, "unit %s does not carry %s's policies", u.ID, tier)
		case !j.allows(u):
			say("tier", tier, "nothing is allowed in unit %s", u.ID)
		default:
			continue
		}
		break
	}
	for _, w := range wanted {
		if !slices.ContainsFunc(j.Policies, func(p org.Policy) bool { return p.Name == w.Name && ours(&p) && sameJSON(p.Document, w.Document) }) {
			say("content", tier, "no policy %s that says what it should", w.Name)
			break
		}
	}
}

// on tells whether landlord's policy of that name is on a unit itself.
func (j *judge) on(u *org.Unit, name string) bool {
	return slices.ContainsFunc(j.Policies, func(p org.Policy) bool { return p.Name == name && ours(&p) && slices.Contains(u.SCPs, p.ID) })
}

// allows tells whether a policy on a unit allows anything: landlord's only deny.
func (j *judge) allows(u *org.Unit) bool {
	return slices.ContainsFunc(j.Policies, func(p org.Policy) bool { return !ours(&p) && slices.Contains(u.SCPs, p.ID) })
}
