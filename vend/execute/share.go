package execute

import (
	"fmt"
	"slices"
	"time"

	"landlord/internal/pace"
	"landlord/vend/plan"
)

// Spent tells the machine what of an operation was asked for before it began,
// by whomever: those tokens are gone.
func (m *Machine) Spent(operation string, work ...Work) {
	work = slices.Clone(work)
	slices.SortFunc(work, func(a, b Work) int { return a.Asked.Compare(b.Asked) })
	for _, w := range work {
		m.take(operation, w.Asked)
		if f := m.async[operation]; f != nil && w.Handle != "" {
			f.strange[w.Handle] = true
		}
	}
}

// meter is the model of an operation's bucket.
func (m *Machine) meter(operation string) *pace.Meter {
	if m.rules.Rate == nil {
		return &pace.Meter{}
	}
	rate := m.rules.Rate(operation)
	if m.meters[rate.Shared] == nil {
		m.meters[rate.Shared] = pace.New(rate.Account, m.margin)
	}
	return m.meters[rate.Shared]
}

// take records that an operation was called at t.
func (m *Machine) take(operation string, t time.Time) {
	m.meter(operation).Take(t)
	if _, bounded := m.rules.Most[operation]; bounded {
		at, _ := slices.BinarySearchFunc(m.recent[operation], t, time.Time.Compare)
		m.recent[operation] = slices.Insert(m.recent[operation], at, t)
	}
}

// earliest is when an operation may be called next, by its rate and by Most.
// That Most holds it is told once.
func (m *Machine) earliest(operation string, now time.Time) time.Time {
	at := m.meter(operation).Earliest(now)
	most, bounded := m.rules.Most[operation]
	if !bounded {
		return at
	}
	calls := m.recent[operation]
	for len(calls) > 0 && !calls[0].Add(most.In).After(now) {
		calls = calls[1:]
	}
	m.recent[operation] = calls
	if len(calls) < most.Calls {
		return at
	}
	until := now.Add(most.In)
	if most.Calls > 0 {
		until = calls[len(calls)-most.Calls].Add(most.In)
	}
	if m.held[operation].Before(now) && until.After(at) {
		m.held[operation] = until
		err := fmt.Errorf("%w: %d calls of %s in the last %.3g h, by whomever, and at most %d are wanted", ErrHeld, len(calls), operation, most.In.Hours(), most.Calls)
		m.events = append(m.events, Event{At: now, Step: plan.Step{ID: -1, Name: operation}, State: Held, Err: err, Again: until})
	}
	if until.After(at) {
		return until
	}
	return at
}

// strangers takes the tokens of work that somebody else began: what is listed,
// is not ours, and was not seen before. While calls of ours are in flight it
// cannot be told whose a new one is.
func (m *Machine) strangers(f *follow, listed map[string]Work) {
	if f.unlisted > 0 {
		return
	}
	for _, w := range sortedWork(listed) {
		if f.strange[w.Handle] {
			continue
		}
		f.strange[w.Handle] = true
		if f.lost > 0 { // ours, whose answer was lost: its token is taken
			f.lost--
			continue
		}
		if !w.Asked.IsZero() {
			m.take(f.operation, w.Asked)
		}
	}
}

func sortedWork(listed map[string]Work) []Work {
	var all []Work
	for _, w := range listed {
		all = append(all, w)
	}
	slices.SortFunc(all, func(a, b Work) int {
		if c := a.Asked.Compare(b.Asked); c != 0 {
			return c
		}
		if a.Handle < b.Handle {
			return -1
		}
		return 1
	})
	return all
}

// mostMargin is the most of a bucket's burst that is held back for slow calls.
const mostMargin = 3 * time.Second

// travelled takes in how long a call that AWS answers at once was away. Half of
// that is how far two calls may come to lie nearer to each other than they were
// sent; so much of each burst is held back from now on.
func (m *Machine) travelled(away time.Duration) {
	margin := min(away/2, mostMargin)
	if m.rules.Margin == 0 || margin <= m.margin {
		return
	}
	m.margin = margin
	for _, meter := range m.meters {
		meter.Hold(margin)
	}
}
