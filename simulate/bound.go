package simulate

import (
	"slices"
	"time"

	"landlord/internal/limits"
	"landlord/portfolio"
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
// gᵢ is the earliest that AWS allows, not what this run took: policies change one
// at a time, so the k-th unit of the plan carries its policy no sooner than the
// policies and attachments up to it take one after the other, nor than its unit
// is made. With a profile that does not throttle all creations start at once.
type Bound struct {
	Time      time.Duration
	Before    time.Duration   // r: the calls that must precede the first CreateAccount
	Move      time.Duration   // m: one MoveAccount
	Guarded   []time.Duration // gᵢ: when the unit of the i-th account carries its policies, since r
	Latencies []time.Duration // Lᵢ: how long AWS takes to create the i-th account
}

// boundOf computes the bound of a plan for p that is run with opt. Creations
// start in the plan's order, which is the order of customers.
func boundOf(p *portfolio.Portfolio, steps []plan.Step, opt Options) Bound {
	b := Bound{Move: opt.Profile.CallLatency("MoveAccount")}
	if opt.Profile.Throttle { // one look at what is under way
		b.Before = opt.Profile.CallLatency("ListCreateAccountStatus")
	}
	guarded := guarded(steps, opt.Profile)
	for i, c := range p.Customers {
		b.Guarded = append(b.Guarded, max(0, guarded[c.Tier]-b.Before))
		b.Latencies = append(b.Latencies, opt.Profile.CreationLatency(opt.Seed, i+1))
	}
	b.Time = b.Before + last(b, opt.Profile)
	return b
}

// guarded is the earliest time at which each tier's unit carries its policy.
func guarded(steps []plan.Step, profile simaws.Profile) map[string]time.Duration {
	var changes, made time.Duration // one policy change after the other; units
	var ready []time.Duration       // when each unit is made
	for _, s := range steps {
		switch s.Kind {
		case plan.EnablePolicies:
			changes += profile.CallLatency("EnablePolicyType")
		case plan.CreateUnit:
			if n := len(ready) - 2; profile.Throttle && n >= 0 { // 1 a second, 2 at once
				made = time.Duration(n+1) * time.Second
			}
			ready = append(ready, made+profile.CallLatency("CreateOrganizationalUnit"))
		}
	}
	first := map[string]time.Duration{}
	attach := profile.CallLatency("AttachPolicy")
	var free time.Duration // when the attachment before has ended
	for _, s := range steps {
		if s.Kind != plan.AttachPolicy {
			continue
		}
		if k := len(first); k < len(ready) {
			free = max(free, ready[k])
		}
		free += attach
		changes += attach + profile.CallLatency("CreatePolicy")
		first[s.Tier] = max(free, changes)
	}
	return first
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
