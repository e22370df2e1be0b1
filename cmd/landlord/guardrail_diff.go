package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"landlord/org"
	"landlord/portfolio"
	"landlord/vend/blueprint"
	"landlord/vend/plan"
)

// diffFlags are what is compared.
type diffFlags struct {
	customers []string
	tier      string
	events    string
}

func (p *program) guardrailDiffCommand() *cobra.Command {
	d := &diffFlags{}
	c := &cobra.Command{
		Use:   "diff",
		Short: "Tell what becomes denied or allowed, and which calls of the last days would be refused",
		Long: `diff compares the policies that are in force in each customer's account with those
that will be once apply has carried out the file: which of the probes become
denied or allowed, and for whom. With --customer and --tier it is the move of one
customer to another tier. Nothing is changed.

With --events DIR it judges the calls in CloudTrail's log files below DIR (*.json
and *.json.gz) by the policies that will be in force, and tells which would have
been refused, and to whom. A call that was refused when it was made is left out.
What hangs on a condition key that CloudTrail does not log is counted apart.`,
		Example: `  landlord guardrail diff -f portfolio.yaml
  landlord guardrail diff -f portfolio.yaml --customer acme --tier government
  landlord guardrail diff -f portfolio.yaml --events AWSLogs/`,
	}
	p.portfolioFlags(c)
	f := p.worldFlags(c)
	c.Flags().StringArrayVar(&d.customers, "customer", nil, "only this customer; can be given several times")
	c.Flags().StringVar(&d.tier, "tier", "", "as if the customers were moved to this tier")
	c.Flags().StringVar(&d.events, "events", "", "a folder of CloudTrail's log files")
	c.Flags().BoolVar(&p.json, "json", false, "print what was found as JSON")
	_ = c.RegisterFlagCompletionFunc("customer", p.completeKeys)
	_ = c.MarkFlagDirname("events")
	c.RunE = func(c *cobra.Command, args []string) error {
		folio, err := p.load(args)
		if err != nil {
			return err
		}
		return p.diff(c.Context(), folio, f, d)
	}
	return c
}

// both are the policies of one account before and after.
type both struct {
	customer   blueprint.Customer
	account    org.Account
	now, after places
}

// diff reads the organization and compares.
func (p *program) diff(ctx context.Context, folio *portfolio.Portfolio, f *worldFlags, d *diffFlags) error {
	then, err := moved(folio, d)
	if err != nil {
		return err
	}
	want := blueprint.From(folio)
	customers := want.Customers
	if len(d.customers) > 0 {
		customers = nil
		for _, key := range distinct(d.customers) {
			c, err := customerOf(want, folio, key)
			if err != nil {
				return err
			}
			customers = append(customers, c)
		}
	}
	f.reads = true
	w, seen, err := p.observe(ctx, folio, f)
	if err != nil {
		return err
	}
	defer w.Close()
	if !seen.Exists() {
		return errors.New("there is no organization yet, so nothing is in force. `landlord guardrail test` asks what the file wants")
	}
	force, err := newForce(ctx, w.AWS(), seen, len(customers))
	if err != nil {
		return err
	}
	wanted := blueprint.From(then).Exempting(seen)
	units := map[string]string{} // by customer: the unit's key
	for _, c := range wanted.Customers {
		units[c.Key] = c.Unit
	}
	var all []both
	var without []string
	for _, c := range customers {
		a, err := plan.AccountOf(want, seen, c.Key)
		if err != nil {
			without = append(without, c.Key)
			continue
		}
		b := both{customer: c, account: a}
		if b.now, err = force.of(ctx, a); err != nil {
			return err
		}
		if b.after, err = force.after(ctx, wanted, units[c.Key], a); err != nil {
			return err
		}
		all = append(all, b)
	}
	then.File = folio.File
	if d.tier != "" {
		then.File += fmt.Sprintf(" and %s in tier %s", few(distinct(d.customers)), d.tier)
	}
	if d.events != "" {
		return p.diffEvents(ctx, then, all, d.events)
	}
	return p.diffProbes(then, all, without)
}

// moved is the portfolio with the customers in the tier that --tier names.
func moved(folio *portfolio.Portfolio, d *diffFlags) (*portfolio.Portfolio, error) {
	if d.tier == "" {
		return folio, nil
	}
	var tiers []string
	for _, t := range folio.Tiers {
		tiers = append(tiers, t.Key)
	}
	switch {
	case !slices.Contains(tiers, d.tier):
		return nil, fmt.Errorf("%s has no tier %q%s", folio.File, d.tier, meant(d.tier, tiers))
	case len(d.customers) == 0:
		return nil, errors.New("--tier needs --customer KEY: who moves?")
	}
	then := *folio
	then.Customers = slices.Clone(folio.Customers)
	for i := range then.Customers {
		if slices.Contains(d.customers, then.Customers[i].Key) {
			then.Customers[i].Tier = d.tier
		}
	}
	return &then, nil
}

