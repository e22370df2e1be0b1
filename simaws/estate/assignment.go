package estate

import (
	"cmp"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"landlord/internal/limits"
)

// errand is what IAM Identity Center goes on with after it has answered.
type errand struct {
	kind    string // of what is kept
	request string // member of the input that names one
	shown   string // member of answers with one
	listed  string // member of answers with many
	most    int    // under way at once; 0 is any number
}

// Source: IAM Identity Center user guide, "Quotas and limits": 15 outstanding
// calls of CreateAccountAssignment; 3 of ProvisionPermissionSet. Of deletions it
// says nothing: they are taken to have as many of their own.
var (
	creation     = errand{"ssocreation", "AccountAssignmentCreationRequestId", "AccountAssignmentCreationStatus", "AccountAssignmentsCreationStatus", limits.AssignmentsAtOnce}
	deletion     = errand{"ssodeletion", "AccountAssignmentDeletionRequestId", "AccountAssignmentDeletionStatus", "AccountAssignmentsDeletionStatus", limits.AssignmentsAtOnce}
	provisioning = errand{"ssoprovisioning", "ProvisionPermissionSetRequestId", "PermissionSetProvisioningStatus", "PermissionSetsProvisioningStatus", limits.ProvisioningsAtOnce}
)

// begin takes on an errand, which ends later: one after the other in an account.
//
// Source: IAM Identity Center user guide, "Quotas and limits": one role is
// updated in an account at a time. How a call beyond the outstanding ones is refused:
// aws-samples/aws-iam-identity-center-extensions#87; that of two on the same
// assignment the second conflicts: aws-samples/iam-identity-center-team#513.
func (c *Call) begin(e errand, status Doc) (Doc, error) {
	last, under := c.Now, 0
	for _, f := range c.all(Global, "inflight") {
		if text(f, "kind") == e.kind {
			under++
		}
		if account := text(status, "TargetId"); account != "" && text(f, "account") == account {
			if text(f, "set") == text(status, "PermissionSetArn") && text(f, "principal") == text(status, "PrincipalId") {
				return nil, refuse("ConflictException", "There is a conflicting operation in process for this account.")
			}
			if due := when(f, "due"); due.After(last) {
				last = due
			}
		}
	}
	if e.most > 0 && under >= e.most {
		return nil, refuse("ThrottlingException", "There are too many requests processing. Please try again later.")
	}
	id := uuid(c.Chance)
	status = with(status, Doc{"Status": "IN_PROGRESS", "RequestId": id, "CreatedDate": stamp(c.Now)})
	c.put(Global, e.kind, id, status)
	c.put(Global, "inflight", id, Doc{"kind": e.kind, "id": id, "account": text(status, "TargetId"), "set": text(status, "PermissionSetArn"), "principal": text(status, "PrincipalId"),
		"region": c.Region, "due": stamp(last.Add(c.Assign))})
	return Doc{e.shown: status}, nil
}

func requestStatus(e errand) func(*Call, Doc) (Doc, error) {
	return func(c *Call, _ Doc) (Doc, error) {
		status := c.one(Global, e.kind, c.text(e.request))
		if status == nil {
			return nil, missingResource("Request " + c.text(e.request))
		}
		return Doc{e.shown: status}, nil
	}
}

func requestList(e errand) func(*Call, Doc) (Doc, error) {
	return func(c *Call, _ Doc) (Doc, error) {
		want := text(sub(c.In, "Filter"), "Status")
		var all []Doc
		if want == "IN_PROGRESS" { // of thousands that have ended nobody asks so often
			for _, f := range c.all(Global, "inflight") {
				if text(f, "kind") == e.kind {
					all = append(all, c.one(Global, e.kind, text(f, "id")))
				}
			}
			return ssoPages.list(c, e.listed, all)
		}
		for _, status := range c.all(Global, e.kind) {
			if want == "" || text(status, "Status") == want {
				all = append(all, status)
			}
		}
		return ssoPages.list(c, e.listed, all)
	}
}

func (c *Call) assignment() Doc {
	return Doc{"TargetId": c.In["TargetId"], "TargetType": c.In["TargetType"], "PermissionSetArn": c.In["PermissionSetArn"], "PrincipalType": c.In["PrincipalType"], "PrincipalId": c.In["PrincipalId"]}
}

