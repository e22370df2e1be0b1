package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"landlord/internal/clock"
	"landlord/portfolio"
	"landlord/service/api"
	"landlord/service/control"
	"landlord/service/desk"
	"landlord/service/store"
	"landlord/service/store/storetest"
	"landlord/simaws"
	"landlord/vend/blueprint"
	"landlord/vend/cloud"
	"landlord/vend/execute"
)

func TestMain(m *testing.M) { storetest.Main(m) }

type wire struct{ *simaws.Server }

func (w wire) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, _, err := w.Server.RoundTrip(r)
	return answer, err
}

type world struct{ *cloud.Client }

func (world) Rules() execute.Rules { return cloud.Rules(false) }

func (w world) Execute(ctx context.Context, m *execute.Machine, watch func([]execute.Event)) error {
	return execute.Run(ctx, m, w.Client, clock.Real(), watch)
}

// house is a served API and its database.
type house struct {
	t     testing.TB
	store *store.Store
	url   string
	api   *api.API
	dns   map[string][]string // TXT records
	clock *ahead
	asked func(context.Context) // during a transaction that asks for a letter
}

// ahead is the wall's clock, ahead by a while.
type ahead struct {
	clock.Clock
	by atomic.Int64
}

func (a *ahead) Now() time.Time         { return a.Clock.Now().Add(time.Duration(a.by.Load())) }
func (a *ahead) later(by time.Duration) { a.by.Add(int64(by)) }

// until asks the database again and again until is holds.
func (h *house) until(is func(store.Tx) (bool, error)) {
	h.t.Helper()
	for ctx := h.t.Context(); ; {
		holds := false
		err := h.store.Operator(ctx, func(tx store.Tx) (err error) {
			holds, err = is(tx)
			return err
		})
		if err != nil {
			h.t.Fatal(err)
		}
		if holds {
			return
		}
	}
}

// LookupTXT is the DNS of the test.
func (h *house) LookupTXT(_ context.Context, name string) ([]string, error) {
	if texts, is := h.dns[strings.TrimSuffix(name, ".")]; is {
		return texts, nil
	}
	return nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
}

func begin(t testing.TB) *house {
	t.Helper()
	d := storetest.Fresh(t)
	if _, err := control.Migrate(t.Context(), d.URL(store.OwnerRole), clock.Real().Now()); err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(t.Context(), d.Logins())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	profile, _ := simaws.ProfileNamed("instant")
	aws, err := simaws.New(simaws.Config{Profile: profile, Seed: 1, Organization: true})
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	c, err := control.New(control.Config{Store: s, Clock: clock.Real(), Log: log, Works: true, Reach: func(_ context.Context, folio *portfolio.Portfolio, _ ...string) (control.World, error) {
		if folio.Provider.Name == "Unreached" {
			return nil, errors.Join(&net.OpError{Op: "dial", Err: errors.New("AWS cannot be reached: no route to host")})
		}
		return world{cloud.InProcess(wire{aws}, cloud.Options{Clock: clock.Real(), Asks: blueprint.From(folio).Asks})}, nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- c.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-ended })
	h := &house{t: t, store: s, dns: map[string][]string{}, clock: &ahead{Clock: clock.Real()}, asked: func(context.Context) {}}
	support, err := desk.New(t.Context(), desk.Config{Store: s, Clock: h.clock, Log: log, Address: "support@landlord.example", House: "Support"})
	if err != nil {
		t.Fatal(err)
	}
	h.api = api.New(api.Config{Store: s, Control: c, Desk: support, Clock: h.clock, Log: log, Version: "test", Source: func(r *http.Request) string { return r.Header.Get("Test-Source") }, Resolver: h,
		Invite: func(ctx context.Context, tx store.Tx, _ store.Who, _, address, _ string, now time.Time) (time.Duration, error) {
			h.asked(ctx)
			return 0, tx.Ask(ctx, "sign-in", fmt.Appendf(nil, `{"email": %q}`, address), now)
		}})
	server := httptest.NewServer(h.api)
	t.Cleanup(server.Close)
	h.url = server.URL
	return h
}

// token makes an operator of that role, if it is new, and a token of it.
func (h *house) token(role string, scopes ...string) string {
	h.t.Helper()
	secret, hash := api.NewSecret("")
	now := time.Now()
	err := h.store.Operator(h.t.Context(), func(tx store.Tx) error {
		id := "id-" + role
		if err := tx.PutPerson(h.t.Context(), store.Person{ID: id, Email: role + "@example.com", Role: role, CreatedAt: now}); err != nil {
			return err
		}
		return tx.NewToken(h.t.Context(), store.Token{Who: store.Who{ID: id}, ID: secret[len(secret)-8:], Name: "test", Hash: hash, Scopes: scopes, CreatedAt: now, ExpiresAt: now.Add(time.Hour)})
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return secret
}

type answer struct {
	*http.Response
	text []byte
}

func (h *house) ask(token, method, path string, body any, headers ...string) answer {
	h.t.Helper()
	var text io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			h.t.Fatal(err)
		}
		text = bytes.NewReader(b)
	}
	r, err := http.NewRequestWithContext(h.t.Context(), method, h.url+path, text)
	if err != nil {
		h.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	for _, line := range headers {
		k, v, _ := strings.Cut(line, ": ")
		r.Header.Set(k, v)
	}
	got, err := http.DefaultClient.Do(r)
	if err != nil {
		h.t.Fatal(err)
	}
	defer got.Body.Close()
	out, err := io.ReadAll(got.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	return answer{got, out}
}

// want fails the test unless the answer has that status, and reads it into v.
func (h *house) want(a answer, status int, v any) {
	h.t.Helper()
	if a.StatusCode != status {
		h.t.Fatalf("%s %s answers %s, want %d\n%s", a.Request.Method, a.Request.URL.Path, a.Status, status, a.text)
	}
	if status >= 400 && a.Header.Get("Content-Type") != "application/problem+json" {
		h.t.Errorf("%s %s answers a problem as %s", a.Request.Method, a.Request.URL.Path, a.Header.Get("Content-Type"))
	}
	if v != nil {
		if err := json.Unmarshal(a.text, v); err != nil {
			h.t.Fatalf("%v\n%s", err, a.text)
		}
	}
}

const head = `provider: {name: Example, account_email: "aws+{customer}@landlord.example"}
organization: {target: simulated, management_account: "111122223333"}
customers:
`

func text(n int) string {
	var b strings.Builder
	b.WriteString(head)
	for i := range n {
		fmt.Fprintf(&b, "  - {key: c%d, name: Customer %d, tier: standard, contact: c%d@customer.example}\n", i, i, i)
	}
	return b.String()
}

// change is a text, with what it would change, as who pushes it was shown.
func (h *house) change(token, text string) map[string]string {
	h.t.Helper()
	var shown struct{ Confirm string }
	h.want(h.ask(token, "POST", "/api/v1/portfolio/proposals", map[string]string{"text": text}), 200, &shown)
	return map[string]string{"text": text, "confirm": shown.Confirm}
}

// all is every scope.
var all = []string{api.Read, api.Portfolio, api.Accounts, api.Customers, api.Billing, api.People, api.Audit, api.Tokens}
