package api_test

import (
	"strings"
	"testing"
)

// TestOutside: a program is told why the organization cannot be looked at, and
// that is neither our fault nor the database's.
func TestOutside(t *testing.T) {
	h := begin(t)
	owner := h.token("owner", all...)
	file := strings.Replace(text(1), "name: Example", "name: Unreached", 1)
	for status, file := range map[int]string{422: file, 503: strings.Replace(file, "target: simulated", "target: aws", 1)} {
		var told struct{ Detail string }
		h.want(h.ask(owner, "POST", "/api/v1/portfolio/proposals", map[string]string{"text": file}), status, &told)
		if !strings.Contains(told.Detail, "no route to host") || strings.Contains(told.Detail, "fault") || strings.Contains(told.Detail, "database") {
			t.Errorf("%d tells %s", status, told.Detail)
		}
	}
	h.want(h.ask(owner, "PUT", "/api/v1/portfolio", h.change(owner, text(1)), `If-Match: "0"`), 202, nil)
	var told struct{ Detail string }
	another := strings.Replace(text(1), "111122223333", "444455556666", 1)
	for told.Detail == "" { // until the organization is there
		if a := h.ask(owner, "POST", "/api/v1/portfolio/proposals", map[string]string{"text": another}); a.StatusCode != 200 {
			h.want(a, 409, &told)
		}
	}
	if !strings.Contains(told.Detail, "is managed from account 111122223333, not from 444455556666 that the portfolio names; nothing was changed") {
		t.Errorf("of another organization it tells %s", told.Detail)
	}
}
