package api

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"landlord/service/store"
)

// Customer is a customer as programs see it.
type Customer struct {
	Key        string            `json:"key"`
	Name       string            `json:"name"`
	Tier       string            `json:"tier"`
	Framework  string            `json:"framework"`
	State      string            `json:"state" enum:"wanted,active,suspended,closed,departed"`
	Account    string            `json:"account,omitempty"`
	Email      string            `json:"email,omitempty" doc:"The account's root address."`
	Unit       string            `json:"unit,omitempty"`
	Region     string            `json:"region,omitempty"`
	Segment    string            `json:"segment,omitempty"`
	PriceCents int64             `json:"price_cents" doc:"A month."`
	Currency   string            `json:"currency"`
	Tags       map[string]string `json:"tags,omitempty"`
	UpdatedAt  time.Time         `json:"updated_at"`
}

func customerOf(c store.Customer) Customer {
	return Customer{c.Key, c.Name, c.Tier, c.Framework, c.State, c.Account, c.Email, c.Unit, c.Region, c.Segment, int64(c.Price), c.Currency, c.Tags, c.UpdatedAt}
}

// listed is a customer in a list, with its health at a glance.
type listed struct {
	Customer
	Checked bool `json:"checked" doc:"A look has checked it."`
	Failing bool `json:"failing" doc:"A check of it failed."`
}

type check struct {
	ID     string    `json:"id"`
	Title  string    `json:"title"`
	Passed bool      `json:"passed"`
	Detail string    `json:"detail,omitempty"`
	At     time.Time `json:"at"`
}

func checksOf(list []store.Check) []check {
	out := []check{}
	for _, c := range list {
		out = append(out, check{c.ID, c.Title, c.Passed, c.Detail, c.At})
	}
	return out
}

type contact struct {
	Email      string     `json:"email"`
	Name       string     `json:"name,omitempty"`
	Role       string     `json:"role" enum:"primary,billing,security,operations,other"`
	VerifiedAt *time.Time `json:"verified_at,omitempty"`
}

func contactsOf(list []store.Contact) []contact {
	out := []contact{}
	for _, c := range list {
		out = append(out, contact{c.Email, c.Name, c.Role, c.VerifiedAt})
	}
	return out
}

type domain struct {
	Name       string     `json:"name"`
	VerifiedAt *time.Time `json:"verified_at,omitempty"`
}

func domainsOf(list []store.Domain) []domain {
	out := []domain{}
	for _, d := range list {
		out = append(out, domain{d.Name, d.VerifiedAt})
	}
	return out
}

// whole is all that is known of a customer.
type whole struct {
	Customer
	Checks     []check           `json:"checks" nullable:"false"`
	Guardrails map[string]string `json:"guardrails" doc:"What its framework forbids: statement, and in words."`
	Contacts   []contact         `json:"contacts" nullable:"false"`
	Domains    []domain          `json:"domains" nullable:"false"`
}

// readWhole reads all that is known of a customer, within a scope.
func readWhole(ctx context.Context, tx store.Tx, key string) (w whole, err error) {
	c, err := tx.Customer(ctx, key)
	if err != nil {
		return w, err
	}
	w.Customer, w.Guardrails = customerOf(c), map[string]string{}
	checks, err := tx.Checks(ctx, key)
	if err != nil {
		return w, err
	}
	contacts, err := tx.Contacts(ctx, key)
	if err != nil {
		return w, err
	}
	domains, err := tx.Domains(ctx, key)
	if err != nil {
		return w, err
	}
	guardrails, err := tx.Guardrails(ctx, c.Framework)
	for _, g := range guardrails {
		w.Guardrails[g.Sid] = g.Says
	}
	w.Checks, w.Contacts, w.Domains = checksOf(checks), contactsOf(contacts), domainsOf(domains)
	return w, err
}

type KeyPath struct {
	Key string `path:"key" maxLength:"64"`
}

