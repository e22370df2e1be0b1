package simaws

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/organizations/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// as is the SDK's client of whoever has the key; the key of an account's
// administrator is its id.
func (l *lab) as(key string) *organizations.Client {
	return organizations.NewFromConfig(l.config(key))
}

// enter assumes the role that the management account has in a member.
func (l *lab) enter(account string) string {
	l.t.Helper()
	out, err := l.sts("AKIAADMIN").AssumeRole(l.t.Context(), &sts.AssumeRoleInput{
		RoleArn: aws.String("arn:aws:iam::" + account + ":role/OrganizationAccountAccessRole"), RoleSessionName: aws.String("landlord"),
	})
	if err != nil {
		l.t.Fatal(err)
	}
	return aws.ToString(out.Credentials.AccessKeyId)
}

// policyOf makes a policy of a type.
func (l *lab) policyOf(kind, name, content string) string {
	return l.must("CreatePolicy", fmt.Sprintf(`{"Name":%q,"Description":"","Type":%q,"Content":%q}`, name, kind, content), "Policy", "PolicySummary", "Id")
}

func (l *lab) attach(policy, target string) {
	l.must("AttachPolicy", fmt.Sprintf(`{"PolicyId":%q,"TargetId":%q}`, policy, target))
}

func scp(statement string) string {
	return `{"Version":"2012-10-17","Statement":[{` + statement + `}]}`
}

// TestSDKServiceControlPoliciesHoldMembers puts a policy on each level above a
// member and looks at what its sessions can still call.
func TestSDKServiceControlPoliciesHoldMembers(t *testing.T) {
	for _, row := range []struct {
		name, statement string
		want            string // in the refusal; "" is none
	}{
		{"no policy but AWS's own", "", ""},
		{"a denial", `"Effect":"Deny","Action":"organizations:DescribeOrganization","Resource":"*"`, "explicit deny in a service control policy"},
		{"a denial of all but others", `"Effect":"Deny","NotAction":"organizations:LeaveOrganization","Resource":"*"`, "explicit deny"},
		{"a denial of something else", `"Effect":"Deny","Action":"organizations:LeaveOrganization","Resource":"*"`, ""},
		{"a denial for other roles", `"Effect":"Deny","Action":"*","Resource":"*","Condition":{"ArnNotLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/OrganizationAccountAccessRole"}}`, ""},
		{"a denial elsewhere", `"Effect":"Deny","Action":"*","Resource":"*","Condition":{"StringNotEquals":{"aws:RequestedRegion":"us-east-1"}}`, ""},
		{"a denial that cannot be judged", `"Effect":"Deny","Action":"*","Resource":"*","Condition":{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}`, "explicit deny"},
	} {
		for _, level := range []string{"root", "unit", "account"} {
			l := newLab(t, "instant", Config{Seed: 1, Organization: true})
			l.enable()
			root, id := l.root(), l.account("acme")
			unit := l.unit(root, "customers")
			l.must("MoveAccount", fmt.Sprintf(`{"AccountId":%q,"SourceParentId":%q,"DestinationParentId":%q}`, id, root, unit))
			if row.statement != "" {
				l.attach(l.policyOf(serviceControl, "p", scp(row.statement)), map[string]string{"root": root, "unit": unit, "account": id}[level])
			}
			_, err := l.as(l.enter(id)).DescribeOrganization(t.Context(), &organizations.DescribeOrganizationInput{})
			if row.want == "" && err != nil || row.want != "" && (errorCode(err) != "AccessDeniedException" || !strings.Contains(err.Error(), row.want)) {
				t.Errorf("%s at the %s: %v, want %q", row.name, level, err, row.want)
			}
			if _, err := l.organizations().DescribeOrganization(t.Context(), &organizations.DescribeOrganizationInput{}); err != nil {
				t.Errorf("%s at the %s holds the management account: %v", row.name, level, err)
			}
			if row.want != "" {
				l.must("DisablePolicyType", fmt.Sprintf(`{"RootId":%q,"PolicyType":"SERVICE_CONTROL_POLICY"}`, root))
				if _, err := l.as(id).DescribeOrganization(t.Context(), &organizations.DescribeOrganizationInput{}); err != nil {
					t.Errorf("%s at the %s, disabled: %v", row.name, level, err)
				}
			}
		}
	}
}

