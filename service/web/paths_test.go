package web

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"landlord/org"
	"landlord/service/control"
	"landlord/service/store"
)

// reader is somebody before a real browser.
type reader struct {
	h    *house
	ctx  context.Context
	said *complaints
}

// reader opens a browser on a screen of that width.
func (h *house) reader(width int, dark bool) *reader {
	h.t.Helper()
	ctx := browser(h.t)
	r := &reader{h, ctx, listen(h.t, ctx)}
	r.do(sized(width, dark))
	return r
}

func (r *reader) do(steps ...chromedp.Action[chromedp.Void]) {
	r.h.t.Helper()
	ctx, stop := context.WithTimeout(r.ctx, 30*time.Second)
	defer stop()
	if err := chromedp.Do(ctx, steps...); err != nil {
		r.h.t.Fatalf("%v; the page says: %s", err, r.eval("document.body.innerText"))
	}
}

func (r *reader) open(path string) {
	r.h.t.Helper()
	if !strings.HasPrefix(path, "http") {
		path = r.h.web.URL + path
	}
	r.do(chromedp.Navigate(path))
}

// eval is what an expression is worth, as text.
func (r *reader) eval(expression string) string {
	got, err := chromedp.Run(r.ctx, chromedp.Evaluate[string]("String("+expression+")"))
	if err != nil {
		return err.Error()
	}
	return got
}

// until waits for an expression to be true; the page itself sleeps meanwhile.
func (r *reader) until(expression string) {
	r.h.t.Helper()
	ctx, stop := context.WithTimeout(r.ctx, 30*time.Second)
	defer stop()
	for ctx.Err() == nil {
		if is, err := chromedp.Run(ctx, chromedp.Evaluate[bool]("!!("+expression+")")); err == nil && is {
			return
		}
		_, _ = chromedp.Run(ctx, chromedp.Evaluate[bool]("new Promise(r => setTimeout(() => r(true), 30))", chromedp.EvalAwaitPromise)) // fails while the page changes
	}
	r.h.t.Fatalf("never: %s; at %s, which says: %s", expression, r.eval("location.pathname"), r.eval("document.body.innerText"))
}

// press presses a key, with modifiers.
func (r *reader) press(keys string, with ...chromedp.Modifier) {
	r.h.t.Helper()
	r.do(chromedp.KeyEvent(keys, chromedp.KeyModifiers(with...)))
}

// good holds the page that is open to what every page promises.
func (r *reader) good(name string) {
	r.h.t.Helper()
	found, err := barriers(r.ctx)
	if err != nil {
		r.h.t.Fatal(err)
	}
	for _, f := range append(found, r.said.take()...) {
		r.h.t.Errorf("%s: %s", name, f)
	}
	if wide := r.eval("document.documentElement.scrollWidth - window.innerWidth"); wide != "0" && !strings.HasPrefix(wide, "-") {
		r.h.t.Errorf("%s is %s pixels too wide", name, wide)
	}
	if *shots != "" {
		picture, err := chromedp.Run(r.ctx, chromedp.FullScreenshot(100))
		if err == nil {
			err = os.WriteFile(filepath.Join(*shots, "real-"+strings.NewReplacer("/", "_", "?", "_", " ", "_").Replace(name)+".png"), picture, 0o644)
		}
		if err != nil {
			r.h.t.Fatal(err)
		}
	}
}

// comeIn signs somebody in by a link.
func (r *reader) comeIn(who store.Who) {
	r.h.t.Helper()
	link, err := r.h.Link(r.h.t.Context(), who, "")
	if err != nil {
		r.h.t.Fatal(err)
	}
	r.open(link)
	r.do(chromedp.Click(chromedp.CSS("main form button")))
	r.until(`document.querySelector("nav#side")`)
}

