package simaws

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/organizations/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"landlord/internal/limits"
)

func (l *lab) enableType(kind string) {
	l.must("EnablePolicyType", fmt.Sprintf(`{"RootId":%q,"PolicyType":%q}`, l.root(), kind))
}

const onlyOurs = `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"*","Condition":{"StringNotEqualsIfExists":{"aws:PrincipalOrgID":"o-x"}}}]}`

// TestSDKResourceControlPolicies checks AWS's own policy, that it stays, and
// what customers may write.
func TestSDKResourceControlPolicies(t *testing.T) {
	f := furnish(t, Config{Seed: 1})
	ctx, client := t.Context(), f.organizations()
	f.enableType(resourceControl)
	for _, target := range []string{"ROOT", "FULL", "IN"} {
		got, err := client.ListPoliciesForTarget(ctx, &organizations.ListPoliciesForTargetInput{TargetId: aws.String(f.names[target]), Filter: types.PolicyTypeResourceControlPolicy})
		if err != nil || len(got.Policies) != 1 || aws.ToString(got.Policies[0].Id) != rcpFullAccess || !got.Policies[0].AwsManaged ||
			aws.ToString(got.Policies[0].Arn) != "arn:aws:organizations::aws:policy/resource_control_policy/p-RCPFullAWSAccess" {
			t.Errorf("%s has %v, %v; want RCPFullAWSAccess", target, got, err)
		}
	}
	_, err := client.DetachPolicy(ctx, &organizations.DetachPolicyInput{PolicyId: aws.String(rcpFullAccess), TargetId: aws.String(f.names["IN"])})
	if errorCode(err) != "InvalidInputException" {
		t.Errorf("detaching RCPFullAWSAccess: %v", err)
	}
	targets, err := client.ListTargetsForPolicy(ctx, &organizations.ListTargetsForPolicyInput{PolicyId: aws.String(rcpFullAccess)})
	if err != nil || len(targets.Targets) != 6 {
		t.Errorf("RCPFullAWSAccess has targets %v, %v; want the root, two units and three accounts", targets, err)
	}
	for name, content := range map[string]string{
		"an Allow":            strings.Replace(onlyOurs, "Deny", "Allow", 1),
		"one principal":       strings.Replace(onlyOurs, `"Principal":"*"`, `"Principal":{"AWS":"111122223333"}`, 1),
		"no principal":        strings.Replace(onlyOurs, `"Principal":"*",`, ``, 1),
		"all actions":         strings.Replace(onlyOurs, `"s3:*"`, `"*"`, 1),
		"all actions but one": strings.Replace(onlyOurs, `"Action"`, `"NotAction"`, 1),
		"an unknown operator": strings.Replace(onlyOurs, "StringNotEquals", "FooEquals", 1),
		"what is no ARN":      strings.Replace(onlyOurs, `"Resource":"*"`, `"Resource":"bucket"`, 1),
		"a Sid with a space":  strings.Replace(onlyOurs, `"Effect"`, `"Sid":"A B","Effect"`, 1),
		"a Sid twice":         `{"Version":"2012-10-17","Statement":[` + strings.Repeat(`{"Sid":"A","Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"*"},`, 2) + `{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"*"}]}`,
		"an action twice":     strings.Replace(onlyOurs, `"Action"`, `"Action":"kms:*","Action"`, 1),
		"a principal twice":   strings.Replace(onlyOurs, `"Principal":"*"`, `"Principal":{"AWS":"111122223333"},"Principal":"*"`, 1),
		"statements twice":    strings.Replace(onlyOurs, `"Statement"`, `"Statement":[],"Statement"`, 1),
		"other letters":       strings.Replace(onlyOurs, `"Statement"`, `"statement"`, 1),
		"more behind the end": onlyOurs + " {}",
		"no version":          strings.Replace(onlyOurs, `"Version":"2012-10-17",`, ``, 1),
	} {
		got := f.send("AKIAADMIN", "CreatePolicy", fmt.Sprintf(`{"Name":"x","Description":"","Type":"RESOURCE_CONTROL_POLICY","Content":%q}`, content))
		if got.code != "MalformedPolicyDocumentException" {
			t.Errorf("%s: %q, want MalformedPolicyDocumentException", name, got.code)
		}
	}
	for i := 1; i < 5; i++ { // RCPFullAWSAccess is there
		f.attach(f.policyOf(resourceControl, fmt.Sprint("r", i), onlyOurs), f.names["FULL"])
	}
	f.attach(f.names["SPARE"], f.names["FULL"]) // another type has its own places
	fifth := f.policyOf(resourceControl, "r5", onlyOurs)
	if got := f.send("AKIAADMIN", "AttachPolicy", f.say(fmt.Sprintf(`{"PolicyId":%q,"TargetId":"FULL"}`, fifth))); got.reason != "MAX_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED" {
		t.Errorf("a sixth policy: %s %s", got.code, got.reason)
	}
	f.must("DisablePolicyType", f.say(`{"RootId":"ROOT","PolicyType":"RESOURCE_CONTROL_POLICY"}`))
	if got := f.must("ListPoliciesForTarget", f.say(`{"TargetId":"IN","Filter":"RESOURCE_CONTROL_POLICY"}`), "Policies", "Id"); got != "" {
		t.Errorf("disabled, the account has %s", got)
	}
	if got := f.must("ListTargetsForPolicy", f.say(`{"PolicyId":"USED"}`), "Targets", "TargetId"); got != f.names["FULL"] {
		t.Errorf("disabling one type left another's policy on %q", got)
	}
}

