package control

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"landlord/business/billing"
	"landlord/internal/money"
	"landlord/portfolio"
	"landlord/service/store"
)

// ErrMonth refuses to invoice a month that has not begun.
var ErrMonth = errors.New("this month has not begun: there is nothing to invoice")

// Bill asks for the run that works out a month's invoices by the portfolio in force,
// and issues those whose grace is over. A customer's month that is invoiced stays as
// it is: running it again does what is left.
func (c *Control) Bill(ctx context.Context, m billing.Month, by By) (run string, err error) {
	err = c.Store.Operator(ctx, func(tx store.Tx) error {
		run, err = c.bill(ctx, tx, m, by)
		return err
	})
	return run, err
}

func (c *Control) bill(ctx context.Context, tx store.Tx, m billing.Month, by By) (run string, err error) {
	now := c.clock.Now()
	if billing.MonthOf(now).String() < m.String() {
		return "", ErrMonth
	}
	v, err := tx.LatestPortfolio(ctx)
	if err != nil {
		return "", err
	}
	return c.ask(ctx, tx, store.Run{Kind: store.RunInvoice, Portfolio: v.Version, Month: m.String()}, by, now)
}

// billAgain is after how long a month is invoiced again of which something was left.
const billAgain = time.Hour

// issueDue asks for the invoices of months whose grace has ended. Replicas may all do
// so at once.
func (c *Control) issueDue(ctx context.Context, now time.Time) error {
	return c.Store.Operator(ctx, func(tx store.Tx) error {
		months, err := tx.MonthsDue(ctx, now)
		if err != nil || len(months) == 0 {
			return err
		}
		var alone bool
		if err := tx.QueryRow(ctx, `SELECT pg_try_advisory_xact_lock(hashtextextended('landlord bill', 0))`).Scan(&alone); err != nil || !alone {
			return err
		}
		for _, month := range months {
			last, err := tx.BillingOf(ctx, month)
			if err == nil && (!last.Over() || now.Sub(*last.Ended) < billAgain && last.AskedBy == system("billing").Name) {
				continue
			}
			if err != nil && !errors.Is(err, store.ErrNotFound) {
				return err
			}
			m, err := billing.ParseMonth(month)
			if err == nil {
				_, err = c.bill(ctx, tx, m, system("billing"))
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// invoicesAtOnce are worked out and issued in one transaction.
const invoicesAtOnce = 200

// billed is what a run over a month's invoices came to.
type billed struct {
	issued, kept, drafts int
	sums                 map[string]money.Cents // of what was issued, by currency
	held                 map[string]int         // why, and how many
	faults               []string
	from                 time.Time
}

// invoice works out a month's invoices, some customers at a time: what was done when
// it is stopped stays, and whoever takes the run up does the rest.
func (c *Control) invoice(ctx context.Context, run store.Run, folio *portfolio.Portfolio, places int) came {
	m, err := billing.ParseMonth(run.Month)
	if err != nil {
		return failed(err)
	}
	out := billed{sums: map[string]money.Cents{}, held: map[string]int{}, from: graceEnd(folio, m)}
	for at := 0; at < len(folio.Customers); at += invoicesAtOnce {
		part := folio.Customers[at:min(at+invoicesAtOnce, len(folio.Customers))]
		err := c.Store.Operator(ctx, func(tx store.Tx) error {
			by, err := asker(ctx, tx, run)
			if err != nil {
				return err
			}
			done, err := c.billPart(ctx, tx, by, folio, m, part, false)
			if err != nil {
				return err
			}
			now := c.clock.Now()
			step := func(customer, what, fault string) store.Step {
				s := store.Step{Run: run.ID, N: places, Customer: customer, Kind: "invoice", What: what, State: store.StepDone, Error: fault, Attempts: 1, Started: &now, Ended: &now}
				if places++; fault != "" {
					s.State = store.StepFailed
				}
				return s
			}
			steps := []store.Step{step("", fmt.Sprintf("customers %d to %d", at+1, at+len(part)), "")}
			for _, d := range done {
				out.add(d)
				if d.fault != nil {
					steps = append(steps, step(d.customer, "the invoice of "+m.String(), d.fault.Error()))
				}
			}
			return tx.PutSteps(ctx, steps)
		})
		if err != nil {
			return failed(err)
		}
	}
	r := came{state: store.RunDone, summary: out.sentence(m, folio)}
	if len(out.faults) > 0 {
		r.state = store.RunFailed
	}
	return r
}

// graceEnd is from when on the invoices of a month are issued.
func graceEnd(folio *portfolio.Portfolio, m billing.Month) time.Time {
	return m.End().AddDate(0, 0, folio.Billing.GraceDays)
}

// outcome is what became of one customer's invoice.
type outcome struct {
	customer string
	number   string // that it has
	kept     bool   // from before
	total    money.Cents
	currency string
	drafted  bool
	held     string
	fault    error
}

func (b *billed) add(o outcome) {
	switch {
	case o.fault != nil:
		b.faults = append(b.faults, o.customer)
	case o.kept:
		b.kept++
	case o.number != "":
		b.issued++
		b.sums[o.currency] += o.total
	case o.drafted && o.held != "":
		b.held[o.held]++
	case o.drafted:
		b.drafts++
	}
}

// sentence is the run's summary.
func (b billed) sentence(m billing.Month, folio *portfolio.Portfolio) string {
	parts := []string{count(b.issued, "invoice") + " for " + m.Text() + " issued"}
	for _, currency := range sorted(b.sums) {
		parts[0] += ", " + b.sums[currency].Fixed() + " " + currency
	}
	if b.kept > 0 {
		parts = append(parts, fmt.Sprintf("%s had theirs already", count(b.kept, "customer")))
	}
	if b.drafts > 0 {
		parts = append(parts, fmt.Sprintf("%s until %s", count(b.drafts, "draft"), day(b.from)))
	}
	for _, why := range sorted(b.held) {
		parts = append(parts, fmt.Sprintf("%s held: %s", count(b.held[why], "draft"), why))
	}
	for _, d := range folio.Departed {
		if d.Until > m.Day(1) {
			parts = append(parts, fmt.Sprintf("%s left on %s, has no tier any more and gets no invoice", d.Key, d.Until))
		}
	}
	if n := len(b.faults); n > 0 {
		parts = append(parts, fmt.Sprintf("%s could not be invoiced (%s): its steps say why", count(n, "customer"), first(b.faults, 5)))
	}
	return strings.Join(parts, "; ")
}

// late is for how many months after an invoice AWS's changes are followed.
const late = 12

// billPart works out the invoices of some customers, issues those that may be, or that
// must be now, and keeps the others as drafts. Others who do so wait until tx ends.
func (c *Control) billPart(ctx context.Context, tx store.Tx, by By, folio *portfolio.Portfolio, m billing.Month, part []portfolio.Customer, must bool) ([]outcome, error) {
	if err := tx.HoldInvoices(ctx); err != nil {
		return nil, err
	}
	now := c.clock.Now()
	keys := make([]string, len(part))
	for i, customer := range part {
		keys[i] = customer.Key
	}
	have, err := tx.Issued(ctx, m.String(), keys)
	if err != nil {
		return nil, err
	}
	given, held, err := given(ctx, tx, m, keys, folio.Billing.Currency)
	if err != nil {
		return nil, err
	}
	b := billing.New(folio, m)
	var done []outcome
	var issue []store.Invoice
	var lines [][]billing.Line
	var drafts []store.Draft
	var gone []string
	for _, customer := range part {
		o := outcome{customer: customer.Key, number: have[customer.Key]}
		if o.number != "" {
			o.kept = true
			done = append(done, o)
			continue
		}
		in, ok, err := b.Draft(customer, given[customer.Key])
		o.total, o.currency, o.fault = in.Total, in.Currency, err
		if err != nil || !ok {
			gone = append(gone, customer.Key)
			if err != nil {
				done = append(done, o)
			}
			continue
		}
		if in.Terms.Rating.PassThrough {
			o.held = held
		}
		if must || o.held == "" && !now.Before(graceEnd(folio, m)) {
			issue = append(issue, store.Invoice{
				Customer: in.Customer, Month: m.String(), Currency: in.Currency, Total: in.Total, Terms: in.Terms, IssuedAt: now,
				DueOn: day(now.AddDate(0, 0, in.Terms.Days)),
			})
			lines, gone = append(lines, in.Lines), append(gone, customer.Key)
		} else {
			o.drafted = true
			drafts = append(drafts, store.Draft{Customer: in.Customer, Month: m.String(), Currency: in.Currency, Total: in.Total, Terms: in.Terms, Lines: in.Lines, MadeAt: now, IssueFrom: graceEnd(folio, m), Held: o.held})
		}
		done = append(done, o)
	}
	if err := tx.RemoveDrafts(ctx, m.String(), gone); err != nil {
		return nil, err
	}
	if err := tx.PutDrafts(ctx, drafts); err != nil {
		return nil, err
	}
	if err := tx.Issue(ctx, store.Invoices, issue, lines); err != nil {
		return nil, err
	}
	if err := tx.Audit(ctx, issued(by, issue)...); err != nil {
		return nil, err
	}
	for _, in := range issue {
		at := slices.IndexFunc(done, func(o outcome) bool { return o.customer == in.Customer })
		done[at].number = in.Number
	}
	return done, nil
}

// given is what a month brought for customers, and why invoices that pass AWS's cost
// on are held, if they are.
func given(ctx context.Context, tx store.Tx, m billing.Month, keys []string, currency string) (of map[string]billing.Given, held string, err error) {
	suspended, err := tx.Suspensions(ctx, keys)
	if err != nil {
		return nil, "", err
	}
	first := m
	for range late {
		first = first.Before()
	}
	charged, err := tx.Charged(ctx, first.String(), m.String(), keys)
	if err != nil {
		return nil, "", err
	}
	months := []string{m.String()}
	for _, ch := range charged {
		if !slices.Contains(months, ch.Month) {
			months = append(months, ch.Month)
		}
	}
	costs, err := tx.MonthCosts(ctx, months, keys)
	if err != nil {
		return nil, "", err
	}
	now, come := costs[m.String()]
	switch {
	case !come:
		held = "AWS's cost of " + m.Text() + " has not come in"
	case now.Currency != currency:
		held = "AWS's cost of " + m.Text() + " is in " + now.Currency + ", and invoices are in " + currency
		now.Of = nil
	}
	of = map[string]billing.Given{}
	for _, key := range keys {
		of[key] = billing.Given{Suspended: suspended[key], Costs: now.Of[key]}
	}
	for _, ch := range charged {
		month, err := billing.ParseMonth(ch.Month)
		if is, come := costs[ch.Month]; come && err == nil && is.Currency == currency {
			g := of[ch.Customer]
			g.Late = append(g.Late, billing.Late{Month: month, Number: ch.Number, Rating: ch.Terms.Rating, Was: ch.Costs, Now: is.Of[ch.Customer]})
			of[ch.Customer] = g
		}
	}
	return of, held, nil
}

// issued are the entries of the audit log for documents that were issued.
func issued(by By, list []store.Invoice) (entries []store.Entry) {
	for _, in := range list {
		action := map[string]string{store.Invoices: "invoice.issue", store.CreditNotes: "invoice.credit"}[in.Series]
		told := map[string]any{"number": in.Number, "month": in.Month, "total": in.Total.Fixed(), "currency": in.Currency}
		if in.Of != "" {
			told["of"] = in.Of
		}
		e := by.entry(in.IssuedAt, action, nil, told)
		e.Customer = in.Customer
		entries = append(entries, e)
	}
	return entries
}
