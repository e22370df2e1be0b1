// Package limits holds what AWS Organizations allows: request rates, things in
// flight at once, counts and sizes. Each number names its source; none is
// enforced here. The executor keeps to them before AWS refuses, simaws refuses
// as AWS does, and each does its own arithmetic, so that one cannot hide a
// mistake of the other.
//
// Source, unless a line says otherwise: "Quotas and service limits for AWS
// Organizations", docs.aws.amazon.com/organizations/latest/userguide/
// orgs_reference_limits.html, as of mid-2026.
package limits

import "strings"

// Bucket is a token bucket: it holds at most Burst tokens, starts full, and
// gains Rate tokens a second. The zero Bucket does not limit.
type Bucket struct {
	Rate  float64
	Burst int
}

// Limited tells whether b limits anything.
func (b Bucket) Limited() bool { return b.Rate > 0 }

// Rate is how fast one operation may be called.
//
//	Shared   name of the bucket; operations with the same name draw from one
//	Account  per calling account
//	Org      for all callers of the organization; zero if AWS names none
//	Target   per account that the call is about, whoever calls; zero if AWS names none
type Rate struct {
	Shared  string
	Account Bucket
	Org     Bucket
	Target  Bucket
}

// Of returns the rate of an AWS operation, by its API name ("CreateAccount"); that
// of a service of accounts after the name it is signed for under, and a colon.
// An operation that AWS publishes no rate for has the zero Rate.
func Of(operation string) Rate { return rates[operation] }

