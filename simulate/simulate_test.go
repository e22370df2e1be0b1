package simulate

import (
	"fmt"
	"math"
	"testing"
	"time"

	"landlord/portfolio"
	"landlord/simaws"
	"landlord/vend/blueprint"
	"landlord/vend/execute"
	"landlord/vend/plan"
)

func example(t testing.TB) *portfolio.Portfolio {
	t.Helper()
	p, err := portfolio.Load("../examples/five-customers.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func named(t testing.TB, name string) simaws.Profile {
	t.Helper()
	profile, err := simaws.ProfileNamed(name)
	if err != nil {
		t.Fatal(err)
	}
	return profile
}

// TestScenario deploys at several scales: all is verified, nothing is left, no
// call was throttled, and landlord is faster than the phases.
func TestScenario(t *testing.T) {
	for _, profile := range simaws.Profiles() {
		for _, n := range []int{1, 2, 5, 12, 40} {
			s, err := Run(t.Context(), Scale(example(t), n), Options{Profile: named(t, profile), Seed: 1, Phased: true})
			if err != nil {
				t.Fatalf("%s, %d customers: %v", profile, n, err)
			}
			if passed, all := s.Verified.Passed(); passed != all || s.Again != 0 || s.Throttled != 0 {
				t.Errorf("%s, %d customers: %d of %d checks passed, %d changes left, %d calls throttled", profile, n, passed, all, s.Again, s.Throttled)
			}
			if s.Took >= s.Phased.Took {
				t.Errorf("%s, %d customers: landlord took %v, the phases %v", profile, n, s.Took, s.Phased.Took)
			}
			if s.Accounts() != n || len(s.Phased.Phases) != 4 {
				t.Errorf("%s, %d customers: %d accounts, phases %v", profile, n, s.Accounts(), s.Phased.Phases)
			}
		}
	}
}

// TestExpected holds the computation that Share is made by against deployments
// that are run: within 1 % of them, whatever the seed.
func TestExpected(t *testing.T) {
	profile := named(t, "reference")
	for _, row := range ranges {
		for seed := uint64(1); seed <= 3; seed++ {
			p := Scale(example(t), row.Customers)
			ran, err := phased(t.Context(), p, Options{Profile: profile, Seed: seed})
			if err != nil {
				t.Fatal(err)
			}
			tiers := map[string]bool{}
			for _, c := range p.Customers {
				tiers[c.Tier] = true
			}
			computed := expected(profile, seed, row.Customers, len(tiers))
			if off := math.Abs(float64(computed-ran.Took)) / float64(ran.Took); off > 0.01 {
				t.Errorf("%d customers, seed %d: computed %v, ran %v: %.1f %% off", row.Customers, seed, computed, ran.Took, 100*off)
			}
		}
	}
}

// TestPhasesWithoutBytes: the phases take the same with and without a
// simulated AWS, to 1 %.
func TestPhasesWithoutBytes(t *testing.T) {
	opt := Options{Profile: named(t, "reference"), Seed: 3}
	for _, n := range []int{1, 7, 100} {
		p := Scale(example(t), n)
		w, err := newWorld(p, opt)
		if err != nil {
			t.Fatal(err)
		}
		seen, err := w.Observe(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		w.Close()
		todo, err := plan.Make(blueprint.From(p), seen, plan.Options{})
		if err != nil {
			t.Fatal(err)
		}
		d := newDry(opt.Profile, opt.Seed)
		without, err := inPhases(t.Context(), todo.Steps, d, d.clock, opt)
		if err != nil {
			t.Fatal(err)
		}
		with, err := phased(t.Context(), p, opt)
		if err != nil {
			t.Fatal(err)
		}
		if off := (with.Took - without.Took).Abs(); off > with.Took/100 {
			t.Errorf("%d customers: %v with a simulated AWS, %v without", n, with.Took, without.Took)
		}
	}
}

// TestReferenceRanges: with the default seed the phased times lie in the
// ranges that the profile was fitted to, and for most seeds they do.
func TestReferenceRanges(t *testing.T) {
	p, profile := example(t), named(t, "reference")
	for _, row := range ranges {
		ran, err := phased(t.Context(), Scale(p, row.Customers), Options{Profile: profile, Seed: 1})
		if err != nil {
			t.Fatal(err)
		}
		if minutes := ran.Took.Minutes(); minutes < float64(row.From) || minutes > float64(row.To) {
			t.Errorf("%d customers take %.1f minutes, want %d to %d", row.Customers, minutes, row.From, row.To)
		}
	}
	if s := share(p, Options{Profile: profile, Seed: 1}); s.All < s.Seeds*85/100 {
		t.Errorf("all rows lie in range for %d of %d seeds: %v", s.All, s.Seeds, s.Rows)
	}
}

// TestScale: the first customers, the file, whole multiples of its mix, the
// remainder in file order; keys, names and addresses stay unique.
func TestScale(t *testing.T) {
	p := example(t)
	for _, n := range []int{0, 1, 2, 5, 7, 10, 100, 1003} {
		scaled := Scale(p, n)
		if len(scaled.Customers) != n {
			t.Fatalf("Scale(%d) has %d customers", n, len(scaled.Customers))
		}
		seen := map[string]bool{}
		for i, c := range scaled.Customers {
			original := p.Customers[i%len(p.Customers)]
			if c.Tier != original.Tier || c.Price != original.Price {
				t.Errorf("Scale(%d)[%d] is %s at %s, want as %s", n, i, c.Tier, c.Price, original.Key)
			}
			for _, unique := range []string{"key " + c.Key, "e-mail " + c.Email, "name " + c.AccountName} {
				if seen[unique] {
					t.Errorf("Scale(%d): %s twice", n, unique)
				}
				seen[unique] = true
			}
			if len(c.AccountName) > 50 || len(c.Email) > 64 || len(c.Key) > 40 {
				t.Errorf("Scale(%d): %q, %q, %q are too long", n, c.Key, c.AccountName, c.Email)
			}
		}
	}
	if len(p.Customers) != 5 || p.Customers[0].Key != "acme" {
		t.Error("Scale changed its argument")
	}
}

// TestSameSeedSameStudy: two studies with one seed are equal to the call; with
// another only times differ.
func TestSameSeedSameStudy(t *testing.T) {
	text := func(seed uint64) (times, rest string) {
		s, err := RunStudy(t.Context(), example(t), []int{1, 5, 20}, Options{Profile: named(t, "typical"), Seed: seed})
		if err != nil {
			t.Fatal(err)
		}
		for _, sc := range s.Scenarios {
			passed, all := sc.Verified.Passed()
			times += fmt.Sprintln(sc.Took, sc.Phased, sc.Bars, sc.Calls, sc.Organization)
			rest += fmt.Sprintln(sc.Customers(), passed, all, sc.Resources(), sc.Created, sc.Revenue())
		}
		return times + fmt.Sprintln(s.Share, s.Confidence), rest
	}
	times1, rest1 := text(1)
	again, _ := text(1)
	times2, rest2 := text(2)
	if times1 != again {
		t.Error("the same seed gave another study")
	}
	if times1 == times2 {
		t.Error("another seed gave the same latencies")
	}
	if rest1 != rest2 {
		t.Errorf("another seed changed more than latencies:\n%s\n%s", rest1, rest2)
	}
}

// TestEstimate: the forecast of a plan holds the end of at least four deployments
// in five; of 1,000 customers it is within 10 % of it.
func TestEstimate(t *testing.T) {
	profile := named(t, "typical")
	for _, tt := range []struct{ customers, seeds int }{{1, 30}, {5, 30}, {20, 30}, {60, 20}, {1000, 20}} {
		p := Scale(example(t), tt.customers)
		held := 0
		for seed := uint64(1); seed <= uint64(tt.seeds); seed++ {
			took, forecast := forecastOf(t, p, profile, seed)
			if took >= forecast.Low && took <= forecast.High {
				held++
			}
			if width := forecast.High - forecast.Low; tt.customers >= 1000 && width > took/5 {
				t.Errorf("%d customers: the forecast %v is wider than 10 %% of %v on each side", tt.customers, forecast, took)
			}
		}
		if held*5 < tt.seeds*4 {
			t.Errorf("%d customers: the forecast holds the end for %d of %d seeds", tt.customers, held, tt.seeds)
		}
	}
}

// forecastOf is how long the deployment of p takes, and how long it was said to.
// It is run without bytes, which TestPhasesWithoutBytes holds to 1 % of one with.
func forecastOf(t *testing.T, p *portfolio.Portfolio, profile simaws.Profile, seed uint64) (time.Duration, Range) {
	t.Helper()
	w, err := newWorld(p, Options{Profile: profile, Seed: seed})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	seen, err := w.Observe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	todo, err := plan.Make(blueprint.From(p), seen, plan.Options{})
	if err != nil {
		t.Fatal(err)
	}
	forecast, err := Estimate(t.Context(), todo.Steps, w.Rules(), profile, seed)
	if err != nil {
		t.Fatal(err)
	}
	d := newDry(profile, seed)
	if err := d.Execute(t.Context(), execute.New(todo.Steps, w.Rules(), seed), nil); err != nil {
		t.Fatal(err)
	}
	return d.clock.Now().Sub(Start), forecast
}

// TestWithinTheBound: landlord takes at most 5 % and 3 s more than AWS's limits
// allow for the very latencies that it met, and is never throttled.
func TestWithinTheBound(t *testing.T) {
	for _, profile := range []string{"typical", "reference"} {
		for n, seeds := range map[int]uint64{1: 8, 5: 8, 20: 8, 100: 4, 400: 2, 1000: 1} {
			for seed := uint64(1); seed <= seeds; seed++ {
				s, err := Run(t.Context(), Scale(example(t), n), Options{Profile: named(t, profile), Seed: seed})
				if err != nil {
					t.Fatal(err)
				}
				earliest := map[string]time.Duration{}
				for i, c := range s.Portfolio.Customers {
					earliest[c.Tier] = s.Bound.Before + s.Bound.Guarded[i]
				}
				for _, bar := range s.Bars {
					if g := earliest[bar.Tier]; bar.Kind == plan.AttachPolicy && bar.To < g {
						t.Errorf("%s, %d customers: %s was attached after %v, before the earliest time %v", profile, n, bar.Name, bar.To, g)
					}
				}
				if most := s.Bound.Time + s.Bound.Time/20 + 3*time.Second; s.Took > most || s.Took < s.Bound.Time || s.Throttled > 0 {
					t.Errorf("%s, %d customers, seed %d: took %v, the bound is %v, want at most %v; %d calls throttled", profile, n, seed, s.Took, s.Bound.Time, most, s.Throttled)
				}
			}
		}
	}
}
