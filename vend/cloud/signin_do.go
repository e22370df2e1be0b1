package cloud

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/identitystore"
	"github.com/aws/aws-sdk-go-v2/service/identitystore/document"
	storetypes "github.com/aws/aws-sdk-go-v2/service/identitystore/types"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin/types"

	"landlord/guard/identity"
	"landlord/internal/limits"
	"landlord/vend/execute"
	"landlord/vend/plan"
)

// signInAsync are the operations of IAM Identity Center that AWS goes on with
// after its answer. Their slots are fixed, whatever the pace.
func signInAsync() map[string]execute.Async {
	return map[string]execute.Async{
		"sso:CreateAccountAssignment": {Slots: limits.AssignmentsAtOnce, Watch: "sso:ListAccountAssignmentCreationStatus", Confirm: "sso:DescribeAccountAssignmentCreationStatus", Every: time.Second},
		"sso:DeleteAccountAssignment": {Slots: limits.AssignmentsAtOnce, Watch: "sso:ListAccountAssignmentDeletionStatus", Confirm: "sso:DescribeAccountAssignmentDeletionStatus", Every: time.Second},
		"sso:ProvisionPermissionSet":  {Slots: limits.ProvisioningsAtOnce, Watch: "sso:ListPermissionSetProvisioningStatus", Confirm: "sso:DescribePermissionSetProvisioningStatus", Every: time.Second},
	}
}

// signsIn tells whether an operation is one of sign-in.
func signsIn(operation string) bool {
	return strings.HasPrefix(operation, "sso:") || strings.HasPrefix(operation, "identitystore:")
}

// doSignIn makes one call of an executor to the instance that was looked at last.
func (c *Client) doSignIn(ctx context.Context, call execute.Call) (execute.Result, error) {
	i, err := c.center(ctx, "")
	if err != nil {
		return execute.Result{}, err
	}
	switch call.Purpose {
	case execute.Watch:
		return i.watch(ctx, call.Operation)
	case execute.Confirm:
		return i.confirm(ctx, call)
	}
	r, err := i.step(ctx, call.Step)
	if err != nil {
		return r, fmt.Errorf("%s %s: %w", call.Step.Kind, call.Step.Name, signInMeaning(err))
	}
	return r, nil
}

// signInMeaning refines what a refusal means to the executor.
//
// Source: IAM Identity Center API reference and Identity Store API reference,
// "Errors" of each operation, 2026-11.
func signInMeaning(err error) error {
	switch code(err) {
	case "ServiceQuotaExceededException":
		return fmt.Errorf("%w: %w", execute.ErrExhausted, err)
	case "ResourceNotFoundException": // made a moment ago, or taken away since it was seen
		return fmt.Errorf("%w: %w", execute.ErrNotYet, err)
	case "AccessDeniedException": // every other call would be, too
		return refusal{err}
	}
	return err
}

// refusal is an error that stops the run, whatever it wraps.
type refusal struct{ err error }

func (r refusal) Error() string { return r.err.Error() }

