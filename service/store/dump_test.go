package store_test

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"landlord/service/store"
	"landlord/service/store/storetest"
)

// digests are what every table holds, row by row.
func digests(t *testing.T, d storetest.Database, tables []store.Dumped) map[string]string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), d.URL(store.OwnerRole))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	all := map[string]string{}
	for _, w := range tables {
		var rows string
		if err := conn.QueryRow(t.Context(), `SELECT coalesce(string_agg(t::text, E'\n' ORDER BY t::text), '') FROM `+w.Name+` t`).Scan(&rows); err != nil {
			t.Fatal(err)
		}
		all[w.Name] = rows
	}
	return all
}

// TestDumpAndRestore: every row of every table comes back, into an empty database
// only, whole or not at all, and the house goes on from there.
func TestDumpAndRestore(t *testing.T) {
	h := build(t)
	s := h.database.Open(t)
	key := make(store.SealKey, 32)
	h.database.Exec(t, store.OwnerRole, `ALTER TABLE audit_seal DISABLE TRIGGER USER; DELETE FROM audit_seal; ALTER TABLE audit_seal ENABLE TRIGGER USER`)
	head, _, err := s.Seal(t.Context(), key, now, true)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	m, err := store.Dump(t.Context(), h.database.URL(store.OwnerRole), &b, now)
	if err != nil {
		t.Fatal(err)
	}
	if len(m.Tables) != len(h.tables)-1 || m.Rows() < 200 {
		t.Errorf("dumped %d of %d tables, %d rows", len(m.Tables), len(h.tables)-1, m.Rows())
	}
	want := digests(t, h.database, m.Tables)
	restore := func(d storetest.Database, dump []byte) error {
		_, err := store.Restore(t.Context(), d.URL(store.OwnerRole), bytes.NewReader(dump), int64(len(dump)), now)
		return err
	}
	into := storetest.Empty(t)
	for _, cut := range []int{0, 10, b.Len() / 2, b.Len() - 1} {
		if err := restore(into, b.Bytes()[:cut]); err == nil {
			t.Errorf("restored from a dump cut at %d", cut)
		}
	}
	for at := 60; at < b.Len(); at += b.Len() / 7 {
		broken := bytes.Clone(b.Bytes())
		broken[at] ^= 0x40
		d := storetest.Empty(t)
		if err := restore(d, broken); err == nil {
			if got := digests(t, d, m.Tables); !equal(got, want) {
				t.Errorf("a dump that is broken at %d was restored", at)
			}
		}
	}
	if err := restore(into, b.Bytes()); err != nil {
		t.Fatal(err)
	}
	if got := digests(t, into, m.Tables); !equal(got, want) {
		t.Errorf("restored %v\nwant %v", got, want)
	}
	if err := restore(into, b.Bytes()); err == nil || !strings.Contains(err.Error(), "not empty") {
		t.Errorf("restored over rows: %v", err)
	}
	again := into.Open(t) // protected as it was
	if v, err := again.VerifyAudit(t.Context(), key, head, now); err != nil || len(v.Faults) > 0 {
		t.Errorf("the restored audit log: %+v, %v", v, err)
	}
	operator(t, again, func(tx store.Tx) error {
		return tx.Audit(t.Context(), store.Entry{At: now, ActorKind: store.BySystem, Actor: "x", Action: "y"})
	})
	if got, added, err := again.Seal(t.Context(), key, now, true); err != nil || added != 1 || got.Seq != head.Seq+1 {
		t.Errorf("sealed %d up to %s, %v", added, got, err)
	}
}

func equal(a, b map[string]string) bool {
	for name := range a {
		if a[name] != b[name] {
			return false
		}
	}
	return len(a) == len(b)
}

// TestRestoreIsWholeOrNothing: rows that the schema refuses leave the database
// empty.
func TestRestoreIsWholeOrNothing(t *testing.T) {
	h := build(t)
	var b bytes.Buffer
	h.database.Exec(t, store.OwnerRole, `ALTER TABLE audit_seal DROP CONSTRAINT audit_seal_seq_check; UPDATE step SET n = n; INSERT INTO audit_seal SELECT -1, -1, at, hash FROM audit_seal LIMIT 1`)
	m, err := store.Dump(t.Context(), h.database.URL(store.OwnerRole), &b, now)
	if err != nil {
		t.Fatal(err)
	}
	into := storetest.Empty(t)
	_, err = store.Restore(t.Context(), into.URL(store.OwnerRole), bytes.NewReader(b.Bytes()), int64(b.Len()), now)
	if err == nil || !strings.Contains(err.Error(), "audit_seal") {
		t.Fatalf("restored what the schema refuses: %v", err)
	}
	for name, rows := range digests(t, into, m.Tables) {
		if rows != "" {
			t.Errorf("table %s has rows after a restore that failed", name)
		}
	}
	into.Open(t) // and is protected
}

func TestDumpOfNothing(t *testing.T) {
	if _, err := store.Dump(t.Context(), storetest.Empty(t).URL(store.OwnerRole), &bytes.Buffer{}, now); err == nil || !strings.Contains(err.Error(), "nothing to dump") {
		t.Errorf("got %v", err)
	}
	if _, err := store.Dump(t.Context(), storetest.Fresh(t).URL(store.OperatorRole), &bytes.Buffer{}, now); err == nil || !strings.Contains(err.Error(), "landlord_owner") {
		t.Errorf("dumped as the operator: %v", err)
	}
}
