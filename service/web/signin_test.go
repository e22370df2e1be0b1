package web

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"landlord/internal/limits"
	programs "landlord/service/api"
	"landlord/service/mail"
	"landlord/service/store"
)

var linkIn = regexp.MustCompile(`/signin/\S+`)

// ask asks for a link and has the letters sent; it returns the links of the last.
func (h *house) ask(email string) []string {
	h.t.Helper()
	v := h.visitor()
	if a := v.post("/signin", url.Values{"email": {email}}); a.status != http.StatusSeeOther {
		h.t.Fatalf("asking for a link answers %d: %s", a.status, a.text())
	}
	h.letters = nil
	if err := h.SendLinks(h.t.Context(), h.clock.Now()); err != nil {
		h.t.Fatal(err)
	}
	if len(h.letters) == 0 {
		return nil
	}
	return linkIn.FindAllString(h.letters[0].Text, -1)
}

// forgetTries lets everybody try again.
func (h *house) forgetTries() {
	h.operator(func(ctx context.Context, tx store.Tx) error {
		return tx.ForgetAttempts(ctx, h.clock.Now().Add(time.Hour))
	})
}

// TestSignIn goes the whole way: address, letter, link, session, and out again.
func TestSignIn(t *testing.T) {
	h := build(t)
	links := h.ask("Engineer@MSP.example")
	if len(links) != 1 {
		t.Fatalf("the letter has the links %q, want one", links)
	}
	v := h.visitor()
	if a := v.get(links[0]); a.status != http.StatusOK || !strings.Contains(a.text(), "One more click") {
		t.Errorf("the link shows %d %q", a.status, a.text())
	}
	if a := v.get("/overview"); a.header.Get("Location") != "/signin?next=%2Foverview" {
		t.Errorf("looking at a link signed somebody in: %d %s", a.status, a.header.Get("Location"))
	}
	if a := v.post(links[0], nil); a.status != http.StatusSeeOther || a.header.Get("Location") != "/overview" {
		t.Fatalf("the link answers %d, leads to %q", a.status, a.header.Get("Location"))
	}
	if a := v.get("/overview"); a.status != http.StatusOK {
		t.Errorf("signed in, the overview answers %d", a.status)
	}
	if a := h.visitor().post(links[0], nil); a.status != http.StatusForbidden {
		t.Errorf("the link works twice: %d", a.status)
	}
	if a := v.post("/signout", nil); a.status != http.StatusSeeOther {
		t.Errorf("signing out answers %d", a.status)
	}
	if a := v.get("/overview"); a.status != http.StatusSeeOther {
		t.Errorf("signed out, the overview answers %d", a.status)
	}
}

// TestLinkEnds: after a quarter of an hour, for who is removed, and for who
// never was.
func TestLinkEnds(t *testing.T) {
	h := build(t)
	late := h.ask("engineer@msp.example")[0]
	h.clock.Advance(15 * time.Minute)
	if a := h.visitor().post(late, nil); a.status != http.StatusForbidden {
		t.Errorf("a link of a quarter of an hour ago answers %d", a.status)
	}
	gone := h.ask("member@acme.example")[0]
	h.operator(func(ctx context.Context, tx store.Tx) error {
		return tx.DeleteMember(ctx, "acme", "member@acme.example")
	})
	if a := h.visitor().post(gone, nil); a.status != http.StatusForbidden {
		t.Errorf("the link of somebody removed answers %d", a.status)
	}
	left := h.ask("support@msp.example")[0]
	h.signedIn(store.Who{ID: "owner"}).post("/settings/people/remove", url.Values{"id": {"support"}})
	if a := h.visitor().post(left, nil); a.status != http.StatusForbidden {
		t.Errorf("the link of an operator removed answers %d", a.status)
	}
	if links := h.ask("support@msp.example"); links != nil {
		t.Errorf("an operator removed gets the links %q", links)
	}
	own := h.ask("admin@acme.example")[0]
	if a := h.visitor().post(strings.Replace(own, "/acme.", "/quantum.", 1), nil); a.status != http.StatusForbidden {
		t.Errorf("a link of acme's, claimed for quantum, answers %d", a.status)
	}
	if a := h.visitor().post(strings.Replace(own, "/acme.", "/", 1), nil); a.status != http.StatusForbidden {
		t.Errorf("a link of acme's, claimed for an operator, answers %d", a.status)
	}
	if a := h.visitor().post(own, nil); a.status != http.StatusSeeOther {
		t.Errorf("the link itself answers %d", a.status)
	}
}

