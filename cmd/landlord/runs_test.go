package main

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"landlord/service/store"
)

// anyway is a network whose every answer is the same.
type anyway string

func (body anyway) RoundTrip(*http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader(string(body)))}, nil
}

// TestFollowsToTheEnd: whoever follows a run whose end nobody tells is not told that all
// went well: such as by a proxy that has a page of its own, or that cuts what is quiet.
func TestFollowsToTheEnd(t *testing.T) {
	network := http.DefaultTransport
	defer func() { http.DefaultTransport = network }()
	for name, body := range map[string]anyway{
		"another's page": "<h1>back soon</h1>",
		"no end":         `data: {"run": {"id": "r1", "state": "waiting"}}` + "\n\n",
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				http.DefaultTransport = body
				var said strings.Builder
				r := &remote{base: &url.URL{Scheme: "http", Host: "house.example"}, token: "t"}
				err := r.follow(t.Context(), &said, "r1")
				if err == nil || !strings.Contains(err.Error(), "run r1 has not ended") || !strings.Contains(said.String(), "landlord runs r1 --follow") {
					t.Errorf("it ends with %v, want that the run has not; said %s", err, &said)
				}
			})
		})
	}
}

// TestRunsForScripts: what follows a run exits 1 if a check of it failed, though all
// was done; so does stopping what has ended.
func TestRunsForScripts(t *testing.T) {
	t.Parallel()
	f := newFleet(t, nil)
	r := f.serve()
	if came := f.until(f.push(r, `"0"`, 3), over); came.State != store.RunDone {
		t.Fatalf("the push came to %+v", came)
	}
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	landlord := func(args ...string) (string, int) {
		t.Helper()
		c := exec.Command("landlord", args...)
		c.Dir, c.Env = dir, append(f.env, "XDG_CONFIG_HOME="+dir, "LANDLORD_TOKEN="+f.token, "LANDLORD_SERVER="+r.base.String())
		text, err := c.CombinedOutput()
		if _, is := errors.AsType[*exec.ExitError](err); err != nil && !is {
			t.Fatal(err)
		}
		return string(text), c.ProcessState.ExitCode()
	}
	// Somebody has another file.
	other := write("other.yaml", strings.Replace(customersText(3), "c1, name: Customer 1, tier: standard", "c1, name: Customer 1, tier: fintech", 1))
	if text, code := landlord("apply", "-f", other, "--yes", "--pace", "off"); code != 0 {
		t.Fatalf("exit %d\n%s", code, text)
	}
	text, code := landlord("runs", "--begin", "verify", "--follow")
	if code != 1 || !strings.Contains(text, ": done after") || !strings.Contains(text, " checks passed") {
		t.Errorf("verify of what is not so exits %d, want 1\n%s", code, text)
	}
	var ended remoteRun
	if text, code := landlord("runs", "--begin", "verify", "--follow", "--json"); code != 1 || json.Unmarshal([]byte(text[strings.Index(text+"\n{", "\n{"):]), &ended) != nil || ended.Checks == nil || ended.Checks.Failed == 0 {
		t.Errorf("as JSON it exits %d, want 1 and the run that ended\n%s", code, text)
	}
	var page struct{ Items []remoteRun }
	if err := r.ask(t.Context(), http.MethodGet, "/runs?limit=1", nil, &page); err != nil || page.Items[0].Checks == nil || page.Items[0].Checks.Failed == 0 {
		t.Errorf("the run of it is %+v, %v", page.Items, err)
	}
	if text, code := landlord("runs", page.Items[0].ID, "--stop"); code != 1 || !strings.Contains(text, "has ended already: done at ") {
		t.Errorf("stopping it exits %d, want 1\n%s", code, text)
	}
	if text, code := landlord("runs", "--begin", "plan", "--follow"); code != 0 || !strings.Contains(text, "to move") {
		t.Errorf("a plan of what is to be mended exits %d, want 0: it was made\n%s", code, text)
	}
	if text, code := landlord("push", "-f", write("ours.yaml", customersText(3)), "--yes"); code != 0 || !strings.Contains(text, "nothing left to do") {
		t.Errorf("pushing what mends it exits %d, want 0\n%s", code, text)
	}
	if text, code := landlord("runs", "--begin", "verify", "--follow"); code != 0 {
		t.Errorf("verify of what is so exits %d, want 0\n%s", code, text)
	}
}
