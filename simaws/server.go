// Package simaws is a simulated AWS: Organizations, the tags of its resources,
// the quota of its accounts (Service Quotas), names and contacts of accounts
// (Account Management), and as much of STS as leads into an account. Requests
// come in as bytes in AWS's own protocols, from any client; answers go out the
// same way, with AWS's ids, errors, quotas, request rates and delays, on a clock
// of the caller's choice and from one seed.
//
// Whose a call is, its access key says: a session's until it ends, a configured
// caller's, the id of an account for that account's administrator, and any other
// key that is no session's for the management account's administrator.
//
// Beside AWS's services it answers requests of its own:
//
//	GET  /_simaws/metrics  JSON: {"calls":{operation: n},"throttles":{operation: n},"faults":{kind: n}}
//	GET  /_simaws/mail     JSON: the codes that AWS would have sent by e-mail
//	POST /_simaws/reset    back to the beginning, with the same seed and settings;
//	                       the state file is emptied too
//
// With Faults it goes wrong as AWS does: see FaultKind. The state stays true.
//
// Beside the organization it has as much of its accounts as compliance checks
// look at: package estate.
//
// It does not own what it judges: it shares no type with the program that calls
// it, but for the evaluator of policies. It checks no signature.
package simaws

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"

	"landlord/guard/guardrail"
	"landlord/internal/clock"
	"landlord/internal/limits"
	"landlord/org"
)

// Config is how a simulated AWS is set up.
type Config struct {
	Profile           Profile
	Seed              uint64
	Clock             clock.Clock       // nil: the wall clock
	ManagementAccount string            // account id; "" is 111122223333
	ManagementEmail   string            // "" is management@example.com
	Organization      bool              // a new one starts with an organization: all features, no policy type enabled
	Quotas            limits.Quotas     // counts and sizes; the zero value is AWS's present ones
	AccountQuota      int               // accounts an organization may have; 0 is the most that AWS grants
	AccountIDs        map[string]string // e-mail: id of the account to be created with it
	IdentityRegion    string            // where the organization's instance of IAM Identity Center is; "" is us-east-1
	QuotaDelay        time.Duration     // how long a requested increase of it takes to be granted
	Outside           []OutsideAccount  // accounts outside the organization
	Callers           map[string]string // access key: the IAM policy of a user of the management account
	State             string            // file that keeps everything; "" keeps nothing
	Look              bool              // the State stays as it is: what changes, the time too, is forgotten at Close
	Faults            *Faults           // what goes wrong; nil is nothing
}

// Server is a simulated AWS. It is safe for concurrent use.
type Server struct {
	clock clock.Clock
	cfg   Config

	mu       sync.Mutex
	world    *world
	buckets  buckets
	metrics  Metrics
	faults   *injector // nil: nothing goes wrong
	log      *log      // nil: nothing is kept
	last     time.Time
	stranded error // why the state can no longer be kept
}

// Metrics counts calls by operation, and faults.
type Metrics struct {
	Calls     map[string]int `json:"calls"`     // all calls
	Throttled map[string]int `json:"throttles"` // those refused for being too fast
	Faults    map[string]int `json:"faults"`    // what went wrong that nobody asked for, by kind
}

func newMetrics() Metrics { return Metrics{map[string]int{}, map[string]int{}, map[string]int{}} }

// New returns a simulated AWS. With a State that exists it goes on from there;
// then a management account that cfg does not name is the state's, and one that
// it does name must be.
func New(cfg Config) (*Server, error) {
	s, err := open(cfg)
	if err != nil {
		return nil, fmt.Errorf("simulated AWS: %w", err)
	}
	return s, nil
}

func open(cfg Config) (*Server, error) {
	s := &Server{clock: cfg.Clock, cfg: cfg, buckets: buckets{}, metrics: newMetrics()}
	if s.clock == nil {
		s.clock = clock.Real()
	}
	book, err := newLedger(), error(nil)
	if cfg.State != "" {
		if s.log, book, err = openLog(cfg.State, cfg.Look); err != nil {
			return nil, err
		}
	}
	s.last = book.at
	if s.world, err = newWorld(cfg, book); err != nil {
		return nil, errors.Join(err, s.log.unlock())
	}
	if s.log != nil {
		if err := s.log.start(s.world, book); err != nil {
			return nil, errors.Join(err, s.log.unlock())
		}
	}
	if err := s.furnish(book.at.IsZero()); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	if err := s.inject(cfg.Faults); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// furnish makes what a world has before the first call, and keeps it.
func (s *Server) furnish(isNew bool) error {
	if isNew && s.cfg.Organization {
		s.world.foundOrganization(s.now(), "ALL")
	}
	if s.world.change.empty() {
		return nil
	}
	s.now()
	return s.keep()
}

// newWorld returns the world of a configuration, as far as a ledger tells.
func newWorld(cfg Config, book *ledger) (*world, error) {
	who, err := book.owner(cfg)
	if err != nil {
		return nil, err
	}
	w := (&world{
		profile: cfg.Profile, seed: who.Seed, management: who.Management, email: who.Email,
		quotas: cfg.Quotas, quotaDelay: cfg.QuotaDelay, identityRegion: cmp.Or(cfg.IdentityRegion, "us-east-1"),
		wanted: map[string]string{}, reserved: map[string]bool{who.Management: true}, callers: map[string]guardrail.Document{},
	}).blank()
	for _, email := range slices.Sorted(maps.Keys(cfg.AccountIDs)) {
		id := cfg.AccountIDs[email]
		if !org.AccountID(id).Valid() || w.reserved[id] {
			return nil, fmt.Errorf("account id %q of %s: want 12 digits that no other account has", id, email)
		}
		w.wanted[foldEmail(email)], w.reserved[id] = id, true
	}
	for _, key := range slices.Sorted(maps.Keys(cfg.Callers)) {
		d, err := guardrail.ParseDocument([]byte(cfg.Callers[key]))
		if err != nil {
			return nil, fmt.Errorf("caller %s: %w", key, err)
		}
		w.callers[key] = d
	}
	if w.quotas == (limits.Quotas{}) {
		w.quotas = limits.Present()
	}
	w.quota = cmp.Or(cfg.AccountQuota, w.quotas.AccountsGranted)
	if err := book.build(w); err != nil {
		return nil, err
	}
	return w, w.addOutside(cfg.Outside)
}

// ServeHTTP answers a call when its latency has passed on the clock. The call
// takes effect when it arrives.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a, took, err := s.answer(r)
	if took > 0 && s.clock.Sleep(r.Context(), took) != nil {
		return // nobody waits for it any more
	}
	if err != nil {
		panic(http.ErrAbortHandler) // the server closes the connection
	}
	maps.Copy(w.Header(), a.header())
	w.WriteHeader(a.status)
	w.Write(a.body) // a client that is gone needs no answer
}

