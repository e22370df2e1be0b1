package web

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"landlord/service/oidc"
	"landlord/service/oidc/oidctest"
	"landlord/service/store"
)

// TestWhoIsRefused: who is not known here, may not any more, or is vouched for by a
// provider that is not believed about them, is told the same words; the audit log
// has the reason and the address.
func TestWhoIsRefused(t *testing.T) {
	s := buildSSO(t)
	at := testNow
	s.operator(func(ctx context.Context, tx store.Tx) error {
		auditor, err := tx.Person(ctx, "auditor")
		if err != nil {
			return err
		}
		auditor.DisabledAt = &at
		if err := tx.PutPerson(ctx, auditor); err != nil {
			return err
		}
		outside := store.Person{ID: "outside", Email: "outside@elsewhere.example", Role: "engineer", CreatedAt: at}
		if err := tx.PutPerson(ctx, outside); err != nil {
			return err
		}
		if err := tx.PutDomain(ctx, store.Domain{Customer: "startup", Name: "unverified.example"}); err != nil {
			return err
		}
		for _, email := range []string{"gone@startup.example", "admin@unverified.example", "consultant@acme.example", "sub@mail.startup.example"} {
			m := store.Member{Customer: "startup", Email: email, Role: "member", CreatedAt: at}
			if email == "gone@startup.example" {
				m.DisabledAt = &at
			}
			if err := tx.PutMember(ctx, m); err != nil {
				return err
			}
		}
		return nil
	})
	staff := []string{"staff"}
	pages := map[string]string{}
	for _, c := range []struct {
		name, customer string
		who            oidctest.Person
		why            string
	}{
		{"an address that is not verified", "", oidctest.Person{ID: "1", Email: "engineer@msp.example", Groups: []string{"sre"}}, "not verified the address"},
		{"nobody's address", "", oidctest.Person{ID: "2", Email: "stranger@msp.example", Verified: true, Groups: []string{"owners"}}, "nobody here"},
		{"somebody who was removed", "", oidctest.Person{ID: "3", Email: "auditor@msp.example", Verified: true, Groups: []string{"audit"}}, "no more"},
		{"an operator of another domain", "", oidctest.Person{ID: "4", Email: "outside@elsewhere.example", Verified: true, Groups: []string{"sre"}}, "in no domain"},
		{"a domain that only ends alike", "", oidctest.Person{ID: "5", Email: "engineer@evil-msp.example", Verified: true, Groups: []string{"sre"}}, "in no domain"},
		{"an address with two @", "", oidctest.Person{ID: "6", Email: "engineer@msp.example@evil.example", Verified: true, Groups: []string{"sre"}}, "in no domain"},
		{"in no group that has a role", "", oidctest.Person{ID: "7", Email: "engineer@msp.example", Verified: true, Groups: []string{"everybody"}}, "none of the person's groups"},
		{"in no group at all", "", oidctest.Person{ID: "7", Email: "engineer@msp.example", Verified: true}, "none of the person's groups"},
		{"no address", "", oidctest.Person{ID: "8", Verified: true, Groups: []string{"sre"}}, "no address"},
		{"one of a customer's people as an operator", "", oidctest.Person{ID: "9", Email: "admin@startup.example", Verified: true, Groups: []string{"owners"}}, "in no domain"},

		{"a customer's: not verified", "startup", oidctest.Person{ID: "1", Email: "admin@startup.example", Groups: staff}, "not verified the address"},
		{"a customer's: nobody's address", "startup", oidctest.Person{ID: "2", Email: "new@startup.example", Verified: true, Groups: staff}, "nobody here"},
		{"a customer's: removed", "startup", oidctest.Person{ID: "3", Email: "gone@startup.example", Verified: true, Groups: staff}, "no more"},
		{"a customer's: its domain is not verified", "startup", oidctest.Person{ID: "4", Email: "admin@unverified.example", Verified: true, Groups: staff}, "in no domain"},
		{"a customer's: a member with an address of another customer's domain", "startup", oidctest.Person{ID: "5", Email: "consultant@acme.example", Verified: true, Groups: staff}, "in no domain"},
		{"a customer's: another customer's admin", "startup", oidctest.Person{ID: "6", Email: "admin@acme.example", Verified: true, Groups: staff}, "in no domain"},
		{"a customer's: a domain below", "startup", oidctest.Person{ID: "7", Email: "sub@mail.startup.example", Verified: true, Groups: staff}, "in no domain"},
		{"a customer's: an operator", "startup", oidctest.Person{ID: "8", Email: "owner@msp.example", Verified: true, Groups: staff}, "in no domain"},
		{"a customer's: thin and not verified", "acme", oidctest.Person{ID: "1", Email: "admin@acme.example"}, "not verified the address"},
	} {
		t.Run(c.name, func(t *testing.T) {
			outer := s.t
			s.t = t
			defer func() { s.t = outer }()
			s.forgetTries()
			s.is(c.customer, c.who)
			v := s.visitor()
			a := s.dance(v, c.customer)
			s.refused(v, a, c.customer, c.why)
			if _, actor := s.why(c.customer); c.who.Email != "" && actor != strings.ToLower(c.who.Email) {
				t.Errorf("the audit log says that %q was refused, want %q", actor, c.who.Email)
			}
			pages[strings.ReplaceAll(a.text(), c.customer, "")] = c.name
		})
	}
	if len(pages) != 1 {
		t.Errorf("refusals differ: %v", pages)
	}
	s.operator(func(ctx context.Context, tx store.Tx) error {
		found, err := tx.Persons(ctx)
		for _, p := range found {
			if p.Subject != "" {
				t.Errorf("a refusal bound %s to %s", p.Email, p.Subject)
			}
		}
		return err
	})
}

