package plan_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"landlord/guard/guardrail"
	"landlord/internal/limits"
	"landlord/org"
	"landlord/portfolio"
	"landlord/vend/blueprint"
	"landlord/vend/plan"
	"landlord/vend/verify"
)

var (
	frameworks = []string{"SOC 2", "HIPAA", "FedRAMP", "CIS"}
	divisions  = []string{portfolio.Flat, portfolio.ByRegion, portfolio.BySegment}
	regions    = []string{"", "us-east-1", "eu-west-1"}
	segments   = []string{"", "retail", "us-east-1"} // the last names a unit as a region does
)

// wanted is a random portfolio and what it wants: some tiers, divided somehow,
// some customers in them.
func wanted(r *rand.Rand) (*portfolio.Portfolio, blueprint.Blueprint) {
	p := &portfolio.Portfolio{Organization: portfolio.Organization{Management: "999999999999"}}
	for i := range 1 + r.IntN(4) {
		key := fmt.Sprintf("tier%d", i)
		p.Tiers = append(p.Tiers, portfolio.Tier{Key: key, Framework: frameworks[r.IntN(len(frameworks))], Unit: "Customers-" + key, Units: divisions[r.IntN(len(divisions))]})
	}
	for i := range r.IntN(8) {
		key := fmt.Sprintf("c%d", i)
		p.Customers = append(p.Customers, portfolio.Customer{Key: key, Email: "aws+" + key + "@x.example", AccountName: "Customer " + key,
			Tier: p.Tiers[r.IntN(len(p.Tiers))].Key, Region: regions[r.IntN(len(regions))], Segment: segments[r.IntN(len(segments))], Tags: map[string]string{"team": ""}})
	}
	want := blueprint.From(p)
	if r.IntN(2) == 0 {
		want = packed(want, 2_400+r.IntN(2_000))
	}
	return p, want
}

// packed is want with policies of at most so many characters.
func packed(want blueprint.Blueprint, characters int) blueprint.Blueprint {
	want.Quota.Characters = characters
	want.Tiers = slices.Clone(want.Tiers)
	for i, t := range want.Tiers {
		want.Tiers[i].Policies = guardrail.Pack(t.Framework, t.Rules, characters)
	}
	return want
}

// earlier is what p may have wanted before an edit: other tiers, divided
// otherwise, customers of other regions.
func earlier(r *rand.Rand, p *portfolio.Portfolio) blueprint.Blueprint {
	before := &portfolio.Portfolio{Organization: p.Organization, Tiers: slices.Clone(p.Tiers), Customers: slices.Clone(p.Customers)}
	for i := range before.Tiers {
		if r.IntN(2) == 0 {
			before.Tiers[i].Units = divisions[r.IntN(len(divisions))]
		}
	}
	for i := range before.Customers {
		c := &before.Customers[i]
		if r.IntN(4) == 0 {
			c.Tier, c.Region, c.Segment = p.Tiers[r.IntN(len(p.Tiers))].Key, regions[r.IntN(len(regions))], segments[r.IntN(len(segments))]
		}
	}
	return blueprint.From(before)
}

// carry puts a policy on the list of a unit's own, or of an account's.
func carry(have *org.Organization, policy, unit string) {
	for i := range have.Accounts {
		if a := &have.Accounts[i]; string(a.ID) == unit && len(a.SCPs) > 0 && !slices.Contains(a.SCPs, policy) {
			a.SCPs = append(slices.Clone(a.SCPs), policy)
		}
	}
	for i := range have.Units {
		if u := &have.Units[i]; u.ID == unit && !slices.Contains(u.SCPs, policy) {
			u.SCPs = append(slices.Clone(u.SCPs), policy)
		}
	}
}