// customers adds what is about customers.
func (a *API) customers() {
	huma.Register(a.huma, huma.Operation{
		OperationID: "find-customers", Method: http.MethodGet, Path: Prefix + "/customers", Summary: "Customers", Tags: []string{"Customers"}, Security: needs(Read),
	}, func(ctx context.Context, in *struct {
		Paged
		Query     string `query:"q" maxLength:"200" doc:"A part of anything known of a customer: key, name, account, address, tag, contact, domain."`
		Tier      string `query:"tier"`
		Framework string `query:"framework"`
		Region    string `query:"region"`
		State     string `query:"state" enum:"wanted,active,suspended,closed,departed"`
		Failing   bool   `query:"failing" doc:"Only those of whom a check failed."`
		Sort      string `query:"sort" doc:"What they are sorted by, with - before it for the other way."`
	}) (*body[Page[listed]], error) {
		from, err := strconv.Atoi("0" + in.Cursor)
		if err != nil {
			return nil, huma.Error422UnprocessableEntity("cursor is not one of this list")
		}
		if in.Sort != "" && !slices.Contains(store.Sorts(), strings.TrimPrefix(in.Sort, "-")) {
			return nil, huma.Error422UnprocessableEntity("sort: want one of " + strings.Join(store.Sorts(), ", "))
		}
		var list []listed
		err = a.Store.Operator(ctx, func(tx store.Tx) error {
			found, _, err := tx.Search(ctx, store.Search{Text: in.Query, Tier: in.Tier, Framework: in.Framework, Region: in.Region, State: in.State, Failing: in.Failing, Sort: in.Sort, Offset: from, Limit: in.Limit + 1})
			for _, c := range found {
				list = append(list, listed{customerOf(c.Customer), c.Checked, c.Failed})
			}
			return err
		})
		if err != nil {
			return nil, a.problem(err)
		}
		return &body[Page[listed]]{page(list, in.Limit, func(listed) string { return strconv.Itoa(from + in.Limit) })}, nil
	})
	huma.Register(a.huma, huma.Operation{
		OperationID: "read-customer", Method: http.MethodGet, Path: Prefix + "/customers/{key}", Summary: "One customer, with checks, guardrails, contacts and domains", Tags: []string{"Customers"}, Security: needs(Read),
	}, func(ctx context.Context, in *KeyPath) (*body[whole], error) {
		var w whole
		err := a.Store.Operator(ctx, func(tx store.Tx) (err error) {
			w, err = readWhole(ctx, tx, in.Key)
			return err
		})
		if err != nil {
			return nil, a.problem(err)
		}
		return &body[whole]{w}, nil
	})
	huma.Register(a.huma, huma.Operation{
		OperationID: "put-contact", Method: http.MethodPut, Path: Prefix + "/customers/{key}/contacts/{email}", Summary: "Add or change a contact", Tags: []string{"Customers"}, Security: needs(Customers),
		Description: "The contact that the portfolio names is the primary one again with the next push.",
	}, func(ctx context.Context, in *struct {
		KeyPath
		Email string `path:"email" format:"email" maxLength:"254"`
		Body  struct {
			Name string `json:"name,omitempty" maxLength:"200"`
			Role string `json:"role" enum:"primary,billing,security,operations,other"`
		}
	}) (*body[contact], error) {
		c := store.Contact{Customer: in.Key, Email: strings.ToLower(in.Email), Name: in.Body.Name, Role: in.Body.Role}
		err := a.change(ctx, in.Key, "contact.put", func(tx store.Tx) (before, after any, err error) {
			old, err := tx.Contacts(ctx, in.Key)
			if err != nil {
				return nil, nil, err
			}
			for _, o := range old {
				if o.Email == c.Email {
					before, c.VerifiedAt = contact{o.Email, o.Name, o.Role, o.VerifiedAt}, o.VerifiedAt
				}
			}
			return before, contact{c.Email, c.Name, c.Role, c.VerifiedAt}, tx.PutContact(ctx, c)
		})
		if err != nil {
			return nil, a.problem(err)
		}
		return &body[contact]{contact{c.Email, c.Name, c.Role, c.VerifiedAt}}, nil
	})
	huma.Register(a.huma, huma.Operation{
		OperationID: "delete-contact", Method: http.MethodDelete, Path: Prefix + "/customers/{key}/contacts/{email}", Summary: "Remove a contact", Tags: []string{"Customers"}, Security: needs(Customers), DefaultStatus: http.StatusNoContent,
	}, func(ctx context.Context, in *struct {
		KeyPath
		Email string `path:"email" maxLength:"254"`
	}) (*struct{}, error) {
		email := strings.ToLower(in.Email)
		err := a.change(ctx, in.Key, "contact.delete", func(tx store.Tx) (before, after any, err error) {
			return map[string]string{"email": email}, nil, tx.DeleteContact(ctx, in.Key, email)
		})
		if err != nil {
			return nil, a.problem(err)
		}
		return nil, nil
	})
	a.domains()
}

