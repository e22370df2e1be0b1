package verify_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"landlord/directory"
	"landlord/guard/guardrail"
	"landlord/guard/identity"
	"landlord/org"
	"landlord/portfolio"
	"landlord/vend/blueprint"
	"landlord/vend/verify"
)

// sound is an organization of two customers in two tiers, as wanted.
func sound() (blueprint.Blueprint, org.Organization) {
	want := blueprint.Blueprint{Management: "999999999999"}
	have := org.Organization{ID: "o-1", Root: "r-1", Management: "999999999999", SCPs: true,
		Accounts: []org.Account{{ID: "999999999999", State: org.Active, Parent: "r-1"}}}
	for i, t := range []struct{ key, framework, customer string }{{"fintech", "SOC 2", "acme"}, {"healthcare", "HIPAA", "medicorp"}} {
		policy := guardrail.For(t.framework)
		unit, account := "ou-"+t.key, org.AccountID("00000000000"+string(rune('1'+i)))
		want.Tiers = append(want.Tiers, blueprint.Tier{Key: t.key, Framework: t.framework, Policies: []guardrail.Policy{policy}})
		want.Units = append(want.Units, blueprint.Unit{Key: t.key, Tier: t.key, Name: "Customers-" + t.key, Tags: org.Tags{org.TagTier: t.key}})
		tags := org.Tags{org.TagCustomer: t.customer, org.TagTier: t.key}
		email := "aws+" + t.customer + "@x.example"
		want.Customers = append(want.Customers, blueprint.Customer{Customer: directory.Customer{Key: t.customer, Email: email}, Name: t.customer, Tier: t.key, Unit: t.key, Tags: tags})
		have.Units = append(have.Units, org.Unit{ID: unit, Name: "Customers-" + t.key, Parent: "r-1", Tags: org.Tags{org.TagTier: t.key}, SCPs: []string{org.FullAccess, "p-" + t.key}})
		have.Accounts = append(have.Accounts, org.Account{ID: account, Name: t.customer, Email: email, State: org.Active, Parent: unit, Tags: tags})
		have.Policies = append(have.Policies, org.Policy{ID: "p-" + t.key, Name: policy.Name, Document: policy.Document, Targets: []string{unit}, Tags: org.Tags{org.TagFramework: t.framework}})
	}
	return want, have
}

func TestSound(t *testing.T) {
	want, have := sound()
	r := verify.Organization(want, have)
	if passed, all := r.Passed(); passed != all || all != 4+2*4+2*6 {
		t.Errorf("%d of %d checks passed, want all of 24: %+v", passed, all, r.Checks)
	}
	for _, c := range r.Checks {
		if c.Looked == "" {
			t.Errorf("%s of %s%s does not say what it looked at", c.Name, c.Customer, c.Tier)
		}
	}
}

// TestDoors: people are let into an account that stands in its unit under its tier's
// policies and no others; what is wrong with one tier keeps nobody out of another's.
func TestDoors(t *testing.T) {
	for name, tt := range map[string]struct {
		damage func(*org.Organization)
		acme   identity.State
	}{
		"sound":       {func(*org.Organization) {}, identity.Open},
		"in the root": {func(o *org.Organization) { o.Accounts[1].Parent = "r-1" }, identity.Wait},
		"another's policy": {func(o *org.Organization) {
			o.Policies[1].Targets = append(o.Policies[1].Targets, string(o.Accounts[1].ID))
		}, identity.Wait},
		"its policy taken off":  {func(o *org.Organization) { o.Policies[0].Targets, o.Units[0].SCPs = nil, []string{org.FullAccess} }, identity.Wait},
		"its policy was edited": {func(o *org.Organization) { o.Policies[0].Document = `{"Version":"2012-10-17","Statement":[]}` }, identity.Wait},
		"it does not act":       {func(o *org.Organization) { o.Accounts[1].State = org.Suspended }, identity.Wait},
	} {
		want, have := sound()
		tt.damage(&have)
		doors := verify.Doors(want, have, verify.Organization(want, have), nil)
		if d := doors["acme"]; d.State != tt.acme || (d.Why == "") != (d.State == identity.Open) {
			t.Errorf("%s: acme's door is %+v, want %s", name, d, tt.acme)
		}
		if d := doors["medicorp"]; d.State != identity.Open {
			t.Errorf("%s: medicorp's door is %+v", name, d)
		}
	}
}

// without are the rules of SOC 2 but for one.
func without(sid string) []guardrail.Rule {
	return slices.DeleteFunc(slices.Clone(guardrail.Rules("SOC 2")), func(r guardrail.Rule) bool { return r.Sid == sid })
}

