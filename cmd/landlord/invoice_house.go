package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"landlord/business/document"
)

// remoteInvoice is an invoice as a house tells it.
type remoteInvoice struct {
	Number   string       `json:"number"`
	Customer string       `json:"customer"`
	Month    string       `json:"month"`
	Of       string       `json:"of,omitempty"`
	State    string       `json:"state"`
	Overdue  bool         `json:"overdue,omitempty"`
	Reason   string       `json:"reason,omitempty"`
	Currency string       `json:"currency"`
	Total    string       `json:"total"`
	Paid     string       `json:"paid"`
	Credited string       `json:"credited"`
	Left     string       `json:"left"`
	IssuedAt string       `json:"issued_at"`
	DueOn    string       `json:"due_on,omitempty"`
	Lines    []remoteLine `json:"lines,omitempty"`
	Payments []struct {
		Reference string `json:"reference"`
		Amount    string `json:"amount"`
		Method    string `json:"method"`
		PaidOn    string `json:"paid_on"`
	} `json:"payments,omitempty"`
}

type remoteLine struct {
	Kind        string `json:"kind"`
	Description string `json:"description"`
	How         string `json:"how"`
	Amount      string `json:"amount"`
	Of          string `json:"of,omitempty"`
}

// stands is its state for people.
func (i remoteInvoice) stands() string {
	if i.Overdue {
		return "overdue since " + i.DueOn
	}
	return i.State
}

// billRemote has a house work a month out, and tells how that goes.
func (p *program) billRemote(ctx context.Context, month string) error {
	r, err := p.remote()
	if err != nil {
		return err
	}
	var run remoteRun
	if err := r.ask(ctx, http.MethodPost, "/invoices/runs", map[string]string{"month": month}, &run); err != nil {
		return err
	}
	if p.json {
		return p.followJSON(ctx, r, run.ID)
	}
	return r.follow(ctx, p.stdout, run.ID)
}

