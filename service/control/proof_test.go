package control_test

import (
	"errors"
	"testing"

	"landlord/org"
	"landlord/portfolio"
	"landlord/service/control"
	"landlord/service/store"
	"landlord/vend/execute"
	"landlord/vend/plan"
)

// TestProofIsKept: what the probes answered at the last look is kept, of every
// statement and tier, and names the customer of a tier whose policy somebody took
// off; a run that mends it leaves a proof in which nothing is wrong.
func TestProofIsKept(t *testing.T) {
	h := begin(t, fresh(t), nil)
	h.run(t)
	proven := func() (p control.Proof, err error) {
		err = h.store.Operator(t.Context(), func(tx store.Tx) (err error) {
			p, err = control.Proven(t.Context(), tx)
			return err
		})
		return p, err
	}
	wrong := func() (customers map[string]bool) {
		t.Helper()
		p, err := proven()
		if err != nil {
			t.Fatal(err)
		}
		tiers := map[string]int{}
		customers = map[string]bool{}
		for _, c := range p.Cells {
			tiers[c.Tier]++
			if c.Accounts == 0 && !c.Newcomer {
				t.Errorf("%s was not asked in %s", c.Statement, c.Tier)
			}
			for _, a := range c.Faults {
				for _, key := range a.Customers {
					customers[key] = true
				}
			}
		}
		if len(tiers) != 2 || tiers["fintech"] < 30 || tiers["fintech"] != tiers["standard"] || p.Seen.IsZero() {
			t.Errorf("the proof, of %s, has %v statements", p.Seen, tiers)
		}
		return customers
	}
	if _, err := proven(); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("before a look there is a proof: %v", err)
	}
	_, run := h.push(t, 0, text(3))
	h.await(t, run)
	if who := wrong(); len(who) > 0 {
		t.Errorf("of what is as wanted, wrong is %v", who)
	}
	seen, a := h.account(t, "c1")
	w, err := h.reach(t.Context(), &portfolio.Portfolio{})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range seen.Policies {
		if p.Tags[org.TagFramework] == "CIS" {
			if _, err := w.(world).Do(t.Context(), execute.Call{Step: plan.Step{Kind: plan.DetachPolicy, Target: plan.Ref(p.ID), To: plan.Ref(a.Parent)}}); err != nil {
				t.Fatal(err)
			}
		}
	}
	run, err = h.Begin(t.Context(), store.RunVerify, "", ada)
	if err != nil {
		t.Fatal(err)
	}
	h.await(t, run)
	if who := wrong(); len(who) != 1 || !who["c1"] {
		t.Errorf("of a tier without its policy, told are %v", who)
	}
	if run, err = h.Begin(t.Context(), store.RunApply, "", ada); err != nil {
		t.Fatal(err)
	}
	h.await(t, run)
	if who := wrong(); len(who) > 0 {
		t.Errorf("after it was mended, wrong is %v", who)
	}
}
