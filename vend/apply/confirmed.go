package apply

import (
	"maps"
	"slices"
	"strings"

	"landlord/vend/execute"
	"landlord/vend/plan"
)

// consent is what a person confirmed that a run may create, and how often AWS
// began to: off the plan nothing is created, and nothing without end.
type consent struct {
	create map[string]bool // customers whose account the first plan creates or waits for
	begun  map[string]int  // by customer: creations that AWS began
	made   map[string]bool // customers whose account AWS has created: a look that lacks one lags behind
	failed map[string]execute.Event
	most   int
}

// confirmed is what the plan that a person saw allows.
func confirmed(first *plan.Plan) *consent {
	c := &consent{create: map[string]bool{}, begun: map[string]int{}, made: map[string]bool{}, failed: map[string]execute.Event{}, most: execute.DefaultBegun}
	for _, change := range first.Changes {
		if change.Noun == plan.AnAccount && (change.Action == plan.Create || change.Action == plan.Wait) {
			c.create[change.Customer] = true
		}
	}
	return c
}

// rules are the run's, told what has begun before.
func (c *consent) rules(r execute.Rules) execute.Rules {
	if r.Begun == 0 {
		r.Begun = c.most
	}
	c.most = r.Begun
	r.Before = maps.Clone(c.begun)
	return r
}

// event takes in what happened to a step.
func (c *consent) event(e execute.Event) {
	if e.Step.Kind != plan.CreateAccount || e.Step.ID < 0 {
		return
	}
	switch e.State {
	case execute.Working:
		c.begun[e.Step.Customer]++
	case execute.Done:
		c.made[e.Step.Customer] = true
	case execute.Failed:
		c.failed[e.Step.Customer] = e
	}
}

// mayCreate tells whether an account may still be created for the customer.
func (c *consent) mayCreate(customer string) bool {
	return c.create[customer] && !c.made[customer] && c.begun[customer] < c.most
}

// failures are those of earlier rounds that no round tries again and that are
// not among these.
func (c *consent) failures(these []execute.Event) []execute.Event {
	among := map[string]bool{}
	for _, f := range these {
		among[f.Step.Customer] = true
	}
	var kept []execute.Event
	for customer, f := range c.failed {
		if c.begun[customer] >= c.most && !among[customer] {
			kept = append(kept, f)
		}
	}
	slices.SortFunc(kept, func(a, b execute.Event) int { return strings.Compare(a.Step.Customer, b.Step.Customer) })
	return kept
}
