package estate

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// parseTemplate reads a conformance pack's template, YAML or JSON, as far as
// packs use CloudFormation: parameters, conditions, Ref, Fn::If, Fn::Equals,
// Fn::Not, Fn::And, Fn::Or. It returns the rules.
func parseTemplate(body string, given []Doc) ([]Doc, error) {
	var root yaml.Node
	if err := yaml.Unmarshal([]byte(body), &root); err != nil {
		return nil, err
	}
	top, err := value(&root, 0)
	if err != nil {
		return nil, err
	}
	doc, ok := top.(Doc)
	if !ok || sub(doc, "Resources") == nil {
		return nil, errors.New("no Resources")
	}
	t := template{conditions: sub(doc, "Conditions"), parameters: Doc{}}
	for name, p := range sub(doc, "Parameters") {
		fields, _ := p.(Doc)
		if fields["Default"] != nil {
			t.parameters[name] = fmt.Sprint(fields["Default"])
		}
	}
	for _, p := range given {
		t.parameters[text(p, "ParameterName")] = text(p, "ParameterValue")
	}
	var rules []Doc
	resources := sub(doc, "Resources")
	for _, name := range slices.Sorted(maps.Keys(resources)) {
		r, _ := resources[name].(Doc)
		switch kind := text(r, "Type"); {
		case kind == "AWS::Config::RemediationConfiguration":
			continue
		case kind != "AWS::Config::ConfigRule":
			return nil, fmt.Errorf("resource %s has the type %q, want AWS::Config::ConfigRule", name, kind)
		}
		if on := text(r, "Condition"); on != "" && !t.holds(Doc{"Condition": on}, 0) {
			continue
		}
		rule, err := t.rule(name, sub(r, "Properties"))
		if err != nil {
			return nil, err
		}
		rules = append(rules, rule)
	}
	return rules, nil
}

type template struct{ conditions, parameters Doc }

func (t template) rule(name string, properties Doc) (Doc, error) {
	resolved, _ := t.resolve(properties, 0).(Doc)
	source := sub(resolved, "Source")
	switch {
	case text(source, "Owner") != "AWS":
		return nil, fmt.Errorf("rule %s: simaws has managed rules only: want the source's owner AWS", name)
	case !identifier.MatchString(text(source, "SourceIdentifier")):
		return nil, fmt.Errorf("rule %s: the source identifier %q is none", name, text(source, "SourceIdentifier"))
	}
	r := Doc{"ConfigRuleName": text(resolved, "ConfigRuleName"), "Source": source}
	if text(r, "ConfigRuleName") == "" {
		r["ConfigRuleName"] = name
	}
	if d := text(resolved, "Description"); d != "" {
		r["Description"] = d
	}
	if in := sub(resolved, "InputParameters"); len(in) > 0 {
		words := Doc{}
		for name, v := range in {
			words[name] = fmt.Sprint(v)
		}
		text, _ := json.Marshal(words) // texts
		r["InputParameters"] = string(text)
	} else if in := text(resolved, "InputParameters"); in != "" {
		r["InputParameters"] = in
	}
	return r, nil
}

// resolve brings a value to what its functions give. What is nothing goes.
func (t template) resolve(v any, depth int) any {
	if depth > 32 {
		return nil
	}
	switch v := v.(type) {
	case Doc:
		if name := text(v, "Ref"); name != "" && len(v) == 1 {
			return t.parameters[name] // AWS::NoValue is no parameter
		}
		if args, ok := v["Fn::If"].([]any); ok && len(args) == 3 {
			if t.holds(Doc{"Condition": args[0]}, depth+1) {
				return t.resolve(args[1], depth+1)
			}
			return t.resolve(args[2], depth+1)
		}
		out := Doc{}
		for name, s := range v {
			if r := t.resolve(s, depth+1); r != nil {
				out[name] = r
			}
		}
		return out
	case []any:
		out := []any{}
		for _, s := range v {
			if r := t.resolve(s, depth+1); r != nil {
				out = append(out, r)
			}
		}
		return out
	}
	return v
}

// holds tells whether a condition does.
func (t template) holds(c Doc, depth int) bool {
	if depth > 32 {
		return false
	}
	if name := text(c, "Condition"); name != "" {
		return t.holds(sub(t.conditions, name), depth+1)
	}
	each := func(name string) []bool {
		var all []bool
		for _, one := range docs(c, name) {
			all = append(all, t.holds(one, depth+1))
		}
		return all
	}
	switch {
	case c["Fn::Equals"] != nil:
		args, _ := c["Fn::Equals"].([]any)
		return len(args) == 2 && fmt.Sprint(t.resolve(args[0], depth+1)) == fmt.Sprint(t.resolve(args[1], depth+1))
	case c["Fn::Not"] != nil:
		return slices.Contains(each("Fn::Not"), false)
	case c["Fn::And"] != nil:
		return !slices.Contains(each("Fn::And"), false)
	case c["Fn::Or"] != nil:
		return slices.Contains(each("Fn::Or"), true)
	}
	return false
}

// value is a YAML node as JSON has it; a tag such as !Ref is its function.
func value(n *yaml.Node, depth int) (any, error) {
	if depth > 64 {
		return nil, errors.New("the template is too deep")
	}
	v, err := bare(n, depth)
	if err != nil {
		return nil, err
	}
	switch name, short := strings.CutPrefix(n.Tag, "!"); {
	case !short || strings.HasPrefix(name, "!"):
		return v, nil
	case name == "Ref" || name == "Condition":
		return Doc{name: v}, nil
	default:
		return Doc{"Fn::" + name: v}, nil
	}
}

func bare(n *yaml.Node, depth int) (any, error) {
	switch n.Kind {
	case yaml.DocumentNode:
		if len(n.Content) == 1 {
			return value(n.Content[0], depth+1)
		}
	case yaml.MappingNode:
		out := Doc{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			v, err := value(n.Content[i+1], depth+1)
			if err != nil {
				return nil, err
			}
			out[n.Content[i].Value] = v
		}
		return out, nil
	case yaml.SequenceNode:
		out := []any{}
		for _, item := range n.Content {
			v, err := value(item, depth+1)
			if err != nil {
				return nil, err
			}
			out = append(out, v)
		}
		return out, nil
	case yaml.ScalarNode:
		return n.Value, nil
	case yaml.AliasNode:
		return nil, errors.New("a template may not have aliases")
	}
	return nil, nil
}
