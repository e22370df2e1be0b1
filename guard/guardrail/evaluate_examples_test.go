package guardrail_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"landlord/guard/guardrail"
)

// with is a context of one key.
func with(key string, values ...string) map[string][]string {
	return map[string][]string{key: values}
}

// TestConditions: what AWS's user guide says of each operator, and what its tables
// of examples show.
//
// Source: IAM user guide, "Condition operators", "Single-valued vs. multivalued
// context keys", "Multivalued context key examples", "Variables and tags".
func TestConditions(t *testing.T) {
	user := func(name string, more ...string) map[string][]string {
		c := with("aws:username", name)
		for i := 0; i+1 < len(more); i += 2 {
			c[more[i]] = append(c[more[i]], more[i+1])
		}
		return c
	}
	for _, row := range []struct {
		condition string
		context   map[string][]string
		want      bool
	}{
		{`"StringEquals":{"k":"a*"}`, with("k", "a*"), true},
		{`"StringEquals":{"k":"a*"}`, with("k", "ab"), false},
		{`"StringEquals":{"k":"A"}`, with("k", "a"), false},
		{`"StringEqualsIgnoreCase":{"k":"A"}`, with("k", "a"), true},
		{`"StringNotEqualsIgnoreCase":{"k":"A"}`, with("k", "a"), false},
		{`"StringNotEquals":{"k":["a","b"]}`, with("k", "b"), false},
		{`"StringNotEquals":{"k":["a","b"]}`, with("k", "c"), true},
		{`"StringNotEquals":{"k":"a"}`, nil, true},
		{`"StringLike":{"k":"a?c*"}`, with("k", "abcd"), true},
		{`"StringLike":{"k":"é?"}`, with("k", "éü"), true},
		{`"StringLike":{"k":""}`, with("k", ""), true},
		{`"StringEquals":{"k":[]}`, with("k", "a"), false},
		{`"StringNotEquals":{"k":[]}`, with("k", "a"), true},

		{`"NumericLessThanEquals":{"s3:max-keys":"10"}`, with("s3:max-keys", "10"), true},
		{`"NumericLessThanEquals":{"s3:max-keys":10}`, with("s3:max-keys", "11"), false},
		{`"NumericEquals":{"k":"9007199254740993"}`, with("k", "9007199254740992"), false},
		{`"NumericEquals":{"k":"0.1"}`, with("k", "0.10"), true},
		{`"NumericGreaterThan":{"k":"9"}`, with("k", "10"), true},
		{`"NumericGreaterThanEquals":{"k":"9"}`, with("k", "9"), true},
		{`"NumericLessThan":{"k":"9"}`, with("k", "nine"), false},
		{`"NumericNotEquals":{"k":"9"}`, with("k", "nine"), true},
		{`"NumericNotEquals":{"k":"9"}`, nil, true},
		{`"NumericLessThan":{"k":"9"}`, nil, false},

		{`"DateGreaterThan":{"aws:TokenIssueTime":"2020-01-01T00:00:01Z"}`, with("aws:TokenIssueTime", "2020-01-01T00:00:02Z"), true},
		{`"DateGreaterThan":{"aws:TokenIssueTime":"2020-01-01T00:00:01Z"}`, with("aws:TokenIssueTime", "2020-01-01T02:00:01+02:00"), false},
		{`"DateLessThan":{"aws:EpochTime":"2020-01-01"}`, with("aws:EpochTime", "1577836799"), true},
		{`"DateLessThan":{"aws:EpochTime":"1577836800"}`, with("aws:EpochTime", "2020-01-01T00:00:00Z"), false},
		{`"DateEquals":{"k":"2020-01"}`, with("k", "2020-01-01T00:00:00.000Z"), true},

		{`"Bool":{"aws:SecureTransport":false}`, with("aws:SecureTransport", "FALSE"), true},
		{`"Bool":{"aws:SecureTransport":"false"}`, nil, false},
		{`"BoolIfExists":{"aws:MultiFactorAuthPresent":"false"}`, nil, true},
		{`"BinaryEquals":{"k":"QmluYXJ5VmFsdWVJbkJhc2U2NA=="}`, with("k", "QmluYXJ5VmFsdWVJbkJhc2U2NA=="), true},
		{`"BinaryEquals":{"k":"QmluYXJ5VmFsdWVJbkJhc2U2NA=="}`, with("k", "BinaryValueInBase64"), false},

		{`"IpAddress":{"aws:SourceIp":["203.0.113.0/24","2001:DB8:1234:5678::/64"]}`, with("aws:SourceIp", "203.0.113.255"), true},
		{`"IpAddress":{"aws:SourceIp":["203.0.113.0/24","2001:DB8:1234:5678::/64"]}`, with("aws:SourceIp", "2001:db8:1234:5678::9"), true},
		{`"IpAddress":{"aws:SourceIp":"203.0.113.7"}`, with("aws:SourceIp", "203.0.113.8"), false},
		{`"IpAddress":{"aws:SourceIp":"203.0.113.7"}`, with("aws:SourceIp", "::ffff:203.0.113.7"), true},
		{`"NotIpAddress":{"aws:SourceIp":"203.0.113.0/24"}`, with("aws:SourceIp", "203.0.114.1"), true},
		{`"NotIpAddress":{"aws:SourceIp":"203.0.113.0/24"}`, with("aws:SourceIp", "cloudformation.amazonaws.com"), true},
		{`"NotIpAddress":{"aws:SourceIp":"203.0.113.0/24"}`, nil, true},

		{`"StringLike":{"k":"arn:aws:someservice:*:111122223333:finance/*"}`, with("k", "arn:aws:someservice:us-east-2:999999999999:store/abc:111122223333:finance/document.txt"), true},
		{`"ArnLike":{"k":"arn:aws:someservice:*:111122223333:finance/*"}`, with("k", "arn:aws:someservice:us-east-2:999999999999:store/abc:111122223333:finance/document.txt"), false},
		{`"ArnEquals":{"k":"arn:aws:someservice:*:111122223333:finance/*"}`, with("k", "arn:aws:someservice:us-east-2:999999999999:store/abc:111122223333:finance/document.txt"), false},
		{`"ArnEquals":{"k":"arn:aws:iam::*:role/a*"}`, with("k", "arn:aws:iam::1:role/ab:c"), true},
		{`"ArnLike":{"k":"arn:aws:iam"}`, with("k", "arn:aws:iam::1:role/a"), false},
		{`"ArnLike":{"k":"*"}`, with("k", "arn:aws:iam::1:role/a"), true},
		{`"ArnLike":{"k":"arn:aws:iam::1:role/A"}`, with("k", "arn:aws:iam::1:role/a"), false},
		{`"ArnNotLike":{"k":"arn:aws:iam::1:role/a"}`, nil, true},
		{`"ArnNotEquals":{"k":"arn:aws:iam::*:role/a"}`, with("k", "arn:aws:iam::1:role/a"), false},
		{`"ArnLike":{"k":"arn:*:iam::*:root"}`, with("k", "arn:aws-us-gov:iam::1:root"), true},

		{`"StringLikeIfExists":{"ec2:InstanceType":["t1.*","t2.*","m3.*"]}`, nil, true},
		{`"StringLikeIfExists":{"ec2:InstanceType":["t1.*","t2.*","m3.*"]}`, with("ec2:InstanceType", "c5.large"), false},
		{`"StringNotEqualsIfExists":{"k":"a"}`, nil, true},
		{`"Null":{"aws:TokenIssueTime":"true"}`, nil, true},
		{`"Null":{"aws:TokenIssueTime":"true"}`, with("aws:TokenIssueTime", "2020-01-01T00:00:00Z"), false},
		{`"Null":{"aws:TokenIssueTime":"false"}`, with("aws:TokenIssueTime", "2020-01-01T00:00:00Z"), true},
		{`"Null":{"aws:TokenIssueTime":false}`, with("aws:TokenIssueTime"), false},

		{`"ForAllValues:StringNotLike":{"aws:TagKeys":"key1*"}`, with("aws:TagKeys", "key1:legal"), false},
		{`"ForAllValues:StringNotLike":{"aws:TagKeys":"key1*"}`, with("aws:TagKeys", "key1:hr", "key1:personnel"), false},
		{`"ForAllValues:StringNotLike":{"aws:TagKeys":"key1*"}`, with("aws:TagKeys", "key2:audit"), true},
		{`"ForAllValues:StringNotLike":{"aws:TagKeys":"key1*"}`, nil, true},
		{`"ForAllValues:StringLike":{"a":["PostDateTime","Message","Tags"]}`, with("a", "PostDateTime", "Message"), true},
		{`"ForAllValues:StringLike":{"a":["PostDateTime","Message","Tags"]}`, with("a", "PostDateTime", "UserName"), false},
		{`"ForAllValues:StringLike":{"a":"x"}`, with("a", ""), true},
		{`"ForAnyValue:StringLike":{"a":["ID","PostDateTime"]}`, with("a", "UserName", "PostDateTime"), true},
		{`"ForAnyValue:StringLike":{"a":["ID","PostDateTime"]}`, with("a", "UserName"), false},
		{`"ForAnyValue:StringNotEquals":{"a":"x"}`, nil, false},
		{`"ForAnyValue:StringNotEquals":{"a":"x"}`, with("a", "x", "y"), true},
		{`"ForAnyValue:StringEqualsIfExists":{"a":"x"}`, nil, true},
		{`"ForAnyValue:NumericLessThan":{"a":5}`, with("a", "9", "3"), true},

		{`"StringLike":{"s3:prefix":["","home/","home/${aws:username}/"]}`, user("Bob", "s3:prefix", "home/Bob/"), true},
		{`"StringLike":{"s3:prefix":["","home/","home/${aws:username}/"]}`, user("Bob", "s3:prefix", "home/Al/"), false},
		{`"StringEquals":{"k":"${aws:PrincipalTag/team, 'company-wide'}"}`, with("k", "company-wide"), true},
		{`"StringEquals":{"k":"${AWS:UserName}"}`, user("al", "k", "al"), true},
		{`"StringEquals":{"k":"${aws:username}"}`, with("k", "${aws:username}"), false},
		{`"StringNotEquals":{"k":"${aws:username}"}`, with("k", "al"), true},
		{`"StringLike":{"k":"${aws:username}"}`, user("*", "k", "anything"), false},
		{`"StringLike":{"k":"a${*}b${?}${$}{x}"}`, with("k", "a*b?${x}"), true},
		{`"StringLike":{"k":"a${*}"}`, with("k", "ab"), false},
		{`"StringEquals":{"k":"${aws:TagKeys}"}`, map[string][]string{"k": {"a"}, "aws:TagKeys": {"a", "b"}}, false},
		{`"StringEquals":{"k":"${l, 'it''s }'}"}`, with("k", "it's }"), true},

		{`"StringEquals":{"a":"1","b":"2"}`, map[string][]string{"a": {"1"}, "b": {"3"}}, false},
		{`"StringEquals":{"a":"1"},"Bool":{"b":"true"}`, map[string][]string{"A": {"1"}, "B": {"true"}}, true},
	} {
		for effect, want := range map[string]bool{guardrail.Allow: row.want, guardrail.Deny: !row.want} {
			policy := statement(`"Effect":"` + effect + `","Action":"*","Resource":"*","Condition":{` + row.condition + `}`)
			documents := []guardrail.Document{parse(t, policy)}
			if effect == guardrail.Deny {
				documents = append(documents, parse(t, everything))
			}
			if got := guardrail.Allowed(documents, guardrail.Request{Action: "s3:GetObject", Context: row.context}); got != want {
				t.Errorf("%s {%s} of %v: allowed %t, want %t", effect, row.condition, row.context, got, want)
			}
		}
	}
}

