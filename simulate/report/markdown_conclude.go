package report

import (
	"fmt"
	"strings"
)

func validationSection(m *page, r *Report) {
	m.heading(2, "Validation at %s: %s", count(r.Source.Customers, "Customer"), r.Tally)
	last := ""
	for _, g := range r.Validation {
		if g.List != last {
			m.heading(3, "%s Validation", g.List)
			last = g.List
		}
		m.group(g)
	}
}

func (m *page) group(g Group) {
	if len(g.Lines) == 0 {
		return
	}
	fmt.Fprintf(&m.b, "**%s**\n\n", escape(g.Name))
	m.lines(g.Lines)
}

func insightSection(m *page, r *Report) {
	m.heading(2, "Key Insights")
	for i, in := range r.Insights {
		m.heading(3, "Insight #%d: %s", i+1, in.Title)
		if in.Observation != "" {
			m.text("%s", in.Observation)
		}
		m.table(in.Table)
		m.items(in.Points...)
		if len(in.Advice) > 0 {
			m.b.WriteString("**Action:**\n\n")
			m.items(in.Advice...)
		}
	}
}

func issueSection(m *page, r *Report) {
	m.heading(2, "Issues at %s (Emerging Challenges)", count(r.Source.Customers, "Customer"))
	for i, is := range r.Issues {
		m.heading(3, "Issue #%d: %s (%s)", i+1, is.Title, titled(is.Severity))
		state := "not crossed by this file"
		if is.Crossed {
			state = "crossed by this file"
		}
		if is.Threshold == 0 {
			state = "holds for any number of customers"
		}
		if len(is.Scales) > 0 {
			state += "; at the simulated scales " + scales(is.Scales) + " it hurts"
		}
		built := "not built yet"
		if is.Built {
			built = "built"
		}
		m.items("Problem: "+is.Problem, "Solution: "+is.Solution+" ("+is.Part+", "+built+")", "Threshold: "+is.When+"; "+state)
	}
}