// TestFirstDay is an operator's: signing in from a letter, finding a customer by
// text and by keyboard, planning, applying, watching it.
func TestFirstDay(t *testing.T) {
	h := build(t)
	r := h.reader(1024, false)
	r.open("/customers?tier=fintech")
	r.until(`location.pathname === "/signin"`)
	r.good("signin")
	r.do(chromedp.SendKeys(chromedp.CSS("#email"), "engineer@msp.example"), chromedp.Click(chromedp.CSS("main button")))
	r.until(`document.body.innerText.includes("Look in your mail")`)
	r.good("sent")
	if err := h.SendLinks(t.Context(), h.clock.Now()); err != nil || len(h.letters) != 1 {
		t.Fatalf("letters %v, %v", h.letters, err)
	}
	r.open(linkIn.FindString(h.letters[0].Text))
	r.good("link")
	r.do(chromedp.Click(chromedp.CSS("main form button")))
	r.until(`location.pathname + location.search === "/customers?tier=fintech" && document.querySelectorAll("tr.link").length === 2`)
	r.good("customers filtered")

	r.do(chromedp.SendKeys(chromedp.CSS("#q"), "quant"))
	r.until(`document.querySelectorAll("tr.link").length === 1 && location.search.includes("q=quant")`)
	r.good("customers found")
	r.open("/customers")
	r.press("jj")
	r.until(`document.activeElement.textContent === "MediCorp Solutions Inc"`)
	r.press("k")
	r.press(kb.Enter)
	r.until(`location.pathname === "/customers/acme"`)
	r.good("customer")
	r.press("k", chromedp.ModifierCtrl)
	r.until(`document.querySelector("#palette").open && document.querySelectorAll("#found a").length > 0`)
	r.do(chromedp.SendKeys(chromedp.CSS("#palette input"), "techgov"))
	r.until(`document.querySelector("#found").innerText.includes("TechGov Solutions Inc")`)
	r.good("palette")
	r.press(kb.Enter)
	r.until(`location.pathname === "/customers/techgov"`)

	r.open("/plan")
	r.good("plan")
	r.do(chromedp.Click(chromedp.CSS("form.stack button.main")))
	r.until(`location.pathname === "/runs/` + runID + `" && document.querySelector("#progress").innerText.includes("0 of 1 step")`)
	r.good("run")
	h.end(store.RunFailed, store.StepFailed, "AWS refused: the account quota is used up", "acme: the account quota is used up")
	r.until(`document.querySelector("#progress").innerText.includes("What went wrong")`)
	r.good("run failed")

	for _, path := range []string{"/overview", "/customers/acme/contacts", "/customers/acme/contacts?change=contact%40acme.example", "/customers/acme/domains/acme.example", "/customers/acme/people", "/customers/acme/history", "/organization", "/portfolio", "/runs", "/simulation?add=3&tier=standard", "/audit", "/settings", "/settings/people", "/settings/tokens", "/find?q=a"} {
		r.open(path)
		r.until(`document.readyState === "complete"`)
		r.good(path)
	}
	r.do(chromedp.Click(chromedp.CSS(`.theme button[value="dark"]`)))
	r.until(`document.documentElement.dataset.theme === "dark" && getComputedStyle(document.body).backgroundColor === "rgb(17, 20, 23)"`)
	r.good("dark by choice")
}

// TestCustomersDay is a customer's, on a phone: its own pages, and being
// refused.
func TestCustomersDay(t *testing.T) {
	h := build(t)
	r := h.reader(390, true)
	r.comeIn(store.Who{Customer: "startup", ID: "admin@startup.example"})
	r.until(`location.pathname === "/portal"`)
	for _, path := range []string{"/portal", "/portal/account", "/portal/guardrails", "/portal/people", "/portal/contacts", "/portal/domains/startup.example", "/portal/tokens", "/portal/aws", "/portal/audit"} {
		r.open(path)
		r.good(path)
		if word := otherFramework(r.eval("document.documentElement.outerHTML")); word != "" {
			t.Errorf("%s names %q", path, word)
		}
	}
	r.do(chromedp.Click(chromedp.CSS(".bar button")))
	r.until(`document.querySelector("#side").matches(":popover-open")`)
	r.good("menu")
	r.do(chromedp.Click(chromedp.CSS(`#side a[href="/portal/account"]`)))
	r.until(`location.pathname === "/portal/account"`)
	r.open("/customers/acme")
	r.until(`document.querySelector("h1").innerText === "Not yours to see"`)
	r.said.take() // that it is refused is told to the browser too
	r.good("refused")
	if page := r.eval("document.body.innerText"); strings.Contains(page, "ACME") {
		t.Errorf("being refused says %s", page)
	}
	r.do(chromedp.Click(chromedp.CSS("main a")))
	r.until(`location.pathname === "/portal"`)
}

// TestLookingAtAPortal: an operator sees the customer's page, marked, and comes
// back.
func TestLookingAtAPortal(t *testing.T) {
	h := build(t)
	r := h.reader(1600, false)
	r.comeIn(store.Who{ID: "support"})
	r.open("/customers/startup")
	r.do(chromedp.Click(chromedp.CSS(`a[href="/as/startup"]`)))
	r.until(`document.querySelector(".marked").innerText.includes("You see what StartupCorp Inc sees.")`)
	r.good("looking")
	r.do(chromedp.Click(chromedp.CSS(".marked a")))
	r.until(`location.pathname === "/customers/startup"`)
}

// TestWithoutScript: signing in, searching and the menu need none.
func TestWithoutScript(t *testing.T) {
	h := build(t)
	v := h.signedIn(store.Who{ID: "engineer"})
	if a := v.get("/customers?q=quantum&tier="); len(rowNames(a.page())) != 1 {
		t.Errorf("the form's own address finds %q", rowNames(a.page()))
	}
	menu := 0
	for _, b := range all(v.get("/overview").page(), "button") {
		if attr(b, "popovertarget") == "side" {
			menu++
		}
	}
	if menu != 1 {
		t.Errorf("%d buttons open the menu", menu)
	}
}

