package report

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"strings"
	"unicode"
)

//go:embed page/report.html page/report.css
var pageFiles embed.FS

// HTML writes r as one page that needs nothing else: no network, no script. It
// is written whole or not at all.
func (r *Report) HTML(w io.Writer) error {
	css, err := pageFiles.ReadFile("page/report.css")
	if err != nil {
		return fmt.Errorf("read the style sheet: %w", err)
	}
	pages, err := template.New("report.html").Funcs(words).ParseFS(pageFiles, "page/report.html")
	if err != nil {
		return fmt.Errorf("parse the page: %w", err)
	}
	var b bytes.Buffer
	if err := pages.Execute(&b, r.page(string(css))); err != nil {
		return fmt.Errorf("write the report as HTML: %w", err)
	}
	_, err = w.Write(bytes.Map(shown, b.Bytes()))
	return err
}

// shown is r, or a stand-in if r would turn the text around it or is no
// character of a page.
func shown(r rune) rune {
	if r != '\n' && unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
		return unicode.ReplacementChar
	}
	return r
}

// words are what the page says numbers and lists with.
var words = template.FuncMap{
	"count": count, "whole": whole, "minutes": minutes, "list": list, "some": some, "people": people,
	"policies": policies, "scales": scales, "titled": titled, "verb": verb, "plus": func(a, b int) int { return a + b },
}

// htmlPage is what the page shows: the report, and what it takes to draw it.
type htmlPage struct {
	*Report
	CSS       template.CSS
	StyleHash string // of CSS, by which the page's policy allows it

	What, Why string // the head

	Customers, Revenue, Compared, PerTier          sheet
	Resources, Phases, Spans                       sheet
	AllTiers, TierMargins, Growth, Effort          sheet
	Onboarded                                      sheet
	Month, Projections, Comparison, Differ, Inputs sheet
	InsightTables                                  []sheet
	Sharing                                        []sharedTier
	Hidden                                         []string // what flat infrastructure hides
	Lists                                          []groupList

	RevenueChart, TimelineChart, DeployChart, MarginChart, InfrastructureChart *chart

	TreeDrawing *drawing
	Branches    []branch
	Loose       []Member // accounts in no unit, the first of them
	MoreLoose   int
}

// sharedTier is a tier whose customers share a unit.
type sharedTier struct {
	Sharing
	Tone  string
	Stats []Line
}

// groupList is a list of the validation.
type groupList struct {
	Name   string
	Groups []Group
}

func (r *Report) page(css string) htmlPage {
	sum := sha256.Sum256([]byte(css))
	p := htmlPage{
		Report: r, CSS: template.CSS(css), StyleHash: "sha256-" + base64.StdEncoding.EncodeToString(sum[:]),
		What: r.what(), Why: r.why(),
		Customers: r.customerSheet(), Revenue: r.revenueSheet(), Compared: r.comparedSheet(), PerTier: r.perTierSheet(),
		Resources: r.resourceSheet(), Phases: r.phaseSheet(), Spans: r.spanSheet(),
		AllTiers: r.tierSheet(), TierMargins: r.marginSheet(), Growth: r.growthSheet(), Effort: r.effortSheet(), Onboarded: r.onboardedSheet(),
		Month: r.monthSheet(), Projections: r.projectionSheet(), Comparison: r.comparisonSheet(), Differ: r.differenceSheet(), Inputs: r.inputSheet(),
		RevenueChart: revenueChart(r), TimelineChart: timelineChart(r), DeployChart: deployChart(r), MarginChart: marginChart(r), InfrastructureChart: infrastructureChart(r),
		Loose: r.Tree.Loose,
	}
	for _, in := range r.Insights {
		p.InsightTables = append(p.InsightTables, sheet{Caption: in.Title, Table: undrawn(in.Table), quiet: true})
	}
	for _, g := range r.Validation {
		if n := len(p.Lists); n == 0 || p.Lists[n-1].Name != g.List {
			p.Lists = append(p.Lists, groupList{Name: g.List})
		}
		last := &p.Lists[len(p.Lists)-1]
		last.Groups = append(last.Groups, g)
	}
	tones := r.tones()
	for _, s := range r.Sharing {
		p.Sharing = append(p.Sharing, sharedTier{s, tones[s.Tier], []Line{
			stated("Revenue from the tier: %s", s.Revenue.Format()),
			stated("Infrastructure for the tier: %s, its part by accounts", s.Infrastructure.Format()),
			stated("Gross margin: %s", s.GrossMargin),
		}})
	}
	for _, pr := range r.Projections {
		if pr.HidesMost > 0 {
			p.Hidden = append(p.Hidden, fmt.Sprintf("At %s, flat infrastructure hides %s to %s a month", count(pr.Customers, "customer"), pr.HidesLeast.Format(), pr.HidesMost.Format()))
		}
	}
	p.Branches = r.branches(r.Tree.Units, max(2, shownBars/max(len(r.Tree.Units), 1)))
	p.TreeDrawing = drawTree(r, p.Branches)
	if n := len(p.Loose); n > shownBars {
		p.Loose, p.MoreLoose = p.Loose[:shownBars], n-shownBars
	}
	return p
}

// undrawn is t without a last column that draws bars in text: the page has charts.
func undrawn(t Table) Table {
	last := len(t.Head) - 1
	if t.Notes == 0 || t.Head[last] != "" {
		return t
	}
	cut := Table{Head: t.Head[:last], Numbers: t.Numbers, Notes: t.Notes - 1}
	for _, row := range t.Rows {
		cut.Rows = append(cut.Rows, row[:last])
	}
	return cut
}

// what says in a sentence what was simulated.
func (r *Report) what() string {
	s := r.Source
	if s.Customers == 0 {
		return fmt.Sprintf("The portfolio %s of %s has no customers, so there was nothing to deploy.", s.File, s.Provider)
	}
	return fmt.Sprintf("landlord deployed %s in %s of %s on a simulated AWS, in %s of virtual time, and checked what came out.",
		count(s.Customers, "customer"), count(s.Tiers, "tier"), s.Provider, minutes(r.Timeline.Took))
}

// why says in a sentence what the decision rests on.
func (r *Report) why() string {
	if !r.Decision.Deploy {
		var faults []string
		for _, l := range r.Decision.Reasons {
			faults = append(faults, nonEmpty(l.Fault)...)
		}
		return "Because " + list(faults) + "."
	}
	m := r.Month
	why := fmt.Sprintf("All %s passed, and the month earns %s on %s of revenue: a margin of %s after support and hosting.",
		count(r.Tally.Passed, "check"), m.Profit().Format(), m.Revenue.Format(), m.Margin)
	if r.Decision.Before > 0 {
		why += fmt.Sprintf(" Parts that do not exist yet are needed before %s.", count(r.Decision.Before, "customer"))
	}
	return why
}

// Mark is the sign before a line.
func (l Line) Mark() string {
	if l.State == NotChecked {
		return "–"
	}
	return l.State.Mark()
}

// Class is the state as a class of the style sheet.
func (l Line) Class() string { return strings.ReplaceAll(string(l.State), " ", "-") }
