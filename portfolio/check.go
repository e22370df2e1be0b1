package portfolio

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"landlord/guard/guardrail"
	"landlord/internal/limits"
	"landlord/org"
)

// check tells what each value of d can be and all of them together cannot.
// It takes time in proportion to the file.
func (r *reader) check(d document) {
	r.checkTiers(d)
	r.checkKeys(d)
	r.checkAccounts(d)
	r.checkAddresses(d)
	r.checkSegments(d)
	r.checkGuardrails(d)
	r.checkBilling(d)
	r.checkPeople(d)
	r.checkPromised(d)
	for _, c := range d.customers {
		if from, to := c.value.Since, c.value.Until; from != "" && to != "" && to <= from {
			r.fault(c.at("until"), "until %s is not after since %s", quote(to), quote(from))
		}
	}
	if o := d.organization; o.node != nil {
		r.checkRegions(o)
	}
	if cost := d.economics.value.AccountCost; cost.Low > cost.High {
		r.fault(d.economics.at("account_cost"), "account_cost has low %s above high %s", cost.Low, cost.High)
	}
}

func (r *reader) checkRegions(o placed[organization]) {
	at := o.fields["regions"]
	if at == nil || at.Kind != yaml.SequenceNode {
		return
	}
	if len(at.Content) == 0 {
		r.fault(at, "regions is empty; expected at least one AWS region, the home region first")
	}
	seen := map[string]int{}
	for _, n := range at.Content {
		r.once(n, seen, n.Value, "region")
	}
}

// once tells that text was there before, and remembers it.
func (r *reader) once(n *yaml.Node, seen map[string]int, text, what string) {
	if line, twice := seen[text]; twice {
		r.fault(n, "%s %s is already on line %d", what, quote(n.Value), line)
		return
	}
	seen[text] = n.Line
}

func (r *reader) checkTiers(d document) {
	known := builtinKeys()
	for _, t := range d.tiers {
		if t.node == nil || slices.Contains(known, t.key.Value) {
			continue
		}
		var lacks []string
		for _, name := range []string{"name", "framework", "price"} {
			if t.fields[name] == nil {
				lacks = append(lacks, quote(name))
			}
		}
		if len(lacks) > 0 {
			r.fault(t.key, "tier %s is not built in and lacks %s%s", quote(t.key.Value), strings.Join(lacks, ", "),
				r.nearest(t.key.Value, known, "; built in are "+strings.Join(known, ", ")))
		}
	}
	tiers := d.allTiers()
	known = known[:0]
	for _, t := range tiers {
		known = append(known, t.Key)
	}
	r.checkUnits(d, tiers)
	r.checkFrameworks(d, tiers)
	defined := set(known)
	for _, c := range d.customers {
		if n := c.fields["tier"]; n != nil && n.Kind == yaml.ScalarNode && !isNull(n) && !defined[n.Value] {
			r.fault(n, "unknown tier %s%s", quote(n.Value), r.nearest(n.Value, known, "; known are "+cut(strings.Join(known, ", "))))
		}
	}
}

// checkUnits tells which tiers of the file name a unit that another has.
// Upper and lower case count as the same, to stay clear of what AWS does.
func (r *reader) checkUnits(d document, tiers []Tier) {
	at := map[string]*yaml.Node{}
	for _, t := range d.tiers {
		if t.node != nil {
			at[t.value.Key] = t.at("unit")
		}
	}
	owner := map[string]string{}
	divided := ""
	for _, t := range tiers {
		if t.Units != Flat && divided == "" {
			divided = t.Key
		}
	}
	for _, t := range tiers {
		unit := strings.ToLower(t.Unit)
		if t.Units == Flat && divided != "" && unit == strings.ToLower(UnitsAbove) && at[t.Key] != nil {
			r.fault(at[t.Key], "unit %s of tier %s has the name of the unit that tier %s stands in, since its units are divided; choose another", quote(t.Unit), quote(t.Key), quote(divided))
		}
		other, taken := owner[unit]
		switch {
		case taken && at[t.Key] != nil:
			r.fault(at[t.Key], "unit %s of tier %s is already the unit of tier %s", quote(t.Unit), quote(t.Key), quote(other))
		case taken && at[other] != nil:
			r.fault(at[other], "unit %s of tier %s is already the unit of tier %s", quote(t.Unit), quote(other), quote(t.Key))
		}
		owner[unit] = t.Key
		if len([]rune(t.Unit)) > limits.UnitNameLength && at[t.Key] != nil {
			r.fault(at[t.Key], "unit %s has more than %d characters", quote(t.Unit), limits.UnitNameLength)
		}
	}
}

