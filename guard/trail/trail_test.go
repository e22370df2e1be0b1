package trail_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"landlord/guard/trail"
)

// TestAction: the actions of events whose names are not theirs, written down from
// the service authorization reference.
func TestAction(t *testing.T) {
	for _, row := range []struct{ source, name, want string }{
		{"ec2.amazonaws.com", "RunInstances", "ec2:RunInstances"},
		{"s3.amazonaws.com", "ListBuckets", "s3:ListAllMyBuckets"},
		{"s3.amazonaws.com", "HeadObject", "s3:GetObject"},
		{"s3.amazonaws.com", "DeleteBucketEncryption", "s3:PutEncryptionConfiguration"},
		{"monitoring.amazonaws.com", "PutMetricAlarm", "cloudwatch:PutMetricAlarm"},
		{"tagging.amazonaws.com", "TagResources", "tag:TagResources"},
		{"lambda.amazonaws.com", "CreateFunction20150331", "lambda:CreateFunction"},
		{"lambda.amazonaws.com", "UpdateFunctionCode20150331v2", "lambda:UpdateFunctionCode"},
		{"lambda.amazonaws.com", "Invoke", "lambda:InvokeFunction"},
		{"cloudfront.amazonaws.com", "CreateDistribution2020_05_31", "cloudfront:CreateDistribution"},
		{"apigateway.amazonaws.com", "CreateRestApi", "apigateway:POST"},
		{"ec2.amazonaws.com.cn", "RunInstances", "ec2:RunInstances"},
		{"elasticloadbalancing.amazonaws.com", "CreateLoadBalancer", "elasticloadbalancing:CreateLoadBalancer"},
	} {
		if got := trail.Action(row.source, row.name); got != row.want {
			t.Errorf("%s of %s is %s, want %s", row.name, row.source, got, row.want)
		}
	}
}

// read reads one log and gives its events, how many records were wrong, and why it ended.
func read(text string) (events []trail.Event, wrong int, err error) {
	err = trail.Read(strings.NewReader(text), func(e trail.Event) { events = append(events, e) }, func(int, error) { wrong++ })
	return events, wrong, err
}

const call = `"eventSource":"s3.amazonaws.com","eventName":"PutObject","awsRegion":"eu-west-1","sourceIPAddress":"10.1.2.3","eventTime":"2026-11-20T10:01:00Z","requestParameters":{"bucketName":"b","key":"k/x"}`

func TestRequests(t *testing.T) {
	role := `"userIdentity":{"type":"AssumedRole","principalId":"AROAX:me","accountId":"222233334444","arn":"arn:aws:sts::222233334444:assumed-role/deploy/me","sessionContext":{"sessionIssuer":{"arn":"arn:aws:iam::222233334444:role/ci/deploy"},"attributes":{"mfaAuthenticated":"true","creationDate":"2026-11-20T09:00:00Z"}}}`
	events, wrong, err := read(`{"Other":[1],"Records":[{` + call + `,` + role + `}]}`)
	if err != nil || wrong != 0 || len(events) != 1 {
		t.Fatalf("%d events, %d wrong, %v", len(events), wrong, err)
	}
	requests, who, err := events[0].Requests()
	if err != nil || len(requests) != 1 {
		t.Fatalf("%d requests, %v", len(requests), err)
	}
	r := requests[0]
	if r.Action != "s3:PutObject" || r.Resource != "arn:aws:s3:::b/k/x" || who.ARN != "arn:aws:iam::222233334444:role/ci/deploy" {
		t.Errorf("asked %s on %s by %s", r.Action, r.Resource, who.ARN)
	}
	for key, want := range map[string]string{
		"aws:PrincipalArn": "arn:aws:iam::222233334444:role/ci/deploy", "aws:PrincipalAccount": "222233334444", "aws:RequestedRegion": "eu-west-1",
		"aws:SourceIp": "10.1.2.3", "aws:MultiFactorAuthPresent": "true", "aws:userid": "AROAX:me", "aws:CurrentTime": "2026-11-20T10:01:00Z",
	} {
		if !slices.Equal(r.Context[key], []string{want}) {
			t.Errorf("%s is %q, want %q", key, r.Context[key], want)
		}
	}
	if !r.Unknown("s3:x-amz-acl") {
		t.Error("what CloudTrail does not log is taken to be absent")
	}
}

