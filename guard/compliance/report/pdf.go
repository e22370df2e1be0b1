package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"landlord/guard/compliance"
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
	s := r.document(first.began)
	if err := s.Error(); err != nil {
		return err
	}
	return s.Output(w)
}

func (r *Report) document(pages map[string]int) *sheet {
	s := newSheet(fmt.Sprintf("%s · %s · %s · as of %s", r.Title, r.Subject.Name, r.edition(), day(r.Last)), r.Last, pages)
	s.SetTitle(writable(r.Title+": "+r.Subject.Name), true)
	s.SetAuthor(writable(r.Subject.Provider), true)
	s.SetSubject(writable(r.edition()), true)
	r.cover(s)
	r.scope(s)
	r.result(s)
	r.fixes(s)
	r.controls(s)
	r.failing(s)
	s.section("6  Method")
	for _, m := range r.Method {
		s.point(m)
	}
	s.Ln(6)
	s.room(60)
	s.heading("7  What is not assessed")
	for _, m := range r.NotDone {
		s.point(m)
	}
	r.appendix(s)
	return s
}

func (r *Report) cover(s *sheet) {
	s.AddPage()
	s.SetY(58)
	s.font("", 12, soft)
	s.MultiCell(inner, 6, r.Subject.Provider, "", "L", false)
	s.Ln(4)
	s.font("B", 30, ink)
	s.MultiCell(inner, 13, r.Title, "", "L", false)
	s.font("", 18, ink)
	s.MultiCell(inner, 10, r.Subject.Name, "", "L", false)
	s.Ln(8)
	s.line(s.GetY())
	s.Ln(6)
	s.pair("Framework", r.edition())
	for _, c := range r.Catalogues {
		s.pair("", c.Name)
	}
	s.pair("AWS account", orNone(string(r.Subject.Account)))
	s.pair("Evidence", r.period())
	s.pair("Mapping", "version "+r.Table)
	s.Ln(6)
	s.SetFillColor(band.r, band.g, band.b)
	s.font("", 10, ink)
	s.MultiCell(inner, 5.4, r.Statement, "", "L", true)
	s.Ln(8)
	s.font("B", 11, ink)
	s.MultiCell(inner, 6, "Contents", "", "L", false)
	s.Ln(1)
	for _, title := range []string{"1  Scope and period", "2  Result", "3  What to fix first", "4  Controls", "5  What does not pass", "6  Method", "7  What is not assessed", "Appendix  Evidence by check", "Appendix  Checks by control"} {
		s.font("", 10, ink)
		s.SetX(margin)
		link := s.AddLink()
		page := s.pages[title]
		s.SetLink(link, 0, max(page, 1))
		s.CellFormat(inner-20, 5.6, title, "", 0, "L", false, link, "")
		s.CellFormat(20, 5.6, fmt.Sprint(page), "", 1, "R", false, link, "")
	}
}

func orNone(text string) string {
	if text == "" {
		return "none yet"
	}
	return text
}

func (r *Report) scope(s *sheet) {
	s.section("1  Scope and period")
	s.pair("Customer", fmt.Sprintf("%s (%s)", r.Subject.Name, r.Subject.Customer))
	s.pair("Tier", r.Subject.Tier)
	s.pair("AWS account", orNone(string(r.Subject.Account)))
	s.pair("Provider", r.Subject.Provider)
	s.pair("First evidence", moment(r.First))
	s.pair("Last evidence", moment(r.Last)+", which the statuses are as of")
	s.pair("Regions", r.where())
	s.pair("Findings", r.found())
	assessed, looked := 0, 0
	for _, c := range r.Checks {
		if c.Status != compliance.NotAssessed {
			assessed++
			looked += c.Looked
		}
	}
	s.pair("Checks", fmt.Sprintf("%s of the %s that touch a control were given findings, of %s", count(assessed), count(len(r.Checks)), plural(looked, "resource")))
	s.Ln(3)
	s.text("In scope is the configuration of this one AWS account, as far as the checks of the appendix look at it. Everything else the framework asks for is out of scope; part 7 lists it.")
}

