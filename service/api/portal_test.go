package api_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"landlord/service/api"
	"landlord/service/control"
	"landlord/service/store"
)

// own makes one of a customer's people, if it is new, and a token of it.
func (h *house) own(customer, email, role string, scopes ...string) string {
	h.t.Helper()
	secret, hash := api.NewSecret(customer)
	now := time.Now()
	err := h.store.Operator(h.t.Context(), func(tx store.Tx) error {
		if err := tx.PutMember(h.t.Context(), store.Member{Customer: customer, Email: email, Role: role, CreatedAt: now}); err != nil {
			return err
		}
		return tx.NewToken(h.t.Context(), store.Token{Who: store.Who{Customer: customer, ID: email}, ID: secret[len(secret)-8:], Name: "CI", Hash: hash, Scopes: scopes, CreatedAt: now, ExpiresAt: now.Add(time.Hour)})
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return secret
}

// customers pushes a portfolio of n.
func (h *house) customers(owner string, n int) {
	h.t.Helper()
	h.want(h.ask(owner, "PUT", "/api/v1/portfolio", h.change(owner, text(n)), `If-Match: "0"`), 202, nil)
}

// ends of a customer's addresses, for operators and for its own people.
var ends = []string{"/api/v1/customers/c0", "/api/v1/portal"}

// TestDomainsAreProven: only a record in its DNS verifies a domain, which then stays
// verified; for operators and for the customer's admins alike.
func TestDomainsAreProven(t *testing.T) {
	h := begin(t)
	owner := h.token("owner", all...)
	h.customers(owner, 1)
	admin := h.own("c0", "ann@c0.example", "admin", api.Own, api.Manage)
	for i, token := range []string{owner, admin} {
		at := ends[i] + "/domains/"
		name := fmt.Sprintf("side%d.example", i)
		var d struct {
			Name, Record, Value string
			VerifiedAt          *time.Time `json:"verified_at"`
		}
		h.want(h.ask(token, "PUT", at+"no_domain", nil), 422, nil)
		h.want(h.ask(token, "PUT", at+name, map[string]bool{"verified": true}), 422, nil)
		h.want(h.ask(token, "GET", at+name, nil), 404, nil)
		h.want(h.ask(token, "PUT", at+strings.ToUpper(name)+".", nil), 200, &d)
		if d.Name != name || d.VerifiedAt != nil || d.Record != "_landlord."+name {
			t.Errorf("the domain is %+v", d)
		}
		h.want(h.ask(token, "POST", at+name+"/verify", nil), 409, nil)
		h.dns[d.Record] = []string{"spf", d.Value}
		h.want(h.ask(token, "POST", at+name+"/verify", nil), 200, &d)
		if d.VerifiedAt == nil {
			t.Error("the proven domain is not verified")
		}
		value := d.Value
		h.want(h.ask(token, "PUT", at+name, map[string]bool{}), 200, &d)
		if d.VerifiedAt == nil || d.Value != value {
			t.Errorf("added again, the domain is %+v", d)
		}
		h.want(h.ask(token, "DELETE", at+name, nil), 204, nil)
		h.want(h.ask(token, "DELETE", at+name, nil), 404, nil)
	}
}

// TestContactsAreAsked: what is left out of a contact stays; letters are asked for so
// often and no more, and Retry-After says when again.
func TestContactsAreAsked(t *testing.T) {
	h := begin(t)
	owner := h.token("owner", all...)
	h.customers(owner, 1)
	admin := h.own("c0", "ann@c0.example", "admin", api.Own, api.Manage)
	for i, token := range []string{owner, admin} {
		at := fmt.Sprintf("%s/contacts/new%d@c0.example", ends[i], i)
		h.want(h.ask(token, "POST", at+"/ask", nil), 404, nil)
		h.want(h.ask(token, "PUT", at, map[string]string{"role": "billing"}), 200, nil)
		for range 3 {
			h.want(h.ask(token, "POST", at+"/ask", nil), 202, nil)
		}
		a := h.ask(token, "POST", at+"/ask", nil)
		h.want(a, 429, nil)
		if a.Header.Get("Retry-After") == "" {
			t.Error("no Retry-After")
		}
		h.want(h.ask(token, "DELETE", at, nil), 204, nil)
	}
}

// TestTheirOwnPeople: admins let people in and out, never the last admin; members and
// tokens without the scope do not.
func TestTheirOwnPeople(t *testing.T) {
	h := begin(t)
	owner := h.token("owner", all...)
	h.customers(owner, 2)
	admin := h.own("c0", "ann@c0.example", "admin", api.Own, api.Manage, api.Tokens)
	member := h.own("c0", "max@c0.example", "member", api.Own, api.Manage)
	put := map[string]any{"role": "member", "name": "Zoe", "invite": true}
	h.want(h.ask(member, "PUT", "/api/v1/portal/members/zoe@c0.example", put), 403, nil)
	h.want(h.ask(admin, "PUT", "/api/v1/portal/members/zoe@c0.example", put), 200, nil)
	var m struct{ Name, Role string }
	h.want(h.ask(admin, "PUT", "/api/v1/portal/members/zoe@c0.example", map[string]any{"role": "admin"}), 200, &m)
	if m.Name != "Zoe" || m.Role != "admin" {
		t.Errorf("what was left out did not stay: %+v", m)
	}
	var found struct{ Items []struct{ Email string } }
	h.want(h.ask(member, "GET", "/api/v1/portal/members?q=ZO", nil), 200, &found)
	if len(found.Items) != 1 || found.Items[0].Email != "zoe@c0.example" {
		t.Errorf("found %v", found.Items)
	}
	h.want(h.ask(admin, "DELETE", "/api/v1/portal/members/ann@c0.example", nil), 409, nil)
	h.want(h.ask(admin, "PUT", "/api/v1/portal/members/ann@c0.example", put), 409, nil)
	zoe := h.own("c0", "zoe@c0.example", "admin", api.Own, api.Manage)
	h.want(h.ask(zoe, "PUT", "/api/v1/portal/members/ann@c0.example", map[string]any{"role": "member"}), 200, nil)
	h.want(h.ask(admin, "DELETE", "/api/v1/portal/members/zoe@c0.example", nil), 403, nil)

	// Where they are signed in.
	err := h.store.Operator(t.Context(), func(tx store.Tx) error {
		now := time.Now()
		return tx.NewSession(t.Context(), store.Session{Who: store.Who{Customer: "c0", ID: "max@c0.example"}, ID: "s", Hash: api.Hash("s"), CreatedAt: now, SeenAt: now, ExpiresAt: now.Add(time.Hour)})
	})
	if err != nil {
		t.Fatal(err)
	}
	var open struct{ Items []struct{ ID string } }
	h.want(h.ask(zoe, "GET", "/api/v1/portal/members/max@c0.example/sessions", nil), 200, &open)
	if len(open.Items) != 1 {
		t.Errorf("sessions are %v", open.Items)
	}
	h.want(h.ask(owner, "GET", "/api/v1/customers/c1/members/max@c0.example/sessions", nil), 404, nil)
	h.want(h.ask(owner, "DELETE", "/api/v1/customers/c0/members/max@c0.example/sessions/s", nil), 204, nil)
	h.want(h.ask(zoe, "DELETE", "/api/v1/portal/members/max@c0.example/sessions/s", nil), 404, nil)

	// Tokens of their own, which may do no more than their role.
	var made struct{ Token string }
	h.want(h.ask(admin, "POST", "/api/v1/tokens", map[string]any{"name": "more", "scopes": []string{api.Manage}}), 403, nil)
	h.want(h.ask(admin, "POST", "/api/v1/tokens", map[string]any{"name": "more", "scopes": []string{api.Own}}), 201, &made)
	h.want(h.ask(made.Token, "GET", "/api/v1/portal/guardrails", nil), 200, nil)
}

// TestAuditOfTheirOwn: a customer reads and searches what its own people did by name,
// and of its provider's people that something was done.
func TestAuditOfTheirOwn(t *testing.T) {
	h := begin(t)
	owner := h.token("owner", all...)
	h.customers(owner, 1)
	admin := h.own("c0", "ann@c0.example", "admin", api.Own, api.Manage)
	h.want(h.ask(owner, "PUT", "/api/v1/customers/c0/members/one@c0.example", map[string]any{"role": "member"}), 200, nil)
	h.want(h.ask(admin, "PUT", "/api/v1/portal/members/two@c0.example", map[string]any{"role": "member"}), 200, nil)
	for query, want := range map[string]string{"": `["ann@c0.example (CI)" ""]`, "?q=TWO@c0": `["ann@c0.example (CI)"]`, "?q=owner@example.com": "[]", "?actor=owner@example.com%20(test)": "[]", "?q=ann@": `["ann@c0.example (CI)"]`,
		"?action=member.put&q=one@": `[""]`, "?q=nobody": "[]", "?since=2999-01-01T00:00:00Z": "[]"} {
		var found struct {
			Items []struct{ Actor, Source, Action string }
		}
		a := h.ask(admin, "GET", "/api/v1/portal/audit"+query, nil)
		h.want(a, 200, &found)
		var who []string
		for _, e := range found.Items {
			if e.Action == "member.put" {
				who = append(who, e.Actor)
			}
		}
		if fmt.Sprintf("%q", who) != want || strings.Contains(string(a.text), "owner@") {
			t.Errorf("%s finds %q, want %s: %s", query, who, want, a.text)
		}
	}
}

// TestOrganizationAndWhatIf: the look and a simulation, as pages show them.
func TestOrganizationAndWhatIf(t *testing.T) {
	h := begin(t)
	owner := h.token("owner", all...)
	h.want(h.ask(owner, "GET", "/api/v1/organization", nil), 404, nil)
	h.want(h.ask(owner, "GET", "/api/v1/simulation?tier=standard", nil), 404, nil)
	var pushed struct{ Run string }
	h.want(h.ask(owner, "PUT", "/api/v1/portfolio", h.change(owner, text(3)), `If-Match: "0"`), 202, &pushed)
	h.want(h.ask(owner, "GET", "/api/v1/runs/"+pushed.Run+"/events", nil), 200, nil) // until its end
	var o struct {
		Accounts int
		Units    []struct {
			ID, Parent, Tier string
			Policies         []string
			Accounts         int
		}
	}
	h.want(h.ask(owner, "GET", "/api/v1/organization", nil), 200, &o)
	if o.Accounts != 4 || len(o.Units) != 2 || o.Units[1].Tier != "standard" || o.Units[1].Parent != o.Units[0].ID || o.Units[1].Accounts != 3 || len(o.Units[1].Policies) == 0 {
		t.Errorf("the organization is %+v", o)
	}
	var proof struct {
		Items []struct {
			Tier, Statement, Prevents string
			Accounts, Wrong           int
		}
	}
	h.want(h.ask(owner, "GET", "/api/v1/organization/isolation", nil), 200, &proof)
	if len(proof.Items) < 30 || proof.Items[0].Tier != "standard" || proof.Items[0].Accounts != 3 || proof.Items[0].Wrong != 0 || proof.Items[0].Prevents == "" {
		t.Errorf("the proof of isolation is %+v", proof)
	}
	var customers []string
	for cursor := ""; ; {
		var page struct {
			Items []struct{ Customer string }
			Next  string
		}
		h.want(h.ask(owner, "GET", "/api/v1/organization/accounts?limit=2&unit="+o.Units[1].ID+"&cursor="+cursor, nil), 200, &page)
		for _, c := range page.Items {
			customers = append(customers, c.Customer)
		}
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	if len(customers) != 3 {
		t.Errorf("the accounts are of %v", customers)
	}
	h.in(func(ctx context.Context, tx store.Tx) error {
		return tx.PutSetting(ctx, "faults", []control.Fault{{Says: "accounts of customers who are not in the file"}})
	})
	var tallies struct {
		Items  []struct{ Customers int }
		Faults []struct{ Says string }
	}
	h.want(h.ask(owner, "GET", "/api/v1/overview", nil), 200, &tallies)
	if len(tallies.Items) != 1 || tallies.Items[0].Customers != 3 || len(tallies.Faults) != 1 || tallies.Faults[0].Says == "" {
		t.Errorf("the overview is %+v", tallies)
	}
	var r struct{ Scenarios []struct{ Customers int } }
	h.want(h.ask(owner, "GET", "/api/v1/simulation?tier=standard&add=2", nil), 200, &r)
	if len(r.Scenarios) == 0 || r.Scenarios[len(r.Scenarios)-1].Customers < 5 {
		t.Errorf("the scenarios are %+v", r.Scenarios)
	}
	h.want(h.ask(owner, "GET", "/api/v1/simulation?tier=none&add=2", nil), 422, nil)
	h.want(h.ask(owner, "GET", "/api/v1/runs/none/events", nil), 404, nil)
	if a := h.ask(owner, "DELETE", "/api/v1/portfolio", nil); a.StatusCode != 405 || a.Header.Get("Allow") != "GET, PUT" {
		t.Errorf("what the portfolio does not take answers %s, Allow %q", a.Status, a.Header.Get("Allow"))
	}
	h.want(h.ask(owner, "DELETE", "/api/v1/nothing", nil), 404, nil)
	h.want(h.ask(owner, "GET", "/api/v1/customers/c0/steps", nil), 200, nil)
}

// TestAtOnceDoneOnce: of a write that is sent many times at once, by one token with
// one key, one is done; another token's and another key's are others.
func TestAtOnceDoneOnce(t *testing.T) {
	h := begin(t)
	owner := h.token("owner", all...)
	second := h.token("owner", all...)
	h.customers(owner, 1)
	count := func() (n int) {
		h.t.Helper()
		err := h.store.Operator(t.Context(), func(tx store.Tx) error {
			found, err := tx.Entries(t.Context(), store.EntryQuery{Action: "token.make"})
			n = len(found)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	var all sync.WaitGroup
	status := make(chan int, 16)
	for range cap(status) {
		all.Go(func() {
			status <- h.ask(owner, "POST", "/api/v1/tokens", map[string]string{"name": "x"}, "Idempotency-Key: k").StatusCode
		})
	}
	all.Wait()
	close(status)
	made := 0
	for s := range status {
		if s == http.StatusCreated {
			made++
		} else if s != http.StatusConflict {
			t.Errorf("one of those at once answers %d", s)
		}
	}
	if made != 1 || count() != 1 {
		t.Errorf("made %d, written down %d, want 1", made, count())
	}
	h.want(h.ask(second, "POST", "/api/v1/tokens", map[string]string{"name": "x"}, "Idempotency-Key: k"), 201, nil)
	h.want(h.ask(owner, "POST", "/api/v1/tokens", map[string]string{"name": "x"}, "Idempotency-Key: l"), 201, nil)
	if count() != 3 {
		t.Errorf("written down are %d, want 3", count())
	}
}

// TestTakenForDead: a write that takes longer than a minute is taken over when it is
// sent again; the first then does nothing, and the answer that is kept is the other's.
func TestTakenForDead(t *testing.T) {
	h := begin(t)
	owner := h.token("owner", all...)
	h.customers(owner, 1)
	begun, proceed := make(chan struct{}), make(chan struct{})
	var once sync.Once
	h.asked = func(context.Context) {
		once.Do(func() { close(begun); <-proceed })
	}
	put := func() answer {
		return h.ask(owner, "PUT", "/api/v1/customers/c0/members/max@c0.example", map[string]any{"role": "member", "invite": true}, "Idempotency-Key: k")
	}
	first := make(chan answer, 1)
	go func() { first <- put() }()
	<-begun
	h.want(put(), 409, nil)
	h.clock.later(61 * time.Second)
	second := make(chan answer, 1)
	go func() { second <- put() }()
	h.until(func(tx store.Tx) (bool, error) {
		var n int
		err := tx.QueryRow(t.Context(), `SELECT count(*) FROM idempotency WHERE key = 'k' AND at > $1`, time.Now().Add(30*time.Second)).Scan(&n)
		return n == 1, err
	})
	close(proceed)
	h.want(<-first, 409, nil)
	h.want(<-second, 200, nil)
	again := put()
	h.want(again, 200, nil)
	if again.Header.Get("Idempotent-Replayed") != "true" {
		t.Error("the answer is not the kept one")
	}
	err := h.store.Operator(t.Context(), func(tx store.Tx) error {
		found, err := tx.Entries(t.Context(), store.EntryQuery{Action: "member.put"})
		if len(found) != 1 {
			t.Errorf("it was done %d times", len(found))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// dying is the connection of a process that ends when it is about to answer.
type dying struct{ http.ResponseWriter }

func (dying) Header() http.Header         { return http.Header{} }
func (dying) WriteHeader(int)             { panic(http.ErrAbortHandler) }
func (d dying) Write([]byte) (int, error) { panic(http.ErrAbortHandler) }

// TestEndsBeforeItAnswers: what was done by a process that ended before it answered
// is not done again, however late the request is sent again.
func TestEndsBeforeItAnswers(t *testing.T) {
	h := begin(t)
	owner := h.token("owner", all...)
	var pushed struct{ Run string }
	h.want(h.ask(owner, "PUT", "/api/v1/portfolio", h.change(owner, text(1)), `If-Match: "0"`), 202, &pushed)
	h.ended(owner, pushed.Run)
	err := h.store.Operator(t.Context(), func(tx store.Tx) error { // nobody is at it
		return tx.AddRun(t.Context(), store.Run{ID: "waits", Kind: store.RunPlan, Portfolio: 1, AskedBy: "somebody", AskedAt: time.Now()})
	})
	if err != nil {
		t.Fatal(err)
	}
	count := func() (n int) {
		h.until(func(tx store.Tx) (bool, error) {
			return true, tx.QueryRow(t.Context(), `SELECT (SELECT count(*) FROM run) + (SELECT count(*) FROM audit_entry WHERE action = 'run.stop')`).Scan(&n)
		})
		return n
	}
	for _, w := range []struct{ method, path, text string }{
		{"POST", "/api/v1/runs/waits/stop", ``},
		{"POST", "/api/v1/runs", `{"kind":"verify"}`},
		{"POST", "/api/v1/customers/c0/suspend", `{}`},
	} {
		before := count()
		func() {
			defer func() {
				if recover() != http.ErrAbortHandler {
					t.Errorf("%s %s answers", w.method, w.path)
				}
			}()
			r := httptest.NewRequestWithContext(t.Context(), w.method, w.path, strings.NewReader(w.text))
			r.Header.Set("Authorization", "Bearer "+owner)
			r.Header.Set("Content-Type", "application/json")
			r.Header.Set("Idempotency-Key", "dies at "+w.path)
			h.api.ServeHTTP(dying{}, r)
		}()
		if n := count(); n != before+1 {
			t.Fatalf("%s %s: done %d times, want once", w.method, w.path, n-before)
		}
		h.clock.later(61 * time.Second)
		var body any
		if w.text != "" {
			body = json.RawMessage(w.text)
		}
		h.want(h.ask(owner, w.method, w.path, body, "Idempotency-Key: dies at "+w.path), 409, nil)
		if n := count(); n != before+1 {
			t.Errorf("%s %s: done %d times, want once", w.method, w.path, n-before)
		}
	}
}
