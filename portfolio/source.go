package portfolio

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// source is the text of a file without its byte order mark.
type source struct {
	text  []byte
	lines []string
}

// split cuts text into the lines that YAML counts. There is always one.
func split(text []byte) []string {
	lines := strings.Split(breaks.Replace(string(text)), "\n")
	if n := len(lines); n > 1 && lines[n-1] == "" {
		lines = lines[:n-1]
	}
	return lines
}

// breaks are the line breaks of YAML 1.1, which the decoder keeps to.
var breaks = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u0085", "\n", "\u2028", "\n", "\u2029", "\n")

// open decodes the one YAML document of a file, without reading anything into
// its values, or tells why there is none.
func open(data []byte) (source, *yaml.Node, *Fault) {
	text := bytes.TrimPrefix(data, []byte("\ufeff"))
	src := source{text: text, lines: split(text)}
	if f := src.binary(); f != nil {
		return src, nil, f
	}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	var doc, second yaml.Node
	err := decoder.Decode(&doc)
	if errors.Is(err, io.EOF) || err == nil && empty(&doc) {
		return src, nil, &Fault{Line: 1, Column: 1, Message: "the file is empty; expected provider, organization and customers"}
	}
	if err != nil {
		return src, nil, src.syntax(err)
	}
	switch err := decoder.Decode(&second); {
	case err == nil:
		at := src.clamp(second.Line, second.Column)
		at.Message = "a second document begins here; a portfolio file holds one"
		return src, nil, at
	case !errors.Is(err, io.EOF):
		return src, nil, src.syntax(err)
	}
	return src, doc.Content[0], nil
}

func empty(doc *yaml.Node) bool {
	return len(doc.Content) == 0 || isNull(doc.Content[0])
}

// binary finds the first thing that is not text in UTF-8.
func (s source) binary() *Fault {
	rest := s.text
	for at := 0; at < len(rest); {
		r, size := utf8.DecodeRune(rest[at:])
		switch {
		case r == utf8.RuneError && size == 1:
			f := s.at(at)
			f.Message = fmt.Sprintf("byte %#02x is not UTF-8; save the file as UTF-8 text", rest[at])
			return f
		case !textual(r):
			f := s.at(at)
			f.Message = fmt.Sprintf("the character %U is not text; expected a YAML file", r)
			return f
		}
		at += size
	}
	return nil
}

// textual tells whether YAML allows r in a file: YAML 1.1, section 5.1.
func textual(r rune) bool {
	switch {
	case r == '\t', r == '\n', r == '\r', r == 0x85:
		return true
	case r < ' ', r >= 0x7f && r < 0xa0, r == 0xfffe, r == 0xffff:
		return false
	}
	return r != 0xfeff // a byte order mark is taken at the start only
}

// at is the place of a byte.
func (s source) at(offset int) *Fault {
	before := strings.Split(breaks.Replace(string(s.text[:offset])), "\n")
	return s.clamp(len(before), utf8.RuneCountInString(before[len(before)-1])+1)
}

// clamp is a place within the file: the decoder names the line after the last
// where something is missing at the end.
func (s source) clamp(line, column int) *Fault {
	if line > len(s.lines) {
		line = len(s.lines)
		column = utf8.RuneCountInString(s.lines[line-1]) + 1
	}
	return &Fault{Line: max(line, 1), Column: max(column, 1)}
}

// syntax tells in a sentence what the decoder did not understand, and where.
func (s source) syntax(err error) *Fault {
	e, ok := errors.AsType[*yaml.LoadError](err)
	if !ok {
		f := s.clamp(1, 1)
		f.Message = "this is not YAML: " + oneLine(err.Error())
		return f
	}
	mark := e.Mark
	message, begin := sentence(e)
	if begin && e.ContextMark.Line > 0 {
		mark = e.ContextMark
	}
	f := s.clamp(mark.Line, mark.Column)
	if runes := []rune(s.lines[f.Line-1]); f.Column <= len(runes) {
		f.Text = string(runes[f.Column-1])
	}
	if e.Message == "found character that cannot start any token" {
		if f.Text == "\t" {
			message = "a tab cannot indent YAML; use spaces"
		} else {
			message = fmt.Sprintf("a value cannot begin with %s; quote it", quote(f.Text))
		}
	}
	f.Message = "this is not YAML: " + message
	return f
}

// sentence says what the decoder's message means to a person, and whether the
// place to look at is where the construct began. Its messages are libyaml's.
func sentence(e *yaml.LoadError) (message string, begin bool) {
	switch e.Message {
	case "mapping values are not allowed in this context":
		return `a ":" where none can be; check the indent, and quote a text that holds ": "`, false
	case "block sequence entries are not allowed in this context":
		return `a list begins on its own line, or is written [a, b]`, false
	case "could not find expected ':'":
		return `this line is no "field: value"`, true
	case "did not find expected key", "did not find expected '-' indicator", "did not find expected <document start>":
		return "the indent of this line fits nothing above it", false
	case "did not find expected ',' or ']'":
		return `the list that begins here has no "]" or lacks a comma`, true
	case "did not find expected ',' or '}'":
		return `the mapping that begins here has no "}" or lacks a comma`, true
	case "found a tab character that violates indentation", "found a tab character where an indentation space is expected":
		return "a tab cannot indent YAML; use spaces", false
	case "found unexpected end of stream":
		return "the quotes that begin here never end", true
	}
	return oneLine(e.Message), false
}

func oneLine(s string) string { return printable(strings.Join(strings.Fields(s), " ")) }

// lastLine is the line that n ends on.
func lastLine(n *yaml.Node) int {
	last := n.Line + strings.Count(strings.TrimSuffix(n.Value, "\n"), "\n")
	for _, child := range n.Content {
		last = max(last, lastLine(child))
	}
	return last
}
