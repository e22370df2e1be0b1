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
	"landlord/internal/money"
)

// Series of numbers. Each goes up by one from 1, without a gap.
const (
	Invoices    = "INV"
	CreditNotes = "CN"
)

// The states of an invoice. A draft is none yet; one that is issued and not settled
// by its day is overdue.
const (
	InvoiceIssued        = "issued"
	InvoicePaid          = "paid"
	InvoiceVoid          = "void"
	InvoiceUncollectible = "uncollectible"

	InvoiceDraft   = "draft"   // in queries
	InvoiceOverdue = "overdue" // in queries
)

// Invoice is one that was issued, or a credit note.
type Invoice struct {
	Customer  string
	Number    string
	Series    string
	Month     string
	Of        string // the invoice that a credit note is of
	State     string
	Currency  string
	Total     money.Cents // below nothing of a credit note
	LineCount int
	Terms     billing.Terms
	IssuedAt  time.Time
	DueOn     string // "2026-03-08"; "" of a credit note
	SettledAt *time.Time
	Reason    string
	Paid      money.Cents
	Credited  money.Cents // by credit notes; not above nothing
}

// Left is what is still to be paid, or, below nothing, to be paid back.
func (i Invoice) Left() money.Cents {
	if i.Series != Invoices || i.State == InvoiceVoid || i.State == InvoiceUncollectible {
		return 0
	}
	return i.Total + i.Credited - i.Paid
}

// Overdue tells whether i should have been paid before a day.
func (i Invoice) Overdue(now time.Time) bool {
	return i.State == InvoiceIssued && i.Series == Invoices && i.DueOn < now.UTC().Format(time.DateOnly)
}

const invoiceColumns = `i.customer, i.number, i.series, i.month, coalesce(i.of, ''), i.state, i.currency, i.total_cents, i.lines, i.terms, i.issued_at, coalesce(to_char(i.due_on, 'YYYY-MM-DD'), ''), i.settled_at, i.reason,
	(SELECT coalesce(sum(p.amount_cents), 0)::bigint FROM payment p WHERE p.customer = i.customer AND p.number = i.number),
	(SELECT coalesce(sum(c.total_cents), 0)::bigint FROM invoice c WHERE c.customer = i.customer AND c.of = i.number)`

// Invoice reads an issued invoice or a credit note; ErrNotFound if there is none of
// that number, or it is not this scope's.
func (tx Tx) Invoice(ctx context.Context, number string) (Invoice, error) {
	rows, _ := tx.Query(ctx, `SELECT `+invoiceColumns+` FROM invoice i WHERE i.number = $1`, number)
	return one[Invoice](rows, "invoice "+number)
}

// InvoiceQuery says which invoices are wanted; a zero field asks for any.
type InvoiceQuery struct {
	Customer string
	Month    string
	State    string // InvoiceOverdue too
	Of       string // credit notes of an invoice
	Text     string // a part of a number or of a customer's key or name
	Offset   int
	Limit    int // 0 for all
	Now      time.Time
}

func (q InvoiceQuery) where() (string, []any) {
	asked, args := []string{`true`}, []any{}
	must := func(condition string, v any) {
		args = append(args, v)
		asked = append(asked, strings.ReplaceAll(condition, "?", fmt.Sprintf("$%d", len(args))))
	}
	if q.Customer != "" {
		must(`i.customer = ?`, q.Customer)
	}
	if q.Month != "" {
		must(`i.month = ?`, q.Month)
	}
	if q.Of != "" {
		must(`i.of = ?`, q.Of)
	}
	switch q.State {
	case "":
	case InvoiceOverdue:
		must(`i.state = 'issued' AND i.due_on < ?::timestamptz AT TIME ZONE 'UTC' - interval '1 day'`, q.Now)
	default:
		must(`i.state = ?`, q.State)
	}
	if q.Text != "" {
		must(`(strpos(lower(i.number), lower(?)) > 0 OR EXISTS (SELECT FROM customer c WHERE c.key = i.customer AND (strpos(c.key, lower(?)) > 0 OR strpos(lower(c.name), lower(?)) > 0)))`, q.Text)
	}
	return strings.Join(asked, " AND "), args
}

// Invoices returns issued invoices and credit notes, the newest first, and how many
// there are in all.
func (tx Tx) Invoices(ctx context.Context, q InvoiceQuery) (list []Invoice, total int, err error) {
	where, args := q.where()
	if err := tx.QueryRow(ctx, `SELECT count(*) FROM invoice i WHERE `+where, args...).Scan(&total); err != nil {
		return nil, 0, fmt.Errorf("count the invoices: %w", err)
	}
	most := "ALL"
	if q.Limit > 0 {
		most = fmt.Sprint(q.Limit)
	}
	rows, _ := tx.Query(ctx, `SELECT `+invoiceColumns+` FROM invoice i WHERE `+where+fmt.Sprintf(` ORDER BY i.issued_at DESC, i.series DESC, i.n DESC LIMIT %s OFFSET %d`, most, q.Offset), args...)
	list, err = collect[Invoice](rows, "the invoices")
	return list, total, err
}

