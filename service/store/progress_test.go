package store_test

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"landlord/service/store"
	"landlord/service/store/storetest"
	"landlord/vend/plan"
)

// TestProgress: how far a run is, as it is kept with it, is after each write of its
// steps what counting them one by one comes to: for runs of several attempts, with
// customers that are renamed, done and not. What a migration counts of the steps
// that it finds is the same.
func TestProgress(t *testing.T) {
	d := storetest.Fresh(t)
	s := d.Open(t)
	operator(t, s, func(tx store.Tx) error { return tx.PutCustomer(t.Context(), acme("acme")) })
	named := "acme" // the customer's key now
	for seed := range uint64(40) {
		r := rand.New(rand.NewPCG(seed, 0))
		run := store.Run{ID: fmt.Sprint("run", seed), Kind: store.RunVerify, AskedBy: "test", AskedAt: now}
		var steps []store.Step // as the rows should be
		random := func(n int) store.Step {
			customer := []string{"", "acme", "b-2", "b1", "zed"}[r.IntN(5)]
			return store.Step{Run: run.ID, N: n, Customer: customer, Kind: []string{"create-account", "await-account", "move-account", "await-closure", "close-account"}[r.IntN(5)], What: customer + fmt.Sprint(r.IntN(2))}
		}
		become := func(st *store.Step) {
			st.State, st.Attempts, st.Error = []string{"waiting", "running", "done", "failed", "skipped"}[r.IntN(5)], r.IntN(3), ""
			if st.State == store.StepFailed || r.IntN(3) == 0 {
				st.Error = "refused"
			}
			if st.Started, st.Ended = nil, nil; ended(*st) {
				st.Started, st.Ended = new(now), new(now.Add(time.Second))
			}
		}
		writes := []struct {
			name  string
			write func(store.Tx) error
		}{
			{"a round", func(tx store.Tx) error {
				from := len(steps)
				for range r.IntN(25) {
					st := random(len(steps))
					become(&st)
					steps = append(steps, st)
				}
				return tx.PutSteps(t.Context(), steps[from:])
			}},
			{"what became of some", func(tx store.Tx) error {
				var some []store.Step
				for i := range steps {
					if r.IntN(6) == 0 {
						become(&steps[i])
						some = append(some, steps[i])
					}
				}
				return tx.PutSteps(t.Context(), some)
			}},
			{"another attempt", func(tx store.Tx) error {
				for i, st := range steps {
					if !ended(st) {
						steps[i].State, steps[i].Started, steps[i].Ended = store.StepSkipped, new(now), new(now)
					}
				}
				_, err := tx.StartRun(t.Context(), run.ID, now)
				return err
			}},
			{"a look", func(tx store.Tx) error {
				for _, key := range []string{"acme", "zed"} {
					last, left := -1, true
					for i, st := range steps {
						if st.Customer == key && st.Kind == "create-account" {
							last, left = i, left && st.State == store.StepSkipped
						}
					}
					if last >= 0 && left {
						steps[last].State, steps[last].Error = store.StepDone, ""
					}
				}
				return tx.RunLooked(t.Context(), run.ID, []string{"acme", "zed"})
			}},
			{"another key", func(tx store.Tx) error {
				to := map[string]string{"acme": "b-2", "b-2": "acme"}[named]
				for i := range steps {
					if steps[i].Customer == named {
						steps[i].Customer = to
					}
				}
				_, err := tx.Rename(t.Context(), named, to, now)
				named = to
				return err
			}},
		}
		check := func(tx store.Tx, after string) {
			t.Helper()
			r, err := tx.Run(t.Context(), run.ID)
			if err != nil {
				t.Fatal(err)
			}
			const most = 3
			got, err := tx.Progress(t.Context(), run.ID, most)
			if err != nil {
				t.Fatal(err)
			}
			want := counted(lastTries(steps), r.State == store.RunDone, most)
			utc(got.At)
			utc(got.Shared)
			if !reflect.DeepEqual(got, want) {
				t.Fatalf("seed %d, after %s: %v\ncome to %+v\nwant    %+v", seed, after, steps, got, want)
			}
			tally := map[string]int{}
			for _, s := range lastTries(steps) {
				tally[s.State]++
			}
			if got, err := tx.Tally(t.Context(), run.ID); err != nil || !maps.Equal(got, tally) {
				t.Fatalf("seed %d, after %s: the tally is %v, want %v (%v)", seed, after, got, tally, err)
			}
		}
		operator(t, s, func(tx store.Tx) error { return tx.AddRun(t.Context(), run) })
		told, knows := map[int]store.Step{}, int64(-1) // of who watches
		for i := range 2 + r.IntN(8) {
			w := writes[r.IntN(len(writes))]
			if i == 0 {
				w = writes[2] // it begins
			}
			operator(t, s, func(tx store.Tx) error {
				if err := w.write(tx); err != nil {
					return err
				}
				check(tx, w.name)
				is, err := tx.Run(t.Context(), run.ID)
				if err != nil {
					return err
				}
				news, err := tx.StepsWritten(t.Context(), run.ID, knows, is.Writes)
				utc(news)
				for _, s := range news {
					told[s.N] = s
				}
				knows = is.Writes
				return err
			})
			if len(told) != len(steps) {
				t.Fatalf("seed %d, after %s: who watches knows %d of %d steps", seed, w.name, len(told), len(steps))
			}
			for _, s := range steps {
				if !reflect.DeepEqual(told[s.N], s) {
					t.Fatalf("seed %d, after %s: who watches knows %+v, want %+v", seed, w.name, told[s.N], s)
				}
			}
		}
		operator(t, s, func(tx store.Tx) error {
			state := []string{store.RunDone, store.RunFailed}[r.IntN(2)]
			if err := tx.EndRun(t.Context(), run.ID, state, "", nil, now); err != nil {
				return err
			}
			check(tx, state)
			return nil
		})
	}
	kept := parts(t, d)
	if len(kept) < 100 {
		t.Errorf("only %d parts were counted", len(kept))
	}
	text, err := os.ReadFile("migrations/0017_parts.sql")
	_, counts, found := strings.Cut(string(text), "-- What is there already.")
	if err != nil || !found {
		t.Fatal("the migration counts nothing: ", err)
	}
	d.Exec(t, store.OwnerRole, `DELETE FROM run_part; UPDATE run SET waiting = 0, running = 0, done = 0, failed = 0, skipped = 0, customers = 0, ready = 0; --`+counts)
	if again := parts(t, d); !slices.Equal(again, kept) {
		t.Errorf("the migration counts\n%s\nwant\n%s", strings.Join(again, "\n"), strings.Join(kept, "\n"))
	}
}

