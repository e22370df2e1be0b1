package simaws

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"landlord/internal/limits"
)

// furnished is an organization with one of everything: unit full holds account
// in, unit empty nothing; policy used is attached to full.
type furnished struct {
	*lab
	names map[string]string // what stands for it in a table: its id
}

func furnish(t *testing.T, cfg Config) furnished {
	cfg.Organization = true
	l := newLab(t, "instant", cfg)
	l.enable()
	root := l.root()
	f := furnished{l, map[string]string{
		"ROOT": root, "FULL": l.unit(root, "full"), "EMPTY": l.unit(root, "empty"),
		"IN": l.account("in"), "OUT": l.account("out"),
		"USED": l.policy("used"), "SPARE": l.policy("spare"),
	}}
	l.must("MoveAccount", f.say(`{"AccountId":"IN","SourceParentId":"ROOT","DestinationParentId":"FULL"}`))
	l.must("AttachPolicy", f.say(`{"PolicyId":"USED","TargetId":"FULL"}`))
	return f
}

// say puts ids for names.
func (f furnished) say(body string) string {
	for name, id := range f.names {
		body = strings.ReplaceAll(body, `"`+name+`"`, `"`+id+`"`)
	}
	return body
}

// TestRefusals checks that each wrong call is refused as AWS does, and that it
// changes nothing: the same call is refused again.
func TestRefusals(t *testing.T) {
	f := furnish(t, Config{Seed: 1})
	long := `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"a:` + strings.Repeat("b", limits.PolicyCharacters) + `","Resource":"*"}]}`
	tags := make([]string, limits.TagsPerResource+1)
	for i := range tags {
		tags[i] = fmt.Sprintf(`{"Key":"k%d","Value":""}`, i)
	}
	policy := func(name, content string) string {
		return fmt.Sprintf(`{"Name":%q,"Description":"","Type":"SERVICE_CONTROL_POLICY","Content":%q}`, name, content)
	}
	delegation := func(what string) string {
		return fmt.Sprintf(`{"Content":%q}`, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"*"},`+what+`}}`)
	}
	for _, row := range []struct{ name, operation, body, want string }{
		{"a second organization", "CreateOrganization", `{}`, "AlreadyInOrganizationException"},
		{"an organization that still has accounts", "DeleteOrganization", `{}`, "OrganizationNotEmptyException"},
		{"an account that is not there", "DescribeAccount", `{"AccountId":"000000000000"}`, "AccountNotFoundException"},
		{"a creation that is not there", "DescribeCreateAccountStatus", `{"CreateAccountRequestId":"car-00000000"}`, "CreateAccountStatusNotFoundException"},
		{"a role name of AWS's own", "CreateAccount", `{"Email":"x@example.com","AccountName":"x","RoleName":"AWSServiceRoleForX"}`, "InvalidInputException INVALID_ROLE_NAME"},
		{"a tag key twice", "CreateAccount", `{"Email":"x@example.com","AccountName":"x","Tags":[{"Key":"a","Value":"1"},{"Key":"a","Value":"2"}]}`, "InvalidInputException DUPLICATE_TAG_KEY"},
		{"a system tag", "CreateAccount", `{"Email":"x@example.com","AccountName":"x","Tags":[{"Key":"aws:a","Value":"1"}]}`, "InvalidInputException INVALID_SYSTEM_TAGS_PARAMETER"},
		{"a move of nobody", "MoveAccount", `{"AccountId":"000000000000","SourceParentId":"ROOT","DestinationParentId":"FULL"}`, "AccountNotFoundException"},
		{"a move from nowhere", "MoveAccount", `{"AccountId":"IN","SourceParentId":"ou-aaaa-00000000","DestinationParentId":"EMPTY"}`, "SourceParentNotFoundException"},
		{"a move from where it is not", "MoveAccount", `{"AccountId":"IN","SourceParentId":"ROOT","DestinationParentId":"EMPTY"}`, "SourceParentNotFoundException"},
		{"a move to nowhere", "MoveAccount", `{"AccountId":"IN","SourceParentId":"FULL","DestinationParentId":"ou-aaaa-00000000"}`, "DestinationParentNotFoundException"},
		{"a move to where it is", "MoveAccount", `{"AccountId":"IN","SourceParentId":"ROOT","DestinationParentId":"FULL"}`, "DuplicateAccountException"},
		{"a unit of a name that is taken", "CreateOrganizationalUnit", `{"ParentId":"ROOT","Name":"full"}`, "DuplicateOrganizationalUnitException"},
		{"a unit under nothing", "CreateOrganizationalUnit", `{"ParentId":"ou-aaaa-00000000","Name":"x"}`, "ParentNotFoundException"},
		{"a rename to a name that is taken", "UpdateOrganizationalUnit", `{"OrganizationalUnitId":"EMPTY","Name":"full"}`, "DuplicateOrganizationalUnitException"},
		{"a unit that is not there", "DescribeOrganizationalUnit", `{"OrganizationalUnitId":"ou-aaaa-00000000"}`, "OrganizationalUnitNotFoundException"},
		{"a unit that is not empty", "DeleteOrganizationalUnit", `{"OrganizationalUnitId":"FULL"}`, "OrganizationalUnitNotEmptyException"},
		{"accounts of nothing", "ListAccountsForParent", `{"ParentId":"ou-aaaa-00000000"}`, "ParentNotFoundException"},
		{"units of nothing", "ListOrganizationalUnitsForParent", `{"ParentId":"ou-aaaa-00000000"}`, "ParentNotFoundException"},
		{"children of nothing", "ListChildren", `{"ParentId":"ou-aaaa-00000000","ChildType":"ACCOUNT"}`, "ParentNotFoundException"},
		{"parents of nobody", "ListParents", `{"ChildId":"000000000000"}`, "ChildNotFoundException"},
		{"a policy type twice", "EnablePolicyType", `{"RootId":"ROOT","PolicyType":"SERVICE_CONTROL_POLICY"}`, "PolicyTypeAlreadyEnabledException"},
		{"a policy type that simaws has not", "EnablePolicyType", `{"RootId":"ROOT","PolicyType":"BACKUP_POLICY"}`, "PolicyTypeNotAvailableForOrganizationException"},
		{"a policy type of another root", "EnablePolicyType", `{"RootId":"r-0000","PolicyType":"SERVICE_CONTROL_POLICY"}`, "RootNotFoundException"},
		{"disabling what is not enabled", "DisablePolicyType", `{"RootId":"ROOT","PolicyType":"TAG_POLICY"}`, "PolicyTypeNotEnabledException"},
		{"a policy of a name that is taken", "CreatePolicy", policy("used", denyLeaving), "DuplicatePolicyException"},
		{"a policy that is no JSON", "CreatePolicy", policy("x", "{"), "MalformedPolicyDocumentException"},
		{"a policy without Resource", "CreatePolicy", policy("x", `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"*"}}`), "MalformedPolicyDocumentException"},
		{"a policy with a Principal", "CreatePolicy", policy("x", `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Principal":"*","Action":"*","Resource":"*"}}`), "MalformedPolicyDocumentException"},
		{"a policy with both Action and NotAction", "CreatePolicy", policy("x", `{"Version":"2012-10-17","Statement":{"Effect":"Deny","NotAction":"*","Action":"*","Resource":"*"}}`), "MalformedPolicyDocumentException"},
		{"a policy with an unknown operator", "CreatePolicy", policy("x", `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"FooEquals":{"aws:RequestedRegion":"x"}}}}`), "MalformedPolicyDocumentException"},
		{"a policy on what is no ARN", "CreatePolicy", policy("x", `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"*","Resource":"bucket"}}`), "MalformedPolicyDocumentException"},
		{"a policy with a Sid twice", "CreatePolicy", policy("x", `{"Version":"2012-10-17","Statement":[{"Sid":"A","Effect":"Deny","Action":"s3:*","Resource":"*"},{"Sid":"A","Effect":"Deny","Action":"ec2:*","Resource":"*"}]}`), "MalformedPolicyDocumentException"},
		{"a policy with a space in a Sid", "CreatePolicy", policy("x", `{"Version":"2012-10-17","Statement":{"Sid":"A B","Effect":"Deny","Action":"*","Resource":"*"}}`), "MalformedPolicyDocumentException"},
		{"a resource policy with NotAction", "PutResourcePolicy", delegation(`"NotAction":"organizations:ListRoots","Resource":"*"`), "InvalidInputException INVALID_RESOURCE_POLICY_JSON"},
		{"a resource policy with NotResource", "PutResourcePolicy", delegation(`"Action":"organizations:ListRoots","NotResource":"*"`), "InvalidInputException INVALID_RESOURCE_POLICY_JSON"},
		{"a policy of the old version", "CreatePolicy", policy("x", `{"Version":"2008-10-17","Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}`), "MalformedPolicyDocumentException"},
		{"a policy with a small e", "CreatePolicy", policy("x", `{"Version":"2012-10-17","Statement":{"effect":"Deny","Action":"*","Resource":"*"}}`), "MalformedPolicyDocumentException"},
		{"a policy that is too long", "CreatePolicy", policy("x", long), "ConstraintViolationException POLICY_CONTENT_LIMIT_EXCEEDED"},
		{"an update to something too long", "UpdatePolicy", fmt.Sprintf(`{"PolicyId":"SPARE","Content":%q}`, long), "ConstraintViolationException POLICY_CONTENT_LIMIT_EXCEEDED"},
		{"an update to a name that is taken", "UpdatePolicy", `{"PolicyId":"SPARE","Name":"used"}`, "DuplicatePolicyException"},
		{"an update of AWS's own policy", "UpdatePolicy", `{"PolicyId":"p-FullAWSAccess","Name":"mine"}`, "InvalidInputException IMMUTABLE_POLICY"},
		{"deleting AWS's own policy", "DeletePolicy", `{"PolicyId":"p-FullAWSAccess"}`, "InvalidInputException IMMUTABLE_POLICY"},
		{"deleting a policy in use", "DeletePolicy", `{"PolicyId":"USED"}`, "PolicyInUseException"},
		{"a policy that is not there", "DescribePolicy", `{"PolicyId":"p-00000000"}`, "PolicyNotFoundException"},
		{"attaching twice", "AttachPolicy", `{"PolicyId":"USED","TargetId":"FULL"}`, "DuplicatePolicyAttachmentException"},
		{"attaching FullAWSAccess twice", "AttachPolicy", `{"PolicyId":"p-FullAWSAccess","TargetId":"IN"}`, "DuplicatePolicyAttachmentException"},
		{"attaching to nothing", "AttachPolicy", `{"PolicyId":"USED","TargetId":"000000000000"}`, "TargetNotFoundException"},
		{"detaching what is not attached", "DetachPolicy", `{"PolicyId":"USED","TargetId":"ROOT"}`, "PolicyNotAttachedException"},
		{"detaching the last policy", "DetachPolicy", `{"PolicyId":"p-FullAWSAccess","TargetId":"IN"}`, "ConstraintViolationException MIN_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED"},
		{"policies of nothing", "ListPoliciesForTarget", `{"TargetId":"000000000000","Filter":"SERVICE_CONTROL_POLICY"}`, "TargetNotFoundException"},
		{"targets of no policy", "ListTargetsForPolicy", `{"PolicyId":"p-00000000"}`, "PolicyNotFoundException"},
		{"tags on nothing", "TagResource", `{"ResourceId":"000000000000","Tags":[{"Key":"a","Value":""}]}`, "TargetNotFoundException"},
		{"tags on AWS's own policy", "TagResource", `{"ResourceId":"p-FullAWSAccess","Tags":[{"Key":"a","Value":""}]}`, "InvalidInputException INVALID_PATTERN"},
		{"tags of AWS's own policy", "ListTagsForResource", `{"ResourceId":"p-FullAWSAccess"}`, "InvalidInputException INVALID_PATTERN"},
		{"too many tags", "TagResource", `{"ResourceId":"IN","Tags":[` + strings.Join(tags, ",") + `]}`, "ConstraintViolationException MAX_TAG_LIMIT_EXCEEDED"},
		{"tags of nothing", "ListTagsForResource", `{"ResourceId":"000000000000"}`, "TargetNotFoundException"},
		{"closing the management account", "CloseAccount", `{"AccountId":"111122223333"}`, "ConstraintViolationException CANNOT_CLOSE_MANAGEMENT_ACCOUNT"},
		{"an account in GovCloud", "CreateGovCloudAccount", `{"Email":"x@example.com","AccountName":"x"}`, "ConstraintViolationException MASTER_ACCOUNT_NOT_GOVCLOUD_ENABLED"},
		{"leaving as the management account", "LeaveOrganization", `{}`, "MasterCannotLeaveOrganizationException"},
		{"closing nobody", "CloseAccount", `{"AccountId":"000000000000"}`, "AccountNotFoundException"},
		{"removing the management account", "RemoveAccountFromOrganization", `{"AccountId":"111122223333"}`, "MasterCannotLeaveOrganizationException"},
		{"removing an account too young", "RemoveAccountFromOrganization", `{"AccountId":"IN"}`, "ConstraintViolationException WAIT_PERIOD_ACTIVE"},
		{"a service that AWS does not have", "EnableAWSServiceAccess", `{"ServicePrincipal":"coffee.amazonaws.com"}`, "InvalidInputException UNRECOGNIZED_SERVICE_PRINCIPAL"},
		{"administrators of a service that AWS does not have", "ListDelegatedAdministrators", `{"ServicePrincipal":"coffee.amazonaws.com"}`, "InvalidInputException UNRECOGNIZED_SERVICE_PRINCIPAL"},
		{"a unit renamed to what it is called", "UpdateOrganizationalUnit", `{"OrganizationalUnitId":"FULL","Name":"full"}`, "DuplicateOrganizationalUnitException"},
		{"all features twice", "EnableAllFeatures", `{}`, "HandshakeConstraintViolationException ORGANIZATION_ALREADY_HAS_ALL_FEATURES"},
		{"a transfer that is not there", "DescribeResponsibilityTransfer", `{"Id":"rt-00000000"}`, "ResponsibilityTransferNotFoundException"},
		{"a transfer to oneself", "InviteOrganizationToTransferResponsibility", `{"Type":"BILLING","Target":{"Type":"ACCOUNT","Id":"111122223333"},"StartTimestamp":1,"SourceName":"x"}`, "HandshakeConstraintViolationException SOURCE_AND_TARGET_CANNOT_MATCH"},
		{"what AWS has not", "MakeCoffee", `{}`, "UnknownOperationException"},
	} {
		for range 2 {
			got := f.send("AKIAADMIN", row.operation, f.say(row.body))
			if have := strings.TrimSpace(got.code + " " + got.reason); have != row.want {
				t.Errorf("%s: %q, want %q", row.name, have, row.want)
			}
		}
	}
}

