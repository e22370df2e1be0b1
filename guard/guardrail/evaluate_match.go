package guardrail

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Match tells whether text matches an IAM pattern, where * stands for any
// characters and ? for one.
func Match(pattern, text string) bool { return asWritten.match(plain(pattern), text) }

// wild are the two wildcards of a pattern.
type wild struct{ many, one byte }

var (
	asWritten = wild{'*', '?'}
	// asFlat are those of a flat pattern, in which what stands for itself may
	// look like wildcards: bytes that no text in UTF-8 has.
	asFlat = wild{0xFF, 0xFE}
)

var flattener = strings.NewReplacer("*", string([]byte{asFlat.many}), "?", string([]byte{asFlat.one}))

// flat is a pattern with its wildcards apart from what stands for itself.
func flat(pattern string) string { return flattener.Replace(pattern) }

func plain(text string) string { return strings.ToValidUTF8(text, "\uFFFD") }

// match takes each piece between two stars at the first place where it fits, which
// leaves the most for those behind it.
func (w wild) match(pattern, text string) bool {
	star := strings.IndexByte(pattern, w.many)
	if star < 0 {
		rest, ok := w.cut(text, pattern)
		return ok && rest == ""
	}
	rest, ok := w.cut(text, pattern[:star])
	for ok {
		pattern = pattern[star+1:]
		if star = strings.IndexByte(pattern, w.many); star < 0 {
			return w.ends(rest, pattern)
		}
		rest, ok = w.find(rest, pattern[:star])
	}
	return false
}

// cut takes a piece off the beginning of a text.
func (w wild) cut(text, piece string) (rest string, ok bool) {
	if strings.IndexByte(piece, w.one) < 0 {
		return strings.CutPrefix(text, piece)
	}
	for i := 0; i < len(piece); i++ {
		switch {
		case text == "":
			return "", false
		case piece[i] == w.one:
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
func (w wild) find(text, piece string) (rest string, ok bool) {
	if strings.IndexByte(piece, w.one) < 0 {
		_, rest, ok = strings.Cut(text, piece)
		return rest, ok
	}
	for {
		if rest, ok = w.cut(text, piece); ok || text == "" {
			return rest, ok
		}
		_, size := utf8.DecodeRuneInString(text)
		text = text[size:]
	}
}

// ends tells whether a text ends with a piece.
func (w wild) ends(text, piece string) bool {
	if strings.IndexByte(piece, w.one) < 0 {
		return strings.HasSuffix(text, piece)
	}
	for i := len(piece) - 1; i >= 0; i-- {
		switch {
		case text == "":
			return false
		case piece[i] == w.one:
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

// matchARN matches field by field: no wildcard reaches over a colon but those of
// the last field. A pattern that ends early with a star says nothing of the rest;
// one that ends early without is like no ARN.
//
// Source: IAM user guide, "IAM JSON policy elements: Condition operators", ARN.
func (w wild) matchARN(pattern, text string) bool {
	if strings.Count(text, ":") < arnFields-1 {
		return false
	}
	for range arnFields - 1 {
		want, behind, more := strings.Cut(pattern, ":")
		have, rest, _ := strings.Cut(text, ":")
		if !w.match(want, have) {
			return false
		}
		if !more {
			return want != "" && want[len(want)-1] == w.many
		}
		pattern, text = behind, rest
	}
	return w.match(pattern, text)
}

// matchAction tells whether an action, which is in lower case, is what a pattern
// says in any case: at a star it goes on behind it, and comes back to leave one
// character more to the star where that fails.
func matchAction(pattern, action string) bool {
	i, j, back, from := 0, 0, -1, 0
	for j < len(action) {
		switch {
		case i < len(pattern) && pattern[i] == asWritten.many:
			i++
			back, from = i, j
		case i < len(pattern) && pattern[i] == asWritten.one:
			_, size := utf8.DecodeRuneInString(action[j:])
			i, j = i+1, j+size
		case i < len(pattern) && lowerByte(pattern[i]) == action[j]:
			i, j = i+1, j+1
		case back >= 0:
			_, size := utf8.DecodeRuneInString(action[from:])
			from += size
			i, j = back, from
		default:
			return false
		}
	}
	return strings.Trim(pattern[i:], "*") == ""
}

const arnFields = 6

// template is a text of a policy, in which policy variables may stand.
type template struct {
	text  string // all of it, as it is written, if there is no variable
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
		return template{text: text}, nil
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
		return truth(asWritten.match(t.text, text))
	}
	flat, told := t.expand(a)
	if told != yes {
		return told
	}
	return truth(asFlat.match(flat, text))
}

// addResource reads a resource of a statement and adds it to others: itself, and,
// of an ARN whose last fields are missing, that with any in their place.
//
// Source: IAM user guide, "IAM JSON policy elements: Resource": a * at the end of
// a field reaches over colons; "Identify AWS resources with Amazon Resource
// Names": what is missing is any.
func addResource(all []template, resource string, variables bool) ([]template, error) {
	t, err := templateOf(resource, true, variables)
	if err != nil {
		return nil, err
	}
	if t.parts != nil && strings.Count(t.parts[0].flat, ":") < arnFields-1 {
		return nil, fmt.Errorf("%q: a policy variable stands before the fifth colon", resource)
	}
	all = append(all, t)
	if missing := arnFields - 1 - strings.Count(t.text, ":"); t.parts == nil && missing > 0 && resource != "*" {
		all = append(all, template{text: t.text + strings.Repeat(":*", missing)})
	}
	return all, nil
}
