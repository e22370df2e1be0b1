package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
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

// limits are what a simulation of so many customers may take, at most.
var limits = map[int]struct {
	wall   time.Duration
	memory int64 // MB
}{
	5:      {500 * time.Millisecond, 0}, // onboarding and its reports among it
	10_000: {6 * time.Second, 400},
}

// simulations runs the whole command at each scale, from a few customers to
// 50,000: growth is what the last columns tell.
func simulations(s settings) (broken bool, err error) {
	t := tabwriter.NewWriter(os.Stdout, 0, 0, 3, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "landlord simulate --scale\twall\tprocessor\tmemory\tper customer\tlimit\tof limit\t")
	scales := []int{5, 100, 1_000, 10_000, 50_000}
	if s.short {
		scales = scales[:3]
	}
	out, err := os.MkdirTemp("", "bench")
	if err != nil {
		return false, err
	}
	defer os.RemoveAll(out)
	for _, n := range scales {
		c := exec.Command(s.binary, "simulate", example, "--scale", strconv.Itoa(n), "--format", "json", "-o", filepath.Join(out, "report.json"))
		began := time.Now()
		if said, err := c.CombinedOutput(); err != nil {
			return false, fmt.Errorf("%v: %w\n%s", c.Args, err, said)
		}
		wall := time.Since(began)
		processor := c.ProcessState.UserTime() + c.ProcessState.SystemTime()
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
		fmt.Fprintf(t, "%d\t%.2f s\t%.2f s\t%d MB\t%.0f µs\t%s\t%s\t\n", n, wall.Seconds(), processor.Seconds(), memory, float64(processor.Microseconds())/float64(n), limit, of)
	}
	return broken, t.Flush()
}

// planning plans and verifies customers against an organization that holds
// them all.
func planning(s settings) (slow bool, err error) {
	const limit = time.Second
	n := s.customers()
	folio, err := portfolio.Load(example)
	if err != nil {
		return false, err
	}
	profile, err := simaws.ProfileNamed("instant")
	if err != nil {
		return false, err
	}
	folio = simulate.Scale(folio, n)
	ran, err := simulate.Run(context.Background(), folio, simulate.Options{Profile: profile, Seed: 1})
	if err != nil {
		return false, err
	}
	began := time.Now()
	want := blueprint.From(folio)
	p, err := plan.Make(want, ran.Organization, plan.Options{})
	if err != nil {
		return false, err
	}
	planned := time.Since(began)
	if !p.Empty() {
		return false, fmt.Errorf("a plan of what is there has %d changes", len(p.Changes))
	}
	began = time.Now()
	verify.Organization(want, ran.Organization)
	verified := time.Since(began)
	empty := ran.Organization
	empty.Accounts, empty.Units, empty.Policies = nil, nil, nil
	began = time.Now()
	if _, err := plan.Make(want, empty, plan.Options{}); err != nil {
		return false, err
	}
	fresh := time.Since(began)
	fmt.Printf("%d customers, an organization of %d accounts\n", n, len(ran.Organization.Accounts))
	fmt.Printf("  plan, nothing to do   %7.3f s   %s of the limit of %v\n", planned.Seconds(), ratio(planned, limit), limit)
	fmt.Printf("  plan, all to create   %7.3f s   %s\n", fresh.Seconds(), ratio(fresh, limit))
	fmt.Printf("  verify                %7.3f s   %s\n", verified.Seconds(), ratio(verified, limit))
	return planned > limit || fresh > limit, nil
}
