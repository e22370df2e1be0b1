package execute_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"landlord/internal/clock"
	"landlord/internal/limits"
	"landlord/org"
	"landlord/vend/execute"
	"landlord/vend/plan"
)

// creations is a plan of n accounts and nothing else.
func creations(n int) []plan.Step {
	var steps []plan.Step
	for i := range n {
		steps = append(steps, plan.Step{ID: i, Kind: plan.CreateAccount, Customer: fmt.Sprint(i), Makes: plan.Ref(fmt.Sprint("@account/", i))})
	}
	return steps
}

// begins drives m and returns when the n-th call that creates an account starts,
// after the first Next. do answers a call: with what, and how long after it started.
func begins(t *testing.T, m *execute.Machine, n int, do func(now time.Time, c execute.Call) (execute.Result, time.Duration, error)) time.Duration {
	t.Helper()
	type answer struct {
		at   time.Time
		call execute.Call
		r    execute.Result
		err  error
	}
	var flying []answer
	now, begun := start, 0
	for range 10_000 {
		calls, wake := m.Next(now)
		for _, c := range calls {
			if c.Purpose == execute.Do {
				if begun++; begun == n {
					return now.Sub(start)
				}
			}
			r, took, err := do(now, c)
			flying = append(flying, answer{now.Add(took), c, r, err})
		}
		first := -1
		for i, a := range flying {
			if !a.at.After(wake) && (first < 0 || a.at.Before(flying[first].at)) {
				first = i
			}
		}
		if first < 0 {
			now = wake
			continue
		}
		a := flying[first]
		flying = append(flying[:first:first], flying[first+1:]...)
		now = a.at
		m.Done(now, a.call, a.r, a.err)
	}
	t.Fatalf("creation %d never starts", n)
	return 0
}

// TestWhoseTokens: the token of a creation that a list shows is taken from the
// bucket once: when somebody else asked for it, not when it is ours, be its
// answer lost or on its way.
func TestWhoseTokens(t *testing.T) {
	const away = 100 * time.Millisecond
	for _, tt := range []struct {
		name   string
		answer func(nth int) (time.Duration, error) // of the creations
		theirs bool                                 // one more is listed
		fourth time.Duration
	}{
		{"all are answered", func(int) (time.Duration, error) { return away, nil }, false, 10 * time.Second},
		{"one is somebody else's", func(int) (time.Duration, error) { return away, nil }, true, 20 * time.Second},
		{"the answer of one is lost", func(n int) (time.Duration, error) {
			if n == 1 {
				return away, fmt.Errorf("cut: %w", execute.ErrUnknown)
			}
			return away, nil
		}, false, 10 * time.Second},
		{"the answer of one is lost, and one is somebody else's", func(n int) (time.Duration, error) {
			if n == 1 {
				return away, fmt.Errorf("cut: %w", execute.ErrUnknown)
			}
			return away, nil
		}, true, 20 * time.Second},
		{"two are answered late", func(n int) (time.Duration, error) {
			if n > 1 {
				return 5 * time.Second, nil
			}
			return away, nil
		}, false, 10 * time.Second},
	} {
		r := rules()
		r.Margin = 0
		made := 0
		var working []execute.Work
		got := begins(t, execute.New(creations(4), r, 1), 4, func(now time.Time, c execute.Call) (execute.Result, time.Duration, error) {
			if c.Purpose != execute.Do {
				return execute.Result{Working: working}, away, nil
			}
			made++
			handle := fmt.Sprint("car-", made)
			working = append(working, execute.Work{Handle: handle, Asked: now})
			if tt.theirs && made == 3 {
				working = append(working, execute.Work{Handle: "car-theirs", Asked: now})
			}
			took, err := tt.answer(made)
			return execute.Result{Handle: handle}, took, err
		})
		if got < tt.fourth || got > tt.fourth+2500*time.Millisecond {
			t.Errorf("%s: the fourth creation starts after %v, want %v", tt.name, got, tt.fourth)
		}
	}
}

// TestSlotsInFlight: a creation that is asked for and not answered has a slot.
func TestSlotsInFlight(t *testing.T) {
	r := rules()
	r.Rate = nil
	m := execute.New(creations(limits.CreationsInFlight+1), r, 1)
	looks, _ := m.Next(start)
	m.Done(start, looks[0], execute.Result{}, nil)
	if calls, _ := m.Next(start); len(calls) != limits.CreationsInFlight {
		t.Errorf("%d creations start at once, want %d", len(calls), limits.CreationsInFlight)
	}
}

