// Package scan reads what scanners write: OCSF (Prowler, Security Hub), ASFF
// (Security Hub, Prowler) and CSV (Prowler's and landlord's own). Bytes come in;
// findings go out one by one, so that a file of any size takes little memory. A
// file is right as a whole: the first record that is not ends the reading, named
// by its number, its line and its field. Whose a finding is, is not its matter.
package scan

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"landlord/guard/compliance"
	"landlord/org"
)

// Formats of files.
const (
	OCSF = "ocsf"
	ASFF = "asff"
	CSV  = "csv"
)

// recordMost is the most bytes of one record. Those of scanners have some thousand.
const recordMost = 8 << 20

// Summary is what a file held.
type Summary struct {
	Format   string         // of its first record; "" of an empty file
	Records  int            // all that were read
	Findings int            // what came of them: a record with three resources is three
	Skipped  map[string]int // why, in words → records that are no findings of checks
}

// Fault is what is wrong with a file, and where.
type Fault struct {
	File   string
	Record int // from 1; 0 is the file as a whole
	Line   int // from 1
	Field  string
	Why    string
}

func (f *Fault) Error() string {
	var at strings.Builder
	fmt.Fprintf(&at, "%s:%d: ", f.File, f.Line)
	if f.Record > 0 {
		fmt.Fprintf(&at, "record %d: ", f.Record)
	}
	if f.Field != "" {
		fmt.Fprintf(&at, "%s: ", f.Field)
	}
	return at.String() + f.Why
}

// wrong is what is wrong with a field.
type wrong struct{ field, why string }

func (w *wrong) Error() string { return w.field + ": " + w.why }

func missing(field string) error { return &wrong{field, "is missing"} }

// skip is a record that is no finding of a check.
type skip struct{ why string }

func (s *skip) Error() string { return s.why }

// A Sink is given the findings of a file in their order. Its error ends the reading.
type Sink func(compliance.Finding) error

// ahead is how far the clock of what wrote a finding may be ahead of ours.
const ahead = 24 * time.Hour

// Read reads a file at now; name is what it is called in faults. A finding of a day
// still to come is a fault: nothing that is found before that day would outweigh it.
// An error is a *Fault, or one of r or of the sink.
func Read(name string, r io.Reader, now time.Time, to Sink) (Summary, error) {
	lines := &lineReader{r: inUTF8(r)}
	b := bufio.NewReaderSize(lines, 64<<10)
	s := &scanner{name: name, lines: lines, to: to, latest: now.Add(ahead), sum: Summary{Skipped: map[string]int{}}}
	if mark, _ := b.Peek(3); bytes.Equal(mark, []byte("\ufeff")) {
		_, _ = b.Discard(3)
		s.base = 3
	}
	head, err := b.Peek(64 << 10)
	if err != nil && !errors.Is(err, io.EOF) {
		return s.sum, err
	}
	switch head = bytes.TrimLeft(head, " \t\r\n"); {
	case len(head) == 0:
		return s.sum, s.fault(0, &wrong{"", "the file is empty; Prowler writes one when a run was cut off"})
	case head[0] == '[' || head[0] == '{':
		err = s.json(b, head[0], wrapped.Match(head))
	case bytes.HasPrefix(head, []byte("PK\x03\x04")) || bytes.HasPrefix(head, []byte{0x1f, 0x8b}):
		err = s.fault(0, &wrong{"", "the file is compressed; unpack it first"})
	default:
		err = s.csv(b)
	}
	return s.sum, err
}

// inUTF8 reads UTF-16, as Windows writes it, in UTF-8: where its mark stands first.
func inUTF8(r io.Reader) io.Reader {
	b := bufio.NewReader(r)
	mark, _ := b.Peek(2)
	if bytes.Equal(mark, []byte{0xFF, 0xFE}) || bytes.Equal(mark, []byte{0xFE, 0xFF}) {
		return transform.NewReader(b, unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM).NewDecoder())
	}
	return b
}

// wrapped is how what Security Hub's GetFindings answers begins, of the command line
// or of a library.
var wrapped = regexp.MustCompile(`^\{\s*"(Findings|NextToken|ResponseMetadata)"\s*:`)

// scanner reads one file.
type scanner struct {
	name   string
	lines  *lineReader
	to     Sink
	sum    Summary
	latest time.Time     // no finding is of later
	d      *json.Decoder // of a file of JSON
	base   int64         // bytes before what d reads
	line   int           // of the record
	above  int           // lines before those that the reader of CSV counts
}

// fault is what is wrong with a record.
func (s *scanner) fault(record int, err error) error {
	f := &Fault{File: s.name, Record: record, Line: max(s.line, 1), Why: err.Error()}
	if w, is := errors.AsType[*wrong](err); is {
		f.Field, f.Why = w.field, w.why
	}
	return f
}

// give hands the findings of a record on.
func (s *scanner) give(found []compliance.Finding, err error) error {
	if no, is := errors.AsType[*skip](err); is {
		s.sum.Skipped[no.why]++
		return nil
	}
	if err != nil {
		return s.fault(s.sum.Records, err)
	}
	for _, f := range found {
		if f.At.After(s.latest) {
			return s.fault(s.sum.Records, fmt.Errorf("is of %s, a day still to come: the clock of what wrote it is wrong", f.At.Format(time.DateOnly)))
		}
		s.sum.Findings++
		if err := s.to(f); err != nil {
			return err
		}
	}
	return nil
}