// TestVariablesAreOfTheNewLanguage: before it, they are text.
func TestVariablesAreOfTheNewLanguage(t *testing.T) {
	for version, want := range map[string]string{`"Version":"2012-10-17",`: "al", `"Version":"2008-10-17",`: "${aws:username}", ``: "${aws:username}"} {
		d := parse(t, `{`+version+`"Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{"k":"${aws:username}"}}}}`)
		for _, value := range []string{"al", "${aws:username}"} {
			r := guardrail.Request{Action: "a:b", Context: map[string][]string{"aws:username": {"al"}, "k": {value}}}
			if got := guardrail.Allowed([]guardrail.Document{d}, r); got != (value == want) {
				t.Errorf("with %s and %q: allowed %t", version, value, got)
			}
		}
	}
}

// TestResources: of ARNs that end early, of variables in them, and of none known.
func TestResources(t *testing.T) {
	for _, row := range []struct {
		resource, asked string
		want            bool
	}{
		{`"Resource":"arn:aws:sqs"`, "arn:aws:sqs:us-east-1:1:q", true},
		{`"Resource":"arn:aws:sqs:us-east-1"`, "arn:aws:sqs:eu-west-1:1:q", false},
		{`"Resource":"arn:aws:s3:::b*"`, "arn:aws:s3:::b:c/d", true},
		{`"Resource":"arn:aws:s3:::b/${aws:username}/*"`, "arn:aws:s3:::b/al/x", true},
		{`"Resource":"arn:aws:s3:::b/${aws:username}/*"`, "arn:aws:s3:::b/bo/x", false},
		{`"Resource":"arn:aws:s3:::b/${aws:none}/*"`, "arn:aws:s3:::b//x", false},
		{`"NotResource":"arn:aws:s3:::b/${aws:none}/*"`, "arn:aws:s3:::b//x", true},
		{`"NotResource":"arn:aws:s3:::b"`, "", true},
		{`"Resource":"arn:aws:s3:::b"`, "", false},
		{`"Resource":"*"`, "", true},
		{`"Resource":"arn:aws:s3:::B"`, "arn:aws:s3:::b", false},
	} {
		d := parse(t, statement(`"Effect":"Allow","Action":"*",`+row.resource))
		if got := guardrail.Allowed([]guardrail.Document{d}, guardrail.Request{Action: "s3:GetObject", Resource: row.asked, Context: with("aws:username", "al")}); got != row.want {
			t.Errorf("%s and %q: allowed %t, want %t", row.resource, row.asked, got, row.want)
		}
	}
}

