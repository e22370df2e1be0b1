package compliance

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"landlord/org"
)

// Standing is the newest that was found of a thing that is still there, and since
// when it is so.
type Standing struct {
	Finding
	Since time.Time
}

// Change is a status that a check took.
type Change struct {
	Check  string
	At     time.Time
	Status Status
}

// State is what a History comes to, without all that was found on the way: what
// stands, and how the statuses of checks changed. It grows with what there is in the
// accounts and how often it changes, not with how often that is looked at. The zero
// State is empty.
//
// What is found must come about in the order of time. What is older than what is
// known of its thing or, of a run that looked at everything, of its place, changes
// nothing; and no status changes before the change that is known.
type State struct {
	Read                int       // findings, all that ever were
	First, Last         time.Time // of them; zero while there are none
	Unmapped, Elsewhere Rest      // of what says nothing of the framework, if somebody else counted it

	names   map[string]map[spot]*Standing
	changes map[string][]change // by check
	days    map[int64]bool      // with evidence of the framework that the state is read for
	new     map[int64]map[string]bool
}

// spot is where a thing of a name is, and how it was looked at.
type spot struct {
	account org.AccountID
	thing
}

// Stands adds what stands, as it was kept.
func (s *State) Stands(all ...Standing) {
	if s.names == nil {
		s.names = map[string]map[spot]*Standing{}
	}
	for _, one := range all {
		if s.names[one.Name] == nil {
			s.names[one.Name] = map[spot]*Standing{}
		}
		s.names[one.Name][spotOf(one.Finding)] = &one
	}
}

func spotOf(f Finding) spot { return spot{f.Account, thing{f.Method, f.Region, f.Resource}} }

// Changed adds how a check's status changed, as it was kept, in the order of time.
func (s *State) Changed(all ...Change) {
	if s.changes == nil {
		s.changes = map[string][]change{}
	}
	for _, c := range all {
		s.changes[c.Check] = append(s.changes[c.Check], change{c.At.UnixNano(), c.Status})
	}
}

// Days adds days with evidence, as "2026-11-23".
func (s *State) Days(all ...string) {
	if s.days == nil {
		s.days = map[int64]bool{}
	}
	for _, text := range all {
		if at, err := time.Parse(time.DateOnly, text); err == nil {
			s.days[at.UnixNano()/day] = true
		}
	}
}

const day = int64(24 * time.Hour)

// Delta is what new findings changed.
type Delta struct {
	Stands  []Standing // new, or found again
	Gone    []Standing
	Changes []Change
}

// Add adds what was found, in any order, and returns what that changed.
func (s *State) Add(found []Finding) Delta {
	s.Stands() // makes the maps
	s.Changed()
	if s.new == nil {
		s.new = map[int64]map[string]bool{}
	}
	m := merge{State: s, was: map[*Standing]bool{}, is: map[*Standing]bool{}, from: map[string]int{}}
	found = slices.Clone(found)
	slices.SortFunc(found, func(a, b Finding) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Account, b.Account), cmp.Compare(a.Method, b.Method),
			cmp.Compare(a.Region, b.Region), cmp.Compare(a.Resource, b.Resource), weight(a, b))
	})
	for len(found) > 0 {
		n := 1
		for n < len(found) && found[n].At.Equal(found[0].At) {
			n++
		}
		m.moment(found[:n])
		found = found[n:]
	}
	return m.delta()
}

// Forget lets go of what was last found before a time, and returns what that changed
// as of now.
func (s *State) Forget(before, now time.Time) Delta {
	s.Changed() // makes the map
	m := merge{State: s, was: map[*Standing]bool{}, is: map[*Standing]bool{}, from: map[string]int{}}
	touched := map[string]bool{}
	for name, all := range s.names {
		for _, one := range all {
			if one.At.Before(before) {
				m.drop(one)
				touched[name] = true
			}
		}
	}
	m.judge(touched, now)
	return m.delta()
}

// Leave lets go of all that stands of an account, and returns what that changed as
// of now.
func (s *State) Leave(account org.AccountID, now time.Time) Delta {
	s.Changed() // makes the map
	m := merge{State: s, was: map[*Standing]bool{}, is: map[*Standing]bool{}, from: map[string]int{}}
	touched := map[string]bool{}
	for name, all := range s.names {
		for k, one := range all {
			if k.account == account {
				m.drop(one)
				touched[name] = true
			}
		}
	}
	m.judge(touched, now)
	return m.delta()
}

// Accounts are those of which something stands, in order.
func (s *State) Accounts() []org.AccountID {
	of := map[org.AccountID]bool{}
	for _, all := range s.names {
		for k := range all {
			of[k.account] = true
		}
	}
	return slices.Sorted(maps.Keys(of))
}

// merge is an Add under way.
type merge struct {
	*State
	was  map[*Standing]bool // of before, and gone or replaced
	is   map[*Standing]bool // new
	from map[string]int     // how many changes of a check there were before
}

