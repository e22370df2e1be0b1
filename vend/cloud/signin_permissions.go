package cloud

import (
	"slices"
	"strings"
)

// signInReads and signInWrites are the operations of IAM Identity Center and the
// Identity Store that this package can call. They are actions of the same name.
// TagResource is what a permission set made with tags takes.
//
// Source: Service Authorization Reference, "Actions, resources, and condition keys
// for AWS IAM Identity Center" and "for AWS Identity Store", 2026-11.
var (
	signInReads = strings.Fields(`identitystore:DescribeGroup identitystore:GetGroupId identitystore:GetUserId identitystore:ListGroupMemberships identitystore:ListGroups identitystore:ListUsers
		sso:DescribeAccountAssignmentCreationStatus sso:DescribeAccountAssignmentDeletionStatus
		sso:DescribePermissionSet sso:DescribePermissionSetProvisioningStatus sso:GetInlinePolicyForPermissionSet
		sso:ListAccountAssignmentCreationStatus sso:ListAccountAssignmentDeletionStatus
		sso:ListAccountAssignmentsForPrincipal sso:ListAccountsForProvisionedPermissionSet sso:ListInstances
		sso:ListManagedPoliciesInPermissionSet sso:ListPermissionSetProvisioningStatus sso:ListPermissionSets
		sso:ListTagsForResource`)
	signInWrites = strings.Fields(`identitystore:CreateGroup identitystore:CreateGroupMembership identitystore:CreateUser
		identitystore:DeleteGroupMembership identitystore:DeleteUser identitystore:UpdateGroup
		sso:AttachManagedPolicyToPermissionSet sso:CreateAccountAssignment sso:CreatePermissionSet
		sso:DeleteAccountAssignment sso:DeleteInlinePolicyFromPermissionSet sso:DetachManagedPolicyFromPermissionSet
		sso:ProvisionPermissionSet sso:UpdatePermissionSet`)
)

// signInPermission is what an operation of sign-in takes; false for any other.
func signInPermission(operation string) (permission, bool) {
	switch {
	case slices.Contains(signInReads, operation):
		return permission{operation, false}, true
	case slices.Contains(signInWrites, operation):
		return permission{operation, true}, true
	}
	return permission{}, false
}
