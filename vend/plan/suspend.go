package plan

import (
	"fmt"
	"slices"
	"time"

	"landlord/guard/guardrail"
	"landlord/internal/limits"
	"landlord/org"
	"landlord/vend/blueprint"
)

// Suspend returns the plan that lets the accounts of customers do nothing: the
// policy that denies everything goes on each, then the tag that says since when.
// What a killed run left undone of it, the next Suspend or Make does. The
// customers need not be in want; their accounts are then known by their tags.
// The error is a *Conflict: of one of them, and nothing is planned for any.
func Suspend(want blueprint.Blueprint, have org.Organization, keys ...string) (*Plan, error) {
	return Options{}.Suspend(want, have, keys...)
}

// Suspend is plan.Suspend where AWS lets as many policies be attached to one
// account as o says.
func (o Options) Suspend(want blueprint.Blueprint, have org.Organization, keys ...string) (*Plan, error) {
	return each(want, have, keys, o, func(m *maker, key string, account org.Account) {
		if account.Gone() {
			m.problem("customer %s: account %s is %s; there is nothing to suspend", key, account.ID, state(account))
			return
		}
		if !have.SCPs && m.enabled == nil {
			m.enabled = []int{m.add(Step{Kind: EnablePolicies, Target: m.root})}
			m.change(Change{Action: Modify, Noun: TheRoot, Name: "service control policies", Detail: "enabled"})
		}
		if p, there := denying(have); len(account.SCPs) >= m.perTarget() && !(there && slices.Contains(p.Targets, string(account.ID))) {
			over := len(account.SCPs) + 1 - m.perTarget()
			m.problem("customer %s: account %s carries %d policies, and AWS lets no more than %d be attached: detach %d of them first, so that the one that suspends has room: aws organizations list-policies-for-target --target-id %s --filter SERVICE_CONTROL_POLICY",
				key, account.ID, len(account.SCPs), m.perTarget(), over, account.ID)
			return
		}
		m.hold(m.customer(key, account), account)
	})
}

// Resume returns the plan that lifts suspensions: the policy comes off, then
// the tag. A run that was killed in between left the tag, by which Make
// suspends again: only another Resume ends what one began.
func Resume(want blueprint.Blueprint, have org.Organization, keys ...string) (*Plan, error) {
	return each(want, have, keys, Options{}, func(m *maker, key string, account org.Account) {
		c := m.customer(key, account)
		var after []int
		if p, there := denying(have); there && slices.Contains(p.Targets, string(account.ID)) {
			after = []int{m.add(Step{Kind: DetachPolicy, Tier: c.Tier, Customer: key, Target: Ref(p.ID), To: Ref(account.ID), Name: p.Name + " from account " + string(account.ID)})}
			m.change(Change{Action: Modify, Noun: AnAttachment, Tier: c.Tier, Customer: key, Name: p.Name, Detail: "off account " + string(account.ID)})
		}
		if since, there := account.Tags[org.TagSuspended]; there {
			m.add(Step{Kind: Untag, Tier: c.Tier, Customer: key, Target: Ref(account.ID), Keys: []string{org.TagSuspended}, After: after, Name: c.Name})
			m.change(Change{Action: Modify, Noun: AnAccount, Tier: c.Tier, Customer: key, Name: c.Name, Detail: fmt.Sprintf("%s no longer suspended, as it was since %s", account.ID, since)})
		}
	})
}

// each makes one plan about the accounts of single customers.
func each(want blueprint.Blueprint, have org.Organization, keys []string, opt Options, add func(*maker, string, org.Account)) (*Plan, error) {
	m := newMaker(want, have, opt)
	m.problems = append(m.problems, Denials(have)...)
	for _, key := range keys {
		account, err := AccountOf(want, have, key)
		if err != nil {
			m.problem("%s", err)
			continue
		}
		add(m, key, account)
	}
	m.plan.Customers, m.plan.Present = len(keys), len(keys)
	return m.done()
}

// customer is the customer of that key, or, if it is not in the file, what its
// account tells.
func (m *maker) customer(key string, account org.Account) blueprint.Customer {
	for _, c := range m.want.Customers {
		if c.Key == key {
			c.Name = account.Name
			return c
		}
	}
	c := blueprint.Customer{Name: account.Name, Tier: account.Tags[org.TagTier]}
	c.Key = key
	return c
}

// suspended keeps an account suspended that is: by the tag, or by the policy
// that a run which was stopped had put on it. It never lifts a suspension.
func (m *maker) suspended(c blueprint.Customer, account org.Account) {
	since, tagged := account.Tags[org.TagSuspended]
	p, there := denying(m.have)
	if !tagged && !(there && slices.Contains(p.Targets, string(account.ID))) {
		return
	}
	m.plan.Suspended = append(m.plan.Suspended, Suspended{c.Key, account.ID, since})
	m.hold(c, account)
}

