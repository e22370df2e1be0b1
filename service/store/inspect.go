package store

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// UnprotectedError names everything in a database that would let one customer see
// another's data. The server does not serve from it.
type UnprotectedError struct{ Faults []string }

func (e *UnprotectedError) Error() string {
	return fmt.Sprintf("the database is not protected, so nothing is served from it:\n  %s\nA database made by `landlord db migrate` is; mend what was changed since", strings.Join(e.Faults, "\n  "))
}

// Inspect reports as an *UnprotectedError what in the database is not protected:
// roles, tables, policies, privileges, keys that look across customers, views,
// materialized views and functions that run as somebody else.
func (s *Store) Inspect(ctx context.Context) error {
	var faults []string
	for _, login := range []struct {
		role string
		pool *pgxpool.Pool
	}{{OperatorRole, s.operator}, {CustomerRole, s.customer}} {
		if login.pool == nil {
			continue
		}
		var is string
		if err := login.pool.QueryRow(ctx, `SELECT session_user`).Scan(&is); err != nil {
			return fmt.Errorf("inspect the database: %w", err)
		}
		if is != login.role {
			faults = append(faults, fmt.Sprintf("role %s: the server logs in as %s in its place", login.role, is))
		}
	}
	for _, i := range inspections {
		rows, _ := s.customer.Query(ctx, i.sql)
		found, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			return fmt.Errorf("inspect the database's %s: %w", i.what, err)
		}
		if faults = append(faults, found...); len(faults) > 0 && i.what == "roles" {
			break // what such a role may do says nothing of the tables
		}
	}
	if len(faults) > 0 {
		return &UnprotectedError{faults}
	}
	return nil
}

// ours are the schemas whose relations are looked at. River's has no customer in
// it, and no grant to the customer's role, which is looked at too.
const ours = `n.nspname NOT IN ('pg_catalog', 'information_schema', 'river') AND n.nspname NOT LIKE 'pg\_toast%' AND n.nspname NOT LIKE 'pg\_temp%'`

