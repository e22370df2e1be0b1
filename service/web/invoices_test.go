package web

import (
	"net/http"
	"strings"
	"testing"

	"landlord/business/billing"
	"landlord/internal/money"
	"landlord/portfolio"
	"landlord/service/store"
)

// TestInvoices: a customer's people read their own invoices and download them, and of
// another's, by its number, in a list or by a search, no more than of none; operators
// read all.
func TestInvoices(t *testing.T) {
	h := build(t)
	numbers := map[string]string{}
	err := h.store.Operator(t.Context(), func(tx store.Tx) error {
		for i, key := range []string{"acme", "startup"} {
			total := money.Cents(800_000 + i)
			list := []store.Invoice{{Customer: key, Month: "2026-01", Currency: "USD", Total: total, IssuedAt: testNow, DueOn: "2026-03-08", Terms: billing.Terms{From: portfolio.Party{Name: "Example MSP"}, To: portfolio.Party{Name: key}}}}
			if err := tx.Issue(t.Context(), store.Invoices, list, [][]billing.Line{{{Kind: billing.Subscription, Description: "Line of " + key, How: "8000.00 a month", Amount: total}}}); err != nil {
				return err
			}
			numbers[key] = list[0].Number
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	member := h.signedIn(store.Who{Customer: "startup", ID: "member@startup.example"})
	own, others := numbers["startup"], numbers["acme"]
	for path, want := range map[string]string{
		"/portal/invoices":                      own,
		"/portal/invoices?q=acme":               own, // there is no search here
		"/portal/invoices/" + own:               "Line of startup",
		"/portal/invoices/" + own + "/pdf":      "%PDF-",
		"/portal/invoices/" + own + "/html":     "Line of startup",
		"/portal/invoices/" + own + "/gobl":     `"payable": "8000.01"`,
		"/portal/invoices/" + own + "/focus":    "8000.01,startup,USD",
		"/portal/invoices/" + own + "/json":     `"total": "8000.01"`,
		"/portal/invoices/" + others:            "",
		"/portal/invoices/" + others + "/pdf":   "",
		"/portal/invoices/" + own + "/docx":     "",
		"/customers/acme/invoices":              "",
		"/customers/acme/invoices/" + others:    "",
		"/as/acme/invoices/" + others + "/json": "",
		"/invoices":                             "",
	} {
		a := member.get(path)
		switch {
		case want != "" && (a.status != http.StatusOK || !strings.Contains(a.body, want)):
			t.Errorf("%s: %d, without %q", path, a.status, want)
		case want == "" && a.status != http.StatusNotFound && a.status != http.StatusForbidden:
			t.Errorf("%s: %d", path, a.status)
		}
		if strings.Contains(a.body, "Line of acme") || want != "" && strings.Contains(a.body, others) || strings.Contains(a.body, "8000.00 USD") {
			t.Errorf("%s tells of another's", path)
		}
	}
	if none, others := member.get("/portal/invoices/INV-999999"), member.get("/portal/invoices/"+others); none.status != others.status || none.text() != others.text() {
		t.Errorf("of another's invoice is told %q, and of none %q", others.text(), none.text())
	}
	biller := h.signedIn(store.Who{ID: "billing"})
	for path, want := range map[string]string{
		"/invoices":                                "16,000.01 USD is to be paid, of 2 invoices",
		"/invoices?q=startup&state=overdue":        own,
		"/invoices?state=paid":                     "None is so",
		"/customers/acme/invoices":                 others,
		"/customers/acme/invoices/" + others:       "Line of acme",
		"/customers/acme/invoices/" + own:          "",
		"/customers/acme/invoices/" + own + "/pdf": "",
	} {
		a := biller.get(path)
		if want != "" && !strings.Contains(a.body, want) || (want == "") != (a.status == http.StatusNotFound) {
			t.Errorf("%s: %d, without %q", path, a.status, want)
		}
	}
	if a := h.signedIn(store.Who{ID: "support"}).get("/as/startup/invoices/" + own); a.status != http.StatusOK || !strings.Contains(a.body, "Line of startup") {
		t.Errorf("who looks as the customer: %d", a.status)
	}
}
