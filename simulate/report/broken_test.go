package report

import (
	"slices"
	"strings"
	"testing"
	"time"

	"landlord/org"
	"landlord/portfolio"
	"landlord/simulate"
	"landlord/vend/blueprint"
	"landlord/vend/plan"
	"landlord/vend/verify"
)

// TestBrokenOrganizations breaks the simulated organization on purpose, has it
// verified again, and looks for the ❌.
func TestBrokenOrganizations(t *testing.T) {
	acme := func(o *org.Organization) *org.Account {
		i := slices.IndexFunc(o.Accounts, func(a org.Account) bool { return a.Tags[org.TagCustomer] == "acme" })
		return &o.Accounts[i]
	}
	soc2 := func(o *org.Organization) *org.Policy {
		i := slices.IndexFunc(o.Policies, func(p org.Policy) bool { return p.Name == "landlord-soc2" })
		return &o.Policies[i]
	}
	unit := func(o *org.Organization, tier string) *org.Unit {
		i := slices.IndexFunc(o.Units, func(u org.Unit) bool { return u.Tags[org.TagTier] == tier })
		return &o.Units[i]
	}
	for _, row := range []struct {
		name  string
		wreck func(s *simulate.Scenario, o *org.Organization)
		line  string // what the line that fails begins with
	}{
		{"an account in the root", func(_ *simulate.Scenario, o *org.Organization) { acme(o).Parent = o.Root }, "Fintech: 2 customers"},
		{"an account in another tier's unit", func(_ *simulate.Scenario, o *org.Organization) { acme(o).Parent = unit(o, "standard").ID }, "No policy of one tier"},
		{"a policy that is attached nowhere", func(_ *simulate.Scenario, o *org.Organization) { soc2(o).Targets = nil }, "SOC 2 policy applies to Fintech only"},
		{"a policy that is attached to another tier as well", func(_ *simulate.Scenario, o *org.Organization) {
			soc2(o).Targets = append(soc2(o).Targets, unit(o, "standard").ID)
		}, "SOC 2 policy applies to Fintech only"},
		{"a policy that says something else", func(_ *simulate.Scenario, o *org.Organization) { soc2(o).Document = "{}" }, "Each policy says"},
		{"a policy that is there twice", func(_ *simulate.Scenario, o *org.Organization) { o.Policies = append(o.Policies, *soc2(o)) }, "Each framework has its own policy"},
		{"policies that are not enabled", func(_ *simulate.Scenario, o *org.Organization) { o.SCPs = false }, "Service control policies"},
		{"a unit below another", func(_ *simulate.Scenario, o *org.Organization) {
			unit(o, "standard").Parent = unit(o, "fintech").ID
		}, "4 units stand under the root"},
		{"a unit that is gone", func(_ *simulate.Scenario, o *org.Organization) {
			o.Units = slices.DeleteFunc(o.Units, func(u org.Unit) bool { return u.Tags[org.TagTier] == "standard" })
		}, "Standard: 1 customer"},
		{"an account that is gone", func(_ *simulate.Scenario, o *org.Organization) {
			o.Accounts = slices.DeleteFunc(o.Accounts, func(a org.Account) bool { return a.Tags[org.TagCustomer] == "acme" })
		}, "Each customer has an AWS account"},
		{"an account that is suspended", func(_ *simulate.Scenario, o *org.Organization) { acme(o).State = org.Suspended }, "Each customer has an AWS account"},
		{"two accounts of one name", func(_ *simulate.Scenario, o *org.Organization) { acme(o).Name = "Quantum Bank Corp" }, "Account names are unique"},
		{"a tag that is wrong", func(_ *simulate.Scenario, o *org.Organization) {
			acme(o).Tags = org.Tags{org.TagCustomer: "acme", org.TagTier: "standard"}
		}, "Each account carries"},
		{"an account of nobody in the file", func(_ *simulate.Scenario, o *org.Organization) {
			o.Accounts = append(o.Accounts, org.Account{ID: "999999999999", Name: "X", Email: "x@x.example", State: org.Active, Parent: o.Root, Tags: org.Tags{org.TagCustomer: "stranger"}})
		}, "No account is tagged"},
		{"a root address that is a contact", func(_ *simulate.Scenario, o *org.Organization) { acme(o).Email = "John@acmefinance.com" }, "E-mail format"},
		{"a root address that is too long", func(_ *simulate.Scenario, o *org.Organization) {
			acme(o).Email = strings.Repeat("a", 60) + "@p.example"
		}, "E-mail format"},
		{"an account that AWS did not allocate", func(s *simulate.Scenario, _ *org.Organization) {
			s.Bars = slices.DeleteFunc(s.Bars, func(b simulate.Bar) bool { return b.Kind == plan.CreateAccount && b.Customer == "acme" })
		}, "Account ids are allocated"},
		{"a plan that is never done", func(s *simulate.Scenario, _ *org.Organization) { s.Again = 1 }, "A second plan"},
		{"calls that AWS throttled", func(s *simulate.Scenario, _ *org.Organization) { s.Throttled = 3 }, "AWS throttles no call"},
		{"a tenant before its guardrail", func(s *simulate.Scenario, _ *org.Organization) {
			i := slices.IndexFunc(s.Bars, func(b simulate.Bar) bool { return b.Kind == plan.MoveAccount })
			s.Bars[i].From = 0
		}, "Guardrails stand before"},
		{"six creations at once", func(s *simulate.Scenario, _ *org.Organization) {
			for range 6 {
				s.Bars = append(s.Bars, simulate.Bar{Kind: plan.CreateAccount, From: time.Hour, To: 2 * time.Hour})
			}
		}, "Accounts are created in parallel"},
		{"a tier that is called as a customer", func(s *simulate.Scenario, _ *org.Organization) {
			s.Portfolio.Tiers[slices.IndexFunc(s.Portfolio.Tiers, func(t portfolio.Tier) bool { return t.Key == "standard" })].Name = "Quantum Bank Corp"
		}, "5 invoices can be generated"},
		{"creations one after the other", func(s *simulate.Scenario, _ *org.Organization) {
			for i := range s.Bars {
				s.Bars[i].From, s.Bars[i].To = time.Duration(i)*time.Minute, time.Duration(i+1)*time.Minute
			}
		}, "Accounts are created in parallel"},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := quick(t, example(t))
			sc := s.Whole()
			row.wreck(sc, &sc.Organization)
			sc.Verified = verify.Organization(blueprint.From(sc.Portfolio), sc.Organization)
			r := New(s)
			var failed []string
			for _, g := range append(r.Validation, r.Fixes) {
				for _, l := range g.Lines {
					if l.State == Failed {
						failed = append(failed, l.Text)
						if l.Fault == "" {
							t.Errorf("line %q failed and does not say why", l.Text)
						}
					}
				}
			}
			if !slices.ContainsFunc(failed, func(text string) bool { return strings.HasPrefix(text, row.line) }) {
				t.Errorf("no line %q… failed; failed are %q", row.line, failed)
			}
			if text := markdown(t, r); !strings.Contains(text, "- ❌ "+escape(row.line)) {
				t.Errorf("the report shows no ❌ before %q", row.line)
			}
			if f, _ := r.Figures.Of("go_no_go"); r.Decision.Deploy || f.Agrees {
				t.Errorf("deploy %t, figure %+v; want no", r.Decision.Deploy, f)
			}
		})
	}
}

