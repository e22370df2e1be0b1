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

// Says is what a rule of landlord's is for, in plain words, by its Sid; "" if no
// set has it.
func Says(sid string) string { return words()[sid] }

// Basis is where what a rule of landlord's lists is from, by its Sid; "" if nobody
// else's list is behind it.
func Basis(sid string) string {
	for _, rules := range sets() {
		for _, r := range rules {
			if r.Sid == sid {
				return r.Basis
			}
		}
	}
	return ""
}

// Words tells what each rule of a document is for: its Sid, and plain words where
// it is one of landlord's. A document that is not JSON says nothing.
func Words(document string) []string { return slices.Concat(WordsOf(document)...) }

// WordsOf is Words statement by statement: one may hold several rules.
func WordsOf(document string) [][]string {
	var d struct {
		Statement []struct{ Sid, Effect string }
	}
	if json.Unmarshal([]byte(document), &d) != nil {
		return nil
	}
	lines := make([][]string, len(d.Statement))
	for i, s := range d.Statement {
		if s.Sid == "" {
			lines[i] = []string{fmt.Sprintf("%s, statement %d", strings.ToLower(s.Effect), i+1)}
		}
		for _, sid := range Sids(s.Sid) {
			line := sid
			if w, known := words()[sid]; known {
				line += ": " + w
			}
			lines[i] = append(lines[i], line)
		}
	}
	return lines
}

// Sids are the rules that a statement of landlord's holds.
func Sids(sid string) []string {
	if sid == "" {
		return nil
	}
	return strings.Split(sid, between)
}

// AllSids are the rules that a document of landlord's holds.
func AllSids(document string) []string {
	var d struct{ Statement []struct{ Sid string } }
	if json.Unmarshal([]byte(document), &d) != nil {
		return nil
	}
	var all []string
	for _, s := range d.Statement {
		all = append(all, Sids(s.Sid)...)
	}
	return all
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
