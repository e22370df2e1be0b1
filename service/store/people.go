package store

import (
	"context"
	"strings"
	"time"
)

// Person is an operator.
type Person struct {
	ID         string
	Email      string // lower case
	Name       string
	Role       string // owner, engineer, billing, support, auditor
	Subject    string // of OpenID Connect, with its issuer; "" until first signed in by it
	CreatedAt  time.Time
	DisabledAt *time.Time
}

// Member is one of a customer's own people.
type Member struct {
	Customer   string
	Email      string // lower case
	Name       string
	Role       string // admin, member
	Subject    string
	CreatedAt  time.Time
	DisabledAt *time.Time
}

const (
	personColumns = `id, email, name, role, coalesce(subject, '') AS subject, created_at, disabled_at`
	memberColumns = `customer, email, name, role, coalesce(subject, '') AS subject, created_at, disabled_at`
)

// PutPerson writes an operator, new or not. One who is disabled, or was until now,
// has no session, link or token of before any more: who comes back starts anew.
func (tx Tx) PutPerson(ctx context.Context, p Person) error {
	_, err := tx.Exec(ctx, `
		WITH out AS (SELECT id, coalesce($2, disabled_at) AS at FROM person WHERE id = $1 AND coalesce($2, disabled_at) IS NOT NULL FOR UPDATE),
			tokens AS (UPDATE person_token t SET ended_at = greatest(out.at, t.created_at) FROM out WHERE t.person = out.id AND t.ended_at IS NULL),
			sessions AS (UPDATE person_session s SET ended_at = greatest(out.at, s.created_at) FROM out WHERE s.person = out.id AND s.ended_at IS NULL)
		DELETE FROM person_link l USING out WHERE l.person = out.id`, p.ID, p.DisabledAt)
	if err != nil {
		return wrote(err, "sessions and tokens of "+p.ID)
	}
	tag, err := tx.Exec(ctx, `
		INSERT INTO person (id, email, name, role, subject, created_at, disabled_at) VALUES ($1, $2, $3, $4, nullif($5, ''), $6, $7)
		ON CONFLICT (id) DO UPDATE SET email = excluded.email, name = excluded.name, role = excluded.role, subject = excluded.subject, disabled_at = excluded.disabled_at`,
		p.ID, strings.ToLower(p.Email), p.Name, p.Role, p.Subject, p.CreatedAt, p.DisabledAt)
	return written(tag, err, "person "+p.ID)
}

// Person returns an operator by id.
func (tx Tx) Person(ctx context.Context, id string) (Person, error) {
	return tx.person(ctx, `id = $1`, id)
}

// PersonByEmail returns an operator by e-mail address.
func (tx Tx) PersonByEmail(ctx context.Context, email string) (Person, error) {
	return tx.person(ctx, `email = $1`, strings.ToLower(email))
}

// PersonBySubject returns an operator by issuer and subject of OpenID Connect.
func (tx Tx) PersonBySubject(ctx context.Context, subject string) (Person, error) {
	return tx.person(ctx, `subject = $1`, subject)
}

func (tx Tx) person(ctx context.Context, where, value string) (Person, error) {
	rows, _ := tx.Query(ctx, `SELECT `+personColumns+` FROM person WHERE `+where, value)
	return one[Person](rows, "person "+value)
}

// Persons returns all operators by name.
func (tx Tx) Persons(ctx context.Context) ([]Person, error) {
	rows, _ := tx.Query(ctx, `SELECT `+personColumns+` FROM person ORDER BY lower(name), id`)
	return collect[Person](rows, "persons")
}

// PutMember writes one of a customer's people, new or not.
func (tx Tx) PutMember(ctx context.Context, m Member) error {
	tag, err := tx.Exec(ctx, `
		INSERT INTO member (customer, email, name, role, subject, created_at, disabled_at) VALUES ($1, $2, $3, $4, nullif($5, ''), $6, $7)
		ON CONFLICT (customer, email) DO UPDATE SET name = excluded.name, role = excluded.role, subject = excluded.subject, disabled_at = excluded.disabled_at`,
		m.Customer, strings.ToLower(m.Email), m.Name, m.Role, m.Subject, m.CreatedAt, m.DisabledAt)
	return written(tag, err, "member "+m.Email)
}

// DeleteMember removes one of a customer's people, with its sessions, links and
// tokens.
func (tx Tx) DeleteMember(ctx context.Context, customer, email string) error {
	tag, err := tx.Exec(ctx, `DELETE FROM member WHERE customer = $1 AND email = $2`, customer, strings.ToLower(email))
	return written(tag, err, "member "+email)
}

// Member returns one of a customer's people.
func (tx Tx) Member(ctx context.Context, customer, email string) (Member, error) {
	rows, _ := tx.Query(ctx, `SELECT `+memberColumns+` FROM member WHERE customer = $1 AND email = $2`, customer, strings.ToLower(email))
	return one[Member](rows, "member "+email)
}

// Members returns a customer's people by name.
func (tx Tx) Members(ctx context.Context, customer string) ([]Member, error) {
	return tx.FindMembers(ctx, customer, "")
}

// MembersByEmail returns who of which customers has an address: one person may be
// a member of several. Only the operator's side sees more than its own.
func (tx Tx) MembersByEmail(ctx context.Context, email string) ([]Member, error) {
	rows, _ := tx.Query(ctx, `SELECT `+memberColumns+` FROM member WHERE email = $1 ORDER BY customer`, strings.ToLower(email))
	return collect[Member](rows, "members with the address "+email)
}
