package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strconv"

	"github.com/rogpeppe/go-internal/diff"
	"github.com/spf13/cobra"

	"landlord/org"
	"landlord/portfolio"
	"landlord/vend/plan"
)

// remoteVersion is a version of the portfolio as the API tells it.
type remoteVersion struct {
	Version int64
	Author  string
	At      string
	Note    string
	Text    string
}

// latest is the portfolio in force; version 0 if there is none.
func (r *remote) latest(ctx context.Context) (v remoteVersion, err error) {
	err = r.ask(ctx, http.MethodGet, "/portfolio", nil, &v)
	if told, is := errors.AsType[*refusal](err); is && told.Status == http.StatusNotFound {
		return v, nil
	}
	return v, err
}

func (p *program) pushCommand() *cobra.Command {
	var yes bool
	var note string
	c := &cobra.Command{
		Use:   "push [FILE]",
		Short: "Make a file the house's portfolio, and apply it",
		Long: `push sends the file to the house, shows how it differs from the portfolio in force
and what would change in AWS, asks, and follows the run that applies it. If AWS is
not any more as it was shown, nothing is changed.

If somebody else has changed the portfolio since the file was pulled, push says who
and when, and changes nothing: pull, put your change in, push again.`,
		Example: `  landlord push -f portfolio.yaml --server https://landlord.example
  landlord push -f portfolio.yaml --yes --note "Kepler joins"`,
	}
	p.portfolioFlags(c)
	p.serverFlag(c)
	c.Flags().BoolVar(&yes, "yes", false, "do not ask")
	c.Flags().StringVar(&note, "note", "", "why, for whoever reads the versions")
	c.RunE = func(c *cobra.Command, args []string) error {
		folio, err := p.load(args) // its faults are told here, with the file's lines
		if err != nil {
			return err
		}
		if !yes && !isTerminal(p.stdin) {
			return errors.New("push asks before it changes anything, and there is no terminal to ask on: add --yes")
		}
		r, err := p.remote()
		if err != nil {
			return err
		}
		return p.push(c.Context(), r, folio, note, yes)
	}
	return c
}

func (p *program) push(ctx context.Context, r *remote, folio *portfolio.Portfolio, note string, yes bool) error {
	text, err := os.ReadFile(folio.File)
	if err != nil {
		return err
	}
	now, err := r.latest(ctx)
	if err != nil {
		return err
	}
	base := now.Version
	if was, known := pulledFrom(r.base.String(), folio.File); known && was.Version != now.Version && now.Text != string(text) {
		return fmt.Errorf("%s was made from version %d, and %s made version %d since (%s). `landlord pull -o NEW.yaml` writes that one; put your change into it. Nothing was changed", folio.File, was.Version, clean(now.Author), now.Version, now.At)
	}
	w := p.stdout
	if now.Text != string(text) && base > 0 {
		fmt.Fprintf(w, "%s\n", cleanLines(string(diff.Diff(fmt.Sprintf("version %d by %s", base, now.Author), []byte(now.Text), folio.File, text))))
	}
	var proposal struct {
		Base               int64
		Confirm            string
		Organization       string
		Management         org.AccountID
		Customers, Present int
		Changes            []plan.Change
		Notices            []string
	}
	if err := r.ask(ctx, http.MethodPost, "/portfolio/proposals", map[string]string{"text": string(text)}, &proposal); err != nil {
		return err
	}
	todo := &plan.Plan{Organization: proposal.Organization, Management: folio.Organization.Management, Customers: proposal.Customers, Present: proposal.Present, Changes: proposal.Changes}
	for range proposal.Changes {
		todo.Steps = append(todo.Steps, plan.Step{}) // how many there are tells whether there is anything to do
	}
	for _, n := range proposal.Notices {
		todo.Notices = append(todo.Notices, plan.Notice{Text: n})
	}
	showChanges(w, folio, r.base.Host, todo)
	if !yes {
		fmt.Fprintf(w, "\nMake %s the portfolio of %s and apply it? Only \"yes\" is accepted: ", folio.File, r.base.Host)
		if err := typed(ctx, bufio.NewReader(p.stdin), "yes"); err != nil {
			return err
		}
	}
	var made struct {
		Version int64
		Run     string
	}
	in := map[string]string{"text": string(text), "note": note, "confirm": proposal.Confirm}
	if err := r.ask(ctx, http.MethodPut, "/portfolio", in, &made, "If-Match", strconv.Quote(strconv.FormatInt(base, 10))); err != nil {
		return err
	}
	keepPulled(p.stderr, r.base.String(), folio.File, pulled{made.Version, hash(folio.File)})
	fmt.Fprintf(w, "\nVersion %d. Run %s applies it; Ctrl-C leaves it to go on there.\n", made.Version, made.Run)
	return r.follow(ctx, w, made.Run)
}
