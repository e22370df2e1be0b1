// Package paper writes documents as PDF: pages of A4 with a foot, headings, paragraphs,
// pairs and tables, in the Go fonts. The same calls make the same bytes. What a
// document says is its caller's.
package paper

import (
	"bytes"
	"fmt"
	"strings"
	"time"
	"unicode"

	"codeberg.org/go-pdf/fpdf"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/gomono"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/text/unicode/norm"
)

// Measures of a page in millimetres, of A4.
const (
	pageWidth  = 210.0
	pageHeight = 297.0
	Margin     = 18.0
	Inner      = pageWidth - 2*Margin // what is written on
	bottom     = 20.0
)

// Sheet writes a PDF from above to below.
type Sheet struct {
	*fpdf.Fpdf
	Pages map[string]int // on which page each section began when it was written before
	Began map[string]int // and now

	mono bool // its font is there
}

// Colour is red, green and blue.
type Colour struct{ R, G, B int }

// The colours of what is written, of what is less so, of lines and of bands.
var (
	Ink  = Colour{27, 31, 36}
	Soft = Colour{87, 96, 106}
	Hair = Colour{200, 206, 212}
	Band = Colour{243, 245, 247}
	Bad  = Colour{163, 32, 26}
)

// New returns a sheet that was made at a time; none is that of a document on nothing.
// running stands above every page but the first, foot below each. pages are those of
// a first writing, for a table of contents.
func New(running, foot string, at time.Time, pages map[string]int) *Sheet {
	s := &Sheet{Fpdf: fpdf.New("P", "mm", "A4", ""), Pages: pages, Began: map[string]int{}}
	if at.IsZero() {
		at = time.Unix(0, 0).UTC()
	}
	s.SetCatalogSort(true)
	s.SetCreationDate(at)
	s.SetModificationDate(at)
	s.SetProducer("landlord", true)
	s.SetLang("en")
	// fpdf writes into what it is given: the next report's font would differ.
	s.AddUTF8FontFromBytes("go", "", bytes.Clone(goregular.TTF))
	s.AddUTF8FontFromBytes("go", "B", bytes.Clone(gobold.TTF))
	s.SetMargins(Margin, Margin, Margin)
	s.SetAutoPageBreak(true, bottom)
	s.AliasNbPages(allPages)
	s.SetHeaderFunc(func() {
		if s.PageNo() == 1 {
			return
		}
		s.Type("", 8, Soft)
		s.SetXY(Margin, 9)
		s.CellFormat(Inner, 5, s.Fit(running, Inner), "", 0, "L", false, 0, "")
		s.Rule(15)
		s.SetXY(Margin, Margin+4)
	})
	s.SetFooterFunc(func() {
		s.Rule(pageHeight - 15)
		s.Type("", 8, Soft)
		s.SetXY(Margin, pageHeight-13)
		s.CellFormat(Inner/2, 5, s.Fit(foot, Inner/2), "", 0, "L", false, 0, "")
		s.Fpdf.CellFormat(Inner/2, 5, fmt.Sprintf("Page %d of %s", s.PageNo(), allPages), "", 0, "R", false, 0, "")
	})
	return s
}

// allPages becomes the number of pages when the document is closed. No text holds
// it: Writable takes it out.
const allPages = "\ue000\ue001\ue002"

// Writable is a text as the fonts can write it: characters beyond the first plane,
// private ones, and marks that stand upon others and have no character with them
// become one that stands for them.
func Writable(text string) string {
	return strings.Map(func(r rune) rune {
		if r > 0xffff || r >= 0xe000 && r <= 0xf8ff || r >= 0xd800 && r <= 0xdfff || r < ' ' && r != '\n' || unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf) {
			return '\ufffd'
		}
		return r
	}, norm.NFC.String(text))
}

// CellFormat is fpdf's, of what is writable.
func (s *Sheet) CellFormat(w, h float64, text, border string, ln int, align string, fill bool, link int, address string) {
	s.Fpdf.CellFormat(w, h, Writable(text), border, ln, align, fill, link, address)
}

// MultiCell is fpdf's, of what is writable.
func (s *Sheet) MultiCell(w, h float64, text, border, align string, fill bool) {
	s.Fpdf.MultiCell(w, h, Writable(text), border, align, fill)
}

// SplitText is fpdf's, of what is writable.
func (s *Sheet) SplitText(text string, w float64) []string {
	return s.Fpdf.SplitText(Writable(text), w)
}

// GetStringWidth is fpdf's, of what is writable.
func (s *Sheet) GetStringWidth(text string) float64 { return s.Fpdf.GetStringWidth(Writable(text)) }

// Type has what follows written in a style, size and colour.
func (s *Sheet) Type(style string, size float64, c Colour) {
	s.SetFont("go", style, size)
	s.SetTextColor(c.R, c.G, c.B)
}

