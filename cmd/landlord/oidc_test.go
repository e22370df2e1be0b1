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

	"landlord/service/oidc/oidctest"
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
	portal := f.serve("--portal-only", "--oidc", file)
	if status, _, _ := get(http.DefaultClient, portal.base.JoinPath("signin", "oidc").String()); status != http.StatusNotFound {
		t.Errorf("the portal alone leads operators to their provider: %d", status)
	}
}
