package web

import (
	"net/netip"
	"slices"
	"time"

	"landlord/internal/limits"
	"landlord/internal/pace"
	"landlord/service/store"
)

// How often somebody may try before waiting. The replicas of a house count
// together.
var (
	askedFrom    = store.Bound{Most: 20, Within: 15 * time.Minute} // links asked for by one source
	askedForFrom = store.Bound{Most: 5, Within: 15 * time.Minute}  // links asked for one address by one source
	askedFor     = store.Bound{Most: 15, Within: 15 * time.Minute} // links asked for one address
	failed       = store.Bound{Most: 10, Within: 15 * time.Minute} // links that do not work, by one source
	unbelieved   = store.Bound{Most: 60, Within: 15 * time.Minute} // answers of providers that are not believed, by one source
)

// Rates are how much one source of requests and one session may ask of a replica.
// A bucket that does not limit is none.
type Rates struct{ Source, Session limits.Bucket }

// Generous are rates that people do not notice: a search as they type asks seven
// times a second, and a whole office may share an address.
var Generous = Rates{Source: limits.Bucket{Rate: 100, Burst: 1000}, Session: limits.Bucket{Rate: 20, Burst: 200}}

// unpaced are the addresses that Rates do not count: what pages load and machines
// ask for. The API has rates of its own.
var unpaced = []string{"GET /static/", "GET /healthz", "GET /readyz", "GET /metrics", "GET /openapi.json", "/api/"}

// pacedSource refuses a source that asks for more than Rates let it. One on this
// machine is its user, or a proxy that nobody said is to be believed: behind it
// are all, and only their sessions tell them apart.
func (s *Server) pacedSource(v *visit, pattern string) error {
	if at, err := netip.ParseAddr(v.source); err == nil && at.IsLoopback() || slices.Contains(unpaced, pattern) {
		return nil
	}
	if wait := s.meters.Wait("source "+pace.Network(v.source), v.Now, s.Rates.Source); wait > 0 {
		return slowDown(v, wait)
	}
	return nil
}

// pacedSession refuses a session that asks for more.
func (s *Server) pacedSession(v *visit) error {
	if v.Person.Session == "" {
		return nil
	}
	if wait := s.meters.Wait("session "+v.Person.Customer+"."+v.Person.Session, v.Now, s.Rates.Session); wait > 0 {
		return slowDown(v, wait)
	}
	return nil
}
