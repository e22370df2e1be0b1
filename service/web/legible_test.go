package web

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"landlord/portfolio"
	programs "landlord/service/api"
	"landlord/service/control"
	"landlord/service/store"
)

// faults keeps what is logged as an error.
type faults struct {
	slog.Handler
	mu    sync.Mutex
	lines []string
}

func (f *faults) Enabled(_ context.Context, l slog.Level) bool { return l >= slog.LevelError }

func (f *faults) Handle(_ context.Context, r slog.Record) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	line := r.Message
	r.Attrs(func(a slog.Attr) bool { line += " " + a.String(); return true })
	f.lines = append(f.lines, line)
	return nil
}

func (f *faults) take() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	lines := f.lines
	f.lines = nil
	return lines
}

// whole is a house with its API, whose errors are kept, and somebody of each kind
// with a cookie and a token.
type wholeHouse struct {
	*house
	faults *faults
	people []asker
}

type asker struct {
	role          string
	cookie, token string
}

func buildWhole(t testing.TB) *wholeHouse {
	t.Helper()
	h := &wholeHouse{house: build(t).assess(), faults: &faults{Handler: slog.DiscardHandler}}
	log := slog.New(h.faults)
	c, err := control.New(control.Config{Store: h.store, Clock: h.clock, Log: log, Reach: func(context.Context, *portfolio.Portfolio, ...string) (control.World, error) {
		return nil, errors.New("there is no AWS here")
	}})
	if err != nil {
		t.Fatal(err)
	}
	config := h.Config
	config.Log, config.Tokens, config.Proxies = log, Tokens{New: programs.NewSecret, Scopes: programs.Scopes}, []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}
	config.Resolver = nowhere{}
	made := programs.New(programs.Config{Store: h.store, Control: c, Clock: h.clock, Log: log, Version: "test", Source: func(r *http.Request) string { return h.Source(r) }})
	config.API, config.OpenAPI = made, http.HandlerFunc(made.OpenAPI)
	if h.Server, err = New(config); err != nil {
		t.Fatal(err)
	}
	h.web.Config.Handler = h.Server
	h.people = []asker{{role: "nobody"}}
	for _, k := range kinds[1:] {
		a := asker{role: k.role.String()}
		address, _ := url.Parse(h.web.URL)
		for _, c := range h.signedIn(k.who).client.Jar.Cookies(address) {
			a.cookie = c.Name + "=" + c.Value
		}
		token, hash := programs.NewSecret(k.who.Customer)
		a.token = token
		open := h.store.Operator
		if k.who.Customer != "" {
			open = func(ctx context.Context, do func(store.Tx) error) error {
				return h.store.Customer(ctx, k.who.Customer, do)
			}
		}
		err := open(t.Context(), func(tx store.Tx) error {
			return tx.NewToken(t.Context(), store.Token{Who: k.who, ID: newID(), Name: "test", Hash: hash, Scopes: programs.Scopes(a.role), CreatedAt: testNow, ExpiresAt: testNow.Add(sessionLasts)})
		})
		if err != nil {
			t.Fatal(err)
		}
		h.people = append(h.people, a)
	}
	return h
}

// nowhere is a DNS that has nothing.
type nowhere struct{}

func (nowhere) LookupTXT(context.Context, string) ([]string, error) { return nil, nil }

