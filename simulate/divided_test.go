package simulate

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"landlord/internal/limits"
	"landlord/portfolio"
	"landlord/simaws"
)

// TestReadingDivided counts the calls that reading 10,000 accounts in 85 units takes
// against AWS's rates: each unit takes three, and a unit's last page is mostly not
// full.
func TestReadingDivided(t *testing.T) {
	p := &portfolio.Portfolio{Organization: portfolio.Organization{Management: "111122223333"}}
	for i, framework := range []string{"SOC 2", "HIPAA", "FedRAMP", "CIS"} {
		p.Tiers = append(p.Tiers, portfolio.Tier{Key: fmt.Sprint("t", i), Framework: framework, Unit: fmt.Sprint("T", i), Units: portfolio.ByRegion})
	}
	for i := range 10_000 {
		key := fmt.Sprint("c", i)
		p.Customers = append(p.Customers, portfolio.Customer{Key: key, AccountName: key, Email: key + "@x.example", Tier: fmt.Sprint("t", i%4), Region: fmt.Sprint("region-", i/4%20)})
	}
	state := filepath.Join(t.TempDir(), "organization.jsonl")
	fill(t, p, state)
	w, err := NewWorld(simaws.Config{Profile: named(t, "instant"), ManagementAccount: "111122223333", State: state})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	before := w.Server.Metrics().Calls
	seen, err := w.Observe(t.Context())
	if err != nil || len(seen.Accounts) != 10_001 || len(seen.Units) != 85 {
		t.Fatalf("%d accounts in %d units, %v", len(seen.Accounts), len(seen.Units), err)
	}
	after := w.Server.Metrics().Calls
	takes := func(operations ...string) (sum time.Duration) {
		for _, op := range operations {
			rate := limits.Of(op).Account
			sum += time.Duration(float64(max(after[op]-before[op]-rate.Burst, 0)) / rate.Rate * float64(time.Second))
		}
		return sum
	}
	total := max(takes("ListAccountsForParent"), takes("ListAccounts")) // the two are beside each other
	total += takes("ListOrganizationalUnitsForParent", "ListPoliciesForTarget", "GetResources", "ListPolicies", "DescribeOrganization", "ListRoots",
		"ListCreateAccountStatus", "DescribePolicy", "ListTargetsForPolicy", "ListTagsForResource", "ListParents")
	if total > 3*time.Minute {
		t.Errorf("reading back takes %v of AWS's limits, want at most three minutes: %v", total, after)
	}
	t.Logf("%v of AWS's limits", total)
}
