package api

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"landlord/service/store"
)

type ticket struct {
	Customer  string     `json:"customer"`
	ID        string     `json:"id"`
	Subject   string     `json:"subject"`
	Requester string     `json:"requester" doc:"An e-mail address."`
	State     string     `json:"state" enum:"open,waiting,resolved" doc:"waiting: for the customer."`
	Priority  string     `json:"priority" enum:"urgent,high,normal,low"`
	Channel   string     `json:"channel" enum:"mail,portal,api"`
	OpenedAt  time.Time  `json:"opened_at"`
	UpdatedAt time.Time  `json:"updated_at"`
	DueOf     string     `json:"due_of,omitempty" doc:"What is due first: first response, next response or resolution."`
	DueAt     *time.Time `json:"due_at,omitempty"`
	Rating    int        `json:"rating,omitempty" doc:"1 to 5, the customer's."`
	Assignee  string     `json:"assignee,omitempty" doc:"An operator's id; not told to customers."`
	Cause     string     `json:"cause,omitempty" doc:"Not told to customers."`
}

func ticketOf(t store.Ticket) ticket {
	return ticket{t.Customer, t.ID, t.Subject, t.Requester, t.State, t.Priority, t.Channel, t.OpenedAt, t.UpdatedAt, t.DueOf, t.DueAt, t.Rating, t.Assignee, t.Cause}
}

type message struct {
	N           int64        `json:"n"`
	Kind        string       `json:"kind" enum:"in,out" doc:"in: from the customer."`
	Author      string       `json:"author"`
	At          time.Time    `json:"at"`
	Text        string       `json:"text"`
	Automatic   bool         `json:"automatic,omitempty" doc:"No person wrote it."`
	Attachments []attachment `json:"attachments,omitempty"`
}

type attachment struct {
	Part int64  `json:"part"`
	Name string `json:"name"`
	Type string `json:"type"`
	Size int64  `json:"size"`
}

type note struct {
	Author string    `json:"author"`
	At     time.Time `json:"at"`
	Text   string    `json:"text"`
}

type happening struct {
	At    time.Time  `json:"at"`
	Act   string     `json:"act"`
	By    string     `json:"by,omitempty"`
	DueOf string     `json:"due_of,omitempty"`
	DueAt *time.Time `json:"due_at,omitempty" doc:"The first deadline after it."`
}

type wholeTicket struct {
	ticket
	Messages []message   `json:"messages" nullable:"false"`
	Notes    []note      `json:"notes,omitempty" doc:"Not told to customers."`
	History  []happening `json:"history,omitempty" doc:"Not told to customers."`
}

// TicketPath is a ticket of a customer.
type TicketPath struct {
	KeyPath
	Ticket string `path:"ticket" maxLength:"64"`
}

// wholly reads all of a ticket that the scope sees.
func wholly(ctx context.Context, tx store.Tx, key, id string) (w wholeTicket, err error) {
	t, err := tx.Ticket(ctx, key, id)
	if err != nil {
		return w, err
	}
	w = wholeTicket{ticket: ticketOf(t), Messages: []message{}}
	messages, err := tx.Messages(ctx, key, id)
	if err != nil {
		return w, err
	}
	for _, m := range messages {
		out := message{N: m.N, Kind: m.Kind, Author: m.Author, At: m.At, Text: m.Text, Automatic: m.Automatic}
		for _, a := range m.Attachments {
			out.Attachments = append(out.Attachments, attachment{a.Part, a.Name, a.Type, a.Size})
		}
		w.Messages = append(w.Messages, out)
	}
	if tx.Key != "" {
		return w, nil
	}
	notes, err := tx.Notes(ctx, key, id)
	if err != nil {
		return w, err
	}
	for _, n := range notes {
		w.Notes = append(w.Notes, note{n.Author, n.At, n.Text})
	}
	acts, err := tx.Acts(ctx, key, id)
	for _, a := range acts {
		w.History = append(w.History, happening{a.At, a.Act, a.By, a.DueOf, a.DueAt})
	}
	return w, err
}

type said struct {
	Text string `json:"text" minLength:"1" maxLength:"200000"`
}

type opened struct {
	ID string `json:"id"`
}

