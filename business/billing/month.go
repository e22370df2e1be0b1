package billing

import (
	"fmt"
	"time"
)

// Month is a calendar month, in UTC. Its days are written as "2026-01-31".
type Month struct {
	year  int
	month time.Month
}

// ParseMonth reads a month such as "2026-01".
func ParseMonth(s string) (Month, error) {
	at, err := time.Parse("2006-01", s)
	if err != nil || at.Year() < 2000 || at.Year() > 2999 {
		return Month{}, fmt.Errorf("%q is not a month; expected one such as 2026-01", s)
	}
	return Month{at.Year(), at.Month()}, nil
}

func (m Month) String() string { return m.at(1).Format("2006-01") }

// Text is m for people: "January 2026".
func (m Month) Text() string { return m.at(1).Format("January 2006") }

// Length is how many days m has.
func (m Month) Length() int { return m.at(1).AddDate(0, 1, -1).Day() }

// Day is the nth day of m, from 1.
func (m Month) Day(n int) string { return m.at(n).Format(time.DateOnly) }

func (m Month) at(day int) time.Time { return time.Date(m.year, m.month, day, 0, 0, 0, 0, time.UTC) }

// Next is the month after m.
func (m Month) Next() Month {
	at := m.at(1).AddDate(0, 1, 0)
	return Month{at.Year(), at.Month()}
}

// Before is the month before m.
func (m Month) Before() Month {
	at := m.at(1).AddDate(0, -1, 0)
	return Month{at.Year(), at.Month()}
}

// MonthOf is the month of a time.
func MonthOf(t time.Time) Month {
	t = t.UTC()
	return Month{t.Year(), t.Month()}
}

// End is when m is over.
func (m Month) End() time.Time { return m.Next().at(1) }

// after is the day after a day.
func after(day string) string {
	at, err := time.Parse(time.DateOnly, day)
	if err != nil {
		panic("a day is not written as one: " + day)
	}
	return at.AddDate(0, 0, 1).Format(time.DateOnly)
}