// TestEventsThatAreNoCalls: each is left out for its own reason.
func TestEventsThatAreNoCalls(t *testing.T) {
	user := `"userIdentity":{"type":"IAMUser","accountId":"222233334444","arn":"arn:aws:iam::222233334444:user/u"}`
	for _, row := range []struct {
		name, text string
		want       error
	}{
		{"a call", call + `,` + user, nil},
		{"a call that failed otherwise", call + `,"errorCode":"NoSuchBucket",` + user, nil},
		{"a call that was refused", call + `,"errorCode":"AccessDenied",` + user, trail.ErrRefused},
		{"one that EC2 refused", call + `,"errorCode":"Client.UnauthorizedOperation",` + user, trail.ErrRefused},
		{"one that SNS refused", call + `,"errorCode":"AuthorizationErrorException",` + user, trail.ErrRefused},
		{"an event of Insights", `"eventType":"AwsCloudTrailInsight","eventCategory":"Insight","insightDetails":{"eventName":"x"}`, trail.ErrNoCall},
		{"a sign-in", call + `,"eventType":"AwsConsoleSignIn",` + user, trail.ErrNoCall},
		{"a service", call + `,"userIdentity":{"type":"AWSService","invokedBy":"config.amazonaws.com"}`, trail.ErrService},
		{"nobody", call, trail.ErrService},
		{"a federated sign-in", call + `,"userIdentity":{"type":"SAMLUser","principalId":"x"}`, trail.ErrService},
	} {
		events, _, err := read(`{"Records":[{` + row.text + `}]}`)
		if err != nil || len(events) != 1 {
			t.Fatalf("%s: %d events, %v", row.name, len(events), err)
		}
		if _, _, err := events[0].Requests(); !errors.Is(err, row.want) {
			t.Errorf("%s: %v, want %v", row.name, err, row.want)
		}
	}
}

func TestReadOfWhatIsNoLog(t *testing.T) {
	for name, text := range map[string]string{
		"nothing": "", "a list": "[]", "no records": `{"a":1}`, "records that are none": `{"Records":{}}`, "the half": `{"Records":[{` + call + `},{"eve`, "text": "hello",
	} {
		if _, _, err := read(text); err == nil {
			t.Errorf("%s is read as a log", name)
		}
	}
	events, wrong, err := read(`{"Records":[17,{"eventName":"x"},{"eventTime":5},{` + call + `}]}`)
	if len(events) != 1 || wrong != 3 || err != nil {
		t.Errorf("%d events and %d wrong of 1 and 3, %v", len(events), wrong, err)
	}
}

// TestReadOfOtherFiles: logs one behind the other, digests, and a record without end.
func TestReadOfOtherFiles(t *testing.T) {
	one := `{"Records":[{` + call + `}]}`
	if events, _, err := read(one + "\n" + one); len(events) != 2 || err != nil {
		t.Errorf("%d events of two logs, %v", len(events), err)
	}
	if events, _, err := read(one + "more"); len(events) != 1 || err == nil {
		t.Errorf("%d events of a log with more behind it, %v", len(events), err)
	}
	if _, _, err := read(`{"awsAccountId":"222233334444","digestStartTime":"2026-11-20T06:00:00Z","logFiles":[{"s3Object":"x"}]}`); !errors.Is(err, trail.ErrDigest) {
		t.Errorf("a digest: %v", err)
	}
	for _, begin := range []string{`{"Records":[{"eventName":"`, `{"other":"`, `{"`} {
		if _, _, err := read(begin + strings.Repeat("x", 6<<20)); err == nil || !strings.Contains(err.Error(), "more than 4 MiB") {
			t.Errorf("%s…: %v", begin, err)
		}
	}
	large := `{"Records":[` + strings.Repeat(`{`+call+`,"userAgent":"`+strings.Repeat("u", 1<<20)+`"},`, 9) + `{` + call + `}]}`
	if events, _, err := read(large); len(events) != 10 || err != nil {
		t.Errorf("%d events of 10 in a large log, %v", len(events), err)
	}
}

// FuzzRead: no file makes it panic, and what is read can be asked.
func FuzzRead(f *testing.F) {
	f.Add(`{"Records":[{` + call + `,"userIdentity":{"type":"Root","accountId":"222233334444","arn":"arn:aws:iam::222233334444:root"},"resources":[{"ARN":"arn:aws:s3:::b"}]}]}`)
	f.Add(`{"Records":[{}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		events, _, _ := read(text)
		for _, e := range events {
			if requests, who, err := e.Requests(); err == nil && (len(requests) == 0 || who.ARN == "") {
				t.Errorf("%+v asks for nothing, or by nobody", e)
			}
		}
	})
}
