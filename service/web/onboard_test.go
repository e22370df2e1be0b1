package web

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"landlord/service/store"
)

// TestOnboarding is an engineer's: a new customer, first with what is wrong by the field,
// then its onboarding, live; the portal of the new customer is its own.
func TestOnboarding(t *testing.T) {
	h := build(t)
	h.work(t)
	r := h.reader(1024, false)
	r.comeIn(store.Who{ID: "engineer"})
	r.open("/customers")
	r.do(chromedp.Click(chromedp.CSS(`a[href="/onboard"]`)))
	r.until(`document.querySelector("h1").innerText === "Who is the new customer?"`)
	r.good("new customer")
	r.do(chromedp.SendKeys(chromedp.CSS("#key"), "No Key"), chromedp.SendKeys(chromedp.CSS("#name"), "Nova Ltd"), chromedp.SendKeys(chromedp.CSS("#contact"), "it@nova.example"),
		chromedp.Click(chromedp.CSS("form.stack button.main")))
	r.until(`document.querySelector("#key-fault") && document.querySelector("#name").value === "Nova Ltd"`)
	r.said.take() // that it is refused is told to the browser too
	r.good("new customer at fault")
	r.do(chromedp.SetValue(chromedp.CSS("#key"), "nova"), chromedp.SetValue(chromedp.CSS("#tier"), "standard"), chromedp.Click(chromedp.CSS("form.stack button.main")))
	r.until(`document.querySelector("h1").innerText === "Onboard nova"`)
	r.until(`document.querySelector("#progress").innerText.includes("6 of 6 steps done")`)
	r.until(`document.querySelector("#progress").innerText.includes("invite its first person")`)
	r.good("onboarding")
	r.open("/customers/nova")
	r.until(`document.body.innerText.includes("Onboarding") && document.body.innerText.includes("Customers-Standard")`)
	r.good("customer onboarded")
	r.do(chromedp.Click(chromedp.CSS(`form[action="/customers/nova/onboard"] button`)))
	r.until(`document.querySelector("#progress").innerText.includes("6 of 6 steps done")`)
	r.open("/customers/nova/compliance")
	r.until(`document.body.innerText.includes("What to fix first")`)
	r.do(chromedp.Click(chromedp.CSS(`form[action="/customers/nova/compliance/assess"] button`)))
	r.until(`document.querySelector("h1").innerText === "Assess nova"`)
	r.until(`document.querySelector("#progress").innerText.includes("Assessed 1 account, 1 without an error")`)
	r.good("assessment")

	h.operator(func(ctx context.Context, tx store.Tx) error {
		v, err := tx.LatestPortfolio(ctx)
		if !strings.Contains(v.Text, `- key: "nova"`) || v.Note != "customer nova added" || v.Author != "engineer@msp.example" {
			t.Errorf("version %d by %s, %q", v.Version, v.Author, v.Note)
		}
		return err
	})
	e := h.signedIn(store.Who{ID: "engineer"})
	if a := e.post("/onboard", url.Values{"key": {"nova"}, "name": {"Another"}, "tier": {"standard"}, "contact": {"x@x.example"}}); a.status != http.StatusUnprocessableEntity || !strings.Contains(a.text(), "nova") {
		t.Errorf("a key that is there answers %d", a.status)
	}
	if a := e.post("/customers/nobody/onboard", url.Values{}); a.status != http.StatusNotFound {
		t.Errorf("nobody is onboarded: %d", a.status)
	}
	if a := e.post("/customers/nobody/compliance/assess", url.Values{}); a.status != http.StatusNotFound {
		t.Errorf("nobody is assessed: %d", a.status)
	}
	v := h.signedIn(store.Who{ID: "support"})
	if a := v.get("/customers"); strings.Contains(a.body, `href="/onboard"`) {
		t.Error("support is offered to add a customer")
	}
}

// TestContactMaySignIn: the form of a new customer says what a contact is: somebody who
// signs in to AWS as admin where the portfolio has sign-in, and nobody else.
func TestContactMaySignIn(t *testing.T) {
	h := build(t)
	v := h.signedIn(store.Who{ID: "engineer"})
	if a := v.get("/onboard"); !strings.Contains(a.text(), "Being a contact lets nobody sign in") {
		t.Errorf("without sign-in the form says %s", a.text())
	}
	h.operator(func(ctx context.Context, tx store.Tx) error {
		p, err := tx.LatestPortfolio(ctx)
		if err != nil {
			return err
		}
		p.Version, p.Text = p.Version+1, p.Text+"\nsign_in: {}\n"
		return tx.AddPortfolio(ctx, p)
	})
	if a := v.get("/onboard"); !strings.Contains(a.text(), "who signs in to its AWS account as admin") || strings.Contains(a.text(), "lets nobody sign in") {
		t.Errorf("with sign-in the form says %s", a.text())
	}
}

// TestReadPortalRefuses: what is read is every page of the customer's portal; a page that names
// another framework, or none that tells of the account, is an error that says so.
func TestReadPortalRefuses(t *testing.T) {
	h := build(t)
	looked, err := h.ReadPortal(t.Context(), "startup")
	if err != nil || !strings.Contains(looked, "pages answer") {
		t.Errorf("%q, %v", looked, err)
	}
	tell := func(detail, account string) {
		h.operator(func(ctx context.Context, tx store.Tx) error {
			state := map[bool]string{true: store.Active, false: store.Wanted}[account != ""]
			facts := store.Facts{Customers: []store.Fact{{Customer: "startup", State: state, Account: account, Email: "aws+startup@landlord.example", Unit: "Customers-Standard"}},
				Checks: []store.Check{{Customer: "startup", Framework: "CIS", ID: "unit", Title: "The account is in its tier's unit", Detail: detail}}}
			return tx.PutFacts(ctx, facts, testNow)
		})
	}
	tell("It is under what HIPAA asks for", "666677778888")
	if _, err := h.ReadPortal(t.Context(), "startup"); err == nil || !strings.Contains(err.Error(), "names HIPAA") {
		t.Errorf("a page names HIPAA: %v", err)
	}
	tell("the precision of a decision is its own", "666677778888") // which has the letters of CIS, and no name
	if _, err := h.ReadPortal(t.Context(), "startup"); err != nil {
		t.Error(err)
	}
	tell("there is none", "")
	if _, err := h.ReadPortal(t.Context(), "startup"); err == nil || !strings.Contains(err.Error(), "tells of account") {
		t.Errorf("no account is told of: %v", err)
	}
	if _, err := h.ReadPortal(t.Context(), "nobody"); err == nil {
		t.Error("the portal of nobody is read")
	}
}
