package desk

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"landlord/business/support"
	"landlord/service/store"
)

// Tries of a message that cannot be filed, before a person is to look at it.
const (
	mostTries  = 5
	firstPause = 10 * time.Second
)

// mostMail is how many messages are read in one turn: about 5 s of them.
const mostMail = 1000

// readMail reads the messages that wait.
func (d *Desk) readMail(ctx context.Context, now time.Time) error {
	for range mostMail {
		var m store.Mail
		err := d.Store.Operator(ctx, func(tx store.Tx) (err error) {
			if m, err = tx.NextMail(ctx, now); err != nil {
				return err
			}
			return d.read(ctx, tx, m, now)
		})
		switch {
		case err == nil:
		case m.ID == 0 && errors.Is(err, store.ErrNotFound):
			return nil
		case m.ID == 0 || ctx.Err() != nil:
			return err
		default:
			if err := d.putOff(ctx, m, err, now); err != nil {
				return err
			}
		}
	}
	return nil
}

// putOff has a message tried again later, and after some tries put into the queue.
func (d *Desk) putOff(ctx context.Context, m store.Mail, why error, now time.Time) error {
	d.Log.Warn("a message could not be filed", "mail", m.ID, "error", why)
	return d.Store.Operator(ctx, func(tx store.Tx) error {
		tries, err := tx.MailLater(ctx, m.ID, why.Error(), now.Add(firstPause))
		if err != nil || tries < mostTries {
			return err
		}
		m.State, m.Rung, m.Why = store.MailQueued, string(support.Queue), "it could not be filed: "+why.Error()
		return tx.SetMail(ctx, m)
	})
}

// mostSubject is how much of a subject a ticket has, in characters.
const mostSubject = 300

// mostID is the longest Message-ID by which messages are told apart.
const mostID = 500

// read decides what becomes of a message, and does it.
func (d *Desk) read(ctx context.Context, tx store.Tx, m store.Mail, now time.Time) error {
	msg := support.Read(m.Raw)
	m.Author, m.Subject = msg.From, subjectOf(msg)
	if len(msg.ID) <= mostID {
		m.MessageID = msg.ID
	}
	c := msg.Content()
	automatic := msg.Automatic()
	if automatic == "" && m.Sender == "" && m.Peer != "" {
		automatic = "bounce" // RFC 5321, section 4.5.5
	}
	switch _, ours := d.key.Ticket(d.Address, msg.From); {
	case msg.From == d.Address || ours:
		m.State, m.Why = store.MailDropped, "we wrote it ourselves"
		return tx.SetMail(ctx, m)
	case c.Fault != "":
		return d.queue(ctx, tx, m, support.Decision{Rung: support.Queue, Why: c.Fault})
	}
	where, dec, err := d.decide(ctx, tx, m, msg, automatic)
	if err != nil {
		return err
	}
	m.Suggested = where.suggested
	if dec.Customer == "" {
		return d.queue(ctx, tx, m, dec)
	}
	return d.file(ctx, tx, m, c, dec, where.ticket, automatic != "", now)
}

// place is where a message belongs.
type place struct {
	ticket    string   // "" for one of its own
	suggested []string // customers, for the queue
}

// decide tells whose a message is, and which ticket of theirs it goes on with.
func (d *Desk) decide(ctx context.Context, tx store.Tx, m store.Mail, msg support.Message, automatic string) (p place, dec support.Decision, err error) {
	of, err := d.addressed(ctx, tx, msg.From)
	if err != nil {
		return p, dec, err
	}
	named, err := tx.Holding(ctx, msg.Named())
	if err != nil {
		return p, dec, err
	}
	a, err := d.agreement(ctx, tx)
	if err != nil {
		return p, dec, err
	}
	answered, known, err := d.answered(ctx, tx, m, msg)
	if err != nil {
		return p, dec, err
	}
	for _, keys := range [][]string{of.Contacts, of.People, of.Domains, of.Near} {
		p.suggested = append(p.suggested, keys...)
	}
	for _, id := range msg.Named() {
		if key := named[id]; key != "" {
			p.suggested = append(p.suggested, key)
		}
	}
	k := support.Known{Contacts: map[string]string{}, People: map[string]string{}, Domains: map[string][]string{support.DomainOf(msg.From): of.Domains}, Accounts: named,
		Near: map[string][]string{support.DomainOf(msg.From): of.Near}}
	exact := distinct(of.Contacts, of.People)
	switch {
	case len(exact) > 1:
		dec = support.Decision{Rung: support.Queue, Why: msg.From + " is of several: " + strings.Join(exact, ", ")}
	default:
		if len(of.Contacts) == 1 {
			k.Contacts[msg.From] = of.Contacts[0]
		}
		if len(of.People) == 1 {
			k.People[msg.From] = of.People[0]
		}
		t := support.Trust{Resolver: d.Resolver}
		if m.Relayed {
			t.Relays = a.relays
		}
		dec = support.Whose(ctx, msg, k, t)
	}
	if known {
		p.suggested = append([]string{answered.Customer}, p.suggested...)
		others := slices.DeleteFunc(distinct(of.Contacts, of.People, of.Domains), func(key string) bool { return key == answered.Customer })
		switch {
		case dec.Customer == answered.Customer:
			return place{ticket: answered.ID}, support.Decision{Customer: answered.Customer, Rung: support.ReplyAddress, Why: "it was sent to the address of ticket " + answered.ID + "; " + dec.Why}, nil
		case dec.Customer != "":
			dec.Why += "; it answers a ticket of another customer's, and opens one of its own"
		case len(others) > 0: // who it claims to be is another customer's
			dec.Why += "; it answers a ticket of " + answered.Customer
		case automatic == "auto-reply" || automatic == "bounce" || msg.From != "":
			return place{ticket: answered.ID}, support.Decision{Customer: answered.Customer, Rung: support.ReplyAddress, Why: "it was sent to the address of ticket " + answered.ID + ", which only who is written to there has"}, nil
		}
	}
	p.suggested = distinct(p.suggested)
	if dec.Customer == "" {
		return p, dec, nil
	}
	if t, err := tx.TicketOf(ctx, dec.Customer, msg.References()); err == nil {
		p.ticket = t.ID
	} else if !errors.Is(err, store.ErrNotFound) {
		return p, dec, err
	}
	if automatic != "" && p.ticket == "" {
		p.suggested = distinct([]string{dec.Customer}, p.suggested)
		dec = support.Decision{Rung: support.Queue, Why: "no person wrote it (" + automatic + "), and it answers no ticket; " + dec.Why}
	}
	return p, dec, nil
}

