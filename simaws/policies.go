package simaws

import (
	"slices"
	"strings"
	"time"

	"landlord/guard/guardrail"
)

// policy is a policy of the organization, or one of AWS's own.
type policy struct {
	Number      int               `json:"number"`
	ID          string            `json:"id"`
	Name        string            `json:"name"`
	Description string            `json:"description"`
	Type        string            `json:"type"`
	Content     string            `json:"content"`
	Managed     bool              `json:"managed,omitempty"` // AWS's own
	Tags        map[string]string `json:"tags,omitempty"`
	Changed     time.Time         `json:"changed,omitzero"` // when it last was

	targets ordered[*node]        // empty for AWS's own: see attachments.go
	parsed  []*guardrail.Prepared // see documents; nil until they are needed
}

func (p *policy) number() int { return p.Number }

type policySummary struct {
	ID          string `json:"Id"`
	ARN         string `json:"Arn"`
	Name        string `json:"Name"`
	Description string `json:"Description"`
	Type        string `json:"Type"`
	AWSManaged  bool   `json:"AwsManaged"`
}

type policyOut struct {
	PolicySummary policySummary `json:"PolicySummary"`
	Content       string        `json:"Content"`
}

type policyAnswer struct {
	Policy policyOut `json:"Policy"`
}

func (w *world) policyARN(p *policy) string {
	owner, place := w.management, w.org.ID+"/"
	if p.Managed {
		owner, place = "aws", ""
	}
	return "arn:aws:organizations::" + owner + ":policy/" + place + strings.ToLower(p.Type) + "/" + p.ID
}

func (w *world) policySummary(p *policy) policySummary {
	return policySummary{p.ID, w.policyARN(p), p.Name, p.Description, p.Type, p.Managed}
}

func (w *world) policyAnswer(p *policy) policyAnswer {
	return policyAnswer{policyOut{w.policySummary(p), p.Content}}
}

// policyOf finds the policy that a call names.
func (w *world) policyOf(c *call) (*policy, error) {
	if p := w.policies[c.in.text("PolicyId")]; p != nil {
		return p, nil
	}
	return nil, refuse("PolicyNotFoundException")
}

// customerPolicyOf is policyOf, for what AWS's own policies do not take.
func (w *world) customerPolicyOf(c *call) (*policy, error) {
	p, err := w.policyOf(c)
	if err == nil && p.Managed {
		return nil, invalid("IMMUTABLE_POLICY", "")
	}
	return p, err
}

func (w *world) createPolicy(c *call) (any, error) {
	tags, err := w.tagsFor(c, kindPolicy)
	if err != nil {
		return nil, err
	}
	p := &policy{Name: c.in.text("Name"), Description: c.in.text("Description"), Type: c.in.text("Type"), Content: c.in.text("Content"), Tags: tags, Changed: c.now}
	if err := w.available(p.Type); err != nil {
		return nil, err
	}
	if err := w.checkContent(p.Type, p.Content); err != nil {
		return nil, err
	}
	if w.policyNamed(p.Name, p.Type) != nil {
		return nil, refuse("DuplicatePolicyException")
	}
	if w.policiesOf(p.Type) >= w.policyQuota(p.Type).Policies {
		return nil, constraint("POLICY_NUMBER_LIMIT_EXCEEDED", "")
	}
	p.Number, p.ID = w.nextNumber(), w.mint("p-", letters, 10)
	w.addPolicy(p)
	w.change.Policies = append(w.change.Policies, p)
	return w.policyAnswer(p), nil
}

func (w *world) policyNamed(name, kind string) *policy {
	for _, p := range w.policyList.items {
		if p.Name == name && p.Type == kind {
			return p
		}
	}
	return nil
}

// policiesOf counts the policies of a type; AWS's own do not count.
func (w *world) policiesOf(kind string) int {
	n := 0
	for _, p := range w.policyList.items {
		if p.Type == kind && !p.Managed {
			n++
		}
	}
	return n
}

