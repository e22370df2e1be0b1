package document

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/invopop/gobl"
	"github.com/invopop/gobl/bill"
	"github.com/invopop/gobl/cal"
	"github.com/invopop/gobl/cbc"
	"github.com/invopop/gobl/currency"
	"github.com/invopop/gobl/l10n"
	"github.com/invopop/gobl/num"
	"github.com/invopop/gobl/org"
	"github.com/invopop/gobl/pay"
	"github.com/invopop/gobl/tax"
	"github.com/invopop/gobl/uuid"

	"landlord/internal/money"
	"landlord/portfolio"
)

// GOBL writes d as a GOBL envelope: its schema, its totals worked out again by GOBL,
// and a digest. Where GOBL rounds the tax the other way at half a cent, the difference
// is its rounding; more is an error.
func (d *Document) GOBL(w io.Writer) error {
	inv := d.invoice()
	if err := inv.Calculate(); err != nil {
		return fmt.Errorf("%s as GOBL: %w", d.Number, err)
	}
	sign := money.Cents(1)
	if d.Note() {
		sign = -1 // GOBL's credit notes have their amounts above nothing
	}
	if off := amount(sign * d.Total).Subtract(inv.Totals.Payable); !off.IsZero() {
		if cents := off.Rescale(2).Value(); cents < -1 || cents > 1 {
			return fmt.Errorf("%s as GOBL comes to %s, not to %s", d.Number, inv.Totals.Payable, (sign * d.Total).Fixed())
		}
		inv.Totals.Rounding = &off
		if err := inv.Calculate(); err != nil {
			return fmt.Errorf("%s as GOBL: %w", d.Number, err)
		}
	}
	env, err := gobl.Envelop(inv)
	if err != nil {
		return fmt.Errorf("%s as GOBL: %w", d.Number, err)
	}
	env.Head.UUID = d.id()
	if err := env.Calculate(); err != nil {
		return fmt.Errorf("%s as GOBL: %w", d.Number, err)
	}
	if err := env.Validate(); err != nil {
		return fmt.Errorf("%s as GOBL: %w", d.Number, err)
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(env)
}

// id names the envelope by when the document was issued and which it is, so that it is
// called the same each time: a UUID of version 7.
// Source: RFC 9562, section 5.7.
func (d *Document) id() uuid.UUID {
	sum := sha256.Sum256([]byte("landlord " + d.Customer + " " + d.Number))
	var at [8]byte
	binary.BigEndian.PutUint64(at[:], uint64(d.Issued.UnixMilli()))
	b := append(at[2:8:8], sum[:10]...)
	b[6], b[8] = b[6]&0x0f|0x70, b[8]&0x3f|0x80
	return uuid.UUID(fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:]))
}

func amount(c money.Cents) num.Amount { return num.MakeAmount(int64(c), 2) }

func (d *Document) invoice() *bill.Invoice {
	sign := money.Cents(1)
	inv := &bill.Invoice{
		Type: bill.InvoiceTypeStandard, Code: cbc.Code(d.Number), Currency: currency.Code(d.Currency),
		IssueDate: date(d.Issued), Supplier: party(d.Terms.From), Customer: party(d.Terms.To),
	}
	inv.UUID = d.id()
	if d.Note() {
		sign = -1
		inv.Type, inv.Preceding = bill.InvoiceTypeCreditNote, []*org.DocumentRef{{Code: cbc.Code(d.Of), Reason: d.Reason}}
	}
	lines, taxes, _, _ := d.parts()
	category := tax.CategoryVAT
	if d.Terms.From.Country == "US" {
		category = tax.CategoryST
	}
	for _, l := range lines {
		price := amount(sign * l.Amount)
		line := &bill.Line{Quantity: num.MakeAmount(1, 0), Item: &org.Item{Name: l.Description, Description: l.How, Price: &price}}
		if len(taxes) > 0 && d.Terms.Tax.Rate > 0 {
			rate := num.MakePercentage(int64(d.Terms.Tax.Rate), 6)
			line.Taxes = tax.Set{{Category: category, Percent: &rate}}
		}
		inv.Lines = append(inv.Lines, line)
	}
	if d.Terms.To.Order != "" {
		inv.Ordering = &bill.Ordering{Code: cbc.Code(d.Terms.To.Order)}
	}
	if due, err := time.Parse(time.DateOnly, d.Due); err == nil && d.Total > 0 {
		on, all := date(due), num.MakePercentage(100, 2)
		inv.Payment = &bill.PaymentDetails{Terms: &pay.Terms{DueDates: []*pay.DueDate{{Date: &on, Percent: &all}}}}
	}
	for _, l := range taxes {
		inv.Notes = append(inv.Notes, &org.Note{Text: l.Description + ": " + l.How})
	}
	return inv
}

func date(t time.Time) cal.Date {
	t = t.UTC()
	return cal.MakeDate(t.Year(), t.Month(), t.Day())
}

// party is p as GOBL has it. A tax number that GOBL would check by its country's rules
// is kept as an identity: whether it is a right one is not landlord's to say.
func party(p portfolio.Party) *org.Party {
	out := &org.Party{Name: p.Name}
	if p.TaxID != "" {
		out.Identities = []*org.Identity{{Label: "Tax ID", Code: cbc.Code(p.TaxID)}}
	}
	if len(p.Address) > 0 || p.Country != "" {
		a := &org.Address{Country: l10n.ISOCountryCode(p.Country)}
		for i, line := range p.Address {
			switch i {
			case 0:
				a.Street = line
			case 1:
				a.Locality = line
			default:
				a.StreetExtra += line + " "
			}
		}
		out.Addresses = []*org.Address{a}
	}
	if p.Email != "" {
		out.Emails = []*org.Email{{Address: p.Email}}
	}
	return out
}