// TestRefusedForWhat: AWS refuses a creation for want of a slot or of a token, and
// does not say of which. The next look tells: while all slots are taken they are
// waited for, and the pace stays; else somebody draws from the bucket, and it is
// halved.
func TestRefusedForWhat(t *testing.T) {
	const away = 100 * time.Millisecond
	for _, tt := range []struct {
		name  string
		slots int           // that others have, from the refusal on, for 5 s
		again time.Duration // when the creation starts again, at least
		most  time.Duration
	}{
		{"every slot is taken", limits.CreationsInFlight, 5 * time.Second, 8 * time.Second},
		{"slots are free", 1, 10 * time.Second, 13 * time.Second},
	} {
		r := rules()
		r.Margin = 0
		made := 0
		got := begins(t, execute.New(creations(1), r, 1), 2, func(now time.Time, c execute.Call) (execute.Result, time.Duration, error) {
			if c.Purpose == execute.Do {
				made++
				return execute.Result{}, away, execute.ErrThrottled
			}
			var look execute.Result
			for i := range tt.slots {
				if made > 0 && now.Before(start.Add(5*time.Second)) {
					look.Working = append(look.Working, execute.Work{Handle: fmt.Sprint("car-", i)})
				}
			}
			return look, away, nil
		})
		if got < tt.again || got > tt.most {
			t.Errorf("%s: tried again after %v, want %v to %v", tt.name, got, tt.again, tt.most)
		}
	}
}

// TestLookBeforeStart: for ten minutes after somebody else's work was seen, a look
// no older than 200 ms precedes each start.
func TestLookBeforeStart(t *testing.T) {
	r := rules()
	r.Rate = nil
	for _, tt := range []struct {
		name    string
		foreign int
		idle    time.Duration // between the look and the next creation
		look    bool
	}{
		{"nobody else was seen", 0, time.Second, false},
		{"somebody was, a second ago", 1, time.Second, true},
		{"somebody was, a moment ago", 1, 200 * time.Millisecond, false},
		{"somebody was, eleven minutes ago", 1, 11 * time.Minute, false},
	} {
		steps := creations(2)
		steps[0] = plan.Step{Kind: plan.CreateUnit, Makes: "@unit"}
		steps[1].After = []int{0}
		m := execute.New(append(steps, plan.Step{ID: 2, Kind: plan.CreateAccount, Customer: "first"}), r, 1)
		calls, _ := m.Next(start)
		var unit execute.Call
		for _, c := range calls {
			if c.Purpose == execute.Do {
				if c.Operation == "CreateOrganizationalUnit" {
					unit = c
				}
				continue
			}
			var look execute.Result
			for range tt.foreign {
				look.Working = append(look.Working, execute.Work{Handle: "car-theirs"})
			}
			m.Done(start, c, look, nil)
		}
		more, _ := m.Next(start)
		first := slices.IndexFunc(append(calls, more...), func(c execute.Call) bool { return c.Operation == "CreateAccount" })
		m.Done(start, append(calls, more...)[first], execute.Result{}, execute.ErrCustomer)
		later := start.Add(tt.idle)
		m.Done(later, unit, execute.Result{ID: "ou-1"}, nil)
		calls, _ = m.Next(later)
		if starts := slices.ContainsFunc(calls, func(c execute.Call) bool { return c.Purpose == execute.Do }); starts == tt.look || len(calls) == 0 {
			t.Errorf("%s: %+v, want a look first: %t", tt.name, calls, tt.look)
		}
	}
}

// answer answers calls, all alike.
func answer(m *execute.Machine, now time.Time, calls []execute.Call, r execute.Result, err error) {
	for _, c := range calls {
		m.Done(now, c, r, err)
	}
}

// looksAndStarts tells how many looks, questions and creations there are among calls.
func looksAndStarts(calls []execute.Call) (looks, asks, starts int) {
	for _, c := range calls {
		switch c.Purpose {
		case execute.Watch:
			looks++
		case execute.Confirm:
			asks++
		case execute.Do:
			starts++
		}
	}
	return looks, asks, starts
}

