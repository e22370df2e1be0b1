package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/spf13/cobra"
)

// there has a house assess the accounts, by a run there, and tells of it.
func (r *scanRun) there(ctx context.Context, c *cobra.Command, keys []string) error {
	for _, name := range []string{"parallel", "all-regions", "again"} {
		if c.Flags().Changed(name) {
			return fmt.Errorf("--%s is of an assessment from here: the house reads the regions of its portfolio, as many accounts at once as it has room for", name)
		}
	}
	house, err := r.p.remote()
	if err != nil {
		return err
	}
	out := r.p.stdout
	if r.p.json {
		out = io.Discard
	}
	var run remoteRun
	asked := struct {
		Kind      string   `json:"kind"`
		Customers []string `json:"customers,omitempty"`
	}{"scan", keys}
	if err := house.ask(ctx, http.MethodPost, "/runs", asked, &run); err != nil {
		return err
	}
	fmt.Fprintf(out, "Run %s; Ctrl-C leaves it to go on there.\n", run.ID)
	err = house.follow(ctx, out, run.ID)
	if _, is := errors.AsType[exit](err); err != nil && !is || !r.p.json {
		return err
	}
	if told := house.ask(ctx, http.MethodGet, "/runs/"+url.PathEscape(run.ID), nil, &run); told != nil {
		return errors.Join(told, err)
	}
	return errors.Join(printJSON(r.p.stdout, run), err)
}
