package guardrail

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Match tells whether text matches an IAM pattern, where * stands for any
// characters and ? for one.
func Match(pattern, text string) bool { return globOf(pattern).match(text) }

// The wildcards within a flat pattern, where what stands for itself may look like
// them: bytes that no text in UTF-8 has.
const (
	anyOne  = 0xFE
	anyMany = 0xFF
)

var wildcards = strings.NewReplacer("*", string([]byte{anyMany}), "?", string([]byte{anyOne}))

// flat is a pattern with its wildcards apart from what stands for itself.
func flat(pattern string) string {
	if strings.IndexByte(pattern, '*') < 0 && strings.IndexByte(pattern, '?') < 0 {
		return plain(pattern)
	}
	return wildcards.Replace(plain(pattern))
}

func plain(text string) string { return strings.ToValidUTF8(text, "\uFFFD") }

// glob is a pattern ready to be matched: the pieces between its stars.
type glob []string

func globOf(pattern string) glob {
	if strings.IndexByte(pattern, '?') < 0 && utf8.ValidString(pattern) {
		return strings.Split(pattern, "*") // what split makes of it, without a copy
	}
	return split(flat(pattern))
}

func split(flat string) glob {
	if strings.IndexByte(flat, anyMany) < 0 {
		return glob{flat}
	}
	return strings.Split(flat, string([]byte{anyMany}))
}

// match takes each piece at the first place where it fits, which leaves the most
// for those behind it.
func (g glob) match(text string) bool {
	rest, ok := cut(text, g[0])
	if !ok || len(g) == 1 {
		return ok && rest == ""
	}
	for _, piece := range g[1 : len(g)-1] {
		if rest, ok = find(rest, piece); !ok {
			return false
		}
	}
	return ends(rest, g[len(g)-1])
}

// cut takes a piece off the beginning of a text.
func cut(text, piece string) (rest string, ok bool) {
	if strings.IndexByte(piece, anyOne) < 0 {
		return strings.CutPrefix(text, piece)
	}
	for i := 0; i < len(piece); i++ {
		switch {
		case text == "":
			return "", false
		case piece[i] == anyOne:
			_, size := utf8.DecodeRuneInString(text)
			text = text[size:]
		case piece[i] != text[0]:
			return "", false
		default:
			text = text[1:]
		}
	}
	return text, true
}

// find takes a piece, and what is before it, off a text.
func find(text, piece string) (rest string, ok bool) {
	if strings.IndexByte(piece, anyOne) < 0 {
		_, rest, ok = strings.Cut(text, piece)
		return rest, ok
	}
	for {
		if rest, ok = cut(text, piece); ok || text == "" {
			return rest, ok
		}
		_, size := utf8.DecodeRuneInString(text)
		text = text[size:]
	}
}

// ends tells whether a text ends with a piece.
func ends(text, piece string) bool {
	if strings.IndexByte(piece, anyOne) < 0 {
		return strings.HasSuffix(text, piece)
	}
	for i := len(piece) - 1; i >= 0; i-- {
		switch {
		case text == "":
			return false
		case piece[i] == anyOne:
			_, size := utf8.DecodeLastRuneInString(text)
			text = text[:len(text)-size]
		case piece[i] != text[len(text)-1]:
			return false
		default:
			text = text[:len(text)-1]
		}
	}
	return true
}

// arnPattern are the fields of a pattern of ARNs: no wildcard reaches over a colon
// but those of the last field. A pattern that ends early with a star says nothing
// of the rest.
//
// Source: IAM user guide, "IAM JSON policy elements: Condition operators", ARN.
type arnPattern []glob

func arnOf(flat string) arnPattern {
	fields := strings.SplitN(flat, ":", arnFields)
	if len(fields) < arnFields && !strings.HasSuffix(flat, string([]byte{anyMany})) {
		return nil // like no ARN
	}
	globs := make(arnPattern, len(fields))
	for i, field := range fields {
		globs[i] = split(field)
	}
	return globs
}

func (p arnPattern) match(text string) bool {
	have := strings.SplitN(text, ":", arnFields)
	if len(have) < arnFields {
		return false
	}
	for i, field := range p {
		if !field.match(have[i]) {
			return false
		}
	}
	return p != nil
}

const arnFields = 6

// template is a text of a policy, in which policy variables may stand.
type template struct {
	text  string // all of it, as it is written, if there is no variable
	glob  glob   // the same, ready
	parts []part
}

// part is a flat text and the variable behind it.
type part struct {
	flat        string
	key, folded string // "" if there is no variable
	fallback    string
	hasDefault  bool
}

