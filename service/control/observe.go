package control

import (
	"context"
	"fmt"

	"landlord/org"
	"landlord/portfolio"
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
