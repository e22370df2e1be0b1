package plan

import (
	"maps"
	"slices"

	"landlord/directory"
	"landlord/guard/guardrail"
	"landlord/org"
	"landlord/vend/blueprint"
)

// detachments takes landlord's policies off where they hold another tier's
// customers: the root, the unit of all divided tiers, another tier's unit,
// another tier's account. Where a policy belongs it holds before it goes
// elsewhere, and so it does on what only this attachment holds: a unit of before,
// or an account that is not in its tier's unit yet. Where AWS lets no policy more
// be attached to these, the account moves before.
func (m *maker) detachments(own directory.Ownership) {
	g := m.grounds(own)
	belongs := maps.Clone(m.guards) // what has each tier's policy hold on its unit
	for _, p := range m.have.Policies {
		if p.Tags[org.TagFramework] == "" {
			continue
		}
		for _, target := range m.targets(p) {
			if !g.goes(p, target) {
				m.left(p, target, g)
				continue
			}
			tier := g.tier[target]
			var after []int // where the policy belongs it holds before it goes elsewhere
			for _, t := range m.want.Tiers {
				if t.Key == tier.Key || tier.Key == "" && standsFor(p, t) {
					after = append(after, belongs[t.Key]...)
				}
			}
			var movers []resident
			for _, r := range g.under[target] {
				if !standsFor(p, r.tier) {
					continue
				}
				if m.heldOtherwise(g, r) {
					after = append(after, m.policy[r.tier.Policy.Name].after...)
				} else if step, room := m.lend(r); room {
					after = append(after, step)
				} else {
					movers = append(movers, r)
				}
			}
			id := m.add(Step{Kind: DetachPolicy, Tier: tier.Key, Target: Ref(p.ID), To: Ref(target), After: after,
				Name: p.Name + " from " + g.name[target]})
			m.change(Change{Action: Modify, Noun: AnAttachment, Tier: tier.Key, Name: p.Name, Detail: "off " + g.name[target]})
			for _, r := range movers {
				m.goesFirst(g, r, id)
			}
			if account := org.AccountID(target); account.Valid() { // it holds nobody else
				m.clears[account] = append(m.clears[account], id)
				continue
			}
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

// standsFor tells whether a policy that is there may be what holds a tier's
// customers: by its name, the framework it is for, or what it says.
func standsFor(p org.Policy, t blueprint.Tier) bool {
	return p.Tags[org.TagFramework] == t.Framework || holdsFor(p, t)
}

// holdsFor tells whether a policy says what a tier's says, perhaps under a name
// that somebody gave it, or will when the plan has corrected it.
func holdsFor(p org.Policy, t blueprint.Tier) bool {
	return p.Name == t.Policy.Name || guardrail.Same(p.Document, t.Policy.Document)
}

// heldOtherwise tells whether an account is in its tier's unit, or under an
// attachment that says what its tier's policy says and stays until the account
// has moved.
func (m *maker) heldOtherwise(g grounds, r resident) bool {
	unit, stands := m.stand.Of[r.tier.Key]
	if stands && slices.Contains(r.over, unit.ID) {
		return true
	}
	return slices.ContainsFunc(m.have.Policies, func(p org.Policy) bool { return holdsFor(p, r.tier) && m.stays(g, p, r) })
}

// stays tells whether a policy holds an account from somewhere that it is not
// taken off.
func (m *maker) stays(g grounds, p org.Policy, r resident) bool {
	return slices.ContainsFunc(r.over, func(at string) bool { return !g.goes(p, at) && m.attached(p.Name, at) })
}

// lend puts its tier's policy on a unit of before that an account is in, else on
// the account itself, which returns it once it has moved. It returns the step
// after which the policy holds there, or that there is no room anywhere. Were
// accounts moved first instead, two tiers whose policies are both on the root
// would wait for each other.
func (m *maker) lend(r resident) (step int, room bool) {
	own := string(r.account.ID)
	to := ""
	for _, at := range slices.Backward(r.over) { // the uppermost first
		old := slices.ContainsFunc(m.stand.Old, func(u org.Unit) bool { return u.ID == at && u.Tags[org.TagTier] == r.tier.Key })
		if !old && at != own {
			continue
		}
		if step, is := m.lent[at]; is {
			return step, true
		}
		if to == "" && m.room(at) > 0 {
			to = at
		}
	}
	if to == "" {
		return 0, false
	}
	where := "account " + own
	if to == own {
		m.carry = append(m.carry, r)
	} else {
		where = m.place(to)
	}
	policy := m.policy[r.tier.Policy.Name]
	m.taken[to]++
	m.lent[to] = m.add(Step{Kind: AttachPolicy, Tier: r.tier.Key, Target: policy.ref, To: Ref(to), After: slices.Concat(m.enabled, policy.after),
		Name: r.tier.Policy.Name + " to " + where})
	m.change(Change{Action: Create, Noun: AnAttachment, Tier: r.tier.Key, Name: r.tier.Policy.Name, Detail: "on " + where + ", which nothing else of its tier holds until it is moved"})
	return m.lent[to], true
}

// goesFirst has an account that no policy can be lent to move to its tier's unit
// before a policy comes off what it is in. It so does not wait until other tiers'
// policies come off the same: it is under these already.
func (m *maker) goesFirst(g grounds, r resident, detach int) {
	id := r.account.ID
	m.movers[id] = append(m.movers[id], detach)
	m.under[id] = func(s Step) bool {
		if s.Kind != DetachPolicy {
			return false
		}
		return slices.Contains(r.over, string(s.To)) ||
			slices.ContainsFunc(m.have.Policies, func(p org.Policy) bool { return Ref(p.ID) == s.Target && m.stays(g, p, r) })
	}
}

// entry is what an account that is there waits for before it enters its unit.
func (m *maker) entry(account org.Account, enter []int) []int {
	enter = slices.Concat(enter, m.clears[account.ID])
	under, first := m.under[account.ID]
	if !first {
		return enter
	}
	return slices.DeleteFunc(enter, func(id int) bool { return under(m.plan.Steps[id]) })
}

// left sees to it that an account that carries its tier's policy itself returns
// that: a run that was stopped lent it.
func (m *maker) left(p org.Policy, target string, g grounds) {
	if !org.AccountID(target).Valid() {
		return
	}
	for _, r := range g.under[target] { // the account, if it is a customer's
		m.carry = append(m.carry, r)
		m.change(Change{Action: Modify, Noun: AnAttachment, Tier: r.tier.Key, Name: p.Name, Detail: "off " + g.name[target] + ", which its tier's unit holds"})
	}
}

// returned takes off the accounts what was lent to them, once their tier's unit
// holds them, and what held those that move first. A run that ends before leaves
// it there, where it does no harm until the next.
func (m *maker) returned() {
	back := map[org.AccountID]bool{}
	for _, r := range m.carry {
		id := r.account.ID
		if back[id] {
			continue
		}
		back[id] = true
		after := slices.Clone(m.guards[r.tier.Key])
		if move, leaves := m.leaves[id]; leaves {
			after = []int{move}
		}
		if step, lent := m.lent[string(id)]; lent { // the account may move before it has what it is lent
			after = append(after, step)
		}
		m.add(Step{Kind: DetachPolicy, Tier: r.tier.Key, Target: m.policy[r.tier.Policy.Name].ref, To: Ref(id), After: after,
			Name: r.tier.Policy.Name + " from account " + string(id)})
	}
	for _, id := range slices.Sorted(maps.Keys(m.movers)) {
		move, leaves := m.leaves[id]
		if !leaves {
			continue
		}
		for _, detach := range m.movers[id] {
			if m.waits(move, detach) {
				m.problem("account %s carries as many policies as AWS lets be attached, and so do others: each would have to move before the others. Detach one policy: aws organizations list-policies-for-target --target-id %s --filter SERVICE_CONTROL_POLICY", id, id)
				continue
			}
			s := &m.plan.Steps[detach]
			s.After = append(s.After, move)
		}
	}
}

// waits tells whether a step waits for another, perhaps by way of others.
func (m *maker) waits(step, other int) bool {
	seen := map[int]bool{}
	for todo := []int{step}; len(todo) > 0; {
		at := todo[0]
		todo = todo[1:]
		if at == other {
			return true
		}
		if !seen[at] {
			seen[at] = true
			todo = append(todo, m.plan.Steps[at].After...)
		}
	}
	return false
}
