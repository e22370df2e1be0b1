package main

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"landlord/service/oidc"
	"landlord/service/oidc/oidctest"
	"landlord/service/store"
)

// TestAnotherAuditKey: beside a replica that runs, one with another key of the audit
// log is refused and told why, whether its key is there or would be made; the first
// goes on, and the log is of one key.
func TestAnotherAuditKey(t *testing.T) {
	t.Parallel()
	f := newFleet(t, nil)
	first := f.serve()
	dir := t.TempDir()
	made := filepath.Join(dir, "made.key")
	if err := os.WriteFile(made, []byte(strings.Repeat("ab", 32)+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{made, filepath.Join(dir, "none.key")} {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second) // it would serve for ever
		c := exec.CommandContext(ctx, "landlord", "serve", "--listen", "127.0.0.1:0", "--audit-key", path)
		c.Env = f.env
		defer cancel()
		if out, err := c.CombinedOutput(); err == nil || !strings.Contains(string(out), "audit log") || !strings.Contains(string(out), path) || strings.Contains(string(out), `"serving"`) {
			t.Errorf("another replica with the key %s says (%v)\n%s", path, err, out)
		}
	}
	if answer, err := http.Get(first.base.JoinPath("readyz").String()); err != nil || answer.StatusCode != http.StatusOK {
		t.Errorf("the first answers %v, %v", answer, err)
	} else {
		answer.Body.Close()
	}
	f.until(f.push(first, `"0"`, 1), over)
	c := exec.Command("landlord", "audit", "verify", "--key", f.key)
	c.Env = f.env
	if out, err := c.CombinedOutput(); err != nil {
		t.Errorf("audit verify: %v\n%s", err, out)
	}
}

// TestRenamedWhileSignedIn: somebody of a customer who works while its key changes, at
// two replicas, meets their own portal or is asked to sign in, never a fault and never
// another's; they come back in with their provider, by the address of before.
func TestRenamedWhileSignedIn(t *testing.T) {
	t.Parallel()
	f := newFleet(t, nil)
	provider := oidctest.New(t)
	dir := t.TempDir()
	file := filepath.Join(dir, "oidc.yaml")
	for path, text := range map[string]string{
		file:                           "key: {file: oidc.key}\ncustomers: {c0: {issuer: '" + provider.Issuer + "', client: landlord, secret: {env: OIDC_SECRET}}}\n",
		filepath.Join(dir, "oidc.key"): base64.StdEncoding.EncodeToString(make([]byte, 32)),
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	f.env = append(f.env, "OIDC_SECRET=a secret of the client")
	both := []*replica{f.serve("--oidc", file), f.serve("--oidc", file)}
	f.until(f.push(both[0], `"0"`, 3), over)
	at := time.Now().Add(-time.Minute)
	err := f.store.Operator(t.Context(), func(tx store.Tx) error {
		if err := tx.PutDomain(t.Context(), store.Domain{Customer: "c0", Name: "c0.example", VerifiedAt: &at}); err != nil {
			return err
		}
		return tx.PutMember(t.Context(), store.Member{Customer: "c0", Email: "ann@c0.example", Role: "admin", CreatedAt: at})
	})
	if err != nil {
		t.Fatal(err)
	}
	back := func(key string) (all []string) {
		for _, r := range both {
			all = append(all, r.base.JoinPath("signin", "oidc", "back", key).String())
		}
		return all
	}
	provider.Client("landlord", "a secret of the client", false, back("c0")...)
	provider.Is(oidctest.Person{ID: "ann", Email: "ann@c0.example", Verified: true})
	jar, _ := cookiejar.New(nil) // which sends what one replica set to the other
	browser := &http.Client{Jar: jar}
	get := func(r *replica, path string) (status int, ends, text string, err error) {
		answer, err := browser.Get(r.base.JoinPath(path).String())
		if err != nil {
			return 0, "", "", err
		}
		defer answer.Body.Close()
		b, err := io.ReadAll(answer.Body)
		return answer.StatusCode, answer.Request.URL.Path, string(b), err
	}
	door := "signin/oidc/" + oidc.Key{}.Door("c0")
	if status, ends, text, err := get(both[0], door); err != nil || ends != "/portal" || !strings.Contains(text, "Customer 0") {
		t.Fatalf("signing in ends at %s with %d, %v\n%.500s", ends, status, err, text)
	}
	done, met := make(chan struct{}), map[string]int{}
	var mu sync.Mutex
	var working sync.WaitGroup
	for i := range 4 {
		working.Go(func() {
			for n := 0; ; n++ {
				path := []string{"portal", "portal/account", "portal/people", "portal/audit"}[(n+i)%4]
				status, ends, text, err := get(both[(n+i)%2], path)
				what := fmt.Sprint(status, " at /", path)
				switch {
				case err != nil || status != http.StatusOK || strings.Contains(text, "Customer 1") || strings.Contains(text, "Customer 2"):
					t.Errorf("%s ends at %s with %d, %v\n%.500s", path, ends, status, err, text)
				case ends == "/"+path && strings.Contains(text, "Customer 0"):
					what = "own"
				case ends == "/signin":
					what = "sign in"
				}
				mu.Lock()
				met[what]++
				mu.Unlock()
				select {
				case <-done:
					return
				default:
				}
			}
		})
	}
	renamed := f.pushText(both[1], `"1"`, strings.Replace(customersText(3), "key: c0,", "key: zero, formerly: [c0],", 1))
	f.until(renamed, over)
	close(done)
	working.Wait()
	if len(met) != 2 || met["own"] == 0 || met["sign in"] == 0 {
		t.Errorf("who worked meanwhile met %v", met)
	}
	for _, r := range both {
		if status, ends, text, err := get(r, door); err != nil || ends != "/portal" || !strings.Contains(text, "Customer 0") {
			t.Errorf("coming back ends at %s with %d, %v\n%.500s", ends, status, err, text)
		}
	}
}