// TestResourceControlPoliciesHoldRoles: the one resource of members that simaws
// has is the role that leads into them.
func TestResourceControlPoliciesHoldRoles(t *testing.T) {
	f := furnish(t, Config{Seed: 1})
	f.enableType(resourceControl)
	only := func(org string) string {
		return `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"sts:AssumeRole","Resource":"*","Condition":{"StringNotEquals":{"aws:PrincipalOrgID":"` + org + `"}}}]}`
	}
	f.attach(f.policyOf(resourceControl, "ours", only(f.world.org.ID)), f.names["ROOT"])
	f.enter(f.names["IN"])
	f.attach(f.policyOf(resourceControl, "others", only("o-aaaaaaaaaa")), f.names["FULL"])
	_, err := f.sts("AKIAADMIN").AssumeRole(t.Context(), &sts.AssumeRoleInput{
		RoleArn: aws.String("arn:aws:iam::" + f.names["IN"] + ":role/OrganizationAccountAccessRole"), RoleSessionName: aws.String("x1"),
	})
	if errorCode(err) != "AccessDenied" || !strings.Contains(err.Error(), "resource control policy") {
		t.Errorf("a role that is another organization's alone: %v", err)
	}
	f.enter(f.names["OUT"])
}

// TestResourceControlPoliciesHoldMembers: what a policy on a unit denies of a
// resource, nobody of its accounts can do; another unit's can, and what no such
// policy holds is as before.
func TestResourceControlPoliciesHoldMembers(t *testing.T) {
	f := furnish(t, Config{Seed: 1})
	in, out := f.inside(f.names["IN"]), f.inside(f.names["OUT"])
	f.enableType(resourceControl)
	f.attach(f.policyOf(resourceControl, "keep", `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":["s3:ListAllMyBuckets","logs:Describe*","iam:*"],"Resource":"*"}]}`), f.names["FULL"])
	for _, row := range []struct {
		what   string
		call   func(aws.Config) error
		denied bool
	}{
		{"buckets", func(c aws.Config) error {
			_, err := s3client(c).ListBuckets(t.Context(), &s3.ListBucketsInput{})
			return err
		}, true},
		{"log groups", func(c aws.Config) error {
			_, err := cloudwatchlogs.NewFromConfig(c).DescribeLogGroups(t.Context(), &cloudwatchlogs.DescribeLogGroupsInput{})
			return err
		}, true},
		{"roles", func(c aws.Config) error {
			_, err := iam.NewFromConfig(c).ListRoles(t.Context(), &iam.ListRolesInput{})
			return err
		}, false},
	} {
		if err := row.call(in); (err != nil) != row.denied || row.denied && !strings.Contains(err.Error(), "resource control policy") {
			t.Errorf("%s of an account below the policy: %v", row.what, err)
		}
		if err := row.call(out); err != nil {
			t.Errorf("%s of another account: %v", row.what, err)
		}
	}
}

