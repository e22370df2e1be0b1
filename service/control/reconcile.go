package control

import (
	"context"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"landlord/business/billing"
	"landlord/internal/money"
	"landlord/portfolio"
	"landlord/service/store"
)

// Difference is a line of an issued invoice that would be another today.
type Difference struct {
	Customer string
	Number   string
	Line     string
	Invoiced money.Cents
	Now      money.Cents
}

// Reconcile compares a month's invoices, with all that later ones adjusted, with what
// the portfolio in force and AWS's cost say of the month now, line by line.
func (c *Control) Reconcile(ctx context.Context, tx store.Tx, m billing.Month) (compared int, found []Difference, err error) {
	v, err := tx.LatestPortfolio(ctx)
	if err != nil {
		return 0, nil, err
	}
	folio, err := portfolio.Parse("portfolio", []byte(v.Text))
	if err != nil {
		return 0, nil, fmt.Errorf("version %d: %w", v.Version, err)
	}
	all, _, err := tx.Invoices(ctx, store.InvoiceQuery{Month: m.String()})
	if err != nil {
		return 0, nil, err
	}
	b, by := billing.New(folio, m), map[string]portfolio.Customer{}
	for _, customer := range folio.Customers {
		by[customer.Key] = customer
	}
	slices.SortFunc(all, func(a, b store.Invoice) int { return strings.Compare(a.Number, b.Number) })
	for part := range slices.Chunk(all, invoicesAtOnce) {
		var keys []string
		for _, in := range part {
			keys = append(keys, in.Customer)
		}
		given, _, err := given(ctx, tx, m, keys, folio.Billing.Currency)
		if err != nil {
			return 0, nil, err
		}
		charged, err := tx.Charged(ctx, m.String(), m.Next().String(), keys)
		if err != nil {
			return 0, nil, err
		}
		for _, in := range part {
			if in.Series != store.Invoices || in.State == store.InvoiceVoid {
				continue
			}
			compared++
			lines, err := tx.InvoiceLines(ctx, in.Customer, in.Number)
			if err != nil {
				return 0, nil, err
			}
			was := sums(lines)
			for _, ch := range charged {
				if ch.Number == in.Number {
					was[awsCost] = rounded(ch.Costs)
				}
			}
			g := given[in.Customer]
			g.Late = nil // which is of months before
			today, _, err := b.Draft(by[in.Customer], g)
			if err != nil {
				return 0, nil, err
			}
			now := sums(today.Lines)
			for _, line := range sorted(union(was, now)) {
				if was[line] != now[line] {
					found = append(found, Difference{in.Customer, in.Number, line, was[line], now[line]})
				}
			}
		}
	}
	return compared, found, nil
}

const awsCost = "AWS cost"

// sums are lines by what they are for. Those of AWS's cost are one; what follows from
// other lines, as tax does, is left out.
func sums(lines []billing.Line) map[string]money.Cents {
	of := map[string]money.Cents{}
	for _, l := range lines {
		switch l.Kind {
		case billing.Usage:
			of[awsCost] += l.Amount
		case billing.Subscription, billing.Discount, billing.Credit:
			of[l.Description] += l.Amount
		}
	}
	return of
}

func rounded(costs []billing.Cost) money.Cents {
	sum := new(big.Rat)
	for _, c := range costs {
		sum.Add(sum, c.Amount)
	}
	cents, _ := money.Round(sum) // an invoice held it
	return cents
}
