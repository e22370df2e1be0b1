package api

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"landlord/internal/limits"
	"landlord/internal/nearest"
	"landlord/internal/pace"
	"landlord/service/control"
	"landlord/service/store"
)

// Scopes of a token.
const (
	Read      = "read"      // all that operators see
	Portfolio = "portfolio" // change the portfolio, ask for runs, take findings in
	Accounts  = "accounts"  // suspend, resume and close customers' accounts
	Customers = "customers" // change customers' people, contacts and domains
	Billing   = "billing"   // take in what AWS charged; issue, settle and credit invoices
	People    = "people"    // change operators
	Audit     = "audit"     // read the audit log
	Tokens    = "tokens"    // make and end tokens, see and end sessions, of the same person
	Own       = "own"       // a customer's: read what is its own
	Manage    = "manage"    // a customer's: change its people, contacts and domains
)

// says is what each scope lets a token do.
var says = map[string]string{
	Read: "read all that operators see", Portfolio: "change the portfolio, ask for runs, take findings in", Accounts: "suspend, resume and close customers' accounts", Customers: "change customers' people, contacts and domains",
	Billing: "take in what AWS charged; issue, settle and credit invoices", People: "change operators", Audit: "read the audit log", Tokens: "make and end your tokens, see and end your sessions",
	Own: "read what is yours", Manage: "change your people, contacts and domains",
}

// Says is what a scope lets a token do, in words.
func Says(scope string) string { return says[scope] }

// may is what each role may have in a token.
var may = map[string][]string{
	"owner":    {Read, Portfolio, Accounts, Customers, Billing, People, Audit, Tokens},
	"engineer": {Read, Portfolio, Accounts, Customers, Audit, Tokens},
	"billing":  {Read, Billing, Tokens},
	"support":  {Read, Customers, Tokens},
	"auditor":  {Read, Audit, Tokens},
	"admin":    {Own, Manage, Tokens},
	"member":   {Own, Tokens},
}

// Scopes are those that a token of somebody of that role may have, in order.
func Scopes(role string) []string { return slices.Clone(may[role]) }

// A token is what its kind is, the customer it is of and a secret; only its hash is
// kept. The kind lets scanners of leaked secrets know it.
const (
	operatorToken = "landlord_op_"
	customerToken = "landlord_cu_"
)

// NewSecret returns a new token of an operator, or of a customer's people, and the
// hash it is kept by.
func NewSecret(customer string) (token string, hash []byte) {
	token = operatorToken + rand.Text()
	if customer != "" {
		token = customerToken + customer + "." + rand.Text()
	}
	return token, Hash(token)
}

// Hash is what is kept of a token.
func Hash(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}

// caller is whom a request is from.
type caller struct {
	who    store.Who
	id     string // the token's
	token  string // its name
	secret string
	person string // an address
	scopes []string
	ends   time.Time // the token does
	source string
}

// by is the caller as the audit log and runs have it, who is answered once.
func (c caller) by() control.By {
	kind := store.ByToken
	if c.who.Customer != "" {
		kind = store.ByMember // whom of its own people it was, the customer reads
	}
	return control.By{Kind: kind, Name: c.person + " (" + c.token + ")", Source: c.source, Also: doneOnce}
}

type callerKey struct{}

func from(ctx context.Context) caller {
	c, _ := ctx.Value(callerKey{}).(caller)
	return c
}

const scheme = "token"

// needs is what an operation asks of a token.
func needs(scope string) []map[string][]string { return []map[string][]string{{scheme: {scope}}} }

// admitted lets requests through that have a token that is good, in its measure.
func (a *API) admitted(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		now := a.Clock.Now()
		source := a.Source(r)
		kind, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		if !strings.EqualFold(kind, "Bearer") || token == "" {
			w.Header().Set("WWW-Authenticate", `Bearer realm="landlord"`)
			write(w, huma.Error401Unauthorized("this needs a token, in the header Authorization: Bearer"))
			return
		}
		// Whoever guesses is slowed down before the database is asked.
		if wait := a.rates.Wait("from "+pace.Network(source), now, perSource); wait > 0 {
			slow(w, wait)
			return
		}
		c, err := a.known(r.Context(), strings.TrimSpace(token), now)
		switch {
		case errors.Is(err, store.ErrNotFound), errors.Is(err, store.ErrNoOperator):
			w.Header().Set("WWW-Authenticate", `Bearer realm="landlord", error="invalid_token"`)
			write(w, huma.Error401Unauthorized("the token is not one of this house, has expired or was ended"))
			return
		case err != nil:
			write(w, a.problem(err))
			return
		}
		if wait := a.rates.Wait("of "+c.who.Customer+"."+c.id, now, perToken); wait > 0 {
			slow(w, wait)
			return
		}
		c.source, c.secret = source, strings.TrimSpace(token)
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), callerKey{}, c)))
	})
}

