// Package verify compares an organization as it was read back with the one
// that is wanted, and says of each promise whether it is kept. It reads and
// mends nothing.
package verify

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"landlord/guard/guardrail"
	"landlord/org"
	"landlord/vend/blueprint"
	"landlord/vend/plan"
)

// The names of the checks.
const (
	Account    = "account"    // the customer's account exists and is active
	Unit       = "unit"       // it is in its tier's unit
	Policies   = "policies"   // its tier's policies apply to it, by inheritance
	Isolation  = "isolation"  // no other tier's do
	Tags       = "tags"       // landlord's tags on it are right
	Email      = "e-mail"     // its root address is its own
	Tier       = "tier"       // the tier's units stand
	Units      = "units"      // no unit of landlord's is left from before; made where units are or were divided
	Content    = "content"    // the tier's policy says what is wanted
	Guardrails = "guardrails" // what the tier's set denies is denied in each of its accounts, probe by probe
	Apart      = "apart"      // what no rule of the tier's denies is allowed there, other tiers' probes among it
	Enabled    = "enabled"    // service control policies are enabled
	Names      = "names"      // account names are unique
	Exempt     = "exempt"     // an exemption of the file holds until its end and no longer; made only of those
	Suspended  = "suspended"  // a suspended customer's account may do nothing; made only of those, and where two policies could be what denies it
	IDs        = "ids"        // no account is two customers'
	Orphans    = "orphans"    // every tagged account is in the file
)

// PerCustomer are the checks made of every customer, in the order they are shown.
var PerCustomer = []string{Account, Unit, Policies, Isolation, Tags, Email}

// Check is one promise and whether it is kept.
type Check struct {
	Name     string `json:"check"`
	Customer string `json:"customer,omitempty"`
	Tier     string `json:"tier,omitempty"`
	Passed   bool   `json:"passed"`
	Looked   string `json:"looked_at"`       // what was compared
	Fault    string `json:"fault,omitempty"` // what is wrong and what helps; empty if passed
}

// Report is all checks of one organization.
type Report struct {
	Checks  []Check
	Account map[string]org.Account // by customer's key: what was found
	Matrix  []Cell                 // tier by tier, each with every rule
}

// Passed tells how many checks passed, and how many there were.
func (r Report) Passed() (passed, all int) {
	for _, c := range r.Checks {
		if c.Passed {
			passed++
		}
	}
	return passed, len(r.Checks)
}

// Of returns the check of that name of a customer, or of a tier.
func (r Report) Of(name, key string) (Check, bool) {
	for _, c := range r.Checks {
		if c.Name == name && (c.Customer == key || c.Customer == "" && c.Tier == key) {
			return c, true
		}
	}
	return Check{}, false
}

// Organization makes every check of have against want.
func Organization(want blueprint.Blueprint, have org.Organization) Report {
	return verified(want, have, func(blueprint.Customer) bool { return true })
}

// Customers makes the checks of some customers, by key, and those of their tiers and
// of the organization as far as these customers' accounts depend on them.
func Customers(want blueprint.Blueprint, have org.Organization, keys ...string) Report {
	tiers := map[string]bool{}
	r := verified(want, have, func(c blueprint.Customer) bool {
		of := slices.Contains(keys, c.Key)
		tiers[c.Tier] = tiers[c.Tier] || of
		return of
	})
	r.Checks = slices.DeleteFunc(r.Checks, func(c Check) bool { return c.Customer == "" && c.Name != Enabled && !tiers[c.Tier] })
	r.Matrix = slices.DeleteFunc(r.Matrix, func(c Cell) bool { return !tiers[c.Tier] })
	return r
}

