package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"landlord/guard/compliance"
	"landlord/guard/evidence"
	"landlord/org"
	"landlord/portfolio"
	"landlord/vend/blueprint"
)

// findingsDir is where findings are kept, in the folder of --dir.
const findingsDir = "findings"

// findingsCommand is the group of what is done with findings.
func (p *program) findingsCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "findings",
		Short: "Take in what scanners found in the accounts",
		Long: `findings holds the commands about what scanners found in customers' accounts. What
is taken in is kept in the folder of --dir, by account, and is what ` + "`landlord report\ncompliance`" + ` reports.`,
		Example: `  landlord findings import -f portfolio.yaml prowler-output.ocsf.json
  landlord findings queue -f portfolio.yaml`,
	}
	c.AddCommand(p.findingsImportCommand(), p.findingsQueueCommand(), p.findingsAssignCommand(), p.findingsChecksCommand(), p.findingsShowCommand())
	return c
}

func (p *program) findingsQueueCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "queue",
		Short: "List the findings that are of no customer's account",
		Long: `queue lists the accounts of which findings are kept and that are no customer's: not
in the file, in conflict, or of another organization. They are in no report. Once
an account is a customer's, its findings are that customer's, without another
import. With --server it is the queue of a house, of which ` + "`landlord findings assign`" + `
says whose an account is.`,
		Example: `  landlord findings queue -f portfolio.yaml
  landlord findings queue --server https://landlord.example`,
	}
	p.portfolioFlags(c)
	f := p.worldFlags(c)
	c.Args = noArguments("It lists what `landlord findings import` could not attribute")
	c.Flags().BoolVar(&p.json, "json", false, "print the list as JSON")
	p.houseFlag(c, "list the queue of this house")
	c.RunE = func(c *cobra.Command, _ []string) error {
		if p.server != "" {
			return p.queueThere(c.Context())
		}
		o, err := p.owned(c.Context(), f, false)
		if err != nil {
			return err
		}
		queue, err := p.queue(o)
		if err != nil {
			return err
		}
		if p.json {
			return printJSON(p.stdout, queue)
		}
		if len(queue) == 0 {
			fmt.Fprintln(p.stdout, "Every finding is of a customer's account.")
			return nil
		}
		t := newTable(p.stdout, 2)
		fmt.Fprintln(t, "account\tfindings\timports")
		for _, q := range queue {
			fmt.Fprintf(t, "%s\t%d\t%d\n", q.Account, q.Findings, q.Imports)
		}
		t.Flush()
		fmt.Fprintf(p.stdout, "\n%s with findings that are no customer's; in no report.\n", count(len(queue), "account"))
		return nil
	}
	return c
}

// queued is an account of nobody's of which findings are kept.
type queued struct {
	Account  org.AccountID `json:"account"`
	Findings int           `json:"findings"`
	Imports  int           `json:"imports"`
}

// queue are the accounts of nobody's of which findings are kept.
func (p *program) queue(o owners) ([]queued, error) {
	kept := p.evidence()
	accounts, err := kept.Accounts()
	if err != nil {
		return nil, err
	}
	queue := []queued{}
	for _, id := range accounts {
		if o.customer[id] != "" {
			continue
		}
		findings, imports, err := kept.Count(id)
		if err != nil {
			return nil, err
		}
		if imports > 0 {
			queue = append(queue, queued{id, findings, imports})
		}
	}
	return queue, nil
}

// evidence is where findings are kept.
func (p *program) evidence() *evidence.Folder {
	return evidence.Open(filepath.Join(p.dir, findingsDir))
}

// owners tell whose each account is.
type owners struct {
	folio    *portfolio.Portfolio
	customer map[org.AccountID]string // account → customer's key
	account  map[string]org.AccountID // and back
	conflict map[string]string        // customer's key → why its account cannot be told
}

// owned reads whose each account is, as the directory tells: of AWS from the last
// look, unless there is none or it shall be read anew.
func (p *program) owned(ctx context.Context, f *worldFlags, refresh bool) (owners, error) {
	f.reads = true
	folio, err := p.load(nil)
	if err != nil {
		return owners{}, err
	}
	seen, _, err := p.look(ctx, folio, f, refresh)
	if err != nil {
		return owners{}, fmt.Errorf("tell whose the accounts are: %w", err)
	}
	return ownersOf(folio, seen), nil
}

// ownersOf tells whose the accounts are that were seen, or that the file names.
func ownersOf(folio *portfolio.Portfolio, seen org.Organization) owners {
	own := blueprint.From(folio).Owners(seen)
	o := owners{folio, map[org.AccountID]string{}, map[string]org.AccountID{}, map[string]string{}}
	for _, c := range own.Conflicts {
		o.conflict[c.Customer] = c.Why
	}
	is := func(key string, id org.AccountID) {
		if o.conflict[key] == "" {
			o.customer[id], o.account[key] = key, id
		}
	}
	for key, a := range own.Of {
		is(key, a.ID)
	}
	for key, id := range own.Outside {
		is(key, id)
	}
	return o
}

