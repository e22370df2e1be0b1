package main

import (
	"context"
	"fmt"
	"time"

	"landlord/guard/compliance"
	"landlord/guard/guardrail"
	"landlord/org"
	"landlord/service/control"
	"landlord/service/store"
	"landlord/vend/verify"
)

// resourcesEach is how many resources every check looked at in the account of the
// customer whose pages are asked for.
const resourcesEach = 20

// assess has it so that every customer was assessed, last week and now: how each
// control stands is made up, in one statement; of one customer there are findings.
func (h *house) assess(ctx context.Context, now time.Time) error {
	before := now.Add(-8 * 24 * time.Hour)
	return h.store.Operator(ctx, func(tx store.Tx) error {
		for _, name := range compliance.Frameworks() {
			f, err := compliance.Of(name, "")
			if err != nil {
				return err
			}
			controls, first := 0, len(f.Catalogues[0].Controls)
			for _, c := range f.Catalogues {
				controls += len(c.Controls)
			}
			for _, at := range []time.Time{before, now} {
				_, err = tx.Exec(ctx, `
					INSERT INTO posture (customer, framework, mapping, as_of, computed_at, pass, fail, error, manual, not_applicable, not_assessed, firm_pass, firm_of, fix_first,
						unmapped_checks, unmapped_findings, elsewhere_checks, elsewhere_findings, controls)
					SELECT key, framework, $2, $3::timestamptz, $3::timestamptz, length(l) - length(replace(l, 'p', '')), length(l) - length(replace(l, 'f', '')), length(l) - length(replace(l, 'e', '')), 0, 0,
						length(l) - length(replace(l, '-', '')), 0, 0, 'iam.root_mfa', 0, 0, 0, 0, a
					FROM (SELECT key, framework, a, left(a, $5::int) AS l FROM (
						SELECT key, framework, (SELECT string_agg(substr('ppppppf-e-', 1 + (abs(hashtext(key || ($3::timestamptz)::text)) + n * 7) % 10, 1), '' ORDER BY n) FROM generate_series(1, $4::int) n) AS a
						FROM customer WHERE framework = $1) m) c
					ON CONFLICT (customer, framework) DO UPDATE SET as_of = excluded.as_of, computed_at = excluded.computed_at, pass = excluded.pass, fail = excluded.fail,
						error = excluded.error, not_assessed = excluded.not_assessed, controls = excluded.controls`, name, compliance.Version, at, controls, first)
				if err != nil {
					return fmt.Errorf("make up how customers stand to %s: %w", name, err)
				}
				_, err = tx.Exec(ctx, `INSERT INTO posture_day (customer, framework, day, pass, of) SELECT customer, framework, $2::date, pass, pass + fail + error FROM posture WHERE framework = $1`, name, at.UTC().Format(time.DateOnly))
				if err != nil {
					return fmt.Errorf("make up the scores of %s: %w", name, err)
				}
			}
		}
		for _, at := range []time.Time{before, now} {
			if err := tx.CountTiers(ctx, at); err != nil {
				return err
			}
		}
		n := h.customers / 2
		if err := tx.AddFindings(ctx, key(n), "bench", findingsOf(n, now), now); err != nil {
			return err
		}
		return tx.PutSetting(ctx, "proof", control.Proof{Seen: now, Cells: cells(h.customers)})
	})
}

func findingsOf(n int, now time.Time) (all []compliance.Finding) {
	for i, c := range compliance.Checks() {
		for r := range resourcesEach {
			f := compliance.Finding{Name: c.ID, Account: org.AccountID(fmt.Sprintf("%012d", 200000000000+n)), Region: "us-east-1", Resource: fmt.Sprintf("arn:aws:s3:::data-%d", r), Status: compliance.Pass,
				At: now, Method: compliance.ByCalls, Whole: true, Hash: fmt.Sprintf("%064x", i*resourcesEach+r)}
			if (i+r)%11 == 0 {
				f.Status = compliance.Fail
			}
			all = append(all, f)
		}
	}
	return all
}

// cells are those of every statement in every tier, as wanted.
func cells(customers int) (all []verify.Cell) {
	for _, t := range []struct{ key, framework string }{{"fintech", "SOC 2"}, {"healthcare", "HIPAA"}, {"government-federal", "FedRAMP"}, {"standard", "CIS"}} {
		for _, slug := range append([]string{guardrail.Base}, guardrail.Known()...) {
			for _, r := range guardrail.Rules(slug) {
				if r.Set == slug {
					all = append(all, verify.Cell{Tier: t.key, Statement: r.Sid, Set: slug, Denies: slug == guardrail.Base || slug == guardrail.Slug(t.framework), Accounts: customers / 4, Probes: len(r.Probes)})
				}
			}
		}
	}
	return all
}
