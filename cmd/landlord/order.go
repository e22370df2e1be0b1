package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"time"

	"landlord/vend/plan"
)

// remoteIntent is what an order would do, as the API tells it.
type remoteIntent struct {
	Customer string        `json:"customer"`
	Account  string        `json:"account"`
	Name     string        `json:"name"`
	Email    string        `json:"email"`
	Confirm  string        `json:"confirm"`
	Looked   time.Time     `json:"looked"`
	Nothing  bool          `json:"nothing"`
	Changes  []plan.Change `json:"changes"`
	Closures *struct {
		Quota   int        `json:"quota"`
		Used    int        `json:"used"`
		Unknown int        `json:"unknown"`
		Frees   *time.Time `json:"frees,omitempty"`
	} `json:"closures,omitempty"`
}

// orderThere has a house suspend, resume or close customers: it is asked what each
// order does, that is shown and confirmed, and the runs are followed. names are
// those of the accounts to close, by --confirm.
func (r *lifeRun) orderThere(ctx context.Context, kind string, keys, names []string) error {
	p := r.p
	house, err := p.remote()
	if err != nil {
		return err
	}
	if !r.yes && !r.dry && (p.json || !isTerminal(p.stdin)) {
		return errors.New("this asks before it changes anything, and there is no terminal to ask on: look with --dry-run, then give --yes, and --confirm NAME for each account to close")
	}
	out := p.stdout
	if p.json {
		out = io.Discard
	}
	var shown []remoteIntent
	for _, key := range keys {
		var in remoteIntent
		if err := house.ask(ctx, http.MethodGet, orderPath(key, kind), nil, &in); err != nil {
			return fmt.Errorf("customer %s: %w", key, err)
		}
		showIntent(out, in)
		if frees := in.Closures; frees != nil && frees.Frees != nil && !r.dry {
			return fmt.Errorf("AWS's quota of closures is used up; a place for %s is free on %s. Nothing was changed", key, frees.Frees.UTC().Format(time.DateOnly))
		}
		shown = append(shown, in)
	}
	if r.dry {
		if p.json {
			return printJSON(p.stdout, shown)
		}
		return nil
	}
	if err := r.agreed(ctx, out, kind, shown, names); err != nil {
		return err
	}
	var runs []remoteRun
	for _, in := range shown {
		var run remoteRun
		body := map[string]string{"confirm": in.Confirm}
		if kind == "close" {
			body["name"] = in.Name
		}
		if err := house.ask(ctx, http.MethodPost, orderPath(in.Customer, kind), body, &run); err != nil {
			return fmt.Errorf("customer %s: %w", in.Customer, err)
		}
		runs = append(runs, run)
	}
	fault := error(nil)
	for i := range runs {
		fmt.Fprintf(out, "\nRun %s; Ctrl-C leaves it to go on there.\n", runs[i].ID)
		err := house.follow(ctx, out, runs[i].ID)
		if _, is := errors.AsType[exit](err); err != nil && !is {
			return err
		}
		fault = errors.Join(fault, err)
		if p.json {
			if err := house.ask(ctx, http.MethodGet, "/runs/"+url.PathEscape(runs[i].ID), nil, &runs[i]); err != nil {
				return err
			}
		}
	}
	if p.json {
		if err := printJSON(p.stdout, runs); err != nil {
			return err
		}
	}
	if fault != nil {
		return exit(exitFault)
	}
	return nil
}

func orderPath(key, kind string) string { return "/customers/" + url.PathEscape(key) + "/" + kind }

// agreed asks whether what was shown is to be done; a closure by the name of the
// account.
func (r *lifeRun) agreed(ctx context.Context, out io.Writer, kind string, shown []remoteIntent, names []string) error {
	answers := bufio.NewReader(r.p.stdin)
	open := slices.DeleteFunc(slices.Clone(shown), func(in remoteIntent) bool { return in.Nothing })
	switch {
	case kind == "close":
		for _, in := range open {
			if r.yes {
				if !slices.Contains(names, in.Name) {
					return fmt.Errorf("%w (that of %s was not given)", errNames, in.Customer)
				}
				continue
			}
			fmt.Fprintf(out, "\nTo close account %s of %s for good, type its name, %q: ", in.Account, in.Customer, in.Name)
			if err := typed(ctx, answers, in.Name); err != nil {
				fmt.Fprintln(out, "Nothing was changed.")
				return err
			}
		}
	case !r.yes && len(open) > 0:
		fmt.Fprintf(out, "\nGo on? Only \"yes\" is accepted: ")
		return typed(ctx, answers, "yes")
	}
	return nil
}

// showIntent writes what an order would do.
func showIntent(w io.Writer, in remoteIntent) {
	if in.Nothing {
		fmt.Fprintf(w, "  %s: it is so already.\n", in.Customer)
		return
	}
	t := newTable(w, 2)
	for _, c := range in.Changes {
		fmt.Fprintf(t, "  %s %s\t%s\t%s\n", c.Action.Mark(), c.Noun, orElse(c.Customer, clean(c.Name)), clean(c.Detail))
	}
	t.Flush()
	if in.Closures == nil {
		return
	}
	warnClosed(w, in.Account, in.Name, in.Email, in.Customer)
	fmt.Fprintf(w, "AWS's quota: %d of %d closures in 30 days are used", in.Closures.Used, in.Closures.Quota)
	if in.Closures.Unknown > 0 {
		fmt.Fprintf(w, "; %s closed at an unknown time may count too", count(in.Closures.Unknown, "account"))
	}
	fmt.Fprintln(w, ".")
}
