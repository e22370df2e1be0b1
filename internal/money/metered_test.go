package money

import (
	"math/big"
	"math/rand/v2"
	"testing"
)

func TestParseMetered(t *testing.T) {
	for in, want := range map[string]Metered{
		"0": "0", "-0": "0", "-0.000": "0", "007.50": "7.5", "+1": "1", ".5": "0.5", "5.": "5", "-0.00000080000": "-0.0000008",
		"999999999999.99999999999999999999999999": "999999999999.99999999999999999999999999",
		"0.1230000000000000000000000000000000":    "0.123",
		"":                                        "", ".": "", "-": "", "1e-7": "", "NaN": "", "1000000000000": "", "0.000000000000000000000000001": "", "1,5": "", " 1": "",
	} {
		got, err := ParseMetered(in)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v, want %q", in, got, err, want)
		}
	}
}

// TestSumIsExact: in whatever order, sums are those of the ratios.
func TestSumIsExact(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 0))
	for range 200 {
		var sum Sum
		want := new(big.Rat)
		for range r.IntN(50) {
			n := new(big.Int).Mul(big.NewInt(r.Int64()-1<<62), big.NewInt(r.Int64N(1<<40)))
			m, err := ParseMetered(point(n, r.IntN(MeteredPlaces)+1))
			if err != nil {
				continue // too large
			}
			sum.Add(m)
			want.Add(want, m.Rat())
		}
		if got := sum.Metered(); got.Rat().Cmp(want) != 0 {
			t.Errorf("sum %s, want %s", got, want.RatString())
		}
	}
}
