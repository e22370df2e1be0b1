// Package document writes invoices and credit notes that were issued: as PDF and HTML
// for people, as a GOBL envelope and as rows of FOCUS 1.4 Invoice Detail for programs.
// The same document makes the same bytes, whoever asks and whenever: what is paid of
// it stands elsewhere.
//
// It works nothing out: lines and total are business/billing's.
package document

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"landlord/business/billing"
	"landlord/internal/money"
)

// Document is an invoice or a credit note.
type Document struct {
	Number   string
	Of       string // the invoice that a credit note is of; "" of an invoice
	Reason   string // of a credit note
	Void     string // why it is void; "" if it is not
	Customer string // key
	Month    billing.Month
	Issued   time.Time
	Due      string // "2026-03-08"; "" of a credit note
	Currency string
	Terms    billing.Terms
	Lines    []billing.Line
	Total    money.Cents // below nothing of a credit note
}

// Note tells whether d is a credit note.
func (d *Document) Note() bool { return d.Of != "" }

// Title is what d is, with its number.
func (d *Document) Title() string {
	if d.Note() {
		return "Credit note " + d.Number
	}
	return "Invoice " + d.Number
}

// parts are d's lines before tax, those of tax, and the sums of both.
func (d *Document) parts() (lines, taxes []billing.Line, net, tax money.Cents) {
	for _, l := range d.Lines {
		if l.Kind == billing.Tax {
			taxes, tax = append(taxes, l), tax+l.Amount
		} else {
			lines, net = append(lines, l), net+l.Amount
		}
	}
	return lines, taxes, net, tax
}

// grouped is an amount for people: "15,000.00".
func grouped(c money.Cents) string {
	whole, places, _ := strings.Cut(strings.TrimPrefix(c.Fixed(), "-"), ".")
	sign := ""
	if c < 0 {
		sign = "−"
	}
	return sign + money.Group(whole) + "." + places
}

// day is a day for people: "8 March 2026".
func day(text string) string {
	at, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return text
	}
	return at.Format("2 January 2006")
}

// Format is a way of writing a document.
type Format struct {
	Name  string // as it is asked for
	File  string // how files of it end
	Media string
	Write func(*Document, io.Writer) error
}

// Formats are all of them.
var Formats = []Format{
	{"pdf", "pdf", "application/pdf", (*Document).PDF},
	{"html", "html", "text/html; charset=utf-8", (*Document).HTML},
	{"gobl", "json", "application/json", (*Document).GOBL},
	{"focus", "focus.csv", "text/csv; charset=utf-8", (*Document).FOCUS},
	{"json", "data.json", "application/json", (*Document).JSON},
}

// FormatOf is the format of a name.
func FormatOf(name string) (Format, bool) {
	for _, f := range Formats {
		if f.Name == name {
			return f, true
		}
	}
	return Format{}, false
}

// JSON writes d as the command line and the API have invoices, amounts as decimal
// strings.
func (d *Document) JSON(w io.Writer) error {
	type line struct {
		Kind        billing.Kind `json:"kind"`
		Description string       `json:"description"`
		How         string       `json:"how"`
		Amount      string       `json:"amount"`
	}
	lines := make([]line, 0, len(d.Lines))
	for _, l := range d.Lines {
		lines = append(lines, line{l.Kind, l.Description, l.How, l.Amount.Fixed()})
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	err := e.Encode(struct {
		Number   string    `json:"number"`
		Of       string    `json:"of,omitempty"`
		Customer string    `json:"customer"`
		Month    string    `json:"month"`
		Issued   time.Time `json:"issued_at"`
		Due      string    `json:"due_on,omitempty"`
		Currency string    `json:"currency"`
		From     any       `json:"from"`
		To       any       `json:"to"`
		Lines    []line    `json:"lines"`
		Total    string    `json:"total"`
	}{d.Number, d.Of, d.Customer, d.Month.String(), d.Issued.UTC(), d.Due, d.Currency, d.Terms.From, d.Terms.To, lines, d.Total.Fixed()})
	if err != nil {
		return fmt.Errorf("write %s: %w", d.Number, err)
	}
	return nil
}
