// Package guardrail holds what the service control policies of a tier demand:
// the documents of each framework, and an evaluator that tells what a set of
// policies allows. It knows nothing of units and accounts; vend attaches.
package guardrail

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
)

// Prefix begins the name of every policy that landlord makes.
const Prefix = "landlord-"

// Policy is one service control policy as landlord wants it.
type Policy struct {
	Name        string // Prefix and the framework's slug: "landlord-soc2"
	Framework   string // "SOC 2"
	Description string
	Document    string // JSON without white space; AWS counts every character
	Statements  int
}

// statement is one statement of a policy, in the order AWS documents.
type statement struct {
	Sid       string
	Effect    string
	Action    []string `json:",omitempty"`
	NotAction []string `json:",omitempty"`
	Resource  string
	Condition map[string]map[string]any `json:",omitempty"`
}

// common is what every framework demands: the account stays, its record of
// what happened goes on, and nobody works as root.
var common = []statement{
	{Sid: "StayInOrganization", Effect: "Deny", Resource: "*",
		Action: []string{"organizations:LeaveOrganization"}},
	{Sid: "KeepCloudTrail", Effect: "Deny", Resource: "*",
		Action: []string{"cloudtrail:DeleteTrail", "cloudtrail:StopLogging"}},
	{Sid: "KeepConfig", Effect: "Deny", Resource: "*",
		Action: []string{"config:DeleteConfigurationRecorder", "config:DeleteDeliveryChannel", "config:StopConfigurationRecorder"}},
	{Sid: "NoRoot", Effect: "Deny", Resource: "*", Action: []string{"*"},
		Condition: map[string]map[string]any{"StringLike": {"aws:PrincipalArn": "arn:aws:iam::*:root"}}},
}

// own is the statement that is the framework's own, by the framework's slug.
var own = map[string]statement{
	// SOC 2, CC7.1 and CC7.2: detection of threats stays on.
	"soc2": {Sid: "KeepThreatDetection", Effect: "Deny", Resource: "*",
		Action: []string{"guardduty:DeleteDetector", "guardduty:DisassociateFromAdministratorAccount", "guardduty:StopMonitoringMembers",
			"securityhub:DisableSecurityHub", "securityhub:DisassociateFromAdministratorAccount"}},
	// HIPAA, 45 CFR 164.312(a)(2)(iv): data at rest is encrypted.
	"hipaa": {Sid: "EncryptVolumes", Effect: "Deny", Resource: "*",
		Action:    []string{"ec2:CreateVolume", "ec2:RunInstances"},
		Condition: map[string]map[string]any{"Bool": {"ec2:Encrypted": "false"}}},
	// FedRAMP, NIST 800-53 SA-9(5): processing stays in the United States.
	// Services without a region answer from us-east-1 and pass by themselves.
	"fedramp": {Sid: "StayInUnitedStates", Effect: "Deny", Resource: "*",
		NotAction: []string{"iam:*", "organizations:*", "sts:*", "support:*"},
		Condition: map[string]map[string]any{"StringNotLike": {"aws:RequestedRegion": []string{"us-east-*", "us-west-*", "us-gov-*"}}}},
	// CIS AWS Foundations 2.1.4 and 5.1.1: account-wide safe defaults stay.
	"cis": {Sid: "KeepSafeDefaults", Effect: "Deny", Resource: "*",
		Action: []string{"ec2:DisableEbsEncryptionByDefault", "iam:DeleteAccountPasswordPolicy", "s3:PutAccountPublicAccessBlock"}},
}

// For returns the policy of a framework. A framework that landlord does not
// know gets what all of them demand, under its own name.
func For(framework string) Policy {
	statements := common
	if s, known := own[Slug(framework)]; known {
		statements = append(statements[:len(statements):len(statements)], s)
	}
	document, err := json.Marshal(struct {
		Version   string
		Statement []statement
	}{"2012-10-17", statements})
	if err != nil {
		panic(err) // constant input
	}
	return Policy{
		Name:        Prefix + Slug(framework),
		Framework:   framework,
		Description: "Guardrails of landlord for " + framework,
		Document:    string(document),
		Statements:  len(statements),
	}
}

var notSlug = regexp.MustCompile(`[^a-z0-9]+`)

// Slug makes a framework's name fit for a policy's: "SOC 2" is "soc2". A name
// without a Latin letter or digit is its hash.
func Slug(framework string) string {
	slug := notSlug.ReplaceAllString(strings.ToLower(framework), "")
	if slug == "" {
		return fmt.Sprintf("%x", sha256.Sum256([]byte(framework)))[:8]
	}
	return slug
}

// Same tells whether two documents say the same, whatever their white space
// and the order of their keys. A document that is not JSON is like no other.
func Same(a, b string) bool {
	if a == b {
		return json.Valid([]byte(a))
	}
	x, errA := canonical(a)
	y, errB := canonical(b)
	return errA == nil && errB == nil && x == y
}

func canonical(document string) (string, error) {
	var v any
	if err := json.Unmarshal([]byte(document), &v); err != nil {
		return "", err
	}
	b, err := json.Marshal(v) // sorts keys
	return string(b), err
}
