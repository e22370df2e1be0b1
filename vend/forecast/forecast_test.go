package forecast

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

var aws = Limits{Slots: 5, Every: 10 * time.Second, Burst: 20 * time.Second}

func lognormal(r *rand.Rand, median time.Duration, sigma float64) time.Duration {
	return time.Duration(float64(median) * math.Exp(sigma*r.NormFloat64()))
}

// deployment is when n creations start and end, under AWS's slots and rate.
func deployment(n int, latency func() time.Duration) (starts, ends []time.Duration) {
	var start, tat time.Duration
	for i := range n {
		sorted := slices.Sorted(slices.Values(ends))
		if i >= aws.Slots {
			start = max(start, sorted[i-aws.Slots])
		}
		start = max(start, tat-20*time.Second)
		tat = max(start, tat) + aws.Every
		starts, ends = append(starts, start), append(ends, start+latency())
	}
	return starts, ends
}

// at is how far the deployment has come by now.
func at(now time.Duration, starts, ends []time.Duration) Run {
	var r Run
	for i := range starts {
		switch {
		case starts[i] > now:
			r.Waiting++
		case ends[i] > now:
			r.Ages = append(r.Ages, now-starts[i])
		default:
			r.Took = append(r.Took, ends[i]-starts[i])
		}
	}
	return r
}

// TestHoldsTheEnd: at each tenth of a deployment the forecast holds the end for
// at least four seeds in five, and it narrows as accounts finish.
func TestHoldsTheEnd(t *testing.T) {
	const median, sigma = 45 * time.Second, 0.843
	for _, n := range []int{5, 20, 100, 1000} {
		seeds := 120
		if n == 1000 {
			seeds = 30
		}
		var before, after time.Duration
		for tenth := range 10 {
			held := 0
			for seed := range uint64(seeds) {
				r := rand.New(rand.NewPCG(seed, 1))
				starts, ends := deployment(n, func() time.Duration { return lognormal(r, median, sigma) })
				end := slices.Max(ends)
				now := end * time.Duration(tenth) / 10
				low, high := at(now, starts, ends).Left(aws, Expected{median, sigma}, r)
				if now+low <= end && end <= now+high {
					held++
				}
				if n >= 1000 && high-low > end/5 {
					t.Errorf("%d creations, seed %d, %d tenths done: %v to %v left is wider than 10 %% of %v on each side", n, seed, tenth, low, high, end)
				}
			}
			if held*5 < seeds*4 {
				t.Errorf("%d creations, %d tenths done: the forecast holds the end for %d of %d seeds", n, tenth, held, seeds)
			}
		}
		for seed := range uint64(seeds) {
			r := rand.New(rand.NewPCG(seed, 2))
			starts, ends := deployment(n, func() time.Duration { return lognormal(r, median, sigma) })
			low, high := at(0, starts, ends).Left(aws, Expected{median, sigma}, r)
			before += high - low
			low, high = at(slices.Sorted(slices.Values(ends))[n-2], starts, ends).Left(aws, Expected{median, sigma}, r)
			after += high - low
		}
		if after >= before*9/10 {
			t.Errorf("%d creations: the forecast does not narrow: %v at the start, %v when one is left", n, before/time.Duration(seeds), after/time.Duration(seeds))
		}
	}
}

// TestSlowerThanExpected: when creations take three times what was expected,
// the forecast has followed by the time that twenty are done.
func TestSlowerThanExpected(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	prior := Expected{60 * time.Second, 0.2}
	starts, ends := deployment(100, func() time.Duration { return 180 * time.Second })
	now := slices.Sorted(slices.Values(ends))[20] + time.Second
	low, high := at(now, starts, ends).Left(aws, prior, r)
	rest := slices.Max(ends) - now
	if low > rest+rest/10 || high < rest-rest/10 {
		t.Errorf("%v to %v left, want about %v", low, high, rest)
	}
	// One creation that takes longer than anything met: still something is left.
	if low, high := (Run{Ages: []time.Duration{time.Hour}}).Left(aws, prior, r); low <= 0 || high <= 0 {
		t.Errorf("%v to %v left of a creation that has not ended", low, high)
	}
}

// TestSlowerAtScale: a thousand creations that take twice as long as expected. Once
// a tenth is done the forecast holds the end for four seeds in five; within 10 %
// on each side on average once three are, and for every seed once half is.
func TestSlowerAtScale(t *testing.T) {
	const seeds = 60
	for tenth := 1; tenth < 10; tenth += 2 {
		held, width := 0, 0.0
		for seed := range uint64(seeds) {
			r := rand.New(rand.NewPCG(seed, 3))
			starts, ends := deployment(1000, func() time.Duration { return lognormal(r, 90*time.Second, 0.843) })
			end := slices.Max(ends)
			now := end * time.Duration(tenth) / 10
			low, high := at(now, starts, ends).Left(aws, Expected{45 * time.Second, 0.843}, r)
			if now+low <= end && end <= now+high {
				held++
			}
			width += float64(high-low) / float64(end) / seeds
			if tenth >= 5 && high-low > end/5 {
				t.Errorf("seed %d, %d tenths done: %v to %v left is wider than 10 %% of %v on each side", seed, tenth, low, high, end)
			}
		}
		if held*5 < seeds*4 {
			t.Errorf("%d tenths done: the forecast holds the end for %d of %d seeds", tenth, held, seeds)
		}
		if tenth >= 3 && width > 0.2 {
			t.Errorf("%d tenths done: the forecast is %.1f %% of the end wide", tenth, width*100)
		}
	}
}

// TestSlowerWhenFew: creations that take twice as long as expected, and few of them.
// The forecast holds the end for four seeds in five, later than at scale: the first
// that end are the quick ones.
func TestSlowerWhenFew(t *testing.T) {
	const seeds = 100
	for _, tt := range []struct{ creations, from int }{{20, 4}, {100, 3}} {
		for tenth := tt.from; tenth < 10; tenth += 3 {
			held := 0
			for seed := range uint64(seeds) {
				r := rand.New(rand.NewPCG(seed, 3))
				starts, ends := deployment(tt.creations, func() time.Duration { return lognormal(r, 90*time.Second, 0.843) })
				end := slices.Max(ends)
				now := end * time.Duration(tenth) / 10
				low, high := at(now, starts, ends).Left(aws, Expected{45 * time.Second, 0.843}, r)
				if now+low <= end && end <= now+high {
					held++
				}
			}
			if held*5 < seeds*4 {
				t.Errorf("%d creations, %d tenths done: the forecast holds the end for %d of %d seeds", tt.creations, tenth, held, seeds)
			}
		}
	}
}
