package simulate

import (
	"context"
	"slices"
	"time"
)

// lanes does jobs beside each other in w's time, at most so many at once, and returns
// the errors of those that failed, in order. A job's calls follow each other; those of
// several jobs come in the order of their time, those of one moment in the jobs' order.
// One goroutine runs at a time.
func (w *World) lanes(most int, jobs []func() error) []error {
	at := w.Clock.Now()
	waiting, errs := jobs, make([]error, len(jobs))
	var open []*lane
	for len(open) > 0 || len(waiting) > 0 {
		for len(open) < most && len(waiting) > 0 {
			number := len(jobs) - len(waiting)
			l := &lane{at: at, turn: make(chan bool), stops: make(chan bool)}
			job := waiting[0]
			waiting, open = waiting[1:], append(open, l)
			go func() {
				<-l.turn
				errs[number] = job()
				l.over = true
				l.stops <- true
			}()
		}
		next := slices.MinFunc(open, func(a, b *lane) int { return a.at.Compare(b.at) })
		w.Clock.MoveTo(next.at)
		w.wire.lane = next
		next.turn <- true
		<-next.stops
		w.wire.lane = nil
		if next.over {
			at = w.Clock.Now() // that the next job begins at
			open = slices.DeleteFunc(open, func(l *lane) bool { return l == next })
		}
	}
	return slices.DeleteFunc(errs, func(err error) bool { return err == nil })
}

// lane is one of several jobs, each in a goroutine of its own that waits for its turn.
type lane struct {
	at          time.Time // up to when it has come
	turn, stops chan bool
	over        bool
}

// until gives the turn away, and has it again when t has come.
func (l *lane) until(t time.Time) {
	l.at = t
	l.stops <- true
	<-l.turn
}

// laned is a client's clock that lets other lanes go on while one waits.
type laned struct {
	stage
	world *World
}

func (c laned) Sleep(ctx context.Context, d time.Duration) error {
	l := c.world.wire.lane
	if l == nil || ctx.Err() != nil {
		return c.stage.Sleep(ctx, d)
	}
	l.until(c.world.Clock.Now().Add(d))
	return ctx.Err()
}
