package web

import (
	"time"

	"landlord/guard/guardrail"
	"landlord/portfolio"
	"landlord/vend/verify"
)

var filledTabs = []place{{"Isolation", "/compliance/isolation", true}}

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
	p := statementPage{shell: h, Set: "SOC 2", Prevents: sentence(rule.Prevents), Text: documentOf(rule), Controls: []controlsOf{{"HIPAA", []string{"164.312(c)(1)"}}, {"SOC 2", rule.Controls["SOC 2"]}}, Seen: before(time.Hour)}
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