// area is where a run looks at everything, in an account.
type area struct {
	account org.AccountID
	place
}

// moment adds what was found at one time.
func (m *merge) moment(found []Finding) {
	at := found[0].At
	if m.First.IsZero() || at.Before(m.First) {
		m.First = at
	}
	if at.After(m.Last) {
		m.Last = at
	}
	m.Read += len(found)
	touched := map[string]bool{}
	late := map[area]bool{}
	before := map[string]map[spot]*Standing{}
	swept := map[area]bool{}
	for _, f := range found {
		touched[f.Name] = true
		a := area{f.Account, place{f.Name, f.Method, f.Region}}
		if !f.Whole || swept[a] {
			continue
		}
		swept[a] = true
		for k, one := range m.names[f.Name] {
			if k.account == a.account && k.method == a.method && k.region == a.region && one.At.After(at) {
				late[a] = true
			}
		}
		if late[a] {
			continue
		}
		for k, one := range m.names[f.Name] {
			if k.account == a.account && k.method == a.method && k.region == a.region && one.At.Before(at) {
				if before[f.Name] == nil {
					before[f.Name] = map[spot]*Standing{}
				}
				before[f.Name][k] = one
				m.drop(one)
			}
		}
	}
	if m.new[at.UnixNano()/day] == nil {
		m.new[at.UnixNano()/day] = map[string]bool{}
	}
	for i, f := range found {
		m.new[at.UnixNano()/day][f.Name] = true
		if f.Whole && late[area{f.Account, place{f.Name, f.Method, f.Region}}] {
			continue
		}
		if i+1 < len(found) && f.Name == found[i+1].Name && spotOf(f) == spotOf(found[i+1]) {
			continue // of the same thing the last counts
		}
		k := spotOf(f)
		now := m.names[f.Name][k]
		switch {
		case now != nil && now.At.After(at):
			continue
		case now != nil && now.At.Equal(at):
			if weight(f, now.Finding) <= 0 {
				continue
			}
		}
		old := cmp.Or(now, before[f.Name][k])
		if now != nil {
			m.drop(now)
		}
		if f.Status == NotAssessed {
			continue
		}
		one := &Standing{f, at}
		if old != nil && old.Status == f.Status {
			one.Since = old.Since
		}
		if m.names[f.Name] == nil {
			m.names[f.Name] = map[spot]*Standing{}
		}
		m.names[f.Name][k] = one
		m.is[one] = true
	}
	m.judge(touched, at)
}

// weight is positive if of two findings of a thing at one time a counts: the greater
// status; what one source does not suppress is not suppressed; then the lesser hash,
// so that one of them does.
func weight(a, b Finding) int {
	number := func(is bool) int {
		if is {
			return 1
		}
		return 0
	}
	return cmp.Or(cmp.Compare(a.Status, b.Status), number(b.Suppressed)-number(a.Suppressed), cmp.Compare(b.Hash, a.Hash))
}

func (m *merge) drop(one *Standing) {
	delete(m.names[one.Name], spotOf(one.Finding))
	if m.is[one] {
		delete(m.is, one)
	} else {
		m.was[one] = true
	}
}

// judge notes how the statuses of the checks of some names changed.
func (m *merge) judge(names map[string]bool, at time.Time) {
	checks := map[*Check]bool{}
	for name := range names {
		for _, c := range Named(name) {
			checks[c] = true
		}
	}
	for c := range checks {
		status := NotAssessed
		for _, name := range c.names() {
			for _, one := range m.names[name] {
				status = max(status, one.Status)
			}
		}
		all := m.changes[c.ID]
		n := len(all)
		if n > 0 && all[n-1].status == status {
			continue
		}
		if _, known := m.from[c.ID]; !known {
			m.from[c.ID] = n
		}
		when := at.UnixNano()
		if n > 0 && all[n-1].at >= when { // late, or the rest of the same moment
			when = all[n-1].at
			all = all[:n-1]
			m.from[c.ID] = min(m.from[c.ID], n-1)
		}
		m.changes[c.ID] = append(all, change{when, status})
	}
}

// delta is what has changed in the end, in an order that follows from it alone.
func (m *merge) delta() (d Delta) {
	order := func(a, b *Standing) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Account, b.Account), cmp.Compare(a.Method, b.Method), cmp.Compare(a.Region, b.Region), cmp.Compare(a.Resource, b.Resource))
	}
	for _, one := range slices.SortedFunc(maps.Keys(m.is), order) {
		d.Stands = append(d.Stands, *one)
	}
	for _, one := range slices.SortedFunc(maps.Keys(m.was), order) {
		if m.names[one.Name][spotOf(one.Finding)] == nil {
			d.Gone = append(d.Gone, *one)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(m.from)) {
		for _, c := range m.changes[id][m.from[id]:] {
			d.Changes = append(d.Changes, Change{id, instant(c.at), c.status})
		}
	}
	return d
}
