package portfolio

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/invopop/jsonschema"
	"go.yaml.in/yaml/v4"

	"landlord/guard/guardrail"
	"landlord/internal/limits"
)

// Exemption lets a customer's account do what a statement of its tier denies.
type Exemption struct {
	Statement string
	Reason    string
	Until     string // "2027-03-31", the first day without
}

// addition is a statement that a tier adds, as the file has it.
type addition struct {
	guardrail.Rule
	effect string
}

const sidPattern = `^[A-Za-z0-9]{1,64}$`

var (
	sidValue    = matching("1 to 64 letters and digits", sidPattern, 64)
	actionValue = matching("an action such as s3:PutObject", `^(\*|[a-z0-9-]+:[A-Za-z0-9*?]+)$`, 128)
	effectValue = scalar("Deny", jsonschema.Schema{Enum: []any{guardrail.Deny}}, func(text, name string) string {
		if text != guardrail.Deny {
			return fmt.Sprintf("%s %s cannot be; a tier's statements only deny", name, quote(text))
		}
		return ""
	})
)

// conditionValue is a statement's condition: operator, key, a text or a list.
var conditionValue = value[guardrail.Condition]{
	expects: "a mapping of operators to keys to values",
	kind:    yaml.MappingNode,
	schema: func() *jsonschema.Schema {
		text := &jsonschema.Schema{Type: "string"}
		keys, operators := object(), object()
		keys.PatternProperties = map[string]*jsonschema.Schema{`^[A-Za-z0-9-]+:.+$`: {AnyOf: []*jsonschema.Schema{text, {Type: "array", Items: text}}}}
		operators.PatternProperties = map[string]*jsonschema.Schema{`^[A-Za-z:]+$`: keys}
		return operators
	},
	read: func(r *reader, n *yaml.Node, name string) guardrail.Condition {
		got := guardrail.Condition{}
		for operator, keys := range r.entries(n, name) {
			if keys.Kind != yaml.MappingNode {
				r.fault(keys, "%s of %s is %s; expected a mapping of keys to values", quote(operator.Value), name, kindOf(keys))
				continue
			}
			got[operator.Value] = map[string][]string{}
			for key, v := range r.entries(keys, operator.Value) {
				nodes := []*yaml.Node{v}
				if v.Kind == yaml.SequenceNode {
					nodes = v.Content
				}
				for _, one := range nodes {
					if one.Kind != yaml.ScalarNode || one.Tag != "!!str" {
						r.fault(one, "a value of %s is not text; write it in quotes", quote(key.Value))
						continue
					}
					got[operator.Value][key.Value] = append(got[operator.Value][key.Value], one.Value)
				}
			}
		}
		return got
	},
}

var additionsValue = list("a list of statements", "a statement", mapping("a mapping with sid, why and actions or not_actions",
	addition{Rule: guardrail.Rule{Set: guardrail.Added, Resources: []string{"*"}}, effect: guardrail.Deny}, []field[addition]{
		need("sid", "The statement's name, letters and digits.", sidValue, func(a *addition) *string { return &a.Sid }),
		need("why", "What it prevents, in words that the tier's customers may read.", line(200), func(a *addition) *string { return &a.Prevents }),
		may("effect", "Deny: a tier's statements only take away.", effectValue, func(a *addition) *string { return &a.effect }),
		may("actions", "What it denies.", list("a list of actions", "action", actionValue), func(a *addition) *[]string { return &a.Actions }),
		may("not_actions", "What it leaves; all else is denied.", list("a list of actions", "action", actionValue), func(a *addition) *[]string { return &a.NotActions }),
		may("resources", "What it is about, as ARNs.", list("a list of ARNs", "resource", line(512)), func(a *addition) *[]string { return &a.Resources }),
		may("condition", "When it holds.", conditionValue, func(a *addition) *guardrail.Condition { return &a.Condition }),
	}))

var exemptionsValue = list("a list of exemptions", "an exemption", mapping("a mapping with statement, reason and until", Exemption{}, []field[Exemption]{
	need("statement", "The statement's Sid, one of the tier's.", sidValue, func(e *Exemption) *string { return &e.Statement }),
	need("reason", "Why; verify says it as long as the exemption holds.", line(200), func(e *Exemption) *string { return &e.Reason }),
	need("until", "The first day without the exemption.", dateValue, func(e *Exemption) *string { return &e.Until }),
}))

