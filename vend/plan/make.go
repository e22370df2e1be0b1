package plan

import (
	"cmp"
	"fmt"
	"slices"

	"landlord/guard/guardrail"
	"landlord/internal/limits"
	"landlord/internal/money"
	"landlord/org"
	"landlord/vend/blueprint"
)

// Make returns the plan from have to want. Carried out in any order that keeps
// to each step's After, it never has an account in a tier's unit without the
// tier's policy, or under another tier's. The error is a *Conflict.
func Make(want blueprint.Blueprint, have org.Organization, opt Options) (*Plan, error) {
	want = want.Exempting(have)
	m := newMaker(want, have, opt)
	own := want.Owners(have)
	m.stand = want.Standing(have)
	m.problems = append(m.problems, m.stand.Conflicts...)
	m.problems = append(m.problems, Denials(have)...)
	m.organization()
	m.policies()
	m.units()
	m.detachments(own)
	m.strays(own)
	for _, c := range own.Conflicts {
		m.problems = append(m.problems, c.Why)
	}
	m.accounts(own)
	m.returned()
	m.removals()
	m.proposals()
	m.orphans(own)
	m.ended()
	return m.done()
}

func newMaker(want blueprint.Blueprint, have org.Organization, opt Options) *maker {
	seen := make(map[string]org.Unit, len(have.Units))
	for _, u := range have.Units {
		seen[u.ID] = u
	}
	return &maker{
		want: want, have: have, opt: opt,
		root:    Ref(have.Root),
		path:    want.Paths(),
		seen:    seen,
		unit:    map[string]Ref{},
		made:    map[string][]int{},
		guards:  map[string][]int{},
		leaves:  map[org.AccountID]int{},
		clears:  map[org.AccountID][]int{},
		movers:  map[org.AccountID][]int{},
		under:   map[org.AccountID]func(Step) bool{},
		taken:   map[string]int{},
		lent:    map[string][]int{},
		on:      map[string][]int{},
		vacated: map[string]int{},
		crowded: map[string]bool{},
		plan:    &Plan{Organization: have.ID, Management: have.Management, Customers: len(want.Customers), Changes: []Change{}, Steps: []Step{}},
	}
}

// done is the plan, unless there are problems.
func (m *maker) done() (*Plan, error) {
	if len(m.problems) > 0 {
		return nil, &Conflict{m.problems}
	}
	return m.plan, nil
}

// maker collects the steps of one plan.
type maker struct {
	want     blueprint.Blueprint
	have     org.Organization
	opt      Options
	plan     *Plan
	problems []string

	root    Ref
	first   []int               // the step that makes the organization, if any
	enabled []int               // the step that enables policies, if any
	policy  map[string]step     // by policy name
	path    map[string]string   // where a unit that is wanted stands, by key
	seen    map[string]org.Unit // the units that stand, by id
	stand   blueprint.Standing
	unit    map[string]Ref                    // by the unit's key
	made    map[string][]int                  // by the unit's key: the step that makes it, if any
	guards  map[string][]int                  // by tier: what must be done before an account may enter any unit of it
	leaves  map[org.AccountID]int             // the step that moves an account that is there
	crowded map[string]bool                   // tiers whose policies are too many
	vacated map[string]int                    // by a unit's id: the step that takes its name from it
	mine    map[string]underway               // by customer: the creation under way that is taken for its own
	told    []int                             // the steps that tell whose those are: no account is created before
	holding bool                              // creations under way may be anybody's: create none
	called  map[string]bool                   // the names that accounts have, and those being created
	trusted []int                             // the step that lets accounts be renamed, once it is there
	deny    *step                             // the policy that denies all, once it is needed
	lent    map[string][]int                  // by target: the steps that put its tier's policies there
	on      map[string][]int                  // by policy: the steps after which it holds on its tiers' units
	carry   []carried                         // the accounts that carry a policy of their tier themselves until they have moved
	taken   map[string]int                    // by target: the policies that this plan lends it
	clears  map[org.AccountID][]int           // the steps that take policies off an account itself
	movers  map[org.AccountID][]int           // the steps that wait until an account has moved to its tier's unit
	under   map[org.AccountID]func(Step) bool // of those: what they need not wait for
}

// step is a thing's ref and the steps it waits for.
type step struct {
	ref   Ref
	after []int
}

// add appends s to the plan and returns its place.
func (m *maker) add(s Step) int {
	s.ID = len(m.plan.Steps)
	slices.Sort(s.After)
	s.After = slices.Compact(s.After)
	m.plan.Steps = append(m.plan.Steps, s)
	return s.ID
}

func (m *maker) change(c Change) { m.plan.Changes = append(m.plan.Changes, c) }

func (m *maker) problem(format string, args ...any) {
	m.problems = append(m.problems, fmt.Sprintf(format, args...))
}

// organization makes the organization and enables policies in it.
func (m *maker) organization() {
	if !m.have.Exists() {
		m.root = rootRef
		m.first = []int{m.add(Step{Kind: CreateOrganization, Makes: rootRef})}
		m.change(Change{Action: Create, Noun: TheOrganization, Name: "all features", Detail: "managed by account " + string(m.want.Management)})
	}
	if !m.have.SCPs && len(m.want.Tiers) > 0 {
		m.enabled = []int{m.add(Step{Kind: EnablePolicies, Target: m.root, After: m.first})}
		m.change(Change{Action: Modify, Noun: TheRoot, Name: "service control policies", Detail: "enabled"})
	}
}

