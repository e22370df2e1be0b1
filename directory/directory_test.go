package directory

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"landlord/org"
)

// FuzzOwners: whatever tags, addresses and claims there are, no account is two
// customers', a customer has an account or a conflict or neither but never two,
// every account that is tagged for nobody in the file is an orphan, and the
// order in which accounts were read decides nothing.
func FuzzOwners(f *testing.F) {
	for seed := range uint64(300) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		r := rand.New(rand.NewPCG(seed, 0))
		key := func() string { return fmt.Sprintf("c%d", r.IntN(6)) }
		email := func() string { return fmt.Sprintf("aws+c%d@x.example", r.IntN(6)) }
		id := func() org.AccountID { return org.AccountID(fmt.Sprintf("%012d", r.IntN(8))) }
		seen := org.Organization{Management: "000000000000"}
		for i := range r.IntN(8) {
			a := org.Account{ID: org.AccountID(fmt.Sprintf("%012d", i)), Email: email(), State: org.Active}
			if r.IntN(2) == 0 {
				a.Tags = org.Tags{org.TagCustomer: key()}
			}
			if r.IntN(6) == 0 {
				a.State = org.Closed
			}
			seen.Accounts = append(seen.Accounts, a)
		}
		var customers []Customer
		for i := range r.IntN(5) {
			c := Customer{Key: fmt.Sprintf("c%d", i), Email: fmt.Sprintf("aws+c%d@x.example", i)}
			if r.IntN(3) == 0 {
				c.Account = id()
			}
			if r.IntN(4) == 0 {
				c.Formerly = []string{"c5"}
			}
			customers = append(customers, c)
		}
		own := Owners(customers, []string{"c4"}, seen)

		owner := map[org.AccountID]string{}
		for _, k := range slices.Sorted(maps.Keys(own.Of)) {
			a := own.Of[k]
			if other, twice := owner[a.ID]; twice {
				t.Errorf("seed %d: account %s is %s's and %s's", seed, a.ID, other, k)
			}
			owner[a.ID] = k
			if a.Gone() || a.ID == seen.Management {
				t.Errorf("seed %d: %s has account %s, which is %s", seed, k, a.ID, a.State)
			}
			if slices.ContainsFunc(own.Conflicts, func(c Conflict) bool { return c.Customer == k }) {
				t.Errorf("seed %d: %s has both an account and a conflict", seed, k)
			}
		}
		for _, a := range own.Orphans {
			tag := a.Tags[org.TagCustomer]
			if tag == "" || tag == "c4" || slices.ContainsFunc(customers, func(c Customer) bool { return c.Key == tag || slices.Contains(c.Formerly, tag) }) {
				t.Errorf("seed %d: account %s, tagged %q, is no orphan", seed, a.ID, tag)
			}
		}
		shuffled := seen
		shuffled.Accounts = slices.Clone(seen.Accounts)
		r.Shuffle(len(shuffled.Accounts), func(i, j int) {
			shuffled.Accounts[i], shuffled.Accounts[j] = shuffled.Accounts[j], shuffled.Accounts[i]
		})
		again := Owners(customers, []string{"c4"}, shuffled)
		if len(again.Conflicts) != len(own.Conflicts) || len(again.Of) != len(own.Of) || len(again.Orphans) != len(own.Orphans) {
			t.Errorf("seed %d: another order of accounts gives %+v, not %+v", seed, again, own)
		}
		for k, a := range own.Of {
			if again.Of[k].ID != a.ID {
				t.Errorf("seed %d: another order of accounts gives %s to %s, not %s", seed, again.Of[k].ID, k, a.ID)
			}
		}
	})
}
