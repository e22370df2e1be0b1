package guardrail

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// Effects of a statement.
const (
	Allow = "Allow"
	Deny  = "Deny"
)

// Document is a policy document of IAM: an identity policy or a service
// control policy. ParseDocument makes them; the zero Document says nothing.
type Document struct {
	Version    string
	ID         string
	Statements []Statement
}

// Statement is one statement of a document: it has Actions or NotActions, and
// Resources or NotResources, never both.
type Statement struct {
	Sid          string
	Effect       string
	Actions      []string
	NotActions   []string
	Resources    []string
	NotResources []string
	Condition    Condition
}

// ParseDocument reads a policy document as strictly as AWS does: names exactly
// as written, none twice, none unknown, nothing after the end; each Sid letters
// and digits, and of one statement; resources ARNs or "*"; conditions of known
// operators. A document with a Principal is refused: neither kind of policy has
// one.
//
// Source: IAM user guide, "Grammar of the IAM JSON policy language" and "IAM JSON
// policy elements" (Sid, Resource, Condition operators); Organizations user
// guide, "SCP syntax": the same language.
func ParseDocument(raw []byte) (Document, error) {
	fields, err := Object(raw)
	if err != nil {
		return Document{}, fmt.Errorf("policy document: %w", err)
	}
	var d Document
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		value := fields[name]
		switch name {
		case "Version":
			d.Version, err = text(value)
		case "Id":
			d.ID, err = text(value)
		case "Statement":
			d.Statements, err = parseStatements(value)
		default:
			err = errors.New("no such element")
		}
		if err != nil {
			return Document{}, fmt.Errorf("policy document: %s: %w", name, err)
		}
	}
	switch {
	case d.Version != "" && d.Version != "2012-10-17" && d.Version != "2008-10-17":
		return Document{}, fmt.Errorf("policy document: Version %q: want 2012-10-17", d.Version)
	case len(d.Statements) == 0:
		return Document{}, errors.New("policy document: no Statement")
	}
	return d, nil
}

func parseStatements(raw json.RawMessage) ([]Statement, error) {
	parts := []json.RawMessage{raw}
	if raw[0] == '[' {
		if err := json.Unmarshal(raw, &parts); err != nil {
			return nil, err
		}
	}
	var statements []Statement
	for i, part := range parts {
		s, err := parseStatement(part)
		if err != nil {
			return nil, fmt.Errorf("statement %d: %w", i+1, err)
		}
		if s.Sid != "" && slices.ContainsFunc(statements, func(before Statement) bool { return before.Sid == s.Sid }) {
			return nil, fmt.Errorf("statement %d: Sid %q stands twice", i+1, s.Sid)
		}
		statements = append(statements, s)
	}
	return statements, nil
}

func parseStatement(raw json.RawMessage) (Statement, error) {
	fields, err := Object(raw)
	if err != nil {
		return Statement{}, err
	}
	var s Statement
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		value := fields[name]
		switch name {
		case "Sid":
			s.Sid, err = sid(value)
		case "Effect":
			s.Effect, err = text(value)
		case "Action":
			s.Actions, err = actions(value)
		case "NotAction":
			s.NotActions, err = actions(value)
		case "Resource":
			s.Resources, err = resources(value)
		case "NotResource":
			s.NotResources, err = resources(value)
		case "Condition":
			s.Condition, err = parseCondition(value)
		default:
			err = errors.New("no such element")
		}
		if err != nil {
			return Statement{}, fmt.Errorf("%s: %w", name, err)
		}
	}
	switch {
	case s.Effect != Allow && s.Effect != Deny:
		return Statement{}, fmt.Errorf("effect %q: want Allow or Deny", s.Effect)
	case (len(s.Actions) > 0) == (len(s.NotActions) > 0):
		return Statement{}, errors.New("want one of Action and NotAction")
	case (len(s.Resources) > 0) == (len(s.NotResources) > 0):
		return Statement{}, errors.New("want one of Resource and NotResource")
	}
	return s, nil
}

