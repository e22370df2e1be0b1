package web

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"

	"landlord/service/oidc"
	"landlord/service/store"
)

// The answers to who comes by OpenID Connect and does not get in. Whoever it is
// and whatever is the reason, the words are the same: the reason is the log's.
var (
	errNotAdmitted = problem{Status: http.StatusForbidden, Title: "That did not sign you in",
		Detail: "What your sign-in provider said did not let you in here. Begin again; if it stays, ask whoever invited you. A link by mail still works."}
	errProviderDown = problem{Status: http.StatusServiceUnavailable, Title: "Your sign-in provider does not answer",
		Detail: "Nothing is wrong with your account here. Try again in a moment, or have a link mailed to you instead."}
)

// KeepProviders keeps the providers of customers that OIDC names where servers of
// the portal alone find them, and no others. Their secrets are sealed. A block under a
// key that a customer had before is that customer's: its provider knows the house by
// that key.
func (s *Server) KeepProviders(ctx context.Context) error {
	if s.OIDC == nil {
		return nil
	}
	return s.Store.Operator(ctx, func(tx store.Tx) error {
		former, err := tx.FormerKeys(ctx)
		if err != nil {
			return err
		}
		blocks, err := s.blocks(former)
		if err != nil {
			return err
		}
		var all []store.IdentityProvider
		for _, customer := range slices.Sorted(maps.Keys(blocks)) {
			all = append(all, s.kept(customer, blocks[customer]))
		}
		return tx.PutIdentityProviders(ctx, all)
	})
}

// blocks are the keys that OIDC has of customers, by their present ones.
func (s *Server) blocks(former map[string]string) (map[string]string, error) {
	of := map[string]string{}
	for _, key := range slices.Sorted(maps.Keys(s.OIDC.Customers)) {
		customer := former[key]
		if customer == "" {
			of[key] = key
			continue
		}
		if _, has := s.OIDC.Customers[customer]; has {
			s.log.Warn("--oidc has a customer under a former key too: that block does not count. Take it out", "key", key, "customer", customer)
			continue
		}
		if other := of[customer]; other != "" {
			return nil, fmt.Errorf("--oidc has two providers of the customer %s, under its former keys %s and %s: keep one, as %s", customer, other, key, customer)
		}
		s.log.Warn("--oidc has a customer under a former key: its people sign in as before. Call the block as the customer is called now when its provider knows the new address too",
			"key", key, "customer", customer, "address", s.back(customer))
		of[customer] = key
	}
	return of, nil
}

// kept is a customer's provider, as it is kept, of the block under a key.
func (s *Server) kept(customer, key string) store.IdentityProvider {
	c := s.OIDC.Customers[key]
	p := store.IdentityProvider{Customer: customer, Issuer: c.Issuer, Client: c.Client, Scopes: c.Scopes, Claim: c.Claim, ChangedAt: s.Clock.Now(),
		Secret: s.OIDC.Key.Seal([]byte(c.Secret), oidc.ForSecret, key)}
	for _, m := range c.Roles {
		switch roleOf(m.Role, customers) {
		case Admin:
			p.Admins = m.Groups
		case Member:
			p.Members = m.Groups
		}
	}
	return p
}

// trusted is whom a server believes about somebody, and what their groups mean.
type trusted struct {
	oidc.Provider
	roles []oidc.Mapped
	as    string // the key that the provider has of the customer
}

// byProvider tells whether operators sign in with a provider here.
func (s *Server) byProvider() bool {
	return s.OIDC != nil && s.OIDC.Operators != nil && s.Store != nil && s.Store.Pool() != nil
}

// trusted is the provider of a customer's people, or the operators'; ErrNotFound
// if there is none.
func (s *Server) trusted(ctx context.Context, customer string) (trusted, error) {
	switch {
	case s.OIDC == nil, customer == "" && !s.byProvider():
		return trusted{}, store.ErrNotFound
	case customer == "":
		return trusted{Provider: s.OIDC.Operators.Provider, roles: s.OIDC.Operators.Roles}, nil
	}
	var t trusted
	err := s.Store.Customer(ctx, customer, func(tx store.Tx) error {
		p, err := tx.IdentityProvider(ctx, customer)
		if err != nil {
			return err
		}
		t, err = s.unsealed(ctx, tx, p)
		return err
	})
	return t, err
}

// unsealed is a provider with its secret, which is sealed for the key that the file had
// of the customer: one of those that it has or had.
func (s *Server) unsealed(ctx context.Context, tx store.Tx, p store.IdentityProvider) (trusted, error) {
	keys, err := tx.Keys(ctx, p.Customer)
	if err != nil {
		return trusted{}, err
	}
	var secret []byte
	var as string
	for _, as = range keys {
		if secret, err = s.OIDC.Key.Open(p.Secret, oidc.ForSecret, as); err == nil {
			break
		}
	}
	if err != nil {
		return trusted{}, fmt.Errorf("provider of %s: %w", p.Customer, err)
	}
	t := trusted{as: as, Provider: oidc.Provider{Issuer: p.Issuer, Client: p.Client, Secret: string(secret), Scopes: p.Scopes, Claim: p.Claim}}
	for _, m := range []oidc.Mapped{{Role: Admin.String(), Groups: p.Admins}, {Role: Member.String(), Groups: p.Members}} {
		if len(m.Groups) > 0 {
			t.roles = append(t.roles, m)
		}
	}
	return t, nil
}

