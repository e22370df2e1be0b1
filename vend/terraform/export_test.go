package terraform

import (
	"bytes"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"
	"golang.org/x/text/unicode/norm"

	"landlord/directory"
	"landlord/guard/guardrail"
	"landlord/org"
	"landlord/portfolio"
	"landlord/vend/blueprint"
)

var update = flag.Bool("update", false, "write the golden files anew")

// file is a portfolio with all that an export tells apart: a divided tier, own
// tags, an adopted account, a suspended customer, names that Terraform would
// read as templates.
const file = `
provider: {name: Example, account_email: "aws+{customer}@example.com"}
organization: {target: aws, management_account: "111122223333"}
tiers:
  healthcare: {units: by-region}
customers:
  - {key: acme, name: "ACME ${finance} %{if}", tier: fintech, contact: a@acme.example, tags: {cost-center: "42 + x"}}
  - {key: medi, name: Medi, tier: healthcare, contact: m@medi.example, region: eu-west-1}
  - {key: care, name: Care, tier: healthcare, contact: c@care.example}
  - {key: old, name: Old, tier: standard, contact: o@old.example, account: "222233334444"}
`

func wanted(t *testing.T, text string) blueprint.Blueprint {
	t.Helper()
	folio, err := portfolio.Parse("portfolio.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return blueprint.From(folio)
}

// part is an organization in which some of it stands.
func part(want blueprint.Blueprint) org.Organization {
	seen := org.Organization{ID: "o-exampleorgid", Management: want.Management, Root: "r-root", SCPs: true, PolicyTypes: []string{"SERVICE_CONTROL_POLICY", "TAG_POLICY"}}
	ids := map[string]string{"": seen.Root}
	for i, u := range want.Units {
		if u.Tier == "standard" {
			continue // its unit is to be made
		}
		ids[u.Key] = fmt.Sprintf("ou-root-0000000%d", i)
		tags := maps.Clone(u.Tags)
		tags["of-somebody"] = "else"
		seen.Units = append(seen.Units, org.Unit{ID: ids[u.Key], Name: u.Name, Parent: ids[u.Parent], Tags: tags})
	}
	for i, p := range want.Policies() {
		if p.Framework != "CIS" {
			policy := org.Policy{ID: fmt.Sprintf("p-0000000%d", i), Name: p.Name, Document: p.Document, Tags: org.Tags{org.TagFramework: p.Framework}}
			for _, u := range want.Units {
				if slices.ContainsFunc(want.On(u), func(own guardrail.Policy) bool { return own.Name == p.Name }) {
					policy.Targets = append(policy.Targets, ids[u.Key])
				}
			}
			seen.Policies = append(seen.Policies, policy)
		}
	}
	denying := guardrail.Suspended()
	seen.Policies = append(seen.Policies, org.Policy{ID: "p-denying0", Name: denying.Name, Document: denying.Document, Targets: []string{"333344445555"}, Tags: org.Tags{org.TagPolicy: guardrail.Purpose}})
	seen.Accounts = []org.Account{
		{ID: "111122223333", Name: "management", Email: "root@example.com", State: org.Active, Parent: seen.Root},
		{ID: "222233334444", Name: "Old", Email: "old@another.example", State: org.Active, Parent: seen.Root, Tags: org.Tags{"theirs": "stays"}},
		{ID: "333344445555", Name: "Medi", Email: "aws+medi@example.com", State: org.Active, Parent: ids["healthcare/eu-west-1"],
			Tags: org.Tags{org.TagCustomer: "medi", org.TagTier: "healthcare", org.TagSegment: "gone", org.TagSuspended: "2026-11-23T12:00:00Z"}},
	}
	return seen
}

func export(t *testing.T, want blueprint.Blueprint, seen org.Organization) map[string][]byte {
	t.Helper()
	list, left, err := Export(want, seen, Options{Bucket: "example-terraform", Key: "landlord/terraform.tfstate", Region: "eu-west-1"})
	if err != nil || len(left) > 0 {
		t.Fatalf("left %v, %v", left, err)
	}
	files := map[string][]byte{}
	for _, f := range list {
		files[f.Name] = f.Text
	}
	return files
}

// TestGolden compares an export with the files in testdata, which people read.
func TestGolden(t *testing.T) {
	want := wanted(t, file)
	files := export(t, want, part(want))
	if *update {
		if err := os.RemoveAll("testdata/golden"); err != nil {
			t.Fatal(err)
		}
		for name, text := range files {
			path := filepath.Join("testdata/golden", name)
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, text, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, got := range files {
		want, err := os.ReadFile(filepath.Join("testdata/golden", name))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s is\n%s\nwant\n%s", name, got, want)
		}
	}
}

// TestNewCustomerIsFiveLines: and no other line changes, in no file.
func TestNewCustomerIsFiveLines(t *testing.T) {
	before := wanted(t, file)
	after := wanted(t, strings.Replace(file, "  - {key: medi", "  - {key: neu, name: Neu, tier: fintech, contact: n@neu.example, region: eu-west-1, segment: Banks, tags: {a: b}}\n  - {key: medi", 1))
	old, now := export(t, before, part(before)), export(t, after, part(before))
	for name, text := range now {
		var added []string
		rest := strings.SplitAfter(string(old[name]), "\n")
		for line := range strings.Lines(string(text)) {
			if len(rest) > 0 && rest[0] == line {
				rest = rest[1:]
			} else {
				added = append(added, line)
			}
		}
		want := map[string]int{"customers.tf": 5}[name]
		if len(added) != want || strings.Join(rest, "") != "" {
			t.Errorf("%s: %d lines are new, want %d:\n%s\nand these are gone: %q", name, len(added), want, strings.Join(added, ""), rest)
		}
	}
}

// FuzzExport checks that every text comes back as it was, whatever it is, and
// that the files are as Terraform formats them.
func FuzzExport(f *testing.F) {
	for seed := range uint64(20) {
		f.Add(seed, "${x}")
	}
	for _, odd := range []string{`"`, `\`, "%{ if true }", "$${", "\n", "\u0301e", "日本", "\x00", "\x7f", "'", "#", "/*", "<<EOT", " ", "\t\r\n", "e\u0301", "\u2028"} {
		f.Add(uint64(1), odd)
	}
	f.Fuzz(func(t *testing.T, seed uint64, odd string) {
		r := rand.New(rand.NewPCG(seed, 0))
		odd = strings.ToValidUTF8(odd, "?")
		some := func() string {
			parts := []string{odd, "a", "${", "%{", `"`, `\`, "\n", "é", "$", "%", "{", "}", " "}
			var s strings.Builder
			for range r.IntN(6) {
				s.WriteString(parts[r.IntN(len(parts))])
			}
			return norm.NFC.String(s.String())
		}
		want := blueprint.Blueprint{Management: "111122223333"}
		for i := range 1 + r.IntN(3) {
			key := fmt.Sprintf("tier%d", i)
			want.Tiers = append(want.Tiers, blueprint.Tier{Key: key, Framework: some(), Policies: []guardrail.Policy{guardrail.For(fmt.Sprintf("framework %d", i))}})
			want.Units = append(want.Units, blueprint.Unit{Key: key, Tier: key, Name: some(), Tags: org.Tags{org.TagTier: key, some(): some()}})
		}
		for i := range r.IntN(8) {
			unit := want.Units[r.IntN(len(want.Units))]
			key := fmt.Sprintf("c%d", i)
			tags := org.Tags{org.TagCustomer: key, org.TagTier: unit.Tier}
			for range r.IntN(3) {
				tags[norm.NFC.String("own"+some())] = some()
			}
			want.Customers = append(want.Customers, blueprint.Customer{Customer: directory.Customer{Key: key, Email: some() + fmt.Sprint(i)}, Name: some(), Tier: unit.Tier, Unit: unit.Key, Tags: tags})
		}
		files := export(t, want, org.Organization{})
		for name, text := range files {
			if filepath.Ext(name) == ".tf" && !bytes.Equal(hclwrite.Format(text), text) {
				t.Errorf("%s is not formatted:\n%s", name, text)
			}
			if _, wrong := hclsyntax.ParseConfig(text, name, hcl.InitialPos); filepath.Ext(name) == ".tf" && wrong.HasErrors() {
				t.Fatalf("%s: %v in\n%s", name, wrong, text)
			}
		}
		units, customers := local(t, files["units.tf"], "units"), local(t, files["customers.tf"], "customers")
		for _, u := range want.Units {
			got := units.GetAttr(u.Key)
			if got.GetAttr("name").AsString() != u.Name || !maps.Equal(mapping(got.GetAttr("tags")), u.Tags) {
				t.Errorf("unit %s: got %#v, want %q %q", u.Key, got, u.Name, u.Tags)
			}
		}
		for _, c := range want.Customers {
			got := customers.GetAttr(c.Unit).GetAttr(c.Key)
			tags := maps.Clone(c.Tags)
			delete(tags, org.TagCustomer)
			delete(tags, org.TagTier)
			if got.GetAttr("name").AsString() != c.Name || got.GetAttr("email").AsString() != c.Email || !maps.Equal(mapping(got.GetAttr("tags")), tags) {
				t.Errorf("customer %s: got %#v, want %q %q %q", c.Key, got, c.Name, c.Email, tags)
			}
		}
	})
}

