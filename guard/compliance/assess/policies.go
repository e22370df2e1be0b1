package assess

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// policies are the checks of IAM's policies.
var policies = map[string]evaluator{
	"iam.no_admin_policy":        ofPolicies(true, everything, "allows everything on everything"),
	"iam.no_full_service_policy": ofPolicies(false, wholeService, "allows all actions of a service"),
	"iam.no_inline_admin_policy": {true, func(l *look) error {
		type inline struct{ PolicyName, PolicyDocument string }
		kinds := []string{"UserDetailList", "GroupDetailList", "RoleDetailList"}
		for _, kind := range kinds {
			type entity struct {
				Arn                                             string
				UserPolicyList, GroupPolicyList, RolePolicyList []inline
			}
			all, err := list[entity](l, "iam:GetAccountAuthorizationDetails", in{"Filter": []string{"User", "Group", "Role"}}, kind)
			if err != nil {
				return err
			}
			l.calls = l.calls[:1]
			for _, e := range all {
				for _, p := range slices.Concat(e.UserPolicyList, e.GroupPolicyList, e.RolePolicyList) {
					ok, err := denies(p.PolicyDocument, everything)
					if err != nil {
						l.untold(e.Arn+" "+p.PolicyName, err)
						continue
					}
					l.is(ok, e.Arn+" "+p.PolicyName, "the inline policy does not allow everything", "the inline policy allows everything on everything")
				}
			}
		}
		return nil
	}},
	"iam.support_role": {true, func(l *look) error {
		roles, err := list[struct{ RoleName string }](l, "iam:ListEntitiesForPolicy", in{"PolicyArn": awsManaged + "AWSSupportAccess"}, "PolicyRoles")
		if err == nil {
			l.is(len(roles) > 0, l.self(), "a role has AWSSupportAccess", "no role has AWSSupportAccess")
		}
		return err
	}},
	"iam.cloudshell_restricted": {true, func(l *look) error {
		with := in{"PolicyArn": awsManaged + "AWSCloudShellFullAccess"}
		holders := 0
		for _, field := range []string{"PolicyRoles", "PolicyUsers", "PolicyGroups"} {
			some, err := list[json.RawMessage](l, "iam:ListEntitiesForPolicy", with, field)
			if err != nil {
				return err
			}
			l.calls = l.calls[:1]
			holders += len(some)
		}
		l.is(holders == 0, l.self(), "nobody has AWSCloudShellFullAccess", fmt.Sprintf("%d users, groups and roles have AWSCloudShellFullAccess", holders))
		return nil
	}},
}

// awsManaged begins the ARNs of AWS's own policies.
const awsManaged = "arn:aws:iam::aws:policy/"

// ofPolicies is a check of each policy of the account's own: none may allow what
// is bad.
func ofPolicies(attached bool, bad func(policyStatement) bool, says string) evaluator {
	return evaluator{true, func(l *look) error {
		type policy struct{ Arn, DefaultVersionId string }
		with := in{"Scope": "Local"}
		if attached {
			with["OnlyAttached"] = true
		}
		all, err := list[policy](l, "iam:ListPolicies", with, "Policies")
		every(l, all, func(p policy) string { return p.Arn }, func(p policy) error {
			var out struct{ PolicyVersion *struct{ Document string } }
			if err := l.ask("iam:GetPolicyVersion", in{"PolicyArn": p.Arn, "VersionId": p.DefaultVersionId}, &out); err != nil {
				return err
			}
			if out.PolicyVersion == nil {
				return fmt.Errorf("iam:GetPolicyVersion: the answer has no version")
			}
			ok, err := denies(out.PolicyVersion.Document, bad)
			if err == nil {
				l.is(ok, p.Arn, "no statement "+says, "a statement "+says)
			}
			return err
		})
		return err
	}}
}

// policyStatement is a statement of a policy, as far as it is judged here.
type policyStatement struct {
	Effect      string
	Principal   json.RawMessage
	Action      oneOrMany
	NotAction   oneOrMany
	Resource    oneOrMany
	NotResource oneOrMany
	Condition   map[string]map[string]oneOrMany
}

// statements reads a policy, which IAM's answers have escaped as in a URL.
func statements(document string) ([]policyStatement, error) {
	if strings.HasPrefix(document, "%") {
		plain, err := url.PathUnescape(document)
		if err != nil {
			return nil, fmt.Errorf("read the policy: %w", err)
		}
		document = plain
	}
	var whole struct{ Statement json.RawMessage }
	if err := json.Unmarshal([]byte(document), &whole); err != nil {
		return nil, fmt.Errorf("read the policy: %w", err)
	}
	var all []policyStatement
	if json.Unmarshal(whole.Statement, &all) == nil {
		return all, nil
	}
	var one policyStatement
	if err := json.Unmarshal(whole.Statement, &one); err != nil {
		return nil, fmt.Errorf("read the policy: %w", err)
	}
	return []policyStatement{one}, nil
}

// denies tells whether no statement of a policy allows what is bad.
func denies(document string, bad func(policyStatement) bool) (bool, error) {
	all, err := statements(document)
	return err == nil && !slices.ContainsFunc(all, func(s policyStatement) bool { return s.Effect == "Allow" && bad(s) }), err
}

// everything is a statement about all actions on all resources, under whatever
// conditions.
func everything(s policyStatement) bool {
	return (slices.Contains(s.Action, "*") || slices.Contains(s.Action, "*:*")) && slices.Contains(s.Resource, "*")
}

// wholeService is a statement about all actions of some service.
//
// Source: Security Hub user guide, IAM.21.
func wholeService(s policyStatement) bool {
	return slices.ContainsFunc(s.Action, func(a string) bool { return a == "*" || strings.HasSuffix(a, ":*") })
}

// everybody tells whether a principal is everybody.
func everybody(principal json.RawMessage) bool {
	var one string
	if json.Unmarshal(principal, &one) == nil {
		return one == "*"
	}
	var kinds map[string]oneOrMany
	return json.Unmarshal(principal, &kinds) == nil && slices.Contains(kinds["AWS"], "*")
}
