package simulate

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"landlord/internal/limits"
	"landlord/simaws"
	"landlord/vend/apply"
	"landlord/vend/blueprint"
	"landlord/vend/execute"
	"landlord/vend/plan"
	"landlord/vend/verify"
)

// trial is a deployment that something gets in the way of.
type trial struct {
	customers int
	profile   string
	seed      uint64
	every     time.Duration // between two looks at what is under way; 0 is landlord's own
	jitter    time.Duration // a call travels for up to so long, its answer too
	other     time.Duration // somebody else creates an account each so often
	ahead     time.Duration // our clock is ahead of AWS's
	gain      float64       // and gains so much
	kill      int           // the process dies when AWS takes on this creation; 0 never
}

// ending is what came of a trial.
type ending struct {
	took      time.Duration // from the first look to the last step
	least     time.Duration // what AWS's limits leave of that, whoever asks
	throttled int           // calls of landlord's
	calls     int
}

type dead struct{}

// run deploys, kills and starts again, and checks that all is as it should be.
func (tt trial) run(t *testing.T) ending {
	t.Helper()
	p := Scale(example(t), tt.customers)
	profile := named(t, tt.profile)
	w, err := NewWorld(simaws.Config{Profile: profile, Seed: tt.seed, ManagementAccount: string(p.Organization.Management), Organization: true, AccountQuota: 10*tt.customers + 100})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if tt.ahead != 0 || tt.gain != 0 {
		w.Misset(tt.ahead, tt.gain)
	}
	if tt.jitter > 0 {
		chance := rand.New(rand.NewPCG(tt.seed, 7))
		w.Travel = func() (there, back time.Duration) {
			return time.Duration(chance.Int64N(int64(tt.jitter))), time.Duration(chance.Int64N(int64(tt.jitter)))
		}
	}
	first := w.Clock.Now().Add(tt.other)
	s := &somebody{world: w, every: tt.other, next: first, kill: tt.kill}
	w.Meddle, w.Pace = s.meddle, s.until
	began := w.Clock.Now()
	var done time.Time
	var out ending
	for again := true; again; {
		again = tt.life(t, w, blueprint.From(p), func(events []execute.Event) {
			if len(events) > 0 {
				done = w.Clock.Now()
			}
		})
		calls, throttled := w.Client().Calls()
		out.calls, out.throttled = out.calls+calls, out.throttled+throttled
		if again {
			w.Reconnect()
		}
	}
	out.took, out.least = done.Sub(began), s.least(profile, tt.seed, began)
	w.Meddle, w.Travel, w.Pace = nil, nil, nil
	w.Clock.Advance(time.Hour) // what somebody else began ends
	seen, err := w.Observe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if passed, all := verify.Organization(blueprint.From(p), seen).Passed(); passed != all {
		t.Errorf("%+v: %d of %d checks passed", tt, passed, all)
	}
	if want := tt.customers + s.created + 1; len(seen.Accounts) != want {
		t.Errorf("%+v: %d accounts, want %d: an orphan or a twin", tt, len(seen.Accounts), want)
	}
	return out
}

// life is one process: it tells whether it was killed.
func (tt trial) life(t *testing.T, w *World, want blueprint.Blueprint, watch func([]execute.Event)) (killed bool) {
	defer func() {
		if x := recover(); x != nil {
			if _, is := x.(dead); !is {
				panic(x)
			}
			killed = true
		}
	}()
	seen, err := w.Observe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	todo, err := plan.Make(want, seen, plan.Options{})
	if err != nil {
		t.Fatal(err)
	}
	rules := w.Rules()
	if tt.every > 0 {
		a := rules.Async["CreateAccount"]
		a.Every = tt.every
		rules.Async["CreateAccount"] = a
	}
	out, err := apply.Rounds(t.Context(), w, want, todo, seen, apply.Options{Rules: rules, Seed: tt.seed, Watch: watch})
	if err != nil || !out.Complete() || len(out.Failures) > 0 {
		t.Fatalf("%+v: ended with %v, failures %v, left %v", tt, err, out.Failures, out.Left)
	}
	return false
}

// somebody creates accounts of his own in the same organization.
type somebody struct {
	world   *World
	every   time.Duration
	next    time.Time // when he asks for an account
	created int
	kill    int // the process dies when AWS takes on so many creations of ours
	ours    int
	order   []creation // that AWS took on
}

type creation struct {
	ours bool
	at   time.Time
}

func (s *somebody) meddle(r *http.Request, next func() (*http.Response, error)) (*http.Response, error) {
	answer, err := next()
	if err == nil && answer.StatusCode == http.StatusOK && strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".CreateAccount") {
		s.order = append(s.order, creation{true, s.world.Clock.Now()})
		if s.ours++; s.ours == s.kill {
			panic(dead{})
		}
	}
	return answer, err
}

