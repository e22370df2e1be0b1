package compliance

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/diff"
)

// kept gives what a state comes to back to a new one, as a store does between two
// imports.
func kept(s *State) *State {
	again := &State{Read: s.Read, First: s.First, Last: s.Last}
	for _, all := range s.names {
		for _, one := range all {
			again.Stands(*one)
		}
	}
	for id, all := range s.changes {
		for _, c := range all {
			again.Changed(Change{id, instant(c.at), c.status})
		}
	}
	return again
}

// TestStateIsHistory checks that what is kept of findings says the same as all of
// them, however they are cut into imports, if these come in the order of time.
func TestStateIsHistory(t *testing.T) {
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 2))
		all := random(r, 1+r.IntN(60))
		for i := range all {
			all[i].Account = "222233334444"
		}
		name := Frameworks()[r.IntN(4)]
		want := posture(t, name, all)
		f, err := Of(name, "")
		if err != nil {
			t.Fatal(err)
		}
		slices.SortStableFunc(all, func(a, b Finding) int { return a.At.Compare(b.At) })
		s := &State{}
		var days []string
		keep := map[spotName]Standing{}
		for rest := all; len(rest) > 0; {
			n := 1 + r.IntN(len(rest))
			for n < len(rest) && rest[n].At.Equal(rest[n-1].At) { // what is of one moment comes at once
				n++
			}
			s = kept(s)
			d := s.Add(rest[:n])
			for _, p := range s.Points(f) {
				days = append(days, p.Day)
			}
			for _, one := range d.Gone {
				delete(keep, spotName{one.Name, spotOf(one.Finding)})
			}
			for _, one := range d.Stands {
				keep[spotName{one.Name, spotOf(one.Finding)}] = one
			}
			rest = rest[n:]
		}
		count := 0
		for name, things := range s.names {
			for k, one := range things {
				count++
				if keep[spotName{name, k}] != *one {
					t.Fatalf("seed %d: a store that follows what Add tells has %v where there is %v", seed, keep[spotName{name, k}], *one)
				}
			}
		}
		if count != len(keep) {
			t.Fatalf("seed %d: a store that follows what Add tells has %d of %d", seed, len(keep), count)
		}
		s = kept(s)
		s.Days(days...)
		got := s.Posture(f)
		// All that ever was is counted; what says nothing is counted as it stands.
		got.Findings, got.Unmapped, got.Elsewhere = want.Findings, want.Unmapped, want.Elsewhere
		for i := range got.Checks { // that something is there no more was seen, and is not kept
			if got.Checks[i].Seen.After(want.Checks[i].Seen) {
				t.Fatalf("seed %d: %s was last seen before it was", seed, got.Checks[i].ID)
			}
			got.Checks[i].Seen = want.Checks[i].Seen
		}
		if got, want := marshal(t, got), marshal(t, want); got != want {
			t.Fatalf("seed %d: what is kept says another thing of %s:\n%s", seed, name, diff.Diff("kept", []byte(got), "found", []byte(want)))
		}
	}
}

type spotName struct {
	name string
	spot
}

// TestLateFindings checks that what is older than what is known changes nothing of
// it, and nothing that was.
func TestLateFindings(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 3))
		all := random(r, 60)
		s := &State{}
		s.Add(all[:30])
		before := kept(s)
		s.Add(all[30:])
		for name, things := range before.names {
			for k, old := range things {
				if now := s.names[name][k]; now != nil && now.At.Before(old.At) {
					t.Fatalf("seed %d: %v came after %v", seed, *now, *old)
				}
			}
		}
		for id, old := range before.changes {
			now := s.changes[id]
			if len(now) < len(old)-1 || !slices.Equal(old[:len(old)-1], now[:len(old)-1]) {
				t.Fatalf("seed %d: the history of %s was %v and is %v", seed, id, old, now)
			}
			if !slices.IsSortedFunc(now, func(a, b change) int { return int(a.at - b.at) }) {
				t.Fatalf("seed %d: the history of %s goes back: %v", seed, id, now)
			}
		}
	}
}

// TestLateRun checks that a run that looked at everything brings nothing back that a
// later one did not find.
func TestLateRun(t *testing.T) {
	var s State
	kept := Finding{Name: "s3.versioning", Account: "222233334444", Resource: "kept", Status: Pass, At: start.Add(time.Hour), Method: ByCalls, Whole: true, Hash: "00"}
	gone := kept
	gone.Resource, gone.Status, gone.At = "deleted", Fail, start
	s.Add([]Finding{kept})
	if d := s.Add([]Finding{gone}); len(d.Stands) != 0 {
		t.Errorf("a run of before brought back %+v", d.Stands)
	}
}

// TestAccountsOfOneCustomer checks that a run in one account says nothing of another.
func TestAccountsOfOneCustomer(t *testing.T) {
	var s State
	one := Finding{Name: "s3.versioning", Account: "222233334444", Resource: "bucket", Status: Fail, At: start, Method: ByCalls, Whole: true, Hash: "00"}
	other := one
	other.Account, other.Status, other.At = "555566667777", Pass, start.Add(time.Hour)
	s.Add([]Finding{one})
	s.Add([]Finding{other})
	if _, now, _ := s.sweep(Named("s3.versioning")[0]); len(now) != 2 {
		t.Errorf("%d things stand, want one in each account", len(now))
	}
}

// TestOfFrameworks names some by hand.
func TestOfFrameworks(t *testing.T) {
	for name, want := range map[string][]string{"IAM.4": {"SOC 2", "HIPAA", "FedRAMP", "CIS"}, "nobody_knows": {}} {
		if got := OfFrameworks(name); !slices.Equal(got, want) {
			t.Errorf("%s touches %q, want %q", name, got, want)
		}
	}
}
