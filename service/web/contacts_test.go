package web

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"golang.org/x/net/dns/dnsmessage"

	programs "landlord/service/api"
	"landlord/service/store"
)

// zone is a DNS server on loopback that answers for the names it has.
type zone struct {
	mu    sync.Mutex
	texts map[string][]string
}

func (z *zone) set(name string, texts ...string) {
	z.mu.Lock()
	defer z.mu.Unlock()
	z.texts[name] = texts
}

// answer is the reply to a query: the texts of the name, that there is no such
// name, or, for names of broken.example, that the server cannot say.
func (z *zone) answer(query []byte) ([]byte, error) {
	var p dnsmessage.Parser
	head, err := p.Start(query)
	if err != nil {
		return nil, err
	}
	q, err := p.Question()
	if err != nil {
		return nil, err
	}
	z.mu.Lock()
	texts := z.texts[strings.TrimSuffix(q.Name.String(), ".")]
	z.mu.Unlock()
	m := dnsmessage.Message{Header: dnsmessage.Header{ID: head.ID, Response: true, Authoritative: true}, Questions: []dnsmessage.Question{q}}
	switch {
	case strings.HasSuffix(q.Name.String(), "broken.example."):
		m.RCode = dnsmessage.RCodeServerFailure
	case len(texts) == 0:
		m.RCode = dnsmessage.RCodeNameError
	}
	for _, text := range texts {
		m.Answers = append(m.Answers, dnsmessage.Resource{Header: dnsmessage.ResourceHeader{Name: q.Name, Type: dnsmessage.TypeTXT, Class: dnsmessage.ClassINET, TTL: 60}, Body: &dnsmessage.TXTResource{TXT: []string{text}}})
	}
	return m.Pack()
}

// serveDNS starts a zone and returns a resolver that asks it.
func serveDNS(t *testing.T) (*zone, *net.Resolver) {
	t.Helper()
	z := &zone{texts: map[string][]string{}}
	socket, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		b := make([]byte, 1500)
		for {
			n, from, err := socket.ReadFrom(b)
			if err != nil {
				return
			}
			if reply, err := z.answer(b[:n]); err == nil {
				_, _ = socket.WriteTo(reply, from)
			}
		}
	}()
	t.Cleanup(func() { socket.Close(); <-done })
	return z, &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", socket.LocalAddr().String())
	}}
}

// sides are who writes a customer's contacts and domains, and where.
func (h *house) sides() map[string]*visitor {
	return map[string]*visitor{"/customers/startup": h.signedIn(store.Who{ID: "support"}), "/portal": h.signedIn(store.Who{Customer: "startup", ID: "admin@startup.example"})}
}

var recordValue = regexp.MustCompile(`landlord-domain=[0-9a-f]{32}`)

