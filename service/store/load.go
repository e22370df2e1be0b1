package store

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
)

// LoadCustomers writes what a portfolio says of all customers and of whom to write
// to at each, in a few statements however many there are. What is only known of
// AWS stays: account, unit, state. Customers that it does not name have departed.
func (tx Tx) LoadCustomers(ctx context.Context, customers []Customer, primary []Contact, at time.Time) error {
	keys := make([]string, 0, len(customers))
	for part := range slices.Chunk(customers, 5000) {
		var key, name, tier, framework, email, region, segment, currency, tags []string
		var price []int64
		for _, c := range part {
			if c.Tags == nil {
				c.Tags = map[string]string{}
			}
			own, err := json.Marshal(c.Tags)
			if err != nil {
				return fmt.Errorf("tags of %s: %w", c.Key, err)
			}
			key, name, tier, framework = append(key, c.Key), append(name, c.Name), append(tier, c.Tier), append(framework, c.Framework)
			email, region, segment = append(email, c.Email), append(region, c.Region), append(segment, c.Segment)
			price, currency, tags = append(price, int64(c.Price)), append(currency, c.Currency), append(tags, string(own))
		}
		_, err := tx.Exec(ctx, `
			INSERT INTO customer (key, name, tier, framework, state, email, region, segment, price_cents, currency, tags, search, updated_at)
			SELECT key, name, tier, framework, 'wanted', nullif(email, ''), nullif(region, ''), nullif(segment, ''), price, currency, tags::jsonb, '', $11
			FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bigint[], $9::text[], $10::text[])
				AS c (key, name, tier, framework, email, region, segment, price, currency, tags)
			ON CONFLICT (key) DO UPDATE SET name = excluded.name, tier = excluded.tier, framework = excluded.framework,
				state = CASE customer.state WHEN 'departed' THEN 'wanted' ELSE customer.state END,
				email = coalesce(customer.email, excluded.email), region = excluded.region, segment = excluded.segment,
				price_cents = excluded.price_cents, currency = excluded.currency, tags = excluded.tags, updated_at = excluded.updated_at`,
			key, name, tier, framework, email, region, segment, price, currency, tags, at)
		if err != nil {
			return fmt.Errorf("write %d customers: %w", len(part), err)
		}
		keys = append(keys, key...)
	}
	if _, err := tx.Exec(ctx, `UPDATE customer SET state = 'departed', updated_at = $2 WHERE state <> 'departed' AND key <> ALL ($1)`, keys, at); err != nil {
		return fmt.Errorf("write who has departed: %w", err)
	}
	var customer, address []string
	for _, c := range primary {
		customer, address = append(customer, c.Customer), append(address, c.Email)
	}
	_, err := tx.Exec(ctx, `
		WITH given AS (SELECT * FROM unnest($1::text[], $2::text[]) AS g (customer, email)),
		others AS (
			UPDATE contact SET role = 'other' FROM given
			WHERE contact.customer = given.customer AND contact.role = 'primary' AND contact.email <> given.email)
		INSERT INTO contact (customer, email, name, role) SELECT customer, email, '', 'primary' FROM given
		ON CONFLICT (customer, email) DO UPDATE SET role = 'primary'`, customer, address)
	if err != nil {
		return fmt.Errorf("write %d contacts: %w", len(primary), err)
	}
	return tx.indexAll(ctx)
}

// indexAll is index of every customer whose line has changed.
func (tx Tx) indexAll(ctx context.Context) error {
	rows, _ := tx.Query(ctx, `SELECT `+customerColumns+`, c.search FROM customer c ORDER BY c.key`)
	known := map[string]string{}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (c Customer, err error) {
		var line string
		err = row.Scan(append(c.fields(), &line)...)
		known[c.Key] = line
		return c, err
	})
	if err != nil {
		return fmt.Errorf("read the customers: %w", err)
	}
	rows, _ = tx.Query(ctx, `SELECT customer, email, name, role, verified_at FROM contact ORDER BY customer, role <> 'primary', name, email`)
	contacts, err := collect[Contact](rows, "all contacts")
	if err != nil {
		return err
	}
	rows, _ = tx.Query(ctx, `SELECT customer, name, verified_at, challenge FROM domain ORDER BY customer, name`)
	domains, err := collect[Domain](rows, "all domains")
	if err != nil {
		return err
	}
	contactsOf, domainsOf := map[string][]Contact{}, map[string][]Domain{}
	for _, c := range contacts {
		contactsOf[c.Customer] = append(contactsOf[c.Customer], c)
	}
	for _, d := range domains {
		domainsOf[d.Customer] = append(domainsOf[d.Customer], d)
	}
	var key, line []string
	for _, c := range all {
		if text := searchText(c, contactsOf[c.Key], domainsOf[c.Key]); text != known[c.Key] {
			key, line = append(key, c.Key), append(line, text)
		}
	}
	_, err = tx.Exec(ctx, `UPDATE customer SET search = n.search FROM unnest($1::text[], $2::text[]) AS n (key, search) WHERE customer.key = n.key`, key, line)
	if err != nil {
		return fmt.Errorf("write what searches look in: %w", err)
	}
	return nil
}

