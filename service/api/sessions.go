package api

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"landlord/service/store"
)

// session is where somebody is signed in.
type session struct {
	ID        string    `json:"id"`
	Source    string    `json:"source" doc:"The network address that the sign-in came from."`
	Agent     string    `json:"agent" doc:"The browser, in words."`
	CreatedAt time.Time `json:"created_at"`
	SeenAt    time.Time `json:"seen_at" doc:"When it was last used, to five minutes."`
	ExpiresAt time.Time `json:"expires_at"`
}

// sessions adds what is about where people are signed in.
func (a *API) sessions() {
	huma.Register(a.huma, huma.Operation{
		OperationID: "list-sessions", Method: http.MethodGet, Path: Prefix + "/sessions", Summary: "Where you are signed in, the newest first", Tags: []string{"Sessions"}, Security: needs(Tokens),
	}, func(ctx context.Context, _ *struct{}) (*body[Page[session]], error) {
		return a.sessionsOf(ctx, func(store.Tx) (store.Who, error) { return from(ctx).who, nil })
	})
	huma.Register(a.huma, huma.Operation{
		OperationID: "end-session", Method: http.MethodDelete, Path: Prefix + "/sessions/{id}", Summary: "End one of your sessions", Tags: []string{"Sessions"}, Security: needs(Tokens), DefaultStatus: http.StatusNoContent,
	}, func(ctx context.Context, in *struct {
		ID string `path:"id" maxLength:"64"`
	}) (*struct{}, error) {
		return a.endSession(ctx, "", in.ID, func(store.Tx) (store.Who, error) { return from(ctx).who, nil })
	})
	member := func(ctx context.Context, in AddressPath) func(store.Tx) (store.Who, error) {
		return func(tx store.Tx) (store.Who, error) {
			m, err := tx.Member(ctx, in.Key, strings.ToLower(in.Email))
			return store.Who{Customer: m.Customer, ID: m.Email}, err
		}
	}
	both(a, huma.Operation{
		OperationID: "list-member-sessions", Method: http.MethodGet, Path: Prefix + "/customers/{key}/members/{email}/sessions", Summary: "Where one of a customer's people is signed in", Tags: []string{"Sessions"}, Security: needs(Customers),
	}, Manage, func(ctx context.Context, in *AddressPath) (*body[Page[session]], error) {
		return a.sessionsOf(ctx, member(ctx, *in))
	})
	both(a, huma.Operation{
		OperationID: "end-member-session", Method: http.MethodDelete, Path: Prefix + "/customers/{key}/members/{email}/sessions/{id}", Summary: "End a session of one of a customer's people", Tags: []string{"Sessions"}, Security: needs(Customers), DefaultStatus: http.StatusNoContent,
	}, Manage, func(ctx context.Context, in *struct {
		AddressPath
		ID string `path:"id" maxLength:"64"`
	}) (*struct{}, error) {
		return a.endSession(ctx, in.Key, in.ID, member(ctx, in.AddressPath))
	})
	if a.Control == nil {
		return
	}
	person := func(ctx context.Context, email string) func(store.Tx) (store.Who, error) {
		return func(tx store.Tx) (store.Who, error) {
			p, err := tx.PersonByEmail(ctx, email)
			return store.Who{ID: p.ID}, err
		}
	}
	huma.Register(a.huma, huma.Operation{
		OperationID: "list-person-sessions", Method: http.MethodGet, Path: Prefix + "/people/{email}/sessions", Summary: "Where an operator is signed in", Tags: []string{"Sessions"}, Security: needs(People),
	}, func(ctx context.Context, in *struct {
		Email string `path:"email" maxLength:"254"`
	}) (*body[Page[session]], error) {
		return a.sessionsOf(ctx, person(ctx, in.Email))
	})
	huma.Register(a.huma, huma.Operation{
		OperationID: "end-person-session", Method: http.MethodDelete, Path: Prefix + "/people/{email}/sessions/{id}", Summary: "End a session of an operator", Tags: []string{"Sessions"}, Security: needs(People), DefaultStatus: http.StatusNoContent,
	}, func(ctx context.Context, in *struct {
		Email string `path:"email" maxLength:"254"`
		ID    string `path:"id" maxLength:"64"`
	}) (*struct{}, error) {
		return a.endSession(ctx, "", in.ID, person(ctx, in.Email))
	})
}

// sessionsOf lists the open sessions of whom find finds.
func (a *API) sessionsOf(ctx context.Context, find func(store.Tx) (store.Who, error)) (*body[Page[session]], error) {
	of := func(s store.Session) session {
		return session{s.ID, s.Address, s.Agent, s.CreatedAt, s.SeenAt, s.ExpiresAt}
	}
	return readAll(ctx, a, of, func(tx store.Tx) ([]store.Session, error) {
		who, err := find(tx)
		if err != nil {
			return nil, err
		}
		return tx.Sessions(ctx, who, a.Clock.Now())
	})
}

// endSession ends a session of whom find finds, and writes it down with the customer
// that it is about.
func (a *API) endSession(ctx context.Context, customer, id string, find func(store.Tx) (store.Who, error)) (*struct{}, error) {
	err := a.scope(ctx, func(tx store.Tx) error {
		who, err := find(tx)
		if err != nil {
			return err
		}
		if err := tx.EndSession(ctx, who, id, a.Clock.Now()); err != nil {
			return err
		}
		before := map[string]string{"session": id, "person": who.ID}
		if customer == "" || tx.Key != "" {
			return a.note(ctx, tx, "session.end", before, nil)
		}
		c, err := tx.Customer(ctx, customer)
		if err != nil {
			return err
		}
		return a.noteOf(ctx, tx, c.Key, c.Framework, "session.end", before, nil)
	})
	return nil, a.done(err)
}
