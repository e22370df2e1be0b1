package verify

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"landlord/guard/guardrail"
	"landlord/guard/identity"
	"landlord/org"
	"landlord/portfolio"
	"landlord/vend/blueprint"
)

// The checks of sign-in to AWS, made where the file has sign_in.
const (
	SignIn         = "sign-in"         // a customer's people, and nobody else by landlord's groups, may enter its account as they should
	PermissionSets = "permission sets" // each role's is as wanted, in every account
)

// entry is that somebody may enter an account with a permission set.
type entry struct {
	user    string // name, in lower case
	role    string
	account org.AccountID
}

// People checks who may sign in where, of what IAM Identity Center was seen to
// have. What it expects it works out from the file alone.
func People(want identity.Wanted, have identity.Seen, doors map[string]identity.Door) []Check {
	if have.Instance == "" {
		return []Check{check(PermissionSets, "instances of IAM Identity Center in "+want.Region, "IAM Identity Center is not enabled in "+want.Region+". Enable it in the console of the management account")}
	}
	checks := []Check{permissionSets(want, have)}
	roles, is := map[string]string{}, map[string]bool{} // by the set's ARN; which roles have one
	for _, p := range have.Sets {
		if roles[p.ARN] = p.Role(); p.Role() == "" || is[p.Role()] {
			roles[p.ARN] = "permission set " + p.Name
		}
		is[p.Role()] = true
	}
	names, people := map[string]string{}, map[string][]string{} // user's names by id; by group: names
	disabled := map[string]bool{}
	for _, u := range have.Users {
		names[u.ID] = strings.ToLower(u.Name)
		disabled[strings.ToLower(u.Name)] = u.Disabled
	}
	for _, m := range have.Members {
		people[m.Group] = append(people[m.Group], names[m.User])
	}
	customer := map[string]string{} // by group
	for _, g := range have.Groups {
		if key, _, own := identity.Described(g.Description); own {
			customer[g.ID] = key
		}
	}
	found := map[string]map[entry]bool{} // by the customer whose group it is
	into := map[org.AccountID]map[string]bool{}
	for _, a := range have.Assignments {
		key := customer[a.Group]
		if found[key] == nil {
			found[key] = map[entry]bool{}
		}
		if into[a.Account] == nil {
			into[a.Account] = map[string]bool{}
		}
		into[a.Account][key] = true
		for _, user := range people[a.Group] {
			found[key][entry{user, cmp.Or(roles[a.Set], a.Set), a.Account}] = true
		}
	}
	for _, c := range want.Customers {
		door := doors[c.Key]
		expected := map[entry]bool{}
		for _, p := range c.People {
			user := strings.ToLower(p.Email)
			if u, is := have.UserOf(p.Email); is {
				user = strings.ToLower(u.Name)
			}
			for _, role := range p.Roles {
				expected[entry{user, role, door.Account}] = true
			}
		}
		actual := map[entry]bool{}
		for _, key := range append([]string{c.Key}, c.Formerly...) {
			maps.Copy(actual, found[key])
		}
		var faults []string
		if door.State == identity.Open || door.State == identity.Wait {
			for _, e := range sorted(expected) {
				switch {
				case disabled[e.user]:
					faults = append(faults, fmt.Sprintf("the user of %s is disabled", e.user))
				case !actual[e] && door.State == identity.Open:
					faults = append(faults, fmt.Sprintf("%s cannot enter as %s", e.user, e.role))
				case !actual[e]:
					faults = append(faults, fmt.Sprintf("%s cannot enter as %s until the account is ready: %s", e.user, e.role, door.Why))
				}
			}
		} else if door.State == identity.Shut {
			expected = nil
		}
		if door.State != identity.Gone {
			for _, e := range sorted(actual) {
				if !expected[e] {
					faults = append(faults, fmt.Sprintf("%s may enter account %s as %s, which the file does not say", e.user, e.account, e.role))
				}
			}
		}
		for _, other := range slices.Sorted(maps.Keys(into[door.Account])) {
			if other != c.Key && !slices.Contains(c.Formerly, other) && door.Account != "" {
				faults = append(faults, fmt.Sprintf("the group of customer %s is assigned to account %s", other, door.Account))
			}
		}
		open := ""
		if door.State == identity.Wait && len(actual) > 0 {
			open = fmt.Sprintf("people may enter account %s, which is not ready for them: %s", door.Account, door.Why)
		}
		text := ""
		if len(faults) > 0 {
			text = strings.Join(faults[:min(len(faults), 3)], "; ")
			if len(faults) > 3 {
				text += fmt.Sprintf("; and %d more", len(faults)-3)
			}
			text += ". `landlord identity apply` mends it"
		}
		if open != "" && text != "" {
			open += ". "
		}
		text = open + text
		k := check(SignIn, fmt.Sprintf("%d of %d entries of people to account %s", len(actual), len(expected), door.Account), text)
		k.Customer = c.Key
		checks = append(checks, k)
	}
	return checks
}

