package web

import (
	"net/http"
	"net/url"
)

type signInPage struct {
	shell
	Email field
	Next  string
}

type sentPage struct {
	shell
	Address string
}

type linkPage struct {
	shell
	Fault string
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
	return s.render(v, "signin", signInPage{s.shell(v, "Sign in"), emailField("", ""), within(v.FormValue("next"), "")})
}

// sent says what happens next; it says the same whoever's the address is.
func (s *Server) sent(v *visit) error {
	return s.render(v, "sent", sentPage{s.shell(v, "Look in your mail"), "the address"})
}
