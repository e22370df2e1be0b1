package sla

import "time"

// Act is what happened to a ticket, as far as its deadlines go.
type Act string

// What can happen. A message of the customer's also ends waiting, and opens again what
// was resolved.
const (
	Asked    Act = "asked"    // the customer wrote; the first opens the ticket
	Answered Act = "answered" // we wrote to the customer
	Waiting  Act = "waiting"  // it is the customer's turn
	Resumed  Act = "resumed"  // it is no longer
	Resolved Act = "resolved"
	Reopened Act = "reopened"
	Agreed   Act = "agreed" // calendar, tier or priority changed, and Terms with it
)

// Event is one thing that happened. Terms are those of an Agreed.
type Event struct {
	At    time.Time
	Act   Act
	Terms Terms
}

// Promise is what a deadline is of.
type Promise string

// The promises.
const (
	First      Promise = "first response"
	Next       Promise = "next response"
	Resolution Promise = "resolution"
)

// State is how a deadline stands.
type State string

// The states. One that runs can be past its Due: it is Missed when it ends.
const (
	None    State = "" // nothing has been asked
	Running State = "running"
	Paused  State = "paused"
	Met     State = "met"
	Missed  State = "missed"
)

// Deadline is one promise and how it stands.
type Deadline struct {
	Promise Promise
	State   State
	From    time.Time     // since when it is asked for
	Due     time.Time     // zero while it is paused
	Warn    time.Time     // when three quarters of its working time have passed; zero while it is paused
	Left    time.Duration // working time that is left while it is paused
	Ended   time.Time     // when it was met or missed
	Worked  time.Duration // working time it had run for when it ended
}

// Clocks are the deadlines of one ticket, made of what happened to it: the same events
// give the same deadlines. The zero value has seen nothing.
//
// A change of terms counts from the beginning: what runs is due as if the present terms
// had always been those. What has ended is judged by the terms it ended under.
type Clocks struct {
	terms                   Terms
	first, next, resolution clock
	waiting, resolved       bool
	last                    time.Time
	ended                   []Deadline
}

// clock is one promise: the times it ran for, the last of them open unless it stands.
type clock struct {
	asked bool
	from  time.Time
	ran   [][2]time.Time // closed
	since time.Time      // of the open one; zero if it stands
	end   *Deadline
}

// Apply takes in what happened. What is said to have happened before what came earlier
// happened with it.
func (c *Clocks) Apply(e Event) {
	at := later(e.At.UTC(), c.last)
	c.last = at
	switch e.Act {
	case Agreed:
		c.terms = e.Terms
	case Asked:
		c.resume(at)
		c.reopen(at)
		switch {
		case !c.first.asked:
			c.first = clock{asked: true, from: at, since: at}
			c.resolution = clock{asked: true, from: at, since: at}
		case c.first.end != nil && (!c.next.asked || c.next.end != nil):
			c.next = clock{asked: true, from: at, since: at}
		}
	case Answered:
		c.finish(&c.first, First, at)
		c.finish(&c.next, Next, at)
	case Waiting:
		if !c.resolved {
			c.waiting = true
			c.next.stop(at)
			c.resolution.stop(at)
		}
	case Resumed:
		c.resume(at)
	case Resolved:
		if !c.resolved {
			c.finish(&c.first, First, at)
			c.finish(&c.next, Next, at)
			c.resolution.stop(at)
			if c.resolution.asked {
				d := c.resolution.deadline(Resolution, c.terms, true, at)
				c.resolution.end = &d
			}
			c.resolved, c.waiting = true, false
		}
	case Reopened:
		c.reopen(at)
	}
}

func (c *Clocks) resume(at time.Time) {
	if c.waiting {
		c.waiting = false
		c.next.start(at)
		c.resolution.start(at)
	}
}

func (c *Clocks) reopen(at time.Time) {
	if c.resolved {
		c.resolved = false
		c.resolution.end = nil
		c.resolution.start(at)
	}
}

// start lets a clock go on that stands.
func (k *clock) start(at time.Time) {
	if k.asked && k.end == nil && k.since.IsZero() {
		k.since = at
	}
}

func (k *clock) stop(at time.Time) {
	if !k.since.IsZero() {
		k.ran = append(k.ran, [2]time.Time{k.since, at})
		k.since = time.Time{}
	}
}

// finish ends what was asked for, and judges it by the terms of now.
func (c *Clocks) finish(k *clock, p Promise, at time.Time) {
	if !k.asked || k.end != nil {
		return
	}
	k.stop(at)
	d := k.deadline(p, c.terms, true, at)
	k.end = &d
	c.ended = append(c.ended, d)
}

func (t Targets) of(p Promise) time.Duration {
	switch p {
	case First:
		return t.First
	case Next:
		return t.Next
	}
	return t.Resolution
}

// deadline is how a clock stands by some terms.
func (k *clock) deadline(p Promise, t Terms, over bool, ended time.Time) Deadline {
	if !k.asked {
		return Deadline{Promise: p}
	}
	target := t.Targets.of(p)
	d := Deadline{Promise: p, From: k.from, Due: k.reaches(t.Calendar, target), Warn: k.reaches(t.Calendar, target*3/4)}
	for _, r := range k.ran {
		d.Worked += t.Calendar.Working(r[0], r[1])
	}
	switch {
	case over:
		d.State, d.Ended = Met, ended
		if d.Worked > target {
			d.State = Missed
		}
	case k.since.IsZero():
		d.State, d.Left = Paused, target-d.Worked
	default:
		d.State = Running
	}
	return d
}

// reaches is when a clock has run for so much working time; zero if it stands and has
// not.
func (k *clock) reaches(c Calendar, d time.Duration) time.Time {
	for _, r := range k.ran {
		worked := c.Working(r[0], r[1])
		if worked >= d {
			return c.After(r[0], d)
		}
		d -= worked
	}
	if k.since.IsZero() {
		return time.Time{}
	}
	return c.After(k.since, d)
}

// Standing is how a ticket stands.
type Standing struct {
	First, Next, Resolution Deadline
	Ended                   []Deadline // responses in the order in which they were met or missed
	Waiting, Resolved       bool
}

// Standing is how the ticket stands after all that was applied.
func (c *Clocks) Standing() Standing {
	s := Standing{Ended: c.ended, Waiting: c.waiting, Resolved: c.resolved}
	of := func(k *clock, p Promise) Deadline {
		if k.end != nil {
			return *k.end
		}
		return k.deadline(p, c.terms, false, time.Time{})
	}
	s.First, s.Next, s.Resolution = of(&c.first, First), of(&c.next, Next), of(&c.resolution, Resolution)
	return s
}

// Due is the deadline that comes first of those that run; false if none does.
func (s Standing) Due() (first Deadline, runs bool) {
	for _, d := range []Deadline{s.First, s.Next, s.Resolution} {
		if d.State == Running && (!runs || d.Due.Before(first.Due)) {
			first, runs = d, true
		}
	}
	return first, runs
}

// Judge is how a ticket stands to which all this happened.
func Judge(history []Event) Standing {
	var c Clocks
	for _, e := range history {
		c.Apply(e)
	}
	return c.Standing()
}
