package portfolio

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/width"
)

// Fault is one thing that is wrong in a portfolio file.
type Fault struct {
	Line    int    // from 1; 0 if the file as a whole is at fault
	Column  int    // in characters, from 1
	Text    string // the offending text, cut if it is long; "" where something is missing
	Message string // what is wrong and what is expected
}

// Faults is everything that is wrong in a portfolio file.
type Faults struct {
	File   string
	Faults []Fault // in file order, at least one
	source []byte
	cause  error
}

// whole is a fault of a file as a whole.
func whole(file string, cause error, message string) *Faults {
	return &Faults{File: file, Faults: []Fault{{Message: message}}, cause: cause}
}

// Error names each fault on a line: "portfolio.yaml:14:11: unknown tier …".
func (f *Faults) Error() string {
	lines := make([]string, len(f.Faults))
	for i, fault := range f.Faults {
		lines[i] = f.place(fault) + ": " + fault.Message
	}
	return strings.Join(lines, "\n")
}

// Unwrap returns why the file could not be read, nil if it could.
func (f *Faults) Unwrap() error { return f.cause }

func (f *Faults) place(fault Fault) string {
	if fault.Line == 0 {
		return printable(f.File)
	}
	return fmt.Sprintf("%s:%d:%d", printable(f.File), fault.Line, fault.Column)
}

// Colours of a terminal.
const (
	bold  = "\x1b[1m"
	red   = "\x1b[31m"
	dim   = "\x1b[2m"
	reset = "\x1b[0m"
)

// Write prints each fault for people, with the line of the file it is on, the
// one before, and a mark under the offending text; then how many there are.
func (f *Faults) Write(w io.Writer, color bool) error {
	paint := func(style, text string) string {
		if !color || text == "" {
			return text
		}
		return style + text + reset
	}
	lines := split(f.source)
	var b bytes.Buffer
	for _, fault := range f.Faults {
		fmt.Fprintf(&b, "%s: %s\n", paint(bold, f.place(fault)), fault.Message)
		if fault.Line == 0 || fault.Line > len(lines) {
			continue
		}
		line, from, to := excerpt(lines[fault.Line-1], fault.Column, fault.Text)
		if fault.Line > 1 {
			before, _, _ := excerpt(lines[fault.Line-2], 1, "")
			fmt.Fprintf(&b, "%s%s\n", paint(dim, fmt.Sprintf("%5d | ", fault.Line-1)), before)
		}
		fmt.Fprintf(&b, "%s%s\n", paint(dim, fmt.Sprintf("%5d | ", fault.Line)), line)
		fmt.Fprintf(&b, "%s%s%s\n", paint(dim, "      | "), strings.Repeat(" ", from), paint(red, strings.Repeat("^", to-from)))
	}
	if n := len(f.Faults); n == 1 {
		fmt.Fprintln(&b, "1 fault. Nothing was changed.")
	} else {
		fmt.Fprintf(&b, "%d faults. Nothing was changed.\n", n)
	}
	_, err := b.WriteTo(w)
	return err
}

// excerptWidth is the most cells of a line that are shown, so that with its
// number it fits 100 columns.
const excerptWidth = 90

// excerpt returns the part of a line around column that a terminal can show,
// and between which cells of it the mark stands.
func excerpt(line string, column int, text string) (shown string, from, to int) {
	runes := []rune(line)
	start := min(max(column-1, 0), len(runes))
	end := min(start+max(marked(string(runes[start:]), text), 1), len(runes))
	first := 0
	if end > excerptWidth && cells(runes[:end]) > excerptWidth {
		first = max(start-excerptWidth/3, 0)
	}
	var b strings.Builder
	used := 0
	if first > 0 {
		b.WriteRune('…')
		used = 1
	}
	from = used
	for i := first; i < len(runes); i++ {
		if i == start {
			from = used
		}
		if i == end {
			to = used
		}
		c := cells(runes[i : i+1])
		if used+c > excerptWidth {
			b.WriteRune('…')
			used++
			break
		}
		b.WriteString(visible(runes[i]))
		used += c
	}
	if start >= len(runes) {
		from = used
	}
	if to <= from {
		to = max(used, from+1)
	}
	return b.String(), from, to
}

// marked is how many characters of rest, a line from the fault on, are the
// offending text: with its quotes, or up to the end of what looks like it.
func marked(rest, text string) int {
	if text == "" {
		return 1
	}
	text = strings.TrimSuffix(text, "…")
	if strings.HasPrefix(rest, text) {
		return utf8.RuneCountInString(text)
	}
	if len(rest) > 1 && (rest[0] == '"' || rest[0] == '\'') {
		if end := strings.IndexByte(rest[1:], rest[0]); end >= 0 {
			return utf8.RuneCountInString(rest[:end+2])
		}
	}
	return 1
}

// cells is how many cells of a terminal runes take as visible writes them.
func cells(runes []rune) int {
	n := 0
	for _, r := range runes {
		switch kind := width.LookupRune(r).Kind(); {
		case unicode.Is(unicode.Mn, r):
		case kind == width.EastAsianWide || kind == width.EastAsianFullwidth:
			n += 2
		default:
			n++
		}
	}
	return n
}

// visible is what is shown for r: a file must not steer the terminal it is
// shown on.
func visible(r rune) string {
	switch {
	case r == '\t':
		return " "
	case r == utf8.RuneError || unicode.IsControl(r) || unicode.Is(unicode.Cf, r):
		return "�"
	}
	return string(r)
}

// printable is s without what could steer a terminal.
func printable(s string) string {
	var b strings.Builder
	for _, r := range s {
		b.WriteString(visible(r))
	}
	return b.String()
}
