package api

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"landlord/service/store"
)

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

// errYourself keeps a customer's admin from what only another may do to them.
var errYourself = huma.Error409Conflict("that is you; another admin does this, so that there is always one")

// members adds what is about a customer's people.
func (a *API) members() {
	both(a, huma.Operation{
		OperationID: "list-members", Method: http.MethodGet, Path: Prefix + "/customers/{key}/members", Summary: "A customer's people, by name", Tags: []string{"People"}, Security: needs(Read),
	}, Own, func(ctx context.Context, in *struct {
		KeyPath
		Query string `query:"q" maxLength:"200" doc:"A part of the name or address."`
	}) (*body[Page[member]], error) {
		return readAll(ctx, a, memberOf, func(tx store.Tx) ([]store.Member, error) {
			if _, err := tx.Customer(ctx, in.Key); err != nil {
				return nil, err
			}
			return tx.FindMembers(ctx, in.Key, in.Query)
		})
	})
	both(a, huma.Operation{
		OperationID: "put-member", Method: http.MethodPut, Path: Prefix + "/customers/{key}/members/{email}", Summary: "Add or change one of a customer's people", Tags: []string{"People"}, Security: needs(Customers),
		Description: "What is left out stays as it is.",
	}, Manage, func(ctx context.Context, in *struct {
		KeyPath
		Email string `path:"email" format:"email" maxLength:"254"`
		Body  struct {
			Name   *string `json:"name,omitempty" maxLength:"200"`
			Role   string  `json:"role" enum:"admin,member"`
			Invite bool    `json:"invite,omitempty" doc:"Mail them a link that signs in."`
		}
	}) (*body[member], error) {
		email := strings.ToLower(in.Email)
		if from(ctx).who.ID == email && from(ctx).who.Customer != "" {
			return nil, errYourself
		}
		var m store.Member
		err := a.change(ctx, in.Key, "member.put", func(tx store.Tx) (before, after any, err error) {
			m, err = tx.Member(ctx, in.Key, email)
			if before, err = was(m, err, memberOf); err != nil {
				return nil, nil, err
			}
			if m.DisabledAt != nil { // whoever is let in with the address now is somebody else
				if err := tx.DeleteMember(ctx, in.Key, email); err != nil {
					return nil, nil, err
				}
			}
			if before == nil || m.DisabledAt != nil {
				m = store.Member{Customer: in.Key, Email: email, CreatedAt: a.Clock.Now()}
			}
			m.Role = in.Body.Role
			if in.Body.Name != nil {
				m.Name = *in.Body.Name
			}
			if err := tx.KeepingAdmin(ctx, in.Key, func() error { return tx.PutMember(ctx, m) }); err != nil {
				return nil, nil, err
			}
			if in.Body.Invite {
				err = a.askLink(ctx, tx, in.Key, email)
			}
			return before, memberOf(m), err
		})
		return answer(a, memberOf(m), err)
	})
	both(a, huma.Operation{
		OperationID: "delete-member", Method: http.MethodDelete, Path: Prefix + "/customers/{key}/members/{email}", Summary: "Remove one of a customer's people, with sessions and tokens", Tags: []string{"People"}, Security: needs(Customers), DefaultStatus: http.StatusNoContent,
	}, Manage, func(ctx context.Context, in *AddressPath) (*struct{}, error) {
		email := strings.ToLower(in.Email)
		if from(ctx).who.ID == email && from(ctx).who.Customer != "" {
			return nil, errYourself
		}
		return nil, a.remove(ctx, in.Key, "member.delete", "email", email, func(tx store.Tx) error {
			return tx.KeepingAdmin(ctx, in.Key, func() error { return tx.DeleteMember(ctx, in.Key, email) })
		})
	})
}
