package control_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"landlord/guard/identity"
	"landlord/internal/clock"
	"landlord/org"
	"landlord/portfolio"
	"landlord/service/control"
	"landlord/service/onboard"
	"landlord/service/store"
	"landlord/service/store/storetest"
	"landlord/simaws"
	"landlord/vend/blueprint"
	"landlord/vend/cloud"
	"landlord/vend/execute"
	"landlord/vend/plan"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// wire makes calls to a simulated AWS in the process; meddle, if set, stands
// between.
type wire struct {
	server *simaws.Server
	meddle func(*http.Request) error
}

func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	if w.meddle != nil {
		if err := w.meddle(r); err != nil {
			return nil, err
		}
	}
	answer, _, err := w.server.RoundTrip(r)
	return answer, err
}

type world struct{ *cloud.Client }

func (world) Rules() execute.Rules { return cloud.Rules(false) }

func (w world) Execute(ctx context.Context, m *execute.Machine, watch func([]execute.Event)) error {
	return execute.Run(ctx, m, w.Client, clock.Real(), watch)
}

// Center is IAM Identity Center there.
func (w world) Center(region string) onboard.Center { return center{w, region} }

type center struct {
	world
	region string
}

func (c center) SignIn(ctx context.Context) (identity.Seen, error) {
	return c.world.SignIn(ctx, c.region)
}

// house is a database, a simulated AWS, and a control that works.
type house struct {
	*control.Control
	store *store.Store
	aws   *wire
}

const head = `provider: {name: Example, account_email: "aws+{customer}@landlord.example"}
organization: {target: simulated, management_account: "111122223333"}
customers:
`

// text is a portfolio of n customers in two tiers.
func text(n int) string {
	var b strings.Builder
	b.WriteString(head)
	for i := range n {
		tier := "fintech"
		if i%2 == 1 {
			tier = "standard"
		}
		fmt.Fprintf(&b, "  - {key: c%d, name: Customer %d, tier: %s, contact: c%d@customer.example}\n", i, i, tier, i)
	}
	return b.String()
}

var ada = control.By{Kind: "person", Name: "ada@example.com", Source: "192.0.2.1"}

// begin starts a house; its control works unless told not to.
func begin(t *testing.T, d storetest.Database, change func(*control.Config)) *house {
	t.Helper()
	s, err := store.Open(t.Context(), d.Logins())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	server, err := simaws.New(simaws.Config{Profile: profile(t), Seed: 1, Organization: true})
	if err != nil {
		t.Fatal(err)
	}
	h := &house{store: s, aws: &wire{server: server}}
	cfg := control.Config{Store: s, Clock: clock.Real(), Log: quiet(), Works: true, Reach: h.reach}
	if change != nil {
		change(&cfg)
	}
	if h.Control, err = control.New(cfg); err != nil {
		t.Fatal(err)
	}
	return h
}

func profile(t *testing.T) simaws.Profile {
	p, err := simaws.ProfileNamed("instant")
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func quiet() *slog.Logger {
	if os.Getenv("TEST_LOG") != "" {
		return slog.Default()
	}
	return slog.New(slog.DiscardHandler)
}

func (h *house) reach(_ context.Context, folio *portfolio.Portfolio, _ ...string) (control.World, error) {
	return world{cloud.InProcess(h.aws, cloud.Options{Clock: clock.Real(), Asks: blueprint.From(folio).Asks})}, nil
}

// run has the control work until the test ends.
func (h *house) run(t *testing.T) (stop func()) {
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- h.Run(ctx) }()
	stop = func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the control ended with %v", err)
		}
		ended <- nil
	}
	t.Cleanup(stop)
	return stop
}

// await watches a run to its end.
func (h *house) await(t *testing.T, run string) (last control.Progress) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for p, err := range h.Watch(ctx, run) {
		if err != nil {
			t.Fatal(err)
		}
		last = p
	}
	if !last.Run.Over() {
		t.Fatalf("run %s has not ended after 30 s: %+v", run, last.Run)
	}
	return last
}

func (h *house) push(t *testing.T, base int64, text string) (int64, string) {
	t.Helper()
	v, run, err := h.Push(t.Context(), control.Change{Text: text, Base: base, By: ada})
	if err != nil {
		t.Fatal(err)
	}
	return v, run
}

// accounts is how many accounts AWS has beside the management account.
func (h *house) accounts(t *testing.T) int {
	t.Helper()
	w, _ := h.reach(t.Context(), &portfolio.Portfolio{})
	seen, err := w.Observe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return len(seen.Accounts) - 1
}

