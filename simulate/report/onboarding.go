package report

import (
	"fmt"
	"slices"
	"time"

	"landlord/business/economics"
	"landlord/service/onboard"
)

// Onboarding is what taking customers from a key to their first report took, and what
// of it people do.
type Onboarding struct {
	Customers int // who were onboarded; of a large file a sample
	Sampled   bool
	Took      time.Duration // of all, beside each other
	Steps     []OnboardingStep
	Work      economics.Effort // of people, for the whole file
	Each      string           // of that, minutes a customer
	PerDay    string           // customers a person takes on in a working day
	Left      []LeftTask
}

// OnboardingStep is a step of all who were onboarded.
type OnboardingStep struct {
	Step, Title           string
	Took                  time.Duration // from the first customer's beginning to the last one's end
	ByHand                int           // minutes of a person for a customer without landlord
	Done, Failed, Without int           // customers
}

// LeftTask is what is left to people, for so many customers.
type LeftTask struct {
	onboard.Task
	Customers int
	Counted   bool // in Work
}

// onboarding is what the study's came to; nil if it has none.
func (f *facts) onboarding() *Onboarding {
	o := f.study.Onboarding
	if o == nil {
		return nil
	}
	out := &Onboarding{Customers: len(o.Lists), Sampled: len(o.Lists) < f.n, Took: o.Took, PerDay: dash}
	invited := 0
	for i, c := range o.Lists {
		for n, l := range c.Lines {
			if i == 0 {
				out.Steps = append(out.Steps, OnboardingStep{Step: l.Step, Title: l.Title})
			}
			out.Steps[n].add(l)
			for _, t := range l.Left {
				counted := l.Step == "sign-in"
				if counted {
					invited += len(o.Portfolio.Customers[i].People)
				}
				out.left(t, counted)
			}
		}
	}
	for n := range out.Steps {
		out.Steps[n].Took = lasted(o.Lists, n)
	}
	if out.Sampled { // as many of each customer
		invited = (invited*f.n + out.Customers - 1) / out.Customers
	}
	out.Work = economics.Unattended(f.file.Economics, f.n, invited)
	out.Each = tenths(out.Work.Each())
	if r, ok := out.Work.PerDay(f.file.Economics.WorkdayMinutes); ok {
		out.PerDay = tenths(r)
	}
	return out
}

// add counts a customer's line.
func (s *OnboardingStep) add(l onboard.Line) {
	s.ByHand = max(s.ByHand, l.ByHand)
	switch l.State {
	case onboard.Done:
		s.Done++
	case onboard.Without:
		s.Without++
	default:
		s.Failed++
	}
}

// left counts a task: those for the same reason are one.
func (o *Onboarding) left(t onboard.Task, counted bool) {
	at := slices.IndexFunc(o.Left, func(l LeftTask) bool { return l.Who == t.Who && l.Why == t.Why })
	if at < 0 {
		at = len(o.Left)
		o.Left = append(o.Left, LeftTask{Task: t, Counted: counted})
	}
	o.Left[at].Customers++
}

// lasted is from when the first of all customers began line n to when the last ended it.
func lasted(lists []onboard.Checklist, n int) time.Duration {
	var first, last time.Time
	for _, c := range lists {
		l := c.Lines[n]
		if l.Began == nil || l.Ended == nil {
			continue
		}
		if first.IsZero() || l.Began.Before(first) {
			first = *l.Began
		}
		if l.Ended.After(last) {
			last = *l.Ended
		}
	}
	return last.Sub(first)
}

// table is the steps.
func (o *Onboarding) table() Table {
	t := Table{Head: []string{"Step", "Done for", "Time, all beside each other", "By hand, a customer"}, Numbers: 1}
	for _, s := range o.Steps {
		by := ""
		if s.ByHand > 0 {
			by = whole(s.ByHand) + " min"
		}
		t.Rows = append(t.Rows, []string{s.Title, s.whom(), minutes(s.Took), by})
	}
	return t
}

// whom says for how many customers a step was done.
func (s OnboardingStep) whom() string {
	text := fmt.Sprintf("%d of %d", s.Done, s.Done+s.Failed)
	if s.Without > 0 {
		text += fmt.Sprintf(", %d without", s.Without)
	}
	return text
}

// Says is what onboarding came to, in sentences.
func (o *Onboarding) Says(e Effort) []string {
	m := o.Work
	says := []string{
		fmt.Sprintf("%s from a key to the first report in %s of AWS's time, beside each other, by the steps of landlord onboard", count(o.Customers, "customer"), minutes(o.Took)),
		fmt.Sprintf("Of a person it takes %s min a customer, against %d by hand and the %d that the reference gives for automation: configuration %d, invitations %d min for %s",
			o.Each, e.PerCustomer, e.AutomatedEach, m.Configuration, m.SignIn, count(m.Customers, "customer")),
		fmt.Sprintf("With validation and verification of the batch that is %s min; nobody waits for AWS. A working day of %d min is %s customers a person", whole(m.Before()+m.Verification+m.After()), e.Workday, o.PerDay),
	}
	if o.Sampled {
		says[0] += "; the first of each tier stand for all"
	}
	for _, l := range o.Left {
		counted := "not counted: the minutes by hand have nothing for it either"
		if l.Counted {
			counted = "counted as an invitation"
		}
		says = append(says, fmt.Sprintf("Left to %s for %s: “%s”, or the like, since %s (%s)", l.Who, count(l.Customers, "customer"), l.What, l.Why, counted))
	}
	if !slices.ContainsFunc(o.Steps, func(s OnboardingStep) bool { return s.Step == "portal" }) {
		says = append(says, "The access test of the portal is a step of onboarding in a house, which reads every page there; here it takes nobody's time and no page was read: --portal has them read")
	}
	return says
}
