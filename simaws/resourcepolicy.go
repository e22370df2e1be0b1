package simaws

import (
	"errors"
	"strings"

	"landlord/guard/guardrail"
)

// resourcePolicy is the organization's resource policy: what members may do of
// what is otherwise the management account's.
type resourcePolicy struct {
	ID      string            `json:"id"`
	Content string            `json:"content"`
	Tags    map[string]string `json:"tags,omitempty"`
}

// allows tells whether the policy lets a caller do all that is requested.
func (p *resourcePolicy) allows(who identity, requests func(func(guardrail.Request) bool)) bool {
	bound, err := parseBound(p.Content)
	if err != nil {
		return false
	}
	var documents []guardrail.Document
	for _, b := range bound {
		if b.speaksOf(who) {
			documents = append(documents, b.document)
		}
	}
	for r := range requests {
		if !guardrail.Allowed(documents, r) {
			return false
		}
	}
	return true
}

func (w *world) putResourcePolicy(c *call) (any, error) {
	tags, err := w.tagsFor(c, kindDelegation)
	if err != nil {
		return nil, err
	}
	content := c.in.text("Content")
	if err := c.service.checkResourcePolicy(content); err != nil {
		return nil, err
	}
	p := w.org.Policy
	if p == nil {
		p = &resourcePolicy{ID: w.mint("rp-", letters, 8), Tags: tags}
	} else if tags != nil {
		p.Tags = tags
	}
	p.Content = content
	w.org.Policy, w.change.Organization = p, w.org
	return w.describeResourcePolicy(c)
}

// checkResourcePolicy refuses what may not be delegated: only operations that
// members can be given, each named. A policy that was kept before goes on.
//
// Source: Organizations user guide, "Delegated administrator for AWS
// Organizations"; "Update a resource-based delegation policy": NotAction and
// NotResource are refused since 30 June 2026. That page does not name the error;
// the service model gives PutResourcePolicy no MalformedPolicyDocumentException.
func (s *service) checkResourcePolicy(content string) error {
	bound, err := parseBound(content)
	switch {
	case errors.Is(err, errPrincipal):
		return invalid("INVALID_PRINCIPAL", "")
	case err != nil:
		return invalid("INVALID_RESOURCE_POLICY_JSON", "You provided a resource policy that isn't valid: "+err.Error())
	}
	for _, b := range bound {
		said := b.document.Statements[0]
		if len(said.NotActions) > 0 || len(said.NotResources) > 0 {
			return invalid("INVALID_RESOURCE_POLICY_JSON", "You provided a resource policy that isn't valid: NotAction and NotResource aren't permitted.")
		}
		for _, action := range said.Actions {
			if !s.delegable(action) {
				return invalid("UNSUPPORTED_ACTION_IN_RESOURCE_POLICY", "The resource policy names "+action+", which can't be delegated.")
			}
		}
	}
	return nil
}

// delegable tells whether an action, or a pattern of actions, names an
// operation that members can be given.
func (s *service) delegable(action string) bool {
	for name, op := range s.operations {
		if op.to >= delegate && guardrail.Match(strings.ToLower(action), strings.ToLower(s.name+":"+name)) {
			return true
		}
	}
	return false
}

func (w *world) describeResourcePolicy(*call) (any, error) {
	p := w.org.Policy
	if p == nil {
		return nil, refuse("ResourcePolicyNotFoundException")
	}
	type summary struct {
		ID  string `json:"Id"`
		ARN string `json:"Arn"`
	}
	type policy struct {
		ResourcePolicySummary summary
		Content               string
	}
	return struct{ ResourcePolicy policy }{policy{summary{p.ID, w.arn("resourcepolicy", p.ID)}, p.Content}}, nil
}

func (w *world) deleteResourcePolicy(*call) (any, error) {
	if w.org.Policy == nil {
		return nil, refuse("ResourcePolicyNotFoundException")
	}
	w.org.Policy, w.change.Organization = nil, w.org
	return nil, nil
}
