package simaws

import (
	"fmt"
	"time"

	"landlord/org"
)

// OutsideAccount is an account that exists outside the organization when a
// simulated AWS begins: one that can be invited.
type OutsideAccount struct {
	ID, Email, Name string
}

// addOutside makes the accounts outside that are not there yet.
func (w *world) addOutside(outside []OutsideAccount) error {
	for _, o := range outside {
		switch had := w.accounts[o.ID]; {
		case !org.AccountID(o.ID).Valid() || w.reserved[o.ID]:
			return fmt.Errorf("account %q outside: want an id of 12 digits that no other account has", o.ID)
		case had != nil && foldEmail(had.Email) != foldEmail(o.Email):
			return fmt.Errorf("account %s outside: it is there already, as %s", o.ID, had.Email)
		case had != nil:
			continue
		case w.emailTaken(o.Email) || !deliverable(o.Email):
			return fmt.Errorf("account %s outside: e-mail %q: want one that no other account has", o.ID, o.Email)
		}
		a := &account{node: node{Number: w.nextNumber(), ID: o.ID, Name: o.Name}, Email: o.Email, State: org.Active, Outside: true}
		w.addAccount(a)
		w.change.Accounts = append(w.change.Accounts, a)
	}
	return nil
}

// join takes an account in that accepted an invitation: under the root, with
// the roles that it has.
func (w *world) join(h *handshake, a *account, now time.Time) error {
	if !a.Outside || a.State != org.Active {
		return reasoned("HandshakeConstraintViolationException", "ALREADY_IN_AN_ORGANIZATION", "")
	}
	a.Outside, a.Parent, a.Tags, a.Joined, a.Created = false, w.org.Root, h.Tags, now, false
	a.Number = w.nextNumber() // in lists it stands where it came in
	w.addAccount(a)
	w.change.Accounts = append(w.change.Accounts, a)
	return nil
}

func (w *world) removeAccount(c *call) (any, error) {
	a := w.account(c.in.text("AccountId"))
	if a == nil {
		return nil, refuse("AccountNotFoundException")
	}
	return nil, w.leave(a, c.now)
}

func (w *world) leaveOrganization(c *call) (any, error) {
	return nil, w.leave(w.account(c.who.account), c.now)
}

// leave takes a member out of the organization, with all that it only has
// there. Its e-mail, and its role that trusts the management account, stay.
//
// Source: API reference, RemoveAccountFromOrganization and LeaveOrganization;
// the age as in package limits. Members have what a standalone account needs.
func (w *world) leave(a *account, now time.Time) error {
	switch {
	case a.ID == w.management:
		return refuse("MasterCannotLeaveOrganizationException")
	case a.State != org.Active:
		return constraint("ACCOUNT_CANNOT_LEAVE_ORGANIZATION", "You attempted to remove an account that is closed or being closed.")
	case len(a.Delegated) > 0:
		return constraint("CANNOT_REMOVE_DELEGATED_ADMINISTRATOR_FROM_ORG", "")
	case a.Created && now.Sub(a.Joined) < w.quotas.RemovalAge:
		return constraint("WAIT_PERIOD_ACTIVE", "")
	}
	w.excuse(a, now)
	w.depart(a)
	return nil
}

// depart takes an account out of its place.
func (w *world) depart(a *account) {
	for _, id := range a.Attached {
		w.policies[id].targets.remove(&a.node)
	}
	w.units[a.Parent].accounts.remove(a)
	w.accountList.remove(a)
	a.Outside, a.Parent, a.Attached, a.Tags, a.Bare = true, "", nil, nil, false
	w.change.Accounts = append(w.change.Accounts, a)
}
