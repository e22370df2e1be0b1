package main

import (
	"bufio"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// TestLogin: login waits until a signed-in operator approves the code that it shows,
// and is signed in from then on.
func TestLogin(t *testing.T) {
	t.Parallel()
	f := newFleet(t, nil)
	r := f.serve("--work=false")
	env := append(f.env, "XDG_CONFIG_HOME="+t.TempDir())
	c := exec.Command("landlord", "login", "--code", "--server", r.base.String())
	c.Env = env
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Process.Kill(); c.Wait() })
	said, code := bufio.NewScanner(out), ""
	for code == "" && said.Scan() {
		code = regexp.MustCompile(`\b[A-Z]{4}-[A-Z]{4}\b`).FindString(said.Text())
	}
	made := exec.Command("landlord", "operator", "ada@example.com", "--base", r.base.String())
	made.Env = f.env
	text, err := made.CombinedOutput()
	link := regexp.MustCompile(`http://\S+/signin/\S+`).FindString(string(text))
	if err != nil || link == "" || code == "" {
		t.Fatalf("code %q, link: %v\n%s", code, err, text)
	}
	jar, _ := cookiejar.New(nil)
	browser := &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	if a, err := browser.PostForm(link, nil); err != nil || a.StatusCode != http.StatusSeeOther {
		t.Fatalf("signing in: %v, %v", a, err)
	}
	if a, err := browser.PostForm(r.base.JoinPath("device").String(), url.Values{"code": {code}, "scope": {"read"}, "days": {"1"}, "do": {"approve"}}); err != nil || a.StatusCode != http.StatusOK {
		t.Fatalf("approving: %v, %v", a, err)
	}
	var rest strings.Builder
	for said.Scan() {
		rest.WriteString(said.Text() + "\n")
	}
	if err := c.Wait(); err != nil || !strings.Contains(rest.String(), "as ada@example.com") || !strings.Contains(rest.String(), "which may: read.") {
		t.Errorf("login ended with %v:\n%s", err, &rest)
	}
	runs := exec.Command("landlord", "runs", "--server", r.base.String())
	runs.Env = env
	if text, err := runs.CombinedOutput(); err != nil {
		t.Errorf("signed in, and: %v\n%s", err, text)
	}
}
