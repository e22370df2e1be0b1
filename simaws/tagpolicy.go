package simaws

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// The operators of management policies.
//
// Source: Organizations user guide, "Management policy syntax and inheritance".
const (
	assign        = "@@assign"
	appendTo      = "@@append"
	removeFrom    = "@@remove"
	allowChildren = "@@operators_allowed_for_child_policies"
)

// tagSettings are what a tag policy says of a tag: whether it is a list.
var tagSettings = map[string]bool{"tag_key": false, "tag_value": true, "enforced_for": true, "report_required_tag_for": true}

// checkTagPolicy accepts {"tags": {name: {setting: {operator: value}}}}, with
// what children may do at any level.
func checkTagPolicy(content string) error {
	var policy map[string]any
	if err := json.Unmarshal([]byte(content), &policy); err != nil {
		return fmt.Errorf("tag policy: %w", err)
	}
	if len(policy) == 0 {
		return errors.New(`tag policy: want an object with "tags"`)
	}
	for name, tags := range policy {
		if name != "tags" {
			return fmt.Errorf("tag policy: %s: no such element", name)
		}
		if err := checkTags(tags); err != nil {
			return fmt.Errorf("tag policy: %w", err)
		}
	}
	return nil
}

func checkTags(tags any) error {
	return eachPart("tags", tags, func(tag string, settings any) error {
		return eachPart(tag, settings, func(setting string, operators any) error {
			list, known := tagSettings[setting]
			if !known {
				return fmt.Errorf("%s.%s: no such setting", tag, setting)
			}
			return checkOperators(tag+"."+setting, operators, list)
		})
	})
}

