package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"landlord/guard/compliance"
	"landlord/internal/nearest"
)

// findingsChecksCommand shows the table of checks, for operators: no customer sees
// more of it than its own framework.
func (p *program) findingsChecksCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "checks [NAME]",
		Short: "Show the checks that landlord knows, and what one of them touches in every framework",
		Long: `checks lists the table of checks. With the name of one (landlord's own, a check of
Prowler, a rule of AWS Config or a control of Security Hub) it shows which controls
that touches in every framework, who says so, and which calls decide it. It is for
operators: a customer's report shows its own framework only.`,
		Example: `  landlord findings checks s3.versioning
  landlord findings checks IAM.4 --json
  landlord findings checks`,
	}
	c.Args = maybeArgument("the name of one check")
	c.ValidArgsFunction = func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		var names []string
		for _, c := range compliance.Checks() {
			names = append(names, c.ID+"\t"+c.Title)
		}
		return names, cobra.ShellCompDirectiveNoFileComp
	}
	c.Flags().BoolVar(&p.json, "json", false, "print the checks as JSON")
	c.RunE = func(_ *cobra.Command, args []string) error {
		checks := compliance.Checks()
		if len(args) == 1 {
			if checks = compliance.Named(args[0]); len(checks) == 0 {
				return unknownCheck(args[0])
			}
		}
		all := make([]checkEffect, len(checks))
		for i, c := range checks {
			all[i] = effectOf(c)
		}
		if p.json {
			return printJSON(p.stdout, all)
		}
		if len(args) == 1 {
			for _, e := range all {
				p.showEffect(e)
			}
			return nil
		}
		t := newTable(p.stdout, 2)
		fmt.Fprintln(t, "check\tseverity\twhat should be so")
		for _, e := range all {
			fmt.Fprintf(t, "%s\t%s\t%s\n", e.ID, e.Severity, e.Title)
		}
		t.Flush()
		fmt.Fprintf(p.stdout, "\n%s, table of %s.\n", count(len(all), "check"), compliance.Version)
		return nil
	}
	return c
}

// unknownCheck says that no check is called so, and what was perhaps meant.
func unknownCheck(name string) error {
	var known []string
	for _, c := range compliance.Checks() {
		known = append(known, c.ID)
		known = append(known, c.Prowler...)
		known = append(known, c.SecurityHub...)
	}
	if near := nearest.Of(name, known); near != "" {
		return fmt.Errorf("landlord's table has no check %q. Did you mean %q?", name, near)
	}
	return fmt.Errorf("landlord's table has no check %q. `landlord findings checks` lists them", name)
}

// checkEffect is a check and what it touches in every framework.
type checkEffect struct {
	*compliance.Check
	Calls       []string       `json:"calls,omitempty"`
	Rules       []string       `json:"config_rules,omitempty"`
	Prowler     []string       `json:"prowler,omitempty"`
	SecurityHub []string       `json:"security_hub,omitempty"`
	Touches     []checkTouches `json:"touches"`
}

// checkTouches are the controls of one framework that a check touches.
type checkTouches struct {
	Framework string   `json:"framework"`
	Edition   string   `json:"edition,omitempty"`
	Confirmed []string `json:"confirmed,omitempty"`
	Single    []string `json:"one_source,omitempty"`
	Sources   string   `json:"sources,omitempty"` // of the confirmed
}

func effectOf(c *compliance.Check) checkEffect {
	e := checkEffect{Check: c, Calls: c.Calls, Rules: c.Rules, Prowler: c.Prowler, SecurityHub: c.SecurityHub, Touches: []checkTouches{}}
	for _, effect := range c.Effects() {
		t := checkTouches{Framework: effect.Framework.Name, Edition: effect.Framework.Edition}
		for _, m := range effect.Touches {
			if m.Confirmed {
				t.Confirmed, t.Sources = append(t.Confirmed, m.Control), m.Sources
			} else {
				t.Single = append(t.Single, m.Control)
			}
		}
		e.Touches = append(e.Touches, t)
	}
	return e
}

func (p *program) showEffect(e checkEffect) {
	fmt.Fprintf(p.stdout, "%s: %s (%s severity, %s)\n", e.ID, e.Title, e.Severity, e.Scope)
	t := newTable(p.stdout, 2)
	for _, line := range [][2]string{{"read by", strings.Join(e.Calls, ", ")}, {"AWS Config", strings.Join(e.Rules, ", ")}, {"Security Hub", strings.Join(e.SecurityHub, ", ")}, {"Prowler", strings.Join(e.Prowler, ", ")}} {
		if line[1] != "" {
			fmt.Fprintf(t, "  %s\t%s\n", line[0], line[1])
		}
	}
	for _, f := range e.Touches {
		name := strings.TrimSpace(f.Framework + " " + f.Edition)
		if f.Confirmed != nil {
			fmt.Fprintf(t, "  %s\t%s (%s)\n", name, strings.Join(f.Confirmed, ", "), f.Sources)
		}
		if f.Single != nil {
			fmt.Fprintf(t, "  %s\t%s (one source)\n", name, strings.Join(f.Single, ", "))
		}
	}
	t.Flush()
}
