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
	Roles                 []option // that an operator can have
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
	return personLines(v, c, found), err
}

// personLines are those of a customer's people who may sign in.
func personLines(v *visit, c store.Customer, found []store.Member) (lines []personLine) {
	for _, m := range found {
		if m.DisabledAt == nil {
			lines = append(lines, personLine{m.Email, m.Name, m.Email, m.Role, v.Person.Customer == c.Key && m.Email == v.Person.ID, nil})
		}
	}
	return lines
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
	if present, is := errors.AsType[presentError](err); is {
		return s.showMembers(v, http.StatusUnprocessableEntity, emailField(v.PostFormValue("email"), present.sentence()), role)
	}
	if err != nil {
		return err
	}
	return v.redirect("/customers/" + head.Key + "/people")
}

// presentError is that who is invited is there already, in that role.
type presentError struct{ role string }

func (e presentError) Error() string { return "there already, as " + e.role }

func (e presentError) sentence() string {
	return "Signs in here already, as " + e.role + ". The list above changes that."
}

// invite makes somebody a member of c, and asks for a link to be mailed to them.
// Nothing of who had the address before is left. Who is a member is left alone.
func (s *Server) invite(v *visit, tx store.Tx, c store.Customer, address, role string) error {
	m, err := tx.Member(v.Context(), c.Key, address)
	switch {
	case err == nil && m.DisabledAt == nil:
		return presentError{m.Role}
	case err == nil:
		err = tx.DeleteMember(v.Context(), c.Key, address)
	case errors.Is(err, store.ErrNotFound):
		err = nil
	}
	if err != nil {
		return err
	}
	if err := s.putMember(v, tx, c, store.Member{Customer: c.Key, Email: address, CreatedAt: v.Now}, role); err != nil {
		return err
	}
	return s.askFor(v, tx, c.Key, address)
}

// putMember writes a member of c in a role. Somebody who was known keeps their
// name and how they sign in; the role counts at once, in sessions that are open.
func (s *Server) putMember(v *visit, tx store.Tx, c store.Customer, m store.Member, role string) error {
	var before any
	did := "member.put"
	if m.Role != "" {
		before, did = m.Email+", "+m.Role, "member.role"
	}
	m.Role = role
	if err := s.keepingAdmin(v, tx, c, func() error { return tx.PutMember(v.Context(), m) }); err != nil {
		return err
	}
	return s.record(v, tx, act{did: did, customer: c.Key, framework: c.Framework, before: before, after: m.Email + ", " + role})
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
	if err == nil && m.DisabledAt != nil {
		return errNotHere
	}
	if err != nil {
		return notHere(err)
	}
	return s.putMember(v, tx, c, m, role)
}

// How many people may be invited, so that nobody has the house write to strangers.
var (
	invitedBy = store.Bound{Most: 50, Within: time.Hour}  // by one person
	invitedTo = store.Bound{Most: 100, Within: time.Hour} // to one customer, or to the operators
)

// askFor has a link mailed to somebody who was invited, if not too many were.
func (s *Server) askFor(v *visit, tx store.Tx, customer, address string) error {
	wait, err := Invite(v.Context(), tx, v.Person.who(), customer, address, v.source, v.Now)
	if wait > 0 {
		return later(v, wait, "Too many invitations", "Those before this one stand.")
	}
	return err
}

// Invite asks, with this transaction, for a letter with a link that signs in whoever
// has an address, as one of a customer or, for "", of the operators; source is where
// it was asked from. Who invited too many has to wait, and nothing is asked for.
func Invite(ctx context.Context, tx store.Tx, by store.Who, customer, address, source string, now time.Time) (wait time.Duration, err error) {
	for _, b := range []struct {
		who string
		store.Bound
	}{{"invitations by " + by.Customer + " " + by.ID, invitedBy}, {"invitations to " + customer, invitedTo}} {
		if wait, err = tx.Try(ctx, b.who, b.Bound, now); wait > 0 || err != nil {
			return wait, err
		}
	}
	a := asked{Email: address, Source: source, Invited: true}
	if by.Customer != "" {
		a.By = by.ID
	}
	payload, err := json.Marshal(a)
	if err != nil {
		return 0, err
	}
	return 0, tx.Ask(ctx, AskedKind, payload, now)
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
