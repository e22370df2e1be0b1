package guardrail_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"landlord/guard/guardrail"
	"landlord/internal/limits"
)

const anAccount = "111122223333"

var fullAccess = []guardrail.Document{{Version: "2012-10-17", Statements: []guardrail.Statement{
	{Effect: guardrail.Allow, Actions: []string{"*"}, Resources: []string{"*"}},
}}}

// answers tells whether a document beside AWS's FullAWSAccess denies a probe.
func denies(t *testing.T, document string, p guardrail.Probe) bool {
	t.Helper()
	d, err := guardrail.ParseDocument([]byte(document))
	if err != nil {
		t.Fatalf("%s: %v", document, err)
	}
	return !guardrail.Permitted([][]guardrail.Document{fullAccess, append(slices.Clone(fullAccess), d)}, p.Request(anAccount))
}

// wrong are the probes of a rule that a document answers otherwise than is
// written beside the rule.
func wrong(t *testing.T, document string, r guardrail.Rule) []string {
	var list []string
	for _, p := range r.Probes {
		if denies(t, document, p) != p.Denied {
			list = append(list, fmt.Sprintf("%s on %q by %s (denied: %t)", p.Action, p.Resource, p.Context["aws:PrincipalArn"], p.Denied))
		}
	}
	return list
}

func everyRule() []guardrail.Rule {
	all := guardrail.Rules("a framework of one's own")
	for _, slug := range guardrail.Known() {
		all = append(all, guardrail.Rules(slug)[len(guardrail.Rules("")):]...)
	}
	return all
}

// TestProbesHold: each rule alone answers its probes as is written beside it.
func TestProbesHold(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range everyRule() {
		if seen[r.Sid] {
			t.Errorf("two rules are called %s", r.Sid)
		}
		seen[r.Sid] = true
		if strings.Contains(r.Sid, "And") {
			t.Errorf("%s has in its name what stands between the names of rules in one statement", r.Sid)
		}
		if r.Prevents == "" || len(r.Controls) == 0 {
			t.Errorf("%s does not say what it prevents, or which controls it serves", r.Sid)
		}
		for framework := range r.Controls {
			if slug := guardrail.Slug(framework); !slices.Contains(guardrail.Known(), slug) || r.Set != guardrail.Base && r.Set != slug {
				t.Errorf("%s of %s serves controls of %s", r.Sid, r.Set, framework)
			}
		}
		for _, w := range wrong(t, guardrail.Compile("x", []guardrail.Rule{r}).Document, r) {
			t.Errorf("%s answers otherwise than is written: %s", r.Sid, w)
		}
	}
}

// TestEveryChangeOfARuleIsNoticed changes each rule in every place, one at a
// time: some probe is then answered otherwise.
func TestEveryChangeOfARuleIsNoticed(t *testing.T) {
	changed := 0
	for _, r := range everyRule() {
		for what, m := range mutations(r) {
			changed++
			document := guardrail.Compile("x", []guardrail.Rule{m}).Document
			if what == "allows" {
				document = strings.Replace(document, `"Effect":"Deny"`, `"Effect":"Allow"`, 1)
			}
			if len(wrong(t, document, r)) == 0 {
				t.Errorf("%s: no probe notices that it %s", r.Sid, what)
			}
		}
	}
	if changed < 400 {
		t.Errorf("%d changes were made, want 500 or more", changed)
	}
}