func (r *Report) result(s *sheet) {
	s.room(90)
	s.Ln(4)
	s.heading("2  Result")
	first := r.Catalogues[0]
	s.font("B", 26, ink)
	s.MultiCell(inner, 12, percent(first.Score), "", "L", false)
	s.text(fmt.Sprintf("%s of the %s that pass, fail or could not be told pass, of %s in all. By confirmed mappings alone: %s (%d of %d).",
		count(first.Score.Pass), plural(first.Score.Of, "control"), count(len(first.Controls)), percent(first.Firm), first.Firm.Pass, first.Firm.Of))
	x, y := margin, s.GetY()
	for _, b := range bars(first) {
		for status, class := range classes {
			if class == b.Class {
				c := statusColours[status]
				if compliance.Status(status) == compliance.NotAssessed {
					c = rule
				}
				s.SetFillColor(c.r, c.g, c.b)
			}
		}
		width := float64(b.Width) / 1000 * inner
		s.Rect(x, y, width, 6, "F")
		x += width
	}
	s.SetXY(margin, y+9)
	columns := []column{{"Catalogue", 40, "L", false}, {"Score", 13, "R", false}}
	for _, status := range compliance.Statuses {
		columns = append(columns, column{status.String(), 8 + 1.05*float64(len(status.String())), "R", false})
	}
	columns = append(columns, column{"Controls", 16, "R", false})
	var rows [][]cellOf
	for _, c := range r.Catalogues {
		row := []cellOf{plainCell(c.Name), plainCell(percent(c.Score))}
		for _, status := range compliance.Statuses {
			row = append(row, cellOf{count(c.Counts[status]), statusColours[status], false})
		}
		rows = append(rows, append(row, plainCell(count(len(c.Controls)))))
	}
	s.table(columns, rows)
	if len(r.Trend) > 0 {
		s.sub("Score by day of evidence")
		rows = nil
		for _, t := range r.Trend {
			rows = append(rows, []cellOf{plainCell(t.Day), plainCell(percent(t.Score)), plainCell(count(t.Score.Pass)), plainCell(count(t.Score.Of))})
		}
		s.table([]column{{"Day", 40, "L", false}, {"Score", 20, "R", false}, {"Pass", 20, "R", false}, {"Of", 20, "R", false}}, rows)
	}
}

func (r *Report) fixes(s *sheet) {
	s.section("3  What to fix first")
	if len(r.Fix) == 0 {
		s.text("Nothing that was assessed fails.")
		return
	}
	s.text("What fails before what could not be told; the most severe first, then what more controls wait for. The last column counts the controls that nothing else keeps from passing.")
	var rows [][]cellOf
	for i, f := range r.Fix[:min(fixMost, len(r.Fix))] {
		rows = append(rows, []cellOf{plainCell(fmt.Sprint(i + 1)), plainCell(f.Title), plainCell(f.Severity), statusCell(f.Status), plainCell(count(f.Resources)), plainCell(some(compliance.Labels(f.Controls), 6)), plainCell(fmt.Sprint(len(f.Turns)))})
	}
	s.table([]column{{"", 7, "R", false}, {"What should be so", 56, "L", false}, {"Severity", 15, "L", false}, {"Now", 13, "L", false}, {"Resources", 17, "R", false}, {"Controls", 50, "L", false}, {"Turns", 11, "R", false}}, rows)
	if more := len(r.Fix) - fixMost; more > 0 {
		s.text(fmt.Sprintf("And %s more; part 5 has them all.", count(more)))
	}
}

// some are the first of a list.
func some(list []string, most int) string {
	if len(list) <= most {
		return strings.Join(list, ", ")
	}
	return fmt.Sprintf("%s and %s more", strings.Join(list[:most], ", "), count(len(list)-most))
}

