package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"landlord/service/postgres"
	"landlord/service/store"
)

// policies asks the store's own queries in turn as the server's roles, which policies
// bind, and as a superuser, whom none does.
func (h *house) policies(ctx context.Context) (broken bool, err error) {
	free, err := pgxpool.New(ctx, h.server.URL(postgres.Superuser, database))
	if err != nil {
		return false, err
	}
	defer free.Close()
	customer := key(h.customers / 2)
	times, least := 200, 2*time.Second // of a query that takes no time more, or its median is the machine's
	if h.short {
		times, least = 10, 0
	}
	search := func(q store.Search) func(store.Tx) error {
		return func(tx store.Tx) error {
			_, _, err := tx.Search(ctx, q)
			return err
		}
	}
	fmt.Printf("  %-46s %9s %9s   times, limit %.2f\n", fmt.Sprintf("queries with and without policies, from %d times on", times), "with", "without", policyLimit)
	for _, q := range []struct {
		name string
		key  string // in whose scope; "" the operator's
		ask  func(store.Tx) error
	}{
		{"customers, the first page", "", search(store.Search{Limit: 50})},
		{"search: a rare word", "", search(store.Search{Text: rare(h.customers / 3), Limit: 50})},
		{"search: a word that everybody has", "", search(store.Search{Text: "example", Limit: 50})},
		{"tallies by tier", "", func(tx store.Tx) error { _, err := tx.Tallies(ctx); return err }},
		{"a customer's findings, by its operator", "", func(tx store.Tx) error { _, err := tx.Checks(ctx, customer); return err }},
		{"a customer's findings, by itself", customer, func(tx store.Tx) error { _, err := tx.Checks(ctx, customer); return err }},
		{"a customer's audit entries, by itself", customer, func(tx store.Tx) error {
			_, err := tx.Entries(ctx, store.EntryQuery{Customer: customer, Limit: 10})
			return err
		}},
	} {
		var with, without []time.Duration
		timed := func(into *[]time.Duration) func(store.Tx) error {
			return func(tx store.Tx) error {
				began := time.Now()
				err := q.ask(tx)
				*into = append(*into, time.Since(began))
				return err
			}
		}
		for n, began := 0, time.Now(); n < times || time.Since(began) < least; n++ { // turn and turn about, so that both meet the same machine
			if q.key == "" {
				err = h.store.Operator(ctx, timed(&with))
			} else {
				err = h.store.Customer(ctx, q.key, timed(&with))
			}
			if err == nil {
				err = pgx.BeginFunc(ctx, free, func(tx pgx.Tx) error { return timed(&without)(store.Tx{Tx: tx, Key: q.key}) })
			}
			if err != nil {
				return false, err
			}
		}
		bound, _ := percentiles(with)
		loose, _ := percentiles(without)
		times := bound.Seconds() / loose.Seconds()
		fmt.Printf("  %-46s %6.2f ms %6.2f ms   %.2f\n", q.name, ms(bound), ms(loose), times)
		broken = broken || times > policyLimit
	}
	return broken, nil
}

const people = 200

// crowd has 200 people at once look around: first each at a page a second, then each
// asking for the next page as soon as one is there. Nobody may meet an error.
func (h *house) crowd(ctx context.Context) (failed bool, err error) {
	clients := make([]*http.Client, people)
	for i := range clients {
		who := store.Who{ID: operatorID(i)}
		if i >= operators {
			n := i * h.customers / people
			who = store.Who{Customer: key(n), ID: address(n)}
		}
		if clients[i], err = h.signIn(ctx, who); err != nil {
			return false, err
		}
	}
	lasts := h.lasts
	if h.short {
		lasts = 2 * time.Second
	}
	fmt.Printf("  %-46s %9s %9s %9s %8s\n", fmt.Sprintf("%d people at once, %v each", people, lasts), "p50", "p99", "pages/s", "errors")
	for _, pace := range []struct {
		name  string
		every time.Duration
	}{{"a page a second", time.Second}, {"the next page as soon as one is there", 0}} {
		took, faults, first := h.walk(ctx, clients, lasts, pace.every)
		if len(took) == 0 {
			return false, fmt.Errorf("nobody saw anything: %w", first)
		}
		all := len(took)
		p50, p99 := percentiles(took)
		fmt.Printf("  %-46s %6.1f ms %6.1f ms %9.0f %8d\n", pace.name, ms(p50), ms(p99), float64(all)/lasts.Seconds(), faults)
		if faults > 0 {
			failed = true
			fmt.Printf("    the first error: %v\n", first)
		}
	}
	return failed, nil
}

