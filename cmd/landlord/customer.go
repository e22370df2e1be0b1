package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"landlord/org"
	"landlord/portfolio"
	"landlord/vend/apply"
	"landlord/vend/blueprint"
	"landlord/vend/plan"
)

// customerCommand is the group of what is done with single customers.
func (p *program) customerCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "customer",
		Short: "Find customers; suspend, resume or close single ones",
		Long: `customer holds the commands about single customers. A customer who is no longer in
the file is found by the tag of its account.`,
		Example: `  landlord customer find acme -f portfolio.yaml
  landlord customer suspend acme -f portfolio.yaml`,
	}
	c.AddCommand(p.findCommand(), p.suspendCommand(), p.resumeCommand(), p.closeCommand())
	return c
}

func (p *program) suspendCommand() *cobra.Command {
	return p.lifeCommand(&cobra.Command{
		Use:   "suspend KEY...",
		Short: "Deny everything in customers' accounts until they are resumed",
		Long: `suspend attaches the policy landlord-suspended, which denies everything, to each
customer's account, and then tags the account with the time: from then on its
service is not billed. What runs there goes on running; nobody, nor any role,
can act. AWS's own service-linked roles, and what the management account does to
the account through Organizations, are not held by it. apply never lifts a
suspension, and puts the policy back where somebody took it off.`,
		Example: `  landlord customer suspend acme -f portfolio.yaml
  landlord customer suspend acme -f portfolio.yaml --dry-run`,
	}, plan.Suspend)
}

func (p *program) resumeCommand() *cobra.Command {
	return p.lifeCommand(&cobra.Command{
		Use:   "resume KEY...",
		Short: "End the suspension of customers",
		Long: `resume takes the policy landlord-suspended off each customer's account, and then
the tag. It is the only command that lifts a suspension; one that was stopped in
between is finished by running it again.`,
		Example: `  landlord customer resume acme -f portfolio.yaml`,
	}, plan.Resume)
}

// lifeCommand is a command that makes one plan for all customers it is given.
func (p *program) lifeCommand(c *cobra.Command, of func(blueprint.Blueprint, org.Organization, ...string) (*plan.Plan, error)) *cobra.Command {
	r, f := p.lifeFlags(c)
	c.RunE = func(c *cobra.Command, keys []string) error {
		keys = distinct(keys)
		f.suspends = keys
		if err := r.open(c, f, "nobody is asked"); err != nil {
			return err
		}
		defer r.leave()
		return r.told(r.carryOut(r.lock.Context(), func(seen org.Organization) (*plan.Plan, error) { return of(r.want, seen, keys...) }, r.ask))
	}
	return c
}

// lifeFlags are the flags of a command about single customers.
func (p *program) lifeFlags(c *cobra.Command) (*lifeRun, *worldFlags) {
	p.portfolioFlags(c)
	f := p.worldFlags(c)
	r := &lifeRun{}
	r.p, r.other, r.locks = p, true, p.lockFlags(c)
	c.Args = someArguments("a customer's key", math.MaxInt)
	c.ValidArgsFunction = p.completeKeys
	c.Flags().BoolVar(&r.yes, "yes", false, "do not ask")
	c.Flags().BoolVar(&r.dry, "dry-run", false, "show what would be done, and do nothing")
	c.Flags().BoolVar(&p.json, "json", false, "print what was done as JSON, at the end; needs --yes")
	c.Flags().Float64Var(&f.timeScale, "time-scale", 0, "simulated: seconds that pass in one; 0 is as fast as it goes")
	return r, f
}

// completeKeys completes the keys of the file's customers.
func (p *program) completeKeys(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	folio, err := p.load(nil)
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var keys []string
	for _, c := range folio.Customers {
		keys = append(keys, c.Key+"\t"+c.Name)
	}
	return keys, cobra.ShellCompDirectiveNoFileComp
}

// distinct are the keys without those given before.
func distinct(keys []string) []string {
	var once []string
	for _, key := range keys {
		if !slices.Contains(once, key) {
			once = append(once, key)
		}
	}
	return once
}

// lifeRun is one command about single customers.
type lifeRun struct {
	applyRun
	want  blueprint.Blueprint
	locks *lockFlags
	dry   bool
	check func(org.Organization, *plan.Plan) error // warns, or refuses, once the plan was shown; may be nil
	keys  []string                                 // whose accounts are closed; nil for any other command
	known plan.Closing                             // of AWS's quota of closures
}

// open reaches the organization of the portfolio.
func (r *lifeRun) open(c *cobra.Command, f *worldFlags, unasked string) error {
	folio, err := r.p.load(nil)
	if err != nil {
		return err
	}
	if !r.yes && !r.dry && (r.p.json || !isTerminal(r.p.stdin)) {
		return fmt.Errorf("this asks before it changes anything, and there is no terminal to ask on: look with --dry-run, then give --yes, and %s", unasked)
	}
	f.reads = r.dry
	r.want = blueprint.From(folio)
	return r.enter(c.Context(), folio, f, r.locks, "customer "+c.Name())
}

