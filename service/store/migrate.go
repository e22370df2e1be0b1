package store

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

//go:embed migrations/*.sql
var files embed.FS

//go:embed roles.sql
var rolesSQL string

// Roles of the database.
const (
	OwnerRole    = "landlord_owner"
	OperatorRole = "landlord_operator"
	CustomerRole = "landlord_customer"
)

// Roles are those that landlord logs in as.
func Roles() []string { return []string{OwnerRole, OperatorRole, CustomerRole} }

// RolesSQL is what an administrator runs once on a server that is to keep
// landlord's database.
func RolesSQL() string { return rolesSQL }

// Prepare makes the roles, and a database that the owner owns. url is a
// superuser's, to any other database. What is there is left as it is.
func Prepare(ctx context.Context, url, database string) error {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return fmt.Errorf("reach the database server: %w", err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	if _, err := conn.Exec(ctx, rolesSQL); err != nil {
		return fmt.Errorf("make the database's roles: %w", err)
	}
	var there bool
	if err := conn.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)`, database).Scan(&there); err != nil {
		return fmt.Errorf("look for database %s: %w", database, err)
	}
	name := pgx.Identifier{database}.Sanitize()
	if !there {
		if _, err := conn.Exec(ctx, `CREATE DATABASE `+name+` OWNER `+OwnerRole); err != nil {
			return fmt.Errorf("make database %s: %w", database, err)
		}
	}
	_, err = conn.Exec(ctx, `REVOKE ALL ON DATABASE `+name+` FROM PUBLIC; GRANT CONNECT ON DATABASE `+name+` TO `+OperatorRole+`, `+CustomerRole)
	if err != nil {
		return fmt.Errorf("say who may use database %s: %w", database, err)
	}
	return nil
}

// A Migration is one step of the schema. It is never edited once it was
// released: what it did stays as it was checked.
type Migration struct {
	Version   int
	Name      string
	Digest    string    // SHA-256 of its text
	AppliedAt time.Time // zero while it is not
	text      string
}

// Migrations are those of this landlord, in order.
func Migrations() []Migration { return migrations(files) }

func migrations(from fs.FS) (all []Migration) {
	names, _ := fs.Glob(from, "migrations/*.sql")
	for _, name := range slices.Sorted(slices.Values(names)) {
		text, err := fs.ReadFile(from, name)
		if err != nil {
			panic(err) // it is embedded
		}
		number, title, _ := strings.Cut(strings.TrimSuffix(name[len("migrations/"):], ".sql"), "_")
		version, err := strconv.Atoi(number)
		if err != nil || version != len(all)+1 {
			panic("store: migration " + name + " has the wrong number")
		}
		sum := sha256.Sum256(text)
		all = append(all, Migration{Version: version, Name: title, Digest: hex.EncodeToString(sum[:]), text: string(text)})
	}
	return all
}

// Migrate brings a database to this landlord's schema, each migration in a
// transaction of its own, and returns those that it applied. Two at once wait for
// each other. url is the owner's.
func Migrate(ctx context.Context, url string, now time.Time) (applied []Migration, err error) {
	return migrate(ctx, url, now, Migrations())
}

const migrationTable = `
CREATE TABLE IF NOT EXISTS public.migration (
	version    int PRIMARY KEY CHECK (version > 0),
	name       text NOT NULL,
	digest     text NOT NULL,
	applied_at timestamptz NOT NULL
);
ALTER TABLE public.migration ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS owner ON public.migration;
DROP POLICY IF EXISTS operator ON public.migration;
DROP POLICY IF EXISTS customer ON public.migration;
CREATE POLICY owner ON public.migration TO landlord_owner USING (true);
CREATE POLICY operator ON public.migration FOR SELECT TO landlord_operator USING (true);
CREATE POLICY customer ON public.migration FOR SELECT TO landlord_customer USING (true);
GRANT SELECT ON public.migration TO landlord_operator, landlord_customer;`

// migrating is the advisory lock of who changes the schema or all of the data.
const migrating = 0x6c616e646c6f7264 // "landlord"

func migrate(ctx context.Context, url string, now time.Time, known []Migration) (applied []Migration, err error) {
	conn, err := connectOwner(ctx, url)
	if err != nil {
		return nil, err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	for {
		var next *Migration
		err := pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) (err error) {
			if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock($1)`, int64(migrating)); err != nil {
				return fmt.Errorf("wait for another migration: %w", err)
			}
			done, err := history(ctx, tx)
			if err != nil {
				return err
			}
			if err := consistent(done, known); err != nil {
				return err
			}
			if len(done) == len(known) {
				return nil
			}
			next = &known[len(done)]
			if next.Version == 1 {
				if _, err := tx.Exec(ctx, migrationTable); err != nil {
					return fmt.Errorf("make the table of migrations: %w", err)
				}
			}
			if _, err := tx.Exec(ctx, next.text); err != nil {
				return fmt.Errorf("migration %04d_%s, which was taken back whole: %w", next.Version, next.Name, err)
			}
			_, err = tx.Exec(ctx, `INSERT INTO migration (version, name, digest, applied_at) VALUES ($1, $2, $3, $4)`, next.Version, next.Name, next.Digest, now)
			return err
		})
		if err != nil {
			return applied, err
		}
		if next == nil {
			return applied, nil
		}
		next.AppliedAt = now
		applied = append(applied, *next)
	}
}

