package usage

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"landlord/internal/money"
)

// The SQL is meant for DuckDB, Athena and Trino alike; regexp_like is a macro in
// DuckDB. Rows are grouped as they are written; what is written is then read in the
// few groups that are left.

// cost is the type that amounts are read as: what money.Metered can hold.
const cost = "DECIMAL(38,26)"

// Grouped is the query for the lines of cells: whom AWS bills, the month's first day,
// the line's columns, the currency, how many rows it is of, and a fault in them, 0 if
// there is none.
func Grouped(format, cells string) string {
	return `SELECT billing, CAST(period AS VARCHAR), account, CAST(day AS VARCHAR), service, region, category, ` + written("SUM(billed)") + `, ` + written("SUM(effective)") + `, currency, CAST(SUM(n) AS BIGINT), MAX(fault)
FROM (SELECT ` + meaning(format) + `, billed, effective, n, ` + fault(format, "billed_n < n", "effective_n < n") + ` AS fault
	FROM (SELECT ` + keys + `, ` + sum("billed") + ` AS billed, ` + sum("effective") + ` AS effective, COUNT(*) AS n, COUNT(billed) + COUNT(billed_q) AS billed_n, COUNT(effective) + COUNT(effective_q) AS effective_n
		FROM (` + cells + `) AS cells GROUP BY ` + keys + `) AS written) AS lines
GROUP BY billing, period, account, day, service, region, category, currency
ORDER BY billing, period, currency, account, day, service, region, category`
}

// Totals is the query for what cells sum to, by whom AWS bills, month and currency:
// how many rows, billed and effective. It knows nothing of lines.
func Totals(cells string) string {
	return `SELECT billing, CAST(period AS VARCHAR), currency, CAST(SUM(n) AS BIGINT), ` + written("SUM(billed)") + `, ` + written("SUM(effective)") + `
FROM (SELECT ` + some("billing_w") + ` AS billing, TRY_CAST(period_w AS DATE) AS period, ` + some("currency_w") + ` AS currency, n, billed, effective
	FROM (SELECT billing_w, period_w, currency_w, COUNT(*) AS n, ` + sum("billed") + ` AS billed, ` + sum("effective") + ` AS effective
		FROM (` + cells + `) AS cells GROUP BY billing_w, period_w, currency_w) AS written) AS sums
GROUP BY billing, period, currency
ORDER BY billing, period, currency`
}

// First is the query for the first fault in rows, which have their number in a
// column: that number, the fault and what is written there.
func (f Format) First(rows, number string) string {
	var raw, which []string
	for r := billing; r <= effective; r++ {
		if c, there := f.columns[r]; there {
			raw = append(raw, fmt.Sprintf(`CAST(%s AS VARCHAR) AS raw_%d`, quoted(c.Name), r))
			which = append(which, fmt.Sprintf(`WHEN %d THEN raw_%d`, r+1, r))
		}
	}
	return `SELECT row_number_w, fault, CASE fault ` + strings.Join(which, " ") + ` END
FROM (SELECT *, ` + fault(f.Name, "billed IS NULL AND billed_q IS NULL", "effective IS NULL AND effective_q IS NULL") + ` AS fault
	FROM (SELECT ` + f.exprs() + `, ` + quoted(number) + ` AS row_number_w, ` + strings.Join(raw, ", ") + ` FROM ` + rows + `) AS cells) AS judged
WHERE fault > 0 ORDER BY row_number_w LIMIT 1`
}

// keys are the columns that rows are grouped by, as they are written.
const keys = `billing_w, period_w, period_t, end_w, end_t, account_w, day_w, day_t, category_w, currency_w, service_w, region_w`

// Cells is the query for the cells of rows that count, a relation with f's columns: as
// they are written, but for amounts, which are NULL where they are at fault. Cells of
// files of one format go together, by UNION ALL.
func (f Format) Cells(rows string) string { return `SELECT ` + f.exprs() + ` FROM ` + rows }

