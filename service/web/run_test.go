package web

import (
	"context"
	"strings"
	"testing"
	"time"

	"landlord/service/control"
	"landlord/service/store"
)

// TestStoppedTooLate: who stops a run that has ended is told so, and what it came to.
func TestStoppedTooLate(t *testing.T) {
	h := build(t)
	v := h.signedIn(store.Who{ID: "engineer"})
	if _, err := h.control.Begin(t.Context(), store.RunApply, "", control.By{Kind: store.BySystem, Name: "test"}); err != nil {
		t.Fatal(err)
	}
	if a := v.post("/runs/"+runID+"/stop", nil); a.status != 303 {
		t.Errorf("stopping a run that is under way answers %d: %s", a.status, a.text())
	}
	go func() { <-h.control.changed }()
	h.end(store.RunDone, store.StepDone, "", "1 step done, nothing left to do")
	if a := v.post("/runs/"+runID+"/stop", nil); a.status != 409 || !strings.Contains(a.text(), "It had ended already") || !strings.Contains(a.text(), "1 step done, nothing left to do") {
		t.Errorf("stopping it after its end answers %d: %s", a.status, a.text())
	}
	if a := v.get("/runs/" + runID); strings.Contains(a.text(), "ended already") {
		t.Errorf("its page says %s", a.text())
	}
}

// TestRunTakenUp: the page of a run that another took up counts each step once; what
// was left is not done until a look says so.
func TestRunTakenUp(t *testing.T) {
	h := build(t)
	v := h.signedIn(store.Who{ID: "engineer"})
	if _, err := h.control.Begin(t.Context(), store.RunApply, "", control.By{Kind: store.BySystem, Name: "test"}); err != nil {
		t.Fatal(err)
	}
	rows := func(from int, states string) (rows []store.Step) {
		for i, state := range strings.Fields(states) {
			kind := []string{"create-account", "move-account"}[i%2]
			s := store.Step{Run: runID, N: from + i, Customer: []string{"acme", "quantum"}[i/2], Kind: kind, What: []string{"ACME Finance Inc", "Quantum Bank Corp"}[i/2], State: state, Started: &testNow}
			if state != store.StepRunning && state != store.StepWaiting {
				s.Ended = &testNow
			}
			rows = append(rows, s)
		}
		return rows
	}
	for _, c := range []struct{ rows, want string }{
		{"done skipped skipped skipped", "1 of 4 steps, 0 of 2 customers ready"},
		{"done done running waiting", "2 of 4 steps, 1 of 2 customers ready"},
	} {
		from := map[bool]int{true: 4}[strings.Contains(c.rows, "running")]
		h.operator(func(ctx context.Context, tx store.Tx) error { return tx.PutSteps(ctx, rows(from, c.rows)) })
		if a := v.get("/runs/" + runID); !strings.Contains(a.text(), c.want) {
			t.Errorf("with %s the page says %s, want %q", c.rows, a.text(), c.want)
		}
	}
}

// TestRunThatWaits: the page of a run whose steps wait for an answer of AWS says for
// what, and when it is asked again; then no more.
func TestRunThatWaits(t *testing.T) {
	h := build(t)
	v := h.signedIn(store.Who{ID: "engineer"})
	if _, err := h.control.Begin(t.Context(), store.RunApply, "", control.By{Kind: store.BySystem, Name: "test"}); err != nil {
		t.Fatal(err)
	}
	says := func(want bool) {
		t.Helper()
		if a := v.get("/runs/" + runID); strings.Contains(a.text(), "It waits, again at 12:00:16 UTC AWS does not say how far it is: connection refused") != want {
			t.Errorf("the page says %s", a.text())
		}
	}
	pause := func(why string) {
		h.operator(func(ctx context.Context, tx store.Tx) error {
			return tx.PauseRun(ctx, runID, why, time.Date(2026, 11, 23, 12, 0, 16, 0, time.UTC))
		})
	}
	says(false)
	pause("AWS does not say how far it is: connection refused")
	says(true)
	pause("")
	says(false)
}

// TestRunWithFailedChecks: a run that is done is not shown as well where checks failed.
func TestRunWithFailedChecks(t *testing.T) {
	h := build(t)
	v := h.signedIn(store.Who{ID: "engineer"})
	if _, err := h.control.Begin(t.Context(), store.RunVerify, "", control.By{Kind: store.BySystem, Name: "test"}); err != nil {
		t.Fatal(err)
	}
	h.operator(func(ctx context.Context, tx store.Tx) error { return tx.RunChecked(ctx, runID, 40, 2) })
	go func() { <-h.control.changed }()
	h.end(store.RunDone, store.StepDone, "", "40 of 42 checks passed")
	for _, path := range []string{"/runs", "/runs/" + runID, "/overview"} {
		if a := v.get(path); !strings.Contains(a.text(), "done, 2 checks failed") {
			t.Errorf("%s says %s", path, a.text())
		}
	}
}
