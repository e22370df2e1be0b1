package cloud

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/organizations/types"

	"landlord/org"
)

// settle drops the creations that have ended since they were listed: those
// that failed, and those whose account is among the accounts seen. It asks for
// each by its id; a name may be another account's too.
func (c *Client) settle(ctx context.Context, seen *org.Organization) error {
	var open []org.Creation
	for _, creation := range seen.Creations {
		out, err := read(ctx, c, "DescribeCreateAccountStatus", c.org.DescribeCreateAccountStatus,
			&organizations.DescribeCreateAccountStatusInput{CreateAccountRequestId: &creation.ID})
		if err != nil {
			return err
		}
		status := out.CreateAccountStatus
		if status == nil {
			return missing("DescribeCreateAccountStatus", "a status")
		}
		there := slices.ContainsFunc(seen.Accounts, func(a org.Account) bool { return string(a.ID) == aws.ToString(status.AccountId) })
		if status.State != types.CreateAccountStateFailed && !there {
			open = append(open, creation)
		}
	}
	seen.Creations = open
	return nil
}

// recent tells whether a moment of AWS's clock is less than an hour ago.
func (c *Client) recent(t time.Time) bool { return c.Now().Sub(t) < time.Hour }

// creations reads the account creations that are under way, and when those of the
// last hour were asked for that failed. Those that succeeded have an account, which
// tells when.
func (c *Client) creations(ctx context.Context, seen *org.Organization) error {
	for out, err := range list(ctx, c, "ListCreateAccountStatus", c.org.ListCreateAccountStatus,
		func(token *string) *organizations.ListCreateAccountStatusInput {
			in := underway(token)
			in.States = append(in.States, types.CreateAccountStateFailed)
			return in
		},
		func(out *organizations.ListCreateAccountStatusOutput) *string { return out.NextToken }) {
		if err != nil {
			return err
		}
		for _, s := range out.CreateAccountStatuses {
			if requested := aws.ToTime(s.RequestedTimestamp); s.State == types.CreateAccountStateFailed {
				if c.recent(requested) {
					seen.Ended = append(seen.Ended, requested)
				}
				continue
			}
			seen.Creations = append(seen.Creations, org.Creation{
				ID: aws.ToString(s.Id), AccountName: aws.ToString(s.AccountName), Requested: aws.ToTime(s.RequestedTimestamp),
			})
		}
	}
	slices.SortFunc(seen.Creations, func(a, b org.Creation) int { return strings.Compare(a.ID, b.ID) })
	return nil
}

// underway asks for the creations that are under way.
func underway(token *string) *organizations.ListCreateAccountStatusInput {
	return &organizations.ListCreateAccountStatusInput{States: []types.CreateAccountState{types.CreateAccountStateInProgress}, NextToken: token}
}