// TestRefusalsAreWordedAsQuoted holds the sentences that clients of AWS compare,
// or that its users know, where the service model words them otherwise.
func TestRefusalsAreWordedAsQuoted(t *testing.T) {
	f := furnish(t, Config{Seed: 1})
	f.must("EnableAWSServiceAccess", `{"ServicePrincipal":"config.amazonaws.com"}`)
	f.must("RegisterDelegatedAdministrator", f.say(`{"AccountId":"IN","ServicePrincipal":"config.amazonaws.com"}`))
	long := fmt.Sprintf(`{"PolicyId":"SPARE","Content":%q}`, strings.Repeat(" ", limits.PolicyCharacters+1))
	for _, row := range []struct{ operation, body, want string }{
		{"EnableAWSServiceAccess", `{"ServicePrincipal":"coffee.amazonaws.com"}`, "You specified an unrecognized service principal."},
		{"DescribeAccount", `{"AccountId":"12"}`, "You provided a value that does not match the required pattern."},
		{"UpdatePolicy", long, "You have exceeded the maximum policy size."},
		{"DetachPolicy", `{"PolicyId":"p-FullAWSAccess","TargetId":"IN"}`, "You cannot remove the last policy attached to the specified target. You must have at least one attached at all times."},
		{"RegisterDelegatedAdministrator", `{"AccountId":"111122223333","ServicePrincipal":"config.amazonaws.com"}`, "You cannot register management account/yourself as delegated administrator for your organization."},
		{"DeregisterDelegatedAdministrator", `{"AccountId":"111122223333","ServicePrincipal":"config.amazonaws.com"}`, "You cannot register management account/yourself as delegated administrator for your organization."},
		{"RegisterDelegatedAdministrator", `{"AccountId":"IN","ServicePrincipal":"config.amazonaws.com"}`, "The provided account is already a delegated administrator for your organization."},
		{"DeregisterDelegatedAdministrator", `{"AccountId":"OUT","ServicePrincipal":"config.amazonaws.com"}`, "The provided account is not a registered delegated administrator for your organization."},
	} {
		if got := f.send("AKIAADMIN", row.operation, f.say(row.body)).body["Message"]; got != row.want {
			t.Errorf("%s %.60s: %q, want %q", row.operation, row.body, got, row.want)
		}
	}
	got := f.manage("AKIAADMIN", "/getAlternateContact", `{"AlternateContactType":"SECURITY"}`).body["message"]
	if want := "No contact of the inputted alternate contact type found."; got != want {
		t.Errorf("an alternate contact that is not there: %q, want %q", got, want)
	}
}

