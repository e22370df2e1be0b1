package web

import (
	"context"
	"strings"
	"testing"

	"landlord/service/store"
)

// TestCustomersFilter: a customer's people leave of their lists what they look for, by
// the words they read, and find nothing by what they do not read.
func TestCustomersFilter(t *testing.T) {
	h := build(t)
	h.operator(func(ctx context.Context, tx store.Tx) error {
		return tx.Audit(ctx, store.Entry{At: testNow, ActorKind: store.ByPerson, Actor: "support@msp.example", Action: "contact.put", Customer: "acme", Framework: "SOC 2", After: "Jo jo@acme.example", Source: "192.0.2.99"})
	})
	admin := h.signedIn(store.Who{Customer: "acme", ID: "admin@acme.example"})
	for path, want := range map[string]string{
		"/portal/audit?q=saved+a+CONTACT":      "Jo jo@acme.example",
		"/portal/audit?q=jo@acme":              "saved a contact",
		"/portal/audit?q=signed":               "signed in",
		"/portal/audit?q=admin@acme":           "signed in",
		"/portal/audit?q=support@msp":          "No entry is like this",
		"/portal/audit?q=192.0.2.99":           "No entry is like this",
		"/portal/audit?q=startup":              "No entry is like this",
		"/portal/people?q=MEMBER@":             "member@acme.example",
		"/portal/people?q=startup":             "Nobody is called so",
		"/portal?failing=1":                    "the account is in Root",
		"/portal?q=tier%27s+unit&failing=1":    "the account is in Root",
		"/portal?q=nothing+of+this":            "Nothing that we promise is like this.",
		"/portal/audit?q=%25":                  "No entry is like this",
		"/portal/people?q=admin%40acme.exampl": "admin@acme.example",
	} {
		if a := admin.get(path); a.status != 200 || !strings.Contains(a.text(), want) || strings.Contains(a.text(), "msp.example") {
			t.Errorf("%s answers %d, without %q or with who it was of the provider: %s", path, a.status, want, a.text())
		}
	}
	if a := admin.get("/portal/people?q=member@"); strings.Contains(a.text(), "Make a member") {
		t.Errorf("the admin is not left out: %s", a.text())
	}
	startup := h.signedIn(store.Who{Customer: "startup", ID: "admin@startup.example"})
	if a := startup.get("/portal?failing=1"); !strings.Contains(a.text(), "Nothing that we promise is like this.") {
		t.Errorf("nothing of startup fails, and it shows %s", a.text())
	}
}
