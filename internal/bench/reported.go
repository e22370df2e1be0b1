package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"

	compliancereport "landlord/guard/compliance/report"
	"landlord/service/control"
	"landlord/service/store"
)

// reports has the house report on 100 customers, each inside its scope, in every
// format, as many at once as there are cores.
func (h *house) reports(ctx context.Context) (slow bool, err error) {
	n, now := 100, time.Now().UTC()
	if h.short {
		n = 10
	}
	for i := range n {
		if err := h.store.Operator(ctx, func(tx store.Tx) error {
			return tx.AddFindings(ctx, key(i), "bench", findingsOf(i, now)[:findingsOfReport], now)
		}); err != nil {
			return false, err
		}
	}
	began, size := time.Now(), make([]int64, n)
	errs := make([]error, n)
	var workers sync.WaitGroup
	next := make(chan int)
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for i := range next {
				size[i], errs[i] = h.report(ctx, key(i))
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	workers.Wait()
	if err := errors.Join(errs...); err != nil {
		return false, err
	}
	took, all := time.Since(began), int64(0)
	for _, bytes := range size {
		all += bytes
	}
	limit := hundredReports * time.Duration(n) / 100
	fmt.Printf("  reports of %d customers, every format  %7.3f s   %.1f ms each, %d MB written, %s of the limit of %v\n", n, took.Seconds(), 1000*took.Seconds()/float64(n), all>>20, ratio(took, limit), limit)
	return took > limit, nil
}

// report writes one customer's report in every format that has a place for what is known.
func (h *house) report(ctx context.Context, customer string) (size int64, err error) {
	var r *compliancereport.Report
	err = h.store.Customer(ctx, customer, func(tx store.Tx) error {
		r, err = control.Report(ctx, tx, customer, "")
		return err
	})
	if err != nil {
		return 0, err
	}
	w := &counter{}
	for _, f := range compliancereport.Formats {
		if err := f.Write(r, w); err != nil && !errors.Is(err, compliancereport.ErrNoEvidence) && !errors.Is(err, compliancereport.ErrNothing) {
			return 0, fmt.Errorf("report of %s as %s: %w", customer, f.Title, err)
		}
	}
	return w.n, nil
}

// counter counts what is written.
type counter struct{ n int64 }

func (c *counter) Write(p []byte) (int, error) {
	c.n += int64(len(p))
	return len(p), nil
}