// policies makes and corrects the policies of the tiers in use.
func (m *maker) policies() {
	there := map[string]org.Policy{}
	for _, p := range m.have.Policies {
		there[p.Name] = p
	}
	m.policy = map[string]step{}
	for _, p := range m.want.Policies() {
		tier := m.tierOf(p.Name)
		seen, exists := there[p.Name]
		switch {
		case !exists:
			m.slots(tier)
			id := m.add(Step{Kind: CreatePolicy, Tier: tier, Makes: policyRef(p.Name), After: m.first,
				Name: p.Name, Text: p.Description, Document: p.Document, Tags: org.Tags{org.TagFramework: p.Framework}})
			m.policy[p.Name] = step{policyRef(p.Name), []int{id}}
			m.change(Change{Action: Create, Noun: APolicy, Tier: tier, Name: p.Name, Detail: size(p, cmp.Or(m.want.Quota.Characters, limits.PolicyCharacters))})
		case seen.Tags[org.TagFramework] == "":
			m.problem("policy %s (%s) exists and is not landlord's: it has no tag %s. Rename it, or hand it over with: aws organizations tag-resource --resource-id %s --tags %q",
				p.Name, seen.ID, org.TagFramework, seen.ID, "Key="+org.TagFramework+",Value="+p.Framework)
		case !guardrail.Same(seen.Document, p.Document):
			m.slots(tier)
			id := m.add(Step{Kind: UpdatePolicy, Tier: tier, Target: Ref(seen.ID), Name: p.Name, Text: p.Description, Document: p.Document})
			m.policy[p.Name] = step{Ref(seen.ID), []int{id}}
			m.change(Change{Action: Modify, Noun: APolicy, Tier: tier, Name: p.Name, Detail: "its statements are not the ones wanted" + m.exempt(p)})
		default:
			m.policy[p.Name] = step{ref: Ref(seen.ID)}
		}
	}
}

// slots says that a tier's policies are more than AWS lets be attached to a unit,
// beside the FullAWSAccess that they take from.
func (m *maker) slots(tier string) {
	t := m.want.Tiers[slices.IndexFunc(m.want.Tiers, func(t blueprint.Tier) bool { return t.Key == tier })]
	n, most := len(t.Policies), m.perTarget()
	if n < most || m.crowded[tier] {
		return
	}
	m.crowded[tier] = true
	m.problem("the guardrails of tier %s take %d policies, with the exemptions of its customers; AWS lets %d be attached to its unit, and FullAWSAccess is one of them. Take statements out of its guardrails, or end exemptions", tier, n, most)
}

// ended tells which exemptions of the file have ended.
func (m *maker) ended() {
	for _, c := range m.want.Customers {
		for _, e := range c.Exempt {
			if blueprint.Ended(e, m.have.Seen) {
				m.notice(c.Tier, "customer %s is no longer exempt from %s, since %s. Take the exemption out of the file, or give it a later until", c.Key, e.Statement, e.Until)
			}
		}
	}
}

// exempt says who is left out of which statements of a policy, "" for nobody.
func (m *maker) exempt(p guardrail.Policy) string {
	of := map[string]bool{}
	for _, t := range m.want.Tiers {
		of[t.Key] = t.Carries(p.Name)
	}
	var texts []string
	for _, c := range m.want.Customers {
		for _, e := range c.Exempt {
			if of[c.Tier] && !blueprint.Ended(e, m.have.Seen) {
				texts = append(texts, fmt.Sprintf("%s exempt from %s until %s", c.Key, e.Statement, e.Until))
			}
		}
	}
	if len(texts) == 0 {
		return ""
	}
	return "; " + some(texts)
}

func size(p guardrail.Policy, of int) string {
	statements := "statements"
	if p.Statements == 1 {
		statements = "statement"
	}
	return fmt.Sprintf("%d %s, %s of %s characters", p.Statements, statements,
		money.Group(fmt.Sprint(len(p.Document))), money.Group(fmt.Sprint(of)))
}

// tierOf is the first tier in use that carries the policy.
func (m *maker) tierOf(policy string) string {
	for _, t := range m.want.Tiers {
		if t.Carries(policy) {
			return t.Key
		}
	}
	return ""
}

// attached tells whether a policy is certainly attached to a unit: both lists
// of AWS say so, that of the policy's targets and that of the unit's policies.
// One of them may lag behind, and to attach it once more does no harm.
func (m *maker) attached(policy, target string) bool {
	for _, p := range m.have.Policies {
		if p.Name == policy {
			return slices.Contains(p.Targets, target) && org.Carries(m.have, target, p.ID)
		}
	}
	return false
}

// targets are where a policy may be attached: what either of AWS's lists says,
// that of its targets or that of a unit's policies.
func (m *maker) targets(p org.Policy) []string {
	targets := p.Targets
	for _, u := range m.have.Units {
		if slices.Contains(u.SCPs, p.ID) && !slices.Contains(targets, u.ID) {
			targets = append(slices.Clone(targets), u.ID)
		}
	}
	return targets
}
