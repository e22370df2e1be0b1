package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"landlord/portfolio"
)

func (p *program) validateCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "validate [FILE]",
		Short: "Check a portfolio file and name every fault",
		Long: `validate reads the portfolio file and names every fault at once: file, line,
column, the text, and what is expected. It reads nothing else and changes
nothing. Exit code 1 when there is a fault.`,
		Example: `  landlord validate -f examples/five-customers.yaml`,
		RunE: func(_ *cobra.Command, args []string) error {
			folio, err := p.load(args)
			if p.json {
				return p.validateJSON(folio, err)
			}
			if err != nil {
				return err
			}
			tiers := map[string]bool{}
			for _, c := range folio.Customers {
				tiers[c.Tier] = true
			}
			fmt.Fprintf(p.stdout, "%s: %s in %s, target %s. No faults.\n", folio.File, count(len(folio.Customers), "customer"), count(len(tiers), "tier"), folio.Organization.Target)
			return nil
		},
	}
	p.portfolioFlags(c)
	c.Flags().BoolVar(&p.json, "json", false, "print the faults as JSON")
	return c
}

// validateJSON prints {"file", "valid", "faults": [{line, column, text, message}]}.
func (p *program) validateJSON(folio *portfolio.Portfolio, err error) error {
	type fault struct {
		Line    int    `json:"line"`
		Column  int    `json:"column"`
		Text    string `json:"text"`
		Message string `json:"message"`
	}
	out := struct {
		File   string  `json:"file"`
		Valid  bool    `json:"valid"`
		Faults []fault `json:"faults"`
	}{p.file, err == nil, []fault{}}
	faults, is := errors.AsType[*portfolio.Faults](err)
	if err != nil && !is {
		return err
	}
	if is {
		for _, f := range faults.Faults {
			out.Faults = append(out.Faults, fault{f.Line, f.Column, f.Text, f.Message})
		}
	}
	if err := printJSON(p.stdout, out); err != nil {
		return err
	}
	if !out.Valid {
		return exit(exitFault)
	}
	return nil
}

func (p *program) schemaCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of the portfolio file",
		Long: `schema prints the JSON Schema (draft 2020-12) of the portfolio file, so that
editors complete and check it.`,
		Example: `  landlord schema > portfolio.schema.json`,
		Args:    noArguments("See `landlord schema --help`"),
		RunE: func(*cobra.Command, []string) error {
			schema, err := portfolio.Schema()
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(p.stdout, "%s\n", schema)
			return err
		},
	}
}
