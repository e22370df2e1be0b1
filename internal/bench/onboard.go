package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"landlord/portfolio"
	"landlord/service/onboard"
	"landlord/simaws"
	"landlord/simulate"
)

// onboardings takes customers from a key to their first report on a simulated AWS, in
// virtual time, all of them beside each other: beside one alone.
func onboardings(s settings) (broken bool, err error) {
	folio, err := portfolio.Load(example)
	if err != nil {
		return false, err
	}
	profile, err := simaws.ProfileNamed("typical")
	if err != nil {
		return false, err
	}
	fmt.Println("Onboarding: account, guardrails, baseline, sign-in, scan, first report (virtual time, profile typical, seed 1, one region)")
	fmt.Println()
	fmt.Println("| customers | account | baseline | sign-in | scan | all | a customer | calls | for real | most memory |")
	fmt.Println("|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|")
	scales := []int{1, 5, 100}
	if s.short {
		scales = scales[:2]
	}
	var alone time.Duration
	for _, n := range scales {
		began := time.Now()
		o, err := simulate.Onboard(context.Background(), peopled(simulate.Scale(folio, n)), simulate.Options{Profile: profile, Seed: 1})
		if err != nil {
			return false, err
		}
		wall, took, left := time.Since(began), map[string]time.Duration{}, 0
		for _, c := range o.Lists {
			if !c.Complete() {
				left++
			}
			for _, l := range c.Lines {
				took[l.Step] = max(took[l.Step], l.Took(*ended(l)))
			}
		}
		if n == 1 {
			alone = o.Took
		}
		fmt.Printf("| %d | %s | %s | %s | %s | %s | %s | %d | %.1f s | %d MB |\n", n, span(took["account"]), span(took["baseline"]), span(took["sign-in"]), span(took["scan"]), span(o.Took), span(o.Took/time.Duration(n)), o.Calls, wall.Seconds(), peak(os.Getpid()))
		if left > 0 || o.Fault != "" || o.Throttled > 0 || n > 1 && o.Took > alone*time.Duration(n)/2 {
			broken = true
			fmt.Printf("  %d not done, %d calls throttled, %s\n", left, o.Throttled, o.Fault)
		}
	}
	fmt.Println("\nlandlord's limit: all are done, no call is throttled, and many take less than half of what they take one after the other.")
	return broken, nil
}

// ended is when a line ended; when time began, if it did not.
func ended(l onboard.Line) *time.Time {
	if l.Ended == nil {
		return &time.Time{}
	}
	return l.Ended
}