// TestSizes checks the length of each type, at both quotas.
func TestSizes(t *testing.T) {
	long := func(kind string, n int) string {
		text := map[string]string{
			serviceControl:  `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"a:%s","Resource":"*"}]}`,
			resourceControl: `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"a:%s","Resource":"*"}]}`,
			tagPolicy:       `{"tags":{"%s":{"tag_key":{"@@assign":"x"}}}}`,
		}[kind]
		return fmt.Sprintf(text, strings.Repeat("b", n-len(text)+2))
	}
	for _, row := range []struct {
		quotas, kind string
		most         int
	}{
		{"2026-05", serviceControl, 10_240}, {"2026-05", resourceControl, 5_120}, {"2026-05", tagPolicy, 10_000},
		{"2025", serviceControl, 5_120}, {"2025", resourceControl, 5_120}, {"2025", tagPolicy, 10_000},
	} {
		quotas, _ := limits.QuotasNamed(row.quotas)
		l := newLab(t, "instant", Config{Seed: 1, Organization: true, Quotas: quotas})
		l.policyOf(row.kind, "just right", long(row.kind, row.most))
		got := l.send("AKIAADMIN", "CreatePolicy", fmt.Sprintf(`{"Name":"x","Description":"","Type":%q,"Content":%q}`, row.kind, long(row.kind, row.most+1)))
		if got.reason != "POLICY_CONTENT_LIMIT_EXCEEDED" {
			t.Errorf("%s, %s of %d characters: %s %s", row.quotas, row.kind, row.most+1, got.code, got.reason)
		}
	}
}

func TestOlderQuotas(t *testing.T) {
	quotas, ok := limits.QuotasNamed("2025")
	if !ok {
		t.Fatal("no quotas of 2025")
	}
	f := furnish(t, Config{Seed: 1, Quotas: quotas})
	for i := 2; i < 5; i++ { // FullAWSAccess and used are there
		f.attach(f.policy(fmt.Sprint("p", i)), f.names["FULL"])
	}
	if got := f.send("AKIAADMIN", "AttachPolicy", f.say(`{"PolicyId":"SPARE","TargetId":"FULL"}`)); got.reason != "MAX_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED" {
		t.Errorf("a sixth policy in 2025: %s %s", got.code, got.reason)
	}
	if f.world.quota != 10_000 {
		t.Errorf("at most %d accounts, want 10,000", f.world.quota)
	}
}

