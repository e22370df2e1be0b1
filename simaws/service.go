package simaws

import (
	"cmp"
	"net/http"
)

// service is one of AWS's services, as far as simaws has it.
type service struct {
	name         string // in credential scopes and IAM actions
	api          string // the name of its model in package wire, "" without one
	protocol     protocol
	prefix       string // of X-Amz-Target, for targetJSON
	operations   map[string]operation
	throttled    string         // exception type of a call beyond the rate
	accessDenied string         // exception type of a call that is not allowed
	statuses     map[string]int // HTTP status by exception type, where it is not 400
	model        func() *model  // nil: inputs are not checked by one
	wrong        string         // exception type of an input that is not as in the model
}

// protocol is how a service's calls are written.
type protocol int

const (
	targetJSON protocol = iota // JSON; X-Amz-Target names the operation
	query                      // a form; Action names the operation; answers are XML
	restJSON                   // JSON; the path names the operation
	modeled                    // as package wire has it
)

// operation is one operation of a service.
type operation struct {
	run    func(*world, *call) (any, error)
	to     standing // who may call it, at most; the zero value is the management account alone
	anyone bool     // needs no permission
	whole  bool     // needs an organization with all features
}

var organizationsService = &service{
	name: "organizations", prefix: "AWSOrganizationsV20161128",
	throttled: "TooManyRequestsException", accessDenied: "AccessDeniedException",
	model: serviceModel, wrong: "InvalidInputException",
	operations: map[string]operation{
		"CreateOrganization":   {run: (*world).createOrganization, to: outsider},
		"DescribeOrganization": {run: (*world).describeOrganization, to: member},
		"DeleteOrganization":   {run: (*world).deleteOrganization},
		"EnableAllFeatures":    {run: (*world).enableAllFeatures},
		"ListRoots":            {run: (*world).listRoots, to: delegate},

		"CreateAccount":                 {run: (*world).createAccount},
		"DescribeCreateAccountStatus":   {run: (*world).describeCreateAccountStatus, to: delegate},
		"ListCreateAccountStatus":       {run: (*world).listCreateAccountStatus, to: delegate},
		"DescribeAccount":               {run: (*world).describeAccount, to: delegate},
		"ListAccounts":                  {run: (*world).listAccounts, to: delegate},
		"ListAccountsForParent":         {run: (*world).listAccountsForParent, to: delegate},
		"MoveAccount":                   {run: (*world).moveAccount},
		"CloseAccount":                  {run: (*world).closeAccount},
		"RemoveAccountFromOrganization": {run: (*world).removeAccount},
		"LeaveOrganization":             {run: (*world).leaveOrganization, to: member},
		"CreateGovCloudAccount":         {run: (*world).createGovCloudAccount},

		"CreateOrganizationalUnit":         {run: (*world).createUnit},
		"DescribeOrganizationalUnit":       {run: (*world).describeUnit, to: delegate},
		"UpdateOrganizationalUnit":         {run: (*world).updateUnit},
		"DeleteOrganizationalUnit":         {run: (*world).deleteUnit},
		"ListOrganizationalUnitsForParent": {run: (*world).listUnitsForParent, to: delegate},
		"ListChildren":                     {run: (*world).listChildren, to: delegate},
		"ListParents":                      {run: (*world).listParents, to: delegate},

		"EnablePolicyType":      {run: (*world).enablePolicyType, to: delegate},
		"DisablePolicyType":     {run: (*world).disablePolicyType, to: delegate},
		"CreatePolicy":          {run: (*world).createPolicy, to: delegate},
		"DescribePolicy":        {run: (*world).describePolicy, to: delegate},
		"UpdatePolicy":          {run: (*world).updatePolicy, to: delegate},
		"DeletePolicy":          {run: (*world).deletePolicy, to: delegate},
		"ListPolicies":          {run: (*world).listPolicies, to: delegate},
		"AttachPolicy":          {run: (*world).attachPolicy, to: delegate},
		"DetachPolicy":          {run: (*world).detachPolicy, to: delegate},
		"ListPoliciesForTarget": {run: (*world).listPoliciesForTarget, to: delegate},
		"ListTargetsForPolicy":  {run: (*world).listTargetsForPolicy, to: delegate},

		"DescribeEffectivePolicy":                {run: (*world).describeEffectivePolicy, to: member, whole: true},
		"ListAccountsWithInvalidEffectivePolicy": {run: (*world).listInvalid, to: delegate, whole: true},
		"ListEffectivePolicyValidationErrors":    {run: (*world).listValidationErrors, to: delegate, whole: true},

		"TagResource":         {run: (*world).tagResource, to: delegate},
		"UntagResource":       {run: (*world).untagResource, to: delegate},
		"ListTagsForResource": {run: (*world).listTagsForResource, to: delegate},

		"EnableAWSServiceAccess":              {run: (*world).enableServiceAccess, whole: true},
		"DisableAWSServiceAccess":             {run: (*world).disableServiceAccess, whole: true},
		"ListAWSServiceAccessForOrganization": {run: (*world).listServiceAccess, to: delegate, whole: true},
		"RegisterDelegatedAdministrator":      {run: (*world).registerAdministrator, whole: true},
		"DeregisterDelegatedAdministrator":    {run: (*world).deregisterAdministrator, whole: true},
		"ListDelegatedAdministrators":         {run: (*world).listAdministrators, to: delegate, whole: true},
		"ListDelegatedServicesForAccount":     {run: (*world).listDelegatedServices, to: delegate, whole: true},

		"InviteAccountToOrganization":   {run: (*world).inviteAccount},
		"DescribeHandshake":             {run: (*world).describeHandshake, to: outsider},
		"AcceptHandshake":               {run: answerHandshake(accepted, false), to: outsider},
		"DeclineHandshake":              {run: answerHandshake(declined, false), to: outsider},
		"CancelHandshake":               {run: answerHandshake(canceled, true), to: outsider},
		"ListHandshakesForOrganization": {run: (*world).listHandshakesForOrganization, to: delegate},
		"ListHandshakesForAccount":      {run: (*world).listHandshakesForAccount, to: outsider},

		"PutResourcePolicy":      {run: (*world).putResourcePolicy, whole: true},
		"DescribeResourcePolicy": {run: (*world).describeResourcePolicy, to: delegate, whole: true},
		"DeleteResourcePolicy":   {run: (*world).deleteResourcePolicy, whole: true},

		"InviteOrganizationToTransferResponsibility": {run: (*world).inviteTransfer},
		"DescribeResponsibilityTransfer":             {run: noTransfer},
		"UpdateResponsibilityTransfer":               {run: noTransfer},
		"TerminateResponsibilityTransfer":            {run: noTransfer},
		"ListInboundResponsibilityTransfers":         {run: (*world).listTransfers, to: delegate},
		"ListOutboundResponsibilityTransfers":        {run: (*world).listTransfers, to: delegate},
	},
}