// drifted is a random organization that once was like one of wants, or never was.
// The first is the one that is wanted now.
func drifted(r *rand.Rand, wants ...blueprint.Blueprint) org.Organization {
	if r.IntN(10) == 0 {
		return org.Organization{}
	}
	want := wants[0]
	have := org.Organization{ID: "o-1", Root: "r-1", Management: "999999999999", SCPs: r.IntN(3) > 0, Seen: time.Date(2026, 1, 19, 9, 0, 0, 0, time.UTC)}
	have.Accounts = []org.Account{{ID: "999999999999", Name: "Management", State: org.Active, Parent: "r-1"}}
	places := []string{"r-1"}
	have.Units = []org.Unit{{ID: "ou-foreign", Name: "Workloads", Parent: "r-1"}}
	places = append(places, "ou-foreign")
	stands := map[string]string{}
	for _, b := range wants {
		id := map[string]string{"": "r-1"}
		for _, w := range b.Units {
			at := id[w.Parent] + " " + blueprint.Shown(w.Tags)
			if id[w.Parent] == "" {
				continue
			}
			if stands[at] == "" && r.IntN(3) > 0 {
				u := org.Unit{ID: fmt.Sprintf("ou-%d", len(have.Units)), Name: w.Name, Parent: id[w.Parent], Tags: w.Tags, SCPs: []string{org.FullAccess}}
				if r.IntN(5) == 0 {
					u.SCPs = nil
				}
				if r.IntN(5) == 0 || slices.ContainsFunc(have.Units, func(o org.Unit) bool { return o.Parent == u.Parent && o.Name == u.Name }) {
					u.Name = "renamed " + u.ID
				}
				have.Units = append(have.Units, u)
				places = append(places, u.ID)
				stands[at] = u.ID
			}
			id[w.Key] = stands[at]
		}
	}
	if r.IntN(4) == 0 { // somebody else's, within landlord's
		have.Units = append(have.Units, org.Unit{ID: "ou-inner", Name: "Theirs", Parent: places[r.IntN(len(places))]})
		places = append(places, "ou-inner")
	}
	for i := range r.IntN(3) {
		have.Accounts = append(have.Accounts, org.Account{ID: org.AccountID(fmt.Sprintf("8%011d", i)), Name: fmt.Sprint("Theirs ", i), State: org.Active, Parent: places[r.IntN(len(places))]})
	}
	for _, c := range want.Customers {
		if r.IntN(2) == 0 {
			continue
		}
		a := org.Account{ID: org.AccountID(fmt.Sprintf("%012d", len(have.Accounts))), Name: c.Name, Email: c.Email, State: org.Active, Parent: places[r.IntN(len(places))], Tags: org.Tags{}}
		for k, v := range c.Tags {
			if r.IntN(3) > 0 {
				a.Tags[k] = v
			}
		}
		switch r.IntN(6) {
		case 0:
			a.Name = "Customer c" + fmt.Sprint(r.IntN(8)) // perhaps another's
		case 1:
			a.Name = "Somebody"
		case 2:
			a.Tags[org.TagRegion] = "eu-west-1" // which the file no longer says
		case 3:
			a.Tags[org.TagSuspended] = "2026-01-01T00:00:00Z"
		}
		have.Accounts = append(have.Accounts, a)
	}
	if denial := guardrail.Suspended(); have.SCPs && r.IntN(3) == 0 {
		seen := org.Policy{ID: "p-suspended", Name: denial.Name, Document: denial.Document, Tags: org.Tags{org.TagPolicy: guardrail.Purpose}}
		for _, a := range have.Accounts[1:] {
			if r.IntN(3) == 0 {
				seen.Targets = append(seen.Targets, string(a.ID))
			}
		}
		have.Policies = append(have.Policies, seen)
	}
	targets := slices.Clone(places)
	for _, a := range have.Accounts[1:] {
		targets = append(targets, string(a.ID))
	}
	policies := want.Policies()
	if r.IntN(3) == 0 { // made when AWS let a policy have more, or less
		policies = packed(want, 2_400+r.IntN(4_000)).Policies()
	}
	for _, p := range slices.Repeat(policies, 2) {
		if r.IntN(2) == 0 {
			continue
		}
		seen := org.Policy{ID: "p-" + p.Name, Name: p.Name, Document: p.Document, Tags: org.Tags{org.TagFramework: p.Framework}}
		if r.IntN(4) == 0 {
			seen.Document = `{"Version":"2012-10-17","Statement":[]}`
		}
		if twice := slices.ContainsFunc(have.Policies, func(o org.Policy) bool { return o.ID == seen.ID }); twice { // somebody's copy
			seen.ID, seen.Name = "p-copy-"+p.Name, "copy of "+p.Name
		} else if r.IntN(8) == 0 {
			seen.Name = "renamed " + p.Name
		}
		for range r.IntN(4) {
			if t := targets[r.IntN(len(targets))]; have.SCPs && !slices.Contains(seen.Targets, t) {
				foreign := t == "ou-foreign" || t == "ou-inner" // whose own list is not read
				lags := r.IntN(8)                               // now and then one of AWS's two lists lags behind
				if lags != 0 && !foreign {
					carry(&have, seen.ID, t)
				}
				if lags != 1 || foreign || !strings.HasPrefix(t, "ou-") {
					seen.Targets = append(seen.Targets, t)
				}
			}
		}
		have.Policies = append(have.Policies, seen)
	}
	if have.SCPs {
		crowd(r, want, &have)
	}
	return have
}

