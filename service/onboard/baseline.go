package onboard

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"landlord/guard/baseline"
	"landlord/vend/apply"
	"landlord/vend/execute"
	"landlord/vend/plan"
)

// baselines has AWS Config record and judge in the customers' accounts, and the
// organization's trail log what is called there: in all accounts at once.
func baselines(ctx context.Context, r *runner, open []*Checklist) error {
	b := apply.NewBaselines(r.World, r.want, r.Folio.Organization.Regions, r.Rules, r.Seed, keys(open)...)
	if err := b.Look(ctx, r.seen); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	todo, err := b.Plan(r.seen, plan.Options{})
	if err != nil {
		return err
	}
	failed := map[string]string{}
	last := map[string]time.Time{}
	read := r.Now()
	if !todo.Empty() {
		out, err := r.carry(ctx, b, b.Rules, todo, b.Plan, func(e execute.Event) { last[e.Step.Customer] = e.At })
		if err != nil {
			return err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		r.seen, failed = out.Seen, firsts(out.Failures)
	}
	r.lacks = b.Last.Lacks
	var shared []string
	for _, g := range b.Last.Logs.Gaps(b.Last.LogsSeen) {
		shared = append(shared, g.String())
	}
	for _, c := range open {
		faults := slices.Clone(shared)
		for _, u := range b.Last.Unready {
			if u.Customer == c.Customer {
				faults = append(faults, u.Why)
			}
		}
		var of plan.Baseline
		for _, one := range b.Last.Of {
			if one.Customer == c.Customer {
				of = one
			}
		}
		for _, g := range of.Gaps() {
			faults = append(faults, g.String())
		}
		if len(faults) > 0 {
			if why := failed[c.Customer] + failed[""]; why != "" {
				faults = append([]string{why}, faults...)
			}
			r.end(c, "baseline", Failed, strings.Join(faults, "; ")+". "+again)
			continue
		}
		r.end(c, "baseline", Done, recorded(of, b.Last.Logs))
		r.endedAt(c, "baseline", last, read)
	}
	return nil
}

// recorded says what a baseline is.
func recorded(of plan.Baseline, logs baseline.Logs) string {
	var regions []string
	pack := ""
	for i, w := range of.Wants {
		if i == 0 && len(w.Pack.Rules) > 0 {
			pack = fmt.Sprintf(", %s judges by %d rules", w.Pack.Name, len(w.Pack.Rules))
		}
		regions = append(regions, w.Region)
	}
	return fmt.Sprintf("AWS Config records in %s%s; what is called there is in %s", strings.Join(regions, ", "), pack, logs.Events(of.Account))
}

// firsts are why the first step of each customer failed; of "" one that serves all.
func firsts(failures []execute.Event) map[string]string {
	failed := map[string]string{}
	for _, f := range failures {
		if failed[f.Step.Customer] == "" {
			failed[f.Step.Customer] = f.Err.Error()
		}
	}
	return failed
}

// endedAt has a line end when the last step about its customer was done; at the look
// that found nothing to do, if there was none.
func (r *runner) endedAt(c *Checklist, step string, last map[string]time.Time, looked time.Time) {
	ended := looked
	if at, is := last[c.Customer]; is {
		ended = at
	}
	c.line(step).Ended = &ended
}