// mutations are a rule changed in one place, by what was changed.
func mutations(r guardrail.Rule) map[string]guardrail.Rule {
	all := map[string]guardrail.Rule{"allows": r}
	change := func(what string, do func(*guardrail.Rule)) {
		m := r
		do(&m)
		all[what] = m
	}
	drop := func(list []string, i int, what string, set func(*guardrail.Rule, []string)) {
		rest := slices.Delete(slices.Clone(list), i, i+1)
		if len(rest) == 0 {
			rest = []string{"nothing:Nothing"}
		}
		change("drops "+what+" "+list[i], func(m *guardrail.Rule) { set(m, rest) })
	}
	actions := func(m *guardrail.Rule, l []string) { m.Actions = l }
	notActions := func(m *guardrail.Rule, l []string) { m.NotActions = l }
	for i, a := range r.Actions {
		drop(r.Actions, i, "action", actions)
		service, _, _ := strings.Cut(a, ":")
		if a != service+":*" {
			change("denies all of "+service, func(m *guardrail.Rule) { m.Actions = append(slices.Clone(r.Actions), service+":*") })
		}
	}
	if len(r.Actions) > 0 {
		change("denies every action", func(m *guardrail.Rule) { m.Actions = []string{"*"} })
		change("denies all but its actions", func(m *guardrail.Rule) { m.Actions, m.NotActions = nil, r.Actions })
	}
	for i := range r.NotActions {
		drop(r.NotActions, i, "what it leaves,", notActions)
	}
	if len(r.NotActions) > 0 {
		change("leaves everything", func(m *guardrail.Rule) { m.NotActions = []string{"*"} })
		change("denies what it should leave", func(m *guardrail.Rule) { m.Actions, m.NotActions = r.NotActions, nil })
	}
	for i, on := range r.Resources {
		if on == "*" {
			change("is of one resource", func(m *guardrail.Rule) { m.Resources = []string{"arn:aws:s3:::nothing"} })
			continue
		}
		rest := slices.Delete(slices.Clone(r.Resources), i, i+1)
		if len(rest) == 0 {
			rest = []string{"arn:aws:s3:::nothing"}
		}
		change("drops resource "+on, func(m *guardrail.Rule) { m.Resources = rest })
		change("is of every resource", func(m *guardrail.Rule) { m.Resources = []string{"*"} })
		change("is of one partition: "+on, func(m *guardrail.Rule) {
			m.Resources = slices.Clone(r.Resources)
			m.Resources[i] = strings.Replace(on, "arn:*:", "arn:aws:", 1)
		})
	}
	for operator, keys := range r.Condition {
		condition := func(what string, do func(guardrail.Condition)) {
			c := guardrail.Condition{}
			for o, k := range r.Condition {
				c[o] = maps.Clone(k)
			}
			do(c)
			maps.DeleteFunc(c, func(_ string, k map[string][]string) bool { return len(k) == 0 })
			change(what, func(m *guardrail.Rule) { m.Condition = c })
		}
		for key, values := range keys {
			condition("drops condition "+operator+" "+key, func(c guardrail.Condition) { delete(c[operator], key) })
			if other, has := opposite[operator]; has {
				condition("turns round condition "+operator+" "+key, func(c guardrail.Condition) {
					delete(c[operator], key)
					if c[other] == nil {
						c[other] = map[string][]string{}
					}
					c[other][key] = values
				})
			}
			for i, v := range values {
				others := slices.Clone(values)
				others[i] = "other"
				if v == "true" || v == "false" {
					others[i] = map[string]string{"true": "false", "false": "true"}[v]
				}
				if strings.HasPrefix(operator, "Numeric") {
					others[i] = "1"
				}
				condition("has another value for "+key+" than "+v, func(c guardrail.Condition) { c[operator][key] = others })
				if strings.HasPrefix(v, "arn:*:") && key != "aws:PrincipalArn" {
					one := slices.Clone(values)
					one[i] = strings.Replace(v, "arn:*:", "arn:aws:", 1)
					condition("is of one partition: "+v, func(c guardrail.Condition) { c[operator][key] = one })
				}
			}
		}
	}
	return all
}

var opposite = map[string]string{
	"StringLike": "StringNotLike", "StringNotLike": "StringLike", "StringEquals": "StringNotEquals", "StringNotEquals": "StringEquals",
	"ArnLike": "ArnNotLike", "ArnNotLike": "ArnLike", "NumericLessThan": "NumericGreaterThanEquals", "BoolIfExists": "Bool",
}

