package soak

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"landlord/org"
	"landlord/simaws"
	"landlord/simulate"
	"landlord/vend/blueprint"
	"landlord/vend/plan"
	"landlord/vend/verify"
)

// life is one simulated organization from its beginning to its end.
type life struct {
	ctx       context.Context
	seed      uint64
	r         *rand.Rand
	rule      *Rule // the one that is switched off; nil: none
	outsiders bool
	untags    bool // outsiders take tags off that say whose an account is; then keys and addresses stay
	faults    *simaws.Faults
	file      *file
	aws       *simulate.World

	unsettled bool     // others may act between calls
	undo      []func() // what takes back a contradiction
	pending   []task   // commands that have not ended complete
	late      []late   // requests of dead processes that are under way, first things first
	arrived   int
	favours   string // what happens most: an edit, an order or an act; "" is nothing
	hasty     bool   // nothing is settled before the end, and a file is applied once
	dieSoon   bool   // runs die soon after they asked for an account
	commands  int    // that ended complete
	started   int    // processes
	meddled   int    // acts of outsiders
	crashes   int
	calls     int
	judged    int
	hash      uint64
	broken    []string
	trace     *bytes.Buffer // nil: not kept
}

// profile is how AWS behaves in lives: as the typical one, but creations and
// closures take seconds, since what takes longer is only asked about more often.
var profile = simaws.Profile{
	Name: "soak", Throttle: true,
	CreationMedian: 8 * time.Second, CreationSigma: 0.843, TailShare: 0.05, TailTimes: 5,
	Closing: 20 * time.Second,
	Read:    80 * time.Millisecond, Write: 250 * time.Millisecond, PolicyChange: 500 * time.Millisecond,
}

// begin draws what kind of life a seed is.
func begin(ctx context.Context, seed uint64, outsiders bool, rule *Rule, trace *bytes.Buffer) (*life, error) {
	l := &life{ctx: ctx, seed: seed, r: rand.New(rand.NewPCG(seed, 0x50a4)), rule: rule, outsiders: outsiders, file: newFile(), trace: trace}
	if seed%4 == 3 {
		l.file.adds(14)
	}
	l.untags = outsiders && l.r.IntN(2) == 0
	l.faults = &simaws.Faults{Rules: faultsAt([]float64{0.01, 0.03, 0.1, 0.2}[l.r.IntN(4)])}
	l.faults.Spared = []string{outsiderKey, outside[0].ID, outside[1].ID}
	// Creations that outlast the run which asked for them, and the next edit.
	l.faults.Rules = append(l.faults.Rules, simaws.FaultRule{Kind: simaws.SlowCreation, Rate: 0.12, For: 4 * time.Minute})
	if l.r.IntN(4) == 0 { // an endpoint that would make two accounts of one e-mail, and tells all at once
		l.accepting()
	}
	if rule != nil && rule.scene != nil {
		rule.scene(l)
	}
	cfg := simaws.Config{Profile: profile, Seed: seed, ManagementAccount: management, Outside: outside, Organization: l.outsiders || l.r.IntN(6) > 0}
	var err error
	l.aws, err = simulate.NewWorld(cfg)
	return l, err
}

// live lives one life.
func (l *life) live() {
	defer func() {
		if x := recover(); x != nil {
			if _, is := x.(endless); is {
				l.wrong("a run made %d calls and came to no end", mostCalls)
				return
			}
			l.wrong("panic: %v", x)
		}
	}()
	for range 1 + l.r.IntN(4) {
		l.file.join(l.r)
	}
	if l.outsiders {
		t := l.aws.Server.Truth()
		for range 3 {
			l.meddled++
			l.strangers(&t)
			l.wait(20*time.Second, 40*time.Second)
		}
	}
	for range 2 + l.r.IntN(3)/2 {
		l.chapter()
		if len(l.broken) > 0 {
			return // one is enough
		}
	}
	l.settle()
}

// wait lets time pass.
func (l *life) wait(least, most time.Duration) {
	until := l.aws.Clock.Now().Add(least + time.Duration(l.r.Int64N(int64(most-least))))
	for len(l.late) > 0 && l.late[0].at.Before(until) {
		l.aws.Clock.MoveTo(l.late[0].at)
		l.arrive()
	}
	l.aws.Clock.MoveTo(until)
}

