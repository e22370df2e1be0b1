package report

import (
	"encoding/json"
	"io"
	"math/big"
	"time"

	"landlord/internal/money"
)

// document is the report as JSON. Keys stand in the order of the fields below;
// figures in the order of the reference report. Amounts are USD as decimal
// numbers with at most two places; times are seconds of virtual time with at
// most three. A list is never null. Keys are added, never renamed or removed.
type document struct {
	Portfolio   summary        `json:"portfolio"`
	Profile     string         `json:"profile"` // of the simulated AWS
	Seed        uint64         `json:"seed"`    // random seed
	Decision    decision       `json:"decision"`
	Confidence  string         `json:"confidence"`           // percent of checks passed over many random seeds
	Figures     Figures        `json:"figures"`              // by id of the reference report
	Scenarios   []scenario     `json:"scenarios"`            // by number of customers
	Tiers       []tier         `json:"tiers"`                // with customers
	Checks      []check        `json:"checks"`               // lines of the validation lists and the critical fixes
	Tally       Tally          `json:"tally"`                // of checks
	Effort      effort         `json:"effort"`               // minutes of people for the file
	Onboarding  *onboarding    `json:"onboarding,omitempty"` // by landlord, if it was simulated
	Projections []projection   `json:"projections"`
	Issues      []issue        `json:"issues"`
	Share       sharesOfSeeds  `json:"share"` // phased times in the reference's ranges
	Parts       []Part         `json:"parts"`
	Inputs      []inputSetting `json:"inputs"`
}

type summary struct {
	Provider       string      `json:"provider"`
	File           string      `json:"file"`
	Customers      int         `json:"customers"`
	Tiers          int         `json:"tiers"`
	Frameworks     int         `json:"frameworks"`
	Revenue        json.Number `json:"revenue"` // a month
	Infrastructure json.Number `json:"infrastructure"`
	Costs          json.Number `json:"costs"`
	Profit         json.Number `json:"profit"`
	AccountQuota   int         `json:"account_quota"` // that the largest scenario needs
}

type decision struct {
	Deploy  bool     `json:"deploy"`
	Answer  string   `json:"answer"`
	Reasons []check  `json:"reasons"`
	Actions []string `json:"actions"`
}

type scenario struct {
	Customers     int           `json:"customers"`
	Seconds       json.Number   `json:"seconds"`        // landlord's deployment
	PhasedSeconds json.Number   `json:"phased_seconds"` // the phased schedule
	BoundSeconds  json.Number   `json:"bound_seconds"`  // the least that AWS's limits allow; see simulate.Bound
	Calls         int           `json:"calls"`
	Throttled     int           `json:"throttled"`
	Resources     int           `json:"resources"`  // units + accounts + attachments
	PlanSteps     int           `json:"plan_steps"` // all that is created
	Revenue       json.Number   `json:"revenue"`    // a month
	Checks        Tally         `json:"checks"`
	Phases        []phase       `json:"phases"`
	Latencies     []json.Number `json:"latencies"` // seconds that AWS took to create each account, in order of start
	R             json.Number   `json:"r"`         // seconds of the calls that precede the first creation
	M             json.Number   `json:"m"`         // seconds of one MoveAccount
	G             []json.Number `json:"g"`         // seconds after r at which each account's unit carried its policies
}

type phase struct {
	Name string      `json:"name"`
	From json.Number `json:"from_seconds"`
	To   json.Number `json:"to_seconds"`
}

type tier struct {
	Key            string      `json:"key"`
	Name           string      `json:"name"`
	Framework      string      `json:"framework"`
	Unit           string      `json:"unit"`
	Customers      int         `json:"customers"`
	Revenue        json.Number `json:"revenue"`
	Infrastructure json.Number `json:"infrastructure"` // its part, by accounts
	GrossMargin    string      `json:"gross_margin"`
	Profit         json.Number `json:"profit"`
	Margin         string      `json:"margin"`
	Minutes        int         `json:"effort_minutes"`
	PerHour        json.Number `json:"profit_per_effort_hour"`
}

