package simaws

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"

	"landlord/guard/guardrail"
)

// bound is one statement of a policy that names principals: the statement by
// itself, and whom it speaks of.
type bound struct {
	principals []string // "*", account ids, ARNs
	document   guardrail.Document
}

// parseBound reads a policy whose statements each have a Principal, as the
// resource policy and resource control policies do, else as guardrail does.
func parseBound(content string) ([]bound, error) {
	document, err := guardrail.Object([]byte(content))
	if err != nil {
		return nil, fmt.Errorf("policy document: %w", err)
	}
	statements := []json.RawMessage{document["Statement"]}
	if raw := document["Statement"]; len(raw) == 0 {
		return nil, errors.New("policy document: no Statement")
	} else if raw[0] == '[' {
		if err := json.Unmarshal(raw, &statements); err != nil {
			return nil, fmt.Errorf("policy document: Statement: %w", err)
		}
	}
	all, bare := make([]bound, len(statements)), make([]map[string]json.RawMessage, len(statements))
	for i, raw := range statements {
		if bare[i], err = guardrail.Object(raw); err == nil {
			all[i].principals, err = principalsOf(bare[i]["Principal"])
		}
		if err != nil {
			return nil, fmt.Errorf("policy document: statement %d: %w", i+1, err)
		}
		delete(bare[i], "Principal")
	}
	alone := map[string]any{}
	for name, value := range document {
		alone[name] = value
	}
	alone["Statement"] = bare
	text, err := json.Marshal(alone)
	if err != nil {
		return nil, fmt.Errorf("policy document: %w", err)
	}
	parsed, err := guardrail.ParseDocument(text)
	if err != nil {
		return nil, err
	}
	for i := range all {
		all[i].document = guardrail.Document{Version: parsed.Version, Statements: parsed.Statements[i : i+1]}
	}
	return all, nil
}

// principalsOf reads "*", or an object of which AWS knows one name here.
func principalsOf(raw json.RawMessage) ([]string, error) {
	var everybody string
	if json.Unmarshal(raw, &everybody) == nil && everybody == "*" {
		return []string{"*"}, nil
	}
	named, err := guardrail.Object(raw)
	if err != nil || len(named) != 1 || named["AWS"] == nil {
		return nil, errPrincipal
	}
	var many []string
	if json.Unmarshal(named["AWS"], &many) != nil {
		many = make([]string, 1)
		if json.Unmarshal(named["AWS"], &many[0]) != nil {
			return nil, errPrincipal
		}
	}
	if len(many) == 0 || slices.ContainsFunc(many, func(one string) bool { return !principal.MatchString(one) }) {
		return nil, errPrincipal
	}
	return many, nil
}

// principal is what a Principal may name under AWS.
//
// Source: IAM user guide, "AWS JSON policy elements: Principal".
var principal = regexp.MustCompile(`^(\*|[0-9]{12}|arn:aws[\w-]*:(iam|sts)::[0-9]{12}:(root|(user|role|assumed-role|federated-user)/.+))$`)

var errPrincipal = errors.New(`want a Principal: "*" or {"AWS": accounts}`)

// speaksOf tells whether a statement is about a caller.
func (b *bound) speaksOf(who identity) bool {
	return slices.ContainsFunc(b.principals, func(p string) bool {
		return p == "*" || p == who.account || p == "arn:aws:iam::"+who.account+":root" || p == who.arn || p == who.principal()
	})
}
