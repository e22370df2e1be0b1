package soak

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"

	"landlord/guard/guardrail"
	"landlord/portfolio"
)

// management is the management account of every life.
const management = "111122223333"

// person is a customer, whatever it is called at a time.
type person struct {
	key       string
	first     string // key; mail goes there for ever
	formerly  []string
	name      string
	tier      string
	region    string
	segment   string
	account   string // adopted
	gone      bool   // under `departed:`
	suspended bool   // somebody asked for it
	closing   bool   // somebody asked to close it
}

// keys are all keys that the person ever had.
func (p *person) keys() []string { return append([]string{p.key}, p.formerly...) }

// file is the portfolio file of a life, and what it was before.
type file struct {
	people     []*person
	frameworks map[string]string // by tier
	units      map[string]string // by tier: the unit's name
	domain     int               // which pattern of addresses it has
	named      int               // names given so far

	policies map[string]guardrail.Policy // by framework

	byKey   map[string]*person // every key that a file ever had
	byEmail map[string]*person // every address that a file ever made
}

// tiers are the built-in ones, which a portfolio always has.
var tiers = []string{"fintech", "healthcare", "government-federal", "standard"}

// spare are frameworks that a tier may change to.
var spare = []string{"PCI DSS", "ISO 27001"}

func newFile() *file {
	return &file{
		frameworks: map[string]string{"fintech": "SOC 2", "healthcare": "HIPAA", "government-federal": "FedRAMP", "standard": "CIS"},
		units: map[string]string{
			"fintech": "Customers-Fintech", "healthcare": "Customers-Healthcare",
			"government-federal": "Customers-Government-Federal", "standard": "Customers-Standard",
		},
		policies: map[string]guardrail.Policy{}, byKey: map[string]*person{}, byEmail: map[string]*person{},
	}
}

// current are the customers of the file.
func (f *file) current() []*person {
	return slices.DeleteFunc(slices.Clone(f.people), func(p *person) bool { return p.gone })
}

// used are the tiers that have a customer, in order.
func (f *file) used() []string {
	return slices.DeleteFunc(slices.Clone(tiers), func(t string) bool {
		return !slices.ContainsFunc(f.people, func(p *person) bool { return !p.gone && p.tier == t })
	})
}

func (f *file) pattern() string { return fmt.Sprintf("aws+{customer}@p%d.example", f.domain) }

// email is the address that the file makes for p.
func (f *file) email(p *person) string { return strings.ReplaceAll(f.pattern(), "{customer}", p.key) }

// text is the file as it is written, and notes which keys and addresses are
// whose.
func (f *file) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "provider: {name: MSP, account_email: %q}\norganization: {target: simulated, management_account: %q}\ntiers:\n", f.pattern(), management)
	for _, t := range tiers {
		fmt.Fprintf(&b, "  %s: {framework: %q, unit: %q}\n", t, f.frameworks[t], f.units[t])
	}
	b.WriteString("customers:\n")
	var gone []string
	for _, p := range f.people {
		for _, key := range p.keys() {
			f.byKey[key] = p
		}
		if p.gone {
			gone = append(gone, p.keys()...)
			continue
		}
		f.byEmail[f.email(p)] = p
		fmt.Fprintf(&b, "  - {key: %s, name: %q, tier: %s, contact: %s@c.example", p.key, p.name, p.tier, p.first)
		if p.region != "" {
			fmt.Fprintf(&b, ", region: %s", p.region)
		}
		if p.segment != "" {
			fmt.Fprintf(&b, ", segment: %q", p.segment)
		}
		if p.account != "" {
			fmt.Fprintf(&b, ", account: %q", p.account)
		}
		if len(p.formerly) > 0 {
			fmt.Fprintf(&b, ", formerly: [%s]", strings.Join(p.formerly, ", "))
		}
		b.WriteString("}\n")
	}
	if len(f.current()) == 0 {
		b.WriteString("  []\n")
	}
	if len(gone) > 0 {
		fmt.Fprintf(&b, "departed: [%s]\n", strings.Join(gone, ", "))
	}
	return b.String()
}

// parse reads the file as landlord does.
func (f *file) parse() (*portfolio.Portfolio, error) {
	return portfolio.Parse("life.yaml", []byte(f.text()))
}

// join adds a customer. Now and then two are called the same.
func (f *file) join(r *rand.Rand) *person {
	f.named++
	key := fmt.Sprintf("k%d", f.named)
	p := &person{key: key, first: key, name: fmt.Sprintf("Customer %d Inc", f.named), tier: tiers[r.IntN(len(tiers))]}
	if now := f.current(); len(now) > 0 && r.IntN(4) == 0 {
		p.name = now[r.IntN(len(now))].name
	}
	if r.IntN(2) == 0 {
		p.region = []string{"eu-central-1", "us-west-2"}[r.IntN(2)]
	}
	f.people = append(f.people, p)
	return p
}

// passOn gives p another name, and its own to somebody new.
func (f *file) passOn(p *person, r *rand.Rand) string {
	f.named++
	old := p.name
	p.name = fmt.Sprintf("Customer %d Ltd", f.named)
	f.join(r).name = old
	return "name of " + p.key + " goes to another"
}

// most is how many customers a life has.
const most = 12

// edit changes the file as people do, once.
func (f *file) edit(r *rand.Rand, stable bool) string {
	now := f.current()
	if len(now) == 0 || len(now) < most && r.IntN(3) == 0 {
		p := f.join(r)
		return "join " + p.key
	}
	p := now[r.IntN(len(now))]
	f.named++
	switch r.IntN(10) {
	case 0, 1:
		p.tier = tiers[r.IntN(len(tiers))]
		return "tier of " + p.key
	case 2:
		p.name = fmt.Sprintf("Customer %d Ltd", f.named)
		return "name of " + p.key
	case 3:
		return f.passOn(p, r)
	case 4:
		if stable {
			break
		}
		p.formerly = append(p.formerly, p.key)
		p.key = fmt.Sprintf("k%d", f.named)
		return "key " + p.key
	case 5:
		if stable {
			break
		}
		f.domain++
		return "addresses"
	case 6:
		p.gone = true
		return "off " + p.key
	case 7:
		t := tiers[r.IntN(len(tiers))]
		f.units[t] = fmt.Sprintf("Tier %d", f.named)
		return "unit of " + t
	case 8:
		free := slices.Clone(spare)
		for _, used := range slices.Sorted(maps.Values(f.frameworks)) {
			free = slices.DeleteFunc(free, func(s string) bool { return s == used })
		}
		if len(free) > 0 {
			t := tiers[r.IntN(len(tiers))]
			f.frameworks[t] = free[r.IntN(len(free))]
			return "framework of " + t
		}
	}
	p.segment = fmt.Sprintf("segment %d", r.IntN(3))
	return "segment of " + p.key
}
