package simulate

import (
	"context"
	"runtime"
	"slices"
	"sync"

	"landlord/portfolio"
	"landlord/simaws"
)

// Study is one portfolio at several scales, and what many random seeds say of it.
type Study struct {
	Portfolio    *portfolio.Portfolio
	Profile      simaws.Profile
	Seed         uint64
	Scenarios    []*Scenario // by number of customers, ascending; the whole file is among them
	OneTier      *Scenario   // OneTierCustomers in the tier of the first customer; nil without customers
	Share        Share
	Confidence   Confidence
	Onboarding   *Onboarding // of the file, or of a sample; nil unless Options asked for it, and without customers
	AccountQuota int         // accounts that the largest scenario needs, the management account among them
}

// OneTierCustomers is how many customers the scenario of one tier holds.
const OneTierCustomers = 12

// Confidence is the share of checks that passed over many random seeds.
type Confidence struct {
	Seeds, Passed, All int
}

// confidenceSeeds is how many random seeds Confidence is taken over, and
// confidenceCustomers how many of the file's customers each deploys at most.
const (
	confidenceSeeds     = 20
	confidenceCustomers = 5
)

// Scales are the numbers of customers that a study covers if none are named.
var Scales = []int{1, 2, 5, 10, 25, 50, 100}

// At returns the scenario of so many customers, if it was run.
func (s *Study) At(customers int) (*Scenario, bool) {
	for _, sc := range s.Scenarios {
		if sc.Customers() == customers {
			return sc, true
		}
	}
	return nil, false
}

// Whole returns the scenario of the file as it is.
func (s *Study) Whole() *Scenario {
	whole, _ := s.At(len(s.Portfolio.Customers))
	return whole
}

// RunStudy runs p at each scale, and as it is. Scenarios run beside each other,
// each in a world of its own; the result does not depend on their order.
func RunStudy(ctx context.Context, p *portfolio.Portfolio, scales []int, opt Options) (*Study, error) {
	s := &Study{Portfolio: p, Profile: opt.Profile, Seed: opt.Seed}
	if len(p.Customers) > 0 {
		scales = append(slices.Clone(scales), len(p.Customers))
	} else {
		scales = []int{0} // no mix to scale
	}
	slices.Sort(scales)
	scales = slices.Compact(scales)
	s.AccountQuota = scales[len(scales)-1] + 1

	var jobs []func() error
	s.Scenarios = make([]*Scenario, len(scales))
	inPhases := make([]Phased, len(scales))
	opt.Phased = false                      // but beside the run
	for i := len(scales) - 1; i >= 0; i-- { // the longest first
		scaled := Scale(p, scales[i])
		jobs = append(jobs, func() (err error) {
			s.Scenarios[i], err = Run(ctx, scaled, opt)
			return err
		}, func() (err error) {
			inPhases[i], err = phased(ctx, scaled, opt)
			return err
		})
	}
	if len(p.Customers) > 0 {
		jobs = append(jobs, func() (err error) {
			s.OneTier, err = Run(ctx, Scale(only(p, p.Customers[0].Tier), OneTierCustomers), opt)
			return err
		})
	}
	tries := make([]Confidence, confidenceSeeds)
	few := Scale(p, min(len(p.Customers), confidenceCustomers))
	for i := range tries {
		jobs = append(jobs, func() error {
			with := opt
			with.Seed += uint64(i)
			sc, err := Run(ctx, few, with)
			if err != nil {
				return err
			}
			tries[i].Passed, tries[i].All = sc.Verified.Passed()
			return nil
		})
	}
	jobs = append(jobs, func() error {
		s.Share = share(p, opt)
		return nil
	})
	if err := beside(jobs); err != nil {
		return nil, err
	}
	for i := range s.Scenarios {
		s.Scenarios[i].Phased = inPhases[i]
	}
	if opt.Onboard && len(p.Customers) > 0 { // by itself: beside 10,000 customers it would add to the most memory
		var err error
		if s.Onboarding, err = Onboard(ctx, Sample(p), opt); err != nil {
			return nil, err
		}
	}
	s.Confidence.Seeds = len(tries)
	for _, t := range tries {
		s.Confidence.Passed += t.Passed
		s.Confidence.All += t.All
	}
	return s, nil
}

// only is p with the customers of one tier.
func only(p *portfolio.Portfolio, tier string) *portfolio.Portfolio {
	one := *p
	one.Customers = nil
	for _, c := range p.Customers {
		if c.Tier == tier {
			one.Customers = append(one.Customers, c)
		}
	}
	return &one
}

// beside runs the jobs on all cores and returns the error of the first in
// order that failed.
func beside(jobs []func() error) error {
	errs := make([]error, len(jobs))
	next := make(chan int)
	var workers sync.WaitGroup
	for range min(len(jobs), runtime.GOMAXPROCS(0)) {
		workers.Go(func() {
			for i := range next {
				errs[i] = jobs[i]()
			}
		})
	}
	for i := range jobs {
		next <- i
	}
	close(next)
	workers.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