// TestMailOfTwo: a contact of two customers would be a ticket of the wrong one.
func TestMailOfTwo(t *testing.T) {
	s := quick(t, example(t))
	s.Portfolio.Customers[1].Contact = s.Portfolio.Customers[0].Contact
	text := markdown(t, New(s))
	if want := "- ❌ Mail from each customer's contact"; !strings.Contains(text, want) {
		t.Errorf("the report does not say %q", want)
	}
}

// TestEveryCheckCounts fails each check of a verification by itself: none may
// fail unseen.
func TestEveryCheckCounts(t *testing.T) {
	s := quick(t, example(t))
	checks := s.Whole().Verified.Checks
	for i := range checks {
		checks[i].Passed, checks[i].Fault = false, "broken on purpose"
		if r := New(s); r.Tally.Failed == 0 {
			t.Errorf("check %s of %q %q failed and no line shows it", checks[i].Name, checks[i].Customer, checks[i].Tier)
		}
		checks[i].Passed, checks[i].Fault = true, ""
	}
}

// TestTierThatDoesNotHoldMany fails a check of the scenario of one tier.
func TestTierThatDoesNotHoldMany(t *testing.T) {
	s := study(t, example(t), 1)
	for i, c := range s.OneTier.Verified.Checks {
		if c.Name == verify.Unit && c.Customer == "quantum" {
			s.OneTier.Verified.Checks[i].Passed = false
		}
	}
	r := New(s)
	if f, _ := r.Figures.Of("tier_capacity"); f.Value != "11" {
		t.Errorf("one of 12 customers is in the wrong unit: tier_capacity %q, want 11", f.Value)
	}
	if r.Tally.Failed != 1 {
		t.Errorf("%d lines failed, want 1", r.Tally.Failed)
	}
}

// TestPortalNamesAnother: a unit or a guardrail that names another framework is
// told, whose customers would read it; a word that only holds its letters is not.
func TestPortalNamesAnother(t *testing.T) {
	for _, tt := range []struct {
		unit string
		want State
	}{
		{"Customers-Standard", Passed},
		{"Customers-Precision", Passed}, // CIS is in it
		{"Customers-HIPAA", Failed},
		{"not soc 2", Failed},
	} {
		s := quick(t, example(t))
		o := &s.Whole().Organization
		for i := range o.Units {
			if o.Units[i].Name == "Customers-Standard" {
				o.Units[i].Name = tt.unit
			}
		}
		var got State
		for _, g := range New(s).Validation {
			for _, l := range g.Lines {
				if strings.HasPrefix(l.Text, "What each customer's portal shows") {
					got = l.State
				}
			}
		}
		if got != tt.want {
			t.Errorf("a unit %q of the tier in CIS: %q, want %q", tt.unit, got, tt.want)
		}
	}
}
