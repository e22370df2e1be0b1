package plan

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"landlord/directory"
	"landlord/guard/guardrail"
	"landlord/org"
	"landlord/portfolio"
	"landlord/vend/blueprint"
)

// accounts brings each customer's account into being, into its unit and under
// its tags.
func (m *maker) accounts(own directory.Ownership) {
	m.called = make(map[string]bool, len(m.have.Accounts))
	for _, a := range m.have.Accounts {
		m.called[a.Name] = true
	}
	for _, c := range m.have.Creations {
		m.called[c.AccountName] = true
	}
	for _, c := range m.want.Customers {
		enter := slices.Concat(m.guards[c.Tier], m.made[c.Unit])
		if account, exists := own.Of[c.Key]; exists {
			m.plan.Present++
			m.correct(c, account, m.entry(account, enter))
			continue
		}
		if id, outside := own.Outside[c.Key]; outside {
			m.invite(c, id)
			continue
		}
		ref := accountRef(c.Key)
		move := Step{Kind: MoveAccount, Tier: c.Tier, Customer: c.Key, Target: ref, From: m.root, To: m.unit[c.Unit], Name: c.Name}
		begun, under := m.mine[c.Key]
		switch {
		case under:
			move.After = append(enter, begun.told)
			m.add(move)
			m.change(Change{Action: Wait, Noun: AnAccount, Tier: c.Tier, Customer: c.Key, Name: c.Name, Detail: "being created (" + begun.handle + ")"})
		case m.holding:
			m.plan.Held = append(m.plan.Held, c.Key)
			m.change(Change{Action: Wait, Noun: AnAccount, Tier: c.Tier, Customer: c.Key, Name: c.Name, Detail: "until the creations under way are known"})
		case m.opt.Create != nil && !m.opt.Create(c.Key):
			m.plan.Barred = append(m.plan.Barred, c.Key)
			m.change(Change{Action: Create, Noun: AnAccount, Tier: c.Tier, Customer: c.Key, Name: c.Name, Detail: "not now: another plan has to be confirmed"})
		default:
			if m.called[c.Name] { // an older account has the name, perhaps of a customer renamed since
				c.Name = portfolio.WithKey(c.Name, c.Key)
				move.Name = c.Name
			}
			made := m.add(Step{Kind: CreateAccount, Tier: c.Tier, Customer: c.Key, Makes: ref, After: append(slices.Clone(m.first), m.told...),
				Name: c.Name, Email: c.Email, Tags: c.Tags})
			move.After = append(enter, made)
			m.add(move)
			m.change(Change{Action: Create, Noun: AnAccount, Tier: c.Tier, Customer: c.Key, Name: c.Name, Detail: c.Email})
		}
	}
}

// correct mends an account that exists: its tags first, so that whose it is
// outlives a crash, then its unit; its name beside.
func (m *maker) correct(c blueprint.Customer, account org.Account, enter []int) {
	id := Ref(account.ID)
	missing := org.Tags{}
	for key, value := range c.Tags {
		if was, there := account.Tags[key]; !there || was != value {
			missing[key] = value
		}
	}
	action := Modify
	if account.Tags[org.TagCustomer] == "" {
		action = Adopt
	}
	var lines []string
	if len(missing) > 0 {
		enter = append(enter, m.add(Step{Kind: Tag, Tier: c.Tier, Customer: c.Key, Target: id, Tags: missing, Name: c.Name}))
		for _, key := range slices.Sorted(maps.Keys(missing)) {
			lines = append(lines, fmt.Sprintf("%s %q → %q", key, account.Tags[key], missing[key]))
		}
	}
	if stale := c.Stale(account.Tags); len(stale) > 0 {
		m.add(Step{Kind: Untag, Tier: c.Tier, Customer: c.Key, Target: id, Keys: stale, Name: c.Name})
		for _, key := range stale {
			lines = append(lines, fmt.Sprintf("%s %q removed", key, account.Tags[key]))
		}
	}
	if len(lines) > 0 {
		m.change(Change{Action: action, Noun: AnAccount, Tier: c.Tier, Customer: c.Key, Name: c.Name, Detail: string(account.ID) + " " + strings.Join(lines, ", ")})
	}
	m.rename(c, account)
	m.suspended(c, account)
	if to := m.unit[c.Unit]; account.Parent != string(to) {
		m.leaves[account.ID] = m.add(Step{Kind: MoveAccount, Tier: c.Tier, Customer: c.Key, Target: id, From: Ref(account.Parent), To: to, After: enter, Name: c.Name})
		change := Change{Action: Move, Noun: AnAccount, Tier: c.Tier, Customer: c.Key, Name: c.Name,
			Detail: fmt.Sprintf("%s from %s to %s, %s", account.ID, m.place(account.Parent), m.path[c.Unit], m.guarded(c.Tier))}
		if _, first := m.movers[account.ID]; first {
			change.Detail += fmt.Sprintf(", and before others' come off what it is in: it carries %d policies, and AWS lets no more than %d be attached", len(account.SCPs), m.perTarget())
		}
		change.Loses, change.Gains = m.difference(account, c.Tier)
		m.change(change)
	}
}