// TestEachFault breaks one thing at a time: exactly the checks that it breaks
// fail, and each says what is wrong.
func TestEachFault(t *testing.T) {
	for _, tt := range []struct {
		name   string
		damage func(*org.Organization)
		fails  string // check of customer or tier, …
		says   string
	}{
		{"policies are disabled", func(o *org.Organization) { o.SCPs = false }, "enabled, guardrails fintech, guardrails healthcare, policies acme, policies medicorp", "not enabled"},
		{"an account is in the root", func(o *org.Organization) { o.Accounts[1].Parent = "r-1" }, "guardrails fintech, unit acme, policies acme", "in Root, not in Customers-fintech"},
		{"an account is in another tier's unit", func(o *org.Organization) { o.Accounts[1].Parent = "ou-healthcare" }, "guardrails fintech, apart fintech, unit acme, policies acme, isolation acme", "in Customers-healthcare"},
		{"an account is suspended", func(o *org.Organization) { o.Accounts[1].State = org.Suspended }, "account acme", "SUSPENDED"},
		{"an account is called otherwise", func(o *org.Organization) { o.Accounts[1].Name = "Somebody" }, "account acme", "`landlord apply` renames it"},
		{"a tag that the file no longer gives", func(o *org.Organization) {
			o.Accounts[1].Tags = maps.Clone(o.Accounts[1].Tags)
			o.Accounts[1].Tags[org.TagRegion] = "eu-west-1"
		}, "tags acme", "the file no longer says so"},
		{"a suspended account is free", func(o *org.Organization) {
			o.Accounts[1].Tags = maps.Clone(o.Accounts[1].Tags)
			o.Accounts[1].Tags[org.TagSuspended] = "2026-01-31T09:00:00Z"
		}, "suspended acme", "`landlord apply` puts it back"},
		{"a suspension that stopped half way", func(o *org.Organization) {
			denial := guardrail.Suspended()
			o.Policies = append(o.Policies, org.Policy{ID: "p-s", Name: denial.Name, Document: denial.Document, Targets: []string{string(o.Accounts[1].ID)}, Tags: org.Tags{org.TagPolicy: guardrail.Purpose}})
		}, "suspended acme", "`landlord apply` completes the suspension"},
		{"a suspension that stopped half way, and its policy was edited", func(o *org.Organization) {
			denial := guardrail.Suspended()
			o.Policies = append(o.Policies, org.Policy{ID: "p-s", Name: denial.Name, Document: `{"Version":"2012-10-17","Statement":[]}`, Targets: []string{string(o.Accounts[1].ID)}, Tags: org.Tags{org.TagPolicy: guardrail.Purpose}})
		}, "suspended acme", "`landlord apply` puts it back"},
		{"two policies are the one that suspends", func(o *org.Organization) {
			denial := guardrail.Suspended()
			for _, id := range []string{"p-s", "p-t"} {
				o.Policies = append(o.Policies, org.Policy{ID: id, Name: denial.Name + id, Document: denial.Document, Tags: org.Tags{org.TagPolicy: guardrail.Purpose}})
			}
		}, "suspended", "landlord-suspendedp-s (p-s) and landlord-suspendedp-t (p-t) are both tagged landlord:policy=suspended"},
		{"a suspension since no time", func(o *org.Organization) {
			denial := guardrail.Suspended()
			o.Policies = append(o.Policies, org.Policy{ID: "p-s", Name: denial.Name, Document: denial.Document, Targets: []string{string(o.Accounts[1].ID)}, Tags: org.Tags{org.TagPolicy: guardrail.Purpose}})
			o.Accounts[1].Tags = maps.Clone(o.Accounts[1].Tags)
			o.Accounts[1].Tags[org.TagSuspended] = "yesterday"
		}, "suspended acme", `tag landlord:suspended of account 000000000001 is "yesterday", which is not a time`},
		{"nothing is allowed in a unit but for what suspends", func(o *org.Organization) {
			o.Units[0].SCPs = []string{"p-fintech", "p-s"}
			o.Policies = append(o.Policies, org.Policy{ID: "p-s", Name: "landlord-suspended", Document: guardrail.Suspended().Document, Tags: org.Tags{org.TagPolicy: guardrail.Purpose}})
		}, "tier fintech, apart fintech", "allows anything"},
		{"a tag is missing", func(o *org.Organization) { o.Accounts[1].Tags = org.Tags{org.TagCustomer: "acme"} }, "tags acme", "landlord:tier is missing"},
		{"two accounts have one address", func(o *org.Organization) { o.Accounts[0].Email = "AWS+acme@x.example" }, "ids, account acme, unit acme, policies acme, isolation acme, tags acme, e-mail acme", "cannot be told"},
		{"an address that is another's", func(o *org.Organization) {
			o.Accounts[2].Email = "other@x.example"
			o.Accounts = append(o.Accounts, org.Account{ID: "000000000009", Email: "other@x.example", State: org.Active, Parent: "r-1"})
		}, "e-mail medicorp", "2 accounts have the address"},
		{"a tier that has no account yet does not hold what comes", func(o *org.Organization) { o.Accounts, o.Policies[1].Targets = o.Accounts[:2], nil }, "tier healthcare, guardrails healthcare, account medicorp, unit medicorp, policies medicorp, isolation medicorp, tags medicorp, e-mail medicorp", "whoever enters Customers-healthcare"},
		{"a policy is taken off its unit", func(o *org.Organization) { o.Policies[0].Targets = nil }, "tier fintech, guardrails fintech, policies acme", "not attached"},
		{"two lists of what is attached differ", func(o *org.Organization) { o.Units[0].SCPs = []string{org.FullAccess} }, "tier fintech", "not attached"},
		{"another tier's policy is on the root", func(o *org.Organization) { o.Policies[1].Targets = []string{"ou-healthcare", "r-1"} }, "apart fintech, isolation acme", "landlord-hipaa at Root"},
		{"another tier's policy is on the account", func(o *org.Organization) { o.Policies[1].Targets = []string{"ou-healthcare", "000000000001"} }, "apart fintech, isolation acme", "landlord-hipaa at"},
		{"a renamed policy of landlord's is on another tier's unit", func(o *org.Organization) {
			o.Policies = append(o.Policies, org.Policy{ID: "p-x", Name: "hidden", Targets: []string{"ou-fintech"}, Tags: org.Tags{org.TagFramework: "HIPAA"}})
		}, "isolation acme", "hidden at Customers-fintech"},
		{"a policy says something else", func(o *org.Organization) { o.Policies[0].Document = `{}` }, "content fintech, guardrails fintech", "does not say what SOC 2 demands"},
		{"the policies of two tiers are swapped", func(o *org.Organization) {
			for i, at := range []string{"ou-healthcare", "ou-fintech"} {
				o.Policies[i].Targets, o.Units[i].SCPs = []string{at}, []string{org.FullAccess, o.Policies[1-i].ID}
			}
		}, "tier fintech, guardrails fintech, apart fintech, tier healthcare, guardrails healthcare, apart healthcare, policies acme, isolation acme, policies medicorp, isolation medicorp",
			"fintech allows logs:DeleteLogGroup, which KeepLogs should deny (acme)"},
		{"a statement is taken out of a policy", func(o *org.Organization) {
			o.Policies[0].Document = guardrail.Compile("SOC 2", without("KeepKeys")).Document
		}, "content fintech, guardrails fintech", "fintech allows kms:ScheduleKeyDeletion, which KeepKeys should deny (acme)"},
		{"a statement more is in a policy", func(o *org.Organization) {
			o.Policies[0].Document = guardrail.Compile("SOC 2", append(without(""), guardrail.Rule{Sid: "Theirs", Actions: []string{"s3:List*"}, Resources: []string{"*"}})).Document
		}, "content fintech, apart fintech", "s3:ListAllMyBuckets: Theirs of policy landlord-soc2 at Customers-fintech denies it (acme)"},
		{"a policy exempts one account that the file does not", func(o *org.Organization) {
			rules := without("KeepKeys")
			for _, r := range guardrail.Rules("SOC 2") {
				if r.Sid == "KeepKeys" {
					rules = append(rules, r.Exempting("000000000001"))
				}
			}
			o.Policies[0].Document = guardrail.Compile("SOC 2", rules).Document
		}, "content fintech, guardrails fintech", "fintech allows kms:ScheduleKeyDeletion, which KeepKeys should deny (acme)"},
		{"a policy is not landlord's", func(o *org.Organization) { o.Policies[0].Tags = nil }, "tier fintech, content fintech, policies acme", "not landlord's"},
		{"nothing is allowed in a unit", func(o *org.Organization) { o.Units[0].SCPs = []string{"p-fintech"} }, "tier fintech, apart fintech", "allows anything"},
		{"a unit is renamed", func(o *org.Organization) { o.Units[0].Name = "Elsewhere" }, "tier fintech", "called Elsewhere"},
		{"a unit lies in another tier's", func(o *org.Organization) { o.Units[0].Parent = "ou-healthcare" }, "units, tier fintech, apart fintech, unit acme, isolation acme", "in Customers-healthcare/Customers-fintech, not in Customers-fintech"},
		{"a unit lies in somebody else's", func(o *org.Organization) {
			o.Units = append([]org.Unit{{ID: "ou-x", Name: "Theirs", Parent: "r-1"}}, o.Units...)
			o.Units[1].Parent = "ou-x"
		}, "units, tier fintech, unit acme", "lies in unit Theirs"},
		{"a unit is left from before", func(o *org.Organization) {
			o.Units = append(o.Units, org.Unit{ID: "ou-old", Name: "us-east-1", Parent: "ou-fintech", Tags: org.Tags{org.TagTier: "fintech", org.TagRegion: "us-east-1"}, SCPs: []string{org.FullAccess}})
		}, "units", "Customers-fintech/us-east-1 (ou-old) is left from before"},
		{"two accounts are called the same", func(o *org.Organization) { o.Accounts[1].Name = "medicorp" }, "names, account acme", "both"},
		{"an account of nobody in the file", func(o *org.Organization) {
			o.Accounts = append(o.Accounts, org.Account{ID: "000000000009", Email: "g@x.example", State: org.Active, Tags: org.Tags{org.TagCustomer: "gone"}})
		}, "orphans", "000000000009 (gone)"},
		{"a suspended account of nobody in the file", func(o *org.Organization) {
			o.Accounts = append(o.Accounts, org.Account{ID: "000000000009", Email: "g@x.example", State: org.Active, Tags: org.Tags{org.TagCustomer: "gone", org.TagSuspended: "2026-01-31T09:00:00Z"}})
		}, "orphans", "000000000009 (gone, suspended since 2026-01-31T09:00:00Z)"},
		{"an account is closed", func(o *org.Organization) { o.Accounts[1].State = org.Closed }, "ids, account acme, unit acme, policies acme, isolation acme, tags acme, e-mail acme", "A key is for ever"},
		{"there is no account", func(o *org.Organization) { o.Accounts = o.Accounts[:2] }, "account medicorp, unit medicorp, policies medicorp, isolation medicorp, tags medicorp, e-mail medicorp", "creates it"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			want, have := sound()
			tt.damage(&have)
			var failed, faults []string
			for _, c := range verify.Organization(want, have).Checks {
				if c.Passed != (c.Fault == "") {
					t.Errorf("%s %s%s: passed %t with the fault %q", c.Name, c.Customer, c.Tier, c.Passed, c.Fault)
				}
				if !c.Passed {
					key := c.Customer
					if key == "" {
						key = c.Tier
					}
					failed = append(failed, strings.TrimSpace(c.Name+" "+key))
					faults = append(faults, c.Fault)
				}
			}
			if got := strings.Join(failed, ", "); got != tt.fails {
				t.Errorf("fails: %s\nwant:  %s", got, tt.fails)
			}
			if tt.says != "both" && !strings.Contains(strings.Join(faults, "\n"), tt.says) {
				t.Errorf("the faults do not say %q: %q", tt.says, faults)
			}
		})
	}
}

