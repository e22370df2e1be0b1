package report

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"landlord/business/economics"
	"landlord/guard/guardrail"
	"landlord/internal/limits"
	"landlord/internal/money"
	"landlord/org"
	"landlord/simulate"
	"landlord/vend/blueprint"
	"landlord/vend/plan"
	"landlord/vend/verify"
)

// operations checks what comes after the deployment, and what isolates customers.
func (a *auditor) operations() []Group {
	return []Group{
		{"Operations", "Post-deployment tasks", []Line{
			a.onboarded.people, a.onboarded.links, a.onboarded.baselines, a.onboarded.reports,
			a.invoices(), a.tickets(),
		}},
		{"Operations", "Customer isolation", []Line{
			a.of("Each customer has an AWS account, and it is active", verify.Account, ""),
			a.of("Each tier has its own unit", verify.Tier, ""),
			a.ownPolicies(),
			a.shown(), a.onboarded.portals,
			a.onboarded.trails, a.onboarded.recorded,
		}},
	}
}

// ownPolicies checks that each framework in use has one policy.
func (a *auditor) ownPolicies() Line {
	var looked, faults []string
	for _, p := range a.want.Policies() {
		n := 0
		for _, have := range a.scenario.Organization.Policies {
			if have.Name == p.Name {
				n++
				looked = append(looked, fmt.Sprintf("policy %s %s for %s", have.Name, have.ID, p.Framework))
			}
		}
		if n != 1 {
			faults = append(faults, fmt.Sprintf("%s policies are called %s", whole(n), p.Name))
		}
	}
	return line("Each framework has its own policy", joined(looked), joined(faults))
}

// shown checks that nothing that the portal shows a customer names another
// framework: the units above its account and what the policies on them forbid, its
// compliance report, and how its people sign in. Whose rows it shows is for the store
// to hold.
func (a *auditor) shown() Line {
	units, words := map[string]org.Unit{}, map[string][]string{}
	for _, u := range a.scenario.Organization.Units {
		units[u.ID] = u
	}
	for _, p := range a.scenario.Organization.Policies {
		for _, target := range p.Targets {
			words[target] = append(words[target], guardrail.Words(p.Document)...)
		}
	}
	seen := 0
	var faults []string
	inUse := frameworks(a.tiers)
	for _, c := range a.file.Customers {
		x, found := a.scenario.Verified.Account[c.Key]
		if !found {
			continue
		}
		seen++
		tier, _ := a.file.Tier(c.Tier)
		for at := x.Parent; units[at].ID != ""; at = units[at].Parent {
			for _, text := range append([]string{units[at].Name}, words[at]...) {
				for _, other := range inUse {
					if other != tier.Framework && names(text, other) {
						faults = append(faults, fmt.Sprintf("%s of %s reads %q", c.Key, tier.Framework, text))
					}
				}
			}
		}
	}
	what := "units and guardrails"
	if a.study.Onboarding != nil {
		what += ", compliance reports and sign-in"
		faults = append(faults, a.onboarded.named...)
	}
	looked := ""
	if seen > 0 {
		looked = fmt.Sprintf(what+" of %s, for the names of %s", count(seen, "customer"), count(len(inUse), "framework"))
	}
	return line("What each customer's portal shows names no other framework", looked, joined(faults))
}

// names tells whether a text has a word, or words, of its own.
func names(text, word string) bool { return mentions(strings.ToLower(text), strings.ToLower(word)) }

// mentions is names of what is in lower case.
func mentions(text, word string) bool {
	part := func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }
	for from := 0; ; {
		at := strings.Index(text[from:], word)
		if at < 0 {
			return false
		}
		at += from
		before, _ := utf8.DecodeLastRuneInString(text[:at])
		after, _ := utf8.DecodeRuneInString(text[at+len(word):])
		if !part(before) && !part(after) {
			return true
		}
		from = at + 1
	}
}

