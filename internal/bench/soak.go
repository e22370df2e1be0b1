package main

import (
	"context"
	"fmt"
	"runtime"
	"time"

	"landlord/simulate/soak"
)

// soakLimit is what a seed may take: CI lives 2,000 in two minutes.
const soakLimit = 2 * time.Minute / 2000

// soaking measures how many random seeds are lived in a second: each a whole life
// under faults, lived twice. A promise that is broken is an error.
func soaking(s settings) (slow bool, err error) {
	seeds := 200
	if s.short {
		seeds = 20
	}
	began := time.Now()
	r, err := soak.Run(context.Background(), soak.Options{Seeds: seeds, From: 1, Outsiders: "both", Workers: runtime.GOMAXPROCS(0), Failures: 1})
	if err != nil {
		return false, err
	}
	if len(r.Failed) > 0 {
		return false, fmt.Errorf("seed %d: %v", r.Failed[0].Seed, r.Failed[0].Broken)
	}
	each := time.Since(began) / time.Duration(seeds)
	faults := 0
	for _, n := range r.Faults {
		faults += n
	}
	fmt.Printf("soak: %d seeds, %d calls, %d crashes, %d faults\n", r.Seeds, r.Calls, r.Crashes, faults)
	fmt.Printf("  %.1f seeds/s   %s of the limit of %v a seed\n", 1/each.Seconds(), ratio(each, soakLimit), soakLimit)
	return each > soakLimit, nil
}
