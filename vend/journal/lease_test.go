package journal

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"landlord/internal/clock"
)

// store is an object with conditional writes, in the memory of a test. before
// and after, if set, may cut a call off before or after it took effect.
type store struct {
	mu            sync.Mutex
	body          []byte
	version       int
	written       time.Time
	ageless       bool // it does not tell how old the object is
	before, after func() error
}

func (s *store) String() string { return "s3://bucket/lock" }

// cut makes the call of f, which a test may put in place while calls are made.
func (s *store) cut(f *func() error) error {
	s.mu.Lock()
	call := *f
	s.mu.Unlock()
	if call == nil {
		return nil
	}
	return call()
}

func (s *store) Read(ctx context.Context) (Object, error) {
	if err := s.cut(&s.before); err != nil {
		return Object{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.version == 0 {
		return Object{}, ErrNone
	}
	o := Object{Body: s.body, Version: fmt.Sprint(s.version)}
	if !s.ageless {
		o.Age = time.Since(s.written).Truncate(time.Second)
	}
	return o, nil
}

func (s *store) Write(ctx context.Context, version string, body []byte) (string, error) {
	if err := s.cut(&s.before); err != nil {
		return "", err
	}
	s.mu.Lock()
	if is := fmt.Sprint(s.version); s.version == 0 && version != "" || s.version != 0 && version != is {
		s.mu.Unlock()
		return "", ErrChanged
	}
	s.version++
	s.body, s.written = body, time.Now()
	now := fmt.Sprint(s.version)
	s.mu.Unlock()
	return now, s.cut(&s.after)
}

var errCut = fmt.Errorf("%w: connection cut", ErrUnknown)

func on(machine, run string) Holder {
	return Holder{Process: Process{User: "ada", Host: machine, Machine: "boot of " + machine, ID: 4711, Started: "1"}, Run: run, Command: "apply", Since: time.Now()}
}

func here(run string) Holder {
	return Holder{Process: Self(), Run: run, Command: "apply", Since: time.Now()}
}

func waits(d time.Duration) Wait {
	return Wait{Clock: clock.Real(), Timeout: d, Say: func(string) {}}
}

func TestLease(t *testing.T) {
	ended := here("ended")
	ended.Started = "0" // its number is another process's now
	for _, row := range []struct {
		name    string
		before  Holder // who has the lock
		renews  bool
		frees   time.Duration // when it gives the lock back
		ageless bool
		since   time.Duration // how long ago the other took it
		wait    time.Duration
		after   [2]time.Duration // when the lock is had or refused
		refused bool
	}{
		{name: "a process that runs on this machine is seen at once", before: here("other"), renews: true, refused: true},
		{name: "one that ended on this machine is overtaken at once", before: ended},
		{name: "one elsewhere that renews is at work", before: on("elsewhere", "other"), renews: true, ageless: true, refused: true, after: [2]time.Duration{time.Second, 12 * time.Second}},
		{name: "one elsewhere that does not renew lapses", before: on("elsewhere", "other"), ageless: true, after: [2]time.Duration{30 * time.Second, 32 * time.Second}},
		{name: "one that lapsed long ago is overtaken at once", before: on("elsewhere", "other"), since: time.Minute},
		{name: "one that lapses meanwhile, by the store's clock", before: on("elsewhere", "other"), since: 20 * time.Second, after: [2]time.Duration{10 * time.Second, 13 * time.Second}},
		{name: "one that gives it back is waited for", before: here("other"), renews: true, frees: time.Minute, wait: 2 * time.Minute, after: [2]time.Duration{60 * time.Second, 62 * time.Second}},
		{name: "one at work for too long is not", before: here("other"), renews: true, wait: 2 * time.Minute, refused: true, after: [2]time.Duration{120 * time.Second, 122 * time.Second}},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &store{ageless: row.ageless}
				if row.renews {
					other, err := TakeLease(t.Context(), s, row.before, waits(0))
					if err != nil {
						t.Fatal(err)
					}
					if row.frees > 0 {
						time.AfterFunc(row.frees, func() {
							if err := other.Release(); err != nil {
								t.Error(err)
							}
						})
					} else {
						defer other.Release()
					}
				} else if _, err := s.Write(t.Context(), "", lease{Holder: row.before}.body()); err != nil {
					t.Fatal(err)
				}
				time.Sleep(row.since)
				began := time.Now()
				lock, err := TakeLease(t.Context(), s, here("mine"), waits(row.wait))
				took := time.Since(began)
				if refusal, is := errors.AsType[*HeldError](err); is != row.refused || is && refusal.By.Run != "other" || !is && err != nil {
					t.Fatalf("got %v, want refused %v", err, row.refused)
				}
				if took < row.after[0] || took > row.after[1] {
					t.Errorf("took %v, want %v to %v", took, row.after[0], row.after[1])
				}
				if err != nil {
					return
				}
				time.Sleep(5 * time.Minute)
				if err := lock.Context().Err(); err != nil {
					t.Errorf("after five minutes: %v", context.Cause(lock.Context()))
				}
				if err := lock.Release(); err != nil {
					t.Error(err)
				}
				again, err := TakeLease(t.Context(), s, on("elsewhere", "third"), waits(0))
				if err != nil {
					t.Fatalf("after the release: %v", err)
				}
				again.Release()
			})
		})
	}
}