// eachPart checks the parts of an object that are no operators.
func eachPart(place string, object any, check func(string, any) error) error {
	parts, ok := object.(map[string]any)
	if !ok {
		return fmt.Errorf("%s: want an object", place)
	}
	for _, name := range slices.Sorted(maps.Keys(parts)) {
		var err error
		switch {
		case name == allowChildren:
			err = checkTexts(place, parts[name])
		case strings.HasPrefix(name, "@@"):
			err = fmt.Errorf("%s: %s stands where no value is", place, name)
		default:
			err = check(name, parts[name])
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func checkOperators(place string, object any, list bool) error {
	operators, ok := object.(map[string]any)
	if !ok || len(operators) == 0 {
		return fmt.Errorf("%s: want operators", place)
	}
	for _, name := range slices.Sorted(maps.Keys(operators)) {
		var err error
		_, text := operators[name].(string)
		switch {
		case name == allowChildren, list && slices.Contains([]string{assign, appendTo, removeFrom}, name):
			err = checkTexts(place+"."+name, operators[name])
		case name == assign && text:
		default:
			err = fmt.Errorf("%s: %s: no such operator here, or not with this value", place, name)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func checkTexts(place string, value any) error {
	items, ok := value.([]any)
	if !ok || slices.ContainsFunc(items, func(item any) bool { _, text := item.(string); return !text }) {
		return fmt.Errorf("%s: want a list of strings", place)
	}
	return nil
}

// setting is one place of an effective policy: a value, or parts.
type setting struct {
	value any // a string or []any; nil if nothing was said
	parts map[string]*setting
	only  []string // operators that lower levels may use; nil: all
	next  []string // the same, said at the level that is being read
}

// apply lets a policy of one level speak. only is what higher levels left it
// to use here.
func (s *setting) apply(said map[string]any, only []string) {
	if s.only != nil {
		only = both(only, s.only)
	}
	for _, name := range slices.Sorted(maps.Keys(said)) {
		if parts, is := said[name].(map[string]any); is && !strings.HasPrefix(name, "@@") {
			if s.parts == nil {
				s.parts = map[string]*setting{}
			}
			if s.parts[name] == nil {
				s.parts[name] = &setting{}
			}
			s.parts[name].apply(parts, only)
			continue
		}
		if name == allowChildren {
			s.next = []string{}
			for _, operator := range said[name].([]any) { // checked when it was kept
				s.next = append(s.next, operator.(string))
			}
			continue
		}
		if only == nil || slices.Contains(only, name) {
			s.operate(name, said[name])
		}
	}
}

func (s *setting) operate(operator string, value any) {
	have, _ := s.value.([]any)
	items, _ := value.([]any)
	switch operator {
	case assign:
		s.value = value
	case appendTo:
		have = slices.Clone(have)
		for _, item := range items {
			if !slices.Contains(have, item) {
				have = append(have, item)
			}
		}
		s.value = have
	case removeFrom:
		s.value = slices.DeleteFunc(slices.Clone(have), func(item any) bool { return slices.Contains(items, item) })
	}
}

// descend ends a level: what it said of its children holds from here on.
func (s *setting) descend() {
	if s.next != nil {
		s.only, s.next = both(s.only, s.next), nil
	}
	for _, part := range s.parts {
		part.descend()
	}
}

// both is what two lists of allowed operators leave; nil leaves all.
func both(a, b []string) []string {
	if a == nil {
		return b
	}
	return slices.DeleteFunc(slices.Clone(a), func(x string) bool { return !slices.Contains(b, x) })
}

// out is the setting as the effective policy shows it, nil if it says nothing.
func (s *setting) out() any {
	if len(s.parts) == 0 {
		if items, list := s.value.([]any); list && len(items) == 0 {
			return nil
		}
		return s.value
	}
	parts := map[string]any{}
	for name, part := range s.parts {
		if value := part.out(); value != nil {
			parts[name] = value
		}
	}
	if len(parts) == 0 {
		return nil
	}
	return parts
}

type effectiveOut struct {
	PolicyContent        string `json:"PolicyContent"`
	LastUpdatedTimestamp epoch  `json:"LastUpdatedTimestamp"`
	TargetID             string `json:"TargetId"`
	PolicyType           string `json:"PolicyType"`
}

// describeEffectivePolicy shows what the policies from the root down to an
// account add up to; those of one target speak in the order they were attached.
func (w *world) describeEffectivePolicy(c *call) (any, error) {
	kind, id := c.in.text("PolicyType"), c.in.text("TargetId")
	if id == "" {
		id = c.who.account
	}
	a := w.account(id)
	switch {
	case w.units[id] != nil:
		return nil, invalid("TARGET_NOT_SUPPORTED", "")
	case c.who.standing == member && id != c.who.account:
		return nil, c.service.denied("You don't have permissions to access this resource.")
	case a == nil:
		return nil, refuse("TargetNotFoundException")
	}
	out, err := w.effective(a, kind)
	if err != nil {
		return nil, err
	}
	return struct {
		EffectivePolicy effectiveOut `json:"EffectivePolicy"`
	}{out}, nil
}

// effective adds up the policies of a type that an account is under.
func (w *world) effective(a *account, kind string) (effectiveOut, error) {
	content, changed := w.addUp(a, kind)
	out := effectiveOut{TargetID: a.ID, PolicyType: kind, LastUpdatedTimestamp: epochOf(changed)}
	if changed.IsZero() {
		return out, refuse("EffectivePolicyNotFoundException")
	}
	text, err := encodeJSON(content)
	out.PolicyContent = string(text)
	return out, err
}

// addUp is the content of an account's effective policy, and when the newest
// of those that make it was changed; never if there is none.
func (w *world) addUp(a *account, kind string) (content map[string]any, changed time.Time) {
	var whole setting
	for _, n := range w.lineage(&a.node) {
		for _, p := range w.attached(n, kind) {
			var said map[string]any
			if json.Unmarshal([]byte(p.Content), &said) == nil {
				whole.apply(said, nil)
			}
			if p.Changed.After(changed) {
				changed = p.Changed
			}
		}
		whole.descend()
	}
	content, _ = whole.out().(map[string]any)
	if content == nil {
		content = map[string]any{}
	}
	return content, changed
}

// listInvalid lists no account: a policy is checked when it is made, and no
// combination of valid tag policies is invalid here.
func (w *world) listInvalid(c *call) (any, error) {
	if _, err := c.position(""); err != nil {
		return nil, err
	}
	return struct {
		Accounts   []accountOut `json:"Accounts"`
		PolicyType string       `json:"PolicyType"`
	}{[]accountOut{}, c.in.text("PolicyType")}, nil
}

// listValidationErrors finds none, for the same reason.
func (w *world) listValidationErrors(c *call) (any, error) {
	a := w.account(c.in.text("AccountId"))
	if a == nil {
		return nil, refuse("AccountNotFoundException")
	}
	if _, err := c.position(a.ID); err != nil {
		return nil, err
	}
	if _, err := w.effective(a, c.in.text("PolicyType")); err != nil {
		return nil, err
	}
	return struct {
		AccountID                       string   `json:"AccountId"`
		PolicyType                      string   `json:"PolicyType"`
		Path                            string   `json:"Path"`
		EvaluationTimestamp             epoch    `json:"EvaluationTimestamp"`
		EffectivePolicyValidationErrors []string `json:"EffectivePolicyValidationErrors"`
	}{a.ID, c.in.text("PolicyType"), w.path(&a.node), epochOf(c.now), []string{}}, nil
}

// lineage is the way from the root down to a node, and the node.
func (w *world) lineage(n *node) []*node {
	way := []*node{n}
	for id := n.Parent; id != ""; id = w.units[id].Parent {
		way = append(way, &w.units[id].node)
	}
	slices.Reverse(way)
	return way
}