// until lets him do what he does before time moves on by d.
func (s *somebody) until(d time.Duration) {
	clock := s.world.Clock
	for end := clock.Now().Add(d); s.every > 0 && !s.next.After(end); {
		clock.MoveTo(s.next)
		s.create()
	}
}

// create asks for one account, once.
func (s *somebody) create() {
	other := s.world.Beside()
	other.wire.hold()
	call := execute.Call{Operation: "CreateAccount", Step: plan.Step{Kind: plan.CreateAccount, Name: fmt.Sprint("Other ", s.created), Email: fmt.Sprintf("other+%d@x.example", s.created)}}
	switch _, err := other.Client().Do(context.Background(), call); {
	case err == nil:
		s.created++
		s.order = append(s.order, creation{false, s.world.Clock.Now()})
	case !errors.Is(err, execute.ErrThrottled):
		panic(err)
	}
	s.next = s.next.Add(s.every)
}

// least is how long our creations would have taken of whoever uses each token and
// each slot at once, while somebody else has at the same times what he has had.
func (s *somebody) least(profile simaws.Profile, seed uint64, began time.Time) time.Duration {
	const interval, burst = 10 * time.Second, 20 * time.Second
	var theirs []time.Duration
	ours := 0
	for _, c := range s.order {
		if c.ours {
			ours++
		} else {
			theirs = append(theirs, c.at.Sub(began))
		}
	}
	var now, tat, bound time.Duration
	var ends []time.Duration // of what is under way, ascending
	for i := 1; ours > 0; i++ {
		now = max(now, tat-burst)
		if over := len(ends) - limits.CreationsInFlight; over >= 0 {
			now = max(now, ends[over])
		}
		mine := len(theirs) == 0 || now < theirs[0]
		if !mine {
			now, theirs = theirs[0], theirs[1:]
		}
		for len(ends) > 0 && ends[0] <= now {
			ends = ends[1:]
		}
		tat = max(now, tat) + interval
		end := now + profile.CreationLatency(seed, i)
		at, _ := slices.BinarySearch(ends, end)
		ends = slices.Insert(ends, at, end)
		if mine {
			ours--
			bound = max(bound, end+profile.CallLatency("MoveAccount"))
		}
	}
	return bound
}

// TestInTheWay: what gets in the way of a deployment costs so much over what
// AWS's limits leave, and so few refusals; nobody gets two accounts or none.
// A restart waits for what is under way, to tell whose it is.
func TestInTheWay(t *testing.T) {
	for _, tt := range []struct {
		name string
		trial
		times     float64 // of the least, on average over the random seeds; 0 where it must be more than 1.05 and 3 s
		throttled int     // calls, at most, of each hundred creations
	}{
		{"nothing", trial{}, 1.03, 0},
		{"looking for what is done every 10 s, which must be too slow", trial{every: 10 * time.Second}, 0, 0},
		{"calls that travel for up to 2 s each way", trial{jitter: 2 * time.Second}, 1.10, 8},
		{"somebody who takes three tokens in ten", trial{other: 33 * time.Second}, 1.20, 10},
		{"a kill in the first burst", trial{kill: 4}, 1.08, 0},
		{"a kill in the middle", trial{kill: 50}, 1.08, 0},
		{"our clock 5 minutes ahead", trial{ahead: 5 * time.Minute}, 1.03, 0},
		{"our clock 5 minutes behind", trial{ahead: -5 * time.Minute}, 1.03, 0},
		{"our clock behind, and gaining 17 s a day; and a kill", trial{ahead: -5 * time.Minute, gain: 2e-4, kill: 50}, 1.08, 0},
		{"all together", trial{jitter: 2 * time.Second, other: 33 * time.Second, kill: 50, ahead: -5 * time.Minute, gain: -2e-4}, 1.35, 20},
	} {
		for _, profile := range []string{"typical", "reference"} {
			const seeds = 3
			var sum float64
			for seed := uint64(1); seed <= seeds; seed++ {
				one := tt.trial
				one.customers, one.profile, one.seed = 100, profile, seed
				e := one.run(t)
				if e.throttled > tt.throttled {
					t.Errorf("%s, %s, seed %d: %d of %d calls throttled, want at most %d", tt.name, profile, seed, e.throttled, e.calls, tt.throttled)
				}
				if tt.times == 0 && e.took <= e.least+e.least/20+3*time.Second {
					t.Errorf("%s, %s, seed %d: took %v, the least is %v: the limit of 5 %% and 3 s holds for it", tt.name, profile, seed, e.took, e.least)
				}
				sum += float64(e.took) / float64(e.least)
			}
			t.Logf("%s, %s: %.3f", tt.name, profile, sum/seeds)
			if tt.times > 0 && sum/seeds > tt.times {
				t.Errorf("%s, %s: %.3f times the least on average, want at most %.2f", tt.name, profile, sum/seeds, tt.times)
			}
		}
	}
}
