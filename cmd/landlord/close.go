package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"landlord/org"
	"landlord/portfolio"
	"landlord/vend/plan"
)

// errNames says that what is to be closed was not named.
var errNames = errors.New("closing asks for the name of each account, typed out; in a script give --confirm NAME for each, besides --yes; nothing was changed")

func (p *program) closeCommand() *cobra.Command {
	var names []string
	c := &cobra.Command{
		Use:   "close KEY...",
		Short: "Close customers' accounts for good",
		Long: `close has AWS close the account of each customer, after the name of the account was
typed out. AWS closes three at once, one every 20 s, and in 30 days at most 20 %
of the members or 250, whichever is higher, and never more than 1,000: what does
not fit is said, with when it will. It was 10 % or 10 before, and may be still:
--quotas 2025. Where AWS refuses to close one, landlord learns from that, says
when a place becomes free, and asks no more until then, or for a day; whoever
names --quotas has it ask again. Before it asks, landlord tags the account
with the time, by which it knows later how much of that is used.

A closed account cannot be used; its resources are deleted after 90 days, until
when AWS Support can reopen it. Its root address can never be another account's,
unless it is changed before. A customer who is closed belongs under departed: in
the file.`,
		Example: `  landlord customer close acme -f portfolio.yaml
  landlord customer close acme -f portfolio.yaml --yes --confirm "ACME Finance Inc"
  landlord customer close acme --server https://landlord.example`,
	}
	r, f := p.lifeFlags(c)
	c.Flags().StringArrayVar(&names, "confirm", nil, "the name of an account to close; once for each")
	var quotas string
	quotasFlag(c, &quotas)
	c.RunE = func(c *cobra.Command, keys []string) error {
		if p.server != "" {
			return r.orderThere(c.Context(), c.Name(), distinct(keys), names)
		}
		var err error
		if r.known.Quotas, err = quotasNamed(quotas); err != nil {
			return err
		}
		r.asks = c.Flags().Changed("quotas")
		if err := r.open(c, f, "the name of each account with --confirm"); err != nil {
			return err
		}
		defer r.leave()
		return r.told(r.close(r.lock.Context(), distinct(keys), names))
	}
	return c
}

// close closes the accounts of customers, and says what a person does next.
func (r *lifeRun) close(ctx context.Context, keys, names []string) error {
	var seen org.Organization
	r.keys = keys
	planned := false
	decide := func(o org.Organization) (*plan.Plan, error) {
		if !planned && !r.asks {
			r.known.Refused = r.p.refusal(r.w, o)
		}
		seen, planned = o, true
		return plan.Close(r.want, o, keys, r.known)
	}
	r.check = func(o org.Organization, todo *plan.Plan) error {
		if !r.p.json && len(todo.Changes) > 0 {
			r.warn(o, todo)
		}
		if r.yes && !r.dry {
			return named(todo, names)
		}
		return nil
	}
	err := r.carryOut(ctx, decide, func(ctx context.Context, out io.Writer, todo *plan.Plan) error {
		answers := bufio.NewReader(r.p.stdin)
		for _, s := range closures(todo) {
			fmt.Fprintf(out, "\nTo close account %s of %s for good, type its name, %q: ", s.Target, s.Customer, s.Name)
			if err := typed(ctx, answers, s.Name); err != nil {
				fmt.Fprintln(out, "Nothing was changed.")
				return err
			}
		}
		return nil
	})
	if !r.dry && !r.p.json && planned && !errors.Is(err, errNames) {
		r.after(keys, seen)
	}
	return err
}

// shut tells whether this run has seen a customer's account closed.
func (r *lifeRun) shut(key string) bool {
	return slices.ContainsFunc(r.timed, func(t timed) bool {
		return t.Customer == key && t.Kind.Operation() == plan.CloseAccount.Operation()
	})
}

// closures are the steps of a plan that close.
func closures(todo *plan.Plan) []plan.Step {
	var steps []plan.Step
	for _, s := range todo.Steps {
		if s.Kind == plan.CloseAccount {
			steps = append(steps, s)
		}
	}
	return steps
}

// named refuses a plan that closes an account whose name was not given.
func named(todo *plan.Plan, names []string) error {
	for _, s := range closures(todo) {
		if !slices.Contains(names, s.Name) {
			return fmt.Errorf("%w (that of %s was not given)", errNames, s.Customer)
		}
	}
	return nil
}

