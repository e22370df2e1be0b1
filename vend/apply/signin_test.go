package apply_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"landlord/guard/identity"
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

const peopled = `
provider: {name: Example, account_email: "aws+{customer}@landlord.example"}
organization: {target: simulated, management_account: "111122223333", regions: [us-east-1]}
sign_in: {}
customers:
  - {key: acme, name: Acme, tier: fintech, contact: john@acme.example}
  - key: zed
    name: Zed
    tier: healthcare
    contact: z@zed.example
    people:
      - {email: ada@zed.example, name: Ada Lovelace, roles: [admin, billing]}
      - {email: bob@zed.example, roles: [read-only]}
      - {email: eve@zed.example, roles: [read-only]}
  - {key: none, name: None, tier: standard, contact: n@none.example, people: []}
`

// signing is a simulated organization whose accounts stand, and a portfolio.
type signing struct {
	t *testing.T
	*simulate.World
	folio *portfolio.Portfolio
	opt   plan.SignInOptions
	inner bool // doors open to accounts with their baselines alone
}

func (s *signing) SignIn(ctx context.Context) (identity.Seen, error) {
	return s.Client().SignIn(ctx, "us-east-1")
}

func newSigning(t *testing.T, profile, text string) *signing {
	t.Helper()
	p, err := simaws.ProfileNamed(profile)
	if err != nil {
		t.Fatal(err)
	}
	folio, err := portfolio.Parse("f", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	w, err := simulate.NewWorld(simaws.Config{Profile: p, Seed: 1, Organization: true, ManagementAccount: "111122223333", AccountQuota: len(folio.Customers) + 10})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close() })
	s := &signing{t: t, World: w, folio: folio}
	s.vend()
	return s
}

