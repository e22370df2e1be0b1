package simaws

import "strings"

// Responsibility transfers tie two organizations, and simaws has one: none can
// be begun, so there are none.

// inviteTransfer refuses what AWS would find wrong with the invitation, the
// last of it being that nobody else has an organization.
//
// Source: API reference, InviteOrganizationToTransferResponsibility.
func (w *world) inviteTransfer(c *call) (any, error) {
	if _, err := c.in.tags(); err != nil {
		return nil, err
	}
	target, _ := c.in["Target"].(map[string]any) // the model has checked it
	id := input(target).text("Id")
	switch {
	case id == w.management || strings.EqualFold(id, w.email):
		return nil, reasoned("HandshakeConstraintViolationException", "SOURCE_AND_TARGET_CANNOT_MATCH", "")
	case input(target).text("Type") == "ORGANIZATION":
		return nil, invalid("INVALID_PARTY_TYPE_TARGET", "")
	}
	return nil, invalid("INVALID_PARTY_TYPE_TARGET", "simaws has one organization: "+id+" is the management account of none.")
}

func noTransfer(*world, *call) (any, error) {
	return nil, refuse("ResponsibilityTransferNotFoundException")
}

func (w *world) listTransfers(c *call) (any, error) {
	if _, err := c.position(""); err != nil {
		return nil, err
	}
	if c.in.text("Id") != "" {
		return noTransfer(w, c)
	}
	return struct {
		ResponsibilityTransfers []string `json:"ResponsibilityTransfers"`
	}{[]string{}}, nil
}
