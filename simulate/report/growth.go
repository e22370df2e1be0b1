package report

import (
	"cmp"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"

	"landlord/business/economics"
	"landlord/internal/limits"
	"landlord/internal/money"
	"landlord/simulate"
)

// Growth is what a number of customers takes.
type Growth struct {
	Customers int
	Lines     int // of configuration
	Tiers     int
	Resources Resources
	Phased    time.Duration
	Reference string // the phased time in the reference report, "10-12 min"; "" if it has none
	Took      time.Duration
	Calls     int
	Throttled int
	Largest   int // accounts in the fullest unit
}

func (f *facts) growth() []Growth {
	var all []Growth
	for _, s := range f.study.Scenarios {
		lines, _ := f.lines(s.Customers())
		g := Growth{s.Customers(), lines, tiersIn(s), resourcesOf(s), s.Phased.Took, "", s.Took, s.Calls, s.Throttled, 0}
		for _, row := range f.study.Share.Rows {
			if row.Customers == g.Customers {
				g.Reference = fmt.Sprintf("%d-%d min", row.From, row.To)
			}
		}
		in := map[string]int{}
		for _, a := range s.Verified.Account {
			in[a.Parent]++
			g.Largest = max(g.Largest, in[a.Parent])
		}
		all = append(all, g)
	}
	return all
}

// Effort is what the file's customers take people.
type Effort struct {
	economics.Effort
	Deployment    string // "10.8 min", phased
	During        string
	Total         string
	Hours         string
	Against       string // one customer after the other: "38% less", "5% more"; "" without customers
	PerCustomer   int
	PerDay        string // customers a person takes on in a working day
	Automated     string // the same, automated
	AutomatedEach int    // minutes of a customer, automated, by the file
	Week          string // of those
	Workday       int
	Each          string // the minutes of a customer in words
	Tasks         []Task
}

// Task is one task of taking on a customer.
type Task struct {
	What    string
	Minutes int
}

func (f *facts) effortOf() Effort {
	e := f.file.Economics
	out := Effort{
		Effort: f.effort, Deployment: minutes(f.whole.Phased.Took),
		During: grouped(f.effort.During(f.whole.Phased.Took)) + " min", Total: grouped(f.effort.Total(f.whole.Phased.Took)) + " min",
		Hours:       grouped(new(big.Rat).Quo(f.effort.Total(f.whole.Phased.Took), big.NewRat(60, 1))),
		PerCustomer: economics.PerCustomer(e), PerDay: dash, Automated: dash, Week: dash, Workday: e.WorkdayMinutes, AutomatedEach: e.Minutes.Automated, Each: f.minutesEach(),
		Tasks: []Task{{"Configuration", e.Minutes.Configuration}, {"Sign-in", e.Minutes.SignIn}, {"Compliance baseline", e.Minutes.Baseline}, {"Access test", e.Minutes.AccessTest}},
	}
	if r, ok := f.effort.Saved(f.whole.Phased.Took); ok {
		out.Against = money.Decimal(r, 0) + "% less"
		if r.Sign() < 0 {
			out.Against = money.Decimal(r.Neg(r), 0) + "% more"
		}
	}
	if r, ok := economics.PerDay(e, out.PerCustomer); ok {
		out.PerDay = tenths(r)
	}
	if r, ok := economics.PerDay(e, e.Minutes.Automated); ok {
		out.Automated = tenths(r)
		out.Week = money.Decimal(new(big.Rat).Mul(r, big.NewRat(workdays, 1)), 0)
	}
	return out
}

// Comparison is one scale beside others.
type Comparison struct {
	Growth
	Earning
	Shared  string // the tiers with more than one customer
	Effort  string
	Blocked []string // issues that block it
	Passed  Tally
}

// comparison sets 1, 2 and 5 customers beside each other, those that were
// simulated, and the whole file.
func (f *facts) comparison() []Comparison {
	var all []Comparison
	growth := f.growth()
	for i, s := range f.scenarios() {
		n := s.Customers()
		if n != f.n && n != 1 && n != 2 && n != 5 {
			continue
		}
		var shared []string
		for _, t := range economics.Tiers(s.Portfolio) {
			if t.Customers > 1 {
				shared = append(shared, t.Name)
			}
		}
		var blocked []string
		for _, issue := range f.issues() {
			issue.Crossed = issue.Threshold > 0 && n >= issue.Threshold
			if issue.Blocks() {
				blocked = append(blocked, issue.Title)
			}
		}
		total := economics.EffortOf(f.file.Economics, n).Total(s.Phased.Took)
		c := Comparison{growth[i], f.earning(n), "", money.Decimal(total, 0) + " min", blocked, s.Verified}
		switch {
		case len(shared) > 0 && s.Verified.isClean():
			c.Shared = "✅ " + list(shared)
		case len(shared) > 0:
			c.Shared = "❌ " + list(shared)
		default:
			c.Shared = "none shares"
		}
		all = append(all, c)
	}
	return all
}

func (t Tally) isClean() bool { return t.Failed == 0 }

// Times says where the times come from.
type Times struct {
	Measured  string
	Published []string // AWS's published limits
	Fitted    []string // settings that were fitted or estimated
	Profile   string
	Share     simulate.Share
	Rows      []string // the share by row, in words
	All       string
}

