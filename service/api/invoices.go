package api

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"landlord/business/billing"
	"landlord/business/document"
	"landlord/internal/money"
	"landlord/service/control"
	"landlord/service/store"
)

// invoice is an issued invoice or a credit note. Amounts are decimals.
type invoice struct {
	Number   string     `json:"number"`
	Customer string     `json:"customer"`
	Month    string     `json:"month"`
	Of       string     `json:"of,omitempty" doc:"The invoice that a credit note is of."`
	State    string     `json:"state" enum:"issued,paid,void,uncollectible"`
	Overdue  bool       `json:"overdue,omitempty"`
	Reason   string     `json:"reason,omitempty"`
	Currency string     `json:"currency"`
	Total    string     `json:"total" doc:"Below nothing of a credit note."`
	Paid     string     `json:"paid"`
	Credited string     `json:"credited" doc:"By credit notes; below nothing."`
	Left     string     `json:"left" doc:"To be paid; below nothing, to be paid back."`
	IssuedAt time.Time  `json:"issued_at"`
	DueOn    string     `json:"due_on,omitempty"`
	Settled  *time.Time `json:"settled_at,omitempty"`
}

func (a *API) invoiceOf(in store.Invoice) invoice {
	return invoice{in.Number, in.Customer, in.Month, in.Of, in.State, in.Overdue(a.Clock.Now()), in.Reason, in.Currency, in.Total.Fixed(), in.Paid.Fixed(), in.Credited.Fixed(), in.Left().Fixed(), in.IssuedAt, in.DueOn, in.SettledAt}
}

type invoiceLine struct {
	Kind        string `json:"kind"`
	Description string `json:"description"`
	How         string `json:"how" doc:"It was computed."`
	Amount      string `json:"amount"`
	Of          string `json:"of,omitempty" doc:"The earlier invoice that it adjusts."`
}

func invoiceLines(list []billing.Line) []invoiceLine {
	out := make([]invoiceLine, 0, len(list))
	for _, l := range list {
		out = append(out, invoiceLine{string(l.Kind), l.Description, l.How, l.Amount.Fixed(), l.Of})
	}
	return out
}

type payment struct {
	Reference string `json:"reference"`
	Amount    string `json:"amount"`
	Method    string `json:"method"`
	PaidOn    string `json:"paid_on"`
}

type wholeInvoice struct {
	invoice
	Lines    []invoiceLine `json:"lines"`
	Payments []payment     `json:"payments"`
}

type invoiceDraft struct {
	Customer  string        `json:"customer"`
	Month     string        `json:"month"`
	Currency  string        `json:"currency"`
	Total     string        `json:"total"`
	Lines     []invoiceLine `json:"lines"`
	MadeAt    time.Time     `json:"made_at"`
	IssueFrom time.Time     `json:"issue_from"`
	Held      string        `json:"held,omitempty" doc:"Why it is not issued then."`
}

type difference struct {
	Customer string `json:"customer"`
	Number   string `json:"number"`
	Line     string `json:"line"`
	Invoiced string `json:"invoiced" doc:"With what later invoices adjusted."`
	Now      string `json:"now" doc:"By the portfolio in force and AWS's cost as it has come in."`
}

// NumberPath names an invoice or a credit note.
type NumberPath struct {
	Number string `path:"number" maxLength:"40"`
}

// readInvoice answers with an invoice, whole, in the caller's scope; of a customer unless key is "".
func (a *API) readInvoice(ctx context.Context, key, number string) (*body[wholeInvoice], error) {
	var out wholeInvoice
	err := a.scope(ctx, func(tx store.Tx) error {
		in, err := tx.Invoice(ctx, number)
		if err == nil && key != "" && in.Customer != key {
			err = store.ErrNotFound
		}
		if err != nil {
			return err
		}
		lines, err := tx.InvoiceLines(ctx, in.Customer, in.Number)
		if err != nil {
			return err
		}
		out = wholeInvoice{a.invoiceOf(in), invoiceLines(lines), []payment{}}
		paid, err := tx.Payments(ctx, in.Customer, in.Number)
		for _, p := range paid {
			out.Payments = append(out.Payments, payment{p.Reference, p.Amount.Fixed(), p.Method, p.PaidOn})
		}
		return err
	})
	return answer(a, out, err)
}

