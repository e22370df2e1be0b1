package desk_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"landlord/internal/clock"
	"landlord/service/desk"
	"landlord/service/mail"
	"landlord/service/store"
	"landlord/service/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

var now = time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC) // a Monday

const address = "support@landlord.example"

// office is a desk with two customers, and what it sent.
type office struct {
	t     *testing.T
	store *store.Store
	*desk.Desk
	sent []mail.Letter
	told []string
}

func (o *office) operator(fn func(context.Context, store.Tx) error) {
	o.t.Helper()
	ctx := o.t.Context()
	if err := o.store.Operator(ctx, func(tx store.Tx) error { return fn(ctx, tx) }); err != nil {
		o.t.Fatal(err)
	}
}

const folio = `provider: {name: Example MSP, account_email: "aws+{customer}@landlord.example"}
organization: {target: simulated, management_account: "111122223333"}
support: {trusted_relays: [mx.example.com]}
customers:
  - {key: medicorp, name: MediCorp, tier: healthcare, contact: compliance@medicorp.example}
`

func begin(t *testing.T) *office {
	t.Helper()
	o := &office{t: t, store: storetest.New(t)}
	verified := now
	o.operator(func(ctx context.Context, tx store.Tx) error {
		c := func(key, tier, framework, account string) error {
			return tx.PutCustomer(ctx, store.Customer{Key: key, Name: key, Tier: tier, Framework: framework, State: store.Active, Account: account, Currency: "USD", UpdatedAt: now})
		}
		return errors.Join(
			tx.AddPortfolio(ctx, store.Portfolio{Version: 1, Text: folio, Author: "test", At: now}),
			c("acme", "fintech", "SOC 2", "222233334444"), c("medicorp", "healthcare", "HIPAA", "333344445555"), c("quantum", "fintech", "SOC 2", "444455556666"),
			tx.PutContact(ctx, store.Contact{Customer: "acme", Email: "john@acmefinance.com", Name: "John", Role: "primary", VerifiedAt: &verified}),
			tx.PutContact(ctx, store.Contact{Customer: "acme", Email: "new@acmefinance.com", Name: "New", Role: "other"}),
			tx.PutContact(ctx, store.Contact{Customer: "medicorp", Email: "both@consultant.example", Name: "Both", Role: "other", VerifiedAt: &verified}),
			tx.PutContact(ctx, store.Contact{Customer: "quantum", Email: "both@consultant.example", Name: "Both", Role: "other", VerifiedAt: &verified}),
			tx.PutDomain(ctx, store.Domain{Customer: "medicorp", Name: "medicorp.com", VerifiedAt: &verified}),
			tx.PutMember(ctx, store.Member{Customer: "quantum", Email: "pat@quantumbank.com", Name: "Pat", Role: "member", CreatedAt: now}),
		)
	})
	var err error
	o.Desk, err = desk.New(t.Context(), desk.Config{Store: o.store, Clock: clock.NewVirtual(now), Log: slog.New(slog.DiscardHandler), Address: "Support@Landlord.example", House: "Example MSP",
		Relays: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")},
		Send:   func(_ context.Context, l mail.Letter) error { o.sent = append(o.sent, l); return nil },
		Tell: func(_ context.Context, t store.Ticket, late bool) error {
			o.told = append(o.told, fmt.Sprint(t.ID, " ", late))
			return nil
		}})
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// step lets the desk work once.
func (o *office) step(at time.Time) {
	o.t.Helper()
	if err := o.Step(o.t.Context(), at); err != nil {
		o.t.Fatal(err)
	}
}

// take keeps a message as the listener does, and reads it.
func (o *office) take(raw string, to ...string) (m store.Mail) {
	o.t.Helper()
	o.operator(func(ctx context.Context, tx store.Tx) error {
		return tx.KeepMail(ctx, store.Mail{At: now, Relayed: true, Sender: "x@example.com", Recipients: append(to, address), Raw: []byte(strings.ReplaceAll(raw, "\n", "\r\n"))})
	})
	o.step(now)
	o.operator(func(ctx context.Context, tx store.Tx) (err error) {
		var last int64
		if err := tx.QueryRow(ctx, `SELECT max(id) FROM mail`).Scan(&last); err != nil {
			return err
		}
		m, err = tx.Mail(ctx, last)
		return err
	})
	return m
}

// from is a message of an author whose domain vouches for them.
func from(author, id, more string) string {
	_, domain, _ := strings.Cut(author, "@")
	return fmt.Sprintf("Authentication-Results: mx.example.com; dmarc=pass header.from=%s\nFrom: %s\nSubject: Financial error\nMessage-ID: <%s>\n%s\n\nThe figures of 333344445555 are wrong.\n", domain, author, id, more)
}

// unsigned is the same with nobody to vouch for it.
func unsigned(raw string) string { return strings.Replace(raw, "dmarc=pass", "dmarc=fail", 1) }

// TestWhoseTicket: where messages go, with a ticket of acme's that is open.
func TestWhoseTicket(t *testing.T) {
	o := begin(t)
	first := o.take(from("john@acmefinance.com", "1@acme", ""))
	if first.State != store.MailFiled || first.Customer != "acme" {
		t.Fatalf("the first message: %+v", first)
	}
	o.operator(func(ctx context.Context, tx store.Tx) error {
		return o.Answer(ctx, tx, desk.Answer{Customer: "acme", Ticket: first.Ticket, By: "Op", Text: "We look."}, now)
	})
	o.step(now)
	if len(o.sent) != 1 || o.sent[0].To != "john@acmefinance.com" || o.sent[0].Thread.References[0] != "<1@acme>" {
		t.Fatalf("sent: %+v", o.sent)
	}
	reply, answer := o.sent[0].Thread.ReplyTo, o.sent[0].Thread.MessageID
	forged := strings.Replace(reply, "@", "a@", 1)
	forged = regexp.MustCompile(`\.[a-z2-7]{17}@`).ReplaceAllString(forged, ".aaaaaaaaaaaaaaaa@")
	n := 1
	for _, c := range []struct {
		name, raw, to  string
		customer, rung string
		same           bool // in the ticket that is open
	}{
		{"an answer to the ticket's address", from("john@acmefinance.com", "N", ""), reply, "acme", "reply-address", true},
		{"the address in capitals", from("john@acmefinance.com", "N", ""), strings.ToUpper(reply), "acme", "reply-address", true},
		{"the address in To alone", from("john@acmefinance.com", "N", "To: <"+reply+">"), "", "acme", "reply-address", true},
		{"an answer to support that names the answer", from("john@acmefinance.com", "N", "In-Reply-To: "+answer), "", "acme", "contact", true},
		{"a new one of the same person", from("john@acmefinance.com", "N", ""), "", "acme", "contact", false},
		{"a colleague whom nobody knows, at the ticket's address", from("ann@acmefinance.com", "N", ""), reply, "acme", "reply-address", true},
		{"somebody of another customer at the ticket's address", from("anybody@medicorp.com", "N", "In-Reply-To: "+answer), reply, "medicorp", "domain", false},
		{"a person of another customer's portal", from("pat@quantumbank.com", "N", "References: "+answer), reply, "quantum", "person", false},
		{"one who claims to be of another customer", unsigned(from("anybody@medicorp.com", "N", "")), reply, "", "queue", false},
		{"another customer that names the answer", from("anybody@medicorp.com", "N", "In-Reply-To: "+answer+"\nReferences: <1@acme> "+answer), "", "medicorp", "domain", false},
		{"an address that was not made by us", from("stranger@example.net", "N", ""), forged, "", "queue", false},
		{"the address in the text", from("stranger@example.net", "N", "") + reply, "", "", "queue", false},
		{"the address as Reply-To", from("stranger@example.net", "N", "Reply-To: "+reply), "", "", "queue", false},
		{"a stranger who names an answer", from("stranger@example.net", "N", "In-Reply-To: "+answer), "", "", "queue", false},
		{"a contact that nobody vouches for", unsigned(from("john@acmefinance.com", "N", "In-Reply-To: "+answer)), "", "", "queue", false},
		{"a contact of the file", from("compliance@medicorp.example", "N", ""), "", "medicorp", "contact", false},
		{"a contact that is not verified", from("new@acmefinance.com", "N", ""), "", "", "queue", false},
		{"a contact of two", from("both@consultant.example", "N", ""), "", "", "queue", false},
		{"a bounce to the ticket's address", "From: MAILER-DAEMON@mx.example.net\nContent-Type: multipart/report; report-type=delivery-status; boundary=x\nMessage-ID: <N>\n\n--x\n\nno such user\n--x--\n", reply, "acme", "reply-address", true},
		{"an auto-reply to support", from("john@acmefinance.com", "N", "Auto-Submitted: auto-replied"), "", "", "queue", false},
		{"an auto-reply to the ticket", from("john@acmefinance.com", "N", "Auto-Submitted: auto-replied"), reply, "acme", "reply-address", true},
		{"what cannot be read", "From: john@acmefinance.com\n" + strings.Repeat("Content-Type: text/plain\n", 1100) + "\nx", "", "", "queue", false},
		{"nothing at all", "", "", "", "queue", false},
	} {
		n++
		to := []string{}
		if c.to != "" {
			to = append(to, c.to)
		}
		m := o.take(strings.Replace(c.raw, "<N>", fmt.Sprintf("<%d@acme>", n), 1), to...)
		if m.Customer != c.customer || m.Rung != c.rung || (m.Ticket == first.Ticket) != c.same {
			t.Errorf("%s: %q by %s, in the open ticket: %v; want %q by %s, %v (%s)", c.name, m.Customer, m.Rung, m.Ticket == first.Ticket, c.customer, c.rung, c.same, m.Why)
		}
	}
	if again := o.take(from("john@acmefinance.com", "1@acme", "Received: another way")); again.State != store.MailDropped || again.Ticket != first.Ticket {
		t.Errorf("the same message again: %+v", again)
	}
	if own := o.take(from(address, "x@us", "")); own.State != store.MailDropped {
		t.Errorf("our own message: %+v", own)
	}
	if o.step(now); len(o.sent) != 1 {
		t.Errorf("somebody was written to unasked: %+v", o.sent[1:])
	}
}

// TestDeadlines: the clock of a ticket follows what happens to it.
func TestDeadlines(t *testing.T) {
	o := begin(t)
	m := o.take(from("john@acmefinance.com", "1@acme", ""))
	name := store.TicketName{Customer: "acme", ID: m.Ticket}
	due := func(what string, state string, of string, at time.Time) {
		t.Helper()
		o.operator(func(ctx context.Context, tx store.Tx) error {
			got, err := tx.Ticket(ctx, "acme", m.Ticket)
			if got.State != state || got.DueOf != of || (got.DueAt == nil) != at.IsZero() || got.DueAt != nil && !got.DueAt.Equal(at) {
				t.Errorf("%s: %s, %s due %v; want %s, %s due %v", what, got.State, got.DueOf, got.DueAt, state, of, at)
			}
			return err
		})
	}
	due("asked", store.TicketOpen, "first response", now.Add(4*time.Hour))
	o.operator(func(ctx context.Context, tx store.Tx) error {
		return o.Change(ctx, tx, name, "op", now, func(t *store.Ticket) { t.Priority = "urgent" })
	})
	due("urgent", store.TicketOpen, "first response", now.Add(2*time.Hour))
	o.step(now.Add(100 * time.Minute))
	o.step(now.Add(121 * time.Minute))
	o.step(now.Add(122 * time.Minute))
	if got := fmt.Sprint(o.told); got != fmt.Sprint([]string{m.Ticket + " false", m.Ticket + " true"}) {
		t.Errorf("told %s", got)
	}
	o.operator(func(ctx context.Context, tx store.Tx) error {
		return o.Answer(ctx, tx, desk.Answer{Customer: "acme", Ticket: m.Ticket, By: "Op", Text: "Why?"}, now.Add(3*time.Hour))
	})
	due("answered, and waiting", store.TicketPending, "", time.Time{})
	o.operator(func(ctx context.Context, tx store.Tx) error { // another tier, once the customer's turn is over
		c, err := tx.Customer(ctx, "acme")
		c.Tier, c.Framework = "healthcare", "HIPAA"
		return errors.Join(err, tx.PutCustomer(ctx, c), o.Put(ctx, tx, name, store.TicketOpen, "op", now.Add(3*time.Hour)))
	})
	o.step(now.Add(3 * time.Hour))
	due("in another tier", store.TicketOpen, "resolution", now.Add(4*time.Hour))
	if err := o.store.Customer(t.Context(), "acme", func(tx store.Tx) error {
		_, err := tx.AddMessage(t.Context(), store.Message{Customer: "acme", Ticket: m.Ticket, Author: "john@acmefinance.com", At: now.Add(200 * time.Minute), Text: "Because."})
		return err
	}); err != nil {
		t.Fatal(err)
	}
	o.step(now.Add(200 * time.Minute))
	due("written to in the portal", store.TicketOpen, "next response", now.Add(230*time.Minute))
	o.operator(func(ctx context.Context, tx store.Tx) error {
		return o.Put(ctx, tx, name, store.TicketResolved, "op", now.Add(210*time.Minute))
	})
	due("resolved", store.TicketResolved, "", time.Time{})
}

// TestQueueIsAssigned: a person says whose a message is, and the directory learns it.
func TestQueueIsAssigned(t *testing.T) {
	o := begin(t)
	m := o.take(from("ann@acmefinance.com", "1@acme", ""))
	if m.State != store.MailQueued || fmt.Sprint(m.Suggested) != "[acme medicorp]" {
		t.Fatalf("%+v", m)
	}
	by := store.Entry{At: now, ActorKind: store.ByPerson, Actor: "op"}
	o.operator(func(ctx context.Context, tx store.Tx) error {
		_, err := o.Assign(ctx, tx, m.ID, "acme", "", true, by)
		return err
	})
	if next := o.take(from("ann@acmefinance.com", "2@acme", "")); next.Customer != "acme" || next.Rung != "contact" {
		t.Errorf("the next of the same person: %+v", next)
	}
	err := o.store.Operator(t.Context(), func(tx store.Tx) error {
		_, err := o.Assign(t.Context(), tx, m.ID, "quantum", "", true, by)
		return err
	})
	if !errors.Is(err, desk.ErrNotQueued) {
		t.Errorf("assigned twice: %v", err)
	}
	both := o.take(from("both@consultant.example", "3@c", ""))
	if err := o.store.Operator(t.Context(), func(tx store.Tx) error {
		_, err := o.Assign(t.Context(), tx, both.ID, "acme", "", true, by)
		return err
	}); !errors.Is(err, desk.ErrKnown) {
		t.Errorf("who is others' was made acme's: %v", err)
	}
	o.operator(func(ctx context.Context, tx store.Tx) error {
		entries, err := tx.Entries(ctx, store.EntryQuery{Customer: "acme", Action: "mail.assign"})
		if len(entries) != 1 {
			t.Errorf("%d entries of the audit log, want 1", len(entries))
		}
		return err
	})
}

// TestListener: what is acknowledged is kept, once; what is for others, or too large, is
// refused.
func TestListener(t *testing.T) {
	o := begin(t)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := o.Listen(ln, nil)
	served := make(chan error)
	go func() { served <- l.Serve() }()
	send := func(raw string, to ...string) error {
		c, err := smtp.Dial(ln.Addr().String())
		if err != nil {
			return err
		}
		defer c.Close()
		return c.SendMail("john@acmefinance.com", to, strings.NewReader(strings.ReplaceAll(raw, "\n", "\r\n")))
	}
	raw := from("john@acmefinance.com", "1@acme", "")
	for _, err := range []error{send(raw, address), send(raw, address), send(from("john@acmefinance.com", "2@acme", ""), "SUPPORT+tag@Landlord.Example")} {
		if err != nil {
			t.Error(err)
		}
	}
	for name, err := range map[string]error{"for somebody else": send(raw, "a@elsewhere.example"), "for a neighbour": send(raw, "supportx@landlord.example"), "too large": send(raw+strings.Repeat("x\n", desk.MostMessage), address)} {
		if refused, is := errors.AsType[*smtp.SMTPError](err); !is || refused.Code/100 != 5 {
			t.Errorf("%s: %v", name, err)
		}
	}
	o.step(now)
	o.operator(func(ctx context.Context, tx store.Tx) error {
		found, err := tx.Tickets(ctx, store.TicketSearch{Customer: "acme"})
		if len(found) != 2 {
			t.Errorf("%d tickets, want 2", len(found))
		}
		return err
	})
	if err := errors.Join(l.Close(t.Context()), <-served); err != nil {
		t.Error(err)
	}
}
