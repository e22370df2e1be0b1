package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"landlord/internal/clock"
	"landlord/service/store"
	"landlord/simaws"
)

// unhurried is an AWS whose creations last long enough for something to happen.
var unhurried = simaws.Profile{Name: "unhurried", CreationMedian: 2 * time.Second, CreationSigma: 0.2, Read: 5 * time.Millisecond, Write: 50 * time.Millisecond, PolicyChange: 50 * time.Millisecond}

// reader is an operator with a browser.
type reader struct {
	f      *fleet
	base   *url.URL
	cookie string
}

// reader signs the operator in at r.
func (f *fleet) reader(r *replica) *reader {
	f.t.Helper()
	ctx, now := f.t.Context(), time.Now()
	secret := fmt.Sprint("reader", now.UnixNano())
	hash := sha256.Sum256([]byte(secret))
	err := f.store.Operator(ctx, func(tx store.Tx) error {
		p, err := tx.PersonByEmail(ctx, "ada@example.com")
		if err != nil {
			return err
		}
		return tx.NewLink(ctx, store.Link{Who: store.Who{ID: p.ID}, Hash: hash[:], CreatedAt: now, ExpiresAt: now.Add(time.Minute)})
	})
	if err != nil {
		f.t.Fatal(err)
	}
	b := &reader{f: f, base: r.base}
	status, header, text := b.ask(http.MethodPost, "/signin/"+secret)
	if status != http.StatusSeeOther {
		f.t.Fatalf("the link answers %d: %s", status, text)
	}
	b.cookie, _, _ = strings.Cut(header.Get("Set-Cookie"), ";")
	return b
}

// ask asks for a page. Not to be answered at all fails the test: the process is there
// whatever else is not.
func (b *reader) ask(method, path string) (status int, header http.Header, text string) {
	r, err := http.NewRequestWithContext(b.f.t.Context(), method, b.base.JoinPath(path).String(), nil)
	if err != nil {
		b.f.t.Error(err)
		return 0, nil, ""
	}
	r.Header.Set("Cookie", b.cookie)
	answer, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(r)
	if err != nil {
		b.f.t.Errorf("%s is not answered: %v", path, err)
		return 0, nil, ""
	}
	defer answer.Body.Close()
	said, err := io.ReadAll(answer.Body)
	if err != nil {
		b.f.t.Errorf("%s is cut off: %v", path, err)
	}
	return answer.StatusCode, answer.Header, string(said)
}

// turns waits until path answers with a status, and returns what it says then.
func (b *reader) turns(path string, status int) string {
	b.f.t.Helper()
	ctx, cancel := context.WithTimeout(b.f.t.Context(), 30*time.Second)
	defer cancel()
	for {
		is, _, text := b.ask(http.MethodGet, path)
		if is == status {
			return text
		}
		if clock.Real().Sleep(ctx, 20*time.Millisecond) != nil {
			b.f.t.Fatalf("%s answers %d after 30 s, want %d: %.300s", path, is, status, text)
		}
	}
}

// load has people look at pages until it is called off, which tells how many saw
// each status. A page that is neither there nor says why fails the test.
func (b *reader) load() (end func() map[int]int) {
	quit, seen := make(chan struct{}), map[int]int{}
	var mu sync.Mutex
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for n := i; ; n++ {
				select {
				case <-quit:
					return
				default:
				}
				path := []string{"/overview", "/customers", "/runs", "/customers/c0"}[n%4]
				status, _, text := b.ask(http.MethodGet, path)
				mu.Lock()
				seen[status]++
				mu.Unlock()
				switch {
				case status == http.StatusOK:
				case status == http.StatusServiceUnavailable && strings.Contains(text, "cannot reach its database") && strings.Contains(text, "Nothing is lost"):
				default:
					b.f.t.Errorf("%s answers %d: %.400s", path, status, text)
					return
				}
			}
		})
	}
	return func() map[int]int { close(quit); all.Wait(); return seen }
}

// family is a process and its children, by what the kernel says.
func family(t *testing.T, parent int) (pids []int) {
	t.Helper()
	all, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil || parent == 0 {
		t.Fatalf("the processes of %d: %v", parent, err)
	}
	pids = []int{parent}
	for _, name := range all {
		stat, err := os.ReadFile(name)
		if err != nil {
			continue // it ended
		}
		// Source: proc(5): id (name) state parent
		fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
		if of, _ := strconv.Atoi(fields[1]); of == parent {
			pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(name)))
			pids = append(pids, pid)
		}
	}
	return pids
}