// TestNobodyLearnsWhoIsKnown: the answer is the same to the byte, and nothing is
// looked up before it is given.
func TestNobodyLearnsWhoIsKnown(t *testing.T) {
	h := build(t)
	known, unknown := h.visitor().post("/signin", url.Values{"email": {"owner@msp.example"}}), h.visitor().post("/signin", url.Values{"email": {"nobody@else.example"}})
	if known.status != unknown.status || known.body != unknown.body || known.header.Get("Location") != unknown.header.Get("Location") {
		t.Errorf("known: %d %q, unknown: %d %q", known.status, known.header.Get("Location"), unknown.status, unknown.header.Get("Location"))
	}
	if err := h.SendLinks(t.Context(), h.clock.Now()); err != nil {
		t.Fatal(err)
	}
	if len(h.letters) != 1 || h.letters[0].To != "owner@msp.example" {
		t.Errorf("letters went to %v", h.letters)
	}
}

// TestTooManyTries: an address and a source have to wait, whoever they are, and
// may go on when the time has passed.
func TestTooManyTries(t *testing.T) {
	h := build(t)
	h.Proxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	for _, address := range []string{"owner@msp.example", "nobody@else.example"} {
		for i := range askedFor.Most + 1 { // four networks, and one in vain from each
			from := fmt.Sprintf("192.0.2.%d", i/askedForFrom.Most)
			if i%askedForFrom.Most == 0 && i > 0 {
				if a := h.visitor().post("/signin", url.Values{"email": {address}}, "X-Forwarded-For", fmt.Sprintf("192.0.2.%d", i/askedForFrom.Most-1)); a.status != http.StatusTooManyRequests {
					t.Errorf("try %d of %s from one network answers %d", askedForFrom.Most+1, address, a.status)
				}
			}
			a := h.visitor().post("/signin", url.Values{"email": {address}}, "X-Forwarded-For", from)
			if want := map[bool]int{true: http.StatusTooManyRequests, false: http.StatusSeeOther}[i == askedFor.Most]; a.status != want {
				t.Errorf("try %d of %s answers %d, want %d", i+1, address, a.status, want)
			}
		}
	}
	works, err := h.Link(t.Context(), store.Who{ID: "owner"}, "")
	if err != nil {
		t.Fatal(err)
	}
	for i := range failed.Most + 1 {
		a := h.visitor().post("/signin/guess", nil)
		if want := map[bool]int{true: http.StatusTooManyRequests, false: http.StatusForbidden}[i == failed.Most]; a.status != want {
			t.Errorf("guess %d answers %d, want %d", i+1, a.status, want)
		}
	}
	if a := h.visitor().post(strings.TrimPrefix(works, h.Base.String()), nil); a.status != http.StatusSeeOther {
		t.Errorf("a link that works answers %d where others guessed", a.status)
	}
	h.clock.Advance(failed.Within)
	if a := h.visitor().post("/signin/guess", nil); a.status != http.StatusForbidden {
		t.Errorf("after the wait a guess answers %d", a.status)
	}
	if a := h.visitor().post("/signin", url.Values{"email": {"owner@msp.example"}}); a.status != http.StatusSeeOther {
		t.Errorf("after the wait asking answers %d", a.status)
	}
}