func (f Format) exprs() string {
	var b strings.Builder
	for _, d := range []struct {
		role role
		name string
	}{{periodStart, "period"}, {periodEnd, "end"}, {chargeStart, "day"}} {
		c, there := f.columns[d.role]
		date, rest := `CAST(`+quoted(c.Name)+` AS DATE)`, `''`
		switch {
		case !there:
			date = `''`
		case isText(c):
			date, rest = `SUBSTRING(`+quoted(c.Name)+`, 1, 10)`, `SUBSTRING(`+quoted(c.Name)+`, 20)`
		}
		fmt.Fprintf(&b, `%s AS %s_w, %s AS %[2]s_t, `, date, d.name, rest)
	}
	for _, t := range []struct {
		role role
		name string
	}{{billing, "billing"}, {account, "account"}, {category, "category"}, {currency, "currency"}, {service, "service"}, {region, "region"}} {
		fmt.Fprintf(&b, `%s AS %s_w, `, f.text(t.role), t.name)
	}
	quick := func(r role) string {
		if c := f.columns[r]; c.Type == "DOUBLE" {
			return fmt.Sprintf(`CASE WHEN %s THEN TRY_CAST(%s AS %s) END`, isQuick(c), quoted(c.Name), quickly)
		}
		return `CAST(NULL AS ` + quickly + `)`
	}
	slow := func(r role, amount string) string {
		if c := f.columns[r]; c.Type == "DOUBLE" {
			return `CASE WHEN NOT (` + isQuick(c) + `) THEN ` + amount + ` END`
		}
		return amount
	}
	return b.String() + quick(billed) + ` AS billed_q, ` + slow(billed, f.amount(billed)) + ` AS billed, ` + quick(effective) + ` AS effective_q, ` + slow(effective, f.effective()) + ` AS effective`
}

// quickly is the type in which most DOUBLEs of a bill are read and summed: much faster
// than as cost, and with no digit less where isQuick says so.
const quickly = "DECIMAL(18,12)"

// isQuick tells whether a DOUBLE is a decimal of 12 places: below 4096 there is but one
// that is it.
func isQuick(c Column) string {
	return fmt.Sprintf(`ABS(%s) < 4096 AND CAST(TRY_CAST(%[1]s AS %[2]s) AS DOUBLE) = %[1]s`, quoted(c.Name), quickly)
}

// sum adds up what was read quickly and what was not.
func sum(name string) string {
	return `COALESCE(CAST(SUM(` + name + `_q) AS ` + cost + `), 0) + COALESCE(SUM(` + name + `), 0)`
}

// text is a column as text. Where an account's id is a number, zeros before it are
// lost, and are put back.
func (f Format) text(r role) string {
	c, there := f.columns[r]
	switch {
	case !there:
		return `''`
	case isText(c):
		return quoted(c.Name)
	case r == account || r == billing:
		return `LPAD(CAST(` + quoted(c.Name) + ` AS VARCHAR), 12, '0')`
	default:
		return `CAST(` + quoted(c.Name) + ` AS VARCHAR)`
	}
}

// amount is a column as an exact decimal, NULL where that cannot be. Text and
// decimals lose no digit. A DOUBLE is the shortest decimal that is that DOUBLE, to 26
// places.
func (f Format) amount(r role) string {
	c := f.columns[r]
	name := quoted(c.Name)
	switch kind, _, _ := strings.Cut(c.Type, "("); kind {
	case "VARCHAR":
		return fmt.Sprintf(`CASE WHEN regexp_like(%s, '%s') THEN TRY_CAST(%[1]s AS %[3]s) END`, name, exact, cost)
	case "DOUBLE", "FLOAT":
		return `TRY_CAST(CAST(` + name + ` AS VARCHAR) AS ` + cost + `)`
	case "DECIMAL":
		if places(c) > money.MeteredPlaces {
			return fmt.Sprintf(`CASE WHEN TRY_CAST(%s AS %s) = %[1]s THEN TRY_CAST(%[1]s AS %[2]s) END`, name, cost)
		}
	}
	return `TRY_CAST(` + name + ` AS ` + cost + `)`
}

