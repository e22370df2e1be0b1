package compliance

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
	"time"
)

// History is what was found in one account over time. The order in which findings
// are added does not matter. The zero History is empty.
type History struct {
	names map[string]*stream
	first time.Time
	last  time.Time
}

// stream is what was found under one name.
type stream struct {
	things map[thing]int32
	list   []seen
	events []event
}

// thing is what was looked at, and how.
type thing struct{ method, region, resource string }

// seen is a thing and the newest that was found of it.
type seen struct {
	thing
	newest event
	hash   string
	reason string
}

// event is one finding: 16 bytes, since there may be millions.
type event struct {
	at         int64 // nanoseconds since 1970
	thing      int32
	status     Status
	suppressed bool
	whole      bool
}

// order is by time, by thing, and the status that counts last.
func (e event) order(o event) int {
	if c := cmp.Or(cmp.Compare(e.at, o.at), cmp.Compare(e.thing, o.thing), cmp.Compare(e.status, o.status)); c != 0 {
		return c
	}
	switch {
	case e.suppressed && !o.suppressed:
		return -1 // what one source does not suppress is not suppressed
	case !e.suppressed && o.suppressed:
		return 1
	}
	return 0
}

// Add adds a finding.
func (h *History) Add(f Finding) {
	if h.names == nil {
		h.names = map[string]*stream{}
	}
	s := h.names[f.Name]
	if s == nil {
		s = &stream{things: map[thing]int32{}}
		h.names[f.Name] = s
	}
	t := thing{f.Method, f.Region, f.Resource}
	n, is := s.things[t]
	if !is {
		n = int32(len(s.list))
		s.things[t] = n
		s.list = append(s.list, seen{thing: t})
	}
	e := event{f.At.UnixNano(), n, f.Status, f.Suppressed, f.Whole}
	s.events = append(s.events, e)
	if old := &s.list[n]; !is || e.order(old.newest) > 0 || e.order(old.newest) == 0 && f.Hash < old.hash {
		old.newest, old.hash, old.reason = e, f.Hash, f.Reason
	}
	if h.first.IsZero() || f.At.Before(h.first) {
		h.first = f.At
	}
	if f.At.After(h.last) {
		h.last = f.At
	}
}

// settle puts what was found in order, each once, and counts it.
func (h *History) settle() (findings int) {
	for _, s := range h.names {
		slices.SortFunc(s.events, event.order)
		s.events = slices.Compact(s.events)
		findings += len(s.events)
	}
	return findings
}

// change is a status that a check took at a time.
type change struct {
	at     int64
	status Status
}

// place is where a run looks at everything.
type place struct {
	name           string
	method, region string
}

// live is a thing of which something is known now.
type live struct {
	seen
	status     Status
	suppressed bool
	since      int64 // when it took its status
	at         int64 // when it was last found so
}

// sweep goes through what was found of a check in the order of time. It returns
// how the check's status changed, and what is known at the end.
//
// A run that looks at everything says also what is not there any more: what it
// does not find again at its place is gone.
func (h *History) sweep(c *Check) (changes []change, now []*live, last int64) {
	type item struct {
		event
		name string
	}
	var all []item
	for _, name := range slices.Compact(slices.Sorted(slices.Values(c.names()))) {
		if s := h.names[name]; s != nil {
			for _, e := range s.events {
				all = append(all, item{e, name})
			}
		}
	}
	slices.SortFunc(all, func(a, b item) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.name, b.name), a.order(b.event))
	})
	type key struct {
		name  string
		thing int32
	}
	alive := map[key]*live{}
	at := map[place]map[key]bool{}
	var counts [Fail + 1]int
	drop := func(k key, p place) {
		if l := alive[k]; l != nil {
			counts[l.status]--
			delete(alive, k)
			delete(at[p], k)
		}
	}
	for i := 0; i < len(all); {
		end := i
		for end < len(all) && all[end].at == all[i].at {
			end++
		}
		// What the whole runs of this moment looked at before is gone, unless found again.
		before := map[key]*live{}
		for _, e := range all[i:end] {
			t := h.names[e.name].list[e.thing]
			p := place{e.name, t.method, t.region}
			if e.whole {
				for k := range at[p] {
					before[k] = alive[k]
					drop(k, p)
				}
			}
		}
		for j, e := range all[i:end] {
			k := key{e.name, e.thing}
			if next := i + j + 1; next < end && all[next].name == e.name && all[next].thing == e.thing {
				continue // the last of the same moment counts
			}
			t := h.names[e.name].list[e.thing]
			p := place{e.name, t.method, t.region}
			old := cmp.Or(alive[k], before[k])
			drop(k, p)
			if e.status == NotAssessed {
				continue
			}
			l := &live{seen: t, status: e.status, suppressed: e.suppressed, since: e.at, at: e.at}
			if old != nil && old.status == e.status {
				l.since = old.since
			}
			alive[k] = l
			counts[e.status]++
			if at[p] == nil {
				at[p] = map[key]bool{}
			}
			at[p][k] = true
		}
		status := NotAssessed
		for s, n := range counts {
			if n > 0 {
				status = max(status, Status(s))
			}
		}
		if len(changes) == 0 || changes[len(changes)-1].status != status {
			changes = append(changes, change{all[i].at, status})
		}
		last = all[i].at
		i = end
	}
	return changes, slices.SortedFunc(maps.Values(alive), liveOrder), last
}

// liveOrder is the order in which reports list resources.
func liveOrder(a, b *live) int {
	return cmp.Or(cmp.Compare(a.region, b.region), cmp.Compare(a.resource, b.resource), cmp.Compare(a.method, b.method), cmp.Compare(a.hash, b.hash))
}

// statusAt is the status that changes had led to at a time.
func statusAt(changes []change, at int64) Status {
	i, found := slices.BinarySearchFunc(changes, at, func(c change, at int64) int { return cmp.Compare(c.at, at) })
	if found {
		return changes[i].status
	}
	if i == 0 {
		return NotAssessed
	}
	return changes[i-1].status
}

// digest is one hash of many, whatever their order.
func digest(hashes []string) string {
	sum := sha256.New()
	for _, h := range slices.Sorted(slices.Values(hashes)) {
		sum.Write([]byte(h + "\n"))
	}
	return hex.EncodeToString(sum.Sum(nil))
}

func instant(ns int64) time.Time { return time.Unix(0, ns).UTC() }
