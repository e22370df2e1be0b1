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
	run      func(*world, *call) (any, error)
	stranger bool // works without an organization
	member   bool // a member account may call it
	anyone   bool // needs no permission
}

var organizationsService = &service{
	name: "organizations", prefix: "AWSOrganizationsV20161128",
	throttled: "TooManyRequestsException", accessDenied: "AccessDeniedException",
	operations: map[string]operation{
		"CreateOrganization":   {run: (*world).createOrganization, stranger: true},
		"DescribeOrganization": {run: (*world).describeOrganization, member: true},
		"DeleteOrganization":   {run: (*world).deleteOrganization},
		"ListRoots":            {run: (*world).listRoots},

		"CreateAccount":                 {run: (*world).createAccount},
		"DescribeCreateAccountStatus":   {run: (*world).describeCreateAccountStatus},
		"ListCreateAccountStatus":       {run: (*world).listCreateAccountStatus},
		"DescribeAccount":               {run: (*world).describeAccount},
		"ListAccounts":                  {run: (*world).listAccounts},
		"ListAccountsForParent":         {run: (*world).listAccountsForParent},
		"MoveAccount":                   {run: (*world).moveAccount},
		"CloseAccount":                  {run: (*world).closeAccount},
		"RemoveAccountFromOrganization": {run: (*world).removeAccount},

		"CreateOrganizationalUnit":         {run: (*world).createUnit},
		"DescribeOrganizationalUnit":       {run: (*world).describeUnit},
		"UpdateOrganizationalUnit":         {run: (*world).updateUnit},
		"DeleteOrganizationalUnit":         {run: (*world).deleteUnit},
		"ListOrganizationalUnitsForParent": {run: (*world).listUnitsForParent},
		"ListChildren":                     {run: (*world).listChildren},
		"ListParents":                      {run: (*world).listParents},

		"EnablePolicyType":      {run: (*world).enablePolicyType},
		"DisablePolicyType":     {run: (*world).disablePolicyType},
		"CreatePolicy":          {run: (*world).createPolicy},
		"DescribePolicy":        {run: (*world).describePolicy},
		"UpdatePolicy":          {run: (*world).updatePolicy},
		"DeletePolicy":          {run: (*world).deletePolicy},
		"ListPolicies":          {run: (*world).listPolicies},
		"AttachPolicy":          {run: (*world).attachPolicy},
		"DetachPolicy":          {run: (*world).detachPolicy},
		"ListPoliciesForTarget": {run: (*world).listPoliciesForTarget},
		"ListTargetsForPolicy":  {run: (*world).listTargetsForPolicy},

		"TagResource":         {run: (*world).tagResource},
		"UntagResource":       {run: (*world).untagResource},
		"ListTagsForResource": {run: (*world).listTagsForResource},

		"EnableAWSServiceAccess":              {run: (*world).enableServiceAccess},
		"DisableAWSServiceAccess":             {run: (*world).disableServiceAccess},
		"ListAWSServiceAccessForOrganization": {run: (*world).listServiceAccess},
		"ListDelegatedAdministrators":         {run: listNothing("DelegatedAdministrators")},
		"ListHandshakesForOrganization":       {run: listNothing("Handshakes")},
		"ListHandshakesForAccount":            {run: listNothing("Handshakes"), stranger: true, member: true},
	},
}

var taggingService = &service{
	name: "tag", prefix: "ResourceGroupsTaggingAPI_20170126",
	throttled: "ThrottledException", accessDenied: "AccessDeniedException",
	operations: map[string]operation{
		"GetResources": {run: (*world).getResources, stranger: true},
	},
}

var stsService = &service{
	name: "sts", throttled: "Throttling", accessDenied: "AccessDenied",
	operations: map[string]operation{
		"GetCallerIdentity": {run: (*world).getCallerIdentity, stranger: true, member: true, anyone: true},
		"AssumeRole":        {run: (*world).assumeRole, stranger: true, member: true},
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
	case "CreateAccount", "CreateOrganizationalUnit", "CreatePolicy":
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
	if c.who.member && !op.member {
		return nil, c.service.denied("You don't have permissions to access this resource.")
	}
	if !op.anyone {
		if err := c.authorize(c.actions()...); err != nil {
			return nil, err
		}
	}
	if c.service == organizationsService {
		if err := serviceModel().check(c.operation, c.in); err != nil {
			return nil, err
		}
	}
	if w.org == nil && !op.stranger {
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
