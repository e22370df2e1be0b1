package main

import (
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/spf13/cobra"

	"landlord/business/billing"
	"landlord/internal/money"
	"landlord/portfolio"
)

// invoiceCommand is the group of commands on invoices.
func (p *program) invoiceCommand() *cobra.Command {
	c := &cobra.Command{
		Use:     "invoice",
		Short:   "Work out what customers owe",
		Long:    "invoice holds the commands on customers' invoices.",
		Example: "  landlord invoice run --month 2026-01 --dry-run -f portfolio.yaml",
	}
	c.AddCommand(p.invoiceRunCommand())
	c.AddCommand(p.invoiceHouseCommands()...)
	return c
}

func (p *program) invoiceRunCommand() *cobra.Command {
	var month string
	var dry bool
	c := &cobra.Command{
		Use:   "run --month YYYY-MM [--dry-run [KEY...]]",
		Short: "Work out the invoices of a month",
		Long: `run works out, for each customer that is served in the month or for those named,
an invoice: the price of each day in its tier, discounts, minimum, credits and
tax, each line with how it was computed. Amounts are rounded half to even to a
cent; the lines always sum to the total. --dry-run needs the file only, and keeps,
numbers and sends nothing. AWS's cost is not known to it: where the file passes it
on, it says that the lines are missing.

Without --dry-run a house does it, by the portfolio in force: it keeps drafts, and
issues those whose grace is over, by numbers without a gap. A customer has one invoice
for a month: running it again does what is left.`,
		Example: `  landlord invoice run --month 2026-01 --dry-run -f portfolio.yaml
  landlord invoice run --month 2026-01 --dry-run -f portfolio.yaml acme
  landlord invoice run --month 2026-01 --dry-run -f portfolio.yaml --json
  landlord invoice run --month 2026-01 --server https://landlord.example`,
	}
	p.portfolioFlags(c)
	c.Args = nil
	c.ValidArgsFunction = p.completeKeys
	c.Flags().StringVar(&month, "month", "", "the month, such as 2026-01")
	c.Flags().BoolVar(&dry, "dry-run", false, "work out and print, keep nothing")
	c.Flags().BoolVar(&p.json, "json", false, "print the invoices as JSON")
	p.serverFlag(c)
	c.RunE = func(c *cobra.Command, keys []string) error {
		switch {
		case month == "":
			return errors.New("invoice run needs a month, as in: landlord invoice run --month 2026-01 --dry-run -f portfolio.yaml")
		case !dry && c.Flags().Changed("file"):
			return errors.New("a house works by the portfolio that it has: -f goes with --dry-run")
		case !dry && len(keys) > 0:
			return errors.New("a house works out everybody's invoices; `landlord invoice issue KEY` issues one, and with --dry-run -f FILE some are printed")
		case slices.Contains(keys, ""):
			return errors.New("a customer's key is empty, perhaps by a variable that is not set")
		}
		m, err := billing.ParseMonth(month)
		if err != nil {
			return fmt.Errorf("--month: %w", err)
		}
		if !dry {
			return p.billRemote(c.Context(), month)
		}
		folio, err := p.load(nil)
		if err != nil {
			return err
		}
		customers, err := chosen(folio, distinct(keys))
		if err != nil {
			return err
		}
		return p.invoices(folio, m, customers, len(keys) > 0)
	}
	return c
}

type invoicesJSON struct {
	Month    string        `json:"month"`
	Invoices []invoiceJSON `json:"invoices"`
	Total    string        `json:"total"` // a decimal, as all amounts here
	Currency string        `json:"currency"`
	Lacking  []string      `json:"without_aws_cost"` // customers to whom it is passed on
}

type invoiceJSON struct {
	Customer string     `json:"customer"`
	Number   *string    `json:"number"` // null until it is issued
	Total    string     `json:"total"`
	Currency string     `json:"currency"`
	Lines    []lineJSON `json:"lines"`
}

type lineJSON struct {
	Kind        billing.Kind `json:"kind"`
	Description string       `json:"description"`
	How         string       `json:"how"`
	Amount      string       `json:"amount"`
}

// invoices prints the invoices of some customers; their lines too if they were named.
func (p *program) invoices(folio *portfolio.Portfolio, m billing.Month, customers []portfolio.Customer, lines bool) error {
	biller := billing.New(folio, m)
	out := invoicesJSON{Month: m.String(), Invoices: []invoiceJSON{}, Currency: folio.Billing.Currency, Lacking: []string{}}
	var total money.Cents
	rows := [][3]string{{"CUSTOMER", "NAME", "LINES"}}
	if lines {
		rows[0] = [3]string{"CUSTOMER", "FOR", "HOW"}
	}
	amounts := []string{folio.Billing.Currency}
	row := func(customer, what, how string, amount money.Cents) {
		rows, amounts = append(rows, [3]string{customer, clean(what), clean(how)}), append(amounts, amount.Fixed())
	}
	for _, c := range customers {
		in, served, err := biller.Draft(c, billing.Given{})
		if err != nil {
			return err
		}
		if !served {
			continue
		}
		one := invoiceJSON{Customer: c.Key, Total: in.Total.Fixed(), Currency: in.Currency}
		for _, l := range in.Lines {
			one.Lines = append(one.Lines, lineJSON{l.Kind, l.Description, l.How, l.Amount.Fixed()})
			if lines {
				row(c.Key, l.Description, l.How, l.Amount)
			}
		}
		if lines {
			row(c.Key, "Total", "", in.Total)
		} else {
			row(c.Key, c.Name, strconv.Itoa(len(in.Lines)), in.Total)
		}
		out.Invoices = append(out.Invoices, one)
		total += in.Total
		if biller.PassesOn(c) {
			out.Lacking = append(out.Lacking, c.Key)
		}
	}
	out.Total = total.Fixed()
	for _, d := range folio.Departed {
		if d.Until > m.Day(1) {
			fmt.Fprintf(p.stderr, "landlord: %s left on %s and is only under departed, without a tier: it gets no invoice for %s\n", d.Key, d.Until, m)
		}
	}
	if n := len(out.Lacking); n > 0 {
		fmt.Fprintf(p.stderr, "landlord: AWS's cost is passed on to %s (%s), and a dry run does not know it: those lines are missing\n", count(n, "customer"), some(out.Lacking))
	}
	if p.json {
		return printJSON(p.stdout, out)
	}
	if len(out.Invoices) == 0 {
		fmt.Fprintf(p.stdout, "Nobody is served in %s.\n", m.Text())
		return nil
	}
	wide := len(slices.MaxFunc(amounts, func(a, b string) int { return len(a) - len(b) }))
	t := newTable(p.stdout, 2)
	for i, r := range rows {
		fmt.Fprintf(t, "%s\t%s\t%s\t%*s\n", r[0], r[1], r[2], wide, amounts[i])
	}
	t.Flush()
	fmt.Fprintf(p.stdout, "\n%s for %s: %s %s. Nothing was kept (dry run).\n", count(len(out.Invoices), "invoice"), m.Text(), out.Total, out.Currency)
	return nil
}
