package api_test

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"landlord/business/billing"
	"landlord/service/api"
	"landlord/service/store"
)

// caller is somebody with tokens: whose, and what they may.
type caller struct {
	customer, role string
	tokens         []string
}

// belongings are what a customer has that addresses name.
type belongings struct {
	key, session, token string
	invoice             string   // number
	marks               []string // texts that only its own rows hold
}

// filled puts the ids of a customer into an address; key is another's, or the same.
func (b belongings) filled(path, key string) string {
	email, id := "max@"+b.key+".example", b.session
	if strings.Contains(path, "/contacts/") {
		email = "desk@" + b.key + ".example"
	}
	if strings.Contains(path, "/tokens/") {
		id = b.token
	}
	return strings.NewReplacer("{key}", key, "{email}", email, "{id}", id, "{name}", b.key+".example", "{version}", "1", "{ticket}", ticketOf(b.key), "{n}", "1", "{part}", "1", "{mail}", "999999", "{number}", b.invoice).Replace(path)
}

// ticketOf is the id of a customer's ticket.
func ticketOf(key string) string {
	return strings.ReplaceAll(fmt.Sprintf("%.10s", key+"aaaaaaaaaa"), "-", "a")
}

// neighbours are the customers of the example, with everything that customers have,
// and callers of every kind.
func (h *house) neighbours() (callers []caller, all []belongings) {
	h.t.Helper()
	owner := h.token("owner", everything...)
	text, err := os.ReadFile("../../examples/five-customers.yaml")
	if err != nil {
		h.t.Fatal(err)
	}
	var pushed struct{ Run string }
	h.want(h.ask(owner, "PUT", "/api/v1/portfolio", h.change(owner, string(text)), `If-Match: "0"`), 202, &pushed)
	h.want(h.ask(owner, "GET", "/api/v1/runs/"+pushed.Run+"/events", nil), 200, nil) // until its end
	for _, role := range []string{"owner", "engineer", "billing", "support", "auditor"} {
		callers = append(callers, caller{"", role, []string{h.token(role, everything...), h.token(role, everything...), h.token(role, everything...)}})
	}
	var customers []store.Listed
	h.in(func(ctx context.Context, tx store.Tx) error {
		customers, _, err = tx.Search(ctx, store.Search{})
		return err
	})
	now := time.Now()
	for _, c := range customers {
		for _, p := range []struct{ email, role string }{{"ann@" + c.Key + ".example", "admin"}, {"max@" + c.Key + ".example", "member"}} {
			k := caller{customer: c.Key, role: p.role}
			for range 6 {
				k.tokens = append(k.tokens, h.own(c.Key, p.email, p.role, everything...))
			}
			callers = append(callers, k)
		}
		b := belongings{key: c.Key, session: "session-" + c.Key, token: "token-" + c.Key}
		h.in(func(ctx context.Context, tx store.Tx) error {
			if err := tx.PutContact(ctx, store.Contact{Customer: c.Key, Email: "desk@" + c.Key + ".example", Role: "other"}); err != nil {
				return err
			}
			if err := tx.PutDomain(ctx, store.Domain{Customer: c.Key, Name: c.Key + ".example"}); err != nil {
				return err
			}
			d, err := tx.Domain(ctx, c.Key, c.Key+".example")
			if err != nil {
				return err
			}
			if err := tx.OpenTicket(ctx, store.Ticket{Customer: c.Key, ID: ticketOf(c.Key), Subject: "Subject of " + c.Key, Requester: "max@" + c.Key + ".example", OpenedAt: now, Priority: "normal", Channel: store.ByMail},
				store.Message{Kind: store.FromCustomer, Author: "max@" + c.Key + ".example", At: now, Text: "Text of " + c.Key, Attachments: []store.Attachment{{Name: "of-" + c.Key, Type: "text/plain", Content: []byte("Bytes of " + c.Key)}}}); err != nil {
				return err
			}
			who := store.Who{Customer: c.Key, ID: "max@" + c.Key + ".example"}
			if err := tx.NewSession(ctx, store.Session{Who: who, ID: b.session, Hash: api.Hash(b.session), CreatedAt: now, SeenAt: now, ExpiresAt: now.Add(time.Hour)}); err != nil {
				return err
			}
			if err := tx.HoldInvoices(ctx); err != nil {
				return err
			}
			invoices := []store.Invoice{{Customer: c.Key, Month: "2026-01", Currency: "USD", Total: 5, IssuedAt: now, DueOn: "2026-03-01"}}
			if err := tx.Issue(ctx, store.Invoices, invoices, [][]billing.Line{{{Kind: billing.Subscription, Description: "line of " + c.Key + ".example", How: "0.05", Amount: 5}}}); err != nil {
				return err
			}
			b.invoice = invoices[0].Number
			b.marks = []string{"Subject of " + c.Key, "Text of " + c.Key, "of-" + c.Key, "Bytes of " + c.Key, b.invoice, "line of " + c.Key + ".example", c.Name, c.Account, "@" + c.Key + ".example", "aws+" + c.Key + "@", d.Challenge, b.session, b.token}
			return tx.NewToken(ctx, store.Token{Who: who, ID: b.token, Name: b.token, Hash: api.Hash(b.token), Scopes: []string{api.Own}, CreatedAt: now, ExpiresAt: now.Add(time.Hour)})
		})
		all = append(all, b)
	}
	return callers, all
}

