package simaws

import "time"

// The actions of the handshakes that bring an organization from consolidated
// billing to all features.
const (
	enableAll  = "ENABLE_ALL_FEATURES"  // of the management account with itself
	approveAll = "APPROVE_ALL_FEATURES" // with each account that was invited
)

// enableAllFeatures asks every invited account to approve, and leaves the last
// word to the management account. Accounts that the organization created are
// not asked.
//
// Source: API reference, EnableAllFeatures and HandshakeState; user guide,
// "Enabling all features for an organization".
func (w *world) enableAllFeatures(c *call) (any, error) {
	switch {
	case w.org.Features == "ALL":
		return nil, reasoned("HandshakeConstraintViolationException", "ORGANIZATION_ALREADY_HAS_ALL_FEATURES", "")
	case w.migration.len() > 0:
		return nil, reasoned("HandshakeConstraintViolationException", "ORGANIZATION_IS_ALREADY_PENDING_ALL_FEATURES_MIGRATION", "")
	}
	whole := &handshake{Action: enableAll, State: requested, Requested: c.now}
	w.sendHandshake(whole)
	for _, a := range w.accountList.items {
		if a.ID != w.management && !a.Created {
			w.sendHandshake(&handshake{Action: approveAll, Parent: whole.ID, Account: a.ID, State: opened, Requested: c.now})
		}
	}
	w.settleFeatures(whole, c.now)
	return w.handshakeAnswer(whole), nil
}

// settleFeatures draws what follows from a handshake that changed: the whole
// change can be finished once nobody's approval is missing; what ended it ends
// the approvals.
func (w *world) settleFeatures(h *handshake, now time.Time) {
	whole := h
	switch h.Action {
	case approveAll:
		whole = w.handshakes[h.Parent]
	case enableAll:
	default:
		return
	}
	if !whole.pending() {
		if whole.State == accepted {
			w.org.Features, w.change.Organization = "ALL", w.org
			w.addManaged(serviceControl)
		}
		for w.migration.len() > 0 {
			w.endHandshake(w.migration.items[0], whole.State, now)
		}
		return
	}
	for _, other := range w.handshakeList.after(whole.Number) {
		if other.Parent == whole.ID && other.State != accepted {
			return
		}
	}
	whole.State = opened
	w.keepHandshake(whole)
}

// excuse ends the approval of an account that leaves: it is not asked any more.
func (w *world) excuse(a *account, now time.Time) {
	for _, h := range w.migration.items {
		if h.Account == a.ID {
			w.endHandshake(h, accepted, now)
			w.settleFeatures(h, now)
			return
		}
	}
}
