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
	Actor     string          `json:"actor,omitempty"`
	Action    string          `json:"action"`
	Customer  string          `json:"customer,omitempty"`
	Before    json.RawMessage `json:"before,omitempty"`
	After     json.RawMessage `json:"after,omitempty"`
	Source    string          `json:"source,omitempty"`
}

// EntriesQuery is how entries of the audit log are asked for.
type EntriesQuery struct {
	Paged
	Query  string    `query:"q" maxLength:"200" doc:"A part of what was done, by whom, from where, before or after."`
	Actor  string    `query:"actor" maxLength:"254" doc:"Who, exactly."`
	Action string    `query:"action" maxLength:"100" doc:"What, exactly: member.put"`
	Since  time.Time `query:"since" doc:"Not before that time."`
}

// entries reads a page of the audit log, in the caller's scope; of one customer, if
// it is named.
func (a *API) entries(ctx context.Context, in *EntriesQuery, customer string) (*body[Page[entry]], error) {
	before, err := strconv.ParseInt("0"+in.Cursor, 10, 64)
	if err != nil {
		return nil, huma.Error422UnprocessableEntity("cursor is not one of this list")
	}
	var list []entry
	err = a.scope(ctx, func(tx store.Tx) error {
		all, err := tx.Entries(ctx, store.EntryQuery{Customer: customer, Actor: in.Actor, Action: in.Action, Text: in.Query, Since: in.Since, Before: before, Limit: in.Limit + 1})
		for _, e := range all {
			was, _ := e.Before.(json.RawMessage)
			is, _ := e.After.(json.RawMessage)
			list = append(list, entry{e.ID, e.At, e.ActorKind, e.Actor, e.Action, e.Customer, was, is, e.Source})
		}
		return err
	})
	return answer(a, page(list, in.Limit, func(e entry) string { return strconv.FormatInt(e.ID, 10) }), err)
}

// audit adds what is about the audit log.
func (a *API) audit() {
	huma.Register(a.huma, huma.Operation{
		OperationID: "list-audit", Method: http.MethodGet, Path: Prefix + "/audit", Summary: "The audit log, the newest first", Tags: []string{"Audit"}, Security: needs(Audit),
	}, func(ctx context.Context, in *struct {
		EntriesQuery
		Customer string `query:"customer" maxLength:"64" doc:"Only entries about a customer, by key."`
	}) (*body[Page[entry]], error) {
		return a.entries(ctx, &in.EntriesQuery, in.Customer)
	})
}
