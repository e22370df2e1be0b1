package execute_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"landlord/internal/clock"
	"landlord/internal/limits"
	"landlord/vend/execute"
	"landlord/vend/plan"
)

var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// rules are AWS's, as the client of AWS states them.
func rules() execute.Rules {
	return execute.Rules{
		Rate: limits.Of, Margin: time.Second,
		Serial: map[string]bool{"CreatePolicy": true, "AttachPolicy": true},
		Once:   map[string]bool{"CreateAccount": true},
		Async: map[string]execute.Async{"CreateAccount": {
			Slots: limits.CreationsInFlight, Watch: "ListCreateAccountStatus", Confirm: "DescribeCreateAccountStatus", Every: 2 * time.Second,
		}},
	}
}

// vend is a plan of n accounts in one unit.
func vend(n int) []plan.Step {
	steps := []plan.Step{
		{ID: 0, Kind: plan.CreatePolicy, Makes: "@policy"},
		{ID: 1, Kind: plan.CreateUnit, Makes: "@unit"},
		{ID: 2, Kind: plan.AttachPolicy, Target: "@policy", To: "@unit", After: []int{0, 1}},
	}
	for i := range n {
		ref := plan.Ref(fmt.Sprint("@account/", i))
		steps = append(steps,
			plan.Step{ID: len(steps), Kind: plan.CreateAccount, Customer: fmt.Sprint(i), Makes: ref},
			plan.Step{ID: len(steps) + 1, Kind: plan.MoveAccount, Customer: fmt.Sprint(i), Target: ref, To: "@unit", After: []int{2, len(steps)}})
	}
	return steps
}

// aws is the other side: it counts tokens and creations as AWS would, and
// fails the test where AWS would refuse.
type aws struct {
	t       *testing.T
	clock   *clock.Virtual
	chance  *rand.Rand
	jitter  time.Duration
	latency func() time.Duration
	tokens  map[string]float64
	filled  map[string]time.Time
	ends    map[string]time.Time // creations under way
	made    int
	policy  time.Time // when the last policy change ends
	order   []string
	fail    func(execute.Call) error
}

func newAWS(t *testing.T, seed uint64) *aws {
	return &aws{t: t, clock: clock.NewVirtual(start), chance: rand.New(rand.NewPCG(seed, 0)), latency: func() time.Duration { return 50 * time.Second },
		tokens: map[string]float64{}, filled: map[string]time.Time{}, ends: map[string]time.Time{}}
}

// take draws a token at the time that the call arrives.
func (a *aws) take(operation string, at time.Time) {
	b := limits.Of(operation).Account
	if !b.Limited() {
		return
	}
	if last, known := a.filled[operation]; known {
		a.tokens[operation] = min(float64(b.Burst), a.tokens[operation]+at.Sub(last).Seconds()*b.Rate)
	} else {
		a.tokens[operation] = float64(b.Burst)
	}
	a.filled[operation] = at
	if a.tokens[operation] < 1-1e-6 {
		a.t.Errorf("%s at %v would be throttled: %.3f tokens", operation, at.Sub(start), a.tokens[operation])
		return
	}
	a.tokens[operation]--
}