// local is the value of a local of a file.
func local(t *testing.T, text []byte, name string) cty.Value {
	t.Helper()
	f, wrong := hclsyntax.ParseConfig(text, "test.tf", hcl.InitialPos)
	if wrong.HasErrors() {
		t.Fatal(wrong)
	}
	for _, b := range f.Body.(*hclsyntax.Body).Blocks {
		if b.Type == "locals" && b.Body.Attributes[name] != nil {
			v, wrong := b.Body.Attributes[name].Expr.Value(nil)
			if wrong.HasErrors() {
				t.Fatalf("%v in\n%s", wrong, text)
			}
			return v
		}
	}
	t.Fatalf("no local %s in\n%s", name, text)
	return cty.NilVal
}

func mapping(v cty.Value) org.Tags {
	m := org.Tags{}
	for key, value := range v.AsValueMap() {
		m[key] = value.AsString()
	}
	return m
}

func TestWhatTerraformCannotDo(t *testing.T) {
	want := wanted(t, file)
	seen := part(want)
	seen.Accounts = slices.DeleteFunc(seen.Accounts, func(a org.Account) bool { return a.ID == "222233334444" })
	files, left, err := Export(want, seen, Options{})
	if err != nil || len(left) != 1 || !strings.Contains(left[0], "customer old: account 222233334444 is outside") {
		t.Errorf("left %q, %v, want the account that is to be invited", left, err)
	}
	for _, f := range files {
		if f.Name == "customers.tf" && bytes.Contains(f.Text, []byte(`"old"`)) {
			t.Error("a second account would be made for the customer whose account is outside")
		}
	}
	seen.Accounts = append(seen.Accounts, org.Account{ID: "999900001111", Email: "x@example.com", State: org.Active, Tags: org.Tags{org.TagCustomer: "medi"}})
	if _, _, err := Export(want, seen, Options{}); err == nil || !strings.Contains(err.Error(), "both look like its own") {
		t.Errorf("got %v, want a conflict about two accounts of one customer", err)
	}
}