func TestLeaseIsLost(t *testing.T) {
	for _, row := range []struct {
		name  string
		spoil func(s *store)
		after [2]time.Duration
		says  string
	}{
		{"somebody takes it over", func(s *store) {
			s.body, s.version = lease{Holder: on("elsewhere", "thief")}.body(), s.version+1
		}, [2]time.Duration{0, 10 * time.Second}, "ada on elsewhere"},
		{"somebody removes it", func(s *store) { s.version = 0 }, [2]time.Duration{0, 10 * time.Second}, "removed"},
		{"the store is out of reach", func(s *store) { s.before = func() error { return errCut } }, [2]time.Duration{20 * time.Second, 30 * time.Second}, "not renewed"},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &store{}
				lock, err := TakeLease(t.Context(), s, here("mine"), waits(0))
				if err != nil {
					t.Fatal(err)
				}
				time.Sleep(45 * time.Second)
				s.mu.Lock()
				row.spoil(s)
				s.mu.Unlock()
				began := time.Now()
				<-lock.Context().Done()
				if took := time.Since(began); took < row.after[0] || took > row.after[1] {
					t.Errorf("lost after %v, want %v to %v", took, row.after[0], row.after[1])
				}
				if cause := context.Cause(lock.Context()); !errors.Is(cause, ErrLost) || !strings.Contains(cause.Error(), row.says) {
					t.Errorf("lost because %v, want %q in it", cause, row.says)
				}
				if err := lock.Release(); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// TestOneHolder has processes of many machines take, hold and lose one lock,
// die with it, and miss answers: never do two hold it at once.
func TestOneHolder(t *testing.T) {
	all := 0
	for seed := range uint64(100) {
		synctest.Test(t, func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 0))
			var chance, holds sync.Mutex
			draw := func(n int64) int64 {
				chance.Lock()
				defer chance.Unlock()
				return r.Int64N(n)
			}
			cut := func() error {
				time.Sleep(time.Duration(draw(int64(time.Second))))
				if draw(10) == 0 {
					return errCut
				}
				return nil
			}
			s := &store{ageless: seed%2 == 0, before: cut, after: cut}
			had := 0
			var group sync.WaitGroup
			for i := range 5 {
				p := &process{store: s}
				hold, dies := time.Duration(draw(int64(2*time.Minute))), draw(3) == 0
				group.Go(func() {
					lock, err := TakeLease(t.Context(), p, on(fmt.Sprint("machine ", i), fmt.Sprint("run ", i)), waits(time.Hour))
					if err != nil {
						return // an answer was lost; whatever was written lapses
					}
					if !holds.TryLock() {
						t.Errorf("seed %d: run %d holds the lock beside another", seed, i)
						return
					}
					had++
					out, in := time.Duration(draw(int64(time.Minute))), time.Duration(draw(int64(time.Minute)))
					defer time.AfterFunc(out, func() { p.cut.Store(true) }).Stop()
					defer time.AfterFunc(out+in, func() { p.cut.Store(false) }).Stop()
					select {
					case <-lock.Context().Done():
					case <-time.After(hold):
					}
					holds.Unlock()
					p.dead.Store(dies)
					_ = lock.Release() // nothing of it arrives from the dead, and some from the living is cut off
				})
			}
			group.Wait()
			all += had
		})
	}
	if all < 200 {
		t.Errorf("of 500 only %d had the lock: the test tries too little", all)
	}
}

