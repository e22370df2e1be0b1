package simulate

import (
	"time"

	"landlord/internal/limits"
	"landlord/portfolio"
	"landlord/simaws"
)

// Share tells for how many random seeds the phased times lie in the ranges of
// the reference report.
type Share struct {
	Seeds int
	All   int // seeds for which every row does
	Rows  []ShareRow
}

// ShareRow is one row of the reference report's growth table.
type ShareRow struct {
	Customers int
	From, To  int // minutes, of the reference report
	Within    int // seeds
}

// ranges are the deployment times of the reference report, in minutes, that
// the reference profile and the settle times were fitted to.
var ranges = []ShareRow{
	{1, 7, 10, 0}, {2, 8, 10, 0}, {5, 10, 12, 0}, {10, 12, 15, 0}, {50, 20, 25, 0}, {100, 30, 40, 0},
}

// shareSeeds is how many random seeds Share is taken over.
const shareSeeds = 200

// share counts over the seeds that follow opt.Seed. Thousands of deployments
// would take minutes to run; each is instead computed by expected, which a test
// holds against the deployments that are run.
func share(p *portfolio.Portfolio, opt Options) Share {
	out := Share{Seeds: shareSeeds, Rows: append([]ShareRow(nil), ranges...)}
	tiers := make([]int, len(out.Rows))
	for i, row := range out.Rows {
		used := map[string]bool{}
		for _, c := range Scale(p, row.Customers).Customers {
			used[c.Tier] = true
		}
		tiers[i] = len(used)
	}
	for seed := range uint64(shareSeeds) {
		all := true
		for i := range out.Rows {
			row := &out.Rows[i]
			took := expected(opt.Profile, opt.Seed+seed, row.Customers, tiers[i])
			if in := took >= time.Duration(row.From)*time.Minute && took <= time.Duration(row.To)*time.Minute; in {
				row.Within++
			} else {
				all = false
			}
		}
		if all {
			out.All++
		}
	}
	return out
}

// expected is how long a deployment in phases takes, computed from the same
// latencies and limits that the simulated AWS has: creation i starts when the
// one before has, when a slot is free and when the bucket has a token.
func expected(profile simaws.Profile, seed uint64, customers, tiers int) time.Duration {
	latency := profile.CallLatency
	took := Settle() + latency("EnablePolicyType") +
		time.Duration(tiers)*(latency("CreateOrganizationalUnit")+latency("CreatePolicy")+latency("AttachPolicy"))
	const (
		burst = 3
		every = 10 * time.Second // CreateAccount: 0.1 a second
		poll  = 2500 * time.Millisecond
	)
	var bucket, start, last time.Duration
	var ends []time.Duration // of the creations under way
	for i := 1; i <= customers; i++ {
		free := time.Duration(0)
		if len(ends) == limits.CreationsInFlight {
			first := 0
			for j := range ends {
				if ends[j] < ends[first] {
					first = j
				}
			}
			free = ends[first] + poll/2 // seen by the next look, half an interval later on average
			ends = append(ends[:first], ends[first+1:]...)
		}
		if profile.Throttle {
			start = max(start, bucket-(burst-1)*every, free)
			bucket = max(start, bucket) + every
		}
		end := start + latency("CreateAccount") + profile.CreationLatency(seed, i)
		ends = append(ends, end)
		last = max(last, end)
	}
	if customers > 0 {
		last += poll/2 + latency("DescribeCreateAccountStatus") + latency("MoveAccount") + latency("TagResource")
		last += time.Duration(max(0, customers-6)) * time.Second / 4 // TagResource: 4 a second after a burst of 6
	}
	return took + last
}
