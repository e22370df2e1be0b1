package soak

import (
	"time"

	"landlord/simaws"
)

// faultsAt are the faults of a life: of every kind, more of them the higher the
// rate. A life has few creations, closures and policy changes and one new
// organization: what can only happen to these is several times as probable there,
// and refusals go on for longer than one call.
func faultsAt(rate float64) []simaws.FaultRule {
	at := func(share float64) float64 { return min(share*rate, 1) }
	return []simaws.FaultRule{
		{Kind: simaws.Finalizing, Operation: "CreateAccount", Calls: []int{1}, For: time.Duration(rate * float64(10*time.Minute))},
		{Kind: simaws.QuotaExhausted, Rate: at(0.3), For: time.Minute},
		{Kind: simaws.FailedCreation, Rate: at(1)},
		{Kind: simaws.SlowCreation, Rate: at(1), For: 5 * time.Minute},
		{Kind: simaws.UnusableAccount, Rate: at(2), For: 3 * time.Minute},
		{Kind: simaws.FlappingState, Rate: at(5), For: 5 * time.Minute},
		{Kind: simaws.Expired, Rate: at(0.005), For: 30 * time.Second},
		{Kind: simaws.PolicyChanges, Rate: at(0.3)},
		{Kind: simaws.Concurrent, Rate: at(0.3)},
		{Kind: simaws.CutAfter, Rate: at(0.15)},
		{Kind: simaws.CutBefore, Rate: at(0.15)},
		{Kind: simaws.ErrorAfter, Rate: at(0.1)},
		{Kind: simaws.ErrorBefore, Rate: at(0.1)},
		{Kind: simaws.Throttled, Rate: at(0.2)},
		{Kind: simaws.StaleRead, Rate: at(0.2), For: 20 * time.Second},
	}
}
