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
					for _, own := range r.tier.Policies {
						after = append(after, m.policy[own.Name].after...)
					}
				} else if steps, room := m.lend(r); room {
					after = append(after, steps...)
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
				if t.Key == tier.Key || tier.Key == "" && !t.Carries(p.Name) {
					m.guards[t.Key] = append(m.guards[t.Key], id)
				}
			}
		}
	}
	m.handover(g)
}

// resident is a customer's account and the tier it shall be in.
type resident struct {
	account org.Account
	tier    blueprint.Tier
	over    []string // itself and what it is in, up to the root
}

// carried is a policy of its tier that an account carries itself.
type carried struct {
	resident
	policy string
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
	return ours && (g.tier[target].Key == "" || !g.tier[target].Carries(p.Name))
}

// standsFor tells whether a policy that is there may be what holds a tier's
// customers: by its name, the framework it is for, or what it says.
func standsFor(p org.Policy, t blueprint.Tier) bool {
	return p.Tags[org.TagFramework] == t.Framework || slices.ContainsFunc(t.Policies, func(own guardrail.Policy) bool { return holdsFor(p, own) })
}

// holdsFor tells whether a policy says what one of a tier's says, perhaps under a
// name that somebody gave it, or will when the plan has corrected it.
func holdsFor(p org.Policy, own guardrail.Policy) bool {
	return p.Name == own.Name || guardrail.Same(p.Document, own.Document)
}

// heldOtherwise tells whether an account is in its tier's unit, or under
// attachments that say what its tier's policies say and stay until the account
// has moved.
func (m *maker) heldOtherwise(g grounds, r resident) bool {
	unit, stands := m.stand.Of[r.tier.Key]
	if stands && slices.Contains(r.over, unit.ID) {
		return true
	}
	return !slices.ContainsFunc(r.tier.Policies, func(own guardrail.Policy) bool {
		return !slices.ContainsFunc(m.have.Policies, func(p org.Policy) bool { return holdsFor(p, own) && m.stays(g, p, r) })
	})
}

// stays tells whether a policy holds an account from somewhere that it is not
// taken off.
func (m *maker) stays(g grounds, p org.Policy, r resident) bool {
	return slices.ContainsFunc(r.over, func(at string) bool { return !g.goes(p, at) && m.attached(p.Name, at) })
}

// lend puts its tier's policies on a unit of before that an account is in, else on
// the account itself, which returns them once it has moved. It returns the steps
// after which they hold there, or that there is no room anywhere. Were accounts
// moved first instead, two tiers whose policies are both on the root would wait
// for each other.
func (m *maker) lend(r resident) (steps []int, room bool) {
	own := string(r.account.ID)
	to := ""
	for _, at := range slices.Backward(r.over) { // the uppermost first
		old := slices.ContainsFunc(m.stand.Old, func(u org.Unit) bool { return u.ID == at && u.Tags[org.TagTier] == r.tier.Key })
		if !old && at != own {
			continue
		}
		if steps, is := m.lent[at]; is {
			return steps, true
		}
		if to == "" && m.room(at) >= len(m.lacks(r.tier, at)) {
			to = at
		}
	}
	if to == "" {
		return nil, false
	}
	where := "account " + own
	if to != own {
		where = m.place(to)
	}
	m.lent[to] = []int{}
	for _, p := range r.tier.Policies {
		m.lent[to] = append(m.lent[to], m.policy[p.Name].after...) // of what is there already
	}
	for _, p := range m.lacks(r.tier, to) {
		if to == own {
			m.carry = append(m.carry, carried{r, p.Name})
		}
		policy := m.policy[p.Name]
		m.taken[to]++
		m.lent[to] = append(m.lent[to], m.add(Step{Kind: AttachPolicy, Tier: r.tier.Key, Target: policy.ref, To: Ref(to), After: slices.Concat(m.enabled, policy.after),
			Name: p.Name + " to " + where}))
		m.change(Change{Action: Create, Noun: AnAttachment, Tier: r.tier.Key, Name: p.Name, Detail: "on " + where + ", which nothing else of its tier holds until it is moved"})
	}
	return m.lent[to], true
}

// lacks are the policies of a tier that are not on a target.
func (m *maker) lacks(t blueprint.Tier, target string) []guardrail.Policy {
	return slices.DeleteFunc(slices.Clone(t.Policies), func(p guardrail.Policy) bool { return m.attached(p.Name, target) })
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
		m.carry = append(m.carry, carried{r, p.Name})
		m.change(Change{Action: Modify, Noun: AnAttachment, Tier: r.tier.Key, Name: p.Name, Detail: "off " + g.name[target] + ", which its tier's unit holds"})
	}
}

// returned takes off the accounts what was lent to them, once their tier's unit
// holds them, and what held those that move first. A run that ends before leaves
// it there, where it does no harm until the next.
func (m *maker) returned() {
	type attachment struct {
		account org.AccountID
		policy  string
	}
	back := map[attachment]bool{}
	for _, r := range m.carry {
		id := r.account.ID
		if back[attachment{id, r.policy}] {
			continue
		}
		back[attachment{id, r.policy}] = true
		after := slices.Clone(m.guards[r.tier.Key])
		if move, leaves := m.leaves[id]; leaves {
			after = []int{move}
		}
		after = append(after, m.lent[string(id)]...) // the account may move before it has what it is lent
		m.add(Step{Kind: DetachPolicy, Tier: r.tier.Key, Target: m.policy[r.policy].ref, To: Ref(id), After: after,
			Name: r.policy + " from account " + string(id)})
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
