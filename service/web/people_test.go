package web

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"landlord/internal/clock"
	"landlord/service/store"
)

// waiting waits until so many of the database's sessions wait for a row of others.
func (h *house) waiting(ctx context.Context, tx store.Tx, n int) {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for {
		var waits int
		if err := tx.QueryRow(ctx, `SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted`).Scan(&waits); err != nil {
			h.t.Fatal(err)
		}
		if waits == n || clock.Real().Sleep(ctx, time.Millisecond) != nil {
			return
		}
	}
}

// owners are the ids of the owners there are.
func (h *house) owners() (ids []string) {
	h.operator(func(ctx context.Context, tx store.Tx) (err error) {
		ids, err = tx.Owners(ctx)
		return err
	})
	return ids
}

// TestOwnersRemoveEachOther: two owners who do that to each other at the same time,
// by removing or by another role, leave one: the second is told.
func TestOwnersRemoveEachOther(t *testing.T) {
	for name, by := range map[string]func(v *visitor, other string) answer{
		"removing": func(v *visitor, other string) answer {
			return v.post("/settings/people/remove", url.Values{"id": {other}})
		},
		"another role": func(v *visitor, other string) answer {
			return v.post("/settings/people/role", url.Values{"id": {other}, "role": {"auditor"}})
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := build(t)
			h.operator(func(ctx context.Context, tx store.Tx) error {
				return tx.PutPerson(ctx, store.Person{ID: "second", Email: "second@msp.example", Role: "owner", CreatedAt: testNow.Add(-time.Hour)})
			})
			first, second := h.signedIn(store.Who{ID: "owner"}), h.signedIn(store.Who{ID: "second"})
			var both sync.WaitGroup
			var got [2]int
			h.operator(func(ctx context.Context, tx store.Tx) error { // holds both, so that both come to wait
				if _, err := tx.Owners(ctx); err != nil {
					return err
				}
				both.Go(func() { got[0] = by(first, "second").status })
				both.Go(func() { got[1] = by(second, "owner").status })
				h.waiting(ctx, tx, 2)
				return nil
			})
			both.Wait()
			slices.Sort(got[:])
			if left := h.owners(); len(left) != 1 || got != [2]int{http.StatusSeeOther, http.StatusForbidden} {
				t.Errorf("answers %v leave the owners %q, want one", got, left)
			}
		})
	}
}

// TestOwnerIsLeft: nobody takes their own ownership away, and who is removed does
// nothing more with a page that is still open.
func TestOwnerIsLeft(t *testing.T) {
	h := build(t)
	owner := h.signedIn(store.Who{ID: "owner"})
	for path, form := range map[string]url.Values{"/settings/people/remove": {"id": {"owner"}}, "/settings/people/role": {"id": {"owner"}, "role": {"auditor"}}} {
		if a := owner.post(path, form); a.status != http.StatusConflict {
			t.Errorf("%s of oneself answers %d", path, a.status)
		}
	}
	if a := owner.post("/settings/people", url.Values{"email": {"owner@msp.example"}, "role": {"auditor"}}); a.status != http.StatusUnprocessableEntity {
		t.Errorf("inviting oneself answers %d", a.status)
	}
	if a := owner.post("/settings/people/role", url.Values{"id": {"nobody"}, "role": {"owner"}}); a.status != http.StatusNotFound {
		t.Errorf("nobody's role answers %d", a.status)
	}
	if a := owner.post("/settings/people/role", url.Values{"id": {"support"}, "role": {"admin"}}); a.status != http.StatusNotFound {
		t.Errorf("a customer's role for an operator answers %d", a.status)
	}
	if left := h.owners(); len(left) != 1 {
		t.Errorf("owners: %q", left)
	}
}