// TestSubjectIsBound: the first sign-in binds a person to the provider's subject.
// The address at the provider may then change; somebody else who gets the old one
// is not let in, until who may invites anew.
func TestSubjectIsBound(t *testing.T) {
	s := buildSSO(t)
	for _, c := range []struct {
		customer, page, id string
		who                oidctest.Person
	}{{"", "/overview", "engineer", eva}, {"startup", "/portal", anna.Email, anna}} {
		s.is(c.customer, c.who)
		if a := s.dance(s.visitor(), c.customer); a.status != http.StatusSeeOther {
			t.Fatalf("%s: %d %s", c.who.Email, a.status, a.text())
		}
		again := c.who
		again.ID = "somebody hired later"
		s.is(c.customer, again)
		v := s.visitor()
		s.refused(v, s.dance(v, c.customer), c.customer, "another subject")
		renamed := c.who
		renamed.Email = "renamed@" + strings.SplitN(c.who.Email, "@", 2)[1]
		s.is(c.customer, renamed)
		v = s.visitor()
		if a := s.dance(v, c.customer); a.status != http.StatusSeeOther {
			t.Errorf("after the address changed: %d", a.status)
		}
		if a := v.get(c.page); a.status != http.StatusOK {
			t.Errorf("after the address changed %s answers %d", c.page, a.status)
		}
	}
	// An owner removes the person and invites the address anew: whoever has it now is
	// who it is.
	owner := s.signedIn(store.Who{ID: "owner"})
	if a := owner.post("/settings/people", url.Values{"email": {"engineer@msp.example"}, "role": {"engineer"}}); a.status != http.StatusUnprocessableEntity {
		t.Errorf("inviting who is there: %d %s", a.status, a.text())
	}
	owner.post("/settings/people/remove", url.Values{"id": {"engineer"}})
	if a := owner.post("/settings/people", url.Values{"email": {"engineer@msp.example"}, "role": {"engineer"}}); a.status != http.StatusSeeOther {
		t.Fatalf("inviting anew: %d %s", a.status, a.text())
	}
	again := eva
	again.ID = "somebody hired later"
	s.is("", again)
	if a := s.dance(s.visitor(), ""); a.status != http.StatusSeeOther {
		t.Errorf("invited anew: %d %s", a.status, a.text())
	}
	s.is("", eva)
	v := s.visitor()
	s.refused(v, s.dance(v, ""), "", "another subject")
}

