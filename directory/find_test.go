package directory_test

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"landlord/directory"
	"landlord/org"
)

func index(t testing.TB, entries ...directory.Entry) directory.Index {
	t.Helper()
	ix, err := directory.NewIndex(entries)
	if err != nil {
		t.Fatal(err)
	}
	return ix
}

func TestFind(t *testing.T) {
	ix := index(t,
		directory.Entry{Customer: "bank-acme", Name: "First Bank", Contact: "ops@acme.example", Account: "000000000002", InFile: true},
		directory.Entry{Customer: "north", Name: "Acme North", Formerly: []string{"oldnorth"}, Email: "aws+north@msp.example", Region: "eu-west-1", Segment: "Retail Banks", InFile: true},
		directory.Entry{Customer: "acme", Name: "ACME Finance Inc", Account: "222233334444", Email: "aws+acme@msp.example", Tags: org.Tags{"team": "Blue\tOcean"}, InFile: true},
		directory.Entry{Customer: "zuerich", Name: "Zürich Straße AG", InFile: true},
		directory.Entry{AccountName: "Somebody Else", Account: "999900001111", Email: "x@else.example", Tier: "\n\x1e\x02"},
	)
	for _, tt := range []struct{ text, finds string }{
		{"acme", "acme (key), north (name), bank-acme (key)"},
		{"ACME  fin", "acme (name)"},
		{"oldnorth", "north (former key)"},
		{"22223333", "acme (account)"},
		{"ops@acme.example", "bank-acme (contact)"},
		{"aws+", "north (address), acme (address)"},
		{"zurich", "zuerich (name)"},
		{"ZÜRICH STRASSE", "zuerich (name)"},
		{"blue ocean", "acme (tag)"},
		{"team=", "acme (tag)"},
		{"eu-west-1", "north (region)"},
		{"retail", "north (segment)"},
		{"else", "999900001111 (account name)"},
		{"nothing of it", ""},
		{"in_file", ""}, // which is in the entry and no field
		{" \t", ""},
	} {
		matches, all, err := ix.Find(tt.text, 0)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, m := range matches {
			who := m.Customer
			if who == "" {
				who = string(m.Account)
			}
			got = append(got, fmt.Sprintf("%s (%s)", who, m.Found))
		}
		if g := strings.Join(got, ", "); g != tt.finds || all != len(matches) {
			t.Errorf("%q finds %s (%d), want %s", tt.text, g, all, tt.finds)
		}
	}
	if matches, all, _ := ix.Find("a", 2); len(matches) != 2 || all != 5 {
		t.Errorf("2 of those with an a are %d of %d", len(matches), all)
	}
	if words := strings.Join(ix.Words(), ","); !strings.Contains(words, "acme finance inc,") || !strings.Contains(words, "oldnorth") || strings.Contains(words, "else") {
		t.Errorf("the words are %s", words)
	}
}

// FuzzFind: a text that is a field of an entry, or a part of one, finds it.
func FuzzFind(f *testing.F) {
	f.Add("Zürich", "a", 0, 3)
	f.Add("\x1e\n", "\x01", 0, 1)
	f.Fuzz(func(t *testing.T, name, key string, from, to int) {
		ix := index(t, directory.Entry{Name: name, Customer: key})
		runes := []rune(name)
		if from < 0 || to > len(runes) || from >= to || !utf8.ValidString(name) {
			return
		}
		part := string(runes[from:to])
		if strings.ContainsFunc(part, func(r rune) bool { return r < '0' || r > 'z' }) {
			return // what combines, and what is folded away, has tables of its own above
		}
		if matches, _, err := ix.Find(part, 0); err != nil || len(matches) != 1 {
			t.Errorf("%q, a part of %q, finds %v, %v", part, name, matches, err)
		}
	})
}

// BenchmarkFind searches 10,000 customers.
func BenchmarkFind(b *testing.B) {
	var entries []directory.Entry
	for i := range 10_000 {
		key := fmt.Sprintf("customer-%d", i)
		entries = append(entries, directory.Entry{Customer: key, Name: fmt.Sprintf("Customer %d Inc", i), Tier: "fintech", Contact: key + "@customers.example",
			Account: org.AccountID(fmt.Sprintf("%012d", i)), AccountName: fmt.Sprintf("Customer %d Inc", i), Email: "aws+" + key + "@landlord.example", State: org.Active, Unit: "Customers-Fintech", InFile: true})
	}
	ix := index(b, entries...)
	b.SetBytes(int64(len(ix)))
	for b.Loop() {
		if _, all, err := ix.Find("customer-9999", 20); err != nil || all != 1 {
			b.Fatal(all, err)
		}
	}
}
