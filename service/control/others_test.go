package control

import (
	"testing"

	"landlord/directory"
	"landlord/org"
	"landlord/vend/blueprint"
)

// TestWhoseWords: each that tells whose a word is does so where no other does.
func TestWhoseWords(t *testing.T) {
	customer := func(key string, formerly ...string) blueprint.Customer {
		return blueprint.Customer{Customer: directory.Customer{Key: key, Formerly: formerly, Email: "aws+" + key + "@landlord.example"}}
	}
	want := blueprint.Blueprint{Customers: []blueprint.Customer{customer("acme"), customer("quantum", "qbank"), customer("medi")}}
	own := directory.Ownership{Of: map[string]org.Account{"medi": {ID: "111111111111", Email: "root@medi.example"}}}
	seen := org.Organization{Accounts: []org.Account{
		{ID: "222222222222", Email: "root@gone.example", Tags: org.Tags{org.TagCustomer: "gone"}},
		{ID: "333333333333", Email: "root@q.example", Tags: org.Tags{org.TagCustomer: "qbank"}},
	}}
	o := othersOf(want, seen, own)
	for _, tt := range []struct {
		of, text, whose string
	}{
		{"a key", "tagged quantum.", "quantum"}, // who has no account yet
		{"an address made from a key", "not AWS+quantum@landlord.example", "quantum"},
		{"a former key", "tagged landlord:customer=qbank", "quantum"},
		{"an account that is a customer's", "account 111111111111", "medi"}, // though it has no tag
		{"its address", "(root@medi.example)", "medi"},
		{"a tag of who is not in the file", "tagged \"gone\"", "gone"},
		{"an account with that tag", "account 222222222222,", "gone"},
		{"its address", "root@gone.example", "gone"},
		{"an account with a former key as its tag", "account 333333333333", "quantum"},
	} {
		if !o.names(tt.text, "acme") {
			t.Errorf("%s: acme reads %q", tt.of, tt.text)
		}
		if o.names(tt.text, tt.whose) {
			t.Errorf("%s: %s may not read %q of itself", tt.of, tt.whose, tt.text)
		}
	}
	if text := "account 999999999999 has no tag and is in the root"; o.names(text, "acme") {
		t.Errorf("nobody is named in %q", text)
	}
}
