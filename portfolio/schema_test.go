package portfolio

import (
	"bytes"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v4"
)

// compiled is the schema, checked against the schema of schemas.
func compiled(t *testing.T) *jsonschema.Schema {
	t.Helper()
	text, err := Schema()
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	c.AssertFormat()
	if err := c.AddResource("portfolio.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("portfolio.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// instance is YAML as the validator of schemas wants it.
func instance(t *testing.T, text string) any {
	t.Helper()
	var v any
	if err := yaml.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	asJSON, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	got, err := jsonschema.UnmarshalJSON(bytes.NewReader(asJSON))
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestTheSchemaAgreesWithParse(t *testing.T) {
	s := compiled(t)
	example, err := os.ReadFile("../examples/five-customers.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, text string
		good       bool
	}{
		{"the example", string(example), true},
		{"every field of a customer", valid + "  - {key: z, name: Zoë, tier: own, contact: z@z.example, price: 12.5, account: \"000000000042\", region: eu-west-1, segment: Games, since: \"2026-01-31\", until: \"2027-01-31\", formerly: [zee]}\ntiers: {own: {name: Own, framework: Own, price: \"1.50\"}}\n", true},
		{"those who left", valid + "departed: [oldco, {key: older, until: \"2026-05-31\"}]\n", true},
		{"an unknown field", valid + "colour: red\n", false},
		{"an unknown field of a customer", with(t, "tier: fintech", "tier: fintech\n    colour: red"), false},
		{"a missing contact", with(t, "    contact: john@acmefinance.com\n", ""), false},
		{"a bad key", with(t, "key: acme", "key: ACME"), false},
		{"a bad id", with(t, `"111122223333"`, `"1111"`), false},
		{"a negative price", with(t, "tier: fintech", "tier: fintech\n    price: -1"), false},
		{"a bad target", with(t, "simulated\n", "azure\n"), false},
		{"a pattern without a place for the key", with(t, "aws+{customer}@", "aws@"), false},
		{"no people", valid + "economics: {support_people_minimum: 0}\n", false},
	} {
		if err := s.Validate(instance(t, c.text)); (err == nil) != c.good {
			t.Errorf("%s: the schema says %v, want good to be %v", c.name, err, c.good)
		}
		if _, err := Parse("f", []byte(c.text)); (err == nil) != c.good {
			t.Errorf("%s: Parse says %v, want good to be %v", c.name, err, c.good)
		}
	}
}

func TestTheSchemaIsClosedAndDescribesEachField(t *testing.T) {
	text, err := Schema()
	if err != nil {
		t.Fatal(err)
	}
	var root map[string]any
	if err := json.Unmarshal(text, &root); err != nil {
		t.Fatal(err)
	}
	var fields []string
	var walk func(path string, v any)
	walk = func(path string, v any) {
		switch v := v.(type) {
		case map[string]any:
			if v["type"] == "object" && v["additionalProperties"] != false {
				t.Errorf("%s takes fields that it does not name", path)
			}
			properties, _ := v["properties"].(map[string]any)
			for name, p := range properties {
				fields = append(fields, strings.TrimPrefix(path+"."+name, "."))
				if about, _ := p.(map[string]any)["description"].(string); about == "" {
					t.Errorf("%s.%s has no description", path, name)
				}
				walk(path+"."+name, p)
			}
			walk(path, v["items"])
			walk(path, v["anyOf"])
		case []any:
			for _, e := range v {
				walk(path, e)
			}
		}
	}
	walk("", root)
	for _, want := range []string{"provider.account_email", "organization.simulated_accounts", "tiers.government-federal.unit",
		"customers.formerly", "departed.until", "economics.minutes.sign_in", "economics.thresholds.ou_navigation"} {
		if !slices.Contains(fields, want) {
			t.Errorf("the schema has no %s; it has %v", want, fields)
		}
	}
}

// TestDefaultsOfTheSchemaAreParsesOwn reads a file that writes out the defaults
// that the schema names, and gets what leaving them out gets.
func TestDefaultsOfTheSchemaAreParsesOwn(t *testing.T) {
	text, err := Schema()
	if err != nil {
		t.Fatal(err)
	}
	type schema struct {
		Default    json.RawMessage
		Properties map[string]schema
	}
	var root schema
	if err := json.Unmarshal(text, &root); err != nil {
		t.Fatal(err)
	}
	var written func(s schema) string
	written = func(s schema) string {
		var parts []string
		for name, p := range s.Properties {
			value := string(p.Default)
			if len(p.Properties) > 0 {
				value = written(p)
			}
			if value == "" {
				t.Errorf("%s has no default", name)
			}
			parts = append(parts, name+": "+value)
		}
		return "{" + strings.Join(parts, ", ") + "}"
	}
	file := valid + "economics: " + written(root.Properties["economics"]) + "\n"
	if got := parse(t, file).Economics; got != economics {
		t.Errorf("got %+v\nfrom %s\nwant %+v", got, file, economics)
	}
}
