package compliance

import (
	"maps"
	"slices"
)

// sweep is how a check's status changed and what is known of it now, as
// History's.
func (s *State) sweep(c *Check) (changes []change, now []*live, last int64) {
	for _, name := range slices.Compact(slices.Sorted(slices.Values(c.names()))) {
		for k, one := range s.names[name] {
			now = append(now, &live{seen: seen{thing: k.thing, hash: one.Hash, reason: one.Reason}, status: one.Status, suppressed: one.Suppressed, since: one.Since.UnixNano(), at: one.At.UnixNano()})
			last = max(last, one.At.UnixNano())
		}
	}
	slices.SortFunc(now, liveOrder)
	changes = slices.CompactFunc(slices.Clone(s.changes[c.ID]), func(a, b change) bool { return a.status == b.status })
	if n := len(changes); n > 0 {
		last = max(last, changes[n-1].at)
	}
	return changes, now, last
}

// Posture is how the accounts stand to a framework, by the days that are known to
// have evidence of it.
func (s *State) Posture(f Framework) Posture {
	p := Posture{First: s.First, Last: s.Last, Findings: s.Read, Unmapped: s.Unmapped, Elsewhere: s.Elsewhere}
	days := maps.Clone(s.days)
	if days == nil {
		days = map[int64]bool{}
	}
	for _, d := range s.newDays(f) {
		days[d] = true
	}
	p.fill(f, s.sweep, slices.Sorted(maps.Keys(days)))
	return p
}

// newDays are those with evidence of a framework among what was added.
func (s *State) newDays(f Framework) (all []int64) {
	for d, names := range s.new {
		for name := range names {
			if f.named(name) {
				all = append(all, d)
				break
			}
		}
	}
	slices.Sort(all)
	return all
}

// Points are the scores at the end of each day with evidence of a framework among
// what was added.
func (s *State) Points(f Framework) []Point {
	changes := map[*Check][]change{}
	for _, c := range f.Checks() {
		changes[c], _, _ = s.sweep(c)
	}
	return f.points(s.newDays(f), func(c *Check) []change { return changes[c] })
}

// Count counts what stands and says nothing of a framework.
func (s *State) Count(f Framework) (unmapped, elsewhere Rest) {
	for name, all := range s.names {
		switch {
		case len(all) == 0 || f.named(name):
		case len(Named(name)) == 0:
			unmapped.Checks++
			unmapped.Findings += len(all)
		default:
			elsewhere.Checks++
			elsewhere.Findings += len(all)
		}
	}
	return unmapped, elsewhere
}

// OfFrameworks are the frameworks of which a check of a name touches a control, in
// any edition.
func OfFrameworks(name string) []string {
	all := []string{}
	for _, f := range Frameworks() {
		for _, c := range Named(name) {
			if c.of(f) && !slices.Contains(all, f) {
				all = append(all, f)
			}
		}
	}
	return all
}

// of tells whether the check touches a control of a framework in any edition.
func (c *Check) of(framework string) bool {
	editions := Editions[framework]
	if editions == nil {
		return len(c.touches[framework]) > 0
	}
	return slices.ContainsFunc(editions, func(e string) bool { return len(c.touches[framework+" "+e]) > 0 })
}
