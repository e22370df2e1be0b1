package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/html"

	"landlord/internal/clock"
	"landlord/internal/money"
	"landlord/org"
	"landlord/portfolio"
	"landlord/service/control"
	"landlord/service/mail"
	"landlord/service/store"
	"landlord/service/store/storetest"
	"landlord/simulate"
	"landlord/vend/blueprint"
	"landlord/vend/plan"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// house is a server before a real database, with the customers of the example.
type house struct {
	*Server
	t        testing.TB
	database storetest.Database
	store    *store.Store
	clock    *clock.Virtual
	control  *fakeControl
	web      *httptest.Server
	folio    *portfolio.Portfolio
	facts    store.Facts // that were put so far

	mu      sync.Mutex
	letters []mail.Letter
	busy    string            // the address whose mail server takes nothing now
	read    func(mail.Letter) // who gets a letter, and does something at once
}

// build builds a house. Its operators are one for each role, at
// ROLE@msp.example; each customer has an admin and a member, at ROLE@KEY.example.
func build(t testing.TB) *house {
	t.Helper()
	h := &house{t: t, database: storetest.Fresh(t), clock: clock.NewVirtual(testNow)}
	h.store = h.database.Open(t)
	text, err := os.ReadFile("../../examples/five-customers.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if h.folio, err = portfolio.Parse("portfolio.yaml", text); err != nil {
		t.Fatal(err)
	}
	h.control = &fakeControl{house: h, changed: make(chan struct{}, 1)}
	h.web = httptest.NewUnstartedServer(nil)
	base, _ := url.Parse("http://" + h.web.Listener.Addr().String())
	h.Server, err = New(Config{Store: h.store, Control: h.control, Clock: h.clock, Base: base, House: "Example MSP", Target: portfolio.Simulated,
		Estimate: func(context.Context, []plan.Step) (simulate.Range, error) {
			return simulate.Range{Low: time.Minute, High: 7 * time.Minute}, nil
		},
		Log: slog.New(slog.NewTextHandler(t.Output(), nil)), Mail: h.post})
	if err != nil {
		t.Fatal(err)
	}
	h.web.Config.Handler = h.Server
	h.web.Start()
	t.Cleanup(h.web.Close)
	h.operator(func(ctx context.Context, tx store.Tx) error {
		return tx.AddPortfolio(ctx, store.Portfolio{Version: 1, Text: string(text), Author: "owner@msp.example", At: testNow.Add(-time.Hour), Note: "the first"})
	})
	h.operator(func(ctx context.Context, tx store.Tx) error {
		for _, role := range []string{"owner", "engineer", "billing", "support", "auditor"} {
			if err := tx.PutPerson(ctx, store.Person{ID: role, Email: role + "@msp.example", Name: sentence(role), Role: role, CreatedAt: testNow.Add(-time.Hour)}); err != nil {
				return err
			}
		}
		return nil
	})
	for _, t := range h.folio.Tiers {
		h.facts.Guardrails = append(h.facts.Guardrails, store.Guardrail{Framework: t.Framework, Sid: "StayInOrganization", Says: "the account cannot leave the organization, says " + t.Framework})
	}
	for i, c := range h.folio.Customers {
		h.add(c.Key, c.Name, c.Tier, fmt.Sprintf("%012d", 222233334444+i), i != 0)
	}
	h.operator(func(ctx context.Context, tx store.Tx) error { return tx.PutSetting(ctx, control.Look, seen) })
	return h
}

// add makes a customer with everything that customers have.
func (h *house) add(key, name, tier, account string, passes bool) {
	h.t.Helper()
	framework, price := "CIS", money.Dollars(500)
	for _, t := range h.folio.Tiers {
		if t.Key == tier {
			framework, price = t.Framework, t.Price
		}
	}
	h.operator(func(ctx context.Context, tx store.Tx) error {
		at := testNow.Add(-time.Hour)
		if err := tx.PutCustomer(ctx, store.Customer{Key: key, Name: name, Tier: tier, Framework: framework, State: store.Active, Account: account, Email: "aws+" + key + "@landlord.example",
			Unit: "Customers-" + titled(tier), Region: "us-east-1", Price: price, Currency: "USD", UpdatedAt: at}); err != nil {
			return err
		}
		if err := tx.PutContact(ctx, store.Contact{Customer: key, Email: "contact@" + key + ".example", Role: "primary"}); err != nil {
			return err
		}
		if err := tx.PutDomain(ctx, store.Domain{Customer: key, Name: key + ".example", VerifiedAt: &at}); err != nil {
			return err
		}
		detail := ""
		if !passes {
			detail = "the account is in Root"
		}
		h.facts.Customers = append(h.facts.Customers, store.Fact{Customer: key, State: store.Active, Account: account, Email: "aws+" + key + "@landlord.example", Unit: "Customers-" + titled(tier)})
		h.facts.Checks = append(h.facts.Checks, store.Check{Customer: key, Framework: framework, ID: "unit", Title: "The account is in its tier's unit", Passed: passes, Detail: detail})
		if err := tx.PutFacts(ctx, h.facts, at); err != nil {
			return err
		}
		for _, role := range []string{"admin", "member"} {
			if err := tx.PutMember(ctx, store.Member{Customer: key, Email: role + "@" + key + ".example", Role: role, CreatedAt: at}); err != nil {
				return err
			}
		}
		return tx.Audit(ctx, store.Entry{At: at, ActorKind: "system", Actor: "control", Action: "account of " + key + " created", Customer: key, Framework: framework, Source: "run"})
	})
}

