package soak

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
)

// most is how many customers a life has.
const most = 12

// edit is something that people do to the file.
type edit struct {
	name   string
	weight int
	// do does it to a customer, and says to what; "" if it cannot be done.
	do func(f *file, p *person, r *rand.Rand) string
	// moves: whose account is whose is known by its tag alone from then on.
	moves bool
}

// edits are all edits but to join.
var edits = []edit{
	{name: "tier", weight: 3, do: func(_ *file, p *person, r *rand.Rand) string {
		p.tier = tiers[r.IntN(len(tiers))]
		return p.key
	}},
	{name: "name", weight: 1, do: func(f *file, p *person, _ *rand.Rand) string {
		p.name = fmt.Sprintf("Customer %d Ltd", f.named)
		return p.key
	}},
	{name: "pass-on", weight: 1, do: (*file).passOn},
	{name: "key", weight: 1, moves: true, do: func(f *file, p *person, _ *rand.Rand) string {
		p.formerly = append(p.formerly, p.key)
		p.key = fmt.Sprintf("k%d", f.named)
		return p.key
	}},
	{name: "addresses", weight: 1, moves: true, do: func(f *file, _ *person, _ *rand.Rand) string {
		f.domain++
		return f.pattern()
	}},
	{name: "off", weight: 1, do: func(_ *file, p *person, _ *rand.Rand) string {
		p.gone = true
		return p.key
	}},
	{name: "unit", weight: 1, do: func(f *file, p *person, _ *rand.Rand) string {
		f.units[p.tier] = fmt.Sprintf("Tier %d", f.named)
		return p.tier
	}},
	{name: "framework", weight: 1, do: (*file).reframe},
	{name: "divide", weight: 3, do: func(f *file, p *person, r *rand.Rand) string {
		how := []string{"", "by-region", "by-segment"}
		how = slices.DeleteFunc(how, func(s string) bool { return s == f.divided[p.tier] })
		f.divided[p.tier] = how[r.IntN(len(how))]
		return p.tier + " " + f.divided[p.tier]
	}},
	{name: "region", weight: 1, do: func(_ *file, p *person, r *rand.Rand) string {
		p.region = []string{"", "eu-central-1", "us-west-2"}[r.IntN(3)]
		return p.key
	}},
	{name: "segment", weight: 1, do: func(_ *file, p *person, r *rand.Rand) string {
		p.segment = []string{"", "segment 0", "segment 1", "segment 2"}[r.IntN(4)]
		return p.key
	}},
	{name: "contact", weight: 1, do: func(f *file, p *person, _ *rand.Rand) string {
		p.contact = fmt.Sprintf("o'ps%d@c.example", f.named)
		return p.key
	}},
	{name: "tags", weight: 1, do: func(f *file, p *person, r *rand.Rand) string {
		if p.tags = maps.Clone(p.tags); p.tags == nil {
			p.tags = map[string]string{}
		}
		switch key := []string{"team", "cost-center"}[r.IntN(2)]; r.IntN(3) {
		case 0:
			delete(p.tags, key)
		default:
			p.tags[key] = fmt.Sprint(f.named)
		}
		return p.key
	}},
}

// edit changes the file as people do, once, and says how. Where a name is given
// it is that edit; stable are edits after which an address still tells whose an
// account is.
func (f *file) edit(r *rand.Rand, name string, stable bool) string {
	now := f.current()
	if len(now) == 0 || name == "" && len(now) < most && r.IntN(3) == 0 {
		return "join " + f.join(r).key
	}
	p := now[r.IntN(len(now))]
	f.named++
	var choice []edit
	for _, e := range edits {
		if stable && e.moves || name != "" && e.name != name {
			continue
		}
		for range e.weight {
			choice = append(choice, e)
		}
	}
	if len(choice) == 0 {
		return "nothing"
	}
	e := choice[r.IntN(len(choice))]
	return e.name + " of " + e.do(f, p, r)
}

// passOn gives p another name, and its own to somebody new.
func (f *file) passOn(p *person, r *rand.Rand) string {
	if len(f.current()) >= most {
		return "nobody"
	}
	f.named++
	old := p.name
	p.name = fmt.Sprintf("Customer %d Ltd", f.named)
	f.join(r).name = old
	return p.key
}

// spare are frameworks that a tier may change to.
var spare = []string{"PCI DSS", "ISO 27001"}

// reframe gives a tier a framework that no other has.
func (f *file) reframe(p *person, r *rand.Rand) string {
	used := slices.Sorted(maps.Values(f.frameworks))
	free := slices.DeleteFunc(slices.Clone(spare), func(s string) bool { return slices.Contains(used, s) })
	if len(free) == 0 {
		return "nothing"
	}
	f.frameworks[p.tier] = free[r.IntN(len(free))]
	return p.tier
}
