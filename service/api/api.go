// Package api is the house as programs see it: HTTP and JSON under /api/v1, for all
// that the console does. A request comes in with a token; what it may do is the
// token's scopes, as far as its person's role goes. The OpenAPI document is made
// from the code that answers.
//
// It decides nothing: runs are control's, what is kept is store's.
package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"crypto/rand"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"landlord/internal/clock"
	"landlord/internal/pace"
	"landlord/portfolio"
	"landlord/service/control"
	"landlord/service/desk"
	"landlord/service/proof"
	"landlord/service/store"
	"landlord/service/whatif"
	"landlord/vend/plan"
)

// Config is what an API works with.
type Config struct {
	Store   *store.Store
	Control *control.Control // nil where only the portal is served
	Desk    *desk.Desk       // likewise
	Clock   clock.Clock
	Log     *slog.Logger
	Version string
	// Source is the network address that a request came from.
	Source func(*http.Request) string
	// Invite asks, with a transaction, for a letter with a link that signs in whoever
	// has an address, or returns how long who invited too many has to wait.
	Invite   func(ctx context.Context, tx store.Tx, by store.Who, customer, address, source string, now time.Time) (wait time.Duration, err error)
	Resolver proof.Resolver  // of DNS; the machine's if nil
	Studies  *whatif.Studies // simulates, one at a time; its own if nil
}

// API answers requests below /api/.
type API struct {
	Config
	huma    huma.API
	rates   *pace.Meters
	handler http.Handler
}

// Prefix begins every address of the API.
const Prefix = "/api/v1"

// largest is the most bytes of a request: a portfolio of 10,000 customers is 2 MB.
const largest = 16 << 20

// New returns an API.
func New(cfg Config) *API {
	a := &API{Config: cfg, rates: pace.NewMeters()}
	if a.Resolver == nil {
		a.Resolver = net.DefaultResolver
	}
	if a.Studies == nil {
		a.Studies = whatif.New()
	}
	c := huma.DefaultConfig("landlord", cfg.Version)
	c.OpenAPIPath, c.DocsPath, c.SchemasPath = "", "", ""
	c.CreateHooks = nil // no "$schema" in answers
	c.Info.Description = "Every operation needs a token in the header Authorization: Bearer. Errors are RFC 9457. " +
		"A write with a header Idempotency-Key is done once, however often it is sent. Lists are paged: pass `next` as `cursor`."
	c.Components.SecuritySchemes = map[string]*huma.SecurityScheme{scheme: {Type: "http", Scheme: "bearer", Description: "A token from the console or from POST " + Prefix + "/tokens."}}
	mux := http.NewServeMux()
	a.huma = humago.New(mux, c)
	a.huma.UseMiddleware(a.scoped, a.legible, a.once)
	if cfg.Control != nil {
		a.portfolio()
		a.runs()
		a.customers()
		a.organization()
		a.compliance()
		a.findings()
		a.usage()
		a.overviews()
		a.orders()
		a.onboarding()
		a.invoices()
		a.people()
		a.audit()
		a.desk()
	}
	a.tickets()
	a.contacts()
	a.domains()
	a.members()
	a.tokens()
	a.sessions()
	a.portal()
	a.postures()
	a.customerUsage()
	a.ownInvoices()
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if allowed := methods(mux, r); len(allowed) > 0 {
			w.Header().Set("Allow", strings.Join(allowed, ", "))
			write(w, huma.NewError(http.StatusMethodNotAllowed, r.URL.Path+" takes "+strings.Join(allowed, ", ")+", not "+r.Method))
			return
		}
		write(w, huma.NewError(http.StatusNotFound, "there is nothing at "+r.URL.Path+"; /openapi.json names what there is"))
	})
	a.handler = a.admitted(mux)
	return a
}

// methods are those that there is an operation for at the address of r.
func methods(mux *http.ServeMux, r *http.Request) (allowed []string) {
	for _, method := range []string{http.MethodGet, http.MethodPut, http.MethodPost, http.MethodDelete} {
		other := r.Clone(r.Context())
		other.Method = method
		if _, pattern := mux.Handler(other); strings.HasPrefix(pattern, method+" ") {
			allowed = append(allowed, method)
		}
	}
	return allowed
}

// ServeHTTP answers one request.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	most := int64(largest)
	if r.URL.Path == ImportsPath || r.URL.Path == CostsPath {
		most = FindingsLargest
	}
	r.Body = http.MaxBytesReader(w, r.Body, most)
	defer func() {
		if bug := recover(); bug == http.ErrAbortHandler {
			panic(bug)
		} else if bug != nil {
			write(w, a.problem(fmt.Errorf("panic: %v\n%s", bug, debug.Stack())))
		}
	}()
	a.handler.ServeHTTP(w, r)
}

// OpenAPI answers with the document of the API, OpenAPI 3.1.
func (a *API) OpenAPI(w http.ResponseWriter, _ *http.Request) {
	text, err := a.huma.OpenAPI().MarshalJSON()
	if err != nil {
		write(w, a.problem(err))
		return
	}
	w.Header().Set("Content-Type", "application/vnd.oai.openapi+json;version=3.1")
	_, _ = w.Write(text) // the reader may be gone
}

// write answers with a problem before huma has the request.
func write(w http.ResponseWriter, err huma.StatusError) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(err.GetStatus())
	_ = huma.DefaultJSONFormat.Marshal(w, err) // the reader may be gone
}