// accountManagement is the service that must be trusted before the management
// account may rename a member.
//
// Source: Account Management API reference, PutAccountName, AccountId.
const accountManagement = "account.amazonaws.com"

// rename gives an account the name that the file has, or, while another
// account is called so, that name with the key: the name is how a creation
// under way is found again, so no two are called the same.
func (m *maker) rename(c blueprint.Customer, account org.Account) {
	if c.Called(account.Name) {
		return
	}
	name := c.Name
	if m.called[name] {
		name = portfolio.WithKey(c.Name, c.Key)
	}
	if m.trusted == nil && !m.have.Trusted[accountManagement] {
		m.trusted = []int{m.add(Step{Kind: TrustService, Name: accountManagement})}
		detail := "enabled: AWS asks for it before an account is renamed"
		if m.have.Trusted == nil {
			detail += " (whether it is already was not read)"
		}
		m.change(Change{Action: Modify, Noun: TheOrganization, Name: "trusted access of " + accountManagement, Detail: detail})
	}
	m.add(Step{Kind: RenameAccount, Tier: c.Tier, Customer: c.Key, Target: Ref(account.ID), Name: name, After: m.trusted})
	m.change(Change{Action: Modify, Noun: AnAccount, Tier: c.Tier, Customer: c.Key, Name: name, Detail: fmt.Sprintf("%s name %q → %q", account.ID, account.Name, name)})
}

// guarded says whether a tier's policies hold in its unit already.
func (m *maker) guarded(tier string) string {
	if len(m.guards[tier]) > 0 {
		return "once its policies hold there"
	}
	return "whose policies hold there already"
}

// difference is what of landlord's policies an account loses and gains when it
// comes under a tier's: the statements, by Sid and in plain words.
func (m *maker) difference(account org.Account, tier string) (loses, gains []string) {
	on := map[string]bool{string(account.ID): true}
	parents := make(map[string]string, len(m.have.Units))
	for _, u := range m.have.Units {
		parents[u.ID] = u.Parent
	}
	for at := account.Parent; at != ""; at = parents[at] {
		on[at] = true
	}
	before, then := map[string]bool{}, map[string]bool{}
	for _, p := range m.have.Policies {
		if m.have.SCPs && p.Tags[org.TagFramework] != "" && slices.ContainsFunc(p.Targets, func(t string) bool { return on[t] }) {
			for _, line := range guardrail.Words(p.Document) {
				before[line] = true
			}
		}
	}
	for _, t := range m.want.Tiers {
		if t.Key == tier {
			for _, p := range t.Policies {
				for _, line := range guardrail.Words(p.Document) {
					then[line] = true
				}
			}
		}
	}
	for _, line := range slices.Sorted(maps.Keys(before)) {
		if !then[line] {
			loses = append(loses, line)
		}
	}
	for _, line := range slices.Sorted(maps.Keys(then)) {
		if !before[line] {
			gains = append(gains, line)
		}
	}
	return loses, gains
}