func TestServiceControlPolicyThatAllowsLittle(t *testing.T) {
	f := furnish(t, Config{Seed: 1})
	f.attach(f.policyOf(serviceControl, "s3", scp(`"Effect":"Allow","Action":"s3:*","Resource":"*"`)), f.names["FULL"])
	f.must("DetachPolicy", f.say(`{"PolicyId":"p-FullAWSAccess","TargetId":"FULL"}`))
	got := f.send(f.names["IN"], "DescribeOrganization", "{}")
	if got.code != "AccessDeniedException" || !strings.Contains(fmt.Sprint(got.body), "no service control policy allows") {
		t.Errorf("what no policy of the unit allows: %s %v", got.code, got.body)
	}
	if got := f.send(f.names["OUT"], "DescribeOrganization", "{}"); got.code != "" {
		t.Errorf("an account beside the unit: %s", got.code)
	}
}

// TestSDKWhoMayCall checks the three kinds of caller, and one from outside.
func TestSDKWhoMayCall(t *testing.T) {
	l := newLab(t, "instant", Config{Seed: 1, Organization: true})
	ctx := t.Context()
	plain, helper := l.account("plain"), l.account("helper")
	l.must("EnableAWSServiceAccess", `{"ServicePrincipal":"config.amazonaws.com"}`)
	_, err := l.organizations().RegisterDelegatedAdministrator(ctx, &organizations.RegisterDelegatedAdministratorInput{
		AccountId: aws.String(helper), ServicePrincipal: aws.String("config.amazonaws.com"),
	})
	if err != nil {
		t.Fatal(err)
	}
	const denied = "AccessDeniedException"
	calls := map[string]func(*organizations.Client) error{
		"ListAccounts": func(c *organizations.Client) error {
			_, err := c.ListAccounts(ctx, &organizations.ListAccountsInput{})
			return err
		},
		"CreatePolicy": func(c *organizations.Client) error {
			_, err := c.CreatePolicy(ctx, &organizations.CreatePolicyInput{
				Name: aws.String("p"), Description: aws.String(""), Type: types.PolicyTypeServiceControlPolicy, Content: aws.String(denyLeaving),
			})
			return err
		},
		"MoveAccount": func(c *organizations.Client) error {
			_, err := c.MoveAccount(ctx, &organizations.MoveAccountInput{
				AccountId: aws.String(plain), SourceParentId: aws.String(l.world.org.Root), DestinationParentId: aws.String(l.world.org.Root),
			})
			return err
		},
		"DescribeOrganization": func(c *organizations.Client) error {
			_, err := c.DescribeOrganization(ctx, &organizations.DescribeOrganizationInput{})
			return err
		},
		"LeaveOrganization": func(c *organizations.Client) error {
			_, err := c.LeaveOrganization(ctx, &organizations.LeaveOrganizationInput{})
			return err
		},
	}
	for _, row := range []struct{ operation, management, delegated, member string }{
		{"ListAccounts", "", "", denied},
		{"CreatePolicy", "", denied, denied},
		{"MoveAccount", "DuplicateAccountException", denied, denied},
		{"DescribeOrganization", "", "", ""},
		{"LeaveOrganization", "MasterCannotLeaveOrganizationException", "ConstraintViolationException", "ConstraintViolationException"},
	} {
		for key, want := range map[string]string{"AKIAADMIN": row.management, helper: row.delegated, plain: row.member} {
			if got := errorCode(calls[row.operation](l.as(key))); got != want {
				t.Errorf("%s by %s: %q, want %q", row.operation, key, got, want)
			}
		}
	}
}