// problem makes an error what a caller is told. What is our own fault is told by
// a number that the log has too.
func (a *API) problem(err error) huma.StatusError {
	if told, is := errors.AsType[huma.StatusError](err); is {
		return told
	}
	if faults, is := errors.AsType[*portfolio.Faults](err); is {
		p := &huma.ErrorModel{Status: http.StatusUnprocessableEntity, Title: "Unprocessable Entity", Detail: fmt.Sprintf("the portfolio has %d faults; nothing was changed", len(faults.Faults))}
		for _, f := range faults.Faults {
			p.Errors = append(p.Errors, &huma.ErrorDetail{Message: f.Message, Location: fmt.Sprintf("text:%d:%d", f.Line, f.Column), Value: f.Text})
		}
		return p
	}
	if conflict, is := errors.AsType[*plan.Conflict](err); is {
		p := &huma.ErrorModel{Status: http.StatusConflict, Title: "Conflict", Detail: "what is wanted and what is there contradict each other; a person must say which is right"}
		for _, text := range conflict.Problems {
			p.Errors = append(p.Errors, &huma.ErrorDetail{Message: text})
		}
		return p
	}
	if conflict, is := errors.AsType[*control.ConflictError](err); is {
		return huma.Error409Conflict(conflict.Error())
	}
	if held, is := errors.AsType[*control.HeldError](err); is {
		return huma.Error409Conflict(held.Error())
	}
	if ended, is := errors.AsType[*control.EndedError](err); is {
		return huma.Error409Conflict(ended.Error())
	}
	switch {
	case errors.Is(err, control.ErrChanged):
		return huma.Error409Conflict(err.Error())
	case errors.Is(err, control.ErrName), errors.Is(err, control.ErrOrder):
		return huma.Error422UnprocessableEntity(err.Error())
	case errors.Is(err, store.ErrNotFound):
		return huma.Error404NotFound("there is none of that name, or it is not yours to see")
	case errors.Is(err, store.ErrLastAdmin), errors.Is(err, store.ErrLastOwner):
		return huma.Error409Conflict(err.Error())
	case errors.Is(err, store.ErrTakenOver):
		return huma.Error409Conflict("the same request is being carried out, since this one took more than a minute; nothing was done here")
	case errors.Is(err, store.ErrTaken):
		return huma.Error409Conflict("there is one of that name already")
	case errors.Is(err, desk.ErrSomebodyElses), errors.Is(err, desk.ErrNotQueued), errors.Is(err, desk.ErrKnown):
		return huma.Error409Conflict(err.Error())
	case errors.Is(err, control.ErrKind), errors.Is(err, desk.ErrNothing):
		return huma.Error422UnprocessableEntity(err.Error())
	}
	if store.Illegible(err) {
		return huma.Error422UnprocessableEntity("a text of the request holds NUL, or bytes that are no UTF-8")
	}
	if store.Full(err) {
		a.Log.Error("the database has no room", "error", err)
		return huma.NewError(http.StatusInsufficientStorage, "the disk of the database is full, so this was not done; nothing is lost, send it again when there is room")
	}
	if store.Away(err) || a.Store.Ping(context.Background()) != nil {
		a.Log.Warn("the database does not answer", "error", err)
		return errAway()
	}
	id := rand.Text()[:8]
	a.Log.Error("request of a program", "id", id, "error", err)
	return &huma.ErrorModel{Status: http.StatusInternalServerError, Title: "Internal Server Error", Instance: id, Detail: "the fault is ours, and it is written down under " + id + "; try again"}
}

// errAway is that what everything stands on does not answer.
func errAway() huma.StatusError {
	return huma.Error503ServiceUnavailable("the database does not answer; nothing is lost, try again in a moment")
}

// Page is a part of a list.
type Page[T any] struct {
	Items []T    `json:"items" nullable:"false"`
	Next  string `json:"next,omitempty" doc:"The cursor of the page after this one; missing on the last."`
}

// Paged is how a list is asked for.
type Paged struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"500" default:"50" doc:"The most items of one page."`
	Cursor string `query:"cursor" maxLength:"200" doc:"next of the page before."`
}

// page is the part of a list of at most limit items, of which one more was read.
func page[T any](items []T, limit int, cursor func(T) string) Page[T] {
	p := Page[T]{Items: items}
	if len(items) > limit {
		p.Items = items[:limit]
		p.Next = cursor(items[limit-1])
	}
	if p.Items == nil {
		p.Items = []T{}
	}
	return p
}

// body is an answer of a value.
type body[T any] struct{ Body T }

// readAll answers with a list that is read whole, in the caller's scope.
func readAll[R, T any](ctx context.Context, a *API, of func(R) T, read func(store.Tx) ([]R, error)) (*body[Page[T]], error) {
	var list []T
	err := a.scope(ctx, func(tx store.Tx) error {
		all, err := read(tx)
		for _, r := range all {
			list = append(list, of(r))
		}
		return err
	})
	return answer(a, page(list, len(list), nil), err)
}

// answer is v, or what a caller is told of the error that kept it back.
func answer[T any](a *API, v T, err error) (*body[T], error) {
	if err != nil {
		return nil, a.problem(err)
	}
	return &body[T]{v}, nil
}

// done is what a caller is told of something that has no other answer.
func (a *API) done(err error) error {
	if err != nil {
		return a.problem(err)
	}
	return nil
}