// TestExamplesOfSCPs: policies as AWS's Organizations user guide shows them, and
// what it says that they do.
//
// Source: Organizations user guide, "SCP examples", "SCP evaluation".
func TestExamplesOfSCPs(t *testing.T) {
	region := `"Effect":"Deny","NotAction":["iam:*","organizations:*","route53:*","support:*"],"Resource":"*","Condition":{"StringNotEquals":{"aws:RequestedRegion":["eu-central-1","eu-west-1"]},"ArnNotLike":{"aws:PrincipalARN":["arn:aws:iam::*:role/Role1AllowedToBypassThisSCP"]}}`
	imds := `"Effect":"Deny","Action":"ec2:RunInstances","Resource":"arn:aws:ec2:*:*:instance/*","Condition":{"StringNotEquals":{"ec2:MetadataHttpTokens":"required"}}`
	hops := `"Effect":"Deny","Action":"ec2:RunInstances","Resource":"arn:aws:ec2:*:*:instance/*","Condition":{"NumericGreaterThan":{"ec2:MetadataHttpPutResponseHopLimit":"1"}}`
	root := `"Effect":"Deny","Action":"ec2:*","Resource":"*","Condition":{"StringLike":{"aws:PrincipalArn":["arn:aws:iam::*:root"]}}`
	mfa := `"Effect":"Deny","Action":["ec2:StopInstances"],"Resource":"*","Condition":{"BoolIfExists":{"aws:MultiFactorAuthPresent":false}}`
	tags := `"Effect":"Deny","Action":"secretsmanager:CreateSecret","Resource":"*","Condition":{"Null":{"aws:RequestTag/Project":"true"}}`
	instance := "arn:aws:ec2:eu-west-1:1:instance/i-1"
	for _, row := range []struct {
		name, policy, action, resource string
		context                        map[string][]string
		want                           bool
	}{
		{"in the region", region, "ec2:RunInstances", "", with("aws:RequestedRegion", "eu-west-1"), true},
		{"in another", region, "ec2:RunInstances", "", with("aws:RequestedRegion", "us-east-1"), false},
		{"a global service", region, "IAM:CreateRole", "", with("aws:RequestedRegion", "us-east-1"), true},
		{"the role that may", region, "ec2:RunInstances", "", map[string][]string{"aws:RequestedRegion": {"us-east-1"}, "aws:PrincipalArn": {"arn:aws:iam::1:role/Role1AllowedToBypassThisSCP"}}, true},
		{"a role that may not", region, "ec2:RunInstances", "", map[string][]string{"aws:RequestedRegion": {"us-east-1"}, "aws:PrincipalArn": {"arn:aws:iam::1:role/Other"}}, false},
		{"tokens required", imds, "ec2:RunInstances", instance, with("ec2:MetadataHttpTokens", "required"), true},
		{"tokens optional", imds, "ec2:RunInstances", instance, with("ec2:MetadataHttpTokens", "optional"), false},
		{"tokens not said", imds, "ec2:RunInstances", instance, nil, false},
		{"another resource of it", imds, "ec2:RunInstances", "arn:aws:ec2:eu-west-1:1:volume/*", nil, true},
		{"one hop", hops, "ec2:RunInstances", instance, with("ec2:MetadataHttpPutResponseHopLimit", "1"), true},
		{"two hops", hops, "ec2:RunInstances", instance, with("ec2:MetadataHttpPutResponseHopLimit", "2"), false},
		{"root", root, "ec2:RunInstances", "", with("aws:PrincipalArn", "arn:aws:iam::1:root"), false},
		{"no root", root, "ec2:RunInstances", "", with("aws:PrincipalArn", "arn:aws:iam::1:user/root"), true},
		{"without MFA", mfa, "ec2:StopInstances", "", with("aws:MultiFactorAuthPresent", "false"), false},
		{"with an access key", mfa, "ec2:StopInstances", "", nil, false},
		{"with MFA", mfa, "ec2:StopInstances", "", with("aws:MultiFactorAuthPresent", "true"), true},
		{"without the tag", tags, "secretsmanager:CreateSecret", "", nil, false},
		{"with the tag", tags, "secretsmanager:CreateSecret", "", with("aws:RequestTag/Project", "x"), true},
	} {
		levels := [][]guardrail.Document{{parse(t, everything)}, {parse(t, everything), parse(t, statement(row.policy))}}
		if got := guardrail.Permitted(levels, guardrail.Request{Action: row.action, Resource: row.resource, Context: row.context}); got != row.want {
			t.Errorf("%s: allowed %t, want %t", row.name, got, row.want)
		}
	}
}

