package api

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"landlord/guard/compliance/scan"
	"landlord/org"
	"landlord/service/store"
)

// FindingsLargest is the most bytes of a file of findings; it is read as a stream.
const FindingsLargest = 1 << 30

// ImportsPath takes files of findings.
const ImportsPath = Prefix + "/findings/imports"

// batch is what came in at once.
type batch struct {
	ID         string         `json:"id"`
	SHA256     string         `json:"sha256" doc:"Of the file."`
	File       string         `json:"file"`
	Format     string         `json:"format" doc:"ocsf, asff, csv, or scan."`
	By         string         `json:"by"`
	At         time.Time      `json:"at"`
	Records    int            `json:"records"`
	Findings   int            `json:"findings" doc:"That count, each once."`
	Duplicates int            `json:"duplicates"`
	Customers  int            `json:"customers" doc:"Whose findings are among them."`
	Queued     int            `json:"queued" doc:"Findings that are nobody's."`
	Skipped    map[string]int `json:"skipped" doc:"Why, and how many records are no findings."`
}

func batchOf(b store.Batch) batch {
	return batch{b.ID, b.Digest, b.File, b.Format, b.By, b.At, b.Records, b.Findings, b.Duplicates, b.Customers, b.Queued, b.Skipped}
}

// taken is what became of a file of findings.
type taken struct {
	batch
	Known      bool           `json:"known" doc:"The same file came in before, and nothing was changed."`
	ByCustomer map[string]int `json:"by_customer" doc:"Findings by customer's key."`
	ByAccount  map[string]int `json:"by_account" doc:"Findings of accounts that are nobody's: they wait in the queue."`
	Unmapped   map[string]int `json:"unmapped" doc:"Findings of checks that landlord's table does not know, by name."`
}

// importIn is a file that is read while it comes.
type importIn struct {
	Name string `query:"name" required:"true" minLength:"1" maxLength:"200" doc:"What the file is called."`
	file io.Reader
}

// Resolve is for huma.
func (in *importIn) Resolve(ctx huma.Context) []error {
	in.file = ctx.BodyReader()
	return nil
}

type unowned struct {
	Account  string    `json:"account"`
	Findings int       `json:"findings"`
	Failing  int       `json:"failing"`
	First    time.Time `json:"first"`
	Last     time.Time `json:"last"`
	Import   string    `json:"import" doc:"The last that had something of the account."`
}

// findings adds what is about files of findings, and about what in them is nobody's.
func (a *API) findings() {
	huma.Register(a.huma, huma.Operation{
		OperationID: "import-findings", Method: http.MethodPost, Path: ImportsPath, Summary: "Take a file of findings in", Tags: []string{"Findings"}, Security: needs(Portfolio),
		Description: "The body is the file: OCSF (classes 2003 and 2004), ASFF or CSV, at most 1 GiB, read as a stream. It is taken in whole or not at all; the same file sent again changes nothing, with or without an Idempotency-Key.",
		Metadata:    map[string]any{streamed: true},
		RequestBody: &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"application/octet-stream": {Schema: &huma.Schema{Type: "string", Format: "binary"}}}},
	}, func(ctx context.Context, in *importIn) (*body[taken], error) {
		by := from(ctx).by()
		by.Also = nil // the file's own digest has it done once
		t, err := a.Control.Import(ctx, in.Name, in.file, by)
		if err != nil {
			return nil, a.problem(unread(err))
		}
		out := taken{batchOf(t.Batch), t.Known, t.Customers, map[string]int{}, t.Unmapped}
		for account, n := range t.Queue {
			out.ByAccount[string(account)] = n
		}
		return &body[taken]{out}, nil
	})
	huma.Register(a.huma, huma.Operation{
		OperationID: "list-imports", Method: http.MethodGet, Path: ImportsPath, Summary: "Files of findings and scans that came in, the newest first", Tags: []string{"Findings"}, Security: needs(Read),
	}, func(ctx context.Context, in *struct {
		Limit int `query:"limit" minimum:"1" maximum:"500" default:"50" doc:"The most items."`
	}) (*body[Page[batch]], error) {
		return readAll(ctx, a, batchOf, func(tx store.Tx) ([]store.Batch, error) { return tx.Batches(ctx, in.Limit) })
	})
	huma.Register(a.huma, huma.Operation{
		OperationID: "list-unowned", Method: http.MethodGet, Path: Prefix + "/findings/queue", Summary: "Accounts that are no customer's, of which something was found", Tags: []string{"Findings"}, Security: needs(Read),
		Description: "Their findings are in no report. Once AWS shows an account to be a customer's, they are that customer's.",
	}, func(ctx context.Context, in *Paged) (*body[Page[unowned]], error) {
		var list []unowned
		err := a.Store.Operator(ctx, func(tx store.Tx) error {
			all, err := tx.Queue(ctx, org.AccountID(in.Cursor), in.Limit+1)
			for _, u := range all {
				list = append(list, unowned{string(u.Account), u.Findings, u.Failing, u.First, u.Last, u.Batch})
			}
			return err
		})
		return answer(a, page(list, in.Limit, func(u unowned) string { return u.Account }), err)
	})
	huma.Register(a.huma, huma.Operation{
		OperationID: "assign-unowned", Method: http.MethodPut, Path: Prefix + "/findings/queue/{account}", Summary: "Say whose an account of which something was found is", Tags: []string{"Findings"}, Security: needs(Portfolio),
		Description: "What was found there is the customer's from then on, and what will be; it is taken from whom somebody said it was before. 409 if AWS shows the account to be another's.",
	}, func(ctx context.Context, in *struct {
		Account string `path:"account" pattern:"^[0-9]{12}$"`
		Body    struct {
			Customer string `json:"customer" minLength:"1" maxLength:"64" doc:"A key."`
		}
	}) (*body[assigned], error) {
		n, err := a.Control.Reassign(ctx, org.AccountID(in.Account), in.Body.Customer, from(ctx).by())
		return answer(a, assigned{in.Body.Customer, n}, err)
	})
}

type assigned struct {
	Customer string `json:"customer"`
	Findings int    `json:"findings" doc:"That are the customer's now."`
}

// unread is what a caller is told of a file that cannot be taken in.
func unread(err error) error {
	if fault, is := errors.AsType[*scan.Fault](err); is {
		p := &huma.ErrorModel{Status: http.StatusUnprocessableEntity, Title: "Unprocessable Entity", Detail: fault.Error() + ". Nothing of the file was taken in"}
		p.Errors = append(p.Errors, &huma.ErrorDetail{Message: fault.Why, Location: fault.Field, Value: fault.Record})
		return p
	}
	if _, is := errors.AsType[*http.MaxBytesError](err); is {
		return huma.NewError(http.StatusRequestEntityTooLarge, "the file is larger than 1 GiB: split it. Nothing of it was taken in")
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return huma.Error400BadRequest("the file was cut off on its way. Nothing of it was taken in")
	}
	return err
}