// checkFrameworks tells which frameworks of the file are another's but for what
// a policy's name leaves out: both would be held by one policy.
func (r *reader) checkFrameworks(d document, tiers []Tier) {
	at := map[string]*yaml.Node{}
	for _, t := range d.tiers {
		if t.node != nil && t.fields["framework"] != nil {
			at[t.value.Key] = t.at("framework")
		}
	}
	used := map[string]bool{}
	for _, c := range d.customers {
		used[c.value.Tier] = true
	}
	tiers = slices.Clone(tiers)
	slices.SortStableFunc(tiers, func(a, b Tier) int { return cmp.Compare(place(at[a.Key]), place(at[b.Key])) })
	first := map[string]Tier{} // by the name of the policy
	for _, t := range tiers {
		if !used[t.Key] && at[t.Key] == nil {
			continue
		}
		policy := guardrail.For(t.Framework).Name
		other, taken := first[policy]
		switch {
		case !taken:
			first[policy] = t
		case other.Framework != t.Framework && at[t.Key] != nil:
			r.fault(at[t.Key], "framework %s of tier %s has the policy %s, which is that of framework %s of tier %s; write both alike, or choose another name",
				quote(t.Framework), quote(t.Key), policy, quote(other.Framework), quote(other.Key))
		}
	}
}

// place is the line of a node, 0 for what is not in the file.
func place(n *yaml.Node) int {
	if n == nil {
		return 0
	}
	return n.Line
}

// checkSegments tells which segments cannot name a unit, where they must.
func (r *reader) checkSegments(d document) {
	divided := map[string]bool{}
	for _, t := range d.tiers {
		divided[t.value.Key] = t.value.Units == BySegment
	}
	type unit struct{ tier, name string }
	type use struct {
		segment string
		line    int
	}
	seen := map[unit]use{}
	for _, c := range d.customers {
		n := scalarOf(c.fields["segment"])
		if n == nil || !divided[c.value.Tier] {
			continue
		}
		if len([]rune(n.Value)) > limits.UnitNameLength {
			r.fault(n, "segment %s names a unit of tier %s and has more than %d characters", quote(n.Value), quote(c.value.Tier), limits.UnitNameLength)
		}
		u := unit{c.value.Tier, strings.ToLower(n.Value)}
		if first, taken := seen[u]; !taken {
			seen[u] = use{n.Value, n.Line}
		} else if first.segment != n.Value {
			r.fault(n, "segment %s differs from %s on line %d in upper and lower case only; both would name one unit of tier %s", quote(n.Value), quote(first.segment), first.line, quote(c.value.Tier))
		}
	}
}

// checkKeys tells which keys are there twice: a key is for ever, so one that
// was another's, or of somebody who left, is not free.
func (r *reader) checkKeys(d document) {
	seen := map[string]int{}
	for _, c := range d.customers {
		if n := scalarOf(c.fields["key"]); n != nil {
			r.once(n, seen, n.Value, "key")
		}
	}
	for _, c := range d.customers {
		if n := c.fields["formerly"]; n != nil && n.Kind == yaml.SequenceNode {
			for _, old := range n.Content {
				if old = scalarOf(old); old != nil {
					r.once(old, seen, old.Value, "former key")
				}
			}
		}
	}
	for _, gone := range d.departed {
		if n := scalarOf(gone.fields["key"]); n != nil {
			r.once(n, seen, n.Value, "departed key")
		} else if n := scalarOf(gone.node); n != nil {
			r.once(n, seen, n.Value, "departed key")
		}
	}
}

// scalarOf is n if it is a text, else nil.
func scalarOf(n *yaml.Node) *yaml.Node {
	if n == nil || n.Kind != yaml.ScalarNode || isNull(n) {
		return nil
	}
	return n
}

// checkAccounts tells which account ids belong to two. A customer's own may be
// both adopted and simulated.
func (r *reader) checkAccounts(d document) {
	keys := map[string]bool{}
	for _, c := range d.customers {
		keys[c.value.Key] = true
		for _, former := range c.value.Formerly {
			keys[former] = true
		}
	}
	for _, gone := range d.departed {
		keys[gone.value.Key] = true
	}
	var known []string
	type owner struct {
		customer string
		line     int
	}
	seen := map[org.AccountID]owner{}
	claim := func(n *yaml.Node, id org.AccountID, customer string) {
		if n = scalarOf(n); n == nil || !id.Valid() {
			return
		}
		switch before, taken := seen[id]; {
		case id == d.organization.value.Management:
			r.fault(n, "account %s is the management account; a customer's is another", quote(string(id)))
		case taken && before.customer != customer:
			r.fault(n, "account %s is already that of %s on line %d", quote(string(id)), quote(before.customer), before.line)
		case !taken:
			seen[id] = owner{customer, n.Line}
		}
	}
	for _, s := range d.organization.value.simulated {
		claim(s.account.node, s.account.value, s.customer.Value)
		if !keys[s.customer.Value] {
			if known == nil {
				known = slices.Sorted(maps.Keys(keys))
			}
			r.fault(s.customer, "unknown customer %s%s", quote(s.customer.Value), r.nearest(s.customer.Value, known, "; expected the key of one under customers"))
		}
	}
	for _, c := range d.customers {
		claim(c.fields["account"], c.value.adopted.id, c.value.Key)
	}
}

