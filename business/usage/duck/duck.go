//go:build cgo && !noduckdb && (linux || darwin) && (amd64 || arm64)

// Package duck reads files of cost data with DuckDB, within this process: files come
// in, bills go out, with exact amounts, or the fault that a file has. It keeps nothing,
// loads nothing from anywhere, and knows no customers.
package duck

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"runtime"
	"strings"

	_ "github.com/duckdb/duckdb-go/v2" // the driver

	"landlord/business/usage"
	"landlord/internal/money"
	"landlord/org"
)

// Engine reads files. It is for one goroutine.
type Engine struct {
	db  *sql.DB
	dir string
}

// Open begins an engine that takes about so many bytes of memory, and lays what is
// more down in a folder of its own in dir, "" for the system's.
func Open(ctx context.Context, dir string, memory int64) (*Engine, error) {
	spill, err := os.MkdirTemp(dir, "landlord-duckdb-")
	if err != nil {
		return nil, fmt.Errorf("begin DuckDB: %w", err)
	}
	db, err := sql.Open("duckdb", "")
	if err != nil {
		return nil, fmt.Errorf("begin DuckDB: %w", err)
	}
	db.SetMaxOpenConns(1) // settings are a connection's
	e := &Engine{db, spill}
	for _, set := range []string{
		fmt.Sprintf(`SET memory_limit = '%dB'`, memory),
		fmt.Sprintf(`SET threads = %d`, runtime.GOMAXPROCS(0)),
		`SET temp_directory = ` + literal(spill),
		`SET preserve_insertion_order = false`,
		`SET TimeZone = 'UTC'`,
		`SET autoinstall_known_extensions = false`,
		`SET autoload_known_extensions = false`,
		`CREATE MACRO regexp_like(s, pattern) AS regexp_matches(s, pattern)`,
	} {
		if _, err := db.ExecContext(ctx, set); err != nil {
			e.Close()
			return nil, fmt.Errorf("begin DuckDB: %w", err)
		}
	}
	return e, nil
}

// Close ends the engine.
func (e *Engine) Close() error {
	err := e.db.Close()
	if gone := os.RemoveAll(e.dir); err == nil {
		err = gone
	}
	return err
}

// Read reads files, which together are whole: CSV, CSV.gz and Parquet, of one format.
// It returns what AWS charged each account that it bills in each month. What is wrong
// with a file is a *usage.Fault, and then nothing is returned.
//
// The lines of a bill sum to what its rows do, which is asked for apart from them.
func (e *Engine) Read(ctx context.Context, files []string) ([]usage.Bill, error) {
	parts, err := e.parts(ctx, files)
	if err != nil {
		return nil, err
	}
	cells := make([]string, len(parts))
	for i, p := range parts {
		cells[i] = p.format.Cells(p.rows())
	}
	all := strings.Join(cells, " UNION ALL ")
	bills, err := e.totals(ctx, parts[0].format.Name, all)
	faulty := false
	if err == nil {
		faulty, err = e.lines(ctx, parts[0].format.Name, all, bills)
	}
	if faulty || err != nil {
		return nil, e.blame(ctx, parts, err)
	}
	if len(bills) == 0 {
		return nil, &usage.Fault{File: files[0], Why: "has no rows"}
	}
	for _, b := range bills {
		if err := b.check(); err != nil {
			return nil, err
		}
	}
	return finished(bills)
}

// bill is one with what its lines sum to.
type bill struct {
	usage.Bill
	rows              int64
	billed, effective money.Sum
}

// check compares what the lines sum to with what the rows do.
func (b *bill) check() error {
	if got, effective := b.billed.Metered(), b.effective.Metered(); b.rows != b.Rows || got != b.Billed || effective != b.Effective {
		return fmt.Errorf("the bill of %s for %s: its %d rows sum to %s, effective %s, and its lines, of %d, to %s, effective %s", b.Account, b.Month, b.Rows, b.Billed, b.Effective, b.rows, got, effective)
	}
	return nil
}

func finished(all []*bill) ([]usage.Bill, error) {
	out := make([]usage.Bill, len(all))
	for i, b := range all {
		out[i] = b.Bill
		if i > 0 && out[i-1].Account == b.Account && out[i-1].Month == b.Month {
			return nil, fmt.Errorf("account %s is billed for %s in %s and in %s: one currency is needed", b.Account, b.Month, out[i-1].Currency, b.Currency)
		}
	}
	return out, nil
}

// totals asks for what rows sum to.
func (e *Engine) totals(ctx context.Context, format, cells string) ([]*bill, error) {
	rows, err := e.db.QueryContext(ctx, usage.Totals(cells))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []*bill
	for rows.Next() {
		var account, day, currency, billed, effective sql.NullString
		b := &bill{}
		if err := rows.Scan(&account, &day, &currency, &b.Rows, &billed, &effective); err != nil {
			return nil, err
		}
		b.Account, b.Month, b.Currency, b.Format = org.AccountID(account.String), month(day.String), currency.String, format
		b.Billed, b.Effective = money.Metered(billed.String), money.Metered(effective.String)
		all = append(all, b)
	}
	return all, rows.Err()
}

func month(day string) string { return day[:min(len(day), len("2006-01"))] }

// lines asks for the lines of bills, and whether any row is at fault.
func (e *Engine) lines(ctx context.Context, format, cells string, bills []*bill) (faulty bool, err error) {
	type key struct{ account, day, currency string }
	of := make(map[key]*bill, len(bills))
	for _, b := range bills {
		of[key{string(b.Account), b.Month, b.Currency}] = b
	}
	rows, err := e.db.QueryContext(ctx, usage.Grouped(format, cells))
	if err != nil {
		return false, err
	}
	defer rows.Close()
	same := interned{}
	for rows.Next() {
		var billing, period, day, currency sql.NullString
		var account, service, region, category string
		var billed, effective sql.NullString
		var n int64
		var fault int
		if err := rows.Scan(&billing, &period, &account, &day, &service, &region, &category, &billed, &effective, &currency, &n, &fault); err != nil {
			return false, err
		}
		b := of[key{billing.String, month(period.String), currency.String}]
		if fault != 0 || b == nil {
			return true, nil
		}
		l := usage.Line{Account: org.AccountID(same.of(account)), Day: same.of(day.String), Service: same.of(service), Region: same.of(region), Category: same.of(category),
			Billed: money.Metered(billed.String), Effective: money.Metered(effective.String)}
		b.Lines = append(b.Lines, l)
		b.rows += n
		b.billed.Add(l.Billed)
		b.effective.Add(l.Effective)
	}
	return false, rows.Err()
}

// interned keeps one of each text.
type interned map[string]string

func (i interned) of(s string) string {
	if kept, there := i[s]; there {
		return kept
	}
	i[s] = s
	return s
}

func literal(s string) string { return `'` + strings.ReplaceAll(s, `'`, `''`) + `'` }