// chapter changes the file, and runs landlord while things go wrong.
func (l *life) chapter() {
	// A person who edits the file takes a minute. By then every write of a run
	// before shows in every read: stale reads are at most 20 s old.
	l.takeBack()
	l.depart()
	l.wait(time.Minute, 3*time.Minute)
	if l.started > 0 {
		for range 1 + l.r.IntN(2) {
			l.say("edit: %s", l.file.edit(l.r, "", l.untags))
		}
		if l.favours != "" && l.favours != "pass-on" {
			l.say("edit: %s", l.file.edit(l.r, l.favours, l.untags))
		}
		if t := l.aws.Server.Truth(); len(t.Coming) > 0 && (l.favours == "pass-on" || l.r.IntN(2) == 0) {
			if p := l.file.owner(&t.Coming[0]); p != nil && !p.gone && len(l.file.current()) < most {
				l.say("edit: %s", l.file.passOn(p, l.r))
			}
		}
	}
	l.adopt()
	l.bring()
	folio, err := l.file.parse()
	if err != nil {
		l.wrong("the life's own file is refused: %v", err)
		return
	}
	l.set(l.faults)
	l.unsettled = true
	if l.started > 0 && (l.r.IntN(3) == 0 || l.favours == "suspend" || l.suspended() && l.r.IntN(2) == 0) {
		if l.order(); len(l.broken) > 0 {
			return
		}
		if folio, err = l.file.parse(); err != nil {
			l.wrong("the life's own file is refused: %v", err)
			return
		}
	}
	runs := 1 + l.r.IntN(3)
	if l.hasty {
		runs = 1
	}
	for range runs {
		ps := []*process{l.start(applying, folio)}
		if !l.faults.DuplicateEmails && l.r.IntN(4) == 0 {
			ps = append(ps, l.start(applying, folio))
		}
		for _, p := range ps {
			switch n := l.r.IntN(7); {
			case l.dieSoon || n == 3:
				p.soon = 1 + l.r.IntN(6)
			case n < 3:
				p.last = 1 + l.r.IntN(150)
			case n == 4:
				p.lost = 1 + l.r.IntN(12)
			}
		}
		l.together(ps...)
		for _, p := range ps {
			l.end(p)
		}
		if len(ps) == 1 && !l.outsiders {
			l.believe(ps[0])
		}
		if len(l.broken) > 0 {
			return
		}
		l.answer()
		if folio, err = l.file.parse(); err != nil {
			l.wrong("the life's own file is refused: %v", err)
			return
		}
		if l.r.IntN(2) == 0 {
			l.wait(0, time.Minute)
		}
	}
	if l.r.IntN(3) == 0 && !l.hasty {
		if l.order(); len(l.broken) > 0 {
			return
		}
	}
	l.unsettled = false
	if l.outsiders {
		for range l.r.IntN(4) {
			l.meddle()
			l.wait(time.Second, 10*time.Second)
		}
	}
	if !l.hasty && l.r.IntN(3) == 0 {
		l.settle()
	}
	l.set(nil)
}

// suspended tells whether anybody is.
func (l *life) suspended() bool {
	return slices.ContainsFunc(l.file.people, func(p *person) bool { return p.suspended })
}

// adopt gives a new customer an account that is there already.
func (l *life) adopt() {
	if !l.outsiders || l.r.IntN(4) > 0 {
		return
	}
	t := l.aws.Server.Truth()
	for i := range t.Accounts {
		a := &t.Accounts[i]
		if l.file.owner(a) == nil && string(a.ID) != management && a.Tags["landlord:customer"] == "" {
			p := l.file.join(l.r)
			p.account = string(a.ID)
			l.say("edit: adopt %s for %s", a.ID, p.key)
			return
		}
	}
}

// end notes how a process ended.
func (l *life) end(p *process) {
	switch {
	case p.dead:
		l.crashes++
		l.say("%s died at call %d", p.who, p.calls)
	case p.err != nil:
		l.say("%s ended: %v", p.who, p.err)
	default:
		l.say("%s ended: complete %t", p.who, p.out.Complete())
	}
}

