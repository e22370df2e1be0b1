package report

// Part is something that running customers takes, and whether landlord has it.
type Part struct {
	Name   string `json:"name"`
	Exists bool   `json:"exists"`
	What   string `json:"what"`
}

// The parts that lines of the report wait for.
const (
	partSignIn     = "sign-in"
	partBaseline   = "compliance baseline"
	partReports    = "compliance reports"
	partBilling    = "usage and invoices"
	partDashboards = "customer dashboards"
	partTickets    = "ticket routing"
	partDirectory  = "customer directory"
	partHierarchy  = "unit hierarchy"
)

// parts are landlord's parts. One that comes to exist is marked here, and its
// lines get checks.
var parts = []Part{
	{"portfolio file", true, "customers, tiers and economics in one file, checked whole"},
	{"plan, apply and verify", true, "from the file to an organization, without a state file"},
	{"guardrails", true, "a service control policy for each framework, on the tier's unit"},
	{"simulated AWS", true, "AWS's limits, latencies and refusals, in virtual time"},
	{partDirectory, true, "whose an account is, by id, tag and address"},
	{partSignIn, true, "IAM Identity Center: users, groups and access to the account"},
	{partBaseline, true, "CloudTrail and AWS Config in each account"},
	{partReports, true, "what each customer's framework demands, and what was found"},
	{partBilling, true, "who consumed what, and what is owed for it"},
	{partTickets, true, "mail from a contact becomes a ticket of that customer"},
	{partDashboards, true, "each customer sees what is theirs and nothing else"},
	{partHierarchy, true, "units below a tier's, by region or segment"},
}

// exists tells whether landlord has a part.
func exists(name string) bool {
	for _, p := range parts {
		if p.Name == name {
			return p.Exists
		}
	}
	return false
}
