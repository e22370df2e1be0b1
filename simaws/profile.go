package simaws

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// Profile is how a simulated AWS behaves in time. Every number is a setting;
// AWS publishes none of them.
type Profile struct {
	Name           string
	Throttle       bool          // refuse calls beyond AWS's published rates
	CreationMedian time.Duration // of creating an account; 0 creates at once
	CreationSigma  float64       // σ of its lognormal distribution
	TailShare      float64       // share of creations that take TailTimes as long, 0 to 1
	TailTimes      float64
	Closing        time.Duration            // from PENDING_CLOSURE to CLOSED
	Read           time.Duration            // one Describe, List or Get
	Write          time.Duration            // any other call
	PolicyChange   time.Duration            // a call that changes policies or their attachment
	Assignment     time.Duration            // of IAM Identity Center, after its answer
	Calls          map[string]time.Duration // operations that differ from their class, by API name
}

// profiles are the profiles that have a name.
//
//	instant    no time passes and nothing is throttled
//	typical    estimates: what maintainers of vending tools report of creation
//	           (minutes, with a long tail), a policy change in one to two seconds,
//	           closing as measured in hashicorp/terraform-provider-aws#46284; an
//	           assignment as follows from limits.AssignmentsPerHour, when ten were
//	           under way at once
//	reference  fitted: a deployment in phases (units, accounts, attachments, tags)
//	           takes 0.6 minutes for each tier's unit, policy and attachment, and
//	           creations have a median of 80 s with little spread, to which the looks for
//	           what is finished add a second or two
var profiles = []Profile{
	{Name: "instant"},
	{
		Name: "typical", Throttle: true,
		CreationMedian: 45 * time.Second, CreationSigma: 0.843, TailShare: 0.01, TailTimes: 3,
		Closing: 10 * time.Minute,
		Read:    80 * time.Millisecond, Write: 250 * time.Millisecond, PolicyChange: 1500 * time.Millisecond, Assignment: 30 * time.Second,
	},
	{
		Name: "reference", Throttle: true,
		CreationMedian: 80 * time.Second, CreationSigma: 0.2,
		Closing: 10 * time.Minute,
		Read:    80 * time.Millisecond, Write: 250 * time.Millisecond, PolicyChange: 250 * time.Millisecond, Assignment: 30 * time.Second,
		Calls: map[string]time.Duration{
			"CreateOrganizationalUnit": 18 * time.Second,
			"AttachPolicy":             16 * time.Second,
			"CreatePolicy":             2 * time.Second,
		},
	},
}

// Profiles lists the names that ProfileNamed knows.
func Profiles() []string {
	var names []string
	for _, p := range profiles {
		names = append(names, p.Name)
	}
	return names
}

// ProfileNamed returns the profile of that name.
func ProfileNamed(name string) (Profile, error) {
	for _, p := range profiles {
		if p.Name == name {
			p.Calls = maps.Clone(p.Calls)
			return p, nil
		}
	}
	return Profile{}, fmt.Errorf("profile %q: want one of %s", name, strings.Join(Profiles(), ", "))
}

// CreationLatency is how long the i-th accepted account creation takes, i from
// 1. It depends on the profile, the seed and i alone.
func (p Profile) CreationLatency(seed uint64, i int) time.Duration {
	if p.CreationMedian == 0 {
		return 0
	}
	r := rand.New(rand.NewPCG(seed, uint64(i)))
	factor := math.Exp(p.CreationSigma * r.NormFloat64())
	if r.Float64() < p.TailShare {
		factor *= p.TailTimes
	}
	return time.Duration(float64(p.CreationMedian) * factor).Round(time.Millisecond)
}

// Settle is how long an account's service goes on with what it was asked for, such
// as a conformance pack.
func (p Profile) Settle() time.Duration { return p.Closing / 10 }

// CallLatency is how long a call of an operation takes, by its API name.
func (p Profile) CallLatency(operation string) time.Duration {
	if d, ok := p.Calls[operation]; ok {
		return d
	}
	switch {
	case policyChanges[operation]:
		return p.PolicyChange
	case reads(operation):
		return p.Read
	}
	return p.Write
}

// String prints every setting, for a report to quote.
func (p Profile) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: throttle %t; creation median %v, σ %g, %g %% of them ×%g; closing %v; read %v, write %v, policy change %v, assignment %v",
		p.Name, p.Throttle, p.CreationMedian, p.CreationSigma, 100*p.TailShare, p.TailTimes, p.Closing, p.Read, p.Write, p.PolicyChange, p.Assignment)
	for _, operation := range slices.Sorted(maps.Keys(p.Calls)) {
		fmt.Fprintf(&b, "; %s %v", operation, p.Calls[operation])
	}
	return b.String()
}

// policyChanges are the calls of which AWS runs one at a time in an organization.
var policyChanges = map[string]bool{
	"CreatePolicy": true, "UpdatePolicy": true, "DeletePolicy": true,
	"AttachPolicy": true, "DetachPolicy": true,
	"EnablePolicyType": true, "DisablePolicyType": true,
}

// reads tells whether an operation changes nothing.
func reads(operation string) bool {
	if _, name, of := strings.Cut(operation, ":"); of {
		operation = name
	}
	switch operation {
	case "LookupEvents", "HeadBucket":
		return true
	}
	return strings.HasPrefix(operation, "Describe") || strings.HasPrefix(operation, "List") || strings.HasPrefix(operation, "Get")
}