// hold brings the policy that denies everything onto an account, and then the
// tag, where they are not there.
func (m *maker) hold(c blueprint.Customer, account org.Account) {
	if m.deny == nil {
		m.deny = m.denial()
	}
	after := slices.Clone(m.deny.after)
	if p, there := denying(m.have); !there || !slices.Contains(p.Targets, string(account.ID)) {
		after = []int{m.add(Step{Kind: AttachPolicy, Tier: c.Tier, Customer: c.Key, Target: m.deny.ref, To: Ref(account.ID),
			After: append(slices.Clone(m.enabled), after...), Name: guardrail.SuspendedName + " to account " + string(account.ID)})}
		m.change(Change{Action: Create, Noun: AnAttachment, Tier: c.Tier, Customer: c.Key, Name: guardrail.SuspendedName, Detail: "on account " + string(account.ID) + ": nothing is allowed there"})
	}
	if _, tagged := account.Tags[org.TagSuspended]; !tagged {
		now := org.TagTime(m.have.Seen)
		m.add(Step{Kind: Tag, Tier: c.Tier, Customer: c.Key, Target: Ref(account.ID), Tags: org.Tags{org.TagSuspended: now}, After: after, Name: c.Name})
		m.change(Change{Action: Modify, Noun: AnAccount, Tier: c.Tier, Customer: c.Key, Name: c.Name, Detail: string(account.ID) + " suspended from then on"})
	}
}

// denial makes or corrects the policy that denies everything.
func (m *maker) denial() *step {
	wanted := guardrail.Suspended()
	for _, p := range m.have.Policies {
		if p.Name == wanted.Name && p.Tags[org.TagPolicy] != guardrail.Purpose {
			m.problem("policy %s (%s) exists and is not landlord's: it has no tag %s. Rename it, or hand it over with: aws organizations tag-resource --resource-id %s --tags Key=%s,Value=%s",
				p.Name, p.ID, org.TagPolicy, p.ID, org.TagPolicy, guardrail.Purpose)
			return &step{ref: Ref(p.ID)}
		}
	}
	seen, there := denying(m.have)
	switch {
	case !there:
		id := m.add(Step{Kind: CreatePolicy, Makes: policyRef(wanted.Name), After: m.first,
			Name: wanted.Name, Text: wanted.Description, Document: wanted.Document, Tags: org.Tags{org.TagPolicy: guardrail.Purpose}})
		m.change(Change{Action: Create, Noun: APolicy, Name: wanted.Name, Detail: size(wanted, limits.PolicyCharacters)})
		return &step{policyRef(wanted.Name), []int{id}}
	case !guardrail.Same(seen.Document, wanted.Document):
		id := m.add(Step{Kind: UpdatePolicy, Target: Ref(seen.ID), Name: wanted.Name, Text: wanted.Description, Document: wanted.Document})
		m.change(Change{Action: Modify, Noun: APolicy, Name: wanted.Name, Detail: "its statements are not the ones wanted"})
		return &step{Ref(seen.ID), []int{id}}
	}
	return &step{ref: Ref(seen.ID)}
}

// denying finds landlord's policy that denies everything, by its tag.
func denying(have org.Organization) (org.Policy, bool) {
	i := slices.IndexFunc(have.Policies, func(p org.Policy) bool { return p.Tags[org.TagPolicy] == guardrail.Purpose })
	if i < 0 {
		return org.Policy{}, false
	}
	return have.Policies[i], true
}

// Denials says which policies beside the one that denies everything have its
// tag, and what to do: it cannot be told which of them suspends.
func Denials(have org.Organization) []string {
	var twice []string
	one, _ := denying(have)
	for _, p := range have.Policies {
		if p.ID != one.ID && p.Tags[org.TagPolicy] == guardrail.Purpose {
			twice = append(twice, fmt.Sprintf("policies %s (%s) and %s (%s) are both tagged %s=%s; remove the tag from the one that landlord did not make, or detach and delete it",
				one.Name, one.ID, p.Name, p.ID, org.TagPolicy, guardrail.Purpose))
		}
	}
	return twice
}

// Suspension tells whether an account is suspended by landlord: whether the
// policy that denies everything is on it and says so, and since when. An
// account is half suspended while only one of the two is there.
func Suspension(have org.Organization, account org.Account) (since time.Time, tagged, denied bool) {
	value, tagged := account.Tags[org.TagSuspended]
	since, _ = org.FromTagTime(value)
	p, there := denying(have)
	denied = there && have.SCPs && slices.Contains(p.Targets, string(account.ID)) && guardrail.Same(p.Document, guardrail.Suspended().Document)
	return since, tagged, denied
}