// TestDomainIsVerified goes the whole way on either side: added, the record said,
// missing, wrong, there, removed.
func TestDomainIsVerified(t *testing.T) {
	h := build(t)
	dns, resolver := serveDNS(t)
	h.Resolver = resolver
	for at, v := range h.sides() {
		for typed, status := range map[string]int{"": 422, "https://x.example/": 422, "127.0.0.1": 422, "localhost": 422, "a b.example": 422} {
			if a := v.post(at+"/domains", url.Values{"domain": {typed}}); a.status != status || !strings.Contains(a.body, "domain-fault") {
				t.Errorf("%s: domain %q answers %d", at, typed, a.status)
			}
		}
		a := v.post(at+"/domains", url.Values{"domain": {" Bücher.Example. "}})
		page := at + "/domains/xn--bcher-kva.example"
		if a.status != http.StatusSeeOther || a.header.Get("Location") != page {
			t.Fatalf("%s: adding a domain answers %d, leads to %s: %s", at, a.status, a.header.Get("Location"), a.text())
		}
		said := v.get(page)
		dns.set("_landlord.xn--bcher-kva.example")
		value := recordValue.FindString(said.body)
		record := "_landlord.xn--bcher-kva.example"
		if value == "" || !strings.Contains(said.text(), record+". 3600 IN TXT") {
			t.Fatalf("%s: the page says %s", at, said.text())
		}
		if a := v.post(page, nil); !strings.Contains(a.text(), "There is no TXT record at "+record) || !strings.Contains(a.text(), "unverified") {
			t.Errorf("%s: without a record: %s", at, a.text())
		}
		dns.set(record, "landlord-domain=another")
		if a := v.post(page, nil); !strings.Contains(a.text(), "with another value: landlord-domain=another") || !strings.Contains(a.text(), "unverified") {
			t.Errorf("%s: with another record: %s", at, a.text())
		}
		dns.set(record, "landlord-domain=another", value)
		if a := v.post(page, nil); !strings.Contains(a.text(), "is verified") || strings.Contains(a.text(), "unverified") {
			t.Errorf("%s: with the record: %s", at, a.text())
		}
		if a := v.post(at+"/domains/remove", url.Values{"domain": {"xn--bcher-kva.example"}}); a.status != http.StatusSeeOther {
			t.Errorf("%s: removing answers %d", at, a.status)
		}
		if a := v.post(at+"/domains", url.Values{"domain": {"bücher.example"}}); a.status != http.StatusSeeOther {
			t.Fatal(a.status)
		}
		if again := v.get(page); strings.Contains(again.body, value) || !strings.Contains(again.text(), "unverified") {
			t.Errorf("%s: added again, it has the record that it had", at)
		}
		v.post(at+"/domains/remove", url.Values{"domain": {"xn--bcher-kva.example"}})
		v.post(at+"/domains", url.Values{"domain": {"broken.example"}})
		if a := v.post(at+"/domains/broken.example", nil); !strings.Contains(a.text(), "DNS did not answer") {
			t.Errorf("%s: with DNS that is broken: %s", at, a.text())
		}
	}
	h.operator(func(ctx context.Context, tx store.Tx) error {
		for actor, kind := range map[string]string{"support@msp.example": store.ByPerson, "admin@startup.example": store.ByMember} {
			found, err := tx.Entries(ctx, store.EntryQuery{Customer: "startup", Actor: actor, Action: "domain.verify"})
			if err != nil || len(found) != 1 || found[0].ActorKind != kind || found[0].Framework != "CIS" {
				t.Errorf("the audit log has %v of %s, %v", found, actor, err)
			}
		}
		return nil
	})
}

var confirmIn = regexp.MustCompile(`/confirm/\S+`)

