package plan

import (
	"fmt"
	"strings"

	"landlord/directory"
	"landlord/org"
)

// strays sorts the creations that AWS has not finished. Between CreateAccount
// and its answer a run can die; what it left shows only the account's name.
// A creation whose name is that of exactly one customer without an account is
// taken for that customer's, and looked at when it is done. Any other may be
// anybody's whose name was edited meanwhile: until those are done and can be
// told by their tags, no account is created.
func (m *maker) strays(own directory.Ownership) {
	missing := map[string][]string{}
	for _, c := range m.want.Customers {
		if _, exists := own.Of[c.Key]; !exists {
			missing[c.Name] = append(missing[c.Name], c.Key)
		}
	}
	named := map[string]int{}
	for _, creation := range m.have.Creations {
		named[creation.AccountName]++
	}
	m.mine = map[string]string{}
	for _, creation := range m.have.Creations {
		if keys := missing[creation.AccountName]; len(keys) == 1 && named[creation.AccountName] == 1 {
			m.mine[keys[0]] = creation.ID
			continue
		}
		if !m.opt.Since.IsZero() && creation.Requested.After(m.opt.Since) {
			continue
		}
		if len(missing) > 0 {
			m.holding = true
			m.add(Step{Kind: AwaitAccount, Handle: creation.ID, Name: creation.AccountName})
		}
	}
}

// underway is the creation that is taken for a customer's.
func (m *maker) underway(customer string) (handle string, found bool) {
	handle, found = m.mine[customer]
	return handle, found
}

// orphans reports accounts of nobody. A plan that would create an account
// while there is one stops: a renamed key would get a second account.
func (m *maker) orphans(own directory.Ownership) {
	m.plan.Orphans = own.Orphans
	if len(own.Orphans) == 0 {
		return
	}
	var created []string
	for _, s := range m.plan.Steps {
		if s.Kind == CreateAccount {
			created = append(created, s.Customer)
		}
	}
	if len(created) == 0 {
		return
	}
	const most = 5
	for i, a := range own.Orphans {
		if i == most {
			m.problem("… and %d more accounts of keys that the file does not have", len(own.Orphans)-most)
			break
		}
		key := a.Tags[org.TagCustomer]
		m.problem("account %s (%s, %s) is customer %s's, who is not in the file, while an account would be created for %s. If %s was renamed, add `formerly: [%s]` to the customer; if it left, add it under `departed:`",
			a.ID, a.Name, a.Email, key, some(created), key, key)
	}
}

func some(keys []string) string {
	const most = 5
	if len(keys) <= most {
		return strings.Join(keys, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(keys[:most], ", "), len(keys)-most)
}
