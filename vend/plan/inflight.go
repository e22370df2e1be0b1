package plan

import (
	"fmt"
	"slices"
	"strings"

	"landlord/directory"
	"landlord/org"
	"landlord/portfolio"
	"landlord/vend/blueprint"
)

// strays sorts the creations that AWS has not finished. Between CreateAccount
// and its answer a run can die; what it left shows only the account's name.
// A creation whose name is that of exactly one customer without an account is
// taken for that customer's, and looked at when it is done; but a name is a
// guess, and only the tag is proof: it may be another's whose name was edited,
// so no account is created before it is told. Any other creation may be
// anybody's: until those are done, nothing is created in this plan.
func (m *maker) strays(own directory.Ownership) {
	missing := map[string][]string{}
	for _, c := range m.want.Customers {
		if _, exists := own.Of[c.Key]; !exists {
			missing[c.Name] = append(missing[c.Name], c.Key)
			if keyed := portfolio.WithKey(c.Name, c.Key); keyed != c.Name { // what it was asked for as while the name was taken
				missing[keyed] = append(missing[keyed], c.Key)
			}
		}
	}
	named := map[string]int{}
	for _, creation := range m.have.Creations {
		named[creation.AccountName]++
	}
	m.mine = map[string]underway{}
	for _, creation := range m.have.Creations {
		recent := !m.opt.Since.IsZero() && creation.Requested.After(m.opt.Since)
		if keys := missing[creation.AccountName]; len(keys) == 1 && named[creation.AccountName] == 1 {
			known := m.await(keys[0], creation)
			if !recent {
				m.told = append(m.told, known)
			}
			continue
		}
		if recent {
			continue
		}
		if len(missing) > 0 {
			m.holding = true
			m.add(Step{Kind: AwaitAccount, Handle: creation.ID, Name: creation.AccountName})
		}
	}
}

// await adds the steps that wait for a creation taken for a customer's and tell
// by its tag whether it is. It returns the step that tells.
func (m *maker) await(key string, creation org.Creation) (told int) {
	c := m.want.Customers[slices.IndexFunc(m.want.Customers, func(c blueprint.Customer) bool { return c.Key == key })]
	ref := accountRef(key)
	done := m.add(Step{Kind: AwaitAccount, Tier: c.Tier, Customer: key, Makes: ref, Handle: creation.ID, Name: c.Name})
	told = m.add(Step{Kind: IdentifyAccount, Tier: c.Tier, Customer: key, Target: ref, After: []int{done},
		Keys: append([]string{key}, c.Formerly...), Name: c.Name})
	m.mine[key] = underway{creation.ID, told}
	return told
}

// underway is a creation taken for a customer's, and the step that tells whether
// it is.
type underway struct {
	handle string
	told   int
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
