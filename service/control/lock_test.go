package control_test

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"landlord/internal/clock"
	"landlord/portfolio"
	"landlord/service/control"
	"landlord/service/store"
	"landlord/vend/journal"
)

// TestRunHoldsTheLock: a run that changes AWS holds the organization's lock, to its
// end; one that only looks takes none; one that is stopped while it waits for it never
// begins; one that loses it goes on when it has it again.
func TestRunHoldsTheLock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "organization.lock")
	take := func(ctx context.Context, say func(string), command string) (*journal.Lock, error) {
		me := journal.Holder{Process: journal.Self(), Command: command}
		return journal.TakeFolder(ctx, path, me, journal.Wait{Clock: clock.Real(), Say: say})
	}
	var taken atomic.Pointer[journal.Lock]
	var taking atomic.Pointer[func(run string)]
	h := begin(t, fresh(t), func(cfg *control.Config) {
		cfg.Lock = func(ctx context.Context, _ *portfolio.Portfolio, run string, say func(string)) (*journal.Lock, error) {
			if during := taking.Swap(nil); during != nil {
				(*during)(run)
			}
			lock, err := take(ctx, say, "serve (run "+run+")")
			if err == nil {
				taken.Store(lock)
			}
			return lock, err
		}
	})
	h.run(t)
	mine, err := take(t.Context(), nil, "apply")
	if err != nil {
		t.Fatal(err)
	}
	waits := func(run, why string) {
		t.Helper()
		for p, err := range h.Watch(t.Context(), run) {
			if err != nil || p.Run.Over() {
				t.Fatalf("it came to %+v, %v; want that it waits because %s", p.Run, err, why)
			}
			if strings.Contains(p.Run.Summary, why) {
				if p.Run.State != store.RunWaiting || p.Run.Next == nil || p.Run.Tries > 0 {
					t.Errorf("it is %+v, want that it waits because %s", p.Run, why)
				}
				return
			}
		}
	}
	_, stopped := h.push(t, 0, text(1))
	waits(stopped, "landlord apply of")
	if err := h.Stop(t.Context(), stopped, ada); err != nil {
		t.Fatal(err)
	}
	if last := h.await(t, stopped); last.Run.State != store.RunStopped || h.accounts(t) != 0 {
		t.Errorf("stopped while it waited it came to %+v", last.Run)
	}
	for _, kind := range []string{store.RunReconcile, store.RunVerify} {
		run, err := h.Begin(t.Context(), kind, "", ada) // by a portfolio that mends nothing
		if err != nil {
			t.Fatal(err)
		}
		if last := h.await(t, run); last.Run.State != store.RunDone {
			t.Errorf("%s beside somebody at work came to %+v", kind, last.Run)
		}
	}
	if err := mine.Release(); err != nil {
		t.Fatal(err)
	}
	stops := func(run string) {
		if err := h.Stop(t.Context(), run, ada); err != nil {
			t.Error(err)
		}
	}
	taking.Store(&stops)
	_, stopped = h.push(t, 1, text(1))
	if last := h.await(t, stopped); last.Run.State != store.RunStopped {
		t.Errorf("stopped while it took the lock it came to %+v", last.Run)
	}
	if mine, err = journal.TakeFolder(t.Context(), path, journal.Holder{Process: journal.Self(), Command: "apply"}, journal.Wait{Clock: clock.Real(), Timeout: time.Minute, Say: func(string) {}}); err != nil {
		t.Fatal(err)
	}
	if h.accounts(t) != 0 {
		t.Error("what was stopped while it took the lock was carried out")
	}
	_, run := h.push(t, 1, text(2))
	waits(run, "landlord apply of")
	if err := mine.Release(); err != nil {
		t.Fatal(err)
	}
	var began atomic.Bool
	held, first := make(chan string, 1), make(chan *journal.Lock, 1)
	h.aws.meddle = func(r *http.Request) error {
		if strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".CreateAccount") && began.CompareAndSwap(false, true) {
			by, _ := journal.FolderHolder(path)
			held <- by.String()
			if err := os.Remove(path); err != nil {
				t.Error(err)
			}
			lost := taken.Load()
			first <- lost
			<-lost.Context().Done()
		}
		return nil
	}
	waits(run, "the lock was lost: somebody removed")
	if by, want := <-held, "landlord serve (run "+run+") of"; !strings.HasPrefix(by, want) {
		t.Errorf("at work the lock was held by %q, want %s …", by, want)
	}
	if last := h.await(t, run); last.Run.State != store.RunDone || h.accounts(t) != 2 {
		t.Errorf("after the lock was lost it came to %+v", last.Run)
	}
	if taken.Load() == <-first {
		t.Error("what was lost was not taken again")
	}
	if mine, err = take(t.Context(), nil, "apply"); err != nil {
		t.Fatalf("after the run: %v", err)
	}
	if err := mine.Release(); err != nil {
		t.Fatal(err)
	}
}

// TestStoppedAsItBeginsToWait: a run that was asked to stop while it was at work, and
// that then has to wait for somebody else's lock, stops and does not wait.
func TestStoppedAsItBeginsToWait(t *testing.T) {
	path := filepath.Join(t.TempDir(), "organization.lock")
	var taken atomic.Pointer[journal.Lock]
	take := func(ctx context.Context, _ *portfolio.Portfolio, run string, say func(string)) (*journal.Lock, error) {
		lock, err := journal.TakeFolder(ctx, path, journal.Holder{Process: journal.Self(), Command: "serve (run " + run + ")"}, journal.Wait{Clock: clock.Real(), Say: say})
		if err == nil {
			taken.Store(lock)
		}
		return lock, err
	}
	h := begin(t, fresh(t), func(cfg *control.Config) { cfg.Lock = take })
	h.run(t)
	pushed := make(chan string, 1)
	var asked atomic.Bool
	h.aws.meddle = func(r *http.Request) error {
		if !strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".CreateAccount") || !asked.CompareAndSwap(false, true) {
			return nil
		}
		first := taken.Load()
		if err := os.Remove(path); err != nil {
			t.Error(err)
		}
		other, err := take(t.Context(), nil, "of another", nil)
		if err != nil {
			t.Error(err)
			return nil
		}
		t.Cleanup(func() {
			if err := other.Release(); err != nil {
				t.Error(err)
			}
		})
		<-first.Context().Done()
		if err := h.Stop(t.Context(), <-pushed, ada); err != nil {
			t.Error(err)
		}
		return nil
	}
	_, run := h.push(t, 0, text(2))
	pushed <- run
	for p, err := range h.Watch(t.Context(), run) {
		if err != nil || p.Run.Stopping && p.Run.State == store.RunWaiting || p.Run.Over() && p.Run.State != store.RunStopped {
			t.Fatalf("it came to %+v, %v; want that it stops", p.Run, err)
		}
	}
}
