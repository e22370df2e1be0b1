package store_test

import (
	"errors"
	"testing"
	"time"

	"landlord/service/store"
	"landlord/service/store/storetest"
)

// TestAsk: whoever is signed in or not asks, nobody but the operator's side reads,
// and each is taken once.
func TestAsk(t *testing.T) {
	s := storetest.New(t)
	ctx := t.Context()
	operator(t, s, func(tx store.Tx) error { return tx.PutCustomer(ctx, acme("acme")) })
	ask := func(tx store.Tx) error { return tx.Ask(ctx, "link", []byte(`{"email": "a@b.example"}`), now) }
	if err := errors.Join(s.Nobody(ctx, ask), s.Customer(ctx, "acme", ask)); err != nil {
		t.Fatal(err)
	}
	err := s.Nobody(ctx, func(tx store.Tx) error {
		_, err := tx.TakeAsked(ctx, "", 10, now)
		return err
	})
	if !refused(err) {
		t.Errorf("read by somebody who is not signed in: %v", err)
	}
	for _, want := range [][]string{{"", "acme"}, nil} {
		operator(t, s, func(tx store.Tx) error {
			got, err := tx.TakeAsked(ctx, "link", 10, now.Add(-time.Hour))
			if len(got) != len(want) || len(got) == 2 && (got[0].Customer != want[0] || got[1].Customer != want[1]) {
				t.Errorf("took %+v, want of %q", got, want)
			}
			return err
		})
	}
}

// TestOnce: a key is claimed once; the same request again gets the same reply,
// another request is refused, and a customer's keys are its own.
func TestOnce(t *testing.T) {
	s := storetest.New(t)
	ctx := t.Context()
	operator(t, s, func(tx store.Tx) error {
		return errors.Join(tx.PutCustomer(ctx, acme("acme")), tx.PutCustomer(ctx, acme("globex")))
	})
	for _, key := range []string{"", "acme", "globex"} {
		enter := func(fn func(store.Tx) error) {
			t.Helper()
			err := error(nil)
			if key == "" {
				err = s.Operator(ctx, fn)
			} else {
				err = s.Customer(ctx, key, fn)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		enter(func(tx store.Tx) error {
			_, again, err := tx.Once(ctx, "ann", "k", hash("request"), now)
			if again {
				t.Errorf("%q: claimed already", key)
			}
			return err
		})
		enter(func(tx store.Tx) error {
			r, again, err := tx.Once(ctx, "ann", "k", hash("request"), now)
			if !again || r.Status != 0 {
				t.Errorf("%q: claimed twice: %+v", key, r)
			}
			return errors.Join(err, tx.Replied(ctx, "ann", "k", store.Reply{Status: 201, Body: []byte("made")}))
		})
		enter(func(tx store.Tx) error {
			r, again, err := tx.Once(ctx, "ann", "k", hash("request"), now)
			if !again || r.Status != 201 || string(r.Body) != "made" {
				t.Errorf("%q: replied %+v", key, r)
			}
			if _, _, err := tx.Once(ctx, "ann", "k", hash("another"), now); !errors.Is(err, store.ErrTaken) {
				t.Errorf("%q: another request with the key: %v", key, err)
			}
			return err
		})
	}
	operator(t, s, func(tx store.Tx) error { return tx.ForgetReplies(ctx, now.Add(time.Second)) })
	operator(t, s, func(tx store.Tx) error {
		_, again, err := tx.Once(ctx, "ann", "k", hash("another"), now)
		if again {
			t.Error("a forgotten key is still claimed")
		}
		return err
	})
}