// carryOut plans, shows the plan, has it confirmed and carries it out, and plans
// again until nothing is left.
func (r *lifeRun) carryOut(ctx context.Context, decide func(org.Organization) (*plan.Plan, error), confirm func(context.Context, io.Writer, *plan.Plan) error) error {
	seen, err := r.w.Observe(ctx)
	if err != nil {
		return err
	}
	if err := owned(r.folio, seen); err != nil {
		return err
	}
	if !seen.Exists() {
		return fmt.Errorf("account %s manages no organization yet; there are no customers in it", r.folio.Organization.Management)
	}
	todo, err := decide(seen)
	if err != nil {
		return fmt.Errorf("nothing was changed: %w", err)
	}
	out := r.p.stdout
	if r.p.json {
		out = io.Discard
	}
	took, err := estimate(ctx, todo, r.rules, r.flags)
	if err != nil {
		return err
	}
	if r.dry && r.p.json {
		return printJSON(r.p.stdout, planJSON{Plan: todo, Summary: summaryOf(todo), Low: took.Low.Seconds(), High: took.High.Seconds(), Orphans: orphansOf(todo)})
	}
	r.show(out, seen, todo)
	if r.check != nil {
		if err := r.check(seen, todo); err != nil {
			return err
		}
	}
	switch {
	case r.dry:
		return nil
	case len(todo.Steps) == 0:
		return r.result(apply.Outcome{Left: todo}, 0, nil)
	case !r.yes:
		if err := confirm(ctx, out, todo); err != nil {
			return err
		}
	}
	outcome, elapsed, err := r.carry(ctx, out, todo, func(opt apply.Options) (apply.Outcome, error) {
		opt.Plan = func(seen org.Organization, _ plan.Options) (*plan.Plan, error) { return decide(seen) }
		if r.keys != nil {
			return apply.Close(ctx, r.w, r.want, r.keys, r.known, todo, seen, opt)
		}
		return apply.Rounds(ctx, r.w, r.want, todo, seen, opt)
	})
	r.known.Refused = outcome.Refused
	if err != nil {
		err = fmt.Errorf("stopped after %s: %w. What was done stands; the same command goes on from there", count(outcome.Done, "step"), err)
	}
	return r.result(outcome, elapsed, err)
}

// show writes what would be done.
func (r *lifeRun) show(w io.Writer, seen org.Organization, todo *plan.Plan) {
	fmt.Fprintf(w, "Organization: %s (%s, management account %s)\n\n", seen.ID, r.w.Name(), seen.Management)
	t := newTable(w, 2)
	for _, c := range todo.Changes {
		fmt.Fprintf(t, "  %s %s\t%s\t%s\n", c.Action.Mark(), c.Noun, orElse(c.Customer, clean(c.Name)), clean(c.Detail))
	}
	t.Flush()
	if len(todo.Changes) == 0 {
		fmt.Fprintln(w, "Nothing to do: it is so already.")
	}
}

func orElse(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

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
--quotas 2025. Where AWS refuses to close one, landlord learns from that, and
says when a place becomes free. Before it asks, landlord tags the account
with the time, by which it knows later how much of that is used.

A closed account cannot be used; its resources are deleted after 90 days, until
when AWS Support can reopen it. Its root address can never be another account's,
unless it is changed before. A customer who is closed belongs under departed: in
the file.`,
		Example: `  landlord customer close acme -f portfolio.yaml
  landlord customer close acme -f portfolio.yaml --yes --confirm "ACME Finance Inc"`,
	}
	r, f := p.lifeFlags(c)
	c.Flags().StringArrayVar(&names, "confirm", nil, "the name of an account to close; once for each")
	var quotas string
	quotasFlag(c, &quotas)
	c.RunE = func(c *cobra.Command, keys []string) error {
		var err error
		if r.known.Quotas, err = quotasNamed(quotas); err != nil {
			return err
		}
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
		fmt.Fprintf(w, "Closing account %s (%s) of %s is for good:\n", a.ID, clean(a.Name), s.Customer)
		fmt.Fprintf(w, "  What is in it cannot be reached from then on and is deleted after 90 days; until then AWS Support can reopen it.\n")
		fmt.Fprintf(w, "  Its address %s can never be another account's. To keep the address, change it first:\n", clean(a.Email))
		fmt.Fprintf(w, "    aws account start-primary-email-update --account-id %s --primary-email NEW@ADDRESS\n", a.ID)
		fmt.Fprintf(w, "    aws account accept-primary-email-update --account-id %s --primary-email NEW@ADDRESS --otp CODE\n", a.ID)
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
