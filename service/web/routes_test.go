package web

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"landlord/service/store"
)

// kind is a kind of person, and the role that routes know them by.
type kind struct {
	role Role
	who  store.Who
}

var kinds = []kind{
	{Nobody, store.Who{}},
	{Owner, store.Who{ID: "owner"}}, {Engineer, store.Who{ID: "engineer"}}, {Billing, store.Who{ID: "billing"}}, {Support, store.Who{ID: "support"}}, {Auditor, store.Who{ID: "auditor"}},
	{Admin, store.Who{Customer: "startup", ID: "admin@startup.example"}}, {Member, store.Who{Customer: "startup", ID: "member@startup.example"}},
}

func (h *house) as(k kind) *visitor {
	if k.role == Nobody {
		return h.visitor()
	}
	return h.signedIn(k.who)
}

// filledIn is a pattern as a method and an address with ids in it.
func filledIn(pattern, key, id string) (method, path string) {
	method, path, found := strings.Cut(pattern, " ")
	if !found {
		method, path = http.MethodGet, pattern
	}
	path = strings.NewReplacer("{$}", "", "{key}", key, "{customer}", key, "{id}", id, "{link}", "guess", "{door}", key+".guess", "{name}", key+".example", "{statement}", "KeepKeys", "{control}", "2.1.1", "{check}", "s3.versioning", "{format}", "md", "{account}", "999988887777", "{number}", "INV-000001", "{kind}", "pdf").Replace(path)
	if path == "/static/" || path == "/api/" {
		path += "nothing"
	}
	return method, path
}

// TestEveryRouteByEveryKind: who may is answered, who may not is refused, and
// who is not signed in is led to sign in, at every address, by what access says.
func TestEveryRouteByEveryKind(t *testing.T) {
	h := build(t).assess()
	for _, rt := range h.routes() {
		who := access[rt.pattern]
		method, path := filledIn(rt.pattern, "acme", "none")
		for _, k := range kinds {
			a := h.as(k).do(method, path, url.Values{"email": {"new@acme.example"}, "role": {"member"}, "theme": {"dark"}, "id": {"none"}})
			refused := a.status == http.StatusForbidden && !strings.Contains(rt.pattern, "{link}")
			if path == "/api/nothing" {
				k.role = Nobody // the API asks for a token, whoever has a session
			}
			signIn := a.status == http.StatusUnauthorized || a.status == http.StatusSeeOther && strings.HasPrefix(a.header.Get("Location"), "/signin?") || a.status == http.StatusSeeOther && a.header.Get("Location") == "/signin" && k.role == Nobody
			switch may := who&k.role != 0 && path != "/api/nothing"; {
			case may && (refused || signIn):
				t.Errorf("%s as %s answers %d %s, though %s may", rt.pattern, k.role, a.status, a.header.Get("Location"), who)
			case !may && k.role == Nobody && !signIn:
				t.Errorf("%s without a session answers %d %s", rt.pattern, a.status, a.header.Get("Location"))
			case !may && k.role != Nobody && !refused:
				t.Errorf("%s as %s answers %d, though only %s may", rt.pattern, k.role, a.status, who)
			case a.status >= 500:
				t.Errorf("%s as %s answers %d", rt.pattern, k.role, a.status)
			}
			if a.header.Get("Content-Security-Policy") == "" || a.header.Get("X-Content-Type-Options") != "nosniff" {
				t.Errorf("%s answers without the policy", rt.pattern)
			}
		}
	}
}

// TestOpenAddresses: what needs no sign-in is these, and nothing else.
func TestOpenAddresses(t *testing.T) {
	open := []string{"GET /healthz", "GET /readyz", "GET /metrics", "GET /openapi.json", "GET /docs/api", "POST /signin/device", "POST /signin/device/token", "GET /docs/api/{group}", "GET /static/", "POST /theme",
		"GET /signin", "POST /signin", "GET /signin/sent", "GET /signin/{link}", "POST /signin/{link}", "GET /confirm/{link}", "POST /confirm/{link}", "/api/",
		"GET /signin/oidc", "GET /signin/oidc/{door}", "GET /signin/oidc/back", "GET /signin/oidc/back/{customer}"}
	for _, rt := range build(t).routes() {
		if is := rt.who&Nobody != 0; is != slices.Contains(open, rt.pattern) {
			t.Errorf("%s: open is %v", rt.pattern, is)
		}
	}
}

