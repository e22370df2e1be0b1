package store_test

import (
	"cmp"
	"context"
	"errors"
	"testing"
	"time"

	"landlord/service/store"
	"landlord/service/store/storetest"
)

// TestSignIn: a link signs in once and in time; a session is found by its hash in
// its own customer's scope only, and ends.
func TestSignIn(t *testing.T) {
	s := storetest.New(t)
	ctx := t.Context()
	later := now.Add(time.Hour)
	member := store.Who{Customer: "acme", ID: "ann@acme.example"}
	person := store.Who{ID: "p1"}
	operator(t, s, func(tx store.Tx) error {
		return errors.Join(
			tx.PutCustomer(ctx, acme("acme")), tx.PutCustomer(ctx, acme("globex")),
			tx.PutMember(ctx, store.Member{Customer: "acme", Email: "Ann@acme.example", Name: "Ann", Role: "admin", CreatedAt: now}),
			tx.PutPerson(ctx, store.Person{ID: "p1", Email: "Pia@landlord.example", Name: "Pia", Role: "owner", CreatedAt: now}),
			tx.NewLink(ctx, store.Link{Who: member, Hash: hash("link"), CreatedAt: now, ExpiresAt: later}),
			tx.NewLink(ctx, store.Link{Who: member, Hash: hash("old"), CreatedAt: now, ExpiresAt: now.Add(time.Minute)}),
			tx.NewLink(ctx, store.Link{Who: person, Hash: hash("link"), CreatedAt: now, ExpiresAt: later}),
		)
	})
	scope := func(key string, fn func(store.Tx) error) error {
		if key == "" {
			return s.Operator(ctx, fn)
		}
		return s.Customer(ctx, key, fn)
	}
	for _, who := range []store.Who{member, person} {
		err := scope(who.Customer, func(tx store.Tx) error {
			got, err := tx.UseLink(ctx, who.Customer, hash("link"), now.Add(time.Minute))
			if err != nil || got != who {
				t.Errorf("the link is of %v, %v", got, err)
			}
			return tx.NewSession(ctx, store.Session{Who: who, ID: "s1", Hash: hash("secret"), CreatedAt: now, SeenAt: now, ExpiresAt: later})
		})
		if err != nil {
			t.Fatal(err)
		}
		for name, try := range map[string]func(store.Tx) error{
			"a used link":       func(tx store.Tx) error { _, err := tx.UseLink(ctx, who.Customer, hash("link"), now); return err },
			"an expired link":   func(tx store.Tx) error { _, err := tx.UseLink(ctx, who.Customer, hash("old"), later); return err },
			"an unknown secret": func(tx store.Tx) error { _, err := tx.SessionByHash(ctx, who.Customer, hash("x"), now); return err },
			"an expired session": func(tx store.Tx) error {
				_, err := tx.SessionByHash(ctx, who.Customer, hash("secret"), later)
				return err
			},
		} {
			if err := scope(who.Customer, try); !errors.Is(err, store.ErrNotFound) {
				t.Errorf("%v: %s gave %v", who, name, err)
			}
		}
		err = scope(who.Customer, func(tx store.Tx) error {
			found, err := tx.SessionByHash(ctx, who.Customer, hash("secret"), now)
			if err != nil || found.Who != who {
				t.Errorf("found %+v, %v", found, err)
			}
			if err := tx.SeeSession(ctx, found, now.Add(time.Minute)); err != nil {
				return err
			}
			all, err := tx.Sessions(ctx, who, now)
			if err != nil || len(all) != 1 || !all[0].SeenAt.Equal(now.Add(time.Minute)) {
				t.Errorf("sessions %+v, %v", all, err)
			}
			return tx.EndSession(ctx, who, "s1", now.Add(2*time.Minute))
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := scope(who.Customer, func(tx store.Tx) error {
			_, err := tx.SessionByHash(ctx, who.Customer, hash("secret"), now)
			return err
		}); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("an ended session gave %v", err)
		}
	}
	// Another customer's scope finds none of acme's, even where it is asked for by name.
	err := s.Customer(ctx, "globex", func(tx store.Tx) error {
		if _, err := tx.UseLink(ctx, "acme", hash("old"), now); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("globex used acme's link: %v", err)
		}
		if all, err := tx.Members(ctx, "acme"); err != nil || len(all) > 0 {
			t.Errorf("globex sees %v of acme's people, %v", all, err)
		}
		if _, err := tx.Customer(ctx, "acme"); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("globex sees acme: %v", err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"nobody", "", "ACME", "a\x00b", "acme' OR '1'='1"} {
		if err := s.Customer(ctx, key, func(store.Tx) error { return nil }); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("the scope of %q: %v", key, err)
		}
	}
}

func TestTokens(t *testing.T) {
	s := storetest.New(t)
	ctx := t.Context()
	member := store.Who{Customer: "acme", ID: "ann@acme.example"}
	person := store.Who{ID: "p1"}
	operator(t, s, func(tx store.Tx) error {
		return errors.Join(tx.PutCustomer(ctx, acme("acme")),
			tx.PutMember(ctx, store.Member{Customer: "acme", Email: "ann@acme.example", Name: "Ann", Role: "admin", CreatedAt: now}),
			tx.PutPerson(ctx, store.Person{ID: "p1", Email: "pia@landlord.example", Name: "Pia", Role: "owner", CreatedAt: now}))
	})
	for _, who := range []store.Who{member, person} {
		do := func(tx store.Tx) error {
			token := store.Token{Who: who, ID: "t1", Name: "ci", Hash: hash("t"), Scopes: []string{"read"}, CreatedAt: now, ExpiresAt: now.Add(time.Hour)}
			if err := tx.NewToken(ctx, token); err != nil {
				return err
			}
			got, err := tx.UseToken(ctx, who.Customer, hash("t"), now.Add(time.Minute))
			if err != nil || got.Who != who || got.Scopes[0] != "read" || !got.UsedAt.Equal(now.Add(time.Minute)) {
				t.Errorf("used %+v, %v", got, err)
			}
			if _, err := tx.UseToken(ctx, who.Customer, hash("t"), now.Add(time.Hour)); !errors.Is(err, store.ErrNotFound) {
				t.Errorf("an expired token: %v", err)
			}
			if err := tx.EndToken(ctx, who, "t1", now); err != nil {
				return err
			}
			if _, err := tx.UseToken(ctx, who.Customer, hash("t"), now); !errors.Is(err, store.ErrNotFound) {
				t.Errorf("an ended token: %v", err)
			}
			all, err := tx.Tokens(ctx, who)
			if len(all) > 0 {
				t.Errorf("tokens %+v", all)
			}
			return err
		}
		enter := s.Operator
		if who.Customer != "" {
			enter = func(ctx context.Context, fn func(store.Tx) error) error { return s.Customer(ctx, who.Customer, fn) }
		}
		if err := enter(ctx, do); err != nil {
			t.Fatal(err)
		}
	}
}

// TestRemovedComesBackAnew: nothing that a person signed in by before they were
// disabled is good again, also where it was left open then.
func TestRemovedComesBackAnew(t *testing.T) {
	s := storetest.New(t)
	ctx := t.Context()
	who, later := store.Who{ID: "p1"}, now.Add(time.Hour)
	p := store.Person{ID: "p1", Email: "pia@landlord.example", Name: "Pia", Role: "owner", CreatedAt: now}
	give := func(tx store.Tx, id string) error {
		return errors.Join(
			tx.NewToken(ctx, store.Token{Who: who, ID: id, Name: "ci", Hash: hash(id), Scopes: []string{"read"}, CreatedAt: now, ExpiresAt: later}),
			tx.NewSession(ctx, store.Session{Who: who, ID: id, Hash: hash(id), CreatedAt: now, SeenAt: now, ExpiresAt: later}),
			tx.NewLink(ctx, store.Link{Who: who, Hash: hash(id), CreatedAt: now, ExpiresAt: later}))
	}
	open := func(id string) (open int) {
		operator(t, s, func(tx store.Tx) error {
			_, token := tx.UseToken(ctx, "", hash(id), now)
			_, session := tx.SessionByHash(ctx, "", hash(id), now)
			_, link := tx.UseLink(ctx, "", hash(id), now)
			for _, err := range []error{token, session, link} {
				if err == nil {
					open++
				} else if !errors.Is(err, store.ErrNotFound) {
					return err
				}
			}
			return nil
		})
		return open
	}
	put := func(disabled *time.Time) {
		p.DisabledAt = disabled
		operator(t, s, func(tx store.Tx) error { return tx.PutPerson(ctx, p) })
	}
	put(nil)
	operator(t, s, func(tx store.Tx) error { return errors.Join(give(tx, "first"), give(tx, "kept")) })
	put(nil)
	if n := open("kept"); n != 3 {
		t.Errorf("of somebody who stays %d of 3 are open", n)
	}
	gone := now.Add(time.Minute)
	put(&gone)
	if n := open("first"); n != 0 {
		t.Errorf("of somebody disabled %d are open", n)
	}
	operator(t, s, func(tx store.Tx) error { return give(tx, "left open") })
	put(nil)
	for _, id := range []string{"first", "left open"} {
		if n := open(id); n != 0 {
			t.Errorf("of somebody who comes back %d are open again (%s)", n, id)
		}
	}
	operator(t, s, func(tx store.Tx) error { return give(tx, "new") })
	if n := open("new"); n != 3 {
		t.Errorf("of what is given after it %d of 3 are open", n)
	}
}

// TestTierIsChanged: rows of the framework that a customer had before are the
// operator's alone.
func TestTierIsChanged(t *testing.T) {
	s := storetest.New(t)
	ctx := t.Context()
	operator(t, s, func(tx store.Tx) error {
		c := acme("acme")
		if err := tx.PutCustomer(ctx, c); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `INSERT INTO check_result (customer, framework, id, title, passed, detail, at) VALUES ('acme', 'SOC 2', 'a', 't', true, '', $1), ('acme', 'CIS', 'a', 't', true, '', $1)`, now)
		return err
	})
	for _, framework := range []string{"SOC 2", "CIS"} {
		operator(t, s, func(tx store.Tx) error {
			c := acme("acme")
			c.Framework = framework
			return tx.PutCustomer(ctx, c)
		})
		var seen string
		err := s.Customer(ctx, "acme", func(tx store.Tx) error {
			if tx.Framework != framework {
				t.Errorf("the scope is of %s, want %s", tx.Framework, framework)
			}
			return tx.QueryRow(ctx, `SELECT string_agg(framework, ', ') FROM check_result`).Scan(&seen)
		})
		if err != nil || seen != framework {
			t.Errorf("acme under %s sees %q, %v", framework, seen, err)
		}
	}
}

