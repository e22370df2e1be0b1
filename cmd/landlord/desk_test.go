package main

import (
	"encoding/json"
	"net"
	"os/exec"
	"strings"
	"testing"

	"github.com/emersion/go-smtp"

	"landlord/service/store"
)

// TestSupport: a mail that a replica takes is a ticket on the command line; what is
// nobody's is assigned there, and a ticket answered and closed.
func TestSupport(t *testing.T) {
	t.Parallel()
	f := newFleet(t, nil)
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	in := free.Addr().String()
	free.Close()
	r := f.serve("--smtp-in", in, "--support-address", "support@landlord.example")
	if came := f.until(f.push(r, `"0"`, 3), over); came.State != store.RunDone {
		t.Fatalf("the push came to %+v", came)
	}
	c, err := smtp.Dial(in)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.SendMail("a@stranger.example", []string{"support@landlord.example"}, strings.NewReader("From: a@stranger.example\r\nSubject: Hello\r\nMessage-ID: <1@s>\r\n\r\nIt is broken.\r\n")); err != nil {
		t.Fatal(err)
	}
	landlord := func(args ...string) string {
		t.Helper()
		c := exec.Command("landlord", append([]string{"support"}, args...)...)
		c.Dir, c.Env = t.TempDir(), append(f.env, "XDG_CONFIG_HOME="+t.TempDir(), "LANDLORD_TOKEN="+f.token, "LANDLORD_SERVER="+r.base.String())
		text, err := c.CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v\n%s", args, err, text)
		}
		return string(text)
	}
	var inbox struct {
		Tickets []remoteTicket `json:"tickets"`
		Queue   []remoteMail   `json:"queue"`
	}
	for len(inbox.Queue) == 0 && t.Context().Err() == nil { // until a loop's turn
		if err := json.Unmarshal([]byte(landlord("inbox", "--json")), &inbox); err != nil {
			t.Fatal(err)
		}
	}
	said := landlord("assign", "1", "c1", "--contact")
	if err := json.Unmarshal([]byte(landlord("inbox", "--json")), &inbox); err != nil || len(inbox.Tickets) != 1 || len(inbox.Queue) != 0 {
		t.Fatalf("after %s: %+v, %v", said, inbox, err)
	}
	id := inbox.Tickets[0].ID
	landlord("reply", "c1", id, "--text", "We look.")
	landlord("reply", "c1", id, "--note", "--text", "The cache.")
	landlord("close", "c1", id, "--cause", "cache")
	for _, want := range []string{id + " of c1, resolved, asked by a@stranger.example", "It is broken.", "We look.", "not told to the customer\nThe cache."} {
		if got := landlord("show", "c1", id); !strings.Contains(got, want) {
			t.Errorf("show lacks %q:\n%s", want, got)
		}
	}
}