var taggingService = &service{
	name: "tag", prefix: "ResourceGroupsTaggingAPI_20170126",
	throttled: "ThrottledException", accessDenied: "AccessDeniedException",
	operations: map[string]operation{
		"GetResources": {run: (*world).getResources, to: outsider},
	},
}

var stsService = &service{
	name: "sts", protocol: query, throttled: "Throttling", accessDenied: "AccessDenied",
	statuses: map[string]int{"AccessDenied": http.StatusForbidden},
	operations: map[string]operation{
		"GetCallerIdentity":  {run: (*world).getCallerIdentity, to: outsider, anyone: true},
		"GetAccessKeyInfo":   {run: (*world).getAccessKeyInfo, to: outsider, anyone: true},
		"GetSessionToken":    {run: (*world).getSessionToken, to: outsider, anyone: true},
		"AssumeRole":         {run: (*world).assumeRole, to: outsider},
		"GetFederationToken": {run: (*world).getFederationToken, to: outsider},
	},
}

var quotasService = &service{
	name: "servicequotas", prefix: "ServiceQuotasV20190624",
	throttled: "TooManyRequestsException", accessDenied: "AccessDeniedException",
	model: quotasModel, wrong: "IllegalArgumentException",
	operations: map[string]operation{
		"ListServices":                                  {run: (*world).listServices, to: outsider},
		"ListServiceQuotas":                             {run: (*world).listServiceQuotas, to: outsider},
		"ListAWSDefaultServiceQuotas":                   {run: (*world).listDefaultQuotas, to: outsider},
		"GetServiceQuota":                               {run: (*world).getServiceQuota, to: outsider},
		"GetAWSDefaultServiceQuota":                     {run: (*world).getDefaultQuota, to: outsider},
		"RequestServiceQuotaIncrease":                   {run: (*world).requestIncrease, to: outsider},
		"GetRequestedServiceQuotaChange":                {run: (*world).getRequestedChange, to: outsider},
		"ListRequestedServiceQuotaChangeHistory":        {run: (*world).listRequestedChanges, to: outsider},
		"ListRequestedServiceQuotaChangeHistoryByQuota": {run: (*world).listRequestedChanges, to: outsider},
	},
}

