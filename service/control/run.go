package control

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/riverqueue/river"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"landlord/org"
	"landlord/portfolio"
	"landlord/service/store"
	"landlord/vend/apply"
	"landlord/vend/blueprint"
	"landlord/vend/journal"
	"landlord/vend/plan"
)

// runJob is the job of a run. It carries its id alone.
type runJob struct {
	Run string `json:"run"`
}

// The queues of runs: assessments wait in one of their own.
const (
	runQueue  = "runs"
	scanQueue = "scans"
)

// Kind implements river.JobArgs.
func (runJob) Kind() string { return "run" }

// InsertOpts implements river.JobArgsWithInsertOpts.
func (runJob) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: runQueue, MaxAttempts: 25}
}

// runWorker works on runs.
type runWorker struct {
	river.WorkerDefaults[runJob]
	control *Control
}

// Timeout implements river.Worker: none.
func (*runWorker) Timeout(*river.Job[runJob]) time.Duration { return -1 }

// NextRetry implements river.Worker: TakeUp is there for whatever ends badly, so
// a try soon is enough.
func (w *runWorker) NextRetry(*river.Job[runJob]) time.Time {
	return w.control.clock.Now().Add(2 * time.Second)
}

// snooze is how long a run waits that must wait for another.
const snooze = time.Second

// Work implements river.Worker.
func (w *runWorker) Work(ctx context.Context, job *river.Job[runJob]) error {
	return w.control.work(ctx, job.Args.Run)
}

// changes tells whether a run of that kind changes AWS.
func changes(kind string) bool { return slices.Contains(store.Changing, kind) }

// runLock, worldLock and scanLock are the names of what runs hold.
func runLock(id string) string { return "landlord run " + id }

const (
	worldLock = "landlord organization"
	scanLock  = "landlord assessment"
)

// inTurn says which runs go one after the other with a run, and what the one at work
// holds; "" if it waits for nobody. Those that change AWS do, and those that assess
// everybody, which else read every account side by side.
func inTurn(run store.Run) (lock string, with func(store.Run) bool) {
	switch {
	case changes(run.Kind):
		return worldLock, func(r store.Run) bool { return changes(r.Kind) }
	case run.Kind == store.RunScan && len(run.Assesses) == 0:
		return scanLock, func(r store.Run) bool { return r.Kind == store.RunScan && len(r.Assesses) == 0 }
	}
	return "", nil
}

// work carries out a run, unless it has ended, somebody else is at it, or another
// comes first.
func (c *Control) work(ctx context.Context, id string) error {
	h, err := c.grab(ctx, runLock(id))
	if err != nil || h == nil {
		return err // somebody is at work on it
	}
	defer h.release(c)
	run, first, err := c.claim(h.ctx, id)
	if err != nil {
		return err
	}
	if run.Over() {
		return nil
	}
	if lock, _ := inTurn(run); lock != "" {
		if !first {
			return river.JobSnooze(snooze)
		}
		world, err := c.grab(h.ctx, lock)
		if err != nil {
			return err
		}
		if world == nil {
			return river.JobSnooze(snooze)
		}
		defer world.release(c)
		h = world
	}
	return c.carry(h.ctx, run)
}

// claim reads a run, and whether no older one that it goes after waits or works.
func (c *Control) claim(ctx context.Context, id string) (run store.Run, first bool, err error) {
	err = c.Store.Operator(ctx, func(tx store.Tx) error {
		if run, err = tx.Run(ctx, id); err != nil {
			return err
		}
		open, err := tx.OpenRuns(ctx)
		if lock, with := inTurn(run); lock != "" {
			at := slices.IndexFunc(open, with)
			first = at >= 0 && open[at].ID == id
		}
		return err
	})
	return run, first, err
}

// carry carries out a run that this process holds.
func (c *Control) carry(ctx context.Context, run store.Run) error {
	version, err := c.version(ctx, run)
	if err != nil {
		return err
	}
	folio, fault := portfolio.Parse("portfolio", []byte(version.Text))
	if fault != nil {
		fault = fmt.Errorf("version %d: %w", version.Version, fault)
	} else if lock, err := c.lock(ctx, run, folio); err == nil {
		defer c.unlock(run.ID, lock)
		ctx = lock.Context()
	} else if _, held := errors.AsType[*journal.HeldError](err); held {
		return c.queue(ctx, run, err)
	} else if ctx.Err() != nil {
		return left(ctx)
	} else {
		fault = err
	}
	places, over, err := c.begin(ctx, run)
	if err != nil || over {
		return err
	}
	log := c.log.With("run", run.ID, "kind", run.Kind)
	log.Info("run begins", "again", places > 0)
	ctx, span := otel.Tracer("landlord/control").Start(ctx, "run "+run.Kind, trace.WithAttributes(attribute.String("run", run.ID)))
	defer span.End()
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	s := newScribe(run.ID, places, func(ctx context.Context, rows []store.Step, p *pause) error {
		return c.Store.Operator(ctx, func(tx store.Tx) error {
			if p != nil {
				if err := tx.PauseRun(ctx, run.ID, p.why, p.until); err != nil {
					return err
				}
			}
			return tx.PutSteps(ctx, rows)
		})
	}, func(err error) { log.Warn("how far the run is cannot be written; it goes on", "error", err) })
	writing := c.writing(ctx, s, run.ID, stop)

	var came came
	if fault != nil {
		came = failed(fault)
	} else {
		run.Portfolio = version.Version // an order's may have come since
		came = c.do(ctx, run, folio, s)
	}
	writing()
	span.SetAttributes(attribute.String("state", came.state))
	if cause := context.Cause(ctx); errors.Is(cause, journal.ErrLost) {
		return c.queue(context.WithoutCancel(ctx), run, cause)
	} else if cause != nil && !errors.Is(cause, errStopped) {
		return left(ctx)
	} else if cause != nil {
		came.state, came.summary = store.RunStopped, "stopped when asked to; what AWS had begun it finishes"
	}
	if now := c.clock.Now(); came.away && (run.Failing == nil || now.Sub(*run.Failing) < awayLong) {
		return c.wait(context.WithoutCancel(ctx), run, came.summary, now)
	}
	return c.end(context.WithoutCancel(ctx), run, version, came)
}

