package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/term"

	"landlord/internal/money"
	"landlord/internal/nearest"
)

// isTerminal tells whether w (or a reader) is one. Colour and bars are for
// terminals only.
func isTerminal(w any) bool {
	if out, is := w.(*output); is {
		w = out.Writer
	}
	f, is := w.(*os.File)
	return is && term.IsTerminal(int(f.Fd()))
}

// paint returns a function that colours text, or leaves it on a pipe and where
// NO_COLOR is set.
func paint(w io.Writer) func(colour, text string) string {
	if !isTerminal(w) || os.Getenv("NO_COLOR") != "" {
		return func(_, text string) string { return text }
	}
	return func(colour, text string) string { return colour + text + "\x1b[0m" }
}

// size is the terminal's, in columns and rows; what it does not tell is 100
// columns and 24 rows.
func size(w io.Writer) (columns, rows int) {
	columns, rows = 100, 24
	if out, is := w.(*output); is {
		w = out.Writer
	}
	if f, is := w.(*os.File); is {
		if c, r, err := term.GetSize(int(f.Fd())); err == nil {
			if c > 0 {
				columns = c
			}
			if r > 0 {
				rows = r
			}
		}
	}
	return columns, rows
}

// table is a table that shrinks to the terminal: what does not fit is cut. On a
// pipe nothing is. Flush writes it to w.
type table struct {
	*tabwriter.Writer
	w    io.Writer
	text bytes.Buffer
}

func newTable(w io.Writer, padding int) *table {
	t := &table{w: w}
	t.Writer = tabwriter.NewWriter(&t.text, 0, 0, padding, ' ', 0)
	return t
}

func (t *table) Flush() {
	_ = t.Writer.Flush() // to memory
	columns, _ := size(t.w)
	for line := range strings.Lines(t.text.String()) {
		line = strings.TrimRight(line, " \n")
		if r := []rune(line); isTerminal(t.w) && len(r) > columns && columns > 1 {
			line = string(r[:columns-1]) + "…"
		}
		fmt.Fprintln(t.w, line)
	}
}

// Colours.
const (
	green  = "\x1b[32m"
	yellow = "\x1b[33m"
	red    = "\x1b[31m"
	bold   = "\x1b[1m"
	dim    = "\x1b[2m"
)

// about is a duration for a forecast: "about 4 min".
func about(d time.Duration) string {
	switch {
	case d < 10*time.Second:
		return "a few seconds"
	case d < 90*time.Second:
		return fmt.Sprintf("about %d s", int(d.Round(10*time.Second).Seconds()))
	case d < 90*time.Minute:
		return fmt.Sprintf("about %d min", int(d.Round(time.Minute).Minutes()))
	}
	return fmt.Sprintf("about %.1f h", d.Hours())
}

// between is a forecast from low to high: "about 2 to 4 min".
func between(low, high time.Duration) string {
	from, to := about(low), about(high)
	if from == to || high < 10*time.Second {
		return to
	}
	digits, unit, _ := strings.Cut(strings.TrimPrefix(from, "about "), " ")
	if most, same, _ := strings.Cut(strings.TrimPrefix(to, "about "), " "); same == unit {
		return fmt.Sprintf("about %s to %s %s", digits, most, unit)
	}
	return from + " to " + strings.TrimPrefix(to, "about ")
}

// exact is a duration that was measured: "1 m 12 s".
func exact(d time.Duration) string {
	d = d.Round(time.Second)
	h, m, s := int(d.Hours()), int(d.Minutes())%60, int(d.Seconds())%60
	switch {
	case h > 0:
		return fmt.Sprintf("%dh %02dm", h, m)
	case m > 0:
		return fmt.Sprintf("%dm %02ds", m, s)
	}
	return fmt.Sprintf("%ds", s)
}

// count writes a number of things: "1 unit", "4 units", "1,012 accounts".
func count(n int, noun string) string {
	digits := money.Group(fmt.Sprint(n))
	if n == 1 {
		return digits + " " + noun
	}
	if before, ok := strings.CutSuffix(noun, "y"); ok {
		return digits + " " + before + "ies"
	}
	return digits + " " + noun + "s"
}

// printJSON writes v as indented JSON.
func printJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// clean makes text from outside fit for a terminal: control characters become
// spaces.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 {
			return ' '
		}
		return r
	}, s)
}

// cleanLines cleans each line of a text and leaves the lines.
func cleanLines(s string) string {
	lines := strings.Split(s, "\n")
	for i := range lines {
		lines[i] = clean(lines[i])
	}
	return strings.Join(lines, "\n")
}

// version is the module's version as the build recorded it.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	v := info.Main.Version
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && !strings.Contains(v, s.Value[:min(12, len(s.Value))]) {
			v += " (" + s.Value[:min(12, len(s.Value))] + ")"
		}
	}
	return v
}

// wants is what a flag of a type takes, in words.
var wants = map[string]string{
	"int": "a whole number", "uint64": "a whole number, 0 or more", "float64": "a number", "bool": "true or false",
	"duration": "a time with its unit, as 30s or 10m", "intSlice": "whole numbers, as 10,100",
}

// flagError adds the nearest known flag to the complaint of an unknown one.
func flagError(c *cobra.Command, err error) error {
	if wrong, is := errors.AsType[*pflag.InvalidValueError](err); is && wants[wrong.GetFlag().Value.Type()] != "" {
		return fmt.Errorf("--%s %q: want %s", wrong.GetFlag().Name, wrong.GetValue(), wants[wrong.GetFlag().Value.Type()])
	}
	_, unknown, found := strings.Cut(err.Error(), "unknown flag: --")
	if !found {
		text, _, _ := strings.Cut(err.Error(), ": strconv.") // Go's own words help nobody
		return fmt.Errorf("%s. See `%s --help`", text, c.CommandPath())
	}
	var names []string
	c.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	if name := nearest.Of(unknown, names); name != "" {
		return fmt.Errorf("unknown flag --%s. Did you mean --%s?", unknown, name)
	}
	return fmt.Errorf("unknown flag --%s. See `%s --help`", unknown, c.CommandPath())
}
