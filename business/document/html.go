package document

import (
	_ "embed"
	"html/template"
	"io"

	"landlord/portfolio"
)

//go:embed document.html
var page string

var pages = template.Must(template.New("document").Funcs(template.FuncMap{"grouped": grouped, "day": day, "address": func(p portfolio.Party) []string { return address(p) }}).Parse(page))

// HTML writes d as one page that loads nothing, and prints as it looks.
func (d *Document) HTML(w io.Writer) error {
	lines, taxes, net, _ := d.parts()
	return pages.Execute(w, struct {
		*Document
		Before, Taxes any
		Net           any
		Facts         [][2]string
		Remarks       []string
	}{d, lines, taxes, net, d.facts(), d.remarks()})
}
