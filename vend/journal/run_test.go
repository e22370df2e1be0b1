package journal

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"landlord/vend/execute"
	"landlord/vend/plan"
)

// written is a journal in a new folder, and its bytes.
func written(t *testing.T, end bool) (dir, run string, text []byte) {
	t.Helper()
	dir = t.TempDir()
	began := time.Date(2026, 11, 23, 12, 3, 0, 0, time.UTC)
	me := Self()
	run = RunID(me, began)
	r := Begin(dir, Header{Run: run, Command: "apply", Began: began, Process: me, File: "portfolio.yaml", Management: "111122223333"}, func(err error) { t.Error(err) })
	step := plan.Step{ID: 0, Kind: plan.CreateAccount, Customer: "acme", Name: "ACME"}
	r.Plan(began, &plan.Plan{Organization: "o-1", Changes: []plan.Change{{Action: plan.Create, Noun: plan.AnAccount, Customer: "acme", Name: "ACME"}}, Steps: []plan.Step{step}})
	r.Events([]execute.Event{
		{At: began, Step: step, State: execute.Running},
		{At: began.Add(time.Minute), Step: step, State: execute.Done, Answer: execute.Result{ID: "222233334444", Request: "r-1"}},
	})
	if end {
		r.End(began.Add(time.Minute), Ended{Result: Complete, Seconds: 60, Done: 1, Made: map[string]int{"create-account": 1}})
	}
	text, err := os.ReadFile(filepath.Join(Folder(dir), run+extension))
	if err != nil {
		t.Fatal(err)
	}
	return dir, run, text
}