// turnJSON is a probe whose answer changes.
type turnJSON struct {
	Action    string     `json:"action"`
	Resource  string     `json:"resource,omitempty"`
	Region    string     `json:"region,omitempty"`
	Becomes   string     `json:"becomes"` // "denied" or "allowed"
	By        judgedJSON `json:"by"`      // what denies it then, or denies it now
	Customers []string   `json:"customers"`
}

// diffJSON is what `guardrail diff --json` prints.
type diffJSON struct {
	Customers int        `json:"customers"` // that were compared
	Probes    int        `json:"probes"`
	Changes   []turnJSON `json:"changes"`
	Without   []string   `json:"without_account"`
}

// alike tells whether two probes say the same to whoever reads it.
func alike(a, b turnJSON) bool {
	return a.Action == b.Action && a.Resource == b.Resource && a.Region == b.Region && a.Becomes == b.Becomes &&
		a.By.Policy == b.By.Policy && a.By.Statement == b.By.Statement && a.By.Where == b.By.Where && slices.Equal(a.Customers, b.Customers)
}

// diffProbes asks each probe before and after.
func (p *program) diffProbes(folio *portfolio.Portfolio, all []both, without []string) error {
	probes := probesOf(folio)
	out := diffJSON{Customers: len(all), Probes: len(probes), Changes: []turnJSON{}, Without: append([]string{}, without...)}
	for _, probe := range probes {
		by := map[string]int{} // of this probe: the change, by what becomes of it
		for _, b := range all {
			r := probe.request(string(b.account.ID))
			now, then := b.now.judge(r), b.after.judge(r)
			if now.Allowed == then.Allowed {
				continue
			}
			t := turnJSON{Action: r.Action, Resource: probe.resource, Region: strings.Join(r.Context["aws:RequestedRegion"], ""), Becomes: "denied", By: judgedAs(then)}
			if then.Allowed {
				t.Becomes, t.By = "allowed", judgedAs(now)
			}
			key := t.Becomes + t.By.Policy + t.By.Statement + t.By.Where
			i, told := by[key]
			if !told {
				i = len(out.Changes)
				by[key] = i
				out.Changes = append(out.Changes, t)
			}
			out.Changes[i].Customers = append(out.Changes[i].Customers, b.customer.Key)
		}
	}
	once := []turnJSON{}
	for _, c := range out.Changes {
		if !slices.ContainsFunc(once, func(told turnJSON) bool { return alike(told, c) }) {
			once = append(once, c)
		}
	}
	out.Changes = once
	if p.json {
		return printJSON(p.stdout, out)
	}
	colour := paint(p.stdout)
	fmt.Fprintf(p.stdout, "%s asked in the accounts of %s: now, and with %s carried out\n\n", count(out.Probes, "probe"), count(out.Customers, "customer"), folio.File)
	if len(out.Changes) > 0 {
		t := newTable(p.stdout, 2)
		fmt.Fprintln(t, "becomes\tcall\tin\tcustomers\tby")
		for _, c := range out.Changes {
			what := colour(red, c.Becomes)
			if c.Becomes == "allowed" {
				what = colour(green, c.Becomes)
			}
			fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", what, c.Action, orElse(c.Region, "–"), few(c.Customers), byWhat(c.By.Statement))
		}
		t.Flush()
		fmt.Fprintln(p.stdout)
	}
	if len(without) > 0 {
		fmt.Fprintf(p.stdout, "Without an account yet: %s.\n", few(without))
	}
	denied := 0
	for _, c := range out.Changes {
		if c.Becomes == "denied" {
			denied++
		}
	}
	fmt.Fprintf(p.stdout, "%s become denied, %d allowed.\n", count(denied, "call"), len(out.Changes)-denied)
	return nil
}

// byWhat names a statement in a table; a long name loses its end.
func byWhat(statement string) string {
	if letters := []rune(statement); len(letters) > 48 {
		statement = string(letters[:47]) + "…"
	}
	return clean(orElse(statement, "nothing allows it"))
}

// few names some keys, and counts the rest.
func few(keys []string) string {
	if len(keys) > 5 {
		return fmt.Sprintf("%s and %d more", strings.Join(keys[:4], ", "), len(keys)-4)
	}
	return strings.Join(keys, ", ")
}
