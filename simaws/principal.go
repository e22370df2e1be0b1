package simaws

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
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
// resource policy and resource control policies do.
func parseBound(content string) ([]bound, error) {
	var d struct {
		Version   string
		ID        string `json:"Id"`
		Statement json.RawMessage
	}
	dec := json.NewDecoder(bytes.NewReader([]byte(content)))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&d); err != nil {
		return nil, fmt.Errorf("policy document: %w", err)
	}
	var statements []map[string]json.RawMessage
	if one := new(map[string]json.RawMessage); json.Unmarshal(d.Statement, one) == nil {
		statements = append(statements, *one)
	} else if err := json.Unmarshal(d.Statement, &statements); err != nil {
		return nil, fmt.Errorf("policy document: Statement: %w", err)
	}
	if len(statements) == 0 {
		return nil, errors.New("policy document: no Statement")
	}
	all := make([]bound, len(statements))
	for i, s := range statements {
		principals, err := principalsOf(s["Principal"])
		if err != nil {
			return nil, fmt.Errorf("policy document: statement %d: %w", i+1, err)
		}
		all[i].principals = principals
		delete(s, "Principal")
	}
	alone, err := json.Marshal(map[string]any{"Version": d.Version, "Statement": statements})
	if err != nil {
		return nil, fmt.Errorf("policy document: %w", err)
	}
	document, err := guardrail.ParseDocument(alone)
	if err != nil {
		return nil, err
	}
	for i := range all {
		all[i].document = guardrail.Document{Version: document.Version, Statements: document.Statements[i : i+1]}
	}
	return all, nil
}

// principalsOf reads "*", or an object of which AWS knows one name here.
func principalsOf(raw json.RawMessage) ([]string, error) {
	var everybody string
	if json.Unmarshal(raw, &everybody) == nil && everybody == "*" {
		return []string{"*"}, nil
	}
	var named struct{ AWS json.RawMessage }
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&named); err != nil {
		return nil, errPrincipal
	}
	var one string
	if json.Unmarshal(named.AWS, &one) == nil && one != "" {
		return []string{one}, nil
	}
	var many []string
	if json.Unmarshal(named.AWS, &many) != nil || len(many) == 0 {
		return nil, errPrincipal
	}
	return many, nil
}

var errPrincipal = errors.New(`want a Principal: "*" or {"AWS": accounts}`)

// speaksOf tells whether a statement is about a caller.
func (b *bound) speaksOf(who identity) bool {
	return slices.ContainsFunc(b.principals, func(p string) bool {
		return p == "*" || p == who.account || p == "arn:aws:iam::"+who.account+":root" || p == who.arn || p == who.principal()
	})
}
