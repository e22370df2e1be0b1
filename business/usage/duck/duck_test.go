//go:build cgo && !noduckdb && (linux || darwin) && (amd64 || arm64)

package duck

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"math/big"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"landlord/business/usage"
	"landlord/internal/money"
)

func open(t testing.TB) *Engine {
	t.Helper()
	e, err := Open(t.Context(), t.TempDir(), 256<<20)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return e
}

func put(t testing.TB, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func zipped(t testing.TB, content []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

const heads = `BilledCost,BillingAccountId,BillingCurrency,BillingPeriodStart,BillingPeriodEnd,ChargeCategory,ChargePeriodStart,EffectiveCost,RegionId,ServiceName,SubAccountId,Tags`

// row is a row of FOCUS, with some of it put in place of what is usual.
func row(with ...string) string {
	cells := strings.Split(`0.1|999988887777|USD|2026-01-01T00:00:00Z|2026-02-01T00:00:00Z|Usage|2026-01-31T23:00:00Z|0.05|us-east-1|Amazon S3|111122223330|"{""a"": ""b, c""}"`, "|")
	names := strings.Split(heads, ",")
	for i := 0; i < len(with); i += 2 {
		for n, name := range names {
			if name == with[i] {
				cells[n] = with[i+1]
			}
		}
	}
	return strings.Join(cells, ",") + "\n"
}

func file(rows ...string) []byte { return []byte(heads + "\n" + strings.Join(rows, "")) }

func text(bills []usage.Bill) string {
	var b strings.Builder
	for _, bill := range bills {
		fmt.Fprintf(&b, "%s %s %s: %d rows, %s, %s\n", bill.Account, bill.Month, bill.Currency, bill.Rows, bill.Billed, bill.Effective)
		for _, l := range bill.Lines {
			fmt.Fprintf(&b, "  %s %s %q %q %s %s %s\n", l.Account, l.Day, l.Service, l.Region, l.Category, l.Billed, l.Effective)
		}
	}
	return b.String()
}

// TestEveryKindOfFile: the same rows give the same bills, however they are written.
func TestEveryKindOfFile(t *testing.T) {
	rows := file(row(), row("BilledCost", "0.0000000001"), row("BilledCost", "-0.25", "SubAccountId", "NULL", "ChargeCategory", "Tax", "RegionId", "null", "ServiceName", "Tax"),
		row("ChargePeriodStart", "2026-02-01T00:00:00Z"), row("BillingPeriodStart", "2026-02-01T00:00:00Z", "BillingPeriodEnd", "2026-03-01T00:00:00Z", "BilledCost", "1e-7"))
	want := `999988887777 2026-01 USD: 4 rows, -0.0499999999, 0.2
   2026-01-31 "Tax" "" Tax -0.25 0.05
  111122223330 2026-01-31 "Amazon S3" "us-east-1" Usage 0.1000000001 0.1
  111122223330 2026-02-01 "Amazon S3" "us-east-1" Usage 0.1 0.05
999988887777 2026-02 USD: 1 rows, 0.0000001, 0.05
  111122223330 2026-01-31 "Amazon S3" "us-east-1" Usage 0.0000001 0.05
`
	plain := put(t, "focus.csv", rows)
	e := open(t)
	files := map[string]string{
		"CSV": plain, "gzip": put(t, "focus.csv.gz", zipped(t, rows)),
		"marked":            put(t, "focus.csv", append([]byte("\xef\xbb\xbf"), rows...)),
		"ends of lines":     put(t, "focus.csv", bytes.ReplaceAll(rows, []byte("\n"), []byte("\r\n"))),
		"times of a space":  put(t, "focus.csv", bytes.ReplaceAll(bytes.ReplaceAll(rows, []byte("T00:00:00Z"), []byte(" 00:00:00")), []byte("T23:00:00Z"), []byte(" 23:00:00.000"))),
		"names in capitals": put(t, "focus.csv", bytes.Replace(rows, []byte(heads), []byte(strings.ToUpper(heads)), 1)),
		"quoted":            put(t, "focus.csv", bytes.ReplaceAll(rows, []byte(",USD,"), []byte(`,"USD",`))),
	}
	for name, as := range map[string]string{
		"DOUBLE, TIMESTAMP":          `CAST(BilledCost AS DOUBLE) AS BilledCost, CAST(EffectiveCost AS DOUBLE) AS EffectiveCost, CAST(BillingPeriodStart AS TIMESTAMP) AS BillingPeriodStart, CAST(ChargePeriodStart AS TIMESTAMP) AS ChargePeriodStart`,
		"DECIMAL, TIMESTAMPTZ, DATE": `CAST(BilledCost AS DECIMAL(30,12)) AS BilledCost, CAST(EffectiveCost AS DECIMAL(38,28)) AS EffectiveCost, CAST(BillingPeriodStart AS DATE) AS BillingPeriodStart, CAST(ChargePeriodStart AS TIMESTAMPTZ) AS ChargePeriodStart`,
		"text, TIMESTAMP_MS":         `CAST(BillingPeriodStart AS TIMESTAMP_MS) AS BillingPeriodStart`,
		"ids as numbers":             `CAST(BillingAccountId AS BIGINT) AS BillingAccountId`,
	} {
		path := filepath.Join(t.TempDir(), "focus.parquet")
		if _, err := e.db.Exec(`COPY (SELECT * REPLACE (` + as + `) FROM read_csv(` + literal(plain) + `, all_varchar = true, header = true)) TO ` + literal(path) + ` (FORMAT parquet)`); err != nil {
			t.Fatal(err)
		}
		files["Parquet: "+name] = path
	}
	for name, path := range files {
		bills, err := e.Read(t.Context(), []string{path})
		if got := text(bills); err != nil || got != want {
			t.Errorf("%s: %v\n%s\nwant\n%s", name, err, got, want)
		}
		if err == nil && bills[0].Format != "FOCUS 1.0" {
			t.Errorf("%s is of format %s", name, bills[0].Format)
		}
	}
	bills, err := e.Read(t.Context(), []string{files["CSV"], files["Parquet: DOUBLE, TIMESTAMP"], files["gzip"]})
	if err != nil || len(bills) != 2 || bills[0].Billed != "-0.1499999997" || len(bills[0].Lines) != 3 {
		t.Errorf("three files of one bill: %v\n%s", err, text(bills))
	}
}

// TestAmounts: what is written is what counts, or is a fault; nothing is rounded.
func TestAmounts(t *testing.T) {
	e := open(t)
	for in, want := range map[string]money.Metered{
		"0": "0", "5": "5", "-3.50": "-3.5", "0.00000000000000000000000001": "0.00000000000000000000000001", "123456789012.5": "123456789012.5", "+1": "1", ".5": "0.5", "5.": "5",
		"8E-7": "0.0000008", "1.2345678901234567e-10": "0.00000000012345678901234567", "1e11": "100000000000", "0E-18": "0", "1.23e+2": "123", "1E-12": "0.000000000001", "1e-26": "0.00000000000000000000000001",
		"0.000000000000000000000000010": "0.00000000000000000000000001", "0.100000000000000000000000000000000000000": "0.1",
		"0.000000000000000000000000001": "", "1e-27": "", "1.2345678901234567e-11": "", "1234567890123": "", "1e13": "", "abc": "", "": "", "NULL": "", "NaN": "", "inf": "", "1_000": "", "1 000": "", "$1": "", "0x1": "", "1e": "", "--1": "", `"1,000.5"`: "",
	} {
		bills, err := e.Read(t.Context(), []string{put(t, "focus.csv", file(row(), row("EffectiveCost", "0"), row("BilledCost", in, "SubAccountId", "777766665555")))})
		if want == "" {
			f, is := errors.AsType[*usage.Fault](err)
			if !is || f.Row != 4 || f.Column != "BilledCost" {
				t.Errorf("%q: %v", in, err)
			}
			continue
		}
		if err != nil || bills[0].Lines[1].Billed != want {
			t.Errorf("%q: %v, %s, want %s", in, err, text(bills), want)
		}
	}
}

// TestDoubles: a DOUBLE is the shortest decimal that is it.
func TestDoubles(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 1))
	rows, want := []string{}, new(big.Rat)
	for range 3000 {
		x := float64(r.IntN(1<<r.IntN(30))) / []float64{1, 7, 1e2, 1e6, 1e9, 1e11, 3e10}[r.IntN(7)]
		s := strconv.FormatFloat(x, 'f', -1, 64)
		rows = append(rows, row("BilledCost", s))
		m, err := money.ParseMetered(s)
		if err != nil {
			exact, _ := new(big.Rat).SetString(s)
			m = money.Metered(money.Decimal(exact, 26))
		}
		want.Add(want, m.Rat())
	}
	e := open(t)
	path := filepath.Join(t.TempDir(), "focus.parquet")
	if _, err := e.db.Exec(`COPY (SELECT * REPLACE (CAST(BilledCost AS DOUBLE) AS BilledCost) FROM read_csv(` + literal(put(t, "focus.csv", file(rows...))) + `, all_varchar = true, header = true)) TO ` + literal(path) + ` (FORMAT parquet)`); err != nil {
		t.Fatal(err)
	}
	bills, err := e.Read(t.Context(), []string{path})
	if err != nil || bills[0].Billed.Rat().Cmp(want) != 0 {
		t.Errorf("%v: %s, want %s", err, bills[0].Billed, want.FloatString(30))
	}
}

