package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"landlord/internal/clock"
	"landlord/internal/limits"
	"landlord/portfolio"
	"landlord/service/control"
	"landlord/service/desk"
	"landlord/service/mail"
	"landlord/service/oidc"
	"landlord/service/store"
	"landlord/service/web"
	"landlord/simaws"
	"landlord/vend/journal"
)

// house is the service as one process runs it, opened from below to above and
// closed the other way round.
type house struct {
	p          *program
	log        *slog.Logger
	listener   net.Listener
	base       *url.URL // the address that people type
	check      time.Duration
	scan       time.Duration
	works      bool          // carries out runs
	locks      bool          // those that change AWS hold the organization's lock
	quotas     limits.Quotas // that closures are paced by
	beside     string        // the folder from which a portfolio names that of its lock
	failed     bool          // a run that was followed did not do all, or a check failed
	portalOnly bool
	proxies    []netip.Prefix
	oidc       *oidc.Config // nil: people sign in by links alone
	mail       *mail.Sender // nil: nobody is written to
	deskFlags  deskFlags
	mailFrom   string // the sender of mail
	mailIn     string // where mail to support is taken; "" nowhere
	world      *worldFlags
	latencies  simaws.Profile // that estimates expect
	metrics    *metrics

	logins       store.Logins
	databaseName string // for people
	sim          *simaws.Server
	store        *store.Store
	control      *control.Control
	desk         *desk.Desk
	pages        *web.Server
	sealKey      string       // the file of the audit log's key; "" seals nothing
	heads        *slog.Logger // told each head of the sealed audit log; nil: log
	name         string       // who runs it
	command      string       // that runs it
	shows        bool         // letters that no server takes are shown on the terminal

	closers []func() error // newest last
}

// scanFlag sets how often everybody is assessed.
func scanFlag(c *cobra.Command, every *time.Duration) {
	c.Flags().DurationVar(every, "scan", 24*time.Hour, "how often every customer's account is assessed though nobody asks; 0 is never")
}

func (h *house) later(f func() error) { h.closers = append(h.closers, f) }

// close gives back what was opened, the newest first.
func (h *house) close() error {
	var errs []error
	for _, f := range slices.Backward(h.closers) {
		errs = append(errs, f())
	}
	h.closers = nil
	return errors.Join(errs...)
}

// openDatabase reaches the database that the flags name, or starts the folder's own.
func (h *house) openDatabase(ctx context.Context, f databaseFlags, dir string) (err error) {
	if f.url != "" {
		h.databaseName = "as DATABASE_URL says"
		h.logins, err = f.logins(false)
		return err
	}
	logins, version, stop, err := openOwn(ctx, dir, h.log)
	if err != nil {
		return err
	}
	h.logins, h.databaseName = logins, fmt.Sprintf("PostgreSQL %d of its own, in %s", version, filepath.Join(dir, databaseDir))
	h.later(stop)
	return nil
}

// openSimulated starts the simulated AWS of the folder, under the lock that keeps
// other commands off it.
func (h *house) openSimulated(ctx context.Context, folio *portfolio.Portfolio, profile simaws.Profile) error {
	lock, err := h.p.alone(ctx, folio, &lockFlags{take: true}, "up")
	if err != nil {
		return err
	}
	h.later(func() error { h.p.free(lock); return nil })
	h.sim, err = openInProcess(folio, profile, filepath.Join(h.p.dir, state))
	if by, said := journal.FolderHolder(h.p.lockFile(folio, h.p.dir)); err != nil && said {
		return fmt.Errorf("open the simulated AWS in %s: %w: %s", h.p.dir, err, by)
	} else if err != nil {
		return fmt.Errorf("open the simulated AWS in %s: %w", h.p.dir, err)
	}
	h.later(h.sim.Close)
	return nil
}

func (h *house) awsName(folio *portfolio.Portfolio) string {
	if h.sim == nil {
		return "management account " + string(folio.Organization.Management)
	}
	how := "profile " + h.world.profile
	if h.world.profile == briskName {
		how = "a twentieth as slow as AWS"
	}
	return fmt.Sprintf("simulated, in %s; %s", filepath.Join(h.p.dir, state), how)
}

// open opens what stands on the database.
func (h *house) open(ctx context.Context) (err error) {
	if h.store, err = store.Open(ctx, h.logins); err != nil {
		return err
	}
	h.later(func() error { h.store.Close(); return nil })
	if h.latencies.Name == "" {
		if h.latencies, err = simaws.ProfileNamed("typical"); err != nil {
			return err
		}
	}
	h.metrics = newMetrics()
	h.metrics.database(h.store)
	if !h.portalOnly {
		h.world.took = h.metrics.call
		h.control, err = control.New(control.Config{
			Store: h.store, Clock: clock.Real(), Log: h.log, Reach: h.p.awsOf(h.sim, h.world), Lock: h.lock, Quotas: h.quotas, Works: h.works, Check: h.check, Scan: h.scan, Met: h.metrics.run,
		})
		if err != nil {
			return err
		}
	}
	if !h.portalOnly {
		if err := h.openDesk(ctx); err != nil {
			return err
		}
	}
	if err := h.openPages(ctx); err != nil || h.portalOnly || h.sealKey == "" {
		return err
	}
	return h.seal(ctx)
}

// seal has the audit log sealed each second, and once more at the end.
func (h *house) seal(ctx context.Context) error {
	key, err := h.store.MakeSealKey(ctx, h.sealKey)
	if err != nil {
		return err
	}
	sealer := &store.Sealer{Store: h.store, Key: key, Log: cmp.Or(h.heads, h.log)}
	h.control.Loops = append(h.control.Loops, sealer.Step)
	h.later(func() error {
		last, stop := context.WithTimeout(context.WithoutCancel(ctx), farewell)
		defer stop()
		if err := sealer.Step(last, time.Now()); err != nil {
			h.log.Warn("the last entries of the audit log wait for the next start to be sealed", "why", err)
		}
		return nil
	})
	return nil
}

// work serves pages and carries out runs until ctx ends or during, which is called
// when both have begun, returns.
func (h *house) work(ctx context.Context, during func(context.Context) error) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	server := newServer(ctx, h.metrics.watched(h.pages), slog.NewLogLogger(h.log.Handler(), slog.LevelDebug))
	ended := make(chan error, 2)
	go func() {
		err := server.Serve(h.listener)
		if !errors.Is(err, http.ErrServerClosed) {
			stop(fmt.Errorf("serve %s: %w", h.base, err))
		}
		ended <- nil
	}()
	go func() {
		if h.control == nil {
			ended <- nil
			return
		}
		ended <- h.control.Run(ctx)
	}()
	err := during(ctx)
	stop(nil)
	grace, cancel := context.WithTimeout(context.Background(), farewell)
	defer cancel()
	if server.Shutdown(grace) != nil {
		_ = server.Close() // whoever is still there is cut off
	}
	err = errors.Join(err, <-ended, <-ended)
	if cause := context.Cause(ctx); err == nil && !errors.Is(cause, context.Canceled) {
		err = cause
	}
	return err
}
