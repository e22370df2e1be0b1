package simaws

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"landlord/guard/guardrail"
	"landlord/org"
	"landlord/simaws/estate"
)

// estates are what all accounts hold, and what was called in them.
type estates struct {
	shared  *estate.Shared
	of      map[string]*estate.Estate // by account: those that were looked at
	warm    []string                  // accounts whose estate was furnished, the oldest first
	buckets map[string]string         // that calls made, by name: the account
	keys    map[string]string         // access keys that calls made: the account
	events  map[string][]*estate.Event
	reads   int // among the events
}

func newEstates(shared *estate.Shared) estates {
	return estates{shared: shared, of: map[string]*estate.Estate{}, buckets: map[string]string{}, keys: map[string]string{}, events: map[string][]*estate.Event{}}
}

// warmMost is how many accounts may have what follows from the seed in memory
// at once.
const warmMost = 256

// founded is when accounts that the organization did not create were made.
var founded = time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)

// Of is what an account holds.
func (w *world) Of(id string) *estate.Estate {
	e := w.estates.of[id]
	if e == nil {
		since := founded
		if a := w.accounts[id]; a != nil && a.Created && !a.Joined.IsZero() {
			since = a.Joined
		}
		e = estate.New(w.seed, id, since, w.estates.shared)
		w.estates.of[id] = e
	}
	if !slices.Contains(w.estates.warm, id) {
		w.estates.warm = append(w.estates.warm, id)
	}
	if len(w.estates.warm) > warmMost {
		w.estates.of[w.estates.warm[0]].Forget()
		w.estates.warm = w.estates.warm[1:]
	}
	return e
}

// Holder is the account that has a bucket: the name of one that came with an
// account ends with its id.
func (w *world) Holder(bucket string) string {
	id := w.estates.buckets[bucket]
	if id == "" && len(bucket) > 12 {
		id = bucket[len(bucket)-12:]
	}
	if (w.accounts[id] != nil || id == w.management) && w.Of(id).HasBucket(bucket) {
		return id
	}
	return ""
}

// Management is the management account, "" where there is no organization.
func (w *world) Management() string {
	if w.org == nil {
		return ""
	}
	return w.management
}

// Trusts tells whether the organization trusts a service.
func (w *world) Trusts(service string) bool { return w.org != nil && !w.org.Services[service].IsZero() }

// SecurityContact tells whether an account has one.
func (w *world) SecurityContact(account string) bool {
	k := w.cards[account]
	return k != nil && k.Alternates["SECURITY"] != nil
}

// Events yields what was called in an account and a region, the newest first.
func (w *world) Events(account, region string, yield func(*estate.Event) bool) {
	for _, e := range slices.Backward(w.estates.events[account]) {
		if e.Region == region && !yield(e) {
			return
		}
	}
}

// restore takes in a change of an estate that the state tells.
func (w *world) restore(c *estate.Change) {
	w.Of(c.Account).Restore(c)
	w.index(c)
}

// index notes who has what is found by its name alone.
func (w *world) index(c *estate.Change) {
	book := map[string]map[string]string{"bucket": w.estates.buckets, "accesskey": w.estates.keys}[c.Kind]
	switch {
	case book == nil:
	case c.Doc == nil:
		delete(book, c.ID)
	default:
		book[c.ID] = c.Account
	}
}

// keyHolder is the user that an access key was made for by a call; ok is false
// if there is none.
func (w *world) keyHolder(key string) (identity, bool) {
	id := w.estates.keys[key]
	if id == "" {
		return identity{}, false
	}
	user, policies, active := w.Of(id).KeyHolder(key)
	if !active {
		return identity{key: key}, true
	}
	own := guardrail.Document{}
	for _, text := range policies {
		if d, err := guardrail.ParseDocument([]byte(text)); err == nil {
			own.Statements = append(own.Statements, d.Statements...)
		}
	}
	return identity{key: key, account: id, arn: user, limits: []guardrail.Document{own}, standing: w.standingOf(id)}, true
}

// resourceControlled are the services of accounts that resource control policies
// hold.
//
// Source: Organizations user guide, "Resource control policies", list of services
// that support them, 2026-09.
var resourceControlled = map[string]bool{"s3": true, "kms": true, "logs": true}

// inEstate carries out a call of a service of accounts.
func (w *world) inEstate(c *call) (any, error) {
	a := w.account(c.who.account)
	switch {
	case a != nil && a.State == org.Closed, !w.regionOpen(c):
		return nil, unknownToken(c)
	case a != nil && c.who.standing != manager && resourceControlled[c.service.name] && !w.open(c, a):
		return nil, c.service.denied("User: " + c.who.arn + " is not authorized to perform: " + c.actions()[0] + " with an explicit deny in a resource control policy")
	}
	e := w.Of(c.who.account)
	out, err := estate.Operations[c.service.api][c.operation](&estate.Call{
		Now: c.now, Service: c.service.api, Operation: c.operation, Account: c.who.account, Region: c.region, Caller: c.who.arn, Manager: c.who.standing == manager && w.org != nil,
		In: estate.Doc(c.in), Chance: rand.New(rand.NewPCG(w.seed^0xe57a7e, uint64(w.count.Requests))), Settle: w.profile.Settle(), Assign: w.profile.Assignment, World: w, Estate: e,
	})
	w.noteChanged(e)
	if refusal, is := err.(*estate.Refusal); is {
		return nil, &fault{status: refusal.Status, code: refusal.Code, message: refusal.Message}
	}
	return map[string]any(out), err
}

