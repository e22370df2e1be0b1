// Package terraform writes an organization as Terraform's configuration for
// HashiCorp's AWS provider: what a portfolio wants comes in, with what is there
// already; files go out, whose import blocks take over what exists. It runs no
// Terraform and touches no disk but in Write.
package terraform

import (
	"embed"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"

	"landlord/directory"
	"landlord/guard/guardrail"
	"landlord/org"
	"landlord/portfolio"
	"landlord/vend/blueprint"
)

// Header is the first line of each file that Export makes, but for documents of
// policies, which are JSON.
const Header = "# Made by `landlord terraform export`, which writes this file anew; what is added by hand belongs into files of other names.\n"

// constant are the files that are the same for every organization.
//
//go:embed hcl/*.tf
var constant embed.FS

// Options are what the organization does not say.
type Options struct {
	// Bucket, Key and Region are where the state is kept. Without a bucket
	// `terraform init` is told it with -backend-config.
	Bucket, Key, Region string
}

// Check says what is wrong with where the state shall be kept.
func (o Options) Check() error {
	if o.Bucket != "" && !bucketName.MatchString(o.Bucket) {
		return fmt.Errorf("%q is not the name of a bucket: 3 to 63 lower-case letters, digits, dots and hyphens", o.Bucket)
	}
	if o.Key == "" || strings.HasPrefix(o.Key, "/") || strings.HasSuffix(o.Key, "/") {
		return fmt.Errorf("%q is not the key of the state in its bucket, such as landlord/terraform.tfstate", o.Key)
	}
	if fault := portfolio.RegionFault(o.Region); fault != "" {
		return fmt.Errorf("the bucket's %s", fault)
	}
	return nil
}

// Source: S3 User Guide, "General purpose bucket naming rules".
var bucketName = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)

// File is one file of the configuration.
type File struct {
	Name string // with slashes: "customers.tf", "policies/landlord-soc2.json"
	Text []byte
}

// Conflict says why an organization cannot be written down: it cannot be told
// which account is whose, or which unit is meant.
type Conflict struct{ Why []string }

func (c *Conflict) Error() string { return strings.Join(c.Why, "; ") }

// Export returns the configuration of what is wanted, by name. What seen holds of
// it is imported, under the name and address and with the tags it has. left
// tells, a sentence each, what of it Terraform cannot do.
func Export(want blueprint.Blueprint, seen org.Organization, opt Options) (files []File, left []string, err error) {
	want = want.Exempting(seen)
	e := &exporter{want: want, seen: seen, own: want.Owners(seen), standing: want.Standing(seen), opt: opt}
	e.suspends = slices.ContainsFunc(want.Customers, func(c blueprint.Customer) bool {
		return e.own.Of[c.Key].Tags[org.TagSuspended] != ""
	})
	conflict := &Conflict{Why: e.standing.Conflicts}
	for _, c := range e.own.Conflicts {
		conflict.Why = append(conflict.Why, c.Why)
	}
	if len(conflict.Why) > 0 {
		return nil, nil, conflict
	}
	add := func(name string, text []byte) {
		files = append(files, File{name, hclwrite.Format(append([]byte(Header+"\n"), text...))})
	}
	add("versions.tf", e.versions())
	add("backend.tf", e.backend())
	add("organization.tf", e.organization())
	add("customers.tf", e.customers())
	add("units.tf", append(e.units(), fixed("units.tf")...))
	add("policies.tf", append(e.policies(), fixed("policies.tf")...))
	add("accounts.tf", fixed("accounts.tf"))
	if e.suspends {
		add("suspended.tf", append(e.suspended(), fixed("suspended.tf")...))
	}
	if seen.Exists() {
		add("imports.tf", e.imports())
	}
	for _, p := range want.Policies() {
		files = append(files, document(p))
	}
	if e.suspends {
		files = append(files, document(guardrail.Suspended()))
	}
	slices.SortFunc(files, func(a, b File) int { return strings.Compare(a.Name, b.Name) })
	return files, e.left, nil
}

// fixed is one of the files that are always the same.
func fixed(name string) []byte {
	text, err := constant.ReadFile("hcl/" + name)
	if err != nil {
		panic(err) // it is embedded
	}
	return append([]byte("\n"), text...)
}

// document is the file of a policy's document, as AWS is to keep it: every
// character counts there.
func document(p guardrail.Policy) File {
	return File{"policies/" + p.Name + ".json", []byte(p.Document)}
}

type exporter struct {
	want     blueprint.Blueprint
	seen     org.Organization
	own      directory.Ownership
	standing blueprint.Standing
	opt      Options
	suspends bool // a customer is suspended
	left     []string
}

