package store_test

import (
	"errors"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"landlord/service/control"
	"landlord/service/postgres"
	"landlord/service/store"
	"landlord/service/store/storetest"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestCatalogue: what the migrations make, with and without the tables of the
// jobs, is what the server expects, to the letter. -update writes it down anew.
func TestCatalogue(t *testing.T) {
	d := storetest.Fresh(t)
	if _, err := control.Migrate(t.Context(), d.URL(store.OwnerRole), now); err != nil {
		t.Fatal(err)
	}
	got, err := store.Catalogue(t.Context(), d.URL(store.CustomerRole))
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile("catalogue.txt", []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return // the one that is built in is older
	}
	if want, err := os.ReadFile("catalogue.txt"); err != nil || got != string(want) {
		t.Errorf("catalogue.txt is not what the migrations make: write it anew with -update, and read what changed (%v)", err)
	}
	d.Open(t)
	storetest.New(t)
}

// TestKeysBeginWithTheCustomer: keys look through row-level security, and one that
// does not begin with the customer tells a customer whether another has such a row.
func TestKeysBeginWithTheCustomer(t *testing.T) {
	d := storetest.Fresh(t)
	conn, err := pgx.Connect(t.Context(), d.URL(store.CustomerRole))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	across := func() []string {
		rows, _ := conn.Query(t.Context(), `
			SELECT format('%s %I on %I', k.kind, k.name, c.relname)
			FROM (
				SELECT 'foreign key' AS kind, conname AS name, conrelid AS rel, conkey[1] AS first FROM pg_constraint WHERE contype = 'f'
				UNION ALL
				SELECT 'unique key', i.relname, x.indrelid, x.indkey[0] FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid WHERE x.indisunique
				UNION ALL
				SELECT 'exclusion', conname, conrelid, conkey[1] FROM pg_constraint WHERE contype = 'x'
			) k
			JOIN pg_class c ON c.oid = k.rel
			LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.first
			WHERE c.relnamespace = 'public'::regnamespace AND c.relname <> 'migration'
			AND (has_any_column_privilege(c.oid, 'SELECT') OR has_any_column_privilege(c.oid, 'INSERT')
				OR has_any_column_privilege(c.oid, 'UPDATE') OR has_table_privilege(c.oid, 'DELETE'))
			AND a.attname IS DISTINCT FROM (CASE c.relname WHEN 'customer' THEN 'key' WHEN 'guardrail' THEN 'framework' WHEN 'tier' THEN 'framework' WHEN 'attempt' THEN 'who' ELSE 'customer' END)
			ORDER BY 1`)
		found, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	if found := across(); len(found) > 0 {
		t.Errorf("these do not: %q", found)
	}
	d.Exec(t, store.OwnerRole, `CREATE UNIQUE INDEX across ON contact (email)`)
	if found := across(); len(found) != 1 {
		t.Errorf("with one that does not, found %q", found)
	}
}

// A change is what somebody did to a database, and whether it is named.
type change struct{ name, as, do, undo, says string }

const (
	owner = store.OwnerRole
	admin = postgres.Superuser
)

// reporting is a login of somebody else, with its removal.
const (
	reporting   = `CREATE ROLE reporting LOGIN; `
	noReporting = `DROP OWNED BY reporting; DROP ROLE reporting`
)

// inThis has a statement name this database, as %I.
func inThis(sql string) string {
	return `DO $do$BEGIN EXECUTE format($sql$` + sql + `$sql$, current_database()); END$do$`
}

const own = `(SELECT nullif(current_setting('landlord.customer', true), ''))`

// TestUnprotected: each way to leave a hole is named, and the store does not
// open.
func TestUnprotected(t *testing.T) {
	for _, c := range []change{
		{"a superuser", admin, `ALTER ROLE landlord_customer SUPERUSER`, `ALTER ROLE landlord_customer NOSUPERUSER`, "role landlord_customer: is a superuser"},
		{"who bypasses policies", admin, `ALTER ROLE landlord_operator BYPASSRLS`, `ALTER ROLE landlord_operator NOBYPASSRLS`, "role landlord_operator: bypasses row-level security"},
		{"an owner who bypasses policies", admin, `ALTER ROLE landlord_owner BYPASSRLS`, `ALTER ROLE landlord_owner NOBYPASSRLS`, "role landlord_owner: bypasses row-level security"},
		{"who makes roles", admin, `ALTER ROLE landlord_customer CREATEROLE CREATEDB REPLICATION`, `ALTER ROLE landlord_customer NOCREATEROLE NOCREATEDB NOREPLICATION`, "role landlord_customer: may create roles, may create databases, may replicate"},
		{"a member", admin, `GRANT landlord_operator TO landlord_customer`, `REVOKE landlord_operator FROM landlord_customer`, "role landlord_customer: is a member of landlord_operator"},
		{"a member of what reads all", admin, `GRANT pg_read_all_data TO landlord_operator`, `REVOKE pg_read_all_data FROM landlord_operator`, "role landlord_operator: is a member of pg_read_all_data"},
		{"an owner that is a member", admin, `GRANT pg_execute_server_program TO landlord_owner`, `REVOKE pg_execute_server_program FROM landlord_owner`, "role landlord_owner: is a member of pg_execute_server_program"},
		{"somebody else as a member", admin, reporting + `GRANT landlord_operator TO reporting`, `REVOKE landlord_operator FROM reporting; ` + noReporting, "role reporting: is a member of landlord_operator"},
		{"somebody else who may hand a role out", admin, reporting + `GRANT landlord_owner TO reporting WITH ADMIN OPTION`, `REVOKE landlord_owner FROM reporting; ` + noReporting, "role reporting: is a member of landlord_owner"},
		{"an operator who owns a table", admin, `ALTER TABLE contact OWNER TO landlord_operator`, ``, "table public.contact: is owned by landlord_operator"},
		{"somebody else who owns a table", admin, reporting + `ALTER TABLE contact OWNER TO reporting`, `ALTER TABLE contact OWNER TO landlord_owner; ` + noReporting, "table public.contact: is owned by reporting"},
		{"somebody else who owns the database", admin, reporting + inThis(`ALTER DATABASE %I OWNER TO reporting`), inThis(`ALTER DATABASE %I OWNER TO landlord_owner`) + `; ` + noReporting, "is owned by reporting"},
		{"somebody else who owns a schema", admin, reporting + `ALTER SCHEMA public OWNER TO reporting`, `ALTER SCHEMA public OWNER TO pg_database_owner; ` + noReporting, "schema public: is owned by reporting"},

		{"no row-level security", owner, `ALTER TABLE contact DISABLE ROW LEVEL SECURITY`, ``, "table public.contact: is owned by landlord_owner, row-level security is off"},
		{"an owner who is not held", owner, `ALTER TABLE contact NO FORCE ROW LEVEL SECURITY`, ``, "row-level security does not bind its owner"},
		{"a new table", owner, `CREATE TABLE leak (customer text)`, ``, "table public.leak: is owned by landlord_owner, row-level security is off; that should not be"},
		{"a table in a new schema", owner, `CREATE SCHEMA side; CREATE TABLE side.leak (customer text)`, ``, "schema side: is owned by landlord_owner"},
		{"a table called migration in another schema", owner, `CREATE SCHEMA side; CREATE TABLE side.migration AS SELECT * FROM contact; GRANT USAGE ON SCHEMA side TO landlord_customer; GRANT SELECT ON side.migration TO landlord_customer`, ``, "table side.migration: "},
		{"a copy that everybody reads", admin, `CREATE SCHEMA side; CREATE TABLE side.copy AS SELECT * FROM contact; GRANT USAGE ON SCHEMA side TO PUBLIC; GRANT SELECT ON side.copy TO PUBLIC`, ``, "table side.copy: everybody has SELECT"},
		{"a column of a copy", admin, `CREATE SCHEMA side; CREATE TABLE side.copy AS SELECT * FROM contact; GRANT SELECT (email) ON side.copy TO landlord_customer`, ``, "table side.copy: landlord_customer has SELECT (email)"},
		{"a child without policies", owner, `CREATE TABLE leak () INHERITS (contact); GRANT SELECT ON leak TO landlord_customer`, ``, "table leak: inherits contact"},
		{"a child elsewhere", admin, `CREATE SCHEMA side; CREATE TABLE side.leak () INHERITS (contact)`, ``, "table side.leak: inherits contact"},
		{"a table put into an extension", owner, `CREATE TABLE leak AS SELECT * FROM contact; GRANT SELECT ON leak TO landlord_customer; ALTER EXTENSION pg_trgm ADD TABLE leak`, ``, "table public.leak: "},

		{"a second policy", owner, `CREATE POLICY hole ON domain TO landlord_customer USING (name LIKE '%')`, ``, "policy hole on public.domain"},
		{"a policy for all", owner, `CREATE POLICY hole ON domain USING (true)`, ``, "policy hole on public.domain: permits all to everybody"},
		{"a policy for somebody else", admin, reporting + `CREATE POLICY hole ON domain TO reporting USING (true)`, noReporting, "policy hole on public.domain: permits all to reporting"},
		{"without the framework", owner, `ALTER POLICY customer ON check_result USING (customer = ` + own + `)`, ``, "policy customer on public.check_result"},
		{"other parentheses", owner, `ALTER POLICY customer ON audit_entry USING ((customer = ` + own + ` AND framework IS NULL) OR framework = (SELECT nullif(current_setting('landlord.framework', true), '')))`, ``, "policy customer on public.audit_entry"},
		{"a check that always passes", owner, `ALTER POLICY customer ON audit_entry WITH CHECK (customer = ` + own + ` AND framework = (SELECT nullif(current_setting('landlord.framework', true), '')) AND actor_kind IN ('member', 'token') OR true)`, ``, "policy customer on public.audit_entry"},
		{"a wider check", owner, `ALTER POLICY customer ON contact WITH CHECK (true)`, ``, "policy customer on public.contact"},
		{"a policy with somebody more", owner, `ALTER POLICY operator ON person TO landlord_operator, landlord_customer`, ``, "policy operator on public.person: permits all to landlord_customer, landlord_operator"},
		{"a policy that is gone", owner, `DROP POLICY customer ON contact`, ``, "policy customer on public.contact: is missing"},

		{"a rule", owner, `CREATE RULE hole AS ON INSERT TO contact DO ALSO INSERT INTO guardrail VALUES (new.email, new.name, new.customer)`, ``, "rule hole on public.contact"},
		{"a rule that does nothing in place", owner, `CREATE RULE hole AS ON INSERT TO audit_entry DO INSTEAD NOTHING`, ``, "rule hole on public.audit_entry"},
		{"a trigger", owner, `CREATE TRIGGER hole BEFORE INSERT ON contact FOR EACH ROW EXECUTE FUNCTION audit_stands()`, ``, "trigger hole on public.contact"},
		{"the audit log's trigger off", owner, `ALTER TABLE audit_entry DISABLE TRIGGER audit_entry_stands`, ``, "trigger audit_entry_stands on public.audit_entry: is off"},
		{"the audit log's trigger for replicas", owner, `ALTER TABLE audit_entry ENABLE REPLICA TRIGGER audit_entry_stands`, ``, "trigger audit_entry_stands on public.audit_entry: is on for some"},
		{"the audit log's trigger gone", owner, `DROP TRIGGER audit_seal_stands ON audit_seal`, ``, "trigger audit_seal_stands on public.audit_seal: is missing"},
		{"a trigger that never runs", owner, `CREATE OR REPLACE TRIGGER audit_entry_stands BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entry FOR EACH STATEMENT WHEN (false) EXECUTE FUNCTION audit_stands()`, ``, "trigger audit_entry_stands on public.audit_entry: is on: "},
		{"a trigger's function that lets all through", owner, `CREATE OR REPLACE FUNCTION audit_stands() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NULL; END$$`, ``, "function public.audit_stands()"},
		{"foreign keys off", admin, `ALTER TABLE contact DISABLE TRIGGER ALL`, ``, "trigger contact_customer_fkey on public.contact"},

		{"truncate", owner, `GRANT TRUNCATE ON contact TO landlord_customer`, ``, "table public.contact: landlord_customer has DELETE, INSERT, SELECT, TRUNCATE"},
		{"changing one's customer", owner, `GRANT UPDATE ON customer TO landlord_customer`, ``, "table public.customer: landlord_customer has SELECT, UPDATE, UPDATE (search)"},
		{"changing one column more", owner, `GRANT UPDATE (framework) ON customer TO landlord_customer`, ``, "table public.customer: landlord_customer has SELECT, UPDATE (framework, search)"},
		{"handing a privilege on", owner, `GRANT SELECT ON contact TO landlord_customer WITH GRANT OPTION`, ``, "SELECT with grant option"},
		{"everybody", owner, `GRANT SELECT ON person TO PUBLIC`, ``, "table public.person: everybody has SELECT"},
		{"everybody, of a column", owner, `GRANT SELECT (hash) ON person_session TO PUBLIC`, ``, "table public.person_session: everybody has SELECT (hash)"},
		{"somebody else", admin, reporting + `GRANT SELECT ON contact TO reporting`, noReporting, "table public.contact: reporting has SELECT"},
		{"somebody else, of a column", admin, reporting + `GRANT SELECT (email) ON contact TO reporting`, noReporting, "table public.contact: reporting has SELECT (email)"},
		{"changing the audit log", owner, `GRANT UPDATE ON audit_entry TO landlord_operator`, ``, "table public.audit_entry: landlord_operator has INSERT, SELECT, UPDATE"},
		{"a sequence", owner, `GRANT UPDATE ON SEQUENCE audit_entry_id_seq TO landlord_customer`, ``, "sequence public.audit_entry_id_seq: landlord_customer has UPDATE"},
		{"creating", owner, `GRANT CREATE ON SCHEMA public TO landlord_customer`, ``, "schema public: landlord_customer has CREATE"},
		{"everybody creating", admin, `CREATE SCHEMA side; GRANT CREATE ON SCHEMA side TO PUBLIC`, ``, "schema side: everybody has CREATE"},
		{"temporary tables", owner, inThis(`GRANT TEMP ON DATABASE %I TO landlord_customer`), ``, "landlord_customer has TEMP"},
		{"schemas in the database", owner, inThis(`GRANT CREATE ON DATABASE %I TO PUBLIC`), ``, "landlord_customer has CREATE"},
		{"River's schema", owner, `GRANT USAGE ON SCHEMA river TO landlord_customer`, ``, "schema river: landlord_customer has USAGE"},
		{"what River will make", owner, `ALTER DEFAULT PRIVILEGES IN SCHEMA river GRANT SELECT ON TABLES TO landlord_customer`, ``, "default privileges of landlord_owner in river on tables: landlord_customer has SELECT"},
		{"what the owner will make", owner, `ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC`, ``, "default privileges of landlord_owner on tables: everybody has SELECT"},
		{"reading files", admin, `GRANT EXECUTE ON FUNCTION pg_read_file(text) TO PUBLIC`, ``, "function pg_catalog.pg_read_file(pg_catalog.text): everybody has EXECUTE"},
		{"large objects from files", admin, `GRANT EXECUTE ON FUNCTION lo_import(text) TO landlord_customer`, ``, "landlord_customer has EXECUTE"},
		{"PostgreSQL's own tables", admin, `GRANT SELECT (rolpassword) ON pg_authid TO landlord_customer`, `REVOKE SELECT (rolpassword) ON pg_authid FROM landlord_customer`, "table pg_catalog.pg_authid: landlord_customer has SELECT (rolpassword)"},
		{"a language", admin, `GRANT USAGE ON LANGUAGE plpgsql TO landlord_customer WITH GRANT OPTION`, ``, "language plpgsql: landlord_customer has USAGE with grant option"},
		{"a foreign server", admin, `CREATE FOREIGN DATA WRAPPER away; CREATE SERVER elsewhere FOREIGN DATA WRAPPER away; GRANT USAGE ON FOREIGN SERVER elsewhere TO PUBLIC`, ``, "server elsewhere: everybody has USAGE"},
		{"a tablespace", admin, `GRANT CREATE ON TABLESPACE pg_default TO landlord_customer`, `REVOKE CREATE ON TABLESPACE pg_default FROM landlord_customer`, "tablespace pg_default: landlord_customer has CREATE"},
		{"a large object", admin, `SELECT lo_create(4711); GRANT SELECT ON LARGE OBJECT 4711 TO PUBLIC`, ``, "large object 4711: everybody has SELECT"},
		{"a parameter", admin, `GRANT SET ON PARAMETER session_replication_role TO landlord_operator`, `REVOKE SET ON PARAMETER session_replication_role FROM landlord_operator`, "session_replication_role: landlord_operator has SET"},

		{"a key across customers", owner, `CREATE UNIQUE INDEX across ON contact (email)`, ``, "index public.across: CREATE UNIQUE INDEX"},
		{"a foreign key", owner, `ALTER TABLE contact ADD COLUMN person text, ADD CONSTRAINT across FOREIGN KEY (person) REFERENCES person`, ``, "constraint across on public.contact"},
		{"a rule of rows that is gone", owner, `ALTER TABLE member DROP CONSTRAINT member_role_check`, ``, "constraint member_role_check on public.member: is missing"},
		{"a default that calls somebody's function", admin, `CREATE SCHEMA side; CREATE FUNCTION side.f() RETURNS text LANGUAGE sql AS 'SELECT ''''::text'; ALTER TABLE run ALTER summary SET DEFAULT side.f()`, ``, "column public.run.summary: text not null default side.f()"},
		{"a column in which more is equal", admin, `CREATE COLLATION loose (provider = icu, locale = 'und-u-ks-level1', deterministic = false); DROP POLICY customer ON idempotency;
			ALTER TABLE idempotency ALTER customer TYPE text COLLATE loose; CREATE POLICY customer ON idempotency TO landlord_customer USING (customer = ` + own + `)`, ``, "column public.idempotency.customer: text collate loose"},
		{"a generated column", admin, `ALTER TABLE person ADD COLUMN twice text GENERATED ALWAYS AS (name || name) STORED`, ``, "column public.person.twice: text generated as"},
		{"ids of entries that are chosen", owner, `ALTER TABLE audit_entry ALTER id SET GENERATED BY DEFAULT`, ``, "column public.audit_entry.id: bigint not null numbered; it should be: bigint not null always numbered"},
		{"an audit log that a crash empties", owner, `ALTER TABLE audit_entry SET UNLOGGED`, ``, "is empty after a crash"},
		{"a function of an extension, replaced", admin, `CREATE OR REPLACE FUNCTION similarity(text, text) RETURNS real LANGUAGE sql AS 'SELECT 1::real'`, ``, "function public.similarity(text, text): is not pg_trgm's own"},
		{"a cast", admin, `CREATE CAST (text AS int) WITH INOUT AS IMPLICIT`, ``, "cast from text to integer"},
		{"a view", owner, `CREATE VIEW leak AS SELECT email FROM contact`, ``, "view public.leak: is owned by landlord_owner, runs as its owner"},
		{"a view of somebody else", admin, reporting + `CREATE SCHEMA side AUTHORIZATION reporting; CREATE VIEW side.leak AS SELECT email FROM contact; GRANT SELECT ON side.leak TO reporting`, `DROP SCHEMA side CASCADE; ` + noReporting, "view side.leak: reads or writes public.contact"},
		{"a materialized view", owner, `CREATE MATERIALIZED VIEW leak AS SELECT email FROM contact`, ``, "materialized view public.leak"},
		{"a foreign table", admin, `CREATE FOREIGN DATA WRAPPER away; CREATE SERVER elsewhere FOREIGN DATA WRAPPER away; CREATE FOREIGN TABLE leak (customer text) SERVER elsewhere`, ``, "foreign table public.leak"},
		{"a function that runs as its owner", owner, `CREATE FUNCTION leak() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS 'SELECT count(*) FROM contact'`, ``, "function public.leak(): is owned by landlord_owner, in sql, runs as its owner"},
		{"such a function in River's schema", owner, `CREATE FUNCTION river.leak() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS 'SELECT count(*) FROM contact'`, ``, "function river.leak(): is owned by landlord_owner, in sql, runs as its owner"},
		{"such a function anywhere", admin, `CREATE SCHEMA side; CREATE FUNCTION side.leak() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS 'SELECT count(*) FROM public.contact'`, ``, "function side.leak(): runs as its owner (SECURITY DEFINER), postgres"},
		{"a function that is pg_read_file by another name", admin, `CREATE SCHEMA side; CREATE FUNCTION side.leak(text) RETURNS text LANGUAGE internal AS 'pg_read_file_all'`, ``, "function side.leak(text): can do what its language, internal, can"},
		{"a function that shadows PostgreSQL's", owner, `CREATE FUNCTION lower(varchar) RETURNS text LANGUAGE sql AS 'SELECT $1::text'`, ``, "function public.lower(character varying)"},
		{"one found before landlord's", admin, `CREATE FUNCTION pg_catalog.audit_stands() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NULL; END$$`, ``, "function pg_catalog.audit_stands(): is found before"},
		{"what the policies ask, replaced", admin, `CREATE OR REPLACE FUNCTION pg_catalog.texteq(text, text) RETURNS boolean LANGUAGE sql IMMUTABLE STRICT LEAKPROOF AS 'SELECT true'`, ``, "function pg_catalog.texteq(text, text)"},
		{"what finds a session, replaced", admin, `CREATE OR REPLACE FUNCTION pg_catalog.byteaeq(bytea, bytea) RETURNS boolean LANGUAGE sql IMMUTABLE STRICT LEAKPROOF AS 'SELECT true'`, ``, "operator pg_catalog.=(pg_catalog.bytea,pg_catalog.bytea): compares by byteaeq(bytea,bytea), in sql"},
		{"an index that calls somebody's function", admin, `CREATE SCHEMA side; CREATE FUNCTION side.f(text, text) RETURNS int LANGUAGE sql IMMUTABLE SECURITY DEFINER AS 'SELECT 0'; REVOKE ALL ON FUNCTION side.f(text, text) FROM PUBLIC;
			CREATE OPERATOR CLASS side.loose FOR TYPE text USING btree AS OPERATOR 1 <, OPERATOR 3 =, FUNCTION 1 side.f(text, text); CREATE INDEX sly ON contact (name side.loose)`, ``, "index public.sly"},
		{"an operator", owner, `CREATE FUNCTION same(text, varchar) RETURNS boolean LANGUAGE sql AS 'SELECT true'; CREATE OPERATOR = (LEFTARG = text, RIGHTARG = varchar, FUNCTION = same)`, ``, "operator public.="},

		{"a role's search path", admin, `ALTER ROLE landlord_customer SET search_path = side, public`, `ALTER ROLE landlord_customer RESET ALL`, "settings of role landlord_customer: search_path=side, public"},
		{"row-level security off", store.CustomerRole, `ALTER ROLE landlord_customer SET row_security = off`, `ALTER ROLE landlord_customer RESET ALL`, `login landlord_customer: has row_security "off"`},
		{"a role's customer", admin, `ALTER ROLE landlord_customer SET landlord.customer = 'acme'`, `ALTER ROLE landlord_customer RESET ALL`, `login landlord_customer: begins as customer "acme"`},
		{"a role's keys", admin, `ALTER ROLE landlord_customer SET landlord.keys = '{acme}'`, `ALTER ROLE landlord_customer RESET ALL`, `login landlord_customer: begins with the keys "{acme}"`},
		{"what a role loads", admin, `ALTER ROLE landlord_operator SET session_preload_libraries = 'auto_explain'`, `ALTER ROLE landlord_operator RESET ALL`, "settings of role landlord_operator: session_preload_libraries=auto_explain"},
		{"the owner's search path", admin, `ALTER ROLE landlord_owner SET search_path = side, public`, `ALTER ROLE landlord_owner RESET ALL`, "settings of role landlord_owner: search_path"},
		{"a setting of the database", admin, inThis(`ALTER DATABASE %I SET session_replication_role = replica`), ``, `has session_replication_role "replica"`},
		{"a setting of all roles", admin, `ALTER ROLE ALL SET search_path = side, public`, `ALTER ROLE ALL RESET ALL`, "settings of all roles: search_path=side, public"},
		{"a schema by the name of a role", admin, `CREATE SCHEMA landlord_owner`, ``, "schema landlord_owner: comes before public"},

		{"a publication of all", admin, `CREATE PUBLICATION away FOR ALL TABLES`, ``, "publication away: carries what landlord keeps"},
		{"a publication of one table", admin, `CREATE PUBLICATION away FOR TABLE contact`, ``, "publication away: carries what landlord keeps"},
		{"a publication of a schema", admin, `CREATE PUBLICATION away FOR TABLES IN SCHEMA public`, ``, "publication away: carries what landlord keeps"},
		{"an event trigger", admin, `CREATE SCHEMA side; CREATE FUNCTION side.f() RETURNS event_trigger LANGUAGE plpgsql AS $$BEGIN END$$; CREATE EVENT TRIGGER watch ON ddl_command_end EXECUTE FUNCTION side.f()`, ``, "event trigger watch: runs side.f at ddl_command_end"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := storetest.Fresh(t)
			if c.undo != "" {
				defer d.Exec(t, admin, c.undo)
			}
			d.Exec(t, c.as, c.do)
			s, err := store.Open(t.Context(), d.Logins())
			if err == nil {
				s.Close()
				t.Fatal("opened")
			}
			if fault, is := errors.AsType[*store.UnprotectedError](err); !is || !strings.Contains(strings.Join(fault.Faults, "\n"), c.says) {
				t.Errorf("got %v, want %q", err, c.says)
			}
		})
	}
}

// TestUnprotectedJobs: the tables of the jobs are looked at as closely.
func TestUnprotectedJobs(t *testing.T) {
	for do, says := range map[string]string{
		`GRANT SELECT ON river.river_job TO landlord_customer`:                                                     "table river.river_job: landlord_customer has SELECT",
		`GRANT SELECT (args) ON river.river_job TO PUBLIC`:                                                         "table river.river_job: everybody has SELECT (args)",
		`CREATE TRIGGER hole BEFORE INSERT ON river.river_job FOR EACH ROW EXECUTE FUNCTION public.audit_stands()`: "trigger hole on river.river_job",
		`CREATE VIEW river.leak AS SELECT * FROM river.river_job`:                                                  "view river.leak",
		`ALTER FUNCTION river.river_job_state_in_bitmask(bit, river.river_job_state) SECURITY DEFINER`:             "function river.river_job_state_in_bitmask(bitmask bit, state river.river_job_state): is owned by landlord_owner, in sql, runs as its owner",
		`CREATE RULE hole AS ON INSERT TO river.river_job DO INSTEAD NOTHING`:                                      "rule hole on river.river_job",
	} {
		d := storetest.Fresh(t)
		if _, err := control.Migrate(t.Context(), d.URL(store.OwnerRole), now); err != nil {
			t.Fatal(err)
		}
		d.Exec(t, owner, do)
		if s, err := store.Open(t.Context(), d.Logins()); err == nil {
			s.Close()
			t.Errorf("%s: opened", do)
		} else if !strings.Contains(err.Error(), says) {
			t.Errorf("%s: got %v, want %q", do, err, says)
		}
	}
}

// TestNeighbours: what an administrator keeps in the same server or database, and
// what gives landlord's roles nothing, is no reason not to serve.
func TestNeighbours(t *testing.T) {
	const app = `CREATE ROLE app LOGIN; `
	const noApp = `DROP OWNED BY app; DROP ROLE app`
	for _, c := range []change{
		{"another program's schema", admin, app + `CREATE SCHEMA app AUTHORIZATION app; SET ROLE app; CREATE TABLE app.thing (n int PRIMARY KEY); CREATE VIEW app.things AS SELECT n FROM app.thing;
			ALTER DEFAULT PRIVILEGES IN SCHEMA app GRANT SELECT ON TABLES TO postgres; GRANT SELECT ON app.thing TO PUBLIC; RESET ROLE`, `DROP SCHEMA app CASCADE; ` + noApp, ""},
		{"another program's function", admin, app + `CREATE SCHEMA app; CREATE FUNCTION app.f() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'; REVOKE ALL ON FUNCTION app.f() FROM PUBLIC; GRANT EXECUTE ON FUNCTION app.f() TO app`, noApp, ""},
		{"another program's publication", admin, `CREATE SCHEMA app; CREATE TABLE app.thing (n int); CREATE PUBLICATION app FOR TABLE app.thing`, ``, ""},
		{"settings of another role", admin, app + `ALTER ROLE app SET search_path = app; ALTER ROLE app CREATEDB; GRANT pg_monitor TO app`, noApp, ""},
		{"limits of time and memory", admin, `ALTER ROLE landlord_customer SET statement_timeout = '10s'; ALTER ROLE landlord_operator SET work_mem = '16MB'; ` + inThis(`ALTER DATABASE %I SET log_min_duration_statement = '1s'`), `ALTER ROLE landlord_customer RESET ALL; ALTER ROLE landlord_operator RESET ALL`, ""},
		{"a password", store.CustomerRole, `ALTER ROLE landlord_customer PASSWORD 'x'`, `ALTER ROLE landlord_customer PASSWORD NULL`, ""},
		{"a database of a superuser", admin, inThis(`ALTER DATABASE %I OWNER TO postgres`), ``, ""},
		{"an index for speed", owner, `CREATE INDEX faster ON contact (name)`, ``, ""},
		{"who may connect", admin, app + inThis(`GRANT CONNECT ON DATABASE %I TO app`), inThis(`REVOKE ALL ON DATABASE %I FROM app`) + `; ` + noApp, ""},
		{"who made the roles", admin, `CREATE ROLE app CREATEROLE; DO $$BEGIN IF current_setting('server_version_num')::int >= 160000 THEN EXECUTE 'GRANT landlord_owner TO app WITH ADMIN TRUE, INHERIT FALSE, SET FALSE'; END IF; END$$`, `REVOKE landlord_owner FROM app; ` + noApp, ""},
		{"an extension", admin, `DO $$BEGIN IF EXISTS (SELECT FROM pg_available_extensions WHERE name = 'pg_stat_statements') THEN CREATE EXTENSION pg_stat_statements; END IF; END$$`, ``, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := storetest.Fresh(t)
			if c.undo != "" {
				defer d.Exec(t, admin, c.undo)
			}
			d.Exec(t, c.as, c.do)
			d.Open(t).Close()
		})
	}
}

func TestWrongLogins(t *testing.T) {
	d := storetest.Fresh(t)
	for name, l := range map[string]store.Logins{
		"exchanged":     {Operator: d.URL(store.CustomerRole), Customer: d.URL(store.OperatorRole)},
		"the owner":     {Operator: d.URL(store.OwnerRole), Customer: d.URL(store.CustomerRole)},
		"the superuser": {Customer: d.URL(postgres.Superuser)},
	} {
		if s, err := store.Open(t.Context(), l); err == nil {
			s.Close()
			t.Errorf("%s: opened", name)
		}
	}
	s, err := store.Open(t.Context(), store.Logins{Customer: d.URL(store.CustomerRole)})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Operator(t.Context(), func(store.Tx) error { return nil }); !errors.Is(err, store.ErrNoOperator) {
		t.Errorf("a server for the portal only entered the operator's scope: %v", err)
	}
}
