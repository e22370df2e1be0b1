package web

import (
	"net/url"
	"testing"
	"time"
)

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