// lineReader knows at which offset each line begins, from the last that was asked
// for on, and refuses a record that has no end.
type lineReader struct {
	r      io.Reader
	at     int64
	before int     // lines that end before those in ends
	ends   []int64 // offsets of newlines, ascending
	from   int64   // where the record that is read begins
}

func (l *lineReader) Read(b []byte) (int, error) {
	if l.at-l.from > recordMost+1<<20 {
		return 0, &wrong{"", fmt.Sprintf("has more than %d MB, which is no finding", recordMost>>20)}
	}
	n, err := l.r.Read(b)
	for i, c := range b[:n] {
		if c == '\n' {
			l.ends = append(l.ends, l.at+int64(i))
		}
	}
	l.at += int64(n)
	return n, err
}

// line is the line of an offset, which never goes back.
func (l *lineReader) line(offset int64) int {
	n, _ := slices.BinarySearch(l.ends, offset)
	l.before += n
	l.ends = append(l.ends[:0], l.ends[n:]...)
	l.from = offset
	return l.before + 1
}

// account reads an account's id.
func account(field, text string) (org.AccountID, error) {
	id := org.AccountID(text)
	switch {
	case text == "":
		return "", missing(field)
	case !id.Valid():
		return "", &wrong{field, fmt.Sprintf("%s is no AWS account id, which has 12 digits", short(text))}
	}
	return id, nil
}

// short is a text as it fits into a sentence.
func short(text string) string {
	if r := []rune(text); len(r) > 60 {
		text = string(r[:60]) + "…"
	}
	return fmt.Sprintf("%q", text)
}

// textMost is the most bytes that are kept of a name or a resource as they are. No
// ARN has more.
// Source: IAM API reference, "PutRolePolicy" and others: arnType, 2,048.
const textMost = 2048

// plain is a text as it is kept: valid, in one line, without marks that turn its
// direction, not endless. Two that differ only behind the end still differ.
func plain(text string) string {
	whole := text
	text = strings.Map(func(r rune) rune {
		switch {
		case r < ' ', 0x7f <= r && r <= 0x9f, r == '\u2028', r == '\u2029':
			return ' '
		case r == '\u061c', r == '\u200e', r == '\u200f', '\u202a' <= r && r <= '\u202e', '\u2066' <= r && r <= '\u2069', r == '\ufeff':
			return '\ufffd'
		}
		return r
	}, strings.ToValidUTF8(text, "\ufffd"))
	if len(text) > textMost {
		text = strings.ToValidUTF8(text[:textMost-20], "") + "… " + hash([]byte(whole))[:16]
	}
	return strings.TrimSpace(text)
}

// products are those whose findings landlord knows how to read; any other's are
// of "other", so that no report shows a name that a file made up.
var products = map[string]string{
	"prowler": "prowler", "security hub": "securityhub", "securityhub": "securityhub", "aws security hub": "securityhub", "security hub cspm": "securityhub",
	"config": "config-rules", "aws config": "config-rules", "guardduty": "guardduty", "inspector": "inspector", "macie": "macie", "steampipe": "steampipe", "powerpipe": "steampipe",
	"landlord": "landlord", "cloud custodian": "custodian", "scoutsuite": "scoutsuite",
}

func method(product string) string {
	slug := products[strings.ToLower(strings.TrimSpace(product))]
	if slug == "" {
		slug = "other"
	}
	return compliance.Imported + slug
}

// whole tells whether each run of a product looks at all there is of a check in a
// region, and gives all its findings one time. Security Hub keeps findings up to
// date one by one, and archives those of what is gone.
func whole(method string) bool { return method == compliance.Imported+"prowler" }

// layouts are how scanners write times. One without a zone is in UTC.
var layouts = []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05.999999999Z07:00", "2006-01-02 15:04:05.999999999", time.DateOnly}

// Times before or after these are mistakes.
var (
	earliest = time.Date(2006, 1, 1, 0, 0, 0, 0, time.UTC) // there was no AWS
	latest   = time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC)
)

func moment(field, text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, missing(field)
	}
	for _, layout := range layouts {
		if t, err := time.Parse(layout, text); err == nil {
			return sane(field, text, t)
		}
	}
	return number(field, text)
}

// number reads a time that is a number: seconds since 1970, or milliseconds, as
// OCSF wants.
func number(field, text string) (time.Time, error) {
	whole, rest, _ := strings.Cut(text, ".")
	var n int64
	if _, err := fmt.Sscanf(whole+"\n", "%d\n", &n); err != nil || len(whole) > 16 || strings.Trim(rest, "0123456789") != "" {
		return time.Time{}, &wrong{field, fmt.Sprintf("%s is no time; want 2026-11-23T10:00:00Z", short(text))}
	}
	t := time.Unix(n, 0)
	if n > 1e11 {
		t = time.UnixMilli(n)
	}
	return sane(field, text, t)
}

func sane(field, text string, t time.Time) (time.Time, error) {
	if t.Before(earliest) || t.After(latest) {
		return time.Time{}, &wrong{field, fmt.Sprintf("%s is no time at which AWS could be looked at", short(text))}
	}
	return t.UTC(), nil
}

// hash is the SHA-256 of a record as it was written.
func hash(record []byte) string {
	sum := sha256.Sum256(record)
	return hex.EncodeToString(sum[:])
}
