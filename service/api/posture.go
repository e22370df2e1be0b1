package api

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"landlord/guard/compliance/report"
	"landlord/service/control"
	"landlord/service/store"
)

// score is how many controls of those that pass, fail or could not be told pass.
type score struct {
	Pass int `json:"pass"`
	Of   int `json:"of"`
}

// counts are controls by status.
type counts struct {
	Pass          int `json:"pass"`
	Fail          int `json:"fail"`
	Error         int `json:"error"`
	Manual        int `json:"manual"`
	NotApplicable int `json:"not_applicable"`
	NotAssessed   int `json:"not_assessed"`
}

// posture is how a customer stands to its framework.
type posture struct {
	Customer  string     `json:"customer"`
	Framework string     `json:"framework"`
	AsOf      *time.Time `json:"as_of,omitempty" doc:"The last evidence; missing while there is none."`
	Mapping   string     `json:"mapping_version,omitempty"`
	Controls  counts     `json:"controls" doc:"Of the framework's first catalogue."`
	Score     score      `json:"score"`
	Confirmed score      `json:"score_confirmed" doc:"By confirmed mappings alone."`
	FixFirst  string     `json:"fix_first,omitempty" doc:"A check."`
	Trend     []point    `json:"trend,omitempty"`
}

type point struct {
	Day string `json:"day"`
	score
}

func postureOf(p store.Posture) posture {
	s := p.Controls.Score()
	return posture{Customer: p.Customer, Framework: p.Framework, AsOf: p.AsOf, Mapping: p.Mapping, Controls: counts(p.Controls), Score: score(s), Confirmed: score(p.Firm), FixFirst: p.FixFirst}
}

// stand is a customer in the overview.
type stand struct {
	posture
	Name string `json:"name"`
	Tier string `json:"tier"`
	Was  score  `json:"score_before" doc:"At the end of the last day with evidence up to the one asked for; of is 0 if there was none."`
}

type tierStand struct {
	Day       string `json:"day"`
	Tier      string `json:"tier"`
	Framework string `json:"framework"`
	Customers int    `json:"customers"`
	Assessed  int    `json:"assessed" doc:"Of whom something was found."`
	Score     score  `json:"score" doc:"Of all their controls."`
}

type controlStand struct {
	Tier      string `json:"tier"`
	Framework string `json:"framework"`
	Catalogue string `json:"catalogue"`
	Control   string `json:"control"`
	Now       counts `json:"now" doc:"How many customers have it in each status."`
	Was       counts `json:"before"`
}

// week is what an overview compares with unless it is asked for another time.
const week = 7 * 24 * time.Hour

type Since struct {
	Since time.Time `query:"since" format:"date-time" doc:"What to compare with; a week ago if left out."`
}

func (s Since) or(now time.Time) time.Time {
	switch begin := time.Unix(0, 0); {
	case s.Since.IsZero():
		return now.Add(-week)
	case s.Since.Before(begin): // also before PostgreSQL's dates
		return begin
	}
	return s.Since
}

// overviews adds how all customers stand.
func (a *API) overviews() {
	huma.Register(a.huma, huma.Operation{
		OperationID: "list-tier-postures", Method: http.MethodGet, Path: Prefix + "/compliance/tiers", Summary: "How the customers of each tier stood, day by day; the last is now", Tags: []string{"Compliance"}, Security: needs(Read),
	}, func(ctx context.Context, in *Since) (*body[Page[tierStand]], error) {
		of := func(t store.TierTally) tierStand {
			return tierStand{t.Day, t.Tier, t.Framework, t.Customers, t.Assessed, score(t.Score)}
		}
		return readAll(ctx, a, of, func(tx store.Tx) ([]store.TierTally, error) { return tx.Tiers(ctx, in.or(a.Clock.Now())) })
	})
	huma.Register(a.huma, huma.Operation{
		OperationID: "list-control-postures", Method: http.MethodGet, Path: Prefix + "/compliance/controls", Summary: "How many customers of each tier have each control in each status, now and before", Tags: []string{"Compliance"}, Security: needs(Read),
	}, func(ctx context.Context, in *Since) (*body[Page[controlStand]], error) {
		of := func(t store.ControlTally) controlStand {
			return controlStand{t.Tier, t.Framework, t.Catalogue, t.Control, counts(t.Now), counts(t.Was)}
		}
		return readAll(ctx, a, of, func(tx store.Tx) ([]store.ControlTally, error) { return tx.Heat(ctx, in.or(a.Clock.Now())) })
	})
	huma.Register(a.huma, huma.Operation{
		OperationID: "list-postures", Method: http.MethodGet, Path: Prefix + "/compliance/customers", Summary: "How customers stand, the worst first, then those of whom nothing was found", Tags: []string{"Compliance"}, Security: needs(Read),
	}, func(ctx context.Context, in *struct {
		Paged
		Since
		Tier      string `query:"tier" doc:"Only those of a tier, by key."`
		Framework string `query:"framework" doc:"Only those of a framework."`
		Control   string `query:"control" doc:"Only those who have this control in the status; needs framework."`
		Status    string `query:"status" enum:"pass,fail,error,manual,not applicable,not assessed" default:"fail" doc:"Of the control."`
		Unknown   bool   `query:"unknown" doc:"Only those of whom nothing was found."`
	}) (*body[Page[stand]], error) {
		from, err := strconv.Atoi("0" + in.Cursor)
		if err != nil {
			return nil, huma.Error422UnprocessableEntity("cursor is not one of this list")
		}
		q := store.Standings{Tier: in.Tier, Framework: in.Framework, Control: in.Control, Unknown: in.Unknown, Since: in.or(a.Clock.Now()), Offset: from, Limit: in.Limit + 1}
		if err := q.Status.UnmarshalText([]byte(in.Status)); err != nil {
			return nil, huma.Error422UnprocessableEntity(err.Error())
		}
		var list []stand
		err = a.Store.Operator(ctx, func(tx store.Tx) error {
			all, _, err := tx.Standings(ctx, q)
			for _, s := range all {
				one := stand{posture: postureOf(s.Posture), Name: s.Name, Tier: s.Tier, Was: score(s.Was)}
				one.Customer, one.Framework = s.Key, s.Framework
				list = append(list, one)
			}
			return err
		})
		return answer(a, page(list, in.Limit, func(stand) string { return strconv.Itoa(from + in.Limit) }), err)
	})
}

