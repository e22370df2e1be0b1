package web

import (
	"bytes"
	"fmt"
	"time"

	"landlord/business/billing"
	"landlord/business/document"
	"landlord/internal/money"
	"landlord/service/control"
	"landlord/service/store"
)

// invoicesPage says who owes what.
type invoicesPage struct {
	shell
	Lead    string
	Choices []choice
	Query   string
	On      bool // something is filtered
	Drafts  []invoiceDraftLine
	More    int // drafts that are not shown
	Rows    []invoiceRow
	Paging  paging
}

// invoiceRow is an invoice or a credit note in a list.
type invoiceRow struct {
	Number, To, Customer, For string
	State                     tone
	Issued, Due               string
	Total, Left               string
}

// invoiceDraftLine is what an invoice would be that is not issued yet.
type invoiceDraftLine struct {
	Customer, For, Total, From, Held string
}

type customerInvoicesPage struct {
	customerShell
	Rows   []invoiceRow
	Paging paging
}

type portalInvoicesPage struct {
	shell
	Lead   string
	Rows   []invoiceRow
	Paging paging
}

// invoicePart is an invoice or a credit note with all that is on it.
type invoicePart struct {
	invoiceRow
	Note     bool
	Of, ToOf string // the invoice that a credit note is of
	Reason   string
	Currency string
	Lines    []invoiceLine
	Payments []invoicePayment
	Files    []place
}

type invoiceLine struct{ What, How, Amount string }

type invoicePayment struct{ On, Method, Reference, Amount string }

type customerInvoicePage struct {
	customerShell
	invoicePart
}

type portalInvoicePage struct {
	shell
	invoicePart
}

// invoiceState is how an invoice stands.
func invoiceState(in store.Invoice, now time.Time) tone {
	switch {
	case in.Overdue(now):
		return tone{"bad", "overdue"}
	case in.Series == store.CreditNotes:
		return tone{"", "credit note"}
	case in.State == store.InvoicePaid:
		return tone{"good", "paid"}
	case in.State == store.InvoiceIssued:
		return tone{"warn", "to be paid"}
	}
	return tone{"", in.State}
}

func dayWords(text string) string {
	at, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return ""
	}
	return at.Format("2 Jan 2006")
}

func monthWords(text string) string {
	m, err := billing.ParseMonth(text)
	if err != nil {
		return text
	}
	return m.Text()
}

// whole cents with their currency, both places shown.
func exactAmount(c money.Cents, currency string) string {
	text := c.Fixed()
	sign := ""
	if c < 0 {
		sign, text = "−", text[1:]
	}
	return sign + money.Group(text[:len(text)-3]) + text[len(text)-3:] + " " + currency
}

func invoiceRowOf(v *visit, in store.Invoice, to string) invoiceRow {
	r := invoiceRow{Number: in.Number, To: to + "/" + in.Number, Customer: in.Customer, For: monthWords(in.Month), State: invoiceState(in, v.Now),
		Issued: in.IssuedAt.UTC().Format("2 Jan 2006"), Due: dayWords(in.DueOn), Total: exactAmount(in.Total, in.Currency)}
	if left := in.Left(); left != 0 {
		r.Left = exactAmount(left, in.Currency)
	}
	return r
}

// invoiceRows reads a page of a list.
func (s *Server) invoiceRows(v *visit, tx store.Tx, q store.InvoiceQuery, to func(store.Invoice) string) (rows []invoiceRow, p paging, err error) {
	page := max(1, atoi(v.FormValue("page")))
	q.Offset, q.Limit, q.Now = (page-1)*mostRows, mostRows, v.Now
	list, all, err := tx.Invoices(v.Context(), q)
	for _, in := range list {
		rows = append(rows, invoiceRowOf(v, in, to(in)))
	}
	if p = pagingOf(v, page, len(list), all); all <= mostRows {
		p.Shown = count(all, "document")
	}
	return rows, p, err
}

// invoices shows what customers owe, and all that was issued.
func (s *Server) invoices(v *visit) error {
	p := invoicesPage{shell: s.shell(v, "Who owes what?"), Query: v.FormValue("q")}
	q := store.InvoiceQuery{Month: v.FormValue("month"), State: v.FormValue("state"), Text: p.Query}
	p.On = q.Month+q.State+q.Text != ""
	states := choice{Name: "state", Label: "State"}
	for _, state := range []string{store.InvoiceIssued, store.InvoiceOverdue, store.InvoicePaid, store.InvoiceVoid, store.InvoiceUncollectible} {
		states.Options = append(states.Options, option{state, state, state == q.State})
	}
	p.Choices = []choice{states}
	err := s.Store.Operator(v.Context(), func(tx store.Tx) (err error) {
		owed, err := tx.Outstanding(v.Context(), v.Now)
		if err != nil {
			return err
		}
		p.Lead = "Nobody owes anything."
		for i, o := range owed {
			if i == 0 {
				p.Lead = ""
			}
			p.Lead += fmt.Sprintf("%s is to be paid, of %s; %s of it is overdue, of %s. ", exactAmount(o.Left, o.Currency), count(o.Open, "invoice"), exactAmount(o.Late, o.Currency), whole(o.Overdue))
		}
		drafts, n, err := tx.Drafts(v.Context(), store.InvoiceQuery{Limit: draftsMost})
		if err != nil {
			return err
		}
		for _, d := range drafts {
			p.Drafts = append(p.Drafts, invoiceDraftLine{d.Customer, monthWords(d.Month), exactAmount(d.Total, d.Currency), d.IssueFrom.UTC().Format("2 Jan 2006"), d.Held})
		}
		p.More = n - len(drafts)
		p.Rows, p.Paging, err = s.invoiceRows(v, tx, q, func(in store.Invoice) string { return "/customers/" + in.Customer + "/invoices" })
		return err
	})
	if err != nil {
		return err
	}
	return s.render(v, "invoices", p)
}

