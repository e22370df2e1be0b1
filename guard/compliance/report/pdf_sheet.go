package report

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

	"landlord/guard/compliance"
)

// Measures of a page in millimetres: A4.
const (
	pageWidth  = 210.0
	pageHeight = 297.0
	margin     = 18.0
	inner      = pageWidth - 2*margin
	foot       = 20.0
)

// sheet writes a PDF from above to below.
type sheet struct {
	*fpdf.Fpdf
	running string         // stands above every page but the first
	pages   map[string]int // on which page each section began when it was written before
	began   map[string]int // and now
	order   []string
}

// colour is red, green and blue.
type colour struct{ r, g, b int }

var (
	ink  = colour{27, 31, 36}
	soft = colour{87, 96, 106}
	rule = colour{200, 206, 212}
	band = colour{243, 245, 247}
)

var statusColours = [...]colour{
	compliance.NotAssessed: soft, compliance.NotApplicable: soft, compliance.Pass: {17, 96, 42}, compliance.Manual: {70, 48, 154}, compliance.Error: {138, 75, 0}, compliance.Fail: {163, 32, 26},
}

func newSheet(running string, at time.Time, pages map[string]int) *sheet {
	s := &sheet{Fpdf: fpdf.New("P", "mm", "A4", ""), running: running, pages: pages, began: map[string]int{}}
	if at.IsZero() {
		at = time.Unix(0, 0).UTC() // of a report on nothing
	}
	s.SetCatalogSort(true)
	s.SetCreationDate(at)
	s.SetModificationDate(at)
	s.SetProducer("landlord", true)
	s.SetLang("en")
	// fpdf writes into what it is given: the next report's font would differ.
	s.AddUTF8FontFromBytes("go", "", bytes.Clone(goregular.TTF))
	s.AddUTF8FontFromBytes("go", "B", bytes.Clone(gobold.TTF))
	s.AddUTF8FontFromBytes("mono", "", bytes.Clone(gomono.TTF))
	s.SetMargins(margin, margin, margin)
	s.SetAutoPageBreak(true, foot)
	s.AliasNbPages(allPages)
	s.SetHeaderFunc(func() {
		if s.PageNo() == 1 {
			return
		}
		s.font("", 8, soft)
		s.SetXY(margin, 9)
		s.CellFormat(inner, 5, s.fit(s.running, inner), "", 0, "L", false, 0, "")
		s.line(15)
		s.SetXY(margin, margin+4)
	})
	s.SetFooterFunc(func() {
		s.line(pageHeight - 15)
		s.font("", 8, soft)
		s.SetXY(margin, pageHeight-13)
		s.CellFormat(inner/2, 5, "No attestation, no certification, no audit opinion", "", 0, "L", false, 0, "")
		s.Fpdf.CellFormat(inner/2, 5, fmt.Sprintf("Page %d of %s", s.PageNo(), allPages), "", 0, "R", false, 0, "")
	})
	return s
}

// allPages becomes the number of pages when the document is closed. No text holds
// it: writable takes it out.
const allPages = "\ue000\ue001\ue002"

// writable is a text as the fonts can write it: characters beyond the first plane,
// private ones, and marks that stand upon others and have no character with them
// become one that stands for them.
func writable(text string) string {
	return strings.Map(func(r rune) rune {
		if r > 0xffff || r >= 0xe000 && r <= 0xf8ff || r >= 0xd800 && r <= 0xdfff || r < ' ' && r != '\n' || unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf) {
			return '\ufffd'
		}
		return r
	}, norm.NFC.String(text))
}

// These are fpdf's, of what is writable.

func (s *sheet) CellFormat(w, h float64, text, border string, ln int, align string, fill bool, link int, address string) {
	s.Fpdf.CellFormat(w, h, writable(text), border, ln, align, fill, link, address)
}

func (s *sheet) MultiCell(w, h float64, text, border, align string, fill bool) {
	s.Fpdf.MultiCell(w, h, writable(text), border, align, fill)
}

func (s *sheet) SplitText(text string, w float64) []string {
	return s.Fpdf.SplitText(writable(text), w)
}

func (s *sheet) GetStringWidth(text string) float64 { return s.Fpdf.GetStringWidth(writable(text)) }

func (s *sheet) font(style string, size float64, c colour) {
	s.SetFont("go", style, size)
	s.SetTextColor(c.r, c.g, c.b)
}

func (s *sheet) line(y float64) {
	s.SetDrawColor(rule.r, rule.g, rule.b)
	s.SetLineWidth(0.2)
	s.Line(margin, y, pageWidth-margin, y)
}

