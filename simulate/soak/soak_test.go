package soak

import (
	"bytes"
	"encoding/json"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"

	"landlord/simaws"
)

func TestMain(m *testing.M) {
	debug.SetGCPercent(400) // as the command does
	os.Exit(m.Run())
}

func lives(t *testing.T, opt Options) Report {
	t.Helper()
	opt.Workers = runtime.GOMAXPROCS(0)
	report, err := Run(t.Context(), opt)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// TestLives lives lives, with and without outsiders. scripts/check lives many
// more.
func TestLives(t *testing.T) {
	report := lives(t, Options{Seeds: 120, From: 1})
	for _, l := range report.Failed {
		t.Errorf("landlord soak --seeds 1 --from %d: %s", l.Seed, strings.Join(l.Broken, "\n\t"))
	}
	if report.Outsiders != 60 || report.Crashes < 100 || report.Judged < 2000 || report.Meddled < 300 || report.Commands < 60 || report.Late < 30 || report.Accepting < 15 {
		t.Errorf("%+v: too little happened for a test", report)
	}
	for _, kind := range simaws.FaultKinds() {
		if report.Faults[string(kind)] == 0 {
			t.Errorf("no %s happened: %v", kind, report.Faults)
		}
	}
}

// TestSeeds lives the seeds that failed once.
func TestSeeds(t *testing.T) {
	text, err := os.ReadFile("testdata/seeds")
	if err != nil {
		t.Fatal(err)
	}
	for l := range strings.Lines(string(text)) {
		number, found, _ := strings.Cut(strings.TrimSpace(l), " ")
		if number == "#" {
			continue
		}
		seed, err := strconv.ParseUint(number, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		if life := Live(t.Context(), seed, Options{}); len(life.Broken) > 0 {
			t.Errorf("seed %d (%s): %s", seed, found, strings.Join(life.Broken, "\n\t"))
		}
	}
}

// TestBrokenRules: without any one rule most lives break the promise that it
// keeps, and the judge names that.
func TestBrokenRules(t *testing.T) {
	for _, rule := range Rules() {
		t.Run(rule.Name, func(t *testing.T) {
			const seeds = 10
			named := 0
			report := lives(t, Options{Seeds: seeds, From: 1, Break: rule})
			for _, l := range report.Failed {
				if strings.Contains(strings.Join(l.Broken, "\n"), rule.Breaks) {
					named++
				}
			}
			if named <= seeds/2 {
				t.Errorf("of %d lives %d failed, %d of them because %q: %s", seeds, len(report.Failed), named, rule.Breaks, rule.About)
			}
		})
	}
}

// TestTrace: a trace holds every call, in the order of seeds, and is the same
// each time.
func TestTrace(t *testing.T) {
	var first, again bytes.Buffer
	report := lives(t, Options{Seeds: 4, From: 7, Trace: &first})
	lives(t, Options{Seeds: 4, From: 7, Trace: &again})
	if !bytes.Equal(first.Bytes(), again.Bytes()) {
		t.Error("the same seeds left another trace")
	}
	calls, last := 0, uint64(0)
	for text := range bytes.Lines(first.Bytes()) {
		var l line
		if err := json.Unmarshal(text, &l); err != nil {
			t.Fatal(err)
		}
		if l.Seed < last {
			t.Fatalf("seed %d follows %d", l.Seed, last)
		}
		last = l.Seed
		if l.Operation != "" && l.Who != "outsider" {
			calls++
		}
	}
	if calls != report.Calls {
		t.Errorf("the trace has %d calls of landlord's, the report %d", calls, report.Calls)
	}
}
