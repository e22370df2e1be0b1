// Package clock is the only way to read or wait on product time: creation
// dates, retries, pacing. Real time and virtual time look the same to whoever
// is handed a Clock, so the program that applies to AWS is the one simulated.
//
// Machine time (shutdown grace, request timeouts) is not product time and uses
// package time directly.
package clock

import (
	"context"
	"sync"
	"time"
)

// A Clock tells product time and waits for it.
type Clock interface {
	// Now is the present moment, in UTC.
	Now() time.Time
	// At returns a channel that receives once, when t has come.
	At(t time.Time) <-chan time.Time
	// Sleep returns when d has passed, or earlier with ctx's error.
	Sleep(ctx context.Context, d time.Duration) error
}

// Real returns the wall clock.
func Real() Clock { return scaled{start: time.Now(), wall: time.Now(), scale: 1} }

// Scaled returns a clock that shows start now and runs scale times as fast as
// the wall's. scale must be positive.
func Scaled(start time.Time, scale float64) Clock {
	if scale <= 0 {
		panic("clock: scale must be positive")
	}
	return scaled{start: start.UTC(), wall: time.Now(), scale: scale}
}

type scaled struct {
	start, wall time.Time
	scale       float64
}

func (c scaled) Now() time.Time {
	return c.start.Add(time.Duration(float64(time.Since(c.wall)) * c.scale)).UTC()
}

func (c scaled) At(t time.Time) <-chan time.Time {
	return time.After(c.toWall(t.Sub(c.Now())))
}

func (c scaled) Sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(c.toWall(d))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (c scaled) toWall(d time.Duration) time.Duration {
	return time.Duration(float64(max(d, 0)) / c.scale)
}

// Virtual is a clock that stands still until it is moved. Waiting on it moves
// it: a program that is alone in its time loses none by sleeping. It is safe
// for concurrent use, but only one goroutine should wait on it.
type Virtual struct {
	mu  sync.Mutex
	now time.Time
}

// NewVirtual returns a virtual clock that shows start.
func NewVirtual(start time.Time) *Virtual { return &Virtual{now: start.UTC()} }

// Now is the moment the clock was last moved to.
func (v *Virtual) Now() time.Time {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.now
}

// Advance moves the clock forward by d; a negative d moves nothing.
func (v *Virtual) Advance(d time.Duration) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.now = v.now.Add(max(d, 0))
}

// MoveTo moves the clock forward to t, and never back.
func (v *Virtual) MoveTo(t time.Time) { v.Advance(t.Sub(v.Now())) }

// At moves the clock to t and returns a channel that has already fired.
func (v *Virtual) At(t time.Time) <-chan time.Time {
	v.MoveTo(t)
	c := make(chan time.Time, 1)
	c <- v.Now()
	return c
}

// Sleep moves the clock by d at once.
func (v *Virtual) Sleep(ctx context.Context, d time.Duration) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	v.Advance(d)
	return nil
}