// fit cuts a text to a width.
func (s *sheet) fit(text string, width float64) string {
	r := []rune(text)
	for len(r) > 1 && s.GetStringWidth(string(r)) > width-2 {
		r = append(r[:len(r)-2], '…')
	}
	return string(r)
}

// section begins a part of the document on a page of its own.
func (s *sheet) section(title string) {
	s.AddPage()
	s.heading(title)
}

// heading begins a part where the page stands.
func (s *sheet) heading(title string) {
	s.began[title] = s.PageNo()
	s.order = append(s.order, title)
	s.Bookmark(title, 0, -1)
	s.font("B", 16, ink)
	s.MultiCell(inner, 8, title, "", "L", false)
	s.Ln(2)
}

// sub is a heading within a part, on the page of what follows it: another, or the
// head of a table and its first row.
func (s *sheet) sub(title string) {
	s.room(48)
	s.Ln(3)
	s.font("B", 11, ink)
	s.MultiCell(inner, 6, title, "", "L", false)
	s.Ln(1)
}

// text is a paragraph.
func (s *sheet) text(words string) {
	s.font("", 10, ink)
	s.MultiCell(inner, 5, words, "", "L", false)
	s.Ln(2)
}

// point is a line of a list.
func (s *sheet) point(words string) {
	s.font("", 10, ink)
	s.room(12)
	s.SetX(margin)
	s.CellFormat(5, 5, "–", "", 0, "L", false, 0, "")
	s.MultiCell(inner-5, 5, words, "", "L", false)
	s.Ln(1.2)
}

// room begins a new page where less than so much of it is left.
func (s *sheet) room(height float64) {
	if s.GetY()+height > pageHeight-foot {
		s.AddPage()
	}
}

// pair is a name and what it is.
func (s *sheet) pair(name, value string) {
	s.font("", 10, soft)
	s.SetX(margin)
	y := s.GetY()
	s.CellFormat(38, 5.5, name, "", 0, "L", false, 0, "")
	s.font("", 10, ink)
	s.SetXY(margin+38, y)
	s.MultiCell(inner-38, 5.5, value, "", "L", false)
	s.Ln(0.8)
}

// column is a column of a table: its head, its share of the width, and how it is
// written.
type column struct {
	head  string
	width float64 // of inner, in parts
	align string  // L or R
	mono  bool
}

// cellOf is what stands in a cell.
type cellOf struct {
	text  string
	tone  colour
	heavy bool
}

func plainCell(text string) cellOf { return cellOf{text: text, tone: ink} }

func statusCell(s compliance.Status) cellOf {
	return cellOf{s.String(), statusColours[s], s != compliance.NotAssessed && s != compliance.NotApplicable}
}

const rowLine = 4.2

// table writes rows under a head that every page repeats.
func (s *sheet) table(columns []column, rows [][]cellOf) {
	parts := 0.0
	for _, c := range columns {
		parts += c.width
	}
	head := func() {
		x, y := margin, s.GetY()
		s.SetFillColor(band.r, band.g, band.b)
		s.Rect(margin, y, inner, 7, "F")
		s.font("B", 7.5, ink)
		for _, c := range columns {
			width := c.width / parts * inner
			s.SetXY(x, y)
			s.CellFormat(width, 7, s.fit(c.head, width), "", 0, c.align, false, 0, "")
			x += width
		}
		s.SetXY(margin, y+7.5)
	}
	s.room(24)
	head()
	for _, row := range rows {
		lines := make([][]string, len(row))
		most := 1
		for i, cell := range row {
			s.style(columns[i], cell)
			lines[i] = s.SplitText(cell.text, columns[i].width/parts*inner)
			most = max(most, len(lines[i]))
		}
		height := float64(most)*rowLine + 1.6
		if s.GetY()+height > pageHeight-foot {
			s.AddPage()
			head()
		}
		x, y := margin, s.GetY()
		for i, cell := range row {
			width := columns[i].width / parts * inner
			s.style(columns[i], cell)
			for n, line := range lines[i] {
				s.SetXY(x, y+0.6+float64(n)*rowLine)
				s.CellFormat(width, rowLine, line, "", 0, columns[i].align, false, 0, "")
			}
			x += width
		}
		s.line(y + height)
		s.SetXY(margin, y+height)
	}
	s.Ln(3)
}

func (s *sheet) style(c column, cell cellOf) {
	weight := ""
	if cell.heavy {
		weight = "B"
	}
	s.font(weight, 8, cell.tone)
	if c.mono {
		s.SetFont("mono", "", 6.5)
	}
}
