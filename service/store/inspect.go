package store

import (
	"context"
	_ "embed"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// UnprotectedError names everything in a database that is not as landlord's
// migrations made it and could let somebody see or change what they should not.
// The server does not serve from it.
type UnprotectedError struct{ Faults []string }

func (e *UnprotectedError) Error() string {
	return fmt.Sprintf("the database is not protected, so nothing is served from it:\n  %s\nA database made by this landlord's `landlord db migrate` is; mend what was changed since", strings.Join(e.Faults, "\n  "))
}

//go:embed catalogue.sql
var catalogueSQL string

// catalogueText is what catalogueSQL tells of a database that was just migrated,
// under a line that says by which migrations; a test renews it.
//
//go:embed catalogue.txt
var catalogueText string

// A fact is a line of the catalogue: something in the database, and how it is.
type fact struct{ what, is string }

// catalogue reads what there is in a database that says who sees or changes what
// landlord keeps.
func catalogue(ctx context.Context, p *pgxpool.Pool) ([]fact, error) {
	rows, _ := p.Query(ctx, catalogueSQL)
	have, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (f fact, err error) {
		err = row.Scan(&f.what, &f.is)
		return f, err
	})
	if err != nil {
		return nil, fmt.Errorf("inspect the database: %w", err)
	}
	return have, nil
}

// expected is the catalogue of a database that was just migrated. Before the
// jobs' tables are made, jobs is false.
func expected(jobs bool) (want []fact) {
	_, lines, _ := strings.Cut(catalogueText, "\n")
	for line := range strings.Lines(lines) {
		what, is, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		if jobs || !strings.Contains(what, jobsPrefix) {
			want = append(want, fact{what, is})
		}
	}
	return want
}

// jobsPrefix is in the name of whatever River made.
const jobsPrefix = " river."

// Inspect reports as an *UnprotectedError where the database is not what the
// migrations make: its roles, tables, policies, privileges, keys, triggers, rules
// and functions one by one, and whatever else reaches into them or gives
// landlord's roles more.
func (s *Store) Inspect(ctx context.Context) error {
	have, err := catalogue(ctx, s.customer)
	if err != nil {
		return err
	}
	jobs := slices.ContainsFunc(have, func(f fact) bool { return strings.HasPrefix(f.what, "table"+jobsPrefix) })
	faults := differences(have, expected(jobs))
	if roles := slices.DeleteFunc(slices.Clone(faults), func(f string) bool { return !strings.HasPrefix(f, "role ") }); len(roles) > 0 {
		faults = roles // what such a role may do says nothing of the tables
	}
	if len(faults) > 0 {
		return &UnprotectedError{faults}
	}
	return nil
}

// inspectLogins reports as an *UnprotectedError where the server's own sessions begin
// as they should not.
func (s *Store) inspectLogins(ctx context.Context) error {
	var faults []string
	for _, login := range []struct {
		role string
		pool *pgxpool.Pool
	}{{OperatorRole, s.operator}, {CustomerRole, s.customer}} {
		if login.pool == nil {
			continue
		}
		found, err := inspectLogin(ctx, login.role, login.pool)
		if err != nil {
			return err
		}
		faults = append(faults, found...)
	}
	if len(faults) > 0 {
		return &UnprotectedError{faults}
	}
	return nil
}

// inspectLogin reports what a session of the server begins with, wherever that was
// set: for the role, the database or the whole server.
func inspectLogin(ctx context.Context, role string, p *pgxpool.Pool) (faults []string, err error) {
	settings := []struct{ what, sql, want string }{
		{"logs in as", `session_user`, role},
		{"acts as", `current_user`, role},
		{"finds tables in the schemas", `array_to_string(current_schemas(false), ', ')`, "public"},
		{"has row_security", `current_setting('row_security')`, "on"},
		{"has session_replication_role", `current_setting('session_replication_role')`, "origin"},
		{"begins as customer", `coalesce(current_setting('landlord.customer', true), '')`, ""},
		{"begins in framework", `coalesce(current_setting('landlord.framework', true), '')`, ""},
		{"begins with the keys", `coalesce(current_setting('landlord.keys', true), '')`, ""},
		{"begins with the attempts of", `coalesce(current_setting('landlord.attempt', true), '')`, ""},
	}
	sql, got, into := []string{}, make([]string, len(settings)), []any{}
	for i, s := range settings {
		sql, into = append(sql, s.sql+"::text"), append(into, &got[i])
	}
	if err := p.QueryRow(ctx, `SELECT `+strings.Join(sql, ", ")).Scan(into...); err != nil {
		return nil, fmt.Errorf("inspect the login of %s: %w", role, err)
	}
	for i, s := range settings {
		if got[i] != s.want {
			faults = append(faults, fmt.Sprintf("login %s: %s %q; it should be: %q", role, s.what, got[i], s.want))
		}
	}
	return faults, nil
}

// differences are what there is and should not be, and the reverse, in the order
// of what they are about.
func differences(have, want []fact) (faults []string) {
	type sides struct{ have, want []string }
	about := map[string]*sides{}
	side := func(f fact) *sides {
		if about[f.what] == nil {
			about[f.what] = &sides{}
		}
		return about[f.what]
	}
	for _, f := range have {
		side(f).have = append(side(f).have, f.is)
	}
	for _, f := range want {
		side(f).want = append(side(f).want, f.is)
	}
	for _, name := range slices.Sorted(maps.Keys(about)) {
		s := about[name]
		more, less := without(s.have, s.want), without(s.want, s.have)
		switch {
		case len(more) > 0 && len(less) > 0:
			faults = append(faults, fmt.Sprintf("%s: %s; it should be: %s", name, strings.Join(more, ", "), strings.Join(less, ", ")))
		case len(more) > 0:
			faults = append(faults, fmt.Sprintf("%s: %s; that should not be", name, strings.Join(more, ", ")))
		case len(s.have) == 0:
			faults = append(faults, fmt.Sprintf("%s: is missing", name))
		case len(less) > 0:
			faults = append(faults, fmt.Sprintf("%s: no longer so: %s", name, strings.Join(less, ", ")))
		}
	}
	return faults
}

// without are those of a that are not in b.
func without(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(s string) bool { return slices.Contains(b, s) })
}
