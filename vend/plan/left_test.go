package plan_test

import (
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"

	"landlord/internal/limits"
	"landlord/org"
	"landlord/portfolio"
	"landlord/vend/blueprint"
	"landlord/vend/plan"
	"landlord/vend/verify"
)

var unitID = regexp.MustCompile(`unit [^;]*? \(((?:ou|new)-[^)]*)\) is (not wanted|left)`)

// sameLeft fails the test unless verify names the units of before that the plan
// tells of: those that go as faults, those that stay as such.
func sameLeft(t *testing.T, want blueprint.Blueprint, have org.Organization, todo *plan.Plan) {
	t.Helper()
	goes, stays := map[string]bool{}, map[string]bool{}
	for _, s := range todo.Steps {
		if s.Kind == plan.DeleteUnit {
			goes[string(s.Target)] = true
		}
	}
	for _, n := range todo.Notices {
		if found := unitID.FindStringSubmatch(n.Text); found != nil {
			stays[found[1]] = true
		}
	}
	check, _ := verify.Organization(want, have).Of(verify.Units, "")
	for part := range strings.SplitSeq(check.Looked+"; "+check.Fault, "; ") {
		found := unitID.FindStringSubmatch(part)
		if found == nil {
			continue
		}
		in := goes
		if found[2] == "not wanted" {
			in = stays
		}
		if !in[found[1]] {
			t.Errorf("verify says %q, and the plan does not: it has %v going, %v staying", part, goes, stays)
		}
		delete(in, found[1])
	}
	if len(goes)+len(stays) > 0 {
		t.Errorf("the plan says that units %v go and %v stay; verify says only %q, %q", goes, stays, check.Looked, check.Fault)
	}
}

// TestLeftUnits: before a tier is divided, at each step of it and after, plan
// and verify say the same of a unit of before that holds what is no customer's of
// the file: it stays, whatever else is in it yet.
func TestLeftUnits(t *testing.T) {
	file := &portfolio.Portfolio{Organization: portfolio.Organization{Management: "999999999999"},
		Tiers:     []portfolio.Tier{{Key: "fintech", Framework: "SOC 2", Unit: "Customers-Fintech", Units: portfolio.ByRegion}},
		Customers: []portfolio.Customer{{Key: "acme", AccountName: "Acme", Email: "a@x.example", Tier: "fintech", Region: "us-east-1"}},
		Departed:  []portfolio.Departure{{Key: "gone"}}}
	want := blueprint.From(file)
	for _, tt := range []struct {
		name  string
		other org.Account
		says  string
	}{
		{"somebody else's", org.Account{Name: "Theirs", State: org.Active}, "account 000000000002 (Theirs)"},
		{"one of a customer who is not in the file", org.Account{Name: "Startup", State: org.Active, Tags: org.Tags{org.TagCustomer: "startup"}}, "account 000000000002 (Startup, customer startup's)"},
		{"one of a customer who left", org.Account{Name: "Gone", State: org.Active, Tags: org.Tags{org.TagCustomer: "gone"}}, "account 000000000002 (Gone, customer gone's)"},
		{"one that is closed", org.Account{Name: "Gone", State: org.Closed, Tags: org.Tags{org.TagCustomer: "gone"}}, "account 000000000002 (Gone, customer gone's, closed)"},
		{"one being closed", org.Account{Name: "Gone", State: org.PendingClosure}, "account 000000000002 (Gone, pending closure)"},
	} {
		tt.other.ID, tt.other.Email, tt.other.Parent = "000000000002", "b@x.example", "ou-1"
		have := with(org.Account{ID: "000000000001", Name: "Acme", Email: "a@x.example", State: org.Active, Parent: "ou-1", Tags: want.Customers[0].Tags}, tt.other)
		have.Units = []org.Unit{{ID: "ou-1", Name: "Customers-Fintech", Parent: "r-1", Tags: org.Tags{org.TagTier: "fintech"}, SCPs: []string{org.FullAccess}}}
		todo, err := plan.Make(want, have, plan.Options{})
		if err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		order := shuffled(rand.New(rand.NewPCG(1, 7)), todo.Steps)
		for n := range len(order) + 1 {
			half := after(t, want, have, todo.Steps, order[:n])
			rest, err := plan.Make(want, half, plan.Options{})
			if err != nil {
				t.Fatalf("%s, after %d steps: %v", tt.name, n, err)
			}
			sameLeft(t, want, half, rest)
			if len(rest.Notices) != 1 || !strings.Contains(rest.Notices[0].Text, "stays, since it holds what this plan does not move: "+tt.says) {
				t.Errorf("%s, after %d steps: the plan says %+v", tt.name, n, rest.Notices)
			}
			if c, made := verify.Organization(want, half).Of(verify.Units, ""); !made || !c.Passed || !strings.Contains(c.Looked, "(ou-1) is not wanted any more and stays, since it holds account 000000000002") {
				t.Errorf("%s, after %d steps: verify says %+v", tt.name, n, c)
			}
		}
	}
}

// TestOldUnitGivesUpItsName: a unit of before whose name another tier's needs is
// renamed first, to a name that AWS takes.
func TestOldUnitGivesUpItsName(t *testing.T) {
	long := strings.Repeat("ü", limits.UnitNameLength)
	file := &portfolio.Portfolio{Organization: portfolio.Organization{Management: "999999999999"},
		Tiers: []portfolio.Tier{
			{Key: "fintech", Framework: "SOC 2", Unit: "Customers-Fintech", Units: portfolio.ByRegion},
			{Key: "standard", Framework: "CIS", Unit: long, Units: portfolio.Flat},
		},
		Customers: []portfolio.Customer{{Key: "acme", AccountName: "Acme", Email: "a@x.example", Tier: "fintech", Region: "us-east-1"}, {Key: "beta", AccountName: "Beta", Email: "b@x.example", Tier: "standard"}}}
	have := with()
	have.Units = []org.Unit{{ID: "ou-1", Name: long, Parent: "r-1", Tags: org.Tags{org.TagTier: "fintech"}, SCPs: []string{org.FullAccess}}}
	todo, err := plan.Make(blueprint.From(file), have, plan.Options{})
	if err != nil {
		t.Fatal(err)
	}
	rename := slices.IndexFunc(todo.Steps, func(s plan.Step) bool { return s.Kind == plan.RenameUnit })
	create := slices.IndexFunc(todo.Steps, func(s plan.Step) bool { return s.Kind == plan.CreateUnit && s.Name == long })
	if rename < 0 || create < 0 || !slices.Contains(todo.Steps[create].After, rename) {
		t.Fatalf("steps are %+v", todo.Steps)
	}
	if name := todo.Steps[rename].Name; !strings.HasPrefix(name, "old ou-1 ü") || len([]rune(name)) > limits.UnitNameLength {
		t.Errorf("it is called %q", name)
	}
}
