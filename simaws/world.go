package simaws

import (
	"slices"
	"strings"
	"time"

	"landlord/guard/guardrail"
	"landlord/internal/limits"
	"landlord/simaws/estate"
)

// world is all that the simulated AWS knows. Its methods run one at a time,
// under the server's lock; each checks everything before it changes anything.
type world struct {
	profile        Profile
	seed           uint64
	management     string // account id
	email          string // of the management account
	quotas         limits.Quotas
	quota          int // accounts
	quotaDelay     time.Duration
	identityRegion string
	wanted         map[string]string // e-mail: account id to allocate
	reserved       map[string]bool   // the ids of wanted, and the management account's
	callers        map[string]guardrail.Document

	count counters
	org   *organization // nil: the management account is in no organization

	units      map[string]*unit // the root among them
	accounts   map[string]*account
	policies   map[string]*policy // AWS's own among them
	creations  map[string]*creation
	handshakes map[string]*handshake
	sessions   map[string]*session // by access key
	cards      map[string]*card    // by account

	unitList      ordered[*unit] // without the root
	accountList   ordered[*account]
	policyList    ordered[*policy]
	creationList  ordered[*creation]
	handshakeList ordered[*handshake]
	quotaRequests ordered[*quotaRequest]

	emails          map[string]string // in lower case: the account that has it
	inFlight        ordered[*creation]
	expected        map[string]bool // ids of accounts being created
	closing         []*account      // being closed, in the order they were asked for
	closed          []*account      // closed, not permanently yet, in the same order
	openInvitations ordered[*handshake]
	migration       ordered[*handshake] // pending handshakes of the change to all features
	policyReady     time.Time           // when the policy change in flight ends

	estates estates

	at         time.Time // of the last call
	duplicates bool      // one e-mail may be several accounts'
	change     change    // what changed since the last write to the state
}

// blank is a world with w's settings in which nothing has happened.
func (w *world) blank() *world {
	b := &world{
		profile: w.profile, seed: w.seed, management: w.management, email: w.email,
		quotas: w.quotas, quota: w.quota, quotaDelay: w.quotaDelay, identityRegion: w.identityRegion,
		wanted: w.wanted, reserved: w.reserved, callers: w.callers, duplicates: w.duplicates,
		accounts: map[string]*account{}, creations: map[string]*creation{}, sessions: map[string]*session{},
		cards: map[string]*card{}, emails: map[string]string{}, expected: map[string]bool{},
		estates: newEstates(w.shared()),
	}
	b.dissolve()
	return b
}

// counters make ids and places in lists; they only grow.
type counters struct {
	Minted   int `json:"minted"`   // ids drawn
	Number   int `json:"number"`   // entities made
	Created  int `json:"created"`  // account creations accepted
	Requests int `json:"requests"` // calls answered
}

// organization is what DescribeOrganization shows, and what is switched on.
type organization struct {
	ID          string               `json:"id"`
	Features    string               `json:"features"` // ALL or CONSOLIDATED_BILLING
	Root        string               `json:"root"`
	PolicyTypes []string             `json:"policyTypes,omitempty"` // enabled on the root
	Services    map[string]time.Time `json:"services,omitempty"`    // trusted service: since when
	Policy      *resourcePolicy      `json:"policy,omitempty"`
}

// node is what the root, units and accounts have in common: a place in the
// tree, tags and policies.
type node struct {
	Number   int               `json:"number"`
	ID       string            `json:"id"`
	Name     string            `json:"name"`
	Parent   string            `json:"parent,omitempty"` // "" for the root
	Tags     map[string]string `json:"tags,omitempty"`
	Attached []string          `json:"attached,omitempty"` // policies, AWS's own not among them
	Bare     bool              `json:"bare,omitempty"`     // FullAWSAccess was detached
}

func (n *node) number() int { return n.Number }

// kind is the node's TargetType.
func (n *node) kind() string {
	switch {
	case n.Parent == "":
		return "ROOT"
	case strings.HasPrefix(n.ID, "ou-"):
		return "ORGANIZATIONAL_UNIT"
	}
	return "ACCOUNT"
}

// unit is an organizational unit or the root.
type unit struct {
	node
	units    ordered[*unit]
	accounts ordered[*account]
}

// account is the management account or a member, or one that has left.
type account struct {
	node
	Email   string    `json:"email"`
	State   string    `json:"state"`
	Joined  time.Time `json:"joined"`
	Created bool      `json:"created"`           // by the organization, not invited
	Role    string    `json:"role,omitempty"`    // the role that the management account may assume
	Closed  time.Time `json:"closed,omitzero"`   // when closing was asked for
	Outside bool      `json:"outside,omitempty"` // of no organization; its e-mail stays used

	Delegated map[string]time.Time `json:"delegated,omitempty"` // services it administers: since when

	Usable time.Time `json:"usable,omitzero"` // from when it can be entered
	Flaps  time.Time `json:"flaps,omitzero"`  // until when its state is not shown reliably
}

