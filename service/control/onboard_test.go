package control_test

import (
	"context"
	"errors"
	"fmt"
	"landlord/internal/clock"
	"landlord/vend/cloud"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"landlord/service/control"
	"landlord/service/onboard"
	"landlord/service/store"
)

// list reads how far an onboarding is.
func (h *house) list(t *testing.T, run string) (list onboard.Checklist) {
	t.Helper()
	err := h.store.Operator(t.Context(), func(tx store.Tx) (err error) {
		list, err = control.Checklist(t.Context(), tx, run)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// portal has a house read a portal by looking whether the store knows the account.
func portal(h **house) func(context.Context, string) (string, error) {
	return func(ctx context.Context, customer string) (looked string, err error) {
		err = (*h).store.Customer(ctx, customer, func(tx store.Tx) error {
			c, err := tx.Customer(ctx, customer)
			if err == nil && (c.Account == "" || c.State != store.Active) {
				err = fmt.Errorf("the portal does not know the account: %+v", c)
			}
			return err
		})
		return "1 page", err
	}
}

// TestOnboard: a customer that is added is onboarded by a run of its own, which makes
// nobody else's account, keeps its checklist and has the portal read what is so by then.
func TestOnboard(t *testing.T) {
	var h *house
	h = begin(t, fresh(t), func(cfg *control.Config) { cfg.Portal = portal(&h) })
	h.run(t)
	_, run, err := h.Push(t.Context(), control.Change{Text: text(3), Onboard: "c2", By: ada})
	if err != nil {
		t.Fatal(err)
	}
	last := h.await(t, run)
	if last.Run.State != store.RunDone || last.Run.Customer != "c2" || h.accounts(t) != 1 {
		t.Fatalf("%d accounts, %+v", h.accounts(t), last.Run)
	}
	list := h.list(t, run)
	if !list.Complete() || len(list.Lines) != 6 || len(list.Account) != 12 {
		t.Errorf("the checklist is %+v", list)
	}
	if tasks := list.Tasks(); len(tasks) != 2 || !strings.Contains(tasks[0].What, "mend what") || !strings.Contains(tasks[1].What, "invite") {
		t.Errorf("left to people: %+v", tasks)
	}
	if a, b := h.state(t, "c2"), h.state(t, "c0"); a != store.Active || b != store.Wanted {
		t.Errorf("c2 is %s, c0 %s", a, b)
	}
	if got := h.found(t, "c2", run); len(got) < 50 {
		t.Errorf("%d findings are kept", len(got))
	}
	if got := h.noted(t, "c2", "run.ask"); len(got) != 1 {
		t.Errorf("the audit log has %q", got)
	}
	again, err := h.Onboard(t.Context(), "c2", ada)
	if err != nil {
		t.Fatal(err)
	}
	if last := h.await(t, again); last.Run.State != store.RunDone || h.accounts(t) != 1 {
		t.Errorf("again: %d accounts, %+v", h.accounts(t), last.Run)
	}
	if _, err := h.Onboard(t.Context(), "nobody", ada); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("nobody: %v", err)
	}
}

// TestOnboardSignsIn: where the portfolio wants sign-in, a customer's people may enter its
// account, and nobody else's.
func TestOnboardSignsIn(t *testing.T) {
	var h *house
	h = begin(t, fresh(t), func(cfg *control.Config) { cfg.Portal = portal(&h) })
	h.run(t)
	_, run, err := h.Push(t.Context(), control.Change{Text: "sign_in: {}\n" + text(3), Onboard: "c2", By: ada})
	if err != nil {
		t.Fatal(err)
	}
	if last := h.await(t, run); last.Run.State != store.RunDone {
		t.Fatalf("%+v", last.Run)
	}
	list := h.list(t, run)
	if at := slices.IndexFunc(list.Lines, func(l onboard.Line) bool { return l.Step == "sign-in" }); at < 0 || list.Lines[at].State != onboard.Done || !strings.Contains(list.Lines[at].Says, "c2@customer.example may enter at https://") {
		t.Errorf("the checklist is %+v", list)
	}
	err = h.store.Customer(t.Context(), "c2", func(tx store.Tx) error {
		c, err := tx.Customer(t.Context(), "c2")
		if !strings.HasPrefix(c.SignIn, "https://d-") || !strings.HasSuffix(c.SignIn, ".awsapps.com/start") {
			t.Errorf("its people sign in at %q", c.SignIn)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	have, err := cloud.InProcess(h.aws, cloud.Options{Clock: clock.Real()}).SignIn(t.Context(), "us-east-1")
	if err != nil || len(have.Users) != 1 || len(have.Assignments) != 1 || have.Assignments[0].Account != list.Account {
		t.Errorf("%+v, %v", have, err)
	}
}

// TestOnboardTwice: of those who ask for one customer's onboarding at once, one has it,
// and the others are told which run that is.
func TestOnboardTwice(t *testing.T) {
	h := begin(t, fresh(t), func(cfg *control.Config) { cfg.Works = false })
	h.push(t, 0, text(2))
	var asking sync.WaitGroup
	var mu sync.Mutex
	var runs, under []string
	for range 8 {
		asking.Go(func() {
			run, err := h.Onboard(t.Context(), "c0", ada)
			mu.Lock()
			defer mu.Unlock()
			if told, is := errors.AsType[*control.UnderWayError](err); is {
				under = append(under, told.Run.ID)
			} else if err != nil {
				t.Error(err)
			} else {
				runs = append(runs, run)
			}
		})
	}
	asking.Wait()
	if len(runs) != 1 || len(under) != 7 || slices.ContainsFunc(under, func(id string) bool { return id != runs[0] }) {
		t.Errorf("runs %v, told of %v", runs, under)
	}
	if _, err := h.Onboard(t.Context(), "c1", ada); err != nil {
		t.Errorf("another customer: %v", err)
	}
}

// TestOnboardFails: a portal that is not as it should be fails the run, which says what
// is wrong; the next goes on from there.
func TestOnboardFails(t *testing.T) {
	broken := true
	h := begin(t, fresh(t), func(cfg *control.Config) {
		cfg.Portal = func(context.Context, string) (string, error) {
			if broken {
				return "", errors.New("page /portal names HIPAA")
			}
			return "all", nil
		}
	})
	h.run(t)
	_, run, err := h.Push(t.Context(), control.Change{Text: text(1), Onboard: "c0", By: ada})
	if err != nil {
		t.Fatal(err)
	}
	last := h.await(t, run)
	if last.Run.State != store.RunFailed || !strings.Contains(last.Run.Summary, "names HIPAA") || !strings.Contains(last.Run.Summary, "Onboard again") {
		t.Errorf("%+v", last.Run)
	}
	broken = false
	if run, err = h.Onboard(t.Context(), "c0", ada); err != nil {
		t.Fatal(err)
	}
	if last := h.await(t, run); last.Run.State != store.RunDone || h.accounts(t) != 1 {
		t.Errorf("%d accounts, %+v", h.accounts(t), last.Run)
	}
}

// TestOnboardingIsTakenUp: a replica that is gone in each of the steps leaves the
// onboarding to another, which makes nothing twice and keeps when it began.
func TestOnboardingIsTakenUp(t *testing.T) {
	for _, at := range []string{"ListAccounts", "CreatePolicy", "AttachPolicy", "CreateAccount", "MoveAccount", "PutConfigurationRecorder", "PutConformancePack", "GetConformancePackComplianceDetails", "portal"} {
		t.Run(at, func(t *testing.T) {
			d := fresh(t)
			reached, gone := make(chan struct{}), make(chan struct{})
			var first atomic.Bool
			var h *house
			h = begin(t, d, func(cfg *control.Config) {
				cfg.Portal = func(ctx context.Context, customer string) (string, error) {
					if at == "portal" && first.CompareAndSwap(false, true) {
						close(reached)
						<-gone
					}
					return portal(&h)(ctx, customer)
				}
			})
			h.aws.meddle = func(r *http.Request) error {
				if strings.HasSuffix(r.Header.Get("X-Amz-Target"), "."+at) && first.CompareAndSwap(false, true) {
					_, _, _ = h.aws.server.RoundTrip(r) // it takes effect, and its answer is lost
					close(reached)
					<-gone
					return errors.New("cut")
				}
				return nil
			}
			quit := h.run(t)
			_, run, err := h.Push(t.Context(), control.Change{Text: text(2), Onboard: "c0", By: ada})
			if err != nil {
				t.Fatal(err)
			}
			<-reached
			before := h.list(t, run)
			d.Exec(t, store.OperatorRole, `SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted AND pid <> pg_backend_pid() AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`)
			other := begin(t, d, func(cfg *control.Config) { cfg.Reach, cfg.Portal = h.reach, portal(&h) })
			other.run(t)
			last := other.await(t, run)
			close(gone)
			quit()
			if last.Run.State != store.RunDone || h.accounts(t) != 1 {
				t.Fatalf("%d accounts, %+v", h.accounts(t), last.Run)
			}
			after := h.list(t, run)
			if !after.Complete() {
				t.Errorf("the checklist is %+v", after)
			}
			if len(before.Lines) > 0 && before.Lines[0].Began != nil && !before.Lines[0].Began.Equal(*after.Lines[0].Began) {
				t.Errorf("it began at %v, and then at %v", before.Lines[0].Began, after.Lines[0].Began)
			}
		})
	}
}
