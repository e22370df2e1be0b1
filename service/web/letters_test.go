package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"landlord/service/mail"
	"landlord/service/store"
)

// TestInvitationThatWaits: an invitation is sent when mail can be, also hours later,
// with a link that works then; a link that somebody asked for and waits for is not.
func TestInvitationThatWaits(t *testing.T) {
	h := build(t)
	if a := h.signedIn(store.Who{ID: "owner"}).post("/customers/acme/people", url.Values{"email": {"new@acme.example"}, "role": {"member"}}); a.status != http.StatusSeeOther {
		t.Fatalf("inviting answers %d: %s", a.status, a.text())
	}
	h.visitor().post("/signin", url.Values{"email": {"engineer@msp.example"}})
	h.clock.Advance(5 * time.Hour)
	if err := h.SendLinks(t.Context(), h.clock.Now()); err != nil || len(h.letters) != 1 || h.letters[0].To != "new@acme.example" {
		t.Fatalf("letters %v, %v", h.letters, err)
	}
	if text := h.letters[0].Text; strings.Contains(text, "msp.example invites") || !strings.HasPrefix(text, "You are invited to sign in to ") {
		t.Errorf("the invitation reads %s", text)
	}
	colleague := h.visitor()
	colleague.post(linkIn.FindString(h.letters[0].Text), nil)
	if a := colleague.get("/portal"); a.status != http.StatusOK {
		t.Errorf("who was invited gets %d", a.status)
	}
}

// TestLetterThatWaits: a letter that its server does not take keeps nobody else's,
// and is tried again later.
func TestLetterThatWaits(t *testing.T) {
	h := build(t)
	h.busy = "owner@msp.example"
	for _, who := range []string{"owner@msp.example", "engineer@msp.example"} {
		h.visitor().post("/signin", url.Values{"email": {who}})
	}
	now := h.clock.Now()
	if err := h.SendLinks(t.Context(), now); err == nil || len(h.letters) != 1 || h.letters[0].To != "engineer@msp.example" {
		t.Fatalf("sent %v, %v; want the engineer's letter and the failure of the owner's", h.letters, err)
	}
	h.busy = ""
	for _, turn := range []struct {
		after time.Duration
		want  int
	}{{4 * time.Second, 1}, {5 * time.Second, 2}, {6 * time.Second, 2}} {
		if err := h.SendLinks(t.Context(), now.Add(turn.after)); err != nil || len(h.letters) != turn.want {
			t.Fatalf("%v later sent %v, %v; want %d letters", turn.after, h.letters, err, turn.want)
		}
	}
}

// TestLetterIsTrue: what a letter leads to is there when the letter is: it goes out
// when the link in it is committed, and not at all if that fails. Whoever dies while
// they send one leaves it to another, later; nobody else sends it meanwhile.
func TestLetterIsTrue(t *testing.T) {
	h := build(t)
	v := h.signedIn(store.Who{ID: "owner"})
	var answers []int
	h.read = func(l mail.Letter) {
		if link := linkIn.FindString(l.Text); link != "" {
			answers = append(answers, h.visitor().post(link, nil).status)
		} else {
			answers = append(answers, h.visitor().post(confirmIn.FindString(l.Text), nil).status)
		}
	}
	v.post("/customers/acme/contacts/ask", url.Values{"email": {"contact@acme.example"}})
	h.visitor().post("/signin", url.Values{"email": {"member@acme.example"}})
	if err := errors.Join(h.SendLinks(t.Context(), h.clock.Now()), h.SendConfirmations(t.Context(), h.clock.Now())); err != nil {
		t.Fatal(err)
	}
	if want := []int{http.StatusSeeOther, http.StatusOK}; !slices.Equal(answers, want) {
		t.Errorf("the links answer who reads at once %v, want %v", answers, want)
	}

	h.letters, h.read = nil, nil
	const refuse = `CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no'; END $$; CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON person_link DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse()`
	h.database.Exec(t, store.OwnerRole, refuse) // at the commit
	h.visitor().post("/signin", url.Values{"email": {"engineer@msp.example"}})
	if err := h.SendLinks(t.Context(), h.clock.Now()); err == nil || len(h.letters) > 0 {
		t.Errorf("with nothing committed the letters are %v, %v", h.letters, err)
	}
	h.database.Exec(t, store.OwnerRole, `DROP TRIGGER refuse ON person_link; DROP FUNCTION refuse`)

	now := h.clock.Now().Add(time.Minute)
	h.read = func(mail.Letter) { panic("killed") }
	func() {
		defer func() { _ = recover() }()
		_ = h.SendLinks(t.Context(), now)
	}()
	h.letters, h.read = nil, nil
	for _, turn := range []struct {
		after time.Duration
		want  int
	}{{0, 0}, {sendingLasts - time.Second, 0}, {sendingLasts, 1}, {2 * sendingLasts, 1}} {
		if err := h.SendLinks(t.Context(), now.Add(turn.after)); err != nil || len(h.letters) != turn.want {
			t.Errorf("%v after one died sending it, there are %d letters, %v; want %d", turn.after, len(h.letters), err, turn.want)
		}
	}
}

// TestSlowMail: a mail server that takes long over letters has nobody get one twice:
// each is one process's to send for as long as it may take, from when its turn comes.
func TestSlowMail(t *testing.T) {
	h := build(t)
	for _, who := range []string{"owner@msp.example", "engineer@msp.example"} {
		h.visitor().post("/signin", url.Values{"email": {who}})
	}
	sent := 0
	h.Mail = func(context.Context, mail.Letter) error {
		if sent++; sent == 1 {
			h.clock.Advance(sendingLasts + time.Second)
		} else if sent == 2 { // another replica looks while the letter is on its way
			if err := h.SendLinks(t.Context(), h.clock.Now()); err != nil {
				t.Error(err)
			}
		}
		return nil
	}
	if err := h.SendLinks(t.Context(), h.clock.Now()); err != nil || sent != 2 {
		t.Errorf("%d letters were sent, %v; want one to each of two", sent, err)
	}
}
