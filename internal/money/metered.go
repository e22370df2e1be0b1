package money

import (
	"fmt"
	"math/big"
	"regexp"
	"strings"
)

// Metered is an exact amount of what is measured: digits, perhaps a sign, and at
// most 26 of them after a point; neither zeros before nor after that say nothing.
// It is below 10¹² on either side. The empty one is none; zero is "0".
type Metered string

// MeteredPlaces is how many digits a Metered has after the point at most.
const MeteredPlaces = 26

var metered = regexp.MustCompile(`^([+-]?)0*([0-9]{0,12})(?:\.([0-9]{0,26})0*)?$`)

// ParseMetered reads an amount without an exponent. Nothing is rounded: one that
// does not fit is an error.
func ParseMetered(s string) (Metered, error) {
	m := metered.FindStringSubmatch(s)
	if m == nil || !strings.ContainsAny(s, "0123456789") {
		return "", fmt.Errorf("%q is not an amount of at most 12 digits before the point and %d after it", s, MeteredPlaces)
	}
	whole, rest := m[2], strings.TrimRight(m[3], "0")
	if whole = strings.TrimLeft(whole, "0"); whole == "" {
		whole = "0"
	}
	text := whole
	if rest != "" {
		text += "." + rest
	}
	if m[1] == "-" && text != "0" {
		text = "-" + text
	}
	return Metered(text), nil
}

// Rat is m, exact. That of the empty one is zero.
func (m Metered) Rat() *big.Rat {
	r, ok := new(big.Rat).SetString(string(m))
	if !ok {
		return new(big.Rat)
	}
	return r
}

// Sum adds amounts up, exactly. Its zero value is zero.
type Sum struct{ units big.Int } // of 10⁻²⁶

// Add adds m.
func (s *Sum) Add(m Metered) {
	whole, rest, _ := strings.Cut(string(m), ".")
	if n, ok := new(big.Int).SetString(whole+rest+strings.Repeat("0", MeteredPlaces-len(rest)), 10); ok {
		s.units.Add(&s.units, n)
	}
}

// Metered is what was added up.
func (s *Sum) Metered() Metered {
	text := strings.TrimRight(point(&s.units, MeteredPlaces), "0")
	return Metered(strings.TrimSuffix(text, "."))
}
