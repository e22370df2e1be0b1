// Package preflight says beforehand what stops a number of customers: which of
// AWS's limits, at which customer, whether it can be raised and how long before
// that is needed. What is wanted, what is there and what AWS said of its quotas
// come in; findings go out. It reads nothing and asks for nothing.
package preflight

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"landlord/internal/limits"
	"landlord/internal/money"
	"landlord/org"
	"landlord/vend/blueprint"
)

// Question is what is asked.
type Question struct {
	// Grown is what is wanted of the customers in the order in which they come.
	// Those beyond Target are looked at too, for what has room now and will not.
	Grown  blueprint.Blueprint
	Target int // how many customers it is about, at most those of Grown
	Seen   org.Organization
	// Invited is how many invitations wait for an answer: AWS counts them as
	// accounts.
	Invited int
	Limits  []Limit
	// Requests are those for higher quotas that were made before.
	Requests []Request
	Quotas   limits.Quotas // by which closing is paced
	Growth   int           // customers more a month; 0 says nothing of when
	Now      time.Time
}

// Kind is what a limit limits.
type Kind string

// The kinds of limit.
const (
	OfPlan    Kind = "plan"    // what landlord itself makes: a plan beyond it cannot finish
	OfService Kind = "service" // how many accounts another service works with, if it is used
	OfPace    Kind = "pace"    // how fast: it stops nothing and takes time
)

// Finding is one limit held against what is wanted.
type Finding struct {
	Limit
	Used   int `json:"used"`   // now, as far as it can be seen
	Needed int `json:"needed"` // by the customers asked about
	// Fits is the most customers that the limit lets be, and First the one more
	// that it does not; both 0 if all that were looked at fit. Where more is there
	// than the limit allows, they are those of customers who came to what is not theirs.
	Fits  int  `json:"fits,omitempty"`
	First int  `json:"first_that_fails,omitempty"`
	Stops bool `json:"stops"` // the customers asked about are more than Fits
	// Doubted is that more is there than AWS said there may be.
	Doubted bool `json:"doubted,omitempty"`
	// Within is how long it takes at AWS's fastest until First is reached, and
	// Reached when growth gets there; zero if it stops nobody.
	Within  time.Duration `json:"-"`
	Seconds float64       `json:"within_seconds,omitempty"`
	Reached time.Time     `json:"reached,omitzero"`
	Takes   time.Duration `json:"-"` // of a pace: how long what is needed takes
	Taking  float64       `json:"takes_seconds,omitempty"`
	Who     string        `json:"for,omitempty"` // the customer, unit or policy that needs most
	Note    string        `json:"note,omitempty"`
	Ask     int           `json:"ask_for,omitempty"` // the value to ask Service Quotas for
	Command string        `json:"command,omitempty"` // that asks for it
	Request *Request      `json:"request,omitempty"` // that was made already
}

// Report is what was found.
type Report struct {
	Target   int       `json:"customers"`
	Present  int       `json:"present"`   // customers that have an account
	LookedAt int       `json:"looked_at"` // customers: beyond them nothing is said
	Findings []Finding `json:"findings"`  // what stops soonest first; then what stops nobody
}

// Check holds every limit against what is wanted.
func Check(q Question) Report {
	w := newWalk(q)
	r := Report{Target: q.Target, Present: len(w.own.Of), LookedAt: len(q.Grown.Customers)}
	found := make([]Finding, len(q.Limits))
	needs := make([]need, len(q.Limits))
	for i, l := range q.Limits {
		found[i] = Finding{Limit: l}
		if needs[i] = needOf[l.Name]; needs[i] == nil {
			panic("preflight: no need is known for limit " + l.Name)
		}
		if found[i].Used, _ = needs[i](w); l.Name == Closings {
			found[i].Used = len(w.closings.Used)
		}
	}
	for n := 0; n <= len(q.Grown.Customers); n++ {
		if n > 0 {
			w.next(q.Grown.Customers[n-1])
		}
		for i := range found {
			f := &found[i]
			needed, who := needs[i](w)
			if n == q.Target {
				f.Needed, f.Who = needed, who
				if f.Name == Closings && f.Basis != Set {
					f.Value = q.Quotas.Closings(w.accounts - 1 - w.closed)
				}
			}
			if f.First == 0 && n > 0 && f.Kind != OfPace && needed > f.Value && !f.doubted(f.Used) {
				f.First, f.Fits = n, n-1
			}
		}
	}
	q.exceeded(found, needs, w)
	for i := range found {
		q.settle(&found[i], w, r.Present)
	}
	slices.SortStableFunc(found, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(place(a), place(b)), cmp.Compare(a.First, b.First), cmp.Compare(b.Takes, a.Takes))
	})
	r.Findings = found
	return r
}

