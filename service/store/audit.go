package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
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
	At        time.Time
	ActorKind string
	Actor     string
	Action    string
	Customer  string // on which; "" for none
	Framework string // that the customer had
	Before    any    // as JSON; nil for none
	After     any
	Source    string // the network address that it came from
}

// Audit adds an entry to the audit log, with this transaction.
func (tx Tx) Audit(ctx context.Context, e Entry) error {
	before, err := document(e.Before)
	if err != nil {
		return err
	}
	after, err := document(e.After)
	if err != nil {
		return err
	}
	tag, err := tx.Exec(ctx, `
		INSERT INTO audit_entry (at, actor_kind, actor, action, customer, framework, before, after, source)
		VALUES ($1, $2, $3, $4, nullif($5, ''), nullif($6, ''), $7, $8, $9)`,
		e.At, e.ActorKind, e.Actor, e.Action, e.Customer, e.Framework, before, after, e.Source)
	return written(tag, err, "the audit log")
}

// document is a value as JSON; NULL for nil.
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
