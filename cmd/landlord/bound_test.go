package main

import (
	"bytes"
	"encoding/json"
	"math/big"
	"slices"
	"strings"
	"testing"
)

// TestBoundIsRecomputed recomputes bound_seconds of `landlord simulate` from the
// figures that stand beside it, exactly and by another way than package simulate:
//
//	TAT₀ = 0; cᵢ = 0 for i ≤ 5, else the (i−5)-th smallest of e₁ … eᵢ₋₁;
//	sᵢ = max(sᵢ₋₁, TATᵢ₋₁ − 20, cᵢ); TATᵢ = max(sᵢ, TATᵢ₋₁) + 10; eᵢ = sᵢ + Lᵢ;
//	bound = r + max over i of (max(eᵢ, gᵢ) + m)
//
// and holds the deployment to 5 % and 3 s of it without a throttled call.
func TestBoundIsRecomputed(t *testing.T) {
	for _, tt := range []struct{ profile, seed, scale string }{{"typical", "1", "5,20,100,1000"}, {"reference", "2", "5,20,100"}} {
		var out, errs bytes.Buffer
		args := []string{"simulate", "../../examples/five-customers.yaml", "--scale", tt.scale, "--profile", tt.profile, "--seed", tt.seed, "--format", "json"}
		if code := run(t.Context(), args, strings.NewReader(""), &out, &errs); code != 0 {
			t.Fatalf("exit %d: %s", code, errs.String())
		}
		var report struct {
			Scenarios []struct {
				Customers int
				Seconds   json.Number
				Bound     json.Number `json:"bound_seconds"`
				Throttled int
				Latencies []json.Number
				R, M      json.Number
				G         []json.Number
			}
		}
		if err := json.Unmarshal(out.Bytes(), &report); err != nil {
			t.Fatal(err)
		}
		if want := strings.Count(tt.scale, ",") + 1; len(report.Scenarios) != want {
			t.Fatalf("%d scenarios, want %d", len(report.Scenarios), want)
		}
		for _, s := range report.Scenarios {
			if len(s.Latencies) != s.Customers || len(s.G) != s.Customers {
				t.Fatalf("%d customers: %d latencies, %d of g", s.Customers, len(s.Latencies), len(s.G))
			}
			var before, tat, most int64
			var ends []int64
			for i := range s.Latencies {
				start := max(before, tat-20_000)
				if i >= 5 {
					start = max(start, slices.Sorted(slices.Values(ends))[i-5])
				}
				before, tat = start, max(start, tat)+10_000
				ends = append(ends, start+milliseconds(t, s.Latencies[i]))
				most = max(most, max(ends[i], milliseconds(t, s.G[i]))+milliseconds(t, s.M))
			}
			bound := milliseconds(t, s.R) + most
			if told := milliseconds(t, s.Bound); told != bound {
				t.Errorf("%s, seed %s, %d customers: the bound is told as %d ms and is %d", tt.profile, tt.seed, s.Customers, told, bound)
			}
			if took := milliseconds(t, s.Seconds); took > bound+bound/20+3_000 || took < bound || s.Throttled > 0 {
				t.Errorf("%s, seed %s, %d customers: took %d ms, the bound is %d; %d calls throttled", tt.profile, tt.seed, s.Customers, took, bound, s.Throttled)
			}
		}
	}
}

// milliseconds is a number of seconds with at most three places.
func milliseconds(t *testing.T, n json.Number) int64 {
	t.Helper()
	r, ok := new(big.Rat).SetString(n.String())
	if !ok {
		t.Fatalf("%q is no number", n)
	}
	r.Mul(r, big.NewRat(1000, 1))
	if !r.IsInt() {
		t.Fatalf("%s s has more than three places", n)
	}
	return r.Num().Int64()
}
