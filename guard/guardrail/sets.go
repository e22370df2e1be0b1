package guardrail

import (
	"embed"
	"fmt"
	"maps"
	"slices"
	"sync"

	"go.yaml.in/yaml/v4"
)

// Rule is one statement of a tier's set: what it denies, why, and requests
// whose answers somebody wrote down beside it.
type Rule struct {
	Sid        string
	Prevents   string              // in words that a customer may read
	Controls   map[string][]string // by framework: the ids of what it serves
	Actions    []string            // what it denies, or
	NotActions []string            // what it leaves: all else is denied
	Resources  []string
	Condition  Condition
	Probes     []Probe
	Set        string // the slug of the framework whose own it is, Base, or Added
	Basis      string // where what it lists is from, and of when; "" where nobody else's list is behind it
}

// Where a rule comes from beside a framework's own set.
const (
	Base  = "base"  // every framework demands it
	Added = "added" // the portfolio file adds it to a tier
)

// Probe is a request and the answer that is expected of it in the account of a
// tier that has the rule.
type Probe struct {
	Action   string
	Resource string // "{account}" is the account's id
	Context  map[string][]string
	Denied   bool
	Also     []string // slugs of the frameworks whose own sets deny it too; Base if another rule of all does
}

//go:embed sets/*.yaml
var files embed.FS

// setFile is one file of sets/.
type setFile struct {
	Framework  string     `yaml:"framework"`
	Statements []fileRule `yaml:"statements"`
}

type fileRule struct {
	Sid            string                          `yaml:"sid"`
	Prevents       string                          `yaml:"prevents"`
	Controls       map[string][]string             `yaml:"controls"`
	Basis          string                          `yaml:"basis"`
	Actions        []string                        `yaml:"actions"`
	NotActions     []string                        `yaml:"not_actions"`
	Resources      []string                        `yaml:"resources"`
	Condition      map[string]map[string]yaml.Node `yaml:"condition"`
	ExceptLandlord bool                            `yaml:"except_landlord"`
	Denied         []fileProbe                     `yaml:"denied"`
	Allowed        []fileProbe                     `yaml:"allowed"`
}

type fileProbe struct {
	Actions  []string             `yaml:"actions"`
	Resource string               `yaml:"resource"`
	As       string               `yaml:"as"`
	Region   string               `yaml:"region"`
	Context  map[string]yaml.Node `yaml:"context"`
	Also     []string             `yaml:"also"`
}

// landlords are the roles that landlord itself works with in an account. A role
// below a path that begins so is one of them too, and kept as they are.
var landlords = []string{"arn:*:iam::*:role/landlord-*", "arn:*:iam::*:role/OrganizationAccountAccessRole"}

// Administrator is who makes a probe that does not say otherwise.
const Administrator = "arn:aws:iam::{account}:role/admin"

// askers are who a probe may be made as, beside an ARN.
var askers = map[string]string{
	"":         Administrator,
	"root":     "arn:aws:iam::{account}:root",
	"landlord": "arn:aws:iam::{account}:role/landlord-baseline",
	"access":   "arn:aws:iam::{account}:role/OrganizationAccountAccessRole",
}

// sets are the rules of each file, by the slug that the file is called by.
var sets = sync.OnceValue(func() map[string][]Rule {
	entries, err := files.ReadDir("sets")
	if err != nil {
		panic(err) // embedded
	}
	all := map[string][]Rule{}
	for _, e := range entries {
		text, err := files.ReadFile("sets/" + e.Name())
		if err != nil {
			panic(err) // embedded
		}
		slug := e.Name()[:len(e.Name())-len(".yaml")]
		rules, err := parseSet(slug, text)
		if err != nil {
			panic(fmt.Sprintf("sets/%s: %v", e.Name(), err)) // embedded, and tested
		}
		all[slug] = rules
	}
	return all
})

func parseSet(slug string, text []byte) ([]Rule, error) {
	var s setFile
	if err := yaml.Load(text, &s, yaml.WithKnownFields()); err != nil {
		return nil, err
	}
	if slug != Base && Slug(s.Framework) != slug {
		return nil, fmt.Errorf("it is of framework %q", s.Framework)
	}
	rules := make([]Rule, len(s.Statements))
	for i, f := range s.Statements {
		r := Rule{Sid: f.Sid, Prevents: f.Prevents, Controls: f.Controls, Actions: f.Actions, NotActions: f.NotActions, Resources: f.Resources, Set: slug, Basis: f.Basis}
		if len(r.Resources) == 0 {
			r.Resources = []string{"*"}
		}
		for operator, keys := range f.Condition {
			for key, n := range keys {
				r.add(operator, key, scalars(n)...)
			}
		}
		if f.ExceptLandlord {
			r.add("ArnNotLike", "aws:PrincipalArn", landlords...)
		}
		for _, p := range f.Denied {
			r.Probes = append(r.Probes, p.probes(true)...)
		}
		for _, p := range f.Allowed {
			r.Probes = append(r.Probes, p.probes(false)...)
		}
		rules[i] = r
	}
	return rules, nil
}

// add puts a key more into the rule's condition, or values more into a key.
func (r *Rule) add(operator, key string, values ...string) {
	r.Condition = maps.Clone(r.Condition)
	if r.Condition == nil {
		r.Condition = Condition{}
	}
	keys := maps.Clone(r.Condition[operator])
	if keys == nil {
		keys = map[string][]string{}
	}
	keys[key] = append(slices.Clone(keys[key]), values...)
	r.Condition[operator] = keys
}

// Exempting is the rule as it does not hold accounts. What an organization's
// policy denies, nothing below can allow: only the rule itself can leave them out.
func (r Rule) Exempting(accounts ...string) Rule {
	if len(accounts) > 0 {
		r.add("StringNotEquals", "aws:PrincipalAccount", accounts...)
	}
	return r
}

// scalars are the texts of a scalar or of a list of scalars.
func scalars(n yaml.Node) []string {
	if n.Kind == yaml.ScalarNode {
		return []string{n.Value}
	}
	var list []string
	for _, v := range n.Content {
		list = append(list, v.Value)
	}
	return list
}

func (f fileProbe) probes(denied bool) []Probe {
	as, named := askers[f.As]
	if !named {
		as = f.As
	}
	context := map[string][]string{
		"aws:PrincipalArn":     {as},
		"aws:PrincipalAccount": {"{account}"},
		"aws:RequestedRegion":  {"us-east-1"},
		"aws:SecureTransport":  {"true"},
	}
	switch f.Region {
	case "":
	case "none":
		delete(context, "aws:RequestedRegion")
	default:
		context["aws:RequestedRegion"] = []string{f.Region}
	}
	for key, n := range f.Context {
		context[key] = scalars(n)
	}
	probes := make([]Probe, len(f.Actions))
	for i, action := range f.Actions {
		probes[i] = Probe{Action: action, Resource: f.Resource, Context: context, Denied: denied, Also: f.Also}
	}
	return probes
}

// Rules are what a framework demands: what all do, then its own. A framework
// that landlord does not know has what all do. Nobody may change them.
func Rules(framework string) []Rule {
	base, slug := sets()[Base], Slug(framework)
	if slug == Base {
		return base
	}
	return slices.Concat(base, sets()[slug])
}

// Known are the slugs of the frameworks that have a set of their own, sorted.
func Known() []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(sets())), func(slug string) bool { return slug == Base })
}
