package control_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"landlord/org"
	"landlord/service/control"
	"landlord/service/store"
)

// found is what a run found of a customer: status by check, method and resource.
func (h *house) found(t *testing.T, customer, run string) (all []string) {
	t.Helper()
	err := h.store.Operator(t.Context(), func(tx store.Tx) error {
		c, err := tx.Customer(t.Context(), customer)
		if err != nil {
			return err
		}
		found, err := tx.FoundIn(t.Context(), customer, run, org.AccountID(c.Account))
		for _, f := range found {
			all = append(all, fmt.Sprint(f.Name, " ", f.Method, " ", f.Region, " ", f.Resource, " ", f.Status))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(all)
	return all
}

// assess has customers assessed, and waits for that.
func (h *house) assess(t *testing.T, customers ...string) (store.Run, map[string]int) {
	t.Helper()
	run, err := h.Assess(t.Context(), customers, ada)
	if err != nil {
		t.Fatal(err)
	}
	last := h.await(t, run)
	return last.Run, last.Tally
}

// entered has a call made of each account that is entered.
func (w *wire) entered(t *testing.T, of func(account string) error) {
	role := regexp.MustCompile(`RoleArn=arn%3Aaws%3Aiam%3A%3A([0-9]{12})%3A`)
	w.meddle = func(r *http.Request) error {
		if r.Body == nil {
			return nil
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		if at := role.FindSubmatch(body); at != nil && bytes.Contains(body, []byte("Action=AssumeRole")) {
			return of(string(at[1]))
		}
		return nil
	}
}

// TestAssess: what is found of whom was asked for is kept, with a batch and a posture
// by it; what could not be told of one account fails the run and nobody else's
// findings, and a customer who is not there is refused.
func TestAssess(t *testing.T) {
	h := begin(t, fresh(t), nil)
	h.run(t)
	_, applied := h.push(t, 0, text(3))
	h.await(t, applied)
	run, tally := h.assess(t, "c2", "c0", "c2")
	if run.State != store.RunDone || !slices.Equal(run.Assesses, []string{"c0", "c2"}) || tally[store.StepDone] != 2 || !strings.Contains(run.Summary, "assessed 2 accounts, 2 without an error") {
		t.Fatalf("%v %+v", tally, run)
	}
	if a, b := h.found(t, "c0", run.ID), h.found(t, "c1", run.ID); len(a) < 50 || len(b) != 0 {
		t.Errorf("%d findings of c0, %d of c1", len(a), len(b))
	}
	err := h.store.Operator(t.Context(), func(tx store.Tx) error {
		b, err := tx.Batch(t.Context(), run.ID)
		if err != nil || b.Customers != 2 || b.By != ada.Name || b.Findings < 100 {
			t.Errorf("%+v, %v", b, err)
		}
		p, err := tx.Posture(t.Context(), "c2", "SOC 2")
		if err != nil {
			t.Errorf("%+v, %v", p, err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.Assess(t.Context(), []string{"c0", "nobody"}, ada); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("nobody: %v", err)
	}
	var locked atomic.Value
	h.aws.entered(t, func(account string) error {
		if locked.CompareAndSwap(nil, account) || locked.Load() == account {
			return errors.New("cut")
		}
		return nil
	})
	run, tally = h.assess(t)
	if run.State != store.RunFailed || tally[store.StepDone] != 2 || tally[store.StepFailed] != 1 || !strings.Contains(run.Summary, "assessed 3 accounts, 2 without an error") || !strings.Contains(run.Summary, "could not be told: ") {
		t.Errorf("%v %+v", tally, run)
	}
}

// TestAssessmentIsTakenUp: a replica that is gone in the middle leaves the rest to
// another, which reads no account again that is done, and both come to what one finds.
func TestAssessmentIsTakenUp(t *testing.T) {
	const n = 40 // more than are read at once
	d := fresh(t)
	h := begin(t, d, nil)
	quit := h.run(t)
	_, applied := h.push(t, 0, text(n))
	h.await(t, applied)
	whole, _ := h.assess(t)

	reached, gone := make(chan struct{}), make(chan struct{})
	var mu sync.Mutex
	entered := map[string]int{}
	h.aws.entered(t, func(account string) error {
		mu.Lock()
		entered[account]++
		last := len(entered) == n && entered[account] == 1
		mu.Unlock()
		if last {
			close(reached)
			<-gone
			return errors.New("cut")
		}
		return nil
	})
	run, err := h.Assess(t.Context(), nil, ada)
	if err != nil {
		t.Fatal(err)
	}
	<-reached
	done := 0 // with the database's word for it
	for done < n-32 {
		p := 0
		for _, s := range h.assessSteps(t, run) {
			if s.State == store.StepDone {
				p++
			}
		}
		done = p
	}
	d.Exec(t, store.OperatorRole, `SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted AND pid <> pg_backend_pid() AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`)
	other := begin(t, d, func(cfg *control.Config) { cfg.Reach = h.reach })
	other.run(t)
	last := other.await(t, run)
	close(gone)
	quit()
	if last.Run.State != store.RunDone || !strings.Contains(last.Run.Summary, fmt.Sprintf("assessed %d accounts, %d without an error", n, n)) || last.Run.Summary != whole.Summary {
		t.Fatalf("%+v, not %q", last.Run, whole.Summary)
	}
	again := 0
	for _, times := range entered {
		again += times - 1
	}
	if len(entered) != n || again > n-done {
		t.Errorf("%d accounts entered, %d once more, though %d were done", len(entered), again, done)
	}
	for i := range n {
		key := fmt.Sprintf("c%d", i)
		if got := h.found(t, key, run); len(got) < 50 {
			t.Errorf("%s: %d findings", key, len(got))
		}
	}
}

func (h *house) assessSteps(t *testing.T, run string) (of []store.Step) {
	t.Helper()
	err := h.store.Operator(t.Context(), func(tx store.Tx) (err error) {
		of, err = tx.StepsOfKind(t.Context(), run, "assess")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return of
}

// TestEverybodyIsAssessedDaily: by whichever replica is first, once in the time that is
// set, and the first time that long after the portfolio came; who asks for the same
// meanwhile is told which run it is.
func TestEverybodyIsAssessedDaily(t *testing.T) {
	d := fresh(t)
	h := begin(t, d, func(cfg *control.Config) { cfg.Works, cfg.Scan = false, 24*time.Hour })
	other := begin(t, d, func(cfg *control.Config) { cfg.Works, cfg.Scan = false, 24*time.Hour })
	scans := func() (runs []store.Run) {
		err := h.store.Operator(t.Context(), func(tx store.Tx) (err error) {
			runs, err = tx.OpenRuns(t.Context(), store.RunScan)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return runs
	}
	turn := func(now time.Time) {
		var both sync.WaitGroup
		for _, h := range []*house{h, other} {
			both.Go(func() {
				if err := h.Step(t.Context(), now); err != nil {
					t.Error(err)
				}
			})
		}
		both.Wait()
	}
	now := time.Now()
	turn(now.Add(48 * time.Hour)) // nothing to assess by
	h.push(t, 0, text(2))
	turn(now.Add(23 * time.Hour))
	if runs := scans(); len(runs) != 0 {
		t.Fatalf("before it is due: %+v", runs)
	}
	for range 3 {
		turn(now.Add(25 * time.Hour))
	}
	runs := scans()
	if len(runs) != 1 || len(runs[0].Assesses) != 0 || runs[0].AskedBy != "scan" {
		t.Fatalf("when it is due: %+v", runs)
	}
	told, is := errors.AsType[*control.UnderWayError](func() error { _, err := h.Assess(t.Context(), nil, ada); return err }())
	if !is || told.Run.ID != runs[0].ID || !strings.Contains(told.Error(), "assesses all customers already") {
		t.Errorf("meanwhile: %v", told)
	}
	if _, err := h.Assess(t.Context(), []string{"c1"}, ada); err != nil {
		t.Errorf("one of them: %v", err)
	}
}
