package control_test

import (
	"strings"
	"testing"
	"time"

	"landlord/org"
	"landlord/portfolio"
	"landlord/service/store"
	"landlord/simaws"
	"landlord/vend/execute"
	"landlord/vend/plan"
)

// customer is a customer as the house knows it, and its checks as its own people read
// them.
func (h *house) customer(t *testing.T, key string) (c store.Customer, reads string) {
	t.Helper()
	err := h.store.Customer(t.Context(), key, func(tx store.Tx) (err error) {
		if c, err = tx.Customer(t.Context(), key); err != nil {
			return err
		}
		checks, err := tx.Checks(t.Context(), key)
		for _, k := range checks {
			reads += k.Title + ": " + k.Detail + "\n"
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return c, c.WaitsFor + "\n" + reads
}

// TestInvitationWaitsForAPerson: of an account that was invited the house says who has
// to do what; once somebody declined, that.
func TestInvitationWaitsForAPerson(t *testing.T) {
	h := begin(t, fresh(t), nil)
	server, err := simaws.New(simaws.Config{Profile: profile(t), Seed: 1, Organization: true, Outside: []simaws.OutsideAccount{{ID: "555566667777", Email: "root@kepler.example", Name: "Kepler"}}})
	if err != nil {
		t.Fatal(err)
	}
	h.aws.server = server
	h.run(t)
	_, run := h.push(t, 0, text(1)+"  - {key: kepler, name: Kepler, tier: standard, contact: k@kepler.example, account: \"555566667777\"}\n")
	h.await(t, run)
	last := time.Now().UTC().AddDate(0, 0, 15).Format(time.DateOnly) // an invitation expires after 15 days
	c, _ := h.customer(t, "kepler")
	for _, want := range []string{"Account 555566667777 was invited", "accepts by " + last, "aws organizations accept-handshake --handshake-id h-"} {
		if c.State != store.Wanted || !strings.Contains(c.WaitsFor, want) {
			t.Errorf("it is %s and waits for %q, without %q", c.State, c.WaitsFor, want)
		}
	}
	if c, _ := h.customer(t, "c0"); c.WaitsFor != "" {
		t.Errorf("who has an account waits for %q", c.WaitsFor)
	}
}

// TestNobodyReadsOfAnother: what a look says of a customer names no other, whatever is
// between them: one's tag on the other's account, an address that is made from another.
func TestNobodyReadsOfAnother(t *testing.T) {
	h := begin(t, fresh(t), nil)
	h.run(t)
	_, run := h.push(t, 0, text(4)) // c1 and c3 are of one tier, c0 and c2 of another
	h.await(t, run)
	w, err := h.reach(t.Context(), &portfolio.Portfolio{})
	if err != nil {
		t.Fatal(err)
	}
	seen, err := w.Observe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	accounts := map[string]org.Account{}
	for _, a := range seen.Accounts {
		accounts[a.Tags[org.TagCustomer]] = a
	}
	tag := func(customer, value string) {
		t.Helper()
		step := plan.Step{Kind: plan.Tag, Target: plan.Ref(accounts[customer].ID), Tags: org.Tags{org.TagCustomer: value}}
		if _, err := w.(world).Do(t.Context(), execute.Call{Operation: step.Kind.Operation(), Step: step}); err != nil {
			t.Fatal(err)
		}
	}
	for _, tags := range []map[string]string{{"c1": "c3"}, {"c1": "c1", "c0": "c2"}, {"c0": "c1", "c1": "c0"}, {"c0": "c0", "c1": "c1", "c2": "gone"}} {
		for customer, value := range tags {
			tag(customer, value)
		}
		run, err := h.Begin(t.Context(), store.RunVerify, "", ada)
		if err != nil {
			t.Fatal(err)
		}
		h.await(t, run)
		for _, key := range []string{"c0", "c1", "c2", "c3"} {
			_, reads := h.customer(t, key)
			for _, other := range []string{"c0", "c1", "c2", "c3"} {
				for _, word := range []string{other, "aws+" + other + "@", "Customer " + other[1:]} {
					if other != key && strings.Contains(reads, word) {
						t.Errorf("with the tags %v %s reads %q: %s", tags, key, word, reads)
					}
				}
			}
		}
	}
}
