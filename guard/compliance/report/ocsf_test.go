package report

import (
	"encoding/json"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// TestOCSFIsOfItsSchema validates events of each tier by what OCSF's schema says of
// their class, and checks that it refuses what is none of it.
func TestOCSFIsOfItsSchema(t *testing.T) {
	file, err := os.Open("testdata/ocsf-compliance-finding.json")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	doc, err := jsonschema.UnmarshalJSON(file)
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("ocsf.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("ocsf.json")
	if err != nil {
		t.Fatal(err)
	}
	is := func(text string) error {
		event, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
		if err != nil {
			return err
		}
		return schema.Validate(event)
	}
	for i, c := range customers {
		r := New(c.subject, posture(t, c.framework, c.edition, findings(rand.New(rand.NewPCG(uint64(i), 3)), c.subject)))
		var events []json.RawMessage
		if err := json.Unmarshal(rendered(t, r, "ocsf"), &events); err != nil || len(events) == 0 {
			t.Fatalf("%s: %d events, %v", c.subject.Customer, len(events), err)
		}
		for _, e := range events {
			if err := is(string(e)); err != nil {
				t.Errorf("%s: %v\n%s", c.subject.Customer, err, e)
				break
			}
		}
		one := string(events[0])
		for was, wrong := range map[string]string{
			`"class_uid":2003`: `"class_uid":2004`, `"type_uid":200301`: `"type_uid":200302`, `"severity_id":`: `"severity_id":7`, `"time":`: `"time":-`, `"profiles":["cloud"]`: `"profiles":[]`,
			`"finding_info":{"uid"`: `"finding_info":{"id"`, `"provider"`: `"vendor"`, `"version":"1.5.0"`: `"version":"1.4.0"`, `"product":{"name"`: `"product":{"title"`, `"standards":[`: `"standards":[1,`,
			`"status_code"`: `"statuscode"`, `"resources":[{"uid"`: `"resources":[{"arn"`, `"metadata"`: `"meta"`, `"compliance"`: `"complied"`, `"account":{"uid"`: `"account":{"id"`,
		} {
			broken := strings.Replace(one, was, wrong, 1)
			if broken == one {
				t.Errorf("an event has no %s", was)
			} else if is(broken) == nil {
				t.Errorf("an event with %s in place of %s is valid", wrong, was)
			}
		}
	}
}
