// Package report makes a customer's compliance report of its posture: a model,
// then Markdown, JSON, HTML, PDF, OSCAL and OCSF. The same posture makes the same
// bytes: every date is one of the evidence, every identifier follows from what it
// names. A report is of one customer and one framework and names no other.
package report

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"landlord/guard/compliance"
	"landlord/internal/money"
	"landlord/org"
)

// Subject is whom a report is about.
type Subject struct {
	Provider string        `json:"provider"`
	Customer string        `json:"customer"` // key
	Name     string        `json:"name"`
	Tier     string        `json:"tier"`
	Account  org.AccountID `json:"account"` // "" while there is none
	Regions  []string      `json:"regions,omitempty"`
}

// Report is a customer's compliance report.
type Report struct {
	Title     string  `json:"title"`
	Subject   Subject `json:"subject"`
	Statement string  `json:"statement"`
	compliance.Posture
	NotDone []string `json:"not_assessed_by_landlord"`
	Method  []string `json:"method"`
}

// disclaimer says what a report is not.
const disclaimer = "This report says what was read of settings of one AWS account, and which controls these settings touch. It is no attestation, no certification and no audit opinion: whether a control is satisfied is for an auditor to judge."

// New makes the report of a posture.
func New(s Subject, p compliance.Posture) *Report {
	r := &Report{Title: "Compliance report", Subject: s, Statement: disclaimer, Posture: p}
	r.Method = r.method()
	r.NotDone = r.notDone()
	return r
}

// method says how the statuses came about.
func (r *Report) method() []string {
	all := []string{
		"A check looks at settings of the account through AWS's own interfaces, by a scanner whose findings were imported, by AWS Config, or by landlord itself. Each finding is kept with its time and the SHA-256 of what its source wrote.",
		"Of several findings the worst counts: any fail is a fail; what could not be told is an error and never a pass; then what a person must look at; then passes. What does not apply is not counted. A suppressed fail is a fail, and marked.",
		"A scanner that looks at everything there is replaces what it found before at the same place. Where two methods disagree, both are shown and the worse counts.",
		"That a check touches a control is coverage, not satisfaction. A mapping is confirmed when two sources name it, or AWS itself does; others are marked as of one source. The status by confirmed mappings alone is shown beside.",
		"The score is the share of controls that pass among those that pass, fail or could not be told. Controls that are not assessed are in neither, and are listed.",
	}
	for _, c := range r.Catalogues {
		if len(c.Controls) > 0 && indicators(c) {
			all = append(all, fmt.Sprintf("The indicators of %s are seen through the controls that each of them names: an indirect reading, by every method whose findings there are.", c.Name))
		}
	}
	return append(all, "Of how many resources something was found is the least that there can be: two methods may name one by different ids.",
		"Version of the table of checks and mappings: "+r.Table+".")
}

// indicators tells whether a catalogue's controls are seen through others.
func indicators(c compliance.CatalogueResult) bool {
	return strings.HasPrefix(c.Controls[0].ID, "KSI-")
}

// notDone says what landlord does not assess.
func (r *Report) notDone() (all []string) {
	for _, c := range r.Catalogues {
		open := c.Counts[compliance.NotAssessed]
		untouched := len(c.Controls) - c.Touched
		all = append(all, fmt.Sprintf("%s: %s of %s are not assessed here: %s that no check touches, and %s whose checks were given no findings.",
			c.Name, count(open), plural(len(c.Controls), "control"), count(untouched), count(open-untouched)))
	}
	if r.Unmapped.Findings > 0 {
		all = append(all, fmt.Sprintf("%s of %s that landlord's table does not know say nothing here.", plural(r.Unmapped.Findings, "finding"), plural(r.Unmapped.Checks, "check")))
	}
	if len(r.Methods) > 0 && !slices.Contains(r.Methods, compliance.ByConfig) {
		all = append(all, "AWS Config: nothing that it found came in, so that what is here is by "+methodsWords(r.Methods)+" alone.")
	}
	if regions := r.regions(); len(regions) > 0 {
		all = append(all, fmt.Sprintf("Regions of AWS other than %s: nothing there was looked at, and a check of every enabled region is one of these alone.", strings.Join(regions, ", ")))
	}
	return append(all, "People, contracts, training, physical safeguards, and what runs inside instances, containers and applications.")
}