// exact is how text writes an amount that loses no digit: plainly, or with an exponent
// that leaves what is before it within 26 places.
const exact = `^[+-]?([0-9]+([.][0-9]{0,26}0*)?|[.][0-9]{1,26}0*|[0-9]([.][0-9]{0,16})?[eE]([+]?[0-9]{1,2}|-0?[0-9]|-10)|[0-9]([.][0-9]{0,6})?[eE]-(1[0-9]|20)|[0-9][eE]-2[0-6]|0([.]0*)?[eE]-[0-9]{1,2})$`

// orZero is a column as an amount, zero where nothing is written or the file lacks it.
func (f Format) orZero(r role) string {
	c, there := f.columns[r]
	if !there {
		return `CAST(0 AS ` + cost + `)`
	}
	nothing := quoted(c.Name) + ` IS NULL`
	if isText(c) {
		nothing += ` OR ` + quoted(c.Name) + ` IN (` + nothings + `)`
	}
	return `CASE WHEN ` + nothing + ` THEN CAST(0 AS ` + cost + `) ELSE ` + f.amount(r) + ` END`
}

// effective is what FOCUS calls so. Of CUR 2.0 it follows from the kind of row: what
// a commitment covers costs what its part of the commitment does, and of the
// commitment itself what nobody used is left.
// Source: AWS CUR query library, "amortized cost", 2026-11.
func (f Format) effective() string {
	if _, there := f.columns[effective]; there {
		return f.amount(effective)
	}
	own := f.amount(billed)
	kind := f.text(category)
	cases := []string{`WHEN ` + kind + ` IN ('SavingsPlanNegation', 'SavingsPlanUpfrontFee') THEN CAST(0 AS ` + cost + `)`}
	when := func(is, then string, needs ...role) {
		for _, r := range needs {
			if _, there := f.columns[r]; !there {
				return
			}
		}
		cases = append(cases, `WHEN `+is+` THEN `+then)
	}
	when(kind+` = 'SavingsPlanCoveredUsage'`, f.orZero(planCost), planCost)
	when(kind+` = 'SavingsPlanRecurringFee'`, f.orZero(planCommitted)+` - `+f.orZero(planUsed), planCommitted, planUsed)
	when(kind+` = 'DiscountedUsage'`, f.orZero(reserved), reserved)
	when(kind+` = 'RIFee'`, f.orZero(unusedUpfront)+` + `+f.orZero(unusedRecurring), unusedUpfront, unusedRecurring)
	when(kind+` = 'Fee' AND `+some(f.text(reservation))+` IS NOT NULL`, `CAST(0 AS `+cost+`)`, reservation)
	return `CASE ` + strings.Join(cases, " ") + ` ELSE ` + own + ` END`
}

// meaning is what the keys of a group say.
func meaning(format string) string {
	what := `category_w`
	if format == curName {
		what = `CASE WHEN category_w IN ('Usage', 'DiscountedUsage', 'SavingsPlanCoveredUsage', 'SavingsPlanNegation') THEN 'Usage' WHEN category_w IN ('Fee', 'RIFee', 'SavingsPlanUpfrontFee', 'SavingsPlanRecurringFee') THEN 'Purchase' WHEN category_w = 'Tax' THEN 'Tax' WHEN category_w IN ('Credit', 'Refund') OR category_w LIKE '%Discount' THEN 'Credit' ELSE 'Adjustment' END`
	}
	return some("billing_w") + ` AS billing, TRY_CAST(period_w AS DATE) AS period, COALESCE(` + some("account_w") + `, '') AS account, TRY_CAST(day_w AS DATE) AS day,
		COALESCE(` + some("service_w") + `, '') AS service, COALESCE(` + some("region_w") + `, '') AS region, ` + what + ` AS category, ` + some("currency_w") + ` AS currency`
}

