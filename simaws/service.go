package simaws

// service is one of AWS's services, as far as simaws has it.
type service struct {
	name         string // in credential scopes and IAM actions
	prefix       string // of X-Amz-Target; "" for the query protocol
	operations   map[string]operation
	throttled    string // exception type of a call beyond the rate
	accessDenied string // exception type of a call that is not allowed
}

// operation is one operation of a service.
type operation struct {
	run    func(*world, *call) (any, error)
	to     standing // who may call it, at most; the zero value is the management account alone
	anyone bool     // needs no permission
}

var organizationsService = &service{
	name: "organizations", prefix: "AWSOrganizationsV20161128",
	throttled: "TooManyRequestsException", accessDenied: "AccessDeniedException",
	operations: map[string]operation{
		"CreateOrganization":   {run: (*world).createOrganization, to: outsider},
		"DescribeOrganization": {run: (*world).describeOrganization, to: member},
		"DeleteOrganization":   {run: (*world).deleteOrganization},
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

		"DescribeEffectivePolicy": {run: (*world).describeEffectivePolicy, to: member},

		"TagResource":         {run: (*world).tagResource, to: delegate},
		"UntagResource":       {run: (*world).untagResource, to: delegate},
		"ListTagsForResource": {run: (*world).listTagsForResource, to: delegate},

		"EnableAWSServiceAccess":              {run: (*world).enableServiceAccess},
		"DisableAWSServiceAccess":             {run: (*world).disableServiceAccess},
		"ListAWSServiceAccessForOrganization": {run: (*world).listServiceAccess, to: delegate},
		"RegisterDelegatedAdministrator":      {run: (*world).registerAdministrator},
		"DeregisterDelegatedAdministrator":    {run: (*world).deregisterAdministrator},
		"ListDelegatedAdministrators":         {run: (*world).listAdministrators, to: delegate},
		"ListDelegatedServicesForAccount":     {run: (*world).listDelegatedServices, to: delegate},

		"PutResourcePolicy":      {run: (*world).putResourcePolicy},
		"DescribeResourcePolicy": {run: (*world).describeResourcePolicy, to: delegate},
		"DeleteResourcePolicy":   {run: (*world).deleteResourcePolicy},

		"ListHandshakesForOrganization": {run: listNothing("Handshakes"), to: delegate},
		"ListHandshakesForAccount":      {run: listNothing("Handshakes"), to: outsider},
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
	name: "sts", throttled: "Throttling", accessDenied: "AccessDenied",
	operations: map[string]operation{
		"GetCallerIdentity": {run: (*world).getCallerIdentity, to: outsider, anyone: true},
		"AssumeRole":        {run: (*world).assumeRole, to: outsider},
	},
}

var services = []*service{organizationsService, taggingService, stsService}

func (s *service) denied(message string) *fault {
	f := &fault{code: s.accessDenied, message: message}
	if s.prefix == "" {
		f.status = 403
	}
	return f
}

// actions are the IAM actions that a call needs: its own, and tagging where it
// makes something with tags.
func (c *call) actions() []string {
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
	if w.profile.Throttle && !bs.take(c.operation, c.who.account, c.now) {
		return nil, &fault{code: c.service.throttled, message: "Rate exceeded", throttled: true}
	}
	if err := w.authorize(c, op); err != nil {
		return nil, err
	}
	if c.service == organizationsService {
		if err := serviceModel().check(c.operation, c.in); err != nil {
			return nil, err
		}
	}
	if op.to != outsider && (w.org == nil || c.who.standing == outsider) {
		return nil, refuse("AWSOrganizationsNotInUseException")
	}
	if policyChanges[c.operation] {
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
	if s.prefix == "" {
		return &fault{code: "InvalidAction", message: "Could not find operation " + operation + " for version 2011-06-15"}
	}
	return &fault{code: "UnknownOperationException", message: "simaws does not have the operation " + operation + "."}
}
