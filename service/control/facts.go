package control

import (
	"fmt"
	"slices"
	"strings"

	"landlord/guard/guardrail"
	"landlord/org"
	"landlord/portfolio"
	"landlord/service/store"
	"landlord/vend/blueprint"
	"landlord/vend/plan"
	"landlord/vend/verify"
)

// facts are what a look tells of every customer.
type facts struct {
	look        org.Organization
	customers   []store.Fact
	checks      []store.Check
	guardrails  []store.Guardrail
	foreign     map[string][]string // foreignWords
	faults      []Fault             // of the organization as a whole
	proof       Proof
	passed, all int // checks
}

// A Fault is a check that failed and is about no one customer.
type Fault struct {
	Tier string `json:"tier,omitempty"` // the key of the tier that it is about
	Says string `json:"says"`           // what is wrong and what helps
}

// titles say each check in words that a customer may read.
var titles = map[string]string{
	verify.Account:   "The account exists and is active",
	verify.Unit:      "The account is in the unit of its tier",
	verify.Policies:  "The guardrails of its tier apply to the account",
	verify.Isolation: "No other guardrails apply to the account",
	verify.Tags:      "The account's tags are right",
	verify.Email:     "The root address is the account's own",
	verify.Suspended: "The suspended account can do nothing",
	verify.Exempt:    "An exemption from a guardrail ends when it should",
}

// gather is what a look tells of the customers that are wanted.
func gather(folio *portfolio.Portfolio, want blueprint.Blueprint, seen org.Organization) *facts {
	report := verify.Organization(want, seen)
	f := &facts{look: seen}
	f.passed, f.all = report.Passed()
	f.proof = Proof{Seen: seen.Seen, Cells: report.Matrix}
	paths := unitPaths(seen)
	own := want.Owners(seen)
	others := othersOf(want, seen, own)
	framework := map[string]string{}
	for _, t := range folio.Tiers {
		framework[t.Key] = t.Framework
	}
	tier := map[string]string{}
	closed := map[string]org.Account{}
	for _, a := range seen.Accounts {
		if a.Gone() {
			closed[a.Tags[org.TagCustomer]] = a
		}
	}
	for _, c := range want.Customers {
		tier[c.Key] = c.Tier
		fact := store.Fact{Customer: c.Key, State: store.Wanted, Email: c.Email}
		a, there := report.Account[c.Key]
		if !there {
			a, there = closed[c.Key]
		}
		if there {
			fact.Account, fact.Unit, fact.Email, fact.State = string(a.ID), paths[a.Parent], a.Email, stateOf(seen, a)
		}
		if !there {
			fact.WaitsFor = waitsFor(seen, own, c.Key)
		}
		f.customers = append(f.customers, fact)
	}
	f.foreign = foreignWords(folio)
	f.faults = []Fault{}
	for _, c := range report.Checks {
		if c.Customer == "" && !c.Passed {
			f.faults = append(f.faults, Fault{c.Tier, c.Fault})
		}
		_, open := report.Account[c.Customer]
		_, shut := closed[c.Customer]
		if ended := shut && !open; c.Customer == "" || ended && c.Name != verify.Account {
			continue // of a closed account nothing more is promised
		} else if ended {
			c.Fault = "The account is closed."
		}
		r := store.Check{Customer: c.Customer, Framework: framework[tier[c.Customer]], ID: c.Name, Title: titles[c.Name], Passed: c.Passed, Detail: c.Fault}
		if r.Title == "" {
			r.Title = c.Name
		}
		switch {
		case namesAny(r.Detail, f.foreign[r.Framework]):
			r.Detail = "It is not so: what is not of this tier is on the account or above it."
		case others.names(r.Detail, c.Customer):
			r.Detail = "It is not so, and it has to do with another account. Whoever runs the house sees with `landlord verify` with which."
		}
		f.checks = append(f.checks, r)
	}
	for _, p := range want.Policies() {
		for _, r := range p.Rules {
			f.guardrails = append(f.guardrails, store.Guardrail{Framework: p.Framework, Sid: r.Sid, Says: r.Prevents})
		}
	}
	return f
}

// stateOf is the state of a customer who has an account.
func stateOf(seen org.Organization, a org.Account) string {
	_, tagged, denied := plan.Suspension(seen, a)
	switch {
	case a.Gone():
		return store.Closed
	case tagged && denied:
		return store.Suspended
	case a.State == org.Active:
		return store.Active
	}
	return store.Wanted
}

// unitPaths names each unit from below the root, by id.
func unitPaths(seen org.Organization) map[string]string {
	paths := map[string]string{seen.Root: "Root"}
	for _, u := range seen.Units { // parents first
		if above, is := paths[u.Parent]; is && u.Parent != seen.Root {
			paths[u.ID] = above + "/" + u.Name
		} else {
			paths[u.ID] = u.Name
		}
	}
	return paths
}

// foreignWords are, by framework, the words that a customer of it must not read:
// of other frameworks, their tiers, units and policies.
func foreignWords(folio *portfolio.Portfolio) map[string][]string {
	words := map[string][]string{}
	for _, t := range folio.Tiers {
		for _, other := range folio.Tiers {
			if other.Framework != t.Framework {
				words[t.Framework] = append(words[t.Framework], other.Framework, other.Unit, other.Name, other.Key, guardrail.Prefix+guardrail.Slug(other.Framework))
			}
		}
	}
	return words
}

func namesAny(text string, words []string) bool {
	text = strings.ToLower(text)
	return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(text, strings.ToLower(w)) })
}

// sentence says what the checks came to, and of those of the whole organization,
// which no customer's page shows, what is wrong. drift is how many changes would
// mend what is not as wanted.
func (f *facts) sentence(drift int) string {
	s := fmt.Sprintf("%d of %s passed", f.passed, count(f.all, "check"))
	if drift > 0 {
		s += ", " + count(drift, "change") + " would mend what can be"
	}
	if len(f.faults) > 0 {
		s += "; " + f.faults[0].Says + more(len(f.faults)-1)
	}
	return s
}

// driftOf is how many changes there are to make what is there what is wanted.
func driftOf(p *plan.Plan) int { return len(p.Changes) }

// rows are the facts as the store keeps them.
func (f *facts) rows() store.Facts {
	return store.Facts{Customers: f.customers, Checks: f.checks, Guardrails: f.guardrails}
}
