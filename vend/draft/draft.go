// Package draft writes the portfolio file of an organization that exists: what
// is landlord's as customers, the rest as entries to uncomment. An organization
// comes in, text goes out; nothing is read or changed here.
package draft

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"landlord/guard/guardrail"
	"landlord/org"
	"landlord/portfolio"
)

// Options say what the organization cannot tell.
type Options struct {
	Target   string            // of the file: portfolio.AWS or portfolio.Simulated
	Provider string            // its name; "" leaves one to fill in
	Tiers    map[string]string // by unit's name, or "all": the tier of accounts that are in it and not landlord's
}

// Draft is a portfolio file, and what a person should know of it.
type Draft struct {
	Text      []byte
	Customers int      // live ones
	Commented int      // accounts written as comments
	Notes     []string // what is to be filled in, and what the plan will then change
}

// entry is an account that becomes a customer, live or commented out.
type entry struct {
	account         org.Account
	key, name, tier string
	contact, region string
	segment         string
	tags            org.Tags
	ours            bool // tagged by landlord: live as it is
	live            bool
	invented        bool // the contact is
	place, why      string
}

// Portfolio drafts the file of an organization. What landlord made is so
// described that its plan is empty; where that cannot be, a note says what it
// will change. The text is a valid portfolio file.
func Portfolio(seen org.Organization, opt Options) Draft {
	d := &drafter{seen: seen, opt: opt, units: map[string]org.Unit{}, keys: map[string]bool{}, contacts: map[string]bool{}}
	for _, u := range seen.Units {
		d.units[u.ID] = u
	}
	d.tiers()
	d.gather()
	d.pattern()
	return d.write()
}

type drafter struct {
	seen     org.Organization
	opt      Options
	units    map[string]org.Unit
	known    []portfolio.Tier // built in, as the units say, then the organization's own
	changed  []portfolio.Tier // of those, what the file must say
	keys     map[string]bool
	contacts map[string]bool
	entries  []entry
	departed []entry
	address  string // pattern
	notes    []string
}

func (d *drafter) note(format string, args ...any) {
	d.notes = append(d.notes, fmt.Sprintf(format, args...))
}

// tiers finds the tiers: the built-in ones, under the names that their units
// have now, and others by the tags of units and policies.
func (d *drafter) tiers() {
	d.known = portfolio.Builtin()
	for _, u := range d.seen.Units {
		key := u.Tags[org.TagTier]
		mode := d.mode(u)
		if key == "" || mode == "" || !keyOf.MatchString(key) || d.taken(key, u.Name) {
			continue
		}
		t := portfolio.Tier{Key: key, Name: strings.TrimPrefix(u.Name, "Customers-"), Framework: "Unknown"}
		at := slices.IndexFunc(d.known, func(t portfolio.Tier) bool { return t.Key == key })
		if at >= 0 {
			t = d.known[at]
		} else {
			if portfolio.NameFault(t.Name) != "" || len(t.Name) > 64 {
				t.Name = key
			}
			if d.framework(u) == "" {
				d.note("tier %s: no policy on unit %s tells its framework; fill it in", key, u.Name)
			}
			d.note("tier %s is the organization's own: AWS does not hold its price; fill it in", key)
		}
		was := t
		t.Unit, t.Units = u.Name, mode
		if framework := d.framework(u); framework != "" {
			t.Framework = framework
		}
		switch {
		case at < 0:
			d.known, d.changed = append(d.known, t), append(d.changed, t)
		case t.Unit != was.Unit || t.Units != was.Units || t.Framework != was.Framework:
			d.known[at] = t
			d.changed = append(slices.DeleteFunc(d.changed, func(c portfolio.Tier) bool { return c.Key == key }), t)
		}
	}
}

// mode is how the accounts of the tier that a unit is for are spread, "" if it is
// not a tier's whole unit.
func (d *drafter) mode(u org.Unit) string {
	switch {
	case u.Tags[org.TagRegion] != "" || u.Tags[org.TagSegment] != "":
		return ""
	case u.Parent == d.seen.Root:
		return portfolio.Flat
	case d.units[u.Parent].Tags[org.TagUnit] == "":
		return ""
	}
	for _, below := range d.seen.Units {
		if below.Parent == u.ID && below.Tags[org.TagSegment] != "" {
			return portfolio.BySegment
		}
		if below.Parent == u.ID && below.Tags[org.TagRegion] != "" {
			return portfolio.ByRegion
		}
	}
	for _, a := range d.seen.Accounts { // one whose accounts have no region, or no segment
		if a.Parent == u.ID && a.Tags[org.TagRegion] != "" {
			return portfolio.BySegment
		}
	}
	return portfolio.ByRegion
}

// taken tells whether a unit's name is none that a tier in the file can have.
func (d *drafter) taken(key, name string) bool {
	return portfolio.NameFault(name) != "" || !utf8.ValidString(name) ||
		slices.ContainsFunc(d.known, func(t portfolio.Tier) bool { return t.Key != key && strings.EqualFold(t.Unit, name) })
}

// framework is what the policy on a tier's unit is for.
func (d *drafter) framework(u org.Unit) string {
	for _, p := range d.seen.Policies {
		if f := p.Tags[org.TagFramework]; portfolio.FrameworkFault(f) == "" && slices.Contains(p.Targets, u.ID) && p.Name == guardrail.For(f).Name {
			return f
		}
	}
	return ""
}

var (
	keyOf  = regexp.MustCompile(portfolio.KeyPattern)
	notKey = regexp.MustCompile(`[^a-z0-9]+`)
)

