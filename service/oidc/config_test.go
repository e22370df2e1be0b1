package oidc

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const goodKey = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

// written is a file of providers beside the files of its secrets.
func written(t *testing.T, text string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range map[string]string{"oidc.yaml": text, "key": goodKey + "\n", "secret": "s3cret\n", "empty": "\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "oidc.yaml")
}

func environment(name string) string {
	return map[string]string{"LANDLORD_OIDC_KEY": goodKey, "ACME_SECRET": "acme's"}[name]
}

func TestRead(t *testing.T) {
	for _, text := range []string{`
key: {file: key}
operators:
  issuer: https://login.msp.example
  client: landlord
  secret: {file: secret}
  domains: [MSP.example]
  groups: {auditor: [audit], owner: [owners]}
customers:
  acme: {issuer: "https://id.acme.example/", client: x, secret: {env: ACME_SECRET}, claim: roles, scopes: [groups], groups: {member: [all]}}
`, `{"key": {"env": "LANDLORD_OIDC_KEY"}, "operators": {"issuer": "https://login.msp.example", "client": "landlord", "secret": {"file": "secret"}, "domains": ["msp.example"], "groups": {"owner": ["owners"], "auditor": ["audit"]}},
  "customers": {"acme": {"issuer": "https://id.acme.example/", "client": "x", "secret": {"env": "ACME_SECRET"}, "claim": "roles", "scopes": ["groups"], "groups": {"member": ["all"]}}}}`} {
		c, err := Read(written(t, text), environment)
		if err != nil {
			t.Fatal(err)
		}
		o, acme := c.Operators, c.Customers["acme"]
		if o.Secret != "s3cret" || o.Claim != "groups" || o.Domains[0] != "msp.example" || RoleOf(o.Roles, []string{"audit", "owners"}) != "owner" || RoleOf(o.Roles, []string{"x"}) != "" ||
			acme.Secret != "acme's" || acme.Claim != "roles" || acme.Issuer != "https://id.acme.example/" || c.Key[31] != 31 {
			t.Errorf("read %+v %+v", *o, acme)
		}
	}
	if _, err := Read(written(t, "key: {file: key}"), environment); err != nil {
		t.Errorf("a file for the portal alone: %v", err)
	}
}

// TestReadNamesEveryFault: at once, and never with a secret in it.
func TestReadNamesEveryFault(t *testing.T) {
	for _, c := range []struct {
		text string
		want []string
	}{
		{"operators: {issuer: https://x.example, client: c, secret: hunter2, domains: [x.example]}", []string{"line 1", "named, not written here"}},
		{"key: {file: key, env: X}", []string{"named, not written here"}},
		{"key: {file: key}\nowner: x", []string{"owner"}},
		{"operators: {issuer: 'http://login.example', groups: {king: [x], owner: []}}\ncustomers: {Acme: {domains: [acme.example], secret: {env: NONE}}, x: {issuer: 'https://u:hunter2@x.example', client: c, secret: {file: absent}}}",
			[]string{"key: is missing", `operators.issuer: "http://login.example": want an address`, "operators.client: is missing", "operators.secret: is missing", "operators.domains: is missing", `operators.groups: "king" is no role`,
				"operators.groups.owner: names no group", "customers.Acme: is no key", "customers.Acme.domains: a customer's domains are those verified", "customers.Acme.secret: NONE is not set", "customers.x.secret: open", "customers.x.issuer"}},
		{"key: {file: secret}", []string{"want 32 bytes in base64"}},
		{"key: {file: empty}", []string{"empty"}},
	} {
		_, err := Read(written(t, c.text), environment)
		if err == nil {
			t.Errorf("%s\nwas read", c.text)
			continue
		}
		for _, want := range c.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s\nsays %v\nwithout %q", c.text, err, want)
			}
		}
		for _, secret := range []string{"hunter2", "s3cret"} {
			if strings.Contains(err.Error(), secret) {
				t.Errorf("%s\nsays the secret: %v", c.text, err)
			}
		}
	}
}

// FuzzOpen: a seal opens with its key, for its purpose and for whom it is about,
// and nothing else does.
func FuzzOpen(f *testing.F) {
	f.Add([]byte("text"), "acme", 3)
	f.Fuzz(func(t *testing.T, text []byte, about string, bit int) {
		k := Key{1}
		sealed := k.Seal(text, ForSecret, about)
		if got, err := k.Open(sealed, ForSecret, about); err != nil || !bytes.Equal(got, text) {
			t.Fatalf("opens as %q, %v", got, err)
		}
		if again := k.Seal(text, ForSecret, about); bytes.Equal(again, sealed) {
			t.Error("the same seal twice")
		}
		other := bytes.Clone(sealed)
		bit = (bit%(8*len(other)) + 8*len(other)) % (8 * len(other))
		other[bit/8] ^= 1 << (bit % 8)
		_, changed := k.Open(other, ForSecret, about)
		_, purpose := k.Open(sealed, ForFlow, about)
		_, whose := k.Open(sealed, ForSecret, about+"x")
		_, key := Key{2}.Open(sealed, ForSecret, about)
		_, short := k.Open(sealed[:len(sealed)-1], ForSecret, about)
		for name, err := range map[string]error{"a bit changed": changed, "another purpose": purpose, "another's": whose, "another key": key, "cut off": short} {
			if err == nil {
				t.Errorf("%s: it opens", name)
			}
		}
	})
}
