package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"landlord/guard/compliance"
	"landlord/guard/compliance/report"
	"landlord/guard/identity"
	"landlord/org"
	"landlord/service/onboard"
	"landlord/vend/apply"
	"landlord/vend/journal"
	"landlord/vend/plan"
)

// reportsDir is where first reports are written, in the folder of --dir.
const reportsDir = "reports"

func (p *program) onboardCommand() *cobra.Command {
	r := &onboardRun{}
	c := &cobra.Command{
		Use:   "onboard KEY...",
		Short: "Take customers from a key in the file to their first report",
		Long: `onboard does for customers of the file all that there is to do, in order, and shows
a checklist: how long each step took, how long it takes by hand by the file's
economics, and what is left to a person, who that is and why. It changes nothing
of other customers but what theirs depends on, such as a creation under way.

Whenever it is stopped, or a step fails, the same command goes on from what AWS
holds; nothing is made twice. With --server a house does it, in a run for each
customer that lives on when this command ends, and reads the customer's portal at
its end.`,
		Example: `  landlord onboard acme -f examples/five-customers.yaml
  landlord onboard acme quantum -f examples/five-customers.yaml --yes --json
  landlord onboard acme --server https://landlord.example`,
	}
	p.portfolioFlags(c)
	f := p.worldFlags(c)
	f.creationFlags(c)
	r.p, r.other, r.limits = p, true, limitsFlags(c)
	locks := p.lockFlags(c)
	c.Args = someArguments("a customer's key", math.MaxInt)
	c.ValidArgsFunction = p.completeKeys
	c.Flags().BoolVar(&r.yes, "yes", false, "do not ask")
	c.Flags().BoolVar(&p.json, "json", false, "print the checklists as JSON, at the end; needs --yes")
	c.Flags().StringVarP(&r.out, "output", "o", "", "write the reports into this folder (default: reports, in the folder of --dir)")
	c.Flags().StringVar(&p.server, "server", "", "have this house do it, by a run there, instead of the file and your own credentials")
	c.Flags().Float64Var(&f.timeScale, "time-scale", 0, "simulated: seconds that pass in one; 0 is as fast as it goes")
	c.RunE = func(c *cobra.Command, keys []string) error {
		keys = distinct(keys)
		if !r.yes && (p.json || !isTerminal(p.stdin)) {
			return errors.New("onboard asks before it changes anything, and there is no terminal to ask on: look at `landlord plan`, then give --yes")
		}
		if p.server != "" {
			return r.there(c.Context(), keys)
		}
		folio, err := p.load(nil)
		if err != nil {
			return err
		}
		if _, err := chosen(folio, keys); err != nil {
			return err
		}
		if _, _, err := r.limits.known(folio); err != nil {
			return err
		}
		if err := r.enter(c.Context(), folio, f, locks, "onboard"); err != nil {
			return err
		}
		defer r.leave()
		return r.told(r.run(r.lock.Context(), keys))
	}
	return c
}

// onboardRun is one onboard.
type onboardRun struct {
	applyRun
	out string // folder of reports
}

func (r *onboardRun) run(ctx context.Context, keys []string) error {
	out := r.p.stdout
	if r.p.json {
		out = io.Discard
	}
	folder := orElse(r.out, filepath.Join(r.p.dir, reportsDir))
	show := &onboardProgress{w: out, said: map[string]onboard.State{}}
	lists, err := onboard.Run(ctx, onboard.Config{
		Folio: r.folio, Keys: keys, World: r.w, Rules: r.rules, Seed: r.flags.seed, PerTarget: r.limits.perTarget(r.folio), Now: r.w.Now, Told: show.told,
		Carry: func(ctx context.Context, seen org.Organization, todo *plan.Plan, rounds func(apply.Options) (apply.Outcome, error)) (apply.Outcome, error) {
			if err := r.agree(ctx, out, seen, todo); err != nil {
				return apply.Outcome{}, err
			}
			outcome, _, err := r.carry(ctx, out, todo, rounds)
			fmt.Fprintln(out)
			return outcome, err
		},
		Center:  r.center(),
		Scan:    r.scan,
		Posture: r.posture,
		Keep: func(_ context.Context, customer string, doc *report.Report) (string, error) {
			return keepReport(filepath.Join(folder, customer), doc)
		},
	})
	if r.p.json && lists != nil {
		err = errors.Join(printJSON(r.p.stdout, onboardJSON{r.runID(), lists, allComplete(lists)}), err)
	} else if lists != nil {
		showChecklists(out, lists, r.w.Now())
	}
	switch _, said := errors.AsType[exit](err); {
	case said:
		return err
	case ctx.Err() != nil && !errors.Is(context.Cause(ctx), journal.ErrLost):
		fmt.Fprintln(out, "Stopped. What AWS has begun it finishes; the same command goes on from there.")
		return exit(exitInterrupted)
	case err != nil:
		return fmt.Errorf("stopped: %w. What was done stands; the same command goes on from there", err)
	case !allComplete(lists):
		return exit(exitFault)
	}
	return nil
}

