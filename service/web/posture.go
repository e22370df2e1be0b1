package web

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"landlord/guard/compliance"
	"landlord/guard/compliance/report"
)

// posturePart is the part of a page that says how a customer stands to its
// framework, for the console and the portal.
type posturePart struct {
	To         string // what its addresses begin with
	Keep       string // what they end with, to stay in the edition
	Framework  string
	Unknown    bool // landlord has no controls of it
	Known      bool // there is evidence
	Score      string
	Of         string
	First      moment // evidence
	Last       moment
	Found      string // how much was found, and how
	Catalogues []catalogueLine
	Trend      trend
	Fix        []fixLine
	MoreFix    int
	Query      string
	Filtered   bool
	Choices    []choice
	Controls   []controlLine
	Paging     paging
	Downloads  []download
}

// catalogueLine is what the controls of a catalogue come to.
type catalogueLine struct {
	Name, Score, Firm string
	Counts            []statusCount
}

type statusCount struct {
	State tone
	N     int
	To    string
}

// fixLine is a check to put right.
type fixLine struct {
	Check, Title, Severity string
	State                  tone
	Resources              int
	Controls               string // that it touches
	Turns                  string // that then pass
}

type controlLine struct {
	ID, Title, Checks string
	State             tone
	Since             moment
}

// download is a report in one format.
type download struct{ Title, To string }

// trend is the score over time, drawn.
type trend struct {
	Says   string
	Line   string // of an SVG, 320 by 96
	Points []trendPoint
}

type trendPoint struct {
	Day, Score string
	X, Y       int
}

// mostFixes is how many checks to put right a page shows.
const mostFixes = 5

// assessed is a status as pages show it.
func assessed(s compliance.Status) tone {
	switch s {
	case compliance.Pass:
		return tone{"good", "pass"}
	case compliance.Fail:
		return tone{"bad", "fail"}
	case compliance.Error:
		return tone{"warn", "error"}
	}
	return tone{"", s.String()}
}

// percent is a score in words.
func percent(s compliance.Score) string {
	if s.Of == 0 {
		return "none"
	}
	return fmt.Sprintf("%d.%d %%", s.Tenths()/10, s.Tenths()%10)
}

// postureSaid says a posture: of its controls those that the address asks for, the
// worst first.
func postureSaid(v *visit, to string, p compliance.Posture) posturePart {
	first := p.Catalogues[0]
	part := posturePart{To: to, Keep: editionQuery(p), Framework: edition(p), Known: !p.Last.IsZero(), Score: percent(first.Score), First: momentOf(v.Now, p.First), Last: momentOf(v.Now, p.Last)}
	part.Of = fmt.Sprintf("%s of %s", whole(first.Score.Pass), count(first.Score.Of, "control"))
	var methods []string
	for _, m := range p.Methods {
		methods = append(methods, report.MethodWords(m))
	}
	part.Found = count(p.Findings, "finding")
	if len(methods) > 0 {
		part.Found += ", by " + strings.Join(methods, ", ")
	}
	for _, c := range p.Catalogues {
		line := catalogueLine{Name: c.Name, Score: percent(c.Score), Firm: percent(c.Firm)}
		for _, status := range compliance.Statuses {
			if n := c.Counts[status]; n > 0 {
				line.Counts = append(line.Counts, statusCount{assessed(status), n, with(v.URL, "status", strings.ReplaceAll(status.String(), " ", "-")) + "#controls"})
			}
		}
		part.Catalogues = append(part.Catalogues, line)
	}
	part.Trend = trendOf(p.Trend)
	for _, f := range p.Fix[:min(len(p.Fix), mostFixes)] {
		part.Fix = append(part.Fix, fixLine{f.Check, f.Title, f.Severity, assessed(f.Status), f.Resources, listed(compliance.Labels(f.Controls), 6), listed(compliance.Labels(f.Turns), 6)})
	}
	part.MoreFix = len(p.Fix) - len(part.Fix)
	for _, f := range report.Formats {
		part.Downloads = append(part.Downloads, download{f.Title, to + "/reports/" + f.Name + editionQuery(p)})
	}
	part.controls(v, p)
	return part
}

