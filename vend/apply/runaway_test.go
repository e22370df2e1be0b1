package apply_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"landlord/portfolio"
	"landlord/simaws"
	"landlord/simulate"
	"landlord/vend/apply"
	"landlord/vend/blueprint"
	"landlord/vend/execute"
	"landlord/vend/plan"
)

// failing is a simulated AWS that takes on every creation and fails it.
func failing(t *testing.T) simaws.Config {
	t.Helper()
	return simaws.Config{Seed: 1, Faults: &simaws.Faults{Rules: []simaws.FaultRule{{Kind: simaws.FailedCreation, Rate: 1, Reason: "INTERNAL_FAILURE"}}}}
}

// creations notes when each creation was taken on.
func creations(w *simulate.World) *[]time.Time {
	var at []time.Time
	w.Meddle = func(r *http.Request, next func() (*http.Response, error)) (*http.Response, error) {
		answer, err := next()
		if err == nil && answer.StatusCode == http.StatusOK && strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".CreateAccount") {
			at = append(at, w.Clock.Now())
		}
		return answer, err
	}
	return &at
}

// within runs with at most so many creations an hour, and tells how often it
// was said that they hold the run.
func within(t *testing.T, w *simulate.World, p *portfolio.Portfolio, perHour int) (out apply.Outcome, held int) {
	t.Helper()
	want := blueprint.From(p)
	seen, err := w.Observe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	todo, err := plan.Make(want, seen, plan.Options{})
	if err != nil {
		t.Fatal(err)
	}
	rules := w.Rules()
	if perHour > 0 {
		rules.Most = map[string]execute.Most{"CreateAccount": {Calls: perHour, In: time.Hour}}
	}
	out, err = apply.Rounds(t.Context(), w, want, todo, seen, apply.Options{Rules: rules, Watch: func(events []execute.Event) {
		for _, e := range events {
			if e.State == execute.Held && errors.Is(e.Err, execute.ErrHeld) && e.Again.After(e.At) {
				held++
			}
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	return out, held
}

// TestRunaway: where every creation fails, a run asks three times for each
// customer and then says so, for each; nothing is asked for without end.
func TestRunaway(t *testing.T) {
	w := newWorld(t, failing(t))
	at := creations(w)
	out, _ := within(t, w, load(t, five), 0)
	if len(*at) != 5*execute.DefaultBegun {
		t.Errorf("AWS was asked for %d accounts, want %d for each of 5 customers", len(*at), execute.DefaultBegun)
	}
	var named []string
	for _, f := range out.Failures {
		if f.Step.Kind == plan.CreateAccount {
			named = append(named, f.Step.Customer)
		}
	}
	slices.Sort(named)
	if want := []string{"acme", "medicorp", "quantum", "startup", "techgov"}; !slices.Equal(named, want) {
		t.Errorf("failures name %v, want %v", named, want)
	}
	if out.Complete() || out.Left == nil {
		t.Errorf("the run says that all is done")
	}
}

// TestLoopOfRestarts: a run that is started again and again where creations fail
// does not escape the most that an hour allows, since failed ones are read back;
// and that it is held is said.
func TestLoopOfRestarts(t *testing.T) {
	const perHour = 40
	w := newWorld(t, failing(t))
	at := creations(w)
	told := 0
	for range 12 {
		_, held := within(t, w, load(t, five), perHour)
		told += held
		w.Reconnect()
	}
	if len(*at) < 3*perHour {
		t.Fatalf("only %d creations were asked for: the test does not test", len(*at))
	}
	for i := range *at {
		if j := i + perHour; j < len(*at) && (*at)[j].Sub((*at)[i]) < time.Hour-2*time.Second { // the Date of an answer has whole seconds
			t.Errorf("creation %d came %v after creation %d: more than %d in an hour", j, (*at)[j].Sub((*at)[i]), i, perHour)
		}
	}
	if told == 0 {
		t.Error("nobody was told that the run was held")
	}
}

// TestSuccessesCount: accounts that were created before a restart count too.
func TestSuccessesCount(t *testing.T) {
	var more strings.Builder
	more.WriteString(five)
	for i := range 12 {
		fmt.Fprintf(&more, "  - {key: c%d, name: Customer %d, tier: standard, contact: c%d@x.example}\n", i, i, i)
	}
	w := newWorld(t, simaws.Config{Seed: 2})
	at := creations(w)
	within(t, w, load(t, five), 12)
	w.Reconnect()
	within(t, w, load(t, more.String()), 12)
	if len(*at) != 17 {
		t.Fatalf("%d creations, want 17", len(*at))
	}
	if between := (*at)[12].Sub((*at)[0]); between < time.Hour {
		t.Errorf("the thirteenth account was asked for %v after the first, with at most 12 in an hour", between)
	}
}

// TestOffThePlan: what a person confirmed bounds what is created, whatever a
// later look finds missing: here somebody has edited the file meanwhile.
func TestOffThePlan(t *testing.T) {
	more := five + "  - {key: late, name: Late Inc, tier: standard, contact: l@l.example}\n"
	w := newWorld(t, simaws.Config{Seed: 1})
	at := creations(w)
	seen, err := w.Observe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	confirmed, err := plan.Make(blueprint.From(load(t, five)), seen, plan.Options{})
	if err != nil {
		t.Fatal(err)
	}
	out, err := apply.Rounds(t.Context(), w, blueprint.From(load(t, more)), confirmed, seen, apply.Options{Rules: w.Rules()})
	if err != nil {
		t.Fatal(err)
	}
	if len(*at) != 5 {
		t.Errorf("%d accounts were asked for, and 5 were confirmed", len(*at))
	}
	if out.Complete() || out.Left == nil || !slices.Equal(out.Left.Barred, []string{"late"}) {
		t.Errorf("what is left is %+v, want the customer who was not on the plan", out.Left)
	}
}

// TestMadeOnce: AWS shows accounts seconds after it has created them. A run does
// not ask for one again that it was told is there, and AWS need not refuse it.
func TestMadeOnce(t *testing.T) {
	p := load(t, five)
	stale := 0
	for seed := range uint64(40) {
		w := newWorld(t, simaws.Config{Seed: seed, Faults: &simaws.Faults{Rules: []simaws.FaultRule{
			{Kind: simaws.StaleRead, Operation: "ListAccounts*", Rate: 0.7, For: time.Minute},
			{Kind: simaws.CutBefore, Operation: "MoveAccount", Rate: 0.2},
		}}})
		once := asked{}
		w.Meddle = func(r *http.Request, next func() (*http.Response, error)) (*http.Response, error) {
			return once.call(t, r, next)
		}
		// A unit that does not show yet ends a run; that is no matter here.
		if _, err := run(t.Context(), w, p, seed); err != nil && !strings.Contains(err.Error(), "ParentNotFoundException") {
			t.Errorf("seed %d: %v", seed, err)
		}
		stale += w.Server.Metrics().Faults[string(simaws.StaleRead)]
	}
	if stale < 50 {
		t.Errorf("only %d reads were stale: the test does not test", stale)
	}
}