// walk has each client see a page every so often, or without rest.
func (h *house) walk(ctx context.Context, clients []*http.Client, lasts, every time.Duration) (took []time.Duration, faults int, first error) {
	var mu sync.Mutex
	var all sync.WaitGroup
	end := time.Now().Add(lasts)
	for i, c := range clients {
		all.Go(func() {
			chance := rand.New(rand.NewPCG(uint64(i), 1))
			next := time.Now()
			if every > 0 {
				next = next.Add(time.Duration(chance.Int64N(int64(every))))
			}
			for next.Before(end) {
				time.Sleep(time.Until(next))
				d, err := h.see(ctx, c, h.anyPage(i, chance))
				mu.Lock()
				if err == nil {
					took = append(took, d)
				} else if faults++; first == nil {
					first = err
				}
				mu.Unlock()
				if next = next.Add(every); every == 0 {
					next = time.Now()
				}
			}
		})
	}
	all.Wait()
	return took, faults, first
}

// anyPage is a page that somebody looks at.
func (h *house) anyPage(person int, chance *rand.Rand) string {
	if person >= operators {
		return []string{"/portal", "/portal/account", "/portal/guardrails", "/portal/people", "/portal/audit"}[chance.IntN(5)]
	}
	n := chance.IntN(h.customers)
	return []string{
		"/overview", "/customers", fmt.Sprintf("/customers?page=%d", 1+chance.IntN(h.customers/50)), "/customers?q=" + rare(n), "/customers?q=" + name(n)[:4],
		"/customers/" + key(n), "/customers/" + key(n) + "/contacts", "/find?q=" + key(n), "/runs",
	}[chance.IntN(9)]
}

// slowAWS looks at pages while an apply is under way for everybody, on an AWS as slow
// as AWS where one call in twenty meets a fault. The apply, the database, the
// simulated AWS and the pages share the machine, so the same pages come before it too.
func (h *house) slowAWS(ctx context.Context) (slow bool, err error) {
	operator, err := h.signIn(ctx, store.Who{ID: operatorID(1)})
	if err != nil {
		return false, err
	}
	lasts := h.lasts
	if h.short {
		lasts = 2 * time.Second
	}
	look := func(lasts time.Duration, paths func(n int) string) (p50, p99 time.Duration, err error) {
		var took []time.Duration
		for n, end := 0, time.Now().Add(lasts); time.Now().Before(end); n++ {
			d, err := h.see(ctx, operator, paths(n))
			if err != nil {
				return 0, 0, err
			}
			took = append(took, d)
			time.Sleep(60 * time.Millisecond) // within the rate of one session, which is 20 pages a second
		}
		p50, p99 = percentiles(took)
		return p50, p99, nil
	}
	usual := func(n int) string {
		return []string{"/overview", "/customers", "/customers?q=" + rare(n%h.customers)}[n%3]
	}
	p50, p99, err := look(lasts/4, usual)
	if err != nil {
		return false, err
	}
	fmt.Printf("  %-46s %6.1f ms %6.1f ms   to compare with\n", "an operator's pages, before an apply", ms(p50), ms(p99))
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, h.serve.url+"/api/v1/runs", strings.NewReader(`{"kind":"apply"}`))
	if err != nil {
		return false, err
	}
	r.Header.Set("Authorization", "Bearer "+h.tokens[1])
	r.Header.Set("Content-Type", "application/json")
	answer, err := h.serve.client.Do(r)
	if err != nil {
		return false, err
	}
	defer answer.Body.Close()
	var run struct{ ID string }
	if err := json.NewDecoder(answer.Body).Decode(&run); err != nil || run.ID == "" {
		return false, fmt.Errorf("ask for a run: %s, %w", answer.Status, err)
	}
	for _, w := range []struct {
		name  string
		paths func(int) string
	}{{"the same, while an apply waits for AWS", usual}, {"the page of that apply", func(int) string { return "/runs/" + run.ID }}} {
		p50, p99, err := look(lasts/2, w.paths)
		if err != nil {
			return false, err
		}
		fmt.Printf("  %-46s %6.1f ms %6.1f ms   %s of the limit of %v\n", w.name, ms(p50), ms(p99), ratio(p99, pageLimit), pageLimit)
		slow = slow || p99 > pageLimit
	}
	return slow, nil
}