// Outstanding is what is owed in a currency.
type Outstanding struct {
	Currency string
	Open     int
	Left     money.Cents
	Overdue  int
	Late     money.Cents // of the overdue ones
}

// Outstanding returns what is owed of invoices that are issued and not settled.
func (tx Tx) Outstanding(ctx context.Context, now time.Time) ([]Outstanding, error) {
	rows, _ := tx.Query(ctx, `
		SELECT o.currency, count(*), sum(o.rest)::bigint, count(*) FILTER (WHERE o.late), coalesce(sum(o.rest) FILTER (WHERE o.late), 0)::bigint
		FROM (SELECT i.currency, i.due_on < $1::timestamptz AT TIME ZONE 'UTC' - interval '1 day' AS late, i.total_cents
			+ (SELECT coalesce(sum(c.total_cents), 0) FROM invoice c WHERE c.customer = i.customer AND c.of = i.number)
			- (SELECT coalesce(sum(p.amount_cents), 0) FROM payment p WHERE p.customer = i.customer AND p.number = i.number) AS rest
			FROM invoice i WHERE i.state = 'issued' AND i.series = 'INV') o
		GROUP BY o.currency ORDER BY o.currency`, now)
	return collect[Outstanding](rows, "what is outstanding")
}

// InvoiceLines returns the lines of an invoice, in their order.
func (tx Tx) InvoiceLines(ctx context.Context, customer, number string) ([]billing.Line, error) {
	rows, _ := tx.Query(ctx, `
		SELECT kind, description, how, amount_cents, coalesce(service, ''), cost::text, coalesce(of, '') FROM invoice_line
		WHERE customer = $1 AND number = $2 ORDER BY n`, customer, number)
	lines, err := pgx.CollectRows(rows, scanLine)
	if err != nil {
		return nil, fmt.Errorf("read the lines of %s: %w", number, err)
	}
	return lines, nil
}

func scanLine(row pgx.CollectableRow) (l billing.Line, err error) {
	var cost *string
	if err := row.Scan(&l.Kind, &l.Description, &l.How, &l.Amount, &l.Service, &cost, &l.Of); err != nil {
		return l, err
	}
	l.Cost, err = exactCost(cost)
	return l, err
}

func exactCost(text *string) (*big.Rat, error) {
	if text == nil {
		return nil, nil
	}
	r, ok := new(big.Rat).SetString(*text)
	if !ok {
		return nil, fmt.Errorf("%q is no cost", *text)
	}
	return r, nil
}

// Payment is what was paid of an invoice, or, below nothing, paid back.
type Payment struct {
	Customer  string
	Number    string
	Reference string // as the bank has it; once for each invoice
	Amount    money.Cents
	Method    string
	PaidOn    string // "2026-03-01"
	At        time.Time
	By        string // whoever wrote it down; "" in a customer's scope
}

// Payments returns those of an invoice, the first first.
func (tx Tx) Payments(ctx context.Context, customer, number string) ([]Payment, error) {
	by := `by`
	if tx.Key != "" {
		by = `''` // which the customer's role may not read
	}
	rows, _ := tx.Query(ctx, `
		SELECT customer, number, reference, amount_cents, method, to_char(paid_on, 'YYYY-MM-DD'), at, `+by+` FROM payment
		WHERE customer = $1 AND number = $2 ORDER BY paid_on, at, reference`, customer, number)
	return collect[Payment](rows, "the payments of "+number)
}

// Draft is what a customer's invoice for a month would be, as far as was known.
type Draft struct {
	Customer  string
	Month     string
	Currency  string
	Total     money.Cents
	Terms     billing.Terms
	Lines     []billing.Line
	MadeAt    time.Time
	IssueFrom time.Time
	Held      string // why it is not issued then; "" if it is
}

// draftLine is a line of a draft as it is kept.
type draftLine struct {
	Kind        billing.Kind `json:"kind"`
	Description string       `json:"description"`
	How         string       `json:"how"`
	Amount      money.Cents  `json:"amount_cents"`
	Service     string       `json:"service,omitempty"`
	Cost        *string      `json:"cost,omitempty"`
	Of          string       `json:"of,omitempty"`
}

