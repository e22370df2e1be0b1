package limits

// What other services allow for all the accounts of an organization.

// The pages that these limits are from, each as of mid-2026.
const (
	OrganizationsPage  = "docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html"
	IdentityCenterPage = "docs.aws.amazon.com/singlesignon/latest/userguide/limits.html"
	ConfigPage         = "docs.aws.amazon.com/general/latest/gr/awsconfig.html"
)

// Source: IdentityCenterPage. The codes are those with which public
// configurations ask for increases (tedilabs/terraform-aws-account,
// modules/service-quota-requests); AWS says that codes may change.
const (
	IdentityCenterAccounts       = 7_000 // AWS accounts that can be configured; 3,000 in older copies
	IdentityCenterAccountsCode   = "L-0299121C"
	PermissionSets               = 3_500
	PermissionSetsCode           = "L-B44C7A29"
	PermissionSetsPerAccount     = 500 // provisioned in one account
	PermissionSetsPerAccountCode = "L-89954265"
	AssignmentsAtOnce            = 15    // CreateAccountAssignment under way, fixed; 10 in older copies
	ProvisioningsAtOnce          = 3     // ProvisionPermissionSet under way
	ProvisionedAtOnce            = 3_500 // accounts of one ProvisionPermissionSet of all
	AssignmentsPerHour           = 1_180 // not published: 1,200 took 61 min, aws-samples/aws-iam-identity-center-extensions, docs/documentation/Scaling.md
)

// Source: ConfigPage. No code of Service Quotas is known for these.
const (
	ConfigRules              = 1_000 // in an account and Region; 150 to 400 in older copies
	ConfigPacks              = 50    // conformance packs in an account
	ConfigRulesPerPack       = 130
	ConfigAggregatorAccounts = 10_000 // of one aggregator
	ConfigAggregatorWeekly   = 1_000  // accounts added or removed in a week over all aggregators; not said whether an organization's counts
)

// Ceiling is how many accounts of an organization a service works with.
type Ceiling struct {
	Name     string // short: "security-hub"
	Title    string
	Accounts int
	Raised   bool // AWS raises it on request
}

// Ceilings are the services that a company with a customer in each account
// often uses, of the table of OrganizationsPage, the lowest first. Audit Manager
// (250) takes no new customers since 30 April 2026.
func Ceilings() []Ceiling {
	return []Ceiling{
		{"detective", "accounts in Detective", 1_200, true},
		{"control-tower", "accounts in Control Tower", 10_000, false},
		{"firewall-manager", "accounts in Firewall Manager", 10_000, true},
		{"inspector", "accounts in Inspector", 10_000, false},
		{"macie", "accounts in Macie", 10_000, false},
		{"security-hub", "accounts in Security Hub", 10_000, false},
		{"service-catalog", "accounts in Service Catalog", 15_000, false},
	}
}
