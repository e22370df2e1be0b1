package store

import (
	"context"
	"encoding/json"
	"fmt"
	"math/big"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"landlord/business/billing"
)

// HoldInvoices makes whoever issues, settles or drafts invoices wait until this
// transaction ends.
func (tx Tx) HoldInvoices(ctx context.Context) error {
	if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtextextended('landlord invoices', 0))`); err != nil {
		return fmt.Errorf("wait for others who issue invoices: %w", err)
	}
	return nil
}

// Issued returns the numbers of the invoices of a month that are not void, by
// customer: of some customers.
func (tx Tx) Issued(ctx context.Context, month string, customers []string) (map[string]string, error) {
	rows, _ := tx.Query(ctx, `SELECT customer, number FROM invoice WHERE month = $1 AND series = 'INV' AND state <> 'void' AND customer = ANY ($2)`, month, customers)
	of := map[string]string{}
	var customer, number string
	if _, err := pgx.ForEachRow(rows, []any{&customer, &number}, func() error { of[customer] = number; return nil }); err != nil {
		return nil, fmt.Errorf("read the invoices of %s: %w", month, err)
	}
	return of, nil
}

// Issue gives documents the next numbers of their series, in their order, and keeps
// them with their lines, for ever. Numbers, LineCount and, of an invoice of nothing,
// State and SettledAt are filled in. All in one call are of one series; the caller
// holds the invoices.
func (tx Tx) Issue(ctx context.Context, series string, list []Invoice, lines [][]billing.Line) error {
	if len(list) == 0 {
		return nil
	}
	var last int64
	if err := tx.QueryRow(ctx, `SELECT coalesce(max(n), 0) FROM invoice_number WHERE series = $1`, series).Scan(&last); err != nil {
		return fmt.Errorf("read the last number of series %s: %w", series, err)
	}
	var customer, number, month, of, state, currency, terms, reason []string
	var n, total, count []int64
	var issued []time.Time
	var settled []*time.Time
	var due []*string
	var lineCustomer, lineNumber, kind, description, how []string
	var place, amount []int64
	var service, cost, lineOf []*string
	for i := range list {
		d := &list[i]
		last++
		d.Series, d.Number, d.LineCount, d.State = series, fmt.Sprintf("%s-%06d", series, last), len(lines[i]), InvoiceIssued
		if d.Total == 0 { // there is nothing to pay
			d.State, d.SettledAt = InvoicePaid, &d.IssuedAt
		}
		text, err := json.Marshal(d.Terms)
		if err != nil {
			return fmt.Errorf("terms of the invoice of %s: %w", d.Customer, err)
		}
		customer, number, month, of = append(customer, d.Customer), append(number, d.Number), append(month, d.Month), append(of, d.Of)
		state, currency, terms, reason = append(state, d.State), append(currency, d.Currency), append(terms, string(text)), append(reason, d.Reason)
		n, total, count = append(n, last), append(total, int64(d.Total)), append(count, int64(d.LineCount))
		issued, settled, due = append(issued, d.IssuedAt), append(settled, d.SettledAt), append(due, filledText(d.DueOn))
		for j, l := range lines[i] {
			lineCustomer, lineNumber, place = append(lineCustomer, d.Customer), append(lineNumber, d.Number), append(place, int64(j+1))
			kind, description, how = append(kind, string(l.Kind)), append(description, l.Description), append(how, l.How)
			amount, cost = append(amount, int64(l.Amount)), append(cost, decimal(l.Cost))
			service, lineOf = append(service, filledText(l.Service)), append(lineOf, filledText(l.Of))
		}
	}
	_, err := tx.Exec(ctx, `INSERT INTO invoice_number (series, n) SELECT $1, n FROM unnest($2::bigint[]) AS u (n)`, series, n)
	if err == nil {
		_, err = tx.Exec(ctx, `
			INSERT INTO invoice (customer, number, series, n, month, of, state, currency, total_cents, lines, terms, issued_at, due_on, settled_at, reason)
			SELECT u.customer, u.number, $1, u.n, u.month, nullif(u.of, ''), u.state, u.currency, u.total, u.lines, u.terms, u.issued, u.due::date, u.settled, u.reason
			FROM unnest($2::text[], $3::text[], $4::bigint[], $5::text[], $6::text[], $7::text[], $8::text[], $9::bigint[], $10::bigint[], $11::jsonb[], $12::timestamptz[], $13::text[], $14::timestamptz[], $15::text[])
				AS u (customer, number, n, month, of, state, currency, total, lines, terms, issued, due, settled, reason)`,
			series, customer, number, n, month, of, state, currency, total, count, terms, issued, due, settled, reason)
	}
	if err == nil {
		_, err = tx.Exec(ctx, `
			INSERT INTO invoice_line (customer, number, n, kind, description, how, amount_cents, service, cost, of)
			SELECT u.customer, u.number, u.n, u.kind, u.description, u.how, u.amount, u.service, u.cost::numeric, u.of
			FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::text[], $9::text[], $10::text[])
				AS u (customer, number, n, kind, description, how, amount, service, cost, of)`,
			lineCustomer, lineNumber, place, kind, description, how, amount, service, cost, lineOf)
	}
	if err != nil {
		return fmt.Errorf("issue %d of series %s: %w", len(list), series, err)
	}
	return nil
}

func filledText(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// SettleInvoice has an invoice paid, void or uncollectible. The caller holds the invoices.
func (tx Tx) SettleInvoice(ctx context.Context, number, state, reason string, at time.Time) error {
	tag, err := tx.Exec(ctx, `UPDATE invoice SET state = $2, reason = $3, settled_at = greatest($4, issued_at) WHERE number = $1`, number, state, reason, at)
	return written(tag, err, "invoice "+number)
}

// AddPayment keeps a payment, for ever; ErrTaken if the invoice has one of that
// reference.
func (tx Tx) AddPayment(ctx context.Context, p Payment) error {
	tag, err := tx.Exec(ctx, `INSERT INTO payment (customer, number, reference, amount_cents, method, paid_on, by, at) VALUES ($1, $2, $3, $4, $5, $6::text::date, $7, $8)`,
		p.Customer, p.Number, p.Reference, p.Amount, p.Method, p.PaidOn, p.By, p.At)
	return written(tag, err, "payment "+p.Reference+" of "+p.Number)
}

// MonthCost is AWS's cost of a month, as it has come in.
type MonthCost struct {
	Currency string                    // several, where imports differ
	Of       map[string][]billing.Cost // by customer, a service once
}

// MonthCosts returns AWS's cost of months, by month, of some customers. A month of which
// nothing has come in is not there.
func (tx Tx) MonthCosts(ctx context.Context, months, customers []string) (map[string]MonthCost, error) {
	fail := func(err error) (map[string]MonthCost, error) {
		return nil, fmt.Errorf("read AWS's cost of %s: %w", strings.Join(months, ", "), err)
	}
	rows, _ := tx.Query(ctx, `
		SELECT to_char(period, 'YYYY-MM'), string_agg(DISTINCT currency, ', ' ORDER BY currency) FROM usage_import
		WHERE replaced_at IS NULL AND period = ANY (SELECT to_date(m, 'YYYY-MM') FROM unnest($1::text[]) AS m) GROUP BY 1`, months)
	of := map[string]MonthCost{}
	var month, text, customer, service string
	if _, err := pgx.ForEachRow(rows, []any{&month, &text}, func() error {
		of[month] = MonthCost{text, map[string][]billing.Cost{}}
		return nil
	}); err != nil {
		return fail(err)
	}
	rows, _ = tx.Query(ctx, `
		SELECT to_char(period, 'YYYY-MM'), customer, service, trim_scale(sum(billed))::text FROM usage_day
		WHERE customer = ANY ($2) AND period = ANY (SELECT to_date(m, 'YYYY-MM') FROM unnest($1::text[]) AS m)
		GROUP BY period, customer, service ORDER BY period, customer, service`, months, customers)
	if _, err := pgx.ForEachRow(rows, []any{&month, &customer, &service, &text}, func() error {
		cost, err := exactCost(&text)
		if err == nil {
			of[month].Of[customer] = append(of[month].Of[customer], billing.Cost{Service: service, Amount: cost})
		}
		return err
	}); err != nil {
		return fail(err)
	}
	return of, nil
}

// AdjustedBy returns the numbers of the invoices that charge what came late of one.
func (tx Tx) AdjustedBy(ctx context.Context, customer, number string) ([]string, error) {
	rows, _ := tx.Query(ctx, `
		SELECT DISTINCT i.number FROM invoice i JOIN invoice_line l ON l.customer = i.customer AND l.number = i.number
		WHERE l.customer = $1 AND l.of = $2 AND i.state <> 'void' ORDER BY i.number`, customer, number)
	numbers, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("read what adjusts %s: %w", number, err)
	}
	return numbers, nil
}

// Charged is what invoices charged of AWS's cost of a month: one that passed it on,
// with what later ones added.
type Charged struct {
	Customer string
	Number   string
	Month    string
	Terms    billing.Terms
	Costs    []billing.Cost
}

// Charged returns what was charged of AWS's cost of the months from one up to another,
// by customer and month: of some customers. Void invoices charged nothing.
func (tx Tx) Charged(ctx context.Context, from, before string, customers []string) (all []Charged, err error) {
	rows, _ := tx.Query(ctx, `
		SELECT i.customer, i.number, i.month, i.terms, coalesce(l.service, ''), sum(l.cost)::text
		FROM invoice i
		LEFT JOIN (
			SELECT l.customer, coalesce(l.of, l.number) AS number, l.service, l.cost
			FROM invoice_line l JOIN invoice v ON v.customer = l.customer AND v.number = l.number AND v.state <> 'void'
			WHERE l.cost IS NOT NULL AND l.customer = ANY ($3)
		) l ON l.customer = i.customer AND l.number = i.number
		WHERE i.series = 'INV' AND i.state <> 'void' AND i.month >= $1 AND i.month < $2 AND i.customer = ANY ($3) AND i.terms->'rating'->'pass_through' = 'true'
		GROUP BY i.customer, i.number, i.month, i.terms, l.service ORDER BY i.customer, i.month, l.service`, from, before, customers)
	var c Charged
	var service string
	var cost *string
	_, err = pgx.ForEachRow(rows, []any{&c.Customer, &c.Number, &c.Month, &c.Terms, &service, &cost}, func() error {
		if n := len(all); n == 0 || all[n-1].Customer != c.Customer || all[n-1].Number != c.Number {
			all = append(all, Charged{c.Customer, c.Number, c.Month, c.Terms, nil})
		}
		c.Terms = billing.Terms{} // whose slices are not to be shared
		if cost == nil {
			return nil
		}
		r, ok := new(big.Rat).SetString(*cost)
		if !ok {
			return fmt.Errorf("%q is no cost", *cost)
		}
		last := &all[len(all)-1]
		last.Costs = append(last.Costs, billing.Cost{Service: service, Amount: r})
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read what was charged of AWS's cost: %w", err)
	}
	return all, nil
}

// Suspensions returns the days on which customers were suspended throughout, by
// orders of the house: those between the day of a suspension and that of its end.
func (tx Tx) Suspensions(ctx context.Context, customers []string) (map[string][]billing.Stretch, error) {
	rows, _ := tx.Query(ctx, `
		SELECT customer, kind, ended_at FROM run WHERE kind IN ('suspend', 'resume') AND state = 'done' AND customer = ANY ($1)
		ORDER BY customer, ended_at, id`, customers)
	of := map[string][]billing.Stretch{}
	var customer, kind string
	var at time.Time
	_, err := pgx.ForEachRow(rows, []any{&customer, &kind, &at}, func() error {
		list, day := of[customer], at.UTC()
		open := len(list) > 0 && list[len(list)-1].Until == ""
		switch {
		case kind == RunSuspend && !open:
			of[customer] = append(list, billing.Stretch{From: day.AddDate(0, 0, 1).Format(time.DateOnly)})
		case kind == RunResume && open:
			list[len(list)-1].Until = day.Format(time.DateOnly)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read who was suspended when: %w", err)
	}
	return of, nil
}
