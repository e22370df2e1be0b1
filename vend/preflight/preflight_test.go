package preflight_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"landlord/internal/limits"
	"landlord/org"
	"landlord/portfolio"
	"landlord/simaws"
	"landlord/simulate"
	"landlord/vend/apply"
	"landlord/vend/blueprint"
	"landlord/vend/plan"
	"landlord/vend/preflight"
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

func set(t *testing.T, list []preflight.Limit, name string, value int) []preflight.Limit {
	t.Helper()
	list, err := preflight.Settings(list, name, value)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func finding(t *testing.T, r preflight.Report, name string) preflight.Finding {
	t.Helper()
	i := slices.IndexFunc(r.Findings, func(f preflight.Finding) bool { return f.Name == name })
	if i < 0 {
		t.Fatalf("no finding of %s", name)
	}
	return r.Findings[i]
}

// random is an organization in which some of p's customers, and things of
// others, are there already.
func random(r *rand.Rand, p *portfolio.Portfolio) org.Organization {
	seen := org.Organization{ID: "o-1", Management: "111122223333", Root: "r-1", SCPs: r.IntN(2) == 0}
	seen.Accounts = append(seen.Accounts, org.Account{ID: "111122223333", Name: "management", Email: "m@m.example", State: org.Active, Parent: "r-1"})
	want := blueprint.From(p)
	for i, c := range want.Customers {
		if r.IntN(4) == 0 {
			seen.Accounts = append(seen.Accounts, org.Account{ID: org.AccountID(fmt.Sprintf("%012d", i)), Name: c.Name, Email: c.Email, State: org.Active, Parent: "r-1", Tags: c.Tags})
		}
	}
	for i := range r.IntN(4) {
		seen.Accounts = append(seen.Accounts, org.Account{ID: org.AccountID(fmt.Sprintf("9%011d", i)), Name: fmt.Sprint("other ", i), Email: fmt.Sprintf("o%d@o.example", i), State: org.Closed, Parent: "r-1"})
	}
	for i, u := range randomUnits(want) {
		if r.IntN(3) == 0 {
			u.ID, u.Parent, u.SCPs = fmt.Sprint("ou-1-", i), "r-1", []string{org.FullAccess}
			seen.Units = append(seen.Units, u)
		}
	}
	for i := range r.IntN(3) {
		seen.Units = append(seen.Units, org.Unit{ID: fmt.Sprint("ou-9-", i), Name: fmt.Sprint("Other ", i), Parent: "r-1"})
	}
	for i, policy := range want.Policies() {
		if r.IntN(3) == 0 {
			seen.Policies = append(seen.Policies, org.Policy{ID: fmt.Sprint("p-", i), Name: policy.Name, Document: policy.Document, Tags: org.Tags{org.TagFramework: policy.Framework}})
		}
	}
	return seen
}

// randomUnits are the units of want, without ids.
func randomUnits(want blueprint.Blueprint) []org.Unit {
	var units []org.Unit
	for _, u := range want.Units {
		units = append(units, org.Unit{Name: u.Name, Tags: u.Tags})
	}
	return units
}

// TestFirstThatFails: the first customer that a limit does not let be is the
// first for whom a plan made of so many customers goes beyond it. The plan is
// the planner's, not this package's.
func TestFirstThatFails(t *testing.T) {
	p := load(t, five)
	const most = 23
	reached, exceeded := map[string]int{}, map[string]int{}
	for seed := range uint64(150) {
		r := rand.New(rand.NewPCG(seed, 0))
		seen := random(r, p)
		list := preflight.Known(limits.Present(), "us-east-1")
		values := map[string]int{}
		for name, span := range map[string]int{preflight.Accounts: 26, "units": 9, "policies": 6, "email": 40} {
			values[name] = 1 + r.IntN(span)
			list = set(t, list, name, values[name])
		}
		grown := simulate.Scale(p, most)
		report := preflight.Check(preflight.Question{Grown: blueprint.From(grown), Target: 1 + r.IntN(most), Seen: seen, Limits: list, Quotas: limits.Present()})
		first, bare := map[string]int{}, without(seen, blueprint.From(grown))
		for n := 1; n <= most; n++ {
			some := simulate.Scale(p, n)
			want := blueprint.From(some)
			for _, c := range grown.Customers[n:] { // or the planner asks who they are
				want.Departed = append(want.Departed, c.Key)
			}
			needs := func(seen org.Organization) map[string]int {
				todo, err := plan.Make(want, seen, plan.Options{})
				if err != nil {
					t.Fatalf("seed %d: %v", seed, err)
				}
				needs := map[string]int{
					preflight.Accounts: max(len(seen.Accounts), 1) + todo.Count(plan.Create, plan.AnAccount),
					"units":            len(seen.Units) + todo.Count(plan.Create, plan.AUnit),
					"policies":         len(seen.Policies) + todo.Count(plan.Create, plan.APolicy),
					"email":            0,
				}
				for _, c := range some.Customers {
					needs["email"] = max(needs["email"], len(c.Email))
				}
				return needs
			}
			begun, anew := needs(seen), needs(bare)
			there := map[string]int{preflight.Accounts: len(seen.Accounts), "units": len(seen.Units), "policies": len(seen.Policies)}
			for name, needed := range begun {
				stops := needed
				if there[name] > values[name] { // whom would the limit have let be?
					stops = anew[name]
					exceeded[name]++
				}
				if stops > values[name] && first[name] == 0 {
					first[name] = n
				}
				if n == report.Target && finding(t, report, name).Needed != needed {
					t.Errorf("seed %d: %d customers need %d %s, the plan %d", seed, n, finding(t, report, name).Needed, name, needed)
				}
			}
		}
		for name := range values {
			got := finding(t, report, name)
			if got.First != first[name] || got.Stops != (first[name] > 0 && first[name] <= report.Target) {
				t.Errorf("seed %d: %s stops at %d (%t), the plans at %d of %d", seed, name, got.First, got.Stops, first[name], report.Target)
			}
			if got.First > 1 {
				reached[name]++
			}
		}
	}
	for name, n := range reached {
		if n < 10 {
			t.Errorf("only %d seeds reached the limit of %s in the middle: the test looks past it", n, name)
		}
	}
	if len(reached) != 4 || len(exceeded) != 3 {
		t.Errorf("reached only %v, exceeded only %v", reached, exceeded)
	}
	for _, there := range []int{0, 5} {
		if f := finding(t, stand(t, p, there, 8, "detective", 4), "detective"); f.Fits != 3 || f.First != 4 {
			t.Errorf("%d of 8 customers there: %d fit under a limit of 4 accounts, %d is the first that does not; want 3, 4", there, f.Fits, f.First)
		}
	}
	for _, there := range []int{0, 9_999, 10_000} {
		if f := finding(t, stand(t, p, there, 12_000, "config-aggregator", 10_000), "config-aggregator"); f.Fits != 9_999 || f.First != 10_000 {
			t.Errorf("%d of 12,000 customers there: a Config aggregator takes %d, %d is the first that it does not; want 9,999, 10,000", there, f.Fits, f.First)
		}
	}
}

// stand is what is found for so many customers, the first of whom have accounts.
func stand(t *testing.T, p *portfolio.Portfolio, there, target int, name string, value int) preflight.Report {
	t.Helper()
	want := blueprint.From(simulate.Scale(p, target))
	seen := org.Organization{ID: "o-1", Root: "r-1", Management: want.Management, Accounts: []org.Account{{ID: want.Management, State: org.Active, Parent: "r-1"}}}
	for i, c := range want.Customers[:there] {
		seen.Accounts = append(seen.Accounts, org.Account{ID: org.AccountID(fmt.Sprintf("%012d", i+1)), Name: c.Name, Email: c.Email, State: org.Active, Parent: "r-1", Tags: c.Tags})
	}
	list := set(t, preflight.Known(limits.Present(), "us-east-1"), name, value)
	return preflight.Check(preflight.Question{Grown: want, Target: target, Seen: seen, Limits: list, Quotas: limits.Present()})
}

// without is what is there but for what is the customers' or made for them.
func without(seen org.Organization, want blueprint.Blueprint) org.Organization {
	own, units := want.Owners(seen).Of, want.Standing(seen).Of
	seen.Accounts = slices.DeleteFunc(slices.Clone(seen.Accounts), func(a org.Account) bool {
		return slices.ContainsFunc(want.Customers, func(c blueprint.Customer) bool { return own[c.Key].ID == a.ID })
	})
	seen.Units = slices.DeleteFunc(slices.Clone(seen.Units), func(u org.Unit) bool {
		return slices.ContainsFunc(want.Units, func(w blueprint.Unit) bool { return units[w.Key].ID == u.ID })
	})
	seen.Policies = slices.DeleteFunc(slices.Clone(seen.Policies), func(p org.Policy) bool {
		return slices.ContainsFunc(want.Tiers, func(t blueprint.Tier) bool { return t.Carries(p.Name) })
	})
	return seen
}

// TestApplyStopsThere: against a simulated AWS with a low quota an apply really
// makes as many accounts, or units, as fit, and no more.
func TestApplyStopsThere(t *testing.T) {
	p := load(t, five)
	for _, row := range []struct {
		name     string
		accounts int
		units    int
	}{
		{"one account, the management's", 1, 0}, {"four accounts", 4, 0}, {"six accounts, as many as are needed", 6, 0},
		{"one unit", 0, 1}, {"three units", 0, 3}, {"four units, as many as are needed", 0, 4},
	} {
		quotas := limits.Present()
		list := preflight.Known(quotas, "us-east-1")
		list = set(t, list, preflight.Accounts, 100)
		if row.accounts > 0 {
			list = set(t, list, preflight.Accounts, row.accounts)
		}
		if row.units > 0 {
			quotas.Units = row.units
			list = set(t, list, "units", row.units)
		}
		profile, err := simaws.ProfileNamed("instant")
		if err != nil {
			t.Fatal(err)
		}
		made := func(n int) (accounts int, whole bool) {
			w, err := simulate.NewWorld(simaws.Config{Profile: profile, Seed: 1, Organization: true, Quotas: quotas, AccountQuota: row.accounts, ManagementAccount: "111122223333"})
			if err != nil {
				t.Fatal(err)
			}
			defer w.Close()
			want := blueprint.From(simulate.Scale(p, n))
			seen, err := w.Observe(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			todo, err := plan.Make(want, seen, plan.Options{})
			if err != nil {
				t.Fatal(err)
			}
			out, err := apply.Rounds(context.Background(), w, want, todo, seen, apply.Options{Rules: w.Rules(), Seed: 1})
			if err != nil {
				t.Fatal(err)
			}
			return len(out.Seen.Accounts) - 1, out.Complete()
		}
		report := preflight.Check(preflight.Question{Grown: blueprint.From(p), Target: 5, Limits: list, Quotas: quotas,
			Seen: org.Organization{ID: "o-1", Accounts: []org.Account{{ID: "111122223333"}}}})
		first := 0
		for n := 1; n <= 5 && first == 0; n++ {
			if _, whole := made(n); !whole {
				first = n
			}
		}
		got := 0
		if stops := report.Stops(); len(stops) > 0 {
			got = stops[0].First
		}
		if got != first {
			t.Errorf("%s: preflight says customer %d is the first that fails, an apply says %d", row.name, got, first)
		}
		if accounts, _ := made(5); row.accounts > 0 && first > 0 && accounts != report.Stops()[0].Fits {
			t.Errorf("%s: an apply of all made %d accounts, %d fit", row.name, accounts, report.Stops()[0].Fits)
		}
	}
}

// TestWhatAWSSaid: whose word a limit is decides what follows from it.
func TestWhatAWSSaid(t *testing.T) {
	p := load(t, five)
	quota := preflight.Quota{Service: preflight.Organizations, Code: limits.AccountsQuotaCode, Value: 4, Adjustable: true}
	byDefault, low := quota, quota
	byDefault.Default, low.Value = true, 1
	accounts := []org.Account{{ID: "111122223333"}, {ID: "999900001111"}}
	for _, row := range []struct {
		name  string
		told  preflight.Told
		set   int
		first int
		sure  bool
		basis preflight.Basis
		ask   int
	}{
		{"AWS says four", preflight.Told{Quotas: []preflight.Quota{quota}}, 0, 3, true, preflight.Read, 7},
		{"AWS says what everybody gets", preflight.Told{Quotas: []preflight.Quota{byDefault}}, 0, 3, false, preflight.Default, 7},
		{"AWS says nothing: ten, as published", preflight.Told{}, 0, 0, false, preflight.Published, 0},
		{"AWS says fewer than are there", preflight.Told{Quotas: []preflight.Quota{low}}, 0, 0, true, preflight.Read, 0},
		{"it was set", preflight.Told{Quotas: []preflight.Quota{quota}}, 5, 4, true, preflight.Set, 0},
	} {
		list := preflight.Known(limits.Present(), "us-east-1")
		if row.set > 0 {
			list = set(t, list, preflight.Accounts, row.set)
		}
		f := finding(t, preflight.Check(preflight.Question{Grown: blueprint.From(p), Target: 5, Seen: org.Organization{ID: "o-1", Accounts: accounts},
			Limits: preflight.Merge(list, row.told), Quotas: limits.Present()}), preflight.Accounts)
		if f.First != row.first || f.Sure() != row.sure || f.Basis != row.basis || f.Ask != row.ask || f.Doubted != (row.name == "AWS says fewer than are there") {
			t.Errorf("%s: first %d, sure %t, %s, ask %d, doubted %t; want %d, %t, %s, %d", row.name, f.First, f.Sure(), f.Basis, f.Ask, f.Doubted, row.first, row.sure, row.basis, row.ask)
		}
	}
}

// TestWhatCounts: closed accounts, invitations and creations under way count; a
// creation that will be a customer's counts once.
func TestWhatCounts(t *testing.T) {
	p := load(t, five)
	want := blueprint.From(p)
	seen := org.Organization{ID: "o-1", Accounts: []org.Account{{ID: "111122223333"}, {ID: "999900001111", State: org.Closed}},
		Creations: []org.Creation{{ID: "car-1", AccountName: want.Customers[1].Name}, {ID: "car-2", AccountName: "somebody else's"}, {ID: "car-3", AccountName: want.Customers[2].Name + " (techgov)"}}}
	f := finding(t, preflight.Check(preflight.Question{Grown: want, Target: 5, Seen: seen, Invited: 2, Limits: preflight.Known(limits.Present(), ""), Quotas: limits.Present()}), preflight.Accounts)
	if f.Used != 7 || f.Needed != 10 { // 2 accounts, 3 creations, 2 invitations; then 3 customers more
		t.Errorf("used %d, needed %d, want 7 and 10", f.Used, f.Needed)
	}
}

// TestClosingsBefore: what landlord closed in the last 30 days has taken its part
// of the quota, what somebody else closed is said.
func TestClosingsBefore(t *testing.T) {
	now := time.Date(2026, 6, 30, 0, 0, 0, 0, time.UTC)
	seen := org.Organization{ID: "o-1", Seen: now, Accounts: []org.Account{{ID: "111122223333"}, {ID: "100000000000", State: org.Closed}}}
	for i := range 240 {
		at := now.AddDate(0, 0, -29)
		if i >= 200 {
			at = now.AddDate(0, 0, -31)
		}
		seen.Accounts = append(seen.Accounts, org.Account{ID: org.AccountID(fmt.Sprint(200000000000 + i)), State: org.Closed, Tags: org.Tags{org.TagClosed: org.TagTime(at)}})
	}
	for customers, takes := range map[int]time.Duration{50: 0, 51: 30 * 24 * time.Hour, 300: 30 * 24 * time.Hour, 301: 60 * 24 * time.Hour} {
		f := finding(t, preflight.Check(preflight.Question{Grown: blueprint.From(simulate.Scale(load(t, five), customers)), Target: customers, Seen: seen,
			Limits: preflight.Known(limits.Present(), ""), Quotas: limits.Present(), Now: now}), preflight.Closings)
		if f.Used != 200 || f.Value != 250 || f.Takes != takes || !strings.Contains(f.Note, "1 more closed by somebody else") {
			t.Errorf("%d customers: %d of %d used, all close in %v, want 200 of 250 and %v: %s", customers, f.Used, f.Value, f.Takes, takes, f.Note)
		}
	}
}

// TestWhen: the pace of creation and of growth tell when a limit is reached.
func TestWhen(t *testing.T) {
	p := load(t, five)
	now := time.Date(2026, 1, 1, 15, 0, 0, 0, time.UTC)
	list := set(t, preflight.Known(limits.Present(), ""), preflight.Accounts, 1001)
	r := preflight.Check(preflight.Question{Grown: blueprint.From(simulate.Scale(p, 12_000)), Target: 12_000, Seen: org.Organization{}, Limits: list, Quotas: limits.Present(), Growth: 100, Now: now})
	f := finding(t, r, preflight.Accounts)
	if f.First != 1001 || f.Within != 9980*time.Second || f.Reached.Format(time.DateOnly) != "2026-11-01" {
		t.Errorf("first %d within %v on %v", f.First, f.Within, f.Reached)
	}
	for name, want := range map[string]time.Duration{
		"creations":         119_970 * time.Second,
		"config-weekly":     11 * 7 * 24 * time.Hour,
		preflight.Closings:  11 * 30 * 24 * time.Hour,
		"creations-at-once": 153_737 * time.Second,
	} {
		if got := finding(t, r, name).Takes.Round(time.Second); got != want {
			t.Errorf("%s takes %v, want %v", name, got, want)
		}
	}
	if !strings.HasPrefix(r.Verdict(), "12,000 customers: stops after 1,000 (accounts in the organization: 1,001 allowed, 12,001 needed)") {
		t.Error(r.Verdict())
	}
}

// TestEveryLimitIsHeldAgainstSomething: each has a source, a name of its own, and
// can be set.
func TestEveryLimitIsHeldAgainstSomething(t *testing.T) {
	for _, name := range limits.QuotaNames() {
		quotas, _ := limits.QuotasNamed(name)
		list := preflight.Known(quotas, "us-east-1")
		names := map[string]bool{}
		for _, l := range list {
			if names[l.Name] || l.Source == "" || l.Title == "" || l.Raise == "" || l.Value < 1 && l.Name != preflight.Closings {
				t.Errorf("limit %+v", l)
			}
			names[l.Name] = true
			set(t, list, l.Name, 7)
		}
		r := preflight.Check(preflight.Question{Grown: blueprint.From(load(t, five)), Target: 5, Limits: list, Quotas: quotas})
		if len(r.Findings) != len(list) || len(r.Stops()) > 0 {
			t.Errorf("%s: %d findings of %d limits; stops: %v", name, len(r.Findings), len(list), r.Stops())
		}
	}
}

// TestDepth: units that are there count as deep as they stand, those that are
// wanted as deep as they will.
func TestDepth(t *testing.T) {
	text := strings.Replace(five, "customers:", "tiers: {fintech: {units: by-region}}\ncustomers:", 1)
	text = strings.Replace(text, "contact: a@a.example}", "contact: a@a.example, region: us-east-1}", 1)
	for _, tt := range []struct {
		name         string
		text         string
		seen         []org.Unit
		used, needed int
		who          string
	}{
		{"nothing is there, tiers are flat", five, nil, 0, 1, "Customers-Fintech"},
		{"a tier is divided", text, nil, 0, 3, "us-east-1"},
		{"others' units are deeper", five, []org.Unit{{ID: "ou-1", Name: "A", Parent: "r-1"}, {ID: "ou-2", Name: "B", Parent: "ou-1"}, {ID: "ou-3", Name: "C", Parent: "ou-2"}}, 3, 3, "C"},
	} {
		f := finding(t, preflight.Check(preflight.Question{Grown: blueprint.From(load(t, tt.text)), Target: 5, Quotas: limits.Present(), Limits: preflight.Known(limits.Present(), ""),
			Seen: org.Organization{ID: "o-1", Root: "r-1", Units: tt.seen}}), "unit-depth")
		if f.Used != tt.used || f.Needed != tt.needed || f.Who != tt.who {
			t.Errorf("%s: %d levels are used, %d needed, for %s; want %d, %d, %s", tt.name, f.Used, f.Needed, f.Who, tt.used, tt.needed, tt.who)
		}
	}
}

// TestLatestRequest: of several requests for a quota the one that was made last is
// shown, in whatever order AWS told them.
func TestLatestRequest(t *testing.T) {
	request := func(id string, day int) preflight.Request {
		return preflight.Request{Service: preflight.Organizations, Code: limits.AccountsQuotaCode, ID: id, Created: time.Date(2026, 1, day, 0, 0, 0, 0, time.UTC)}
	}
	other := preflight.Request{Service: preflight.Organizations, Code: "L-OTHER", ID: "other", Created: time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC)}
	for _, requests := range [][]preflight.Request{{request("old", 1), request("new", 9), other}, {other, request("new", 9), request("old", 1)}} {
		f := finding(t, preflight.Check(preflight.Question{Grown: blueprint.From(load(t, five)), Target: 5, Limits: preflight.Known(limits.Present(), ""), Quotas: limits.Present(), Requests: requests}), preflight.Accounts)
		if f.Request == nil || f.Request.ID != "new" {
			t.Errorf("of %+v it shows %+v", requests, f.Request)
		}
	}
}

// TestClosedAreNoMembers: the quota of closures is a share of the members that
// will be open.
func TestClosedAreNoMembers(t *testing.T) {
	seen := org.Organization{ID: "o-1", Management: "111122223333", Seen: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), Accounts: []org.Account{{ID: "111122223333"}}}
	for i := range 1254 + 100 {
		a := org.Account{ID: org.AccountID(fmt.Sprint(200000000000 + i)), State: org.Active}
		if i >= 1254 {
			a.State = org.Closed
		}
		seen.Accounts = append(seen.Accounts, a)
	}
	f := finding(t, preflight.Check(preflight.Question{Grown: blueprint.From(load(t, five)), Target: 5, Seen: seen, Limits: preflight.Known(limits.Present(), ""), Quotas: limits.Present()}), preflight.Closings)
	if f.Value != 251 { // a fifth of 1,259
		t.Errorf("%d may be closed in 30 days, want 251", f.Value)
	}
}