func (a *aws) do(_ context.Context, c execute.Call) (execute.Result, time.Duration, error) {
	arrives := a.clock.Now()
	if a.jitter > 0 {
		arrives = arrives.Add(time.Duration(a.chance.Int64N(int64(a.jitter))))
	}
	a.take(c.Operation, arrives)
	took := arrives.Sub(a.clock.Now()) + 100*time.Millisecond
	a.order = append(a.order, fmt.Sprint(c.Operation, " ", c.Step.ID))
	if a.fail != nil {
		if err := a.fail(c); err != nil {
			return execute.Result{}, took, err
		}
	}
	for _, r := range []plan.Ref{c.Step.Target, c.Step.To} {
		if r.Pending() {
			a.t.Errorf("%s of step %d was called before %s has an id", c.Operation, c.Step.ID, r)
		}
	}
	switch {
	case c.Purpose == execute.Watch:
		var r execute.Result
		for handle, end := range a.ends {
			if end.After(arrives) {
				r.Working = append(r.Working, execute.Work{Handle: handle})
			}
		}
		slices.SortFunc(r.Working, func(a, b execute.Work) int { return strings.Compare(a.Handle, b.Handle) })
		return r, took, nil
	case c.Purpose == execute.Confirm:
		if a.ends[c.Step.Handle].After(arrives) {
			return execute.Result{Handle: c.Step.Handle}, took, nil
		}
		return execute.Result{ID: "id of " + c.Step.Handle}, took, nil
	case c.Operation == "CreateAccount":
		under := 0
		for _, end := range a.ends {
			if end.After(arrives) {
				under++
			}
		}
		if under >= limits.CreationsInFlight {
			a.t.Errorf("creation %d starts at %v while %d are under way", c.Step.ID, arrives.Sub(start), under)
		}
		a.made++
		handle := fmt.Sprint("car-", a.made)
		a.ends[handle] = arrives.Add(a.latency())
		return execute.Result{Handle: handle}, took, nil
	case c.Operation == "CreatePolicy" || c.Operation == "AttachPolicy":
		if arrives.Before(a.policy) {
			a.t.Errorf("%s starts while a policy change is in flight", c.Operation)
		}
		a.policy = a.clock.Now().Add(took)
	}
	return execute.Result{ID: fmt.Sprint("id-", c.Step.ID)}, took, nil
}

// TestNeverThrottled: whatever the latencies, and with calls that travel for
// up to half a second, no call is one that AWS would refuse, and all is done.
func TestNeverThrottled(t *testing.T) {
	for seed := range uint64(40) {
		a := newAWS(t, seed)
		a.jitter = time.Duration(seed%3) * 225 * time.Millisecond
		a.latency = func() time.Duration { return time.Duration(1 + a.chance.Int64N(int64(3*time.Minute))) }
		m := execute.New(vend(30), rules(), seed)
		if err := execute.Rehearse(t.Context(), m, a.do, a.clock, nil, nil); err != nil {
			t.Fatal(err)
		}
		if done, all := m.Progress(); done != all {
			t.Errorf("seed %d: %d of %d steps done", seed, done, all)
		}
		if t.Failed() {
			t.Fatalf("seed %d, jitter %v", seed, a.jitter)
		}
	}
}

// TestSameTrace: the same inputs give the same calls in the same order.
func TestSameTrace(t *testing.T) {
	trace := func() []string {
		a := newAWS(t, 5)
		a.fail = busy(a.chance)
		if err := execute.Rehearse(t.Context(), execute.New(vend(20), rules(), 5), a.do, a.clock, nil, nil); err != nil {
			t.Fatal(err)
		}
		return a.order
	}
	if one, two := trace(), trace(); !slices.Equal(one, two) {
		t.Errorf("two runs differ:\n%v\n%v", one, two)
	}
}

// busy refuses a fifth of the calls.
func busy(r *rand.Rand) func(execute.Call) error {
	return func(execute.Call) error {
		if r.IntN(5) == 0 {
			return fmt.Errorf("%w: ConcurrentModificationException", execute.ErrBusy)
		}
		return nil
	}
}

// TestAtTheLimit: n creations start at the rate that AWS allows, and the whole
// takes no more than 5 % and 3 s over the best that the limits allow.
func TestAtTheLimit(t *testing.T) {
	for _, tt := range []struct {
		n       int
		latency time.Duration
	}{{5, 45 * time.Second}, {20, 45 * time.Second}, {20, 120 * time.Second}, {200, 45 * time.Second}, {200, 90 * time.Second}} {
		a := newAWS(t, 1)
		a.latency = func() time.Duration { return tt.latency }
		if err := execute.Rehearse(t.Context(), execute.New(vend(tt.n), rules(), 1), a.do, a.clock, nil, nil); err != nil {
			t.Fatal(err)
		}
		took, best := a.clock.Now().Sub(start), bound(tt.n, tt.latency)
		if most := best + best/20 + 3*time.Second; took > most {
			t.Errorf("%d creations of %v took %v; the limits allow %v, want at most %v", tt.n, tt.latency, took, best, most)
		}
	}
}

