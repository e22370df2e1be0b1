package web

import (
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
// the portal alone find them, and no others. Their secrets are sealed.
func (s *Server) KeepProviders(ctx context.Context) error {
	if s.OIDC == nil {
		return nil
	}
	var all []store.IdentityProvider
	for _, key := range slices.Sorted(maps.Keys(s.OIDC.Customers)) {
		c := s.OIDC.Customers[key]
		p := store.IdentityProvider{Customer: key, Issuer: c.Issuer, Client: c.Client, Scopes: c.Scopes, Claim: c.Claim, ChangedAt: s.Clock.Now(),
			Secret: s.OIDC.Key.Seal([]byte(c.Secret), oidc.ForSecret, key)}
		for _, m := range c.Roles {
			switch roleOf(m.Role, customers) {
			case Admin:
				p.Admins = m.Groups
			case Member:
				p.Members = m.Groups
			}
		}
		all = append(all, p)
	}
	return s.Store.Operator(ctx, func(tx store.Tx) error { return tx.PutIdentityProviders(ctx, all) })
}

// trusted is whom a server believes about somebody, and what their groups mean.
type trusted struct {
	oidc.Provider
	roles []oidc.Mapped
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
		return trusted{s.OIDC.Operators.Provider, s.OIDC.Operators.Roles}, nil
	}
	var t trusted
	err := s.Store.Customer(ctx, customer, func(tx store.Tx) error {
		p, err := tx.IdentityProvider(ctx, customer)
		if err != nil {
			return err
		}
		t, err = s.unsealed(p)
		return err
	})
	return t, err
}

func (s *Server) unsealed(p store.IdentityProvider) (trusted, error) {
	secret, err := s.OIDC.Key.Open(p.Secret, oidc.ForSecret, p.Customer)
	if err != nil {
		return trusted{}, fmt.Errorf("provider of %s: %w", p.Customer, err)
	}
	t := trusted{Provider: oidc.Provider{Issuer: p.Issuer, Client: p.Client, Secret: string(secret), Scopes: p.Scopes, Claim: p.Claim}}
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
	return s.leave(v, customer)
}

// leave leads to a provider. The browser keeps, sealed, what only it may come back
// with.
func (s *Server) leave(v *visit, customer string) error {
	t, err := s.trusted(v.Context(), customer)
	if err != nil {
		return notHere(err)
	}
	to, flow, err := s.clients.Begin(v.Context(), t.Provider, s.back(customer), customer, within(v.FormValue("next"), ""), s.left(v, customer != ""))
	if errors.Is(err, oidc.ErrDown) {
		s.log.Warn("sign-in provider", "customer", customer, "err", err)
		return errProviderDown
	}
	if err != nil {
		return err
	}
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
	customer := v.PathValue("customer")
	if err := s.locked(v); err != nil {
		return err
	}
	flow, err := s.flow(v)
	s.setFlow(v, nil) // it is for once
	if err == nil && flow.Customer != customer {
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
