package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/sse"

	"landlord/service/control"
	"landlord/service/store"
)

// run is a run as programs see it.
type run struct {
	ID        string     `json:"id"`
	Kind      string     `json:"kind" enum:"plan,apply,verify,reconcile,suspend,resume,close,onboard,scan,invoice"`
	State     string     `json:"state" enum:"waiting,running,done,failed,stopped"`
	Portfolio int64      `json:"portfolio" doc:"The version that it works by."`
	Customer  string     `json:"customer,omitempty" doc:"Of a suspend, resume, close or onboard: whose account."`
	Month     string     `json:"month,omitempty" doc:"Of an invoice run: whose invoices."`
	Assesses  []string   `json:"assesses,omitempty" doc:"Of a scan: whose accounts; none is everybody's."`
	AskedBy   string     `json:"asked_by"`
	AskedAt   time.Time  `json:"asked_at"`
	StartedAt *time.Time `json:"started_at,omitempty"`
	EndedAt   *time.Time `json:"ended_at,omitempty"`
	Summary   string     `json:"summary,omitempty"`
	Checks    *checks    `json:"checks,omitempty" doc:"Of an apply, verify or reconcile: what the checks of its last look came to. It can be done, and checks fail."`
	Stopping  bool       `json:"stopping,omitempty"`
	Tries     int        `json:"tries,omitempty" doc:"While it waits for AWS: how often in a row AWS could not be looked at; summary says why."`
	NextAt    *time.Time `json:"next_at,omitempty" doc:"When what it waits for is tried again: a look at AWS, the organization's lock, a question about what is under way, or a creation that the limit by the hour holds back; summary says why."`
}

// checks are counted as verify counts them.
type checks struct {
	Passed int `json:"passed"`
	Failed int `json:"failed"`
}

func runOf(r store.Run) run {
	out := run{r.ID, r.Kind, r.State, r.Portfolio, r.Customer, r.Month, r.Assesses, r.AskedBy, r.AskedAt, r.Started, r.Ended, r.Summary, nil, r.Stopping, r.Tries, r.Next}
	if r.ChecksFailed != nil {
		out.Checks = &checks{*r.ChecksPassed, *r.ChecksFailed}
	}
	return out
}

// step is one call of a run to AWS.
type step struct {
	N         int        `json:"n"`
	Customer  string     `json:"customer,omitempty"`
	Kind      string     `json:"kind"`
	What      string     `json:"what"`
	State     string     `json:"state" enum:"waiting,running,done,failed,skipped"`
	Attempts  int        `json:"attempts"`
	Error     string     `json:"error,omitempty"`
	StartedAt *time.Time `json:"started_at,omitempty"`
	EndedAt   *time.Time `json:"ended_at,omitempty"`
}

func stepsOf(list []store.Step) []step {
	out := make([]step, 0, len(list))
	for _, s := range list {
		out = append(out, step{s.N, s.Customer, s.Kind, s.What, s.State, s.Attempts, s.Error, s.Started, s.Ended})
	}
	return out
}

// progress is an event of a run: how far it is, and the steps that are not as they
// were told before.
type progress struct {
	Run   run            `json:"run"`
	Steps int            `json:"steps" doc:"Each counted once, however often it was tried."`
	Tally map[string]int `json:"tally" doc:"Steps by state, of each its last try."`
	News  []step         `json:"news" nullable:"false"`
}

type RunPath struct {
	ID string `path:"id" maxLength:"64"`
}

