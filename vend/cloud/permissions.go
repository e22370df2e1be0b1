package cloud

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"landlord/guard/baseline"
	"landlord/vend/plan"
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
// account: to observe only, or also to change, what members hold too: those are
// entered through their role, which may do anything there. CreateOrganization and
// CreateTrail make the service's own role, once. lock is where runs keep out of each other's way, as
// the portfolio names it: an object in S3 takes a statement of its own. signIn has it
// work with IAM Identity Center too.
func Permissions(observeOnly bool, lock string, signIn bool) ([]byte, error) {
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
			statement{Sid: "KeepLogs", Effect: "Allow", Action: ownActions(), Resource: "*"},
			statement{Sid: "FirstTrail", Effect: "Allow", Action: []string{"iam:CreateServiceLinkedRole"},
				Resource:  "arn:aws:iam::*:role/aws-service-role/cloudtrail.amazonaws.com/*",
				Condition: map[string]map[string]string{"StringEquals": {"iam:AWSServiceName": "cloudtrail.amazonaws.com"}}},
			statement{Sid: "FirstOrganization", Effect: "Allow", Action: []string{"iam:CreateServiceLinkedRole"},
				Resource:  "arn:aws:iam::*:role/aws-service-role/organizations.amazonaws.com/*",
				Condition: map[string]map[string]string{"StringEquals": {"iam:AWSServiceName": "organizations.amazonaws.com"}}},
		)
	}
	if signIn {
		statements = append(statements, statement{Sid: "ObserveSignIn", Effect: "Allow", Action: signInReads, Resource: "*"})
		if !observeOnly {
			statements = append(statements, statement{Sid: "ChangeSignIn", Effect: "Allow", Action: append([]string{"sso:TagResource"}, signInWrites...), Resource: "*"})
		}
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
var memberPermissions = map[string]permission{
	"config:DescribeConfigurationRecorders":      {"config:DescribeConfigurationRecorders", false},
	"config:DescribeConfigurationRecorderStatus": {"config:DescribeConfigurationRecorderStatus", false},
	"config:DescribeDeliveryChannels":            {"config:DescribeDeliveryChannels", false},
	"config:DescribeConformancePacks":            {"config:DescribeConformancePacks", false},
	"config:DescribeConformancePackStatus":       {"config:DescribeConformancePackStatus", false},
	"config:DescribeConfigRules":                 {"config:DescribeConfigRules", false},
	"config:PutConfigurationRecorder":            {"config:PutConfigurationRecorder", true},
	"config:PutDeliveryChannel":                  {"config:PutDeliveryChannel", true},
	"config:StartConfigurationRecorder":          {"config:StartConfigurationRecorder", true},
	"config:PutConformancePack":                  {"config:PutConformancePack", true},
	"config:DeleteConformancePack":               {"config:DeleteConformancePack", true},
	"iam:CreateServiceLinkedRole":                {"iam:CreateServiceLinkedRole", true},
	"iam:ListRoles":                              {"iam:ListRoles", false},
	"iam:ListAttachedRolePolicies":               {"iam:ListAttachedRolePolicies", false},
	"cloudtrail:DescribeTrails":                  {"cloudtrail:DescribeTrails", false},
	"cloudtrail:GetTrailStatus":                  {"cloudtrail:GetTrailStatus", false},
	"cloudtrail:CreateTrail":                     {"cloudtrail:CreateTrail", true},
	"cloudtrail:GetEventSelectors":               {"cloudtrail:GetEventSelectors", false},
	"cloudtrail:UpdateTrail":                     {"cloudtrail:UpdateTrail", true},
	"cloudtrail:StartLogging":                    {"cloudtrail:StartLogging", true},
	"s3:GetBucketPolicy":                         {"s3:GetBucketPolicy", false},
	"s3:GetPublicAccessBlock":                    {"s3:GetBucketPublicAccessBlock", false},
	"s3:CreateBucket":                            {"s3:CreateBucket", true},
	"s3:PutBucketPolicy":                         {"s3:PutBucketPolicy", true},
	"s3:PutPublicAccessBlock":                    {"s3:PutBucketPublicAccessBlock", true},
}

// permissionOf is what an operation takes, wherever it is called.
func permissionOf(operation string) permission {
	if p, is := memberPermissions[operation]; is {
		return p
	}
	if p, is := signInPermission(operation); is {
		return p
	}
	if strings.Contains(operation, ":") { // a question
		return permission{cmp.Or(actionNamed[operation], operation), false}
	}
	return permissions[operation]
}

// ownKinds are the steps of a baseline that are made in the caller's own account.
var ownKinds = []plan.Kind{
	plan.LookTrails, plan.LookLogging, plan.LookBucket, plan.LookPrivate,
	plan.CreateBucket, plan.GuardBucket, plan.CloseBucket, plan.CreateTrail, plan.UpdateTrail, plan.StartTrail,
}

// ownActions are what ownKinds take.
func ownActions() []string {
	var actions []string
	for _, k := range ownKinds {
		actions = append(actions, memberPermissions[k.Operation()].action)
	}
	actions = append(actions, lookSelectors)
	slices.Sort(actions)
	return actions
}

// MemberPermissions returns the IAM policy that the role needs in an account that
// landlord enters: what it calls there and no more. AWS gives the role that it
// makes with an account every permission.
func MemberPermissions() ([]byte, error) {
	var reads, writes []string
	for name, p := range memberPermissions {
		own := slices.ContainsFunc(ownKinds, func(k plan.Kind) bool { return k.Operation() == name })
		switch {
		case p.writes && !own:
			writes = append(writes, p.action)
		case !p.writes:
			reads = append(reads, p.action)
		}
	}
	for name := range questions(aws.Config{}, false) {
		reads = append(reads, permissionOf(name).action)
	}
	slices.Sort(reads)
	slices.Sort(writes)
	return json.MarshalIndent(struct {
		Version   string
		Statement []statement
	}{"2012-10-17", []statement{
		{Sid: "Look", Effect: "Allow", Action: slices.Compact(reads), Resource: "*"},
		{Sid: "Baseline", Effect: "Allow", Action: slices.Compact(writes), Resource: "*"},
		{Sid: "HandOver", Effect: "Allow", Action: []string{"iam:PassRole"}, Resource: "arn:*:iam::*:" + baseline.ServiceRole},
	}}, "", "  ")
}
