package guardrail

import (
	"errors"
	"fmt"
	"strings"
)

// Lines judges requests that each bring their own policies, as lines of JSON. It
// remembers the policies that it has read. One goroutine at a time may use it.
type Lines struct {
	read map[string]policyRead
	held int // bytes of what read is of
}

type policyRead struct {
	ready *Prepared
	err   error
}

// heldMost is how many bytes of policies are remembered.
const heldMost = 4 << 20

// Judge judges one line: an object of
//
//	levels      lists of policies, the root's first; a policy is an object or a string that holds one
//	principal   an ARN; perhaps none
//	action      service:Operation
//	resource    an ARN; perhaps none
//	context     keys of conditions, each a value or a list of values; perhaps none
//	management  the id of the management account; perhaps none
//
// What else is in it is not looked at. The error says what is wrong with the line.
func (l *Lines) Judge(line []byte) (Decision, error) {
	text := string(line)
	d, err := l.judge(strings.Trim(text, spaces))
	if err != nil {
		if broken := whole(text); broken != nil {
			err = broken
		}
	}
	return d, err
}

func (l *Lines) judge(line string) (Decision, error) {
	var room [8]member
	members, err := object(line, room[:0])
	if err != nil {
		return Decision{}, err
	}
	var levels [][]*Prepared
	var who, action, resource, management string
	context := map[string][]string{}
	given := false
	for _, m := range members {
		switch m.name {
		case "levels":
			given = true
			levels, err = l.levels(m.value)
		case "principal":
			who, err = maybeText(m.value)
		case "action":
			action, err = unquote(m.value)
			if err == nil {
				err = CheckAction(action)
			}
		case "resource":
			resource, err = maybeText(m.value)
		case "management":
			management, err = maybeText(m.value)
		case "context":
			err = readContext(m.value, context)
		default:
			if known := miswritten(m.name); known != "" {
				err = fmt.Errorf("the member is called %q", known)
			} else {
				err = whole(m.value)
			}
		}
		if err != nil {
			return Decision{}, fmt.Errorf("%s: %w", short(m.name), err)
		}
	}
	switch {
	case !given:
		return Decision{}, errors.New("levels: not given")
	case action == "":
		return Decision{}, errors.New("action: not given")
	}
	if who == "" {
		who = principalIn(context)
	}
	if who != "" {
		p, err := ParsePrincipal(who)
		if err != nil {
			return Decision{}, err
		}
		if d, free := p.Unlimited(management); free {
			return d, nil
		}
		p.Fill(context)
	}
	return Decide(levels, Request{Action: action, Resource: resource, Context: context}), nil
}

// principalIn is the aws:PrincipalArn of a context, if it is one that can be read.
func principalIn(context map[string][]string) string {
	for key, values := range context {
		if strings.EqualFold(key, "aws:PrincipalArn") && len(values) == 1 {
			if _, err := ParsePrincipal(values[0]); err == nil {
				return values[0]
			}
		}
	}
	return ""
}

// miswritten is the member that a name is but for the case of its letters.
func miswritten(name string) string {
	for _, known := range []string{"levels", "principal", "action", "resource", "context", "management"} {
		if strings.EqualFold(name, known) {
			return known
		}
	}
	return ""
}

// levels reads the policies of each level.
func (l *Lines) levels(raw string) ([][]*Prepared, error) {
	if raw[0] != '[' {
		return nil, errors.New("want a list of levels, the root's first")
	}
	var levels [][]*Prepared
	all, err := list(raw, nil)
	if err != nil {
		return nil, err
	}
	for i, level := range all {
		policies, err := list(level, nil)
		if err != nil {
			return nil, err
		}
		var ready []*Prepared
		for j, policy := range policies {
			p, err := l.policy(policy)
			if err != nil {
				return nil, fmt.Errorf("level %d, policy %d: %w", i, j, err)
			}
			ready = append(ready, p)
		}
		levels = append(levels, ready)
	}
	return levels, nil
}

func (l *Lines) policy(raw string) (*Prepared, error) {
	if p, known := l.read[raw]; known {
		return p.ready, p.err
	}
	if l.read == nil || l.held > heldMost {
		l.read, l.held = map[string]policyRead{}, 0
	}
	raw = strings.Clone(raw) // not all of its line
	var p policyRead
	text := raw
	if raw[0] == '"' {
		text, p.err = unquote(raw)
	}
	if p.err == nil {
		p.ready, p.err = ready(text)
	}
	l.read[raw] = p
	l.held += len(raw)
	return p.ready, p.err
}

// maybeText reads a string, or null for none.
func maybeText(raw string) (string, error) {
	if raw == "null" {
		return "", nil
	}
	return unquote(raw)
}

// CheckAction refuses what is not a service, a colon and the name of one of its
// operations.
func CheckAction(action string) error {
	service, name, ok := strings.Cut(action, ":")
	if !ok || service == "" || name == "" || strings.ContainsAny(action, " \t\r\n*?") || strings.Contains(name, ":") {
		return fmt.Errorf("%q: want the one operation that is called, as s3:GetObject", short(action))
	}
	return nil
}

// readContext reads condition keys: each a value, a list of values, or null for a
// key that is absent.
func readContext(raw string, context map[string][]string) error {
	if raw == "null" {
		return nil
	}
	members, err := object(raw, make([]member, 0, 8))
	if err != nil {
		return err
	}
	for i := range members {
		var values []string
		if members[i].value != "null" {
			if values, err = Values(members[i].value); err != nil {
				return fmt.Errorf("%s: %w", short(members[i].name), err)
			}
		}
		context[members[i].name] = values
		members[i].name = lower(members[i].name)
	}
	if key := twice(members); key != "" {
		return fmt.Errorf("%q stands twice: the case of a key does not count", key)
	}
	return nil
}