// account is what is written of a customer's account.
func (e *exporter) account(c blueprint.Customer) (name, email string, tags org.Tags) {
	name, email = c.Name, c.Email
	tags = org.Tags{}
	if a, exists := e.own.Of[c.Key]; exists {
		email = a.Email
		if c.Called(a.Name) {
			name = a.Name
		}
		maps.Copy(tags, a.Tags)
		for _, key := range c.Stale(a.Tags) {
			delete(tags, key)
		}
	}
	maps.Copy(tags, c.Tags)
	return name, email, tags
}

// policy is the policy of a name that stands, if landlord made it.
func (e *exporter) policy(name string) (org.Policy, bool) {
	for _, p := range e.seen.Policies {
		if p.Name == name && (p.Tags[org.TagFramework] != "" || p.Tags[org.TagPolicy] != "") {
			return p, true
		}
	}
	return org.Policy{}, false
}

func (e *exporter) versions() []byte {
	f := hclwrite.NewEmptyFile()
	terraform := f.Body().AppendNewBlock("terraform", nil).Body()
	terraform.SetAttributeValue("required_version", cty.StringVal(">= 1.11"))
	terraform.AppendNewline()
	terraform.AppendNewBlock("required_providers", nil).Body().SetAttributeValue("aws", cty.ObjectVal(map[string]cty.Value{
		"source": cty.StringVal("hashicorp/aws"), "version": cty.StringVal("~> 6.0"),
	}))
	f.Body().AppendNewline()
	comment(f.Body(), "Organizations is served from us-east-1, to the management account.")
	provider := f.Body().AppendNewBlock("provider", []string{"aws"}).Body()
	provider.SetAttributeValue("region", cty.StringVal("us-east-1"))
	if e.want.Management != "" {
		provider.SetAttributeValue("allowed_account_ids", texts(string(e.want.Management)))
	}
	return f.Bytes()
}

func (e *exporter) backend() []byte {
	f := hclwrite.NewEmptyFile()
	if e.opt.Bucket == "" {
		comment(f.Body(), "terraform init -backend-config=bucket=NAME says which bucket; `landlord terraform export --backend-bucket NAME` writes it here.")
	}
	s3 := f.Body().AppendNewBlock("terraform", nil).Body().AppendNewBlock("backend", []string{"s3"}).Body()
	if e.opt.Bucket != "" {
		s3.SetAttributeValue("bucket", cty.StringVal(e.opt.Bucket))
	}
	s3.SetAttributeValue("key", cty.StringVal(e.opt.Key))
	s3.SetAttributeValue("region", cty.StringVal(e.opt.Region))
	s3.SetAttributeValue("encrypt", cty.True)
	s3.SetAttributeValue("use_lockfile", cty.True)
	return f.Bytes()
}

func (e *exporter) organization() []byte {
	types := slices.Clone(e.seen.PolicyTypes)
	if !slices.Contains(types, "SERVICE_CONTROL_POLICY") {
		types = append(types, "SERVICE_CONTROL_POLICY")
	}
	slices.Sort(types)
	f := hclwrite.NewEmptyFile()
	b := f.Body().AppendNewBlock("resource", []string{"aws_organizations_organization", "this"}).Body()
	b.SetAttributeValue("feature_set", cty.StringVal("ALL"))
	b.SetAttributeValue("enabled_policy_types", texts(types...))
	b.AppendNewline()
	comment(b, "Which services may act in the organization is not landlord's.")
	lifecycle := b.AppendNewBlock("lifecycle", nil).Body()
	lifecycle.SetAttributeValue("prevent_destroy", cty.True)
	lifecycle.SetAttributeRaw("ignore_changes", hclwrite.TokensForTuple([]hclwrite.Tokens{hclwrite.TokensForIdentifier("aws_service_access_principals")}))
	return f.Bytes()
}

// customers are the customers by unit: an entry of five lines each.
func (e *exporter) customers() []byte {
	byUnit := map[string][]blueprint.Customer{}
	for _, c := range e.want.Customers {
		if id, outside := e.own.Outside[c.Key]; outside {
			e.left = append(e.left, fmt.Sprintf("customer %s: account %s is outside the organization, and Terraform invites none. `landlord apply` invites it; export again when it has joined", c.Key, id))
			continue
		}
		byUnit[c.Unit] = append(byUnit[c.Unit], c)
	}
	var units []hclwrite.ObjectAttrTokens
	for _, u := range e.want.Units {
		if len(byUnit[u.Key]) == 0 {
			continue
		}
		var entries []hclwrite.ObjectAttrTokens
		for _, c := range byUnit[u.Key] {
			name, email, tags := e.account(c)
			delete(tags, org.TagCustomer) // both follow from where the entry stands
			delete(tags, org.TagTier)
			entries = append(entries, entry(c.Key, hclwrite.TokensForObject([]hclwrite.ObjectAttrTokens{
				word("name", text(name)), word("email", text(email)), word("tags", inline(tags)),
			})))
		}
		units = append(units, entry(u.Key, hclwrite.TokensForObject(entries)))
	}
	f := hclwrite.NewEmptyFile()
	comment(f.Body(), "The customers by unit. A new one is an entry of five lines.")
	f.Body().AppendNewBlock("locals", nil).Body().SetAttributeRaw("customers", hclwrite.TokensForObject(units))
	return f.Bytes()
}

