package document

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"landlord/business/billing"
	"landlord/internal/money"
	"landlord/portfolio"
)

var issued = time.Date(2026, 2, 6, 9, 30, 0, 0, time.UTC)

const file = `provider: {name: Example MSP, account_email: "aws+{customer}@landlord.example"}
organization: {target: simulated, management_account: "111122223333"}
billing:
  tax: {name: Sales tax, percent: 8.25}
  from: {address: [1 Main Street, "Springfield, IL 62701"], country: US, tax_id: 12-3456789, email: billing@example.com, pay_to: [Example Bank, IBAN DE02 1203 0000 0000 2020 51]}
customers:
  - key: acme
    name: ACME Finance Inc
    tier: fintech
    contact: john@acme.example
    billing:
      to: {name: ACME Finance Holding Incorporated, address: [200 Wall Street, "New York, NY 10005"], country: US, order: PO-4711}
      before: [{tier: standard, until: 2026-01-11}]
      discounts: [{name: First year, percent: 12.5}]
      usage: {markup: 10, included: 60}
`

// sample is a document as billing and an issue make it.
func sample(t testing.TB, text string, costs []billing.Cost) *Document {
	t.Helper()
	p, err := portfolio.Parse("f", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	m, err := billing.ParseMonth("2026-01")
	if err != nil {
		t.Fatal(err)
	}
	in, ok, err := billing.New(p, m).Draft(p.Customers[0], billing.Given{Costs: costs})
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	return &Document{Number: "INV-000042", Customer: in.Customer, Month: m, Issued: issued, Due: "2026-03-08", Currency: in.Currency, Terms: in.Terms, Lines: in.Lines, Total: in.Total}
}

func random(r *rand.Rand) (costs []billing.Cost) {
	for i := range r.IntN(9) {
		c := money.Cents(r.IntN(900_000))
		costs = append(costs, billing.Cost{Service: fmt.Sprint("Service ", i), Amount: c.Rat()})
	}
	return costs
}

// noteOf is the credit note of all of d.
func noteOf(d *Document) *Document {
	note := *d
	note.Number, note.Of, note.Due, note.Total, note.Lines = "CN-000007", d.Number, "", -d.Total, nil
	for _, l := range d.Lines {
		l.Amount = -l.Amount
		note.Lines = append(note.Lines, l)
	}
	return &note
}

// TestFormats: each format says the same amounts, and makes the same bytes each time.
func TestFormats(t *testing.T) {
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 3))
		invoice := sample(t, strings.Replace(file, "8.25", fmt.Sprintf("%d.%d", r.IntN(25), r.IntN(99)), 1), random(r))
		for _, d := range []*Document{invoice, noteOf(invoice)} {
			for _, f := range Formats {
				if f.Name == "pdf" && seed > 5 {
					continue // which takes long, and is of the same parts
				}
				var one, two bytes.Buffer
				if err := f.Write(d, &one); err != nil {
					t.Fatalf("seed %d, %s: %v", seed, f.Name, err)
				}
				if err := f.Write(d, &two); err != nil || !bytes.Equal(one.Bytes(), two.Bytes()) {
					t.Fatalf("seed %d, %s: other bytes the second time, %v", seed, f.Name, err)
				}
				switch f.Name {
				case "pdf":
					if !bytes.HasPrefix(one.Bytes(), []byte("%PDF-")) {
						t.Errorf("no PDF: %.20q", one.Bytes())
					}
				case "html":
					if _, err := html.Parse(&one); err != nil || !strings.Contains(two.String(), grouped(d.Total)+" USD") {
						t.Errorf("seed %d: the page lacks %s: %v", seed, grouped(d.Total), err)
					}
				case "focus":
					checkFOCUS(t, d, &one)
				case "gobl":
					checkGOBL(t, d, one.Bytes())
				}
			}
		}
	}
}

