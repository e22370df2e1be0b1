package web

import (
	"cmp"
	"errors"
	"slices"

	"landlord/org"
	"landlord/portfolio"
	"landlord/service/store"
)

type organizationPage struct {
	shell
	Known, Simulated bool
	MayPlan          bool
	ID               string
	Accounts, Units  int
	Looked           moment
	Root             unitNode
}

// unitNode is a unit and what is in it.
type unitNode struct {
	Name     string
	Open     bool
	Below    int // accounts in it and in its units
	Policies []string
	Units    []unitNode
	Leaves   []accountLeaf
	More     int    // accounts that are not shown
	Tier     string // key, where the unit is a tier's
}

type accountLeaf struct {
	Key, Name, Account, Note string
	State                    tone // what the customer is, where that is not active
}

// mostLeaves is how many accounts of a unit are shown, openLeaves up to how many
// a unit is shown open.
const (
	mostLeaves = 100
	openLeaves = 10
)

// organization shows the units and what is in them.
func (s *Server) organization(v *visit) error {
	p := organizationPage{shell: s.shell(v, "Organization"), MayPlan: v.Person.Is(engineers)}
	var o *org.Organization
	var of map[string]store.Holder
	err := s.Store.Operator(v.Context(), func(tx store.Tx) (err error) {
		if o, err = s.looks.Latest(v.Context(), tx); err != nil {
			return err
		}
		of, err = tx.Accounts(v.Context())
		return err
	})
	if errors.Is(err, store.ErrNotFound) || err == nil && !o.Exists() {
		return s.render(v, "organization", p)
	}
	if err != nil {
		return err
	}
	p.Known, p.ID, p.Simulated = true, o.ID, s.Target == portfolio.Simulated
	p.Accounts, p.Units, p.Looked = len(o.Accounts), len(o.Units), momentOf(v.Now, o.Seen)
	p.Root = treeOf(*o, of)
	return s.render(v, "organization", p)
}

// treeOf is the organization from its root; of tells whose accounts are.
func treeOf(o org.Organization, of map[string]store.Holder) unitNode {
	policies := map[string][]string{}
	for _, p := range o.Policies {
		for _, target := range p.Targets {
			if !p.AWSManaged {
				policies[target] = append(policies[target], p.Name)
			}
		}
	}
	units, accounts := map[string][]org.Unit{}, map[string][]org.Account{}
	for _, u := range o.Units {
		units[u.Parent] = append(units[u.Parent], u)
	}
	for _, a := range o.Accounts {
		accounts[a.Parent] = append(accounts[a.Parent], a)
	}
	var below func(id, name, tier string) unitNode
	below = func(id, name, tier string) unitNode {
		n := unitNode{Name: name, Policies: policies[id], Tier: tier}
		slices.SortFunc(units[id], func(a, b org.Unit) int { return cmp.Compare(a.Name, b.Name) })
		for _, u := range units[id] {
			child := below(u.ID, u.Name, u.Tags[org.TagTier])
			n.Below += child.Below
			n.Units = append(n.Units, child)
		}
		n.Below += len(accounts[id])
		slices.SortFunc(accounts[id], func(a, b org.Account) int { return cmp.Compare(a.Name, b.Name) })
		for _, a := range accounts[id][:min(len(accounts[id]), mostLeaves)] {
			n.Leaves = append(n.Leaves, leafOf(a, of[string(a.ID)], o.Management))
		}
		n.More = len(accounts[id]) - len(n.Leaves)
		n.Open = id == o.Root || n.Below <= openLeaves || len(n.Units) > 0
		return n
	}
	return below(o.Root, "Root", "")
}

// leafOf is an account, marked as the directory marks whose it is.
func leafOf(a org.Account, by store.Holder, management org.AccountID) accountLeaf {
	l := accountLeaf{Key: by.Key, Name: a.Name, Account: string(a.ID)}
	switch {
	case a.ID == management:
		l.Note = "management account: no guardrail holds it"
	case by.State != "" && by.State != store.Active:
		l.State = stateOf(by.State)
	case a.Gone():
		l.State = stateOf(store.Closed)
	case a.Tags[org.TagSuspended] != "":
		l.State = stateOf(store.Suspended)
	}
	return l
}
