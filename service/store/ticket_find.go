package store

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/jackc/pgx/v5"

	"landlord/directory"
)

// TicketSearch says which tickets are wanted; a zero field asks for any.
type TicketSearch struct {
	Customer string
	State    string // one of the states; "" for those that are not resolved; AnyState
	Assignee string // Unassigned for nobody's
	Priority string
	Text     string    // every word of it begins a word of the ticket
	DueBy    time.Time // only those due by then
	Limit    int
}

const (
	AnyState   = "any"  // of a TicketSearch: resolved ones too
	Unassigned = "none" // of a TicketSearch: nobody's
)

// searched is a text as searches look in it: its words, whatever stands between them.
func searched(text string) string {
	if len(text) > mostSearched {
		text = text[:mostSearched]
	}
	return strings.Join(words(text), " ")
}

// words are those of a text, folded: letters and digits that stand together.
func words(text string) []string {
	return strings.FieldsFunc(directory.Fold(storable(text)), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

// asked is a text as PostgreSQL looks for it: each word, from its beginning.
func asked(text string) string {
	all := words(text)
	all = all[:min(len(all), mostWords)]
	for i, w := range all {
		all[i] = "'" + w + "':*"
	}
	return strings.Join(all, " & ")
}

// from is what a search of tickets reads, and what it compares with.
func (q TicketSearch) from() (sql string, args []any) {
	all := []string{"true"}
	add := func(condition string, value any) {
		args = append(args, value)
		all = append(all, fmt.Sprintf(condition, len(args)))
	}
	switch q.State {
	case "":
		all = append(all, `t.state <> 'resolved'`)
	case AnyState:
	default:
		add(`t.state = $%d`, q.State)
	}
	if q.Customer != "" {
		add(`t.customer = $%d`, q.Customer)
	}
	switch q.Assignee {
	case "":
	case Unassigned:
		all = append(all, `t.assignee IS NULL`)
	default:
		add(`t.assignee = $%d`, q.Assignee)
	}
	if q.Priority != "" {
		add(`t.priority = $%d`, q.Priority)
	}
	if !q.DueBy.IsZero() {
		add(`t.due_at <= $%d`, q.DueBy)
	}
	if text := asked(q.Text); text != "" {
		add(`t.search @@ to_tsquery('simple', $%d)`, text)
	}
	return ` FROM ticket t WHERE ` + strings.Join(all, " AND "), args
}

// Tickets returns the tickets that are wanted, those that are due first at the top,
// then those without a deadline; resolved ones by when they were last changed.
func (tx Tx) Tickets(ctx context.Context, q TicketSearch) ([]Ticket, error) {
	from, args := q.from()
	order := `t.due_at NULLS LAST, t.customer, t.id`
	if q.State == TicketResolved || q.State == AnyState {
		order = `t.updated_at DESC, t.customer, t.id`
	}
	most := 50
	if q.Limit > 0 {
		most = q.Limit
	}
	if asked(q.Text) != "" {
		few, names, err := tx.few(ctx, q)
		if err != nil {
			return nil, err
		}
		if few {
			from, args = ` FROM unnest($1::text[], $2::text[]) AS f (customer, id) JOIN ticket t USING (customer, id)`, names
		}
	}
	rows, _ := tx.Query(ctx, fmt.Sprintf(`SELECT %s%s ORDER BY %s LIMIT %d`, tx.ticketColumns(), from, order, most), args...)
	return collect[Ticket](rows, "tickets")
}

// mostFew is how many tickets are few.
const mostFew = 2000

// few returns the tickets that are wanted, if they are few: customers and ids. PostgreSQL
// does not know how common a text is. Of rare ones it would go through the tickets in the
// order of their deadlines to find them, which is right for common ones only.
func (tx Tx) few(ctx context.Context, q TicketSearch) (few bool, names []any, err error) {
	from, args := q.from()
	rows, _ := tx.Query(ctx, fmt.Sprintf(`SELECT t.customer, t.id%s LIMIT %d`, from, mostFew+1), args...)
	found, err := collect[TicketName](rows, "tickets")
	customers, ids := make([]string, len(found)), make([]string, len(found))
	for i, f := range found {
		customers[i], ids[i] = f.Customer, f.ID
	}
	return len(found) <= mostFew, []any{customers, ids}, err
}

// Backlog is how many tickets are not resolved, in numbers.
type Backlog struct {
	Open, Waiting, Overdue, Unassigned int
}

// Backlog counts the tickets that are not resolved.
func (tx Tx) Backlog(ctx context.Context, now time.Time) (b Backlog, err error) {
	err = tx.QueryRow(ctx, `
		SELECT count(*) FILTER (WHERE state = 'open'), count(*) FILTER (WHERE state = 'waiting'), count(*) FILTER (WHERE due_at < $1), count(*) FILTER (WHERE assignee IS NULL)
		FROM ticket WHERE state <> 'resolved'`, now).Scan(&b.Open, &b.Waiting, &b.Overdue, &b.Unassigned)
	if err != nil {
		return b, fmt.Errorf("count tickets: %w", err)
	}
	return b, nil
}

// TiersInUse returns the tiers that customers are in.
func (tx Tx) TiersInUse(ctx context.Context) ([]string, error) {
	rows, _ := tx.Query(ctx, `SELECT DISTINCT tier FROM customer ORDER BY tier`)
	all, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("read the customers' tiers: %w", err)
	}
	return all, nil
}
