package compliance

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"
)

// Posture is how an account stands to a framework, as far as its findings tell.
type Posture struct {
	Framework  string            `json:"framework"`
	Edition    string            `json:"edition,omitempty"`
	Table      string            `json:"mapping_version"`
	First      time.Time         `json:"first_evidence"` // zero while there is none
	Last       time.Time         `json:"last_evidence"`  // that the posture is as of
	Findings   int               `json:"findings"`       // all that were read, also of other checks
	Methods    []string          `json:"methods"`
	Catalogues []CatalogueResult `json:"catalogues"`
	Checks     []CheckResult     `json:"checks"`
	Fix        []Fix             `json:"fix_first"`
	Trend      []Point           `json:"trend"`
	Unmapped   Rest              `json:"unmapped"` // findings of checks that landlord does not know
	Elsewhere  Rest              `json:"not_in_framework"`
}

// Rest counts findings that say nothing of the framework.
type Rest struct {
	Checks   int `json:"checks"`
	Findings int `json:"findings"`
}

// CatalogueResult is how the controls of one catalogue stand.
type CatalogueResult struct {
	Name     string          `json:"name"`
	Score    Score           `json:"score"`
	Firm     Score           `json:"score_confirmed"` // of the controls that confirmed mappings touch, by these alone
	Counts   map[Status]int  `json:"controls_by_status"`
	Touched  int             `json:"controls_touched"` // that a check touches
	Controls []ControlResult `json:"controls"`
}

// Score is how many of the controls that pass, fail or could not be told pass.
// What a person must look at, does not apply or is not assessed counts in neither.
type Score struct {
	Pass int `json:"pass"`
	Of   int `json:"of"`
}

// Tenths is the score in tenths of a percent, rounded down, so that only a whole
// one is 1,000.
func (s Score) Tenths() int {
	if s.Of == 0 {
		return 0
	}
	return s.Pass * 1000 / s.Of
}

func (s *Score) add(status Status) {
	switch status {
	case Pass:
		s.Pass++
		s.Of++
	case Fail, Error:
		s.Of++
	}
}

// ControlResult is how one control stands.
type ControlResult struct {
	ID       string    `json:"id"`
	Group    string    `json:"group"`
	Title    string    `json:"title"`
	Status   Status    `json:"status"`           // by all checks behind it
	Firm     Status    `json:"status_confirmed"` // by confirmed mappings alone
	Since    time.Time `json:"since,omitzero"`   // that it has this status
	Assessed int       `json:"checks_assessed"`
	Methods  []string  `json:"methods,omitempty"` // by which its checks were assessed
	Behind   []Behind  `json:"checks,omitempty"`
}

// Behind is a check behind a control.
type Behind struct {
	Check     string `json:"check"`
	Status    Status `json:"status"`
	Confirmed bool   `json:"confirmed"`
	Sources   string `json:"sources"` // who says that it touches the control
}

// CheckResult is how one check stands.
type CheckResult struct {
	*Check
	Status    Status           `json:"status"`
	Since     time.Time        `json:"since,omitzero"`
	Seen      time.Time        `json:"last_seen,omitzero"`
	Controls  []string         `json:"controls"`
	Methods   []MethodResult   `json:"methods,omitempty"`
	Disagree  bool             `json:"disagree"`           // two methods come to different ends
	Looked    int              `json:"population"`         // resources, at least
	Evidence  string           `json:"evidence,omitempty"` // SHA-256 over the hashes of what counts now
	Resources []ResourceResult `json:"resources,omitempty"`
}

// MethodResult is what one method came to.
type MethodResult struct {
	Method string         `json:"method"`
	Status Status         `json:"status"`
	Counts map[Status]int `json:"resources_by_status"`
	Seen   time.Time      `json:"last_seen"`
}

// ResourceResult is what one method last found of a resource.
type ResourceResult struct {
	Region     string    `json:"region,omitempty"`
	Resource   string    `json:"resource,omitempty"`
	Method     string    `json:"method"`
	Status     Status    `json:"status"`
	Suppressed bool      `json:"suppressed,omitempty"`
	Since      time.Time `json:"since"`
	Seen       time.Time `json:"last_seen"`
	Evidence   string    `json:"evidence"`
	Reason     string    `json:"reason,omitempty"`
}

// Point is the score at the end of a day.
type Point struct {
	Day   string `json:"day"`
	Score Score  `json:"score"`
}

