package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"landlord/org"
	"landlord/portfolio"
	"landlord/vend/apply"
	"landlord/vend/blueprint"
	"landlord/vend/execute"
	"landlord/vend/journal"
	"landlord/vend/plan"
)

func (p *program) applyCommand() *cobra.Command {
	var yes, measure, partial bool
	var took latencies
	c := &cobra.Command{
		Use:   "apply [FILE]",
		Short: "Make the organization what the file says",
		Long: `apply shows the plan, asks, and carries it out: at the speed that AWS's limits
allow, with what happens to each customer as it happens. Whenever it is stopped,
the next apply goes on from what AWS holds; nothing is made twice.

A plan that AWS's limits do not let finish is refused before anything is changed;
--allow-partial does as much of it as fits.

Ctrl-C starts nothing more, waits for the calls in flight, and says what is left.
With target "simulated" time is virtual: minutes pass in a moment, unless
--time-scale slows them down to be watched.`,
		Example: `  landlord apply -f examples/five-customers.yaml
  landlord apply -f examples/five-customers.yaml --yes --time-scale 20   # 20 s a second`,
	}
	p.portfolioFlags(c)
	f := p.worldFlags(c)
	f.creationFlags(c)
	l := limitsFlags(c)
	locks := p.lockFlags(c)
	c.Flags().BoolVar(&partial, "allow-partial", false, "begin a plan too that AWS's limits do not let finish, and do as much as fits")
	c.Flags().BoolVar(&yes, "yes", false, "do not ask")
	c.Flags().BoolVar(&p.json, "json", false, "print what was done as JSON, at the end; needs --yes")
	c.Flags().BoolVar(&measure, "latencies", false, "aws: print the latencies that were measured, as a profile")
	c.Flags().Float64Var(&f.timeScale, "time-scale", 0, "simulated: seconds that pass in one; 0 is as fast as it goes")
	c.RunE = func(c *cobra.Command, args []string) error {
		folio, err := p.load(args)
		if err != nil {
			return err
		}
		if !yes && (p.json || !isTerminal(p.stdin)) {
			return errors.New("apply asks before it changes anything, and there is no terminal to ask on: look at `landlord plan`, then apply with --yes")
		}
		if measure && folio.Organization.Target != portfolio.AWS {
			return errors.New("--latencies measures calls to AWS; the target is simulated, whose latencies are those of --profile")
		}
		if err := f.check(); err != nil {
			return err
		}
		if _, _, err := l.known(folio); err != nil {
			return err
		}
		f.took = took.add
		r := &applyRun{p: p, limits: l, yes: yes, partial: partial}
		if err := r.enter(c.Context(), folio, f, locks, "apply"); err != nil {
			return err
		}
		defer r.leave()
		if err := r.told(r.run(r.lock.Context())); err != nil {
			return err
		}
		if measure {
			return took.profile(p.stdout, r.took(plan.CreateAccount))
		}
		return nil
	}
	return c
}

// applyRun is one apply.
type applyRun struct {
	p       *program
	folio   *portfolio.Portfolio
	w       world
	rules   execute.Rules
	flags   *worldFlags
	limits  *limitFlags
	yes     bool
	partial bool // do as much as fits
	other   bool // this is no apply: what is left is the same command's to do

	lock    *journal.Lock
	journal *journal.Run
	came    journal.Ended // what it has come to

	answers *bufio.Reader // of the person who is asked

	began  time.Time
	starts map[int]time.Time // by step: when its call last started
	timed  []timed
}

// timed is a step that was done and how long it took.
type timed struct {
	Kind     plan.Kind `json:"kind"`
	Name     string    `json:"name,omitempty"`
	Customer string    `json:"customer,omitempty"`
	From     float64   `json:"from_seconds"`
	To       float64   `json:"to_seconds"`
}