// crowd attaches somebody else's policies to some accounts, and to some units
// that are not wanted any more, until AWS lets no more be attached, or one.
// An account that is to be suspended keeps room for that.
func crowd(r *rand.Rand, want blueprint.Blueprint, have *org.Organization) {
	fill := func(scps []string, room int) []string {
		scps = slices.Clone(scps)
		for len(scps) < limits.PoliciesPerTarget-room {
			scps = append(scps, fmt.Sprintf("p-theirs-%d", len(scps)))
		}
		return scps
	}
	for i := range have.Accounts {
		a := &have.Accounts[i]
		if a.ID == have.Management || r.IntN(3) > 0 {
			continue
		}
		a.SCPs = []string{org.FullAccess}
		for _, p := range have.Policies {
			if slices.Contains(p.Targets, string(a.ID)) {
				a.SCPs = append(a.SCPs, p.ID)
			}
		}
		room := r.IntN(2)
		if plan.Unsuspended(*have, *a) {
			room = 1 + r.IntN(2)
		}
		a.SCPs = fill(a.SCPs, room)
	}
	for _, old := range want.Standing(*have).Old {
		for i := range have.Units {
			if u := &have.Units[i]; u.ID == old.ID && len(u.SCPs) > 0 && r.IntN(3) == 0 {
				u.SCPs = fill(u.SCPs, r.IntN(2))
			}
		}
	}
}

// full tells whether AWS lets no policy more be attached to a target than those
// of which have tells.
func full(have org.Organization, target string) bool {
	return slices.ContainsFunc(have.Accounts, func(a org.Account) bool {
		return string(a.ID) == target && len(a.SCPs) >= limits.PoliciesPerTarget
	}) || slices.ContainsFunc(have.Units, func(u org.Unit) bool {
		return u.ID == target && len(u.SCPs) >= limits.PoliciesPerTarget
	})
}