func (i *center) step(ctx context.Context, s plan.Step) (execute.Result, error) {
	target, from, to := string(s.Target), string(s.From), string(s.To)
	var err error
	switch s.Kind {
	case plan.CreateSet:
		return i.createSet(ctx, s)
	case plan.UpdateSet:
		_, err = once(ctx, i.c, "sso:UpdatePermissionSet", i.sso.UpdatePermissionSet,
			&ssoadmin.UpdatePermissionSetInput{InstanceArn: &i.instance, PermissionSetArn: &target, Description: &s.Text, SessionDuration: &s.Session})
	case plan.AttachToSet:
		_, err = once(ctx, i.c, "sso:AttachManagedPolicyToPermissionSet", i.sso.AttachManagedPolicyToPermissionSet,
			&ssoadmin.AttachManagedPolicyToPermissionSetInput{InstanceArn: &i.instance, PermissionSetArn: &target, ManagedPolicyArn: &s.Name})
		if code(err) == "ConflictException" { // it is attached, or another change is under way
			if p, looked := i.set(ctx, target); looked == nil && slices.Contains(p.Policies, s.Name) {
				err = nil
			}
		}
	case plan.DetachFromSet:
		_, err = once(ctx, i.c, "sso:DetachManagedPolicyFromPermissionSet", i.sso.DetachManagedPolicyFromPermissionSet,
			&ssoadmin.DetachManagedPolicyFromPermissionSetInput{InstanceArn: &i.instance, PermissionSetArn: &target, ManagedPolicyArn: &s.Name})
		err = unless(err, "ResourceNotFoundException")
	case plan.ClearSet:
		_, err = once(ctx, i.c, "sso:DeleteInlinePolicyFromPermissionSet", i.sso.DeleteInlinePolicyFromPermissionSet,
			&ssoadmin.DeleteInlinePolicyFromPermissionSetInput{InstanceArn: &i.instance, PermissionSetArn: &target})
		err = unless(err, "ResourceNotFoundException")
	case plan.ProvisionSet:
		in := &ssoadmin.ProvisionPermissionSetInput{InstanceArn: &i.instance, PermissionSetArn: &target, TargetType: types.ProvisionTargetTypeAllProvisionedAccounts}
		if to != "" {
			in.TargetType, in.TargetId = types.ProvisionTargetTypeAwsAccount, &to
		}
		out, err := once(ctx, i.c, "sso:ProvisionPermissionSet", i.sso.ProvisionPermissionSet, in)
		if err != nil {
			return execute.Result{}, err
		}
		return provisioning(out.PermissionSetProvisioningStatus)
	case plan.CreateGroup:
		return i.createGroup(ctx, s)
	case plan.RenameGroup:
		_, err = once(ctx, i.c, "identitystore:UpdateGroup", i.store.UpdateGroup, &identitystore.UpdateGroupInput{IdentityStoreId: &i.storeID, GroupId: &target, Operations: []storetypes.AttributeOperation{
			{AttributePath: aws.String("displayName"), AttributeValue: document.NewLazyDocument(s.Name)}, {AttributePath: aws.String("description"), AttributeValue: document.NewLazyDocument(s.Text)}}})
	case plan.CreateUser:
		return i.createUser(ctx, s)
	case plan.DeleteUser:
		_, err = once(ctx, i.c, "identitystore:DeleteUser", i.store.DeleteUser, &identitystore.DeleteUserInput{IdentityStoreId: &i.storeID, UserId: &target})
		err = unless(err, "ResourceNotFoundException")
	case plan.JoinGroup:
		_, err = once(ctx, i.c, "identitystore:CreateGroupMembership", i.store.CreateGroupMembership,
			&identitystore.CreateGroupMembershipInput{IdentityStoreId: &i.storeID, GroupId: &target, MemberId: &storetypes.MemberIdMemberUserId{Value: from}})
		err = unless(err, "ConflictException")
	case plan.LeaveGroup:
		_, err = once(ctx, i.c, "identitystore:DeleteGroupMembership", i.store.DeleteGroupMembership, &identitystore.DeleteGroupMembershipInput{IdentityStoreId: &i.storeID, MembershipId: &target})
		err = unless(err, "ResourceNotFoundException")
	case plan.AssignGroup, plan.AwaitAssigning:
		out, err := once(ctx, i.c, "sso:CreateAccountAssignment", i.sso.CreateAccountAssignment, &ssoadmin.CreateAccountAssignmentInput{InstanceArn: &i.instance, PermissionSetArn: &target,
			PrincipalId: &from, PrincipalType: types.PrincipalTypeGroup, TargetId: &to, TargetType: types.TargetTypeAwsAccount})
		if err != nil {
			return execute.Result{}, err
		}
		return assigning(out.AccountAssignmentCreationStatus)
	case plan.UnassignGroup:
		out, err := once(ctx, i.c, "sso:DeleteAccountAssignment", i.sso.DeleteAccountAssignment, &ssoadmin.DeleteAccountAssignmentInput{InstanceArn: &i.instance, PermissionSetArn: &target,
			PrincipalId: &from, PrincipalType: types.PrincipalTypeGroup, TargetId: &to, TargetType: types.TargetTypeAwsAccount})
		if code(err) == "ResourceNotFoundException" {
			return execute.Result{ID: to}, nil
		}
		if err != nil {
			return execute.Result{}, err
		}
		return assigning(out.AccountAssignmentDeletionStatus)
	default:
		err = fmt.Errorf("no call for a step of kind %q", s.Kind)
	}
	return execute.Result{}, err
}

// unless takes a refusal for done that says that what was asked for is so.
func unless(err error, done string) error {
	if code(err) == done {
		return nil
	}
	return err
}

