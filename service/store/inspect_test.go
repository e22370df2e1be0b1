package store_test

import (
	"errors"
	"strings"
	"testing"

	"landlord/service/postgres"
	"landlord/service/store"
	"landlord/service/store/storetest"
)

// TestUnprotected: each way to leave a hole is named, and the store does not
// open.
func TestUnprotected(t *testing.T) {
	for name, c := range map[string]struct{ as, do, undo, says string }{
		"a superuser":              {postgres.Superuser, `ALTER ROLE landlord_customer SUPERUSER`, `ALTER ROLE landlord_customer NOSUPERUSER`, "role landlord_customer: is a superuser"},
		"who bypasses policies":    {postgres.Superuser, `ALTER ROLE landlord_operator BYPASSRLS`, `ALTER ROLE landlord_operator NOBYPASSRLS`, "role landlord_operator: bypasses row-level security"},
		"a member":                 {postgres.Superuser, `GRANT landlord_operator TO landlord_customer`, `REVOKE landlord_operator FROM landlord_customer`, "role landlord_customer: is a member of another role"},
		"an owner":                 {postgres.Superuser, `ALTER TABLE contact OWNER TO landlord_operator`, ``, "role landlord_operator: owns tables"},
		"no policies":              {store.OwnerRole, `ALTER TABLE contact DISABLE ROW LEVEL SECURITY`, ``, "table public.contact: row-level security is off"},
		"an owner who is not held": {store.OwnerRole, `ALTER TABLE contact NO FORCE ROW LEVEL SECURITY`, ``, "table public.contact: row-level security does not bind its owner"},
		"a new table":              {store.OwnerRole, `CREATE TABLE leak (customer text)`, ``, "table public.leak: row-level security"},
		"a table in a new schema":  {store.OwnerRole, `CREATE SCHEMA side; CREATE TABLE side.leak (customer text)`, ``, "table side.leak: row-level security"},
		"a second policy":          {store.OwnerRole, `CREATE POLICY hole ON domain TO landlord_customer USING (name LIKE '%')`, ``, "policy hole on public.domain"},
		"a policy for all":         {store.OwnerRole, `CREATE POLICY hole ON domain USING (true)`, ``, "policy hole on public.domain"},
		"without the framework": {store.OwnerRole, `DROP POLICY customer ON check_result; CREATE POLICY customer ON check_result TO landlord_customer
			USING (customer = (select nullif(current_setting('landlord.customer', true), '')))`, ``, "policy customer on public.check_result"},
		"truncate":                  {store.OwnerRole, `GRANT TRUNCATE ON contact TO landlord_customer`, ``, "table public.contact: landlord_customer has TRUNCATE"},
		"everybody":                 {store.OwnerRole, `GRANT SELECT ON person TO PUBLIC`, ``, "table public.person: everybody has SELECT"},
		"changing the audit log":    {store.OwnerRole, `GRANT UPDATE ON audit_entry TO landlord_operator`, ``, "table public.audit_entry: landlord_operator has UPDATE"},
		"creating":                  {store.OwnerRole, `GRANT CREATE ON SCHEMA public TO landlord_customer`, ``, "schema public: landlord_customer may create"},
		"temporary tables":          {store.OwnerRole, `DO $$BEGIN EXECUTE format('GRANT TEMP ON DATABASE %I TO landlord_customer', current_database()); END$$`, ``, "landlord_customer has TEMP"},
		"River's schema":            {store.OwnerRole, `GRANT USAGE ON SCHEMA river TO landlord_customer`, ``, "schema river: landlord_customer may use it"},
		"a key across customers":    {store.OwnerRole, `CREATE UNIQUE INDEX across ON contact (email)`, ``, "unique key across on public.contact"},
		"a foreign key":             {store.OwnerRole, `ALTER TABLE contact ADD COLUMN person text, ADD CONSTRAINT across FOREIGN KEY (person) REFERENCES person`, ``, "foreign key across on public.contact"},
		"a view":                    {store.OwnerRole, `CREATE VIEW leak AS SELECT email FROM contact`, ``, "view public.leak: runs as its owner"},
		"a materialized view":       {store.OwnerRole, `CREATE MATERIALIZED VIEW leak AS SELECT email FROM contact`, ``, "materialized view public.leak"},
		"a function":                {store.OwnerRole, `CREATE FUNCTION leak() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS 'SELECT count(*) FROM contact'`, ``, "function public.leak: runs as its owner"},
		"the audit log's trigger":   {store.OwnerRole, `ALTER TABLE audit_entry DISABLE TRIGGER audit_entry_stands`, ``, "table public.audit_entry: its trigger"},
		"a trigger that is missing": {store.OwnerRole, `DROP TRIGGER audit_seal_stands ON audit_seal`, ``, "table public.audit_seal: its trigger"},
	} {
		t.Run(name, func(t *testing.T) {
			d := storetest.Fresh(t)
			if c.undo != "" {
				defer d.Exec(t, postgres.Superuser, c.undo)
			}
			d.Open(t)
			d.Exec(t, c.as, c.do)
			s, err := store.Open(t.Context(), d.Logins())
			if err == nil {
				s.Close()
				t.Fatal("opened")
			}
			if fault, is := errors.AsType[*store.UnprotectedError](err); !is || !strings.Contains(fault.Faults[0], c.says) {
				t.Errorf("got %v, want %q", err, c.says)
			}
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
