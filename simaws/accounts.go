package simaws

import (
	"slices"
	"time"

	"landlord/org"
)

// Source: "Quotas and service limits for AWS Organizations", Closing and
// removing accounts, mid-2026. What changed over the years is in package limits.
const (
	closingsAtOnce = 3
	closingWindow  = 30 * 24 * time.Hour
)

type accountOut struct {
	ID              string   `json:"Id"`
	ARN             string   `json:"Arn"`
	Email           string   `json:"Email"`
	Name            string   `json:"Name"`
	Status          string   `json:"Status"`
	State           string   `json:"State"`
	Paths           []string `json:"Paths,omitempty"`
	JoinedMethod    string   `json:"JoinedMethod"`
	JoinedTimestamp epoch    `json:"JoinedTimestamp"`
}

func (w *world) accountOut(a *account) accountOut {
	state := w.shownState(a)
	out := accountOut{
		ID: a.ID, ARN: w.nodeARN(&a.node), Email: a.Email, Name: a.Name,
		Status: state, State: state, Paths: []string{w.path(&a.node)},
		JoinedMethod: "INVITED", JoinedTimestamp: epochOf(a.Joined),
	}
	if state == org.Closed {
		out.Status = org.Suspended // what the retired field calls it
	}
	if a.Created {
		out.JoinedMethod = "CREATED"
	}
	return out
}

type accountsOut struct {
	Accounts  []accountOut `json:"Accounts"`
	NextToken string       `json:"NextToken,omitempty"`
}

func (w *world) accountsOut(c *call, scope string, list *ordered[*account]) (any, error) {
	p, err := paged(c, scope, list, nil)
	if err != nil {
		return nil, err
	}
	return accountsOut{shown(p.items, w.accountOut), p.next}, nil
}

func (w *world) listAccounts(c *call) (any, error) {
	return w.accountsOut(c, "", &w.accountList)
}

func (w *world) listAccountsForParent(c *call) (any, error) {
	parent := w.units[c.in.text("ParentId")]
	if parent == nil {
		return nil, refuse("ParentNotFoundException")
	}
	return w.accountsOut(c, parent.ID, &parent.accounts)
}

func (w *world) describeAccount(c *call) (any, error) {
	a := w.account(c.in.text("AccountId"))
	if a == nil {
		return nil, refuse("AccountNotFoundException")
	}
	return struct {
		Account accountOut `json:"Account"`
	}{w.accountOut(a)}, nil
}

func (w *world) moveAccount(c *call) (any, error) {
	a := w.account(c.in.text("AccountId"))
	if a == nil {
		return nil, refuse("AccountNotFoundException")
	}
	from, to := w.units[c.in.text("SourceParentId")], w.units[c.in.text("DestinationParentId")]
	switch {
	case from == nil:
		return nil, refuse("SourceParentNotFoundException")
	case to == nil:
		return nil, refuse("DestinationParentNotFoundException")
	case a.Parent == to.ID:
		return nil, refuse("DuplicateAccountException")
	case a.Parent != from.ID:
		return nil, refuse("SourceParentNotFoundException")
	}
	from.accounts.remove(a)
	a.Parent = to.ID
	to.accounts.insert(a)
	w.change.Accounts = append(w.change.Accounts, a)
	return nil, nil
}

func (w *world) closeAccount(c *call) (any, error) {
	a := w.account(c.in.text("AccountId"))
	switch {
	case a == nil:
		return nil, refuse("AccountNotFoundException")
	case a.ID == w.management:
		return nil, constraint("CANNOT_CLOSE_MANAGEMENT_ACCOUNT", "")
	case a.State == org.Closed:
		return nil, refuse("AccountAlreadyClosedException")
	case a.State == org.PendingClosure:
		return nil, refuse("ConflictException")
	case len(w.closing) >= closingsAtOnce:
		return nil, constraint("CLOSE_ACCOUNT_REQUESTS_LIMIT_EXCEEDED", "")
	case w.closedSince(c.now.Add(-closingWindow)) >= w.closingQuota():
		return nil, constraint("CLOSE_ACCOUNT_QUOTA_EXCEEDED", "")
	}
	a.State, a.Closed = org.PendingClosure, c.now
	if f, flaps := c.meets(FlappingState); flaps {
		a.Flaps = w.closedAt(a).Add(f.For)
	}
	w.closing = append(w.closing, a)
	w.change.Accounts = append(w.change.Accounts, a)
	w.advance(c.now) // one without latency is done already
	return nil, nil
}

// closingQuota is how many accounts may be closed in a window. AWS does not
// say whether closed members count for the share; here they do.
func (w *world) closingQuota() int { return w.quotas.Closings(w.accountList.len() - 1) }

func (w *world) closedSince(t time.Time) int {
	n := 0
	for _, a := range w.accountList.items {
		if a.Closed.After(t) {
			n++
		}
	}
	return n
}

func (w *world) completeClosing(a *account) {
	a.State = org.Closed
	w.closing = slices.DeleteFunc(w.closing, func(x *account) bool { return x == a })
	w.closed = append(w.closed, a)
	w.change.Accounts = append(w.change.Accounts, a)
}

// forget closes an account permanently: the organization has it no more, and
// nobody else can have its e-mail.
//
// Source: Organizations user guide, "Closing a member account": the
// post-closure period.
func (w *world) forget(a *account) {
	w.closed = w.closed[1:]
	a.Delegated = nil
	w.depart(a)
}