// runs adds what is about runs.
func (a *API) runs() {
	huma.Register(a.huma, huma.Operation{
		OperationID: "list-runs", Method: http.MethodGet, Path: Prefix + "/runs", Summary: "Runs, the newest first", Tags: []string{"Runs"}, Security: needs(Read),
	}, func(ctx context.Context, in *Paged) (*body[Page[run]], error) {
		var list []run
		err := a.Store.Operator(ctx, func(tx store.Tx) error {
			all, err := tx.Runs(ctx, in.Cursor, in.Limit+1)
			for _, r := range all {
				list = append(list, runOf(r))
			}
			return err
		})
		return answer(a, page(list, in.Limit, func(r run) string { return r.ID }), err)
	})
	huma.Register(a.huma, huma.Operation{
		OperationID: "begin-run", Method: http.MethodPost, Path: Prefix + "/runs", Summary: "Ask for a run by the portfolio in force", Tags: []string{"Runs"}, Security: needs(Portfolio), DefaultStatus: http.StatusAccepted,
		Description: "A scan assesses customers' accounts and keeps what is found: landlord's own reads, and what AWS Config found. 409 while the same customers are being assessed already.",
	}, func(ctx context.Context, in *struct {
		Body struct {
			Kind      string   `json:"kind" enum:"plan,apply,verify,reconcile,scan"`
			Confirm   string   `json:"confirm,omitempty" doc:"confirm of a proposal or of a plan: those changes and no others."`
			Customers []string `json:"customers,omitempty" maxItems:"10000" doc:"Of a scan: whose accounts; none is everybody's."`
		}
	}) (*body[run], error) {
		if in.Body.Kind == store.RunScan {
			return a.assess(ctx, in.Body.Customers, in.Body.Confirm)
		}
		if len(in.Body.Customers) > 0 {
			return nil, huma.Error422UnprocessableEntity("customers: only a scan is of some customers")
		}
		id, err := a.Control.Begin(ctx, in.Body.Kind, in.Body.Confirm, from(ctx).by())
		if err != nil {
			return nil, a.problem(err)
		}
		return a.readRun(ctx, id)
	})
	huma.Register(a.huma, huma.Operation{
		OperationID: "read-run", Method: http.MethodGet, Path: Prefix + "/runs/{id}", Summary: "One run", Tags: []string{"Runs"}, Security: needs(Read),
	}, func(ctx context.Context, in *RunPath) (*body[run], error) { return a.readRun(ctx, in.ID) })
	huma.Register(a.huma, huma.Operation{
		OperationID: "stop-run", Method: http.MethodPost, Path: Prefix + "/runs/{id}/stop", Summary: "Ask a run to stop", Tags: []string{"Runs"}, Security: needs(Portfolio), DefaultStatus: http.StatusAccepted,
		Description: "What AWS has begun it finishes. 409 says that the run has ended already.",
	}, func(ctx context.Context, in *RunPath) (*body[run], error) {
		if err := a.Control.Stop(ctx, in.ID, from(ctx).by()); err != nil {
			return nil, a.problem(err)
		}
		return a.readRun(ctx, in.ID)
	})
	huma.Register(a.huma, huma.Operation{
		OperationID: "read-run-plan", Method: http.MethodGet, Path: Prefix + "/runs/{id}/plan", Summary: "The plan that a run made", Tags: []string{"Runs"}, Security: needs(Read),
	}, func(ctx context.Context, in *RunPath) (*body[json.RawMessage], error) {
		var plan json.RawMessage
		err := a.Store.Operator(ctx, func(tx store.Tx) (err error) {
			plan, err = tx.PlanOf(ctx, in.ID)
			return err
		})
		if err == nil && plan == nil {
			err = store.ErrNotFound
		}
		return answer(a, plan, err)
	})
	huma.Register(a.huma, huma.Operation{
		OperationID: "list-run-steps", Method: http.MethodGet, Path: Prefix + "/runs/{id}/steps", Summary: "Its steps, in order", Tags: []string{"Runs"}, Security: needs(Read),
	}, func(ctx context.Context, in *struct {
		RunPath
		Paged
	}) (*body[Page[step]], error) {
		from, err := strconv.Atoi("0" + in.Cursor)
		if err != nil {
			return nil, huma.Error422UnprocessableEntity("cursor is not one of this list")
		}
		var list []step
		err = a.Store.Operator(ctx, func(tx store.Tx) error {
			if _, err := tx.Run(ctx, in.ID); err != nil {
				return err
			}
			all, err := tx.Steps(ctx, in.ID, from, in.Limit+1)
			list = stepsOf(all)
			return err
		})
		return answer(a, page(list, in.Limit, func(s step) string { return strconv.Itoa(s.N + 1) }), err)
	})
	sse.Register(a.huma, huma.Operation{
		OperationID: "watch-run", Method: http.MethodGet, Path: Prefix + "/runs/{id}/events", Summary: "How far a run is, as it happens", Tags: []string{"Runs"}, Security: needs(Read),
		Description: "Server-sent events until the run has ended, or the token. Any replica can be asked.", Middlewares: huma.Middlewares{a.ofRun},
	}, map[string]any{"progress": progress{}, "problem": huma.ErrorModel{}}, func(ctx context.Context, in *RunPath, send sse.Sender) {
		ctx, end := a.staying(ctx, Read)
		defer end()
		for p, err := range a.Control.WatchSteps(ctx, in.ID) {
			if err != nil {
				told := a.problem(err)
				_ = send.Data(huma.ErrorModel{Status: told.GetStatus(), Detail: told.Error()})
				return
			}
			if send.Data(progress{runOf(p.Run), p.Steps, p.Tally, stepsOf(p.Changed)}) != nil {
				return
			}
		}
	})
}

// assess asks for customers to be assessed.
func (a *API) assess(ctx context.Context, customers []string, confirm string) (*body[run], error) {
	if confirm != "" {
		return nil, huma.Error422UnprocessableEntity("confirm: a scan changes nothing that could be confirmed")
	}
	id, err := a.Control.Assess(ctx, customers, from(ctx).by())
	if under, is := errors.AsType[*control.UnderWayError](err); is {
		return nil, huma.Error409Conflict(under.Error())
	}
	if err != nil {
		return nil, a.problem(err)
	}
	return a.readRun(ctx, id)
}

// ofRun answers for a run that there is none of before a stream is begun, whose
// status nobody can change any more.
func (a *API) ofRun(ctx huma.Context, next func(huma.Context)) {
	if _, err := a.readRun(ctx.Context(), ctx.Param("id")); err != nil {
		told := a.problem(err)
		_ = huma.WriteErr(a.huma, ctx, told.GetStatus(), told.Error())
		return
	}
	next(ctx)
}

func (a *API) readRun(ctx context.Context, id string) (*body[run], error) {
	var r store.Run
	err := a.Store.Operator(ctx, func(tx store.Tx) (err error) {
		r, err = tx.Run(ctx, id)
		return err
	})
	return answer(a, runOf(r), err)
}
