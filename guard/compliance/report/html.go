package report

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"strings"
	"time"

	"landlord/guard/compliance"
)

//go:embed report.html
var htmlText string

// classes are statuses as style sheets know them.
var classes = [...]string{
	compliance.NotAssessed: "none", compliance.NotApplicable: "na", compliance.Pass: "pass", compliance.Manual: "manual", compliance.Error: "error", compliance.Fail: "fail",
}

var htmlPage = template.Must(template.New("report").Funcs(template.FuncMap{
	"percent": percent, "day": day, "moment": moment, "count": count, "plural": plural, "place": place,
	"method": MethodWords, "methods": methodsWords, "join": func(list []string) string { return strings.Join(compliance.Labels(list), ", ") }, "label": compliance.Label, "why": why,
	"mark":     func(s compliance.Status) string { return marks[s] },
	"class":    func(s compliance.Status) string { return classes[s] },
	"statuses": func() []compliance.Status { return compliance.Statuses },
	"groups":   groups, "next": func(i int) int { return i + 1 },
	"shown": func(c compliance.CheckResult) []compliance.ResourceResult {
		list, _ := bad(c, resourcesMost)
		return list
	},
	"more":     func(c compliance.CheckResult) int { _, n := bad(c, resourcesMost); return n },
	"assessed": func(s compliance.Status) bool { return s != compliance.NotAssessed },
	"counts":   countsWords, "anchor": token,
	"utc": func(t time.Time) string { return t.Format(time.RFC3339) },
}).Parse(htmlText))

// group is the controls of one group, in the catalogue's order.
type group struct {
	Name     string
	Controls []compliance.ControlResult
}

func groups(c compliance.CatalogueResult) (all []group) {
	for _, control := range c.Controls {
		if len(all) == 0 || all[len(all)-1].Name != control.Group {
			all = append(all, group{Name: control.Group})
		}
		last := &all[len(all)-1]
		last.Controls = append(last.Controls, control)
	}
	return all
}

// countsWords are numbers by status, in words.
func countsWords(counts map[compliance.Status]int) string {
	var all []string
	for _, s := range compliance.Statuses {
		if counts[s] > 0 {
			all = append(all, fmt.Sprintf("%s %s", count(counts[s]), s))
		}
	}
	return strings.Join(all, ", ")
}

// page is what the template is given.
type page struct {
	*Report
	Edition string
	Period  string
	Where   string
	Found   string
	Bars    []bar
	None    []string // checks without findings
}

// bar is a part of the bar that shows the controls of the first catalogue.
type bar struct {
	Class, Words string
	X, Width     int // in thousandths
}

func bars(c compliance.CatalogueResult) (all []bar) {
	x := 0
	for i, s := range compliance.Statuses {
		width := c.Counts[s] * 1000 / len(c.Controls)
		if i == len(compliance.Statuses)-1 {
			width = 1000 - x
		}
		if width > 0 {
			all = append(all, bar{classes[s], fmt.Sprintf("%s %s", count(c.Counts[s]), s), x, width})
		}
		x += width
	}
	return all
}

// without are the checks that were given no findings.
func (r *Report) without() (none []string) {
	for _, c := range r.Checks {
		if c.Status == compliance.NotAssessed {
			none = append(none, c.ID)
		}
	}
	return none
}

// HTML writes the report as one page that needs nothing else.
func (r *Report) HTML(w io.Writer) error {
	var b bytes.Buffer
	if err := htmlPage.Execute(&b, page{r, r.edition(), r.period(), r.where(), r.found(), bars(r.Catalogues[0]), r.without()}); err != nil {
		return err
	}
	_, err := b.WriteTo(w)
	return err
}