// marks are texts that only a customer's own rows hold.
func marks(c store.Customer) []string {
	return []string{c.Name, c.Account, "@" + c.Key + ".example", "aws+" + c.Key + "@", "account of " + c.Key + " created"}
}

// TestNothingCrosses: 1,000 times somebody of a customer asks at a random
// address, with the ids of another. Nothing of another's comes back, no other
// framework is named, and nothing of another's changes.
func TestNothingCrosses(t *testing.T) {
	h := build(t).assess()
	r := rand.New(rand.NewPCG(1, 0))
	ctx := t.Context()
	type person struct {
		*visitor
		key, session string
	}
	var people []person
	var customers []store.Customer
	h.operator(func(_ context.Context, tx store.Tx) error {
		found, _, err := tx.Search(ctx, store.Search{Limit: 100})
		for _, c := range found {
			customers = append(customers, c.Customer)
		}
		return err
	})
	for _, c := range customers {
		for _, role := range []string{"admin", "member"} {
			who := store.Who{Customer: c.Key, ID: role + "@" + c.Key + ".example"}
			p := person{h.signedIn(who), c.Key, ""}
			h.operator(func(_ context.Context, tx store.Tx) error {
				open, err := tx.Sessions(ctx, who, testNow)
				p.session = open[0].ID
				return err
			})
			people = append(people, p)
		}
	}
	before := h.kept(t)
	routes := h.routes()
	for asked := 0; asked < 1000; {
		p, other := people[r.IntN(len(people))], people[r.IntN(len(people))]
		rt := routes[r.IntN(len(routes))]
		if p.key == other.key || strings.Contains(rt.pattern, "signout") || strings.HasPrefix(rt.pattern, "POST /signin") || rt.pattern == "POST /portal/people" || rt.pattern == "POST /portal/contacts" || rt.pattern == "POST /portal/domains" {
			continue // their own, or what changes what is theirs
		}
		asked++
		method, path := filledIn(rt.pattern, other.key, other.session)
		a := p.do(method, path+"?customer="+other.key+"&key="+other.key, url.Values{"email": {[]string{"member@", "contact@"}[r.IntN(2)] + other.key + ".example"}, "domain": {other.key + ".example"}, "role": {"admin"}, "id": {other.session}, "customer": {other.key}})
		for _, c := range customers {
			for _, m := range marks(c) {
				if c.Key != p.key && strings.Contains(a.body+fmt.Sprint(a.header), m) {
					t.Errorf("somebody of %s, at %s %s: %q of %s", p.key, method, path, m, c.Key)
				}
			}
		}
		if word := otherFramework(a.body + fmt.Sprint(a.header)); p.key == "startup" && word != "" {
			t.Errorf("somebody of startup, at %s %s: %q", method, path, word)
		}
		if a.status >= 500 {
			t.Errorf("somebody of %s, at %s %s: %d", p.key, method, path, a.status)
		}
	}
	if after := h.kept(t); after != before {
		t.Errorf("something was changed:\n%s\nwas\n%s", after, before)
	}
}

// kept is who may sign in and where they are signed in, and what else people
// write of a customer.
func (h *house) kept(t *testing.T) string {
	var b strings.Builder
	h.operator(func(ctx context.Context, tx store.Tx) error {
		found, _, err := tx.Search(ctx, store.Search{Limit: 100})
		for _, c := range found {
			members, err := tx.Members(ctx, c.Key)
			if err != nil {
				return err
			}
			for _, m := range members {
				open, err := tx.Sessions(ctx, store.Who{Customer: c.Key, ID: m.Email}, testNow)
				if err != nil {
					return err
				}
				fmt.Fprintln(&b, m.Customer, m.Email, m.Role, len(open))
			}
			contacts, err := tx.Contacts(ctx, c.Key)
			if err != nil {
				return err
			}
			domains, err := tx.Domains(ctx, c.Key)
			if err != nil {
				return err
			}
			fmt.Fprintln(&b, contacts, len(domains), domains[0].Name, domains[0].VerifiedAt)
		}
		return err
	})
	if b.Len() == 0 {
		t.Fatal("nothing is kept")
	}
	return b.String()
}

