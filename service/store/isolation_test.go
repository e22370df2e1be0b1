package store_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"landlord/service/store"
	"landlord/service/store/storetest"
)

// house is a database with customers of two frameworks and rows of every kind for
// each of them.
type house struct {
	database storetest.Database
	tables   []table
	keys     []string
	framed   map[string]string // framework by key
	operator *pgx.Conn
	store    *store.Store
}

// table is what the catalogue says of one.
type table struct {
	name    string
	columns []string
	owner   string // the column that says whose a row is; "" for none
	framed  bool
}

// ofFramework are the tables whose rows are no customer's, but of all of a framework.
var ofFramework = map[string]bool{"guardrail": true, "tier": true}

var operations = []string{"SELECT", "INSERT", "UPDATE", "DELETE"}

// rows fill every table: of customer K and framework F, with a number N of its own.
var rows = map[string]string{
	"customer":       `(key, name, tier, framework, state, price_cents, currency, search, updated_at) VALUES (K, K, 'tier', F, 'wanted', 1, 'USD', K, T)`,
	"contact":        `(customer, email, name, role) VALUES (K, K || '@example.com', K, 'primary')`,
	"domain":         `(customer, name) VALUES (K, K || '.example.com')`,
	"former_key":     `(customer, key) VALUES (K, 'former ' || K)`,
	"contact_link":   `(customer, hash, email, created_at, expires_at) VALUES (K, H, K || '@example.com', T, T + interval '1 hour')`,
	"attempt":        `(who, at, until) VALUES (K, '{2026-03-01}', T)`,
	"check_result":   `(customer, framework, id, title, passed, detail, at) VALUES (K, F, 'policies', 't', true, '', T), (K, 'another framework', 'policies', 't', true, '', T)`,
	"guardrail":      `(framework, sid, says) VALUES (F, K, 'forbids')`,
	"portfolio":      `(version, text, digest, author, at, note) VALUES (N, K, repeat('0', 64), K, T, '')`,
	"run":            `(id, kind, state, portfolio, asked_by, asked_at) VALUES (K, 'apply', 'waiting', N, K, T)`,
	"step":           `(run, n, customer, kind, what, state) VALUES (K, 1, K, 'account', K, 'waiting')`,
	"run_part":       `(run, part, customer, n, class, waiting, running, done, failed, skipped) VALUES (K, K, K, 1, 2, 1, 0, 0, 0, 0)`,
	"person":         `(id, email, name, role, created_at) VALUES (K, K || '@example.com', K, 'owner', T)`,
	"person_session": `(id, person, hash, address, agent, created_at, seen_at, expires_at) VALUES (K, K, H, '', '', T, T, T + interval '1 hour')`,
	"person_link":    `(hash, person, created_at, expires_at) VALUES (H, K, T, T + interval '1 hour')`,
	"person_token":   `(id, person, name, hash, scopes, created_at, expires_at) VALUES (K, K, K, H, '{read}', T, T + interval '1 hour')`,
	"member":         `(customer, email, name, role, created_at) VALUES (K, K || '@example.com', K, 'admin', T)`,
	"member_session": `(customer, id, email, hash, address, agent, created_at, seen_at, expires_at) VALUES (K, K, K || '@example.com', H, '', '', T, T, T + interval '1 hour')`,
	"member_link":    `(customer, hash, email, created_at, expires_at) VALUES (K, H, K || '@example.com', T, T + interval '1 hour')`,
	"member_token":   `(customer, id, email, name, hash, scopes, created_at, expires_at) VALUES (K, K, K || '@example.com', K, H, '{read}', T, T + interval '1 hour')`,
	"outbox":         `(customer, kind, payload, at) VALUES (K, 'ask', '{}', T)`,
	"idempotency":    `(customer, actor, key, digest, at) VALUES (K, K, K, H, T)`,
	"device_login":   `(code, spoken, name, source, created_at, expires_at) VALUES (H, H, K, '', T, T + interval '1 hour')`,
	"setting":        `(key, value) VALUES (K, '1')`,
	"audit_entry": `(at, actor_kind, actor, action, customer, framework, source) VALUES (T, 'member', K, 'signed in', K, F, ''), (T, 'system', K, 'checked', K, NULL, ''),
		(T, 'system', K, 'checked', K, 'another framework', ''), (T, 'system', K, 'checked', 'former ' || K, F, ''), (T, 'system', K, 'checked', 'former ' || K, 'another framework', '')`,
	"audit_seal":        `(seq, entry, at, hash) VALUES (N, N, T, H)`,
	"identity_provider": `(customer, issuer, client, secret, scopes, claim, admins, members, changed_at) VALUES (K, 'https://login.example.com', K, H, '{}', 'groups', '{}', '{}', T)`,
	"finding": `(customer, thing, name, account, method, region, resource, status, suppressed, since, at, hash, reason, batch, frameworks) VALUES (K, substr(H, 1, 16), 'own', '222233334444', 'api', '', K, 'pass', false, T, T, H, '', K, string_to_array(F, '|')),
		(K, substr(H, 9, 16), 'elsewhere', '222233334444', 'api', '', K, 'pass', false, T, T, H, '', K, '{another}'),
		(K, substr(H, 5, 16), 'elsewhere', '222233334444', 'api', '', K, 'pass', false, T, T, H, '', K, '{}')`,
	"check_history":     `(customer, name, day, at, status, frameworks) VALUES (K, 'own', '2026-03-01', T, 'pass', string_to_array('another|' || F, '|')), (K, 'elsewhere', '2026-03-01', T, 'pass', '{another}')`,
	"assessment":        `(customer, first_at, last_at, findings) VALUES (K, T, T, 1)`,
	"posture":           `(customer, framework, mapping, as_of, computed_at, pass, fail, error, manual, not_applicable, not_assessed, firm_pass, firm_of, fix_first, unmapped_checks, unmapped_findings, elsewhere_checks, elsewhere_findings, controls) VALUES (K, F, '1', T, T, 1, 0, 0, 0, 0, 0, 1, 1, '', 0, 0, 0, 0, 'p'), (K, 'another framework', '1', T, T, 1, 0, 0, 0, 0, 0, 1, 1, '', 0, 0, 0, 0, 'p')`,
	"posture_day":       `(customer, framework, day, pass, of) VALUES (K, F, '2026-03-01', 1, 1), (K, 'another framework', '2026-03-01', 1, 1)`,
	"finding_batch":     `(id, digest, file, format, by, at, records, findings, duplicates, customers, queued, skipped) VALUES (K, repeat('0', 64), K, 'csv', K, T, 1, 1, 0, 1, 0, '{}')`,
	"unowned_finding":   `(account, thing, name, method, region, resource, status, suppressed, since, at, hash, reason, batch) VALUES ('999999999999', substr(H, 1, 16), 'own', 'api', '', K, 'pass', false, T, T, H, '', K)`,
	"account_owner":     `(account, customer, by, at) VALUES (lpad(N || '', 12, '0'), K, K, T)`,
	"tier_tally":        `(day, tier, framework, customers, assessed, pass, of) VALUES ('2026-03-01', K, F, 1, 1, 1, 1)`,
	"control_tally":     `(day, tier, framework, place, catalogue, control, pass, fail, error, manual, not_applicable, not_assessed) VALUES ('2026-03-01', K, F, 0, K, K, 1, 0, 0, 0, 0, 0)`,
	"tier":              `(framework, key, name, provider, regions) VALUES (F, 'tier of ' || K, K, K, '{}')`,
	"usage_import":      `(source, account, period, currency, digest, file, format, rows, lines, billed, effective, by, at) VALUES ('aws', K, '2026-03-01', 'USD', repeat('0', 64), K, 'FOCUS 1.2', 1, 1, 1, 1, K, T)`,
	"usage_day":         `(customer, period, import, account, day, service, region, category, billed, effective) VALUES (K, '2026-03-01', N, '222233334444', '2026-03-01', K, '', 'Usage', 1, 1)`,
	"usage_pool":        `(pool, period, import, account, day, service, region, category, billed, effective) VALUES ('tax', '2026-03-01', N, '', '2026-03-01', K, '', 'Tax', 1, 1)`,
	"mail":              `(digest, at, peer, relayed, sender, recipients, raw) VALUES (H, T, '', false, K, '{}', H)`,
	"ticket":            `(customer, id, subject, requester, opened_at, updated_at) VALUES (K, 'aaaaaaaaaa', K, K, T, T)`,
	"ticket_message":    `(customer, ticket, n, author, at, text) VALUES (K, 'aaaaaaaaaa', 1, K, T, K)`,
	"ticket_attachment": `(customer, ticket, n, part, name, type, content) VALUES (K, 'aaaaaaaaaa', 1, 1, K, 'text/plain', H)`,
	"ticket_note":       `(customer, ticket, n, author, at, text) VALUES (K, 'aaaaaaaaaa', 1, K, T, K)`,
	"ticket_event":      `(customer, ticket, n, at, act, by) VALUES (K, 'aaaaaaaaaa', 1, T, 'asked', K)`,
	"ticket_letter":     `(customer, ticket, n, recipient) VALUES (K, 'aaaaaaaaaa', 1, K)`,

	"invoice_draft":  `(customer, month, total_cents, currency, terms, lines, made_at, issue_from, held) VALUES (K, '2026-03', 1, 'USD', '{}', '[]', T, T, '')`,
	"invoice":        `(customer, number, series, n, month, state, currency, total_cents, lines, terms, issued_at, due_on, reason) VALUES (K, 'INV-' || lpad(N || '', 6, '0'), 'INV', N, '2026-02', 'issued', 'USD', 1, 1, '{}', T, '2026-04-01', '')`,
	"invoice_line":   `(customer, number, n, kind, description, how, amount_cents) VALUES (K, 'INV-' || lpad(N || '', 6, '0'), 1, 'subscription', K, K, 1)`,
	"invoice_number": `(series, n) VALUES ('INV', N)`,
	"payment":        `(customer, number, reference, amount_cents, method, paid_on, by, at) VALUES (K, 'INV-' || lpad(N || '', 6, '0'), K, 1, 'transfer', '2026-03-01', K, T)`,

	"migration": "", // has its own
}