// nobody has the names of furnished, of things that are not there.
var nobody = map[string]string{
	"IN": "000000000000", "ROOT": "r-0000", "FULL": "r-0000", "EMPTY": "ou-0000-00000000", "SPARE": "p-00000000",
}

func TestRefusalsWithoutAnOrganization(t *testing.T) {
	l := newLab(t, "instant", Config{Seed: 1})
	for operation, op := range organizationsService.operations {
		if op.to == outsider {
			continue
		}
		if got := l.send("AKIAADMIN", operation, exampleOf(serviceModel(), operation, nobody)); got.code != "AWSOrganizationsNotInUseException" {
			t.Errorf("%s without an organization: %s %v, want AWSOrganizationsNotInUseException", operation, got.code, got.body["Message"])
		}
	}
	l.must("CreateOrganization", `{"FeatureSet":"CONSOLIDATED_BILLING"}`)
	body := fmt.Sprintf(`{"RootId":%q,"PolicyType":"SERVICE_CONTROL_POLICY"}`, l.root())
	if got := l.send("AKIAADMIN", "EnablePolicyType", body); got.code != "PolicyTypeNotAvailableForOrganizationException" {
		t.Errorf("a policy type with consolidated billing: %q, want PolicyTypeNotAvailableForOrganizationException", got.code)
	}
	l.must("DeleteOrganization", `{}`)
	if got := l.send("AKIAADMIN", "DescribeOrganization", `{}`); got.code != "AWSOrganizationsNotInUseException" {
		t.Errorf("after its end the organization is still there: %q", got.code)
	}
}