// TestDecisionSaysWhich: the first statement that denies, from the root; else the
// first level at which nothing allows; a deny further down is still a deny.
func TestDecisionSaysWhich(t *testing.T) {
	all := parse(t, everything)
	deny := parse(t, `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"ec2:*","Resource":"*"},{"Sid":"NoBuckets","Effect":"Deny","Action":"s3:*","Resource":"*"}]}`)
	for _, row := range []struct {
		name   string
		levels [][]guardrail.Document
		action string
		want   guardrail.Decision
	}{
		{"allowed", [][]guardrail.Document{{all}, {all, deny}}, "iam:CreateUser", guardrail.Decision{Allowed: true, Reason: guardrail.IsAllowed, Level: -1, Policy: -1, Statement: -1}},
		{"by its Sid", [][]guardrail.Document{{all}, {all, deny}}, "s3:X", guardrail.Decision{Reason: guardrail.ExplicitDeny, Level: 1, Policy: 1, Statement: 1, Sid: "NoBuckets"}},
		{"by its place", [][]guardrail.Document{{deny, all}, {deny}}, "ec2:X", guardrail.Decision{Reason: guardrail.ExplicitDeny}},
		{"denied below where nothing allows", [][]guardrail.Document{{}, {all, deny}}, "ec2:X", guardrail.Decision{Reason: guardrail.ExplicitDeny, Level: 1, Policy: 1}},
		{"nothing allows", [][]guardrail.Document{{all}, {}, {}}, "iam:X", guardrail.Decision{Reason: guardrail.ImplicitDeny, Level: 1, Policy: -1, Statement: -1}},
		{"no level", nil, "iam:X", guardrail.Decision{Reason: guardrail.ImplicitDeny, Level: -1, Policy: -1, Statement: -1}},
	} {
		if got := guardrail.Decide(guardrail.PrepareLevels(row.levels), guardrail.Request{Action: row.action}); got != row.want {
			t.Errorf("%s: %+v, want %+v", row.name, got, row.want)
		}
	}
}

