package guardrail

import (
	"slices"
	"strings"
)

// Request is one call that somebody wants to make.
//
//	Action    service and operation, "organizations:CreateAccount"
//	Resource  the ARN it acts on; empty where nothing narrower than "*" is known
//	Context   condition keys by name; a key that is there with no values is known
//	          to be absent, a key that is not there is unknown
type Request struct {
	Action   string
	Resource string
	Context  map[string][]string
}

// Allowed tells whether identity policies let a request through: at least one
// statement allows it and none denies it. No document allows nothing.
func Allowed(identity []Document, request Request) bool {
	allowed := false
	for i := range identity {
		switch identity[i].effect(request) {
		case denies:
			return false
		case allows:
			allowed = true
		}
	}
	return allowed
}

// Permitted tells whether service control policies let a request through.
// levels are the policies attached to the root, to each unit on the way down
// and to the account: every level must allow the request and none may deny it.
// No level permits nothing.
func Permitted(levels [][]Document, request Request) bool {
	for _, level := range levels {
		if !Allowed(level, request) {
			return false
		}
	}
	return len(levels) > 0
}

// verdict is what one document says about a request.
type verdict int

const (
	silent verdict = iota
	allows
	denies
)

func (d *Document) effect(request Request) verdict {
	said := silent
	for i := range d.Statements {
		s := &d.Statements[i]
		if s.Effect != Allow && s.Effect != Deny {
			return denies // a document that was not parsed
		}
		if !s.covers(request) {
			continue
		}
		met := s.Condition.met(request.Context)
		switch {
		case s.Effect == Deny && met != no:
			return denies
		case s.Effect == Allow && met == yes:
			said = allows
		}
	}
	return said
}

// covers tells whether the statement speaks of the request's action and resource.
func (s *Statement) covers(request Request) bool {
	action := func(pattern string) bool { return matchFold(pattern, request.Action) }
	resource := func(pattern string) bool {
		if request.Resource == "" {
			return pattern == "*"
		}
		return Match(pattern, request.Resource)
	}
	if len(s.NotActions) > 0 {
		if slices.ContainsFunc(s.NotActions, action) {
			return false
		}
	} else if !slices.ContainsFunc(s.Actions, action) {
		return false
	}
	if len(s.NotResources) > 0 {
		return !slices.ContainsFunc(s.NotResources, resource)
	}
	return slices.ContainsFunc(s.Resources, resource)
}

// Match tells whether text matches an IAM pattern, where * stands for any
// characters and ? for one. It takes at most len(pattern) × len(text) steps.
func Match(pattern, text string) bool {
	p, t := 0, 0
	star, mark := -1, 0 // the last *, and where in text it stopped eating
	for t < len(text) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, mark = p, t
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == text[t]):
			p++
			t++
		case star >= 0:
			mark++
			p, t = star+1, mark
		default:
			return false
		}
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}

func matchFold(pattern, text string) bool {
	return Match(strings.ToLower(pattern), strings.ToLower(text))
}
