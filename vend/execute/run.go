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

// Stage is the time of a rehearsal, which moves when it is told to.
type Stage interface {
	Now() time.Time
	MoveTo(time.Time)
}

// A Rehearsal answers a call at once, and says how long it would have taken.
type Rehearsal func(ctx context.Context, c Call) (Result, time.Duration, error)

// Distance is how long a call is on its way to AWS, and its answer back.
type Distance func() (there, back time.Duration)

// Rehearse carries out m's plan in the virtual time of c, with no goroutine
// and no wait: a call's answer reaches the machine at the moment at which it
// would have come back. pace, if not nil, is told how far time is about to
// move. When ctx ends nothing new starts.
func Rehearse(ctx context.Context, m *Machine, do Rehearsal, c Stage, pace func(time.Duration), watch func([]Event)) error {
	return RehearseAt(ctx, m, nil, do, c, pace, watch)
}

// RehearseAt is Rehearse at a distance from AWS: a call takes effect when it has
// arrived there. Calls so overtake each other, and answers do.
func RehearseAt(ctx context.Context, m *Machine, far Distance, do Rehearsal, c Stage, pace func(time.Duration), watch func([]Event)) error {
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
			f := &flight{number: n, call: call}
			n++
			if far != nil {
				there, back := far()
				f.lands, f.back, f.leaving = c.Now().Add(there), back, true
			} else {
				f.arrive(ctx, do, c.Now())
			}
			heap.Push(&flights, f)
		}
		tell(m, watch)
		if len(flights) > 0 && !flights[0].lands.After(wake) {
			move(flights[0].lands)
			f := heap.Pop(&flights).(*flight)
			if f.leaving {
				f.arrive(ctx, do, c.Now())
				heap.Push(&flights, f)
				continue
			}
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

// flight is a call on its way, or its answer.
type flight struct {
	lands   time.Time
	number  int // order of start: the tie-breaker
	call    Call
	leaving bool          // it has not arrived
	back    time.Duration // how long its answer travels
	result  Result
	err     error
}

// arrive has the call take effect now.
func (f *flight) arrive(ctx context.Context, do Rehearsal, now time.Time) {
	var took time.Duration
	f.result, took, f.err = do(ctx, f.call)
	f.lands, f.leaving = now.Add(took+f.back), false
}

// inFlight is a heap of flights, the first to land on top.
type inFlight []*flight

func (f inFlight) Len() int { return len(f) }
func (f inFlight) Less(i, j int) bool {
	if f[i].lands.Equal(f[j].lands) {
		return f[i].number < f[j].number
	}
	return f[i].lands.Before(f[j].lands)
}
func (f inFlight) Swap(i, j int) { f[i], f[j] = f[j], f[i] }
func (f *inFlight) Push(x any)   { *f = append(*f, x.(*flight)) }
func (f *inFlight) Pop() any {
	last := len(*f) - 1
	x := (*f)[last]
	*f = (*f)[:last]
	return x
}