// TestUnknownKeys: what hangs on them opens nothing, and is told; what does not is sure.
func TestUnknownKeys(t *testing.T) {
	all := parse(t, everything)
	perhaps := parse(t, statement(`"Effect":"Deny","Action":"s3:*","Resource":"*","Condition":{"StringEquals":{"k":"v"}}`))
	if d := guardrail.Decide(guardrail.PrepareLevels([][]guardrail.Document{{all, perhaps}}), guardrail.Request{Action: "s3:X"}); !d.Allowed {
		t.Errorf("an absent key denies: %+v", d)
	}
	r := guardrail.Request{Action: "s3:X", Unknown: func(key string) bool { return key == "k" }}
	certain := parse(t, statement(`"Sid":"Sure","Effect":"Deny","Action":"s3:X","Resource":"*"`))
	for _, row := range []struct {
		name   string
		levels [][]guardrail.Document
		want   guardrail.Decision
	}{
		{"a deny that perhaps holds", [][]guardrail.Document{{all, perhaps}}, guardrail.Decision{Reason: guardrail.ExplicitDeny, Policy: 1, Unsure: true}},
		{"the first of two in a policy", [][]guardrail.Document{{all, parse(t, statement(`"Sid":"A","Effect":"Deny","Action":"s3:*","Resource":"*","Condition":{"StringEquals":{"k":"v"}}},{"Sid":"B","Effect":"Deny","Action":"s3:*","Resource":"*","Condition":{"StringEquals":{"k":"w"}}`))}}, guardrail.Decision{Reason: guardrail.ExplicitDeny, Policy: 1, Sid: "A", Unsure: true}},
		{"a certain one below", [][]guardrail.Document{{all, perhaps}, {certain}}, guardrail.Decision{Reason: guardrail.ExplicitDeny, Level: 1, Sid: "Sure"}},
		{"nothing allows below", [][]guardrail.Document{{all, perhaps}, {}}, guardrail.Decision{Reason: guardrail.ImplicitDeny, Level: 1, Policy: -1, Statement: -1}},
	} {
		if got := guardrail.Decide(guardrail.PrepareLevels(row.levels), r); got != row.want {
			t.Errorf("%s: %+v, want %+v", row.name, got, row.want)
		}
	}
}

func TestPrincipals(t *testing.T) {
	for _, row := range []struct{ arn, known, account, kind, user, id string }{
		{"111122223333", "arn:aws:iam::111122223333:root", "111122223333", "Account", "", "111122223333"},
		{"arn:aws:iam::111122223333:user/path/al", "arn:aws:iam::111122223333:user/path/al", "111122223333", "User", "al", ""},
		{"arn:aws-us-gov:iam::111122223333:role/x/r", "arn:aws-us-gov:iam::111122223333:role/x/r", "111122223333", "AssumedRole", "", ""},
		{"arn:aws:sts::111122223333:assumed-role/r/s", "arn:aws:iam::111122223333:role/r", "111122223333", "AssumedRole", "", ""},
		{"arn:aws:sts::111122223333:federated-user/bo", "arn:aws:sts::111122223333:federated-user/bo", "111122223333", "FederatedUser", "", "111122223333:bo"},
	} {
		p, err := guardrail.ParsePrincipal(row.arn)
		if err != nil || p.ARN != row.known || p.Account != row.account || p.Type != row.kind || p.User != row.user || p.ID != row.id {
			t.Errorf("%s is %+v, %v", row.arn, p, err)
		}
		context := map[string][]string{"AWS:principaltype": {"mine"}}
		p.Fill(context)
		if !slices.Equal(context["aws:PrincipalArn"], []string{row.known}) || context["aws:PrincipalType"] != nil {
			t.Errorf("%s fills %v", row.arn, context)
		}
	}
	for _, arn := range []string{"", "al", "arn:aws:iam::1:root", "arn:aws:iam::111122223333:root/x", "arn:aws:iam::111122223333:user/", "arn:aws:sts::111122223333:role/r", "arn:aws:sts::111122223333:assumed-role/r", "arn:aws:s3:::b"} {
		if p, err := guardrail.ParsePrincipal(arn); err == nil {
			t.Errorf("%q is %+v", arn, p)
		}
	}
}

