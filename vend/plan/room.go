package plan

import (
	"cmp"
	"slices"

	"landlord/internal/limits"
	"landlord/org"
)

// perTarget is how many policies AWS lets be attached to one target.
func (m *maker) perTarget() int {
	return cmp.Or(m.opt.PerTarget, m.want.Quota.PerTarget, limits.PoliciesPerTarget)
}

// room is how many policies more may be attached to a unit or an account beside
// what this plan attaches and a suspension needs. What is on an account whose
// policies were not read is taken for little.
func (m *maker) room(target string) int {
	room := m.perTarget() - m.taken[target]
	if u, is := m.seen[target]; is {
		return room - len(u.SCPs)
	}
	for _, a := range m.have.Accounts {
		if string(a.ID) == target {
			room -= len(a.SCPs)
			if Unsuspended(m.have, a) {
				room--
			}
		}
	}
	return room
}

// Unsuspended tells whether an account is to be suspended by its tag, and the
// policy that denies everything is not on it: a plan attaches that.
func Unsuspended(have org.Organization, a org.Account) bool {
	_, tagged := a.Tags[org.TagSuspended]
	p, there := denying(have)
	return tagged && !(there && slices.Contains(p.Targets, string(a.ID)))
}
