package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"landlord/service/desk"
	"landlord/service/store"
)

type queued struct {
	ID        int64     `json:"id"`
	At        time.Time `json:"at"`
	Author    string    `json:"author,omitempty"`
	Subject   string    `json:"subject"`
	Why       string    `json:"why" doc:"Why it is nobody's."`
	Suggested []string  `json:"suggested" nullable:"false" doc:"Keys of customers whose it may be."`
}

// desk adds what operators do with tickets.
func (a *API) desk() {
	huma.Register(a.huma, huma.Operation{
		OperationID: "list-inbox", Method: http.MethodGet, Path: Prefix + "/tickets", Summary: "Tickets of all customers, those that are due first at the top", Tags: []string{"Support"}, Security: needs(Read),
	}, func(ctx context.Context, in *struct {
		Customer string `query:"customer" maxLength:"64"`
		State    string `query:"state" enum:"open,waiting,resolved,any,unresolved" default:"unresolved"`
		Assignee string `query:"assignee" maxLength:"64" doc:"An operator's id, or none."`
		Priority string `query:"priority" enum:"urgent,high,normal,low"`
		Query    string `query:"q" maxLength:"200" doc:"Words that begin words of the ticket."`
		Limit    int    `query:"limit" minimum:"1" maximum:"500" default:"50" doc:"The most items."`
	}) (*body[Page[ticket]], error) {
		q := store.TicketSearch{Customer: in.Customer, State: in.State, Assignee: in.Assignee, Priority: in.Priority, Text: in.Query, Limit: in.Limit}
		if q.State == "unresolved" {
			q.State = ""
		}
		return readAll(ctx, a, ticketOf, func(tx store.Tx) ([]store.Ticket, error) { return tx.Tickets(ctx, q) })
	})
	huma.Register(a.huma, huma.Operation{
		OperationID: "answer-ticket", Method: http.MethodPost, Path: Prefix + "/customers/{key}/tickets/{ticket}/answers", Summary: "Answer a ticket", Tags: []string{"Support"}, Security: needs(Customers),
		Description: "Who asked gets a letter, and nobody else does. 409 if their address is another customer's by now.",
	}, func(ctx context.Context, in *struct {
		TicketPath
		Body struct {
			Text string `json:"text" minLength:"1" maxLength:"200000"`
			Then string `json:"then,omitempty" enum:"open,waiting,resolved" doc:"The state of the ticket after it; waiting if left out."`
		}
	}) (*struct{}, error) {
		return nil, a.done(a.atDesk(ctx, in.TicketPath, "ticket.answer", func(tx store.Tx, by string, now time.Time) (any, error) {
			return map[string]string{"then": in.Body.Then}, a.Desk.Answer(ctx, tx, desk.Answer{Customer: in.Key, Ticket: in.Ticket, By: by, Text: in.Body.Text, Then: in.Body.Then}, now)
		}))
	})
	huma.Register(a.huma, huma.Operation{
		OperationID: "note-ticket", Method: http.MethodPost, Path: Prefix + "/customers/{key}/tickets/{ticket}/notes", Summary: "Say something about a ticket to the other operators", Tags: []string{"Support"}, Security: needs(Customers),
	}, func(ctx context.Context, in *struct {
		TicketPath
		Body said
	}) (*struct{}, error) {
		return nil, a.done(a.atDesk(ctx, in.TicketPath, "ticket.note", func(tx store.Tx, by string, now time.Time) (any, error) {
			return nil, tx.AddNote(ctx, in.Key, in.Ticket, store.Note{Author: by, At: now, Text: in.Body.Text})
		}))
	})
	huma.Register(a.huma, huma.Operation{
		OperationID: "change-ticket", Method: http.MethodPut, Path: Prefix + "/customers/{key}/tickets/{ticket}", Summary: "Change a ticket's state, priority, assignee or cause", Tags: []string{"Support"}, Security: needs(Customers),
		Description: "What is left out stays. Deadlines are worked out anew.",
	}, func(ctx context.Context, in *struct {
		TicketPath
		Body struct {
			State    *string `json:"state,omitempty" enum:"open,waiting,resolved"`
			Priority *string `json:"priority,omitempty" enum:"urgent,high,normal,low"`
			Assignee *string `json:"assignee,omitempty" maxLength:"64" doc:"An operator's id; empty for nobody."`
			Cause    *string `json:"cause,omitempty" maxLength:"200"`
		}
	}) (*struct{}, error) {
		return nil, a.done(a.atDesk(ctx, in.TicketPath, "ticket.change", func(tx store.Tx, by string, now time.Time) (any, error) {
			name := store.TicketName{Customer: in.Key, ID: in.Ticket}
			err := a.Desk.Change(ctx, tx, name, by, now, func(t *store.Ticket) {
				for _, f := range []struct{ to, is *string }{{&t.Priority, in.Body.Priority}, {&t.Assignee, in.Body.Assignee}, {&t.Cause, in.Body.Cause}} {
					if f.is != nil {
						*f.to = *f.is
					}
				}
			})
			if err == nil && in.Body.State != nil {
				err = a.Desk.Put(ctx, tx, name, *in.Body.State, by, now)
			}
			return in.Body, err
		}))
	})
	huma.Register(a.huma, huma.Operation{
		OperationID: "list-mail-queue", Method: http.MethodGet, Path: Prefix + "/mail/queue", Summary: "Messages that are nobody's, the oldest first", Tags: []string{"Support"}, Security: needs(Read),
	}, func(ctx context.Context, in *struct {
		Limit int `query:"limit" minimum:"1" maximum:"500" default:"50" doc:"The most items."`
	}) (*body[Page[queued]], error) {
		of := func(m store.Mail) queued { return queued{m.ID, m.At, m.Author, m.Subject, m.Why, m.Suggested} }
		return readAll(ctx, a, of, func(tx store.Tx) ([]store.Mail, error) {
			all, _, err := tx.QueuedMail(ctx, in.Limit)
			return all, err
		})
	})
	huma.Register(a.huma, huma.Operation{
		OperationID: "read-mail", Method: http.MethodGet, Path: Prefix + "/mail/{mail}", Summary: "A message as it came", Tags: []string{"Support"}, Security: needs(Read),
	}, func(ctx context.Context, in *MailPath) (*file, error) {
		var m store.Mail
		err := a.Store.Operator(ctx, func(tx store.Tx) (err error) {
			m, err = tx.Mail(ctx, in.Mail)
			return err
		})
		if err != nil {
			return nil, a.problem(err)
		}
		return inert(m.Raw), nil
	})
	huma.Register(a.huma, huma.Operation{
		OperationID: "assign-mail", Method: http.MethodPut, Path: Prefix + "/mail/{mail}", Summary: "Say whose a message of the queue is", Tags: []string{"Support"}, Security: needs(Customers),
		Description: "It becomes a ticket of the customer's, or goes on with one. 409 if it is in the queue no longer, or if its author is known as another customer's.",
	}, func(ctx context.Context, in *struct {
		MailPath
		Body struct {
			Customer string `json:"customer" minLength:"1" maxLength:"64" doc:"A key."`
			Ticket   string `json:"ticket,omitempty" maxLength:"10" doc:"A ticket of the customer's; a new one if left out."`
			Contact  bool   `json:"contact,omitempty" doc:"Who wrote it is a verified contact of the customer from now on."`
		}
	}) (*body[opened], error) {
		var id string
		err := a.Store.Operator(ctx, func(tx store.Tx) (err error) {
			if a.Desk == nil {
				return errNoDesk
			}
			by := from(ctx).by()
			if err := by.Also(ctx, tx); err != nil {
				return err
			}
			id, err = a.Desk.Assign(ctx, tx, in.Mail, in.Body.Customer, in.Body.Ticket, in.Body.Contact, store.Entry{At: a.Clock.Now(), ActorKind: by.Kind, Actor: by.Name, Source: by.Source})
			return err
		})
		return answer(a, opened{id}, err)
	})
}

// MailPath is a message as it came.
type MailPath struct {
	Mail int64 `path:"mail" minimum:"1"`
}

// atDesk does something with a ticket and adds it to the audit log, both or neither.
func (a *API) atDesk(ctx context.Context, at TicketPath, action string, do func(tx store.Tx, by string, now time.Time) (any, error)) error {
	return a.change(ctx, at.Key, action, func(tx store.Tx) (before, after any, err error) {
		if a.Desk == nil {
			return nil, nil, errNoDesk
		}
		what, err := do(tx, from(ctx).person, a.Clock.Now())
		return nil, map[string]any{"ticket": at.Ticket, "what": what}, err
	})
}
