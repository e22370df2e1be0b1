package report

import (
	"time"

	"landlord/org"
	"landlord/simulate"
	"landlord/vend/plan"
)

// Tree is the organization as it was read back.
type Tree struct {
	Organization string
	Root         string
	Management   org.AccountID
	Units        []Unit   // under the root, in the order they were read
	Loose        []Member // customers' accounts that are in no unit
}

// Unit is a unit with the policies on it, and what is in it.
type Unit struct {
	ID, Name string
	Tier     string // key; "" if it is not landlord's
	Policies []Policy
	Members  []Member
	Units    []Unit
}

// Policy is one of landlord's policies.
type Policy struct{ ID, Name, Framework string }

// Member is a customer's account.
type Member struct {
	Customer string // the account's name if it is a customer's; "" if it is nobody's
	Account  org.AccountID
	Email    string
	Name     string // the account's
}

func (f *facts) tree() Tree {
	o := f.whole.Organization
	t := Tree{Organization: o.ID, Root: o.Root, Management: o.Management}
	names := map[org.AccountID]string{}
	for _, c := range f.file.Customers {
		if a, found := f.whole.Verified.Account[c.Key]; found {
			names[a.ID] = a.Name // as AWS has it, which may not be as the file does
		}
	}
	members := map[string][]Member{}
	for _, a := range o.Accounts {
		if a.ID != o.Management {
			members[a.Parent] = append(members[a.Parent], Member{names[a.ID], a.ID, a.Email, a.Name})
		}
	}
	policies := map[string][]Policy{}
	for _, p := range o.Policies {
		if framework := p.Tags[org.TagFramework]; framework != "" {
			for _, target := range p.Targets {
				policies[target] = append(policies[target], Policy{p.ID, p.Name, framework})
			}
		}
	}
	below := map[string][]org.Unit{}
	for _, u := range o.Units {
		below[u.Parent] = append(below[u.Parent], u)
	}
	var under func(parent string) []Unit
	under = func(parent string) []Unit {
		var units []Unit
		for _, u := range below[parent] {
			units = append(units, Unit{u.ID, u.Name, u.Tags[org.TagTier], policies[u.ID], members[u.ID], under(u.ID)})
		}
		return units
	}
	t.Units, t.Loose = under(o.Root), members[o.Root]
	return t
}

// Resources is what a scenario made.
type Resources struct {
	Units, Accounts, Attachments int
	Total                        int // as the reference counts
	Policies                     int // made besides
	Created                      int // all that is created
}

func resourcesOf(s *simulate.Scenario) Resources {
	r := Resources{Units: s.Units(), Accounts: s.Accounts(), Attachments: s.Attachments(), Total: s.Resources(), Created: s.Created}
	for _, p := range s.Organization.Policies {
		if p.Tags[org.TagFramework] != "" {
			r.Policies++
		}
	}
	return r
}

// Timeline is how the deployment of the file went, in virtual time.
type Timeline struct {
	Phased     simulate.Phased
	Took       time.Duration // landlord's own
	Spans      []Span        // landlord's own by what was done, in order of start
	Bars       []simulate.Bar
	Calls      int
	Throttled  int
	MostAtOnce int // account creations
}

// Span is when things of one kind were done, from the first start to the last
// end.
type Span struct {
	What     string
	Count    int
	From, To time.Duration
}

// whats says what each kind of step does.
var whats = map[plan.Kind]string{
	plan.CreateOrganization: "create the organization",
	plan.EnablePolicies:     "enable service control policies",
	plan.CreatePolicy:       "create policies",
	plan.UpdatePolicy:       "change policies",
	plan.CreateUnit:         "create units",
	plan.RenameUnit:         "rename units",
	plan.DeleteUnit:         "delete units",
	plan.AttachPolicy:       "attach policies",
	plan.DetachPolicy:       "detach policies",
	plan.CreateAccount:      "create accounts",
	plan.AwaitAccount:       "await accounts",
	plan.IdentifyAccount:    "identify accounts",
	plan.MoveAccount:        "move accounts into their units",
	plan.Tag:                "tag accounts",
}

func timelineOf(s *simulate.Scenario) Timeline {
	t := Timeline{Phased: s.Phased, Took: s.Took, Bars: s.Bars, Calls: s.Calls, Throttled: s.Throttled, MostAtOnce: atOnce(s.Bars)}
	at := map[plan.Kind]int{}
	for _, b := range s.Bars {
		i, seen := at[b.Kind]
		if !seen {
			i = len(t.Spans)
			at[b.Kind] = i
			t.Spans = append(t.Spans, Span{whats[b.Kind], 0, b.From, b.To})
		}
		span := &t.Spans[i]
		span.Count++
		span.From, span.To = min(span.From, b.From), max(span.To, b.To)
	}
	sortBy(t.Spans, func(s Span) time.Duration { return s.From })
	return t
}
