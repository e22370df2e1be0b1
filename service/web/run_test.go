package web

import (
	"strings"
	"testing"

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
