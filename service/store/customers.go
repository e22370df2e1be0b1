package store

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"landlord/directory"
	"landlord/internal/money"
)

// States of a customer.
const (
	Wanted    = "wanted"    // in the portfolio, no account yet
	Active    = "active"    // has its account
	Suspended = "suspended" // its account is held
	Closed    = "closed"    // its account is closed or closing
	Departed  = "departed"  // gone; the key is never used again
)

// Customer is what is known of a customer.
type Customer struct {
	Key       string
	Name      string
	Tier      string
	Framework string
	State     string
	Account   string // "" while there is none
	Email     string // the account's root address
	Unit      string // where the account is
	Region    string
	Segment   string
	Price     money.Cents // a month
	Currency  string
	Tags      map[string]string
	UpdatedAt time.Time
	WaitsFor  string // what a person has to do before its account is there, in words that it may read; "" if nobody has to
	SignIn    string // where its people sign in to the account; "" if nobody was let in
}

// Contact is somebody to write to at a customer.
type Contact struct {
	Customer   string
	Email      string
	Name       string
	Role       string // primary, billing, security, operations, other
	VerifiedAt *time.Time
}

// Domain is a mail or web domain that a customer says is its own.
type Domain struct {
	Customer   string
	Name       string
	VerifiedAt *time.Time
	Challenge  string // that its DNS has to hold; the store's own, made with the domain
}

const customerColumns = `c.key, c.name, c.tier, c.framework, c.state, coalesce(c.account, ''), coalesce(c.email, ''), coalesce(c.unit, ''),
	coalesce(c.region, ''), coalesce(c.segment, ''), c.price_cents, c.currency, c.tags, c.updated_at, c.waits_for, c.sign_in`

func (c *Customer) fields() []any {
	return []any{&c.Key, &c.Name, &c.Tier, &c.Framework, &c.State, &c.Account, &c.Email, &c.Unit, &c.Region, &c.Segment, (*int64)(&c.Price), &c.Currency, &c.Tags, &c.UpdatedAt, &c.WaitsFor, &c.SignIn}
}

// PutSignIn notes where a customer's people sign in to its account.
func (tx Tx) PutSignIn(ctx context.Context, key, link string) error {
	tag, err := tx.Exec(ctx, `UPDATE customer SET sign_in = $2 WHERE key = $1`, key, link)
	return written(tag, err, "sign-in of "+key)
}

// EndSignIn notes that nobody signs in any more.
func (tx Tx) EndSignIn(ctx context.Context) error {
	if _, err := tx.Exec(ctx, `UPDATE customer SET sign_in = '' WHERE sign_in <> ''`); err != nil {
		return fmt.Errorf("note that nobody signs in: %w", err)
	}
	return nil
}

// PutCustomer writes what is known of a customer, new or not.
func (tx Tx) PutCustomer(ctx context.Context, c Customer) error {
	if c.Tags == nil {
		c.Tags = map[string]string{}
	}
	tag, err := tx.Exec(ctx, `
		INSERT INTO customer (key, name, tier, framework, state, account, email, unit, region, segment, price_cents, currency, tags, search, updated_at, waits_for)
		VALUES ($1, $2, $3, $4, $5, nullif($6, ''), nullif($7, ''), nullif($8, ''), nullif($9, ''), nullif($10, ''), $11, $12, $13, '', $14, $15)
		ON CONFLICT (key) DO UPDATE SET name = excluded.name, tier = excluded.tier, framework = excluded.framework, state = excluded.state,
			account = excluded.account, email = excluded.email, unit = excluded.unit, region = excluded.region, segment = excluded.segment,
			price_cents = excluded.price_cents, currency = excluded.currency, tags = excluded.tags, updated_at = excluded.updated_at, waits_for = excluded.waits_for`,
		c.Key, c.Name, c.Tier, c.Framework, c.State, c.Account, c.Email, c.Unit, c.Region, c.Segment, int64(c.Price), c.Currency, c.Tags, c.UpdatedAt, c.WaitsFor)
	if err := written(tag, err, "customer "+c.Key); err != nil {
		return err
	}
	return tx.index(ctx, c.Key)
}

// Customer returns a customer by its key.
func (tx Tx) Customer(ctx context.Context, key string) (c Customer, err error) {
	if err := tx.QueryRow(ctx, `SELECT `+customerColumns+` FROM customer c WHERE c.key = $1`, key).Scan(c.fields()...); err != nil {
		return Customer{}, missing(err, "customer "+key)
	}
	return c, nil
}

