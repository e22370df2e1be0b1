package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

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
