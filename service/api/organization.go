package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"landlord/org"
	"landlord/portfolio"
	"landlord/service/control"
	"landlord/service/store"
	"landlord/service/whatif"
)

// organization is the organization as it was last seen.
type organization struct {
	ID         string    `json:"id"`
	Management string    `json:"management" doc:"The management account; no guardrail holds it."`
	Root       string    `json:"root"`
	Looked     time.Time `json:"looked" doc:"When."`
	Accounts   int       `json:"accounts" doc:"How many."`
	Units      []unit    `json:"units" nullable:"false" doc:"The root first, each unit after the one above it."`
}

// unit is the root, or a unit below it.
type unit struct {
	ID       string   `json:"id"`
	Name     string   `json:"name"`
	Parent   string   `json:"parent,omitempty" doc:"The unit or root above; missing for the root."`
	Tier     string   `json:"tier,omitempty" doc:"Where the unit is a tier's."`
	Policies []string `json:"policies" nullable:"false" doc:"Service control policies that are attached to it."`
	Accounts int      `json:"accounts" doc:"In the unit itself."`
}

// account is an account of the organization.
type account struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Unit     string `json:"unit" doc:"The id of the unit or root that it is in."`
	State    string `json:"state" doc:"AWS's word for it."`
	Customer string `json:"customer,omitempty" doc:"Whose it is."`
}

// organizationOf is a look as programs see it.
func organizationOf(o *org.Organization) organization {
	out := organization{ID: o.ID, Management: string(o.Management), Root: o.Root, Looked: o.Seen, Accounts: len(o.Accounts)}
	policies, accounts, below := map[string][]string{}, map[string]int{}, map[string][]org.Unit{}
	for _, p := range o.Policies {
		for _, target := range p.Targets {
			if !p.AWSManaged {
				policies[target] = append(policies[target], p.Name)
			}
		}
	}
	for _, a := range o.Accounts {
		accounts[a.Parent]++
	}
	for _, u := range o.Units {
		below[u.Parent] = append(below[u.Parent], u)
	}
	add := func(u org.Unit) {
		held := append([]string{}, policies[u.ID]...)
		slices.Sort(held)
		out.Units = append(out.Units, unit{u.ID, u.Name, u.Parent, u.Tags[org.TagTier], held, accounts[u.ID]})
	}
	add(org.Unit{ID: o.Root, Name: "Root"})
	for i := 0; i < len(out.Units); i++ {
		next := below[out.Units[i].ID]
		slices.SortFunc(next, func(a, b org.Unit) int { return strings.Compare(a.Name, b.Name) })
		for _, u := range next {
			add(u)
		}
	}
	return out
}

