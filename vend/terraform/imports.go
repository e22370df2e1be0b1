package terraform

import (
	"fmt"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"

	"landlord/guard/guardrail"
)

// id is the id of something that stands, under its key in the configuration.
type id struct{ key, id string }

// imports are the import blocks of what stands, with its ids.
//
// Source: HashiCorp's AWS provider, "Import" of each resource, 2026-06: an
// attachment's id is target:policy.
func (e *exporter) imports() []byte {
	f := hclwrite.NewEmptyFile()
	comment(f.Body(), "What exists already, with its ids. Once it is imported, this file can go; a new customer needs no line in it.")
	one := f.Body().AppendNewBlock("import", nil).Body()
	one.SetAttributeRaw("to", reference("aws_organizations_organization", "this"))
	one.SetAttributeValue("id", cty.StringVal(e.seen.ID))

	levels := [4][]id{} // by level, from 1
	var attachments, policies, accounts, suspended []id
	level := map[string]int{}
	for _, p := range e.want.Policies() {
		if there, stands := e.policy(p.Name); stands {
			policies = append(policies, id{p.Name, there.ID})
		}
	}
	for _, u := range e.want.Units {
		level[u.Key] = level[u.Parent] + 1
		unit, stands := e.standing.Of[u.Key]
		if !stands {
			continue
		}
		levels[level[u.Key]] = append(levels[level[u.Key]], id{u.Key, unit.ID})
		for i, own := range e.want.On(u) {
			if p, is := e.policy(own.Name); is && e.attached(p.ID, unit.ID) {
				attachments = append(attachments, id{attachmentKey(u.Key, i), unit.ID + ":" + p.ID})
			}
		}
	}
	denying, denies := e.policy(guardrail.SuspendedName)
	for _, c := range e.want.Customers {
		a, exists := e.own.Of[c.Key]
		if !exists {
			continue
		}
		accounts = append(accounts, id{c.Key, string(a.ID)})
		if e.suspends && denies && e.attached(denying.ID, string(a.ID)) {
			suspended = append(suspended, id{c.Key, string(a.ID) + ":" + denying.ID})
		}
	}
	e.each(f.Body(), "units", levels[1], "aws_organizations_organizational_unit", "level_1")
	e.each(f.Body(), "units_below", levels[2], "aws_organizations_organizational_unit", "level_2")
	e.each(f.Body(), "units_lowest", levels[3], "aws_organizations_organizational_unit", "level_3")
	e.each(f.Body(), "policies", policies, "aws_organizations_policy", "guardrail")
	e.each(f.Body(), "attachments", attachments, "aws_organizations_policy_attachment", "guardrail")
	e.each(f.Body(), "accounts", accounts, "aws_organizations_account", "customer")
	if e.suspends && denies {
		f.Body().AppendNewline()
		one := f.Body().AppendNewBlock("import", nil).Body()
		one.SetAttributeRaw("to", reference("aws_organizations_policy", "suspended"))
		one.SetAttributeValue("id", cty.StringVal(denying.ID))
		e.each(f.Body(), "suspended", suspended, "aws_organizations_policy_attachment", "suspended")
	}
	return f.Bytes()
}

// attachmentKey is the key of the attachment of a unit's policy, as policies.tf
// makes it: the unit's for the first, so that what was imported before stays.
func attachmentKey(unit string, i int) string {
	if i == 0 {
		return unit
	}
	return fmt.Sprintf("%s %d", unit, i+1)
}

// attached tells whether a policy is attached to a target.
func (e *exporter) attached(policy, target string) bool {
	for _, p := range e.seen.Policies {
		if p.ID == policy {
			if slices.Contains(p.Targets, target) {
				return true
			}
		}
	}
	return false
}

// each imports the resources of one address from a map of their ids.
func (e *exporter) each(b *hclwrite.Body, name string, ids []id, resource, label string) {
	if len(ids) == 0 {
		return
	}
	var entries []hclwrite.ObjectAttrTokens
	for _, i := range ids {
		entries = append(entries, entry(i.key, text(i.id)))
	}
	b.AppendNewline()
	b.AppendNewBlock("locals", nil).Body().SetAttributeRaw("imported_"+name, hclwrite.TokensForObject(entries))
	b.AppendNewline()
	block := b.AppendNewBlock("import", nil).Body()
	block.SetAttributeRaw("for_each", reference("local", "imported_"+name))
	to := reference(resource, label)
	to = append(to, &hclwrite.Token{Type: hclsyntax.TokenOBrack, Bytes: []byte("[")})
	to = append(to, reference("each", "key")...)
	to = append(to, &hclwrite.Token{Type: hclsyntax.TokenCBrack, Bytes: []byte("]")})
	block.SetAttributeRaw("to", to)
	block.SetAttributeTraversal("id", hcl.Traversal{hcl.TraverseRoot{Name: "each"}, hcl.TraverseAttr{Name: "value"}})
}
