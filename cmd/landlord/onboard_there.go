package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"landlord/service/onboard"
)

// there has a house onboard the customers, by a run for each, and tells of them.
func (r *onboardRun) there(ctx context.Context, keys []string) error {
	p := r.p
	house, err := p.remote()
	if err != nil {
		return err
	}
	out := p.stdout
	if p.json {
		out = io.Discard
	}
	if !r.yes {
		fmt.Fprintf(out, "Have %s onboard %s? Only \"yes\" is accepted: ", house.base.Host, strings.Join(keys, ", "))
		if err := confirmed(ctx, bufio.NewReader(p.stdin)); err != nil {
			fmt.Fprintln(out, "Nothing was changed.")
			return err
		}
	}
	var runs []remoteRun
	for _, key := range keys {
		var run remoteRun
		if err := house.ask(ctx, http.MethodPost, "/customers/"+url.PathEscape(key)+"/onboard", struct{}{}, &run); err != nil {
			return fmt.Errorf("customer %s: %w", key, err)
		}
		runs = append(runs, run)
	}
	told := onboardJSON{Onboard: []onboard.Checklist{}}
	for _, run := range runs {
		fmt.Fprintf(out, "\nRun %s; Ctrl-C leaves it to go on there.\n", run.ID)
		err := house.follow(ctx, out, run.ID)
		if _, is := errors.AsType[exit](err); err != nil && !is {
			return err
		}
		var list onboard.Checklist
		if err := house.ask(ctx, http.MethodGet, "/runs/"+url.PathEscape(run.ID)+"/checklist", nil, &list); err != nil {
			return fmt.Errorf("run %s: %w", run.ID, err)
		}
		told.Run, told.Onboard = run.ID, append(told.Onboard, list)
	}
	told.Complete = allComplete(told.Onboard)
	if p.json {
		if err := printJSON(p.stdout, told); err != nil {
			return err
		}
	} else {
		showChecklists(out, told.Onboard, time.Now())
	}
	if !told.Complete {
		return exit(exitFault)
	}
	return nil
}
