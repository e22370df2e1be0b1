// Package money holds amounts as whole cents and does exact arithmetic on them.
// There is no float64 here: ratios are computed over integers and rounded once,
// when they are written.
package money

import (
	"fmt"
	"math/big"
	"regexp"
	"strconv"
	"strings"
)

// Cents is an amount of US dollars in whole cents, |Cents| < 2⁵³ so that a
// JSON reader keeps it exact.
type Cents int64

// limit is the bound of Cents.
const limit = 1 << 53

// Dollars returns whole dollars as Cents. |n| must be below 2⁵³/100.
func Dollars(n int64) Cents { return Cents(n * 100) }

var amount = regexp.MustCompile(`^(-?)([0-9]{1,14})(?:\.([0-9]{1,2}))?$`)

// Parse reads an amount of dollars: "8000", "8000.5", "8000.50". It takes no
// sign but a minus, no separators and no more than two places.
func Parse(s string) (Cents, error) {
	m := amount.FindStringSubmatch(s)
	if m == nil {
		return 0, fmt.Errorf("%q is not an amount: digits, at most two of them after a point", s)
	}
	whole, err := strconv.ParseInt(m[2], 10, 64)
	if err != nil {
		return 0, fmt.Errorf("amount %q: %w", s, err)
	}
	part, _ := strconv.ParseInt((m[3] + "00")[:2], 10, 64) // the pattern leaves digits only
	c := whole*100 + part
	if c >= limit {
		return 0, fmt.Errorf("amount %q is too large", s)
	}
	if m[1] != "" {
		c = -c
	}
	return Cents(c), nil
}

// String writes c in dollars as a decimal that Parse reads back: "8000" for
// whole dollars, else "8000.50".
func (c Cents) String() string {
	sign, n := "", int64(c)
	if n < 0 {
		sign, n = "-", -n
	}
	if n%100 == 0 {
		return fmt.Sprintf("%s%d", sign, n/100)
	}
	return fmt.Sprintf("%s%d.%02d", sign, n/100, n%100)
}

// Format writes c for people: "$8,000", "$0.05", "-$1,234.50".
func (c Cents) Format() string {
	s := c.String()
	sign := ""
	if strings.HasPrefix(s, "-") {
		sign, s = "-", s[1:]
	}
	whole, part, cents := strings.Cut(s, ".")
	if cents {
		part = "." + part
	}
	return sign + "$" + Group(whole) + part
}

// Group puts a comma between each three digits of a whole number: "1,160,000".
func Group(digits string) string {
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// Percent writes part as a percentage of whole with the given places, rounded
// half to even: Percent(57820, 58000, 1) is "99.7". Of nothing it is "0".
func Percent(part, whole Cents, places int) string {
	if whole == 0 {
		return Decimal(new(big.Rat), places)
	}
	return Decimal(big.NewRat(100*int64(part), int64(whole)), places)
}

// Decimal writes r with the given places, rounded half to even.
func Decimal(r *big.Rat, places int) string {
	scale := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(places)), nil)
	scaled := new(big.Rat).Mul(r, new(big.Rat).SetInt(scale))
	return point(halfEven(scaled), places)
}

// halfEven is the whole number nearest to r, the even one of two.
func halfEven(r *big.Rat) *big.Int {
	twice := new(big.Int).Lsh(r.Denom(), 1)
	q, rest := new(big.Int).DivMod(new(big.Int).Add(new(big.Int).Lsh(r.Num(), 1), r.Denom()), twice, new(big.Int))
	if rest.Sign() == 0 && q.Bit(0) == 1 { // exactly between, and the upper one is odd
		q.Sub(q, big.NewInt(1))
	}
	return q
}

func point(n *big.Int, places int) string {
	if places == 0 {
		return n.String()
	}
	digits := new(big.Int).Abs(n).String()
	for len(digits) <= places {
		digits = "0" + digits
	}
	cut := len(digits) - places
	sign := ""
	if n.Sign() < 0 {
		sign = "-"
	}
	return sign + digits[:cut] + "." + digits[cut:]
}

// Times is c × num / den, rounded half to even to a cent. den must not be 0.
func (c Cents) Times(num, den int64) Cents {
	r := new(big.Rat).Mul(big.NewRat(int64(c), 1), big.NewRat(num, den))
	return Cents(halfEven(r).Int64())
}
