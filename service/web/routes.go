package web

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"runtime/debug"
	"strings"
)

// A route is an address, who may use it, and what answers.
type route struct {
	pattern string // as http.ServeMux has it
	who     Role
	do      func(*visit) error
}

// routes is every address of the house. Nothing answers that is not here.
func (s *Server) routes() []route {
	return []route{
		{"GET /healthz", anybody, s.healthz},
		{"GET /readyz", anybody, s.readyz},
		{"GET /metrics", anybody, s.metrics},
		{"GET /openapi.json", anybody, s.openAPI},
		{"GET /static/", anybody, s.static},
		{"POST /theme", anybody, s.chooseTheme},
		{"GET /signin", anybody, s.signIn},
		{"GET /signin/sent", anybody, s.sent},
		{"/", operators | customers, s.nothing},
	}
}

// serve answers a route: whose request it is, whether they may, then the
// handler. A panic is a fault of ours like any other.
func (s *Server) serve(rt route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v := s.visit(w, r)
		defer func() {
			if fault := recover(); fault != nil && fault != http.ErrAbortHandler {
				s.fail(v, fmt.Errorf("panic: %v\n%s", fault, debug.Stack()))
			}
		}()
		if !v.Person.Is(rt.who) {
			if v.Person.Is(Nobody) {
				s.fail(v, errSignIn)
				return
			}
			s.fail(v, errRefused)
			return
		}
		if err := rt.do(v); err != nil {
			s.fail(v, err)
		}
	})
}

// visit is r as handlers see it.
func (s *Server) visit(w http.ResponseWriter, r *http.Request) *visit {
	return &visit{Request: r, w: w, Now: s.Clock.Now(), source: s.source(r)}
}

type personKey struct{}

// From is whom the request of ctx is from, in the handler of Config.API.
func From(ctx context.Context) Person {
	p, _ := ctx.Value(personKey{}).(Person)
	return p
}

// source is the network address that r came from: the connection's, or what a
// proxy that is believed says.
func (s *Server) source(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0 && s.believed(host); i-- {
		if hop := strings.TrimSpace(hops[i]); hop != "" {
			host = hop
		}
	}
	return host
}

func (s *Server) believed(host string) bool {
	at, err := netip.ParseAddr(host)
	if err != nil {
		return false
	}
	for _, p := range s.Proxies {
		if p.Contains(at.Unmap()) {
			return true
		}
	}
	return false
}

// nothing answers where there is no page.
func (s *Server) nothing(*visit) error { return errNotHere }
