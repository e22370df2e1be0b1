package report

import (
	"fmt"

	"landlord/internal/money"
)

func opening(m *page, r *Report) {
	s := r.Source
	m.heading(1, "%s", r.Title)
	m.lead("Portfolio", "%s of %s", s.File, s.Provider)
	m.lead("Scenario", "%s in %s, %s; simulated at %s", count(s.Customers, "customer"), count(s.Tiers, "tier"), count(s.Frameworks, "framework"), scales(s.Scales)+" "+verb(s.Scales[len(s.Scales)-1], "customer", "customers"))
	m.lead("Simulated AWS", "profile %s, random seed %d; all times are virtual", s.Profile, s.Seed)
	m.lead("Status", "%s; %s", r.status(), r.Tally.String())
	m.text("✅ and ❌ mark checks that ran, on the simulated organization or on the file, each with what it looked at. “Not checked” was not tried and does not count.")
}

// status is the report in a word.
func (r *Report) status() string {
	if r.Tally.Failed > 0 {
		return "❌ failed"
	}
	return "✅ passed"
}

// String writes t for people.
func (t Tally) String() string {
	return fmt.Sprintf("%s passed, %s failed, %s not checked", count(t.Passed, "check"), whole(t.Failed), whole(t.NotChecked))
}

func scales(ns []int) string {
	var texts []string
	for _, n := range ns {
		texts = append(texts, whole(n))
	}
	return list(texts)
}

func customerSection(m *page, r *Report) {
	switch len(r.Customers) {
	case 0, 1:
		m.heading(2, "The %s", verb(len(r.Customers), "Customer", "Customers"))
	default:
		m.heading(2, "All %s", count(len(r.Customers), "Customer"))
	}
	if len(r.Customers) == 0 {
		m.text("The file has no customers.")
	}
	t := Table{Head: []string{"No.", "Customer", "Tier", "Account ID", "Root address", "Contact", "Note", "Monthly"}, Numbers: 7}
	for i, c := range r.Customers {
		t.Rows = append(t.Rows, []string{whole(i + 1), c.Name, c.Tier + " (" + c.Framework + ")", orDash(string(c.Account)), orDash(c.Email), orDash(c.Contact), c.Note, c.Price.Format()})
	}
	m.table(t)
}

func orDash(s string) string {
	if s == "" {
		return dash
	}
	return s
}

func revenueSection(m *page, r *Report) {
	rev := r.Revenue
	m.heading(2, "Revenue Impact: %s", count(r.Source.Customers, "Customer"))
	m.heading(3, "Monthly Recurring Revenue (MRR)")
	t := Table{Head: []string{"No.", "Customer", "Monthly"}, Numbers: 2}
	for i, c := range r.Customers {
		t.Rows = append(t.Rows, []string{whole(i + 1), fmt.Sprintf("%s (%s)", c.Name, c.Tier), c.Price.Format()})
	}
	t.Rows = append(t.Rows,
		[]string{"", "Subtotal (" + count(len(r.Customers), "customer") + ")", rev.Total.Format()},
		[]string{"", "Infrastructure", rev.Infrastructure.Format()},
		[]string{"", "Gross profit", rev.GrossProfit.Format()},
		[]string{"", "Gross margin", rev.GrossMargin})
	m.table(t)
	m.text("Compared with fewer customers, in file order:")
	t = Table{Head: []string{"Customers", "Revenue", "Infrastructure", "Gross margin", "People in support", "Profit", "Margin with support and hosting"}}
	for _, e := range rev.Compared {
		t.Rows = append(t.Rows, []string{whole(e.Customers), e.Revenue.Format(), e.Infrastructure.Format(), e.GrossMargin, whole(e.People), e.Profit.Format(), e.Margin})
	}
	m.table(t)

	m.heading(3, "Revenue Per Customer")
	if r.Source.Customers > 0 {
		m.lead("Average revenue per customer", "%s", rev.Average.Format())
	}
	t = Table{Head: []string{"Tier", "Customers", "Each", "Total", "Share"}, Numbers: 1}
	for _, tier := range r.Tiers {
		t.Rows = append(t.Rows, []string{tier.Name, whole(len(tier.Customers)), r.each(tier), tier.Revenue.Format(), tier.Share})
	}
	t.Rows = append(t.Rows, []string{"Total", whole(len(r.Customers)), "", rev.Total.Format(), ""})
	m.table(t)
}