func (h *house) operator(do func(context.Context, store.Tx) error) {
	h.t.Helper()
	ctx := context.WithoutCancel(h.t.Context())
	if err := h.store.Operator(ctx, func(tx store.Tx) error { return do(ctx, tx) }); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) post(_ context.Context, l mail.Letter) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if l.To == h.busy {
		return errors.New("450 try later")
	}
	h.letters = append(h.letters, l)
	if h.read != nil {
		h.read(l)
	}
	return nil
}

// seen is the organization at the last look.
var seen = org.Organization{ID: "o-nhhwx365my", Management: "111122223333", Root: "r-1", Seen: testNow.Add(-time.Hour),
	Units:    []org.Unit{{ID: "ou-1", Name: "Customers-Fintech", Parent: "r-1", Tags: org.Tags{org.TagTier: "fintech"}}},
	Accounts: []org.Account{{ID: "111122223333", Name: "management", Parent: "r-1"}, {ID: "222233334444", Name: "ACME Finance Inc", Email: "aws+acme@landlord.example", State: org.Active, Parent: "ou-1", Tags: org.Tags{org.TagCustomer: "acme", org.TagTier: "fintech"}}},
	Policies: []org.Policy{{ID: "p-1", Name: "landlord-soc2", Targets: []string{"ou-1"}}}}

// fakeControl is a Control whose runs tests carry out themselves.
type fakeControl struct {
	house   *house
	changed chan struct{}
	fault   error // of Propose
}

const runID = "20261123-120000-abcde"

func (c *fakeControl) Propose(_ context.Context, text string) (control.Proposal, error) {
	if c.fault != nil {
		return control.Proposal{}, &control.AwayError{Simulated: strings.Contains(text, "target: simulated"), Err: c.fault}
	}
	todo, err := plan.Make(blueprint.From(c.house.folio), org.Organization{Management: "111122223333", Root: "r-1", ID: "o-nhhwx365my"}, plan.Options{})
	return control.Proposal{Base: 1, Digest: "the digest", Plan: todo}, err
}

func (c *fakeControl) Push(ctx context.Context, ch control.Change) (version int64, run string, err error) {
	err = c.house.store.Operator(ctx, func(tx store.Tx) error {
		latest, err := tx.LatestPortfolio(ctx)
		if err != nil {
			return err
		}
		if latest.Version != ch.Base {
			return &control.ConflictError{Base: ch.Base, Now: latest.Version, Author: latest.Author, At: latest.At}
		}
		version = latest.Version + 1
		return tx.AddPortfolio(ctx, store.Portfolio{Version: version, Text: ch.Text, Author: ch.By.Name, At: c.house.clock.Now(), Note: ch.Note})
	})
	if err != nil {
		return 0, "", err
	}
	run, err = c.Begin(ctx, store.RunApply, ch.Confirmed, ch.By)
	return version, run, err
}

func (c *fakeControl) Begin(ctx context.Context, kind, confirmed string, by control.By) (string, error) {
	return runID, c.house.store.Operator(ctx, func(tx store.Tx) error {
		if err := tx.AddRun(ctx, store.Run{ID: runID, Kind: kind, Portfolio: 1, AskedBy: by.Name, AskedAt: c.house.clock.Now(), Confirmed: confirmed}); err != nil {
			return err
		}
		if _, err := tx.StartRun(ctx, runID, c.house.clock.Now()); err != nil {
			return err
		}
		return tx.PutSteps(ctx, []store.Step{c.house.step("running", 1, "")})
	})
}

