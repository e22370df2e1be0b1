package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"landlord/org"
	"landlord/portfolio"
	"landlord/vend/draft"
)

func (p *program) importCommand() *cobra.Command {
	var out, provider, target string
	var tiers []string
	var force bool
	c := &cobra.Command{
		Use:   "import",
		Short: "Write the portfolio file of an organization that exists",
		Long: `import reads an organization and writes its portfolio file. It changes nothing, and
needs only what ` + "`landlord permissions --plan-only`" + ` allows. Accounts that landlord made
or adopted become customers, so that the plan of the file is empty; what AWS does
not hold (prices, economics) is to be filled in, and said. Any other account is
written as a comment, to be uncommented if it is a customer's; --tier makes those
in a unit customers of a tier, and the plan then shows what adopting them changes.`,
		Example: `  landlord import -o portfolio.yaml
  landlord import --tier Workloads=standard -o portfolio.yaml    # the accounts in one unit
  landlord import --tier all=standard -o -                       # all accounts; on standard output`,
		Args: noArguments("It reads the organization and writes a file, which -o FILE names"),
	}
	f := p.worldFlags(c)
	f.reads, f.invited = true, true
	c.Flags().StringVarP(&out, "output", "o", "portfolio.yaml", "the file to write; - is standard output")
	c.Flags().StringVar(&target, "target", portfolio.AWS, `"aws", or "simulated" for the simulated AWS in --dir`)
	_ = c.RegisterFlagCompletionFunc("target", cobra.FixedCompletions([]string{portfolio.AWS, portfolio.Simulated}, cobra.ShellCompDirectiveNoFileComp))
	c.Flags().StringArrayVar(&tiers, "tier", nil, "UNIT=TIER: accounts in a unit of that name, or below, become customers of the tier; Root and all too")
	c.Flags().StringVar(&provider, "provider", "", "the provider's name")
	c.Flags().BoolVar(&force, "force", false, "replace the file if there is one")
	c.RunE = func(c *cobra.Command, _ []string) error {
		if target != portfolio.AWS && target != portfolio.Simulated {
			return fmt.Errorf("--target %q: want simulated or aws", target)
		}
		if out == "" {
			return errors.New("import needs a file to write: -o FILE, or -o - for standard output")
		}
		byUnit, err := tiersByUnit(tiers)
		if err != nil {
			return err
		}
		if _, err := os.Lstat(out); out != "-" && !force && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%s is there already; name another file with -o, or give --force to replace it", out)
		}
		if info, err := os.Stat(filepath.Dir(out)); out != "-" && (err != nil || !info.IsDir()) {
			return fmt.Errorf("write %s: there is no folder %s", out, filepath.Dir(out))
		}
		if _, err := os.Stat(filepath.Join(p.dir, state)); target == portfolio.Simulated && err != nil {
			return fmt.Errorf("there is no simulated AWS in %s; --dir names its folder", p.dir)
		}
		folio := &portfolio.Portfolio{File: "the file", Organization: portfolio.Organization{Target: target}}
		w, _, err := p.open(c.Context(), folio, f)
		if err != nil {
			return err
		}
		defer w.Close()
		seen, err := w.Observe(c.Context())
		switch {
		case err != nil:
			return err
		case !seen.Exists():
			return errors.New("the account is in no organization; there is nothing to import")
		}
		for name := range byUnit {
			if name != "all" && name != "Root" && !slices.ContainsFunc(seen.Units, func(u org.Unit) bool { return u.Name == name }) {
				return fmt.Errorf("--tier %s=%s: no unit of organization %s is called so", name, byUnit[name], seen.ID)
			}
		}
		d := draft.Portfolio(seen, draft.Options{Target: target, Provider: provider, Tiers: byUnit})
		if _, err := portfolio.Parse(out, d.Text); err != nil {
			return fmt.Errorf("the draft of organization %s is not a valid portfolio, which is a bug in landlord; nothing was written: %w", seen.ID, err)
		}
		if out == "-" {
			_, err = p.stdout.Write(d.Text)
			return err
		}
		write := create
		if force {
			write = replace
		}
		if err := write(out, d.Text, 0o644); err != nil {
			return err
		}
		fmt.Fprintf(p.stdout, "Organization: %s (%s, management account %s), %s\n", seen.ID, w.Name(), seen.Management, count(len(seen.Accounts), "account"))
		fmt.Fprintf(p.stdout, "Wrote %s: %s, %s as comments.\n", out, count(d.Customers, "customer"), count(d.Commented, "account"))
		for _, note := range d.Notes {
			fmt.Fprintf(p.stdout, "  ! %s\n", clean(note))
		}
		fmt.Fprintf(p.stdout, "`landlord plan -f %s` shows what landlord would change; it changes nothing.\n", out)
		return nil
	}
	return c
}

// tiersByUnit reads the values of --tier.
func tiersByUnit(values []string) (map[string]string, error) {
	tiers := map[string]string{}
	for _, v := range values {
		unit, tier, both := strings.Cut(v, "=")
		switch {
		case !both || unit == "" || tier == "":
			return nil, fmt.Errorf("--tier %q: want UNIT=TIER, such as Workloads=standard, or all=standard", v)
		case tiers[unit] != "":
			return nil, fmt.Errorf("--tier names unit %s twice", unit)
		case !slices.ContainsFunc(portfolio.Builtin(), func(t portfolio.Tier) bool { return t.Key == tier }):
			return nil, fmt.Errorf("--tier %q: there is no tier %s; built in are fintech, healthcare, government-federal, standard", v, tier)
		}
		tiers[unit] = tier
	}
	return tiers, nil
}
