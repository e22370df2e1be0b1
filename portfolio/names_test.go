package portfolio

import (
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

func scalarNode(text string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: text, Line: 1, Column: 1}
}

func TestAnAccountsNameIsMadeFromTheCustomers(t *testing.T) {
	for _, c := range []struct{ name, customer, want string }{
		{"plain ASCII stays", "ACME Finance Inc", "ACME Finance Inc"},
		{"accents are stripped", "Crédit Société Zürich", "Credit Societe Zurich"},
		{"wide letters become narrow", "ＡＣＭＥ　Ｉｎｃ", "ACME Inc"},
		{"ligatures come apart", "Oﬃce ﬁnance №5", "Office finance No5"},
		{"what has no ASCII form is dropped, and spaces collapse", "Smith – & 東京 Sons", "Smith & Sons"},
		{"nothing left is the key", "株式会社", "key"},
		{"no letter left is the key", "東京 (株)", "key"},
		{"emoji are dropped", "🚀 Rocket", "Rocket"},
		{"50 characters stay", strings.Repeat("a", 50), strings.Repeat("a", 50)},
		{"51 without a space are cut", strings.Repeat("a", 51), strings.Repeat("a", 50)},
		{"more are cut at a word", "The Honourable Company of Long Names and Sons of Hamburg", "The Honourable Company of Long Names and Sons of"},
		{"a word that ends at 50 stays", strings.Repeat("a", 24) + " " + strings.Repeat("b", 25) + " c", strings.Repeat("a", 24) + " " + strings.Repeat("b", 25)},
	} {
		if got := AccountName(c.customer, "key"); got != c.want {
			t.Errorf("%s: AccountName(%q) is %q, want %q", c.name, c.customer, got, c.want)
		}
	}
}

func TestARootAddressIsMadeFromTheKey(t *testing.T) {
	long := "{customer}@" + strings.Repeat("x", 45) + ".example" // 54 besides the key
	for _, c := range []struct{ name, pattern, key, want string }{
		{"a short key stands in it", "aws+{customer}@landlord.example", "acme", "aws+acme@landlord.example"},
		{"a key that just fits stays", long, "abcdefghij", "abcdefghij@" + strings.Repeat("x", 45) + ".example"},
		{"a longer one is cut and has a hash", long, "abcdefghijk", "a.ca2f2069@" + strings.Repeat("x", 45) + ".example"},
	} {
		if got := AccountEmail(c.pattern, c.key); got != c.want || len(got) > 64 {
			t.Errorf("%s: AccountEmail(%q, %q) is %q of %d characters, want %q", c.name, c.pattern, c.key, got, len(got), c.want)
		}
	}
}

// TestAccountNamesAreToldApart: no two accounts are called the same, also where
// a name is another's with its key.
func TestAccountNamesAreToldApart(t *testing.T) {
	customers := []Customer{{Key: "x", AccountName: "Twin (b)"}, {Key: "b", AccountName: "Twin"}, {Key: "c", AccountName: "Twin"}, {Key: "d", AccountName: "Other"}}
	distinguish(customers)
	seen := map[string]bool{}
	for _, c := range customers {
		if seen[c.AccountName] || !accountNameOK(c.AccountName) {
			t.Errorf("%s is called %q: %+v", c.Key, c.AccountName, customers)
		}
		seen[c.AccountName] = true
	}
	if customers[3].AccountName != "Other" {
		t.Errorf("a name that is nobody else's became %q", customers[3].AccountName)
	}
}
