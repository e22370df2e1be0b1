package portfolio_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	"landlord/portfolio"
)

const headOfFile = "provider: {name: P, account_email: \"aws+{customer}@p.example\"}\norganization: {target: simulated, management_account: \"111122223333\"}\n"

// TestAppend: a customer is added behind the last, and nothing else changes.
func TestAppend(t *testing.T) {
	example, err := os.ReadFile("../examples/five-customers.yaml")
	if err != nil {
		t.Fatal(err)
	}
	entry := portfolio.Entry{Key: "nova", Name: `Nova "N" Ltd: x`, Tier: "standard", Contact: "n@nova.example", Region: "eu-central-1"}
	for name, text := range map[string]string{
		"the example":      string(example),
		"no line at end":   strings.TrimRight(string(example), "\n"),
		"flow entries":     headOfFile + "customers:\n  - {key: a, name: A, tier: fintech, contact: a@a.example}\n# the end\n",
		"not indented":     headOfFile + "customers:\n- key: a\n  name: A\n  tier: fintech\n  contact: a@a.example\n  tags:\n    x: y\n",
		"something behind": headOfFile + "customers:\n  - key: a\n    name: A\n    tier: fintech\n    contact: a@a.example\n\n# who left\ndeparted:\n  - key: old\n",
		"no customers":     headOfFile + "customers: []\n",
	} {
		added, err := portfolio.Append(text, entry)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		p, err := portfolio.Parse("x", []byte(added))
		if err != nil {
			t.Fatalf("%s: %v\n%s", name, err, added)
		}
		c := p.Customers[len(p.Customers)-1]
		if c.Key != entry.Key || c.Name != entry.Name || c.Tier != entry.Tier || c.Contact != entry.Contact || c.Region != entry.Region {
			t.Errorf("%s: added %+v", name, c)
		}
		for line := range strings.Lines(text) {
			if line = strings.TrimRight(line, "\n"); line != "customers: []" && !strings.Contains(added, line+"\n") {
				t.Errorf("%s: %q is not there any more:\n%s", name, line, added)
			}
		}
	}
	for name, text := range map[string]string{"a flow list": headOfFile + "customers: [{key: a, name: A, tier: fintech, contact: a@a.example}]\n"} {
		if added, err := portfolio.Append(text, entry); !errors.Is(err, portfolio.ErrPlace) {
			t.Errorf("%s: %v\n%s", name, err, added)
		}
	}
	twice := entry
	twice.Key = "acme"
	for _, bad := range []portfolio.Entry{{Key: "No Key", Name: "N", Tier: "standard", Contact: "n@n.example"}, {Key: "nova", Name: "N", Tier: "nothing", Contact: "n@n.example"}, twice} {
		if _, err := portfolio.Append(string(example), bad); err == nil || errors.Is(err, portfolio.ErrPlace) {
			t.Errorf("%+v: %v", bad, err)
		} else if _, is := errors.AsType[*portfolio.Faults](err); !is {
			t.Errorf("%+v: %v", bad, err)
		}
	}
}
