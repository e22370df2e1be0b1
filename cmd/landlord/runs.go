package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/spf13/cobra"

	"landlord/service/store"
)

func (p *program) runsCommand() *cobra.Command {
	var follow, stop bool
	var begin string
	var most int
	c := &cobra.Command{
		Use:   "runs [RUN]",
		Short: "See, begin, follow and stop the runs of a house",
		Long: `runs lists the runs of a house, the newest first, or tells of one. --begin asks for
one by the portfolio in force: plan looks and says what would change, apply makes it
so, verify looks and checks every customer, reconcile mends drift if the house is to.`,
		Example: `  landlord runs --server https://landlord.example
  landlord runs --begin verify --follow
  landlord runs 20261123-131928-a7du4 --stop`,
		Args: cobra.MaximumNArgs(1),
	}
	p.serverFlag(c)
	c.Flags().BoolVar(&follow, "follow", false, "tell how it goes until it has ended; exit 1 unless all was done and no check failed")
	c.Flags().BoolVar(&stop, "stop", false, "ask it to stop; what AWS has begun it finishes")
	c.Flags().StringVar(&begin, "begin", "", "ask for a run: plan, apply, verify or reconcile")
	c.Flags().IntVar(&most, "limit", 20, "how many are listed, 1 to 500")
	c.Flags().BoolVar(&p.json, "json", false, "print JSON, as the API tells it")
	_ = c.RegisterFlagCompletionFunc("begin", cobra.FixedCompletions([]string{"plan", "apply", "verify", "reconcile"}, cobra.ShellCompDirectiveNoFileComp))
	c.RunE = func(c *cobra.Command, args []string) error {
		switch {
		case begin != "" && (stop || len(args) > 0):
			return fmt.Errorf("--begin asks for a new run: it goes with no RUN and no --stop")
		case (follow || stop) && len(args) == 0 && begin == "":
			return fmt.Errorf("name the run: `landlord runs` lists them")
		}
		if kinds := []string{store.RunPlan, store.RunApply, store.RunVerify, store.RunReconcile}; begin != "" && !slices.Contains(kinds, begin) {
			return fmt.Errorf("--begin %q: want plan, apply, verify or reconcile", begin)
		}
		r, err := p.remote()
		if err != nil {
			return err
		}
		ctx := c.Context()
		var one remoteRun
		switch {
		case begin != "":
			err = r.ask(ctx, http.MethodPost, "/runs", map[string]string{"kind": begin}, &one)
		case stop:
			err = r.ask(ctx, http.MethodPost, "/runs/"+url.PathEscape(args[0])+"/stop", struct{}{}, &one)
		case len(args) == 1:
			err = r.ask(ctx, http.MethodGet, "/runs/"+url.PathEscape(args[0]), nil, &one)
		default:
			return p.listRuns(c, r, most)
		}
		if told, is := errors.AsType[*refusal](err); is && told.Status == http.StatusNotFound && len(args) == 1 {
			return fmt.Errorf("%s has no run %s: `landlord runs` lists them", r.base.Host, clean(args[0]))
		}
		switch {
		case err != nil:
			return err
		case follow && p.json:
			return p.followJSON(ctx, r, one.ID)
		case follow:
			return r.follow(ctx, p.stdout, one.ID)
		case p.json:
			return printJSON(p.stdout, one)
		}
		p.showRemoteRuns([]remoteRun{one})
		return nil
	}
	return c
}

// followJSON tells people on standard error how a run goes, and prints what it came to.
func (p *program) followJSON(ctx context.Context, r *remote, id string) error {
	fault := r.follow(ctx, p.stderr, id)
	if _, is := errors.AsType[exit](fault); fault != nil && !is {
		return fault
	}
	var one remoteRun
	if err := r.ask(ctx, http.MethodGet, "/runs/"+url.PathEscape(id), nil, &one); err != nil {
		return err
	}
	return errors.Join(printJSON(p.stdout, one), fault)
}

func (p *program) listRuns(c *cobra.Command, r *remote, most int) error {
	if most < 1 || most > 500 {
		return fmt.Errorf("--limit %d: want 1 to 500", most)
	}
	var page struct {
		Items []remoteRun `json:"items"`
	}
	if err := r.ask(c.Context(), http.MethodGet, "/runs?limit="+strconv.Itoa(most), nil, &page); err != nil {
		return err
	}
	if p.json {
		return printJSON(p.stdout, page.Items)
	}
	p.showRemoteRuns(page.Items)
	return nil
}

func (p *program) showRemoteRuns(runs []remoteRun) {
	t := newTable(p.stdout, 2)
	fmt.Fprintln(t, "run\tkind\tstate\tversion\tasked by\tsummary")
	for _, r := range runs {
		fmt.Fprintf(t, "%s\t%s\t%s\t%d\t%s\t%s\n", r.ID, r.Kind, r.State, r.Portfolio, clean(r.AskedBy), clean(r.Summary))
	}
	t.Flush()
}