// TestControlPolicies: what AWS keeps as a service, and as a resource control policy.
//
// Source: Organizations user guide, "SCP syntax", "RCP syntax".
func TestControlPolicies(t *testing.T) {
	both := func(text string) (service, resource bool) {
		_, err := guardrail.ParseServiceControl([]byte(text))
		_, wrong := guardrail.ParseResourceControl([]byte(text))
		return err == nil, wrong == nil
	}
	for _, row := range []struct {
		name, text        string
		service, resource bool
	}{
		{"a service control policy", statement(`"Effect":"Deny","Action":"*","Resource":"*"`), true, false},
		{"RCPFullAWSAccess", statement(`"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"`), false, true},
		{"a resource control policy", statement(`"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"*"`), false, true},
		{"its other way", statement(`"Effect":"Deny","Principal":{"AWS":"*"},"Action":["s3:*","sts:AssumeRole"],"NotResource":"arn:aws:s3:::a"`), false, true},
		{"one that allows more", statement(`"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"*"`), false, false},
		{"for one account", statement(`"Effect":"Deny","Principal":{"AWS":"111122223333"},"Action":"s3:*","Resource":"*"`), false, false},
		{"of every action", statement(`"Effect":"Deny","Principal":"*","Action":"*","Resource":"*"`), false, false},
		{"of all but", statement(`"Effect":"Deny","Principal":"*","NotAction":"s3:*","Resource":"*"`), false, false},
		{"of nobody", statement(`"Effect":"Deny","NotPrincipal":"*","Action":"s3:*","Resource":"*"`), false, false},
		{"the old language", strings.Replace(statement(`"Effect":"Deny","Action":"*","Resource":"*"`), "2012", "2008", 1), false, false},
		{"no version", `{"Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}`, false, false},
	} {
		if service, resource := both(row.text); service != row.service || resource != row.resource {
			t.Errorf("%s: a service control policy %t, a resource control policy %t; want %t, %t", row.name, service, resource, row.service, row.resource)
		}
	}
}

// TestValuesThatCannotBeCompared: a policy that could never mean what it says is
// refused, and so is a variable that stands where none may.
func TestValuesThatCannotBeCompared(t *testing.T) {
	for _, condition := range []string{
		`"NumericEquals":{"k":"ten"}`, `"NumericEquals":{"k":"${aws:x}"}`, `"NumericLessThan":{"k":"0x10"}`, `"DateLessThan":{"k":"tomorrow"}`, `"IpAddress":{"k":"10.0.0.0/99"}`,
		`"IpAddress":{"k":"10.0.*"}`, `"Bool":{"k":"yes"}`, `"Null":{"k":"maybe"}`, `"BinaryEquals":{"k":"%"}`, `"StringEquals":{"":"v"}`, `"StringLike":{"k":"${aws:x"}`,
		`"StringLike":{"k":"${}"}`, `"StringLike":{"k":"${aws:x, none}"}`, `"StringLike":{"k":{"a":"b"}}`, `"StringLike":{"k":null}`, `"StringLike":{"k":[["a"]]}`,
		`"StringLike":{"k":"` + strings.Repeat("*a", 6000) + `"}`,
	} {
		if d, err := guardrail.ParseDocument([]byte(statement(`"Effect":"Deny","Action":"*","Resource":"*","Condition":{` + condition + `}`))); err == nil {
			t.Errorf("{%.60s} is read as %+v", condition, d.Statements[0].Condition)
		}
	}
	if _, err := guardrail.ParseDocument([]byte(statement(`"Effect":"Deny","Action":"*","Resource":"arn:aws:sqs:us-east-1:${aws:PrincipalAccount}:q"`))); err == nil {
		t.Error("a variable stands for an account in a resource")
	}
	if _, err := guardrail.ParseDocument([]byte(`{"Statement":` + strings.Repeat("[", 1000) + strings.Repeat("]", 1000) + `}`)); err == nil {
		t.Error("a thousand lists deep is a policy")
	}
}

// FuzzLaws: a Deny more never allows more and an Allow more never denies more; a
// Deny of all beside it closes any door; IfExists differs only where the key is
// absent; a negated operator is the other's opposite for one value; to know less
// opens nothing.
func FuzzLaws(f *testing.F) {
	for seed := range uint64(1500) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		d := newDie(seed, 11)
		r := guardrail.Request{Action: pick(d, "s3:GetObject", "ec2:RunInstances"), Resource: pick(d, "arn:aws:s3:::a/b", ""), Context: d.context()}
		asked := func(policies ...map[string]any) bool {
			var level []guardrail.Document
			for _, p := range policies {
				level = append(level, parse(t, text(t, p)))
			}
			return guardrail.Allowed(level, r)
		}
		one, other := d.policy(), d.policy()
		for _, s := range many(other["Statement"]) {
			s.(map[string]any)["Effect"] = pick(d, "Allow", "Deny")
		}
		before, after := asked(one), asked(one, other)
		denies, allows := 0, 0
		for _, s := range many(other["Statement"]) {
			if s.(map[string]any)["Effect"] == "Deny" {
				denies++
			} else {
				allows++
			}
		}
		if allows == 0 && after && !before || denies == 0 && before && !after {
			t.Errorf("seed %d: %v made %t of %t", seed, other, after, before)
		}
		all := map[string]any{"Effect": "Deny", "Action": "*", "Resource": "*"}
		if asked(one, map[string]any{"Statement": all}) {
			t.Errorf("seed %d: %v opens what is denied", seed, one)
		}

		kind := d.kindOf("k")
		plain, value := pick(d, operatorsOf[kind]...), d.some(kinds[kind].want...)
		set := pick(d, "", "ForAllValues:", "ForAnyValue:")
		holds := func(operator string) bool {
			return asked(map[string]any{"Version": "2012-10-17", "Statement": map[string]any{"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": map[string]any{operator: map[string]any{"k": value}}}})
		}
		if len(r.Context["k"]) == 0 {
			if !holds(set + plain + "IfExists") {
				t.Errorf("seed %d: %sIfExists does not hold without a key", seed, set+plain)
			}
		} else if holds(set+plain) != holds(set+plain+"IfExists") {
			t.Errorf("seed %d: %s with the key and IfExists differ", seed, set+plain)
		}
		for yes, no := range map[string]string{"StringEquals": "StringNotEquals", "StringLike": "StringNotLike", "StringEqualsIgnoreCase": "StringNotEqualsIgnoreCase", "ArnLike": "ArnNotLike", "NumericEquals": "NumericNotEquals", "DateEquals": "DateNotEquals", "IpAddress": "NotIpAddress"} {
			if plain == yes && holds(yes) == holds(no) {
				t.Errorf("seed %d: %s and %s of %v and %v agree", seed, yes, no, value, r.Context["k"])
			}
		}
		less := r
		less.Unknown = func(string) bool { return true }
		less.Context = map[string][]string{}
		for key, values := range r.Context {
			if d.IntN(2) == 0 {
				less.Context[key] = values
			}
		}
		document := []guardrail.Document{parse(t, text(t, one))}
		if guardrail.Allowed(document, less) && !guardrail.Allowed(document, r) {
			t.Errorf("seed %d: to know less than %v opens %v", seed, r.Context, one)
		}
	})
}

