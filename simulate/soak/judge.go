package soak

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"landlord/guard/guardrail"
	"landlord/org"
	"landlord/simaws"
)

// The judge knows what must hold from the file and the raw organization. It
// shares no logic with the planner, with attribution or with verify.

// view is an organization as somebody sees it: as it is, or as a process was
// told.
type view = simaws.Truth

// judge holds a view against a file.
type judge struct {
	*file
	*view
	parent map[string]string    // of units
	unit   map[string]*org.Unit // by id
	at     map[string][]*org.Policy
}

func (f *file) judge(v *view) *judge {
	j := &judge{file: f, view: v, parent: map[string]string{}, unit: map[string]*org.Unit{}, at: map[string][]*org.Policy{}}
	for i := range v.Units {
		u := &v.Units[i]
		j.parent[u.ID], j.unit[u.ID] = u.Parent, u
	}
	for i := range v.Policies {
		for _, target := range v.Policies[i].Targets {
			j.at[target] = append(j.at[target], &v.Policies[i])
		}
	}
	return j
}

// owner is the person whose an account is, or nil: the one whom the file gives
// it, else the one whose key its tag names, else the one whose address it has.
func (f *file) owner(a *org.Account) *person {
	for _, p := range f.people {
		if p.account != "" && p.account == string(a.ID) {
			return p
		}
	}
	if key := a.Tags["landlord:customer"]; key != "" {
		return f.byKey[key]
	}
	return f.byEmail[strings.ToLower(a.Email)]
}

// path are the places whose policies hold an account, from itself to the root.
func (j *judge) path(a *org.Account) []string {
	path := []string{string(a.ID)}
	for at := a.Parent; at != ""; at = j.parent[at] {
		path = append(path, at)
	}
	return path
}

// within are the tier's units on a path.
func (j *judge) within(path []string, tier string) []string {
	return slices.DeleteFunc(slices.Clone(path), func(at string) bool { return j.unit[at] == nil || j.unit[at].Tags["landlord:tier"] != tier })
}

// demands are the policies of a framework.
func (f *file) demands(framework string) []guardrail.Policy {
	if _, known := f.policies[framework]; !known {
		f.policies[framework] = guardrail.Pack(framework, slices.Concat(guardrail.Rules(framework), f.added), f.policyQuota().Characters)
	}
	return f.policies[framework]
}

// holds tells whether policies with what a framework demands are in force on a
// path.
func (j *judge) holds(path []string, framework string) bool {
	return j.SCPs && !slices.ContainsFunc(j.demands(framework), func(wanted guardrail.Policy) bool {
		return !slices.ContainsFunc(path, func(at string) bool {
			return slices.ContainsFunc(j.at[at], func(p *org.Policy) bool {
				return p.Name == wanted.Name && p.Tags["landlord:framework"] != "" && sameJSON(p.Document, wanted.Document)
			})
		})
	})
}

// isOf tells whether a framework demands a policy of that name.
func (f *file) isOf(name, framework string) bool {
	return slices.ContainsFunc(f.demands(framework), func(p guardrail.Policy) bool { return p.Name == name })
}

// sameJSON compares documents; one that was not read yet, "", is not known to
// differ.
func sameJSON(a, b string) bool {
	if a == b || a == "" {
		return true
	}
	var x, y any
	return json.Unmarshal([]byte(a), &x) == nil && json.Unmarshal([]byte(b), &y) == nil && reflect.DeepEqual(x, y)
}

// others are landlord's policies on a path that are of another framework; of
// any, if that is "".
func (j *judge) others(path []string, framework string) []string {
	var names []string
	for _, at := range path {
		for _, p := range j.at[at] {
			if p.Tags["landlord:framework"] != "" && (framework == "" || !j.isOf(p.Name, framework)) {
				names = append(names, p.Name+" at "+at)
			}
		}
	}
	return names
}

