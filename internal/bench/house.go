package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"landlord/service/api"
	"landlord/service/control"
	"landlord/service/postgres"
	"landlord/service/store"
)

// pageLimit is what the 99th of a hundred answers may take; policyLimit how many
// times as long a query may take that policies bind.
const (
	pageLimit   = 50 * time.Millisecond
	policyLimit = 1.15
)

// houses measures the service: a database of its own, `landlord serve` in a process,
// people who are signed in.
func houses(s settings) (broken bool, err error) {
	ctx := context.Background()
	h, err := furnish(ctx, s)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, h.close()) }()
	fmt.Printf("the house: %d customers, %d rows of checks, loaded in %.1f s; PostgreSQL %d\n", h.customers, h.customers*checksEach, h.loaded.Seconds(), h.server.Version())
	slow, err := h.pages(ctx)
	if err != nil {
		return false, err
	}
	late, err := h.reports(ctx)
	if err != nil {
		return false, err
	}
	bound, err := h.policies(ctx)
	if err != nil {
		return false, err
	}
	failed, err := h.crowd(ctx)
	if err != nil {
		return false, err
	}
	behind, err := h.slowAWS(ctx)
	return slow || late || bound || failed || behind, err
}

const database = "landlord"

// house is a running service with customers in it.
type house struct {
	settings
	customers int
	loaded    time.Duration
	dir       string
	server    *postgres.Server
	store     *store.Store
	serve     *process
	tokens    []string
	closers   []func() error // newest last
}

func (h *house) later(f func() error) { h.closers = append(h.closers, f) }

func (h *house) close() error {
	var errs []error
	for _, f := range slices.Backward(h.closers) {
		errs = append(errs, f())
	}
	return errors.Join(errs...)
}

// furnish makes a house. The database is as safe against a loss of power as anybody's.
func furnish(ctx context.Context, s settings) (_ *house, err error) {
	h := &house{settings: s, customers: s.customers()}
	defer func() {
		if err != nil {
			err = errors.Join(err, h.close())
		}
	}()
	if h.dir, err = os.MkdirTemp("", "bench"); err != nil {
		return nil, err
	}
	h.later(func() error { return os.RemoveAll(h.dir) })
	from, err := postgres.Find()
	if err != nil {
		return nil, err
	}
	if h.server, err = postgres.Start(ctx, postgres.Options{Dir: filepath.Join(h.dir, "pg"), Roles: store.Roles(), From: from, Log: slog.New(slog.DiscardHandler)}); err != nil {
		return nil, err
	}
	h.later(h.server.Stop)
	if err := store.Prepare(ctx, h.server.URL(postgres.Superuser, "postgres"), database); err != nil {
		return nil, err
	}
	if _, err := control.Migrate(ctx, h.server.URL(store.OwnerRole, database), time.Now()); err != nil {
		return nil, err
	}
	if h.store, err = store.Open(ctx, store.Logins{Operator: h.server.URL(store.OperatorRole, database), Customer: h.server.URL(store.CustomerRole, database)}); err != nil {
		return nil, err
	}
	h.later(func() error { h.store.Close(); return nil })
	began := time.Now()
	if err := h.load(ctx); err != nil {
		return nil, err
	}
	h.loaded = time.Since(began)
	at, err := pgx.ParseConfig(h.server.URL(store.OwnerRole, database))
	if err != nil {
		return nil, err
	}
	aws, err := start(func(port string) *exec.Cmd {
		return exec.Command(s.binary, "simaws", "--listen", "127.0.0.1:"+port, "--profile", "typical", "--organization", "--management-account", "123456789012", "--faults", "0.05")
	})
	if err != nil {
		return nil, err
	}
	h.later(func() error { aws.stop(); return nil })
	h.serve, err = start(func(port string) *exec.Cmd {
		c := exec.Command(s.binary, "serve", "--listen", "127.0.0.1:"+port, "--log-level", "error", "--check", "0", "--audit-key", "none")
		c.Env = append(os.Environ(), fmt.Sprintf("DATABASE_URL=postgres:///%s?host=%s&port=%d", database, at.Host, at.Port),
			"AWS_ENDPOINT_URL="+aws.url, "AWS_ACCESS_KEY_ID=bench", "AWS_SECRET_ACCESS_KEY=bench", "AWS_REGION=us-east-1", "AWS_EC2_METADATA_DISABLED=true")
		c.Stderr = os.Stderr
		return c
	})
	if err != nil {
		return nil, err
	}
	h.later(func() error { h.serve.stop(); return nil })
	return h, nil
}