// checkAddresses tells which contacts and root addresses are there twice.
// Upper and lower case count as the same.
func (r *reader) checkAddresses(d document) {
	contacts, roots, adopts := map[string]int{}, map[string]string{}, map[string]int{}
	pattern := d.provider.value.AccountEmail
	if patternFault(pattern, "") != "" {
		pattern = ""
	}
	for _, c := range d.customers {
		if n := scalarOf(c.fields["contact"]); n != nil {
			r.once(n, contacts, strings.ToLower(n.Value), "contact")
		}
		if address := c.value.adopted.address; address != "" {
			r.once(c.fields["account"], adopts, strings.ToLower(address), "account")
		}
		key := c.value.Key
		if pattern == "" || key == "" {
			continue
		}
		root := strings.ToLower(AccountEmail(pattern, key))
		if other, taken := roots[root]; taken && other != key {
			r.fault(c.at("key"), "key %s gives the root address %s, which %s has; choose another key", quote(key), quote(root), quote(other))
		}
		roots[root] = key
	}
}

// allTiers are the built-in tiers as the file changes them, then its own.
func (d document) allTiers() []Tier {
	tiers := slices.Clone(builtin)
	for _, t := range d.tiers {
		got := t.value
		if got.Unit == "" {
			got.Unit = "Customers-" + got.Name
		}
		got.Guardrails = nil
		for _, a := range got.added {
			got.Guardrails = append(got.Guardrails, a.value.Rule)
		}
		if i := slices.IndexFunc(builtin, func(b Tier) bool { return b.Key == got.Key }); i >= 0 {
			tiers[i] = got
		} else if t.node != nil {
			tiers = append(tiers, got)
		}
	}
	return tiers
}

// portfolio is what d says, once nothing is wrong with it.
func (d document) portfolio(file string) *Portfolio {
	p := &Portfolio{
		File:         file,
		Provider:     d.provider.value,
		Organization: d.organization.value.Organization,
		Tiers:        d.allTiers(),
		Economics:    d.economics.value,
		Billing:      billingOf(d.billing),
		Support:      d.support.value.Support,
	}
	p.Support.SLA = d.agreements()
	for i := range p.Tiers {
		p.Tiers[i].Terms = termsOf(p.Tiers[i].usage)
		p.Tiers[i].added, p.Tiers[i].usage = nil, placed[usage]{}
	}
	price := map[string]Tier{}
	for _, t := range p.Tiers {
		price[t.Key] = t
	}
	p.Organization.Regions = slices.Clone(p.Organization.Regions) // the default is shared
	p.Organization.SimulatedAccounts = map[string]org.AccountID{}
	for _, s := range d.organization.value.simulated {
		p.Organization.SimulatedAccounts[s.customer.Value] = s.account.value
	}
	for _, entry := range d.customers {
		c := entry.value
		if c.OwnPrice = entry.fields["price"] != nil; !c.OwnPrice {
			c.Price = price[c.Tier].Price
		}
		for _, t := range c.tags {
			if c.Tags == nil {
				c.Tags = map[string]string{}
			}
			c.Tags[t.key.Value] = t.value
		}
		c.Account, c.Address = c.adopted.id, c.adopted.address
		for _, e := range c.exempt {
			c.Exempt = append(c.Exempt, e.value)
		}
		c.Billing = invoicingOf(c.billing)
		c.People = d.peopleOf(entry)
		c.tags, c.adopted, c.exempt, c.billing, c.people = nil, adopted{}, nil, nil, nil
		c.AccountName = AccountName(c.Name, c.Key)
		c.Email = AccountEmail(p.Provider.AccountEmail, c.Key)
		c.Line = entry.node.Line
		c.Lines = lastLine(entry.node) - c.Line + 1
		p.Customers = append(p.Customers, c)
	}
	distinguish(p.Customers)
	if d.signIn.node != nil {
		p.SignIn = &d.signIn.value
		if p.SignIn.Region == "" {
			p.SignIn.Region = p.Organization.Regions[0]
		}
	}
	for _, gone := range d.departed {
		gone.value.Line = gone.node.Line
		p.Departed = append(p.Departed, gone.value)
	}
	return p
}

func set(keys []string) map[string]bool {
	m := make(map[string]bool, len(keys))
	for _, k := range keys {
		m[k] = true
	}
	return m
}
