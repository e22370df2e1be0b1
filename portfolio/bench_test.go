package portfolio

import (
	"fmt"
	"strings"
	"testing"
)

// BenchmarkParse parses 10,000 customers.
func BenchmarkParse(b *testing.B) {
	head, _, _ := strings.Cut(valid, "  simulated_accounts")
	var file strings.Builder
	file.WriteString(head + "customers:\n")
	for i := range 10_000 {
		fmt.Fprintf(&file, "  - key: c%d\n    name: Customer %d\n    tier: fintech\n    contact: c%d@c.example\n", i, i, i)
	}
	data := []byte(file.String())
	for b.Loop() {
		if _, err := Parse("f", data); err != nil {
			b.Fatal(err)
		}
	}
}
