package soak

import (
	"slices"

	"landlord/org"
	"landlord/vend/blueprint"
	"landlord/vend/execute"
	"landlord/vend/plan"
)

// Rule is a rule that landlord keeps to, and how a soak switches it off from
// outside: what goes between the stages is changed, never a stage.
type Rule struct {
	Name   string
	About  string // what landlord does without it
	Breaks string // what the judge then says of most lives

	outsiders bool        // it matters only where others act
	scene     func(*life) // has happen what it matters for

	seen    func(p *process, seen *org.Organization)
	plan    func(p *process, todo *plan.Plan, seen org.Organization)
	rules   func(*execute.Rules)
	want    func(*blueprint.Blueprint)
	besides func(p *process, seen org.Organization)
	once    bool // one plan, and no look after it
}

// Rules are all rules that can be switched off.
func Rules() []*Rule {
	return []*Rule{
		{Name: "attach-after-move", About: "policies are attached when accounts have moved in, not before", Breaks: unguarded, plan: attachAfterMove},
		{Name: "detach-first", About: "a unit's old policy comes off before the new one is on", Breaks: "without any policy", scene: favour("framework"), plan: detachFirst},
		{Name: "divide-first", About: "accounts move to the new units of a tier before its policy holds there", Breaks: unguarded, scene: favour("divide"), plan: divideFirst},
		{Name: "policies-at-root", About: "policies are attached to the root instead of the units", Breaks: "was attached to the root", plan: atRoot},
		{Name: "forget-in-flight", About: "creations that a run before left under way are not looked for", Breaks: twice, scene: forgetful,
			seen: func(_ *process, seen *org.Organization) { seen.Creations = nil }},
		{Name: "repeat-creation", About: "CreateAccount is repeated when its answer is lost", Breaks: twice, scene: losing, rules: func(r *execute.Rules) { r.Once = nil }},
		{Name: "ignore-tags", About: "whose an account is, its address alone tells", Breaks: "has two accounts", scene: moving, seen: ignoreTags},
		{Name: "no-email-match", About: "an account that lost its tag is not found by its address", Breaks: twice, outsiders: true, scene: untagging, seen: noEmails},
		{Name: "guess-by-name", About: "an account whose name is a customer's is taken for the customer's", Breaks: foreign, outsiders: true, scene: favour("namesakes"), seen: guessByName},
		{Name: "no-identify", About: "a creation under way that has a customer's name is taken for the customer's without asking its tag", Breaks: "was given to", scene: passingOn, plan: noIdentify},
		{Name: "ignore-account", About: "an account is created for a customer whose account is invited", Breaks: "has another", scene: favour("bring"), want: ignoreAccount},
		{Name: "close-orphans", About: "accounts of customers who left are closed", Breaks: "closed unasked", scene: favour("off"), besides: closeOrphans},
		{Name: "lift-suspensions", About: "apply takes the policy against everything off an account", Breaks: "no longer suspended", scene: favour("suspend"), plan: liftSuspensions},
		{Name: "tag-first", About: "an account is tagged as suspended before it is", Breaks: "tagged as suspended", scene: favour("suspend"), plan: tagFirst},
		{Name: "touch-foreign", About: "accounts that are nobody's are tagged", Breaks: foreign, outsiders: true, plan: touchForeign},
		{Name: "tidy-up", About: "units that nobody uses are deleted", Breaks: "was deleted", outsiders: true, scene: favour("strange units"), plan: tidyUp},
		{Name: "no-last-look", About: "a run carries out one plan and takes that for all being well", Breaks: "all is done", scene: rough, once: true},
	}
}

// What the judge says of a promise that is broken.
const (
	unguarded = "unit without its policy"
	twice     = "two accounts have the e-mail"
	foreign   = "is not landlord's and was changed"
)

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
	for _, c := range p.folio.Customers {
		if slices.ContainsFunc(seen.Accounts, func(a org.Account) bool { return a.Tags[org.TagCustomer] == c.Key || a.Email == c.Email }) {
			continue
		}
		if i := slices.IndexFunc(seen.Accounts, func(a org.Account) bool { return a.Tags[org.TagCustomer] == "" && a.Name == c.AccountName }); i >= 0 {
			seen.Accounts[i].Email = c.Email
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

func divideFirst(_ *process, todo *plan.Plan, seen org.Organization) {
	for i := range todo.Steps {
		if s := &todo.Steps[i]; s.Kind == plan.AttachPolicy {
			for n := range todo.Steps {
				// Of an account that is there, to a unit that is not.
				if m := &todo.Steps[n]; m.Kind == plan.MoveAccount && !m.Target.Pending() && m.To.Pending() && m.Tier == s.Tier {
					m.After = slices.DeleteFunc(slices.Clone(m.After), func(k int) bool { return k == i })
					s.After = append(slices.Clone(s.After), n)
				}
			}
		}
	}
	for i := range todo.Steps { // the unit must be there
		if m := &todo.Steps[i]; m.Kind == plan.MoveAccount && !m.Target.Pending() && m.To.Pending() {
			m.After = slices.DeleteFunc(slices.Clone(m.After), func(k int) bool { return todo.Steps[k].Kind == plan.DetachPolicy })
			for n := range todo.Steps {
				if todo.Steps[n].Makes == m.To {
					m.After = append(m.After, n)
				}
			}
		}
	}
}

func atRoot(p *process, todo *plan.Plan, seen org.Organization) {
	for i := range todo.Steps {
		if s := &todo.Steps[i]; s.Kind == plan.AttachPolicy && s.Customer == "" && seen.Root != "" {
			s.To = plan.Ref(seen.Root)
		}
	}
}

func ignoreAccount(want *blueprint.Blueprint) {
	for i := range want.Customers {
		want.Customers[i].Account = ""
	}
}

func liftSuspensions(p *process, todo *plan.Plan, seen org.Organization) {
	if p.task.of != nil {
		return
	}
	for _, x := range seen.Policies {
		if x.Tags[org.TagPolicy] == "" {
			continue
		}
		for _, target := range x.Targets {
			todo.Steps = append(todo.Steps, plan.Step{ID: len(todo.Steps), Kind: plan.DetachPolicy, Target: plan.Ref(x.ID), To: plan.Ref(target)})
		}
	}
}

func tagFirst(_ *process, todo *plan.Plan, _ org.Organization) {
	for i := range todo.Steps {
		s := &todo.Steps[i]
		if s.Kind != plan.Tag || s.Tags[org.TagSuspended] == "" {
			continue
		}
		s.After = nil
		for n := range todo.Steps {
			if a := &todo.Steps[n]; a.Kind == plan.AttachPolicy && string(a.To) == string(s.Target) {
				a.After = append(slices.Clone(a.After), i)
			}
		}
	}
}

func tidyUp(_ *process, todo *plan.Plan, seen org.Organization) {
	for _, u := range seen.Units {
		if !blueprint.Ours(u) && !slices.ContainsFunc(seen.Accounts, func(a org.Account) bool { return a.Parent == u.ID }) {
			todo.Steps = append(todo.Steps, plan.Step{ID: len(todo.Steps), Kind: plan.DeleteUnit, Target: plan.Ref(u.ID), Name: u.Name})
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
