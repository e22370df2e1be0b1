// Package control runs the house: what is asked for becomes a run, a row and a
// job in one transaction, and whichever replica is free carries it out against
// AWS; its loops look whether everything is still as wanted. A run's row tells
// people how far it is. AWS is the state: a run whose process is killed is taken
// up by another and goes on from what AWS holds.
//
// It decides nothing about accounts: vend plans, executes and verifies.
package control

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"landlord/guard/compliance/assess"
	"landlord/internal/clock"
	"landlord/internal/limits"
	"landlord/portfolio"
	"landlord/service/store"
	"landlord/vend/apply"
	"landlord/vend/execute"
	"landlord/vend/journal"
)

// World is an organization to work on, and the limits to keep to there.
type World interface {
	apply.World
	Rules() execute.Rules
	// Asker asks AWS what an account's checks need to know.
	Asker(of assess.Subject) assess.Asker
}

// Config is what a Control is made of.
type Config struct {
	Store *store.Store
	Clock clock.Clock
	Log   *slog.Logger
	// Reach opens the organization that a portfolio names. Of the accounts of the
	// customers that are to be suspended, by key, a look counts the policies.
	Reach func(ctx context.Context, folio *portfolio.Portfolio, suspends ...string) (World, error)
	// Lock takes the lock that keeps others off the organization that a portfolio
	// names, for one run; why it takes long is told to say. The error is a
	// *journal.HeldError if somebody else has it. nil takes none.
	Lock func(ctx context.Context, folio *portfolio.Portfolio, run string, say func(string)) (*journal.Lock, error)
	// Quotas are AWS's published limits that closures are paced by; the zero value is
	// the present ones.
	Quotas limits.Quotas
	// Works tells whether this process carries out runs, or only asks for them.
	Works bool
	// Check is how often the organization is looked at though nobody asks; 0 is
	// never.
	Check time.Duration
	// Scan is how often every customer's account is assessed though nobody asks; 0 is
	// never.
	Scan time.Duration
	// Loops get a turn each second, beside Step and each other.
	Loops []func(context.Context, time.Time) error
	// Portal reads what the portal shows a customer's people, and says how much that was;
	// the error says what is wrong with it. nil reads nothing.
	Portal func(ctx context.Context, customer string) (looked string, err error)
	// Met is told what runs came to, for whoever counts.
	Met func(kind, state string, took time.Duration)
}

// Control asks for runs and carries them out.
type Control struct {
	Config
	clock clock.Clock
	log   *slog.Logger
	pool  *pgxpool.Pool
	river *river.Client[pgx.Tx]
}

// schema is where River's tables are.
const schema = "river"

// runsAtOnce is how many runs one process works on at a time. Those that change the
// organization go one after the other whatever this says.
const runsAtOnce = 4

// scansAtOnce is how many assessments one process works on at a time. They have
// places of their own: one of 10,000 accounts keeps no change waiting.
const scansAtOnce = 2

// New returns a control. Nothing happens before Run.
func New(cfg Config) (*Control, error) {
	c := &Control{Config: cfg, clock: cfg.Clock, log: cfg.Log, pool: cfg.Store.Pool()}
	workers := river.NewWorkers()
	river.AddWorker(workers, &runWorker{control: c})
	rc := &river.Config{
		Schema: schema, Logger: slog.New(grave{cfg.Log.Handler()}), Workers: workers,
		JobTimeout:           -1,                    // a run takes as long as it takes
		RescueStuckJobsAfter: 1 * time.Hour,         // a killed process's runs are taken up long before, by TakeUp
		ReindexerSchedule:    river.NeverSchedule(), // needs the tables' owner
		FetchCooldown:        100 * time.Millisecond,
		FetchPollInterval:    500 * time.Millisecond,
	}
	if cfg.Works {
		rc.Queues = map[string]river.QueueConfig{runQueue: {MaxWorkers: runsAtOnce}, scanQueue: {MaxWorkers: scansAtOnce}}
	}
	var err error
	if c.river, err = river.NewClient(riverpgxv5.New(c.pool), rc); err != nil {
		return nil, fmt.Errorf("jobs: %w", err)
	}
	return c, nil
}

// grave lets through what somebody may have to act on: River tells every few
// seconds how many jobs there were.
type grave struct{ slog.Handler }

// Enabled implements slog.Handler.
func (g grave) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn && g.Handler.Enabled(ctx, level)
}

// WithAttrs and WithGroup implement slog.Handler.
func (g grave) WithAttrs(a []slog.Attr) slog.Handler { return grave{g.Handler.WithAttrs(a)} }

// WithGroup is described at WithAttrs.
func (g grave) WithGroup(name string) slog.Handler { return grave{g.Handler.WithGroup(name)} }

// tick is how often the loops are given a turn.
const tick = time.Second

// grace is how long what is at work may take to stop.
const grace = 35 * time.Second

// Run carries out what is asked for until ctx ends; then nothing new begins, and
// what is at work stops where it can be taken up again.
func (c *Control) Run(ctx context.Context) error {
	if !c.Works {
		<-ctx.Done()
		return nil
	}
	// River's start and stop have contexts of their own: a start under ctx would
	// end every job in the middle of a call.
	if err := c.start(ctx); err != nil {
		return err
	}
	// Each loop has turns of its own: a mail server that hangs keeps no run waiting.
	var loops sync.WaitGroup
	for _, loop := range append([]func(context.Context, time.Time) error{c.Step, c.keepPostures()}, c.Loops...) {
		loops.Go(func() {
			for c.clock.Sleep(ctx, tick) == nil {
				if err := loop(ctx, c.clock.Now()); err != nil && ctx.Err() == nil {
					c.log.Warn("a turn of a loop failed, the next tries again", "error", err)
				}
			}
		})
	}
	loops.Wait()
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	if err := c.river.StopAndCancel(stop); err != nil && !errors.Is(err, context.Canceled) {
		return fmt.Errorf("stop the jobs: %w", err)
	}
	return nil
}

// start starts River, again and again while the database does not answer.
func (c *Control) start(ctx context.Context) error {
	for {
		err := c.river.Start(context.WithoutCancel(ctx))
		if err == nil || ctx.Err() != nil {
			return nil
		}
		c.log.Warn("jobs do not start yet", "error", err)
		if c.clock.Sleep(ctx, tick) != nil {
			return nil
		}
	}
}
