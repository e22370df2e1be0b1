package guardrail

import (
	"slices"
	"strings"
)

// Condition is a statement's Condition: operator, key, values.
type Condition map[string]map[string][]string

// answer is whether a condition holds. A condition that cannot be judged is
// unknown: it must neither open a door nor keep one from closing.
type answer int

const (
	no answer = iota
	unknown
	yes
)

// met judges all of a condition: one part that does not hold decides, else one
// that cannot be judged.
func (c Condition) met(context map[string][]string) answer {
	all := yes
	for name, keys := range c {
		for key, want := range keys {
			all = min(all, holds(name, key, want, context))
		}
	}
	return all
}

// operator is how a condition compares a policy's value with a request's.
type operator struct {
	compare func(want, have string) bool // nil if it is not judged here
	negated bool                         // it wants none of the values to be equal
}

// operators are the condition operators that AWS knows. Numbers, dates, binaries
// and addresses are not judged.
//
// Source: IAM user guide, "IAM JSON policy elements: Condition operators".
var operators = map[string]operator{
	"StringEquals":              {compare: equal},
	"StringNotEquals":           {compare: equal, negated: true},
	"StringEqualsIgnoreCase":    {compare: strings.EqualFold},
	"StringNotEqualsIgnoreCase": {compare: strings.EqualFold, negated: true},
	"StringLike":                {compare: Match},
	"StringNotLike":             {compare: Match, negated: true},
	"ArnEquals":                 {compare: Match},
	"ArnLike":                   {compare: Match},
	"ArnNotEquals":              {compare: Match, negated: true},
	"ArnNotLike":                {compare: Match, negated: true},
	"Bool":                      {compare: strings.EqualFold},
	"NumericEquals":             {},
	"NumericNotEquals":          {negated: true},
	"NumericLessThan":           {},
	"NumericLessThanEquals":     {},
	"NumericGreaterThan":        {},
	"NumericGreaterThanEquals":  {},
	"DateEquals":                {},
	"DateNotEquals":             {negated: true},
	"DateLessThan":              {},
	"DateLessThanEquals":        {},
	"DateGreaterThan":           {},
	"DateGreaterThanEquals":     {},
	"BinaryEquals":              {},
	"IpAddress":                 {},
	"NotIpAddress":              {negated: true},
}

func equal(want, have string) bool { return want == have }

// isNull is the operator that asks whether a key is there at all.
const isNull = "Null"

// operatorNamed finds an operator by the name that a policy gives it. Every one
// but Null may end in IfExists and begin as a set operator, ForAllValues or
// ForAnyValue, which are not judged.
func operatorNamed(name string) (o operator, ifExists, known bool) {
	if name == isNull {
		return operator{}, false, true
	}
	plain, set := name, false
	for _, quantifier := range []string{"ForAllValues:", "ForAnyValue:"} {
		if rest, is := strings.CutPrefix(name, quantifier); is {
			plain, set = rest, true
		}
	}
	plain, ifExists = strings.CutSuffix(plain, "IfExists")
	if o, known = operators[plain]; set {
		o.compare = nil
	}
	return o, ifExists, known
}

// holds judges one operator on one key.
func holds(name, key string, want []string, context map[string][]string) answer {
	have, known := lookup(context, key)
	if !known {
		return unknown
	}
	if name == isNull {
		return truth(slices.Contains(want, "true") == (len(have) == 0))
	}
	o, ifExists, _ := operatorNamed(name)
	switch {
	case o.compare == nil || len(have) > 1:
		return unknown
	case len(have) == 0:
		return truth(o.negated || ifExists)
	}
	some := slices.ContainsFunc(want, func(w string) bool { return o.compare(w, have[0]) })
	return truth(some != o.negated)
}

// lookup finds a condition key; their names ignore case.
func lookup(context map[string][]string, key string) ([]string, bool) {
	if values, ok := context[key]; ok {
		return values, true
	}
	for name, values := range context {
		if strings.EqualFold(name, key) {
			return values, true
		}
	}
	return nil, false
}

func truth(b bool) answer {
	if b {
		return yes
	}
	return no
}
