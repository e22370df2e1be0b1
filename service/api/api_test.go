package api_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"landlord/internal/clock"
	"landlord/service/api"
	"landlord/service/store"
)

func TestFromTextToCustomers(t *testing.T) {
	h := begin(t)
	owner := h.token("owner", all...)
	var proposal struct {
		Base    int64
		Confirm string
		Changes []struct{ Action, Kind, Customer string }
	}
	h.want(h.ask(owner, "POST", "/api/v1/portfolio/proposals", map[string]string{"text": text(3)}), 200, &proposal)
	if proposal.Base != 0 || len(proposal.Changes) < 3 {
		t.Errorf("proposal is %+v", proposal)
	}
	push := map[string]string{"text": text(3), "confirm": proposal.Confirm, "note": "three"}
	var pushed struct {
		Version int64
		Run     string
	}
	h.want(h.ask(owner, "PUT", "/api/v1/portfolio", push, `If-Match: "0"`), 202, &pushed)
	h.want(h.ask(owner, "PUT", "/api/v1/portfolio", h.change(owner, text(4)), `If-Match: "0"`), 409, nil)
	h.want(h.ask(owner, "PUT", "/api/v1/portfolio", map[string]string{"text": text(4)}, `If-Match: "1"`), 422, nil)
	h.want(h.ask(owner, "PUT", "/api/v1/portfolio", map[string]string{"text": text(4), "confirm": proposal.Confirm}, `If-Match: "1"`), 409, nil)

	r, err := http.NewRequestWithContext(t.Context(), "GET", h.url+"/api/v1/runs/"+pushed.Run+"/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+owner)
	stream, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Body.Close()
	var last string
	for lines := bufio.NewScanner(stream.Body); lines.Scan(); {
		if data, is := strings.CutPrefix(lines.Text(), "data: "); is {
			last = data
		}
	}
	if !strings.Contains(last, `"state":"done"`) {
		t.Errorf("the last event is %s", last)
	}

	var kept struct {
		Version int64
		Text    string
	}
	a := h.ask(owner, "GET", "/api/v1/portfolio", nil)
	h.want(a, 200, &kept)
	if kept.Text != text(3) || a.Header.Get("ETag") != `"1"` {
		t.Errorf("version %d, ETag %s, text\n%s", kept.Version, a.Header.Get("ETag"), kept.Text)
	}
	var got []string
	for cursor := ""; ; {
		var page struct {
			Items []struct{ Key, State, Account string }
			Next  string
		}
		h.want(h.ask(owner, "GET", "/api/v1/customers?limit=2&sort=key&cursor="+cursor, nil), 200, &page)
		for _, c := range page.Items {
			if c.State != "active" || len(c.Account) != 12 {
				t.Errorf("customer is %+v", c)
			}
			got = append(got, c.Key)
		}
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	if fmt.Sprint(got) != "[c0 c1 c2]" {
		t.Errorf("the pages have %v", got)
	}
	var one struct {
		Checks     []struct{ Passed bool }
		Guardrails map[string]string
	}
	h.want(h.ask(owner, "GET", "/api/v1/customers/c1", nil), 200, &one)
	if len(one.Checks) != 6 || len(one.Guardrails) == 0 {
		t.Errorf("c1 is %+v", one)
	}
	var faults struct{ Errors []struct{ Location string } }
	h.want(h.ask(owner, "PUT", "/api/v1/portfolio", map[string]string{"text": strings.Replace(text(1), "standard", "stanard", 1), "confirm": "x"}, `If-Match: "1"`), 422, &faults)
	if len(faults.Errors) != 1 || !strings.HasPrefix(faults.Errors[0].Location, "text:4:") {
		t.Errorf("faults are %+v", faults)
	}
}

// filled is an operation with every path parameter filled.
func filled(op string) string {
	return strings.NewReplacer("{id}", "x", "{key}", "x", "{email}", "x@example.com", "{version}", "1", "{name}", "example.com").Replace(op)
}

// operations are all of the document, and the scopes they ask for.
func (h *house) operations() map[string][]string {
	h.t.Helper()
	doc := h.document()
	if !strings.HasPrefix(doc.OpenAPI, "3.1") || len(doc.Paths) < 15 {
		h.t.Fatalf("OpenAPI %s with %d paths", doc.OpenAPI, len(doc.Paths))
	}
	list := map[string][]string{}
	for path, methods := range doc.Paths {
		for method, op := range methods {
			if op.Summary == "" || len(op.Security) != 1 {
				h.t.Errorf("%s %s: summary %q, security %v", method, path, op.Summary, op.Security)
				continue
			}
			list[strings.ToUpper(method)+" "+path] = op.Security[0]["token"]
		}
	}
	return list
}

// document is the API's own, as far as tests read it.
type document struct {
	OpenAPI string
	Paths   map[string]map[string]struct {
		OperationID string
		Summary     string
		Security    []map[string][]string
		Parameters  []struct {
			Name, In string
			Schema   struct {
				Type, Format string
				Enum         []string
			}
		}
	}
}

func (h *house) document() (doc document) {
	h.t.Helper()
	w := httptest.NewRecorder()
	h.api.OpenAPI(w, httptest.NewRequest("GET", "/openapi.json", nil))
	if err := json.Unmarshal(w.Body.Bytes(), &doc); err != nil {
		h.t.Fatal(err)
	}
	return doc
}

// words are, by operation, the query parameters that take any text.
func (h *house) words() map[string][]string {
	list := map[string][]string{}
	for path, methods := range h.document().Paths {
		for method, op := range methods {
			for _, p := range op.Parameters {
				if any := p.Schema.Type == "string" && p.Schema.Format == "" && len(p.Schema.Enum) == 0; p.In == "query" && any && p.Name != "cursor" && p.Name != "sort" {
					name := strings.ToUpper(method) + " " + path
					list[name] = append(list[name], p.Name)
				}
			}
		}
	}
	return list
}

// TestQueryThatIsNotTaken: no operation ignores a query parameter that it does not
// take, whoever may call it; the answer names the nearest that it takes.
func TestQueryThatIsNotTaken(t *testing.T) {
	h := begin(t)
	owner := h.token("owner", all...)
	h.customers(owner, 2)
	admin := h.own("c0", "ann@c0.example", "admin", everything...)
	n := 0
	for op := range h.operations() {
		token := owner
		if strings.HasPrefix(op[strings.Index(op, " ")+1:], api.Prefix+"/portal") {
			token = admin
		}
		method, path, _ := strings.Cut(filled(op), " ")
		h.clock.later(100 * time.Millisecond)
		a := h.ask(token, method, path+"?owner=c1", bodyOf(method, path))
		if n++; a.StatusCode != 422 || !strings.Contains(string(a.text), `"query.owner"`) {
			t.Errorf("%s with ?owner=c1: %s: %s", op, a.Status, a.text)
		}
	}
	for query, want := range map[string]string{
		"tiers=standard": `did you mean \"tier\"?`, "state=active&fail=true": `did you mean \"failing\"?`, "customer=c1": "there are limit, cursor, q, tier, ",
		"tier=standard;state=active": "invalid semicolon separator", "tier=%zz": "invalid URL escape", "tier=standard&tier=fintech": `"query.tier"`,
	} {
		if a := h.ask(owner, "GET", "/api/v1/customers?"+query, nil); a.StatusCode != 422 || !strings.Contains(string(a.text), want) {
			t.Errorf("?%s: %s, want 422 with %s: %s", query, a.Status, want, a.text)
		}
	}
	for _, path := range []string{"compliance/tiers", "compliance/controls", "compliance/customers"} {
		for _, query := range []string{"since=0000-01-01T00:00:00Z", "since=9999-12-31T23:59:59Z", "since=0001-01-01T00:00:00%2B23:59"} {
			h.clock.later(100 * time.Millisecond)
			if a := h.ask(owner, "GET", "/api/v1/"+path+"?"+query, nil); a.StatusCode >= 500 {
				t.Errorf("%s?%s: %s: %s", path, query, a.Status, a.text)
			}
		}
	}
	for _, query := range []string{"cursor=9223372036854775807", "cursor=99999999999999999999", "cursor=%00", "control=CC6.1", "framework=SOC%202&control=%00", "framework=%00"} {
		if a := h.ask(owner, "GET", "/api/v1/compliance/customers?"+query, nil); a.StatusCode >= 500 {
			t.Errorf("?%s: %s: %s", query, a.Status, a.text)
		}
	}
	if n < 40 {
		t.Errorf("only %d operations", n)
	}
}

// TestNobodyGetsMoreThanTheToken: without a token every operation answers 401, and
// without its scope 403; a role that lacks a scope does not get it by its token.
func TestNobodyGetsMoreThanTheToken(t *testing.T) {
	h := begin(t)
	without := map[string]string{}
	for _, s := range append(all, api.Own) {
		var rest []string
		for _, o := range all {
			if o != s {
				rest = append(rest, o)
			}
		}
		without[s] = h.token("owner", rest...)
	}
	without[api.Manage] = without[api.Own]
	auditor := h.token("auditor", all...)
	n := 0
	for op, scopes := range h.operations() {
		method, path, _ := strings.Cut(filled(op), " ")
		n++
		source := fmt.Sprintf("Test-Source: 192.0.2.%d", n)
		h.want(h.ask("", method, path, map[string]string{}, source), 401, nil)
		h.want(h.ask("landlord_op_GUESSED", method, path, map[string]string{}, source), 401, nil)
		h.want(h.ask("landlord_cu_c0.GUESSED", method, path, map[string]string{}, source), 401, nil)
		for _, s := range scopes {
			h.want(h.ask(without[s], method, path, map[string]string{}, source), 403, nil)
			if s != api.Read && s != api.Audit && s != api.Tokens {
				h.want(h.ask(auditor, method, path, map[string]string{}, source), 403, nil)
			}
		}
	}
	h.want(h.ask(auditor, "GET", "/api/v1/nothing", nil), 404, nil)
}

func TestTokens(t *testing.T) {
	h := begin(t)
	first := h.token("engineer", api.Read, api.Tokens)
	var made struct {
		ID, Token string
		Scopes    []string
		ExpiresAt time.Time `json:"expires_at"`
	}
	h.want(h.ask(first, "POST", "/api/v1/tokens", map[string]any{"name": "more", "scopes": []string{api.Read, api.Portfolio}}), 403, nil)
	h.want(h.ask(first, "POST", "/api/v1/tokens", map[string]any{"name": "same"}), 201, &made)
	h.want(h.ask(made.Token, "GET", "/api/v1/runs", nil), 200, nil)
	if left := time.Until(made.ExpiresAt); left > time.Hour {
		t.Errorf("a token of an hour made one that is good for %s", left)
	}
	// Without the scope a token makes none and ends none but itself.
	var weak, me struct{ ID, Token string }
	h.want(h.ask(first, "POST", "/api/v1/tokens", map[string]any{"name": "weak", "scopes": []string{api.Read}}), 201, &weak)
	h.want(h.ask(weak.Token, "POST", "/api/v1/tokens", map[string]any{"name": "child"}), 403, nil)
	h.want(h.ask(weak.Token, "DELETE", "/api/v1/tokens/"+made.ID, nil), 403, nil)
	h.want(h.ask(weak.Token, "GET", "/api/v1/me", nil), 200, &me)
	h.want(h.ask(weak.Token, "DELETE", "/api/v1/tokens/"+me.ID, nil), 204, nil)
	h.want(h.ask(weak.Token, "GET", "/api/v1/me", nil), 401, nil)
	if a := h.ask(first, "GET", "/api/v1/tokens", nil); strings.Contains(string(a.text), made.Token) {
		t.Error("a list of tokens tells a token")
	}
	h.want(h.ask(first, "DELETE", "/api/v1/tokens/"+made.ID, nil), 204, nil)
	h.want(h.ask(made.Token, "GET", "/api/v1/runs", nil), 401, nil)
	// Whoever is not let in any more has no token either.
	err := h.store.Operator(t.Context(), func(tx store.Tx) error {
		now := time.Now()
		return tx.PutPerson(t.Context(), store.Person{ID: "id-engineer", Email: "engineer@example.com", Role: "engineer", CreatedAt: now.Add(-time.Minute), DisabledAt: &now})
	})
	if err != nil {
		t.Fatal(err)
	}
	h.want(h.ask(first, "GET", "/api/v1/runs", nil), 401, nil)
}

// TestDisabledStaysOut: a change of somebody who was removed lets them in only
// where it says so, and then without the tokens of before.
func TestDisabledStaysOut(t *testing.T) {
	h := begin(t)
	owner, engineer := h.token("owner", all...), h.token("engineer", api.Read)
	put := func(body map[string]any) (p struct {
		DisabledAt *time.Time `json:"disabled_at"`
	}) {
		body["role"] = "engineer"
		h.want(h.ask(owner, "PUT", "/api/v1/people/engineer@example.com", body), 200, &p)
		return p
	}
	tied := func(to string) (is string) {
		h.in(func(ctx context.Context, tx store.Tx) error {
			p, err := tx.PersonByEmail(ctx, "engineer@example.com")
			if is = p.Subject; err == nil && to != "" {
				p.Subject = to
				err = tx.PutPerson(ctx, p)
			}
			return err
		})
		return is
	}
	tied("an issuer|who had the address before")
	if put(map[string]any{"disabled": false}); tied("") == "" {
		t.Error("who was never disabled loses the tie to a provider")
	}
	if put(map[string]any{"disabled": true}).DisabledAt == nil || put(map[string]any{"name": "Ed"}).DisabledAt == nil {
		t.Error("the person is let in")
	}
	if put(map[string]any{"disabled": false}).DisabledAt != nil {
		t.Error("the person is not let in")
	}
	h.want(h.ask(engineer, "GET", "/api/v1/me", nil), 401, nil)
	if is := tied(""); is != "" {
		t.Errorf("whoever comes back is still %s at a provider", is)
	}
	h.want(h.ask(owner, "PUT", "/api/v1/portfolio", h.change(owner, text(1)), `If-Match: "0"`), 202, nil)
	gone := time.Now()
	h.in(func(ctx context.Context, tx store.Tx) error {
		return tx.PutMember(ctx, store.Member{Customer: "c0", Email: "ann@c0.example", Name: "Ann", Role: "admin", Subject: "an issuer|ann", CreatedAt: gone, DisabledAt: &gone})
	})
	h.want(h.ask(owner, "PUT", "/api/v1/customers/c0/members/ann@c0.example", map[string]any{"role": "member"}), 200, nil)
	h.in(func(ctx context.Context, tx store.Tx) error {
		if m, err := tx.Member(ctx, "c0", "ann@c0.example"); err != nil || m.Subject != "" || m.Name != "" || m.Role != "member" || m.DisabledAt != nil {
			t.Errorf("whoever gets the address of one of a customer's people is %+v, %v", m, err)
		}
		return nil
	})
}

func TestSentTwiceDoneOnce(t *testing.T) {
	h := begin(t)
	owner := h.token("owner", all...)
	push := h.change(owner, text(1))
	first := h.ask(owner, "PUT", "/api/v1/portfolio", push, `If-Match: "0"`, "Idempotency-Key: a")
	h.want(first, 202, nil)
	again := h.ask(owner, "PUT", "/api/v1/portfolio", push, `If-Match: "0"`, "Idempotency-Key: a")
	h.want(again, 202, nil)
	if string(first.text) != string(again.text) || again.Header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("the answers are %s and %s", first.text, again.text)
	}
	h.want(h.ask(owner, "PUT", "/api/v1/portfolio", h.change(owner, text(2)), `If-Match: "1"`, "Idempotency-Key: a"), 422, nil)
	h.want(h.ask(owner, "PUT", "/api/v1/portfolio", push, `If-Match: "1"`, "Idempotency-Key: a"), 422, nil)
	refused := h.ask(owner, "POST", "/api/v1/runs", map[string]string{"kind": "nothing"}, "Idempotency-Key: b")
	h.want(refused, 422, nil)
	h.want(h.ask(owner, "POST", "/api/v1/runs", map[string]string{"kind": "nothing"}, "Idempotency-Key: b"), 422, nil)
	var runs struct{ Items []struct{ ID string } }
	h.want(h.ask(owner, "GET", "/api/v1/runs", nil), 200, &runs)
	if len(runs.Items) != 1 {
		t.Errorf("there are %d runs, want 1", len(runs.Items))
	}
}

// TestReplaysTellNothing: what one token was answered, another of the same person
// is not, and a new token's secret is neither kept nor told again, to nobody.
func TestReplaysTellNothing(t *testing.T) {
	h := begin(t)
	owner, reader := h.token("owner", all...), h.token("owner", api.Read)
	run := map[string]string{"kind": "nothing"}
	h.want(h.ask(owner, "POST", "/api/v1/runs", run, "Idempotency-Key: a"), 422, nil)
	if a := h.ask(reader, "POST", "/api/v1/runs", run, "Idempotency-Key: a"); a.StatusCode != 403 || a.Header.Get("Idempotent-Replayed") != "" {
		t.Errorf("a token that may not run is answered %s: %s", a.Status, a.text)
	}
	var made struct{ ID, Token string }
	wants := map[string]any{"name": "strong", "scopes": []string{api.Portfolio}}
	h.want(h.ask(owner, "POST", "/api/v1/tokens", wants, "Idempotency-Key: b"), 201, &made)
	h.want(h.ask(reader, "POST", "/api/v1/tokens", wants, "Idempotency-Key: b"), 403, nil)
	again := h.ask(owner, "POST", "/api/v1/tokens", wants, "Idempotency-Key: b")
	h.want(again, 409, nil)
	if !strings.Contains(string(again.text), made.ID) || strings.Contains(string(again.text), made.Token) {
		t.Errorf("the replay says %s", again.text)
	}
	err := h.store.Operator(t.Context(), func(tx store.Tx) error {
		var kept, secret int
		err := tx.QueryRow(t.Context(), `SELECT count(*), count(*) FILTER (WHERE convert_from(body, 'UTF8') LIKE '%' || $1 || '%') FROM idempotency`, made.Token).Scan(&kept, &secret)
		if kept < 2 || secret > 0 {
			t.Errorf("of %d kept answers %d have the secret", kept, secret)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestTooManyAreToldWhenToCome(t *testing.T) {
	h := begin(t)
	for i := 0; ; i++ { // who has a network to itself is one who guesses
		if a := h.ask("landlord_op_guess", "GET", "/api/v1/me", nil, fmt.Sprintf("Test-Source: 2001:db8::%x", i)); a.StatusCode == http.StatusTooManyRequests {
			break
		} else if i == 400 {
			t.Fatal("400 guesses at once, from one network, are all answered")
		}
	}
	token := h.token("owner", api.Read)
	for range 400 {
		if a := h.ask(token, "GET", "/api/v1/me", nil); a.StatusCode == http.StatusTooManyRequests {
			h.want(a, 429, nil)
			if a.Header.Get("Retry-After") == "" {
				t.Error("no Retry-After")
			}
			// Another token, though called the same, has a rate of its own.
			h.want(h.ask(h.token("owner", api.Read), "GET", "/api/v1/me", nil, "Test-Source: 192.0.2.7"), 200, nil)
			return
		}
	}
	t.Error("400 requests at once are all answered")
}

// TestCustomersTokens: a customer's token sees that customer and nothing else.
func TestCustomersTokens(t *testing.T) {
	h := begin(t)
	owner := h.token("owner", all...)
	h.want(h.ask(owner, "PUT", "/api/v1/portfolio", h.change(owner, text(2)), `If-Match: "0"`), 202, nil)
	h.want(h.ask(owner, "PUT", "/api/v1/customers/c0/members/eve@customer.example", map[string]string{"role": "admin"}), 200, nil)
	secret, hash := api.NewSecret("c0")
	now := time.Now()
	err := h.store.Operator(t.Context(), func(tx store.Tx) error {
		return tx.NewToken(t.Context(), store.Token{Who: store.Who{Customer: "c0", ID: "eve@customer.example"}, ID: "t", Name: "test", Hash: hash, Scopes: []string{api.Own}, CreatedAt: now, ExpiresAt: now.Add(time.Hour)})
	})
	if err != nil {
		t.Fatal(err)
	}
	a := h.ask(secret, "GET", "/api/v1/portal", nil)
	h.want(a, 200, nil)
	if !strings.Contains(string(a.text), `"key":"c0"`) || strings.Contains(string(a.text), "c1") {
		t.Errorf("c0's token reads %s", a.text)
	}
	h.want(h.ask(secret, "GET", "/api/v1/portal/audit", nil), 200, nil)
	h.want(h.ask(secret, "POST", "/api/v1/tokens", map[string]any{"name": "second"}), 403, nil)
	h.want(h.ask(secret, "DELETE", "/api/v1/tokens/other", nil), 403, nil)
	stolen := strings.Replace(secret, "c0.", "c1.", 1)
	h.want(h.ask(stolen, "GET", "/api/v1/portal", nil), 401, nil)
	for op, scopes := range h.operations() {
		if method, path, _ := strings.Cut(filled(op), " "); len(scopes) > 0 && scopes[0] != api.Own {
			h.want(h.ask(secret, method, path, map[string]string{}), 403, nil)
		}
	}
}

// TestStreamEndsWithItsToken: who follows a run with a token that is ended, or whose
// person is let go, is told nothing more, within seconds.
func TestStreamEndsWithItsToken(t *testing.T) {
	h := begin(t)
	h.token("owner", api.Read) // one is left
	at := clock.Real().Now()
	for name, end := range map[string]func(context.Context, store.Tx, store.Token) error{
		"ended": func(ctx context.Context, tx store.Tx, k store.Token) error {
			return tx.EndToken(ctx, k.Who, k.ID, clock.Real().Now())
		},
		"its person is let go": func(ctx context.Context, tx store.Tx, k store.Token) error {
			p, err := tx.Person(ctx, k.Who.ID)
			if err != nil {
				return err
			}
			gone := clock.Real().Now()
			p.DisabledAt = &gone
			return tx.PutPerson(ctx, p)
		},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			secret := h.token("support", api.Read)
			err := h.store.Operator(ctx, func(tx store.Tx) error { // nobody has a job to carry it out
				return tx.AddRun(ctx, store.Run{ID: "waits " + name, Kind: store.RunVerify, AskedBy: "somebody", AskedAt: at})
			})
			if err != nil {
				t.Fatal(err)
			}
			r, err := http.NewRequestWithContext(ctx, http.MethodGet, h.url+api.Prefix+"/runs/"+url.PathEscape("waits "+name)+"/events", nil)
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Authorization", "Bearer "+secret)
			w, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			defer w.Body.Close()
			lines := bufio.NewScanner(w.Body)
			if !lines.Scan() || lines.Text() != "event: progress" {
				t.Fatalf("the stream begins with %d %q", w.StatusCode, lines.Text())
			}
			err = h.store.Operator(ctx, func(tx store.Tx) error {
				all, err := tx.Tokens(ctx, store.Who{ID: "id-support"})
				if err != nil || len(all) == 0 {
					return fmt.Errorf("%d tokens, %w", len(all), err)
				}
				return end(ctx, tx, all[0])
			})
			if err != nil {
				t.Fatal(err)
			}
			for lines.Scan() {
			}
			if ctx.Err() != nil {
				t.Error("the stream goes on")
			}
		})
	}
}
