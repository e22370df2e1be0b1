package main

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"landlord/service/store"
)

// TestPortalAlone: a replica of the portal alone, which has nothing of the operators'
// in its environment, reaches the database as the customer only; people ask there for
// a link, which another replica mails, sign in by it, and invite a colleague.
func TestPortalAlone(t *testing.T) {
	t.Parallel()
	f := newFleet(t, nil)
	at := time.Now().Add(-time.Minute)
	err := f.store.Operator(t.Context(), func(tx store.Tx) error {
		if err := tx.PutCustomer(t.Context(), store.Customer{Key: "startup", Name: "StartupCorp Inc", Tier: "standard", Framework: "CIS", State: store.Wanted, Price: 50000, Currency: "USD", UpdatedAt: at}); err != nil {
			return err
		}
		return tx.PutMember(t.Context(), store.Member{Customer: "startup", Email: "admin@startup.example", Role: "admin", CreatedAt: at})
	})
	if err != nil {
		t.Fatal(err)
	}
	mail := letters(make(chan string, 10))
	post := smtp.NewServer(mail)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go post.Serve(listener)
	t.Cleanup(func() { post.Close() })

	all := f.env
	f.env = slices.DeleteFunc(slices.Clone(all), func(v string) bool {
		return strings.HasPrefix(v, "LANDLORD_") || strings.HasPrefix(v, "AWS_") || strings.HasPrefix(v, "PG") || strings.HasPrefix(v, "DATABASE_URL=")
	})
	f.env = append(f.env, "DATABASE_URL="+f.url+"&application_name=portal")
	portal := f.serve("--portal-only")
	f.env = all
	relay := f.serve("--smtp", "smtp://"+listener.Addr().String(), "--mail-from", "house@landlord.example", "--base", portal.base.String())

	jar, _ := cookiejar.New(nil)
	browser := &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	ask := func(method, at string, form url.Values) (status int, text string) {
		t.Helper()
		if !strings.HasPrefix(at, "http") {
			at = portal.base.JoinPath(at).String()
		}
		r, err := http.NewRequestWithContext(t.Context(), method, at, strings.NewReader(form.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		answer, err := browser.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		b, _ := io.ReadAll(answer.Body)
		return answer.StatusCode, string(b)
	}
	linkTo := func(address string) string {
		t.Helper()
		text := strings.ReplaceAll(strings.ReplaceAll(<-mail, "=\r\n", ""), "=3D", "=")
		link := regexp.MustCompile(`http://\S+/signin/\S+`).FindString(text)
		if !strings.HasPrefix(link, portal.base.String()) || !strings.Contains(text, "To: <"+address+">") {
			t.Fatalf("the letter to %s is\n%s", address, text)
		}
		return link
	}
	if status, _ := ask("POST", "/signin", url.Values{"email": {"admin@startup.example"}}); status != http.StatusSeeOther {
		t.Fatalf("asking for a link answers %d", status)
	}
	if status, text := ask("POST", linkTo("admin@startup.example"), nil); status != http.StatusSeeOther {
		t.Fatalf("the link answers %d: %s", status, text)
	}
	for path, want := range map[string]int{"/portal": 200, "/portal/people": 200, "/portal/audit": 200, "/overview": 403, "/as/startup": 403, "/readyz": 200, "/nothing": 404} {
		if status, text := ask("GET", path, nil); status != want || path == "/portal" && !strings.Contains(text, "StartupCorp Inc") {
			t.Errorf("%s answers %d, want %d", path, status, want)
		}
	}
	if status, _ := ask("POST", "/portal/people", url.Values{"email": {"new@startup.example"}, "role": {"member"}}); status != http.StatusSeeOther {
		t.Errorf("inviting answers %d", status)
	}
	if status, text := ask("POST", linkTo("new@startup.example"), nil); status != http.StatusSeeOther {
		t.Errorf("the colleague's link answers %d: %s", status, text)
	}
	// An operator's link is of no use where there is no operator's login.
	if status, _ := ask("POST", "/signin", url.Values{"email": {"ada@example.com"}}); status != http.StatusSeeOther {
		t.Fatalf("an operator asking answers %d", status)
	}
	link := linkTo("ada@example.com")
	if status, _ := ask("POST", link, nil); status != http.StatusForbidden {
		t.Errorf("an operator's link answers %d", status)
	}
	if status, _ := ask("POST", strings.Replace(link, portal.base.String(), relay.base.String(), 1), nil); status != http.StatusSeeOther {
		t.Errorf("at the relay it answers %d", status)
	}

	var as []string
	err = f.store.Operator(t.Context(), func(tx store.Tx) error {
		return tx.QueryRow(context.WithoutCancel(t.Context()), `SELECT coalesce(array_agg(DISTINCT usename::text), '{}') FROM pg_stat_activity WHERE application_name = 'portal'`).Scan(&as)
	})
	if err != nil || !slices.Equal(as, []string{store.CustomerRole}) {
		t.Errorf("the portal is in the database as %q, %v", as, err)
	}
	if strings.Contains(portal.logged(), `"level":"ERROR"`) {
		t.Errorf("the portal's log:\n%s", portal.logged())
	}
}
