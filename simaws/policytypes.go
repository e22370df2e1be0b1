package simaws

import (
	"errors"
	"unicode/utf8"

	"landlord/guard/guardrail"
	"landlord/internal/limits"
)

// The policy types that simaws has. All others are not available to its
// organization.
const (
	serviceControl  = "SERVICE_CONTROL_POLICY"
	resourceControl = "RESOURCE_CONTROL_POLICY"
	tagPolicy       = "TAG_POLICY"
)

// The policies that AWS attaches to everything once their type is enabled.
const (
	fullAccess    = "p-FullAWSAccess"
	rcpFullAccess = "p-RCPFullAWSAccess"
)

// policyType is what types differ in.
type policyType struct {
	managed *policy // AWS's own; nil if there is none
	check   func(content string) error
	quota   func(limits.Quotas) limits.PolicyQuota
}

// Source: Organizations user guide, "SCP syntax", "RCP syntax", "Tag policy
// syntax and examples"; what AWS's own policies say, in their console.
var policyTypes = map[string]policyType{
	serviceControl: {
		managed: &policy{
			ID: fullAccess, Name: "FullAWSAccess", Description: "Allows access to every operation",
			Type: serviceControl, Managed: true,
			Content: "{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": [\n    {\n      \"Effect\": \"Allow\",\n      \"Action\": \"*\",\n      \"Resource\": \"*\"\n    }\n  ]\n}",
		},
		check: checkServiceControl,
		quota: func(q limits.Quotas) limits.PolicyQuota { return q.ServiceControl },
	},
	resourceControl: {
		managed: &policy{
			ID: rcpFullAccess, Name: "RCPFullAWSAccess", Description: "Allows access to every resource",
			Type: resourceControl, Managed: true,
			Content: "{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": [\n    {\n      \"Effect\": \"Allow\",\n      \"Principal\": \"*\",\n      \"Action\": \"*\",\n      \"Resource\": \"*\"\n    }\n  ]\n}",
		},
		check: checkResourceControl,
		quota: func(q limits.Quotas) limits.PolicyQuota { return q.ResourceControl },
	},
	tagPolicy: {
		check: checkTagPolicy,
		quota: func(q limits.Quotas) limits.PolicyQuota { return q.Tag },
	},
}

// addManaged gives the organization AWS's own policy of a type, if there is one
// that it does not have.
func (w *world) addManaged(kind string) {
	own := policyTypes[kind].managed
	if own == nil || w.policies[own.ID] != nil {
		return
	}
	p := *own
	p.Number = w.nextNumber()
	w.addPolicy(&p)
	w.change.Policies = append(w.change.Policies, &p)
}

// available tells whether the organization can have policies of a type.
func (w *world) available(kind string) error {
	if _, ok := policyTypes[kind]; !ok || w.org.Features != "ALL" {
		return refuse("PolicyTypeNotAvailableForOrganizationException")
	}
	return nil
}

func (w *world) policyQuota(kind string) limits.PolicyQuota {
	return policyTypes[kind].quota(w.quotas)
}

// checkContent refuses what AWS takes for no policy of a type. A size counts
// characters, as given.
func (w *world) checkContent(kind, content string) error {
	if utf8.RuneCountInString(content) > w.policyQuota(kind).Characters {
		return constraint("POLICY_CONTENT_LIMIT_EXCEEDED", "")
	}
	if err := policyTypes[kind].check(content); err != nil {
		return &fault{code: "MalformedPolicyDocumentException", message: sentences["MalformedPolicyDocumentException"] + " (" + err.Error() + ")"}
	}
	return nil
}

func checkServiceControl(content string) error {
	_, err := guardrail.ParseServiceControl([]byte(content))
	return err
}

// checkResourceControl accepts what a customer may write. Only AWS's own allows.
func checkResourceControl(content string) error {
	d, err := guardrail.ParseResourceControl([]byte(content))
	if err == nil && d.Statements[0].Effect != guardrail.Deny {
		err = errors.New("policy document: Effect: want Deny")
	}
	return err
}

// documents are a policy as the evaluator takes it. What was checked when it was
// kept is read once.
func (p *policy) documents() []*guardrail.Prepared {
	if p.parsed == nil && (p.Type == serviceControl || p.Type == resourceControl) {
		if _, ready, err := guardrail.Read([]byte(p.Content)); err == nil {
			p.parsed = []*guardrail.Prepared{ready}
		}
	}
	return p.parsed
}