// TestWrongCells: of a statement that does not hold, the cell of its tier, and no
// other, tells the call, who is not held and why; of a tier without accounts it tells
// nobody; who is exempt is counted.
func TestWrongCells(t *testing.T) {
	wrong := func(want blueprint.Blueprint, have org.Organization) (cells []verify.Cell) {
		for _, c := range verify.Organization(want, have).Matrix {
			if (c.Wrong > 0) != (len(c.Faults) > 0) {
				t.Errorf("%d answers are wrong, and told are %+v", c.Wrong, c.Faults)
			}
			if c.Wrong > 0 {
				cells = append(cells, c)
			}
		}
		return cells
	}
	want, have := sound()
	if cells := wrong(want, have); len(cells) > 0 {
		t.Errorf("of an organization that is as wanted, cells are wrong: %+v", cells)
	}
	have.Policies[0].Document = guardrail.Compile("SOC 2", without("KeepKeys")).Document
	cells := wrong(want, have)
	if len(cells) != 1 || cells[0].Tier != "fintech" || cells[0].Statement != "KeepKeys" || cells[0].Wrong != 2 || cells[0].Accounts != 1 {
		t.Fatalf("without KeepKeys, wrong are %+v", cells)
	}
	if a := cells[0].Faults[0]; a.Action != "kms:ScheduleKeyDeletion" || a.Says != "it is allowed, which KeepKeys should deny" || a.Accounts != 1 || !slices.Equal(a.Customers, []string{"acme"}) {
		t.Errorf("told is %+v", a)
	}
	have.Accounts, have.Policies[1].Targets = have.Accounts[:2], nil // nobody is in healthcare
	for _, c := range wrong(want, have) {
		if c.Tier == "healthcare" && (!c.Newcomer || c.Accounts != 0 || c.Faults[0].Accounts != 0 || c.Faults[0].Customers != nil) {
			t.Errorf("of a tier without accounts told is %+v", c)
		}
	}
	want, have = sound()
	want.Customers[0].Exempt = []portfolio.Exemption{{Statement: "KeepKeys", Reason: "keys move", Until: "2026-12-01"}}
	for _, c := range verify.Organization(want, have).Matrix {
		if is := c.Tier == "fintech" && c.Statement == "KeepKeys"; is != (c.Exempt == 1) {
			t.Errorf("%s in %s: %d are exempt", c.Statement, c.Tier, c.Exempt)
		}
	}
}

