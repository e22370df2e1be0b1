package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"landlord/internal/clock"
	"landlord/portfolio"
	"landlord/vend/cloud"
	"landlord/vend/journal"
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
	p.self = holder(command)
	if !f.take {
		return journal.None(ctx), nil
	}
	if f.wait < 0 {
		return nil, fmt.Errorf("--lock-timeout %s: want 0 or more", f.wait)
	}
	lock, err := p.take(ctx, folio, filepath.Dir(folio.File), p.self, journal.Wait{
		Clock: clock.Real(), Timeout: f.wait,
		Say: func(text string) { fmt.Fprintf(p.stderr, "landlord: %s\n", clean(text)) },
	})
	if refused, is := errors.AsType[*journal.HeldError](err); is {
		return nil, fmt.Errorf("%w. Nothing was changed. --lock-timeout 10m waits for it, --lock=false goes on beside it", refused)
	}
	if err != nil && ctx.Err() == nil {
		way := "--lock=false goes on without the lock"
		if folio.Organization.Target != portfolio.AWS { // it is kept in the same folder
			way = "--dir names another folder"
		}
		return nil, fmt.Errorf("%w. Nothing was changed. %s", err, way)
	}
	return lock, err
}

// holder is this process as who holds a lock, from now on.
func holder(command string) journal.Holder {
	h := journal.Holder{Process: journal.Self(), Command: command, Since: time.Now().UTC()}
	h.Run = journal.RunID(h.Process, h.Since)
	return h
}

// byServer is the organization.lock of whoever has landlord's server alone change
// the organization.
const byServer = "server"

// take takes the lock where the portfolio says; a folder there may be named from
// another. A simulated organization is kept in the folder of --dir, and so is its
// lock.
func (p *program) take(ctx context.Context, folio *portfolio.Portfolio, from string, me journal.Holder, w journal.Wait) (*journal.Lock, error) {
	place := folio.Organization.Lock
	switch {
	case folio.Organization.Target != portfolio.AWS, place == "":
		return journal.TakeFolder(ctx, p.lockFile(folio, p.dir), me, w)
	case place == byServer:
		return nil, errors.New("organization.lock: server has landlord's server alone change the organization: `landlord push` asks it to")
	case strings.HasPrefix(place, "s3://"):
		object, err := cloud.ObjectFromEnvironment(ctx, place)
		if err != nil {
			return nil, err
		}
		return journal.TakeLease(ctx, object, me, w)
	}
	if !filepath.IsAbs(place) {
		place = filepath.Join(from, place)
	}
	return journal.TakeFolder(ctx, p.lockFile(folio, place), me, w)
}

// lock takes the lock of a real organization for a run of the house; a simulated
// AWS is this process's own, which keeps others off as long as it runs. Where the
// server alone changes the organization, the database keeps its runs apart.
func (h *house) lock(ctx context.Context, folio *portfolio.Portfolio, run string, say func(string)) (*journal.Lock, error) {
	if !h.locks || folio.Organization.Target != portfolio.AWS || folio.Organization.Lock == byServer {
		return journal.None(ctx), nil
	}
	me := holder(fmt.Sprintf("%s (run %s)", h.command, run))
	lock, err := h.p.take(ctx, folio, h.beside, me, journal.Wait{Clock: clock.Real(), Say: say})
	if _, held := errors.AsType[*journal.HeldError](err); err == nil || held || ctx.Err() != nil {
		return lock, err
	}
	return nil, fmt.Errorf("%w. `landlord %s --lock=false` goes on without the lock", err, h.command)
}

// lockFile is the lock of an organization in a folder.
func (p *program) lockFile(folio *portfolio.Portfolio, dir string) string {
	return filepath.Join(dir, string(folio.Organization.Management)+".lock")
}

// free gives a lock back. That it cannot be is said, and no reason to fail: it
// lapses by itself.
func (p *program) free(lock *journal.Lock) {
	if err := lock.Release(); err != nil {
		fmt.Fprintf(p.stderr, "landlord: %s\n", cleanLines(err.Error()))
	}
}
