package onboard_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"landlord/guard/compliance"
	"landlord/guard/compliance/report"
	"landlord/org"
	"landlord/portfolio"
	"landlord/service/onboard"
	"landlord/simaws"
	"landlord/simulate"
	"landlord/vend/apply"
	"landlord/vend/blueprint"
	"landlord/vend/execute"
	"landlord/vend/plan"
	"landlord/vend/verify"
)

const file = `
provider: {name: MSP, account_email: "aws+{customer}@landlord.example"}
organization: {target: simulated, management_account: "111122223333"}
customers:
  - {key: acme, name: ACME Finance Inc, tier: fintech, contact: a@a.example}
  - {key: medicorp, name: MediCorp Solutions Inc, tier: healthcare, contact: b@b.example}
  - {key: quantum, name: Quantum Bank Corp, tier: fintech, contact: d@d.example}
`

func load(t *testing.T, text string) *portfolio.Portfolio {
	t.Helper()
	p, err := portfolio.Parse("test.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func newWorld(t *testing.T, seed uint64) *simulate.World {
	t.Helper()
	profile, err := simaws.ProfileNamed("typical")
	if err != nil {
		t.Fatal(err)
	}
	w, err := simulate.NewWorld(simaws.Config{Profile: profile, Seed: seed, Organization: true, ManagementAccount: "111122223333"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close() })
	return w
}

// nothing is what is known of accounts that nobody has read.
func nothing(_ context.Context, _ string, _ org.AccountID, f compliance.Framework) (compliance.Posture, error) {
	return new(compliance.History).Posture(f), nil
}

// config onboards customers in w, with every means there is.
func config(w *simulate.World, p *portfolio.Portfolio, keys ...string) onboard.Config {
	return onboard.Config{
		Folio: p, Keys: keys, World: w, Rules: w.Rules(), Seed: 1, Now: w.Clock.Now,
		Carry: func(_ context.Context, _ org.Organization, _ *plan.Plan, rounds func(apply.Options) (apply.Outcome, error)) (apply.Outcome, error) {
			return rounds(apply.Options{})
		},
		Scan: func(_ context.Context, _ org.Organization, keys []string) (map[string]onboard.Scanned, error) {
			all := map[string]onboard.Scanned{}
			for _, key := range keys {
				all[key] = onboard.Scanned{}
			}
			return all, nil
		},
		Posture: nothing,
		Keep:    func(context.Context, string, *report.Report) (string, error) { return "here", nil },
		Portal:  func(context.Context, string) (string, []onboard.Task, error) { return "all pages", nil, nil },
	}
}

// done fails the test unless every line of every checklist is done.
func done(t *testing.T, lists []onboard.Checklist, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range lists {
		for _, l := range c.Lines {
			if l.State != onboard.Done || l.Began == nil || l.Ended == nil || l.Ended.Before(*l.Began) {
				t.Errorf("%s: %s is %s (%s), from %v to %v", c.Customer, l.Step, l.State, l.Says, l.Began, l.Ended)
			}
		}
	}
}

// stands fails the test unless customers have one account each, all of whose checks
// pass, and nobody else has one.
func stands(t *testing.T, w *simulate.World, p *portfolio.Portfolio, keys ...string) {
	t.Helper()
	seen, err := w.Observe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var owners []string
	for _, a := range seen.Accounts {
		if key := a.Tags[org.TagCustomer]; key != "" {
			owners = append(owners, key)
		}
	}
	slices.Sort(owners)
	if slices.Sort(keys); !slices.Equal(owners, keys) {
		t.Errorf("accounts of %v, want of %v", owners, keys)
	}
	for _, c := range verify.Customers(blueprint.From(p), seen, keys...).Checks {
		if !c.Passed {
			t.Errorf("%s of %s%s: %s", c.Name, c.Customer, c.Tier, c.Fault)
		}
	}
}

// TestOne: who is onboarded is, and nobody else; a second run has nothing to do, and
// says the same.
func TestOne(t *testing.T) {
	p, w := load(t, file), newWorld(t, 1)
	lists, err := onboard.Run(t.Context(), config(w, p, "acme"))
	done(t, lists, err)
	stands(t, w, p, "acme")
	if took := lists[0].Lines[0].Took(w.Clock.Now()); took < 10*time.Second {
		t.Errorf("the account took %v", took)
	}
	cfg := config(w, p, "acme")
	cfg.Carry = func(_ context.Context, _ org.Organization, todo *plan.Plan, _ func(apply.Options) (apply.Outcome, error)) (apply.Outcome, error) {
		t.Errorf("a second run has %v", todo.Changes)
		return apply.Outcome{}, nil
	}
	again, err := onboard.Run(t.Context(), cfg)
	done(t, again, err)
	for i, l := range again[0].Lines {
		if l.Says != lists[0].Lines[i].Says {
			t.Errorf("%s said %q, and then %q", l.Step, lists[0].Lines[i].Says, l.Says)
		}
	}
	lists, err = onboard.Run(t.Context(), config(w, p, "quantum", "medicorp"))
	done(t, lists, err)
	stands(t, w, p, "acme", "medicorp", "quantum")
}

// killed is what the call at which the process dies panics with.
type killed struct{}

// attempt runs until it is killed, and tells whether it was.
func attempt(t *testing.T, cfg onboard.Config) (dead bool) {
	t.Helper()
	defer func() {
		if x := recover(); x != nil {
			if _, is := x.(killed); !is {
				panic(x)
			}
			dead = true
		}
	}()
	lists, err := onboard.Run(t.Context(), cfg)
	done(t, lists, err)
	return false
}

// TestKilledAtEachCall kills an onboarding at the calls that it makes, in every step, before or after the
// call took effect; the next goes on and ends the same, with nothing made twice.
func TestKilledAtEachCall(t *testing.T) {
	p := load(t, file)
	for last, dead := 1, true; dead; last += 1 + last/40 { // later on not at every one
		w := newWorld(t, uint64(last))
		calls := 0
		w.Meddle = func(_ *http.Request, next func() (*http.Response, error)) (*http.Response, error) {
			if calls++; calls == last {
				if last%2 == 0 {
					_, _ = next() // it took effect, and nobody is left to hear it
				}
				panic(killed{})
			}
			return next()
		}
		var told []onboard.Checklist
		cfg := config(w, p, "acme", "medicorp")
		cfg.Told = func(lists []onboard.Checklist) { told = lists }
		dead = attempt(t, cfg)
		if !dead && last < 20 {
			t.Fatalf("a run takes %d calls: the test does not test", last)
		}
		w.Meddle = nil
		w.Reconnect()
		cfg = config(w, p, "acme", "medicorp")
		cfg.Before = told
		lists, err := onboard.Run(t.Context(), cfg)
		done(t, lists, err)
		stands(t, w, p, "acme", "medicorp")
		if began := told[0].Lines[0].Began; began != nil && !began.Equal(*lists[0].Lines[0].Began) {
			t.Errorf("killed at call %d: the line that began at %v now began at %v", last, began, lists[0].Lines[0].Began)
		}
	}
}

// TestTwoAtOnce begins another onboarding, of the same customer or another, in the
// middle of one, at random calls: each customer has one account, and whichever was not
// done ends well when it is run again.
func TestTwoAtOnce(t *testing.T) {
	p := load(t, file)
	for seed := range uint64(40) {
		r := rand.New(rand.NewPCG(seed, 0))
		w := newWorld(t, seed)
		other := []string{"acme", "quantum", "medicorp"}[r.IntN(3)]
		at, calls := 1+r.IntN(40), 0
		w.Meddle = func(_ *http.Request, next func() (*http.Response, error)) (*http.Response, error) {
			if calls++; calls == at {
				beside := w.Beside()
				_, _ = onboard.Run(t.Context(), config(beside, p, other)) // what came of it the last one tells
			}
			return next()
		}
		_, _ = onboard.Run(t.Context(), config(w, p, "acme"))
		w.Meddle = nil
		keys := slices.Compact([]string{"acme", other})
		lists, err := onboard.Run(t.Context(), config(w, p, keys...))
		done(t, lists, err)
		stands(t, w, p, keys...)
	}
}

// TestFailure: a step that fails says what is wrong and ends that customer's onboarding
// and nobody else's; the next run goes on.
func TestFailure(t *testing.T) {
	p, w := load(t, file), newWorld(t, 3)
	broken := errors.New("the disk is full")
	cfg := config(w, p, "acme", "medicorp")
	cfg.Keep = func(_ context.Context, customer string, _ *report.Report) (string, error) {
		if customer == "acme" {
			return "", broken
		}
		return "here", nil
	}
	lists, err := onboard.Run(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	if l, failed := lists[0].Fault(); !failed || l.Step != "report" || !strings.Contains(l.Says, broken.Error()) {
		t.Errorf("acme: %+v", lists[0])
	}
	if last := lists[0].Lines[len(lists[0].Lines)-1]; last.State != onboard.Waiting {
		t.Errorf("after a failure, %s is %s", last.Step, last.State)
	}
	if !lists[1].Complete() {
		t.Errorf("medicorp: %+v", lists[1])
	}
	lists, err = onboard.Run(t.Context(), config(w, p, "acme"))
	done(t, lists, err)
}

// TestScan: what could not be told of an account, or who was not looked at, fails that
// customer's line; who is left out for a reason goes on.
func TestScan(t *testing.T) {
	p, w := load(t, file), newWorld(t, 8)
	cfg := config(w, p, "acme", "medicorp", "quantum")
	cfg.Scan = func(context.Context, org.Organization, []string) (map[string]onboard.Scanned, error) {
		return map[string]onboard.Scanned{"acme": {Errors: 2}, "quantum": {Why: "there are no checks of it"}}, nil
	}
	lists, err := onboard.Run(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []onboard.State{onboard.Failed, onboard.Failed, onboard.Without} {
		if l := lists[i].Lines[3]; l.Step != "scan" || l.State != want || l.Says == "" {
			t.Errorf("%s: %+v, want %s", lists[i].Customer, l, want)
		}
	}
	if !lists[2].Complete() || lists[0].Complete() {
		t.Errorf("complete are %t and %t", lists[2].Complete(), lists[0].Complete())
	}
}

// TestGuardrailsAreProven: where a tier's policy does not hold in the end, or another's
// does, the line of the guardrails fails and says so, and nothing after it is done.
func TestGuardrailsAreProven(t *testing.T) {
	p := load(t, file)
	for name, harm := range map[string]func(*org.Policy){
		"detached": func(policy *org.Policy) { policy.Targets = nil },
		"gutted": func(policy *org.Policy) {
			policy.Document = `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"a4b:*","Resource":"*"}]}`
		},
		"too much": func(policy *org.Policy) {
			policy.Document = `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}`
		},
	} {
		w := newWorld(t, 7)
		cfg := config(w, p, "acme")
		cfg.Carry = func(_ context.Context, _ org.Organization, _ *plan.Plan, run func(apply.Options) (apply.Outcome, error)) (apply.Outcome, error) {
			out, err := run(apply.Options{})
			for i := range out.Seen.Policies {
				if out.Seen.Policies[i].Name == "landlord-soc2" {
					harm(&out.Seen.Policies[i])
				}
			}
			return out, err
		}
		lists, err := onboard.Run(t.Context(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		if l, failed := lists[0].Fault(); !failed || l.Step != "guardrails" || l.Says == "" || lists[0].Complete() {
			t.Errorf("%s: %+v", name, lists[0].Lines)
		}
		if last := lists[0].Lines[len(lists[0].Lines)-1]; last.State != onboard.Waiting {
			t.Errorf("%s: %s is %s", name, last.Step, last.State)
		}
	}
}

// TestSharedLogsAreProven: where the organization's trail does not log in the end, the
// line of the baseline fails, though all is right in the account itself.
func TestSharedLogsAreProven(t *testing.T) {
	w := newWorld(t, 7)
	w.Meddle = func(req *http.Request, next func() (*http.Response, error)) (*http.Response, error) {
		answer, err := next()
		if err == nil && strings.HasSuffix(req.Header.Get("X-Amz-Target"), ".GetTrailStatus") {
			answer.Body = io.NopCloser(strings.NewReader(`{"IsLogging":false}`))
			answer.ContentLength = -1
			answer.Header.Del("Content-Length")
		}
		return answer, err
	}
	lists, err := onboard.Run(t.Context(), config(w, load(t, file), "acme"))
	if err != nil {
		t.Fatal(err)
	}
	if l, failed := lists[0].Fault(); !failed || l.Step != "baseline" || !strings.Contains(l.Says, "organization trail") {
		t.Errorf("%+v", lists[0].Lines)
	}
}

// TestMeddled: what somebody does to a tier's policy while a customer is onboarded is
// mended by the same run.
func TestMeddled(t *testing.T) {
	p := load(t, file)
	for _, harm := range []string{"detach", "gut"} {
		w := newWorld(t, 4)
		did := false
		w.Meddle = func(req *http.Request, next func() (*http.Response, error)) (*http.Response, error) {
			answer, err := next()
			if !did && strings.HasSuffix(req.Header.Get("X-Amz-Target"), ".MoveAccount") {
				did = true
				harmed(t, w.Beside(), harm)
			}
			return answer, err
		}
		cfg := config(w, p, "acme")
		rounds := 0
		cfg.Carry = func(_ context.Context, _ org.Organization, _ *plan.Plan, run func(apply.Options) (apply.Outcome, error)) (apply.Outcome, error) {
			out, err := run(apply.Options{})
			rounds = max(rounds, out.Rounds)
			return out, err
		}
		lists, err := onboard.Run(t.Context(), cfg)
		done(t, lists, err)
		stands(t, w, p, "acme")
		if rounds < 2 {
			t.Errorf("%s: mended in %d rounds", harm, rounds)
		}
	}
}

// harmed has somebody spoil the policy of fintech.
func harmed(t *testing.T, w *simulate.World, how string) {
	t.Helper()
	seen, err := w.Observe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, policy := range seen.Policies {
		if policy.Name != "landlord-soc2" {
			continue
		}
		step := plan.Step{Kind: plan.DetachPolicy, Target: plan.Ref(policy.ID), To: plan.Ref(policy.Targets[0])}
		if how == "gut" {
			step = plan.Step{Kind: plan.UpdatePolicy, Target: plan.Ref(policy.ID), Name: policy.Name, Document: `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"a4b:*","Resource":"*"}]}`}
		}
		if _, err := w.Client().Do(t.Context(), execute.Call{Step: step}); err != nil {
			t.Fatal(err)
		}
	}
}

// TestStopped: a context that ends leaves what was not done waiting, and says that it
// ended.
func TestStopped(t *testing.T) {
	p, w := load(t, file), newWorld(t, 5)
	ctx, stop := context.WithCancel(t.Context())
	w.Meddle = func(req *http.Request, next func() (*http.Response, error)) (*http.Response, error) {
		if strings.HasSuffix(req.Header.Get("X-Amz-Target"), ".CreateAccount") {
			stop()
		}
		return next()
	}
	lists, err := onboard.Run(ctx, config(w, p, "acme"))
	if !errors.Is(err, context.Canceled) {
		t.Errorf("stopped: %v", err)
	}
	for _, l := range lists[0].Lines {
		if l.State != onboard.Waiting {
			t.Errorf("stopped: %s is %s", l.Step, l.State)
		}
	}
	w.Meddle = nil
	lists, err = onboard.Run(t.Context(), config(w, p, "acme"))
	done(t, lists, err)
	stands(t, w, p, "acme")
}

// TestUnknown: a key that the file does not have is refused before anything is read.
func TestUnknown(t *testing.T) {
	_, err := onboard.Run(t.Context(), config(newWorld(t, 6), load(t, file), "nobody"))
	if want := `test.yaml has no customer "nobody"`; err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
	if s := fmt.Sprint(err); strings.Contains(s, "acme") {
		t.Errorf("%s names another customer", s)
	}
}
