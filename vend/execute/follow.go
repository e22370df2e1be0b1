package execute

import (
	"errors"
	"slices"
	"time"

	"landlord/vend/plan"
)

// follow starts the calls that find out what became of work AWS goes on with:
// one list for all of it, and a question about each that vanished from there.
func (m *Machine) follow(f *follow, now time.Time, start []Call, sooner func(time.Time)) []Call {
	for len(f.confirm) > 0 && m.calls < m.rules.Calls {
		if t := m.meter(f.Confirm).Earliest(now); t.After(now) {
			sooner(t)
			break
		}
		handle := f.confirm[0]
		f.confirm = f.confirm[1:]
		m.meter(f.Confirm).Take(now)
		m.calls++
		s := m.steps[f.working[handle]].Step
		s.Handle = handle
		start = append(start, Call{Confirm, f.Confirm, s})
	}
	waiting := m.ready[f.operation].Len() > 0
	if f.watching || len(f.working) == 0 && !(waiting && (!f.seen && f.Slots > 0 || f.foreign > 0)) {
		return start
	}
	at := f.next
	if t := m.meter(f.Watch).Earliest(now); t.After(at) {
		at = t
	}
	if at.After(now) {
		sooner(at)
		return start
	}
	m.meter(f.Watch).Take(now)
	m.calls++
	f.watching, f.watchFrom = true, now
	return append(start, Call{Purpose: Watch, Operation: f.Watch})
}

// watched takes in the list of what is under way.
func (m *Machine) watched(now time.Time, c Call, r Result, err error) {
	for _, f := range m.async {
		if f.Watch != c.Operation || !f.watching {
			continue
		}
		f.watching = false
		f.next = now.Add(f.Every)
		if err != nil {
			f.next = m.inVain(f, now, c, err)
			continue
		}
		f.seen, f.vain = true, 0
		m.travelled(now.Sub(f.watchFrom))
		listed := make(map[string]Work, len(r.Working))
		for _, w := range r.Working {
			listed[w.Handle] = w
		}
		var gone []string
		for handle, i := range f.working {
			if _, is := listed[handle]; is {
				delete(listed, handle)
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
		m.strangers(f, listed)
	}
}

// confirmed takes in what became of one piece of work.
func (m *Machine) confirmed(now time.Time, c Call, r Result, err error) {
	f := m.async[c.Step.Kind.Operation()]
	i := c.Step.ID
	delete(f.asking, c.Step.Handle)
	if retryable(err) {
		f.next = m.inVain(f, now, c, err)
		return
	}
	f.vain = 0
	if err == nil && r.ID == "" { // it still goes on
		return
	}
	delete(f.working, c.Step.Handle)
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

// mostInVain is how many questions in a row may be refused or go unanswered; a
// silence of three minutes ends the run before.
const mostInVain = 10

// retryable tells whether a question may simply be asked again.
func retryable(err error) bool {
	return errors.Is(err, ErrBusy) || errors.Is(err, ErrThrottled) || errors.Is(err, ErrUnknown)
}