// TestNobodyBecomesAnother: at every provider, whoever it vouches for, what comes
// is a session of that very person, in that provider's scope, or none.
func TestNobodyBecomesAnother(t *testing.T) {
	s := buildSSO(t)
	var emails []string
	for _, role := range []string{"owner", "engineer", "billing", "support", "auditor"} {
		emails = append(emails, role+"@msp.example")
	}
	for _, c := range s.folio.Customers {
		emails = append(emails, "admin@"+c.Key+".example", "member@"+c.Key+".example")
	}
	in := 0
	for customer := range s.providers {
		for _, email := range emails {
			s.forgetTries()
			s.is(customer, oidctest.Person{ID: email, Email: email, Verified: true, Groups: []string{"owners", "it"}})
			v := s.visitor()
			a := s.dance(v, customer)
			domain := customer + ".example"
			if customer == "" {
				domain = "msp.example"
			}
			if may := strings.HasSuffix(email, "@"+domain); may != (a.status == http.StatusSeeOther) {
				t.Errorf("%s at the provider of %q: %d", email, customer, a.status)
			}
			var who Person
			base, _ := url.Parse(s.web.URL)
			for _, of := range []bool{false, true} {
				r, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, s.web.URL, nil)
				for _, c := range v.client.Jar.Cookies(base) {
					r.AddCookie(c)
				}
				p, err := s.Server.signedIn(r, of, s.clock.Now())
				if err != nil {
					t.Fatal(err)
				}
				if p.Role != 0 {
					who = p
				}
			}
			switch {
			case a.status != http.StatusSeeOther && who.Role != 0:
				t.Errorf("%s was refused at the provider of %q and is signed in as %s", email, customer, who.Email)
			case a.status == http.StatusSeeOther && (who.Email != email || who.Customer != customer):
				t.Errorf("%s at the provider of %q is signed in as %s of %q", email, customer, who.Email, who.Customer)
			case a.status == http.StatusSeeOther:
				in++
			}
		}
	}
	if in != 9 {
		t.Errorf("%d came in, want 5 operators and 2 people of each of 2 customers", in)
	}
}

// TestProviderIsDown: a page that says so, and links go on working.
func TestProviderIsDown(t *testing.T) {
	s := buildSSO(t)
	s.is("startup", anna)
	v := s.visitor()
	to := s.leave(v, "startup")
	back := s.password(v, to)
	for _, p := range s.providers {
		p.Stop()
	}
	if a := v.comeBack(back); a.status != http.StatusServiceUnavailable || !strings.Contains(a.text(), errProviderDown.Title) {
		t.Errorf("while the code is exchanged: %d %s", a.status, a.text())
	}
	if a := s.visitor().get("/signin/oidc"); a.status != http.StatusServiceUnavailable || !strings.Contains(a.text(), errProviderDown.Detail) {
		t.Errorf("before leaving: %d %s", a.status, a.text())
	}
	if a := s.signedIn(store.Who{Customer: "startup", ID: anna.Email}).get("/portal"); a.status != http.StatusOK {
		t.Errorf("by a link: %d", a.status)
	}
	if a := s.signedIn(store.Who{ID: "owner"}).post("/settings/signin", url.Values{"customer": {""}}); a.status != http.StatusOK || !strings.Contains(a.text(), "connection refused") {
		t.Errorf("asked whether it is there: %d %s", a.status, a.text())
	}
	s.silent(back.Query().Get("code"), back.Query().Get("state"))
}

// TestProviderThatSaysAnotherIssuer is not spoken with.
func TestProviderThatSaysAnotherIssuer(t *testing.T) {
	s := buildSSO(t)
	s.providers[""].Between(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		held := &heldAnswer{header: http.Header{}, status: http.StatusOK}
		next.ServeHTTP(held, r)
		_, _ = w.Write([]byte(strings.Replace(held.body.String(), `"issuer":"`+s.providers[""].Issuer, `"issuer":"`+s.providers["acme"].Issuer, 1)))
	})
	if a := s.visitor().get("/signin/oidc"); a.status != http.StatusServiceUnavailable {
		t.Errorf("answers %d %s", a.status, a.header.Get("Location"))
	}
}

// TestDoor: only the right address leads to a customer's provider; a customer that
// has none, one that is not here and a mark that was guessed are told alike.
func TestDoor(t *testing.T) {
	s := buildSSO(t)
	key := s.config.Key
	pages := map[string]bool{}
	for _, door := range []string{"startup", "startup.", "startup.aaaaaaaaaaaaaaaa", "nobody.aaaaaaaaaaaaaaaa", key.Door("nobody"), key.Door("medicorp"), "startup" + strings.TrimPrefix(key.Door("acme"), "acme"),
		oidc.Key{9}.Door("startup"), "." + strings.TrimPrefix(key.Door(""), ".")} {
		a := s.visitor().get("/signin/oidc/" + door)
		if a.status != http.StatusNotFound || a.header.Get("Set-Cookie") != "" {
			t.Errorf("%s answers %d", door, a.status)
		}
		pages[a.text()] = true
	}
	if len(pages) != 1 {
		t.Errorf("doors that lead nowhere differ: %v", pages)
	}
	s.ask("member@acme.example")
	if text := s.letters[0].Text; !strings.Contains(text, s.door("acme")) || strings.Contains(text, key.Door("startup")) {
		t.Errorf("the letter does not say where acme's people sign in:\n%s", text)
	}
	s.ask("member@medicorp.example")
	if text := s.letters[0].Text; strings.Contains(text, "/signin/oidc/") {
		t.Errorf("the letter names a provider where there is none:\n%s", text)
	}
}

