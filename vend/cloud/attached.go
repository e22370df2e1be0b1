package cloud

import (
	"context"

	"landlord/org"
)

// Attached lists the ids of the service control policies of a root, a unit or an
// account, whosever they are.
func (c *Client) Attached(ctx context.Context, target string) ([]string, error) {
	return c.attached(ctx, target)
}

// Others reads what the policies that are not landlord's say and where they are
// attached, which no plan needs. AWS's own are left: they are known.
func (c *Client) Others(ctx context.Context, seen *org.Organization) error {
	for i := range seen.Policies {
		p := &seen.Policies[i]
		if p.AWSManaged || p.Document != "" {
			continue
		}
		if err := c.policy(ctx, p); err != nil {
			return err
		}
	}
	return nil
}