// in runs do in the operator's scope.
func (h *house) in(do func(context.Context, store.Tx) error) {
	h.t.Helper()
	if err := h.store.Operator(h.t.Context(), func(tx store.Tx) error { return do(h.t.Context(), tx) }); err != nil {
		h.t.Fatal(err)
	}
}

// everything is every scope that there is.
var everything = append(slices.Clone(all), api.Own, api.Manage)

// kept is what there is of customers that addresses name.
func (h *house) kept(all []belongings) string {
	var b strings.Builder
	h.in(func(ctx context.Context, tx store.Tx) error {
		for _, c := range all {
			who := store.Who{Customer: c.key, ID: "max@" + c.key + ".example"}
			m, err := tx.Member(ctx, c.key, who.ID)
			if err != nil {
				return err
			}
			open, err := tx.Sessions(ctx, who, time.Now())
			if err != nil {
				return err
			}
			k, err := tx.Contact(ctx, c.key, "desk@"+c.key+".example")
			if err != nil {
				return err
			}
			d, err := tx.Domain(ctx, c.key, c.key+".example")
			if err != nil {
				return err
			}
			tokens, err := tx.Tokens(ctx, who)
			if err != nil {
				return err
			}
			ticket, err := tx.Ticket(ctx, c.key, ticketOf(c.key))
			if err != nil {
				return err
			}
			messages, err := tx.Messages(ctx, c.key, ticketOf(c.key))
			if err != nil {
				return err
			}
			notes, err := tx.Notes(ctx, c.key, ticketOf(c.key))
			if err != nil {
				return err
			}
			fmt.Fprintln(&b, ticket.State, ticket.Priority, ticket.Rating, len(messages), len(notes), m.Customer, m.Email, m.Role, m.Name, len(open), k, d, slices.ContainsFunc(tokens, func(t store.Token) bool { return t.ID == c.token }))
		}
		return nil
	})
	return b.String()
}

// bodies are what operations need to be told before they look at an address.
func bodyOf(method, path string) any {
	switch {
	case strings.Contains(path, "/members/") && method == "PUT":
		return map[string]string{"role": "admin", "name": "changed"}
	case strings.Contains(path, "/contacts/") && method == "PUT":
		return map[string]string{"role": "billing", "name": "changed"}
	case method == "POST" && strings.HasSuffix(path, "/tokens"):
		return map[string]any{"name": "one more", "scopes": []string{api.Own}}
	}
	switch {
	case method == "POST" && strings.HasSuffix(path, "/portal/tickets"):
		return map[string]string{"subject": "one more", "text": "text"}
	case strings.HasSuffix(path, "/answers"), strings.HasSuffix(path, "/notes"), strings.HasSuffix(path, "/messages"):
		return map[string]string{"text": "changed"}
	case strings.HasSuffix(path, "/rating"):
		return map[string]int{"rating": 3}
	case method == "PUT" && strings.Contains(path, "/tickets/"):
		return map[string]string{"priority": "high"}
	}
	return nil
}

