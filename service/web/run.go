package web

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"landlord/service/control"
	"landlord/service/store"
)

type runPage struct {
	shell
	Who   string
	Asked moment
	Late  bool // it was to be stopped, and had ended
	progress
}

// progress is how far a run is; it is sent again whenever that changes.
type progress struct {
	ID            string
	MayStop       bool
	Live          bool
	State         tone
	Doing, Left   string
	Steps, Done   int
	Error         string
	Came          string // what it came to; "" while it is under way
	Customers     []stepLine
	MoreCustomers int
	Others        []stepLine
	Away          string // why it waits
	Waits         string // what that is called
}

// stepLine is a step of a run.
type stepLine struct {
	At    moment
	What  string
	State tone
	Error string
	Tries string
	Run   string
	Key   string // the customer's
}

// mostInProgress is how many customers of a run are shown, and how many steps
// that serve all; mostStepsRead how many steps of a run are looked at.
const (
	mostInProgress = 100
	mostStepsRead  = 1_000_000
)

// run shows what a run does, or did.
func (s *Server) run(v *visit) error {
	p, err := s.runPage(v)
	if err != nil {
		return err
	}
	return s.render(v, "run", p)
}

func (s *Server) runPage(v *visit) (runPage, error) {
	r, now, err := s.progress(v)
	if err != nil {
		return runPage{}, err
	}
	return runPage{shell: s.shell(v, runName(r)), Who: r.AskedBy, Asked: momentOf(v.Now, r.AskedAt), progress: now}, nil
}

func (s *Server) progress(v *visit) (r store.Run, p progress, err error) {
	var steps []store.Step
	err = s.Store.Operator(v.Context(), func(tx store.Tx) (err error) {
		if r, err = tx.Run(v.Context(), v.PathValue("id")); err != nil {
			return err
		}
		steps, err = tx.Steps(v.Context(), r.ID, 0, mostStepsRead)
		return err
	})
	if err != nil {
		return r, p, notHere(err)
	}
	return r, progressOf(v, s.Clock.Now(), r, steps), nil
}

// progressOf is how far r is, at now, as v's person sees it.
func progressOf(v *visit, now time.Time, r store.Run, steps []store.Step) progress {
	steps = control.LastTries(steps)
	p := progress{ID: r.ID, MayStop: v.Person.Is(engineers) && !r.Stopping, Live: !r.Over(), State: runState(r), Steps: len(steps)}
	last := map[string]store.Step{} // the step that a customer is at, or its last
	unready := map[string]bool{}
	for _, st := range steps {
		ended := st.State == store.StepDone || st.State == store.StepSkipped && r.State == store.RunDone // whose last look found it done
		if ended {
			p.Done++
		}
		if st.Customer == "" {
			p.Others = append(p.Others, stepLineOf(now, st))
			continue
		}
		if at, seen := last[st.Customer]; !seen || at.State == store.StepDone || at.State == store.StepSkipped && r.State == store.RunDone {
			last[st.Customer] = st
		}
		unready[st.Customer] = unready[st.Customer] || !ended
	}
	ready := 0
	for key, at := range last {
		line := stepLineOf(now, at)
		if !unready[key] {
			ready++
			line.State = stateOf("ready")
		}
		p.Customers = append(p.Customers, line)
	}
	order := func(l stepLine) int { return slices.Index([]string{"bad", "busy", "warn", "", "good"}, l.State.Class) }
	slices.SortFunc(p.Customers, func(a, b stepLine) int { return cmp.Or(cmp.Compare(order(a), order(b)), cmp.Compare(a.Key, b.Key)) })
	if p.MoreCustomers = len(p.Customers) - mostInProgress; p.MoreCustomers > 0 {
		p.Customers = p.Customers[:mostInProgress]
	} else {
		p.MoreCustomers = 0
	}
	p.Doing = fmt.Sprintf("%s of %s", whole(p.Done), count(len(steps), "step"))
	if len(last) > 0 {
		p.Doing += fmt.Sprintf(", %s of %s ready", whole(ready), count(len(last), "customer"))
	}
	switch {
	case r.State == store.RunWaiting && r.Tries > 0:
		p.Doing = fmt.Sprintf("It waits for AWS, tried %s.", map[bool]string{true: "once", false: count(r.Tries, "time")}[r.Tries == 1])
		p.Waits, p.Away = "AWS cannot be looked at now", sentence(r.Summary)
		if r.Next != nil {
			p.Doing = strings.TrimSuffix(p.Doing, ".") + ", again at " + r.Next.UTC().Format("15:04:05 UTC") + "."
		}
	case r.State == store.RunWaiting && r.Summary != "":
		p.Doing, p.Waits, p.Away = "It waits for the organization's lock.", "Another command has the organization", sentence(r.Summary)
		if r.Next != nil {
			p.Doing = "It waits for the organization's lock, again at " + r.Next.UTC().Format("15:04:05 UTC") + "."
		}
	case r.State == store.RunWaiting:
		p.Doing = "It waits for its turn."
	case p.Live && r.Next != nil:
		p.Waits, p.Away = "It waits, again at "+r.Next.UTC().Format("15:04:05 UTC"), sentence(r.Summary)
	case len(steps) == 0 && p.Live:
		p.Doing = "Looking at the organization"
	case len(steps) == 0:
		p.Doing = "Nothing was left to do"
	}
	if spent := took(now, r.Started, r.Ended); spent != "" {
		p.Left = map[bool]string{true: "for " + spent, false: "took " + spent}[p.Live]
	}
	if len(p.Others) > mostInProgress {
		slices.SortStableFunc(p.Others, func(a, b stepLine) int { return cmp.Compare(order(a), order(b)) })
		p.Others = p.Others[:mostInProgress]
	}
	if r.Stopping && p.Live {
		p.Doing += "; stopping"
	}
	if !p.Live {
		p.Came = sentence(r.Summary)
	}
	if r.State == store.RunFailed {
		p.Error = r.Summary
	}
	return p
}

