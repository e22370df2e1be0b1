package report

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Markdown writes r for people, its sections in the reference's order.
func (r *Report) Markdown(w io.Writer) error {
	m := &page{}
	for _, section := range []func(*page, *Report){
		opening, customerSection, revenueSection, architectureSection, tierSection, complexitySection,
		validationSection, insightSection, projectionSection, issueSection, recommendationSection,
		summarySection, comparisonSection, stepSection, differenceSection, timeSection, inputSection, closing,
	} {
		section(m, r)
	}
	_, err := m.b.WriteTo(w)
	return err
}

// page is Markdown being written. What it is given is plain text, and it
// escapes it.
type page struct{ b bytes.Buffer }

func (m *page) heading(level int, format string, args ...any) {
	if text := m.b.Bytes(); len(text) > 0 && !bytes.HasSuffix(text, []byte("\n\n")) {
		m.b.WriteByte('\n')
	}
	fmt.Fprintf(&m.b, "%s %s\n\n", strings.Repeat("#", level), escape(fmt.Sprintf(format, args...)))
}

// text writes a paragraph.
func (m *page) text(format string, args ...any) {
	fmt.Fprintf(&m.b, "%s\n\n", escape(fmt.Sprintf(format, args...)))
}

// lead writes a paragraph that begins with a word in bold.
func (m *page) lead(word, format string, args ...any) {
	fmt.Fprintf(&m.b, "**%s:** %s\n\n", escape(word), escape(fmt.Sprintf(format, args...)))
}

// items writes a list.
func (m *page) items(items ...string) {
	for _, item := range items {
		fmt.Fprintf(&m.b, "- %s\n", escape(item))
	}
	if len(items) > 0 {
		m.b.WriteByte('\n')
	}
}

// lines writes what was checked, each with what was looked at.
func (m *page) lines(lines []Line) {
	for _, l := range lines {
		fmt.Fprintf(&m.b, "- %s %s", l.State.Mark(), escape(l.Text))
		if l.Looked != "" && l.State != Stated {
			fmt.Fprintf(&m.b, " — *%s*", escape(l.Looked))
		}
		if l.Fault != "" {
			fmt.Fprintf(&m.b, "\n  **%s**", escape(l.Fault))
		}
		m.b.WriteByte('\n')
	}
	if len(lines) > 0 {
		m.b.WriteByte('\n')
	}
}

// table writes t, if it has rows. Its numbers are set right.
func (m *page) table(t Table) {
	if len(t.Rows) == 0 {
		return
	}
	m.row(t.Head)
	for i := range t.Head {
		if i >= t.Numbers && i < len(t.Head)-t.Notes {
			m.b.WriteString("|---:")
		} else {
			m.b.WriteString("|:---")
		}
	}
	m.b.WriteString("|\n")
	for _, row := range t.Rows {
		m.row(row)
	}
	m.b.WriteByte('\n')
}

func (m *page) row(cells []string) {
	for _, cell := range cells {
		fmt.Fprintf(&m.b, "| %s ", escape(cell))
	}
	m.b.WriteString("|\n")
}

// picture writes lines as they are, in a fence that none of them can close.
func (m *page) picture(lines []string) {
	m.b.WriteString("```\n")
	for _, l := range lines {
		m.b.WriteString(strings.TrimRight(verbatim(l), " "))
		m.b.WriteByte('\n')
	}
	m.b.WriteString("```\n\n")
}

// escape makes plain text Markdown that shows it: on one line, no markup, no
// HTML, no end of a table's cell.
func escape(s string) string {
	var b strings.Builder
	runes := []rune(oneLine(s))
	for i, r := range runes {
		switch {
		case r == '<':
			b.WriteString("&lt;")
		case r == '>':
			b.WriteString("&gt;")
		case r == '&' && (inWord(runes, i+1) || i+1 < len(runes) && runes[i+1] == '#'): // could begin an entity
			b.WriteString("&amp;")
		case strings.ContainsRune("\\`*[]|~", r):
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '_' && !(inWord(runes, i-1) && inWord(runes, i+1)), // within a word it marks nothing
			strings.ContainsRune("#+-=", r) && strings.Trim(string(runes[:i]), string(r)) == "" && begins(runes, i),
			(r == '.' || r == ')') && i > 0 && i < 10 && digits(runes[:i]) && begins(runes, i):
			b.WriteByte('\\')
			b.WriteRune(r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

func inWord(runes []rune, i int) bool {
	return i >= 0 && i < len(runes) && (unicode.IsLetter(runes[i]) || unicode.IsDigit(runes[i]))
}

// begins tells whether what ends at i would begin a heading or a list, or be a
// rule, at the start of a line: nothing or a space follows.
func begins(runes []rune, i int) bool {
	return strings.Trim(string(runes[i+1:]), string(runes[i])) == "" || unicode.IsSpace(runes[i+1])
}

// digits tells whether all of runes are digits, so that a point after them
// would begin a list.
func digits(runes []rune) bool {
	for _, r := range runes {
		if r < '0' || r > '9' {
			return false
		}
	}
	return true
}

// oneLine is s without what breaks lines or steers a terminal.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r), unicode.IsControl(r), unicode.In(r, unicode.Zl, unicode.Zp):
			return ' '
		case r == utf8.RuneError, unicode.Is(unicode.Bidi_Control, r):
			return '�'
		}
		return r
	}, s)
}

// verbatim is s for a fence: there nothing can be escaped, so what could be
// taken for HTML or end the fence is shown by its likeness.
func verbatim(s string) string {
	return strings.NewReplacer("<", "‹", ">", "›", "`", "'").Replace(oneLine(s))
}
