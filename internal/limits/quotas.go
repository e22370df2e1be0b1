package limits

import "time"

// Quotas are the counts and sizes of an organization that AWS has changed over
// the years, as they were at one time.
type Quotas struct {
	Name            string
	AccountsGranted int // the most accounts that AWS grants on request
	Units           int
	ServiceControl  PolicyQuota
	ResourceControl PolicyQuota
	Tag             PolicyQuota
	RemovalAge      time.Duration // age at which a created account may leave
	ClosingPercent  int           // of the members that may be closed in 30 days,
	ClosingsLeast   int           // but at least so many,
	ClosingsMost    int           // and at most so many
}

// PolicyQuota is what AWS allows of one type of policy. Counts on a target
// include the policy that AWS attaches itself.
type PolicyQuota struct {
	Policies   int // in an organization
	Characters int // of one policy
	PerTarget  int // attached to one root, unit or account
}

// quotas are the values that have a name, the present ones first.
//
//	2026-05  "Quotas and service limits for AWS Organizations", as at the top of
//	         this package, with the service control policies of 15 May 2026
//	2025     older copies of the same page: 10,000 accounts on request, 1,000 units,
//	         2,000 service control policies of 5,120 characters, 5 on a target; the
//	         closure quota of 10 % that the API reference of CloseAccount still has
var quotas = []Quotas{
	{
		Name: "2026-05", AccountsGranted: AccountsGranted, Units: Units,
		ServiceControl:  PolicyQuota{Policies, PolicyCharacters, PoliciesPerTarget},
		ResourceControl: PolicyQuota{2_000, 5_120, 5},
		Tag:             PolicyQuota{1_000, 10_000, 10},
		RemovalAge:      4 * 24 * time.Hour,
		ClosingPercent:  20, ClosingsLeast: 250, ClosingsMost: 1_000,
	},
	{
		Name: "2025", AccountsGranted: 10_000, Units: 1_000,
		ServiceControl:  PolicyQuota{2_000, PolicyCharactersOlder, 5},
		ResourceControl: PolicyQuota{1_000, 5_120, 5},
		Tag:             PolicyQuota{1_000, 10_000, 10},
		RemovalAge:      7 * 24 * time.Hour,
		ClosingPercent:  10, ClosingsLeast: 10, ClosingsMost: 1_000,
	},
}

// QuotaNames lists the names that QuotasNamed knows, the present values first.
func QuotaNames() []string {
	var names []string
	for _, q := range quotas {
		names = append(names, q.Name)
	}
	return names
}

// QuotasNamed returns the quotas of that name, and whether there are any.
func QuotasNamed(name string) (Quotas, bool) {
	for _, q := range quotas {
		if q.Name == name {
			return q, true
		}
	}
	return Quotas{}, false
}

// Closings is how many accounts of an organization with so many members may be
// closed in ClosingWindow.
func (q Quotas) Closings(members int) int {
	return min(max(members*q.ClosingPercent/100, q.ClosingsLeast), q.ClosingsMost)
}

// ClosingWindow is what the quota of closures is counted over.
//
// Source: "Quotas and service limits for AWS Organizations", Closing accounts.
const ClosingWindow = 30 * 24 * time.Hour

// Present returns AWS's quotas as they are now.
func Present() Quotas { return quotas[0] }

// Invitations and the delegation policy, of the same page; the quota's code
// from ListServiceQuotas.
const (
	InvitationsLeast    = 20                  // attempts in 24 hours, or as many as the account quota if that is more
	InvitationLife      = 15 * 24 * time.Hour // until an invitation expires
	FeaturesLife        = 90 * 24 * time.Hour // until the request to enable all features expires
	HandshakeKept       = 30 * 24 * time.Hour // how long one that is over is shown
	PostClosure         = 90 * 24 * time.Hour // from closing an account until it is gone for good
	ResourcePolicyLimit = 40_000              // characters of the organization's resource policy
	AccountsQuotaCode   = "L-29A0C5DF"        // of the accounts of an organization, service "organizations", us-east-1
)
