package web

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"landlord/service/store"
)

type customerPeoplePage struct {
	customerShell
	Members    []personLine
	MayInvite  bool
	Invite     field
	InviteRole string
}

type personLine struct {
	ID, Name, Email, Role string
	Me                    bool
}

// customerPeople shows who of a customer signs in.
func (s *Server) customerPeople(v *visit) error {
	return s.showMembers(v, http.StatusOK, emailField("", ""), "")
}

func (s *Server) showMembers(v *visit, status int, invite field, role string) error {
	p := customerPeoplePage{MayInvite: v.Person.Is(helpers), Invite: invite, InviteRole: role}
	err := s.ofCustomer(v, "people", &p.customerShell, func(tx store.Tx, c store.Customer) (err error) {
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
	m, err := tx.Member(v.Context(), c.Key, address)
	if errors.Is(err, store.ErrNotFound) {
		m, err = store.Member{Customer: c.Key, Email: address, CreatedAt: v.Now}, nil
	}
	if err != nil {
		return err
	}
	if err := s.putMember(v, tx, c, m, role); err != nil {
		return err
	}
	return askFor(v.Context(), v, tx, address)
}

// putMember writes a member of c in a role. Somebody who was known keeps their
// name and how they sign in.
func (s *Server) putMember(v *visit, tx store.Tx, c store.Customer, m store.Member, role string) error {
	var before any
	if m.Role != "" {
		before = m.Email + ", " + m.Role
	}
	m.Role, m.DisabledAt = role, nil
	if err := s.keepingAdmin(v, tx, c, func() error { return tx.PutMember(v.Context(), m) }); err != nil {
		return err
	}
	return s.record(v, tx, act{did: "member.put", customer: c.Key, framework: c.Framework, before: before, after: m.Email + ", " + role})
}

// keepingAdmin changes who of a customer signs in, and keeps the customer an admin.
func (s *Server) keepingAdmin(v *visit, tx store.Tx, c store.Customer, change func() error) error {
	err := tx.KeepingAdmin(v.Context(), c.Key, change)
	if errors.Is(err, store.ErrLastAdmin) {
		return problem{Status: http.StatusConflict, Title: "That is the last admin", Detail: "Make somebody else an admin first, so that there is always one."}
	}
	return err
}

// changeRole gives somebody of a customer another role.
func (s *Server) changeRole(v *visit) error {
	var head customerShell
	err := s.ofCustomer(v, "people", &head, func(tx store.Tx, c store.Customer) error { return s.toRole(v, tx, c) })
	if err != nil {
		return err
	}
	return v.redirect("/customers/" + head.Key + "/people")
}

func (s *Server) toRole(v *visit, tx store.Tx, c store.Customer) error {
	role := v.PostFormValue("role")
	if roleOf(role, customers) == Nobody {
		return errNotHere
	}
	m, err := tx.Member(v.Context(), c.Key, strings.ToLower(v.PostFormValue("email")))
	if err != nil {
		return notHere(err)
	}
	return s.putMember(v, tx, c, m, role)
}

// askFor has a link mailed to somebody who was invited.
func askFor(ctx context.Context, v *visit, tx store.Tx, address string) error {
	return AskLink(ctx, tx, address, v.source, v.Now)
}

// AskLink asks, with this transaction, for a link that signs in whoever has an
// address; source is where it was asked from.
func AskLink(ctx context.Context, tx store.Tx, address, source string, now time.Time) error {
	payload, err := json.Marshal(asked{Email: address, Source: source})
	if err != nil {
		return err
	}
	return tx.Ask(ctx, AskedKind, payload, now)
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
	if err := s.keepingAdmin(v, tx, c, func() error { return tx.DeleteMember(v.Context(), c.Key, email) }); err != nil {
		return notHere(err)
	}
	return s.record(v, tx, act{did: "member.delete", customer: c.Key, framework: c.Framework, before: strings.ToLower(email)})
}
