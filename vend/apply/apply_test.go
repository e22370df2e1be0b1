package apply_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"

	"landlord/org"
	"landlord/portfolio"
	"landlord/simaws"
	"landlord/simulate"
	"landlord/vend/apply"
	"landlord/vend/blueprint"
	"landlord/vend/execute"
	"landlord/vend/plan"
	"landlord/vend/verify"
)

const five = `
provider: {name: MSP, account_email: "aws+{customer}@landlord.example"}
organization: {target: simulated, management_account: "111122223333"}
customers:
  - {key: acme, name: ACME Finance Inc, tier: fintech, contact: a@a.example}
  - {key: medicorp, name: MediCorp Solutions Inc, tier: healthcare, contact: b@b.example}
  - {key: techgov, name: TechGov Solutions Inc, tier: government-federal, contact: c@c.example}
  - {key: quantum, name: Quantum Bank Corp, tier: fintech, contact: d@d.example}
  - {key: startup, name: StartupCorp Inc, tier: standard, contact: e@e.example}
`

func load(t *testing.T, text string) *portfolio.Portfolio {
	t.Helper()
	p, err := portfolio.Parse("test.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func newWorld(t *testing.T, cfg simaws.Config) *simulate.World {
	t.Helper()
	if cfg.Profile.Name == "" {
		profile, err := simaws.ProfileNamed("typical")
		if err != nil {
			t.Fatal(err)
		}
		cfg.Profile = profile
	}
	cfg.Organization = true
	w, err := simulate.NewWorld(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close() })
	return w
}

// run looks, plans and carries out, as `landlord apply` does.
func run(ctx context.Context, w *simulate.World, p *portfolio.Portfolio, seed uint64) (apply.Outcome, error) {
	want := blueprint.From(p)
	seen, err := w.Observe(ctx)
	if err != nil {
		return apply.Outcome{}, err
	}
	todo, err := plan.Make(want, seen, plan.Options{})
	if err != nil {
		return apply.Outcome{}, err
	}
	return apply.Rounds(ctx, w, want, todo, seen, apply.Options{Rules: w.Rules(), Seed: seed})
}

// check fails the test unless the organization is what p says: every check
// passes, nobody has two accounts, and a second plan is empty.
func check(t *testing.T, w *simulate.World, p *portfolio.Portfolio) {
	t.Helper()
	seen, err := w.Observe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range verify.Organization(blueprint.From(p), seen).Checks {
		if !c.Passed {
			t.Errorf("%s of %s%s: %s", c.Name, c.Customer, c.Tier, c.Fault)
		}
	}
	owners, emails := map[string]int{}, map[string]int{}
	for _, a := range seen.Accounts {
		if key := a.Tags[org.TagCustomer]; key != "" {
			owners[key]++
		}
		emails[a.Email]++
	}
	for _, counts := range []map[string]int{owners, emails} {
		for key, n := range counts {
			if n > 1 {
				t.Errorf("%s has %d accounts", key, n)
			}
		}
	}
	todo, err := plan.Make(blueprint.From(p), seen, plan.Options{})
	if err != nil || !todo.Empty() {
		t.Errorf("a second plan has %+v, %v", todo, err)
	}
}

var errCut = errors.New("connection reset by peer")

// killed is what the call at which the process dies panics with.
type killed struct{}

// asked counts the creations that AWS took on, by root address. AWS would fail
// a second one; an endpoint that does not must not be asked either.
type asked map[string]int

// call makes the call, and notes a creation that is not refused.
func (a asked) call(t *testing.T, req *http.Request, next func() (*http.Response, error)) (*http.Response, error) {
	if !strings.HasSuffix(req.Header.Get("X-Amz-Target"), ".CreateAccount") {
		return next()
	}
	body, err := io.ReadAll(req.Body)
	if err != nil {
		t.Fatal(err)
	}
	req.Body = io.NopCloser(bytes.NewReader(body))
	var in struct{ Email string }
	if err := json.Unmarshal(body, &in); err != nil {
		t.Fatal(err)
	}
	answer, err := next()
	if err == nil && answer.StatusCode == http.StatusOK {
		if a[in.Email]++; a[in.Email] > 1 {
			t.Errorf("a second account was asked for with %s", in.Email)
		}
	}
	return answer, err
}

// chaos cuts connections before and after calls took effect, and kills the
// process at its last call.
func chaos(t *testing.T, r *rand.Rand, last int, once asked) func(*http.Request, func() (*http.Response, error)) (*http.Response, error) {
	calls := 0
	return func(req *http.Request, call func() (*http.Response, error)) (*http.Response, error) {
		next := func() (*http.Response, error) { return once.call(t, req, call) }
		calls++
		if calls == last {
			if r.IntN(2) == 0 {
				_, _ = next() // it took effect, and nobody is left to hear it
			}
			panic(killed{})
		}
		switch r.IntN(25) {
		case 0:
			return nil, errCut
		case 1:
			if answer, err := next(); err == nil {
				answer.Body.Close()
			}
			return nil, errCut
		}
		return next()
	}
}