func TestQuotas(t *testing.T) {
	f := furnish(t, Config{Seed: 1, AccountQuota: 4})
	f.account("fourth") // with the management account, in and out
	body := `{"Email":"fifth@example.com","AccountName":"fifth"}`
	if got := f.send("AKIAADMIN", "CreateAccount", body); got.reason != "ACCOUNT_NUMBER_LIMIT_EXCEEDED" {
		t.Errorf("an account beyond the quota: %s %s", got.code, got.reason)
	}
	f.must("CloseAccount", f.say(`{"AccountId":"OUT"}`))
	if got := f.send("AKIAADMIN", "CreateAccount", body); got.reason != "ACCOUNT_NUMBER_LIMIT_EXCEEDED" {
		t.Errorf("a closed account still counts: %s %s", got.code, got.reason)
	}
	if got := f.send("AKIAADMIN", "CloseAccount", f.say(`{"AccountId":"OUT"}`)); got.code != "AccountAlreadyClosedException" {
		t.Errorf("closing twice: %s", got.code)
	}

	parent := f.names["EMPTY"]
	for level := 2; level <= limits.UnitDepth; level++ {
		parent = f.unit(parent, "deeper")
	}
	if got := f.send("AKIAADMIN", "CreateOrganizationalUnit", fmt.Sprintf(`{"ParentId":%q,"Name":"deeper"}`, parent)); got.reason != "OU_DEPTH_LIMIT_EXCEEDED" {
		t.Errorf("a sixth level of units: %s %s", got.code, got.reason)
	}

	for i := 2; i < limits.PoliciesPerTarget; i++ { // FullAWSAccess and used are there
		f.must("AttachPolicy", f.say(fmt.Sprintf(`{"PolicyId":%q,"TargetId":"FULL"}`, f.policy(fmt.Sprint("p", i)))))
	}
	if got := f.send("AKIAADMIN", "AttachPolicy", f.say(`{"PolicyId":"SPARE","TargetId":"FULL"}`)); got.reason != "MAX_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED" {
		t.Errorf("an eleventh policy: %s %s", got.code, got.reason)
	}
}

