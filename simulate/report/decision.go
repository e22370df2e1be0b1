package report

import (
	"fmt"
	"strings"
)

// Issue is something that will hurt from some number of customers on.
type Issue struct {
	ID        string
	Title     string
	Severity  string // high, medium or low
	Problem   string
	Solution  string
	Part      string // the part that solves it
	Threshold int    // customers from which it hurts; 0 where it is no matter of their number
	When      string // the threshold in words
	Crossed   bool   // this file has so many customers
	Built     bool   // the part exists
	Scales    []int  // of the simulated scales, those at which it hurts
}

// Blocks tells whether the file must not be deployed for it: it hurts already,
// not little, and nothing solves it.
func (i Issue) Blocks() bool { return i.Crossed && !i.Built && i.Severity != "low" }

func (f *facts) issues() []Issue {
	t := f.file.Economics.Thresholds
	inUse := ""
	if names := frameworks(f.tiers); len(names) > 0 {
		inUse = "; in use are " + list(names)
	}
	issues := []Issue{
		{ID: "dashboard-filtering", Title: "Dashboard filtering by customer", Severity: "medium", Threshold: t.DashboardFiltering, Part: partDashboards,
			Problem:  "Nothing keeps reports apart by customer and framework" + inUse,
			Solution: "Filter by customer and framework"},
		{ID: "billing-isolation", Title: "Billing isolation", Severity: "high", Part: partBilling, When: "before payments are collected",
			Problem:  "Usage is not tracked by customer, so nobody can tell who consumed what",
			Solution: "Meter each account, keep each customer's rows apart"},
		{ID: "ticket-routing", Title: "Support ticket routing", Severity: "medium", Threshold: t.TicketRouting, Part: partTickets,
			Problem:  "A message does not say which customer it is from",
			Solution: "Attribute each message by its sender"},
		{ID: "ou-navigation", Title: "Unit navigation", Severity: "low", Threshold: t.OUNavigation, Part: partHierarchy,
			Problem:  "In flat units of many accounts a customer is hard to find by eye",
			Solution: "landlord customer find; units: by-region or by-segment divides a tier, and plan proposes it"},
	}
	for i := range issues {
		is := &issues[i]
		is.Built = exists(is.Part)
		if is.Threshold == 0 {
			continue
		}
		is.When = fmt.Sprintf("from %s on", count(is.Threshold, "customer"))
		is.Crossed = f.n >= is.Threshold
		for _, s := range f.study.Scenarios {
			if s.Customers() >= is.Threshold {
				is.Scales = append(is.Scales, s.Customers())
			}
		}
	}
	return issues
}

// Decision is whether to deploy the file, and why.
type Decision struct {
	Deploy  bool
	Answer  string   // "deploy" or "do not deploy"
	Reasons []Line   // what it rests on
	Before  int      // customers before which more parts are needed; 0 if none waits
	Actions []string // what to do now
}

func (f *facts) decide(checks Tally, issues []Issue) Decision {
	d := Decision{Deploy: true, Answer: "deploy"}
	refuse := func(l Line) {
		d.Reasons = append(d.Reasons, l)
		if l.State == Failed {
			d.Deploy, d.Answer = false, "do not deploy"
		}
	}
	fault := ""
	if f.n == 0 {
		fault = "the file has no customers"
	}
	refuse(line("Is there anything to deploy?", count(f.n, "customer"), fault))
	fault = ""
	if checks.Failed > 0 {
		fault = fmt.Sprintf("%d checks of the simulated organization failed", checks.Failed)
	}
	refuse(line("Can it be deployed?", fmt.Sprintf("%d of %d checks of the simulated organization passed", checks.Passed, checks.Passed+checks.Failed), fault))
	var blocking, open []string
	for _, i := range issues {
		switch {
		case i.Blocks():
			blocking = append(blocking, fmt.Sprintf("%s (%s)", strings.ToLower(i.Title), i.When))
		case !i.Built:
			open = append(open, fmt.Sprintf("%s (%s)", strings.ToLower(i.Title), i.When))
			if i.Threshold > 0 && (d.Before == 0 || i.Threshold < d.Before) && !i.Crossed {
				d.Before = i.Threshold
			}
		}
	}
	looked := "thresholds of the issues"
	if len(open) > 0 {
		looked = "still open, not blocking: " + strings.Join(open, ", ")
	}
	refuse(line("Can it be operated by hand for now?", looked, strings.Join(blocking, ", ")))
	m := f.month
	looked = fmt.Sprintf("%s revenue, %s costs: %s a month, margin %s", m.Revenue.Format(), m.Costs().Format(), m.Profit().Format(), percent(m.Profit(), m.Revenue, 1))
	fault = ""
	if m.Profit() <= 0 {
		fault = "it earns no more than it costs"
	}
	refuse(line("Is it profitable?", looked, fault))
	d.Actions = f.actions(d)
	return d
}

func (f *facts) actions(d Decision) []string {
	if f.n == 0 {
		return []string{"Add customers to the file, then run this report again"}
	}
	var actions []string
	if d.Deploy {
		actions = append(actions, fmt.Sprintf("Deploy %s: landlord apply, then landlord verify", count(f.n, "customer")))
	} else {
		actions = append(actions, "Mend what is marked ❌ above before deploying")
	}
	actions = append(actions, "Write the operating procedures down for support")
	if !exists(partBilling) {
		actions = append(actions, "Keep the billing by hand until usage and invoices are built")
	}
	if d.Before > 0 {
		actions = append(actions, fmt.Sprintf("Have the parts that do not exist yet before %s", count(d.Before, "customer")))
	}
	return actions
}

// verdictRules compute what the report concludes.
var verdictRules = []rule{
	{"issues", file(func(f *facts) answer {
		var parts []string
		for _, i := range f.issues() {
			parts = append(parts, i.ID+"="+i.Severity)
		}
		return said(strings.Join(parts, ";"), "the issues of the section Issues, with their severities")
	})},
	{"go_no_go", file(func(f *facts) answer {
		a := newAuditor(f)
		d := f.decide(tally(a.groups()), f.issues())
		return said(d.Answer, "no check failed, no issue blocks, and the month earns more than it costs; otherwise do not deploy")
	})},
	{"confidence", file(func(f *facts) answer {
		c := f.study.Confidence
		if c.All == 0 {
			return answer{how: "no checks were made"}
		}
		return said(f.confidence(), "%d of %d checks passed over %d random seeds, which change latencies and ids; nothing in the reference gives its figure", c.Passed, c.All, c.Seeds)
	})},
	{"tier_capacity", file(func(f *facts) answer {
		s := f.study.OneTier
		if s == nil {
			return answer{how: "the file has no customers"}
		}
		failed := map[string]bool{}
		for _, c := range s.Verified.Checks {
			failed[c.Customer] = failed[c.Customer] || !c.Passed
		}
		n := 0
		for _, c := range s.Portfolio.Customers {
			if !failed[c.Key] && !failed[""] && s.Units() == 1 {
				n++
			}
		}
		return said(fmt.Sprint(n), "customers simulated in one tier whose checks all passed, in one unit; at least the reference's")
	})},
}

// groups are all validation lists and the critical fixes.
func (a *auditor) groups() []Group {
	var all []Group
	all = append(all, a.architecture()...)
	all = append(all, a.operations()...)
	all = append(all, a.scaling()...)
	return append(all, a.fixes())
}
