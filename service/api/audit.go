package api

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"landlord/service/store"
)

// entry is an entry of the audit log as programs see it.
type entry struct {
	ID        int64           `json:"id"`
	At        time.Time       `json:"at"`
	ActorKind string          `json:"actor_kind" enum:"person,member,token,system"`
	Actor     string          `json:"actor"`
	Action    string          `json:"action"`
	Customer  string          `json:"customer,omitempty"`
	Before    json.RawMessage `json:"before,omitempty"`
	After     json.RawMessage `json:"after,omitempty"`
	Source    string          `json:"source"`
}

// entries reads a page of the audit log, within a scope; of one customer, if it is
// named.
func (a *API) entries(ctx context.Context, in *Paged, customer string, within func(context.Context, func(store.Tx) error) error) (*body[Page[entry]], error) {
	before, err := strconv.ParseInt("0"+in.Cursor, 10, 64)
	if err != nil {
		return nil, huma.Error422UnprocessableEntity("cursor is not one of this list")
	}
	var list []entry
	err = within(ctx, func(tx store.Tx) error {
		all, err := tx.Entries(ctx, store.EntryQuery{Customer: customer, Before: before, Limit: in.Limit + 1})
		for _, e := range all {
			was, _ := e.Before.(json.RawMessage)
			is, _ := e.After.(json.RawMessage)
			list = append(list, entry{e.ID, e.At, e.ActorKind, e.Actor, e.Action, e.Customer, was, is, e.Source})
		}
		return err
	})
	if err != nil {
		return nil, a.problem(err)
	}
	return &body[Page[entry]]{page(list, in.Limit, func(e entry) string { return strconv.FormatInt(e.ID, 10) })}, nil
}

// audit adds what is about the audit log.
func (a *API) audit() {
	huma.Register(a.huma, huma.Operation{
		OperationID: "list-audit", Method: http.MethodGet, Path: Prefix + "/audit", Summary: "The audit log, the newest first", Tags: []string{"Audit"}, Security: needs(Audit),
	}, func(ctx context.Context, in *struct {
		Paged
		Customer string `query:"customer" maxLength:"64"`
	}) (*body[Page[entry]], error) {
		return a.entries(ctx, &in.Paged, in.Customer, a.Store.Operator)
	})
}

// portal adds what a customer's own programs may see: its own.
func (a *API) portal() {
	huma.Register(a.huma, huma.Operation{
		OperationID: "read-own", Method: http.MethodGet, Path: Prefix + "/portal", Summary: "Your account, checks, guardrails, contacts and domains", Tags: []string{"Portal"}, Security: needs(Own),
	}, func(ctx context.Context, _ *struct{}) (*body[whole], error) {
		var w whole
		err := a.scope(ctx, func(tx store.Tx) (err error) {
			w, err = readWhole(ctx, tx, tx.Key)
			return err
		})
		if err != nil {
			return nil, a.problem(err)
		}
		return &body[whole]{w}, nil
	})
	huma.Register(a.huma, huma.Operation{
		OperationID: "list-own-audit", Method: http.MethodGet, Path: Prefix + "/portal/audit", Summary: "Your entries of the audit log, the newest first", Tags: []string{"Portal"}, Security: needs(Own),
	}, func(ctx context.Context, in *Paged) (*body[Page[entry]], error) {
		return a.entries(ctx, in, from(ctx).who.Customer, a.scope)
	})
}