// TestNothingCrosses: 1,000 times somebody asks for a random operation with the ids of
// another. Who may not is told so; who may is told, in the same words as of what is
// nobody's, that there is none. Nothing of another's comes back or changes.
func TestNothingCrosses(t *testing.T) {
	h := begin(t)
	callers, all := h.neighbours()
	operations, words := h.operations(), h.words()
	names := slices.Sorted(maps.Keys(operations))
	nobody := belongings{key: "nobody", session: "session-nobody", token: "token-nobody", invoice: "INV-999999"}
	before := h.kept(all)
	const seed = 1
	r := rand.New(rand.NewPCG(seed, 0))
	given := map[string]int{}
	for asked := 0; asked < 1000; {
		c, op, other := callers[r.IntN(len(callers))], names[r.IntN(len(names))], all[r.IntN(len(all))]
		method, path, _ := strings.Cut(op, " ")
		named := strings.Contains(strings.ReplaceAll(path, "{key}", ""), "{")
		key := other.key
		if c.customer == "" {
			key = all[r.IntN(len(all))].key // an id of one customer at the address of another
		}
		if other.key == c.customer || method == "PUT" || c.customer == "" && (key == other.key || !named || strings.Contains(path, "/runs") || strings.Contains(path, "/portfolio") || strings.HasPrefix(path, api.Prefix+"/invoices")) {
			continue // their own; what makes what is not there is TestWritesStayAtHome's; what every operator sees
		}
		asked++
		h.clock.later(100 * time.Millisecond) // however fast this machine is, nobody is told to wait
		allowed := true
		for _, scope := range operations[op] {
			allowed = allowed && slices.Contains(api.Scopes(c.role), scope)
		}
		ask := func(b belongings) answer {
			at := b.filled(path, key)
			query := url.Values{}
			for _, name := range words[op] {
				query.Set(name, other.key)
			}
			if len(query) > 0 {
				at += "?" + query.Encode()
			}
			return h.ask(c.tokens[r.IntN(len(c.tokens))], method, at, bodyOf(method, path), fmt.Sprintf("Test-Source: 192.0.2.%d", asked%200))
		}
		a := ask(other)
		given[fmt.Sprint(a.StatusCode)]++
		what := fmt.Sprintf("seed %d: %s of %q, %s with the ids of %s at %s", seed, c.role, c.customer, op, other.key, key)
		switch {
		case !allowed && a.StatusCode != 403:
			t.Errorf("%s: %s, want 403", what, a.Status)
		case allowed && named && a.StatusCode != 404:
			t.Errorf("%s: %s, want 404: %s", what, a.Status, a.text)
		case allowed && !named && a.StatusCode >= 300:
			t.Errorf("%s: %s: %s", what, a.Status, a.text)
		case named && a.StatusCode == 404:
			if none := ask(nobody); string(none.text) != string(a.text) {
				t.Errorf("%s: told are %s, and of nobody's %s", what, a.text, none.text)
			}
		}
		told := string(a.text) + fmt.Sprint(a.Header)
		for _, b := range all {
			for _, m := range b.marks {
				if b.key != c.customer && strings.Contains(told, m) {
					t.Errorf("%s: %q of %s", what, m, b.key)
				}
			}
		}
		for _, framework := range []string{"SOC 2", "SOC2", "HIPAA", "FedRAMP"} {
			if c.customer == "startup" && strings.Contains(told, framework) {
				t.Errorf("%s: %s", what, framework)
			}
		}
	}
	if after := h.kept(all); after != before {
		t.Errorf("something was changed:\n%s\nwas\n%s", after, before)
	}
	if given["200"] < 20 || given["403"] < 200 || given["404"] < 100 {
		t.Errorf("too few of some answers to tell anything: %v", given)
	}
}

// TestWritesStayAtHome: who writes something that is called as another's has makes one
// of their own, and the other's stays as it is.
func TestWritesStayAtHome(t *testing.T) {
	h := begin(t)
	callers, all := h.neighbours()
	before := h.kept(all)
	n := 0
	for _, op := range slices.Sorted(maps.Keys(h.operations())) {
		method, path, _ := strings.Cut(op, " ")
		for _, c := range callers {
			for _, other := range all {
				if method != "PUT" || !strings.Contains(path, "/portal/") || c.customer == "" || c.customer == other.key {
					continue
				}
				n++
				a := h.ask(c.tokens[n%len(c.tokens)], method, other.filled(path, other.key), bodyOf(method, path), fmt.Sprintf("Test-Source: 192.0.2.%d", n%200))
				if want := map[string]int{"admin": 200, "member": 403}[c.role]; a.StatusCode != want {
					t.Errorf("%s of %s, %s as %s has: %s, want %d: %s", c.role, c.customer, op, other.key, a.Status, want, a.text)
				}
			}
		}
	}
	if after := h.kept(all); after != before || n < 100 {
		t.Errorf("after %d writes:\n%s\nwas\n%s", n, after, before)
	}
}

// TestOwnIsAnswered: every operation on what is a customer's own is answered, in the
// portal to its admin and at the customer's address to an owner.
func TestOwnIsAnswered(t *testing.T) {
	h := begin(t)
	callers, all := h.neighbours()
	for i, at := range []string{"/portal/", "/customers/{key}/"} {
		b := all[i]
		h.in(func(ctx context.Context, tx store.Tx) error {
			d, err := tx.Domain(ctx, b.key, b.key+".example")
			h.dns["_landlord."+d.Name] = []string{"landlord-domain=" + d.Challenge}
			return err
		})
		c := callers[slices.IndexFunc(callers, func(c caller) bool {
			return i == 0 && c.customer == b.key && c.role == "admin" || i == 1 && c.customer == "" && c.role == "owner"
		})]
		ops := slices.Collect(maps.Keys(h.operations()))
		// What is removed comes last, and sessions before those whose they are.
		rank := func(op string) string {
			if strings.HasPrefix(op, "DELETE") {
				return fmt.Sprint(1, !strings.Contains(op, "sessions"), op)
			}
			return "0" + op
		}
		slices.SortFunc(ops, func(a, b string) int { return strings.Compare(rank(a), rank(b)) })
		n := 0
		for _, op := range ops {
			method, path, _ := strings.Cut(op, " ")
			if !strings.Contains(path, at) || method == "POST" && strings.Count(path, "{") < 2 && at != "/portal/" {
				continue // an order, of which there are tests of their own
			}
			n++
			if a := h.ask(c.tokens[n%len(c.tokens)], method, b.filled(path, b.key), bodyOf(method, path)); a.StatusCode >= 300 {
				t.Errorf("%s: %s: %s", op, a.Status, a.text)
			}
		}
		if n < 10 {
			t.Errorf("only %d operations below %s", n, at)
		}
	}
}
