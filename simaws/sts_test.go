package simaws

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// TestSDKSessions makes sessions of every kind, and asks who they are and what
// they may do.
func TestSDKSessions(t *testing.T) {
	l := newLab(t, "instant", Config{Seed: 1, Organization: true})
	member := l.account("acme")
	role := "arn:aws:iam::" + member + ":role/OrganizationAccountAccessRole"
	for _, row := range []struct {
		name         string
		session      string
		policy       string
		seconds      int32
		want, denied string // the refusal; what DescribeOrganization answers in the session
	}{
		{"all that the role may", "ops@example.com", "", 0, "", ""},
		{"an hour", "ops", "", 3600, "", ""},
		{"more than an hour", "ops", "", 3601, "ValidationError", ""},
		{"a session's name of one character", "x", "", 0, "ValidationError", ""},
		{"a session's name with a space", "a b", "", 0, "ValidationError", ""},
		{"a policy that is none", "ops", "{", 0, "MalformedPolicyDocument", ""},
		{"a policy that allows something else", "ops", scp(`"Effect":"Allow","Action":"s3:*","Resource":"*"`), 0, "", "AccessDeniedException"},
		{"a policy that allows it", "ops", scp(`"Effect":"Allow","Action":"organizations:Describe*","Resource":"*"`), 0, "", ""},
	} {
		in := &sts.AssumeRoleInput{RoleArn: &role, RoleSessionName: &row.session}
		if row.policy != "" {
			in.Policy = &row.policy
		}
		if row.seconds != 0 {
			in.DurationSeconds = &row.seconds
		}
		out, err := l.sts("AKIAADMIN").AssumeRole(t.Context(), in)
		if errorCode(err) != row.want {
			t.Errorf("%s: %v, want %q", row.name, err, row.want)
		}
		if err != nil {
			continue
		}
		_, err = l.as(*out.Credentials.AccessKeyId).DescribeOrganization(t.Context(), &organizations.DescribeOrganizationInput{})
		if errorCode(err) != row.denied {
			t.Errorf("%s: the session is answered %v, want %q", row.name, err, row.denied)
		}
	}

	token, err := l.sts(member).GetSessionToken(t.Context(), &sts.GetSessionTokenInput{})
	if err != nil {
		t.Fatal(err)
	}
	key := aws.ToString(token.Credentials.AccessKeyId)
	who, err := l.sts(key).GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
	if err != nil || aws.ToString(who.Account) != member || !strings.HasSuffix(aws.ToString(who.Arn), ":user/administrator") {
		t.Errorf("with other credentials the caller is %v, %v", who, err)
	}
	if _, err := l.sts(key).GetSessionToken(t.Context(), &sts.GetSessionTokenInput{}); errorCode(err) != "AccessDenied" {
		t.Errorf("credentials for credentials: %v", err)
	}
	for _, row := range []struct {
		name, user, policy string
		want, denied       string // the refusal; what DescribeOrganization answers the user
	}{
		{"without a policy", "bob", "", "", "AccessDeniedException"},
		{"a policy that allows it", "bob", scp(`"Effect":"Allow","Action":"organizations:Describe*","Resource":"*"`), "", ""},
		{"a policy that allows something else", "bob", scp(`"Effect":"Allow","Action":"s3:*","Resource":"*"`), "", "AccessDeniedException"},
		{"a policy too long", "bob", strings.Repeat(" ", 2049), "ValidationError", ""},
		{"a name of one character", "x", "", "ValidationError", ""},
	} {
		in := &sts.GetFederationTokenInput{Name: &row.user}
		if row.policy != "" {
			in.Policy = &row.policy
		}
		out, err := l.sts("AKIAADMIN").GetFederationToken(t.Context(), in)
		if errorCode(err) != row.want {
			t.Errorf("federated, %s: %v, want %q", row.name, err, row.want)
		}
		if err != nil {
			continue
		}
		key := aws.ToString(out.Credentials.AccessKeyId)
		who, err := l.sts(key).GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
		if err != nil || aws.ToString(who.Arn) != "arn:aws:sts::111122223333:federated-user/bob" || aws.ToString(who.UserId) != "111122223333:bob" {
			t.Errorf("federated, %s: the caller is %v, %v", row.name, who, err)
		}
		_, err = l.as(key).DescribeOrganization(t.Context(), &organizations.DescribeOrganizationInput{})
		if errorCode(err) != row.denied {
			t.Errorf("federated, %s: answered %v, want %q", row.name, err, row.denied)
		}
	}
	if _, err := l.sts(key).GetFederationToken(t.Context(), &sts.GetFederationTokenInput{Name: aws.String("bob")}); errorCode(err) != "AccessDenied" {
		t.Errorf("a federated user of a session: %v", err)
	}
	info, err := l.sts("AKIAADMIN").GetAccessKeyInfo(t.Context(), &sts.GetAccessKeyInfoInput{AccessKeyId: &key})
	if err != nil || aws.ToString(info.Account) != member {
		t.Errorf("the key is of %v, %v", info, err)
	}
}