// TestJournalCutAtEveryByte: a kill may cut a journal off anywhere after its
// first line, and it is read up to there.
func TestJournalCutAtEveryByte(t *testing.T) {
	dir, run, text := written(t, true)
	path := filepath.Join(Folder(dir), run+extension)
	first := strings.IndexByte(string(text), '\n') + 1
	for n := first; n <= len(text); n++ {
		if err := os.WriteFile(path, text[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		whole := strings.Count(string(text[:n]), "\n") - 1
		got := 0
		s, err := Lines(dir, run, Self(), func(Line) error { got++; return nil })
		if err != nil || got != whole {
			t.Fatalf("cut at byte %d: %d lines and %v, want %d", n, got, err, whole)
		}
		if ended := whole == 4; (s.End != nil) != ended || s.Running == ended {
			t.Fatalf("cut at byte %d: end %v, running %v", n, s.End, s.Running)
		}
	}
}

// TestOldJournalsAreRemoved: so many are kept, the newest, and nothing else is touched.
func TestOldJournalsAreRemoved(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(Folder(dir), 0o700); err != nil {
		t.Fatal(err)
	}
	const own = "20200101-notes.jsonl"
	if err := os.WriteFile(filepath.Join(Folder(dir), own), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	began, me := time.Date(2026, 11, 23, 12, 3, 0, 0, time.UTC), Self()
	var runs []string
	for i := range Kept + 7 {
		at := began.Add(time.Duration(i) * time.Minute)
		runs = append(runs, RunID(me, at))
		Begin(dir, Header{Run: runs[i], Began: at, Process: me}, func(err error) { t.Error(err) }).End(at, Ended{})
	}
	names, err := files(dir)
	if want := append([]string{strings.TrimSuffix(own, extension)}, runs[7:]...); err != nil || !slices.Equal(names, want) {
		t.Errorf("%d journals are left (%v), from %v; want the newest %d and what is not landlord's", len(names), err, names[:2], Kept)
	}
}

// TestClockThatWentBack: the journal of a run is there while it runs, also where
// all others say that they are later.
func TestClockThatWentBack(t *testing.T) {
	dir, now, me := t.TempDir(), time.Date(2026, 11, 23, 12, 3, 0, 0, time.UTC), Self()
	begin := func(at time.Time) (run string) {
		run = RunID(me, at)
		Begin(dir, Header{Run: run, Began: at, Process: me}, func(err error) { t.Error(err) }).End(at, Ended{})
		return run
	}
	for i := range Kept + 1 {
		begin(now.Add(time.Duration(i) * time.Minute))
	}
	behind := begin(now.AddDate(-1, 0, 0))
	if _, err := Lines(dir, behind, me, func(Line) error { return nil }); err != nil {
		t.Errorf("the journal of a run whose clock is behind: %v", err)
	}
	if names, err := files(dir); err != nil || len(names) != Kept {
		t.Errorf("%d journals are left, want %d: %v", len(names), Kept, err)
	}
}

func TestJournalTellsTheRun(t *testing.T) {
	dir, run, text := written(t, true)
	if info, err := os.Stat(filepath.Join(Folder(dir), run+extension)); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v, want 0600", info.Mode(), err)
	}
	runs, err := Runs(dir, 0, Self())
	if err != nil || len(runs) != 1 {
		t.Fatalf("%d runs, %v", len(runs), err)
	}
	s := runs[0]
	if s.Done != 1 || s.Steps != 1 || s.Org != "o-1" || s.End == nil || s.End.Result != Complete || s.Running {
		t.Errorf("got %+v", s)
	}
	if !strings.Contains(string(text), `"request":"r-1"`) || !strings.Contains(string(text), `"id":"222233334444"`) {
		t.Errorf("no request or id in\n%s", text)
	}
	for _, word := range []string{run, run[:10], run[len(run)-6:], "last"} {
		if found, err := Find(dir, word); err != nil || found != run {
			t.Errorf("%q finds %q, %v", word, found, err)
		}
	}
	if _, err := Find(dir, "2019"); err == nil {
		t.Error("a run of 2019 was found")
	}
}

func TestRunsAreTheNewestFirst(t *testing.T) {
	dir := t.TempDir()
	var want []string
	for i := range 5 {
		began := time.Date(2026, 11, 23, 12, i, 0, 0, time.UTC)
		id := RunID(Self(), began)
		Begin(dir, Header{Run: id, Began: began}, func(err error) { t.Error(err) })
		want = append([]string{id}, want...)
	}
	runs, err := Runs(dir, 3, Self())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range runs {
		got = append(got, r.Run)
	}
	if !slices.Equal(got, want[:3]) {
		t.Errorf("got %v, want %v", got, want[:3])
	}
}

// TestBrokenJournalsAreNamed: one that cannot be read hides no other.
func TestBrokenJournalsAreNamed(t *testing.T) {
	dir, run, text := written(t, false)
	lines := strings.SplitAfter(string(text), "\n")
	for name, content := range map[string]string{
		"20250101T000000Z-aaaaaa": "",
		"20250101T000000Z-bbbbbb": "not a journal\n",
		"20250101T000000Z-cccccc": lines[0] + "{torn in the middle\n" + lines[2],
		"20250101T000000Z-dddddd": `{"landlord_journal":99}` + "\n",
	} {
		if err := os.WriteFile(filepath.Join(Folder(dir), name+extension), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	runs, err := Runs(dir, 0, Self())
	if len(runs) != 1 || runs[0].Run != run {
		t.Errorf("got %d runs, want the one that is whole", len(runs))
	}
	for _, part := range []string{"aaaaaa.jsonl:1", "bbbbbb.jsonl:1", "cccccc.jsonl:2", "format 99"} {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("error %v does not name %s", err, part)
		}
	}
}

// TestJournalIsNoReasonToStop: what cannot be written is said once.
func TestJournalIsNoReasonToStop(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(Folder(dir), []byte("a file where the folder should be"), 0o600); err != nil {
		t.Fatal(err)
	}
	warned := 0
	r := Begin(dir, Header{Run: "x"}, func(error) { warned++ })
	r.Plan(time.Time{}, &plan.Plan{})
	r.End(time.Time{}, Ended{})
	full := &Run{file: broken{}, warn: func(error) { warned++ }}
	full.Plan(time.Time{}, &plan.Plan{})
	full.End(time.Time{}, Ended{})
	if warned != 2 {
		t.Errorf("warned %d times of two journals, want 2", warned)
	}
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }
func (broken) Close() error              { return nil }