// TestForgottenWhere: what a page of the portal reads without saying whose, it
// reads of its customer only; so for who signs in there and for who looks.
func TestForgottenWhere(t *testing.T) {
	h := build(t)
	var read []string
	forgets := func(v *visit, tx store.Tx, _ store.Customer) error {
		rows, _ := tx.Query(v.Context(), `SELECT key FROM customer UNION ALL SELECT customer FROM contact UNION ALL SELECT customer FROM member_session
			UNION ALL SELECT customer FROM check_result UNION ALL SELECT customer FROM audit_entry UNION ALL SELECT framework FROM guardrail`)
		keys, err := pgx.CollectRows(rows, pgx.RowTo[string])
		read = keys
		return err
	}
	h.signedIn(store.Who{Customer: "acme", ID: "admin@acme.example"})
	r := httptest.NewRequest(http.MethodGet, "/as/startup", nil)
	r.SetPathValue("customer", "startup")
	own, looks := h.visit(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/portal", nil)), h.visit(httptest.NewRecorder(), r)
	own.customer = "startup"
	looks.Person = Person{Role: Support, ID: "support", Email: "support@msp.example"}
	for name, ask := range map[string]func() error{"own": func() error { return h.own(forgets)(own) }, "looked": func() error { return h.looked(forgets)(looks) }} {
		err := ask()
		slices.Sort(read)
		if read = slices.Compact(read); err != nil || !slices.Equal(read, []string{"CIS", "startup"}) {
			t.Errorf("%s: read rows of %q, %v", name, read, err)
		}
	}
}

// looksAt is how many looks at a customer's portal are written down where it reads them.
func (h *house) looksAt(customer string) (looks int) {
	h.t.Helper()
	err := h.store.Customer(h.t.Context(), customer, func(tx store.Tx) error {
		found, err := tx.Entries(h.t.Context(), store.EntryQuery{Customer: customer, Action: "portal.look", Limit: 100})
		looks = len(found)
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return looks
}

// TestPortalIsTheCustomers: each page of the portal shows what is the customer's
// own, to its people and to an operator who looks, whose look is written down.
func TestPortalIsTheCustomers(t *testing.T) {
	h := build(t)
	own, looker := h.signedIn(store.Who{Customer: "startup", ID: "admin@startup.example"}), h.signedIn(store.Who{ID: "support"})
	for path, want := range map[string]string{"": "666677778888", "/account": "666677778888", "/guardrails": "says CIS", "/people": "member@startup.example", "/aws": "simulated AWS", "/audit": "account of startup created"} {
		for at, v := range map[string]*visitor{"/portal" + path: own, "/as/startup" + path: looker} {
			a := v.get(at)
			want := want
			if path == "" || path == "/account" {
				want = "222233334448" // the fifth customer's
			}
			if a.status != http.StatusOK || !strings.Contains(a.text(), want) {
				t.Errorf("%s answers %d without %q: %s", at, a.status, want, a.text())
			}
			if word := otherFramework(a.body); word != "" {
				t.Errorf("%s names %s", at, word)
			}
			if marked := strings.Contains(a.text(), "You see what StartupCorp Inc sees."); marked != (v == looker) {
				t.Errorf("%s: marked is %v", at, marked)
			}
		}
	}
	if page := own.get("/portal/audit").text(); strings.Contains(page, "msp.example") || strings.Contains(page, "control") {
		t.Errorf("the customer reads who of the provider it was: %s", page)
	}
	if looks := h.looksAt("startup"); looks != 6 {
		t.Errorf("%d looks are written down, want 6", looks)
	}
	text := own.get("/portal/audit").text()
	if strings.Count(text, "looked at the portal") != 1 {
		t.Errorf("looks one after the other are not one line: %s", text)
	}
	for _, page := range []string{"Overview", "Account", "Guardrails", "People", "AWS", "Audit"} {
		if _, after, _ := strings.Cut(text, "looked at the portal"); !strings.Contains(after, page) {
			t.Errorf("the customer does not read of the look at %s: %s", page, text)
		}
	}
	if a := looker.get("/as/zebra"); a.status != http.StatusNotFound {
		t.Errorf("the portal of nobody answers %d", a.status)
	}
	if a := looker.post("/as/startup/people", url.Values{"email": {"a@b.example"}, "role": {"admin"}}); a.status == http.StatusSeeOther {
		t.Error("who looks can invite")
	}
}
