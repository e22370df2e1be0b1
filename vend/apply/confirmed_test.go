package apply

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"landlord/internal/limits"
	"landlord/org"
	"landlord/vend/blueprint"
	"landlord/vend/execute"
	"landlord/vend/plan"
)

// TestFailuresThatAreOver: a creation that failed is told at the end of the run if
// no round tries it again, once.
func TestFailuresThatAreOver(t *testing.T) {
	c := confirmed(&plan.Plan{})
	for customer, begun := range map[string]int{"given-up": execute.DefaultBegun, "told": execute.DefaultBegun, "tried-again": 1} {
		step := plan.Step{Kind: plan.CreateAccount, Customer: customer}
		for range begun {
			c.event(execute.Event{Step: step, State: execute.Working})
		}
		c.event(execute.Event{Step: step, State: execute.Failed})
	}
	var told []string
	for _, f := range c.failures([]execute.Event{{Step: plan.Step{Customer: "told"}}}) {
		told = append(told, f.Step.Customer)
	}
	if !slices.Equal(told, []string{"given-up"}) {
		t.Errorf("told beside the last round's are %v, want given-up", told)
	}
}

// still is an organization in which nothing is done; it asks what would be.
type still struct {
	seen   org.Organization
	starts int
}

func (s *still) Observe(context.Context) (org.Organization, error) { return s.seen, nil }

func (s *still) Execute(_ context.Context, m *execute.Machine, _ func([]execute.Event)) error {
	calls, _ := m.Next(s.seen.Seen)
	s.starts = len(calls)
	return nil
}

// TestClosuresBefore: closures of before this run have drawn on the bucket.
func TestClosuresBefore(t *testing.T) {
	now := time.Date(2026, 1, 31, 0, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		name  string
		ago   time.Duration
		state string
		start int
	}{
		{"a moment ago", time.Second, org.PendingClosure, 0},
		{"an hour ago", time.Hour, org.PendingClosure, 1},
		{"AWS was not asked, as far as it shows", time.Second, org.Active, 1},
	} {
		w := &still{seen: org.Organization{Seen: now}}
		for i := range limits.Of("CloseAccount").Account.Burst {
			w.seen.Accounts = append(w.seen.Accounts, org.Account{ID: org.AccountID(fmt.Sprintf("%012d", i)), State: tt.state,
				Tags: org.Tags{org.TagClosed: org.TagTime(now.Add(-tt.ago))}})
		}
		first := &plan.Plan{Steps: []plan.Step{{Kind: plan.CloseAccount, Target: "000000000099"}}}
		if _, err := Rounds(t.Context(), w, blueprint.Blueprint{}, first, w.seen, Options{Rules: execute.Rules{Rate: limits.Of}}); err != nil {
			t.Fatal(err)
		}
		if w.starts != tt.start {
			t.Errorf("%s: %d closures start, want %d", tt.name, w.starts, tt.start)
		}
	}
}
