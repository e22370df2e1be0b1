package report

import (
	"math/big"
	"regexp"
	"strings"

	"landlord/internal/money"
)

// agrees tells whether value says the same as reference, at the precision of
// reference:
//
//	number   value rounds to it at its decimals, half to even; both are a % or neither is
//	a-b      value is a number from a to b, both included, or a range whose ends agree
//	x;y      part by part, equally many
//	text     the same text
//
// compare may ask for less: "to N" rounds numbers to multiples of N, "at least"
// takes any number that is not below. Nothing agrees with no value.
func agrees(value, reference, compare string) bool {
	ours, theirs := strings.Split(value, ";"), strings.Split(reference, ";")
	if value == "" || len(ours) != len(theirs) {
		return false
	}
	for i := range ours {
		if !partAgrees(ours[i], theirs[i], compare) {
			return false
		}
	}
	return true
}

func partAgrees(value, reference, compare string) bool {
	if low, high, is := span(reference); is {
		if from, to, is := span(value); is {
			return partAgrees(from, low, compare) && partAgrees(to, high, compare)
		}
		v, plain := number(value)
		l, _ := number(low)
		h, _ := number(high)
		return plain && v.Cmp(l) >= 0 && v.Cmp(h) <= 0
	}
	v, isNumber := number(value)
	r, wantNumber := number(reference)
	if !isNumber || !wantNumber || strings.HasSuffix(value, "%") != strings.HasSuffix(reference, "%") {
		return value == reference
	}
	if compare == "at least" {
		return v.Cmp(r) >= 0
	}
	if step, is := strings.CutPrefix(compare, "to "); is {
		if n, ok := number(step); ok && n.Sign() > 0 {
			return money.Decimal(v.Quo(v, n), 0) == money.Decimal(r.Quo(r, n), 0)
		}
	}
	places := decimals(reference)
	return money.Decimal(v, places) == money.Decimal(r, places)
}

// numeral is a decimal number without leading zeros: an id with some is text.
var numeral = regexp.MustCompile(`^(-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?)%?$`)

// number is the number that s writes, a % left out.
func number(s string) (*big.Rat, bool) {
	m := numeral.FindStringSubmatch(s)
	if m == nil {
		return nil, false
	}
	return new(big.Rat).SetString(m[1])
}

// span is the range that s writes: "10-12".
func span(s string) (from, to string, is bool) {
	from, to, is = strings.Cut(s, "-")
	if _, ok := number(from); !ok {
		return "", "", false
	}
	_, ok := number(to)
	return from, to, is && ok
}

// decimals is how many places a number is written with.
func decimals(s string) int {
	_, places, _ := strings.Cut(strings.TrimSuffix(s, "%"), ".")
	return len(places)
}
