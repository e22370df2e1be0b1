package main

import (
	"crypto/tls"
	"encoding/base64"
	"io"
	"net/http"
	"net/http/cookiejar"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"landlord/service/oidc/oidctest"
	"landlord/service/store"
)

// TestServeWithProvider: an operator signs in with a real provider, over TLS, at a
// replica as it runs in production; a replica of the portal alone leads no operator
// there; a file with a fault is said before anything is served.
func TestServeWithProvider(t *testing.T) {
	f := newFleet(t, nil)
	provider := oidctest.New(t)
	dir := t.TempDir()
	cert, key, roots := certificate(t, dir)
	file := filepath.Join(dir, "oidc.yaml")
	for path, text := range map[string]string{
		file:                           "key: {file: oidc.key}\noperators: {issuer: '" + provider.Issuer + "', client: landlord, secret: {env: OIDC_SECRET}, domains: [example.com], groups: {auditor: [staff]}}\n",
		filepath.Join(dir, "oidc.key"): base64.StdEncoding.EncodeToString(make([]byte, 32)),
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	faulty := exec.Command("landlord", "serve", "--listen", "127.0.0.1:0", "--oidc", file)
	faulty.Env = f.env
	if out, err := faulty.CombinedOutput(); err == nil || !strings.Contains(string(out), "operators.secret: OIDC_SECRET is not set in the environment") {
		t.Errorf("without the secret: %v\n%s", err, out)
	}
	f.env = append(f.env, "OIDC_SECRET=a secret of the client")
	r := f.serve("--tls-cert", cert, "--tls-key", key, "--audit-key", filepath.Join(dir, "audit.key"), "--oidc", file)
	r.base.Scheme = "https"
	provider.Client("landlord", "a secret of the client", false, r.base.JoinPath("signin", "oidc", "back").String())
	provider.Is(oidctest.Person{ID: "1", Email: "ada@example.com", Verified: true, Groups: []string{"staff"}})
	if err := f.store.Operator(t.Context(), func(tx store.Tx) error { // or the last owner stays one
		return tx.PutPerson(t.Context(), store.Person{ID: "another", Email: "another@example.com", Role: "owner", CreatedAt: time.Now()})
	}); err != nil {
		t.Fatal(err)
	}
	jar, _ := cookiejar.New(nil)
	browser := &http.Client{Jar: jar, Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}}
	get := func(browser *http.Client, at string) (status int, path, text string) {
		t.Helper()
		answer, err := browser.Get(at)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		b, _ := io.ReadAll(answer.Body)
		return answer.StatusCode, answer.Request.URL.Path, string(b)
	}
	if status, path, text := get(browser, r.base.JoinPath("signin", "oidc").String()); status != http.StatusOK || path != "/overview" || !strings.Contains(text, "auditor") {
		t.Errorf("signing in ends at %s with %d\n%.500s", path, status, text)
	}
	// Out again: here, then at the provider, which leads back; whoever comes next is asked.
	post := func(at string) (status int, text, refresh string) {
		t.Helper()
		answer, err := browser.Post(r.base.JoinPath(at).String(), "application/x-www-form-urlencoded", nil)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		b, _ := io.ReadAll(answer.Body)
		return answer.StatusCode, string(b), answer.Header.Get("Refresh")
	}
	status, text, refresh := post("signout")
	_, to, leads := strings.Cut(refresh, "url=")
	if status != http.StatusOK || !leads || !strings.Contains(text, "You are signed out here") {
		t.Fatalf("signing out answers %d, leads to %q\n%.500s", status, refresh, text)
	}
	if _, path, _ := get(browser, r.base.JoinPath("overview").String()); path != "/signin" {
		t.Errorf("signed out, /overview ends at %s", path)
	}
	if status, path, _ := get(browser, to); status != http.StatusOK || path != "/signin" || len(provider.Ended()) != 1 {
		t.Errorf("signing out at the provider ends at %s with %d; ended there are %q", path, status, provider.Ended())
	}
	if _, path, _ := get(browser, r.base.JoinPath("signin", "oidc").String()); path != "/overview" || provider.Typed() != 2 {
		t.Errorf("signing in again ends at %s, with %d passwords typed", path, provider.Typed())
	}
	// Who signs out here and stays signed in there is asked too.
	post("signout")
	if _, path, _ := get(browser, r.base.JoinPath("signin", "oidc").String()); path != "/overview" || provider.Typed() != 3 {
		t.Errorf("after signing out here alone, signing in ends at %s, with %d passwords typed", path, provider.Typed())
	}
	portal := f.serve("--portal-only", "--oidc", file)
	if status, _, _ := get(http.DefaultClient, portal.base.JoinPath("signin", "oidc").String()); status != http.StatusNotFound {
		t.Errorf("the portal alone leads operators to their provider: %d", status)
	}
}