var accountService = &service{
	name: "account", protocol: restJSON,
	throttled: "TooManyRequestsException", accessDenied: "AccessDeniedException",
	statuses: map[string]int{
		"AccessDeniedException": http.StatusForbidden, "ResourceNotFoundException": http.StatusNotFound, "TooManyRequestsException": http.StatusTooManyRequests,
		"ConflictException": http.StatusConflict,
	},
	model: accountModel, wrong: "ValidationException",
	operations: map[string]operation{
		"GetContactInformation":  {run: aboutAccount(getContact), to: outsider},
		"PutContactInformation":  {run: aboutAccount(putContact), to: outsider},
		"GetAlternateContact":    {run: aboutAccount(getAlternate), to: outsider},
		"PutAlternateContact":    {run: aboutAccount(putAlternate), to: outsider},
		"DeleteAlternateContact": {run: aboutAccount(deleteAlternate), to: outsider},
		"PutAccountName":         {run: aboutAccount(putName), to: outsider},
		"GetAccountInformation":  {run: aboutAccount(getInformation), to: outsider},

		"GetPrimaryEmail":          {run: aboutAccount(getPrimaryEmail), to: outsider},
		"StartPrimaryEmailUpdate":  {run: aboutAccount(startEmail), to: outsider},
		"AcceptPrimaryEmailUpdate": {run: aboutAccount(acceptEmail), to: outsider},

		"ListRegions":        {run: aboutAccount(listRegions), to: outsider},
		"GetRegionOptStatus": {run: aboutAccount(getRegion), to: outsider},
		"EnableRegion":       {run: aboutAccount(changeRegion(true)), to: outsider},
		"DisableRegion":      {run: aboutAccount(changeRegion(false)), to: outsider},

		"GetGovCloudAccountInformation": {run: aboutAccount(getGovCloud), to: outsider},
	},
}

var services = func() []*service {
	all := []*service{organizationsService, taggingService, stsService, quotasService, accountService}
	for _, name := range memberNames() {
		all = append(all, memberServices[name])
	}
	return all
}()

func (s *service) denied(message string) *fault {
	return &fault{code: s.accessDenied, message: message}
}

// check compares an input with the service's model, and says what is wrong in
// the service's own way.
func (s *service) check(operation string, in input) error {
	if s.model == nil {
		return nil
	}
	err := s.model().check(operation, in)
	if f, ok := err.(*fault); ok && f.code == "InvalidInputException" && s.wrong != f.code {
		f.code, f.reason = s.wrong, ""
		if s.protocol == restJSON {
			f.reason = "fieldValidationFailed"
		}
	}
	return err
}

// actions are the IAM actions that a call needs: its own, and tagging where it
// makes something with tags.
func (c *call) actions() []string {
	if c.wire != nil {
		return []string{c.memberAction()}
	}
	own := c.service.name + ":" + c.operation
	switch c.operation {
	case "CreateAccount", "CreateOrganizationalUnit", "CreatePolicy", "InviteAccountToOrganization", "PutResourcePolicy":
		if len(c.in.list("Tags")) > 0 {
			return []string{own, "organizations:TagResource"}
		}
	}
	return []string{own}
}

// perform runs one call: rate, permission, form, then the operation itself.
func (w *world) perform(c *call, bs buckets) (any, error) {
	op, ok := c.service.operations[c.operation]
	if !ok {
		return nil, c.service.unknown(c.operation)
	}
	if w.profile.Throttle && !bs.take(c.rated(), c.who.account, cmp.Or(c.accountNamed(), c.who.account), c.now) {
		return nil, &fault{code: c.service.throttled, message: "Rate exceeded", throttled: true}
	}
	if err := w.authorize(c, op); err != nil {
		return nil, err
	}
	if err := c.service.check(c.operation, c.in); err != nil {
		return nil, err
	}
	if op.to != outsider && (w.org == nil || c.who.standing == outsider) {
		return nil, refuse("AWSOrganizationsNotInUseException")
	}
	if op.whole && w.org.Features != "ALL" {
		return nil, constraint("ORGANIZATION_NOT_IN_ALL_FEATURES_MODE", "The request failed because the organization does not have all features enabled. Please enable all features in your organization and then retry.")
	}
	if policyChanges[c.rated()] {
		return w.changePolicies(c, op)
	}
	return op.run(w, c)
}

// changePolicies runs one call that changes policies. AWS runs one at a time
// in an organization and refuses those that come meanwhile.
//
// Source: not published; alchemy-run/alchemy#231 reports it.
func (w *world) changePolicies(c *call, op operation) (any, error) {
	if c.now.Before(w.policyReady) {
		return nil, refuse("ConcurrentModificationException")
	}
	out, err := op.run(w, c)
	if err == nil {
		w.policyReady = c.now.Add(w.profile.CallLatency(c.operation))
	}
	return out, err
}

// unknown is the answer to an operation that simaws does not have.
func (s *service) unknown(operation string) *fault {
	if s == organizationsService {
		if _, ok := serviceModel().Operations[operation]; ok {
			return &fault{code: "UnsupportedAPIEndpointException", message: "simaws does not have the operation " + operation + " of this service."}
		}
	}
	if s.protocol == query {
		return &fault{code: "InvalidAction", message: "Could not find operation " + operation + " for version 2011-06-15"}
	}
	return &fault{code: "UnknownOperationException", message: "simaws does not have the operation " + operation + "."}
}
