package web

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"landlord/service/store"
)

// roleWords say what an operator's role may.
var roleWords = []option{
	{Value: "engineer", Label: "Engineer: plans and applies"},
	{Value: "support", Label: "Support: helps customers, invites their people"},
	{Value: "billing", Label: "Billing: invoices and prices"},
	{Value: "auditor", Label: "Auditor: sees all, changes nothing"},
	{Value: "owner", Label: "Owner: everything, operators too"},
}

// chosen are options of which one is chosen.
func chosen(options []option, value string) []option {
	options = slices.Clone(options)
	for i := range options {
		options[i].Chosen = options[i].Value == value
	}
	return options
}

// people shows the operators.
func (s *Server) people(v *visit) error {
	return s.showPeople(v, http.StatusOK, emailField("", ""), "")
}

func (s *Server) showPeople(v *visit, status int, invite field, role string) error {
	p := s.settings(v, "people", "Who runs the house?")
	p.MayInvite, p.Invite = v.Person.Is(Owner), invite
	p.Roles = chosen(roleWords, role)
	err := s.Store.Operator(v.Context(), func(tx store.Tx) error {
		all, err := tx.Persons(v.Context())
		for _, o := range all {
			if o.DisabledAt == nil {
				p.People = append(p.People, personLine{o.ID, o.Name, o.Email, o.Role, o.ID == v.Person.ID, chosen(roleWords, o.Role)})
			}
		}
		return err
	})
	if err != nil {
		return err
	}
	p.Lead = count(len(p.People), "person") + "."
	if !p.MayInvite {
		p.Lead += " An owner invites and removes."
	}
	return s.renderStatus(v, status, "settings", p)
}

// invitePerson makes somebody an operator and has a link mailed to them. Who was
// one before comes back, without the sessions, tokens and identity of then: whoever
// signs in with that address next is who it is. Who is one is left alone.
func (s *Server) invitePerson(v *visit) error {
	address, fault := addressOf(strings.TrimSpace(v.PostFormValue("email")))
	role := v.PostFormValue("role")
	if fault == "" && address == v.Person.Email {
		fault = "That is you."
	}
	if fault != "" || roleOf(role, operators) == Nobody {
		return s.showPeople(v, http.StatusUnprocessableEntity, emailField(v.PostFormValue("email"), fault), role)
	}
	err := s.Store.Operator(v.Context(), func(tx store.Tx) error {
		if err := s.asOwner(v, tx); err != nil {
			return err
		}
		p, err := tx.PersonByEmail(v.Context(), address)
		switch {
		case errors.Is(err, store.ErrNotFound):
			p = store.Person{ID: newID(), Email: address, CreatedAt: v.Now}
		case err != nil:
			return err
		case p.DisabledAt == nil:
			return presentError{p.Role}
		}
		before := p.Role
		p.Role, p.Subject, p.DisabledAt = role, "", nil
		if err := tx.PutPerson(v.Context(), p); err != nil {
			return err
		}
		if err := s.record(v, tx, act{did: "person.put", before: before, after: address + ", " + role}); err != nil {
			return err
		}
		return s.askFor(v, tx, "", address)
	})
	if present, is := errors.AsType[presentError](err); is {
		return s.showPeople(v, http.StatusUnprocessableEntity, emailField(v.PostFormValue("email"), present.sentence()), role)
	}
	if err != nil {
		return err
	}
	return v.redirect("/settings/people")
}

// changePerson gives an operator another role. It counts at once, in sessions that
// are open and for what tokens may.
func (s *Server) changePerson(v *visit) error {
	role := v.PostFormValue("role")
	if roleOf(role, operators) == Nobody {
		return errNotHere
	}
	return s.changeOperator(v, func(p *store.Person) act {
		before := p.Role
		p.Role = role
		return act{did: "person.role", before: p.Email + ", " + before, after: p.Email + ", " + role}
	})
}

// removePerson ends an operator's sessions and tokens and lets them sign in no
// more. What they did stays under their name.
func (s *Server) removePerson(v *visit) error {
	return s.changeOperator(v, func(p *store.Person) act {
		p.DisabledAt = &v.Now
		return act{did: "person.disable", before: p.Email + ", " + p.Role}
	})
}

// changeOperator changes another operator than who asks.
func (s *Server) changeOperator(v *visit, change func(*store.Person) act) error {
	id := v.PostFormValue("id")
	if id == v.Person.ID {
		return problem{Status: http.StatusConflict, Title: "That is you", Detail: "Another owner changes or removes you, so that the house always has one."}
	}
	err := s.Store.Operator(v.Context(), func(tx store.Tx) error {
		if err := s.asOwner(v, tx); err != nil {
			return err
		}
		p, err := tx.Person(v.Context(), id)
		if err == nil && p.DisabledAt != nil {
			err = store.ErrNotFound
		}
		if err != nil {
			return err
		}
		did := change(&p)
		if err := tx.PutPerson(v.Context(), p); err != nil {
			return err
		}
		return s.record(v, tx, did)
	})
	if err != nil {
		return notHere(err)
	}
	return v.redirect("/settings/people")
}

// asOwner refuses who is no owner any more, and keeps others from changing owners
// until the transaction ends. Since nobody changes themselves, one is always left,
// also when two remove each other at once.
func (s *Server) asOwner(v *visit, tx store.Tx) error {
	owners, err := tx.Owners(v.Context()) // the other waits here
	if err == nil && !slices.Contains(owners, v.Person.ID) {
		return errRefused
	}
	return err
}