// fault is the role that is at fault, counted from 1, in a group of rows.
func fault(format, noBilled, noEffective string) string {
	var b strings.Builder
	b.WriteString(`CASE`)
	is := func(r role, condition string) { fmt.Fprintf(&b, ` WHEN %s THEN %d`, condition, r+1) }
	time := func(rest string) string {
		return `NOT regexp_like(COALESCE(` + rest + `, ''), '^([.][0-9]*)?( ?(Z|UTC|[+]00(:?00)?))?$')`
	}
	is(billing, some("billing_w")+` IS NULL`)
	is(periodStart, `TRY_CAST(period_w AS DATE) IS NULL OR EXTRACT(DAY FROM TRY_CAST(period_w AS DATE)) <> 1 OR `+time("period_t"))
	is(periodEnd, some("CAST(end_w AS VARCHAR)")+` IS NOT NULL AND (COALESCE(TRY_CAST(end_w AS DATE) <> TRY_CAST(period_w AS DATE) + INTERVAL '1' MONTH, true) OR `+time("end_t")+`)`)
	is(chargeStart, `TRY_CAST(day_w AS DATE) IS NULL OR `+time("day_t"))
	is(currency, `NOT regexp_like(COALESCE(currency_w, ''), '^[A-Z]{3}$')`)
	if format == curName {
		is(category, some("category_w")+` IS NULL`)
	} else {
		is(category, `COALESCE(category_w, '') NOT IN ('Usage', 'Purchase', 'Tax', 'Credit', 'Adjustment')`)
	}
	is(billed, noBilled)
	is(effective, noEffective)
	b.WriteString(` ELSE 0 END`)
	return b.String()
}

// wants is what a column of each role is to have.
var wants = map[role]string{
	billing: "an account", periodStart: "the first of a month, in UTC", periodEnd: "the first day after its month, in UTC", chargeStart: "a time in UTC",
	currency: "a currency's code", category: "one of Usage, Purchase, Tax, Credit, Adjustment",
	billed: fmt.Sprintf("an amount of at most 12 digits before the point and %d after it", money.MeteredPlaces), effective: fmt.Sprintf("an amount of at most 12 digits before the point and %d after it", money.MeteredPlaces),
}

// Fault says what is wrong where in a file. Row counts as a spreadsheet does: a CSV's
// headings are row 1. It is 0 where the whole file is at fault.
type Fault struct {
	File   string
	Row    int64
	Column string
	Why    string
}

func (f *Fault) Error() string {
	at := f.File
	if f.Row > 0 {
		at += ", row " + strconv.FormatInt(f.Row, 10)
	}
	if f.Column != "" {
		at += ", column " + f.Column
	}
	return at + ": " + f.Why
}

// FaultAt is the fault that First found in a row.
func (f Format) FaultAt(file string, row int64, fault int, written *string) *Fault {
	r := role(fault - 1)
	got := "empty"
	if written != nil {
		got = strconv.Quote(*written)
	}
	column := f.columns[r].Name
	if column == "" { // effective, which CUR 2.0 has in several
		column = f.columns[billed].Name
	}
	return &Fault{file, row, column, fmt.Sprintf("is %s, and should be %s", got, wants[r])}
}

// nothings are how files write that there is nothing.
const nothings = `'', 'NULL', 'null', 'Null', '\N', 'None', 'none', 'NaN', 'nan', 'N/A', 'n/a'`

// some is text, NULL if it says that there is nothing.
func some(text string) string {
	return `CASE WHEN ` + text + ` IN (` + nothings + `) THEN NULL ELSE ` + text + ` END`
}

// written is a cost in digits, without zeros that say nothing.
func written(sum string) string {
	return `TRIM(TRAILING '.' FROM TRIM(TRAILING '0' FROM CAST(` + sum + ` AS VARCHAR)))`
}

func quoted(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

func isText(c Column) bool { return c.Type == "VARCHAR" }

var decimal = regexp.MustCompile(`^DECIMAL\([0-9]+, ?([0-9]+)\)$`)

// places are the digits after the point of a DECIMAL.
func places(c Column) int {
	if m := decimal.FindStringSubmatch(c.Type); m != nil {
		n, err := strconv.Atoi(m[1])
		if err == nil {
			return n
		}
	}
	return 0
}
