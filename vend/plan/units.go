package plan

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"landlord/internal/limits"
	"landlord/org"
	"landlord/vend/blueprint"
)

// units makes the units that are wanted, parents first, and brings each tier's
// under its policy.
func (m *maker) units() {
	for _, u := range m.want.Units {
		parent, after := m.root, m.first
		if u.Parent != "" {
			parent, after = m.unit[u.Parent], m.made[u.Parent]
		}
		seen, stands := m.stand.Of[u.Key]
		after = append(slices.Clone(after), m.vacate(u, parent, seen.ID)...)
		if !stands {
			m.unit[u.Key] = unitRef(u.Key)
			m.made[u.Key] = []int{m.add(Step{Kind: CreateUnit, Tier: u.Tier, Makes: unitRef(u.Key), To: parent, Name: u.Name, Tags: u.Tags, After: after})}
			m.change(Change{Action: Create, Noun: AUnit, Tier: u.Tier, Name: m.path[u.Key]})
		} else {
			m.unit[u.Key] = Ref(seen.ID)
			m.mend(u, seen, after)
		}
		for _, p := range m.want.On(u) {
			m.guard(u, p.Name, seen.ID)
		}
	}
}

// mend gives a unit that stands its name, and the leave to do anything that a
// policy of landlord's can take from.
func (m *maker) mend(u blueprint.Unit, seen org.Unit, after []int) {
	if seen.Name != u.Name {
		m.add(Step{Kind: RenameUnit, Tier: u.Tier, Target: Ref(seen.ID), Name: u.Name, After: after})
		m.change(Change{Action: Modify, Noun: AUnit, Tier: u.Tier, Name: m.path[u.Key], Detail: "now called " + seen.Name})
	}
	if blueprint.Locked(m.have, seen) {
		m.add(Step{Kind: AttachPolicy, Tier: u.Tier, Target: org.FullAccess, To: Ref(seen.ID), Name: "FullAWSAccess to " + m.path[u.Key]})
		m.change(Change{Action: Create, Noun: AnAttachment, Tier: u.Tier, Name: "FullAWSAccess", Detail: "on " + m.path[u.Key] + ", where nothing is allowed now"})
	}
}

// guard brings a tier's unit under a policy of the tier, in force, before anything
// may enter it.
func (m *maker) guard(u blueprint.Unit, name, seen string) {
	policy := m.policy[name]
	holds := slices.Concat(m.enabled, policy.after, m.made[u.Key])
	if seen == "" || !m.attached(name, seen) {
		holds = []int{m.add(Step{Kind: AttachPolicy, Tier: u.Tier, Target: policy.ref, To: m.unit[u.Key], After: holds, Name: name + " to " + m.path[u.Key]})}
		m.change(Change{Action: Create, Noun: AnAttachment, Tier: u.Tier, Name: name, Detail: "on " + m.path[u.Key]})
	}
	m.guards[u.Tier] = append(m.guards[u.Tier], holds...)
	m.on[name] = append(m.on[name], holds...)
}

// vacate sees to it that no other unit has the name that u needs, since AWS
// allows one of a name in a parent. One of landlord's that is not wanted any
// more gives it up; the step that renames it is returned.
func (m *maker) vacate(u blueprint.Unit, parent Ref, id string) []int {
	for _, other := range m.have.Units {
		if other.Name != u.Name || Ref(other.Parent) != parent || other.ID == id {
			continue
		}
		old := slices.ContainsFunc(m.stand.Old, func(o org.Unit) bool { return o.ID == other.ID })
		switch {
		case old:
			name := []rune(fmt.Sprintf("old %s %s", other.ID, other.Name))
			name = name[:min(len(name), limits.UnitNameLength)]
			m.change(Change{Action: Modify, Noun: AUnit, Tier: u.Tier, Name: string(name), Detail: "called " + other.Name + " now, as another unit will be"})
			step := m.add(Step{Kind: RenameUnit, Tier: u.Tier, Target: Ref(other.ID), Name: string(name)})
			m.vacated[other.ID] = step
			return []int{step}
		case blueprint.Ours(other):
			m.problem("unit %s (%s), tagged %s, has the name of another of landlord's units, %s. Give one of them another name first: `unit:` in the file, or in AWS",
				other.Name, other.ID, blueprint.Shown(other.Tags), m.path[u.Key])
		default:
			var tags []string
			for _, key := range slices.Sorted(maps.Keys(u.Tags)) {
				tags = append(tags, fmt.Sprintf("%q", "Key="+key+",Value="+u.Tags[key]))
			}
			m.problem("unit %s (%s) exists and is not landlord's: it has no tag %s. Rename it, or hand it over with: aws organizations tag-resource --resource-id %s --tags %s",
				other.Name, other.ID, blueprint.Shown(u.Tags), other.ID, strings.Join(tags, " "))
		}
	}
	return nil
}

