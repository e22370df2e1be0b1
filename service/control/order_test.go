package control_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"landlord/org"
	"landlord/portfolio"
	"landlord/service/control"
	"landlord/service/store"
	"landlord/vend/execute"
	"landlord/vend/plan"
)

// order gives an order as somebody does who was shown what it does.
func (h *house) order(t *testing.T, kind, customer string) (run string) {
	t.Helper()
	in, err := h.Intend(t.Context(), kind, customer)
	if err != nil {
		t.Fatal(err)
	}
	run, err = h.Order(t.Context(), control.Order{Kind: kind, Customer: customer, Name: in.Account.Name, Confirmed: in.Digest, By: ada})
	if err != nil {
		t.Fatal(err)
	}
	return run
}

func (h *house) account(t *testing.T, customer string) (seen org.Organization, a org.Account) {
	t.Helper()
	w, _ := h.reach(t.Context(), &portfolio.Portfolio{})
	seen, err := w.Observe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range seen.Accounts {
		if a.Tags[org.TagCustomer] == customer {
			return seen, a
		}
	}
	t.Fatalf("%s has no account", customer)
	return seen, a
}

func (h *house) state(t *testing.T, customer string) (state string) {
	t.Helper()
	err := h.store.Operator(t.Context(), func(tx store.Tx) error {
		c, err := tx.Customer(t.Context(), customer)
		state = c.State
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return state
}

// noted are the actions that the audit log has of a customer, by whom.
func (h *house) noted(t *testing.T, customer, prefix string) (actions []string) {
	t.Helper()
	err := h.store.Operator(t.Context(), func(tx store.Tx) error {
		found, err := tx.Entries(t.Context(), store.EntryQuery{Customer: customer, Limit: 100})
		for _, e := range found {
			if strings.HasPrefix(e.Action, prefix) {
				actions = append(actions, e.Action+" "+e.Actor)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return actions
}

// TestOrders: a customer is suspended, resumed and closed, each once and by whoever
// asked for it; the others are not touched.
func TestOrders(t *testing.T) {
	h := begin(t, fresh(t), nil)
	h.run(t)
	_, run := h.push(t, 0, text(3))
	h.await(t, run)
	for _, tt := range []struct{ kind, state, action string }{
		{store.RunSuspend, store.Suspended, "account.suspend"},
		{store.RunSuspend, store.Suspended, ""}, // it is so already
		{store.RunResume, store.Active, "account.resume"},
		{store.RunClose, store.Closed, "account.close"},
	} {
		before := h.noted(t, "c0", "account.")
		last := h.await(t, h.order(t, tt.kind, "c0"))
		if last.Run.State != store.RunDone || h.state(t, "c0") != tt.state {
			t.Fatalf("%s came to %+v, and the customer is %s", tt.kind, last.Run, h.state(t, "c0"))
		}
		if last.Tally[store.StepDone] != last.Steps {
			t.Errorf("%s: of %d steps are done: %v", tt.kind, last.Steps, last.Tally)
		}
		seen, a := h.account(t, "c0")
		_, tagged, denied := plan.Suspension(seen, a)
		if held := tt.state == store.Suspended; tagged != held || denied != held || a.Gone() != (tt.state == store.Closed) {
			t.Errorf("after %s: tagged %t, denied %t, state %s", tt.kind, tagged, denied, a.State)
		}
		news := h.noted(t, "c0", "account.")
		news = news[:len(news)-len(before)]
		if want := strings.Fields(tt.action + " " + ada.Name); tt.action != "" && strings.Join(news, ",") != strings.Join(want, " ") || tt.action == "" && len(news) > 0 {
			t.Errorf("after %s the audit log has %q more", tt.kind, news)
		}
	}
	if _, a := h.account(t, "c1"); a.Gone() || h.state(t, "c1") != store.Active {
		t.Errorf("c1 is %s", h.state(t, "c1"))
	}
}

// TestOrdersAreRefused: what is not what was shown, or not named, or of nobody, is
// not begun.
func TestOrdersAreRefused(t *testing.T) {
	h := begin(t, fresh(t), nil)
	h.run(t)
	_, run := h.push(t, 0, text(2))
	h.await(t, run)
	in, err := h.Intend(t.Context(), store.RunClose, "c0")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name  string
		order control.Order
		want  error
	}{
		{"another name", control.Order{Kind: store.RunClose, Customer: "c0", Name: "Customer 1"}, control.ErrName},
		{"no name", control.Order{Kind: store.RunClose, Customer: "c0", Confirmed: in.Digest}, control.ErrName},
		{"what nobody was shown", control.Order{Kind: store.RunClose, Customer: "c1", Name: "Customer 1", Confirmed: in.Digest}, control.ErrChanged},
		{"nobody", control.Order{Kind: store.RunSuspend, Customer: "nobody"}, store.ErrNotFound},
		{"a run that is no order", control.Order{Kind: store.RunApply, Customer: "c0"}, control.ErrOrder},
	} {
		tt.order.By = ada
		if _, err := h.Order(t.Context(), tt.order); !errors.Is(err, tt.want) {
			t.Errorf("%s: got %v, want %v", tt.name, err, tt.want)
		}
	}
	if n := h.aws.server.Metrics().Calls["CloseAccount"]; n > 0 {
		t.Errorf("AWS was asked %d times to close an account", n)
	}

	// Since the last look somebody changed the accounts: what was shown is not so.
	w, _ := h.reach(t.Context(), &portfolio.Portfolio{})
	meddle := func(customer, tag, value string) {
		t.Helper()
		_, a := h.account(t, customer)
		if _, err := w.(world).Do(t.Context(), execute.Call{Step: plan.Step{Kind: plan.Tag, Target: plan.Ref(a.ID), Tags: org.Tags{tag: value}}}); err != nil {
			t.Fatal(err)
		}
	}
	meddle("c1", org.TagSuspended, "2026-01-01T00:00:00Z")
	if last := h.await(t, h.order(t, store.RunSuspend, "c1")); last.Run.State != store.RunFailed || last.Run.Summary != control.ErrChanged.Error() || last.Steps > 0 {
		t.Errorf("an order for what nobody was shown came to %+v", last.Run)
	}
	meddle("c0", org.TagCustomer, "somebody")
	last := h.await(t, h.order(t, store.RunClose, "c0"))
	if last.Run.State != store.RunFailed || last.Steps > 0 {
		t.Errorf("the order for an account that is somebody else's came to %+v", last.Run)
	}
}

// TestOrderOfTheDeparted: who is not in the portfolio any more is suspended and
// closed by the tag of the account, and stays departed.
func TestOrderOfTheDeparted(t *testing.T) {
	h := begin(t, fresh(t), nil)
	h.run(t)
	_, run := h.push(t, 0, text(3))
	h.await(t, run)
	_, run = h.push(t, 1, text(2))
	h.await(t, run)
	for _, kind := range []string{store.RunSuspend, store.RunClose, store.RunClose} {
		if last := h.await(t, h.order(t, kind, "c2")); last.Run.State != store.RunDone {
			t.Fatalf("%s came to %+v", kind, last.Run)
		}
	}
	if _, a := h.account(t, "c2"); !a.Gone() || h.state(t, "c2") != store.Departed {
		t.Errorf("the account is %s, the customer %s", a.State, h.state(t, "c2"))
	}
	if got := strings.Join(h.noted(t, "c2", "account."), ", "); got != "account.close "+ada.Name+", account.suspend "+ada.Name+", account.create "+ada.Name {
		t.Errorf("the audit log has %s", got)
	}
}

// TestOrderIsTakenUp: a replica that is gone in the middle of an order, before or
// after a call took effect, leaves it to another, which does nothing twice.
func TestOrderIsTakenUp(t *testing.T) {
	for _, tt := range []struct {
		kind, call string
		after      bool // the call takes effect, and its answer is lost
	}{
		{store.RunSuspend, "AttachPolicy", false},
		{store.RunSuspend, "AttachPolicy", true},
		{store.RunSuspend, "TagResource", true},
		{store.RunClose, "CloseAccount", false},
		{store.RunClose, "CloseAccount", true},
	} {
		name := tt.kind + " " + tt.call + map[bool]string{true: " done", false: ""}[tt.after]
		t.Run(name, func(t *testing.T) {
			d := fresh(t)
			h := begin(t, d, nil)
			quit := h.run(t)
			_, run := h.push(t, 0, text(3))
			h.await(t, run)
			made := h.aws.server.Metrics().Calls
			reached, gone := make(chan struct{}), make(chan struct{})
			var once sync.Once
			h.aws.meddle = func(r *http.Request) (err error) {
				if !strings.HasSuffix(r.Header.Get("X-Amz-Target"), "."+tt.call) {
					return nil
				}
				once.Do(func() {
					if tt.after {
						_, _, _ = h.aws.server.RoundTrip(r)
					}
					close(reached)
					<-gone
					err = errors.New("cut")
				})
				return err
			}
			run = h.order(t, tt.kind, "c0")
			<-reached
			d.Exec(t, store.OperatorRole, `SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted AND pid <> pg_backend_pid() AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`)
			other := begin(t, d, func(cfg *control.Config) { cfg.Reach = h.reach })
			other.run(t)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			for p := range other.WatchSteps(ctx, run) { // begun again
				if slices.ContainsFunc(p.Changed, skipped) || p.Run.Over() {
					break
				}
			}
			close(gone)
			last := other.await(t, run)
			quit()
			if last.Run.State != store.RunDone {
				t.Fatalf("the order came to %+v", last.Run)
			}
			calls := h.aws.server.Metrics().Calls
			if n := calls["CreatePolicy"] - made["CreatePolicy"]; n > 1 {
				t.Errorf("%d policies were made", n)
			}
			// The replica that is gone may not know it yet, and ask once more; AWS then
			// refuses one of the two.
			if n := calls["CloseAccount"]; n > 2 {
				t.Errorf("AWS was asked %d times to close the account", n)
			}
			if got := h.noted(t, "c0", "account."+tt.kind); len(got) != 1 {
				t.Errorf("the audit log has %q", got)
			}
		})
	}
}