// Drafts returns those that a query asks for, by month and customer, and how many
// there are in all.
func (tx Tx) Drafts(ctx context.Context, q InvoiceQuery) (list []Draft, total int, err error) {
	const where = ` FROM invoice_draft d WHERE ($1 = '' OR d.customer = $1) AND ($2 = '' OR d.month = $2)
		AND ($3 = '' OR EXISTS (SELECT FROM customer c WHERE c.key = d.customer AND (strpos(c.key, lower($3)) > 0 OR strpos(lower(c.name), lower($3)) > 0)))`
	args := []any{q.Customer, q.Month, q.Text}
	if err := tx.QueryRow(ctx, `SELECT count(*)`+where, args...).Scan(&total); err != nil {
		return nil, 0, fmt.Errorf("count the drafts: %w", err)
	}
	most := "ALL"
	if q.Limit > 0 {
		most = fmt.Sprint(q.Limit)
	}
	rows, _ := tx.Query(ctx, `SELECT d.customer, d.month, d.currency, d.total_cents, d.terms, d.lines, d.made_at, d.issue_from, d.held`+where+fmt.Sprintf(` ORDER BY d.month DESC, d.customer LIMIT %s OFFSET %d`, most, q.Offset), args...)
	list, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (d Draft, err error) {
		var lines []draftLine
		err = row.Scan(&d.Customer, &d.Month, &d.Currency, &d.Total, &d.Terms, &lines, &d.MadeAt, &d.IssueFrom, &d.Held)
		for _, l := range lines {
			cost, bad := exactCost(l.Cost)
			if bad != nil {
				return d, bad
			}
			d.Lines = append(d.Lines, billing.Line{Kind: l.Kind, Description: l.Description, How: l.How, Amount: l.Amount, Service: l.Service, Cost: cost, Of: l.Of})
		}
		return d, err
	})
	if err != nil {
		return nil, 0, fmt.Errorf("read the drafts: %w", err)
	}
	return list, total, nil
}

// PutDrafts writes drafts, in place of those of the same customers and months.
func (tx Tx) PutDrafts(ctx context.Context, drafts []Draft) error {
	var customer, month, currency, terms, lines, held []string
	var total []int64
	var made, from []time.Time
	for _, d := range drafts {
		of := make([]draftLine, 0, len(d.Lines))
		for _, l := range d.Lines {
			of = append(of, draftLine{l.Kind, l.Description, l.How, l.Amount, l.Service, decimal(l.Cost), l.Of})
		}
		list, err := json.Marshal(of)
		if err != nil {
			return fmt.Errorf("lines of the draft of %s: %w", d.Customer, err)
		}
		under, err := json.Marshal(d.Terms)
		if err != nil {
			return fmt.Errorf("terms of the draft of %s: %w", d.Customer, err)
		}
		customer, month, currency, total = append(customer, d.Customer), append(month, d.Month), append(currency, d.Currency), append(total, int64(d.Total))
		terms, lines, made, from, held = append(terms, string(under)), append(lines, string(list)), append(made, d.MadeAt), append(from, d.IssueFrom), append(held, d.Held)
	}
	_, err := tx.Exec(ctx, `
		INSERT INTO invoice_draft (customer, month, currency, total_cents, terms, lines, made_at, issue_from, held)
		SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::jsonb[], $6::jsonb[], $7::timestamptz[], $8::timestamptz[], $9::text[])
		ON CONFLICT (customer, month) DO UPDATE SET currency = excluded.currency, total_cents = excluded.total_cents, terms = excluded.terms, lines = excluded.lines,
			made_at = excluded.made_at, issue_from = excluded.issue_from, held = excluded.held`, customer, month, currency, total, terms, lines, made, from, held)
	if err != nil {
		return fmt.Errorf("write %d drafts of invoices: %w", len(drafts), err)
	}
	return nil
}

// decimal writes an exact cost, which has a finite number of places, with all of them.
func decimal(r *big.Rat) *string {
	if r == nil {
		return nil
	}
	places, _ := r.FloatPrec()
	text := money.Decimal(r, places)
	return &text
}

// RemoveDrafts removes the drafts of customers for a month.
func (tx Tx) RemoveDrafts(ctx context.Context, month string, customers []string) error {
	_, err := tx.Exec(ctx, `DELETE FROM invoice_draft WHERE month = $1 AND customer = ANY ($2)`, month, customers)
	return wrote(err, "the drafts of "+month)
}

// MonthsDue returns the months of drafts that may be issued at a time.
func (tx Tx) MonthsDue(ctx context.Context, now time.Time) ([]string, error) {
	rows, _ := tx.Query(ctx, `SELECT DISTINCT month FROM invoice_draft WHERE issue_from <= $1 AND held = '' ORDER BY month`, now)
	months, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("read which months are to be invoiced: %w", err)
	}
	return months, nil
}
