package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/jackc/pgx/v5"

	"landlord/service/store"
)

var flood = flag.Int("flood", 200, "how many messages TestFlood sends")

// TestFlood: of many messages, some of them sent twice, to a replica that is killed in
// the middle and one that comes after it, none is lost, none is there twice, and each is
// with whose it is. -flood 10000 sends more.
func TestFlood(t *testing.T) {
	t.Parallel()
	f := newFleet(t, nil)
	const customers = 10
	now := time.Now()
	if err := f.store.Operator(t.Context(), func(tx store.Tx) error {
		text := customersText(0) + "  []\nsupport: {trusted_relays: [mx.example.com]}\n"
		errs := []error{tx.AddPortfolio(t.Context(), store.Portfolio{Version: 1, Text: text, Author: "test", At: now})}
		for i := range customers {
			key := fmt.Sprintf("c%d", i)
			errs = append(errs, tx.PutCustomer(t.Context(), store.Customer{Key: key, Name: key, Tier: "fintech", Framework: "SOC 2", State: store.Wanted, Currency: "USD", UpdatedAt: now}),
				tx.PutContact(t.Context(), store.Contact{Customer: key, Email: key + "@customer.example", Role: "other", VerifiedAt: &now}))
		}
		return errors.Join(errs...)
	}); err != nil {
		t.Fatal(err)
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	in := free.Addr().String()
	free.Close()
	serve := func() *replica { return f.serve("--smtp-in", in, "--support-address", "support@landlord.example") }
	first := serve()
	give := func(i int) error {
		c, err := smtp.Dial(in)
		if err != nil {
			return err
		}
		defer c.Close()
		return c.SendMail("relay@example.com", []string{"support@landlord.example"}, strings.NewReader(fmt.Sprintf(
			"Authentication-Results: mx.example.com; dmarc=pass header.from=customer.example\r\nFrom: c%d@customer.example\r\nSubject: message %d\r\nMessage-ID: <%d@customer.example>\r\n\r\nIt is broken.\r\n", i%customers, i, i)))
	}
	began := time.Now()
	var next, taken, again atomic.Int64
	var senders sync.WaitGroup
	half := make(chan struct{})
	for range 8 {
		senders.Go(func() {
			for i := int(next.Add(1)) - 1; i < *flood && t.Context().Err() == nil; i = int(next.Add(1)) - 1 {
				times := 1
				if i%10 == 0 {
					times = 2
				}
				for given := 0; given < times && t.Context().Err() == nil; {
					if give(i) == nil { // whoever is not told that it is taken comes again
						given++
					} else {
						again.Add(1)
					}
				}
				if taken.Add(1) == int64(*flood)/2 {
					close(half)
				}
			}
		})
	}
	<-half
	if err := first.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	serve()
	senders.Wait()
	t.Logf("%d messages taken in %v, %d tries were in vain", *flood, time.Since(began), again.Load())
	read := func(sql string) (n int) {
		t.Helper()
		if err := f.store.Operator(t.Context(), func(tx store.Tx) error { return tx.QueryRow(t.Context(), sql).Scan(&n) }); err != nil {
			t.Fatal(err)
		}
		return n
	}
	for read(`SELECT count(*) FROM mail WHERE state = 'waiting'`) > 0 && t.Context().Err() == nil {
	}
	t.Logf("filed after %v", time.Since(began))
	seen := map[string]string{}
	if err := f.store.Operator(context.Background(), func(tx store.Tx) error {
		rows, _ := tx.Query(t.Context(), `SELECT customer, subject FROM ticket`)
		var customer, subject string
		_, err := pgx.ForEachRow(rows, []any{&customer, &subject}, func() error {
			if seen[subject] != "" {
				t.Errorf("%s is there twice", subject)
			}
			seen[subject] = customer
			return nil
		})
		return err
	}); err != nil {
		t.Fatal(err)
	}
	for i := range *flood {
		if got, want := seen[fmt.Sprintf("message %d", i)], fmt.Sprintf("c%d", i%customers); got != want {
			t.Errorf("message %d is %q's, want %q", i, got, want)
		}
	}
	if again.Load() == 0 {
		t.Error("the kill was in nobody's way")
	}
}
