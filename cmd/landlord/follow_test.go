package main

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"landlord/service/store"
	"landlord/simaws"
)

// TestFollowedReplicaIsKilled: the replica that a push follows and that carries out
// its run is killed: the push goes on to follow, behind a proxy whose other replica
// takes the run up, and where another starts in its place.
func TestFollowedReplicaIsKilled(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		proxy bool
	}{{"behind a proxy", true}, {"at the same address", false}} {
		t.Run(tt.name, func(t *testing.T) {
			f := newFleetIn(t, t.TempDir(), simaws.Profile{Name: "slow", CreationMedian: 2 * time.Second, CreationSigma: 0.3, Read: time.Millisecond, Write: 15 * time.Millisecond, PolicyChange: 20 * time.Millisecond}, nil)
			first := f.serve()
			server := first.base.String()
			var behind atomic.Pointer[url.URL]
			behind.Store(first.base)
			next := make(chan *url.URL, 1)
			if tt.proxy {
				proxy := httptest.NewServer(&httputil.ReverseProxy{
					FlushInterval: -1,
					Rewrite:       func(r *httputil.ProxyRequest) { r.SetURL(behind.Load()) },
					ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) { // as it finds out that one is gone
						select {
						case to := <-next:
							behind.Store(to)
						default:
						}
						w.WriteHeader(http.StatusBadGateway)
					},
				})
				t.Cleanup(proxy.Close)
				server = proxy.URL
			}
			file := filepath.Join(t.TempDir(), "portfolio.yaml")
			if err := os.WriteFile(file, []byte(customersText(8)), 0o600); err != nil {
				t.Fatal(err)
			}
			var said bytes.Buffer
			c := exec.Command("landlord", "push", "-f", file, "--yes", "--server", server)
			c.Env = append(f.env, "LANDLORD_TOKEN="+f.token, "XDG_CONFIG_HOME="+t.TempDir())
			c.Stdout, c.Stderr = &said, &said
			if err := c.Start(); err != nil {
				t.Fatal(err)
			}
			run := f.open()
			f.until(run, func(_ store.Run, tally map[string]int) bool { return tally["create-account done"] >= 1 })
			if tt.proxy {
				next <- f.serve().base
			}
			if err := first.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			if !tt.proxy {
				f.serve("--listen", first.base.Host)
			}
			if err := c.Wait(); err != nil || !strings.Contains(said.String(), "Run "+run+": done") {
				t.Errorf("push ended with %v, want that it tells the end of run %s:\n%s", err, run, &said)
			}
			untold := 0 // asked for in the moment of the kill, before that was written down
			for i := range 8 {
				switch n := strings.Count(said.String(), fmt.Sprintf("  c%-11d account created\n", i)); {
				case n > 1:
					t.Errorf("that the account of c%d is there was told %d times", i, n)
				case n == 0:
					untold++
				}
			}
			if untold > 1 {
				t.Errorf("of %d accounts it was not told that they are there:\n%s", untold, &said)
			}
			if n := len(f.accounts()); n != 9 { // with the management account
				t.Errorf("there are %d accounts, want 8 and the management account", n)
			}
		})
	}
}
