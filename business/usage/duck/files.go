//go:build cgo && !noduckdb && (linux || darwin) && (amd64 || arm64)

package duck

import (
	"bufio"
	"compress/gzip"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"landlord/business/usage"
)

// part is files that are read alike: of the same kind, with the same columns.
type part struct {
	files   []string
	parquet bool
	columns []usage.Column
	format  usage.Format
}

// rows is the relation of the part's rows.
func (p part) rows() string { return p.relation(p.files, "") }

// relation is that of some files; with also, options more.
func (p part) relation(files []string, also string) string {
	names := make([]string, len(files))
	for i, f := range files {
		names[i] = literal(f)
	}
	list := `[` + strings.Join(names, ", ") + `]`
	if p.parquet {
		return `read_parquet(` + list + also + `)`
	}
	columns := make([]string, len(p.columns))
	for i, c := range p.columns {
		columns[i] = literal(c.Name) + `: 'VARCHAR'`
	}
	return `read_csv(` + list + `, auto_detect = false, header = true, delim = ',', quote = '"', escape = '"', strict_mode = true, columns = {` + strings.Join(columns, ", ") + `}` + also + `)`
}

// parts are files by how they are read.
func (e *Engine) parts(ctx context.Context, files []string) ([]part, error) {
	if len(files) == 0 {
		return nil, errors.New("there is no file to read")
	}
	var all []part
	byLook := map[string]int{}
	for _, name := range files {
		if strings.ContainsAny(name, "*?[") { // which DuckDB takes for a pattern
			return nil, &usage.Fault{File: name, Why: "has one of * ? [ in its name; rename it"}
		}
		p := part{files: []string{name}, parquet: strings.EqualFold(filepath.Ext(name), ".parquet")}
		var err error
		if p.parquet {
			p.columns, err = e.described(ctx, name)
		} else {
			p.columns, err = headings(name)
		}
		if err != nil {
			return nil, faultOf(name, err)
		}
		if p.format, err = usage.Detect(p.columns); err != nil {
			return nil, &usage.Fault{File: name, Why: err.Error()}
		}
		if len(all) > 0 && all[0].format.Name != p.format.Name {
			return nil, &usage.Fault{File: name, Why: fmt.Sprintf("is %s, and %s is %s: take them in one after the other", p.format.Name, all[0].files[0], all[0].format.Name)}
		}
		look := fmt.Sprint(p.parquet, p.columns)
		if i, there := byLook[look]; there {
			all[i].files = append(all[i].files, name)
			continue
		}
		byLook[look] = len(all)
		all = append(all, p)
	}
	return all, nil
}