// listInvoices answers with a page of invoices in the caller's scope.
func (a *API) listInvoices(ctx context.Context, q store.InvoiceQuery, paged Paged) (*body[Page[invoice]], error) {
	from, err := strconv.Atoi("0" + paged.Cursor)
	if err != nil {
		return nil, huma.Error422UnprocessableEntity("cursor is not one of this list")
	}
	q.Offset, q.Limit, q.Now = from, paged.Limit+1, a.Clock.Now()
	var list []invoice
	err = a.scope(ctx, func(tx store.Tx) error {
		all, _, err := tx.Invoices(ctx, q)
		for _, in := range all {
			list = append(list, a.invoiceOf(in))
		}
		return err
	})
	return answer(a, page(list, paged.Limit, func(invoice) string { return strconv.Itoa(from + paged.Limit) }), err)
}

// ownInvoices adds what a customer's own people may read too.
func (a *API) ownInvoices() {
	both(a, huma.Operation{
		OperationID: "list-invoices", Method: http.MethodGet, Path: Prefix + "/customers/{key}/invoices", Summary: "The customer's invoices and credit notes, the newest first", Tags: []string{"Invoices"}, Security: needs(Read),
	}, Own, func(ctx context.Context, in *struct {
		KeyPath
		Paged
	}) (*body[Page[invoice]], error) {
		return a.listInvoices(ctx, store.InvoiceQuery{Customer: in.Key}, in.Paged)
	})
	both(a, huma.Operation{
		OperationID: "read-invoice", Method: http.MethodGet, Path: Prefix + "/customers/{key}/invoices/{number}", Summary: "An invoice or a credit note with its lines and payments", Tags: []string{"Invoices"}, Security: needs(Read),
	}, Own, func(ctx context.Context, in *struct {
		KeyPath
		NumberPath
	}) (*body[wholeInvoice], error) {
		return a.readInvoice(ctx, in.Key, in.Number)
	})
	both(a, huma.Operation{
		OperationID: "download-invoice", Method: http.MethodGet, Path: Prefix + "/customers/{key}/invoices/{number}/document", Summary: "The document of an invoice or a credit note", Tags: []string{"Invoices"}, Security: needs(Read),
		Description: "gobl is a GOBL envelope, focus is FOCUS 1.4 Invoice Detail as CSV. What was issued makes the same bytes, whoever asks.",
		Responses:   map[string]*huma.Response{"200": {Description: "The document, by the media type of its format.", Content: map[string]*huma.MediaType{"application/json": {}, "application/pdf": {}, "text/html": {}, "text/csv": {}}}},
	}, Own, func(ctx context.Context, in *struct {
		KeyPath
		NumberPath
		Format string `query:"format" enum:"pdf,html,gobl,focus,json" default:"pdf" doc:"How it is written."`
	}) (*file, error) {
		format, _ := document.FormatOf(in.Format)
		var d *document.Document
		err := a.scope(ctx, func(tx store.Tx) (err error) {
			if d, err = control.Document(ctx, tx, in.Number); err == nil && d.Customer != in.Key {
				err = store.ErrNotFound
			}
			return err
		})
		var b bytes.Buffer
		if err == nil {
			err = format.Write(d, &b)
		}
		if err != nil {
			return nil, a.problem(err)
		}
		return &file{format.Media, `attachment; filename="` + d.Number + "." + format.File + `"`, b.Bytes()}, nil
	})
}

