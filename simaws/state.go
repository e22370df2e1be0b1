package simaws

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"landlord/simaws/estate"
)

// The state is a file of JSON lines: a header, then one line for every call
// that changed something, written before the call is answered. A line says what
// entities are now, or that they are gone. So a file cut off anywhere is the
// state after some call, and the newest line about an entity is the truth.
//
// A write reaches the operating system, not the disk: the state survives the
// end of the process, at any moment, but not the machine's.

// header is the first line: who this simulated AWS is.
type header struct {
	Format     int    `json:"simaws"`
	Management string `json:"management"`
	Email      string `json:"email"`
	Seed       uint64 `json:"seed"`
}

const stateFormat = 1

// change is one line: what a call changed.
type change struct {
	At            time.Time        `json:"at,omitzero"`
	Count         counters         `json:"count,omitzero"`
	Organization  *organization    `json:"organization,omitempty"`
	Policies      []*policy        `json:"policies,omitempty"`
	Units         []*unit          `json:"units,omitempty"`
	Accounts      []*account       `json:"accounts,omitempty"`
	Creations     []*creation      `json:"creations,omitempty"`
	Handshakes    []*handshake     `json:"handshakes,omitempty"`
	Sessions      []*session       `json:"sessions,omitempty"`
	Cards         []*card          `json:"cards,omitempty"`
	QuotaRequests []*quotaRequest  `json:"quotaRequests,omitempty"`
	Estate        []*estate.Change `json:"estate,omitempty"`
	Events        []*estate.Event  `json:"events,omitempty"`
	Gone          []string         `json:"gone,omitempty"` // ids; the organization's takes all that is in it along
}

func (c *change) empty() bool {
	return c.Organization == nil && len(c.Policies)+len(c.Units)+len(c.Accounts)+len(c.Creations)+len(c.Handshakes)+len(c.Sessions)+len(c.Cards)+len(c.QuotaRequests)+len(c.Estate)+len(c.Events)+len(c.Gone) == 0
}

// timeStep is how much time may pass unwritten while nothing changes.
const timeStep = time.Second

// log is the state's file. A nil log keeps nothing.
type log struct {
	path  string
	look  bool  // nothing is written
	whole int64 // length of what was read, without a torn last line
	lines int
	lock  *os.File
	file  *os.File
	at    time.Time // of the last line
}

// openLog locks the state and reads it.
func openLog(path string, look bool) (*log, *ledger, error) {
	lock, err := lockFile(path + ".lock")
	if err != nil {
		return nil, nil, err
	}
	l := &log{path: path, look: look, lock: lock}
	book, err := l.read()
	if err != nil {
		return nil, nil, errors.Join(err, l.unlock())
	}
	return l, book, nil
}

// read adds up the lines of the file. It names the line that it cannot read.
func (l *log) read() (*ledger, error) {
	book := newLedger()
	raw, err := os.ReadFile(l.path)
	if errors.Is(err, fs.ErrNotExist) {
		return book, nil
	}
	if err != nil {
		return nil, err
	}
	raw = raw[:bytes.LastIndexByte(raw, '\n')+1] // a torn last line was never acknowledged
	l.whole = int64(len(raw))
	for line := range bytes.Lines(raw) {
		l.lines++
		if err := book.line(line, l.lines == 1); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", l.path, l.lines, err)
		}
	}
	return book, nil
}

// start readies the file for appending: it is new, or has become long for what
// it says, or loses only a torn line.
func (l *log) start(w *world, book *ledger) error {
	if l.look {
		return nil
	}
	l.at = book.at
	if l.lines == 0 || l.lines > 2*book.size()+100 {
		if err := writeState(l.path, w, book.at); err != nil {
			return err
		}
	} else if err := os.Truncate(l.path, l.whole); err != nil {
		return err
	}
	var err error
	l.file, err = os.OpenFile(l.path, os.O_APPEND|os.O_WRONLY, 0)
	return err
}