// verified makes the checks of the customers that of tells, and all that are of no one
// customer.
func verified(want blueprint.Blueprint, have org.Organization, of func(blueprint.Customer) bool) Report {
	want = want.Exempting(have)
	own := want.Owners(have)
	conflict := map[string]string{}
	var conflicts []string
	for _, c := range own.Conflicts {
		conflict[c.Customer] = c.Why
		conflicts = append(conflicts, c.Why)
	}
	v := &verifier{want: want, have: have, outside: own.Outside, conflict: conflict, policies: map[string][]string{}, units: map[string]org.Unit{}, named: want.Paths(), stand: want.Standing(have)}
	v.index()
	r := Report{Account: own.Of}
	r.Checks = append(r.Checks, v.organization(conflicts, own.Orphans, own.Of)...)
	r.Checks = append(r.Checks, v.left(own.Of)...)
	if twice := plan.Denials(have); len(twice) > 0 {
		r.Checks = append(r.Checks, check(Suspended, "policies tagged "+org.TagPolicy, strings.Join(twice, "; ")))
	}
	members := map[string][]member{}
	for _, c := range want.Customers {
		if a, exists := own.Of[c.Key]; of(c) && exists {
			members[c.Tier] = append(members[c.Tier], member{c, a})
		}
	}
	proof := newProver(v)
	for _, t := range want.Tiers {
		cells, proved := proof.tier(t, members[t.Key])
		r.Matrix = append(r.Matrix, cells...)
		r.Checks = append(r.Checks, v.tier(t)...)
		r.Checks = append(r.Checks, proved...)
	}
	tiers := map[string]blueprint.Tier{}
	for _, t := range want.Tiers {
		tiers[t.Key] = t
	}
	addresses := map[string]int{}
	for _, a := range have.Accounts {
		addresses[strings.ToLower(a.Email)]++
	}
	made := map[string]string{}
	for _, c := range want.Customers {
		made[strings.ToLower(c.Email)] = c.Key
	}
	for _, c := range want.Customers {
		if !of(c) {
			continue
		}
		account, exists := own.Of[c.Key]
		if !exists {
			r.Checks = append(r.Checks, v.missing(c)...)
			continue
		}
		r.Checks = append(r.Checks, v.customer(c, tiers[c.Tier], account)...)
		r.Checks = append(r.Checks, email(c, account, addresses, made))
		r.Checks = append(r.Checks, v.exemptions(c, tiers[c.Tier], account)...)
	}
	if _, err := plan.Make(want, have, plan.Options{}); err != nil {
		unmendable(r.Checks)
	}
	return r
}

// unmendable takes back the promise that apply mends: while file and
// organization contradict each other it changes nothing.
func unmendable(checks []Check) {
	for i := range checks {
		if at := strings.Index(checks[i].Fault, "`landlord apply`"); at >= 0 {
			checks[i].Fault = checks[i].Fault[:at] + "`landlord plan` says what a person must decide first"
		}
	}
}

type verifier struct {
	want     blueprint.Blueprint
	have     org.Organization
	outside  map[string]org.AccountID
	conflict map[string]string   // by customer: why it cannot be told which account is its own
	policies map[string][]string // by target: landlord's policies attached there
	units    map[string]org.Unit // by id
	named    map[string]string   // by key of a unit that is wanted: its path
	stand    blueprint.Standing
}

func (v *verifier) index() {
	for _, p := range v.have.Policies {
		if p.Tags[org.TagFramework] == "" {
			continue
		}
		for _, target := range p.Targets {
			v.policies[target] = append(v.policies[target], p.Name)
		}
	}
	for _, u := range v.have.Units {
		v.units[u.ID] = u
	}
}

// check is a Check that passed if fault is empty.
func check(name string, looked string, fault string) Check {
	return Check{Name: name, Passed: fault == "", Looked: looked, Fault: fault}
}

