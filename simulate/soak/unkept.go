package soak

import (
	"fmt"
	"slices"

	"landlord/org"
)

// unkept is a promise that is not kept: the check that must fail, of which
// customer or tier ("" for neither), and why.
type unkept struct{ check, key, why string }

// unkept lists what of the file is not so.
func (j *judge) unkept() []unkept {
	var list []unkept
	say := func(check, key, format string, args ...any) {
		list = append(list, unkept{check, key, fmt.Sprintf(format, args...)})
	}
	if !j.SCPs && len(j.used()) > 0 {
		say("enabled", "", "policies are not enabled")
	}
	for _, tier := range j.used() {
		j.tier(tier, say)
	}
	for _, p := range j.current() {
		j.customer(p, say)
	}
	for i := range j.Accounts {
		a := &j.Accounts[i]
		if key := a.Tags["landlord:customer"]; key != "" && j.byKey[key] == nil {
			say("orphans", "", "account %s is tagged for %s", a.ID, key)
		}
	}
	return list
}

func (j *judge) tier(tier string, say func(check, key, format string, args ...any)) {
	wanted := j.demands(j.frameworks[tier])
	var units []*org.Unit
	for i := range j.Units {
		if j.Units[i].Tags["landlord:tier"] == tier {
			units = append(units, &j.Units[i])
		}
	}
	if len(units) != 1 {
		say("tier", tier, "%d units", len(units))
		return
	}
	u := units[0]
	has := func(id string) bool { return slices.Contains(u.SCPs, id) }
	allows := slices.ContainsFunc(j.Policies, func(p org.Policy) bool { return has(p.ID) && !ours(&p) })
	carries, sound := false, false
	for i := range j.Policies {
		if p := &j.Policies[i]; p.Name == wanted.Name && ours(p) {
			carries, sound = has(p.ID), sameJSON(p.Document, wanted.Document)
		}
	}
	switch {
	case u.Name != j.units[tier]:
		say("tier", tier, "unit %s is called %s", u.ID, u.Name)
	case !carries:
		say("tier", tier, "unit %s does not carry %s", u.ID, wanted.Name)
	case !allows:
		say("tier", tier, "nothing is allowed in unit %s", u.ID)
	}
	if !sound {
		say("content", tier, "no policy %s that says what it should", wanted.Name)
	}
}

func (j *judge) customer(p *person, say func(check, key, format string, args ...any)) {
	var own []*org.Account
	for i := range j.Accounts {
		if a := &j.Accounts[i]; j.owner(a) == p {
			own = append(own, a)
		}
	}
	switch {
	case len(own) == 0:
		say("account", p.key, "no account")
		return
	case len(own) > 1:
		say("ids", "", "%s has %d accounts", p.key, len(own))
		return
	}
	a := own[0]
	if a.State != org.Active {
		say("account", p.key, "%s", a.State)
	}
	if u := j.unit[a.Parent]; u == nil || u.Tags["landlord:tier"] != p.tier {
		say("unit", p.key, "account %s is in %s", a.ID, a.Parent)
	}
	path := j.path(a)
	if !attached(j, path, j.demands(j.frameworks[p.tier]).Name) {
		say("policies", p.key, "nothing of %s holds account %s", j.frameworks[p.tier], a.ID)
	}
	if names := j.others(path, j.frameworks[p.tier]); len(names) > 0 {
		say("isolation", p.key, "account %s is under %v", a.ID, names)
	}
	for key, want := range map[string]string{"landlord:customer": p.key, "landlord:tier": p.tier, "landlord:region": p.region, "landlord:segment": p.segment} {
		if a.Tags[key] != want {
			say("tags", p.key, "%s of account %s is %q, not %q", key, a.ID, a.Tags[key], want)
			break
		}
	}
	if p.suspended && !j.denied(a) {
		say("suspended", p.key, "account %s may do something", a.ID)
	}
}

// attached tells whether landlord's policy of that name is on a path, whatever
// it says.
func attached(j *judge, path []string, name string) bool {
	return j.SCPs && slices.ContainsFunc(path, func(at string) bool {
		return slices.ContainsFunc(j.at[at], func(p *org.Policy) bool { return p.Name == name && ours(p) })
	})
}