// controls fills in the controls that the address asks for.
func (part *posturePart) controls(v *visit, p compliance.Posture) {
	status, page := v.FormValue("status"), max(1, atoi(v.FormValue("page")))
	part.Query = strings.TrimSpace(v.FormValue("q"))
	var found []compliance.ControlResult
	for _, c := range p.Catalogues {
		if name := v.FormValue("catalogue"); name != "" && name != c.Name {
			continue
		}
		for _, control := range c.Controls {
			if matches(control, status, part.Query) {
				found = append(found, control)
			}
		}
	}
	slices.SortStableFunc(found, func(a, b compliance.ControlResult) int { return urgency(a.Status) - urgency(b.Status) })
	part.Paging = pagingOf(v, page, min(mostRows, max(0, len(found)-(page-1)*mostRows)), len(found))
	if part.Paging.Shown = strings.ReplaceAll(part.Paging.Shown, "customer", "control"); len(found) == 0 {
		part.Paging.Shown = ""
	}
	for _, c := range found[min(len(found), (page-1)*mostRows):min(len(found), page*mostRows)] {
		line := controlLine{c.ID, c.Title, "no check touches it", assessed(c.Status), momentOf(v.Now, c.Since)}
		if len(c.Behind) > 0 {
			line.Checks = fmt.Sprintf("%d of %s", c.Assessed, count(len(c.Behind), "check"))
		}
		part.Controls = append(part.Controls, line)
	}
	all := choice{Name: "status", Label: "Status"}
	for _, s := range compliance.Statuses {
		value := strings.ReplaceAll(s.String(), " ", "-")
		all.Options = append(all.Options, option{value, s.String(), value == status})
	}
	part.Choices = append(part.Choices, all)
	if len(p.Catalogues) > 1 {
		in := choice{Name: "catalogue", Label: "Catalogue"}
		for _, c := range p.Catalogues {
			in.Options = append(in.Options, option{c.Name, c.Name, c.Name == v.FormValue("catalogue")})
		}
		part.Choices = append(part.Choices, in)
	}
	if editions := compliance.Editions[p.Framework]; editions != nil {
		in := choice{Name: "edition", Label: "Edition"}
		for _, e := range editions {
			in.Options = append(in.Options, option{e, e, e == p.Edition})
		}
		part.Choices = append(part.Choices, in)
	}
	part.Filtered = status != "" || part.Query != "" || v.FormValue("catalogue") != ""
}

// matches tells whether a control is one that is looked for.
func matches(c compliance.ControlResult, status, query string) bool {
	query = strings.ToLower(query)
	return (status == "" || strings.ReplaceAll(c.Status.String(), " ", "-") == status) &&
		(query == "" || strings.Contains(strings.ToLower(c.ID+" "+compliance.Label(c.ID)+" "+c.Title+" "+c.Group), query))
}

// urgency is the place of a status where the worst comes first.
func urgency(s compliance.Status) int {
	return slices.Index([]compliance.Status{compliance.Fail, compliance.Error, compliance.Manual, compliance.Pass, compliance.NotApplicable, compliance.NotAssessed}, s)
}

// edition is the framework of a posture with its edition.
func edition(p compliance.Posture) string { return strings.TrimSpace(p.Framework + " " + p.Edition) }

// editionQuery keeps an edition that is not the default in an address.
func editionQuery(p compliance.Posture) string {
	if editions := compliance.Editions[p.Framework]; editions == nil || p.Edition == editions[0] {
		return ""
	}
	return "?edition=" + p.Edition
}

// listed are the first of some ids.
func listed(ids []string, most int) string {
	if len(ids) <= most {
		return strings.Join(ids, ", ")
	}
	return strings.Join(ids[:most], ", ") + fmt.Sprintf(" and %d more", len(ids)-most)
}

// trendOf draws the score over days.
func trendOf(points []compliance.Point) (t trend) {
	if len(points) == 0 {
		return t
	}
	day := func(text string) time.Time {
		at, _ := time.Parse(time.DateOnly, text) // what is none is drawn at the beginning
		return at
	}
	from, to := day(points[0].Day), day(points[len(points)-1].Day)
	for _, p := range points {
		x := 160
		if to.After(from) {
			x = int(8 + 304*day(p.Day).Sub(from)/to.Sub(from))
		}
		at := trendPoint{day(p.Day).Format("2 January 2006"), percent(p.Score), x, 88 - p.Score.Tenths()*80/1000}
		t.Points = append(t.Points, at)
		t.Line += fmt.Sprintf("%d,%d ", at.X, at.Y)
	}
	first, last := points[0], points[len(points)-1]
	switch c := cmp.Compare(last.Score.Tenths(), first.Score.Tenths()); {
	case len(points) == 1:
		t.Says = fmt.Sprintf("%s on %s, the only day with evidence.", percent(last.Score), t.Points[0].Day)
	case c > 0:
		t.Says = fmt.Sprintf("Better: from %s on %s to %s on %s.", percent(first.Score), t.Points[0].Day, percent(last.Score), t.Points[len(points)-1].Day)
	case c < 0:
		t.Says = fmt.Sprintf("Worse: from %s on %s to %s on %s.", percent(first.Score), t.Points[0].Day, percent(last.Score), t.Points[len(points)-1].Day)
	default:
		t.Says = fmt.Sprintf("%s on %s, as on %s.", percent(last.Score), t.Points[len(points)-1].Day, t.Points[0].Day)
	}
	return t
}

