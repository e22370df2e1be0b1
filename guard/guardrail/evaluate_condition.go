package guardrail

import (
	"fmt"
	"slices"
	"strings"
)

// Condition is a statement's Condition: operator, key, values. All of its
// operators and keys must hold; of a key's values one is enough, or, where the
// operator is negated, none may be equal.
type Condition map[string]map[string][]string

// operator is how a condition compares a policy's value with a request's.
type operator struct {
	read    func(want string) (test, error) // for what has no wildcards and no variables
	wild    bool                            // for texts: * and ? are wildcards
	arn     bool                            // for texts that are ARNs
	must    func(want string) error         // for texts without variables
	equal   func(want, have string) bool    // for texts, with variables put in; nil is Match
	negated bool                            // it wants none of the values to be equal
}

// test is whether a request's value is what the policy's says.
type test func(a *asked, have string) answer

// operators are the condition operators that AWS knows.
//
// Source: IAM user guide, "IAM JSON policy elements: Condition operators".
var operators = map[string]operator{
	"StringEquals":              {equal: equal},
	"StringNotEquals":           {equal: equal, negated: true},
	"StringEqualsIgnoreCase":    {equal: strings.EqualFold},
	"StringNotEqualsIgnoreCase": {equal: strings.EqualFold, negated: true},
	"StringLike":                {wild: true},
	"StringNotLike":             {wild: true, negated: true},
	"ArnEquals":                 {wild: true, arn: true},
	"ArnLike":                   {wild: true, arn: true},
	"ArnNotEquals":              {wild: true, arn: true, negated: true},
	"ArnNotLike":                {wild: true, arn: true, negated: true},
	"Bool":                      {must: isBoolean, equal: sameBoolean},
	"NumericEquals":             {read: number(func(c int) bool { return c == 0 })},
	"NumericNotEquals":          {read: number(func(c int) bool { return c == 0 }), negated: true},
	"NumericLessThan":           {read: number(func(c int) bool { return c < 0 })},
	"NumericLessThanEquals":     {read: number(func(c int) bool { return c <= 0 })},
	"NumericGreaterThan":        {read: number(func(c int) bool { return c > 0 })},
	"NumericGreaterThanEquals":  {read: number(func(c int) bool { return c >= 0 })},
	"DateEquals":                {read: date(func(c int) bool { return c == 0 })},
	"DateNotEquals":             {read: date(func(c int) bool { return c == 0 }), negated: true},
	"DateLessThan":              {read: date(func(c int) bool { return c < 0 })},
	"DateLessThanEquals":        {read: date(func(c int) bool { return c <= 0 })},
	"DateGreaterThan":           {read: date(func(c int) bool { return c > 0 })},
	"DateGreaterThanEquals":     {read: date(func(c int) bool { return c >= 0 })},
	"BinaryEquals":              {read: binary},
	"IpAddress":                 {read: address},
	"NotIpAddress":              {read: address, negated: true},
}

func equal(want, have string) bool { return want == have }

// isNull is the operator that asks whether a key is there at all.
const isNull = "Null"

// set is how an operator takes the several values that a request may have.
type set int

const (
	noSet set = iota
	anyValue
	allValues
)

// operatorNamed finds an operator by the name that a policy gives it. Every one
// but Null may end in IfExists and begin as a set operator.
func operatorNamed(name string) (o operator, of set, ifExists, known bool) {
	plain := name
	if rest, is := strings.CutPrefix(name, "ForAllValues:"); is {
		plain, of = rest, allValues
	} else if rest, is := strings.CutPrefix(name, "ForAnyValue:"); is {
		plain, of = rest, anyValue
	}
	plain, ifExists = strings.CutSuffix(plain, "IfExists")
	o, known = operators[plain]
	return o, of, ifExists, known
}

// check is one operator on one key, ready to be asked.
type check struct {
	key, folded       string
	null              bool // the operator is Null, and holds if the key is
	absent, present   bool // absent, or present
	of                set
	negated, ifExists bool
	tests             []test // one for each value
}

