package simaws

import (
	"errors"
	"net/http"
	"strings"
)

// controlPath begins the paths that are simaws's own, not AWS's.
const controlPath = "/_simaws/"

// control answers a request to simaws itself, and false to any other. The
// caller holds the lock.
func (s *Server) control(r *http.Request) (answer, bool) {
	if !strings.HasPrefix(r.URL.Path, controlPath) {
		return answer{}, false
	}
	now := s.now()
	a := answer{status: http.StatusOK, kind: "application/json", date: now, id: requestID(s.world.seed, s.world.count.Requests)}
	var out any
	var err error
	switch r.Method + " " + strings.TrimPrefix(r.URL.Path, controlPath) {
	case "GET metrics":
		out = s.metrics
	case "GET mail":
		out = s.world.mailbox()
	case "POST reset":
		// A page in somebody's browser must not wipe the state.
		if err = new(http.CrossOriginProtection).Check(r); err != nil {
			a.status = http.StatusForbidden
		} else if err = s.reset(); err != nil {
			a.status = http.StatusInternalServerError
		}
	default:
		a.status, err = http.StatusNotFound, errors.New("simaws has GET "+controlPath+"metrics, GET "+controlPath+"mail and POST "+controlPath+"reset")
	}
	if err != nil {
		out = struct {
			Message string `json:"message"`
		}{err.Error()}
	}
	if out != nil {
		a.body, _ = encodeJSON(out) // counts and texts are always JSON
	}
	return a, true
}

// reset brings everything back to what New made of the same settings without
// a state, and empties the state.
func (s *Server) reset() error {
	cfg := s.cfg
	cfg.ManagementAccount, cfg.ManagementEmail = s.world.management, s.world.email
	w, err := newWorld(cfg, newLedger())
	if err != nil {
		return err
	}
	if s.log != nil {
		if err := s.log.empty(w); err != nil {
			s.stranded = err
			return err
		}
	}
	s.world, s.buckets, s.metrics, s.faults, s.stranded = w, buckets{}, newMetrics(), nil, nil
	if err := s.furnish(true); err != nil {
		return err
	}
	return s.inject(s.cfg.Faults)
}
