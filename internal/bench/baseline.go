package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	published "landlord/internal/limits"
	"landlord/org"
	"landlord/portfolio"
	"landlord/simaws"
	"landlord/simulate"
	"landlord/vend/apply"
	"landlord/vend/blueprint"
	"landlord/vend/plan"
)

// baselines brings the baselines of many accounts about on a simulated AWS, in
// virtual time, and looks again: beside what AWS's published limits and landlord's
// own calls in flight allow.
func baselines(s settings) (broken bool, err error) {
	folio, err := portfolio.Load(example)
	if err != nil {
		return false, err
	}
	profile, err := simaws.ProfileNamed("typical")
	if err != nil {
		return false, err
	}
	fmt.Println("Baselines: a look, what it finds done, a look that finds nothing (virtual time, profile typical, seed 1, one region)")
	fmt.Println()
	fmt.Println("| accounts | steps | calls | allowed | took | of that | one look | for real | most memory |")
	fmt.Println("|--:|--:|--:|--:|--:|--:|--:|--:|--:|")
	scales := []int{5, 100, 10_000}
	if s.short {
		scales = []int{5, 100}
	}
	for _, n := range scales {
		r, err := settleBaselines(simulate.Scale(folio, n), profile)
		if err != nil {
			return false, err
		}
		fmt.Printf("| %d | %d | %d | %s | %s | %.2f | %s | %.1f s | %s |\n", n, r.steps, r.calls, span(r.bound), span(r.took), r.took.Seconds()/r.bound.Seconds(), span(r.look), r.wall.Seconds(), r.memory)
		if r.throttled > 0 || r.left > 0 || r.took > r.bound+r.bound/5+3*time.Second {
			broken = true
			fmt.Printf("  %d calls throttled, %d gaps left\n", r.throttled, r.left)
		}
	}
	fmt.Printf("\nallowed is the most of three: one account's chain of calls; AssumeRole at AWS's %.0f a second; all calls with %d in flight, which is\nlandlord's own number, and then the time that AWS makes the last account's conformance pack.\n", published.Of("AssumeRole").Account.Rate, apply.InsideCalls)
	fmt.Println("landlord's limit is 1.2 times that and 3 s, no throttled call, and nothing left. AWS publishes no rates of AWS Config, and no latencies.")
	fmt.Println("Memory is the whole process's: the simulated AWS with all it holds, and landlord.")
	return broken, nil
}

// reading is a world that tells how long the organization was read for, which is
// another part's to measure.
type reading struct {
	*simulate.World
	took time.Duration
}

func (r *reading) Observe(ctx context.Context) (org.Organization, error) {
	began := r.Clock.Now()
	seen, err := r.World.Observe(ctx)
	r.took += r.Clock.Now().Sub(began)
	return seen, err
}

// settled is what baselines took.
type settled struct {
	steps, calls, throttled, left int
	bound, took, look, wall       time.Duration
	memory                        string
}

func settleBaselines(folio *portfolio.Portfolio, profile simaws.Profile) (r settled, err error) {
	ctx := context.Background()
	w, err := simulate.NewWorld(simaws.Config{Profile: profile, Seed: 1, Organization: true, ManagementAccount: string(folio.Organization.Management), AccountIDs: simulate.AccountIDs(folio)})
	if err != nil {
		return r, err
	}
	defer w.Close()
	want := blueprint.From(folio)
	if _, err := vend(ctx, w, want); err != nil {
		return r, err
	}
	before := w.Server.Metrics()
	began, wall := w.Clock.Now(), time.Now()
	in := &reading{World: w}
	b := apply.NewBaselines(in, want, folio.Organization.Regions, w.Rules(), 1)
	seen, err := b.Observe(ctx)
	if err != nil {
		return r, err
	}
	r.look = w.Clock.Now().Sub(began) - in.took
	todo, err := b.Plan(seen, plan.Options{})
	if err != nil {
		return r, err
	}
	out, err := apply.Rounds(ctx, b, want, todo, seen, apply.Options{Rules: b.Rules, Seed: 1, Plan: b.Plan})
	if err != nil {
		return r, err
	}
	r.wall = time.Since(wall)
	r.steps, r.left = out.Done, len(out.Failures)
	for _, of := range b.Last.Of {
		r.left += len(of.Gaps())
	}
	r.took = w.Clock.Now().Sub(began) - in.took
	r.memory = fmt.Sprintf("%d MB", peak(os.Getpid()))
	r.bound, r.calls, r.throttled = allowed(before, w.Server.Metrics(), profile, len(b.Last.Of))
	return r, nil
}

// vend makes the accounts that are wanted, and returns the organization that has them.
func vend(ctx context.Context, w *simulate.World, want blueprint.Blueprint) (org.Organization, error) {
	seen, err := w.Observe(ctx)
	if err != nil {
		return seen, err
	}
	todo, err := plan.Make(want, seen, plan.Options{})
	if err != nil {
		return seen, err
	}
	out, err := apply.Rounds(ctx, w, want, todo, seen, apply.Options{Rules: w.Rules(), Seed: 1})
	return out.Seen, err
}

// allowed is the least time that what was called takes.
func allowed(before, after simaws.Metrics, profile simaws.Profile, accounts int) (bound time.Duration, calls, throttled int) {
	var work time.Duration
	looks := 2 * accounts // at the states of packs; the other calls of it wait for AWS
	for _, operation := range slices.Sorted(maps.Keys(after.Calls)) {
		n := after.Calls[operation] - before.Calls[operation]
		throttled += after.Throttled[operation] - before.Throttled[operation]
		if operation != "AssumeRole" && !strings.Contains(operation, ":") {
			continue // the organization's
		}
		calls += n
		if operation == plan.LookPackStates.Operation() {
			n = min(n, looks)
		}
		work += time.Duration(n) * profile.CallLatency(operation)
	}
	entering := published.Of("AssumeRole").Account
	tokens := time.Duration(float64(max(0, accounts-entering.Burst)) / entering.Rate * float64(time.Second))
	look := profile.CallLatency("AssumeRole") + 3*profile.Read
	chain := look + 5*profile.Write + profile.Settle() + 3*profile.Read
	return max(work/apply.InsideCalls+profile.Settle(), tokens, chain), calls, throttled
}
