package store_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"landlord/service/control"
	"landlord/service/store"
	"landlord/service/store/storetest"
)

// TestProgress: what PostgreSQL folds of a run's steps is what counting them one by
// one comes to, for runs of several attempts, done and not.
func TestProgress(t *testing.T) {
	s := storetest.New(t)
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 0))
		run := store.Run{ID: fmt.Sprint("run", seed), Kind: store.RunVerify, AskedBy: "test", AskedAt: now, State: []string{store.RunRunning, store.RunDone}[r.IntN(2)]}
		var steps []store.Step
		for n := range r.IntN(60) {
			customer := []string{"", "acme", "b-2", "b1", "zed"}[r.IntN(5)]
			st := store.Step{Run: run.ID, N: n, Customer: customer, Kind: []string{"create-account", "await-account", "move-account", "await-closure", "close-account"}[r.IntN(5)],
				What: customer + fmt.Sprint(r.IntN(2)), State: []string{"waiting", "running", "done", "failed", "skipped"}[r.IntN(5)], Attempts: r.IntN(3)}
			if st.State == store.StepFailed || r.IntN(3) == 0 {
				st.Error = "refused"
			}
			if slices.Contains([]string{"done", "failed", "skipped"}, st.State) {
				st.Started, st.Ended = new(now), new(now.Add(time.Second))
			}
			steps = append(steps, st)
		}
		const most = 3
		var got store.Progress
		if err := s.Operator(t.Context(), func(tx store.Tx) error {
			if err := tx.AddRun(t.Context(), run); err != nil {
				return err
			}
			if err := tx.PutSteps(t.Context(), steps); err != nil {
				return err
			}
			var err error
			got, err = tx.Progress(t.Context(), run, most)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		want := counted(control.LastTries(steps), run.State == store.RunDone, most)
		for _, list := range [][]store.Step{got.At, got.Shared} {
			for i := range list {
				for _, at := range []*time.Time{list[i].Started, list[i].Ended} {
					if at != nil {
						*at = at.UTC()
					}
				}
			}
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("seed %d: %v\ncome to %+v\nwant    %+v", seed, steps, got, want)
		}
	}
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
