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
			_, again, err := tx.Once(ctx, "ann", "k", hash("request"), now, now.Add(-time.Minute))
			if again {
				t.Errorf("%q: claimed already", key)
			}
			return err
		})
		enter(func(tx store.Tx) error {
			r, again, err := tx.Once(ctx, "ann", "k", hash("request"), now, now.Add(-time.Minute))
			if !again || r.Status != 0 {
				t.Errorf("%q: claimed twice: %+v", key, r)
			}
			return errors.Join(err, tx.Replied(ctx, "ann", "k", store.Reply{Status: 201, Body: []byte("made")}))
		})
		enter(func(tx store.Tx) error {
			r, again, err := tx.Once(ctx, "ann", "k", hash("request"), now, now.Add(-time.Minute))
			if !again || r.Status != 201 || string(r.Body) != "made" {
				t.Errorf("%q: replied %+v", key, r)
			}
			if _, _, err := tx.Once(ctx, "ann", "k", hash("another"), now, now.Add(-time.Minute)); !errors.Is(err, store.ErrTaken) {
				t.Errorf("%q: another request with the key: %v", key, err)
			}
			return err
		})
	}
	operator(t, s, func(tx store.Tx) error { return tx.ForgetReplies(ctx, now.Add(time.Second)) })
	operator(t, s, func(tx store.Tx) error {
		_, again, err := tx.Once(ctx, "ann", "k", hash("another"), now, now.Add(-time.Minute))
		if again {
			t.Error("a forgotten key is still claimed")
		}
		return err
	})
}

// TestClaimOfTheDead: a claim whose process died holds the same request off for as
// long as is said, then one takes it over; an answer is never taken over.
func TestClaimOfTheDead(t *testing.T) {
	s := storetest.New(t)
	ctx := t.Context()
	operator(t, s, func(tx store.Tx) error { return tx.PutCustomer(ctx, acme("acme")) })
	for _, enter := range []func(func(store.Tx) error) error{
		func(fn func(store.Tx) error) error { return s.Operator(ctx, fn) },
		func(fn func(store.Tx) error) error { return s.Customer(ctx, "acme", fn) },
	} {
		claim := func(request string, after time.Duration) (again bool, err error) {
			err = enter(func(tx store.Tx) error {
				at := now.Add(after)
				_, again, err = tx.Once(ctx, "token t", "k", hash(request), at, at.Add(-time.Minute))
				return err
			})
			return again, err
		}
		for _, step := range []struct {
			after time.Duration
			again bool
		}{{0, false}, {59 * time.Second, true}, {time.Minute, false}, {time.Minute + time.Second, true}} {
			if again, err := claim("request", step.after); err != nil || again != step.again {
				t.Errorf("after %s it is claimed already: %v (%v), want %v", step.after, again, err, step.again)
			}
		}
		if _, err := claim("another", time.Hour); !errors.Is(err, store.ErrTaken) {
			t.Errorf("another request takes a claim over: %v", err)
		}
		if err := enter(func(tx store.Tx) error {
			return tx.Replied(ctx, "token t", "k", store.Reply{Status: 201})
		}); err != nil {
			t.Fatal(err)
		}
		if again, err := claim("request", time.Hour); err != nil || !again {
			t.Errorf("an answer is taken over: %v", err)
		}
	}
}
