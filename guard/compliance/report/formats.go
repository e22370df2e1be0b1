package report

import "io"

// Format is a form in which a report is written.
type Format struct {
	Name  string // "pdf"
	Title string // in words
	File  string // what a file of it is called
	Media string // its media type
	write func(*Report, io.Writer) error
}

// Formats are all formats, for people first.
var Formats = []Format{
	{"pdf", "PDF", "compliance.pdf", "application/pdf", (*Report).PDF},
	{"html", "HTML", "compliance.html", "text/html; charset=utf-8", (*Report).HTML},
	{"md", "Markdown", "compliance.md", "text/markdown; charset=utf-8", (*Report).Markdown},
	{"json", "JSON", "compliance.json", "application/json", (*Report).JSON},
	{"oscal", "OSCAL assessment results", "assessment-results.oscal.json", "application/json", (*Report).OSCAL},
	{"poam", "OSCAL plan of action and milestones", "poam.oscal.json", "application/json", (*Report).POAM},
	{"ocsf", "OCSF findings", "findings.ocsf.json", "application/json", (*Report).OCSF},
}

// FormatOf is the format of that name.
func FormatOf(name string) (Format, bool) {
	for _, f := range Formats {
		if f.Name == name {
			return f, true
		}
	}
	return Format{}, false
}

// Write writes the report in the format. The error is ErrNoEvidence or ErrNothing
// where the format has no place for a report without any.
func (f Format) Write(r *Report, w io.Writer) error { return f.write(r, w) }