// TestSetsKeepApart: in the account of a tier a probe of any rule is answered as
// is written, whichever set the rule is of; and each set has three rules or more
// that deny what no other does.
func TestSetsKeepApart(t *testing.T) {
	own := map[string]map[string]bool{}
	for _, framework := range append(guardrail.Known(), "a framework of one's own") {
		policy := guardrail.For(framework)
		for _, r := range everyRule() {
			for _, p := range r.Probes {
				want := p.DeniedIn(r, framework)
				if got := denies(t, policy.Document, p); got != want {
					t.Errorf("%s: %s on %q by %s, a probe of %s of %s: denied is %t, written is %t", framework, p.Action, p.Resource, p.Context["aws:PrincipalArn"], r.Sid, r.Set, got, want)
				}
				if p.Denied && len(p.Also) == 0 && r.Set == framework {
					if own[framework] == nil {
						own[framework] = map[string]bool{}
					}
					own[framework][r.Sid] = true
				}
			}
		}
	}
	for _, slug := range guardrail.Known() {
		if len(own[slug]) < 3 {
			t.Errorf("%s has %d rules that no other set has: %v", slug, len(own[slug]), own[slug])
		}
	}
}

// TestSetsFit: every set is within what AWS ever let one policy have, and no
// statement's words name another framework.
func TestSetsFit(t *testing.T) {
	for _, framework := range append(guardrail.Known(), "x") {
		p := guardrail.For(framework)
		if len(p.Document) > limits.PolicyCharactersOlder {
			t.Errorf("%s takes %d characters", framework, len(p.Document))
		}
		if lines := guardrail.Words(p.Document); len(lines) != len(p.Rules) {
			t.Errorf("%s: %d lines for %d rules", framework, len(lines), len(p.Rules))
		}
		for _, line := range guardrail.Words(p.Document) {
			for _, name := range []string{"SOC", "HIPAA", "FedRAMP", "CIS"} {
				if strings.Contains(line, name) {
					t.Errorf("%s: %q names %s", framework, line, name)
				}
			}
		}
	}
}

// TestPack: packed rules are all there, in their order, each policy within its
// size and as full as the order lets it be; what fits one policy is one, as it ever
// was.
func TestPack(t *testing.T) {
	for _, framework := range append(guardrail.Known(), "a framework of one's own") {
		rules := guardrail.Rules(framework)
		for size := 2_400; size <= limits.PolicyCharacters; size += 97 {
			policies := guardrail.Pack(framework, rules, size)
			var sids []string
			for i, p := range policies {
				if len(p.Document) > size {
					t.Errorf("%s within %d: policy %d takes %d", framework, size, i+1, len(p.Document))
				}
				if got := guardrail.AllSids(p.Document); len(got) != len(p.Rules) {
					t.Errorf("%s within %d: policy %d has %v for %d rules", framework, size, i+1, got, len(p.Rules))
				}
				for _, r := range p.Rules {
					sids = append(sids, r.Sid)
				}
				if i > 0 {
					fuller := append(slices.Clone(policies[i-1].Rules), p.Rules[0])
					if len(guardrail.Pack(framework, fuller, size)) == 1 {
						t.Errorf("%s within %d: policy %d has room for %s", framework, size, i, p.Rules[0].Sid)
					}
				}
				if name := fmt.Sprintf("%s-%d", guardrail.For(framework).Name, i+1); i > 0 && p.Name != name {
					t.Errorf("%s: policy %d is called %s", framework, i+1, p.Name)
				}
			}
			if !slices.EqualFunc(sids, rules, func(sid string, r guardrail.Rule) bool { return sid == r.Sid }) {
				t.Errorf("%s within %d: %v", framework, size, sids)
			}
			whole := guardrail.Compile(framework, rules)
			if policies[0].Name != whole.Name || len(whole.Document) <= size && (len(policies) != 1 || policies[0].Document != whole.Document) {
				t.Errorf("%s within %d: %d policies for %d characters", framework, size, len(policies), len(whole.Document))
			}
		}
		if p := guardrail.Pack(framework, rules, limits.PolicyCharactersOlder); len(p) != 1 || p[0].Document != guardrail.For(framework).Document {
			t.Errorf("%s takes %d policies of what AWS let one have before", framework, len(p))
		}
	}
}