// organization makes the checks that are of no one customer.
func (v *verifier) organization(conflicts []string, orphans []org.Account, of map[string]org.Account) []Check {
	var fault string
	if !v.have.SCPs && len(v.want.Tiers) > 0 {
		fault = "service control policies are not enabled on the root, so no guardrail holds. `landlord apply` enables them"
	}
	enabled := check(Enabled, "service control policies of root "+v.have.Root, fault)

	names := map[string][]string{}
	for _, key := range slices.Sorted(maps.Keys(of)) {
		names[of[key].Name] = append(names[of[key].Name], string(of[key].ID))
	}
	fault = ""
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if len(names[name]) > 1 {
			fault = fmt.Sprintf("accounts %s are all called %q; rename one of them in AWS (aws account put-account-name)", strings.Join(names[name], ", "), name)
			break
		}
	}
	unique := check(Names, fmt.Sprintf("names of the customers' accounts (%d)", len(of)), fault)

	ids := check(IDs, fmt.Sprintf("owners of all accounts (%d)", len(v.have.Accounts)), strings.Join(conflicts, "; "))

	fault = ""
	if len(orphans) > 0 {
		var list []string
		for _, a := range orphans {
			of := a.Tags[org.TagCustomer]
			if since, is := a.Tags[org.TagSuspended]; is {
				of += ", suspended since " + since
			}
			list = append(list, fmt.Sprintf("%s (%s)", a.ID, of))
		}
		fault = fmt.Sprintf("accounts of customers who are not in the file: %s. Add each under `departed:`, or as `formerly:` of who it became; `landlord customer close KEY` closes its account", strings.Join(list, ", "))
	}
	return []Check{enabled, unique, ids, check(Orphans, "accounts tagged "+org.TagCustomer, fault)}
}

// foreign tells whether a policy has landlord's name and not its tag.
func (v *verifier) foreign(name string) bool {
	return slices.ContainsFunc(v.have.Policies, func(p org.Policy) bool { return p.Name == name && p.Tags[org.TagFramework] == "" })
}

// missing fails every check of a customer who has no account.
func (v *verifier) missing(c blueprint.Customer) []Check {
	looked := fmt.Sprintf("%d accounts, by tag and by address %s", len(v.have.Accounts), c.Email)
	fault := "there is no account. `landlord apply` creates it"
	if why := v.conflict[c.Key]; why != "" {
		fault = "it cannot be told which account is the customer's: " + why
	}
	if id, outside := v.outside[c.Key]; outside {
		looked = fmt.Sprintf("invitations of account %s, which is outside the organization", id)
		fault = fmt.Sprintf("account %s is outside the organization. `landlord apply` invites it", id)
		if why := plan.Waits(v.have, id); why != "" {
			fault = fmt.Sprintf("account %s is outside the organization: it %s", id, why)
		}
	}
	for _, creation := range v.have.Creations {
		if c.Called(creation.AccountName) {
			fault = fmt.Sprintf("the account may be the one being created (%s). `landlord apply` waits for it and goes on", creation.ID)
		}
	}
	var checks []Check
	for _, name := range PerCustomer {
		k := check(name, looked, fault)
		k.Customer, k.Tier = c.Key, c.Tier
		checks = append(checks, k)
	}
	return checks
}

// customer makes the checks of a customer's account but for its address.
func (v *verifier) customer(c blueprint.Customer, t blueprint.Tier, a org.Account) []Check {
	var state, place, policies, isolation string
	switch {
	case a.State != org.Active:
		state = fmt.Sprintf("account %s is %s, not %s", a.ID, a.State, org.Active)
	case !c.Called(a.Name):
		state = fmt.Sprintf("account %s is called %q, not %q. `landlord apply` renames it", a.ID, a.Name, c.Name)
	}
	if unit := v.stand.Of[c.Unit]; a.Parent != unit.ID || unit.ID == "" {
		place = fmt.Sprintf("account %s is in %s, not in %s. `landlord apply` moves it", a.ID, v.place(a.Parent), strings.TrimSpace(v.named[c.Unit]+" "+unit.ID))
	}
	path, in := v.path(a)
	var foreign []string
	holds := map[string]bool{}
	for _, target := range path {
		for _, name := range v.policies[target] {
			if holds[name] = true; !t.Carries(name) {
				foreign = append(foreign, name+" at "+v.place(target))
			}
		}
	}
	for _, p := range t.Policies {
		if policies == "" && (!holds[p.Name] || !v.have.SCPs) {
			policies = fmt.Sprintf("%s does not apply to account %s in %s: nothing of %s holds there. `landlord apply` mends it", p.Name, a.ID, v.place(a.Parent), t.Framework)
		}
	}
	if len(foreign) > 0 {
		isolation = fmt.Sprintf("policies of other tiers apply to account %s: %s. `landlord apply` takes them off", a.ID, strings.Join(foreign, ", "))
	}
	checks := []Check{
		check(Account, fmt.Sprintf("account %s: %s", a.ID, a.State), state),
		check(Unit, fmt.Sprintf("account %s in %s", a.ID, in), place),
		check(Policies, fmt.Sprintf("policies on %s", in), policies),
		check(Isolation, fmt.Sprintf("policies on %s", in), isolation),
		check(Tags, fmt.Sprintf("%d tags of account %s", len(a.Tags), a.ID), tags(c, a)),
	}
	checks = append(checks, v.suspension(a)...)
	for i := range checks {
		checks[i].Customer, checks[i].Tier = c.Key, c.Tier
	}
	return checks
}

