package report

import "fmt"

// sheet is a table of the page.
type sheet struct {
	Caption string
	Table
	Below  [][]string // second lines of cells, smaller; may be shorter than the rows
	Tones  []string   // colour of each row's tier; may be shorter than the rows
	Totals int        // rows at the end that sum up
	More   string     // a sentence below: what is not shown
	quiet  bool       // its caption only repeats the heading above
}

// Quiet tells whether the caption is for screen readers only.
func (s sheet) Quiet() bool { return s.quiet }

// sheetRow is a row of a sheet, as the page writes it.
type sheetRow struct {
	Total bool
	Cells []sheetCell
}

type sheetCell struct {
	Text  string
	Below string // a second line, smaller
	Class string
	Tone  string
	Head  bool // names its row
}

// Heads are the cells of the head.
func (s sheet) Heads() []sheetCell {
	var cells []sheetCell
	for i, text := range s.Head {
		cells = append(cells, sheetCell{Text: text, Class: s.class(i)})
	}
	return cells
}

// Body is the rows. The first cell of each names it; where it is empty, the
// first that is not.
func (s sheet) Body() []sheetRow {
	var rows []sheetRow
	for i, cells := range s.Rows {
		row := sheetRow{Total: i >= len(s.Rows)-s.Totals}
		named := false
		for j, text := range cells {
			cell := sheetCell{Text: text, Class: s.class(j)}
			if i < len(s.Below) && j < len(s.Below[i]) {
				cell.Below = s.Below[i][j]
			}
			if !named && text != "" {
				named, cell.Head = true, true
				if i < len(s.Tones) {
					cell.Tone = s.Tones[i]
				}
			}
			row.Cells = append(row.Cells, cell)
		}
		rows = append(rows, row)
	}
	return rows
}

// class sets numbers right and gives notes room.
func (s sheet) class(column int) string {
	switch {
	case column >= len(s.Head)-s.Notes:
		return "note"
	case column >= s.Numbers:
		return "n"
	}
	return ""
}

// few cuts a sheet to about shownBars rows, its totals kept, and says how many
// of what are not shown.
func (s sheet) few(noun string) sheet {
	n := len(s.Rows) - s.Totals
	if n <= shownBars {
		return s
	}
	totals := s.Rows[n:]
	s.Rows = append(s.Rows[:shownBars:shownBars], totals...)
	s.Tones, s.Below = s.Tones[:min(shownBars, len(s.Tones))], s.Below[:min(shownBars, len(s.Below))]
	s.More = fmt.Sprintf("And %s, not shown here.", count(n-shownBars, "more "+noun))
	return s
}
