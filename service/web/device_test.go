package web

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	programs "landlord/service/api"
	"landlord/service/store"
)

// TestProgramsSignIn: a program that an operator approves gets a token once, with the
// scopes that were chosen and the person has; one that nobody approves, that is
// refused or that comes late gets none, and who guesses codes waits.
func TestProgramsSignIn(t *testing.T) {
	h := build(t)
	h.Tokens = Tokens{New: programs.NewSecret, Scopes: programs.Scopes}
	h.API = programs.New(programs.Config{Store: h.store, Clock: h.clock, Log: h.Log, Source: h.Source})
	program, engineer := h.visitor(), h.signedIn(store.Who{ID: "engineer"})
	type codes struct {
		Device string `json:"device_code"`
		User   string `json:"user_code"`
		At     string `json:"verification_uri_complete"`
	}
	ask := func() (c codes) {
		t.Helper()
		a := program.post("/signin/device", url.Values{"client_name": {"landlord on a laptop"}})
		if err := json.Unmarshal([]byte(a.body), &c); err != nil || a.status != 200 || len(c.User) != 9 || !strings.HasSuffix(c.At, "/device?code="+c.User) {
			t.Fatalf("asking answers %d: %s", a.status, a.body)
		}
		return c
	}
	poll := func(code string) (token, fault string) {
		t.Helper()
		h.clock.Advance(6 * time.Second)
		a := program.post("/signin/device/token", url.Values{"device_code": {code}})
		var got struct {
			Token string `json:"access_token"`
			Error string
		}
		if err := json.Unmarshal([]byte(a.body), &got); err != nil || (a.status == 200) != (got.Token != "") {
			t.Fatalf("polling answers %d: %s", a.status, a.body)
		}
		return got.Token, got.Error
	}
	expect := func(code, want string) {
		t.Helper()
		if token, fault := poll(code); fault != want || token != "" {
			t.Errorf("polling tells %q, want %q", fault, want)
		}
	}
	var hidden codes
	if err := json.Unmarshal([]byte(program.post("/signin/device", url.Values{"client_name": {"your \u202epotpal"}}).body), &hidden); err != nil {
		t.Fatal(err)
	}
	if page := engineer.get("/device?code=" + hidden.User); !strings.Contains(page.text(), "a program asked from") {
		t.Errorf("a name that reads as another is shown: %s", page.text())
	}
	c := ask()
	expect(c.Device, "authorization_pending")
	expect(c.User, "expired_token") // what is seen on a screen is of no use
	if a := program.post("/signin/device/token", url.Values{"device_code": {c.Device}}); !strings.Contains(a.body, "authorization_pending") {
		t.Errorf("the first after a while is told %s", a.body)
	}
	if a := program.post("/signin/device/token", url.Values{"device_code": {c.Device}}); !strings.Contains(a.body, "slow_down") {
		t.Errorf("one at once after it is told %s", a.body)
	}
	if a := h.visitor().post("/device", url.Values{"code": {c.User}, "scope": {"read"}, "do": {"approve"}}); a.status != http.StatusUnauthorized && a.status != http.StatusSeeOther {
		t.Errorf("nobody approves: %d", a.status)
	}
	customer := h.signedIn(store.Who{Customer: "startup", ID: "admin@startup.example"})
	if a := customer.post("/device", url.Values{"code": {c.User}, "scope": {"own"}, "do": {"approve"}}); a.status != http.StatusForbidden {
		t.Errorf("a customer's admin approves: %d", a.status)
	}
	expect(c.Device, "authorization_pending")
	if page := engineer.get("/device?code=" + strings.ToLower(strings.ReplaceAll(c.User, "-", "+"))); !strings.Contains(page.text(), "landlord on a laptop") {
		t.Fatalf("the page does not say who asks: %s", page.text())
	}
	// The scope people is no engineer's to give.
	if a := engineer.post("/device", url.Values{"code": {c.User}, "scope": {"read", "people"}, "days": {"1"}, "do": {"approve"}}); a.status != 200 {
		t.Fatalf("approving answers %d: %s", a.status, a.text())
	}
	if a := engineer.post("/device", url.Values{"code": {c.User}, "scope": {"read"}, "do": {"approve"}}); a.status != http.StatusNotFound {
		t.Errorf("approving twice answers %d", a.status)
	}
	token, fault := poll(c.Device)
	if token == "" {
		t.Fatalf("approved, and told %s", fault)
	}
	expect(c.Device, "expired_token")
	if a := h.visitor().get("/api/v1/me", "Authorization", "Bearer "+token); !strings.Contains(a.body, `"scopes":["read"]`) || !strings.Contains(a.body, "engineer@msp.example") {
		t.Errorf("the token is %s", a.body)
	}
	if page := h.signedIn(store.Who{ID: "auditor"}).get("/audit").text(); !strings.Contains(page, "gave a program a token") || !strings.Contains(page, "engineer@msp.example") || strings.Contains(page, c.User) {
		t.Errorf("the audit log says %s", page)
	}
	h.clock.Advance(25 * time.Hour)
	if a := h.visitor().get("/api/v1/me", "Authorization", "Bearer "+token); a.status != http.StatusUnauthorized {
		t.Errorf("after its day the token answers %d", a.status)
	}

	engineer = h.signedIn(store.Who{ID: "engineer"})
	c = ask()
	engineer.post("/device", url.Values{"code": {c.User}, "do": {"refuse"}})
	expect(c.Device, "access_denied")
	c = ask()
	h.clock.Advance(11 * time.Minute)
	if a := engineer.post("/device", url.Values{"code": {c.User}, "scope": {"read"}, "do": {"approve"}}); a.status != http.StatusNotFound {
		t.Errorf("a late answer answers %d", a.status)
	}
	expect(c.Device, "expired_token")
	guesses := 0
	for ; guesses < 30 && engineer.get("/device?code=BBBB-BBBB").status == http.StatusNotFound; guesses++ {
	}
	if a := engineer.get("/device?code=" + ask().User); guesses > 10 || a.status != http.StatusTooManyRequests {
		t.Errorf("after %d guesses the right code answers %d", guesses, a.status)
	}
}

// TestGuessesAtOnce: many wrong codes at once are answered, all of them: none holds
// a connection of the database while it waits for another.
func TestGuessesAtOnce(t *testing.T) {
	h := build(t)
	h.Tokens = Tokens{New: programs.NewSecret, Scopes: programs.Scopes}
	guesser := h.signedIn(store.Who{ID: "auditor"})
	ctx, stop := context.WithTimeout(t.Context(), 30*time.Second)
	defer stop()
	var all sync.WaitGroup
	for range 100 {
		all.Go(func() {
			r, err := http.NewRequestWithContext(ctx, http.MethodGet, h.web.URL+"/device?code=BCDF-GHJK", nil)
			if err != nil {
				t.Error(err)
				return
			}
			a, err := guesser.client.Do(r)
			if err != nil {
				t.Error(err)
				return
			}
			a.Body.Close()
			if a.StatusCode != http.StatusNotFound && a.StatusCode != http.StatusTooManyRequests {
				t.Errorf("a guess is answered %s", a.Status)
			}
		})
	}
	all.Wait()
}