func (p *program) findingsImportCommand() *cobra.Command {
	var refresh bool
	c := &cobra.Command{
		Use:   "import PATH...",
		Short: "Take in findings: OCSF, ASFF or CSV, of Prowler, Security Hub or your own",
		Long: `import reads files of findings, or the files of a folder: OCSF (classes 2003 and
2004, as Prowler and Security Hub write it), ASFF (a list, or what get-findings
prints) and CSV (Prowler's, or your own with the columns check, account, status,
at and perhaps region, resource, suppressed, uid). Each file is taken in whole or
not at all; one that was taken in before changes nothing. A finding is the
customer's whose account it is; what is nobody's is kept apart and is in no
report: ` + "`landlord findings queue`" + ` lists it. No AWS is read: whose an account is,
the last plan, apply or verify saw; --refresh reads it anew. --server has a house
take them in, by whose the accounts are there.`,
		Example: `  landlord findings import -f portfolio.yaml prowler-output.ocsf.json
  landlord findings import -f portfolio.yaml output/ --json
  landlord findings import output/ --server https://landlord.example
  aws securityhub get-findings > hub.json; landlord findings import -f portfolio.yaml hub.json`,
	}
	p.portfolioFlags(c)
	f := p.worldFlags(c)
	c.Args = someArguments("a file of findings, or a folder of such", math.MaxInt)
	c.Flags().BoolVar(&refresh, "refresh", false, "read the organization anew")
	p.houseFlag(c, "have this house take them in")
	c.Flags().BoolVar(&p.json, "json", false, "print what was taken in as JSON")
	c.RunE = func(c *cobra.Command, paths []string) error {
		files, err := findingsFiles(paths)
		if err != nil {
			return err
		}
		taken, err := p.takenIn(c.Context(), files, f, refresh)
		if err != nil && len(taken) == 0 {
			return err
		}
		if p.json {
			err = errors.Join(err, printJSON(p.stdout, taken))
		} else {
			p.showTaken(taken)
		}
		bad := 0
		for _, t := range taken {
			if t.Error != "" {
				bad++
				if !p.json {
					fmt.Fprintf(p.stderr, "landlord: %s\n", cleanLines(t.Error))
				}
			}
		}
		if bad > 0 {
			return errors.Join(err, exit(exitFault))
		}
		return errors.Join(err, c.Context().Err())
	}
	return c
}

// takenIn takes files in: here, or in the house that --server names.
func (p *program) takenIn(ctx context.Context, files []string, f *worldFlags, refresh bool) ([]takenIn, error) {
	if p.server != "" {
		return p.sendIn(ctx, files)
	}
	o, err := p.owned(ctx, f, refresh)
	if err != nil {
		return nil, err
	}
	return p.takeIn(ctx, files, o), nil
}

// showTaken writes what was taken in.
func (p *program) showTaken(taken []takenIn) {
	t := newTable(p.stdout, 2)
	fmt.Fprintln(t, "file\tformat\trecords\tfindings\ttwice\tcustomers\tnobody's\tunknown check\t")
	var customers = map[string]int{}
	var queue, unmapped = map[org.AccountID]int{}, map[string]int{}
	findings := 0
	for _, one := range taken {
		note := ""
		switch {
		case one.Error != "":
			note = "nothing was taken in"
		case one.Known:
			note = "taken in before"
		default:
			findings += one.Findings
		}
		fmt.Fprintf(t, "%s\t%s\t%d\t%d\t%d\t%d\t%d\t%d\t%s\n", clean(one.File), orElse(one.Format, "–"), one.Records, one.Findings, one.Duplicates, len(one.Customers), total(one.Queue), total(one.Unmapped), note)
		for key, n := range one.Customers {
			customers[key] += n
		}
		for id, n := range one.Queue {
			queue[id] += n
		}
		for name, n := range one.Unmapped {
			unmapped[name] += n
		}
	}
	t.Flush()
	fmt.Fprintln(p.stdout)
	for _, one := range taken {
		for _, why := range slices.Sorted(maps.Keys(one.Skipped)) {
			fmt.Fprintf(p.stdout, "%s: left out %s %s.\n", clean(one.File), count(one.Skipped[why], "record"), why)
		}
	}
	if len(unmapped) > 0 {
		fmt.Fprintf(p.stdout, "Kept, but in no control: %s of %s that landlord's table does not know: %s.\n", count(total(unmapped), "finding"), count(len(unmapped), "check"), clean(firstOf(slices.Sorted(maps.Keys(unmapped)), 5)))
	}
	if len(queue) > 0 {
		var ids []string
		for _, id := range slices.Sorted(maps.Keys(queue)) {
			ids = append(ids, string(id))
		}
		fmt.Fprintf(p.stdout, "In the queue, and in no report: %s of %s that are no customer's: %s.\n", count(total(queue), "finding"), count(len(queue), "account"), firstOf(ids, 5))
	}
	fmt.Fprintf(p.stdout, "Took in %s of %s.\n", count(findings, "finding"), count(len(customers), "customer"))
}

// firstOf are the first of a list, in words.
func firstOf(list []string, most int) string {
	if len(list) > most {
		return strings.Join(list[:most], ", ") + fmt.Sprintf(" and %d more", len(list)-most)
	}
	return strings.Join(list, ", ")
}

func total[K comparable](m map[K]int) (n int) {
	for _, v := range m {
		n += v
	}
	return n
}

// nameKnown tells whether landlord's table knows a check.
func nameKnown(name string) bool { return len(compliance.Named(name)) > 0 }
