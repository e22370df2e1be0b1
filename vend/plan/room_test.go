package plan_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"landlord/directory"
	"landlord/internal/limits"
	"landlord/org"
	"landlord/portfolio"
	"landlord/vend/blueprint"
	"landlord/vend/plan"
	"landlord/vend/verify"
)

// many are so many policies of somebody else's, beside AWS's own.
func many(n int) []string {
	scps := []string{org.FullAccess}
	for len(scps) < n {
		scps = append(scps, fmt.Sprint("p-theirs-", len(scps)))
	}
	return scps
}

// TestNothingIsLentToWhoIsHeld: an account in its tier's unit is held there when
// the policy comes off the root; nothing is put on the account.
func TestNothingIsLentToWhoIsHeld(t *testing.T) {
	want := acme(directory.Customer{Key: "acme", Email: "aws+acme@x.example"})
	policy := want.Tiers[0].Policies[0]
	seen := with(org.Account{ID: "000000000001", Name: "ACME Finance Inc", Email: "aws+acme@x.example", State: org.Active, Parent: "ou-1", Tags: want.Customers[0].Tags})
	seen.Units = []org.Unit{{ID: "ou-1", Name: "Customers-Fintech", Parent: "r-1", Tags: want.Units[0].Tags, SCPs: []string{org.FullAccess}}}
	seen.Policies = []org.Policy{{ID: "p-soc2", Name: policy.Name, Document: policy.Document, Targets: []string{"r-1"}, Tags: org.Tags{org.TagFramework: policy.Framework}}}
	p, err := plan.Make(want, seen, plan.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var does []string
	for _, s := range p.Steps {
		does = append(does, fmt.Sprint(s.Kind, " ", s.To, " after ", s.After))
	}
	if should := []string{"attach-policy ou-1 after []", "detach-policy r-1 after [0]"}; !slices.Equal(does, should) {
		t.Errorf("the plan does %q; want %q", does, should)
	}
}

// TestEditedCopyHoldsNobody: a policy that has the tag of a framework, and
// neither its tier's policy's name nor what that says, is no reason to take the
// tier's policy off the root before the account has it elsewhere. One that says
// the same is, and the tier's own is when it says so again.
func TestEditedCopyHoldsNobody(t *testing.T) {
	want := acme(directory.Customer{Key: "acme", Email: "aws+acme@x.example"})
	policy := want.Tiers[0].Policies[0]
	const edited = `{"Version":"2012-10-17","Statement":[]}`
	for _, tt := range []struct {
		name, ontop, beside string // what the policy on the root says, and the other, on the unit
		copyOnRoot          bool
		lends               int
	}{
		{"an edited copy is on the unit", policy.Document, edited, false, 1},
		{"a true copy is on the unit", policy.Document, policy.Document, false, 0},
		{"a copy is on the root, the edited policy on the unit", policy.Document, edited, true, 0},
	} {
		seen := with(org.Account{ID: "000000000001", Name: "ACME Finance Inc", Email: "aws+acme@x.example", State: org.Active, Parent: "ou-x", Tags: want.Customers[0].Tags})
		seen.Units = []org.Unit{
			{ID: "ou-1", Name: "Customers-Fintech", Parent: "r-1", Tags: want.Units[0].Tags, SCPs: []string{org.FullAccess}},
			{ID: "ou-x", Name: "X", Parent: "r-1"},
		}
		names := []string{policy.Name, "copy"}
		if tt.copyOnRoot {
			slices.Reverse(names)
		}
		tags := org.Tags{org.TagFramework: policy.Framework}
		seen.Policies = []org.Policy{
			{ID: "p-1", Name: names[0], Document: tt.ontop, Targets: []string{"r-1"}, Tags: tags},
			{ID: "p-2", Name: names[1], Document: tt.beside, Targets: []string{"ou-x"}, Tags: tags},
		}
		p, err := plan.Make(want, seen, plan.Options{})
		if err != nil {
			t.Fatal(err)
		}
		lends := 0
		for _, s := range p.Steps {
			if s.Kind == plan.AttachPolicy && s.To == "000000000001" {
				lends++
			}
		}
		if lends != tt.lends {
			t.Errorf("%s: the policy is lent %d times, want %d", tt.name, lends, tt.lends)
		}
		for seed := range uint64(40) {
			after(t, want, seen, p.Steps, shuffled(rand.New(rand.NewPCG(seed, 8)), p.Steps))
		}
	}
}

// TestFullAccountsMoveFirst: accounts and units of before to which AWS lets no
// policy more be attached hold nobody up, though two tiers' policies are both on
// the root. They move first; what comes off waits for that.
func TestFullAccountsMoveFirst(t *testing.T) {
	file := &portfolio.Portfolio{Organization: portfolio.Organization{Management: "999999999999"}, Tiers: []portfolio.Tier{
		{Key: "fintech", Framework: "SOC 2", Unit: "Customers-Fintech", Units: portfolio.ByRegion},
		{Key: "healthcare", Framework: "HIPAA", Unit: "Customers-Healthcare", Units: portfolio.Flat},
		{Key: "standard", Framework: "CIS", Unit: "Customers-Standard", Units: portfolio.Flat},
	}}
	for _, tt := range []struct {
		name          string
		unit, account int // policies on the unit of before and on fintech's account
		options       plan.Options
		lent          string
	}{
		{"all is full", limits.PoliciesPerTarget, limits.PoliciesPerTarget, plan.Options{}, ""},
		{"the unit has room", limits.PoliciesPerTarget - 1, limits.PoliciesPerTarget, plan.Options{}, "ou-old"},
		{"the account has room", limits.PoliciesPerTarget, limits.PoliciesPerTarget - 1, plan.Options{}, "000000000001"},
		{"the quota is an older one", 5, 5, plan.Options{PerTarget: 5}, ""},
	} {
		seen := with()
		for i, c := range []struct{ key, tier, parent string }{{"acme", "fintech", "ou-old"}, {"medicorp", "healthcare", "ou-old"}, {"startup", "standard", ""}} {
			if len(file.Customers) <= i {
				file.Customers = append(file.Customers, portfolio.Customer{Key: c.key, AccountName: c.key, Email: c.key + "@x.example", Tier: c.tier, Region: "us-east-1"})
			}
			if c.parent != "" {
				seen.Accounts = append(seen.Accounts, org.Account{ID: org.AccountID(fmt.Sprintf("%012d", i+1)), Name: c.key, Email: c.key + "@x.example", State: org.Active, Parent: c.parent, SCPs: many(limits.PoliciesPerTarget)})
			}
		}
		seen.Accounts[len(seen.Accounts)-2].SCPs = many(tt.account)
		want := blueprint.From(file)
		seen.Units = []org.Unit{{ID: "ou-old", Name: "Customers-Fintech", Parent: "r-1", Tags: org.Tags{org.TagTier: "fintech"}, SCPs: many(tt.unit)}}
		for _, p := range want.Policies() {
			seen.Policies = append(seen.Policies, org.Policy{ID: "p-" + p.Framework, Name: p.Name, Document: p.Document, Targets: []string{"r-1"}, Tags: org.Tags{org.TagFramework: p.Framework}})
		}
		todo, err := plan.Make(want, seen, tt.options)
		if err != nil {
			t.Fatal(err)
		}
		var lent []string
		for _, s := range todo.Steps {
			if s.Kind == plan.AttachPolicy && !s.To.Pending() && s.Target != org.FullAccess {
				lent = append(lent, string(s.To))
			}
		}
		if got := strings.Join(lent, " "); got != tt.lent {
			t.Errorf("%s: a policy is lent to %q, want %q", tt.name, got, tt.lent)
		}
		if n := strings.Count(fmt.Sprint(todo.Changes), "AWS lets no more than"); n != 2-len(lent) {
			t.Errorf("%s: the plan says of %d accounts that they move first: %+v", tt.name, n, todo.Changes)
		}
		if tt.options.PerTarget != 0 { // which the simulation does not hold
			continue
		}
		for seed := range uint64(40) {
			got := after(t, want, seen, todo.Steps, shuffled(rand.New(rand.NewPCG(seed, 9)), todo.Steps))
			if passed, all := verify.Organization(want, got).Passed(); passed != all {
				t.Errorf("%s: %d of %d checks pass", tt.name, passed, all)
			}
		}
	}
}

// TestEachFullAccountWaitsForTheOther: two accounts that carry as many policies as
// AWS lets be attached, each in the other's unit under its own tier's policy. Each
// would have to move before that comes off, and enter only then: there is no plan
// before somebody makes room, on one of them.
func TestEachFullAccountWaitsForTheOther(t *testing.T) {
	file := &portfolio.Portfolio{Organization: portfolio.Organization{Management: "999999999999"}, Tiers: []portfolio.Tier{
		{Key: "fintech", Framework: "SOC 2", Unit: "Customers-Fintech", Units: portfolio.Flat},
		{Key: "healthcare", Framework: "HIPAA", Unit: "Customers-Healthcare", Units: portfolio.Flat},
	}}
	for _, tt := range []struct {
		name           string
		acme, medicorp int    // policies on the account
		conflict       string // the account to make room on
	}{
		{"both are full", limits.PoliciesPerTarget, limits.PoliciesPerTarget, "000000000002"},
		{"there is room on the one that was named", limits.PoliciesPerTarget, limits.PoliciesPerTarget - 1, ""},
	} {
		seen := with()
		file.Customers = nil
		for i, c := range []struct {
			key, tier, parent string
			scps              int
		}{{"acme", "fintech", "ou-h", tt.acme}, {"medicorp", "healthcare", "ou-f", tt.medicorp}} {
			file.Customers = append(file.Customers, portfolio.Customer{Key: c.key, AccountName: c.key, Email: c.key + "@x.example", Tier: c.tier})
			seen.Accounts = append(seen.Accounts, org.Account{ID: org.AccountID(fmt.Sprintf("%012d", i+1)), Name: c.key, Email: c.key + "@x.example", State: org.Active, Parent: c.parent, SCPs: many(c.scps)})
		}
		want := blueprint.From(file)
		seen.Units = []org.Unit{
			{ID: "ou-f", Name: "Customers-Fintech", Parent: "r-1", Tags: org.Tags{org.TagTier: "fintech"}, SCPs: []string{org.FullAccess, "p-HIPAA"}},
			{ID: "ou-h", Name: "Customers-Healthcare", Parent: "r-1", Tags: org.Tags{org.TagTier: "healthcare"}, SCPs: []string{org.FullAccess, "p-SOC 2"}},
		}
		on := map[string]string{"HIPAA": "ou-f", "SOC 2": "ou-h"}
		for _, p := range want.Policies() {
			seen.Policies = append(seen.Policies, org.Policy{ID: "p-" + p.Framework, Name: p.Name, Document: p.Document, Targets: []string{on[p.Framework]}, Tags: org.Tags{org.TagFramework: p.Framework}})
		}
		todo, err := plan.Make(want, seen, plan.Options{})
		if tt.conflict != "" {
			if c, is := errors.AsType[*plan.Conflict](err); !is || len(c.Problems) != 1 || !strings.Contains(c.Problems[0], "list-policies-for-target --target-id "+tt.conflict) {
				t.Errorf("%s: %v; want one conflict, about account %s", tt.name, err, tt.conflict)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		for seed := range uint64(40) {
			after(t, want, seen, todo.Steps, shuffled(rand.New(rand.NewPCG(seed, 6)), todo.Steps))
		}
	}
}

// TestSuspensionKeepsItsRoom: what an account needs to be suspended is lent to
// nothing else.
func TestSuspensionKeepsItsRoom(t *testing.T) {
	want := acme(directory.Customer{Key: "acme", Email: "aws+acme@x.example"})
	policy := want.Tiers[0].Policies[0]
	a := org.Account{ID: "000000000001", Name: "ACME Finance Inc", Email: "aws+acme@x.example", State: org.Active, Parent: "r-1",
		Tags: org.Tags{org.TagSuspended: "2026-01-01T00:00:00Z"}, SCPs: many(limits.PoliciesPerTarget - 1)}
	seen := with(a)
	seen.Policies = []org.Policy{{ID: "p-soc2", Name: policy.Name, Document: policy.Document, Targets: []string{"r-1"}, Tags: org.Tags{org.TagFramework: policy.Framework}}}
	p, err := plan.Make(want, seen, plan.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for seed := range uint64(40) {
		after(t, want, seen, p.Steps, shuffled(rand.New(rand.NewPCG(seed, 10)), p.Steps))
	}
	if !slices.ContainsFunc(p.Steps, func(s plan.Step) bool { return s.Kind == plan.AttachPolicy && s.To == "000000000001" }) {
		t.Errorf("it is not suspended: %+v", p.Steps)
	}
}

// TestEditedPolicyHoldsWhenItIsCorrected: an account in another tier's unit, held
// there by a copy of its tier's policy, carries the policy itself, edited. The
// copy comes off when that is corrected.
func TestEditedPolicyHoldsWhenItIsCorrected(t *testing.T) {
	want := blueprint.From(&portfolio.Portfolio{Organization: portfolio.Organization{Management: "999999999999"}, Tiers: []portfolio.Tier{
		{Key: "fintech", Framework: "SOC 2", Unit: "Customers-Fintech", Units: portfolio.Flat},
		{Key: "healthcare", Framework: "HIPAA", Unit: "Customers-Healthcare", Units: portfolio.Flat},
	}, Customers: []portfolio.Customer{
		{Key: "acme", AccountName: "acme", Email: "acme@x.example", Tier: "fintech"},
		{Key: "medicorp", AccountName: "medicorp", Email: "medicorp@x.example", Tier: "healthcare"},
	}})
	seen := with(org.Account{ID: "000000000001", Name: "acme", Email: "acme@x.example", State: org.Active, Parent: "ou-2"})
	seen.Units = []org.Unit{{ID: "ou-2", Name: "Customers-Healthcare", Parent: "r-1", Tags: org.Tags{org.TagTier: "healthcare"}, SCPs: []string{org.FullAccess, "p-copy"}}}
	policy := want.Tiers[0].Policies[0]
	tags := org.Tags{org.TagFramework: policy.Framework}
	seen.Policies = []org.Policy{
		{ID: "p-copy", Name: "copy", Document: policy.Document, Targets: []string{"ou-2"}, Tags: tags},
		{ID: "p-soc2", Name: policy.Name, Document: `{"Version":"2012-10-17","Statement":[]}`, Targets: []string{"000000000001"}, Tags: tags},
	}
	todo, err := plan.Make(want, seen, plan.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for seed := range uint64(40) {
		after(t, want, seen, todo.Steps, shuffled(rand.New(rand.NewPCG(seed, 11)), todo.Steps))
	}
}