type check struct {
	List   string `json:"list,omitempty"`
	Group  string `json:"group,omitempty"`
	Name   string `json:"name"`
	State  State  `json:"state"` // passed, failed, not checked
	Passed bool   `json:"passed"`
	Looked string `json:"looked_at"`
	Fault  string `json:"fault,omitempty"`
}

type effort struct {
	Configuration int         `json:"configuration"`
	Validation    int         `json:"validation"`
	Deployment    json.Number `json:"deployment_seconds"` // phased
	Verification  int         `json:"verification"`
	SignIn        int         `json:"sign_in"`
	Baseline      int         `json:"baseline"`
	AccessTest    int         `json:"access_test"`
	PerCustomer   int         `json:"per_customer"`
	Sequential    int         `json:"sequential"`
}

type onboarding struct {
	Customers   int              `json:"customers"` // who were onboarded
	Sampled     bool             `json:"sampled"`   // they are the first of each tier
	Seconds     json.Number      `json:"seconds"`   // of all, beside each other
	Steps       []onboardingStep `json:"steps"`
	PerCustomer json.Number      `json:"minutes_per_customer"` // of people, besides what is done once a batch
	Minutes     int              `json:"minutes"`              // of people for the file
	Left        []leftTask       `json:"left_to_a_person"`
}

type onboardingStep struct {
	Step    string      `json:"step"`
	Seconds json.Number `json:"seconds"`         // from the first customer's beginning to the last one's end
	ByHand  int         `json:"minutes_by_hand"` // of a customer
	Done    int         `json:"done"`            // customers
	Failed  int         `json:"failed"`
	Without int         `json:"not_needed"`
}

type leftTask struct {
	Who       string `json:"who"`
	What      string `json:"what"` // for one of the customers
	Why       string `json:"why"`
	Customers int    `json:"customers"`
	Counted   bool   `json:"counted"` // in the minutes
}

type projection struct {
	Customers   int         `json:"customers"`
	Revenue     json.Number `json:"revenue"`
	Costs       json.Number `json:"costs"`
	People      int         `json:"people"`
	Profit      json.Number `json:"profit"`
	Margin      string      `json:"margin"`
	AccountLow  json.Number `json:"infrastructure_by_account_low"`
	AccountHigh json.Number `json:"infrastructure_by_account_high"`
}

type issue struct {
	ID        string `json:"id"`
	Severity  string `json:"severity"`
	Threshold int    `json:"threshold"` // customers; 0 where it is no matter of their number
	When      string `json:"when"`
	Crossed   bool   `json:"crossed"`
	Blocks    bool   `json:"blocks"`
}

type sharesOfSeeds struct {
	Seeds int        `json:"seeds"`
	All   int        `json:"all"` // seeds for which every row is in its range
	Rows  []shareRow `json:"rows"`
}

type shareRow struct {
	Customers int `json:"customers"`
	From      int `json:"from_minutes"`
	To        int `json:"to_minutes"`
	Within    int `json:"within"` // seeds
}

type inputSetting struct {
	Name  string `json:"name"`
	Value string `json:"value"`
	Where string `json:"where"`
}

// JSON writes r as one indented JSON object; see document.
func (r *Report) JSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(r.document())
}

