package journal

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"landlord/vend/execute"
)

// Summary is a run as its journal tells it.
type Summary struct {
	Header
	Until   time.Time `json:"until"`   // product time of the last line; zero if there is none
	Steps   int       `json:"steps"`   // of all rounds' plans
	Done    int       `json:"done"`    // steps done
	Running bool      `json:"running"` // it is at work on this machine
	End     *Ended    `json:"end,omitempty"`
}

// Torn is the fault of a journal's line that cannot be read.
type Torn struct {
	File string
	Line int
	Err  error
}

func (e *Torn) Error() string { return fmt.Sprintf("%s:%d: %v", e.File, e.Line, e.Err) }

// Runs returns the newest runs of a folder of landlord's, the newest first: at
// most so many, 0 is all. Journals that cannot be read are in the error, beside
// those that can.
func Runs(dir string, limit int, me Process) ([]Summary, error) {
	names, err := files(dir)
	if err != nil {
		return nil, err
	}
	slices.Reverse(names)
	if limit > 0 && len(names) > limit {
		names = names[:limit]
	}
	var runs []Summary
	var faults []error
	for _, name := range names {
		s, err := read(dir, name, me, func(Line) error { return nil })
		if err != nil {
			faults = append(faults, err)
			continue
		}
		runs = append(runs, s)
	}
	return runs, errors.Join(faults...)
}

// Find returns the one run that a word names: its id or the beginning or the
// end of it, or "last".
func Find(dir, word string) (run string, err error) {
	names, err := files(dir)
	if err != nil {
		return "", err
	}
	if len(names) == 0 {
		return "", fmt.Errorf("%s holds no journal of a run", Folder(dir))
	}
	if word == "last" {
		return names[len(names)-1], nil
	}
	var found []string
	for _, name := range names {
		if name == word {
			return name, nil
		}
		if strings.HasPrefix(name, word) || strings.HasSuffix(name, word) {
			found = append(found, name)
		}
	}
	switch len(found) {
	case 0:
		return "", fmt.Errorf("no run %q in %s; `landlord history` lists them", word, Folder(dir))
	case 1:
		return found[0], nil
	}
	return "", fmt.Errorf("%q names %d runs: %s and others. Write more of it", word, len(found), strings.Join(found[:2], ", "))
}

// Lines reads the journal of a run and tells each line to line.
func Lines(dir, run string, me Process, line func(Line) error) (Summary, error) {
	return read(dir, run, me, line)
}

// files are the ids of the runs of a folder, the oldest first: a file each, for a
// pipe of that name would keep its reader for ever.
func files(dir string) ([]string, error) {
	entries, err := os.ReadDir(Folder(dir))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the journals: %w", err)
	}
	var names []string
	for _, e := range entries {
		if name, is := strings.CutSuffix(e.Name(), extension); is && name != "" && e.Type().IsRegular() {
			names = append(names, name)
		}
	}
	return names, nil
}

// read reads a journal. A last line without an end was cut off by a kill, and
// is left out.
func read(dir, run string, me Process, line func(Line) error) (Summary, error) {
	path := filepath.Join(Folder(dir), run+extension)
	file, err := os.Open(path)
	if err != nil {
		return Summary{}, fmt.Errorf("read the journal: %w", err)
	}
	defer file.Close()
	var s Summary
	in := bufio.NewReader(file)
	for n := 1; ; n++ {
		text, err := in.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			if n == 1 {
				return s, &Torn{path, 1, errors.New("this is not a journal of landlord's")}
			}
			break
		}
		if err != nil {
			return s, fmt.Errorf("read the journal: %w", err)
		}
		if err := s.take(text, n == 1, line); err != nil {
			return s, &Torn{path, n, err}
		}
	}
	s.Running = s.End == nil && s.Runs(me)
	return s, nil
}

// take adds a line to the summary.
func (s *Summary) take(text []byte, first bool, line func(Line) error) error {
	if first {
		if err := json.Unmarshal(text, &s.Header); err != nil || s.Format == 0 {
			return errors.New("this is not a journal of landlord's")
		}
		if s.Format != format {
			return fmt.Errorf("this journal is of format %d; this landlord reads %d", s.Format, format)
		}
		return nil
	}
	var l Line
	if err := json.Unmarshal(text, &l); err != nil {
		return err
	}
	s.Until = l.At
	switch {
	case l.Plan != nil:
		s.Steps += l.Plan.Steps
		if l.Plan.Organization != "" {
			s.Org = l.Plan.Organization
		}
	case l.Event != nil && l.Event.State == execute.Done:
		s.Done++
	case l.End != nil:
		s.End = l.End
	}
	return line(l)
}