// TestInvitingWhoIsThere: changes nothing, says so, and mails nobody.
func TestInvitingWhoIsThere(t *testing.T) {
	h := build(t)
	h.operator(func(ctx context.Context, tx store.Tx) error {
		return tx.BindMember(ctx, "acme", "member@acme.example", "issuer subject", "member")
	})
	before := h.kept(t)
	admin, support, owner := h.signedIn(store.Who{Customer: "acme", ID: "admin@acme.example"}), h.signedIn(store.Who{ID: "support"}), h.signedIn(store.Who{ID: "owner"})
	member := h.signedIn(store.Who{Customer: "acme", ID: "member@acme.example"})
	h.letters = nil
	after := h.kept(t)
	for name, a := range map[string]answer{
		"a colleague":          admin.post("/portal/people", url.Values{"email": {"Member@acme.example"}, "role": {"admin"}}),
		"one of a customer's":  support.post("/customers/acme/people", url.Values{"email": {"member@acme.example"}, "role": {"admin"}}),
		"an operator as owner": owner.post("/settings/people", url.Values{"email": {"auditor@msp.example"}, "role": {"owner"}}),
	} {
		if a.status != http.StatusUnprocessableEntity || !strings.Contains(a.text(), "Signs in here already, as") {
			t.Errorf("inviting %s answers %d: %s", name, a.status, a.text())
		}
	}
	if now := h.kept(t); now != after || now == before {
		t.Errorf("something was changed:\n%s\nwas\n%s", now, after)
	}
	if err := h.SendLinks(t.Context(), h.clock.Now()); err != nil || len(h.letters) > 0 {
		t.Errorf("letters %v, %v", h.letters, err)
	}
	if left := h.owners(); len(left) != 1 {
		t.Errorf("owners: %q", left)
	}
	if a := member.get("/portal"); a.status != http.StatusOK {
		t.Errorf("the session of who was invited again answers %d", a.status)
	}
}

// TestInvitations: nobody has the house write to more strangers in an hour than
// people invite, be it by one person or for one customer; others go on.
func TestInvitations(t *testing.T) {
	h := build(t)
	h.operator(func(ctx context.Context, tx store.Tx) error {
		for _, n := range []int{2, 3} {
			if err := tx.PutMember(ctx, store.Member{Customer: "acme", Email: fmt.Sprintf("admin%d@acme.example", n), Role: "admin", CreatedAt: testNow}); err != nil {
				return err
			}
		}
		return nil
	})
	invited := 0
	invite := func(v *visitor, to string) int {
		invited++
		return v.post(to, url.Values{"email": {fmt.Sprintf("stranger%d@elsewhere.example", invited)}, "role": {"member"}}).status
	}
	for i, id := range []string{"admin@acme.example", "admin2@acme.example", "admin3@acme.example"} {
		admin := h.signedIn(store.Who{Customer: "acme", ID: id})
		for n := 0; ; n++ {
			status := invite(admin, "/portal/people")
			want := []int{invitedBy.Most, invitedTo.Most - invitedBy.Most, 0}[i]
			if n == want && status != http.StatusTooManyRequests || n < want && status != http.StatusSeeOther {
				t.Fatalf("invitation %d of %s answers %d, want %d before the wait", n+1, id, status, want)
			}
			if n == want {
				break
			}
		}
	}
	if status := invite(h.signedIn(store.Who{ID: "support"}), "/customers/acme/people"); status != http.StatusTooManyRequests {
		t.Errorf("for acme an operator's answers %d", status)
	}
	if status := invite(h.signedIn(store.Who{Customer: "startup", ID: "admin@startup.example"}), "/portal/people"); status != http.StatusSeeOther {
		t.Errorf("another customer's answers %d", status)
	}
	if err := h.SendLinks(t.Context(), h.clock.Now()); err != nil || len(h.letters) != invitedTo.Most+1 {
		t.Errorf("%d letters, %v", len(h.letters), err)
	}
	h.clock.Advance(time.Hour)
	if status := invite(h.signedIn(store.Who{Customer: "acme", ID: "admin@acme.example"}), "/portal/people"); status != http.StatusSeeOther {
		t.Errorf("after the wait: %d", status)
	}
}

