package main

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"landlord/internal/money"
	"landlord/service/store"
)

const (
	checksEach = 100 // of a customer; a million with 10,000
	operators  = 40  // people who sign in, of the provider
)

func key(n int) string        { return fmt.Sprintf("customer-%05d", n) }
func address(n int) string    { return "ada@" + key(n) + ".example" }
func operatorID(n int) string { return fmt.Sprint("operator", n) }

// load writes a portfolio and what a look at AWS told of it, people, and a history.
func (h *house) load(ctx context.Context) error {
	now := time.Now().Add(-time.Hour)
	tiers := []struct{ name, framework string }{{"fintech", "SOC 2"}, {"healthcare", "HIPAA"}, {"government-federal", "FedRAMP"}, {"standard", "CIS"}}
	var customers []store.Customer
	var primary []store.Contact
	var facts store.Facts
	for i := range h.customers {
		t := tiers[i%len(tiers)]
		c := store.Customer{Key: key(i), Name: name(i), Tier: t.name, Framework: t.framework, Email: "aws+" + key(i) + "@landlord.example",
			Region: []string{"us-east-1", "eu-central-1", "us-gov-west-1"}[i%3], Segment: []string{"enterprise", "mid", "small"}[i%7%3], Price: money.Dollars(int64(300 + i%40*50)), Currency: "USD",
			Tags: map[string]string{"cost-center": fmt.Sprint("cc-", i%90), "ref": rare(i)}}
		customers = append(customers, c)
		primary = append(primary, store.Contact{Customer: c.Key, Email: address(i), Role: "primary"})
		facts.Customers = append(facts.Customers, store.Fact{Customer: c.Key, State: store.Active, Account: fmt.Sprintf("%012d", 200000000000+i), Email: c.Email, Unit: "Customers-" + t.name})
	}
	for _, t := range tiers {
		for i := range 12 {
			facts.Guardrails = append(facts.Guardrails, store.Guardrail{Framework: t.framework, Sid: fmt.Sprintf("Deny%d", i), Says: "nobody turns off what records what happens in the account"})
		}
	}
	err := h.store.Operator(ctx, func(tx store.Tx) error {
		if err := tx.AddPortfolio(ctx, store.Portfolio{Version: 1, Text: portfolioOf(h.customers), Author: "bench", At: now, Note: "bench"}); err != nil {
			return err
		}
		if err := tx.LoadCustomers(ctx, customers, primary, now); err != nil {
			return err
		}
		if err := tx.PutFacts(ctx, facts, now); err != nil {
			return err
		}
		for i := range operators {
			role := []string{"owner", "engineer", "billing", "support", "auditor"}[i%5]
			if err := tx.PutPerson(ctx, store.Person{ID: operatorID(i), Email: operatorID(i) + "@msp.example", Name: "Operator", Role: role, CreatedAt: now}); err != nil {
				return err
			}
			if err := h.token(ctx, tx, i, now); err != nil {
				return err
			}
		}
		return h.bulk(ctx, tx, now)
	})
	if err != nil {
		return err
	}
	if err := h.assess(ctx, now); err != nil {
		return err
	}
	conn, err := pgx.Connect(ctx, h.server.URL(store.OwnerRole, database))
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, `VACUUM ANALYZE`) // as autovacuum does a minute later
	return err
}

// bulk writes what there is most of: checks of the size of findings, with a
// failed one at a customer in twenty; people, domains, entries of the audit log.
func (h *house) bulk(ctx context.Context, tx store.Tx, now time.Time) error {
	for _, sql := range []string{
		`INSERT INTO check_result (customer, framework, id, title, passed, detail, at)
			SELECT c.key, c.framework, 'finding-' || n, 'The bucket does not let anybody but its owner read (control ' || n || ')', (hashtext(c.key) + n) % 2000 <> 0,
				'arn:aws:s3:::' || c.key || '-data-' || n || ': the policy of the bucket allows s3:GetObject to "*"; seen in us-east-1', $1
			FROM customer c, generate_series(1, ` + fmt.Sprint(checksEach) + `) n`,
		`INSERT INTO member (customer, email, name, role, created_at) SELECT key, 'ada@' || key || '.example', 'Ada', 'admin', $1 FROM customer`,
		`INSERT INTO domain (customer, name, verified_at) SELECT key, key || '.example', $1 FROM customer`,
		`INSERT INTO audit_entry (at, actor_kind, actor, action, customer, framework, source)
			SELECT $1, 'system', 'control', 'account.created', c.key, c.framework, 'run' FROM customer c, generate_series(1, 5)`,
	} {
		if _, err := tx.Exec(ctx, sql, now); err != nil {
			return fmt.Errorf("%.40s: %w", sql, err)
		}
	}
	return nil
}

// name is a company's.
func name(n int) string {
	first := []string{"Acme", "Blue", "Copper", "Delta", "Evergreen", "Falcon", "Granite", "Harbor", "Iron", "Juniper", "Kestrel", "Lumen", "Maple", "Nimbus", "Onyx", "Pioneer", "Quartz", "River", "Summit", "Tundra"}
	second := []string{"Finance", "Health", "Logistics", "Systems", "Analytics", "Insurance", "Labs", "Mobility", "Energy", "Payments", "Robotics", "Software", "Media", "Foods"}
	return fmt.Sprintf("%s %s %d Inc", first[n%len(first)], second[n/len(first)%len(second)], n)
}
