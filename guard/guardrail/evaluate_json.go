package guardrail

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"
)

// deepest is how deep a policy may be nested. No policy that says something is
// deeper than five.
const deepest = 32

// Object reads a JSON object as AWS reads a policy's: each name once, as it is
// written, and nothing behind it.
func Object(raw []byte) (map[string]json.RawMessage, error) {
	if err := whole(raw); err != nil {
		return nil, err
	}
	members, err := object(bytes.TrimSpace(raw))
	if err != nil {
		return nil, err
	}
	fields := make(map[string]json.RawMessage, len(members))
	for _, m := range members {
		fields[m.name] = m.value
	}
	return fields, nil
}

// whole refuses what is not one JSON value, or is nested too deep to be a policy.
func whole(raw []byte) error {
	if !json.Valid(raw) {
		var v any
		if err := json.Unmarshal(raw, &v); err != nil {
			return fmt.Errorf("no JSON: %w", err)
		}
		return errors.New("no JSON")
	}
	depth := 0
	for i := 0; i < len(raw); i++ {
		switch raw[i] {
		case '"':
			i = closing(raw, i)
		case '{', '[':
			if depth++; depth > deepest {
				return fmt.Errorf("nested more than %d deep", deepest)
			}
		case '}', ']':
			depth--
		}
	}
	return nil
}

// closing is where the string that begins at i has its closing quotation mark.
func closing(raw []byte, i int) int {
	for i++; ; i++ {
		n := bytes.IndexByte(raw[i:], '"')
		escaped := bytes.IndexByte(raw[i:i+n], '\\')
		if escaped < 0 {
			return i + n
		}
		i += escaped + 1 // what is escaped closes nothing
	}
}

// member is a name of an object and its value.
type member struct {
	name  string
	value json.RawMessage
}

// object reads the members of an object, of JSON that is known to be valid and
// has no space around it.
func object(raw []byte) ([]member, error) {
	if raw[0] != '{' {
		return nil, errors.New("want a JSON object")
	}
	members := make([]member, 0, 8)
	for i := space(raw, 1); raw[i] != '}'; {
		end := skip(raw, i)
		name, err := unquote(raw[i:end])
		if err != nil {
			return nil, err
		}
		i = space(raw, end)
		i = space(raw, i+1) // the colon
		end = skip(raw, i)
		members = append(members, member{name, raw[i:end]})
		if i = space(raw, end); raw[i] == ',' {
			i = space(raw, i+1)
		}
	}
	if twice := twice(members); twice != "" {
		return nil, fmt.Errorf("%q stands twice", twice)
	}
	return members, nil
}

// twice is a name that two members have.
func twice(members []member) string {
	if len(members) > 16 {
		seen := make(map[string]bool, len(members))
		for _, m := range members {
			if seen[m.name] {
				return m.name
			}
			seen[m.name] = true
		}
		return ""
	}
	for i, m := range members {
		for _, before := range members[:i] {
			if before.name == m.name {
				return m.name
			}
		}
	}
	return ""
}

// list reads the elements of a list, of valid JSON; anything else is its own only one.
func list(raw []byte) []json.RawMessage {
	if raw[0] != '[' {
		return []json.RawMessage{raw}
	}
	var elements []json.RawMessage
	for i := space(raw, 1); raw[i] != ']'; {
		end := skip(raw, i)
		elements = append(elements, raw[i:end])
		if i = space(raw, end); raw[i] == ',' {
			i = space(raw, i+1)
		}
	}
	return elements
}

// space is where, from i on, something stands.
func space(raw []byte, i int) int {
	for raw[i] == ' ' || raw[i] == '\t' || raw[i] == '\n' || raw[i] == '\r' {
		i++
	}
	return i
}

// skip is where the value that begins at i ends.
func skip(raw []byte, i int) int {
	switch raw[i] {
	case '"':
		return closing(raw, i) + 1
	case '{', '[':
		for depth := 0; ; {
			switch raw[i] {
			case '"':
				i = closing(raw, i)
			case '{', '[':
				depth++
			case '}', ']':
				if depth--; depth == 0 {
					return i + 1
				}
			}
			i++
		}
	}
	for ; i < len(raw); i++ {
		switch raw[i] {
		case ',', ']', '}', ' ', '\t', '\r', '\n':
			return i
		}
	}
	return i
}

// unquote reads a string, of valid JSON.
func unquote(raw []byte) (string, error) {
	if raw[0] != '"' {
		return "", fmt.Errorf("%s: want a string", short(raw))
	}
	if inside := raw[1 : len(raw)-1]; bytes.IndexByte(inside, '\\') < 0 && utf8.Valid(inside) {
		return string(inside), nil
	}
	var s string
	err := json.Unmarshal(raw, &s)
	return s, err
}

// short is the beginning of what somebody wrote.
func short(raw []byte) string {
	if len(raw) > 60 {
		return string(bytes.ToValidUTF8(raw[:60], nil)) + "…"
	}
	return string(raw)
}