func (c *fakeControl) Intend(ctx context.Context, kind, customer string) (control.Intent, error) {
	real, err := control.New(control.Config{Store: c.house.store, Clock: c.house.clock, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return control.Intent{}, err
	}
	return real.Intend(ctx, kind, customer) // by the look that is kept
}

func (c *fakeControl) Order(context.Context, control.Order) (string, error) {
	return "", control.ErrChanged // TestOrders has a control that carries them out
}

func (c *fakeControl) Assess(context.Context, []string, control.By) (string, error) {
	return "", store.ErrNotFound // TestOnboarding has a control that carries them out
}

func (c *fakeControl) Onboard(context.Context, string, control.By) (string, error) {
	return "", store.ErrNotFound // TestOnboarding has a control that carries them out
}

// step is the one step of the run.
func (h *house) step(state string, attempts int, fault string) store.Step {
	at := h.clock.Now()
	s := store.Step{Run: runID, N: 0, Customer: "acme", Kind: "create-account", What: "ACME Finance Inc", State: state, Attempts: attempts, Error: fault, Started: &at}
	if state != "running" {
		s.Ended = &at
	}
	return s
}

// end ends the run and its step.
func (h *house) end(run, step, fault, summary string) {
	h.operator(func(ctx context.Context, tx store.Tx) error {
		if err := tx.PutSteps(ctx, []store.Step{h.step(step, 2, fault)}); err != nil {
			return err
		}
		return tx.EndRun(ctx, runID, run, summary, nil, h.clock.Now())
	})
	h.control.changed <- struct{}{}
}

func (c *fakeControl) Assign(ctx context.Context, account org.AccountID, customer string, by control.By) (int, error) {
	real, err := control.New(control.Config{Store: c.house.store, Clock: c.house.clock, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return 0, err
	}
	return real.Assign(ctx, account, customer, by)
}

func (c *fakeControl) Stop(ctx context.Context, run string, by control.By) error {
	real, err := control.New(control.Config{Store: c.house.store, Clock: c.house.clock, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	return real.Stop(ctx, run, by)
}

func (c *fakeControl) Watch(ctx context.Context, run string) iter.Seq2[control.Progress, error] {
	return func(yield func(control.Progress, error) bool) {
		for {
			var p control.Progress
			err := c.house.store.Operator(ctx, func(tx store.Tx) (err error) {
				p.Run, err = tx.Run(ctx, run)
				return err
			})
			if !yield(p, err) || err != nil || p.Run.Over() {
				return
			}
			select {
			case <-c.changed:
			case <-ctx.Done():
				return
			}
		}
	}
}

// visitor is somebody with a browser.
type visitor struct {
	h      *house
	client *http.Client
}

// visitor is somebody new, who is not signed in.
func (h *house) visitor() *visitor {
	jar, _ := cookiejar.New(nil)
	return &visitor{h, &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// signedIn is somebody who came in by a link.
func (h *house) signedIn(who store.Who) *visitor {
	h.t.Helper()
	link, err := h.Link(h.t.Context(), who, "")
	if err != nil {
		h.t.Fatal(err)
	}
	v := h.visitor()
	if a := v.post(strings.TrimPrefix(link, h.Base.String()), nil); a.status != http.StatusSeeOther {
		h.t.Fatalf("%v: the link answers %d: %s", who, a.status, a.text())
	}
	return v
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   string
	t      testing.TB
}

func (a answer) page() *html.Node {
	a.t.Helper()
	root, err := html.Parse(strings.NewReader(a.body))
	if err != nil {
		a.t.Fatal(err)
	}
	return root
}

func (a answer) text() string { return text(a.page()) }

func (v *visitor) do(method, path string, form url.Values, header ...string) answer {
	v.h.t.Helper()
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	r, err := http.NewRequestWithContext(v.h.t.Context(), method, v.h.web.URL+path, body)
	if err != nil {
		v.h.t.Fatal(err)
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w, err := v.client.Do(r)
	if err != nil {
		v.h.t.Fatal(err)
	}
	defer w.Body.Close()
	b, err := io.ReadAll(w.Body)
	if err != nil {
		v.h.t.Fatal(err)
	}
	return answer{w.StatusCode, w.Header, string(b), v.h.t}
}

func (v *visitor) get(path string, header ...string) answer {
	v.h.t.Helper()
	return v.do(http.MethodGet, path, nil, header...)
}

func (v *visitor) post(path string, form url.Values, header ...string) answer {
	v.h.t.Helper()
	if form == nil {
		form = url.Values{}
	}
	return v.do(http.MethodPost, path, form, header...)
}

// text is what n says, blanks as one space each.
func text(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data + " ")
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// attr is an attribute of n.
func attr(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}
