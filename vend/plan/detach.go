package plan

import (
	"slices"

	"landlord/directory"
	"landlord/org"
	"landlord/vend/blueprint"
)

// detachments takes landlord's policies off where they hold another tier's
// customers: the root, the unit of all divided tiers, another tier's unit,
// another tier's account. Where a policy belongs it holds before it goes
// elsewhere, and so it does on what only this attachment holds: a unit of before,
// or an account that is not in its tier's unit yet.
func (m *maker) detachments(own directory.Ownership) {
	g := m.grounds(own)
	lent := map[string]int{} // by target, to the step that puts its policy there
	for _, p := range m.have.Policies {
		if p.Tags[org.TagFramework] == "" {
			continue
		}
		for _, target := range m.targets(p) {
			if !g.goes(p, target) {
				continue
			}
			tier := g.tier[target]
			var after []int // where the policy belongs it holds before it goes elsewhere
			for _, t := range m.want.Tiers {
				if t.Key == tier.Key || tier.Key == "" && standsFor(p, t) {
					after = append(after, m.guards[t.Key]...)
				}
			}
			for _, r := range g.under[target] {
				if standsFor(p, r.tier) && !m.heldOtherwise(g, r) {
					after = append(after, m.lend(r, lent))
				}
			}
			id := m.add(Step{Kind: DetachPolicy, Tier: tier.Key, Target: Ref(p.ID), To: Ref(target), After: after,
				Name: p.Name + " from " + g.name[target]})
			m.change(Change{Action: Modify, Noun: AnAttachment, Tier: tier.Key, Name: p.Name, Detail: "off " + g.name[target]})
			for _, t := range m.want.Tiers {
				if t.Key == tier.Key || tier.Key == "" && t.Policy.Name != p.Name {
					m.guards[t.Key] = append(m.guards[t.Key], id)
				}
			}
		}
	}
}

// resident is a customer's account and the tier it shall be in.
type resident struct {
	account org.Account
	tier    blueprint.Tier
	over    []string // itself and what it is in, up to the root
}

// grounds are the places whose policies landlord answers for, by id.
type grounds struct {
	name  map[string]string
	tier  map[string]blueprint.Tier // where one tier's customers are, and no other's
	under map[string][]resident     // the customers' accounts that what is attached there holds
}

func (m *maker) grounds(own directory.Ownership) grounds {
	g := grounds{name: map[string]string{m.have.Root: "the root"}, tier: map[string]blueprint.Tier{}, under: map[string][]resident{}}
	byKey := map[string]blueprint.Tier{}
	for _, t := range m.want.Tiers {
		byKey[t.Key] = t
	}
	for _, u := range m.want.Units {
		if seen, stands := m.stand.Of[u.Key]; stands {
			g.tier[seen.ID], g.name[seen.ID] = byKey[u.Tier], m.path[u.Key]
		}
	}
	for _, c := range m.want.Customers {
		a, exists := own.Of[c.Key]
		if !exists {
			continue
		}
		id := string(a.ID)
		g.tier[id], g.name[id] = byKey[c.Tier], "account "+id
		r := resident{account: a, tier: byKey[c.Tier], over: []string{id}}
		for at := a.Parent; at != ""; at = m.seen[at].Parent {
			r.over = append(r.over, at)
		}
		for _, at := range r.over {
			g.under[at] = append(g.under[at], r)
		}
	}
	return g
}

// goes tells whether a policy is taken off a target: landlord answers for the
// target, and the policy is not that of its tier.
func (g grounds) goes(p org.Policy, target string) bool {
	_, ours := g.name[target]
	return ours && (g.tier[target].Key == "" || g.tier[target].Policy.Name != p.Name)
}

// standsFor tells whether a policy that is there is a tier's, perhaps under a
// name that somebody gave it.
func standsFor(p org.Policy, t blueprint.Tier) bool {
	return p.Name == t.Policy.Name || p.Tags[org.TagFramework] == t.Framework
}

// heldOtherwise tells whether an account is in its tier's unit, or under an
// attachment of its tier's policy that stays until the account has moved.
func (m *maker) heldOtherwise(g grounds, r resident) bool {
	unit, stands := m.stand.Of[r.tier.Key]
	if stands && slices.Contains(r.over, unit.ID) {
		return true
	}
	for _, p := range m.have.Policies {
		if standsFor(p, r.tier) &&
			slices.ContainsFunc(r.over, func(at string) bool { return !g.goes(p, at) && m.attached(p.Name, at) }) {
			return true
		}
	}
	return false
}

// lend puts its tier's policy on a unit of before that an account is in, else on
// the account itself, which returns it once it has moved. It returns the step
// after which the policy holds there. Were the account moved first instead, two
// tiers whose policies are both on the root would wait for each other.
func (m *maker) lend(r resident, lent map[string]int) int {
	to, where := string(r.account.ID), "account "+string(r.account.ID)
	for _, at := range r.over { // the last is the uppermost
		if slices.ContainsFunc(m.stand.Old, func(u org.Unit) bool { return u.ID == at && u.Tags[org.TagTier] == r.tier.Key }) {
			to, where = at, m.place(at)
		}
	}
	if step, is := lent[to]; is {
		return step
	}
	policy := m.policy[r.tier.Policy.Name]
	lent[to] = m.add(Step{Kind: AttachPolicy, Tier: r.tier.Key, Target: policy.ref, To: Ref(to), After: policy.after,
		Name: r.tier.Policy.Name + " to " + where})
	m.change(Change{Action: Create, Noun: AnAttachment, Tier: r.tier.Key, Name: r.tier.Policy.Name, Detail: "on " + where + ", which nothing else of its tier holds until it is moved"})
	if to == string(r.account.ID) {
		m.lent = append(m.lent, r)
	}
	return lent[to]
}

// returned takes off the accounts what was lent to them, once they are in their
// tier's unit. A run that ends before leaves it there, where it does no harm.
func (m *maker) returned() {
	for _, r := range m.lent {
		policy := m.policy[r.tier.Policy.Name]
		m.add(Step{Kind: DetachPolicy, Tier: r.tier.Key, Target: policy.ref, To: Ref(r.account.ID), After: []int{m.leaves[r.account.ID]},
			Name: r.tier.Policy.Name + " from account " + string(r.account.ID)})
	}
}