// scaling checks how the deployment went, and states what it costs.
func (a *auditor) scaling() []Group {
	m, e := a.month, a.file.Economics
	efficiency := Group{"Scaling", "Cost efficiency", []Line{
		stated("%s infrastructure for %s", m.Infrastructure.Format(), count(a.n, "customer")),
		stated("%s average revenue a customer", m.Average().Format()),
		stated("Infrastructure is %s of revenue: gross margin %s", percent(m.Infrastructure, m.Revenue, 2), percent(m.GrossProfit(), m.Revenue, 1)),
		stated("That infrastructure does not grow with customers is assumed; by account it would be %s to %s", m.ByAccount(e.AccountCost.Low).Infrastructure.Format(), m.ByAccount(e.AccountCost.High).Infrastructure.Format()),
	}}
	deployment := Group{"Scaling", "Deployment efficiency", []Line{a.phasedTimes(), a.parallel(), a.unthrottled(), a.guarded(), a.converged()}}
	support := Group{"Scaling", "Support efficiency", []Line{
		stated("%s for %s: %s", people(m.People), count(a.n, "customer"), a.staffing()),
		stated("%d min a customer for onboarding, %d of it after the deployment", economics.PerCustomer(e), a.effort.After()/max(a.n, 1)),
		stated("%s min in all after the deployment, done in sequence", whole(a.effort.After())),
	}}
	return []Group{efficiency, deployment, support, {"Scaling", "Tier capacity", []Line{a.capacity()}}}
}

func (a *auditor) phasedTimes() Line {
	var times []string
	for _, s := range a.study.Scenarios {
		if s.Customers() <= max(a.n, 2) {
			times = append(times, fmt.Sprintf("%s in %s", count(s.Customers(), "customer"), minutes(s.Phased.Took)))
		}
	}
	return stated("Phased deployment: %s", list(times))
}

// parallel checks that creations ran beside each other, and no more of them
// than AWS allows.
func (a *auditor) parallel() Line {
	most := atOnce(a.scenario.Bars)
	text := fmt.Sprintf("Accounts are created in parallel, at most %d at once", limits.CreationsInFlight)
	if a.n == 0 {
		return line(text, "", "")
	}
	looked := fmt.Sprintf("timeline of %s: up to %d at once", count(a.n, "creation"), most)
	switch {
	case most > limits.CreationsInFlight:
		return line(text, looked, fmt.Sprintf("%d creations were in flight at once", most))
	case most < min(a.n, 2) && a.scenario.Took > 0:
		return line(text, looked, "creations ran one after the other")
	}
	return line(text, looked, "")
}

// atOnce is the most account creations that were under way at one moment.
func atOnce(bars []simulate.Bar) int {
	return mostAtOnce(slices.DeleteFunc(slices.Clone(bars), func(b simulate.Bar) bool { return b.Kind != plan.CreateAccount }))
}

// mostAtOnce is the most bars that hold one moment.
func mostAtOnce(bars []simulate.Bar) int {
	type edge struct {
		at time.Duration
		by int
	}
	var edges []edge
	for _, b := range bars {
		edges = append(edges, edge{b.From, 1}, edge{b.To, -1})
	}
	slices.SortFunc(edges, func(a, b edge) int {
		if a.at != b.at {
			return int(a.at - b.at)
		}
		return a.by - b.by // one that ends makes room for one that starts
	})
	now, most := 0, 0
	for _, e := range edges {
		now += e.by
		most = max(most, now)
	}
	return most
}

func (a *auditor) unthrottled() Line {
	looked := fmt.Sprintf("%s of the deployment", count(a.scenario.Calls, "call"))
	fault := ""
	if a.scenario.Throttled > 0 {
		fault = fmt.Sprintf("AWS throttled %s", count(a.scenario.Throttled, "call"))
	}
	return line("AWS throttles no call", looked, fault)
}

// guarded checks on the timeline that a unit carried its tier's policy before
// an account entered it.
func (a *auditor) guarded() Line {
	attached := map[string]time.Duration{}
	for _, b := range a.scenario.Bars {
		if b.Kind == plan.AttachPolicy {
			attached[b.Tier] = max(attached[b.Tier], b.To)
		}
	}
	moves := 0
	var faults []string
	for _, b := range a.scenario.Bars {
		if b.Kind != plan.MoveAccount {
			continue
		}
		moves++
		if at, is := attached[b.Tier]; !is || b.From < at {
			faults = append(faults, fmt.Sprintf("%s entered its unit before the policy of %s held there", b.Customer, a.name(b.Tier)))
		}
	}
	looked := ""
	if moves > 0 {
		looked = fmt.Sprintf("timeline: %s after %s", count(moves, "move"), count(len(attached), "attachment"))
	}
	return line("Guardrails stand before tenants enter", looked, joined(faults))
}