// controlPart is one control: the checks behind it.
type controlPart struct {
	To, Keep, ID string
	Group, Words string
	Framework    string
	State, Firm  tone
	Since        moment
	Checks       []behindLine
}

type behindLine struct {
	Check, Title, Severity, Sources string
	State                           tone
	Bad                             int // resources that are not as they should be
	Since                           moment
}

// controlPart is the control of that id; false if the framework has none.
func controlOf(v *visit, to string, p compliance.Posture, id string) (controlPart, bool) {
	for _, c := range p.Catalogues {
		for _, control := range c.Controls {
			if control.ID != id {
				continue
			}
			part := controlPart{To: to, Keep: editionQuery(p), ID: id, Group: control.Group, Words: control.Title, Framework: c.Name, State: assessed(control.Status), Firm: assessed(control.Firm), Since: momentOf(v.Now, control.Since)}
			for _, b := range control.Behind {
				part.Checks = append(part.Checks, behindOf(v.Now, b, p))
			}
			slices.SortStableFunc(part.Checks, func(a, b behindLine) int { return cmp.Compare(b.Bad, a.Bad) })
			return part, true
		}
	}
	return controlPart{}, false
}

func behindOf(now time.Time, b compliance.Behind, p compliance.Posture) behindLine {
	line := behindLine{Check: b.Check, Sources: b.Sources, State: assessed(b.Status)}
	for _, c := range p.Checks {
		if c.ID == b.Check {
			line.Title, line.Severity, line.Since, line.Bad = c.Title, c.Severity, momentOf(now, c.Since), unwell(c)
		}
	}
	return line
}

// unwell is how many resources keep a check from passing.
func unwell(c compliance.CheckResult) int {
	return compliance.Population(slices.DeleteFunc(slices.Clone(c.Resources), func(r compliance.ResourceResult) bool { return r.Status <= compliance.Pass }))
}

// checkPart is one check: what was found at which resource, how and when.
type checkPart struct {
	To, Keep, ID             string
	Words, Severity, Service string
	State                    tone
	Since, Seen              moment
	Controls                 []controlLine
	Methods                  []methodLine
	Disagree                 bool
	Looked, Bad              int
	Evidence                 string
	Resources                []resourceLine
	Paging                   paging
}

type methodLine struct {
	Name, Counts string
	State        tone
	Seen         moment
}

type resourceLine struct {
	Resource, Region, Method, Evidence string
	Reason                             string
	State                              tone
	Suppressed                         bool
	Since, Seen                        moment
}

// checkOf is the check of that id; false if the framework has none.
func checkOf(v *visit, to string, p compliance.Posture, id string) (checkPart, bool) {
	i := slices.IndexFunc(p.Checks, func(c compliance.CheckResult) bool { return c.ID == id })
	if i < 0 {
		return checkPart{}, false
	}
	c := p.Checks[i]
	part := checkPart{To: to, Keep: editionQuery(p), ID: id, Words: c.Title, Severity: c.Severity, Service: c.Service, State: assessed(c.Status), Since: momentOf(v.Now, c.Since), Seen: momentOf(v.Now, c.Seen),
		Disagree: c.Disagree, Looked: c.Looked, Bad: unwell(c), Evidence: c.Evidence}
	for _, catalogue := range p.Catalogues {
		for _, control := range catalogue.Controls {
			if slices.Contains(c.Controls, control.ID) {
				part.Controls = append(part.Controls, controlLine{ID: control.ID, Title: control.Title, State: assessed(control.Status)})
			}
		}
	}
	for _, m := range c.Methods {
		var counts []string
		for _, s := range compliance.Statuses {
			if n := m.Counts[s]; n > 0 {
				counts = append(counts, whole(n)+" "+s.String())
			}
		}
		part.Methods = append(part.Methods, methodLine{sentence(report.MethodWords(m.Method)), strings.Join(counts, ", "), assessed(m.Status), momentOf(v.Now, m.Seen)})
	}
	page := max(1, atoi(v.FormValue("page")))
	all := slices.Clone(c.Resources)
	slices.SortStableFunc(all, func(a, b compliance.ResourceResult) int { return urgency(a.Status) - urgency(b.Status) })
	shown := all[min(len(all), (page-1)*mostRows):min(len(all), page*mostRows)]
	for _, r := range shown {
		part.Resources = append(part.Resources, resourceLine{cmp.Or(r.Resource, "the account"), r.Region, report.MethodWords(r.Method), r.Evidence, r.Reason, assessed(r.Status), r.Suppressed, momentOf(v.Now, r.Since), momentOf(v.Now, r.Seen)})
	}
	part.Paging = pagingOf(v, page, len(shown), len(all))
	part.Paging.Shown = strings.ReplaceAll(part.Paging.Shown, "customer", "result")
	return part, true
}
