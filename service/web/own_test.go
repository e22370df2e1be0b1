package web

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	programs "landlord/service/api"
	"landlord/service/store"
)

// walker is one of a customer's people who goes everywhere, and what they were told
// there.
type walker struct {
	*visitor
	token string
	told  map[string]string // by what was asked
}

func (h *wholeHouse) walker(who store.Who) *walker {
	h.t.Helper()
	w := &walker{visitor: h.signedIn(who), told: map[string]string{}}
	token, hash := programs.NewSecret(who.Customer)
	w.token = token
	err := h.store.Customer(h.t.Context(), who.Customer, func(tx store.Tx) error {
		m, err := tx.Member(h.t.Context(), who.Customer, who.ID)
		if err != nil {
			return err
		}
		return tx.NewToken(h.t.Context(), store.Token{Who: who, ID: newID(), Name: "walks", Hash: hash, Scopes: programs.Scopes(m.Role), CreatedAt: testNow, ExpiresAt: testNow.Add(sessionLasts)})
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return w
}

// ask asks, and keeps all that comes back: head and body.
func (w *walker) ask(method, path string, form url.Values, header ...string) answer {
	w.h.clock.Advance(100 * time.Millisecond) // nobody is told to wait
	a := w.do(method, path, form, header...)
	if a.status == http.StatusTooManyRequests && strings.HasPrefix(path, "/api/") {
		w.h.t.Errorf("%s %s is told to wait", method, path)
	}
	var all strings.Builder
	for _, key := range slices.Sorted(maps.Keys(a.header)) {
		all.WriteString(key + ": " + strings.Join(a.header[key], ", ") + "\n")
	}
	w.told[method+" "+path] = all.String() + a.body
	return a
}

// follow goes wherever pages lead, from a first one, within the house.
func (w *walker) follow(first string) {
	w.h.t.Helper()
	for todo := []string{first}; len(todo) > 0; todo = todo[1:] {
		if w.told["GET "+todo[0]] != "" {
			continue
		}
		a := w.ask(http.MethodGet, todo[0], nil)
		at, err := url.Parse(todo[0])
		if err != nil {
			w.h.t.Fatal(err)
		}
		lead := []string{a.header.Get("Location")}
		if strings.HasPrefix(a.header.Get("Content-Type"), "text/html") {
			for n := range a.page().Descendants() {
				for _, key := range []string{"href", "src", "action", "hx-get", "sse-connect"} {
					lead = append(lead, attr(n, key))
				}
			}
		}
		for _, to := range lead {
			next, err := at.Parse(to)
			if err == nil && to != "" && next.Host == "" {
				next.Fragment = ""
				todo = append(todo, next.String())
			}
		}
	}
}

// everywhere asks at every route and operation there is, as a page, as a part of one
// and as a program, with ids of its own and of others, and right and wrong forms.
func (w *walker) everywhere(h *wholeHouse, customer string) {
	w.follow("/portal")
	w.follow("/")
	for _, rt := range h.routes() {
		for _, key := range []string{customer, "acme", "nobody"} {
			method, path := filledIn(rt.pattern, key, runID)
			if strings.Contains(path, "signout") || strings.HasPrefix(path, "/portal") && method == http.MethodPost && strings.Contains(path, "remove") {
				continue
			}
			forms := []url.Values{nil}
			if method == http.MethodPost {
				forms = []url.Values{{}, {"email": {"no address"}, "role": {"admin"}, "domain": {"no domain"}, "name": {"n"}}, {"email": {"somebody@" + customer + ".example"}, "role": {"member"}, "name": {"n"}, "domain": {"new." + customer + ".example"}, "theme": {"dark"}}}
			}
			for _, form := range forms {
				w.ask(method, path, form)
				w.told["again "+method+" "+path] += w.ask(method, path, form, "HX-Request", "true").body
				w.told["as from elsewhere "+method+" "+path] += w.ask(method, path, form, "Sec-Fetch-Site", "cross-site").body
			}
			w.ask(http.MethodOptions, path, nil)
			w.ask(http.MethodHead, path, nil)
		}
	}
	h.api(h.t, func(method, path string) {
		for _, key := range []string{customer, "acme", "nobody"} {
			_, path := filledIn("X "+path, key, runID)
			path = strings.NewReplacer("{email}", "admin@"+key+".example", "{version}", "1", "{hash}", "x").Replace(path)
			for _, body := range []url.Values{nil, {"x": {"y"}}} {
				w.ask(method, path, body, "Authorization", "Bearer "+w.token, "Cookie", "")
				w.told["with a session "+method+" "+path] += w.ask(method, path, body).body
			}
		}
	})
	for at := range h.assets.at {
		w.ask(http.MethodGet, at, nil)
	}
	for _, path := range []string{"/openapi.json", "/docs", "/api", "/api/v1", "/api/v1/openapi.json", "/api/v1/docs", "/robots.txt", "/favicon.ico", "/.well-known/security.txt", "/metrics", "/healthz", "/readyz", "/sitemap.xml", "/debug/pprof/", "/static/", "/portal/report", "/portal/audit.csv"} {
		w.ask(http.MethodGet, path, nil, "Authorization", "Bearer "+w.token)
	}
}

// TestOneFrameworkEverywhere: a customer in CIS meets the name of no other framework,
// wherever it goes and whatever it sends: page, part, file, address, head, JSON, error
// or document. So does one that was in another until now.
func TestOneFrameworkEverywhere(t *testing.T) {
	h := buildWhole(t)
	moved := []string{"medicorp"} // who was in HIPAA
	h.operator(func(ctx context.Context, tx store.Tx) error {
		c, err := tx.Customer(ctx, moved[0])
		if err != nil {
			return err
		}
		if c.Framework != "HIPAA" {
			t.Fatalf("%s is in %s", c.Key, c.Framework)
		}
		c.Tier, c.Framework, c.Unit = "standard", "CIS", "Customers-Standard"
		return errors.Join(tx.PutCustomer(ctx, c), tx.Recompute(ctx, c.Key, testNow))
	})
	for _, who := range []store.Who{
		{Customer: "startup", ID: "admin@startup.example"}, {Customer: "startup", ID: "member@startup.example"}, {Customer: moved[0], ID: "admin@" + moved[0] + ".example"},
	} {
		w := h.walker(who)
		w.everywhere(h, who.Customer)
		pages := 0
		for _, asked := range slices.Sorted(maps.Keys(w.told)) {
			if word := otherFramework(w.told[asked]); word != "" {
				i := strings.Index(w.told[asked], word)
				t.Errorf("%s at %s reads %q: …%s…", who.ID, asked, word, w.told[asked][max(i-80, 0):min(i+80, len(w.told[asked]))])
			}
			if strings.Contains(w.told[asked], "CIS") {
				pages++
			}
		}
		if len(w.told) < 500 || pages < 5 {
			t.Errorf("%s was told %d things, of which %d name CIS: it did not get far", who.ID, len(w.told), pages)
		}
	}
}

// without removes what of a page is of the reader and not of the customer: the mark
// that somebody looks, who reads and their sessions, the theme, and tokens, which are
// each person's own.
func without(root *html.Node, base string) string {
	var gone []*html.Node
	for n := range root.Descendants() {
		class, label := attr(n, "class"), attr(n, "aria-labelledby")
		token := n.Data == "li" && n.Parent.Parent.Data == "nav" && strings.Contains(text(n), "Tokens")
		if class == "marked" || class == "end" && n.Parent.Data == "nav" || label == "sess" || n.Data == "h2" && text(n) == "Where you are signed in" || token || n.Data == "span" && class == "soft" && text(n) == "you" {
			gone = append(gone, n)
		}
	}
	for _, n := range gone {
		n.Parent.RemoveChild(n)
	}
	var b strings.Builder
	_ = html.Render(&b, root) // a Builder takes all
	return strings.Join(strings.Fields(strings.ReplaceAll(b.String(), `"`+base, `"/portal`)), " ")
}

// TestLooksTheSame: an operator who looks at a portal reads what the customer's member
// reads, byte for byte, but for the mark; cannot send anything from there; and each
// look is an entry that both read.
func TestLooksTheSame(t *testing.T) {
	h := build(t).assess()
	own, looker := h.signedIn(store.Who{Customer: "startup", ID: "member@startup.example"}), h.signedIn(store.Who{ID: "auditor"})
	for _, path := range []string{"", "/account", "/guardrails", "/people", "/aws", "/contacts", "/domains/startup.example", "/audit", "/contacts?change=contact@startup.example", "/audit?before=1",
		"/compliance", "/compliance?status=fail&edition=v3", "/compliance/controls/2.1.1", "/compliance/checks/iam.root_mfa", "/compliance/reports/json", "/compliance/reports/md"} {
		looked := looker.get("/as/startup" + path) // first: its entry is on both
		read := own.get("/portal" + path)
		if looked.status != http.StatusOK || read.status != http.StatusOK {
			t.Errorf("%s: %d and %d", path, looked.status, read.status)
			continue
		}
		if file := read.header.Get("Content-Disposition"); file != "" {
			if looked.body != read.body || looked.header.Get("Content-Disposition") != file || !strings.Contains(file, "startup-") {
				t.Errorf("%s: who looks gets %s of %d bytes, the member %s of %d", path, looked.header.Get("Content-Disposition"), len(looked.body), file, len(read.body))
			}
			continue
		}
		page := looked.page()
		marks := 0
		for n := range page.Descendants() {
			if attr(n, "class") == "marked" {
				marks++
			}
			if n.Data == "form" && attr(n, "method") == "post" && !slices.Contains([]string{"/theme", "/signout"}, attr(n, "action")) {
				t.Errorf("%s: who looks can send %s", path, attr(n, "action"))
			}
		}
		if marks != 1 || strings.Contains(read.body, `class="marked"`) {
			t.Errorf("%s has %d marks", path, marks)
		}
		if a, b := without(page, "/as/startup"), without(read.page(), "/portal"); a != b {
			i := 0
			for i < len(a) && i < len(b) && a[i] == b[i] {
				i++
			}
			t.Errorf("%s differs: who looks reads …%s…, the member …%s…", path, a[max(i-60, 0):min(i+100, len(a))], b[max(i-60, 0):min(i+100, len(b))])
		}
		for key := range read.header {
			if got := looked.header.Get(key); got != read.header.Get(key) && key != "Date" && key != "Content-Length" {
				t.Errorf("%s: %s is %q and %q", path, key, got, read.header.Get(key))
			}
		}
	}
	if looks := h.looksAt("startup"); looks != 16 {
		t.Errorf("%d looks are written down, want 16", looks)
	}
}