// after is what AWS holds when the steps were done in the given order. It
// fails the test when a step comes before what it needs, or when an account
// enters a tier's unit that does not carry the tier's policy, or is under
// another tier's.
func after(t *testing.T, want blueprint.Blueprint, have org.Organization, steps []plan.Step, order []int) org.Organization {
	t.Helper()
	have.Units, have.Accounts, have.Policies = slices.Clone(have.Units), slices.Clone(have.Accounts), slices.Clone(have.Policies)
	ids := map[plan.Ref]string{}
	done := map[int]bool{}
	safe, covered := map[string]bool{}, map[string][]string{}
	there := want.Owners(have).Of
	taken := map[string]bool{have.Root: true}
	for _, u := range have.Units {
		taken[u.ID] = true
	}
	for _, a := range have.Accounts {
		taken[string(a.ID)] = true
	}
	for _, p := range have.Policies {
		taken[p.ID] = true
	}
	judge := func() {
		t.Helper()
		for _, c := range want.Customers {
			safe[c.Key] = kept(t, want, have, c, safe[c.Key])
			if a, exists := there[c.Key]; exists {
				covered[c.Key] = cover(t, want, have, c, *account(have, plan.Ref(a.ID)), covered[c.Key])
			}
		}
	}
	for _, i := range order {
		s := steps[i]
		for _, needed := range s.After {
			if !done[needed] {
				t.Fatalf("step %d was done before step %d", i, needed)
			}
		}
		done[i] = true
		judge()
		s = s.Resolve(ids)
		for _, r := range []plan.Ref{s.Target, s.From, s.To} {
			if r.Pending() {
				t.Fatalf("step %d (%s %s) is done before %s has an id", i, s.Kind, s.Name, r)
			}
		}
		id := fmt.Sprintf("new-%d", i)
		for taken[id] {
			id += "'"
		}
		taken[id] = true
		if s.Makes != "" {
			ids[s.Makes] = id
		}
		switch s.Kind {
		case plan.CreateOrganization:
			have.ID, have.Root = "o-new", id
			have.Management = want.Management
			have.Accounts = append(have.Accounts, org.Account{ID: want.Management, State: org.Active, Parent: id})
		case plan.EnablePolicies:
			have.SCPs = true
			for i := range have.Units { // AWS attaches it everywhere
				have.Units[i].SCPs = []string{org.FullAccess}
			}
		case plan.CreatePolicy:
			have.Policies = append(have.Policies, org.Policy{ID: id, Name: s.Name, Document: s.Document, Tags: s.Tags})
		case plan.UpdatePolicy:
			policy(have, s.Target).Document = s.Document
		case plan.CreateUnit:
			have.Units = append(have.Units, org.Unit{ID: id, Name: s.Name, Parent: string(s.To), Tags: s.Tags, SCPs: []string{org.FullAccess}})
		case plan.RenameUnit:
			have.Units[slices.IndexFunc(have.Units, func(u org.Unit) bool { return u.ID == string(s.Target) })].Name = s.Name
		case plan.DeleteUnit:
			at := slices.IndexFunc(have.Units, func(u org.Unit) bool { return u.ID == string(s.Target) })
			if !blueprint.Ours(have.Units[at]) ||
				slices.ContainsFunc(have.Accounts, func(a org.Account) bool { return a.Parent == string(s.Target) }) ||
				slices.ContainsFunc(have.Units, func(u org.Unit) bool { return u.Parent == string(s.Target) }) {
				t.Fatalf("step %d deletes unit %s, which is not landlord's or not empty", i, s.Name)
			}
			have.Units = slices.Delete(have.Units, at, at+1)
			for i := range have.Policies { // as AWS does
				p := &have.Policies[i]
				p.Targets = slices.DeleteFunc(slices.Clone(p.Targets), func(target string) bool { return target == string(s.Target) })
			}
		case plan.AttachPolicy:
			if !have.SCPs {
				t.Fatalf("step %d attaches a policy before policies are enabled", i)
			}
			if s.Target == org.FullAccess {
				u := &have.Units[slices.IndexFunc(have.Units, func(u org.Unit) bool { return u.ID == string(s.To) })]
				if u.SCPs = append(slices.Clone(u.SCPs), org.FullAccess); len(u.SCPs) == 1 { // the list lagged: now it is read
					for _, p := range have.Policies {
						if slices.Contains(p.Targets, u.ID) {
							u.SCPs = append(u.SCPs, p.ID)
						}
					}
				}
				break
			}
			p := policy(have, s.Target)
			if !slices.Contains(p.Targets, string(s.To)) {
				if full(have, string(s.To)) {
					t.Fatalf("step %d attaches %s to %s, which carries as many as AWS lets", i, s.Name, s.To)
				}
				p.Targets = append(slices.Clone(p.Targets), string(s.To))
			}
			carry(&have, p.ID, string(s.To))
		case plan.DetachPolicy:
			p := policy(have, s.Target)
			p.Targets = slices.DeleteFunc(slices.Clone(p.Targets), func(target string) bool { return target == string(s.To) })
			for k := range have.Accounts {
				if a := &have.Accounts[k]; string(a.ID) == string(s.To) {
					a.SCPs = slices.DeleteFunc(slices.Clone(a.SCPs), func(id string) bool { return id == p.ID })
				}
			}
			for k := range have.Units {
				if u := &have.Units[k]; u.ID == string(s.To) {
					u.SCPs = slices.DeleteFunc(slices.Clone(u.SCPs), func(id string) bool { return id == p.ID })
				}
			}
		case plan.CreateAccount:
			for _, a := range have.Accounts {
				if a.Tags[org.TagCustomer] == s.Customer || strings.EqualFold(a.Email, s.Email) {
					t.Fatalf("step %d creates a second account for %s", i, s.Customer)
				}
			}
			have.Accounts = append(have.Accounts, org.Account{ID: org.AccountID(id), Name: s.Name, Email: s.Email, State: org.Active, Parent: have.Root, Tags: s.Tags})
		case plan.MoveAccount:
			a := account(have, s.Target)
			_, under := inForce(want, have, *a, s.Tier)
			a.Parent = string(s.To)
			guarded(t, want, have, s, under)
		case plan.Tag:
			a := account(have, s.Target)
			merged := org.Tags{}
			for _, tags := range []org.Tags{a.Tags, s.Tags} {
				maps.Copy(merged, tags)
			}
			a.Tags = merged
		case plan.Untag:
			a := account(have, s.Target)
			a.Tags = maps.Clone(a.Tags)
			for _, key := range s.Keys {
				delete(a.Tags, key)
			}
		case plan.TrustService:
			have.Trusted = map[string]bool{s.Name: true}
		case plan.RenameAccount:
			if !have.Trusted["account.amazonaws.com"] {
				t.Fatalf("step %d renames an account before that is allowed", i)
			}
			account(have, s.Target).Name = s.Name
		default:
			t.Fatalf("step %d has an unexpected kind %s", i, s.Kind)
		}
	}
	judge()
	return have
}

func policy(have org.Organization, id plan.Ref) *org.Policy {
	return &have.Policies[slices.IndexFunc(have.Policies, func(p org.Policy) bool { return p.ID == string(id) })]
}

func account(have org.Organization, id plan.Ref) *org.Account {
	return &have.Accounts[slices.IndexFunc(have.Accounts, func(a org.Account) bool { return string(a.ID) == string(id) })]
}

