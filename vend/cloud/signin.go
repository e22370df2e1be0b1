package cloud

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/identitystore"
	storetypes "github.com/aws/aws-sdk-go-v2/service/identitystore/types"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin/types"

	"landlord/guard/identity"
	"landlord/org"
)

// signClients are the SDK's clients of IAM Identity Center, in the Region that was
// looked at last.
type signClients struct {
	cfg aws.Config

	mu sync.Mutex
	at *center
}

// center is an instance of IAM Identity Center with its Identity Store.
type center struct {
	c        *Client
	sso      *ssoadmin.Client
	store    *identitystore.Client
	instance string // ARN, "" where there is none
	storeID  string
}

// center is the instance in a Region, "" for the one that was looked at last.
func (c *Client) center(ctx context.Context, region string) (*center, error) {
	c.sign.mu.Lock()
	defer c.sign.mu.Unlock()
	if region == "" {
		if c.sign.at == nil {
			return nil, fmt.Errorf("no instance of IAM Identity Center was looked at")
		}
		return c.sign.at, nil
	}
	cfg := c.sign.cfg.Copy()
	cfg.Region = region
	i := &center{c: c, sso: ssoadmin.NewFromConfig(cfg), store: identitystore.NewFromConfig(cfg)}
	out, err := read(ctx, c, "sso:ListInstances", i.sso.ListInstances, &ssoadmin.ListInstancesInput{})
	if err != nil {
		return nil, err
	}
	for _, found := range out.Instances {
		i.instance, i.storeID = aws.ToString(found.InstanceArn), aws.ToString(found.IdentityStoreId)
	}
	c.sign.at = i
	return i, nil
}

// SignIn reads what IAM Identity Center has in a Region: all permission sets,
// groups and users, and of landlord's groups who is in them and what they are
// assigned. Where there is no instance nothing is read.
//
// For 10,000 customers of one role each these are 200 lists and two calls for each
// group, 17 minutes at AWS's rates: 8 if groups and assignments are read beside each
// other.
func (c *Client) SignIn(ctx context.Context, region string) (identity.Seen, error) {
	seen, err := c.signIn(ctx, region)
	if err != nil {
		return seen, fmt.Errorf("read IAM Identity Center in %s: %w", region, err)
	}
	return seen, nil
}

func (c *Client) signIn(ctx context.Context, region string) (identity.Seen, error) {
	i, err := c.center(ctx, region)
	if err != nil || i.instance == "" {
		return identity.Seen{}, err
	}
	seen := identity.Seen{Instance: i.instance, Store: i.storeID}
	for _, read := range []func(context.Context, *identity.Seen) error{i.sets, i.groups, i.users, i.pending} {
		if err := read(ctx, &seen); err != nil {
			return seen, err
		}
	}
	var own []identity.Group
	for _, g := range seen.Groups {
		if _, _, is := identity.Described(g.Description); is {
			own = append(own, g)
		}
	}
	members, assigned := make([][]identity.Member, len(own)), make([][]identity.Assignment, len(own))
	err = c.beside(2*len(own), func(n int) (err error) { // two services, each with its rate
		if n%2 == 0 {
			members[n/2], err = i.membersOf(ctx, own[n/2].ID)
		} else {
			assigned[n/2], err = i.assignedTo(ctx, own[n/2].ID)
		}
		return err
	})
	for n := range own {
		seen.Members = append(seen.Members, members[n]...)
		seen.Assignments = append(seen.Assignments, assigned[n]...)
	}
	return seen, err
}

// sets reads the permission sets, and what landlord's own hold.
func (i *center) sets(ctx context.Context, seen *identity.Seen) error {
	for out, err := range list(ctx, i.c, "sso:ListPermissionSets", i.sso.ListPermissionSets,
		func(token *string) *ssoadmin.ListPermissionSetsInput {
			return &ssoadmin.ListPermissionSetsInput{InstanceArn: &i.instance, MaxResults: aws.Int32(100), NextToken: token}
		},
		func(out *ssoadmin.ListPermissionSetsOutput) *string { return out.NextToken }) {
		if err != nil {
			return err
		}
		for _, arn := range out.PermissionSets {
			p, err := i.set(ctx, arn)
			if err != nil {
				return err
			}
			seen.Sets = append(seen.Sets, p)
		}
	}
	return nil
}

