package web

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"landlord/service/control"
	"landlord/service/store"
	"landlord/vend/plan"
)

// orderPage shows what suspending, resuming or closing a customer would do.
type orderPage struct {
	customerShell
	orderWords
	Kind           string
	Fault          string
	Problems       []string
	Nothing        bool // it is so already
	Account, Email string
	Called         string // the account
	Since          moment // it is suspended
	Changes        []changeLine
	Looked         moment
	Simulated      bool
	Closes         bool
	Quota          string
	Frees          string // the day from which AWS lets it be closed
	Running        string // the run that is under way
	Digest         string
	Confirm        field
}

// orderWords are what an order is called.
type orderWords struct {
	Verb, Asks, Does, Told string
}

var orders = map[string]orderWords{
	store.RunSuspend: {"Suspend", "Suspend the customer", "Nobody and no role may do anything in the account until it is resumed. What runs there goes on running, and so do AWS's own service-linked roles. From then on its service is not billed.",
		"Their people see in their portal that it is suspended, and since when."},
	store.RunResume: {"Resume", "Resume the customer", "The policy that denies everything comes off the account. Its people and roles may do again what the tier's guardrails allow, and its service is billed again.",
		"Their people see in their portal that it is open again."},
	store.RunClose: {"Close", "Close the account for good", "Nobody can use the account from then on. What is in it is deleted after 90 days; until then AWS Support can reopen it, and it counts towards the quota of accounts.",
		"Their people see in their portal that it is closed."},
}

// showsOrder is the page of an order, before it is given.
func (s *Server) showsOrder(kind string) func(*visit) error {
	return func(v *visit) error { return s.showOrder(v, kind, http.StatusOK, "") }
}

func (s *Server) showOrder(v *visit, kind string, status int, fault string) error {
	p := orderPage{Kind: kind, orderWords: orders[kind], Closes: kind == store.RunClose}
	err := s.ofCustomer(v, "", &p.customerShell, func(_ store.Tx, c store.Customer) error {
		p.Title = p.Verb + " " + c.Name + "?"
		return nil
	})
	if err != nil {
		return err
	}
	in, err := s.Control.Intend(v.Context(), kind, p.Key)
	if conflict, is := errors.AsType[*plan.Conflict](err); is {
		p.Fault, p.Problems = "It cannot be done as things are.", conflict.Problems
		return s.renderStatus(v, status, "customer_order", p)
	}
	if err != nil {
		return notHere(s.outside(v, err))
	}
	p.fill(v, in)
	p.Confirm.Fault = fault
	if p.Running, err = s.running(v); err != nil {
		return err
	}
	return s.renderStatus(v, status, "customer_order", p)
}

// fill shows what an order would do.
func (p *orderPage) fill(v *visit, in control.Intent) {
	p.Nothing, p.Digest, p.Simulated, p.Looked = in.Nothing(), in.Digest, in.Simulated, momentOf(v.Now, in.Looked)
	p.Account, p.Email, p.Called = string(in.Account.ID), in.Account.Email, in.Account.Name
	p.Since = momentOf(v.Now, in.Suspended)
	for _, c := range in.Plan.Changes {
		p.Changes = append(p.Changes, changeLine{Action: string(c.Action), Mark: c.Action.Mark(), Noun: c.Noun, Name: c.Name, Detail: c.Detail})
	}
	if !p.Closes {
		return
	}
	p.Quota = fmt.Sprintf("AWS lets %s be closed in 30 days; %s used.", count(in.Closures.Quota, "account"), map[bool]string{true: "1 is", false: whole(len(in.Closures.Used)) + " are"}[len(in.Closures.Used) == 1])
	if n := in.Closures.Unknown; n > 0 {
		p.Quota += " " + count(n, "account") + " closed at an unknown time may count too."
	}
	if at := in.Frees(); !at.IsZero() {
		p.Frees = at.UTC().Format(time.DateOnly)
	}
	p.Confirm = field{Name: "name", Label: "To close it for good, type the account's name: " + p.Called, Type: "text", Needed: true}
}

// givesOrder asks for the run of the order that was shown.
func (s *Server) givesOrder(kind string) func(*visit) error {
	return func(v *visit) error {
		shown := v.PostFormValue("digest")
		if shown == "" {
			return errChanged
		}
		run, err := s.Control.Order(v.Context(), control.Order{
			Kind: kind, Customer: v.PathValue("key"), Name: strings.TrimSpace(v.PostFormValue("name")), Confirmed: shown, By: v.by(),
		})
		_, conflict := errors.AsType[*plan.Conflict](err)
		_, held := errors.AsType[*control.HeldError](err)
		switch {
		case err == nil:
			return v.redirect("/runs/" + run)
		case errors.Is(err, control.ErrChanged):
			return errChanged
		case errors.Is(err, control.ErrName):
			return s.showOrder(v, kind, http.StatusUnprocessableEntity, "Type it exactly as it is written above.")
		case conflict, held:
			return s.showOrder(v, kind, http.StatusConflict, "") // which says why
		}
		return notHere(s.outside(v, err))
	}
}

// errChanged refuses what is not any more what somebody was shown.
var errChanged = problem{Status: http.StatusConflict, Title: "Something has changed since", Detail: "What would happen now is not what you were shown, so nothing was started. Look at it again."}

// orderLine is an order that can be given to a customer, or the run of one.
type orderLine struct {
	Verb, Says, To string
	Danger         bool
}

// ordersFor are the orders that can be given to a customer as it is.
func ordersFor(c store.Customer) (lines []orderLine) {
	add := func(kind, says string) {
		lines = append(lines, orderLine{orders[kind].Verb, says, "/customers/" + c.Key + "/" + kind, kind == store.RunClose})
	}
	if c.Account == "" || c.State == store.Closed {
		return nil
	}
	if c.State != store.Suspended {
		add(store.RunSuspend, "Nothing is allowed in the account, and it is not billed, until it is resumed.")
	}
	if c.State == store.Suspended || c.State == store.Departed {
		add(store.RunResume, "The account may be used again, and is billed.")
	}
	add(store.RunClose, "The account is given up for good, with its root address.")
	return lines
}

// standing is what a customer is told whose account is suspended or closed.
type standing struct {
	Suspended, Closed bool
	Left              bool // it is no customer any more
	Since             moment
	Until             string // the day until which AWS can reopen it
}

func (s *Server) standing(v *visit, tx store.Tx, c store.Customer) (standing, error) {
	st := standing{Suspended: c.State == store.Suspended, Closed: c.State == store.Closed, Left: c.State == store.Departed}
	action := map[bool]string{true: "account.suspend", false: "account.close"}[st.Suspended]
	if !st.Suspended && !st.Closed {
		return st, nil
	}
	found, err := tx.Entries(v.Context(), store.EntryQuery{Customer: c.Key, Action: action, Limit: 1})
	if err != nil || len(found) == 0 {
		return st, err
	}
	st.Since, st.Until = momentOf(v.Now, found[0].At), found[0].At.AddDate(0, 0, 90).UTC().Format(time.DateOnly)
	return st, nil
}
