package report

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"landlord/guard/compliance"
)

// resourcesMost is how many resources of a check a report for people names.
const resourcesMost = 25

// marks are statuses in a report for people.
var marks = map[compliance.Status]string{
	compliance.Pass: "✓ pass", compliance.Fail: "✗ fail", compliance.Error: "! error", compliance.Manual: "? manual",
	compliance.NotApplicable: "– not applicable", compliance.NotAssessed: "· not assessed",
}

// cell makes text fit for a cell of a Markdown table: what would be markup is not.
func cell(s string) string {
	s = strings.NewReplacer("\n", " ", "\r", " ", `\`, `\\`, "|", `\|`, "&", "&amp;", "<", "&lt;", "[", `\[`, "]", `\]`, "`", "\\`", "*", `\*`).Replace(s)
	if s == "" {
		return "–"
	}
	return s
}

// Markdown writes the report for people who read text.
func (r *Report) Markdown(w io.Writer) error {
	var b bytes.Buffer
	p := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	p("# %s: %s", r.Title, cell(r.Subject.Name))
	p("")
	p("> %s", r.Statement)
	p("")
	p("| | |")
	p("|---|---|")
	p("| Customer | %s (%s) |", cell(r.Subject.Name), cell(r.Subject.Customer))
	p("| AWS account | %s |", cell(string(r.Subject.Account)))
	p("| Framework | %s |", cell(r.edition()))
	for _, c := range r.Catalogues {
		p("| Catalogue | %s |", cell(c.Name))
	}
	p("| Evidence | %s |", cell(r.period()))
	p("| Regions | %s |", cell(r.where()))
	p("| Findings | %s |", cell(r.found()))
	p("| Provider | %s |", cell(r.Subject.Provider))
	p("| Mapping | %s |", r.Table)
	p("")
	p("## Result")
	p("")
	p("| Catalogue | Score | Confirmed mappings alone | Pass | Fail | Error | Manual | Not applicable | Not assessed | Controls |")
	p("|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|")
	for _, c := range r.Catalogues {
		row := []string{cell(c.Name), fmt.Sprintf("%s (%d of %d)", percent(c.Score), c.Score.Pass, c.Score.Of), fmt.Sprintf("%s (%d of %d)", percent(c.Firm), c.Firm.Pass, c.Firm.Of)}
		for _, s := range compliance.Statuses {
			row = append(row, count(c.Counts[s]))
		}
		p("| %s | %s |", strings.Join(row, " | "), count(len(c.Controls)))
	}
	p("")
	if len(r.Trend) > 0 {
		p("Score by day of evidence: %s.", r.trendWords())
		p("")
	}
	r.markdownFix(p)
	for _, c := range r.Catalogues {
		p("## Controls: %s", c.Name)
		p("")
		p("| Control | | Status | Confirmed alone | Since | Checks | Methods | Behind it |")
		p("|---|---|---|---|---|---:|---|---|")
		for _, control := range c.Controls {
			p("| %s | %s | %s | %s | %s | %d of %d | %s | %s |", cell(compliance.Label(control.ID)), cell(control.Title), marks[control.Status], marks[control.Firm], day(control.Since), control.Assessed, len(control.Behind), cell(methodsWords(control.Methods)), cell(behind(control)))
		}
		p("")
	}
	r.markdownChecks(p)
	p("## Method")
	p("")
	for _, m := range r.Method {
		p("- %s", m)
	}
	p("")
	p("## What landlord does not assess")
	p("")
	for _, m := range r.NotDone {
		p("- %s", cell(m))
	}
	_, err := b.WriteTo(w)
	return err
}

// behind are the checks behind a control by status, the worst first; those whose
// mapping is of one source alone are marked.
func behind(control compliance.ControlResult) string {
	var all []string
	for status := compliance.Fail; ; status-- {
		var checks []string
		for _, b := range control.Behind {
			if b.Status != status {
				continue
			}
			name := b.Check
			if !b.Confirmed {
				name += " (one source)"
			}
			checks = append(checks, name)
		}
		if len(checks) > 0 {
			all = append(all, status.String()+": "+strings.Join(checks, ", "))
		}
		if status == compliance.NotAssessed {
			return strings.Join(all, "; ")
		}
	}
}

func (r *Report) trendWords() string {
	var all []string
	for _, t := range r.Trend {
		all = append(all, fmt.Sprintf("%s %s", t.Day, percent(t.Score)))
	}
	return strings.Join(all, ", ")
}

func (r *Report) markdownFix(p func(string, ...any)) {
	p("## What to fix first")
	p("")
	if len(r.Fix) == 0 {
		p("Nothing that was assessed fails.")
		p("")
		return
	}
	p("| | What should be so | Severity | Now | Resources | Controls | Of these, waiting for nothing else |")
	p("|---:|---|---|---|---:|---:|---:|")
	for i, f := range r.Fix {
		p("| %d | %s (%s) | %s | %s | %s | %d | %d |", i+1, cell(f.Title), f.Check, f.Severity, marks[f.Status], count(f.Resources), len(f.Controls), len(f.Turns))
	}
	p("")
}

func (r *Report) markdownChecks(p func(string, ...any)) {
	p("## Checks and evidence")
	p("")
	for _, c := range r.Checks {
		if c.Status == compliance.NotAssessed {
			continue
		}
		p("### %s: %s", c.ID, c.Title)
		p("")
		p("%s, %s severity, since %s, last seen %s. %s looked at.", marks[c.Status], c.Severity, day(c.Since), moment(c.Seen), plural(c.Looked, "resource"))
		for _, m := range c.Methods {
			var counts []string
			for _, s := range compliance.Statuses {
				if m.Counts[s] > 0 {
					counts = append(counts, fmt.Sprintf("%s %s", count(m.Counts[s]), s))
				}
			}
			p("- By %s: %s (%s), %s", cell(MethodWords(m.Method)), marks[m.Status], strings.Join(counts, ", "), moment(m.Seen))
		}
		if c.Disagree {
			p("- **The methods disagree.** The worse counts.")
		}
		p("- Touches %s", cell(strings.Join(compliance.Labels(c.Controls), ", ")))
		shown, more := bad(c, resourcesMost)
		for _, one := range shown {
			note := ""
			if one.Suppressed {
				note = ", suppressed"
			}
			if one.Reason != "" {
				note += ": " + cell(why(one))
			}
			p("- %s: %s since %s, by %s, evidence %s%s", marks[one.Status], cell(place(one)), day(one.Since), cell(MethodWords(one.Method)), one.Evidence, note)
		}
		if more > 0 {
			p("- and %s more, in the JSON report", count(more))
		}
		p("- Evidence of the check: SHA-256 %s", c.Evidence)
		p("")
	}
	var none []string
	for _, c := range r.Checks {
		if c.Status == compliance.NotAssessed {
			none = append(none, c.ID)
		}
	}
	if len(none) > 0 {
		p("Without findings: %s.", strings.Join(none, ", "))
		p("")
	}
}
