package web

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"landlord/service/oidc"
	"landlord/service/store"
)

// admitted begins a session of whom a provider vouches for. Where it does not, or
// for somebody who is not known here, the reason is written down and returned as
// an *oidc.Refusal.
func (s *Server) admitted(v *visit, customer string, flow oidc.Flow) (Person, error) {
	t, err := s.trusted(v.Context(), customer)
	if errors.Is(err, store.ErrNotFound) {
		return Person{}, &oidc.Refusal{Why: "there is no provider any more"}
	}
	if err != nil {
		return Person{}, err
	}
	id, err := s.clients.End(v.Context(), t.Provider, s.back(t.as), flow, v.URL.Query())
	var p Person
	if err == nil {
		p, err = s.enter(v, customer, func(tx store.Tx) (store.Who, any, error) {
			who, err := s.whoIs(v, tx, customer, t, id)
			return who, map[string]string{"by": "OpenID Connect", "issuer": id.Issuer, "subject": id.ID}, err
		})
	}
	if err == nil {
		s.setLeave(v, customer != "", p, id.Token)
		s.setLeft(v, customer != "", false)
	}
	if errors.Is(err, store.ErrNotFound) || errors.Is(err, store.ErrTaken) { // disabled or bound between two looks
		err = &oidc.Refusal{Why: "the person was changed meanwhile"}
	}
	if refusal, refused := errors.AsType[*oidc.Refusal](err); refused {
		if err := s.recordRefusal(v, customer, id, refusal); err != nil {
			return Person{}, err
		}
	}
	return p, err
}

// recordRefusal writes down who did not get in, as far as that is known, and why.
func (s *Server) recordRefusal(v *visit, customer string, id oidc.Identity, why *oidc.Refusal) error {
	actor, kind := "somebody", store.ByPerson
	if id.Email != "" {
		actor = id.Email
	}
	if customer != "" {
		kind = store.ByMember
	}
	after := map[string]string{"why": why.Why}
	if id.ID != "" {
		after["issuer"], after["subject"] = id.Issuer, id.ID
	}
	return s.scope(v.Context(), customer, func(tx store.Tx) error {
		return tx.Audit(v.Context(), store.Entry{At: v.Now, ActorKind: kind, Actor: actor, Action: "session.refuse", Customer: tx.Key, Framework: tx.Framework, After: after, Source: v.source})
	})
}

// candidate is a person as sign-in by a provider needs them.
type candidate struct {
	store.Who
	email, role, subject string
	disabled             bool
}

// whoIs is whose an identity is. The first sign-in binds it to the person with its
// address; from then on it is that person, and no other identity is, whoever has
// the address at the provider.
func (s *Server) whoIs(v *visit, tx store.Tx, customer string, t trusted, id oidc.Identity) (store.Who, error) {
	refuse := func(why string) (store.Who, error) { return store.Who{}, &oidc.Refusal{Why: why} }
	if !id.Verified {
		return refuse("the provider has not verified the address")
	}
	mine, err := s.domainOf(v.Context(), tx, customer, id.Domain())
	if err != nil {
		return store.Who{}, err
	}
	if !mine {
		return refuse("the address is in no domain that the provider is believed about")
	}
	k, err := find(v.Context(), tx, customer, id)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return refuse("nobody here has the address")
	case err != nil:
		return store.Who{}, err
	case k.disabled:
		return refuse("the person may sign in no more")
	case k.subject != "" && k.subject != id.Subject():
		return refuse("the address is that of a person who signs in under another subject")
	}
	if len(t.roles) == 0 {
		return k.Who, bind(v.Context(), tx, k, id, "")
	}
	role := oidc.RoleOf(t.roles, id.Groups)
	if role == "" {
		return refuse("none of the person's groups has a role")
	}
	return k.Who, s.follow(v, tx, k, id, role)
}

// bind notes under which subject somebody signs in, and their role; "" leaves it.
func bind(ctx context.Context, tx store.Tx, k candidate, id oidc.Identity, role string) error {
	if k.Customer == "" {
		return tx.BindPerson(ctx, k.ID, id.Subject(), role)
	}
	return tx.BindMember(ctx, k.Customer, k.ID, id.Subject(), role)
}

// follow binds somebody and gives them the role of their groups. The last owner, and
// a customer's last admin, stay what they are: nobody would be left to make another.
func (s *Server) follow(v *visit, tx store.Tx, k candidate, id oidc.Identity, role string) error {
	kind, highest := store.ByPerson, Owner.String()
	keeping := func(change func() error) error { return tx.KeepingOwner(v.Context(), change) }
	if k.Customer != "" {
		kind, highest = store.ByMember, Admin.String()
		keeping = func(change func() error) error { return tx.KeepingAdmin(v.Context(), k.Customer, change) }
	}
	e := store.Entry{At: v.Now, ActorKind: kind, Actor: k.email, Action: "role.follow", Customer: tx.Key, Framework: tx.Framework, Before: k.role, After: role, Source: v.source}
	change := func() error { return bind(v.Context(), tx, k, id, role) }
	if role == highest {
		keeping = func(change func() error) error { return change() }
	}
	err := keeping(change)
	if errors.Is(err, store.ErrLastOwner) || errors.Is(err, store.ErrLastAdmin) {
		s.log.Warn("a sign-in provider's groups would leave nobody in the highest role: the role is kept. Make somebody else "+highest+", or put them into a group that is mapped to it",
			"customer", k.Customer, "person", k.email, "kept", highest, "groups give", role)
		e.Action, e.Before, e.After = "role.keep", nil, highest+"; the groups say "+role
		err = bind(v.Context(), tx, k, id, highest)
	}
	if err != nil || e.Action == "role.follow" && role == k.role {
		return err
	}
	return tx.Audit(v.Context(), e)
}

// domainOf tells whether a domain is one that a customer's provider, or the
// operators', is believed about.
func (s *Server) domainOf(ctx context.Context, tx store.Tx, customer, domain string) (bool, error) {
	if customer == "" {
		return slices.Contains(s.OIDC.Operators.Domains, domain), nil
	}
	return tx.HasDomain(ctx, customer, domain)
}

// find finds whose an identity is by its subject, and whose it may become by its
// address.
func find(ctx context.Context, tx store.Tx, customer string, id oidc.Identity) (candidate, error) {
	if customer == "" {
		p, err := tx.PersonBySubject(ctx, id.Subject())
		if errors.Is(err, store.ErrNotFound) {
			p, err = tx.PersonByEmail(ctx, id.Email)
		}
		return candidate{store.Who{ID: p.ID}, p.Email, p.Role, p.Subject, p.DisabledAt != nil}, err
	}
	m, err := tx.MemberBySubject(ctx, customer, id.Subject())
	if errors.Is(err, store.ErrNotFound) {
		m, err = tx.Member(ctx, customer, id.Email)
	}
	if err == nil && m.Customer != customer {
		return candidate{}, fmt.Errorf("member of %s in the scope of %s", m.Customer, customer)
	}
	return candidate{store.Who{Customer: m.Customer, ID: m.Email}, m.Email, m.Role, m.Subject, m.DisabledAt != nil}, err
}
