package plan

import (
	"slices"

	"landlord/guard/guardrail"
	"landlord/org"
	"landlord/vend/blueprint"
)

// handover has a policy that loses statements to another of its tier wait until
// they hold there: on the tier's unit, and on what else the policy holds accounts
// of the tier from that are not in the unit yet.
func (m *maker) handover(g grounds) {
	for _, t := range m.want.Tiers {
		for _, p := range t.Policies {
			update := m.policy[p.Name].after
			seen, lost := m.loses(p)
			for _, other := range t.Policies {
				if len(update) == 0 || other.Name == p.Name || !slices.ContainsFunc(other.Rules, func(r guardrail.Rule) bool { return lost[r.Sid] }) {
					continue
				}
				m.wait(update, m.on[other.Name])
				for _, r := range m.outside(g, t, seen) {
					if steps, room := m.lend(r); room {
						m.wait(update, steps)
					}
				}
			}
		}
	}
}

// wait has steps wait for others, but for those that wait for them: somebody has
// then exchanged what two policies say, and one of them is first.
func (m *maker) wait(steps, others []int) {
	for _, id := range steps {
		for _, other := range others {
			if !m.waits(other, id) {
				m.plan.Steps[id].After = append(m.plan.Steps[id].After, other)
			}
		}
	}
}

// outside are the accounts of a tier that a policy holds and that are not in the
// tier's unit.
func (m *maker) outside(g grounds, t blueprint.Tier, p org.Policy) []resident {
	var all []resident
	unit := m.stand.Of[t.Key].ID
	for _, target := range m.targets(p) {
		for _, r := range g.under[target] {
			if r.tier.Key == t.Key && (unit == "" || !slices.Contains(r.over, unit)) {
				all = append(all, r)
			}
		}
	}
	return all
}

// loses are the policy of that name as it is there, and the Sids of the rules that
// it has and will not have.
func (m *maker) loses(p guardrail.Policy) (seen org.Policy, lost map[string]bool) {
	i := slices.IndexFunc(m.have.Policies, func(o org.Policy) bool { return o.Name == p.Name })
	if i < 0 {
		return org.Policy{}, nil
	}
	seen, lost = m.have.Policies[i], map[string]bool{}
	for _, sid := range guardrail.AllSids(seen.Document) {
		lost[sid] = !slices.ContainsFunc(p.Rules, func(r guardrail.Rule) bool { return r.Sid == sid })
	}
	return seen, lost
}
