package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// LockTicket keeps others from changing a ticket until this transaction ends. It tells
// by which terms its deadlines were worked out last, and its customer's tier.
func (tx Tx) LockTicket(ctx context.Context, customer, id string) (t Ticket, terms, tier string, err error) {
	if err := tx.QueryRow(ctx, `SELECT t.terms, c.tier FROM ticket t JOIN customer c ON c.key = t.customer WHERE t.customer = $1 AND t.id = $2 FOR UPDATE OF t`, customer, id).Scan(&terms, &tier); err != nil {
		return Ticket{}, "", "", missing(err, "ticket "+id)
	}
	t, err = tx.Ticket(ctx, customer, id)
	return t, terms, tier, err
}

// SetTicket writes what operators say of a ticket: priority, assignee, cause.
func (tx Tx) SetTicket(ctx context.Context, t Ticket) error {
	tag, err := tx.Exec(ctx, `UPDATE ticket SET priority = $3, assignee = nullif($4, ''), cause = $5, updated_at = greatest(updated_at, $6) WHERE customer = $1 AND id = $2`,
		t.Customer, t.ID, t.Priority, t.Assignee, storable(t.Cause), t.UpdatedAt)
	return written(tag, err, "ticket "+t.ID)
}

// Settled is how a ticket stands once its deadlines are worked out.
type Settled struct {
	State    string
	Terms    string
	DueOf    string
	DueAt    *time.Time
	WarnAt   *time.Time
	Standing any // as JSON
}

// Settle writes how a ticket stands, and what happened to it beside what is known. A
// deadline that is another is warned of anew.
func (tx Tx) Settle(ctx context.Context, customer, id string, s Settled, acts []Act) error {
	standing, err := json.Marshal(s.Standing)
	if err != nil {
		return fmt.Errorf("write ticket %s: %w", id, err)
	}
	var batch pgx.Batch
	for _, a := range acts {
		batch.Queue(`
			INSERT INTO ticket_event (customer, ticket, n, at, act, by, message, detail, due_of, due_at) VALUES ($1, $2, $3, $4, $5, $6, nullif($7, 0), $8, $9, $10)`,
			customer, id, a.N, a.At, a.Act, a.By, a.Message, a.Detail, a.DueOf, a.DueAt)
	}
	batch.Queue(`
		UPDATE ticket SET state = $3, terms = $4, due_of = $5, due_at = $6, warn_at = $7, standing = $8, touched = false,
			warned_at = CASE WHEN due_at IS DISTINCT FROM $6 THEN NULL ELSE warned_at END, escalated_at = CASE WHEN due_at IS DISTINCT FROM $6 THEN NULL ELSE escalated_at END
		WHERE customer = $1 AND id = $2`, customer, id, s.State, s.Terms, s.DueOf, s.DueAt, s.WarnAt, standing)
	return wrote(tx.SendBatch(ctx, &batch).Close(), "ticket "+id)
}

// TicketName is which ticket it is.
type TicketName struct{ Customer, ID string }

// Touched returns tickets whose deadlines are to be worked out, at most so many.
func (tx Tx) Touched(ctx context.Context, most int) ([]TicketName, error) {
	rows, _ := tx.Query(ctx, `SELECT customer, id FROM ticket WHERE touched ORDER BY customer, id LIMIT $1`, most)
	return collect[TicketName](rows, "tickets")
}

// OtherTerms returns tickets that are not resolved and whose deadlines were worked out
// by other terms than those that hold for their customer's tier and their priority now,
// at most so many. terms are by tier and priority.
func (tx Tx) OtherTerms(ctx context.Context, terms map[[2]string]string, most int) ([]TicketName, error) {
	var tiers, priorities, digests []string
	for of, digest := range terms {
		tiers, priorities, digests = append(tiers, of[0]), append(priorities, of[1]), append(digests, digest)
	}
	rows, _ := tx.Query(ctx, `
		SELECT t.customer, t.id FROM ticket t JOIN customer c ON c.key = t.customer
			JOIN unnest($1::text[], $2::text[], $3::text[]) AS w (tier, priority, terms) ON w.tier = c.tier AND w.priority = t.priority
		WHERE t.state <> 'resolved' AND NOT t.touched AND t.terms <> w.terms ORDER BY t.customer, t.id LIMIT $4`, tiers, priorities, digests, most)
	return collect[TicketName](rows, "tickets")
}

// Late claims tickets to warn of, and to escalate, at a time: each deadline once.
func (tx Tx) Late(ctx context.Context, now time.Time, most int) (warn, escalate []Ticket, err error) {
	claim := func(mark, by string) ([]Ticket, error) {
		rows, _ := tx.Query(ctx, `
			WITH late AS (SELECT customer, id FROM ticket WHERE state <> 'resolved' AND `+mark+` IS NULL AND `+by+` <= $1 ORDER BY due_at, customer, id LIMIT $2 FOR UPDATE SKIP LOCKED)
			UPDATE ticket t SET `+mark+` = $1 FROM late WHERE t.customer = late.customer AND t.id = late.id RETURNING `+tx.ticketColumns(), now, most)
		return collect[Ticket](rows, "tickets that are late")
	}
	if escalate, err = claim("escalated_at", "due_at"); err != nil {
		return nil, nil, err
	}
	warn, err = claim("warned_at", "warn_at")
	return warn, escalate, err
}

// AnswerLetter is an answer on its way to one address.
type AnswerLetter struct {
	Customer, Ticket string
	N                int64
	Recipient        string
}

// QueueLetters has a message sent to some addresses.
func (tx Tx) QueueLetters(ctx context.Context, customer, ticket string, n int64, recipients []string) error {
	_, err := tx.Exec(ctx, `INSERT INTO ticket_letter (customer, ticket, n, recipient) SELECT $1, $2, $3, r FROM unnest($4::text[]) r ON CONFLICT DO NOTHING`, customer, ticket, n, recipients)
	return wrote(err, "letters of ticket "+ticket)
}

// NextLetter claims an answer to send, until a time at which another may try. None is
// ErrNotFound.
func (tx Tx) NextLetter(ctx context.Context, now, until time.Time) (AnswerLetter, error) {
	rows, _ := tx.Query(ctx, `
		WITH next AS (SELECT customer, ticket, n, recipient FROM ticket_letter WHERE state = 'waiting' AND (next_at IS NULL OR next_at <= $1) ORDER BY customer, ticket, n, recipient LIMIT 1 FOR UPDATE SKIP LOCKED)
		UPDATE ticket_letter l SET next_at = $2, tries = tries + 1 FROM next
		WHERE l.customer = next.customer AND l.ticket = next.ticket AND l.n = next.n AND l.recipient = next.recipient RETURNING l.customer, l.ticket, l.n, l.recipient`, now, until)
	return one[AnswerLetter](rows, "letter")
}

// LetterSent keeps what became of an answer: sent, or refused for good with the reason.
func (tx Tx) LetterSent(ctx context.Context, l AnswerLetter, refused string) error {
	state := "sent"
	if refused != "" {
		state = "refused"
	}
	tag, err := tx.Exec(ctx, `UPDATE ticket_letter SET state = $5, error = $6 WHERE customer = $1 AND ticket = $2 AND n = $3 AND recipient = $4`, l.Customer, l.Ticket, l.N, l.Recipient, state, storable(refused))
	return written(tag, err, "letter")
}
