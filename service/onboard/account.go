package onboard

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"landlord/org"
	"landlord/vend/execute"
	"landlord/vend/plan"
	"landlord/vend/verify"
)

// ErrOther says that an organization is managed from another account than the
// portfolio names.
var ErrOther = errors.New("the organization is managed from another account than the portfolio names")

// account brings the customers' accounts into being: created or adopted, tagged, in
// the units of their tiers, whose policies hold there before.
func account(ctx context.Context, r *runner, open []*Checklist) error {
	of := keys(open)
	next := func(seen org.Organization, opt plan.Options) (*plan.Plan, error) {
		p, err := plan.Make(r.want, seen, opt)
		if err != nil {
			return nil, err
		}
		return plan.Only(p, r.want, seen, of...), nil
	}
	var err error
	if r.Seen != nil {
		r.seen = *r.Seen
	} else if r.seen, err = r.World.Observe(ctx); err != nil {
		return err
	}
	if r.seen.Exists() && r.seen.Management != r.Folio.Organization.Management {
		return fmt.Errorf("%w: %s, not %s; nothing was changed", ErrOther, r.seen.Management, r.Folio.Organization.Management)
	}
	todo, err := next(r.seen, plan.Options{PerTarget: r.PerTarget})
	if err != nil {
		return fmt.Errorf("nothing was changed: %w", err)
	}
	failed := map[string]string{}
	last := map[string]time.Time{} // by customer: when the last step about it was done
	looked := r.Now()
	if !todo.Empty() {
		out, err := r.carry(ctx, r.World, r.Rules, todo, next, func(e execute.Event) { last[e.Step.Customer] = e.At })
		if err != nil {
			return err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		r.seen, todo, failed = out.Seen, out.Left, firsts(out.Failures)
	}
	r.verified = verify.Customers(r.want, r.seen, of...)
	for _, c := range open {
		c.Account = r.verified.Account[c.Customer].ID
		fault := r.faults(c.Customer, verify.Account, verify.Tags, verify.Email, verify.Unit)
		switch why := failed[c.Customer] + failed[""]; {
		case fault == "":
			r.end(c, "account", Done, "account "+string(c.Account))
			r.endedAt(c, "account", last, looked)
		case why != "":
			r.end(c, "account", Failed, why+". "+again)
		case todo != nil && slices.Contains(todo.Held, c.Customer):
			r.end(c, "account", Failed, "AWS is creating accounts of which it does not tell yet whose they are. "+again)
		default:
			r.end(c, "account", Failed, fault)
		}
	}
	return nil
}

// again is what to do about what may pass.
const again = "Onboard again: it goes on from what AWS holds"

// faults are what is wrong by checks of one customer; "" is nothing.
func (r *runner) faults(customer string, names ...string) string {
	var faults []string
	for _, c := range r.verified.Checks {
		if c.Customer == customer && !c.Passed && (len(names) == 0 || slices.Contains(names, c.Name)) && !slices.Contains(faults, c.Fault) {
			faults = append(faults, c.Fault)
		}
	}
	return strings.Join(faults, "; ")
}

// guardrails proves of each account that its tier's policies hold there and no
// others, by what the last look read: every probe of every statement is asked.
func guardrails(_ context.Context, r *runner, open []*Checklist) error {
	tier := map[string]string{}
	for _, c := range r.want.Customers {
		tier[c.Key] = c.Tier
	}
	for _, c := range open {
		fault, probes := r.faults(c.Customer), 0
		for _, k := range r.verified.Checks {
			if k.Customer == "" && (k.Tier == "" || k.Tier == tier[c.Customer]) && k.Name != verify.Units && !k.Passed && fault == "" {
				fault = k.Fault
			}
		}
		for _, cell := range r.verified.Matrix {
			if cell.Tier == tier[c.Customer] {
				probes += cell.Probes
			}
		}
		if fault != "" {
			r.end(c, "guardrails", Failed, fault)
			continue
		}
		r.end(c, "guardrails", Done, fmt.Sprintf("%d calls are denied or allowed as the tier's set says", probes))
	}
	return nil
}