// TestSessions: they are listed and ended, each by its own person only, and end
// by themselves.
func TestSessions(t *testing.T) {
	h := build(t)
	here, there := h.signedIn(store.Who{ID: "engineer"}), h.signedIn(store.Who{ID: "engineer"})
	other := h.signedIn(store.Who{ID: "owner"})
	forms := all(there.get("/settings").page(), "form")
	var ends []string
	for _, f := range forms {
		if to := attr(f, "action"); strings.HasSuffix(to, "/end") {
			ends = append(ends, to)
		}
	}
	if len(ends) != 2 {
		t.Fatalf("the page ends %q, want two sessions", ends)
	}
	for _, end := range ends {
		if a := other.post(end, nil); a.status != http.StatusNotFound {
			t.Errorf("an owner ends the session of an engineer: %d", a.status)
		}
	}
	for _, end := range ends {
		there.post(end, nil) // the second may be its own already ended
	}
	for name, v := range map[string]*visitor{"here": here, "there": there} {
		if a := v.get("/overview"); a.status != http.StatusSeeOther && name == "there" {
			t.Errorf("the session %s goes on: %d", name, a.status)
		}
	}
	if a := other.get("/overview"); a.status != http.StatusOK {
		t.Errorf("somebody else's session ended too: %d", a.status)
	}
	h.clock.Advance(sessionLasts)
	if a := other.get("/overview"); a.status != http.StatusSeeOther {
		t.Errorf("a session of a day ago answers %d", a.status)
	}
}

// TestCookies: out of reach of scripts and other sites; over TLS for this host
// alone.
func TestCookies(t *testing.T) {
	h := build(t)
	link, err := h.Link(t.Context(), store.Who{ID: "owner"}, "/customers")
	if err != nil {
		t.Fatal(err)
	}
	a := h.visitor().post(strings.TrimPrefix(link, h.Base.String()), url.Values{"next": {"//elsewhere.example"}})
	if a.header.Get("Location") != "/overview" {
		t.Errorf("leads to %q", a.header.Get("Location"))
	}
	c, err := http.ParseSetCookie(a.header.Get("Set-Cookie"))
	if err != nil || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" {
		t.Errorf("cookie %v, %v", c, err)
	}
	h.Base.Scheme = "https"
	if name := h.cookieName(true); name != "__Host-landlord_customer" {
		t.Errorf("over TLS it is called %s", name)
	}
}

// TestOtherSites: a form of another site does nothing.
func TestOtherSites(t *testing.T) {
	h := build(t)
	v := h.signedIn(store.Who{ID: "owner"})
	form := url.Values{"email": {"new@msp.example"}, "role": {"owner"}}
	if a := v.post("/settings/people", form, "Sec-Fetch-Site", "cross-site"); a.status != http.StatusForbidden {
		t.Errorf("a form of another site answers %d", a.status)
	}
	if a := v.post("/settings/people", form, "Origin", "https://elsewhere.example"); a.status != http.StatusForbidden {
		t.Errorf("a form of another origin answers %d", a.status)
	}
	if a := v.post("/settings/people", form, "Sec-Fetch-Site", "same-origin"); a.status != http.StatusSeeOther {
		t.Errorf("our own form answers %d", a.status)
	}
}

// TestSentAgain: a letter that could not be sent is sent with the next step.
func TestSentAgain(t *testing.T) {
	h := build(t)
	h.visitor().post("/signin", url.Values{"email": {"owner@msp.example"}})
	works := h.Mail
	h.Mail = func(context.Context, mail.Letter) error { return context.DeadlineExceeded }
	if err := h.SendLinks(t.Context(), h.clock.Now()); err == nil {
		t.Error("a mail server that is away is not told")
	}
	h.Mail = works
	if err := h.SendLinks(t.Context(), h.clock.Now().Add(time.Minute)); err != nil || len(h.letters) != 1 {
		t.Errorf("%d letters, %v", len(h.letters), err)
	}
}