// attempt runs once, under chaos, and tells whether it was killed.
func attempt(t *testing.T, w *simulate.World, p *portfolio.Portfolio, seed uint64) (dead bool) {
	t.Helper()
	defer func() {
		if x := recover(); x != nil {
			if _, is := x.(killed); !is {
				panic(x)
			}
			dead = true
		}
	}()
	_, err := run(t.Context(), w, p, seed)
	if err != nil && !errors.Is(err, execute.ErrUnknown) && !strings.Contains(err.Error(), errCut.Error()) {
		t.Errorf("seed %d: %v", seed, err)
	}
	return false
}

// TestSurvivesAnything kills and cuts at random places, many times; when that
// stops, one apply ends with the organization as the file says.
func TestSurvivesAnything(t *testing.T) {
	p := load(t, five)
	kills := 0
	for seed := range uint64(150) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 0))
			w := newWorld(t, simaws.Config{Seed: seed})
			once := asked{}
			for try := range 1 + r.IntN(4) {
				w.Meddle = chaos(t, r, 1+r.IntN(120), once)
				if attempt(t, w, p, seed+uint64(try)) {
					kills++
				}
				w.Reconnect()
			}
			w.Meddle = func(req *http.Request, next func() (*http.Response, error)) (*http.Response, error) {
				return once.call(t, req, next)
			}
			out, err := run(t.Context(), w, p, seed)
			if err != nil {
				t.Fatal(err)
			}
			if len(out.Failures) > 0 {
				t.Fatalf("failed: %v", out.Failures)
			}
			check(t, w, p)
		})
	}
	if kills < 50 {
		t.Errorf("only %d runs were killed: the test does not test", kills)
	}
}

const twins = `
provider: {name: MSP, account_email: "PATTERN"}
organization: {target: simulated, management_account: "111122223333"}
customers:
  - {key: north, name: Twin Inc, tier: standard, contact: n@n.example}
  - {key: south, name: Twin Inc, tier: standard, contact: s@s.example}
`