// exceeded finds again whom the limits let be that what is there exceeds: of
// them the first customer would be one too many, however many are there. w has
// counted everybody.
func (q Question) exceeded(found []Finding, needs []need, w *walk) {
	over := map[int]bool{}
	for i, f := range found {
		if f.First == 1 && f.Used > f.Value {
			over[i] = true
		}
	}
	if len(over) == 0 {
		return
	}
	q.Seen = w.others()
	bare := newWalk(q)
	for n := 1; n <= len(q.Grown.Customers) && len(over) > 0; n++ {
		bare.next(q.Grown.Customers[n-1])
		for i := range over {
			if needed, _ := needs[i](bare); needed > found[i].Value {
				found[i].First, found[i].Fits = n, n-1
				delete(over, i)
			}
		}
	}
}

// place sorts findings: those that stop somebody, then what takes time, then the rest.
func place(f Finding) int {
	switch {
	case f.First > 0:
		return 0
	case f.Kind == OfPace:
		return 1
	}
	return 2
}

// settle fills in what follows from the walk.
func (q Question) settle(f *Finding, w *walk, present int) {
	f.Stops = f.First > 0 && f.First <= q.Target
	if f.First > 0 {
		more := max(f.First-max(present, 0), 0)
		f.Within = creating(more)
		f.Seconds = f.Within.Seconds()
		if q.Growth > 0 {
			f.Reached = q.Now.AddDate(0, 0, more*365/(12*q.Growth)).Truncate(24 * time.Hour)
		}
	}
	for _, r := range q.Requests {
		if r.Service == f.Service && r.Code == f.Code && f.Code != "" && (f.Request == nil || r.Created.After(f.Request.Created)) {
			f.Request = &r
		}
	}
	if f.Doubted = f.doubted(f.Used); f.Doubted {
		f.Note = fmt.Sprintf("AWS says %s, but %s are there: that is not the quota in force, and nothing is concluded from it. Set it with --limit %s=N",
			group(f.Value), group(f.Used), f.Name)
	}
	if f.Kind == OfPace {
		f.Takes = takes(*f)
		f.Taking = f.Takes.Seconds()
	}
	if f.Note == "" && noteOf[f.Name] != nil {
		f.Note = noteOf[f.Name](*f, w)
	}
	if f.Stops && f.Raise == Asked && f.Listed && f.Basis != Set && (f.Most == 0 || f.Needed <= f.Most) {
		f.Ask = f.Needed
		f.Command = fmt.Sprintf("aws service-quotas request-service-quota-increase --region %s --service-code %s --quota-code %s --desired-value %d",
			f.Region, f.Service, f.Code, f.Needed)
	}
}

// Stops returns what stops the customers asked about from being made, the
// limit that is reached first in front. With none of it the plan can finish.
func (r Report) Stops() []Finding {
	return r.of(func(f Finding) bool { return f.Stops && f.Kind == OfPlan })
}

// Beside returns the services that cannot take all customers asked about.
func (r Report) Beside() []Finding {
	return r.of(func(f Finding) bool { return f.Stops && f.Kind == OfService })
}

// Askable returns what Service Quotas can be asked for.
func (r Report) Askable() []Finding {
	return r.of(func(f Finding) bool { return f.Ask > 0 })
}

func (r Report) of(keep func(Finding) bool) []Finding {
	var list []Finding
	for _, f := range r.Findings {
		if keep(f) {
			list = append(list, f)
		}
	}
	return list
}

// Verdict is what it comes to, in a sentence.
func (r Report) Verdict() string {
	if stops := r.Stops(); len(stops) > 0 {
		f := stops[0]
		allowed := "allowed"
		if !f.Sure() {
			allowed = "allowed unless AWS has raised it, which it did not say"
		}
		return fmt.Sprintf("%s: stops after %s (%s: %s %s, %s needed).", customers(r.Target), group(f.Fits), f.Title, group(f.Value), allowed, group(f.Needed))
	}
	if beside := r.Beside(); len(beside) > 0 {
		f := beside[0]
		return fmt.Sprintf("%s: nothing stops the plan. Not every other service takes so many, the first %s (%s).",
			customers(r.Target), group(f.Fits), f.Title)
	}
	return fmt.Sprintf("%s: nothing stops them.", customers(r.Target))
}

func customers(n int) string {
	if n == 1 {
		return "1 customer"
	}
	return group(n) + " customers"
}

func group(n int) string { return money.Group(fmt.Sprint(n)) }
