package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// States of a ticket.
const (
	TicketOpen     = "open"
	TicketPending  = "waiting" // for the customer
	TicketResolved = "resolved"
)

// Where a ticket came from.
const (
	ByMail   = "mail"
	ByPortal = "portal"
	ByAPI    = "api"
)

// Ticket is what a customer asked. Fields below the line are the operators' scope's.
type Ticket struct {
	Customer   string
	ID         string // ten characters that nobody guesses; of one customer
	Subject    string
	Requester  string // an e-mail address
	OpenedAt   time.Time
	UpdatedAt  time.Time
	State      string
	Priority   string
	Channel    string
	DueOf      string // a promise; "" if none runs
	DueAt      *time.Time
	Rating     int // 1 to 5; 0 for none
	RatingNote string

	Assignee string
	Cause    string
	WarnAt   *time.Time
}

const (
	ticketColumns   = `t.customer, t.id, t.subject, t.requester, t.opened_at, t.updated_at, t.state, t.priority, t.channel, t.due_of, t.due_at, coalesce(t.rating, 0), t.rating_note`
	operatorColumns = `, coalesce(t.assignee, ''), t.cause, t.warn_at`
	customerNothing = `, '', '', NULL::timestamptz`
)

func (tx Tx) ticketColumns() string {
	if tx.Key != "" {
		return ticketColumns + customerNothing
	}
	return ticketColumns + operatorColumns
}

// Message is what one wrote to the other in a ticket.
type Message struct {
	Customer    string
	Ticket      string
	N           int64 // from 1; given when it is added
	Kind        string
	Author      string
	At          time.Time
	Text        string
	Automatic   bool
	Attachments []Attachment

	MessageID string // of the operators' scope
	Mail      int64  // that it came as; 0 for none
}

// Which way a message went.
const (
	FromCustomer = "in"
	ToCustomer   = "out"
)

// Attachment is a file of a message.
type Attachment struct {
	Part    int64
	Name    string
	Type    string
	Size    int64
	Content []byte
}

// mostSearched is how much of a message's text searches look in.
const mostSearched = 50_000

// OpenTicket adds a ticket with its first message.
func (tx Tx) OpenTicket(ctx context.Context, t Ticket, m Message) error {
	columns, values, args := "", "", []any{t.Customer, t.ID, storable(t.Subject), storable(t.Requester), t.OpenedAt, searched(t.Subject + " " + t.Requester + " " + t.ID)}
	if tx.Key == "" {
		columns, values = ", priority, channel", ", $7, $8"
		args = append(args, t.Priority, t.Channel)
	}
	tag, err := tx.Exec(ctx, `
		INSERT INTO ticket (customer, id, subject, requester, opened_at, updated_at, search`+columns+`) VALUES ($1, $2, $3, $4, $5, $5, to_tsvector('simple', $6)`+values+`)`, args...)
	if err := written(tag, err, "ticket "+t.ID); err != nil {
		return err
	}
	m.Customer, m.Ticket = t.Customer, t.ID
	_, err = tx.AddMessage(ctx, m)
	return err
}

