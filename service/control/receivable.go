package control

import (
	"context"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"
	"time"

	"landlord/business/billing"
	"landlord/internal/money"
	"landlord/portfolio"
	"landlord/service/store"
)

// An InvoiceError refuses something that cannot be done with an invoice as it is.
type InvoiceError struct{ Why string }

func (e *InvoiceError) Error() string { return e.Why + ". Nothing was changed" }

func refuse(format string, args ...any) error { return &InvoiceError{fmt.Sprintf(format, args...)} }

// IssueDraft issues a customer's invoice for a month now, worked out anew, before its
// grace is over and though it is held.
func (c *Control) IssueDraft(ctx context.Context, customer string, m billing.Month, by By) (in store.Invoice, err error) {
	if now := c.clock.Now(); now.Before(m.End()) {
		return in, refuse("%s ends on %s: its invoices cannot be issued before", m.Text(), day(m.End()))
	}
	err = c.Store.Operator(ctx, func(tx store.Tx) error {
		v, err := tx.LatestPortfolio(ctx)
		if err != nil {
			return err
		}
		folio, err := portfolio.Parse("portfolio", []byte(v.Text))
		if err != nil {
			return fmt.Errorf("version %d: %w", v.Version, err)
		}
		at := slices.IndexFunc(folio.Customers, func(one portfolio.Customer) bool { return one.Key == customer })
		if at < 0 {
			return fmt.Errorf("customer %s of the portfolio: %w", customer, store.ErrNotFound)
		}
		done, err := c.billPart(ctx, tx, by, folio, m, folio.Customers[at:at+1], true)
		switch {
		case err != nil:
			return err
		case len(done) == 0:
			return refuse("%s has nothing to pay for %s: it is served on no day of it", customer, m.Text())
		case done[0].fault != nil:
			return &InvoiceError{done[0].fault.Error()}
		case done[0].kept:
			return refuse("%s has invoice %s for %s already", customer, done[0].number, m.Text())
		}
		if err := by.also(ctx, tx); err != nil {
			return err
		}
		in, err = tx.Invoice(ctx, done[0].number)
		return err
	})
	return in, err
}

// change does something with an invoice that nobody else changes meanwhile, and writes
// it down for the customer to read.
func (c *Control) change(ctx context.Context, number, action string, by By, do func(tx store.Tx, in store.Invoice, now time.Time) (after any, err error)) (in store.Invoice, err error) {
	now := c.clock.Now()
	err = c.Store.Operator(ctx, func(tx store.Tx) error {
		if err := tx.HoldInvoices(ctx); err != nil {
			return err
		}
		if in, err = tx.Invoice(ctx, number); err != nil {
			return err
		}
		if in.Series != store.Invoices {
			return refuse("%s is a credit note; it stays as it is", number)
		}
		after, err := do(tx, in, now)
		if err != nil {
			return err
		}
		e := by.entry(now, action, map[string]any{"number": number, "state": in.State}, after)
		e.Customer = in.Customer
		if err := tx.Audit(ctx, e); err != nil {
			return err
		}
		if err := by.also(ctx, tx); err != nil {
			return err
		}
		in, err = tx.Invoice(ctx, number)
		return err
	})
	return in, err
}

// Void ends an invoice as if it had not been: nothing of it may be paid, credited or
// adjusted. Its number stays, and the month can be invoiced again.
func (c *Control) Void(ctx context.Context, number, reason string, by By) (store.Invoice, error) {
	return c.change(ctx, number, "invoice.void", by, func(tx store.Tx, in store.Invoice, now time.Time) (any, error) {
		adjusted, err := tx.AdjustedBy(ctx, in.Customer, number)
		switch {
		case err != nil:
			return nil, err
		case in.State != store.InvoiceIssued && !(in.State == store.InvoicePaid && in.Total == 0):
			return nil, refuse("%s is %s and cannot become void; a credit note takes off what was wrong", number, in.State)
		case in.Paid != 0 || in.Credited != 0:
			return nil, refuse("%s has payments or credit notes and cannot become void; a credit note takes off the rest", number)
		case len(adjusted) > 0:
			return nil, refuse("%s charges what came late of %s: it has to become void first, or a credit note takes off what is wrong", strings.Join(adjusted, ", "), number)
		}
		return map[string]any{"number": number, "state": store.InvoiceVoid, "reason": reason}, tx.SettleInvoice(ctx, number, store.InvoiceVoid, reason, now)
	})
}

// WriteOff says of an invoice that it will not be paid.
func (c *Control) WriteOff(ctx context.Context, number, reason string, by By) (store.Invoice, error) {
	return c.change(ctx, number, "invoice.uncollectible", by, func(tx store.Tx, in store.Invoice, now time.Time) (any, error) {
		if in.State != store.InvoiceIssued {
			return nil, refuse("%s is %s: there is nothing to collect", number, in.State)
		}
		return map[string]any{"number": number, "state": store.InvoiceUncollectible, "reason": reason}, tx.SettleInvoice(ctx, number, store.InvoiceUncollectible, reason, now)
	})
}

