package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"landlord/guard/compliance"
	"landlord/internal/paper"
)

// fixMost is how many checks the document lists under what to fix first.
const fixMost = 20

// PDF writes the report as a document to hand on: cover, contents, scope and
// period, result, what to fix, controls, what does not pass, method, what is not
// assessed, and the evidence as an appendix.
func (r *Report) PDF(w io.Writer) error {
	first := r.document(nil) // to know on which page each part begins
	if err := first.Error(); err != nil {
		return err
	}
	s := r.document(first.Began)
	if err := s.Error(); err != nil {
		return err
	}
	return s.Output(w)
}

func (r *Report) document(pages map[string]int) *paper.Sheet {
	s := paper.New(fmt.Sprintf("%s · %s · %s · as of %s", r.Title, r.Subject.Name, r.edition(), day(r.Last)), "No attestation, no certification, no audit opinion", r.Last, pages)
	s.SetTitle(paper.Writable(r.Title+": "+r.Subject.Name), true)
	s.SetAuthor(paper.Writable(r.Subject.Provider), true)
	s.SetSubject(paper.Writable(r.edition()), true)
	r.cover(s)
	r.scope(s)
	r.result(s)
	r.fixes(s)
	r.controls(s)
	r.failing(s)
	s.Section("6  Method")
	for _, m := range r.Method {
		s.Point(m)
	}
	s.Ln(6)
	s.Room(60)
	s.Heading("7  What is not assessed")
	for _, m := range r.NotDone {
		s.Point(m)
	}
	r.appendix(s)
	return s
}

func (r *Report) cover(s *paper.Sheet) {
	s.AddPage()
	s.SetY(58)
	s.Type("", 12, paper.Soft)
	s.MultiCell(paper.Inner, 6, r.Subject.Provider, "", "L", false)
	s.Ln(4)
	s.Type("B", 30, paper.Ink)
	s.MultiCell(paper.Inner, 13, r.Title, "", "L", false)
	s.Type("", 18, paper.Ink)
	s.MultiCell(paper.Inner, 10, r.Subject.Name, "", "L", false)
	s.Ln(8)
	s.Rule(s.GetY())
	s.Ln(6)
	s.Pair("Framework", r.edition())
	for _, c := range r.Catalogues {
		s.Pair("", c.Name)
	}
	s.Pair("AWS account", orNone(string(r.Subject.Account)))
	s.Pair("Evidence", r.period())
	s.Pair("Mapping", "version "+r.Table)
	s.Ln(6)
	s.SetFillColor(paper.Band.R, paper.Band.G, paper.Band.B)
	s.Type("", 10, paper.Ink)
	s.MultiCell(paper.Inner, 5.4, r.Statement, "", "L", true)
	s.Ln(8)
	s.Type("B", 11, paper.Ink)
	s.MultiCell(paper.Inner, 6, "Contents", "", "L", false)
	s.Ln(1)
	for _, title := range []string{"1  Scope and period", "2  Result", "3  What to fix first", "4  Controls", "5  What does not pass", "6  Method", "7  What is not assessed", "Appendix  Evidence by check", "Appendix  Checks by control"} {
		s.Type("", 10, paper.Ink)
		s.SetX(paper.Margin)
		link := s.AddLink()
		page := s.Pages[title]
		s.SetLink(link, 0, max(page, 1))
		s.CellFormat(paper.Inner-20, 5.6, title, "", 0, "L", false, link, "")
		s.CellFormat(20, 5.6, fmt.Sprint(page), "", 1, "R", false, link, "")
	}
}

func orNone(text string) string {
	if text == "" {
		return "none yet"
	}
	return text
}

