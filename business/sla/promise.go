package sla

import (
	"slices"
	"time"
)

// Priority is how urgent a ticket is.
type Priority string

// The priorities. A ticket is Normal until somebody says otherwise.
const (
	Urgent Priority = "urgent"
	High   Priority = "high"
	Normal Priority = "normal"
	Low    Priority = "low"
)

// Priorities are all of them, the most urgent first.
func Priorities() []Priority { return []Priority{Urgent, High, Normal, Low} }

// Targets is how much working time there is for each promise.
type Targets struct {
	First      time.Duration `json:"first"`      // from the customer's first message to the first answer
	Next       time.Duration `json:"next"`       // from the first message that is not answered to its answer
	Resolution time.Duration `json:"resolution"` // from opening to the end, but for waiting for the customer
}

// Terms are what is promised of one ticket.
type Terms struct {
	Calendar Calendar `json:"calendar"`
	Targets  Targets  `json:"targets"`
}

// Agreement is what is promised to a tier: the targets of a ticket that is Normal, and
// what is said of others. Of those that nothing is said of, a part of Normal's is taken.
type Agreement struct {
	Calendar Calendar
	Targets  Targets
	Own      map[Priority]Targets // a target of 0 is the part
}

// percent is which part of Normal's working time others have.
var percent = map[Priority]time.Duration{Urgent: 50, High: 75, Normal: 100, Low: 200}

// Of are the terms of a ticket with a priority.
func (a Agreement) Of(p Priority) Terms {
	share := percent[p]
	if share == 0 {
		share = 100
	}
	t, own := a.Targets, a.Own[p]
	part := func(own, normal time.Duration) time.Duration {
		if own > 0 {
			return own
		}
		return normal * share / 100
	}
	return Terms{a.Calendar, Targets{part(own.First, t.First), part(own.Next, t.Next), part(own.Resolution, t.Resolution)}}
}

// agreements are those of the built-in tiers. A business day is 8 hours.
var agreements = map[string]Agreement{
	"government-federal": {Calendar: Always, Targets: Targets{15 * time.Minute, 15 * time.Minute, 4 * time.Hour}},
	"healthcare":         {Calendar: Always, Targets: Targets{time.Hour, time.Hour, 8 * time.Hour}},
	"fintech":            {Calendar: Business, Targets: Targets{4 * time.Hour, 4 * time.Hour, 16 * time.Hour}},
	"standard":           {Calendar: Business, Targets: Targets{8 * time.Hour, 8 * time.Hour, 40 * time.Hour}},
}

// Default is what is promised to a tier that a file says nothing of; to one of its own
// as to standard.
func Default(tier string) Agreement {
	if a, is := agreements[tier]; is {
		return a
	}
	return agreements["standard"]
}

// Same tells whether two terms promise the same.
func (t Terms) Same(o Terms) bool {
	a, b := t.Calendar, o.Calendar
	return t.Targets == o.Targets && a.Name == b.Name && a.Zone.in().String() == b.Zone.in().String() && slices.Equal(a.Holidays, b.Holidays) &&
		slices.EqualFunc(a.Week[:], b.Week[:], slices.Equal[[]Span])
}
