package store

import (
	"context"
	"fmt"
	"time"
)

// IdentityProvider vouches, by OpenID Connect, for a customer's people.
type IdentityProvider struct {
	Customer  string
	Issuer    string
	Client    string
	Secret    []byte // sealed
	Scopes    []string
	Claim     string
	Admins    []string // groups
	Members   []string
	ChangedAt time.Time
}

const providerColumns = `customer, issuer, client, secret, scopes, claim, admins, members, changed_at`

// PutIdentityProviders makes these the providers of customers, and removes all others.
func (tx Tx) PutIdentityProviders(ctx context.Context, all []IdentityProvider) error {
	keep := make([]string, 0, len(all))
	for _, p := range all {
		keep = append(keep, p.Customer)
		tag, err := tx.Exec(ctx, `
			INSERT INTO identity_provider (`+providerColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
			ON CONFLICT (customer) DO UPDATE SET issuer = excluded.issuer, client = excluded.client, secret = excluded.secret, scopes = excluded.scopes,
				claim = excluded.claim, admins = excluded.admins, members = excluded.members, changed_at = excluded.changed_at`,
			p.Customer, p.Issuer, p.Client, p.Secret, list(p.Scopes), p.Claim, list(p.Admins), list(p.Members), p.ChangedAt)
		if err := written(tag, err, "provider of "+p.Customer); err != nil {
			return err
		}
	}
	_, err := tx.Exec(ctx, `DELETE FROM identity_provider WHERE customer <> ALL ($1)`, keep)
	return wrote(err, "providers")
}

// list is a list that is there, also with nothing in it.
func list(texts []string) []string {
	if texts == nil {
		return []string{}
	}
	return texts
}

// IdentityProvider returns a customer's provider.
func (tx Tx) IdentityProvider(ctx context.Context, customer string) (IdentityProvider, error) {
	rows, _ := tx.Query(ctx, `SELECT `+providerColumns+` FROM identity_provider WHERE customer = $1`, customer)
	return one[IdentityProvider](rows, "provider of "+customer)
}

// IdentityProviders returns the providers of all customers, by key.
func (tx Tx) IdentityProviders(ctx context.Context) ([]IdentityProvider, error) {
	rows, _ := tx.Query(ctx, `SELECT `+providerColumns+` FROM identity_provider ORDER BY customer`)
	return collect[IdentityProvider](rows, "providers")
}

// HasDomain tells whether a domain is verified to be a customer's.
func (tx Tx) HasDomain(ctx context.Context, customer, name string) (is bool, err error) {
	err = tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM domain WHERE customer = $1 AND name = $2 AND verified_at IS NOT NULL)`, customer, name).Scan(&is)
	if err != nil {
		return false, fmt.Errorf("read the domains of %s: %w", customer, err)
	}
	return is, nil
}

// BindPerson notes under which subject an operator signs in, and the role, "" for the
// one they have. It is
// ErrNotFound if another subject is noted, and ErrTaken if it is somebody else's.
func (tx Tx) BindPerson(ctx context.Context, id, subject, role string) error {
	tag, err := tx.Exec(ctx, `UPDATE person SET subject = $2, role = coalesce(nullif($3, ''), role) WHERE id = $1 AND (subject IS NULL OR subject = $2) AND disabled_at IS NULL`, id, subject, role)
	return written(tag, err, "person "+id)
}

// MemberBySubject returns one of a customer's people by issuer and subject of
// OpenID Connect.
func (tx Tx) MemberBySubject(ctx context.Context, customer, subject string) (Member, error) {
	rows, _ := tx.Query(ctx, `SELECT `+memberColumns+` FROM member WHERE customer = $1 AND subject = $2`, customer, subject)
	return one[Member](rows, "member of "+customer)
}

// BindMember notes under which subject one of a customer's people signs in, and
// the role, "" for the one they have. It is ErrNotFound if another subject is noted, and ErrTaken if it is
// somebody else's.
func (tx Tx) BindMember(ctx context.Context, customer, email, subject, role string) error {
	tag, err := tx.Exec(ctx, `
		UPDATE member SET subject = $3, role = coalesce(nullif($4, ''), role)
		WHERE customer = $1 AND email = $2 AND (subject IS NULL OR subject = $3) AND disabled_at IS NULL`, customer, email, subject, role)
	return written(tag, err, "member "+email)
}
