package preflight

import (
	"slices"
	"strings"
	"time"

	"landlord/directory"
	"landlord/internal/limits"
	"landlord/org"
	"landlord/portfolio"
	"landlord/vend/blueprint"
	"landlord/vend/plan"
)

// walk counts what is needed while customers come, one after the other.
type walk struct {
	want blueprint.Blueprint
	seen org.Organization
	own  directory.Ownership

	tiers    map[string]blueprint.Tier
	wanted   map[string]blueprint.Unit // by key
	stands   map[string]org.Unit       // units that are wanted and there, by key
	entered  map[string]int            // units that have been counted, by key: how deep they are
	used     map[string]bool           // tiers that have been counted
	policy   map[string]bool           // policies that have been counted, by name
	creating map[string]bool           // whether an account of that name is being created; no two customers' have one

	customers int
	missing   int // customers without an account
	accounts  int // that count against the quota
	units     int
	policies  int
	depth     most
	attached  most
	document  most
	email     most
	name      most
	called    most // units
	tags      most
	pack      most // rules of the largest conformance pack
	rules     most // in one account
	packs     most // in one account
	cut       int  // addresses in which the key is cut
	firstCut  string
	closed    int // accounts there that are closed and count all the same
	closings  plan.Window
}

// most is the largest of several, and whose it is.
type most struct {
	n   int
	who string
}

func (m *most) see(n int, who string) {
	if n > m.n {
		*m = most{n, who}
	}
}

func newWalk(q Question) *walk {
	q.Grown = q.Grown.Exempting(q.Seen)
	w := &walk{
		want: q.Grown, seen: q.Seen, own: q.Grown.Owners(q.Seen),
		tiers: map[string]blueprint.Tier{}, entered: map[string]int{}, used: map[string]bool{}, policy: map[string]bool{}, creating: map[string]bool{},
	}
	for _, t := range q.Grown.Tiers {
		w.tiers[t.Key] = t
	}
	w.wanted, w.stands = units(q.Grown, q.Seen)
	for _, c := range q.Seen.Creations {
		w.creating[c.AccountName] = true
	}
	w.accounts = max(len(q.Seen.Accounts), 1) + len(q.Seen.Creations) + q.Invited // one: the management account
	for _, a := range q.Seen.Accounts {
		if a.State == org.Closed {
			w.closed++
		}
	}
	w.closings = plan.Closings(q.Seen, plan.Closing{Quotas: q.Quotas})
	w.units = len(q.Seen.Units)
	depth := map[string]int{}
	for _, u := range q.Seen.Units { // parents first
		depth[u.ID] = depth[u.Parent] + 1
		w.depth.see(depth[u.ID], u.Name)
		w.attached.see(len(u.SCPs), u.Name)
	}
	for _, a := range q.Seen.Accounts {
		w.attached.see(len(a.SCPs), accountName(a))
	}
	for _, p := range q.Seen.Policies {
		if !p.AWSManaged {
			w.policies++
			w.policy[p.Name] = true
		}
	}
	return w
}

// others is what is there that is neither the customers' nor made for them.
func (w *walk) others() org.Organization {
	theirs := map[string]bool{} // accounts and units
	for _, a := range w.own.Of {
		theirs[string(a.ID)] = true
	}
	for _, u := range w.stands {
		theirs[u.ID] = true
	}
	named := map[string]bool{}
	for _, c := range w.want.Customers {
		named[c.Name], named[portfolio.WithKey(c.Name, c.Key)] = true, true
	}
	policies := map[string]bool{}
	for _, t := range w.want.Tiers {
		for _, p := range t.Policies {
			policies[p.Name] = true
		}
	}
	rest := w.seen
	rest.Accounts = slices.DeleteFunc(slices.Clone(rest.Accounts), func(a org.Account) bool { return theirs[string(a.ID)] })
	rest.Units = slices.DeleteFunc(slices.Clone(rest.Units), func(u org.Unit) bool { return theirs[u.ID] })
	rest.Creations = slices.DeleteFunc(slices.Clone(rest.Creations), func(c org.Creation) bool { return named[c.AccountName] })
	rest.Policies = slices.DeleteFunc(slices.Clone(rest.Policies), func(p org.Policy) bool { return policies[p.Name] })
	return rest
}

