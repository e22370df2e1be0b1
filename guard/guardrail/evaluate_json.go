package guardrail

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// deepest is how deep a policy may be nested. No policy that says something is
// deeper than five.
const deepest = 32

// Object reads a JSON object as AWS reads a policy's: each name once, as it is
// written, and nothing behind it.
func Object(raw []byte) (map[string]json.RawMessage, error) {
	text := string(raw)
	if err := whole(text); err != nil {
		return nil, err
	}
	members, err := object(strings.Trim(text, spaces), nil)
	if err != nil {
		return nil, err
	}
	fields := make(map[string]json.RawMessage, len(members))
	for _, m := range members {
		fields[m.name] = json.RawMessage(m.value)
	}
	return fields, nil
}

// whole refuses what is not one JSON value, and says what is wrong with it.
func whole(text string) error {
	if json.Valid([]byte(text)) {
		return nil
	}
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		return fmt.Errorf("no JSON: %w", err)
	}
	return errBroken
}

// What follows reads JSON from the outside in. Nothing is looked at twice, and
// what a reader does not look into is not known to be JSON: whoever takes a value
// reads it with object, list, unquote or Values, which together refuse all that is
// none.

var (
	errBroken = errors.New("no JSON")
	errDeep   = fmt.Errorf("nested more than %d deep", deepest)
)

// spaces are what may stand between the tokens of JSON.
const spaces = " \t\r\n"

// member is a name of an object and its value.
type member struct{ name, value string }