func sorted(entries map[entry]bool) []entry {
	return slices.SortedFunc(maps.Keys(entries), func(a, b entry) int {
		return strings.Compare(a.user+" "+a.role+" "+string(a.account), b.user+" "+b.role+" "+string(b.account))
	})
}

// permissionSets checks what each role may do, and that accounts have it so.
func permissionSets(want identity.Wanted, have identity.Seen) Check {
	var faults, looked []string
	for _, w := range want.Sets {
		looked = append(looked, w.Name)
		i := slices.IndexFunc(have.Sets, func(p identity.PermissionSet) bool { return p.Role() == w.Role })
		if i < 0 {
			faults = append(faults, w.Name+" is missing")
			continue
		}
		p := have.Sets[i]
		policies := slices.Sorted(slices.Values(p.Policies))
		switch {
		case !slices.Equal(policies, slices.Sorted(slices.Values(w.Policies))):
			faults = append(faults, fmt.Sprintf("%s has the policies %s, not %s", p.Name, strings.Join(policies, ", "), strings.Join(w.Policies, ", ")))
		case p.Inline != "":
			faults = append(faults, p.Name+" has an inline policy")
		case p.Session != w.Session:
			faults = append(faults, fmt.Sprintf("sessions of %s last %v, not %v", p.Name, p.Session, w.Session))
		}
		if len(p.Outdated) > 0 {
			faults = append(faults, fmt.Sprintf("the role of %s is out of date in %d accounts", p.Name, len(p.Outdated)))
		}
	}
	text := strings.Join(faults, "; ")
	if text != "" {
		text += ". `landlord identity apply` mends it"
	}
	return check(PermissionSets, strings.Join(looked, ", "), text)
}

// Probing asks what guardrails say of calls that somebody makes.
type Probing struct {
	p     *prover
	tiers map[string]blueprint.Tier
}

// NewProbing readies the policies that an organization was seen to have.
func NewProbing(want blueprint.Blueprint, have org.Organization) *Probing {
	want = want.Exempting(have)
	v := &verifier{want: want, have: have, policies: map[string][]string{}, units: map[string]org.Unit{}, named: want.Paths(), stand: want.Standing(have)}
	v.index()
	tiers := map[string]blueprint.Tier{}
	for _, t := range want.Tiers {
		tiers[t.Key] = t
	}
	return &Probing{newProver(v), tiers}
}

// Denied asks every call that must be denied in a customer's account as a principal
// there makes it, and says which are not. A call that only somebody else can make,
// such as the root user, is left out.
func (q *Probing) Denied(c blueprint.Customer, a org.Account, principal string) (asked int, allowed []string) {
	t := q.tiers[c.Tier]
	h := q.p.held(a)
	for _, r := range q.p.rules {
		for _, probe := range r.Probes {
			request := probe.Request(string(a.ID))
			root := slices.ContainsFunc(request.Context["aws:PrincipalArn"], func(arn string) bool { return strings.HasSuffix(arn, ":root") })
			if root || !probe.DeniedIn(r, t.Framework) || q.p.exempt(c, r.Sid) {
				continue
			}
			request.Context["aws:PrincipalArn"] = []string{principal}
			asked++
			if guardrail.Decide(h.levels, request).Allowed {
				allowed = append(allowed, fmt.Sprintf("%s, which %s should deny", probe.Action, r.Sid))
			}
		}
	}
	return asked, allowed
}

// RoleOf are the roles that people of a customer have, each once.
func RoleOf(c identity.Customer) []string {
	return slices.DeleteFunc(portfolio.Roles(), func(role string) bool { return len(c.With(role)) == 0 })
}
