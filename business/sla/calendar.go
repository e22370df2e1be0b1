// Package sla says by when somebody has to be answered. What is promised to a tier, a
// calendar and what happened to a ticket come in; deadlines go out. It reads no clock
// and knows no customer: the history of a ticket is all that its deadlines follow from.
package sla

import (
	"fmt"
	"iter"
	"regexp"
	"slices"
	"strconv"
	"time"
)

// Calendar is when there is somebody to answer. An instant is working time if what
// clocks in Zone show then is in a span of that weekday, and the day is no holiday. So
// an hour that clocks skip is none, and one that they show twice is two.
type Calendar struct {
	Name     string    `json:"name"`
	Zone     Zone      `json:"zone"`
	Week     [7][]Span `json:"week"`               // by time.Weekday; in order, apart from each other
	Holidays []string  `json:"holidays,omitempty"` // "2026-12-25", or "12-25" for every year
}

// Span is a part of a day, in minutes since midnight as clocks show them: 0 ≤ From < To ≤ 1440.
type Span struct{ From, To int }

// Day is a whole day.
var Day = Span{0, 24 * 60}

// MarshalText is a span as files have it: 09:00-17:30.
func (s Span) MarshalText() ([]byte, error) {
	return fmt.Appendf(nil, "%02d:%02d-%02d:%02d", s.From/60, s.From%60, s.To/60, s.To%60), nil
}

var spanText = regexp.MustCompile(`^([0-9]{2}):([0-9]{2})-([0-9]{2}):([0-9]{2})$`)

// UnmarshalText reads what MarshalText writes.
func (s *Span) UnmarshalText(text []byte) error {
	parts := spanText.FindStringSubmatch(string(text))
	if parts == nil {
		return fmt.Errorf("%q is no span such as 09:00-17:30", text)
	}
	var n [5]int // two digits each
	for i, p := range parts {
		n[i], _ = strconv.Atoi(p)
	}
	read := Span{n[1]*60 + n[2], n[3]*60 + n[4]}
	if n[2] > 59 || n[4] > 59 || read.From >= read.To || read.To > Day.To {
		return fmt.Errorf("%q is no span of a day: it ends after it begins, at 24:00 at the latest", text)
	}
	*s = read
	return nil
}

// Zone is a time zone that is written by its name.
type Zone struct{ *time.Location }

// MarshalText is the zone's name in the IANA database.
func (z Zone) MarshalText() ([]byte, error) { return []byte(z.in().String()), nil }

// UnmarshalText finds a zone by its name.
func (z *Zone) UnmarshalText(name []byte) error {
	if len(name) == 0 || string(name) == "Local" { // which both would be found, as what this machine thinks
		return fmt.Errorf("%q is no time zone such as Europe/Berlin", name)
	}
	loc, err := time.LoadLocation(string(name))
	if err != nil {
		return fmt.Errorf("%q is no time zone such as Europe/Berlin", name)
	}
	z.Location = loc
	return nil
}

func (z Zone) in() *time.Location {
	if z.Location == nil {
		return time.UTC
	}
	return z.Location
}

// The calendars that are built in.
var (
	Always   = Calendar{Name: "24x7", Week: [7][]Span{{Day}, {Day}, {Day}, {Day}, {Day}, {Day}, {Day}}}
	Business = Calendar{Name: "business", Week: [7][]Span{time.Monday: {office}, time.Tuesday: {office}, time.Wednesday: {office}, time.Thursday: {office}, time.Friday: {office}}}
	office   = Span{9 * 60, 17 * 60}
)

// Empty tells whether a calendar has no working time in any week.
func (c Calendar) Empty() bool {
	return !slices.ContainsFunc(c.Week[:], func(spans []Span) bool { return len(spans) > 0 })
}

// MostYearly is how many holidays of every year a calendar may have, so that each of
// its weekdays has a working day in some year.
const MostYearly = 100

// holiday tells whether a day, which is its midnight, is one.
func (c Calendar) holiday(day time.Time) bool {
	return slices.ContainsFunc(c.Holidays, func(h string) bool {
		return h == day.Format(time.DateOnly) || h == day.Format("01-02")
	})
}

// stretches yields working time from an instant on, in order and without end. Two may
// touch. A calendar that is Empty has none, and must not be asked.
func (c Calendar) stretches(from time.Time) iter.Seq2[time.Time, time.Time] {
	return func(yield func(begin, end time.Time) bool) {
		for at := from; ; {
			local := at.In(c.Zone.in())
			_, seconds := local.Zone()
			offset := time.Duration(seconds) * time.Second
			midnight := at.UTC().Add(offset).Truncate(24 * time.Hour) // what clocks show, as if they were in UTC
			next := midnight.Add(24 * time.Hour).Add(-offset)
			if _, changes := local.ZoneBounds(); !changes.IsZero() && changes.Before(next) {
				next = changes
			}
			if !c.holiday(midnight) {
				for _, s := range c.Week[midnight.Weekday()] {
					begin := later(at, midnight.Add(time.Duration(s.From)*time.Minute-offset))
					end := earlier(next, midnight.Add(time.Duration(s.To)*time.Minute-offset))
					if begin.Before(end) && !yield(begin.UTC(), end.UTC()) {
						return
					}
				}
			}
			at = next
		}
	}
}

// Working is how much working time there is from a to b; none if b is not after a.
func (c Calendar) Working(a, b time.Time) (sum time.Duration) {
	if !a.Before(b) || c.Empty() {
		return 0
	}
	for begin, end := range c.stretches(a) {
		if !begin.Before(b) {
			return sum
		}
		sum += earlier(end, b).Sub(begin)
		if !end.Before(b) {
			return sum
		}
	}
	return sum
}

// After is the first instant by which so much working time has passed since from; from
// itself for none. A calendar that is Empty has no such instant, and gives the zero time.
func (c Calendar) After(from time.Time, d time.Duration) time.Time {
	if d <= 0 {
		return from.UTC()
	}
	if c.Empty() {
		return time.Time{}
	}
	for begin, end := range c.stretches(from) {
		if whole := end.Sub(begin); whole < d {
			d -= whole
			continue
		}
		return begin.Add(d)
	}
	return time.Time{}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
