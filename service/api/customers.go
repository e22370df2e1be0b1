package api

import (
	"context"
	"errors"
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
	WaitsFor   string            `json:"waits_for,omitempty" doc:"What a person has to do before the account is there."`
}

func customerOf(c store.Customer) Customer {
	return Customer{c.Key, c.Name, c.Tier, c.Framework, c.State, c.Account, c.Email, c.Unit, c.Region, c.Segment, int64(c.Price), c.Currency, c.Tags, c.UpdatedAt, c.WaitsFor}
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
		Tier      string `query:"tier" doc:"Only those of a tier, by key."`
		Framework string `query:"framework" doc:"Only those of a framework."`
		Region    string `query:"region" doc:"Only those in a region."`
		State     string `query:"state" enum:"wanted,active,suspended,closed,departed" doc:"Only those in a state."`
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
		return answer(a, page(list, in.Limit, func(listed) string { return strconv.Itoa(from + in.Limit) }), err)
	})
	huma.Register(a.huma, huma.Operation{
		OperationID: "read-customer", Method: http.MethodGet, Path: Prefix + "/customers/{key}", Summary: "One customer, with checks, guardrails, contacts and domains", Tags: []string{"Customers"}, Security: needs(Read),
	}, func(ctx context.Context, in *KeyPath) (*body[whole], error) {
		var w whole
		err := a.Store.Operator(ctx, func(tx store.Tx) (err error) {
			w, err = readWhole(ctx, tx, in.Key)
			return err
		})
		return answer(a, w, err)
	})
	huma.Register(a.huma, huma.Operation{
		OperationID: "list-customer-steps", Method: http.MethodGet, Path: Prefix + "/customers/{key}/steps", Summary: "What runs did for a customer, the newest first", Tags: []string{"Customers"}, Security: needs(Audit),
	}, func(ctx context.Context, in *struct {
		KeyPath
		Limit int `query:"limit" minimum:"1" maximum:"500" default:"50" doc:"The most items."`
	}) (*body[Page[step]], error) {
		var list []step
		err := a.Store.Operator(ctx, func(tx store.Tx) error {
			if _, err := tx.Customer(ctx, in.Key); err != nil {
				return err
			}
			all, err := tx.StepsOf(ctx, in.Key, in.Limit)
			list = stepsOf(all)
			return err
		})
		return answer(a, page(list, len(list), nil), err)
	})
}

// both adds an operation on something of a customer twice: for operators, with the
// customer in its address and the scope that op asks for, and for the customer's own
// people in the portal, with the scope own. There {key} is the caller's customer,
// which scoped sees to.
func both[In, Out any](a *API, op huma.Operation, own string, do func(context.Context, *In) (*Out, error)) {
	huma.Register(a.huma, op, do)
	verb, rest, _ := strings.Cut(op.OperationID, "-")
	op.OperationID, op.Tags, op.Security = verb+"-own-"+rest, []string{"Portal"}, needs(own)
	op.Path = strings.Replace(op.Path, "/customers/{key}", "/portal", 1)
	huma.Register(a.huma, op, do)
	at := a.huma.OpenAPI().Paths[op.Path]
	for _, made := range []*huma.Operation{at.Get, at.Put, at.Post, at.Delete} {
		if made != nil {
			made.Parameters = slices.DeleteFunc(made.Parameters, func(p *huma.Param) bool { return p.In == "path" && p.Name == "key" })
		}
	}
}

// remove removes something of a customer, which is called by what it has as a name.
func (a *API) remove(ctx context.Context, key, action, called, name string, do func(store.Tx) error) error {
	return a.done(a.change(ctx, key, action, func(tx store.Tx) (before, after any, err error) {
		return map[string]string{called: name}, nil, do(tx)
	}))
}

// was is what there was of something that is put, as read and for the audit log; nil
// of what is new.
func was[T, V any](read T, err error, of func(T) V) (any, error) {
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return of(read), nil
}

// change changes something of a customer and adds it to the audit log, both or
// neither, in the caller's scope.
func (a *API) change(ctx context.Context, key, action string, do func(store.Tx) (before, after any, err error)) error {
	return a.scope(ctx, func(tx store.Tx) error {
		c, err := tx.Customer(ctx, key)
		if err != nil {
			return err
		}
		before, after, err := do(tx)
		if err != nil {
			return err
		}
		return a.noteOf(ctx, tx, c.Key, c.Framework, action, before, after)
	})
}