// Pay writes down what was paid of an invoice, or, below nothing, paid back. An amount
// of 0 is all that is left. The error is store.ErrTaken for a reference that the
// invoice has already.
func (c *Control) Pay(ctx context.Context, p store.Payment, by By) (store.Invoice, error) {
	return c.change(ctx, p.Number, "invoice.pay", by, func(tx store.Tx, in store.Invoice, now time.Time) (any, error) {
		open := in.Total + in.Credited - in.Paid
		if p.Amount == 0 {
			p.Amount = open
		}
		paid, err := tx.Payments(ctx, in.Customer, in.Number)
		switch {
		case err != nil:
			return nil, err
		case slices.ContainsFunc(paid, func(one store.Payment) bool { return one.Reference == p.Reference }):
			return nil, fmt.Errorf("payment %s: %w", p.Reference, store.ErrTaken)
		case in.State == store.InvoiceVoid:
			return nil, refuse("%s is void: nothing is paid of it", p.Number)
		case open == 0:
			return nil, refuse("%s is paid", p.Number)
		case p.Amount > 0 != (open > 0):
			return nil, refuse("of %s %s is left, and %s is not a part of it", p.Number, open.Fixed(), p.Amount.Fixed())
		case p.Amount > open && open > 0, p.Amount < open && open < 0:
			return nil, refuse("of %s only %s is left, and %s is more", p.Number, open.Fixed(), p.Amount.Fixed())
		case p.PaidOn > day(now):
			return nil, refuse("%s is still to come", p.PaidOn)
		}
		p.Customer, p.By, p.At = in.Customer, by.Name, now
		if p.PaidOn == "" {
			p.PaidOn = day(now)
		}
		if err := tx.AddPayment(ctx, p); err != nil {
			return nil, err
		}
		told := map[string]any{"number": p.Number, "paid": p.Amount.Fixed(), "reference": p.Reference}
		if p.Amount != open || in.State == store.InvoicePaid {
			return told, nil
		}
		told["state"] = store.InvoicePaid
		return told, tx.SettleInvoice(ctx, p.Number, store.InvoicePaid, "", now)
	})
}

// Credit issues a credit note of an invoice: of an amount with its tax, or of all that
// was not credited yet for 0.
func (c *Control) Credit(ctx context.Context, number string, amount money.Cents, reason string, by By) (note store.Invoice, err error) {
	_, err = c.change(ctx, number, "invoice.credited", by, func(tx store.Tx, in store.Invoice, now time.Time) (any, error) {
		most := in.Total + in.Credited
		switch {
		case in.State == store.InvoiceVoid:
			return nil, refuse("%s is void: there is nothing to credit", number)
		case most <= 0:
			return nil, refuse("all of %s is credited", number)
		case amount < 0 || amount > most:
			return nil, refuse("of %s at most %s can be credited, not %s", number, most.Fixed(), amount.Fixed())
		case amount == 0:
			amount = most
		}
		lines, err := tx.InvoiceLines(ctx, in.Customer, number)
		if err != nil {
			return nil, err
		}
		if amount == in.Total {
			for i := range lines {
				lines[i].Amount = -lines[i].Amount
				lines[i].How = "credited: " + lines[i].How
				lines[i].Service, lines[i].Cost, lines[i].Of = "", nil, ""
			}
		} else {
			lines = creditLines(amount, reason, number, in.Terms.Tax)
		}
		list := []store.Invoice{{Customer: in.Customer, Month: in.Month, Of: number, Currency: in.Currency, Total: -amount, Terms: in.Terms, IssuedAt: now, Reason: reason}}
		if err := tx.Issue(ctx, store.CreditNotes, list, [][]billing.Line{lines}); err != nil {
			return nil, err
		}
		if err := tx.Audit(ctx, issued(by, list)...); err != nil {
			return nil, err
		}
		if note, err = tx.Invoice(ctx, list[0].Number); err != nil {
			return nil, err
		}
		told := map[string]any{"number": number, "credited": amount.Fixed(), "by": note.Number}
		if in.State != store.InvoiceIssued || most-amount != in.Paid {
			return told, nil
		}
		told["state"] = store.InvoicePaid
		return told, tx.SettleInvoice(ctx, number, store.InvoicePaid, "credited by "+note.Number, now)
	})
	return note, err
}

// creditLines divide an amount that is credited into what was before tax, and the tax:
// together they are the amount.
func creditLines(amount money.Cents, reason, number string, tax portfolio.Tax) []billing.Line {
	if tax.Rate == 0 {
		return []billing.Line{{Kind: billing.Credit, Description: reason, How: amount.Fixed() + " of " + number, Amount: -amount}}
	}
	net, _ := money.Round(new(big.Rat).Quo(amount.Rat(), new(big.Rat).Add(big.NewRat(1, 1), big.NewRat(int64(tax.Rate), 1_000_000)))) // less than amount
	return []billing.Line{
		{Kind: billing.Credit, Description: reason, How: fmt.Sprintf("%s of %s, of which %s is tax", amount.Fixed(), number, (amount - net).Fixed()), Amount: -net},
		{Kind: billing.Tax, Description: tax.Name, How: fmt.Sprintf("%s %% of %s", tax.Rate, net.Fixed()), Amount: net - amount},
	}
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

func union[V any](a, b map[string]V) map[string]V {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return all
}

// first are the first of a list.
func first(list []string, most int) string {
	if len(list) <= most {
		return strings.Join(list, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(list[:most], ", "), len(list)-most)
}
