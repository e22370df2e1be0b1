package scan

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"landlord/guard/compliance"
	"landlord/internal/nearest"
)

// columns are landlord's names of columns, and what else they are called: by
// Prowler, and in hand-made files.
var columns = map[string][]string{
	"check":      {"check", "check_id"},
	"account":    {"account", "account_uid", "account_id"},
	"region":     {"region"},
	"resource":   {"resource", "resource_uid", "resource_arn"},
	"name":       {"resource_id", "resource_name"},
	"status":     {"status"},
	"at":         {"at", "timestamp", "assessment_start_time"},
	"suppressed": {"suppressed", "muted"},
	"uid":        {"uid", "finding_uid", "finding_unique_id"},
	"product":    {"product"},
	"provider":   {"provider"},
}

// needed are the columns without which a row says nothing.
var needed = []string{"check", "account", "status", "at"}

// csv reads rows under a header that names them, divided by commas, semicolons or
// tabs. Excel's first line "sep=;" is passed over.
func (s *scanner) csv(b *bufio.Reader) error {
	s.sum.Format = CSV
	head, _ := b.Peek(4096)
	first, _, _ := strings.Cut(string(head), "\n")
	if strings.HasPrefix(strings.ToLower(strings.Trim(first, "\"")), "sep=") {
		n, _ := b.Discard(len(first) + 1)
		first, _, _ = strings.Cut(string(head[n:]), "\n")
		s.above = 1
	}
	r := csv.NewReader(b)
	r.ReuseRecord = true
	for _, mark := range []rune{';', '\t'} {
		if strings.Count(first, string(mark)) > strings.Count(first, string(r.Comma)) {
			r.Comma = mark
		}
	}
	header, err := r.Read()
	if err != nil {
		return s.badRow(r, err)
	}
	header = slices.Clone(header) // the next row takes its place
	s.line = s.above + 1
	at, prowler, err := places(header)
	if err != nil {
		return s.fault(0, err)
	}
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		s.sum.Records++
		if err != nil {
			return s.badRow(r, err)
		}
		line, _ := r.FieldPos(0)
		s.line = s.above + line
		s.lines.from = r.InputOffset()
		s.lines.ends = s.lines.ends[:0] // the reader of CSV counts lines itself
		if err := s.give(finding(header, row, at, prowler)); err != nil {
			return err
		}
	}
}

// badRow is what is wrong with a row as such.
func (s *scanner) badRow(r *csv.Reader, err error) error {
	if e, is := errors.AsType[*csv.ParseError](err); is {
		s.line = s.above + e.Line
		if errors.Is(err, csv.ErrFieldCount) {
			return s.fault(s.sum.Records, &wrong{"", "has another number of fields than the header; the file was perhaps cut off"})
		}
		return s.fault(s.sum.Records, &wrong{"", "is not CSV: " + e.Err.Error()})
	}
	if _, is := errors.AsType[*wrong](err); is {
		return s.fault(s.sum.Records, err)
	}
	return fmt.Errorf("read %s: %w", s.name, err)
}

// places tells in which column each thing stands, and whether Prowler wrote it.
func places(header []string) (at map[string]int, prowler bool, err error) {
	names := make([]string, len(header))
	for i, name := range header {
		names[i] = strings.ToLower(strings.TrimSpace(name))
	}
	at = map[string]int{}
	for column, called := range columns {
		for _, name := range called {
			i := slices.Index(names, name)
			if i < 0 {
				continue
			}
			if slices.Contains(names[i+1:], name) {
				return nil, false, &wrong{header[i], "there are two such columns; which one counts cannot be told"}
			}
			at[column] = i
			break
		}
	}
	for _, column := range needed {
		if _, is := at[column]; is {
			continue
		}
		why := fmt.Sprintf("there is no such column. Prowler's CSV has them all; landlord's own has %s, and may have region, resource, suppressed, uid", strings.Join(needed, ", "))
		if near := nearest.Of(column, names); near != "" {
			why = fmt.Sprintf("there is no such column. Is it %q?", near)
		}
		return nil, false, &wrong{column, why}
	}
	return at, slices.Contains(names, "check_id") && slices.Contains(names, "status_extended"), nil
}

// finding is what a row says.
func finding(header, row []string, at map[string]int, prowler bool) ([]compliance.Finding, error) {
	value := func(column string) string {
		if i, is := at[column]; is {
			return strings.TrimSpace(row[i])
		}
		return ""
	}
	called := func(column string) string { return header[at[column]] }
	if p := value("provider"); p != "" && !strings.EqualFold(p, "aws") {
		return nil, &skip{"of another cloud than AWS"}
	}
	owner, err := account(called("account"), value("account"))
	if err != nil {
		return nil, err
	}
	when, err := moment(called("at"), value("at"))
	if err != nil {
		return nil, err
	}
	status, is := words[strings.ToLower(value("status"))]
	switch {
	case value("status") == "":
		return nil, missing(called("status"))
	case !is:
		return nil, &wrong{called("status"), fmt.Sprintf("%s: want PASS, FAIL, MANUAL, ERROR or NOT_APPLICABLE", short(value("status")))}
	}
	f := compliance.Finding{
		Name: plain(value("check")), Account: owner, Region: plain(value("region")), Resource: plain(value("resource")),
		Status: status, At: when, UID: plain(value("uid")), Method: compliance.Imported + "csv", Hash: hash([]byte(strings.Join(row, "\x1f"))),
	}
	if f.Name == "" {
		return nil, missing(called("check"))
	}
	if f.Resource == "" {
		f.Resource = plain(value("name"))
	}
	switch yes := strings.ToLower(value("suppressed")); yes {
	case "", "false", "no", "0":
	case "true", "yes", "1":
		f.Suppressed = true
	default:
		return nil, &wrong{called("suppressed"), fmt.Sprintf("%s: want true or false", short(value("suppressed")))}
	}
	if p := value("product"); p != "" {
		f.Method = method(p)
	}
	if prowler {
		f.Method = compliance.Imported + "prowler"
	}
	f.Whole = whole(f.Method)
	return []compliance.Finding{f}, nil
}