// build makes a house. A table that is not in rows fails the test: whoever adds one
// says here what is in it.
func build(t *testing.T) *house {
	t.Helper()
	h := &house{database: storetest.Fresh(t), framed: map[string]string{}}
	conn, err := pgx.Connect(t.Context(), h.database.URL(store.OperatorRole))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	h.operator, h.store = conn, h.database.Open(t)
	found, _ := h.operator.Query(t.Context(), `
		SELECT c.relname, array_agg(a.attname::text ORDER BY a.attnum)
		FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
		WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped
		GROUP BY 1 ORDER BY 1`)
	tables, err := pgx.CollectRows(found, func(row pgx.CollectableRow) (w table, err error) {
		err = row.Scan(&w.name, &w.columns)
		return w, err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range tables {
		if _, known := rows[w.name]; !known {
			t.Fatalf("table %s is new: say in rows what is in it", w.name)
		}
		w.framed = slices.Contains(w.columns, "framework") && w.name != "customer"
		switch {
		case w.name == "customer":
			w.owner = "key"
		case w.name == "attempt":
			w.owner = "who"
		case slices.Contains(w.columns, "customer"):
			w.owner = "customer"
		}
		h.tables = append(h.tables, w)
	}
	order := []string{"customer", "contact", "domain", "check_result", "guardrail", "portfolio", "run", "step", "person", "member", "ticket", "ticket_message"}
	for n := range 12 {
		key, framework := fmt.Sprintf("c%d", n), []string{"SOC 2", "CIS", "HIPAA"}[n%3]
		h.keys = append(h.keys, key)
		h.framed[key] = framework
		invoiced := &strings.Builder{} // its rows hold each other to account when their transaction ends
		fill := strings.NewReplacer("K", "'"+key+"'", "F", "'"+framework+"'", "T", "timestamptz '2026-03-01 00:00Z'",
			"N", fmt.Sprint(n+1), "H", fmt.Sprintf("sha256('%d')", n))
		done := map[string]bool{"migration": true}
		names := append([]string{}, order...)
		for _, w := range h.tables {
			names = append(names, w.name)
		}
		for _, name := range names {
			if done[name] {
				continue
			}
			done[name] = true
			columns, values, _ := strings.Cut(rows[name], " VALUES ")
			insert := `INSERT INTO ` + name + ` ` + columns + ` VALUES ` + spare(values, fill)
			if strings.HasPrefix(name, "invoice") || name == "payment" {
				invoiced.WriteString(insert + ";\n")
				continue
			}
			h.database.Exec(t, store.OperatorRole, insert)
		}
		h.database.Exec(t, store.OperatorRole, invoiced.String())
	}
	return h
}

// spare replaces the single capital letters of values, and leaves words alone.
func spare(values string, r *strings.Replacer) string {
	var b strings.Builder
	for word := range strings.FieldsFuncSeq(strings.NewReplacer(",", "\x00,\x00", "(", "\x00(\x00", ")", "\x00)\x00", " ", "\x00 \x00").Replace(values), func(r rune) bool { return r == 0 }) {
		if len(word) == 1 {
			word = r.Replace(word)
		}
		b.WriteString(word)
	}
	return b.String()
}

// refused reports that PostgreSQL says no: there is no such privilege, or a policy
// is against it.
func refused(err error) bool {
	e, is := errors.AsType[*pgconn.PgError](err)
	return is && e.Code == "42501"
}

// try runs fn in a customer's scope, entered as the server enters it, and takes back
// what it did.
func (h *house) try(t *testing.T, key string, fn func(pgx.Tx) error) (err error) {
	t.Helper()
	back := errors.New("takes it back")
	entered := h.store.Customer(t.Context(), key, func(tx store.Tx) error {
		if _, err := tx.Exec(t.Context(), `SELECT set_config('landlord.attempt', $1, true)`, key); err != nil {
			return err
		}
		err = fn(tx.Tx)
		return back
	})
	if !errors.Is(entered, back) {
		return fmt.Errorf("enter the scope of %s: %w", key, entered)
	}
	return err
}

func (h *house) count(t *testing.T, q interface {
	QueryRow(context.Context, string, ...any) pgx.Row
}, sql string, args ...any) (n int, err error) {
	t.Helper()
	err = q.QueryRow(t.Context(), sql, args...).Scan(&n)
	return n, err
}

// cross tries one operation of customer a upon the rows of b in a table, and of
// all others, and tells what is wrong: what crossed, or what of its own a lacks.
func (h *house) cross(t *testing.T, a, b string, w table, operation string) (fault string) {
	t.Helper()
	may := false
	if err := h.operator.QueryRow(t.Context(), `SELECT has_any_column_privilege($1, $2, $3)`, store.CustomerRole, w.name, operation).Scan(&may); err != nil && operation != "DELETE" {
		t.Fatal(err)
	}
	if operation == "DELETE" {
		if err := h.operator.QueryRow(t.Context(), `SELECT has_table_privilege($1, $2, 'DELETE')`, store.CustomerRole, w.name).Scan(&may); err != nil {
			t.Fatal(err)
		}
	}
	say := func(format string, args ...any) string {
		return fmt.Sprintf("%s of %s by %s upon %s: ", operation, w.name, a, b) + fmt.Sprintf(format, args...)
	}
	if may && w.owner == "" && !ofFramework[w.name] && w.name != "migration" {
		return say("the customer's role has a privilege on a table that says of no row whose it is")
	}
	if !may {
		bare := map[string]string{"SELECT": `SELECT count(*) FROM ` + w.name, "INSERT": `INSERT INTO ` + w.name + ` DEFAULT VALUES`,
			"UPDATE": `UPDATE ` + w.name + ` SET ` + w.columns[len(w.columns)-1] + ` = NULL`, "DELETE": `DELETE FROM ` + w.name}
		err := h.try(t, a, func(tx pgx.Tx) error {
			_, err := tx.Exec(t.Context(), bare[operation])
			return err
		})
		if !refused(err) {
			return say("without a privilege it gave %v", err)
		}
		return ""
	}
	foreign := w.owner + ` IS DISTINCT FROM $1`
	mine := w.owner + ` = $1`
	if w.name == "audit_entry" { // those under the keys that it had are its own
		mine = `customer IN ($1, 'former ' || $1)`
		foreign = `NOT coalesce(` + mine + `, false)`
	}
	if w.framed {
		foreign = `(` + foreign + ` OR framework <> $2)`
		mine += ` AND (framework IS NULL OR framework = $2)`
	}
	if slices.Contains(w.columns, "frameworks") { // which the role may not read: what is of others is called so
		foreign = `(` + foreign + ` OR name <> 'own')`
		mine += ` AND $2 = ANY (frameworks)`
	}
	if ofFramework[w.name] {
		foreign, mine = `$1::text IS NOT NULL AND framework <> $2`, `$1::text IS NOT NULL AND framework = $2`
	}
	if w.name == "migration" {
		foreign, mine = `false`, `true`
	}
	args := []any{a, h.framed[a]}[:1+min(1, strings.Count(mine, "$2"))]
	if w.name == "migration" {
		args = nil
	}
	err := h.try(t, a, func(tx pgx.Tx) error {
		switch operation {
		case "SELECT":
			n, err := h.count(t, tx, `SELECT count(*) FROM `+w.name+` WHERE `+foreign, args[:min(len(args), 1+strings.Count(foreign, "$2"))]...)
			if err != nil {
				return err
			}
			if n > 0 {
				fault = say("sees %d rows of others", n)
			}
			want, err := h.count(t, h.operator, `SELECT count(*) FROM `+w.name+` WHERE `+mine, args...)
			if err != nil {
				t.Fatal(err)
			}
			got, err := h.count(t, tx, `SELECT count(*) FROM `+w.name)
			if err == nil && (got != want || want == 0) {
				fault = say("sees %d rows of its own, want %d", got, want)
			}
			return err
		case "INSERT":
			var row json.RawMessage
			if err := h.operator.QueryRow(t.Context(), `SELECT to_json(t) FROM `+w.name+` t WHERE `+w.owner+` = $1 LIMIT 1`, b).Scan(&row); err != nil {
				t.Fatal(err)
			}
			list := strings.Join(h.granted(t, w, "INSERT"), ", ")
			_, err := tx.Exec(t.Context(), `INSERT INTO `+w.name+` (`+list+`) SELECT `+list+` FROM json_populate_record(NULL::`+w.name+`, $1)`, row)
			if err == nil {
				fault = say("wrote a row of another")
			} else if !refused(err) {
				fault = say("was refused by something else than a policy: %v", err)
			}
			return nil
		case "UPDATE":
			column := h.granted(t, w, "UPDATE")[0]
			tag, err := tx.Exec(t.Context(), `UPDATE `+w.name+` SET `+column+` = `+column+` WHERE `+w.owner+` = $1`, b)
			if tag.RowsAffected() > 0 {
				fault = say("changed %d rows", tag.RowsAffected())
			}
			if err != nil {
				return err
			}
			tag, err = tx.Exec(t.Context(), `UPDATE `+w.name+` SET `+column+` = `+column)
			if err == nil && tag.RowsAffected() == 0 {
				fault = say("cannot change its own")
			}
			return err
		default:
			tag, err := tx.Exec(t.Context(), `DELETE FROM `+w.name+` WHERE `+w.owner+` = $1`, b)
			if tag.RowsAffected() > 0 {
				fault = say("deleted %d rows", tag.RowsAffected())
			}
			if err != nil {
				return err
			}
			tag, err = tx.Exec(t.Context(), `DELETE FROM `+w.name)
			if err == nil && tag.RowsAffected() != 1 {
				fault = say("deleted %d rows in place of its own one", tag.RowsAffected())
			}
			return err
		}
	})
	if fault == "" && err != nil {
		return say("with a privilege it gave %v", err)
	}
	return fault
}

// granted are the columns of a table upon which the customer's role has a privilege.
func (h *house) granted(t *testing.T, w table, privilege string) (columns []string) {
	t.Helper()
	for _, column := range w.columns {
		var may bool
		if err := h.operator.QueryRow(t.Context(), `SELECT has_column_privilege($1, $2, $3, $4)`, store.CustomerRole, w.name, column, privilege).Scan(&may); err != nil {
			t.Fatal(err)
		}
		if may {
			columns = append(columns, column)
		}
	}
	if len(columns) == 0 {
		return w.columns
	}
	return columns
}

// matrix is every table and operation, for one pair of customers.
func (h *house) matrix(t *testing.T, a, b string) (faults []string) {
	t.Helper()
	for _, w := range h.tables {
		for _, operation := range operations {
			if fault := h.cross(t, a, b, w, operation); fault != "" {
				faults = append(faults, fault)
			}
		}
	}
	return faults
}

// TestNothingCrosses: every table × operation for every customer, and 1,000 random
// pairs.
func TestNothingCrosses(t *testing.T) {
	h := build(t)
	for i, key := range h.keys {
		for _, fault := range h.matrix(t, key, h.keys[(i+1)%len(h.keys)]) {
			t.Error(fault)
		}
	}
	seed := uint64(1)
	r := rand.New(rand.NewPCG(seed, 0))
	for range 1000 {
		a, b := h.keys[r.IntN(len(h.keys))], h.keys[r.IntN(len(h.keys))]
		if a == b {
			continue
		}
		w, operation := h.tables[r.IntN(len(h.tables))], operations[r.IntN(len(operations))]
		if fault := h.cross(t, a, b, w, operation); fault != "" {
			t.Errorf("seed %d: %s", seed, fault)
		}
	}
}

// TestOperatorSeesAll: the operator's role does all that it may, and changes no
// audit log and nothing that was invoiced or paid.
func TestOperatorSeesAll(t *testing.T) {
	h := build(t)
	for _, w := range h.tables {
		n, err := h.count(t, h.operator, `SELECT count(*) FROM `+w.name)
		if err != nil || n < 1 {
			t.Errorf("%s: %d rows, %v", w.name, n, err)
		}
		last := w.columns[len(w.columns)-1]
		for operation, sql := range map[string]string{"UPDATE": `UPDATE ` + w.name + ` SET ` + last + ` = ` + last + ` WHERE false`, "DELETE": `DELETE FROM ` + w.name + ` WHERE false`,
			"TRUNCATE": `TRUNCATE ` + w.name} {
			fixed := strings.HasPrefix(w.name, "audit_") || w.name == "migration" || operation == "TRUNCATE" ||
				slices.Contains([]string{"invoice_line", "invoice_number", "payment"}, w.name) || w.name == "invoice" && operation == "DELETE"
			if _, err := h.operator.Exec(t.Context(), sql); refused(err) != fixed || err != nil && !refused(err) {
				t.Errorf("%s of %s by the operator: %v", operation, w.name, err)
			}
		}
	}
	for _, sql := range []string{`UPDATE audit_entry SET actor = 'x'`, `DELETE FROM audit_seal`} {
		conn, err := pgx.Connect(t.Context(), h.database.URL(store.OwnerRole))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Exec(t.Context(), sql); err == nil || !strings.Contains(err.Error(), "never changed") {
			t.Errorf("%s by the owner: %v", sql, err)
		}
		conn.Close(t.Context())
	}
}

// TestMatrixNeedsEveryPolicy: without any one of the policies that hold customers,
// or with one that lets everything through, the matrix fails, and so does Open where a policy is too wide.
func TestMatrixNeedsEveryPolicy(t *testing.T) {
	h := build(t)
	found, _ := h.operator.Query(t.Context(), `
		SELECT c.relname, p.polname, p.polcmd::text FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid
		WHERE (SELECT oid FROM pg_roles WHERE rolname = 'landlord_customer') = ANY (p.polroles) AND c.relname <> 'migration' ORDER BY 1, 2`)
	type policy struct{ Table, Name, Command string }
	policies, err := pgx.CollectRows(found, pgx.RowToStructByPos[policy])
	if err != nil {
		t.Fatal(err)
	}
	if len(policies) < 10 {
		t.Fatalf("found only %d policies", len(policies))
	}
	for _, p := range policies {
		old := definition(t, h, p.Table, p.Name)
		drop := `DROP POLICY ` + p.Name + ` ON ` + p.Table
		h.database.Exec(t, store.OwnerRole, drop)
		if faults := h.matrix(t, h.keys[0], h.keys[1]); len(faults) == 0 && p.Table != "outbox" {
			t.Errorf("without policy %s of %s nothing is amiss", p.Name, p.Table)
		}
		wide := `CREATE POLICY ` + p.Name + ` ON ` + p.Table + ` TO landlord_customer USING (true)`
		h.database.Exec(t, store.OwnerRole, wide)
		if faults := h.matrix(t, h.keys[0], h.keys[1]); len(faults) == 0 {
			t.Errorf("with policy %s of %s wide open nothing is amiss", p.Name, p.Table)
		}
		if _, err := store.Open(t.Context(), h.database.Logins()); err == nil || !strings.Contains(err.Error(), "policy "+p.Name+" on public."+p.Table) {
			t.Errorf("with policy %s of %s wide open the store opened: %v", p.Name, p.Table, err)
		}
		h.database.Exec(t, store.OwnerRole, drop+`; `+old)
	}
	if faults := h.matrix(t, h.keys[0], h.keys[1]); len(faults) > 0 {
		t.Errorf("with all policies as they were: %v", faults)
	}
}

// definition is the statement that makes a policy of the customer's role.
func definition(t *testing.T, h *house, table, name string) (sql string) {
	t.Helper()
	err := h.operator.QueryRow(t.Context(), `
		SELECT format('CREATE POLICY %I ON %I FOR %s TO landlord_customer%s%s', polname, $1::text,
			CASE polcmd WHEN 'a' THEN 'INSERT' WHEN 'r' THEN 'SELECT' ELSE 'ALL' END,
			' USING (' || pg_get_expr(polqual, polrelid) || ')', ' WITH CHECK (' || pg_get_expr(polwithcheck, polrelid) || ')')
		FROM pg_policy WHERE polrelid = $1::text::regclass AND polname = $2`, table, name).Scan(&sql)
	if err != nil {
		t.Fatal(err)
	}
	return sql
}
