package preflight

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"landlord/internal/limits"
	"landlord/internal/nearest"
)

// Basis is how a limit is known.
type Basis string

// The ways in which a limit is known.
const (
	Read      Basis = "read"      // AWS said it of this account
	Default   Basis = "default"   // AWS said what it gives everybody; not what it gives this account
	Published Basis = "published" // on the page that Source names
	Assumed   Basis = "assumed"   // an estimate: AWS publishes none
	Set       Basis = "set"       // by whoever asks
)

// Raise is how a limit becomes a higher one.
type Raise string

// The ways in which a limit is raised.
const (
	Asked  Raise = "on request" // of Service Quotas
	Case   Raise = "support"    // in a support case
	Unsaid Raise = "unsaid"     // AWS does not say; a support case tells
	Fixed  Raise = "no"
)

// Limit is one of AWS's limits.
type Limit struct {
	Name    string `json:"limit"` // short, by which it is set
	Title   string `json:"title"`
	Kind    Kind   `json:"kind"`
	Value   int    `json:"value"`
	Basis   Basis  `json:"basis"`
	Source  string `json:"source"`
	Raise   Raise  `json:"raised"`
	Most    int    `json:"at_most,omitempty"`    // what AWS grants at most
	Service string `json:"service,omitempty"`    // in Service Quotas
	Code    string `json:"quota_code,omitempty"` // in Service Quotas; "" if none is known
	Region  string `json:"region,omitempty"`     // where Service Quotas is asked
	Silent  string `json:"silent,omitempty"`     // why AWS's own word is not known
	Listed  bool   `json:"-"`                    // AWS listed it as one that can be raised

	per    time.Duration // of a pace: Value in so long
	window bool          // of a pace: all of Value may go at the beginning of each
	free   int           // of a pace: so many take no time
}

// Sure tells whether a plan beyond the limit certainly fails. What AWS gives
// everybody may have been raised.
func (l Limit) Sure() bool {
	switch l.Basis {
	case Read, Set:
		return true
	case Published:
		return l.Raise != Asked
	}
	return false
}

// doubted tells whether what AWS said of a limit cannot be so: more is there.
func (l Limit) doubted(used int) bool {
	return l.Kind == OfPlan && l.Basis != Set && used > l.Value
}

// region is where Organizations' quotas are.
const region = "us-east-1"

// Names of limits that others speak of.
const (
	Accounts  = "accounts"
	Closings  = "closings"
	PerTarget = "policies-per-target"
)

// Organizations is the service in Service Quotas that has the quota of accounts.
const Organizations = "organizations"

