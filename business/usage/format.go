package usage

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Column is a column of a file: its name, and its type as SQL has it. Those of CSV
// are VARCHAR.
type Column struct{ Name, Type string }

// Format is how the rows of a file say what AWS charged.
type Format struct {
	Name    string // "FOCUS 1.2"
	columns map[role]Column
}

// role is what a column is for.
type role int

// The roles, in the order in which faults are looked for.
const (
	billing role = iota
	periodStart
	periodEnd
	account
	chargeStart
	category
	currency
	service
	region
	billed
	effective
	// Those of CUR 2.0 alone, from which its effective cost follows.
	planCost
	planCommitted
	planUsed
	reserved
	reservation
	unusedUpfront
	unusedRecurring
)

// heading is the column of a role, and whether a file may lack it.
type heading struct {
	name string
	may  bool
}

// FOCUS's columns are those of its specification, versions 1.0 to 1.3: Cost and
// Usage. Source: focus.finops.org, 2026-11.
var focus = map[role]heading{
	billing: {name: "BillingAccountId"}, periodStart: {name: "BillingPeriodStart"}, periodEnd: {name: "BillingPeriodEnd", may: true},
	account: {name: "SubAccountId"}, chargeStart: {name: "ChargePeriodStart"}, category: {name: "ChargeCategory"}, currency: {name: "BillingCurrency"},
	service: {name: "ServiceName"}, region: {name: "RegionId", may: true}, billed: {name: "BilledCost"}, effective: {name: "EffectiveCost"},
}

const curName = "CUR 2.0"

// Source: Data Exports User Guide, "Cost and Usage Report (CUR) 2.0", 2026-11.
var cur = map[role]heading{
	billing: {name: "bill_payer_account_id"}, periodStart: {name: "bill_billing_period_start_date"}, periodEnd: {name: "bill_billing_period_end_date", may: true},
	account: {name: "line_item_usage_account_id"}, chargeStart: {name: "line_item_usage_start_date"}, category: {name: "line_item_line_item_type"}, currency: {name: "line_item_currency_code"},
	service: {name: "line_item_product_code"}, region: {name: "product_region_code", may: true}, billed: {name: "line_item_unblended_cost"},
	planCost: {name: "savings_plan_savings_plan_effective_cost", may: true}, planCommitted: {name: "savings_plan_total_commitment_to_date", may: true}, planUsed: {name: "savings_plan_used_commitment", may: true},
	reserved: {name: "reservation_effective_cost", may: true}, reservation: {name: "reservation_reservation_a_r_n", may: true},
	unusedUpfront: {name: "reservation_unused_amortized_upfront_fee_for_billing_period", may: true}, unusedRecurring: {name: "reservation_unused_recurring_fee", may: true},
}

// newerFirst are columns that FOCUS had first in a version.
// Source: focus.finops.org, appendix of each version, 2026-11.
var newerFirst = []struct{ column, version string }{
	{"ServiceProviderName", "1.3"}, {"HostProviderName", "1.3"}, {"AllocatedMethodId", "1.3"},
	{"InvoiceId", "1.2"}, {"PricingCurrency", "1.2"}, {"BillingAccountType", "1.2"}, {"SubAccountType", "1.2"},
	{"CapacityReservationId", "1.1"}, {"CommitmentDiscountQuantity", "1.1"}, {"ServiceSubcategory", "1.1"},
}

var (
	times   = regexp.MustCompile(`^(VARCHAR|DATE|TIMESTAMP.*)$`)
	numbers = regexp.MustCompile(`^(VARCHAR|DOUBLE|FLOAT|DECIMAL\(.*\)|U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?)$`)
)

// Detect says in which format a file of these columns is. Names count whatever their
// case. A file that is in none, lacks a column or has one twice is an error.
func Detect(columns []Column) (Format, error) {
	byName := make(map[string]Column, len(columns))
	var twice []string
	for _, c := range columns {
		key := strings.ToLower(c.Name)
		if _, there := byName[key]; there {
			twice = append(twice, key)
		}
		byName[key] = c
	}
	has := func(name string) bool { _, there := byName[strings.ToLower(name)]; return there }
	f, wanted := Format{columns: map[role]Column{}}, focus
	switch {
	case has("BilledCost"):
		version := "1.0"
		for _, n := range newerFirst {
			if has(n.column) {
				version = n.version
				break
			}
		}
		f.Name = "FOCUS " + version
	case has("line_item_unblended_cost"):
		f.Name, wanted = curName, cur
	case has("lineItem/UnblendedCost") || has("lineitem_unblendedcost"):
		return f, fmt.Errorf("this is a Cost and Usage Report of the first kind; have AWS Data Exports write FOCUS 1.2 or CUR 2.0")
	default:
		return f, fmt.Errorf("neither BilledCost (FOCUS) nor line_item_unblended_cost (CUR 2.0) is among its columns")
	}
	var lacks []string
	for r, types := range map[role]*regexp.Regexp{periodStart: times, periodEnd: times, chargeStart: times, billed: numbers, effective: numbers} {
		h := wanted[r]
		if c, there := byName[strings.ToLower(h.name)]; there && !types.MatchString(c.Type) {
			return f, fmt.Errorf("column %s is of type %s, of which landlord reads no %s", h.name, c.Type, map[bool]string{true: "amounts", false: "times"}[types == numbers])
		}
	}
	for r := billing; r <= unusedRecurring; r++ {
		h, known := wanted[r]
		c, there := byName[strings.ToLower(h.name)]
		switch {
		case !known:
		case there && slices.Contains(twice, strings.ToLower(h.name)):
			return f, fmt.Errorf("column %s is there twice", h.name)
		case there:
			f.columns[r] = c
		case !h.may:
			lacks = append(lacks, h.name)
		}
	}
	if len(lacks) > 0 {
		return f, fmt.Errorf("%s, and the file lacks %s", f.Name, strings.Join(lacks, ", "))
	}
	return f, nil
}
