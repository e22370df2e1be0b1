package simaws

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"landlord/org"
	"landlord/simaws/estate"
)

// ledger is what the lines of a state add up to.
type ledger struct {
	header       header
	at           time.Time
	count        counters
	organization *organization
	policies     map[string]*policy
	units        map[string]*unit
	accounts     map[string]*account
	creations    map[string]*creation
	handshakes   map[string]*handshake
	sessions     map[string]*session
	cards        map[string]*card
	quotas       map[string]*quotaRequest
	estate       map[string]*estate.Change
	events       map[string][]*estate.Event // by account
}

func newLedger() *ledger {
	return &ledger{
		policies: map[string]*policy{}, units: map[string]*unit{}, accounts: map[string]*account{},
		creations: map[string]*creation{}, handshakes: map[string]*handshake{}, sessions: map[string]*session{},
		cards: map[string]*card{}, quotas: map[string]*quotaRequest{},
		estate: map[string]*estate.Change{}, events: map[string][]*estate.Event{},
	}
}

// line adds one line; the first is the header.
func (b *ledger) line(raw []byte, first bool) error {
	if first {
		if err := strictJSON(raw, &b.header); err != nil {
			return err
		}
		if b.header.Format != stateFormat {
			return fmt.Errorf("state of format %d: this program reads %d", b.header.Format, stateFormat)
		}
		return nil
	}
	var c change
	if err := strictJSON(raw, &c); err != nil {
		return err
	}
	b.add(c)
	return nil
}

// owner is who the simulated AWS is: as the state says, which a configuration
// may repeat but not change, else as the configuration says.
func (b *ledger) owner(cfg Config) (header, error) {
	h := b.header
	if h == (header{}) {
		h = header{stateFormat, cmp.Or(cfg.ManagementAccount, "111122223333"), cmp.Or(cfg.ManagementEmail, "management@example.com"), cfg.Seed}
	}
	switch {
	case !org.AccountID(h.Management).Valid():
		return h, fmt.Errorf("management account %q: want 12 digits", h.Management)
	case h.Seed != cfg.Seed:
		return h, fmt.Errorf("the state was made with seed %d, not %d", h.Seed, cfg.Seed)
	case h.Management != cmp.Or(cfg.ManagementAccount, h.Management):
		return h, fmt.Errorf("the state in %s is of management account %s, not %s; keep this one elsewhere", cfg.State, h.Management, cfg.ManagementAccount)
	case h.Email != cmp.Or(cfg.ManagementEmail, h.Email):
		return h, fmt.Errorf("the state's management account has the e-mail %s, not %s", h.Email, cfg.ManagementEmail)
	}
	return h, nil
}

func strictJSON(line []byte, into any) error {
	dec := json.NewDecoder(bytes.NewReader(line))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return err
	}
	if _, err := dec.Token(); err != io.EOF {
		return errors.New("more than one value on a line")
	}
	return nil
}

func (b *ledger) add(c change) {
	if c.At.After(b.at) {
		b.at = c.At
	}
	if c.Count != (counters{}) {
		b.count = c.Count
	}
	if c.Organization != nil {
		b.organization = c.Organization
	}
	enter(b.policies, c.Policies, func(p *policy) string { return p.ID })
	enter(b.units, c.Units, func(u *unit) string { return u.ID })
	enter(b.accounts, c.Accounts, func(a *account) string { return a.ID })
	enter(b.creations, c.Creations, func(x *creation) string { return x.ID })
	enter(b.handshakes, c.Handshakes, func(h *handshake) string { return h.ID })
	enter(b.sessions, c.Sessions, func(s *session) string { return s.Key })
	enter(b.cards, c.Cards, func(k *card) string { return k.Account })
	enter(b.quotas, c.QuotaRequests, func(q *quotaRequest) string { return q.ID })
	enter(b.estate, c.Estate, func(x *estate.Change) string { return x.Account + "/" + x.Region + "/" + x.Kind + "/" + x.ID })
	for _, e := range c.Events {
		b.events[e.Account] = append(b.events[e.Account], e)
	}
	for _, id := range c.Gone { // last: what changed in the same call may be gone with it
		b.remove(id)
	}
}

