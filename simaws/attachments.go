package simaws

import "slices"

// While a type is enabled AWS's own policy of it is attached to every target
// from which nobody detached it, and RCPFullAWSAccess cannot be. So it is the
// exceptions that are kept (node.Bare), not a list of everything.

// strip brings a target back to AWS's own policy of a type alone and tells
// whether that changed anything.
func (w *world) strip(n *node, kind string) bool {
	before, bare := len(n.Attached), n.Bare
	n.Attached = slices.DeleteFunc(n.Attached, func(id string) bool { return w.policies[id].Type == kind })
	if len(n.Attached) == 0 {
		n.Attached = nil
	}
	if kind == serviceControl {
		n.Bare = false
	}
	return len(n.Attached) != before || n.Bare != bare
}

// attached lists the policies of a type on a target itself, AWS's own first.
func (w *world) attached(n *node, kind string) []*policy {
	var list []*policy
	if own := policyTypes[kind].managed; own != nil && w.has(n, w.policies[own.ID]) {
		list = append(list, w.policies[own.ID])
	}
	for _, id := range n.Attached {
		if p := w.policies[id]; p.Type == kind {
			list = append(list, p)
		}
	}
	return list
}

// has tells whether a policy is attached to the target itself.
func (w *world) has(n *node, p *policy) bool {
	switch {
	case p == nil || !w.enabled(p.Type):
		return false
	case p.ID == fullAccess:
		return !n.Bare
	case p.Managed:
		return true
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
	case w.has(n, p):
		return nil, refuse("DuplicatePolicyAttachmentException")
	case len(w.attached(n, p.Type)) >= w.policyQuota(p.Type).PerTarget:
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
	case !w.has(n, p):
		return nil, refuse("PolicyNotAttachedException")
	case p.ID == rcpFullAccess:
		return nil, invalid("NON_DETACHABLE_POLICY", "")
	case p.Type == serviceControl && len(w.attached(n, p.Type)) == 1:
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
	for _, p := range w.attached(n, c.in.text("Filter")) {
		list.insert(p)
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
	if p.Managed {
		targets, err = w.managedTargets(c, p)
	} else {
		targets, err = paged(c, p.ID, &p.targets, nil)
	}
	if err != nil {
		return nil, err
	}
	return struct {
		Targets   []targetOut `json:"Targets"`
		NextToken string      `json:"NextToken,omitempty"`
	}{shown(targets.items, func(n *node) targetOut { return targetOut{n.ID, w.nodeARN(n), n.Name, n.kind()} }), targets.next}, nil
}

// managedTargets is one page of the targets of a policy of AWS's own.
func (w *world) managedTargets(c *call, own *policy) (page[*node], error) {
	last, err := c.position(own.ID)
	if err != nil || !w.enabled(own.Type) {
		return page[*node]{}, err
	}
	var p page[*node]
	for n := range w.nodesAfter(last) {
		if !w.has(n, own) {
			continue
		}
		if len(p.items) == c.pageSize() {
			p.next = c.token(own.ID, last)
			break
		}
		p.items = append(p.items, n)
		last = n.Number
	}
	return p, nil
}
