package report

import (
	"fmt"
)

func architectureSection(m *page, r *Report) {
	m.heading(2, "Infrastructure Architecture (%s)", count(r.Source.Customers, "Customer"))
	m.heading(3, "Units and Accounts")
	m.text("As they were read back from the simulated AWS:")
	m.picture(r.Tree.picture())

	res := r.Resources
	m.heading(3, "Resources to Create")
	m.table(Table{Head: []string{"Resource", "Rule", "Number"}, Numbers: 2, Rows: [][]string{
		{"Units", "1 a tier", whole(res.Units)},
		{"Accounts", "1 a customer", whole(res.Accounts)},
		{"Policy attachments", "1 a tier", whole(res.Attachments)},
		{"Total", "", whole(res.Total)},
	}})
	m.text("With %s, 1 a framework, %s are created.", policies(res.Policies), count(res.Created, "thing"))
	timelineSection(m, r)
}

func policies(n int) string { return fmt.Sprintf("%s %s", whole(n), verb(n, "policy", "policies")) }

func timelineSection(m *page, r *Report) {
	t := r.Timeline
	m.heading(3, "Deployment Timeline")
	m.lead("Phased", "%s, each phase after the whole of the one before, as a Terraform configuration would do it:", minutes(t.Phased.Took))
	table := Table{Head: []string{"Phase", "From", "To", ""}, Numbers: 1, Notes: 1}
	for _, p := range t.Phased.Phases {
		table.Rows = append(table.Rows, []string{p.Name, minutes(p.From), minutes(p.To), gantt(int64(p.From), int64(p.To), int64(t.Phased.Took))})
	}
	m.table(table)
	m.lead("landlord's own", "%s in %s, %s of them throttled; at most %s created at once. Units and policies are made beside the first creations:",
		minutes(t.Took), count(t.Calls, "call"), whole(t.Throttled), count(t.MostAtOnce, "account"))
	table = Table{Head: []string{"What", "Number", "From", "To", ""}, Numbers: 1, Notes: 1}
	for _, s := range t.Spans {
		table.Rows = append(table.Rows, []string{s.What, whole(s.Count), minutes(s.From), minutes(s.To), gantt(int64(s.From), int64(s.To), int64(t.Took))})
	}
	m.table(table)
}

// gantt draws from..to of whole as a bar of 30 cells.
func gantt(from, to, whole int64) string {
	const cells = 30
	if whole <= 0 {
		return ""
	}
	text := make([]rune, cells)
	for i := range text {
		text[i] = '░'
		if at := int64(i) * whole / cells; at >= from && at < to {
			text[i] = '█'
		}
	}
	if first := min(from*cells/whole, cells-1); from < to {
		text[first] = '█'
	}
	return string(text)
}

// picture draws the tree.
func (t Tree) picture() []string {
	lines := []string{fmt.Sprintf("Organization %s, root %s, management account %s", t.Organization, t.Root, t.Management)}
	entries := len(t.Units) + len(t.Loose)
	for i, u := range t.Units {
		lines = append(lines, "│")
		lines = append(lines, u.picture("", i == entries-1)...)
	}
	for i, a := range t.Loose {
		branch := "├─ "
		if i == len(t.Loose)-1 {
			branch = "└─ "
		}
		lines = append(lines, branch+a.String()+": in no unit ❌")
	}
	if entries == 0 {
		lines = append(lines, "└─ nothing")
	}
	return lines
}

func (u Unit) picture(indent string, last bool) []string {
	branch, below := "├─ ", "│  "
	if last {
		branch, below = "└─ ", "   "
	}
	lines := []string{fmt.Sprintf("%s%s%s (%s)", indent, branch, u.Name, u.ID)}
	indent += below
	rest := len(u.Policies) + len(u.Members) + len(u.Units)
	add := func(text string) {
		rest--
		branch := "├─ "
		if rest == 0 {
			branch = "└─ "
		}
		lines = append(lines, indent+branch+text)
	}
	for _, p := range u.Policies {
		add(fmt.Sprintf("%s policy %s (%s)", p.Framework, p.Name, p.ID))
	}
	for _, a := range u.Members {
		add(a.String())
	}
	for _, inner := range u.Units {
		rest--
		lines = append(lines, inner.picture(indent, rest == 0)...)
	}
	return lines
}

// String names the customer and the account.
func (a Member) String() string {
	name := a.Customer
	if name == "" {
		name = a.Name
	}
	return fmt.Sprintf("%s (%s)", name, a.Account)
}

func complexitySection(m *page, r *Report) {
	m.heading(2, "Deployment Complexity Analysis")
	m.heading(3, "Configuration Size Growth")
	t := Table{Head: []string{"Customers", "Config lines", "Resources", "Phased", "In the reference", "landlord", "Calls", "Throttled"}}
	for _, g := range r.Growth {
		t.Rows = append(t.Rows, []string{whole(g.Customers), whole(g.Lines), whole(g.Resources.Total), minutes(g.Phased), orDash(g.Reference), minutes(g.Took), whole(g.Calls), whole(g.Throttled)})
	}
	m.table(t)
	if n := len(r.Growth); n > 0 && r.Growth[n-1].Customers > 0 {
		g := r.Growth[n-1]
		m.items(
			"Configuration grows with customers: the most that an entry may take, or what entries do take where one is longer",
			fmt.Sprintf("Resources grow by 1 a customer and 2 a tier: %s at %s", tenths(quotient(int64(g.Resources.Total), int64(g.Customers)))+" a customer", count(g.Customers, "customer")),
			"Deployment grows with customers once more than 5 accounts are created: AWS's limits",
			fmt.Sprintf("Infrastructure is taken to stay %s; the projections show what that hides", r.Revenue.Infrastructure.Format()))
	}

	e := r.Effort
	m.heading(3, "Operational Effort Per Phase")
	m.table(Table{Head: []string{"Phase", "Task", "Minutes"}, Numbers: 2, Rows: [][]string{
		{"Before", "Configuration", whole(e.Configuration)},
		{"", "Validation", whole(e.Validation)},
		{"", "Subtotal", whole(e.Before())},
		{"Deployment", "Phased deployment", e.Deployment},
		{"", "Verification on AWS", whole(e.Verification)},
		{"", "Subtotal", e.During},
		{"After", "IAM Identity Center", whole(e.SignIn)},
		{"", "Compliance baseline", whole(e.Baseline)},
		{"", "Dashboard access test", whole(e.AccessTest)},
		{"", "Subtotal", whole(e.After())},
		{"Total", fmt.Sprintf("%s h for %s", e.Hours, count(e.Customers, "customer")), e.Total},
	}})
	if e.Against != "" {
		m.text("One customer after the other would take %s min; together they take %s. The minutes of each phase are sums: nothing runs in parallel but the deployment.", whole(e.Sequential), e.Against)
	}
	if o := r.Onboarding; o != nil {
		m.heading(3, "Onboarding by landlord")
		m.table(o.table())
		m.items(o.Says(e)...)
	}
}
