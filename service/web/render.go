package web

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"

	"landlord/guard/compliance"
	programs "landlord/service/api"
)

//go:embed page
var pageFiles embed.FS

// parsePages returns each page's template, by the name of its file: the layout,
// what pages share, and the page's own main.
func (s *Server) parsePages() (map[string]*template.Template, error) {
	files, err := fs.Glob(pageFiles, "page/*.html")
	if err != nil {
		return nil, err
	}
	shared := []string{"page/layout.html", "page/parts.html", "page/parts_compliance.html", "page/parts_invoice.html"}
	pages := map[string]*template.Template{}
	for _, f := range files {
		name := strings.TrimSuffix(path.Base(f), ".html")
		if slices.Contains(shared, f) {
			continue
		}
		t, err := template.New("layout.html").Funcs(words).Funcs(template.FuncMap{"asset": func(name string) string { return s.assets.name[name] }}).
			Option("missingkey=error").ParseFS(pageFiles, slices.Concat(shared, []string{f})...)
		if err != nil {
			return nil, fmt.Errorf("parse page %s: %w", name, err)
		}
		pages[name] = t
	}
	return pages, nil
}

// render writes the page whole or not at all.
func (s *Server) render(v *visit, name string, data any) error {
	return s.renderStatus(v, http.StatusOK, name, data)
}

func (s *Server) renderStatus(v *visit, status int, name string, data any) error {
	return s.write(v, status, name, "layout.html", data)
}

// renderPart writes a part of a page, for htmx.
func (s *Server) renderPart(v *visit, name, part string, data any) error {
	return s.write(v, http.StatusOK, name, part, data)
}

func (s *Server) write(v *visit, status int, name, part string, data any) error {
	var b bytes.Buffer
	if err := s.pages[name].ExecuteTemplate(&b, part, data); err != nil {
		return fmt.Errorf("page %s: %w", name, err)
	}
	v.Header().Set("Content-Type", "text/html; charset=utf-8")
	v.Header().Add("Vary", "HX-Request")
	v.w.WriteHeader(status)
	_, err := b.WriteTo(v.w)
	if err != nil {
		s.log.Debug("answer not taken", "path", v.URL.Path, "err", err) // the reader is gone
	}
	return nil
}

// words are what templates say values with.
var words = template.FuncMap{
	"moment": momentOf, "count": count, "whole": whole, "lower": strings.ToLower, "add": func(a, b int) int { return a + b },
	"named": func(name string, fields []programs.Field) namedFields { return namedFields{name, fields} },
	"label": compliance.Label, "state": stateOf, "day": func(t time.Time) string { return t.UTC().Format("2 January 2006") },
}

// moment is a time as pages show it: how long ago, the exact one beside.
type moment struct {
	ISO, Exact, Ago string
	Known           bool
}

func momentOf(now, t time.Time) moment {
	if t.IsZero() {
		return moment{}
	}
	t = t.UTC()
	return moment{ISO: t.Format(time.RFC3339), Exact: t.Format("2 Jan 2006 15:04:05 UTC"), Ago: ago(now, t), Known: true}
}

// ago says how far t is from now.
func ago(now, t time.Time) string {
	d := now.Sub(t)
	if d < 0 {
		return "in " + span(-d)
	}
	if d < time.Minute {
		return "just now"
	}
	return span(d) + " ago"
}

// span says a duration in its largest unit.
func span(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%d s", d/time.Second)
	case d < time.Hour:
		return fmt.Sprintf("%d min", d/time.Minute)
	case d < 2*day:
		return fmt.Sprintf("%d h", d/time.Hour)
	case d < 60*day:
		return count(int(d/day), "day")
	case d < 2*365*day:
		return fmt.Sprintf("%d months", d/(30*day))
	}
	return fmt.Sprintf("%d years", d/(365*day))
}

// whole is a number with separators.
func whole(n int) string {
	text := fmt.Sprint(n)
	for at := len(text) - 3; at > 0 && text[at-1] != '-'; at -= 3 {
		text = text[:at] + "," + text[at:]
	}
	return text
}

// count is a number of things.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return whole(n) + " " + plural(noun)
}

func plural(noun string) string {
	switch {
	case strings.HasSuffix(noun, "person"):
		return strings.TrimSuffix(noun, "person") + "people"
	case strings.HasSuffix(noun, "y") && !strings.HasSuffix(noun, "ay"):
		return strings.TrimSuffix(noun, "y") + "ies"
	}
	return noun + "s"
}

// tone is the colour and shape of a state; its word stands beside.
type tone struct{ Class, Word string }

// stateOf is how a state of anything is shown.
func stateOf(word string) tone {
	switch word {
	case "active", "done", "passed", "verified", "in force", "accepted", "ready":
		return tone{"good", word}
	case "suspended", "wanted", "waiting", "unverified", "invited", "retrying", "stopped", "held":
		return tone{"warn", word}
	case "failed", "drift", "missing", "refused":
		return tone{"bad", word}
	case "running", "creating", "moving", "asked", "queued", "started":
		return tone{"busy", word}
	}
	return tone{"", word}
}