// TestUnitOfDividedTiers: what is wrong with the unit that divided tiers stand in
// is wrong with each of them.
func TestUnitOfDividedTiers(t *testing.T) {
	want, have := sound()
	above := blueprint.Unit{Key: blueprint.Above, Name: "Customers", Tags: org.Tags{org.TagUnit: "customers"}}
	want.Units[0].Parent = blueprint.Above
	want.Units = append([]blueprint.Unit{above}, want.Units...)
	have.Units[0].Parent = "ou-above"
	have.Units = append([]org.Unit{{ID: "ou-above", Name: "Customers", Parent: "r-1", Tags: above.Tags, SCPs: []string{org.FullAccess}}}, have.Units...)
	r := verify.Organization(want, have)
	if passed, all := r.Passed(); passed != all {
		t.Errorf("%d of %d pass: %+v", passed, all, r.Checks)
	}
	if c, made := r.Of(verify.Units, ""); !made || c.Looked != "landlord's units (3 wanted, 0 of before)" {
		t.Errorf("of units it says %+v", c)
	}
	have.Units[0].SCPs = []string{"p-fintech"}
	r = verify.Organization(want, have)
	if c, _ := r.Of(verify.Tier, "fintech"); c.Passed || !strings.Contains(c.Fault, "no policy on Customers allows anything") {
		t.Errorf("fintech's check is %+v", c)
	}
	if c, _ := r.Of(verify.Tier, "healthcare"); !c.Passed {
		t.Errorf("healthcare's check is %+v", c)
	}
}

