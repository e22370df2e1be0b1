package api

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"landlord/service/control"
	"landlord/service/store"
	"landlord/vend/plan"
)

// version is a version of the portfolio.
type version struct {
	Version int64     `json:"version"`
	Author  string    `json:"author"`
	At      time.Time `json:"at"`
	Note    string    `json:"note,omitempty"`
	Text    string    `json:"text,omitempty" doc:"The file, to the byte; only where one version is asked for."`
}

func versionOf(p store.Portfolio) version { return version{p.Version, p.Author, p.At, p.Note, p.Text} }

type versionAnswer struct {
	ETag string `header:"ETag"`
	Body version
}

// Proposal is what a text would change.
type proposal struct {
	Organization string     `json:"organization,omitempty" doc:"o-…; missing while there is none."`
	Base         int64      `json:"base" doc:"The version that is in force; pass it as If-Match."`
	Confirm      string     `json:"confirm" doc:"What names these changes; pass it to have these and no others made."`
	Looked       time.Time  `json:"looked" doc:"When AWS was looked at."`
	Plan         *plan.Plan `json:"-"`
	Empty        bool       `json:"empty"`
	Customers    int        `json:"customers"`
	Present      int        `json:"present" doc:"Customers that have an account."`
	Changes      []change   `json:"changes" nullable:"false"`
	Notices      []string   `json:"notices" nullable:"false"`
}

// change is one line of a plan.
type change struct {
	Action   string   `json:"action"`
	Kind     string   `json:"kind"`
	Tier     string   `json:"tier,omitempty"`
	Customer string   `json:"customer,omitempty"`
	Name     string   `json:"name"`
	Detail   string   `json:"detail,omitempty"`
	Loses    []string `json:"loses,omitempty"`
	Gains    []string `json:"gains,omitempty"`
}

func proposalOf(p control.Proposal) proposal {
	return proposal{Organization: p.Plan.Organization, Base: p.Base, Confirm: p.Digest, Looked: p.Looked, Plan: p.Plan, Empty: p.Plan.Empty(), Customers: p.Plan.Customers, Present: p.Plan.Present, Changes: changesOf(p.Plan), Notices: p.Notices()}
}

func changesOf(p *plan.Plan) []change {
	out := []change{}
	for _, c := range p.Changes {
		out = append(out, change{string(c.Action), c.Noun, c.Tier, c.Customer, c.Name, c.Detail, c.Loses, c.Gains})
	}
	return out
}

type textBody struct {
	Text string `json:"text" doc:"The portfolio file."`
}

type pushInput struct {
	IfMatch string `header:"If-Match" doc:"The version that the text was made from: \"3\"; \"0\" if there is none yet." required:"true"`
	Body    struct {
		Text    string `json:"text" doc:"The portfolio file."`
		Note    string `json:"note,omitempty" maxLength:"500" doc:"Why, for people."`
		Confirm string `json:"confirm" minLength:"1" doc:"confirm of the proposal of this text: if AWS is not any more as it was then, nothing is changed."`
	}
}

type pushed struct {
	Version int64  `json:"version"`
	Run     string `json:"run" doc:"The run that applies it."`
}

// portfolio adds what is about the portfolio.
func (a *API) portfolio() {
	huma.Register(a.huma, huma.Operation{
		OperationID: "read-portfolio", Method: http.MethodGet, Path: Prefix + "/portfolio", Summary: "The portfolio in force", Tags: []string{"Portfolio"}, Security: needs(Read),
	}, func(ctx context.Context, _ *struct{}) (*versionAnswer, error) {
		return a.version(ctx, func(tx store.Tx) (store.Portfolio, error) { return tx.LatestPortfolio(ctx) })
	})
	huma.Register(a.huma, huma.Operation{
		OperationID: "list-portfolio-versions", Method: http.MethodGet, Path: Prefix + "/portfolio/versions", Summary: "Its versions, the latest first", Tags: []string{"Portfolio"}, Security: needs(Read),
	}, func(ctx context.Context, in *Paged) (*body[Page[version]], error) {
		before, err := strconv.ParseInt("0"+in.Cursor, 10, 64)
		if err != nil {
			return nil, huma.Error422UnprocessableEntity("cursor is not one of this list")
		}
		var list []version
		err = a.Store.Operator(ctx, func(tx store.Tx) error {
			all, err := tx.Portfolios(ctx, before, in.Limit+1)
			for _, p := range all {
				list = append(list, versionOf(p))
			}
			return err
		})
		return answer(a, page(list, in.Limit, func(v version) string { return strconv.FormatInt(v.Version, 10) }), err)
	})
	huma.Register(a.huma, huma.Operation{
		OperationID: "read-portfolio-version", Method: http.MethodGet, Path: Prefix + "/portfolio/versions/{version}", Summary: "One version", Tags: []string{"Portfolio"}, Security: needs(Read),
	}, func(ctx context.Context, in *struct {
		Version int64 `path:"version" minimum:"1"`
	}) (*versionAnswer, error) {
		return a.version(ctx, func(tx store.Tx) (store.Portfolio, error) { return tx.Portfolio(ctx, in.Version) })
	})
	huma.Register(a.huma, huma.Operation{
		OperationID: "propose-portfolio", Method: http.MethodPost, Path: Prefix + "/portfolio/proposals", Summary: "What a text would change; changes nothing", Tags: []string{"Portfolio"},
		Description:  "AWS is looked at anew: with 10,000 accounts that takes minutes.",
		MaxBodyBytes: largest, BodyReadTimeout: time.Minute, Security: needs(Read), DefaultStatus: http.StatusOK,
	}, func(ctx context.Context, in *struct{ Body textBody }) (*body[proposal], error) {
		p, err := a.Control.Propose(ctx, in.Body.Text)
		if err != nil {
			return nil, a.outside(ctx, err)
		}
		return &body[proposal]{proposalOf(p)}, nil
	})
	huma.Register(a.huma, huma.Operation{
		OperationID: "push-portfolio", Method: http.MethodPut, Path: Prefix + "/portfolio", Summary: "Make a text the portfolio, and apply it", Tags: []string{"Portfolio"},
		Description:  "409 if somebody else has changed the portfolio since the version of If-Match, or if confirm is of another text.",
		MaxBodyBytes: largest, BodyReadTimeout: time.Minute, Security: needs(Portfolio), DefaultStatus: http.StatusAccepted,
	}, func(ctx context.Context, in *pushInput) (*body[pushed], error) {
		base, err := strconv.ParseInt(strings.Trim(in.IfMatch, `"`), 10, 64)
		if err != nil || base < 0 {
			return nil, huma.Error422UnprocessableEntity(`If-Match is not a version: want "3"`)
		}
		v, run, err := a.Control.Push(ctx, control.Change{Text: in.Body.Text, Base: base, Note: in.Body.Note, Confirmed: in.Body.Confirm, By: from(ctx).by()})
		return answer(a, pushed{v, run}, err)
	})
}

func (a *API) version(ctx context.Context, read func(store.Tx) (store.Portfolio, error)) (*versionAnswer, error) {
	var p store.Portfolio
	err := a.Store.Operator(ctx, func(tx store.Tx) (err error) {
		p, err = read(tx)
		return err
	})
	if err != nil {
		return nil, a.problem(err)
	}
	return &versionAnswer{`"` + strconv.FormatInt(p.Version, 10) + `"`, versionOf(p)}, nil
}
