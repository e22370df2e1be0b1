package execute

import (
	"errors"
	"maps"
	"slices"
	"time"

	"landlord/vend/plan"
)

// follow starts the calls that find out what became of work AWS goes on with:
// one list for all of it, and a question about each that vanished from there.
func (m *Machine) follow(f *follow, now time.Time, start []Call, sooner func(time.Time)) []Call {
	if f.Watch == "" {
		m.ask(f, now, sooner)
	}
	for len(f.confirm) > 0 && m.calls < m.rules.Calls {
		handle := f.confirm[0]
		s := m.steps[f.working[handle]].Step
		meter := m.meter(f.Confirm, caller(f.Confirm, s))
		if t := meter.Earliest(now); t.After(now) {
			sooner(t)
			break
		}
		f.confirm = f.confirm[1:]
		meter.Take(now)
		m.calls++
		s.Handle = handle
		start = append(start, Call{Confirm, f.Confirm, s})
	}
	waiting := m.ready[f.operation].Len() > 0
	if f.Watch == "" {
		return start
	}
	if f.refused {
		return m.look(f, now, now, start, sooner)
	}
	if len(f.working) == 0 && !(waiting && (!f.seen && f.Slots > 0 || f.foreign > 0)) {
		return start
	}
	return m.look(f, f.next, now, start, sooner)
}

// look starts a watch at the given time, if none is in flight.
func (m *Machine) look(f *follow, at, now time.Time, start []Call, sooner func(time.Time)) []Call {
	if f.watching || m.calls >= m.rules.Calls {
		return start
	}
	if t := m.meter(f.Watch, "").Earliest(now); t.After(at) {
		at = t
	}
	if at.After(now) {
		sooner(at)
		return start
	}
	m.meter(f.Watch, "").Take(now)
	m.calls++
	f.watching, f.watchFrom = true, now
	return append(start, Call{Purpose: Watch, Operation: f.Watch})
}

// taken is how many slots are taken. One that a list showed and a later one does
// not has ended, before it is known how.
func (f *follow) taken() int {
	taken := len(f.working) + f.foreign + f.unlisted
	for handle := range f.asking {
		if f.listed[handle] {
			taken--
		}
	}
	return taken
}

const (
	sharedFor = 10 * time.Minute       // after a sight of somebody else's work, it is expected again
	freshFor  = 200 * time.Millisecond // a look is, which then precedes each start
)

// stale tells whether somebody else may have taken the slot or the token that
// seems to be free, since the last look.
func (m *Machine) stale(f *follow, now time.Time) bool {
	return f.Slots > 0 && now.Sub(f.shared) < sharedFor && now.Sub(f.fresh) > freshFor
}

// refused takes in that AWS refused a call as one too many. A token was missing, or
// a slot that somebody else took: the next list tells which.
func (m *Machine) refused(now time.Time, c Call) {
	f := m.async[c.Operation]
	if f == nil || f.Slots == 0 || f.Watch == "" {
		m.meter(c.Operation, caller(c.Operation, c.Step)).Refused(now)
		return
	}
	f.refused, f.refusedAt = true, now
}

// ask has each piece of work asked about of an operation of which AWS keeps no
// list, when it is time.
func (m *Machine) ask(f *follow, now time.Time, sooner func(time.Time)) {
	if len(f.working) == 0 {
		return
	}
	if !f.next.After(now) {
		f.next = now.Add(f.Every)
		for _, handle := range slices.Sorted(maps.Keys(f.working)) {
			if !f.asking[handle] {
				f.asking[handle] = true
				f.confirm = append(f.confirm, handle)
			}
		}
	}
	sooner(f.next)
}

// watched takes in the list of what is under way.
func (m *Machine) watched(now time.Time, c Call, r Result, err error) {
	for _, f := range m.async {
		if f.Watch != c.Operation || !f.watching {
			continue
		}
		f.watching = false
		f.next = f.watchFrom.Add(f.Every)
		if err != nil {
			f.next = m.inVain(f, now, c, err)
			continue
		}
		m.answered(f, now, c)
		f.seen, f.fresh = true, now
		m.travelled(now.Sub(f.watchFrom))
		listed := make(map[string]Work, len(r.Working))
		for _, w := range r.Working {
			listed[w.Handle] = w
		}
		var gone []string
		for handle, i := range f.working {
			if _, is := listed[handle]; is {
				delete(listed, handle)
				f.listed[handle] = true
				continue
			}
			// One that was asked for after the list was may not be on it yet.
			if !m.steps[i].started.After(f.watchFrom) && !f.asking[handle] {
				gone = append(gone, handle)
			}
		}
		slices.SortFunc(gone, func(a, b string) int { return f.working[a] - f.working[b] })
		for _, handle := range gone {
			f.asking[handle] = true
			f.confirm = append(f.confirm, handle)
		}
		// What is left is somebody else's, or ours whose answer is on its way.
		f.foreign = max(0, len(listed)-f.unlisted)
		if f.refused && f.watchFrom.After(f.refusedAt) {
			f.refused = false
			if len(r.Working) < f.Slots {
				m.meter(f.operation, "").Refused(now)
			}
		}
		if f.foreign > 0 {
			f.shared = now
		}
		m.strangers(f, listed)
	}
}

// confirmed takes in what became of one piece of work.
func (m *Machine) confirmed(now time.Time, c Call, r Result, err error) {
	f := m.async[c.Step.Kind.Operation()]
	i := c.Step.ID
	delete(f.asking, c.Step.Handle)
	if retryable(err) && !r.Ended {
		f.next = m.inVain(f, now, c, err)
		return
	}
	m.answered(f, now, c)
	m.steps[i].answer = r
	if err == nil && r.ID == "" { // it still goes on
		return
	}
	delete(f.working, c.Step.Handle)
	delete(f.listed, c.Step.Handle)
	m.settle(now, i, r, err)
}

// inVain takes in a question that was not answered, and returns when to ask
// again. After as many as a step is tried, the run stops: whoever waits must be
// told, and what AWS has begun the next run finds.
func (m *Machine) inVain(f *follow, now time.Time, c Call, err error) time.Time {
	f.vain++
	again := now.Add(m.backoff(f.vain))
	m.events = append(m.events, Event{At: now, Step: plan.Step{ID: -1, Name: c.Operation}, State: Retrying, Err: err, Again: again})
	if m.err == nil && (!retryable(err) || f.vain >= mostInVain) {
		m.err = err
	}
	return again
}

// answered takes in that a question was answered, and tells if it was asked in vain
// before.
func (m *Machine) answered(f *follow, now time.Time, c Call) {
	if f.vain > 0 {
		m.events = append(m.events, Event{At: now, Step: plan.Step{ID: -1, Name: c.Operation}, State: Answered})
	}
	f.vain = 0
}

// mostInVain is how many questions in a row may be refused or go unanswered; a
// silence of three minutes ends the run before.
const mostInVain = 10

// retryable tells whether a question may simply be asked again.
func retryable(err error) bool {
	return errors.Is(err, ErrBusy) || errors.Is(err, ErrThrottled) || errors.Is(err, ErrUnknown)
}