// each is the price of a tier's customers, from the least to the most.
func (r *Report) each(t Tier) string {
	var low, high money.Cents
	first := true
	for _, c := range r.Customers {
		if c.Tier != t.Name {
			continue
		}
		if first {
			low, high, first = c.Price, c.Price, false
		}
		low, high = min(low, c.Price), max(high, c.Price)
	}
	if low == high {
		return low.Format()
	}
	return low.Format() + " to " + high.Format()
}

func tierSection(m *page, r *Report) {
	m.heading(2, "Multi-Tier Analysis: What %s %s", count(r.Source.Customers, "Customer"), verb(r.Source.Customers, "Reveals", "Reveal"))
	m.heading(3, "Same-Tier Sharing")
	if len(r.Sharing) == 0 {
		m.text("No tier has two customers, so none shares a unit yet.")
	}
	for _, s := range r.Sharing {
		m.lead(s.Tier, "before: %s alone in %s. After: %s share it.", s.Before[0], s.Unit, some(s.After))
		m.lines(append(s.Lines[:len(s.Lines):len(s.Lines)],
			stated("Revenue from the tier: %s", s.Revenue.Format()),
			stated("Infrastructure for the tier: %s, its part by accounts", s.Infrastructure.Format()),
			stated("Gross margin: %s", s.GrossMargin)))
	}
	m.heading(3, "All Tiers")
	t := Table{Head: []string{"Tier", "Framework", "Customers", "Unit", "Monthly"}, Numbers: 4}
	for _, tier := range r.Tiers {
		t.Rows = append(t.Rows, []string{tier.Name, tier.Framework, some(tier.Customers), tier.Unit, tier.Revenue.Format()})
	}
	t.Rows = append(t.Rows, []string{"Total: " + count(len(r.Tiers), "tier"), "", count(len(r.Customers), "customer"), count(len(r.Tiers), "unit"), r.Revenue.Total.Format()})
	m.table(t)
	if len(r.Tiers) == 0 {
		return
	}
	m.text("Margin and effort by tier; what all share is divided by accounts:")
	t = Table{Head: []string{"Tier", "Revenue", "Gross margin", "Profit", "Margin", "Effort to onboard", "Monthly profit an hour of it"}, Numbers: 1}
	for _, tier := range r.Tiers {
		t.Rows = append(t.Rows, []string{tier.Name, tier.Revenue.Format(), tier.GrossMargin, tier.Profit.Format(), tier.Margin, whole(tier.Onboarding) + " min", hourly(tier)})
	}
	m.table(t)
}

func projectionSection(m *page, r *Report) {
	m.heading(2, "%s: Projections", count(r.Source.Customers, "Customer"))
	m.heading(3, "Month 1 (%s)", count(r.Source.Customers, "Customer"))
	t := Table{Head: []string{"Revenue and costs", "A month"}, Numbers: 1}
	for _, l := range r.Month.Lines {
		t.Rows = append(t.Rows, []string{l.What, l.Amount.Format()})
	}
	mo := r.Month
	t.Rows = append(t.Rows,
		[]string{"Revenue", mo.Revenue.Format()},
		[]string{"AWS infrastructure", mo.Infrastructure.Format()},
		[]string{"Support staff (" + people(mo.People) + ")", mo.Support.Format()},
		[]string{"Hosting and tools", mo.Hosting.Format()},
		[]string{"Costs", mo.Costs().Format()},
		[]string{"Profit", mo.Profit().Format()},
		[]string{"Margin", mo.Margin})
	m.table(t)
	m.items("In service: " + inService)

	m.heading(3, "Scaling Projections")
	t = Table{Head: []string{"Customers", "Revenue", "Infrastructure", "People", "Support", "Profit", "Margin", "Infrastructure by account", "Margin by account"}}
	var hidden []string
	for _, p := range r.Projections {
		t.Rows = append(t.Rows, []string{whole(p.Customers), p.Revenue.Format(), p.Infrastructure.Format(), whole(p.People), p.Support.Format(), p.Profit().Format(), p.Margin,
			p.AccountLow.Format() + " to " + p.AccountHigh.Format(), p.MarginLow + " to " + p.MarginHigh})
		if p.HidesMost > 0 {
			hidden = append(hidden, fmt.Sprintf("At %s, flat infrastructure hides %s to %s a month", count(p.Customers, "customer"), p.HidesLeast.Format(), p.HidesMost.Format()))
		}
	}
	m.table(t)
	m.items(append([]string{
		"Staff follows the rule of the file (see Inputs): it grows with customers, never shrinks",
		"By account replaces the flat infrastructure by what an account's idle baseline costs, from the least to the most of the estimate",
	}, hidden...)...)
}