// chain is the units that a is in, from its parent to below the root.
func chain(have org.Organization, a org.Account) []org.Unit {
	var units []org.Unit
	for at := a.Parent; at != have.Root; at = units[len(units)-1].Parent {
		units = append(units, have.Units[slices.IndexFunc(have.Units, func(u org.Unit) bool { return u.ID == at })])
	}
	return units
}

// inForce tells whether the policy of an account's tier holds it by a unit of
// that tier, and the names of the other policies of landlord's that hold it.
func inForce(want blueprint.Blueprint, have org.Organization, a org.Account, tier string) (holds bool, others []string) {
	t := tierOf(want, tier)
	held := map[string]bool{}
	for _, p := range have.Policies {
		if p.Name == guardrail.SuspendedName {
			continue
		}
		if !t.Carries(p.Name) && (slices.Contains(p.Targets, have.Root) || slices.Contains(p.Targets, string(a.ID))) {
			others = append(others, p.Name)
		}
		for _, u := range chain(have, a) {
			switch {
			case !slices.Contains(p.Targets, u.ID):
			case !t.Carries(p.Name):
				others = append(others, p.Name)
			case u.Tags[org.TagTier] == tier:
				held[p.Name] = held[p.Name] || have.SCPs && says(t, p)
			}
		}
	}
	return len(held) == len(t.Policies) && !slices.Contains(slices.Collect(maps.Values(held)), false), others
}

func tierOf(want blueprint.Blueprint, key string) blueprint.Tier {
	return want.Tiers[slices.IndexFunc(want.Tiers, func(t blueprint.Tier) bool { return t.Key == key })]
}

// shuffled is a random order of the steps that keeps to each step's After.
func shuffled(r *rand.Rand, steps []plan.Step) []int {
	done := map[int]bool{}
	var order []int
	for len(order) < len(steps) {
		var ready []int
		for i, s := range steps {
			if !done[i] && !slices.ContainsFunc(s.After, func(b int) bool { return !done[b] }) {
				ready = append(ready, i)
			}
		}
		i := ready[r.IntN(len(ready))]
		done[i] = true
		order = append(order, i)
	}
	return order
}

// FuzzMake checks what every plan promises: in whatever order it is carried
// out, it reaches what was wanted, no account is ever in a tier's unit without
// that tier's policy or under another's, nobody gets a second account, and a
// second plan is empty.
func FuzzMake(f *testing.F) {
	for seed := range uint64(200) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		r := rand.New(rand.NewPCG(seed, 0))
		p, want := wanted(r)
		have := drifted(r, want, earlier(r, p))
		todo, err := plan.Make(want, have, plan.Options{})
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		got := after(t, want, have, todo.Steps, shuffled(r, todo.Steps))
		for _, c := range verify.Organization(want, got).Checks {
			if !c.Passed {
				t.Errorf("seed %d: after the plan, %s of %s%s fails: %s", seed, c.Name, c.Customer, c.Tier, c.Fault)
			}
		}
		stillSuspended(t, seed, have, got)
		returned(t, seed, want, got)
		for _, s := range todo.Steps {
			if s.Kind.Operation() == "CloseAccount" {
				t.Errorf("seed %d: closes %s unasked", seed, s.Name)
			}
		}
		rest, err := plan.Make(want, got, plan.Options{})
		if err != nil {
			t.Fatalf("seed %d: second plan: %v", seed, err)
		}
		if !rest.Empty() {
			t.Errorf("seed %d: a second plan has %v", seed, rest.Changes)
		}
	})
}

// TestStoppedAnywhere stops a plan after each number of steps: a new plan goes
// on and reaches the same, with no account made twice.
func TestStoppedAnywhere(t *testing.T) {
	for seed := range uint64(100) {
		r := rand.New(rand.NewPCG(seed, 1))
		p, want := wanted(r)
		have := drifted(r, want, earlier(r, p))
		todo, err := plan.Make(want, have, plan.Options{})
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		order := shuffled(r, todo.Steps)
		for n := range len(order) {
			half := after(t, want, have, todo.Steps, order[:n])
			rest, err := plan.Make(want, half, plan.Options{})
			if err != nil {
				t.Fatalf("seed %d stopped after %d steps: %v", seed, n, err)
			}
			sameLeft(t, want, half, rest)
			got := after(t, want, half, rest.Steps, shuffled(r, rest.Steps))
			if passed, all := verify.Organization(want, got).Passed(); passed != all {
				t.Errorf("seed %d stopped after %d steps: %d of %d checks pass", seed, n, passed, all)
			}
			returned(t, seed, want, got)
		}
	}
}
