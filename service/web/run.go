package web

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
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
	Checklist     checklist
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
// that serve all.
const mostInProgress = 100

// run shows what a run does, or did.
func (s *Server) run(v *visit) error {
	p, err := s.runPage(v)
	if err != nil {
		return err
	}
	return s.render(v, "run", p)
}

func (s *Server) runPage(v *visit) (runPage, error) {
	r, now, err := s.progress(v.Context(), v)
	if err != nil {
		return runPage{}, err
	}
	return runPage{shell: s.shell(v, runName(r)), Who: r.AskedBy, Asked: momentOf(v.Now, r.AskedAt), progress: now}, nil
}

func (s *Server) progress(ctx context.Context, v *visit) (r store.Run, p progress, err error) {
	var steps store.Progress
	var list checklist
	err = s.Store.Operator(ctx, func(tx store.Tx) (err error) {
		if r, err = tx.Run(ctx, v.PathValue("id")); err != nil {
			return err
		}
		if list, err = s.checklistOf(ctx, tx, r, s.Clock.Now()); err != nil {
			return err
		}
		steps, err = tx.Progress(ctx, r.ID, mostInProgress)
		return err
	})
	if err != nil {
		return r, p, notHere(err)
	}
	p = progressOf(v, s.Clock.Now(), r, steps)
	p.Checklist = list
	return r, p, nil
}

// progressOf is how far r is, at now, as v's person sees it.
func progressOf(v *visit, now time.Time, r store.Run, steps store.Progress) progress {
	p := progress{ID: r.ID, MayStop: v.Person.Is(engineers) && !r.Stopping, Live: !r.Over(), State: runState(r), Steps: steps.Steps, Done: steps.Done}
	for _, at := range steps.At {
		line := stepLineOf(now, at)
		if at.State == store.StepDone || at.State == store.StepSkipped && r.State == store.RunDone {
			line.State = stateOf("ready")
		}
		p.Customers = append(p.Customers, line)
	}
	p.MoreCustomers = steps.Customers - len(steps.At)
	if len(steps.Shared) < mostInProgress { // all of them: as they are done
		slices.SortFunc(steps.Shared, func(a, b store.Step) int { return cmp.Compare(a.N, b.N) })
	}
	for _, at := range steps.Shared {
		p.Others = append(p.Others, stepLineOf(now, at))
	}
	p.Doing = fmt.Sprintf("%s of %s", whole(p.Done), count(p.Steps, "step"))
	if steps.Customers > 0 {
		p.Doing += fmt.Sprintf(", %s of %s ready", whole(steps.Ready), count(steps.Customers, "customer"))
	}
	if r.Kind == store.RunScan && p.Steps > 0 {
		p.Doing = fmt.Sprintf("%s of %s assessed", whole(steps.Ready), count(p.Steps, "account"))
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
	case p.Steps == 0 && p.Live:
		p.Doing = "Looking at the organization"
	case p.Steps == 0 && r.Kind == store.RunScan:
		p.Doing = "No account was assessed"
	case p.Steps == 0:
		p.Doing = "Nothing was left to do"
	}
	if spent := took(now, r.Started, r.Ended); spent != "" {
		p.Left = map[bool]string{true: "for " + spent, false: "took " + spent}[p.Live]
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
	if _, _, err := s.progress(v.Context(), v); err != nil {
		return err
	}
	ctx, end := s.staying(v)
	defer end()
	out := http.NewResponseController(v.w)
	v.Header().Set("Content-Type", "text/event-stream")
	v.Header().Set("X-Accel-Buffering", "no") // nginx would wait for more
	v.w.WriteHeader(http.StatusOK)
	for told, err := range s.Control.Watch(ctx, v.PathValue("id")) {
		var now progress
		if err == nil {
			_, now, err = s.progress(ctx, v)
		}
		if err == nil {
			err = s.send(v, now)
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
	r, _, err := s.progress(v.Context(), v)
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
