package guardrail

import (
	"encoding/json"
	"fmt"
	"strings"
)

// words say what a statement of landlord's is for, by its Sid.
var words = map[string]string{
	"StayInOrganization":  "the account cannot leave the organization",
	"KeepCloudTrail":      "CloudTrail goes on recording",
	"KeepConfig":          "AWS Config goes on recording",
	"NoRoot":              "the root user can do nothing",
	"KeepThreatDetection": "GuardDuty and Security Hub stay on",
	"EncryptVolumes":      "volumes are encrypted",
	"StayInUnitedStates":  "only regions of the United States",
	"KeepSafeDefaults":    "default encryption, the password policy and the block of public access to S3 stay",
	"DenyAll":             "nothing is allowed",
}

// Words tells what each statement of a document is for: its Sid, and plain
// words where the statement is one of landlord's. A document that is not JSON
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
		line := s.Sid
		if line == "" {
			line = fmt.Sprintf("%s, statement %d", strings.ToLower(s.Effect), i+1)
		}
		if w, known := words[s.Sid]; known {
			line += ": " + w
		}
		lines = append(lines, line)
	}
	return lines
}

// Suspended is the policy that denies everything to an account, for as long as
// its customer is suspended. It is for no framework.
func Suspended() Policy {
	document, err := json.Marshal(struct {
		Version   string
		Statement []statement
	}{"2012-10-17", []statement{{Sid: "DenyAll", Effect: "Deny", Action: []string{"*"}, Resource: "*"}}})
	if err != nil {
		panic(err) // constant input
	}
	return Policy{
		Name:        SuspendedName,
		Description: "Denies everything in the accounts of customers that landlord suspended",
		Document:    string(document),
		Statements:  1,
	}
}

// SuspendedName is the name of the policy of Suspended, Purpose the value of the
// tag landlord:policy that it is known by.
const (
	SuspendedName = Prefix + "suspended"
	Purpose       = "suspended"
)