// known is whose a token is, and what it may do now: a scope that its person's
// role has lost is lost.
func (a *API) known(ctx context.Context, token string, now time.Time) (c caller, err error) {
	hash := Hash(token)
	if rest, is := strings.CutPrefix(token, customerToken); is {
		customer, _, _ := strings.Cut(rest, ".")
		err = a.Store.Customer(ctx, customer, func(tx store.Tx) error {
			t, err := tx.UseToken(ctx, customer, hash, now)
			if err != nil {
				return err
			}
			m, err := tx.Member(ctx, customer, t.Who.ID)
			if err != nil || m.DisabledAt != nil {
				return errors.Join(store.ErrNotFound, err)
			}
			c = callerOf(t, m.Email, m.Role)
			return nil
		})
		return c, err
	}
	err = a.Store.Operator(ctx, func(tx store.Tx) error {
		t, err := tx.UseToken(ctx, "", hash, now)
		if err != nil {
			return err
		}
		p, err := tx.Person(ctx, t.Who.ID)
		if err != nil || p.DisabledAt != nil {
			return errors.Join(store.ErrNotFound, err)
		}
		c = callerOf(t, p.Email, p.Role)
		return nil
	})
	return c, err
}

// lookAgain is how often it is looked whether a token that listens to a stream still
// may.
const lookAgain = 2 * time.Second

// staying is ctx until the token of the request ends, or loses the scope.
func (a *API) staying(ctx context.Context, scope string) (context.Context, context.CancelFunc) {
	c := from(ctx)
	ctx, end := context.WithCancel(ctx)
	go func() {
		for a.Clock.Sleep(ctx, lookAgain) == nil {
			now, err := a.known(ctx, c.secret, a.Clock.Now())
			if errors.Is(err, store.ErrNotFound) || err == nil && !slices.Contains(now.scopes, scope) {
				end()
			}
		}
	}()
	return ctx, end
}

// callerOf is whom a token is of, who has that address and role now.
func callerOf(t store.Token, email, role string) caller {
	c := caller{who: t.Who, id: t.ID, token: t.Name, ends: t.ExpiresAt, person: email}
	for _, s := range may[role] {
		if slices.Contains(t.Scopes, s) {
			c.scopes = append(c.scopes, s)
		}
	}
	return c
}

// scoped refuses what the token's scopes do not hold. Whichever customer an address
// names, for a customer's token it is that customer.
func (a *API) scoped(ctx huma.Context, next func(huma.Context)) {
	c := from(ctx.Context())
	has := c.scopes
	if c.who.Customer != "" {
		r, _ := humago.Unwrap(ctx)
		r.SetPathValue("key", c.who.Customer)
	}
	for _, need := range ctx.Operation().Security {
		for _, s := range need[scheme] {
			if !slices.Contains(has, s) {
				_ = huma.WriteErr(a.huma, ctx, http.StatusForbidden, "the token lacks the scope "+s)
				return
			}
		}
	}
	next(ctx)
}

// legible refuses query parameters that cannot be read, that are there twice or that
// the operation does not take: a filter that is written wrong would otherwise answer
// with everything.
func (a *API) legible(ctx huma.Context, next func(huma.Context)) {
	var takes []string
	for _, p := range ctx.Operation().Parameters {
		if p.In == "query" {
			takes = append(takes, p.Name)
		}
	}
	u := ctx.URL()
	var wrong []error
	given, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		wrong = append(wrong, &huma.ErrorDetail{Message: err.Error(), Location: "query"})
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if slices.Contains(takes, name) {
			if n := len(given[name]); n > 1 {
				wrong = append(wrong, &huma.ErrorDetail{Message: fmt.Sprintf("it is there %d times; only one would count", n), Location: "query." + name})
			}
			continue
		}
		fault := "there is no such parameter"
		if near := nearest.Of(name, takes); near != "" {
			fault += fmt.Sprintf("; did you mean %q?", near)
		} else if len(takes) > 0 {
			fault += "; there are " + strings.Join(takes, ", ")
		}
		wrong = append(wrong, &huma.ErrorDetail{Message: fault, Location: "query." + name})
	}
	if len(wrong) > 0 {
		_ = huma.WriteErr(a.huma, ctx, http.StatusUnprocessableEntity, "the query has what this does not take; nothing was done", wrong...)
		return
	}
	next(ctx)
}

// How much one token, and one network address, may ask of one replica.
var (
	perToken  = limits.Bucket{Rate: 20, Burst: 100}
	perSource = limits.Bucket{Rate: 50, Burst: 200}
)

// slow tells when to come again.
func slow(w http.ResponseWriter, wait time.Duration) {
	w.Header().Set("Retry-After", seconds(wait))
	write(w, huma.NewError(http.StatusTooManyRequests, "too many requests; Retry-After says when to come again"))
}

func seconds(wait time.Duration) string {
	return strconv.Itoa(int((wait + time.Second - 1) / time.Second))
}

// lateError is a problem that says when to come again.
type lateError struct {
	*huma.ErrorModel
	wait time.Duration
}

// GetHeaders is for huma.
func (e lateError) GetHeaders() http.Header { return http.Header{"Retry-After": {seconds(e.wait)}} }

// later refuses what may be done again after wait.
func later(wait time.Duration, why string) error {
	return lateError{&huma.ErrorModel{Status: http.StatusTooManyRequests, Title: "Too Many Requests", Detail: why}, wait}
}