// TestTwins: two customers of one name, a kill while one account stands and the
// other is under way, and an edited address pattern. The account that is under
// way is still somebody's: no third one is asked for.
func TestTwins(t *testing.T) {
	for last := 1; last < 70; last++ {
		before := load(t, strings.ReplaceAll(twins, "PATTERN", "aws+{customer}@a.example"))
		for i := range before.Customers { // as if no name had been told apart
			before.Customers[i].AccountName = "Twin Inc"
		}
		after := load(t, strings.ReplaceAll(twins, "PATTERN", "root+{customer}@b.example"))
		for i := range after.Customers {
			after.Customers[i].AccountName = "Twin Inc"
		}
		w := newWorld(t, simaws.Config{Seed: uint64(last)})
		calls := 0
		w.Meddle = func(_ *http.Request, next func() (*http.Response, error)) (*http.Response, error) {
			if calls++; calls == last {
				panic(killed{})
			}
			return next()
		}
		attempt(t, w, before, 1)
		w.Meddle = nil
		w.Reconnect()
		if _, err := run(t.Context(), w, after, 2); err != nil {
			t.Fatal(err)
		}
		seen, err := w.Observe(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if n := len(seen.Accounts); n != 3 {
			t.Errorf("killed at call %d: %d accounts, want the management account and two", last, n)
		}
	}
}

// TestLastLook: somebody takes a policy off after it was attached; apply does
// not end before it is mended.
func TestLastLook(t *testing.T) {
	p := load(t, five)
	w := newWorld(t, simaws.Config{Seed: 5})
	taken := false
	w.Meddle = func(req *http.Request, next func() (*http.Response, error)) (*http.Response, error) {
		answer, err := next()
		if !taken && strings.HasSuffix(req.Header.Get("X-Amz-Target"), ".MoveAccount") {
			taken = true
			other := w.Beside()
			seen, err := other.Observe(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, policy := range seen.Policies {
				if policy.Name == "landlord-cis" {
					call := execute.Call{Step: plan.Step{Kind: plan.DetachPolicy, Target: plan.Ref(policy.ID), To: plan.Ref(policy.Targets[0])}}
					if _, err := other.Client().Do(t.Context(), call); err != nil {
						t.Fatal(err)
					}
				}
			}
		}
		return answer, err
	}
	out, err := run(t.Context(), w, p, 1)
	if err != nil || !out.Complete() || out.Rounds < 2 {
		t.Errorf("ended after %d rounds with %+v, %v", out.Rounds, out.Left, err)
	}
	check(t, w, p)
}

// TestTwoAtOnce lets another apply finish in the middle of one.
func TestTwoAtOnce(t *testing.T) {
	p := load(t, five)
	for call := 1; call < 60; call += 4 {
		w := newWorld(t, simaws.Config{Seed: 7})
		calls := 0
		w.Meddle = func(_ *http.Request, next func() (*http.Response, error)) (*http.Response, error) {
			if calls++; calls == call {
				w.Meddle = nil
				other := w.Beside()
				if _, err := run(t.Context(), other, p, 8); err != nil {
					t.Errorf("call %d: the other run: %v", call, err)
				}
			}
			return next()
		}
		if _, err := run(t.Context(), w, p, 9); err != nil {
			t.Errorf("call %d: %v", call, err)
		}
		if out, err := run(t.Context(), w, p, 10); err != nil || len(out.Failures) > 0 {
			t.Errorf("call %d: %v, %v", call, out.Failures, err)
		}
		check(t, w, p)
	}
}

// TestQuota: when the accounts run out, those that were made are in their
// units, the rest fails with the reason, and no call is wasted on the others.
func TestQuota(t *testing.T) {
	p := load(t, five)
	w := newWorld(t, simaws.Config{Seed: 1, AccountQuota: 4}) // the management account and three more
	out, err := run(t.Context(), w, p, 1)
	if err != nil {
		t.Fatal(err)
	}
	if n := out.Made[plan.MoveAccount]; n != 3 {
		t.Errorf("%d accounts reached their unit, want 3", n)
	}
	failed := slices.IndexFunc(out.Failures, func(e execute.Event) bool {
		return e.Step.Kind == plan.CreateAccount && errors.Is(e.Err, execute.ErrExhausted)
	})
	if failed < 0 {
		t.Errorf("no creation failed for the quota: %v", out.Failures)
	}
}

// TestDriftIsMended: what somebody did behind landlord's back is named by
// verify and mended by the next apply.
func TestDriftIsMended(t *testing.T) {
	p := load(t, five)
	w := newWorld(t, simaws.Config{Seed: 3})
	if _, err := run(t.Context(), w, p, 1); err != nil {
		t.Fatal(err)
	}
	seen, err := w.Observe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	of := blueprint.From(p).Owners(seen).Of
	drift := []plan.Step{
		{Kind: plan.MoveAccount, Target: plan.Ref(of["acme"].ID), From: plan.Ref(of["acme"].Parent), To: plan.Ref(seen.Root)},
		{Kind: plan.MoveAccount, Target: plan.Ref(of["medicorp"].ID), From: plan.Ref(of["medicorp"].Parent), To: plan.Ref(of["techgov"].Parent)},
		{Kind: plan.Tag, Target: plan.Ref(of["startup"].ID), Tags: org.Tags{org.TagTier: "fintech"}},
	}
	for _, p := range seen.Policies {
		if p.Name == "landlord-cis" {
			drift = append(drift, plan.Step{Kind: plan.DetachPolicy, Target: plan.Ref(p.ID), To: plan.Ref(p.Targets[0])},
				plan.Step{Kind: plan.AttachPolicy, Target: plan.Ref(p.ID), To: plan.Ref(seen.Root)})
		}
		if p.Name == "landlord-soc2" {
			drift = append(drift, plan.Step{Kind: plan.DetachPolicy, Target: org.FullAccess, To: plan.Ref(p.Targets[0])})
		}
		if p.Name == "landlord-hipaa" {
			drift = append(drift, plan.Step{Kind: plan.UpdatePolicy, Target: plan.Ref(p.ID), Text: "changed",
				Document: `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"s3:*","Resource":"*"}]}`})
		}
	}
	for _, s := range drift {
		w.Clock.Advance(3e9)
		if _, err := w.Client().Do(t.Context(), execute.Call{Step: s}); err != nil {
			t.Fatalf("%s: %v", s.Kind, err)
		}
	}
	seen, err = w.Observe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	report := verify.Organization(blueprint.From(p), seen)
	for _, broken := range []struct{ check, key string }{
		{verify.Unit, "acme"}, {verify.Policies, "acme"}, {verify.Unit, "medicorp"}, {verify.Policies, "medicorp"},
		{verify.Isolation, "medicorp"}, {verify.Isolation, "quantum"}, {verify.Tags, "startup"}, {verify.Tier, "standard"}, {verify.Tier, "fintech"}, {verify.Content, "healthcare"},
	} {
		if c, made := report.Of(broken.check, broken.key); !made || c.Passed || c.Fault == "" {
			t.Errorf("%s of %s is not named: %+v", broken.check, broken.key, c)
		}
	}
	if _, err := run(t.Context(), w, p, 2); err != nil {
		t.Fatal(err)
	}
	check(t, w, p)
}