// center is IAM Identity Center, where the file says it is.
func (r *onboardRun) center() onboard.Center {
	sign, _ := identity.From(r.folio)
	return center{r.w, sign.Region}
}

// scan assesses the accounts of customers, as `landlord baseline run` does.
func (r *onboardRun) scan(ctx context.Context, seen org.Organization, keys []string) (map[string]onboard.Scanned, error) {
	s := &scanRun{p: r.p, flags: r.flags, parallel: 32}
	if _, _, _, err := s.assess(ctx, r.folio, r.w, seen, keys); err != nil {
		return nil, err
	}
	all := map[string]onboard.Scanned{}
	for id, errors := range s.errors {
		all[s.customer[id]] = onboard.Scanned{Errors: errors}
	}
	for _, u := range s.left {
		all[u.Customer] = onboard.Scanned{Why: u.Why}
	}
	return all, nil
}

// posture is how an account stands by what the folder of findings has of it.
func (r *onboardRun) posture(_ context.Context, _ string, account org.AccountID, f compliance.Framework) (compliance.Posture, error) {
	var history compliance.History
	for found, err := range r.p.evidence().Of(account) {
		if err != nil {
			return compliance.Posture{}, fmt.Errorf("read the findings of account %s: %w", account, err)
		}
		history.Add(found)
	}
	return history.Posture(f), nil
}

// agree shows what is about to be done, and asks.
func (r *onboardRun) agree(ctx context.Context, out io.Writer, seen org.Organization, todo *plan.Plan) error {
	took, err := estimate(ctx, todo, r.rules, r.flags)
	if err != nil {
		return err
	}
	if inside(todo) {
		showInside(out, todo)
		fmt.Fprintf(out, "Time: %s.\n", between(took.Low, took.High))
		if r.yes {
			return nil
		}
		return r.ask(ctx, out, todo)
	}
	showPlan(out, r.folio, r.w.Name(), todo, took, r.rules.Rate != nil)
	left, err := r.p.roomFor(ctx, r.folio, r.w, r.limits, todo, seen)
	if err != nil {
		return err
	}
	left.show(out)
	if err := left.refusal(false); err != nil || r.yes {
		return err
	}
	return r.ask(ctx, out, todo)
}

// inside tells whether a plan is of what is in accounts, and not of the organization.
func inside(todo *plan.Plan) bool {
	return slices.ContainsFunc(todo.Changes, func(c plan.Change) bool { return !slices.Contains(nouns, c.Noun) })
}

// showInside lists what would change in accounts.
func showInside(w io.Writer, todo *plan.Plan) {
	fmt.Fprintf(w, "In the accounts of organization %s:\n\n", todo.Organization)
	t := newTable(w, 2)
	for i, c := range todo.Changes {
		if i == shownChanges {
			break
		}
		fmt.Fprintf(t, "  %s %s\t%s\t%s\n", c.Action.Mark(), c.Noun, orElse(c.Customer, "all"), clean(joined(c.Name, c.Detail)))
	}
	t.Flush()
	if more := len(todo.Changes) - shownChanges; more > 0 {
		fmt.Fprintf(w, "  … and %s more.\n", count(more, "change"))
	}
}

