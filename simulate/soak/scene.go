package soak

import (
	"slices"
	"time"

	"landlord/simaws"
)

// A rule that is switched off is seen where it matters. A scene has that happen
// in every life, and leaves all else as it comes.

// favour has one kind of edit, order or act happen more often than others, and
// few faults.
func favour(what string) func(*life) {
	return func(l *life) {
		l.favours = what
		l.often(0.01)
	}
}

// often is how often calls meet a fault.
func (l *life) often(rate float64) { l.faults.Rules = faultsAt(rate) }

// accepting is an endpoint that makes a second account of one e-mail; it tells
// all at once.
func (l *life) accepting() {
	l.faults.DuplicateEmails = true
	l.faults.Rules = slices.DeleteFunc(l.faults.Rules, func(r simaws.FaultRule) bool { return r.Kind == simaws.StaleRead })
}

// slow has creations outlast the run that asked for them, the next run and an
// edit in between.
func (l *life) slow() {
	l.faults.Rules = append([]simaws.FaultRule{{Kind: simaws.SlowCreation, Rate: 0.8, For: 6 * time.Minute}}, l.faults.Rules...)
	l.dieSoon = true
}

// rough is a life where each run that ends can be held to what it says, and few
// have all their calls succeed.
func rough(l *life) {
	l.outsiders, l.untags = false, false
	l.often(0.3)
}

func forgetful(l *life) {
	l.accepting()
	l.slow()
}

func losing(l *life) {
	l.accepting()
	l.faults.Rules = append([]simaws.FaultRule{{Kind: simaws.CutAfter, Operation: "CreateAccount", Rate: 0.5}}, l.faults.Rules...)
}

func moving(l *life) {
	l.untags, l.hasty, l.favours = false, true, "addresses"
}

func untagging(l *life) {
	l.accepting()
	l.untags, l.favours = true, "untag"
}

func passingOn(l *life) {
	l.outsiders, l.untags = false, false
	l.slow()
	l.hasty, l.favours = true, "pass-on"
}
