package web

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"landlord/service/store"
)

// problem is an answer that is not what was asked for: what went wrong and
// what helps, for people as a page, for programs as RFC 9457.
type problem struct {
	Status int    `json:"status"`
	Title  string `json:"title"`
	Detail string `json:"detail"`
	ID     string `json:"instance,omitempty"` // by which the log is searched
}

func (p problem) Error() string { return fmt.Sprintf("%d %s: %s", p.Status, p.Title, p.Detail) }

// What requests meet. What is somebody else's is not here, in the same words as
// what nobody has.
var (
	errNotHere = problem{Status: http.StatusNotFound, Title: "Nothing here for you",
		Detail: "There is no page at this address, or it is not yours to see."}
	errRefused = problem{Status: http.StatusForbidden, Title: "Not yours to see",
		Detail: "Your role does not include this. If it should, ask whoever invited you."}
	errSignIn = problem{Status: http.StatusUnauthorized, Title: "Sign in first",
		Detail: "This needs a session or a token."}
	errElsewhere = problem{Status: http.StatusForbidden, Title: "Asked from elsewhere",
		Detail: "This was sent by a page of another site, so nothing was done. Open the page here and send it again."}
)

// What requests bring that cannot be taken.
var (
	errIllegible = problem{Status: http.StatusBadRequest, Title: "This cannot be read",
		Detail: "What was sent holds characters that are no text, so nothing was done. Type it anew and send it again."}
	errLarge = problem{Status: http.StatusRequestEntityTooLarge, Title: "This is too much",
		Detail: "What was sent is larger than this page takes, so nothing was done."}
)

// errAway is that what everything stands on does not answer.
var errAway = problem{Status: http.StatusServiceUnavailable, Title: "The house cannot reach its database",
	Detail: "Nothing is lost, and what runs goes on where it can. Try again in a moment."}

// errFull is that the database has no room to write.
var errFull = problem{Status: http.StatusInsufficientStorage, Title: "The house has no room left",
	Detail: "The disk of its database is full, so this was not done. Nothing is lost. Whoever runs the house has to make room; then send it again."}

// away tells whether the database does not answer.
func (s *Server) away(v *visit) bool {
	return s.Store.Ping(v.Context()) != nil && v.Context().Err() == nil
}

// tooMany is the answer to who tries too often.
func tooMany(v *visit, wait time.Duration) problem {
	return later(v, wait, "Too many tries", "A link that you already have works meanwhile.")
}

// slowDown is the answer to who asks for more than people do.
func slowDown(v *visit, wait time.Duration) problem {
	return later(v, wait, "Too many pages at once", "Nothing is lost. A program has the API for this.")
}

func later(v *visit, wait time.Duration, title, comfort string) problem {
	seconds := int((wait + time.Second - 1) / time.Second)
	v.Header().Set("Retry-After", strconv.Itoa(seconds))
	return problem{Status: http.StatusTooManyRequests, Title: title, Detail: "Wait " + span(time.Duration(seconds)*time.Second) + ", then try again. " + comfort}
}

// fail answers v with what went wrong. People are told a sentence and an id;
// the log has the whole.
func (s *Server) fail(v *visit, err error) {
	p, told := errors.AsType[problem](err)
	if !told && store.Full(err) {
		p, told = errFull, true
		s.log.Error("the database has no room", "path", v.URL.Path, "err", err)
	}
	if !told && store.Illegible(err) {
		p, told = errIllegible, true
	}
	if !told && (store.Away(err) || s.away(v)) {
		p, told = errAway, true
		s.log.Warn("the database does not answer", "path", v.URL.Path, "err", err)
	}
	if !told {
		p = problem{Status: http.StatusInternalServerError, Title: "That did not work", ID: rand.Text()[:8],
			Detail: "The fault is ours, and it is written down. Try again; if it stays, tell us the number below."}
		s.log.Error("request", "id", p.ID, "method", v.Method, "path", v.URL.Path, "person", v.Person.Email, "err", err)
	}
	if p.Status == http.StatusUnauthorized && !api(v.Request) && v.Method == http.MethodGet {
		_ = v.redirect(signInFor(v.Request))
		return
	}
	if api(v.Request) {
		v.Header().Set("Content-Type", "application/problem+json")
		v.w.WriteHeader(p.Status)
		_ = json.NewEncoder(v.w).Encode(p)
		return
	}
	if err := s.renderStatus(v, p.Status, "problem", problemPage{s.shell(v, p.Title), p}); err != nil {
		s.log.Error("page of a problem", "path", v.URL.Path, "err", err)
		http.Error(v.w, p.Title+". "+p.Detail, p.Status)
	}
}

type problemPage struct {
	shell
	Problem problem
}