func (a *auditor) converged() Line {
	fault := ""
	if a.scenario.Again > 0 {
		fault = fmt.Sprintf("the second plan has %s", count(a.scenario.Again, "change"))
	}
	return line("A second plan finds nothing left to do", fmt.Sprintf("a plan of the organization as it was read back: %s", count(a.scenario.Again, "change")), fault)
}

// capacity checks the scenario of one tier that holds many.
func (a *auditor) capacity() Line {
	s := a.study.OneTier
	if s == nil {
		return line("A tier holds more than 10 customers without another unit", "", "")
	}
	passed, all := s.Verified.Passed()
	t, _ := a.file.Tier(s.Portfolio.Customers[0].Tier)
	looked := fmt.Sprintf("%s in unit %s of an organization of their own: %d of %d checks passed", count(s.Customers(), "customer"), t.Unit, passed, all)
	fault, how := "", "without another unit"
	units := len(blueprint.From(s.Portfolio).Units)
	if units > 1 {
		how = fmt.Sprintf("in the %s of its regions or segments", count(units, "unit"))
	}
	if passed < all || s.Units() != units || s.Again > 0 {
		fault = fmt.Sprintf("%s, %d of %d checks failed, %s left", count(s.Units(), "unit"), all-passed, all, count(s.Again, "change"))
	}
	return line(fmt.Sprintf("%s holds %s %s", t.Name, count(s.Customers(), "customer"), how), looked, fault)
}

// fixes checks the three critical fixes.
func (a *auditor) fixes() Group {
	contact := map[string]bool{}
	for _, c := range a.file.Customers {
		contact[strings.ToLower(c.Contact)] = true
	}
	created := map[string]bool{}
	for _, b := range a.scenario.Bars {
		if b.Kind == plan.CreateAccount {
			created[b.Customer] = true
		}
	}
	var addresses, ids, badAddresses, badIDs []string
	for _, c := range a.file.Customers {
		x, found := a.scenario.Verified.Account[c.Key]
		if !found {
			badAddresses, badIDs = append(badAddresses, c.Key+" has no account"), append(badIDs, c.Key+" has no account")
			continue
		}
		addresses, ids = append(addresses, x.Email), append(ids, string(x.ID))
		if fault := addressFault(x.Email, contact); fault != "" {
			badAddresses = append(badAddresses, fmt.Sprintf("%s of %s %s", x.Email, c.Key, fault))
		}
		if !x.ID.Valid() || !created[c.Key] {
			badIDs = append(badIDs, fmt.Sprintf("account %s of %s was not allocated by a CreateAccount call", x.ID, c.Key))
		}
	}
	state := a.converged()
	state.Text = "Remote state: none to lose, AWS is the state"
	return Group{"Next steps", "Three critical fixes", []Line{
		line(fmt.Sprintf("E-mail format: root addresses have at most %d characters, are AWS's to take, and none is a contact", limits.EmailLength), some(addresses), joined(badAddresses)),
		line("Account ids are allocated by AWS", some(ids), joined(badIDs)),
		state,
	}}
}

// addressFault tells what is wrong with a root address that was read back.
func addressFault(address string, contact map[string]bool) string {
	switch {
	case len(address) < limits.EmailLeast || len(address) > limits.EmailLength:
		return fmt.Sprintf("has %d characters", len(address))
	case strings.ContainsFunc(address, func(r rune) bool { return r <= ' ' || r > '~' }) || strings.Count(address, "@") != 1:
		return "is not an address that AWS takes"
	case contact[strings.ToLower(address)]:
		return "is a customer's contact"
	}
	return ""
}

// confidence is the share of checks that passed over many random seeds.
func (f *facts) confidence() string {
	c := f.study.Confidence
	return money.Percent(money.Cents(c.Passed), money.Cents(c.All), 0)
}