// points is how many days of evidence the trend shows at most.
const points = 12

// Posture is how the account stands to a framework. The same findings make the
// same posture, in whatever order they were added.
func (h *History) Posture(f Framework) Posture {
	p := Posture{First: h.first, Last: h.last, Findings: h.settle()}
	p.Unmapped, p.Elsewhere = h.rest(f)
	p.fill(f, h.sweep, h.days(f))
	return p
}

// sweep tells how the status of a check changed, what is known of it now, and when
// it was last looked at.
type sweep func(*Check) (changes []change, now []*live, last int64)

// fill fills in what follows from the checks, and the score of some days.
func (p *Posture) fill(f Framework, of sweep, days []int64) {
	p.Framework, p.Edition, p.Table = f.Name, f.Edition, Version
	p.Methods, p.Checks, p.Fix, p.Trend = []string{}, []CheckResult{}, []Fix{}, []Point{}
	results := map[*Check]*result{}
	methods := map[string]bool{}
	for _, c := range f.Checks() {
		r := of.result(c, f)
		results[c] = r
		p.Checks = append(p.Checks, r.CheckResult)
		for _, m := range r.Methods {
			methods[m.Method] = true
		}
	}
	p.Methods = sorted(methods)
	touching := f.touching()
	for _, c := range f.Catalogues {
		p.Catalogues = append(p.Catalogues, c.result(f, touching, results))
	}
	p.Fix = priorities(*p)
	p.Trend = f.points(days[max(0, len(days)-points):], func(c *Check) []change { return results[c].changes })
}

// result is a check's result and how it came to it.
type result struct {
	CheckResult
	changes []change
}

func (of sweep) result(c *Check, f Framework) *result {
	changes, now, last := of(c)
	r := &result{CheckResult{Check: c}, changes}
	for _, m := range f.Touches(c) {
		r.Controls = append(r.Controls, m.Control)
	}
	if len(changes) == 0 {
		return r
	}
	end := changes[len(changes)-1]
	r.Status, r.Since, r.Seen = end.status, instant(end.at), instant(last)
	var hashes []string
	for _, l := range now {
		r.Resources = append(r.Resources, ResourceResult{l.region, l.resource, l.method, l.status, l.suppressed, instant(l.since), instant(l.at), l.hash, l.reason})
		i, is := slices.BinarySearchFunc(r.Methods, l.method, func(m MethodResult, name string) int { return strings.Compare(m.Method, name) })
		if !is {
			r.Methods = slices.Insert(r.Methods, i, MethodResult{Method: l.method, Counts: map[Status]int{}})
		}
		m := &r.Methods[i]
		m.Status = max(m.Status, l.status)
		m.Counts[l.status]++
		if m.Seen.Before(instant(l.at)) {
			m.Seen = instant(l.at)
		}
		hashes = append(hashes, l.hash)
	}
	for i, m := range r.Methods {
		for _, other := range r.Methods[:i] {
			r.Disagree = r.Disagree || Contradict(m.Status, other.Status)
		}
	}
	r.Looked = Population(r.Resources)
	if len(hashes) > 0 {
		r.Evidence = digest(hashes)
	}
	return r
}

// rest counts the findings of checks that nobody knows, and of those that touch
// no control of the framework.
func (h *History) rest(f Framework) (unmapped, elsewhere Rest) {
	for name, s := range h.names {
		checks := Named(name)
		switch {
		case len(checks) == 0:
			unmapped.Checks++
			unmapped.Findings += len(s.events)
		case !f.named(name):
			elsewhere.Checks++
			elsewhere.Findings += len(s.events)
		}
	}
	return unmapped, elsewhere
}

func (c Catalogue) result(f Framework, touching map[string][]touch, of map[*Check]*result) CatalogueResult {
	r := CatalogueResult{Name: c.Name, Counts: map[Status]int{}}
	for _, control := range c.Controls {
		behind := f.behind(control, touching)
		one := ControlResult{ID: control.ID, Group: control.Group, Title: control.Title}
		methods := map[string]bool{}
		for _, t := range behind {
			is := of[t.check]
			one.Behind = append(one.Behind, Behind{t.check.ID, is.Status, t.Confirmed, t.Sources})
			one.Status = max(one.Status, is.Status)
			if t.Confirmed {
				one.Firm = max(one.Firm, is.Status)
			}
			if is.Status != NotAssessed {
				one.Assessed++
			}
			for _, m := range is.Methods {
				methods[m.Method] = true
			}
		}
		one.Methods = sorted(methods)
		one.Since = since(behind, of)
		if len(behind) > 0 {
			r.Touched++
		}
		r.Counts[one.Status]++
		r.Score.add(one.Status)
		r.Firm.add(one.Firm)
		r.Controls = append(r.Controls, one)
	}
	return r
}

