package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

const small = `{
 "metadata": {"apiVersion": "2016-11-28", "targetPrefix": "P"},
 "operations": {"Make": {"input": {"shape": "MakeRequest"}, "output": {"shape": "MakeResponse"}, "errors": [{"shape": "BadException"}]}},
 "shapes": {
  "MakeRequest": {"type": "structure", "required": ["Name"], "members": {"Name": {"shape": "Name"}, "Tags": {"shape": "Tags"}}},
  "Name": {"type": "string", "min": 1, "pattern": "[\\u0020-\\u007E]+"},
  "Tags": {"type": "list", "member": {"shape": "Tag"}},
  "Tag": {"type": "string", "pattern": "[\\s\\S]*"},
  "Unused": {"type": "string"},
  "BadException": {"type": "structure", "members": {"Reason": {"shape": "BadReason"}}, "documentation": "<ul><li><p>TOO_BAD: It&#39;s  <b>bad</b>.</p></li></ul>"},
  "BadReason": {"type": "string", "enum": ["TOO_BAD", "WORSE"]}
 }
}`

func TestGenerate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "service-2.json")
	if err := os.WriteFile(path, []byte(small), 0o600); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := generate(path, &out); err != nil {
		t.Fatal(err)
	}
	var m model
	if err := json.Unmarshal(out.Bytes(), &m); err != nil {
		t.Fatal(err)
	}
	name := regexp.MustCompile(m.Shapes["Name"].Pattern)
	if !name.MatchString("a b") || name.MatchString("ü") || name.MatchString("a\n") {
		t.Errorf("pattern %s: want it to match all of a printable text", name)
	}
	if got := m.Shapes["Tag"].Pattern; got != "" {
		t.Errorf("a pattern that matches everything became %q, want none", got)
	}
	if _, ok := m.Shapes["Unused"]; ok {
		t.Error("a shape that no input reaches is printed")
	}
	if got := m.Reasons["BadException"]; got["TOO_BAD"] != "It's bad." || len(got) != 2 {
		t.Errorf("reasons %v, want both, the first with its sentence", got)
	}
	if got := m.Operations["Make"]; got.Input != "MakeRequest" || len(got.Errors) != 1 {
		t.Errorf("operation %+v", got)
	}
}