// Customers returns all customers by key.
func (tx Tx) Customers(ctx context.Context) (map[string]Customer, error) {
	rows, _ := tx.Query(ctx, `SELECT `+customerColumns+` FROM customer c`)
	all := map[string]Customer{}
	var c Customer
	if _, err := pgx.ForEachRow(rows, c.fields(), func() error {
		all[c.Key] = c
		c.Tags = nil
		return nil
	}); err != nil {
		return nil, fmt.Errorf("read the customers: %w", err)
	}
	return all, nil
}

// PutContact writes a contact of a customer, new or not.
func (tx Tx) PutContact(ctx context.Context, c Contact) error {
	tag, err := tx.Exec(ctx, `
		INSERT INTO contact (customer, email, name, role, verified_at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (customer, email) DO UPDATE SET name = excluded.name, role = excluded.role, verified_at = excluded.verified_at`,
		c.Customer, c.Email, c.Name, c.Role, c.VerifiedAt)
	if err := written(tag, err, "contact "+c.Email); err != nil {
		return err
	}
	return tx.index(ctx, c.Customer)
}

// DeleteContact removes a contact of a customer.
func (tx Tx) DeleteContact(ctx context.Context, customer, email string) error {
	tag, err := tx.Exec(ctx, `DELETE FROM contact WHERE customer = $1 AND email = $2`, customer, email)
	if err := written(tag, err, "contact "+email); err != nil {
		return err
	}
	return tx.index(ctx, customer)
}

// Contacts returns a customer's contacts, the primary ones first.
func (tx Tx) Contacts(ctx context.Context, customer string) ([]Contact, error) {
	rows, _ := tx.Query(ctx, `
		SELECT customer, email, name, role, verified_at FROM contact WHERE customer = $1
		ORDER BY role <> 'primary', name, email`, customer)
	return collect[Contact](rows, "contacts of "+customer)
}

// PutDomain writes a domain of a customer, new or not.
func (tx Tx) PutDomain(ctx context.Context, d Domain) error {
	tag, err := tx.Exec(ctx, `
		INSERT INTO domain (customer, name, verified_at) VALUES ($1, $2, $3)
		ON CONFLICT (customer, name) DO UPDATE SET verified_at = excluded.verified_at`, d.Customer, d.Name, d.VerifiedAt)
	if err := written(tag, err, "domain "+d.Name); err != nil {
		return err
	}
	return tx.index(ctx, d.Customer)
}

// DeleteDomain removes a domain of a customer.
func (tx Tx) DeleteDomain(ctx context.Context, customer, name string) error {
	tag, err := tx.Exec(ctx, `DELETE FROM domain WHERE customer = $1 AND name = $2`, customer, name)
	if err := written(tag, err, "domain "+name); err != nil {
		return err
	}
	return tx.index(ctx, customer)
}

// Domains returns a customer's domains by name.
func (tx Tx) Domains(ctx context.Context, customer string) ([]Domain, error) {
	rows, _ := tx.Query(ctx, `SELECT customer, name, verified_at, challenge FROM domain WHERE customer = $1 ORDER BY name`, customer)
	return collect[Domain](rows, "domains of "+customer)
}

// index writes what a search of customers looks in: all that is known of one, as
// it is compared.
func (tx Tx) index(ctx context.Context, key string) error {
	c, err := tx.Customer(ctx, key)
	if err != nil {
		return err
	}
	contacts, err := tx.Contacts(ctx, key)
	if err != nil {
		return err
	}
	domains, err := tx.Domains(ctx, key)
	if err != nil {
		return err
	}
	tag, err := tx.Exec(ctx, `UPDATE customer SET search = $2 WHERE key = $1`, key, searchText(c, contacts, domains))
	return written(tag, err, "customer "+key)
}

// searchText is the line of a customer that searches look in.
func searchText(c Customer, contacts []Contact, domains []Domain) string {
	words := []string{c.Key, c.Name, c.Tier, c.Framework, c.Account, c.Email, c.Unit, c.Region, c.Segment}
	for _, key := range slices.Sorted(maps.Keys(c.Tags)) {
		words = append(words, key+"="+c.Tags[key])
	}
	for _, p := range contacts {
		words = append(words, p.Name, p.Email)
	}
	for _, d := range domains {
		words = append(words, d.Name)
	}
	return directory.Fold(strings.Join(words, " \n "))
}

// collect reads rows whose columns are T's fields, in order.
func collect[T any](rows pgx.Rows, what string) ([]T, error) {
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[T])
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", what, err)
	}
	return all, nil
}

// one reads the row whose columns are T's fields, in order.
func one[T any](rows pgx.Rows, what string) (v T, err error) {
	if v, err = pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[T]); err != nil {
		return v, missing(err, what)
	}
	return v, nil
}
