package store_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"landlord/service/store"
	"landlord/service/store/storetest"
)

// TestAsk: whoever is signed in or not asks, nobody but the operator's side reads,
// and each is one's to do, until it is done or put off, or its time is over.
func TestAsk(t *testing.T) {
	s := storetest.New(t)
	ctx := t.Context()
	operator(t, s, func(tx store.Tx) error { return tx.PutCustomer(ctx, acme("acme")) })
	ask := func(tx store.Tx) error { return tx.Ask(ctx, "link", []byte(`{"email": "a@b.example"}`), now) }
	if err := errors.Join(s.Nobody(ctx, ask), s.Customer(ctx, "acme", ask)); err != nil {
		t.Fatal(err)
	}
	err := s.Nobody(ctx, func(tx store.Tx) error {
		_, err := tx.ClaimAsked(ctx, "link", now, now.Add(time.Minute))
		return err
	})
	if !refused(err) {
		t.Errorf("read by somebody who is not signed in: %v", err)
	}
	first := now.Add(-time.Hour) // whose clock is behind
	var ids []int64
	claim := func(at time.Time, want string) {
		t.Helper()
		operator(t, s, func(tx store.Tx) error {
			got, err := tx.ClaimAsked(ctx, "link", at, at.Add(time.Minute))
			if want == "none" != errors.Is(err, store.ErrNotFound) || err == nil && got.Customer != want {
				t.Errorf("at %v %+v is claimed, %v; want that of %q", at, got, err, want)
			}
			ids = append(ids, got.ID)
			if errors.Is(err, store.ErrNotFound) {
				err = nil
			}
			return err
		})
	}
	claim(first, "")
	claim(first, "acme")
	claim(first, "none") // each is somebody's
	operator(t, s, func(tx store.Tx) error { return tx.AskedDone(ctx, ids[0], first) })
	claim(first.Add(59*time.Second), "none")
	claim(first.Add(time.Minute), "acme") // whoever had it is dead
	operator(t, s, func(tx store.Tx) error { return tx.AskedLater(ctx, ids[1], first.Add(time.Minute)) })
	claim(first.Add(64*time.Second), "none")
	claim(first.Add(65*time.Second), "acme")
	operator(t, s, func(tx store.Tx) error { return tx.AskedDone(ctx, ids[1], first) })
	claim(now, "none")
}

// TestOnce: a key is claimed once; the same request again gets the same reply,
// another request is refused, and a customer's keys are its own.
func TestOnce(t *testing.T) {
	s := storetest.New(t)
	ctx := t.Context()
	operator(t, s, func(tx store.Tx) error {
		return errors.Join(tx.PutCustomer(ctx, acme("acme")), tx.PutCustomer(ctx, acme("globex")))
	})
	ann := store.Claim{Actor: "ann", Key: "k", At: now}
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
			_, again, err := tx.Once(ctx, ann, hash("request"), now.Add(-time.Minute))
			if again {
				t.Errorf("%q: claimed already", key)
			}
			return err
		})
		enter(func(tx store.Tx) error {
			r, again, err := tx.Once(ctx, ann, hash("request"), now.Add(-time.Minute))
			if !again || r.Status != 0 {
				t.Errorf("%q: claimed twice: %+v", key, r)
			}
			return errors.Join(err, tx.Replied(ctx, ann, store.Reply{Status: 201, Body: []byte("made")}))
		})
		enter(func(tx store.Tx) error {
			r, again, err := tx.Once(ctx, ann, hash("request"), now.Add(-time.Minute))
			if !again || r.Status != 201 || string(r.Body) != "made" {
				t.Errorf("%q: replied %+v", key, r)
			}
			if _, _, err := tx.Once(ctx, ann, hash("another"), now.Add(-time.Minute)); !errors.Is(err, store.ErrTaken) {
				t.Errorf("%q: another request with the key: %v", key, err)
			}
			return err
		})
	}
	operator(t, s, func(tx store.Tx) error { return tx.ForgetReplies(ctx, now.Add(time.Second)) })
	operator(t, s, func(tx store.Tx) error {
		_, again, err := tx.Once(ctx, ann, hash("another"), now.Add(-time.Minute))
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
				_, again, err = tx.Once(ctx, store.Claim{Actor: "token t", Key: "k", At: at}, hash(request), at.Add(-time.Minute))
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
		reply := func(after time.Duration) error {
			return enter(func(tx store.Tx) error {
				return tx.Replied(ctx, store.Claim{Actor: "token t", Key: "k", At: now.Add(after)}, store.Reply{Status: 201})
			})
		}
		// Who was taken for dead and was not comes too late.
		if err := reply(0); !errors.Is(err, store.ErrTakenOver) {
			t.Errorf("the first of two answers: %v", err)
		}
		if err := enter(func(tx store.Tx) error {
			return tx.ForgetReply(ctx, store.Claim{Actor: "token t", Key: "k", At: now})
		}); err != nil {
			t.Fatal(err)
		}
		if again, err := claim("request", time.Minute+2*time.Second); err != nil || !again {
			t.Errorf("the first of two gives the other's claim back: %v", err)
		}
		if err := reply(time.Minute); err != nil {
			t.Fatal(err)
		}
		if again, err := claim("request", time.Hour); err != nil || !again {
			t.Errorf("an answer is taken over: %v", err)
		}
	}
}