// empty starts the file anew, for a world in which nothing has happened.
func (l *log) empty(w *world) error {
	if l.look {
		return nil
	}
	if err := l.file.Close(); err != nil {
		return err
	}
	l.lines, l.at = 0, time.Time{}
	return l.start(w, newLedger())
}

func (l *log) unlock() error {
	if l == nil {
		return nil
	}
	return l.lock.Close()
}

// append writes what changed up to now, in one write.
func (l *log) append(w *world, now time.Time) error {
	if l.look {
		w.change = change{}
		return nil
	}
	if w.change.empty() && now.Sub(l.at) < timeStep {
		return nil
	}
	w.change.At, w.change.Count = now, w.count
	line, err := encodeJSON(w.change)
	w.change = change{}
	if err != nil {
		return fmt.Errorf("keep the state: %w", err)
	}
	if _, err := l.file.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("keep the state: %w", err)
	}
	l.at = now
	return nil
}

// close writes the time and lets go of the files.
func (l *log) close(now time.Time) error {
	if l.look {
		return l.unlock()
	}
	var err error
	if now.After(l.at) {
		line, _ := encodeJSON(change{At: now}) // a time is always JSON
		_, err = l.file.Write(append(line, '\n'))
	}
	return errors.Join(err, l.file.Close(), l.unlock())
}

// writeState replaces the file by the shortest one that says the same.
func writeState(path string, w *world, at time.Time) error {
	temporary := path + ".new"
	file, err := os.OpenFile(temporary, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	out := bufio.NewWriter(file)
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	err = enc.Encode(header{stateFormat, w.management, w.email, w.seed})
	for c := range w.snapshot(at) {
		err = errors.Join(err, enc.Encode(c))
	}
	err = errors.Join(err, out.Flush(), file.Sync(), file.Close())
	if err != nil {
		return errors.Join(fmt.Errorf("write %s: %w", temporary, err), os.Remove(temporary))
	}
	return os.Rename(temporary, path)
}

// snapshot yields lines that say all that w knows; none if it knows nothing.
func (w *world) snapshot(at time.Time) iter.Seq[change] {
	return func(yield func(change) bool) {
		if at.IsZero() {
			return
		}
		sessions := slices.SortedFunc(maps.Values(w.sessions), func(a, b *session) int { return strings.Compare(a.Key, b.Key) })
		_ = yield(change{At: at, Count: w.count, Organization: w.org}) &&
			each(w.policyList.items, func(p []*policy) bool { return yield(change{Policies: p}) }) &&
			each(byNumber(w.units), func(u []*unit) bool { return yield(change{Units: u}) }) &&
			each(byNumber(w.accounts), func(a []*account) bool { return yield(change{Accounts: a}) }) &&
			each(w.creationList.items, func(c []*creation) bool { return yield(change{Creations: c}) }) &&
			each(w.handshakeList.items, func(h []*handshake) bool { return yield(change{Handshakes: h}) }) &&
			each(sessions, func(s []*session) bool { return yield(change{Sessions: s}) }) &&
			each(w.sortedCards(), func(k []*card) bool { return yield(change{Cards: k}) }) &&
			each(w.quotaRequests.items, func(q []*quotaRequest) bool { return yield(change{QuotaRequests: q}) }) &&
			w.eachEstate(yield)
	}
}

// eachEstate yields what accounts hold, and what was called in them.
func (w *world) eachEstate(yield func(change) bool) bool {
	for _, id := range slices.Sorted(maps.Keys(w.estates.of)) {
		if !each(w.estates.of[id].Kept(), func(c []*estate.Change) bool { return yield(change{Estate: c}) }) {
			return false
		}
	}
	for _, id := range slices.Sorted(maps.Keys(w.estates.events)) {
		if !each(w.estates.events[id], func(e []*estate.Event) bool { return yield(change{Events: e}) }) {
			return false
		}
	}
	return true
}

// each calls do with the items one by one, until it says no.
func each[T any](items []T, do func([]T) bool) bool {
	for one := range slices.Chunk(items, 1) {
		if !do(one) {
			return false
		}
	}
	return true
}