// TestLastOfTheirRole: of two who remove each other at the same time the second does
// nothing before the first has ended, and is then told that it would leave nobody. Who
// was never there is kept from nothing.
func TestLastOfTheirRole(t *testing.T) {
	s := storetest.New(t)
	ctx := t.Context()
	operator(t, s, func(tx store.Tx) error {
		return errors.Join(tx.PutCustomer(ctx, acme("acme")), tx.PutCustomer(ctx, acme("globex")))
	})
	inAcme := func(ctx context.Context, fn func(store.Tx) error) error { return s.Customer(ctx, "acme", fn) }
	for _, c := range []struct {
		of    string
		last  error
		scope func(context.Context, func(store.Tx) error) error
		keep  func(store.Tx, func() error) error
		put   func(tx store.Tx, id, role string) error
	}{
		{"the house", store.ErrLastOwner, s.Operator, func(tx store.Tx, change func() error) error { return tx.KeepingOwner(ctx, change) }, func(tx store.Tx, id, role string) error {
			return tx.PutPerson(ctx, store.Person{ID: id, Email: id + "@landlord.example", Role: cmp.Or(role, "auditor"), CreatedAt: now})
		}},
		{"a customer", store.ErrLastAdmin, inAcme, func(tx store.Tx, change func() error) error { return tx.KeepingAdmin(ctx, "acme", change) }, func(tx store.Tx, id, role string) error {
			if role == "" {
				return tx.DeleteMember(ctx, "acme", id+"@acme.example")
			}
			return tx.PutMember(ctx, store.Member{Customer: "acme", Email: id + "@acme.example", Role: map[string]string{"owner": "admin"}[role], CreatedAt: now})
		}},
	} {
		if err := c.scope(ctx, func(tx store.Tx) error {
			return c.keep(tx, func() error { return errors.Join(c.put(tx, "one", "owner"), c.put(tx, "two", "owner")) })
		}); err != nil {
			t.Fatalf("the first of %s: %v", c.of, err)
		}
		began, told := make(chan struct{}), make(chan error, 1)
		err := c.scope(ctx, func(tx store.Tx) error {
			return c.keep(tx, func() error {
				go func() {
					told <- c.scope(ctx, func(tx store.Tx) error {
						return c.keep(tx, func() error { close(began); return c.put(tx, "one", "") })
					})
				}()
				operator(t, s, func(watch store.Tx) error { return waits(ctx, watch, began) })
				select {
				case <-began:
					t.Errorf("of %s the second changes something before the first has ended", c.of)
				default:
				}
				return c.put(tx, "two", "")
			})
		})
		if err != nil {
			t.Errorf("of %s the first is told: %v", c.of, err)
		}
		if err := <-told; !errors.Is(err, c.last) {
			t.Errorf("of %s the second is told: %v", c.of, err)
		}
	}
}

// waits returns when a session of the database waits for a row of another, or done is
// closed.
func waits(ctx context.Context, tx store.Tx, done <-chan struct{}) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for {
		var is bool
		if err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)`).Scan(&is); err != nil || is {
			return err
		}
		select {
		case <-done:
			return nil
		default:
		}
	}
}
