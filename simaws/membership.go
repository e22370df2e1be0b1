package simaws

import (
	"time"

	"landlord/org"
)

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
	for _, id := range a.Attached {
		w.policies[id].targets.remove(&a.node)
	}
	w.units[a.Parent].accounts.remove(a)
	w.accountList.remove(a)
	a.Outside, a.Parent, a.Attached, a.Tags, a.Bare = true, "", nil, nil, false
	w.change.Accounts = append(w.change.Accounts, a)
	return nil
}