// AddMessage adds a message to a ticket, whose deadlines are to be worked out again,
// and tells its number. One with the same Message-ID of the same author is ErrTaken.
func (tx Tx) AddMessage(ctx context.Context, m Message) (n int64, err error) {
	text := storable(m.Text)
	tag, err := tx.Exec(ctx, `
		UPDATE ticket SET touched = true, updated_at = greatest(updated_at, $3),
			search = CASE WHEN length(search) > 20000 THEN search ELSE search || to_tsvector('simple', $4) END
		WHERE customer = $1 AND id = $2`, m.Customer, m.Ticket, m.At, searched(m.Author+" "+text))
	if err := written(tag, err, "ticket "+m.Ticket); err != nil {
		return 0, err
	}
	if err := tx.QueryRow(ctx, `SELECT coalesce(max(n), 0) + 1 FROM ticket_message WHERE customer = $1 AND ticket = $2`, m.Customer, m.Ticket).Scan(&n); err != nil {
		return 0, fmt.Errorf("read ticket %s: %w", m.Ticket, err)
	}
	if tx.Key != "" {
		tag, err = tx.Exec(ctx, `INSERT INTO ticket_message (customer, ticket, n, author, at, text) VALUES ($1, $2, $3, $4, $5, $6)`, m.Customer, m.Ticket, n, m.Author, m.At, text)
	} else {
		tag, err = tx.Exec(ctx, `
			INSERT INTO ticket_message (customer, ticket, n, kind, author, at, text, message_id, automatic, mail) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, nullif($10, 0))`,
			m.Customer, m.Ticket, n, m.Kind, storable(m.Author), m.At, text, storable(m.MessageID), m.Automatic, m.Mail)
	}
	if err := written(tag, err, "message"); err != nil {
		return 0, err
	}
	for i, a := range m.Attachments {
		tag, err := tx.Exec(ctx, `INSERT INTO ticket_attachment (customer, ticket, n, part, name, type, content) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
			m.Customer, m.Ticket, n, i+1, storable(a.Name), storable(a.Type), a.Content)
		if err := written(tag, err, "attachment"); err != nil {
			return 0, err
		}
	}
	return n, nil
}

// Ticket returns a ticket.
func (tx Tx) Ticket(ctx context.Context, customer, id string) (Ticket, error) {
	rows, _ := tx.Query(ctx, `SELECT `+tx.ticketColumns()+` FROM ticket t WHERE t.customer = $1 AND t.id = $2`, customer, id)
	return one[Ticket](rows, "ticket "+id)
}

// TicketByID returns a ticket of any customer.
func (tx Tx) TicketByID(ctx context.Context, id string) (Ticket, error) {
	rows, _ := tx.Query(ctx, `SELECT `+tx.ticketColumns()+` FROM ticket t WHERE t.id = $1`, id)
	return one[Ticket](rows, "ticket "+id)
}

// TicketOf returns the ticket of a customer's that one of its messages is in, by
// Message-IDs; the earliest of those that are known. None is ErrNotFound.
func (tx Tx) TicketOf(ctx context.Context, customer string, messageIDs []string) (Ticket, error) {
	rows, _ := tx.Query(ctx, `
		SELECT `+tx.ticketColumns()+` FROM ticket_message m JOIN ticket t ON t.customer = m.customer AND t.id = m.ticket
		WHERE m.customer = $1 AND m.message_id = ANY ($2) AND m.message_id <> '' ORDER BY m.at, m.ticket, m.n LIMIT 1`, customer, messageIDs)
	return one[Ticket](rows, "ticket")
}

// MessageKept tells whether a customer has a message with a Message-ID of an author's.
func (tx Tx) MessageKept(ctx context.Context, customer, messageID, author string) (ticket string, n int64, err error) {
	if messageID == "" {
		return "", 0, ErrNotFound
	}
	err = tx.QueryRow(ctx, `SELECT ticket, n FROM ticket_message WHERE customer = $1 AND message_id = $2 AND author = $3 AND message_id <> ''`, customer, storable(messageID), storable(author)).Scan(&ticket, &n)
	if err != nil {
		return "", 0, missing(err, "message")
	}
	return ticket, n, nil
}

// Messages returns what was written in a ticket, in order, with the names of the
// attachments and without what is in them.
func (tx Tx) Messages(ctx context.Context, customer, ticket string) ([]Message, error) {
	own := `, message_id, coalesce(mail, 0)`
	if tx.Key != "" {
		own = `, '', 0`
	}
	rows, _ := tx.Query(ctx, `SELECT customer, ticket, n, kind, author, at, text, automatic`+own+` FROM ticket_message WHERE customer = $1 AND ticket = $2 ORDER BY n`, customer, ticket)
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (m Message, err error) {
		err = row.Scan(&m.Customer, &m.Ticket, &m.N, &m.Kind, &m.Author, &m.At, &m.Text, &m.Automatic, &m.MessageID, &m.Mail)
		return m, err
	})
	if err != nil {
		return nil, fmt.Errorf("read the messages of ticket %s: %w", ticket, err)
	}
	at := map[int64]int{}
	for i, m := range all {
		at[m.N] = i
	}
	rows, _ = tx.Query(ctx, `SELECT n, part, name, type, length(content) FROM ticket_attachment WHERE customer = $1 AND ticket = $2 ORDER BY n, part`, customer, ticket)
	var n int64
	var a Attachment
	if _, err := pgx.ForEachRow(rows, []any{&n, &a.Part, &a.Name, &a.Type, &a.Size}, func() error {
		all[at[n]].Attachments = append(all[at[n]].Attachments, a)
		return nil
	}); err != nil {
		return nil, fmt.Errorf("read the attachments of ticket %s: %w", ticket, err)
	}
	return all, nil
}

// Attachment returns a file of a message.
func (tx Tx) Attachment(ctx context.Context, customer, ticket string, n, part int64) (Attachment, error) {
	rows, _ := tx.Query(ctx, `SELECT part, name, type, length(content), content FROM ticket_attachment WHERE customer = $1 AND ticket = $2 AND n = $3 AND part = $4`, customer, ticket, n, part)
	return one[Attachment](rows, "attachment")
}

// Rate keeps what a customer's person thinks of how a ticket was dealt with.
func (tx Tx) Rate(ctx context.Context, customer, ticket string, rating int, note string) error {
	tag, err := tx.Exec(ctx, `UPDATE ticket SET rating = $3, rating_note = $4 WHERE customer = $1 AND id = $2`, customer, ticket, rating, storable(note))
	return written(tag, err, "ticket "+ticket)
}

// Note is what an operator says to the others about a ticket.
type Note struct {
	N      int64
	Author string
	At     time.Time
	Text   string
}

// AddNote adds a note to a ticket.
func (tx Tx) AddNote(ctx context.Context, customer, ticket string, n Note) error {
	tag, err := tx.Exec(ctx, `
		INSERT INTO ticket_note (customer, ticket, n, author, at, text)
		SELECT customer, id, 1 + coalesce((SELECT max(n) FROM ticket_note o WHERE o.customer = $1 AND o.ticket = $2), 0), $3, $4, $5
		FROM ticket WHERE customer = $1 AND id = $2 FOR UPDATE`, customer, ticket, n.Author, n.At, storable(n.Text))
	return written(tag, err, "ticket "+ticket)
}

// Notes returns the notes of a ticket, in order.
func (tx Tx) Notes(ctx context.Context, customer, ticket string) ([]Note, error) {
	rows, _ := tx.Query(ctx, `SELECT n, author, at, text FROM ticket_note WHERE customer = $1 AND ticket = $2 ORDER BY n`, customer, ticket)
	return collect[Note](rows, "the notes of ticket "+ticket)
}

// Act is something that happened to a ticket.
type Act struct {
	N       int64
	At      time.Time
	Act     string
	By      string
	Message int64           // that it was; 0 for none
	Detail  json.RawMessage // nil for none
	DueOf   string          // the first deadline after it
	DueAt   *time.Time
}

// Acts returns what happened to a ticket, in order.
func (tx Tx) Acts(ctx context.Context, customer, ticket string) ([]Act, error) {
	rows, _ := tx.Query(ctx, `SELECT n, at, act, by, coalesce(message, 0), detail, due_of, due_at FROM ticket_event WHERE customer = $1 AND ticket = $2 ORDER BY n`, customer, ticket)
	return collect[Act](rows, "what happened to ticket "+ticket)
}
