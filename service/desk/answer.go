package desk

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"landlord/business/sla"
	"landlord/business/support"
	"landlord/service/mail"
	"landlord/service/store"
)

// Errors that callers tell apart.
var (
	// ErrSomebodyElses: the ticket's requester is another customer's by now.
	ErrSomebodyElses = errors.New("who asked is somebody else's by now")
	// ErrNotQueued: the message is not in the queue, or no longer.
	ErrNotQueued = errors.New("it is not in the queue")
	// ErrKnown: an address is known as another customer's.
	ErrKnown = errors.New("it is another customer's")
	// ErrNothing: an answer without words.
	ErrNothing = errors.New("there is nothing in it")
)

// Answer is what an operator answers.
type Answer struct {
	Customer, Ticket string
	By               string // the operator, whom the customer is not told
	Text             string
	Then             string // a state of the ticket: store.TicketPending unless another is said
}

// mostAnswer is how long an answer may be.
const mostAnswer = 1 << 20

// Answer answers a ticket: who asked gets a letter, from the ticket's own address, and
// nobody else does, whoever was named in the messages.
func (d *Desk) Answer(ctx context.Context, tx store.Tx, a Answer, now time.Time) error {
	if strings.TrimSpace(a.Text) == "" || len(a.Text) > mostAnswer {
		return fmt.Errorf("answer ticket %s: %w", a.Ticket, ErrNothing)
	}
	t, _, _, err := tx.LockTicket(ctx, a.Customer, a.Ticket)
	if err != nil {
		return err
	}
	of, err := d.addressed(ctx, tx, t.Requester)
	if err != nil {
		return err
	}
	whose := distinct(of.Contacts, of.People)
	if len(whose) == 0 {
		whose = of.Domains
	}
	if len(whose) > 0 && !slices.Contains(whose, a.Customer) {
		return fmt.Errorf("answer ticket %s: %s: %w: %s", a.Ticket, t.Requester, ErrSomebodyElses, strings.Join(whose, ", "))
	}
	messages, err := tx.Messages(ctx, a.Customer, a.Ticket)
	if err != nil {
		return err
	}
	m := store.Message{Customer: a.Customer, Ticket: a.Ticket, Kind: store.ToCustomer, Author: d.House, At: now, Text: a.Text, MessageID: d.messageID(a.Ticket, len(messages)+1)}
	n, err := tx.AddMessage(ctx, m)
	if err != nil {
		return err
	}
	if _, is := support.AddressOf(t.Requester); is {
		if err := tx.QueueLetters(ctx, a.Customer, a.Ticket, n, []string{t.Requester}); err != nil {
			return err
		}
	}
	name := store.TicketName{Customer: a.Customer, ID: a.Ticket}
	if err := d.settle(ctx, tx, name, now, store.Act{At: now, Act: string(sla.Answered), By: a.By, Message: n}); err != nil {
		return err
	}
	if a.Then == "" {
		a.Then = store.TicketPending
	}
	return d.Put(ctx, tx, name, a.Then, a.By, now)
}

// acts are what has to happen for a ticket to be in a state.
var acts = map[string]map[string]sla.Act{
	store.TicketOpen:     {store.TicketPending: sla.Resumed, store.TicketResolved: sla.Reopened},
	store.TicketPending:  {store.TicketOpen: sla.Waiting},
	store.TicketResolved: {store.TicketOpen: sla.Resolved, store.TicketPending: sla.Resolved},
}

// Put puts a ticket into a state.
func (d *Desk) Put(ctx context.Context, tx store.Tx, name store.TicketName, state, by string, now time.Time) error {
	t, _, _, err := tx.LockTicket(ctx, name.Customer, name.ID)
	if err != nil {
		return err
	}
	to, known := acts[state]
	if !known {
		return fmt.Errorf("put ticket %s: there is no state %q", name.ID, state)
	}
	if t.State == state {
		return nil
	}
	var happened []store.Act
	if state == store.TicketPending && t.State == store.TicketResolved {
		happened = append(happened, store.Act{At: now, Act: string(sla.Reopened), By: by}, store.Act{At: now, Act: string(sla.Waiting), By: by})
	} else {
		happened = append(happened, store.Act{At: now, Act: string(to[t.State]), By: by})
	}
	return d.settle(ctx, tx, name, now, happened...)
}

// Change writes priority, assignee and cause of a ticket, and works out its deadlines
// by the priority that it has then.
func (d *Desk) Change(ctx context.Context, tx store.Tx, name store.TicketName, by string, now time.Time, change func(*store.Ticket)) error {
	was, _, _, err := tx.LockTicket(ctx, name.Customer, name.ID)
	if err != nil {
		return err
	}
	is := was
	change(&is)
	if !slices.Contains(sla.Priorities(), sla.Priority(is.Priority)) {
		return fmt.Errorf("change ticket %s: there is no priority %q", name.ID, is.Priority)
	}
	is.UpdatedAt = now
	if err := tx.SetTicket(ctx, is); err != nil {
		return err
	}
	var happened []store.Act
	for what, now := range map[string][2]string{"assigned": {was.Assignee, is.Assignee}, "cause": {was.Cause, is.Cause}, "priority": {was.Priority, is.Priority}} {
		if now[0] != now[1] {
			happened = append(happened, store.Act{At: is.UpdatedAt, Act: what, By: by, Detail: fmt.Appendf(nil, `{"from":%q,"to":%q}`, now[0], now[1])})
		}
	}
	slices.SortFunc(happened, func(a, b store.Act) int { return strings.Compare(a.Act, b.Act) })
	return d.settle(ctx, tx, name, now, happened...)
}

