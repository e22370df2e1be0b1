package web

import (
	"errors"
	"net/http"
	"strings"

	"landlord/org"
	"landlord/service/store"
)

// queuePage are the findings that are no customer's.
type queuePage struct {
	shell
	Tabs               []place
	Accounts, Findings int
	MayAssign          bool
	Rows               []queuedLine
	After              string // where the next are
}

// queuedLine is an account of nobody's in which something was found.
type queuedLine struct {
	Account           string
	Findings, Failing int
	First, Last       moment
	File              string // that something was last found in
	Customer          field
}

// queue shows the accounts that findings came of and that are no customer's.
func (s *Server) queue(v *visit) error { return s.showQueue(v, http.StatusOK, "", "", "") }

// showQueue shows the queue, with what was typed for an account and what is wrong
// with it.
func (s *Server) showQueue(v *visit, status int, account, typed, fault string) error {
	p := queuePage{shell: s.shell(v, "Whose findings are these?"), MayAssign: v.Person.Is(engineers)}
	err := s.Store.Operator(v.Context(), func(tx store.Tx) (err error) {
		if p.Accounts, p.Findings, err = tx.QueueSize(v.Context()); err != nil {
			return err
		}
		if p.Tabs, err = s.complianceTabs(v, tx); err != nil {
			return err
		}
		found, err := tx.Queue(v.Context(), org.AccountID(v.FormValue("after")), mostRows+1)
		if err != nil {
			return err
		}
		if len(found) > mostRows {
			found = found[:mostRows]
			p.After = with(v.URL, "after", string(found[mostRows-1].Account))
		}
		for _, q := range found {
			line := queuedLine{string(q.Account), q.Findings, q.Failing, momentOf(v.Now, q.First), momentOf(v.Now, q.Last), "",
				field{Name: "customer-" + string(q.Account), Label: "Key of the customer", Type: "text", Needed: true}}
			if batch, err := tx.Batch(v.Context(), q.Batch); err == nil {
				line.File = batch.File
			} else if !errors.Is(err, store.ErrNotFound) {
				return err
			}
			if line.Account == account {
				line.Customer.Value, line.Customer.Fault = typed, fault
			}
			p.Rows = append(p.Rows, line)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return s.renderStatus(v, status, "queue", p)
}

// assignAccount says whose an account is: what was found in it is that customer's.
func (s *Server) assignAccount(v *visit) error {
	account := v.PathValue("account")
	key := strings.TrimSpace(v.PostFormValue("customer-" + account))
	_, err := s.Control.Assign(v.Context(), org.AccountID(account), key, v.by())
	var fault string
	switch {
	case err == nil:
		return v.redirect("/compliance/queue")
	case errors.Is(err, store.ErrTaken):
		fault = "AWS or somebody here says that the account is another customer's."
	case errors.Is(err, store.ErrNotFound):
		fault = "Nobody has this key, or nothing of the account is in the queue any more."
	default:
		return err
	}
	return s.showQueue(v, http.StatusUnprocessableEntity, account, key, fault)
}
