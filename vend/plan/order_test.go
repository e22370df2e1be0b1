package plan_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"landlord/directory"
	"landlord/org"
	"landlord/portfolio"
	"landlord/vend/blueprint"
	"landlord/vend/plan"
)

// TestAdoptedAccountIsTaggedFirst: whose an account is outlives a crash between
// its tags and its move.
func TestAdoptedAccountIsTaggedFirst(t *testing.T) {
	want := acme(directory.Customer{Key: "acme", Email: "aws+acme@x.example", Account: "000000000001"})
	p, err := plan.Make(want, with(org.Account{ID: "000000000001", Email: "bought@x.example", State: org.Active, Parent: "r-1"}), plan.Options{})
	if err != nil {
		t.Fatal(err)
	}
	tag, move := -1, -1
	for _, s := range p.Steps {
		switch s.Kind {
		case plan.Tag:
			tag = s.ID
		case plan.MoveAccount:
			move = s.ID
		}
	}
	if tag < 0 || move < 0 || !slices.Contains(p.Steps[move].After, tag) {
		t.Errorf("the move does not wait for the tags: %+v", p.Steps)
	}
	if p.Count(plan.Adopt) != 1 {
		t.Errorf("changes are %+v, want one adoption", p.Changes)
	}
}

// TestUnitsThatContradict: a tier has one unit, directly under the root.
func TestUnitsThatContradict(t *testing.T) {
	want := acme(directory.Customer{Key: "acme", Email: "aws+acme@x.example"})
	mine := org.Tags{org.TagTier: "fintech"}
	for _, tt := range []struct {
		name  string
		units []org.Unit
		says  string
	}{
		{"two units of one tier", []org.Unit{{ID: "ou-1", Name: "A", Parent: "r-1", Tags: mine}, {ID: "ou-2", Name: "B", Parent: "r-1", Tags: mine}}, "both tagged landlord:tier=fintech"},
		{"a unit inside another", []org.Unit{{ID: "ou-1", Name: "Other", Parent: "r-1"}, {ID: "ou-2", Name: "Customers-Fintech", Parent: "ou-1", Tags: mine}}, "lies in unit Other, which is not landlord's"},
		{"a unit with another tier's tag has the name", []org.Unit{{ID: "ou-1", Name: "Customers-Fintech", Parent: "r-1", Tags: org.Tags{org.TagTier: "healthcare"}}}, "tagged landlord:tier=healthcare, has the name of another"},
	} {
		seen := with()
		seen.Units = tt.units
		if p, err := plan.Make(want, seen, plan.Options{}); err == nil || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s: got %+v, %v; want a conflict with %q", tt.name, p, err, tt.says)
		}
	}
}

// TestPolicyHoldsWhereItBelongsBeforeItGoesElsewhere: a tier's policy that
// somebody took off its unit and put on the root holds the tier's customers
// from there. It comes off the root only when it is on the unit again.
func TestPolicyHoldsWhereItBelongsBeforeItGoesElsewhere(t *testing.T) {
	want := acme(directory.Customer{Key: "acme", Email: "aws+acme@x.example"})
	policy := want.Tiers[0].Policies[0]
	seen := with(org.Account{ID: "000000000001", Name: "ACME Finance Inc", Email: "aws+acme@x.example", State: org.Active, Parent: "ou-1", Tags: want.Customers[0].Tags})
	seen.Units = []org.Unit{{ID: "ou-1", Name: "Customers-Fintech", Parent: "r-1", Tags: want.Units[0].Tags, SCPs: []string{org.FullAccess}}}
	seen.Policies = []org.Policy{{ID: "p-soc2", Name: policy.Name, Document: policy.Document, Targets: []string{"r-1"}, Tags: org.Tags{org.TagFramework: policy.Framework}}}
	p, err := plan.Make(want, seen, plan.Options{})
	if err != nil {
		t.Fatal(err)
	}
	attach, detach := -1, -1
	for _, s := range p.Steps {
		switch {
		case s.Kind == plan.AttachPolicy && s.To == "ou-1":
			attach = s.ID
		case s.Kind == plan.DetachPolicy && s.To == "r-1":
			detach = s.ID
		}
	}
	if attach < 0 || detach < 0 || !slices.Contains(p.Steps[detach].After, attach) {
		t.Errorf("the policy leaves the root before it holds at the unit: %+v", p.Steps)
	}
}

