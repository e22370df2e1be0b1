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

// member is one of a customer's people as programs see it.
type member struct {
	Email      string     `json:"email"`
	Name       string     `json:"name,omitempty"`
	Role       string     `json:"role" enum:"admin,member"`
	CreatedAt  time.Time  `json:"created_at"`
	DisabledAt *time.Time `json:"disabled_at,omitempty"`
}

func memberOf(m store.Member) member {
	return member{m.Email, m.Name, m.Role, m.CreatedAt, m.DisabledAt}
}

// errLastOwner keeps the house from being left without an owner.
var errLastOwner = huma.Error409Conflict("this is the last owner; make another one first")

// people adds what is about people.
func (a *API) people() {
	huma.Register(a.huma, huma.Operation{
		OperationID: "list-people", Method: http.MethodGet, Path: Prefix + "/people", Summary: "Operators, by name", Tags: []string{"People"}, Security: needs(Read),
	}, func(ctx context.Context, _ *struct{}) (*body[Page[person]], error) {
		var list []person
		err := a.Store.Operator(ctx, func(tx store.Tx) error {
			all, err := tx.Persons(ctx)
			for _, p := range all {
				list = append(list, personOf(p))
			}
			return err
		})
		if err != nil {
			return nil, a.problem(err)
		}
		return &body[Page[person]]{page(list, len(list), nil)}, nil
	})
	huma.Register(a.huma, huma.Operation{
		OperationID: "put-person", Method: http.MethodPut, Path: Prefix + "/people/{email}", Summary: "Add, change or disable an operator", Tags: []string{"People"}, Security: needs(People),
	}, func(ctx context.Context, in *struct {
		Email string `path:"email" format:"email" maxLength:"254"`
		Body  struct {
			Name     string `json:"name,omitempty" maxLength:"200"`
			Role     string `json:"role" enum:"owner,engineer,billing,support,auditor"`
			Disabled *bool  `json:"disabled,omitempty" doc:"True ends every session and token; false lets back in, without those. Left out, it stays as it is."`
		}
	}) (*body[person], error) {
		var p store.Person
		err := a.Store.Operator(ctx, func(tx store.Tx) error {
			now := a.Clock.Now()
			old, err := tx.PersonByEmail(ctx, strings.ToLower(in.Email))
			var before any
			switch {
			case errors.Is(err, store.ErrNotFound):
				p = store.Person{ID: strings.ToLower(rand.Text()), Email: strings.ToLower(in.Email), CreatedAt: now}
			case err != nil:
				return err
			default:
				p, before = old, personOf(old)
			}
			p.Name, p.Role = in.Body.Name, in.Body.Role
			switch disabled := in.Body.Disabled; {
			case disabled == nil:
			case !*disabled:
				p.DisabledAt = nil
			case p.DisabledAt == nil:
				p.DisabledAt = &now
			}
			if err := tx.PutPerson(ctx, p); err != nil {
				return err
			}
			if err := hasOwner(ctx, tx); err != nil {
				return err
			}
			return a.note(ctx, tx, "person.put", before, personOf(p))
		})
		if err != nil {
			return nil, a.problem(err)
		}
		return &body[person]{personOf(p)}, nil
	})
	huma.Register(a.huma, huma.Operation{
		OperationID: "list-members", Method: http.MethodGet, Path: Prefix + "/customers/{key}/members", Summary: "A customer's people", Tags: []string{"People"}, Security: needs(Read),
	}, func(ctx context.Context, in *KeyPath) (*body[Page[member]], error) {
		var list []member
		err := a.Store.Operator(ctx, func(tx store.Tx) error {
			if _, err := tx.Customer(ctx, in.Key); err != nil {
				return err
			}
			all, err := tx.Members(ctx, in.Key)
			for _, m := range all {
				list = append(list, memberOf(m))
			}
			return err
		})
		if err != nil {
			return nil, a.problem(err)
		}
		return &body[Page[member]]{page(list, len(list), nil)}, nil
	})
	huma.Register(a.huma, huma.Operation{
		OperationID: "put-member", Method: http.MethodPut, Path: Prefix + "/customers/{key}/members/{email}", Summary: "Add or change one of a customer's people", Tags: []string{"People"}, Security: needs(People),
	}, func(ctx context.Context, in *struct {
		KeyPath
		Email string `path:"email" format:"email" maxLength:"254"`
		Body  struct {
			Name string `json:"name,omitempty" maxLength:"200"`
			Role string `json:"role" enum:"admin,member"`
		}
	}) (*body[member], error) {
		var m store.Member
		err := a.change(ctx, in.Key, "member.put", func(tx store.Tx) (before, after any, err error) {
			old, err := tx.Member(ctx, in.Key, strings.ToLower(in.Email))
			if errors.Is(err, store.ErrNotFound) {
				m, err = store.Member{Customer: in.Key, Email: strings.ToLower(in.Email), CreatedAt: a.Clock.Now()}, nil
			} else {
				m, before = old, memberOf(old)
			}
			if err != nil {
				return nil, nil, err
			}
			m.Name, m.Role = in.Body.Name, in.Body.Role
			return before, memberOf(m), tx.PutMember(ctx, m)
		})
		if err != nil {
			return nil, a.problem(err)
		}
		return &body[member]{memberOf(m)}, nil
	})
	huma.Register(a.huma, huma.Operation{
		OperationID: "delete-member", Method: http.MethodDelete, Path: Prefix + "/customers/{key}/members/{email}", Summary: "Remove one of a customer's people, with sessions and tokens", Tags: []string{"People"}, Security: needs(People), DefaultStatus: http.StatusNoContent,
	}, func(ctx context.Context, in *struct {
		KeyPath
		Email string `path:"email" maxLength:"254"`
	}) (*struct{}, error) {
		email := strings.ToLower(in.Email)
		err := a.change(ctx, in.Key, "member.delete", func(tx store.Tx) (before, after any, err error) {
			return map[string]string{"email": email}, nil, tx.DeleteMember(ctx, in.Key, email)
		})
		if err != nil {
			return nil, a.problem(err)
		}
		return nil, nil
	})
}

// hasOwner refuses to leave the house without an owner.
func hasOwner(ctx context.Context, tx store.Tx) error {
	all, err := tx.Persons(ctx)
	if err != nil {
		return err
	}
	for _, p := range all {
		if p.Role == "owner" && p.DisabledAt == nil {
			return nil
		}
	}
	return errLastOwner
}