// createSet makes a permission set, or finds the one it made before.
func (i *center) createSet(ctx context.Context, s plan.Step) (execute.Result, error) {
	var tags []types.Tag
	for _, t := range tagList(s.Tags) {
		tags = append(tags, types.Tag{Key: t.Key, Value: t.Value})
	}
	out, err := once(ctx, i.c, "sso:CreatePermissionSet", i.sso.CreatePermissionSet,
		&ssoadmin.CreatePermissionSetInput{InstanceArn: &i.instance, Name: &s.Name, Description: &s.Text, SessionDuration: &s.Session, Tags: tags})
	if err == nil && out.PermissionSet == nil {
		err = missing("CreatePermissionSet", "a permission set")
	}
	if err == nil {
		return execute.Result{ID: aws.ToString(out.PermissionSet.PermissionSetArn)}, nil
	}
	if code(err) != "ConflictException" {
		return execute.Result{}, err
	}
	var seen identity.Seen
	if err := i.sets(ctx, &seen); err != nil {
		return execute.Result{}, err
	}
	for _, p := range seen.Sets {
		if p.Name == s.Name {
			for key, value := range s.Tags {
				if p.Tags[key] != value {
					return execute.Result{}, fmt.Errorf("%w: permission set %s exists and is not landlord's: its tag %s is %q, not %q", execute.ErrCustomer, s.Name, key, p.Tags[key], value)
				}
			}
			return execute.Result{ID: p.ARN}, nil
		}
	}
	return execute.Result{}, err
}

// createGroup makes a group, or finds the one it made before.
func (i *center) createGroup(ctx context.Context, s plan.Step) (execute.Result, error) {
	out, err := once(ctx, i.c, "identitystore:CreateGroup", i.store.CreateGroup, &identitystore.CreateGroupInput{IdentityStoreId: &i.storeID, DisplayName: &s.Name, Description: &s.Text})
	if err == nil {
		return execute.Result{ID: aws.ToString(out.GroupId)}, nil
	}
	if code(err) != "ConflictException" {
		return execute.Result{}, err
	}
	found, looked := once(ctx, i.c, "identitystore:GetGroupId", i.store.GetGroupId, &identitystore.GetGroupIdInput{IdentityStoreId: &i.storeID, AlternateIdentifier: called("displayName", s.Name)})
	if looked != nil {
		return execute.Result{}, err // made a moment ago, not found yet
	}
	g, looked := once(ctx, i.c, "identitystore:DescribeGroup", i.store.DescribeGroup, &identitystore.DescribeGroupInput{IdentityStoreId: &i.storeID, GroupId: found.GroupId})
	switch {
	case looked != nil:
		return execute.Result{}, err
	case aws.ToString(g.Description) != s.Text:
		return execute.Result{}, fmt.Errorf("%w: group %s exists and is not landlord's: its description is %q", execute.ErrCustomer, s.Name, aws.ToString(g.Description))
	}
	return execute.Result{ID: aws.ToString(g.GroupId)}, nil
}

// createUser makes a person's user, or finds the one that is there. AWS wants both
// names; of a person whose name the file does not have they are the address.
func (i *center) createUser(ctx context.Context, s plan.Step) (execute.Result, error) {
	given, family, two := strings.Cut(strings.TrimSpace(s.Text), " ")
	shown := s.Text
	if given == "" {
		given, _, _ = strings.Cut(s.Email, "@")
		shown = s.Email
	}
	if !two {
		family = given
	}
	out, err := once(ctx, i.c, "identitystore:CreateUser", i.store.CreateUser, &identitystore.CreateUserInput{IdentityStoreId: &i.storeID, UserName: &s.Email, DisplayName: &shown,
		Name: &storetypes.Name{GivenName: &given, FamilyName: &family}, Emails: []storetypes.Email{{Value: &s.Email, Type: aws.String("work"), Primary: true}}, UserType: aws.String(identity.Made)})
	if err == nil {
		return execute.Result{ID: aws.ToString(out.UserId)}, nil
	}
	if code(err) != "ConflictException" {
		return execute.Result{}, err
	}
	found, looked := once(ctx, i.c, "identitystore:GetUserId", i.store.GetUserId, &identitystore.GetUserIdInput{IdentityStoreId: &i.storeID, AlternateIdentifier: called("userName", s.Email)})
	if looked != nil {
		return execute.Result{}, err
	}
	return execute.Result{ID: aws.ToString(found.UserId)}, nil
}

// called asks for the one whose attribute has a value.
func called(path, value string) storetypes.AlternateIdentifier {
	return &storetypes.AlternateIdentifierMemberUniqueAttribute{Value: storetypes.UniqueAttribute{AttributePath: &path, AttributeValue: document.NewLazyDocument(value)}}
}

