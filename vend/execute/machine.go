// Package execute carries out a plan. The Machine decides what to call and
// when: it does no I/O, is given the time and every answer, and makes the same
// decisions each time it is given the same. It keeps to AWS's published limits
// before AWS refuses. It knows operations by name only; what a step is, the
// plan and the actuator know.
package execute

import (
	"container/heap"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"time"

	"landlord/internal/pace"
	"landlord/org"
	"landlord/vend/plan"
)

// Machine carries out one plan, once. It is not safe for concurrent use.
type Machine struct {
	rules  Rules
	chance *rand.Rand
	steps  []task
	needed [][]int // by step: the steps that wait for it

	ready   map[string]*queue // by operation: steps that could start, by place in the plan
	delayed delays            // steps that are tried again later
	names   []string          // the operations of the plan, sorted
	meters  map[string]*pace.Meter
	margin  time.Duration           // that meters hold back
	recent  map[string][]time.Time  // calls of operations with a Most, ascending
	held    map[string]time.Time    // by operation: until when Most holds it, as was told
	serial  int                     // calls of serial operations in flight
	inside  map[org.AccountID]int   // calls in flight, by the account they are made in
	parked  map[org.AccountID][]int // steps that could start but for Rules.PerAccount
	calls   int                     // calls in flight
	async   map[string]*follow

	ids      map[plan.Ref]string
	events   []Event
	open     int       // steps that are not over
	finished int       // steps that are done
	silent   time.Time // since when no call was answered; zero if one was
	stopped  bool
	err      error
}

type task struct {
	plan.Step
	state    State
	blocked  int // steps it still waits for
	attempts int
	begun    int // times AWS began its work
	err      error
	answer   Result
	started  time.Time // when its call last started
}

// follow is one operation that AWS goes on with after its answer.
type follow struct {
	Async
	operation string
	working   map[string]int  // handle → step
	foreign   int             // under way and not ours
	strange   map[string]bool // handles that were never ours and whose token is taken
	lost      int             // calls of ours that may have begun work whose handle is not known
	unlisted  int             // ours whose handle is not known: asked for, not answered
	confirm   []string        // handles to ask about, in order
	asking    map[string]bool
	listed    map[string]bool // ours that a list showed
	fresh     time.Time       // when the last list came
	refusedAt time.Time
	refused   bool      // one was, and it is not known yet whether for want of a slot or a token
	shared    time.Time // when last something of somebody else's was seen
	watching  bool
	watchFrom time.Time // when the watch in flight started
	next      time.Time // when to watch again
	seen      bool      // a watch has answered since the start
	vain      int       // questions in a row that were not answered
}

// New returns a machine for the steps of a plan. seed feeds the jitter of
// retries.
func New(steps []plan.Step, rules Rules, seed uint64) *Machine {
	if rules.Calls == 0 {
		rules.Calls = DefaultCalls
	}
	if rules.Attempts == 0 {
		rules.Attempts = DefaultAttempts
	}
	if rules.Begun == 0 {
		rules.Begun = DefaultBegun
	}
	m := &Machine{
		rules:  rules,
		margin: rules.Margin,
		recent: map[string][]time.Time{},
		held:   map[string]time.Time{},
		chance: rand.New(rand.NewPCG(seed, 0)),
		steps:  make([]task, len(steps)),
		needed: make([][]int, len(steps)),
		ready:  map[string]*queue{},
		meters: map[string]*pace.Meter{},
		async:  map[string]*follow{},
		ids:    map[plan.Ref]string{},
		inside: map[org.AccountID]int{},
		parked: map[org.AccountID][]int{},
		open:   len(steps),
	}
	for i, s := range steps {
		m.steps[i] = task{Step: s, state: Waiting, blocked: len(s.After)}
		for _, before := range s.After {
			m.needed[before] = append(m.needed[before], i)
		}
		op := s.Kind.Operation()
		if m.ready[op] == nil {
			m.ready[op] = &queue{}
		}
		a, is := rules.Async[op]
		if is { // only such work AWS can have begun before
			m.steps[i].begun = rules.Before[s.Customer]
		}
		if is && m.async[op] == nil {
			m.async[op] = &follow{Async: a, operation: op, working: map[string]int{}, asking: map[string]bool{}, listed: map[string]bool{}, strange: map[string]bool{}, seen: a.Watch == ""}
		}
	}
	m.names = slices.SortedFunc(maps.Keys(m.ready), before)
	for i := range m.steps {
		if m.steps[i].blocked == 0 {
			m.enqueue(i)
		}
	}
	return m
}