// TestReplicasCountTogether: who tried too often at one replica waits at another.
func TestReplicasCountTogether(t *testing.T) {
	h := build(t)
	other, err := New(h.Config)
	if err != nil {
		t.Fatal(err)
	}
	second := httptest.NewServer(other)
	defer second.Close()
	there := &house{t: t, web: second}
	for i := range askedForFrom.Most {
		v := h.visitor()
		if i%2 == 0 {
			v = &visitor{there, v.client}
		}
		if a := v.post("/signin", url.Values{"email": {"owner@msp.example"}}); a.status != http.StatusSeeOther {
			t.Fatalf("try %d answers %d", i+1, a.status)
		}
	}
	for range failed.Most {
		h.visitor().post("/signin/guess", nil)
	}
	for name, v := range map[string]*visitor{"one": h.visitor(), "the other": {there, h.visitor().client}} {
		if a := v.post("/signin", url.Values{"email": {"owner@msp.example"}}); a.status != http.StatusTooManyRequests {
			t.Errorf("%s: asking answers %d", name, a.status)
		}
		if a := v.post("/signin/guess", nil); a.status != http.StatusTooManyRequests || a.header.Get("Retry-After") != "900" {
			t.Errorf("%s: guessing answers %d, Retry-After %s", name, a.status, a.header.Get("Retry-After"))
		}
	}
	h.operator(func(ctx context.Context, tx store.Tx) error {
		var named int
		if err := tx.QueryRow(ctx, `SELECT count(*) FROM attempt WHERE who LIKE '%msp%' OR who LIKE '%127%'`).Scan(&named); err != nil || named > 0 {
			t.Errorf("%d rows name who it was, %v", named, err)
		}
		if err := tx.ForgetAttempts(ctx, h.clock.Now().Add(time.Hour)); err != nil {
			return err
		}
		return tx.QueryRow(ctx, `SELECT count(*) FROM attempt`).Scan(&named)
	})
}

// TestPagesArePaced: a source and a session that ask for more than people do are
// told when to come again, by a page; others go on.
func TestPagesArePaced(t *testing.T) {
	h := build(t)
	h.Proxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	h.Rates = Rates{Source: limits.Bucket{Rate: 2, Burst: 20}, Session: limits.Bucket{Rate: 1, Burst: 5}}
	one, two := h.signedIn(store.Who{ID: "owner"}), h.signedIn(store.Who{ID: "engineer"})
	ask := func(v *visitor, from string) answer { return v.get("/settings", "X-Forwarded-For", from) }
	for i := range 6 {
		a := ask(one, fmt.Sprintf("192.0.2.%d", i))
		if want := map[bool]int{true: http.StatusTooManyRequests, false: http.StatusOK}[i == 5]; a.status != want {
			t.Errorf("page %d of a session answers %d, want %d", i+1, a.status, want)
		}
		if i == 5 && (a.header.Get("Retry-After") != "1" || !strings.Contains(a.text(), "Too many pages at once")) {
			t.Errorf("Retry-After %q: %s", a.header.Get("Retry-After"), a.text())
		}
	}
	if a := ask(two, "192.0.2.1"); a.status != http.StatusOK {
		t.Errorf("another session answers %d", a.status)
	}
	for i := range 21 {
		a := h.visitor().get("/signin", "X-Forwarded-For", "198.51.100.7")
		if want := map[bool]int{true: http.StatusTooManyRequests, false: http.StatusOK}[i == 20]; a.status != want {
			t.Errorf("page %d of a source answers %d, want %d", i+1, a.status, want)
		}
	}
	for path, want := range map[string]int{"/healthz": http.StatusOK, "/static/none": http.StatusNotFound} {
		if a := h.visitor().get(path, "X-Forwarded-For", "198.51.100.7"); a.status != want {
			t.Errorf("%s of that source answers %d", path, a.status)
		}
	}
	h.clock.Advance(time.Second)
	if a := ask(one, "192.0.2.9"); a.status != http.StatusOK {
		t.Errorf("a second later a page answers %d", a.status)
	}
}