// assigning says what AWS's status of an assignment, or of its end, means.
func assigning(s *types.AccountAssignmentOperationStatus) (execute.Result, error) {
	if s == nil {
		return execute.Result{}, fmt.Errorf("%w: %w", execute.ErrUnknown, missing("CreateAccountAssignment", "a status"))
	}
	return errand(s.Status, aws.ToString(s.RequestId), aws.ToString(s.FailureReason))
}

func provisioning(s *types.PermissionSetProvisioningStatus) (execute.Result, error) {
	if s == nil {
		return execute.Result{}, fmt.Errorf("%w: %w", execute.ErrUnknown, missing("ProvisionPermissionSet", "a status"))
	}
	return errand(s.Status, aws.ToString(s.RequestId), aws.ToString(s.FailureReason))
}

func errand(status types.StatusValues, request, why string) (execute.Result, error) {
	switch status {
	case types.StatusValuesSucceeded:
		return execute.Result{ID: request, Ended: true}, nil
	case types.StatusValuesFailed:
		return execute.Result{Ended: true}, fmt.Errorf("%w: AWS did not do it: %s [%s]", execute.ErrCustomer, why, request)
	}
	return execute.Result{Handle: request}, nil
}

// watch lists what is under way, anybody's.
func (i *center) watch(ctx context.Context, operation string) (execute.Result, error) {
	r := execute.Result{}
	add := func(status types.AccountAssignmentOperationStatusMetadata) {
		r.Working = append(r.Working, execute.Work{Handle: aws.ToString(status.RequestId), Asked: i.c.ours(status.CreatedDate)})
	}
	filter := &types.OperationStatusFilter{Status: types.StatusValuesInProgress}
	switch operation {
	case "sso:ListAccountAssignmentCreationStatus":
		out, err := once(ctx, i.c, operation, i.sso.ListAccountAssignmentCreationStatus, i.underway())
		if err != nil {
			return r, err
		}
		for _, s := range out.AccountAssignmentsCreationStatus {
			add(s)
		}
	case "sso:ListAccountAssignmentDeletionStatus":
		out, err := once(ctx, i.c, operation, i.sso.ListAccountAssignmentDeletionStatus, &ssoadmin.ListAccountAssignmentDeletionStatusInput{InstanceArn: &i.instance, MaxResults: aws.Int32(100), Filter: filter})
		if err != nil {
			return r, err
		}
		for _, s := range out.AccountAssignmentsDeletionStatus {
			add(s)
		}
	default:
		out, err := once(ctx, i.c, operation, i.sso.ListPermissionSetProvisioningStatus, &ssoadmin.ListPermissionSetProvisioningStatusInput{InstanceArn: &i.instance, MaxResults: aws.Int32(100), Filter: filter})
		if err != nil {
			return r, err
		}
		for _, s := range out.PermissionSetsProvisioningStatus {
			r.Working = append(r.Working, execute.Work{Handle: aws.ToString(s.RequestId), Asked: i.c.ours(s.CreatedDate)})
		}
	}
	return r, nil
}

// confirm asks what became of one.
func (i *center) confirm(ctx context.Context, call execute.Call) (execute.Result, error) {
	handle := call.Step.Handle
	switch call.Operation {
	case "sso:DescribeAccountAssignmentCreationStatus":
		out, err := once(ctx, i.c, call.Operation, i.sso.DescribeAccountAssignmentCreationStatus, &ssoadmin.DescribeAccountAssignmentCreationStatusInput{InstanceArn: &i.instance, AccountAssignmentCreationRequestId: &handle})
		if err != nil {
			return execute.Result{}, err
		}
		return assigning(out.AccountAssignmentCreationStatus)
	case "sso:DescribeAccountAssignmentDeletionStatus":
		out, err := once(ctx, i.c, call.Operation, i.sso.DescribeAccountAssignmentDeletionStatus, &ssoadmin.DescribeAccountAssignmentDeletionStatusInput{InstanceArn: &i.instance, AccountAssignmentDeletionRequestId: &handle})
		if err != nil {
			return execute.Result{}, err
		}
		return assigning(out.AccountAssignmentDeletionStatus)
	}
	out, err := once(ctx, i.c, call.Operation, i.sso.DescribePermissionSetProvisioningStatus, &ssoadmin.DescribePermissionSetProvisioningStatusInput{InstanceArn: &i.instance, ProvisionPermissionSetRequestId: &handle})
	if err != nil {
		return execute.Result{}, err
	}
	return provisioning(out.PermissionSetProvisioningStatus)
}
