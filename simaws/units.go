package simaws

import "landlord/internal/limits"

type unitOut struct {
	ID   string `json:"Id"`
	ARN  string `json:"Arn"`
	Name string `json:"Name"`
	Path string `json:"Path"`
}

type unitAnswer struct {
	OrganizationalUnit unitOut `json:"OrganizationalUnit"`
}

func (w *world) unitOut(u *unit) unitOut {
	return unitOut{u.ID, w.nodeARN(&u.node), u.Name, w.path(&u.node)}
}

// organizationalUnit finds the unit that a call names; the root is none.
func (w *world) organizationalUnit(c *call) (*unit, error) {
	u := w.units[c.in.text("OrganizationalUnitId")]
	if u == nil || u.Parent == "" {
		return nil, refuse("OrganizationalUnitNotFoundException")
	}
	return u, nil
}

func (w *world) createUnit(c *call) (any, error) {
	tags, err := w.tagsFor(c, kindUnit)
	if err != nil {
		return nil, err
	}
	parent, name := w.units[c.in.text("ParentId")], c.in.text("Name")
	switch {
	case parent == nil:
		return nil, refuse("ParentNotFoundException")
	case w.depth(parent) >= limits.UnitDepth:
		return nil, constraint("OU_DEPTH_LIMIT_EXCEEDED", "")
	case w.unitList.len() >= w.quotas.Units:
		return nil, constraint("OU_NUMBER_LIMIT_EXCEEDED", "")
	case parent.hasUnit(name):
		return nil, refuse("DuplicateOrganizationalUnitException")
	}
	root := w.org.Root[len("r-"):]
	u := &unit{node: node{Number: w.nextNumber(), ID: w.mint("ou-"+root+"-", letters, 8), Name: name, Parent: parent.ID, Tags: tags}}
	w.addUnit(u)
	w.change.Units = append(w.change.Units, u)
	return unitAnswer{w.unitOut(u)}, nil
}

// depth is how many levels of units end with u; the root has none.
func (w *world) depth(u *unit) int {
	levels := 0
	for u.Parent != "" {
		levels++
		u = w.units[u.Parent]
	}
	return levels
}

// hasUnit tells whether a unit directly under u has that name; case counts.
func (u *unit) hasUnit(name string) bool {
	for _, child := range u.units.items {
		if child.Name == name {
			return true
		}
	}
	return false
}

func (w *world) describeUnit(c *call) (any, error) {
	u, err := w.organizationalUnit(c)
	if err != nil {
		return nil, err
	}
	return unitAnswer{w.unitOut(u)}, nil
}

func (w *world) updateUnit(c *call) (any, error) {
	u, err := w.organizationalUnit(c)
	if err != nil {
		return nil, err
	}
	if name := c.in.text("Name"); name != "" {
		if w.units[u.Parent].hasUnit(name) {
			return nil, refuse("DuplicateOrganizationalUnitException")
		}
		u.Name = name
		w.change.Units = append(w.change.Units, u)
	}
	return unitAnswer{w.unitOut(u)}, nil
}

func (w *world) deleteUnit(c *call) (any, error) {
	u, err := w.organizationalUnit(c)
	switch {
	case err != nil:
		return nil, err
	case u.units.len()+u.accounts.len() > 0:
		return nil, refuse("OrganizationalUnitNotEmptyException")
	}
	w.removeUnit(u)
	w.change.Gone = append(w.change.Gone, u.ID)
	return nil, nil
}

func (w *world) removeUnit(u *unit) {
	for _, id := range u.Attached {
		w.policies[id].targets.remove(&u.node)
	}
	w.units[u.Parent].units.remove(u)
	w.unitList.remove(u)
	delete(w.units, u.ID)
}

func (w *world) listUnitsForParent(c *call) (any, error) {
	parent := w.units[c.in.text("ParentId")]
	if parent == nil {
		return nil, refuse("ParentNotFoundException")
	}
	p, err := paged(c, parent.ID, &parent.units, nil)
	if err != nil {
		return nil, err
	}
	return struct {
		OrganizationalUnits []unitOut `json:"OrganizationalUnits"`
		NextToken           string    `json:"NextToken,omitempty"`
	}{shown(p.items, w.unitOut), p.next}, nil
}

// relative is a parent or a child, as ListParents and ListChildren show them.
type relative struct {
	ID   string `json:"Id"`
	Type string `json:"Type"`
}

func (w *world) listChildren(c *call) (any, error) {
	parent := w.units[c.in.text("ParentId")]
	if parent == nil {
		return nil, refuse("ParentNotFoundException")
	}
	if c.in.text("ChildType") == "ACCOUNT" {
		return childrenOut(c, parent, "ACCOUNT", &parent.accounts, func(a *account) string { return a.ID })
	}
	return childrenOut(c, parent, "ORGANIZATIONAL_UNIT", &parent.units, func(u *unit) string { return u.ID })
}

// childrenOut is one page of the children of a kind.
func childrenOut[T numbered](c *call, parent *unit, kind string, list *ordered[T], id func(T) string) (any, error) {
	p, err := paged(c, parent.ID+kind, list, nil)
	if err != nil {
		return nil, err
	}
	return struct {
		Children  []relative `json:"Children"`
		NextToken string     `json:"NextToken,omitempty"`
	}{shown(p.items, func(x T) relative { return relative{id(x), kind} }), p.next}, nil
}

func (w *world) listParents(c *call) (any, error) {
	child, err := w.target(c.in.text("ChildId"))
	if err != nil || child.Parent == "" {
		return nil, refuse("ChildNotFoundException")
	}
	if _, err := c.position(child.ID); err != nil {
		return nil, err
	}
	return struct {
		Parents []relative `json:"Parents"`
	}{[]relative{{child.Parent, w.units[child.Parent].kind()}}}, nil
}
