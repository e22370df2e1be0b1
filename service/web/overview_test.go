package web

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"landlord/service/control"
	"landlord/service/store"
)

// TestFaultsOfTheWhole: what the last look found wrong with the organization, and is
// on no customer's page, needs a person.
func TestFaultsOfTheWhole(t *testing.T) {
	h := build(t)
	owner := h.signedIn(store.Who{ID: "owner"})
	const fault = "accounts of customers who are not in the file: 123456789012 (gone)"
	if text := owner.get("/overview").text(); strings.Contains(text, "(gone)") {
		t.Fatalf("before there is a fault the overview reads %s", text)
	}
	h.operator(func(ctx context.Context, tx store.Tx) error {
		return tx.PutSetting(ctx, "faults", []control.Fault{{Says: fault}, {Tier: "fintech", Says: "unit Customers-Fintech is missing"}})
	})
	text := owner.get("/overview").text()
	for _, want := range []string{"Accounts of customers who are not in the file: 123456789012 (gone)", "The tier Fintech", "need a person"} {
		if !strings.Contains(text, want) {
			t.Errorf("the overview lacks %q: %s", want, text)
		}
	}
	h.operator(func(ctx context.Context, tx store.Tx) error {
		c, err := tx.Customer(ctx, "acme")
		if err != nil {
			return err
		}
		c.State = store.Departed
		return tx.PutCustomer(ctx, c)
	})
	if text := owner.get("/customers/acme").text(); !strings.Contains(text, "Its account is left alone until somebody closes it.") {
		t.Errorf("the page of who is not in the portfolio any more reads %s", text)
	}
}

// TestSinceYesterday: the overview tells what was changed, however often somebody
// looked since, and tells nothing of it to who may not read the audit log.
func TestSinceYesterday(t *testing.T) {
	h := build(t)
	const none = "Nobody changed anything in the last 24 hours."
	write := func(action string, times int) {
		h.operator(func(ctx context.Context, tx store.Tx) error {
			for n := range times {
				if err := tx.Audit(ctx, store.Entry{At: testNow, ActorKind: store.ByPerson, Actor: "support@msp.example", Action: action, After: fmt.Sprint("number ", n), Source: "test"}); err != nil {
					return err
				}
			}
			return nil
		})
	}
	write("contact.put", 1)
	write("portal.look", 250)
	for _, role := range []string{"owner", "engineer", "auditor"} {
		v := h.signedIn(store.Who{ID: role})
		v.get("/as/acme")
		text := v.get("/overview").text()
		if !strings.Contains(text, "saved a contact") || strings.Contains(text, "looked at the portal") || strings.Contains(text, none) {
			t.Errorf("%s reads %s", role, text)
		}
		if a := v.get("/customers/acme/history"); a.status != http.StatusOK || !strings.Contains(v.get("/customers/acme").body, "/customers/acme/history") {
			t.Errorf("the history answers %s %d, or nothing leads there", role, a.status)
		}
	}
	for _, role := range []string{"billing", "support"} {
		v := h.signedIn(store.Who{ID: role})
		if text := v.get("/overview").text(); strings.Contains(text, "Since yesterday") || strings.Contains(text, none) || strings.Contains(text, "saved a contact") {
			t.Errorf("%s reads %s", role, text)
		}
		if a := v.get("/customers/acme/history"); a.status != http.StatusForbidden || strings.Contains(v.get("/customers/acme").body, "/customers/acme/history") {
			t.Errorf("the history answers %s %d, or something leads there", role, a.status)
		}
	}
}