// Rule draws a line across the page.
func (s *Sheet) Rule(y float64) {
	s.SetDrawColor(Hair.R, Hair.G, Hair.B)
	s.SetLineWidth(0.2)
	s.Line(Margin, y, pageWidth-Margin, y)
}

// Fit cuts a text to a width.
func (s *Sheet) Fit(text string, width float64) string {
	r := []rune(text)
	for len(r) > 1 && s.GetStringWidth(string(r)) > width-2 {
		r = append(r[:len(r)-2], '…')
	}
	return string(r)
}

// Section begins a part of the document on a page of its own.
func (s *Sheet) Section(title string) {
	s.AddPage()
	s.Heading(title)
}

// Heading begins a part where the page stands.
func (s *Sheet) Heading(title string) {
	s.Began[title] = s.PageNo()
	s.Bookmark(title, 0, -1)
	s.Type("B", 16, Ink)
	s.MultiCell(Inner, 8, title, "", "L", false)
	s.Ln(2)
}

// Sub is a heading within a part, on the page of what follows it: another, or the
// head of a table and its first row.
func (s *Sheet) Sub(title string) {
	s.Room(48)
	s.Ln(3)
	s.Type("B", 11, Ink)
	s.MultiCell(Inner, 6, title, "", "L", false)
	s.Ln(1)
}

// Para is a paragraph.
func (s *Sheet) Para(words string) {
	s.Type("", 10, Ink)
	s.MultiCell(Inner, 5, words, "", "L", false)
	s.Ln(2)
}

// Point is a line of a list.
func (s *Sheet) Point(words string) {
	s.Type("", 10, Ink)
	s.Room(12)
	s.SetX(Margin)
	s.CellFormat(5, 5, "–", "", 0, "L", false, 0, "")
	s.MultiCell(Inner-5, 5, words, "", "L", false)
	s.Ln(1.2)
}

// Room begins a new page where less than so much of it is left.
func (s *Sheet) Room(height float64) {
	if s.GetY()+height > pageHeight-bottom {
		s.AddPage()
	}
}

// Pair is a name and what it is.
func (s *Sheet) Pair(name, value string) {
	s.Type("", 10, Soft)
	s.SetX(Margin)
	y := s.GetY()
	s.CellFormat(38, 5.5, name, "", 0, "L", false, 0, "")
	s.Type("", 10, Ink)
	s.SetXY(Margin+38, y)
	s.MultiCell(Inner-38, 5.5, value, "", "L", false)
	s.Ln(0.8)
}

// Column is a column of a table: its head, its share of the width, and how it is
// written.
type Column struct {
	Head  string
	Width float64 // of Inner, in parts
	Align string  // L or R
	Mono  bool
}

// Cell is what stands in a cell.
type Cell struct {
	Text  string
	Tone  Colour
	Heavy bool
}

// Plain is a cell of a text.
func Plain(text string) Cell { return Cell{Text: text, Tone: Ink} }

const rowLine = 4.2

// Table writes rows under a head that every page repeats.
func (s *Sheet) Table(columns []Column, rows [][]Cell) {
	parts := 0.0
	for _, c := range columns {
		parts += c.Width
	}
	head := func() {
		x, y := Margin, s.GetY()
		s.SetFillColor(Band.R, Band.G, Band.B)
		s.Rect(Margin, y, Inner, 7, "F")
		s.Type("B", 7.5, Ink)
		for _, c := range columns {
			width := c.Width / parts * Inner
			s.SetXY(x, y)
			s.CellFormat(width, 7, s.Fit(c.Head, width), "", 0, c.Align, false, 0, "")
			x += width
		}
		s.SetXY(Margin, y+7.5)
	}
	s.Room(24)
	head()
	for _, row := range rows {
		lines := make([][]string, len(row))
		most := 1
		for i, cell := range row {
			s.style(columns[i], cell)
			lines[i] = s.SplitText(cell.Text, columns[i].Width/parts*Inner)
			most = max(most, len(lines[i]))
		}
		height := float64(most)*rowLine + 1.6
		if s.GetY()+height > pageHeight-bottom {
			s.AddPage()
			head()
		}
		x, y := Margin, s.GetY()
		for i, cell := range row {
			width := columns[i].Width / parts * Inner
			s.style(columns[i], cell)
			for n, line := range lines[i] {
				s.SetXY(x, y+0.6+float64(n)*rowLine)
				s.CellFormat(width, rowLine, line, "", 0, columns[i].Align, false, 0, "")
			}
			x += width
		}
		s.Rule(y + height)
		s.SetXY(Margin, y+height)
	}
	s.Ln(3)
}

func (s *Sheet) style(c Column, cell Cell) {
	weight := ""
	if cell.Heavy {
		weight = "B"
	}
	s.Type(weight, 8, cell.Tone)
	if c.Mono {
		if !s.mono { // which few documents have, and takes a third of the time
			s.mono = true
			s.AddUTF8FontFromBytes("mono", "", bytes.Clone(gomono.TTF))
		}
		s.SetFont("mono", "", 6.5)
	}
}