// complete holds that a run did all for n customers, and nothing twice.
func (f *fleet) complete(run string, n int) {
	f.t.Helper()
	if came := f.until(run, over); came.State != store.RunDone {
		f.t.Errorf("the run came to %+v", came)
	}
	made := f.accounts()
	if len(made) != n+1 {
		f.t.Errorf("there are %d accounts, want %d and the management account", len(made), n)
	}
	for email, times := range made {
		if times != 1 {
			f.t.Errorf("%s has %d accounts", email, times)
		}
	}
}

// TestDatabaseAway: under load and in the middle of a run, the database first hangs,
// then is stopped and cannot start. Pages say so in words, the load balancer is told,
// no process ends, and the run does all that it was to do.
func TestDatabaseAway(t *testing.T) {
	t.Parallel()
	f := newFleetIn(t, t.TempDir(), unhurried, nil)
	r := f.serve()
	b := f.reader(r)
	const customers = 12
	run := f.push(r, `"0"`, customers)
	f.until(run, func(_ store.Run, tally map[string]int) bool { return tally["create-account done"] >= 1 })
	end := b.load()

	server := f.database.Process()
	if err := syscall.Kill(server, syscall.SIGSTOP); err != nil { // no new ones from now on
		t.Fatal(err)
	}
	stopped := family(t, server)
	for _, pid := range stopped {
		_ = syscall.Kill(pid, syscall.SIGSTOP) // it may have ended
	}
	goOn := func() {
		for _, pid := range stopped {
			_ = syscall.Kill(pid, syscall.SIGCONT)
		}
	}
	t.Cleanup(goOn)
	b.turns("/readyz", http.StatusServiceUnavailable)
	b.turns("/customers", http.StatusServiceUnavailable)
	if status, _, text := b.ask(http.MethodGet, "/healthz"); status != http.StatusOK {
		t.Errorf("the process says that it is not well: %d %s", status, text)
	}
	goOn()
	b.turns("/readyz", http.StatusOK)
	b.turns("/customers", http.StatusOK)

	// What a server needs to start is put aside, so that it stays away.
	needed := filepath.Join(f.dir, "data", "PG_VERSION")
	if err := os.Rename(needed, needed+".aside"); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(f.database.Process(), syscall.SIGINT); err != nil { // a fast stop
		t.Fatal(err)
	}
	b.turns("/readyz", http.StatusServiceUnavailable)
	b.turns("/overview", http.StatusServiceUnavailable)
	if err := os.Rename(needed+".aside", needed); err != nil {
		t.Fatal(err)
	}
	b.turns("/readyz", http.StatusOK)
	b.turns("/overview", http.StatusOK)
	seen := end()
	if t.Failed() {
		t.Log(r.logged())
	}
	t.Log("pages by status:", seen)
	if seen[http.StatusOK] == 0 || seen[http.StatusServiceUnavailable] == 0 {
		t.Errorf("the load saw %v: want pages, and being told that the database is away", seen)
	}
	f.complete(run, customers)
}

// TestSlowAWS: while AWS refuses and takes its time, the page of the run is there at
// once and says of each step that it waits, and why; so does the command that follows.
func TestSlowAWS(t *testing.T) {
	t.Parallel()
	f := newFleetIn(t, t.TempDir(), unhurried, &simaws.Faults{Rules: []simaws.FaultRule{
		{Kind: simaws.Throttled, Operation: "MoveAccount", Calls: []int{1}, For: 5 * time.Second},
		{Kind: simaws.SlowCreation, Rate: 0.5, For: 3 * time.Second},
	}})
	r := f.serve()
	b := f.reader(r)
	const customers = 6
	run := f.push(r, `"0"`, customers)
	follow := exec.Command("landlord", "runs", run, "--follow")
	follow.Env = append(slices.Clone(f.env), "LANDLORD_SERVER="+r.base.String(), "LANDLORD_TOKEN="+f.token)
	var told bytes.Buffer
	follow.Stdout, follow.Stderr = &told, &told
	if err := follow.Start(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	seen := map[string]bool{} // what pages said
	for over := false; !over && ctx.Err() == nil; _ = clock.Real().Sleep(ctx, 50*time.Millisecond) {
		status, _, text := b.ask(http.MethodGet, "/runs/"+run)
		if status != http.StatusOK {
			t.Fatalf("the page answers %d: %.300s", status, text)
		}
		for _, word := range []string{">running<", ">waiting<", ">retrying<", "TooManyRequestsException", "You can leave this page; the run goes on."} {
			seen[word] = seen[word] || strings.Contains(text, word)
		}
		over = strings.Contains(text, "nothing left to do")
	}
	for word, was := range seen {
		if !was {
			t.Errorf("no page of the run said %q", word)
		}
	}
	if err := follow.Wait(); err != nil {
		t.Errorf("following the run: %v", err)
	}
	if text := told.String(); !strings.Contains(text, "moving waits, it is tried again: ") || !strings.Contains(text, "TooManyRequestsException") || !strings.Contains(text, ": done after ") {
		t.Errorf("who follows is told\n%s", text)
	}
	f.complete(run, customers)
}

// ownMounts says that the process is in a namespace where it may mount.
const ownMounts = "LANDLORD_TEST_OWN_MOUNTS"

// elsewhere runs the test again as a process that may mount: in a namespace of users
// and of mounts of its own, as who it is here.
func elsewhere(t *testing.T) {
	const mayMount = 21 // CAP_SYS_ADMIN; source: capabilities(7)
	c := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.timeout=5m")
	c.Env = append(os.Environ(), ownMounts+"=1")
	c.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS, AmbientCaps: []uintptr{mayMount},
		UidMappings: []syscall.SysProcIDMap{{ContainerID: os.Getuid(), HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: os.Getgid(), HostID: os.Getgid(), Size: 1}}}
	out, err := c.CombinedOutput()
	if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.ENOSPC) || strings.Contains(string(out), cannotMount) {
		t.Skipf("this machine lets nobody but root mount, also not in a namespace of their own: %v\n%s", err, out)
	}
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

