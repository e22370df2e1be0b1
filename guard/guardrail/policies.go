// Package guardrail holds what the service control policies of a tier demand:
// the documents of each framework, and an evaluator that tells what a set of
// policies allows. It knows nothing of units and accounts; vend attaches.
package guardrail

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"

	"landlord/internal/limits"
)

// Prefix begins the name of every policy that landlord makes.
const Prefix = "landlord-"

// Policy is one service control policy as landlord wants it.
type Policy struct {
	Name        string // Prefix and the framework's slug: "landlord-soc2"; of a second policy "landlord-soc2-2"
	Framework   string // "SOC 2"
	Description string
	Document    string // JSON without white space; AWS counts every character
	Statements  int
	Rules       []Rule // what it says, statement by statement; of a framework's policy only
}

// statement is one statement of a policy, in the order AWS documents. A single
// text stands without brackets: AWS counts every character.
type statement struct {
	Sid       string `json:",omitempty"`
	Effect    string
	Action    any `json:",omitempty"`
	NotAction any `json:",omitempty"`
	Resource  any
	Condition map[string]map[string]any `json:",omitempty"`
}

// For returns the policy of a framework. A framework that landlord does not
// know gets what all of them demand, under its own name.
func For(framework string) Policy {
	slug := Slug(framework)
	p, known := written()[slug]
	if !known {
		p = written()[Base]
	}
	return p.of(framework, slug)
}

// written are the sets as policies, by slug: they are the same for every organization.
var written = sync.OnceValue(func() map[string]Policy {
	all := map[string]Policy{Base: Compile(Base, Rules(Base))}
	for _, slug := range Known() {
		all[slug] = Compile(slug, slices.Clip(Rules(slug)))
	}
	return all
})

// of names a policy for a framework.
func (p Policy) of(framework, slug string) Policy {
	p.Name, p.Framework, p.Description = Prefix+slug, framework, "Guardrails of landlord for "+framework
	return p
}

// Compile writes rules as the policy of a framework: a statement each, and where
// that takes more than AWS let one policy have before May 2026, one statement
// for all rules that differ in their actions alone.
func Compile(framework string, rules []Rule) Policy {
	statements := make([]statement, len(rules))
	for i, r := range rules {
		statements[i] = r.statement()
	}
	p := Policy{Document: document(statements...), Statements: len(statements), Rules: rules}
	if len(p.Document) > limits.PolicyCharactersOlder {
		p = pressed(rules)
	}
	return p.of(framework, Slug(framework))
}

// Pack writes rules as the policies of a framework, of at most so many characters
// each: as one, as Compile does, where that fits, else as few as hold them in their
// order. A rule never stands before one of an earlier policy, so that two packings
// of the same rules can be reached from each other with no rule given up between.
// A rule that is longer alone has a policy that is too long.
func Pack(framework string, rules []Rule, characters int) []Policy {
	if fitting(rules, characters) == len(rules) {
		if whole := Compile(framework, rules); len(whole.Document) <= characters {
			return []Policy{whole}
		}
	}
	var all []Policy
	for from := 0; from < len(rules); {
		p := pressed(rules[from:from+fitting(rules[from:], characters)]).of(framework, Slug(framework))
		if len(all) > 0 {
			n := fmt.Sprint(len(all) + 1)
			p.Name, p.Description = p.Name+"-"+n, p.Description+", part "+n
		}
		all, from = append(all, p), from+len(p.Rules)
	}
	return all
}

// empty is a policy without statements.
const empty = `{"Version":"2012-10-17","Statement":[]}`

// fitting is how many rules, from the first on, one policy of so many characters
// holds; the first always counts. Each rule lengthens one statement: only that
// one is written again.
func fitting(rules []Rule, characters int) int {
	var all []Rule
	var lengths []int // of the statements, each with a comma
	sum := len(empty) - 1
	for n, r := range rules {
		var i int
		all, i = join(all, r)
		if i == len(lengths) {
			lengths = append(lengths, 0)
		}
		text, _ := json.Marshal(all[i].statement())
		sum += len(text) + 1 - lengths[i]
		lengths[i] = len(text) + 1
		if n > 0 && sum > characters {
			return n
		}
	}
	return len(rules)
}

// pressed is a policy of rules in the fewest characters.
func pressed(rules []Rule) Policy {
	var statements []statement
	for _, r := range joined(rules) {
		statements = append(statements, r.statement())
	}
	return Policy{Document: document(statements...), Statements: len(statements), Rules: rules}
}

// between stands between the Sids of rules that share a statement; no rule's own
// Sid has it.
const between = "And"

// joined are rules with those that differ in their actions alone made one, at
// the place of the first.
func joined(rules []Rule) []Rule {
	var all []Rule
	for _, r := range rules {
		all, _ = join(all, r)
	}
	return all
}

// join adds a rule to joined ones, and tells at which place.
func join(all []Rule, r Rule) ([]Rule, int) {
	i := slices.IndexFunc(all, func(o Rule) bool {
		return len(o.Actions) > 0 && len(r.Actions) > 0 && slices.Equal(o.Resources, r.Resources) && reflect.DeepEqual(o.Condition, r.Condition)
	})
	if i < 0 {
		return append(all, r), len(all)
	}
	all[i].Sid += between + r.Sid
	all[i].Actions = slices.Concat(all[i].Actions, r.Actions)
	return all, i
}

// statement is the rule as AWS reads it.
func (r Rule) statement() statement {
	s := statement{Sid: r.Sid, Effect: Deny, Action: lone(r.Actions), NotAction: lone(r.NotActions), Resource: lone(r.Resources)}
	for operator, keys := range r.Condition {
		if s.Condition == nil {
			s.Condition = map[string]map[string]any{}
		}
		s.Condition[operator] = map[string]any{}
		for key, values := range keys {
			s.Condition[operator][key] = lone(values)
		}
	}
	return s
}

func lone(list []string) any {
	switch len(list) {
	case 0:
		return nil
	case 1:
		return list[0]
	}
	return list
}

func document(statements ...statement) string {
	text, err := json.Marshal(struct {
		Version   string
		Statement []statement
	}{"2012-10-17", statements})
	if err != nil {
		panic(err) // texts alone
	}
	return string(text)
}

// Slug makes a framework's name fit for a policy's: "SOC 2" is "soc2". A name
// without a Latin letter or digit is its hash.
func Slug(framework string) string {
	slug := strings.Map(func(r rune) rune {
		if 'a' <= r && r <= 'z' || '0' <= r && r <= '9' {
			return r
		}
		return -1
	}, strings.ToLower(framework))
	if slug == "" {
		return fmt.Sprintf("%x", sha256.Sum256([]byte(framework)))[:8]
	}
	return slug
}

// Same tells whether two documents say the same, whatever their white space
// and the order of their keys. A document that is not JSON is like no other.
func Same(a, b string) bool {
	if a == b {
		return json.Valid([]byte(a))
	}
	x, errA := canonical(a)
	y, errB := canonical(b)
	return errA == nil && errB == nil && x == y
}

func canonical(document string) (string, error) {
	var v any
	if err := json.Unmarshal([]byte(document), &v); err != nil {
		return "", err
	}
	b, err := json.Marshal(v) // sorts keys
	return string(b), err
}
