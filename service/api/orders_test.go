package api_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"landlord/service/api"
	"landlord/service/store"
)

// ended waits for a run to end, and says how.
func (h *house) ended(token, id string) (state string) {
	h.t.Helper()
	ctx, stop := context.WithTimeout(h.t.Context(), 30*time.Second)
	defer stop()
	for ctx.Err() == nil {
		var r struct {
			State   string
			EndedAt *time.Time `json:"ended_at"`
		}
		a := h.ask(token, "GET", "/api/v1/runs/"+id+"/events", nil) // until the run has ended
		if a.StatusCode != 200 {
			h.t.Fatalf("the events answer %s", a.Status)
		}
		h.want(h.ask(token, "GET", "/api/v1/runs/"+id, nil), 200, &r)
		if r.EndedAt != nil {
			return r.State
		}
	}
	h.t.Fatalf("run %s does not end", id)
	return ""
}

// TestOrders: a program that may suspends, resumes and closes a customer, each once
// however often it is sent; what is not named or not any more so is refused.
func TestOrders(t *testing.T) {
	h := begin(t)
	owner, reader := h.token("owner", all...), h.token("support", api.Read, api.Customers)
	var pushed struct{ Run string }
	h.want(h.ask(owner, "PUT", "/api/v1/portfolio", h.change(owner, text(2)), `If-Match: "0"`), 202, &pushed)
	h.ended(owner, pushed.Run)

	const at = "/api/v1/customers/c0/"
	var shown struct {
		Confirm, Name, Email string
		Nothing              bool
		Changes              []struct{ Kind string }
		Closures             *struct{ Quota int }
	}
	h.want(h.ask(reader, "GET", at+"suspend", nil), 403, nil)
	h.want(h.ask(owner, "GET", at+"suspend", nil), 200, &shown)
	if shown.Nothing || len(shown.Changes) != 3 || shown.Closures != nil {
		t.Errorf("suspend would do %+v", shown)
	}
	h.want(h.ask(reader, "POST", at+"suspend", map[string]string{}), 403, nil)
	h.want(h.ask(owner, "POST", at+"suspend", map[string]string{"confirm": "what nobody was shown"}), 409, nil)
	h.want(h.ask(owner, "POST", "/api/v1/customers/nobody/suspend", map[string]string{}), 404, nil)

	state := func(want string) {
		t.Helper()
		var c struct{ State string }
		if h.want(h.ask(reader, "GET", "/api/v1/customers/c0", nil), 200, &c); c.State != want {
			t.Errorf("the customer is %s, want %s", c.State, want)
		}
	}
	var run, again struct{ ID, Kind, Customer string }
	for range 2 { // the answer to the first was lost
		h.want(h.ask(owner, "POST", at+"suspend", map[string]string{"confirm": shown.Confirm}, "Idempotency-Key: one"), 202, &again)
		if run.ID != "" && again != run {
			t.Errorf("sent twice, it is %v and %v", run, again)
		}
		run = again
	}
	if run.Kind != store.RunSuspend || run.Customer != "c0" || h.ended(owner, run.ID) != store.RunDone {
		t.Errorf("the run is %+v", run)
	}
	state(store.Suspended)
	h.want(h.ask(owner, "POST", at+"resume", map[string]string{}), 202, &run)
	h.ended(owner, run.ID)
	state(store.Active)

	h.want(h.ask(owner, "GET", at+"close", nil), 200, &shown)
	if shown.Name != "Customer 0" || !strings.Contains(shown.Email, "c0") || shown.Closures == nil || shown.Closures.Quota == 0 {
		t.Errorf("close would do %+v", shown)
	}
	h.want(h.ask(owner, "POST", at+"close", map[string]string{"confirm": shown.Confirm}), 422, nil)
	h.want(h.ask(owner, "POST", at+"close", map[string]string{"confirm": shown.Confirm, "name": "Customer 1"}), 422, nil)
	state(store.Active)
	h.want(h.ask(owner, "POST", at+"close", map[string]string{"confirm": shown.Confirm, "name": shown.Name}), 202, &run)
	if came := h.ended(owner, run.ID); came != store.RunDone {
		t.Errorf("close came to %s", came)
	}
	state(store.Closed)
}