// TestRefusedWhileLooking: a look that began before the refusal does not tell what
// was missing: another follows at once, and nothing starts before it has come.
func TestRefusedWhileLooking(t *testing.T) {
	r := rules()
	r.Rate = nil
	steps := creations(3)
	steps[2].After = []int{0}
	m := execute.New(steps, r, 1)
	at := func(s float64) time.Time { return start.Add(time.Duration(s * float64(time.Second))) }
	calls, _ := m.Next(start)
	answer(m, start, calls, execute.Result{}, nil)
	begun, _ := m.Next(start)
	m.Done(start, begun[0], execute.Result{ID: "000000000001"}, nil) // done at once; the third may start
	m.Done(start, begun[1], execute.Result{Handle: "car-2"}, nil)
	begun, _ = m.Next(start)
	if _, _, starts := looksAndStarts(begun); starts != 1 {
		t.Fatalf("%+v, want the third creation", begun)
	}
	looking, _ := m.Next(at(2))
	if looks, _, _ := looksAndStarts(looking); looks != 1 {
		t.Fatalf("%+v, want a look", looking)
	}
	m.Done(at(2.5), begun[0], execute.Result{}, execute.ErrThrottled)
	answer(m, at(3), looking, execute.Result{Working: []execute.Work{{Handle: "car-2"}}}, nil)
	calls, _ = m.Next(at(3))
	if looks, _, starts := looksAndStarts(calls); looks != 1 || starts != 0 {
		t.Errorf("after a look from before the refusal: %+v, want another", calls)
	}
	if waiting, _ := m.Next(at(20)); len(waiting) != 0 {
		t.Errorf("before that look has come %+v starts", waiting)
	}
	answer(m, at(20), calls, execute.Result{Working: []execute.Work{{Handle: "car-2"}}}, nil)
	calls, _ = m.Next(at(20))
	if _, _, starts := looksAndStarts(calls); starts != 1 {
		t.Errorf("after it %+v, want the creation", calls)
	}
}

// TestRefusedWithoutAList: of what AWS keeps no list a refusal is one for want of
// a token, and it is tried again.
func TestRefusedWithoutAList(t *testing.T) {
	r := rules()
	r.Async = map[string]execute.Async{"CreateAccount": {Slots: 3, Confirm: "DescribeAccount", Every: time.Second}}
	refused := 0
	if got := begins(t, execute.New(creations(1), r, 1), 2, func(time.Time, execute.Call) (execute.Result, time.Duration, error) {
		refused++
		return execute.Result{}, 0, execute.ErrThrottled
	}); refused != 1 || got > 12*time.Second {
		t.Errorf("refused %d times, tried again after %v", refused, got)
	}
}

// TestFollowOwn: the first look comes a while after the first creation was begun,
// whatever is begun beside it. What a look no longer shows is asked about once,
// and its slot is free at once. A creation that is listed while its answer is on
// its way is nobody else's.
func TestFollowOwn(t *testing.T) {
	r := rules()
	r.Rate = nil
	steps := creations(limits.CreationsInFlight + 2)
	m := execute.New(steps, r, 1)
	at := func(s float64) time.Time { return start.Add(time.Duration(s * float64(time.Second))) }
	calls, _ := m.Next(start)
	answer(m, start, calls, execute.Result{}, nil)
	begun, _ := m.Next(start)
	for i, c := range begun[:4] {
		m.Done(at(1+float64(i)/4), c, execute.Result{Handle: fmt.Sprint("car-", i)}, nil)
	}
	if early, wake := m.Next(at(2.5)); len(early) != 0 || !wake.Equal(at(3)) {
		t.Errorf("%+v begins, then asks again at %v, want 3 s", early, wake.Sub(start))
	}
	calls, _ = m.Next(at(3))
	var all, fewer []execute.Work
	for i := range begun {
		all = append(all, execute.Work{Handle: fmt.Sprint("car-", i), Asked: start})
	}
	fewer = all[1:]
	answer(m, at(3), calls, execute.Result{Working: all}, nil)
	m.Done(at(3), begun[4], execute.Result{Handle: "car-4"}, nil)
	calls, _ = m.Next(at(5))
	answer(m, at(5), calls, execute.Result{Working: fewer}, nil)
	next, _ := m.Next(at(5.5)) // later than 200 ms: with somebody else about, a look would come first
	if looks, asks, starts := looksAndStarts(next); looks != 0 || asks != 1 || starts != 1 {
		t.Errorf("one has ended: %+v, want to ask about it and to begin another", next)
	}
	m.Done(at(5.5), next[1], execute.Result{Handle: "car-5"}, nil)
	calls, _ = m.Next(at(7))
	answer(m, at(7), calls, execute.Result{Working: append(fewer, execute.Work{Handle: "car-5"})}, nil)
	if again, _ := m.Next(at(7)); len(again) != 0 {
		t.Errorf("it is asked about: %+v begins", again)
	}
}

