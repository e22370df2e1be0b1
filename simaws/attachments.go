package simaws

import (
	"slices"

	"landlord/internal/limits"
)

// While service control policies are enabled FullAWSAccess is attached to every
// target from which nobody detached it. So it is the exceptions that are kept
// (node.Bare), not a list of everything.

// strip brings a target back to FullAWSAccess alone and tells whether that
// changed anything.
func (n *node) strip() bool {
	changed := n.Bare || len(n.Attached) > 0
	n.Attached, n.Bare = nil, false
	return changed
}

// attached counts the policies on a target.
func (n *node) attached() int {
	if n.Bare {
		return len(n.Attached)
	}
	return len(n.Attached) + 1
}

// has tells whether a policy is attached to the target itself.
func (n *node) has(p *policy) bool {
	if p.ID == fullAccess {
		return !n.Bare
	}
	return slices.Contains(n.Attached, p.ID)
}

// attachment finds the policy and the target that a call names.
func (w *world) attachment(c *call) (*policy, *node, error) {
	p, err := w.policyOf(c)
	if err != nil {
		return nil, nil, err
	}
	n, err := w.target(c.in.text("TargetId"))
	return p, n, err
}

func (w *world) attachPolicy(c *call) (any, error) {
	p, n, err := w.attachment(c)
	switch {
	case err != nil:
		return nil, err
	case !w.enabled(p.Type):
		return nil, refuse("PolicyTypeNotEnabledException")
	case n.has(p):
		return nil, refuse("DuplicatePolicyAttachmentException")
	case n.attached() >= limits.PoliciesPerTarget:
		return nil, constraint("MAX_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED", "")
	}
	if p.ID == fullAccess {
		n.Bare = false
	} else {
		n.Attached = append(n.Attached, p.ID)
		p.targets.insert(n)
	}
	w.changeNode(n)
	return nil, nil
}

func (w *world) detachPolicy(c *call) (any, error) {
	p, n, err := w.attachment(c)
	switch {
	case err != nil:
		return nil, err
	case !w.enabled(p.Type) || !n.has(p):
		return nil, refuse("PolicyNotAttachedException")
	case n.attached() == 1:
		return nil, constraint("MIN_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED", "")
	}
	if p.ID == fullAccess {
		n.Bare = true
	} else {
		n.Attached = slices.DeleteFunc(n.Attached, func(id string) bool { return id == p.ID })
		p.targets.remove(n)
	}
	w.changeNode(n)
	return nil, nil
}

// changeNode notes that a root, unit or account changed.
func (w *world) changeNode(n *node) {
	if u := w.units[n.ID]; u != nil {
		w.change.Units = append(w.change.Units, u)
		return
	}
	w.change.Accounts = append(w.change.Accounts, w.accounts[n.ID])
}

func (w *world) listPoliciesForTarget(c *call) (any, error) {
	n, err := w.target(c.in.text("TargetId"))
	if err != nil {
		return nil, err
	}
	var list ordered[*policy]
	if w.enabled(c.in.text("Filter")) {
		for _, id := range n.Attached {
			list.insert(w.policies[id])
		}
		if !n.Bare {
			list.insert(w.policies[fullAccess])
		}
	}
	return w.policiesOut(c, n.ID, &list)
}

type targetOut struct {
	TargetID string `json:"TargetId"`
	ARN      string `json:"Arn"`
	Name     string `json:"Name"`
	Type     string `json:"Type"`
}

func (w *world) listTargetsForPolicy(c *call) (any, error) {
	p, err := w.policyOf(c)
	if err != nil {
		return nil, err
	}
	var targets page[*node]
	if p.ID == fullAccess {
		targets, err = w.fullAccessTargets(c)
	} else {
		targets, err = paged(c, p.ID, &p.targets, nil)
	}
	if err != nil {
		return nil, err
	}
	out := struct {
		Targets   []targetOut `json:"Targets"`
		NextToken string      `json:"NextToken,omitempty"`
	}{make([]targetOut, 0, len(targets.items)), targets.next}
	for _, n := range targets.items {
		out.Targets = append(out.Targets, targetOut{n.ID, w.nodeARN(n), n.Name, n.kind()})
	}
	return out, nil
}

// fullAccessTargets is one page of the targets that FullAWSAccess is attached to.
func (w *world) fullAccessTargets(c *call) (page[*node], error) {
	last, err := c.position(fullAccess)
	if err != nil || !w.enabled(serviceControl) {
		return page[*node]{}, err
	}
	var p page[*node]
	for n := range w.nodesAfter(last) {
		if n.Bare {
			continue
		}
		if len(p.items) == c.pageSize() {
			p.next = c.token(fullAccess, last)
			break
		}
		p.items = append(p.items, n)
		last = n.Number
	}
	return p, nil
}
