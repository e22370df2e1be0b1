package control

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/riverqueue/river"

	"landlord/org"
	"landlord/portfolio"
	"landlord/service/store"
	"landlord/vend/execute"
	"landlord/vend/journal"
)

// An AwayError is that the organization a portfolio names could not be looked at.
type AwayError struct {
	Simulated bool
	Err       error
}

func (e *AwayError) Error() string { return e.Err.Error() }

// Unwrap returns why.
func (e *AwayError) Unwrap() error { return e.Err }

// A TargetError refuses an organization that is another than the portfolio's.
type TargetError struct {
	Organization string        // o-…
	By           org.AccountID // manages it
	Named        org.AccountID // that the portfolio names
}

func (e *TargetError) Error() string {
	return fmt.Sprintf("organization %s is managed from account %s, not from %s that the portfolio names; nothing was changed", e.Organization, e.By, e.Named)
}

// observe opens the organization that a portfolio names and looks at it; of the
// accounts of the customers that are to be suspended, also at what is attached to
// them. The error is a *TargetError if it is another's, an *AwayError if it cannot
// be looked at.
func (c *Control) observe(ctx context.Context, folio *portfolio.Portfolio, suspends ...string) (World, org.Organization, error) {
	away := func(err error) error { return &AwayError{folio.Organization.Target == portfolio.Simulated, err} }
	w, err := c.Reach(ctx, folio, suspends...)
	if err != nil {
		return nil, org.Organization{}, away(err)
	}
	seen, err := w.Observe(ctx)
	if err != nil {
		return nil, org.Organization{}, away(err)
	}
	if named := folio.Organization.Management; seen.Exists() && seen.Management != named {
		return nil, org.Organization{}, &TargetError{seen.ID, seen.Management, named}
	}
	return w, seen, nil
}

// looked is the look that a run begins with.
func (c *Control) looked(ctx context.Context, run store.Run, folio *portfolio.Portfolio, s *scribe, suspends ...string) (World, org.Organization, error) {
	w, seen, err := c.observe(ctx, folio, suspends...)
	if err != nil || run.Tries == 0 && s.from == 0 {
		return w, seen, err
	}
	var there []string
	for _, a := range seen.Accounts {
		there = append(there, a.Tags[org.TagCustomer])
	}
	return w, seen, c.Store.Operator(ctx, func(tx store.Tx) error { return tx.RunLooked(ctx, run.ID, there) })
}

// passes tells whether what kept a run from AWS may come right by itself: AWS is
// busy, cannot be reached, or shows in one list what it does not in another. Wrong
// credentials and missing permissions do not.
func passes(err error) bool {
	return slices.ContainsFunc([]error{execute.ErrBusy, execute.ErrThrottled, execute.ErrUnknown, execute.ErrNotYet, execute.ErrLater, journal.ErrUnknown}, func(e error) bool { return errors.Is(err, e) })
}

// How long a run waits until it looks at AWS again, from the first failure to the
// most, and after how long it ends as failed. Outages of AWS last for hours.
const (
	awayFirst = 2 * time.Second
	awayMost  = time.Minute
	awayLong  = 6 * time.Hour
)

// wait has a run that AWS kept from its work tried again later, here or elsewhere.
func (c *Control) wait(ctx context.Context, run store.Run, why string, now time.Time) error {
	next := min(awayFirst<<min(run.Tries, 10), awayMost)
	err := c.pend(ctx, run.ID, func(tx store.Tx) error { return tx.WaitRun(ctx, run.ID, why, now.Add(next), now) })
	if err != nil {
		return err
	}
	c.log.Warn("a run waits for AWS", "run", run.ID, "kind", run.Kind, "why", why, "tries", run.Tries+1, "seconds", next.Seconds())
	return river.JobSnooze(next)
}
