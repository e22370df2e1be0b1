package report

import (
	"fmt"
	"strings"

	"landlord/business/economics"
	"landlord/internal/limits"
	"landlord/internal/money"
	"landlord/portfolio"
)

// Insight is something that the figures of this file say.
type Insight struct {
	Title       string
	Observation string
	Points      []string
	Table       Table // no rows where there is none
	Advice      []string
}

// insights are what the figures of r say, in the reference's order.
func (f *facts) insights(r *Report) []Insight {
	return []Insight{f.sharingInsight(r), f.leverage(r), f.mix(r), f.missingParts(), f.hierarchy(r), f.speed(r), f.people(r)}
}

func (f *facts) sharingInsight(r *Report) Insight {
	in := Insight{Title: "Customers of a tier share its unit", Points: []string{
		"A unit and a policy serve a tier, not a customer: more customers of a tier need no more of either",
		fmt.Sprintf("What bounds a tier is the account quota: %s in a new organization, %s if AWS grants it", whole(limits.AccountsDefault), whole(limits.AccountsGranted)),
	}}
	if len(r.Sharing) == 0 {
		in.Observation = "No tier of this file has two customers yet."
	} else {
		var parts []string
		for _, s := range r.Sharing {
			parts = append(parts, fmt.Sprintf("%s share %s", count(len(s.After), s.Tier+" customer"), s.Unit))
		}
		in.Observation = list(parts) + "."
	}
	capacity := newAuditor(f).capacity()
	switch capacity.State {
	case Passed:
		in.Advice = []string{capacity.Text + ": simulated, " + capacity.Looked}
	case Failed:
		in.Advice = []string{"Do not add to a tier before this is mended: " + capacity.Fault}
	}
	return in
}

func (f *facts) leverage(r *Report) Insight {
	in := Insight{Title: "Revenue against infrastructure", Table: Table{Head: []string{"Customers", "Revenue", "Infrastructure, flat", "Gross margin", "By account"}}}
	for _, p := range r.Projections {
		in.Table.Rows = append(in.Table.Rows, []string{whole(p.Customers), p.Revenue.Format(), p.Infrastructure.Format(),
			percent(p.GrossProfit(), p.Revenue, 2), p.AccountLow.Format() + " to " + p.AccountHigh.Format()})
	}
	if f.n == 0 {
		in.Observation = "Without customers there is no revenue to compare."
		return in
	}
	first, last := f.monthAt(1), f.month
	if growth, ok := economics.Times(last.Revenue, first.Revenue); ok {
		in.Observation = fmt.Sprintf("From 1 to %s, revenue grows %s times, from %s to %s, and infrastructure stays %s.",
			count(f.n, "customer"), money.Decimal(growth, 2), first.Revenue.Format(), last.Revenue.Format(), last.Infrastructure.Format())
	} else {
		in.Observation = "The first customer pays nothing, so growth has no base."
	}
	if one, ok := grossMargin(first); ok {
		if all, ok := grossMargin(last); ok {
			in.Points = append(in.Points, fmt.Sprintf("Gross margin goes from %s%% to %s%%: %s points", tenths(one), tenths(all), money.Decimal(all.Sub(all, one), 1)))
		}
	}
	cost := f.file.Economics.AccountCost
	if from := economics.Hides(last.Infrastructure, cost.High); from > 0 {
		in.Advice = append(in.Advice, fmt.Sprintf("Flat is an assumption: at %s an account, accounts alone cost more than %s from %s on", cost.High.Format(), last.Infrastructure.Format(), count(from, "customer")))
	}
	return in
}

