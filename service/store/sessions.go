package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// Who is an operator or one of a customer's people.
type Who struct {
	Customer string // "" for an operator
	ID       string // a person's id, or a member's e-mail address
}

// Session is somebody signed in. The store knows only the hash of its secret.
type Session struct {
	Who
	ID        string
	Hash      []byte // SHA-256 of the secret
	Address   string // where from
	Agent     string
	CreatedAt time.Time
	SeenAt    time.Time
	ExpiresAt time.Time
	EndedAt   *time.Time
}

// Link signs somebody in, once. The store knows only the hash of its secret.
type Link struct {
	Who
	Hash      []byte
	CreatedAt time.Time
	ExpiresAt time.Time
}

// Token lets a program act for somebody, within scopes. The store knows only the
// hash of its secret.
type Token struct {
	Who
	ID        string
	Name      string
	Hash      []byte
	Scopes    []string
	CreatedAt time.Time
	ExpiresAt time.Time
	UsedAt    *time.Time
	EndedAt   *time.Time
}

// form is how the two kinds of people are kept. $1 is the customer, $2 the id.
type form struct {
	sessions, links, tokens string // tables
	columns                 string // who it is
	who                     string // the same as customer and id
	values                  string // for INSERT … SELECT
	is                      string
	of                      string // all of the customer's, or of the operators'
}

var (
	persons = form{"person_session", "person_link", "person_token", "person", "'' AS customer, person", "$2 WHERE $1 = ''", "$1 = '' AND person = $2", "$1 = ''"}
	members = form{"member_session", "member_link", "member_token", "customer, email", "customer, email", "$1, $2", "customer = $1 AND email = $2", "customer = $1"}
)

func formOf(customer string) form {
	if customer == "" {
		return persons
	}
	return members
}

// NewSession keeps a session.
func (tx Tx) NewSession(ctx context.Context, s Session) error {
	f := formOf(s.Customer)
	tag, err := tx.Exec(ctx, `
		INSERT INTO `+f.sessions+` (id, hash, address, agent, created_at, seen_at, expires_at, `+f.columns+`)
		SELECT $3, $4, $5, $6, $7, $8, $9, `+f.values,
		s.Customer, s.Who.ID, s.ID, s.Hash, s.Address, s.Agent, s.CreatedAt, s.SeenAt, s.ExpiresAt)
	return written(tag, err, "session of "+s.Who.ID)
}

const sessionColumns = `, id, hash, address, agent, created_at, seen_at, expires_at, ended_at`

func scanSession(row pgx.CollectableRow) (s Session, err error) {
	err = row.Scan(&s.Customer, &s.Who.ID, &s.ID, &s.Hash, &s.Address, &s.Agent, &s.CreatedAt, &s.SeenAt, &s.ExpiresAt, &s.EndedAt)
	return s, err
}

// SessionByHash returns a session that is neither ended nor expired at now, of a
// customer's people or, for "", of the operators.
func (tx Tx) SessionByHash(ctx context.Context, customer string, hash []byte, now time.Time) (Session, error) {
	f := formOf(customer)
	rows, _ := tx.Query(ctx, `
		SELECT `+f.who+sessionColumns+` FROM `+f.sessions+`
		WHERE `+f.of+` AND hash = $2 AND ended_at IS NULL AND expires_at > $3`, customer, hash, now)
	s, err := pgx.CollectExactlyOneRow(rows, scanSession)
	if err != nil {
		return Session{}, missing(err, "session")
	}
	return s, nil
}

// Sessions returns somebody's sessions that are open at now, newest first.
func (tx Tx) Sessions(ctx context.Context, who Who, now time.Time) ([]Session, error) {
	f := formOf(who.Customer)
	rows, _ := tx.Query(ctx, `
		SELECT `+f.who+sessionColumns+` FROM `+f.sessions+`
		WHERE `+f.is+` AND ended_at IS NULL AND expires_at > $3 ORDER BY created_at DESC, id`, who.Customer, who.ID, now)
	all, err := pgx.CollectRows(rows, scanSession)
	if err != nil {
		return nil, missing(err, "sessions of "+who.ID)
	}
	return all, nil
}

// SeeSession notes that a session was used at now.
func (tx Tx) SeeSession(ctx context.Context, s Session, now time.Time) error {
	f := formOf(s.Customer)
	tag, err := tx.Exec(ctx, `UPDATE `+f.sessions+` SET seen_at = greatest(seen_at, $4) WHERE `+f.is+` AND id = $3`, s.Customer, s.Who.ID, s.ID, now)
	return written(tag, err, "session of "+s.Who.ID)
}

// EndSession ends one of somebody's sessions.
func (tx Tx) EndSession(ctx context.Context, who Who, id string, now time.Time) error {
	f := formOf(who.Customer)
	tag, err := tx.Exec(ctx, `UPDATE `+f.sessions+` SET ended_at = $4 WHERE `+f.is+` AND id = $3 AND ended_at IS NULL`, who.Customer, who.ID, id, now)
	return written(tag, err, "session of "+who.ID)
}