// enter puts what is newest of some entities into a book of all.
func enter[T any](book map[string]T, newest []T, id func(T) string) {
	for _, x := range newest {
		book[id(x)] = x
	}
}

func (b *ledger) remove(id string) {
	delete(b.policies, id)
	delete(b.units, id)
	if b.organization == nil || b.organization.ID != id {
		return
	}
	b.organization = nil
	clear(b.policies)
	clear(b.units)
	clear(b.handshakes)
	maps.DeleteFunc(b.accounts, func(_ string, a *account) bool { return !a.Outside })
}

func (b *ledger) size() int {
	events := 0
	for _, all := range b.events {
		events += len(all)
	}
	return events + len(b.estate) + len(b.policies) + len(b.units) + len(b.accounts) + len(b.creations) + len(b.handshakes) + len(b.sessions) + len(b.cards) + len(b.quotas)
}

// build puts everything in its place in w. It refuses lines that speak of
// something that is not there.
func (b *ledger) build(w *world) error {
	if err := b.check(); err != nil {
		return fmt.Errorf("the state is damaged: %w", err)
	}
	w.count, w.org = b.count, b.organization
	for _, p := range byNumber(b.policies) {
		p.targets = ordered[*node]{}
		w.addPolicy(p)
	}
	for _, u := range byNumber(b.units) {
		u.units, u.accounts = ordered[*unit]{}, ordered[*account]{}
	}
	for _, u := range byNumber(b.units) { // parents are older than their children
		w.addUnit(u)
	}
	for _, a := range byNumber(b.accounts) {
		w.addAccount(a)
		if a.State == org.PendingClosure {
			w.closing = append(w.closing, a)
		}
		if a.State == org.Closed && !a.Outside {
			w.closed = append(w.closed, a)
		}
	}
	for _, list := range [][]*account{w.closing, w.closed} {
		slices.SortStableFunc(list, func(a, b *account) int { return a.Closed.Compare(b.Closed) })
	}
	for _, c := range byNumber(b.creations) {
		w.addCreation(c)
	}
	for _, h := range byNumber(b.handshakes) {
		w.addHandshake(h)
	}
	maps.DeleteFunc(b.sessions, func(_ string, s *session) bool { return s.Expires.Before(b.at.Add(-remembered)) })
	w.sessions, w.cards = b.sessions, b.cards
	for _, q := range byNumber(b.quotas) {
		w.addRequest(q)
	}
	for _, c := range b.estate {
		w.restore(c)
	}
	for _, account := range slices.Sorted(maps.Keys(b.events)) {
		for _, e := range b.events[account] {
			w.remember(e)
		}
	}
	return nil
}

// check looks for what is named but not there.
func (b *ledger) check() error {
	if b.organization != nil && b.units[b.organization.Root] == nil {
		return fmt.Errorf("no root %s", b.organization.Root)
	}
	if b.organization == nil && len(b.handshakes) > 0 {
		return errors.New("an invitation into no organization")
	}
	if b.organization != nil && b.accounts[b.header.Management] == nil {
		return fmt.Errorf("no management account %s", b.header.Management)
	}
	for _, h := range b.handshakes {
		if h.Parent != "" && b.handshakes[h.Parent] == nil {
			return fmt.Errorf("%s belongs to %s, which is not there", h.ID, h.Parent)
		}
	}
	for _, u := range byNumber(b.units) {
		if b.organization == nil || u.ID != b.organization.Root {
			if err := b.checkNode(&u.node); err != nil {
				return err
			}
		}
	}
	for _, a := range byNumber(b.accounts) {
		if err := b.checkNode(&a.node); err != nil && !a.Outside {
			return err
		}
	}
	return nil
}

func (b *ledger) checkNode(n *node) error {
	if b.units[n.Parent] == nil {
		return fmt.Errorf("%s is in %q, which is not there", n.ID, n.Parent)
	}
	for _, id := range n.Attached {
		if b.policies[id] == nil {
			return fmt.Errorf("%s has the policy %s, which is not there", n.ID, id)
		}
	}
	return nil
}

func byNumber[T numbered](entities map[string]T) []T {
	return slices.SortedFunc(maps.Values(entities), func(a, b T) int { return cmp.Compare(a.number(), b.number()) })
}
