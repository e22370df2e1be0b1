package store

import (
	"context"
	"crypto/sha256"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// What became of a message.
const (
	MailWaiting = "waiting" // nobody has read it yet
	MailQueued  = "queued"  // a person has to say whose it is
	MailFiled   = "filed"   // it is in a ticket
	MailDropped = "dropped" // it is the same as another, or no person wrote it
)

// Mail is a message as it came.
type Mail struct {
	ID         int64
	At         time.Time
	Peer       string // the network address that it came from
	Relayed    bool   // which is a relay of ours
	Sender     string // of the envelope; "" for a bounce
	Recipients []string
	Raw        []byte
	State      string
	MessageID  string
	Author     string
	Subject    string
	Rung       string
	Why        string
	Suggested  []string // customers whose it may be
	Customer   string   // once it is filed
	Ticket     string
	Message    int64
}

const mailColumns = `id, at, peer, relayed, sender, recipients, raw, state, message_id, author, subject, rung, why, suggested, coalesce(customer, ''), coalesce(ticket, ''), coalesce(message, 0)`

// KeepMail keeps a message until it has been read. One that was kept before, byte by
// byte with its envelope, is the same one: whoever was not told that it is taken gives
// it again.
func (tx Tx) KeepMail(ctx context.Context, m Mail) error {
	digest := sha256.New()
	fmt.Fprintf(digest, "%q %q\n", m.Sender, m.Recipients)
	digest.Write(m.Raw)
	_, err := tx.Exec(ctx, `
		INSERT INTO mail (digest, at, peer, relayed, sender, recipients, raw) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (digest) DO NOTHING`,
		digest.Sum(nil), m.At, m.Peer, m.Relayed, m.Sender, m.Recipients, m.Raw)
	return wrote(err, "mail")
}

// NextMail returns the oldest message that waits to be read, and keeps others from it
// until this transaction ends. None is ErrNotFound.
func (tx Tx) NextMail(ctx context.Context, now time.Time) (Mail, error) {
	rows, _ := tx.Query(ctx, `
		SELECT `+mailColumns+` FROM mail WHERE state = 'waiting' AND (next_at IS NULL OR next_at <= $1) ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED`, now)
	return one[Mail](rows, "mail")
}

// MailLater puts off a message that could not be read, and tells how often it has been.
func (tx Tx) MailLater(ctx context.Context, id int64, why string, next time.Time) (tries int, err error) {
	err = tx.QueryRow(ctx, `UPDATE mail SET tries = tries + 1, why = $2, next_at = $3 WHERE id = $1 RETURNING tries`, id, storable(why), next).Scan(&tries)
	return tries, wrote(err, "mail")
}

// SetMail writes what became of a message.
func (tx Tx) SetMail(ctx context.Context, m Mail) error {
	if m.Suggested == nil {
		m.Suggested = []string{}
	}
	tag, err := tx.Exec(ctx, `
		UPDATE mail SET state = $2, message_id = $3, author = $4, subject = $5, rung = $6, why = $7, suggested = $8, customer = nullif($9, ''), ticket = nullif($10, ''), message = nullif($11, 0)
		WHERE id = $1`, m.ID, m.State, storable(m.MessageID), storable(m.Author), storable(m.Subject), m.Rung, storable(m.Why), m.Suggested, m.Customer, m.Ticket, m.Message)
	return written(tag, err, "mail")
}

// Mail returns a message, and keeps others from it until this transaction ends.
func (tx Tx) Mail(ctx context.Context, id int64) (Mail, error) {
	rows, _ := tx.Query(ctx, `SELECT `+mailColumns+` FROM mail WHERE id = $1 FOR UPDATE`, id)
	return one[Mail](rows, "mail")
}

// QueuedMail returns the messages that are nobody's, the oldest first, without their
// bytes, and how many there are.
func (tx Tx) QueuedMail(ctx context.Context, most int) (queued []Mail, all int, err error) {
	if err := tx.QueryRow(ctx, `SELECT count(*) FROM mail WHERE state = 'queued'`).Scan(&all); err != nil {
		return nil, 0, fmt.Errorf("count the queue of mail: %w", err)
	}
	rows, _ := tx.Query(ctx, `SELECT `+strings.Replace(mailColumns, "raw,", "''::bytea,", 1)+` FROM mail WHERE state = 'queued' ORDER BY at, id LIMIT $1`, most)
	queued, err = collect[Mail](rows, "the queue of mail")
	return queued, all, err
}

// SameMailQueued tells whether another message with the same Message-ID of the same
// author is in the queue.
func (tx Tx) SameMailQueued(ctx context.Context, m Mail) (is bool, err error) {
	if m.MessageID == "" {
		return false, nil
	}
	err = tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM mail WHERE state = 'queued' AND message_id = $1 AND author = $2 AND id <> $3)`, storable(m.MessageID), storable(m.Author), m.ID).Scan(&is)
	return is, err
}

// Addressed is whom an address is of, as far as is known: customers whose verified
// contact it is, whose person it is, whose verified domain it is at, and who have a
// contact at its domain.
type Addressed struct {
	Contacts, People, Domains, Near []string
}

// Addressed tells whom an address is of. It is as support.AddressOf has it.
func (tx Tx) Addressed(ctx context.Context, address string) (a Addressed, err error) {
	_, domain, _ := strings.Cut(address, "@")
	err = tx.QueryRow(ctx, `
		SELECT ARRAY(SELECT customer FROM contact WHERE lower(email) = $1 AND verified_at IS NOT NULL ORDER BY 1),
			ARRAY(SELECT customer FROM member WHERE lower(email) = $1 AND disabled_at IS NULL ORDER BY 1),
			ARRAY(SELECT customer FROM domain WHERE name = $2 AND verified_at IS NOT NULL ORDER BY 1),
			ARRAY(SELECT DISTINCT customer FROM contact WHERE lower(split_part(email, '@', 2)) = $2 ORDER BY 1 LIMIT 10)`, address, domain).
		Scan(&a.Contacts, &a.People, &a.Domains, &a.Near)
	if err != nil {
		return a, fmt.Errorf("read whose address it is: %w", err)
	}
	return a, nil
}

// storable is a text as PostgreSQL takes it: valid, and without NUL.
func storable(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "�"), "\x00", "�")
}

// Holding tells whose accounts are, of those named.
func (tx Tx) Holding(ctx context.Context, accounts []string) (map[string]string, error) {
	rows, _ := tx.Query(ctx, `SELECT account, key FROM customer WHERE account = ANY ($1) ORDER BY account, key`, accounts)
	of := map[string]string{}
	var account, key string
	if _, err := pgx.ForEachRow(rows, []any{&account, &key}, func() error { of[account] = key; return nil }); err != nil {
		return nil, fmt.Errorf("read whose accounts are: %w", err)
	}
	return of, nil
}
