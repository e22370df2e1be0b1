package money

import (
	"math/big"
	"testing"
)

// FuzzParse: what String writes, Parse reads back; what Parse takes is bounded.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"0", "8000", "8000.5", "8000.50", "-1.05", "90071992547409.91", "1e3", "0x10", "NaN", "1.234", "1,000", "", ".5", "5."} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c, err := Parse(s)
		if err != nil {
			return
		}
		if c >= limit || c <= -limit {
			t.Errorf("Parse(%q) = %d, out of bounds", s, c)
		}
		if again, err := Parse(c.String()); err != nil || again != c {
			t.Errorf("Parse(%q) = %d, but Parse(%q) = %d, %v", s, c, c.String(), again, err)
		}
	})
}

func TestParse(t *testing.T) {
	for s, want := range map[string]Cents{"8000": 800000, "8000.5": 800050, "8000.05": 800005, "-0.01": -1, "0": 0} {
		if got, err := Parse(s); err != nil || got != want {
			t.Errorf("Parse(%q) = %d, %v; want %d", s, got, err, want)
		}
	}
	for _, s := range []string{"1e3", "0x10", "NaN", "1.234", "1,000", "", ".5", "5.", "+1", " 1", "99999999999999"} {
		if got, err := Parse(s); err == nil {
			t.Errorf("Parse(%q) = %d, want an error", s, got)
		}
	}
}

func TestFormat(t *testing.T) {
	for c, want := range map[Cents]string{0: "$0", 5: "$0.05", 800000: "$8,000", 116000000: "$1,160,000", -123450: "-$1,234.50"} {
		if got := c.Format(); got != want {
			t.Errorf("%d cents: %q, want %q", c, got, want)
		}
	}
}

func TestPercentRoundsHalfToEven(t *testing.T) {
	for _, tt := range []struct {
		part, whole Cents
		places      int
		want        string
	}{
		{782000, 800000, 1, "97.8"}, // 97.75
		{5782000, 5800000, 1, "99.7"},
		{1, 8, 1, "12.5"},
		{1, 800, 2, "0.12"}, // 0.125
		{3, 800, 2, "0.38"}, // 0.375
		{-1, 800, 2, "-0.12"},
		{1, 0, 1, "0.0"},
		{18000, 5800000, 2, "0.31"},
	} {
		if got := Percent(tt.part, tt.whole, tt.places); got != tt.want {
			t.Errorf("Percent(%d, %d, %d) = %s, want %s", tt.part, tt.whole, tt.places, got, tt.want)
		}
	}
}

// FuzzTimes: a part is within half a cent of the exact one, and the parts of a
// whole miss it by at most half a cent each.
func FuzzTimes(f *testing.F) {
	f.Add(int64(800000), int64(10), int64(31))
	f.Add(int64(-1), int64(1), int64(2))
	f.Fuzz(func(t *testing.T, cents, num, den int64) {
		cents, num, den = cents%limit, num%1000, den%1000
		if den == 0 || cents > 1<<40 || cents < -1<<40 {
			return
		}
		got := Cents(cents).Times(num, den)
		exact := new(big.Rat).Mul(big.NewRat(cents, 1), big.NewRat(num, den))
		off := new(big.Rat).Sub(new(big.Rat).SetInt64(int64(got)), exact)
		if off.Abs(off).Cmp(big.NewRat(1, 2)) > 0 {
			t.Errorf("%d × %d / %d = %d, exactly %s", cents, num, den, got, exact)
		}
	})
}