// TestDoneByOneOfTwo: of two that have the same request, one taken for dead and one
// that took over, one does it, whichever commits first.
func TestDoneByOneOfTwo(t *testing.T) {
	s := storetest.New(t)
	ctx := t.Context()
	first, second := store.Claim{Actor: "token t", Key: "k", At: now}, store.Claim{Actor: "token t", Key: "k", At: now.Add(time.Minute)}
	claim := func(c store.Claim) (again bool) {
		operator(t, s, func(tx store.Tx) (err error) {
			_, again, err = tx.Once(ctx, c, hash("request"), c.At.Add(-time.Minute))
			return err
		})
		return again
	}
	do := func(c store.Claim, key string, during func()) error {
		return s.Operator(ctx, func(tx store.Tx) error {
			if err := tx.Replied(ctx, c, store.Reply{Status: 409}); err != nil {
				return err
			}
			during()
			return tx.PutCustomer(ctx, acme(key))
		})
	}
	claim(first)
	taken := make(chan bool, 1)
	if err := do(first, "acme", func() { go func() { taken <- claim(second) }() }); err != nil {
		t.Fatal(err)
	}
	if again := <-taken; !again {
		t.Error("what was being done was taken over")
	}
	operator(t, s, func(tx store.Tx) error { return tx.ForgetReplies(ctx, now.Add(time.Hour)) })
	claim(first)
	if claim(second) {
		t.Fatal("the dead one's request is not taken over")
	}
	if err := do(first, "globex", func() {}); !errors.Is(err, store.ErrTakenOver) {
		t.Errorf("the first does it after all: %v", err)
	}
	if err := do(second, "initech", func() {}); err != nil {
		t.Error(err)
	}
	operator(t, s, func(tx store.Tx) error {
		all, err := tx.Customers(ctx)
		if len(all) != 2 || all["globex"].Key != "" {
			t.Errorf("there are %v", all)
		}
		return err
	})
}

// TestSecretsOfOldAnswers: what an older build kept with a token's secret is removed.
func TestSecretsOfOldAnswers(t *testing.T) {
	d := storetest.Fresh(t)
	s := d.Open(t)
	ctx := t.Context()
	for key, body := range map[string]string{"op": `{"token":"landlord_op_SECRET"}`, "cu": `{"token":"landlord_cu_acme.SECRET"}`, "run": `{"run":"r"}`} {
		operator(t, s, func(tx store.Tx) error {
			c := store.Claim{Actor: "token t", Key: key, At: now}
			if _, _, err := tx.Once(ctx, c, hash("request"), now.Add(-time.Minute)); err != nil {
				return err
			}
			return tx.Replied(ctx, c, store.Reply{Status: 201, Body: []byte(body)})
		})
	}
	files, err := filepath.Glob("migrations/*_secrets.sql")
	if err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	sql, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	d.Exec(t, store.OwnerRole, string(sql))
	operator(t, s, func(tx store.Tx) error {
		var left []string
		err := tx.QueryRow(ctx, `SELECT array_agg(key) FROM idempotency`).Scan(&left)
		if len(left) != 1 || left[0] != "run" {
			t.Errorf("kept are the answers %q", left)
		}
		return err
	})
}
