package main

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"landlord/guard/compliance"
	"landlord/guard/compliance/report"
)

// hashPart is the beginning of a SHA-256, long enough to name few findings.
var hashPart = regexp.MustCompile(`^[0-9a-f]{8,64}$`)

// findingsShowCommand shows what a hash of a report rests on.
func (p *program) findingsShowCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "show HASH",
		Short: "Show the findings that a hash of a report names, and the calls they rest on",
		Long: `show looks for a hash that a compliance report gives as evidence of a resource, or
for its first 8 characters or more, among all findings that the folder of --dir
keeps. Of each it shows what was found, when and how; of landlord's own also how
many resources were looked at, the versions of what judged, and each call: its
input, its time, AWS's id of the request and the SHA-256 of the answer. The hash of
a check as a whole is over those of its resources, and is kept nowhere.`,
		Example: `  landlord findings show 91afc9b36c2b
  landlord findings show 91afc9b36c2b --json`,
	}
	p.dirFlag(c)
	c.Flags().BoolVar(&p.json, "json", false, "print the findings as JSON, all of them")
	c.Args = someArguments("the hash", 1)
	c.ValidArgsFunction = cobra.NoFileCompletions
	c.RunE = func(_ *cobra.Command, args []string) error {
		hash := strings.ToLower(args[0])
		if !hashPart.MatchString(hash) {
			return fmt.Errorf("%q is no hash: want at least the first 8 characters of a SHA-256, as a report has them", args[0])
		}
		found, err := p.findingsOf(hash)
		switch {
		case err != nil:
			return err
		case len(found) == 0:
			return fmt.Errorf("no finding below %s has a hash that begins with %s", p.dir, hash)
		case p.json:
			return printJSON(p.stdout, found)
		}
		for i, f := range found[:min(len(found), mostShown)] {
			if i > 0 {
				fmt.Fprintln(p.stdout)
			}
			p.showFinding(f)
		}
		more(p.stdout, len(found))
		return nil
	}
	return c
}

// findingsOf are the kept findings whose hash begins so, by account.
func (p *program) findingsOf(hash string) (found []compliance.Finding, err error) {
	accounts, err := p.evidence().Accounts()
	if err != nil {
		return nil, err
	}
	for _, account := range accounts {
		for f, err := range p.evidence().Of(account) {
			if err != nil {
				return nil, err
			}
			if strings.HasPrefix(f.Hash, hash) {
				found = append(found, f)
			}
		}
	}
	return found, nil
}

func (p *program) showFinding(f compliance.Finding) {
	out := p.stdout
	fmt.Fprintf(out, "%s: %s\n", clean(f.Name), f.Status)
	t := newTable(out, 2)
	row := func(name, value string) {
		if value != "" {
			fmt.Fprintf(t, "  %s\t%s\n", name, clean(value))
		}
	}
	row("account", string(f.Account))
	row("region", f.Region)
	row("resource", f.Resource)
	row("found", f.At.Format(time.RFC3339)+", by "+report.MethodWords(f.Method))
	row("reason", f.Reason)
	row("hash", f.Hash)
	if e := f.Evidence; e != nil {
		row("looked at", count(e.Population, "resource")+", by evaluator "+e.Evaluator+" and the table of "+e.Mapping)
		for _, c := range e.Calls {
			row("asked", strings.TrimSpace(c.Operation+" "+c.Region+" "+c.Input)+", "+c.At.Format(time.RFC3339))
			row("  request", c.RequestID)
			row("  answer", c.SHA256)
			row("  refused", strings.TrimSpace(c.Code+" "+c.Error))
		}
	}
	t.Flush()
}