// rates is section "Throttling limits" of the page above. Operations grouped
// in one row of it are taken to have a bucket each, except the two account
// creations, which the page says share one.
var rates = table(
	row{[]string{"CreateAccount", "CreateGovCloudAccount"}, Bucket{0.1, 3}, Bucket{}, "CreateAccount"},
	row{[]string{"CloseAccount"}, Bucket{0.05, 1}, Bucket{}, ""},
	row{[]string{"DescribeCreateAccountStatus"}, Bucket{2, 2}, Bucket{2, 3}, ""},
	row{[]string{"ListCreateAccountStatus"}, Bucket{5, 8}, Bucket{6, 10}, ""},
	row{[]string{"DescribeAccount"}, Bucket{20, 30}, Bucket{24, 36}, ""},
	row{[]string{"MoveAccount", "UpdateOrganizationalUnit", "DeleteOrganizationalUnit"}, Bucket{2, 3}, Bucket{}, ""},
	row{[]string{"CreateOrganizationalUnit", "DescribeOrganization"}, Bucket{1, 2}, Bucket{}, ""},
	row{[]string{"DescribeOrganizationalUnit"}, Bucket{2, 2}, Bucket{2, 3}, ""},
	row{[]string{"CreatePolicy", "DeletePolicy", "AttachPolicy", "DetachPolicy", "UpdatePolicy"}, Bucket{2, 3}, Bucket{}, ""},
	row{[]string{"DescribePolicy"}, Bucket{2, 2}, Bucket{2, 3}, ""},
	row{[]string{"ListPolicies", "ListPoliciesForTarget", "ListTargetsForPolicy"}, Bucket{5, 8}, Bucket{6, 10}, ""},
	row{[]string{"EnablePolicyType", "DisablePolicyType"}, Bucket{1, 1}, Bucket{}, ""},
	row{[]string{"ListAccounts"}, Bucket{8, 12}, Bucket{9, 15}, ""},
	row{[]string{"ListChildren"}, Bucket{6, 10}, Bucket{7, 12}, ""},
	row{[]string{"ListParents", "ListAccountsForParent", "ListOrganizationalUnitsForParent"}, Bucket{5, 8}, Bucket{6, 10}, ""},
	row{[]string{"ListRoots"}, Bucket{1, 2}, Bucket{1, 3}, ""},
	row{[]string{"ListTagsForResource"}, Bucket{10, 15}, Bucket{12, 18}, ""},
	row{[]string{"TagResource", "UntagResource"}, Bucket{4, 6}, Bucket{}, ""},
	row{[]string{"RemoveAccountFromOrganization"}, Bucket{2, 2}, Bucket{}, ""},
	row{[]string{"InviteAccountToOrganization"}, Bucket{3, 5}, Bucket{}, ""},
	row{[]string{"AcceptHandshake"}, Bucket{1, 2}, Bucket{5, 5}, ""},
	row{[]string{"DescribeHandshake"}, Bucket{1, 2}, Bucket{6, 10}, ""},
	row{[]string{"ListHandshakesForAccount", "ListHandshakesForOrganization"}, Bucket{5, 8}, Bucket{6, 10}, ""},
	row{[]string{"LeaveOrganization"}, Bucket{1, 1}, Bucket{}, ""},
	row{[]string{"EnableAWSServiceAccess", "DisableAWSServiceAccess", "RegisterDelegatedAdministrator", "DeregisterDelegatedAdministrator"}, Bucket{1, 2}, Bucket{}, ""},
	row{[]string{"ListDelegatedAdministrators"}, Bucket{5, 8}, Bucket{6, 10}, ""},
	row{[]string{"ListAWSServiceAccessForOrganization", "ListDelegatedServicesForAccount"}, Bucket{1, 3}, Bucket{1, 4}, ""},
	// Resource Groups Tagging API, "Throttling", GetResources: 15 a second. The
	// page names no burst; one second's worth is assumed.
	row{[]string{"GetResources"}, Bucket{15, 15}, Bucket{}, ""},
	// Account Management reference guide, "Quotas for AWS Account Management",
	// docs.aws.amazon.com/accounts/latest/reference/quotas.html. Some rows are "per
	// caller account", others "per account": both are taken for the caller's.
	row{[]string{"PutAccountName", startEmail, "AcceptPrimaryEmailUpdate", "EnableRegion", "DisableRegion"}, Bucket{1, 1}, Bucket{}, ""},
	row{[]string{"GetAccountInformation", "GetPrimaryEmail"}, Bucket{3, 3}, Bucket{}, ""},
	row{[]string{"GetRegionOptStatus", "ListRegions"}, Bucket{5, 5}, Bucket{}, ""},
	row{[]string{"GetAlternateContact", "GetContactInformation"}, Bucket{10, 15}, Bucket{}, ""},
	row{[]string{"PutAlternateContact", "PutContactInformation"}, Bucket{5, 8}, Bucket{}, ""},
	row{[]string{"DeleteAlternateContact"}, Bucket{1, 6}, Bucket{}, ""},
	// Service Quotas user guide, "Service quotas for Service Quotas": so many a
	// second, and as many more in one burst. RequestServiceQuotaIncrease has a rate
	// there too, which is not known here.
	row{[]string{"GetServiceQuota", "GetAWSDefaultServiceQuota", "ListRequestedServiceQuotaChangeHistory"}, Bucket{5, 5}, Bucket{}, ""},
	row{[]string{"ListServiceQuotas", "ListAWSDefaultServiceQuotas"}, Bucket{10, 10}, Bucket{}, ""},
	// IAM user guide, "IAM and AWS STS quotas", STS request quotas: 600 a second per
	// account and Region, for AssumeRole and a few others together.
	row{[]string{"AssumeRole"}, Bucket{600, 600}, Bucket{}, ""},
	// CloudTrail user guide, "Quotas in AWS CloudTrail": transactions a second per
	// account and Region, 10 of what gets, describes or lists, 1 of anything else.
	row{[]string{"cloudtrail:DescribeTrails", "cloudtrail:GetTrailStatus"}, Bucket{10, 10}, Bucket{}, ""},
	row{[]string{"cloudtrail:CreateTrail", "cloudtrail:UpdateTrail", "cloudtrail:StartLogging"}, Bucket{1, 1}, Bucket{}, ""},
	// IdentityCenterPage: 20 a second over all operations of Identity Center, and 20
	// for each of the Identity Store. The page names no burst; one second's worth
	// is assumed.
	row{IdentityCenter, Bucket{20, 20}, Bucket{}, "sso"},
	row{IdentityStore, Bucket{20, 20}, Bucket{}, ""},
	// CloudTrail API reference, LookupEvents: two a second, per account and Region;
	// the Regions are taken together.
	row{[]string{"cloudtrail:LookupEvents"}, Bucket{2, 2}, Bucket{}, ""},
	// EC2 developer guide, "Request throttling for the Amazon EC2 API", the bucket of
	// calls that change nothing. It has one for each call.
	row{of("ec2", `DescribeVolumes DescribeSnapshots DescribeSnapshotAttribute DescribeInstances DescribeVpcs DescribeSubnets DescribeFlowLogs
		DescribeSecurityGroups DescribeNetworkAcls DescribeRegions GetEbsEncryptionByDefault`), Bucket{20, 100}, Bucket{}, ""},
	// CloudWatch Logs user guide, "CloudWatch Logs quotas", CloudWatch user guide,
	// "CloudWatch service quotas", and Amazon SNS endpoints and quotas, "Amazon SNS API
	// throttling", each from recollection: the pages could not be read. No burst is
	// named; one second's worth is assumed.
	row{[]string{"logs:DescribeLogGroups"}, Bucket{10, 10}, Bucket{}, ""},
	row{[]string{"logs:DescribeMetricFilters", "logs:PutMetricFilter", "logs:PutRetentionPolicy"}, Bucket{5, 5}, Bucket{}, ""},
	row{[]string{"monitoring:DescribeAlarms", "monitoring:DescribeAlarmsForMetric"}, Bucket{9, 9}, Bucket{}, ""},
	row{of("sns", "ListTopics ListSubscriptionsByTopic GetTopicAttributes"), Bucket{30, 30}, Bucket{}, ""},
)