func (r *Report) scope(s *paper.Sheet) {
	s.Section("1  Scope and period")
	s.Pair("Customer", fmt.Sprintf("%s (%s)", r.Subject.Name, r.Subject.Customer))
	s.Pair("Tier", r.Subject.Tier)
	s.Pair("AWS account", orNone(string(r.Subject.Account)))
	s.Pair("Provider", r.Subject.Provider)
	s.Pair("First evidence", moment(r.First))
	s.Pair("Last evidence", moment(r.Last)+", which the statuses are as of")
	s.Pair("Regions", r.where())
	s.Pair("Findings", r.found())
	assessed, looked := 0, 0
	for _, c := range r.Checks {
		if c.Status != compliance.NotAssessed {
			assessed++
			looked += c.Looked
		}
	}
	s.Pair("Checks", fmt.Sprintf("%s of the %s that touch a control were given findings, of %s", count(assessed), count(len(r.Checks)), plural(looked, "resource")))
	s.Ln(3)
	s.Para("In scope is the configuration of this one AWS account, as far as the checks of the appendix look at it. Everything else the framework asks for is out of scope; part 7 lists it.")
}

func (r *Report) result(s *paper.Sheet) {
	s.Room(90)
	s.Ln(4)
	s.Heading("2  Result")
	first := r.Catalogues[0]
	s.Type("B", 26, paper.Ink)
	s.MultiCell(paper.Inner, 12, percent(first.Score), "", "L", false)
	s.Para(fmt.Sprintf("%s of the %s that pass, fail or could not be told pass, of %s in all. By confirmed mappings alone: %s (%d of %d).",
		count(first.Score.Pass), plural(first.Score.Of, "control"), count(len(first.Controls)), percent(first.Firm), first.Firm.Pass, first.Firm.Of))
	x, y := paper.Margin, s.GetY()
	for _, b := range bars(first) {
		for status, class := range classes {
			if class == b.Class {
				c := statusColours[status]
				if compliance.Status(status) == compliance.NotAssessed {
					c = paper.Hair
				}
				s.SetFillColor(c.R, c.G, c.B)
			}
		}
		width := float64(b.Width) / 1000 * paper.Inner
		s.Rect(x, y, width, 6, "F")
		x += width
	}
	s.SetXY(paper.Margin, y+9)
	columns := []paper.Column{{Head: "Catalogue", Width: 40, Align: "L"}, {Head: "Score", Width: 13, Align: "R"}}
	for _, status := range compliance.Statuses {
		columns = append(columns, paper.Column{Head: status.String(), Width: 8 + 1.05*float64(len(status.String())), Align: "R"})
	}
	columns = append(columns, paper.Column{Head: "Controls", Width: 16, Align: "R"})
	var rows [][]paper.Cell
	for _, c := range r.Catalogues {
		row := []paper.Cell{paper.Plain(c.Name), paper.Plain(percent(c.Score))}
		for _, status := range compliance.Statuses {
			row = append(row, paper.Cell{Text: count(c.Counts[status]), Tone: statusColours[status]})
		}
		rows = append(rows, append(row, paper.Plain(count(len(c.Controls)))))
	}
	s.Table(columns, rows)
	if len(r.Trend) > 0 {
		s.Sub("Score by day of evidence")
		rows = nil
		for _, t := range r.Trend {
			rows = append(rows, []paper.Cell{paper.Plain(t.Day), paper.Plain(percent(t.Score)), paper.Plain(count(t.Score.Pass)), paper.Plain(count(t.Score.Of))})
		}
		s.Table([]paper.Column{{Head: "Day", Width: 40, Align: "L"}, {Head: "Score", Width: 20, Align: "R"}, {Head: "Pass", Width: 20, Align: "R"}, {Head: "Of", Width: 20, Align: "R"}}, rows)
	}
}

