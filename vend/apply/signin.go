package apply

import (
	"context"
	"fmt"

	"landlord/guard/identity"
	"landlord/vend/execute"
	"landlord/vend/plan"
)

// SignInWorld is IAM Identity Center, which can be looked at and worked on.
type SignInWorld interface {
	SignIn(ctx context.Context) (identity.Seen, error)
	Execute(ctx context.Context, m *execute.Machine, watch func([]execute.Event)) error
}

// SignIn carries out first, a plan of sign-in that next made of what was seen, then
// looks, and carries out what the look still finds, as Rounds does.
func SignIn(ctx context.Context, w SignInWorld, first *plan.Plan, next func(identity.Seen) (*plan.Plan, error), opt Options) (Outcome, error) {
	out := Outcome{Made: map[plan.Kind]int{}}
	did := newMade(out.Made)
	for todo := first; ; {
		out.Rounds++
		before := out.Done
		m := execute.New(todo.Steps, opt.Rules, opt.Seed+uint64(out.Rounds))
		err := w.Execute(ctx, m, func(events []execute.Event) {
			for _, e := range events {
				did.event(e)
				if e.State == execute.Done {
					out.Done++
				}
			}
			if opt.Watch != nil {
				opt.Watch(events)
			}
		})
		out.Failures = m.Failures()
		if err != nil {
			return out, err
		}
		if ctx.Err() != nil {
			out.Stopped = true
			return out, nil
		}
		seen, err := w.SignIn(ctx)
		if err != nil {
			return out, err
		}
		if todo, err = next(seen); err != nil {
			return out, fmt.Errorf("after a part was done: %w", err)
		}
		out.Left = todo
		if todo.Empty() || out.Done == before && !waited(m) || out.Rounds == mostRounds {
			return out, nil
		}
		if opt.Round != nil {
			opt.Round(todo)
		}
	}
}
