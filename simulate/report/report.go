// Package report says what a study of a portfolio came to: every section of
// the reference report, computed. A study comes in; the model below goes out,
// and Markdown and JSON of it. The same study gives the same bytes: nothing
// here reads a clock or measures. What was simulated, and how, is simulate's.
package report

import (
	"path/filepath"

	"landlord/simulate"
)

// Report is the report on one study: what a renderer needs, and nothing that
// it has to compute. Its texts are plain: a renderer escapes them.
type Report struct {
	Title       string
	Source      Source
	Customers   []Customer // of the file
	Revenue     Revenue
	Tiers       []Tier // with customers, in the file's order
	Tree        Tree
	Resources   Resources
	Timeline    Timeline
	Sharing     []Sharing // tiers with two customers or more
	Growth      []Growth  // by number of customers
	Effort      Effort
	Onboarding  *Onboarding // by landlord; nil if nobody was onboarded
	Validation  []Group     // lists Architecture, Operations and Scaling
	Tally       Tally       // of Validation and Fixes
	Insights    []Insight
	Month       Month
	Projections []Projection // by number of customers
	Issues      []Issue
	Decision    Decision
	Parts       []Part
	Summary     []Group
	Comparison  []Comparison // of few scales, the file's among them
	Fixes       Group        // the three critical fixes
	NextSteps   []NextStep
	Figures     Figures
	Differences Figures // those that do not agree with the reference
	Times       Times
	Inputs      []Input
	Confidence  string // percent of checks that passed over Seeds
	Seeds       int    // random seeds, each a simulation
	Scenarios   []Scenario
}

// Source is what the report is on.
type Source struct {
	Provider     string
	File         string // without its folder
	Customers    int
	Tiers        int
	Frameworks   int
	Profile      string
	Seed         uint64
	Scales       []int
	AccountQuota int
}

// New computes the report on s.
func New(s *simulate.Study) *Report {
	f := newFacts(s)
	a := newAuditor(f)
	r := &Report{
		Title: whole(f.n) + "-Customer Simulation: Insights & Analysis",
		Source: Source{
			Provider: f.file.Provider.Name, File: filepath.Base(f.file.File), Customers: f.n, Tiers: len(f.tiers), Frameworks: len(frameworks(f.tiers)),
			Profile: s.Profile.Name, Seed: s.Seed, AccountQuota: s.AccountQuota,
		},
		Customers:   f.customerList(),
		Revenue:     f.revenue(),
		Tiers:       f.tierList(),
		Tree:        f.tree(),
		Resources:   resourcesOf(f.whole),
		Timeline:    timelineOf(f.whole),
		Sharing:     f.sharing(a),
		Growth:      f.growth(),
		Effort:      f.effortOf(),
		Onboarding:  f.onboarding(),
		Validation:  append(append(a.architecture(), a.operations()...), a.scaling()...),
		Tally:       tally(a.groups()),
		Month:       f.monthOne(),
		Projections: f.projections(),
		Issues:      f.issues(),
		Parts:       parts,
		Fixes:       a.fixes(),
		Figures:     f.figures(),
		Times:       f.times(),
		Inputs:      f.inputs(),
		Confidence:  f.confidence(),
		Seeds:       s.Confidence.Seeds,
		Scenarios:   f.scenarios(),
	}
	for _, sc := range s.Scenarios {
		r.Source.Scales = append(r.Source.Scales, sc.Customers())
	}
	r.Decision = f.decide(r.Tally, r.Issues)
	r.Insights = f.insights(r)
	r.Comparison = f.comparison()
	r.NextSteps = f.nextSteps(r)
	r.Summary = f.summary(r, a)
	r.Differences = r.Figures.Differ()
	return r
}

// Input is a setting that the report rests on.
type Input struct {
	Name, Value, Where string
}

// Table is rows under a head.
type Table struct {
	Head    []string
	Rows    [][]string
	Numbers int // columns of words before those of numbers
	Notes   int // columns of words after them
}
