package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/mail"
	"net/url"
	"strings"
	"time"

	"landlord/internal/pace"
	"landlord/service/store"
)

type signInPage struct {
	shell
	Email    field
	Next     string
	Provider string // where operators sign in with theirs; "" if nowhere
}

type sentPage struct {
	shell
	Address string
}

type linkPage struct {
	shell
	Fault string
	Next  string
}

// signInFor is where somebody signs in who then goes on to what r asks for.
func signInFor(r *http.Request) string {
	next := within(r.URL.RequestURI(), "/")
	if r.Method != http.MethodGet || next == "/" {
		return "/signin"
	}
	return "/signin?" + url.Values{"next": {next}}.Encode()
}

// signIn asks for the address.
func (s *Server) signIn(v *visit) error {
	return s.render(v, "signin", s.signInPage(v, emailField("", ""), within(v.FormValue("next"), "")))
}

func (s *Server) signInPage(v *visit, email field, next string) signInPage {
	p := signInPage{shell: s.shell(v, "Sign in"), Email: email, Next: next}
	if s.byProvider() {
		p.Provider = "/signin/oidc"
		if next != "" {
			p.Provider += "?" + url.Values{"next": {next}}.Encode()
		}
	}
	return p
}

// AskedKind is the kind of the outbox's messages that ask for a link.
const AskedKind = "sign-in"

// asked is the payload of such a message.
type asked struct {
	Email   string `json:"email"`
	Next    string `json:"next,omitempty"`
	Source  string `json:"source"`
	Invited bool   `json:"invited,omitempty"` // by somebody else; nobody waits before a page
	By      string `json:"by,omitempty"`      // the colleague who invited; "" for whoever runs the house
}

// askLink writes down that a link was asked for, whoever's the address is. What
// it answers and how long that takes do not depend on whether it is known.
func (s *Server) askLink(v *visit) error {
	typed, next := strings.TrimSpace(v.PostFormValue("email")), within(v.PostFormValue("next"), "")
	address, fault := addressOf(typed)
	if fault != "" {
		return s.renderStatus(v, http.StatusUnprocessableEntity, "signin", s.signInPage(v, emailField(typed, fault), next))
	}
	payload, err := json.Marshal(asked{Email: address, Next: next, Source: v.source})
	if err != nil {
		return err
	}
	err = s.Store.Nobody(v.Context(), func(tx store.Tx) error {
		if err := s.try(v, tx, "links from "+pace.Network(v.source), askedFrom); err != nil {
			return err
		}
		if err := s.try(v, tx, "links for "+address+" from "+pace.Network(v.source), askedForFrom); err != nil {
			return err
		}
		if err := s.try(v, tx, "links for "+address, askedFor); err != nil {
			return err
		}
		return tx.Ask(v.Context(), AskedKind, payload, v.Now)
	})
	if err != nil {
		return fmt.Errorf("ask for a link: %w", err)
	}
	return v.redirect("/signin/sent")
}

// addressOf is the e-mail address that was typed, as the store compares it.
func addressOf(typed string) (address, fault string) {
	if typed == "" {
		return "", "Type your e-mail address."
	}
	a, err := mail.ParseAddress(typed)
	if err != nil || a.Name != "" || len(typed) > 254 {
		return "", "This is no e-mail address. It looks like name@company.example."
	}
	return strings.ToLower(a.Address), ""
}

// sent says what happens next; it says the same whoever's the address is.
func (s *Server) sent(v *visit) error {
	return s.render(v, "sent", sentPage{s.shell(v, "Look in your mail"), "your address"})
}

// link shows the button that uses a link up. It does not look whether the link
// works: what reads mail may follow it, and learns nothing.
func (s *Server) link(v *visit) error {
	return s.render(v, "link", linkPage{shell: s.shell(v, "Sign in"), Next: within(v.FormValue("next"), "")})
}

// useLink signs in.
func (s *Server) useLink(v *visit) error {
	p, err := s.begin(v, v.PathValue("link"))
	if errors.Is(err, store.ErrNotFound) || errors.Is(err, store.ErrNoOperator) {
		if err := s.countFailed(v, AskedKind, failed); err != nil {
			return err
		}
		return s.renderStatus(v, http.StatusForbidden, "link", linkPage{shell: s.shell(v, "This link does not work"),
			Fault: "It was used already, it is older than 15 minutes, or a part of it is missing."})
	}
	if err != nil {
		return err
	}
	home := "/overview"
	if p.Customer != "" {
		home = "/portal"
	}
	return v.redirect(within(v.PostFormValue("next"), home))
}

// failures names what of a kind, from v's source, did not work.
func failures(v *visit, kind string) string {
	return "failed " + kind + " from " + pace.Network(v.source)
}

// countFailed keeps that something of a kind did not work, and refuses a source that
// has that too often. It comes after the look: who has what works is let in, whoever
// else tries from where they are.
func (s *Server) countFailed(v *visit, kind string, b store.Bound) error {
	return s.Store.Nobody(v.Context(), func(tx store.Tx) error { return s.try(v, tx, failures(v, kind), b) })
}

// try counts a try of who, or refuses.
func (s *Server) try(v *visit, tx store.Tx, who string, b store.Bound) error {
	wait, err := tx.Try(v.Context(), who, b, v.Now)
	if wait > 0 {
		return tooMany(v, wait)
	}
	return err
}

// signOut ends the session that the page was seen in, and leads on to the provider that
// began it, if there is one.
func (s *Server) signOut(v *visit) error {
	err := s.scope(v.Context(), v.Person.Customer, func(tx store.Tx) error {
		if err := tx.EndSession(v.Context(), v.Person.who(), v.Person.Session, v.Now); err != nil {
			return err
		}
		return s.record(v, tx, act{did: "session.leave", customer: v.Person.Customer})
	})
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	s.setCookie(v, v.Person.Customer != "", "", 0)
	to := s.farewell(v)
	if to == "" {
		return v.redirect("/signin")
	}
	v.Person, v.customer = Person{}, ""
	// A redirect would be an answer to the form, which the policy keeps here.
	v.Header().Set("Refresh", "1; url="+to)
	return s.render(v, "signedout", signedOutPage{s.shell(v, "You are signed out here"), to})
}

// home leads to where somebody works.
func (s *Server) home(v *visit) error {
	if v.Person.Is(operators) {
		return v.redirect("/overview")
	}
	return v.redirect("/portal")
}

// Link makes a one-time link for somebody and returns its address. It is not
// mailed: whoever started the house hands it over.
func (s *Server) Link(ctx context.Context, who store.Who, next string) (string, error) {
	var link string
	err := s.Store.Operator(ctx, func(tx store.Tx) (err error) {
		link, err = s.newLink(ctx, tx, who, next, s.Clock.Now())
		return err
	})
	return link, err
}

func (s *Server) newLink(ctx context.Context, tx store.Tx, who store.Who, next string, now time.Time) (string, error) {
	text, hash := secret()
	if err := tx.NewLink(ctx, store.Link{Who: who, Hash: hash, CreatedAt: now, ExpiresAt: now.Add(linkLasts)}); err != nil {
		return "", fmt.Errorf("make a link: %w", err)
	}
	address := s.Base.JoinPath("signin", claimed(who.Customer, text))
	if next != "" {
		address.RawQuery = url.Values{"next": {next}}.Encode()
	}
	return address.String(), nil
}