const cannotMount = "cannot mount a small disk"

// TestDiskFull: the disk under the database runs full in the middle of a run. People
// are told, nothing is lost, and all goes on when there is room. The disk is a small
// one, which root mounts, and who is not root in a namespace of their own.
func TestDiskFull(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 && os.Getenv(ownMounts) == "" {
		elsewhere(t)
		return
	}
	dir := filepath.Join(t.TempDir(), "pg")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=160m,mode=700"); err != nil && os.Getenv(ownMounts) != "" {
		t.Fatalf("%s: %v", cannotMount, err)
	} else if err != nil {
		t.Skipf("%s: %v", cannotMount, err) // root of a container that may not
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	f := newFleetIn(t, dir, unhurried, nil)
	r := f.serve()
	b := f.reader(r)
	const customers = 12
	run := f.push(r, `"0"`, customers)
	f.until(run, func(_ store.Run, tally map[string]int) bool { return tally["create-account done"] >= 1 })

	ctx := t.Context()
	write := func(n int) error {
		return f.store.Operator(ctx, func(tx store.Tx) error {
			return tx.PutSetting(ctx, fmt.Sprint("ballast", n), noise(uint64(n), 1<<20))
		})
	}
	if err := write(1); err != nil {
		t.Fatal(err)
	}
	ballast := filepath.Join(dir, "ballast")
	fill(t, ballast)
	kept, last := 1, error(nil)
	for last == nil { // what was room within the database's own files goes too
		kept++
		last = write(kept)
		if kept > 500 {
			t.Fatal("500 MB are written to a disk of 160")
		}
	}
	if !store.Full(last) && !store.Away(last) {
		t.Errorf("writing to the full disk is refused with %v", last)
	}
	var refused error
	for n := range 50 { // until what is left of the log is used up too
		body := change(t, &r.remote, customersText(customers)+"# "+string(noise(uint64(1000+n), 1<<18)))
		if refused = r.ask(ctx, http.MethodPut, "/portfolio", body, nil, "If-Match", `"1"`); refused != nil {
			break
		}
	}
	if refused == nil || !strings.Contains(refused.Error(), "nothing is lost") {
		t.Errorf("a portfolio that does not fit is answered with %v", refused)
	}
	for _, path := range []string{"/overview", "/customers", "/runs"} {
		status, _, text := b.ask(http.MethodGet, path)
		if status != http.StatusOK && !strings.Contains(text, "Nothing is lost") {
			t.Errorf("with the disk full %s answers %d: %.300s", path, status, text)
		}
	}

	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	b.turns("/readyz", http.StatusOK)
	b.turns("/customers", http.StatusOK)
	f.complete(run, customers)
	err := f.store.Operator(ctx, func(tx store.Tx) error {
		var text string
		for n := 1; n < kept; n++ {
			if err := tx.Setting(ctx, fmt.Sprint("ballast", n), &text); err != nil || text != noise(uint64(n), 1<<20) {
				return fmt.Errorf("what was written before the disk was full, %d of %d: %w", n, kept, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	if t.Failed() {
		t.Log(r.logged())
	}
}

// noise is a text that does not shrink when it is packed.
func noise(seed uint64, size int) string {
	chance := rand.New(rand.NewPCG(seed, 0))
	text := make([]byte, size)
	for i := range text {
		text[i] = "abcdefghijklmnopqrstuvwxyz012345"[chance.IntN(32)]
	}
	return string(text)
}

// fill writes a file until its disk has no room.
func fill(t *testing.T, name string) {
	t.Helper()
	file, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for block := make([]byte, 1<<16); err == nil; {
		_, err = file.Write(block)
	}
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
}
