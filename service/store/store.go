// Package store keeps everything that the running house knows: customers, their
// people, what was asked and done, and who did it. Values go in and out; SQL is
// here and nowhere else.
//
// Isolation is PostgreSQL's: two roles log in through two pools. What runs in
// Operator sees all; what runs in Customer sees that customer, of its framework,
// whatever a query forgets to say. Open refuses a database where that is not so.
//
// The store reads no clock: time is an argument.
package store

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Logins are how the server reaches its database: pgx's connection strings.
type Logins struct {
	Operator string // "" for a server that serves the portal only
	Customer string
}

// Store is an open database. It is safe for concurrent use.
type Store struct {
	operator, customer *pgxpool.Pool
}

// Tx is a transaction in a scope. Its methods do the same in either; what they
// see is the scope's.
type Tx struct {
	pgx.Tx
	Key       string // of the customer whose scope it is; "" for the operator's
	Framework string // that customer's

	keys []string // that customer's: the present one, then those it had
}

// Errors that callers tell apart.
var (
	// ErrNotFound: it is not there, or not in this scope; the two cannot be told
	// apart.
	ErrNotFound = errors.New("not found")
	// ErrTaken: what was to be new is there already, or somebody else was first.
	ErrTaken = errors.New("taken")
	// ErrNoOperator: this server serves the portal only.
	ErrNoOperator = errors.New("this server has no operator's login to the database")
)

// Open connects to a database, and refuses one that does not have this landlord's
// schema or where anything is unprotected.
func Open(ctx context.Context, l Logins) (*Store, error) {
	s := &Store{}
	var err error
	if l.Operator != "" {
		if s.operator, err = pool(ctx, l.Operator); err != nil {
			return nil, fmt.Errorf("reach the database as the operator: %w", err)
		}
	}
	if s.customer, err = pool(ctx, l.Customer); err != nil {
		s.Close()
		return nil, fmt.Errorf("reach the database as the customer: %w", err)
	}
	if err := s.check(ctx); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

func pool(ctx context.Context, url string) (*pgxpool.Pool, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, err
	}
	config.MaxConns = max(config.MaxConns, 16)
	config.ConnConfig.Tracer = queries{}
	p, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, err
	}
	if err := p.Ping(ctx); err != nil {
		p.Close()
		return nil, err
	}
	return p, nil
}

// check is what Open promises.
func (s *Store) check(ctx context.Context) error {
	if err := s.inspectLogins(ctx); err != nil {
		return err
	}
	done, err := history(ctx, s.customer)
	if err != nil {
		return err
	}
	known := Migrations()
	if err := consistent(done, known); err != nil {
		return err
	}
	if n := len(known) - len(done); n > 0 {
		return fmt.Errorf("the database lacks %d of %d migrations: `landlord db migrate` applies them", n, len(known))
	}
	return s.Inspect(ctx)
}

// Close ends all connections, once they are free.
func (s *Store) Close() {
	if s.operator != nil {
		s.operator.Close()
	}
	if s.customer != nil {
		s.customer.Close()
	}
}

// patience is how long the database may take to say that it is there.
const patience = 2 * time.Second

// Ping reports whether the database answers, within 2 s.
func (s *Store) Ping(ctx context.Context) error {
	ctx, stop := context.WithTimeout(ctx, patience)
	defer stop()
	for _, p := range []*pgxpool.Pool{s.operator, s.customer} {
		if p == nil {
			continue
		}
		if err := p.Ping(ctx); err != nil {
			return fmt.Errorf("reach the database: %w", err)
		}
	}
	return nil
}

// Pool is the operator's pool, for what brings its own queries (River); nil for a
// server that serves the portal only.
func (s *Store) Pool() *pgxpool.Pool { return s.operator }

