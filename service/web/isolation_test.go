package web

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"landlord/service/control"
	"landlord/service/store"
)

// TestIsolation: the page says what the last proof says: that all holds, or which
// statement does not hold for whom; each statement's page has its text and controls.
func TestIsolation(t *testing.T) {
	h := build(t)
	auditor := h.signedIn(store.Who{ID: "auditor"})
	if a := auditor.get("/compliance/isolation"); a.status != http.StatusOK || !strings.Contains(a.text(), "Nobody has looked yet") {
		t.Errorf("before a look: %d %s", a.status, a.text())
	}
	keep := func(wrong bool) {
		h.operator(func(ctx context.Context, tx store.Tx) error {
			return tx.PutSetting(ctx, "proof", control.Proof{Seen: testNow, Cells: filledCells(wrong)})
		})
	}
	keep(false)
	says := auditor.get("/compliance/isolation").text()
	if !strings.Contains(says, "Yes. ") || !strings.Contains(says, "in 7,500 accounts of 5 tiers") || strings.Contains(says, "What is wrong") {
		t.Errorf("when all holds it says %s", says)
	}
	keep(true)
	a := auditor.get("/compliance/isolation")
	for _, want := range []string{"No. 10 cells of 35 statements × 5 tiers", "KeepKeys in Fintech kms:ScheduleKeyDeletion : It is allowed, which KeepKeys should deny, for acme", "not denied", "whoever enters", "1 customer exempt"} {
		if !strings.Contains(a.text(), want) {
			t.Errorf("when some does not hold it does not say %q: %s", want, a.text())
		}
	}
	if !strings.Contains(a.body, `<a href="/customers/acme">acme</a>`) {
		t.Error("the customer of a wrong cell is no link")
	}
	for _, sid := range []string{"KeepKeys", "StayInOrganization"} {
		a := auditor.get("/compliance/isolation/" + sid)
		rule, _ := ruleOf(sid)
		for _, want := range []string{`"Sid": "` + sid + `"`, sentence(rule.Prevents), rule.Probes[0].Action, "Fintech"} {
			if a.status != http.StatusOK || !strings.Contains(a.text(), want) {
				t.Errorf("the page of %s (%d) does not say %q: %s", sid, a.status, want, a.text())
			}
		}
		for framework, ids := range rule.Controls {
			if !strings.Contains(a.text(), framework) || !strings.Contains(a.text(), ids[0]) {
				t.Errorf("the page of %s does not name %s %s", sid, framework, ids[0])
			}
		}
	}
	if a := auditor.get("/compliance/isolation/Nothing"); a.status != http.StatusNotFound {
		t.Errorf("a statement that there is not answers %d", a.status)
	}
}
