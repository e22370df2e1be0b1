package landlord_test

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"landlord/guard/compliance"
	"landlord/guard/guardrail"
	"landlord/vend/cloud"
)

// actionsOf are the lines of testdata/actions.txt: by service its actions, by
// condition key the actions that it is for.
func actionsOf(t *testing.T) map[string][]string {
	t.Helper()
	text, err := os.ReadFile("testdata/actions.txt")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]string{}
	for line := range strings.Lines(string(text)) {
		if words := strings.Fields(line); words[0] != "#" {
			all[words[0]] = words[1:]
		}
	}
	return all
}

// TestActionsExist: every action that a statement, a probe, a check or what
// landlord needs names is one that AWS has, written as AWS writes it; and a
// condition key is for each action whose statement rests on it.
func TestActionsExist(t *testing.T) {
	known := actionsOf(t)
	asked := 0
	exists := func(where, action string) {
		t.Helper()
		asked++
		service, name, _ := strings.Cut(action, ":")
		if action != "*" && !slices.ContainsFunc(known[service], func(a string) bool { return guardrail.Match(name, a) }) {
			t.Errorf("%s: AWS has no action %s", where, action)
		}
	}
	for _, framework := range append(guardrail.Known(), guardrail.Base) {
		for _, r := range guardrail.Rules(framework) {
			for _, action := range slices.Concat(r.Actions, r.NotActions) {
				exists(r.Sid, action)
			}
			for _, p := range r.Probes {
				exists("a probe of "+r.Sid, p.Action)
			}
			for _, keys := range r.Condition {
				for key := range keys {
					keyIsFor(t, known, r, key)
				}
			}
		}
	}
	for _, c := range compliance.Checks() {
		for _, call := range c.Calls {
			exists(c.ID, call)
		}
	}
	text, err := cloud.Permissions(false, "s3://bucket/lock", true)
	if err != nil {
		t.Fatal(err)
	}
	var needed struct{ Statement []struct{ Action []string } }
	if err := json.Unmarshal(text, &needed); err != nil {
		t.Fatal(err)
	}
	for _, s := range needed.Statement {
		for _, action := range s.Action {
			exists("what landlord needs", action)
		}
	}
	if asked < 900 {
		t.Errorf("%d actions were looked up, want 900 or more", asked)
	}
}

// keyIsFor fails the test if a service's own condition key is not there in a call
// that a rule's statement is about: what must equal something then never does.
func keyIsFor(t *testing.T, known map[string][]string, r guardrail.Rule, key string) {
	t.Helper()
	service, _, _ := strings.Cut(key, ":")
	for _, action := range r.Actions {
		of, name, _ := strings.Cut(action, ":")
		if of != service || strings.HasSuffix(name, "*") {
			continue
		}
		if !slices.Contains(known[key], name) {
			t.Errorf("%s: %s has no condition key %s", r.Sid, action, key)
		}
	}
}
