package main

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"landlord/business/usage"
	"landlord/business/usage/duck"
	"landlord/internal/money"
	"landlord/service/postgres"
	"landlord/service/store"
)

// What taking cost data in must keep to: how fast it is beside DuckDB's bare query
// over the same file, and its memory in MB, PostgreSQL's apart.
const (
	leastOfBare  = 0.5
	mostOfImport = 1024
	costAccounts = 1_000
)

// usages measures how a month of 1,000 accounts, written by the hour as AWS does, is
// read, attributed and kept.
func usages(s settings) (slow bool, err error) {
	rows := 10_000_000
	if s.short {
		rows = 500_000
	}
	fmt.Printf("usage: %s rows of Parquet for %d accounts, read, attributed and kept\n", money.Group(strconv.Itoa(rows)), costAccounts)
	dir, err := os.MkdirTemp("", "bench")
	if err != nil {
		return false, err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "focus.parquet")
	bare, bareWork, lines, err := bareCosts(file, rows)
	if err != nil {
		return false, err
	}
	from, err := postgres.Find()
	if err != nil {
		return false, err
	}
	ctx := context.Background()
	server, err := postgres.Start(ctx, postgres.Options{Dir: filepath.Join(dir, "pg"), Roles: store.Roles(), From: from, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return false, err
	}
	defer server.Stop()
	kept, err := costHouse(ctx, server)
	if err != nil {
		return false, err
	}
	defer kept.Close()
	_ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) // the peak from now on, where it can be asked for
	worked, began := processor(), time.Now()
	engine, err := duck.Open(ctx, dir, 512<<20)
	if err != nil {
		return false, err
	}
	defer engine.Close()
	bills, err := engine.Read(ctx, []string{file})
	if err != nil {
		return false, err
	}
	read, reading := time.Since(began), processor()-worked
	took, err := keepCosts(ctx, kept, bills)
	if err != nil {
		return false, err
	}
	all, keeping := time.Since(began), processor()-worked-reading
	again, err := keepCosts(ctx, kept, bills)
	if err != nil {
		return false, err
	}
	memory := highWater()
	of := bare.Seconds() / all.Seconds()
	fmt.Printf("  DuckDB's bare query        %7.3f s   %s rows/s, %s lines; %.3f s of processor\n", bare.Seconds(), money.Group(strconv.Itoa(int(float64(rows)/bare.Seconds()))), money.Group(strconv.Itoa(lines)), bareWork.Seconds())
	fmt.Printf("  read and checked           %7.3f s   %s rows/s; %.3f s of processor\n", read.Seconds(), money.Group(strconv.Itoa(int(float64(rows)/read.Seconds()))), reading.Seconds())
	fmt.Printf("  attributed and kept        %7.3f s   %s lines/s; %.3f s of processor, PostgreSQL's apart; the same again %.3f s\n", took.Seconds(), money.Group(strconv.Itoa(int(float64(lines)/took.Seconds()))), keeping.Seconds(), again.Seconds())
	fmt.Printf("  all                        %7.3f s   %s rows/s, %.2f of the bare query's speed, of at least %.1f\n", all.Seconds(), money.Group(strconv.Itoa(int(float64(rows)/all.Seconds()))), of, leastOfBare)
	fmt.Printf("  memory                     %7d MB  %.2f of the limit of %d MB\n", memory, float64(memory)/mostOfImport, mostOfImport)
	return of < leastOfBare || memory > mostOfImport, nil
}