// RoundTrip answers a call at once and says how long it would have taken. It
// is for callers in the same process, in virtual time.
func (s *Server) RoundTrip(r *http.Request) (*http.Response, time.Duration, error) {
	if r.Body != nil {
		defer r.Body.Close()
	}
	if err := r.Context().Err(); err != nil {
		return nil, 0, err
	}
	a, took, err := s.answer(r)
	if err != nil {
		return nil, took, err
	}
	return &http.Response{
		Status: http.StatusText(a.status), StatusCode: a.status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: a.header(), Body: io.NopCloser(bytes.NewReader(a.body)), ContentLength: int64(len(a.body)),
		Request: r,
	}, took, nil
}

// answer lets a request take effect and returns its answer, and how long that
// takes from now. A refusal comes as fast as a read. The error says that the
// connection was cut.
func (s *Server) answer(r *http.Request) (answer, time.Duration, error) {
	c, cred, err := decode(r)
	s.mu.Lock()
	defer s.mu.Unlock()
	if a, own := s.control(r); own {
		return a, 0, nil
	}
	w := s.world
	c.now = s.now()
	w.count.Requests++
	c.id = requestID(w.seed, w.count.Requests)
	took := w.profile.Read
	var out any
	var cut bool
	if err == nil {
		w.advance(c.now)
		c.key, c.who = cred.key, w.identify(cred.key)
		if err = w.admit(&c); err == nil {
			out, err, cut = s.serve(&c)
		}
		s.count(&c, err)
		if c.met == "" || c.fault != nil || c.met == StaleRead || faultKinds[c.met].after {
			w.record(&c, err)
		}
		if err == nil {
			took = w.profile.CallLatency(c.rated())
		}
		if kept := s.keep(); kept != nil {
			out, err = nil, kept
		}
		if cut {
			return answer{}, took, err
		}
	}
	a := encode(&c, out, err)
	a.date = c.now.Add(took)
	return a, took, nil
}

// count notes a call of an operation that there is.
func (s *Server) count(c *call, err error) {
	if _, ok := c.service.operations[c.operation]; !ok {
		return
	}
	operation := c.rated()
	s.metrics.Calls[operation]++
	if f, ok := err.(*fault); ok && f.throttled {
		s.metrics.Throttled[operation]++
	}
}

// now is the moment of a call. It never goes back, whatever the clock does.
func (s *Server) now() time.Time {
	if t := s.clock.Now().UTC(); t.After(s.last) {
		s.last = t
	}
	return s.last
}

// keep writes what changed to the state. Once that fails the state no longer
// tells the truth, and every later call fails.
func (s *Server) keep() error {
	if s.faults != nil && s.stranded == nil {
		s.stranded = s.faults.past.note(s.world.change, s.world.count, s.last)
	}
	if s.log == nil {
		s.world.change = change{}
		return s.stranded
	}
	if s.stranded == nil {
		s.stranded = s.log.append(s.world, s.last)
	}
	return s.stranded
}

// Now is the time on the simulated AWS's clock.
func (s *Server) Now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now()
}

// LastTime is the latest time that this simulated AWS saw, also before a
// restart: a virtual clock should start there. It is zero if it never saw one.
func (s *Server) LastTime() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.last
}

// Metrics returns what was counted so far.
func (s *Server) Metrics() Metrics {
	s.mu.Lock()
	defer s.mu.Unlock()
	return Metrics{maps.Clone(s.metrics.Calls), maps.Clone(s.metrics.Throttled), maps.Clone(s.metrics.Faults)}
}

// Close lets go of the state file.
func (s *Server) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.log == nil {
		return nil
	}
	if s.stranded == nil {
		s.stranded = errors.New("simulated AWS: closed")
	}
	return s.log.close(s.last)
}
