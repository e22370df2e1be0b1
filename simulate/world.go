// Package simulate runs the real planner and executor against a simulated AWS
// in virtual time, and says what came of it. It has no model of its own of how
// long a deployment takes: it watches one.
package simulate

import (
	"context"
	"net/http"
	"time"

	"landlord/internal/clock"
	"landlord/org"
	"landlord/simaws"
	"landlord/vend/cloud"
	"landlord/vend/execute"
)

// World is a simulated AWS, its clock, and a client that cannot tell.
type World struct {
	Server *simaws.Server
	Clock  *clock.Virtual
	client *cloud.Client
	wire   *wire
	wrong  *misset // the client's clock, if it is not AWS's
	paced  bool
	// Meddle, if set, stands between client and AWS: it makes the call with
	// next, or not, and answers what it likes. Tests cut connections there.
	Meddle func(r *http.Request, next func() (*http.Response, error)) (*http.Response, error)
	// Travel, if set, is how long a call is on its way to AWS and its answer back,
	// besides the time that AWS takes.
	Travel execute.Distance
	// Pace, if set, is called before virtual time moves on, with how far: to
	// let somebody watch.
	Pace func(time.Duration)
	// Asks, if set, tells what else Observe must read of what it has seen.
	Asks func(org.Organization) org.Questions
}

// Start is when simulations begin that have no past.
var Start = time.Date(2026, time.January, 19, 9, 0, 0, 0, time.UTC)

// NewWorld starts a simulated AWS. cfg.Clock is set by it: to the time that
// cfg.State was left at, or Start.
func NewWorld(cfg simaws.Config) (*World, error) {
	w := &World{Clock: clock.NewVirtual(Start), paced: cfg.Profile.Throttle}
	cfg.Clock = w.Clock
	server, err := simaws.New(cfg)
	if err != nil {
		return nil, err
	}
	w.Clock.MoveTo(server.LastTime())
	w.Server = server
	w.Reconnect()
	return w, nil
}

// Reconnect forgets the client and makes a new one, as a process does that
// starts again.
func (w *World) Reconnect() {
	w.wire = &wire{world: w}
	w.client = cloud.InProcess(w.wire, cloud.Options{Clock: laned{w.ours(), w}, Paced: w.paced, Asks: func(seen org.Organization) org.Questions {
		if w.Asks == nil {
			return org.Questions{}
		}
		return w.Asks(seen)
	}})
}

// Misset sets the clock of a new client ahead of AWS's, and has it gain so much
// of each second.
func (w *World) Misset(ahead time.Duration, gain float64) {
	w.wrong = &misset{w.Clock, w.Clock.Now(), ahead, gain}
	w.Reconnect()
}

// ours is the client's clock.
func (w *World) ours() stage {
	if w.wrong != nil {
		return w.wrong
	}
	return w.Clock
}

// Beside is another client of the same simulated AWS, in the same time.
func (w *World) Beside() *World {
	other := &World{Server: w.Server, Clock: w.Clock, paced: w.paced}
	other.Reconnect()
	return other
}

// Close ends the simulated AWS.
func (w *World) Close() error { return w.Server.Close() }

// Observe reads the organization; each call takes its time.
func (w *World) Observe(ctx context.Context) (org.Organization, error) { return w.client.Observe(ctx) }

// Client is the client of this world's AWS.
func (w *World) Client() *cloud.Client { return w.client }

// Rules are the limits to keep to in this world.
func (w *World) Rules() execute.Rules { return cloud.Rules(w.paced) }

// Execute carries out m's plan in virtual time.
func (w *World) Execute(ctx context.Context, m *execute.Machine, watch func([]execute.Event)) error {
	return execute.RehearseAt(ctx, m, w.Travel, func(ctx context.Context, c execute.Call) (execute.Result, time.Duration, error) {
		w.wire.hold()
		r, err := w.client.Do(context.WithoutCancel(ctx), c)
		return r, w.wire.release(), err
	}, w.ours(), w.Pace, watch)
}

// wire carries the client's bytes to the simulated AWS. Alone, a call moves
// the clock by the time it takes; held, the time is only summed up, for whoever
// lets several calls fly at once.
type wire struct {
	world *World
	held  bool
	took  time.Duration
	lane  *lane // whose turn it is; nil where there is one at a time
}

func (w *wire) hold() { w.held, w.took = true, 0 }

func (w *wire) release() time.Duration {
	w.held = false
	return w.took
}

// RoundTrip implements http.RoundTripper.
func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	next := func() (*http.Response, error) {
		if w.held {
			answer, took, err := w.world.Server.RoundTrip(r)
			w.took += took
			return answer, err
		}
		if w.lane != nil {
			l := w.lane
			answer, took, err := w.world.Server.RoundTrip(r)
			l.until(w.world.Clock.Now().Add(took))
			return answer, err
		}
		there, back := w.world.travel()
		w.world.Clock.Advance(there)
		answer, took, err := w.world.Server.RoundTrip(r)
		w.world.Clock.Advance(took + back)
		return answer, err
	}
	if w.world.Meddle != nil {
		return w.world.Meddle(r, next)
	}
	return next()
}

// travel is how long one call and its answer are on their way.
func (w *World) travel() (there, back time.Duration) {
	if w.Travel == nil {
		return 0, 0
	}
	return w.Travel()
}

// stage is a clock of virtual time that can be moved.
type stage interface {
	clock.Clock
	execute.Stage
}

// misset is a clock that is ahead of another and gains on it.
type misset struct {
	*clock.Virtual
	began time.Time
	ahead time.Duration
	gain  float64
}

func (c *misset) Now() time.Time {
	passed := c.Virtual.Now().Sub(c.began)
	return c.began.Add(c.ahead + passed + time.Duration(float64(passed)*c.gain))
}

// right is the moment of the right clock at which this one shows t; no earlier.
func (c *misset) right(t time.Time) time.Time {
	passed := t.Sub(c.began) - c.ahead
	return c.began.Add(time.Duration(float64(passed)/(1+c.gain)) + 1)
}

func (c *misset) MoveTo(t time.Time)              { c.Virtual.MoveTo(c.right(t)) }
func (c *misset) At(t time.Time) <-chan time.Time { return c.Virtual.At(c.right(t)) }