// TestPolicyIsLentBeforeItLeavesTheRoot: a tier's policy that somebody moved to
// the root holds accounts that are not in their tier's unit yet. It is on what
// they are in, or on themselves, before it comes off the root; accounts give it
// back when they have moved. Two tiers of whom that is so do not wait for each
// other.
func TestPolicyIsLentBeforeItLeavesTheRoot(t *testing.T) {
	file := &portfolio.Portfolio{Organization: portfolio.Organization{Management: "999999999999"}, Tiers: []portfolio.Tier{
		{Key: "fintech", Framework: "SOC 2", Unit: "Customers-Fintech", Units: portfolio.ByRegion},
		{Key: "healthcare", Framework: "HIPAA", Unit: "Customers-Healthcare", Units: portfolio.Flat},
	}}
	seen := with()
	for i, c := range []struct{ key, tier, parent string }{{"acme", "fintech", "ou-old"}, {"quantum", "fintech", "ou-west"}, {"novabank", "fintech", "ou-theirs"}, {"medicorp", "healthcare", "r-1"}, {"dentist", "healthcare", "ou-old"}} {
		file.Customers = append(file.Customers, portfolio.Customer{Key: c.key, AccountName: c.key, Email: c.key + "@x.example", Tier: c.tier, Region: "us-east-1"})
		seen.Accounts = append(seen.Accounts, org.Account{ID: org.AccountID(fmt.Sprintf("%012d", i+1)), Name: c.key, Email: c.key + "@x.example", State: org.Active, Parent: c.parent})
	}
	want := blueprint.From(file)
	seen.Units = []org.Unit{
		{ID: "ou-old", Name: "Customers-Fintech", Parent: "r-1", Tags: org.Tags{org.TagTier: "fintech"}, SCPs: []string{org.FullAccess}},
		{ID: "ou-west", Name: "us-west-2", Parent: "ou-old", Tags: org.Tags{org.TagTier: "fintech", org.TagRegion: "us-west-2"}, SCPs: []string{org.FullAccess}},
		{ID: "ou-theirs", Name: "Theirs", Parent: "r-1"},
	}
	for _, p := range want.Policies() {
		seen.Policies = append(seen.Policies, org.Policy{ID: "p-" + p.Framework, Name: p.Name, Document: p.Document, Targets: []string{"r-1"}, Tags: org.Tags{org.TagFramework: p.Framework}})
	}
	todo, err := plan.Make(want, seen, plan.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var lent []string
	for _, s := range todo.Steps {
		switch {
		case s.Kind == plan.AttachPolicy && !s.To.Pending():
			lent = append(lent, string(s.Target+" "+s.To))
		case s.Kind == plan.DetachPolicy && s.To != "r-1":
			lent = append(lent, "back "+string(s.To))
		}
	}
	if got, should := strings.Join(lent, ", "), "p-HIPAA 000000000004, p-HIPAA 000000000005, p-SOC 2 ou-old, p-SOC 2 000000000003, back 000000000003, back 000000000004, back 000000000005"; sorted(got) != sorted(should) {
		t.Errorf("lent are %s; want %s", got, should)
	}
	for seed := range uint64(40) {
		after(t, want, seen, todo.Steps, shuffled(rand.New(rand.NewPCG(seed, 5)), todo.Steps))
	}
}

func sorted(list string) string {
	parts := strings.Split(list, ", ")
	slices.Sort(parts)
	return strings.Join(parts, ", ")
}

// TestRenamedPolicyOnTheRoot: a policy that lost its name is still what holds
// its framework's customers, until the one that has the name is on their unit.
func TestRenamedPolicyOnTheRoot(t *testing.T) {
	want := acme(directory.Customer{Key: "acme", Email: "aws+acme@x.example"})
	policy := want.Tiers[0].Policies[0]
	for _, parent := range []string{"ou-1", "r-1"} {
		seen := with(org.Account{ID: "000000000001", Name: "ACME Finance Inc", Email: "aws+acme@x.example", State: org.Active, Parent: parent, Tags: want.Customers[0].Tags})
		seen.Units = []org.Unit{{ID: "ou-1", Name: "Customers-Fintech", Parent: "r-1", Tags: want.Units[0].Tags, SCPs: []string{org.FullAccess}}}
		seen.Policies = []org.Policy{{ID: "p-soc2", Name: "hidden", Document: policy.Document, Targets: []string{"r-1"}, Tags: org.Tags{org.TagFramework: policy.Framework}}}
		p, err := plan.Make(want, seen, plan.Options{})
		if err != nil {
			t.Fatal(err)
		}
		for seed := range uint64(40) {
			after(t, want, seen, p.Steps, shuffled(rand.New(rand.NewPCG(seed, 6)), p.Steps))
		}
	}
}

// TestOthersPolicyLeavesAUnitLast: another tier's policy comes off a unit when the
// unit's own holds there, whichever of AWS's two lists shows that it is there.
func TestOthersPolicyLeavesAUnitLast(t *testing.T) {
	want := acme(directory.Customer{Key: "acme", Email: "aws+acme@x.example"})
	for name, lists := range map[string]struct{ targets, own []string }{
		"both lists show it":         {[]string{"ou-1"}, []string{org.FullAccess, "p-hipaa"}},
		"the policy's targets do":    {[]string{"ou-1"}, []string{org.FullAccess}},
		"the unit's own policies do": {nil, []string{org.FullAccess, "p-hipaa"}},
	} {
		seen := with(org.Account{ID: "000000000001", Name: "ACME Finance Inc", Email: "aws+acme@x.example", State: org.Active, Parent: "ou-1", Tags: want.Customers[0].Tags})
		seen.Units = []org.Unit{{ID: "ou-1", Name: "Customers-Fintech", Parent: "r-1", Tags: want.Units[0].Tags, SCPs: lists.own}}
		seen.Policies = []org.Policy{{ID: "p-hipaa", Name: "landlord-hipaa", Targets: lists.targets, Tags: org.Tags{org.TagFramework: "HIPAA"}}}
		p, err := plan.Make(want, seen, plan.Options{})
		if err != nil {
			t.Fatal(err)
		}
		attach := slices.IndexFunc(p.Steps, func(s plan.Step) bool { return s.Kind == plan.AttachPolicy && s.To == "ou-1" })
		detach := slices.IndexFunc(p.Steps, func(s plan.Step) bool { return s.Kind == plan.DetachPolicy && s.Target == "p-hipaa" && s.To == "ou-1" })
		if attach < 0 || detach < 0 || !slices.Contains(p.Steps[detach].After, attach) {
			t.Errorf("%s: steps are %+v", name, p.Steps)
		}
	}
}

// TestLentPolicyOfAStoppedRun: what a run that was stopped left on an account
// comes off when the account's unit holds it, however it got there, and not
// before it is there.
func TestLentPolicyOfAStoppedRun(t *testing.T) {
	for _, tt := range []struct{ name, parent, unit, does string }{
		{"the account has moved", "ou-1", "p-soc2", "detach-policy 000000000001 after []"},
		{"it has moved, and the unit's policy was taken off", "ou-1", "", "attach-policy ou-1 after [], detach-policy 000000000001 after [0]"},
		{"it has not moved", "r-1", "p-soc2", "move-account ou-1 after [], detach-policy 000000000001 after [0]"},
	} {
		want := acme(directory.Customer{Key: "acme", Email: "aws+acme@x.example"})
		policy := want.Tiers[0].Policies[0]
		seen := with(org.Account{ID: "000000000001", Name: "ACME Finance Inc", Email: "aws+acme@x.example", State: org.Active, Parent: tt.parent, Tags: want.Customers[0].Tags})
		seen.Units = []org.Unit{{ID: "ou-1", Name: "Customers-Fintech", Parent: "r-1", Tags: want.Units[0].Tags, SCPs: []string{org.FullAccess}}}
		seen.Policies = []org.Policy{{ID: "p-soc2", Name: policy.Name, Document: policy.Document, Targets: []string{"000000000001"}, Tags: org.Tags{org.TagFramework: policy.Framework}}}
		if tt.unit != "" {
			seen.Units[0].SCPs = append(seen.Units[0].SCPs, tt.unit)
			seen.Policies[0].Targets = append(seen.Policies[0].Targets, "ou-1")
		}
		p, err := plan.Make(want, seen, plan.Options{})
		if err != nil {
			t.Fatal(err)
		}
		var does []string
		for _, s := range p.Steps {
			does = append(does, fmt.Sprint(s.Kind, " ", s.To, " after ", s.After))
		}
		if got := strings.Join(does, ", "); got != tt.does {
			t.Errorf("%s: the plan does %s; want %s", tt.name, got, tt.does)
		}
	}
}
