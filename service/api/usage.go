package api

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"landlord/business/usage"
	"landlord/internal/money"
	"landlord/org"
	"landlord/service/control"
	"landlord/service/store"
)

// CostsPath takes what AWS charged.
const CostsPath = Prefix + "/usage/imports"

// cost is what something cost, both ways.
type cost struct {
	Customer  string        `json:"customer,omitempty"`
	Pool      usage.Pool    `json:"pool,omitempty"`
	Account   org.AccountID `json:"account,omitempty"`
	Service   string        `json:"service,omitempty"`
	Billed    money.Metered `json:"billed" doc:"What the month's bill has; a decimal, exact."`
	Effective money.Metered `json:"effective" doc:"With what was paid beforehand spread over what it covers."`
}

// usageImport is what came in of one month.
type usageImport struct {
	Version   int64         `json:"version" doc:"Rises with each import that changes anything."`
	Source    string        `json:"source"`
	Account   string        `json:"account" doc:"That AWS bills."`
	Month     string        `json:"month"`
	Currency  string        `json:"currency"`
	Format    string        `json:"format"`
	File      string        `json:"file"`
	Rows      int64         `json:"rows"`
	Lines     int64         `json:"lines"`
	Billed    money.Metered `json:"billed"`
	Effective money.Metered `json:"effective"`
	By        string        `json:"by"`
	At        time.Time     `json:"at"`
	Replaced  *time.Time    `json:"replaced_at,omitempty"`
}

func usageImportOf(u store.UsageImport) usageImport {
	return usageImport{u.ID, u.Source, u.Account, u.Month, u.Currency, u.Format, u.File, u.Rows, u.Lines, u.Billed, u.Effective, u.By, u.At, u.ReplacedAt}
}

// tookCosts is what became of what came in of one month.
type tookCosts struct {
	usageImport
	Changed   bool   `json:"changed" doc:"false: the same was there, and nothing was changed."`
	Customers []cost `json:"customers" doc:"The dearest first."`
	Pools     []cost `json:"pools" doc:"What is no customer's."`
	Unknown   []cost `json:"unknown" doc:"The accounts of the pool unknown, the dearest first."`
}

func tookCostsOf(t control.TookCosts) tookCosts {
	out := tookCosts{usageImportOf(t.UsageImport), t.Changed, []cost{}, []cost{}, []cost{}}
	for _, key := range usage.Dearest(t.Customers) {
		out.Customers = append(out.Customers, cost{Customer: key, Billed: t.Customers[key].Billed, Effective: t.Customers[key].Effective})
	}
	for _, pool := range usage.Pools {
		if c, there := t.Pools[pool]; there {
			out.Pools = append(out.Pools, cost{Pool: pool, Billed: c.Billed, Effective: c.Effective})
		}
	}
	for _, id := range usage.Dearest(t.Unknown) {
		out.Unknown = append(out.Unknown, cost{Account: id, Billed: t.Unknown[id].Billed, Effective: t.Unknown[id].Effective})
	}
	return out
}

// costsIn are bills that are read while they come.
type costsIn struct {
	Source string `query:"source" pattern:"^[a-z0-9][a-z0-9-]{0,39}$" default:"aws" doc:"Whose account of the costs it is, where there are several."`
	File   string `query:"file" maxLength:"200" doc:"What the file is called."`
	Fewer  bool   `query:"fewer" doc:"It may have far fewer rows than what it replaces."`
	DryRun bool   `query:"dry_run" doc:"Only say what would be."`
	lines  io.Reader
}

// Resolve is for huma.
func (in *costsIn) Resolve(ctx huma.Context) []error {
	in.lines = ctx.BodyReader()
	return nil
}

// MonthQuery names a month.
type MonthQuery struct {
	Month string `query:"month" format:"month" pattern:"^(2[0-9]{3}-(0[1-9]|1[0-2]))?$" doc:"2026-01; the present one if left out."`
}

func (m MonthQuery) or(now time.Time) string { return cmp.Or(m.Month, now.UTC().Format("2006-01")) }

// monthUsage is what AWS charged for a month, as far as it is known.
type monthUsage struct {
	Month     string `json:"month"`
	Version   int64  `json:"version" doc:"0: nothing came in. Rises with each import that changes anything of the month."`
	Customers []cost `json:"customers" doc:"By customer and service."`
	Pools     []cost `json:"pools" doc:"What is no customer's, by pool, account and service."`
}

