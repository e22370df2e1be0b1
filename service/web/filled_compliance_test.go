package web

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"landlord/guard/compliance"
	"landlord/guard/guardrail"
	"landlord/portfolio"
	"landlord/vend/verify"
)

var filledTabs = complianceTabsOf("/compliance/isolation", 0)

// filledFolio has a tier of each framework, and one that nobody is in.
func filledFolio() *portfolio.Portfolio {
	f := &portfolio.Portfolio{}
	for _, t := range [][3]string{{"fintech", "Fintech", "SOC 2"}, {"healthcare", "Healthcare", "HIPAA"}, {"federal", "Government-Federal", "FedRAMP"}, {"standard", "Standard", "CIS"}, {"startups", long[:40], "CIS"}} {
		f.Tiers = append(f.Tiers, portfolio.Tier{Key: t[0], Name: t[1], Framework: t[2]})
	}
	f.Tiers[0].Guardrails = []guardrail.Rule{{Sid: "NoMarketplace", Prevents: "nothing is bought in the marketplace"}}
	return f
}

// filledCells are those of every statement in every tier, some wrong.
func filledCells(wrong bool) (cells []verify.Cell) {
	for i, t := range filledFolio().Tiers {
		for _, slug := range append([]string{guardrail.Base}, guardrail.Known()...) {
			for _, r := range guardrail.Rules(slug) {
				if r.Set != slug {
					continue
				}
				c := verify.Cell{Tier: t.Key, Statement: r.Sid, Set: slug, Denies: slug == guardrail.Base || slug == guardrail.Slug(t.Framework), Accounts: 2500, Newcomer: i == 3, Probes: len(r.Probes)}
				for _, p := range r.Probes {
					if p.DeniedIn(r, t.Framework) {
						c.Denied++
					}
				}
				if i >= 3 {
					c.Accounts = 0
				}
				if wrong && t.Key == "fintech" && r.Sid == "KeepKeys" {
					c.Wrong, c.Exempt = 13, 1
					c.Faults = []verify.Answer{{Action: "kms:ScheduleKeyDeletion", Says: "it is allowed, which KeepKeys should deny", Accounts: 12, Customers: []string{"acme", "a-customer-with-a-rather-long-key"}}}
				}
				if wrong && t.Key == "standard" && slug == "hipaa" {
					c.Wrong = 1
					c.Faults = []verify.Answer{{Action: "s3:PutBucketPolicy", Says: "KeepEncrypted of policy landlord-hipaa at Customers-Standard denies it"}}
				}
				cells = append(cells, c)
			}
		}
	}
	return cells
}

func filledIsolation(h shell, wrong bool) isolationPage {
	p := isolationPage{shell: h, Tabs: filledTabs, Known: true, Seen: before(time.Hour)}
	p.fill(filledCells(wrong), filledFolio())
	return p
}

func filledStatement(h shell) statementPage {
	rule, _ := ruleOf("KeepKeys")
	p := statementPage{shell: h, Set: "SOC 2", Prevents: sentence(rule.Prevents), Basis: "somebody's list of 2026-11-01", Text: documentOf(rule), Controls: []controlsOf{{"HIPAA", []string{"164.312(c)(1)"}}, {"SOC 2", rule.Controls["SOC 2"]}}, Seen: before(time.Hour)}
	for _, c := range filledCells(true) {
		if tier, _ := filledFolio().Tier(c.Tier); c.Statement == "KeepKeys" {
			p.Tiers = append(p.Tiers, statementTier{columnOf(c, tier), cellOf(c), wrongOf(c, tier.Name)})
		}
	}
	for _, probe := range rule.Probes {
		p.Probes = append(p.Probes, probeOf(probe, frameworkNames(filledFolio())))
	}
	return p
}

