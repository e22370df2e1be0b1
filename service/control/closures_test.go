package control_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"landlord/internal/clock"
	"landlord/internal/limits"
	"landlord/portfolio"
	"landlord/service/control"
	"landlord/service/store"
	"landlord/vend/blueprint"
	"landlord/vend/cloud"
)

// full is an AWS whose quota of closures others have used up.
type full struct {
	*wire
	asked *atomic.Int32
}

func (f full) RoundTrip(r *http.Request) (*http.Response, error) {
	if !strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".CloseAccount") {
		return f.wire.RoundTrip(r)
	}
	f.asked.Add(1)
	return &http.Response{StatusCode: http.StatusBadRequest, Header: http.Header{"Content-Type": {"application/x-amz-json-1.1"}}, Request: r,
		Body: io.NopCloser(strings.NewReader(`{"__type":"ConstraintViolationException","Reason":"CLOSE_ACCOUNT_QUOTA_EXCEEDED","Message":"enough"}`))}, nil
}

// TestRefusedClosureIsRemembered: once AWS has said that its quota of closures is used
// up, no order asks it again for a day, whatever the account's tag says; the quota is
// the one that the house was told.
func TestRefusedClosureIsRemembered(t *testing.T) {
	var asked atomic.Int32
	older, _ := limits.QuotasNamed("2025")
	d := fresh(t)
	var h *house
	h = begin(t, d, func(cfg *control.Config) {
		cfg.Quotas = older
		cfg.Reach = func(_ context.Context, folio *portfolio.Portfolio, _ ...string) (control.World, error) {
			return world{cloud.InProcess(full{h.aws, &asked}, cloud.Options{Clock: clock.Real(), Asks: blueprint.From(folio).Asks})}, nil
		}
	})
	h.run(t)
	_, run := h.push(t, 0, text(2))
	h.await(t, run)
	in, err := h.Intend(t.Context(), store.RunClose, "c0")
	if err != nil || in.Closures.Quota != older.Closings(2) || !in.Frees().IsZero() {
		t.Fatalf("of %d closures a place is free on %v (%v), want %d and now", in.Closures.Quota, in.Frees(), err, older.Closings(2))
	}
	last := h.await(t, h.order(t, store.RunClose, "c0"))
	if last.Run.State != store.RunFailed || !strings.Contains(last.Run.Summary, "AWS's quota of closures is used up") || asked.Load() != 1 {
		t.Fatalf("AWS was asked %d times, and it came to %+v", asked.Load(), last.Run)
	}
	for _, key := range []string{"c0", "c1"} {
		_, err := h.Order(t.Context(), control.Order{Kind: store.RunClose, Customer: key, Name: "Customer " + key[1:], By: ada})
		if held, is := errors.AsType[*control.HeldError](err); !is || held.Frees.IsZero() {
			t.Errorf("to close %s again is answered with %v", key, err)
		}
	}
	d.Exec(t, store.OperatorRole, `UPDATE setting SET value = jsonb_set(value, '{until}', to_jsonb((value->>'until')::timestamptz - interval '25 hours')) WHERE key = 'closures.refused'`)
	if last := h.await(t, h.order(t, store.RunClose, "c1")); asked.Load() != 2 {
		t.Errorf("after a day AWS was asked %d times, want once more: %+v", asked.Load(), last.Run)
	}
}