// noteChanged keeps what changed in estates.
func (w *world) noteChanged(estates ...*estate.Estate) {
	for _, e := range estates {
		changed := e.Changed()
		for _, one := range changed {
			w.index(one)
		}
		w.change.Estate = append(w.change.Estate, changed...)
	}
}

// Member tells whether an account is in the organization.
func (w *world) Member(account string) bool { return w.account(account) != nil }

// Open tells whether AWS's services can work in an account of the organization.
func (w *world) Open(account string) bool {
	a := w.account(account)
	return a != nil && a.State == org.Active
}

// IdentityRegion is where the organization has its instance of IAM Identity
// Center: it is taken to have been enabled there, which no API does.
//
// Source: IAM Identity Center API reference, CreateInstance: not for an
// organization's management account.
func (w *world) IdentityRegion() string {
	if w.org == nil || w.org.Features != "ALL" {
		return ""
	}
	return w.identityRegion
}

// settleIdentity lets end what IAM Identity Center was asked for.
func (w *world) settleIdentity(now time.Time) {
	if e := w.estates.of[w.management]; e != nil && w.org != nil && e.Awaits() {
		e = w.Of(w.management)
		w.noteChanged(append(e.Settle(now, w), e)...)
	}
}

// regionOpen tells whether the call's region is one that its account has.
func (w *world) regionOpen(c *call) bool {
	k := w.cards[c.who.account]
	if k == nil {
		k = &card{Account: c.who.account}
	}
	status := w.regionStatus(k, c.region, c.now)
	return status == "ENABLED_BY_DEFAULT" || status == "ENABLED" && slices.Contains(regionsOptIn, c.region)
}

// readsKept is how many calls that only read are remembered, of all accounts
// together; beyond it the older half of each account's goes.
const readsKept = 100_000

// record remembers a call as CloudTrail does: in its region, or where what
// belongs to no region is recorded. Calls of the organization's own services are
// remembered where a member changes something by them: those of the management
// account would be most of what a large organization's state holds.
//
// Source: CloudTrail user guide, "Global service events".
func (w *world) record(c *call, err error) {
	global := c.service != stsService && (c.service.api == "" || c.service.name == "iam")
	switch {
	case c.service.api != "" || c.service == stsService && c.operation == "AssumeRole":
	case c.service == stsService || reads(c.operation) || c.who.standing == manager:
		return
	}
	if c.who.account == "" {
		return
	}
	e := &estate.Event{ID: c.id, At: c.now, Account: c.who.account, Region: c.region, Source: c.service.name, Name: c.operation, Reads: reads(c.operation),
		Key: c.key, Caller: w.estates.shared.Intern(c.who.arn), Resources: w.resources(c)}
	if global || e.Region == "" {
		e.Region = "us-east-1"
	}
	if f, is := err.(*fault); is {
		e.Error, e.Message = f.code, f.message
	}
	if text, err := json.Marshal(c.in); !e.Reads && err == nil && len(text) <= 1024 {
		e.Request = string(text)
	}
	w.remember(e)
	if target := strings.Split(c.in.text("RoleArn"), ":"); c.service == stsService && err == nil && len(target) > 4 && target[4] != e.Account {
		there := *e
		there.Account = target[4]
		w.remember(&there)
		w.change.Events = append(w.change.Events, &there)
	}
	w.change.Events = append(w.change.Events, e)
}

func (w *world) remember(e *estate.Event) {
	w.estates.events[e.Account] = append(w.estates.events[e.Account], e)
	if e.Reads {
		w.estates.reads++
	}
	if w.estates.reads <= readsKept {
		return
	}
	w.estates.reads = 0
	for id, all := range w.estates.events {
		reads := 0
		for _, e := range all {
			if e.Reads {
				reads++
			}
		}
		drop := reads / 2
		w.estates.reads += reads - drop
		w.estates.events[id] = slices.DeleteFunc(all, func(old *estate.Event) bool {
			gone := old.Reads && drop > 0
			if gone {
				drop--
			}
			return gone || e.At.Sub(old.At) > estate.EventsKept
		})
	}
}

// rated is the name under which a call's operation has its rate, its latency
// and its count.
func (c *call) rated() string {
	if c.service.api == "" {
		return c.operation
	}
	return c.service.name + ":" + c.operation
}