// EndSessions ends all sessions of somebody.
func (tx Tx) EndSessions(ctx context.Context, who Who, now time.Time) error {
	f := formOf(who.Customer)
	_, err := tx.Exec(ctx, `UPDATE `+f.sessions+` SET ended_at = $3 WHERE `+f.is+` AND ended_at IS NULL`, who.Customer, who.ID, now)
	return wrote(err, "sessions of "+who.ID)
}

// NewLink keeps a one-time link. Only the operator's side makes them.
func (tx Tx) NewLink(ctx context.Context, l Link) error {
	f := formOf(l.Customer)
	tag, err := tx.Exec(ctx, `
		INSERT INTO `+f.links+` (hash, created_at, expires_at, `+f.columns+`) SELECT $3, $4, $5, `+f.values,
		l.Customer, l.ID, l.Hash, l.CreatedAt, l.ExpiresAt)
	return written(tag, err, "link of "+l.ID)
}

// UseLink uses a link up and says whose it was. One that is used, expired or
// unknown is ErrNotFound.
func (tx Tx) UseLink(ctx context.Context, customer string, hash []byte, now time.Time) (who Who, err error) {
	f := formOf(customer)
	err = tx.QueryRow(ctx, `
		UPDATE `+f.links+` SET used_at = $3 WHERE `+f.of+` AND hash = $2 AND used_at IS NULL AND expires_at > $3 AND created_at <= $3
		RETURNING `+f.who, customer, hash, now).Scan(&who.Customer, &who.ID)
	if err != nil {
		return Who{}, missing(err, "link")
	}
	return who, nil
}

// NewToken keeps a token.
func (tx Tx) NewToken(ctx context.Context, t Token) error {
	f := formOf(t.Customer)
	tag, err := tx.Exec(ctx, `
		INSERT INTO `+f.tokens+` (id, name, hash, scopes, created_at, expires_at, `+f.columns+`) SELECT $3, $4, $5, $6, $7, $8, `+f.values,
		t.Customer, t.Who.ID, t.ID, t.Name, t.Hash, t.Scopes, t.CreatedAt, t.ExpiresAt)
	return written(tag, err, "token "+t.Name)
}

const tokenColumns = `, id, name, hash, scopes, created_at, expires_at, used_at, ended_at`

func scanToken(row pgx.CollectableRow) (t Token, err error) {
	err = row.Scan(&t.Customer, &t.Who.ID, &t.ID, &t.Name, &t.Hash, &t.Scopes, &t.CreatedAt, &t.ExpiresAt, &t.UsedAt, &t.EndedAt)
	return t, err
}

// usedEvery is how often it is noted that a token was used: not with every request,
// which would make each of them a write.
const usedEvery = time.Minute

// UseToken returns a token that is neither ended nor expired at now, and notes
// that it was used, to the minute.
func (tx Tx) UseToken(ctx context.Context, customer string, hash []byte, now time.Time) (Token, error) {
	f := formOf(customer)
	rows, _ := tx.Query(ctx, `
		SELECT `+f.who+tokenColumns+` FROM `+f.tokens+`
		WHERE `+f.of+` AND hash = $2 AND ended_at IS NULL AND expires_at > $3`, customer, hash, now)
	t, err := pgx.CollectExactlyOneRow(rows, scanToken)
	if err != nil {
		return Token{}, missing(err, "token")
	}
	if t.UsedAt != nil && now.Sub(*t.UsedAt) < usedEvery {
		return t, nil
	}
	_, err = tx.Exec(ctx, `
		UPDATE `+f.tokens+` SET used_at = $4
		WHERE `+f.is+` AND id = $3 AND (used_at IS NULL OR used_at < $4)`, t.Customer, t.Who.ID, t.ID, now)
	t.UsedAt = &now
	return t, wrote(err, "token "+t.Name)
}

// Tokens returns somebody's tokens that are not ended, newest first, expired ones
// too.
func (tx Tx) Tokens(ctx context.Context, who Who) ([]Token, error) {
	f := formOf(who.Customer)
	rows, _ := tx.Query(ctx, `
		SELECT `+f.who+tokenColumns+` FROM `+f.tokens+`
		WHERE `+f.is+` AND ended_at IS NULL ORDER BY created_at DESC, id`, who.Customer, who.ID)
	all, err := pgx.CollectRows(rows, scanToken)
	if err != nil {
		return nil, missing(err, "tokens of "+who.ID)
	}
	return all, nil
}

// EndToken ends one of somebody's tokens.
func (tx Tx) EndToken(ctx context.Context, who Who, id string, now time.Time) error {
	f := formOf(who.Customer)
	tag, err := tx.Exec(ctx, `UPDATE `+f.tokens+` SET ended_at = $4 WHERE `+f.is+` AND id = $3 AND ended_at IS NULL`, who.Customer, who.ID, id, now)
	return written(tag, err, "token of "+who.ID)
}