// mix says which tiers to sell, from the profit and effort of each.
func (f *facts) mix(r *Report) Insight {
	in := Insight{Title: "Which tiers carry the portfolio", Table: Table{Head: []string{"Tier", "Customers", "Revenue", "Share", "Profit a customer", "Margin", "Effort", "Profit an hour of effort"}, Numbers: 1}}
	for _, t := range r.Tiers {
		in.Table.Rows = append(in.Table.Rows, []string{t.Name, whole(len(t.Customers)), t.Revenue.Format(), t.Share, t.PerCustomer.Format(), t.Margin, whole(t.Onboarding) + " min", hourly(t)})
	}
	if len(r.Tiers) == 0 {
		in.Observation = "There is no tier with customers."
		return in
	}
	top := best(r.Tiers, func(t Tier) money.Cents { return t.PerCustomer })
	biggest := best(r.Tiers, func(t Tier) money.Cents { return t.Revenue })
	in.Observation = fmt.Sprintf("%s brings the most revenue, %s. Every customer takes the same %d min to onboard, so tiers differ by what is left of their price.",
		biggest.Name, biggest.Share, economics.PerCustomer(f.file.Economics))
	if top.PerCustomer > 0 {
		in.Advice = append(in.Advice, fmt.Sprintf("Sell %s first: %s profit a customer and month, the most of any tier here", top.Name, top.PerCustomer.Format()))
	}
	for _, t := range r.Tiers {
		switch {
		case t.PerCustomer <= 0:
			in.Advice = append(in.Advice, fmt.Sprintf("%s earns no more than its part of the costs, %s a customer: raise its price, or spread the costs over more customers", t.Name, t.PerCustomer.Format()))
		case t.Key != top.Key:
			times, _ := economics.Times(top.PerCustomer, t.PerCustomer) // which is above 0
			in.Advice = append(in.Advice, fmt.Sprintf("%s: %s customers bring the profit of one in %s", t.Name, tenths(times), top.Name))
		}
	}
	if 2*biggest.Revenue > f.month.Revenue && len(r.Tiers) > 1 {
		in.Advice = append(in.Advice, fmt.Sprintf("%s is more than half of the revenue: losing it would cost more than all other tiers bring", biggest.Name))
	}
	in.Advice = append(in.Advice, f.idealMix(r.Tiers))
	return in
}

// idealMix says whom the staff that is paid anyway could still take on: its
// free places are shared out by the profit that an hour of effort brings.
func (f *facts) idealMix(tiers []Tier) string {
	room := f.month.People*f.file.Economics.CustomersPerPerson - f.n
	weights := make([]int, len(tiers))
	earns := false
	for i, t := range tiers {
		weights[i] = int(max(t.PerCustomer, 0))
		earns = earns || t.PerCustomer > 0
	}
	if room <= 0 || !earns {
		return "Ideal mix: support is full or no tier earns, so there is no mix of further customers that pays by itself"
	}
	var parts []string
	var gain money.Cents
	for i, places := range economics.Split(money.Cents(room), weights) {
		if places == 0 {
			continue
		}
		t, _ := f.file.Tier(tiers[i].Key)
		gain += t.Price.Times(int64(places), 1)
		parts = append(parts, fmt.Sprintf("%s %s", whole(int(places)), t.Name))
	}
	return fmt.Sprintf("Ideal mix: %s in support can take %s more; shared out by profit and effort that is %s, and %s more revenue without another salary",
		people(f.month.People), count(room, "customer"), list(parts), gain.Format())
}

func hourly(t Tier) string {
	if t.Onboarding == 0 {
		return dash
	}
	return t.PerHour.Format()
}

func (f *facts) missingParts() Insight {
	in := Insight{Title: "What operating " + count(f.n, "customer") + " still needs", Table: Table{Head: []string{"Part", "Exists", "What it does"}, Numbers: 3}}
	open := 0
	for _, p := range parts {
		state := "yes"
		if !p.Exists {
			state, open = "not yet", open+1
		}
		in.Table.Rows = append(in.Table.Rows, []string{p.Name, state, p.What})
	}
	in.Observation = fmt.Sprintf("Of %s that operating takes, %s %s not exist yet.", count(len(parts), "part"), whole(open), verb(open, "does", "do"))
	names := frameworks(f.tiers)
	if len(names) > 0 {
		in.Points = append(in.Points, fmt.Sprintf("%s in use: %s. Each customer may see only their own", count(len(names), "framework"), list(names)))
	}
	if len(names) > 1 && !exists(partDashboards) {
		in.Advice = append(in.Advice, "Until dashboards filter, hand reports out by hand, each to its customer")
	}
	return in
}

func (f *facts) hierarchy(r *Report) Insight {
	in := Insight{Title: "Flat units and how far they carry", Table: Table{Head: []string{"Customers", "Units", "Accounts", "In the fullest unit"}}}
	for _, g := range r.Growth {
		in.Table.Rows = append(in.Table.Rows, []string{whole(g.Customers), whole(g.Resources.Units), whole(g.Resources.Accounts), whole(g.Largest)})
	}
	in.Observation = "Units grow with tiers, accounts with customers: the units stay flat and fill."
	where := "directly under the root"
	if divided := f.divided(); len(divided) > 0 {
		in.Title = "Units and how far they carry"
		in.Observation = fmt.Sprintf("Units grow with tiers, and in %s with the regions or segments in use.", list(divided))
		where = "three deep where a tier is divided"
	}
	in.Points = append(in.Points, fmt.Sprintf("AWS allows %s units, %d deep; this file uses %s, %s", whole(limits.Units), limits.UnitDepth, whole(r.Resources.Units), where),
		"landlord finds a customer's account by its tag, however many there are; only eyes need a hierarchy")
	segments, regions := map[string]bool{}, map[string]bool{}
	for _, c := range f.file.Customers {
		if c.Segment != "" {
			segments[c.Segment] = true
		}
		if c.Region != "" {
			regions[c.Region] = true
		}
	}
	threshold := f.file.Economics.Thresholds.OUNavigation
	advice := fmt.Sprintf("Not needed below %s", count(threshold, "customer"))
	if f.n >= threshold {
		advice = fmt.Sprintf("This file has %s: divide the fullest units", count(f.n, "customer"))
	}
	switch {
	case len(segments) > 1:
		advice += fmt.Sprintf("; the file's %d segments can be units below each tier's (units: by-segment)", len(segments))
	case len(regions) > 1:
		advice += fmt.Sprintf("; the file's %d regions can be units below each tier's (units: by-region)", len(regions))
	default:
		advice += "; give customers a segment or a region, and there is something to divide by"
	}
	in.Advice = []string{advice}
	return in
}

