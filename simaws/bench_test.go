package simaws

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
)

// BenchmarkCall measures simaws alone: one raw call in the process, in an
// organization of 10,000 accounts.
func BenchmarkCall(b *testing.B) {
	l := newLab(b, "instant", Config{Seed: 1, Organization: true})
	fill(l, 10_000)
	root := l.root()
	unit := l.unit(root, "unit")
	id := l.world.accountList.items[5000].ID
	for _, row := range []struct{ operation, body, back string }{
		{"DescribeAccount", `{"AccountId":"` + id + `"}`, ""},
		{"ListCreateAccountStatus", `{"States":["IN_PROGRESS"]}`, ""},
		{"ListAccounts", `{}`, ""},
		{"MoveAccount", `{"AccountId":"` + id + `","SourceParentId":"` + root + `","DestinationParentId":"` + unit + `"}`,
			`{"AccountId":"` + id + `","SourceParentId":"` + unit + `","DestinationParentId":"` + root + `"}`},
		{"TagResource", `{"ResourceId":"` + id + `","Tags":[{"Key":"customer","Value":"acme"},{"Key":"tier","Value":"fintech"}]}`, ""},
	} {
		b.Run(row.operation, func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				body := row.body
				if row.back != "" && i%2 == 1 {
					body = row.back
				}
				resp, _, err := l.RoundTrip(rawRequest("AKIAADMIN", "AWSOrganizationsV20161128."+row.operation, body))
				if err != nil || resp.StatusCode != 200 {
					b.Fatal(resp, err)
				}
			}
		})
	}
	b.Run("CreateAccount", func(b *testing.B) {
		b.ReportAllocs()
		l.world.quota = 1 << 30
		for i := 0; b.Loop(); i++ {
			body := fmt.Sprintf(`{"Email":"%d@example.com","AccountName":"n","Tags":[{"Key":"customer","Value":"acme"}]}`, l.world.count.Minted)
			resp, _, err := l.RoundTrip(rawRequest("AKIAADMIN", "AWSOrganizationsV20161128.CreateAccount", body))
			if err != nil || resp.StatusCode != 200 {
				b.Fatal(resp, err)
			}
		}
	})
}

// BenchmarkSDK measures a call through the SDK, in the process and over a port.
func BenchmarkSDK(b *testing.B) {
	l := newLab(b, "instant", Config{Seed: 1, Organization: true})
	in := &organizations.DescribeAccountInput{AccountId: aws.String("111122223333")}
	b.Run("process", func(b *testing.B) {
		client := l.organizations()
		for b.Loop() {
			if _, err := client.DescribeAccount(b.Context(), in); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("port", func(b *testing.B) {
		port := httptest.NewServer(l)
		defer port.Close()
		cfg := l.config("AKIAADMIN")
		cfg.HTTPClient, cfg.BaseEndpoint = nil, aws.String(port.URL)
		client := organizations.NewFromConfig(cfg)
		for b.Loop() {
			if _, err := client.DescribeAccount(b.Context(), in); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkPort measures requests over a port, in an organization of 10,000
// accounts: raw ones, on as many connections as there are clients. The clients
// run on the same cores.
func BenchmarkPort(b *testing.B) {
	l := newLab(b, "instant", Config{Seed: 1, Organization: true})
	fill(l, 10_000)
	member := l.world.accountList.items[5000].ID
	l.enable()
	l.attach(l.policy("stay"), l.root())
	port := httptest.NewServer(l)
	defer port.Close()
	for _, clients := range []int{1, 16} {
		for _, row := range []struct{ name, key, operation, body string }{
			{"read", "AKIAADMIN", "DescribeAccount", `{"AccountId":"` + member + `"}`},
			{"write", "AKIAADMIN", "TagResource", `{"ResourceId":"` + member + `","Tags":[{"Key":"customer","Value":"acme"}]}`},
			{"page", "AKIAADMIN", "ListAccounts", `{}`},
			{"member", member, "DescribeOrganization", `{}`},
		} {
			b.Run(fmt.Sprintf("%s/clients=%d", row.name, clients), func(b *testing.B) {
				client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: clients}}
				defer client.CloseIdleConnections()
				var next atomic.Int64
				var wg sync.WaitGroup
				b.ResetTimer()
				for range clients {
					wg.Go(func() {
						for next.Add(1) <= int64(b.N) {
							if err := post(client, port.URL, row.key, row.operation, row.body); err != nil {
								b.Error(err)
								return
							}
						}
					})
				}
				wg.Wait()
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "requests/s")
			})
		}
	}
}

// post sends one call over a port and reads the answer to its end.
func post(client *http.Client, url, key, operation, body string) error {
	r := rawRequest(key, "AWSOrganizationsV20161128."+operation, body)
	target, err := r.URL.Parse(url)
	if err != nil {
		return err
	}
	r.URL, r.Host = target, target.Host
	resp, err := client.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", operation, resp.Status)
	}
	return nil
}

// BenchmarkStart measures a new simulated AWS, and the memory of one with
// 10,000 accounts.
func BenchmarkStart(b *testing.B) {
	b.Run("first", func(b *testing.B) {
		for b.Loop() {
			if _, err := New(Config{Seed: 1, Organization: true}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("memory", func(b *testing.B) {
		for b.Loop() {
			before := heap()
			l := newLab(b, "instant", Config{Seed: 1, Organization: true})
			fill(l, 10_000)
			b.ReportMetric(float64(heap()-before)/1e6, "MB/10000-accounts")
			runtime.KeepAlive(l)
		}
	})
	b.Run("state", func(b *testing.B) {
		path := b.TempDir() + "/state"
		l := newLab(b, "instant", Config{Seed: 1, Organization: true, State: path})
		began := time.Now()
		fill(l, 10_000)
		kept := time.Since(began)
		l.Close()
		for b.Loop() {
			s, err := New(Config{Seed: 1, State: path})
			if err != nil {
				b.Fatal(err)
			}
			s.Close()
		}
		b.ReportMetric(float64(kept.Microseconds())/10_000, "µs/kept-creation")
	})
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
