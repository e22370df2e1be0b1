package simaws

import (
	"cmp"
	"time"

	"landlord/internal/limits"
	"landlord/org"
)

// handshake is an invitation to join the organization, or a part of the change
// to all features (see features.go).
type handshake struct {
	Number    int               `json:"number"`
	ID        string            `json:"id"`
	Action    string            `json:"action,omitempty"`  // "" is an invitation
	Parent    string            `json:"parent,omitempty"`  // of an approval: the handshake of the whole change
	Account   string            `json:"account,omitempty"` // whom it is for: by id
	Email     string            `json:"email,omitempty"`   // or by e-mail
	Notes     string            `json:"notes,omitempty"`
	Tags      map[string]string `json:"tags,omitempty"` // for the account, once it joined
	State     string            `json:"state"`
	Requested time.Time         `json:"requested"`
	Ended     time.Time         `json:"ended,omitzero"`
}

func (h *handshake) number() int { return h.Number }

// The states of a handshake.
const (
	requested = "REQUESTED" // to several, of whom not all have answered
	opened    = "OPEN"
	accepted  = "ACCEPTED"
	declined  = "DECLINED"
	canceled  = "CANCELED"
	expired   = "EXPIRED"
)

// invite is the action of an invitation; the others are in features.go.
const invite = "INVITE"

func (h *handshake) action() string { return cmp.Or(h.Action, invite) }

func (h *handshake) pending() bool { return h.State == opened || h.State == requested }

func (h *handshake) expires() time.Time {
	if h.Action != "" {
		return h.Requested.Add(limits.FeaturesLife)
	}
	return h.Requested.Add(limits.InvitationLife)
}

// shown tells whether a handshake is still to be seen: those that are over are,
// for some time.
func (h *handshake) shown(now time.Time) bool {
	return h.pending() || now.Sub(h.Ended) < limits.HandshakeKept
}

// isFor tells whether a handshake is for an account.
func (h *handshake) isFor(a *account) bool {
	return a != nil && (h.Account == a.ID || h.Email != "" && foldEmail(h.Email) == foldEmail(a.Email))
}

type partyOut struct {
	ID   string `json:"Id"`
	Type string `json:"Type"`
}

type handshakeResource struct {
	Value     string              `json:"Value"`
	Type      string              `json:"Type"`
	Resources []handshakeResource `json:"Resources,omitempty"`
}

type handshakeOut struct {
	ID                  string              `json:"Id"`
	ARN                 string              `json:"Arn"`
	Parties             []partyOut          `json:"Parties"`
	State               string              `json:"State"`
	RequestedTimestamp  epoch               `json:"RequestedTimestamp"`
	ExpirationTimestamp epoch               `json:"ExpirationTimestamp"`
	Action              string              `json:"Action"`
	Resources           []handshakeResource `json:"Resources"`
}

type handshakeAnswer struct {
	Handshake handshakeOut `json:"Handshake"`
}

func (w *world) handshakeOut(h *handshake) handshakeOut {
	organization := handshakeResource{Value: w.org.ID, Type: "ORGANIZATION"}
	out := handshakeOut{
		ID: h.ID, ARN: w.arnOf(h.ID), Action: h.action(), State: h.State, Parties: []partyOut{{w.org.ID, "ORGANIZATION"}},
		RequestedTimestamp: epochOf(h.Requested), ExpirationTimestamp: epochOf(h.expires()),
	}
	if h.Action == enableAll {
		out.Resources = []handshakeResource{organization}
		return out
	}
	party := partyOut{h.Account, "ACCOUNT"}
	if h.Email != "" {
		party = partyOut{h.Email, "EMAIL"}
	}
	organization.Resources = []handshakeResource{
		{Value: w.email, Type: "MASTER_EMAIL"},
		{Value: w.accounts[w.management].Name, Type: "MASTER_NAME"},
		{Value: w.org.Features, Type: "ORGANIZATION_FEATURE_SET"},
	}
	out.Parties = append(out.Parties, party)
	out.Resources = []handshakeResource{organization, {Value: party.ID, Type: party.Type}}
	if h.Parent != "" {
		out.Resources = append(out.Resources, handshakeResource{Value: h.Parent, Type: "PARENT_HANDSHAKE"})
	}
	if h.Notes != "" {
		out.Resources = append(out.Resources, handshakeResource{Value: h.Notes, Type: "NOTES"})
	}
	return out
}

func (w *world) handshakeAnswer(h *handshake) handshakeAnswer {
	return handshakeAnswer{w.handshakeOut(h)}
}

// addHandshake puts a new or just read handshake in its place.
func (w *world) addHandshake(h *handshake) {
	w.handshakes[h.ID] = h
	w.handshakeList.insert(h)
	switch {
	case !h.pending():
	case h.Action == "":
		w.openInvitations.insert(h)
	default:
		w.migration.insert(h)
	}
}

// sendHandshake makes a handshake and keeps it.
func (w *world) sendHandshake(h *handshake) {
	h.Number, h.ID = w.nextNumber(), w.mint("h-", letters, 20)
	w.addHandshake(h)
	w.keepHandshake(h)
}

// endHandshake brings a pending handshake to its last state.
func (w *world) endHandshake(h *handshake, state string, at time.Time) {
	h.State, h.Ended = state, at
	w.openInvitations.remove(h)
	w.migration.remove(h)
	w.keepHandshake(h)
}

func (w *world) keepHandshake(h *handshake) { w.change.Handshakes = append(w.change.Handshakes, h) }

