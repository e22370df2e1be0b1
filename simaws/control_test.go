package simaws

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"testing"
)

// ask sends a request to simaws itself.
func ask(t *testing.T, port *httptest.Server, method, path string, header ...string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, port.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

func TestMetricsOnThePort(t *testing.T) {
	l := newLab(t, "typical", Config{Seed: 1, Organization: true})
	port := httptest.NewServer(l)
	defer port.Close()
	for range 5 {
		l.send("AKIAADMIN", "ListRoots", "{}")
	}
	status, body := ask(t, port, "GET", "/_simaws/metrics")
	var got struct{ Calls, Throttles map[string]int }
	if err := json.Unmarshal([]byte(body), &got); err != nil || status != http.StatusOK {
		t.Fatalf("%d %s: %v", status, body, err)
	}
	if got.Calls["ListRoots"] != 5 || got.Throttles["ListRoots"] != 3 {
		t.Errorf("metrics %s, want 5 calls of ListRoots, 3 of them throttled", body)
	}
	if !reflect.DeepEqual(Metrics{got.Calls, got.Throttles, map[string]int{}}, l.Metrics()) {
		t.Errorf("the port says %s, Metrics %v", body, l.Metrics())
	}
	for _, row := range []struct {
		method, path string
		want         int
	}{
		{"POST", "/_simaws/metrics", 404}, {"GET", "/_simaws/reset", 404}, {"GET", "/_simaws/", 404},
	} {
		if status, body := ask(t, port, row.method, row.path); status != row.want {
			t.Errorf("%s %s: %d %s, want %d", row.method, row.path, status, body, row.want)
		}
	}
}

// TestResetIsTheBeginning plays a story, resets, and plays it again: the
// answers and the state must be the same bytes.
func TestResetIsTheBeginning(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state")
	l := newLab(t, "instant", Config{Seed: 3, State: path, Organization: true, AccountQuota: 20})
	port := httptest.NewServer(l)
	defer port.Close()
	story := func() (string, string) {
		l.enable()
		l.account("acme")
		l.policy("stay")
		seen := pictureOf(l)
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return seen, string(raw)
	}
	seen, kept := story()
	if status, body := ask(t, port, "POST", "/_simaws/reset", "Sec-Fetch-Site", "cross-site"); status != http.StatusForbidden {
		t.Errorf("a foreign page resets: %d %s", status, body)
	}
	if status, body := ask(t, port, "POST", "/_simaws/reset"); status != http.StatusOK {
		t.Fatalf("reset: %d %s", status, body)
	}
	if got := l.Metrics(); len(got.Calls) != 0 {
		t.Errorf("after a reset %v was counted", got)
	}
	again, keptAgain := story()
	if again != seen || keptAgain != kept {
		t.Errorf("after a reset: %s\n%s\nwant %s\n%s", again, keptAgain, seen, kept)
	}
	l.Close()
	after, err := openAt(t, path, "instant")
	if err != nil {
		t.Fatal(err)
	}
	defer after.Close()
	if got := pictureOf(after); got != seen {
		t.Errorf("opened again: %s\nwant %s", got, seen)
	}
}
