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
	for operator, keys := range c {
		for key, want := range keys {
			all = min(all, holds(operator, key, want, context))
		}
	}
	return all
}

// holds judges one operator on one key.
//
// Source: IAM user guide, "IAM JSON policy elements: Condition operators". The
// set operators (ForAllValues, ForAnyValue), numbers, dates and addresses are
// not judged.
func holds(operator, key string, want []string, context map[string][]string) answer {
	have, known := lookup(context, key)
	if !known {
		return unknown
	}
	if operator == "Null" {
		return truth(slices.Contains(want, "true") == (len(have) == 0))
	}
	operator, ifExists := strings.CutSuffix(operator, "IfExists")
	compare, negated, ok := comparison(operator)
	switch {
	case !ok || len(have) > 1:
		return unknown
	case len(have) == 0:
		return truth(negated || ifExists)
	}
	some := slices.ContainsFunc(want, func(w string) bool { return compare(w, have[0]) })
	return truth(some != negated)
}

// comparison returns how an operator compares a policy's value with a
// request's, and whether it wants none of them to be equal.
func comparison(operator string) (compare func(want, have string) bool, negated, ok bool) {
	equal := func(want, have string) bool { return want == have }
	switch operator {
	case "StringEquals":
		return equal, false, true
	case "StringNotEquals":
		return equal, true, true
	case "StringEqualsIgnoreCase", "Bool":
		return strings.EqualFold, false, true
	case "StringNotEqualsIgnoreCase":
		return strings.EqualFold, true, true
	case "StringLike", "ArnLike", "ArnEquals":
		return Match, false, true
	case "StringNotLike", "ArnNotLike", "ArnNotEquals":
		return Match, true, true
	}
	return nil, false, false
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