// removals deletes landlord's units that are not wanted any more, children
// first, each when this plan has moved the last account out of it. What is
// somebody else's in one stops that. AWS refuses to delete a unit that is not
// empty, so nothing that enters meanwhile is lost.
func (m *maker) removals() {
	accounts, units := map[string][]org.Account{}, map[string][]org.Unit{}
	for _, a := range m.have.Accounts {
		accounts[a.Parent] = append(accounts[a.Parent], a)
	}
	for _, u := range m.have.Units {
		units[u.Parent] = append(units[u.Parent], u)
	}
	deleted := map[string]int{} // to the step
	for _, u := range m.stand.Old {
		var after []int
		if step, renamed := m.vacated[u.ID]; renamed {
			after = append(after, step)
		}
		var stay []string
		for _, a := range accounts[u.ID] {
			if step, leaves := m.leaves[a.ID]; leaves {
				after = append(after, step)
			} else {
				stay = append(stay, fmt.Sprintf("account %s (%s)", a.ID, strings.Join(described(a), ", ")))
			}
		}
		for _, child := range units[u.ID] {
			if step, goes := deleted[child.ID]; goes {
				after = append(after, step)
			} else {
				stay = append(stay, fmt.Sprintf("unit %s (%s)", child.ID, child.Name))
			}
		}
		tier := u.Tags[org.TagTier]
		if len(stay) > 0 {
			m.notice(tier, "unit %s (%s) is not wanted any more and stays, since it holds what this plan does not move: %s", m.place(u.ID), u.ID, some(stay))
			continue
		}
		if policies := m.foreign(u); len(policies) > 0 {
			m.notice(tier, "unit %s (%s), which goes, carries policies that are not landlord's: %s. Attach them to what comes after it if they shall hold there too", m.place(u.ID), u.ID, some(policies))
		}
		deleted[u.ID] = m.add(Step{Kind: DeleteUnit, Tier: tier, Target: Ref(u.ID), Name: m.place(u.ID), After: after})
		m.change(Change{Action: Remove, Noun: AUnit, Tier: tier, Name: m.place(u.ID), Detail: u.ID + ", empty by then"})
	}
}

// described is what there is to say of an account that no customer of the file has.
func described(a org.Account) []string {
	words := []string{a.Name}
	if key := a.Tags[org.TagCustomer]; key != "" {
		words = append(words, "customer "+key+"'s")
	}
	if a.Gone() {
		words = append(words, state(a))
	}
	return words
}

// foreign are the policies of others that are attached to a unit of landlord's.
func (m *maker) foreign(u org.Unit) []string {
	var names []string
	for _, p := range m.have.Policies {
		if slices.Contains(u.SCPs, p.ID) && p.ID != org.FullAccess && p.Tags[org.TagFramework] == "" && p.Tags[org.TagPolicy] == "" {
			names = append(names, fmt.Sprintf("%s (%s)", p.Name, p.ID))
		}
	}
	return names
}

func (m *maker) notice(tier, format string, args ...any) {
	m.plan.Notices = append(m.plan.Notices, Notice{tier, fmt.Sprintf(format, args...)})
}

// place is where a unit that stands, by its id: the names from the root down.
func (m *maker) place(id string) string {
	if id == m.have.Root {
		return "the root"
	}
	return org.Path(m.seen, m.have.Root, id)
}
