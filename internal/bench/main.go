// Bench measures what landlord promises of its speed and size, beside the
// limit that each must keep to, and prints the ratio. `make bench` runs it; it
// fails when a limit is broken.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"
)

const example = "examples/five-customers.yaml"

// settings are what a part is measured with.
type settings struct {
	binary string        // landlord's
	short  bool          // leave out what takes long, and fail by no limit
	lasts  time.Duration // how long people look around in the house
}

// customers is how many customers a part is measured with.
func (s settings) customers() int {
	if s.short {
		return 1_000
	}
	return 10_000
}

// part is one thing that is measured; it tells whether a limit is broken.
type part struct {
	name    string
	measure func(settings) (broken bool, err error)
}

var parts = []part{
	{"simulate", simulations},
	{"plan", planning},
	{"find", finding},
	{"compliance", compliances},
	{"assess", assessments},
	{"guardrail", decisions},
	{"soak", soaking},
	{"makespan", makespans},
	{"baseline", baselines},
	{"identity", signIns},
	{"onboard", onboardings},
	{"server", servers},
	{"moto", emulator},
	{"usage", usages},
	{"house", houses},
}

func main() {
	var s settings
	flag.StringVar(&s.binary, "landlord", "bin/landlord", "the binary that is measured")
	flag.BoolVar(&s.short, "short", false, "leave out what takes long, and fail by no limit")
	flag.DurationVar(&s.lasts, "lasts", time.Minute, "how long 200 people look around in the house, twice")
	only := flag.String("only", "", "the parts to measure, by comma: "+names())
	flag.Parse()
	if err := run(s, *only); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func names() string {
	var all []string
	for _, p := range parts {
		all = append(all, p.name)
	}
	return strings.Join(all, ", ")
}

func run(s settings, only string) error {
	var wanted []string
	if only != "" {
		wanted = strings.Split(only, ",")
	}
	for _, name := range wanted {
		if !slices.ContainsFunc(parts, func(p part) bool { return p.name == name }) {
			return fmt.Errorf("no part %q: want %s", name, names())
		}
	}
	fmt.Printf("%s, %d cores\n", runtime.Version(), runtime.GOMAXPROCS(0))
	var broken []string
	for _, p := range parts {
		if wanted != nil && !slices.Contains(wanted, p.name) {
			continue
		}
		fmt.Println()
		is, err := p.measure(s)
		if err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		if is {
			broken = append(broken, p.name)
		}
	}
	if len(broken) > 0 && !s.short {
		return errors.New("a limit is broken: " + strings.Join(broken, ", "))
	}
	return nil
}

func ratio(is, limit time.Duration) string {
	return fmt.Sprintf("%.2f", is.Seconds()/limit.Seconds())
}