// described are the columns of a Parquet file.
func (e *Engine) described(ctx context.Context, name string) ([]usage.Column, error) {
	rows, err := e.db.QueryContext(ctx, `SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM read_parquet(`+literal(name)+`))`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var columns []usage.Column
	for rows.Next() {
		var c usage.Column
		if err := rows.Scan(&c.Name, &c.Type); err != nil {
			return nil, err
		}
		columns = append(columns, c)
	}
	return columns, rows.Err()
}

// headings are the columns of a CSV, and that the file is whole: DuckDB does not look
// at the sums of a gzip, and takes one that ends early for one that ends.
func headings(name string) ([]usage.Column, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var text io.Reader = file
	packed := strings.EqualFold(filepath.Ext(name), ".gz")
	if packed {
		if text, err = gzip.NewReader(bufio.NewReaderSize(file, 1<<20)); err != nil {
			return nil, fmt.Errorf("is no gzip, or is cut off: %w", err)
		}
	}
	last := &lastByte{Reader: text}
	lines := bufio.NewReaderSize(last, 1<<16)
	if mark, err := lines.Peek(3); err == nil && string(mark) == "\xef\xbb\xbf" {
		_, _ = lines.Discard(3)
	}
	r := csv.NewReader(lines)
	names, err := r.Read()
	switch {
	case errors.Is(err, io.EOF):
		return nil, errors.New("is empty")
	case err != nil:
		return nil, fmt.Errorf("its headings cannot be read: %w", err)
	}
	if packed {
		if _, err := io.Copy(io.Discard, last); err != nil {
			return nil, fmt.Errorf("is damaged or cut off: %w", err)
		}
	} else if err := last.of(file); err != nil {
		return nil, err
	}
	if last.byte != '\n' {
		return nil, errors.New("does not end with the end of a line, and may be cut off; if it is whole, add one")
	}
	columns := make([]usage.Column, len(names))
	for i, n := range names {
		columns[i] = usage.Column{Name: n, Type: "VARCHAR"}
	}
	return columns, nil
}

// lastByte keeps the last byte that was read.
type lastByte struct {
	io.Reader
	byte byte
}

func (l *lastByte) Read(p []byte) (n int, err error) {
	if n, err = l.Reader.Read(p); n > 0 {
		l.byte = p[n-1]
	}
	return n, err
}

// of takes the last byte of a file.
func (l *lastByte) of(f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	end := []byte{0}
	_, err = f.ReadAt(end, info.Size()-1)
	l.byte = end[0]
	return err
}

// blame finds the first fault in files of which one has one.
func (e *Engine) blame(ctx context.Context, parts []part, found error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	for _, set := range []string{`SET preserve_insertion_order = true`, `SET threads = 1`} { // rows have numbers then
		if _, err := e.db.ExecContext(ctx, set); err != nil {
			return err
		}
	}
	for _, p := range parts {
		for _, name := range p.files {
			if err := e.first(ctx, p, name); err != nil {
				return err
			}
		}
	}
	if found == nil {
		found = errors.New("a row is at fault, and then none is")
	}
	return fmt.Errorf("read %s: %w", parts[0].files[0], found)
}

// first is the first fault of a file, nil if it has none.
func (e *Engine) first(ctx context.Context, p part, name string) error {
	rows, number := `(SELECT *, row_number() OVER () + 1 AS landlord_row FROM `+p.relation([]string{name}, `, parallel = false`)+`)`, "landlord_row"
	if p.parquet {
		rows, number = p.relation([]string{name}, `, file_row_number = true`), "file_row_number"
		rows = `(SELECT * REPLACE (file_row_number + 1 AS file_row_number) FROM ` + rows + `)`
	}
	found, err := e.db.QueryContext(ctx, p.format.First(rows, number))
	if err != nil {
		return faultOf(name, err)
	}
	defer found.Close()
	if found.Next() {
		var row int64
		var fault int
		var written *string
		if err := found.Scan(&row, &fault, &written); err != nil {
			return err
		}
		return p.format.FaultAt(name, row, fault, written)
	}
	if err := found.Err(); err != nil {
		return faultOf(name, err)
	}
	return nil
}

var (
	atLine   = regexp.MustCompile(`CSV Error on Line: ([0-9]+)`)
	expected = regexp.MustCompile(`Expected Number of Columns: ([0-9]+) Found: ([0-9]+)`)
)

// faultOf is what DuckDB or the system says of a file, in few words.
func faultOf(name string, err error) error {
	text := err.Error()
	f := &usage.Fault{File: name}
	if m := atLine.FindStringSubmatch(text); m != nil {
		if n, err := strconv.ParseInt(m[1], 10, 64); err == nil {
			f.Row = n
		}
	}
	switch m := expected.FindStringSubmatch(text); {
	case m != nil:
		f.Why = fmt.Sprintf("has %s of %s columns", m[2], m[1])
	case strings.Contains(text, "unterminated quote"):
		f.Why = "a quotation mark is not closed, or stands where none may"
	default:
		line, _, _ := strings.Cut(text, "\n")
		f.Why = strings.TrimPrefix(strings.TrimPrefix(line, "Invalid Input Error: "), "IO Error: ")
	}
	return f
}
