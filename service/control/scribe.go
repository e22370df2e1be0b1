package control

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"landlord/org"
	"landlord/service/store"
	"landlord/vend/execute"
	"landlord/vend/plan"
)

// scribe writes how far a run's steps have come, some times a second and all that
// changed in one go, so that 60,000 steps do not wait for the database one by one.
// What cannot be written is kept and tried again: the rows are for people, and no
// reason for a run to stop.
type scribe struct {
	run   string
	write func(context.Context, []store.Step, *pause) error
	warn  func(error)

	mu     sync.Mutex
	from   int                // place of the round's first step
	steps  int                // of all rounds
	rows   map[int]store.Step // by place: all that is known
	dirty  map[int]bool
	pause  pause
	paused bool // pause is not as it was written
	failed bool
}

// pause is why steps wait though they are not at work; zero if none do.
type pause struct {
	of    string // operation
	why   string
	until time.Time
}

// scribeEvery is how often what changed is written.
const scribeEvery = 200 * time.Millisecond

func newScribe(run string, from int, write func(context.Context, []store.Step, *pause) error, warn func(error)) *scribe {
	return &scribe{run: run, write: write, warn: warn, from: from, steps: from, rows: map[int]store.Step{}, dirty: map[int]bool{}}
}

// round takes in the steps of the next round's plan. What the one before left is
// left for good: a look has told what is still to do.
func (s *scribe) round(p *plan.Plan, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for n, row := range s.rows {
		if row.Ended == nil {
			row.State, row.Ended = store.StepSkipped, &now
			if row.Started == nil || row.Started.After(now) {
				row.Started = &now
			}
			s.rows[n], s.dirty[n] = row, true
		}
	}
	s.wait(pause{})
	s.from = s.steps
	for _, step := range p.Steps {
		n := s.from + step.ID
		s.rows[n] = store.Step{Run: s.run, N: n, Customer: step.Customer, Kind: string(step.Kind), What: what(step), State: store.StepWaiting}
		s.dirty[n] = true
	}
	s.steps += len(p.Steps)
}

// add takes in steps that are of no plan, as they wait, and returns the place of the
// first.
func (s *scribe) add(rows []store.Step) (first int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	first = s.steps
	for i, row := range rows {
		row.Run, row.N, row.State = s.run, first+i, store.StepWaiting
		s.rows[row.N], s.dirty[row.N] = row, true
	}
	s.steps += len(rows)
	return first
}

// row is a step as it is known, and put takes one in as it has become.
func (s *scribe) row(n int) store.Step {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.rows[n]
}

func (s *scribe) put(row store.Step) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rows[row.N], s.dirty[row.N] = row, true
}

// what names what a step works on, for people. Steps of a kind that are tried again
// have the same name, and no two others of a customer or of a tier: units of two tiers
// may be called after one region.
func what(s plan.Step) string {
	switch {
	case s.Kind == plan.CreateUnit && (s.Tags[org.TagRegion] != "" || s.Tags[org.TagSegment] != ""):
		return s.Tier + "/" + s.Name
	case s.Kind == plan.RenameUnit:
		return s.Name + " (" + string(s.Target) + ")"
	case s.Name != "":
		return s.Name
	case s.Customer != "":
		return s.Customer
	case s.Tier != "":
		return s.Tier
	}
	return string(s.Target)
}

// states are the steps' as rows tell them: a step that is tried again is at work
// and says why it was refused.
var states = map[execute.State]string{
	execute.Waiting: store.StepWaiting, execute.Held: store.StepWaiting,
	execute.Running: store.StepRunning, execute.Working: store.StepRunning, execute.Retrying: store.StepRunning,
	execute.Done: store.StepDone, execute.Failed: store.StepFailed, execute.Later: store.StepSkipped, execute.Skipped: store.StepSkipped,
}

// events takes in what became of steps.
func (s *scribe) events(events []execute.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range events {
		switch {
		case e.Step.ID < 0 && e.State == execute.Answered, e.State == execute.Running && e.Step.Kind.Operation() == s.pause.of:
			s.wait(pause{})
		case e.Step.ID < 0 && e.State == execute.Held:
			s.wait(pause{e.Step.Name, e.Err.Error(), e.Again})
		case e.Step.ID < 0:
			s.wait(pause{e.Step.Name, "AWS does not say how far it is: " + e.Err.Error(), e.Again})
		}
		n := s.from + e.Step.ID
		row, known := s.rows[n]
		if e.Step.ID < 0 || !known {
			continue
		}
		row.Error = ""
		if e.Err != nil {
			row.Error = e.Err.Error()
		}
		row.State = states[e.State]
		if e.State == execute.Running {
			row.Attempts++
		}
		if row.State != store.StepWaiting && row.Started == nil {
			row.Started = &e.At
		}
		switch row.State {
		case store.StepWaiting, store.StepRunning:
			row.Ended = nil // one that was left may be found to go on
		default:
			row.Ended = &e.At
		}
		if row.State == store.StepFailed && row.Error == "" {
			row.Error = "it failed"
		}
		s.rows[n], s.dirty[n] = row, true
	}
}

// wait takes in why steps wait, or that they no longer do.
func (s *scribe) wait(p pause) {
	s.paused = s.paused || p != s.pause
	s.pause = p
}

// flush writes what has changed since.
func (s *scribe) flush(ctx context.Context) {
	s.mu.Lock()
	places := slices.Sorted(maps.Keys(s.dirty))
	rows := make([]store.Step, 0, len(places))
	for _, n := range places {
		rows = append(rows, s.rows[n])
	}
	s.dirty = map[int]bool{}
	var paused *pause
	if s.paused {
		p := s.pause
		paused, s.paused = &p, false
	}
	s.mu.Unlock()
	if len(rows) == 0 && paused == nil {
		return
	}
	err := s.write(ctx, rows, paused)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		for _, n := range places {
			s.dirty[n] = true
		}
		s.paused = s.paused || paused != nil
		if !s.failed && ctx.Err() == nil {
			s.warn(err)
		}
	}
	s.failed = err != nil
}
