package api_test

import (
	"strings"
	"testing"

	"landlord/service/api"
)

// TestOutside: a program is told why the organization cannot be looked at, and
// that is neither our fault nor the database's.
func TestOutside(t *testing.T) {
	h := begin(t)
	owner := h.token("owner", api.Read)
	file := strings.Replace(text(1), "name: Example", "name: Unreached", 1)
	for status, file := range map[int]string{422: file, 503: strings.Replace(file, "target: simulated", "target: aws", 1)} {
		var told struct{ Detail string }
		h.want(h.ask(owner, "POST", "/api/v1/portfolio/proposals", map[string]string{"text": file}), status, &told)
		if !strings.Contains(told.Detail, "no route to host") || strings.Contains(told.Detail, "fault") || strings.Contains(told.Detail, "database") {
			t.Errorf("%d tells %s", status, told.Detail)
		}
	}
}
