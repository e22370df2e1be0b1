package simaws

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"
)

// past is what was so a while ago, for reads that lag behind writes: a ledger
// of what nobody can be told any more, and the changes since.
type past struct {
	age     time.Duration // of the oldest answer
	book    *ledger       // all changes before those in changes
	changes []change      // in the order of their times
	folded  int           // changes that were put into book
	built   *world        // of the changes up to number builtAt
	builtAt int
}

// begin starts with the world as it is.
func (p *past) begin(w *world, now time.Time) error {
	if p == nil {
		return nil
	}
	p.book, p.builtAt = newLedger(), -1
	p.book.header = header{stateFormat, w.management, w.email, w.seed}
	for c := range w.snapshot(cmp.Or(now, time.Unix(1, 0))) {
		copied, err := c.copy()
		if err != nil {
			return err
		}
		p.book.add(copied)
	}
	return nil
}

// copy is c with entities of its own. Entities go on changing after they were
// noted.
func (c change) copy() (change, error) {
	line, err := encodeJSON(c)
	if err != nil {
		return change{}, fmt.Errorf("copy a change: %w", err)
	}
	var copied change
	return copied, strictJSON(line, &copied)
}

// note takes in what changed at now, and forgets how it was before that is too
// old to be told.
func (p *past) note(c change, count counters, now time.Time) error {
	if p == nil || c.empty() {
		return nil
	}
	c.At, c.Count = now, count
	copied, err := c.copy()
	if err != nil {
		return err
	}
	p.changes = append(p.changes, copied)
	n := p.upTo(now.Add(-p.age))
	for _, old := range p.changes[:n] {
		p.book.add(old)
	}
	p.changes, p.folded = slices.Delete(p.changes, 0, n), p.folded+n
	return nil
}

// upTo is how many of the changes were made up to t.
func (p *past) upTo(t time.Time) int {
	n := slices.IndexFunc(p.changes, func(c change) bool { return c.At.After(t) })
	if n < 0 {
		return len(p.changes)
	}
	return n
}

// world returns the world as it was at t. It is only to be read. present tells
// what never changes, and the time.
func (p *past) world(present *world, t time.Time) *world {
	n := p.upTo(t)
	if p.builtAt != p.folded+n {
		book := p.book.clone()
		for _, c := range p.changes[:n] {
			book.add(c)
		}
		then := present.blank()
		if err := book.build(then); err != nil {
			panic("simaws: the past is damaged: " + err.Error()) // it was sound when it was the present
		}
		p.built, p.builtAt = then, p.folded+n
	}
	p.built.at, p.built.count.Requests = present.at, present.count.Requests
	return p.built
}

// clone is a ledger with the same entities, which are as they were read.
func (b *ledger) clone() *ledger {
	c := *b
	c.policies, c.units, c.accounts = maps.Clone(b.policies), maps.Clone(b.units), maps.Clone(b.accounts)
	c.creations, c.handshakes, c.sessions = maps.Clone(b.creations), maps.Clone(b.handshakes), maps.Clone(b.sessions)
	c.cards, c.quotas = maps.Clone(b.cards), maps.Clone(b.quotas)
	c.estate, c.events = maps.Clone(b.estate), maps.Clone(b.events)
	for account, all := range c.events {
		c.events[account] = slices.Clip(all)
	}
	return &c
}