// TestPortalAlone: a server without the operator's login lets customers' people in
// with their providers, from the database and its own key, and no operator.
func TestPortalAlone(t *testing.T) {
	s := buildSSO(t)
	logins := s.database.Logins()
	logins.Operator = ""
	alone, err := store.Open(t.Context(), logins)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(alone.Close)
	s.config = &oidc.Config{Key: s.config.Key, Operators: s.config.Operators}
	s.serve(alone)
	s.is("startup", anna)
	v := s.visitor()
	if a := s.dance(v, "startup"); a.status != http.StatusSeeOther {
		t.Fatalf("%d %s", a.status, a.text())
	}
	if a := v.get("/portal"); a.status != http.StatusOK {
		t.Errorf("the portal answers %d", a.status)
	}
	if a := s.visitor().get("/signin/oidc"); a.status != http.StatusNotFound {
		t.Errorf("operators are led to their provider: %d", a.status)
	}
	if a := s.visitor().get("/signin"); strings.Contains(a.body, "/signin/oidc") {
		t.Error("the page of sign-in leads operators to a provider")
	}
	wrong := s.config.Key
	wrong[0]++
	s.config = &oidc.Config{Key: wrong}
	s.serve(alone)
	if a := s.visitor().get(s.enter("startup")); a.status != http.StatusInternalServerError || strings.Contains(a.text(), "startup") {
		t.Errorf("with another key: %d %s", a.status, a.text())
	}
}

// TestProvidersKept: the database has them as the file says, the secrets sealed
// each for its customer; who is not in the file any more is not kept.
func TestProvidersKept(t *testing.T) {
	s := buildSSO(t)
	var kept []store.IdentityProvider
	read := func() {
		s.operator(func(ctx context.Context, tx store.Tx) (err error) {
			kept, err = tx.IdentityProviders(ctx)
			return err
		})
	}
	read()
	if len(kept) != 2 {
		t.Fatalf("kept %v", kept)
	}
	for _, p := range kept {
		text, _ := json.Marshal(p)
		if strings.Contains(string(text), clientSecret) || strings.Contains(string(p.Secret), clientSecret) {
			t.Errorf("%s: the secret is kept as it is", p.Customer)
		}
	}
	kept[0].Secret, kept[1].Secret = kept[1].Secret, kept[0].Secret
	for _, p := range kept {
		s.operator(func(ctx context.Context, tx store.Tx) error {
			if _, err := s.unsealed(ctx, tx, p); err == nil {
				t.Errorf("the secret of another opens as that of %s", p.Customer)
			}
			return nil
		})
	}
	delete(s.config.Customers, "acme")
	s.logins()
	if read(); len(kept) != 1 || kept[0].Customer != "startup" {
		t.Errorf("kept %v", kept)
	}
	if a := s.visitor().get(s.enter("acme")); a.status != http.StatusNotFound {
		t.Errorf("acme's provider is still spoken with: %d", a.status)
	}
}