// TestSDKResourcePolicyDelegates gives a member what is otherwise the
// management account's: policies of one type, nothing else.
func TestSDKResourcePolicyDelegates(t *testing.T) {
	l := newLab(t, "instant", Config{Seed: 1, Organization: true})
	ctx, client, helper := t.Context(), l.organizations(), l.account("helper")
	if _, err := client.DescribeResourcePolicy(ctx, &organizations.DescribeResourcePolicyInput{}); errorCode(err) != "ResourcePolicyNotFoundException" {
		t.Errorf("no policy yet: %v", err)
	}
	statement := func(principal, actions string) *string {
		return aws.String(`{"Version":"2012-10-17","Statement":[{"Sid":"a","Effect":"Allow","Principal":` + principal + `,"Action":` + actions +
			`,"Resource":"*","Condition":{"StringEquals":{"organizations:PolicyType":"TAG_POLICY"}}}]}`)
	}
	helperRoot := `{"AWS":"arn:aws:iam::` + helper + `:root"}`
	for name, content := range map[string]struct {
		content *string
		want    string
	}{
		"what cannot be delegated": {statement(helperRoot, `"organizations:CreateAccount"`), "UNSUPPORTED_ACTION_IN_RESOURCE_POLICY"},
		"nobody":                   {statement(`{}`, `"organizations:ListPolicies"`), "INVALID_PRINCIPAL"},
		"nobody that there can be": {statement(`{"AWS":"helper"}`, `"organizations:ListPolicies"`), "INVALID_PRINCIPAL"},
		"two of one name":          {statement(`{"AWS":"999999999999","AWS":"`+helper+`"}`, `"organizations:ListPolicies"`), "INVALID_PRINCIPAL"},
		"the name in small":        {statement(`{"aws":"`+helper+`"}`, `"organizations:ListPolicies"`), "INVALID_PRINCIPAL"},
		"two effects":              {statement(helperRoot+`,"Effect":"Deny"`, `"organizations:ListPolicies"`), "INVALID_RESOURCE_POLICY_JSON"},
		"more behind the end":      {aws.String(*statement(helperRoot, `"organizations:ListPolicies"`) + "x"), "INVALID_RESOURCE_POLICY_JSON"},
		"no JSON":                  {aws.String("{"), "INVALID_RESOURCE_POLICY_JSON"},
		"too long":                 {aws.String(strings.Repeat(" ", 40_001)), "MAX_LENGTH_EXCEEDED"},
	} {
		_, err := client.PutResourcePolicy(ctx, &organizations.PutResourcePolicyInput{Content: content.content})
		if err == nil || reasonOf(err) != content.want {
			t.Errorf("a resource policy of %s: %v, want %s", name, err, content.want)
		}
	}
	put, err := client.PutResourcePolicy(ctx, &organizations.PutResourcePolicyInput{
		Content: statement(helperRoot, `["organizations:CreatePolicy","organizations:ListPolicies"]`),
		Tags:    []types.Tag{{Key: aws.String("a"), Value: aws.String("b")}},
	})
	if err != nil {
		t.Fatal(err)
	}
	id := aws.ToString(put.ResourcePolicy.ResourcePolicySummary.Id)
	if got := l.must("ListTagsForResource", `{"ResourceId":"`+id+`"}`, "Tags", "Value"); got != "b" {
		t.Errorf("the resource policy has the tag %q", got)
	}
	create := func(kind types.PolicyType, content string) error {
		_, err := l.as(helper).CreatePolicy(ctx, &organizations.CreatePolicyInput{
			Name: aws.String("p"), Description: aws.String(""), Type: kind, Content: aws.String(content),
		})
		return err
	}
	if err := create(types.PolicyTypeTagPolicy, `{"tags":{"team":{"tag_key":{"@@assign":"Team"}}}}`); err != nil {
		t.Errorf("what is delegated: %v", err)
	}
	if err := create(types.PolicyTypeServiceControlPolicy, denyLeaving); errorCode(err) != "AccessDeniedException" {
		t.Errorf("another type of policy: %v", err)
	}
	if _, err := l.as(helper).ListPolicies(ctx, &organizations.ListPoliciesInput{Filter: types.PolicyTypeTagPolicy}); err != nil {
		t.Errorf("reading what is delegated: %v", err)
	}
	if _, err := l.as(l.account("other")).ListPolicies(ctx, &organizations.ListPoliciesInput{Filter: types.PolicyTypeTagPolicy}); errorCode(err) != "AccessDeniedException" {
		t.Errorf("another member: %v", err)
	}
	if _, err := client.DeleteResourcePolicy(ctx, &organizations.DeleteResourcePolicyInput{}); err != nil {
		t.Fatal(err)
	}
	if err := create(types.PolicyTypeTagPolicy, `{"tags":{}}`); errorCode(err) != "AccessDeniedException" {
		t.Errorf("after its end: %v", err)
	}
}