// TestContactIsConfirmed: added with faults by the field, changed, sent a link
// that works once, removed; found by a search at once.
func TestContactIsConfirmed(t *testing.T) {
	h := build(t)
	for at, v := range h.sides() {
		email := "sec" + strings.ReplaceAll(at, "/", "") + "@startup.example"
		for name, form := range map[string]url.Values{"email-fault": {"email": {"sec@"}, "role": {"security"}}, "name-fault": {"email": {email}, "name": {strings.Repeat("x", 201)}, "role": {"security"}}} {
			if a := v.post(at+"/contacts", form); a.status != http.StatusUnprocessableEntity || !strings.Contains(a.body, name) {
				t.Errorf("%s: %v answers %d without %s", at, form, a.status, name)
			}
		}
		if a := v.post(at+"/contacts", url.Values{"email": {strings.ToUpper(email)}, "name": {"Zoë"}, "role": {"security"}}); a.status != http.StatusSeeOther {
			t.Fatalf("%s: adding answers %d: %s", at, a.status, a.text())
		}
		h.operator(func(ctx context.Context, tx store.Tx) error {
			if found, _, err := tx.Search(ctx, store.Search{Text: email}); err != nil || len(found) != 1 || found[0].Key != "startup" {
				t.Errorf("%s: a search for the contact finds %v, %v", at, found, err)
			}
			return nil
		})
		if a := v.post(at+"/contacts/ask", url.Values{"email": {email}}); a.status != http.StatusSeeOther {
			t.Fatalf("%s: asking answers %d: %s", at, a.status, a.text())
		}
		h.letters = nil
		if err := h.SendConfirmations(t.Context(), h.clock.Now()); err != nil {
			t.Fatal(err)
		}
		if len(h.letters) != 1 || h.letters[0].To != email {
			t.Fatalf("%s: the letters are %v", at, h.letters)
		}
		link, reader := confirmIn.FindString(h.letters[0].Text), h.visitor()
		if a := reader.get(link); a.status != http.StatusOK || !strings.Contains(v.get(at+"/contacts").text(), "unverified") {
			t.Errorf("%s: looking at the link answers %d, or confirms", at, a.status)
		}
		if a := h.visitor().post(strings.Replace(link, "/startup.", "/acme.", 1), nil); a.status != http.StatusForbidden {
			t.Errorf("%s: the link of another customer's contact answers %d", at, a.status)
		}
		if a := reader.post(link, nil); a.status != http.StatusOK || !strings.Contains(a.text(), "The address is confirmed") {
			t.Errorf("%s: the link answers %d: %s", at, a.status, a.text())
		}
		if a := reader.post(link, nil); a.status != http.StatusForbidden {
			t.Errorf("%s: the link works twice: %d", at, a.status)
		}
		if a := v.get(at + "/contacts?change=" + url.QueryEscape(email)); !strings.Contains(a.text(), "Change "+email) {
			t.Errorf("%s: no form changes it: %s", at, a.text())
		}
		v.post(at+"/contacts", url.Values{"email": {email}, "role": {"billing"}})
		h.operator(func(ctx context.Context, tx store.Tx) error {
			k, err := tx.Contact(ctx, "startup", email)
			if err != nil || k.Role != "billing" || k.VerifiedAt == nil || k.Name != "" {
				t.Errorf("%s: changed, it is %+v, %v", at, k, err)
			}
			return nil
		})
		if a := v.post(at+"/contacts/remove", url.Values{"email": {email}}); a.status != http.StatusSeeOther || strings.Contains(v.get(at+"/contacts").text(), email) {
			t.Errorf("%s: removing answers %d", at, a.status)
		}
	}
	v := h.signedIn(store.Who{Customer: "startup", ID: "admin@startup.example"})
	for i := range 4 {
		a := v.post("/portal/contacts/ask", url.Values{"email": {"contact@startup.example"}})
		if want := map[bool]int{true: http.StatusTooManyRequests, false: http.StatusSeeOther}[i == 3]; a.status != want {
			t.Errorf("letter %d answers %d, want %d", i+1, a.status, want)
		}
	}
}

