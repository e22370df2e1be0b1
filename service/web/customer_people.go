package web

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"landlord/service/store"
)

type customerPeoplePage struct {
	customerShell
	Contacts   []contactLine
	Members    []personLine
	MayInvite  bool
	Invite     field
	InviteRole string
}

type personLine struct {
	ID, Name, Email, Role string
	Me                    bool
}

// customerPeople shows whom to write to at a customer, and who signs in.
func (s *Server) customerPeople(v *visit) error {
	return s.showMembers(v, http.StatusOK, emailField("", ""), "")
}

func (s *Server) showMembers(v *visit, status int, invite field, role string) error {
	p := customerPeoplePage{MayInvite: v.Person.Is(engineers | Support), Invite: invite, InviteRole: role}
	err := s.ofCustomer(v, "people", &p.customerShell, func(tx store.Tx, c store.Customer) (err error) {
		if p.Contacts, err = contacts(v, tx, c); err != nil {
			return err
		}
		p.Members, err = s.members(v, tx, c)
		return err
	})
	if err != nil {
		return err
	}
	return s.renderStatus(v, status, "customer_people", p)
}

func (s *Server) members(v *visit, tx store.Tx, c store.Customer) ([]personLine, error) {
	found, err := tx.Members(v.Context(), c.Key)
	if err != nil {
		return nil, err
	}
	var lines []personLine
	for _, m := range found {
		if m.DisabledAt == nil {
			lines = append(lines, personLine{m.Email, m.Name, m.Email, m.Role, v.Person.Customer == c.Key && m.Email == v.Person.ID})
		}
	}
	return lines, nil
}

// inviteMember lets somebody of a customer sign in, and sends them a link.
func (s *Server) inviteMember(v *visit) error {
	address, fault := addressOf(strings.TrimSpace(v.PostFormValue("email")))
	role := v.PostFormValue("role")
	if fault != "" || roleOf(role, customers) == Nobody {
		return s.showMembers(v, http.StatusUnprocessableEntity, emailField(v.PostFormValue("email"), fault), role)
	}
	var head customerShell
	err := s.ofCustomer(v, "people", &head, func(tx store.Tx, c store.Customer) error { return s.invite(v, tx, c, address, role) })
	if err != nil {
		return err
	}
	return v.redirect("/customers/" + head.Key + "/people")
}

// invite makes somebody a member of c, or changes their role, and asks for a
// link to be mailed to them.
func (s *Server) invite(v *visit, tx store.Tx, c store.Customer, address, role string) error {
	if err := tx.PutMember(v.Context(), store.Member{Customer: c.Key, Email: address, Role: role, CreatedAt: v.Now}); err != nil {
		return err
	}
	if err := s.record(v, tx, act{did: "member.put", customer: c.Key, framework: c.Framework, after: address + ", " + role}); err != nil {
		return err
	}
	return askFor(v.Context(), v, tx, address)
}

// askFor has a link mailed to somebody who was invited.
func askFor(ctx context.Context, v *visit, tx store.Tx, address string) error {
	payload, err := json.Marshal(asked{Email: address, Source: v.source})
	if err != nil {
		return err
	}
	return tx.Ask(ctx, AskedKind, payload, v.Now)
}

// removeMember takes the right to sign in from somebody, and ends their
// sessions.
func (s *Server) removeMember(v *visit) error {
	var head customerShell
	err := s.ofCustomer(v, "people", &head, func(tx store.Tx, c store.Customer) error { return s.remove(v, tx, c, v.PostFormValue("email")) })
	if err != nil {
		return err
	}
	return v.redirect("/customers/" + head.Key + "/people")
}

func (s *Server) remove(v *visit, tx store.Tx, c store.Customer, email string) error {
	if err := tx.DeleteMember(v.Context(), c.Key, email); err != nil {
		return err
	}
	return s.record(v, tx, act{did: "member.delete", customer: c.Key, framework: c.Framework, before: strings.ToLower(email)})
}