// clause is one operator on one key, as a policy writes it.
type clause struct {
	operator, key string
	values        []string
}

// clauses are a condition's, in an order that does not change.
func (c Condition) clauses() []clause {
	var all []clause
	for _, name := range ordered(c) {
		for _, key := range ordered(c[name]) {
			all = append(all, clause{name, key, c[name][key]})
		}
	}
	return all
}

// ordered are the keys of a map, mostly one.
func ordered[V any](of map[string]V) []string {
	keys := make([]string, 0, len(of))
	for key := range of {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

func newCheck(of clause, variables bool) (check, error) {
	c := check{key: of.key, folded: lower(of.key)}
	if of.key == "" {
		return c, fmt.Errorf("a condition key has no name")
	}
	if of.operator == isNull {
		c.null = true
		for _, w := range of.values {
			is, err := boolean(w)
			if err != nil {
				return c, err
			}
			c.absent, c.present = c.absent || is, c.present || !is
		}
		return c, nil
	}
	o, set, ifExists, known := operatorNamed(of.operator)
	if !known {
		return c, fmt.Errorf("no such operator")
	}
	c.of, c.ifExists, c.negated = set, ifExists, o.negated
	c.tests = make([]test, len(of.values))
	for i, w := range of.values {
		var err error
		if c.tests[i], err = o.test(w, variables); err != nil {
			return c, err
		}
	}
	return c, nil
}

// test makes one value of a policy ready.
func (o operator) test(want string, variables bool) (test, error) {
	if o.read != nil {
		return o.read(want)
	}
	t, err := templateOf(want, o.wild, variables)
	if err == nil && o.must != nil && t.parts == nil {
		err = o.must(want)
	}
	if err != nil {
		return nil, err
	}
	equal, pattern, variable := o.equal, t.text, t.parts != nil
	switch {
	case o.arn && !variable:
		return func(_ *asked, have string) answer { return truth(asWritten.matchARN(pattern, have)) }, nil
	case o.wild && !o.arn && !variable:
		return func(_ *asked, have string) answer { return truth(asWritten.match(pattern, have)) }, nil
	case !variable:
		return func(_ *asked, have string) answer { return truth(equal(pattern, have)) }, nil
	}
	return func(a *asked, have string) answer {
		text, told := t.expand(a)
		switch {
		case told != yes:
			return told
		case o.arn:
			return truth(asFlat.matchARN(text, have))
		case o.wild:
			return truth(asFlat.match(text, have))
		}
		return truth(equal(text, have))
	}, nil
}

// holds judges one operator on one key.
//
// Source: IAM user guide, "Condition operators" (a key that is absent does not
// match, and so a negated operator holds; IfExists), "Single-valued vs.
// multivalued context keys" (ForAllValues holds and ForAnyValue does not where
// there is no value, nor any but empty ones).
func (c *check) holds(a *asked) answer {
	have, known := a.lookup(c.key, c.folded)
	switch {
	case !known:
		return unknown
	case c.null:
		return truth(len(have) == 0 && c.absent || len(have) > 0 && c.present)
	case len(have) == 0 && c.ifExists:
		return yes
	case c.of != noSet && !slices.ContainsFunc(have, func(h string) bool { return h != "" }):
		return truth(c.of == allValues)
	case len(have) == 0:
		return truth(c.negated)
	case c.of == allValues, c.of == noSet && c.negated:
		all := yes
		for _, h := range have {
			all = min(all, c.one(a, h))
		}
		return all
	}
	some := no
	for _, h := range have {
		some = max(some, c.one(a, h))
	}
	return some
}

// one judges one value of a request.
func (c *check) one(a *asked, have string) answer {
	some := no
	for _, t := range c.tests {
		if some = max(some, t(a, have)); some == yes {
			break
		}
	}
	if c.negated {
		return some.not()
	}
	return some
}
