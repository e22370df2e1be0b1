package store_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"landlord/business/usage"
	"landlord/internal/money"
	"landlord/org"
	"landlord/service/store"
	"landlord/service/store/storetest"
)

// usageHouse is a house with two customers and their accounts.
func usageHouse(t testing.TB) (storetest.Database, *store.Store) {
	d := storetest.Fresh(t)
	for n, key := range []string{"acme", "bolt"} {
		d.Exec(t, store.OperatorRole, fmt.Sprintf(`INSERT INTO customer (key, name, tier, framework, state, account, price_cents, currency, search, updated_at)
			VALUES ('%s', '%s', 'tier', 'SOC 2', 'active', '11112222333%d', 1, 'USD', '%s', '2026-03-01 00:00Z')`, key, key, n, key))
	}
	return d, d.Open(t)
}

var (
	usageOwners = map[org.AccountID]string{"111122223330": "acme", "111122223331": "bolt"}
	usageLines  = []usage.Line{
		{Account: "111122223330", Day: "2026-01-01", Service: "Amazon S3", Region: "us-east-1", Category: "Usage", Billed: "0.00000000000000000000000001", Effective: "0"},
		{Account: "111122223330", Day: "2026-01-02", Service: "Amazon S3", Region: "us-east-1", Category: "Usage", Billed: "12.5", Effective: "12.25"},
		{Account: "111122223331", Day: "2026-01-02", Service: "Amazon EC2", Region: "", Category: "Usage", Billed: "1", Effective: "2"},
		{Account: "111122223339", Day: "2026-01-02", Service: "Amazon EC2", Region: "", Category: "Usage", Billed: "0.3", Effective: "0.3"},
		{Account: "999988887777", Day: "2026-01-02", Service: "Tax", Region: "", Category: "Tax", Billed: "-0.1", Effective: "-0.1"},
	}
)

// put imports lines as those of January.
func put(t testing.TB, s *store.Store, source string, lines []usage.Line) (got store.UsageImport, changed bool, err error) {
	t.Helper()
	var billed, effective money.Sum
	for _, l := range lines {
		billed.Add(l.Billed)
		effective.Add(l.Effective)
	}
	return putAs(t, s, store.UsageImport{Source: source, Billed: billed.Metered(), Effective: effective.Metered()}, lines)
}

func putAs(t testing.TB, s *store.Store, in store.UsageImport, lines []usage.Line) (got store.UsageImport, changed bool, err error) {
	owned := usage.Attribute(lines, "999988887777", usageOwners)
	in.Account, in.Month, in.Currency, in.Digest, in.Format, in.Rows, in.By, in.At = "999988887777", "2026-01", "USD", usage.Digest(owned), "FOCUS 1.2", int64(len(lines)), "tests", time.Date(2026, 2, 3, 0, 0, 0, 0, time.UTC)
	if in.Source == "fewer" {
		in.Source, in.Fewer = "aws", true
	}
	err = s.Operator(t.Context(), func(tx store.Tx) (err error) {
		got, changed, err = tx.PutUsage(t.Context(), in, owned)
		return err
	})
	return got, changed, err
}

// costs reads what January cost the customers, and what is nobody's.
func costs(t *testing.T, s *store.Store) (version int64, all []string) {
	t.Helper()
	err := s.Operator(t.Context(), func(tx store.Tx) error {
		v, err := tx.UsageVersion(t.Context(), "2026-01")
		own, err1 := tx.UsageCosts(t.Context(), "2026-01", "")
		pools, err2 := tx.PoolCosts(t.Context(), "2026-01")
		for _, c := range own {
			all = append(all, fmt.Sprint(c.Customer, " ", c.Service, " ", c.Billed, " ", c.Effective))
		}
		for _, p := range pools {
			all = append(all, fmt.Sprint(p.Pool, " ", p.Service, " ", p.Billed, " ", p.Effective))
		}
		version = v
		return errors.Join(err, err1, err2)
	})
	if err != nil {
		t.Fatal(err)
	}
	return version, all
}

