package report

import "landlord/internal/money"

func (r *Report) customerSheet() sheet {
	s := sheet{Caption: "Customers, in the order of the file", quiet: true, Table: Table{
		Head: []string{"Customer", "Tier", "Account", "Contact", "Monthly"}, Numbers: 4}}
	tones := r.tones()
	for _, c := range r.Customers {
		s.Rows = append(s.Rows, []string{c.Name, c.Tier, orDash(string(c.Account)), orDash(c.Contact), c.Price.Format()})
		s.Below = append(s.Below, []string{c.Note, c.Framework, c.Email})
		s.Tones = append(s.Tones, tones[c.Tier])
	}
	return s.few("customer")
}

func (r *Report) revenueSheet() sheet {
	rev := r.Revenue
	s := sheet{Caption: "Monthly recurring revenue and gross margin", Totals: 4, Table: Table{Head: []string{"Customer", "Tier", "Monthly"}, Numbers: 2}}
	tones := r.tones()
	for _, c := range r.Customers {
		s.Rows = append(s.Rows, []string{c.Name, c.Tier, c.Price.Format()})
		s.Tones = append(s.Tones, tones[c.Tier])
	}
	s.Rows = append(s.Rows,
		[]string{"Subtotal, " + count(len(r.Customers), "customer"), "", rev.Total.Format()},
		[]string{"Infrastructure", "", rev.Infrastructure.Format()},
		[]string{"Gross profit", "", rev.GrossProfit.Format()},
		[]string{"Gross margin", "", rev.GrossMargin})
	return s.few("customer")
}

func (r *Report) comparedSheet() sheet {
	s := sheet{Caption: "Compared with fewer customers, in file order", Table: Table{
		Head: []string{"Customers", "Revenue", "Infrastructure", "Gross margin", "People in support", "Profit", "Margin with support and hosting"}}}
	for _, e := range r.Revenue.Compared {
		s.Rows = append(s.Rows, []string{whole(e.Customers), e.Revenue.Format(), e.Infrastructure.Format(), e.GrossMargin, whole(e.People), e.Profit.Format(), e.Margin})
	}
	return s
}

func (r *Report) perTierSheet() sheet {
	s := sheet{Caption: "Revenue by tier", Totals: 1, Table: Table{Head: []string{"Tier", "Customers", "Each", "Total", "Share"}, Numbers: 1}}
	for _, t := range r.Tiers {
		s.tier(r, t, whole(len(t.Customers)), r.each(t), t.Revenue.Format(), t.Share)
	}
	s.Rows = append(s.Rows, []string{"Total", whole(len(r.Customers)), "", r.Revenue.Total.Format(), ""})
	return s
}

// tier adds a row of t.
func (s *sheet) tier(r *Report, t Tier, cells ...string) {
	s.Rows = append(s.Rows, append([]string{t.Name}, cells...))
	s.Tones = append(s.Tones, r.tones()[t.Name])
}

func (r *Report) tierSheet() sheet {
	s := sheet{Caption: "All tiers", quiet: true, Totals: 1, Table: Table{Head: []string{"Tier", "Framework", "Customers", "Unit", "Monthly"}, Numbers: 4}}
	for _, t := range r.Tiers {
		s.tier(r, t, t.Framework, some(t.Customers), t.Unit, t.Revenue.Format())
	}
	s.Rows = append(s.Rows, []string{"Total: " + count(len(r.Tiers), "tier"), "", count(len(r.Customers), "customer"), count(len(r.Tiers), "unit"), r.Revenue.Total.Format()})
	return s
}

func (r *Report) marginSheet() sheet {
	s := sheet{Caption: "Margin and effort by tier; what all share is divided by accounts", Table: Table{
		Head: []string{"Tier", "Revenue", "Gross margin", "Profit", "Margin", "Effort to onboard", "Monthly profit an hour of it"}, Numbers: 1}}
	for _, t := range r.Tiers {
		s.tier(r, t, t.Revenue.Format(), t.GrossMargin, t.Profit.Format(), t.Margin, whole(t.Onboarding)+" min", hourly(t))
	}
	return s
}

func (r *Report) monthSheet() sheet {
	m := r.Month
	s := sheet{Caption: "Revenue and costs of the month", quiet: true, Totals: 7, Table: Table{Head: []string{"Revenue and costs", "A month"}, Numbers: 1}}
	for _, l := range m.Lines {
		s.Rows = append(s.Rows, []string{l.What, l.Amount.Format()})
	}
	for _, l := range []Amount{
		{"Revenue", m.Revenue},
		{"AWS infrastructure", m.Infrastructure},
		{"Support staff (" + people(m.People) + ")", m.Support},
		{"Hosting and tools", m.Hosting},
		{"Costs", m.Costs()},
		{"Profit", m.Profit()},
	} {
		s.Rows = append(s.Rows, []string{l.What, l.Amount.Format()})
	}
	s.Rows = append(s.Rows, []string{"Margin", m.Margin})
	return s
}

func (r *Report) projectionSheet() sheet {
	s := sheet{Caption: "A month at each number of customers", Table: Table{
		Head: []string{"Customers", "Revenue", "Infrastructure", "People", "Support", "Profit", "Margin", "Infrastructure by account", "Margin by account"}}}
	band := func(low, high money.Cents) string { return low.Format() + " to " + high.Format() }
	for _, p := range r.Projections {
		s.Rows = append(s.Rows, []string{whole(p.Customers), p.Revenue.Format(), p.Infrastructure.Format(), whole(p.People), p.Support.Format(), p.Profit().Format(), p.Margin,
			band(p.AccountLow, p.AccountHigh), p.MarginLow + " to " + p.MarginHigh})
	}
	return s
}
