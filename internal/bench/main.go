// Bench measures what landlord promises of its speed and size, beside the
// limit that each must keep to, and prints the ratio. `make bench` runs it; it
// fails when a limit is broken.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"text/tabwriter"
	"time"

	"landlord/portfolio"
	"landlord/simaws"
	"landlord/simulate"
	"landlord/vend/blueprint"
	"landlord/vend/plan"
	"landlord/vend/verify"
)

const example = "examples/five-customers.yaml"

func main() {
	binary := flag.String("landlord", "bin/landlord", "the binary that is measured")
	short := flag.Bool("short", false, "leave out what takes long, and fail by no limit")
	flag.Parse()
	if err := run(*binary, *short); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// limits are what a simulation of so many customers may take, at most.
var limits = map[int]struct {
	wall   time.Duration
	memory int64 // MB
}{
	5:      {300 * time.Millisecond, 0},
	10_000: {10 * time.Second, 500},
}

func run(binary string, short bool) error {
	fmt.Printf("%s, %d cores\n\n", runtime.Version(), runtime.GOMAXPROCS(0))
	broken, err := simulations(binary, short)
	if err != nil {
		return err
	}
	n := 10_000
	if short {
		n = 1_000
	}
	slow, err := planning(n, time.Second)
	if err != nil {
		return err
	}
	sluggish, err := finding(binary, n, 50*time.Millisecond)
	if err != nil {
		return err
	}
	if !short && (broken || slow || sluggish) {
		return fmt.Errorf("a limit is broken")
	}
	return nil
}

// simulations runs the whole command at each scale.
func simulations(binary string, short bool) (broken bool, err error) {
	t := tabwriter.NewWriter(os.Stdout, 0, 0, 3, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "landlord simulate --scale\twall\tmemory\tper customer\tlimit\tof limit\t")
	scales := []int{5, 100, 1_000, 10_000, 50_000}
	if short {
		scales = scales[:3]
	}
	out, err := os.MkdirTemp("", "bench")
	if err != nil {
		return false, err
	}
	defer os.RemoveAll(out)
	for _, n := range scales {
		c := exec.Command(binary, "simulate", example, "--scale", strconv.Itoa(n), "--format", "json", "-o", filepath.Join(out, "report.json"))
		began := time.Now()
		if said, err := c.CombinedOutput(); err != nil {
			return false, fmt.Errorf("%v: %w\n%s", c.Args, err, said)
		}
		wall := time.Since(began)
		memory := c.ProcessState.SysUsage().(*syscall.Rusage).Maxrss / 1024 // Linux: kilobytes
		limit, of := "–", "–"
		if l, has := limits[n]; has {
			limit, of = l.wall.String(), ratio(wall, l.wall)
			if l.memory > 0 {
				limit += fmt.Sprintf(", %d MB", l.memory)
				of += fmt.Sprintf(", %.2f", float64(memory)/float64(l.memory))
			}
			broken = broken || wall > l.wall || l.memory > 0 && memory > l.memory
		}
		fmt.Fprintf(t, "%d\t%.2f s\t%d MB\t%.0f µs\t%s\t%s\t\n", n, wall.Seconds(), memory, float64(wall.Microseconds())/float64(n), limit, of)
	}
	return broken, t.Flush()
}

// planning plans and verifies n customers against an organization that holds
// them all.
func planning(n int, limit time.Duration) (slow bool, err error) {
	folio, err := portfolio.Load(example)
	if err != nil {
		return false, err
	}
	profile, err := simaws.ProfileNamed("instant")
	if err != nil {
		return false, err
	}
	folio = simulate.Scale(folio, n)
	s, err := simulate.Run(context.Background(), folio, simulate.Options{Profile: profile, Seed: 1})
	if err != nil {
		return false, err
	}
	began := time.Now()
	want := blueprint.From(folio)
	p, err := plan.Make(want, s.Organization, plan.Options{})
	if err != nil {
		return false, err
	}
	planned := time.Since(began)
	if !p.Empty() {
		return false, fmt.Errorf("a plan of what is there has %d changes", len(p.Changes))
	}
	began = time.Now()
	verify.Organization(want, s.Organization)
	verified := time.Since(began)
	empty := s.Organization
	empty.Accounts, empty.Units, empty.Policies = nil, nil, nil
	began = time.Now()
	if _, err := plan.Make(want, empty, plan.Options{}); err != nil {
		return false, err
	}
	fresh := time.Since(began)
	fmt.Printf("\n%d customers, an organization of %d accounts\n", n, len(s.Organization.Accounts))
	fmt.Printf("  plan, nothing to do   %7.3f s   %s of the limit of %v\n", planned.Seconds(), ratio(planned, limit), limit)
	fmt.Printf("  plan, all to create   %7.3f s   %s\n", fresh.Seconds(), ratio(fresh, limit))
	fmt.Printf("  verify                %7.3f s   %s\n", verified.Seconds(), ratio(verified, limit))
	return planned > limit || fresh > limit, nil
}

func ratio(is, limit time.Duration) string {
	return fmt.Sprintf("%.2f", is.Seconds()/limit.Seconds())
}
