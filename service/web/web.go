// Package web is the house as people see it in a browser: the operators'
// console and the customers' portal. Requests come in; pages go out, rendered
// on the server, whole or not at all. One table (routes.go) names every address
// and who may use it. It decides nothing about AWS and keeps nothing: what is
// kept is service/store's, and runs are carried out by whoever implements
// Control.
//
// New takes everything it needs in a Config:
//
//	Store    what is kept; a customer's pages read only inside that customer's scope
//	Control  looks at the organization, plans, starts, stops and follows runs
//	Clock    product time
//	Base     the address that people type; its scheme decides about secure cookies
//	Mail     sends a mail; nil where nobody is written to
//	Log      what people are not told
//	API      answers /api/ for who may (see From); nil answers that there is none
//
// Sign-in is by one-time links. Asking for one only writes to the outbox, in the
// same words and the same time whoever asks; SendLinks, a step of a loop, finds
// whose address it is and mails.
package web

import (
	"context"
	"errors"
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"

	"landlord/internal/clock"
)

// Config is what a Server works with. Fields without a note are required.
type Config struct {
	Clock   clock.Clock
	Base    *url.URL
	House   string // who runs it; "landlord" if nobody says
	Log     *slog.Logger
	API     http.Handler // optional
	Metrics http.Handler // optional: answers /metrics
	OpenAPI http.Handler // optional: answers /openapi.json
	Ready   func(context.Context) error
	Proxies []netip.Prefix // whose X-Forwarded-For is believed
}

// Server answers requests.
type Server struct {
	Config
	log     *slog.Logger
	pages   map[string]*template.Template
	assets  assets
	handler http.Handler
}

// New returns a server of c.
func New(c Config) (*Server, error) {
	if c.Clock == nil || c.Base == nil || c.Log == nil || c.Ready == nil {
		return nil, errors.New("web: Clock, Base, Log and Ready are required")
	}
	s := &Server{Config: c, log: c.Log}
	var err error
	if s.assets, err = newAssets(); err != nil {
		return nil, err
	}
	if s.pages, err = s.parsePages(); err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	for _, r := range s.routes() {
		mux.Handle(r.pattern, s.serve(r))
	}
	cross := http.NewCrossOriginProtection()
	if err := cross.AddTrustedOrigin(origin(c.Base)); err != nil {
		return nil, fmt.Errorf("base address %s: %w", c.Base, err)
	}
	cross.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.fail(s.visit(w, r), errElsewhere) }))
	s.handler = secured(s.secure(), cross.Handler(mux))
	return s, nil
}

func origin(u *url.URL) string { return u.Scheme + "://" + u.Host }

// secure tells whether people reach the house by TLS.
func (s *Server) secure() bool { return s.Base.Scheme == "https" }

func (s *Server) house() string {
	if s.House == "" {
		return "landlord"
	}
	return s.House
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }
