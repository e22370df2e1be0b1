package cloud

import (
	"context"
	"errors"
	"fmt"
	"time"

	"landlord/org"
	"landlord/vend/execute"
)

// looks is how often an organization is read whose lists do not agree: for half
// a minute, as long as a step is tried whose needs are not there.
const looks = 5

// Observe reads the organization back. One that does not exist is the zero
// Organization. An account is never missed because it moved while the lists
// were read: a list of all accounts is held against those by parent. What one
// list of AWS's shows and another does not know yet is waited for a while.
//
// An organization of 10,000 accounts takes 500 ListAccounts, 500
// ListAccountsForParent and 100 GetResources, under 3 minutes at AWS's rates.
func (c *Client) Observe(ctx context.Context) (org.Organization, error) {
	for look := 1; ; look++ {
		o, err := c.observe(ctx)
		switch {
		case err == nil:
			return o, nil
		case !disagrees(err):
			return o, fmt.Errorf("read the organization: %w", err)
		case look == looks:
			return o, fmt.Errorf("read the organization: for half a minute one list of AWS's has shown what another does not know yet, or no longer: %w. AWS shows everywhere what is new, mostly within minutes: run the same command again then", err)
		}
		if err := c.clock.Sleep(ctx, time.Second<<look); err != nil {
			return o, err
		}
	}
}

// disagrees tells whether AWS does not know what another of its lists showed: it
// is new, or somebody took it away in between.
func disagrees(err error) bool {
	return errors.Is(err, execute.ErrNotYet) || errors.Is(err, execute.ErrLater)
}