// TestRenamedCustomersProvider: a customer's people sign in as before after its key has
// changed, at once and with a file that has the former one: the provider is told the
// address that it knows, and the door that was lead to the one that is. The file's block
// of the present key counts where it has both.
func TestRenamedCustomersProvider(t *testing.T) {
	s := buildSSO(t)
	v, was := s.visitor(), s.enter("startup")
	s.is("startup", anna)
	late := s.password(v, s.leave(v, "startup"))
	rename := func(from, to string) {
		s.operator(func(ctx context.Context, tx store.Tx) error {
			_, err := tx.Rename(ctx, from, to, s.clock.Now())
			return err
		})
	}
	enters := func(what, key, back string) {
		t.Helper()
		v := s.visitor()
		to := s.leave(v, key)
		if got := to.Query().Get("redirect_uri"); got != s.web.URL+"/signin/oidc/back/"+back {
			t.Errorf("%s: the provider is told %s", what, got)
		}
		if a := v.comeBack(s.password(v, to)); a.status != http.StatusSeeOther || a.header.Get("Location") != "/portal" {
			t.Errorf("%s: back from the provider: %d %s", what, a.status, a.text())
		}
		if a := v.get("/portal"); a.status != http.StatusOK || !strings.Contains(a.text(), anna.Email) {
			t.Errorf("%s: the portal answers %d", what, a.status)
		}
	}
	rename("startup", "nova")
	s.refused(v, v.comeBack(late), "", "")
	enters("at once", "nova", "startup")
	s.logins()
	enters("with the file of before", "nova", "startup")
	if a := s.visitor().get(was); a.status != http.StatusSeeOther || a.header.Get("Location") != s.door("nova") {
		t.Errorf("the door that was answers %d, leads to %q", a.status, a.header.Get("Location"))
	}
	if a := s.signedIn(store.Who{ID: "owner"}).get("/settings/signin"); !strings.Contains(a.text(), "In the file it is startup") || !strings.Contains(a.text(), s.back("startup")) {
		t.Errorf("the settings do not say so: %s", a.text())
	}
	rename("nova", "stella")
	enters("with the second key", "stella", "startup")
	s.config.Customers["stella"] = s.config.Customers["startup"]
	s.logins()
	s.providers["startup"].Client("landlord", clientSecret, false, s.web.URL+"/signin/oidc/back/stella")
	enters("with both in the file", "stella", "stella")
	delete(s.config.Customers, "startup")
	s.logins()
	enters("with the present one alone", "stella", "stella")
	if said := s.logged.String(); strings.Count(said, "under a former key: its people") != 1 || strings.Count(said, "under a former key too") != 1 {
		t.Errorf("the log does not say it once each")
	}
	delete(s.config.Customers, "stella")
	s.config.Customers["startup"], s.config.Customers["nova"] = s.config.Customers["acme"], s.config.Customers["acme"]
	if err := s.KeepProviders(t.Context()); err == nil || !strings.Contains(err.Error(), "nova and startup") {
		t.Errorf("two former keys of one: %v", err)
	}
	// One that is prepared under the next key counts when the customer has it.
	delete(s.config.Customers, "startup")
	delete(s.config.Customers, "nova")
	s.config.Customers["next"] = s.config.Customers["acme"]
	s.logins()
	rename("acme", "next")
	s.is("acme", carl)
	if got := s.leave(s.visitor(), "next").Query().Get("redirect_uri"); got != s.web.URL+"/signin/oidc/back/next" {
		t.Errorf("one that is prepared: the provider is told %s", got)
	}
}

// TestSettingsShowProviders: what is configured, where to register it, and whether
// it answers; secrets are on no page.
func TestSettingsShowProviders(t *testing.T) {
	s := buildSSO(t)
	owner := s.signedIn(store.Who{ID: "owner"})
	a := owner.get("/settings/signin")
	for _, want := range []string{s.providers[""].Issuer, s.providers["acme"].Issuer, "@msp.example", "@startup.example verified", "engineer: platform, sre", s.door("startup"), s.back("startup"), s.back("")} {
		if !strings.Contains(a.text(), want) {
			t.Errorf("the page lacks %q: %s", want, a.text())
		}
	}
	if strings.Contains(a.body, clientSecret) {
		t.Error("the page has a client's secret")
	}
	if a := owner.post("/settings/signin", url.Values{"customer": {"acme"}}); !strings.Contains(a.text(), "It answers.") {
		t.Errorf("asked whether it is there: %d %s", a.status, a.text())
	}
	if a := owner.post("/settings/signin", url.Values{"customer": {"medicorp"}}); a.status != http.StatusNotFound {
		t.Errorf("a customer without a provider: %d", a.status)
	}
}

// TestTooManyRefusals: who is refused often waits.
func TestTooManyRefusals(t *testing.T) {
	s := buildSSO(t)
	s.is("", oidctest.Person{ID: "1", Email: "stranger@msp.example", Verified: true})
	for range unbelieved.Most {
		s.visitor().get("/signin/oidc/back?state=none&code=none")
	}
	if a := s.dance(s.visitor(), ""); a.status != http.StatusTooManyRequests {
		t.Errorf("after %d refusals: %d", unbelieved.Most, a.status)
	}
	if a := s.signedIn(store.Who{ID: "owner"}).get("/overview"); a.status != http.StatusOK {
		t.Errorf("a link of the same network: %d", a.status)
	}
}

