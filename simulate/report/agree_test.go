package report

import (
	"math/big"
	"math/rand/v2"
	"testing"

	"landlord/internal/money"
)

func TestAgrees(t *testing.T) {
	for _, row := range []struct {
		name                      string
		value, reference, compare string
		want                      bool
	}{
		{"a number agrees with itself", "8000", "8000", "", true},
		{"more decimals are rounded to the reference's", "99.69", "99.7", "", true},
		{"a tie goes to the even digit, here up", "97.75", "97.8", "", true},
		{"a tie goes to the even digit, here down", "97.65", "97.6", "", true},
		{"a tie does not go up to the odd digit", "97.65", "97.7", "", false},
		{"a cent off in dollars still rounds to them", "11600.20", "11600", "", true},
		{"a dollar off does not", "11601", "11600", "", false},
		{"negative numbers round as well", "-1.25", "-1.2", "", true},
		{"the sign counts", "-8000", "8000", "", false},
		{"the lower end of a range is in it", "10", "10-12", "", true},
		{"the upper end of a range is in it", "12.0", "10-12", "", true},
		{"a tenth above a range is out of it", "12.1", "10-12", "", false},
		{"a tenth below a range is out of it", "9.9", "10-12", "", false},
		{"text is in no range", "about 11", "10-12", "", false},
		{"a range agrees by its ends", "0.2-2.4", "0-2", "", true},
		{"a range with another end does not", "0.2-2.6", "0-2", "", false},
		{"a number is no range", "0-2", "1", "", false},
		{"parts agree one by one", "16000;27.59%", "16000;28%", "", true},
		{"one part that differs is enough", "16000;27%", "16000;28%", "", false},
		{"a part too few", "16000", "16000;28%", "", false},
		{"a part too many", "9.8;11.2", "10-12", "", false},
		{"percent is not a bare number", "28", "28%", "", false},
		{"text agrees as it is written", "fintech;8000;222233334444;a@b.c", "fintech;8000;222233334444;a@b.c", "", true},
		{"text with another letter does not", "deploy", "Deploy", "", false},
		{"an id keeps its leading zero", "022233334444", "22233334444", "", false},
		{"nothing agrees with nothing", "", "", "", false},
		{"nothing agrees with no number", "", "0", "", false},
		{"186 minutes are three hours", "186.2", "180", "to 60", true},
		{"211 minutes are not", "211", "180", "to 60", false},
		{"at least takes more", "12", "10", "at least", true},
		{"at least takes as many", "10", "10", "at least", true},
		{"at least does not take fewer", "9", "10", "at least", false},
		{"exponents are text", "1e3", "1000", "", false},
	} {
		if got := agrees(row.value, row.reference, row.compare); got != row.want {
			t.Errorf("%s: agrees(%q, %q, %q) = %t, want %t", row.name, row.value, row.reference, row.compare, got, row.want)
		}
	}
}

// FuzzAgrees checks the law of numbers: a value agrees with itself rounded to
// any number of decimals, and not with a neighbour of that; with a range from
// there on; and doubled parts agree as single ones do.
func FuzzAgrees(f *testing.F) {
	f.Add(uint64(1))
	f.Fuzz(func(t *testing.T, seed uint64) {
		r := rand.New(rand.NewPCG(seed, 0))
		x := big.NewRat(r.Int64N(2_000_000)-1_000_000, 1000)
		value, places := money.Decimal(x, 3), r.IntN(3)
		reference := money.Decimal(x, places)
		step := big.NewRat(1, []int64{1, 10, 100}[places])
		rounded, _ := new(big.Rat).SetString(reference)
		neighbour := money.Decimal(new(big.Rat).Add(rounded, step), places)
		if !agrees(value, reference, "") || agrees(value, neighbour, "") {
			t.Errorf("seed %d: %s agrees with %s: %t, with its neighbour %s: %t; want true, false", seed, value, reference,
				agrees(value, reference, ""), neighbour, agrees(value, neighbour, ""))
		}
		if !agrees(value+";"+value, reference+";"+reference, "") || agrees(value+";"+value, reference+";"+neighbour, "") {
			t.Errorf("seed %d: parts of %s do not agree as %s does", seed, value, reference)
		}
		if high := money.Decimal(new(big.Rat).Add(x, big.NewRat(2, 1)), 3); x.Sign() >= 0 && (!agrees(value, value+"-"+high, "") || agrees(high+"1", value+"-"+high, "")) {
			t.Errorf("seed %d: %s to %s does not take its ends only", seed, value, high)
		}
	})
}

// FuzzAgreesWithAnything checks that no text makes it fall over, and that
// every text agrees with itself.
func FuzzAgreesWithAnything(f *testing.F) {
	f.Add("10-12", "11", "to 60")
	f.Add("16000;28%", "a;b", "at least")
	f.Fuzz(func(t *testing.T, value, reference, compare string) {
		agrees(value, reference, compare)
		if value != "" && !agrees(value, value, "") {
			t.Errorf("%q does not agree with itself", value)
		}
	})
}