func (r *onboardRun) runID() string {
	if r.journal == nil {
		return ""
	}
	return r.journal.ID
}

// onboardJSON is what `onboard --json` prints, also when a step failed.
type onboardJSON struct {
	Run      string              `json:"run,omitempty"` // its journal's; "" if AWS had nothing to do
	Onboard  []onboard.Checklist `json:"onboarding"`
	Complete bool                `json:"complete"`
}

func allComplete(lists []onboard.Checklist) bool {
	for _, c := range lists {
		if !c.Complete() {
			return false
		}
	}
	return true
}

// keepReport writes a report into a folder, in every format that has a place for what
// is known.
func keepReport(folder string, doc *report.Report) (string, error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return "", err
	}
	for _, format := range report.Formats {
		var b bytes.Buffer
		if err := format.Write(doc, &b); errors.Is(err, report.ErrNoEvidence) || errors.Is(err, report.ErrNothing) {
			continue // it has no place for nothing
		} else if err != nil {
			return "", fmt.Errorf("as %s: %w", format.Title, err)
		}
		if err := replace(filepath.Join(folder, format.File), b.Bytes(), 0o600); err != nil {
			return "", err
		}
	}
	return folder, nil
}

// onboardProgress writes a line when a step of a customer ends.
type onboardProgress struct {
	w    io.Writer
	said map[string]onboard.State // by customer and step
}

func (o *onboardProgress) told(lists []onboard.Checklist) {
	for _, c := range lists {
		for _, l := range c.Lines {
			at := c.Customer + " " + l.Step
			if was := o.said[at]; was == l.State || !l.Over() {
				continue
			}
			o.said[at] = l.State
			fmt.Fprintf(o.w, "  %s %-12s %-12s %s\n", stateMark(o.w, l.State), c.Customer, l.Step, cleanLines(l.Says))
		}
	}
}

func stateMark(w io.Writer, s onboard.State) string {
	colour := paint(w)
	switch s {
	case onboard.Done:
		return colour(green, "✓")
	case onboard.Failed:
		return colour(red, "✗")
	}
	return "·"
}

// showChecklists writes how far each customer came.
func showChecklists(w io.Writer, lists []onboard.Checklist, now time.Time) {
	for _, c := range lists {
		fmt.Fprintf(w, "\n%s · %s", c.Customer, clean(c.Name))
		if c.Account != "" {
			fmt.Fprintf(w, " · account %s", c.Account)
		}
		fmt.Fprintln(w)
		t := newTable(w, 2)
		fmt.Fprintln(t, "  step\tstate\ttook\tby hand")
		for _, l := range c.Lines {
			took, hand := "", ""
			if l.Began != nil && l.Over() {
				took = exact(l.Took(now))
			}
			if l.ByHand > 0 {
				hand = fmt.Sprintf("%d min", l.ByHand)
			}
			fmt.Fprintf(t, "  %s %s\t%s\t%s\t%s\n", stateMark(w, l.State), l.Title, l.State, took, hand)
		}
		t.Flush()
		if l, failed := c.Fault(); failed {
			fmt.Fprintf(w, "  %s %s: %s\n", stateMark(w, l.State), l.Step, cleanLines(l.Says))
		}
		for _, task := range c.Tasks() {
			fmt.Fprintf(w, "  Left to %s: %s; %s.\n", task.Who, clean(task.What), clean(task.Why))
		}
	}
	fmt.Fprintln(w)
	done, hand, failed := 0, 0, false
	for _, c := range lists {
		_, faulty := c.Fault()
		failed = failed || faulty
		if c.Complete() {
			done++
			hand += c.ByHand()
		}
	}
	fmt.Fprintf(w, "%d of %s onboarded", done, count(len(lists), "customer"))
	if hand > 0 {
		fmt.Fprintf(w, "; by hand these steps take %d min", hand)
	}
	fmt.Fprintln(w, ".")
	if failed {
		fmt.Fprintln(w, "Once what is said above is mended, the same command goes on from there.")
	}
}