func (w *world) describePolicy(c *call) (any, error) {
	p, err := w.policyOf(c)
	if err != nil {
		return nil, err
	}
	return w.policyAnswer(p), nil
}

func (w *world) updatePolicy(c *call) (any, error) {
	p, err := w.customerPolicyOf(c)
	if err != nil {
		return nil, err
	}
	name, content := c.in.text("Name"), c.in.text("Content")
	if name != "" {
		if other := w.policyNamed(name, p.Type); other != nil && other != p {
			return nil, refuse("DuplicatePolicyException")
		}
	}
	if content != "" {
		if err := w.checkContent(p.Type, content); err != nil {
			return nil, err
		}
		p.Content, p.parsed = content, nil
	}
	if name != "" {
		p.Name = name
	}
	if c.in["Description"] != nil {
		p.Description = c.in.text("Description")
	}
	p.Changed = c.now
	w.change.Policies = append(w.change.Policies, p)
	return w.policyAnswer(p), nil
}

func (w *world) deletePolicy(c *call) (any, error) {
	p, err := w.customerPolicyOf(c)
	switch {
	case err != nil:
		return nil, err
	case p.targets.len() > 0:
		return nil, refuse("PolicyInUseException")
	}
	w.removePolicy(p)
	w.change.Gone = append(w.change.Gone, p.ID)
	return nil, nil
}

func (w *world) removePolicy(p *policy) {
	w.policyList.remove(p)
	delete(w.policies, p.ID)
}

type policiesOut struct {
	Policies  []policySummary `json:"Policies"`
	NextToken string          `json:"NextToken,omitempty"`
}

func (w *world) policiesOut(c *call, scope string, list *ordered[*policy]) (any, error) {
	kind := c.in.text("Filter")
	p, err := paged(c, scope+kind, list, func(p *policy) bool { return p.Type == kind })
	if err != nil {
		return nil, err
	}
	return policiesOut{shown(p.items, w.policySummary), p.next}, nil
}

func (w *world) listPolicies(c *call) (any, error) {
	return w.policiesOut(c, "", &w.policyList)
}

type rootAnswer struct {
	Root rootOut `json:"Root"`
}

// policyTypeCall finds the root and the policy type that a call names.
func (w *world) policyTypeCall(c *call) (kind string, err error) {
	if c.in.text("RootId") != w.org.Root {
		return "", refuse("RootNotFoundException")
	}
	return c.in.text("PolicyType"), nil
}

func (w *world) enablePolicyType(c *call) (any, error) {
	kind, err := w.policyTypeCall(c)
	if err != nil {
		return nil, err
	}
	if err := w.available(kind); err != nil {
		return nil, err
	}
	if w.enabled(kind) {
		return nil, refuse("PolicyTypeAlreadyEnabledException")
	}
	w.addManaged(kind)
	w.org.PolicyTypes = append(w.org.PolicyTypes, kind)
	w.change.Organization = w.org
	return rootAnswer{w.rootOut()}, nil
}

func (w *world) enabled(kind string) bool { return slices.Contains(w.org.PolicyTypes, kind) }

// disablePolicyType detaches every policy of the type: enabled again, targets
// have AWS's own alone.
func (w *world) disablePolicyType(c *call) (any, error) {
	kind, err := w.policyTypeCall(c)
	if err != nil {
		return nil, err
	}
	if !w.enabled(kind) {
		return nil, refuse("PolicyTypeNotEnabledException")
	}
	w.org.PolicyTypes = slices.DeleteFunc(w.org.PolicyTypes, func(k string) bool { return k == kind })
	w.change.Organization = w.org
	for n := range w.nodesAfter(0) {
		if w.strip(n, kind) {
			w.changeNode(n)
		}
	}
	for _, p := range w.policyList.items {
		if p.Type == kind {
			p.targets = ordered[*node]{}
		}
	}
	return rootAnswer{w.rootOut()}, nil
}
