package web

import (
	"fmt"
	"time"

	"landlord/guard/compliance"
	"landlord/service/store"
)

// filledTallies are how so many customers of each tier stand.
func filledTallies(each int) (tiers []store.TierTally, controls []store.ControlTally) {
	for i, t := range filledFolio().Tiers {
		n := each
		if i == 4 {
			n = 0
		}
		for j, day := range []string{"2026-11-16", "2026-11-23"} {
			tiers = append(tiers, store.TierTally{Day: day, Tier: t.Key, Framework: t.Framework, Customers: n, Assessed: n * 9 / 10, Score: compliance.Score{Pass: n * (70 + 5*i - 3*j*(i-1)), Of: n * 100}})
		}
		f, err := compliance.Of(t.Framework, "")
		if err != nil {
			panic(err)
		}
		assessed := n * 9 / 10
		for _, catalogue := range f.Catalogues {
			for k, c := range catalogue.Controls {
				ct := store.ControlTally{Tier: t.Key, Framework: t.Framework, Catalogue: catalogue.Name, Control: c.ID, Now: store.Counts{NotAssessed: assessed}, Was: store.Counts{NotAssessed: assessed}}
				if k%3 == i%3 && assessed > 0 {
					fail := assessed * ((k*37 + i*11) % 100) / 100
					ct.Now = store.Counts{Fail: fail, Error: fail / 50, Pass: assessed - fail - fail/50}
					ct.Now.Fail -= ct.Now.Error
					was := max(0, fail-k%5*assessed/100+assessed/60)
					ct.Was = store.Counts{Fail: was, Pass: assessed - was}
				}
				controls = append(controls, ct)
			}
		}
	}
	return tiers, controls
}

func filledCompliancePage(h shell, each int) compliancePage {
	folio := filledFolio()
	p := compliancePage{shell: h, Tabs: complianceTabsOf("/compliance", 3), MayAssess: true}
	tiers, controls := filledTallies(each)
	p.Heat, p.Worse, p.Better = heatOf(tiers, controls, folio)
	p.Worst, p.Lead = worst(p.Heat)
	p.Choices = standingChoices(store.Standings{Tier: "fintech"}, folio, "fail")
	at := testNow.Add(-3 * time.Hour)
	for i := range min(each, mostRows) {
		s := store.Stand{Key: fmt.Sprintf("customer-%d", i), Name: long, Tier: "fintech", Framework: "SOC 2", Assessed: i%7 != 6, Posture: store.Posture{AsOf: &at, Controls: store.Counts{Pass: 10 + i, Fail: max(0, 30-i), Error: i % 3}, FixFirst: "iam.root_mfa"}}
		if i%4 > 0 {
			s.Was = compliance.Score{Pass: 10 + i + i%4 - 2, Of: 40 + i%3}
		}
		p.Customers = append(p.Customers, standLineOf(testNow, s, map[string]string{"fintech": "Fintech"}))
	}
	p.Paging = paging{"1 to 50 of 10,000", "", "?page=2"}
	return p
}

// filledHeat are the console's pages on all customers.
func filledHeat(console func(title, here string) shell) map[string]any {
	queue := func(rows ...queuedLine) queuePage {
		return queuePage{shell: console("Whose findings are these?", "/compliance/queue"), Tabs: complianceTabsOf("/compliance/queue", len(rows)), Accounts: len(rows), Findings: 1204 * len(rows), MayAssign: true, Rows: rows}
	}
	key := field{Name: "customer-999988887777", Label: "Key of the customer", Type: "text", Needed: true}
	wrong := field{Name: "customer-999988887778", Label: "Key of the customer", Type: "text", Needed: true, Value: "acmee", Fault: "Nobody has this key."}
	nobody := compliancePage{shell: console("Where are we weakest?", "/compliance"), Tabs: complianceTabsOf("/compliance", 0), Lead: "Nothing was found of anybody yet."}
	filtered := filledCompliancePage(console("Where are we weakest?", "/compliance"), 5)
	filtered.Customers, filtered.Control, filtered.Is, filtered.Filtered = nil, "CC6.1", "fails for", true
	checks := compliance.Checks()
	one := effectOf(checks[0])
	one.shell, one.Tabs, one.Of, one.Key, one.State, one.Bad = console(checks[0].Title, "/compliance/checks/x"), complianceTabsOf("", 3), "ACME Finance Inc", "acme", assessed(compliance.Fail), 3
	one.Frameworks[0].Own = true
	return map[string]any{
		"compliance":          filledCompliancePage(console("Where are we weakest?", "/compliance"), 2500),
		"compliance few":      filledCompliancePage(console("Where are we weakest?", "/compliance"), 2),
		"compliance nobody":   nobody,
		"compliance filtered": filtered,
		"effect":              one,
		"queue":               queue(queuedLine{"999988887777", 1204, 33, before(50 * time.Hour), before(time.Hour), "prowler-output-999988887777.ocsf.json", key}, queuedLine{"999988887778", 12, 0, before(50 * time.Hour), before(time.Hour), "0c9a3cb53f9f4d39", wrong}),
		"queue nobody":        queue(),
	}
}