func (i *center) set(ctx context.Context, arn string) (identity.PermissionSet, error) {
	out, err := read(ctx, i.c, "sso:DescribePermissionSet", i.sso.DescribePermissionSet, &ssoadmin.DescribePermissionSetInput{InstanceArn: &i.instance, PermissionSetArn: &arn})
	if err != nil {
		return identity.PermissionSet{}, err
	}
	if out.PermissionSet == nil {
		return identity.PermissionSet{}, missing("DescribePermissionSet", "a permission set")
	}
	p := identity.PermissionSet{ARN: arn, Name: aws.ToString(out.PermissionSet.Name), Description: aws.ToString(out.PermissionSet.Description),
		Session: session8601(aws.ToString(out.PermissionSet.SessionDuration))}
	if p.Tags, err = i.tagsOfSet(ctx, arn); err != nil || p.Role() == "" {
		return p, err
	}
	for out, err := range list(ctx, i.c, "sso:ListManagedPoliciesInPermissionSet", i.sso.ListManagedPoliciesInPermissionSet,
		func(token *string) *ssoadmin.ListManagedPoliciesInPermissionSetInput {
			return &ssoadmin.ListManagedPoliciesInPermissionSetInput{InstanceArn: &i.instance, PermissionSetArn: &arn, NextToken: token}
		},
		func(out *ssoadmin.ListManagedPoliciesInPermissionSetOutput) *string { return out.NextToken }) {
		if err != nil {
			return p, err
		}
		for _, policy := range out.AttachedManagedPolicies {
			p.Policies = append(p.Policies, aws.ToString(policy.Arn))
		}
	}
	inline, err := read(ctx, i.c, "sso:GetInlinePolicyForPermissionSet", i.sso.GetInlinePolicyForPermissionSet,
		&ssoadmin.GetInlinePolicyForPermissionSetInput{InstanceArn: &i.instance, PermissionSetArn: &arn})
	if err != nil {
		return p, err
	}
	p.Inline = aws.ToString(inline.InlinePolicy)
	latest, err := i.accountsOf(ctx, arn, types.ProvisioningStatusLatestPermissionSetProvisioned)
	if err != nil {
		return p, err
	}
	p.Outdated, err = i.accountsOf(ctx, arn, types.ProvisioningStatusLatestPermissionSetNotProvisioned)
	p.Accounts = len(latest) + len(p.Outdated)
	return p, err
}

func (i *center) tagsOfSet(ctx context.Context, arn string) (org.Tags, error) {
	tags := org.Tags{}
	for out, err := range list(ctx, i.c, "sso:ListTagsForResource", i.sso.ListTagsForResource,
		func(token *string) *ssoadmin.ListTagsForResourceInput {
			return &ssoadmin.ListTagsForResourceInput{InstanceArn: &i.instance, ResourceArn: &arn, NextToken: token}
		},
		func(out *ssoadmin.ListTagsForResourceOutput) *string { return out.NextToken }) {
		if err != nil {
			return nil, err
		}
		for _, t := range out.Tags {
			tags[aws.ToString(t.Key)] = aws.ToString(t.Value)
		}
	}
	return tags, nil
}

// accountsOf lists the accounts that a permission set is provisioned in.
func (i *center) accountsOf(ctx context.Context, arn string, status types.ProvisioningStatus) ([]org.AccountID, error) {
	var all []org.AccountID
	for out, err := range list(ctx, i.c, "sso:ListAccountsForProvisionedPermissionSet", i.sso.ListAccountsForProvisionedPermissionSet,
		func(token *string) *ssoadmin.ListAccountsForProvisionedPermissionSetInput {
			return &ssoadmin.ListAccountsForProvisionedPermissionSetInput{InstanceArn: &i.instance, PermissionSetArn: &arn, ProvisioningStatus: status, MaxResults: aws.Int32(100), NextToken: token}
		},
		func(out *ssoadmin.ListAccountsForProvisionedPermissionSetOutput) *string { return out.NextToken }) {
		if err != nil {
			return nil, err
		}
		for _, id := range out.AccountIds {
			all = append(all, org.AccountID(id))
		}
	}
	return all, nil
}

func (i *center) groups(ctx context.Context, seen *identity.Seen) error {
	for out, err := range list(ctx, i.c, "identitystore:ListGroups", i.store.ListGroups,
		func(token *string) *identitystore.ListGroupsInput {
			return &identitystore.ListGroupsInput{IdentityStoreId: &i.storeID, MaxResults: aws.Int32(100), NextToken: token}
		},
		func(out *identitystore.ListGroupsOutput) *string { return out.NextToken }) {
		if err != nil {
			return err
		}
		for _, g := range out.Groups {
			seen.Groups = append(seen.Groups, identity.Group{ID: aws.ToString(g.GroupId), Name: aws.ToString(g.DisplayName), Description: aws.ToString(g.Description)})
		}
	}
	return nil
}

