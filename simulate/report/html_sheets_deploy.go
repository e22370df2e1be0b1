package report

import (
	"fmt"
	"math/big"
)

func (r *Report) resourceSheet() sheet {
	res := r.Resources
	return sheet{Caption: "Resources, counted as they were read back", quiet: true, Totals: 1, Table: Table{Head: []string{"Resource", "Rule", "Number"}, Numbers: 2, Rows: [][]string{
		{"Units", "1 a tier", whole(res.Units)},
		{"Accounts", "1 a customer", whole(res.Accounts)},
		{"Policy attachments", "1 a tier", whole(res.Attachments)},
		{"Total", "", whole(res.Total)},
	}}}
}

func (r *Report) phaseSheet() sheet {
	s := sheet{Caption: "Phased schedule", Table: Table{Head: []string{"Phase", "From", "To"}, Numbers: 1}}
	for _, p := range r.Timeline.Phased.Phases {
		s.Rows = append(s.Rows, []string{titled(p.Name), minutes(p.From), minutes(p.To)})
	}
	return s
}

func (r *Report) spanSheet() sheet {
	s := sheet{Caption: "landlord’s own steps", Table: Table{Head: []string{"What", "Number", "From", "To"}, Numbers: 1}}
	for _, span := range r.Timeline.Spans {
		s.Rows = append(s.Rows, []string{titled(span.What), whole(span.Count), minutes(span.From), minutes(span.To)})
	}
	return s
}

func (r *Report) growthSheet() sheet {
	s := sheet{Caption: "What a number of customers takes", quiet: true, Table: Table{
		Head: []string{"Customers", "Config lines", "Resources", "Phased", "In the reference", "landlord", "Calls", "Throttled"}}}
	for _, g := range r.Growth {
		s.Rows = append(s.Rows, []string{whole(g.Customers), whole(g.Lines), whole(g.Resources.Total), minutes(g.Phased), orDash(g.Reference), minutes(g.Took), whole(g.Calls), whole(g.Throttled)})
	}
	return s
}

// GrowthNotes say what the growth table shows.
func (r *Report) GrowthNotes() []string {
	if len(r.Growth) == 0 || r.Growth[len(r.Growth)-1].Customers == 0 {
		return nil
	}
	g := r.Growth[len(r.Growth)-1]
	return []string{
		"Configuration grows with customers: the most that an entry may take, or what entries do take where one is longer",
		fmt.Sprintf("Resources grow by 1 a customer and 2 a tier: %s a customer at %s", tenths(big.NewRat(int64(g.Resources.Total), int64(g.Customers))), count(g.Customers, "customer")),
		"Deployment grows with customers once more than 5 accounts are created: AWS’s limits",
		fmt.Sprintf("Infrastructure is taken to stay %s; the projections show what that hides", r.Revenue.Infrastructure.Format()),
	}
}

func (r *Report) effortSheet() sheet {
	e := r.Effort
	min := func(n int) string { return whole(n) + " min" }
	return sheet{Caption: "Operational effort by phase", quiet: true, Totals: 1, Table: Table{Head: []string{"Task", "Phase", "Effort"}, Numbers: 2, Rows: [][]string{
		{"Configuration", "before", min(e.Configuration)},
		{"Validation", "before", min(e.Validation)},
		{"Subtotal before", "", min(e.Before())},
		{"Phased deployment", "deployment", e.Deployment},
		{"Verification on AWS", "deployment", min(e.Verification)},
		{"Subtotal deployment", "", e.During},
		{"IAM Identity Center", "after", min(e.SignIn)},
		{"Compliance baseline", "after", min(e.Baseline)},
		{"Dashboard access test", "after", min(e.AccessTest)},
		{"Subtotal after", "", min(e.After())},
		{fmt.Sprintf("Total for %s", count(e.Customers, "customer")), e.Hours + " h", e.Total},
	}}}
}

func (r *Report) onboardedSheet() sheet {
	s := sheet{Caption: "From a key to the first report", quiet: true}
	if r.Onboarding != nil {
		s.Table = r.Onboarding.table()
	}
	return s
}

// comparisonSheet sets few numbers of customers beside each other, a column
// each.
func (r *Report) comparisonSheet() sheet {
	s := sheet{Caption: "The same measures at each number of customers", quiet: true, Table: Table{Head: []string{"Metric"}, Numbers: 1}}
	for _, c := range r.Comparison {
		s.Head = append(s.Head, count(c.Growth.Customers, "customer"))
	}
	for _, measure := range []struct {
		name string
		of   func(c Comparison) string
	}{
		{"Revenue", func(c Comparison) string { return c.Revenue.Format() }},
		{"Infrastructure", func(c Comparison) string { return c.Infrastructure.Format() }},
		{"Gross margin", func(c Comparison) string { return c.GrossMargin }},
		{"Margin with support and hosting", func(c Comparison) string { return c.Margin }},
		{"Deployment, phased", func(c Comparison) string { return minutes(c.Phased) }},
		{"Deployment, landlord", func(c Comparison) string { return minutes(c.Took) }},
		{"Units created", func(c Comparison) string { return whole(c.Resources.Units) }},
		{"Accounts", func(c Comparison) string { return whole(c.Resources.Accounts) }},
		{"Tiers tested", func(c Comparison) string { return whole(c.Tiers) }},
		{"Same-tier sharing", func(c Comparison) string { return c.Shared }},
		{"Checks passed", func(c Comparison) string {
			return fmt.Sprintf("%s of %s", whole(c.Passed.Passed), whole(c.Passed.Passed+c.Passed.Failed))
		}},
		{"Operations effort", func(c Comparison) string { return c.Effort }},
		{"Support needed", func(c Comparison) string { return people(c.People) }},
		{"Blocked by missing parts", func(c Comparison) string {
			if len(c.Blocked) == 0 {
				return "no; payments wait for invoices"
			}
			return "yes: " + list(c.Blocked)
		}},
	} {
		row := []string{measure.name}
		for _, c := range r.Comparison {
			row = append(row, measure.of(c))
		}
		s.Rows = append(s.Rows, row)
	}
	return s
}

func (r *Report) differenceSheet() sheet {
	s := sheet{Caption: "Figures that do not agree with the reference report", quiet: true, Table: Table{
		Head: []string{"Figure", "What", "Reference", "Ours", "Unit", "How"}, Numbers: 5, Notes: 1}}
	for _, f := range r.Differences {
		s.Rows = append(s.Rows, []string{f.ID, f.What, f.Reference, orDash(f.Value), f.Unit, f.How})
	}
	return s
}

func (r *Report) inputSheet() sheet {
	s := sheet{Caption: "Settings that the report rests on", quiet: true, Table: Table{Head: []string{"Setting", "From", "Value"}, Numbers: 2, Notes: 1}}
	for _, in := range r.Inputs {
		s.Rows = append(s.Rows, []string{in.Name, in.Where, in.Value})
	}
	return s
}

// Agreeing is how many figures agree with the reference report.
func (r *Report) Agreeing() int { return len(r.Figures) - len(r.Differences) }