func TestPushIsAppliedAndVerified(t *testing.T) {
	h := begin(t, fresh(t), nil)
	h.run(t)
	version, run := h.push(t, 0, text(5))
	last := h.await(t, run)
	if version != 1 || last.Run.State != store.RunDone || h.accounts(t) != 5 {
		t.Fatalf("version %d, %d accounts, %+v", version, h.accounts(t), last.Run)
	}
	if last.Steps == 0 || last.Tally[store.StepDone] != last.Steps {
		t.Errorf("of %d steps are done: %v", last.Steps, last.Tally)
	}
	err := h.store.Operator(t.Context(), func(tx store.Tx) error {
		c, err := tx.Customer(t.Context(), "c0")
		if err != nil || c.State != store.Active || len(c.Account) != 12 || c.Unit != "Customers-Fintech" {
			t.Errorf("customer is %+v, %v", c, err)
		}
		checks, err := tx.Checks(t.Context(), "c0")
		if err != nil || len(checks) != 6 {
			t.Errorf("checks are %+v, %v", checks, err)
		}
		for _, c := range checks {
			if !c.Passed {
				t.Errorf("%s: %s", c.Title, c.Detail)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestTheSecondIsTold(t *testing.T) {
	h := begin(t, fresh(t), nil)
	h.push(t, 0, text(1))
	h.push(t, 1, text(2))
	_, _, err := h.Push(t.Context(), control.Change{Text: text(3), Base: 1, By: ada})
	if c, is := errors.AsType[*control.ConflictError](err); !is || c.Now != 2 || c.Author != ada.Name {
		t.Fatalf("got %v, want a conflict with version 2 of %s", err, ada.Name)
	}
}

func TestWhatWasConfirmedIsWhatIsDone(t *testing.T) {
	h := begin(t, fresh(t), nil)
	h.run(t)
	p, err := h.Propose(t.Context(), text(2))
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := h.Push(t.Context(), control.Change{Text: text(3), Base: p.Base, Confirmed: p.Digest, By: ada}); !errors.Is(err, control.ErrChanged) {
		t.Errorf("a text that nobody saw is pushed: %v", err)
	}
	if _, err := h.Begin(t.Context(), store.RunPlan, "", ada); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("what was refused is the portfolio: %v", err)
	}
	two := p.Digest
	p, err = h.Propose(t.Context(), text(3))
	if err != nil {
		t.Fatal(err)
	}
	_, run, err := h.Push(t.Context(), control.Change{Text: text(3), Base: p.Base, Confirmed: p.Digest, By: ada})
	if err != nil {
		t.Fatal(err)
	}
	if last := h.await(t, run); last.Run.State != store.RunDone || h.accounts(t) != 3 {
		t.Errorf("the confirmed plan was not carried out: %+v", last.Run)
	}
	_, a := h.account(t, "c0")
	w, _ := h.reach(t.Context(), &portfolio.Portfolio{})
	if _, err := w.(world).Do(t.Context(), execute.Call{Step: plan.Step{Kind: plan.Untag, Target: plan.Ref(a.ID), Keys: []string{org.TagTier}}}); err != nil {
		t.Fatal(err)
	}
	if run, err = h.Begin(t.Context(), store.RunApply, two, ada); err != nil {
		t.Fatal(err)
	}
	if last := h.await(t, run); last.Run.State != store.RunFailed || last.Steps > 0 {
		t.Errorf("a plan that nobody saw was carried out: %+v", last.Run)
	}
}

func TestRunIsStopped(t *testing.T) {
	h := begin(t, fresh(t), nil)
	blocked := make(chan struct{})
	h.aws.meddle = func(r *http.Request) error {
		if strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".CreateAccount") {
			<-blocked
		}
		return nil
	}
	h.run(t)
	_, run := h.push(t, 0, text(300))
	_, second := h.push(t, 1, text(301))
	for p := range h.Watch(t.Context(), run) {
		if p.Tally[store.StepRunning] >= 8 {
			break
		}
	}
	if err := h.Stop(t.Context(), second, ada); err != nil {
		t.Fatal(err)
	}
	if err := h.Stop(t.Context(), run, ada); err != nil {
		t.Fatal(err)
	}
	for p := range h.Watch(t.Context(), run) {
		if p.Run.Stopping {
			break
		}
	}
	go func() { time.Sleep(1500 * time.Millisecond); close(blocked) }() // longer than it takes to hear of it
	if last := h.await(t, run); last.Run.State != store.RunStopped {
		t.Errorf("the run came to %+v", last.Run)
	}
	if last := h.await(t, second); last.Run.State != store.RunStopped || last.Run.Started != nil {
		t.Errorf("the run that waited came to %+v", last.Run)
	}
	if _, is := errors.AsType[*control.EndedError](h.Stop(t.Context(), run, ada)); !is {
		t.Error("a run that has ended is stopped")
	}
	if n := h.accounts(t); n >= 300 {
		t.Errorf("%d accounts were created all the same", n)
	}
}

// fresh is a database with the tables of the jobs too.
func fresh(t *testing.T) storetest.Database {
	t.Helper()
	d := storetest.Fresh(t)
	if _, err := control.Migrate(t.Context(), d.URL(store.OwnerRole), clock.Real().Now()); err != nil {
		t.Fatal(err)
	}
	return d
}

// skipped tells whether a step was left to a later attempt.
func skipped(s store.Step) bool { return s.State == store.StepSkipped }

// TestRunIsTakenUp: a replica that loses the database in the middle of a run
// begins nothing more, and another finishes the run.
func TestRunIsTakenUp(t *testing.T) {
	d := fresh(t)
	h := begin(t, d, nil)
	reached, gone := make(chan struct{}), make(chan struct{})
	var first sync.Once
	h.aws.meddle = func(r *http.Request) error {
		if strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".CreateAccount") {
			first.Do(func() { close(reached) })
			<-gone
		}
		return nil
	}
	stop := h.run(t)
	_, run := h.push(t, 0, text(90))
	<-reached
	d.Exec(t, store.OperatorRole, `SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted AND pid <> pg_backend_pid() AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`)
	other := begin(t, d, func(cfg *control.Config) { cfg.Reach = h.reach })
	other.run(t)
	for p := range h.WatchSteps(t.Context(), run) { // begun again, whichever of the two does it
		if slices.ContainsFunc(p.Changed, skipped) {
			break
		}
	}
	close(gone)
	last := other.await(t, run)
	if n := h.accounts(t); last.Run.State != store.RunDone || n != 90 {
		t.Errorf("the run came to %+v with %d accounts, want done and 90", last.Run, n)
	}
	// Its steps are told once each, though two were at it: those of the first were left.
	begun, left := 0, 0
	for p, err := range h.WatchSteps(t.Context(), run) {
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range p.Changed {
			if s.Kind == string(plan.MoveAccount) {
				begun++
			}
			if skipped(s) {
				left++
			}
		}
		if p.Steps > len(p.Changed)-left+10 { // what AWS had made before it was told
			t.Errorf("it has %d steps, of %d rows of which %d were left", p.Steps, len(p.Changed), left)
		}
	}
	if begun < 180 || left < 90 {
		t.Errorf("%d moves were begun and %d steps left: it was not taken up", begun, left)
	}
	stop()
}

func TestDriftIsFound(t *testing.T) {
	for _, mends := range []bool{false, true} {
		t.Run(fmt.Sprint("mends ", mends), func(t *testing.T) {
			h := begin(t, fresh(t), nil)
			h.run(t)
			file := text(2)
			if mends {
				file = strings.Replace(file, "target: simulated", "target: simulated, drift: mend", 1)
			}
			_, run := h.push(t, 0, file)
			h.await(t, run)
			w, _ := h.reach(t.Context(), &portfolio.Portfolio{})
			seen, err := w.Observe(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			a := seen.Accounts[len(seen.Accounts)-1]
			move := plan.Step{Kind: plan.MoveAccount, Target: plan.Ref(a.ID), From: plan.Ref(a.Parent), To: plan.Ref(seen.Root)}
			if _, err := w.(world).Do(t.Context(), execute.Call{Operation: move.Kind.Operation(), Step: move}); err != nil {
				t.Fatal(err)
			}
			run, err = h.Begin(t.Context(), store.RunReconcile, "", ada)
			if err != nil {
				t.Fatal(err)
			}
			last := h.await(t, run)
			if last.Run.State != store.RunDone {
				t.Errorf("the run came to %+v", last.Run)
			}
			err = h.store.Operator(t.Context(), func(tx store.Tx) error {
				checks, err := tx.Checks(t.Context(), a.Tags[org.TagCustomer])
				if len(checks) > 0 && checks[0].Passed != mends {
					t.Errorf("the first check is %+v (%s)", checks[0], last.Run.Summary)
				}
				return err
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
}
