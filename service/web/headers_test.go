package web

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"testing"

	"landlord/service/store"
)

// overTLS is the same house as people reach it by TLS.
func (h *wholeHouse) overTLS() {
	h.t.Helper()
	config := h.Config
	config.Base = &url.URL{Scheme: "https", Host: "house.example"}
	server, err := New(config)
	if err != nil {
		h.t.Fatal(err)
	}
	h.Server = server
	for i := range h.people {
		if h.people[i].cookie != "" {
			h.people[i].cookie = "__Host-" + h.people[i].cookie
		}
	}
}

// TestEveryAnswerIsGuarded: whatever is answered, be it by the router itself, a
// refusal or a fault, has the policy, and is kept by nobody.
func TestEveryAnswerIsGuarded(t *testing.T) {
	h := buildWhole(t)
	h.overTLS()
	owner, admin := h.people[1], h.people[6]
	asset := h.assets.name["style.css"]
	for _, c := range []struct {
		who            asker
		method, target string
		want           int
		header         []string
	}{
		{owner, "GET", "/overview", 200, nil},
		{owner, "HEAD", "/overview", 200, nil},
		{owner, "OPTIONS", "/overview", 404, nil},
		{owner, "TRACE", "/overview", 404, nil},
		{owner, "BREW", "/overview", 404, nil},
		{owner, "DELETE", "/customers/acme", 404, nil},
		{asker{}, "OPTIONS", "*", 400, nil},
		{asker{}, "GET", "//overview", 307, nil},
		{asker{}, "GET", "/portal/../overview", 307, nil},
		{asker{}, "GET", "/static", 307, nil},
		{asker{}, "GET", "/static/nothing.js", 404, nil},
		{asker{}, "GET", "/overview", 303, nil},
		{asker{}, "GET", "/a%00", 404, nil},
		{asker{}, "GET", "/signin?next=%ff", 400, nil},
		{asker{}, "GET", "/api/v1/me", 401, nil},
		{asker{}, "GET", "/api/nothing", 401, nil},
		{owner, "GET", "/api/v1/nothing", 404, nil},
		{owner, "PATCH", "/api/v1/runs", 405, nil},
		{owner, "GET", "/api/v1/customers", 200, nil},
		{owner, "GET", "/openapi.json", 200, nil},
		{owner, "GET", "/metrics", 404, nil},
		{owner, "GET", "/healthz", 200, nil},
		{owner, "GET", "/customers.csv", 200, nil},
		{owner, "GET", "/portfolio.yaml", 200, nil},
		{owner, "GET", "/as/nobody", 404, nil},
		{owner, "POST", "/settings/people", 403, []string{"Sec-Fetch-Site", "cross-site"}},
		{admin, "GET", "/overview", 403, nil},
		{admin, "GET", "/portal/audit", 200, nil},
		{asker{}, "GET", asset, 200, nil},
	} {
		w := h.ask(c.who, c.method, c.target, "", "", c.header...)
		name := c.who.role + " " + c.method + " " + c.target
		if w.Code != c.want {
			t.Errorf("%s answers %d, want %d", name, w.Code, c.want)
		}
		got := w.Header()
		kept := map[bool]string{true: "public, max-age=31536000, immutable", false: "no-store"}[c.target == asset]
		for key, want := range map[string]string{"Content-Security-Policy": policy, "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "same-origin",
			"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin", "Strict-Transport-Security": "max-age=31536000", "Cache-Control": kept} {
			if got.Get(key) != want {
				t.Errorf("%s: %s is %q", name, key, got.Get(key))
			}
		}
		if at := got.Get("Location"); at != "" && (!strings.HasPrefix(at, "/") || strings.HasPrefix(at, "//")) {
			t.Errorf("%s leads elsewhere: %s", name, at)
		}
		if cors := got.Get("Access-Control-Allow-Origin"); cors != "" {
			t.Errorf("%s may be read by %s", name, cors)
		}
	}
	plain := buildWhole(t)
	if w := plain.ask(asker{}, "GET", "/signin", "", ""); w.Header().Get("Strict-Transport-Security") != "" {
		t.Error("without TLS browsers are told to use it")
	}
}