// filledPosture is how an account stands after four weeks of evidence.
func filledPosture(framework string) compliance.Posture {
	f, err := compliance.Of(framework, "")
	if err != nil {
		panic(err)
	}
	var h compliance.History
	for week := range 4 {
		at := testNow.Add(-time.Duration(3-week)*7*24*time.Hour - 3*time.Hour)
		for i, c := range f.Checks() {
			if i%5 == 4 {
				continue
			}
			for n := range 1 + i%3*40 {
				status := compliance.Pass
				switch {
				case (i+n)%9 == 0 && (week < 2 || i%2 == 0):
					status = compliance.Fail
				case i%17 == 3:
					status = compliance.Error
				}
				hash := fmt.Sprintf("%064x", i*1000+n)
				h.Add(compliance.Finding{Name: c.ID, Account: "666677778888", Region: "us-east-1", Resource: fmt.Sprintf("arn:aws:s3:::bucket-of-somebody-%d", n), Status: status, At: at, Method: compliance.ByCalls, Whole: true, Hash: hash})
				if len(c.Rules) > 0 && i%2 == 0 {
					h.Add(compliance.Finding{Name: c.ID, Account: "666677778888", Region: "us-east-1", Resource: fmt.Sprintf("arn:aws:s3:::bucket-of-somebody-%d", n), Status: compliance.Pass, At: at, Method: compliance.ByConfig, Hash: hash})
				}
			}
		}
	}
	return h.Posture(f)
}

// lookingAt is a visit that asks for an address.
func lookingAt(address string) *visit {
	return &visit{Request: httptest.NewRequest(http.MethodGet, address, nil), Now: testNow}
}

// filledCompliance are the pages on how a customer stands.
func filledCompliance(console, portal func(title, here string) shell) map[string]any {
	const acme, own = "/customers/acme/compliance", "/portal/compliance"
	of := filledCustomerShell("compliance")
	cis, fedramp := filledPosture("CIS"), filledPosture("FedRAMP")
	worst := func(p compliance.Posture) string { return p.Fix[0].Check }
	control, _ := controlOf(lookingAt(acme), acme, fedramp, fedramp.Fix[0].Controls[0])
	untouched, _ := controlOf(lookingAt(acme), acme, fedramp, "ac-1")
	check, _ := checkOf(lookingAt(acme), acme, fedramp, worst(fedramp))
	ownControl, _ := controlOf(lookingAt(own), own, cis, cis.Fix[0].Controls[0])
	ownCheck, _ := checkOf(lookingAt(own), own, cis, worst(cis))
	f, _ := compliance.Of("CIS", "")
	var none compliance.History
	said := postureSaid(lookingAt(own), own, cis)
	return map[string]any{
		"customer_compliance":         customerCompliancePage{of, postureSaid(lookingAt(acme+"?status=fail"), acme, fedramp), true},
		"customer_compliance all":     customerCompliancePage{of, postureSaid(lookingAt(acme), acme, fedramp), false},
		"customer_compliance nothing": customerCompliancePage{of, postureSaid(lookingAt(acme), acme, none.Posture(f)), true},
		"customer_compliance unknown": customerCompliancePage{of, posturePart{To: acme, Framework: "PCI DSS", Unknown: true}, false},
		"customer_control":            customerControlPage{of, control},
		"customer_control untouched":  customerControlPage{of, untouched},
		"customer_check":              customerCheckPage{of, check},
		"portal_compliance":           portalCompliancePage{portal("How do we stand?", own), said, standing{}, stands(said)},
		"portal_compliance nothing":   portalCompliancePage{portal("How do we stand?", own), postureSaid(lookingAt(own), own, none.Posture(f)), standing{}, "To CIS v5, as far as settings of your account tell."},
		"portal_compliance none":      portalCompliancePage{portal("How do we stand?", own), postureSaid(lookingAt(own+"?q=zebra"), own, cis), standing{}, stands(said)},
		"portal_control":              portalControlPage{portal(ownControl.ID, own), ownControl},
		"portal_check":                portalCheckPage{portal(ownCheck.Words, own), ownCheck},
	}
}
