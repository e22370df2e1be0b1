package web

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"landlord/service/oidc/oidctest"
	"landlord/service/store"
)

// TestRoleFollowsGroups: at each sign-in, also in sessions that are open; where no
// group is mapped the role stays as it was invited.
func TestRoleFollowsGroups(t *testing.T) {
	s := buildSSO(t)
	s.is("", eva)
	first := s.visitor()
	if a := s.dance(first, ""); a.status != http.StatusSeeOther {
		t.Fatal(a.status)
	}
	for _, c := range []struct {
		groups []string
		role   string
	}{{[]string{"audit", "owners"}, "owner"}, {[]string{"audit"}, "auditor"}, {[]string{"none", "platform", "audit"}, "engineer"}} {
		who := eva
		who.Groups = c.groups
		s.is("", who)
		if a := s.dance(s.visitor(), ""); a.status != http.StatusSeeOther {
			t.Fatal(a.status)
		}
		if a := first.get("/overview"); !strings.Contains(a.text(), c.role) {
			t.Errorf("in the groups %v an open session is not of %s", c.groups, c.role)
		}
	}
	if a := first.get("/audit"); !strings.Contains(a.text(), "got the role of their groups") {
		t.Error("the audit log does not show that the role changed")
	}
	s.is("startup", oidctest.Person{ID: "m", Email: "member@startup.example", Verified: true, Groups: []string{"it"}})
	v := s.visitor()
	if a := s.dance(v, "startup"); a.status != http.StatusSeeOther {
		t.Fatal(a.status)
	}
	if a := v.post("/portal/people", url.Values{"email": {"x@startup.example"}, "role": {"member"}}); a.status != http.StatusSeeOther {
		t.Errorf("the admin by group cannot invite: %d", a.status)
	}
	s.is("acme", carl)
	w := s.visitor()
	if a := s.dance(w, "acme"); a.status != http.StatusSeeOther {
		t.Fatal(a.status)
	}
	if a := w.post("/portal/people", url.Values{"email": {"x@acme.example"}, "role": {"member"}}); a.status != http.StatusForbidden {
		t.Errorf("a member became more without groups: %d", a.status)
	}
}

// TestGroupsKeepAnOwner: a provider's groups take the role from an owner, and from a
// customer's admin, unless it is the last; that is written down and told.
func TestGroupsKeepAnOwner(t *testing.T) {
	s := buildSSO(t)
	s.operator(func(ctx context.Context, tx store.Tx) error {
		return tx.PutPerson(ctx, store.Person{ID: "second", Email: "second@msp.example", Role: "owner", CreatedAt: testNow})
	})
	s.operator(func(ctx context.Context, tx store.Tx) error {
		return tx.PutMember(ctx, store.Member{Customer: "startup", Email: "second@startup.example", Role: "admin", CreatedAt: testNow})
	})
	for _, c := range []struct {
		customer, domain, first, highest, less, group, page string
	}{{"", "@msp.example", "owner", "owner", "auditor", "audit", "/overview"}, {"startup", "@startup.example", "admin", "admin", "member", "staff", "/portal"}} {
		var in []*visitor
		for i, name := range []string{"second", c.first} {
			want := []string{c.less, c.highest}[i]
			s.is(c.customer, oidctest.Person{ID: name, Email: name + c.domain, Verified: true, Groups: []string{c.group}})
			v := s.visitor()
			if a := s.dance(v, c.customer); a.status != http.StatusSeeOther {
				t.Fatalf("%s%s: %d %s", name, c.domain, a.status, a.text())
			}
			in = append(in, v)
			var role, subject string
			s.operator(func(ctx context.Context, tx store.Tx) error {
				if c.customer == "" {
					p, err := tx.PersonByEmail(ctx, name+c.domain)
					role, subject = p.Role, p.Subject
					return err
				}
				m, err := tx.Member(ctx, c.customer, name+c.domain)
				role, subject = m.Role, m.Subject
				return err
			})
			if role != want || !strings.HasSuffix(subject, " "+name) {
				t.Errorf("%s%s is %s now, bound to %q, want %s", name, c.domain, role, subject, want)
			}
		}
		s.operator(func(ctx context.Context, tx store.Tx) error {
			found, err := tx.Entries(ctx, store.EntryQuery{Action: "role.keep", Actor: c.first + c.domain})
			if err != nil || len(found) != 1 || found[0].Customer != c.customer || !strings.Contains(string(found[0].After.(json.RawMessage)), c.less) {
				t.Errorf("the audit log has of who stays %s: %v, %v", c.highest, found, err)
			}
			return nil
		})
		if text := in[1].get(c.page).text(); !strings.Contains(text, "stayed the last of the role") {
			t.Errorf("nothing tells who stays %s: %s", c.highest, text)
		}
	}
	if !strings.Contains(s.logged.String(), "would leave nobody in the highest role") {
		t.Error("the log does not say so")
	}
}

// TestGroupsAndAnotherOwner: while one owner is removed, a provider's groups do not take
// the role from the other.
func TestGroupsAndAnotherOwner(t *testing.T) {
	s := buildSSO(t)
	s.operator(func(ctx context.Context, tx store.Tx) error {
		return tx.PutPerson(ctx, store.Person{ID: "second", Email: "second@msp.example", Role: "owner", CreatedAt: testNow})
	})
	v := s.visitor()
	s.is("", oidctest.Person{ID: "second", Email: "second@msp.example", Verified: true, Groups: []string{"audit"}})
	back := s.password(v, s.leave(v, ""))
	var comes sync.WaitGroup
	var entered answer
	s.operator(func(ctx context.Context, tx store.Tx) error {
		return tx.KeepingOwner(ctx, func() error {
			comes.Go(func() { entered = v.comeBack(back) })
			s.waiting(ctx, tx, 1)
			return tx.PutPerson(ctx, store.Person{ID: "owner", Email: "owner@msp.example", Role: "auditor", CreatedAt: testNow})
		})
	})
	comes.Wait()
	if left := s.owners(); !slices.Equal(left, []string{"second"}) || entered.status != http.StatusSeeOther {
		t.Errorf("coming in answers %d; the owners left are %q", entered.status, left)
	}
}