func (e *exporter) units() []byte {
	var entries []hclwrite.ObjectAttrTokens
	level := map[string]int64{}
	for _, u := range e.want.Units {
		level[u.Key] = level[u.Parent] + 1
		tags := org.Tags{}
		maps.Copy(tags, e.standing.Of[u.Key].Tags)
		maps.Copy(tags, u.Tags)
		entries = append(entries, entry(u.Key, hclwrite.TokensForObject([]hclwrite.ObjectAttrTokens{
			word("name", text(u.Name)), word("tier", text(u.Tier)), word("parent", text(u.Parent)),
			word("level", hclwrite.TokensForValue(cty.NumberIntVal(level[u.Key]))), word("policies", hclwrite.TokensForTuple(e.on(u))), word("tags", inline(tags)),
		})))
	}
	f := hclwrite.NewEmptyFile()
	f.Body().AppendNewBlock("locals", nil).Body().SetAttributeRaw("units", hclwrite.TokensForObject(entries))
	return f.Bytes()
}

func (e *exporter) policies() []byte {
	var entries []hclwrite.ObjectAttrTokens
	for _, p := range e.want.Policies() {
		entries = append(entries, entry(p.Name, hclwrite.TokensForObject([]hclwrite.ObjectAttrTokens{
			word("description", text(p.Description)), word("tags", inline(e.policyTags(p.Name, org.Tags{org.TagFramework: p.Framework}))),
		})))
	}
	f := hclwrite.NewEmptyFile()
	f.Body().AppendNewBlock("locals", nil).Body().SetAttributeRaw("guardrails", hclwrite.TokensForObject(entries))
	return f.Bytes()
}

// on are the names of the policies that a unit carries.
func (e *exporter) on(u blueprint.Unit) (names []hclwrite.Tokens) {
	for _, p := range e.want.On(u) {
		names = append(names, text(p.Name))
	}
	return names
}

// policyTags are the tags of a policy, with those that others gave it.
func (e *exporter) policyTags(name string, wanted org.Tags) org.Tags {
	tags := org.Tags{}
	if p, stands := e.policy(name); stands {
		maps.Copy(tags, p.Tags)
	}
	maps.Copy(tags, wanted)
	return tags
}

func (e *exporter) suspended() []byte {
	p := guardrail.Suspended()
	f := hclwrite.NewEmptyFile()
	locals := f.Body().AppendNewBlock("locals", nil).Body()
	locals.SetAttributeRaw("suspended_description", text(p.Description))
	locals.SetAttributeRaw("suspended_tags", inline(e.policyTags(p.Name, org.Tags{org.TagPolicy: guardrail.Purpose})))
	return f.Bytes()
}

// The words of the language.

func comment(b *hclwrite.Body, text string) {
	b.AppendUnstructuredTokens(hclwrite.Tokens{{Type: hclsyntax.TokenComment, Bytes: []byte("# " + text + "\n")}})
}

func text(s string) hclwrite.Tokens { return hclwrite.TokensForValue(cty.StringVal(s)) }

func texts(list ...string) cty.Value {
	var values []cty.Value
	for _, s := range list {
		values = append(values, cty.StringVal(s))
	}
	return cty.ListVal(values)
}

// entry is an entry of a map, its key in quotes: a key may be any text.
func entry(key string, value hclwrite.Tokens) hclwrite.ObjectAttrTokens {
	return hclwrite.ObjectAttrTokens{Name: text(key), Value: value}
}

// word is an attribute of an object.
func word(name string, value hclwrite.Tokens) hclwrite.ObjectAttrTokens {
	return hclwrite.ObjectAttrTokens{Name: hclwrite.TokensForIdentifier(name), Value: value}
}

// inline is a map of tags on one line.
func inline(tags org.Tags) hclwrite.Tokens {
	list := hclwrite.Tokens{{Type: hclsyntax.TokenOBrace, Bytes: []byte("{")}}
	for i, key := range slices.Sorted(maps.Keys(tags)) {
		if i > 0 {
			list = append(list, &hclwrite.Token{Type: hclsyntax.TokenComma, Bytes: []byte(",")})
		}
		list = append(list, text(key)...)
		list = append(list, &hclwrite.Token{Type: hclsyntax.TokenEqual, Bytes: []byte("=")})
		list = append(list, text(tags[key])...)
	}
	return append(list, &hclwrite.Token{Type: hclsyntax.TokenCBrace, Bytes: []byte("}")})
}

// reference is an address such as local.units.
func reference(root string, names ...string) hclwrite.Tokens {
	path := hcl.Traversal{hcl.TraverseRoot{Name: root}}
	for _, n := range names {
		path = append(path, hcl.TraverseAttr{Name: n})
	}
	return hclwrite.TokensForTraversal(path)
}