func createAssignment(c *Call, _ Doc) (Doc, error) {
	kind := map[string]string{"GROUP": "directorygroup", "USER": "directoryuser"}[c.text("PrincipalType")]
	switch account := c.text("TargetId"); {
	case c.one(Global, kind, c.text("PrincipalId")) == nil:
		return nil, missingResource(c.text("PrincipalType") + " " + c.text("PrincipalId"))
	case account == c.Account:
	case !c.World.Member(account):
		return nil, missingResource("Account " + account)
	}
	return c.begin(creation, c.assignment())
}

func deleteAssignment(c *Call, set Doc) (Doc, error) {
	if c.one(Global, "assignments/"+c.text("TargetId"), text(set, "PermissionSetArn")+"/"+c.text("PrincipalId")) == nil {
		return nil, missingResource("The assignment of " + c.text("PrincipalId"))
	}
	return c.begin(deletion, c.assignment())
}

func provisionSet(c *Call, set Doc) (Doc, error) {
	status := Doc{"PermissionSetArn": text(set, "PermissionSetArn")}
	provisioned := c.at(Global)["provisioned/"+text(set, "PermissionSetArn")]
	switch {
	case c.text("TargetType") == "AWS_ACCOUNT":
		status["TargetId"], status["AccountId"] = c.In["TargetId"], c.In["TargetId"]
		if provisioned[c.text("TargetId")] == nil {
			return nil, missingResource("Permission set provision of account " + c.text("TargetId"))
		}
	case len(provisioned) > limits.ProvisionedAtOnce:
		return nil, refuse("ValidationException", fmt.Sprintf("The permission set is provisioned in %d accounts, more than %d: provision it account by account.", len(provisioned), limits.ProvisionedAtOnce))
	}
	return c.begin(provisioning, status)
}

func listAssignments(c *Call, set Doc) (Doc, error) {
	var all []Doc
	for _, a := range c.all(Global, "assignments/"+c.text("AccountId")) {
		if text(a, "PermissionSetArn") == text(set, "PermissionSetArn") {
			all = append(all, a)
		}
	}
	return ssoPages.list(c, "AccountAssignments", all)
}

// assignmentsOf lists what a principal is assigned; a user also what its groups
// are.
func assignmentsOf(c *Call, _ Doc) (Doc, error) {
	who := []string{c.text("PrincipalId")}
	if c.text("PrincipalType") == "USER" {
		who = append(who, slices.Sorted(maps.Keys(c.at(Global)["groupsof/"+who[0]]))...)
	}
	var all []Doc
	for _, id := range who {
		for _, a := range c.all(Global, "assigned/"+id) {
			if want := text(sub(c.In, "Filter"), "AccountId"); want == "" || want == text(a, "AccountId") {
				all = append(all, a)
			}
		}
	}
	return ssoPages.list(c, "AccountAssignments", all)
}

// Settle lets the errands end that are due, in their order. The changes in other
// accounts' estates stay there, to be asked for with Changed.
func (e *Estate) Settle(now time.Time, w World) (touched []*Estate) {
	var due []Doc
	for _, f := range e.at(Global)["inflight"] {
		if !when(f, "due").After(now) {
			due = append(due, f)
		}
	}
	slices.SortFunc(due, func(a, b Doc) int {
		return cmp.Or(when(a, "due").Compare(when(b, "due")), cmp.Compare(text(a, "id"), text(b, "id")))
	})
	for _, f := range due {
		s := settling{e, w, f, &touched}
		why := s.end()
		status := with(e.one(Global, text(f, "kind"), text(f, "id")), Doc{"Status": "SUCCEEDED"})
		if why != "" {
			status["Status"], status["FailureReason"] = "FAILED", why
		}
		e.put(Global, text(f, "kind"), text(f, "id"), status)
		e.put(Global, "inflight", text(f, "id"), nil)
	}
	return touched
}

// Awaits tells whether any errand may be under way: it costs nothing to ask.
func (e *Estate) Awaits() bool {
	return e.places[Global] == nil || len(e.places[Global]["inflight"]) > 0
}

// settling is the end of one errand.
type settling struct {
	*Estate
	w       World
	f       Doc
	touched *[]*Estate
}