// process is a store as a process sees it that may have died or be cut off.
type process struct {
	*store
	dead atomic.Bool
	cut  atomic.Bool // out of reach, for a while
}

func (p *process) Write(ctx context.Context, version string, body []byte) (string, error) {
	if p.dead.Load() || p.cut.Load() {
		return "", errCut
	}
	return p.store.Write(ctx, version, body)
}

// TestProcessesAreToldApart: one that ended, one that runs, and one that has
// the number of one that ended.
func TestProcessesAreToldApart(t *testing.T) {
	me := Self()
	if me.Machine == "" {
		t.Fatal("this machine does not tell its processes apart")
	}
	if me.Gone(me) || !me.Runs(me) {
		t.Errorf("%+v is this process, and runs", me)
	}
	reused := me
	reused.Started += "0"
	if !reused.Gone(me) {
		t.Errorf("%+v ended: its number is another's now", reused)
	}
	child := exec.Command(os.Args[0], "-test.run=^$")
	if err := child.Run(); err != nil {
		t.Fatal(err)
	}
	ended := me
	ended.ID = child.Process.Pid
	if !ended.Gone(me) {
		t.Errorf("%+v has ended", ended)
	}
	ended.Machine = "another"
	if ended.Gone(me) || ended.Runs(me) {
		t.Errorf("%+v is elsewhere: nothing is known", ended)
	}
}

func TestFolderLock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "deep", "folder", "organization.lock")
	first, err := TakeFolder(t.Context(), path, here("first"), waits(0))
	if err != nil {
		t.Fatal(err)
	}
	_, err = TakeFolder(t.Context(), path, here("second"), waits(0))
	refusal, is := errors.AsType[*HeldError](err)
	if !is || refusal.By.Run != "first" || !strings.Contains(err.Error(), fmt.Sprintf("process %d", os.Getpid())) {
		t.Fatalf("a second got %v, want a refusal that names the first", err)
	}
	if err := first.Release(); err != nil {
		t.Fatal(err)
	}
	if first.Context().Err() == nil {
		t.Error("the context of a released lock goes on")
	}
	if by, said := FolderHolder(path); said {
		t.Errorf("a released lock says that %s has it", by)
	}
	second, err := TakeFolder(t.Context(), path, here("second"), waits(0))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(path); err != nil { // somebody tidies up: the lock is the file, and the file is another now
		t.Fatal(err)
	}
	third, err := TakeFolder(t.Context(), path, here("third"), waits(0))
	if err != nil {
		t.Fatal(err)
	}
	<-second.Context().Done()
	if lost := context.Cause(second.Context()); !errors.Is(lost, ErrLost) || !strings.Contains(lost.Error(), path) {
		t.Errorf("the second's context ended by %v, want that it was lost", lost)
	}
	if third.Context().Err() != nil {
		t.Error("the third's file is there, and it is told to be lost")
	}
	if err := errors.Join(second.Release(), third.Release()); err != nil {
		t.Error(err)
	}
}