func TestFullAWSAccessCanBeReplaced(t *testing.T) {
	f := furnish(t, Config{Seed: 1})
	f.must("DetachPolicy", f.say(`{"PolicyId":"p-FullAWSAccess","TargetId":"FULL"}`))
	got := f.send("AKIAADMIN", "ListPoliciesForTarget", f.say(`{"TargetId":"FULL","Filter":"SERVICE_CONTROL_POLICY"}`))
	if list, _ := got.body["Policies"].([]any); len(list) != 1 || dig(got.body, "Policies", "Id") != f.names["USED"] {
		t.Errorf("without FullAWSAccess the unit has %v", got.body)
	}
	if got := f.send("AKIAADMIN", "DetachPolicy", f.say(`{"PolicyId":"USED","TargetId":"FULL"}`)); got.reason != "MIN_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED" {
		t.Errorf("detaching the last: %s %s", got.code, got.reason)
	}
	if f.must("ListTargetsForPolicy", `{"PolicyId":"p-FullAWSAccess"}`); f.world.units[f.names["FULL"]].Bare != true {
		t.Error("FullAWSAccess is still on the unit")
	}
	f.must("DisablePolicyType", f.say(`{"RootId":"ROOT","PolicyType":"SERVICE_CONTROL_POLICY"}`))
	if got := f.send("AKIAADMIN", "AttachPolicy", f.say(`{"PolicyId":"SPARE","TargetId":"FULL"}`)); got.code != "PolicyTypeNotEnabledException" {
		t.Errorf("attaching while disabled: %s", got.code)
	}
	f.enable()
	if got := f.must("ListPoliciesForTarget", f.say(`{"TargetId":"FULL","Filter":"SERVICE_CONTROL_POLICY"}`), "Policies", "Id"); got != fullAccess {
		t.Errorf("enabled again the unit has %s first, want FullAWSAccess alone", got)
	}
	f.must("DeletePolicy", f.say(`{"PolicyId":"USED"}`))
}

