package control

import (
	"context"

	"landlord/business/billing"
	"landlord/business/document"
	"landlord/service/store"
)

// Document makes the document of an invoice or a credit note that was issued, in the
// scope of tx: another customer's is not found there.
func Document(ctx context.Context, tx store.Tx, number string) (*document.Document, error) {
	in, err := tx.Invoice(ctx, number)
	if err != nil {
		return nil, err
	}
	m, err := billing.ParseMonth(in.Month)
	if err != nil {
		return nil, err
	}
	lines, err := tx.InvoiceLines(ctx, in.Customer, in.Number)
	if err != nil {
		return nil, err
	}
	d := &document.Document{
		Number: in.Number, Of: in.Of, Customer: in.Customer, Month: m, Issued: in.IssuedAt.UTC(), Due: in.DueOn, Currency: in.Currency,
		Terms: in.Terms, Lines: lines, Total: in.Total,
	}
	if in.Of != "" {
		d.Reason = in.Reason
	}
	if in.State == store.InvoiceVoid {
		d.Void = in.Reason
	}
	return d, nil
}