// Fact is what a look at AWS tells of a customer.
type Fact struct {
	Customer string
	State    string
	Account  string
	Email    string
	Unit     string
	WaitsFor string
}

// Facts are what a look at AWS tells of all customers of a portfolio.
type Facts struct {
	Customers  []Fact
	Checks     []Check // of their present frameworks
	Guardrails []Guardrail
}

// PutFacts writes what a look told: it replaces each customer's checks of the
// present framework. Those of a framework before are left, for operators.
func (tx Tx) PutFacts(ctx context.Context, f Facts, at time.Time) error {
	if err := tx.putStanding(ctx, f.Customers, at); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `DELETE FROM check_result USING customer WHERE customer.key = check_result.customer AND customer.framework = check_result.framework`); err != nil {
		return fmt.Errorf("replace the checks: %w", err)
	}
	for part := range slices.Chunk(f.Checks, 10_000) {
		var customer, framework, id, title, detail []string
		var passed []bool
		for _, c := range part {
			customer, framework, id = append(customer, c.Customer), append(framework, c.Framework), append(id, c.ID)
			title, detail, passed = append(title, c.Title), append(detail, c.Detail), append(passed, c.Passed)
		}
		_, err := tx.Exec(ctx, `
			INSERT INTO check_result (customer, framework, id, title, passed, detail, at)
			SELECT c.*, $7 FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::boolean[], $6::text[]) AS c
			ON CONFLICT (customer, framework, id) DO UPDATE SET title = excluded.title, passed = excluded.passed, detail = excluded.detail, at = excluded.at`,
			customer, framework, id, title, passed, detail, at)
		if err != nil {
			return fmt.Errorf("write %d checks: %w", len(part), err)
		}
	}
	var framework, sid, says []string
	for _, g := range f.Guardrails {
		framework, sid, says = append(framework, g.Framework), append(sid, g.Sid), append(says, g.Says)
	}
	if _, err := tx.Exec(ctx, `DELETE FROM guardrail`); err != nil {
		return fmt.Errorf("replace the guardrails: %w", err)
	}
	_, err := tx.Exec(ctx, `INSERT INTO guardrail (framework, sid, says) SELECT DISTINCT ON (framework, sid) * FROM unnest($1::text[], $2::text[], $3::text[]) AS g (framework, sid, says)`, framework, sid, says)
	if err != nil {
		return fmt.Errorf("write %d guardrails: %w", len(sid), err)
	}
	return tx.indexAll(ctx)
}

// PutStanding writes what is known of one customer's account.
func (tx Tx) PutStanding(ctx context.Context, f Fact, at time.Time) error {
	if err := tx.putStanding(ctx, []Fact{f}, at); err != nil {
		return err
	}
	return tx.index(ctx, f.Customer)
}

func (tx Tx) putStanding(ctx context.Context, list []Fact, at time.Time) error {
	var key, state, account, email, unit, waits []string
	for _, c := range list {
		key, state, account = append(key, c.Customer), append(state, c.State), append(account, c.Account)
		email, unit, waits = append(email, c.Email), append(unit, c.Unit), append(waits, c.WaitsFor)
	}
	_, err := tx.Exec(ctx, `
		UPDATE customer SET state = n.state, account = nullif(n.account, ''), email = nullif(n.email, ''), unit = nullif(n.unit, ''), waits_for = n.waits_for, updated_at = $7
		FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[]) AS n (key, state, account, email, unit, waits_for)
		WHERE customer.key = n.key AND (customer.state, coalesce(customer.account, ''), coalesce(customer.email, ''), coalesce(customer.unit, ''), customer.waits_for)
			IS DISTINCT FROM (n.state, n.account, n.email, n.unit, n.waits_for)`, key, state, account, email, unit, waits, at)
	if err != nil {
		return fmt.Errorf("write what AWS holds of %d customers: %w", len(key), err)
	}
	return nil
}