// actions reads one action or a list: "*", or a service, a colon and a name.
func actions(raw json.RawMessage) ([]string, error) {
	list, err := texts(raw)
	for _, action := range list {
		service, name, ok := strings.Cut(action, ":")
		if action != "*" && (!ok || service == "" || name == "" || strings.ContainsAny(action, " \t\r\n")) {
			return nil, fmt.Errorf("%q: want service:action", action)
		}
	}
	return list, err
}

// sid reads a statement's name, which may be empty.
//
// Source: IAM user guide, "IAM JSON policy elements: Sid".
func sid(raw json.RawMessage) (string, error) {
	name, err := text(raw)
	for _, c := range name {
		if !('A' <= c && c <= 'Z' || 'a' <= c && c <= 'z' || '0' <= c && c <= '9') {
			return "", fmt.Errorf("%q: want letters and digits", name)
		}
	}
	return name, err
}

// resources reads one resource or a list: "*", or an ARN, of which AWS takes
// fields that are missing at the end for any.
//
// Source: IAM user guide, "IAM JSON policy elements: Resource" and "Identify AWS
// resources with Amazon Resource Names".
func resources(raw json.RawMessage) ([]string, error) {
	list, err := texts(raw)
	for _, resource := range list {
		fields := strings.SplitN(resource, ":", 6)
		if resource != "*" && (len(fields) < 3 || fields[0] != "arn" || fields[1] == "" || fields[2] == "") {
			return nil, fmt.Errorf("%q: want an ARN or \"*\"", resource)
		}
	}
	return list, err
}

func parseCondition(raw json.RawMessage) (Condition, error) {
	operators, err := Object(raw)
	if err != nil {
		return nil, err
	}
	c := Condition{}
	for _, operator := range slices.Sorted(maps.Keys(operators)) {
		if _, _, known := operatorNamed(operator); !known {
			return nil, fmt.Errorf("%s: no such operator", operator)
		}
		keys, err := Object(operators[operator])
		if err != nil {
			return nil, fmt.Errorf("%s: %w", operator, err)
		}
		c[operator] = map[string][]string{}
		for _, key := range slices.Sorted(maps.Keys(keys)) {
			if c[operator][key], err = values(keys[key]); err != nil {
				return nil, fmt.Errorf("%s %s: %w", operator, key, err)
			}
		}
	}
	return c, nil
}

// Object reads a JSON object as AWS reads a policy's: each name once, as it is
// written, and nothing behind it.
func Object(raw []byte) (map[string]json.RawMessage, error) {
	dec := json.NewDecoder(bytes.NewReader(raw))
	if open, err := dec.Token(); err != nil || open != json.Delim('{') {
		return nil, errors.Join(errors.New("want a JSON object"), err)
	}
	fields := map[string]json.RawMessage{}
	for dec.More() {
		token, err := dec.Token()
		if err != nil {
			return nil, err
		}
		name, _ := token.(string) // a JSON object's names are strings
		if _, twice := fields[name]; twice {
			return nil, fmt.Errorf("%q stands twice", name)
		}
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return nil, err
		}
		fields[name] = value
	}
	if _, err := dec.Token(); err != nil {
		return nil, err
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, errors.New("something stands behind the end")
	}
	return fields, nil
}

func text(raw json.RawMessage) (string, error) {
	var s *string
	if err := json.Unmarshal(raw, &s); err != nil || s == nil {
		return "", fmt.Errorf("%s: want a string", raw)
	}
	return *s, nil
}

// texts reads one string or a list of at least one.
func texts(raw json.RawMessage) ([]string, error) {
	if raw[0] != '[' {
		s, err := text(raw)
		return []string{s}, err
	}
	var parts []json.RawMessage
	if err := json.Unmarshal(raw, &parts); err != nil {
		return nil, err
	}
	if len(parts) == 0 {
		return nil, errors.New("an empty list")
	}
	list := make([]string, 0, len(parts))
	for _, part := range parts {
		s, err := text(part)
		if err != nil {
			return nil, err
		}
		list = append(list, s)
	}
	return list, nil
}

// values reads a condition's values: as texts, or a bare true, false or number.
func values(raw json.RawMessage) ([]string, error) {
	if c := raw[0]; c == 't' || c == 'f' || c == '-' || '0' <= c && c <= '9' {
		return []string{string(raw)}, nil
	}
	return texts(raw)
}
