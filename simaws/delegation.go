package simaws

import (
	"maps"
	"slices"
	"strings"
	"time"

	"landlord/org"
)

type servicePrincipalOut struct {
	ServicePrincipal string `json:"ServicePrincipal"`
	DateEnabled      epoch  `json:"DateEnabled"`
}

// integrated are the services that can be given trusted access.
//
// Source: Organizations user guide, "Services that you can use with AWS
// Organizations", the service principals of each, mid-2026.
var integrated = strings.Fields(`
	access-analyzer account agentless-scanning.securityhub application-signals.cloudwatch auditmanager
	aws-artifact-account-sync backup bcm-recommended-actions billing-cost-management cloudtrail cloudwatch
	compute-optimizer config config-multiaccountsetup controltower cost-optimization-hub.bcm detective devops-guru ds
	ec2 eks elasticache fms guardduty malware-protection.guardduty health iam inspector2 agentless.inspector2 ipam
	license-management.marketplace license-manager license-manager.member-account license-manager-linux-subscriptions
	macie member.org.stacksets.cloudformation mgn networkmanager notifications observabilityadmin ram
	reachabilityanalyzer.networkinsights reporting.trustedadvisor resource-explorer-2 resourcediscovery.ssm opsdatasync.ssm
	route53profiles s3 storage-lens.s3 securityhub securityhubv2 security-ir securitylake servicecatalog servicequotas
	ssm ssm-incidents ssm-quicksetup sso stacksets.cloudformation tagpolicies.tag trustedadvisor user-subscriptions wellarchitected`)

// servicePrincipal reads the service that a call names.
func (c *call) servicePrincipal() (string, error) {
	name := c.in.text("ServicePrincipal")
	if own, ok := strings.CutSuffix(name, ".amazonaws.com"); !ok || !slices.Contains(integrated, own) {
		return "", invalid("UNRECOGNIZED_SERVICE_PRINCIPAL", "")
	}
	return name, nil
}

func (w *world) enableServiceAccess(c *call) (any, error) {
	service, err := c.servicePrincipal()
	if err != nil {
		return nil, err
	}
	if _, ok := w.org.Services[service]; ok {
		return nil, nil
	}
	if w.org.Services == nil {
		w.org.Services = map[string]time.Time{}
	}
	w.org.Services[service] = c.now
	w.change.Organization = w.org
	return nil, nil
}

// disableServiceAccess also takes the service's delegated administrators away:
// AWS says so service by service, here it is always so.
func (w *world) disableServiceAccess(c *call) (any, error) {
	service, err := c.servicePrincipal()
	if err != nil {
		return nil, err
	}
	delete(w.org.Services, service)
	w.change.Organization = w.org
	for _, a := range w.accountList.items {
		if _, ok := a.Delegated[service]; ok {
			delete(a.Delegated, service)
			w.change.Accounts = append(w.change.Accounts, a)
		}
	}
	return nil, nil
}

// listServiceAccess lists by name; its token counts the names before.
func (w *world) listServiceAccess(c *call) (any, error) {
	names, next, err := c.pageOfNames("", w.org.Services)
	if err != nil {
		return nil, err
	}
	out := struct {
		EnabledServicePrincipals []servicePrincipalOut `json:"EnabledServicePrincipals"`
		NextToken                string                `json:"NextToken,omitempty"`
	}{[]servicePrincipalOut{}, next}
	for _, name := range names {
		out.EnabledServicePrincipals = append(out.EnabledServicePrincipals, servicePrincipalOut{name, epochOf(w.org.Services[name])})
	}
	return out, nil
}

// pageOfNames is one page of the services in a map, and the next one's token.
func (c *call) pageOfNames(scope string, services map[string]time.Time) (names []string, next string, err error) {
	from, err := c.position(scope)
	if err != nil {
		return nil, "", err
	}
	names = slices.Sorted(maps.Keys(services))
	names = names[min(from, len(names)):]
	if most := c.pageSize(); len(names) > most {
		return names[:most], c.token(scope, from+most), nil
	}
	return names, "", nil
}