// ask has the server answer a request as it came over the wire.
func (h *wholeHouse) ask(who asker, method, target, kind, body string, header ...string) *httptest.ResponseRecorder {
	r := &http.Request{Method: method, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)), Host: h.Base.Host, RemoteAddr: "192.0.2.7:4711", RequestURI: target, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1}
	var err error
	if r.URL, err = url.ParseRequestURI(target); err != nil {
		return nil // net/http answers 400 before anything of ours
	}
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	if who.cookie != "" {
		r.Header.Set("Cookie", who.cookie)
	}
	if who.token != "" {
		r.Header.Set("Authorization", "Bearer "+who.token)
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// TestIllegible: what no database keeps as text is answered as the mistake that it
// is, and nobody is woken for it.
func TestIllegible(t *testing.T) {
	h := buildWhole(t)
	const form, js = "application/x-www-form-urlencoded", "application/json"
	owner, admin := h.people[1], h.people[6]
	for name, c := range map[string]struct {
		who                        asker
		method, target, kind, body string
		header                     []string
		want                       int
	}{
		"NUL in a path":                    {owner, "GET", "/customers/a%00b", "", "", nil, 404},
		"bad UTF-8 in a path":              {owner, "GET", "/runs/%ff%fe", "", "", nil, 404},
		"NUL in the path of a stranger":    {asker{}, "GET", "/signin/a%00b", "", "", nil, 404},
		"NUL in a path of the portal":      {admin, "GET", "/portal/domains/a%00.example", "", "", nil, 404},
		"NUL in a path of the API":         {owner, "GET", "/api/v1/customers/a%00b", "", "", nil, 404},
		"NUL in a query":                   {owner, "GET", "/customers?q=a%00b", "", "", nil, 400},
		"bad UTF-8 in a query":             {owner, "GET", "/audit?actor=%c3%28", "", "", nil, 400},
		"NUL in a query of the API":        {owner, "GET", "/api/v1/customers?q=%00", "", "", nil, 400},
		"NUL in a parameter's name":        {owner, "GET", "/customers?a%00=b", "", "", nil, 400},
		"NUL in a form":                    {owner, "POST", "/customers/acme/contacts", form, "email=a%00@b.example&role=other", nil, 400},
		"bad UTF-8 in a form":              {owner, "POST", "/settings/tokens", form, "name=%ff", nil, 400},
		"NUL in the form of a stranger":    {asker{}, "POST", "/signin", form, "email=a@b.example&next=/%00", nil, 400},
		"NUL in a form of several parts":   {owner, "POST", "/settings/tokens", "multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\na\x00b\r\n--x--\r\n", nil, 400},
		"a form that is none":              {owner, "POST", "/settings/tokens", form, "name=%zz", nil, 400},
		"a form that is too much":          {owner, "POST", "/settings/tokens", form, "name=" + strings.Repeat("a", mostForm), nil, 413},
		"a stranger's that is too much":    {asker{}, "POST", "/signin", form, "email=" + strings.Repeat("a", mostForm), nil, 413},
		"an address to go on to, too long": {asker{}, "POST", "/signin", form, "email=a@b.example&next=/" + strings.Repeat("a", 40_000), nil, 303},
		"NUL in JSON":                      {owner, "PUT", "/api/v1/customers/acme/contacts/a@b.example", js, `{"name":"a\u0000b","role":"other"}`, nil, 422},
		"bad UTF-8 in a key":               {owner, "POST", "/api/v1/runs", js, `{"kind":"verify"}`, []string{"Idempotency-Key", "a\xff"}, 400},
		"bad UTF-8 in a token":             {asker{token: "landlord_cu_a\xff.b"}, "GET", "/api/v1/me", "", "", nil, 401},
		"bad UTF-8 in a cookie":            {asker{cookie: "landlord_customer=\xff\xfe.x"}, "GET", "/portal", "", "", nil, 303},
		"a proxy that lies":                {owner, "POST", "/settings/tokens", form, "name=mine", []string{"X-Forwarded-For", "\xff\xfe, 198.51.100.3"}, 422},
		"a browser that is none":           {owner, "GET", "/settings", "", "", []string{"User-Agent", "\xff\xfe"}, 200},
	} {
		t.Run(name, func(t *testing.T) {
			w := h.ask(c.who, c.method, c.target, c.kind, c.body, c.header...)
			if w.Code != c.want {
				t.Errorf("answers %d, want %d: %.300s", w.Code, c.want, w.Body)
			}
			if w.Header().Get("Content-Security-Policy") == "" {
				t.Error("answers without the policy")
			}
			if lines := h.faults.take(); len(lines) > 0 {
				t.Errorf("is logged as an error: %q", lines)
			}
		})
	}
}

// FuzzRequest: whatever bytes come to whichever address, from whomever, no answer is
// a fault of ours, none lacks the policy, and no error is logged.
func FuzzRequest(f *testing.F) {
	for seed := range uint64(20) {
		f.Add(seed)
	}
	h := buildWhole(f)
	var addresses []string
	for _, rt := range h.routes() {
		addresses = append(addresses, rt.pattern)
	}
	h.api(f, func(method, path string) { addresses = append(addresses, method+" "+path) })
	f.Fuzz(func(t *testing.T, seed uint64) {
		r := rand.New(rand.NewPCG(seed, 0))
		for range 40 {
			h.clock.Advance(30 * time.Millisecond) // nobody is told to wait
			who := h.people[r.IntN(len(h.people))]
			method, path, both := strings.Cut(addresses[r.IntN(len(addresses))], " ")
			if !both {
				method, path = http.MethodGet, method
			}
			if strings.HasSuffix(path, "/events") || strings.HasSuffix(path, "signout") || strings.HasPrefix(path, "/simulation") {
				continue // one has no end, one ends the asker, one takes every core
			}
			if r.IntN(10) == 0 {
				method = []string{"GET", "POST", "PUT", "DELETE", "OPTIONS", "HEAD", "PATCH", "TRACE", "BREW"}[r.IntN(9)]
			}
			for strings.Contains(path, "{") {
				before, rest, _ := strings.Cut(path, "{")
				_, after, _ := strings.Cut(rest, "}")
				path = before + url.PathEscape(odd(r)) + after
			}
			target := path
			if r.IntN(2) == 0 {
				target += "?" + pairs(r)
			}
			kind, body := "", ""
			switch r.IntN(4) {
			case 0:
				kind, body = "application/x-www-form-urlencoded", pairs(r)
			case 1:
				kind, body = "application/json", object(r)
			case 2:
				kind, body = odd(r), odd(r)
			}
			w := h.ask(who, method, target, kind, body, "Idempotency-Key", odd(r), "X-Forwarded-For", odd(r), "HX-Request", odd(r), "Sec-Fetch-Site", "same-origin")
			if w == nil {
				continue
			}
			if w.Code == http.StatusTooManyRequests && method == http.MethodGet {
				t.Errorf("seed %d: %s %s as %s is told to wait: nothing behind it is tried", seed, method, path, who.role)
			}
			fault := w.Code >= 500 && !strings.Contains(w.Body.String(), "there is no AWS here")
			if lines := h.faults.take(); fault || len(lines) > 0 || w.Header().Get("Content-Security-Policy") == "" {
				t.Errorf("seed %d: %s %s %q %.200q as %s answers %d, policy %q; logged %q\n%.300s", seed, method, target, kind, body, who.role, w.Code, w.Header().Get("Content-Security-Policy"), lines, w.Body)
			}
		}
	})
}

// api tells of every operation of the API.
func (h *wholeHouse) api(t testing.TB, each func(method, path string)) {
	t.Helper()
	w := httptest.NewRecorder()
	h.OpenAPI.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/openapi.json", nil))
	var doc struct{ Paths map[string]map[string]any }
	if err := json.Unmarshal(w.Body.Bytes(), &doc); err != nil || len(doc.Paths) == 0 {
		t.Fatalf("the document has %d paths, %v", len(doc.Paths), err)
	}
	for path, operations := range doc.Paths {
		for method := range operations {
			each(strings.ToUpper(method), path)
		}
	}
}

// odd is a text that somebody might send: right, almost right, or no text at all.
func odd(r *rand.Rand) string {
	known := []string{"", "acme", "startup", "owner", "admin", "member", "engineer", "other", "billing", "a@b.example", "admin@acme.example", "acme.example", "1", "-1", "0", "99999999999999999999", "9223372036854775807",
		"2147483648", "\x00", "\xff", "a\x00b", "é", "\u202e", "%", "_", "\\", "'", "\"", "null", "true", "\n", "..", ".", "/", "//x", "next", "-name", "dark", "on", "fintech", runID, "landlord_op_x", "😀", strings.Repeat("a", 300), strings.Repeat("é", 3000), strings.Repeat("a b ", 40)}
	if r.IntN(6) > 0 {
		return known[r.IntN(len(known))]
	}
	b := make([]byte, r.IntN(20))
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return string(b)
}

// names are what forms and queries of the house call their parts.
var names = []string{"q", "email", "role", "name", "id", "next", "page", "before", "version", "text", "base", "note", "confirm", "digest", "confirmed", "scope", "days", "domain", "customer", "actor", "action", "tier", "region", "framework", "state", "health", "sort", "columns",
	"change", "theme", "limit", "cursor", "kind", "scopes", "disabled", "verified", "add", "of", "code", "state", "iss", "error"}

func pairs(r *rand.Rand) string {
	values := url.Values{}
	for range r.IntN(6) {
		values.Add(names[r.IntN(len(names))], odd(r))
	}
	return values.Encode()
}

func object(r *rand.Rand) string {
	o := map[string]any{}
	for range r.IntN(5) {
		switch name := names[r.IntN(len(names))]; r.IntN(5) {
		case 0:
			o[name] = []string{odd(r), odd(r)}
		case 1:
			o[name] = r.IntN(400) - 20
		default:
			o[name] = odd(r)
		}
	}
	b, _ := json.Marshal(o)
	return string(b)
}