// houseCommands are those on what a house has issued.
func (p *program) invoiceHouseCommands() []*cobra.Command {
	one := func(use, short, example string, args cobra.PositionalArgs, do func(ctx context.Context, r *remote, args []string) error) *cobra.Command {
		c := &cobra.Command{Use: use, Short: short, Example: example, Args: args}
		p.serverFlag(c)
		c.Flags().BoolVar(&p.json, "json", false, "print JSON, as the API tells it")
		c.RunE = func(c *cobra.Command, args []string) error {
			r, err := p.remote()
			if err != nil {
				return err
			}
			err = do(c.Context(), r, args)
			if told, is := errors.AsType[*refusal](err); is && told.Status == http.StatusNotFound && len(args) > 0 {
				return fmt.Errorf("%s has no %s: `landlord invoice list` lists what there is", r.base.Host, clean(args[0]))
			}
			return err
		}
		return c
	}
	// does asks for a change of one invoice and shows how it stands then.
	does := func(ctx context.Context, r *remote, path string, body any) error {
		var in remoteInvoice
		if err := r.ask(ctx, http.MethodPost, path, body, &in); err != nil {
			return err
		}
		if p.json {
			return printJSON(p.stdout, in)
		}
		fmt.Fprintf(p.stdout, "%s of %s for %s: %s %s, %s, %s left.\n", in.Number, in.Customer, in.Month, in.Total, in.Currency, in.stands(), in.Left)
		return nil
	}
	at := func(number, what string) string { return "/invoices/" + url.PathEscape(number) + "/" + what }

	var month, state, text, reason, amount, reference, method, on, format, out string
	list := one("list", "List invoices and credit notes, the newest first", "  landlord invoice list --server https://landlord.example\n  landlord invoice list --month 2026-01 --state overdue", cobra.NoArgs, func(ctx context.Context, r *remote, _ []string) error {
		q := url.Values{"limit": {"500"}}
		for name, value := range map[string]string{"month": month, "state": state, "q": text} {
			if value != "" {
				q.Set(name, value)
			}
		}
		return p.listInvoices(ctx, r, q)
	})
	list.Flags().StringVar(&month, "month", "", "only those of a month, such as 2026-01")
	list.Flags().StringVar(&state, "state", "", "only those that are issued, overdue, paid, void or uncollectible")
	list.Flags().StringVar(&text, "find", "", "a part of a number, or of a customer's key or name")
	_ = list.RegisterFlagCompletionFunc("state", cobra.FixedCompletions([]string{"issued", "overdue", "paid", "void", "uncollectible"}, cobra.ShellCompDirectiveNoFileComp))

	show := one("show NUMBER", "Show an invoice with its lines and payments", "  landlord invoice show INV-000001", cobra.ExactArgs(1), func(ctx context.Context, r *remote, args []string) error {
		return p.showInvoice(ctx, r, args[0])
	})
	issue := one("issue KEY --month YYYY-MM", "Issue a customer's invoice now, worked out anew", "  landlord invoice issue acme --month 2026-01", cobra.ExactArgs(1), func(ctx context.Context, r *remote, args []string) error {
		return does(ctx, r, "/invoices", map[string]string{"customer": args[0], "month": month})
	})
	issue.Flags().StringVar(&month, "month", "", "the month, such as 2026-01")
	void := one("void NUMBER --reason TEXT", "Void an invoice of which nothing is paid or credited", "  landlord invoice void INV-000001 --reason 'made in error'", cobra.ExactArgs(1), func(ctx context.Context, r *remote, args []string) error {
		return does(ctx, r, at(args[0], "void"), map[string]string{"reason": reason})
	})
	off := one("write-off NUMBER --reason TEXT", "Say that an invoice will not be paid", "  landlord invoice write-off INV-000001 --reason insolvent", cobra.ExactArgs(1), func(ctx context.Context, r *remote, args []string) error {
		return does(ctx, r, at(args[0], "uncollectible"), map[string]string{"reason": reason})
	})
	credit := one("credit NUMBER --reason TEXT [--amount AMOUNT]", "Issue a credit note of an invoice", "  landlord invoice credit INV-000001 --reason 'Outage in March'\n  landlord invoice credit INV-000001 --reason 'Outage in March' --amount 120.50", cobra.ExactArgs(1), func(ctx context.Context, r *remote, args []string) error {
		return does(ctx, r, at(args[0], "credit"), filled(map[string]string{"reason": reason, "amount": amount}))
	})
	pay := one("pay NUMBER --reference TEXT [--amount AMOUNT]", "Write down a payment of an invoice", "  landlord invoice pay INV-000001 --reference 'transfer 4711'\n  landlord invoice pay INV-000001 --reference 'transfer 4711' --amount 4000 --on 2026-02-20", cobra.ExactArgs(1), func(ctx context.Context, r *remote, args []string) error {
		return does(ctx, r, at(args[0], "payments"), filled(map[string]string{"reference": reference, "amount": amount, "method": method, "paid_on": on}))
	})
	for _, c := range []*cobra.Command{void, off, credit} {
		c.Flags().StringVar(&reason, "reason", "", "why, which the customer reads")
		_ = c.MarkFlagRequired("reason")
	}
	for _, c := range []*cobra.Command{credit, pay} {
		c.Flags().StringVar(&amount, "amount", "", "with its tax; all that is left if left out")
	}
	pay.Flags().StringVar(&reference, "reference", "", "as the bank has it; an invoice has each once")
	pay.Flags().StringVar(&method, "method", "", "how it was paid; bank transfer if left out")
	pay.Flags().StringVar(&on, "on", "", "the day, such as 2026-02-20; today if left out")
	_ = pay.MarkFlagRequired("reference")
	_ = issue.MarkFlagRequired("month")

	doc := one("document NUMBER", "Write the document of an invoice into a file", "  landlord invoice document INV-000001\n  landlord invoice document INV-000001 --format gobl -o -", cobra.ExactArgs(1), func(ctx context.Context, r *remote, args []string) error {
		return p.downloadInvoice(ctx, r, args[0], format, out)
	})
	doc.Flags().StringVar(&format, "format", "pdf", "pdf, html, gobl (a GOBL envelope), focus (FOCUS 1.4 Invoice Detail) or json")
	doc.Flags().StringVarP(&out, "out", "o", "", "the file; NUMBER with the format's ending if left out, - for standard output")
	_ = doc.RegisterFlagCompletionFunc("format", cobra.FixedCompletions([]string{"pdf", "html", "gobl", "focus", "json"}, cobra.ShellCompDirectiveNoFileComp))

	reconcile := one("reconcile --month YYYY-MM", "List lines of invoices that would be others today; exit 1 if there are any", "  landlord invoice reconcile --month 2026-01", cobra.NoArgs, func(ctx context.Context, r *remote, _ []string) error {
		return p.reconcileInvoices(ctx, r, month)
	})
	reconcile.Flags().StringVar(&month, "month", "", "the month, such as 2026-01")
	_ = reconcile.MarkFlagRequired("month")
	return []*cobra.Command{list, show, issue, void, off, credit, pay, doc, reconcile}
}

// filled are the members that say something.
func filled(body map[string]string) map[string]string {
	for name, value := range body {
		if value == "" {
			delete(body, name)
		}
	}
	return body
}