// trendMost is how many days a trend may show.
const trendMost = 550

// postures adds how one customer stands, and its report.
func (a *API) postures() {
	both(a, huma.Operation{
		OperationID: "read-posture", Method: http.MethodGet, Path: Prefix + "/customers/{key}/posture", Summary: "How the customer stands to its framework, and stood", Tags: []string{"Compliance"}, Security: needs(Read),
	}, Own, func(ctx context.Context, in *struct {
		KeyPath
		Days int `query:"days" minimum:"1" maximum:"550" default:"90" doc:"The most days with evidence that the trend shows."`
	}) (*body[posture], error) {
		var out posture
		err := a.scope(ctx, func(tx store.Tx) error {
			c, err := tx.Customer(ctx, in.Key)
			if err != nil {
				return err
			}
			p, err := tx.Posture(ctx, c.Key, c.Framework)
			if errors.Is(err, store.ErrNotFound) { // nothing was found yet
				p, err = store.Posture{Customer: c.Key, Framework: c.Framework}, nil
			}
			if err != nil {
				return err
			}
			out = postureOf(p)
			trend, err := tx.Trend(ctx, c.Key, c.Framework, min(in.Days, trendMost))
			for _, t := range trend {
				out.Trend = append(out.Trend, point{t.Day, score(t.Score)})
			}
			return err
		})
		return answer(a, out, err)
	})
	both(a, huma.Operation{
		OperationID: "download-report", Method: http.MethodGet, Path: Prefix + "/customers/{key}/report", Summary: "The customer's compliance report, of its framework only", Tags: []string{"Compliance"}, Security: needs(Read),
		Description: "The same evidence makes the same bytes, whoever asks. OSCAL has no place for nothing: 409 for oscal without evidence, and for poam where nothing fails. A report is no attestation, and says so.",
		Responses:   map[string]*huma.Response{"200": {Description: "The report, by the media type of its format.", Content: map[string]*huma.MediaType{"application/json": {}, "application/pdf": {}, "text/html": {}, "text/markdown": {}}}},
	}, Own, func(ctx context.Context, in *struct {
		KeyPath
		Format  string `query:"format" enum:"pdf,html,md,json,oscal,poam,ocsf" default:"json" doc:"How it is written."`
		Edition string `query:"edition" enum:"v3,v5,v6" doc:"Of a framework that has several; the default if left out."`
	}) (*file, error) {
		format, _ := report.FormatOf(in.Format)
		var doc *report.Report
		err := a.scope(ctx, func(tx store.Tx) (err error) {
			doc, err = control.Report(ctx, tx, in.Key, in.Edition)
			return err
		})
		var b bytes.Buffer
		if err == nil {
			err = format.Write(doc, &b)
		}
		if err != nil {
			return nil, a.problem(unreported(err))
		}
		return &file{format.Media, `attachment; filename="` + doc.Subject.Customer + "-" + format.File + `"`, b.Bytes()}, nil
	})
}

// file is an answer of bytes.
type file struct {
	Type        string `header:"Content-Type"`
	Disposition string `header:"Content-Disposition"`
	Body        []byte
}

// unreported is what a caller is told of a report that there is not.
func unreported(err error) error {
	if edition, is := errors.AsType[*control.EditionError](err); is {
		return huma.Error422UnprocessableEntity(edition.Error())
	}
	for _, why := range []error{control.ErrUnassessed, report.ErrNoEvidence, report.ErrNothing} {
		if errors.Is(err, why) {
			return huma.Error409Conflict(strings.TrimSuffix(why.Error(), "."))
		}
	}
	return err
}