// back is the address that a provider sends people back to. Each customer has its
// own, so that no provider's answer is taken for another's.
// Source: RFC 9700, section 4.4.2.
func (s *Server) back(customer string) string {
	at := s.Base.JoinPath("signin", "oidc", "back")
	if customer != "" {
		at = at.JoinPath(customer)
	}
	return at.String()
}

// door is the address where a customer's people sign in with their company's
// account.
func (s *Server) door(customer string) string {
	return s.Base.JoinPath("signin", "oidc", s.OIDC.Key.Door(customer)).String()
}

// toProvider leads an operator to the operators' provider.
func (s *Server) toProvider(v *visit) error { return s.leave(v, "") }

// toCustomersProvider leads one of a customer's people to the customer's.
func (s *Server) toCustomersProvider(v *visit) error {
	if s.OIDC == nil {
		return errNotHere
	}
	customer, is := s.OIDC.Key.Behind(v.PathValue("door"))
	if !is {
		return errNotHere
	}
	err := s.leave(v, customer)
	if errors.Is(err, errNotHere) {
		return s.toPresentDoor(v, customer)
	}
	return err
}

// toPresentDoor leads on whoever comes to the door that a customer had under a former
// key. A server of the portal alone does not know whose that was.
func (s *Server) toPresentDoor(v *visit, former string) error {
	if s.Store.Pool() == nil {
		return errNotHere
	}
	var of map[string]string
	err := s.Store.Operator(v.Context(), func(tx store.Tx) (err error) {
		of, err = tx.FormerKeys(v.Context())
		return err
	})
	if err != nil || of[former] == "" {
		return cmp.Or(err, error(errNotHere))
	}
	return v.redirect(s.door(of[former]))
}

// leave leads to a provider. The browser keeps, sealed, what only it may come back
// with.
func (s *Server) leave(v *visit, customer string) error {
	t, err := s.trusted(v.Context(), customer)
	if err != nil {
		return notHere(err)
	}
	to, flow, err := s.clients.Begin(v.Context(), t.Provider, s.back(t.as), customer, within(v.FormValue("next"), ""), s.left(v, customer != ""))
	if errors.Is(err, oidc.ErrDown) {
		s.log.Warn("sign-in provider", "customer", customer, "err", err)
		return errProviderDown
	}
	if err != nil {
		return err
	}
	flow.As = t.as
	text, err := json.Marshal(flow)
	if err != nil {
		return err
	}
	s.setFlow(v, s.OIDC.Key.Seal(text, oidc.ForFlow, ""))
	return v.redirect(to)
}

// fromProvider signs in who comes back from a provider.
func (s *Server) fromProvider(v *visit) error {
	if s.OIDC == nil {
		return errNotHere
	}
	as := v.PathValue("customer")
	if err := s.locked(v); err != nil {
		return err
	}
	flow, err := s.flow(v)
	s.setFlow(v, nil) // it is for once
	customer := flow.Customer
	if err == nil && flow.As != as {
		err = &oidc.Refusal{Why: "the browser left for another provider"}
	}
	var p Person
	if err == nil {
		p, err = s.admitted(v, customer, flow)
	}
	refusal, refused := errors.AsType[*oidc.Refusal](err)
	switch {
	case errors.Is(err, oidc.ErrDown):
		s.log.Warn("sign-in provider", "customer", customer, "err", err)
		return errProviderDown
	case refused:
		if err := s.countFailed(v, refusals, unbelieved); err != nil {
			return err
		}
		s.log.Info("sign-in refused", "customer", customer, "why", refusal.Why, "source", v.source)
		return errNotAdmitted
	case err != nil:
		return err
	}
	home := "/overview"
	if p.Customer != "" {
		home = "/portal"
	}
	return v.redirect(within(flow.Next, home))
}

// refusals is the kind of answers that are not believed, beside links.
const refusals = "answers of providers"

// locked refuses a source whose answers were not believed too often, before its
// provider is asked about another one.
func (s *Server) locked(v *visit) error {
	return s.Store.Nobody(v.Context(), func(tx store.Tx) error {
		wait, err := tx.Wait(v.Context(), failures(v, refusals), unbelieved, v.Now)
		if wait > 0 {
			return tooMany(v, wait)
		}
		return err
	})
}

// flowCookie is the name of what a browser keeps while its person is at a provider.
func (s *Server) flowCookie() string {
	if s.secure() {
		return "__Host-landlord_oidc"
	}
	return "landlord_oidc"
}

// setFlow has the browser keep a sealed flow; nil has it forget.
func (s *Server) setFlow(v *visit, sealed []byte) {
	age := -1
	if sealed != nil {
		age = 15 * 60 // longer than it counts
	}
	http.SetCookie(v.w, &http.Cookie{Name: s.flowCookie(), Value: base64.RawURLEncoding.EncodeToString(sealed), Path: "/", MaxAge: age,
		HttpOnly: true, Secure: s.secure(), SameSite: http.SameSiteLaxMode})
}

// flow is what v's browser kept.
func (s *Server) flow(v *visit) (f oidc.Flow, err error) {
	none := &oidc.Refusal{Why: "the browser did not leave for a provider"}
	c, err := v.Cookie(s.flowCookie())
	if err != nil {
		return f, none
	}
	sealed, err := base64.RawURLEncoding.DecodeString(c.Value)
	if err != nil {
		return f, none
	}
	text, err := s.OIDC.Key.Open(sealed, oidc.ForFlow, "")
	if err != nil {
		return f, none
	}
	return f, json.Unmarshal(text, &f)
}
