package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"landlord/org"
	"landlord/portfolio"
)

// TestIndexOfAnotherLook: between reading a look and keeping the index of it
// another run may keep its own. The index is then not taken for that one's.
func TestIndexOfAnotherLook(t *testing.T) {
	t.Setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1") // nobody is asked
	folio, err := portfolio.Parse("five.yaml", []byte(`
provider: {name: MSP, account_email: "aws+{customer}@landlord.example"}
organization: {target: aws, management_account: "111122223333"}
customers: [{key: acme, name: Acme, tier: fintech, contact: a@a.example}]
`))
	if err != nil {
		t.Fatal(err)
	}
	seen := func(name string) org.Organization {
		return org.Organization{ID: "o-1", Root: "r-1", Management: "111122223333", Accounts: []org.Account{{ID: "000000000001", Name: name, State: org.Active, Parent: "r-1"}}}
	}
	p := &program{dir: t.TempDir(), digest: "the file's"}
	here := endpoint(t.Context())
	p.keepLook(folio, here, seen("First"))
	one, head, err := p.look(t.Context(), folio, &worldFlags{}, false)
	if err != nil {
		t.Fatal(err)
	}
	if kept, _, is := p.kept(); !is || !p.current(t.Context(), kept) {
		t.Errorf("the index that a look left is not used: %+v", kept)
	}
	p.keepLook(folio, here, seen("Other"))
	if _, head, err = p.keepIndex(folio, one, head); err != nil {
		t.Fatal(err)
	}
	if kept, _, is := p.kept(); !is || p.current(t.Context(), kept) {
		t.Errorf("the index of one look is used for another: %+v", head)
	}
	if now, _, err := p.look(t.Context(), folio, &worldFlags{}, false); err != nil || now.Accounts[0].Name != "Other" {
		t.Errorf("the last look is %+v, %v", now, err)
	}
	name := filepath.Join(p.dir, lookFile)
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, bytes.Replace(text, []byte("Other"), []byte("Third"), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, is := p.lastLook(here); is {
		t.Error("a look that somebody edited is taken for what AWS said")
	}
	p.keepLook(folio, here, seen("Other"))
	t.Setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:2")
	if _, _, is := p.lastLook(endpoint(t.Context())); is {
		t.Error("the look at one endpoint is taken for one at another")
	}
}

// TestIndexDamaged: whatever becomes of the index that is kept, find answers as
// with the sound one, and keeps a sound one again.
func TestIndexDamaged(t *testing.T) {
	t.Setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1") // nobody is asked
	dir := t.TempDir()
	p := &program{dir: dir, file: filepath.Join(dir, "two.yaml")}
	err := os.WriteFile(p.file, []byte(`
provider: {name: MSP, account_email: "aws+{customer}@landlord.example"}
organization: {target: aws, management_account: "111122223333"}
customers:
  - {key: acme, name: Acme, tier: fintech, contact: a@a.example}
  - {key: other, name: Another, tier: healthcare, contact: o@a.example}
`), 0o600)
	if err != nil {
		t.Fatal(err)
	}
	folio, err := p.load(nil)
	if err != nil {
		t.Fatal(err)
	}
	p.keepLook(folio, endpoint(t.Context()), org.Organization{ID: "o-1", Root: "r-1", Management: "111122223333", Accounts: []org.Account{
		{ID: "111122223333", Name: "Management", State: org.Active, Parent: "r-1"}, {ID: "000000000001", Name: "Acme", Email: "aws+acme@landlord.example", State: org.Active, Parent: "r-1"},
	}})
	name := filepath.Join(dir, indexFile)
	sound, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	answer := func() string {
		ix, head, err := p.index(t.Context(), &worldFlags{}, false)
		if err != nil {
			t.Fatal(err)
		}
		answers := []any{head.Customers, head.Accounts, head.AsOf, head.Target, ix.Words()}
		for _, sought := range []string{"acme", "a", "1", "healthcare"} {
			found, n, err := ix.Find(sought, 0)
			answers = append(answers, found, n, err)
		}
		return fmt.Sprint(answers...)
	}
	want := answer()
	if now, err := os.ReadFile(name); err != nil || !bytes.Equal(now, sound) {
		t.Fatalf("a sound index was made anew: %v", err)
	}
	for at := range sound { // one bit of each byte, the head's too
		text := bytes.Clone(sound)
		text[at] ^= 1
		if err := os.WriteFile(name, text, 0o600); err != nil {
			t.Fatal(err)
		}
		if head, _, is := p.kept(); is {
			t.Fatalf("byte %d is another, and the index is taken for sound: %+v", at, head)
		}
	}
	if err := errors.Join(os.Remove(name), os.Mkdir(name, 0o700)); err != nil {
		t.Fatal(err)
	}
	if got := answer(); got != want {
		t.Errorf("with a folder in the index's place: %s\nwant %s", got, want)
	}
	if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
	for seed := range uint64(100) {
		text := damaged(sound, rand.New(rand.NewPCG(seed, 0)))
		if err := os.WriteFile(name, text, 0o600); err != nil {
			t.Fatal(err)
		}
		if got := answer(); got != want {
			t.Fatalf("seed %d: damaged to %q, it answers %s\nwant %s", seed, text, got, want)
		}
		if now, err := os.ReadFile(name); err != nil || len(now) != len(sound) || bytes.Equal(now, text) != bytes.Equal(sound, text) {
			t.Fatalf("seed %d: damaged to %q, it is kept as %q, %v", seed, text, now, err)
		}
	}
}

// damaged is a text as a disk, an editor or a program that broke off may leave it.
func damaged(sound []byte, r *rand.Rand) []byte {
	text := bytes.Clone(sound)
	for range 1 + r.IntN(3) {
		if len(text) == 0 {
			break
		}
		at := r.IntN(len(text))
		end := at + r.IntN(min(40, len(text)-at)+1)
		if r.IntN(3) == 0 { // the head is a small part of it
			at = r.IntN(min(len(text), 700))
			end = at
		}
		switch r.IntN(6) {
		case 0:
			text[at] ^= 1 << r.IntN(8)
		case 1:
			text[at] = byte(r.IntN(256))
		case 2:
			text = slices.Delete(text, at, max(at, end))
		case 3:
			text = slices.Insert(text, at, slices.Clone(text[at:max(at, end)])...)
		case 4:
			text = text[:at]
		case 5:
			clear(text[at:max(at, end)])
		}
	}
	return text
}

// TestLookOfAnotherRun: a look counts as the one that was just kept only if it saw
// the same; another run may have kept its own.
func TestLookOfAnotherRun(t *testing.T) {
	const here = "http://127.0.0.1:1"
	p := &program{dir: t.TempDir()}
	mine, text := headOf(org.Organization{ID: "o-1"}, here)
	if got := p.asKept(mine); got != mine {
		t.Errorf("no look is kept, and it is %+v", got)
	}
	keep := func(head lookHead, text []byte) {
		line, err := json.Marshal(head)
		if err != nil {
			t.Fatal(err)
		}
		p.keep(lookFile, slices.Concat(line, []byte{'\n'}, text))
	}
	earlier := mine
	earlier.At = mine.At.Add(-time.Minute)
	keep(earlier, text)
	if got := p.asKept(mine); got != earlier {
		t.Errorf("the look that was kept saw the same, and its head is %+v, want %+v", got, earlier)
	}
	keep(headOf(org.Organization{ID: "o-1", Root: "r-1"}, here))
	if got := p.asKept(mine); got != mine {
		t.Errorf("the look of another run is taken for one's own: %+v", got)
	}
}
