package web

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"landlord/internal/clock"
	"landlord/service/oidc"
	"landlord/service/oidc/oidctest"
	"landlord/service/store"
)

// sso is a house where operators sign in with one provider, and the people of
// startup and of acme with one each.
type sso struct {
	*house
	config    *oidc.Config
	providers map[string]*oidctest.Provider // by customer; "" for the operators'
	logged    *logged
}

// logged is everything that the house logs.
type logged struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// clientSecret stands in no log and no page.
const clientSecret = "a secret of the client"

// buildSSO builds one. Its time is the wall's: zitadel's provider knows no other.
func buildSSO(t *testing.T) *sso {
	t.Helper()
	s := &sso{house: build(t), providers: map[string]*oidctest.Provider{}, logged: &logged{}}
	s.clock = clock.NewVirtual(clock.Real().Now())
	s.config = &oidc.Config{Key: oidc.Key{1, 2, 3}, Customers: map[string]oidc.Customer{}}
	for _, customer := range []string{"", "startup", "acme"} {
		p := oidctest.New(t)
		back := []string{s.web.URL + "/signin/oidc/back", s.web.URL + "/other"}
		if customer != "" {
			back[0] += "/" + customer
		}
		p.Client("landlord", clientSecret, customer == "acme", back...)
		p.Client("another", clientSecret, false, back...)
		s.providers[customer] = p
		of := oidc.Provider{Issuer: p.Issuer, Client: "landlord", Secret: clientSecret, Claim: "groups"}
		if customer == "" {
			s.config.Operators = &oidc.Operators{Provider: of, Domains: []string{"msp.example"},
				Roles: []oidc.Mapped{{Role: "owner", Groups: []string{"owners"}}, {Role: "engineer", Groups: []string{"platform", "sre"}}, {Role: "auditor", Groups: []string{"audit"}}}}
			continue
		}
		c := oidc.Customer{Provider: of}
		if customer == "startup" {
			c.Roles = []oidc.Mapped{{Role: "admin", Groups: []string{"it"}}, {Role: "member", Groups: []string{"staff"}}}
		}
		s.config.Customers[customer] = c
	}
	s.serve(nil)
	s.logins()
	return s
}

// serve has the house served with the present configuration, and store if it is
// another.
func (s *sso) serve(other *store.Store) {
	s.t.Helper()
	config := s.Config
	config.Clock, config.OIDC, config.Log = s.clock, s.config, slog.New(slog.NewTextHandler(io.MultiWriter(s.logged, s.t.Output()), &slog.HandlerOptions{Level: slog.LevelDebug}))
	if other != nil {
		config.Store, config.Control = other, nil
	}
	server, err := New(config)
	if err != nil {
		s.t.Fatal(err)
	}
	s.Server = server
	s.web.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.ServeHTTP(w, r) })
}

