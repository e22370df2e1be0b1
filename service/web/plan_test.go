package web

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"landlord/service/store"
)

// TestOrganizationOutOfReach: who plans is told why the organization cannot be
// looked at, and keeps what was typed.
func TestOrganizationOutOfReach(t *testing.T) {
	h := build(t)
	v := h.signedIn(store.Who{ID: "engineer"})
	before := v.get("/portfolio.yaml").body
	h.control.fault = errors.New("AWS cannot be reached to ask who is calling: no route to host")
	aws := strings.Replace(before, "target: simulated", "target: aws", 1)
	if aws == before {
		t.Fatal("the example does not name its target")
	}
	for name, a := range map[string]struct {
		answer
		status int
		typed  bool
	}{
		"the plan in force":      {v.get("/plan"), http.StatusUnprocessableEntity, false},
		"a plan for this server": {v.post("/portfolio/plan", url.Values{"text": {before}, "base": {"1"}}), http.StatusUnprocessableEntity, true},
		"a plan for AWS":         {v.post("/portfolio/plan", url.Values{"text": {aws}, "base": {"1"}}), http.StatusServiceUnavailable, true},
		"a push for AWS":         {v.post("/portfolio", url.Values{"text": {aws}, "base": {"1"}}), http.StatusServiceUnavailable, true},
	} {
		text := a.text()
		if a.answer.status != a.status || !strings.Contains(text, "no route to host. Nothing was changed.") || strings.Contains(text, "fault is ours") {
			t.Errorf("%s answers %d: %s", name, a.answer.status, text)
		}
		if a.typed && !strings.Contains(a.body, "management_account") {
			t.Errorf("%s lost what was typed", name)
		}
	}
}