func (i *center) users(ctx context.Context, seen *identity.Seen) error {
	for out, err := range list(ctx, i.c, "identitystore:ListUsers", i.store.ListUsers,
		func(token *string) *identitystore.ListUsersInput {
			return &identitystore.ListUsersInput{IdentityStoreId: &i.storeID, MaxResults: aws.Int32(100), NextToken: token}
		},
		func(out *identitystore.ListUsersOutput) *string { return out.NextToken }) {
		if err != nil {
			return err
		}
		for _, u := range out.Users {
			one := identity.User{ID: aws.ToString(u.UserId), Name: aws.ToString(u.UserName), Type: aws.ToString(u.UserType), Disabled: u.UserStatus == storetypes.UserStatusDisabled}
			for _, e := range u.Emails {
				one.Emails = append(one.Emails, aws.ToString(e.Value))
			}
			seen.Users = append(seen.Users, one)
		}
	}
	return nil
}

func (i *center) membersOf(ctx context.Context, group string) ([]identity.Member, error) {
	var all []identity.Member
	for out, err := range list(ctx, i.c, "identitystore:ListGroupMemberships", i.store.ListGroupMemberships,
		func(token *string) *identitystore.ListGroupMembershipsInput {
			return &identitystore.ListGroupMembershipsInput{IdentityStoreId: &i.storeID, GroupId: &group, MaxResults: aws.Int32(100), NextToken: token}
		},
		func(out *identitystore.ListGroupMembershipsOutput) *string { return out.NextToken }) {
		if err != nil {
			return nil, err
		}
		for _, m := range out.GroupMemberships {
			if user, is := m.MemberId.(*storetypes.MemberIdMemberUserId); is {
				all = append(all, identity.Member{ID: aws.ToString(m.MembershipId), Group: group, User: user.Value})
			}
		}
	}
	return all, nil
}

func (i *center) assignedTo(ctx context.Context, group string) ([]identity.Assignment, error) {
	var all []identity.Assignment
	for out, err := range list(ctx, i.c, "sso:ListAccountAssignmentsForPrincipal", i.sso.ListAccountAssignmentsForPrincipal,
		func(token *string) *ssoadmin.ListAccountAssignmentsForPrincipalInput {
			return &ssoadmin.ListAccountAssignmentsForPrincipalInput{InstanceArn: &i.instance, PrincipalId: &group, PrincipalType: types.PrincipalTypeGroup, MaxResults: aws.Int32(100), NextToken: token}
		},
		func(out *ssoadmin.ListAccountAssignmentsForPrincipalOutput) *string { return out.NextToken }) {
		if err != nil {
			return nil, err
		}
		for _, a := range out.AccountAssignments {
			all = append(all, identity.Assignment{Group: group, Set: aws.ToString(a.PermissionSetArn), Account: org.AccountID(aws.ToString(a.AccountId))})
		}
	}
	return all, nil
}

// pending reads the assignments that AWS is making.
func (i *center) pending(ctx context.Context, seen *identity.Seen) error {
	out, err := read(ctx, i.c, "sso:ListAccountAssignmentCreationStatus", i.sso.ListAccountAssignmentCreationStatus, i.underway())
	if err != nil {
		return err
	}
	for _, s := range out.AccountAssignmentsCreationStatus {
		status, err := read(ctx, i.c, "sso:DescribeAccountAssignmentCreationStatus", i.sso.DescribeAccountAssignmentCreationStatus,
			&ssoadmin.DescribeAccountAssignmentCreationStatusInput{InstanceArn: &i.instance, AccountAssignmentCreationRequestId: s.RequestId})
		if err != nil {
			return err
		}
		if a := status.AccountAssignmentCreationStatus; a != nil && a.Status == types.StatusValuesInProgress {
			seen.Pending = append(seen.Pending, identity.Pending{Request: aws.ToString(s.RequestId),
				Assignment: identity.Assignment{Group: aws.ToString(a.PrincipalId), Set: aws.ToString(a.PermissionSetArn), Account: org.AccountID(aws.ToString(a.TargetId))}})
		}
	}
	return nil
}

// underway asks for the assignments that AWS is making: one page holds more than
// may be under way.
func (i *center) underway() *ssoadmin.ListAccountAssignmentCreationStatusInput {
	return &ssoadmin.ListAccountAssignmentCreationStatusInput{InstanceArn: &i.instance, MaxResults: aws.Int32(100), Filter: &types.OperationStatusFilter{Status: types.StatusValuesInProgress}}
}

// session8601 reads how long a session lasts: hours and minutes, all that AWS
// takes. What it cannot read is no time.
func session8601(text string) time.Duration {
	d, err := time.ParseDuration(strings.ToLower(strings.TrimPrefix(text, "PT")))
	if err != nil {
		return 0
	}
	return d
}