// TestOneNetworkIsOneSource: behind a proxy that is believed, the addresses of one /64
// share every measure there is of a source: of pages, of what programs ask for, of links
// asked for and of links that do not work. Those of another have their own.
func TestOneNetworkIsOneSource(t *testing.T) {
	h := build(t)
	h.Proxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	h.API = programs.New(programs.Config{Store: h.store, Clock: h.clock, Log: h.Log, Source: h.Source})
	for name, c := range map[string]struct {
		ask   func(i int, from string) answer
		most  int
		rates Rates
	}{
		"pages": {func(_ int, from string) answer { return h.visitor().get("/signin", "X-Forwarded-For", from) }, 20, Rates{Source: limits.Bucket{Rate: 2, Burst: 20}}},
		"programs": {func(_ int, from string) answer {
			return h.visitor().get("/api/v1/me", "X-Forwarded-For", from, "Authorization", "Bearer landlord_op_guess")
		}, 200, Rates{}},
		"links": {func(i int, from string) answer {
			return h.visitor().post("/signin", url.Values{"email": {fmt.Sprintf("stranger%d@elsewhere.example", i)}}, "X-Forwarded-For", from)
		}, askedFrom.Most, Rates{}},
		"guesses": {func(_ int, from string) answer {
			return h.visitor().post("/signin/guess", nil, "X-Forwarded-For", from)
		}, failed.Most, Rates{}},
	} {
		t.Run(name, func(t *testing.T) {
			h.Rates = c.rates
			for i := range c.most + 1 {
				a := c.ask(i, fmt.Sprintf("2001:db8:0:7:%x::%x", i, i+1))
				if told := a.status == http.StatusTooManyRequests; told != (i == c.most) {
					t.Fatalf("request %d of a network answers %d", i+1, a.status)
				}
			}
			if a := c.ask(c.most, "2001:db8:0:8::1"); a.status == http.StatusTooManyRequests {
				t.Errorf("one of another network answers %d", a.status)
			}
		})
	}
}

// TestUndeclaredProxy: that a proxy is not named is told once, with the flag that names
// it, also after a stranger claimed to be one; one that is named, or nobody between,
// is nothing to tell.
func TestUndeclaredProxy(t *testing.T) {
	for name, c := range map[string]struct {
		proxies string
		path    string
		header  []string
		want    int
	}{
		"a page through a proxy":       {"10.0.0.0/8", "/signin", []string{"X-Forwarded-For", "198.51.100.7"}, 1},
		"a program's through a proxy":  {"10.0.0.0/8", "/api/v1/me", []string{"Forwarded", "for=198.51.100.7", "Authorization", "Bearer guess"}, 1},
		"another program's":            {"10.0.0.0/8", "/api/v1/me", []string{"X-Real-Ip", "198.51.100.7", "Authorization", "Bearer guess"}, 1},
		"through one that is believed": {"127.0.0.0/8", "/signin", []string{"X-Forwarded-For", "198.51.100.7"}, 0},
		"nobody is between":            {"10.0.0.0/8", "/signin", nil, 0},
	} {
		t.Run(name, func(t *testing.T) {
			h := build(t)
			said := &logged{}
			config := h.Config
			config.Log, config.Proxies = slog.New(slog.NewTextHandler(said, nil)), []netip.Prefix{netip.MustParsePrefix(c.proxies)}
			var server *Server
			config.API = programs.New(programs.Config{Store: h.store, Clock: h.clock, Log: config.Log, Source: func(r *http.Request) string { return server.Source(r) }})
			server, err := New(config)
			if err != nil {
				t.Fatal(err)
			}
			h.web.Config.Handler = server
			stranger := httptest.NewRequest(http.MethodGet, "/signin", nil)
			stranger.RemoteAddr = "203.0.113.9:1"
			stranger.Header.Set("X-Forwarded-For", "192.0.2.1")
			server.Source(stranger)
			for range 3 {
				h.visitor().get(c.path, c.header...)
			}
			if got := strings.Count(said.String(), "--trust-proxy 127.0.0.1"); got != c.want {
				t.Errorf("told %d times, want %d: %s", got, c.want, said)
			}
		})
	}
}