// TestCookiesOverTLS: every cookie of the house is for this host alone, by TLS
// alone, and out of reach of scripts.
func TestCookiesOverTLS(t *testing.T) {
	h := buildWhole(t)
	h.overTLS()
	link, err := h.Link(t.Context(), store.Who{Customer: "startup", ID: "admin@startup.example"}, "")
	if err != nil || !strings.HasPrefix(link, "https://house.example/signin/startup.") {
		t.Fatalf("the link is %s, %v", link, err)
	}
	const form = "application/x-www-form-urlencoded"
	for name, w := range map[string]*httptest.ResponseRecorder{
		"a link":     h.ask(asker{}, "POST", strings.TrimPrefix(link, "https://house.example"), form, ""),
		"the theme":  h.ask(asker{}, "POST", "/theme", form, "theme=dark"),
		"going away": h.ask(h.people[1], "POST", "/signout", form, ""),
	} {
		cookies := w.Result().Cookies()
		if len(cookies) == 0 {
			t.Errorf("%s sets no cookie: %d", name, w.Code)
		}
		for _, c := range cookies {
			if !strings.HasPrefix(c.Name, "__Host-") && c.Name != themeCookie || !c.Secure || !c.HttpOnly || c.Path != "/" || c.Domain != "" || c.SameSite != http.SameSiteLaxMode {
				t.Errorf("%s sets %s", name, c)
			}
		}
	}
	if w := h.ask(asker{cookie: strings.TrimPrefix(h.people[1].cookie, "__Host-")}, "GET", "/overview", "", ""); w.Code != http.StatusSeeOther {
		t.Errorf("over TLS a cookie without its prefix is believed: %d", w.Code)
	}
}

// TestHostIsNotBelieved: no address that the house writes is made of what a request
// says of where it was sent.
func TestHostIsNotBelieved(t *testing.T) {
	h := buildWhole(t)
	forged := []string{"Host", "evil.example", "X-Forwarded-Host", "evil.example", "X-Forwarded-Proto", "https", "Forwarded", "host=evil.example;proto=https", "X-Original-URL", "/overview", "X-Rewrite-URL", "/overview"}
	for _, target := range []string{"/signin", "/overview", "//overview", "/settings/people", "/portal", "/as/startup", "/signin/oidc", "/api/v1/me"} {
		for _, who := range []asker{{}, h.people[1]} {
			r := httptest.NewRequest(http.MethodGet, "http://house.example"+target, nil)
			r.Host, r.RemoteAddr = "evil.example", "192.0.2.7:4711"
			for i := 0; i < len(forged); i += 2 {
				r.Header.Set(forged[i], forged[i+1])
			}
			r.Header.Set("Cookie", who.cookie)
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if all := w.Body.String() + w.Header().Get("Location") + w.Header().Get("Refresh"); strings.Contains(all, "evil.example") {
				t.Errorf("%s writes an address of the request's host: %d %s", target, w.Code, w.Header().Get("Location"))
			}
		}
	}
	h.letters = nil
	w := h.ask(asker{}, "POST", "/signin", "application/x-www-form-urlencoded", "email=owner@msp.example&next=https://evil.example", append(forged, "Origin", h.Base.String())...)
	if err := h.SendLinks(t.Context(), h.clock.Now()); err != nil || w.Code != http.StatusSeeOther || len(h.letters) != 1 {
		t.Fatalf("asking answers %d; letters %v, %v", w.Code, h.letters, err)
	}
	if text := h.letters[0].Text; strings.Contains(text, "evil") || !strings.Contains(text, "\n"+h.Base.String()+"/signin/") {
		t.Errorf("the letter is\n%s", text)
	}
}