// usage adds what is about AWS's cost.
func (a *API) usage() {
	huma.Register(a.huma, huma.Operation{
		OperationID: "import-usage", Method: http.MethodPost, Path: CostsPath, Summary: "Take in what AWS charged", Tags: []string{"Usage"}, Security: needs(Billing),
		Description: "The body is what `landlord usage import --server` sends: JSON, a line for each bill (account, month, currency, format, rows, billed, effective, lines) and after it an array for each of its lines (account, day, service, region, category, billed, effective). " +
			"All of it is taken in, in place of what the source had of each account and month, or nothing. The same again changes nothing, with or without an Idempotency-Key.",
		Metadata:    map[string]any{streamed: true},
		RequestBody: &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"application/octet-stream": {Schema: &huma.Schema{Type: "string", Format: "binary"}}}},
	}, func(ctx context.Context, in *costsIn) (*body[Page[tookCosts]], error) {
		bills, err := usage.Read(in.lines)
		if _, large := errors.AsType[*http.MaxBytesError](err); large {
			return nil, huma.NewError(http.StatusRequestEntityTooLarge, "these are more than 1 GiB: send the months apart. Nothing was taken in")
		}
		if err != nil {
			return nil, huma.Error422UnprocessableEntity(fmt.Sprintf("%v. Nothing was taken in", err))
		}
		by := from(ctx).by()
		by.Also = nil // the lines' own digest has it done once
		took, err := a.Control.TakeCosts(ctx, control.Costs{Source: in.Source, File: in.File, Bills: bills, Fewer: in.Fewer, Dry: in.DryRun}, by)
		switch {
		case errors.Is(err, store.ErrTaken), errors.Is(err, store.ErrFewer):
			return nil, huma.Error409Conflict(fmt.Sprintf("%v. Nothing was taken in", err))
		case errors.Is(err, control.ErrCurrency):
			return nil, huma.Error422UnprocessableEntity(fmt.Sprintf("%v. Nothing was taken in", err))
		}
		list := []tookCosts{}
		for _, t := range took {
			list = append(list, tookCostsOf(t))
		}
		return answer(a, page(list, len(list), nil), err)
	})
	huma.Register(a.huma, huma.Operation{
		OperationID: "list-usage-imports", Method: http.MethodGet, Path: CostsPath, Summary: "What came in of AWS's cost, the newest first", Tags: []string{"Usage"}, Security: needs(Read),
	}, func(ctx context.Context, in *struct {
		Month string `query:"month" format:"month" pattern:"^(2[0-9]{3}-(0[1-9]|1[0-2]))?$" doc:"Only of this month."`
		Limit int    `query:"limit" minimum:"1" maximum:"500" default:"50" doc:"The most items."`
	}) (*body[Page[usageImport]], error) {
		return readAll(ctx, a, usageImportOf, func(tx store.Tx) ([]store.UsageImport, error) { return tx.UsageImports(ctx, in.Month, in.Limit) })
	})
	huma.Register(a.huma, huma.Operation{
		OperationID: "month-usage", Method: http.MethodGet, Path: Prefix + "/usage", Summary: "What AWS charged for a month, by customer and service, and what is nobody's", Tags: []string{"Usage"}, Security: needs(Read),
	}, func(ctx context.Context, in *MonthQuery) (*body[monthUsage], error) {
		month := in.or(a.Clock.Now())
		out := monthUsage{Month: month, Customers: []cost{}, Pools: []cost{}}
		err := a.Store.Operator(ctx, func(tx store.Tx) (err error) {
			if out.Version, err = tx.UsageVersion(ctx, month); err != nil {
				return err
			}
			own, err := tx.UsageCosts(ctx, month, "")
			if err != nil {
				return err
			}
			for _, c := range own {
				out.Customers = append(out.Customers, cost{Customer: c.Customer, Service: c.Service, Billed: c.Billed, Effective: c.Effective})
			}
			pools, err := tx.PoolCosts(ctx, month)
			for _, c := range pools {
				out.Pools = append(out.Pools, cost{Pool: c.Pool, Account: org.AccountID(c.Account), Service: c.Service, Billed: c.Billed, Effective: c.Effective})
			}
			return err
		})
		return answer(a, out, err)
	})
}

// usedOn is what a customer used of a service on a day in a region.
type usedOn struct {
	Day       string        `json:"day"`
	Account   org.AccountID `json:"account"`
	Service   string        `json:"service"`
	Region    string        `json:"region" doc:"Empty for what is in none."`
	Category  string        `json:"category" doc:"Usage, Purchase, Tax, Credit or Adjustment."`
	Billed    money.Metered `json:"billed"`
	Effective money.Metered `json:"effective"`
}

func usedOnOf(l usage.Line) usedOn {
	return usedOn{l.Day, l.Account, l.Service, l.Region, l.Category, l.Billed, l.Effective}
}

// customerUsage adds what one customer used.
func (a *API) customerUsage() {
	both(a, huma.Operation{
		OperationID: "list-usage", Method: http.MethodGet, Path: Prefix + "/customers/{key}/usage", Summary: "What AWS charged for the customer's account in a month, by day, service and region", Tags: []string{"Usage"}, Security: needs(Read),
	}, Own, func(ctx context.Context, in *struct {
		KeyPath
		MonthQuery
	}) (*body[Page[usedOn]], error) {
		var list []usedOn
		err := a.scope(ctx, func(tx store.Tx) error {
			c, err := tx.Customer(ctx, in.Key)
			if err != nil {
				return err
			}
			lines, err := tx.UsageLines(ctx, c.Key, in.or(a.Clock.Now()))
			for _, l := range lines {
				list = append(list, usedOnOf(l))
			}
			return err
		})
		return answer(a, page(list, len(list), nil), err)
	})
}