func stepLineOf(now time.Time, st store.Step) stepLine {
	l := stepLine{What: strings.ReplaceAll(st.Kind, "-", " ") + " " + st.What, State: stateOf(st.State), Error: st.Error, Run: st.Run, Key: st.Customer}
	if st.Attempts > 0 {
		l.Tries = whole(st.Attempts)
	}
	if st.State == store.StepRunning && st.Error != "" {
		l.State = stateOf("retrying")
	}
	for _, at := range []*time.Time{st.Ended, st.Started} {
		if at != nil {
			l.At = momentOf(now, *at)
			break
		}
	}
	return l
}

// runEvents sends the progress of a run whenever it changes, as server-sent
// events, until the run has ended, nobody listens, or who listens may no more.
func (s *Server) runEvents(v *visit) error {
	if _, _, err := s.progress(v); err != nil {
		return err
	}
	ctx, end := s.staying(v)
	defer end()
	out := http.NewResponseController(v.w)
	v.Header().Set("Content-Type", "text/event-stream")
	v.Header().Set("X-Accel-Buffering", "no") // nginx would wait for more
	v.w.WriteHeader(http.StatusOK)
	steps := map[int]store.Step{}
	for told, err := range s.Control.Watch(ctx, v.PathValue("id")) {
		for _, st := range told.Changed {
			steps[st.N] = st
		}
		if err == nil {
			err = s.send(v, progressOf(v, s.Clock.Now(), told.Run, inOrder(steps)))
		}
		if err == nil && told.Run.Over() {
			_, err = v.w.Write([]byte("event: ended\ndata:\n\n"))
		}
		if err == nil {
			err = out.Flush()
		}
		if err != nil { // the answer has begun: the browser asks again if it wants more
			s.log.Debug("events of a run end", "run", v.PathValue("id"), "err", err)
			return nil
		}
	}
	return nil
}

func inOrder(steps map[int]store.Step) []store.Step {
	list := make([]store.Step, 0, len(steps))
	for _, n := range slices.Sorted(maps.Keys(steps)) {
		list = append(list, steps[n])
	}
	return list
}

// send writes one event.
func (s *Server) send(v *visit, p progress) error {
	var page, b bytes.Buffer
	if err := s.pages["run"].ExecuteTemplate(&page, "progress", p); err != nil {
		return err
	}
	b.WriteString("event: progress\n")
	for line := range strings.Lines(page.String()) {
		b.WriteString("data: " + strings.TrimRight(line, "\r\n") + "\n")
	}
	b.WriteString("\n")
	_, err := b.WriteTo(v.w)
	return err
}

// stopRun has a run end after the calls in flight.
func (s *Server) stopRun(v *visit) error {
	r, _, err := s.progress(v)
	if err != nil {
		return err
	}
	err = s.Control.Stop(v.Context(), r.ID, v.by())
	if _, ended := errors.AsType[*control.EndedError](err); ended {
		p, err := s.runPage(v)
		if err != nil {
			return err
		}
		p.Late = true
		return s.renderStatus(v, http.StatusConflict, "run", p)
	}
	if err != nil {
		return fmt.Errorf("stop run %s: %w", r.ID, err)
	}
	return v.redirect("/runs/" + r.ID)
}
