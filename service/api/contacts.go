package api

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"landlord/service/proof"
	"landlord/service/store"
)

type contact struct {
	Email      string     `json:"email"`
	Name       string     `json:"name,omitempty"`
	Role       string     `json:"role" enum:"primary,billing,security,operations,other"`
	VerifiedAt *time.Time `json:"verified_at,omitempty"`
}

func contactOf(c store.Contact) contact { return contact{c.Email, c.Name, c.Role, c.VerifiedAt} }

func contactsOf(list []store.Contact) []contact {
	out := []contact{}
	for _, c := range list {
		out = append(out, contactOf(c))
	}
	return out
}

type domain struct {
	Name       string     `json:"name"`
	VerifiedAt *time.Time `json:"verified_at,omitempty"`
	Record     string     `json:"record" doc:"The name of the TXT record that shows whose the domain is."`
	Value      string     `json:"value" doc:"What that record has to say."`
}

func domainOf(d store.Domain) domain {
	return domain{d.Name, d.VerifiedAt, proof.Record(d.Name), proof.Value(d)}
}

func domainsOf(list []store.Domain) []domain {
	out := []domain{}
	for _, d := range list {
		out = append(out, domainOf(d))
	}
	return out
}

// AddressPath is a contact of a customer, or one of its people.
type AddressPath struct {
	KeyPath
	Email string `path:"email" maxLength:"254"`
}

// DomainPath is a domain of a customer.
type DomainPath struct {
	KeyPath
	Name string `path:"name" maxLength:"253"`
}

// contacts adds what is about whom to write to at a customer.
func (a *API) contacts() {
	both(a, huma.Operation{
		OperationID: "put-contact", Method: http.MethodPut, Path: Prefix + "/customers/{key}/contacts/{email}", Summary: "Add or change a contact", Tags: []string{"Customers"}, Security: needs(Customers),
		Description: "Whether the address is confirmed stays as it is. The contact that the portfolio names is the primary one again with the next push.",
	}, Manage, func(ctx context.Context, in *struct {
		KeyPath
		Email string `path:"email" format:"email" maxLength:"254"`
		Body  struct {
			Name string `json:"name,omitempty" maxLength:"200"`
			Role string `json:"role" enum:"primary,billing,security,operations,other"`
		}
	}) (*body[contact], error) {
		var c store.Contact
		err := a.change(ctx, in.Key, "contact.put", func(tx store.Tx) (before, after any, err error) {
			c, err = tx.Contact(ctx, in.Key, strings.ToLower(in.Email))
			if before, err = was(c, err, contactOf); err != nil {
				return nil, nil, err
			}
			c.Customer, c.Email, c.Name, c.Role = in.Key, strings.ToLower(in.Email), in.Body.Name, in.Body.Role
			return before, contactOf(c), tx.PutContact(ctx, c)
		})
		return answer(a, contactOf(c), err)
	})
	both(a, huma.Operation{
		OperationID: "delete-contact", Method: http.MethodDelete, Path: Prefix + "/customers/{key}/contacts/{email}", Summary: "Remove a contact", Tags: []string{"Customers"}, Security: needs(Customers), DefaultStatus: http.StatusNoContent,
	}, Manage, func(ctx context.Context, in *AddressPath) (*struct{}, error) {
		email := strings.ToLower(in.Email)
		return nil, a.remove(ctx, in.Key, "contact.delete", "email", email, func(tx store.Tx) error { return tx.DeleteContact(ctx, in.Key, email) })
	})
	both(a, huma.Operation{
		OperationID: "ask-contact", Method: http.MethodPost, Path: Prefix + "/customers/{key}/contacts/{email}/ask", Summary: "Mail a contact a link that confirms the address", Tags: []string{"Customers"}, Security: needs(Customers), DefaultStatus: http.StatusAccepted,
		Description: "The link is good for a week. 429 after three letters within an hour.",
	}, Manage, func(ctx context.Context, in *AddressPath) (*struct{}, error) {
		email := strings.ToLower(in.Email)
		err := a.change(ctx, in.Key, "contact.ask", func(tx store.Tx) (before, after any, err error) {
			wait, err := proof.Ask(ctx, tx, in.Key, email, a.Clock.Now())
			if wait > 0 {
				err = later(wait, "too many letters to this contact; the last one is good for a week")
			}
			return nil, map[string]string{"email": email}, err
		})
		return nil, a.done(err)
	})
}