// regions are those in which something was looked at.
func (r *Report) regions() []string {
	all := map[string]bool{}
	for _, c := range r.Checks {
		for _, one := range c.Resources {
			if one.Region != "" {
				all[one.Region] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// where is where was looked, in words.
func (r *Report) where() string {
	regions := r.regions()
	if len(regions) == 0 {
		return "services of no region alone"
	}
	return strings.Join(regions, ", ") + ", and services of no region"
}

// found is how much was found, and how, in words.
func (r *Report) found() string {
	stands, checks := 0, 0
	for _, c := range r.Checks {
		stands += len(c.Resources)
		if c.Status != compliance.NotAssessed {
			checks++
		}
	}
	return fmt.Sprintf("%s of %s stand, of %s that came in since the first; by %s", plural(stands, "result"), plural(checks, "check"), plural(r.Findings, "finding"), methodsWords(r.Methods))
}

// why is why a resource has its status, in a line of some length at most; "" if its
// source said nothing.
func why(r compliance.ResourceResult) string {
	text := []rune(strings.Join(strings.Fields(r.Reason), " "))
	if len(text) > reasonMost {
		return string(text[:reasonMost]) + "…"
	}
	return string(text)
}

// reasonMost is how many characters of a reason a report for people has.
const reasonMost = 200

// count writes a number with separators.
func count(n int) string { return money.Group(fmt.Sprint(n)) }

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return count(n) + " " + noun + "s"
}

// percent is a score in words.
func percent(s compliance.Score) string {
	if s.Of == 0 {
		return "no score"
	}
	t := s.Tenths()
	return fmt.Sprintf("%d.%d %%", t/10, t%10)
}

// day and moment are dates as people read them; "–" is none.
func day(t time.Time) string {
	if t.IsZero() {
		return "–"
	}
	return t.Format(time.DateOnly)
}

func moment(t time.Time) string {
	if t.IsZero() {
		return "–"
	}
	return t.Format("2006-01-02 15:04:05 UTC")
}

// edition is the framework with its edition, in words.
func (r *Report) edition() string {
	if r.Edition == "" {
		return r.Framework
	}
	return r.Framework + " " + r.Edition
}

// period is the time from the first evidence to the last.
func (r *Report) period() string {
	if r.First.IsZero() {
		return "no evidence"
	}
	return moment(r.First) + " to " + moment(r.Last)
}

// MethodWords is a method of finding something, in words.
func MethodWords(m string) string {
	switch m {
	case compliance.ByConfig:
		return "AWS Config"
	case compliance.ByCalls:
		return "landlord's reads"
	}
	name, _ := strings.CutPrefix(m, compliance.Imported)
	return "import from " + productWords(name)
}

var productNames = map[string]string{"prowler": "Prowler", "securityhub": "Security Hub", "csv": "CSV", "config-rules": "AWS Config", "steampipe": "Steampipe", "other": "another product"}

func productWords(slug string) string {
	if name := productNames[slug]; name != "" {
		return name
	}
	return slug
}

func methodsWords(list []string) string {
	if len(list) == 0 {
		return "–"
	}
	words := make([]string, len(list))
	for i, m := range list {
		words[i] = MethodWords(m)
	}
	return strings.Join(words, ", ")
}

// place is a resource and where it is, in words.
func place(r compliance.ResourceResult) string {
	what := r.Resource
	if what == "" {
		what = "the account"
	}
	if r.Region != "" && !strings.Contains(what, ":"+r.Region+":") {
		what += " (" + r.Region + ")"
	}
	return what
}

// bad are the resources that do not pass, and how many of them are left out.
func bad(c compliance.CheckResult, most int) (shown []compliance.ResourceResult, more int) {
	for _, r := range c.Resources {
		if r.Status > compliance.Pass {
			if len(shown) < most {
				shown = append(shown, r)
			} else {
				more++
			}
		}
	}
	return shown, more
}

// JSON writes the report as a program reads it, with every resource.
func (r *Report) JSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(r)
}
