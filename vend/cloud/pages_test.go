package cloud_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"landlord/internal/clock"
	"landlord/vend/cloud"
)

// endless answers every call with a page and a token for another.
type endless struct{ token func() string }

func (e endless) RoundTrip(*http.Request) (*http.Response, error) {
	body := fmt.Sprintf(`{"Organization":{"Id":"o-1","FeatureSet":"ALL"},"Roots":[{"Id":"r-1"}],"NextToken":%q}`, e.token())
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}, nil
}

// TestPagesWithoutEnd: an endpoint that has always another page is not read for
// ever, whether it gives the same token again or new ones.
func TestPagesWithoutEnd(t *testing.T) {
	calls := 0
	for says, token := range map[string]func() string{
		"the same page again and again": func() string { calls++; return fmt.Sprint(calls % 100) },
		"10000 pages and no end":        func() string { calls++; return fmt.Sprint(calls) },
	} {
		calls = 0
		_, err := cloud.InProcess(endless{token}, cloud.Options{Clock: clock.Real()}).Observe(t.Context())
		if err == nil || !strings.Contains(err.Error(), "ListCreateAccountStatus: ") || !strings.Contains(err.Error(), says) {
			t.Errorf("after %d calls: %v, want %q", calls, err, says)
		}
	}
}
