// Package storetest gives tests a fresh database of landlord's, fast: one real
// PostgreSQL for the test binary, and for each test a copy of a migrated database.
//
//	func TestMain(m *testing.M) { storetest.Main(m) }
//
//	func TestX(t *testing.T) { s := storetest.New(t); … }
package storetest

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"

	"landlord/internal/clock"
	"landlord/service/postgres"
	"landlord/service/store"
)

const template = "template_landlord"

var (
	started sync.Once
	server  *postgres.Server
	failed  error
	copies  atomic.Int64
	making  sync.Mutex // a template cannot be copied twice at once
)

// Main runs a package's tests and then stops the server, if one was started.
func Main(m *testing.M) {
	code := m.Run()
	if server != nil {
		if err := server.Stop(); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
	}
	if dir != "" {
		_ = os.RemoveAll(dir)
	}
	os.Exit(code)
}

var dir string

// start starts the server and makes the database that others are copies of.
func start() error {
	from, err := postgres.Find()
	if err != nil {
		return err
	}
	if dir, err = os.MkdirTemp("", "landlord-storetest-"); err != nil {
		return err
	}
	ctx := context.Background()
	server, err = postgres.Start(ctx, postgres.Options{Dir: dir, Roles: store.Roles(), From: from, Log: slog.New(slog.DiscardHandler), Throwaway: true})
	if err != nil {
		return err
	}
	if err := store.Prepare(ctx, server.URL(postgres.Superuser, "postgres"), template); err != nil {
		return err
	}
	_, err = store.Migrate(ctx, server.URL(store.OwnerRole, template), clock.Real().Now())
	return err
}

// A Database is a fresh one, for one test.
type Database struct {
	Name string
}

// URL is how pgx reaches the database as a role: one of store.Roles, or
// postgres.Superuser.
func (d Database) URL(role string) string { return server.URL(role, d.Name) }

// Logins are the server's.
func (d Database) Logins() store.Logins {
	return store.Logins{Operator: d.URL(store.OperatorRole), Customer: d.URL(store.CustomerRole)}
}

// Exec runs SQL as a role, as one statement or several, and fails the test where
// PostgreSQL refuses.
func (d Database) Exec(t testing.TB, role, sql string) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	conn, err := pgx.Connect(ctx, d.URL(role))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, sql); err != nil {
		t.Fatalf("as %s: %s\n%v", role, sql, err)
	}
}

// Empty makes an empty, prepared database without a schema.
func Empty(t testing.TB) Database { return create(t, "template1") }

// Fresh makes a migrated database with no rows.
func Fresh(t testing.TB) Database { return create(t, template) }

// create copies a database, and drops the copy when the test has ended.
func create(t testing.TB, from string) Database {
	t.Helper()
	started.Do(func() { failed = start() })
	if failed != nil {
		t.Fatalf("tests of what is kept need PostgreSQL: %v", failed)
	}
	d := Database{fmt.Sprintf("test_%d", copies.Add(1))}
	ctx := context.WithoutCancel(t.Context())
	admin := func(sql string) error {
		conn, err := pgx.Connect(ctx, server.URL(postgres.Superuser, "postgres"))
		if err != nil {
			return err
		}
		defer conn.Close(ctx)
		_, err = conn.Exec(ctx, sql)
		return err
	}
	making.Lock()
	err := admin(`CREATE DATABASE ` + d.Name + ` OWNER ` + store.OwnerRole + ` TEMPLATE ` + from)
	making.Unlock()
	if err == nil { // who may connect is not copied
		err = store.Prepare(ctx, server.URL(postgres.Superuser, "postgres"), d.Name)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := admin(`DROP DATABASE ` + d.Name + ` WITH (FORCE)`); err != nil {
			t.Error(err)
		}
	})
	return d
}

// Open opens a database as the server does, and closes it when the test has
// ended.
func (d Database) Open(t testing.TB) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), d.Logins())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// New opens a fresh, migrated database.
func New(t testing.TB) *store.Store {
	t.Helper()
	return Fresh(t).Open(t)
}
