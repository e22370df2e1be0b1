package api

import (
	"context"
	"errors"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"landlord/service/control"
	"landlord/service/onboard"
	"landlord/service/store"
)

// onboarding adds what takes customers from their key to their first report.
func (a *API) onboarding() {
	huma.Register(a.huma, huma.Operation{
		OperationID: "onboard-customer", Method: http.MethodPost, Path: Prefix + "/customers/{key}/onboard", Summary: "Take a customer of the portfolio from its key to its first report",
		Tags: []string{"Customers"}, Security: needs(Accounts), DefaultStatus: http.StatusAccepted,
		Description: "A run that does what is left to do. 409 while the customer is being onboarded already.",
	}, func(ctx context.Context, in *KeyPath) (*body[run], error) {
		id, err := a.Control.Onboard(ctx, in.Key, from(ctx).by())
		if under, is := errors.AsType[*control.UnderWayError](err); is {
			return nil, huma.Error409Conflict(under.Error())
		}
		if err != nil {
			return nil, a.problem(err)
		}
		return a.readRun(ctx, id)
	})
	huma.Register(a.huma, huma.Operation{
		OperationID: "read-run-checklist", Method: http.MethodGet, Path: Prefix + "/runs/{id}/checklist", Summary: "How far the steps of an onboarding are",
		Tags: []string{"Runs"}, Security: needs(Read),
	}, func(ctx context.Context, in *RunPath) (*body[onboard.Checklist], error) {
		var list onboard.Checklist
		err := a.Store.Operator(ctx, func(tx store.Tx) (err error) {
			list, err = control.Checklist(ctx, tx, in.ID)
			return err
		})
		if err == nil && list.Customer == "" {
			err = store.ErrNotFound // it is no onboarding, or has not begun
		}
		return answer(a, list, err)
	})
}