// Known returns the limits as AWS publishes them: those of an organization as
// they are in quotas, those of other services as of package limits. home is the
// Region in which the other services are asked for theirs.
func Known(quotas limits.Quotas, home string) []Limit {
	page := limits.OrganizationsPage
	if quotas.Name != limits.Present().Name {
		page = "older copies of " + page
	}
	const reference = "Organizations API reference"
	plan := func(name, title string, value int, raise Raise, source string) Limit {
		return Limit{Name: name, Title: title, Kind: OfPlan, Value: value, Basis: Published, Raise: raise, Source: source}
	}
	accounts := plan(Accounts, "accounts in the organization", limits.AccountsDefault, Asked, page)
	accounts.Service, accounts.Code, accounts.Region, accounts.Most = Organizations, limits.AccountsQuotaCode, region, quotas.AccountsGranted
	list := []Limit{
		accounts,
		plan("units", "units in the organization", quotas.Units, Unsaid, page),
		plan("unit-depth", "levels of units", limits.UnitDepth, Fixed, page),
		plan("policies", "service control policies", quotas.ServiceControl.Policies, Unsaid, page),
		plan(PerTarget, "policies on one unit or account", quotas.ServiceControl.PerTarget, Fixed, page),
		plan("policy-characters", "characters of one policy", quotas.ServiceControl.Characters, Fixed, page),
		plan("email", "characters of a root address", limits.EmailLength, Fixed, reference+", CreateAccount"),
		plan("account-name", "characters of an account's name", limits.AccountNameLength, Fixed, reference+", CreateAccount"),
		plan("unit-name", "characters of a unit's name", limits.UnitNameLength, Fixed, reference+", CreateOrganizationalUnit"),
		plan("tags", "tags on one account", limits.TagsPerResource, Fixed, page),
	}
	sso := func(name, title string, value int, code string) Limit {
		return Limit{Name: name, Title: title, Kind: OfService, Value: value, Basis: Published, Raise: Asked,
			Source: limits.IdentityCenterPage, Service: "sso", Code: code, Region: home}
	}
	list = append(list,
		sso("sign-in-accounts", "accounts in Identity Center", limits.IdentityCenterAccounts, limits.IdentityCenterAccountsCode),
		sso("permission-sets", "permission sets in Identity Center", limits.PermissionSets, limits.PermissionSetsCode),
		sso("permission-sets-per-account", "permission sets on one account", limits.PermissionSetsPerAccount, limits.PermissionSetsPerAccountCode),
	)
	service := func(name, title string, value int, raise Raise, source string) Limit {
		return Limit{Name: name, Title: title, Kind: OfService, Value: value, Basis: Published, Raise: raise, Source: source}
	}
	list = append(list,
		service("config-aggregator", "accounts in a Config aggregator", limits.ConfigAggregatorAccounts, Fixed, limits.ConfigPage),
		service("config-rules", "Config rules in one account", limits.ConfigRules, Fixed, limits.ConfigPage),
		service("config-rules-per-pack", "rules of one conformance pack", limits.ConfigRulesPerPack, Fixed, limits.ConfigPage),
		service("config-packs", "conformance packs in one account", limits.ConfigPacks, Fixed, limits.ConfigPage),
	)
	for _, c := range limits.Ceilings() {
		raise := Fixed
		if c.Raised {
			raise = Case
		}
		list = append(list, service(c.Name, c.Title, c.Accounts, raise, limits.OrganizationsPage))
	}
	bucket := limits.Of("CreateAccount").Account
	pace := func(name, title string, value int, per time.Duration, basis Basis, raise Raise, source string) Limit {
		return Limit{Name: name, Title: title, Kind: OfPace, Value: value, Basis: basis, Raise: raise, Source: source, per: per}
	}
	creations := pace("creations", "account creations an hour", int(bucket.Rate*3600), time.Hour, Published, Fixed, page)
	creations.free = bucket.Burst
	weekly := pace("config-weekly", "accounts into Config aggregators a week", limits.ConfigAggregatorWeekly, 7*24*time.Hour, Published, Case, limits.ConfigPage)
	closings := pace(Closings, "accounts closed in 30 days", 0, 30*24*time.Hour, Published, Fixed, page)
	weekly.window, closings.window = true, true
	return append(list, creations,
		pace("creations-at-once", fmt.Sprintf("creations an hour, %d at once", limits.CreationsInFlight),
			limits.CreationsInFlight*3600/creationSeconds, time.Hour, Assumed, Fixed, page),
		pace("assignments", "sign-in assignments an hour", limits.AssignmentsPerHour, time.Hour, Assumed, Fixed,
			"measured by aws-samples/aws-iam-identity-center-extensions, docs/documentation/Scaling.md"),
		weekly, closings)
}

// creationSeconds is how long AWS takes to create an account, on average: an
// estimate, the mean of a lognormal with the median 45 s and the 95th
// percentile 180 s. AWS publishes none.
const creationSeconds = 64

// Settings returns the limits with one of them set by whoever asks.
func Settings(list []Limit, name string, value int) ([]Limit, error) {
	i := slices.IndexFunc(list, func(l Limit) bool { return l.Name == name })
	if i < 0 {
		var names []string
		for _, l := range list {
			names = append(names, l.Name)
		}
		if near := nearest.Of(name, names); near != "" {
			return nil, fmt.Errorf("no limit is called %q. Did you mean %s?", name, near)
		}
		return nil, fmt.Errorf("no limit is called %q: want one of %s", name, strings.Join(names, ", "))
	}
	if value < 1 || value > mostValue {
		return nil, fmt.Errorf("limit %s: %d is no limit: want 1 to %s", name, value, group(mostValue))
	}
	list = slices.Clone(list)
	list[i].Value, list[i].Basis = value, Set
	return list, nil
}

// mostValue is the most that Service Quotas takes.
const mostValue = 1_000_000_000
