package main

import (
	"context"
	"fmt"
	"time"

	"landlord/portfolio"
	"landlord/simaws"
	"landlord/simulate"
)

// A way is how somebody else creates the accounts of a portfolio, for the same
// latencies: from the first request until the last account is in its unit. It is
// modelled, from what that tool's source and issues say, and takes no account of
// failures, of units and policies, and of what else the tool sets up.
type way struct {
	name   string
	source string
	took   func(latencies []time.Duration, call time.Duration) time.Duration
}

var ways = []way{
	{"one by one, looking every 10 s",
		"hashicorp/terraform-provider-aws internal/service/organizations/account.go polls every 10 s; CloudFormation chains its accounts by DependsOn (pulumi/pulumi-aws-native#1687), and landing-zone-accelerator-on-aws creates one at a time (create-accounts-status/index.ts)",
		oneByOne(10 * time.Second)},
	{"org-formation",
		"org-formation/org-formation-cli org-task-runner.ts: one task after the other, looking every 1 s",
		oneByOne(time.Second)},
	{"Account Factory for Terraform",
		"aws-ia/terraform-aws-control_tower_account_factory 1.20.1, eventbridge.tf and sqs.py: one request each 5 min, at most 5 at work; an account through Control Tower takes 20 min at least (idealo/terraform-provider-controltower#227; its README allows 30)",
		accountFactory},
}

// oneByOne creates, looks until it is done, moves, and goes on to the next.
func oneByOne(every time.Duration) func([]time.Duration, time.Duration) time.Duration {
	return func(latencies []time.Duration, call time.Duration) time.Duration {
		var sum time.Duration
		for _, l := range latencies {
			looks := (l + every - 1) / every
			sum += call + looks*every + call
		}
		return sum
	}
}

// accountFactory takes a request every 5 minutes and works on five at most, each
// for the 20 minutes that Control Tower takes at least.
func accountFactory(latencies []time.Duration, _ time.Duration) time.Duration {
	const every, each, atWork = 5 * time.Minute, 20 * time.Minute, 5
	var starts []time.Duration
	for i := range latencies {
		var start time.Duration
		if i > 0 {
			start = starts[i-1] + every
		}
		if i >= atWork {
			start = max(start, starts[i-atWork]+each)
		}
		starts = append(starts, start)
	}
	return starts[len(starts)-1] + each
}

// makespans prints, as a table that Markdown takes, how long the creation of
// customers takes in different ways, beside the least that AWS's limits allow.
func makespans(s settings) (broken bool, err error) {
	folio, err := portfolio.Load(example)
	if err != nil {
		return false, err
	}
	profile, err := simaws.ProfileNamed("typical")
	if err != nil {
		return false, err
	}
	scales := []int{5, 20, 100, 1_000, 10_000}
	if s.short {
		scales = scales[:4]
	}
	fmt.Println("Until the last account is in its unit (virtual time, profile typical, seed 1)")
	fmt.Println()
	head, rule := "| customers | AWS's limits allow | landlord | of that | in phases |", "|--:|--:|--:|--:|--:|"
	for _, w := range ways {
		head += " " + w.name + " |"
		rule += "--:|"
	}
	fmt.Println(head)
	fmt.Println(rule)
	for _, n := range scales {
		ran, err := simulate.Run(context.Background(), simulate.Scale(folio, n), simulate.Options{Profile: profile, Seed: 1, Phased: true})
		if err != nil {
			return false, err
		}
		bound := ran.Bound.Time
		if ran.Took > bound+bound/20+3*time.Second || ran.Throttled > 0 {
			broken = true
		}
		fmt.Printf("| %d | %s | %s | %.3f | %s |", n, span(bound), span(ran.Took), ran.Took.Seconds()/bound.Seconds(), span(ran.Phased.Took))
		for _, w := range ways {
			fmt.Printf(" %s |", span(w.took(ran.Bound.Latencies, profile.CallLatency("CreateAccount"))))
		}
		fmt.Println()
	}
	fmt.Println()
	fmt.Println("landlord's limit is 1.05 times and 3 s, with no throttled call. The last three are modelled:")
	for _, w := range ways {
		fmt.Printf("  %s: %s\n", w.name, w.source)
	}
	return broken, nil
}

// span is d in the unit that fits it.
func span(d time.Duration) string {
	switch {
	case d < 2*time.Minute:
		return fmt.Sprintf("%.0f s", d.Seconds())
	case d < 2*time.Hour:
		return fmt.Sprintf("%.1f min", d.Minutes())
	case d < 72*time.Hour:
		return fmt.Sprintf("%.1f h", d.Hours())
	}
	return fmt.Sprintf("%.1f days", d.Hours()/24)
}
