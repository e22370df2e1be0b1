package main

import (
	"fmt"
	"io"
	"math"
	"os"
	"slices"
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
		return simaws.Profile{}, fmt.Errorf("%w, or a file as scripts/try-aws.sh prints one", err)
	}
	var f profileFile
	if err := yaml.Load(data, &f, yaml.WithKnownFields()); err != nil {
		return simaws.Profile{}, fmt.Errorf("profile %s: %w", name, err)
	}
	for _, d := range []time.Duration{f.CreationMedian, f.Closing, f.Read, f.Write, f.PolicyChange} {
		if d < 0 || d > 24*time.Hour {
			return simaws.Profile{}, fmt.Errorf("profile %s: %v is no latency: want 0 to 24 h", name, d)
		}
	}
	if f.CreationSigma < 0 || f.CreationSigma > 3 || f.TailShare < 0 || f.TailShare > 1 || f.TailTimes < 0 || f.TailTimes > 100 {
		return simaws.Profile{}, fmt.Errorf("profile %s: want creation_sigma 0 to 3, tail_share 0 to 1, tail_times 0 to 100", name)
	}
	return simaws.Profile(f), nil
}

// measured is a profile of what a run took, as a file holds it.
func measured(w io.Writer, name string, creations, writes, policies []time.Duration) error {
	f := profileFile{Name: name, Throttle: true, CreationMedian: median(creations), Write: median(writes), PolicyChange: median(policies)}
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
	_, err = fmt.Fprintf(w, "# Measured: %d creations, %d other writes, %d policy changes.\n%s", len(creations), len(writes), len(policies), text)
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