// Assign gives a message of the queue to a customer, as a person says, into a ticket of
// theirs or, for "", one of its own. With teach, who wrote it is a verified contact of
// the customer from then on.
func (d *Desk) Assign(ctx context.Context, tx store.Tx, mail int64, customer, ticket string, teach bool, by store.Entry) (string, error) {
	m, err := tx.Mail(ctx, mail)
	if err != nil {
		return "", err
	}
	if m.State != store.MailQueued {
		return "", fmt.Errorf("message %d, which is %s: %w", mail, m.State, ErrNotQueued)
	}
	if _, err := tx.Customer(ctx, customer); err != nil {
		return "", err
	}
	if ticket != "" {
		if _, err := tx.Ticket(ctx, customer, ticket); err != nil {
			return "", err
		}
	}
	was := m.Why
	if teach && m.Author != "" {
		of, err := d.addressed(ctx, tx, m.Author)
		if err != nil {
			return "", err
		}
		if others := slices.DeleteFunc(distinct(of.Contacts, of.People), func(key string) bool { return key == customer }); len(others) > 0 {
			return "", fmt.Errorf("the address %s is known, as %s's: %w", m.Author, strings.Join(others, ", "), ErrKnown)
		}
		if !slices.Contains(of.Contacts, customer) {
			verified := by.At
			if err := tx.PutContact(ctx, store.Contact{Customer: customer, Email: m.Author, Name: m.Author, Role: "other", VerifiedAt: &verified}); err != nil {
				return "", err
			}
		}
	}
	msg := support.Read(m.Raw)
	dec := support.Decision{Customer: customer, Rung: support.Queue, Why: by.Actor + " says so; " + was}
	if err := d.file(ctx, tx, m, msg.Content(), dec, ticket, msg.Automatic() != "", by.At); err != nil {
		return "", err
	}
	if m, err = tx.Mail(ctx, mail); err != nil {
		return "", err
	}
	by.Action, by.Customer = "mail.assign", customer
	by.Before = map[string]any{"mail": mail, "why": was}
	by.After = map[string]any{"ticket": m.Ticket, "author": m.Author, "contact": teach && m.Author != ""}
	return m.Ticket, tx.Audit(ctx, by)
}

// messageID is the Message-ID of an answer, the same for each try.
func (d *Desk) messageID(ticket string, n int) string {
	sum := sha256.Sum256(fmt.Appendf(d.key[:len(d.key):len(d.key)], " %s %d", ticket, n))
	return "<" + strings.ToLower(base32.StdEncoding.EncodeToString(sum[:15])) + "@" + support.DomainOf(d.Address) + ">"
}

// sending is how long an answer is one process's to send.
const sending = 2 * time.Minute

// sendAnswers sends the answers that wait.
func (d *Desk) sendAnswers(ctx context.Context, now time.Time) error {
	if d.Send == nil {
		return nil
	}
	for range aTurn {
		var l store.AnswerLetter
		var letter mail.Letter
		err := d.Store.Operator(ctx, func(tx store.Tx) (err error) {
			if l, err = tx.NextLetter(ctx, now, now.Add(sending)); err != nil {
				return err
			}
			letter, err = d.letter(ctx, tx, l)
			return err
		})
		if errors.Is(err, store.ErrNotFound) && l.Ticket == "" {
			return nil
		} else if err != nil {
			return err
		}
		err = d.Send(ctx, letter)
		refused := ""
		if errors.Is(err, mail.ErrRefused) {
			refused = err.Error()
		} else if err != nil {
			return err // it is tried again, and the others with it
		}
		if err := d.Store.Operator(context.WithoutCancel(ctx), func(tx store.Tx) error { return tx.LetterSent(ctx, l, refused) }); err != nil {
			return err
		}
	}
	return nil
}

// mostThread is how many messages before it an answer names.
const mostThread = 20

// letter is an answer as a letter.
func (d *Desk) letter(ctx context.Context, tx store.Tx, l store.AnswerLetter) (mail.Letter, error) {
	t, err := tx.Ticket(ctx, l.Customer, l.Ticket)
	if err != nil {
		return mail.Letter{}, err
	}
	messages, err := tx.Messages(ctx, l.Customer, l.Ticket)
	if err != nil {
		return mail.Letter{}, err
	}
	out := mail.Letter{To: l.Recipient, Subject: t.Subject, Thread: &mail.Thread{Name: d.House, From: d.Address, ReplyTo: d.key.Address(d.Address, l.Ticket)}}
	if !strings.HasPrefix(strings.ToLower(out.Subject), "re:") && t.Channel == store.ByMail {
		out.Subject = "Re: " + out.Subject
	}
	for _, m := range messages {
		if m.N == l.N {
			out.Text, out.At, out.Thread.MessageID = m.Text, m.At, m.MessageID
			break
		}
		if anID(m.MessageID) && !m.Automatic {
			out.Thread.References = append(out.Thread.References, m.MessageID)
		}
	}
	if extra := len(out.Thread.References) - mostThread; extra > 0 {
		out.Thread.References = out.Thread.References[extra:]
	}
	return out, nil
}

// anID tells whether a Message-ID is one that can be written into a letter's head.
func anID(s string) bool {
	return len(s) > 2 && len(s) < 250 && s[0] == '<' && s[len(s)-1] == '>' && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}
