package plan_test

import (
	"slices"
	"strings"
	"testing"

	"landlord/directory"
	"landlord/org"
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
	policy := want.Tiers[0].Policy
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
