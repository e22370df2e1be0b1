package web

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"landlord/internal/clock"
	"landlord/portfolio"
	"landlord/service/control"
	"landlord/service/store"
	"landlord/simaws"
	"landlord/simulate"
	"landlord/vend/blueprint"
	"landlord/vend/cloud"
	"landlord/vend/execute"
)

// wire makes calls to a simulated AWS in the process.
type wire struct{ server *simaws.Server }

func (w wire) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, _, err := w.server.RoundTrip(r)
	return answer, err
}

type world struct{ *cloud.Client }

func (world) Rules() execute.Rules { return cloud.Rules(false) }

func (w world) Execute(ctx context.Context, m *execute.Machine, watch func([]execute.Event)) error {
	return execute.Run(ctx, m, w.Client, clock.Real(), watch)
}

// work gives the house a control that carries out runs, on a simulated AWS where
// the portfolio is applied.
func (h *house) work(t *testing.T) {
	t.Helper()
	if _, err := control.Migrate(t.Context(), h.database.URL(store.OwnerRole), testNow); err != nil {
		t.Fatal(err)
	}
	profile, err := simaws.ProfileNamed("instant")
	if err != nil {
		t.Fatal(err)
	}
	aws, err := simaws.New(simaws.Config{Profile: profile, Seed: 1, Organization: true, ManagementAccount: string(h.folio.Organization.Management), AccountIDs: simulate.AccountIDs(h.folio)})
	if err != nil {
		t.Fatal(err)
	}
	c, err := control.New(control.Config{Store: h.store, Clock: clock.Real(), Log: slog.New(slog.DiscardHandler), Works: true, Reach: func(_ context.Context, folio *portfolio.Portfolio, _ ...string) (control.World, error) {
		return world{cloud.InProcess(wire{aws}, cloud.Options{Clock: clock.Real(), Asks: blueprint.From(folio).Asks})}, nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	c.Portal = h.ReadPortal
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- c.Run(ctx) }()
	t.Cleanup(func() { stop(); <-ended })
	h.Control = c
	run, err := c.Begin(t.Context(), store.RunApply, "", control.By{Kind: store.BySystem, Name: "test"})
	if err != nil {
		t.Fatal(err)
	}
	soon, enough := context.WithTimeout(t.Context(), 30*time.Second)
	defer enough()
	var last store.Run
	for p, err := range c.Watch(soon, run) {
		if err != nil {
			t.Fatal(err)
		}
		last = p.Run
	}
	if last.State != store.RunDone {
		t.Fatalf("the portfolio is not applied: %+v", last)
	}
}

// TestOrders is an owner's: suspending a customer, who is told, and resuming it, and
// closing it by its name; nobody else may.
func TestOrders(t *testing.T) {
	h := build(t)
	h.work(t)
	r := h.reader(1024, false)
	r.comeIn(store.Who{ID: "owner"})
	r.open("/customers/startup")
	r.good("customer to suspend")
	r.do(chromedp.Click(chromedp.CSS(`a[href="/customers/startup/suspend"]`)))
	r.until(`document.querySelector("h1").innerText === "Suspend StartupCorp Inc?"`)
	r.good("suspend")
	r.do(chromedp.Click(chromedp.CSS(`form.stack button.main`)))
	r.until(`document.querySelector("#progress").innerText.includes("is suspended: nothing is allowed there")`)
	r.good("run of a suspension")

	c := h.reader(390, true)
	c.comeIn(store.Who{Customer: "startup", ID: "admin@startup.example"})
	for _, path := range []string{"/portal", "/portal/account", "/portal/aws"} {
		c.open(path)
		c.until(`document.body.innerText.includes("Your account is suspended since ")`)
		c.good(path + " suspended")
		if word := otherFramework(c.eval("document.documentElement.outerHTML")); word != "" {
			t.Errorf("%s names %q", path, word)
		}
	}

	r.open("/customers/startup")
	r.until(`document.body.innerText.includes("Suspended since ") && document.querySelector("a[href='/customers/startup/resume']")`)
	r.good("customer suspended")
	r.open("/customers?state=suspended")
	r.until(`document.querySelectorAll("tr.link").length === 1`)
	r.open("/customers/startup/suspend")
	r.until(`document.body.innerText.includes("it is so already")`)
	r.open("/customers/startup/resume")
	r.do(chromedp.Click(chromedp.CSS(`form.stack button.main`)))
	r.until(`document.querySelector("#progress").innerText.includes("is not suspended")`)

	r = h.reader(1600, false)
	r.comeIn(store.Who{ID: "engineer"})
	r.open("/customers/startup/close")
	r.good("close")
	r.do(chromedp.SendKeys(chromedp.CSS("#name"), "Startup"), chromedp.Click(chromedp.CSS("form.stack button.danger")))
	r.until(`document.querySelector("#name-fault")`)
	r.said.take() // that it is refused is told to the browser too
	r.good("close misnamed")
	r.do(chromedp.SendKeys(chromedp.CSS("#name"), "StartupCorp Inc"), chromedp.Click(chromedp.CSS("form.stack button.danger")))
	r.until(`document.querySelector("#progress").innerText.includes("is closed")`)
	r.open("/customers/startup")
	r.until(`document.body.innerText.includes("Closed since ") && document.body.innerText.includes("departed:")`)
	r.good("customer closed")
	c.open("/portal")
	c.until(`document.body.innerText.includes("Your account is closed since ")`)
	c.good("portal closed")

	var noted []string
	h.operator(func(ctx context.Context, tx store.Tx) error {
		found, err := tx.Entries(ctx, store.EntryQuery{Customer: "startup"})
		for _, e := range found {
			if strings.HasPrefix(e.Action, "account.") && e.ActorKind == store.ByPerson {
				noted = append(noted, e.Action+" "+e.Actor)
			}
		}
		return err
	})
	if got := strings.Join(noted, ", "); got != "account.close engineer@msp.example, account.resume owner@msp.example, account.suspend owner@msp.example" {
		t.Errorf("the audit log has %s", got)
	}

	e := h.signedIn(store.Who{ID: "engineer"})
	for to, form := range map[string]url.Values{
		"/customers/acme/suspend":   {},
		"/customers/quantum/close":  {"name": {"Quantum Bank Corp"}},
		"/customers/medicorp/close": {"name": {"MediCorp Solutions Inc"}, "digest": {"of what was shown before"}},
	} {
		if a := e.post(to, form); a.status != http.StatusConflict || !strings.Contains(a.body, "nothing was started") {
			t.Errorf("%s without what was shown answers %d", to, a.status)
		}
	}

	v := h.signedIn(store.Who{ID: "support"})
	if a := v.get("/customers/acme"); strings.Contains(a.body, "/customers/acme/suspend") {
		t.Error("support is offered to suspend a customer")
	}
	if a := v.post("/customers/acme/close", url.Values{"name": {"ACME Finance Inc"}, "digest": {"x"}}); a.status != http.StatusForbidden {
		t.Errorf("support closes a customer: %d", a.status)
	}
}
