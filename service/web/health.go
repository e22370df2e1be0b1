package web

import (
	"io"
	"net/http"
)

// healthz says that the process answers.
func (s *Server) healthz(v *visit) error { return plain(v, http.StatusOK, "ok\n") }

// readyz says whether what it stands on answers too.
func (s *Server) readyz(v *visit) error {
	if err := s.Store.Ping(v.Context()); err != nil {
		s.log.Warn("not ready", "err", err)
		return plain(v, http.StatusServiceUnavailable, "not ready: the database does not answer\n")
	}
	return plain(v, http.StatusOK, "ready\n")
}

func (s *Server) metrics(v *visit) error { return other(v, s.Metrics) }

func (s *Server) openAPI(v *visit) error { return other(v, s.OpenAPI) }

// other has a handler answer that is not ours, if there is one.
func other(v *visit, h http.Handler) error {
	if h == nil {
		return errNotHere
	}
	h.ServeHTTP(v.w, v.Request)
	return nil
}

func plain(v *visit, status int, text string) error {
	v.Header().Set("Content-Type", "text/plain; charset=utf-8")
	v.w.WriteHeader(status)
	_, _ = io.WriteString(v.w, text) // the reader may be gone
	return nil
}
