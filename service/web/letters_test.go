package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

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
