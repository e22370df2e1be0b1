package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"landlord/guard/identity"
	"landlord/org"
	"landlord/portfolio"
	"landlord/vend/blueprint"
	"landlord/vend/cloud"
	"landlord/vend/verify"
)

func (p *program) verifyCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "verify [FILE]",
		Short: "Read the organization back and check every customer",
		Long: `verify reads the organization back and checks of every customer that the account
exists and is active, is in its tier's unit, that its tier's policies apply and
no other tier's do, and that tags and root address are right; of every tier its
unit and policy, and that every call which its guardrails must deny is denied in
each of its accounts and what only other tiers deny is allowed, asked of the
policies that were read; of all that names and ids are unique. Exit code 1 when a
check fails. What it finds wrong, ` + "`landlord plan`" + ` shows how to mend.`,
		Example: `  landlord verify -f examples/five-customers.yaml
  landlord verify -f examples/five-customers.yaml --json
  landlord verify -f examples/five-customers.yaml --matrix`,
	}
	p.portfolioFlags(c)
	f := p.worldFlags(c)
	c.Flags().BoolVar(&p.json, "json", false, "print every check as JSON")
	matrix := c.Flags().Bool("matrix", false, "print which statement is denied in the accounts of which tier")
	c.RunE = func(c *cobra.Command, args []string) error {
		folio, err := p.load(args)
		if err != nil {
			return err
		}
		f.reads = true
		w, seen, err := p.observe(c.Context(), folio, f)
		if err != nil {
			return err
		}
		defer w.Close()
		want := blueprint.From(folio)
		report := verify.Organization(want, seen)
		if sign, wanted := identity.From(folio); wanted {
			have, err := w.AWS().SignIn(c.Context(), sign.Region)
			if err != nil {
				return err
			}
			open := entering(verify.Doors(want, seen, report, nil), sign.Customers)
			lacks, err := p.lacks(c.Context(), folio, w, seen, cloud.Rules(f.paced()), f.seed, open)
			if err != nil {
				return err
			}
			report.Checks = append(report.Checks, verify.People(sign, have, verify.Doors(want, seen, report, lacks))...)
		}
		passed, all := report.Passed()
		if p.json {
			err = printJSON(p.stdout, verifyJSON{seen.ID, passed, all - passed, report.Checks, report.Matrix})
		} else {
			if *matrix {
				showMatrix(p.stdout, want, report)
			}
			p.showChecks(folio, want, seen, w.Name(), report)
		}
		if err == nil && passed < all {
			return exit(exitFault)
		}
		return err
	}
	return c
}

// verifyJSON is what `verify --json` prints.
type verifyJSON struct {
	Organization string         `json:"organization"`
	Passed       int            `json:"passed"`
	Failed       int            `json:"failed"`
	Checks       []verify.Check `json:"checks"`
	Matrix       []verify.Cell  `json:"matrix"`
}

// showMatrix writes a line for each statement: whether its probes are denied in
// the accounts of each tier. What is not as it should be is marked.
func showMatrix(w io.Writer, want blueprint.Blueprint, r verify.Report) {
	cells := map[string]map[string]verify.Cell{}
	var statements []string
	for _, c := range r.Matrix {
		if cells[c.Statement] == nil {
			cells[c.Statement] = map[string]verify.Cell{}
			statements = append(statements, c.Statement)
		}
		cells[c.Statement][c.Tier] = c
	}
	t := newTable(w, 2)
	fmt.Fprint(t, "set\tstatement\tprobes")
	for _, tier := range want.Tiers {
		fmt.Fprint(t, "\t", tier.Key)
	}
	fmt.Fprintln(t)
	for _, s := range statements {
		for i, tier := range want.Tiers {
			c := cells[s][tier.Key]
			if i == 0 {
				fmt.Fprintf(t, "%s\t%s\t%d", c.Set, s, c.Probes)
			}
			says := "allowed"
			if c.Denies {
				says = "denied"
			} else if c.Denied > 0 {
				says = "partly" // another set denies some of it
			}
			switch {
			case c.Accounts == 0:
				says = "–"
			case c.Wrong > 0:
				says = "✗ not " + says
			}
			fmt.Fprint(t, "\t", says)
		}
		fmt.Fprintln(t)
	}
	t.Flush()
	fmt.Fprintln(w)
}

// showChecks writes a table of customers, a line per check (on a terminal only of
// those that the table does not show), and a sentence per fault.
func (p *program) showChecks(folio *portfolio.Portfolio, want blueprint.Blueprint, seen org.Organization, where string, r verify.Report) {
	w := p.stdout
	colour := paint(w)
	id := seen.ID
	if id == "" {
		id = "none"
	}
	fmt.Fprintf(w, "Organization: %s (%s, management account %s)\n\n", id, where, folio.Organization.Management)
	sign := func(name, key string) string {
		c, made := r.Of(name, key)
		switch {
		case !made:
			return "–"
		case c.Passed:
			return "✓"
		}
		return "✗"
	}
	t := newTable(w, 2)
	fmt.Fprintln(t, "customer\taccount\tunit\tpolicies\tisolation\ttags\te-mail")
	frameworks := map[string]string{}
	for _, tier := range folio.Tiers {
		frameworks[tier.Key] = tier.Framework
	}
	units := want.Paths()
	for _, c := range want.Customers {
		account := "none"
		if a, there := r.Account[c.Key]; there {
			account = string(a.ID)
		}
		fmt.Fprintf(t, "%s\t%s %s\t%s %s\t%s %s\t%s\t%s\t%s\n", c.Key, account, sign(verify.Account, c.Key), units[c.Unit], sign(verify.Unit, c.Key),
			frameworks[c.Tier], sign(verify.Policies, c.Key), sign(verify.Isolation, c.Key), sign(verify.Tags, c.Key), sign(verify.Email, c.Key))
	}
	t.Flush()
	fmt.Fprintln(w)
	for _, c := range r.Checks {
		if slices.Contains(verify.PerCustomer, c.Name) && isTerminal(w) { // the table has it
			continue
		}
		mark := colour(green, "✓")
		if !c.Passed {
			mark = colour(red, "✗")
		}
		what := c.Name
		switch {
		case c.Customer != "":
			what = c.Customer + " " + c.Name
		case c.Tier != "":
			what = c.Tier + " " + c.Name
		}
		fmt.Fprintf(w, "%s %s: %s\n", mark, what, clean(c.Looked))
	}
	faults(w, r, colour)
	passed, all := r.Passed()
	fmt.Fprintf(w, "\n%d of %s passed.\n", passed, count(all, "check"))
}

// faults writes a sentence per fault; one that fails several checks of a
// customer is written once.
func faults(w io.Writer, r verify.Report, colour func(string, string) string) {
	told := map[string]bool{}
	first := true
	for _, c := range r.Checks {
		who := strings.TrimSpace(c.Customer)
		if who == "" {
			who = c.Tier
		}
		if who == "" {
			who = "organization"
		}
		if c.Passed || told[who+c.Fault] {
			continue
		}
		told[who+c.Fault] = true
		if first {
			fmt.Fprintln(w)
			first = false
		}
		fmt.Fprintf(w, "%s %s: %s\n", colour(red, "✗"), who, clean(c.Fault))
	}
}
