package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"landlord/service/control"
	"landlord/service/store"
)

// intent is what an order would do to a customer's account.
type intent struct {
	Customer       string     `json:"customer"`
	Account        string     `json:"account"`
	Name           string     `json:"name" doc:"The account's: who has it closed types it out."`
	Email          string     `json:"email" doc:"Its root address, which no other account can have once it is closed."`
	Confirm        string     `json:"confirm" doc:"What names these changes; pass it to have these and no others made."`
	Looked         time.Time  `json:"looked" doc:"When AWS was looked at."`
	Nothing        bool       `json:"nothing" doc:"It is so already."`
	Changes        []change   `json:"changes" nullable:"false"`
	SuspendedSince *time.Time `json:"suspended_since,omitempty"`
	Closures       *closures  `json:"closures,omitempty" doc:"Where the account is to be closed."`
}

// closures is how much of AWS's quota of closures is used.
type closures struct {
	Quota   int        `json:"quota" doc:"In 30 days."`
	Used    int        `json:"used"`
	Unknown int        `json:"unknown" doc:"Accounts closed at an unknown time, which may count too."`
	Frees   *time.Time `json:"frees,omitempty" doc:"When this account can be closed, if not now."`
}

func intentOf(in control.Intent) intent {
	out := intent{
		Customer: in.Customer.Key, Account: string(in.Account.ID), Name: in.Account.Name, Email: in.Account.Email,
		Confirm: in.Digest, Looked: in.Looked, Nothing: in.Nothing(), Changes: changesOf(in.Plan),
	}
	if !in.Suspended.IsZero() {
		out.SuspendedSince = &in.Suspended
	}
	if in.Kind == store.RunClose {
		out.Closures = &closures{Quota: in.Closures.Quota, Used: len(in.Closures.Used), Unknown: in.Closures.Unknown}
		if frees := in.Frees(); !frees.IsZero() {
			out.Closures.Frees = &frees
		}
	}
	return out
}

// orders adds what is done to one customer's account.
func (a *API) orders() {
	type OrderBody struct {
		Confirm string `json:"confirm,omitempty" doc:"confirm of what was shown: those changes and no others."`
	}
	type CloseBody struct {
		OrderBody
		Name string `json:"name" doc:"The account's name, typed out."`
	}
	for _, o := range []struct{ kind, shows, does, says string }{
		{store.RunSuspend, "What suspending a customer would do", "Deny everything in a customer's account until it is resumed",
			"From then on its service is not billed. What runs there goes on running."},
		{store.RunResume, "What ending a suspension would do", "End the suspension of a customer", ""},
		{store.RunClose, "What closing a customer's account would do", "Close a customer's account for good",
			"The account cannot be used from then on, and what is in it is deleted after 90 days. Its root address can never be another account's. 409 while AWS's quota of closures leaves no place."},
	} {
		path := Prefix + "/customers/{key}/" + o.kind
		huma.Register(a.huma, huma.Operation{
			OperationID: "show-" + o.kind, Method: http.MethodGet, Path: path, Summary: o.shows, Tags: []string{"Customers"}, Security: needs(Accounts),
		}, func(ctx context.Context, in *KeyPath) (*body[intent], error) {
			shown, err := a.Control.Intend(ctx, o.kind, in.Key)
			if err != nil {
				return nil, a.outside(ctx, err)
			}
			return &body[intent]{intentOf(shown)}, nil
		})
		op := huma.Operation{
			OperationID: o.kind + "-customer", Method: http.MethodPost, Path: path, Summary: o.does, Tags: []string{"Customers"}, Security: needs(Accounts), DefaultStatus: http.StatusAccepted,
			Description: o.says,
		}
		order := func(ctx context.Context, key, confirm, name string) (*body[run], error) {
			id, err := a.Control.Order(ctx, control.Order{Kind: o.kind, Customer: key, Name: name, Confirmed: confirm, By: from(ctx).by()})
			if err != nil {
				return nil, a.outside(ctx, err)
			}
			return a.readRun(ctx, id)
		}
		if o.kind == store.RunClose {
			huma.Register(a.huma, op, func(ctx context.Context, in *struct {
				KeyPath
				Body CloseBody
			}) (*body[run], error) {
				return order(ctx, in.Key, in.Body.Confirm, in.Body.Name)
			})
			continue
		}
		huma.Register(a.huma, op, func(ctx context.Context, in *struct {
			KeyPath
			Body OrderBody
		}) (*body[run], error) {
			return order(ctx, in.Key, in.Body.Confirm, "")
		})
	}
}

// outside is what a caller is told of an error that may be the organization's.
func (a *API) outside(ctx context.Context, err error) huma.StatusError {
	status, told, is := Outside(err)
	switch {
	case !is || a.Store.Ping(ctx) != nil:
		return a.problem(err)
	case status == http.StatusConflict:
		return huma.Error409Conflict(told)
	}
	a.Log.Warn("the organization cannot be looked at", "error", err)
	return huma.NewError(status, "the organization cannot be looked at, and nothing was changed: "+told)
}
