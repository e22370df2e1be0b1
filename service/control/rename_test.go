package control_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"landlord/service/control"
	"landlord/service/store"
	"landlord/vend/plan"
)

// TestRename: a customer whose key changes keeps its account, people, contacts,
// domains and history, for itself and for operators; what carries the old key ends,
// and nobody else gets it.
func TestRename(t *testing.T) {
	h := begin(t, fresh(t), nil)
	h.run(t)
	_, run := h.push(t, 0, text(3))
	h.await(t, run)
	at := time.Now().UTC().Truncate(time.Second)
	who := store.Who{Customer: "c0", ID: "eve@c0.example"}
	operator := func(do func(store.Tx) error) {
		t.Helper()
		if err := h.store.Operator(t.Context(), do); err != nil {
			t.Fatal(err)
		}
	}
	var old store.Customer
	operator(func(tx store.Tx) (err error) {
		old, err = tx.Customer(t.Context(), "c0")
		return errors.Join(err,
			tx.PutMember(t.Context(), store.Member{Customer: "c0", Email: who.ID, Role: "admin", CreatedAt: at}),
			tx.PutDomain(t.Context(), store.Domain{Customer: "c0", Name: "c0.example", VerifiedAt: &at}),
			tx.NewToken(t.Context(), store.Token{Who: who, ID: "token", Name: "CI", Hash: make([]byte, 32), Scopes: []string{"own"}, CreatedAt: at, ExpiresAt: at.Add(time.Hour)}),
		)
	})
	renamed := strings.Replace(text(3), "key: c0,", "key: zero, formerly: [c0],", 1)
	_, run = h.push(t, 1, renamed)
	operator(func(tx store.Tx) error { // before AWS knows of it
		c, err := tx.Customer(t.Context(), "zero")
		if err != nil || c.Account != old.Account || c.State != store.Active || c.Name != old.Name {
			t.Errorf("the customer is %+v, %v", c, err)
		}
		if _, err := tx.Customer(t.Context(), "c0"); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("the customer is there by its old key too: %v", err)
		}
		contacts, err1 := tx.Contacts(t.Context(), "zero")
		domains, err2 := tx.Domains(t.Context(), "zero")
		steps, err3 := tx.StepsOf(t.Context(), "zero", 100)
		entries, err4 := tx.Entries(t.Context(), store.EntryQuery{Customer: "zero"})
		if len(contacts) != 1 || len(domains) != 1 || domains[0].VerifiedAt == nil || len(steps) == 0 {
			t.Errorf("contacts %v, domains %v, %d steps", contacts, domains, len(steps))
		}
		if !slices.ContainsFunc(entries, func(e store.Entry) bool { return e.Action == "account.create" && e.Customer == "c0" }) || !slices.ContainsFunc(entries, func(e store.Entry) bool { return e.Action == "customer.rename" }) {
			t.Errorf("operators read %+v", entries)
		}
		return errors.Join(err1, err2, err3, err4)
	})
	read := func(key string) (actions []string) {
		t.Helper()
		err := h.store.Customer(t.Context(), key, func(tx store.Tx) error {
			for _, customer := range []string{key, ""} { // a handler that forgets to say whose, too
				found, err := tx.Entries(t.Context(), store.EntryQuery{Customer: customer})
				if err != nil {
					return err
				}
				for _, e := range found {
					actions = append(actions, e.Customer+" "+e.Action)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return actions
	}
	if got := read("zero"); !slices.Contains(got, "c0 account.create") || !slices.Contains(got, "zero customer.rename") {
		t.Errorf("its people read %q", got)
	}
	for _, a := range read("c1") {
		if !strings.HasPrefix(a, "c1 ") {
			t.Errorf("another customer reads %q", a)
		}
	}
	err := h.store.Customer(t.Context(), "zero", func(tx store.Tx) error {
		if _, err := tx.UseToken(t.Context(), "zero", make([]byte, 32), at.Add(time.Minute)); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("the token goes on: %v", err)
		}
		m, err := tx.Members(t.Context(), "zero")
		if len(m) != 1 || m[0].Email != who.ID {
			t.Errorf("its people are %+v", m)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if last := h.await(t, run); last.Run.State != store.RunDone || h.accounts(t) != 3 {
		t.Errorf("with %d accounts the run came to %+v", h.accounts(t), last.Run)
	}

	_, _, err = h.Push(t.Context(), control.Change{Text: strings.Replace(renamed, "formerly: [c0], ", "", 1) + "  - {key: c0, name: Another, tier: standard, contact: x@another.example}\n", Base: 2, By: ada})
	if conflict, is := errors.AsType[*plan.Conflict](err); !is || !strings.Contains(conflict.Error(), "the key was that of zero") {
		t.Errorf("somebody else gets the old key: %v", err)
	}
	_, run = h.push(t, 2, strings.Replace(text(3), "key: c0,", "key: c0, formerly: [zero],", 1)) // and back
	if last := h.await(t, run); last.Run.State != store.RunDone || h.accounts(t) != 3 || !slices.Contains(read("c0"), "zero customer.rename") {
		t.Errorf("back again the run came to %+v, and its people read %q", last.Run, read("c0"))
	}
}