// TestSDKEffectiveTagPolicy checks inheritance with AWS's own operators.
func TestSDKEffectiveTagPolicy(t *testing.T) {
	const (
		company = `{"tags":{"costcenter":{"tag_key":{"@@assign":"CostCenter"},"tag_value":{"@@assign":["100","200"]}}}}`
		more    = `{"tags":{"costcenter":{"tag_value":{"@@append":["300","100"]}}}}`
		less    = `{"tags":{"costcenter":{"tag_value":{"@@remove":["200"]}},"team":{"tag_key":{"@@assign":"Team"}}}}`
		other   = `{"tags":{"costcenter":{"tag_key":{"@@assign":"costcentre"},"tag_value":{"@@assign":["9"]}}}}`
		locked  = `{"tags":{"costcenter":{"@@operators_allowed_for_child_policies":["@@none"],"tag_key":{"@@assign":"CostCenter"},"tag_value":{"@@assign":["100"]}}}}`
		appends = `{"tags":{"costcenter":{"tag_key":{"@@assign":"CostCenter"},"tag_value":{"@@operators_allowed_for_child_policies":["@@append"],"@@assign":["100"]}}}}`
	)
	for _, row := range []struct{ name, root, unit, account, want string }{
		{"nothing", "", "", "", ""},
		{"at the root alone", company, "", "", `{"tags":{"costcenter":{"tag_key":"CostCenter","tag_value":["100","200"]}}}`},
		{"appended below", company, more, "", `{"tags":{"costcenter":{"tag_key":"CostCenter","tag_value":["100","200","300"]}}}`},
		{"appended, then removed", company, more, less, `{"tags":{"costcenter":{"tag_key":"CostCenter","tag_value":["100","300"]},"team":{"tag_key":"Team"}}}`},
		{"overwritten", company, more, other, `{"tags":{"costcenter":{"tag_key":"costcentre","tag_value":["9"]}}}`},
		{"locked", locked, other, more, `{"tags":{"costcenter":{"tag_key":"CostCenter","tag_value":["100"]}}}`},
		{"only to be appended to", appends, other, more, `{"tags":{"costcenter":{"tag_key":"costcentre","tag_value":["100","300"]}}}`},
		{"nothing left", company, `{"tags":{"costcenter":{"tag_value":{"@@remove":["100","200"]}}}}`, "", `{"tags":{"costcenter":{"tag_key":"CostCenter"}}}`},
	} {
		f := furnish(t, Config{Seed: 1})
		f.enableType(tagPolicy)
		for i, at := range []struct{ content, target string }{{row.root, "ROOT"}, {row.unit, "FULL"}, {row.account, "IN"}} {
			if at.content != "" {
				f.attach(f.policyOf(tagPolicy, fmt.Sprint("t", i), at.content), f.names[at.target])
			}
		}
		got, err := f.organizations().DescribeEffectivePolicy(t.Context(), &organizations.DescribeEffectivePolicyInput{
			PolicyType: types.EffectivePolicyTypeTagPolicy, TargetId: aws.String(f.names["IN"]),
		})
		if row.want == "" {
			if errorCode(err) != "EffectivePolicyNotFoundException" {
				t.Errorf("%s: %v, want EffectivePolicyNotFoundException", row.name, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", row.name, err)
			continue
		}
		if content := aws.ToString(got.EffectivePolicy.PolicyContent); content != row.want {
			t.Errorf("%s: %s, want %s", row.name, content, row.want)
		}
		wrong, err := f.organizations().ListEffectivePolicyValidationErrors(t.Context(), &organizations.ListEffectivePolicyValidationErrorsInput{
			PolicyType: types.EffectivePolicyTypeTagPolicy, AccountId: aws.String(f.names["IN"]),
		})
		if err != nil || len(wrong.EffectivePolicyValidationErrors) > 0 || !strings.HasSuffix(aws.ToString(wrong.Path), "/"+f.names["IN"]+"/") {
			t.Errorf("%s: validation errors %+v, %v", row.name, wrong, err)
		}
		f.must("ListAccountsWithInvalidEffectivePolicy", `{"PolicyType":"TAG_POLICY"}`)
		own := f.send(f.names["IN"], "DescribeEffectivePolicy", `{"PolicyType":"TAG_POLICY"}`)
		if dig(own.body, "EffectivePolicy", "PolicyContent") != row.want {
			t.Errorf("%s, asked by the account: %s %v", row.name, own.code, own.body)
		}
		if got := f.send(f.names["OUT"], "DescribeEffectivePolicy", f.say(`{"PolicyType":"TAG_POLICY","TargetId":"IN"}`)); got.code != "AccessDeniedException" {
			t.Errorf("%s, asked by another member: %q", row.name, got.code)
		}
		if got := f.send("AKIAADMIN", "DescribeEffectivePolicy", f.say(`{"PolicyType":"TAG_POLICY","TargetId":"FULL"}`)); got.reason != "TARGET_NOT_SUPPORTED" {
			t.Errorf("%s, of a unit: %s %s", row.name, got.code, got.reason)
		}
	}
}

func TestTagPoliciesThatAreNone(t *testing.T) {
	for name, content := range map[string]string{
		"no JSON":                   `{`,
		"nothing":                   `{}`,
		"something else":            `{"Version":"2012-10-17"}`,
		"tags that are a list":      `{"tags":[]}`,
		"a tag without operators":   `{"tags":{"a":{"tag_key":"A"}}}`,
		"an unknown setting":        `{"tags":{"a":{"color":{"@@assign":"A"}}}}`,
		"an unknown operator":       `{"tags":{"a":{"tag_key":{"@@set":"A"}}}}`,
		"a list for one key":        `{"tags":{"a":{"tag_key":{"@@assign":["A"]}}}}`,
		"one value for a list":      `{"tags":{"a":{"tag_value":{"@@assign":"A"}}}}`,
		"appending to one key":      `{"tags":{"a":{"tag_key":{"@@append":["A"]}}}}`,
		"an operator above a value": `{"tags":{"@@assign":{"tag_key":{"@@assign":"A"}}}}`,
		"children that may numbers": `{"tags":{"a":{"@@operators_allowed_for_child_policies":[1]}}}`,
	} {
		if err := checkTagPolicy(content); err == nil {
			t.Errorf("%s passes: %s", name, content)
		}
	}
}

// TestTagPoliciesAreEnforced puts tags on things of the organization that a tag
// policy on the management account speaks of.
func TestTagPoliciesAreEnforced(t *testing.T) {
	f := furnish(t, Config{Seed: 1})
	f.enableType(tagPolicy)
	policy := f.policyOf(tagPolicy, "costs", `{"tags":{"costcenter":{"tag_key":{"@@assign":"CostCenter"},"tag_value":{"@@assign":["100","2*"]},"enforced_for":{"@@assign":["organizations:account","ec2:instance"]}}}}`)
	f.attach(policy, "111122223333")
	for _, row := range []struct{ name, operation, body, want string }{
		{"a value that is allowed", "TagResource", `{"ResourceId":"IN","Tags":[{"Key":"CostCenter","Value":"100"}]}`, ""},
		{"a value that a pattern allows", "TagResource", `{"ResourceId":"IN","Tags":[{"Key":"CostCenter","Value":"299"}]}`, ""},
		{"another value", "TagResource", `{"ResourceId":"IN","Tags":[{"Key":"CostCenter","Value":"300"}]}`, "TAG_POLICY_VIOLATION"},
		{"another way to write the key", "TagResource", `{"ResourceId":"IN","Tags":[{"Key":"costCenter","Value":"100"}]}`, "TAG_POLICY_VIOLATION"},
		{"another key", "TagResource", `{"ResourceId":"IN","Tags":[{"Key":"team","Value":"300"}]}`, ""},
		{"a thing of another kind", "TagResource", `{"ResourceId":"FULL","Tags":[{"Key":"CostCenter","Value":"300"}]}`, ""},
		{"a new account", "CreateAccount", `{"Email":"n@example.com","AccountName":"n","Tags":[{"Key":"CostCenter","Value":"300"}]}`, "TAG_POLICY_VIOLATION"},
		{"a new unit", "CreateOrganizationalUnit", `{"ParentId":"ROOT","Name":"n","Tags":[{"Key":"CostCenter","Value":"300"}]}`, ""},
	} {
		if got := f.send("AKIAADMIN", row.operation, f.say(row.body)); got.reason != row.want {
			t.Errorf("%s: %s %q, want %q", row.name, got.code, got.reason, row.want)
		}
	}
	f.must("DetachPolicy", fmt.Sprintf(`{"PolicyId":%q,"TargetId":"111122223333"}`, policy))
	f.attach(policy, f.names["FULL"])
	f.must("TagResource", f.say(`{"ResourceId":"IN","Tags":[{"Key":"CostCenter","Value":"300"}]}`))
}