// gather takes in the accounts: those tagged as customers first, whose keys are
// for ever.
func (d *drafter) gather() {
	var rest []org.Account
	for _, a := range d.seen.Accounts {
		key := a.Tags[org.TagCustomer]
		switch {
		case a.ID == d.seen.Management:
		case !a.ID.Valid():
			d.note("an account %q is left out: that is no id of an account", a.ID)
		case key != "" && a.Gone():
			if keyOf.MatchString(key) && !d.keys[key] {
				d.keys[key] = true
				d.departed = append(d.departed, entry{account: a, key: key})
			}
		case key == "" || !keyOf.MatchString(key):
			if !a.Gone() {
				rest = append(rest, a)
			}
		case d.keys[key]:
			d.note("accounts of customer %s: more than one is tagged so, of which %s (%s) is left out; correct its tag", key, a.ID, a.Name)
		default:
			d.keys[key] = true
			d.entries = append(d.entries, d.ours(a, key))
		}
	}
	for _, a := range rest {
		d.entries = append(d.entries, d.foreign(a))
	}
}

func (d *drafter) tier(key string) bool {
	return slices.ContainsFunc(d.known, func(t portfolio.Tier) bool { return t.Key == key })
}

// ours is a customer of landlord's.
func (d *drafter) ours(a org.Account, key string) entry {
	e := entry{account: a, key: key, tier: a.Tags[org.TagTier], ours: true, live: true, tags: org.Tags{}}
	if !d.tier(e.tier) {
		if e.tier = d.units[a.Parent].Tags[org.TagTier]; !d.tier(e.tier) {
			e.tier = portfolio.Builtin()[0].Key
			e.live, e.why = false, fmt.Sprintf("its tag %s is %q, which is no tier; choose one", org.TagTier, a.Tags[org.TagTier])
		}
	}
	d.fill(&e)
	return e
}

// foreign is an account that is not landlord's.
func (d *drafter) foreign(a org.Account) entry {
	e := entry{account: a, key: d.guess(a), tags: org.Tags{}, place: d.place(a.Parent)}
	for at := a.Parent; at != "" && e.tier == ""; at = d.units[at].Parent {
		e.tier = d.opt.Tiers[d.units[at].Name]
		if at == d.seen.Root {
			e.tier = d.opt.Tiers["Root"]
		}
	}
	if e.tier == "" {
		e.tier = d.opt.Tiers["all"]
	}
	e.live = d.tier(e.tier)
	if !e.live {
		e.tier = portfolio.Builtin()[0].Key
	}
	d.fill(&e)
	return e
}

// guess is a key that nobody has, made from an account's name.
func (d *drafter) guess(a org.Account) string {
	key := strings.Trim(notKey.ReplaceAllString(strings.ToLower(a.Name), "-"), "-")
	if key == "" || key[0] < 'a' || key[0] > 'z' {
		key = "account-" + key
	}
	key = strings.TrimRight(key[:min(len(key), 40)], "-")
	if d.keys[key] {
		key = strings.TrimRight(key[:min(len(key), 27)], "-") + "-" + string(a.ID)
	}
	d.keys[key] = true
	return key
}

// fill takes what the tags tell. What the file would not take is left out, and
// said.
func (d *drafter) fill(e *entry) {
	a := e.account
	if e.name = strings.Join(strings.Fields(clean(a.Name)), " "); portfolio.NameFault(e.name) != "" {
		e.name = e.key
	}
	e.contact = org.FromTagText(a.Tags[org.TagContact])
	if folded := strings.ToLower(e.contact); portfolio.ContactFault(e.contact) != "" || d.contacts[folded] {
		e.contact, e.invented = e.key+"@contact.invalid", true
	}
	d.contacts[strings.ToLower(e.contact)] = true
	if r := a.Tags[org.TagRegion]; portfolio.RegionFault(r) == "" {
		e.region = r
	}
	if s := a.Tags[org.TagSegment]; portfolio.SegmentFault(s) == "" {
		e.segment = s
	}
	for _, key := range slices.Sorted(maps.Keys(a.Tags)) {
		if portfolio.TagFault(key, a.Tags[key]) == "" && len(e.tags) < portfolio.OwnTags {
			e.tags[key] = a.Tags[key]
		}
	}
}

func (d *drafter) place(id string) string {
	if u, is := d.units[id]; is {
		return u.Name
	}
	return "Root"
}

// pattern finds the pattern of root addresses that most live customers' follow.
func (d *drafter) pattern() {
	votes := map[string]int{}
	for _, e := range d.entries {
		if e.ours {
			for _, p := range patterns(e.account.Email, e.key) {
				votes[p]++
			}
		}
	}
	d.address = "aws+{customer}@accounts.invalid"
	best := 0
	for _, p := range slices.Sorted(maps.Keys(votes)) {
		if votes[p] > best {
			d.address, best = p, votes[p]
		}
	}
	if best == 0 {
		d.note("provider.account_email: no account of a customer tells the pattern of root addresses; fill in your own before a customer is added")
	}
}

// patterns are the patterns that give a key this address.
func patterns(address, key string) []string {
	local, _, _ := strings.Cut(address, "@")
	var all []string
	for from := 0; ; {
		i := strings.Index(local[from:], key)
		if i < 0 {
			break
		}
		p := address[:from+i] + "{customer}" + address[from+i+len(key):]
		if portfolio.PatternFault(p) == "" && portfolio.AccountEmail(p, key) == address {
			all = append(all, p)
		}
		from += i + 1
	}
	return all
}
