package cloud

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"landlord/org"
)

// The accounts that may call an operation.
const (
	ByManagement = "the management account"
	ByDelegate   = "also a delegated account" // that the organization's resource policy names
	ByAnybody    = "any account of the organization"
)

// managementOnly are the operations of Organizations that no other account can
// be given.
//
// Source: Organizations API reference, "You can only call this operation from
// the management account", and "API operations by account", 2026-11.
var managementOnly = map[string]bool{
	"CreateOrganization": true, "DeleteOrganization": true, "EnableAllFeatures": true,
	"CreateAccount": true, "CreateGovCloudAccount": true, "MoveAccount": true, "CloseAccount": true,
	"RemoveAccountFromOrganization": true, "InviteAccountToOrganization": true, "CancelHandshake": true,
	"CreateOrganizationalUnit": true, "UpdateOrganizationalUnit": true, "DeleteOrganizationalUnit": true,
	"EnableAWSServiceAccess": true, "DisableAWSServiceAccess": true,
	"RegisterDelegatedAdministrator": true, "DeregisterDelegatedAdministrator": true,
	"PutResourcePolicy": true, "DeleteResourcePolicy": true,
}

// Operation is an operation that landlord can call.
type Operation struct {
	Name   string `json:"operation"`
	Action string `json:"action"` // of IAM
	Writes bool   `json:"changes"`
	By     string `json:"by"` // who may call it for the whole organization
}

// Operations are the operations that landlord can call: those that change
// nothing, then the others, by name.
func Operations() []Operation {
	var list []Operation
	for _, name := range slices.Sorted(maps.Keys(permissions)) {
		p := permissions[name]
		list = append(list, Operation{name, p.action, p.writes, by(name, p)})
	}
	for _, name := range slices.Sorted(slices.Values(slices.Concat(signInReads, signInWrites))) {
		p := permissionOf(name)
		list = append(list, Operation{name, p.action, p.writes, ByManagement})
	}
	slices.SortStableFunc(list, func(a, b Operation) int {
		if a.Writes == b.Writes {
			return 0
		} else if b.Writes {
			return -1
		}
		return 1
	})
	return list
}

// by tells who may call an operation. Those of other services than Organizations
// tell an account only of itself: tags of accounts and quotas of the organization
// are the management account's.
func by(name string, p permission) string {
	service, _, _ := strings.Cut(p.action, ":")
	switch {
	case service == "sts" || name == "DescribeOrganization":
		return ByAnybody
	case service != "organizations" || managementOnly[name]:
		return ByManagement
	}
	return ByDelegate
}

// Delegation returns the resource policy of the organization that lets a member
// account look at it: all that plan and verify need, and nothing that changes.
func Delegation(account org.AccountID) ([]byte, error) {
	var actions []string
	for _, o := range Operations() {
		if o.By != ByManagement && !o.Writes && strings.HasPrefix(o.Action, "organizations:") {
			actions = append(actions, o.Action)
		}
	}
	type delegation struct {
		Sid       string
		Effect    string
		Principal map[string]string
		Action    []string
		Resource  string
	}
	return json.MarshalIndent(struct {
		Version   string
		Statement []delegation
	}{"2012-10-17", []delegation{{
		Sid: "Observe", Effect: "Allow", Principal: map[string]string{"AWS": "arn:aws:iam::" + string(account) + ":root"}, Action: actions, Resource: "*",
	}}}, "", "  ")
}