// bound is the least time that n creations of the same latency take under
// AWS's bucket and slots, with one call before the first and a move after the last.
func bound(n int, latency time.Duration) time.Duration {
	var tat, start time.Duration
	var ends []time.Duration
	for i := range n {
		if i >= limits.CreationsInFlight {
			start = max(start, ends[i-limits.CreationsInFlight])
		}
		start = max(start, tat-20*time.Second)
		tat = max(start, tat) + 10*time.Second
		ends = append(ends, start+latency)
	}
	return ends[n-1] + 200*time.Millisecond
}

// TestMeanings: what becomes of the others when one step meets an error.
func TestMeanings(t *testing.T) {
	for _, tt := range []struct {
		name    string
		err     error
		done    int // of 3 + 2 × 4 steps
		stopped bool
		state   execute.State // of the step that failed
	}{
		{"a failure for good skips what needs the step; the others go on", execute.ErrCustomer, 9, false, execute.Failed},
		{"a step left to the next look skips what needs it", execute.ErrLater, 9, false, execute.Later},
		{"a creation whose outcome is unknown is not repeated", execute.ErrUnknown, 9, false, execute.Later},
		{"a quota that is used up ends the creations, not the moves", execute.ErrExhausted, 7, false, execute.Failed},
		{"what a step needs is not there: a few tries, then the next look", execute.ErrNotYet, 9, false, execute.Later},
		{"an error of unknown meaning stops the run", errors.New("AccessDeniedException"), -1, true, execute.Failed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := newAWS(t, 1)
			a.fail = func(c execute.Call) error {
				if c.Purpose == execute.Do && c.Step.Kind == plan.CreateAccount && c.Step.Customer == "2" {
					return fmt.Errorf("create: %w", tt.err)
				}
				return nil
			}
			m := execute.New(vend(4), rules(), 1)
			err := execute.Rehearse(t.Context(), m, a.do, a.clock, nil, nil)
			if stopped := err != nil; stopped != tt.stopped {
				t.Errorf("stopped: %v, want %v", err, tt.stopped)
			}
			if done, _ := m.Progress(); tt.done >= 0 && done != tt.done {
				t.Errorf("%d steps done, want %d", done, tt.done)
			}
			if f := m.Failures(); len(f) == 0 || f[0].State != tt.state || !errors.Is(f[0].Err, tt.err) {
				t.Errorf("failures %v, want the creation %s with %v", f, tt.state, tt.err)
			}
		})
	}
}

// TestSilence: when AWS no longer answers, the run says so and ends within
// minutes.
func TestSilence(t *testing.T) {
	a := newAWS(t, 1)
	a.fail = func(c execute.Call) error {
		if c.Purpose != execute.Do && a.made > 0 {
			return fmt.Errorf("%w: connection refused", execute.ErrUnknown)
		}
		return nil
	}
	told := 0
	m := execute.New(vend(3), rules(), 1)
	err := execute.Rehearse(t.Context(), m, a.do, a.clock, nil, func(events []execute.Event) {
		for _, e := range events {
			if e.State == execute.Retrying && e.Err != nil {
				told++
			}
		}
	})
	if !errors.Is(err, execute.ErrUnknown) || told < 5 {
		t.Errorf("ended with %v after it was told %d times", err, told)
	}
	if took := a.clock.Now().Sub(start); took > 10*time.Minute {
		t.Errorf("it took %v to end", took)
	}
}

// TestAnsweredAgain: that AWS answers a question again that it did not answer is told,
// once, so that nobody is shown that it does not.
func TestAnsweredAgain(t *testing.T) {
	a := newAWS(t, 1)
	vain := 0
	a.fail = func(c execute.Call) error {
		if c.Purpose != execute.Do && a.made > 0 && vain < 3 {
			vain++
			return fmt.Errorf("%w: connection refused", execute.ErrUnknown)
		}
		return nil
	}
	var told []execute.State
	m := execute.New(vend(3), rules(), 1)
	err := execute.Rehearse(t.Context(), m, a.do, a.clock, nil, func(events []execute.Event) {
		for _, e := range events {
			if e.Step.ID < 0 {
				told = append(told, e.State)
			}
		}
	})
	if want := []execute.State{execute.Retrying, execute.Retrying, execute.Retrying, execute.Answered}; err != nil || !slices.Equal(told, want) {
		t.Errorf("told is %v, want %v (%v)", told, want, err)
	}
}

