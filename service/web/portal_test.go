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

// TestWordsForCustomers: whoever is a customer no more, or not yet, reads that in words
// of its own, not in those of who runs the house.
func TestWordsForCustomers(t *testing.T) {
	h := build(t)
	v := h.signedIn(store.Who{Customer: "startup", ID: "admin@startup.example"})
	for state, want := range map[string]string{
		store.Departed: "You were in Standard (CIS) and are not a customer of Example MSP any more.", store.Wanted: "Your account does not exist yet; you will see it here when it does.",
		store.Closed: "Your account is closed; what is known of it stays here.", store.Suspended: "nothing is allowed in your account",
	} {
		h.operator(func(ctx context.Context, tx store.Tx) error {
			_, err := tx.Exec(ctx, `UPDATE customer SET state = $1 WHERE key = 'startup'`, state)
			return err
		})
		if a := v.get("/portal"); !strings.Contains(a.text(), want) {
			t.Errorf("who is %s reads %s, want %q", state, a.text(), want)
		}
		for _, path := range []string{"/portal", "/portal/account", "/portal/aws", "/portal/guardrails", "/portal/people", "/portal/contacts", "/portal/audit"} {
			told := strings.ToLower(v.get(path).text())
			for _, word := range []string{"portfolio", "wanted", "departed", "next run", "operator"} {
				if strings.Contains(told, word) {
					t.Errorf("who is %s reads %q at %s: %s", state, word, path, told)
				}
			}
		}
	}
}

// TestOrganizationMarks: the organization marks whose account is not in use, as the
// directory does.
func TestOrganizationMarks(t *testing.T) {
	h := build(t)
	v := h.signedIn(store.Who{ID: "support"})
	if a := v.get("/organization"); strings.Contains(a.text(), "222233334444 active") {
		t.Errorf("one that is active is marked: %s", a.text())
	}
	for _, state := range []string{store.Suspended, store.Closed, store.Departed} {
		h.operator(func(ctx context.Context, tx store.Tx) error {
			_, err := tx.Exec(ctx, `UPDATE customer SET state = $1 WHERE key = 'acme'`, state)
			return err
		})
		for path, want := range map[string]string{"/organization": "222233334444 " + state, "/customers?q=acme": state} {
			if a := v.get(path); !strings.Contains(a.text(), want) {
				t.Errorf("%s does not say %q: %s", path, want, a.text())
			}
		}
	}
}

// TestAccountWaitsForAPerson: where somebody has to do something before an account is
// there, its pages say what, to those who run the house and to its own people.
func TestAccountWaitsForAPerson(t *testing.T) {
	h := build(t)
	const says = "Its administrator accepts by 2026-12-08"
	h.operator(func(ctx context.Context, tx store.Tx) error {
		return tx.PutStanding(ctx, store.Fact{Customer: "startup", State: store.Wanted, WaitsFor: "Account 555566667777 was invited. " + says}, testNow)
	})
	support, admin := h.signedIn(store.Who{ID: "support"}), h.signedIn(store.Who{Customer: "startup", ID: "admin@startup.example"})
	for path, v := range map[string]*visitor{"/customers/startup": support, "/portal": admin, "/portal/account": admin} {
		if a := v.get(path); !strings.Contains(a.text(), says) || strings.Contains(a.text(), "next run creates it") || strings.Contains(a.text(), "when it does") {
			t.Errorf("%s says %s", path, a.text())
		}
	}
	if a := support.get("/customers/acme"); strings.Contains(a.text(), "waits for a person") {
		t.Errorf("one that is there waits: %s", a.text())
	}
}