// TestFolderLockIsShared: a lock is for whoever may write its folder, and a
// journal for whoever shares the folder to read.
func TestFolderLockIsShared(t *testing.T) {
	for folder, want := range map[os.FileMode][2]os.FileMode{
		0o700: {0o600, 0o600}, 0o755: {0o600, 0o600}, 0o770: {0o660, 0o640}, 0o777: {0o666, 0o640}, 0o777 | os.ModeSticky: {0o666, 0o640},
	} {
		dir := t.TempDir()
		if err := os.Chmod(dir, folder); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, "o.lock")
		lock, err := TakeFolder(t.Context(), path, here("mine"), waits(0))
		if err != nil {
			t.Fatal(err)
		}
		me := here("mine")
		run := RunID(me.Process, me.Since)
		Begin(dir, Header{Run: run}, func(err error) { t.Error(err) }).End(me.Since, Ended{})
		for i, name := range []string{path, filepath.Join(Folder(dir), run+extension)} {
			if info, err := os.Stat(name); err != nil || info.Mode().Perm() != want[i] {
				t.Errorf("in a folder of %v, %s is %v (%v), want %v", folder, filepath.Base(name), info.Mode(), err, want[i])
			}
		}
		if info, err := os.Stat(Folder(dir)); err != nil || info.Mode()&^os.ModeDir != folder {
			t.Errorf("the journals of a folder of %v are in one of %v (%v)", folder, info.Mode(), err)
		}
		if err := lock.Release(); err != nil {
			t.Error(err)
		}
	}
}

// TestLeaseOfBrokenStore: a store that is read and never written is an error
// after a while, whatever it answers to the writes.
func TestLeaseOfBrokenStore(t *testing.T) {
	for _, refusal := range []error{errCut, ErrChanged} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
			defer cancel()
			began := time.Now()
			s := &unwritable{refusal: refusal}
			lock, err := TakeLease(ctx, s, here("mine"), waits(0))
			if err == nil {
				t.Fatalf("%v to every write, and the lock is had: %v", refusal, lock.Release())
			}
			if took := time.Since(began); took > time.Minute || s.writes > 100 {
				t.Errorf("%v to every write: said after %v and %d writes: %v", refusal, took, s.writes, err)
			}
		})
	}
}

// unwritable is a store in which nothing is, and where every write is refused.
type unwritable struct {
	store
	refusal error
	writes  int
}

func (s *unwritable) Write(ctx context.Context, _ string, _ []byte) (string, error) {
	if s.writes++; s.writes > 100_000 {
		return "", errors.New("written to 100,000 times")
	}
	return "", s.refusal
}

// TestFolderLockIsNoLink: in a folder where others write, a link in the lock's
// place costs no file its content.
func TestFolderLockIsNoLink(t *testing.T) {
	dir := t.TempDir()
	precious := filepath.Join(dir, "precious")
	if err := errors.Join(os.WriteFile(precious, []byte("content"), 0o600), os.Symlink("precious", filepath.Join(dir, "o.lock"))); err != nil {
		t.Fatal(err)
	}
	if lock, err := TakeFolder(t.Context(), filepath.Join(dir, "o.lock"), here("mine"), waits(0)); err == nil {
		t.Errorf("a link is a lock; %v", lock.Release())
	}
	if text, err := os.ReadFile(precious); string(text) != "content" {
		t.Errorf("the file that the link names is %q, %v", text, err)
	}
}

// TestGroupOfAnother: a file that could not be given to its folder's group is
// not given to the group that it has instead.
func TestGroupOfAnother(t *testing.T) {
	for _, row := range []struct {
		folder os.FileMode
		shared bool
		want   os.FileMode
	}{
		{0o770, true, 0o660}, {0o770, false, 0o600}, {0o777, false, 0o606}, {0o777, true, 0o666}, {0o750, true, 0o600}, {0o700, false, 0o600},
	} {
		if got := modeIn(row.folder, row.shared); got != row.want {
			t.Errorf("in a folder of %v, shared %v: %v, want %v", row.folder, row.shared, got, row.want)
		}
	}
}

// TestFileOutOfSight: a lock's file that cannot be looked at is not taken for one
// that was removed; one that was is.
func TestFileOutOfSight(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "folder")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	file, err := os.Create(filepath.Join(dir, "o.lock"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if !stands(file) {
		t.Error("the file is there, and is said to be gone")
	}
	if err := errors.Join(os.Rename(dir, dir+" elsewhere"), os.Symlink(dir, dir)); err != nil { // nothing can be looked at through a link to itself
		t.Fatal(err)
	}
	if !stands(file) {
		t.Error("the file cannot be seen, and is said to be gone")
	}
	if err := os.Remove(dir); err != nil {
		t.Fatal(err)
	}
	if stands(file) {
		t.Error("the file is gone, and is said to stand")
	}
}