// granted says whether AWS grants the account quota that is needed.
func (f *facts) granted() string {
	if f.study.AccountQuota > limits.AccountsGranted {
		return "AWS does not grant that: " + whole(limits.AccountsGranted) + " is the most of one organization"
	}
	return "AWS grants up to " + whole(limits.AccountsGranted) + " on request"
}

func (f *facts) times() Times {
	creation := limits.Of("CreateAccount").Account
	t := Times{
		Measured: "Nothing was measured on AWS. All times are virtual: landlord's own planner and executor ran against a simulated AWS.",
		Published: []string{
			fmt.Sprintf("CreateAccount: %s, %d at once after a pause", rate(creation), creation.Burst),
			fmt.Sprintf("%d account creations in flight", limits.CreationsInFlight),
			fmt.Sprintf("MoveAccount %s, CreateOrganizationalUnit %s, AttachPolicy %s, TagResource %s", rate(limits.Of("MoveAccount").Account), rate(limits.Of("CreateOrganizationalUnit").Account), rate(limits.Of("AttachPolicy").Account), rate(limits.Of("TagResource").Account)),
			fmt.Sprintf("%s accounts in a new organization; the largest scale needs a quota of %s, to which the simulated AWS's is raised; %s", whole(limits.AccountsDefault), whole(f.study.AccountQuota), f.granted()),
		},
		Fitted: []string{
			fmt.Sprintf("Of the phased schedule: %s in which its phases wait for what they wrote to be read", minutes(simulate.Settle())),
			"Of the simulated AWS: how long each call and each creation takes, which AWS publishes nowhere; profile " + f.study.Profile.String(),
		},
		Profile: f.study.Profile.Name,
		Share:   f.study.Share,
	}
	share := f.study.Share
	for _, row := range share.Rows {
		t.Rows = append(t.Rows, fmt.Sprintf("%s in %d-%d min: %s of seeds", count(row.Customers, "customer"), row.From, row.To, of(row.Within, share.Seeds)))
	}
	t.All = of(share.All, share.Seeds)
	return t
}

// of writes n of all in percent.
func of(n, all int) string {
	return percent(money.Cents(n), money.Cents(all), 1)
}

// rate writes how often a bucket lets a call pass.
func rate(b limits.Bucket) string {
	if !b.Limited() {
		return "not limited"
	}
	if b.Rate < 1 {
		return fmt.Sprintf("one every %.0f s", 1/b.Rate)
	}
	return fmt.Sprintf("%.0f/s", b.Rate)
}

// inService is who is counted in a month. A file does not say who is suspended:
// the tag of the account does, and a simulation reads no account.
const inService = "every customer of the file, for the whole month; one who is suspended earns nothing until resumed, which AWS keeps (landlord:suspended) and the file does not"

// inputs are the settings of the file that the report rests on.
func (f *facts) inputs() []Input {
	e := f.file.Economics
	where := "economics"
	all := []Input{
		{"infrastructure", e.Infrastructure.Format() + " a month, flat", where},
		{"support_salary", e.SupportSalary.Format() + " a person and month", where},
		{"support_people_minimum", people(e.SupportPeopleMinimum), where},
		{"customers_per_person", count(e.CustomersPerPerson, "customer"), where},
		{"hosting", e.Hosting.Format() + " a month", where},
		{"workday_minutes", fmt.Sprintf("%d min", e.WorkdayMinutes), where},
		{"config_lines_per_customer", fmt.Sprintf("at most %d", e.ConfigLinesPerCustomer), where},
		{"account_cost", fmt.Sprintf("%s to %s an account and month, an estimate of an idle baseline in one region", e.AccountCost.Low.Format(), e.AccountCost.High.Format()), where},
		{"minutes", fmt.Sprintf("%s; an invitation %d, which is an assumption; validation %d and verification %d a batch; automated %d, one after the other %d a customer; fixes %d",
			f.minutesEach(), e.Minutes.Invitation, e.Minutes.Validation, e.Minutes.Verification, e.Minutes.Automated, e.Minutes.Sequential, e.Minutes.Fixes), where},
		{"thresholds", fmt.Sprintf("dashboard filtering %d, ticket routing %d, unit navigation %d customers", e.Thresholds.DashboardFiltering, e.Thresholds.TicketRouting, e.Thresholds.OUNavigation), where},
		{"in service", inService, "landlord customer suspend"},
		{"profile", f.study.Profile.String(), "--profile"},
		{"seed", fmt.Sprint(f.study.Seed), "--seed"},
	}
	if o := f.study.Onboarding; o != nil && o.Assumed != "" {
		all = append(all, Input{"sign_in", o.Assumed, "assumed"})
	}
	var prices []string
	for _, t := range f.tiers {
		prices = append(prices, fmt.Sprintf("%s %s", t.Name, t.Price.Format()))
	}
	if len(prices) > 0 {
		all = slices.Insert(all, 0, Input{"tier prices", strings.Join(prices, ", ") + " a customer and month", "tiers"})
	}
	return all
}

func sortBy[T any, K cmp.Ordered](s []T, key func(T) K) {
	slices.SortStableFunc(s, func(a, b T) int { return cmp.Compare(key(a), key(b)) })
}
