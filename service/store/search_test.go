package store_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"landlord/internal/money"
	"landlord/service/store"
	"landlord/service/store/storetest"
)

// TestSearch: each thing that is known of a customer finds it, every word must, and
// nothing that was taken away does.
func TestSearch(t *testing.T) {
	s := storetest.New(t)
	ctx := t.Context()
	c := store.Customer{Key: "acme", Name: "ÄCME Finance_Inc", Tier: "fintech", Framework: "SOC 2", State: store.Active, Account: "222233334444", Email: "aws+acme@landlord.example",
		Unit: "Customers-Fintech", Region: "eu-west-1", Segment: "banks", Price: 150000, Currency: "USD", Tags: map[string]string{"team": "blue"}, UpdatedAt: now}
	operator(t, s, func(tx store.Tx) error {
		return errors.Join(tx.PutCustomer(ctx, c), tx.PutCustomer(ctx, acme("globex")),
			tx.PutContact(ctx, store.Contact{Customer: "acme", Email: "Ann@acme.example", Name: "Ann Lee", Role: "primary"}),
			tx.PutContact(ctx, store.Contact{Customer: "acme", Email: "gone@acme.example", Name: "Gone", Role: "other"}),
			tx.DeleteContact(ctx, "acme", "gone@acme.example"),
			tx.PutDomain(ctx, store.Domain{Customer: "acme", Name: "acme-bank.example"}))
	})
	find := func(q store.Search) (keys []string) {
		t.Helper()
		operator(t, s, func(tx store.Tx) error {
			found, all, err := tx.Search(ctx, q)
			for _, l := range found {
				keys = append(keys, l.Key)
			}
			if q.Limit == 0 && q.Offset == 0 && all != len(found) {
				t.Errorf("%+v: %d of %d", q, len(found), all)
			}
			return err
		})
		return keys
	}
	for _, text := range []string{"acm", "ÄCME", "acme finance", "finance_", "22223333", "aws+acme@", "fintech", "soc", "customers-fin", "team=blue", "ann@ACME.example", "lee ann", "acme-bank", "blue lee banks"} {
		if got := find(store.Search{Text: text}); !slices.Contains(got, "acme") {
			t.Errorf("%q found %v", text, got)
		}
	}
	for _, text := range []string{"gone", "nothing", "acme globex", "%%", "___", `\`, "finance%"} {
		if got := find(store.Search{Text: text}); len(got) > 0 {
			t.Errorf("%q found %v", text, got)
		}
	}
	for _, filter := range []store.Search{{State: store.Active}, {Text: "fin", State: "active"}, {Sort: "-price", Limit: 1}, {Sort: "account", Limit: 1}, {Sort: "nonsense", Offset: 1}} {
		if got := find(filter); !slices.Equal(got, []string{"acme"}) {
			t.Errorf("%+v found %v", filter, got)
		}
	}
	err := s.Customer(ctx, "globex", func(tx store.Tx) error {
		found, all, err := tx.Search(ctx, store.Search{})
		if len(found) != 1 || all != 1 || found[0].Key != "globex" {
			t.Errorf("globex found %v", found)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// thousands fills a database with customers.
func thousands(t testing.TB, d storetest.Database, n int) {
	t.Helper()
	d.Exec(t, store.OperatorRole, fmt.Sprintf(`
		INSERT INTO customer (key, name, tier, framework, state, account, email, region, segment, price_cents, currency, tags, search, updated_at)
		SELECT 'c' || i, 'Customer ' || md5(i::text), 'tier' || i %% 4, (ARRAY['SOC 2', 'HIPAA', 'CIS', 'FedRAMP'])[i %% 4 + 1], 'active', lpad(i::text, 12, '0'), 'aws+c' || i || '@landlord.example',
			'region-' || i %% 9, 'segment-' || i %% 5, 100 * i, 'USD', '{}',
			'c' || i || ' customer ' || md5(i::text) || ' tier' || i %% 4 || ' ' || lpad(i::text, 12, '0') || ' aws+c' || i || '@landlord.example contact ' || md5('x' || i) || '@example.com', '2026-03-01 00:00Z'
		FROM generate_series(1, %d) i;
		INSERT INTO check_result (customer, framework, id, title, passed, detail, at)
		SELECT key, framework, 'check' || n, 't', (price_cents / 100 + n) %% 50 <> 0, 'd', updated_at FROM customer, generate_series(1, 5) n;`, n))
	d.Exec(t, store.OwnerRole, `ANALYZE customer, check_result`)
}

// TestTallies: who is suspended is a customer and is not billed; who is closed or
// departed is none.
func TestTallies(t *testing.T) {
	s := storetest.New(t)
	ctx := t.Context()
	operator(t, s, func(tx store.Tx) error {
		for n, state := range []string{store.Active, store.Wanted, store.Suspended, store.Closed, store.Departed} {
			c := acme(state)
			c.State, c.Price, c.Account = state, money.Cents(1)<<n, fmt.Sprintf("22223333444%d", n)
			if err := tx.PutCustomer(ctx, c); err != nil {
				return err
			}
		}
		got, err := tx.Tallies(ctx)
		if len(got) != 1 || got[0].Customers != 3 || got[0].Price != 1+2 {
			t.Errorf("the tallies are %+v, want 3 customers who pay 3 cents", got)
		}
		return err
	})
}

// TestSearchUsesTheIndex: for operators at 10,000 customers, through row-level
// security.
func TestSearchUsesTheIndex(t *testing.T) {
	d := storetest.Fresh(t)
	thousands(t, d, 10_000)
	s := d.Open(t)
	for _, text := range []string{"c0ffee", "aws+c777@", "example.com a1b2"} {
		operator(t, s, func(tx store.Tx) error {
			from, args := store.From(store.Search{Text: text})
			rows, _ := tx.Query(t.Context(), `EXPLAIN SELECT c.key`+from, args...)
			plan, err := pgx.CollectRows(rows, pgx.RowTo[string])
			if text := strings.Join(plan, "\n"); !strings.Contains(text, "customer_search") {
				t.Errorf("%q: the text index is not used:\n%s", text, text)
			}
			return err
		})
	}
}

// BenchmarkSearch is a page of a search among 10,000 customers, with its count.
func BenchmarkSearch(b *testing.B) {
	d := storetest.Fresh(b)
	thousands(b, d, 10_000)
	s := d.Open(b)
	for name, q := range map[string]store.Search{
		"all":     {Limit: 50},
		"word":    {Text: "c0ffee", Limit: 50},
		"common":  {Text: "example", Sort: "-price", Limit: 50},
		"letter":  {Text: "a", Limit: 50},
		"filter":  {Tier: "tier1", Region: "region-3", Sort: "state", Limit: 50},
		"failing": {Failing: true, Limit: 50},
		"deep":    {Limit: 50, Offset: 9900},
	} {
		b.Run(name, func(b *testing.B) {
			var took []time.Duration
			for b.Loop() {
				began := time.Now()
				operator(b, s, func(tx store.Tx) error {
					_, _, err := tx.Search(b.Context(), q)
					return err
				})
				took = append(took, time.Since(began))
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "ms-p50")
			b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "ms-p99")
		})
	}
}