// PolicyQuota is what AWS allows of the policies that guardrails are packed into.
func (o Organization) PolicyQuota() limits.PolicyQuota {
	quotas, known := limits.QuotasNamed(o.Quotas)
	if !known {
		quotas = limits.Present()
	}
	return quotas.ServiceControl
}

// Rules are what the tier demands: its framework's set, then what the file adds.
func (t Tier) Rules() []guardrail.Rule {
	return slices.Concat(guardrail.Rules(t.Framework), t.Guardrails)
}

// checkGuardrails tells which statements cannot be added to a tier, and which
// nobody can be exempted from.
func (r *reader) checkGuardrails(d document) {
	tiers := map[string]Tier{}
	for _, t := range d.allTiers() {
		tiers[t.Key] = t
	}
	of := map[string]string{} // by framework: the tier whose guardrails were compared last
	quota := d.organization.value.PolicyQuota()
	for _, t := range d.tiers {
		if t.node == nil {
			continue
		}
		for i, a := range t.value.added {
			if a.node != nil {
				r.checkAddition(t.value, i, a, quota.Characters)
			}
		}
		if len(t.value.added) == 0 {
			continue
		}
		if n := len(guardrail.Pack(t.value.Framework, tiers[t.value.Key].Rules(), quota.Characters)); n >= quota.PerTarget {
			r.fault(t.at("guardrails"), "tier %s's guardrails take %d policies with those of its framework; AWS lets %d be attached to its unit, and FullAWSAccess is one of them", quote(t.value.Key), n, quota.PerTarget)
		}
	}
	for _, t := range d.allTiers() {
		other, taken := of[guardrail.Slug(t.Framework)]
		if !taken {
			of[guardrail.Slug(t.Framework)] = t.Key
			continue
		}
		if len(t.Guardrails)+len(tiers[other].Guardrails) > 0 && guardrail.Compile("", t.Guardrails).Document != guardrail.Compile("", tiers[other].Guardrails).Document {
			for _, own := range d.tiers {
				if own.node != nil && (own.value.Key == t.Key || own.value.Key == other) && own.fields["guardrails"] != nil {
					r.fault(own.at("guardrails"), "tiers %s and %s are both of %s and share its policy; write the same guardrails for both", quote(other), quote(t.Key), t.Framework)
					break
				}
			}
		}
	}
	for _, c := range d.customers {
		seen := map[string]int{}
		for _, e := range c.value.exempt {
			n := scalarOf(e.fields["statement"])
			t, known := tiers[c.value.Tier]
			if n == nil || !known {
				continue
			}
			r.once(n, seen, n.Value, "statement")
			var sids []string
			for _, rule := range t.Rules() {
				sids = append(sids, rule.Sid)
			}
			if !slices.Contains(sids, n.Value) {
				r.fault(n, "tier %s has no statement %s%s", quote(t.Key), quote(n.Value), r.nearest(n.Value, sids, "; it has "+cut(strings.Join(sids, ", "))))
			}
		}
	}
}

var anAnd = regexp.MustCompile(`And`)

func (r *reader) checkAddition(t Tier, i int, a placed[addition], characters int) {
	rule := a.value.Rule
	taken := guardrail.Says(rule.Sid) != ""
	for _, before := range t.added[:i] {
		taken = taken || before.value.Sid == rule.Sid
	}
	switch {
	case taken:
		r.fault(a.at("sid"), "sid %s is already a statement's; choose another", quote(rule.Sid))
	case anAnd.MatchString(rule.Sid):
		r.fault(a.at("sid"), "sid %s has And in it, which joins the names of statements; choose another", quote(rule.Sid))
	case (len(rule.Actions) == 0) == (len(rule.NotActions) == 0):
		r.fault(a.at("sid"), "statement %s has to have either actions or not_actions", quote(rule.Sid))
	default:
		text := guardrail.Compile("x", []guardrail.Rule{rule}).Document
		if _, err := guardrail.ParseServiceControl([]byte(text)); err != nil {
			r.fault(a.at("condition"), "statement %s cannot be: %v", quote(rule.Sid), err)
		} else if len(text) > characters {
			r.fault(a.at("sid"), "statement %s takes %d characters alone; AWS lets one policy have %d. Write it as several", quote(rule.Sid), len(text), characters)
		}
	}
}
