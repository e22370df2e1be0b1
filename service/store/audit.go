package store

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// Kinds of whoever does something.
const (
	ByPerson = "person" // an operator
	ByMember = "member" // one of a customer's people
	ByToken  = "token"
	BySystem = "system" // landlord itself
)

// Entry is something that somebody did.
type Entry struct {
	ID        int64 // given by the database
	At        time.Time
	ActorKind string
	Actor     string
	Action    string
	Customer  string // on which; "" for none
	Framework string // that the customer had
	Before    any    // as JSON; nil for none; a json.RawMessage where it was read
	After     any
	Source    string // the network address that it came from
}

// NoFramework is the framework of an entry that no customer reads, of whichever
// framework it is: no framework can be called so.
const NoFramework = "*"

// Audit adds entries to the audit log, in their order, with this transaction.
func (tx Tx) Audit(ctx context.Context, entries ...Entry) error {
	for part := range slices.Chunk(entries, 5000) {
		var at []time.Time
		var kind, actor, action, customer, framework, before, after, source []string
		for _, e := range part {
			was, err := document(e.Before)
			if err != nil {
				return err
			}
			is, err := document(e.After)
			if err != nil {
				return err
			}
			at, kind, actor, action = append(at, e.At), append(kind, e.ActorKind), append(actor, e.Actor), append(action, e.Action)
			customer, framework = append(customer, e.Customer), append(framework, e.Framework)
			before, after, source = append(before, string(was)), append(after, string(is)), append(source, e.Source)
		}
		tag, err := tx.Exec(ctx, `
			INSERT INTO audit_entry (at, actor_kind, actor, action, customer, framework, before, after, source)
			SELECT at, actor_kind, actor, action, nullif(customer, ''), nullif(framework, ''), nullif(before, '')::json, nullif(after, '')::json, source
			FROM unnest($1::timestamptz[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[])
				WITH ORDINALITY AS e (at, actor_kind, actor, action, customer, framework, before, after, source, n)
			ORDER BY n`, at, kind, actor, action, customer, framework, before, after, source)
		if err := written(tag, err, "the audit log"); err != nil {
			return err
		}
	}
	return nil
}

// document is a value as JSON; nothing for nil.
func document(value any) ([]byte, error) {
	if value == nil {
		return nil, nil
	}
	text, err := json.Marshal(value)
	if err != nil {
		return nil, fmt.Errorf("write the audit log: %w", err)
	}
	return text, nil
}

// EntryQuery says which entries of the audit log are wanted; a zero field asks for
// any.
type EntryQuery struct {
	Customer, Actor, Action string
	Text                    string   // a part of what was done, by whom, from where, before or after
	Actions                 []string // which Text stands for too
	Since                   time.Time
	Before                  int64 // an id: only entries that were written earlier
	Limit                   int   // 0 for all
}

// scan reads an entry.
func (e *Entry) scan(row pgx.Row) error {
	var before, after json.RawMessage
	err := row.Scan(&e.ID, &e.At, &e.ActorKind, &e.Actor, &e.Action, &e.Customer, &e.Framework, &before, &after, &e.Source)
	if before != nil {
		e.Before = before
	}
	if after != nil {
		e.After = after
	}
	e.At = e.At.UTC()
	return err
}

// Entries returns entries of the audit log, the newest first. A customer's scope
// has those of that customer, of its framework or of none; who of the provider did
// something, and from where, is not told there, and not searched for.
func (tx Tx) Entries(ctx context.Context, q EntryQuery) ([]Entry, error) {
	most := "ALL" // in words of SQL: of a limit that it is not told, PostgreSQL expects a tenth of the log, and sorts it
	if q.Limit > 0 {
		most = strconv.Itoa(q.Limit)
	}
	who, source := `e.actor`, `e.source`
	if tx.Key != "" {
		who, source = `CASE e.actor_kind WHEN 'member' THEN e.actor ELSE '' END`, `CASE e.actor_kind WHEN 'member' THEN e.source ELSE '' END`
	}
	// Only what is asked for is in the text: PostgreSQL then plans it once for all, and
	// what policies add costs no planning each time.
	asked, args := []string{`true`}, []any{}
	must := func(condition string, values ...any) {
		for _, v := range values {
			args = append(args, v)
			condition = strings.Replace(condition, "?", "$"+strconv.Itoa(len(args)), 1)
		}
		asked = append(asked, condition)
	}
	if q.Customer != "" {
		keys, err := tx.Keys(ctx, q.Customer)
		if err != nil {
			return nil, err
		}
		if len(keys) > 1 {
			must(`e.customer = ANY (?)`, keys)
		} else {
			must(`e.customer = ?`, q.Customer)
		}
	}
	if q.Actor != "" {
		must(who+` = ?`, q.Actor)
	}
	if q.Action != "" {
		must(`e.action = ?`, q.Action)
	}
	if !q.Since.IsZero() {
		must(`e.at >= ?`, q.Since)
	}
	if q.Before != 0 {
		must(`e.id < ?`, q.Before)
	}
	if q.Text != "" {
		must(`(e.action = ANY (?) OR strpos(lower(concat_ws(E'\n', e.action, `+who+`, `+source+`, e.before, e.after)), lower(?)) > 0)`, q.Actions, q.Text)
	}
	rows, _ := tx.Query(ctx, `
		SELECT e.id, e.at, e.actor_kind, `+who+`, e.action, coalesce(e.customer, ''), coalesce(e.framework, ''), e.before, e.after, `+source+` FROM audit_entry e
		WHERE `+strings.Join(asked, " AND ")+`
		ORDER BY e.id DESC LIMIT `+most, args...)
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (e Entry, err error) {
		err = e.scan(row)
		return e, err
	})
	if err != nil {
		return nil, fmt.Errorf("read the audit log: %w", err)
	}
	return all, nil
}
