package execute

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"landlord/internal/pace"
	"landlord/org"
	"landlord/vend/plan"
)

// Spent tells the machine what of an operation was asked for before it began,
// by whomever: those tokens are gone.
func (m *Machine) Spent(operation string, work ...Work) {
	work = slices.Clone(work)
	slices.SortFunc(work, func(a, b Work) int { return a.Asked.Compare(b.Asked) })
	for _, w := range work {
		m.take(operation, "", w.Asked)
		if f := m.async[operation]; f != nil && w.Handle != "" {
			f.strange[w.Handle] = true
		}
	}
}

// meter is the model of an operation's bucket, of which each calling account has
// one.
func (m *Machine) meter(operation string, by org.AccountID) *pace.Meter {
	if m.rules.Rate == nil {
		return &pace.Meter{}
	}
	rate := m.rules.Rate(operation)
	if !rate.Account.Limited() {
		return &pace.Meter{}
	}
	name := rate.Shared + " " + string(by)
	if m.meters[name] == nil {
		m.meters[name] = pace.New(rate.Account, m.margin)
	}
	return m.meters[name]
}

// caller is the account that makes a step's call: that which it is made in, for
// what accounts hold; the caller's own, "", for all else.
func caller(operation string, s plan.Step) org.AccountID {
	if strings.Contains(operation, ":") {
		return s.Account
	}
	return ""
}

// take records that an operation was called at t, by an account.
func (m *Machine) take(operation string, by org.AccountID, t time.Time) {
	m.meter(operation, by).Take(t)
	if _, bounded := m.rules.Most[operation]; bounded {
		at, _ := slices.BinarySearchFunc(m.recent[operation], t, time.Time.Compare)
		m.recent[operation] = slices.Insert(m.recent[operation], at, t)
	}
}

// earliest is when an account may call an operation next, by its rate and by Most.
// That Most holds it is told once.
func (m *Machine) earliest(operation string, by org.AccountID, now time.Time) time.Time {
	at := m.meter(operation, by).Earliest(now)
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
			m.take(f.operation, "", w.Asked)
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

// full tells whether no more calls may start in an account.
func (m *Machine) full(account org.AccountID) bool {
	return m.rules.PerAccount > 0 && m.inside[account] >= m.rules.PerAccount
}

// ended records that a call in an account has ended: what waited for it may start.
func (m *Machine) ended(account org.AccountID) {
	if account == "" {
		return
	}
	if m.inside[account]--; m.inside[account] == 0 {
		delete(m.inside, account)
	}
	for _, i := range m.parked[account] {
		if m.steps[i].state == Waiting || m.steps[i].state == Retrying {
			m.enqueue(i)
		}
	}
	delete(m.parked, account)
}