// answered is the ticket whose address a message was sent to.
func (d *Desk) answered(ctx context.Context, tx store.Tx, m store.Mail, msg support.Message) (store.Ticket, bool, error) {
	for _, to := range append(slices.Clone(m.Recipients), msg.To()...) {
		id, is := d.key.Ticket(d.Address, to)
		if !is {
			continue
		}
		t, err := tx.TicketByID(ctx, id)
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		return t, err == nil, err
	}
	return store.Ticket{}, false, nil
}

// queue leaves a message to a person.
func (d *Desk) queue(ctx context.Context, tx store.Tx, m store.Mail, dec support.Decision) error {
	twice, err := tx.SameMailQueued(ctx, m)
	if err != nil {
		return err
	}
	m.State, m.Rung, m.Why = store.MailQueued, string(dec.Rung), dec.Why
	if twice {
		m.State, m.Why = store.MailDropped, "it is in the queue already; "+dec.Why
	}
	return tx.SetMail(ctx, m)
}

// file puts a message into a ticket of its customer's.
func (d *Desk) file(ctx context.Context, tx store.Tx, m store.Mail, c support.Content, dec support.Decision, ticket string, automatic bool, now time.Time) error {
	m.State, m.Rung, m.Why, m.Customer = store.MailFiled, string(dec.Rung), dec.Why, dec.Customer
	author := m.Author
	if author == "" {
		author = "unknown"
	}
	kept, n, err := tx.MessageKept(ctx, dec.Customer, m.MessageID, author)
	switch {
	case err == nil:
		m.State, m.Ticket, m.Message, m.Why = store.MailDropped, kept, n, "it is there already; "+dec.Why
		return tx.SetMail(ctx, m)
	case !errors.Is(err, store.ErrNotFound):
		return err
	}
	var text strings.Builder
	text.WriteString(c.Text)
	for _, left := range c.Left {
		text.WriteString("\n[left out: " + left + "]")
	}
	msg := store.Message{Customer: dec.Customer, Ticket: ticket, Kind: store.FromCustomer, Author: author, At: m.At, Text: text.String(), Automatic: automatic, MessageID: m.MessageID, Mail: m.ID}
	for _, f := range c.Files {
		msg.Attachments = append(msg.Attachments, store.Attachment{Name: f.Name, Type: f.Type, Content: f.Content})
	}
	m.Ticket, m.Message = ticket, 1
	if ticket == "" {
		m.Ticket = NewTicket()
		err = tx.OpenTicket(ctx, store.Ticket{Customer: dec.Customer, ID: m.Ticket, Subject: m.Subject, Requester: author, OpenedAt: m.At, Priority: "normal", Channel: store.ByMail}, msg)
	} else {
		m.Message, err = tx.AddMessage(ctx, msg)
	}
	if err != nil {
		return fmt.Errorf("file a message of %s: %w", dec.Customer, err)
	}
	if err := d.settle(ctx, tx, store.TicketName{Customer: dec.Customer, ID: m.Ticket}, now); err != nil {
		return err
	}
	return tx.SetMail(ctx, m)
}

// subjectOf is what a ticket of a message is called.
func subjectOf(m support.Message) string {
	subject := strings.Join(strings.Fields(m.Subject), " ")
	if runes := []rune(subject); len(runes) > mostSubject {
		subject = string(runes[:mostSubject]) + "…"
	}
	if subject == "" {
		return "(no subject)"
	}
	return subject
}

// distinct are the texts of some lists, each once.
func distinct(lists ...[]string) (all []string) {
	for _, list := range lists {
		for _, s := range list {
			if !slices.Contains(all, s) {
				all = append(all, s)
			}
		}
	}
	return all
}