// domains adds what is about a customer's domains.
func (a *API) domains() {
	both(a, huma.Operation{
		OperationID: "read-domain", Method: http.MethodGet, Path: Prefix + "/customers/{key}/domains/{name}", Summary: "A domain, and the record that shows whose it is", Tags: []string{"Customers"}, Security: needs(Read),
	}, Own, func(ctx context.Context, in *DomainPath) (*body[domain], error) { return a.readDomain(ctx, in) })
	both(a, huma.Operation{
		OperationID: "put-domain", Method: http.MethodPut, Path: Prefix + "/customers/{key}/domains/{name}", Summary: "Add a domain", Tags: []string{"Customers"}, Security: needs(Customers),
		Description: "One that is there already stays as it is. Only the record in its DNS verifies it: see verify.",
	}, Manage, func(ctx context.Context, in *struct {
		DomainPath
		Body *struct{}
	}) (*body[domain], error) {
		name, fault := proof.Name(in.Name)
		if fault != "" {
			return nil, huma.Error422UnprocessableEntity(fault)
		}
		var d store.Domain
		err := a.scope(ctx, func(tx store.Tx) error {
			c, err := tx.Customer(ctx, in.Key)
			if err != nil {
				return err
			}
			if d, err = tx.Domain(ctx, in.Key, name); !errors.Is(err, store.ErrNotFound) {
				return err
			}
			if err := tx.PutDomain(ctx, store.Domain{Customer: in.Key, Name: name}); err != nil {
				return err
			}
			if d, err = tx.Domain(ctx, in.Key, name); err != nil {
				return err
			}
			return a.noteOf(ctx, tx, c.Key, c.Framework, "domain.put", nil, map[string]string{"name": name})
		})
		return answer(a, domainOf(d), err)
	})
	both(a, huma.Operation{
		OperationID: "verify-domain", Method: http.MethodPost, Path: Prefix + "/customers/{key}/domains/{name}/verify", Summary: "Look whether the record is in the domain's DNS", Tags: []string{"Customers"}, Security: needs(Customers), DefaultStatus: http.StatusOK,
		Description: "409 says what DNS holds in its place. A domain that was verified stays so.",
	}, Manage, func(ctx context.Context, in *DomainPath) (*body[domain], error) {
		name := strings.ToLower(in.Name)
		within := func(ctx context.Context, do func(store.Tx) error) error { return a.scope(ctx, do) }
		found, wait, silent, err := proof.Verify(ctx, within, a.Resolver, in.Key, name, a.Clock.Now(), func(tx store.Tx, d store.Domain) error {
			c, err := tx.Customer(ctx, in.Key)
			if err != nil {
				return err
			}
			return a.noteOf(ctx, tx, c.Key, c.Framework, "domain.verify", nil, map[string]string{"name": d.Name})
		})
		switch {
		case err != nil:
			return nil, a.problem(err)
		case wait > 0:
			return nil, later(wait, "too many looks into DNS")
		case silent != nil:
			a.Log.Warn("look into DNS", "error", silent)
			return nil, huma.Error503ServiceUnavailable("DNS did not answer; that is no fault of the record, try again in a moment")
		case !found.Proven:
			p := &huma.ErrorModel{Status: http.StatusConflict, Title: "Conflict", Detail: "DNS does not hold the record " + proof.Record(name)}
			for _, text := range found.Others {
				p.Errors = append(p.Errors, &huma.ErrorDetail{Message: "it holds another", Value: text})
			}
			return nil, p
		}
		return a.readDomain(ctx, &DomainPath{in.KeyPath, name})
	})
	both(a, huma.Operation{
		OperationID: "delete-domain", Method: http.MethodDelete, Path: Prefix + "/customers/{key}/domains/{name}", Summary: "Remove a domain", Tags: []string{"Customers"}, Security: needs(Customers), DefaultStatus: http.StatusNoContent,
	}, Manage, func(ctx context.Context, in *DomainPath) (*struct{}, error) {
		name := strings.ToLower(in.Name)
		return nil, a.remove(ctx, in.Key, "domain.delete", "name", name, func(tx store.Tx) error { return tx.DeleteDomain(ctx, in.Key, name) })
	})
}

func (a *API) readDomain(ctx context.Context, in *DomainPath) (*body[domain], error) {
	var d store.Domain
	err := a.scope(ctx, func(tx store.Tx) (err error) {
		d, err = tx.Domain(ctx, in.Key, strings.ToLower(in.Name))
		return err
	})
	return answer(a, domainOf(d), err)
}