// end does what was asked for; it says why it cannot.
func (s settling) end() (why string) {
	account, arn, principal := text(s.f, "account"), text(s.f, "set"), text(s.f, "principal")
	set := s.one(Global, "permissionset", arn)
	key, back := arn+"/"+principal, account+"/"+arn
	switch text(s.f, "kind") {
	case creation.kind:
		kind := "GROUP"
		if s.one(Global, "directorygroup", principal) == nil {
			kind = "USER"
		}
		switch {
		case kind == "USER" && s.one(Global, "directoryuser", principal) == nil:
			return "Received a 404 status error: Principal " + principal + " is not found."
		case !s.w.Open(account):
			return "Received a 403 status error: Account " + account + " cannot be reached."
		}
		a := Doc{"AccountId": account, "PermissionSetArn": arn, "PrincipalId": principal, "PrincipalType": kind}
		s.put(Global, "assignments/"+account, key, a)
		s.put(Global, "assigned/"+principal, back, a)
		if s.one(Global, "provisioned/"+arn, account) == nil {
			s.provision(account, set)
		}
	case deletion.kind:
		s.put(Global, "assignments/"+account, key, nil)
		s.put(Global, "assigned/"+principal, back, nil)
		for left := range s.at(Global)["assignments/"+account] {
			if strings.HasPrefix(left, arn+"/") {
				return ""
			}
		}
		s.put(Global, "provisioned/"+arn, account, nil)
		s.put(Global, "sets/"+account, arn, nil)
		member := s.member(account)
		member.put(Global, "role", member.reservedRole(set), nil)
	default:
		for _, id := range slices.Sorted(maps.Keys(s.at(Global)["provisioned/"+arn])) {
			if account == "" || account == id {
				s.provision(id, set)
			}
		}
	}
	return ""
}

func (s settling) member(account string) *Estate {
	e := s.w.Of(account)
	if e != s.Estate && !slices.Contains(*s.touched, e) {
		*s.touched = append(*s.touched, e)
	}
	return e
}

// reservedPath is where the roles of permission sets are, and no others.
const reservedPath = "/aws-reserved/sso.amazonaws.com/"

// reservedRole is the name of the role that a permission set becomes in an
// account.
func (e *Estate) reservedRole(set Doc) string {
	return "AWSReservedSSO_" + text(set, "Name") + "_" + word(e.chance(text(set, "PermissionSetArn")), hex, 16)
}

// provision makes the role of a permission set in an account, or brings it up to
// date.
//
// Source: IAM Identity Center user guide, "Referencing permission sets in resource
// policies": the role's name and path.
func (s settling) provision(account string, set Doc) {
	member := s.member(account)
	name, path := member.reservedRole(set), reservedPath
	if region := text(s.f, "region"); region != "us-east-1" {
		path += region + "/"
	}
	role := member.one(Global, "role", name)
	if role == nil {
		id := word(member.chance("role "+text(set, "PermissionSetArn")), base32, 17)
		role = Doc{"RoleName": name, "Path": path, "Arn": "arn:aws:iam::" + account + ":role" + path + name, "RoleId": "AROA" + id, "CreateDate": s.f["due"], "MaxSessionDuration": 43200,
			"AssumeRolePolicyDocument": url.PathEscape(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::` + account + `:saml-provider/AWSSSO_` + word(member.chance("saml"), hex, 16) +
				`_DO_NOT_DELETE"},"Action":["sts:AssumeRoleWithSAML","sts:TagSession"],"Condition":{"StringEquals":{"SAML:aud":"https://signin.aws.amazon.com/saml"}}}]}`)}
	}
	var attached []string
	for _, p := range docs(set, "managed") {
		attached = append(attached, text(p, "Arn"))
	}
	changes := Doc{"Attached": attached, "Description": set["Description"], "Inline": nil}
	if document := text(set, "inline"); document != "" {
		changes["Inline"] = Doc{"AwsSSOInlinePolicy": document}
	}
	member.put(Global, "role", name, with(role, changes))
	arn := text(set, "PermissionSetArn")
	s.put(Global, "provisioned/"+arn, account, Doc{"account": account, "revision": number(set, "revision")})
	s.put(Global, "sets/"+account, arn, Doc{"set": arn})
}

// unlessReserved keeps everybody but IAM Identity Center from changing its roles.
//
// Source: IAM API reference, "UnmodifiableEntity", of AttachRolePolicy.
func unlessReserved(run func(*Call, Doc) (Doc, error)) func(*Call, Doc) (Doc, error) {
	return func(c *Call, r Doc) (Doc, error) {
		if strings.HasPrefix(text(r, "Path"), reservedPath) {
			return nil, refuse("UnmodifiableEntity", "Cannot perform the operation on the protected role '"+text(r, "RoleName")+"' - this role is only modifiable by AWS")
		}
		return run(c, r)
	}
}