func (r *Report) fixes(s *paper.Sheet) {
	s.Section("3  What to fix first")
	if len(r.Fix) == 0 {
		s.Para("Nothing that was assessed fails.")
		return
	}
	s.Para("What fails before what could not be told; the most severe first, then what more controls wait for. The last column counts the controls that nothing else keeps from passing.")
	var rows [][]paper.Cell
	for i, f := range r.Fix[:min(fixMost, len(r.Fix))] {
		rows = append(rows, []paper.Cell{paper.Plain(fmt.Sprint(i + 1)), paper.Plain(f.Title), paper.Plain(f.Severity), statusCell(f.Status), paper.Plain(count(f.Resources)), paper.Plain(some(compliance.Labels(f.Controls), 6)), paper.Plain(fmt.Sprint(len(f.Turns)))})
	}
	s.Table([]paper.Column{{Head: "", Width: 7, Align: "R"}, {Head: "What should be so", Width: 56, Align: "L"}, {Head: "Severity", Width: 15, Align: "L"}, {Head: "Now", Width: 13, Align: "L"}, {Head: "Resources", Width: 17, Align: "R"}, {Head: "Controls", Width: 50, Align: "L"}, {Head: "Turns", Width: 11, Align: "R"}}, rows)
	if more := len(r.Fix) - fixMost; more > 0 {
		s.Para(fmt.Sprintf("And %s more; part 5 has them all.", count(more)))
	}
}

// some are the first of a list.
func some(list []string, most int) string {
	if len(list) <= most {
		return strings.Join(list, ", ")
	}
	return fmt.Sprintf("%s and %s more", strings.Join(list[:most], ", "), count(len(list)-most))
}

func (r *Report) controls(s *paper.Sheet) {
	s.Section("4  Controls")
	s.Para("The status by all checks behind a control, and by confirmed mappings alone. Checks: how many of those behind it were given findings; methods: by how many different ones.")
	for _, c := range r.Catalogues {
		if len(r.Catalogues) > 1 {
			s.Sub(c.Name)
		}
		for _, g := range groups(c) {
			s.Sub(g.Name)
			var rows [][]paper.Cell
			for _, control := range g.Controls {
				rows = append(rows, []paper.Cell{{Text: compliance.Label(control.ID), Tone: paper.Ink, Heavy: true}, paper.Plain(control.Title), statusCell(control.Status), statusCell(control.Firm), paper.Plain(day(control.Since)), paper.Plain(fmt.Sprintf("%d of %d", control.Assessed, len(control.Behind))), paper.Plain(fmt.Sprint(len(control.Methods)))})
			}
			s.Table([]paper.Column{{Head: "Control", Width: 30, Align: "L"}, {Head: "", Width: 64, Align: "L"}, {Head: "Status", Width: 22, Align: "L"}, {Head: "Confirmed", Width: 22, Align: "L"}, {Head: "Since", Width: 20, Align: "L"}, {Head: "Checks", Width: 17, Align: "R"}, {Head: "Methods", Width: 17, Align: "R"}}, rows)
		}
	}
}

func (r *Report) failing(s *paper.Sheet) {
	s.Section("5  What does not pass")
	none := true
	for _, f := range r.Fix {
		for _, c := range r.Checks {
			if c.ID == f.Check {
				none = false
				r.failingCheck(s, c)
			}
		}
	}
	for _, c := range r.Checks {
		if c.Status == compliance.Manual {
			none = false
			r.failingCheck(s, c)
		}
	}
	if none {
		s.Para("Nothing that was assessed fails, could not be told or waits for a person.")
	}
}

func (r *Report) failingCheck(s *paper.Sheet, c compliance.CheckResult) {
	s.Room(48)
	s.Sub(c.Title)
	s.Type("", 9, paper.Soft)
	words := fmt.Sprintf("%s · %s · %s severity · since %s · %s looked at · touches %s", c.ID, c.Status, c.Severity, day(c.Since), plural(c.Looked, "resource"), strings.Join(compliance.Labels(c.Controls), ", "))
	if c.Disagree {
		words += " · the methods disagree, the worse counts"
	}
	s.MultiCell(paper.Inner, 4.6, words, "", "L", false)
	s.Ln(1)
	shown, more := bad(c, resourcesMost)
	var rows [][]paper.Cell
	for _, one := range shown {
		status := statusCell(one.Status)
		if one.Suppressed {
			status.Text += ", suppressed"
		}
		rows = append(rows, []paper.Cell{paper.Plain(strings.TrimSuffix(place(one)+"\n"+why(one), "\n")), status, paper.Plain(day(one.Since)), paper.Plain(MethodWords(one.Method)), {Text: one.Evidence, Tone: paper.Soft}})
	}
	s.Table([]paper.Column{{Head: "Resource", Width: 66, Align: "L"}, {Head: "Status", Width: 16, Align: "L"}, {Head: "Since", Width: 20, Align: "L"}, {Head: "Method", Width: 30, Align: "L"}, {Head: "Evidence, SHA-256", Width: 48, Align: "L", Mono: true}}, rows)
	if more > 0 {
		s.Para(fmt.Sprintf("And %s more, in the JSON report.", count(more)))
	}
}

