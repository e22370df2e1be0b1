package simaws

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

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
		{"less than a quarter of one", "ops", "", 899, "ValidationError", ""},
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

// TestSessionEnds: the keys of sessions are nobody's after their end, whether
// simaws goes on, is killed or stopped meanwhile; and none that it did not give
// out is anybody's.
func TestSessionEnds(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state")
	l := newLab(t, "instant", Config{Seed: 3, State: path, Organization: true, AccountQuota: 20})
	member := l.account("acme")
	token, err := l.sts(member).GetSessionToken(t.Context(), &sts.GetSessionTokenInput{DurationSeconds: aws.Int32(900)})
	if err != nil {
		t.Fatal(err)
	}
	federated, err := l.sts("AKIAADMIN").GetFederationToken(t.Context(), &sts.GetFederationTokenInput{Name: aws.String("bob"), DurationSeconds: aws.Int32(900)})
	if err != nil {
		t.Fatal(err)
	}
	l.clock.Advance(time.Second) // they end one after the other
	role := l.enter(member)
	keys := []string{*token.Credentials.AccessKeyId, *federated.Credentials.AccessKeyId, role}
	hold := func(l *lab, when string, identity, unit [3]string) {
		t.Helper()
		for i, key := range keys {
			_, err := l.sts(key).GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
			if got := errorCode(err); got != identity[i] {
				t.Errorf("%s, GetCallerIdentity of session %d: %v, want %q", when, i, err, identity[i])
			}
			_, err = l.as(key).CreateOrganizationalUnit(t.Context(), &organizations.CreateOrganizationalUnitInput{ParentId: aws.String(l.root()), Name: &when})
			if got := errorCode(err); got != unit[i] {
				t.Errorf("%s, CreateOrganizationalUnit of session %d: %v, want %q", when, i, err, unit[i])
			}
		}
	}
	// killed opens what a process that was killed at a time has left.
	killed := func(at time.Time) *lab {
		t.Helper()
		l.clock.MoveTo(at)
		l.root() // the state knows the time
		copied := filepath.Join(t.TempDir(), "state")
		raw, err := os.ReadFile(path)
		if err == nil {
			err = os.WriteFile(copied, raw, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		again, err := openAt(t, copied, "instant")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { again.Close() })
		return again
	}
	const ended, unknown, denied = "ExpiredTokenException", "UnrecognizedClientException", "AccessDeniedException"
	begun := l.world.sessions[keys[0]].Expires.Add(-900 * time.Second)
	live, all := [3]string{}, [3]string{"ExpiredToken", "ExpiredToken", "ExpiredToken"}
	hold(l, "at once", live, [3]string{denied, denied, denied})
	hold(killed(begun.Add(900*time.Second-1)), "killed before the end", live, [3]string{denied, denied, denied})
	l.clock.MoveTo(begun.Add(900 * time.Second))
	hold(l, "at the end of two", [3]string{all[0], all[1]}, [3]string{ended, ended, denied})
	hold(killed(begun.Add(2*time.Hour)), "killed after the end", all, [3]string{ended, ended, ended})
	hold(l, "after the end", all, [3]string{ended, ended, ended})
	hold(killed(begun.Add(remembered+901*time.Second)), "killed long after the end of two", [3]string{"InvalidClientTokenId", "InvalidClientTokenId", all[2]}, [3]string{unknown, unknown, ended})
	keys = []string{"ASIAMADEUP", "ASIA", "AKIAANY"}
	hold(l, "not given out", [3]string{"InvalidClientTokenId", "InvalidClientTokenId", ""}, [3]string{unknown, unknown, ""})
	if got := l.manage("ASIAMADEUP", "/getContactInformation", "{}").code; got != unknown {
		t.Errorf("Account Management answers a key that was not given out %q", got)
	}
	if _, err := l.sts("AKIAADMIN").GetAccessKeyInfo(t.Context(), &sts.GetAccessKeyInfoInput{AccessKeyId: aws.String("ASIAMADEUPMADEUP")}); errorCode(err) != "ValidationError" {
		t.Errorf("a key that was not given out is somebody's: %v", err)
	}
}

// TestSessionOfNobody: a session of a member that is not there any more is not
// the management account's.
func TestSessionOfNobody(t *testing.T) {
	l := newLab(t, "instant", Config{Seed: 1, Organization: true})
	member := l.account("acme")
	token, err := l.sts(member).GetSessionToken(t.Context(), &sts.GetSessionTokenInput{})
	if err != nil {
		t.Fatal(err)
	}
	delete(l.world.accounts, member)
	if who, err := l.sts(*token.Credentials.AccessKeyId).GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{}); errorCode(err) != "InvalidClientTokenId" {
		t.Errorf("the session of an account that is gone is %v, %v", who, err)
	}
}

// TestSessionsOfTheRestricted: whoever may do little makes no session that may
// do more, whatever policy it gives it.
func TestSessionsOfTheRestricted(t *testing.T) {
	l := newLab(t, "instant", Config{Seed: 1, Organization: true, Callers: map[string]string{
		"LIMITED": scp(`"Effect":"Allow","Action":["sts:*","organizations:Describe*"],"Resource":"*"`),
	}})
	federated, err := l.sts("LIMITED").GetFederationToken(t.Context(), &sts.GetFederationTokenInput{Name: aws.String("bob"), Policy: aws.String(scp(`"Effect":"Allow","Action":"*","Resource":"*"`))})
	if err != nil {
		t.Fatal(err)
	}
	token, err := l.sts("LIMITED").GetSessionToken(t.Context(), &sts.GetSessionTokenInput{})
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"LIMITED", *federated.Credentials.AccessKeyId, *token.Credentials.AccessKeyId} {
		if _, err := l.as(key).DescribeOrganization(t.Context(), &organizations.DescribeOrganizationInput{}); err != nil {
			t.Errorf("%s may describe the organization, and is answered %v", key, err)
		}
		if _, err := l.as(key).ListRoots(t.Context(), &organizations.ListRootsInput{}); errorCode(err) != "AccessDeniedException" {
			t.Errorf("%s may not list roots, and is answered %v", key, err)
		}
	}
}

// TestSessionLifetimeOverflows: no number of seconds is so large that it is taken for a small one.
func TestSessionLifetimeOverflows(t *testing.T) {
	for _, text := range []string{"36028797018964968", "18446744074", "9223372036854775807", "9223372036854775808", "-9223372036854775808", "-36028797018962968"} {
		if d, err := sessionLifetime(text, tokenDefault, tokenMost); err == nil {
			t.Errorf("%s seconds are taken for %v", text, d)
		}
	}
}
