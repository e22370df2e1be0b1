package execute

import (
	"container/heap"
	"context"
	"time"

	"landlord/internal/clock"
)

// An Actuator makes one call. It must be safe to call again with a step that
// already took effect, except for operations of Rules.Once.
type Actuator interface {
	Do(ctx context.Context, c Call) (Result, error)
}

// Run carries out m's plan. One goroutine decides; calls run beside it. When
// ctx ends nothing new starts, and calls in flight are waited for. watch, if
// not nil, is told after each decision what happened, if only that time passed.
func Run(ctx context.Context, m *Machine, do Actuator, c clock.Clock, watch func([]Event)) error {
	type outcome struct {
		call   Call
		result Result
		err    error
	}
	answers := make(chan outcome)
	stop := ctx.Done()
	for !m.Finished() {
		start, wake := m.Next(c.Now())
		for _, call := range start {
			go func() {
				r, err := do.Do(context.WithoutCancel(ctx), call)
				answers <- outcome{call, r, err}
			}()
		}
		tell(m, watch)
		if m.Finished() {
			break
		}
		select {
		case o := <-answers:
			m.Done(c.Now(), o.call, o.result, o.err)
		case <-stop:
			m.Stop()
			stop = nil
		case <-c.At(wake):
		}
	}
	tell(m, watch)
	return m.Err()
}

// A Rehearsal answers a call at once, and says how long it would have taken.
type Rehearsal func(ctx context.Context, c Call) (Result, time.Duration, error)

// Rehearse carries out m's plan in the virtual time of c, with no goroutine
// and no wait: a call's answer reaches the machine at the moment at which it
// would have come back. pace, if not nil, is told how far time is about to
// move. When ctx ends nothing new starts.
func Rehearse(ctx context.Context, m *Machine, do Rehearsal, c *clock.Virtual, pace func(time.Duration), watch func([]Event)) error {
	var flights inFlight
	move := func(t time.Time) {
		if d := t.Sub(c.Now()); d > 0 && pace != nil {
			pace(d)
		}
		c.MoveTo(t)
	}
	for n := 0; !m.Finished(); {
		if ctx.Err() != nil {
			m.Stop()
		}
		start, wake := m.Next(c.Now())
		for _, call := range start {
			r, took, err := do(ctx, call)
			heap.Push(&flights, flight{c.Now().Add(took), n, call, r, err})
			n++
		}
		tell(m, watch)
		if len(flights) > 0 && !flights[0].lands.After(wake) {
			move(flights[0].lands)
			f := heap.Pop(&flights).(flight)
			m.Done(c.Now(), f.call, f.result, f.err)
		} else if !m.Finished() {
			move(wake)
		}
	}
	tell(m, watch)
	return m.Err()
}

func tell(m *Machine, watch func([]Event)) {
	if events := m.Events(); watch != nil {
		watch(events)
	}
}

// flight is a call whose answer is on its way.
type flight struct {
	lands  time.Time
	number int // order of start: the tie-breaker
	call   Call
	result Result
	err    error
}

// inFlight is a heap of flights, the first to land on top.
type inFlight []flight

func (f inFlight) Len() int { return len(f) }
func (f inFlight) Less(i, j int) bool {
	if f[i].lands.Equal(f[j].lands) {
		return f[i].number < f[j].number
	}
	return f[i].lands.Before(f[j].lands)
}
func (f inFlight) Swap(i, j int) { f[i], f[j] = f[j], f[i] }
func (f *inFlight) Push(x any)   { *f = append(*f, x.(flight)) }
func (f *inFlight) Pop() any {
	last := len(*f) - 1
	x := (*f)[last]
	*f = (*f)[:last]
	return x
}