// IdentityCenter and IdentityStore are the operations of the two services, under
// the names that IAM has for them.
var (
	IdentityCenter = of("sso", `ListInstances DescribeInstance UpdateInstance
		CreatePermissionSet DescribePermissionSet ListPermissionSets UpdatePermissionSet DeletePermissionSet TagResource UntagResource ListTagsForResource
		AttachManagedPolicyToPermissionSet DetachManagedPolicyFromPermissionSet ListManagedPoliciesInPermissionSet
		PutInlinePolicyToPermissionSet GetInlinePolicyForPermissionSet DeleteInlinePolicyFromPermissionSet
		ProvisionPermissionSet DescribePermissionSetProvisioningStatus ListPermissionSetProvisioningStatus
		ListPermissionSetsProvisionedToAccount ListAccountsForProvisionedPermissionSet
		CreateAccountAssignment DescribeAccountAssignmentCreationStatus ListAccountAssignmentCreationStatus
		DeleteAccountAssignment DescribeAccountAssignmentDeletionStatus ListAccountAssignmentDeletionStatus
		ListAccountAssignments ListAccountAssignmentsForPrincipal`)
	IdentityStore = of("identitystore", `CreateGroup DescribeGroup UpdateGroup DeleteGroup ListGroups GetGroupId
		CreateUser DescribeUser UpdateUser DeleteUser ListUsers GetUserId
		CreateGroupMembership DescribeGroupMembership DeleteGroupMembership GetGroupMembershipId
		ListGroupMemberships ListGroupMembershipsForMember IsMemberInGroups`)
)

func of(service, operations string) []string {
	var names []string
	for name := range strings.FieldsSeq(operations) {
		names = append(names, service+":"+name)
	}
	return names
}

const startEmail = "StartPrimaryEmailUpdate"

// targets are the rates per account that a call is about.
//
// Source: the same page of Account Management, "3 per 30 seconds"; taken for
// three at once and one more every ten seconds.
var targets = map[string]Bucket{startEmail: {0.1, 3}}

type row struct {
	operations   []string
	account, org Bucket
	shared       string
}

func table(rows ...row) map[string]Rate {
	m := map[string]Rate{}
	for _, r := range rows {
		for _, name := range r.operations {
			shared := r.shared
			if shared == "" {
				shared = name
			}
			m[name] = Rate{shared, r.account, r.org, targets[name]}
		}
	}
	return m
}

// Counts and sizes of the same page.
const (
	ClosingsAtOnce        = 3      // accounts being closed at once
	CreationsInFlight     = 5      // account creations in progress at once
	AccountsDefault       = 10     // accounts of a new organization, the management account among them
	AccountsGranted       = 50_000 // the most that AWS grants on request
	Units                 = 2_000  // organizational units
	UnitDepth             = 5      // levels of units under the root
	Policies              = 10_000 // service control policies
	PolicyCharacters      = 10_240 // characters of one service control policy, since 15 May 2026
	PolicyCharactersOlder = 5_120  // before
	PoliciesPerTarget     = 10     // service control policies attached to one target, FullAWSAccess among them, since 15 May 2026; 5 before
	TagsPerResource       = 50     // tags on a root, unit, account or policy
	PageSize              = 20     // most items on one page of a list (API reference, MaxResults)
	PolicyChangesAtOnce   = 1      // policy changes at once in an organization: not published; alchemy-run/alchemy#231 reports they are serialized
)

// Names and addresses, from the API reference: CreateAccount, CreateAccountStatus,
// CreateOrganizationalUnit, Tag.
const (
	AccountNameLength = 50  // printable ASCII
	EmailLength       = 64  // 7-bit ASCII, at least EmailLeast
	EmailLeast        = 6   //
	UnitNameLength    = 128 //
	TagKeyLength      = 128 //
	TagValueLength    = 256 //
)
