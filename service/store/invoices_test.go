package store_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"landlord/business/billing"
	"landlord/service/store"
	"landlord/service/store/storetest"
)

// invoiced is a database with a customer who has an invoice of two lines.
func invoiced(t *testing.T) storetest.Database {
	t.Helper()
	d := storetest.Fresh(t)
	d.Exec(t, store.OperatorRole, `INSERT INTO customer (key, name, tier, framework, state, price_cents, currency, search, updated_at) VALUES ('c', 'C', 't', 'CIS', 'wanted', 1, 'USD', '', '2026-03-01')`)
	err := d.Open(t).Operator(t.Context(), func(tx store.Tx) error {
		in := []store.Invoice{{Customer: "c", Month: "2026-02", Currency: "USD", Total: 1190, IssuedAt: now, DueOn: "2026-04-01"}}
		return tx.Issue(t.Context(), store.Invoices, in, [][]billing.Line{{{Kind: billing.Subscription, Description: "T", How: "10.00", Amount: 1000}, {Kind: billing.Tax, Description: "VAT", How: "19 %", Amount: 190}}})
	})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestIssuedStands: what was issued, nobody changes: neither the server's login nor the
// owner of the tables.
func TestIssuedStands(t *testing.T) {
	d := invoiced(t)
	const another = `INSERT INTO invoice (customer, number, series, n, month, state, currency, total_cents, lines, terms, issued_at, due_on, reason) VALUES ('c', 'INV-00000%', 'INV', %, '2026-01', 'issued', 'USD', 5, 1, '{}', '2026-03-01', '2026-04-01', '')`
	const line = `INSERT INTO invoice_line (customer, number, n, kind, description, how, amount_cents) VALUES ('c', 'INV-00000%', 1, 'x', 'x', 'x', 5)`
	for _, c := range []struct{ name, do, says string }{
		{"another total", `UPDATE invoice SET total_cents = 1`, "never changed"},
		{"another number", `UPDATE invoice SET number = 'INV-000002', n = 2`, "never changed"},
		{"another day on which it is due", `UPDATE invoice SET due_on = '2027-01-01'`, "never changed"},
		{"other terms", `UPDATE invoice SET terms = '{}', state = 'void', reason = 'x', settled_at = issued_at`, "never changed"},
		{"removed", `DELETE FROM invoice`, "never changed"},
		{"paid without a payment", `UPDATE invoice SET state = 'paid', settled_at = issued_at`, "is not paid"},
		{"void without a reason", `UPDATE invoice SET state = 'void', settled_at = issued_at`, "end_has_reason"},
		{"void, and back", `UPDATE invoice SET state = 'void', reason = 'x', settled_at = issued_at; UPDATE invoice SET state = 'issued', reason = '', settled_at = NULL`, "never changed"},
		{"all removed", `TRUNCATE invoice, invoice_line, payment`, "never changed"},
		{"another line", `UPDATE invoice_line SET amount_cents = amount_cents + CASE n WHEN 1 THEN 5 ELSE -5 END`, "never changed"},
		{"a line less", `DELETE FROM invoice_line WHERE n = 2`, "never changed"},
		{"a line more", `INSERT INTO invoice_line (customer, number, n, kind, description, how, amount_cents) VALUES ('c', 'INV-000001', 3, 'x', 'x', 'x', 0)`, "has no line 3"},
		{"a line twice", strings.ReplaceAll(line, "%", "1"), "invoice_line_pkey"},
		{"a number removed", `DELETE FROM invoice_number`, "never changed"},
		{"a number taken from nothing", `INSERT INTO invoice_number VALUES ('INV', 2)`, "leaves a gap"},
		{"a number left out", `INSERT INTO invoice_number VALUES ('INV', 3);` + strings.ReplaceAll(another+";"+line, "%", "3"), "leaves a gap"},
		{"a number twice", strings.ReplaceAll(strings.Replace(strings.ReplaceAll(another, "%", "1"), "'c'", "'d'", 1)+";"+strings.Replace(line, "'c'", "'d'", 1), "%", "1"), "not a number of its own"},
		{"no number", strings.ReplaceAll(another+";"+line, "%", "2"), "not a number of its own"},
		{"lines that come to something else", `INSERT INTO invoice_number VALUES ('INV', 2);` + strings.Replace(strings.ReplaceAll(another+";"+line, "%", "2"), "'x', 5)", "'x', 6)", 1), "come to 6, not to the 5 cents"},
		{"no lines", `INSERT INTO invoice_number VALUES ('INV', 2);` + strings.ReplaceAll(another, "%", "2"), "0 lines"},
		{"the month again", strings.Replace(strings.ReplaceAll(another, "%", "2"), "2026-01", "2026-02", 1), "invoice_once"},
		{"a payment changed", `INSERT INTO payment VALUES ('c', 'INV-000001', 'r', 5, 'cash', '2026-03-01', 'b', '2026-03-01'); UPDATE payment SET amount_cents = 6`, "never changed"},
		{"a payment removed", `INSERT INTO payment VALUES ('c', 'INV-000001', 'r', 5, 'cash', '2026-03-01', 'b', '2026-03-01'); DELETE FROM payment`, "never changed"},
		{"another's", `UPDATE invoice SET customer = 'd'`, ""},
	} {
		for _, role := range []string{store.OperatorRole, store.OwnerRole} {
			conn, err := pgx.Connect(t.Context(), d.URL(role))
			if err != nil {
				t.Fatal(err)
			}
			_, err = conn.Exec(t.Context(), `BEGIN; INSERT INTO customer (key, name, tier, framework, state, price_cents, currency, search, updated_at) VALUES ('d', 'D', 't', 'CIS', 'wanted', 1, 'USD', '', '2026-03-01');`+c.do+`; SET CONSTRAINTS ALL IMMEDIATE; ROLLBACK`)
			switch {
			case err == nil && c.name == "another's" && role == store.OwnerRole: // as the foreign key does when a key changes
			case err == nil:
				t.Errorf("%s, as %s: it was done", c.name, role)
			case !strings.Contains(err.Error(), c.says) && !strings.Contains(err.Error(), "permission denied"):
				t.Errorf("%s, as %s: %v, want %q", c.name, role, err, c.says)
			case strings.Contains(err.Error(), "permission denied") && role == store.OwnerRole:
				t.Errorf("%s: the owner was refused by a privilege that it can give itself: %v", c.name, err)
			}
			conn.Close(context.WithoutCancel(t.Context()))
		}
	}
}

// TestInvoicesFollowTheKey: a customer whose key changes keeps its invoices, to the cent.
func TestInvoicesFollowTheKey(t *testing.T) {
	s := invoiced(t).Open(t)
	err := s.Operator(t.Context(), func(tx store.Tx) error {
		if err := tx.AddPayment(t.Context(), store.Payment{Customer: "c", Number: "INV-000001", Reference: "r", Amount: 90, Method: "cash", PaidOn: "2026-03-02", By: "b", At: now}); err != nil {
			return err
		}
		note := []store.Invoice{{Customer: "c", Month: "2026-02", Of: "INV-000001", Currency: "USD", Total: -100, IssuedAt: now, Reason: "x"}}
		return tx.Issue(t.Context(), store.CreditNotes, note, [][]billing.Line{{{Kind: billing.Credit, Description: "x", How: "x", Amount: -100}}})
	})
	if err == nil {
		err = s.Operator(t.Context(), func(tx store.Tx) error { _, err := tx.Rename(t.Context(), "c", "d", now); return err })
	}
	if err != nil {
		t.Fatal(err)
	}
	err = s.Customer(t.Context(), "d", func(tx store.Tx) error {
		in, err := tx.Invoice(t.Context(), "INV-000001")
		if err != nil {
			return err
		}
		lines, err := tx.InvoiceLines(t.Context(), "d", "INV-000001")
		if in.Left() != 1000 || len(lines) != 2 {
			t.Errorf("%+v, %d lines", in, len(lines))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Customer(t.Context(), "c", func(store.Tx) error { return nil }); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("the old key: %v", err)
	}
}