// believe holds a run that says that all is done to that. Nobody but landlord
// has acted.
func (l *life) believe(p *process) {
	if p.dead || p.err != nil || !p.out.Complete() {
		return
	}
	l.depart()
	t := l.aws.Server.Truth()
	absent := l.absent()
	for _, u := range l.file.judge(&t).unkept() {
		if !absent[u.key] {
			l.wrong("%s says that all is done: %s of %s: %s", p.who, u.check, u.key, u.why)
		}
	}
}

// set replaces what goes wrong.
func (l *life) set(f *simaws.Faults) {
	if f == nil && l.faults.DuplicateEmails {
		f = &simaws.Faults{DuplicateEmails: true} // an endpoint stays what it is
	}
	if err := l.aws.Server.SetFaults(f); err != nil {
		l.wrong("the life's own faults are refused: %v", err)
	}
}

// settle ends all faults. What is not as the file says, verify must name; what
// only a person can decide is decided; then one apply must end complete, with
// everything as the file says and nothing left to plan.
func (l *life) settle() {
	l.set(nil)
	l.wait(30*time.Second, time.Minute)
	l.depart()
	folio, err := l.file.parse()
	if err != nil {
		l.wrong("the life's own file is refused: %v", err)
		return
	}
	want := blueprint.From(folio)
	l.named(want)
	l.takeBack()
	if l.finish(); len(l.broken) > 0 {
		return
	}
	if folio, err = l.file.parse(); err != nil {
		l.wrong("the life's own file is refused: %v", err)
		return
	}
	want = blueprint.From(folio)
	p := l.start(applying, folio)
	p.run()
	l.end(p)
	switch {
	case p.err != nil:
		l.wrong("without faults, apply ended with: %v", p.err)
		return
	case !p.out.Complete():
		l.wrong("without faults, apply left: %s", left(p.out.Left, p))
		return
	}
	seen := p.out.Seen // the last look of a run that is not broken
	if l.rule != nil {
		if seen, err = l.look(want); err != nil {
			l.wrong("without faults, the organization cannot be read: %v", err)
			return
		}
	}
	t := l.aws.Server.Truth()
	absent := l.absent()
	for _, u := range l.file.judge(&t).unkept() {
		if absent[u.key] && u.check == "account" {
			continue
		}
		l.wrong("after apply, %s of %s: %s", u.check, u.key, u.why)
	}
	for _, c := range verify.Organization(want, seen).Checks {
		if !c.Passed && !absent[c.Customer] {
			l.wrong("after apply, verify: %s of %s%s: %s", c.Name, c.Customer, c.Tier, c.Fault)
		}
	}
	if todo, err := plan.Make(want, seen, plan.Options{}); err != nil || !todo.Empty() {
		l.wrong("after apply, a plan: %v, %s", err, left(todo, p))
	}
	for wrong := range l.file.judge(&t).wrongs() {
		l.wrong("after apply: %s", wrong)
	}
}

// look reads the organization as a new process does.
func (l *life) look(want blueprint.Blueprint) (org.Organization, error) {
	w := l.aws.Beside()
	w.Asks = want.Asks
	return w.Observe(l.ctx)
}

// left says in a line what a plan would do.
func left(todo *plan.Plan, p *process) string {
	if todo == nil {
		return "no plan"
	}
	var text strings.Builder
	text.WriteString(fmt.Sprintf("%d changes, held %v, barred %v", len(todo.Changes), todo.Held, todo.Barred))
	for _, c := range todo.Changes {
		text.WriteString(fmt.Sprintf("; %s %s %s %s", c.Action, c.Noun, c.Customer, c.Name))
	}
	for _, f := range p.out.Failures {
		text.WriteString(fmt.Sprintf("; failed: %v", f.Err))
	}
	return text.String()
}

// named holds verify against the truth: each promise that is not kept must be
// named, of the right customer or tier.
func (l *life) named(want blueprint.Blueprint) {
	seen, err := l.look(want)
	if err != nil {
		l.wrong("without faults, the organization cannot be read: %v", err)
		return
	}
	t := l.aws.Server.Truth()
	if t.ID == "" {
		return
	}
	report := verify.Organization(want, seen)
	for _, u := range l.file.judge(&t).unkept() {
		if c, made := report.Of(u.check, u.key); made && c.Passed || !made {
			l.wrong("verify does not name it: %s of %q: %s (it says %+v)", u.check, u.key, u.why, c)
		}
	}
}
