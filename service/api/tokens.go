package api

import (
	"context"
	"crypto/rand"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"landlord/service/store"
)

// token is a token as lists show it.
type token struct {
	ID        string     `json:"id"`
	Name      string     `json:"name"`
	Scopes    []string   `json:"scopes" nullable:"false"`
	CreatedAt time.Time  `json:"created_at"`
	ExpiresAt time.Time  `json:"expires_at"`
	UsedAt    *time.Time `json:"used_at,omitempty"`
	Token     string     `json:"token,omitempty" doc:"The token itself, told once."`
}

func tokenOf(t store.Token) token {
	return token{ID: t.ID, Name: t.Name, Scopes: t.Scopes, CreatedAt: t.CreatedAt, ExpiresAt: t.ExpiresAt, UsedAt: t.UsedAt}
}

// longestToken is how long a token is good at most.
const longestToken = 366 * 24 * time.Hour

// tokens adds what is about the caller's own tokens.
func (a *API) tokens() {
	huma.Register(a.huma, huma.Operation{
		OperationID: "who-am-i", Method: http.MethodGet, Path: Prefix + "/me", Summary: "Whose the token is, and what it may do", Tags: []string{"Tokens"}, Security: needsToken,
	}, func(ctx context.Context, _ *struct{}) (*body[me], error) {
		c := from(ctx)
		return &body[me]{me{c.person, c.who.Customer, c.id, c.token, append([]string{}, c.scopes...)}}, nil
	})
	huma.Register(a.huma, huma.Operation{
		OperationID: "list-tokens", Method: http.MethodGet, Path: Prefix + "/tokens", Summary: "Your tokens, the newest first", Tags: []string{"Tokens"}, Security: needsToken,
	}, func(ctx context.Context, _ *struct{}) (*body[Page[token]], error) {
		return readAll(ctx, a, tokenOf, func(tx store.Tx) ([]store.Token, error) { return tx.Tokens(ctx, from(ctx).who) })
	})
	huma.Register(a.huma, huma.Operation{
		OperationID: "make-token", Method: http.MethodPost, Path: Prefix + "/tokens", Summary: "Make a token that may do no more than this one, and no longer", Tags: []string{"Tokens"}, Security: needs(Tokens), DefaultStatus: http.StatusCreated,
		Metadata: map[string]any{toldOnce: true},
	}, func(ctx context.Context, in *struct {
		Body struct {
			Name   string   `json:"name" minLength:"1" maxLength:"100"`
			Scopes []string `json:"scopes,omitempty" doc:"A part of this token's; all of them if left out."`
			Days   int      `json:"days,omitempty" minimum:"1" maximum:"366" default:"90"`
		}
	}) (*body[token], error) {
		c, now := from(ctx), a.Clock.Now()
		scopes := in.Body.Scopes
		if len(scopes) == 0 {
			scopes = c.scopes
		}
		for _, s := range scopes {
			if !slices.Contains(c.scopes, s) {
				return nil, huma.Error403Forbidden("this token lacks the scope " + s + ", and so would the new one")
			}
		}
		secret, hash := NewSecret(c.who.Customer)
		t := store.Token{Who: c.who, ID: strings.ToLower(rand.Text()[:12]), Name: in.Body.Name, Hash: hash, Scopes: scopes, CreatedAt: now, ExpiresAt: earlier(c.ends, now.Add(min(time.Duration(in.Body.Days)*24*time.Hour, longestToken)))}
		err := a.scope(ctx, func(tx store.Tx) error {
			if err := tx.NewToken(ctx, t); err != nil {
				return err
			}
			return a.note(ctx, tx, "token.make", nil, map[string]any{"token": t.ID, "name": t.Name, "scopes": scopes, "expires": t.ExpiresAt})
		})
		if err != nil {
			return nil, a.problem(err)
		}
		made := tokenOf(t)
		made.Token = secret
		return &body[token]{made}, nil
	})
	huma.Register(a.huma, huma.Operation{
		OperationID: "end-token", Method: http.MethodDelete, Path: Prefix + "/tokens/{id}", Summary: "End this token; one with the scope tokens ends any of yours", Tags: []string{"Tokens"}, Security: needsToken, DefaultStatus: http.StatusNoContent,
	}, func(ctx context.Context, in *struct {
		ID string `path:"id" maxLength:"64"`
	}) (*struct{}, error) {
		if c := from(ctx); in.ID != c.id && !slices.Contains(c.scopes, Tokens) {
			return nil, huma.Error403Forbidden("the token lacks the scope " + Tokens + ", and ends only itself: " + c.id)
		}
		err := a.scope(ctx, func(tx store.Tx) error {
			if err := tx.EndToken(ctx, from(ctx).who, in.ID, a.Clock.Now()); err != nil {
				return err
			}
			return a.note(ctx, tx, "token.end", map[string]any{"token": in.ID}, nil)
		})
		return nil, a.done(err)
	})
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// needsToken is any token.
var needsToken = []map[string][]string{{scheme: {}}}

// me is whose a token is.
type me struct {
	Person   string   `json:"person"`
	Customer string   `json:"customer,omitempty" doc:"The customer whose person it is; missing for operators."`
	ID       string   `json:"id" doc:"The token's id."`
	Token    string   `json:"token" doc:"The token's name."`
	Scopes   []string `json:"scopes" nullable:"false"`
}

// scope runs fn in the caller's scope.
func (a *API) scope(ctx context.Context, fn func(store.Tx) error) error {
	if c := from(ctx); c.who.Customer != "" {
		return a.Store.Customer(ctx, c.who.Customer, fn)
	}
	return a.Store.Operator(ctx, fn)
}

// note adds to the audit log what the caller did, in its own scope.
func (a *API) note(ctx context.Context, tx store.Tx, action string, before, after any) error {
	return a.noteOf(ctx, tx, tx.Key, tx.Framework, action, before, after)
}

// noteOf adds to the audit log what the caller did, with the transaction that does
// it, which nobody else does too.
func (a *API) noteOf(ctx context.Context, tx store.Tx, customer, framework, action string, before, after any) error {
	if err := doneOnce(ctx, tx); err != nil {
		return err
	}
	by := from(ctx).by()
	return tx.Audit(ctx, store.Entry{At: a.Clock.Now(), ActorKind: by.Kind, Actor: by.Name, Action: action, Customer: customer, Framework: framework, Before: before, After: after, Source: by.Source})
}
