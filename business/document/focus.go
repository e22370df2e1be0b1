package document

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"landlord/business/billing"
)

// focusColumns are the mandatory columns of FOCUS 1.4's dataset Invoice Detail, and of
// the conditional ones what landlord has. Payment is in the currency of the bill.
// Source: FOCUS specification 1.4, Invoice Detail, model of 2026.
var focusColumns = []string{
	"BilledCost", "BillingAccountId", "BillingCurrency", "BillingPeriodEnd", "BillingPeriodStart", "ChargeCategory", "InvoiceDetailCreated",
	"InvoiceDetailDescription", "InvoiceDetailGrain", "InvoiceDetailId", "InvoiceDetailLastUpdated", "InvoiceId", "InvoiceIssueDate", "InvoiceIssueStatus",
	"InvoiceIssuerName", "PaymentCurrency", "PaymentCurrencyBilledCost", "PaymentCurrencyInvoiceDetailId", "PaymentDueDate", "PaymentTerms", "PurchaseOrderNumber", "ReferenceInvoiceId",
}

// focusCategory is the charge category of each kind of line.
var focusCategory = map[billing.Kind]string{
	billing.Subscription: "Purchase", billing.Discount: "Credit", billing.Usage: "Usage", billing.Included: "Credit", billing.Markup: "Usage",
	billing.Minimum: "Adjustment", billing.Adjustment: "Adjustment", billing.Credit: "Credit", billing.Tax: "Tax",
}

// FOCUS writes d as rows of FOCUS 1.4 Invoice Detail, a line a row; their costs sum to
// the total.
func (d *Document) FOCUS(w io.Writer) error { return FOCUS(w, []*Document{d}) }

// FOCUS writes documents as one file of FOCUS 1.4 Invoice Detail.
func FOCUS(w io.Writer, all []*Document) error {
	out := csv.NewWriter(w)
	if err := out.Write(focusColumns); err != nil {
		return err
	}
	for _, d := range all {
		issued := d.Issued.UTC().Format(time.RFC3339)
		status, due, terms, of := "Issued", d.Due, fmt.Sprintf("Net %d", d.Terms.Days), d.Of
		if d.Void != "" {
			status = "Voided"
		}
		if due != "" {
			due += "T00:00:00Z"
		}
		if d.Note() {
			terms = "Credit"
		}
		for i, l := range d.Lines {
			id := fmt.Sprintf("%s-%d", d.Number, i+1)
			grain, err := json.Marshal(map[string]string{"Kind": string(l.Kind), "Computed": l.How, "Service": l.Service})
			if err != nil {
				return err
			}
			about := of
			if l.Of != "" {
				about = l.Of
			}
			if about == "" {
				about = d.Number // which must be something, and refers to nothing else
			}
			category := focusCategory[l.Kind]
			if d.Note() && l.Kind != billing.Tax {
				category = "Credit"
			}
			err = out.Write([]string{
				l.Amount.Fixed(), d.Customer, d.Currency, d.Month.End().Format(time.RFC3339), d.Month.Day(1) + "T00:00:00Z", category, issued,
				l.Description, string(grain), id, issued, d.Number, issued, status,
				d.Terms.From.Name, d.Currency, l.Amount.Fixed(), id, due, terms, d.Terms.To.Order, about,
			})
			if err != nil {
				return err
			}
		}
	}
	out.Flush()
	return out.Error()
}