// TestLastAdmin: of two admins who remove each other at once the second waits for the
// first, and is told.
func TestLastAdmin(t *testing.T) {
	h := build(t)
	h.operator(func(ctx context.Context, tx store.Tx) error {
		return tx.PutMember(ctx, store.Member{Customer: "startup", Email: "other@startup.example", Name: "Other", Subject: "an issuer|o", Role: "member", CreatedAt: testNow})
	})
	admin := h.signedIn(store.Who{Customer: "startup", ID: "admin@startup.example"})
	if a := admin.post("/portal/people/role", url.Values{"email": {"other@startup.example"}, "role": {"admin"}}); a.status != http.StatusSeeOther {
		t.Fatalf("changing a role answers %d: %s", a.status, a.text())
	}
	if a := admin.post("/portal/people/role", url.Values{"email": {"admin@startup.example"}, "role": {"member"}}); a.status != http.StatusConflict {
		t.Errorf("changing one's own role answers %d", a.status)
	}
	h.operator(func(ctx context.Context, tx store.Tx) error {
		if m, err := tx.Member(ctx, "startup", "other@startup.example"); err != nil || m.Role != "admin" || m.Name != "Other" || m.Subject == "" {
			t.Errorf("with another role it is %+v, %v", m, err)
		}
		return nil
	})
	other := h.signedIn(store.Who{Customer: "startup", ID: "other@startup.example"})
	var both sync.WaitGroup
	var got [2]int
	h.operator(func(ctx context.Context, tx store.Tx) error { // holds both, so that both come to wait
		if _, err := tx.Admins(ctx, "startup"); err != nil {
			return err
		}
		both.Go(func() {
			got[0] = admin.post("/portal/people/remove", url.Values{"email": {"other@startup.example"}}).status
		})
		both.Go(func() {
			got[1] = other.post("/portal/people/remove", url.Values{"email": {"admin@startup.example"}}).status
		})
		h.waiting(ctx, tx, 2)
		return nil
	})
	both.Wait()
	if slices.Sort(got[:]); got != [2]int{http.StatusSeeOther, http.StatusConflict} {
		t.Errorf("they are answered %v: the second was not told that it is the last", got)
	}
	h.operator(func(ctx context.Context, tx store.Tx) error {
		if admins, err := tx.Admins(ctx, "startup"); err != nil || len(admins) != 1 {
			t.Errorf("the admins left are %q, %v", admins, err)
		}
		return nil
	})
}

// TestPortalTokens: made, good for the customer's own alone, ended; each sees only
// their own.
func TestPortalTokens(t *testing.T) {
	h := build(t)
	h.Tokens = Tokens{New: programs.NewSecret, Scopes: programs.Scopes}
	h.API = programs.New(programs.Config{Store: h.store, Clock: h.clock, Log: h.Log, Source: h.Source})
	member, admin := h.signedIn(store.Who{Customer: "startup", ID: "member@startup.example"}), h.signedIn(store.Who{Customer: "startup", ID: "admin@startup.example"})
	if a := member.post("/portal/tokens", url.Values{"name": {""}}); a.status != http.StatusUnprocessableEntity {
		t.Errorf("a token without a name answers %d", a.status)
	}
	made := member.post("/portal/tokens", url.Values{"name": {"CI"}, "scope": {"people", "own", "manage"}, "days": {"30"}})
	token := regexp.MustCompile(`landlord_cu_startup\.\w+`).FindString(made.body)
	if token == "" {
		t.Fatalf("making a token answers %d: %s", made.status, made.text())
	}
	for path, want := range map[string]int{"/api/v1/portal": http.StatusOK, "/api/v1/customers": http.StatusNotFound} {
		if a := h.visitor().get(path, "Authorization", "Bearer "+token); a.status != want || strings.Contains(a.body, "acme") {
			t.Errorf("with the token %s answers %d: %s", path, a.status, a.body)
		}
	}
	var id string
	h.operator(func(ctx context.Context, tx store.Tx) error {
		all, err := tx.Tokens(ctx, store.Who{Customer: "startup", ID: "member@startup.example"})
		if err != nil || len(all) != 1 || fmt.Sprint(all[0].Scopes) != "[own]" {
			t.Fatalf("the tokens are %v, %v", all, err)
		}
		id = all[0].ID
		return nil
	})
	if strings.Contains(admin.get("/portal/tokens").text(), "CI") {
		t.Error("an admin sees a member's token")
	}
	if a := admin.post("/portal/tokens/"+id+"/end", nil); a.status != http.StatusNotFound {
		t.Errorf("an admin ends a member's token: %d", a.status)
	}
	if a := member.post("/portal/tokens/"+id+"/end", nil); a.status != http.StatusSeeOther {
		t.Errorf("ending answers %d", a.status)
	}
	if a := h.visitor().get("/api/v1/portal", "Authorization", "Bearer "+token); a.status != http.StatusUnauthorized {
		t.Errorf("the token that was ended answers %d", a.status)
	}
}
