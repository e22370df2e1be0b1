package soak

import (
	"fmt"
	"slices"
	"time"

	"landlord/org"
	"landlord/vend/apply"
	"landlord/vend/blueprint"
	"landlord/vend/plan"
)

// task is what a process is started for: to apply the file, or one of the
// commands about single customers.
type task struct {
	name string
	of   []*person // whom a command is about; nobody for apply
	keys []string  // by which they are named
	plan func(want blueprint.Blueprint, seen org.Organization, opt plan.Options) (*plan.Plan, error)
}

var applying = task{name: "apply", plan: plan.Make}

// about tells whether a task is a command about p.
func (t task) about(p *person) bool { return p != nil && slices.Contains(t.of, p) }

// The commands about single customers.
var commands = map[string]func(blueprint.Blueprint, org.Organization, ...string) (*plan.Plan, error){
	"suspend": plan.Suspend,
	"resume":  plan.Resume,
	"close": func(want blueprint.Blueprint, seen org.Organization, keys ...string) (*plan.Plan, error) {
		return plan.Close(want, seen, keys, plan.Closing{})
	},
}

// asking is a command about a customer, which is named by its key or, after it
// left the file, by what its account is tagged.
func (l *life) asking(name string, p *person) (task, bool) {
	key := p.key
	if p.gone {
		t := l.aws.Server.Truth()
		key = ""
		for i := range t.Accounts {
			if a := &t.Accounts[i]; l.file.owner(a) == p {
				key = a.Tags["landlord:customer"]
			}
		}
	}
	t := task{name: name, of: []*person{p}, keys: []string{key}}
	t.plan = func(want blueprint.Blueprint, seen org.Organization, _ plan.Options) (*plan.Plan, error) {
		return commands[name](want, seen, t.keys...)
	}
	return t, key != ""
}

// order has somebody give a command about a customer, and again until it ends
// complete or they give up for now.
func (l *life) order() {
	var p *person
	var name string
	if len(l.pending) > 0 {
		p, name = l.pending[0].of[0], l.pending[0].name
	} else if p, name = l.drawn(); p == nil {
		return
	}
	l.wait(time.Minute, 2*time.Minute)
	for range 1 + l.r.IntN(3) {
		if l.command(name, p, l.r.IntN(3) > 0) || len(l.broken) > 0 {
			break
		}
		l.wait(0, time.Minute)
	}
	l.wait(time.Minute, 2*time.Minute)
}

// drawn draws a customer with an account, and what is to be done with it.
func (l *life) drawn() (*person, string) {
	t := l.aws.Server.Truth()
	var some []*person
	for i := range t.Accounts {
		if p := l.file.owner(&t.Accounts[i]); p != nil && t.Accounts[i].State == org.Active && !p.closing {
			some = append(some, p)
		}
	}
	if len(some) == 0 {
		return nil, ""
	}
	p := some[l.r.IntN(len(some))]
	if i := slices.IndexFunc(some, func(p *person) bool { return p.suspended }); i >= 0 && l.r.IntN(2) == 0 {
		p = some[i]
	}
	switch n := l.r.IntN(8); {
	case n < 2 && l.favours == "":
		return p, "close"
	case p.suspended && l.favours != "suspend":
		return p, "resume"
	}
	return p, "suspend"
}

// command gives a command about p once, and tells whether that ended complete.
// While it has not, it is pending.
func (l *life) command(name string, p *person, deadly bool) bool {
	t, known := l.asking(name, p)
	folio, err := l.file.parse()
	if err != nil {
		l.wrong("the life's own file is refused: %v", err)
		return false
	}
	switch name {
	case "resume":
		p.suspended = false
	case "close":
		p.closing = true
	}
	l.pending = slices.DeleteFunc(l.pending, func(o task) bool { return o.name == name && o.about(p) })
	if !known { // nothing tells whose its account is any more
		return true
	}
	run := l.start(t, folio)
	ps := []*process{run}
	if name == "suspend" && deadly && !l.faults.DuplicateEmails && l.r.IntN(4) == 0 {
		ps = append(ps, l.start(applying, folio))
	}
	if deadly {
		run.last = 1 + l.r.IntN(40)
	}
	l.together(ps...)
	for _, p := range ps {
		l.end(p)
	}
	if run.dead || run.err != nil || !run.out.Complete() {
		l.pending = append(l.pending, t)
		return false
	}
	if name == "suspend" {
		p.suspended = true
	}
	l.depart()
	l.commands++
	return true
}

// depart moves customers whose account was closed to `departed:`. Until then a
// plan stops, though the command that closed one may have died before its end.
func (l *life) depart() {
	t := l.aws.Server.Truth()
	for i := range t.Accounts {
		if p := l.file.owner(&t.Accounts[i]); p != nil && p.closing && t.Accounts[i].Gone() {
			p.gone = true
		}
	}
}

// finish has every command that is pending end, without faults.
func (l *life) finish() {
	for len(l.pending) > 0 {
		t := l.pending[0]
		if !l.command(t.name, t.of[0], false) {
			l.wrong("without faults, %s of %v did not end complete", t.name, t.keys)
			return
		}
	}
}

// carried carries out a plan as the task's command does.
func (p *process) carried(first *plan.Plan, want blueprint.Blueprint, seen org.Organization, opt apply.Options) (apply.Outcome, error) {
	switch {
	case p.task.of != nil && len(first.Steps) == 0:
		return apply.Outcome{Left: first, Seen: seen}, nil
	case p.task.name == "close":
		return apply.Close(p.life.ctx, p, want, p.task.keys, plan.Closing{}, first, seen, opt)
	}
	return apply.Rounds(p.life.ctx, p, want, first, seen, opt)
}

// suspensions are those that a call lifted or put on unasked, or said of an
// account that may act.
func (f *file) suspensions(by task, before, after *judge) []string {
	var broken []string
	for i := range after.Accounts {
		now := &after.Accounts[i]
		was := find(before.Accounts, now.ID)
		if was == nil {
			continue
		}
		p := f.owner(now)
		_, told := was.Tags["landlord:suspended"]
		_, tells := now.Tags["landlord:suspended"]
		did, does := before.denied(was), after.denied(now)
		switch {
		case did && !does && !(by.name == "resume" && by.about(p)):
			broken = append(broken, fmt.Sprintf("account %s is no longer suspended, and nobody asked", now.ID))
		case !did && does && !told && !before.half(was) && !(by.name == "suspend" && by.about(p)):
			broken = append(broken, fmt.Sprintf("account %s is suspended, and nobody asked", now.ID))
		case tells && !told && !does:
			broken = append(broken, fmt.Sprintf("account %s is tagged as suspended and may do anything", now.ID))
		}
	}
	return broken
}

// half tells whether landlord's policy against everything is on an account,
// whatever it says.
func (j *judge) half(a *org.Account) bool {
	return slices.ContainsFunc(j.at[string(a.ID)], func(p *org.Policy) bool { return p.Tags["landlord:policy"] != "" })
}