// wrongs are the promises that are broken, in words that say by what.
func (j *judge) wrongs() map[string]bool {
	wrong := map[string]bool{}
	owned, emails, used := map[*person]int{}, map[string]int{}, map[string]bool{}
	for _, tier := range j.used() {
		used[tier] = true
	}
	for _, list := range [][]org.Account{j.Accounts, j.Coming} {
		for i := range list {
			a := &list[i]
			if emails[strings.ToLower(a.Email)]++; a.Email != "" && emails[strings.ToLower(a.Email)] > 1 { // "" is not known yet
				wrong["two accounts have the e-mail "+a.Email] = true
			}
			p := j.owner(a)
			if p != nil && p.account != "" && p.account != string(a.ID) {
				wrong[fmt.Sprintf("customer %s, whose account is %s, has another", p.key, p.account)] = true
			}
			if p != nil {
				if owned[p]++; owned[p] > 1 {
					wrong["customer "+p.key+" has two accounts"] = true
				}
			}
		}
	}
	for i := range j.Accounts {
		a := &j.Accounts[i]
		path := j.path(a)
		for _, at := range path[1:] {
			u := j.unit[at]
			if u == nil {
				continue
			}
			tier := u.Tags["landlord:tier"]
			if !used[tier] || j.holds(path, j.frameworks[tier]) || j.abandoned(a, u) {
				continue
			}
			wrong[fmt.Sprintf("account %s is in tier %s's unit without its policy", a.ID, tier)] = true
			if len(j.others(j.within(path, tier), "")) == 0 { // nor that of before
				wrong[fmt.Sprintf("account %s is in tier %s's unit without any policy of landlord's", a.ID, tier)] = true
			}
		}
		if p := j.owner(a); p != nil && !p.gone {
			for _, at := range path {
				// In another tier's unit it is under that tier, whatever is attached
				// there: carrying that unit's policy back to it breaks nothing more.
				if u := j.unit[at]; u != nil && u.Tags["landlord:tier"] != "" && u.Tags["landlord:tier"] != p.tier || len(j.others([]string{at}, j.frameworks[p.tier])) > 0 {
					wrong[fmt.Sprintf("account %s of %s is under another tier's unit or policy at %s", a.ID, p.key, at)] = true
				}
			}
		}
	}
	return wrong
}

// abandoned tells whether an account is not of a unit's tier: another's, whose
// being there is the wrong, or nobody's in a unit that landlord leaves to it.
func (j *judge) abandoned(a *org.Account, u *org.Unit) bool {
	p := j.owner(a)
	if p == nil || p.gone {
		return j.left(u)
	}
	return p.tier != u.Tags["landlord:tier"]
}

// denied tells whether everything is denied to an account by landlord's policy
// on it.
func (j *judge) denied(a *org.Account) bool {
	return j.SCPs && slices.ContainsFunc(j.at[string(a.ID)], func(p *org.Policy) bool {
		return p.Tags["landlord:policy"] != "" && sameJSON(p.Document, guardrail.Suspended().Document)
	})
}

// verdict says which promises a call broke that turned one view into another.
func (f *file) verdict(by task, before, after *view) []string {
	b, a := f.judge(before), f.judge(after)
	had, has := b.wrongs(), a.wrongs()
	var broken []string
	for _, w := range slices.Sorted(maps.Keys(has)) {
		if !had[w] {
			broken = append(broken, w)
		}
	}
	broken = append(broken, f.closed(by, b, a)...)
	broken = append(broken, f.suspensions(by, b, a)...)
	return append(broken, f.touched(by, b, a)...)
}

// closed are accounts that were closed or put out, and nobody asked for it.
func (f *file) closed(by task, before, after *judge) []string {
	var broken []string
	for i := range before.Accounts {
		was := &before.Accounts[i]
		p := f.owner(was)
		if by.name == "close" && by.about(p) || was.Gone() {
			continue
		}
		if now := find(after.Accounts, was.ID); now == nil || now.Gone() {
			broken = append(broken, fmt.Sprintf("account %s was closed unasked", was.ID))
		}
	}
	return broken
}

func find(accounts []org.Account, id org.AccountID) *org.Account {
	for i := range accounts {
		if accounts[i].ID == id {
			return &accounts[i]
		}
	}
	return nil
}

