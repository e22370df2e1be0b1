package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	sets "landlord/guard/guardrail"
	"landlord/service/control"
	"landlord/service/store"
	"landlord/vend/verify"
)

// isolation is what was computed of every statement for every tier.
type isolation struct {
	Seen  time.Time       `json:"seen" doc:"When the policies were read."`
	Items []isolationCell `json:"items" nullable:"false" doc:"Tier by tier, each with every statement."`
}

// isolationCell is what the calls written beside a statement answered in the
// accounts of a tier.
type isolationCell struct {
	Tier      string            `json:"tier"`
	Statement string            `json:"statement"`
	Set       string            `json:"set" doc:"Whose the statement is: base, or a framework's."`
	Prevents  string            `json:"prevents" doc:"What the statement is for."`
	Denies    bool              `json:"denies" doc:"Whether the tier has the statement."`
	Calls     int               `json:"calls" doc:"How many are written beside the statement."`
	Denied    int               `json:"denied" doc:"How many of them must be denied in the tier, by whichever statement."`
	Accounts  int               `json:"accounts" doc:"In how many accounts they were asked."`
	Newcomer  bool              `json:"newcomer" doc:"The tier has no account: asked was what holds who enters its unit."`
	Exempt    int               `json:"exempt" doc:"How many customers of the tier the portfolio exempts from the statement."`
	Wrong     int               `json:"wrong" doc:"How many answers are not those that are written."`
	Faults    []isolationAnswer `json:"faults" nullable:"false" doc:"The first of the wrong answers."`
}

type isolationAnswer struct {
	Action    string   `json:"action"`
	Says      string   `json:"says" doc:"What is wrong."`
	Accounts  int      `json:"accounts" doc:"How many answer so."`
	Customers []string `json:"customers" nullable:"false" doc:"The keys of the first of them."`
}

func isolationOf(c verify.Cell) isolationCell {
	cell := isolationCell{c.Tier, c.Statement, c.Set, sets.Says(c.Statement), c.Denies, c.Probes, c.Denied, c.Accounts, c.Newcomer, c.Exempt, c.Wrong, []isolationAnswer{}}
	for _, a := range c.Faults {
		cell.Faults = append(cell.Faults, isolationAnswer{a.Action, a.Says, a.Accounts, append([]string{}, a.Customers...)})
	}
	return cell
}

// compliance adds what is about how customers stand to their frameworks.
func (a *API) compliance() {
	huma.Register(a.huma, huma.Operation{
		OperationID: "read-isolation", Method: http.MethodGet, Path: Prefix + "/organization/isolation", Summary: "Whether the tiers keep apart: what each statement denies in each tier's accounts", Tags: []string{"Organization"}, Security: needs(Read),
		Description: "As landlord verify --matrix computes it, at the last look by the portfolio in force. 404 until there was one.",
	}, func(ctx context.Context, _ *struct{}) (*body[isolation], error) {
		out := isolation{Items: []isolationCell{}}
		err := a.Store.Operator(ctx, func(tx store.Tx) error {
			proof, err := control.Proven(ctx, tx)
			out.Seen = proof.Seen
			for _, c := range proof.Cells {
				out.Items = append(out.Items, isolationOf(c))
			}
			return err
		})
		return answer(a, out, err)
	})
}
