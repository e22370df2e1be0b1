package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"landlord/internal/clock"
	"landlord/portfolio"
	"landlord/vend/apply"
	"landlord/vend/cloud"
	"landlord/vend/journal"
	"landlord/vend/plan"
)

// lockFlags are how a command that changes an organization keeps out of
// another's way.
type lockFlags struct {
	take bool
	wait time.Duration
}

func (p *program) lockFlags(c *cobra.Command) *lockFlags {
	f := &lockFlags{}
	c.Flags().BoolVar(&f.take, "lock", true, "hold the organization's lock meanwhile; nothing is unsafe without it")
	c.Flags().DurationVar(&f.wait, "lock-timeout", 0, "how long to wait for another run that holds the lock")
	return f
}

// alone takes the organization's lock for a command that changes it. The lock's
// Context ends when the lock is lost: whoever works under it starts nothing
// more then, and lost says so. Take it before the organization is opened, and
// give it back with free.
func (p *program) alone(ctx context.Context, folio *portfolio.Portfolio, f *lockFlags, command string) (*journal.Lock, error) {
	p.self = journal.Holder{Process: journal.Self(), Command: command, Since: time.Now().UTC()}
	p.self.Run = journal.RunID(p.self.Process, p.self.Since)
	if !f.take {
		return journal.None(ctx), nil
	}
	if f.wait < 0 {
		return nil, fmt.Errorf("--lock-timeout %s: want 0 or more", f.wait)
	}
	lock, err := p.take(ctx, folio, journal.Wait{
		Clock: clock.Real(), Timeout: f.wait,
		Say: func(text string) { fmt.Fprintf(p.stderr, "landlord: %s\n", clean(text)) },
	})
	if refused, is := errors.AsType[*journal.HeldError](err); is {
		return nil, fmt.Errorf("%w. Nothing was changed. --lock-timeout 10m waits for it, --lock=false goes on beside it", refused)
	}
	return lock, err
}

// take takes the lock where the portfolio says. A simulated organization is
// kept in the folder of --dir, and so is its lock.
func (p *program) take(ctx context.Context, folio *portfolio.Portfolio, w journal.Wait) (*journal.Lock, error) {
	place := folio.Organization.Lock
	switch {
	case folio.Organization.Target != portfolio.AWS, place == "":
		return journal.TakeFolder(ctx, p.lockFile(folio, p.dir), p.self, w)
	case place == "server":
		return nil, errors.New("organization.lock: server needs landlord's server, which this version does not have; name a folder or s3://bucket/key there, or go on without with --lock=false")
	case strings.HasPrefix(place, "s3://"):
		object, err := cloud.ObjectFromEnvironment(ctx, place)
		if err != nil {
			return nil, err
		}
		return journal.TakeLease(ctx, object, p.self, w)
	}
	if !filepath.IsAbs(place) {
		place = filepath.Join(filepath.Dir(folio.File), place)
	}
	return journal.TakeFolder(ctx, p.lockFile(folio, place), p.self, w)
}

// lockFile is the lock of an organization in a folder.
func (p *program) lockFile(folio *portfolio.Portfolio, dir string) string {
	return filepath.Join(dir, string(folio.Organization.Management)+".lock")
}

// keep begins the journal of the run that alone began, which is about to carry
// out a plan. A journal that cannot be written is said once.
func (p *program) keep(folio *portfolio.Portfolio, w world, todo *plan.Plan) *journal.Run {
	h := journal.Header{
		Run: p.self.Run, Command: p.self.Command, Version: version(), Began: p.self.Since, Process: p.self.Process,
		File: folio.File, FileHash: hash(folio.File), Target: folio.Organization.Target, Org: todo.Organization, Management: folio.Organization.Management,
	}
	if r, is := w.(*real); is {
		h.Caller = r.caller
	}
	j := journal.Begin(p.dir, h, func(err error) {
		fmt.Fprintf(p.stderr, "landlord: %s. The run goes on without\n", cleanLines(err.Error()))
	})
	j.Plan(w.Now(), todo)
	return j
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

// ended is what a run came to, for its journal.
func ended(ctx context.Context, o apply.Outcome, elapsed time.Duration, err error) journal.Ended {
	e := journal.Ended{Result: journal.Complete, Seconds: elapsed.Seconds(), Rounds: o.Rounds, Done: o.Done, Left: left(o), Made: map[string]int{}}
	for kind, n := range o.Made {
		e.Made[string(kind)] = n
	}
	switch cause := context.Cause(ctx); {
	case errors.Is(cause, journal.ErrLost):
		e.Result, e.Error = journal.Broken, cause.Error()
	case err != nil:
		e.Result, e.Error = journal.Broken, err.Error()
	case o.Stopped:
		e.Result = journal.Stopped
	case !o.Complete():
		e.Result = journal.Incomplete
	}
	return e
}

// free gives a lock back. That it cannot be is said, and no reason to fail: it
// lapses by itself.
func (p *program) free(lock *journal.Lock) {
	if err := lock.Release(); err != nil {
		fmt.Fprintf(p.stderr, "landlord: %s\n", cleanLines(err.Error()))
	}
}

// lost tells why the lock was lost, if it was.
func lost(lock *journal.Lock) error {
	if err := context.Cause(lock.Context()); errors.Is(err, journal.ErrLost) {
		return fmt.Errorf("%w. Nothing more was begun, what was done stands; `landlord apply` goes on from there", err)
	}
	return nil
}
