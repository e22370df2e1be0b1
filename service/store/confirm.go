package store

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
)

// Contact returns a contact of a customer.
func (tx Tx) Contact(ctx context.Context, customer, email string) (Contact, error) {
	rows, _ := tx.Query(ctx, `SELECT customer, email, name, role, verified_at FROM contact WHERE customer = $1 AND email = $2`, customer, email)
	return one[Contact](rows, "contact "+email)
}

// Domain returns a domain of a customer.
func (tx Tx) Domain(ctx context.Context, customer, name string) (Domain, error) {
	rows, _ := tx.Query(ctx, `SELECT customer, name, verified_at, challenge FROM domain WHERE customer = $1 AND name = $2`, customer, name)
	return one[Domain](rows, "domain "+name)
}

// NewContactLink keeps a one-time link that confirms the address of a contact, the
// link's ID. Only the operator's side makes them.
func (tx Tx) NewContactLink(ctx context.Context, l Link) error {
	tag, err := tx.Exec(ctx, `
		INSERT INTO contact_link (customer, hash, email, created_at, expires_at) VALUES ($1, $2, $3, $4, $5)`,
		l.Customer, l.Hash, l.ID, l.CreatedAt, l.ExpiresAt)
	return written(tag, err, "link of the contact "+l.ID)
}

// UseContactLink uses a link up and keeps that its contact's address is confirmed.
// A link that is used, expired or unknown is ErrNotFound.
func (tx Tx) UseContactLink(ctx context.Context, customer string, hash []byte, now time.Time) (email string, err error) {
	err = tx.QueryRow(ctx, `
		UPDATE contact_link SET used_at = $3
		WHERE customer = $1 AND hash = $2 AND used_at IS NULL AND expires_at > $3 AND created_at <= $3
		RETURNING email`, customer, hash, now).Scan(&email)
	if err != nil {
		return "", missing(err, "link")
	}
	tag, err := tx.Exec(ctx, `UPDATE contact SET verified_at = $3 WHERE customer = $1 AND email = $2`, customer, email, now)
	return email, written(tag, err, "contact "+email)
}

// VerifyDomain keeps that the DNS of d held its challenge. A domain that was
// removed meanwhile, and added again with another one, is ErrNotFound.
func (tx Tx) VerifyDomain(ctx context.Context, d Domain, now time.Time) error {
	tag, err := tx.Exec(ctx, `
		UPDATE domain SET verified_at = $4 WHERE customer = $1 AND name = $2 AND challenge = $3`,
		d.Customer, d.Name, d.Challenge, now)
	return written(tag, err, "domain "+d.Name)
}

// Owners returns the ids of the operators who are owners, and keeps others from
// changing them until the transaction ends.
func (tx Tx) Owners(ctx context.Context) ([]string, error) {
	rows, _ := tx.Query(ctx, `SELECT id FROM person WHERE role = 'owner' AND disabled_at IS NULL ORDER BY id FOR UPDATE`)
	ids, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, missing(err, "owners")
	}
	return ids, nil
}

// Admins returns the addresses of a customer's admins, and keeps others from
// changing them until the transaction ends.
func (tx Tx) Admins(ctx context.Context, customer string) (emails []string, err error) {
	rows, _ := tx.Query(ctx, `
		SELECT customer, email, name, role, coalesce(subject, '') AS subject, created_at, disabled_at FROM member
		WHERE customer = $1 AND role = 'admin' AND disabled_at IS NULL ORDER BY email FOR UPDATE`, customer)
	admins, err := collect[Member](rows, "admins of "+customer)
	for _, a := range admins {
		emails = append(emails, a.Email)
	}
	return emails, err
}

// Errors of changes that would leave nobody who may let people in.
var (
	ErrLastAdmin = errors.New("that is the last admin: make somebody else an admin first")
	ErrLastOwner = errors.New("that is the last owner: make somebody else an owner first")
)

// KeepingAdmin changes who of a customer signs in. In the customer's own scope it
// refuses to leave it without an admin, also when two remove each other at once; an
// operator can make the next one.
func (tx Tx) KeepingAdmin(ctx context.Context, customer string, change func() error) error {
	if tx.Key == "" {
		return change()
	}
	return keeping(ErrLastAdmin, func() ([]string, error) { return tx.Admins(ctx, customer) }, change)
}

// KeepingOwner changes who the operators are. It refuses to leave the house without
// an owner, also when two change each other at once.
func (tx Tx) KeepingOwner(ctx context.Context, change func() error) error {
	return keeping(ErrLastOwner, func() ([]string, error) { return tx.Owners(ctx) }, change)
}

// keeping does change, and returns last if it leaves none of those that there were.
func keeping(last error, left func() ([]string, error), change func() error) error {
	before, err := left() // the other waits here
	if err != nil {
		return err
	}
	if err := change(); err != nil {
		return err
	}
	after, err := left()
	if err == nil && len(after) == 0 && len(before) > 0 {
		return last
	}
	return err
}