// TestUsageIsReplaced: a month counts as it came in last; what came in before, or
// does not sum to its file, or is another source's, changes nothing.
func TestUsageIsReplaced(t *testing.T) {
	_, s := usageHouse(t)
	first, changed, err := put(t, s, "aws", usageLines)
	if err != nil || !changed || first.Lines != 5 {
		t.Fatalf("the first import: %+v, %v, %v", first, changed, err)
	}
	want := []string{"acme Amazon S3 12.50000000000000000000000001 12.25", "bolt Amazon EC2 1 2", "tax Tax -0.1 -0.1", "unknown Amazon EC2 0.3 0.3"}
	still := func(what string, version int64) {
		t.Helper()
		if v, got := costs(t, s); v != version || !slices.Equal(got, want) {
			t.Errorf("after %s: version %d, %q, want %d, %q", what, v, got, version, want)
		}
	}
	still("the first import", first.ID)
	other := slices.Clone(usageLines)
	slices.Reverse(other)
	if again, changed, err := put(t, s, "aws", other); err != nil || changed || again.ID != first.ID {
		t.Errorf("the same lines again: %+v, %v, %v", again, changed, err)
	}
	if _, _, err := put(t, s, "copy", usageLines); !errors.Is(err, store.ErrTaken) {
		t.Errorf("another source's: %v", err)
	}
	other[0].Billed = "7"
	if _, _, err := putAs(t, s, store.UsageImport{Source: "aws", Billed: first.Billed, Effective: first.Effective}, other); !errors.Is(err, store.ErrSum) {
		t.Errorf("lines that do not sum to their file: %v", err)
	}
	if _, _, err := put(t, s, "aws", usageLines[2:]); !errors.Is(err, store.ErrFewer) {
		t.Errorf("two rows less: %v", err)
	}
	still("what changes nothing", first.ID)

	second, changed, err := put(t, s, "fewer", usageLines[2:])
	if err != nil || !changed || second.ID <= first.ID {
		t.Fatalf("the second import: %+v, %v, %v", second, changed, err)
	}
	want = want[1:]
	still("the second import", second.ID)
	err = s.Operator(t.Context(), func(tx store.Tx) error {
		all, err := tx.UsageImports(t.Context(), "2026-01", 10)
		if len(all) != 2 || all[0].ReplacedAt != nil || all[1].ReplacedAt == nil || all[1].Billed != "13.70000000000000000000000001" {
			t.Errorf("the imports: %+v", all)
		}
		if _, err := tx.Rename(t.Context(), "bolt", "bolts", second.At); err != nil {
			return err
		}
		own, err1 := tx.UsageCosts(t.Context(), "2026-01", "bolts")
		if len(own) != 1 {
			t.Errorf("under its new key: %+v", own)
		}
		return errors.Join(err, err1)
	})
	if err != nil {
		t.Error(err)
	}
}

// TestUsageOfACustomer: whoever reads in a customer's scope reads its own.
func TestUsageOfACustomer(t *testing.T) {
	_, s := usageHouse(t)
	if _, _, err := put(t, s, "aws", usageLines); err != nil {
		t.Fatal(err)
	}
	err := s.Customer(t.Context(), "bolt", func(tx store.Tx) error {
		own, err := tx.UsageCosts(t.Context(), "2026-01", "")
		if len(own) != 1 || own[0] != (store.UsageCost{Customer: "bolt", Service: "Amazon EC2", Billed: "1", Effective: "2"}) {
			t.Errorf("bolt sees %+v", own)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// BenchmarkPutUsage is the import of a month of 1,000 accounts.
func BenchmarkPutUsage(b *testing.B) {
	_, s := usageHouse(b)
	for n := 0; b.Loop(); n++ {
		var lines []usage.Line
		for account := range 1000 {
			for day := range 31 {
				for service := range 5 {
					lines = append(lines, usage.Line{
						Account: org.AccountID(fmt.Sprintf("11112222%04d", account)), Day: fmt.Sprintf("2026-01-%02d", day+1), Service: fmt.Sprintf("Amazon service %d", service), Region: "us-east-1",
						Category: "Usage", Billed: money.Metered(fmt.Sprintf("%d.0000123", n+account)), Effective: "1.25",
					})
				}
			}
		}
		if _, changed, err := put(b, s, "aws", lines); err != nil || !changed {
			b.Fatal(changed, err)
		}
		b.ReportMetric(float64(len(lines)*(n+1))/b.Elapsed().Seconds(), "lines/s")
	}
}
