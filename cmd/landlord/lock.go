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

// free gives a lock back. That it cannot be is said, and no reason to fail: it
// lapses by itself.
func (p *program) free(lock *journal.Lock) {
	if err := lock.Release(); err != nil {
		fmt.Fprintf(p.stderr, "landlord: %s\n", cleanLines(err.Error()))
	}
}
