package main

import (
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"go.yaml.in/yaml/v4"

	"landlord/simaws"
)

// profileFile is a profile as a file holds it: durations as Go writes them
// ("85s", "250ms").
type profileFile struct {
	Name           string                   `yaml:"name"`
	Throttle       bool                     `yaml:"throttle"`
	CreationMedian time.Duration            `yaml:"creation_median"`
	CreationSigma  float64                  `yaml:"creation_sigma"`
	TailShare      float64                  `yaml:"tail_share"`
	TailTimes      float64                  `yaml:"tail_times"`
	Closing        time.Duration            `yaml:"closing"`
	Read           time.Duration            `yaml:"read"`
	Write          time.Duration            `yaml:"write"`
	PolicyChange   time.Duration            `yaml:"policy_change"`
	Assignment     time.Duration            `yaml:"assignment,omitempty"`
	Calls          map[string]time.Duration `yaml:"calls"`
}

// profileNamed returns the profile of that name, or of that file.
func profileNamed(name string) (simaws.Profile, error) {
	if slices.Contains(simaws.Profiles(), name) {
		return simaws.ProfileNamed(name)
	}
	data, err := os.ReadFile(name)
	if err != nil {
		_, err = simaws.ProfileNamed(name)
		return simaws.Profile{}, fmt.Errorf("%w, or a file as scripts/try-aws prints one", err)
	}
	var f profileFile
	if err := yaml.Load(data, &f, yaml.WithKnownFields()); err != nil {
		return simaws.Profile{}, fmt.Errorf("profile %s: %s", name, strings.ReplaceAll(err.Error(), " in type main.profileFile", ", and no profile has it; want a file as scripts/try-aws prints one"))
	}
	for _, d := range []time.Duration{f.CreationMedian, f.Closing, f.Read, f.Write, f.PolicyChange, f.Assignment} {
		if d < 0 || d > 24*time.Hour {
			return simaws.Profile{}, fmt.Errorf("profile %s: %v is no latency: want 0 to 24 h", name, d)
		}
	}
	if f.CreationSigma < 0 || f.CreationSigma > 3 || f.TailShare < 0 || f.TailShare > 1 || f.TailTimes < 0 || f.TailTimes > 100 {
		return simaws.Profile{}, fmt.Errorf("profile %s: want creation_sigma 0 to 3, tail_share 0 to 1, tail_times 0 to 100", name)
	}
	return simaws.Profile(f), nil
}

// latencies collects what calls to AWS took.
type latencies struct {
	mu                      sync.Mutex
	reads, writes, policies []time.Duration
}

// add takes in one call. The client calls it from several goroutines.
func (l *latencies) add(writes bool, operation string, d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case strings.Contains(operation, "Policy") && writes:
		l.policies = append(l.policies, d)
	case writes:
		l.writes = append(l.writes, d)
	default:
		l.reads = append(l.reads, d)
	}
}

// profile writes what was measured as a profile, as a file holds it. creations
// are how long accounts took to be created.
func (l *latencies) profile(w io.Writer, creations []time.Duration) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	f := profileFile{Name: "measured", Throttle: true, CreationMedian: median(creations),
		Read: median(l.reads), Write: median(l.writes), PolicyChange: median(l.policies)}
	var sum float64
	for _, d := range creations {
		deviation := math.Log(float64(d) / float64(f.CreationMedian))
		sum += deviation * deviation
	}
	if len(creations) > 0 {
		f.CreationSigma = math.Round(1000*math.Sqrt(sum/float64(len(creations)))) / 1000
	}
	text, err := yaml.Marshal(f)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "# Measured: %s, %s, %s, %s.\n%s", count(len(creations), "creation"), count(len(l.reads), "read"),
		count(len(l.writes), "other write"), count(len(l.policies), "policy change"), text)
	return err
}

// median is the middle one; of none it is 0.
func median(d []time.Duration) time.Duration {
	if len(d) == 0 {
		return 0
	}
	d = slices.Sorted(slices.Values(d))
	return d[len(d)/2].Round(time.Millisecond)
}