// inspections each return a sentence for what is wrong. They read the catalogue
// only, which every role may.
var inspections = []struct{ what, sql string }{
	{"roles", `
		SELECT format('role %s: %s', r.rolname, f.fault)
		FROM pg_roles r, LATERAL (VALUES
			(r.rolsuper, 'is a superuser, whom no policy binds'),
			(r.rolbypassrls, 'bypasses row-level security'),
			(r.rolcreaterole, 'may create roles'),
			(r.rolcreatedb, 'may create databases'),
			(r.rolreplication, 'may replicate the database'),
			(r.rolname <> 'landlord_owner' AND EXISTS (SELECT FROM pg_auth_members m WHERE m.member = r.oid), 'is a member of another role'),
			(r.rolname <> 'landlord_owner' AND EXISTS (SELECT FROM pg_class c WHERE c.relowner = r.oid), 'owns tables')
		) f (is_so, fault)
		WHERE r.rolname IN ('landlord_owner', 'landlord_operator', 'landlord_customer') AND f.is_so
		ORDER BY 1`},

	{"tables", `
		SELECT format('table %I.%I: %s', n.nspname, c.relname, f.fault)
		FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace, LATERAL (VALUES
			(NOT c.relrowsecurity, 'row-level security is off'),
			(NOT c.relforcerowsecurity, 'row-level security does not bind its owner (FORCE)'),
			(c.relowner <> (SELECT oid FROM pg_roles WHERE rolname = 'landlord_owner'), 'is not owned by landlord_owner'),
			(c.relkind = 'f', 'is a foreign table, which no policy binds')
		) f (is_so, fault)
		WHERE c.relkind IN ('r', 'p', 'f') AND ` + ours + ` AND f.is_so
		ORDER BY 1`},

	// A policy that binds the customer's role names its customer first and, where rows have
	// one, its framework. What they may look like is told here once more, and not
	// taken from the migrations.
	{"policies", `
		WITH text AS (
			SELECT p.polname, p.polrelid, c.relname, n.nspname, kind.is_check,
			       regexp_replace(replace(kind.text, ' AS "nullif"', ''), '[()[:space:]]|::text', '', 'g') AS said
			FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid JOIN pg_namespace n ON n.oid = c.relnamespace,
			LATERAL (VALUES (false, pg_get_expr(p.polqual, p.polrelid)), (true, pg_get_expr(p.polwithcheck, p.polrelid))) kind (is_check, text)
			WHERE ` + ours + ` AND kind.text IS NOT NULL AND p.polpermissive
			AND (0 = ANY (p.polroles) OR (SELECT oid FROM pg_roles WHERE rolname = 'landlord_customer') = ANY (p.polroles))
		)
		SELECT format('policy %I on %I.%I: lets the customer''s role see more than a customer (%s)', polname, nspname, relname, said)
		FROM text, LATERAL (SELECT
			EXISTS (SELECT FROM pg_attribute WHERE attrelid = polrelid AND attname = 'framework' AND attnum > 0) AND relname <> 'customer' AS framed,
			'SELECTNULLIFcurrent_setting''landlord.customer'',true,''''' AS customer_set,
			'SELECTNULLIFcurrent_setting''landlord.framework'',true,''''' AS framework_set) AS l
		WHERE NOT (
			relname = 'migration' AND said = 'true'
			OR relname = 'customer' AND said = 'key=' || customer_set
			OR relname = 'guardrail' AND said = 'framework=' || framework_set
			OR relname = 'attempt' AND said = 'who=SELECTNULLIFcurrent_setting''landlord.attempt'',true,'''''
			OR relname = 'outbox' AND is_check AND said = 'customerISNULLORcustomer=' || customer_set
			OR NOT framed AND said = 'customer=' || customer_set
			OR framed AND said = 'customer=' || customer_set || 'ANDframework=' || framework_set
			OR framed AND said = 'customer=' || customer_set || 'ANDframeworkISNULLORframework=' || framework_set
			OR framed AND is_check AND starts_with(said, 'customer=' || customer_set || 'ANDframework=' || framework_set || 'ANDactor_kind=ANY'))
		ORDER BY 1`},

	{"privileges", `
		SELECT format('table %I.%I: %s has %s', n.nspname, c.relname, coalesce(r.rolname, 'everybody'), a.privilege_type)
		FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace, LATERAL aclexplode(c.relacl) a LEFT JOIN pg_roles r ON r.oid = a.grantee
		WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname NOT IN ('pg_catalog', 'information_schema')
		AND (a.grantee = 0 OR r.rolname IN ('landlord_operator', 'landlord_customer'))
		AND (a.grantee = 0 OR a.privilege_type NOT IN ('SELECT', 'INSERT', 'UPDATE', 'DELETE')
			OR n.nspname = 'river' AND r.rolname = 'landlord_customer'
			OR c.relname IN ('audit_entry', 'audit_seal') AND a.privilege_type IN ('UPDATE', 'DELETE'))
		UNION ALL
		SELECT format('schema %I: %s may create in it', n.nspname, r.rolname)
		FROM pg_namespace n, pg_roles r
		WHERE r.rolname IN ('landlord_operator', 'landlord_customer') AND has_schema_privilege(r.oid, n.oid, 'CREATE')
		UNION ALL
		SELECT format('schema river: landlord_customer may use it')
		FROM pg_namespace n WHERE n.nspname = 'river' AND has_schema_privilege('landlord_customer', n.oid, 'USAGE')
		UNION ALL
		SELECT format('database %I: %s has %s', d.datname, r.rolname, p)
		FROM pg_database d, pg_roles r, unnest(ARRAY['CREATE', 'TEMP']) p
		WHERE d.datname = current_database() AND r.rolname IN ('landlord_operator', 'landlord_customer') AND has_database_privilege(r.oid, d.oid, p)
		ORDER BY 1`},

	// Keys look through row-level security: one that does not begin with the customer tells
	// a customer whether another has such a row.
	{"keys", `
		SELECT format('%s %I on %I.%I: does not begin with the customer, so it tells one of another''s rows', k.kind, k.name, n.nspname, c.relname)
		FROM (
			SELECT 'foreign key' AS kind, conname AS name, conrelid AS rel, conkey[1] AS first FROM pg_constraint WHERE contype = 'f'
			UNION ALL
			SELECT 'unique key', i.relname, x.indrelid, x.indkey[0] FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid WHERE x.indisunique
			UNION ALL
			SELECT 'exclusion', conname, conrelid, conkey[1] FROM pg_constraint WHERE contype = 'x'
		) k
		JOIN pg_class c ON c.oid = k.rel JOIN pg_namespace n ON n.oid = c.relnamespace
		LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.first
		WHERE ` + ours + ` AND c.relname <> 'migration'
		AND (has_any_column_privilege('landlord_customer', c.oid, 'SELECT') OR has_any_column_privilege('landlord_customer', c.oid, 'INSERT')
			OR has_any_column_privilege('landlord_customer', c.oid, 'UPDATE') OR has_table_privilege('landlord_customer', c.oid, 'DELETE'))
		AND a.attname IS DISTINCT FROM (CASE c.relname WHEN 'customer' THEN 'key' WHEN 'guardrail' THEN 'framework' WHEN 'attempt' THEN 'who' ELSE 'customer' END)
		ORDER BY 1`},

	{"views", `
		SELECT format('view %I.%I: runs as its owner; make it WITH (security_invoker)', n.nspname, c.relname)
		FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE c.relkind = 'v' AND ` + ours + `
		AND NOT coalesce((SELECT option_value::boolean FROM pg_options_to_table(c.reloptions) WHERE option_name = 'security_invoker'), false)
		UNION ALL
		SELECT format('materialized view %I.%I: no policy binds it', n.nspname, c.relname)
		FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE c.relkind = 'm' AND ` + ours + `
		ORDER BY 1`},

	{"functions", `
		SELECT format('function %I.%I: runs as its owner (SECURITY DEFINER)', n.nspname, p.proname)
		FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
		WHERE p.prosecdef AND ` + ours + `
		ORDER BY 1`},

	{"triggers", `
		SELECT format('table public.%I: its trigger against changes is missing or off', t)
		FROM unnest(ARRAY['audit_entry', 'audit_seal']) t
		WHERE NOT EXISTS (SELECT FROM pg_trigger g WHERE g.tgrelid = ('public.' || t)::regclass AND g.tgname = t || '_stands' AND g.tgenabled IN ('O', 'A')
			AND g.tgtype & 56 = 56)
		ORDER BY 1`},
}
