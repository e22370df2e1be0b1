//go:build bundle && linux && amd64

package postgres

import (
	"log/slog"
	"path/filepath"
	"testing"
)

// TestBundle: the built-in PostgreSQL serves, as root below a folder of root's own
// too, and has what the schema asks for.
func TestBundle(t *testing.T) {
	o := Options{Dir: filepath.Join(private(t), "pg"), From: []Binaries{*bundle}, Log: slog.New(slog.DiscardHandler), Throwaway: true}
	s, err := Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Stop()
	must(t, s, `CREATE EXTENSION pg_trgm`)
	if got := must(t, s, `SELECT current_setting('server_version_num')::int / 10000`); got != "17" {
		t.Errorf("PostgreSQL %s serves", got)
	}
}
