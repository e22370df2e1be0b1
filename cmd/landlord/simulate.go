package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"landlord/internal/limits"
	"landlord/portfolio"
	"landlord/service/rehearsal"
	"landlord/simaws"
	"landlord/simulate"
	"landlord/simulate/report"
)

func (p *program) simulateCommand() *cobra.Command {
	var (
		scales  []int
		format  string
		out     string
		profile string
		seed    uint64
		portal  bool
	)
	c := &cobra.Command{
		Use:   "simulate [FILE]",
		Short: "Say beforehand what these and more customers will take",
		Long: `simulate deploys the portfolio on a simulated AWS in virtual time, by the planner
and executor that apply uses, at each scale: the first customers of the file, the
file, and whole multiples of its mix. It prints the report: revenue, margin,
units, deployment times, effort, checks that ran, issues, a decision. Nothing
outside is read or changed. The same seed prints the same bytes.

With --portal it also shows the onboarded customers to their people: it starts a PostgreSQL
of its own, in a temporary folder, and reads every page of each customer's portal.`,
		Example: `  landlord simulate examples/five-customers.yaml
  landlord simulate examples/five-customers.yaml --format html -o report.html
  landlord simulate examples/five-customers.yaml --scale 5,10000 --format json
  landlord simulate examples/five-customers.yaml --portal`,
	}
	p.portfolioFlags(c)
	c.Flags().IntSliceVar(&scales, "scale", simulate.Scales, "numbers of customers to simulate")
	c.Flags().StringVar(&format, "format", "", "md, html or json (default: by the ending of -o, else md)")
	c.Flags().StringVarP(&out, "output", "o", "", "write to this file instead of the terminal")
	c.Flags().StringVar(&profile, "profile", "reference", "latencies: instant, typical, reference, or a file")
	c.Flags().Uint64Var(&seed, "seed", 1, "random seed: changes latencies only")
	c.Flags().BoolVar(&portal, "portal", false, "also read every page of the customers' portals")
	_ = c.RegisterFlagCompletionFunc("format", cobra.FixedCompletions([]string{"md", "html", "json"}, cobra.ShellCompDirectiveNoFileComp))
	_ = c.RegisterFlagCompletionFunc("profile", cobra.FixedCompletions(simaws.Profiles(), cobra.ShellCompDirectiveDefault))
	c.RunE = func(c *cobra.Command, args []string) error {
		folio, err := p.load(args)
		if err != nil {
			return err
		}
		if format, err = formatOf(format, out); err != nil {
			return err
		}
		for _, n := range scales {
			if n < 1 || n > limits.AccountsGranted*2 {
				return fmt.Errorf("--scale %d: want 1 to %d customers, twice what AWS grants one organization", n, limits.AccountsGranted*2)
			}
		}
		text, err := p.simulate(c.Context(), folio, scales, format, profile, seed, portal)
		if err != nil {
			return err
		}
		if out == "" {
			_, err = p.stdout.Write(text)
			return err
		}
		if err := replace(out, text, 0o644); err != nil {
			return err
		}
		fmt.Fprintf(p.stderr, "%s: the report on %s\n", out, count(len(folio.Customers), "customer"))
		return nil
	}
	return c
}

// simulate runs the study and renders its report.
func (p *program) simulate(ctx context.Context, folio *portfolio.Portfolio, scales []int, format, profile string, seed uint64, portal bool) (_ []byte, err error) {
	latencies, err := profileNamed(profile)
	if err != nil {
		return nil, err
	}
	opt := simulate.Options{Profile: latencies, Seed: seed, Onboard: true}
	if portal {
		text, err := os.ReadFile(p.file)
		if err != nil {
			return nil, err
		}
		house, err := rehearsal.Open(ctx)
		if err != nil {
			return nil, fmt.Errorf("--portal: %w", err)
		}
		defer func() { err = errors.Join(err, house.Close()) }()
		opt.Portal = house.Portal(string(text))
	}
	// A simulation makes much short-lived garbage and keeps little: collecting
	// three times as rarely makes 10,000 customers a quarter faster. Beyond 28 KiB a
	// customer it is collected all the same: twice what is kept of 10,000.
	debug.SetGCPercent(300)
	debug.SetMemoryLimit(int64(max(len(folio.Customers), slices.Max(append(scales, 0)), 10_000)) * 28 << 10)
	study, err := simulate.RunStudy(ctx, folio, scales, opt)
	if err != nil {
		return nil, err
	}
	r := report.New(study)
	var b bytes.Buffer
	switch format {
	case "json":
		err = r.JSON(&b)
	case "html":
		err = r.HTML(&b)
	default:
		err = r.Markdown(&b)
	}
	return b.Bytes(), err
}

// formatOf is the format that is asked for, or that the file's ending says.
func formatOf(format, out string) (string, error) {
	if format == "" {
		format = strings.TrimPrefix(strings.ToLower(filepath.Ext(out)), ".")
		if format == "htm" {
			format = "html"
		}
	}
	switch format {
	case "":
		return "md", nil
	case "md", "html", "json":
		return format, nil
	case "markdown":
		return "md", nil
	}
	return "", fmt.Errorf("format %q: want md, html or json", format)
}
