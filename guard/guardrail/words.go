package guardrail

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
)

// words say what a statement of landlord's is for, by its Sid. Some are of
// policies that an older landlord made.
var words = sync.OnceValue(func() map[string]string {
	said := map[string]string{"DenyAll": "nothing is allowed"}
	for _, rules := range sets() {
		for _, r := range rules {
			said[r.Sid] = r.Prevents
		}
	}
	return said
})

// Words tells what each rule of a document is for: its Sid, and plain
// words where it is one of landlord's. A document that is not JSON
// says nothing.
func Words(document string) []string {
	var d struct {
		Statement []struct{ Sid, Effect string }
	}
	if json.Unmarshal([]byte(document), &d) != nil {
		return nil
	}
	var lines []string
	for i, s := range d.Statement {
		if s.Sid == "" {
			lines = append(lines, fmt.Sprintf("%s, statement %d", strings.ToLower(s.Effect), i+1))
			continue
		}
		sids := []string{s.Sid}
		if parts := strings.Split(s.Sid, between); !slices.ContainsFunc(parts, func(sid string) bool { return words()[sid] == "" }) {
			sids = parts
		}
		for _, sid := range sids {
			line := sid
			if w, known := words()[sid]; known {
				line += ": " + w
			}
			lines = append(lines, line)
		}
	}
	return lines
}

// Suspended is the policy that denies everything to an account, for as long as
// its customer is suspended. It is for no framework.
func Suspended() Policy {
	return Policy{
		Name:        SuspendedName,
		Description: "Denies everything in the accounts of customers that landlord suspended",
		Document:    document(statement{Sid: "DenyAll", Effect: Deny, Action: []string{"*"}, Resource: "*"}),
		Statements:  1,
	}
}

// SuspendedName is the name of the policy of Suspended, Purpose the value of the
// tag landlord:policy that it is known by.
const (
	SuspendedName = Prefix + "suspended"
	Purpose       = "suspended"
)