// TestUnknownIsNeverTurned: what is not known stays so where it is negated, so that
// no Allow holds by it and every Deny perhaps does.
func TestUnknownIsNeverTurned(t *testing.T) {
	r := guardrail.Request{Action: "s3:X", Resource: "arn:aws:s3:::b/al", Unknown: func(key string) bool { return key != "known" }, Context: with("known", "v")}
	for _, rest := range []string{
		`"NotResource":"arn:aws:s3:::b/${aws:username}"`, `"Resource":"arn:aws:s3:::b/${aws:username}"`, `"Resource":"*","Condition":{"StringNotEquals":{"k":"v"}}`,
		`"Resource":"*","Condition":{"StringNotLike":{"known":"${k}"}}`, `"Resource":"*","Condition":{"ForAllValues:StringEquals":{"k":"v"}}`, `"Resource":"*","Condition":{"Null":{"k":"true"}}`,
		`"Resource":"*","Condition":{"Null":{"k":"false"}}`, `"Resource":"*","Condition":{"ArnNotLikeIfExists":{"k":"arn:aws:iam::1:role/r"}}`,
	} {
		if guardrail.Allowed([]guardrail.Document{parse(t, statement(`"Effect":"Allow","Action":"*",`+rest))}, r) {
			t.Errorf("{%s} allows by what is not known", rest)
		}
		denied := guardrail.Decide(guardrail.PrepareLevels([][]guardrail.Document{{parse(t, everything), parse(t, statement(`"Effect":"Deny","Action":"*",`+rest))}}), r)
		if denied.Allowed || !denied.Unsure {
			t.Errorf("{%s} denies as %+v", rest, denied)
		}
	}
}

// TestNoUTF8: bytes that are no UTF-8 are an error wherever they stand; two such
// texts are never taken for the same.
func TestNoUTF8(t *testing.T) {
	for _, line := range []string{
		`{"levels":[[` + everything + `]],"action":"s3:X","resource":"arn:aws:s3:::` + "\xff" + `"}`,
		`{"levels":[[` + everything + `]],"action":"s3:` + "\xff" + `"}`,
		`{"levels":[[` + everything + `]],"action":"s3:X","context":{"k":"` + "\xc3" + `"}}`,
		`{"levels":[[` + everything + `]],"action":"s3:X","context":{"` + "\xc3" + `":"v"}}`,
		`{"levels":[[` + strings.Replace(everything, `"*"}`, `"arn:aws:s3:::`+"\xfe"+`*"}`, 1) + `]],"action":"s3:X"}`,
		`{"levels":[[` + strings.Replace(everything, `"Effect"`, `"Sid":"`+"\xed\xa0\x80"+`","Effect"`, 1) + `]],"action":"s3:X"}`,
	} {
		if d, err := new(guardrail.Lines).Judge([]byte(line)); err == nil {
			t.Errorf("%q is %+v", line, d)
		}
	}
}

