package store_test

import (
	"crypto/sha256"
	"testing"
	"time"

	"landlord/service/store"
	"landlord/service/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func hash(text string) []byte {
	sum := sha256.Sum256([]byte(text))
	return sum[:]
}

// operator runs fn as the operator and fails the test if it fails.
func operator(t testing.TB, s *store.Store, fn func(store.Tx) error) {
	t.Helper()
	if err := s.Operator(t.Context(), fn); err != nil {
		t.Fatal(err)
	}
}

// acme is a customer whose key is given.
func acme(key string) store.Customer {
	return store.Customer{Key: key, Name: "Customer " + key, Tier: "fintech", Framework: "SOC 2", State: store.Wanted, Email: "aws+" + key + "@landlord.example",
		Region: "eu-west-1", Segment: "banks", Price: 150000, Currency: "USD", UpdatedAt: now}
}
