package cloud

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/account"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/organizations/types"

	"landlord/org"
	"landlord/vend/execute"
	"landlord/vend/plan"
)

// life makes the calls of the steps in the life of an account that is there.
func (c *Client) life(ctx context.Context, s plan.Step) (execute.Result, error) {
	var err error
	switch s.Kind {
	case plan.Untag:
		_, err = once(ctx, c, "UntagResource", c.org.UntagResource,
			&organizations.UntagResourceInput{ResourceId: (*string)(&s.Target), TagKeys: s.Keys})
	case plan.TrustService:
		_, err = once(ctx, c, "EnableAWSServiceAccess", c.org.EnableAWSServiceAccess,
			&organizations.EnableAWSServiceAccessInput{ServicePrincipal: &s.Name})
		err = beside(err, "")
	case plan.RenameAccount:
		_, err = once(ctx, c, "PutAccountName", c.account.PutAccountName,
			&account.PutAccountNameInput{AccountId: (*string)(&s.Target), AccountName: &s.Name})
		err = beside(err, "the account keeps its name, and all else goes on; does the endpoint serve Account Management?")
	case plan.InviteAccount:
		_, err = once(ctx, c, "InviteAccountToOrganization", c.org.InviteAccountToOrganization, &organizations.InviteAccountToOrganizationInput{
			Target: &types.HandshakeParty{Id: (*string)(&s.Target), Type: types.HandshakePartyTypeAccount}, Notes: &s.Text, Tags: tagList(s.Tags),
		})
	case plan.CloseAccount:
		_, err = once(ctx, c, "CloseAccount", c.org.CloseAccount, &organizations.CloseAccountInput{AccountId: (*string)(&s.Target)})
		if err == nil || code(err) == "ConflictException" { // it is being closed
			return execute.Result{Handle: string(s.Target)}, nil
		}
		if code(err) == "AccountAlreadyClosedException" {
			return execute.Result{ID: string(s.Target)}, nil
		}
	default:
		err = fmt.Errorf("no call for a step of kind %q", s.Kind)
	}
	return execute.Result{}, err
}

// beside makes a refusal that AWS gives no meaning fail its step and not the
// run: what was asked for is not what the run is about.
func beside(err error, hint string) error {
	e, answered := errors.AsType[*Error](err)
	if errors.Is(err, errForeign) {
		return fmt.Errorf("%w: %w. Does the endpoint serve it?", execute.ErrCustomer, err)
	}
	if !answered || e.means != nil && !errors.Is(err, execute.ErrUnknown) || e.already {
		return err
	}
	if hint == "" {
		return fmt.Errorf("%w: %w", execute.ErrCustomer, err)
	}
	return fmt.Errorf("%w: %s: %w", execute.ErrCustomer, hint, err)
}

// closingTakes is how long AWS may show an account as active that it was asked
// to close; two closures that were measured took ten minutes
// (hashicorp/terraform-provider-aws#46284, #46406).
const closingTakes = time.Hour

// closed asks what became of a closure. AWS may show the account as it was
// before for a while: that is not an answer.
func (c *Client) closed(ctx context.Context, s plan.Step) (execute.Result, error) {
	out, err := once(ctx, c, "DescribeAccount", c.org.DescribeAccount, &organizations.DescribeAccountInput{AccountId: &s.Handle})
	if err != nil {
		return execute.Result{}, err
	}
	if out.Account == nil {
		return execute.Result{}, missing("DescribeAccount", "an account")
	}
	a := accountOf(*out.Account)
	// Under the retired Status a closed account was SUSPENDED, and emulators
	// still say so. AWS's State says that of accounts it suspended itself, and
	// PENDING_CLOSURE as soon as one of those is being closed.
	if a.State == org.Closed || a.State == org.Suspended {
		return execute.Result{ID: s.Handle}, nil
	}
	if asked, is := org.FromTagTime(s.Tags[org.TagClosed]); is && !a.Gone() && c.Now().Sub(asked) > closingTakes {
		return execute.Result{}, fmt.Errorf("%w: AWS was asked at %s to close account %s, which is still %s", execute.ErrLater, s.Tags[org.TagClosed], s.Handle, a.State)
	}
	return execute.Result{}, nil
}