// since is when a control took the status that it has: the greatest of its checks'.
func since(behind []touch, of map[*Check]*result) time.Time {
	var times []int64
	for _, t := range behind {
		for _, c := range of[t.check].changes {
			times = append(times, c.at)
		}
	}
	slices.Sort(times)
	status := func(at int64) (s Status) {
		for _, t := range behind {
			s = max(s, statusAt(of[t.check].changes, at))
		}
		return s
	}
	var from int64
	last := NotAssessed
	for _, at := range slices.Compact(times) {
		if s := status(at); s != last {
			last, from = s, at
		}
	}
	if last == NotAssessed {
		return time.Time{}
	}
	return instant(from)
}

// days are those with evidence of a framework.
func (h *History) days(f Framework) []int64 {
	days := map[int64]bool{}
	for name, s := range h.names {
		if !f.named(name) {
			continue
		}
		for _, e := range s.events {
			days[e.at/day] = true
		}
	}
	return slices.Sorted(maps.Keys(days))
}

// named tells whether a check of a name touches a control of the framework.
func (f Framework) named(name string) bool {
	return slices.ContainsFunc(Named(name), func(c *Check) bool { return len(f.Touches(c)) > 0 })
}

// points are the scores of the first catalogue at the end of days.
func (f Framework) points(days []int64, changes func(*Check) []change) []Point {
	touching := f.touching()
	all := []Point{}
	for _, d := range days {
		var score Score
		for _, control := range f.Catalogues[0].Controls {
			status := NotAssessed
			for _, t := range touching[control.ID] {
				status = max(status, statusAt(changes(t.check), (d+1)*day-1))
			}
			score.add(status)
		}
		all = append(all, Point{instant(d * day).Format(time.DateOnly), score})
	}
	return all
}

// Fix is a check to put right, and what that brings.
type Fix struct {
	Check     string   `json:"check"`
	Title     string   `json:"title"`
	Severity  string   `json:"severity"`
	Status    Status   `json:"status"` // fail, or error: first make it tell
	Resources int      `json:"resources"`
	Controls  []string `json:"controls"`
	Turns     []string `json:"turns,omitempty"` // the controls that nothing else keeps from passing
}

// priorities are the checks that fail or could not be told: the most severe
// first, then those that more controls wait for, then those of more controls.
func priorities(p Posture) []Fix {
	bad := map[string][]string{} // control → its checks that keep it from passing
	for _, c := range p.Catalogues {
		for _, control := range c.Controls {
			for _, b := range control.Behind {
				if b.Status > Pass {
					bad[control.ID] = append(bad[control.ID], b.Check)
				}
			}
		}
	}
	fix := []Fix{}
	for _, c := range p.Checks {
		if c.Status != Fail && c.Status != Error {
			continue
		}
		one := Fix{Check: c.ID, Title: c.Title, Severity: c.Severity, Status: c.Status, Controls: c.Controls}
		one.Resources = Population(slices.DeleteFunc(slices.Clone(c.Resources), func(r ResourceResult) bool { return r.Status != c.Status }))
		for _, id := range c.Controls {
			if len(bad[id]) == 1 {
				one.Turns = append(one.Turns, id)
			}
		}
		fix = append(fix, one)
	}
	slices.SortStableFunc(fix, func(a, b Fix) int {
		return cmp.Or(
			cmp.Compare(b.Status, a.Status),
			cmp.Compare(slices.Index(Severities, a.Severity), slices.Index(Severities, b.Severity)),
			cmp.Compare(len(b.Turns), len(a.Turns)),
			cmp.Compare(len(b.Controls), len(a.Controls)),
			strings.Compare(a.Check, b.Check))
	})
	return fix
}

func sorted(set map[string]bool) []string {
	list := make([]string, 0, len(set))
	for name := range set {
		list = append(list, name)
	}
	slices.Sort(list)
	return list
}