// TestRoleIsLowered: it counts at once, in sessions that are open.
func TestRoleIsLowered(t *testing.T) {
	h := build(t)
	owner, engineer, admin := h.signedIn(store.Who{ID: "owner"}), h.signedIn(store.Who{ID: "engineer"}), h.signedIn(store.Who{Customer: "acme", ID: "admin@acme.example"})
	h.operator(func(ctx context.Context, tx store.Tx) error {
		return tx.PutMember(ctx, store.Member{Customer: "acme", Email: "second@acme.example", Role: "admin", CreatedAt: testNow})
	})
	colleague := h.signedIn(store.Who{Customer: "acme", ID: "second@acme.example"})
	owner.post("/settings/people/role", url.Values{"id": {"engineer"}, "role": {"billing"}})
	admin.post("/portal/people/role", url.Values{"email": {"second@acme.example"}, "role": {"member"}})
	for name, a := range map[string]answer{"an engineer who bills now": engineer.post("/runs/none/stop", nil), "an admin who is a member now": colleague.post("/portal/people", url.Values{"email": {"x@acme.example"}, "role": {"member"}})} {
		if a.status != http.StatusForbidden {
			t.Errorf("%s: %d", name, a.status)
		}
	}
	for name, a := range map[string]answer{"an engineer who bills now": engineer.get("/overview"), "an admin who is a member now": colleague.get("/portal")} {
		if a.status != http.StatusOK {
			t.Errorf("%s: %d", name, a.status)
		}
	}
}

// TestStreamEnds: who follows a run and may no more hears nothing more of it, within
// seconds.
func TestStreamEnds(t *testing.T) {
	for name, c := range map[string]struct {
		end  func(h *house, v *visitor)
		cuts bool
	}{
		"nothing happens": {func(*house, *visitor) {}, false},
		"the person signs out": {func(_ *house, v *visitor) {
			v.post("/signout", nil)
		}, true},
		"the person is removed": {func(h *house, _ *visitor) {
			h.signedIn(store.Who{ID: "owner"}).post("/settings/people/remove", url.Values{"id": {"engineer"}})
		}, true},
		"the person has another role": {func(h *house, _ *visitor) {
			h.signedIn(store.Who{ID: "owner"}).post("/settings/people/role", url.Values{"id": {"engineer"}, "role": {"auditor"}})
		}, true},
		"the session expires": {func(h *house, _ *visitor) { h.clock.Advance(sessionLasts) }, true},
	} {
		t.Run(name, func(t *testing.T) {
			h := build(t)
			v := h.signedIn(store.Who{ID: "engineer"})
			v.post("/plan", url.Values{"digest": {"the digest"}})
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			r, err := http.NewRequestWithContext(ctx, http.MethodGet, h.web.URL+"/runs/"+runID+"/events", nil)
			if err != nil {
				t.Fatal(err)
			}
			w, err := v.client.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			defer w.Body.Close()
			lines := make(chan string)
			go func() {
				defer close(lines)
				for s := bufio.NewScanner(w.Body); s.Scan(); {
					lines <- s.Text()
				}
			}()
			if line := <-lines; line != "event: progress" {
				t.Fatalf("the stream begins with %q", line)
			}
			c.end(h, v)
			for range 20 { // looks, some before the stream is at it
				h.clock.Advance(lookAgain)
				_ = clock.Real().Sleep(ctx, 5*time.Millisecond)
			}
			if !c.cuts {
				h.end(store.RunDone, store.StepDone, "", "done")
			}
			var told []string
			for line := range lines {
				told = append(told, line)
			}
			if ctx.Err() != nil {
				t.Fatal("the stream goes on")
			}
			if ended := slices.Contains(told, "event: ended"); ended == c.cuts {
				t.Errorf("the stream told the run's end: %v", ended)
			}
		})
	}
}