// parts are how far all runs are, as it is kept.
func parts(t *testing.T, d storetest.Database) []string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), d.URL(store.OwnerRole))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	rows, _ := conn.Query(t.Context(), `
		SELECT run_part::text FROM run_part
		UNION ALL SELECT concat_ws(' ', id, waiting, running, done, failed, skipped, customers, ready) FROM run ORDER BY 1`)
	all, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func ended(s store.Step) bool {
	return slices.Contains([]string{store.StepDone, store.StepFailed, store.StepSkipped}, s.State)
}

func utc(steps []store.Step) {
	for i := range steps {
		for _, at := range []*time.Time{steps[i].Started, steps[i].Ended} {
			if at != nil {
				*at = at.UTC()
			}
		}
	}
}

// TestLastTries: what a later attempt does again, or waits for, is counted once, as it
// is there.
func TestLastTries(t *testing.T) {
	s := storetest.New(t)
	var steps []store.Step
	step := func(customer string, kind plan.Kind, what, state string) {
		st := store.Step{Run: "r", N: len(steps), Customer: customer, Kind: string(kind), What: what, State: state}
		if state == store.StepFailed {
			st.Error = "refused"
		}
		if ended(st) {
			st.Started, st.Ended = new(now), new(now)
		}
		steps = append(steps, st)
	}
	step("", plan.CreateUnit, "Customers-Fintech", store.StepDone)
	step("", plan.AttachPolicy, "landlord-soc2 to Customers-Fintech", store.StepSkipped) // AWS did it, and nobody was told
	step("", plan.AttachPolicy, "landlord-soc2 to Customers-Standard", store.StepSkipped)
	step("acme", plan.CreateAccount, "ACME Finance Inc", store.StepDone)
	step("acme", plan.MoveAccount, "ACME Finance Inc", store.StepFailed)
	step("quantum", plan.CreateAccount, "Quantum Bank Corp", store.StepSkipped)
	step("quantum", plan.MoveAccount, "Quantum Bank Corp", store.StepSkipped)
	step("old", plan.CloseAccount, "Old Inc", store.StepSkipped)
	// taken up
	step("", plan.AttachPolicy, "landlord-soc2 to Customers-Standard", store.StepDone)
	step("quantum", plan.AwaitAccount, "Quantum Bank Corp", store.StepSkipped)
	step("quantum", plan.MoveAccount, "Quantum Bank Corp", store.StepSkipped)
	step("acme", plan.MoveAccount, "ACME Finance Inc", store.StepDone)
	step("old", plan.AwaitClosure, "Old Inc", store.StepRunning)
	// and again
	step("quantum", plan.AwaitAccount, "Quantum Bank Corp", store.StepRunning)
	step("quantum", plan.MoveAccount, "Quantum Bank Corp", store.StepWaiting)
	operator(t, s, func(tx store.Tx) error {
		if err := tx.AddRun(t.Context(), store.Run{ID: "r", Kind: store.RunApply, AskedBy: "test", AskedAt: now}); err != nil {
			return err
		}
		if err := tx.PutSteps(t.Context(), steps); err != nil {
			return err
		}
		p, err := tx.Progress(t.Context(), "r", 10)
		var at []int
		for _, s := range slices.Concat(p.Shared, p.At) {
			at = append(at, s.N)
		}
		if got := fmt.Sprint(p.Steps, p.Done, p.Customers, p.Ready, at); got != "8 4 3 1 [1 0 8 12 13 11]" {
			t.Errorf("it is at %s", got)
		}
		tally, more := tx.Tally(t.Context(), "r")
		if want := map[string]int{store.StepDone: 4, store.StepSkipped: 1, store.StepRunning: 2, store.StepWaiting: 1}; !maps.Equal(tally, want) {
			t.Errorf("of its last tries are %v, want %v (%v)", tally, want, more)
		}
		return err
	})
}