// bareCosts writes a file of cost data as AWS does, and says how long the bare query
// over it takes: lines with two sums.
func bareCosts(file string, rows int) (took, work time.Duration, lines int, err error) {
	db, err := sql.Open("duckdb", "")
	if err != nil {
		return 0, 0, 0, err
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	for _, do := range []string{`SET memory_limit = '1GB'`, `SET preserve_insertion_order = false`, fmt.Sprintf(`COPY (
		SELECT CAST(hash(i) %% 1000000000 AS DOUBLE) / 1e10 AS BilledCost, CAST(hash(i + 7) %% 1000000000 AS DOUBLE) / 1e10 AS EffectiveCost, '999988887777' AS BillingAccountId, 'USD' AS BillingCurrency,
			TIMESTAMP '2026-01-01' AS BillingPeriodStart, TIMESTAMP '2026-02-01' AS BillingPeriodEnd, 'Usage' AS ChargeCategory, 'AWS' AS ProviderName,
			TIMESTAMP '2026-01-01' + to_hours((i // %[1]d) %% 744) AS ChargePeriodStart, TIMESTAMP '2026-01-01' + to_hours((i // %[1]d) %% 744 + 1) AS ChargePeriodEnd,
			CASE (i // %[2]d) %% 2 WHEN 0 THEN 'us-east-1' ELSE 'eu-central-1' END AS RegionId, 'Amazon service ' || (i // %[2]d) %% 6 AS ServiceName, CAST(300000000000 + i %% %[1]d AS VARCHAR) AS SubAccountId,
			'arn:aws:service:us-east-1:' || (300000000000 + i %% %[1]d) || ':resource/' || hash(i // %[2]d) AS ResourceId, CAST(hash(i) %% 1000 AS DOUBLE) / 100 AS ConsumedQuantity
		FROM range(%[3]d) AS t(i)) TO '%[4]s' (FORMAT parquet, COMPRESSION zstd)`, costAccounts, costAccounts*744, rows, strings.ReplaceAll(file, "'", "''"))} {
		if _, err := db.Exec(do); err != nil {
			return 0, 0, 0, err
		}
	}
	query := `SELECT SubAccountId, CAST(ChargePeriodStart AS DATE), ServiceName, RegionId, ChargeCategory, SUM(CAST(BilledCost AS DECIMAL(38,12))) AS billed, SUM(CAST(EffectiveCost AS DECIMAL(38,12))) AS effective
		FROM read_parquet('` + strings.ReplaceAll(file, "'", "''") + `') GROUP BY ALL`
	for range 3 { // the best: what it can
		before, began := processor(), time.Now()
		var billed, effective string // asked for, or nothing is summed
		if err := db.QueryRow(`SELECT COUNT(*), CAST(SUM(billed) AS VARCHAR), CAST(SUM(effective) AS VARCHAR) FROM (`+query+`)`).Scan(&lines, &billed, &effective); err != nil {
			return 0, 0, 0, err
		}
		if one := time.Since(began); took == 0 || one < took {
			took, work = one, processor()-before
		}
	}
	return took, work, lines, nil
}

// costHouse is a database with a customer for each account.
func costHouse(ctx context.Context, server *postgres.Server) (*store.Store, error) {
	if err := store.Prepare(ctx, server.URL(postgres.Superuser, "postgres"), database); err != nil {
		return nil, err
	}
	if _, err := store.Migrate(ctx, server.URL(store.OwnerRole, database), time.Now()); err != nil {
		return nil, err
	}
	kept, err := store.Open(ctx, store.Logins{Operator: server.URL(store.OperatorRole, database), Customer: server.URL(store.CustomerRole, database)})
	if err != nil {
		return nil, err
	}
	return kept, kept.Operator(ctx, func(tx store.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO customer (key, name, tier, framework, state, account, price_cents, currency, search, updated_at)
			SELECT 'c' || n, 'c' || n, 'standard', 'CIS', 'active', (300000000000 + n)::text, 1, 'USD', '', $1 FROM generate_series(0, $2::int - 1) n`, time.Now(), costAccounts)
		return err
	})
}

// keepCosts attributes bills and keeps them, as the house does.
func keepCosts(ctx context.Context, kept *store.Store, bills []usage.Bill) (time.Duration, error) {
	began := time.Now()
	err := kept.Operator(ctx, func(tx store.Tx) error {
		owners, err := tx.AccountOwners(ctx)
		if err != nil {
			return err
		}
		for _, b := range bills {
			owned := usage.Attribute(b.Lines, b.Account, owners)
			if _, err := b.Split(owned); err != nil {
				return err
			}
			in := store.UsageImport{Source: "aws", Account: string(b.Account), Month: b.Month, Currency: b.Currency, Digest: usage.Digest(owned), Format: b.Format, Rows: b.Rows, Billed: b.Billed, Effective: b.Effective, By: "bench", At: began}
			if _, _, err := tx.PutUsage(ctx, in, owned); err != nil {
				return err
			}
		}
		return nil
	})
	return time.Since(began), err
}

// processor is how long this process has kept processors busy.
func processor() time.Duration {
	var used syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &used) != nil {
		return 0
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// highWater is the most memory that this process had, MB; 0 where the system does not say.
func highWater() int {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		if rest, is := strings.CutPrefix(line, "VmHWM:"); is {
			kb, _ := strconv.Atoi(strings.Fields(rest)[0])
			return kb >> 10
		}
	}
	return 0
}