func titled(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

func recommendationSection(m *page, r *Report) {
	d := r.Decision
	m.heading(2, "Recommendations for %s", count(r.Source.Customers, "Customer"))
	m.heading(3, "Go/No-Go Decision")
	mark := Passed
	if !d.Deploy {
		mark = Failed
	}
	m.lead("Deployment readiness", "%s %s", mark.Mark(), d.Answer)
	m.lines(d.Reasons)
	if d.Before > 0 {
		m.text("Have the parts that do not exist yet before %s.", count(d.Before, "customer"))
	}
	m.heading(3, "Immediate Actions")
	for i, action := range d.Actions {
		fmt.Fprintf(&m.b, "%d. %s\n", i+1, escape(action))
	}
	m.heading(3, "What Exists and What Does Not Yet")
	var have, lack []string
	for _, p := range r.Parts {
		if p.Exists {
			have = append(have, p.Name+": "+p.What)
		} else {
			lack = append(lack, p.Name+": "+p.What)
		}
	}
	m.b.WriteString("**Exists**\n\n")
	m.items(have...)
	if len(lack) > 0 {
		m.b.WriteString("**Does not exist yet**\n\n")
		m.items(lack...)
	}
}

func summarySection(m *page, r *Report) {
	m.heading(2, "Simulation Summary")
	m.heading(3, "What We Learned")
	for _, g := range r.Summary {
		m.group(g)
	}
}

func comparisonSection(m *page, r *Report) {
	var ns []string
	head := []string{"Metric"}
	for _, c := range r.Comparison {
		ns = append(ns, whole(c.Growth.Customers))
		head = append(head, count(c.Growth.Customers, "Customer"))
	}
	m.heading(2, "Comparison: %s Customers", strings.Join(ns, " vs "))
	row := func(name string, cell func(c Comparison) string) []string {
		cells := []string{name}
		for _, c := range r.Comparison {
			cells = append(cells, cell(c))
		}
		return cells
	}
	m.table(Table{Head: head, Numbers: 1, Rows: [][]string{
		row("Revenue", func(c Comparison) string { return c.Revenue.Format() }),
		row("Infrastructure", func(c Comparison) string { return c.Infrastructure.Format() }),
		row("Gross margin", func(c Comparison) string { return c.GrossMargin }),
		row("Margin with support and hosting", func(c Comparison) string { return c.Margin }),
		row("Deployment, phased", func(c Comparison) string { return minutes(c.Phased) }),
		row("Deployment, landlord", func(c Comparison) string { return minutes(c.Took) }),
		row("Units created", func(c Comparison) string { return whole(c.Resources.Units) }),
		row("Accounts", func(c Comparison) string { return whole(c.Resources.Accounts) }),
		row("Tiers tested", func(c Comparison) string { return whole(c.Tiers) }),
		row("Same-tier sharing", func(c Comparison) string { return c.Shared }),
		row("Checks passed", func(c Comparison) string {
			return fmt.Sprintf("%s of %s", whole(c.Passed.Passed), whole(c.Passed.Passed+c.Passed.Failed))
		}),
		row("Operations effort", func(c Comparison) string { return c.Effort }),
		row("Support needed", func(c Comparison) string { return people(c.People) }),
		row("Blocked by missing parts", func(c Comparison) string {
			if len(c.Blocked) == 0 {
				return "no; payments wait for invoices"
			}
			return "yes: " + list(c.Blocked)
		}),
	}})
}

func stepSection(m *page, r *Report) {
	m.heading(2, "Next Steps")
	for _, s := range r.NextSteps {
		if s.How == "" {
			m.heading(3, "%s", s.When)
		} else {
			m.heading(3, "%s (%s)", s.When, s.How)
		}
		m.lines(s.Lines)
	}
}

func differenceSection(m *page, r *Report) {
	m.heading(2, "Where This Differs from the Reference Report")
	m.text("%s of %s figures of the reference report agree at its precision.", whole(len(r.Figures)-len(r.Differences)), whole(len(r.Figures)))
	if len(r.Differences) == 0 {
		return
	}
	m.text("These do not:")
	t := Table{Head: []string{"Figure", "What", "Reference", "Ours", "Unit", "How"}, Numbers: 6}
	for _, f := range r.Differences {
		t.Rows = append(t.Rows, []string{f.ID, f.What, f.Reference, orDash(f.Value), f.Unit, f.How})
	}
	m.table(t)
}

func timeSection(m *page, r *Report) {
	t := r.Times
	m.heading(2, "How the Times Were Made")
	m.lead("Measured", "%s", t.Measured)
	m.b.WriteString("**Published by AWS and kept to:**\n\n")
	m.items(t.Published...)
	m.b.WriteString("**Fitted or estimated:**\n\n")
	m.items(t.Fitted...)
	if t.Share.Seeds > 0 {
		m.text("Over %s, the phased times lie in the reference's ranges:", count(t.Share.Seeds, "random seed"))
		m.items(append(t.Rows[:len(t.Rows):len(t.Rows)], "All rows at once: "+t.All+" of seeds")...)
	}
}

func inputSection(m *page, r *Report) {
	m.heading(2, "Inputs")
	t := Table{Head: []string{"Setting", "Value", "From"}, Numbers: 3}
	for _, in := range r.Inputs {
		t.Rows = append(t.Rows, []string{in.Name, in.Value, in.Where})
	}
	m.table(t)
}

func closing(m *page, r *Report) {
	m.b.WriteString("---\n\n")
	m.lead("Test scenario", "%s in %s", count(r.Source.Customers, "customer"), count(r.Source.Tiers, "tier"))
	m.lead("Status", "%s", r.status())
	m.lead("Confidence", "%s%% of checks passed over %s", r.Confidence, count(r.Seeds, "random seed"))
	m.lead("Recommendation", "%s", r.Decision.Answer)
	m.lead("Revenue", "%s a month", r.Revenue.Total.Format())
	m.lead("Gross margin", "%s", r.Revenue.GrossMargin)
}