// enqueue makes step i ready. One that only waits for work already under way
// needs no call: it is working at once.
func (m *Machine) enqueue(i int) {
	t := &m.steps[i]
	op := t.Kind.Operation()
	if f := m.async[op]; f != nil && t.Handle != "" {
		t.state = Working
		f.working[t.Handle] = i
		return
	}
	t.state = Waiting
	heap.Push(m.ready[op], i)
}

// Next returns the calls to start at now, and when to ask again if nothing
// comes back before. It starts nothing that AWS's limits would refuse.
func (m *Machine) Next(now time.Time) (start []Call, wake time.Time) {
	wake = now.Add(time.Hour)
	if m.stopped || m.err != nil {
		return nil, wake
	}
	sooner := func(t time.Time) {
		if t.Before(wake) {
			wake = t
		}
	}
	for len(m.delayed) > 0 && !m.delayed[0].at.After(now) {
		m.enqueue(heap.Pop(&m.delayed).(delay).step)
	}
	if len(m.delayed) > 0 {
		sooner(m.delayed[0].at)
	}
	for _, op := range m.names {
		if f := m.async[op]; f != nil {
			start = m.follow(f, now, start, sooner)
		}
	}
	for _, op := range m.names {
		q := m.ready[op]
		for q.Len() > 0 && m.free(op) {
			i := m.ready[op].items[0]
			by := caller(op, m.steps[i].Step)
			if by != "" && m.full(by) {
				m.parked[by] = append(m.parked[by], heap.Pop(q).(int))
				continue
			}
			if t := m.earliest(op, by, now); t.After(now) {
				sooner(t)
				if by == "" {
					break
				}
				heap.Push(&m.delayed, delay{t, heap.Pop(q).(int)}) // another account's may start
				continue
			}
			if f := m.async[op]; f != nil && m.stale(f, now) {
				start = m.look(f, now, now, start, sooner)
				break
			}
			heap.Pop(q)
			m.begin(i, now)
			start = append(start, Call{Do, op, m.steps[i].Resolve(m.ids)})
		}
	}
	return start, wake
}

// free tells whether a step of the operation may start as far as what is in
// flight is concerned. A creation waits for the first look at what is under
// way: the slots are not ours alone.
func (m *Machine) free(op string) bool {
	if m.calls >= m.rules.Calls || m.rules.Serial[op] && m.serial > 0 {
		return false
	}
	f := m.async[op]
	return f == nil || f.Slots == 0 || f.seen && !f.refused && f.taken() < f.Slots
}

// begin records that step i's call starts.
func (m *Machine) begin(i int, now time.Time) {
	t := &m.steps[i]
	op := t.Kind.Operation()
	m.take(op, caller(op, t.Step), now)
	m.calls++
	if by := caller(op, t.Step); by != "" {
		m.inside[by]++
	}
	if m.rules.Serial[op] {
		m.serial++
	}
	if f := m.async[op]; f != nil {
		f.unlisted++
	}
	t.attempts++
	t.started = now
	m.set(i, Running, now, nil, time.Time{})
}

// set moves step i to a state and tells about it.
func (m *Machine) set(i int, s State, now time.Time, err error, again time.Time) {
	t := &m.steps[i]
	t.state, t.err = s, err
	m.events = append(m.events, Event{At: now, Step: t.Step, State: s, Answer: t.answer, Err: err, Again: again})
	t.answer.Seen = nil
	if !s.final() {
		return
	}
	m.open--
	if s == Done {
		m.finished++
		for _, j := range m.needed[i] {
			if m.steps[j].blocked--; m.steps[j].blocked == 0 && m.steps[j].state == Waiting {
				m.enqueue(j)
			}
		}
		return
	}
	for _, j := range m.needed[i] {
		if !m.steps[j].state.final() {
			m.set(j, Skipped, now, fmt.Errorf("%s %s is not done", t.Kind, t.Name), time.Time{})
		}
	}
}

// Done tells the machine what became of a call it started.
func (m *Machine) Done(now time.Time, c Call, r Result, err error) {
	m.calls--
	switch {
	case !errors.Is(err, ErrUnknown):
		m.silent = time.Time{}
	case m.silent.IsZero():
		m.silent = now
	case now.Sub(m.silent) >= silence && m.err == nil:
		m.err = fmt.Errorf("no call was answered for %v: %w", now.Sub(m.silent).Round(time.Second), err)
	}
	if errors.Is(err, ErrThrottled) {
		m.refused(now, c)
	}
	switch c.Purpose {
	case Watch:
		m.watched(now, c, r, err)
	case Confirm:
		m.confirmed(now, c, r, err)
	default:
		m.done(now, c, r, err)
	}
}

