package simaws

import (
	"slices"
	"strings"

	"landlord/guard/guardrail"
)

// The kinds of the organization's things, as tag policies and the tagging API
// call them.
const (
	kindAccount    = "account"
	kindUnit       = "ou"
	kindPolicy     = "policy"
	kindRoot       = "root"
	kindDelegation = "resourcepolicy"
)

// tagsFor reads the tags that a call puts on a thing of a kind, and refuses
// those that the tag policies on the management account, whose things they
// are, do not allow.
//
// Source: Organizations user guide, "Tag policy syntax", enforced_for, and
// "Services and resource types that support enforcement".
func (w *world) tagsFor(c *call, kind string) (map[string]string, error) {
	tags, err := c.in.tags()
	if err != nil || len(tags) == 0 || w.org == nil || !w.enabled(tagPolicy) {
		return tags, err
	}
	policy, _ := w.addUp(w.accounts[w.management], tagPolicy)
	rules, _ := policy["tags"].(map[string]any)
	for name, rule := range rules {
		if rule, ok := rule.(map[string]any); ok && enforcedFor(rule, kind) && !complies(name, rule, tags) {
			return nil, constraint("TAG_POLICY_VIOLATION", "")
		}
	}
	return tags, nil
}

func enforcedFor(rule map[string]any, kind string) bool {
	return slices.ContainsFunc(input(rule).texts("enforced_for"), func(of string) bool {
		return of == "organizations:"+kind || of == "organizations:*" || of == "organizations:ALL_SUPPORTED"
	})
}

// complies tells whether tags keep to the rule of one key: written as it says,
// with a value that it allows. Whether there is such a tag is not enforced.
func complies(name string, rule map[string]any, tags map[string]string) bool {
	key, values := name, input(rule).texts("tag_value")
	if written := input(rule).text("tag_key"); written != "" {
		key = written
	}
	for have, value := range tags {
		switch {
		case !strings.EqualFold(have, key):
		case have != key:
			return false
		case len(values) > 0 && !slices.ContainsFunc(values, func(allowed string) bool { return guardrail.Match(allowed, value) }):
			return false
		}
	}
	return true
}