func (r *Report) controls(s *sheet) {
	s.section("4  Controls")
	s.text("The status by all checks behind a control, and by confirmed mappings alone. Checks: how many of those behind it were given findings; methods: by how many different ones.")
	for _, c := range r.Catalogues {
		if len(r.Catalogues) > 1 {
			s.sub(c.Name)
		}
		for _, g := range groups(c) {
			s.sub(g.Name)
			var rows [][]cellOf
			for _, control := range g.Controls {
				rows = append(rows, []cellOf{{compliance.Label(control.ID), ink, true}, plainCell(control.Title), statusCell(control.Status), statusCell(control.Firm), plainCell(day(control.Since)), plainCell(fmt.Sprintf("%d of %d", control.Assessed, len(control.Behind))), plainCell(fmt.Sprint(len(control.Methods)))})
			}
			s.table([]column{{"Control", 30, "L", false}, {"", 64, "L", false}, {"Status", 22, "L", false}, {"Confirmed", 22, "L", false}, {"Since", 20, "L", false}, {"Checks", 17, "R", false}, {"Methods", 17, "R", false}}, rows)
		}
	}
}

func (r *Report) failing(s *sheet) {
	s.section("5  What does not pass")
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
		s.text("Nothing that was assessed fails, could not be told or waits for a person.")
	}
}

func (r *Report) failingCheck(s *sheet, c compliance.CheckResult) {
	s.room(48)
	s.sub(c.Title)
	s.font("", 9, soft)
	words := fmt.Sprintf("%s · %s · %s severity · since %s · %s looked at · touches %s", c.ID, c.Status, c.Severity, day(c.Since), plural(c.Looked, "resource"), strings.Join(compliance.Labels(c.Controls), ", "))
	if c.Disagree {
		words += " · the methods disagree, the worse counts"
	}
	s.MultiCell(inner, 4.6, words, "", "L", false)
	s.Ln(1)
	shown, more := bad(c, resourcesMost)
	var rows [][]cellOf
	for _, one := range shown {
		status := statusCell(one.Status)
		if one.Suppressed {
			status.text += ", suppressed"
		}
		rows = append(rows, []cellOf{plainCell(strings.TrimSuffix(place(one)+"\n"+why(one), "\n")), status, plainCell(day(one.Since)), plainCell(MethodWords(one.Method)), {one.Evidence, soft, false}})
	}
	s.table([]column{{"Resource", 66, "L", false}, {"Status", 16, "L", false}, {"Since", 20, "L", false}, {"Method", 30, "L", false}, {"Evidence, SHA-256", 48, "L", true}}, rows)
	if more > 0 {
		s.text(fmt.Sprintf("And %s more, in the JSON report.", count(more)))
	}
}

func (r *Report) appendix(s *sheet) {
	s.section("Appendix  Evidence by check")
	s.text("Every check that touches a control of the framework, by each method that was used. The hash is over the hashes of all findings that count now, each of which is the SHA-256 of what its source wrote; the JSON report has them one by one.")
	var rows [][]cellOf
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
		rows = append(rows, []cellOf{plainCell(broken(c.ID)), statusCell(c.Status), plainCell(strings.Join(by, "\n")), plainCell(strings.Join(seen, "\n")), plainCell(count(c.Looked)), {c.Evidence, soft, false}})
	}
	s.table([]column{{"Check", 40, "L", false}, {"Status", 16, "L", false}, {"Methods", 44, "L", false}, {"Last seen", 26, "L", false}, {"Resources", 18, "R", false}, {"Evidence, SHA-256", 46, "L", true}}, rows)
	if len(none) > 0 {
		s.sub("Without findings")
		s.text(strings.Join(none, ", "))
	}
	r.behindControls(s)
}

// behindControls lists the checks behind each control that one touches.
func (r *Report) behindControls(s *sheet) {
	s.section("Appendix  Checks by control")
	s.text("The checks behind each control that one touches, with their status; those whose mapping is of one source alone are marked.")
	for _, c := range r.Catalogues {
		if len(r.Catalogues) > 1 {
			s.sub(c.Name)
		}
		var rows [][]cellOf
		for _, control := range c.Controls {
			if len(control.Behind) > 0 {
				rows = append(rows, []cellOf{{compliance.Label(control.ID), ink, true}, statusCell(control.Status), plainCell(behind(control))})
			}
		}
		s.table([]column{{"Control", 34, "L", false}, {"Status", 20, "L", false}, {"Checks", 138, "L", false}}, rows)
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