// suspension checks that nothing is allowed in a suspended customer's account.
func (v *verifier) suspension(a org.Account) []Check {
	since, tagged, denied := plan.Suspension(v.have, a)
	on := slices.ContainsFunc(v.have.Policies, func(p org.Policy) bool { // whatever it says now
		return p.Tags[org.TagPolicy] == guardrail.Purpose && slices.Contains(p.Targets, string(a.ID))
	})
	var fault string
	switch {
	case !tagged && !on:
		return nil
	case !denied:
		fault = fmt.Sprintf("account %s is suspended, and policy %s does not hold there. `landlord apply` puts it back, `landlord customer resume` ends the suspension", a.ID, guardrail.SuspendedName)
	case !tagged:
		fault = fmt.Sprintf("policy %s is on account %s, and no tag %s says since when. `landlord apply` completes the suspension, `landlord customer resume` ends it", guardrail.SuspendedName, a.ID, org.TagSuspended)
	case since.IsZero():
		fault = fmt.Sprintf("tag %s of account %s is %q, which is not a time; write one such as 2026-01-31T09:00:00Z", org.TagSuspended, a.ID, a.Tags[org.TagSuspended])
	}
	return []Check{check(Suspended, fmt.Sprintf("account %s suspended since %s, policy %s on it", a.ID, cmp.Or(a.Tags[org.TagSuspended], "an unknown time"), guardrail.SuspendedName), fault)}
}

func tags(c blueprint.Customer, a org.Account) string {
	var wrong []string
	for _, key := range slices.Sorted(maps.Keys(c.Tags)) {
		if value, there := a.Tags[key]; !there || value != c.Tags[key] {
			is := fmt.Sprintf("is %q", value)
			if !there {
				is = "is missing"
			}
			wrong = append(wrong, fmt.Sprintf("tag %s %s, should be %q", key, is, c.Tags[key]))
		}
	}
	for _, key := range c.Stale(a.Tags) {
		wrong = append(wrong, fmt.Sprintf("tag %s is %q, and the file no longer says so", key, a.Tags[key]))
	}
	if len(wrong) == 0 {
		return ""
	}
	return fmt.Sprintf("account %s: %s. `landlord apply` tags it", a.ID, strings.Join(wrong, ", "))
}

// email checks that the root address is nobody else's. An address need not be
// the one made from the key: the pattern names new accounts only.
func email(c blueprint.Customer, a org.Account, seen map[string]int, made map[string]string) Check {
	address := strings.ToLower(a.Email)
	var fault string
	switch owner, is := made[address]; {
	case is && owner != c.Key:
		fault = fmt.Sprintf("account %s has the address %s, which is made from customer %s", a.ID, a.Email, owner)
	case seen[address] > 1:
		fault = fmt.Sprintf("%d accounts have the address %s", seen[address], a.Email)
	}
	looked := "address " + a.Email
	if address != strings.ToLower(c.Email) {
		looked += " (kept: the pattern names new accounts only)"
	}
	k := check(Email, looked, fault)
	k.Customer, k.Tier = c.Key, c.Tier
	return k
}