// done settles the call that performs a step.
func (m *Machine) done(now time.Time, c Call, r Result, err error) {
	i, op := c.Step.ID, c.Operation
	m.steps[i].answer = r
	m.ended(caller(op, c.Step))
	if m.rules.Serial[op] {
		m.serial--
	}
	f := m.async[op]
	if f != nil {
		f.unlisted--
		if errors.Is(err, ErrUnknown) {
			f.lost++
		}
	}
	if err == nil && f != nil && r.Handle != "" && r.ID == "" {
		if len(f.working) == 0 && f.foreign == 0 {
			f.next = now.Add(f.Every)
		}
		f.working[r.Handle] = i
		m.steps[i].begun++
		m.set(i, Working, now, nil, time.Time{})
		return
	}
	m.settle(now, i, r, err)
}

// settle ends step i, or has it tried again.
func (m *Machine) settle(now time.Time, i int, r Result, err error) {
	t := &m.steps[i]
	op := t.Kind.Operation()
	unknown := errors.Is(err, ErrUnknown)
	switch {
	case err == nil:
		if t.Makes != "" {
			m.ids[t.Makes] = r.ID
		}
		m.set(i, Done, now, nil, time.Time{})
	case errors.Is(err, ErrLater), unknown && m.rules.Once[op], errors.Is(err, ErrNotYet) && t.attempts >= notYetAttempts:
		m.set(i, Later, now, err, time.Time{})
	case errors.Is(err, ErrCustomer):
		m.set(i, Failed, now, err, time.Time{})
	case errors.Is(err, ErrExhausted):
		m.set(i, Failed, now, err, time.Time{})
		for q := m.ready[op]; q.Len() > 0; {
			m.set(heap.Pop(q).(int), Failed, now, err, time.Time{})
		}
	case errors.Is(err, ErrBusy), errors.Is(err, ErrThrottled), errors.Is(err, ErrNotYet), unknown:
		if t.begun >= m.rules.Begun {
			m.set(i, Failed, now, fmt.Errorf("given up after AWS began it %d times: %w", t.begun, err), time.Time{})
			return
		}
		if t.attempts >= m.rules.Attempts {
			m.set(i, Failed, now, fmt.Errorf("given up after %d attempts: %w", t.attempts, err), time.Time{})
			return
		}
		again := now.Add(m.backoff(t.attempts))
		heap.Push(&m.delayed, delay{again, i})
		m.set(i, Retrying, now, err, again)
	default:
		m.set(i, Failed, now, err, time.Time{})
		if m.err == nil {
			m.err = err
		}
	}
}

// backoff is how long to wait after so many refusals: 1 s, doubling to 30 s,
// and up to half of it more.
func (m *Machine) backoff(attempts int) time.Duration {
	d := min(time.Second<<min(attempts-1, 5), 30*time.Second)
	return d + time.Duration(m.chance.Int64N(int64(d/2)))
}

// Stop has the machine start nothing more. What is in flight is still told
// with Done.
func (m *Machine) Stop() { m.stopped = true }

// Finished tells whether nothing is in flight and nothing more will start.
func (m *Machine) Finished() bool {
	return m.calls == 0 && (m.open == 0 || m.stopped || m.err != nil)
}

// Err is why the run stopped before its end; nil if it did not.
func (m *Machine) Err() error { return m.err }

// Events returns what happened since it was last called.
func (m *Machine) Events() []Event {
	events := m.events
	m.events = nil
	return events
}

// ID returns what r became, if it has been made.
func (m *Machine) ID(r plan.Ref) (id string, made bool) {
	id, made = m.ids[r]
	return id, made
}

// Progress tells how many of the steps are done, of how many.
func (m *Machine) Progress() (done, all int) { return m.finished, len(m.steps) }

// Failures returns the steps that failed or were left, with why, by place.
func (m *Machine) Failures() []Event {
	var failures []Event
	for _, t := range m.steps {
		if t.state == Failed || t.state == Later {
			failures = append(failures, Event{Step: t.Step, State: t.state, Err: t.err})
		}
	}
	return failures
}
