package document

import (
	"io"
	"strings"
	"time"

	"landlord/internal/money"
	"landlord/internal/paper"
	"landlord/portfolio"
)

// PDF writes d as finance departments expect one: who owes whom what for when, by when
// and where to, then each line with how it was computed.
func (d *Document) PDF(w io.Writer) error {
	s := paper.New(d.Title()+" · "+d.Terms.To.Name, d.Terms.From.Name+" · "+d.Number, d.Issued, nil)
	s.SetTitle(paper.Writable(d.Title()), true)
	s.SetAuthor(paper.Writable(d.Terms.From.Name), true)
	s.AddPage()
	s.SetY(paper.Margin)
	s.Type("B", 13, paper.Ink)
	s.MultiCell(paper.Inner/2, 6, d.Terms.From.Name, "", "L", false)
	small(s, paper.Margin, paper.Inner/2, address(d.Terms.From), paper.Soft)
	below := s.GetY()
	s.SetXY(paper.Margin+paper.Inner/2, paper.Margin)
	s.Type("B", 20, paper.Ink)
	s.CellFormat(paper.Inner/2, 8, map[bool]string{false: "Invoice", true: "Credit note"}[d.Note()], "", 2, "R", false, 0, "")
	s.Type("", 11, paper.Soft)
	s.CellFormat(paper.Inner/2, 6, d.Number, "", 2, "R", false, 0, "")
	if d.Void != "" {
		s.Type("B", 11, paper.Bad)
		s.CellFormat(paper.Inner/2, 6, "VOID", "", 2, "R", false, 0, "")
	}
	s.SetY(max(below, s.GetY()) + 8)

	top := s.GetY()
	s.Type("", 8.5, paper.Soft)
	s.SetX(paper.Margin)
	s.CellFormat(paper.Inner/2, 5, map[bool]string{false: "Bill to", true: "To"}[d.Note()], "", 2, "L", false, 0, "")
	s.Type("B", 10.5, paper.Ink)
	s.SetX(paper.Margin)
	s.MultiCell(paper.Inner/2-6, 5.2, d.Terms.To.Name, "", "L", false)
	small(s, paper.Margin, paper.Inner/2-6, address(d.Terms.To), paper.Ink)
	below = s.GetY()
	s.SetY(top)
	for _, p := range d.facts() {
		s.SetX(paper.Margin + paper.Inner/2)
		s.Type("", 9.5, paper.Soft)
		s.CellFormat(34, 5.4, p[0], "", 0, "L", false, 0, "")
		s.Type("", 9.5, paper.Ink)
		s.CellFormat(paper.Inner/2-34, 5.4, s.Fit(p[1], paper.Inner/2-34), "", 1, "R", false, 0, "")
	}
	s.SetY(max(below, s.GetY()) + 8)

	lines, taxes, net, _ := d.parts()
	var rows [][]paper.Cell
	for _, l := range lines {
		rows = append(rows, []paper.Cell{paper.Plain(l.Description), {Text: l.How, Tone: paper.Soft}, paper.Plain(grouped(l.Amount))})
	}
	s.Table([]paper.Column{{Head: "For", Width: 78, Align: "L"}, {Head: "How it was computed", Width: 66, Align: "L"}, {Head: d.Currency, Width: 30, Align: "R"}}, rows)
	s.Room(40)
	sum := func(name, how string, amount money.Cents, style string, size float64) {
		s.SetX(paper.Margin)
		s.Type(style, size, paper.Ink)
		label := name
		if how != "" {
			label += "  " + how
		}
		s.CellFormat(paper.Inner-40, size*0.62, s.Fit(label, paper.Inner-40), "", 0, "R", false, 0, "")
		s.CellFormat(40, size*0.62, grouped(amount)+" "+d.Currency, "", 1, "R", false, 0, "")
	}
	if len(taxes) > 0 {
		sum("Sum without tax", "", net, "", 9.5)
		for _, l := range taxes {
			sum(l.Description, l.How, l.Amount, "", 9.5)
		}
		s.Ln(1)
	}
	total := "Total"
	if d.Due != "" && d.Total > 0 {
		total = "Total, due " + day(d.Due)
	}
	sum(total, "", d.Total, "B", 12)
	s.Ln(6)
	if pay := d.Terms.From.PayTo; len(pay) > 0 && !d.Note() && d.Total > 0 {
		s.Room(12 + 5*float64(len(pay)))
		s.Type("B", 9.5, paper.Ink)
		s.MultiCell(paper.Inner, 5.4, "How to pay", "", "L", false)
		small(s, paper.Margin, paper.Inner, append(append([]string{}, pay...), "Reference: "+d.Number), paper.Ink)
		s.Ln(3)
	}
	for _, text := range d.remarks() {
		s.Type("", 8.5, paper.Soft)
		s.MultiCell(paper.Inner, 4.6, text, "", "L", false)
	}
	if err := s.Error(); err != nil {
		return err
	}
	return s.Output(w)
}

// small writes lines at a place.
func small(s *paper.Sheet, x, width float64, lines []string, tone paper.Colour) {
	s.Type("", 9.5, tone)
	for _, line := range lines {
		s.SetX(x)
		s.MultiCell(width, 4.8, line, "", "L", false)
	}
}

// address is what stands below a party's name.
func address(p portfolio.Party) []string {
	lines := append([]string{}, p.Address...)
	for _, more := range []string{p.Country, prefixed("Tax ID ", p.TaxID), p.Email} {
		if more != "" {
			lines = append(lines, more)
		}
	}
	return lines
}

func prefixed(prefix, text string) string {
	if text == "" {
		return ""
	}
	return prefix + text
}

// facts are what is told beside the lines: names and values.
func (d *Document) facts() (list [][2]string) {
	add := func(name, value string) {
		if value != "" {
			list = append(list, [2]string{name, value})
		}
	}
	add("Number", d.Number)
	add("Date", day(d.Issued.UTC().Format(time.DateOnly)))
	add("For", d.Month.Text())
	add("Of invoice", d.Of)
	add("Due", day(d.Due))
	add("Your order", d.Terms.To.Order)
	add("Customer", d.Customer)
	return list
}

// remarks are what stands at the end.
func (d *Document) remarks() (texts []string) {
	if d.Void != "" {
		texts = append(texts, "This invoice is void: "+strings.TrimSuffix(d.Void, ".")+". Nothing is to be paid of it.")
	}
	if d.Note() && d.Reason != "" {
		texts = append(texts, "Reason: "+d.Reason)
	}
	if d.Total < 0 && !d.Note() {
		texts = append(texts, "This invoice comes to less than nothing: the amount is owed to you.")
	}
	return append(texts, "Each line is rounded to a cent, half to even; lines that divide one amount sum to it. The total is the sum of the lines.")
}
