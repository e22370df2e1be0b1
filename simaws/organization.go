package simaws

import (
	"time"

	"landlord/org"
)

type organizationOut struct {
	ID                   string          `json:"Id"`
	ARN                  string          `json:"Arn"`
	FeatureSet           string          `json:"FeatureSet"`
	MasterAccountARN     string          `json:"MasterAccountArn"`
	MasterAccountID      string          `json:"MasterAccountId"`
	MasterAccountEmail   string          `json:"MasterAccountEmail"`
	AvailablePolicyTypes []policyTypeOut `json:"AvailablePolicyTypes"`
}

type policyTypeOut struct {
	Type   string `json:"Type"`
	Status string `json:"Status"`
}

type rootOut struct {
	ID          string          `json:"Id"`
	ARN         string          `json:"Arn"`
	Name        string          `json:"Name"`
	PolicyTypes []policyTypeOut `json:"PolicyTypes"`
}

func (w *world) createOrganization(c *call) (any, error) {
	switch {
	case w.account(c.who.account) != nil:
		return nil, refuse("AlreadyInOrganizationException")
	case c.who.account != w.management:
		return nil, c.service.denied("simaws has one organization, that of account " + w.management + ".")
	}
	features := c.in.text("FeatureSet")
	if features == "" {
		features = "ALL"
	}
	w.foundOrganization(c.now, features)
	return w.describeOrganization(c)
}

// foundOrganization makes an organization of the management account alone.
func (w *world) foundOrganization(now time.Time, features string) {
	root := &unit{node: node{Number: w.nextNumber(), ID: w.mint("r-", letters, 4), Name: "Root"}}
	w.org = &organization{ID: w.mint("o-", letters, 10), Features: features, Root: root.ID}
	w.addUnit(root)
	w.addManaged(serviceControl)
	management := &account{
		node:  node{Number: w.nextNumber(), ID: w.management, Name: w.managementName(), Parent: root.ID},
		Email: w.email, State: org.Active, Joined: now,
	}
	w.addAccount(management)
	w.change.Organization = w.org
	w.change.Units = append(w.change.Units, root)
	w.change.Accounts = append(w.change.Accounts, management)
}

func (w *world) describeOrganization(*call) (any, error) {
	out := organizationOut{
		ID:                   w.org.ID,
		ARN:                  "arn:aws:organizations::" + w.management + ":organization/" + w.org.ID,
		FeatureSet:           w.org.Features,
		MasterAccountARN:     w.arn("account", w.management),
		MasterAccountID:      w.management,
		MasterAccountEmail:   w.email,
		AvailablePolicyTypes: []policyTypeOut{},
	}
	if w.org.Features == "ALL" {
		out.AvailablePolicyTypes = append(out.AvailablePolicyTypes, policyTypeOut{serviceControl, "ENABLED"})
	}
	return struct {
		Organization organizationOut `json:"Organization"`
	}{out}, nil
}

func (w *world) deleteOrganization(*call) (any, error) {
	if w.accountList.len() > 1 || w.inFlight.len() > 0 {
		return nil, refuse("OrganizationNotEmptyException")
	}
	w.change.Gone = append(w.change.Gone, w.org.ID)
	w.dissolve()
	return nil, nil
}

// dissolve forgets the organization and all that only exists in it. Accounts
// that left it keep their e-mails.
func (w *world) dissolve() {
	w.org = nil
	w.units, w.unitList = map[string]*unit{}, ordered[*unit]{}
	w.policies, w.policyList = map[string]*policy{}, ordered[*policy]{}
	w.accountList = ordered[*account]{}
	w.handshakes, w.handshakeList = map[string]*handshake{}, ordered[*handshake]{}
	w.openInvitations, w.migration = ordered[*handshake]{}, ordered[*handshake]{}
	delete(w.accounts, w.management)
	delete(w.emails, foldEmail(w.email)) // nobody can take it: see creationFailure
}

func (w *world) listRoots(c *call) (any, error) {
	if _, err := c.position(""); err != nil {
		return nil, err
	}
	return struct {
		Roots []rootOut `json:"Roots"`
	}{[]rootOut{w.rootOut()}}, nil
}

func (w *world) rootOut() rootOut {
	root := w.units[w.org.Root]
	out := rootOut{ID: root.ID, ARN: w.nodeARN(&root.node), Name: root.Name, PolicyTypes: []policyTypeOut{}}
	for _, kind := range w.org.PolicyTypes {
		out.PolicyTypes = append(out.PolicyTypes, policyTypeOut{kind, "ENABLED"})
	}
	return out
}

// accountsCounted is how many accounts count against the quota: closed ones,
// those being created and those invited do.
func (w *world) accountsCounted() int {
	return w.accountList.len() + w.inFlight.len() + w.openInvitations.len()
}
