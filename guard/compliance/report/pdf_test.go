package report

import (
	"bytes"
	"compress/zlib"
	"io"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"unicode/utf16"

	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/gomono"
	"golang.org/x/image/font/gofont/goregular"
)

var (
	streams = regexp.MustCompile(`(?s)\nstream\n(.*?)\nendstream`)
	shown   = regexp.MustCompile(`(?s)\(((?:\\.|[^\\()])*)\)\s*Tj`)
)

// TestFontsStayAsTheyAre: a report leaves the fonts that all reports are written with
// as they were, so that the first of a process and every later one are the same bytes.
func TestFontsStayAsTheyAre(t *testing.T) {
	fonts := map[string][]byte{"regular": goregular.TTF, "bold": gobold.TTF, "mono": gomono.TTF}
	c := customers[0]
	r := New(c.subject, posture(t, c.framework, c.edition, findings(rand.New(rand.NewPCG(7, 0)), c.subject)))
	before := map[string][]byte{}
	for name, font := range fonts {
		before[name] = bytes.Clone(font)
	}
	rendered(t, r, "pdf")
	for name, font := range fonts {
		if !bytes.Equal(font, before[name]) {
			t.Errorf("the font %s was written into", name)
		}
	}
}

// pdfText is the text that the pages of a PDF show, a line for each piece, and
// what its information says.
func pdfText(t *testing.T, pdf []byte) string {
	t.Helper()
	var b strings.Builder
	for _, page := range pdfPages(t, pdf) {
		b.WriteString(strings.Join(page, "\n") + "\n")
	}
	for _, m := range regexp.MustCompile(`(?s)/(?:Title|Author|Subject|Producer) \(((?:\\.|[^\\()])*)\)`).FindAllSubmatch(pdf, -1) {
		b.WriteString(utf16Text(bytes.TrimPrefix(unescaped(m[1]), []byte{0xfe, 0xff})) + "\n")
	}
	if b.Len() < 1000 {
		t.Errorf("only %d characters are found in a PDF of %d bytes", b.Len(), len(pdf))
	}
	return b.String()
}

// pdfPages are the pieces of text that each page shows, in the order in which they
// were written.
func pdfPages(t *testing.T, pdf []byte) (pages [][]string) {
	t.Helper()
	for _, m := range streams.FindAllSubmatch(pdf, -1) {
		z, err := zlib.NewReader(bytes.NewReader(m[1]))
		if err != nil {
			continue // a font or the like
		}
		page, err := io.ReadAll(z)
		if err != nil {
			t.Fatalf("a part of the PDF cannot be read back: %v", err)
		}
		var pieces []string
		for _, piece := range shown.FindAllSubmatch(page, -1) {
			pieces = append(pieces, utf16Text(unescaped(piece[1])))
		}
		if pieces != nil {
			pages = append(pages, pieces)
		}
	}
	return pages
}

func unescaped(text []byte) (out []byte) {
	for i := 0; i < len(text); i++ {
		if text[i] != '\\' || i+1 == len(text) {
			out = append(out, text[i])
			continue
		}
		i++
		switch text[i] {
		case 'r':
			out = append(out, '\r')
		case 'n':
			out = append(out, '\n')
		default:
			out = append(out, text[i])
		}
	}
	return out
}

func utf16Text(b []byte) string {
	units := make([]uint16, len(b)/2)
	for i := range units {
		units[i] = uint16(b[2*i])<<8 | uint16(b[2*i+1])
	}
	return string(utf16.Decode(units))
}

// TestPDF checks that the document has its parts, in order, with the pages that
// the contents say, and a number on every page.
func TestPDF(t *testing.T) {
	c := customers[2]
	r := New(c.subject, posture(t, c.framework, c.edition, findings(rand.New(rand.NewPCG(1, 6)), c.subject)))
	pdf := rendered(t, r, "pdf")
	text := pdfText(t, pdf)
	at := 0
	for _, part := range []string{"Contents", "1  Scope and period", "2  Result", "3  What to fix first", "4  Controls", "5  What does not pass", "6  Method", "7  What is not assessed", "Appendix  Evidence by check"} {
		i := strings.LastIndex(text, part)
		if i < at {
			t.Errorf("%q stands at %d, what is before it at %d", part, i, at)
		}
		at = i
	}
	pages := strings.Count(string(pdf), "/Type /Page\n")
	if got := len(regexp.MustCompile(`Page \d+ of`).FindAllString(text, -1)); got != pages || pages < 10 {
		t.Errorf("%d of %d pages have a number", got, pages)
	}
	s := r.document(r.document(nil).Began)
	for title, page := range s.Pages {
		if s.Began[title] != page {
			t.Errorf("the contents say page %d for %q, which begins on %d", page, title, s.Began[title])
		}
	}
}

// TestPDFHeads checks that no head of a table is cut, and that no heading stands at
// the end of a page, whatever is found.
func TestPDFHeads(t *testing.T) {
	for i, c := range customers {
		for seed := range uint64(3) {
			r := New(c.subject, posture(t, c.framework, c.edition, findings(rand.New(rand.NewPCG(seed, uint64(i))), c.subject)))
			headings := map[string]bool{}
			for _, catalogue := range r.Catalogues {
				headings[catalogue.Name] = true
				for _, g := range groups(catalogue) {
					headings[g.Name] = true
				}
			}
			for _, check := range r.Checks {
				headings[check.Title] = true
			}
			for n, page := range pdfPages(t, rendered(t, r, "pdf")) {
				last := page[max(0, len(page)-3):] // what stands last, and the two of the foot
				if len(page) > 3 && headings[last[0]] {
					t.Errorf("%s, seed %d: page %d ends with the heading %q", c.framework, seed, n+1, last[0])
				}
				for _, piece := range page[min(1, len(page)):] {
					if strings.HasSuffix(piece, "…") {
						t.Errorf("%s, seed %d: page %d: %q is cut", c.framework, seed, n+1, piece)
					}
				}
			}
		}
	}
}