func (p *program) listInvoices(ctx context.Context, r *remote, q url.Values) error {
	all := []remoteInvoice{}
	for next := "0"; next != ""; {
		var page struct {
			Items []remoteInvoice `json:"items"`
			Next  string          `json:"next"`
		}
		q.Set("cursor", next)
		if err := r.ask(ctx, http.MethodGet, "/invoices?"+q.Encode(), nil, &page); err != nil {
			return err
		}
		all, next = append(all, page.Items...), page.Next
	}
	if p.json {
		return printJSON(p.stdout, map[string]any{"invoices": all})
	}
	if len(all) == 0 {
		fmt.Fprintln(p.stdout, "There is no such invoice.")
		return nil
	}
	t := newTable(p.stdout, 2)
	fmt.Fprintf(t, "NUMBER\tCUSTOMER\tMONTH\tSTATE\tDUE\t%14s\t%14s\n", "TOTAL", "LEFT")
	for _, in := range all {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%14s\t%14s\n", in.Number, clean(in.Customer), in.Month, in.stands(), in.DueOn, in.Total+" "+in.Currency, in.Left)
	}
	t.Flush()
	fmt.Fprintf(p.stdout, "\n%s.\n", count(len(all), "document"))
	return nil
}

func (p *program) showInvoice(ctx context.Context, r *remote, number string) error {
	var in remoteInvoice
	if err := r.ask(ctx, http.MethodGet, "/invoices/"+url.PathEscape(number), nil, &in); err != nil {
		return err
	}
	if p.json {
		return printJSON(p.stdout, in)
	}
	fmt.Fprintf(p.stdout, "%s · %s · %s · %s\n", in.Number, clean(in.Customer), in.Month, in.stands())
	for _, more := range []string{prefixedLine("of ", in.Of), prefixedLine("due ", in.DueOn), prefixedLine("reason: ", in.Reason)} {
		fmt.Fprint(p.stdout, more)
	}
	t := newTable(p.stdout, 2)
	fmt.Fprintf(t, "FOR\tHOW\t%14s\n", in.Currency)
	for _, l := range in.Lines {
		fmt.Fprintf(t, "%s\t%s\t%14s\n", clean(l.Description), clean(l.How), l.Amount)
	}
	fmt.Fprintf(t, "Total\t\t%14s\n", in.Total)
	for _, pay := range in.Payments {
		fmt.Fprintf(t, "Paid on %s\t%s, %s\t%14s\n", pay.PaidOn, clean(pay.Method), clean(pay.Reference), pay.Amount)
	}
	t.Flush()
	fmt.Fprintf(p.stdout, "\n%s %s left.\n", in.Left, in.Currency)
	return nil
}

func prefixedLine(prefix, text string) string {
	if text == "" {
		return ""
	}
	return prefix + clean(text) + "\n"
}

func (p *program) downloadInvoice(ctx context.Context, r *remote, number, name, out string) error {
	format, is := document.FormatOf(name)
	if !is {
		return fmt.Errorf("--format %q: want pdf, html, gobl, focus or json", name)
	}
	var in remoteInvoice
	if err := r.ask(ctx, http.MethodGet, "/invoices/"+url.PathEscape(number), nil, &in); err != nil {
		return err
	}
	answer, err := r.send(ctx, http.MethodGet, "/customers/"+url.PathEscape(in.Customer)+"/invoices/"+url.PathEscape(number)+"/document?format="+name, nil)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return fmt.Errorf("read the document of %s: %w", number, err)
	}
	if out == "-" {
		_, err := p.stdout.Write(text)
		return err
	}
	if out == "" {
		out = strings.Map(func(r rune) rune {
			if r == '/' || r == os.PathSeparator {
				return '_'
			}
			return r
		}, in.Number) + "." + format.File
	}
	if err := writeWhole(out, text, 0o644); err != nil {
		return err
	}
	fmt.Fprintf(p.stdout, "%s\n", out)
	return nil
}

func (p *program) reconcileInvoices(ctx context.Context, r *remote, month string) error {
	var page struct {
		Items []struct {
			Customer string `json:"customer"`
			Number   string `json:"number"`
			Line     string `json:"line"`
			Invoiced string `json:"invoiced"`
			Now      string `json:"now"`
		} `json:"items"`
	}
	if err := r.ask(ctx, http.MethodGet, "/invoices/reconciliation?month="+url.QueryEscape(month), nil, &page); err != nil {
		return err
	}
	if p.json {
		if err := printJSON(p.stdout, page); err != nil {
			return err
		}
	} else if len(page.Items) == 0 {
		fmt.Fprintf(p.stdout, "Every line of the invoices for %s is what it would be today.\n", month)
	} else {
		t := newTable(p.stdout, 2)
		fmt.Fprintf(t, "NUMBER\tCUSTOMER\tLINE\t%14s\t%14s\n", "INVOICED", "NOW")
		for _, d := range page.Items {
			fmt.Fprintf(t, "%s\t%s\t%s\t%14s\t%14s\n", d.Number, clean(d.Customer), clean(d.Line), d.Invoiced, d.Now)
		}
		t.Flush()
		fmt.Fprintf(p.stdout, "\n%s. AWS's cost that came late is on the next invoices.\n", count(len(page.Items), "difference"))
	}
	if len(page.Items) > 0 {
		return exit(exitFault)
	}
	return nil
}