// invoices adds what operators do with all customers' invoices.
func (a *API) invoices() {
	tags := []string{"Invoices"}
	huma.Register(a.huma, huma.Operation{
		OperationID: "list-all-invoices", Method: http.MethodGet, Path: Prefix + "/invoices", Summary: "Invoices and credit notes, the newest first", Tags: tags, Security: needs(Read),
	}, func(ctx context.Context, in *struct {
		Paged
		Month string `query:"month" maxLength:"7" doc:"Only those of a month, such as 2026-01."`
		State string `query:"state" enum:"issued,paid,void,uncollectible,overdue" doc:"Only those in a state."`
		Text  string `query:"q" maxLength:"100" doc:"A part of a number, or of a customer's key or name."`
	}) (*body[Page[invoice]], error) {
		return a.listInvoices(ctx, store.InvoiceQuery{Month: in.Month, State: in.State, Text: in.Text}, in.Paged)
	})
	huma.Register(a.huma, huma.Operation{
		OperationID: "find-invoice", Method: http.MethodGet, Path: Prefix + "/invoices/{number}", Summary: "An invoice or a credit note of any customer", Tags: tags, Security: needs(Read),
	}, func(ctx context.Context, in *NumberPath) (*body[wholeInvoice], error) {
		return a.readInvoice(ctx, "", in.Number)
	})
	huma.Register(a.huma, huma.Operation{
		OperationID: "list-invoice-drafts", Method: http.MethodGet, Path: Prefix + "/invoices/drafts", Summary: "What invoices would be that are not issued yet", Tags: tags, Security: needs(Read),
	}, func(ctx context.Context, in *struct {
		Paged
		Month string `query:"month" maxLength:"7"`
	}) (*body[Page[invoiceDraft]], error) {
		from, err := strconv.Atoi("0" + in.Cursor)
		if err != nil {
			return nil, huma.Error422UnprocessableEntity("cursor is not one of this list")
		}
		var list []invoiceDraft
		err = a.Store.Operator(ctx, func(tx store.Tx) error {
			all, _, err := tx.Drafts(ctx, store.InvoiceQuery{Month: in.Month, Offset: from, Limit: in.Limit + 1})
			for _, d := range all {
				list = append(list, invoiceDraft{d.Customer, d.Month, d.Currency, d.Total.Fixed(), invoiceLines(d.Lines), d.MadeAt, d.IssueFrom, d.Held})
			}
			return err
		})
		return answer(a, page(list, in.Limit, func(invoiceDraft) string { return strconv.Itoa(from + in.Limit) }), err)
	})
	huma.Register(a.huma, huma.Operation{
		OperationID: "reconcile-invoices", Method: http.MethodGet, Path: Prefix + "/invoices/reconciliation", Summary: "Lines of a month's invoices that would be others today", Tags: tags, Security: needs(Read),
	}, func(ctx context.Context, in *struct {
		Month string `query:"month" required:"true" maxLength:"7"`
	}) (*body[Page[difference]], error) {
		m, err := billing.ParseMonth(in.Month)
		if err != nil {
			return nil, huma.Error422UnprocessableEntity(err.Error())
		}
		return readAll(ctx, a, func(d control.Difference) difference {
			return difference{d.Customer, d.Number, d.Line, d.Invoiced.Fixed(), d.Now.Fixed()}
		}, func(tx store.Tx) ([]control.Difference, error) {
			_, found, err := a.Control.Reconcile(ctx, tx, m)
			return found, err
		})
	})
	huma.Register(a.huma, huma.Operation{
		OperationID: "run-invoices", Method: http.MethodPost, Path: Prefix + "/invoices/runs", Summary: "Work out a month's invoices, and issue those whose grace is over", Tags: tags, Security: needs(Billing), DefaultStatus: http.StatusAccepted,
		Description: "A customer has one invoice for a month, however often this is asked for.",
	}, func(ctx context.Context, in *struct {
		Body struct {
			Month string `json:"month" doc:"Such as 2026-01."`
		}
	}) (*body[run], error) {
		m, err := billing.ParseMonth(in.Body.Month)
		if err != nil {
			return nil, huma.Error422UnprocessableEntity(err.Error())
		}
		id, err := a.Control.Bill(ctx, m, from(ctx).by())
		if err != nil {
			return nil, a.problem(unbilled(err))
		}
		return a.readRun(ctx, id)
	})
	told := func(in store.Invoice, err error) (*body[invoice], error) {
		return answer(a, a.invoiceOf(in), unbilled(err))
	}
	huma.Register(a.huma, huma.Operation{
		OperationID: "issue-invoice", Method: http.MethodPost, Path: Prefix + "/invoices", Summary: "Issue a customer's invoice for a month now", Tags: tags, Security: needs(Billing), DefaultStatus: http.StatusCreated,
		Description: "It is worked out anew, and issued before its grace is over or though it is held.",
	}, func(ctx context.Context, in *struct {
		Body struct {
			Customer string `json:"customer" minLength:"1" maxLength:"64"`
			Month    string `json:"month"`
		}
	}) (*body[invoice], error) {
		m, err := billing.ParseMonth(in.Body.Month)
		if err != nil {
			return nil, huma.Error422UnprocessableEntity(err.Error())
		}
		return told(a.Control.IssueDraft(ctx, in.Body.Customer, m, from(ctx).by()))
	})
	type reasonBody struct {
		NumberPath
		Body struct {
			Reason string `json:"reason" minLength:"1" maxLength:"200"`
		}
	}
	huma.Register(a.huma, huma.Operation{
		OperationID: "void-invoice", Method: http.MethodPost, Path: Prefix + "/invoices/{number}/void", Summary: "Void an invoice that nothing was paid or credited of", Tags: tags, Security: needs(Billing),
	}, func(ctx context.Context, in *reasonBody) (*body[invoice], error) {
		return told(a.Control.Void(ctx, in.Number, in.Body.Reason, from(ctx).by()))
	})
	huma.Register(a.huma, huma.Operation{
		OperationID: "write-off-invoice", Method: http.MethodPost, Path: Prefix + "/invoices/{number}/uncollectible", Summary: "Say that an invoice will not be paid", Tags: tags, Security: needs(Billing),
	}, func(ctx context.Context, in *reasonBody) (*body[invoice], error) {
		return told(a.Control.WriteOff(ctx, in.Number, in.Body.Reason, from(ctx).by()))
	})
	huma.Register(a.huma, huma.Operation{
		OperationID: "credit-invoice", Method: http.MethodPost, Path: Prefix + "/invoices/{number}/credit", Summary: "Issue a credit note of an invoice", Tags: tags, Security: needs(Billing), DefaultStatus: http.StatusCreated,
	}, func(ctx context.Context, in *struct {
		NumberPath
		Body struct {
			Amount string `json:"amount,omitempty" doc:"With its tax; all that is not credited yet if left out."`
			Reason string `json:"reason" minLength:"1" maxLength:"200"`
		}
	}) (*body[invoice], error) {
		cents, err := amountOf(in.Body.Amount)
		if err != nil {
			return nil, err
		}
		return told(a.Control.Credit(ctx, in.Number, cents, in.Body.Reason, from(ctx).by()))
	})
	huma.Register(a.huma, huma.Operation{
		OperationID: "pay-invoice", Method: http.MethodPost, Path: Prefix + "/invoices/{number}/payments", Summary: "Write down a payment", Tags: tags, Security: needs(Billing), DefaultStatus: http.StatusCreated,
		Description: "409 if the invoice has a payment of that reference: what a bank told twice counts once.",
	}, func(ctx context.Context, in *struct {
		NumberPath
		Body struct {
			Amount    string `json:"amount,omitempty" doc:"All that is left if left out; below nothing is paid back."`
			Reference string `json:"reference" minLength:"1" maxLength:"100" doc:"As the bank has it."`
			Method    string `json:"method,omitempty" default:"bank transfer" maxLength:"40"`
			PaidOn    string `json:"paid_on,omitempty" format:"date" doc:"Today if left out."`
		}
	}) (*body[invoice], error) {
		cents, err := amountOf(in.Body.Amount)
		if err != nil {
			return nil, err
		}
		return told(a.Control.Pay(ctx, store.Payment{Number: in.Number, Amount: cents, Reference: in.Body.Reference, Method: in.Body.Method, PaidOn: in.Body.PaidOn}, from(ctx).by()))
	})
}

// amountOf reads an amount; "" is all there is.
func amountOf(text string) (money.Cents, error) {
	if text == "" {
		return 0, nil
	}
	c, err := money.Parse(text)
	if err == nil && c == 0 {
		err = errors.New("amount is nothing")
	}
	if err != nil {
		return 0, huma.Error422UnprocessableEntity(err.Error())
	}
	return c, nil
}

// unbilled is what a caller is told of what cannot be done with an invoice.
func unbilled(err error) error {
	if refused, is := errors.AsType[*control.InvoiceError](err); is {
		return huma.Error409Conflict(refused.Error())
	}
	if errors.Is(err, control.ErrMonth) {
		return huma.Error422UnprocessableEntity(err.Error())
	}
	return err
}