// TestExemptions: an exemption holds for its customer alone, until its end, and
// one that ended and holds is told.
func TestExemptions(t *testing.T) {
	want, have := sound()
	have.Seen = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	for i := range want.Tiers {
		want.Tiers[i].Rules = guardrail.Rules(want.Tiers[i].Framework)
	}
	want.Customers[0].Exempt = []portfolio.Exemption{{Statement: "KeepKeys", Reason: "keys move to another service", Until: "2026-12-01"}}
	checks := func(wanted string) {
		t.Helper()
		r := verify.Organization(want, have)
		var failed []string
		for _, c := range r.Checks {
			if !c.Passed {
				failed = append(failed, c.Name+" "+c.Customer+c.Tier)
			}
		}
		if got := strings.Join(failed, ", "); got != wanted {
			t.Errorf("fails: %s\nwant:  %s", got, wanted)
		}
	}
	checks("content fintech, exempt acmefintech") // not written into the policy yet
	have.Policies[0].Document = want.Exempting(have).Tiers[0].Policies[0].Document
	checks("")
	if c, _ := verify.Organization(want, have).Of(verify.Exempt, "acme"); c.Looked != "exempt from KeepKeys until 2026-12-01: keys move to another service" {
		t.Errorf("the check says %q", c.Looked)
	}
	have.Seen = have.Seen.AddDate(0, 0, 8)
	checks("content fintech, guardrails fintech, exempt acmefintech") // it ended, and is still there
	if c, _ := verify.Organization(want, have).Of(verify.Exempt, "acme"); !strings.Contains(c.Fault, "account 000000000001 is still exempt from KeepKeys, which ended on 2026-12-01 (keys move to another service)") {
		t.Errorf("the check says %q", c.Fault)
	}
	have.Policies[0].Document = want.Exempting(have).Tiers[0].Policies[0].Document
	checks("")
}