// reasonOf is the Reason of an SDK's error.
func reasonOf(err error) string {
	if invalid, ok := errors.AsType[*types.InvalidInputException](err); ok {
		return string(invalid.Reason)
	}
	return ""
}

// TestSDKDelegatedAdministrators registers, lists and takes back.
func TestSDKDelegatedAdministrators(t *testing.T) {
	f := furnish(t, Config{Seed: 1})
	ctx, client := t.Context(), f.organizations()
	id := f.names["IN"]
	for _, row := range []struct{ name, operation, body, want string }{
		{"before the service is trusted", "RegisterDelegatedAdministrator", `{"AccountId":"IN","ServicePrincipal":"config.amazonaws.com"}`, "ConstraintViolationException SERVICE_ACCESS_NOT_ENABLED"},
		{"a service that AWS cannot have", "EnableAWSServiceAccess", `{"ServicePrincipal":"landlord"}`, "InvalidInputException UNRECOGNIZED_SERVICE_PRINCIPAL"},
		{"trust", "EnableAWSServiceAccess", `{"ServicePrincipal":"config.amazonaws.com"}`, ""},
		{"the management account", "RegisterDelegatedAdministrator", `{"AccountId":"111122223333","ServicePrincipal":"config.amazonaws.com"}`, "ConstraintViolationException CANNOT_REGISTER_MASTER_AS_DELEGATED_ADMINISTRATOR"},
		{"nobody", "RegisterDelegatedAdministrator", `{"AccountId":"000000000000","ServicePrincipal":"config.amazonaws.com"}`, "AccountNotFoundException"},
		{"one that is none", "DeregisterDelegatedAdministrator", `{"AccountId":"IN","ServicePrincipal":"config.amazonaws.com"}`, "AccountNotRegisteredException"},
		{"a member", "RegisterDelegatedAdministrator", `{"AccountId":"IN","ServicePrincipal":"config.amazonaws.com"}`, ""},
		{"twice", "RegisterDelegatedAdministrator", `{"AccountId":"IN","ServicePrincipal":"config.amazonaws.com"}`, "AccountAlreadyRegisteredException"},
		{"services of one that is none", "ListDelegatedServicesForAccount", `{"AccountId":"OUT"}`, "AccountNotRegisteredException"},
	} {
		got := f.send("AKIAADMIN", row.operation, f.say(row.body))
		if have := strings.TrimSpace(got.code + " " + got.reason); have != row.want {
			t.Errorf("%s: %q, want %q", row.name, have, row.want)
		}
	}
	all, err := client.ListDelegatedAdministrators(ctx, &organizations.ListDelegatedAdministratorsInput{})
	if err != nil || len(all.DelegatedAdministrators) != 1 || aws.ToString(all.DelegatedAdministrators[0].Id) != id || all.DelegatedAdministrators[0].DelegationEnabledDate == nil {
		t.Errorf("administrators %v, %v", all, err)
	}
	none, err := client.ListDelegatedAdministrators(ctx, &organizations.ListDelegatedAdministratorsInput{ServicePrincipal: aws.String("sso.amazonaws.com")})
	if err != nil || len(none.DelegatedAdministrators) != 0 {
		t.Errorf("administrators of another service %v, %v", none, err)
	}
	services, err := client.ListDelegatedServicesForAccount(ctx, &organizations.ListDelegatedServicesForAccountInput{AccountId: aws.String(id)})
	if err != nil || len(services.DelegatedServices) != 1 || aws.ToString(services.DelegatedServices[0].ServicePrincipal) != "config.amazonaws.com" {
		t.Errorf("services %v, %v", services, err)
	}
	f.must("DisableAWSServiceAccess", `{"ServicePrincipal":"config.amazonaws.com"}`)
	if got := f.send("AKIAADMIN", "ListDelegatedServicesForAccount", f.say(`{"AccountId":"IN"}`)); got.code != "AccountNotRegisteredException" {
		t.Errorf("after trust ends: %q", got.code)
	}
}
