package portfolio

import (
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzParse checks what Parse promises of any bytes: a portfolio whose
// customers can all have an account, or faults that lie within the file and
// can be shown.
func FuzzParse(f *testing.F) {
	example, err := os.ReadFile("../examples/five-customers.yaml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(example)
	f.Add([]byte(valid))
	f.Add([]byte(faulty))
	for _, s := range []string{
		"", "\ufeff", "a: &a [*a]\n", "? [a]\n: b\n", "<<: {a: b}\n", "a: !!binary x\n", "--- \n--- \n", "%YAML 1.1\n---\na: b\n", "a: |\n  b\n",
		"customers: [null, [], {}, x]\ndeparted: [null, {}, []]\ntiers: {a: null, fintech: x}\n", "a: \"\\u2028\"\r\rb\u0085c\u2028", "a: [\n\n",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := Parse("f", data)
		if err == nil {
			checkPromises(t, p)
			return
		}
		faults, ok := errors.AsType[*Faults](err)
		if !ok || p != nil || len(faults.Faults) == 0 {
			t.Fatalf("portfolio %v and error %v, want none and at least a fault", p, err)
		}
		lines := len(split(faults.source))
		for _, fault := range faults.Faults {
			if fault.Line < 1 || fault.Line > lines || fault.Column < 1 || fault.Message == "" || strings.ContainsAny(fault.Message, "\n\x1b") || !utf8.ValidString(fault.Message) {
				t.Errorf("fault %+v in a file of %d lines", fault, lines)
			}
		}
		if err := faults.Write(io.Discard, true); err != nil {
			t.Error(err)
		}
	})
}

// checkPromises checks the laws of every portfolio.
func checkPromises(t *testing.T, p *Portfolio) {
	t.Helper()
	used := map[string]string{"account " + string(p.Organization.Management): "the management account"}
	take := func(kind, text, who string) {
		if text == "" {
			return
		}
		if before, taken := used[kind+text]; taken && before != who {
			t.Errorf("%s %q belongs to %q and %q", kind, text, before, who)
		}
		used[kind+text] = who
	}
	for _, c := range p.Customers {
		if why := addressFault(c.Email); why != "" {
			t.Errorf("%s has the address %q: %s", c.Key, c.Email, why)
		}
		if !accountNameOK(c.AccountName) {
			t.Errorf("%s has the account name %q", c.Key, c.AccountName)
		}
		if _, known := p.Tier(c.Tier); !known || c.Price < 0 || c.Price > amountLimit || c.Lines < 1 || c.Line < 1 {
			t.Errorf("customer %+v", c)
		}
		if c.Account != "" && !c.Account.Valid() {
			t.Errorf("%s adopts %q", c.Key, c.Account)
		}
		for _, key := range append(c.Formerly, c.Key) {
			take("key ", key, c.Key)
		}
		take("contact ", strings.ToLower(c.Contact), c.Key)
		take("address ", strings.ToLower(c.Email), c.Key)
		take("account ", string(c.Account), c.Key)
	}
	for key, id := range p.Organization.SimulatedAccounts {
		take("account ", string(id), key)
	}
	for _, tier := range p.Tiers {
		take("unit ", strings.ToLower(tier.Unit), tier.Key)
		if tier.Name == "" || tier.Framework == "" || tier.Unit == "" {
			t.Errorf("tier %+v", tier)
		}
	}
}

func accountNameOK(name string) bool {
	return name != "" && len(name) <= 50 && name == strings.TrimSpace(name) && !strings.Contains(name, "  ") &&
		!strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r > '~' })
}

// FuzzNames checks that any name and any key give an account's name and a root
// address that AWS takes, and that a key's address is no other's.
func FuzzNames(f *testing.F) {
	f.Add("ACME Finance Inc", "acme", "acmf")
	f.Add("株式会社", strings.Repeat("a", 40), strings.Repeat("a", 39)+"b")
	f.Fuzz(func(t *testing.T, name, key, other string) {
		if !keyOK(key) || !keyOK(other) {
			t.Skip()
		}
		if got := AccountName(name, key); !accountNameOK(got) {
			t.Errorf("AccountName(%q, %q) is %q", name, key, got)
		}
		for _, pattern := range []string{"aws+{customer}@landlord.example", "{customer}@a-very-long-name-of-a-provider-who-sells.example", "a{customer}" + strings.Repeat("x", 41) + "@example.com"} {
			if why := patternFault(pattern, ""); why != "" {
				t.Fatal(why)
			}
			a, b := AccountEmail(pattern, key), AccountEmail(pattern, other)
			if why := addressFault(a); why != "" {
				t.Errorf("AccountEmail(%q, %q) is %q: %s", pattern, key, a, why)
			}
			if a == b && key != other {
				t.Errorf("keys %q and %q both have %q", key, other, a)
			}
		}
	})
}

func keyOK(key string) bool {
	r := &reader{}
	keyValue.of(r, scalarNode(key), "key")
	return len(r.faults) == 0
}
