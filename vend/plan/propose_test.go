package plan_test

import (
	"fmt"
	"strings"
	"testing"

	"landlord/org"
	"landlord/portfolio"
	"landlord/vend/blueprint"
	"landlord/vend/plan"
)

// TestProposals: a unit that is full is told, with the division that helps most;
// it is no change.
func TestProposals(t *testing.T) {
	for _, tt := range []struct {
		name      string
		units     string
		customers int
		regions   int // that they are spread over; 0 for none
		segments  int
		says      string
	}{
		{"one too few", portfolio.Flat, 49, 3, 3, ""},
		{"as many as the threshold, by region", portfolio.Flat, 50, 4, 0, "fintech has 50 customers in one unit; `units: by-region` would make 4 units of it, the fullest with 13"},
		{"segments divide it better", portfolio.Flat, 60, 2, 6, "`units: by-segment` would make 6 units of it, the fullest with 10"},
		{"neither region nor segment", portfolio.Flat, 63, 0, 0, "fintech has 63 customers in one unit; once they have a `region:` or a `segment:`"},
		{"divided enough", portfolio.ByRegion, 60, 4, 0, ""},
		{"divided, and a region is full", portfolio.ByRegion, 100, 2, 10, "fintech has 50 customers in unit Customers/Customers-Fintech/region-0; `units: by-segment` would make 10 units of it, the fullest with 10"},
		{"divided as far as it goes", portfolio.ByRegion, 100, 2, 1, ""},
	} {
		p := &portfolio.Portfolio{Organization: portfolio.Organization{Management: "999999999999", UnitThreshold: 50},
			Tiers: []portfolio.Tier{{Key: "fintech", Framework: "SOC 2", Unit: "Customers-Fintech", Units: tt.units}}}
		for i := range tt.customers {
			c := portfolio.Customer{Key: fmt.Sprintf("c%d", i), Tier: "fintech"}
			if tt.regions > 0 {
				c.Region = fmt.Sprintf("region-%d", i%tt.regions)
			}
			if tt.segments > 0 {
				c.Segment = fmt.Sprintf("segment-%d", i%tt.segments)
			}
			p.Customers = append(p.Customers, c)
		}
		todo, err := plan.Make(blueprint.From(p), org.Organization{}, plan.Options{})
		if err != nil {
			t.Fatal(err)
		}
		var got strings.Builder
		for _, n := range todo.Notices {
			got.WriteString(n.Text)
		}
		if tt.says == "" && got.String() != "" || !strings.Contains(got.String(), tt.says) {
			t.Errorf("%s: the plan says %q, want %q", tt.name, got.String(), tt.says)
		}
	}
}

// TestPoliciesOfOthers: a unit that goes takes its attachments with it, so a
// policy of somebody else's on it is told.
func TestPoliciesOfOthers(t *testing.T) {
	p := &portfolio.Portfolio{Organization: portfolio.Organization{Management: "999999999999"},
		Tiers:     []portfolio.Tier{{Key: "fintech", Framework: "SOC 2", Unit: "Customers-Fintech", Units: portfolio.ByRegion}},
		Customers: []portfolio.Customer{{Key: "acme", AccountName: "Acme", Email: "a@x.example", Tier: "fintech", Region: "us-east-1"}}}
	want := blueprint.From(p)
	seen := with(org.Account{ID: "000000000001", Name: "Acme", Email: "a@x.example", State: org.Active, Parent: "ou-1", Tags: org.Tags{org.TagCustomer: "acme"}})
	seen.Units = []org.Unit{{ID: "ou-1", Name: "Customers-Fintech", Parent: "r-1", Tags: org.Tags{org.TagTier: "fintech"}, SCPs: []string{org.FullAccess, "p-theirs", "p-ours", "p-suspended"}}}
	seen.Policies = []org.Policy{{ID: org.FullAccess, Name: "FullAWSAccess", AWSManaged: true}, {ID: "p-theirs", Name: "Theirs"},
		{ID: "p-ours", Name: "landlord-soc2", Tags: org.Tags{org.TagFramework: "SOC 2"}}, {ID: "p-suspended", Name: "landlord-suspended", Tags: org.Tags{org.TagPolicy: "suspended"}}}
	todo, err := plan.Make(want, seen, plan.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if todo.Count(plan.Remove, plan.AUnit) != 1 || len(todo.Notices) != 1 || !strings.Contains(todo.Notices[0].Text, "policies that are not landlord's: Theirs (p-theirs).") {
		t.Errorf("%d units go, and the plan says %+v", todo.Count(plan.Remove), todo.Notices)
	}
}