// TestFaults: a file that is not what it should be is named, with row and column.
func TestFaults(t *testing.T) {
	e, good, fine := open(t), file(row(), row()), put(t, "fine.csv", file(row()))
	if _, err := e.Read(t.Context(), []string{put(t, "none.csv", file())}); err == nil || !strings.Contains(err.Error(), "none.csv: has no rows") {
		t.Errorf("headings alone: %v", err)
	}
	for name, c := range map[string]struct {
		file, want string
		content    []byte
	}{
		"a cell that is missing": {"a.csv", "row 3: has 11 of 12 columns", append(file(row()), row()[4:]...)},
		"a cell too many": {"a.csv", ", row 3", // by its number of cells, or by what stands in the wrong column, whichever DuckDB meets first
			append(file(row()), "1,"+row()...)},
		"an open quotation mark":            {"a.csv", "row 3: a quotation mark is not closed", append(file(row()), `"`+row()...)},
		"the end of a line":                 {"a.csv", "does not end with the end of a line", good[:len(good)-1]},
		"half a line":                       {"a.csv", "a.csv: does not end", good[:len(good)-40]},
		"nothing":                           {"a.csv", "is empty", nil},
		"a category of somebody's":          {"a.csv", `row 3, column ChargeCategory: is "Uses", and should be one of`, file(row(), row("ChargeCategory", "Uses"))},
		"no category":                       {"a.csv", `row 2, column ChargeCategory: is empty`, file(row("ChargeCategory", ""))},
		"a day of no month":                 {"a.csv", `row 3, column ChargePeriodStart: is "2026-02-30T00:00:00Z", and should be a time in UTC`, file(row(), row("ChargePeriodStart", "2026-02-30T00:00:00Z"))},
		"another time zone":                 {"a.csv", `row 3, column ChargePeriodStart: is "2026-01-30T00:00:00+02:00"`, file(row(), row("ChargePeriodStart", "2026-01-30T00:00:00+02:00"))},
		"a period that begins in the month": {"a.csv", `row 3, column BillingPeriodStart: is "2026-01-02T00:00:00Z", and should be the first of a month`, file(row(), row("BillingPeriodStart", "2026-01-02T00:00:00Z"))},
		"an end that counts":                {"a.csv", `row 2, column BillingPeriodEnd: is "2026-01-31T00:00:00Z", and should be the first day after its month`, file(row("BillingPeriodEnd", "2026-01-31T00:00:00Z"))},
		"no one to bill":                    {"a.csv", `row 2, column BillingAccountId: is "NULL", and should be an account`, file(row("BillingAccountId", "NULL"))},
		"a currency in words":               {"a.csv", `row 2, column BillingCurrency: is "Dollar"`, file(row("BillingCurrency", "Dollar"))},
		"two currencies":                    {"a.csv", `in EUR and in USD`, file(row(), row("BillingCurrency", "EUR"))},
		"no effective cost":                 {"a.csv", `row 3, column EffectiveCost: is empty, and should be an amount`, file(row(), row("EffectiveCost", ""))},
		"a column that is missing":          {"a.csv", "FOCUS 1.0, and the file lacks SubAccountId", bytes.Replace(good, []byte("SubAccountId"), []byte("Account"), 1)},
		"a column twice":                    {"a.csv", "column BilledCost is there twice", bytes.Replace(good, []byte("Tags"), []byte("billedcost"), 1)},
		"a file of something else":          {"a.csv", "neither BilledCost", []byte("a,b\n1,2\n")},
		"semicolons":                        {"a.csv", "neither BilledCost", bytes.ReplaceAll(good, []byte(","), []byte(";"))},
		"the first CUR":                     {"a.csv", "of the first kind", []byte("identity/LineItemId,lineItem/UnblendedCost\n1,2\n")},
		"a gzip that is none":               {"a.csv.gz", "is no gzip", good},
		"a gzip cut off":                    {"a.csv.gz", "is damaged or cut off", zipped(t, good)[:150]},
		"a Parquet that is none":            {"a.parquet", "a.parquet: ", good},
		"a name that is a pattern":          {"a*.csv", "has one of", good},
	} {
		_, err := e.Read(t.Context(), []string{fine, put(t, c.file, c.content)})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

// TestCutAnywhere: what is left of a file, and a Parquet file or a gzip of which a byte
// is another, is never taken for a whole one; nor does anything panic.
func TestCutAnywhere(t *testing.T) {
	e := open(t)
	var rows []string
	for n := range 400 {
		rows = append(rows, row("BilledCost", fmt.Sprint(n), "ServiceName", fmt.Sprintf("Amazon %d", n%7)))
	}
	whole := file(rows...)
	parquet := filepath.Join(t.TempDir(), "focus.parquet")
	if _, err := e.db.Exec(`COPY (FROM read_csv(` + literal(put(t, "focus.csv", whole)) + `, all_varchar = true, header = true)) TO ` + literal(parquet) + ` (FORMAT parquet)`); err != nil {
		t.Fatal(err)
	}
	columnar, err := os.ReadFile(parquet)
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(6, 2))
	for name, content := range map[string][]byte{"cut.csv": whole, "cut.csv.gz": zipped(t, whole), "cut.parquet": columnar} {
		for range 25 {
			n := r.IntN(len(content))
			if n > 0 && content[n-1] == '\n' && name == "cut.csv" {
				continue // nothing shows that there were lines more
			}
			if bills, err := e.Read(t.Context(), []string{put(t, name, content[:n])}); err == nil {
				t.Errorf("%s of %d of %d bytes was read: %s", name, n, len(content), text(bills))
			}
		}
	}
	packed := zipped(t, whole)
	for range 25 {
		n := 10 + r.IntN(len(packed)-10) // the first ten hold nothing of what is packed
		other := bytes.Clone(packed)
		other[n] ^= 1 << r.IntN(8)
		if _, err := e.Read(t.Context(), []string{put(t, "bad.csv.gz", other)}); err == nil {
			t.Errorf("a gzip whose byte %d is another was read", n)
		}
	}
}

// TestCommitments: the effective cost of CUR 2.0 is what AWS calls amortized.
func TestCommitments(t *testing.T) {
	const heads = "bill_payer_account_id,bill_billing_period_start_date,bill_billing_period_end_date,line_item_usage_account_id,line_item_usage_start_date,line_item_line_item_type,line_item_currency_code,line_item_product_code,product_region_code,line_item_unblended_cost,savings_plan_savings_plan_effective_cost,savings_plan_total_commitment_to_date,savings_plan_used_commitment,reservation_effective_cost,reservation_reservation_a_r_n,reservation_unused_amortized_upfront_fee_for_billing_period,reservation_unused_recurring_fee"
	of := func(kind, unblended, rest string) string {
		return "999988887777,2026-01-01 00:00:00,2026-02-01 00:00:00,111122223330,2026-01-05 00:00:00," + kind + ",USD," + kind + ",us-east-1," + unblended + "," + rest + "\n"
	}
	content := heads + "\n" + of("Usage", "1", ",,,,,,") + of("SavingsPlanCoveredUsage", "2", "1.5,,,,,,") + of("SavingsPlanNegation", "-2", ",,,,,,") + of("SavingsPlanRecurringFee", "3", ",3,2.25,,,,") +
		of("SavingsPlanUpfrontFee", "100", ",,,,,,") + of("DiscountedUsage", "0", ",,,0.75,arn,,") + of("RIFee", "9", ",,,,arn,0.5,0.25") + of("Fee", "50", ",,,,arn,,") + of("Fee", "7", ",,,,,,") + of("Tax", "0.5", ",,,,,,") +
		of("Credit", "-0.5", ",,,,,,") + of("EdpDiscount", "-0.1", ",,,,,,") + of("Something", "0.2", ",,,,,,")
	bills, err := open(t).Read(t.Context(), []string{put(t, "cur.csv", []byte(content))})
	want := `999988887777 2026-01 USD: 13 rows, 170.1, 11.85
  111122223330 2026-01-05 "Credit" "us-east-1" Credit -0.5 -0.5
  111122223330 2026-01-05 "DiscountedUsage" "us-east-1" Usage 0 0.75
  111122223330 2026-01-05 "EdpDiscount" "us-east-1" Credit -0.1 -0.1
  111122223330 2026-01-05 "Fee" "us-east-1" Purchase 57 7
  111122223330 2026-01-05 "RIFee" "us-east-1" Purchase 9 0.75
  111122223330 2026-01-05 "SavingsPlanCoveredUsage" "us-east-1" Usage 2 1.5
  111122223330 2026-01-05 "SavingsPlanNegation" "us-east-1" Usage -2 0
  111122223330 2026-01-05 "SavingsPlanRecurringFee" "us-east-1" Purchase 3 0.75
  111122223330 2026-01-05 "SavingsPlanUpfrontFee" "us-east-1" Purchase 100 0
  111122223330 2026-01-05 "Something" "us-east-1" Adjustment 0.2 0.2
  111122223330 2026-01-05 "Tax" "us-east-1" Tax 0.5 0.5
  111122223330 2026-01-05 "Usage" "us-east-1" Usage 1 1
`
	if got := text(bills); err != nil || got != want {
		t.Errorf("%v\n%s\nwant\n%s", err, got, want)
	}
}