// next takes in the next customer.
func (w *walk) next(c blueprint.Customer) {
	w.customers++
	if a, exists := w.own.Of[c.Key]; exists {
		if len(a.SCPs) > 0 && plan.Unsuspended(w.seen, a) { // the policy that suspends comes back
			w.attached.see(len(a.SCPs)+1, accountName(a))
		}
	} else {
		w.missing++
		if !w.creating[c.Name] && !w.creating[portfolio.WithKey(c.Name, c.Key)] { // else counted already
			w.accounts++
		}
	}
	w.email.see(len(c.Email), c.Key)
	if local, _, _ := strings.Cut(c.Email, "@"); !strings.Contains(local, c.Key) {
		if w.cut++; w.cut == 1 {
			w.firstCut = c.Key
		}
	}
	w.name.see(len(c.Name), c.Key)
	w.tags.see(len(c.Tags), c.Key)
	if !w.used[c.Tier] {
		w.used[c.Tier] = true
		w.tier(w.tiers[c.Tier])
	}
	w.enter(c.Unit)
}

func accountName(a org.Account) string { return "account " + string(a.ID) }

// tier counts what the first customer of a tier brings with it.
func (w *walk) tier(t blueprint.Tier) {
	for _, p := range t.Policies {
		w.document.see(len(p.Document), p.Name)
		if !w.policy[p.Name] {
			w.policy[p.Name] = true
			w.policies++
		}
	}
	packs, rules := 0, 0
	for _, p := range packsOf[t.Framework] {
		packs++
		rules += p.rules
		w.pack.see(p.rules, p.name)
	}
	w.packs.see(packs, t.Key)
	w.rules.see(rules, t.Key)
}

// pack is a conformance pack that AWS publishes.
type pack struct {
	name  string
	rules int
}

// packsOf are the packs that AWS publishes for a framework; it has none for
// SOC 2.
//
// Source: awslabs/aws-config-rules, aws-config-conformance-packs, Operational-
// Best-Practices-for-…, April 2026: the rules that the files hold.
var packsOf = map[string][]pack{
	"CIS":     {{"CIS-AWS-v1.4-Level2", 61}},
	"HIPAA":   {{"HIPAA-Security", 130}},
	"FedRAMP": {{"FedRAMP-Moderate", 129}},
}

// need tells how much of a limit the customers taken in so far need, and who
// needs most where it is a largest of several.
type need func(*walk) (n int, who string)

func sum(f func(*walk) int) need { return func(w *walk) (int, string) { return f(w), "" } }
func top(f func(*walk) most) need {
	return func(w *walk) (int, string) { m := f(w); return m.n, m.who }
}
func everybody(w *walk) (int, string) { return w.accounts, "" }

// needOf is what each limit is held against.
var needOf = map[string]need{
	Accounts:                      everybody,
	"units":                       sum(func(w *walk) int { return w.units }),
	"unit-depth":                  top(func(w *walk) most { return w.depth }),
	"policies":                    sum(func(w *walk) int { return w.policies }),
	PerTarget:                     top(func(w *walk) most { return w.attached }),
	"policy-characters":           top(func(w *walk) most { return w.document }),
	"email":                       top(func(w *walk) most { return w.email }),
	"account-name":                top(func(w *walk) most { return w.name }),
	"unit-name":                   top(func(w *walk) most { return w.called }),
	"tags":                        top(func(w *walk) most { return w.tags }),
	"sign-in-accounts":            sum(func(w *walk) int { return w.customers }),
	"permission-sets":             sum(func(w *walk) int { return len(w.used) }),
	"permission-sets-per-account": sum(func(w *walk) int { return min(w.customers, 1) }),
	"config-aggregator":           everybody,
	"config-rules":                top(func(w *walk) most { return w.rules }),
	"config-rules-per-pack":       top(func(w *walk) most { return w.pack }),
	"config-packs":                top(func(w *walk) most { return w.packs }),
	"control-tower":               everybody,
	"detective":                   everybody,
	"firewall-manager":            everybody,
	"inspector":                   everybody,
	"macie":                       everybody,
	"security-hub":                everybody,
	"service-catalog":             everybody,
	"creations":                   sum(func(w *walk) int { return w.missing }),
	"creations-at-once":           sum(func(w *walk) int { return w.missing }),
	"assignments":                 sum(func(w *walk) int { return w.customers }),
	"config-weekly":               sum(func(w *walk) int { return w.missing }),
	Closings:                      sum(func(w *walk) int { return w.customers }),
}

// creating is how long AWS takes at least to take on so many creations.
func creating(n int) time.Duration {
	b := limits.Of("CreateAccount").Account
	return time.Duration(float64(max(n-b.Burst, 0)) / b.Rate * float64(time.Second))
}

// takes is how long what a pace's finding needs takes.
func takes(f Finding) time.Duration {
	n := max(f.Needed-f.free, 0)
	if f.window {
		return time.Duration(max((n+f.Used+f.Value-1)/f.Value-1, 0)) * f.per
	}
	return time.Duration(float64(n) / float64(f.Value) * float64(f.per))
}