// left is how a job ends whose context has: whoever takes the run up goes on.
func left(ctx context.Context) error {
	if cause := context.Cause(ctx); errors.Is(cause, errLost) {
		return cause
	}
	return river.JobSnooze(0) // this process stops; the run goes on elsewhere, or here later
}

// errStopped is why the context of a run ended that somebody stopped.
var errStopped = errors.New("somebody asked for the run to stop")

// writing has the scribe write now and then, and ends the run when somebody asks
// for that; the function it returns ends it with a last write.
func (c *Control) writing(ctx context.Context, s *scribe, run string, stop context.CancelCauseFunc) func() {
	ticking, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for n := 0; c.clock.Sleep(ticking, scribeEvery) == nil; n++ {
			s.flush(ticking)
			if n%5 != 0 {
				continue
			}
			var now store.Run
			err := c.Store.Operator(ticking, func(tx store.Tx) (err error) {
				now, err = tx.Run(ticking, run)
				return err
			})
			if err == nil && now.Stopping {
				stop(errStopped)
			}
		}
	}()
	return func() {
		cancel()
		<-ended
		last, done := context.WithTimeout(context.WithoutCancel(ctx), holdSilence)
		defer done()
		s.flush(last)
	}
}

// version is the portfolio that a run works by.
func (c *Control) version(ctx context.Context, run store.Run) (v store.Portfolio, err error) {
	err = c.Store.Operator(ctx, func(tx store.Tx) error {
		if run.Order() {
			v, err = tx.LatestPortfolio(ctx) // which may have come since
		} else {
			v, err = tx.Portfolio(ctx, run.Portfolio)
		}
		return err
	})
	return v, err
}

// begin notes that a run is at work, and returns how many steps earlier attempts
// wrote; or that somebody has stopped it while it waited.
func (c *Control) begin(ctx context.Context, run store.Run) (places int, over bool, err error) {
	err = c.Store.Operator(ctx, func(tx store.Tx) error {
		if places, err = tx.StartRun(ctx, run.ID, c.clock.Now()); err != nil {
			return err
		}
		now, err := tx.Run(ctx, run.ID)
		over = now.Over()
		return err
	})
	return places, over, err
}

// came is what a run came to.
type came struct {
	state   string
	summary string
	plan    *plan.Plan
	facts   *facts
	stands  *org.Account // whose order was carried out; nil if none was
	refusal plan.Refusal // that AWS said; zero if it said none
	away    bool         // AWS could not be looked at, and may come back
}

func failed(err error) came {
	return came{state: store.RunFailed, summary: err.Error(), away: passes(err)}
}

// do is the run itself: look, plan, carry out, verify.
func (c *Control) do(ctx context.Context, run store.Run, folio *portfolio.Portfolio, s *scribe) came {
	if run.Kind == store.RunInvoice {
		return c.invoice(ctx, run, folio, s.from)
	}
	if run.Kind == store.RunOnboard {
		return c.onboard(ctx, run, folio, s)
	}
	if run.Order() {
		return c.obey(ctx, run, folio, s)
	}
	if run.Kind == store.RunScan {
		return c.assess(ctx, run, folio, s)
	}
	w, seen, err := c.looked(ctx, run, folio, s)
	if err != nil {
		return failed(err)
	}
	want := blueprint.From(folio)
	todo, err := plan.Make(want, seen, plan.Options{})
	if err != nil {
		f := gather(folio, want, seen)
		return came{state: store.RunFailed, summary: err.Error(), facts: f}
	}
	r := came{plan: todo, facts: gather(folio, want, seen)}
	drift := driftOf(todo)
	switch {
	case run.Kind == store.RunPlan:
		r.state, r.summary = store.RunDone, sentence(todo)
		return r
	case run.Kind == store.RunVerify || run.Kind == store.RunReconcile && folio.Organization.Drift != portfolio.Mend:
		r.state, r.summary = store.RunDone, r.facts.sentence(drift)
		return r
	case todo.Empty(): // perhaps since somebody else has done it
		r.state, r.summary = store.RunDone, r.facts.sentence(drift)
		return r
	case run.Confirmed != "" && s.from == 0 && run.Confirmed != Digest(todo):
		r.state, r.summary = store.RunFailed, "what there is to do is not any more what was confirmed: look at the plan again. Nothing was changed"
		return r
	}
	s.round(todo, c.clock.Now())
	s.flush(ctx) // whoever takes the run up knows that it was begun
	outcome, err := apply.Rounds(ctx, w, want, todo, seen, apply.Options{
		Rules: w.Rules(), Seed: uint64(run.AskedAt.UnixNano()),
		Watch: s.events,
		Round: func(next *plan.Plan) { s.round(next, c.clock.Now()) },
	})
	if outcome.Seen.Exists() {
		r.facts = gather(folio, want, outcome.Seen)
	}
	r.state, r.summary = verdict(outcome, err, r.facts)
	r.away = passes(err)
	return r
}