// TestSignOutAtTheProvider: who came by a provider signs out there too, by name, and
// comes back to sign in; who came by a link, or by one that has no such address, signs
// out here. What the browser kept is of no use for another session.
func TestSignOutAtTheProvider(t *testing.T) {
	s := buildSSO(t)
	for _, c := range []struct {
		customer, out string
		who           oidctest.Person
	}{{"", "/signout", eva}, {"startup", "/portal/signout", anna}} {
		s.is(c.customer, c.who)
		v := s.visitor()
		if a := s.dance(v, c.customer); a.status != http.StatusSeeOther {
			t.Fatal(a.status)
		}
		a := v.post(c.out, nil)
		_, to, _ := strings.Cut(a.header.Get("Refresh"), "url=")
		if a.status != http.StatusOK || !strings.HasPrefix(to, s.providers[c.customer].Issuer+"/end_session?") || !strings.Contains(a.body, "Sign out there too") || strings.Contains(a.text(), c.who.Email) {
			t.Fatalf("signing out answers %d, leads to %q: %s", a.status, to, a.text())
		}
		if a := v.get("/portal"); a.status != http.StatusSeeOther {
			t.Errorf("signed out, a page answers %d", a.status)
		}
		w, said := v.abroad(to)
		if back := w.Header.Get("Location"); w.StatusCode != http.StatusFound || back != s.web.URL+"/signin" {
			t.Errorf("the provider answers %d, leads to %q: %s", w.StatusCode, back, said)
		}
		if ended := s.providers[c.customer].Ended(); len(ended) != 1 || ended[0] != c.who.ID+" at landlord" {
			t.Errorf("at the provider ended %q", ended)
		}
		if strings.Contains(s.logged.String(), "id_token_hint") {
			t.Error("a token is logged")
		}
	}
	s.is("", eva)
	v := s.visitor()
	s.dance(v, "")
	link, err := s.Link(t.Context(), store.Who{ID: "support"}, "")
	if err != nil {
		t.Fatal(err)
	}
	v.post(strings.TrimPrefix(link, s.web.URL), nil) // another session in the same browser
	if a := v.post("/signout", nil); a.status != http.StatusSeeOther || a.header.Get("Location") != "/signin" || a.header.Get("Refresh") != "" {
		t.Errorf("who came by a link signs out to %d %s %s", a.status, a.header.Get("Location"), a.header.Get("Refresh"))
	}
	s.providers["acme"].Between(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if r.URL.Path != "/.well-known/openid-configuration" {
			next.ServeHTTP(w, r)
			return
		}
		kept := httptest.NewRecorder()
		next.ServeHTTP(kept, r)
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(strings.Replace(kept.Body.String(), `"end_session_endpoint"`, `"no_such_endpoint"`, 1)))
	})
	s.is("acme", carl)
	w := s.visitor()
	if a := s.dance(w, "acme"); a.status != http.StatusSeeOther {
		t.Fatal(a.status)
	}
	if a := w.post("/portal/signout", nil); a.status != http.StatusSeeOther || a.header.Get("Location") != "/signin" {
		t.Errorf("without such an address: %d %s", a.status, a.header.Get("Location"))
	}
	// Who signed out there types the password again, once; the provider's word that
	// it knows them from before is not enough.
	for i, typed := range []int{2, 2} {
		if a := s.dance(w, "acme"); a.status != http.StatusSeeOther || s.providers["acme"].Typed() != typed {
			t.Errorf("sign-in %d after it answers %d, and %d passwords were typed, want %d", i+1, a.status, s.providers["acme"].Typed(), typed)
		}
	}
	if a := s.dance(s.visitor(), "acme"); a.status != http.StatusSeeOther || s.providers["acme"].Typed() != 2 {
		t.Errorf("another browser is asked anew: %d, %d", a.status, s.providers["acme"].Typed())
	}
	w.post("/portal/signout", nil)
	s.providers["acme"].Deaf()
	s.refused(w, s.dance(w, "acme"), "acme", "did not ask somebody anew")
}