// connectOwner connects as the owner of the tables.
func connectOwner(ctx context.Context, url string) (*pgx.Conn, error) {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return nil, fmt.Errorf("reach the database as its owner: %w", err)
	}
	var user string
	if err := conn.QueryRow(ctx, `SELECT session_user`).Scan(&user); err == nil && user != OwnerRole {
		err = fmt.Errorf("the database's schema is %s's, and DATABASE_URL logs in as %s: what another role makes would not be protected", OwnerRole, user)
		return nil, errors.Join(err, conn.Close(ctx))
	}
	return conn, nil
}

// Status returns the migrations of a database: those applied, then those that this
// landlord would apply. url is any of landlord's roles'.
func Status(ctx context.Context, url string) ([]Migration, error) {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return nil, fmt.Errorf("reach the database: %w", err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	done, err := history(ctx, conn)
	if err != nil {
		return nil, err
	}
	known := Migrations()
	if err := consistent(done, known); err != nil {
		return nil, err
	}
	return append(done, known[len(done):]...), nil
}

type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// history are the migrations that a database has seen.
func history(ctx context.Context, q querier) ([]Migration, error) {
	var there bool
	if err := q.QueryRow(ctx, `SELECT to_regclass('public.migration') IS NOT NULL`).Scan(&there); err != nil {
		return nil, fmt.Errorf("read the database's migrations: %w", err)
	}
	if !there {
		return nil, nil
	}
	rows, _ := q.Query(ctx, `SELECT version, name, digest, applied_at FROM public.migration ORDER BY version`)
	done, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (m Migration, err error) {
		err = row.Scan(&m.Version, &m.Name, &m.Digest, &m.AppliedAt)
		return m, err
	})
	if err != nil {
		return nil, fmt.Errorf("read the database's migrations: %w", err)
	}
	return done, nil
}

// consistent reports where a database was not made by these migrations.
func consistent(done, known []Migration) error {
	for i, m := range done {
		switch {
		case i >= len(known):
			return fmt.Errorf("the database has migration %04d_%s, and this landlord knows only %d: use the landlord that made it, or a newer one", m.Version, m.Name, len(known))
		case m.Version != known[i].Version || m.Digest != known[i].Digest:
			return fmt.Errorf("the database's migration %04d_%s is not this landlord's %04d_%s (digest %.12s, not %.12s): it was made by another build; nothing was changed",
				m.Version, m.Name, known[i].Version, known[i].Name, m.Digest, known[i].Digest)
		}
	}
	return nil
}
