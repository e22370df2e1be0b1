package store_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"landlord/service/store"
	"landlord/service/store/storetest"
)

func opened(customer, id, subject, requester string) store.Ticket {
	return store.Ticket{Customer: customer, ID: id, Subject: subject, Requester: requester, OpenedAt: now, UpdatedAt: now, Priority: "normal", Channel: store.ByMail}
}

// TestTicketIsWrittenFromBothSides: what a customer's person writes operators read, and
// the other way round; what operators say among themselves no customer reads.
func TestTicketIsWrittenFromBothSides(t *testing.T) {
	s := storetest.New(t)
	ctx := t.Context()
	operator(t, s, func(tx store.Tx) error {
		return errors.Join(tx.PutCustomer(ctx, acme("acme")), tx.PutCustomer(ctx, acme("globex")))
	})
	const id = "abcdefghij"
	if err := s.Customer(ctx, "acme", func(tx store.Tx) error {
		return tx.OpenTicket(ctx, opened("acme", id, "Röchnung", "ann@acme.example"), store.Message{Author: "ann@acme.example", At: now, Text: "too much\x00",
			Attachments: []store.Attachment{{Name: "bill.pdf", Type: "application/pdf", Content: []byte("%PDF")}}})
	}); err != nil {
		t.Fatal(err)
	}
	operator(t, s, func(tx store.Tx) error {
		n, err := tx.AddMessage(ctx, store.Message{Customer: "acme", Ticket: id, Kind: store.ToCustomer, Author: "Op", At: now, Text: "we look", MessageID: "<1@us>"})
		if n != 2 {
			t.Errorf("the answer is message %d, want 2", n)
		}
		return errors.Join(err, tx.AddNote(ctx, "acme", id, store.Note{Author: "Op", At: now, Text: "secret"}))
	})
	for key, want := range map[string]int{"acme": 2, "globex": 0} {
		if err := s.Customer(ctx, key, func(tx store.Tx) error {
			all, err := tx.Messages(ctx, "acme", id)
			if len(all) != want {
				t.Errorf("%s reads %d messages, want %d", key, len(all), want)
			}
			if want > 0 {
				if a := all[0].Attachments; all[0].Text != "too much�" || len(a) != 1 || a[0].Size != 4 {
					t.Errorf("the first message is %+v", all[0])
				}
				a, err := tx.Attachment(ctx, "acme", id, 1, 1)
				if err != nil || string(a.Content) != "%PDF" {
					t.Errorf("the attachment is %+v, %v", a, err)
				}
			} else if _, err := tx.Attachment(ctx, "acme", id, 1, 1); !errors.Is(err, store.ErrNotFound) {
				t.Errorf("%s reads an attachment of acme's: %v", key, err)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Customer(ctx, "acme", func(tx store.Tx) error { _, err := tx.Notes(ctx, "acme", id); return err }); err == nil {
		t.Error("a customer reads notes")
	}
	operator(t, s, func(tx store.Tx) error {
		for text, want := range map[string]int{"rochn": 1, "RÖCHNUNG too": 1, "ann@acme": 1, "look": 1, "bill absent": 0, "'); drop": 0} {
			found, err := tx.Tickets(ctx, store.TicketSearch{Text: text})
			if err != nil || len(found) != want {
				t.Errorf("%q finds %d tickets, want %d (%v)", text, len(found), want, err)
			}
		}
		return nil
	})
	again := func(author string) error {
		return s.Operator(ctx, func(tx store.Tx) error {
			_, err := tx.AddMessage(ctx, store.Message{Customer: "acme", Ticket: id, Kind: store.FromCustomer, Author: author, At: now, Text: "x", MessageID: "<2@acme>"})
			return err
		})
	}
	if first, twice, other := again("a@a.example"), again("a@a.example"), again("b@a.example"); first != nil || !errors.Is(twice, store.ErrTaken) || other != nil {
		t.Errorf("a message, the same, and one of another author: %v, %v, %v", first, twice, other)
	}
	operator(t, s, func(tx store.Tx) error { // and it goes where the customer's key goes
		if _, err := tx.Rename(ctx, "acme", "apex", now); err != nil {
			return err
		}
		got, err := tx.TicketByID(ctx, id)
		if got.Customer != "apex" {
			t.Errorf("the ticket is %q's", got.Customer)
		}
		return err
	})
}

// TestMailIsKeptOnce: the same bytes with the same envelope are one message, which is
// read by one at a time.
func TestMailIsKeptOnce(t *testing.T) {
	s := storetest.New(t)
	ctx := t.Context()
	m := store.Mail{At: now, Sender: "a@a.example", Recipients: []string{"support@us.example"}, Raw: []byte("From: a\r\n\r\n\xff\x00")}
	operator(t, s, func(tx store.Tx) error { return errors.Join(tx.KeepMail(ctx, m), tx.KeepMail(ctx, m)) })
	operator(t, s, func(tx store.Tx) error {
		first, err := tx.NextMail(ctx, now)
		if err != nil || string(first.Raw) != string(m.Raw) {
			t.Errorf("the next is %+v, %v", first, err)
		}
		return s.Operator(ctx, func(other store.Tx) error {
			if _, err := other.NextMail(ctx, now); !errors.Is(err, store.ErrNotFound) {
				t.Errorf("another reads the same at once, or it is there twice: %v", err)
			}
			return nil
		})
	})
}

// many fills a database with n tickets of a hundred customers, one in ten of them
// resolved.
func many(t testing.TB, d storetest.Database, n int) {
	t.Helper()
	thousands(t, d, 100)
	d.Exec(t, store.OperatorRole, fmt.Sprintf(`
		INSERT INTO ticket (customer, id, subject, requester, opened_at, updated_at, state, touched, assignee, due_of, due_at, search)
		SELECT 'c' || i %% 100 + 1, translate(lpad(i::text, 10, '0'), '0189', 'abcd'), 'Invoice ' || md5(i::text), 'p@c.example', '2026-03-01Z', timestamptz '2026-03-01Z' + i * interval '1 minute',
			CASE i %% 10 WHEN 0 THEN 'resolved' ELSE 'open' END, false, CASE i %% 3 WHEN 0 THEN 'op' END, CASE i %% 10 WHEN 0 THEN '' ELSE 'next response' END,
			CASE i %% 10 WHEN 0 THEN NULL ELSE timestamptz '2026-03-01Z' + (i * 7919 %% 100000) * interval '1 minute' END,
			to_tsvector('simple', 'invoice ' || md5(i::text) || ' figures of the dashboard ' || CASE i %% 200 WHEN 0 THEN 'rare' ELSE '' END)
		FROM generate_series(1, %d) i`, n))
	d.Exec(t, store.OwnerRole, `ANALYZE ticket`)
}

// TestTicketSearchUsesTheIndex: for operators, and the inbox its own, through row-level
// security.
func TestTicketSearchUsesTheIndex(t *testing.T) {
	d := storetest.Fresh(t)
	many(t, d, 20_000)
	s := d.Open(t)
	for index, q := range map[string]store.TicketSearch{"ticket_search": {Text: "c4ca4238a0b9"}, "ticket_due": {}, "ticket_recent": {State: store.AnyState}} {
		operator(t, s, func(tx store.Tx) error {
			from, args := store.FromTickets(q)
			order := ` ORDER BY t.due_at NULLS LAST, t.customer, t.id LIMIT 50`
			switch {
			case q.Text != "": // whose order comes later
				order = ` LIMIT 2001`
			case q.State == store.AnyState:
				order = ` ORDER BY t.updated_at DESC, t.customer, t.id LIMIT 50`
			}
			rows, _ := tx.Query(t.Context(), `EXPLAIN SELECT t.id`+from+order, args...)
			plan, err := pgx.CollectRows(rows, pgx.RowTo[string])
			if text := strings.Join(plan, "\n"); !strings.Contains(text, index) {
				t.Errorf("%+v: %s is not used:\n%s", q, index, text)
			}
			return err
		})
	}
}

// BenchmarkTickets is the inbox and searches among 100,000 tickets.
func BenchmarkTickets(b *testing.B) {
	d := storetest.Fresh(b)
	many(b, d, 100_000)
	s := d.Open(b)
	for name, q := range map[string]store.TicketSearch{
		"inbox": {}, "mine": {Assignee: "op"}, "unassigned": {Assignee: store.Unassigned}, "resolved": {State: store.TicketResolved},
		"word": {Text: "c4ca4238a0b9"}, "rare": {Text: "rare", State: store.AnyState}, "common": {Text: "dashboard"}, "prefix": {Text: "c4"}, "customer": {Customer: "c7", State: store.AnyState},
	} {
		b.Run(name, func(b *testing.B) {
			var took []time.Duration
			for b.Loop() {
				began := time.Now()
				operator(b, s, func(tx store.Tx) error { _, err := tx.Tickets(b.Context(), q); return err })
				took = append(took, time.Since(began))
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "ms-p50")
			b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "ms-p99")
		})
	}
}