// lastTries are steps without those that were tried again later, one by one.
func lastTries(steps []store.Step) (last []store.Step) {
	type try struct{ customer, kind, what string }
	again := map[try]bool{}
	for _, s := range slices.Backward(steps) {
		is := try{s.Customer, s.Kind, s.What}
		switch plan.Kind(s.Kind) { // what an earlier attempt began is waited for
		case plan.AwaitAccount:
			is.kind = string(plan.CreateAccount)
		case plan.AwaitClosure:
			is.kind = string(plan.CloseAccount)
		}
		if !again[is] {
			last = append(last, s)
		}
		again[is] = true
	}
	slices.Reverse(last)
	return last
}

// counted is Progress, step by step.
func counted(steps []store.Step, done bool, most int) (p store.Progress) {
	class := func(s store.Step) int {
		switch {
		case s.State == store.StepFailed:
			return 0
		case s.State == store.StepRunning && s.Error == "":
			return 1
		case s.State == store.StepRunning || s.State == store.StepWaiting:
			return 2
		case s.State == store.StepSkipped && !done:
			return 3
		}
		return 4
	}
	at := map[string]store.Step{}
	for _, s := range steps {
		p.Steps++
		if class(s) == 4 {
			p.Done++
		}
		if s.Customer == "" {
			p.Shared = append(p.Shared, s)
		} else if is, seen := at[s.Customer]; !seen || class(is) == 4 {
			at[s.Customer] = s
		}
	}
	for _, s := range at {
		p.Customers++
		if class(s) == 4 {
			p.Ready++
		}
		p.At = append(p.At, s)
	}
	slices.SortFunc(p.At, func(a, b store.Step) int {
		return cmp.Or(cmp.Compare(class(a), class(b)), strings.Compare(a.Customer, b.Customer))
	})
	slices.SortStableFunc(p.Shared, func(a, b store.Step) int { return cmp.Compare(class(a), class(b)) })
	p.At, p.Shared = p.At[:min(len(p.At), most)], p.Shared[:min(len(p.Shared), most)]
	if len(p.At) == 0 {
		p.At = nil
	}
	return p
}
