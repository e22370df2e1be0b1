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

// person is an operator as programs see it.
type person struct {
	Email      string     `json:"email"`
	Name       string     `json:"name,omitempty"`
	Role       string     `json:"role" enum:"owner,engineer,billing,support,auditor"`
	CreatedAt  time.Time  `json:"created_at"`
	DisabledAt *time.Time `json:"disabled_at,omitempty"`
}

func personOf(p store.Person) person {
	return person{p.Email, p.Name, p.Role, p.CreatedAt, p.DisabledAt}
}

// people adds what is about people.
func (a *API) people() {
	huma.Register(a.huma, huma.Operation{
		OperationID: "list-people", Method: http.MethodGet, Path: Prefix + "/people", Summary: "Operators, by name", Tags: []string{"People"}, Security: needs(Read),
	}, func(ctx context.Context, _ *struct{}) (*body[Page[person]], error) {
		return readAll(ctx, a, personOf, func(tx store.Tx) ([]store.Person, error) { return tx.Persons(ctx) })
	})
	huma.Register(a.huma, huma.Operation{
		OperationID: "put-person", Method: http.MethodPut, Path: Prefix + "/people/{email}", Summary: "Add, change or disable an operator", Tags: []string{"People"}, Security: needs(People),
	}, func(ctx context.Context, in *struct {
		Email string `path:"email" format:"email" maxLength:"254"`
		Body  struct {
			Name     string `json:"name,omitempty" maxLength:"200"`
			Role     string `json:"role" enum:"owner,engineer,billing,support,auditor"`
			Disabled *bool  `json:"disabled,omitempty" doc:"True ends every session and token; false lets back in, without those and without the tie to a sign-in provider. Left out, it stays as it is."`
			Invite   bool   `json:"invite,omitempty" doc:"Mail them a link that signs in."`
		}
	}) (*body[person], error) {
		var p store.Person
		err := a.Store.Operator(ctx, func(tx store.Tx) error {
			now := a.Clock.Now()
			if err := stillOwner(ctx, tx); err != nil { // whoever removes another owner meanwhile waits here
				return err
			}
			email := strings.ToLower(in.Email)
			found, err := tx.PersonByEmail(ctx, email)
			before, err := was(found, err, personOf)
			if err != nil {
				return err
			}
			if p = found; before == nil {
				p = store.Person{ID: strings.ToLower(rand.Text()), Email: email, CreatedAt: now}
			}
			p.Name, p.Role = in.Body.Name, in.Body.Role
			switch disabled := in.Body.Disabled; {
			case disabled == nil:
			case !*disabled && p.DisabledAt != nil:
				p.DisabledAt, p.Subject = nil, "" // the address may be somebody else's by now
			case !*disabled:
			case p.DisabledAt == nil:
				p.DisabledAt = &now
			}
			if err := tx.KeepingOwner(ctx, func() error { return tx.PutPerson(ctx, p) }); err != nil {
				return err
			}
			if err := a.note(ctx, tx, "person.put", before, personOf(p)); err != nil || !in.Body.Invite || p.DisabledAt != nil {
				return err
			}
			return a.askLink(ctx, tx, "", p.Email)
		})
		return answer(a, personOf(p), err)
	})
}

// stillOwner refuses who is no owner any more, and keeps others from changing owners
// until the transaction ends.
func stillOwner(ctx context.Context, tx store.Tx) error {
	owners, err := tx.Owners(ctx)
	if err == nil && !slices.Contains(owners, from(ctx).who.ID) {
		return huma.Error403Forbidden("the token's person is no owner any more")
	}
	return err
}

// askLink has a link mailed to somebody who was invited.
func (a *API) askLink(ctx context.Context, tx store.Tx, customer, address string) error {
	wait, err := a.Invite(ctx, tx, from(ctx).who, customer, address, from(ctx).source, a.Clock.Now())
	if wait > 0 {
		return later(wait, "too many were invited within the hour; those before stand")
	}
	return err
}
