package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"landlord/portfolio"
	"landlord/service/control"
	"landlord/service/onboard"
	"landlord/service/store"
)

// newCustomerPage is the form of a new customer.
type newCustomerPage struct {
	shell
	Fields []field
	Tiers  []option
	Fault  string
	Where  string
}

// newCustomer asks who the new customer is.
func (s *Server) newCustomer(v *visit) error {
	return s.askNewCustomer(v, http.StatusOK, portfolio.Entry{}, nil)
}

func (s *Server) askNewCustomer(v *visit, status int, e portfolio.Entry, fault error) error {
	p := newCustomerPage{shell: s.shell(v, "Who is the new customer?")}
	p.Fields = []field{
		{Name: "key", Label: "Key", Hint: "For ever: small letters, digits and hyphens, such as acme. It is in the account's address and its tags", Type: "text", Value: e.Key, Needed: true},
		{Name: "name", Label: "Name", Type: "text", Value: e.Name, Needed: true},
		{Name: "contact", Label: "Contact", Hint: "Whom letters go to. Being a contact lets nobody sign in", Type: "email", Value: e.Contact, Needed: true},
		{Name: "region", Label: "Region", Hint: "May be left empty", Type: "text", Value: e.Region},
	}
	err := s.Store.Operator(v.Context(), func(tx store.Tx) error {
		folio, err := s.folioIn(v.Context(), tx)
		if err != nil {
			return err
		}
		p.Where = "in the organization of management account " + string(folio.Organization.Management)
		if folio.Organization.Target == portfolio.Simulated {
			p.Where = "in the simulated organization: nothing outside changes"
		}
		if folio.SignIn != nil {
			p.Fields[2].Hint = "Whom letters go to, and, until the portfolio names people of the customer, who signs in to its AWS account as admin. Being a contact lets nobody into the portal"
		}
		for _, t := range folio.Tiers {
			p.Tiers = append(p.Tiers, option{t.Key, fmt.Sprintf("%s (%s), %s a month", t.Name, t.Framework, t.Price.Format()), t.Key == e.Tier})
		}
		return nil
	})
	if err != nil {
		return err
	}
	if fault != nil {
		p.blame(fault, e)
	}
	return s.renderStatus(v, status, "onboard", p)
}

// blame says what is wrong, by the field that it is about if that can be told.
func (p *newCustomerPage) blame(fault error, e portfolio.Entry) {
	faults, is := errors.AsType[*portfolio.Faults](fault)
	if !is {
		p.Fault = sentence(fault.Error()) + "."
		return
	}
	for _, f := range faults.Faults {
		found := false
		for i, value := range []string{e.Key, e.Name, e.Contact, e.Region} {
			if value != "" && strings.Contains(f.Text, value) && !found {
				p.Fields[i].Fault, found = sentence(f.Message), true
			}
		}
		if !found {
			p.Fault = strings.TrimSpace(p.Fault + " " + sentence(f.Message) + ".")
		}
	}
}

// addCustomer makes the new customer part of the portfolio, and begins its onboarding.
func (s *Server) addCustomer(v *visit) error {
	e := portfolio.Entry{}
	for name, to := range map[string]*string{"key": &e.Key, "name": &e.Name, "contact": &e.Contact, "tier": &e.Tier, "region": &e.Region} {
		*to = strings.TrimSpace(v.PostFormValue(name))
	}
	var latest store.Portfolio
	err := s.Store.Operator(v.Context(), func(tx store.Tx) (err error) {
		latest, err = tx.LatestPortfolio(v.Context())
		return err
	})
	if errors.Is(err, store.ErrNotFound) {
		return ErrNoPortfolio
	}
	if err != nil {
		return err
	}
	text, err := portfolio.Append(latest.Text, e)
	if err != nil {
		return s.askNewCustomer(v, http.StatusUnprocessableEntity, e, err)
	}
	_, run, err := s.Control.Push(v.Context(), control.Change{Text: text, Base: latest.Version, Note: "customer " + e.Key + " added", Onboard: e.Key, By: v.by()})
	if late, is := errors.AsType[*control.ConflictError](err); is {
		return s.askNewCustomer(v, http.StatusConflict, e, late)
	}
	if err != nil {
		return err
	}
	return v.redirect("/runs/" + run)
}

// onboardCustomer begins the onboarding of a customer of the portfolio, or goes on with it.
func (s *Server) onboardCustomer(v *visit) error {
	run, err := s.Control.Onboard(v.Context(), v.PathValue("key"), v.by())
	if under, is := errors.AsType[*control.UnderWayError](err); is {
		return v.redirect("/runs/" + under.Run.ID)
	}
	if err != nil {
		return notHere(err)
	}
	return v.redirect("/runs/" + run)
}

// checklist is how far an onboarding is.
type checklist struct {
	Lines   []checklistLine
	Tasks   []onboard.Task
	Account string
	Sum     string
}

// checklistLine is a step of an onboarding.
type checklistLine struct {
	Title, Says  string
	State        tone
	Took, ByHand string
}

// checklistOf reads how far an onboarding is; nothing of any other run.
func (s *Server) checklistOf(ctx context.Context, tx store.Tx, r store.Run, now time.Time) (p checklist, err error) {
	if r.Kind != store.RunOnboard {
		return p, nil
	}
	list, err := control.Checklist(ctx, tx, r.ID)
	if err != nil {
		return p, err
	}
	p.Account, p.Tasks = string(list.Account), list.Tasks()
	done := 0
	for _, l := range list.Lines {
		line := checklistLine{Title: l.Title, Says: l.Says, State: stateOf(string(l.State))}
		if l.State == onboard.Without {
			line.State = tone{"", string(l.State)}
		}
		if l.Began != nil {
			line.Took = l.Took(now).Round(time.Second).String()
		}
		if l.ByHand > 0 {
			line.ByHand = fmt.Sprintf("%d min", l.ByHand)
		}
		if l.State == onboard.Done || l.State == onboard.Without {
			done++
		}
		p.Lines = append(p.Lines, line)
	}
	if len(list.Lines) > 0 {
		p.Sum = fmt.Sprintf("%d of %s done in %s", done, count(len(list.Lines), "step"), list.Took(now).Round(time.Second))
		if hand := list.ByHand(); hand > 0 {
			p.Sum += fmt.Sprintf("; by hand these steps take %d min", hand)
		}
	}
	return p, nil
}