// organization adds what is about the organization, the whole, and what could be.
func (a *API) organization() {
	var looks control.Looks
	latest := func(ctx context.Context, tx store.Tx) (*org.Organization, error) {
		o, err := looks.Latest(ctx, tx)
		if err == nil && !o.Exists() {
			err = store.ErrNotFound
		}
		return o, err
	}
	huma.Register(a.huma, huma.Operation{
		OperationID: "read-organization", Method: http.MethodGet, Path: Prefix + "/organization", Summary: "The organization's units, as they were last seen", Tags: []string{"Organization"}, Security: needs(Read),
		Description: "404 until a run has looked at AWS.",
	}, func(ctx context.Context, _ *struct{}) (*body[organization], error) {
		var o *org.Organization
		err := a.Store.Operator(ctx, func(tx store.Tx) (err error) {
			o, err = latest(ctx, tx)
			return err
		})
		if err != nil {
			return nil, a.problem(err)
		}
		return &body[organization]{organizationOf(o)}, nil
	})
	huma.Register(a.huma, huma.Operation{
		OperationID: "list-accounts", Method: http.MethodGet, Path: Prefix + "/organization/accounts", Summary: "Its accounts, by id", Tags: []string{"Organization"}, Security: needs(Read),
	}, func(ctx context.Context, in *struct {
		Paged
		Unit string `query:"unit" maxLength:"68" doc:"Only those in the unit, or root, of that id."`
	}) (*body[Page[account]], error) {
		var list []account
		err := a.Store.Operator(ctx, func(tx store.Tx) error {
			o, err := latest(ctx, tx)
			if err != nil {
				return err
			}
			of, err := tx.Accounts(ctx)
			for _, c := range o.Accounts {
				if string(c.ID) > in.Cursor && (in.Unit == "" || c.Parent == in.Unit) {
					list = append(list, account{string(c.ID), c.Name, c.Parent, c.State, of[string(c.ID)].Key})
				}
			}
			return err
		})
		if err != nil {
			return nil, a.problem(err)
		}
		slices.SortFunc(list, func(a, b account) int { return strings.Compare(a.ID, b.ID) })
		return &body[Page[account]]{page(list, in.Limit, func(c account) string { return c.ID })}, nil
	})
	huma.Register(a.huma, huma.Operation{
		OperationID: "read-overview", Method: http.MethodGet, Path: Prefix + "/overview", Summary: "What the customers come to, by tier, and what is wrong with the whole", Tags: []string{"Organization"}, Security: needs(Read),
		Description: "Customers whose checks fail are those of GET " + Prefix + "/customers?failing=true; runs those of GET " + Prefix + "/runs.",
	}, func(ctx context.Context, _ *struct{}) (*body[overview], error) {
		out := overview{Items: []tally{}, Faults: []fault{}}
		err := a.Store.Operator(ctx, func(tx store.Tx) error {
			all, err := tx.Tallies(ctx)
			for _, t := range all {
				out.Items = append(out.Items, tally{t.Tier, t.Framework, t.Currency, t.Customers, int64(t.Price), t.Failing})
			}
			if err != nil {
				return err
			}
			found, err := control.Faults(ctx, tx)
			for _, f := range found {
				out.Faults = append(out.Faults, fault(f))
			}
			return err
		})
		return answer(a, out, err)
	})
	huma.Register(a.huma, huma.Operation{
		OperationID: "simulate", Method: http.MethodGet, Path: Prefix + "/simulation", Summary: "What the customers and more of a tier would take", Tags: []string{"Organization"}, Security: needs(Read),
		Description: "The report on a simulation, as landlord simulate writes it. 10,000 customers take six seconds of the server, one study at a time.",
	}, func(ctx context.Context, in *struct {
		Tier string `query:"tier" required:"true" maxLength:"64" doc:"The key of a tier."`
		Add  int    `query:"add" minimum:"0" maximum:"10000" doc:"How many more."`
	}) (*body[json.RawMessage], error) {
		var kept store.Portfolio
		err := a.Store.Operator(ctx, func(tx store.Tx) (err error) {
			kept, err = tx.LatestPortfolio(ctx)
			return err
		})
		if err != nil {
			return nil, a.problem(err)
		}
		folio, err := portfolio.Parse("portfolio", []byte(kept.Text))
		if err != nil {
			return nil, a.problem(err)
		}
		r, err := a.Studies.Report(ctx, folio, in.Tier, in.Add)
		if errors.Is(err, whatif.ErrAsked) {
			return nil, huma.Error422UnprocessableEntity(err.Error())
		}
		if err != nil {
			return nil, a.problem(err)
		}
		var b bytes.Buffer
		if err := r.JSON(&b); err != nil {
			return nil, a.problem(err)
		}
		return &body[json.RawMessage]{b.Bytes()}, nil
	})
}

// overview is what the customers come to, and what is wrong with the whole.
type overview struct {
	Items  []tally `json:"items" nullable:"false"`
	Faults []fault `json:"faults" nullable:"false" doc:"What the last look found wrong that is about no one customer, such as an account whose customer is not in the portfolio."`
}

type fault struct {
	Tier string `json:"tier,omitempty" doc:"The key of the tier that it is about."`
	Says string `json:"says" doc:"What is wrong and what helps."`
}

// tally is what the customers of a tier come to, in one currency.
type tally struct {
	Tier       string `json:"tier"`
	Framework  string `json:"framework"`
	Currency   string `json:"currency"`
	Customers  int    `json:"customers"`
	PriceCents int64  `json:"price_cents" doc:"Of all of them but those that are suspended, a month."`
	Failing    int    `json:"failing" doc:"Customers of whom a check failed."`
}
