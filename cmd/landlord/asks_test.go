package main

import (
	"slices"
	"testing"

	"landlord/org"
	"landlord/portfolio"
)

// TestAsksOfWhomItSuspends: what is attached to the account of a customer who is
// to be suspended is read, wherever it is, so that a full one is told before.
func TestAsksOfWhomItSuspends(t *testing.T) {
	folio, err := portfolio.Parse("test.yaml", []byte(`
provider: {name: MSP, account_email: "aws+{customer}@a.example"}
organization: {target: simulated, management_account: "111122223333"}
customers:
  - {key: acme, name: Acme, tier: fintech, contact: a@a.example}
  - {key: other, name: Other, tier: fintech, contact: b@b.example}
`))
	if err != nil {
		t.Fatal(err)
	}
	seen := org.Organization{ID: "o-1", Root: "r-1", Management: "111122223333", SCPs: true, Accounts: []org.Account{
		{ID: "111122223333", State: org.Active, Parent: "r-1"},
		{ID: "000000000001", Name: "Acme", Email: "aws+acme@a.example", State: org.Active, Parent: "r-1"},
		{ID: "000000000002", Name: "Other", Email: "aws+other@a.example", State: org.Active, Parent: "r-1"},
	}}
	f := &worldFlags{suspends: []string{"acme", "nobody"}}
	if q := f.asks(folio)(seen); !slices.Equal(q.Slots, []org.AccountID{"000000000001"}) {
		t.Errorf("the policies of %v are read, want acme's", q.Slots)
	}
}