// delegation finds the member and the service that a call names.
func (w *world) delegation(c *call) (*account, string, error) {
	service, err := c.servicePrincipal()
	if err != nil {
		return nil, "", err
	}
	a := w.account(c.in.text("AccountId"))
	if a == nil {
		return nil, "", refuse("AccountNotFoundException")
	}
	return a, service, nil
}

// How many administrators a service may have is the service's own affair, and
// not limited here.
func (w *world) registerAdministrator(c *call) (any, error) {
	a, service, err := w.delegation(c)
	if err != nil {
		return nil, err
	}
	_, trusted := w.org.Services[service]
	_, already := a.Delegated[service]
	switch {
	case a.ID == w.management:
		return nil, constraint("CANNOT_REGISTER_MASTER_AS_DELEGATED_ADMINISTRATOR", "")
	case a.State != org.Active:
		return nil, constraint("CANNOT_REGISTER_SUSPENDED_ACCOUNT_AS_DELEGATED_ADMINISTRATOR", "")
	case !trusted:
		return nil, constraint("SERVICE_ACCESS_NOT_ENABLED", "You attempted to register a delegated administrator before you enabled service access. Call the EnableAWSServiceAccess API first.")
	case already:
		return nil, refuse("AccountAlreadyRegisteredException")
	}
	if a.Delegated == nil {
		a.Delegated = map[string]time.Time{}
	}
	a.Delegated[service] = c.now
	w.change.Accounts = append(w.change.Accounts, a)
	return nil, nil
}

func (w *world) deregisterAdministrator(c *call) (any, error) {
	a, service, err := w.delegation(c)
	if err != nil {
		return nil, err
	}
	if a.ID == w.management {
		return nil, constraint("CANNOT_REGISTER_MASTER_AS_DELEGATED_ADMINISTRATOR", "")
	}
	if _, ok := a.Delegated[service]; !ok {
		return nil, refuse("AccountNotRegisteredException")
	}
	delete(a.Delegated, service)
	w.change.Accounts = append(w.change.Accounts, a)
	return nil, nil
}

type administratorOut struct {
	accountOut
	DelegationEnabledDate epoch `json:"DelegationEnabledDate"`
}

func (w *world) listAdministrators(c *call) (any, error) {
	service := c.in.text("ServicePrincipal")
	if service != "" {
		if _, err := c.servicePrincipal(); err != nil {
			return nil, err
		}
	}
	p, err := paged(c, service, &w.accountList, func(a *account) bool {
		_, ok := a.Delegated[service]
		return ok || service == "" && len(a.Delegated) > 0
	})
	if err != nil {
		return nil, err
	}
	out := struct {
		DelegatedAdministrators []administratorOut `json:"DelegatedAdministrators"`
		NextToken               string             `json:"NextToken,omitempty"`
	}{[]administratorOut{}, p.next}
	for _, a := range p.items {
		since, ok := a.Delegated[service]
		if !ok {
			since = slices.MinFunc(slices.Collect(maps.Values(a.Delegated)), time.Time.Compare)
		}
		shown := administratorOut{w.accountOut(a), epochOf(since)}
		shown.Paths = nil
		out.DelegatedAdministrators = append(out.DelegatedAdministrators, shown)
	}
	return out, nil
}

type delegatedServiceOut struct {
	ServicePrincipal      string `json:"ServicePrincipal"`
	DelegationEnabledDate epoch  `json:"DelegationEnabledDate"`
}

func (w *world) listDelegatedServices(c *call) (any, error) {
	a := w.account(c.in.text("AccountId"))
	switch {
	case a == nil:
		return nil, refuse("AccountNotFoundException")
	case len(a.Delegated) == 0:
		return nil, refuse("AccountNotRegisteredException")
	}
	names, next, err := c.pageOfNames(a.ID, a.Delegated)
	if err != nil {
		return nil, err
	}
	out := struct {
		DelegatedServices []delegatedServiceOut `json:"DelegatedServices"`
		NextToken         string                `json:"NextToken,omitempty"`
	}{[]delegatedServiceOut{}, next}
	for _, name := range names {
		out.DelegatedServices = append(out.DelegatedServices, delegatedServiceOut{name, epochOf(a.Delegated[name])})
	}
	return out, nil
}