func (r *applyRun) run(ctx context.Context) error {
	todo, seen, err := r.p.plan(ctx, r.folio, r.w, r.limits)
	if err != nil {
		return err
	}
	took, err := estimate(ctx, todo, r.rules, r.flags)
	if err != nil {
		return err
	}
	out := r.p.stdout
	if r.p.json {
		out = io.Discard
	}
	showPlan(out, r.folio, r.w.Name(), todo, took, r.rules.Rate != nil)
	if todo.Empty() {
		return r.result(apply.Outcome{Left: todo}, 0, nil)
	}
	left, err := r.p.roomFor(ctx, r.folio, r.w, r.limits, todo, seen)
	if err != nil {
		return err
	}
	left.show(out)
	if err := left.refusal(r.partial); err != nil {
		return err
	}
	for !r.yes {
		if err := r.ask(ctx, out, todo); err != nil {
			return err
		}
		shown := todo
		if todo, seen, err = r.p.plan(ctx, r.folio, r.w, r.limits); err != nil {
			return err
		}
		if reflect.DeepEqual(shown.Changes, todo.Changes) {
			break
		}
		fmt.Fprintf(out, "\nThe organization has changed meanwhile. The plan is now:\n\n")
		showPlan(out, r.folio, r.w.Name(), todo, took, r.rules.Rate != nil)
		if todo.Empty() {
			return nil
		}
	}
	outcome, elapsed, err := r.carry(ctx, out, todo, func(opt apply.Options) (apply.Outcome, error) {
		opt.PerTarget = r.limits.perTarget(r.folio)
		return apply.Rounds(ctx, r.w, blueprint.From(r.folio), todo, seen, opt)
	})
	if err != nil {
		then := "the next `landlord apply` goes on from there"
		if _, is := errors.AsType[*plan.Conflict](err); is {
			then = "once that is settled, `landlord apply` goes on from there"
		}
		err = fmt.Errorf("stopped after %s: %w. What was done stands; %s", count(outcome.Done, "step"), err, then)
	}
	return r.result(outcome, elapsed, err)
}

// ask has the person confirm with the word "yes". Ctrl-C is a no.
func (r *applyRun) ask(ctx context.Context, out io.Writer, todo *plan.Plan) error {
	where := todo.Organization
	if where == "" {
		where = "a new organization"
	}
	fmt.Fprintf(out, "\nMake %s in %s (%s,\nmanagement account %s)? Only \"yes\" is accepted: ", count(len(todo.Changes), "change"), where, r.w.Name(), r.folio.Organization.Management)
	if r.answers == nil {
		r.answers = bufio.NewReader(r.p.stdin)
	}
	err := confirmed(ctx, r.answers)
	if err != nil {
		fmt.Fprintln(out, "Nothing was changed.")
	}
	return err
}

// confirmed waits for a person's answer. Anything but "yes" is a no, and so are
// an end without an answer and Ctrl-C.
func confirmed(ctx context.Context, answers *bufio.Reader) error { return typed(ctx, answers, "yes") }

// typed waits until a person has typed a word; any other is a no.
func typed(ctx context.Context, answers *bufio.Reader, word string) error {
	answer := make(chan string, 1)
	go func() {
		line, _ := answers.ReadString('\n')
		answer <- strings.TrimSpace(line)
	}()
	select {
	case a := <-answer:
		if a == word {
			return nil
		}
		return exit(exitFault)
	case <-ctx.Done():
		return exit(exitInterrupted)
	}
}

// time keeps how long each step took.
func (r *applyRun) time(events []execute.Event) {
	for _, e := range events {
		switch e.State {
		case execute.Running:
			r.starts[e.Step.ID] = e.At
		case execute.Done:
			from, called := r.starts[e.Step.ID]
			if !called {
				from = r.began
			}
			r.timed = append(r.timed, timed{e.Step.Kind, e.Step.Name, e.Step.Customer, from.Sub(r.began).Seconds(), e.At.Sub(r.began).Seconds()})
		}
	}
}

// took is how long the steps of a kind took.
func (r *applyRun) took(kind plan.Kind) []time.Duration {
	var d []time.Duration
	for _, t := range r.timed {
		if t.Kind == kind {
			d = append(d, time.Duration((t.To-t.From)*float64(time.Second)))
		}
	}
	return d
}

// applyJSON is what `apply --json` prints, also when the run was stopped.
type applyJSON struct {
	Run        string        `json:"run,omitempty"` // its journal's; "" if there was nothing to do
	Target     string        `json:"target"`
	Management org.AccountID `json:"management_account"`
	Done       int           `json:"steps_done"`
	Seconds    float64       `json:"seconds"` // virtual ones if simulated
	Rounds     int           `json:"rounds"`
	Complete   bool          `json:"complete"` // the last look found nothing left to do
	Error      string        `json:"error,omitempty"`
	Failures   []failure     `json:"failures"`
	Left       []plan.Change `json:"left"` // what the last look still found
	Steps      []timed       `json:"steps"`
}