func (r *Report) document() document {
	s, m := r.Source, r.Month
	d := document{
		Portfolio: summary{s.Provider, s.File, s.Customers, s.Tiers, s.Frameworks, usd(m.Revenue), usd(m.Infrastructure), usd(m.Costs()), usd(m.Profit()), s.AccountQuota},
		Profile:   s.Profile, Seed: s.Seed,
		Decision:   decision{r.Decision.Deploy, r.Decision.Answer, checksOf(Group{Lines: r.Decision.Reasons}), r.Decision.Actions},
		Confidence: r.Confidence, Figures: r.Figures, Tally: r.Tally,
		Scenarios: []scenario{}, Tiers: []tier{}, Checks: []check{}, Projections: []projection{}, Issues: []issue{}, Parts: r.Parts, Inputs: []inputSetting{},
		Effort: effort{r.Effort.Configuration, r.Effort.Validation, seconds(r.Timeline.Phased.Took), r.Effort.Verification, r.Effort.SignIn, r.Effort.Baseline,
			r.Effort.AccessTest, r.Effort.PerCustomer, r.Effort.Sequential},
		Onboarding: r.Onboarding.document(),
		Share:      sharesOfSeeds{r.Times.Share.Seeds, r.Times.Share.All, []shareRow{}},
	}
	for _, sc := range r.Scenarios {
		out := scenario{sc.Customers(), seconds(sc.Took), seconds(sc.Phased.Took), seconds(sc.Bound.Time), sc.Calls, sc.Throttled, sc.Resources(), sc.Created, usd(sc.Revenue()), sc.Verified, []phase{},
			allSeconds(sc.Bound.Latencies), seconds(sc.Bound.Before), seconds(sc.Bound.Move), allSeconds(sc.Bound.Guarded)}
		for _, p := range sc.Phased.Phases {
			out.Phases = append(out.Phases, phase{p.Name, seconds(p.From), seconds(p.To)})
		}
		d.Scenarios = append(d.Scenarios, out)
	}
	for _, t := range r.Tiers {
		d.Tiers = append(d.Tiers, tier{t.Key, t.Name, t.Framework, t.Unit, len(t.Customers), usd(t.Revenue), usd(t.Infrastructure), t.GrossMargin, usd(t.Profit), t.Margin, t.Onboarding, usd(t.PerHour)})
	}
	for _, g := range append(r.Validation[:len(r.Validation):len(r.Validation)], r.Fixes) {
		d.Checks = append(d.Checks, checksOf(g)...)
	}
	for _, p := range r.Projections {
		d.Projections = append(d.Projections, projection{p.Customers, usd(p.Revenue), usd(p.Costs()), p.People, usd(p.Profit()), p.Margin, usd(p.AccountLow), usd(p.AccountHigh)})
	}
	for _, i := range r.Issues {
		d.Issues = append(d.Issues, issue{i.ID, i.Severity, i.Threshold, i.When, i.Crossed, i.Blocks()})
	}
	for _, row := range r.Times.Share.Rows {
		d.Share.Rows = append(d.Share.Rows, shareRow(row))
	}
	for _, in := range r.Inputs {
		d.Inputs = append(d.Inputs, inputSetting(in))
	}
	return d
}

// document is what was onboarded, for a machine.
func (o *Onboarding) document() *onboarding {
	if o == nil {
		return nil
	}
	out := &onboarding{o.Customers, o.Sampled, seconds(o.Took), []onboardingStep{}, json.Number(o.Each), o.Work.Before() + o.Work.Verification + o.Work.After(), []leftTask{}}
	for _, s := range o.Steps {
		out.Steps = append(out.Steps, onboardingStep{s.Step, seconds(s.Took), s.ByHand, s.Done, s.Failed, s.Without})
	}
	for _, l := range o.Left {
		out.Left = append(out.Left, leftTask{l.Who, l.What, l.Why, l.Customers, l.Counted})
	}
	return out
}

// checksOf are the lines of g that are checks or wait for one.
func checksOf(g Group) []check {
	checks := []check{}
	for _, l := range g.Lines {
		if l.State != Stated {
			checks = append(checks, check{g.List, g.Name, l.Text, l.State, l.State == Passed, l.Looked, l.Fault})
		}
	}
	return checks
}

func usd(c money.Cents) json.Number { return json.Number(c.String()) }

// seconds is d with at most three places.
func seconds(d time.Duration) json.Number {
	r := big.NewRat(int64(d.Round(time.Millisecond)), int64(time.Second))
	for places := range 3 {
		if text := money.Decimal(r, places); writes(text, r) {
			return json.Number(text)
		}
	}
	return json.Number(money.Decimal(r, 3))
}

// allSeconds is each of d as seconds.
func allSeconds(d []time.Duration) []json.Number {
	all := make([]json.Number, len(d))
	for i := range d {
		all[i] = seconds(d[i])
	}
	return all
}

// writes tells whether text writes all of r.
func writes(text string, r *big.Rat) bool {
	got, ok := new(big.Rat).SetString(text)
	return ok && got.Cmp(r) == 0
}
