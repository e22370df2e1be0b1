package journal

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"time"

	"landlord/org"
	"landlord/vend/execute"
	"landlord/vend/plan"
)

// Header is the first line of a journal: which run it is of.
type Header struct {
	Format     int           `json:"landlord_journal"`
	Run        string        `json:"run"`
	Command    string        `json:"command"` // "apply"
	Version    string        `json:"version"`
	Began      time.Time     `json:"began"` // by the wall
	File       string        `json:"file"`
	FileHash   string        `json:"file_sha256,omitempty"`
	Target     string        `json:"target"`
	Org        string        `json:"organization,omitempty"` // "" if there was none yet
	Management org.AccountID `json:"management_account"`
	Caller     string        `json:"caller,omitempty"` // ARN
	Process
}

const format = 1

// RunID names the run of a process at a time: sorted by it, runs are in order,
// to the 4096th of a second.
func RunID(p Process, began time.Time) string {
	mark := sha256.Sum256(fmt.Appendf(nil, "%+v %d", p, began.UnixNano()))
	return fmt.Sprintf("%s-%03x%x", began.UTC().Format("20060102T150405Z"), began.Nanosecond()*4096/int(time.Second), mark[:2])
}

// Planned is the line of a round's plan.
type Planned struct {
	Round        int           `json:"round"`
	Organization string        `json:"organization,omitempty"`
	Steps        int           `json:"steps"`
	Changes      []plan.Change `json:"changes"`
}

// Happened is the line of something that became of a step.
type Happened struct {
	Round    int           `json:"round"`
	Step     int           `json:"step"` // its place in the round's plan
	Kind     plan.Kind     `json:"kind"`
	Name     string        `json:"name,omitempty"`
	Customer string        `json:"customer,omitempty"`
	State    execute.State `json:"state"`
	ID       string        `json:"id,omitempty"`      // what was made
	Handle   string        `json:"handle,omitempty"`  // what AWS goes on with
	Request  string        `json:"request,omitempty"` // AWS's id of the call that said so
	Error    string        `json:"error,omitempty"`
}

// Ended is the last line. A journal without it is of a run that was killed, or
// that still runs.
type Ended struct {
	Result  string         `json:"result"` // one of the results below
	Seconds float64        `json:"seconds"`
	Rounds  int            `json:"rounds,omitempty"`
	Done    int            `json:"steps_done"`
	Left    int            `json:"changes_left,omitempty"`
	Made    map[string]int `json:"made,omitempty"` // by what was made
	Error   string         `json:"error,omitempty"`
}

// What a run can come to.
const (
	Complete   = "complete"   // nothing is left to do
	Incomplete = "incomplete" // something failed, or is left
	Stopped    = "stopped"    // by whoever ran it
	Broken     = "failed"     // by an error
)

// Line is one line after the first: one of its parts is there.
type Line struct {
	At    time.Time `json:"at"` // product time: virtual if the target is simulated
	Plan  *Planned  `json:"plan,omitempty"`
	Event *Happened `json:"event,omitempty"`
	End   *Ended    `json:"end,omitempty"`
}

// Run is the journal of one run while it is written. Each line is written as
// it comes about, in one piece: a kill loses the last at most. What cannot be
// written is told to warn once, and then no more is: a journal is no reason for
// a run to stop.
type Run struct {
	ID    string
	file  io.WriteCloser
	warn  func(error)
	round int
}

// Folder is where the journals of a folder of landlord's are.
func Folder(dir string) string { return filepath.Join(dir, "journal") }

// Begin starts the journal of a run in a folder of landlord's.
func Begin(dir string, h Header, warn func(error)) *Run {
	r := &Run{ID: h.Run, warn: warn}
	h.Format = format
	file, err := begin(dir, h.Run)
	if err != nil {
		r.fail(err)
		return r
	}
	r.file = file
	r.write(h)
	if err := prune(dir, h.Run); err != nil {
		warn(fmt.Errorf("remove old journals: %w", err))
	}
	return r
}

// begin makes the file of a run's journal. In a folder that a group shares, the
// group may keep its journals too, and read these.
func begin(dir, run string) (*os.File, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	switch err := os.Mkdir(Folder(dir), 0o700); {
	case err == nil:
		if folder, err := os.Stat(dir); err == nil {
			_ = os.Chmod(Folder(dir), folder.Mode()&(fs.ModePerm|fs.ModeSetgid|fs.ModeSticky)) // it is ours
		}
	case !errors.Is(err, fs.ErrExist):
		return nil, err
	}
	file, err := os.OpenFile(filepath.Join(Folder(dir), run+extension), os.O_CREATE|os.O_EXCL|os.O_WRONLY|os.O_APPEND, 0o600)
	if err == nil {
		hand(file, 0o640)
	}
	return file, err
}

// Kept is how many journals a folder keeps.
const Kept = 100

// prune removes the oldest journals of a folder, beyond those that it keeps, and
// never the one of the run that begins: a clock may have gone back since the
// others. One that another run has just removed is gone as it should be.
func prune(dir, begins string) error {
	names, err := files(dir)
	if err != nil {
		return err
	}
	names = slices.DeleteFunc(names, func(name string) bool { return name == begins || !ofRun.MatchString(name) })
	var faults []error
	for _, name := range names[:max(0, len(names)-Kept+1)] {
		if err := os.Remove(filepath.Join(Folder(dir), name+extension)); !errors.Is(err, fs.ErrNotExist) {
			faults = append(faults, err)
		}
	}
	return errors.Join(faults...)
}

// ofRun is what RunID makes: nothing else is removed.
var ofRun = regexp.MustCompile(`^[0-9]{8}T[0-9]{6}Z-[0-9a-f]{7}$`)

const extension = ".jsonl"

func (r *Run) fail(err error) {
	r.warn(fmt.Errorf("keep the journal of this run: %w", err))
	r.file = nil
}

func (r *Run) write(v any) {
	if r.file == nil {
		return
	}
	b, err := json.Marshal(v)
	if err == nil {
		_, err = r.file.Write(append(b, '\n'))
	}
	if err != nil {
		_ = r.file.Close() // what was written stands
		r.fail(err)
	}
}

// Plan notes the plan of the next round.
func (r *Run) Plan(at time.Time, p *plan.Plan) {
	r.round++
	r.write(Line{At: at.UTC(), Plan: &Planned{Round: r.round, Organization: p.Organization, Steps: len(p.Steps), Changes: p.Changes}})
}

// Events notes what became of steps. What only waits for another is left out:
// its own start and end tell.
func (r *Run) Events(events []execute.Event) {
	for _, e := range events {
		h := &Happened{Round: r.round, Step: e.Step.ID, Kind: e.Step.Kind, Name: e.Step.Name, Customer: e.Step.Customer, State: e.State}
		switch e.State {
		case execute.Waiting:
			continue
		case execute.Running: // nothing has been answered yet
		default:
			h.ID, h.Handle, h.Request = e.Answer.ID, e.Answer.Handle, e.Answer.Request
		}
		if e.Err != nil {
			h.Error = e.Err.Error()
		}
		r.write(Line{At: e.At.UTC(), Event: h})
	}
}

// End notes what the run came to, and ends the journal.
func (r *Run) End(at time.Time, e Ended) {
	r.write(Line{At: at.UTC(), End: &e})
	if r.file != nil {
		if err := r.file.Close(); err != nil {
			r.fail(err)
		}
	}
}
