package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"landlord/portfolio"
	"landlord/vend/apply"
	"landlord/vend/execute"
	"landlord/vend/forecast"
	"landlord/vend/journal"
	"landlord/vend/plan"
)

// enter takes the lock of the portfolio's organization and opens it. A command
// that only looks takes none. Whoever enters leaves.
func (r *applyRun) enter(ctx context.Context, folio *portfolio.Portfolio, f *worldFlags, locks *lockFlags, command string) error {
	r.folio, r.flags = folio, f
	err := f.check()
	if err == nil && f.reads {
		r.lock = journal.None(ctx)
	} else if err == nil {
		r.lock, err = r.p.alone(ctx, folio, locks, command)
	}
	if err != nil {
		return err
	}
	if r.w, r.rules, err = r.p.open(r.lock.Context(), folio, f); err != nil {
		r.p.free(r.lock)
	}
	return err
}

// leave ends the journal, and gives the organization and its lock back.
func (r *applyRun) leave() {
	if r.journal != nil {
		r.journal.End(r.w.Now(), r.came)
	}
	if err := r.w.Close(); err != nil {
		fmt.Fprintf(r.p.stderr, "landlord: %s\n", cleanLines(err.Error()))
	}
	r.p.free(r.lock)
}

// told makes a lost lock the error of a command, which may only have seen that
// it should stop.
func (r *applyRun) told(err error) error {
	if cause := context.Cause(r.lock.Context()); errors.Is(cause, journal.ErrLost) && !errors.Is(err, journal.ErrLost) {
		return fmt.Errorf("%w. Nothing more was begun; what was done stands", cause)
	}
	return err
}

// carry has rounds carry out a plan that was shown, and what is found after it:
// with what happens as it happens, and a journal.
func (r *applyRun) carry(ctx context.Context, out io.Writer, todo *plan.Plan, rounds func(apply.Options) (apply.Outcome, error)) (apply.Outcome, time.Duration, error) {
	latencies, err := expected(r.flags)
	if err != nil {
		return apply.Outcome{}, 0, err
	}
	if r.journal == nil {
		r.journal = r.keep(todo)
		fmt.Fprintf(out, "\nRun %s. `landlord history %[1]s` tells what it does.\n", r.journal.ID)
	}
	fmt.Fprintln(out)
	r.began, r.starts, r.timed = r.w.Now(), map[int]time.Time{}, nil
	show := newProgress(out, r.w, todo, r.rules, forecast.Expected{Median: latencies.CreationMedian, Sigma: latencies.CreationSigma})
	r.journal.Plan(r.w.Now(), todo)
	outcome, err := rounds(apply.Options{
		Rules: r.rules, Seed: r.flags.seed,
		Watch: func(events []execute.Event) { r.time(events); r.journal.Events(events); show.events(events) },
		Round: func(next *plan.Plan) {
			r.starts = map[int]time.Time{}
			r.journal.Plan(r.w.Now(), next)
			show.round(next)
		},
	})
	show.close()
	if cause := context.Cause(ctx); err == nil && errors.Is(cause, journal.ErrLost) {
		err = cause
	}
	elapsed := r.w.Now().Sub(r.began)
	r.note(outcome, elapsed, err)
	return outcome, elapsed, err
}

// note adds what was carried out to what the run has come to.
func (r *applyRun) note(o apply.Outcome, elapsed time.Duration, err error) {
	c := &r.came
	c.Seconds += elapsed.Seconds()
	c.Rounds += o.Rounds
	c.Done += o.Done
	c.Left = left(o)
	if c.Made == nil {
		c.Made = map[string]int{}
	}
	for kind, n := range o.Made {
		c.Made[string(kind)] += n
	}
	switch {
	case err != nil:
		c.Result, c.Error = journal.Broken, err.Error()
	case o.Stopped:
		c.Result = journal.Stopped
	case !o.Complete():
		c.Result = journal.Incomplete
	default:
		c.Result = journal.Complete
	}
}

// keep begins the journal of the run, which is about to carry out a plan. A
// journal that cannot be written is said once.
func (r *applyRun) keep(todo *plan.Plan) *journal.Run {
	p, folio := r.p, r.folio
	h := journal.Header{
		Run: p.self.Run, Command: p.self.Command, Version: version(), Began: p.self.Since, Process: p.self.Process,
		File: folio.File, FileHash: hash(folio.File), Target: folio.Organization.Target, Org: todo.Organization, Management: folio.Organization.Management,
	}
	if w, is := r.w.(*real); is {
		h.Caller = w.caller
	}
	return journal.Begin(p.dir, h, func(err error) {
		fmt.Fprintf(p.stderr, "landlord: %s. The run goes on without\n", cleanLines(err.Error()))
	})
}

// hash is the SHA-256 of a file; "" of what is not one, such as a pipe that has
// been read.
func hash(path string) string {
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
		return ""
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	return fmt.Sprintf("%x", sha256.Sum256(text))
}
