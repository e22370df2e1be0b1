package store_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"landlord/guard/compliance"
	"landlord/org"
	"landlord/service/store"
	"landlord/service/store/storetest"
)

// BenchmarkPostures measures what an overview of 10,000 customers reads and counts,
// and what one customer's page reads of 300 things: medians and the 99th percentile.
func BenchmarkPostures(b *testing.B) {
	d := storetest.Fresh(b)
	s := d.Open(b)
	const customers = 10_000
	frameworks := compliance.Frameworks()
	in := func(fn func(store.Tx) error) {
		b.Helper()
		if err := s.Operator(b.Context(), fn); err != nil {
			b.Fatal(err)
		}
	}
	var all []store.Customer
	for i := range customers {
		c := acme(fmt.Sprint("c", i))
		c.Framework, c.Tier = frameworks[i%4], fmt.Sprint("tier", i%4)
		all = append(all, c)
	}
	in(func(tx store.Tx) error { return tx.LoadCustomers(b.Context(), all, nil, now) })
	began := time.Now()
	const filled, things = 400, 300
	for i := range filled {
		account := org.AccountID(fmt.Sprintf("%012d", 200000000000+i))
		var some []compliance.Finding
		for n := range things {
			c := compliance.Checks()[n%len(compliance.Checks())]
			some = append(some, compliance.Finding{Name: c.ID, Account: account, Region: "us-east-1", Resource: fmt.Sprintf("arn:aws:s3:::thing-%d-of-%d", n, i),
				Status: []compliance.Status{compliance.Pass, compliance.Fail}[(n+i)%7/6], At: now, Method: compliance.ByCalls, Whole: true, Hash: fmt.Sprintf("%064x", n)})
		}
		in(func(tx store.Tx) error { return tx.AddFindings(b.Context(), fmt.Sprint("c", i), "scan", some, now) })
	}
	b.Logf("added %d findings of %d customers, %.1f ms each", filled*things, filled, time.Since(began).Seconds()*1000/filled)
	// The others stand as one of the four does, each with 90 days behind it.
	d.Exec(b, store.OperatorRole, `
		INSERT INTO posture SELECT c.key, p.framework, p.mapping, p.as_of, p.computed_at, p.pass, p.fail, p.error, p.manual, p.not_applicable, p.not_assessed, p.firm_pass, p.firm_of, p.fix_first,
			p.unmapped_checks, p.unmapped_findings, p.elsewhere_checks, p.elsewhere_findings, p.controls
		FROM customer c JOIN posture p ON p.framework = c.framework AND p.customer IN ('c0', 'c1', 'c2', 'c3') ON CONFLICT DO NOTHING;
		INSERT INTO posture_day SELECT p.customer, p.framework, '2026-03-01'::date - n, p.pass, p.pass + p.fail + p.error FROM posture p, generate_series(1, 90) n`)
	d.Exec(b, store.OwnerRole, `ANALYZE`)
	in(func(tx store.Tx) error { return tx.CountTiers(b.Context(), now.AddDate(0, 0, -7)) })
	for _, c := range []struct {
		name string
		ask  func(store.Tx) error
	}{
		{"count", func(tx store.Tx) error { return tx.CountTiers(b.Context(), now) }},
		{"heat map", func(tx store.Tx) error { _, err := tx.Heat(b.Context(), now.AddDate(0, 0, -7)); return err }},
		{"tiers", func(tx store.Tx) error { _, err := tx.Tiers(b.Context(), now.AddDate(0, 0, -7)); return err }},
		{"the 50 worst", func(tx store.Tx) error {
			_, _, err := tx.Standings(b.Context(), store.Standings{Since: now.AddDate(0, 0, -7), Limit: 50})
			return err
		}},
		{"50 in the middle", func(tx store.Tx) error {
			_, _, err := tx.Standings(b.Context(), store.Standings{Since: now.AddDate(0, 0, -7), Offset: customers / 2, Limit: 50})
			return err
		}},
		{"the weakest", func(tx store.Tx) error {
			_, _, err := tx.Standings(b.Context(), store.Standings{Failing: true, Since: now, Limit: 1})
			return err
		}},
		{"of whom nothing was found", func(tx store.Tx) error {
			_, _, err := tx.Standings(b.Context(), store.Standings{Unknown: true, Since: now, Limit: 1})
			return err
		}},
		{"tallies", func(tx store.Tx) error { _, err := tx.Tallies(b.Context()); return err }},
		{"who fails a control", func(tx store.Tx) error {
			_, _, err := tx.Standings(b.Context(), store.Standings{Framework: "CIS", Control: "1.3", Status: compliance.Pass, Since: now, Limit: 50})
			return err
		}},
		{"one customer", func(tx store.Tx) error { _, err := tx.Standing(b.Context(), "c3", "CIS"); return err }},
		{"one trend", func(tx store.Tx) error { _, err := tx.Trend(b.Context(), "c3", "CIS", 90); return err }},
	} {
		b.Run(c.name, func(b *testing.B) {
			var took []time.Duration
			for b.Loop() {
				began := time.Now()
				in(c.ask)
				took = append(took, time.Since(began))
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Microseconds()), "µs-p50")
			b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "µs-p99")
		})
	}
	for _, table := range []string{"finding", "check_history", "posture", "posture_day", "control_tally"} {
		in(func(tx store.Tx) error {
			var rows, bytes int64
			err := tx.QueryRow(b.Context(), `SELECT count(*), pg_total_relation_size($1::text::regclass) FROM `+table, table).Scan(&rows, &bytes)
			b.Logf("%s: %d rows, %d bytes each with its keys", table, rows, bytes/max(rows, 1))
			return err
		})
	}
}
