package soak

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"

	"landlord/guard/guardrail"
	"landlord/internal/limits"
	"landlord/portfolio"
)

// management is the management account of every life.
const management = "111122223333"

// person is a customer, whatever it is called at a time.
type person struct {
	key       string
	formerly  []string
	name      string
	tier      string
	region    string
	segment   string
	contact   string
	tags      map[string]string
	account   string // adopted, or invited
	gone      bool   // under `departed:`
	suspended bool   // a command ended that suspended it, and none began that resumes it
	closing   bool   // a command began to close its account
}

// keys are all keys that the person ever had.
func (p *person) keys() []string { return append([]string{p.key}, p.formerly...) }

// file is the portfolio file of a life, and what it was before.
type file struct {
	people     []*person
	frameworks map[string]string // by tier
	units      map[string]string // by tier: the unit's name
	divided    map[string]string // by tier: by-region or by-segment; "" is flat
	domain     int               // which pattern of addresses it has
	named      int               // names given so far

	added    []guardrail.Rule              // to each tier; then policies are packed as AWS's quotas of 2025 want it
	policies map[string][]guardrail.Policy // by framework

	parsed string // the text that folio was parsed from
	folio  *portfolio.Portfolio

	byKey   map[string]*person // every key that a file ever had
	byEmail map[string]*person // every address that a file ever made
}

// tiers are the built-in ones, which a portfolio always has.
var tiers = []string{"fintech", "healthcare", "government-federal", "standard"}

func newFile() *file {
	return &file{
		frameworks: map[string]string{"fintech": "SOC 2", "healthcare": "HIPAA", "government-federal": "FedRAMP", "standard": "CIS"},
		units: map[string]string{
			"fintech": "Customers-Fintech", "healthcare": "Customers-Healthcare",
			"government-federal": "Customers-Government-Federal", "standard": "Customers-Standard",
		},
		divided: map[string]string{}, policies: map[string][]guardrail.Policy{}, byKey: map[string]*person{}, byEmail: map[string]*person{},
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

// adds has every tier have so many statements more that each takes policies of its
// own.
func (f *file) adds(n int) {
	for i := range n {
		name := fmt.Sprint("Added", i)
		f.added = append(f.added, guardrail.Rule{Sid: name, Prevents: name, Actions: []string{"s3:" + name}, Resources: []string{"arn:aws:s3:::" + strings.Repeat("x", 200) + name}})
	}
}

// quotas is the name of AWS's quotas that the file makes policies for.
func (f *file) quotas() string {
	if len(f.added) > 0 {
		return "2025"
	}
	return limits.Present().Name
}

func (f *file) policyQuota() limits.PolicyQuota {
	quotas, _ := limits.QuotasNamed(f.quotas())
	return quotas.ServiceControl
}

// text is the file as it is written, and notes which keys and addresses are
// whose.
func (f *file) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "provider: {name: MSP, account_email: %q}\norganization: {target: simulated, management_account: %q, quotas: %q}\ntiers:\n", f.pattern(), management, f.quotas())
	var added strings.Builder
	for _, rule := range f.added {
		fmt.Fprintf(&added, ", {sid: %s, why: %q, actions: [%q], resources: [%q]}", rule.Sid, rule.Prevents, rule.Actions[0], rule.Resources[0])
	}
	for _, t := range tiers {
		fmt.Fprintf(&b, "  %s: {framework: %q, unit: %q, units: %s, guardrails: [%s]}\n", t, f.frameworks[t], f.units[t], cmp.Or(f.divided[t], "flat"), strings.TrimPrefix(added.String(), ", "))
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
		fmt.Fprintf(&b, "  - {key: %s, name: %q, tier: %s, contact: %q", p.key, p.name, p.tier, p.contact)
		if p.region != "" {
			fmt.Fprintf(&b, ", region: %s", p.region)
		}
		if p.segment != "" {
			fmt.Fprintf(&b, ", segment: %q", p.segment)
		}
		if p.account != "" {
			fmt.Fprintf(&b, ", account: %q", p.account)
		}
		for i, key := range slices.Sorted(maps.Keys(p.tags)) {
			fmt.Fprintf(&b, "%s%s: %q", map[bool]string{true: ", tags: {", false: ", "}[i == 0], key, p.tags[key])
		}
		if len(p.tags) > 0 {
			b.WriteString("}")
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

// parse reads the file as landlord does, where it has changed since.
func (f *file) parse() (*portfolio.Portfolio, error) {
	text := f.text()
	if text == f.parsed {
		return f.folio, nil
	}
	folio, err := portfolio.Parse("life.yaml", []byte(text))
	if err == nil {
		f.parsed, f.folio = text, folio
	}
	return folio, err
}

// join adds a customer. Now and then two are called the same.
func (f *file) join(r *rand.Rand) *person {
	f.named++
	key := fmt.Sprintf("k%d", f.named)
	p := &person{key: key, contact: key + "@c.example", name: fmt.Sprintf("Customer %d Inc", f.named), tier: tiers[r.IntN(len(tiers))]}
	if now := f.current(); len(now) > 0 && r.IntN(4) == 0 {
		p.name = now[r.IntN(len(now))].name
	}
	if r.IntN(2) == 0 {
		p.region = []string{"eu-central-1", "us-west-2"}[r.IntN(2)]
	}
	f.people = append(f.people, p)
	return p
}
