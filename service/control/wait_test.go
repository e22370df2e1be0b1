package control_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"landlord/internal/clock"
	"landlord/portfolio"
	"landlord/service/control"
	"landlord/service/store"
	"landlord/simaws"
	"landlord/vend/cloud"
)

// TestRunWaitsForAWS: a run of any kind that AWS keeps from its look waits, says why,
// and goes on when AWS is back.
func TestRunWaitsForAWS(t *testing.T) {
	h := begin(t, fresh(t), nil)
	h.run(t)
	_, run := h.push(t, 0, text(2))
	h.await(t, run)
	var away atomic.Bool
	h.aws.meddle = func(*http.Request) error {
		if away.Load() {
			return errors.New("connection refused")
		}
		return nil
	}
	away.Store(true)
	runs := []string{h.order(t, store.RunSuspend, "c0")}
	for _, kind := range []string{store.RunPlan, store.RunVerify, store.RunReconcile} {
		run, err := h.Begin(t.Context(), kind, "", ada)
		if err != nil {
			t.Fatal(err)
		}
		runs = append(runs, run)
	}
	for i, run := range runs[:3] { // the fourth waits for its turn
		for p, err := range h.Watch(t.Context(), run) {
			if err != nil || p.Run.Over() {
				t.Fatalf("run %d came to %+v, %v", i, p.Run, err)
			}
			if p.Run.Tries > 0 && p.Run.State == store.RunWaiting {
				if !strings.Contains(p.Run.Summary, "connection refused") || p.Run.Next == nil || !p.Run.Next.After(*p.Run.Failing) {
					t.Errorf("it waits without a reason: %+v", p.Run)
				}
				break
			}
		}
	}
	if err := h.Stop(t.Context(), runs[1], ada); err != nil {
		t.Fatal(err)
	}
	away.Store(false)
	for i, run := range runs {
		want := map[bool]string{true: store.RunStopped, false: store.RunDone}[i == 1]
		if last := h.await(t, run); last.Run.State != want || want == store.RunDone && last.Run.Tries != 0 {
			t.Errorf("run %d came to %+v, want %s", i, last.Run, want)
		}
	}
}

// TestRunWaitsForAnAnswer: a run whose creations are under way, and whom AWS does not
// tell how far they are, says that while it is so.
func TestRunWaitsForAnAnswer(t *testing.T) {
	h := begin(t, fresh(t), nil)
	slow := profile(t)
	slow.CreationMedian, slow.CreationSigma = 500*time.Millisecond, 0.1
	server, err := simaws.New(simaws.Config{Profile: slow, Seed: 1, Organization: true})
	if err != nil {
		t.Fatal(err)
	}
	h.aws.server = server
	var began, heard atomic.Bool
	h.aws.meddle = func(r *http.Request) error {
		_, call, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
		began.Store(began.Load() || call == "CreateAccount")
		if began.Load() && !heard.Load() && strings.HasSuffix(call, "CreateAccountStatus") {
			return errors.New("connection refused")
		}
		return nil
	}
	h.run(t)
	_, run := h.push(t, 0, text(2))
	for p, err := range h.Watch(t.Context(), run) {
		if err != nil || p.Run.Over() {
			t.Fatalf("it came to %+v, %v", p.Run, err)
		}
		if p.Run.Next == nil {
			continue
		}
		if p.Run.State != store.RunRunning || !strings.Contains(p.Run.Summary, "AWS does not say how far it is: ") || !strings.Contains(p.Run.Summary, "connection refused") {
			t.Errorf("it waits as %+v", p.Run)
		}
		break
	}
	heard.Store(true)
	for p, err := range h.Watch(t.Context(), run) {
		if err != nil {
			t.Fatal(err)
		}
		if p.Run.Over() && (p.Run.State != store.RunDone || p.Run.Next != nil) {
			t.Errorf("it came to %+v", p.Run)
		}
	}
}

// denied is an AWS that lets the caller do nothing.
type denied struct{}

func (denied) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusBadRequest, Header: http.Header{"Content-Type": {"application/x-amz-json-1.1"}}, Request: r,
		Body: io.NopCloser(strings.NewReader(`{"__type":"AccessDeniedException","Message":"not yours"}`))}, nil
}

// TestRunThatCannotComeRight: what waiting does not mend ends a run at once, and so
// does waiting too long.
func TestRunThatCannotComeRight(t *testing.T) {
	d := fresh(t)
	way := error(nil)
	h := begin(t, d, func(cfg *control.Config) {
		cfg.Reach = func(context.Context, *portfolio.Portfolio, ...string) (control.World, error) {
			return world{cloud.InProcess(denied{}, cloud.Options{Clock: clock.Real()})}, way
		}
	})
	way = errors.New("the credentials are of another account")
	quit := h.run(t)
	_, run := h.push(t, 0, text(1))
	if last := h.await(t, run); last.Run.State != store.RunFailed || last.Run.Tries > 0 || last.Run.Summary != way.Error() {
		t.Errorf("without the right credentials it came to %+v", last.Run)
	}
	quit()
	way = nil
	quit = h.run(t)
	_, run = h.push(t, 1, text(1))
	if last := h.await(t, run); last.Run.State != store.RunFailed || last.Run.Tries > 0 || !strings.Contains(last.Run.Summary, "the caller may not call") {
		t.Errorf("without permissions it came to %+v", last.Run)
	}

	quit()
	h = begin(t, d, nil)
	h.aws.meddle = func(*http.Request) error { return errors.New("connection refused") }
	h.run(t)
	_, run = h.push(t, 1, text(1))
	var since *time.Time
	for p, err := range h.Watch(t.Context(), run) {
		if err != nil || p.Run.Over() {
			t.Fatalf("it came to %+v, %v", p.Run, err)
		}
		if p.Run.Tries > 1 { // it counts from the first
			if since == nil || !p.Run.Failing.Equal(*since) {
				t.Errorf("it fails since %v, and then since %v", since, p.Run.Failing)
			}
			break
		}
		since = p.Run.Failing
	}
	d.Exec(t, store.OperatorRole, `UPDATE run SET failing_since = failing_since - interval '7 hours' WHERE tries > 0`)
	if last := h.await(t, run); last.Run.State != store.RunFailed || !strings.Contains(last.Run.Summary, "connection refused") {
		t.Errorf("after 7 hours it came to %+v", last.Run)
	}
}