type failure struct {
	Customer string    `json:"customer,omitempty"`
	Kind     plan.Kind `json:"kind"`
	Name     string    `json:"name"`
	Error    string    `json:"error"`
}

// result says what came of it. A run that left something undone exits 1.
func (r *applyRun) result(o apply.Outcome, elapsed time.Duration, stopped error) error {
	complete := stopped == nil && !o.Stopped && o.Complete()
	if r.p.json {
		out := applyJSON{Target: r.folio.Organization.Target, Management: r.folio.Organization.Management, Done: o.Done, Seconds: elapsed.Seconds(),
			Rounds: o.Rounds, Complete: complete, Failures: []failure{}, Left: []plan.Change{}, Steps: r.timed}
		if r.journal != nil {
			out.Run = r.journal.ID
		}
		if out.Steps == nil {
			out.Steps = []timed{}
		}
		for _, f := range o.Failures {
			out.Failures = append(out.Failures, failure{f.Step.Customer, f.Step.Kind, f.Step.Name, f.Err.Error()})
		}
		if o.Left != nil {
			out.Left = o.Left.Changes
		}
		if stopped != nil {
			out.Error = stopped.Error()
		}
		if err := printJSON(r.p.stdout, out); err != nil {
			return err
		}
	} else if o.Rounds > 0 {
		r.tell(o, elapsed, stopped == nil)
	}
	switch {
	case stopped != nil:
		return stopped
	case o.Stopped:
		return exit(exitInterrupted)
	case !complete:
		return exit(exitFault)
	}
	return nil
}

// tell writes the result for people.
func (r *applyRun) tell(o apply.Outcome, elapsed time.Duration, ended bool) {
	w := r.p.stdout
	colour := paint(w)
	var made []string
	for _, k := range []struct {
		kind plan.Kind
		noun string
	}{{plan.CreateUnit, "unit"}, {plan.CreatePolicy, "policy"}, {plan.AttachPolicy, "attachment"}, {plan.CreateAccount, "account"}} {
		if n := o.Made[k.kind]; n > 0 {
			made = append(made, count(n, k.noun))
		}
	}
	fmt.Fprintln(w)
	for _, f := range o.Failures {
		fmt.Fprintf(w, "%s %s: %s\n", colour(red, "✗"), whom(f.Step), cleanLines(f.Err.Error()))
	}
	virtual := ""
	if r.folio.Organization.Target == "simulated" {
		virtual = " of AWS's time"
	}
	did := count(o.Done, "step")
	switch {
	case o.Stopped:
		fmt.Fprintf(w, "Stopped. %s done in %s%s. What AWS has begun it finishes;\n%s goes on from there.\n", did, exact(elapsed), virtual, r.again())
	case !ended:
		fmt.Fprintf(w, "%s done in %s%s.\n", did, exact(elapsed), virtual)
	case !o.Complete() && r.other:
		fmt.Fprintf(w, "%s done in %s%s. Left to do: %s.\n", did, exact(elapsed), virtual, count(left(o), "change"))
		if len(o.Failures) > 0 {
			fmt.Fprintln(w, "The same command tries again.")
		}
	case !o.Complete():
		fmt.Fprintf(w, "%s done in %s%s. Left to do: %s.\n`landlord plan` shows it, `landlord apply` tries again.\n", did, exact(elapsed), virtual, count(left(o), "change"))
	case len(o.Left.Invited) > 0:
		fmt.Fprintf(w, "%s done in %s%s, and nothing is left to do until %s: `landlord plan` says what for.\n", did, exact(elapsed), virtual, waitsFor(len(o.Left.Invited)))
	default:
		fmt.Fprintf(w, "%s %s done in %s%s, and nothing is left to do.\n", colour(green, "✓"), did, exact(elapsed), virtual)
	}
	if len(made) > 0 {
		fmt.Fprintf(w, "  Made: %s. `landlord verify` checks each customer.\n", strings.Join(made, ", "))
	}
}

// again is the command that does what is left.
func (r *applyRun) again() string {
	if r.other {
		return "the same command"
	}
	return "`landlord apply`"
}

// left is how many changes the last look still found.
func left(o apply.Outcome) int {
	if o.Left == nil {
		return len(o.Failures)
	}
	return len(o.Left.Changes)
}

// whom is whom a step serves: a customer, else a tier, else all.
func whom(s plan.Step) string {
	switch {
	case s.Customer != "":
		return s.Customer
	case s.Tier != "":
		return s.Tier
	}
	return "organization"
}
