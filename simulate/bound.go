package simulate

import (
	"slices"
	"time"

	"landlord/internal/limits"
	"landlord/simaws"
	"landlord/vend/plan"
)

// Bound is the least time that a scenario's creations take under AWS's limits,
// whoever makes them, and what it follows from, so that anyone can recompute it:
//
//	TAT₀ = 0
//	cᵢ   = 0 for i ≤ 5, else the (i−5)-th smallest of e₁ … eᵢ₋₁   a slot is free
//	sᵢ   = max(sᵢ₋₁, TATᵢ₋₁ − 20 s, cᵢ)                           creation i starts
//	TATᵢ = max(sᵢ, TATᵢ₋₁) + 10 s                                 the bucket
//	eᵢ   = sᵢ + Lᵢ                                                it ends
//	bound = r + max over i of (max(eᵢ, gᵢ) + m)
//
// With a profile that does not throttle all creations start at once.
type Bound struct {
	Time      time.Duration
	Before    time.Duration   // r: the calls that must precede the first CreateAccount
	Move      time.Duration   // m: one MoveAccount
	Guarded   []time.Duration // gᵢ: when the unit of the i-th account carries its policies, since r
	Latencies []time.Duration // Lᵢ: how long AWS takes to create the i-th account
}

// boundOf computes the bound of a scenario that was run with opt. Creations
// start in the plan's order, which is the order of customers.
func boundOf(s *Scenario, opt Options) Bound {
	b := Bound{Move: opt.Profile.CallLatency("MoveAccount")}
	if opt.Profile.Throttle { // one look at what is under way
		b.Before = opt.Profile.CallLatency("ListCreateAccountStatus")
	}
	guarded := map[string]time.Duration{} // by tier
	for _, bar := range s.Bars {
		if bar.Kind == plan.AttachPolicy {
			guarded[bar.Tier] = max(0, bar.To-b.Before)
		}
	}
	for i, c := range s.Portfolio.Customers {
		b.Guarded = append(b.Guarded, guarded[c.Tier])
		b.Latencies = append(b.Latencies, opt.Profile.CreationLatency(opt.Seed, i+1))
	}
	b.Time = b.Before + last(b, opt.Profile)
	return b
}

// last is max over i of (max(eᵢ, gᵢ) + m).
func last(b Bound, profile simaws.Profile) time.Duration {
	const (
		interval = 10 * time.Second // CreateAccount: 0.1 a second
		burst    = 20 * time.Second // and 3 at once
	)
	var start, tat, bound time.Duration
	// The (i−5)-th smallest of i−1 ends is the fifth largest: keep five.
	var largest []time.Duration // ascending
	for i, latency := range b.Latencies {
		if profile.Throttle {
			free := time.Duration(0)
			if i >= limits.CreationsInFlight {
				free = largest[0]
			}
			start = max(start, tat-burst, free)
			tat = max(start, tat) + interval
		}
		end := start + latency
		at, _ := slices.BinarySearch(largest, end)
		largest = slices.Insert(largest, at, end)
		if len(largest) > limits.CreationsInFlight {
			largest = largest[1:]
		}
		bound = max(bound, max(end, b.Guarded[i])+b.Move)
	}
	return bound
}