// target finds the root, unit or account of that id.
func (w *world) target(id string) (*node, error) {
	if u := w.units[id]; u != nil {
		return &u.node, nil
	}
	if a := w.account(id); a != nil {
		return &a.node, nil
	}
	return nil, refuse("TargetNotFoundException")
}

// account returns the account of that id in the organization, or nil.
func (w *world) account(id string) *account {
	if a := w.accounts[id]; a != nil && !a.Outside {
		return a
	}
	return nil
}

// nodeARN is the ARN of a root, unit or account.
func (w *world) nodeARN(n *node) string {
	switch n.kind() {
	case "ROOT":
		return w.arn("root", n.ID)
	case "ACCOUNT":
		return w.arn("account", n.ID)
	}
	return w.arn("ou", n.ID)
}

// path is the way from the organization down to an entity, as SDKs show it.
func (w *world) path(n *node) string {
	path := n.ID + "/"
	for id := n.Parent; id != ""; id = w.units[id].Parent {
		path = id + "/" + path
	}
	return w.org.ID + "/" + path
}

// nextNumber returns the number of a new entity.
func (w *world) nextNumber() int {
	w.count.Number++
	return w.count.Number
}

// addUnit, addAccount and addPolicy put a new or just read entity in its place.
func (w *world) addUnit(u *unit) {
	w.units[u.ID] = u
	if parent := w.units[u.Parent]; parent != nil {
		parent.units.insert(u)
		w.unitList.insert(u)
	}
	w.attachAll(&u.node)
}

func (w *world) addAccount(a *account) {
	w.accounts[a.ID] = a
	w.emails[foldEmail(a.Email)] = a.ID
	if a.Outside {
		return
	}
	w.accountList.insert(a)
	w.units[a.Parent].accounts.insert(a)
	w.attachAll(&a.node)
}

func (w *world) addPolicy(p *policy) {
	w.policies[p.ID] = p
	w.policyList.insert(p)
}

// attachAll tells the policies of a node that it is a target of theirs.
func (w *world) attachAll(n *node) {
	for _, id := range n.Attached {
		w.policies[id].targets.insert(n)
	}
}

// advance lets what was under way end, up to now, in the order of its times.
func (w *world) advance(now time.Time) {
	w.at = now
	for w.advanceOnce(now) {
	}
	w.settleIdentity(now)
}

// advanceOnce ends what ends first, if that is not after now. Of what ends
// together, the order is the one below.
func (w *world) advanceOnce(now time.Time) bool {
	c, a, h, q := w.firstCreation(), w.firstClosing(), w.firstHandshake(), w.openRequest()
	var ends [5]time.Time
	if c != nil {
		ends[0] = c.Due
	}
	if a != nil {
		ends[1] = w.closedAt(a)
	}
	if h != nil {
		ends[2] = h.expires()
	}
	if q != nil {
		ends[3] = q.Due
	}
	if len(w.closed) > 0 {
		ends[4] = w.closed[0].Closed.Add(limits.PostClosure)
	}
	first := -1
	for i, t := range ends {
		if !t.IsZero() && !t.After(now) && (first < 0 || t.Before(ends[first])) {
			first = i
		}
	}
	switch first {
	case 0:
		w.completeCreation(c)
	case 1:
		w.completeClosing(a)
	case 2:
		w.endHandshake(h, expired, ends[2])
		w.settleFeatures(h, ends[2])
	case 3:
		w.decideRequest(q)
	case 4:
		w.forget(w.closed[0])
	}
	return first >= 0
}

// firstHandshake is the pending handshake that expires first: of each kind the
// oldest.
func (w *world) firstHandshake() *handshake {
	var first *handshake
	for _, list := range []*ordered[*handshake]{&w.openInvitations, &w.migration} {
		if list.len() > 0 && (first == nil || list.items[0].expires().Before(first.expires())) {
			first = list.items[0]
		}
	}
	return first
}

// firstCreation is the creation that ends first; of those that end together
// the one that began first.
func (w *world) firstCreation() *creation {
	if len(w.inFlight.items) == 0 {
		return nil
	}
	return slices.MinFunc(w.inFlight.items, func(a, b *creation) int { return a.Due.Compare(b.Due) })
}

func (w *world) firstClosing() *account {
	if len(w.closing) == 0 {
		return nil
	}
	return w.closing[0]
}

func (w *world) closedAt(a *account) time.Time { return a.Closed.Add(w.profile.Closing) }

func foldEmail(email string) string { return strings.ToLower(email) }

// shared is what the estates of this world and of its past have in common.
func (w *world) shared() *estate.Shared {
	if w.estates.shared == nil {
		return estate.NewShared()
	}
	return w.estates.shared
}