// asked reads what is needed beside the organization, if anything is.
func (c *Client) asked(ctx context.Context, seen *org.Organization) error {
	if c.asks == nil {
		return nil
	}
	q := c.asks(*seen)
	if q.Invitations {
		if err := c.invitations(ctx, seen); err != nil {
			return err
		}
	}
	if err := c.slots(ctx, seen, q.Slots); err != nil || len(q.Names) == 0 {
		return err
	}
	if err := c.trusted(ctx, seen); err != nil || !seen.Trusted["account.amazonaws.com"] {
		return err
	}
	// The organization may show a name for a while that an account no longer has.
	for i := range seen.Accounts {
		a := &seen.Accounts[i]
		if !slices.Contains(q.Names, a.ID) {
			continue
		}
		out, err := read(ctx, c, "GetAccountInformation", c.account.GetAccountInformation, &account.GetAccountInformationInput{AccountId: (*string)(&a.ID)})
		if refused(ctx, err) {
			return nil
		}
		if err != nil {
			return err
		}
		a.Name = cmp.Or(aws.ToString(out.AccountName), a.Name)
	}
	return nil
}

// slots reads what is attached to accounts.
func (c *Client) slots(ctx context.Context, seen *org.Organization, ids []org.AccountID) error {
	if !seen.SCPs {
		return nil
	}
	at := make(map[org.AccountID]*org.Account, len(seen.Accounts))
	for i := range seen.Accounts {
		at[seen.Accounts[i].ID] = &seen.Accounts[i]
	}
	return c.beside(len(ids), func(i int) (err error) {
		at[ids[i]].SCPs, err = c.attached(ctx, string(ids[i]))
		return err
	})
}

// refused tells whether an answer did not come: the endpoint does not serve the
// operation, or the caller may not. What it would have told is then not known,
// and nothing depends on it but words, and calls that may be made twice.
func refused(ctx context.Context, err error) bool { return err != nil && ctx.Err() == nil }

// trusted reads which services have trusted access.
func (c *Client) trusted(ctx context.Context, seen *org.Organization) error {
	services := map[string]bool{}
	for out, err := range list(ctx, c, "ListAWSServiceAccessForOrganization", c.org.ListAWSServiceAccessForOrganization,
		func(token *string) *organizations.ListAWSServiceAccessForOrganizationInput {
			return &organizations.ListAWSServiceAccessForOrganizationInput{NextToken: token}
		},
		func(out *organizations.ListAWSServiceAccessForOrganizationOutput) *string { return out.NextToken }) {
		if refused(ctx, err) {
			return nil
		}
		if err != nil {
			return err
		}
		for _, s := range out.EnabledServicePrincipals {
			services[aws.ToString(s.ServicePrincipal)] = true
		}
	}
	seen.Trusted = services
	return nil
}

// invitations reads what became of the invitations of the last weeks.
func (c *Client) invitations(ctx context.Context, seen *org.Organization) error {
	sent, err := c.sent(ctx)
	if refused(ctx, err) {
		return nil
	}
	seen.Invitations = sent
	return err
}

// sent lists the invitations that AWS still shows, oldest first.
func (c *Client) sent(ctx context.Context) ([]org.Invitation, error) {
	found := []org.Invitation{}
	for out, err := range list(ctx, c, "ListHandshakesForOrganization", c.org.ListHandshakesForOrganization,
		func(token *string) *organizations.ListHandshakesForOrganizationInput {
			return &organizations.ListHandshakesForOrganizationInput{Filter: &types.HandshakeFilter{ActionType: types.ActionTypeInviteAccountToOrganization}, NextToken: token}
		},
		func(out *organizations.ListHandshakesForOrganizationOutput) *string { return out.NextToken }) {
		if err != nil {
			return nil, err
		}
		for _, h := range out.Handshakes {
			i := org.Invitation{ID: aws.ToString(h.Id), State: string(h.State), Requested: aws.ToTime(h.RequestedTimestamp), Expires: aws.ToTime(h.ExpirationTimestamp)}
			for _, p := range h.Parties {
				switch p.Type {
				case types.HandshakePartyTypeAccount:
					i.Account = org.AccountID(aws.ToString(p.Id))
				case types.HandshakePartyTypeEmail:
					i.Email = aws.ToString(p.Id)
				}
			}
			found = append(found, i)
		}
	}
	slices.SortStableFunc(found, func(a, b org.Invitation) int { return a.Requested.Compare(b.Requested) })
	return found, nil
}