func TestWrite(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "deep", "folder")
	first := []File{{"versions.tf", []byte(Header + "a")}, {"imports.tf", []byte(Header)}, {"policies/p.json", []byte("{}")}}
	if err := Write(dir, first, false); err != nil {
		t.Fatal(err)
	}
	text := func(name string) string {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return err.Error()
		}
		return string(b)
	}
	put := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	second := []File{{"versions.tf", []byte(Header + "b")}, {"policies/p.json", []byte(`{"a":1}`)}, {"customers.tf", []byte(Header + "c")}}
	put("customers.tf", "mine")
	put("more.tf", "mine too")
	err := Write(dir, second, false)
	if err == nil || !strings.Contains(err.Error(), "customers.tf") || strings.Contains(err.Error(), "more.tf") {
		t.Errorf("got %v, want a refusal that names customers.tf", err)
	}
	if text("versions.tf") != Header+"a" || text("customers.tf") != "mine" || text("imports.tf") != Header {
		t.Error("a refused export has written something")
	}
	if err := Write(dir, second, true); err != nil {
		t.Fatal(err)
	}
	if text("versions.tf") != Header+"b" || text("customers.tf") != Header+"c" || text("policies/p.json") != `{"a":1}` || text("more.tf") != "mine too" {
		t.Error("a forced export has not replaced its own files only")
	}
	if _, err := os.Stat(filepath.Join(dir, "imports.tf")); err == nil {
		t.Error("imports.tf of the export before is still there")
	}
	other := t.TempDir()
	if err := os.Symlink(other, filepath.Join(dir, "policies2")); err != nil {
		t.Fatal(err)
	}
	if err := Write(dir, []File{{"policies2/p.json", []byte("{}")}}, true); err == nil {
		t.Error("a file was written outside the folder")
	}
	entries, err := filepath.Glob(filepath.Join(dir, "*new"))
	if err != nil || len(entries) > 0 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}
