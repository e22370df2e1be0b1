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
//	Mail     sends a letter
//	Log      what people are not told
//	API      answers /api/, and finds out itself whose a token is
//
// Sign-in is by OpenID Connect, where OIDC names a provider, and by one-time links. Asking for one only writes to the outbox, in the
// same words and the same time whoever asks; SendLinks, a step of a loop, finds
// whose address it is and mails. Link makes one that is not mailed, for whoever
// starts a house that has no mail yet.
package web

import (
	"context"
	"errors"
	"fmt"
	"html/template"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"sync/atomic"

	"landlord/internal/clock"
	"landlord/internal/pace"
	programs "landlord/service/api"
	"landlord/service/control"
	"landlord/service/mail"
	"landlord/service/oidc"
	"landlord/service/proof"
	"landlord/service/store"
	"landlord/service/whatif"
	"landlord/simulate"
	"landlord/vend/plan"
)

// Config is what a Server works with.
type Config struct {
	Store   *store.Store
	Control Control // may be nil where Store has no operator's login: the portal needs none
	Clock   clock.Clock
	Base    *url.URL
	Mail    func(context.Context, mail.Letter) error
	Log     *slog.Logger

	House        string                                                     // who runs it; "landlord" if nobody says
	Target       string                                                     // portfolio.Simulated or portfolio.AWS
	AccessPortal string                                                     // where people sign in to AWS with their company's account; "" if nowhere
	Estimate     func(context.Context, []plan.Step) (simulate.Range, error) // optional: how long a plan would take
	API          http.Handler                                               // optional
	Tokens       Tokens                                                     // what a token for API looks like; without it none are made
	Metrics      http.Handler                                               // optional: answers /metrics
	OpenAPI      http.Handler                                               // optional: answers /openapi.json
	Reference    []programs.Group                                           // what /docs/api shows
	OIDC         *oidc.Config                                               // optional: the providers that people sign in with
	Proxies      []netip.Prefix                                             // whose X-Forwarded-For is believed
	Resolver     proof.Resolver                                             // of DNS; the machine's if nil
	Rates        Rates                                                      // of pages; none if zero
	Studies      *whatif.Studies                                            // simulates; its own if nil
}

// Tokens are the tokens of an API.
type Tokens struct {
	New    func(customer string) (token string, hash []byte)
	Scopes func(role string) []string // that a token of somebody of that role may have
}

// Server answers requests.
type Server struct {
	Config
	log     *slog.Logger
	pages   map[string]*template.Template
	assets  assets
	handler http.Handler
	clients *oidc.Clients
	parsed  atomic.Pointer[parsedFolio]
	looks   control.Looks
	meters  *pace.Meters

	undeclared strangers
}

// New returns a server of c.
func New(c Config) (*Server, error) {
	if c.Store == nil || c.Clock == nil || c.Base == nil || c.Mail == nil || c.Log == nil {
		return nil, errors.New("web: Store, Clock, Base, Mail and Log are required")
	}
	s := &Server{Config: c, log: c.Log, clients: oidc.NewClients(c.Clock), meters: pace.NewMeters()}
	if s.Resolver == nil {
		s.Resolver = net.DefaultResolver
	}
	if s.Studies == nil {
		s.Studies = whatif.New()
	}
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
	if err := cross.AddTrustedOrigin(c.Base.Scheme + "://" + c.Base.Host); err != nil {
		return nil, fmt.Errorf("base address %s: %w", c.Base, err)
	}
	cross.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.fail(s.visit(w, r), errElsewhere) }))
	s.handler = secured(s.secure(), s.legible(cross.Handler(mux)))
	return s, nil
}

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