// divided are the names of the tiers in use that are divided.
func (f *facts) divided() []string {
	var names []string
	for _, t := range f.tiers {
		if tier, _ := f.file.Tier(t.Key); tier.Units != portfolio.Flat {
			names = append(names, t.Name)
		}
	}
	return names
}

func (f *facts) speed(r *Report) Insight {
	in := Insight{Title: "What deployment time grows with", Table: Table{Head: []string{"Customers", "Phased", "landlord", ""}, Notes: 1}}
	longest := f.largest().Phased.Took
	for _, g := range r.Growth {
		in.Table.Rows = append(in.Table.Rows, []string{whole(g.Customers), minutes(g.Phased), minutes(g.Took), bar(int64(g.Phased), int64(longest))})
	}
	if f.n == 0 {
		in.Observation = "Without customers nothing is deployed."
		return in
	}
	few, many := f.smallest(), f.largest()
	in.Observation = fmt.Sprintf("%s in %s by the phased schedule.", count(few.Customers(), "customer"), minutes(few.Phased.Took))
	if few != many {
		in.Observation = fmt.Sprintf("%s in %s, %s in %s by the phased schedule.", count(few.Customers(), "customer"), minutes(few.Phased.Took), count(many.Customers(), "customer"), minutes(many.Phased.Took))
	}
	if per, _, _, ok := f.perTier(); ok {
		in.Points = append(in.Points, fmt.Sprintf("Each tier adds %s min to the phases of units and attachments", tenths(per)))
	}
	in.Points = append(in.Points,
		fmt.Sprintf("Accounts are what grows: AWS creates %d at once and lets one start every 10 s, so many customers take their number times the creation time over %d", limits.CreationsInFlight, limits.CreationsInFlight),
		fmt.Sprintf("landlord makes units and policies beside the first creations and tags in the create call: %s for this file, against %s phased", minutes(f.whole.Took), minutes(f.whole.Phased.Took)))
	in.Advice = []string{"The bottleneck is AWS's limits, not the tool: no number of workers goes faster"}
	return in
}

func (f *facts) people(r *Report) Insight {
	e := r.Effort
	in := Insight{Title: "What a person in support can do", Table: Table{Head: []string{"Customers", "People in support", "Onboarding of all, working days of one person"}}}
	for _, p := range r.Projections {
		days := dash
		if e.Workday > 0 {
			days = tenths(quotient(int64(p.Customers*e.PerCustomer), int64(e.Workday)))
		}
		in.Table.Rows = append(in.Table.Rows, []string{whole(p.Customers), whole(p.People), days})
	}
	in.Observation = fmt.Sprintf("Onboarding takes %d min of a person a customer: %s.", e.PerCustomer, e.Each)
	in.Points = []string{
		fmt.Sprintf("A working day of %d min is %s customers a person", e.Workday, e.PerDay),
		fmt.Sprintf("Automated, at %d min each, it is %s a day or %s a week", f.file.Economics.Minutes.Automated, e.Automated, e.Week),
	}
	if o := r.Onboarding; o != nil {
		in.Points = append(in.Points, fmt.Sprintf("By landlord's own steps it is %s min each: %s customers a day", o.Each, o.PerDay))
	}
	in.Advice = []string{"Supporting customers, not onboarding them, sets the staff: " + f.staffing()}
	return in
}

// bar draws part of whole as a bar of at most 30 cells; something is never
// nothing.
func bar(part, whole int64) string {
	const cells = 30
	if whole <= 0 || part <= 0 {
		return ""
	}
	return strings.Repeat("█", int(max(part*cells/whole, 1)))
}
