package api_test

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"landlord/service/api"
)

// BenchmarkRequests asks for one customer, eight at once, in turn with so many tokens
// that none meets its rate.
func BenchmarkRequests(b *testing.B) {
	h := begin(b)
	owner := h.token("owner", all...)
	h.customers(owner, 3)
	var readers []string
	for range b.N/50 + 1 {
		readers = append(readers, h.token("auditor", api.Read))
	}
	var next atomic.Int64
	b.ResetTimer()
	var mu sync.Mutex
	var took []time.Duration
	b.SetParallelism(4)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			n := int(next.Add(1)) / 20 // a token is used again at once, as programs do
			began := time.Now()
			if a := h.ask(readers[n%len(readers)], "GET", "/api/v1/customers/c0", nil, fmt.Sprint("Test-Source: ", n)); a.StatusCode != 200 {
				b.Errorf("%s: %s", a.Status, a.text)
				return
			}
			mu.Lock()
			took = append(took, time.Since(began))
			mu.Unlock()
		}
	})
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-µs")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
}
