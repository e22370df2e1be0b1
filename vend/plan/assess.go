package plan

import (
	"landlord/guard/baseline"
	"landlord/guard/compliance"
	"landlord/guard/compliance/assess"
	"landlord/org"
	"landlord/vend/blueprint"
)

// Assessments are the accounts that are to be assessed, and whose they are.
type Assessments struct {
	Of       []assess.Subject         // in the portfolio's order
	Customer map[org.AccountID]string // keys
	Left     []Unready                // who is not assessed
}

// WantAssessments says which accounts of customers are assessed by what, all
// customers' if no key is given: those that stand in their unit, by the checks of
// their tier's framework. A region that a tier's guardrails close is not read. regions
// are those in use, the home region first. The error is a *Conflict.
func WantAssessments(want blueprint.Blueprint, have org.Organization, regions []string, keys ...string) (Assessments, error) {
	all := Assessments{Customer: map[org.AccountID]string{}, Left: []Unready{}}
	wanted, err := WantBaselines(want, have, regions, keys...)
	if err != nil {
		return all, err
	}
	all.Left = append(all.Left, wanted.Unready...)
	framework, checks := map[string]string{}, map[string][]*compliance.Check{}
	for _, t := range want.Tiers {
		framework[t.Key] = t.Framework
		checks[t.Framework] = compliance.ChecksOf(t.Framework)
	}
	for _, of := range wanted.Of {
		name := framework[of.Tier]
		var open []string
		for _, w := range of.Wants {
			open = append(open, w.Region)
		}
		left := func(why string) {
			all.Left = append(all.Left, Unready{Customer: of.Customer, Account: of.Account, Why: why})
		}
		switch {
		case len(checks[name]) == 0:
			left("landlord has no checks of the framework of its tier")
			continue
		case len(open) == 0:
			left("its tier's guardrails close every region of the file")
			continue
		}
		all.Customer[of.Account] = of.Customer
		all.Of = append(all.Of, assess.Subject{Account: of.Account, Organization: have.ID, Regions: open, Checks: checks[name], Framework: name, Packs: baseline.Prefix})
	}
	return all, nil
}