// inviteAccount sends an invitation. One to an e-mail that no account has is
// sent too: AWS does not tell who has an account.
//
// Source: API reference, InviteAccountToOrganization and
// HandshakeConstraintViolationException; attempts as in package limits.
func (w *world) inviteAccount(c *call) (any, error) {
	tags, err := w.tagsFor(c, kindAccount)
	if err != nil {
		return nil, err
	}
	target, _ := c.in["Target"].(map[string]any) // the model has checked it
	h := &handshake{Notes: c.in.text("Notes"), Tags: tags, State: opened, Requested: c.now}
	var invited *account
	switch id := input(target).text("Id"); input(target).text("Type") {
	case "ACCOUNT":
		h.Account, invited = id, w.accounts[id]
		if invited == nil || invited.Outside && invited.State != org.Active {
			return nil, invalid("INVALID_PARTY_TYPE_TARGET", "simaws knows no account "+id+": accounts outside the organization are a setting.")
		}
	case "EMAIL":
		if !deliverable(id) {
			return nil, invalid("INVALID_EMAIL_ADDRESS_TARGET", "")
		}
		h.Email, invited = id, w.accounts[w.emails[foldEmail(id)]]
	default:
		return nil, invalid("INVALID_PARTY_TYPE_TARGET", "")
	}
	switch {
	case w.migration.len() > 0:
		return nil, reasoned("HandshakeConstraintViolationException", "INVITE_DISABLED_DURING_ENABLE_ALL_FEATURES", "")
	case invited != nil && !invited.Outside:
		return nil, reasoned("HandshakeConstraintViolationException", "ALREADY_IN_AN_ORGANIZATION", "")
	case w.invited(h, invited):
		return nil, refuse("DuplicateHandshakeException")
	case w.accountsCounted() >= w.quota:
		return nil, reasoned("HandshakeConstraintViolationException", "ACCOUNT_NUMBER_LIMIT_EXCEEDED", "")
	case w.invitationsSince(c.now.Add(-24*time.Hour)) >= max(limits.InvitationsLeast, w.quota):
		return nil, reasoned("HandshakeConstraintViolationException", "HANDSHAKE_RATE_LIMIT_EXCEEDED", "")
	}
	w.sendHandshake(h)
	return w.handshakeAnswer(h), nil
}

// invited tells whether an open invitation is for the same party.
func (w *world) invited(h *handshake, a *account) bool {
	for _, other := range w.openInvitations.items {
		if other.isFor(a) || h.Email != "" && foldEmail(other.Email) == foldEmail(h.Email) {
			return true
		}
	}
	return false
}

// invitationsSince counts attempts; accepted ones do not count.
func (w *world) invitationsSince(t time.Time) int {
	n := 0
	for i := w.handshakeList.len() - 1; i >= 0 && w.handshakeList.items[i].Requested.After(t); i-- {
		if h := w.handshakeList.items[i]; h.Action == "" && h.State != accepted {
			n++
		}
	}
	return n
}

// handshakeOf finds the handshake that a call names, and tells which side of it
// the caller is on. The change to all features is begun and finished by the
// management account.
func (w *world) handshakeOf(c *call) (h *handshake, sender, recipient bool, err error) {
	h = w.handshakes[c.in.text("HandshakeId")]
	if h == nil || !h.shown(c.now) {
		return nil, false, false, refuse("HandshakeNotFoundException")
	}
	sender = c.who.standing == manager
	return h, sender, h.isFor(w.accounts[c.who.account]) || h.Action == enableAll && sender, nil
}

func (w *world) describeHandshake(c *call) (any, error) {
	h, sender, recipient, err := w.handshakeOf(c)
	switch {
	case err != nil:
		return nil, err
	case !sender && !recipient && c.who.standing != delegate:
		return nil, c.service.denied("You don't have permissions to access this resource.")
	}
	return w.handshakeAnswer(h), nil
}

// answerHandshake ends a handshake from one of its sides.
func answerHandshake(state string, bySender bool) func(*world, *call) (any, error) {
	return func(w *world, c *call) (any, error) {
		h, sender, recipient, err := w.handshakeOf(c)
		switch {
		case err != nil:
			return nil, err
		case bySender && !sender || !bySender && !recipient:
			return nil, c.service.denied("You don't have permissions to access this resource.")
		case h.State == state:
			return nil, refuse("HandshakeAlreadyInStateException")
		case h.State != opened && !(h.State == requested && state == canceled):
			return nil, refuse("InvalidHandshakeTransitionException")
		}
		if state == accepted && h.Action == "" {
			if err := w.join(h, w.accounts[c.who.account], c.now); err != nil {
				return nil, err
			}
		}
		w.endHandshake(h, state, c.now)
		w.settleFeatures(h, c.now)
		return w.handshakeAnswer(h), nil
	}
}

func (w *world) listHandshakesForOrganization(c *call) (any, error) {
	return w.handshakesOut(c, func(*handshake) bool { return true })
}

func (w *world) listHandshakesForAccount(c *call) (any, error) {
	a := w.accounts[c.who.account]
	return w.handshakesOut(c, func(h *handshake) bool { return h.isFor(a) || h.Action == enableAll && c.who.standing == manager })
}

func (w *world) handshakesOut(c *call, keep func(*handshake) bool) (any, error) {
	filter, _ := c.in["Filter"].(map[string]any)
	kind, parent := input(filter).text("ActionType"), input(filter).text("ParentHandshakeId")
	p, err := paged(c, c.who.account+kind+parent, &w.handshakeList, func(h *handshake) bool {
		return h.shown(c.now) && keep(h) && (kind == "" || kind == h.action()) && (parent == "" || parent == h.Parent)
	})
	if err != nil {
		return nil, err
	}
	return struct {
		Handshakes []handshakeOut `json:"Handshakes"`
		NextToken  string         `json:"NextToken,omitempty"`
	}{shown(p.items, w.handshakeOut), p.next}, nil
}
