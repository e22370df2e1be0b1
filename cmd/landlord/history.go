package main

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"landlord/vend/execute"
	"landlord/vend/journal"
	"landlord/vend/plan"
)

func (p *program) historyCommand() *cobra.Command {
	var limit int
	c := &cobra.Command{
		Use:   "history [RUN]",
		Short: "Tell what runs did",
		Long: `history lists the runs that changed an organization from this machine, the newest
first: when, who, which command, what it came to. With a run's id (or its
beginning or end, or "last") it tells what the run did, step by step, with AWS's
request ids.

Journals are files in the folder journal of --dir, the newest 100. They are for
people: no run needs them, and they can be deleted. A run that finds nothing to do
writes none.`,
		Example: `  landlord history
  landlord history last
  landlord history --json --limit 1`,
		Args: maybeArgument("one run"),
	}
	p.dirFlag(c)
	c.Flags().BoolVar(&p.json, "json", false, "print the runs, or the run's lines, as JSON")
	c.Flags().IntVar(&limit, "limit", 20, "runs to list; 0 is all")
	c.RunE = func(_ *cobra.Command, args []string) error {
		if limit < 0 {
			return fmt.Errorf("--limit %d: want 0 or more", limit)
		}
		if len(args) == 1 && strings.TrimSpace(args[0]) == "" {
			return errors.New("history takes a run's id; an empty one was given, perhaps by a variable that is not set")
		}
		if len(args) == 1 {
			return p.showRun(args[0])
		}
		return p.showRuns(limit)
	}
	c.ValidArgsFunction = func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		ids := []string{"last"}
		runs, _ := journal.Runs(p.dir, 20, journal.Self()) // completes what can be read
		for _, r := range runs {
			ids = append(ids, r.Run)
		}
		return ids, cobra.ShellCompDirectiveNoFileComp
	}
	return c
}

// showRuns lists runs.
func (p *program) showRuns(limit int) error {
	runs, err := journal.Runs(p.dir, limit, journal.Self())
	if p.json {
		if runs == nil {
			runs = []journal.Summary{}
		}
		return errors.Join(printJSON(p.stdout, runs), err)
	}
	if len(runs) == 0 && err == nil {
		fmt.Fprintf(p.stdout, "No run yet: %s holds no journal.\n", journal.Folder(p.dir))
		return nil
	}
	if len(runs) == 0 {
		return err
	}
	t := newTable(p.stdout, 2)
	fmt.Fprintln(t, "run\tbegan (UTC)\tby\tcommand\tfile\twhat it came to")
	for _, r := range runs {
		fmt.Fprintf(t, "%s\t%s\t%s@%s\t%s\t%s\t%s\n", clean(r.Run), r.Began.UTC().Format("2006-01-02 15:04:05"), clean(r.User), clean(r.Host), clean(r.Command), clean(r.File), cameTo(r))
	}
	t.Flush()
	return err
}

// cameTo says in a few words what a run came to.
func cameTo(r journal.Summary) string {
	end := r.End
	switch {
	case r.Running:
		return fmt.Sprintf("at work: %d of %s", r.Done, count(r.Steps, "step"))
	case end == nil && r.Gone(journal.Self()):
		return fmt.Sprintf("killed after %d of %s", r.Done, count(r.Steps, "step"))
	case end == nil:
		return fmt.Sprintf("no end after %d of %s: killed, or at work elsewhere", r.Done, count(r.Steps, "step"))
	}
	took := exact(time.Duration(min(max(end.Seconds, 0), 1e9) * float64(time.Second)))
	switch end.Result {
	case journal.Stopped:
		return fmt.Sprintf("stopped after %d of %s, %s", r.Done, count(r.Steps, "step"), took)
	case journal.Broken:
		return fmt.Sprintf("failed after %d of %s: %s", r.Done, count(r.Steps, "step"), clean(end.Error))
	case journal.Incomplete:
		return fmt.Sprintf("%s in %s, %s left", count(r.Done, "step"), took, count(end.Left, "change"))
	}
	if n := created(end.Made); n > 0 {
		return fmt.Sprintf("%d created, %s in %s", n, count(r.Done, "step"), took)
	}
	return fmt.Sprintf("%s in %s", count(r.Done, "step"), took)
}

// created counts the things that a run made.
func created(made map[string]int) (n int) {
	for _, kind := range []plan.Kind{plan.CreateOrganization, plan.CreateUnit, plan.CreatePolicy, plan.AttachPolicy, plan.CreateAccount} {
		n += made[string(kind)]
	}
	return n
}

// showRun tells what one run did.
func (p *program) showRun(word string) error {
	run, err := journal.Find(p.dir, word)
	if err != nil {
		return err
	}
	var lines []journal.Line
	r, err := journal.Lines(p.dir, run, journal.Self(), func(l journal.Line) error {
		lines = append(lines, l)
		return nil
	})
	if err != nil {
		return err
	}
	if p.json {
		return printJSON(p.stdout, struct {
			journal.Summary
			Lines []journal.Line `json:"lines"`
		}{r, lines})
	}
	w := p.stdout
	fmt.Fprintf(w, "Run %s: landlord %s of %s\n", clean(r.Run), clean(r.Command), clean(r.File))
	fmt.Fprintf(w, "  by            %s (%s)\n", clean(r.Process.String()), strings.TrimSpace("landlord "+clean(r.Version)))
	if r.Caller != "" {
		fmt.Fprintf(w, "  as            %s\n", clean(r.Caller))
	}
	organization := r.Org
	if organization == "" {
		organization = "none before"
	}
	fmt.Fprintf(w, "  organization  %s (%s, management account %s)\n", clean(organization), clean(r.Target), clean(string(r.Management)))
	if r.FileHash != "" {
		fmt.Fprintf(w, "  file          sha256 %s\n", clean(r.FileHash))
	}
	fmt.Fprintf(w, "  began         %s\n", r.Began.UTC().Format("2006-01-02 15:04:05 UTC"))
	showLines(w, lines)
	fmt.Fprintf(w, "\nIt came to: %s.\n", cameTo(r))
	return nil
}

// showLines writes what happened, at its time since the first line.
func showLines(w io.Writer, lines []journal.Line) {
	t := newTable(w, 2)
	for _, l := range lines {
		at := exact(l.At.Sub(lines[0].At))
		switch {
		case l.Plan != nil:
			t.Flush()
			t = newTable(w, 2)
			fmt.Fprintf(w, "\nRound %d at %s: %s, %s\n", l.Plan.Round, l.At.UTC().Format("2006-01-02 15:04:05 UTC"), count(len(l.Plan.Changes), "change"), count(l.Plan.Steps, "step"))
		case l.Event != nil:
			showHappened(t, at, l.Event)
		}
	}
	t.Flush()
}

func showHappened(w io.Writer, at string, e *journal.Happened) {
	name := clean(e.Name)
	if e.Customer != "" {
		name = clean(e.Customer) + "  " + name
	}
	var more []string
	if e.State != execute.Running {
		for _, id := range []string{e.ID, e.Handle} {
			if id != "" {
				more = append(more, clean(id))
			}
		}
		if e.Request != "" {
			more = append(more, "request "+clean(e.Request))
		}
	}
	if e.Error != "" {
		more = append(more, clean(e.Error))
	}
	fmt.Fprintf(w, "%8s\t%s\t%s\t%s\t%s\n", at, clean(string(e.State)), clean(string(e.Kind)), name, strings.Join(more, ", "))
}