func TestRemovedAccountKeepsItsEmail(t *testing.T) {
	f := furnish(t, Config{Seed: 1})
	f.clock.Advance(5 * 24 * time.Hour)
	f.must("RemoveAccountFromOrganization", f.say(`{"AccountId":"IN"}`))
	if got := f.send("AKIAADMIN", "DescribeAccount", f.say(`{"AccountId":"IN"}`)); got.code != "AccountNotFoundException" {
		t.Errorf("a removed account: %q", got.code)
	}
	got := f.send("AKIAADMIN", "CreateAccount", `{"Email":"IN@example.com","AccountName":"in"}`)
	if reason := dig(got.body, "CreateAccountStatus", "FailureReason"); reason != "EMAIL_ALREADY_EXISTS" {
		t.Errorf("its e-mail again: %q, want EMAIL_ALREADY_EXISTS", reason)
	}
	f.must("DeleteOrganizationalUnit", f.say(`{"OrganizationalUnitId":"FULL"}`))
}

// TestCallersMayDoWhatTheirPolicySays checks identity policies, and that tags
// in a create call need the right to tag.
func TestCallersMayDoWhatTheirPolicySays(t *testing.T) {
	f := furnish(t, Config{Seed: 1, Callers: map[string]string{
		"AKIAREADER": `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["organizations:List*","organizations:Describe*"],"Resource":"*"}]}`,
		"AKIAMAKER":  `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"organizations:Create*","Resource":"*"}]}`,
	}})
	for _, row := range []struct{ key, operation, body, want string }{
		{"AKIAREADER", "ListAccounts", `{}`, ""},
		{"AKIAREADER", "DescribeOrganization", `{}`, ""},
		{"AKIAREADER", "CreateAccount", `{"Email":"x@example.com","AccountName":"x"}`, "AccessDeniedException"},
		{"AKIAMAKER", "CreateAccount", `{"Email":"x@example.com","AccountName":"x"}`, ""},
		{"AKIAMAKER", "CreateAccount", `{"Email":"y@example.com","AccountName":"y","Tags":[{"Key":"a","Value":"b"}]}`, "AccessDeniedException"},
		{"AKIAMAKER", "ListAccounts", `{}`, "AccessDeniedException"},
		{"", "ListAccounts", `{}`, "MissingAuthenticationTokenException"},
	} {
		if got := f.send(row.key, row.operation, row.body); got.code != row.want {
			t.Errorf("%s calls %s %s: %q, want %q", row.key, row.operation, row.body, got.code, row.want)
		}
	}
}