// Operator runs fn in a transaction that sees all customers. It commits if fn
// returns nil.
func (s *Store) Operator(ctx context.Context, fn func(Tx) error) error {
	if s.operator == nil {
		return ErrNoOperator
	}
	ctx, end := spanned(ctx, "store as operator")
	err := within(ctx, s.operator, func(tx pgx.Tx) error { return fn(Tx{Tx: tx}) })
	end(err)
	return err
}

// Customer runs fn in a transaction that sees one customer, of its framework, and
// nothing else. It commits if fn returns nil. A key that is no customer's is
// ErrNotFound.
func (s *Store) Customer(ctx context.Context, key string, fn func(Tx) error) error {
	if !keys.MatchString(key) {
		return fmt.Errorf("customer: %w", ErrNotFound)
	}
	ctx, end := spanned(ctx, "store as customer")
	err := within(ctx, s.customer, func(tx pgx.Tx) error {
		scoped := Tx{Tx: tx, Key: key}
		if err := scoped.enter(ctx); err != nil {
			return missing(err, "customer")
		}
		return fn(scoped)
	})
	end(err)
	return err
}

// enter sets whose rows the transaction sees, in one round trip: the customer first,
// since what else is set is read from rows that are then its own.
func (tx *Tx) enter(ctx context.Context) error {
	var batch pgx.Batch
	batch.Queue(`SELECT set_config('landlord.customer', $1, true)`, tx.Key)
	batch.Queue(`
		SELECT framework, set_config('landlord.framework', framework, true),
			set_config('landlord.keys', (c.key || ARRAY(SELECT f.key FROM former_key f ORDER BY 1))::text, true)::text[]
		FROM customer c`).QueryRow(func(row pgx.Row) error { return row.Scan(&tx.Framework, nil, &tx.keys) })
	return tx.SendBatch(ctx, &batch).Close()
}

// keys are what keys of customers look like. Requests claim them.
var keys = regexp.MustCompile(`^[a-z][a-z0-9-]{0,39}$`)

// Nobody runs fn in a transaction of somebody who is not signed in: it sees
// nothing, and can only ask (Tx.Ask).
func (s *Store) Nobody(ctx context.Context, fn func(Tx) error) error {
	return within(ctx, s.customer, func(tx pgx.Tx) error { return fn(Tx{Tx: tx}) })
}

// hung is after how long a database that does not begin a transaction is away, be it
// that it takes connections and says nothing.
const hung = 5 * time.Second

var errHung = fmt.Errorf("the database did not begin within %v", hung)

func within(ctx context.Context, p *pgxpool.Pool, fn func(pgx.Tx) error) error {
	begin, stop := context.WithTimeoutCause(ctx, hung, errHung)
	defer stop()
	tx, err := p.Begin(begin)
	if err != nil {
		if why := context.Cause(begin); errors.Is(why, errHung) {
			return why
		}
		return err
	}
	defer func() { _ = tx.Rollback(ctx) }() // after the end it does nothing
	if err := fn(tx); err != nil {
		return err
	}
	return tx.Commit(ctx)
}

// missing makes pgx's "no rows" ErrNotFound.
func missing(err error, what string) error {
	if errors.Is(err, pgx.ErrNoRows) {
		return fmt.Errorf("%s: %w", what, ErrNotFound)
	}
	return fmt.Errorf("read %s: %w", what, err)
}

// Unique violations, as PostgreSQL numbers them.
// Source: PostgreSQL manual, appendix A.
const uniqueViolation = "23505"

// written says what became of a change of exactly one row.
func written(tag pgconn.CommandTag, err error, what string) error {
	if refused, is := errors.AsType[*pgconn.PgError](err); is && refused.Code == uniqueViolation {
		return fmt.Errorf("%s: %w", what, ErrTaken)
	}
	if err == nil && tag.RowsAffected() == 0 {
		return fmt.Errorf("%s: %w", what, ErrNotFound)
	}
	return wrote(err, what)
}

// wrote says what became of a change.
func wrote(err error, what string) error {
	if err != nil {
		return fmt.Errorf("write %s: %w", what, err)
	}
	return nil
}
