package simaws

import (
	"slices"
	"strings"

	"landlord/org"
)

// Truth is what is so, whatever calls are told.
type Truth struct {
	org.Organization               // with every policy's document and targets, and the tags of all
	Coming           []org.Account // accounts that creations under way will make
	RootSCPs         []string      // ids of the service control policies on the root itself
}

// Truth returns what is so now. It shares nothing that a later call changes.
func (s *Server) Truth() Truth {
	s.mu.Lock()
	defer s.mu.Unlock()
	w := s.world
	now := s.now()
	w.advance(now)
	t := Truth{Organization: org.Organization{Seen: now}}
	if w.org == nil {
		return t
	}
	t.ID, t.Root, t.Management, t.SCPs = w.org.ID, w.org.Root, org.AccountID(w.management), w.enabled(serviceControl)
	t.RootSCPs = w.attachedIDs(&w.units[w.org.Root].node)
	t.Units = make([]org.Unit, 0, w.unitList.len())
	for _, u := range w.unitList.items {
		t.Units = append(t.Units, org.Unit{ID: u.ID, Name: u.Name, Parent: u.Parent, Tags: u.Tags, SCPs: w.attachedIDs(&u.node)})
	}
	t.Accounts = make([]org.Account, 0, w.accountList.len())
	for _, a := range w.accountList.items {
		t.Accounts = append(t.Accounts, org.Account{ID: org.AccountID(a.ID), Name: a.Name, Email: a.Email, State: a.State, Joined: a.Joined, Parent: a.Parent, Tags: a.Tags})
	}
	for _, p := range w.policyList.items {
		if p.Type != serviceControl {
			continue
		}
		policy := org.Policy{ID: p.ID, Name: p.Name, Document: p.Content, AWSManaged: p.Managed, Tags: p.Tags}
		for _, n := range p.targets.items {
			policy.Targets = append(policy.Targets, n.ID)
		}
		t.Policies = append(t.Policies, policy)
	}
	for _, c := range w.inFlight.items {
		t.Creations = append(t.Creations, org.Creation{ID: c.ID, AccountName: c.Name, Requested: c.Requested})
		if c.Account != "" {
			t.Coming = append(t.Coming, org.Account{ID: org.AccountID(c.Account), Name: c.Name, Email: c.Email, State: org.PendingActivation, Parent: w.org.Root, Tags: c.Tags})
		}
	}
	slices.SortFunc(t.Accounts, func(a, b org.Account) int { return strings.Compare(string(a.ID), string(b.ID)) })
	return t
}

// attachedIDs are the service control policies on a node itself.
func (w *world) attachedIDs(n *node) []string {
	if !w.enabled(serviceControl) {
		return nil
	}
	var ids []string
	if !n.Bare {
		ids = append(ids, fullAccess)
	}
	for _, id := range n.Attached {
		if w.policies[id].Type == serviceControl {
			ids = append(ids, id)
		}
	}
	return ids
}