func (r *Report) appendix(s *paper.Sheet) {
	s.Section("Appendix  Evidence by check")
	s.Para("Every check that touches a control of the framework, by each method that was used. The hash is over the hashes of all findings that count now, each of which is the SHA-256 of what its source wrote; the JSON report has them one by one.")
	var rows [][]paper.Cell
	var none []string
	for _, c := range r.Checks {
		if c.Status == compliance.NotAssessed {
			none = append(none, c.ID)
			continue
		}
		var by, seen []string
		for _, m := range c.Methods {
			by = append(by, MethodWords(m.Method)+": "+countsWords(m.Counts))
			if at := moment(m.Seen); !slices.Contains(seen, at) {
				seen = append(seen, at)
			}
		}
		rows = append(rows, []paper.Cell{paper.Plain(broken(c.ID)), statusCell(c.Status), paper.Plain(strings.Join(by, "\n")), paper.Plain(strings.Join(seen, "\n")), paper.Plain(count(c.Looked)), {Text: c.Evidence, Tone: paper.Soft}})
	}
	s.Table([]paper.Column{{Head: "Check", Width: 40, Align: "L"}, {Head: "Status", Width: 16, Align: "L"}, {Head: "Methods", Width: 44, Align: "L"}, {Head: "Last seen", Width: 26, Align: "L"}, {Head: "Resources", Width: 18, Align: "R"}, {Head: "Evidence, SHA-256", Width: 46, Align: "L", Mono: true}}, rows)
	if len(none) > 0 {
		s.Sub("Without findings")
		s.Para(strings.Join(none, ", "))
	}
	r.behindControls(s)
}

// behindControls lists the checks behind each control that one touches.
func (r *Report) behindControls(s *paper.Sheet) {
	s.Section("Appendix  Checks by control")
	s.Para("The checks behind each control that one touches, with their status; those whose mapping is of one source alone are marked.")
	for _, c := range r.Catalogues {
		if len(r.Catalogues) > 1 {
			s.Sub(c.Name)
		}
		var rows [][]paper.Cell
		for _, control := range c.Controls {
			if len(control.Behind) > 0 {
				rows = append(rows, []paper.Cell{{Text: compliance.Label(control.ID), Tone: paper.Ink, Heavy: true}, statusCell(control.Status), paper.Plain(behind(control))})
			}
		}
		s.Table([]paper.Column{{Head: "Control", Width: 34, Align: "L"}, {Head: "Status", Width: 20, Align: "L"}, {Head: "Checks", Width: 138, Align: "L"}}, rows)
	}
}

// broken is a check's id with lines that end where a word does.
func broken(id string) string {
	if i := strings.LastIndexByte(id[:min(len(id), idLine)], '_'); len(id) > idLine && i > 0 {
		return id[:i+1] + "\n" + broken(id[i+1:])
	}
	return id
}

// idLine is how many characters of a check's id fit into a line.
const idLine = 24

var statusColours = [...]paper.Colour{
	compliance.NotAssessed: paper.Soft, compliance.NotApplicable: paper.Soft, compliance.Pass: {R: 17, G: 96, B: 42}, compliance.Manual: {R: 70, G: 48, B: 154}, compliance.Error: {R: 138, G: 75, B: 0}, compliance.Fail: {R: 163, G: 32, B: 26},
}

func statusCell(s compliance.Status) paper.Cell {
	return paper.Cell{Text: s.String(), Tone: statusColours[s], Heavy: s != compliance.NotAssessed && s != compliance.NotApplicable}
}
