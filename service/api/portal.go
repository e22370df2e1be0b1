package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"landlord/service/store"
)

// guardrail is something that a framework's policy forbids.
type guardrail struct {
	Sid  string `json:"sid"`
	Says string `json:"says" doc:"In words."`
}

// portal adds what a customer's own programs may see beside what both adds: its own.
func (a *API) portal() {
	huma.Register(a.huma, huma.Operation{
		OperationID: "read-own", Method: http.MethodGet, Path: Prefix + "/portal", Summary: "Your account, checks, guardrails, contacts and domains", Tags: []string{"Portal"}, Security: needs(Own),
	}, func(ctx context.Context, _ *struct{}) (*body[whole], error) {
		var w whole
		err := a.scope(ctx, func(tx store.Tx) (err error) {
			w, err = readWhole(ctx, tx, tx.Key)
			return err
		})
		return answer(a, w, err)
	})
	huma.Register(a.huma, huma.Operation{
		OperationID: "list-own-checks", Method: http.MethodGet, Path: Prefix + "/portal/checks", Summary: "What is promised of your account, and whether it is so", Tags: []string{"Portal"}, Security: needs(Own),
	}, func(ctx context.Context, in *struct {
		Query   string `query:"q" maxLength:"200" doc:"A part of what is promised or of what is wrong."`
		Failing bool   `query:"failing" doc:"Only what is not so."`
	}) (*body[Page[check]], error) {
		var list []check
		err := a.scope(ctx, func(tx store.Tx) error {
			found, err := tx.FindChecks(ctx, tx.Key, in.Query, in.Failing)
			list = checksOf(found)
			return err
		})
		return answer(a, page(list, len(list), nil), err)
	})
	huma.Register(a.huma, huma.Operation{
		OperationID: "list-own-guardrails", Method: http.MethodGet, Path: Prefix + "/portal/guardrails", Summary: "What is never allowed in your account", Tags: []string{"Portal"}, Security: needs(Own),
	}, func(ctx context.Context, _ *struct{}) (*body[Page[guardrail]], error) {
		says := func(g store.Guardrail) guardrail { return guardrail{g.Sid, g.Says} }
		return readAll(ctx, a, says, func(tx store.Tx) ([]store.Guardrail, error) { return tx.Guardrails(ctx, tx.Framework) })
	})
	huma.Register(a.huma, huma.Operation{
		OperationID: "list-own-audit", Method: http.MethodGet, Path: Prefix + "/portal/audit", Summary: "Your entries of the audit log, the newest first", Tags: []string{"Portal"}, Security: needs(Own),
		Description: "Who of your provider did something is not told.",
	}, func(ctx context.Context, in *EntriesQuery) (*body[Page[entry]], error) {
		return a.entries(ctx, in, from(ctx).who.Customer)
	})
}
