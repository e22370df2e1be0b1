package assess

import (
	"fmt"
	"regexp"
	"strings"

	"landlord/guard/guardrail"
)

// event is one of CloudTrail, as far as filters ask of it: "userIdentity.type" is
// the member type of userIdentity.
type event map[string]string

// filter tells of an event whether it matches.
type filter func(event) bool

// parseFilter reads a filter pattern of CloudWatch Logs for events in JSON.
//
// Source: CloudWatch Logs user guide, "Filter pattern syntax": comparisons, EXISTS
// and IS, wildcards, regular expressions, && before ||, parentheses.
func parseFilter(text string) (filter, error) {
	p := &filterReader{rest: strings.TrimSpace(text)}
	if !p.take("{") {
		return nil, fmt.Errorf("filter pattern %q is not of events in JSON", text)
	}
	f, err := p.any(0)
	if err == nil && (!p.take("}") || p.rest != "") {
		err = fmt.Errorf("unexpected %q", p.rest)
	}
	if err != nil {
		return nil, fmt.Errorf("filter pattern %q: %w", text, err)
	}
	return f, nil
}

type filterReader struct{ rest string }

// take takes a token off, if it comes next.
func (p *filterReader) take(token string) bool {
	rest, is := strings.CutPrefix(p.rest, token)
	if is {
		p.rest = strings.TrimSpace(rest)
	}
	return is
}

// deepest is how many parentheses may stand in another: AWS allows 1,024 characters.
const deepest = 512

func (p *filterReader) any(depth int) (filter, error) {
	return p.joined("||", func() (filter, error) { return p.all(depth) }, func(a, b filter) filter {
		return func(e event) bool { return a(e) || b(e) }
	})
}

func (p *filterReader) all(depth int) (filter, error) {
	return p.joined("&&", func() (filter, error) { return p.one(depth) }, func(a, b filter) filter {
		return func(e event) bool { return a(e) && b(e) }
	})
}

func (p *filterReader) joined(by string, read func() (filter, error), join func(a, b filter) filter) (filter, error) {
	f, err := read()
	for err == nil && p.take(by) {
		var next filter
		if next, err = read(); err == nil {
			f = join(f, next)
		}
	}
	return f, err
}

func (p *filterReader) one(depth int) (filter, error) {
	if depth > deepest {
		return nil, fmt.Errorf("too many parentheses")
	}
	if p.take("(") {
		f, err := p.any(depth + 1)
		if err == nil && !p.take(")") {
			err = fmt.Errorf("missing ) before %q", p.rest)
		}
		return f, err
	}
	if !p.take("$.") {
		return nil, fmt.Errorf("expected a selector such as $.eventName before %q", p.rest)
	}
	name := p.word(" \t\r\n=!<>(){}&|")
	switch {
	case p.take("NOT EXISTS"):
		return func(e event) bool { _, has := e[name]; return !has }, nil
	case p.take("EXISTS"):
		return func(e event) bool { _, has := e[name]; return has }, nil
	case p.take("IS NULL"):
		return func(event) bool { return false }, nil // no event here has one
	case p.take("IS TRUE"):
		return func(e event) bool { return e[name] == "true" }, nil
	case p.take("IS FALSE"):
		return func(e event) bool { return e[name] == "false" }, nil
	case p.take("!="):
		is, err := p.value()
		return func(e event) bool { v, has := e[name]; return has && !is(v) }, err
	case p.take("<="), p.take(">="), p.take("<"), p.take(">"):
		_, err := p.value()
		return func(event) bool { return false }, err // of numbers, which no event here has
	case p.take("="):
		is, err := p.value()
		return func(e event) bool { v, has := e[name]; return has && is(v) }, err
	}
	return nil, fmt.Errorf("expected a comparison before %q", p.rest)
}

// word takes off all that stands before one of the characters.
func (p *filterReader) word(until string) string {
	end := strings.IndexAny(p.rest, until)
	if end < 0 {
		end = len(p.rest)
	}
	word := p.rest[:end]
	p.rest = strings.TrimSpace(p.rest[end:])
	return word
}

// value takes off what is compared with: text, quoted or not, with * for anything,
// or a regular expression between % and %.
func (p *filterReader) value() (func(string) bool, error) {
	for _, quote := range []string{`"`, `%`} {
		rest, quoted := strings.CutPrefix(p.rest, quote)
		if !quoted {
			continue
		}
		text, after, closed := strings.Cut(rest, quote)
		if !closed {
			return nil, fmt.Errorf("missing %s after %q", quote, p.rest)
		}
		p.rest = strings.TrimSpace(after)
		if quote == "%" {
			r, err := regexp.Compile(text)
			if err != nil {
				return nil, err
			}
			return r.MatchString, nil
		}
		return like(text), nil
	}
	text := p.word(" \t\r\n(){}&|")
	if text == "" {
		return nil, fmt.Errorf("expected a value before %q", p.rest)
	}
	return like(text), nil
}

// like matches a text in which * stands for anything; ? stands for itself.
func like(pattern string) func(string) bool {
	if strings.Contains(pattern, "?") {
		return func(v string) bool { return v == pattern }
	}
	return func(v string) bool { return guardrail.Match(pattern, v) }
}
