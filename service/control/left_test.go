package control_test

import (
	"strings"
	"testing"

	"landlord/service/control"
	"landlord/service/store"
)

// TestWhoIsLeftOutIsTold: a customer whom a new version does not name any more, and
// whose account is there, is told before the version is made, by what its run came
// to, and by what is kept for the overview, until the portfolio says what became of it.
func TestWhoIsLeftOutIsTold(t *testing.T) {
	h := begin(t, fresh(t), nil)
	h.run(t)
	kept := func() (found []control.Fault) {
		t.Helper()
		err := h.store.Operator(t.Context(), func(tx store.Tx) (err error) {
			found, err = control.Faults(t.Context(), tx)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	_, run := h.push(t, 0, text(2))
	if last := h.await(t, run).Run; strings.Contains(last.Summary, "c1") || len(kept()) > 0 {
		t.Errorf("with all in the portfolio it is told: %s, %v", last.Summary, kept())
	}
	p, err := h.Propose(t.Context(), text(1))
	if err != nil {
		t.Fatal(err)
	}
	if n := p.Notices(); len(n) != 1 || !strings.Contains(n[0], "tagged for c1") {
		t.Errorf("the notices are %q", n)
	}
	_, run = h.push(t, 1, text(1))
	last := h.await(t, run).Run
	if last.State != store.RunDone || !strings.Contains(last.Summary, "(c1)") {
		t.Errorf("the run came to %s: %s", last.State, last.Summary)
	}
	if f := kept(); len(f) != 1 || !strings.Contains(f[0].Says, "(c1)") || f[0].Tier != "" {
		t.Errorf("kept is %+v", f)
	}
	_, run = h.push(t, 2, text(1)+"departed: [c1]\n")
	if last := h.await(t, run).Run; strings.Contains(last.Summary, "c1") || len(kept()) > 0 {
		t.Errorf("with the one that left under departed it is told: %s, %v", last.Summary, kept())
	}
}
