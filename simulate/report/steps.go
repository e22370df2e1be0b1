package report

import (
	"fmt"
	"slices"
	"strings"
)

// NextStep is what to do by when.
type NextStep struct {
	When, How string
	Lines     []Line
}

func (f *facts) nextSteps(r *Report) []NextStep {
	steps := []NextStep{{"Immediate", fmt.Sprintf("three critical fixes, %d minutes by hand; done by landlord", f.file.Economics.Minutes.Fixes), r.Fixes.Lines}}
	if f.n == 0 {
		return append(steps, NextStep{"This week", "", []Line{stated("Add customers to the file")}})
	}
	deploy := stated("landlord apply deploys %s in about %s", count(f.n, "customer"), minutes(f.whole.Took))
	if !r.Decision.Deploy {
		deploy = stated("Do not deploy before what is marked ❌ is mended")
	}
	passed, all := f.whole.Verified.Passed()
	steps = append(steps,
		NextStep{"This week", "deploy " + count(f.n, "customer"), []Line{
			deploy,
			stated("landlord verify makes the %s that ran here (%s passed) on AWS", count(all, "check"), whole(passed)),
			retold(f.onboarded.links, "landlord onboard tests access through IAM Identity Center"),
			retold(f.onboarded.reports, "landlord onboard writes the first compliance reports"),
		}},
		NextStep{"This month", "operate", []Line{
			stated("Onboard %s: %s of people's time", count(f.n, "customer"), r.Effort.Total),
			stated("landlord invoice run issues the first invoices, %s in all", f.month.Revenue.Format()),
			stated("Write down what hurts"),
		}})
	if open := openParts(); len(open) > 0 {
		steps = append(steps, NextStep{"Next month", "the parts that do not exist yet", open})
	}
	return steps
}

// retold is a line with other words.
func retold(l Line, text string) Line {
	l.Text = text
	return l
}

func openParts() []Line {
	var lines []Line
	for _, p := range parts {
		if !p.Exists {
			lines = append(lines, stated("%s: %s", p.Name, p.What))
		}
	}
	return lines
}

// summary says in few lines what the report came to.
func (f *facts) summary(r *Report, a *auditor) []Group {
	architecture := Group{Name: "Architecture", Lines: []Line{
		pick("Customers are in the units of their tiers", r.Validation, "Multi-tier routing"),
		pick("Policies hold where they should and nowhere else", r.Validation, "Policy application"),
		pick("Nothing conflicts", r.Validation, "Naming and conflicts"),
	}}
	operations := Group{Name: "Operations", Lines: []Line{
		stated("Deployment: %s phased, %s by landlord", minutes(f.whole.Phased.Took), minutes(f.whole.Took)),
		stated("Onboarding by hand: %s", byHand(r.Effort)),
		stated("Support: %s", people(f.month.People)),
		a.unthrottled(),
	}}
	if o := r.Onboarding; o != nil {
		operations.Lines = slices.Insert(operations.Lines, 2, stated("Onboarding by landlord: %s min of a person a customer; %s in %s of AWS's time", o.Each, count(o.Customers, "customer"), minutes(o.Took)))
	}
	money := Group{Name: "Economics", Lines: []Line{
		stated("%s revenue a month, %s a customer", f.month.Revenue.Format(), f.month.Average().Format()),
		stated("%s infrastructure: gross margin %s", f.month.Infrastructure.Format(), r.Revenue.GrossMargin),
		stated("%s profit with support and hosting: margin %s", f.month.Profit().Format(), r.Month.Margin),
	}}
	challenges := Group{Name: "Challenges"}
	for _, i := range r.Issues {
		if !i.Built {
			state := "not yet"
			if i.Crossed {
				state = "now"
			}
			challenges.Lines = append(challenges.Lines, stated("%s (%s): %s, %s", i.Title, i.Severity, i.When, state))
		}
	}
	return []Group{architecture, operations, money, challenges}
}

func byHand(e Effort) string {
	text := fmt.Sprintf("%s of people's time (%s h)", e.Total, e.Hours)
	if e.Against != "" {
		text += ", " + e.Against + " than one customer after the other"
	}
	return text
}

// pick is the line that all lines of a group come to.
func pick(text string, groups []Group, name string) Line {
	var faults []string
	t := Tally{}
	for _, g := range groups {
		if g.Name == name {
			t = tally([]Group{g})
			for _, l := range g.Lines {
				faults = append(faults, nonEmpty(l.Fault)...)
			}
		}
	}
	looked := ""
	if t.Passed+t.Failed > 0 {
		looked = fmt.Sprintf("%d of %s passed: %s", t.Passed, count(t.Passed+t.Failed, "check"), strings.ToLower(name))
	}
	return line(text, looked, joined(faults))
}