// logins keeps the providers of customers.
func (s *sso) logins() {
	s.t.Helper()
	if err := s.KeepProviders(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
}

// enter is where somebody of a customer, or an operator, begins to sign in.
func (s *sso) enter(customer string) string {
	if customer == "" {
		return "/signin/oidc"
	}
	return strings.TrimPrefix(s.door(customer), s.web.URL)
}

// abroad is a browser at providers, with the cookies of v.
func (v *visitor) abroad(address string) (*http.Response, string) {
	v.h.t.Helper()
	r, err := http.NewRequestWithContext(v.h.t.Context(), http.MethodGet, address, nil)
	if err != nil {
		v.h.t.Fatal(err)
	}
	w, err := v.client.Do(r)
	if err != nil {
		v.h.t.Fatal(err)
	}
	defer w.Body.Close()
	b, _ := io.ReadAll(w.Body)
	return w, string(b)
}

// leave has v leave for a provider, and returns the address that it was led to.
func (s *sso) leave(v *visitor, customer string) *url.URL {
	s.t.Helper()
	a := v.get(s.enter(customer))
	to, err := url.Parse(a.header.Get("Location"))
	if err != nil || a.status != http.StatusSeeOther {
		s.t.Fatalf("%s answers %d: %s", s.enter(customer), a.status, a.text())
	}
	return to
}

// password types the password at a provider, and returns where it sends people.
func (s *sso) password(v *visitor, to *url.URL) *url.URL {
	s.t.Helper()
	at := to.String()
	for range 5 {
		w, body := v.abroad(at)
		next, err := w.Location()
		if err != nil {
			s.t.Fatalf("%s answers %d: %s", at, w.StatusCode, body)
		}
		if strings.HasPrefix(next.String(), s.web.URL) {
			return next
		}
		at = next.String()
	}
	s.t.Fatal("the provider leads nowhere")
	return nil
}

// with is an address with another value of its query.
func changed(u *url.URL, key, value string) *url.URL {
	other, q := *u, u.Query()
	q.Set(key, value)
	other.RawQuery = q.Encode()
	return &other
}

// comeBack goes where a provider sends somebody.
func (v *visitor) comeBack(to *url.URL) answer {
	return v.get(to.RequestURI())
}

// dance signs in whoever is at the provider of a customer, the whole way.
func (s *sso) dance(v *visitor, customer string) answer {
	s.t.Helper()
	return v.comeBack(s.password(v, s.leave(v, customer)))
}

// is says who comes next to a provider.
func (s *sso) is(customer string, who oidctest.Person) { s.providers[customer].Is(who) }

// why is the reason of the last refusal in the audit log, and who was refused.
func (s *sso) why(customer string) (why, actor string) {
	s.t.Helper()
	s.operator(func(ctx context.Context, tx store.Tx) error {
		found, err := tx.Entries(ctx, store.EntryQuery{Action: "session.refuse", Customer: customer, Limit: 1})
		if err != nil || len(found) == 0 {
			return err
		}
		var after struct{ Why string }
		actor = found[0].Actor
		err = json.Unmarshal(found[0].After.(json.RawMessage), &after)
		why = after.Why
		return err
	})
	return why, actor
}

// refused checks that a comes from who is refused, in the one wording, without a
// session, for a reason that the audit log has.
func (s *sso) refused(v *visitor, a answer, customer, why string) {
	s.t.Helper()
	if a.status != http.StatusForbidden || !strings.Contains(a.text(), errNotAdmitted.Detail) {
		s.t.Errorf("answers %d: %s", a.status, a.text())
	}
	for _, page := range []string{"/overview", "/portal"} {
		if a := v.get(page); a.status != http.StatusSeeOther {
			s.t.Errorf("who was refused sees %s: %d", page, a.status)
		}
	}
	if got, _ := s.why(customer); why != "" && !strings.Contains(got, why) {
		s.t.Errorf("the audit log says %q, want %q", got, why)
	}
}

// silent checks that the log holds none of some texts.
func (s *sso) silent(secrets ...string) {
	s.t.Helper()
	for _, text := range append(secrets, clientSecret) {
		if text != "" && strings.Contains(s.logged.String(), text) {
			s.t.Errorf("the log has the secret %q", text)
		}
	}
}

var (
	eva  = oidctest.Person{ID: "eva-1", Email: "Engineer@msp.example", Verified: true, Name: "Eva Berg", Groups: []string{"sre"}}
	anna = oidctest.Person{ID: "anna-1", Email: "admin@startup.example", Verified: true, Groups: []string{"it"}}
	carl = oidctest.Person{ID: "carl-1", Email: "member@acme.example", Verified: true}
)

// TestProviderSignsIn: operators and customers' people come in the whole way, to
// where they were going, as who they are; each is written down; out again ends it.
func TestProviderSignsIn(t *testing.T) {
	s := buildSSO(t)
	s.is("", eva)
	v := s.visitor()
	if a := v.get("/signin?next=%2Fcustomers"); !strings.Contains(a.body, `href="/signin/oidc?next=%2Fcustomers"`) {
		t.Errorf("the page of sign-in does not lead to the provider: %s", a.text())
	}
	a := v.get("/signin/oidc?next=%2Fcustomers")
	to, _ := url.Parse(a.header.Get("Location"))
	q := to.Query()
	if q.Get("code_challenge_method") != "S256" || q.Get("state") == "" || q.Get("nonce") == "" || q.Get("response_type") != "code" {
		t.Errorf("the provider is asked %v", q)
	}
	back := s.password(v, to)
	if a := v.comeBack(back); a.status != http.StatusSeeOther || a.header.Get("Location") != "/customers" {
		t.Fatalf("back from the provider: %d %s %s", a.status, a.header.Get("Location"), a.text())
	}
	if a := v.get("/overview"); a.status != http.StatusOK || !strings.Contains(a.text(), "engineer") {
		t.Errorf("signed in, the overview answers %d", a.status)
	}
	if a := v.get("/portal"); a.status != http.StatusForbidden {
		t.Errorf("an operator is let into the portal: %d", a.status)
	}
	for customer, who := range map[string]oidctest.Person{"startup": anna, "acme": carl} { // acme's ID tokens are thin
		s.is(customer, who)
		w := s.visitor()
		if a := s.dance(w, customer); a.status != http.StatusSeeOther || a.header.Get("Location") != "/portal" {
			t.Fatalf("%s: back from the provider: %d %s", customer, a.status, a.text())
		}
		if a := w.get("/portal"); a.status != http.StatusOK || !strings.Contains(a.text(), who.Email) {
			t.Errorf("%s: signed in, the portal answers %d", customer, a.status)
		}
		if a := w.get("/overview"); a.status != http.StatusForbidden {
			t.Errorf("%s: one of a customer's people is let into the console: %d", customer, a.status)
		}
	}
	s.operator(func(ctx context.Context, tx store.Tx) error {
		for _, email := range []string{"engineer@msp.example", anna.Email, carl.Email} {
			found, err := tx.Entries(ctx, store.EntryQuery{Action: "session.begin", Actor: email})
			if err != nil || len(found) != 1 || !strings.Contains(string(found[0].After.(json.RawMessage)), "OpenID Connect") {
				t.Errorf("the audit log has of %s: %v, %v", email, found, err)
			}
		}
		return nil
	})
	if a := v.post("/signout", nil); a.status != http.StatusOK || !strings.Contains(a.text(), "You are signed out here") {
		t.Errorf("signing out answers %d", a.status)
	}
	if a := v.get("/overview"); a.status != http.StatusSeeOther {
		t.Errorf("signed out, the overview answers %d", a.status)
	}
	s.silent(back.Query().Get("code"), q.Get("state"), q.Get("nonce"))
}

// TestAnswersThatAreNotBelieved: whatever does not belong to what this browser
// began, at this provider, for this house, now, signs nobody in.
func TestAnswersThatAreNotBelieved(t *testing.T) {
	s := buildSSO(t)
	s.is("", eva)
	s.is("startup", anna)
	s.is("acme", carl)
	// swap has the provider hand out another ID token than it made.
	swap := func(customer, token string) {
		s.providers[customer].Between(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			if r.URL.Path != "/oauth/token" {
				next.ServeHTTP(w, r)
				return
			}
			held := &heldAnswer{header: http.Header{}, status: http.StatusOK}
			next.ServeHTTP(held, r)
			var said map[string]any
			if json.Unmarshal(held.body.Bytes(), &said) == nil && said["id_token"] != nil {
				said["id_token"] = token
			}
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(held.status)
			_ = json.NewEncoder(w).Encode(said)
		})
	}
	// token is an ID token that a provider really made, for another client or at
	// another provider, with the nonce of to.
	token := func(customer, client string, to *url.URL) string {
		begin, _ := url.Parse(s.providers[customer].Issuer + "/authorize?" + to.RawQuery)
		q := begin.Query()
		q.Del("code_challenge")
		q.Del("code_challenge_method")
		q.Set("client_id", client)
		q.Set("redirect_uri", s.web.URL+"/other")
		begin.RawQuery = q.Encode()
		code := s.password(s.visitor(), begin).Query().Get("code")
		r, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, s.providers[customer].Issuer+"/oauth/token", strings.NewReader(url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {s.web.URL + "/other"}}.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.SetBasicAuth(client, url.QueryEscape(clientSecret))
		w, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer w.Body.Close()
		var said struct {
			Token string `json:"id_token"`
		}
		if err := json.NewDecoder(w.Body).Decode(&said); err != nil || said.Token == "" {
			t.Fatalf("no ID token for %s: %d %v", client, w.StatusCode, err)
		}
		return said.Token
	}
	for _, c := range []struct {
		name, why string
		do        func(v *visitor) (a answer, secret string)
	}{
		{"another state", "state", func(v *visitor) (answer, string) {
			return v.comeBack(changed(s.password(v, s.leave(v, "")), "state", "GUESSED")), ""
		}},
		{"no state", "state", func(v *visitor) (answer, string) {
			return v.comeBack(changed(s.password(v, s.leave(v, "")), "state", "")), ""
		}},
		{"another nonce", "nonce", func(v *visitor) (answer, string) {
			return v.comeBack(s.password(v, changed(s.leave(v, ""), "nonce", "ANOTHER"))), ""
		}},
		{"another verifier's challenge", "invalid_grant", func(v *visitor) (answer, string) {
			return v.comeBack(s.password(v, changed(s.leave(v, ""), "code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"))), ""
		}},
		{"a code of another client", "invalid_grant", func(v *visitor) (answer, string) {
			return v.comeBack(s.password(v, changed(s.leave(v, ""), "client_id", "another"))), ""
		}},
		{"a code that somebody else got", "invalid_grant", func(v *visitor) (answer, string) {
			other := s.visitor()
			stolen := s.password(other, s.leave(other, "")).Query().Get("code")
			return v.comeBack(changed(s.password(v, s.leave(v, "")), "code", stolen)), stolen
		}},
		{"a token for another client", "audience", func(v *visitor) (answer, string) {
			to := s.leave(v, "")
			made := token("", "another", to)
			swap("", made)
			return v.comeBack(s.password(v, to)), made
		}},
		{"a token of another issuer", "signature", func(v *visitor) (answer, string) {
			to := s.leave(v, "")
			made := token("startup", "landlord", to)
			swap("", made)
			return v.comeBack(s.password(v, to)), made
		}},
		{"no token", "ID token", func(v *visitor) (answer, string) {
			swap("", "")
			return v.comeBack(s.password(v, s.leave(v, ""))), ""
		}},
		{"an answer that names another issuer", "another issuer", func(v *visitor) (answer, string) {
			return v.comeBack(changed(s.password(v, s.leave(v, "")), "iss", s.providers["startup"].Issuer)), ""
		}},
		{"the person says no", "access_denied", func(v *visitor) (answer, string) {
			back := changed(s.password(v, s.leave(v, "")), "error", "access_denied")
			return v.comeBack(back), ""
		}},
		{"an error that holds more than a code", "something unknown", func(v *visitor) (answer, string) {
			back := changed(s.password(v, s.leave(v, "")), "error", "no <b>token-4711</b>")
			return v.comeBack(back), "token-4711"
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			outer := s.t
			s.t = t
			defer func() { s.t = outer }()
			v := s.visitor()
			a, secret := c.do(v)
			s.providers[""].Between(nil)
			s.refused(v, a, "", c.why)
			s.silent(secret)
			if secret != "" && strings.Contains(a.body, secret) {
				t.Error("the page has the secret")
			}
			s.forgetTries()
		})
	}
	// What no browser of this house began is nobody's: it is not in the audit log.
	before := s.refusals()
	for name, path := range map[string]string{"out of nowhere": "/signin/oidc/back?code=x&state=y", "of a customer out of nowhere": "/signin/oidc/back/startup?code=x&state=y"} {
		v := s.visitor()
		if a := v.get(path); a.status != http.StatusForbidden {
			t.Errorf("%s: %d", name, a.status)
		}
	}
	// From one provider to the address of another, in the same browser.
	v := s.visitor()
	back := s.password(v, s.leave(v, "acme"))
	for _, path := range []string{"/signin/oidc/back", "/signin/oidc/back/startup"} {
		back.Path = path
		s.refused(v, v.comeBack(back), "", "")
	}
	// Another browser than the one that left.
	v = s.visitor()
	back = s.password(v, s.leave(v, ""))
	other := s.visitor()
	s.refused(other, other.comeBack(back), "", "")
	if after := s.refusals(); after != before {
		t.Errorf("%d refusals of nobody are in the audit log", after-before)
	}
	if a := v.comeBack(back); a.status != http.StatusSeeOther {
		t.Errorf("the browser that left cannot come back any more: %d", a.status)
	}
	// And the same answer a second time: without what the browser kept, and with it.
	w := s.visitor()
	if a := w.comeBack(back); a.status != http.StatusForbidden {
		t.Errorf("a used answer: %d", a.status)
	}
}