// TestLines: what lines may leave out, say in other ways, or say wrongly.
func TestLines(t *testing.T) {
	all := `{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`
	noRoot := `{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*"},{"Sid":"NoRoot","Effect":"Deny","Action":"*","Resource":"*","Condition":{"StringLike":{"aws:PrincipalArn":"arn:*:iam::*:root"}}}]}`
	rcp := `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"false"}}}}`
	const wrong = "error"
	for _, row := range []struct{ line, want string }{
		{`{"levels":[[` + all + `]],"action":"s3:GetObject"}`, "allowed"},
		{`{"levels":[` + all + `],"action":"s3:GetObject","resource":null,"context":null,"principal":null}`, "allowed"},
		{`{"levels":[[` + noRoot + `]],"action":"s3:GetObject","principal":"arn:aws:iam::111122223333:root"}`, "explicitDeny"},
		{`{"levels":[[` + noRoot + `]],"action":"s3:GetObject","principal":"111122223333"}`, "explicitDeny"},
		{`{"levels":[[` + noRoot + `]],"action":"s3:GetObject","principal":"arn:aws:iam::111122223333:user/root"}`, "allowed"},
		{`{"levels":[[` + noRoot + `]],"action":"s3:GetObject","principal":"arn:aws:iam::111122223333:root","context":{"AWS:PrincipalArn":"arn:aws:iam::111122223333:user/al"}}`, "allowed"},
		{`{"levels":[[]],"action":"s3:GetObject","principal":"arn:aws:iam::111122223333:role/aws-service-role/x.amazonaws.com/AWSServiceRoleForX"}`, "serviceLinkedRole"},
		{`{"levels":[[]],"action":"s3:GetObject","context":{"aws:PrincipalArn":"arn:aws:iam::111122223333:role/aws-service-role/x.amazonaws.com/AWSServiceRoleForX"}}`, "serviceLinkedRole"},
		{`{"levels":[[]],"action":"s3:GetObject","principal":"arn:aws:iam::111122223333:role/AWSServiceRoleForX"}`, "implicitDeny"},
		{`{"levels":[[]],"action":"s3:GetObject","principal":"111122223333","management":"111122223333"}`, "managementAccount"},
		{`{"levels":[[]],"action":"s3:GetObject","principal":"111122223333","management":"111122223334"}`, "implicitDeny"},
		{`{"levels":[],"action":"s3:GetObject"}`, "implicitDeny"},
		{`{"levels":[[` + all + `,` + rcp + `]],"action":"s3:GetObject","context":{"aws:SecureTransport":false}}`, "explicitDeny"},
		{`{"levels":[[` + all + `,` + rcp + `]],"action":"s3:GetObject","context":{"aws:SecureTransport":[true]}}`, "allowed"},
		{`{"levels":[[` + all + `]],"action":"s3:GetObject","expected":{"allowed":true}}`, "allowed"},
		{`{"levels":[[` + all + `]],"action":"s3:GetObject","Context":{}}`, wrong},
		{`{"levels":[[` + all + `]],"action":"s3:GetObject","context":{"k":"a","K":"b"}}`, wrong},
		{`{"levels":[[` + all + `]],"action":"s3:GetObject","context":{"k":{"a":1}}}`, wrong},
		{`{"levels":[[` + all + `]],"action":"s3:GetObject","context":{"k":"a","k":"b"}}`, wrong},
		{`{"levels":[[` + all + `]],"action":"s3:GetObject","more":` + strings.Repeat("[", 40) + strings.Repeat("]", 40) + `}`, wrong},
		{`{"levels":[[` + all + `]],"action":"s3:GetObject","principal":"al"}`, wrong},
		{`{"levels":[[` + all + `]],"action":["s3:GetObject"]}`, wrong},
		{`{"levels":[[` + all + `]],"action":"s3:Get*"}`, wrong},
		{`{"levels":[[` + all + `]],"action":"s3"}`, wrong},
		{`{"levels":[[` + all + `]]}`, wrong},
		{`{"action":"s3:GetObject"}`, wrong},
		{`{"levels":{},"action":"s3:GetObject"}`, wrong},
		{`{"levels":[null],"action":"s3:GetObject"}`, wrong},
		{`{"levels":[[{}]],"action":"s3:GetObject"}`, wrong},
		{`{"levels":[["` + "{" + `"]],"action":"s3:GetObject"}`, wrong},
		{`{"levels":[[` + all + `]],"action":"s3:GetObject"} {}`, wrong},
		{`[]`, wrong},
		{``, wrong},
	} {
		d, err := new(guardrail.Lines).Judge([]byte(row.line))
		got := string(d.Reason)
		if err != nil {
			got = wrong
		}
		if got != row.want {
			t.Errorf("%s: %s (%v), want %s", row.line, got, err, row.want)
		}
	}
}

// FuzzLines: no line makes it panic, and what is no policy, or no request, is an error.
func FuzzLines(f *testing.F) {
	f.Add(`{"levels":[[` + everything + `]],"action":"s3:GetObject","resource":"arn:aws:s3:::a","context":{"k":["v",1,true,null]},"principal":"111122223333"}`)
	f.Add(`{"levels":[["` + strings.ReplaceAll(everything, `"`, `\"`) + `"],{}],"action":"s3:GetObject"}`)
	f.Add(`{"levels":[[{"Statement":[{"Effect":"Deny","NotAction":"s3:*","NotResource":["arn:aws:s3"],"Condition":{"ForAnyValue:StringLikeIfExists":{"k":"${a, 'b'}${*}"}}}]}]],"action":"é:x"}`)
	f.Fuzz(func(t *testing.T, line string) {
		var lines guardrail.Lines
		d, err := lines.Judge([]byte(line))
		if err == nil && !json.Valid([]byte(line)) {
			t.Errorf("%q is judged and no JSON", line)
		}
		if err != nil && d.Allowed {
			t.Errorf("%q is wrong (%v) and allowed", line, err)
		}
		if again, wrong := lines.Judge([]byte(line)); again != d || (wrong == nil) != (err == nil) {
			t.Errorf("%q is judged %+v, %v, then %+v, %v", line, d, err, again, wrong)
		}
	})
}

func text(t *testing.T, policy map[string]any) string {
	t.Helper()
	return string(marshal(t, policy))
}