// vend makes the accounts.
func (s *signing) vend() {
	s.t.Helper()
	want := blueprint.From(s.folio)
	seen, err := s.Observe(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	todo, err := plan.Make(want, seen, plan.Options{})
	if err != nil {
		s.t.Fatal(err)
	}
	if out, err := apply.Rounds(s.t.Context(), s.World, want, todo, seen, apply.Options{Rules: s.Rules(), Seed: 1}); err != nil || !out.Complete() {
		s.t.Fatalf("vend: %v, left %+v", err, out.Left)
	}
}

// doors are into which accounts people may be let now.
func (s *signing) doors() map[string]identity.Door {
	s.t.Helper()
	seen, err := s.Observe(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	want := blueprint.From(s.folio)
	if !s.inner {
		return verify.Doors(want, seen, verify.Organization(want, seen), nil)
	}
	b := s.baselines()
	if err := b.Look(s.t.Context(), seen); err != nil {
		s.t.Fatal(err)
	}
	return verify.Doors(want, seen, verify.Organization(want, seen), b.Last.Lacks)
}

func (s *signing) baselines(keys ...string) *apply.Baselines {
	return apply.NewBaselines(s.World, blueprint.From(s.folio), s.folio.Organization.Regions, s.Rules(), 1, keys...)
}

func (s *signing) plan(seen identity.Seen) (*plan.Plan, error) {
	want, _ := identity.From(s.folio)
	return plan.SignIn(want, seen, s.doors(), s.opt)
}

func (s *signing) run() (apply.Outcome, error) {
	s.t.Helper()
	seen, err := s.SignIn(s.t.Context())
	if err != nil {
		return apply.Outcome{}, err
	}
	first, err := s.plan(seen)
	if err != nil {
		return apply.Outcome{}, err
	}
	return apply.SignIn(s.t.Context(), s, first, s.plan, apply.Options{Rules: s.Rules(), Seed: 1})
}

func (s *signing) done() {
	s.t.Helper()
	if out, err := s.run(); err != nil || !out.Complete() {
		s.t.Fatalf("sign-in: %v; failures %v; left %+v", err, out.Failures, out.Left)
	}
}

// access is who may enter which account as what, worked out from what is there
// alone: one line a person, account and permission set.
func (s *signing) access() string {
	s.t.Helper()
	seen, err := s.SignIn(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	names, sets, accounts := map[string]string{}, map[string]string{}, map[string]string{}
	for _, u := range seen.Users {
		names[u.ID] = u.Name
	}
	for _, p := range seen.Sets {
		sets[p.ARN] = fmt.Sprintf("%s%v%v%s%v", p.Name, p.Policies, p.Session, p.Inline, p.Outdated)
	}
	o, err := s.Observe(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	for _, a := range o.Accounts {
		accounts[string(a.ID)] = a.Tags["landlord:customer"]
	}
	lines := map[string]bool{}
	for _, a := range seen.Assignments {
		for _, m := range seen.Members {
			if m.Group == a.Group {
				lines[fmt.Sprintf("%s enters %s with %s", names[m.User], accounts[string(a.Account)], sets[a.Set])] = true
			}
		}
	}
	return strings.Join(slices.Sorted(maps.Keys(lines)), "\n")
}

const wantAccess = `ada@zed.example enters zed with landlord-admin[arn:aws:iam::aws:policy/AdministratorAccess]4h0m0s[]
ada@zed.example enters zed with landlord-billing[arn:aws:iam::aws:policy/job-function/Billing]4h0m0s[]
bob@zed.example enters zed with landlord-read-only[arn:aws:iam::aws:policy/ReadOnlyAccess]8h0m0s[]
eve@zed.example enters zed with landlord-read-only[arn:aws:iam::aws:policy/ReadOnlyAccess]8h0m0s[]
john@acme.example enters acme with landlord-admin[arn:aws:iam::aws:policy/AdministratorAccess]4h0m0s[]`

func TestSignIn(t *testing.T) {
	s := newSigning(t, "typical", peopled)
	began := s.Clock.Now()
	s.done()
	if got := s.access(); got != wantAccess {
		t.Errorf("access is\n%s\nwant\n%s", got, wantAccess)
	}
	if took := s.Clock.Now().Sub(began); took > 5*time.Minute {
		t.Errorf("it took %v", took)
	}
	for op, n := range s.Server.Metrics().Throttled {
		if strings.HasPrefix(op, "sso:") || strings.HasPrefix(op, "identitystore:") {
			t.Errorf("%d calls of %s were throttled", n, op)
		}
	}
	seen, _ := s.SignIn(t.Context())
	if again, err := s.plan(seen); err != nil || !again.Empty() || len(again.Changes) > 0 {
		t.Errorf("a second plan has %+v, %v", again, err)
	}
}

// TestSignInSurvivesAnything: with connections cut and the process killed anywhere,
// a run that is begun again comes to the same end, and nothing is there twice.
func TestSignInSurvivesAnything(t *testing.T) {
	cut := errors.New("connection reset by peer")
	for seed := range uint64(60) {
		s := newSigning(t, "typical", peopled)
		r := rand.New(rand.NewPCG(seed, 0))
		share := r.Float64() / 4
		kill := r.IntN(80)
		calls := 0
		s.Meddle = func(_ *http.Request, next func() (*http.Response, error)) (*http.Response, error) {
			if calls++; calls == kill {
				return nil, context.Canceled
			}
			switch x := r.Float64(); {
			case x < share/2:
				return nil, cut
			case x < share:
				if answer, err := next(); err == nil {
					answer.Body.Close()
				}
				return nil, cut
			}
			return next()
		}
		seen, err := s.SignIn(t.Context())
		if err == nil {
			var first *plan.Plan
			if first, err = s.plan(seen); err == nil {
				ctx, stop := context.WithCancel(t.Context())
				rounds := 0
				_, _ = apply.SignIn(ctx, s, first, s.plan, apply.Options{Rules: s.Rules(), Seed: seed, Watch: func([]execute.Event) {
					if rounds++; rounds > kill {
						stop()
					}
				}})
				stop()
			}
		}
		s.Meddle = nil
		s.Reconnect()
		s.done()
		if got := s.access(); got != wantAccess {
			t.Errorf("seed %d: access is\n%s\nwant\n%s", seed, got, wantAccess)
		}
		end, err := s.SignIn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if len(end.Users) != 4 || len(end.Groups) != 4 || len(end.Sets) != 3 || len(end.Assignments) != 4 {
			t.Errorf("seed %d: there are %d users, %d groups, %d permission sets, %d assignments; want 4, 4, 3, 4", seed, len(end.Users), len(end.Groups), len(end.Sets), len(end.Assignments))
		}
	}
}

// TestJoinersAndLeavers: a person's access follows the file, and a customer's what
// becomes of the customer.
func TestJoinersAndLeavers(t *testing.T) {
	s := newSigning(t, "instant", peopled)
	s.done()
	edit := func(old, now string) {
		t.Helper()
		text := strings.Replace(peopled, old, now, 1)
		if text == peopled {
			t.Fatalf("no %q in the file", old)
		}
		folio, err := portfolio.Parse("f", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		s.folio = folio
	}
	has := func(line string, want bool) {
		t.Helper()
		if got := s.access(); strings.Contains(got, line) != want {
			t.Errorf("%q is there: %t, want %t, in\n%s", line, !want, want, got)
		}
	}
	edit("      - {email: eve@zed.example, roles: [read-only]}\n", "      - {email: new@zed.example, roles: [read-only]}\n")
	s.done()
	has("eve@zed.example", false)
	has("new@zed.example enters zed with landlord-read-only", true)
	seen, _ := s.SignIn(t.Context())
	if _, stays := seen.UserOf("eve@zed.example"); !stays {
		t.Error("the user of who left is gone without being asked for")
	}
	s.opt.RemoveUsers = true
	s.done()
	seen, _ = s.SignIn(t.Context())
	if _, stays := seen.UserOf("eve@zed.example"); stays {
		t.Error("the user of who left is there though its end was asked for")
	}
	edit("roles: [admin, billing]", "roles: [billing]")
	s.done()
	has("ada@zed.example enters zed with landlord-admin", false)
	has("ada@zed.example enters zed with landlord-billing", true)

	// Who is suspended is let in no more, and again when resumed.
	edit("sign_in: {}", "sign_in: {session_hours: 2}")
	suspend := func(with func(blueprint.Blueprint) (*plan.Plan, error)) {
		t.Helper()
		want := blueprint.From(s.folio)
		o, _ := s.Observe(t.Context())
		todo, err := with(want)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := apply.Rounds(t.Context(), s.World, want, todo, o, apply.Options{Rules: s.Rules()}); err != nil {
			t.Fatal(err)
		}
	}
	suspend(func(want blueprint.Blueprint) (*plan.Plan, error) {
		o, _ := s.Observe(t.Context())
		return plan.Options{}.Suspend(want, o, "acme")
	})
	s.done()
	has("john@acme.example", false)
	has("ada@zed.example enters zed with landlord-admin[arn:aws:iam::aws:policy/AdministratorAccess]2h0m0s[]", true)
	suspend(func(want blueprint.Blueprint) (*plan.Plan, error) {
		o, _ := s.Observe(t.Context())
		return plan.Resume(want, o, "acme")
	})
	s.done()
	has("john@acme.example enters acme", true)
}

// TestSignInBehindItsBack: what somebody changed of landlord's own is mended, and
// what is not landlord's stays; of what has landlord's name and not its mark the plan
// stops.
func TestSignInBehindItsBack(t *testing.T) {
	s := newSigning(t, "instant", peopled)
	s.done()
	seen, err := s.SignIn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var acme, zed string
	for _, g := range seen.Groups {
		switch g.Name {
		case identity.GroupName("acme", portfolio.RoleAdmin):
			acme = g.ID
		case identity.GroupName("zed", portfolio.RoleAdmin):
			zed = g.ID
		}
	}
	bob, _ := seen.UserOf("bob@zed.example")
	var there string
	for _, a := range seen.Assignments {
		if a.Group == zed {
			there = string(a.Account)
		}
	}
	admin := seen.Sets[slices.IndexFunc(seen.Sets, func(p identity.PermissionSet) bool { return p.Role() == portfolio.RoleAdmin })].ARN
	do := func(steps ...plan.Step) {
		t.Helper()
		m := execute.New(steps, s.Rules(), 1)
		if err := s.Execute(t.Context(), m, nil); err != nil || len(m.Failures()) > 0 {
			t.Fatalf("%v, %v", err, m.Failures())
		}
	}
	do(plan.Step{Kind: plan.JoinGroup, Target: plan.Ref(acme), From: plan.Ref(bob.ID)}, // zed's person among acme's
		plan.Step{ID: 1, Kind: plan.AssignGroup, Target: plan.Ref(admin), From: plan.Ref(acme), To: plan.Ref(there)}, // acme's group in zed's account
		plan.Step{ID: 2, Kind: plan.AttachToSet, Target: plan.Ref(admin), Name: "arn:aws:iam::aws:policy/IAMFullAccess"},
		plan.Step{ID: 3, Kind: plan.CreateGroup, Makes: "@g", Name: "theirs", Text: "somebody's"},
		plan.Step{ID: 4, Kind: plan.CreateUser, Makes: "@u", Email: "stranger@x.example"},
		plan.Step{ID: 5, Kind: plan.JoinGroup, Target: "@g", From: "@u", After: []int{3, 4}},
		plan.Step{ID: 6, Kind: plan.CreateSet, Makes: "@s", Name: "theirs", Text: "theirs", Session: "PT1H"},
		plan.Step{ID: 7, Kind: plan.AssignGroup, Target: "@s", From: "@g", To: plan.Ref(there), After: []int{3, 6}})
	s.done()
	if got := s.access(); got != wantAccess {
		t.Errorf("access is\n%s\nwant\n%s", got, wantAccess)
	}
	seen, _ = s.SignIn(t.Context())
	if !slices.ContainsFunc(seen.Groups, func(g identity.Group) bool { return g.Name == "theirs" }) || !slices.ContainsFunc(seen.Sets, func(p identity.PermissionSet) bool { return p.Name == "theirs" && p.Tags["landlord:role"] == "" }) {
		t.Errorf("what is not landlord's is gone: %+v, %+v", seen.Groups, seen.Sets)
	}
	do(plan.Step{Kind: plan.CreateGroup, Makes: "@g", Name: identity.GroupName("none", portfolio.RoleReadOnly), Text: "mine"})
	seen, _ = s.SignIn(t.Context())
	if _, err := s.plan(seen); err == nil || !strings.Contains(err.Error(), "has the name of one of landlord's and not its mark") {
		t.Errorf("a group that has landlord's name and not its mark: %v", err)
	}
}

// TestGroupsEnterNothingElse: a group of landlord's is assigned its role's permission
// set in its customer's account and nothing else: not another role's, not somebody
// else's set, not under a key that the customer had before. Until that is so, verify
// says it.
func TestGroupsEnterNothingElse(t *testing.T) {
	type place struct{ readers, account, admin, other plan.Ref }
	do := func(s *signing, steps ...plan.Step) {
		t.Helper()
		m := execute.New(steps, s.Rules(), 1)
		if err := s.Execute(t.Context(), m, nil); err != nil || len(m.Failures()) > 0 {
			t.Fatalf("%v, %v", err, m.Failures())
		}
	}
	for _, c := range []struct {
		name string
		harm func(*signing, place)
	}{
		{"another role's set", func(s *signing, p place) {
			do(s, plan.Step{Kind: plan.AssignGroup, Target: p.admin, From: p.readers, To: p.account})
		}},
		{"somebody else's set", func(s *signing, p place) {
			do(s, plan.Step{Kind: plan.CreateSet, Makes: "@s", Name: "admin", Text: "theirs", Session: "PT1H"},
				plan.Step{ID: 1, Kind: plan.AssignGroup, Target: "@s", From: p.readers, To: p.account, After: []int{0}})
		}},
		{"a second set that says it is the role's", func(s *signing, p place) {
			do(s, plan.Step{Kind: plan.CreateSet, Makes: "@s", Name: "zz-theirs", Text: "theirs", Session: "PT1H", Tags: org.Tags{org.TagRole: portfolio.RoleReadOnly}},
				plan.Step{ID: 1, Kind: plan.AssignGroup, Target: "@s", From: p.readers, To: p.account, After: []int{0}})
		}},
		{"the group of a key that the customer had", func(s *signing, p place) {
			s.folio.Customers[1].Formerly = []string{"zed-old"}
			do(s, plan.Step{Kind: plan.CreateGroup, Makes: "@g", Name: identity.GroupName("zed-old", portfolio.RoleAdmin), Text: identity.Describe("zed-old", portfolio.RoleAdmin)},
				plan.Step{ID: 1, Kind: plan.JoinGroup, Target: "@g", From: p.other, After: []int{0}},
				plan.Step{ID: 2, Kind: plan.AssignGroup, Target: p.admin, From: "@g", To: p.account, After: []int{0}})
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSigning(t, "instant", peopled)
			s.done()
			seen, err := s.SignIn(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			readers := seen.Groups[slices.IndexFunc(seen.Groups, func(g identity.Group) bool { return g.Name == identity.GroupName("zed", portfolio.RoleReadOnly) })].ID
			account := seen.Assignments[slices.IndexFunc(seen.Assignments, func(a identity.Assignment) bool { return a.Group == readers })].Account
			admin := seen.Sets[slices.IndexFunc(seen.Sets, func(p identity.PermissionSet) bool { return p.Role() == portfolio.RoleAdmin })].ARN
			john, _ := seen.UserOf("john@acme.example")
			c.harm(s, place{plan.Ref(readers), plan.Ref(account), plan.Ref(admin), plan.Ref(john.ID)})
			if got := s.access(); got == wantAccess {
				t.Fatal("nothing was broken")
			}
			if fault := s.fault("zed"); fault == "" {
				t.Errorf("verify says nothing of\n%s", s.access())
			}
			s.done()
			if got, fault := s.access(), s.fault("zed"); got != wantAccess || fault != "" {
				t.Errorf("access is\n%s\nwant\n%s; verify says %q", got, wantAccess, fault)
			}
		})
	}
}

// fault is what verify says of who may enter a customer's account.
func (s *signing) fault(key string) string {
	s.t.Helper()
	seen, err := s.SignIn(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	want, _ := identity.From(s.folio)
	for _, k := range verify.People(want, seen, s.doors()) {
		if k.Customer == key {
			return k.Fault
		}
	}
	s.t.Fatalf("verify has no check of %s", key)
	return ""
}
