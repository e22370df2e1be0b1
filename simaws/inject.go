package simaws

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"
)

// injector makes faults happen. What it draws depends on the seed and the
// call's number alone, so the same calls meet the same faults.
type injector struct {
	faults Faults
	seed   uint64
	calls  []int       // by rule: calls that it could hit
	until  []time.Time // by rule: how long it goes on
	past   *past       // what stale reads are answered from; nil without them
}

// inject is an injector of f in the world as it is now; nil for no faults.
func (s *Server) inject(f *Faults) error {
	s.faults, s.world.duplicates = nil, f != nil && f.DuplicateEmails
	if err := f.check(); err != nil || f == nil {
		return err
	}
	in := &injector{faults: *f, seed: s.world.seed, calls: make([]int, len(f.Rules)), until: make([]time.Time, len(f.Rules))}
	for _, r := range f.Rules {
		if r.Kind == StaleRead && (in.past == nil || r.For > in.past.age) {
			in.past = &past{age: r.For}
		}
	}
	if lasts := f.Lasting[StaleRead]; f.Rate > 0 && (in.past == nil || lasts > in.past.age) {
		in.past = &past{age: lasts}
	}
	if err := in.past.begin(s.world, s.last); err != nil {
		return err
	}
	s.faults = in
	return nil
}

// SetFaults replaces what goes wrong from now on; nil ends it. What a fault has
// done to an account stays.
func (s *Server) SetFaults(f *Faults) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.inject(f)
}

// struck is a fault that a call meets.
type struck struct {
	FaultRule
	chance *rand.Rand // for what the rule leaves open
}

// strike draws the fault that a call meets, or nil.
func (in *injector) strike(c *call, number int) *struck {
	if in == nil || slices.Contains(in.faults.Spared, c.key) {
		return nil
	}
	chance := rand.New(rand.NewPCG(in.seed^0xfa017, uint64(number)))
	var met *struck
	for i, r := range in.faults.Rules {
		k := faultKinds[r.Kind]
		if !r.meets(c, k) {
			continue
		}
		in.calls[i]++
		fires := r.Rate > 0 && chance.Float64() < r.Rate || slices.Contains(r.Calls, in.calls[i])
		if fires && k.refusal != nil && r.For > 0 {
			in.until[i] = c.now.Add(r.For)
		}
		if met == nil && (fires || c.now.Before(in.until[i])) {
			met = &struck{r, chance}
		}
	}
	if met == nil && in.faults.Rate > 0 && chance.Float64() < in.faults.Rate {
		kinds := hitting(c)
		kind := kinds[chance.IntN(len(kinds))]
		met = &struck{FaultRule{Kind: kind, For: in.faults.Lasting[kind]}, chance}
	}
	return met
}

// hitting are the kinds of fault that can hit a call; some can hit any.
func hitting(c *call) []FaultKind {
	return slices.DeleteFunc(FaultKinds(), func(kind FaultKind) bool { return !faultKinds[kind].hits(c) })
}

// serve performs a call under the fault it meets, if any. cut says that nobody
// hears the answer.
func (s *Server) serve(c *call) (out any, err error, cut bool) {
	f := s.faults.strike(c, s.world.count.Requests)
	if f == nil {
		out, err = s.world.perform(c, s.buckets)
		return out, err, false
	}
	s.metrics.Faults[string(f.Kind)]++
	c.met = f.Kind
	kind := faultKinds[f.Kind]
	switch {
	case f.Kind == StaleRead:
		then := s.faults.past.world(s.world, c.now.Add(-time.Duration(f.chance.Float64()*float64(f.For))))
		out, err = then.perform(c, s.buckets)
		return out, err, false
	case kind.refusal == nil:
		c.fault = f
		out, err = s.world.perform(c, s.buckets)
		return out, err, false
	case kind.after:
		_, _ = s.world.perform(c, s.buckets) // whatever came of it, the caller is not told
	}
	if kind.cut {
		return nil, fmt.Errorf("%w (%s)", errCut, f.Kind), true
	}
	return nil, kind.refusal(c), false
}

// meets tells whether the call meets a fault of that kind, and for how long.
func (c *call) meets(kind FaultKind) (*struck, bool) {
	return c.fault, c.fault != nil && c.fault.Kind == kind
}

// spoil does to a creation what its call met.
func (c *call) spoil(made *creation) {
	if f, slow := c.meets(SlowCreation); slow {
		made.Due = made.Due.Add(f.For)
	}
	if f, fails := c.meets(FailedCreation); fails && made.Failure == "" {
		if made.Failure = f.Reason; made.Failure == "" {
			all := FailureReasons()
			made.Failure = all[f.chance.IntN(len(all))]
		}
	}
	if f, unusable := c.meets(UnusableAccount); unusable {
		made.Unusable = f.For
	}
}

// usable tells whether an account can be entered yet.
func (w *world) usable(a *account) bool { return !w.at.Before(a.Usable) }

// shownState is the state that an answer gives an account. One that flaps shows
// as active in about every other answer.
func (w *world) shownState(a *account) string {
	if a.Flaps.After(w.at) && draw(w.seed, a.ID, w.count.Requests, "01", 1) == "0" {
		return "ACTIVE"
	}
	return a.State
}