// TestFollowAfterTheLook: a creation that began after a look did need not be on its
// list, and nobody asks about it. Where slots are without number none is looked
// for before a start.
func TestFollowAfterTheLook(t *testing.T) {
	r := rules()
	r.Rate, r.Async = nil, map[string]execute.Async{"CreateAccount": {Watch: "ListCreateAccountStatus", Confirm: "DescribeCreateAccountStatus", Every: 2 * time.Second}}
	at := func(s float64) time.Time { return start.Add(time.Duration(s * float64(time.Second))) }
	steps := creations(4)
	steps[0] = plan.Step{Kind: plan.CreateUnit, Makes: "@unit"}
	steps[2].After, steps[3].After = []int{0}, []int{2}
	m := execute.New(steps, r, 1)
	begun, _ := m.Next(start)
	m.Done(start, begun[0], execute.Result{Handle: "car-1"}, nil)
	look, _ := m.Next(at(2))
	m.Done(at(2.1), begun[1], execute.Result{ID: "ou-1"}, nil)
	second, _ := m.Next(at(2.1))
	m.Done(at(2.2), second[0], execute.Result{Handle: "car-2"}, nil)
	answer(m, at(2.3), look, execute.Result{Working: []execute.Work{{Handle: "car-1"}, {Handle: "car-theirs"}}}, nil)
	if calls, _ := m.Next(at(2.4)); len(calls) != 0 {
		t.Errorf("%+v begins", calls)
	}
	look, _ = m.Next(at(4))
	answer(m, at(4), look, execute.Result{Working: []execute.Work{{Handle: "car-1"}}}, nil)
	ask, _ := m.Next(at(4))
	m.Done(at(4.5), ask[0], execute.Result{ID: "000000000002"}, nil)
	calls, _ := m.Next(at(4.5))
	if looks, _, starts := looksAndStarts(calls); looks != 0 || starts != 1 {
		t.Errorf("%+v begins, want the last creation alone", calls)
	}
}

// TestAccountsHaveTheirOwnRates: what one account's limit holds back holds nobody
// else back; no account is called faster than it may be, nor more at once.
func TestAccountsHaveTheirOwnRates(t *testing.T) {
	const accounts, each = 50, 4
	var steps []plan.Step
	for range each { // all accounts' first, then all their second
		for a := range accounts {
			steps = append(steps, plan.Step{ID: len(steps), Kind: plan.CreateTrail, Account: org.AccountID(fmt.Sprintf("%012d", a)), Customer: fmt.Sprint(a)})
		}
	}
	for _, tt := range []struct {
		name  string
		rules execute.Rules
		least time.Duration
		most  time.Duration
	}{
		{"one a second", execute.Rules{Rate: limits.Of}, (each - 1) * time.Second, each * time.Second},
		{"one at once", execute.Rules{PerAccount: 1, Calls: 1000}, each * 100 * time.Millisecond, each * 100 * time.Millisecond},
		{"no limit", execute.Rules{Calls: 1000}, 100 * time.Millisecond, 100 * time.Millisecond},
	} {
		c := clock.NewVirtual(start)
		last, ends := map[org.AccountID]time.Time{}, map[org.AccountID]time.Time{}
		do := func(_ context.Context, call execute.Call) (execute.Result, time.Duration, error) {
			a, now := call.Step.Account, c.Now()
			if at, called := last[a]; called && tt.rules.Rate != nil && now.Sub(at) < time.Second {
				t.Errorf("%s: account %s was called again after %v", tt.name, a, now.Sub(at))
			}
			if tt.rules.PerAccount == 1 && now.Before(ends[a]) {
				t.Errorf("%s: account %s was called while a call was in flight", tt.name, a)
			}
			last[a], ends[a] = now, now.Add(100*time.Millisecond)
			return execute.Result{}, 100 * time.Millisecond, nil
		}
		m := execute.New(steps, tt.rules, 1)
		if err := execute.Rehearse(t.Context(), m, do, c, nil, nil); err != nil {
			t.Fatal(err)
		}
		if done, all := m.Progress(); done != all {
			t.Errorf("%s: %d of %d steps", tt.name, done, all)
		}
		if took := c.Now().Sub(start); took < tt.least || took > tt.most {
			t.Errorf("%s: took %v, want %v to %v", tt.name, took, tt.least, tt.most)
		}
	}
}
