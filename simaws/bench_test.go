package simaws

import (
	"fmt"
	"net/http/httptest"
	"runtime"
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
