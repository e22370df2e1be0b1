package verify

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"landlord/guard/identity"
	"landlord/org"
	"landlord/vend/blueprint"
)

// What is tested of access to an account.
const (
	Reaches = "reaches"    // the role of a permission set is there, with the set's policies
	Holds   = "guardrails" // whoever enters by it is denied what the tier must deny
)

// Access is one test of a customer's access to its account.
type Access struct {
	Role   string
	Test   string // Reaches or Holds
	Looked string
	Fault  string // "" if it passed
}

// Sets are the permission sets of the roles that a customer's people have, by name.
func Sets(want identity.Wanted, c identity.Customer) map[string]identity.Set {
	roles, sets := RoleOf(c), map[string]identity.Set{}
	for _, s := range want.Sets {
		if slices.Contains(roles, s.Role) {
			sets[s.Name] = s
		}
	}
	return sets
}

// Access tests whether the assignments of a customer reach its account, of the roles
// that were found there, and whether its guardrails hold whoever enters by them.
func (q *Probing) Access(want identity.Wanted, c identity.Customer, account org.Account, there []identity.AccountRole) []Access {
	var all []Access
	at := slices.IndexFunc(q.p.want.Customers, func(w blueprint.Customer) bool { return w.Key == c.Key })
	sets := Sets(want, c)
	for _, name := range slices.Sorted(maps.Keys(sets)) {
		set, found := sets[name], false
		for _, role := range there {
			if role.Set != name {
				continue
			}
			found = true
			reach := Access{Role: set.Role, Test: Reaches, Looked: role.ARN}
			if !slices.Equal(slices.Sorted(slices.Values(role.Policies)), slices.Sorted(slices.Values(set.Policies))) {
				reach.Fault = fmt.Sprintf("role %s has the policies %s, not %s", role.ARN, strings.Join(role.Policies, ", "), strings.Join(set.Policies, ", "))
			}
			asked, allowed := 0, []string(nil)
			if at >= 0 {
				asked, allowed = q.Denied(q.p.want.Customers[at], account, role.ARN)
			}
			hold := Access{Role: set.Role, Test: Holds, Looked: fmt.Sprintf("%d calls that must be denied are, for whoever enters by it", asked)}
			switch {
			case asked == 0:
				hold.Fault = "no call is known that must be denied there"
			case len(allowed) > 0:
				hold.Fault = fmt.Sprintf("%d of %d calls that must be denied are not: %s", len(allowed), asked, strings.Join(allowed[:min(3, len(allowed))], "; "))
			}
			all = append(all, reach, hold)
		}
		if !found {
			all = append(all, Access{Role: set.Role, Test: Reaches, Looked: fmt.Sprintf("the roles of account %s", account.ID),
				Fault: fmt.Sprintf("account %s has no role of %s. `landlord identity apply` has AWS make it", account.ID, name)})
		}
	}
	return all
}

// Faulty is what the first test that did not pass says; "" if all did.
func Faulty(tests []Access) string {
	for _, t := range tests {
		if t.Fault != "" {
			return cmp.Or(t.Role, "nobody") + ": " + t.Fault
		}
	}
	return ""
}