// TestSource: what a proxy says of who asks is believed of those proxies only that are
// named, as far back as they go.
func TestSource(t *testing.T) {
	h := build(t)
	h.Proxies = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}
	for _, c := range []struct {
		name, from string
		said       []string
		want       string
	}{
		{"nobody is between", "203.0.113.9:1", nil, "203.0.113.9"},
		{"a stranger says so", "203.0.113.9:1", []string{"198.51.100.7"}, "203.0.113.9"},
		{"a proxy says so", "10.0.0.1:1", []string{"198.51.100.7"}, "198.51.100.7"},
		{"a stranger told the proxy more", "10.0.0.1:1", []string{"192.0.2.1, 198.51.100.7"}, "198.51.100.7"},
		{"two proxies", "10.0.0.1:1", []string{"192.0.2.1, 198.51.100.7, 10.9.9.9"}, "198.51.100.7"},
		{"in two lines", "10.0.0.1:1", []string{"198.51.100.7", "10.9.9.9"}, "198.51.100.7"},
		{"with its port", "10.0.0.1:1", []string{"198.51.100.7:443"}, "198.51.100.7"},
		{"of the new kind", "[fd00::1]:1", []string{"2001:db8::7"}, "2001:db8::7"},
		{"of the new kind, with its port", "[fd00::1]:1", []string{"[2001:db8::7]:443"}, "2001:db8::7"},
		{"no address", "10.0.0.1:1", []string{"unknown"}, "10.0.0.1"},
		{"no text", "10.0.0.1:1", []string{"\xff\xfe"}, "10.0.0.1"},
		{"a zone", "[fd00::1]:1", []string{"fe80::1%<script>"}, "fe80::1"},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = c.from
		r.Header["X-Forwarded-For"] = c.said
		if got := h.Source(r); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// TestOtherSitesDoNothing: nothing that is not safe is done for a page of another
// site, at any route and any operation, whoever's browser it is.
func TestOtherSitesDoNothing(t *testing.T) {
	h := buildWhole(t)
	type one struct{ method, path string }
	var unsafe []one
	for _, rt := range h.routes() {
		if method, path := filledIn(rt.pattern, "acme", "none"); method != http.MethodGet {
			unsafe = append(unsafe, one{method, path})
		}
	}
	h.api(t, func(method, path string) {
		if method != http.MethodGet {
			_, path = filledIn("X "+path, "acme", "none")
			unsafe = append(unsafe, one{method, path})
		}
	})
	if len(unsafe) < 40 {
		t.Fatalf("only %d are not safe", len(unsafe))
	}
	for _, u := range unsafe {
		for _, from := range [][]string{{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Origin", "https://evil.example"}, {"Origin", "null"}} {
			if w := h.ask(h.people[1], u.method, u.path, "application/x-www-form-urlencoded", "email=a@b.example&role=owner", from...); w.Code != http.StatusForbidden || !strings.Contains(w.Body.String(), "Asked from elsewhere") {
				t.Errorf("%s %s with %q answers %d", u.method, u.path, from, w.Code)
			}
		}
	}
}

// TestNextStaysHere: whoever made the link, signing in leads to a page of the house.
func TestNextStaysHere(t *testing.T) {
	h := build(t)
	for next, want := range map[string]string{
		"/customers?tier=fintech": "/customers?tier=fintech", "/runs/x": "/runs/x",
		"https://evil.example": "/overview", "//evil.example": "/overview", "/\\evil.example": "/overview", "\\\\evil.example": "/overview", "/\t/evil.example": "/overview", "/\n/evil.example": "/overview",
		"javascript:alert(1)": "/overview", " //evil.example": "/overview", "evil.example": "/overview", "": "/overview", "/signin/x": "/overview", "/signout": "/overview",
		"///evil.example": "/overview", "/%0d%0aSet-Cookie:x": "/%0d%0aSet-Cookie:x", "/" + strings.Repeat("a", mostNext): "/overview",
	} {
		link, err := h.Link(t.Context(), store.Who{ID: "owner"}, "")
		if err != nil {
			t.Fatal(err)
		}
		a := h.visitor().post(strings.TrimPrefix(link, h.Base.String()), url.Values{"next": {next}})
		if a.header.Get("Location") != want {
			t.Errorf("%q leads to %q, want %q", next, a.header.Get("Location"), want)
		}
		if a := h.visitor().post("/theme", url.Values{"theme": {"dark"}, "next": {next}}); strings.Contains(a.header.Get("Location"), "evil") {
			t.Errorf("the theme leads to %q", a.header.Get("Location"))
		}
		if a := h.visitor().get("/signin?" + url.Values{"next": {next}}.Encode()); want == "/overview" && strings.Contains(a.body, "evil") {
			t.Errorf("the page of signing in repeats %q", next)
		}
	}
}

// TestNobodyLearnsWhoIsACustomer: whatever a stranger claims to be of, the answers
// tell those there are from others in nothing.
func TestNobodyLearnsWhoIsACustomer(t *testing.T) {
	s := buildSSO(t)
	same := func(what string, answers map[string]answer) {
		t.Helper()
		var first string
		for _, key := range []string{"startup", "acme", "medicorp", "nobody-is-this"} {
			a := answers[key]
			a.header.Del("Date")
			got := strings.ReplaceAll(a.body+a.header.Get("Location")+a.header.Get("Content-Length"), key, "KEY")
			got = strings.ReplaceAll(got, "Content-Length", "")
			if first == "" {
				first = got
			}
			if len(a.header.Values("Set-Cookie")) != len(answers["startup"].header.Values("Set-Cookie")) || a.status != answers["startup"].status || strings.ReplaceAll(got, " ", "") != strings.ReplaceAll(first, " ", "") {
				t.Errorf("%s: for %s the answer is %d, another than for startup, %d", what, key, a.status, answers["startup"].status)
			}
		}
	}
	ask := func(do func(key string) answer) map[string]answer {
		answers := map[string]answer{}
		for _, key := range []string{"startup", "acme", "medicorp", "nobody-is-this"} {
			answers[key] = do(key)
		}
		return answers
	}
	same("a session", ask(func(key string) answer {
		return s.visitor().get("/portal", "Cookie", "landlord_customer="+key+".guess")
	}))
	same("a link", ask(func(key string) answer { return s.visitor().post("/signin/"+key+".guess", nil) }))
	same("a link of a contact", ask(func(key string) answer { return s.visitor().post("/confirm/"+key+".guess", nil) }))
	same("a door", ask(func(key string) answer { return s.visitor().get("/signin/oidc/" + key) }))
	same("a door with a seal", ask(func(key string) answer { return s.visitor().get("/signin/oidc/" + key + ".aaaaaaaaaaaaaaaa") }))
	same("an answer of a provider", ask(func(key string) answer { return s.visitor().get("/signin/oidc/back/" + key + "?state=x&code=y") }))
}

// TestHeadDoesWhatGetDoes: the same head, and nothing after it.
func TestHeadDoesWhatGetDoes(t *testing.T) {
	h := buildWhole(t)
	owner := h.people[1]
	for _, path := range []string{"/overview", "/customers", "/signin", "/healthz", h.assets.name["style.css"], "/nothing"} {
		get, head := h.ask(owner, "GET", path, "", ""), h.ask(owner, "HEAD", path, "", "")
		if get.Code != head.Code || !slices.Equal(get.Header().Values("Content-Type"), head.Header().Values("Content-Type")) {
			t.Errorf("%s: GET %d %s, HEAD %d %s", path, get.Code, get.Header().Get("Content-Type"), head.Code, head.Header().Get("Content-Type"))
		}
	}
}
