package cloud

import (
	"encoding/json"
	"slices"
	"strings"
)

// permission is what IAM must allow for an operation to be called.
type permission struct {
	action string
	writes bool
}

// permissions are the operations that this package can call. A test holds the
// table against the calls in the sources.
//
// Source: Service Authorization Reference, "Actions, resources, and condition
// keys for AWS Organizations", 2026-11. Creating something with tags also
// needs organizations:TagResource.
var permissions = map[string]permission{
	"GetCallerIdentity":                      {"sts:GetCallerIdentity", false},
	"AssumeRole":                             {"sts:AssumeRole", true}, // the role may change its account
	"GetResources":                           {"tag:GetResources", false},
	"DescribeOrganization":                   {"organizations:DescribeOrganization", false},
	"DescribePolicy":                         {"organizations:DescribePolicy", false},
	"DescribeCreateAccountStatus":            {"organizations:DescribeCreateAccountStatus", false},
	"ListRoots":                              {"organizations:ListRoots", false},
	"ListOrganizationalUnitsForParent":       {"organizations:ListOrganizationalUnitsForParent", false},
	"ListAccounts":                           {"organizations:ListAccounts", false},
	"ListAccountsForParent":                  {"organizations:ListAccountsForParent", false},
	"ListParents":                            {"organizations:ListParents", false},
	"ListPolicies":                           {"organizations:ListPolicies", false},
	"ListTargetsForPolicy":                   {"organizations:ListTargetsForPolicy", false},
	"ListPoliciesForTarget":                  {"organizations:ListPoliciesForTarget", false},
	"ListCreateAccountStatus":                {"organizations:ListCreateAccountStatus", false},
	"ListTagsForResource":                    {"organizations:ListTagsForResource", false},
	"ListHandshakesForOrganization":          {"organizations:ListHandshakesForOrganization", false},
	"ListServiceQuotas":                      {"servicequotas:ListServiceQuotas", false},
	"GetServiceQuota":                        {"servicequotas:GetServiceQuota", false},
	"GetAWSDefaultServiceQuota":              {"servicequotas:GetAWSDefaultServiceQuota", false},
	"ListRequestedServiceQuotaChangeHistory": {"servicequotas:ListRequestedServiceQuotaChangeHistory", false},
	"RequestServiceQuotaIncrease":            {"servicequotas:RequestServiceQuotaIncrease", true},
	"CreateOrganization":                     {"organizations:CreateOrganization", true},
	"EnablePolicyType":                       {"organizations:EnablePolicyType", true},
	"CreatePolicy":                           {"organizations:CreatePolicy", true},
	"UpdatePolicy":                           {"organizations:UpdatePolicy", true},
	"CreateOrganizationalUnit":               {"organizations:CreateOrganizationalUnit", true},
	"UpdateOrganizationalUnit":               {"organizations:UpdateOrganizationalUnit", true},
	"DeleteOrganizationalUnit":               {"organizations:DeleteOrganizationalUnit", true},
	"AttachPolicy":                           {"organizations:AttachPolicy", true},
	"DetachPolicy":                           {"organizations:DetachPolicy", true},
	"CreateAccount":                          {"organizations:CreateAccount", true},
	"MoveAccount":                            {"organizations:MoveAccount", true},
	"DescribeAccount":                        {"organizations:DescribeAccount", false},
	"ListAWSServiceAccessForOrganization":    {"organizations:ListAWSServiceAccessForOrganization", false},
	"GetAccountInformation":                  {"account:GetAccountInformation", false},
	"UntagResource":                          {"organizations:UntagResource", true},
	"EnableAWSServiceAccess":                 {"organizations:EnableAWSServiceAccess", true},
	"PutAccountName":                         {"account:PutAccountName", true},
	"InviteAccountToOrganization":            {"organizations:InviteAccountToOrganization", true},
	"CloseAccount":                           {"organizations:CloseAccount", true},
	"TagResource":                            {"organizations:TagResource", true},
}

// lockActions are what a lock in S3 takes.
var lockActions = []string{"s3:GetObject", "s3:PutObject"}

// statement is one statement of an IAM policy.
type statement struct {
	Sid       string
	Effect    string
	Action    []string
	Resource  string
	Condition map[string]map[string]string `json:",omitempty"`
}

// Permissions returns the IAM policy that the caller needs in the management
// account: to observe only, or also to change. CreateOrganization makes the
// service's own role, once. lock is where runs keep out of each other's way, as
// the portfolio names it: an object in S3 takes a statement of its own.
func Permissions(observeOnly bool, lock string) ([]byte, error) {
	var reads, writes []string
	for name, p := range permissions {
		switch {
		case name == "AssumeRole": // a statement of its own
		case p.writes:
			writes = append(writes, p.action)
		default:
			reads = append(reads, p.action)
		}
	}
	slices.Sort(reads)
	slices.Sort(writes)
	statements := []statement{{Sid: "Observe", Effect: "Allow", Action: reads, Resource: "*"}}
	if !observeOnly {
		statements = append(statements,
			statement{Sid: "Change", Effect: "Allow", Action: writes, Resource: "*"},
			statement{Sid: "EnterMembers", Effect: "Allow", Action: []string{"sts:AssumeRole"}, Resource: "arn:*:iam::*:role/" + AccessRole},
			statement{Sid: "FirstOrganization", Effect: "Allow", Action: []string{"iam:CreateServiceLinkedRole"},
				Resource:  "arn:aws:iam::*:role/aws-service-role/organizations.amazonaws.com/*",
				Condition: map[string]map[string]string{"StringEquals": {"iam:AWSServiceName": "organizations.amazonaws.com"}}},
		)
	}
	if strings.HasPrefix(lock, "s3://") && !observeOnly {
		bucket, key, err := splitAddress(lock)
		if err != nil {
			return nil, err
		}
		statements = append(statements, statement{Sid: "Lock", Effect: "Allow", Action: lockActions, Resource: "arn:aws:s3:::" + bucket + "/" + key})
	}
	return json.MarshalIndent(struct {
		Version   string
		Statement []statement
	}{"2012-10-17", statements}, "", "  ")
}

// memberPermissions are the operations that this package can call in an account
// that it enters, by the name under which the service is signed for, a colon, and
// the operation. The role needs them there, the caller where its own account is
// meant. A test holds the table against the calls in the sources.
//
// Source: Service Authorization Reference, "Actions, resources, and condition
// keys" of each service, 2026-11.
var memberPermissions = map[string]permission{}

// permissionOf is what an operation takes, wherever it is called.
func permissionOf(operation string) permission {
	if p, is := memberPermissions[operation]; is {
		return p
	}
	return permissions[operation]
}