// templateOf reads a text of a policy. wild tells whether * and ? are wildcards in
// it, variables whether the policy's language has variables.
//
// Source: IAM user guide, "IAM policy elements: Variables and tags".
func templateOf(text string, wild, variables bool) (template, error) {
	text = plain(text)
	as := func(s string) string {
		if wild {
			return flat(s)
		}
		return s
	}
	if len(text) > longestPattern {
		return template{}, fmt.Errorf("%q…: more than %d characters", text[:20], longestPattern)
	}
	if !variables || !strings.Contains(text, "${") {
		if wild {
			return template{text: text, glob: globOf(text)}, nil
		}
		return template{text: text, glob: glob{text}}, nil
	}
	var t template
	var literal strings.Builder
	for rest := text; ; {
		before, behind, found := strings.Cut(rest, "${")
		literal.WriteString(as(before))
		if !found {
			break
		}
		p, left, err := variable(behind)
		if err != nil {
			return template{}, fmt.Errorf("%q: %w", text, err)
		}
		if p.key == "*" || p.key == "?" || p.key == "$" {
			literal.WriteString(p.key) // stands for itself
		} else {
			p.flat = literal.String()
			literal.Reset()
			t.parts = append(t.parts, p)
		}
		rest = left
	}
	t.parts = append(t.parts, part{flat: literal.String()})
	return t, nil
}

// longestPattern is the most that one text of a policy can be: AWS takes no longer
// policy.
const longestPattern = 10240

// variable reads a policy variable from behind its "${": a key, perhaps a comma
// and a default in single quotation marks.
func variable(text string) (p part, rest string, err error) {
	at := strings.IndexAny(text, ",}")
	if at < 0 {
		return part{}, "", errors.New("a policy variable is not closed")
	}
	p.key = strings.TrimSpace(text[:at])
	p.folded = lower(p.key)
	if p.key == "" || strings.ContainsAny(p.key, " \t\r\n${'") && p.key != "$" {
		return part{}, "", fmt.Errorf("%q is no policy variable", "${"+text[:at]+"}")
	}
	if text[at] == '}' {
		return p, text[at+1:], nil
	}
	rest, quoted := strings.CutPrefix(strings.TrimLeft(text[at+1:], " "), "'")
	for quoted {
		value, behind, closed := strings.Cut(rest, "'")
		if !closed {
			break
		}
		p.fallback += value
		if rest = behind; strings.HasPrefix(rest, "'") { // two are one
			p.fallback += "'"
			rest = rest[1:]
			continue
		}
		if rest, closed = strings.CutPrefix(strings.TrimLeft(rest, " "), "}"); closed {
			p.hasDefault = true
			return p, rest, nil
		}
		break
	}
	return part{}, "", fmt.Errorf("the policy variable %s has no default in single quotation marks", p.key)
}

// expand puts the values of variables in, and makes the text flat. What a value
// holds stands for itself. Without a value there is no text: nothing is equal to it
// or like it.
func (t *template) expand(a *asked) (string, answer) {
	var b strings.Builder
	for i := range t.parts {
		p := &t.parts[i]
		b.WriteString(p.flat)
		if p.key == "" {
			continue
		}
		switch values, known := a.lookup(p.key, p.folded); {
		case !known:
			return "", unknown
		case len(values) == 1:
			b.WriteString(plain(values[0]))
		case len(values) == 0 && p.hasDefault:
			b.WriteString(p.fallback)
		default:
			return "", no // a key of several values has no one to put in
		}
	}
	return b.String(), yes
}

// matches tells whether a text is what the template, as a pattern, says.
func (t *template) matches(a *asked, text string) answer {
	if t.parts == nil {
		return truth(t.glob.match(text))
	}
	flat, told := t.expand(a)
	if told != yes {
		return told
	}
	return truth(split(flat).match(text))
}

// resourceTemplates reads a resource of a statement: itself, and, of an ARN whose
// last fields are missing, that with any in their place.
//
// Source: IAM user guide, "IAM JSON policy elements: Resource": a * at the end of
// a field reaches over colons; "Identify AWS resources with Amazon Resource
// Names": what is missing is any.
func resourceTemplates(resource string, variables bool) ([]template, error) {
	t, err := templateOf(resource, true, variables)
	if err != nil {
		return nil, err
	}
	if t.parts != nil {
		if strings.Count(t.parts[0].flat, ":") < arnFields-1 {
			return nil, fmt.Errorf("%q: a policy variable stands before the fifth colon", resource)
		}
		return []template{t}, nil
	}
	if missing := arnFields - 1 - strings.Count(t.text, ":"); missing > 0 && resource != "*" {
		return []template{t, {glob: globOf(t.text + strings.Repeat(":*", missing))}}, nil
	}
	return []template{t}, nil
}