// TestLooks takes pictures of the console with 10,000 customers, one of them with
// a name of 60 characters: with -shots, for people to look at.
func TestLooks(t *testing.T) {
	if *shots == "" {
		return
	}
	h := build(t)
	h.many(t, 10_000)
	h.add("mueller", "AAA Wirtschaftsprüfungsgesellschaft Müller & Söhne Aktienges.", "standard", "999988887777", true)
	for _, dark := range []bool{false, true} {
		for _, width := range []int{390, 1024, 1600} {
			r := h.reader(width, dark)
			r.comeIn(store.Who{ID: "owner"})
			for _, path := range []string{"/overview", "/customers", "/customers/mueller", "/organization", "/plan", "/audit"} {
				r.open(path)
				r.good(fmt.Sprintf("%s-%d-%v", path[1:], width, dark))
			}
		}
	}
}

// many makes n customers more, one in 100 with a failing check.
func (h *house) many(t testing.TB, n int) {
	h.operator(func(ctx context.Context, tx store.Tx) error {
		_, err := tx.Exec(ctx, `
			INSERT INTO customer (key, name, tier, framework, state, account, email, unit, region, price_cents, currency, search, updated_at)
			SELECT 'c' || n, 'Customer number ' || n, 'fintech', 'SOC 2', 'active', lpad((300000000000 + n)::text, 12, '0'), 'aws+c' || n || '@landlord.example', 'Customers-Fintech',
				(ARRAY['us-east-1', 'eu-central-1', 'ap-south-1'])[1 + n % 3], 800000, 'USD',
				'c' || n || ' customer number ' || n || ' fintech soc 2 ' || lpad((300000000000 + n)::text, 12, '0') || ' aws+c' || n || '@landlord.example', $2::timestamptz
			FROM generate_series(1, $1::int) n`, n, testNow)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `
			INSERT INTO check_result (customer, framework, id, title, passed, detail, at)
			SELECT 'c' || n, 'SOC 2', k, 'check ' || k, n % 100 > 0 OR k <> 'unit', 'the account is elsewhere', $2::timestamptz
			FROM generate_series(1, $1::int) n, unnest(ARRAY['unit', 'policy', 'tags', 'email']) k`, n, testNow)
		return err
	})
}

// large makes an organization of n accounts, and a run that made them.
func (h *house) large(t testing.TB, n int) {
	o := seen
	var steps []store.Step
	for i := range n {
		o.Accounts = append(o.Accounts, org.Account{ID: org.AccountID(fmt.Sprint(300000000001 + i)), Name: fmt.Sprintf("Customer number %d", i+1), Email: fmt.Sprintf("aws+c%d@landlord.example", i+1), State: org.Active,
			Parent: "ou-1", Tags: org.Tags{org.TagCustomer: fmt.Sprintf("c%d", i+1), org.TagTier: "fintech"}})
		for k, kind := range []string{"create-account", "move-account"} {
			steps = append(steps, store.Step{Run: runID, N: 2*i + k, Customer: fmt.Sprintf("c%d", i+1), Kind: kind, What: fmt.Sprintf("Customer number %d", i+1), State: store.StepDone, Attempts: 1, Started: &testNow, Ended: &testNow})
		}
	}
	h.operator(func(ctx context.Context, tx store.Tx) error {
		if err := tx.PutSetting(ctx, control.Look, o); err != nil {
			return err
		}
		if err := tx.AddRun(ctx, store.Run{ID: runID, Kind: store.RunApply, Portfolio: 1, AskedBy: "engineer@msp.example", AskedAt: testNow}); err != nil {
			return err
		}
		if _, err := tx.StartRun(ctx, runID, testNow); err != nil {
			return err
		}
		if err := tx.PutSteps(ctx, steps); err != nil {
			return err
		}
		return tx.EndRun(ctx, runID, store.RunDone, "done", nil, testNow)
	})
}

// BenchmarkPages is the time that pages take at the server with 10,000
// customers.
func BenchmarkPages(b *testing.B) {
	h := build(b)
	h.many(b, 10_000)
	h.large(b, 10_000)
	v := h.signedIn(store.Who{ID: "engineer"})
	member := h.signedIn(store.Who{Customer: "startup", ID: "member@startup.example"})
	for _, p := range []struct {
		path string
		*visitor
	}{{"/overview", v}, {"/customers", v}, {"/customers?q=number+77", v}, {"/customers?q=zebra", v}, {"/customers?tier=fintech&region=eu-central-1&sort=-price&page=40", v}, {"/customers?health=failing", v},
		{"/find?q=acme", v}, {"/customers/c5000", v}, {"/audit", v}, {"/organization", v}, {"/runs/" + runID, v}, {"/portal", member}, {"/portal/audit", member}} {
		b.Run(p.path, func(b *testing.B) {
			for b.Loop() {
				if a := p.get(p.path); a.status != 200 || len(a.body) > 75_000 { // beside what every page loads
					b.Fatal(a.status, len(a.body))
				}
			}
		})
	}
}