// warn says what is lost, and how much of AWS's quota is used.
func (r *lifeRun) warn(seen org.Organization, todo *plan.Plan) {
	w := r.p.stdout
	fmt.Fprintln(w)
	for _, s := range closures(todo) {
		i := slices.IndexFunc(seen.Accounts, func(a org.Account) bool { return string(a.ID) == string(s.Target) })
		a := seen.Accounts[i]
		warnClosed(w, string(a.ID), a.Name, a.Email, s.Customer)
	}
	quota := plan.Closings(seen, r.known)
	fmt.Fprintf(w, "AWS's quota: %d of %d closures in 30 days are used", len(quota.Used), quota.Quota)
	if at := quota.Frees(); !at.IsZero() {
		fmt.Fprintf(w, "; a place is free again on %s", at.UTC().Format(time.DateOnly))
	}
	if quota.Unknown > 0 {
		fmt.Fprintf(w, "; %s closed at an unknown time may count too", count(quota.Unknown, "account"))
	}
	fmt.Fprintln(w, ".")
	until := seen.Seen.AddDate(0, 0, 90).UTC().Format(time.DateOnly)
	switch n := len(closures(todo)); {
	case n == 1:
		fmt.Fprintf(w, "The account counts towards the quota of accounts until %s.\n", until)
	case n > 1:
		fmt.Fprintf(w, "The %d accounts count towards the quota of accounts until %s.\n", n, until)
	}
}

// warnClosed says what is lost with an account.
func warnClosed(w io.Writer, account, name, email, customer string) {
	fmt.Fprintf(w, "Closing account %s (%s) of %s is for good:\n", account, clean(name), customer)
	fmt.Fprintf(w, "  What is in it cannot be reached from then on and is deleted after 90 days; until then AWS Support can reopen it.\n")
	fmt.Fprintf(w, "  Its address %s can never be another account's. To keep the address, change it first:\n", clean(email))
	fmt.Fprintf(w, "    aws account start-primary-email-update --account-id %s --primary-email NEW@ADDRESS\n", account)
	fmt.Fprintf(w, "    aws account accept-primary-email-update --account-id %s --primary-email NEW@ADDRESS --otp CODE\n", account)
}

// some are keys as a sentence lists them: many are cut short.
func some(keys []string) string {
	const most = 10
	if rest := len(keys) - most; rest > 1 {
		return fmt.Sprintf("%s and %d more", strings.Join(keys[:most], ", "), rest)
	}
	return strings.Join(keys, ", ")
}

// after says what a person does next.
func (r *lifeRun) after(keys []string, seen org.Organization) {
	var gone, inFile, open []string
	quota := plan.Closings(seen, r.known)
	for _, key := range keys {
		a, err := plan.AccountOf(r.want, seen, key)
		if err != nil || !a.Gone() && !r.shut(key) {
			open = append(open, key)
			continue
		}
		if !a.Gone() { // closed since it was seen
			quota.Used = append(quota.Used, r.w.Now())
		}
		gone = append(gone, key)
		if slices.ContainsFunc(r.folio.Customers, func(c portfolio.Customer) bool { return c.Key == key }) {
			inFile = append(inFile, key)
		}
	}
	if len(inFile) > 0 {
		fmt.Fprintf(r.p.stdout, "  Move %s in %s to `departed:`. Until then `landlord plan` stops: a key is for ever.\n", some(inFile), r.folio.File)
	} else if len(gone) > 0 {
		fmt.Fprintf(r.p.stdout, "  Keep %s under `departed:` in %s, so that nobody gets the key again.\n", some(gone), r.folio.File)
	}
	if len(r.known.Refused) > 0 { // AWS says what it is
		quota.Quota = len(quota.Used)
	}
	if len(open) == 0 || quota.Free() > 0 {
		return
	}
	when := "30 days from now at the latest: landlord did not close what uses them"
	if at := quota.Frees(); !at.IsZero() {
		if when = "on " + at.UTC().Format(time.DateOnly); quota.Unknown > 0 {
			when += " at the latest"
		}
	}
	fmt.Fprintf(r.p.stdout, "  AWS's quota is used up: the same command closes %s as places become free, the first %s.\n", some(open), when)
}