func checkFOCUS(t *testing.T, d *Document, text *bytes.Buffer) {
	t.Helper()
	rows, err := csv.NewReader(text).ReadAll()
	if err != nil || len(rows) != 1+len(d.Lines) {
		t.Fatalf("%d rows for %d lines: %v", len(rows), len(d.Lines), err)
	}
	var sum money.Cents
	for _, row := range rows[1:] {
		c, err := money.Parse(row[0])
		if err != nil {
			t.Fatal(err)
		}
		sum += c
		for i, name := range rows[0] {
			may := map[string]bool{"InvoiceDetailDescription": true, "InvoiceDetailGrain": true, "InvoiceIssueDate": true, "PaymentDueDate": true, "PurchaseOrderNumber": true}[name] // be null
			if row[i] == "" && !may {
				t.Errorf("%s of %s is empty", name, row[9])
			}
		}
		if !strings.Contains("Usage Purchase Tax Credit Adjustment", row[5]) || row[5] == "" || !json.Valid([]byte(row[8])) {
			t.Errorf("row %q", row)
		}
	}
	if sum != d.Total {
		t.Errorf("rows come to %s, the document to %s", sum.Fixed(), d.Total.Fixed())
	}
}

func checkGOBL(t *testing.T, d *Document, text []byte) {
	t.Helper()
	var env struct {
		Head struct{ Dig struct{ Val string } }
		Doc  struct {
			Type, Code string
			Totals     struct{ Payable string }
		}
	}
	if err := json.Unmarshal(text, &env); err != nil {
		t.Fatal(err)
	}
	want, kind := d.Total, "standard"
	if d.Note() {
		want, kind = -want, "credit-note"
	}
	if env.Doc.Totals.Payable != want.Fixed() || env.Doc.Code != d.Number || env.Doc.Type != kind || len(env.Head.Dig.Val) != 64 {
		t.Errorf("want %s %s of %s, got %+v", kind, d.Number, want.Fixed(), env)
	}
}

// TestHostileNames: nothing that a name holds is markup, another column or another line.
func TestHostileNames(t *testing.T) {
	d := sample(t, strings.Replace(file, "ACME Finance Holding Incorporated", `"<script>alert(1)</script>, \"=1+1\" 🦊é"`, 1), nil)
	for _, f := range Formats {
		var b bytes.Buffer
		if err := f.Write(d, &b); err != nil {
			t.Fatalf("%s: %v", f.Name, err)
		}
		if strings.Contains(b.String(), "<script") && f.Name == "html" {
			t.Errorf("%s has markup of a name", f.Name)
		}
	}
}

// TestLook writes documents to look at into the folder of LOOK.
func TestLook(t *testing.T) {
	dir := os.Getenv("LOOK")
	if dir == "" {
		dir = t.TempDir()
	}
	long := sample(t, file, func() (costs []billing.Cost) {
		for i := range 60 {
			costs = append(costs, billing.Cost{Service: fmt.Sprintf("Amazon Elastic Something of a long name %d", i), Amount: money.Cents(1234 * i).Rat()})
		}
		return costs
	}())
	short := sample(t, file, []billing.Cost{{Service: "Amazon EC2", Amount: money.Cents(123456).Rat()}, {Service: "Amazon S3", Amount: money.Cents(1234).Rat()}})
	void := *short
	void.Void = "the address was wrong"
	plain := sample(t, file[:strings.Index(file, "billing:")]+"customers: [{key: startup, name: StartupCorp Inc, tier: standard, contact: it@startup.example}]\n", nil)
	for name, d := range map[string]*Document{"short": short, "long": long, "note": noteOf(short), "void": &void, "plain": plain} {
		for _, f := range Formats {
			var b bytes.Buffer
			if err := f.Write(d, &b); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(dir+"/"+name+"."+f.File, b.Bytes(), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func BenchmarkPDF(b *testing.B) {
	d := sample(b, file, []billing.Cost{{Service: "Amazon EC2", Amount: money.Cents(123456).Rat()}, {Service: "Amazon S3", Amount: money.Cents(1234).Rat()}})
	for b.Loop() {
		if err := d.PDF(io.Discard); err != nil {
			b.Fatal(err)
		}
	}
}