// signIn is the client of somebody whom a link has signed in.
func (h *house) signIn(ctx context.Context, who store.Who) (*http.Client, error) {
	secret := fmt.Sprintf("bench-%s-%s-%d", who.Customer, who.ID, time.Now().UnixNano())
	hash, now := sha256.Sum256([]byte(secret)), time.Now()
	within := func(fn func(store.Tx) error) error { return h.store.Operator(ctx, fn) }
	if err := within(func(tx store.Tx) error {
		return tx.NewLink(ctx, store.Link{Who: who, Hash: hash[:], CreatedAt: now, ExpiresAt: now.Add(time.Minute)})
	}); err != nil {
		return nil, err
	}
	if who.Customer != "" {
		secret = who.Customer + "." + secret
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	c := &http.Client{Jar: jar, Transport: h.serve.client.Transport, Timeout: time.Minute,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := c.PostForm(h.serve.url+"/signin/"+url.PathEscape(secret), url.Values{})
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusSeeOther {
		return nil, fmt.Errorf("sign %v in: %s", who, answer.Status)
	}
	return c, nil
}

// see asks for a page, or a part of one, and returns how long it took until all of it
// was there. What does not answer 200 is an error.
func (h *house) see(ctx context.Context, c *http.Client, path string, header ...string) (time.Duration, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, h.serve.url+path, nil)
	if err != nil {
		return 0, err
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	began := time.Now()
	answer, err := c.Do(r)
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	said, err := io.ReadAll(answer.Body)
	took := time.Since(began)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s: %.200s", path, answer.Status, said)
	}
	return took, err
}

// pages asks for each page and search by itself, one request after the other.
func (h *house) pages(ctx context.Context) (slow bool, err error) {
	operator, err := h.signIn(ctx, store.Who{ID: operatorID(0)})
	if err != nil {
		return false, err
	}
	customer := key(h.customers / 2)
	member, err := h.signIn(ctx, store.Who{Customer: customer, ID: address(h.customers / 2)})
	if err != nil {
		return false, err
	}
	times := 200
	if h.short {
		times = 5
	}
	last := (h.customers + 49) / 50
	typing := []string{"HX-Request", "true"}
	fmt.Printf("  %-46s %9s %9s   of the limit of %v\n", fmt.Sprintf("%d times each, one after the other", times), "p50", "p99", pageLimit)
	// A start counts the customers of each tier once, a second after it, and the first page parses the portfolio: a house that runs has that behind it.
	for counted := time.Now(); time.Since(counted) < 3*time.Second; {
		if _, err := h.see(ctx, operator, "/customers"); err != nil {
			return false, err
		}
		time.Sleep(25 * time.Millisecond)
	}
	for _, p := range []struct {
		name, path string
		client     *http.Client
		header     []string
	}{
		{"customers, the first page", "/customers", operator, nil},
		{"customers, the last page", fmt.Sprintf("/customers?page=%d", last), operator, nil},
		{"customers by price, a page in the middle", fmt.Sprintf("/customers?sort=-price&page=%d", last/2), operator, nil},
		{"customers with a failing check", "/customers?health=failing", operator, nil},
		{"search: a rare word", "/customers?q=" + rare(h.customers/3), operator, nil},
		{"search: a word that everybody has", "/customers?q=example", operator, nil},
		{"search: a single letter", "/customers?q=a", operator, nil},
		{"search: nothing found", "/customers?q=zzyzx", operator, nil},
		{"search as somebody types: a rare word", "/customers?q=" + rare(h.customers/3), operator, typing},
		{"search as somebody types: three letters", "/customers?q=exa", operator, typing},
		{"palette", "/find?q=" + rare(h.customers/3), operator, typing},
		{"customer", "/customers/" + customer, operator, nil},
		{"overview", "/overview", operator, nil},
		{"compliance: tiers, controls, the weakest", "/compliance", operator, nil},
		{"compliance: the weakest, a page in the middle", fmt.Sprintf("/compliance?page=%d", last/2), operator, nil},
		{"compliance: whom a control fails for", "/compliance?control=2.1.1", operator, nil},
		{"compliance: isolation", "/compliance/isolation", operator, nil},
		{"customer: compliance", "/customers/" + customer + "/compliance", operator, nil},
		{"customer: a check", "/customers/" + customer + "/compliance/checks/s3.versioning", operator, nil},
		{"portal: compliance", "/portal/compliance", member, nil},
		{"portal: overview", "/portal", member, nil},
		{"portal: account", "/portal/account", member, nil},
		{"API: customers", "/api/v1/customers?limit=50", h.serve.client, nil},
		{"API: a rare word", "/api/v1/customers?limit=50&q=" + rare(h.customers/3), h.serve.client, nil},
	} {
		var took []time.Duration
		client := p.client
		switch client { // a session for each page: one may ask for 200 at once
		case operator:
			client, err = h.signIn(ctx, store.Who{ID: operatorID(0)})
		case member:
			client, err = h.signIn(ctx, store.Who{Customer: customer, ID: address(h.customers / 2)})
		}
		if err != nil {
			return false, err
		}
		for i := range times {
			header := p.header
			if p.client == h.serve.client { // so many tokens that none is asked to wait
				header = []string{"Authorization", "Bearer " + h.tokens[i%len(h.tokens)]}
				if i > 0 {
					time.Sleep(25 * time.Millisecond) // 40 a second: a source may ask 50
				}
			}
			d, err := h.see(ctx, client, p.path, header...)
			if err != nil {
				return false, err
			}
			took = append(took, d)
		}
		p50, p99 := percentiles(took)
		fmt.Printf("  %-46s %6.1f ms %6.1f ms   %s\n", p.name, ms(p50), ms(p99), ratio(p99, pageLimit))
		slow = slow || p99 > pageLimit
	}
	return slow, nil
}

func ms(d time.Duration) float64 { return d.Seconds() * 1000 }

// percentiles sorts took.
func percentiles(took []time.Duration) (p50, p99 time.Duration) {
	slices.Sort(took)
	return took[len(took)/2], took[len(took)*99/100]
}

// token makes a token of one of the operators.
func (h *house) token(ctx context.Context, tx store.Tx, n int, now time.Time) error {
	text, hash := api.NewSecret("")
	h.tokens = append(h.tokens, text)
	return tx.NewToken(ctx, store.Token{Who: store.Who{ID: operatorID(n)}, ID: fmt.Sprint("bench", n), Name: "bench", Hash: hash, Scopes: []string{api.Read, api.Portfolio}, CreatedAt: now, ExpiresAt: now.Add(24 * time.Hour)})
}

// rare is a word that one customer has.
func rare(n int) string { return strings.TrimPrefix(key(n), "customer-") + "x" }
