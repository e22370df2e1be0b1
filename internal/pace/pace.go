// Package pace spaces calls so that a token bucket on the other side never
// refuses one. It is the caller's model of that bucket, not the bucket.
package pace

import (
	"time"

	"landlord/internal/limits"
)

// A Meter models one token bucket by the time at which it would be full again
// (the generic cell rate algorithm, ITU-T I.371). The zero Meter does not limit.
type Meter struct {
	interval  time.Duration // between two calls in the long run
	burst     time.Duration // how far calls may run ahead of that
	tolerance time.Duration // how far they do: the burst less a margin
	slow      time.Duration // interval while somebody else uses the bucket too
	slowUntil time.Time
	full      time.Time // when the bucket would be full again, plus one interval
}

// slowFor is how long a refusal halves the rate. AWS does not say who else
// calls; a minute is six creations.
const slowFor = time.Minute

// New returns a full bucket's meter that holds back margin of its burst, so
// that calls which travel for unequal times still arrive in step.
//
//	margin   at most the bucket's burst; a larger one is cut to it
//
// Holding back delays the first calls after a pause by margin together, and
// leaves the long run's rate as it is.
func New(b limits.Bucket, margin time.Duration) *Meter {
	if !b.Limited() {
		return &Meter{}
	}
	interval := time.Duration(float64(time.Second) / b.Rate)
	m := &Meter{interval: interval, burst: time.Duration(b.Burst-1) * interval}
	m.Hold(margin)
	return m
}

// Hold changes the margin.
func (m *Meter) Hold(margin time.Duration) { m.tolerance = max(0, m.burst-margin) }

// Earliest is the first moment, not before now, at which a call may start.
func (m *Meter) Earliest(now time.Time) time.Time {
	if t := m.full.Add(-m.tolerance); t.After(now) {
		return t
	}
	return now
}

// Take records a call that starts at t.
func (m *Meter) Take(t time.Time) {
	if m.interval == 0 {
		return
	}
	interval := m.interval
	if t.Before(m.slowUntil) {
		interval = m.slow
	}
	if m.full.Before(t) {
		m.full = t
	}
	m.full = m.full.Add(interval)
}

// Refused records that a call was refused at t: the bucket is empty, and
// somebody else draws from it. For a minute the rate is half.
func (m *Meter) Refused(t time.Time) {
	if m.interval == 0 {
		return
	}
	m.slow, m.slowUntil = 2*m.interval, t.Add(slowFor)
	if empty := t.Add(m.tolerance + m.interval); m.full.Before(empty) {
		m.full = empty
	}
}
