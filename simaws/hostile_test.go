package simaws

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// TestHostileInputs gives every member of every operation's input values of
// every type, and checks that each call is answered, with an exception that the
// model lists, and leaves a state that can be opened.
func TestHostileInputs(t *testing.T) {
	path := t.TempDir() + "/state"
	f := furnish(t, Config{Seed: 3, State: path, Outside: elsewhere, AccountQuota: 20})
	f.must("EnableAWSServiceAccess", `{"ServicePrincipal":"account.amazonaws.com"}`)
	member := f.names["IN"]
	values := []any{
		nil, true, 0, -1, 1e300, "", "x", strings.Repeat("ü", 50_000), "{", "*", "ou-0000-00000000", "r-0000", member, f.names["ROOT"], fullAccess, "h-00000000",
		[]any{}, []any{nil}, []any{1, "a"}, []any{map[string]any{"Key": "k", "Value": 1}}, map[string]any{}, map[string]any{"Type": "EMAIL", "Id": member}, map[string]any{"Type": 1},
	}
	calls := 0
	for _, s := range services {
		if s.model == nil {
			continue
		}
		m := s.model()
		for _, operation := range slices.Sorted(maps.Keys(s.operations)) {
			var in map[string]any
			if err := json.Unmarshal([]byte(exampleOf(m, operation, f.names)), &in); err != nil {
				t.Fatal(err)
			}
			var names []string
			if shape := m.Shapes[m.Operations[operation].Input]; shape != nil {
				names = slices.Sorted(maps.Keys(shape.Members))
			}
			for _, name := range append(names, "Unknown") {
				for _, value := range values {
					changed := maps.Clone(in)
					changed[name] = value
					body, _ := json.Marshal(changed)
					for _, key := range []string{"AKIAADMIN", member, elsewhere[0].ID} {
						code := f.any(s, key, operation, string(body))
						calls++
						if code != "" && code != "SerializationException" && !slices.Contains(m.Operations[operation].Errors, code) {
							t.Errorf("%s %s by %s: %s, which AWS does not list", operation, body[:min(200, len(body))], key, code)
						}
						if f.world.org == nil {
							f.must("CreateOrganization", "{}")
						}
					}
				}
			}
		}
	}
	t.Logf("%d calls", calls)
	seen := pictureOf(f.lab)
	f.Close()
	again, err := openAt(t, path, "instant")
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if got := pictureOf(again); got != seen {
		t.Errorf("opened again: %s\nwant %s", got, seen)
	}
}

// any sends a call of any service and returns the exception type of its answer.
func (l *lab) any(s *service, key, operation, body string) string {
	target, path := s.prefix+"."+operation, "/"
	if s.protocol == restJSON {
		target, path = "", "/"+strings.ToLower(operation[:1])+operation[1:]
	}
	return l.wire(key, s.name, "us-east-1", target, path, body).code
}

// exampleOf is JSON with every required member of an operation, about entities
// that are there where one can tell by name.
func exampleOf(m *model, operation string, names map[string]string) string {
	known := map[string]string{
		"AccountId": names["IN"], "ChildId": names["IN"], "ResourceId": names["IN"], "SourceParentId": names["FULL"], "DestinationParentId": names["EMPTY"],
		"ParentId": names["ROOT"], "RootId": names["ROOT"], "TargetId": names["EMPTY"], "PolicyId": names["SPARE"], "OrganizationalUnitId": names["EMPTY"],
		"ChildType": "ACCOUNT", "Type": tagPolicy, "PolicyType": tagPolicy, "Filter": tagPolicy, "Content": `{"tags":{}}`,
		"ServicePrincipal": "config.amazonaws.com", "HandshakeId": "h-00000000", "CreateAccountRequestId": "car-00000000", "Email": "new@example.com",
		"ServiceCode": "organizations", "QuotaCode": "L-29A0C5DF", "AlternateContactType": "BILLING", "EmailAddress": "a@example.com", "PhoneNumber": "+1",
		"Id": "rt-00000000", "RegionName": "af-south-1", "PrimaryEmail": "p@example.com", "Otp": "000000",
	}
	var members []string
	if s := m.Shapes[m.Operations[operation].Input]; s != nil {
		for _, name := range s.Required {
			switch value, ok := known[name]; {
			case s.Members[name] == "ResponsibilityTransferType":
				members = append(members, `"Type":"BILLING"`)
			case m.Shapes[s.Members[name]].Type == "timestamp":
				members = append(members, `"`+name+`":1`)
			case name == "Target":
				members = append(members, `"Target":{"Type":"EMAIL","Id":"x@example.com"}`)
			case name == "ContactInformation":
				members = append(members, `"ContactInformation":`+contact)
			case m.Shapes[s.Members[name]].Type == "list":
				members = append(members, fmt.Sprintf("%q:[]", name))
			case m.Shapes[s.Members[name]].Type == "double":
				members = append(members, fmt.Sprintf("%q:11", name))
			case ok:
				members = append(members, fmt.Sprintf("%q:%q", name, value))
			default:
				members = append(members, fmt.Sprintf("%q:\"x\"", name))
			}
		}
	}
	return "{" + strings.Join(members, ",") + "}"
}