// object reads the members of an object that has no space around it, and adds them
// to none: members has the room for them, which need not be enough.
func object(text string, members []member) ([]member, error) {
	if text == "" || text[0] != '{' {
		return nil, errors.New("want a JSON object")
	}
	i := space(text, 1)
	for more := at(text, i) != '}'; more; {
		if at(text, i) != '"' {
			return nil, errBroken
		}
		end, err := skip(text, i)
		if err != nil {
			return nil, err
		}
		name, err := unquote(text[i:end])
		if err != nil {
			return nil, err
		}
		if i = space(text, end); at(text, i) != ':' {
			return nil, errBroken
		}
		i = space(text, i+1)
		if end, err = skip(text, i); err != nil {
			return nil, err
		}
		members = append(members, member{name, text[i:end]})
		if i = space(text, end); at(text, i) == ',' {
			i = space(text, i+1)
		} else {
			more = false
		}
	}
	if at(text, i) != '}' || i != len(text)-1 {
		return nil, errBroken
	}
	if twice := twice(members); twice != "" {
		return nil, fmt.Errorf("%q stands twice", short(twice))
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

// list reads the elements of a list that has no space around it, and adds them to
// none, as object does; anything else is its own only one.
func list(text string, elements []string) ([]string, error) {
	if text == "" || text[0] != '[' {
		return append(elements, text), nil
	}
	i := space(text, 1)
	for more := at(text, i) != ']'; more; {
		end, err := skip(text, i)
		if err != nil {
			return nil, err
		}
		elements = append(elements, text[i:end])
		if i = space(text, end); at(text, i) == ',' {
			i = space(text, i+1)
		} else {
			more = false
		}
	}
	if at(text, i) != ']' || i != len(text)-1 {
		return nil, errBroken
	}
	return elements, nil
}

// at is the byte at i, 0 behind the end.
func at(text string, i int) byte {
	if i < len(text) {
		return text[i]
	}
	return 0
}

// space is where, from i on, something stands.
func space(text string, i int) int {
	for i < len(text) && (text[i] == ' ' || text[i] == '\t' || text[i] == '\n' || text[i] == '\r') {
		i++
	}
	return i
}

// closing is where the string that begins at i has its closing quotation mark: one
// before which an even number of backslashes stands.
func closing(text string, i int) (int, error) {
	for from := i + 1; ; {
		n := strings.IndexByte(text[min(from, len(text)):], '"')
		if n < 0 {
			return 0, errBroken
		}
		end := from + n
		before := end
		for before > from && text[before-1] == '\\' {
			before--
		}
		if (end-before)%2 == 0 {
			return end, nil
		}
		from = end + 1
	}
}

// skip is where the value that begins at i ends, if it is one.
func skip(text string, i int) (int, error) {
	switch at(text, i) {
	case '"':
		end, err := closing(text, i)
		return end + 1, err
	case '{', '[':
		for depth := 0; i < len(text); i++ {
			switch text[i] {
			case '"':
				var err error
				if i, err = closing(text, i); err != nil {
					return 0, err
				}
			case '{', '[':
				if depth++; depth > deepest {
					return 0, errDeep
				}
			case '}', ']':
				if depth--; depth == 0 {
					return i + 1, nil
				}
			}
		}
		return 0, errBroken
	}
	end := i
	for end < len(text) && strings.IndexByte(",:]}\"[{"+spaces, text[end]) < 0 {
		end++
	}
	if end == i {
		return 0, errBroken
	}
	return end, nil
}

// unquote reads a string.
func unquote(text string) (string, error) {
	if len(text) < 2 || text[0] != '"' {
		return "", fmt.Errorf("%s: want a string", short(text))
	}
	for i := 1; i < len(text)-1; i++ {
		if c := text[i]; c == '\\' || c < ' ' || c >= 0x80 {
			return decode(text)
		}
	}
	return text[1 : len(text)-1], nil
}

// decode reads a string that is more than ASCII as it stands. Bytes that are no
// UTF-8, and halves of a character that stand alone, which Go reads as U+FFFD, are
// refused: two different ones would be equal.
func decode(text string) (s string, err error) {
	if err = json.Unmarshal([]byte(text), &s); err != nil {
		return "", err
	}
	if !utf8.ValidString(text) {
		return "", fmt.Errorf("%s: no UTF-8", short(text))
	}
	for rest := text; ; {
		_, behind, escaped := strings.Cut(rest, `\`)
		if !escaped {
			return s, nil
		}
		first := unit(behind)
		rest = behind[1:] // what is escaped escapes nothing
		if !utf16.IsSurrogate(first) {
			continue
		}
		if len(rest) < 5 || rest[4] != '\\' || utf16.DecodeRune(first, unit(rest[5:])) == utf8.RuneError {
			return "", fmt.Errorf("%s: half a character", short(text))
		}
		rest = rest[6:]
	}
}

// unit is the 16 bits that stand as u and four digits; 0 if none do.
func unit(text string) rune {
	if len(text) < 5 || text[0] != 'u' {
		return 0
	}
	n, _ := strconv.ParseUint(text[1:5], 16, 16)
	return rune(n)
}

// Values reads a condition's values, of JSON without space around it: one or a
// list, each a string, true, false or a number.
func Values(raw string) ([]string, error) {
	var room [16]string
	all, err := list(raw, room[:0])
	if err != nil {
		return nil, err
	}
	parts := slices.Clone(all)
	for i, part := range parts {
		if c := at(part, 0); (c == 't' || c == 'f' || c == '-' || '0' <= c && c <= '9') && json.Valid([]byte(part)) {
			continue
		}
		if parts[i], err = unquote(part); err != nil {
			return nil, err
		}
	}
	return parts, nil
}

// texts reads one string or a list of at least one.
func texts(raw string) ([]string, error) {
	var room [16]string
	all, err := list(raw, room[:0])
	parts := slices.Clone(all)
	if err == nil && len(parts) == 0 {
		err = errors.New("an empty list")
	}
	for i := range parts {
		if err == nil {
			parts[i], err = unquote(parts[i])
		}
	}
	return parts, err
}

// short is the beginning of what somebody wrote.
func short(text string) string {
	if len(text) > 60 {
		return strings.ToValidUTF8(text[:60], "") + "…"
	}
	return text
}
