package soak

import (
	"slices"

	"landlord/org"
	"landlord/vend/execute"
	"landlord/vend/plan"
)

// Rule is a rule that landlord keeps to, and how a soak switches it off from
// outside: what goes between the stages is changed, never a stage.
type Rule struct {
	Name  string
	About string // what landlord does without it

	seen    func(p *process, seen *org.Organization)
	plan    func(p *process, todo *plan.Plan, seen org.Organization)
	rules   func(*execute.Rules)
	besides func(p *process, seen org.Organization)
	once    bool // one plan, and no look after it
}

// Rules are all rules that can be switched off.
func Rules() []*Rule {
	return []*Rule{
		{Name: "attach-after-move", About: "policies are attached when accounts have moved in, not before", plan: attachAfterMove},
		{Name: "detach-first", About: "a unit's old policy comes off before the new one is on", plan: detachFirst},
		{Name: "forget-in-flight", About: "creations that a run before left under way are not looked for", seen: func(_ *process, seen *org.Organization) { seen.Creations = nil }},
		{Name: "repeat-creation", About: "CreateAccount is repeated when its answer is lost", rules: func(r *execute.Rules) { r.Once = nil }},
		{Name: "ignore-tags", About: "whose an account is, its address alone tells", seen: ignoreTags},
		{Name: "no-email-match", About: "an account that lost its tag is not found by its address", seen: noEmails},
		{Name: "guess-by-name", About: "an account whose name is a customer's is taken for the customer's", seen: guessByName},
		{Name: "no-identify", About: "a creation under way that has a customer's name is taken for the customer's without asking its tag", plan: noIdentify},
		{Name: "close-orphans", About: "accounts of customers who left are closed", besides: closeOrphans},
		{Name: "touch-foreign", About: "accounts that are nobody's are tagged", plan: touchForeign},
		{Name: "no-last-look", About: "a run carries out one plan and takes that for all being well", once: true},
	}
}

// RuleNamed finds the rule of that name.
func RuleNamed(name string) (*Rule, bool) {
	all := Rules()
	i := slices.IndexFunc(all, func(r *Rule) bool { return r.Name == name })
	if i < 0 {
		return nil, false
	}
	return all[i], true
}

func attachAfterMove(_ *process, todo *plan.Plan, _ org.Organization) {
	for i := range todo.Steps {
		if s := &todo.Steps[i]; s.Kind == plan.MoveAccount {
			s.After = slices.DeleteFunc(slices.Clone(s.After), func(n int) bool {
				k := todo.Steps[n].Kind
				return k == plan.AttachPolicy || k == plan.DetachPolicy || k == plan.EnablePolicies || k == plan.CreatePolicy || k == plan.UpdatePolicy
			})
			if s.To.Pending() { // the unit must be there
				for n := range todo.Steps {
					if todo.Steps[n].Makes == s.To {
						s.After = append(s.After, n)
					}
				}
			}
		}
	}
	for i := range todo.Steps {
		if s := &todo.Steps[i]; s.Kind == plan.AttachPolicy {
			for n := range todo.Steps {
				if m := &todo.Steps[n]; m.Kind == plan.MoveAccount && m.To == s.To {
					s.After = append(slices.Clone(s.After), n)
				}
			}
		}
	}
}

func detachFirst(_ *process, todo *plan.Plan, _ org.Organization) {
	for i := range todo.Steps {
		if todo.Steps[i].Kind == plan.DetachPolicy {
			todo.Steps[i].After = nil
		}
	}
	for i := range todo.Steps {
		if s := &todo.Steps[i]; s.Kind == plan.AttachPolicy {
			for n := range todo.Steps {
				if d := &todo.Steps[n]; d.Kind == plan.DetachPolicy && d.To == s.To {
					s.After = append(slices.Clone(s.After), n)
				}
			}
		}
	}
}

func ignoreTags(_ *process, seen *org.Organization) {
	for i := range seen.Accounts {
		tags := org.Tags{}
		for key, value := range seen.Accounts[i].Tags {
			if key != org.TagCustomer {
				tags[key] = value
			}
		}
		seen.Accounts[i].Tags = tags
	}
}

func noEmails(_ *process, seen *org.Organization) {
	for i := range seen.Accounts {
		seen.Accounts[i].Email = "unknown+" + string(seen.Accounts[i].ID) + "@x.example"
	}
}

func guessByName(p *process, seen *org.Organization) {
	for i := range seen.Accounts {
		a := &seen.Accounts[i]
		for _, c := range p.folio.Customers {
			if a.Tags[org.TagCustomer] == "" && a.Name == c.AccountName {
				a.Email = c.Email
			}
		}
	}
}

func noIdentify(_ *process, todo *plan.Plan, _ org.Organization) {
	for i := range todo.Steps {
		if s := &todo.Steps[i]; s.Kind == plan.IdentifyAccount {
			s.Kind, s.Tags = plan.Tag, org.Tags{org.TagCustomer: s.Customer}
		}
	}
}

func closeOrphans(p *process, seen org.Organization) {
	known := map[string]bool{}
	for _, c := range p.folio.Customers {
		known[c.Key] = true
		for _, key := range c.Formerly {
			known[key] = true
		}
	}
	for _, a := range seen.Accounts {
		if key := a.Tags[org.TagCustomer]; key != "" && !known[key] && !a.Gone() {
			p.ask("CloseAccount", fields{"AccountId": string(a.ID)})
		}
	}
}

func touchForeign(p *process, todo *plan.Plan, seen org.Organization) {
	emails := map[string]bool{}
	for _, c := range p.folio.Customers {
		emails[c.Email] = true
	}
	for _, a := range seen.Accounts {
		if a.Tags[org.TagCustomer] == "" && !emails[a.Email] && a.ID != seen.Management {
			todo.Steps = append(todo.Steps, plan.Step{ID: len(todo.Steps), Kind: plan.Tag, Target: plan.Ref(a.ID), Tags: org.Tags{"landlord:note": "nobody's"}})
		}
	}
}