// TestRunStops: when the context ends nothing new starts, and what is in
// flight is waited for.
func TestRunStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		a := &slow{began: map[string]bool{}, ended: map[string]bool{}, stop: cancel}
		m := execute.New(vend(3), execute.Rules{}, 1)
		if err := execute.Run(ctx, m, a, clock.Real(), nil); err != nil {
			t.Fatal(err)
		}
		if len(a.began) == 0 || len(a.began) != len(a.ended) {
			t.Errorf("%d calls began and %d ended", len(a.began), len(a.ended))
		}
		if done, all := m.Progress(); done == all {
			t.Errorf("all %d steps were done though the run was stopped", all)
		}
	})
}

// slow takes 5 s a call, and stops the run in its first.
type slow struct {
	mu           sync.Mutex
	began, ended map[string]bool
	stop         func()
}

func (s *slow) Do(ctx context.Context, c execute.Call) (execute.Result, error) {
	name := fmt.Sprint(c.Operation, c.Step.ID)
	s.mu.Lock()
	s.began[name] = true
	s.mu.Unlock()
	s.stop()
	time.Sleep(5 * time.Second)
	if ctx.Err() != nil {
		return execute.Result{}, ctx.Err()
	}
	s.mu.Lock()
	s.ended[name] = true
	s.mu.Unlock()
	return execute.Result{ID: name}, nil
}

// TestBegunCountsCreations: that AWS began the creation of an account often in
// this run is no reason to give up what comes after, such as its move.
func TestBegunCountsCreations(t *testing.T) {
	r := rules()
	r.Before = map[string]int{"acme": execute.DefaultBegun}
	m := execute.New([]plan.Step{{Kind: plan.MoveAccount, Customer: "acme", Target: "111122223333"}}, r, 1)
	calls, _ := m.Next(start)
	if len(calls) != 1 {
		t.Fatalf("%d calls, want the move", len(calls))
	}
	m.Done(start, calls[0], execute.Result{}, execute.ErrBusy)
	if failed := m.Failures(); len(failed) > 0 {
		t.Errorf("a move that was busy once: %v", failed[0].Err)
	}
}

// TestHeldUntil: what Most holds goes on as soon as an hour leaves a place: when
// the call that is as many back as are allowed is an hour old.
func TestHeldUntil(t *testing.T) {
	r := rules()
	r.Async, r.Most = nil, map[string]execute.Most{"CreateAccount": {Calls: 3, In: time.Hour}}
	m := execute.New([]plan.Step{{Kind: plan.CreateAccount, Customer: "acme"}}, r, 1)
	m.Spent("CreateAccount", execute.Work{Asked: start}, execute.Work{Asked: start.Add(10 * time.Minute)}, execute.Work{Asked: start.Add(20 * time.Minute)})
	now := start.Add(30 * time.Minute)
	if calls, wake := m.Next(now); len(calls) > 0 || !wake.Equal(start.Add(time.Hour)) {
		t.Errorf("%d calls, then asks again at %s, want none and %s", len(calls), wake, start.Add(time.Hour))
	}
	if calls, _ := m.Next(start.Add(time.Hour)); len(calls) != 1 {
		t.Errorf("%d calls after an hour, want 1", len(calls))
	}
}

// TestBegunBefore: creations that AWS began earlier in the run count.
func TestBegunBefore(t *testing.T) {
	r := rules()
	r.Rate, r.Async = nil, map[string]execute.Async{"CreateAccount": {Confirm: "DescribeCreateAccountStatus", Every: time.Second}}
	r.Before = map[string]int{"acme": execute.DefaultBegun - 1}
	m := execute.New([]plan.Step{{Kind: plan.CreateAccount, Customer: "acme"}}, r, 1)
	now := start
	for range 100 {
		calls, wake := m.Next(now)
		for _, c := range calls {
			if c.Purpose == execute.Do {
				m.Done(now, c, execute.Result{Handle: "car-1"}, nil)
			} else {
				m.Done(now, c, execute.Result{Ended: true}, execute.ErrBusy)
			}
		}
		if now = wake; m.Finished() {
			break
		}
	}
	begun := 0
	for _, e := range m.Events() {
		if e.State == execute.Working {
			begun++
		}
	}
	if begun != 1 || len(m.Failures()) != 1 {
		t.Errorf("begun %d times more, failures %v", begun, m.Failures())
	}
}