// refusals is how many refusals the audit log has.
func (s *sso) refusals() (n int) {
	s.operator(func(ctx context.Context, tx store.Tx) error {
		found, err := tx.Entries(ctx, store.EntryQuery{Action: "session.refuse"})
		n = len(found)
		return err
	})
	return n
}

// TestCodeIsUsedTwice: a thief with everything that the browser had, after it came
// in, does not.
func TestCodeIsUsedTwice(t *testing.T) {
	s := buildSSO(t)
	s.is("", eva)
	v := s.visitor()
	back := s.password(v, s.leave(v, ""))
	base, _ := url.Parse(s.web.URL)
	kept := v.client.Jar.Cookies(base)
	if a := v.comeBack(back); a.status != http.StatusSeeOther {
		t.Fatal(a.status, a.text())
	}
	if left := v.client.Jar.Cookies(base); len(left) != 2 || left[0].Name != "landlord_operator" || left[1].Name != "landlord_operator_provider" {
		t.Errorf("the browser goes on keeping %v", left)
	}
	thief := s.visitor()
	thief.client.Jar, _ = cookiejar.New(nil)
	thief.client.Jar.SetCookies(base, kept)
	s.refused(thief, thief.comeBack(back), "", "invalid_grant")
}

// TestTimeOfTokens: a provider's clock may be off by a minute and no more, and who
// takes too long begins again.
func TestTimeOfTokens(t *testing.T) {
	for _, c := range []struct {
		off time.Duration // by which the house's clock goes before the provider's
		why string        // "" for let in
	}{
		{oidctest.Lifetime + 30*time.Second, ""}, {oidctest.Lifetime + 90*time.Second, "expired"}, {-30 * time.Second, ""}, {-90 * time.Second, "future"}, {11 * time.Minute, "longer than"},
	} {
		t.Run(c.off.String(), func(t *testing.T) {
			s := buildSSO(t)
			s.is("", eva)
			if c.off < 0 {
				s.clock = clock.NewVirtual(clock.Real().Now().Add(c.off))
				s.serve(nil)
			}
			v := s.visitor()
			to := s.leave(v, "")
			if c.off > 0 {
				s.clock.Advance(c.off)
			}
			a := v.comeBack(s.password(v, to))
			if c.why == "" {
				if a.status != http.StatusSeeOther {
					t.Errorf("answers %d", a.status)
				}
				return
			}
			s.refused(v, a, "", c.why)
		})
	}
}