// draftsMost is how many drafts the page on invoices shows.
const draftsMost = 20

// customerInvoices shows one customer's.
func (s *Server) customerInvoices(v *visit) error {
	var p customerInvoicesPage
	err := s.ofCustomer(v, "invoices", &p.customerShell, func(tx store.Tx, c store.Customer) (err error) {
		to := "/customers/" + c.Key + "/invoices"
		p.Rows, p.Paging, err = s.invoiceRows(v, tx, store.InvoiceQuery{Customer: c.Key}, func(store.Invoice) string { return to })
		return err
	})
	if err != nil {
		return err
	}
	return s.render(v, "customer_invoices", p)
}

// portalInvoices shows a customer's people their own.
func (s *Server) portalInvoices(v *visit, tx store.Tx, c store.Customer) error {
	p := portalInvoicesPage{shell: s.shell(v, "Invoices"), Lead: "Nothing is to be paid."}
	var err error
	if p.Rows, p.Paging, err = s.invoiceRows(v, tx, store.InvoiceQuery{Customer: c.Key}, func(store.Invoice) string { return v.base + "/invoices" }); err != nil {
		return err
	}
	owed, err := tx.Outstanding(v.Context(), v.Now)
	if err != nil {
		return err
	}
	for _, o := range owed {
		p.Lead = fmt.Sprintf("%s is to be paid, of %s.", exactAmount(o.Left, o.Currency), count(o.Open, "invoice"))
		if o.Overdue > 0 {
			p.Lead += fmt.Sprintf(" %s of it is overdue.", exactAmount(o.Late, o.Currency))
		}
	}
	return s.render(v, "portal_invoices", p)
}

// invoice is what a page shows of one of a customer's; another's is not here.
func (s *Server) invoice(v *visit, tx store.Tx, c store.Customer, to string) (p invoicePart, err error) {
	in, err := tx.Invoice(v.Context(), v.PathValue("number"))
	if err == nil && in.Customer != c.Key {
		err = store.ErrNotFound
	}
	if err != nil {
		return p, notHere(err)
	}
	p = invoicePart{invoiceRow: invoiceRowOf(v, in, to), Note: in.Series == store.CreditNotes, Of: in.Of, Reason: in.Reason, Currency: in.Currency}
	if in.Of != "" {
		p.ToOf = to + "/" + in.Of
	}
	lines, err := tx.InvoiceLines(v.Context(), in.Customer, in.Number)
	if err != nil {
		return p, err
	}
	for _, l := range lines {
		p.Lines = append(p.Lines, invoiceLine{l.Description, l.How, exactAmount(l.Amount, in.Currency)})
	}
	paid, err := tx.Payments(v.Context(), in.Customer, in.Number)
	for _, one := range paid {
		p.Payments = append(p.Payments, invoicePayment{dayWords(one.PaidOn), one.Method, one.Reference, exactAmount(one.Amount, in.Currency)})
	}
	for _, f := range document.Formats {
		p.Files = append(p.Files, place{Name: fileNames[f.Name], To: to + "/" + in.Number + "/" + f.Name})
	}
	return p, err
}

// fileNames are what formats of documents are called.
var fileNames = map[string]string{"pdf": "PDF", "html": "HTML", "gobl": "GOBL", "focus": "FOCUS (CSV)", "json": "JSON"}

func (s *Server) customerInvoice(v *visit) error {
	var p customerInvoicePage
	err := s.ofCustomer(v, "invoices", &p.customerShell, func(tx store.Tx, c store.Customer) (err error) {
		p.invoicePart, err = s.invoice(v, tx, c, "/customers/"+c.Key+"/invoices")
		return err
	})
	if err != nil {
		return err
	}
	return s.render(v, "customer_invoice", p)
}

func (s *Server) portalInvoice(v *visit, tx store.Tx, c store.Customer) error {
	part, err := s.invoice(v, tx, c, v.base+"/invoices")
	if err != nil {
		return err
	}
	return s.render(v, "portal_invoice", portalInvoicePage{s.shell(v, part.Number), part})
}

// invoiceFile is the document of one of a customer's, in the format that the address names.
func invoiceFile(v *visit, tx store.Tx, c store.Customer) (file reportFile, err error) {
	format, is := document.FormatOf(v.PathValue("kind"))
	if !is {
		return file, errNotHere
	}
	d, err := control.Document(v.Context(), tx, v.PathValue("number"))
	if err == nil && d.Customer != c.Key {
		err = store.ErrNotFound
	}
	if err != nil {
		return file, notHere(err)
	}
	var b bytes.Buffer
	err = format.Write(d, &b)
	return reportFile{name: d.Number + "." + format.File, media: format.Media, body: b.Bytes()}, err
}

func (s *Server) customerInvoiceFile(v *visit) error {
	var file reportFile
	var head customerShell
	err := s.ofCustomer(v, "invoices", &head, func(tx store.Tx, c store.Customer) (err error) {
		file, err = invoiceFile(v, tx, c)
		return err
	})
	if err != nil {
		return err
	}
	return v.download(file)
}

func (s *Server) portalInvoiceFile(v *visit, tx store.Tx, c store.Customer) error {
	file, err := invoiceFile(v, tx, c)
	if err != nil {
		return err
	}
	return v.download(file)
}
