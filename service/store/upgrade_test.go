//go:build bundle && linux && amd64

package store_test

import (
	"bytes"
	"log/slog"
	"path/filepath"
	"testing"

	"landlord/service/postgres"
	"landlord/service/store"
)

// TestToAnotherVersion: what one version of PostgreSQL kept, another keeps, as
// well protected. The machine's has to be another than the one built in.
func TestToAnotherVersion(t *testing.T) {
	from, err := postgres.Find()
	if err != nil {
		t.Fatal(err)
	}
	builtIn := from[len(from)-1]
	if from[0].Major == builtIn.Major {
		t.Fatalf("the machine's PostgreSQL is %d, as the built-in one: install another", builtIn.Major)
	}
	h := build(t)
	var b bytes.Buffer
	m, err := store.Dump(t.Context(), h.database.URL(store.OwnerRole), &b, now)
	if err != nil {
		t.Fatal(err)
	}
	server, err := postgres.Start(t.Context(), postgres.Options{Dir: filepath.Join(t.TempDir(), "pg"), Roles: store.Roles(), From: []postgres.Binaries{builtIn}, Log: slog.New(slog.DiscardHandler), Throwaway: true})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Stop()
	if err := store.Prepare(t.Context(), server.URL(postgres.Superuser, "postgres"), "landlord"); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Restore(t.Context(), server.URL(store.OwnerRole, "landlord"), bytes.NewReader(b.Bytes()), int64(b.Len()), now); err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(t.Context(), store.Logins{Operator: server.URL(store.OperatorRole, "landlord"), Customer: server.URL(store.CustomerRole, "landlord")})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	again := &bytes.Buffer{}
	got, err := store.Dump(t.Context(), server.URL(store.OwnerRole, "landlord"), again, now)
	if err != nil {
		t.Fatal(err)
	}
	for i, w := range m.Tables {
		if got.Tables[i].Digest != w.Digest {
			t.Errorf("table %s has other rows", w.Name)
		}
	}
}