// touched are things that are not landlord's and changed all the same.
func (f *file) touched(by task, before, after *judge) []string {
	var broken []string
	say := func(format string, args ...any) { broken = append(broken, fmt.Sprintf(format, args...)) }
	for i := range before.Accounts {
		was := &before.Accounts[i]
		now := find(after.Accounts, was.ID)
		p := f.owner(was)
		if now != nil && p != nil && !p.gone && f.owner(now) != nil && f.owner(now) != p {
			say("account %s is customer %s's and was given to %s", was.ID, p.key, f.owner(now).key)
		}
		switch {
		case now == nil: // told by closed
		case p == nil || p.gone && !by.about(p) || string(was.ID) == management:
			if !reflect.DeepEqual(was, now) {
				say("account %s is not landlord's and was changed: %v, now %v", was.ID, *was, *now)
			}
		case by.of != nil && !by.about(p):
			if !reflect.DeepEqual(was, now) {
				say("account %s is not what %s was about and was changed: %v, now %v", was.ID, by.name, *was, *now)
			}
		case !sameForeign(was.Tags, now.Tags, p.tags) || was.Email != now.Email:
			say("tags or address of account %s that are not landlord's were changed: %v, now %v", was.ID, was.Tags, now.Tags)
		}
	}
	for id, was := range before.unit {
		now := after.unit[id]
		switch {
		case now == nil:
			if !before.left(was) || by.of != nil {
				say("unit %s was deleted", id)
			}
		case !own(was):
			if !reflect.DeepEqual(was, now) {
				say("unit %s is not landlord's and was changed: %v, now %v", id, *was, *now)
			}
		case !sameForeign(was.Tags, now.Tags, nil) || was.Parent != now.Parent:
			say("what is not landlord's of unit %s was changed: %v, now %v", id, *was, *now)
		case !after.keeps(was.SCPs, now.SCPs):
			say("policies that are not landlord's were taken off unit %s: %v, now %v", id, was.SCPs, now.SCPs)
		}
	}
	for id, now := range after.unit {
		if before.unit[id] == nil && !own(now) {
			say("unit %s was made without landlord's tag", id)
		}
	}
	f.root(before, after, say)
	for i := range before.Policies {
		was := &before.Policies[i]
		k := slices.IndexFunc(after.Policies, func(p org.Policy) bool { return p.ID == was.ID })
		if k < 0 {
			if !was.AWSManaged { // which go with their type
				say("policy %s was deleted", was.ID)
			}
		} else if !ours(was) && !reflect.DeepEqual(*was, after.Policies[k]) {
			say("policy %s is not landlord's and was changed", was.ID)
		} else if ours(was) {
			f.misplaced(before, was, &after.Policies[k], say)
		}
	}
	return broken
}

// root says which policies came to the root, where landlord attaches none, or
// went from it that are not landlord's.
func (f *file) root(before, after *judge, say func(string, ...any)) {
	if !before.SCPs || !after.SCPs {
		return
	}
	for _, id := range after.RootSCPs {
		if !slices.Contains(before.RootSCPs, id) {
			say("policy %s was attached to the root", id)
		}
	}
	if !after.keeps(before.RootSCPs, after.RootSCPs) {
		say("policies that are not landlord's were taken off the root: %v, now %v", before.RootSCPs, after.RootSCPs)
	}
}

// misplaced says where a policy of landlord's came to that is not landlord's.
func (f *file) misplaced(before *judge, was, now *org.Policy, say func(string, ...any)) {
	for _, target := range now.Targets {
		if slices.Contains(was.Targets, target) {
			continue
		}
		u, a := before.unit[target], find(before.Accounts, org.AccountID(target))
		if u != nil && !own(u) || a != nil && f.owner(a) == nil {
			say("policy %s was attached to %s, which is not landlord's", now.Name, target)
		}
	}
}

func ours(p *org.Policy) bool {
	return p.Tags["landlord:framework"] != "" || p.Tags["landlord:policy"] != ""
}

// keeps tells whether no policy but landlord's went from a unit.
func (j *judge) keeps(was, now []string) bool {
	for _, id := range was {
		k := slices.IndexFunc(j.Policies, func(p org.Policy) bool { return p.ID == id })
		if !slices.Contains(now, id) && (k < 0 || !ours(&j.Policies[k])) && j.SCPs {
			return false
		}
	}
	return true
}

// sameForeign compares tags that are not landlord's, but for those that the file
// gives.
func sameForeign(a, b org.Tags, file map[string]string) bool {
	for _, tags := range [][2]org.Tags{{a, b}, {b, a}} {
		for key, value := range tags[0] {
			if given, is := file[key]; is && b[key] == given {
				continue
			}
			if got, there := tags[1][key]; !strings.HasPrefix(key, "landlord:") && (!there || got != value) {
				return false
			}
		}
	}
	return true
}

// never are calls that no run of landlord's may make, whatever comes of them:
// what is behind them no view shows. The contact of a customer is a tag.
var never = []string{
	"PutContactInformation", "PutAlternateContact", "DeleteAlternateContact", "StartPrimaryEmailUpdate", "AcceptPrimaryEmailUpdate",
	"RemoveAccountFromOrganization", "LeaveOrganization", "DeleteOrganization", "DisablePolicyType", "DeletePolicy", "CancelHandshake",
	"DisableAWSServiceAccess", "RegisterDelegatedAdministrator", "DeregisterDelegatedAdministrator", "PutResourcePolicy", "DeleteResourcePolicy",
}

// asked says what a call must not ask for.
func (f *file) asked(c *exchange) []string {
	named := slices.ContainsFunc(f.current(), func(p *person) bool {
		return p.account != "" && bytes.Contains(c.input, []byte(`"`+p.account+`"`))
	})
	switch {
	case slices.Contains(never, c.operation):
		return []string{"no run may ask for that"}
	case c.operation == "InviteAccountToOrganization" && !named:
		return []string{"an account was invited that the file does not name"}
	}
	return nil
}
