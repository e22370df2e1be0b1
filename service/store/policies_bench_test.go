package store_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"landlord/service/postgres"
	"landlord/service/store"
	"landlord/service/store/storetest"
)

// BenchmarkPolicies asks the same of a million rows twice: as the server's roles,
// which policies bind, and as a superuser, whom none does, with the condition in the
// query. It reports both medians and their ratio.
func BenchmarkPolicies(b *testing.B) {
	d := storetest.Fresh(b)
	thousands(b, d, 10_000)
	d.Exec(b, store.OperatorRole, `
		INSERT INTO check_result (customer, framework, id, title, passed, detail, at)
		SELECT c.key, c.framework, 'finding' || n, 'what it is about', n % 7 <> 0, 'what was seen', c.updated_at FROM customer c, generate_series(1, 100) n`)
	d.Exec(b, store.OwnerRole, `ANALYZE check_result`)
	s := d.Open(b)
	free := unbound(b, d)
	for _, c := range []struct{ name, bound, free string }{
		{"a customer's findings, grouped",
			`SELECT passed, count(*), max(at) FROM check_result GROUP BY 1`,
			`SELECT passed, count(*), max(at) FROM check_result WHERE customer = 'c4711' AND framework = 'FedRAMP' GROUP BY 1`},
		{"a customer's page of findings",
			`SELECT id, title, passed, detail, at FROM check_result ORDER BY id LIMIT 50`,
			`SELECT id, title, passed, detail, at FROM check_result WHERE customer = 'c4711' AND framework = 'FedRAMP' ORDER BY id LIMIT 50`},
		{"an operator's search",
			`SELECT key FROM customer WHERE search LIKE '%c477%' ORDER BY lower(name), key LIMIT 50`,
			`SELECT key FROM customer WHERE search LIKE '%c477%' ORDER BY lower(name), key LIMIT 50`},
		{"an operator's findings, grouped",
			`SELECT framework, passed, count(*) FROM check_result GROUP BY 1, 2`,
			`SELECT framework, passed, count(*) FROM check_result GROUP BY 1, 2`},
	} {
		b.Run(c.name, func(b *testing.B) {
			enter := func(fn func(store.Tx) error) error { return s.Customer(b.Context(), "c4711", fn) }
			if c.bound == c.free {
				enter = func(fn func(store.Tx) error) error { return s.Operator(b.Context(), fn) }
			}
			var bound, loose []time.Duration
			for b.Loop() { // turn and turn about, so that both meet the same machine
				for range 2 {
					if err := enter(func(tx store.Tx) error { return ask(b, tx, c.bound, &bound) }); err != nil {
						b.Fatal(err)
					}
					if err := pgx.BeginFunc(b.Context(), free, func(tx pgx.Tx) error { return ask(b, tx, c.free, &loose) }); err != nil {
						b.Fatal(err)
					}
				}
			}
			slices.Sort(bound)
			slices.Sort(loose)
			with, without := bound[len(bound)/2], loose[len(loose)/2]
			b.ReportMetric(float64(with.Microseconds()), "µs-bound")
			b.ReportMetric(float64(without.Microseconds()), "µs-free")
			b.ReportMetric(float64(with)/float64(without), "ratio")
		})
	}
}

// ask reads all rows of a query, and notes how long that took.
func ask(b *testing.B, tx pgx.Tx, sql string, took *[]time.Duration) error {
	began := time.Now()
	rows, err := tx.Query(b.Context(), sql)
	if err != nil {
		return err
	}
	for rows.Next() {
	}
	*took = append(*took, time.Since(began))
	if n := rows.CommandTag().RowsAffected(); rows.Err() == nil && n == 0 {
		return fmt.Errorf("%s: no rows", sql)
	}
	return rows.Err()
}

// unbound connects as a superuser, whom no policy binds.
func unbound(b *testing.B, d storetest.Database) *pgx.Conn {
	b.Helper()
	conn, err := pgx.Connect(b.Context(), d.URL(postgres.Superuser))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { conn.Close(context.Background()) })
	return conn
}
