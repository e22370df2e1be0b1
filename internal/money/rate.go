package money

import (
	"fmt"
	"math/big"
	"regexp"
	"strconv"
	"strings"
)

// Rate is a part of an amount in millionths: 82500 is 8.25 %. 0 <= Rate <= 1e7,
// which is 1,000 %.
type Rate int64

const mostRate = 10_000_000

var percent = regexp.MustCompile(`^(0|[1-9][0-9]{0,3})(?:\.([0-9]{1,4}))?$`)

// ParsePercent reads a percentage with up to four places: "8.25".
func ParsePercent(s string) (Rate, error) {
	m := percent.FindStringSubmatch(s)
	if m == nil {
		return 0, fmt.Errorf("%q is not a percentage: digits, at most four of them after a point", s)
	}
	n, err := strconv.ParseInt(m[1]+(m[2] + "0000")[:4], 10, 64)
	if err != nil || n > mostRate {
		return 0, fmt.Errorf("percentage %q is more than 1000", s)
	}
	return Rate(n), nil
}

// String writes r as ParsePercent reads it: "8.25", "10".
func (r Rate) String() string {
	s := fmt.Sprintf("%d.%04d", r/10_000, r%10_000)
	return strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
}

// Of is r of an amount, exact.
func (r Rate) Of(amount *big.Rat) *big.Rat {
	return new(big.Rat).Mul(amount, big.NewRat(int64(r), 1_000_000))
}

// Rat is c in dollars, exact.
func (c Cents) Rat() *big.Rat { return big.NewRat(int64(c), 100) }

// Round is the whole cents nearest to an amount of dollars, the even ones of two.
// It is not ok beyond the bound of Cents.
func Round(dollars *big.Rat) (c Cents, ok bool) {
	n := halfEven(new(big.Rat).Mul(dollars, big.NewRat(100, 1)))
	if !n.IsInt64() || n.Int64() >= limit || n.Int64() <= -limit {
		return 0, false
	}
	return Cents(n.Int64()), true
}

// Fixed writes c in dollars with both places, as an invoice does: "8000.00".
func (c Cents) Fixed() string { return Decimal(c.Rat(), 2) }
