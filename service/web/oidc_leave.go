package web

import (
	"encoding/base64"
	"net/http"
	"time"

	"landlord/service/oidc"
)

// mostKept is how long a cookie may be. Source: RFC 6265, section 6.1: 4,096 bytes with
// its name and attributes.
const mostKept = 3800

type signedOutPage struct {
	shell
	To string // where the provider signs out
}

// leaveCookie is the name of what a browser keeps of a sign-in by a provider, until
// its person signs out.
func (s *Server) leaveCookie(customer bool) string { return s.cookieName(customer) + "_provider" }

// setLeave has the browser keep the ID token of a sign-in, sealed for that session
// alone, so that signing out ends it at the provider too; p of nobody has it forget.
// Of a token that is too long for a cookie it keeps only that there was one: then the
// provider asks who it is that signs out.
func (s *Server) setLeave(v *visit, customer bool, p Person, token string) {
	value, age := "", -1
	if p.Session != "" {
		seal := func(text string) string {
			return base64.RawURLEncoding.EncodeToString(s.OIDC.Key.Seal([]byte(text), oidc.ForLeave, claimed(p.Customer, p.Session)))
		}
		if value, age = seal(token), int(sessionLasts.Seconds()); len(value) > mostKept {
			value = seal("")
		}
	}
	http.SetCookie(v.w, &http.Cookie{Name: s.leaveCookie(customer), Value: value, Path: "/", MaxAge: age, HttpOnly: true, Secure: s.secure(), SameSite: http.SameSiteLaxMode})
}

// farewell is the address at which v's person, who signs out, signs out of their
// provider too; "" if they did not come by one, or it has none or does not answer.
func (s *Server) farewell(v *visit) string {
	c, err := v.Cookie(s.leaveCookie(v.Person.Customer != ""))
	if err != nil || s.OIDC == nil {
		return ""
	}
	s.setLeave(v, v.Person.Customer != "", Person{}, "")
	sealed, err := base64.RawURLEncoding.DecodeString(c.Value)
	if err != nil {
		return ""
	}
	token, err := s.OIDC.Key.Open(sealed, oidc.ForLeave, claimed(v.Person.Customer, v.Person.Session))
	if err != nil {
		return "" // of a session before this one
	}
	s.setLeft(v, v.Person.Customer != "", true)
	t, err := s.trusted(v.Context(), v.Person.Customer)
	if err != nil {
		return ""
	}
	to, err := s.clients.Leave(v.Context(), t.Provider, string(token), s.Base.JoinPath("signin").String())
	if err != nil {
		s.log.Warn("sign out at the provider", "customer", v.Person.Customer, "err", err)
	}
	return to
}

// leftLasts is how long a browser keeps that somebody signed out: longer than
// providers know people without asking.
const leftLasts = 365 * 24 * time.Hour

// leftCookie is the name of what a browser keeps of a sign-out, until somebody signs
// in by a provider.
func (s *Server) leftCookie(customer bool) string { return s.cookieName(customer) + "_left" }

// setLeft has the browser keep that its person, who came by a provider, signed out:
// the provider, which may know them still, then asks who it is that comes. It holds
// also where the provider has no address to sign out at, or nobody went there.
func (s *Server) setLeft(v *visit, customer, left bool) {
	value, age := "", -1
	if left {
		value, age = "1", int(leftLasts.Seconds())
	}
	if !left && !s.left(v, customer) {
		return
	}
	http.SetCookie(v.w, &http.Cookie{Name: s.leftCookie(customer), Value: value, Path: "/", MaxAge: age, HttpOnly: true, Secure: s.secure(), SameSite: http.SameSiteLaxMode})
}

// left tells whether somebody signed out in v's browser and nobody signed in by a
// provider since.
func (s *Server) left(v *visit, customer bool) bool {
	c, err := v.Cookie(s.leftCookie(customer))
	return err == nil && c.Value != ""
}
