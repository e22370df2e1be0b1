package soak

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"landlord/guard/guardrail"
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
	j.leftovers(say)
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
	if a.State != org.Active || !strings.HasPrefix(a.Name, p.name) { // the key may follow
		say("account", p.key, "%s, called %s", a.State, a.Name)
	}
	if !slices.ContainsFunc(j.standing()[j.home(p)], func(u *org.Unit) bool { return u.ID == a.Parent }) {
		say("unit", p.key, "account %s is in %s", a.ID, a.Parent)
	}
	path := j.path(a)
	if slices.ContainsFunc(j.demands(j.frameworks[p.tier]), func(w guardrail.Policy) bool { return !attached(j, path, w.Name) }) {
		say("policies", p.key, "nothing of %s holds account %s", j.frameworks[p.tier], a.ID)
	}
	if names := j.others(path, j.frameworks[p.tier]); len(names) > 0 {
		say("isolation", p.key, "account %s is under %v", a.ID, names)
	}
	tags := map[string]string{"landlord:customer": p.key, "landlord:tier": p.tier, "landlord:region": p.region, "landlord:segment": p.segment,
		"landlord:contact": strings.ReplaceAll(p.contact, "'", "=27")}
	maps.Copy(tags, p.tags)
	for key, want := range tags {
		if a.Tags[key] != want {
			say("tags", p.key, "%s of account %s is %q, not %q", key, a.ID, a.Tags[key], want)
			break
		}
	}
	_, told := a.Tags["landlord:suspended"]
	if denied := j.denied(a); denied != told || p.suspended && !denied {
		say("suspended", p.key, "account %s: everything denied %t, tagged so %t", a.ID, denied, told)
	}
}

// attached tells whether landlord's policy of that name is on a path, whatever
// it says.
func attached(j *judge, path []string, name string) bool {
	return j.SCPs && slices.ContainsFunc(path, func(at string) bool {
		return slices.ContainsFunc(j.at[at], func(p *org.Policy) bool { return p.Name == name && ours(p) })
	})
}
