package simaws

import (
	"iter"
	"maps"
	"slices"
	"strings"

	"landlord/internal/limits"
)

type tagOut struct {
	Key   string `json:"Key"`
	Value string `json:"Value"`
}

func tagsOut(tags map[string]string) []tagOut {
	out := make([]tagOut, 0, len(tags))
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		out = append(out, tagOut{key, tags[key]})
	}
	return out
}

// tags reads the member Tags of an input, nil if there are none.
func (in input) tags() (map[string]string, error) {
	var tags map[string]string
	for _, item := range in.list("Tags") {
		tag := input(item.(map[string]any)) // the model has checked it
		key := tag.text("Key")
		if err := checkTagKey(key); err != nil {
			return nil, err
		}
		if _, twice := tags[key]; twice {
			return nil, invalid("DUPLICATE_TAG_KEY", "")
		}
		if tags == nil {
			tags = map[string]string{}
		}
		tags[key] = tag.text("Value")
	}
	if len(tags) > limits.TagsPerResource {
		return nil, constraint("MAX_TAG_LIMIT_EXCEEDED", "")
	}
	return tags, nil
}

func checkTagKey(key string) error {
	if strings.HasPrefix(strings.ToLower(key), "aws:") {
		return invalid("INVALID_SYSTEM_TAGS_PARAMETER", "")
	}
	return nil
}

// tagged is an entity that carries tags.
type tagged struct {
	kind string
	tags *map[string]string
	keep func() // notes that it changed
}

// taggedOf finds the root, unit, account, policy or resource policy that a call
// names. AWS's own policies carry none, and their ids are refused by form.
//
// Source: cloud-custodian/cloud-custodian#8194, of ListTagsForResource.
func (w *world) taggedOf(c *call) (tagged, error) {
	id := c.in.text("ResourceId")
	if p := w.org.Policy; p != nil && p.ID == id {
		return tagged{kindDelegation, &p.Tags, func() { w.change.Organization = w.org }}, nil
	}
	if p := w.policies[id]; p != nil {
		if p.Managed {
			return tagged{}, invalid("INVALID_PATTERN", "")
		}
		return tagged{kindPolicy, &p.Tags, func() { w.change.Policies = append(w.change.Policies, p) }}, nil
	}
	n, err := w.target(id)
	if err != nil {
		return tagged{}, err
	}
	return tagged{resourceKind(n), &n.Tags, func() { w.changeNode(n) }}, nil
}

func (w *world) tagResource(c *call) (any, error) {
	t, err := w.taggedOf(c)
	if err != nil {
		return nil, err
	}
	tags, err := w.tagsFor(c, t.kind)
	if err != nil {
		return nil, err
	}
	merged := map[string]string{}
	maps.Copy(merged, *t.tags)
	maps.Copy(merged, tags)
	if len(merged) > limits.TagsPerResource {
		return nil, constraint("MAX_TAG_LIMIT_EXCEEDED", "")
	}
	*t.tags = merged
	t.keep()
	return nil, nil
}

func (w *world) untagResource(c *call) (any, error) {
	keys := c.in.texts("TagKeys")
	for _, key := range keys {
		if err := checkTagKey(key); err != nil {
			return nil, err
		}
	}
	t, err := w.taggedOf(c)
	if err != nil {
		return nil, err
	}
	left := maps.Clone(*t.tags)
	for _, key := range keys {
		delete(left, key)
	}
	*t.tags = left
	t.keep()
	return nil, nil
}

// listTagsForResource answers with all tags at once: there are at most 50.
func (w *world) listTagsForResource(c *call) (any, error) {
	t, err := w.taggedOf(c)
	if err != nil {
		return nil, err
	}
	if _, err := c.position(c.in.text("ResourceId")); err != nil {
		return nil, err
	}
	return struct {
		Tags []tagOut `json:"Tags"`
	}{tagsOut(*t.tags)}, nil
}

// nodesAfter yields the root, units and accounts numbered above last, in order.
func (w *world) nodesAfter(last int) iter.Seq[*node] {
	return func(yield func(*node) bool) {
		root := w.units[w.org.Root]
		if root.Number > last && !yield(&root.node) {
			return
		}
		units, accounts := w.unitList.after(last), w.accountList.after(last)
		for len(units) > 0 || len(accounts) > 0 {
			var n *node
			if len(accounts) == 0 || len(units) > 0 && units[0].Number < accounts[0].Number {
				n, units = &units[0].node, units[1:]
			} else {
				n, accounts = &accounts[0].node, accounts[1:]
			}
			if !yield(n) {
				return
			}
		}
	}
}