// tickets adds what customers' people and operators do alike with tickets, and what
// customers' people do with theirs.
func (a *API) tickets() {
	both(a, huma.Operation{
		OperationID: "list-tickets", Method: http.MethodGet, Path: Prefix + "/customers/{key}/tickets", Summary: "Tickets of a customer, those that are due first at the top", Tags: []string{"Support"}, Security: needs(Read),
	}, Own, func(ctx context.Context, in *struct {
		KeyPath
		State string `query:"state" enum:"open,waiting,resolved,any" default:"any"`
		Query string `query:"q" maxLength:"200" doc:"Words that begin words of the ticket."`
		Limit int    `query:"limit" minimum:"1" maximum:"500" default:"50" doc:"The most items."`
	}) (*body[Page[ticket]], error) {
		return readAll(ctx, a, ticketOf, func(tx store.Tx) ([]store.Ticket, error) {
			if _, err := tx.Customer(ctx, in.Key); err != nil {
				return nil, err
			}
			return tx.Tickets(ctx, store.TicketSearch{Customer: in.Key, State: in.State, Text: in.Query, Limit: in.Limit})
		})
	})
	both(a, huma.Operation{
		OperationID: "read-ticket", Method: http.MethodGet, Path: Prefix + "/customers/{key}/tickets/{ticket}", Summary: "A ticket with what was written in it", Tags: []string{"Support"}, Security: needs(Read),
	}, Own, func(ctx context.Context, in *TicketPath) (*body[wholeTicket], error) {
		var w wholeTicket
		err := a.scope(ctx, func(tx store.Tx) (err error) {
			w, err = wholly(ctx, tx, in.Key, in.Ticket)
			return err
		})
		return answer(a, w, err)
	})
	both(a, huma.Operation{
		OperationID: "read-attachment", Method: http.MethodGet, Path: Prefix + "/customers/{key}/tickets/{ticket}/attachments/{n}/{part}", Summary: "A file of a message", Tags: []string{"Support"}, Security: needs(Read),
	}, Own, func(ctx context.Context, in *struct {
		TicketPath
		N    int64 `path:"n" minimum:"1"`
		Part int64 `path:"part" minimum:"1"`
	}) (*file, error) {
		var f store.Attachment
		err := a.scope(ctx, func(tx store.Tx) (err error) {
			f, err = tx.Attachment(ctx, in.Key, in.Ticket, in.N, in.Part)
			return err
		})
		if err != nil {
			return nil, a.problem(err)
		}
		return inert(f.Content), nil
	})
	huma.Register(a.huma, huma.Operation{
		OperationID: "open-own-ticket", Method: http.MethodPost, Path: Prefix + "/portal/tickets", Summary: "Ask your provider something", Tags: []string{"Portal"}, Security: needs(Own), DefaultStatus: http.StatusCreated,
	}, func(ctx context.Context, in *struct {
		Body struct {
			Subject string `json:"subject" minLength:"1" maxLength:"300"`
			Text    string `json:"text" minLength:"1" maxLength:"200000"`
		}
	}) (*body[opened], error) {
		id, who := strings.ToLower(rand.Text()[:10]), from(ctx).who
		err := a.change(ctx, who.Customer, "ticket.open", func(tx store.Tx) (before, after any, err error) {
			now := a.Clock.Now()
			return nil, map[string]string{"ticket": id, "subject": in.Body.Subject}, tx.OpenTicket(ctx, store.Ticket{Customer: who.Customer, ID: id, Subject: in.Body.Subject, Requester: who.ID, OpenedAt: now},
				store.Message{Author: who.ID, At: now, Text: in.Body.Text})
		})
		return answer(a, opened{id}, err)
	})
	huma.Register(a.huma, huma.Operation{
		OperationID: "write-own-ticket", Method: http.MethodPost, Path: Prefix + "/portal/tickets/{ticket}/messages", Summary: "Write in a ticket of yours", Tags: []string{"Portal"}, Security: needs(Own),
	}, func(ctx context.Context, in *struct {
		Ticket string `path:"ticket" maxLength:"64"`
		Body   said
	}) (*struct{}, error) {
		who := from(ctx).who
		return nil, a.done(a.change(ctx, who.Customer, "ticket.write", func(tx store.Tx) (before, after any, err error) {
			n, err := tx.AddMessage(ctx, store.Message{Customer: who.Customer, Ticket: in.Ticket, Author: who.ID, At: a.Clock.Now(), Text: in.Body.Text})
			return nil, map[string]any{"ticket": in.Ticket, "message": n}, err
		}))
	})
	huma.Register(a.huma, huma.Operation{
		OperationID: "rate-own-ticket", Method: http.MethodPost, Path: Prefix + "/portal/tickets/{ticket}/rating", Summary: "Say how a ticket of yours was dealt with", Tags: []string{"Portal"}, Security: needs(Own),
	}, func(ctx context.Context, in *struct {
		Ticket string `path:"ticket" maxLength:"64"`
		Body   struct {
			Rating int    `json:"rating" minimum:"1" maximum:"5"`
			Note   string `json:"note,omitempty" maxLength:"2000"`
		}
	}) (*struct{}, error) {
		who := from(ctx).who
		return nil, a.done(a.change(ctx, who.Customer, "ticket.rate", func(tx store.Tx) (before, after any, err error) {
			return nil, map[string]any{"ticket": in.Ticket, "rating": in.Body.Rating}, tx.Rate(ctx, who.Customer, in.Ticket, in.Body.Rating, in.Body.Note)
		}))
	})
}

// inert are bytes that somebody sent, as an answer that no browser shows or runs.
func inert(content []byte) *file { return &file{"application/octet-stream", "attachment", content} }

// errNoDesk: whoever asks looks at what another process does.
var errNoDesk = errors.New("this server has no support desk")
