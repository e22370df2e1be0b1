package apply

import (
	"context"
	"fmt"

	"landlord/org"
	"landlord/vend/blueprint"
	"landlord/vend/execute"
	"landlord/vend/plan"
)

// Baselines is a World that looks into accounts too: what is planned there is
// their baselines. It keeps nothing but what the last look saw, so a run that was
// killed is finished by the next.
type Baselines struct {
	World
	Want    blueprint.Blueprint
	Regions []string // in use, the home region first
	Keys    []string // customers; none is all
	Rules   execute.Rules
	Seed    uint64
	// Looking, if set, is told how many of the looks are done, of how many.
	Looking func(done, all int)

	Last *plan.Baselines // what the last look saw
}

// Calls into accounts that are in flight at once: in all accounts together, and in
// one. AWS publishes no rates of AWS Config; the first keeps AssumeRole, of which it
// allows 600 a second, from waiting, the second is one for each region of most.
const (
	InsideCalls      = 256
	insidePerAccount = 4
)

// Inside are rules for work inside accounts.
func Inside(r execute.Rules) execute.Rules {
	r.Calls, r.PerAccount = InsideCalls, insidePerAccount
	return r
}

// NewBaselines are the baselines that want asks for in w, within rules and what is
// in flight at once.
func NewBaselines(w World, want blueprint.Blueprint, regions []string, rules execute.Rules, seed uint64, keys ...string) *Baselines {
	return &Baselines{World: w, Want: want, Regions: regions, Keys: keys, Rules: Inside(rules), Seed: seed}
}

// Observe implements World: it reads the organization, then the accounts that
// stand in their units, all at once. What cannot be read of one account is noted
// there, and the rest goes on.
func (b *Baselines) Observe(ctx context.Context) (org.Organization, error) {
	have, err := b.World.Observe(ctx)
	if err != nil || !have.Exists() {
		return have, err
	}
	if err := b.Look(ctx, have); err != nil {
		return have, err
	}
	return have, ctx.Err()
}

// Look reads the accounts of an organization that was just looked at.
func (b *Baselines) Look(ctx context.Context, have org.Organization) (err error) {
	if b.Last, err = plan.WantBaselines(b.Want, have, b.Regions, b.Keys...); err != nil {
		return err
	}
	m := execute.New(b.Last.Looks(), b.Rules, b.Seed)
	err = b.World.Execute(ctx, m, func(events []execute.Event) {
		for _, e := range events {
			switch e.State {
			case execute.Done:
				if e.Answer.Seen != nil {
					b.Last.Take(e.Step, e.Answer.Seen)
				}
			case execute.Failed, execute.Later:
				b.Last.Missed(e.Step, e.Err)
			}
		}
		if b.Looking != nil {
			b.Looking(m.Progress())
		}
	})
	if err != nil {
		return fmt.Errorf("look into accounts: %w", err)
	}
	return nil
}

// Plan plans from what Observe saw last.
func (b *Baselines) Plan(seen org.Organization, _ plan.Options) (*plan.Plan, error) {
	return b.Last.Plan(seen), nil
}
