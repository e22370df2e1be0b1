package store_test

import (
	"strings"
	"testing"

	"landlord/service/store"
	"landlord/service/store/storetest"
)

// TestMigrate: from nothing, twice, by several at once; a database that another
// build made is refused and left as it is.
func TestMigrate(t *testing.T) {
	d := storetest.Empty(t)
	owner := d.URL(store.OwnerRole)
	before, err := store.Status(t.Context(), owner)
	if err != nil || len(before) == 0 || !before[0].AppliedAt.IsZero() {
		t.Fatalf("an empty database has %v, %v", before, err)
	}
	if _, err := store.Open(t.Context(), d.Logins()); err == nil || !strings.Contains(err.Error(), "landlord db migrate") {
		t.Errorf("an empty database was opened: %v", err)
	}
	type result struct {
		applied []store.Migration
		err     error
	}
	results := make(chan result)
	for range 3 {
		go func() {
			applied, err := store.Migrate(t.Context(), owner, now)
			results <- result{applied, err}
		}()
	}
	total := 0
	for range 3 {
		r := <-results
		if r.err != nil {
			t.Error(r.err)
		}
		total += len(r.applied)
	}
	if want := len(store.Migrations()); total != want {
		t.Errorf("applied %d migrations, want %d", total, want)
	}
	after, err := store.Status(t.Context(), d.URL(store.CustomerRole))
	if err != nil || !after[len(after)-1].AppliedAt.Equal(now) {
		t.Errorf("status %v, %v", after, err)
	}
	d.Open(t)
	for sql, says := range map[string]string{
		`UPDATE migration SET digest = 'x' WHERE version = 1`:                               "made by another build",
		`INSERT INTO migration SELECT 99, 'future', 'x', applied_at FROM migration LIMIT 1`: "newer one",
	} {
		d := storetest.Fresh(t)
		d.Exec(t, store.OwnerRole, sql)
		if _, err := store.Migrate(t.Context(), d.URL(store.OwnerRole), now); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: migrated: %v", sql, err)
		}
		if _, err := store.Open(t.Context(), d.Logins()); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: opened: %v", sql, err)
		}
	}
	if _, err := store.Migrate(t.Context(), storetest.Empty(t).URL("postgres"), now); err == nil || !strings.Contains(err.Error(), "landlord_owner") {
		t.Errorf("migrated as the superuser: %v", err)
	}
}