// domains adds what is about a customer's domains.
func (a *API) domains() {
	type DomainPath struct {
		KeyPath
		Name string `path:"name" maxLength:"253" pattern:"^[^@\\s]+\\.[^@\\s]+$"`
	}
	huma.Register(a.huma, huma.Operation{
		OperationID: "put-domain", Method: http.MethodPut, Path: Prefix + "/customers/{key}/domains/{name}", Summary: "Add a domain, or say that it was verified", Tags: []string{"Customers"}, Security: needs(Customers),
	}, func(ctx context.Context, in *struct {
		DomainPath
		Body struct {
			Verified bool `json:"verified,omitempty" doc:"Somebody has seen that it is the customer's."`
		}
	}) (*body[domain], error) {
		d := store.Domain{Customer: in.Key, Name: strings.ToLower(in.Name)}
		if in.Body.Verified {
			now := a.Clock.Now()
			d.VerifiedAt = &now
		}
		err := a.change(ctx, in.Key, "domain.put", func(tx store.Tx) (before, after any, err error) {
			return nil, domain{d.Name, d.VerifiedAt}, tx.PutDomain(ctx, d)
		})
		if err != nil {
			return nil, a.problem(err)
		}
		return &body[domain]{domain{d.Name, d.VerifiedAt}}, nil
	})
	huma.Register(a.huma, huma.Operation{
		OperationID: "delete-domain", Method: http.MethodDelete, Path: Prefix + "/customers/{key}/domains/{name}", Summary: "Remove a domain", Tags: []string{"Customers"}, Security: needs(Customers), DefaultStatus: http.StatusNoContent,
	}, func(ctx context.Context, in *DomainPath) (*struct{}, error) {
		name := strings.ToLower(in.Name)
		err := a.change(ctx, in.Key, "domain.delete", func(tx store.Tx) (before, after any, err error) {
			return map[string]string{"name": name}, nil, tx.DeleteDomain(ctx, in.Key, name)
		})
		if err != nil {
			return nil, a.problem(err)
		}
		return nil, nil
	})
}

// change changes something of a customer and adds it to the audit log, both or
// neither.
func (a *API) change(ctx context.Context, key, action string, do func(store.Tx) (before, after any, err error)) error {
	return a.Store.Operator(ctx, func(tx store.Tx) error {
		c, err := tx.Customer(ctx, key)
		if err != nil {
			return err
		}
		before, after, err := do(tx)
		if err != nil {
			return err
		}
		by := from(ctx).by()
		return tx.Audit(ctx, store.Entry{At: a.Clock.Now(), ActorKind: by.Kind, Actor: by.Name, Action: action, Customer: key, Framework: c.Framework, Before: before, After: after, Source: by.Source})
	})
}
